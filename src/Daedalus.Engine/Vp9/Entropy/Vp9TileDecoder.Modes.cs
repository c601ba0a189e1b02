// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

// Mode info (spec 6.4.6 to 6.4.20): segment, skip, transform size, references, prediction modes.
public sealed unsafe partial class Vp9TileDecoder
{
    private NeighbourMode* AboveMode(int miCol) => _above.Modes + miCol;

    private NeighbourMode* LeftMode(int miRow) => (NeighbourMode*)_s->LeftModes + (miRow & 7);

    private void IntraFrameModeInfo(BlockRecord* b, NeighbourMode* mode, int width, int height)
    {
        bool hasAbove = b->MiRow > 0, hasLeft = b->MiCol > _miColStart;
        NeighbourMode* above = AboveMode(b->MiCol), left = LeftMode(b->MiRow);
        b->SegmentId = IntraSegmentId(b, width, height);
        b->Skip = ReadSkip(b, above, left, hasAbove, hasLeft);
        b->TxSize = ReadTxSize(b, true, above, left, hasAbove, hasLeft);
        b->RefFrame0 = b->RefFrame1 = -1;
        mode->Ref0 = 0;
        mode->Ref1 = -1;
        mode->InterpFilter = 3;
        mode->ModeWeight = 9;

        byte* am = _above.IntraModes + 2 * b->MiCol;
        byte* lm = _s->LeftIntraModes + 2 * (b->MiRow & 7);
        BoolReader* r = &_s->Reader;
        int size = (int)b->Size;
        byte* table = Vp9BlockTables.Address(Vp9ProbabilityTables.KeyYMode);
        if (size >= 3)
        {
            byte m = (byte)IntraMode(r, table + (am[0] * 10 + lm[0]) * 9);
            b->YModes[0] = b->YModes[1] = b->YModes[2] = b->YModes[3] = m;
            int w = 2 * Vp9BlockTables.Width8[size], h = 2 * Vp9BlockTables.Height8[size];
            for (int i = 0; i < w; i++)
                am[i] = m;
            for (int i = 0; i < h; i++)
                lm[i] = m;
        }
        else
        {
            bool wide = size == 2, tall = size == 1; // 8×4, 4×8
            for (int y = 0; y < (tall ? 1 : 2); y++)
            {
                for (int x = 0; x < (wide ? 1 : 2); x++)
                {
                    byte m = (byte)IntraMode(r, table + (am[x] * 10 + lm[y]) * 9);
                    SetQuarterModes(b, x, y, wide, tall, m);
                    am[x] = lm[y] = m;
                    if (wide)
                        am[1] = m;
                    if (tall)
                        lm[1] = m;
                }
            }
        }
        b->UvMode = (byte)IntraMode(r, Vp9BlockTables.Address(Vp9ProbabilityTables.KeyUvMode) + b->YModes[3] * 9);
        StoreMotion(b, width, height);
    }

    private static void SetQuarterModes(BlockRecord* b, int x, int y, bool wide, bool tall, byte m)
    {
        b->YModes[y * 2 + x] = m;
        if (wide)
            b->YModes[y * 2 + 1] = m;
        if (tall)
            b->YModes[2 + x] = m;
    }

    // intra_mode_tree (spec 9.3.1).
    private static int IntraMode(BoolReader* reader, byte* p)
    {
        BoolReader r = *reader;
        int mode;
        if (!r.ReadBool(p[0]))
            mode = 0;
        else if (!r.ReadBool(p[1]))
            mode = 9;
        else if (!r.ReadBool(p[2]))
            mode = 1;
        else if (!r.ReadBool(p[3]))
            mode = !r.ReadBool(p[4]) ? 2 : 4 + r.Read(p[5]);
        else if (!r.ReadBool(p[6]))
            mode = 3;
        else if (!r.ReadBool(p[7]))
            mode = 8;
        else
            mode = 6 + r.Read(p[8]);
        *reader = r;
        return mode;
    }

    private int ReadSegmentTree()
    {
        BoolReader* r = &_s->Reader;
        byte* p = _frame->Control.Seg.TreeProbs;
        int a = Bit(r, p[0]);
        int b = Bit(r, p[1 + a]);
        return a * 4 + b * 2 + Bit(r, p[3 + a * 2 + b]);
    }

    private void StoreSegment(BlockRecord* b, int width, int height, int id)
    {
        byte* at = _frame->SegmentMap + b->MiRow * (nint)_frame->MiCols + b->MiCol;
        for (int y = 0; y < height; y++, at += _frame->MiCols)
            new Span<byte>(at, width).Fill((byte)id);
    }

    private void CopySegments(BlockRecord* b, int width, int height)
    {
        nint offset = b->MiRow * (nint)_frame->MiCols + b->MiCol;
        for (int y = 0; y < height; y++, offset += _frame->MiCols)
        {
            var to = new Span<byte>(_frame->SegmentMap + offset, width);
            if (_frame->PreviousSegmentMap == null)
                to.Clear();
            else
                new ReadOnlySpan<byte>(_frame->PreviousSegmentMap + offset, width).CopyTo(to);
        }
    }

    private byte IntraSegmentId(BlockRecord* b, int width, int height)
    {
        Vp9SegmentationFlags flags = _frame->Control.Seg.Flags;
        if ((flags & Vp9SegmentationFlags.Enabled) == 0)
            return 0;
        if ((flags & Vp9SegmentationFlags.UpdateMap) == 0)
        {
            CopySegments(b, width, height);
            return 0;
        }
        int id = ReadSegmentTree();
        StoreSegment(b, width, height, id);
        return (byte)id;
    }

    private byte InterSegmentId(BlockRecord* b, NeighbourMode* mode, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft, int width, int height)
    {
        Vp9SegmentationFlags flags = _frame->Control.Seg.Flags;
        if ((flags & Vp9SegmentationFlags.Enabled) == 0)
            return 0;
        int predicted = 0;
        if (_frame->PreviousSegmentMap != null)
        {
            predicted = 7;
            byte* at = _frame->PreviousSegmentMap + b->MiRow * (nint)_frame->MiCols + b->MiCol;
            for (int y = 0; y < height; y++, at += _frame->MiCols)
            {
                for (int x = 0; x < width; x++)
                    predicted = Math.Min(predicted, at[x]);
            }
        }
        if ((flags & Vp9SegmentationFlags.UpdateMap) == 0)
        {
            CopySegments(b, width, height);
            return (byte)predicted;
        }
        int id;
        if ((flags & Vp9SegmentationFlags.TemporalUpdate) != 0)
        {
            int ctx = (hasAbove ? above->SegmentPredicted : 0) + (hasLeft ? left->SegmentPredicted : 0);
            mode->SegmentPredicted = (byte)Bit(&_s->Reader, _frame->Control.Seg.PredProbs[ctx]);
            id = mode->SegmentPredicted != 0 ? predicted : ReadSegmentTree();
        }
        else
        {
            id = ReadSegmentTree();
        }
        StoreSegment(b, width, height, id);
        return (byte)id;
    }

    private byte ReadSkip(BlockRecord* b, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        if (Vp9Segments.Feature(_frame, b->SegmentId, 3))
            return 1;
        int ctx = (hasAbove ? above->Skip : 0) + (hasLeft ? left->Skip : 0);
        int skip = Bit(&_s->Reader, _probs->Skip[ctx]);
        if (_counts != null)
            _counts->Skip[2 * ctx + skip]++;
        return (byte)skip;
    }

    private byte ReadTxSize(BlockRecord* b, bool allowSelect, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        int max = Vp9BlockTables.MaxTxSize[(int)b->Size];
        if (!allowSelect || _txMode != 4 || b->Size < BlockSize.Block8x8)
            return (byte)Math.Min(max, Math.Min((int)_txMode, 3));
        int a = hasAbove && above->Skip == 0 ? above->TxSize : max;
        int l = hasLeft && left->Skip == 0 ? left->TxSize : max;
        if (!hasLeft)
            l = a;
        if (!hasAbove)
            a = l;
        int ctx = a + l > max ? 1 : 0;
        BoolReader* r = &_s->Reader;
        byte* p = max == 1 ? _probs->Tx8 + ctx : max == 2 ? _probs->Tx16 + 2 * ctx : _probs->Tx32 + 3 * ctx;
        int tx = Bit(r, p[0]);
        if (tx != 0 && max >= 2)
        {
            tx += Bit(r, p[1]);
            if (tx == 2 && max >= 3)
                tx += Bit(r, p[2]);
        }
        if (_counts != null)
        {
            uint* c = max == 1 ? _counts->Tx8 + 2 * ctx : max == 2 ? _counts->Tx16 + 3 * ctx : _counts->Tx32 + 4 * ctx;
            c[tx]++;
        }
        return (byte)tx;
    }

    private void InterFrameModeInfo(BlockRecord* b, NeighbourMode* mode, int width, int height)
    {
        bool hasAbove = b->MiRow > 0, hasLeft = b->MiCol > _miColStart;
        NeighbourMode* above = AboveMode(b->MiCol), left = LeftMode(b->MiRow);
        b->SegmentId = InterSegmentId(b, mode, above, left, hasAbove, hasLeft, width, height);
        b->Skip = ReadSkip(b, above, left, hasAbove, hasLeft);
        b->IsInter = (byte)ReadIsInter(b, above, left, hasAbove, hasLeft);
        b->TxSize = ReadTxSize(b, b->Skip == 0 || b->IsInter == 0, above, left, hasAbove, hasLeft);
        if (b->IsInter != 0)
            InterBlockModeInfo(b, mode, above, left, hasAbove, hasLeft);
        else
            IntraBlockModeInfo(b, mode);
        StoreMotion(b, width, height);
    }

    private int ReadIsInter(BlockRecord* b, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        if (Vp9Segments.Feature(_frame, b->SegmentId, 2))
            return _frame->Control.Seg.FeatureData[b->SegmentId * 4 + 2] != 0 ? 1 : 0;
        int ctx;
        if (hasAbove && hasLeft)
            ctx = !above->IsInter && !left->IsInter ? 3 : !above->IsInter || !left->IsInter ? 1 : 0;
        else if (hasAbove || hasLeft)
            ctx = (hasAbove ? above : left)->IsInter ? 0 : 2;
        else
            ctx = 0;
        int bit = Bit(&_s->Reader, _probs->IsInter[ctx]);
        if (_counts != null)
            _counts->IsInter[2 * ctx + bit]++;
        return bit;
    }

    private void IntraBlockModeInfo(BlockRecord* b, NeighbourMode* mode)
    {
        BoolReader* r = &_s->Reader;
        int size = (int)b->Size;
        if (size >= 3)
        {
            int group = Vp9BlockTables.SizeGroup[size];
            byte m = (byte)CountedYMode(r, group);
            b->YModes[0] = b->YModes[1] = b->YModes[2] = b->YModes[3] = m;
        }
        else
        {
            bool wide = size == 2, tall = size == 1;
            for (int y = 0; y < (tall ? 1 : 2); y++)
            {
                for (int x = 0; x < (wide ? 1 : 2); x++)
                    SetQuarterModes(b, x, y, wide, tall, (byte)CountedYMode(r, 0));
            }
        }
        int y3 = b->YModes[3];
        b->UvMode = (byte)IntraMode(r, _probs->UvMode + 9 * y3);
        if (_counts != null)
            _counts->UvMode[10 * y3 + b->UvMode]++;
        b->RefFrame0 = b->RefFrame1 = -1;
        mode->Ref0 = 0;
        mode->Ref1 = -1;
        mode->InterpFilter = 3;
        mode->ModeWeight = 9;
    }

    private int CountedYMode(BoolReader* r, int group)
    {
        int m = IntraMode(r, _probs->YMode + 9 * group);
        if (_counts != null)
            _counts->YMode[10 * group + m]++;
        return m;
    }

    private void InterBlockModeInfo(BlockRecord* b, NeighbourMode* mode, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        BoolReader* r = &_s->Reader;
        int size = (int)b->Size;
        ReadRefFrames(b, mode, above, left, hasAbove, hasLeft);
        int ctx = InterModeContext(b->MiRow, b->MiCol, size);
        int interMode = -1; // 0 NEARESTMV, 1 NEARMV, 2 ZEROMV, 3 NEWMV
        if (Vp9Segments.Feature(_frame, b->SegmentId, 3))
        {
            interMode = 2;
            if (size < 3)
                _invalid = true; // not allowed on blocks smaller than 8×8 (spec 6.4.16)
        }
        else if (size >= 3)
        {
            interMode = ReadInterMode(r, ctx);
        }
        b->InterpFilter = _frame->Control.InterpolationFilter == 4 ? ReadInterpFilter(r, above, left, hasAbove, hasLeft) : _frame->Control.InterpolationFilter;
        mode->InterpFilter = b->InterpFilter;
        if (size < 3)
            interMode = SubBlockMotion(b, ctx);
        else
            BlockMotion(b, interMode);
        mode->ModeWeight = interMode switch { 2 => 3, 3 => 1, _ => 0 };
        mode->IsSub8x8 = (byte)(size < 3 ? 1 : 0);
    }

    private int ReadInterMode(BoolReader* r, int ctx)
    {
        byte* p = _probs->InterMode + 3 * ctx;
        BoolReader local = *r;
        int m;
        if (!local.ReadBool(p[0]))
            m = 2;
        else if (!local.ReadBool(p[1]))
            m = 0;
        else
            m = 1 + 2 * local.Read(p[2]);
        *r = local;
        if (_counts != null)
            _counts->InterMode[4 * ctx + m]++;
        return m;
    }

    private byte ReadInterpFilter(BoolReader* r, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        int l = hasLeft ? left->InterpFilter : 3, a = hasAbove ? above->InterpFilter : 3;
        int ctx = l == a ? l : l == 3 ? a : a == 3 ? l : 3;
        byte* p = _probs->InterpFilter + 2 * ctx;
        int f = Bit(r, p[0]) == 0 ? 0 : 1 + Bit(r, p[1]);
        if (_counts != null)
            _counts->InterpFilter[3 * ctx + f]++;
        return (byte)f;
    }

    private void ReadRefFrames(BlockRecord* b, NeighbourMode* mode, NeighbourMode* above, NeighbourMode* left, bool hasAbove, bool hasLeft)
    {
        int ref0, ref1 = -1;
        BoolReader* r = &_s->Reader;
        if (Vp9Segments.Feature(_frame, b->SegmentId, 2))
        {
            ref0 = _frame->Control.Seg.FeatureData[b->SegmentId * 4 + 2] & 3;
        }
        else
        {
            int compound = _frame->Control.ReferenceMode;
            if (compound >= 2)
            {
                int ctx = CompModeContext(above, left, hasAbove, hasLeft);
                compound = Bit(r, _probs->CompMode[ctx]);
                if (_counts != null)
                    _counts->CompMode[2 * ctx + compound]++;
            }
            if (compound != 0)
            {
                int ctx = CompRefContext(above, left, hasAbove, hasLeft);
                int bit = Bit(r, _probs->CompRef[ctx]);
                if (_counts != null)
                    _counts->CompRef[2 * ctx + bit]++;
                int variable = bit != 0 ? _varRef1 : _varRef0;
                bool fixedSecond = (_signBias >> _fixedRef & 1) != 0;
                ref0 = fixedSecond ? variable : _fixedRef;
                ref1 = fixedSecond ? _fixedRef : variable;
            }
            else
            {
                int ctx = SingleRefContext1(above, left, hasAbove, hasLeft);
                int bit = Bit(r, _probs->SingleRef[2 * ctx]);
                if (_counts != null)
                    _counts->SingleRef[4 * ctx + bit]++;
                ref0 = 1;
                if (bit != 0)
                {
                    ctx = SingleRefContext2(above, left, hasAbove, hasLeft);
                    bit = Bit(r, _probs->SingleRef[2 * ctx + 1]);
                    if (_counts != null)
                        _counts->SingleRef[4 * ctx + 2 + bit]++;
                    ref0 = 2 + bit;
                }
            }
        }
        mode->Ref0 = (sbyte)ref0;
        mode->Ref1 = (sbyte)ref1;
        b->RefFrame0 = (sbyte)(ref0 - 1);
        b->RefFrame1 = (sbyte)(ref1 > 0 ? ref1 - 1 : -1);
    }
}
