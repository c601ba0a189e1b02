// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.H264;

/// <summary>What an H.264 stream says for the caps.</summary>
internal static class H264OutputTraits
{
    /// <summary>From the sequence parameter set's VUI (spec E.2.1).</summary>
    /// <param name="sps">The active set.</param>
    /// <param name="interlaceMode">GstVideoInterlaceMode.</param>
    /// <param name="topFirst">Order of the fields.</param>
    /// <param name="alternativeTransfer">preferred_transfer_characteristics, or null.</param>
    /// <param name="mastering">Mastering display in force.</param>
    /// <param name="light">Content light level in force.</param>
    public static OutputTraits From(H264Sps sps, int interlaceMode, bool topFirst, byte? alternativeTransfer, H264MasteringDisplay? mastering, H264ContentLight? light)
    {
        H264Vui v = sps.Vui;
        (int rateN, int rateD) = v.HasTiming ? OutputTraits.Reduce(v.TimeScale, 2ul * v.NumUnitsInTick) : (0, 0);
        // Chroma sample location types (figure E-1).
        int site = !v.HasChromaLocation || sps.Control.ChromaFormatIdc != 1 ? 0 : v.ChromaLocationTop switch
        {
            0 => OutputTraits.SiteHorizontal, 1 => OutputTraits.SiteNone, 2 => OutputTraits.SiteBoth, 3 => OutputTraits.SiteVertical, _ => 0,
        };
        int transfer = alternativeTransfer ?? (v.HasColourDescription ? v.TransferCharacteristics : 2);
        return new OutputTraits(interlaceMode, interlaceMode == OutputTraits.Progressive ? 0 : topFirst ? 1 : 2,
            v.HasAspectRatio ? v.SarWidth : 0, v.HasAspectRatio ? v.SarHeight : 0, rateN, rateD,
            v.HasVideoSignalType ? v.FullRange ? 1 : 2 : 0,
            v.HasColourDescription ? GstVideoNative.gst_video_color_matrix_from_iso((uint)v.MatrixCoefficients) : 0,
            transfer != 2 ? GstVideoNative.gst_video_transfer_function_from_iso((uint)transfer) : 0,
            v.HasColourDescription ? GstVideoNative.gst_video_color_primaries_from_iso((uint)v.ColourPrimaries) : 0,
            site, From(mastering), From(light));
    }

    /// <summary>Whether a stream's planes are G, B and R (matrix_coefficients 0, only at 4:4:4).</summary>
    public static bool IsRgb(H264Sps sps) => sps.Control.ChromaFormatIdc == 3 && sps.Vui is { HasColourDescription: true, MatrixCoefficients: 0 };

    private static MasteringDisplay? From(H264MasteringDisplay? sent) => sent is { } m
        ? new MasteringDisplay(m.RedX, m.RedY, m.GreenX, m.GreenY, m.BlueX, m.BlueY, m.WhiteX, m.WhiteY, m.MaxLuminance, m.MinLuminance) : null;

    private static ContentLight? From(H264ContentLight? sent) => sent is { } l ? new ContentLight(l.MaxContentLightLevel, l.MaxPicAverageLightLevel) : null;
}
