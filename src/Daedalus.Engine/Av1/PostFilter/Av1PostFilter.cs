// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Deblocking, CDEF, superres and loop restoration of one frame (7.14 to 7.17), following reconstruction row by row. All of them work in place; what a later row needs in an earlier state is kept in
/// lines. Deblocking of a superblock row reaches 7 rows above its edges, so its rows are deblocked for good 8 rows above its end: there lies also the boundary of restoration stripes (7.17), and
/// from deblocking on everything goes stripe by stripe: rows 64k - 8 to 64k + 55.
/// </summary>
public sealed unsafe partial class Av1PostFilter : IDisposable
{
    private readonly NativeBlock _memory = new();
    private Av1FrameState* _s;
    private Av1PostFilterTable* _kernels;
    private Av1FilterLimits _limits;
    private int _bytes;
    private int _stripe;
    private nuint _used;
    private byte* _base;
    private Lines _above, _next, _below;

    // Two rows of each plane, with 64 bytes of room on both sides.
    private struct Lines
    {
        public byte* Plane0, Plane1, Plane2;
        public nint Stride;

        public readonly byte* Row(int plane, int row) => (plane == 0 ? Plane0 : plane == 1 ? Plane1 : Plane2) + row * Stride;
    }

    /// <summary>Prepares for a frame; its memory must stay until the last row is filtered.</summary>
    /// <param name="s">Frame; with everything but what the earlier stages write filled.</param>
    /// <param name="kernels">Kernels of the frame's bit depth.</param>
    public void BeginFrame(Av1FrameState* s, Av1PostFilterTable* kernels)
    {
        _s = s;
        _kernels = kernels;
        _bytes = s->BitDepth > 8 ? 2 : 1;
        _stripe = 0;
        _limits.Set(s->Frame.LoopFilter.Sharpness);
        Layout(null);
        _memory.Reserve(_used);
        Layout(_memory.Pointer);
        BeginUpscale();
    }

    private byte* Take(nint bytes)
    {
        byte* p = _base + _used;
        _used += (nuint)(bytes + 63 & ~63);
        return p;
    }

    // Once to count, once to hand out.
    private void Layout(byte* memory)
    {
        _base = memory;
        _used = 0;
        LayoutDeblock();
        LayoutCdef();
        int width = Math.Max(_s->UpscaledWidth, _s->Width) + 63 & ~63;
        TakeLines(ref _above, width);
        TakeLines(ref _next, width);
        TakeLines(ref _below, width);
        LayoutRestoration(width);
    }

    private void TakeLines(ref Lines lines, int width)
    {
        lines.Stride = width * _bytes + 128;
        lines.Plane0 = Take(2 * lines.Stride) + 64;
        lines.Plane1 = Take(2 * lines.Stride) + 64;
        lines.Plane2 = Take(2 * lines.Stride) + 64;
    }

    /// <summary>Filters what can be filtered when a superblock row is reconstructed; rows come in order.</summary>
    /// <returns>How many luma rows of the output picture are final: all of them after the last row.</returns>
    public int FilterRow(int sbRow)
    {
        var s = _s;
        bool last = sbRow == s->SbRows - 1;
        int end = Math.Min((sbRow + 1) << (s->SbSizeLog2 + 2), s->MiRows * 4);
        if (!s->HasDeblock && !s->HasCdef && !s->HasSuperres && !s->HasRestoration)
            return Math.Min(end, s->Height);
        if (s->HasDeblock || s->HasCdef)
            CollectRow(sbRow);
        if (s->HasDeblock)
            DeblockRow(sbRow);
        while (true)
        {
            int first = Math.Max(0, _stripe * 64 - 8), stop = _stripe * 64 + 56;
            if (last ? first >= s->MiRows * 4 : stop > end - 8)
                break;
            FilterStripe(first, Math.Min(stop, s->MiRows * 4));
            _stripe++;
        }
        return last ? s->Height : Math.Max(0, _stripe * 64 - 8);
    }

    private int SubX(int plane) => plane > 0 ? _s->SubsamplingX : 0;

    private int SubY(int plane) => plane > 0 ? _s->SubsamplingY : 0;

    // Luma rows first to end; below end lie two more deblocked rows, or the frame ends.
    private void FilterStripe(int first, int end)
    {
        var s = _s;
        bool last = end == s->MiRows * 4;
        if (!last && (s->HasCdef || s->HasRestoration))
            SaveLines(end);
        if (s->HasCdef)
            CdefStripe(first, end);
        if (s->HasSuperres)
            UpscaleStripe(first, end);
        if (s->HasRestoration)
            RestoreStripe(first, end);
        (_above, _next) = (_next, _above);
        (_aboveUpscaled, _nextUpscaled) = (_nextUpscaled, _aboveUpscaled);
    }

    // The stripe's last two rows before CDEF: what lies above the next one.
    private void SaveLines(int end)
    {
        var s = _s;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            nint stride = s->Current.Stride(plane), bytes = ((s->MiCols * 4 >> SubX(plane)) * _bytes);
            byte* source = s->Current.Plane(plane) + ((end >> SubY(plane)) - 2) * stride;
            Buffer.MemoryCopy(source, _next.Row(plane, 0), bytes, bytes);
            Buffer.MemoryCopy(source + stride, _next.Row(plane, 1), bytes, bytes);
        }
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _memory.Dispose();
}
