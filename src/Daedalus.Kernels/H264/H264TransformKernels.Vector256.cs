// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <content>8-bit 4×4 transforms on AVX2: the four blocks of an 8×8 quarter at once. A single 8×8 block fills 128-bit vectors, not 256.</content>
public static unsafe partial class H264TransformKernels
{
    private static void FillVector256(H264KernelTable* table)
    {
        table->AddTransform4x4Luma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&Vector256Luma4x4;
        table->AddTransform4x4Chroma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&Vector256Chroma4x4;
    }

    private static void Vector256Luma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            var first = b & ~3;
            var quarter = (mask >> first) & 15;
            mask &= ~(15u << first);
            if ((quarter & (quarter - 1)) == 0)
            {
                Vector128Transform4x4(LumaBlock<byte>(dst, stride, b), stride, (short*)coefficients + b * 16, maxValue);
            }
            else
            {
                Vector256Quarter(LumaBlock<byte>(dst, stride, first), stride, (short*)coefficients + first * 16);
            }
        }
    }

    private static void Vector256Chroma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            var first = b & ~3;
            var quarter = (mask >> first) & 15;
            mask &= ~(15u << first);
            if ((quarter & (quarter - 1)) == 0)
            {
                Vector128Transform4x4(dst + (b >> 1) * 4 * stride + (b & 1) * 4, stride, (short*)coefficients + b * 16, maxValue);
            }
            else
            {
                Vector256Quarter(dst + first * 2 * stride, stride, (short*)coefficients + first * 16);
            }
        }
    }

    /// <summary>Two blocks above two others. Blocks without coefficients are all zero and change nothing.</summary>
    private static void Vector256Quarter(byte* dst, nint stride, short* c)
    {
        var c0 = Vector256.Load(c);
        var c1 = Vector256.Load(c + 16);
        var c2 = Vector256.Load(c + 32);
        var c3 = Vector256.Load(c + 48);
        Vector256<short>.Zero.Store(c);
        Vector256<short>.Zero.Store(c + 16);
        Vector256<short>.Zero.Store(c + 32);
        Vector256<short>.Zero.Store(c + 48);
        var d1 = dst + stride;
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        var d4 = dst + 4 * stride;
        var d5 = d1 + 4 * stride;
        var d6 = d2 + 4 * stride;
        var d7 = d3 + 4 * stride;
        if (((c0 | c1 | c2 | c3) & Vector256.Create((short)0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)) == Vector256<short>.Zero)
        {
            // The four DCs, first as 32-bit lanes, end as bytes: four times DC 0, four times DC 1, then 2 and 3.
            var dc01 = Sse2.UnpackLow(c0.GetLower(), c1.GetLower());
            var dc23 = Sse2.UnpackLow(c2.GetLower(), c3.GetLower());
            var dc = Sse2.UnpackLow(dc01.AsInt32(), dc23.AsInt32()).AsInt16();
            var residual = (dc + Vector128.Create((short)32)) >> 6;
            var plusBytes = Sse2.PackUnsignedSaturate(residual, residual);
            var minusBytes = Sse2.PackUnsignedSaturate(-residual, -residual);
            var spread = Vector128.Create((byte)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
            var plus = Ssse3.Shuffle(plusBytes, spread);
            var minus = Ssse3.Shuffle(minusBytes, spread);
            var s0 = AddResidual(Vector128.Create(*(ulong*)dst, *(ulong*)d4).AsByte(), plus, minus).AsUInt64();
            var s1 = AddResidual(Vector128.Create(*(ulong*)d1, *(ulong*)d5).AsByte(), plus, minus).AsUInt64();
            var s2 = AddResidual(Vector128.Create(*(ulong*)d2, *(ulong*)d6).AsByte(), plus, minus).AsUInt64();
            var s3 = AddResidual(Vector128.Create(*(ulong*)d3, *(ulong*)d7).AsByte(), plus, minus).AsUInt64();
            *(ulong*)dst = s0.ToScalar();
            *(ulong*)d4 = s0.GetElement(1);
            *(ulong*)d1 = s1.ToScalar();
            *(ulong*)d5 = s1.GetElement(1);
            *(ulong*)d2 = s2.ToScalar();
            *(ulong*)d6 = s2.GetElement(1);
            *(ulong*)d3 = s3.ToScalar();
            *(ulong*)d7 = s3.GetElement(1);
            return;
        }
        // Column x of all four blocks into one vector: blocks 0 and 1 in its lower half.
        var q0 = Avx2.UnpackLow(c0.AsInt64(), c1.AsInt64());
        var q1 = Avx2.UnpackHigh(c0.AsInt64(), c1.AsInt64());
        var q2 = Avx2.UnpackLow(c2.AsInt64(), c3.AsInt64());
        var q3 = Avx2.UnpackHigh(c2.AsInt64(), c3.AsInt64());
        var v0 = Avx2.Permute2x128(q0, q2, 0x20).AsInt16();
        var v1 = Avx2.Permute2x128(q1, q3, 0x20).AsInt16();
        var v2 = Avx2.Permute2x128(q0, q2, 0x31).AsInt16();
        var v3 = Avx2.Permute2x128(q1, q3, 0x31).AsInt16();
        var e0 = v0 + v2;
        var e1 = v0 - v2;
        var e2 = (v1 >> 1) - v3;
        var e3 = v1 + (v3 >> 1);
        var f0 = e0 + e3;
        var f1 = e1 + e2;
        var f2 = e1 - e2;
        var f3 = e0 - e3;
        var za02 = Avx2.UnpackLow(f0, f2);
        var za13 = Avx2.UnpackLow(f1, f3);
        var zb02 = Avx2.UnpackHigh(f0, f2);
        var zb13 = Avx2.UnpackHigh(f1, f3);
        var a01 = Avx2.UnpackLow(za02, za13).AsInt64();
        var a23 = Avx2.UnpackHigh(za02, za13).AsInt64();
        var b01 = Avx2.UnpackLow(zb02, zb13).AsInt64();
        var b23 = Avx2.UnpackHigh(zb02, zb13).AsInt64();
        var r0 = Avx2.UnpackLow(a01, b01).AsInt16();
        var r1 = Avx2.UnpackHigh(a01, b01).AsInt16();
        var r2 = Avx2.UnpackLow(a23, b23).AsInt16();
        var r3 = Avx2.UnpackHigh(a23, b23).AsInt16();
        var r0r = r0 + Vector256.Create((short)32);
        var g0 = r0r + r2;
        var g1 = r0r - r2;
        var g2 = (r1 >> 1) - r3;
        var g3 = r1 + (r3 >> 1);
        var x0 = ((g0 + g3) >> 6) + Avx2.ConvertToVector256Int16(Vector128.Create(*(ulong*)dst, *(ulong*)d4).AsByte());
        var x1 = ((g1 + g2) >> 6) + Avx2.ConvertToVector256Int16(Vector128.Create(*(ulong*)d1, *(ulong*)d5).AsByte());
        var x2 = ((g1 - g2) >> 6) + Avx2.ConvertToVector256Int16(Vector128.Create(*(ulong*)d2, *(ulong*)d6).AsByte());
        var x3 = ((g0 - g3) >> 6) + Avx2.ConvertToVector256Int16(Vector128.Create(*(ulong*)d3, *(ulong*)d7).AsByte());
        var p01 = Avx2.PackUnsignedSaturate(x0, x1).AsUInt64();
        var p23 = Avx2.PackUnsignedSaturate(x2, x3).AsUInt64();
        var top01 = p01.GetLower();
        var bottom01 = p01.GetUpper();
        var top23 = p23.GetLower();
        var bottom23 = p23.GetUpper();
        *(ulong*)dst = top01.ToScalar();
        *(ulong*)d1 = top01.GetElement(1);
        *(ulong*)d2 = top23.ToScalar();
        *(ulong*)d3 = top23.GetElement(1);
        *(ulong*)d4 = bottom01.ToScalar();
        *(ulong*)d5 = bottom01.GetElement(1);
        *(ulong*)d6 = bottom23.ToScalar();
        *(ulong*)d7 = bottom23.GetElement(1);
    }
}
