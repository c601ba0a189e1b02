// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>
/// CDEF (7.15) of a stripe, 64 columns at a time: if one of their 8×8 blocks is filtered, their deblocked samples with two more on each side are loaded aside, and filtered from there into the picture. What lies
/// left was filtered by then and comes from the load before; what lies above comes from the saved lines.
/// </summary>
public sealed unsafe partial class Av1PostFilter
{
    // Words between rows of a window; column 0 is at 8, row 0 is the third. Subsampled chroma is in one window, U and V side by side, the other in two.
    private const int WindowPitch = 96;
    private ushort* _window0, _window1, _window2;
    // Whether the 64 columns before are in the window.
    private bool _loaded0, _loaded1;

    private void LayoutCdef()
    {
        _window0 = (ushort*)Take(WindowPitch * 68 * 2) + 2 * WindowPitch + 8;
        _window1 = (ushort*)Take(WindowPitch * 68 * 2) + 2 * WindowPitch + 8;
        _window2 = (ushort*)Take(WindowPitch * 68 * 2) + 2 * WindowPitch + 8;
    }

    private void CdefStripe(int first, int end)
    {
        _loaded0 = _loaded1 = false;
        for (int col64 = 0; col64 < _s->Cols64; col64++)
            CdefColumns(col64, first, end);
    }

    private void CdefColumns(int col64, int first, int end)
    {
        var s = _s;
        // Strengths by row of 8×8 blocks: idx is that of the 64×64 block, and stripes lie across two rows of them.
        bool luma = false, chroma = false;
        int firstRow = first >> 3, rows = end - first >> 3;
        for (int r = 0; r < rows; r++)
        {
            int index = s->CdefIndex[(firstRow + r >> 3) * s->CdefStride + col64];
            if (index < 0 || _cdefBlocks[(firstRow + r) * _cdefPitch + col64] == 0)
                continue;
            index &= 7;
            luma |= (s->Frame.Cdef.YPriStrength[index] | s->Frame.Cdef.YSecStrength[index]) != 0;
            chroma |= (s->Frame.Cdef.UvPriStrength[index] | s->Frame.Cdef.UvSecStrength[index]) != 0;
        }
        chroma &= s->NumPlanes > 1;
        if (luma)
            LoadWindow(0, _window0, _loaded0, col64, first, end);
        _loaded0 = luma;
        if (chroma)
        {
            LoadWindow(1, _window1, _loaded1, col64, first, end);
            if (s->SubsamplingX == 0)
                LoadWindow(2, _window2, _loaded1, col64, first, end);
        }
        _loaded1 = chroma;
        if (!luma && !chroma)
            return;
        // Bits beyond the frame's last column are never set: blocks are drawn there, but not looked up.
        int columns = Math.Min(8, (s->MiCols >> 1) - col64 * 8);
        for (int r = 0; r < rows; r++)
        {
            int index = s->CdefIndex[(firstRow + r >> 3) * s->CdefStride + col64];
            uint blocks = _cdefBlocks[(firstRow + r) * _cdefPitch + col64] & (1u << columns) - 1;
            if (index >= 0 && blocks != 0)
                CdefBlocks(blocks, index & 7, col64 * 64, first + r * 8, r);
        }
    }

    private void CdefBlocks(uint blocks, int index, int x0, int y, int row)
    {
        var s = _s;
        int shift = s->BitDepth - 8, damping = s->Frame.Cdef.DampingMinus3 + 3 + shift;
        int primary = s->Frame.Cdef.YPriStrength[index] << shift, secondary = s->Frame.Cdef.YSecStrength[index] << shift;
        int primaryUv = s->Frame.Cdef.UvPriStrength[index] << shift, secondaryUv = s->Frame.Cdef.UvSecStrength[index] << shift;
        bool chroma = s->NumPlanes > 1 && (primaryUv | secondaryUv) != 0;
        int subX = s->SubsamplingX, subY = s->SubsamplingY;
        var direct = _kernels->GetCdefDirection();
        var filter = _kernels->GetCdef();
        var filterPair = _kernels->GetCdefPair(1 - subY);
        nint stride = s->Current.StrideY, strideUv = s->Current.StrideUv;
        ReadOnlySpan<byte> uvDirections = Av1FilterTables.CdefUvDir.Slice((subX * 2 + subY) * 8, 8);
        for (; blocks != 0; blocks &= blocks - 1)
        {
            int x = BitOperations.TrailingZeroCount(blocks) * 8, direction = 0, variance = 0;
            byte* dst = s->Current.Plane0 + y * stride + (x0 + x) * _bytes;
            if ((primary | primaryUv) != 0)
                direction = direct(dst, stride, &variance, s->BitDepth);
            // 7.15.1: the luma strength follows the variance.
            int adjusted = 0;
            if (primary != 0 && variance != 0)
            {
                int strength = variance >> 6 != 0 ? Math.Min(BitOperations.Log2((uint)variance >> 6), 12) : 0;
                adjusted = primary * (4 + strength) + 8 >> 4;
            }
            if ((adjusted | secondary) != 0)
                filter(dst, stride, _window0 + row * 8 * WindowPitch + x, WindowPitch, adjusted, secondary, primary == 0 ? 0 : direction, damping, s->BitDepth);
            if (!chroma)
                continue;
            int directionUv = primaryUv == 0 ? 0 : uvDirections[direction];
            nint at = (y >> subY) * strideUv + (x0 + x >> subX) * _bytes, window = (row * 8 >> subY) * WindowPitch + x;
            if (subX != 0)
            {
                filterPair(s->Current.Plane1 + at, s->Current.Plane2 + at, strideUv, _window1 + window, WindowPitch, primaryUv, secondaryUv, directionUv, damping - 1, s->BitDepth);
                continue;
            }
            filter(s->Current.Plane1 + at, strideUv, _window1 + window, WindowPitch, primaryUv, secondaryUv, directionUv, damping - 1, s->BitDepth);
            filter(s->Current.Plane2 + at, strideUv, _window2 + window, WindowPitch, primaryUv, secondaryUv, directionUv, damping - 1, s->BitDepth);
        }
    }

    // Samples of a stripe's 64 columns and two more on each side; of both chroma planes if they are subsampled.
    private void LoadWindow(int plane, ushort* window, bool follows, int col64, int first, int end)
    {
        var s = _s;
        int subX = SubX(plane), x = col64 * 64 >> subX, width = Math.Min(64, s->MiCols * 4 - col64 * 64) >> subX, words = 1 << subX;
        int y = first >> SubY(plane), height = end - first >> SubY(plane);
        bool isFirst = col64 == 0, isLast = col64 == s->Cols64 - 1, isTop = first == 0, isBottom = end == s->MiRows * 4;
        int top = isTop ? 0 : -2, bottom = height + (isBottom ? 0 : 2);
        if (follows)
        {
            // The last two columns of the window before, which was 64 luma columns wide.
            for (int r = top; r < bottom; r++)
                *(ulong*)(window + r * WindowPitch - 4) = *(ulong*)(window + r * WindowPitch + 60);
        }
        nint stride = s->Current.Stride(plane);
        int left = follows || isFirst ? 0 : 2, count = left + width + (isLast ? 0 : 2);
        nint offset = (x - left) * _bytes;
        if (!isTop)
            LoadRows(plane, window - 2 * WindowPitch - left * words, _above.Row(plane, 0) + offset, _above.Row(2, 0) + offset, _above.Stride, count, 2);
        LoadRows(plane, window - left * words, s->Current.Plane(plane) + y * stride + offset, s->Current.Plane2 + y * stride + offset, stride, count, bottom);
        if (isFirst)
            FillWindow(window - 2 * words, 2 * words, top, bottom);
        if (isLast)
            FillWindow(window + width * words, 2 * words, top, bottom);
        if (isTop)
            FillWindow(window - 2 * words, (width + 4) * words, -2, 0);
        if (isBottom)
            FillWindow(window - 2 * words, (width + 4) * words, height, height + 2);
    }

    private void LoadRows(int plane, ushort* target, byte* source, byte* sourceV, nint stride, int count, int rows)
    {
        if (SubX(plane) == 0)
            _kernels->GetCdefLoad()(target, WindowPitch, source, stride, count, rows);
        else
            _kernels->GetCdefLoadPair()(target, WindowPitch, source, sourceV, stride, count, rows);
    }

    private static void FillWindow(ushort* p, int width, int row, int endRow)
    {
        for (; row < endRow; row++)
            new Span<ushort>(p + row * WindowPitch, width).Fill(Av1PostFilterTable.CdefUnavailable);
    }
}
