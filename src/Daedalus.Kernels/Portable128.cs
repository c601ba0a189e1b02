// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels;

/// <summary>The x86 operations the filters are made of; elsewhere NEON or what the compiler makes of portable vectors.</summary>
internal static class Portable128
{
    /// <summary>(a + b + 1) &gt;&gt; 1 of unsigned bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> AverageBytes(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.Average(a, b);
        if (AdvSimd.IsSupported)
            return AdvSimd.FusedAddRoundedHalving(a, b);
        // (a | b) - ((a ^ b) >> 1): the mean rounded up without a ninth bit.
        return (a | b) - ((a ^ b) >> 1);
    }

    /// <summary>(a + b + 1) &gt;&gt; 1 of unsigned words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> AverageWords(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.Average(a.AsUInt16(), b.AsUInt16()).AsByte();
        if (AdvSimd.IsSupported)
            return AdvSimd.FusedAddRoundedHalving(a.AsUInt16(), b.AsUInt16()).AsByte();
        return ((a | b).AsUInt16() - ((a ^ b).AsUInt16() >> 1)).AsByte();
    }

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

    /// <summary>(v + (1 &lt;&lt; (bits - 1))) &gt;&gt; bits without overflow; bits is a constant 1..14.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<short> RoundShift(Vector128<short> v, [ConstantExpected(Min = 1, Max = 14)] byte bits)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyHighRoundScale(v, Vector128.Create((short)(1 << (15 - bits))));
        if (AdvSimd.IsSupported)
            return AdvSimd.ShiftRightArithmeticRounded(v, bits);
        return (v >> bits) + ((v >> (bits - 1)) & Vector128<short>.One);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> ZipHigh(Vector128<byte> a, Vector128<byte> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(a, b);
        return (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 8)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> ZipHigh(Vector128<ushort> a, Vector128<ushort> b)
    {
        if (Sse2.IsSupported)
            return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.ZipHigh(a, b);
        return (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 16)).AsUInt16();
    }
}
