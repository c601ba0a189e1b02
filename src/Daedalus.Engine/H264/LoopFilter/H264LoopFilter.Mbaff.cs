// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.H264;

namespace Daedalus.Engine.H264;

/// <summary>MBAFF frames: edges between frame and field macroblock pairs.</summary>
public sealed unsafe partial class H264LoopFilter
{
    private void FilterPair(H264PictureState* p, int mbX, int mbY)
    {
        FilterOfPair(p, mbX, mbY, 0);
        FilterOfPair(p, mbX, mbY, 1);
    }

    private void FilterOfPair(H264PictureState* p, int mbX, int pairY, int second)
    {
        int w = p->WidthInMbs;
        H264Macroblock* pair = p->Macroblocks + pairY * w + mbX;
        H264Macroblock* q = pair + second * w;
        if (q->Slice == H264Macroblock.NoSlice)
            return;
        if (q->Slice != _slice)
            UseSlice(p, q->Slice);
        if (_idc == 1)
            return;
        bool isField = q->IsField;

        // Neighbours of the same kind are treated as everywhere; the others apart.
        H264Macroblock* left = null;
        H264Macroblock* leftPair = null;
        if (mbX > 0 && IsFiltered(pair - 1))
        {
            if (pair[-1].IsField == isField)
                left = q - 1;
            else if (pair[w - 1].Slice != H264Macroblock.NoSlice)
                leftPair = pair - 1;
        }
        H264Macroblock* top = null;
        H264Macroblock* above = null;
        bool fieldAbove = false;
        if (!isField && second != 0)
            top = pair;
        else if (pairY > 0 && IsFiltered(pair - w))
        {
            fieldAbove = pair[-w].IsField;
            if (fieldAbove == isField)
                top = isField && second == 0 ? pair - 2 * w : pair - w;
            else if (isField)
                above = pair - w; // both fields meet the lower frame macroblock
            else
                above = pair - 2 * w; // a frame macroblock meets both field macroblocks
        }

        if (!MayFilterMixed(q, left, top, leftPair, above, w))
            return;
        nint strideY = p->Picture.StrideY, strideUv = p->Picture.StrideUv;
        byte* luma = p->Picture.Plane0 + 16 * pairY * strideY + (16 * mbX << (p->BitDepth > 8 ? 1 : 0));
        nint chroma = ChromaOffset(p, mbX, pairY);
        if (isField)
        {
            luma += second * strideY;
            chroma += second * strideUv;
            strideY *= 2;
            strideUv *= 2;
        }
        else if (second != 0)
        {
            luma += 16 * strideY;
            chroma += (p->ChromaArrayType == 1 ? 8 : 16) * strideUv;
        }

        Strengths(p, q, left, top, isField, isField);
        if (leftPair != null)
            MixedLeft(p, q, leftPair, isField, second, luma, chroma, strideY, strideUv);
        if (above == null)
        {
            Planes(p, q, left, top, luma, chroma, strideY, strideUv);
            return;
        }

        // Vertical edges, then the upper edge, then the inner horizontal ones.
        uint* horizontal = _work->Horizontal;
        uint h1 = horizontal[1], h2 = horizontal[2], h3 = horizontal[3];
        horizontal[1] = horizontal[2] = horizontal[3] = 0;
        if (isField)
        {
            // The whole of a field macroblock above or below a frame one lies in one field: nothing but bS is special.
            horizontal[0] = MixedTop(p, q, above);
            horizontal[1] = h1;
            horizontal[2] = h2;
            horizontal[3] = h3;
            Planes(p, q, left, above, luma, chroma, strideY, strideUv);
            return;
        }
        Planes(p, q, left, null, luma, chroma, strideY, strideUv);
        uint* vertical = _work->Vertical;
        vertical[0] = vertical[1] = vertical[2] = vertical[3] = 0;
        for (int field = 0; field < 2; field++)
        {
            H264Macroblock* upper = above + field * w;
            horizontal[0] = MixedTop(p, q, upper);
            Planes(p, q, null, upper, luma + field * strideY, chroma + field * strideUv, 2 * strideY, 2 * strideUv);
        }
        horizontal[0] = 0;
        horizontal[1] = h1;
        horizontal[2] = h2;
        horizontal[3] = h3;
        Planes(p, q, null, null, luma, chroma, strideY, strideUv);
    }

    private bool MayFilterMixed(H264Macroblock* q, H264Macroblock* left, H264Macroblock* top, H264Macroblock* leftPair, H264Macroblock* above, int w)
    {
        if (MayFilter(q, left, top))
            return true;
        return (leftPair != null && MayFilter(q, leftPair, leftPair + w)) || (above != null && MayFilter(q, above, above->IsField ? above + w : above));
    }

    // bS of a horizontal edge between frame and field macroblocks: mixedModeEdgeFlag 1, verticalEdgeFlag 0.
    private uint MixedTop(H264PictureState* p, H264Macroblock* q, H264Macroblock* upper)
    {
        if (CountsAsIntra(p, q) || CountsAsIntra(p, upper))
            return 0x03030303;
        return H264BoundaryStrength.Pack(H264BoundaryStrength.Raster(q->Luma) | H264BoundaryStrength.Raster(upper->Luma) >> 12, 15);
    }

    // The left edge between a frame and a field pair: lines of the macroblock alternate between the two left macroblocks (frame macroblock)
    // or go through one after the other (field macroblock).
    private void MixedLeft(H264PictureState* p, H264Macroblock* q, H264Macroblock* leftPair, bool isField, int second, byte* luma, nint chroma, nint strideY, nint strideUv)
    {
        Work* work = _work;
        int w = p->WidthInMbs;
        H264Macroblock* first = leftPair;
        H264Macroblock* last = leftPair + w;
        bool intra = CountsAsIntra(p, q);
        bool intra0 = intra || CountsAsIntra(p, first), intra1 = intra || CountsAsIntra(p, last);
        uint blocks = H264BoundaryStrength.Raster(q->Luma), blocks0 = H264BoundaryStrength.Raster(first->Luma), blocks1 = H264BoundaryStrength.Raster(last->Luma);
        for (int y = 0; y < 16; y++)
        {
            int row, which;
            if (isField)
            {
                int line = 2 * y + second;
                which = line >> 4;
                row = (line & 15) >> 2;
            }
            else
            {
                int line = y + 16 * second;
                which = line & 1;
                row = line >> 3;
            }
            uint coefficients = (blocks >> (y & ~3)) & 1 | ((which == 0 ? blocks0 : blocks1) >> (row * 4 + 3) & 1);
            work->LineStrength[y] = (byte)((which == 0 ? intra0 : intra1) ? 4 : 1 + coefficients);
        }
        // Which of the left macroblocks a line of the macroblock meets.
        uint meets = isField ? 0xff00u : 0xaaaa;
        MixedLuma(luma, strideY, p->BitDepth, meets, (q->Qp + first->Qp + 1) >> 1, (q->Qp + last->Qp + 1) >> 1);
        if (p->ChromaArrayType == 0)
            return;
        int cb0 = (q->QpCb + first->QpCb + 1) >> 1, cb1 = (q->QpCb + last->QpCb + 1) >> 1;
        int cr0 = (q->QpCr + first->QpCr + 1) >> 1, cr1 = (q->QpCr + last->QpCr + 1) >> 1;
        byte* cb = p->Picture.Plane1 + chroma;
        byte* cr = p->Picture.Plane2 + chroma;
        if (p->ChromaArrayType == 3)
        {
            MixedLuma(cb, strideUv, p->BitDepth, meets, cb0, cb1);
            MixedLuma(cr, strideUv, p->BitDepth, meets, cr0, cr1);
            return;
        }
        bool tall = p->ChromaArrayType == 2;
        for (int part = 0; part < (tall ? 2 : 1); part++)
        {
            for (int i = 0; i < 8; i++)
            {
                // The luma line with the same bS: at 4:2:0 a frame macroblock's chroma lines alternate like its luma lines.
                int y = tall ? part * 8 + i : isField ? 2 * i : (i >> 1) * 4 + (i & 1);
                bool other = (meets >> y & 1) != 0;
                SetLine(i, work->LineStrength[y], other ? cb1 : cb0);
                SetLine(8 + i, work->LineStrength[y], other ? cr1 : cr0);
            }
            work->Table.ChromaLines(cb + part * 8 * strideUv, cr + part * 8 * strideUv, strideUv, &work->Lines, p->BitDepth);
        }
    }

    private void MixedLuma(byte* samples, nint stride, int bitDepth, uint meets, int qp0, int qp1)
    {
        Work* work = _work;
        for (int y = 0; y < 16; y++)
            SetLine(y, work->LineStrength[y], (meets >> y & 1) != 0 ? qp1 : qp0);
        work->Table.LumaLines(samples, stride, &work->Lines, work->Scratch, bitDepth);
    }

    private void SetLine(int line, int strength, int qp)
    {
        H264EdgeLines* lines = &_work->Lines;
        ulong limits = _work->Limits[LimitsOrigin + qp];
        lines->Alpha[line] = (byte)limits;
        lines->Beta[line] = (byte)(limits >> 8);
        lines->Strong[line] = (byte)(strength == 4 ? 0xff : 0);
        lines->Tc0[line] = strength == 4 ? (byte)0xff : (byte)(limits >> 32 + strength * 8);
    }
}
