// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Conversion;

/// <summary>Plain conversions, also the row tails of the others.</summary>
internal static unsafe class ConversionScalar
{
    internal static void Interleave8(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
            InterleaveTail8(dst, u, v, 0, width);
    }

    internal static void Shift16(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
            ShiftTail16(dst, src, 0, width, shift);
    }

    internal static void InterleaveShift16(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
            InterleaveShiftTail16(dst, u, v, 0, width, shift);
    }

    internal static void InterleaveTail8(byte* dst, byte* u, byte* v, int x, int width)
    {
        for (; x < width; x++)
        {
            dst[2 * x] = u[x];
            dst[2 * x + 1] = v[x];
        }
    }

    internal static void ShiftTail16(byte* dst, byte* src, int x, int width, int shift)
    {
        for (; x < width; x++)
            ((ushort*)dst)[x] = (ushort)(((ushort*)src)[x] << shift);
    }

    internal static void InterleaveShiftTail16(byte* dst, byte* u, byte* v, int x, int width, int shift)
    {
        for (; x < width; x++)
        {
            ((ushort*)dst)[2 * x] = (ushort)(((ushort*)u)[x] << shift);
            ((ushort*)dst)[2 * x + 1] = (ushort)(((ushort*)v)[x] << shift);
        }
    }
}

/// <summary>Conversions with 128-bit vectors.</summary>
internal static unsafe class Conversion128
{
    internal static void Interleave8(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
        {
            int x = 0;
            for (; x <= width - 16; x += 16)
            {
                Vector128<byte> a = Vector128.Load(u + x), b = Vector128.Load(v + x);
                ZipLow(a, b).Store(dst + 2 * x);
                ZipHigh(a, b).Store(dst + 2 * x + 16);
            }
            ConversionScalar.InterleaveTail8(dst, u, v, x, width);
        }
    }

    internal static void Shift16(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            int x = 0;
            for (; x <= width - 8; x += 8)
                (Vector128.Load((ushort*)src + x) << shift).Store((ushort*)dst + x);
            ConversionScalar.ShiftTail16(dst, src, x, width, shift);
        }
    }

    internal static void InterleaveShift16(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
        {
            int x = 0;
            for (; x <= width - 8; x += 8)
            {
                Vector128<ushort> a = Vector128.Load((ushort*)u + x) << shift, b = Vector128.Load((ushort*)v + x) << shift;
                ZipLow(a, b).Store((ushort*)dst + 2 * x);
                ZipHigh(a, b).Store((ushort*)dst + 2 * x + 8);
            }
            ConversionScalar.InterleaveShiftTail16(dst, u, v, x, width, shift);
        }
    }

    private static Vector128<byte> ZipLow(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    private static Vector128<byte> ZipHigh(Vector128<byte> a, Vector128<byte> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    private static Vector128<ushort> ZipLow(Vector128<ushort> a, Vector128<ushort> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    private static Vector128<ushort> ZipHigh(Vector128<ushort> a, Vector128<ushort> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}

/// <summary>Conversions with AVX2. Sources are permuted first so that the in-lane unpacks come out in order.</summary>
internal static unsafe class Conversion256
{
    internal static void Interleave8(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
        {
            int x = 0;
            for (; x <= width - 32; x += 32)
            {
                Vector256<byte> a = Avx2.Permute4x64(Vector256.Load(u + x).AsUInt64(), 0b11_01_10_00).AsByte();
                Vector256<byte> b = Avx2.Permute4x64(Vector256.Load(v + x).AsUInt64(), 0b11_01_10_00).AsByte();
                Avx2.UnpackLow(a, b).Store(dst + 2 * x);
                Avx2.UnpackHigh(a, b).Store(dst + 2 * x + 32);
            }
            ConversionScalar.InterleaveTail8(dst, u, v, x, width);
        }
    }

    internal static void Shift16(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            int x = 0;
            for (; x <= width - 16; x += 16)
                (Vector256.Load((ushort*)src + x) << shift).Store((ushort*)dst + x);
            ConversionScalar.ShiftTail16(dst, src, x, width, shift);
        }
    }

    internal static void InterleaveShift16(byte* dst, nint dstStride, byte* u, nint uStride, byte* v, nint vStride, int width, int height, int shift)
    {
        for (int y = 0; y < height; y++, dst += dstStride, u += uStride, v += vStride)
        {
            int x = 0;
            for (; x <= width - 16; x += 16)
            {
                Vector256<ushort> a = Avx2.Permute4x64((Vector256.Load((ushort*)u + x) << shift).AsUInt64(), 0b11_01_10_00).AsUInt16();
                Vector256<ushort> b = Avx2.Permute4x64((Vector256.Load((ushort*)v + x) << shift).AsUInt64(), 0b11_01_10_00).AsUInt16();
                Avx2.UnpackLow(a, b).Store((ushort*)dst + 2 * x);
                Avx2.UnpackHigh(a, b).Store((ushort*)dst + 2 * x + 16);
            }
            ConversionScalar.InterleaveShiftTail16(dst, u, v, x, width, shift);
        }
    }
}
