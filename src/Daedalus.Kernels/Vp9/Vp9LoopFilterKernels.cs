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

/// <summary>16 window rows of up to 32 bytes, with room to align them.</summary>
[InlineArray(34)]
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
        int segments = TKernel.Segments;
        for (int row = 0; row < 8; row += segments, samples += 8 * segments * stride)
        {
            ulong wide16 = Rows(plane->Vertical.Wide16, row);
            ulong wide8 = Rows(plane->Vertical.Wide8, row);
            ulong wide4 = Rows(plane->Vertical.Wide4, row);
            ulong inner = Rows(plane->Vertical.Inner4, row);
            ulong all = wide16 | wide8 | wide4 | inner;
            byte* x = samples;
            byte* levels = plane->Levels + row * 8;
            for (; all != 0; all = (all >> 1) & 0x7f7f7f7f, x += 8 * TKernel.SampleBytes, levels++)
            {
                if ((all & 0x01010101) != 0)
                {
                    uint s16 = Column(wide16);
                    uint s8 = Column(wide8) | s16;
                    uint s4 = Column(wide4) | s8;
                    if (s4 != 0)
                    {
                        Edge(x, stride, levels, limits, s4, s8, s16, window);
                    }
                    uint s = Column(inner);
                    if (s != 0)
                    {
                        Edge(x + 4 * TKernel.SampleBytes, stride, levels, limits, s, 0, 0, window);
                    }
                }
                wide16 >>= 1;
                wide8 >>= 1;
                wide4 >>= 1;
                inner >>= 1;
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

    private static void Edge(byte* x, nint stride, byte* levels, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16, byte* window)
    {
        if (TKernel.Segments != THalf.Segments)
        {
            int half = THalf.Segments;
            if (active >> half == 0)
            {
                Segments<THalf>(x, stride, levels, limits, active, wide8, wide16, window);
                return;
            }
            if ((active & ((1u << half) - 1)) == 0)
            {
                Segments<THalf>(x + half * 8 * stride, stride, levels + half * 8, limits, active >> half, wide8 >> half, wide16 >> half, window);
                return;
            }
        }
        Segments<TKernel>(x, stride, levels, limits, active, wide8, wide16, window);
    }

    private static void Segments<T>(byte* x, nint stride, byte* levels, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16, byte* window)
        where T : struct, IVp9EdgeKernel
    {
        int bytes = T.SampleBytes;
        nint step = T.Segments * 8 * bytes;
        byte* q0 = window + 8 * step;
        if (wide16 != 0)
        {
            T.LoadColumns(x - 8 * bytes, stride, window);
            T.LoadColumns(x, stride, q0);
        }
        else
        {
            T.LoadColumns(x - 4 * bytes, stride, q0 - 4 * step);
        }
        switch (T.Filter(q0, step, levels, 8, limits, active, wide8, wide16))
        {
            case Vp9EdgeChange.Two:
                T.StoreColumns4(q0 - 2 * step, x - 2 * bytes, stride);
                break;
            case Vp9EdgeChange.Three:
                T.StoreColumns8(q0 - 4 * step, x - 4 * bytes, stride);
                break;
            case Vp9EdgeChange.Seven:
                T.StoreColumns8(window, x - 8 * bytes, stride);
                T.StoreColumns8(q0, x, stride);
                break;
        }
    }

    // The unit rows a kernel takes at once, from bit 0 on.
    private static ulong Rows(ulong mask, int row)
        => (mask >> (row * 8)) & ((1UL << (TKernel.Segments * 8)) - 1);

    // Bits 0, 8, 16, 24 to bits 0..3: each factor moves one of them to bit 24 and up, the products do not meet.
    private static uint Column(ulong rows)
        => ((((uint)rows & 0x01010101) * 0x01020408) >> 24) & 15;
}
