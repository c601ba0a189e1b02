// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>nal_unit_type (spec table 7-1).</summary>
public enum H264NalUnitType : byte
{
    /// <summary>Unspecified.</summary>
    Unspecified = 0,
    /// <summary>Coded slice of a non-IDR picture.</summary>
    Slice = 1,
    /// <summary>Slice data partition A.</summary>
    PartitionA = 2,
    /// <summary>Slice data partition B.</summary>
    PartitionB = 3,
    /// <summary>Slice data partition C.</summary>
    PartitionC = 4,
    /// <summary>Coded slice of an IDR picture.</summary>
    IdrSlice = 5,
    /// <summary>Supplemental enhancement information.</summary>
    Sei = 6,
    /// <summary>Sequence parameter set.</summary>
    Sps = 7,
    /// <summary>Picture parameter set.</summary>
    Pps = 8,
    /// <summary>Access unit delimiter.</summary>
    AccessUnitDelimiter = 9,
    /// <summary>End of sequence.</summary>
    EndOfSequence = 10,
    /// <summary>End of stream.</summary>
    EndOfStream = 11,
    /// <summary>Filler data.</summary>
    FillerData = 12,
    /// <summary>Sequence parameter set extension.</summary>
    SpsExtension = 13,
    /// <summary>Prefix NAL unit.</summary>
    Prefix = 14,
    /// <summary>Subset sequence parameter set.</summary>
    SubsetSps = 15,
    /// <summary>Coded slice of an auxiliary picture.</summary>
    AuxiliarySlice = 19,
    /// <summary>Coded slice extension (MVC, SVC).</summary>
    SliceExtension = 20,
}

/// <summary>NAL unit framing: Annex B byte streams, length-prefixed units (ISO/IEC 14496-15) and emulation prevention (spec 7.4.1).</summary>
public static class H264NalUnits
{
    /// <summary>nal_unit_type of a unit that begins with its header byte; Unspecified for an empty one.</summary>
    public static H264NalUnitType Type(ReadOnlySpan<byte> nal) => nal.IsEmpty ? H264NalUnitType.Unspecified : (H264NalUnitType)(nal[0] & 31);

    /// <summary>nal_ref_idc.</summary>
    public static int RefIdc(ReadOnlySpan<byte> nal) => nal.IsEmpty ? 0 : nal[0] >> 5 & 3;

    /// <summary>Whether the data begins with a start code of three or four bytes.</summary>
    public static bool StartsWithStartCode(ReadOnlySpan<byte> data) =>
        data.StartsWith((ReadOnlySpan<byte>)[0, 0, 1]) || data.StartsWith((ReadOnlySpan<byte>)[0, 0, 0, 1]);

    /// <summary>
    /// Finds the next NAL unit of an Annex B byte stream (spec B.1.1) at or after <paramref name="position"/>. Bytes before the first
    /// start code are skipped; zero bytes after a unit are not part of it. Empty units are passed over.
    /// </summary>
    /// <param name="data">Byte stream; the last unit ends with it.</param>
    /// <param name="position">In: where to look, 0 at first. Out: where to go on.</param>
    /// <param name="start">Offset of the unit's header byte.</param>
    /// <param name="length">Bytes of the unit, emulation prevention included.</param>
    /// <returns>False when there is no more.</returns>
    public static bool TryNext(ReadOnlySpan<byte> data, ref int position, out int start, out int length)
    {
        while (true)
        {
            int code = FindStartCode(data, position);
            if (code < 0)
            {
                position = data.Length;
                start = length = 0;
                return false;
            }
            start = code + 3;
            int next = FindStartCode(data, start);
            int end = next < 0 ? data.Length : next;
            position = end;
            while (end > start && data[end - 1] == 0)
                end--;
            length = end - start;
            if (length > 0)
                return true;
        }
    }

    /// <summary>Finds the next unit of length-prefixed data; see the other overload.</summary>
    /// <param name="data">Units, each after its big-endian length.</param>
    /// <param name="lengthSize">Bytes of a length, 1 to 4.</param>
    /// <param name="position">In: where to look, 0 at first. Out: where to go on.</param>
    /// <param name="start">Offset of the unit's header byte.</param>
    /// <param name="length">Bytes of the unit; cut to what is there when the length is too large.</param>
    /// <returns>False when there is no more.</returns>
    public static bool TryNextPrefixed(ReadOnlySpan<byte> data, int lengthSize, ref int position, out int start, out int length)
    {
        while (data.Length - position >= lengthSize)
        {
            uint size = 0;
            for (int i = 0; i < lengthSize; i++)
                size = size << 8 | data[position + i];
            start = position + lengthSize;
            length = (int)Math.Min(size, (uint)(data.Length - start));
            position = start + length;
            if (length > 0)
                return true;
        }
        position = data.Length;
        start = length = 0;
        return false;
    }

    /// <summary>Most bytes <see cref="ToAnnexB"/> writes for that many bytes of length-prefixed data.</summary>
    public static int MaxAnnexBSize(int size, int lengthSize) => lengthSize >= 4 ? size : checked(size / (lengthSize + 1) * (4 - lengthSize) + size + 4);

    /// <summary>Rewrites length-prefixed units with start codes of four bytes.</summary>
    /// <param name="data">Units, each after its big-endian length.</param>
    /// <param name="lengthSize">Bytes of a length, 1 to 4.</param>
    /// <param name="destination">At least <see cref="MaxAnnexBSize"/> bytes; what does not fit is left out.</param>
    /// <returns>Bytes written.</returns>
    public static int ToAnnexB(ReadOnlySpan<byte> data, int lengthSize, Span<byte> destination)
    {
        int position = 0, written = 0;
        while (TryNextPrefixed(data, lengthSize, ref position, out int start, out int length) && destination.Length - written >= length + 4)
        {
            destination[written] = destination[written + 1] = destination[written + 2] = 0;
            destination[written + 3] = 1;
            data.Slice(start, length).CopyTo(destination[(written + 4)..]);
            written += 4 + length;
        }
        return written;
    }

    /// <summary>Removes emulation prevention bytes (spec 7.3.1). Stops when the destination is full, so a header can be read without the whole unit.</summary>
    /// <param name="source">A NAL unit from its header byte on.</param>
    /// <param name="destination">Receives the header byte and the RBSP; may not overlap the source.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int from = 0, to = 0;
        while (from < source.Length && to < destination.Length)
        {
            ReadOnlySpan<byte> rest = source[from..];
            int at = rest.IndexOf((ReadOnlySpan<byte>)[0, 0, 3]);
            int run = at < 0 ? rest.Length : at + 2;
            run = Math.Min(run, destination.Length - to);
            rest[..run].CopyTo(destination[to..]);
            from += run;
            to += run;
            // Only the byte after the two zeros is left out; the search goes on behind it.
            if (at >= 0 && run == at + 2)
                from++;
        }
        return to;
    }

    private static int FindStartCode(ReadOnlySpan<byte> data, int from)
    {
        if (from >= data.Length)
            return -1;
        int at = data[from..].IndexOf((ReadOnlySpan<byte>)[0, 0, 1]);
        return at < 0 ? -1 : from + at;
    }
}
