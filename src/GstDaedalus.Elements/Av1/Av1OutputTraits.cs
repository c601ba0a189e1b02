// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2.Controls;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.Av1;

/// <summary>What an AV1 stream says for the caps.</summary>
internal static class Av1OutputTraits
{
    /// <summary>From the sequence header (spec 5.5), the render size (5.9.6) and metadata OBUs (5.8).</summary>
    public static OutputTraits From(Av1FrameInfo info)
    {
        Av1SequenceHeader s = info.Sequence;
        bool colour = s.ColorDescriptionPresent;
        (int aspectN, int aspectD) = Aspect(info);
        (int rateN, int rateD) = s is { TimingInfoPresent: true, EqualPictureInterval: true }
            ? OutputTraits.Reduce(s.TimeScale, s.NumUnitsInDisplayTick * (s.NumTicksPerPictureMinus1 + 1ul)) : (0, 0);
        int site = s.ChromaSamplePosition switch { 1 => OutputTraits.SiteHorizontal, 2 => OutputTraits.SiteBoth, _ => 0 };
        return new OutputTraits(OutputTraits.Progressive, 0, aspectN, aspectD, rateN, rateD, s.FullRange ? 1 : colour || s.Monochrome ? 2 : 0,
            colour ? GstVideoNative.gst_video_color_matrix_from_iso((uint)s.MatrixCoefficients) : 0,
            colour ? GstVideoNative.gst_video_transfer_function_from_iso((uint)s.TransferCharacteristics) : 0,
            colour ? GstVideoNative.gst_video_color_primaries_from_iso((uint)s.ColorPrimaries) : 0,
            site, Mastering(info.MasteringDisplay), Light(info.ContentLightLevel));
    }

    /// <summary>What the samples are: matrix_coefficients 0 at 4:4:4 is GBR.</summary>
    public static SampleMeaning Meaning(Av1SequenceHeader s)
    {
        if (s.Monochrome)
            return SampleMeaning.Grey;
        return s.MatrixCoefficients == DaedalusCtrlAv1Frame.MatrixIdentity && s is { SubsamplingX: 0, SubsamplingY: 0 } ? SampleMeaning.Rgb : SampleMeaning.Yuv;
    }

    // The picture goes out in its coded size. A render size of another shape says that its samples are not square; one of the same shape, but for
    // the rounding of a frame coded smaller, says nothing.
    private static (int, int) Aspect(Av1FrameInfo info)
    {
        long across = (long)info.RenderWidth * info.Geometry.Height, down = (long)info.RenderHeight * info.Geometry.Width;
        return Math.Abs(across - down) <= Math.Max(info.RenderWidth, info.RenderHeight) ? (0, 0) : OutputTraits.Reduce((ulong)across, (ulong)down);
    }

    private static MasteringDisplay? Mastering(Av1MasteringDisplay? sent) => sent is { } m
        ? new MasteringDisplay(Chromaticity(m.RedX), Chromaticity(m.RedY), Chromaticity(m.GreenX), Chromaticity(m.GreenY), Chromaticity(m.BlueX), Chromaticity(m.BlueY),
            Chromaticity(m.WhiteX), Chromaticity(m.WhiteY), Luminance(m.LuminanceMax, 8), Luminance(m.LuminanceMin, 14)) : null;

    private static ContentLight? Light(Av1ContentLightLevel? sent) => sent is { } l ? new ContentLight((ushort)l.MaxCll, (ushort)l.MaxFall) : null;

    // 0.16 fixed point to 1/50000, rounded.
    private static ushort Chromaticity(int value) => (ushort)((value * 50000L + 0x8000) >> 16);

    // Fixed point to 1/10000 cd/m², rounded.
    private static uint Luminance(uint value, int fraction) => (uint)Math.Min(uint.MaxValue, (value * 10000ul + (1ul << (fraction - 1))) >> fraction);
}
