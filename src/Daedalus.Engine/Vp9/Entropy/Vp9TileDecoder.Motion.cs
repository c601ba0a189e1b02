// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

// Motion vectors (spec 6.4.17 to 6.4.20) and their prediction (6.4.22, 6.4.23).
public sealed unsafe partial class Vp9TileDecoder
{
    private const int Nearest = 0, Near = 1, Zero = 2, New = 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsInside(int miRow, int miCol)
        => miRow >= 0 && miCol >= _miColStart && miCol < _miColEnd && miRow < _frame->MiRows;

    private void StoreMotion(BlockRecord* b, int width, int height)
    {
        MotionReference m;
        m.Mv0 = b->GetPackedMv(3, 0);
        m.Mv1 = b->GetPackedMv(3, 1);
        m.Ref0 = b->RefFrame0;
        m.Ref1 = b->RefFrame1;
        MotionReference* at = _frame->Motion + b->MiRow * (nint)_frame->MiCols + b->MiCol;
        for (int y = 0; y < height; y++, at += _frame->MiCols)
        {
            for (int x = 0; x < width; x++)
                at[x] = m;
        }
        if (b->Size >= BlockSize.Block8x8 || b->IsInter == 0)
            return;
        uint* above = _above.SubMvs + 4 * b->MiCol, left = _s->LeftSubMvs + 4 * (b->MiRow & 7);
        for (int list = 0; list < 2; list++)
        {
            above[list] = b->GetPackedMv(2, list);
            above[2 + list] = b->GetPackedMv(3, list);
            left[list] = b->GetPackedMv(1, list);
            left[2 + list] = b->GetPackedMv(3, list);
        }
    }

    // The two nearest candidates are always direct neighbours: the contexts know their modes.
    private int InterModeContext(int miRow, int miCol, int size)
    {
        int sum = 0;
        ReadOnlySpan<sbyte> positions = Vp9BlockTables.MvRefBlocks.Slice(16 * size, 4);
        for (int i = 0; i < 4; i += 2)
        {
            int row = miRow + positions[i], col = miCol + positions[i + 1];
            if (IsInside(row, col))
                sum += (positions[i] < 0 ? AboveMode(col) : LeftMode(row))->ModeWeight;
        }
        return Vp9BlockTables.ModeContext[sum];
    }

    private static uint Negate(uint mv) => (ushort)-(short)mv | (uint)(ushort)-(short)(mv >> 16) << 16;

    private uint Scale(uint mv, int from, int to)
        => ((_signBias >> (from + 1) ^ _signBias >> (to + 1)) & 1) != 0 ? Negate(mv) : mv;

    // Spec 6.4.22 find_mv_refs: candidate 0 (near false) or 1 of the list for a reference (0..2), clamped. block -1: whole block.
    // With list not null both candidates are wanted and stored there.
    private uint FindMvRef(BlockRecord* b, int reference, bool near, int block, uint* list)
    {
        int miRow = b->MiRow, miCol = b->MiCol;
        int count = 0;
        uint first = 0, second = 0;
        int wanted = near ? 2 : 1;
        bool neighbourFound = false;
        MotionReference* motion = _frame->Motion;
        nint stride = _frame->MiCols;
        ref sbyte positions = ref Unsafe.AsRef(in Vp9BlockTables.MvRefBlocks[16 * (int)b->Size]);
        MotionReference** candidates = (MotionReference**)_s->Candidates;
        int n = 0;
        for (int i = 0; i < 8; i++)
        {
            int row = miRow + Unsafe.Add(ref positions, 2 * i), col = miCol + Unsafe.Add(ref positions, 2 * i + 1);
            if (!IsInside(row, col))
                continue;
            neighbourFound = true;
            MotionReference* m = motion + row * stride + col;
            candidates[n++] = m;
            uint mv;
            int list01 = m->Ref0 == reference ? 0 : m->Ref1 == reference ? 1 : -1;
            if (list01 < 0)
                continue;
            mv = list01 == 0 ? m->Mv0 : m->Mv1;
            if (i < 2 && block >= 0)
            {
                // The nearest two of a sub-8×8 block give the vector of the quarter next to it.
                bool fromAbove = row < miRow;
                if ((fromAbove ? AboveMode(col) : LeftMode(row))->IsSub8x8 != 0)
                {
                    mv = fromAbove ? _above.SubMvs[4 * col + 2 * (block & 1) + list01] : _s->LeftSubMvs[4 * (row & 7) + 2 * (block >> 1) + list01];
                }
            }
            if (count == 0)
            {
                first = mv;
                if (++count == wanted)
                    goto done;
            }
            else if (mv != first)
            {
                second = mv;
                count = 2;
                goto done;
            }
        }

        MotionReference* previous = _frame->PreviousMotion == null ? null : _frame->PreviousMotion + miRow * stride + miCol;
        if (previous != null && (previous->Ref0 == reference || previous->Ref1 == reference))
        {
            if (Add(previous->Ref0 == reference ? previous->Mv0 : previous->Mv1, wanted, ref count, ref first, ref second))
                goto done;
        }
        if (neighbourFound)
        {
            for (int i = 0; i < n; i++)
            {
                if (AddOther(candidates[i], reference, wanted, ref count, ref first, ref second))
                    goto done;
            }
        }
        if (previous != null)
            AddOther(previous, reference, wanted, ref count, ref first, ref second);
        done:
        first = ClampMvRef(first, b);
        if (list != null)
        {
            list[0] = first;
            list[1] = ClampMvRef(second, b);
        }
        return near ? ClampMvRef(second, b) : first;
    }

    private static bool Add(uint mv, int wanted, ref int count, ref uint first, ref uint second)
    {
        if (count == 0)
        {
            first = mv;
            return ++count == wanted;
        }
        if (mv == first)
            return false;
        second = mv;
        count = 2;
        return true;
    }

    // Candidates of other references, turned round where they point the other way in time.
    private bool AddOther(MotionReference* m, int reference, int wanted, ref int count, ref uint first, ref uint second)
    {
        if (m->Ref0 < 0)
            return false;
        if (m->Ref0 != reference && Add(Scale(m->Mv0, m->Ref0, reference), wanted, ref count, ref first, ref second))
            return true;
        return m->Ref1 >= 0 && m->Ref1 != reference && m->Mv1 != m->Mv0
            && Add(Scale(m->Mv1, m->Ref1, reference), wanted, ref count, ref first, ref second);
    }

    // clamp_mv_ref: at most 16 samples outside the frame beyond the block.
    private uint ClampMvRef(uint mv, BlockRecord* b)
    {
        int w = Vp9BlockTables.Width8[(int)b->Size], h = Vp9BlockTables.Height8[(int)b->Size];
        int row = Math.Clamp((int)(short)mv, -(b->MiRow * 64) - 128, (_frame->MiRows - h - b->MiRow) * 64 + 128);
        int col = Math.Clamp((int)(short)(mv >> 16), -(b->MiCol * 64) - 128, (_frame->MiCols - w - b->MiCol) * 64 + 128);
        return (ushort)row | (uint)(ushort)col << 16;
    }

    private bool AllowHighPrecision => (_frame->Control.Flags & Vp9FrameFlags.AllowHighPrecisionMv) != 0;

    private static bool UsesHighPrecision(uint mv) => Math.Abs((int)(short)mv) >> 3 < 8 && Math.Abs((int)(short)(mv >> 16)) >> 3 < 8;

    private uint LowerPrecision(uint mv)
    {
        if (AllowHighPrecision && UsesHighPrecision(mv))
            return mv;
        int row = (short)mv, col = (short)(mv >> 16);
        if ((row & 1) != 0)
            row += row > 0 ? -1 : 1;
        if ((col & 1) != 0)
            col += col > 0 ? -1 : 1;
        return (ushort)row | (uint)(ushort)col << 16;
    }

    private static MotionVector Unpack(uint mv) => new((short)mv, (short)(mv >> 16));

    private void BlockMotion(BlockRecord* b, int interMode)
    {
        int lists = b->RefFrame1 >= 0 ? 2 : 1;
        for (int list = 0; list < lists; list++)
        {
            uint mv = 0;
            if (interMode != Zero)
            {
                int reference = list == 0 ? b->RefFrame0 : b->RefFrame1;
                mv = LowerPrecision(FindMvRef(b, reference, interMode == Near, -1, null));
                if (interMode == New)
                    mv = ReadMv(mv);
            }
            for (int quarter = 0; quarter < 4; quarter++)
                b->SetMv(quarter, list, Unpack(mv));
        }
    }

    private int SubBlockMotion(BlockRecord* b, int ctx)
    {
        BoolReader* r = &_s->Reader;
        int lists = b->RefFrame1 >= 0 ? 2 : 1;
        bool wide = b->Size == BlockSize.Block8x4, tall = b->Size == BlockSize.Block4x8;
        bool haveBest = false;
        uint best0 = 0, best1 = 0;
        int mode = Zero;
        for (int y = 0; y < (tall ? 1 : 2); y++)
        {
            for (int x = 0; x < (wide ? 1 : 2); x++)
            {
                int quarter = y * 2 + x;
                mode = ReadInterMode(r, ctx);
                if (mode == New && !haveBest)
                {
                    best0 = LowerPrecision(FindMvRef(b, b->RefFrame0, false, -1, null));
                    if (lists == 2)
                        best1 = LowerPrecision(FindMvRef(b, b->RefFrame1, false, -1, null));
                    haveBest = true;
                }
                for (int list = 0; list < lists; list++)
                {
                    uint mv = mode switch
                    {
                        Zero => 0,
                        New => ReadMv(list == 0 ? best0 : best1),
                        _ => AppendSub8x8(b, quarter, list, mode == Near),
                    };
                    b->SetMv(quarter, list, Unpack(mv));
                    if (tall)
                        b->SetMv(quarter + 2, list, Unpack(mv));
                    if (wide)
                        b->SetMv(quarter + 1, list, Unpack(mv));
                }
            }
        }
        return mode;
    }

    // Spec 6.4.23 append_sub8x8_mvs.
    private uint AppendSub8x8(BlockRecord* b, int quarter, int list, bool near)
    {
        int reference = list == 0 ? b->RefFrame0 : b->RefFrame1;
        if (quarter == 0)
            return FindMvRef(b, reference, near, 0, null);
        uint nearest = b->GetPackedMv(quarter == 3 ? 2 : 0, list);
        if (!near)
            return nearest;
        if (quarter == 3)
        {
            if (b->GetPackedMv(1, list) != nearest)
                return b->GetPackedMv(1, list);
            if (b->GetPackedMv(0, list) != nearest)
                return b->GetPackedMv(0, list);
        }
        uint* candidates = _s->SubCandidates;
        FindMvRef(b, reference, true, quarter, candidates);
        return candidates[0] != nearest ? candidates[0] : candidates[1] != nearest ? candidates[1] : 0;
    }

    // Spec 6.4.19 read_mv: difference to the best candidate.
    private uint ReadMv(uint best)
    {
        BoolReader* r = &_s->Reader;
        byte* p = _probs->MvJoint;
        BoolReader local = *r;
        int joint;
        if (!local.ReadBool(p[0]))
            joint = 0;
        else if (!local.ReadBool(p[1]))
            joint = 1;
        else
            joint = 2 + local.Read(p[2]);
        *r = local;
        bool high = AllowHighPrecision && UsesHighPrecision(best);
        int row = (joint & 2) != 0 ? ReadMvComponent(r, 0, high) : 0;
        int col = (joint & 1) != 0 ? ReadMvComponent(r, 1, high) : 0;
        if (_counts != null)
            _counts->MvJoint[joint]++;
        row += (short)best;
        col += (short)(best >> 16);
        // Vectors stay within ±2^14 (spec 6.4.19); beyond that the stream is corrupt.
        if (Math.Abs(row) >= 1 << 14 || Math.Abs(col) >= 1 << 14)
        {
            _invalid = true;
            row = col = 0;
        }
        return (ushort)row | (uint)(ushort)col << 16;
    }

    private int ReadMvComponent(BoolReader* reader, int i, bool high)
    {
        BoolReader r = *reader;
        Vp9Probabilities* probs = _probs;
        int sign = r.Read(probs->MvSign[i]);
        byte* p = probs->MvClass + 10 * i;
        int cls, d, magnitude = 0;
        byte* fr;
        byte hpProb;
        if (!r.ReadBool(p[0]))
        {
            cls = 0;
            d = r.Read(probs->MvClass0Bit[i]);
            fr = probs->MvClass0Fr + 6 * i + 3 * d;
            hpProb = probs->MvClass0Hp[i];
        }
        else
        {
            // mv_class_tree (spec 9.3.1).
            if (!r.ReadBool(p[1]))
                cls = 1;
            else if (!r.ReadBool(p[2]))
                cls = 2 + r.Read(p[3]);
            else if (!r.ReadBool(p[4]))
                cls = 4 + r.Read(p[5]);
            else if (!r.ReadBool(p[6]))
                cls = 6;
            else if (!r.ReadBool(p[7]))
                cls = 7 + r.Read(p[8]);
            else
                cls = 9 + r.Read(p[9]);
            d = 0;
            for (int bit = 0; bit < cls; bit++)
                d |= r.Read(probs->MvBits[10 * i + bit]) << bit;
            magnitude = 2 << (cls + 2);
            fr = probs->MvFr + 3 * i;
            hpProb = probs->MvHp[i];
        }
        int f;
        if (!r.ReadBool(fr[0]))
            f = 0;
        else if (!r.ReadBool(fr[1]))
            f = 1;
        else
            f = 2 + r.Read(fr[2]);
        int hp = high ? r.Read(hpProb) : 1;
        *reader = r;
        if (_counts != null)
            CountMv(i, sign, cls, d, f, hp);
        magnitude += (d << 3 | f << 1 | hp) + 1;
        return sign != 0 ? -magnitude : magnitude;
    }

    private void CountMv(int i, int sign, int cls, int d, int f, int hp)
    {
        Vp9Counts* c = _counts;
        c->MvSign[2 * i + sign]++;
        c->MvClass[11 * i + cls]++;
        // A high precision bit that was not sent counts as the 1 it stands for.
        if (cls == 0)
        {
            c->MvClass0Bit[2 * i + d]++;
            c->MvClass0Fr[8 * i + 4 * d + f]++;
            c->MvClass0Hp[2 * i + hp]++;
        }
        else
        {
            for (int bit = 0; bit < cls; bit++)
                c->MvBits[20 * i + 2 * bit + (d >> bit & 1)]++;
            c->MvFr[4 * i + f]++;
            c->MvHp[2 * i + hp]++;
        }
    }
}
