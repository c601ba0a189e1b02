// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;

namespace Daedalus.Tool;

/// <summary>
/// An H.264 byte stream (spec annex B) in pieces of about an access unit: a new one begins where a NAL unit follows a slice that only stands before
/// a picture (7.4.1.2.3), or at a slice of macroblock 0. Such a slice need not begin a picture (arbitrary slice order): the sequencer decides.
/// </summary>
internal sealed class AnnexBReader(byte[] data) : AccessUnitReader
{
    private int _position;
    private bool _endsPicture;

    public override StreamCodec Codec => StreamCodec.H264;

    public override bool EndsPicture => _endsPicture;

    public override double Fraction => (double)_position / Math.Max(1, data.Length);

    /// <summary>Whether a file begins with zero bytes and a start code.</summary>
    public static bool IsAnnexB(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> head = stackalloc byte[64];
        int got = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        int first = head[..got].IndexOfAnyExcept((byte)0);
        // A first NAL unit with forbidden_zero_bit or of type 0 is something else: MPEG-2 and others have start codes too.
        return first >= 2 && first + 1 < got && head[first] == 1 && (head[first + 1] & 0x80) == 0 && (head[first + 1] & 31) != 0;
    }

    public override bool TryRead(out ReadOnlySpan<byte> accessUnit)
    {
        int start = _position, next = _position;
        bool slices = false;
        while (H264NalUnits.TryNext(data, ref next, out int unit, out int length))
        {
            H264NalUnitType type = (H264NalUnitType)(data[unit] & 31);
            bool slice = type is H264NalUnitType.Slice or H264NalUnitType.PartitionA or H264NalUnitType.IdrSlice;
            // first_mb_in_slice 0 is ue(v) "1".
            bool firstMb = slice && length > 1 && (data[unit + 1] & 0x80) != 0;
            bool before = (int)type is >= 6 and <= 9 or >= 14 and <= 18;
            if (slices && (firstMb || before))
            {
                int code = unit - 3;
                accessUnit = data.AsSpan(start, code - start);
                _position = code;
                _endsPicture = type is H264NalUnitType.AccessUnitDelimiter or H264NalUnitType.Sps;
                return true;
            }
            slices |= slice;
        }
        _position = data.Length;
        _endsPicture = true;
        accessUnit = data.AsSpan(start);
        return start < data.Length;
    }

    public override void Dispose()
    {
    }
}
