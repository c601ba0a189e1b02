// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <content>Inter prediction (spec 8.4.2).</content>
public sealed unsafe partial class H264Reconstructor
{
    private void PredictInter<TPixel>()
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        H264Motion* motion = _p->Motion + _mbIndex;
        switch (mb->Partition)
        {
            case 0:
                PredictPartition<TPixel>(motion, 0, 0, 0, 16, 0);
                return;
            case 1:
                PredictPartition<TPixel>(motion, 0, 0, 0, 8, 0);
                PredictPartition<TPixel>(motion, 0, 8, 0, 8, 2);
                return;
            case 2:
                PredictPartition<TPixel>(motion, 0, 0, 1, 16, 0);
                PredictPartition<TPixel>(motion, 8, 0, 1, 16, 1);
                return;
        }
        if (*(uint*)mb->SubPartition == 0 && TryMerge<TPixel>(motion))
            return;
        for (int b = 0; b < 4; b++)
        {
            int x = (b & 1) * 8, y = (b >> 1) * 8, shape = mb->SubPartition[b];
            if (shape == 3 && IsUniform8x8(motion, b))
                shape = 0;
            switch (shape)
            {
                case 0:
                    PredictPartition<TPixel>(motion, x, y, 1, 8, b);
                    break;
                case 1:
                    PredictPartition<TPixel>(motion, x, y, 1, 4, b);
                    PredictPartition<TPixel>(motion, x, y + 4, 1, 4, b);
                    break;
                case 2:
                    PredictPartition<TPixel>(motion, x, y, 2, 8, b);
                    PredictPartition<TPixel>(motion, x + 4, y, 2, 8, b);
                    break;
                default:
                    PredictPartition<TPixel>(motion, x, y, 2, 4, b);
                    PredictPartition<TPixel>(motion, x + 4, y, 2, 4, b);
                    PredictPartition<TPixel>(motion, x, y + 4, 2, 4, b);
                    PredictPartition<TPixel>(motion, x + 4, y + 4, 2, 4, b);
                    break;
            }
        }
    }

    /// <summary>Four 8×8 of one pair of references (direct prediction mostly) in larger pieces where the vectors agree.</summary>
    private bool TryMerge<TPixel>(H264Motion* motion)
        where TPixel : unmanaged
    {
        uint refs0 = *(uint*)motion->RefIdx, refs1 = *(uint*)(motion->RefIdx + 4);
        if (refs0 != (byte)refs0 * 0x01010101u || refs1 != (byte)refs1 * 0x01010101u)
            return false;
        int* mv0 = motion->Mv, mv1 = motion->Mv + 16;
        bool rows = mv0[0] == mv0[2] && mv0[8] == mv0[10] && mv1[0] == mv1[2] && mv1[8] == mv1[10];
        bool columns = mv0[0] == mv0[8] && mv0[2] == mv0[10] && mv1[0] == mv1[8] && mv1[2] == mv1[10];
        if (rows & columns)
        {
            PredictPartition<TPixel>(motion, 0, 0, 0, 16, 0);
        }
        else if (rows)
        {
            PredictPartition<TPixel>(motion, 0, 0, 0, 8, 0);
            PredictPartition<TPixel>(motion, 0, 8, 0, 8, 2);
        }
        else if (columns)
        {
            PredictPartition<TPixel>(motion, 0, 0, 1, 16, 0);
            PredictPartition<TPixel>(motion, 8, 0, 1, 16, 1);
        }
        else
        {
            return false;
        }
        return true;
    }

    private static bool IsUniform8x8(H264Motion* motion, int b)
    {
        int* mv = motion->Mv + (b >> 1) * 8 + (b & 1) * 2;
        ulong first0 = *(ulong*)mv, first1 = *(ulong*)(mv + 16);
        return mv[0] == mv[1] && *(ulong*)(mv + 4) == first0 && mv[16] == mv[17] && *(ulong*)(mv + 20) == first1;
    }

    /// <summary>One partition: at (x, y) of the macroblock, 16 >> widthIndex wide, in 8×8 block b.</summary>
    private void PredictPartition<TPixel>(H264Motion* motion, int x, int y, int widthIndex, int height, int b)
        where TPixel : unmanaged
    {
        int ref0 = motion->RefIdx[b], ref1 = motion->RefIdx[4 + b];
        int* mv = motion->Mv + y + (x >> 2);
        if (ref1 < 0)
        {
            // Without any list (a broken record) list 0, reference 0 stands in.
            PredictFrom<TPixel>(_target, 0, Math.Max(ref0, 0), mv[0], x, y, widthIndex, height, 0);
            if (_weightMode == WeightMode.Explicit)
                WeightOne<TPixel>(0, ref0, x, y, widthIndex, height);
            return;
        }
        if (ref0 < 0)
        {
            PredictFrom<TPixel>(_target, 1, ref1, mv[16], x, y, widthIndex, height, 0);
            if (_weightMode == WeightMode.Explicit)
                WeightOne<TPixel>(1, ref1, x, y, widthIndex, height);
            return;
        }
        PredictFrom<TPixel>(_target, 0, ref0, mv[0], x, y, widthIndex, height, 0);
        if (_weightMode != WeightMode.None && FindPairWeights(ref0, ref1))
        {
            PredictFrom<TPixel>(_second, 1, ref1, mv[16], x, y, widthIndex, height, 0);
            WeightPair<TPixel>(x, y, widthIndex, height);
            return;
        }
        PredictFrom<TPixel>(_target, 1, ref1, mv[16], x, y, widthIndex, height, 3);
    }

    /// <summary>Index of a macroblock's reference in the picture's table (spec 8.4.2.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReferenceIndex(int list, int refIdx)
    {
        if (!_isFieldMb)
            return _slice->RefList[list * 32 + (refIdx & 31)];
        return _slice->RefList[list * 32 + ((refIdx >> 1) & 31)] + 1 + ((_mbY ^ refIdx) & 1);
    }

    /// <summary>Prediction samples of one list (spec 8.4.2.2); average is 3 to average with what the target holds, else 0.</summary>
    private void PredictFrom<TPixel>(Target* target, int list, int refIdx, int vector, int x, int y, int widthIndex, int height, int average)
        where TPixel : unmanaged
    {
        // What nearly all blocks are is short: frames in 4:2:0, away from the edges.
        H264PictureState* p = _p;
        int index = _slice->RefList[list * 32 + (refIdx & 31)];
        // Position in quarter luma samples, which are eighth chroma samples.
        int positionX = (_mbX * 16 + x) * 4 + (short)vector, positionY = (_mbY * 16 + y) * 4 + (vector >> 16), width = 16 >> widthIndex;
        int column = positionX >> 2, line = positionY >> 2;
        H264ReferencePicture* r = p->References + index;
        if (!_isPlain || index >= H264PictureState.ReferenceCount || r->IsMissing || r->View.Plane0 == null
            || column < 2 || line < 2 || column + width + 3 > p->WidthInMbs * 16 || line + height + 3 > p->HeightInMbs * 16)
        {
            PredictFromAny<TPixel>(target, list, refIdx, vector, x, y, widthIndex, height, average);
            return;
        }
        if (r->Progress != null && _waiter != null)
            WaitFor(r, index, line + height + 3, p->HeightInMbs * 16);
        nint stride = r->View.StrideY;
        var luma = (delegate*<byte*, nint, byte*, nint, int, int, void>)((nint*)&_kernels->PredictLuma)[(average + widthIndex) * 16 + (positionY & 3) * 4 + (positionX & 3)];
        luma(target->Y + y * target->StrideY + x * sizeof(TPixel), target->StrideY, r->View.Plane0 + line * stride + (nint)column * sizeof(TPixel), stride, height, _maxValue);
        var chroma = (delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)((nint*)&_kernels->PredictChroma)[average + widthIndex];
        nint strideC = r->View.StrideUv, to = (y >> 1) * target->StrideC + (x >> 1) * sizeof(TPixel), from = (positionY >> 3) * strideC + (nint)(positionX >> 3) * sizeof(TPixel);
        height >>= 1;
        positionX &= 7;
        positionY &= 7;
        chroma(target->U + to, target->StrideC, r->View.Plane1 + from, strideC, height, positionX, positionY, _maxValue);
        chroma(target->V + to, target->StrideC, r->View.Plane2 + from, strideC, height, positionX, positionY, _maxValue);
    }

    private void PredictFromAny<TPixel>(Target* target, int list, int refIdx, int vector, int x, int y, int widthIndex, int height, int average)
        where TPixel : unmanaged
    {
        H264PictureState* p = _p;
        int index = ReferenceIndex(list, refIdx);
        H264ReferencePicture* reference = p->References + index;
        if (index >= H264PictureState.ReferenceCount || reference->View.Plane0 == null)
        {
            Corrupted = true;
            FillGrey<TPixel>(target, x, y, widthIndex, height);
            return;
        }
        Corrupted |= reference->IsMissing;

        int mvX = (short)vector, mvY = vector >> 16;
        int planeWidth = p->WidthInMbs * 16, planeHeight = p->HeightInMbs * 16, mbLine = _mbY * 16;
        if (_isFieldMb)
        {
            planeHeight >>= 1;
            mbLine = (_mbY >> 1) * 16;
        }
        int left = _mbX * 16 + x, top = mbLine + y;
        if (reference->Progress != null && _waiter != null)
            WaitFor(reference, index, top + height + 3 + (mvY >> 2), planeHeight);

        int kernel = (average + widthIndex) * 16 + (mvY & 3) * 4 + (mvX & 3);
        var luma = (delegate*<byte*, nint, byte*, nint, int, int, void>)((nint*)&_kernels->PredictLuma)[kernel];
        int intX = left + (mvX >> 2), intY = top + (mvY >> 2);
        nint offset = y * target->StrideY + x * sizeof(TPixel), stride = reference->View.StrideY;
        int width = 16 >> widthIndex;
        // Two samples before and three behind, where there is a fraction.
        int marginX = (mvX & 3) == 0 ? 0 : 2, marginY = (mvY & 3) == 0 ? 0 : 2;
        bool inside = intX >= marginX && intY >= marginY
            && intX + width + marginX + (marginX >> 1) <= planeWidth && intY + height + marginY + (marginY >> 1) <= planeHeight;
        nint source = intY * stride + (nint)intX * sizeof(TPixel);
        if (inside)
        {
            luma(target->Y + offset, target->StrideY, reference->View.Plane0 + source, stride, height, _maxValue);
            if (_chromaArrayType == 3)
            {
                nint offsetC = y * target->StrideC + x * sizeof(TPixel), sourceC = intY * reference->View.StrideUv + (nint)intX * sizeof(TPixel);
                luma(target->U + offsetC, target->StrideC, reference->View.Plane1 + sourceC, reference->View.StrideUv, height, _maxValue);
                luma(target->V + offsetC, target->StrideC, reference->View.Plane2 + sourceC, reference->View.StrideUv, height, _maxValue);
                return;
            }
        }
        else
        {
            nint from = 2 * EdgeStride + 2 * sizeof(TPixel);
            byte* edge = CopyEdge<TPixel>(reference->View.Plane0, stride, intX - 2, intY - 2, width + 5, height + 5, planeWidth, planeHeight);
            luma(target->Y + offset, target->StrideY, edge + from, EdgeStride, height, _maxValue);
            if (_chromaArrayType == 3)
            {
                nint offsetC = y * target->StrideC + x * sizeof(TPixel), strideC = reference->View.StrideUv;
                edge = CopyEdge<TPixel>(reference->View.Plane1, strideC, intX - 2, intY - 2, width + 5, height + 5, planeWidth, planeHeight);
                luma(target->U + offsetC, target->StrideC, edge + from, EdgeStride, height, _maxValue);
                edge = CopyEdge<TPixel>(reference->View.Plane2, strideC, intX - 2, intY - 2, width + 5, height + 5, planeWidth, planeHeight);
                luma(target->V + offsetC, target->StrideC, edge + from, EdgeStride, height, _maxValue);
                return;
            }
        }
        if (_chromaArrayType != 0)
            PredictChroma<TPixel>(target, reference, mvX, mvY, left, top, x, y, widthIndex, height, average, planeWidth, planeHeight);
    }

    /// <summary>Chroma of 4:2:0 and 4:2:2 (spec 8.4.1.4, 8.4.2.2.2).</summary>
    private void PredictChroma<TPixel>(
        Target* target, H264ReferencePicture* reference, int mvX, int mvY, int left, int top, int x, int y, int widthIndex, int height, int average, int planeWidth, int planeHeight)
        where TPixel : unmanaged
    {
        var chroma = (delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)((nint*)&_kernels->PredictChroma)[average + widthIndex];
        int fractionX = mvX & 7, fractionY, intY, intX = (left >> 1) + (mvX >> 3);
        if (_chromaArrayType == 1)
        {
            if (_isFieldMb || _p->IsField)
            {
                // Fields of other parity lie half a luma line apart (Table 8-9).
                bool isBottom = _isFieldMb ? (_mbY & 1) != 0 : _p->IsBottom, fromBottom = reference->Fields == H264Fields.Bottom;
                mvY += isBottom == fromBottom ? 0 : fromBottom ? -2 : 2;
            }
            intY = (top >> 1) + (mvY >> 3);
            fractionY = mvY & 7;
            height >>= 1;
            y >>= 1;
            planeHeight >>= 1;
        }
        else
        {
            intY = top + (mvY >> 2);
            fractionY = (mvY & 3) << 1;
        }
        planeWidth >>= 1;
        int width = 8 >> widthIndex;
        nint offset = y * target->StrideC + (x >> 1) * sizeof(TPixel), stride = reference->View.StrideUv;
        if (intX >= 0 && intY >= 0 && intX + width + (fractionX == 0 ? 0 : 1) <= planeWidth && intY + height + (fractionY == 0 ? 0 : 1) <= planeHeight)
        {
            nint source = intY * stride + (nint)intX * sizeof(TPixel);
            chroma(target->U + offset, target->StrideC, reference->View.Plane1 + source, stride, height, fractionX, fractionY, _maxValue);
            chroma(target->V + offset, target->StrideC, reference->View.Plane2 + source, stride, height, fractionX, fractionY, _maxValue);
            return;
        }
        byte* edge = CopyEdge<TPixel>(reference->View.Plane1, stride, intX, intY, width + 1, height + 1, planeWidth, planeHeight);
        chroma(target->U + offset, target->StrideC, edge, EdgeStride, height, fractionX, fractionY, _maxValue);
        edge = CopyEdge<TPixel>(reference->View.Plane2, stride, intX, intY, width + 1, height + 1, planeWidth, planeHeight);
        chroma(target->V + offset, target->StrideC, edge, EdgeStride, height, fractionX, fractionY, _maxValue);
    }

    /// <summary>Waits until a line of the reference (counted in its own lines) is final.</summary>
    private void WaitFor(H264ReferencePicture* reference, int index, int line, int planeHeight)
    {
        line = Math.Clamp(line, 0, planeHeight - 1);
        if (reference->Fields != H264Fields.Frame)
            line = line * 2 + (reference->Fields == H264Fields.Bottom ? 1 : 0);
        if (Volatile.Read(ref *reference->Progress) <= line)
            _waiter!.Wait(index, line);
    }

    /// <summary>Copies a block of a reference that reaches beyond its edges, which repeat (spec 8.4.2.2.1).</summary>
    private byte* CopyEdge<TPixel>(byte* plane, nint stride, int x, int y, int width, int height, int planeWidth, int planeHeight)
        where TPixel : unmanaged
    {
        int before = Math.Clamp(-x, 0, width), behind = Math.Clamp(x + width - planeWidth, 0, width), middle = width - before - behind;
        nint first = (nint)Math.Clamp(x, 0, planeWidth - 1) * sizeof(TPixel);
        var o = (TPixel*)_edge;
        int last = -1;
        for (int i = 0; i < height; i++)
        {
            int line = Math.Clamp(y + i, 0, planeHeight - 1);
            if (line == last)
            {
                Unsafe.CopyBlockUnaligned(o, (byte*)o - EdgeStride, (uint)(width * sizeof(TPixel)));
            }
            else
            {
                last = line;
                byte* row = plane + line * stride;
                TPixel low = *(TPixel*)row, high = ((TPixel*)row)[planeWidth - 1];
                for (int j = 0; j < before; j++)
                    o[j] = low;
                Unsafe.CopyBlockUnaligned(o + before, row + first, (uint)(middle * sizeof(TPixel)));
                for (int j = width - behind; j < width; j++)
                    o[j] = high;
            }
            o = (TPixel*)((byte*)o + EdgeStride);
        }
        return _edge;
    }
}
