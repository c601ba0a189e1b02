// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>
/// Luma interpolation of 8-bit samples with AVX2 (spec 8.4.2.2.1). Rows go two at a time, one per lane; the six taps are three
/// multiply-adds of sample pairs (1, -5), (20, 20), (-5, 1). Down, a pair is two rows zipped, which the next rows use again;
/// across, it is what memory holds: from an even offset the pairs of the even samples, one sample on those of the odd ones.
/// </summary>
internal readonly unsafe struct H264LumaBytes256<TStore> : IH264LumaBodies
    where TStore : struct, IStore
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount
    {
        do
        {
            Vector128<byte> a = LoadRow<TWidth>(src), b = LoadRow<TWidth>(src + srcStride);
            StoreRow<TWidth>(dst, a);
            StoreRow<TWidth>(dst + dstStride, b);
            src += 2 * srcStride;
            dst += 2 * dstStride;
        }
        while ((height -= 2) > 0);
    }

    public static void Horizontal<TWidth, TX>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter
    {
        do
        {
            Vector256<byte> v = Across<TWidth>(src, srcStride);
            if (TX.Value != 2)
                v = Avx2.Average(v, Rows(src + (TX.Value >> 1), srcStride));
            StoreRows<TWidth>(dst, dstStride, v);
            src += 2 * srcStride;
            dst += 2 * dstStride;
        }
        while ((height -= 2) > 0);
    }

    public static void Vertical<TWidth, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TY : struct, IQuarter
    {
        Vector256<byte> r0 = Rows(src - 2 * srcStride, srcStride), r1 = Rows(src - srcStride, srcStride);
        Vector256<byte> r2 = Rows(src, srcStride), r3 = Rows(src + srcStride, srcStride);
        Vector256<byte> low0 = Avx2.UnpackLow(r0, r1), low1 = Avx2.UnpackLow(r2, r3);
        Vector256<byte> high0 = Avx2.UnpackHigh(r0, r1), high1 = Avx2.UnpackHigh(r2, r3);
        do
        {
            Vector256<byte> r4 = Rows(src + 2 * srcStride, srcStride), r5 = Rows(src + 2 * srcStride + srcStride, srcStride);
            Vector256<byte> low2 = Avx2.UnpackLow(r4, r5), high2 = Avx2.UnpackHigh(r4, r5);
            Vector256<byte> v = Down<TWidth>(low0, low1, low2, high0, high1, high2);
            if (TY.Value != 2)
                v = Avx2.Average(v, Rows(src + (TY.Value >> 1) * srcStride, srcStride));
            StoreRows<TWidth>(dst, dstStride, v);
            low0 = low1;
            low1 = low2;
            high0 = high1;
            high1 = high2;
            src += 2 * srcStride;
            dst += 2 * dstStride;
        }
        while ((height -= 2) > 0);
    }

    public static void Diagonal<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        byte* s = src + (TX.Value >> 1);
        byte* across = src + (TY.Value >> 1) * srcStride;
        Vector256<byte> r0 = Rows(s - 2 * srcStride, srcStride), r1 = Rows(s - srcStride, srcStride);
        Vector256<byte> r2 = Rows(s, srcStride), r3 = Rows(s + srcStride, srcStride);
        Vector256<byte> low0 = Avx2.UnpackLow(r0, r1), low1 = Avx2.UnpackLow(r2, r3);
        Vector256<byte> high0 = Avx2.UnpackHigh(r0, r1), high1 = Avx2.UnpackHigh(r2, r3);
        do
        {
            Vector256<byte> r4 = Rows(s + 2 * srcStride, srcStride), r5 = Rows(s + 2 * srcStride + srcStride, srcStride);
            Vector256<byte> low2 = Avx2.UnpackLow(r4, r5), high2 = Avx2.UnpackHigh(r4, r5);
            Vector256<byte> v = Down<TWidth>(low0, low1, low2, high0, high1, high2);
            StoreRows<TWidth>(dst, dstStride, Avx2.Average(v, Across<TWidth>(across, srcStride)));
            low0 = low1;
            low1 = low2;
            high0 = high1;
            high1 = high2;
            s += 2 * srcStride;
            across += 2 * srcStride;
            dst += 2 * dstStride;
        }
        while ((height -= 2) > 0);
    }

    public static void Centre<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        if (TWidth.Count == 16)
            CentreWide<TX, TY>(dst, dstStride, src, srcStride, height);
        else
            CentreNarrow<TWidth, TX, TY>(dst, dstStride, src, srcStride, height);
    }

    /// <summary>16 columns: the horizontal sums of a row fill a vector, even samples in the low lane, odd ones in the high lane.</summary>
    private static void CentreWide<TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height)
        where TX : struct, IQuarter where TY : struct, IQuarter
    {
        byte* s = src - 2 * srcStride;
        Vector256<short> t0 = RowSums(s), t1 = RowSums(s + srcStride), t2 = RowSums(s + 2 * srcStride);
        Vector256<short> t3 = RowSums(src + srcStride), t4 = RowSums(src + 2 * srcStride);
        Vector256<byte> low0 = default, low1 = default, high0 = default, high1 = default;
        if (TX.Value != 2)
        {
            s += TX.Value >> 1;
            Vector256<byte> r0 = Rows(s, srcStride), r1 = Rows(s + srcStride, srcStride);
            s += 2 * srcStride;
            Vector256<byte> r2 = Rows(s, srcStride), r3 = Rows(s + srcStride, srcStride);
            low0 = Avx2.UnpackLow(r0, r1);
            high0 = Avx2.UnpackHigh(r0, r1);
            low1 = Avx2.UnpackLow(r2, r3);
            high1 = Avx2.UnpackHigh(r2, r3);
        }
        src += 2 * srcStride;
        do
        {
            Vector256<short> t5 = RowSums(src + srcStride), t6 = RowSums(src + 2 * srcStride);
            Vector256<byte> v = Avx2.PackUnsignedSaturate(Both(t0, t1, t2, t3, t4, t5), Both(t1, t2, t3, t4, t5, t6));
            if (TY.Value == 1)
                v = Avx2.Average(v, Avx2.PackUnsignedSaturate(Half(t2), Half(t3)));
            else if (TY.Value == 3)
                v = Avx2.Average(v, Avx2.PackUnsignedSaturate(Half(t3), Half(t4)));
            // The lanes hold even and odd samples of both rows.
            Vector128<byte> even = v.GetLower(), odd = v.GetUpper();
            Vector128<byte> first = Sse2.UnpackLow(even, odd), second = Sse2.UnpackHigh(even, odd);
            if (TX.Value != 2)
            {
                byte* r = src + (TX.Value >> 1);
                Vector256<byte> r4 = Rows(r, srcStride), r5 = Rows(r + srcStride, srcStride);
                Vector256<byte> low2 = Avx2.UnpackLow(r4, r5), high2 = Avx2.UnpackHigh(r4, r5);
                Vector256<byte> down = Down<Samples16>(low0, low1, low2, high0, high1, high2);
                first = Sse2.Average(first, down.GetLower());
                second = Sse2.Average(second, down.GetUpper());
                low0 = low1;
                low1 = low2;
                high0 = high1;
                high1 = high2;
            }
            TStore.Store16(dst, first);
            TStore.Store16(dst + dstStride, second);
            t0 = t2;
            t1 = t3;
            t2 = t4;
            t3 = t5;
            t4 = t6;
            src += 2 * srcStride;
            dst += 2 * dstStride;
        }
        while ((height -= 2) > 0);
    }

    /// <summary>4 or 8 columns: the horizontal sums of two rows fill a vector.</summary>
    private static void CentreNarrow<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        byte* s = src - 2 * srcStride;
        Vector256<short> t0 = RowPairSums(s, srcStride), t2 = RowPairSums(src, srcStride), t4 = RowPairSums(src + 2 * srcStride, srcStride);
        Vector256<short> t1 = Between(t0, t2), t3 = Between(t2, t4);
        Vector256<byte> low0 = default, low1 = default;
        if (TX.Value != 2)
        {
            s += TX.Value >> 1;
            low0 = Avx2.UnpackLow(Rows(s, srcStride), Rows(s + srcStride, srcStride));
            s += 2 * srcStride;
            low1 = Avx2.UnpackLow(Rows(s, srcStride), Rows(s + srcStride, srcStride));
        }
        src += 2 * srcStride;
        while (true)
        {
            // The last row pair ends with a row that is not needed and may not be there.
            Vector256<short> t6 = RowPairSums(src + 2 * srcStride, height > 2 ? srcStride : 0);
            Vector256<short> t5 = Between(t4, t6);
            Vector256<short> both = Both(t0, t1, t2, t3, t4, t5);
            Vector256<byte> v;
            if (TY.Value == 2)
                v = Avx2.PackUnsignedSaturate(both, both);
            else
            {
                v = Avx2.PackUnsignedSaturate(both, Half(TY.Value == 1 ? t2 : t3));
                v = Avx2.Average(v, Avx2.ShiftRightLogical128BitLane(v, 8));
            }
            if (TX.Value != 2)
            {
                byte* r = src + (TX.Value >> 1);
                Vector256<byte> low2 = Avx2.UnpackLow(Rows(r, srcStride), Rows(r + srcStride, srcStride));
                v = Avx2.Average(v, Down<Samples8>(low0, low1, low2, low0, low1, low2));
                low0 = low1;
                low1 = low2;
            }
            StoreRows<TWidth>(dst, dstStride, v);
            if ((height -= 2) == 0)
                break;
            t0 = t2;
            t1 = t3;
            t2 = t4;
            t3 = t5;
            t4 = t6;
            src += 2 * srcStride;
            dst += 2 * dstStride;
        }
    }

    /// <summary>Rows n and n + 1 (lanes) of two pairs from n - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Between(Vector256<short> a, Vector256<short> b) => Avx2.Permute2x128(a, b, 0x21);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Rows(byte* p, nint stride) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LoadRow<TWidth>(byte* p) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count == 16)
            return Vector128.Load(p);
        if (TWidth.Count == 8)
            return Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();
        return Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(p)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TWidth>(byte* dst, Vector128<byte> v) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count == 16)
            TStore.Store16(dst, v);
        else if (TWidth.Count == 8)
            TStore.Store8(dst, v);
        else
            TStore.Store4(dst, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows<TWidth>(byte* dst, nint stride, Vector256<byte> v) where TWidth : struct, ISampleCount
    {
        StoreRow<TWidth>(dst, v.GetLower());
        StoreRow<TWidth>(dst + stride, v.GetUpper());
    }

    /// <summary>Six-tap sums of three pairs a result, within -2550..10710.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Sum(Vector256<byte> p0, Vector256<byte> p1, Vector256<byte> p2)
        => Avx2.Add(
            Avx2.Add(
                Avx2.MultiplyAddAdjacent(p0, Vector256.Create(unchecked((short)0xfb01)).AsSByte()),
                Avx2.MultiplyAddAdjacent(p2, Vector256.Create((short)0x01fb).AsSByte())),
            Avx2.MultiplyAddAdjacent(p1, Vector256.Create((short)0x1414).AsSByte()));

    /// <summary>(sum + 16) >> 5.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Half(Vector256<short> sum) => Avx2.MultiplyHighRoundScale(sum, Vector256.Create((short)1024));

    /// <summary>
    /// (s0 - 5 s1 + 20 s2 - … + 512) >> 10 in 16 bits: shifting in between, (((a - b) / 4 - b + c) / 4 + c + 32) / 64 floors to the
    /// same value. The one sum that can overflow saturates, and only where the result clips anyway.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Both(Vector256<short> t0, Vector256<short> t1, Vector256<short> t2, Vector256<short> t3, Vector256<short> t4, Vector256<short> t5)
    {
        Vector256<short> a = Avx2.Add(t0, t5), b = Avx2.Add(t1, t4), c = Avx2.Add(t2, t3);
        Vector256<short> v = Avx2.ShiftRightArithmetic(Avx2.Subtract(a, b), 2);
        v = Avx2.ShiftRightArithmetic(Avx2.AddSaturate(v, Avx2.Subtract(c, b)), 2);
        return Avx2.MultiplyHighRoundScale(Avx2.Add(v, c), Vector256.Create((short)512));
    }

    /// <summary>Vertical half samples of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Down<TWidth>(Vector256<byte> low0, Vector256<byte> low1, Vector256<byte> low2, Vector256<byte> high0, Vector256<byte> high1, Vector256<byte> high2)
        where TWidth : struct, ISampleCount
    {
        Vector256<short> low = Half(Sum(low0, low1, low2));
        return TWidth.Count == 16
            ? Avx2.PackUnsignedSaturate(low, Half(Sum(high0, high1, high2)))
            : Avx2.PackUnsignedSaturate(low, low);
    }

    /// <summary>Horizontal half samples of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Across<TWidth>(byte* p, nint stride) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count != 16)
        {
            Vector256<short> v = Half(RowPairSums(p, stride));
            return Avx2.PackUnsignedSaturate(v, v);
        }
        Vector256<short> even = Half(Sum(Rows(p - 2, stride), Rows(p, stride), Rows(p + 2, stride)));
        Vector256<short> odd = Half(Sum(Rows(p - 1, stride), Rows(p + 1, stride), Rows(p + 3, stride)));
        return Avx2.Shuffle(Avx2.PackUnsignedSaturate(even, odd),
            Vector256.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    }

    /// <summary>Horizontal sums of 16 samples of a row: even ones, odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> RowSums(byte* p) => Sum(Rows(p - 2, 1), Rows(p, 1), Rows(p + 2, 1));

    /// <summary>Horizontal sums of 8 samples of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> RowPairSums(byte* p, nint stride)
    {
        Vector256<byte> v = Rows(p - 2, stride);
        return Sum(
            Avx2.Shuffle(v, Vector256.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)),
            Avx2.Shuffle(v, Vector256.Create((byte)2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)),
            Avx2.Shuffle(v, Vector256.Create((byte)4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)));
    }
}
