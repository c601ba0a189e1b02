// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.H264;

/// <summary>What the caps say of an H.264 stream beside format and size; compared by value when a new one is made, by reference else.</summary>
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
internal sealed unsafe record H264OutputTraits(int InterlaceMode, int FieldOrder, int AspectN, int AspectD, int RateN, int RateD,
    int Range, int Matrix, int Transfer, int Primaries, int ChromaSite, H264MasteringDisplay? Mastering, H264ContentLight? Light)
{
    /// <summary>Progressive, without anything said.</summary>
    public const int Progressive = 0, Interleaved = 1, Mixed = 2;

    /// <summary>From the sequence parameter set's VUI (spec E.2.1).</summary>
    /// <param name="sps">The active set.</param>
    /// <param name="interlaceMode">GstVideoInterlaceMode.</param>
    /// <param name="topFirst">Order of the fields.</param>
    /// <param name="alternativeTransfer">preferred_transfer_characteristics, or null.</param>
    /// <param name="mastering">Mastering display in force.</param>
    /// <param name="light">Content light level in force.</param>
    public static H264OutputTraits From(H264Sps sps, int interlaceMode, bool topFirst, byte? alternativeTransfer, H264MasteringDisplay? mastering, H264ContentLight? light)
    {
        H264Vui v = sps.Vui;
        (int rateN, int rateD) = v.HasTiming ? Reduce(v.TimeScale, 2ul * v.NumUnitsInTick) : (0, 0);
        // Chroma sample location types (figure E-1) and GStreamer's flags: 1 = not cosited, 2 = horizontally, 4 = vertically.
        int site = !v.HasChromaLocation || sps.Control.ChromaFormatIdc != 1 ? 0 : v.ChromaLocationTop switch { 0 => 2, 1 => 1, 2 => 6, 3 => 4, _ => 0 };
        int transfer = alternativeTransfer ?? (v.HasColourDescription ? v.TransferCharacteristics : 2);
        return new H264OutputTraits(interlaceMode, interlaceMode == Progressive ? 0 : topFirst ? 1 : 2,
            v.HasAspectRatio ? v.SarWidth : 0, v.HasAspectRatio ? v.SarHeight : 0, rateN, rateD,
            v.HasVideoSignalType ? v.FullRange ? 1 : 2 : 0,
            v.HasColourDescription ? GstVideoNative.gst_video_color_matrix_from_iso((uint)v.MatrixCoefficients) : 0,
            transfer != 2 ? GstVideoNative.gst_video_transfer_function_from_iso((uint)transfer) : 0,
            v.HasColourDescription ? GstVideoNative.gst_video_color_primaries_from_iso((uint)v.ColourPrimaries) : 0,
            site, mastering, light);
    }

    /// <summary>Whether a stream's planes are G, B and R (matrix_coefficients 0, only at 4:4:4).</summary>
    public static bool IsRgb(H264Sps sps) => sps.Control.ChromaFormatIdc == 3 && sps.Vui is { HasColourDescription: true, MatrixCoefficients: 0 };

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
            (((ushort*)level)[0], ((ushort*)level)[1]) = (l.MaxContentLightLevel, l.MaxPicAverageLightLevel);
            _ = GstVideoNative.gst_video_content_light_level_add_to_caps(level, caps);
        }
        if (state.Caps != 0)
            GstNative.gst_mini_object_unref(state.Caps);
        state.Caps = caps;
    }

    private static (int, int) Reduce(ulong n, ulong d)
    {
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
