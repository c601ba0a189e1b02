// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>SEI messages (spec 7.3.2.3, annex D).</summary>
public static class H264SeiParser
{
    /// <summary>Parses an SEI NAL unit; unknown messages are passed over, damaged ones left out.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte.</param>
    /// <param name="sei">Receives the messages.</param>
    /// <param name="error">What was wrong with the first damaged message, when false is returned; the others are there.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, H264Sei sei, out H264ParseError error)
    {
        error = default;
        return false;
    }

    internal static bool ReadPicTiming(ReadOnlySpan<byte> payload, H264Vui vui, H264Sei sei) => false;
}
