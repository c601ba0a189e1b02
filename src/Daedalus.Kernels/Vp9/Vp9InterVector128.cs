// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Motion compensation with 128-bit vectors, in columns of 8 bytes: a row of a column filtered, or zipped with the next row
/// for the vertical pass, fills one vector. Vertical windows roll through registers as pairs of rows, one set for even and
/// one for odd rows; the passes of narrow blocks meet in registers, those of wide ones in a small scratch.
/// </summary>
internal readonly unsafe struct Bodies128<TOps, TStore> : IInterBodies
    where TOps : struct, IInterOps128 where TStore : struct, IStore
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height) where TWidth : struct, IWidth
    {
        do
        {
            if (TWidth.Bytes == 4)
                TStore.Store4(dst, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(src)).AsByte());
            else if (TWidth.Bytes == 8)
                TStore.Store8(dst, Load8(src));
            else
            {
                for (int x = 0; x < TWidth.Bytes; x += 16)
                    TStore.Store16(dst + x, Vector128.Load(src + x));
            }
            dst += dstStride;
            src += srcStride;
        }
        while (--height > 0);
    }

    public static void Horizontal<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        Vector128<byte> t0 = TOps.Taps(taps, 0), t1 = TOps.Taps(taps, 1), t2 = TOps.Taps(taps, 2), t3 = TOps.Taps(taps, 3);
        Vector128<byte> max = Vector128.Create((ushort)maxValue).AsByte();
        src -= 3 * TOps.SampleSize;
        do
        {
            if (TWidth.Bytes < 16)
            {
                Vector128<byte> v = RowFilter(src, t0, t1, t2, t3);
                Store<TWidth>(dst, TOps.Pack(v, v, max));
            }
            else
            {
                for (int x = 0; x < TWidth.Bytes; x += 16)
                {
                    Vector128<byte> a = RowFilter(src + x, t0, t1, t2, t3);
                    Vector128<byte> b = RowFilter(src + x + 8, t0, t1, t2, t3);
                    TStore.Store16(dst + x, TOps.Pack(a, b, max));
                }
            }
            dst += dstStride;
            src += srcStride;
        }
        while (--height > 0);
    }

    public static void Vertical<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        Vector128<byte> t0 = TOps.Taps(taps, 0), t1 = TOps.Taps(taps, 1), t2 = TOps.Taps(taps, 2), t3 = TOps.Taps(taps, 3);
        Vector128<byte> max = Vector128.Create((ushort)maxValue).AsByte();
        src -= 3 * srcStride;
        for (int x = 0; x < TWidth.Bytes; x += 8)
        {
            byte* s = src + x;
            byte* d = dst + x;
            Vector128<byte> r0 = Load8(s), r1 = Load8(s + srcStride), r2 = Load8(s + 2 * srcStride);
            s += 3 * srcStride;
            Vector128<byte> r3 = Load8(s), r4 = Load8(s + srcStride), r5 = Load8(s + 2 * srcStride);
            s += 3 * srcStride;
            Vector128<byte> last = Load8(s);
            s += srcStride;
            Vector128<byte> even0 = TOps.Zip(r0, r1), even1 = TOps.Zip(r2, r3), even2 = TOps.Zip(r4, r5);
            Vector128<byte> odd0 = TOps.Zip(r1, r2), odd1 = TOps.Zip(r3, r4), odd2 = TOps.Zip(r5, last);
            for (int y = height; ; y -= 2)
            {
                Vector128<byte> next = Load8(s);
                s += srcStride;
                Vector128<byte> even3 = TOps.Zip(last, next);
                Vector128<byte> v = Filter(even0, even1, even2, even3, t0, t1, t2, t3);
                Store<TWidth>(d, TOps.Pack(v, v, max));
                d += dstStride;
                if (y == 1)
                    break;
                last = Load8(s);
                s += srcStride;
                Vector128<byte> odd3 = TOps.Zip(next, last);
                v = Filter(odd0, odd1, odd2, odd3, t0, t1, t2, t3);
                Store<TWidth>(d, TOps.Pack(v, v, max));
                d += dstStride;
                if (y == 2)
                    break;
                even0 = even1;
                even1 = even2;
                even2 = even3;
                odd0 = odd1;
                odd1 = odd2;
                odd2 = odd3;
            }
        }
    }

    public static void Both<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        if (TWidth.Bytes < 16)
            BothNarrow<TWidth>(dst, dstStride, src, srcStride, height, tapsX, tapsY, maxValue);
        else
            BothPasses<TWidth>(dst, dstStride, src, srcStride, height, tapsX, tapsY, maxValue);
    }

    // Not inlined: the entries of all directions would carry (and clear) the scratch.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BothPasses<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        PassScratch scratch;
        byte* rows = PassScratch.Align(&scratch);
        Bodies128<TOps, StorePut>.Horizontal<TWidth>(rows, TWidth.Bytes, src - 3 * srcStride, srcStride, height + 7, tapsX, maxValue);
        Vertical<TWidth>(dst, dstStride, rows + 3 * TWidth.Bytes, TWidth.Bytes, height, tapsY, maxValue);
    }

    // Horizontal taps stay in memory: with them in registers the window would spill.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BothNarrow<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        Vector128Taps buffer;
        Vector128<byte>* h = Vector128Taps.Align(&buffer);
        h[0] = TOps.Taps(tapsX, 0);
        h[1] = TOps.Taps(tapsX, 1);
        h[2] = TOps.Taps(tapsX, 2);
        h[3] = TOps.Taps(tapsX, 3);
        Vector128<byte> t0 = TOps.Taps(tapsY, 0), t1 = TOps.Taps(tapsY, 1), t2 = TOps.Taps(tapsY, 2), t3 = TOps.Taps(tapsY, 3);
        Vector128<byte> max = Vector128.Create((ushort)maxValue).AsByte();
        src -= 3 * srcStride + 3 * TOps.SampleSize;
        Vector128<byte> r0 = Row(src, h, max), r1 = Row(src + srcStride, h, max), r2 = Row(src + 2 * srcStride, h, max);
        src += 3 * srcStride;
        Vector128<byte> r3 = Row(src, h, max), r4 = Row(src + srcStride, h, max), r5 = Row(src + 2 * srcStride, h, max);
        src += 3 * srcStride;
        Vector128<byte> last = Row(src, h, max);
        src += srcStride;
        Vector128<byte> even0 = TOps.Zip(r0, r1), even1 = TOps.Zip(r2, r3), even2 = TOps.Zip(r4, r5);
        Vector128<byte> odd0 = TOps.Zip(r1, r2), odd1 = TOps.Zip(r3, r4), odd2 = TOps.Zip(r5, last);
        for (int y = height; ; y -= 2)
        {
            Vector128<byte> next = Row(src, h, max);
            src += srcStride;
            Vector128<byte> even3 = TOps.Zip(last, next);
            Vector128<byte> v = Filter(even0, even1, even2, even3, t0, t1, t2, t3);
            Store<TWidth>(dst, TOps.Pack(v, v, max));
            dst += dstStride;
            if (y == 1)
                break;
            last = Row(src, h, max);
            src += srcStride;
            Vector128<byte> odd3 = TOps.Zip(next, last);
            v = Filter(odd0, odd1, odd2, odd3, t0, t1, t2, t3);
            Store<TWidth>(dst, TOps.Pack(v, v, max));
            dst += dstStride;
            if (y == 2)
                break;
            even0 = even1;
            even1 = even2;
            even2 = even3;
            odd0 = odd1;
            odd1 = odd2;
            odd2 = odd3;
        }
    }

    public static void Scaled(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue, short* filter)
        => Vp9InterScaled<TOps, TStore>.Predict(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, maxValue, filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Filter(Vector128<byte> p0, Vector128<byte> p1, Vector128<byte> p2, Vector128<byte> p3,
        Vector128<byte> t0, Vector128<byte> t1, Vector128<byte> t2, Vector128<byte> t3)
        => TOps.Finish(
            TOps.Add(TOps.Multiply(p0, t0), TOps.Multiply(p2, t2)),
            TOps.Add(TOps.Multiply(p1, t1), TOps.Multiply(p3, t3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load8(byte* p) => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> RowFilter(byte* src, Vector128<byte> t0, Vector128<byte> t1, Vector128<byte> t2, Vector128<byte> t3)
    {
        Vector128<byte> low = Vector128.Load(src);
        Vector128<byte> high = TOps.SampleSize == 1 ? low : Vector128.Load(src + 8);
        return Filter(TOps.RowPairs(low, high, 0), TOps.RowPairs(low, high, 1), TOps.RowPairs(low, high, 2), TOps.RowPairs(low, high, 3), t0, t1, t2, t3);
    }

    /// <summary>8 bytes of a row filtered horizontally and clipped to samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Row(byte* src, Vector128<byte>* taps, Vector128<byte> max)
    {
        Vector128<byte> low = Vector128.Load(src);
        Vector128<byte> high = TOps.SampleSize == 1 ? low : Vector128.Load(src + 8);
        Vector128<byte> a = TOps.Add(TOps.Multiply(TOps.RowPairs(low, high, 0), taps), TOps.Multiply(TOps.RowPairs(low, high, 2), taps + 2));
        Vector128<byte> b = TOps.Add(TOps.Multiply(TOps.RowPairs(low, high, 1), taps + 1), TOps.Multiply(TOps.RowPairs(low, high, 3), taps + 3));
        Vector128<byte> v = TOps.Finish(a, b);
        return TOps.Pack(v, v, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TWidth>(byte* dst, Vector128<byte> v) where TWidth : struct, IWidth
    {
        if (TWidth.Bytes == 4)
            TStore.Store4(dst, v);
        else
            TStore.Store8(dst, v);
    }
}

/// <summary>Room for four aligned vectors of taps. No fixed buffer: those bring a stack check into every method that has one.</summary>
[StructLayout(LayoutKind.Sequential, Size = 5 * 16)]
internal unsafe struct Vector128Taps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte>* Align(Vector128Taps* buffer) => (Vector128<byte>*)(((nint)buffer + 15) & ~15);
}
