// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <content>Weighted prediction (spec 8.4.2.3).</content>
public sealed unsafe partial class H264Reconstructor
{
    /// <summary>How the slice weights.</summary>
    private enum WeightMode
    {
        None,
        Explicit,
        Implicit,
    }

    /// <summary>Weights of a pair of predictions in one plane.</summary>
    private struct PairWeights
    {
        public int Log2Denominator, Weight0, Weight1, Offset;
    }

    // Of the partition in work.
    private PairWeights _luma, _cb, _cr;

    /// <summary>The entry of the weight table: field macroblocks count fields, the table frames (refIdxL0WP).</summary>
    private int WeightIndex(int refIdx) => (_isFieldMb ? refIdx >> 1 : refIdx) & 31;

    /// <summary>Weights one prediction explicitly, in place.</summary>
    private void WeightOne<TPixel>(int list, int refIdx, int x, int y, int widthIndex, int height)
        where TPixel : unmanaged
    {
        if ((_mb->Flags & H264MbFlags.Concealed) != 0)
            return;
        V4L2CtrlH264PredWeights* table = &_slice->Header.Weights;
        V4L2H264WeightFactors* factors = list == 0 ? &table->Factors0 : &table->Factors1;
        int i = WeightIndex(refIdx), shift = _p->BitDepth - 8;
        Target* t = _target;
        WeightPlane(t->Y + y * t->StrideY + x * sizeof(TPixel), t->StrideY, widthIndex, height, table->LumaLog2WeightDenom, factors->LumaWeight[i], factors->LumaOffset[i] << shift);
        if (_chromaArrayType == 0)
            return;
        nint offset = (y >> _chromaShiftY) * t->StrideC + (x >> _chromaShiftX) * sizeof(TPixel);
        widthIndex += _chromaShiftX;
        height >>= _chromaShiftY;
        WeightPlane(t->U + offset, t->StrideC, widthIndex, height, table->ChromaLog2WeightDenom, factors->ChromaWeight[i * 2], factors->ChromaOffset[i * 2] << shift);
        WeightPlane(t->V + offset, t->StrideC, widthIndex, height, table->ChromaLog2WeightDenom, factors->ChromaWeight[i * 2 + 1], factors->ChromaOffset[i * 2 + 1] << shift);
    }

    private void WeightPlane(byte* dst, nint stride, int widthIndex, int height, int log2Denominator, int weight, int offset)
    {
        if (weight == 1 << log2Denominator && offset == 0)
            return;
        ((delegate*<byte*, nint, int, int, int, int, int, void>)((nint*)&_kernels->Weight)[widthIndex])(dst, stride, height, log2Denominator, weight, offset, _maxValue);
    }

    /// <summary>Finds the weights of a pair of references; false when they amount to the plain mean.</summary>
    private bool FindPairWeights(int ref0, int ref1)
    {
        if (_weightMode == WeightMode.Implicit)
        {
            int kind = _isFieldMb ? 1 + (_mbY & 1) : 0;
            int w = _slice->ImplicitWeights[(kind * 32 + (ref0 & 31)) * 32 + (ref1 & 31)];
            if (w == 32)
                return false;
            _luma = new PairWeights { Log2Denominator = 5, Weight0 = 64 - w, Weight1 = w };
            _cb = _cr = _luma;
            return true;
        }
        V4L2CtrlH264PredWeights* table = &_slice->Header.Weights;
        V4L2H264WeightFactors* f0 = &table->Factors0, f1 = &table->Factors1;
        int i = WeightIndex(ref0), j = WeightIndex(ref1), shift = _p->BitDepth - 8;
        _luma = Pair(table->LumaLog2WeightDenom, f0->LumaWeight[i], f1->LumaWeight[j], f0->LumaOffset[i], f1->LumaOffset[j], shift);
        bool weighted = IsWeighted(in _luma);
        if (_chromaArrayType == 0)
            return weighted;
        _cb = Pair(table->ChromaLog2WeightDenom, f0->ChromaWeight[i * 2], f1->ChromaWeight[j * 2], f0->ChromaOffset[i * 2], f1->ChromaOffset[j * 2], shift);
        _cr = Pair(table->ChromaLog2WeightDenom, f0->ChromaWeight[i * 2 + 1], f1->ChromaWeight[j * 2 + 1], f0->ChromaOffset[i * 2 + 1], f1->ChromaOffset[j * 2 + 1], shift);
        return weighted || IsWeighted(in _cb) || IsWeighted(in _cr);
    }

    private static PairWeights Pair(int log2Denominator, int w0, int w1, int o0, int o1, int shift)
        => new() { Log2Denominator = log2Denominator, Weight0 = w0, Weight1 = w1, Offset = ((o0 << shift) + (o1 << shift) + 1) >> 1 };

    private static bool IsWeighted(in PairWeights w)
        => w.Weight0 != 1 << w.Log2Denominator || w.Weight1 != w.Weight0 || w.Offset != 0;

    /// <summary>Weights the prediction in the picture with the second one.</summary>
    private void WeightPair<TPixel>(int x, int y, int widthIndex, int height)
        where TPixel : unmanaged
    {
        Target* t = _target, s = _second;
        nint column = x * sizeof(TPixel);
        WeightPlanePair(t->Y + y * t->StrideY + column, t->StrideY, s->Y + y * s->StrideY + column, s->StrideY, widthIndex, height, in _luma);
        if (_chromaArrayType == 0)
            return;
        y >>= _chromaShiftY;
        height >>= _chromaShiftY;
        column >>= _chromaShiftX;
        widthIndex += _chromaShiftX;
        nint offset = y * t->StrideC + column, second = y * s->StrideC + column;
        WeightPlanePair(t->U + offset, t->StrideC, s->U + second, s->StrideC, widthIndex, height, in _cb);
        WeightPlanePair(t->V + offset, t->StrideC, s->V + second, s->StrideC, widthIndex, height, in _cr);
    }

    private void WeightPlanePair(byte* dst, nint stride, byte* second, nint secondStride, int widthIndex, int height, in PairWeights w)
        => ((delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)((nint*)&_kernels->WeightBi)[widthIndex])(
            dst, stride, second, secondStride, height, w.Log2Denominator, w.Weight0, w.Weight1, w.Offset, _maxValue);
}
