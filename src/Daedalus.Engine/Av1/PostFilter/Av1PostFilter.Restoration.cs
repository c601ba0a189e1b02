// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Superres (7.16) and loop restoration (7.17) of a stripe. A restoration unit's part of the stripe is copied with three samples on each side into a window (get_source_sample, 7.17.6), and filtered from there into
/// the picture; what lies left was filtered by then and comes from the window before.
/// </summary>
public sealed unsafe partial class Av1PostFilter
{
    private const int UnitLeft = 16;
    private const int UnitPitch = Av1PostFilterTable.RestorationMaxWidth + UnitLeft + 48;

    private Lines _aboveUpscaled, _nextUpscaled;
    private byte* _unit;
    private void* _guidedScratch;
    private byte* _upscaleRow;
    private short* _wiener;
    // By plane: source and target width, and the steps of 7.16.
    private readonly int[] _upscaleStep = new int[3], _upscalePosition = new int[3];

    private void LayoutRestoration(int width)
    {
        TakeLines(ref _aboveUpscaled, width);
        TakeLines(ref _nextUpscaled, width);
        _unit = Take(UnitPitch * _bytes * 70 + 64) + (3 * UnitPitch + UnitLeft) * _bytes;
        _guidedScratch = Take(HasSelfGuided() ? Av1PostFilterTable.SelfGuidedScratchBytes : 0);
        _upscaleRow = Take(width * _bytes + 256) + 64;
        _wiener = (short*)Take(64);
    }

    // Half a megabyte that frames with other restoration, most of them, do not touch.
    private bool HasSelfGuided()
    {
        for (int plane = 0; plane < _s->NumPlanes; plane++)
        {
            if (_s->Frame.LoopRestoration.FrameRestorationType[plane] >= Av1RestorationType.Sgrproj)
                return true;
        }
        return false;
    }

    private static int Round2(int value, int bits) => value + (1 << bits >> 1) >> bits;

    private void BeginUpscale()
    {
        var s = _s;
        if (!s->HasSuperres)
            return;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int from = Round2(s->Width, SubX(plane)), to = Round2(s->UpscaledWidth, SubX(plane));
            int step = ((from << 14) + to / 2) / to, error = to * step - (from << 14);
            _upscaleStep[plane] = step;
            _upscalePosition[plane] = ((-((to - from) << 13) + to / 2) / to + (1 << 7) - error / 2) & 0x3fff;
        }
    }

    private void UpscaleRows(int plane, byte* dst, nint dstStride, byte* src, nint srcStride, int rows)
    {
        var s = _s;
        int width = s->MiCols * 4 >> SubX(plane), bytes = width * _bytes;
        var upscale = _kernels->GetUpscale();
        for (int y = 0; y < rows; y++)
        {
            Buffer.MemoryCopy(src + y * srcStride, _upscaleRow, bytes, bytes);
            Extend(_upscaleRow, 0, -8);
            Extend(_upscaleRow, width - 1, 8);
            upscale(dst + y * dstStride, dstStride, _upscaleRow, 0, Round2(s->UpscaledWidth, SubX(plane)), 1, _upscalePosition[plane], _upscaleStep[plane], s->BitDepth);
        }
    }

    // Repeats sample at to its left (count negative) or right.
    private void Extend(byte* row, int at, int count)
    {
        int from = count < 0 ? at + count : at + 1;
        count = Math.Abs(count);
        if (_bytes == 1)
            new Span<byte>(row + from, count).Fill(row[at]);
        else
            new Span<ushort>((ushort*)row + from, count).Fill(((ushort*)row)[at]);
    }

    private void UpscaleStripe(int first, int end)
    {
        var s = _s;
        bool last = end == s->MiRows * 4;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subY = SubY(plane), y = first >> subY, height = Round2(s->Height, subY), rows = Math.Min(end >> subY, height) - y;
            nint stride = s->Current.Stride(plane), outStride = s->Output.Stride(plane);
            byte* source = s->Current.Plane(plane);
            UpscaleRows(plane, s->Output.Plane(plane) + y * outStride, outStride, source + y * stride, stride, rows);
            if (last || s->UnitCols[plane] == 0)
                continue;
            UpscaleRows(plane, _nextUpscaled.Row(plane, 0), _nextUpscaled.Stride, _next.Row(plane, 0), _next.Stride, 2);
            UpscaleRows(plane, _below.Row(plane, 0), _below.Stride, source + (end >> subY) * stride, stride, Math.Min(2, height - (end >> subY)));
        }
    }

    private void RestoreStripe(int first, int end)
    {
        var s = _s;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            if (s->UnitCols[plane] > 0)
                RestorePlane(plane, first, end);
        }
    }

    private void RestorePlane(int plane, int first, int end)
    {
        var s = _s;
        int subY = SubY(plane), planeWidth = Round2(s->UpscaledWidth, SubX(plane)), planeHeight = Round2(s->Height, subY);
        int y = first >> subY, height = Math.Min(end >> subY, planeHeight) - y;
        int size = (int)s->Frame.LoopRestoration.LoopRestorationSize[plane], unitCols = s->UnitCols[plane];
        // 7.17.1: units are offset by 8 luma rows as stripes are, so a stripe lies in one row of them.
        int unitRow = Math.Min(s->UnitRows[plane] - 1, (_stripe * 64 >> subY) / size);
        Av1RestorationUnit* units = s->Restoration(plane) + unitRow * unitCols;
        bool follows = false;
        for (int x = 0, width; x < planeWidth; x += width)
        {
            int unitCol = Math.Min(unitCols - 1, x / size), unitEnd = unitCol == unitCols - 1 ? planeWidth : (unitCol + 1) * size;
            width = Math.Min(unitEnd - x, Av1PostFilterTable.RestorationMaxWidth);
            Av1RestorationUnit* unit = units + unitCol;
            if (unit->Type == (byte)Av1RestorationType.None)
            {
                follows = false;
                continue;
            }
            LoadUnit(plane, x, y, width, height, planeWidth, planeHeight, follows);
            follows = true;
            nint stride = s->Output.Stride(plane);
            byte* dst = s->Output.Plane(plane) + y * stride + x * _bytes;
            if (unit->Type == (byte)Av1RestorationType.Wiener)
            {
                SetWiener(unit);
                int five = unit->Wiener[0] == 0 && unit->Wiener[3] == 0 ? 1 : 0;
                _kernels->GetWiener(five)(dst, stride, _unit, UnitPitch * _bytes, width, height, _wiener, s->BitDepth);
            }
            else
            {
                _kernels->GetSelfGuided()(dst, stride, _unit, UnitPitch * _bytes, width, height, unit->SgrSet & 15, unit->SgrXqd[0], unit->SgrXqd[1], _guidedScratch, s->BitDepth);
            }
        }
    }

    // Wiener coefficient process (7.17.5).
    private void SetWiener(Av1RestorationUnit* unit)
    {
        for (int pass = 0; pass < 2; pass++)
        {
            short* filter = _wiener + pass * 8;
            int middle = 128;
            for (int i = 0; i < 3; i++)
            {
                int c = unit->Wiener[pass * 3 + i];
                filter[i] = filter[6 - i] = (short)c;
                middle -= 2 * c;
            }
            filter[3] = (short)middle;
            filter[7] = 0;
        }
    }

    private void LoadUnit(int plane, int x, int y, int width, int height, int planeWidth, int planeHeight, bool follows)
    {
        var s = _s;
        nint pitch = UnitPitch * _bytes, stride = s->Output.Stride(plane);
        byte* picture = s->Output.Plane(plane) + y * stride;
        // What the window keeps of the unit before: its last columns. All its rows are the same stripe's.
        if (follows)
        {
            for (int r = -3; r < height + 3; r++)
            {
                byte* row = _unit + r * pitch;
                *(ulong*)(row - 8) = *(ulong*)(row + _lastWidth * _bytes - 8);
            }
        }
        _lastWidth = width;
        int left = follows || x == 0 ? 0 : 3, right = Math.Min(3, planeWidth - x - width);
        nint bytes = (left + width + right) * _bytes, offset = (x - left) * _bytes;
        ref Lines above = ref s->HasSuperres ? ref _aboveUpscaled : ref _above;
        for (int r = -3; r < height + 3; r++)
        {
            byte* source;
            if (r < 0)
            {
                source = y == 0 ? picture : above.Row(plane, r == -1 ? 1 : 0);
            }
            else if (r >= height)
            {
                int below = Math.Min(Math.Min(r - height, 1), planeHeight - y - height - 1);
                source = below < 0 ? picture + (height - 1) * stride
                    : s->HasSuperres ? _below.Row(plane, below)
                    : picture + (height + below) * stride;
            }
            else
            {
                source = picture + r * stride;
            }
            byte* row = _unit + r * pitch;
            Buffer.MemoryCopy(source + offset, row - left * _bytes, bytes, bytes);
            if (x == 0)
                Extend(row, 0, -3);
            if (right < 3)
                Extend(row, width + right - 1, 3 - right);
        }
    }

    private int _lastWidth;
}
