// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <content>
/// 10- and 12-bit intra prediction. Up to 12 bits sums of four samples fit 16 bits, so plain vector arithmetic does.
/// Directional modes write the line of distinct samples to scratch once; every row is a copy of a window of it.
/// </content>
public static unsafe partial class Vp9IntraKernels
{
    private static void FillHigh(nint* entries)
    {
        FillHigh<Size4>(entries);
        FillHigh<Size8>(entries + Vp9KernelTable.IntraModes);
        FillHigh<Size16>(entries + 2 * Vp9KernelTable.IntraModes);
        FillHigh<Size32>(entries + 3 * Vp9KernelTable.IntraModes);
    }

    private static void FillHigh<TSize>(nint* e)
        where TSize : struct, IBlockSize
    {
        Set(e, Dc, &HighDc<TSize>);
        Set(e, Vertical, &HighVertical<TSize>);
        Set(e, Horizontal, &HighHorizontal<TSize>);
        Set(e, D45, &HighD45<TSize>);
        Set(e, D135, &HighD135<TSize>);
        Set(e, D117, &HighD117<TSize>);
        Set(e, D153, &HighD153<TSize>);
        Set(e, D207, &HighD207<TSize>);
        Set(e, D63, &HighD63<TSize>);
        Set(e, TrueMotion, &HighTrueMotion<TSize>);
        Set(e, DcLeft, &HighDcLeft<TSize>);
        Set(e, DcAbove, &HighDcAbove<TSize>);
        Set(e, DcNone, &HighDcNone<TSize>);
    }

    /// <summary>A line of samples: up to 96 of them, with room for whole vectors beyond.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Line
    {
        private readonly ushort _first;
    }

    /// <summary>Copies n samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow<TSize>(byte* dst, ushort* line)
        where TSize : struct, IBlockSize
    {
        if (TSize.N == 4)
        {
            *(ulong*)dst = *(ulong*)line;
            return;
        }
        Vector128.Load(line).Store((ushort*)dst);
        if (TSize.N >= 16)
        {
            Vector128.Load(line + 8).Store((ushort*)dst + 8);
        }
        if (TSize.N == 32)
        {
            Vector128.Load(line + 16).Store((ushort*)dst + 16);
            Vector128.Load(line + 24).Store((ushort*)dst + 24);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillRow<TSize>(byte* dst, Vector128<ushort> v)
        where TSize : struct, IBlockSize
    {
        if (TSize.N == 4)
        {
            *(ulong*)dst = v.AsUInt64().ToScalar();
            return;
        }
        v.Store((ushort*)dst);
        if (TSize.N >= 16)
        {
            v.Store((ushort*)dst + 8);
        }
        if (TSize.N == 32)
        {
            v.Store((ushort*)dst + 16);
            v.Store((ushort*)dst + 24);
        }
    }

    /// <summary>Sum of n samples: lanes stay below 2^16 (at most four times 4095), then they are widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HighSum<TSize>(byte* p)
        where TSize : struct, IBlockSize
    {
        var v = TSize.N == 4 ? Vector128.CreateScalar(*(ulong*)p).AsUInt16() : Vector128.Load((ushort*)p);
        if (TSize.N >= 16)
        {
            v += Vector128.Load((ushort*)p + 8);
        }
        if (TSize.N == 32)
        {
            v += Vector128.Load((ushort*)p + 16) + Vector128.Load((ushort*)p + 24);
        }
        return (int)Vector128.Sum(Vector128.WidenLower(v) + Vector128.WidenUpper(v));
    }

    private static void HighFill<TSize>(byte* dst, nint stride, int value)
        where TSize : struct, IBlockSize
    {
        var v = Vector128.Create((ushort)value);
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            FillRow<TSize>(dst, v);
        }
    }

    private static void HighDc<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => HighFill<TSize>(dst, stride, (int)((uint)(HighSum<TSize>(left) + HighSum<TSize>(above) + TSize.N) / (uint)(2 * TSize.N)));

    private static void HighDcLeft<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => HighFill<TSize>(dst, stride, (int)((uint)(HighSum<TSize>(left) + TSize.N / 2) / (uint)TSize.N));

    private static void HighDcAbove<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => HighFill<TSize>(dst, stride, (int)((uint)(HighSum<TSize>(above) + TSize.N / 2) / (uint)TSize.N));

    private static void HighDcNone<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
        => HighFill<TSize>(dst, stride, (maxValue + 1) >> 1);

    private static void HighVertical<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var p = (ushort*)above;
        var a = Vector128.Load(p);
        var b = Vector128.Load(p + (TSize.N >= 16 ? 8 : 0));
        var c = Vector128.Load(p + (TSize.N == 32 ? 16 : 0));
        var d = Vector128.Load(p + (TSize.N == 32 ? 24 : 0));
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            if (TSize.N == 4)
            {
                *(ulong*)dst = a.AsUInt64().ToScalar();
                continue;
            }
            a.Store((ushort*)dst);
            if (TSize.N >= 16)
            {
                b.Store((ushort*)dst + 8);
            }
            if (TSize.N == 32)
            {
                c.Store((ushort*)dst + 16);
                d.Store((ushort*)dst + 24);
            }
        }
    }

    private static void HighHorizontal<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            FillRow<TSize>(dst, Vector128.Create(((ushort*)left)[y]));
        }
    }

    private static void HighTrueMotion<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        var a = (short*)above;
        var corner = Vector128.Create(a[-1]);
        var limit = Vector128.Create((short)maxValue);
        var zero = Vector128<short>.Zero;
        if (TSize.N <= 8)
        {
            var d = Vector128.Load(a) - corner;
            for (var y = 0; y < TSize.N; y++, dst += stride)
            {
                var v = Vector128.Max(Vector128.Min(d + Vector128.Create(((short*)left)[y]), limit), zero);
                if (TSize.N == 4)
                {
                    *(ulong*)dst = v.AsUInt64().ToScalar();
                }
                else
                {
                    v.Store((short*)dst);
                }
            }
            return;
        }
        for (var x = 0; x < TSize.N; x += 16)
        {
            var d0 = Vector128.Load(a + x) - corner;
            var d1 = Vector128.Load(a + x + 8) - corner;
            var p = (short*)dst + x;
            for (var y = 0; y < TSize.N; y++)
            {
                var l = Vector128.Create(((short*)left)[y]);
                Vector128.Max(Vector128.Min(d0 + l, limit), zero).Store(p);
                Vector128.Max(Vector128.Min(d1 + l, limit), zero).Store(p + 8);
                p = (short*)((byte*)p + stride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighMean2(Vector128<ushort> a, Vector128<ushort> b)
        => (a + b + Vector128<ushort>.One) >> 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> HighMean3(Vector128<ushort> a, Vector128<ushort> b, Vector128<ushort> c)
        => (a + b + b + c + Vector128.Create((ushort)2)) >> 2;

    /// <summary>Copies the samples at p (count of them) and repeats the last one n + 8 times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(ushort* to, ushort* p, int count, int n)
    {
        var last = Vector128.Create(p[count - 1]);
        for (var i = 0; i < count; i += 8)
        {
            Vector128.Load(p + i).Store(to + i);
        }
        for (var i = 0; i < n + 8; i += 8)
        {
            last.Store(to + count + i);
        }
    }

    [SkipLocalsInit]
    private static void HighD45<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line filtered;
        var e = (ushort*)&edge;
        var f = (ushort*)&filtered;
        Extend(e, (ushort*)above, TSize.N == 4 ? 8 : TSize.N, TSize.N);
        for (var i = 0; i < 2 * TSize.N; i += 8)
        {
            HighMean3(Vector128.Load(e + i), Vector128.Load(e + i + 1), Vector128.Load(e + i + 2)).Store(f + i);
        }
        if (TSize.N == 4)
        {
            f[6] = e[7];
        }
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            CopyRow<TSize>(dst, f + y);
        }
    }

    [SkipLocalsInit]
    private static void HighD63<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line evenLine;
        Line oddLine;
        var e = (ushort*)&edge;
        var even = (ushort*)&evenLine;
        var odd = (ushort*)&oddLine;
        Extend(e, (ushort*)above, TSize.N == 4 ? 8 : TSize.N, TSize.N);
        for (var i = 0; i < TSize.N + TSize.N / 2; i += 8)
        {
            var a = Vector128.Load(e + i);
            var b = Vector128.Load(e + i + 1);
            HighMean2(a, b).Store(even + i);
            HighMean3(a, b, Vector128.Load(e + i + 2)).Store(odd + i);
        }
        for (var y = 0; y < TSize.N / 2; y++, dst += 2 * stride)
        {
            CopyRow<TSize>(dst, even + y);
            CopyRow<TSize>(dst + stride, odd + y);
        }
    }

    [SkipLocalsInit]
    private static void HighD207<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line pairs;
        var e = (ushort*)&edge;
        var w = (uint*)&pairs;
        Extend(e, (ushort*)left, TSize.N, TSize.N);
        for (var i = 0; i < TSize.N + TSize.N / 2; i += 8)
        {
            var a = Vector128.Load(e + i);
            var b = Vector128.Load(e + i + 1);
            var even = HighMean2(a, b);
            var odd = HighMean3(a, b, Vector128.Load(e + i + 2));
            (Vector128.WidenLower(even) | (Vector128.WidenLower(odd) << 16)).Store(w + i);
            (Vector128.WidenUpper(even) | (Vector128.WidenUpper(odd) << 16)).Store(w + i + 4);
        }
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            CopyRow<TSize>(dst, (ushort*)(w + y));
        }
    }

    /// <summary>
    /// The edge as one line in e: e[0] = left[n-1] … e[n-1] = left[0], e[n] the corner, then the row above.
    /// Filtered into f: f[i] is centred on e[i] for i in 1..2n-1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterEdge(ushort* e, ushort* f, ushort* left, ushort* above, int n)
    {
        for (var i = 0; i < n; i++)
        {
            e[n - 1 - i] = left[i];
        }
        e[n] = above[-1];
        for (var i = 0; i < n; i += 8)
        {
            Vector128.Load(above + i).Store(e + n + 1 + i);
        }
        for (var i = 1; i < 2 * n; i += 8)
        {
            HighMean3(Vector128.Load(e + i - 1), Vector128.Load(e + i), Vector128.Load(e + i + 1)).Store(f + i);
        }
    }

    [SkipLocalsInit]
    private static void HighD135<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line filtered;
        var f = (ushort*)&filtered;
        FilterEdge((ushort*)&edge, f, (ushort*)left, (ushort*)above, TSize.N);
        for (var y = 0; y < TSize.N; y++, dst += stride)
        {
            CopyRow<TSize>(dst, f + TSize.N - y);
        }
    }

    [SkipLocalsInit]
    private static void HighD117<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line filtered;
        Line evenLine;
        Line oddLine;
        var n = TSize.N;
        var e = (ushort*)&edge;
        var f = (ushort*)&filtered;
        var even = (ushort*)&evenLine + n / 2;
        var odd = (ushort*)&oddLine + n / 2;
        FilterEdge(e, f, (ushort*)left, (ushort*)above, n);
        for (var i = 0; i < n; i += 8)
        {
            HighMean2(Vector128.Load(e + n + i), Vector128.Load(e + n + 1 + i)).Store(even + i);
            Vector128.Load(f + n + i).Store(odd + i);
        }
        // Row 2 begins with the filtered left[0], row 3 with left[1], row 4 with left[2] and so on.
        for (var i = 1; i < n / 2; i++)
        {
            even[-i] = f[n + 1 - 2 * i];
            odd[-i] = f[n - 2 * i];
        }
        for (var y = 0; y < n / 2; y++, dst += 2 * stride)
        {
            CopyRow<TSize>(dst, even - y);
            CopyRow<TSize>(dst + stride, odd - y);
        }
    }

    [SkipLocalsInit]
    private static void HighD153<TSize>(byte* dst, nint stride, byte* left, byte* above, int maxValue)
        where TSize : struct, IBlockSize
    {
        Line edge;
        Line filtered;
        Line pairs;
        var n = TSize.N;
        var e = (ushort*)&edge;
        var f = (ushort*)&filtered;
        // Row y is the window at 2 * (n - 1 - y): pairs (mean, filtered) up the left column, then the filtered row above.
        var w = (ushort*)&pairs;
        FilterEdge(e, f, (ushort*)left, (ushort*)above, n);
        for (var i = 0; i < n; i++)
        {
            w[2 * i] = (ushort)((e[i] + e[i + 1] + 1) >> 1);
            w[2 * i + 1] = f[i + 1];
        }
        for (var i = 0; i < n; i += 8)
        {
            Vector128.Load(f + n + 1 + i).Store(w + 2 * n + i);
        }
        for (var y = 0; y < n; y++, dst += stride)
        {
            CopyRow<TSize>(dst, w + 2 * (n - 1 - y));
        }
    }
}
