// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Writes streams that have headers and no content: enough for picture order, marking and output (spec 7.3.2.1, 7.3.2.2, 7.3.3).</summary>
internal sealed class StreamBuilder
{
    private readonly List<byte> _bytes = [];
    private List<bool> _bits = [];

    public int PocType = 0;
    public int NumRefFrames = 4;
    public bool Gaps;
    public bool FrameMbsOnly = true;
    public int WidthInMbs = 2, HeightInMapUnits = 2;
    public int Log2MaxFrameNum = 4, Log2MaxPocLsb = 6;
    public int LevelIdc = 10;
    public int ProfileIdc = 77;
    public int? NumReorder, MaxDecBuffering;
    public int OffsetForNonRef, OffsetTopToBottom;
    public int[] OffsetForRef = [];
    public bool RedundantPresent;

    public byte[] ToArray() => [.. _bytes];

    /// <summary>What was written since the last call.</summary>
    public byte[] Take()
    {
        byte[] taken = [.. _bytes];
        _bytes.Clear();
        return taken;
    }

    private void U(int n, long v)
    {
        for (int i = n - 1; i >= 0; i--)
            _bits.Add((v >> i & 1) != 0);
    }

    private void Ue(long v)
    {
        int zeros = BitOperations.Log2((ulong)v + 1);
        U(zeros, 0);
        U(zeros + 1, v + 1);
    }

    private void Se(long v) => Ue(v > 0 ? 2 * v - 1 : -2 * v);

    private void Begin(int type, int refIdc)
    {
        _bits = [];
        U(8, refIdc << 5 | type);
    }

    private StreamBuilder End()
    {
        _bits.Add(true);
        while (_bits.Count % 8 != 0)
            _bits.Add(false);
        _bytes.AddRange([0, 0, 0, 1]);
        int zeros = 0;
        for (int i = 0; i < _bits.Count; i += 8)
        {
            int b = 0;
            for (int k = 0; k < 8; k++)
                b = b << 1 | (_bits[i + k] ? 1 : 0);
            if (zeros >= 2 && b <= 3)
            {
                _bytes.Add(3);
                zeros = 0;
            }
            _bytes.Add((byte)b);
            zeros = b == 0 ? zeros + 1 : 0;
        }
        return this;
    }

    /// <summary>Any NAL unit with a few bytes of content.</summary>
    public StreamBuilder Raw(int type, int refIdc = 0)
    {
        Begin(type, refIdc);
        U(16, 0x5a5a);
        return End();
    }

    public StreamBuilder AccessUnitDelimiter()
    {
        Begin(9, 0);
        U(3, 7);
        return End();
    }

    public StreamBuilder RecoveryPoint(int count)
    {
        Begin(6, 0);
        int mark = _bits.Count;
        Ue(count);
        U(4, 0b1000);
        List<bool> payload = _bits[mark..];
        while (payload.Count % 8 != 0)
            payload.Add(payload.Count == _bits.Count - mark);
        _bits = _bits[..mark];
        U(8, 6);
        U(8, payload.Count / 8);
        _bits.AddRange(payload);
        return End();
    }

    public StreamBuilder Sets(int id = 0)
    {
        Begin(7, 3);
        U(8, ProfileIdc);
        U(8, 0);
        U(8, LevelIdc);
        Ue(id);
        if (ProfileIdc == 100)
        {
            Ue(1);
            Ue(0);
            Ue(0);
            U(2, 0);
        }
        Ue(Log2MaxFrameNum - 4);
        Ue(PocType);
        if (PocType == 0)
        {
            Ue(Log2MaxPocLsb - 4);
        }
        else if (PocType == 1)
        {
            U(1, 0);
            Se(OffsetForNonRef);
            Se(OffsetTopToBottom);
            Ue(OffsetForRef.Length);
            foreach (int o in OffsetForRef)
                Se(o);
        }
        Ue(NumRefFrames);
        U(1, Gaps ? 1 : 0);
        Ue(WidthInMbs - 1);
        Ue(HeightInMapUnits - 1);
        U(1, FrameMbsOnly ? 1 : 0);
        if (!FrameMbsOnly)
            U(1, 0);
        U(1, 1);
        U(1, 0);
        U(1, NumReorder != null ? 1 : 0);
        if (NumReorder is { } reorder)
        {
            // aspect, overscan, signal type, chroma location, timing, both HRDs, pic_struct_present: none.
            U(8, 0);
            U(1, 1);
            U(1, 1);
            Ue(0);
            Ue(0);
            Ue(10);
            Ue(10);
            Ue(reorder);
            Ue(MaxDecBuffering ?? NumRefFrames);
        }
        End();
        Begin(8, 3);
        Ue(id);
        Ue(id);
        U(1, 0);
        U(1, 0);
        Ue(0);
        Ue(0);
        Ue(0);
        U(1, 0);
        U(2, 0);
        Se(0);
        Se(0);
        Se(0);
        U(1, 0);
        U(1, 0);
        U(1, RedundantPresent ? 1 : 0);
        return End();
    }

    /// <summary>Slice of a picture. Marking: operations with their values, for example (3, 0, 1); 'I', 'P' or 'B'.</summary>
    public StreamBuilder Slice(char type, int frameNum, int poc = 0, int refIdc = 1, bool idr = false, int idrPicId = 0, int? bottom = null, int firstMb = 0,
        int nalType = 0, int redundant = 0, int set = 0, bool longTerm = false, bool noOutput = false, params int[][] marking)
    {
        Begin(nalType != 0 ? nalType : idr ? 5 : 1, refIdc);
        Ue(firstMb);
        Ue(type switch { 'P' => 5, 'B' => 6, _ => 7 });
        Ue(set);
        U(Log2MaxFrameNum, frameNum & ((1 << Log2MaxFrameNum) - 1));
        if (!FrameMbsOnly)
        {
            U(1, bottom != null ? 1 : 0);
            if (bottom is { } b)
                U(1, b);
        }
        if (idr)
            Ue(idrPicId);
        if (PocType == 0)
            U(Log2MaxPocLsb, poc & ((1 << Log2MaxPocLsb) - 1));
        else if (PocType == 1)
            Se(poc);
        if (RedundantPresent)
            Ue(redundant);
        if (type == 'B')
            U(1, 1);
        if (type != 'I')
            U(1, 0);
        if (type != 'I')
            U(1, 0);
        if (type == 'B')
            U(1, 0);
        if (refIdc != 0)
        {
            if (idr)
            {
                U(1, noOutput ? 1 : 0);
                U(1, longTerm ? 1 : 0);
            }
            else if (marking.Length == 0)
            {
                U(1, 0);
            }
            else
            {
                U(1, 1);
                foreach (int[] command in marking)
                {
                    foreach (int v in command)
                        Ue(v);
                }
                Ue(0);
            }
        }
        Se(0);
        // Something that stands for slice data.
        U(24, 0x5a5a5a);
        return End();
    }

    public StreamBuilder Idr(int poc = 0, int id = 0, int? bottom = null, int set = 0, bool longTerm = false, bool noOutput = false, int refIdc = 1) =>
        Slice('I', 0, poc, refIdc, true, id, bottom, set: set, longTerm: longTerm, noOutput: noOutput);
}
