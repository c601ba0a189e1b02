// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <content>The few vector operations of the transforms whose instruction differs between x86-64 and arm64.</content>
public static unsafe partial class H264TransformKernels
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> ZipLow(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> ZipHigh(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipLow(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipHigh(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    /// <summary>The lower halves of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> LowerHalves(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt16() : AdvSimd.Arm64.ZipLow(a.AsInt64(), b.AsInt64()).AsInt16();

    /// <summary>The upper halves of a and b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> UpperHalves(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt16() : AdvSimd.Arm64.ZipHigh(a.AsInt64(), b.AsInt64()).AsInt16();

    /// <summary>Eight samples as 16-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Widen8(ulong samples)
        => Sse41.IsSupported
            ? Sse41.ConvertToVector128Int16(Vector128.CreateScalarUnsafe(samples).AsByte())
            : AdvSimd.ZeroExtendWideningLower(Vector64.CreateScalar(samples).AsByte()).AsInt16();

    /// <summary>Four samples of 16 bits as 32-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen4(ulong samples)
        => Sse41.IsSupported
            ? Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(samples).AsUInt16())
            : AdvSimd.ZeroExtendWideningLower(Vector64.CreateScalar(samples).AsUInt16()).AsInt32();

    /// <summary>Four samples of one row and four of another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TwoRows(byte* a, byte* b) => *(uint*)a | (ulong)*(uint*)b << 32;

    /// <summary>What a residual adds to bytes, and what its negative takes away: both saturate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddResidual(Vector128<byte> samples, Vector128<byte> plus, Vector128<byte> minus)
        => ByteVectors.SubtractClip(ByteVectors.AddClip(samples, plus), minus);

    /// <summary>Residual of a block with nothing but DC: both passes leave it as it is (8.5.12.2, 8.5.13.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DcResidual(short dc) => (short)(dc + 32) >> 6;

    /// <summary>The samples of a picture of up to 14 bits, clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows(byte* a, byte* b, Vector128<ushort> samples, Vector128<ushort> max)
    {
        var clipped = Vector128.Min(samples, max).AsUInt64();
        *(ulong*)a = clipped.ToScalar();
        *(ulong*)b = clipped.GetElement(1);
    }
}
