// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;

namespace Daedalus.Bitstream.H264;

/// <summary>AVCDecoderConfigurationRecord ("avcC", ISO/IEC 14496-15 5.3.3.1): the codec_data of stream-format avc.</summary>
public sealed class H264DecoderConfiguration
{
    private H264DecoderConfiguration(byte profile, byte compatibility, byte level, int lengthSize, byte[][] parameterSets)
    {
        ProfileIdc = profile;
        ProfileCompatibility = compatibility;
        LevelIdc = level;
        LengthSize = lengthSize;
        ParameterSets = parameterSets;
    }

    /// <summary>AVCProfileIndication.</summary>
    public byte ProfileIdc { get; }
    /// <summary>profile_compatibility.</summary>
    public byte ProfileCompatibility { get; }
    /// <summary>AVCLevelIndication.</summary>
    public byte LevelIdc { get; }
    /// <summary>Bytes of the length before each NAL unit, 1 to 4.</summary>
    public int LengthSize { get; }
    /// <summary>NAL units of sequence, then picture parameter sets, in order.</summary>
    public IReadOnlyList<byte[]> ParameterSets { get; }

    /// <summary>Parses a record. One cut off within the parameter sets keeps those that are whole.</summary>
    /// <param name="data">codec_data.</param>
    /// <param name="configuration">The record, or null.</param>
    /// <param name="error">What is wrong, when false is returned; BitOffset counts from the record's start.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out H264DecoderConfiguration? configuration, out H264ParseError error)
    {
        configuration = null;
        error = default;
        if (data.Length < 6)
        {
            error = new H264ParseError(H264ParseReason.Truncated, "AVCDecoderConfigurationRecord", data.Length * 8);
            return false;
        }
        if (data[0] != 1)
        {
            error = new H264ParseError(H264ParseReason.Unsupported, "configurationVersion", 0);
            return false;
        }
        var sets = new List<byte[]>();
        int position = 5;
        for (int kind = 0; kind < 2 && position < data.Length; kind++)
        {
            int count = data[position] & (kind == 0 ? 31 : 255);
            position++;
            while (count-- > 0 && data.Length - position >= 2)
            {
                int size = data[position] << 8 | data[position + 1];
                position += 2;
                if (size > data.Length - position)
                {
                    position = data.Length;
                    break;
                }
                if (size > 0)
                    sets.Add(data.Slice(position, size).ToArray());
                position += size;
            }
        }
        configuration = new H264DecoderConfiguration(data[1], data[2], data[3], (data[4] & 3) + 1, [.. sets]);
        return true;
    }
}
