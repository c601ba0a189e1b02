// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>How far from the edge a kernel changed samples.</summary>
internal static class Vp9EdgeChange
{
    /// <summary>Nothing.</summary>
    public const int None = 0;
    /// <summary>Two samples on both sides.</summary>
    public const int Two = 1;
    /// <summary>Three samples on both sides.</summary>
    public const int Three = 2;
    /// <summary>Seven samples on both sides.</summary>
    public const int Seven = 3;
}

/// <summary>
/// Filters some 8-sample segments of one edge at once. A window is the samples across the edge: window row k holds the samples
/// at distance k from the edge for all segments side by side.
/// </summary>
internal unsafe interface IVp9EdgeKernel
{
    /// <summary>Bytes of a sample.</summary>
    static abstract int SampleBytes { get; }

    /// <summary>Segments of 8 samples filtered together.</summary>
    static abstract int Segments { get; }

    /// <summary>
    /// Filters in place. <paramref name="q0"/> is the window row right behind the edge, <paramref name="step"/> the distance of window rows.
    /// Segment i has the level at <c>levels[i * levelStep]</c> and is filtered when bit i of <paramref name="active"/> is set,
    /// with up to 7 taps when in <paramref name="wide8"/>, up to 15 when in <paramref name="wide16"/> (which is part of wide8).
    /// </summary>
    static abstract int Filter(byte* q0, nint step, byte* levels, nint levelStep, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16);

    /// <summary>Reads 8 columns of all segments' picture rows as 8 window rows.</summary>
    static abstract void LoadColumns(byte* source, nint stride, byte* window);

    /// <summary>Writes 8 window rows as picture columns.</summary>
    static abstract void StoreColumns8(byte* window, byte* target, nint stride);

    /// <summary>Writes 4 window rows as picture columns.</summary>
    static abstract void StoreColumns4(byte* window, byte* target, nint stride);
}

/// <summary>A window of 80 rows of up to 32 bytes, with room to align it.</summary>
[InlineArray(162)]
internal struct Vp9EdgeWindow
{
    private Vector128<byte> _e;
}

/// <summary>
/// The walk over a superblock's edges. <typeparamref name="THalf"/> takes vertical edges where only one half of
/// <typeparamref name="TKernel"/>'s segments is set; both may be the same.
/// </summary>
internal static unsafe class Vp9LoopFilterKernels<TKernel, THalf>
    where TKernel : struct, IVp9EdgeKernel
    where THalf : struct, IVp9EdgeKernel
{
    private static uint SegmentMask => (1u << TKernel.Segments) - 1;

    /// <summary>
    /// Vertical edges. Rows do not depend on each other, edges of a row are taken from left to right (spec 8.8.1).
    /// </summary>
    [SkipLocalsInit]
    public static void Vertical(byte* samples, nint stride, Vp9LoopFilterPlane* plane, Vp9LoopFilterLimits* limits)
    {
        Vp9EdgeWindow storage;
        byte* window = (byte*)(((nuint)(&storage) + 31) & ~(nuint)31);
        int segments = TKernel.Segments, half = THalf.Segments;
        for (int row = 0; row < 8; row += segments, samples += 8 * segments * stride)
        {
            Vp9EdgeMasks edges;
            edges.Wide16 = Rows(plane->Vertical.Wide16, row);
            edges.Wide8 = Rows(plane->Vertical.Wide8, row) | edges.Wide16;
            edges.Wide4 = Rows(plane->Vertical.Wide4, row) | edges.Wide8;
            edges.Inner4 = Rows(plane->Vertical.Inner4, row);
            uint all = (uint)(edges.Wide4 | edges.Inner4);
            byte* levels = plane->Levels + row * 8;
            if (all == 0)
            {
                continue;
            }
            if (segments != half && all >> (half * 8) == 0)
            {
                Columns<THalf>(samples, stride, levels, limits, &edges, window);
            }
            else if (segments != half && (all & ((1u << (half * 8)) - 1)) == 0)
            {
                edges.Wide16 >>= half * 8;
                edges.Wide8 >>= half * 8;
                edges.Wide4 >>= half * 8;
                edges.Inner4 >>= half * 8;
                Columns<THalf>(samples + half * 8 * stride, stride, levels + half * 8, limits, &edges, window);
            }
            else
            {
                Columns<TKernel>(samples, stride, levels, limits, &edges, window);
            }
        }
    }

    // What was changed of a group of 8 columns.
    private const uint ChangedMiddle = 1, ChangedLeft = 2, ChangedRight = 4, ChangedBoth = 6;

    /// <summary>
    /// The vertical edges of as many rows as T takes at once. Picture columns are transposed in groups of 8 around the edges:
    /// group g holds columns 8g-4 to 8g+3, of which an edge needs one, an inner edge half of two, a wide edge halves of the neighbours too.
    /// So each column is read and written at most once, however many edges change it.
    /// </summary>
    private static void Columns<T>(byte* x, nint stride, byte* levels, Vp9LoopFilterLimits* limits, Vp9EdgeMasks* edges, byte* window)
        where T : struct, IVp9EdgeKernel
    {
        int bytes = T.SampleBytes;
        nint step = T.Segments * 8 * bytes;
        byte* origin = window + 12 * step;
        uint wide16 = (uint)edges->Wide16, wide8 = (uint)edges->Wide8, wide4 = (uint)edges->Wide4, inner = (uint)edges->Inner4;
        // Four bits for each group from -1 to 8.
        ulong changed = 0;
        int loaded = -2;
        for (int unit = 0; (wide4 | inner) != 0; unit++)
        {
            if (((wide4 | inner) & 0x01010101) != 0)
            {
                uint s16 = Column(wide16), s4 = Column(wide4), s = Column(inner);
                int group = Math.Max(s16 != 0 ? unit - 1 : unit, loaded + 1);
                loaded = (s16 | s) != 0 ? unit + 1 : Math.Max(unit, loaded);
                for (; group <= loaded; group++)
                {
                    // Without an edge at column 0 nothing left of it is needed, and there may be no memory left of it.
                    // The next group is always loaded too, over the columns read here twice.
                    int column = group == 0 && (unit != 0 || s4 == 0) ? 0 : group * 8 - 4;
                    T.LoadColumns(x + column * bytes, stride, origin + column * step);
                }
                byte* q0 = origin + unit * 8 * step;
                int shift = 4 * (unit + 1);
                if (s4 != 0)
                {
                    switch (T.Filter(q0, step, levels, 8, limits, s4, Column(wide8), s16))
                    {
                        case Vp9EdgeChange.Two:
                            changed |= (ulong)ChangedMiddle << shift;
                            break;
                        case Vp9EdgeChange.Three:
                            changed |= (ulong)ChangedBoth << shift;
                            break;
                        case Vp9EdgeChange.Seven:
                            changed |= ((ulong)ChangedRight | ChangedBoth << 4 | ChangedLeft << 8) << (shift - 4);
                            break;
                    }
                }
                if (s != 0 && T.Filter(q0 + 4 * step, step, levels, 8, limits, s, 0, 0) != Vp9EdgeChange.None)
                {
                    changed |= ((ulong)ChangedRight | ChangedLeft << 4) << shift;
                }
            }
            wide16 >>= 1;
            wide8 >>= 1;
            wide4 = (wide4 >> 1) & 0x7f7f7f7f;
            inner = (inner >> 1) & 0x7f7f7f7f;
            levels++;
        }
        // Halves are told apart because the outermost ones belong to other superblocks, which may be in work elsewhere.
        for (int column = -12; changed != 0; column += 8, changed >>= 4)
        {
            switch ((uint)changed & 15)
            {
                case 0:
                    break;
                case ChangedMiddle:
                    T.StoreColumns4(origin + (column + 2) * step, x + (column + 2) * bytes, stride);
                    break;
                case ChangedLeft:
                    T.StoreColumns4(origin + column * step, x + column * bytes, stride);
                    break;
                case ChangedRight:
                    T.StoreColumns4(origin + (column + 4) * step, x + (column + 4) * bytes, stride);
                    break;
                default:
                    T.StoreColumns8(origin + column * step, x + column * bytes, stride);
                    break;
            }
        }
    }

    /// <summary>Horizontal edges. Columns do not depend on each other, edges are taken from top to bottom.</summary>
    public static void Horizontal(byte* samples, nint stride, Vp9LoopFilterPlane* plane, Vp9LoopFilterLimits* limits)
    {
        ulong wide16 = plane->Horizontal.Wide16;
        ulong wide8 = plane->Horizontal.Wide8 | wide16;
        ulong wide4 = plane->Horizontal.Wide4 | wide8;
        ulong inner = plane->Horizontal.Inner4;
        byte* levels = plane->Levels;
        for (; (wide4 | inner) != 0; samples += 8 * stride, levels += 8)
        {
            Row(samples, stride, levels, limits, (uint)wide4 & 0xff, (uint)wide8 & 0xff, (uint)wide16 & 0xff);
            Row(samples + 4 * stride, stride, levels, limits, (uint)inner & 0xff, 0, 0);
            wide16 >>= 8;
            wide8 >>= 8;
            wide4 >>= 8;
            inner >>= 8;
        }
    }

    private static void Row(byte* q0, nint stride, byte* levels, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16)
    {
        int segments = TKernel.Segments;
        while (active != 0)
        {
            uint s = active & SegmentMask;
            if (s != 0)
            {
                TKernel.Filter(q0, stride, levels, 1, limits, s, wide8 & SegmentMask, wide16 & SegmentMask);
            }
            active >>= segments;
            wide8 >>= segments;
            wide16 >>= segments;
            q0 += segments * 8 * TKernel.SampleBytes;
            levels += segments;
        }
    }

    // The unit rows a kernel takes at once, from bit 0 on.
    private static ulong Rows(ulong mask, int row)
        => (mask >> (row * 8)) & ((1UL << (TKernel.Segments * 8)) - 1);

    // Bits 0, 8, 16, 24 to bits 0..3: each factor moves one of them to bit 24 and up, the products do not meet.
    private static uint Column(ulong rows)
        => ((((uint)rows & 0x01010101) * 0x01020408) >> 24) & 15;
}
