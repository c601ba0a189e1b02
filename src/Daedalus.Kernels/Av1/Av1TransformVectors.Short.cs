// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>What the 16-bit lanes of 128-bit vectors have in common.</summary>
internal static unsafe class ShortLanes
{
    /// <summary>Factors for a sum of two products: k0 for the even, k1 for the odd lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Pair(int k0, int k1) => (k1 << 16) | (k0 & 0xffff);

    /// <summary>Round2(v * k, 12).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Scale(Vector128<short> v, int k) => Ssse3.IsSupported
        ? Ssse3.MultiplyHighRoundScale(v, Vector128.Create((short)(k * 8)))
        : AdvSimd.MultiplyRoundedDoublingSaturateHigh(v, Vector128.Create((short)(k * 8)));

    /// <summary>Lower half of a * k0 + b * k1 in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> ProductLow(Vector128<short> a, Vector128<short> b, int k0, int k1) => Sse2.IsSupported
        ? Sse2.MultiplyAddAdjacent(Sse2.UnpackLow(a, b), Vector128.Create(Pair(k0, k1)).AsInt16())
        : AdvSimd.MultiplyWideningLowerAndAdd(AdvSimd.MultiplyWideningLower(a.GetLower(), Vector64.Create((short)k0)), b.GetLower(), Vector64.Create((short)k1));

    /// <summary>Upper half of a * k0 + b * k1 in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> ProductHigh(Vector128<short> a, Vector128<short> b, int k0, int k1) => Sse2.IsSupported
        ? Sse2.MultiplyAddAdjacent(Sse2.UnpackHigh(a, b), Vector128.Create(Pair(k0, k1)).AsInt16())
        : AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(a, Vector128.Create((short)k0)), b, Vector128.Create((short)k1));

    /// <summary>Round2(v, 12), saturated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Narrow(Vector128<int> low, Vector128<int> high) => Sse2.IsSupported
        ? Sse2.PackSignedSaturate(Sse2.ShiftRightArithmetic(low + Vector128.Create(2048), 12), Sse2.ShiftRightArithmetic(high + Vector128.Create(2048), 12))
        : AdvSimd.ShiftRightArithmeticRoundedNarrowingSaturateUpper(AdvSimd.ShiftRightArithmeticRoundedNarrowingSaturateLower(low, 12), high, 12);

    /// <summary>Round2(v, 12) in the lower half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Narrow(Vector128<int> low)
    {
        if (Sse2.IsSupported)
        {
            var shifted = Sse2.ShiftRightArithmetic(low + Vector128.Create(2048), 12);
            return Sse2.PackSignedSaturate(shifted, shifted);
        }
        return AdvSimd.ShiftRightArithmeticRoundedNarrowingSaturateLower(low, 12).ToVector128Unsafe();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Add(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.AddSaturate(a, b) : AdvSimd.AddSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Subtract(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.SubtractSaturate(a, b) : AdvSimd.SubtractSaturate(a, b);

    /// <summary>(a + b + 1) &gt;&gt; 1 without overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Average(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
        {
            // Unsigned mean of values moved by half the range.
            var offset = Vector128.Create((ushort)0x8000);
            return (Sse2.Average(a.AsUInt16() ^ offset, b.AsUInt16() ^ offset) ^ offset).AsInt16();
        }
        return AdvSimd.FusedAddRoundedHalving(a, b);
    }

    /// <summary>The identity transform of a row; sums are taken after the shift so that nothing leaves 16 bits before the clamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> IdentityRow(Vector128<short> v, int log2, int shift)
    {
        switch (log2)
        {
            case 2:
                var fraction = Scale(v, 1697);
                return shift == 0 ? Add(v, fraction) : Average(v, fraction);
            case 3:
                return shift == 0 ? Add(v, v) : shift == 1 ? v : Scale(v, 2048);
            case 4:
                var part = Scale(v, 3394);
                return shift == 1 ? Add(v, Scale(part, 2048)) : Average(v, part >> 1);
            default:
                return shift == 1 ? Add(v, v) : v;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> IdentityColumn(Vector128<short> v, int log2)
    {
        switch (log2)
        {
            case 2:
                return Add(v, Scale(v, 1697));
            case 3:
                return Add(v, v);
            case 4:
                return Add(Add(v, v), Scale(v, 3394));
            default:
                var twice = Add(v, v);
                return Add(twice, twice);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip16Low(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip16High(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip32Low(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16() : AdvSimd.Arm64.ZipLow(a.AsInt32(), b.AsInt32()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip32High(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16() : AdvSimd.Arm64.ZipHigh(a.AsInt32(), b.AsInt32()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip64Low(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt16() : AdvSimd.Arm64.ZipLow(a.AsInt64(), b.AsInt64()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> Zip64High(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt16() : AdvSimd.Arm64.ZipHigh(a.AsInt64(), b.AsInt64()).AsInt16();

    /// <summary>Row shift in place: Round2(v, shift) for 1 and 2.</summary>
    internal static void Round(Vector128<short>* y, int count, int shift)
    {
        var factor = Vector128.Create((short)(1 << (15 - shift)));
        for (var i = 0; i < count; i += 4)
        {
            y[i] = MultiplyRounded(y[i], factor);
            y[i + 1] = MultiplyRounded(y[i + 1], factor);
            y[i + 2] = MultiplyRounded(y[i + 2], factor);
            y[i + 3] = MultiplyRounded(y[i + 3], factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> MultiplyRounded(Vector128<short> v, Vector128<short> factor)
        => Ssse3.IsSupported ? Ssse3.MultiplyHighRoundScale(v, factor) : AdvSimd.MultiplyRoundedDoublingSaturateHigh(v, factor);

    /// <summary>8 samples and 8 residuals, 4 fractional bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Add8(Vector128<byte> samples, Vector128<short> v)
    {
        var sum = Scale(v, 256) + Vector128.WidenLower(samples).AsInt16();
        return Sse2.IsSupported ? Sse2.PackUnsignedSaturate(sum, sum) : AdvSimd.ExtractNarrowingSaturateUnsignedLower(sum).ToVector128Unsafe();
    }
}

/// <summary>8 lanes of 16 bits.</summary>
internal readonly unsafe struct Short8 : ITransformVector<Vector128<short>>
{
    public static int Lanes => 8;
    public static int ElementSize => 2;
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Load(byte* p) => Vector128.Load((short*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<short> v) => v.Store((short*)p);

    public static Vector128<short> Limit(int max) => default;

    public static Vector128<short> Complement(Vector128<short> v) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(Vector128<short> a, Vector128<short> b, int k0, int k1, int k2, int k3, out Vector128<short> x, out Vector128<short> y)
    {
        if (Sse2.IsSupported)
        {
            var low = Sse2.UnpackLow(a, b);
            var high = Sse2.UnpackHigh(a, b);
            x = ShortLanes.Narrow(
                Sse2.MultiplyAddAdjacent(low, Vector128.Create(ShortLanes.Pair(k0, k1)).AsInt16()), Sse2.MultiplyAddAdjacent(high, Vector128.Create(ShortLanes.Pair(k0, k1)).AsInt16()));
            y = ShortLanes.Narrow(
                Sse2.MultiplyAddAdjacent(low, Vector128.Create(ShortLanes.Pair(k2, k3)).AsInt16()), Sse2.MultiplyAddAdjacent(high, Vector128.Create(ShortLanes.Pair(k2, k3)).AsInt16()));
        }
        else
        {
            x = ShortLanes.Narrow(ShortLanes.ProductLow(a, b, k0, k1), ShortLanes.ProductHigh(a, b, k0, k1));
            y = ShortLanes.Narrow(ShortLanes.ProductLow(a, b, k2, k3), ShortLanes.ProductHigh(a, b, k2, k3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Scale(Vector128<short> v, int k) => ShortLanes.Scale(v, k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Add(Vector128<short> a, Vector128<short> b, Vector128<short> min, Vector128<short> max) => ShortLanes.Add(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Subtract(Vector128<short> a, Vector128<short> b, Vector128<short> min, Vector128<short> max) => ShortLanes.Subtract(a, b);

    public static Vector128<short> Clamp(Vector128<short> v, Vector128<short> min, Vector128<short> max) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Negate(Vector128<short> v) => ShortLanes.Subtract(default, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Sum(Vector128<short> a, Vector128<short> b, Vector128<short> c, Vector128<short> d, int ka, int kb, int kc, int kd) => ShortLanes.Narrow(
        ShortLanes.ProductLow(a, b, ka, kb) + ShortLanes.ProductLow(c, d, kc, kd), ShortLanes.ProductHigh(a, b, ka, kb) + ShortLanes.ProductHigh(c, d, kc, kd));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adst4(
        Vector128<short> a, Vector128<short> b, Vector128<short> c, Vector128<short> d, out Vector128<short> x, out Vector128<short> y, out Vector128<short> z, out Vector128<short> w)
    {
        // Sums of 7.13.2.6 put together.
        x = Sum(a, b, c, d, 1321, 3344, 3803, 2482);
        y = Sum(a, b, c, d, 2482, 3344, -1321, -3803);
        z = Sum(a, b, c, d, 3344, 0, -3344, 3344);
        w = Sum(a, b, c, d, 3803, -3344, 2482, -1321);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> IdentityRow(Vector128<short> v, int log2, int shift, int max) => ShortLanes.IdentityRow(v, log2, shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> IdentityColumn(Vector128<short> v, int log2) => ShortLanes.IdentityColumn(v, log2);

    public static void StoreLines(Vector128<short>* y, int step, int count, byte* t, nint lineBytes, int shift, int max)
    {
        if (shift != 0)
        {
            ShortLanes.Round(step < 0 ? y - (count - 1) : y, count, shift);
        }
        if (count == 4)
        {
            var a = ShortLanes.Zip16Low(y[0], y[step]);
            var b = ShortLanes.Zip16High(y[0], y[step]);
            var c = ShortLanes.Zip16Low(y[2 * step], y[3 * step]);
            var d = ShortLanes.Zip16High(y[2 * step], y[3 * step]);
            ShortLanes.Zip32Low(a, c).Store((short*)t);
            ShortLanes.Zip32High(a, c).Store((short*)t + 8);
            ShortLanes.Zip32Low(b, d).Store((short*)t + 16);
            ShortLanes.Zip32High(b, d).Store((short*)t + 24);
            return;
        }
        for (var x = 0; x < count; x += 8)
        {
            var a0 = ShortLanes.Zip16Low(y[0], y[step]);
            var a1 = ShortLanes.Zip16High(y[0], y[step]);
            var a2 = ShortLanes.Zip16Low(y[2 * step], y[3 * step]);
            var a3 = ShortLanes.Zip16High(y[2 * step], y[3 * step]);
            var a4 = ShortLanes.Zip16Low(y[4 * step], y[5 * step]);
            var a5 = ShortLanes.Zip16High(y[4 * step], y[5 * step]);
            var a6 = ShortLanes.Zip16Low(y[6 * step], y[7 * step]);
            var a7 = ShortLanes.Zip16High(y[6 * step], y[7 * step]);
            var b0 = ShortLanes.Zip32Low(a0, a2);
            var b1 = ShortLanes.Zip32High(a0, a2);
            var b2 = ShortLanes.Zip32Low(a1, a3);
            var b3 = ShortLanes.Zip32High(a1, a3);
            var b4 = ShortLanes.Zip32Low(a4, a6);
            var b5 = ShortLanes.Zip32High(a4, a6);
            var b6 = ShortLanes.Zip32Low(a5, a7);
            var b7 = ShortLanes.Zip32High(a5, a7);
            ShortLanes.Zip64Low(b0, b4).Store((short*)t);
            ShortLanes.Zip64High(b0, b4).Store((short*)(t + lineBytes));
            ShortLanes.Zip64Low(b1, b5).Store((short*)(t + 2 * lineBytes));
            ShortLanes.Zip64High(b1, b5).Store((short*)(t + 3 * lineBytes));
            ShortLanes.Zip64Low(b2, b6).Store((short*)(t + 4 * lineBytes));
            ShortLanes.Zip64High(b2, b6).Store((short*)(t + 5 * lineBytes));
            ShortLanes.Zip64Low(b3, b7).Store((short*)(t + 6 * lineBytes));
            ShortLanes.Zip64High(b3, b7).Store((short*)(t + 7 * lineBytes));
            t += 16;
            y += 8 * step;
        }
    }

    public static void AddLines(byte* dst, nint stride, Vector128<short>* y, int count, int maxSample)
    {
        for (var i = 0; i < count; i++)
        {
            *(ulong*)dst = ShortLanes.Add8(Vector128.CreateScalarUnsafe(*(ulong*)dst).AsByte(), y[i]).AsUInt64().ToScalar();
            dst += stride;
        }
    }
}

/// <summary>4 lanes of 16 bits in the lower half of a vector; what the upper half holds does not matter.</summary>
internal readonly unsafe struct Short4 : ITransformVector<Vector128<short>>
{
    public static int Lanes => 4;
    public static int ElementSize => 2;
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Load(byte* p) => Vector128.CreateScalarUnsafe(*(ulong*)p).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<short> v) => *(ulong*)p = v.AsUInt64().ToScalar();

    public static Vector128<short> Limit(int max) => default;

    public static Vector128<short> Complement(Vector128<short> v) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(Vector128<short> a, Vector128<short> b, int k0, int k1, int k2, int k3, out Vector128<short> x, out Vector128<short> y)
    {
        if (Sse2.IsSupported)
        {
            var low = Sse2.UnpackLow(a, b);
            x = ShortLanes.Narrow(Sse2.MultiplyAddAdjacent(low, Vector128.Create(ShortLanes.Pair(k0, k1)).AsInt16()));
            y = ShortLanes.Narrow(Sse2.MultiplyAddAdjacent(low, Vector128.Create(ShortLanes.Pair(k2, k3)).AsInt16()));
        }
        else
        {
            x = ShortLanes.Narrow(ShortLanes.ProductLow(a, b, k0, k1));
            y = ShortLanes.Narrow(ShortLanes.ProductLow(a, b, k2, k3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Scale(Vector128<short> v, int k) => ShortLanes.Scale(v, k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Add(Vector128<short> a, Vector128<short> b, Vector128<short> min, Vector128<short> max) => ShortLanes.Add(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Subtract(Vector128<short> a, Vector128<short> b, Vector128<short> min, Vector128<short> max) => ShortLanes.Subtract(a, b);

    public static Vector128<short> Clamp(Vector128<short> v, Vector128<short> min, Vector128<short> max) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Negate(Vector128<short> v) => ShortLanes.Subtract(default, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Sum(Vector128<short> a, Vector128<short> b, Vector128<short> c, Vector128<short> d, int ka, int kb, int kc, int kd)
        => ShortLanes.Narrow(ShortLanes.ProductLow(a, b, ka, kb) + ShortLanes.ProductLow(c, d, kc, kd));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adst4(
        Vector128<short> a, Vector128<short> b, Vector128<short> c, Vector128<short> d, out Vector128<short> x, out Vector128<short> y, out Vector128<short> z, out Vector128<short> w)
    {
        x = Sum(a, b, c, d, 1321, 3344, 3803, 2482);
        y = Sum(a, b, c, d, 2482, 3344, -1321, -3803);
        z = Sum(a, b, c, d, 3344, 0, -3344, 3344);
        w = Sum(a, b, c, d, 3803, -3344, 2482, -1321);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> IdentityRow(Vector128<short> v, int log2, int shift, int max) => ShortLanes.IdentityRow(v, log2, shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> IdentityColumn(Vector128<short> v, int log2) => ShortLanes.IdentityColumn(v, log2);

    public static void StoreLines(Vector128<short>* y, int step, int count, byte* t, nint lineBytes, int shift, int max)
    {
        if (shift != 0)
        {
            ShortLanes.Round(step < 0 ? y - (count - 1) : y, count, shift);
        }
        if (count == 4)
        {
            var a = ShortLanes.Zip16Low(y[0], y[step]);
            var c = ShortLanes.Zip16Low(y[2 * step], y[3 * step]);
            ShortLanes.Zip32Low(a, c).Store((short*)t);
            ShortLanes.Zip32High(a, c).Store((short*)t + 8);
            return;
        }
        for (var x = 0; x < count; x += 8)
        {
            var a0 = ShortLanes.Zip16Low(y[0], y[step]);
            var a2 = ShortLanes.Zip16Low(y[2 * step], y[3 * step]);
            var a4 = ShortLanes.Zip16Low(y[4 * step], y[5 * step]);
            var a6 = ShortLanes.Zip16Low(y[6 * step], y[7 * step]);
            var b0 = ShortLanes.Zip32Low(a0, a2);
            var b1 = ShortLanes.Zip32High(a0, a2);
            var b4 = ShortLanes.Zip32Low(a4, a6);
            var b5 = ShortLanes.Zip32High(a4, a6);
            ShortLanes.Zip64Low(b0, b4).Store((short*)t);
            ShortLanes.Zip64High(b0, b4).Store((short*)(t + lineBytes));
            ShortLanes.Zip64Low(b1, b5).Store((short*)(t + 2 * lineBytes));
            ShortLanes.Zip64High(b1, b5).Store((short*)(t + 3 * lineBytes));
            t += 16;
            y += 8 * step;
        }
    }

    public static void AddLines(byte* dst, nint stride, Vector128<short>* y, int count, int maxSample)
    {
        for (var i = 0; i < count; i++)
        {
            *(uint*)dst = ShortLanes.Add8(Vector128.CreateScalarUnsafe(*(uint*)dst).AsByte(), y[i]).AsUInt32().ToScalar();
            dst += stride;
        }
    }
}

/// <summary>16 lanes of 16 bits.</summary>
internal readonly unsafe struct Short16 : ITransformVector<Vector256<short>>
{
    public static int Lanes => 16;
    public static int ElementSize => 2;
    public static int SampleSize => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(byte* p) => Vector256.Load((short*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<short> v) => v.Store((short*)p);

    public static Vector256<short> Limit(int max) => default;

    public static Vector256<short> Complement(Vector256<short> v) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Narrow(Vector256<int> low, Vector256<int> high)
        => Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(Avx2.Add(low, Vector256.Create(2048)), 12), Avx2.ShiftRightArithmetic(Avx2.Add(high, Vector256.Create(2048)), 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate(Vector256<short> a, Vector256<short> b, int k0, int k1, int k2, int k3, out Vector256<short> x, out Vector256<short> y)
    {
        var low = Avx2.UnpackLow(a, b);
        var high = Avx2.UnpackHigh(a, b);
        x = Narrow(Avx2.MultiplyAddAdjacent(low, Vector256.Create(ShortLanes.Pair(k0, k1)).AsInt16()), Avx2.MultiplyAddAdjacent(high, Vector256.Create(ShortLanes.Pair(k0, k1)).AsInt16()));
        y = Narrow(Avx2.MultiplyAddAdjacent(low, Vector256.Create(ShortLanes.Pair(k2, k3)).AsInt16()), Avx2.MultiplyAddAdjacent(high, Vector256.Create(ShortLanes.Pair(k2, k3)).AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Scale(Vector256<short> v, int k) => Avx2.MultiplyHighRoundScale(v, Vector256.Create((short)(k * 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Add(Vector256<short> a, Vector256<short> b, Vector256<short> min, Vector256<short> max) => Avx2.AddSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Subtract(Vector256<short> a, Vector256<short> b, Vector256<short> min, Vector256<short> max) => Avx2.SubtractSaturate(a, b);

    public static Vector256<short> Clamp(Vector256<short> v, Vector256<short> min, Vector256<short> max) => v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Negate(Vector256<short> v) => Avx2.SubtractSaturate(default, v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<short> p, Vector256<short> q, int ka, int kb, int kc, int kd) => Avx2.Add(
        Avx2.MultiplyAddAdjacent(p, Vector256.Create(ShortLanes.Pair(ka, kb)).AsInt16()), Avx2.MultiplyAddAdjacent(q, Vector256.Create(ShortLanes.Pair(kc, kd)).AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Adst4(
        Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d, out Vector256<short> x, out Vector256<short> y, out Vector256<short> z, out Vector256<short> w)
    {
        var p = Avx2.UnpackLow(a, b);
        var q = Avx2.UnpackLow(c, d);
        var r = Avx2.UnpackHigh(a, b);
        var s = Avx2.UnpackHigh(c, d);
        x = Narrow(Products(p, q, 1321, 3344, 3803, 2482), Products(r, s, 1321, 3344, 3803, 2482));
        y = Narrow(Products(p, q, 2482, 3344, -1321, -3803), Products(r, s, 2482, 3344, -1321, -3803));
        z = Narrow(Products(p, q, 3344, 0, -3344, 3344), Products(r, s, 3344, 0, -3344, 3344));
        w = Narrow(Products(p, q, 3803, -3344, 2482, -1321), Products(r, s, 3803, -3344, 2482, -1321));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Average(Vector256<short> a, Vector256<short> b)
    {
        var offset = Vector256.Create((ushort)0x8000);
        return (Avx2.Average(a.AsUInt16() ^ offset, b.AsUInt16() ^ offset) ^ offset).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> IdentityRow(Vector256<short> v, int log2, int shift, int max)
    {
        switch (log2)
        {
            case 2:
                var fraction = Scale(v, 1697);
                return shift == 0 ? Avx2.AddSaturate(v, fraction) : Average(v, fraction);
            case 3:
                return shift == 0 ? Avx2.AddSaturate(v, v) : shift == 1 ? v : Scale(v, 2048);
            case 4:
                var part = Scale(v, 3394);
                return shift == 1 ? Avx2.AddSaturate(v, Scale(part, 2048)) : Average(v, Avx2.ShiftRightArithmetic(part, 1));
            default:
                return shift == 1 ? Avx2.AddSaturate(v, v) : v;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> IdentityColumn(Vector256<short> v, int log2)
    {
        switch (log2)
        {
            case 2:
                return Avx2.AddSaturate(v, Scale(v, 1697));
            case 3:
                return Avx2.AddSaturate(v, v);
            case 4:
                return Avx2.AddSaturate(Avx2.AddSaturate(v, v), Scale(v, 3394));
            default:
                var twice = Avx2.AddSaturate(v, v);
                return Avx2.AddSaturate(twice, twice);
        }
    }

    private static void Round(Vector256<short>* y, int count, int shift)
    {
        var factor = Vector256.Create((short)(1 << (15 - shift)));
        for (var i = 0; i < count; i += 4)
        {
            y[i] = Avx2.MultiplyHighRoundScale(y[i], factor);
            y[i + 1] = Avx2.MultiplyHighRoundScale(y[i + 1], factor);
            y[i + 2] = Avx2.MultiplyHighRoundScale(y[i + 2], factor);
            y[i + 3] = Avx2.MultiplyHighRoundScale(y[i + 3], factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Zip32Low(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Zip32High(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Zip64Low(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Zip64High(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt16();

    /// <summary>Half a vector of column x beside the same of column x + 8: the 8×8 transposition in each half then gives whole lines of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Beside(Vector256<short>* a, Vector256<short>* b, int half)
        => Avx2.InsertVector128(Vector128.Load((short*)a + half).ToVector256Unsafe(), Vector128.Load((short*)b + half), 1);

    public static void StoreLines(Vector256<short>* y, int step, int count, byte* t, nint lineBytes, int shift, int max)
    {
        if (shift != 0)
        {
            Round(step < 0 ? y - (count - 1) : y, count, shift);
        }
        if (count == 4)
        {
            Store4(y, step, (short*)t);
            return;
        }
        if (count == 8)
        {
            Store8(y, step, (short*)t);
            return;
        }
        for (var x = 0; x < count; x += 16)
        {
            var line = t;
            for (var half = 0; half < 16; half += 8)
            {
                var y0 = Beside(y, y + 8 * step, half);
                var y1 = Beside(y + step, y + 9 * step, half);
                var a0 = Avx2.UnpackLow(y0, y1);
                var a1 = Avx2.UnpackHigh(y0, y1);
                var y2 = Beside(y + 2 * step, y + 10 * step, half);
                var y3 = Beside(y + 3 * step, y + 11 * step, half);
                var a2 = Avx2.UnpackLow(y2, y3);
                var a3 = Avx2.UnpackHigh(y2, y3);
                var y4 = Beside(y + 4 * step, y + 12 * step, half);
                var y5 = Beside(y + 5 * step, y + 13 * step, half);
                var a4 = Avx2.UnpackLow(y4, y5);
                var a5 = Avx2.UnpackHigh(y4, y5);
                var y6 = Beside(y + 6 * step, y + 14 * step, half);
                var y7 = Beside(y + 7 * step, y + 15 * step, half);
                var a6 = Avx2.UnpackLow(y6, y7);
                var a7 = Avx2.UnpackHigh(y6, y7);
                var b0 = Zip32Low(a0, a2);
                var b1 = Zip32High(a0, a2);
                var b2 = Zip32Low(a1, a3);
                var b3 = Zip32High(a1, a3);
                var b4 = Zip32Low(a4, a6);
                var b5 = Zip32High(a4, a6);
                var b6 = Zip32Low(a5, a7);
                var b7 = Zip32High(a5, a7);
                Zip64Low(b0, b4).Store((short*)line);
                Zip64High(b0, b4).Store((short*)(line + lineBytes));
                Zip64Low(b1, b5).Store((short*)(line + 2 * lineBytes));
                Zip64High(b1, b5).Store((short*)(line + 3 * lineBytes));
                Zip64Low(b2, b6).Store((short*)(line + 4 * lineBytes));
                Zip64High(b2, b6).Store((short*)(line + 5 * lineBytes));
                Zip64Low(b3, b7).Store((short*)(line + 6 * lineBytes));
                Zip64High(b3, b7).Store((short*)(line + 7 * lineBytes));
                line += 8 * lineBytes;
            }
            t += 32;
            y += 16 * step;
        }
    }

    /// <summary>16 lines of 4: each quarter of a vector is a line.</summary>
    private static void Store4(Vector256<short>* y, int step, short* t)
    {
        var a = Avx2.UnpackLow(y[0], y[step]);
        var b = Avx2.UnpackHigh(y[0], y[step]);
        var c = Avx2.UnpackLow(y[2 * step], y[3 * step]);
        var d = Avx2.UnpackHigh(y[2 * step], y[3 * step]);
        var e = Zip32Low(a, c);
        var f = Zip32High(a, c);
        var g = Zip32Low(b, d);
        var h = Zip32High(b, d);
        e.GetLower().Store(t);
        f.GetLower().Store(t + 8);
        g.GetLower().Store(t + 16);
        h.GetLower().Store(t + 24);
        e.GetUpper().Store(t + 32);
        f.GetUpper().Store(t + 40);
        g.GetUpper().Store(t + 48);
        h.GetUpper().Store(t + 56);
    }

    /// <summary>16 lines of 8: half a vector is a line.</summary>
    private static void Store8(Vector256<short>* y, int step, short* t)
    {
        var a0 = Avx2.UnpackLow(y[0], y[step]);
        var a1 = Avx2.UnpackHigh(y[0], y[step]);
        var a2 = Avx2.UnpackLow(y[2 * step], y[3 * step]);
        var a3 = Avx2.UnpackHigh(y[2 * step], y[3 * step]);
        var a4 = Avx2.UnpackLow(y[4 * step], y[5 * step]);
        var a5 = Avx2.UnpackHigh(y[4 * step], y[5 * step]);
        var a6 = Avx2.UnpackLow(y[6 * step], y[7 * step]);
        var a7 = Avx2.UnpackHigh(y[6 * step], y[7 * step]);
        var b0 = Zip32Low(a0, a2);
        var b1 = Zip32High(a0, a2);
        var b2 = Zip32Low(a1, a3);
        var b3 = Zip32High(a1, a3);
        var b4 = Zip32Low(a4, a6);
        var b5 = Zip32High(a4, a6);
        var b6 = Zip32Low(a5, a7);
        var b7 = Zip32High(a5, a7);
        StoreHalves(Zip64Low(b0, b4), t);
        StoreHalves(Zip64High(b0, b4), t + 8);
        StoreHalves(Zip64Low(b1, b5), t + 16);
        StoreHalves(Zip64High(b1, b5), t + 24);
        StoreHalves(Zip64Low(b2, b6), t + 32);
        StoreHalves(Zip64High(b2, b6), t + 40);
        StoreHalves(Zip64Low(b3, b7), t + 48);
        StoreHalves(Zip64High(b3, b7), t + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<short> v, short* t)
    {
        v.GetLower().Store(t);
        v.GetUpper().Store(t + 64);
    }

    public static void AddLines(byte* dst, nint stride, Vector256<short>* y, int count, int maxSample)
    {
        for (var i = 0; i < count; i += 2)
        {
            var a = Avx2.Add(Scale(y[i], 256), Avx2.ConvertToVector256Int16(dst));
            var b = Avx2.Add(Scale(y[i + 1], 256), Avx2.ConvertToVector256Int16(dst + stride));
            var both = Avx2.Permute4x64(Avx2.PackUnsignedSaturate(a, b).AsInt64(), 0xd8).AsByte();
            both.GetLower().Store(dst);
            both.GetUpper().Store(dst + stride);
            dst += 2 * stride;
        }
    }
}
