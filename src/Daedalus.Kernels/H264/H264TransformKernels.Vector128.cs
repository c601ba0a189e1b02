// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.Portable128;

namespace Daedalus.Kernels.H264;

/// <content>
/// 8-bit transforms on 128-bit vectors, one body for SSE4.1 and AdvSimd. Coefficients lie column by column, so the pass along
/// the rows comes first without a transposition, as the spec orders it.
/// </content>
public static unsafe partial class H264TransformKernels
{
    private static void FillVector128(H264KernelTable* table)
    {
        table->AddTransform4x4Luma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&Vector128Luma4x4;
        table->AddTransform4x4Chroma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&Vector128Chroma4x4;
        table->AddTransform4x4 = (nint)(delegate*<byte*, nint, void*, int, void>)&Vector128Transform4x4;
        table->AddTransform8x8 = (nint)(delegate*<byte*, nint, void*, int, void>)&Vector128Transform8x8;
    }

    private static void Vector128Luma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask) & ~1;
            Vector128Pair(LumaBlock<byte>(dst, stride, b), stride, (short*)coefficients + b * 16, (mask >> b) & 3, maxValue);
            mask &= ~(3u << b);
        }
    }

    private static void Vector128Chroma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask) & ~1;
            Vector128Pair(dst + b * 2 * stride, stride, (short*)coefficients + b * 16, (mask >> b) & 3, maxValue);
            mask &= ~(3u << b);
        }
    }

    /// <summary>One block.</summary>
    private static void Vector128Transform4x4(byte* dst, nint stride, void* coefficients, int maxValue)
    {
        var c = (ulong*)coefficients;
        var u0 = c[0];
        var u1 = c[1];
        var u2 = c[2];
        var u3 = c[3];
        c[0] = 0;
        c[1] = 0;
        c[2] = 0;
        c[3] = 0;
        var d1 = dst + stride;
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        if (((u0 >> 16) | u1 | u2 | u3) == 0)
        {
            var residual = DcResidual((short)u0);
            var samples = Vector128.Create(TwoRows(dst, d1), TwoRows(d2, d3)).AsByte();
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            var sum = AddResidual(samples, plus, minus).AsUInt32();
            *(uint*)dst = sum.ToScalar();
            *(uint*)d1 = sum.GetElement(1);
            *(uint*)d2 = sum.GetElement(2);
            *(uint*)d3 = sum.GetElement(3);
            return;
        }
        var v0 = Vector128.CreateScalarUnsafe(u0).AsInt16();
        var v1 = Vector128.CreateScalarUnsafe(u1).AsInt16();
        var v2 = Vector128.CreateScalarUnsafe(u2).AsInt16();
        var v3 = Vector128.CreateScalarUnsafe(u3).AsInt16();
        var e0 = v0 + v2;
        var e1 = v0 - v2;
        var e2 = (v1 >> 1) - v3;
        var e3 = v1 + (v3 >> 1);
        var z02 = ZipLow(e0 + e3, e1 - e2);
        var z13 = ZipLow(e1 + e2, e0 - e3);
        var r01 = ZipLow(z02, z13);
        var r23 = ZipHigh(z02, z13);
        var r1 = UpperHalves(r01, r01);
        var r3 = UpperHalves(r23, r23);
        var even = LowerHalves(r01 + r23, r01 - r23);
        var odd = LowerHalves(r1 + (r3 >> 1), (r1 >> 1) - r3);
        var round = Vector128.Create((short)32);
        var h01 = (even + odd + round) >> 6;
        var h32 = (even - odd + round) >> 6;
        var result = PackUnsigned(h01 + Widen8(TwoRows(dst, d1)), h32 + Widen8(TwoRows(d3, d2))).AsUInt32();
        *(uint*)dst = result.ToScalar();
        *(uint*)d1 = result.GetElement(1);
        *(uint*)d3 = result.GetElement(2);
        *(uint*)d2 = result.GetElement(3);
    }

    /// <summary>Two blocks side by side, of which those in mask have coefficients.</summary>
    private static void Vector128Pair(byte* dst, nint stride, short* c, uint mask, int maxValue)
    {
        if (mask != 3)
        {
            var second = (int)(mask >> 1);
            Vector128Transform4x4(dst + 4 * second, stride, c + 16 * second, maxValue);
            return;
        }
        var a0 = Vector128.Load(c);
        var a1 = Vector128.Load(c + 8);
        var b0 = Vector128.Load(c + 16);
        var b1 = Vector128.Load(c + 24);
        Vector128<short>.Zero.Store(c);
        Vector128<short>.Zero.Store(c + 8);
        Vector128<short>.Zero.Store(c + 16);
        Vector128<short>.Zero.Store(c + 24);
        var d1 = dst + stride;
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        if ((((a0 | b0) & Vector128.Create((short)0, -1, -1, -1, -1, -1, -1, -1)) | a1 | b1) == Vector128<short>.Zero)
        {
            var ra = DcResidual(a0.ToScalar());
            var rb = DcResidual(b0.ToScalar());
            var plus = Vector128.Create(0x01010101u * (byte)Math.Clamp(ra, 0, 255) | (ulong)(0x01010101u * (byte)Math.Clamp(rb, 0, 255)) << 32).AsByte();
            var minus = Vector128.Create(0x01010101u * (byte)Math.Clamp(-ra, 0, 255) | (ulong)(0x01010101u * (byte)Math.Clamp(-rb, 0, 255)) << 32).AsByte();
            var s01 = AddResidual(Vector128.Create(*(ulong*)dst, *(ulong*)d1).AsByte(), plus, minus).AsUInt64();
            var s23 = AddResidual(Vector128.Create(*(ulong*)d2, *(ulong*)d3).AsByte(), plus, minus).AsUInt64();
            *(ulong*)dst = s01.ToScalar();
            *(ulong*)d1 = s01.GetElement(1);
            *(ulong*)d2 = s23.ToScalar();
            *(ulong*)d3 = s23.GetElement(1);
            return;
        }
        var v0 = LowerHalves(a0, b0);
        var v1 = UpperHalves(a0, b0);
        var v2 = LowerHalves(a1, b1);
        var v3 = UpperHalves(a1, b1);
        var e0 = v0 + v2;
        var e1 = v0 - v2;
        var e2 = (v1 >> 1) - v3;
        var e3 = v1 + (v3 >> 1);
        var f0 = e0 + e3;
        var f1 = e1 + e2;
        var f2 = e1 - e2;
        var f3 = e0 - e3;
        var za02 = ZipLow(f0, f2);
        var za13 = ZipLow(f1, f3);
        var zb02 = ZipHigh(f0, f2);
        var zb13 = ZipHigh(f1, f3);
        var a01 = ZipLow(za02, za13);
        var a23 = ZipHigh(za02, za13);
        var b01 = ZipLow(zb02, zb13);
        var b23 = ZipHigh(zb02, zb13);
        var r0 = LowerHalves(a01, b01);
        var r1 = UpperHalves(a01, b01);
        var r2 = LowerHalves(a23, b23);
        var r3 = UpperHalves(a23, b23);
        var round = Vector128.Create((short)32);
        var g0 = r0 + r2 + round;
        var g1 = r0 - r2 + round;
        var g2 = (r1 >> 1) - r3;
        var g3 = r1 + (r3 >> 1);
        var p01 = PackUnsigned(((g0 + g3) >> 6) + Widen8(*(ulong*)dst), ((g1 + g2) >> 6) + Widen8(*(ulong*)d1)).AsUInt64();
        var p23 = PackUnsigned(((g1 - g2) >> 6) + Widen8(*(ulong*)d2), ((g0 - g3) >> 6) + Widen8(*(ulong*)d3)).AsUInt64();
        *(ulong*)dst = p01.ToScalar();
        *(ulong*)d1 = p01.GetElement(1);
        *(ulong*)d2 = p23.ToScalar();
        *(ulong*)d3 = p23.GetElement(1);
    }

    private static void Vector128Transform8x8(byte* dst, nint stride, void* coefficients, int maxValue)
    {
        var c = (short*)coefficients;
        var v0 = Vector128.Load(c);
        var v1 = Vector128.Load(c + 8);
        var v2 = Vector128.Load(c + 16);
        var v3 = Vector128.Load(c + 24);
        var v4 = Vector128.Load(c + 32);
        var v5 = Vector128.Load(c + 40);
        var v6 = Vector128.Load(c + 48);
        var v7 = Vector128.Load(c + 56);
        Vector128<short>.Zero.Store(c);
        Vector128<short>.Zero.Store(c + 8);
        Vector128<short>.Zero.Store(c + 16);
        Vector128<short>.Zero.Store(c + 24);
        Vector128<short>.Zero.Store(c + 32);
        Vector128<short>.Zero.Store(c + 40);
        Vector128<short>.Zero.Store(c + 48);
        Vector128<short>.Zero.Store(c + 56);
        if (((v0 & Vector128.Create((short)0, -1, -1, -1, -1, -1, -1, -1)) | v1 | v2 | v3 | v4 | v5 | v6 | v7) == Vector128<short>.Zero)
        {
            Vector128Dc8x8(dst, stride, DcResidual(v0.ToScalar()));
            return;
        }
        var e0 = v0 + v4;
        var e2 = v0 - v4;
        var e4 = (v2 >> 1) - v6;
        var e6 = v2 + (v6 >> 1);
        var f0 = e0 + e6;
        var f2 = e2 + e4;
        var f4 = e2 - e4;
        var f6 = e0 - e6;
        var e1 = v5 - v3 - v7 - (v7 >> 1);
        var e3 = v1 + v7 - v3 - (v3 >> 1);
        var e5 = v7 - v1 + v5 + (v5 >> 1);
        var e7 = v3 + v5 + v1 + (v1 >> 1);
        var f1 = e1 + (e7 >> 2);
        var f3 = e3 + (e5 >> 2);
        var f5 = (e3 >> 2) - e5;
        var f7 = e7 - (e1 >> 2);
        var g0 = f0 + f7;
        var g1 = f2 + f5;
        var g2 = f4 + f3;
        var g3 = f6 + f1;
        var g4 = f6 - f1;
        var g5 = f4 - f3;
        var g6 = f2 - f5;
        var g7 = f0 - f7;
        // Transposition: three rounds that interleave vectors 4, 2 and 1 apart.
        var s0 = ZipLow(g0, g4);
        var s1 = ZipHigh(g0, g4);
        var s2 = ZipLow(g1, g5);
        var s3 = ZipHigh(g1, g5);
        var s4 = ZipLow(g2, g6);
        var s5 = ZipHigh(g2, g6);
        var s6 = ZipLow(g3, g7);
        var s7 = ZipHigh(g3, g7);
        var t0 = ZipLow(s0, s4);
        var t1 = ZipHigh(s0, s4);
        var t2 = ZipLow(s1, s5);
        var t3 = ZipHigh(s1, s5);
        var t4 = ZipLow(s2, s6);
        var t5 = ZipHigh(s2, s6);
        var t6 = ZipLow(s3, s7);
        var t7 = ZipHigh(s3, s7);
        var r0 = ZipLow(t0, t4);
        var r1 = ZipHigh(t0, t4);
        var r2 = ZipLow(t1, t5);
        var r3 = ZipHigh(t1, t5);
        var r4 = ZipLow(t2, t6);
        var r5 = ZipHigh(t2, t6);
        var r6 = ZipLow(t3, t7);
        var r7 = ZipHigh(t3, t7);
        var r0r = r0 + Vector128.Create((short)32);
        var h0 = r0r + r4;
        var h2 = r0r - r4;
        var h4 = (r2 >> 1) - r6;
        var h6 = r2 + (r6 >> 1);
        var i0 = h0 + h6;
        var i2 = h2 + h4;
        var i4 = h2 - h4;
        var i6 = h0 - h6;
        var h1 = r5 - r3 - r7 - (r7 >> 1);
        var h3 = r1 + r7 - r3 - (r3 >> 1);
        var h5 = r7 - r1 + r5 + (r5 >> 1);
        var h7 = r3 + r5 + r1 + (r1 >> 1);
        var i1 = h1 + (h7 >> 2);
        var i3 = h3 + (h5 >> 2);
        var i5 = (h3 >> 2) - h5;
        var i7 = h7 - (h1 >> 2);
        var d1 = dst + stride;
        var p01 = PackUnsigned(((i0 + i7) >> 6) + Widen8(*(ulong*)dst), ((i2 + i5) >> 6) + Widen8(*(ulong*)d1)).AsUInt64();
        *(ulong*)dst = p01.ToScalar();
        *(ulong*)d1 = p01.GetElement(1);
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        var p23 = PackUnsigned(((i4 + i3) >> 6) + Widen8(*(ulong*)d2), ((i6 + i1) >> 6) + Widen8(*(ulong*)d3)).AsUInt64();
        *(ulong*)d2 = p23.ToScalar();
        *(ulong*)d3 = p23.GetElement(1);
        var d4 = d3 + stride;
        var d5 = d4 + stride;
        var p45 = PackUnsigned(((i6 - i1) >> 6) + Widen8(*(ulong*)d4), ((i4 - i3) >> 6) + Widen8(*(ulong*)d5)).AsUInt64();
        *(ulong*)d4 = p45.ToScalar();
        *(ulong*)d5 = p45.GetElement(1);
        var d6 = d5 + stride;
        var d7 = d6 + stride;
        var p67 = PackUnsigned(((i2 - i5) >> 6) + Widen8(*(ulong*)d6), ((i0 - i7) >> 6) + Widen8(*(ulong*)d7)).AsUInt64();
        *(ulong*)d6 = p67.ToScalar();
        *(ulong*)d7 = p67.GetElement(1);
    }

    private static void Vector128Dc8x8(byte* dst, nint stride, int residual)
    {
        var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
        var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
        for (var y = 0; y < 8; y += 2, dst += 2 * stride)
        {
            var sum = AddResidual(Vector128.Create(*(ulong*)dst, *(ulong*)(dst + stride)).AsByte(), plus, minus).AsUInt64();
            *(ulong*)dst = sum.ToScalar();
            *(ulong*)(dst + stride) = sum.GetElement(1);
        }
    }
}
