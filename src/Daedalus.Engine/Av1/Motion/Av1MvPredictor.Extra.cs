// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

public sealed unsafe partial class Av1MvPredictor
{
    /// <summary>Counters and vectors of the extra search of a compound block (7.10.2.12): RefIdMvs, RefDiffMvs.</summary>
    private struct PartialMatches
    {
        public fixed int SameCount[2];
        public fixed int OtherCount[2];
        public fixed int Same[2 * 2];
        public fixed int Other[2 * 2];
    }

    private PartialMatches _partial;

    /// <summary>Extra search process (7.10.2.12).</summary>
    private void ExtraSearch()
    {
        Av1MvStack* stack = _stack;
        _partial = default;
        int num4x4 = Math.Min(Math.Min(Math.Min(Sixteen, _bw4), _miCols - _miCol), Math.Min(Math.Min(Sixteen, _bh4), _miRows - _miRow));
        if (_miRow > _miRowStart)
        {
            for (int i = 0; i < num4x4 && stack->Count < 2 && _miCol + i < _miColEnd;)
            {
                Av1Block* c = _s->BlockAt(_miRow - 1, _miCol + i);
                AddExtra(c);
                i += Av1Tables.Num4x4BlocksWide[(int)c->Size];
            }
        }
        if (_miCol > _miColStart)
        {
            for (int i = 0; i < num4x4 && stack->Count < 2 && _miRow + i < _miRowEnd;)
            {
                Av1Block* c = _s->BlockAt(_miRow + i, _miCol - 1);
                AddExtra(c);
                i += Av1Tables.Num4x4BlocksHigh[(int)c->Size];
            }
        }
        if (_compound)
        {
            CombinePartialMatches();
            return;
        }
        // Count stays: these are only there to be read (7.10.2.12).
        for (int i = stack->Count; i < 2; i++)
        {
            stack->Mv[i * 2] = stack->GlobalMv[0];
            stack->Mv[i * 2 + 1] = 0;
        }
    }

    /// <summary>Add extra MV candidate process (7.10.2.13).</summary>
    private void AddExtra(Av1Block* c)
    {
        Av1Reference* references = _s->References;
        for (int candList = 0; candList < 2; candList++)
        {
            int candRef = c->RefFrame[candList];
            if (candRef <= 0)
                continue;
            int bias = references[candRef].SignBias, candMv = c->Mv[candList];
            if (_compound)
            {
                AddPartial(0, candRef == _ref0, candMv, bias != references[_ref0].SignBias);
                AddPartial(1, candRef == _ref1, candMv, bias != references[_ref1].SignBias);
                continue;
            }
            AddExtraSingle(bias != references[_ref0].SignBias ? Av1MotionVector.Negate(candMv) : candMv);
        }
    }

    private void AddExtraSingle(int mv)
    {
        Av1MvStack* stack = _stack;
        int count = stack->Count;
        for (int i = 0; i < count; i++)
        {
            if (stack->Mv[i * 2] == mv)
                return;
        }
        stack->Mv[count * 2] = mv;
        stack->Mv[count * 2 + 1] = 0;
        stack->Weight[count] = 2;
        stack->Count = count + 1;
    }

    private void AddPartial(int list, bool same, int mv, bool opposite)
    {
        if (same && _partial.SameCount[list] < 2)
            _partial.Same[list * 2 + _partial.SameCount[list]++] = mv;
        else if (_partial.OtherCount[list] < 2)
            _partial.Other[list * 2 + _partial.OtherCount[list]++] = opposite ? Av1MotionVector.Negate(mv) : mv;
    }

    private void CombinePartialMatches()
    {
        Av1MvStack* stack = _stack;
        int first0 = Combined(0, 0), first1 = Combined(1, 0), second0 = Combined(0, 1), second1 = Combined(1, 1);
        if (stack->Count == 1)
        {
            bool known = first0 == stack->Mv[0] && first1 == stack->Mv[1];
            SetPair(1, known ? second0 : first0, known ? second1 : first1);
        }
        else
        {
            SetPair(0, first0, first1);
            SetPair(1, second0, second1);
        }
        stack->Count = 2;
    }

    /// <summary>combinedMvs [index][list]: those of the same reference first, then others, then the global vector.</summary>
    private int Combined(int list, int index)
    {
        int same = _partial.SameCount[list];
        if (index < same)
            return _partial.Same[list * 2 + index];
        return index - same < _partial.OtherCount[list] ? _partial.Other[list * 2 + index - same] : _stack->GlobalMv[list];
    }

    private void SetPair(int index, int mv0, int mv1)
    {
        _stack->Mv[index * 2] = mv0;
        _stack->Mv[index * 2 + 1] = mv1;
        _stack->Weight[index] = 2;
    }

    /// <summary>has_overlappable_candidates (7.10.3): an inter block above or to the left.</summary>
    /// <param name="b">The block, 8×8 or larger in both directions; MiRow, MiCol and Size are read.</param>
    public bool HasOverlappableCandidates(Av1Block* b)
    {
        SetBlock(b);
        if (_miRow > _miRowStart)
        {
            int end = Math.Min(_miCols, _miCol + _bw4);
            for (int x4 = _miCol; x4 < end; x4 += 2)
            {
                if (_s->BlockAt(_miRow - 1, x4 | 1)->RefFrame[0] > 0)
                    return true;
            }
        }
        if (_miCol > _miColStart)
        {
            int end = Math.Min(_miRows, _miRow + _bh4);
            for (int y4 = _miRow; y4 < end; y4 += 2)
            {
                if (_s->BlockAt(y4 | 1, _miCol - 1)->RefFrame[0] > 0)
                    return true;
            }
        }
        return false;
    }

    /// <summary>find_warp_samples (7.10.4).</summary>
    /// <param name="b">The block; its RefFrame[0] and Mv[0] must be set.</param>
    /// <param name="samples">Receives the samples.</param>
    public void FindWarpSamples(Av1Block* b, Av1WarpSamples* samples)
    {
        SetBlock(b);
        samples->Count = 0;
        samples->Scanned = 0;
        bool topLeft = true, topRight = true;
        if (_miRow > _miRowStart)
        {
            int srcW = Av1Tables.Num4x4BlocksWide[(int)_s->BlockAt(_miRow - 1, _miCol)->Size];
            if (_bw4 <= srcW)
            {
                int colOffset = -(_miCol & (srcW - 1));
                if (colOffset < 0)
                    topLeft = false;
                if (colOffset + srcW > _bw4)
                    topRight = false;
                AddSample(samples, -1, 0);
            }
            else
            {
                int end = Math.Min(_bw4, _miCols - _miCol);
                for (int i = 0; i < end;)
                {
                    srcW = Av1Tables.Num4x4BlocksWide[(int)_s->BlockAt(_miRow - 1, _miCol + i)->Size];
                    AddSample(samples, -1, i);
                    i += Math.Min(_bw4, srcW);
                }
            }
        }
        if (_miCol > _miColStart)
        {
            int srcH = Av1Tables.Num4x4BlocksHigh[(int)_s->BlockAt(_miRow, _miCol - 1)->Size];
            if (_bh4 <= srcH)
            {
                if ((_miRow & (srcH - 1)) != 0)
                    topLeft = false;
                AddSample(samples, 0, -1);
            }
            else
            {
                int end = Math.Min(_bh4, _miRows - _miRow);
                for (int i = 0; i < end;)
                {
                    srcH = Av1Tables.Num4x4BlocksHigh[(int)_s->BlockAt(_miRow + i, _miCol - 1)->Size];
                    AddSample(samples, i, -1);
                    i += Math.Min(_bh4, srcH);
                }
            }
        }
        if (topLeft)
            AddSample(samples, -1, -1);
        if (topRight && Math.Max(_bw4, _bh4) <= Sixteen)
            AddSample(samples, -1, _bw4);
        if (samples->Count == 0 && samples->Scanned > 0)
            samples->Count = 1;
    }

    /// <summary>Add sample process (7.10.4.2).</summary>
    private void AddSample(Av1WarpSamples* samples, int deltaRow, int deltaCol)
    {
        const int LeastSquaresSamplesMax = 8;
        int row = _miRow + deltaRow, col = _miCol + deltaCol;
        if (samples->Scanned >= LeastSquaresSamplesMax || !IsInside(row, col))
            return;
        Av1Block* c = DecodedAt(row, col);
        if (c == null || c->RefFrame[0] != _b->RefFrame[0] || c->RefFrame[1] != -1)
            return;
        int midY = c->MiRow * 4 + Av1Tables.Num4x4BlocksHigh[(int)c->Size] * 2 - 1;
        int midX = c->MiCol * 4 + Av1Tables.Num4x4BlocksWide[(int)c->Size] * 2 - 1;
        int threshold = Math.Clamp(Math.Max(_bw4, _bh4) * 4, 16, 112);
        int mv = c->Mv[0], own = _b->Mv[0];
        int mvRow = Av1MotionVector.Row(mv), mvCol = Av1MotionVector.Col(mv);
        bool valid = Math.Abs(mvRow - Av1MotionVector.Row(own)) + Math.Abs(mvCol - Av1MotionVector.Col(own)) <= threshold;
        samples->Scanned++;
        if (!valid && samples->Scanned > 1)
            return;
        int* candidate = samples->Candidates + samples->Count * 4;
        candidate[0] = midY * 8;
        candidate[1] = midX * 8;
        candidate[2] = midY * 8 + mvRow;
        candidate[3] = midX * 8 + mvCol;
        if (valid)
            samples->Count++;
    }
}
