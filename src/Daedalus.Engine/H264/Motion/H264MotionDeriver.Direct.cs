// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

// Direct prediction of B slices (spec 8.4.1.2).
public sealed unsafe partial class H264MotionDeriver
{
    private const int OneToOne = 0, FrameToField = 1, FieldToFrame = 2;

    private H264Motion* _colMotion;
    private H264MotionLayout _colLayout;
    private int _colField, _colParity, _colHalf;
    private bool _colIsLongTerm, _inference, _isSpatial;

    private void BeginDirect(H264Slice* s)
    {
        H264PictureState* p = _p;
        H264ReferencePicture* col = Reference(p, s, 1, 0, 0);
        _inference = (p->Sps.Flags & H264SpsFlags.Direct8x8Inference) != 0;
        _isSpatial = s->Header.DirectSpatialMvPred;
        _colMotion = col->Motion;
        _colLayout = col->MotionLayout;
        _colIsLongTerm = col->IsLongTerm;
        _colField = col->Fields == H264Fields.Bottom ? 1 : 0;
        // Frame macroblocks take the field that is nearer in output order (Table 8-6).
        _colParity = Math.Abs((long)col->TopPoc - p->Poc) < Math.Abs((long)col->BottomPoc - p->Poc) ? 0 : 1;
        _colHalf = p->WidthInMbs * (p->IsField ? p->HeightInMbs : p->HeightInMbs >> 1);
        // A frame of an odd number of rows has no fields: what says otherwise belongs to another sequence.
        if (!p->IsField && (p->HeightInMbs & 1) != 0 && _colLayout != H264MotionLayout.Frame)
            _colMotion = null;
        if (_isSpatial)
            return;

        int kinds = _isMbaff ? 3 : 1;
        for (int kind = 0; kind < kinds; kind++)
        {
            int count = Count(s, 0, kind);
            int current = kind == 0 ? p->Poc : kind == 1 ? p->TopPoc : p->BottomPoc;
            int poc1 = Reference(p, s, 1, kind, 0)->Poc;
            for (int i = 0; i < count; i++)
            {
                H264ReferencePicture* r = Reference(p, s, 0, kind, i);
                _t->DistScale[kind * 64 + i] = r->IsLongTerm ? 256 : H264MotionMath.DistScaleFactor(current, r->Poc, poc1);
            }
        }
    }

    /// <summary>
    /// Direct prediction of the 8×8 blocks in a mask: vectors and indices into <paramref name="m"/>, shapes (and for a whole macroblock the partition)
    /// into <paramref name="mb"/>. Neighbours have been located.
    /// </summary>
    private void DeriveDirect(H264Motion* m, H264Macroblock* mb, int mbIndex, int mbX, int mbY, int mask)
    {
        if (_isSpatial)
            DeriveSpatial(m, mb, mbIndex, mbX, mbY, mask);
        else
            DeriveTemporal(m, mb, mbIndex, mbX, mbY, mask);
    }

    /// <summary>
    /// Co-located macroblocks (spec 8.4.1.2.1, Tables 8-6 and 8-8). With corner blocks (direct_8x8_inference_flag) row and column of the block are ColRow and 0 or 3, its 8×8 block
    /// (ColRow &amp; 2) + x.
    /// </summary>
    private void SelectColocated(int mbIndex, int mbX, int mbY)
    {
        H264MotionContext* t = _t;
        H264Motion* col = _colMotion;
        t->ColScale = OneToOne;
        t->ColRow0 = 0;
        t->ColRow1 = 3;
        if (col == null)
        {
            t->Col0 = t->Col1 = &t->NoMotion;
            return;
        }
        if (!_isMbaff && _colLayout == H264MotionLayout.Frame && !_p->IsField)
        {
            t->Col0 = t->Col1 = col + mbIndex;
            return;
        }

        int width = _width;
        if (_p->IsField)
        {
            if (_colLayout == H264MotionLayout.Fields)
            {
                t->Col0 = t->Col1 = col + _colField * _colHalf + mbIndex;
                return;
            }
            col += 2 * mbY * width + mbX;
            if (_colLayout == H264MotionLayout.Mbaff && col->Field != 0)
                t->Col0 = t->Col1 = col + (_p->IsBottom ? width : 0);
            else
                SelectPair(col, width);
            return;
        }

        bool field = t->Kind != 0;
        if (_colLayout == H264MotionLayout.Fields)
        {
            col += (mbY >> 1) * width + mbX;
            if (field)
                t->Col0 = t->Col1 = col + (t->Kind - 1) * _colHalf;
            else
                SelectField(col + _colParity * _colHalf, mbY);
            return;
        }
        H264Motion* pair = col + (mbY & ~1) * width + mbX;
        bool colField = _colLayout == H264MotionLayout.Mbaff && pair->Field != 0;
        if (field == colField)
            t->Col0 = t->Col1 = col + mbIndex;
        else if (field)
            SelectPair(pair, width);
        else
            SelectField(pair + _colParity * width, mbY);
    }

    /// <summary>Field macroblock, frame macroblock pair: Frm_To_Fld.</summary>
    private void SelectPair(H264Motion* pair, int width)
    {
        _t->ColScale = FrameToField;
        _t->Col0 = pair;
        _t->Col1 = pair + width;
        _t->ColRow1 = 2;
    }

    /// <summary>Frame macroblock, field macroblock: Fld_To_Frm.</summary>
    private void SelectField(H264Motion* field, int mbY)
    {
        _t->ColScale = FieldToFrame;
        _t->Col0 = _t->Col1 = field;
        _t->ColRow0 = 2 * (mbY & 1);
        _t->ColRow1 = _t->ColRow0 + 1;
    }

    /// <summary>Spatial direct prediction (spec 8.4.1.2.2).</summary>
    [SkipLocalsInit]
    private void DeriveSpatial(H264Motion* m, H264Macroblock* mb, int mbIndex, int mbX, int mbY, int mask)
    {
        H264MotionContext* t = _t;
        int ref0 = SpatialReference(t, 0, out int mv0);
        int ref1 = SpatialReference(t, 1, out int mv1);
        if ((ref0 & ref1) < 0)
            ref0 = ref1 = 0;
        FillMv(m, 0, mv0);
        FillMv(m, 1, mv1);
        Unsafe.WriteUnaligned(m->RefIdx, (byte)ref0 * 0x01010101u | (ulong)((byte)ref1 * 0x01010101u) << 32);
        if (mask == 15)
            mb->Partition = 0;

        // colZeroFlag makes a difference only to vectors that are not zero and refer to index 0.
        bool clear0 = ref0 == 0 && mv0 != 0, clear1 = ref1 == 0 && mv1 != 0;
        if (!(clear0 | clear1) || _colIsLongTerm)
            return;
        SelectColocated(mbIndex, mbX, mbY);
        if (_inference || t->ColScale != OneToOne)
        {
            int zeros = 0;
            for (int i = 0; i < 4; i++)
            {
                H264Motion* col = i < 2 ? t->Col0 : t->Col1;
                int row = i < 2 ? t->ColRow0 : t->ColRow1;
                if (IsColZero(col, (row & 2) + (i & 1), row * 4 + (i & 1) * 3))
                    zeros |= 1 << i;
            }
            if (zeros == 0)
                return;
            for (int i = 0; i < 4; i++)
            {
                if ((zeros >> i & 1) == 0)
                    continue;
                if (clear0)
                    Fill8x8(m->Mv, i, 0);
                if (clear1)
                    Fill8x8(m->Mv + 16, i, 0);
            }
            if (mask == 15)
                mb->Partition = PartitionOf(zeros);
            return;
        }

        bool uniform = true;
        for (int i = 0; i < 4; i++)
        {
            int origin = (i & 1) * 2 + (i >> 1) * 8, count = 0;
            for (int k = 0; k < 4; k++)
            {
                int block = origin + (k & 1) + (k >> 1) * 4;
                if (!IsColZero(t->Col0, i, block))
                    continue;
                count++;
                if (clear0)
                    m->Mv[block] = 0;
                if (clear1)
                    m->Mv[16 + block] = 0;
            }
            uniform &= count == 0;
            if ((count & 3) != 0 && (mask >> i & 1) != 0)
                mb->SubPartition[i] = 3;
        }
        if (mask == 15 && !uniform)
            mb->Partition = 3;
    }

    /// <summary>refIdx from the neighbours of the macroblock (MinPositive), -1 none, and the vector predicted for it.</summary>
    private static int SpatialReference(H264MotionContext* t, int list, out int mv)
    {
        int r = list * 4, v = list * 16;
        int refA = t->A->RefIdx[r + 1], refB = t->B->RefIdx[r + 2], refC = t->C->RefIdx[r + 2], mvC = t->C->Mv[v + 12];
        if (refC == H264MotionContext.NotAvailable)
        {
            refC = t->D->RefIdx[r + 3];
            mvC = t->D->Mv[v + 15];
        }
        int refIdx = (int)Math.Min(Math.Min((uint)refA, (uint)refB), (uint)refC);
        if (refIdx < 0)
        {
            mv = 0;
            return -1;
        }
        mv = H264MotionMath.Predict(refIdx, refA, t->A->Mv[v + 3], refB, t->B->Mv[v + 12], refC, mvC);
        return refIdx;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsColZero(H264Motion* col, int block8x8, int block)
    {
        int refIdx = col->RefIdx[block8x8];
        if (refIdx == 0)
            return H264MotionMath.IsStill(col->Mv[block]);
        return refIdx < 0 && col->RefIdx[4 + block8x8] == 0 && H264MotionMath.IsStill(col->Mv[16 + block]);
    }

    /// <summary>The largest partitions that four blocks of two kinds (bits) allow.</summary>
    private static byte PartitionOf(int bits) => bits switch
    {
        0 or 15 => 0,
        3 or 12 => 1,
        5 or 10 => 2,
        _ => 3,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill8x8(int* mv, int block, int value)
    {
        mv += (block & 1) * 2 + (block >> 1) * 8;
        mv[0] = value;
        mv[1] = value;
        mv[4] = value;
        mv[5] = value;
    }

    /// <summary>Temporal direct prediction (spec 8.4.1.2.3).</summary>
    [SkipLocalsInit]
    private void DeriveTemporal(H264Motion* m, H264Macroblock* mb, int mbIndex, int mbX, int mbY, int mask)
    {
        H264MotionContext* t = _t;
        SelectColocated(mbIndex, mbX, mbY);
        bool corners = _inference || t->ColScale != OneToOne;
        Unsafe.WriteUnaligned(m->RefIdx + 4, 0u); // refIdxL1 = 0
        for (int i = 0; i < 4; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            H264Motion* col = i < 2 ? t->Col0 : t->Col1;
            int row = i < 2 ? t->ColRow0 : t->ColRow1;
            int block8x8 = (row & 2) + (i & 1), list = 0;
            if (col->RefIdx[block8x8] < 0)
            {
                list = 1;
                if (col->RefIdx[4 + block8x8] < 0)
                {
                    m->RefIdx[i] = 0;
                    Fill8x8(m->Mv, i, 0);
                    Fill8x8(m->Mv + 16, i, 0);
                    continue;
                }
            }
            int refIdx = MapColToList0(col->RefPic[list * 4 + block8x8]);
            int scale = t->DistScale[t->Kind * 64 + refIdx];
            m->RefIdx[i] = (sbyte)refIdx;
            int* colMv = col->Mv + list * 16;
            if (corners)
            {
                int mv1 = ScaleTemporal(t->ColScale, scale, colMv[row * 4 + (i & 1) * 3], out int mv0);
                Fill8x8(m->Mv, i, mv0);
                Fill8x8(m->Mv + 16, i, mv1);
                continue;
            }
            int origin = (i & 1) * 2 + (i >> 1) * 8;
            for (int k = 0; k < 4; k++)
            {
                int block = origin + (k & 1) + (k >> 1) * 4;
                m->Mv[16 + block] = ScaleTemporal(OneToOne, scale, colMv[block], out m->Mv[block]);
            }
            int* first = colMv + origin;
            if (first[0] != first[1] || first[0] != first[4] || first[0] != first[5])
                mb->SubPartition[i] = 3;
        }
        if (mask == 15)
            mb->Partition = PartitionOf(m, mb);
    }

    /// <summary>The largest partitions that vectors and indices of a temporally predicted macroblock allow; it makes motion compensation cheaper.</summary>
    private static byte PartitionOf(H264Motion* m, H264Macroblock* mb)
    {
        if (Unsafe.ReadUnaligned<uint>(mb->SubPartition) != 0)
            return 3;
        bool rows = Same(m, 0, 1) && Same(m, 2, 3), columns = Same(m, 0, 2) && Same(m, 1, 3);
        return (byte)(rows ? columns ? 0 : 1 : columns ? 2 : 3);
    }

    private static bool Same(H264Motion* m, int i, int j)
    {
        int a = (i & 1) * 2 + (i >> 1) * 8, b = (j & 1) * 2 + (j >> 1) * 8;
        return m->RefIdx[i] == m->RefIdx[j] && m->Mv[a] == m->Mv[b] && m->Mv[16 + a] == m->Mv[16 + b];
    }

    /// <summary>mvL1; mvL0 beside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScaleTemporal(int vertMvScale, int scale, int mvCol, out int mv0)
    {
        int x = (short)mvCol, y = mvCol >> 16;
        if (vertMvScale == FrameToField)
            y /= 2;
        else if (vertMvScale == FieldToFrame)
            y *= 2;
        int x0 = (scale * x + 128) >> 8, y0 = (scale * y + 128) >> 8;
        mv0 = H264MotionMath.Pack(x0, y0);
        return H264MotionMath.Pack(x0 - x, y0 - y);
    }

    /// <summary>
    /// refIdxL0 of the picture a co-located block refers to: for frame macroblocks the frame that is or contains it, for fields and field macroblocks the field itself,
    /// of a frame the field of the current parity. 0 when the list does not hold it.
    /// </summary>
    private int MapColToList0(int key)
    {
        int count = Count(_s, 0, 0);
        int* keys = KeysOf(0, 0);
        if (_p->IsField)
        {
            int parity = _p->IsBottom ? 2 : 1;
            int wanted = (key & 3) == 3 ? (key & ~3) | parity : key;
            for (int i = 0; i < count; i++)
            {
                if (keys[i] == wanted)
                    return i;
            }
            return 0;
        }
        int kind = _t->Kind;
        for (int i = 0; i < count; i++)
        {
            if (keys[i] >> 2 != key >> 2)
                continue;
            if (kind == 0)
                return i;
            return 2 * i + ((key & 3) == 3 || (key & 3) == kind ? 0 : 1);
        }
        return 0;
    }
}
