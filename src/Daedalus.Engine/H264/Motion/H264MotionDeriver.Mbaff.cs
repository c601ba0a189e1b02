// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

// Neighbours in MBAFF frames (spec 6.4.12.2, 8.4.1.3.2). Where all of them are of the current macroblock's kind their records serve as they are; else
// copies are made with vectors and indices converted.
public sealed unsafe partial class H264MotionDeriver
{
    private void LocateMbaff(int mbX, int mbY, bool field)
    {
        H264MotionContext* t = _t;
        int a = Find(mbX, mbY, field, -1, 0, out _);
        int b = Find(mbX, mbY, field, 0, -1, out _);
        int c = Find(mbX, mbY, field, 16, -1, out _);
        int d = Find(mbX, mbY, field, -1, -1, out int rowD);
        if (IsOther(a, field) | IsOther(b, field) | IsOther(c, field) | IsOther(d, field))
        {
            ConvertNeighbours(mbX, mbY, field, b, c, d, rowD);
            return;
        }
        H264Motion* none = &t->Unavailable;
        t->A = t->Mid = a < 0 ? none : _motion + a;
        t->B = b < 0 ? none : _motion + b;
        t->C = c < 0 ? none : _motion + c;
        t->D = d < 0 ? none : _motion + d;
    }

    /// <summary>Index of the macroblock that covers a location, -1 where not available, and the row of 4×4 blocks in it.</summary>
    private int Find(int mbX, int mbY, bool field, int xN, int yN, out int row)
    {
        int index = H264Neighbours.Locate(_p, mbX, mbY, field, xN, yN, 16, 16, out int yM);
        row = yM >> 2;
        return index >= 0 && _macroblocks[index].Slice == _sliceIndex ? index : -1;
    }

    private bool IsOther(int index, bool field) => index >= 0 && _macroblocks[index].IsField != field;

    private void ConvertNeighbours(int mbX, int mbY, bool field, int b, int c, int d, int rowD)
    {
        H264MotionContext* t = _t;
        t->Mixed = true;
        t->A = &t->ScaledA;
        t->B = &t->ScaledB;
        t->C = &t->ScaledC;
        t->D = &t->ScaledD;
        t->Mid = &t->ScaledMid;
        int lists = _isB ? 2 : 1;
        for (int list = 0; list < lists; list++)
        {
            int r = list * 4, v = list * 16;
            for (int x = 0; x < 4; x++)
                t->B->Mv[v + 12 + x] = Fetch(b, field, list, 12 + x, out t->B->RefIdx[r + 2 + (x >> 1)]);
            t->C->Mv[v + 12] = Fetch(c, field, list, 12, out t->C->RefIdx[r + 2]);
            t->D->Mv[v + 15] = Fetch(d, field, list, rowD * 4 + 3, out t->D->RefIdx[r + 3]);
            for (int y = 0; y < 4; y++)
            {
                int left = Find(mbX, mbY, field, -1, 4 * y, out int row);
                t->LeftMv[r + y] = Fetch(left, field, list, row * 4 + 3, out sbyte refIdx);
                t->LeftRef[r + y] = refIdx;
                if (y == 0)
                    continue;
                left = Find(mbX, mbY, field, -1, 4 * y - 1, out row);
                t->DiagonalMv[r + y] = Fetch(left, field, list, row * 4 + 3, out refIdx);
                t->DiagonalRef[r + y] = refIdx;
            }
            t->A->Mv[v + 3] = t->LeftMv[r];
            t->A->RefIdx[r + 1] = (sbyte)t->LeftRef[r];
            t->A->Mv[v + 11] = t->LeftMv[r + 2];
            t->A->RefIdx[r + 3] = (sbyte)t->LeftRef[r + 2];
            t->Mid->Mv[v + 7] = t->DiagonalMv[r + 2];
            t->Mid->RefIdx[r + 1] = (sbyte)t->DiagonalRef[r + 2];
        }
    }

    /// <summary>Vector and index of a 4×4 block as the current macroblock counts (spec 8.4.1.3.2).</summary>
    private int Fetch(int index, bool field, int list, int block, out sbyte refIdx)
    {
        if (index < 0)
        {
            refIdx = H264MotionContext.NotAvailable;
            return 0;
        }
        H264Motion* m = _motion + index;
        int reference = m->RefIdx[list * 4 + (block >> 3) * 2 + (block >> 1 & 1)];
        int mv = m->Mv[list * 16 + block];
        bool other = _macroblocks[index].IsField;
        if (reference >= 0 && other != field)
        {
            int x = (short)mv, y = mv >> 16;
            mv = field ? H264MotionMath.Pack(x, y / 2) : H264MotionMath.Pack(x, y * 2);
            reference = field ? reference << 1 : reference >> 1;
        }
        refIdx = (sbyte)reference;
        return mv;
    }
}
