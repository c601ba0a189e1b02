// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Motion compensation with AVX2. Rows of 16 bytes and more go in columns of 16 bytes; horizontally the low lane computes the
/// even samples and the high lane the odd ones straight from memory, and rows keep that order until the store. Rows of 4 and
/// 8 bytes go two at a time, one per lane.
/// </summary>
internal readonly unsafe struct Bodies256<TOps, TStore> : IInterBodies
    where TOps : struct, IInterOps256 where TStore : struct, IStore
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height) where TWidth : struct, IWidth
    {
        do
        {
            if (TWidth.Bytes == 4)
                TStore.Store4(dst, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(src)).AsByte());
            else if (TWidth.Bytes == 8)
                TStore.Store8(dst, Load8(src));
            else if (TWidth.Bytes == 16)
                TStore.Store16(dst, Vector128.Load(src));
            else
            {
                TStore.Store32(dst, Vector256.Load(src));
                if (TWidth.Bytes >= 64)
                    TStore.Store32(dst + 32, Vector256.Load(src + 32));
                if (TWidth.Bytes >= 128)
                {
                    TStore.Store32(dst + 64, Vector256.Load(src + 64));
                    TStore.Store32(dst + 96, Vector256.Load(src + 96));
                }
            }
            dst += dstStride;
            src += srcStride;
        }
        while (--height > 0);
    }

    public static void Horizontal<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        Vector256<byte> t0 = TOps.Taps(taps, 0), t1 = TOps.Taps(taps, 1), t2 = TOps.Taps(taps, 2), t3 = TOps.Taps(taps, 3);
        Vector256<byte> max = Vector256.Create((ushort)maxValue).AsByte();
        src -= 3 * TOps.SampleSize;
        if (TWidth.Bytes < 16)
        {
            for (; height > 0; height -= 2)
            {
                // The row below an odd last row is readable (table contract), its result is dropped.
                Vector256<byte> v = NarrowFilter(src, srcStride, t0, t1, t2, t3);
                v = TOps.Pack(v, v, max);
                Store<TWidth>(dst, v.GetLower());
                if (height == 1)
                    break;
                Store<TWidth>(dst + dstStride, v.GetUpper());
                dst += 2 * dstStride;
                src += 2 * srcStride;
            }
            return;
        }
        do
        {
            if (TWidth.Bytes == 16)
            {
                Vector256<byte> v = WideFilter(src, t0, t1, t2, t3);
                TStore.Store16(dst, TOps.Reorder(TOps.Pack(v.GetLower(), v.GetUpper(), max.GetLower())));
            }
            else
            {
                for (int x = 0; x < TWidth.Bytes; x += 32)
                {
                    byte* s = src + x;
                    Vector256<byte> even = Filter(
                        Vector256.Load(s), Vector256.Load(s + 2 * TOps.SampleSize), Vector256.Load(s + 4 * TOps.SampleSize), Vector256.Load(s + 6 * TOps.SampleSize), t0, t1, t2, t3);
                    s += TOps.SampleSize;
                    Vector256<byte> odd = Filter(
                        Vector256.Load(s), Vector256.Load(s + 2 * TOps.SampleSize), Vector256.Load(s + 4 * TOps.SampleSize), Vector256.Load(s + 6 * TOps.SampleSize), t0, t1, t2, t3);
                    TStore.Store32(dst + x, TOps.Reorder(TOps.Pack(even, odd, max)));
                }
            }
            dst += dstStride;
            src += srcStride;
        }
        while (--height > 0);
    }

    public static void Vertical<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        Vector256<byte> t0 = TOps.Taps(taps, 0), t1 = TOps.Taps(taps, 1), t2 = TOps.Taps(taps, 2), t3 = TOps.Taps(taps, 3);
        Vector256<byte> max = Vector256.Create((ushort)maxValue).AsByte();
        src -= 3 * srcStride;
        if (TWidth.Bytes < 16)
        {
            // Lanes hold rows n and n+1; "b" and so on are rows 1|2, 3|4, 5|6.
            Vector256<byte> a = Load8(src, 0), b = Load8(src + srcStride, srcStride);
            src += 3 * srcStride;
            Vector256<byte> c = Load8(src, srcStride);
            src += 2 * srcStride;
            Vector256<byte> d = Load8(src, srcStride);
            src += 2 * srcStride;
            Vector256<byte> p0 = TOps.Zip(TOps.Between(a, b), b), p1 = TOps.Zip(TOps.Between(b, c), c), p2 = TOps.Zip(TOps.Between(c, d), d);
            for (; ; height -= 2)
            {
                Vector256<byte> e = Load8(src, srcStride);
                src += 2 * srcStride;
                Vector256<byte> p3 = TOps.Zip(TOps.Between(d, e), e);
                Vector256<byte> v = Filter(p0, p1, p2, p3, t0, t1, t2, t3);
                v = TOps.Pack(v, v, max);
                Store<TWidth>(dst, v.GetLower());
                if (height == 1)
                    break;
                Store<TWidth>(dst + dstStride, v.GetUpper());
                if (height == 2)
                    break;
                dst += 2 * dstStride;
                d = e;
                p0 = p1;
                p1 = p2;
                p2 = p3;
            }
            return;
        }
        for (int x = 0; x < TWidth.Bytes; x += 16)
        {
            byte* s = src + x;
            byte* d = dst + x;
            Vector256<byte> r0 = TOps.Spread(s), r1 = TOps.Spread(s + srcStride), r2 = TOps.Spread(s + 2 * srcStride);
            s += 3 * srcStride;
            Vector256<byte> r3 = TOps.Spread(s), r4 = TOps.Spread(s + srcStride), r5 = TOps.Spread(s + 2 * srcStride);
            s += 3 * srcStride;
            Vector256<byte> last = TOps.Spread(s);
            s += srcStride;
            Vector256<byte> even0 = TOps.Zip(r0, r1), even1 = TOps.Zip(r2, r3), even2 = TOps.Zip(r4, r5);
            Vector256<byte> odd0 = TOps.Zip(r1, r2), odd1 = TOps.Zip(r3, r4), odd2 = TOps.Zip(r5, last);
            for (int y = height; ; y -= 2)
            {
                Vector256<byte> next = TOps.Spread(s);
                s += srcStride;
                Vector256<byte> even3 = TOps.Zip(last, next);
                Vector256<byte> v = Filter(even0, even1, even2, even3, t0, t1, t2, t3);
                TStore.Store16(d, TOps.Pack(v.GetLower(), v.GetUpper(), max.GetLower()));
                d += dstStride;
                if (y == 1)
                    break;
                last = TOps.Spread(s);
                s += srcStride;
                Vector256<byte> odd3 = TOps.Zip(next, last);
                v = Filter(odd0, odd1, odd2, odd3, t0, t1, t2, t3);
                TStore.Store16(d, TOps.Pack(v.GetLower(), v.GetUpper(), max.GetLower()));
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
        else if (TWidth.Bytes == 16)
            BothWide(dst, dstStride, src, srcStride, height, tapsX, tapsY, maxValue);
        else
            BothPasses<TWidth>(dst, dstStride, src, srcStride, height, tapsX, tapsY, maxValue);
    }

    // Not inlined: the entries of all directions would carry (and clear) the scratch.
    // From 32 bytes on the horizontal pass over whole vectors gains more than the trip through memory costs.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BothPasses<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        PassScratch scratch;
        byte* rows = PassScratch.Align(&scratch);
        Bodies256<TOps, StorePut>.Horizontal<TWidth>(rows, TWidth.Bytes, src - 3 * srcStride, srcStride, height + 7, tapsX, maxValue);
        Vertical<TWidth>(dst, dstStride, rows + 3 * TWidth.Bytes, TWidth.Bytes, height, tapsY, maxValue);
    }

    public static void Scaled(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue, short* filter)
    {
        if (TOps.SampleSize == 1)
            Vp9InterScaled<ByteOps128, TStore>.Predict(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, maxValue, filter);
        else
            Vp9InterScaled<WordOps128, TStore>.Predict(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, maxValue, filter);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BothNarrow<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        Vector256Taps buffer;
        Vector256<byte>* h = Vector256Taps.Align(&buffer);
        h[0] = TOps.Taps(tapsX, 0);
        h[1] = TOps.Taps(tapsX, 1);
        h[2] = TOps.Taps(tapsX, 2);
        h[3] = TOps.Taps(tapsX, 3);
        Vector256<byte> t0 = TOps.Taps(tapsY, 0), t1 = TOps.Taps(tapsY, 1), t2 = TOps.Taps(tapsY, 2), t3 = TOps.Taps(tapsY, 3);
        Vector256<byte> max = Vector256.Create((ushort)maxValue).AsByte();
        src -= 3 * srcStride + 3 * TOps.SampleSize;
        Vector256<byte> a = NarrowRows(src, 0, h, max), b = NarrowRows(src + srcStride, srcStride, h, max);
        src += 3 * srcStride;
        Vector256<byte> c = NarrowRows(src, srcStride, h, max);
        src += 2 * srcStride;
        Vector256<byte> d = NarrowRows(src, srcStride, h, max);
        src += 2 * srcStride;
        Vector256<byte> p0 = TOps.Zip(TOps.Between(a, b), b), p1 = TOps.Zip(TOps.Between(b, c), c), p2 = TOps.Zip(TOps.Between(c, d), d);
        for (; ; height -= 2)
        {
            Vector256<byte> e = NarrowRows(src, srcStride, h, max);
            src += 2 * srcStride;
            Vector256<byte> p3 = TOps.Zip(TOps.Between(d, e), e);
            Vector256<byte> v = Filter(p0, p1, p2, p3, t0, t1, t2, t3);
            v = TOps.Pack(v, v, max);
            Store<TWidth>(dst, v.GetLower());
            if (height == 1)
                break;
            Store<TWidth>(dst + dstStride, v.GetUpper());
            if (height == 2)
                break;
            dst += 2 * dstStride;
            d = e;
            p0 = p1;
            p1 = p2;
            p2 = p3;
        }
    }

    // Horizontal taps stay in memory: with them in registers the window would spill.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BothWide(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue)
    {
        Vector256Taps buffer;
        Vector256<byte>* h = Vector256Taps.Align(&buffer);
        h[0] = TOps.Taps(tapsX, 0);
        h[1] = TOps.Taps(tapsX, 1);
        h[2] = TOps.Taps(tapsX, 2);
        h[3] = TOps.Taps(tapsX, 3);
        Vector256<byte> t0 = TOps.Taps(tapsY, 0), t1 = TOps.Taps(tapsY, 1), t2 = TOps.Taps(tapsY, 2), t3 = TOps.Taps(tapsY, 3);
        Vector256<byte> max = Vector256.Create((ushort)maxValue).AsByte();
        src -= 3 * srcStride + 3 * TOps.SampleSize;
        Vector256<byte> r0 = WideRow(src, h, max), r1 = WideRow(src + srcStride, h, max), r2 = WideRow(src + 2 * srcStride, h, max);
        src += 3 * srcStride;
        Vector256<byte> r3 = WideRow(src, h, max), r4 = WideRow(src + srcStride, h, max), r5 = WideRow(src + 2 * srcStride, h, max);
        src += 3 * srcStride;
        Vector256<byte> last = WideRow(src, h, max);
        src += srcStride;
        Vector256<byte> even0 = TOps.Zip(r0, r1), even1 = TOps.Zip(r2, r3), even2 = TOps.Zip(r4, r5);
        Vector256<byte> odd0 = TOps.Zip(r1, r2), odd1 = TOps.Zip(r3, r4), odd2 = TOps.Zip(r5, last);
        for (int y = height; ; y -= 2)
        {
            Vector256<byte> next = WideRow(src, h, max);
            src += srcStride;
            Vector256<byte> even3 = TOps.Zip(last, next);
            Vector256<byte> v = Filter(even0, even1, even2, even3, t0, t1, t2, t3);
            TStore.Store16(dst, TOps.Reorder(TOps.Pack(v.GetLower(), v.GetUpper(), max.GetLower())));
            dst += dstStride;
            if (y == 1)
                break;
            last = WideRow(src, h, max);
            src += srcStride;
            Vector256<byte> odd3 = TOps.Zip(next, last);
            v = Filter(odd0, odd1, odd2, odd3, t0, t1, t2, t3);
            TStore.Store16(dst, TOps.Reorder(TOps.Pack(v.GetLower(), v.GetUpper(), max.GetLower())));
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Filter(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2, Vector256<byte> p3,
        Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3)
        => TOps.Finish(
            TOps.Add(TOps.Multiply(p0, t0), TOps.Multiply(p2, t2)),
            TOps.Add(TOps.Multiply(p1, t1), TOps.Multiply(p3, t3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load8(byte* p) => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load8(byte* p, nint stride) => Vector256.Create(Load8(p), Load8(p + stride));

    /// <summary>16 bytes of results: even samples in the low lane, odd ones in the high lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> WideFilter(byte* src, Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3)
        => Filter(EvenOdd(src), EvenOdd(src + 2 * TOps.SampleSize), EvenOdd(src + 4 * TOps.SampleSize), EvenOdd(src + 6 * TOps.SampleSize), t0, t1, t2, t3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> EvenOdd(byte* src) => Vector256.Create(Vector128.Load(src), Vector128.Load(src + TOps.SampleSize));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> WideRow(byte* src, Vector256<byte>* taps, Vector256<byte> max)
    {
        Vector256<byte> a = TOps.Add(TOps.Multiply(EvenOdd(src), taps), TOps.Multiply(EvenOdd(src + 4 * TOps.SampleSize), taps + 2));
        Vector256<byte> b = TOps.Add(TOps.Multiply(EvenOdd(src + 2 * TOps.SampleSize), taps + 1), TOps.Multiply(EvenOdd(src + 6 * TOps.SampleSize), taps + 3));
        Vector256<byte> v = TOps.Finish(a, b);
        return TOps.Pack(v, v, max);
    }

    /// <summary>8 bytes of results of two rows, one per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> NarrowFilter(byte* src, nint stride, Vector256<byte> t0, Vector256<byte> t1, Vector256<byte> t2, Vector256<byte> t3)
    {
        Vector256<byte> low = Vector256.Create(Vector128.Load(src), Vector128.Load(src + stride));
        Vector256<byte> high = TOps.SampleSize == 1 ? low : Vector256.Create(Vector128.Load(src + 8), Vector128.Load(src + stride + 8));
        return Filter(TOps.RowPairs(low, high, 0), TOps.RowPairs(low, high, 1), TOps.RowPairs(low, high, 2), TOps.RowPairs(low, high, 3), t0, t1, t2, t3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> NarrowRows(byte* src, nint stride, Vector256<byte>* taps, Vector256<byte> max)
    {
        Vector256<byte> low = Vector256.Create(Vector128.Load(src), Vector128.Load(src + stride));
        Vector256<byte> high = TOps.SampleSize == 1 ? low : Vector256.Create(Vector128.Load(src + 8), Vector128.Load(src + stride + 8));
        Vector256<byte> a = TOps.Add(TOps.Multiply(TOps.RowPairs(low, high, 0), taps), TOps.Multiply(TOps.RowPairs(low, high, 2), taps + 2));
        Vector256<byte> b = TOps.Add(TOps.Multiply(TOps.RowPairs(low, high, 1), taps + 1), TOps.Multiply(TOps.RowPairs(low, high, 3), taps + 3));
        Vector256<byte> v = TOps.Finish(a, b);
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
[StructLayout(LayoutKind.Sequential, Size = 5 * 32)]
internal unsafe struct Vector256Taps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte>* Align(Vector256Taps* buffer) => (Vector256<byte>*)(((nint)buffer + 31) & ~31);
}
