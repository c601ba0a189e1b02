// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>4 lanes of 32 bits: 10- and 12-bit samples. Products of values that conform fit (7.13.2.1); others wrap.</summary>
internal readonly unsafe struct Int4 : ITransformVector<Vector128<int>>
{
    public static int Lanes => 4;
    public static int ElementSize => 4;
    public static int SampleSize => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* p) => Vector128.Load((int*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<int> v) => v.Store((int*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Limit(int max) => Vector128.Create(max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Complement(Vector128<int> v) => ~v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(Vector128<int> v) => (v + Vector128.Create(2048)) >> 12;

    // Of rotations the rounded result fits (7.13.2.1), of ADST4 the sum does (7.13.2.6): half of the rounding added to it would leave 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> RoundSum(Vector128<int> v) => ((v >> 11) + Vector128<int>.One) >> 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(Vector128<int> a, Vector128<int> b, int k0, int k1, int k2, int k3, out Vector128<int> x, out Vector128<int> y)
    {
        x = Round(a * Vector128.Create(k0) + b * Vector128.Create(k1));
        y = Round(a * Vector128.Create(k2) + b * Vector128.Create(k3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scale(Vector128<int> v, int k) => Round(v * Vector128.Create(k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b, Vector128<int> min, Vector128<int> max) => Clamp(a + b, min, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract(Vector128<int> a, Vector128<int> b, Vector128<int> min, Vector128<int> max) => Clamp(a - b, min, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Clamp(Vector128<int> v, Vector128<int> min, Vector128<int> max) => Vector128.Max(Vector128.Min(v, max), min);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Negate(Vector128<int> v) => -v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adst4(
        Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, out Vector128<int> x, out Vector128<int> y, out Vector128<int> z, out Vector128<int> w)
    {
        // Sums of 7.13.2.6 put together.
        var k1 = Vector128.Create(1321);
        var k2 = Vector128.Create(2482);
        var k3 = Vector128.Create(3344);
        var k4 = Vector128.Create(3803);
        var middle = b * k3;
        x = RoundSum(a * k1 + middle + c * k4 + d * k2);
        y = RoundSum(a * k2 + middle - c * k1 - d * k4);
        z = RoundSum((a - c + d) * k3);
        w = RoundSum(a * k4 - middle + c * k2 - d * k1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> IdentityRow(Vector128<int> v, int log2, int shift, int max) => Shift(IdentityColumn(v, log2), shift, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> IdentityColumn(Vector128<int> v, int log2) => log2 switch
    {
        2 => v + Scale(v, 1697),
        3 => v + v,
        4 => v + v + Scale(v, 3394),
        _ => v << 2,
    };

    /// <summary>Row shift and clamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Shift(Vector128<int> v, int shift, int max)
    {
        var limit = Vector128.Create(max);
        return Clamp((v + Vector128.Create((1 << shift) >> 1)) >> shift, ~limit, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipLow(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipHigh(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Zip64Low(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32() : AdvSimd.Arm64.ZipLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Zip64High(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32() : AdvSimd.Arm64.ZipHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    public static void StoreLines(Vector128<int>* y, int step, int count, byte* t, nint lineBytes, int shift, int max)
    {
        for (var x = 0; x < count; x += 4)
        {
            var y0 = Shift(y[0], shift, max);
            var y1 = Shift(y[step], shift, max);
            var y2 = Shift(y[2 * step], shift, max);
            var y3 = Shift(y[3 * step], shift, max);
            var a = ZipLow(y0, y1);
            var b = ZipHigh(y0, y1);
            var c = ZipLow(y2, y3);
            var d = ZipHigh(y2, y3);
            Zip64Low(a, c).Store((int*)t);
            Zip64High(a, c).Store((int*)(t + lineBytes));
            Zip64Low(b, d).Store((int*)(t + 2 * lineBytes));
            Zip64High(b, d).Store((int*)(t + 3 * lineBytes));
            t += 16;
            y += 4 * step;
        }
    }

    public static void AddLines(byte* dst, nint stride, Vector128<int>* y, int count, int maxSample)
    {
        var limit = Vector128.Create(maxSample);
        for (var i = 0; i < count; i++)
        {
            var samples = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)dst).AsUInt16()).AsInt32();
            var sum = Clamp(((y[i] + Vector128.Create(8)) >> 4) + samples, Vector128<int>.Zero, limit);
            *(ulong*)dst = Portable128.PackUnsigned(sum, sum).AsUInt64().ToScalar();
            dst += stride;
        }
    }
}

/// <summary>8 lanes of 32 bits.</summary>
internal readonly unsafe struct Int8 : ITransformVector<Vector256<int>>
{
    public static int Lanes => 8;
    public static int ElementSize => 4;
    public static int SampleSize => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* p) => Vector256.Load((int*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<int> v) => v.Store((int*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Limit(int max) => Vector256.Create(max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Complement(Vector256<int> v) => ~v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(Vector256<int> v) => Avx2.ShiftRightArithmetic(Avx2.Add(v, Vector256.Create(2048)), 12);

    // As Int4's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> RoundSum(Vector256<int> v) => Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.ShiftRightArithmetic(v, 11), Vector256<int>.One), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Times(Vector256<int> v, int k) => Avx2.MultiplyLow(v, Vector256.Create(k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(Vector256<int> a, Vector256<int> b, int k0, int k1, int k2, int k3, out Vector256<int> x, out Vector256<int> y)
    {
        x = Round(Avx2.Add(Times(a, k0), Times(b, k1)));
        y = Round(Avx2.Add(Times(a, k2), Times(b, k3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Scale(Vector256<int> v, int k) => Round(Times(v, k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b, Vector256<int> min, Vector256<int> max) => Clamp(Avx2.Add(a, b), min, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b, Vector256<int> min, Vector256<int> max) => Clamp(Avx2.Subtract(a, b), min, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Clamp(Vector256<int> v, Vector256<int> min, Vector256<int> max) => Avx2.Max(Avx2.Min(v, max), min);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Negate(Vector256<int> v) => Avx2.Subtract(default, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adst4(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, out Vector256<int> x, out Vector256<int> y, out Vector256<int> z, out Vector256<int> w)
    {
        var middle = Times(b, 3344);
        x = RoundSum(Times(a, 1321) + middle + Times(c, 3803) + Times(d, 2482));
        y = RoundSum(Times(a, 2482) + middle - Times(c, 1321) - Times(d, 3803));
        z = RoundSum(Times(a - c + d, 3344));
        w = RoundSum(Times(a, 3803) - middle + Times(c, 2482) - Times(d, 1321));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> IdentityRow(Vector256<int> v, int log2, int shift, int max) => Shift(IdentityColumn(v, log2), shift, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> IdentityColumn(Vector256<int> v, int log2) => log2 switch
    {
        2 => v + Scale(v, 1697),
        3 => v + v,
        4 => v + v + Scale(v, 3394),
        _ => v << 2,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Shift(Vector256<int> v, int shift, int max)
    {
        var limit = Vector256.Create(max);
        return Clamp(Avx2.ShiftRightArithmetic(Avx2.Add(v, Vector256.Create((1 << shift) >> 1)), Vector128.CreateScalar(shift)), ~limit, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Zip64Low(Vector256<int> a, Vector256<int> b) => Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Zip64High(Vector256<int> a, Vector256<int> b) => Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    /// <summary>Half a vector of column x beside the same of column x + 4: the 4×4 transposition in each half then gives whole lines of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Beside(Vector256<int>* a, Vector256<int>* b, int half, int shift, int max)
        => Shift(Avx2.InsertVector128(Vector128.Load((int*)a + half).ToVector256Unsafe(), Vector128.Load((int*)b + half), 1), shift, max);

    public static void StoreLines(Vector256<int>* y, int step, int count, byte* t, nint lineBytes, int shift, int max)
    {
        if (count == 4)
        {
            Store4(y, step, (int*)t, shift, max);
            return;
        }
        for (var x = 0; x < count; x += 8)
        {
            var line = t;
            for (var half = 0; half < 8; half += 4)
            {
                var y0 = Beside(y, y + 4 * step, half, shift, max);
                var y1 = Beside(y + step, y + 5 * step, half, shift, max);
                var y2 = Beside(y + 2 * step, y + 6 * step, half, shift, max);
                var y3 = Beside(y + 3 * step, y + 7 * step, half, shift, max);
                var a = Avx2.UnpackLow(y0, y1);
                var b = Avx2.UnpackHigh(y0, y1);
                var c = Avx2.UnpackLow(y2, y3);
                var d = Avx2.UnpackHigh(y2, y3);
                Zip64Low(a, c).Store((int*)line);
                Zip64High(a, c).Store((int*)(line + lineBytes));
                Zip64Low(b, d).Store((int*)(line + 2 * lineBytes));
                Zip64High(b, d).Store((int*)(line + 3 * lineBytes));
                line += 4 * lineBytes;
            }
            t += 32;
            y += 8 * step;
        }
    }

    /// <summary>8 lines of 4: half a vector is a line.</summary>
    private static void Store4(Vector256<int>* y, int step, int* t, int shift, int max)
    {
        var y0 = Shift(y[0], shift, max);
        var y1 = Shift(y[step], shift, max);
        var y2 = Shift(y[2 * step], shift, max);
        var y3 = Shift(y[3 * step], shift, max);
        var a = Avx2.UnpackLow(y0, y1);
        var b = Avx2.UnpackHigh(y0, y1);
        var c = Avx2.UnpackLow(y2, y3);
        var d = Avx2.UnpackHigh(y2, y3);
        StoreHalves(Zip64Low(a, c), t);
        StoreHalves(Zip64High(a, c), t + 4);
        StoreHalves(Zip64Low(b, d), t + 8);
        StoreHalves(Zip64High(b, d), t + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<int> v, int* t)
    {
        v.GetLower().Store(t);
        v.GetUpper().Store(t + 16);
    }

    public static void AddLines(byte* dst, nint stride, Vector256<int>* y, int count, int maxSample)
    {
        var limit = Vector128.Create((ushort)maxSample);
        for (var i = 0; i < count; i++)
        {
            var sum = Avx2.Add(Avx2.ShiftRightArithmetic(Avx2.Add(y[i], Vector256.Create(8)), 4), Avx2.ConvertToVector256Int32((ushort*)dst));
            Sse41.Min(Sse41.PackUnsignedSaturate(sum.GetLower(), sum.GetUpper()), limit).Store((ushort*)dst);
            dst += stride;
        }
    }
}
