// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>Chroma interpolation with vectors (spec 8.4.2.2.2): four weights that add up to 64, TOps.Rows rows of 8 samples at a time.</summary>
internal readonly unsafe struct H264ChromaVectors<TOps, TVector, TStore> : IH264ChromaBodies
    where TOps : struct, IH264ChromaOps<TVector> where TVector : struct where TStore : struct, IStore
{
    public static void Predict<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int maxValue)
        where TWidth : struct, ISampleCount
    {
        if ((mx | my) == 0)
        {
            do
            {
                Vector128<byte> a = Load<TWidth>(src), b = Load<TWidth>(src + srcStride);
                Store<TWidth>(dst, a);
                Store<TWidth>(dst + dstStride, b);
                src += 2 * srcStride;
                dst += 2 * dstStride;
            }
            while ((height -= 2) > 0);
            return;
        }
        TVector above = TOps.Weights((8 - my) * (8 - mx), (8 - my) * mx), aboveRight = TOps.RightWeights((8 - my) * mx);
        TVector below = TOps.Weights(my * (8 - mx), my * mx), belowRight = TOps.RightWeights(my * mx);
        // The row after the block may be missing when its weight is 0.
        nint next = my != 0 ? srcStride : 0;
        do
        {
            TVector v = TOps.Interpolate(src, src + next, srcStride, above, aboveRight, below, belowRight);
            Store<TWidth>(dst, TOps.Row(v, 0));
            if (TOps.Rows == 2)
                Store<TWidth>(dst + dstStride, TOps.Row(v, 1));
            src += TOps.Rows * srcStride;
            dst += TOps.Rows * dstStride;
        }
        while ((height -= TOps.Rows) > 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load<TWidth>(byte* p) where TWidth : struct, ISampleCount
    {
        int bytes = TWidth.Count * TOps.SampleSize;
        if (bytes == 16)
            return Vector128.Load(p);
        return bytes == 8 ? Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte() : Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(p)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TWidth>(byte* dst, Vector128<byte> v) where TWidth : struct, ISampleCount
    {
        int bytes = TWidth.Count * TOps.SampleSize;
        if (bytes == 16)
            TStore.Store16(dst, v);
        else if (bytes == 8)
            TStore.Store8(dst, v);
        else if (bytes == 4)
            TStore.Store4(dst, v);
        else
            TStore.Store2(dst, v);
    }
}

/// <summary>What chroma interpolation is made of.</summary>
internal unsafe interface IH264ChromaOps<TVector> where TVector : struct
{
    /// <summary>Bytes per sample.</summary>
    static abstract int SampleSize { get; }

    /// <summary>Rows in a vector: 1, or 2 (one per lane).</summary>
    static abstract int Rows { get; }

    /// <summary>Weights of a sample and its right neighbour, in pairs; of the sample alone where the neighbour's is kept apart.</summary>
    static abstract TVector Weights(int sample, int right);

    /// <summary>Weights of the right neighbour where they are kept apart.</summary>
    static abstract TVector RightWeights(int right);

    /// <summary>8 samples a row from the rows at p and those at q below.</summary>
    static abstract TVector Interpolate(byte* p, byte* q, nint stride, TVector above, TVector aboveRight, TVector below, TVector belowRight);

    /// <summary>Samples of one of the rows.</summary>
    static abstract Vector128<byte> Row(TVector v, int row);
}

/// <summary>8-bit samples, 128-bit vectors.</summary>
internal readonly unsafe struct H264ChromaByteOps128 : IH264ChromaOps<Vector128<byte>>
{
    public static int SampleSize => 1;

    public static int Rows => 1;

    // NEON multiplies bytes by bytes into words: the weights stay apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Weights(int sample, int right)
        => Ssse3.IsSupported ? Vector128.Create((short)(sample | right << 8)).AsByte() : Vector128.Create((byte)sample);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RightWeights(int right) => Vector128.Create((byte)right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Interpolate(byte* p, byte* q, nint stride, Vector128<byte> above, Vector128<byte> aboveRight, Vector128<byte> below, Vector128<byte> belowRight)
    {
        if (Ssse3.IsSupported)
        {
            Vector128<byte> pairs = Vector128.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8);
            Vector128<short> v = Ssse3.MultiplyAddAdjacent(Ssse3.Shuffle(Vector128.Load(p), pairs), above.AsSByte())
                + Ssse3.MultiplyAddAdjacent(Ssse3.Shuffle(Vector128.Load(q), pairs), below.AsSByte());
            v = Portable128.RoundShift(v, 6);
            return Sse2.PackUnsignedSaturate(v, v);
        }
        if (AdvSimd.IsSupported)
        {
            Vector128<ushort> v = AdvSimd.MultiplyWideningLower(Vector64.Load(p), above.GetLower());
            v = AdvSimd.MultiplyWideningLowerAndAdd(v, Vector64.Load(p + 1), aboveRight.GetLower());
            v = AdvSimd.MultiplyWideningLowerAndAdd(v, Vector64.Load(q), below.GetLower());
            v = AdvSimd.MultiplyWideningLowerAndAdd(v, Vector64.Load(q + 1), belowRight.GetLower());
            return AdvSimd.ShiftRightLogicalRoundedNarrowingLower(v, 6).ToVector128Unsafe();
        }
        Vector128<ushort> sum = Wide(p) * Vector128.WidenLower(above) + Wide(p + 1) * Vector128.WidenLower(aboveRight)
            + Wide(q) * Vector128.WidenLower(below) + Wide(q + 1) * Vector128.WidenLower(belowRight) + Vector128.Create((ushort)32);
        sum >>= 6;
        return Vector128.Narrow(sum, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector128<byte> v, int row) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Wide(byte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte());
}

/// <summary>Samples of 9 and 10 bits, 128-bit vectors: 64 times a sample fits an unsigned word.</summary>
internal readonly unsafe struct H264ChromaTenOps128 : IH264ChromaOps<Vector128<byte>>
{
    public static int SampleSize => 2;

    public static int Rows => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Weights(int sample, int right) => Vector128.Create((short)sample).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RightWeights(int right) => Vector128.Create((short)right).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Interpolate(byte* p, byte* q, nint stride, Vector128<byte> above, Vector128<byte> aboveRight, Vector128<byte> below, Vector128<byte> belowRight)
    {
        Vector128<ushort> v = Vector128.Load(p).AsUInt16() * above.AsUInt16() + Vector128.Load(p + 2).AsUInt16() * aboveRight.AsUInt16()
            + Vector128.Load(q).AsUInt16() * below.AsUInt16() + Vector128.Load(q + 2).AsUInt16() * belowRight.AsUInt16();
        return ((v + Vector128.Create((ushort)32)) >> 6).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector128<byte> v, int row) => v;
}

/// <summary>Samples of up to 14 bits, 128-bit vectors: 32-bit sums.</summary>
internal readonly unsafe struct H264ChromaWordOps128 : IH264ChromaOps<Vector128<byte>>
{
    public static int SampleSize => 2;

    public static int Rows => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Weights(int sample, int right) => Vector128.Create(sample | right << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> RightWeights(int right) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Interpolate(byte* p, byte* q, nint stride, Vector128<byte> above, Vector128<byte> aboveRight, Vector128<byte> below, Vector128<byte> belowRight)
    {
        Vector128<ushort> a = Vector128.Load(p).AsUInt16(), b = Vector128.Load(p + 2).AsUInt16();
        Vector128<ushort> c = Vector128.Load(q).AsUInt16(), d = Vector128.Load(q + 2).AsUInt16();
        Vector128<int> low = Portable128.MultiplyAdd16(Portable128.ZipLow(a, b).AsByte(), above) + Portable128.MultiplyAdd16(Portable128.ZipLow(c, d).AsByte(), below);
        Vector128<int> high = Portable128.MultiplyAdd16(Portable128.ZipHigh(a, b).AsByte(), above) + Portable128.MultiplyAdd16(Portable128.ZipHigh(c, d).AsByte(), below);
        Vector128<int> round = Vector128.Create(32);
        return Portable128.PackUnsigned((low + round) >> 6, (high + round) >> 6).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector128<byte> v, int row) => v;
}

/// <summary>8-bit samples, AVX2.</summary>
internal readonly unsafe struct H264ChromaByteOps256 : IH264ChromaOps<Vector256<byte>>
{
    public static int SampleSize => 1;

    public static int Rows => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Weights(int sample, int right) => Vector256.Create((short)(sample | right << 8)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> RightWeights(int right) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Interpolate(byte* p, byte* q, nint stride, Vector256<byte> above, Vector256<byte> aboveRight, Vector256<byte> below, Vector256<byte> belowRight)
    {
        Vector256<byte> pairs = Vector256.Create((byte)0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8);
        Vector256<byte> top = Vector256.Create(Vector128.Load(p), Vector128.Load(p + stride));
        Vector256<byte> bottom = Vector256.Create(Vector128.Load(q), Vector128.Load(q + stride));
        Vector256<short> v = Avx2.Add(
            Avx2.MultiplyAddAdjacent(Avx2.Shuffle(top, pairs), above.AsSByte()), Avx2.MultiplyAddAdjacent(Avx2.Shuffle(bottom, pairs), below.AsSByte()));
        v = Avx2.MultiplyHighRoundScale(v, Vector256.Create((short)512));
        return Avx2.PackUnsignedSaturate(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector256<byte> v, int row) => row == 0 ? v.GetLower() : v.GetUpper();
}

/// <summary>Samples of 9 and 10 bits, AVX2: 64 times a sample fits an unsigned word.</summary>
internal readonly unsafe struct H264ChromaTenOps256 : IH264ChromaOps<Vector256<byte>>
{
    public static int SampleSize => 2;

    public static int Rows => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Weights(int sample, int right) => Vector256.Create((short)sample).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> RightWeights(int right) => Vector256.Create((short)right).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Interpolate(byte* p, byte* q, nint stride, Vector256<byte> above, Vector256<byte> aboveRight, Vector256<byte> below, Vector256<byte> belowRight)
    {
        Vector256<ushort> v = Avx2.Add(
            Avx2.Add(Avx2.MultiplyLow(Rows16(p, stride), above.AsUInt16()), Avx2.MultiplyLow(Rows16(p + 2, stride), aboveRight.AsUInt16())),
            Avx2.Add(Avx2.MultiplyLow(Rows16(q, stride), below.AsUInt16()), Avx2.MultiplyLow(Rows16(q + 2, stride), belowRight.AsUInt16())));
        return Avx2.ShiftRightLogical(Avx2.Add(v, Vector256.Create((ushort)32)), 6).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector256<byte> v, int row) => row == 0 ? v.GetLower() : v.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<ushort> Rows16(byte* p, nint stride) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + stride)).AsUInt16();
}

/// <summary>Samples of up to 14 bits, AVX2: 32-bit sums.</summary>
internal readonly unsafe struct H264ChromaWordOps256 : IH264ChromaOps<Vector256<byte>>
{
    public static int SampleSize => 2;

    public static int Rows => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Weights(int sample, int right) => Vector256.Create(sample | right << 16).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> RightWeights(int right) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Interpolate(byte* p, byte* q, nint stride, Vector256<byte> above, Vector256<byte> aboveRight, Vector256<byte> below, Vector256<byte> belowRight)
    {
        Vector256<ushort> a = H264ChromaTenOps256.Rows16(p, stride), b = H264ChromaTenOps256.Rows16(p + 2, stride);
        Vector256<ushort> c = H264ChromaTenOps256.Rows16(q, stride), d = H264ChromaTenOps256.Rows16(q + 2, stride);
        Vector256<int> low = Sum(Avx2.UnpackLow(a, b), Avx2.UnpackLow(c, d), above, below);
        Vector256<int> high = Sum(Avx2.UnpackHigh(a, b), Avx2.UnpackHigh(c, d), above, below);
        return Avx2.PackUnsignedSaturate(low, high).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Row(Vector256<byte> v, int row) => row == 0 ? v.GetLower() : v.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sum(Vector256<ushort> top, Vector256<ushort> bottom, Vector256<byte> above, Vector256<byte> below)
        => Avx2.ShiftRightArithmetic(
            Avx2.Add(
                Avx2.Add(Avx2.MultiplyAddAdjacent(top.AsInt16(), above.AsInt16()), Avx2.MultiplyAddAdjacent(bottom.AsInt16(), below.AsInt16())),
                Vector256.Create(32)),
            6);
}
