// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <content>Cache hints: a block reads a line of each row of its references, each on a page of its own, and small ones are over before any hardware follows. The records say in advance what will be read.</content>
public sealed unsafe partial class Av1Reconstructor
{
    // Of larger blocks the hardware finds the stride by then.
    private const int PrefetchRows = 40;

    /// <summary>Asks for what a later block's prediction will read.</summary>
    private void Prefetch(Av1Block* b)
    {
        if (!Sse.IsSupported)
            return;
        for (int list = 0; list < 2; list++)
        {
            int reference = b->RefFrame[list];
            // Intra block copy reads what has just been written.
            if (reference <= 0)
                return;
            if ((_scaled >> reference & 1) != 0)
                continue;
            int mv = b->Mv[list], w = 4 * Av1Tables.Num4x4BlocksWide[(int)b->Size], h = 4 * Av1Tables.Num4x4BlocksHigh[(int)b->Size];
            int x = b->MiCol * 4 + (Av1MotionVector.Col(mv) >> 3), y = b->MiRow * 4 + (Av1MotionVector.Row(mv) >> 3);
            PrefetchPlane(_references + reference * 3, x, y, w, h);
            if (!b->HasChroma)
                continue;
            int subX = _s->SubsamplingX, subY = _s->SubsamplingY;
            PrefetchPlane(_references + reference * 3 + 1, x >> subX, y >> subY, w >> subX, h >> subY);
            PrefetchPlane(_references + reference * 3 + 2, x >> subX, y >> subY, w >> subX, h >> subY);
        }
    }

    private void PrefetchPlane(ReferencePlane* r, int x, int y, int w, int h)
    {
        int left = Math.Clamp(x - TapsBefore, 0, r->LastX), right = Math.Clamp(x + w + TapsBehind - 1, 0, r->LastX);
        int top = Math.Clamp(y - TapsBefore, 0, r->LastY), bottom = Math.Min(Math.Clamp(y + h + TapsBehind - 1, 0, r->LastY), top + PrefetchRows - 1);
        if (r->Base == null)
            return;
        nint stride = r->Stride;
        // From the beginning of a cache line on, so that none is missed. Rows most often begin alike, and most blocks lie in one line or two.
        byte* row = r->Base + top * stride, from = row + ((nint)left << _sampleShift), last = row + ((nint)right << _sampleShift);
        byte* p = (byte*)((nint)from & ~63);
        nint lines = ((nint)last >> 6) - ((nint)p >> 6);
        int rows = bottom - top + 1;
        if ((stride & 63) != 0 || lines > 1)
        {
            for (; rows > 0; rows--, from += stride, last += stride)
            {
                for (p = (byte*)((nint)from & ~63); p <= last; p += 64)
                    Sse.Prefetch0(p);
            }
        }
        else if (lines == 0)
        {
            for (; rows > 0; rows--, p += stride)
                Sse.Prefetch0(p);
        }
        else
        {
            for (; rows > 0; rows--, p += stride)
            {
                Sse.Prefetch0(p);
                Sse.Prefetch0(p + 64);
            }
        }
    }
}
