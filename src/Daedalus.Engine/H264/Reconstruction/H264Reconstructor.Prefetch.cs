// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Daedalus.Engine.Pictures;

namespace Daedalus.Engine.H264;

/// <content>
/// Cache hints. A macroblock reads 21 lines of each reference, each on a page of its own: no hardware follows that many streams. The records say in advance what will be read.
/// </content>
public sealed unsafe partial class H264Reconstructor
{
    // Macroblocks between a hint and its use: some hundred nanoseconds.
    private const int PrefetchDistance = 3;

    // Cache line and luma line last asked for, by list: neighbours mostly move together and share lines of 64 bytes.
    private nint _fetched0, _fetched1;

    /// <summary>Asks for what inter prediction of a macroblock further right will read.</summary>
    private void Prefetch<TPixel>(int mbX, int mbY)
        where TPixel : unmanaged
    {
        if (!Sse.IsSupported || mbX >= _p->WidthInMbs)
            return;
        int index = mbY * _p->WidthInMbs + mbX;
        H264Macroblock* mb = _p->Macroblocks + index;
        if (mb->Type != H264MbType.Inter || mb->Slice != _sliceIndex)
            return;
        H264Motion* motion = _p->Motion + index;
        if (motion->RefIdx[0] >= 0)
            _fetched0 = PrefetchFrom<TPixel>(_slice->RefList[motion->RefIdx[0] & 31], motion->Mv[0], mbX, mbY, _fetched0);
        if (motion->RefIdx[4] >= 0)
            _fetched1 = PrefetchFrom<TPixel>(_slice->RefList[32 + (motion->RefIdx[4] & 31)], motion->Mv[16], mbX, mbY, _fetched1);
    }

    private nint PrefetchFrom<TPixel>(int reference, int vector, int mbX, int mbY, nint fetched)
        where TPixel : unmanaged
    {
        if (reference >= H264PictureState.ReferenceCount)
            return fetched;
        H264ReferencePicture* r = _p->References + reference;
        int x = mbX * 16 + ((short)vector >> 2), y = mbY * 16 + (vector >> 18);
        nint stride = r->View.StrideY;
        byte* left = r->View.Plane0 + (y - 2) * stride + (x - 2) * sizeof(TPixel), right = left + 20 * sizeof(TPixel);
        nint line = (nint)right >> 6;
        // Blocks at the edges are few.
        if (line == fetched || r->View.Plane0 == null || x < 2 || y < 2 || x + 20 > r->View.Width || y + 20 > r->View.Height)
            return fetched;
        PrefetchLines(right, stride, 21);
        // The left part came with the macroblock before, unless that moved otherwise.
        if (line - 1 != fetched && (nint)left >> 6 != line)
            PrefetchLines(left, stride, 21);
        if (_chromaArrayType is 1 or 2)
        {
            int lines = _chromaArrayType == 1 ? 9 : 17;
            nint strideC = r->View.StrideUv, offset = (y >> _chromaShiftY) * strideC + ((x >> 1) + 8) * sizeof(TPixel);
            PrefetchLines(r->View.Plane1 + offset, strideC, lines);
            PrefetchLines(r->View.Plane2 + offset, strideC, lines);
        }
        return line;
    }

    /// <summary>Asks for where the next macroblocks will be written: their lines have left the cache since the last picture in this buffer.</summary>
    private void PrefetchTarget<TPixel>(int mbX, int mbY)
        where TPixel : unmanaged
    {
        if (!Sse.IsSupported || mbX >= _p->WidthInMbs)
            return;
        PictureView* view = &_p->Picture;
        PrefetchLines(view->Plane0 + mbY * 16 * view->StrideY + mbX * 16 * sizeof(TPixel), view->StrideY, 16);
        if (_chromaArrayType is not (1 or 2))
            return;
        int lines = 16 >> _chromaShiftY;
        nint offset = mbY * lines * view->StrideUv + mbX * 8 * sizeof(TPixel);
        PrefetchLines(view->Plane1 + offset, view->StrideUv, lines);
        PrefetchLines(view->Plane2 + offset, view->StrideUv, lines);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchLines(byte* p, nint stride, int lines)
    {
        do
        {
            Sse.Prefetch0(p);
            p += stride;
        }
        while (--lines > 0);
    }
}
