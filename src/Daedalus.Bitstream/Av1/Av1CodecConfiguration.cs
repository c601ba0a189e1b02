// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;

namespace Daedalus.Bitstream.Av1;

/// <summary>AV1CodecConfigurationRecord ("av1C", AV1 in ISOBMFF 2.3.3): codec_data of MP4 and Matroska.</summary>
public sealed class Av1CodecConfiguration
{
    private Av1CodecConfiguration(ReadOnlySpan<byte> data)
    {
        Profile = data[1] >> 5;
        LevelIdx = data[1] & 31;
        Tier = data[2] >> 7;
        BitDepth = (data[2] & 0x40) == 0 ? 8 : (data[2] & 0x20) != 0 ? 12 : 10;
        Monochrome = (data[2] & 0x10) != 0;
        SubsamplingX = data[2] >> 3 & 1;
        SubsamplingY = data[2] >> 2 & 1;
        ChromaSamplePosition = data[2] & 3;
        ConfigObus = data[4..].ToArray();
    }

    /// <summary>seq_profile.</summary>
    public int Profile { get; }
    /// <summary>seq_level_idx_0.</summary>
    public int LevelIdx { get; }
    /// <summary>seq_tier_0.</summary>
    public int Tier { get; }
    /// <summary>Bits of a sample.</summary>
    public int BitDepth { get; }
    /// <summary>monochrome.</summary>
    public bool Monochrome { get; }
    /// <summary>chroma_subsampling_x.</summary>
    public int SubsamplingX { get; }
    /// <summary>chroma_subsampling_y.</summary>
    public int SubsamplingY { get; }
    /// <summary>chroma_sample_position.</summary>
    public int ChromaSamplePosition { get; }
    /// <summary>configOBUs: a sequence header and perhaps metadata, low overhead format.</summary>
    public byte[] ConfigObus { get; }

    /// <summary>Parses a record.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out Av1CodecConfiguration? configuration)
    {
        // marker and version
        configuration = data.Length >= 4 && data[0] == 0x81 ? new Av1CodecConfiguration(data) : null;
        return configuration != null;
    }
}
