// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Av1;

/// <summary>obu_type (spec 6.2.2).</summary>
public enum Av1ObuType : byte
{
    /// <summary>OBU_SEQUENCE_HEADER.</summary>
    SequenceHeader = 1,
    /// <summary>OBU_TEMPORAL_DELIMITER.</summary>
    TemporalDelimiter = 2,
    /// <summary>OBU_FRAME_HEADER.</summary>
    FrameHeader = 3,
    /// <summary>OBU_TILE_GROUP.</summary>
    TileGroup = 4,
    /// <summary>OBU_METADATA.</summary>
    Metadata = 5,
    /// <summary>OBU_FRAME.</summary>
    Frame = 6,
    /// <summary>OBU_REDUNDANT_FRAME_HEADER.</summary>
    RedundantFrameHeader = 7,
    /// <summary>OBU_TILE_LIST.</summary>
    TileList = 8,
    /// <summary>OBU_PADDING.</summary>
    Padding = 15,
}

/// <summary>One OBU of a buffer (spec 5.3).</summary>
/// <param name="Type">obu_type.</param>
/// <param name="TemporalId">temporal_id, 0 without extension.</param>
/// <param name="SpatialId">spatial_id.</param>
/// <param name="HasExtension">obu_extension_flag.</param>
/// <param name="Offset">First byte of the header.</param>
/// <param name="PayloadOffset">First byte of the payload.</param>
/// <param name="PayloadSize">Bytes of payload.</param>
public readonly record struct Av1Obu(Av1ObuType Type, int TemporalId, int SpatialId, bool HasExtension, int Offset, int PayloadOffset, int PayloadSize)
{
    /// <summary>First byte after the OBU.</summary>
    public int EndOffset => PayloadOffset + PayloadSize;

    /// <summary>Whether it is dropped with this OperatingPointIdc (spec 5.3.1).</summary>
    public bool IsDropped(int operatingPointIdc) =>
        Type is not (Av1ObuType.SequenceHeader or Av1ObuType.TemporalDelimiter) && operatingPointIdc != 0 && HasExtension
        && ((operatingPointIdc >> TemporalId & 1) == 0 || (operatingPointIdc >> (SpatialId + 8) & 1) == 0);
}

/// <summary>Walks over the OBUs of low overhead format (spec section 5.2). Without obu_has_size_field an OBU reaches to the end of the data.</summary>
public ref struct Av1ObuReader
{
    private readonly ReadOnlySpan<byte> _data;
    private int _next;

    /// <summary>Starts at the first byte.</summary>
    public Av1ObuReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _next = 0;
        Corrupt = false;
    }

    /// <summary>The walk ended before the end of the data.</summary>
    public bool Corrupt { get; private set; }

    /// <summary>The next OBU.</summary>
    public bool TryRead(out Av1Obu obu)
    {
        obu = default;
        if (_next >= _data.Length || Corrupt)
            return false;
        if (!TryParse(_data, _next, _data.Length, out obu))
        {
            Corrupt = true;
            return false;
        }
        _next = obu.EndOffset;
        return true;
    }

    /// <summary>Parses the header of one OBU.</summary>
    /// <param name="data">Buffer.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="end">Where it ends at the latest, and ends if it has no size of its own.</param>
    /// <param name="obu">Receives it.</param>
    public static bool TryParse(ReadOnlySpan<byte> data, int offset, int end, out Av1Obu obu)
    {
        obu = default;
        if (offset < 0 || end > data.Length || offset >= end)
            return false;
        int header = data[offset];
        int position = offset + 1;
        if ((header & 0x80) != 0)
            return false;
        bool extension = (header & 4) != 0;
        int temporal = 0, spatial = 0;
        if (extension)
        {
            if (position >= end)
                return false;
            temporal = data[position] >> 5;
            spatial = data[position] >> 3 & 3;
            position++;
        }
        int size = end - position;
        if ((header & 2) != 0)
        {
            if (!TryReadLeb128(data[..end], ref position, out int coded) || coded > end - position)
                return false;
            size = coded;
        }
        obu = new Av1Obu((Av1ObuType)(header >> 3 & 15), temporal, spatial, extension, offset, position, size);
        return true;
    }

    /// <summary>leb128() of a size; false when it is cut off or above 2^31 - 1.</summary>
    public static bool TryReadLeb128(ReadOnlySpan<byte> data, ref int position, out int value)
    {
        ulong sum = 0;
        value = 0;
        for (int i = 0; i < 8; i++)
        {
            if (position >= data.Length)
                return false;
            int b = data[position++];
            sum |= (ulong)(b & 0x7f) << (7 * i);
            if ((b & 0x80) == 0)
            {
                value = (int)Math.Min(sum, int.MaxValue);
                return sum <= int.MaxValue;
            }
        }
        return false;
    }
}
