// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>Weighted prediction of 8-bit samples (spec 8.4.2.3.2) in words where the sums fit, else in 32 bits.</summary>
internal readonly unsafe struct H264WeightBytes<TWide> : IH264WeightBodies
    where TWide : struct, IH264Wide
{
    public static void One<TWidth>(byte* dst, nint stride, int height, int log2Denominator, int weight, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        // |weight| is at most 128 (a weight of 1 << 7 that was not sent): 128 * 255 + 64 fits.
        Vector128<short> w = Vector128.Create((short)weight), o = Vector128.Create((short)offset);
        Vector128<short> round = Vector128.Create((short)(log2Denominator != 0 ? 1 << (log2Denominator - 1) : 0));
        Vector128<short> shift = Vector128.CreateScalar((short)log2Denominator);
        for (; height > 0; height -= 2, dst += 2 * stride)
        {
            for (int row = 0; row < 2; row++)
            {
                byte* d = dst + row * stride;
                Vector128<byte> a = H264Piece.Load<TWidth>(d);
                if (TWide.Avx2 && TWidth.Count == 16)
                {
                    Vector256<short> v = Avx2.Add(Avx2.MultiplyLow(Avx2.ConvertToVector256Int16(a), Vector256.Create(w, w)), Vector256.Create(round, round));
                    v = Avx2.AddSaturate(Avx2.ShiftRightArithmetic(v, shift), Vector256.Create(o, o));
                    Sse2.PackUnsignedSaturate(v.GetLower(), v.GetUpper()).Store(d);
                    continue;
                }
                Vector128<short> low = Vector128.WidenLower(a).AsInt16() * w + round;
                low = Portable128.AddSaturate(low >> log2Denominator, o);
                Vector128<short> high = low;
                if (TWidth.Count == 16)
                {
                    high = Vector128.WidenUpper(a).AsInt16() * w + round;
                    high = Portable128.AddSaturate(high >> log2Denominator, o);
                }
                H264Piece.Store<TWidth>(d, Portable128.PackUnsigned(low, high));
            }
        }
    }

    public static void Two<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        int most = 255 * (Math.Max(weight0, 0) + Math.Max(weight1, 0)) + (1 << log2Denominator);
        int least = 255 * (Math.Min(weight0, 0) + Math.Min(weight1, 0));
        if (most > short.MaxValue || least < short.MinValue || weight0 > sbyte.MaxValue || weight1 > sbyte.MaxValue)
        {
            Long<TWidth>(dst, dstStride, src, srcStride, height, log2Denominator, weight0, weight1, offset);
            return;
        }
        if (TWide.Avx2)
        {
            Two256<TWidth>(dst, dstStride, src, srcStride, height, log2Denominator, weight0, weight1, offset);
            return;
        }
        Vector128<byte> w = Vector128.Create((short)((weight0 & 0xff) | weight1 << 8)).AsByte();
        Vector128<short> round = Vector128.Create((short)(1 << log2Denominator)), o = Vector128.Create((short)offset);
        int shift = log2Denominator + 1;
        for (; height > 0; height--, dst += dstStride, src += srcStride)
        {
            Vector128<byte> a = H264Piece.Load<TWidth>(dst), b = H264Piece.Load<TWidth>(src);
            Vector128<short> low = Portable128.MultiplyAdd8(Portable128.ZipLow(a, b), w) + round;
            low = Portable128.AddSaturate(low >> shift, o);
            Vector128<short> high = low;
            if (TWidth.Count == 16)
            {
                high = Portable128.MultiplyAdd8(Portable128.ZipHigh(a, b), w) + round;
                high = Portable128.AddSaturate(high >> shift, o);
            }
            H264Piece.Store<TWidth>(dst, Portable128.PackUnsigned(low, high));
        }
    }

    /// <summary>Two rows at a time, one per lane.</summary>
    private static void Two256<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset)
        where TWidth : struct, ISampleCount
    {
        Vector256<sbyte> w = Vector256.Create((short)((weight0 & 0xff) | weight1 << 8)).AsSByte();
        Vector256<short> round = Vector256.Create((short)(1 << log2Denominator)), o = Vector256.Create((short)offset);
        Vector128<short> shift = Vector128.CreateScalar((short)(log2Denominator + 1));
        for (; height > 0; height -= 2, dst += 2 * dstStride, src += 2 * srcStride)
        {
            Vector256<byte> a = Vector256.Create(H264Piece.Load<TWidth>(dst), H264Piece.Load<TWidth>(dst + dstStride));
            Vector256<byte> b = Vector256.Create(H264Piece.Load<TWidth>(src), H264Piece.Load<TWidth>(src + srcStride));
            Vector256<short> low = Avx2.Add(Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(a, b), w), round);
            low = Avx2.AddSaturate(Avx2.ShiftRightArithmetic(low, shift), o);
            Vector256<short> high = low;
            if (TWidth.Count == 16)
            {
                high = Avx2.Add(Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(a, b), w), round);
                high = Avx2.AddSaturate(Avx2.ShiftRightArithmetic(high, shift), o);
            }
            Vector256<byte> v = Avx2.PackUnsignedSaturate(low, high);
            H264Piece.Store<TWidth>(dst, v.GetLower());
            H264Piece.Store<TWidth>(dst + dstStride, v.GetUpper());
        }
    }

    /// <summary>Weights whose sums leave 16 bits, or of 128: implicit weights of distant pictures, streams beyond the spec's limit.</summary>
    private static void Long<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset)
        where TWidth : struct, ISampleCount
    {
        Vector128<byte> w = Vector128.Create((weight0 & 0xffff) | weight1 << 16).AsByte();
        int shift = log2Denominator + 1;
        Vector128<int> add = Vector128.Create((1 << log2Denominator) + (offset << shift));
        for (; height > 0; height--, dst += dstStride, src += srcStride)
        {
            Vector128<byte> a = H264Piece.Load<TWidth>(dst), b = H264Piece.Load<TWidth>(src);
            Vector128<short> low = H264WeightWords.Two(Vector128.WidenLower(a), Vector128.WidenLower(b), w, add, shift).AsInt16();
            Vector128<short> high = TWidth.Count == 16 ? H264WeightWords.Two(Vector128.WidenUpper(a), Vector128.WidenUpper(b), w, add, shift).AsInt16() : low;
            H264Piece.Store<TWidth>(dst, Portable128.PackUnsigned(low, high));
        }
    }
}

/// <summary>Weighted prediction of samples above 8 bits: products of words, 32-bit sums.</summary>
internal readonly unsafe struct H264WeightWords<TWide> : IH264WeightBodies
    where TWide : struct, IH264Wide
{
    public static void One<TWidth>(byte* dst, nint stride, int height, int log2Denominator, int weight, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        int add = (log2Denominator != 0 ? 1 << (log2Denominator - 1) : 0) + (offset << log2Denominator);
        Rows<TWidth, OneSource>(dst, stride, null, 0, height, weight & 0xffff, add, log2Denominator, maxValue);
    }

    public static void Two<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        int add = (1 << log2Denominator) + (offset << (log2Denominator + 1));
        Rows<TWidth, TwoSources>(dst, dstStride, src, srcStride, height, (weight0 & 0xffff) | weight1 << 16, add, log2Denominator + 1, maxValue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows<TWidth, TSources>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int weights, int add, int shift, int maxValue)
        where TWidth : struct, ISampleCount where TSources : struct, IH264Sources
    {
        if (TWide.Avx2 && TWidth.Count == 16)
        {
            Vector256<short> w = Vector256.Create(weights).AsInt16();
            Vector256<int> sum = Vector256.Create(add);
            Vector128<int> count = Vector128.CreateScalar(shift);
            Vector256<ushort> max = Vector256.Create((ushort)maxValue);
            for (; height > 0; height--, dst += dstStride, src += srcStride)
            {
                Vector256<short> a = Vector256.Load((short*)dst), b = TSources.Both ? Vector256.Load((short*)src) : Vector256<short>.Zero;
                Vector256<int> low = Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(a, b), w), sum), count);
                Vector256<int> high = Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(a, b), w), sum), count);
                Avx2.Min(Avx2.PackUnsignedSaturate(low, high), max).Store((ushort*)dst);
            }
            return;
        }
        Vector128<byte> w128 = Vector128.Create(weights).AsByte();
        Vector128<int> sum128 = Vector128.Create(add);
        Vector128<ushort> max128 = Vector128.Create((ushort)maxValue);
        for (; height > 0; height--, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Count * 2; x += 16)
            {
                Vector128<ushort> a = H264Piece.LoadWords<TWidth>(dst + x), b = TSources.Both ? H264Piece.LoadWords<TWidth>(src + x) : Vector128<ushort>.Zero;
                Vector128<ushort> v = Vector128.Min(H264WeightWords.Two(a, b, w128, sum128, shift), max128);
                H264Piece.StoreWords<TWidth>(dst + x, v);
            }
        }
    }
}

/// <summary>Weighted words.</summary>
internal static class H264WeightWords
{
    /// <summary>(a w0 + b w1 + add) >> shift of 8 words, clipped to 16 bits unsigned; pairs of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> Two(Vector128<ushort> a, Vector128<ushort> b, Vector128<byte> weights, Vector128<int> add, int shift)
        => Portable128.PackUnsigned(
            (Portable128.MultiplyAdd16(Portable128.ZipLow(a, b).AsByte(), weights) + add) >> shift,
            (Portable128.MultiplyAdd16(Portable128.ZipHigh(a, b).AsByte(), weights) + add) >> shift);
}

/// <summary>Rows of up to 16 bytes, no byte more than the block has.</summary>
internal static unsafe class H264Piece
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Load<TWidth>(byte* p) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count == 16)
            return Vector128.Load(p);
        if (TWidth.Count == 8)
            return Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();
        return Vector128.CreateScalarUnsafe(TWidth.Count == 4 ? Unsafe.ReadUnaligned<uint>(p) : Unsafe.ReadUnaligned<ushort>(p)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<TWidth>(byte* p, Vector128<byte> v) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count == 16)
            v.Store(p);
        else if (TWidth.Count == 8)
            StorePut.Store8(p, v);
        else if (TWidth.Count == 4)
            StorePut.Store4(p, v);
        else
            StorePut.Store2(p, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> LoadWords<TWidth>(byte* p) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count >= 8)
            return Vector128.Load((ushort*)p);
        return TWidth.Count == 4 ? Load<Samples8>(p).AsUInt16() : Load<Samples4>(p).AsUInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreWords<TWidth>(byte* p, Vector128<ushort> v) where TWidth : struct, ISampleCount
    {
        if (TWidth.Count >= 8)
            v.Store((ushort*)p);
        else if (TWidth.Count == 4)
            StorePut.Store8(p, v.AsByte());
        else
            StorePut.Store4(p, v.AsByte());
    }
}

/// <summary>Whether AVX2 may be used.</summary>
internal interface IH264Wide
{
    static abstract bool Avx2 { get; }
}

internal readonly struct H264Narrow : IH264Wide { public static bool Avx2 => false; }
internal readonly struct H264Wide : IH264Wide { public static bool Avx2 => true; }

/// <summary>One prediction or two.</summary>
internal interface IH264Sources
{
    static abstract bool Both { get; }
}

internal readonly struct OneSource : IH264Sources { public static bool Both => false; }
internal readonly struct TwoSources : IH264Sources { public static bool Both => true; }
