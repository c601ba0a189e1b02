// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers;

namespace Daedalus.Bitstream.Av1;

/// <summary>The length delimited format of annex B, and the low overhead format it is turned into.</summary>
public static class Av1AnnexB
{
    /// <summary>The next temporal unit of a file.</summary>
    /// <param name="data">File, or the part that is there.</param>
    /// <param name="position">Where to read; moves behind the unit.</param>
    /// <param name="start">First byte after temporal_unit_size.</param>
    /// <param name="size">temporal_unit_size, cut to what is there.</param>
    public static bool TryNextTemporalUnit(ReadOnlySpan<byte> data, ref int position, out int start, out int size)
    {
        start = position;
        size = 0;
        if (position >= data.Length || !Av1ObuReader.TryReadLeb128(data, ref start, out size))
            return false;
        size = Math.Min(size, data.Length - start);
        position = start + size;
        return true;
    }

    /// <summary>Writes the OBUs of a temporal unit with size fields (spec 5.3). False: it was damaged, what came before the damage is written.</summary>
    public static bool ToSection5(ReadOnlySpan<byte> temporalUnit, IBufferWriter<byte> output)
    {
        bool good = ToSection5(temporalUnit, output.GetSpan(temporalUnit.Length + 1), out int written);
        output.Advance(written);
        return good;
    }

    /// <summary>The same into memory.</summary>
    /// <param name="temporalUnit">What follows temporal_unit_size.</param>
    /// <param name="output">As large as the temporal unit: obu_length takes at least the room of obu_size.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>False: it was damaged, what came before the damage is written.</returns>
    public static bool ToSection5(ReadOnlySpan<byte> temporalUnit, Span<byte> output, out int written)
    {
        written = 0;
        int position = 0;
        while (position < temporalUnit.Length)
        {
            if (!Av1ObuReader.TryReadLeb128(temporalUnit, ref position, out int frameSize) || frameSize > temporalUnit.Length - position)
                return false;
            int frameEnd = position + frameSize;
            while (position < frameEnd)
            {
                if (!Av1ObuReader.TryReadLeb128(temporalUnit[..frameEnd], ref position, out int length) || length > frameEnd - position)
                    return false;
                int end = position + length;
                if (!Av1ObuReader.TryParse(temporalUnit, position, end, out Av1Obu obu))
                    return false;
                written += Write(temporalUnit, obu, output[written..]);
                position = end;
            }
        }
        return true;
    }

    /// <summary>Whether data begins as annex B: a temporal unit whose first OBU is a temporal delimiter, and whose lengths fit into each other.</summary>
    public static bool LooksLikeAnnexB(ReadOnlySpan<byte> data)
    {
        int position = 0;
        if (!Av1ObuReader.TryReadLeb128(data, ref position, out int unit) || unit == 0)
            return false;
        int unitStart = position;
        if (!Av1ObuReader.TryReadLeb128(data, ref position, out int frame) || frame > unit - (position - unitStart))
            return false;
        int frameStart = position;
        if (!Av1ObuReader.TryReadLeb128(data, ref position, out int length) || length is < 1 or > 10 || length > frame - (position - frameStart))
            return false;
        return Av1ObuReader.TryParse(data, position, Math.Min(data.Length, position + length), out Av1Obu obu)
            && obu.Type == Av1ObuType.TemporalDelimiter && obu.PayloadSize == 0;
    }

    private static int Write(ReadOnlySpan<byte> data, in Av1Obu obu, Span<byte> to)
    {
        int at = 0;
        to[at++] = (byte)(data[obu.Offset] | 2);
        if (obu.HasExtension)
            to[at++] = data[obu.Offset + 1];
        int size = obu.PayloadSize;
        while (size >= 0x80)
        {
            to[at++] = (byte)(size | 0x80);
            size >>= 7;
        }
        to[at++] = (byte)size;
        data.Slice(obu.PayloadOffset, obu.PayloadSize).CopyTo(to[at..]);
        return at + obu.PayloadSize;
    }
}

/// <summary>Temporal units of a file in low overhead format.</summary>
public static class Av1TemporalUnits
{
    /// <summary>The next temporal unit: up to the next temporal delimiter. What cannot be parsed goes with the unit before it.</summary>
    public static bool TryNext(ReadOnlySpan<byte> data, ref int position, out int start, out int size)
    {
        start = position;
        size = 0;
        if (position >= data.Length)
            return false;
        bool first = true;
        while (position < data.Length)
        {
            if (!Av1ObuReader.TryParse(data, position, data.Length, out Av1Obu obu))
            {
                position = data.Length;
                break;
            }
            if (obu.Type == Av1ObuType.TemporalDelimiter && !first)
                break;
            first = false;
            position = obu.EndOffset;
        }
        size = position - start;
        return true;
    }

    /// <summary>Whether data begins as low overhead format: a temporal delimiter with a size field of 0.</summary>
    public static bool LooksLikeSection5(ReadOnlySpan<byte> data) =>
        Av1ObuReader.TryParse(data, 0, data.Length, out Av1Obu obu) && obu.Type == Av1ObuType.TemporalDelimiter && obu.PayloadSize == 0 && (data[0] & 2) != 0;
}
