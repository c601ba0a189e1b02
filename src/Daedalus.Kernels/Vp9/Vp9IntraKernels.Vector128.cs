// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.Vp9;

/// <content>
/// 8-bit intra prediction on 128-bit vectors, one body for SSE4.1 and AdvSimd. Directional modes keep the line of distinct
/// samples in registers and shift it by one or two samples per row.
/// </content>
public static unsafe partial class Vp9IntraKernels
{
    private static void FillVector128(nint* entries)
    {
        FillVector128<Size4>(entries);
        FillVector128<Size8>(entries + Vp9KernelTable.IntraModes);
        FillVector128<Size16>(entries + 2 * Vp9KernelTable.IntraModes);
        FillVector128<Size32>(entries + 3 * Vp9KernelTable.IntraModes);
    }

    private static void FillVector128<TSize>(nint* e)
        where TSize : struct, IBlockSize
    {
        Set(e, Dc, &Vector128Dc<TSize>);
        Set(e, Vertical, &Vector128Vertical<TSize>);
        Set(e, Horizontal, &Vector128Horizontal<TSize>);
        Set(e, D45, &Vector128D45<TSize>);
        Set(e, D135, &Vector128D135<TSize>);
        Set(e, D117, &Vector128D117<TSize>);
        Set(e, D153, &Vector128D153<TSize>);
        Set(e, D207, &Vector128D207<TSize>);
        Set(e, D63, &Vector128D63<TSize>);
        Set(e, TrueMotion, &Vector128TrueMotion<TSize>);
        Set(e, DcLeft, &Vector128DcLeft<TSize>);
        Set(e, DcAbove, &Vector128DcAbove<TSize>);
        Set(e, DcNone, &Vector128DcNone<TSize>);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillRows<TSize>(byte* dst, nint stride, Vector128<byte> v)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, v);
            StoreRow<TSize>(dst + stride, v);
            if (TSize.N == 32)
            {
                v.Store(dst + 16);
                v.Store(dst + stride + 16);
            }
        }
    }

    private static void Vector128Dc<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillRows<TSize>(dst, stride, Vector128.Create((byte)((uint)(SumOf<TSize>(left) + SumOf<TSize>(above) + TSize.N) / (uint)(2 * TSize.N))));

    private static void Vector128DcLeft<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillRows<TSize>(dst, stride, Vector128.Create((byte)((uint)(SumOf<TSize>(left) + TSize.N / 2) / (uint)TSize.N)));

    private static void Vector128DcAbove<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillRows<TSize>(dst, stride, Vector128.Create((byte)((uint)(SumOf<TSize>(above) + TSize.N / 2) / (uint)TSize.N)));

    private static void Vector128DcNone<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => FillRows<TSize>(dst, stride, Vector128.Create((byte)128));

    private static void Vector128Vertical<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var a = Vector128.Load(above);
        var b = TSize.N == 32 ? Vector128.Load(above + 16) : a;
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, a);
            StoreRow<TSize>(dst + stride, a);
            if (TSize.N == 32)
            {
                b.Store(dst + 16);
                b.Store(dst + stride + 16);
            }
        }
    }

    private static void Vector128Horizontal<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y += 4, dst += 4 * stride)
        {
            var l = Vector128.CreateScalarUnsafe(*(uint*)(left + y)).AsByte();
            var v0 = Select(l, Vector128<byte>.Zero);
            var v1 = Select(l, Vector128.Create((byte)1));
            var v2 = Select(l, Vector128.Create((byte)2));
            var v3 = Select(l, Vector128.Create((byte)3));
            StoreRow<TSize>(dst, v0);
            StoreRow<TSize>(dst + stride, v1);
            StoreRow<TSize>(dst + 2 * stride, v2);
            StoreRow<TSize>(dst + 3 * stride, v3);
            if (TSize.N == 32)
            {
                v0.Store(dst + 16);
                v1.Store(dst + stride + 16);
                v2.Store(dst + 2 * stride + 16);
                v3.Store(dst + 3 * stride + 16);
            }
        }
    }

    /// <summary>above + left - corner, clipped: a saturating addition and a saturating subtraction, one of them of zero.</summary>
    private static void Vector128TrueMotion<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var corner = Vector128.Create(above[-1]);
        var a = Vector128.Load(above);
        var b = TSize.N == 32 ? Vector128.Load(above + 16) : a;
        for (var y = 0; y < TSize.N; y += 4, dst += 4 * stride)
        {
            var l = Vector128.CreateScalarUnsafe(*(uint*)(left + y)).AsByte();
            var plus = SubtractClip(l, corner);
            var minus = SubtractClip(corner, l);
            var p0 = Select(plus, Vector128<byte>.Zero);
            var p1 = Select(plus, Vector128.Create((byte)1));
            var p2 = Select(plus, Vector128.Create((byte)2));
            var p3 = Select(plus, Vector128.Create((byte)3));
            var m0 = Select(minus, Vector128<byte>.Zero);
            var m1 = Select(minus, Vector128.Create((byte)1));
            var m2 = Select(minus, Vector128.Create((byte)2));
            var m3 = Select(minus, Vector128.Create((byte)3));
            StoreRow<TSize>(dst, SubtractClip(AddClip(a, p0), m0));
            StoreRow<TSize>(dst + stride, SubtractClip(AddClip(a, p1), m1));
            StoreRow<TSize>(dst + 2 * stride, SubtractClip(AddClip(a, p2), m2));
            StoreRow<TSize>(dst + 3 * stride, SubtractClip(AddClip(a, p3), m3));
            if (TSize.N == 32)
            {
                SubtractClip(AddClip(b, p0), m0).Store(dst + 16);
                SubtractClip(AddClip(b, p1), m1).Store(dst + stride + 16);
                SubtractClip(AddClip(b, p2), m2).Store(dst + 2 * stride + 16);
                SubtractClip(AddClip(b, p3), m3).Store(dst + 3 * stride + 16);
            }
        }
    }

    private static void Vector128D45<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var last = Vector128.Create(above[TSize.N == 4 ? 7 : TSize.N - 1]);
        var a = LoadExtended<TSize>(above, last);
        if (TSize.N == 32)
        {
            var b = Vector128.Load(above + 16);
            var v = Mean3(a, Next1(a, b), Next2(a, b));
            var w = Mean3(b, Next1(b, last), Next2(b, last));
            for (var y = 0; y < 32; y++, dst += stride)
            {
                v.Store(dst);
                w.Store(dst + 16);
                v = Next1(v, w);
                w = Next1(w, last);
            }
            return;
        }
        var line = Mean3(a, Next1(a, last), Next2(a, last));
        if (TSize.N == 4)
        {
            // The bottom right sample is the last one above, not filtered.
            line = line.WithElement(6, above[7]);
        }
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, line);
            line = Next1(line, last);
            StoreRow<TSize>(dst + stride, line);
            line = Next1(line, last);
        }
    }

    private static void Vector128D63<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var last = Vector128.Create(above[TSize.N == 4 ? 7 : TSize.N - 1]);
        var a = LoadExtended<TSize>(above, last);
        if (TSize.N == 32)
        {
            var b = Vector128.Load(above + 16);
            var a1 = Next1(a, b);
            var b1 = Next1(b, last);
            var even0 = Mean2(a, a1);
            var even1 = Mean2(b, b1);
            var odd0 = Mean3(a, a1, Next2(a, b));
            var odd1 = Mean3(b, b1, Next2(b, last));
            for (var y = 0; y < 32; y += 2, dst += 2 * stride)
            {
                even0.Store(dst);
                even1.Store(dst + 16);
                odd0.Store(dst + stride);
                odd1.Store(dst + stride + 16);
                even0 = Next1(even0, even1);
                even1 = Next1(even1, last);
                odd0 = Next1(odd0, odd1);
                odd1 = Next1(odd1, last);
            }
            return;
        }
        var next = Next1(a, last);
        var even = Mean2(a, next);
        var odd = Mean3(a, next, Next2(a, last));
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, even);
            StoreRow<TSize>(dst + stride, odd);
            even = Next1(even, last);
            odd = Next1(odd, last);
        }
    }

    private static void Vector128D207<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var last = Vector128.Create(left[TSize.N - 1]);
        var a = TSize.N == 4
            ? Vector128.Create(*(uint*)left, last.AsUInt32().ToScalar(), 0, 0).AsByte()
            : LoadExtended<TSize>(left, last);
        if (TSize.N == 32)
        {
            var b = Vector128.Load(left + 16);
            var a1 = Next1(a, b);
            var b1 = Next1(b, last);
            var even0 = Mean2(a, a1);
            var even1 = Mean2(b, b1);
            var odd0 = Mean3(a, a1, Next2(a, b));
            var odd1 = Mean3(b, b1, Next2(b, last));
            var w0 = InterleaveLow(even0, odd0);
            var w1 = InterleaveHigh(even0, odd0);
            var w2 = InterleaveLow(even1, odd1);
            var w3 = InterleaveHigh(even1, odd1);
            for (var y = 0; y < 32; y++, dst += stride)
            {
                w0.Store(dst);
                w1.Store(dst + 16);
                w0 = Next2(w0, w1);
                w1 = Next2(w1, w2);
                w2 = Next2(w2, w3);
                w3 = Next2(w3, last);
            }
            return;
        }
        var next = Next1(a, last);
        var even = Mean2(a, next);
        var odd = Mean3(a, next, Next2(a, last));
        var line = InterleaveLow(even, odd);
        var rest = TSize.N == 16 ? InterleaveHigh(even, odd) : last;
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, line);
            line = Next2(line, rest);
            rest = Next2(rest, last);
            StoreRow<TSize>(dst + stride, line);
            line = Next2(line, rest);
            rest = Next2(rest, last);
        }
    }

    /// <summary>Filtered left column from top to bottom: sample j is centred on left[j]. The last one is meaningless.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FilteredLeft(byte* left, byte* above)
    {
        var l = Vector128.Load(left);
        return Mean3(Push1(l, Vector128.Create(above[-1])), l, Vector128.Load(left + 1));
    }

    /// <summary>Filtered row above from the corner on: sample i is centred on above[i - 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FilteredAbove(byte* left, byte* above)
    {
        var a = Vector128.Load(above - 1);
        return Mean3(Push1(a, Vector128.Create(left[0])), a, Vector128.Load(above));
    }

    private static void Vector128D135<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var row = FilteredAbove(left, above);
        var column = Reverse(FilteredLeft(left, above));
        if (TSize.N == 32)
        {
            var row1 = Mean3(Vector128.Load(above + 14), Vector128.Load(above + 15), Vector128.Load(above + 16));
            var column1 = Reverse(Mean3(Vector128.Load(left + 15), Vector128.Load(left + 16), Vector128.Load(left + 17)));
            for (var y = 0; y < 32; y++, dst += stride)
            {
                row.Store(dst);
                row1.Store(dst + 16);
                row1 = Push1(row1, row);
                row = Push1(row, column);
                column = Push1(column, column1);
                column1 = Push1(column1, column1);
            }
            return;
        }
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, row);
            row = Push1(row, column);
            column = Push1(column, column);
            StoreRow<TSize>(dst + stride, row);
            row = Push1(row, column);
            column = Push1(column, column);
        }
    }

    private static void Vector128D117<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var even = Mean2(Vector128.Load(above - 1), Vector128.Load(above));
        var odd = FilteredAbove(left, above);
        var column = FilteredLeft(left, above);
        // Even rows take filtered left samples 0, 2, 4… from the left, odd rows 1, 3, 5…; both as reversed queues.
        var evenColumn = Vector128.Shuffle(column, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 255, 255, 14, 12, 10, 8, 6, 4, 2, 0));
        var oddColumn = Vector128.Shuffle(column, Vector128.Create((byte)255, 255, 255, 255, 255, 255, 255, 255, 15, 13, 11, 9, 7, 5, 3, 1));
        if (TSize.N == 32)
        {
            var even1 = Mean2(Vector128.Load(above + 15), Vector128.Load(above + 16));
            var odd1 = Mean3(Vector128.Load(above + 14), Vector128.Load(above + 15), Vector128.Load(above + 16));
            var column1 = Mean3(Vector128.Load(left + 15), Vector128.Load(left + 16), Vector128.Load(left + 17));
            evenColumn |= Vector128.Shuffle(column1, Vector128.Create((byte)14, 12, 10, 8, 6, 4, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255));
            oddColumn |= Vector128.Shuffle(column1, Vector128.Create((byte)15, 13, 11, 9, 7, 5, 3, 1, 255, 255, 255, 255, 255, 255, 255, 255));
            for (var y = 0; y < 32; y += 2, dst += 2 * stride)
            {
                even.Store(dst);
                even1.Store(dst + 16);
                odd.Store(dst + stride);
                odd1.Store(dst + stride + 16);
                even1 = Push1(even1, even);
                even = Push1(even, evenColumn);
                odd1 = Push1(odd1, odd);
                odd = Push1(odd, oddColumn);
                evenColumn = Push1(evenColumn, evenColumn);
                oddColumn = Push1(oddColumn, oddColumn);
            }
            return;
        }
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, even);
            StoreRow<TSize>(dst + stride, odd);
            even = Push1(even, evenColumn);
            odd = Push1(odd, oddColumn);
            evenColumn = Push1(evenColumn, evenColumn);
            oddColumn = Push1(oddColumn, oddColumn);
        }
    }

    private static void Vector128D153<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var filtered = FilteredAbove(left, above);
        var row = Push1(filtered, Vector128.Create((byte)((above[-1] + left[0] + 1) >> 1)));
        // Pairs (mean, filtered) that enter from the left, the first one last.
        var column = Reverse(FilteredLeft(left, above));
        var means = Reverse(Mean2(Vector128.Load(left), Vector128.Load(left + 1)));
        var q0 = InterleaveHigh(means, column);
        var q1 = InterleaveLow(means, column);
        if (TSize.N == 32)
        {
            var row1 = Push1(Mean3(Vector128.Load(above + 14), Vector128.Load(above + 15), Vector128.Load(above + 16)), filtered);
            var column1 = Reverse(Mean3(Vector128.Load(left + 15), Vector128.Load(left + 16), Vector128.Load(left + 17)));
            var means1 = Reverse(Mean2(Vector128.Load(left + 16), Vector128.Load(left + 17)));
            var q2 = InterleaveHigh(means1, column1);
            var q3 = InterleaveLow(means1, column1);
            for (var y = 0; y < 32; y++, dst += stride)
            {
                row.Store(dst);
                row1.Store(dst + 16);
                row1 = Push2(row1, row);
                row = Push2(row, q0);
                q0 = Push2(q0, q1);
                q1 = Push2(q1, q2);
                q2 = Push2(q2, q3);
                q3 = Push2(q3, q3);
            }
            return;
        }
        for (var y = 0; y < TSize.N; y += 2, dst += 2 * stride)
        {
            StoreRow<TSize>(dst, row);
            row = Push2(row, q0);
            q0 = Push2(q0, q1);
            q1 = Push2(q1, q1);
            StoreRow<TSize>(dst + stride, row);
            row = Push2(row, q0);
            q0 = Push2(q0, q1);
            q1 = Push2(q1, q1);
        }
    }
}
