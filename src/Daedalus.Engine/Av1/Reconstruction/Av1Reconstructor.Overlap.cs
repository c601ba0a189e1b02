// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <content>Overlapped motion compensation (7.11.3.9, 7.11.3.10).</content>
public sealed unsafe partial class Av1Reconstructor
{
    /// <summary>Blends predictions with the motion of the blocks above and to the left into a w × h block of a plane.</summary>
    private void PredictOverlapped(Av1Block* b, int plane, int w, int h)
    {
        var s = _s;
        PlaneGeometry* p = _planes + plane;
        int size = (int)b->Size;
        if ((b->Flags & Av1BlockFlags.AvailableAbove) != 0 && Av1Tables.SubsampledSize[(size * 2 + p->SubX) * 2 + p->SubY] >= (int)Av1BlockSize.Block8x8)
        {
            int limit = Math.Min(4, (int)Av1Tables.MiWidthLog2[size]), end = Math.Min(s->MiCols, b->MiCol + Av1Tables.Num4x4BlocksWide[size]);
            int predH = Math.Min(h >> 1, 32 >> p->SubY);
            for (int x4 = b->MiCol, count = 0, step; count < limit && x4 < end; x4 += step)
            {
                Av1Block* other = s->BlockAt(b->MiRow - 1, x4 | 1);
                step = Math.Clamp(Av1Tables.Num4x4BlocksWide[(int)other->Size], (byte)2, (byte)16);
                if (other->RefFrame[0] <= 0)
                    continue;
                count++;
                Overlap(other, p, plane, x4 * 4 >> p->SubX, b->MiRow * 4 >> p->SubY, Math.Min(w, step * 4 >> p->SubX), predH, 0);
            }
        }
        if ((b->Flags & Av1BlockFlags.AvailableLeft) != 0)
        {
            int limit = Math.Min(4, (int)Av1Tables.MiHeightLog2[size]), end = Math.Min(s->MiRows, b->MiRow + Av1Tables.Num4x4BlocksHigh[size]);
            int predW = Math.Min(w >> 1, 32 >> p->SubX);
            for (int y4 = b->MiRow, count = 0, step; count < limit && y4 < end; y4 += step)
            {
                Av1Block* other = s->BlockAt(y4 | 1, b->MiCol - 1);
                step = Math.Clamp(Av1Tables.Num4x4BlocksHigh[(int)other->Size], (byte)2, (byte)16);
                if (other->RefFrame[0] <= 0)
                    continue;
                count++;
                Overlap(other, p, plane, b->MiCol * 4 >> p->SubX, y4 * 4 >> p->SubY, predW, Math.Min(h, step * 4 >> p->SubY), 1);
            }
        }
    }

    /// <summary>predict_overlap: the region predicted with another block's motion and blended in.</summary>
    private void Overlap(Av1Block* other, PlaneGeometry* p, int plane, int x, int y, int w, int h, int fromLeft)
    {
        PredictSamples(other->RefFrame[0], plane, x, y, w, h, other->Mv[0], Filters(other, w, h), _other, OtherStride);
        _kernels->GetOverlapBlend(fromLeft)(p->Base + y * p->Stride + ((nint)x << _sampleShift), p->Stride, _other, OtherStride, w, h);
    }
}
