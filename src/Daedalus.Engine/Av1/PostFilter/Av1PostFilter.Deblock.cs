// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>Deblocking (7.14) of a superblock row. Any order of edges gives the same result as long as a sample's vertical edges come before its horizontal ones.</summary>
public sealed unsafe partial class Av1PostFilter
{
    private void DeblockRow(int sbRow)
    {
        var s = _s;
        int size4 = 1 << s->SbSizeLog2, start = sbRow << s->SbSizeLog2;
        int rows = Math.Min(size4, (s->Height + 3 >> 2) - start), units = s->Width + 3 >> 2;
        for (int r = 0; r < Math.Min(size4, s->MiRows - start); r++)
            DrawLumaTransforms(start + r, r);
        if (rows > 0)
        {
            BuildEdges(_transform, _outline, _level0, _level1, start, rows, units, 2);
            DeblockPlane(0, start, rows, units);
        }
        if (s->NumPlanes == 1)
            return;
        int subX = s->SubsamplingX, subY = s->SubsamplingY;
        start >>= subY;
        rows = Math.Min(size4 >> subY, (s->Height + (4 << subY) - 1 >> (2 + subY)) - start);
        units = s->Width + (4 << subX) - 1 >> (2 + subX);
        for (int plane = 1; plane < 3 && rows > 0; plane++)
        {
            if (s->Frame.LoopFilter.Level[1 + plane] == 0)
                continue;
            byte* levels = plane == 1 ? _levelU : _levelV;
            BuildEdges(_transformUv, _outlineUv, levels, levels, start, rows, units, 1);
            DeblockPlane(plane, start, rows, units);
        }
    }

    private void DeblockPlane(int plane, int start, int rows, int units)
    {
        nint stride = _s->Current.Stride(plane);
        byte* samples = _s->Current.Plane(plane) + start * 4 * stride;
        int bitDepth = _s->BitDepth, kind = plane > 0 ? 2 : 0, group = rows + 7 & ~7;
        var columns = _kernels->GetDeblock(kind);
        var lines = _kernels->GetDeblock(kind + 1);
        fixed (Av1FilterLimits* limits = &_limits)
        {
            for (int x = 1; x < units; x++)
            {
                ulong* edges = (ulong*)(_columns + x * 32);
                ulong any = edges[0] | (rows > 8 ? edges[1] : 0);
                if (rows > 16)
                    any |= edges[2] | edges[3];
                if (any != 0)
                    columns(samples + x * 4 * _bytes, stride, (byte*)edges, group, limits, bitDepth);
            }
            for (int r = 0; r < rows; r++)
                lines(samples + r * 4 * stride, stride, _edges1 + r * _mapPitch, units + 7 & ~7, limits, bitDepth);
        }
    }
}
