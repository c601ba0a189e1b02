// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>What intra prediction and film grain need beside filters and blends.</summary>
internal unsafe partial interface IAv1Ops<TVector>
{
    static abstract TVector Abs(TVector v);
    static abstract TVector And(TVector a, TVector b);
    static abstract TVector Xor(TVector a, TVector b);
    /// <summary>(a * b + 0x4000) &gt;&gt; 15 of words.</summary>
    static abstract TVector MultiplyRound(TVector a, TVector b);
    /// <summary>v where sign is not negative, else -v.</summary>
    static abstract TVector WithSign(TVector v, TVector sign);
    /// <summary>All bytes are the sample at p, or pairs of bytes above 8 bits.</summary>
    static abstract TVector Splat<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>Four samples as words; the others are anything.</summary>
    static abstract TVector Four<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>Stores all words, which are in range, as samples.</summary>
    static abstract void Put<TSample>(byte* p, TVector v) where TSample : struct, ISample;
    /// <summary>The same of the first four.</summary>
    static abstract void PutFour<TSample>(byte* p, TVector v) where TSample : struct, ISample;
    /// <summary>Words from eight neighbours of one row; a wide vector has those of the row eight further in its upper half. Stores all or the first four.</summary>
    static abstract void PutRow<TSample>(byte* p, nint eightRows, TVector v, bool four) where TSample : struct, ISample;
    /// <summary>Sums of pairs of samples.</summary>
    static abstract TVector PairSums<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>Round2(first * (32 - shift) + second * shift, 5) of pairs of samples.</summary>
    static abstract TVector PairMix<TSample>(byte* p, int shift) where TSample : struct, ISample;
    /// <summary>Zips of doublewords and quadwords within lanes.</summary>
    static abstract TVector LowInts(TVector a, TVector b);
    static abstract TVector HighInts(TVector a, TVector b);
    static abstract TVector LowLongs(TVector a, TVector b);
    static abstract TVector HighLongs(TVector a, TVector b);
    /// <summary>The sum of all doublewords.</summary>
    static abstract int SumInts(TVector v);
}

internal readonly unsafe partial struct Av1Ops128
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Abs(Vector128<byte> v) => Vector128.Abs(v.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> And(Vector128<byte> a, Vector128<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Xor(Vector128<byte> a, Vector128<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MultiplyRound(Vector128<byte> a, Vector128<byte> b)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyHighRoundScale(a.AsInt16(), b.AsInt16()).AsByte();
        if (AdvSimd.IsSupported)
            return AdvSimd.MultiplyRoundedDoublingSaturateHigh(a.AsInt16(), b.AsInt16()).AsByte();
        Vector128<int> half = Vector128.Create(0x4000);
        return Vector128.Narrow(
            (Vector128.WidenLower(a.AsInt16()) * Vector128.WidenLower(b.AsInt16()) + half) >> 15,
            (Vector128.WidenUpper(a.AsInt16()) * Vector128.WidenUpper(b.AsInt16()) + half) >> 15).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> WithSign(Vector128<byte> v, Vector128<byte> sign)
    {
        Vector128<short> negative = sign.AsInt16() >> 15;
        return ((v.AsInt16() ^ negative) - negative).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Splat<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 1 ? Vector128.Create(*p) : Vector128.Create(*(ushort*)p).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Four<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 2
            ? Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte()
            : Portable128.ZipLow(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(p)).AsByte(), Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<TSample>(byte* p, Vector128<byte> v) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            v.Store(p);
        else
            StorePut.Store8(p, Portable128.PackUnsigned(v.AsInt16(), v.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutFour<TSample>(byte* p, Vector128<byte> v) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            StorePut.Store8(p, v);
        else
            StorePut.Store4(p, Portable128.PackUnsigned(v.AsInt16(), v.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutRow<TSample>(byte* p, nint eightRows, Vector128<byte> v, bool four) where TSample : struct, ISample
    {
        if (four)
            PutFour<TSample>(p, v);
        else
            Put<TSample>(p, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairSums<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 1
            ? ByteSums(p)
            : Portable128.PackUnsigned(
                Portable128.MultiplyAdd16(Vector128.Load(p), Vector128<short>.One.AsByte()), Portable128.MultiplyAdd16(Vector128.Load(p + 16), Vector128<short>.One.AsByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairMix<TSample>(byte* p, int shift) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
        {
            Vector128<byte> weights = Vector128.Create((short)((32 - shift) | (shift << 8))).AsByte();
            return Vector128.ShiftRightArithmetic(Portable128.MultiplyAdd8(Vector128.Load(p), weights) + Vector128.Create((short)16), 5).AsByte();
        }
        Vector128<byte> pairs = Pairs(32 - shift, shift), round = Ints(16);
        return Pack(ShiftInts(AddInts(MultiplyAdd(Vector128.Load(p), pairs), round), 5), ShiftInts(AddInts(MultiplyAdd(Vector128.Load(p + 16), pairs), round), 5));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LowInts(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackLow(a.AsInt32(), b.AsInt32()).AsByte();
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipLow(a.AsInt32(), b.AsInt32()).AsByte();
        return Vector128.Create(a.AsInt32().GetElement(0), b.AsInt32().GetElement(0), a.AsInt32().GetElement(1), b.AsInt32().GetElement(1)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> HighInts(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsByte();
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(a.AsInt32(), b.AsInt32()).AsByte();
        return Vector128.Create(a.AsInt32().GetElement(2), b.AsInt32().GetElement(2), a.AsInt32().GetElement(3), b.AsInt32().GetElement(3)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LowLongs(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackLow(a.AsInt64(), b.AsInt64()).AsByte();
        return Vector128.Create(a.GetLower(), b.GetLower());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> HighLongs(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsByte();
        return Vector128.Create(a.GetUpper(), b.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SumInts(Vector128<byte> v) => Vector128.Sum(v.AsInt32());
}

internal readonly unsafe partial struct Av1Ops256
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Abs(Vector256<byte> v) => Avx2.Abs(v.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> And(Vector256<byte> a, Vector256<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Xor(Vector256<byte> a, Vector256<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MultiplyRound(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyHighRoundScale(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> WithSign(Vector256<byte> v, Vector256<byte> sign)
    {
        Vector256<short> negative = sign.AsInt16() >> 15;
        return ((v.AsInt16() ^ negative) - negative).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Splat<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 1 ? Avx2.BroadcastScalarToVector256(p) : Avx2.BroadcastScalarToVector256((ushort*)p).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Four<TSample>(byte* p) where TSample : struct, ISample => Av1Ops128.Four<TSample>(p).ToVector256Unsafe();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<TSample>(byte* p, Vector256<byte> v) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            v.Store(p);
        else
            Sse2.PackUnsignedSaturate(v.GetLower().AsInt16(), v.GetUpper().AsInt16()).Store(p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutFour<TSample>(byte* p, Vector256<byte> v) where TSample : struct, ISample => Av1Ops128.PutFour<TSample>(p, v.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutRow<TSample>(byte* p, nint eightRows, Vector256<byte> v, bool four) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
            v = Avx2.PackUnsignedSaturate(v.AsInt16(), v.AsInt16());
        Vector128<byte> low = v.GetLower(), high = v.GetUpper();
        if (TSample.Size == 2 && !four)
        {
            low.Store(p);
            high.Store(p + eightRows);
        }
        else if (TSample.Size == 2 || !four)
        {
            StorePut.Store8(p, low);
            StorePut.Store8(p + eightRows, high);
        }
        else
        {
            StorePut.Store4(p, low);
            StorePut.Store4(p + eightRows, high);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PairSums<TSample>(byte* p) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
            return ByteSums(p);
        Vector256<short> one = Vector256<short>.One;
        Vector256<ushort> sums = Avx2.PackUnsignedSaturate(
            Avx2.MultiplyAddAdjacent(Vector256.Load(p).AsInt16(), one), Avx2.MultiplyAddAdjacent(Vector256.Load(p + 32).AsInt16(), one));
        return Avx2.Permute4x64(sums.AsUInt64(), 0xd8).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PairMix<TSample>(byte* p, int shift) where TSample : struct, ISample
        => Vector256.Create(Av1Ops128.PairMix<TSample>(p, shift), Av1Ops128.PairMix<TSample>(p + 16 * TSample.Size, shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LowInts(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> HighInts(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LowLongs(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> HighLongs(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SumInts(Vector256<byte> v) => Vector256.Sum(v.AsInt32());
}
