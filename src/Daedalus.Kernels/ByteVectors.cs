// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels;

/// <summary>The few operations on 128-bit vectors of samples whose instruction differs between x86-64 and arm64.</summary>
internal static class ByteVectors
{
    /// <summary>Drops the first sample of v and appends the first of next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Next1(Vector128<byte> v, Vector128<byte> next)
        => Ssse3.IsSupported ? Ssse3.AlignRight(next, v, 1) : AdvSimd.ExtractVector128(v, next, 1);

    /// <summary>Drops the first two samples of v and appends the first two of next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Next2(Vector128<byte> v, Vector128<byte> next)
        => Ssse3.IsSupported ? Ssse3.AlignRight(next, v, 2) : AdvSimd.ExtractVector128(v, next, 2);

    /// <summary>Puts the last sample of before in front of v, whose last sample drops out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Push1(Vector128<byte> v, Vector128<byte> before)
        => Ssse3.IsSupported ? Ssse3.AlignRight(v, before, 15) : AdvSimd.ExtractVector128(before, v, 15);

    /// <summary>Puts the last two samples of before in front of v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Push2(Vector128<byte> v, Vector128<byte> before)
        => Ssse3.IsSupported ? Ssse3.AlignRight(v, before, 14) : AdvSimd.ExtractVector128(before, v, 14);

    /// <summary>(a + b + 1) >> 1 of single samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Mean2(int a, int b) => (a + b + 1) >> 1;

    /// <summary>(a + 2b + c + 2) >> 2 of single samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Mean3(int a, int b, int c) => (a + 2 * b + c + 2) >> 2;

    /// <summary>(a + b + 1) >> 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Mean2(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.Average(a, b) : AdvSimd.FusedAddRoundedHalving(a, b);

    /// <summary>(a + 2b + c + 2) >> 2: the mean of a and c rounded down, then with b rounded up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Mean3(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
        => Sse2.IsSupported
            ? Sse2.Average(Sse2.Subtract(Sse2.Average(a, c), Sse2.And(Sse2.Xor(a, c), Vector128.Create((byte)1))), b)
            : AdvSimd.FusedAddRoundedHalving(AdvSimd.FusedAddHalving(a, c), b);

    /// <summary>Selects samples of v by index (0..15).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Select(Vector128<byte> v, Vector128<byte> index)
        => Ssse3.IsSupported ? Ssse3.Shuffle(v, index) : AdvSimd.Arm64.VectorTableLookup(v, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> AddClip(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.AddSaturate(a, b) : AdvSimd.AddSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> SubtractClip(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.SubtractSaturate(a, b) : AdvSimd.SubtractSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> InterleaveLow(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> InterleaveLow(Vector128<ushort> a, Vector128<ushort> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ushort> InterleaveHigh(Vector128<ushort> a, Vector128<ushort> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> InterleaveHigh(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Reverse(Vector128<byte> v)
        => Vector128.Shuffle(v, Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));

    /// <summary>Sum of 16 samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Sum16(Vector128<byte> v)
    {
        if (Sse2.IsSupported)
        {
            var sums = Sse2.SumAbsoluteDifferences(v, Vector128<byte>.Zero).AsInt32();
            return sums.ToScalar() + sums.GetElement(2);
        }
        return AdvSimd.Arm64.AddAcrossWidening(v).ToScalar();
    }
}
