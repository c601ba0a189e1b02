// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>Mastering display colour volume in GStreamer's units: chromaticities of 0.00002, luminances of 0.0001 cd/m².</summary>
internal readonly record struct MasteringDisplay(ushort RedX, ushort RedY, ushort GreenX, ushort GreenY, ushort BlueX, ushort BlueY, ushort WhiteX, ushort WhiteY,
    uint MaxLuminance, uint MinLuminance);

/// <summary>Content light level, cd/m².</summary>
internal readonly record struct ContentLight(ushort MaxContentLightLevel, ushort MaxFrameAverageLightLevel);

/// <summary>What the caps say of a stream beside format and size; compared by value when a new one is made, by reference else.</summary>
/// <param name="InterlaceMode">GstVideoInterlaceMode.</param>
/// <param name="FieldOrder">GstVideoFieldOrder, for interleaved streams.</param>
/// <param name="AspectN">Sample aspect ratio; 0 = not said.</param>
/// <param name="AspectD">Its denominator.</param>
/// <param name="RateN">Frames a second; 0 = not said.</param>
/// <param name="RateD">Denominator.</param>
/// <param name="Range">GstVideoColorRange; 0 = not said.</param>
/// <param name="Matrix">GstVideoColorMatrix; 0 = not said.</param>
/// <param name="Transfer">GstVideoTransferFunction; 0 = not said.</param>
/// <param name="Primaries">GstVideoColorPrimaries; 0 = not said.</param>
/// <param name="ChromaSite">GstVideoChromaSite; 0 = not said.</param>
/// <param name="Mastering">Mastering display, where sent.</param>
/// <param name="Light">Content light level, where sent.</param>
internal sealed unsafe record OutputTraits(int InterlaceMode, int FieldOrder, int AspectN, int AspectD, int RateN, int RateD,
    int Range, int Matrix, int Transfer, int Primaries, int ChromaSite, MasteringDisplay? Mastering, ContentLight? Light)
{
    /// <summary>GstVideoInterlaceMode.</summary>
    public const int Progressive = 0, Interleaved = 1, Mixed = 2;

    /// <summary>GstVideoChromaSite: cosited horizontally (MPEG-2), not at all (JPEG), both ways, vertically.</summary>
    public const int SiteHorizontal = 2, SiteNone = 1, SiteBoth = 6, SiteVertical = 4;

    /// <summary>Fills an output state.</summary>
    /// <param name="state">The state; its info came from upstream's caps.</param>
    /// <param name="rgb">The format is GBR.</param>
    /// <param name="keepColor">Upstream's caps have a colorimetry.</param>
    /// <param name="keepSite">Upstream's caps have a chroma-site.</param>
    /// <param name="keepAspect">Upstream's caps have a pixel-aspect-ratio.</param>
    public void Fill(VideoCodecState state, bool rgb, bool keepColor, bool keepSite, bool keepAspect)
    {
        VideoInfo info = state.Info;
        if (InterlaceMode != Progressive)
            info.FieldOrder = FieldOrder;
        if (AspectN > 0 && !keepAspect)
            info.SetAspectRatio(AspectN, AspectD);
        if (RateN > 0 && info.FpsN <= 0)
            (info.FpsN, info.FpsD) = (RateN, RateD);
        if (rgb || !keepColor)
        {
            if (Range != 0)
                info.ColorRange = Range;
            if (Matrix != 0)
                info.ColorMatrix = Matrix;
            if (Transfer != 0)
                info.ColorTransfer = Transfer;
            if (Primaries != 0)
                info.ColorPrimaries = Primaries;
        }
        if (ChromaSite != 0 && !keepSite)
            info.ChromaSite = ChromaSite;
        // What upstream's caps have of these, GstVideoDecoder puts over it.
        if (Mastering is null && Light is null)
            return;
        nint caps = GstVideoNative.gst_video_info_to_caps((void*)info.Handle);
        if (Mastering is { } m)
        {
            // GstVideoMasteringDisplayInfo: red, green, blue and white as x, y; luminances; units are those of the message.
            byte* display = stackalloc byte[Layout.Size_GstVideoMasteringDisplayInfo];
            new Span<byte>(display, Layout.Size_GstVideoMasteringDisplayInfo).Clear();
            var xy = (ushort*)display;
            (xy[0], xy[1], xy[2], xy[3], xy[4], xy[5], xy[6], xy[7]) = (m.RedX, m.RedY, m.GreenX, m.GreenY, m.BlueX, m.BlueY, m.WhiteX, m.WhiteY);
            (((uint*)display)[4], ((uint*)display)[5]) = (m.MaxLuminance, m.MinLuminance);
            _ = GstVideoNative.gst_video_mastering_display_info_add_to_caps(display, caps);
        }
        if (Light is { } l)
        {
            byte* level = stackalloc byte[Layout.Size_GstVideoContentLightLevel];
            new Span<byte>(level, Layout.Size_GstVideoContentLightLevel).Clear();
            (((ushort*)level)[0], ((ushort*)level)[1]) = (l.MaxContentLightLevel, l.MaxFrameAverageLightLevel);
            _ = GstVideoNative.gst_video_content_light_level_add_to_caps(level, caps);
        }
        if (state.Caps != 0)
            GstNative.gst_mini_object_unref(state.Caps);
        state.Caps = caps;
    }

    /// <summary>A fraction in lowest terms that fits into gint; 0/0 when there is none.</summary>
    public static (int, int) Reduce(ulong n, ulong d)
    {
        if (n == 0 || d == 0)
            return (0, 0);
        ulong a = n, b = d;
        while (b != 0)
            (a, b) = (b, a % b);
        n /= a;
        d /= a;
        while (n > int.MaxValue || d > int.MaxValue)
        {
            n >>= 1;
            d >>= 1;
        }
        return d == 0 ? (0, 0) : ((int)n, (int)d);
    }
}
