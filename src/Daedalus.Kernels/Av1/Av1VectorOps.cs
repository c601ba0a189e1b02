// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// Vectors of words and of doublewords for the prediction kernels. Low and High zip words within 128-bit lanes and Pack undoes that, so
/// that whatever goes through both is in order again.
/// </summary>
internal unsafe partial interface IAv1Ops<TVector> where TVector : struct
{
    /// <summary>Words in a vector.</summary>
    static abstract int Count { get; }
    static abstract TVector Load(short* p);
    static abstract void Store(short* p, TVector v);
    /// <summary>Count samples as words.</summary>
    static abstract TVector Samples<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>Clips words to 0..max and stores them all as samples.</summary>
    static abstract void StoreSamples<TSample>(byte* p, TVector v, TVector max) where TSample : struct, ISample;
    /// <summary>The same of the first 2 or 4.</summary>
    static abstract void StoreFew<TSample>(byte* p, TVector v, TVector max, int count) where TSample : struct, ISample;
    static abstract TVector Words(int value);
    static abstract TVector Ints(int value);
    /// <summary>Words low, high, low, high ….</summary>
    static abstract TVector Pairs(int low, int high);
    static abstract TVector Low(TVector a, TVector b);
    static abstract TVector High(TVector a, TVector b);
    /// <summary>Words multiplied, neighbours added.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b);
    static abstract TVector AddInts(TVector a, TVector b);
    static abstract TVector ShiftInts(TVector v, int bits);
    /// <summary>Doublewords to words, saturated.</summary>
    static abstract TVector Pack(TVector low, TVector high);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Subtract(TVector a, TVector b);
    static abstract TVector Min(TVector a, TVector b);
    static abstract TVector Max(TVector a, TVector b);
    static abstract TVector Shift(TVector v, int bits);
    static abstract TVector ShiftLeft(TVector v, int bits);
    static abstract TVector ShiftUnsigned(TVector v, int bits);
    /// <summary>a where x is greater than y, else b.</summary>
    static abstract TVector Choose(TVector x, TVector y, TVector a, TVector b);
    /// <summary>Sums of neighbouring bytes of twice Count.</summary>
    static abstract TVector ByteSums(byte* p);
}

/// <summary>128-bit vectors.</summary>
internal readonly unsafe partial struct Av1Ops128 : IAv1Ops<Vector128<byte>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(short* p) => Vector128.Load((byte*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(short* p, Vector128<byte> v) => v.Store((byte*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Samples<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 2 ? Vector128.Load(p) : Portable128.ZipLow(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte(), Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Clip<TSample>(Vector128<byte> v, Vector128<byte> max) where TSample : struct, ISample
        => TSample.Size == 2 ? Min(Max(v, Vector128<byte>.Zero), max) : Portable128.PackUnsigned(v.AsInt16(), v.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSamples<TSample>(byte* p, Vector128<byte> v, Vector128<byte> max) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            StorePut.Store16(p, Clip<TSample>(v, max));
        else
            StorePut.Store8(p, Clip<TSample>(v, max));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFew<TSample>(byte* p, Vector128<byte> v, Vector128<byte> max, int count) where TSample : struct, ISample
    {
        v = Clip<TSample>(v, max);
        int bytes = count * TSample.Size;
        if (bytes == 8)
            StorePut.Store8(p, v);
        else if (bytes == 4)
            StorePut.Store4(p, v);
        else
            StorePut.Store2(p, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Words(int value) => Vector128.Create((short)value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Ints(int value) => Vector128.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pairs(int low, int high) => Vector128.Create((low & 0xffff) | (high << 16)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Low(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipLow(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> High(Vector128<byte> a, Vector128<byte> b) => Portable128.ZipHigh(a.AsUInt16(), b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MultiplyAdd(Vector128<byte> a, Vector128<byte> b) => Portable128.MultiplyAdd16(a, b).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AddInts(Vector128<byte> a, Vector128<byte> b) => (a.AsInt32() + b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftInts(Vector128<byte> v, int bits) => Vector128.ShiftRightArithmetic(v.AsInt32(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> low, Vector128<byte> high)
    {
        if (Sse2.IsSupported)
            return Sse2.PackSignedSaturate(low.AsInt32(), high.AsInt32()).AsByte();
        if (AdvSimd.IsSupported)
            return AdvSimd.ExtractNarrowingSaturateUpper(AdvSimd.ExtractNarrowingSaturateLower(low.AsInt32()), high.AsInt32()).AsByte();
        Vector128<int> most = Vector128.Create((int)short.MaxValue), least = Vector128.Create((int)short.MinValue);
        return Vector128.Narrow(Vector128.Min(Vector128.Max(low.AsInt32(), least), most), Vector128.Min(Vector128.Max(high.AsInt32(), least), most)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Multiply(Vector128<byte> a, Vector128<byte> b) => (a.AsInt16() * b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => (a.AsInt16() + b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Subtract(Vector128<byte> a, Vector128<byte> b) => (a.AsInt16() - b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Min(Vector128<byte> a, Vector128<byte> b) => Vector128.Min(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Max(Vector128<byte> a, Vector128<byte> b) => Vector128.Max(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Shift(Vector128<byte> v, int bits) => Vector128.ShiftRightArithmetic(v.AsInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftLeft(Vector128<byte> v, int bits) => Vector128.ShiftLeft(v.AsInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftUnsigned(Vector128<byte> v, int bits) => Vector128.ShiftRightLogical(v.AsUInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Choose(Vector128<byte> x, Vector128<byte> y, Vector128<byte> a, Vector128<byte> b)
        => Vector128.ConditionalSelect(Vector128.GreaterThan(x.AsInt16(), y.AsInt16()).AsByte(), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ByteSums(byte* p)
    {
        Vector128<ushort> v = Vector128.Load(p).AsUInt16();
        return ((v & Vector128.Create((ushort)255)) + (v >> 8)).AsByte();
    }
}

/// <summary>256-bit vectors (AVX2).</summary>
internal readonly unsafe partial struct Av1Ops256 : IAv1Ops<Vector256<byte>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(short* p) => Vector256.Load((byte*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(short* p, Vector256<byte> v) => v.Store((byte*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Samples<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 2 ? Vector256.Load(p) : Avx2.ConvertToVector256Int16(Vector128.Load(p)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSamples<TSample>(byte* p, Vector256<byte> v, Vector256<byte> max) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            Min(Max(v, Vector256<byte>.Zero), max).Store(p);
        else
            Sse2.PackUnsignedSaturate(v.GetLower().AsInt16(), v.GetUpper().AsInt16()).Store(p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFew<TSample>(byte* p, Vector256<byte> v, Vector256<byte> max, int count) where TSample : struct, ISample
        => Av1Ops128.StoreFew<TSample>(p, v.GetLower(), max.GetLower(), count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Words(int value) => Vector256.Create((short)value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Ints(int value) => Vector256.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pairs(int low, int high) => Vector256.Create((low & 0xffff) | (high << 16)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MultiplyAdd(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AddInts(Vector256<byte> a, Vector256<byte> b) => Avx2.Add(a.AsInt32(), b.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftInts(Vector256<byte> v, int bits) => Vector256.ShiftRightArithmetic(v.AsInt32(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pack(Vector256<byte> low, Vector256<byte> high) => Avx2.PackSignedSaturate(low.AsInt32(), high.AsInt32()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Multiply(Vector256<byte> a, Vector256<byte> b) => Avx2.MultiplyLow(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => Avx2.Add(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Subtract(Vector256<byte> a, Vector256<byte> b) => Avx2.Subtract(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Min(Vector256<byte> a, Vector256<byte> b) => Avx2.Min(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Max(Vector256<byte> a, Vector256<byte> b) => Avx2.Max(a.AsInt16(), b.AsInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Shift(Vector256<byte> v, int bits) => Vector256.ShiftRightArithmetic(v.AsInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftLeft(Vector256<byte> v, int bits) => Vector256.ShiftLeft(v.AsInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftUnsigned(Vector256<byte> v, int bits) => Vector256.ShiftRightLogical(v.AsUInt16(), bits).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Choose(Vector256<byte> x, Vector256<byte> y, Vector256<byte> a, Vector256<byte> b)
        => Avx2.BlendVariable(b, a, Avx2.CompareGreaterThan(x.AsInt16(), y.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ByteSums(byte* p)
        => Avx2.MultiplyAddAdjacent(Vector256.Load(p), Vector256<sbyte>.One).AsByte();
}
