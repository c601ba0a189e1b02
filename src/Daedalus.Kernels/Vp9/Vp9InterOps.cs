// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>How a finished row piece reaches the destination.</summary>
internal unsafe interface IStore
{
    static abstract void Store4(byte* dst, Vector128<byte> v);
    static abstract void Store8(byte* dst, Vector128<byte> v);
    static abstract void Store16(byte* dst, Vector128<byte> v);
    static abstract void Store32(byte* dst, Vector256<byte> v);
}

/// <summary>Single prediction.</summary>
internal readonly unsafe struct StorePut : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v) => Unsafe.WriteUnaligned(dst, v.AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v) => Unsafe.WriteUnaligned(dst, v.AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => v.Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v) => v.Store(dst);
}

/// <summary>Second prediction of a compound block, 8-bit samples.</summary>
internal readonly unsafe struct StoreAverage8 : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Average(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(dst)).AsByte()).AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Average(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(dst)).AsByte()).AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => Average(v, Vector128.Load(dst)).Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v) => Avx2.Average(v, Vector256.Load(dst)).Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Average(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.Average(a, b);
        if (AdvSimd.IsSupported)
            return AdvSimd.FusedAddRoundedHalving(a, b);
        // (a | b) - ((a ^ b) >> 1): the mean rounded up without a ninth bit.
        return (a | b) - ((a ^ b) >> 1);
    }
}

/// <summary>Second prediction of a compound block, samples above 8 bits.</summary>
internal readonly unsafe struct StoreAverage16 : IStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store4(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Average(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(dst)).AsByte()).AsUInt32().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(byte* dst, Vector128<byte> v)
        => Unsafe.WriteUnaligned(dst, Average(v, Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(dst)).AsByte()).AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(byte* dst, Vector128<byte> v) => Average(v, Vector128.Load(dst)).Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store32(byte* dst, Vector256<byte> v)
        => Avx2.Average(v.AsUInt16(), Vector256.Load(dst).AsUInt16()).AsByte().Store(dst);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Average(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.Average(a.AsUInt16(), b.AsUInt16()).AsByte();
        if (AdvSimd.IsSupported)
            return AdvSimd.FusedAddRoundedHalving(a.AsUInt16(), b.AsUInt16()).AsByte();
        return ((a | b).AsUInt16() - ((a ^ b).AsUInt16() >> 1)).AsByte();
    }
}

/// <summary>
/// The eight-tap filter on pairs: each half lane of a vector holds a sample and its neighbour (in row or column), so one
/// multiply-add does two taps. "Sums" are half as many results, twice as wide, already rounded and shifted but not clipped.
/// </summary>
internal unsafe interface IInterOps128
{
    /// <summary>Bytes per sample.</summary>
    static abstract int SampleSize { get; }

    /// <summary>Taps 2k and 2k+1 in every pair.</summary>
    static abstract Vector128<byte> Taps(byte* taps, int k);

    /// <summary>Samples 2k, 2k+1 after src for 8 bytes of results; low is src[0..15], high the 16 bytes 4 samples on.</summary>
    static abstract Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k);

    /// <summary>Two taps of every pair.</summary>
    static abstract Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps);

    /// <summary>The same with taps from memory, which costs no register.</summary>
    static abstract Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps);

    /// <summary>Sum of products 0 and 2, or 1 and 3.</summary>
    static abstract Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b);

    /// <summary>Sum of both halves, rounded and shifted.</summary>
    static abstract Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b);

    /// <summary>Clips sums to samples, a then b.</summary>
    static abstract Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max);

    /// <summary>Pairs of the low 8 bytes of a and b.</summary>
    static abstract Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b);
}

/// <summary>8-bit samples, 128-bit vectors.</summary>
internal readonly unsafe struct ByteOps128 : IInterOps128
{
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Taps(byte* taps, int k) => Vector128.Create(((short*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k) => k switch
    {
        0 => Portable128.Shuffle(low, Vector128.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8)),
        1 => Portable128.Shuffle(low, Vector128.Create((byte)2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10)),
        2 => Portable128.Shuffle(low, Vector128.Create((byte)4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12)),
        _ => Portable128.Shuffle(low, Vector128.Create((byte)6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps) => Portable128.MultiplyAdd8(pairs, taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps) => Portable128.MultiplyAdd8(pairs, *taps).AsByte();

    // Grouped so that no 16-bit sum but the last can overflow: for every filter the positive taps among {0,1,4,5} and among
    // {2,3,6,7} add up to at most 128. The last sum saturates, and only where the result clips to 255 anyway.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => (a.AsInt16() + b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b)
        => Portable128.RoundShift7(Portable128.AddSaturate(a.AsInt16(), b.AsInt16())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Portable128.PackUnsigned(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipLow(a, b);
}

/// <summary>Samples of up to 12 bits in words, 128-bit vectors.</summary>
internal readonly unsafe struct WordOps128 : IInterOps128
{
    public static int SampleSize => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Taps(byte* taps, int k) => Vector128.Create(((int*)taps)[k]).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RowPairs(Vector128<byte> low, Vector128<byte> high, int k) => k switch
    {
        0 => Portable128.Shuffle(low, Vector128.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        1 => Portable128.Shuffle(low, Vector128.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
        2 => Portable128.Shuffle(high, Vector128.Create((byte)0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9)),
        _ => Portable128.Shuffle(high, Vector128.Create((byte)4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte> taps) => Portable128.MultiplyAdd16(pairs, taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> pairs, Vector128<byte>* taps) => Portable128.MultiplyAdd16(pairs, *taps).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Finish(Vector128<byte> a, Vector128<byte> b)
        => ((a.AsInt32() + b.AsInt32() + Vector128.Create(64)) >> 7).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> a, Vector128<byte> b, Vector128<byte> max)
        => Vector128.Min(Portable128.PackUnsigned(a.AsInt32(), b.AsInt32()), max.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipLow(a.AsUInt16(), b.AsUInt16()).AsByte();
}

/// <summary>The x86 operations the filters are made of; elsewhere NEON or what the compiler makes of portable vectors.</summary>
internal static class Portable128
{
    /// <summary>Unsigned bytes of a times signed bytes of b, neighbours added (exact for taps whose magnitudes sum to ≤ 128).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> MultiplyAdd8(Vector128<byte> a, Vector128<byte> b)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyAddAdjacent(a, b.AsSByte());
        Vector128<short> even = (a.AsUInt16() & Vector128.Create((ushort)0xff)).AsInt16();
        Vector128<short> odd = (a.AsUInt16() >> 8).AsInt16();
        return even * ((b.AsInt16() << 8) >> 8) + odd * (b.AsInt16() >> 8);
    }

    /// <summary>Signed words of a and b multiplied, neighbours added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> MultiplyAdd16(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());
        if (AdvSimd.Arm64.IsSupported)
        {
            return AdvSimd.Arm64.AddPairwise(
                AdvSimd.MultiplyWideningLower(a.AsInt16().GetLower(), b.AsInt16().GetLower()),
                AdvSimd.MultiplyWideningUpper(a.AsInt16(), b.AsInt16()));
        }
        Vector128<int> even = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
        return even + (a.AsInt32() >> 16) * (b.AsInt32() >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> AddSaturate(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return Sse2.AddSaturate(a, b);
        if (AdvSimd.IsSupported)
            return AdvSimd.AddSaturate(a, b);
        Vector128<short> sum = a + b;
        Vector128<short> overflow = ((a ^ sum) & (b ^ sum)) >> 15;
        Vector128<short> limit = (a >> 15) ^ Vector128.Create(short.MaxValue);
        return Vector128.ConditionalSelect(overflow, limit, sum);
    }

    /// <summary>(v + 64) &gt;&gt; 7 without overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> RoundShift7(Vector128<short> v)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyHighRoundScale(v, Vector128.Create((short)256));
        if (AdvSimd.IsSupported)
            return AdvSimd.ShiftRightArithmeticRounded(v, 7);
        return ((v >> 6) + Vector128<short>.One) >> 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> PackUnsigned(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return Sse2.PackUnsignedSaturate(a, b);
        if (AdvSimd.IsSupported)
            return AdvSimd.ExtractNarrowingSaturateUnsignedUpper(AdvSimd.ExtractNarrowingSaturateUnsignedLower(a), b);
        Vector128<short> max = Vector128.Create((short)255);
        return Vector128.Narrow(
            Vector128.Max(Vector128.Min(a, max), Vector128<short>.Zero).AsUInt16(),
            Vector128.Max(Vector128.Min(b, max), Vector128<short>.Zero).AsUInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> PackUnsigned(Vector128<int> a, Vector128<int> b)
    {
        if (Sse41.IsSupported)
            return Sse41.PackUnsignedSaturate(a, b);
        if (AdvSimd.IsSupported)
            return AdvSimd.ExtractNarrowingSaturateUnsignedUpper(AdvSimd.ExtractNarrowingSaturateUnsignedLower(a), b);
        Vector128<int> max = Vector128.Create(65535);
        return Vector128.Narrow(
            Vector128.Max(Vector128.Min(a, max), Vector128<int>.Zero).AsUInt32(),
            Vector128.Max(Vector128.Min(b, max), Vector128<int>.Zero).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Shuffle(Vector128<byte> v, Vector128<byte> indices)
    {
        if (Ssse3.IsSupported)
            return Ssse3.Shuffle(v, indices);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.VectorTableLookup(v, indices);
        return Vector128.Shuffle(v, indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> ZipLow(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(a, b);
        return (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> ZipLow(Vector128<ushort> a, Vector128<ushort> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(a, b);
        return (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 16)).AsUInt16();
    }
}
