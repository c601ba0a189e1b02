// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Vp9;

/// <summary>What an access unit's superframe index looks like.</summary>
public enum SuperframeStatus : byte
{
    /// <summary>No index.</summary>
    None,
    /// <summary>A valid index was followed.</summary>
    Indexed,
    /// <summary>The last byte looks like an index marker but there is no matching index: libvpx refuses such data; here it is one frame.</summary>
    InvalidIndex,
    /// <summary>The index names more bytes than there are: the frames before that point are given.</summary>
    Truncated,
}

/// <summary>Splits access units into frames (spec Annex B).</summary>
public static class Superframe
{
    /// <summary>Most frames in one access unit.</summary>
    public const int MaxFrames = 8;

    /// <summary>As <see cref="Split(ReadOnlySpan{byte}, Span{Range}, out SuperframeStatus)"/>.</summary>
    public static int Split(ReadOnlySpan<byte> data, Span<Range> frames) => Split(data, frames, out _);

    /// <summary>
    /// Writes the ranges of the frames of an access unit, in decode order, and returns how many. Frames of size 0 are left out.
    /// Without an index, a show_existing_frame header may be followed by another frame; other frames reach to the end.
    /// </summary>
    /// <param name="data">The access unit.</param>
    /// <param name="frames">At least <see cref="MaxFrames"/> entries; further frames are dropped if shorter.</param>
    /// <param name="status">What was found.</param>
    public static int Split(ReadOnlySpan<byte> data, Span<Range> frames, out SuperframeStatus status)
    {
        status = SuperframeStatus.None;
        if (data.IsEmpty)
            return 0;
        byte marker = data[^1];
        if ((marker & 0xe0) == 0xc0)
        {
            int count = (marker & 7) + 1;
            int bytes = (marker >> 3 & 3) + 1;
            int indexSize = 2 + bytes * count;
            if (data.Length >= indexSize && data[^indexSize] == marker)
                return SplitIndexed(data, data.Slice(data.Length - indexSize + 1, bytes * count), bytes, count, frames, out status);
            status = SuperframeStatus.InvalidIndex;
        }
        return SplitPlain(data, frames);
    }

    private static int SplitIndexed(ReadOnlySpan<byte> data, ReadOnlySpan<byte> sizes, int bytes, int count, Span<Range> frames, out SuperframeStatus status)
    {
        status = SuperframeStatus.Indexed;
        int n = 0, at = 0;
        for (int i = 0; i < count && n < frames.Length; i++)
        {
            uint size = 0;
            for (int b = 0; b < bytes; b++)
                size |= (uint)sizes[i * bytes + b] << (8 * b);
            if (size > (uint)(data.Length - at))
            {
                status = SuperframeStatus.Truncated;
                break;
            }
            if (size != 0)
                frames[n++] = new Range(at, at + (int)size);
            at += (int)size;
        }
        return n;
    }

    private static int SplitPlain(ReadOnlySpan<byte> data, Span<Range> frames)
    {
        int n = 0, at = 0;
        while (at < data.Length && n < frames.Length)
        {
            int size = ShowExistingSize(data[at..]);
            if (size == 0 || at + size >= data.Length)
            {
                frames[n++] = new Range(at, data.Length);
                break;
            }
            frames[n++] = new Range(at, at + size);
            at += size;
            // Encoders may pad with zero bytes; no frame starts with one.
            while (at < data.Length && data[at] == 0)
                at++;
        }
        return n;
    }

    // Bytes of a show_existing_frame header (profile 3 has one bit more), 0 for any other frame.
    private static int ShowExistingSize(ReadOnlySpan<byte> data)
    {
        int b = data[0];
        if (b >> 6 != 2)
            return 0;
        bool profile3 = (b & 0x30) == 0x30;
        int showBit = profile3 ? b >> 2 & 1 : b >> 3 & 1;
        return showBit == 0 || (profile3 && (b >> 3 & 1) != 0) ? 0 : profile3 ? 2 : 1;
    }
}
