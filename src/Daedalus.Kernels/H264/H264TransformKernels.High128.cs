// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.Portable128;

namespace Daedalus.Kernels.H264;

/// <content>Transforms of 9 to 14 bits on 128-bit vectors of 32-bit lanes, one body for SSE4.1 and AdvSimd.</content>
public static unsafe partial class H264TransformKernels
{
    private static void FillHigh128(H264KernelTable* table)
    {
        table->AddTransform4x4Luma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&High128Luma4x4;
        table->AddTransform4x4Chroma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&High128Chroma4x4;
        table->AddTransform4x4 = (nint)(delegate*<byte*, nint, void*, int, void>)&High128Transform4x4;
        table->AddTransform8x8 = (nint)(delegate*<byte*, nint, void*, int, void>)&High128Transform8x8;
    }

    private static void High128Luma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            High128Transform4x4(LumaBlock<ushort>(dst, stride, b), stride, (int*)coefficients + b * 16, maxValue);
        }
    }

    private static void High128Chroma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var b = BitOperations.TrailingZeroCount(mask);
            High128Transform4x4(dst + (b >> 1) * 4 * stride + (b & 1) * 8, stride, (int*)coefficients + b * 16, maxValue);
        }
    }

    private static void High128Transform4x4(byte* dst, nint stride, void* coefficients, int maxValue)
    {
        var c = (int*)coefficients;
        var v0 = Vector128.Load(c);
        var v1 = Vector128.Load(c + 4);
        var v2 = Vector128.Load(c + 8);
        var v3 = Vector128.Load(c + 12);
        Vector128<int>.Zero.Store(c);
        Vector128<int>.Zero.Store(c + 4);
        Vector128<int>.Zero.Store(c + 8);
        Vector128<int>.Zero.Store(c + 12);
        var max = Vector128.Create((ushort)maxValue);
        var d1 = dst + stride;
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        if (((v0 & Vector128.Create(0, -1, -1, -1)) | v1 | v2 | v3) == Vector128<int>.Zero)
        {
            var residual = Vector128.Create((v0.ToScalar() + 32) >> 6);
            StoreRows(dst, d1, PackUnsigned(residual + Widen4(*(ulong*)dst), residual + Widen4(*(ulong*)d1)), max);
            StoreRows(d2, d3, PackUnsigned(residual + Widen4(*(ulong*)d2), residual + Widen4(*(ulong*)d3)), max);
            return;
        }
        var e0 = v0 + v2;
        var e1 = v0 - v2;
        var e2 = (v1 >> 1) - v3;
        var e3 = v1 + (v3 >> 1);
        var f0 = e0 + e3;
        var f1 = e1 + e2;
        var f2 = e1 - e2;
        var f3 = e0 - e3;
        var z0 = ZipLow(f0, f2);
        var z1 = ZipHigh(f0, f2);
        var z2 = ZipLow(f1, f3);
        var z3 = ZipHigh(f1, f3);
        var r0 = ZipLow(z0, z2);
        var r1 = ZipHigh(z0, z2);
        var r2 = ZipLow(z1, z3);
        var r3 = ZipHigh(z1, z3);
        var r0r = r0 + Vector128.Create(32);
        var g0 = r0r + r2;
        var g1 = r0r - r2;
        var g2 = (r1 >> 1) - r3;
        var g3 = r1 + (r3 >> 1);
        StoreRows(dst, d1, PackUnsigned(((g0 + g3) >> 6) + Widen4(*(ulong*)dst), ((g1 + g2) >> 6) + Widen4(*(ulong*)d1)), max);
        StoreRows(d2, d3, PackUnsigned(((g1 - g2) >> 6) + Widen4(*(ulong*)d2), ((g0 - g3) >> 6) + Widen4(*(ulong*)d3)), max);
    }

    private static void High128Dc8x8(byte* dst, nint stride, int dc, int maxValue)
    {
        var residual = Vector128.Create((dc + 32) >> 6);
        var max = Vector128.Create((ushort)maxValue);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            var sum = PackUnsigned(residual + Widen4(*(ulong*)dst), residual + Widen4(*(ulong*)(dst + 8)));
            Vector128.Min(sum, max).Store((ushort*)dst);
        }
    }

    /// <summary>
    /// Rows 0..3, then 4..7 take the first pass; the coefficients' own memory holds what comes out, in 4×4 pieces that are already transposed.
    /// Then columns 0..3 and 4..7.
    /// </summary>
    private static void High128Transform8x8(byte* dst, nint stride, void* coefficients, int maxValue)
    {
        var c = (int*)coefficients;
        var any = Vector128.Load(c) & Vector128.Create(0, -1, -1, -1);
        for (var i = 4; i < 64; i += 4)
        {
            any |= Vector128.Load(c + i);
        }
        if (any == Vector128<int>.Zero)
        {
            High128Dc8x8(dst, stride, c[0], maxValue);
            c[0] = 0;
            return;
        }
        High128Rows(c);
        High128Rows(c + 4);
        High128Columns(dst, stride, c, maxValue);
        High128Columns(dst + 8, stride, c + 32, maxValue);
        for (var i = 0; i < 64; i += 4)
        {
            Vector128<int>.Zero.Store(c + i);
        }
    }

    private static void High128Rows(int* c)
    {
        var v0 = Vector128.Load(c + 0);
        var v1 = Vector128.Load(c + 8);
        var v2 = Vector128.Load(c + 16);
        var v3 = Vector128.Load(c + 24);
        var v4 = Vector128.Load(c + 32);
        var v5 = Vector128.Load(c + 40);
        var v6 = Vector128.Load(c + 48);
        var v7 = Vector128.Load(c + 56);
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
        var l0 = ZipLow(g0, g2);
        var l1 = ZipHigh(g0, g2);
        var l2 = ZipLow(g1, g3);
        var l3 = ZipHigh(g1, g3);
        ZipLow(l0, l2).Store(c + 0);
        ZipHigh(l0, l2).Store(c + 8);
        ZipLow(l1, l3).Store(c + 16);
        ZipHigh(l1, l3).Store(c + 24);
        var u0 = ZipLow(g4, g6);
        var u1 = ZipHigh(g4, g6);
        var u2 = ZipLow(g5, g7);
        var u3 = ZipHigh(g5, g7);
        ZipLow(u0, u2).Store(c + 32);
        ZipHigh(u0, u2).Store(c + 40);
        ZipLow(u1, u3).Store(c + 48);
        ZipHigh(u1, u3).Store(c + 56);
    }

    private static void High128Columns(byte* dst, nint stride, int* c, int maxValue)
    {
        var v0 = Vector128.Load(c + 0);
        var v1 = Vector128.Load(c + 8);
        var v2 = Vector128.Load(c + 16);
        var v3 = Vector128.Load(c + 24);
        var v4 = Vector128.Load(c + 4);
        var v5 = Vector128.Load(c + 12);
        var v6 = Vector128.Load(c + 20);
        var v7 = Vector128.Load(c + 28);
        var r = v0 + Vector128.Create(32);
        var e0 = r + v4;
        var e2 = r - v4;
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
        var max = Vector128.Create((ushort)maxValue);
        var d1 = dst + stride;
        StoreRows(dst, d1, PackUnsigned((g0 >> 6) + Widen4(*(ulong*)dst), (g1 >> 6) + Widen4(*(ulong*)d1)), max);
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        StoreRows(d2, d3, PackUnsigned((g2 >> 6) + Widen4(*(ulong*)d2), (g3 >> 6) + Widen4(*(ulong*)d3)), max);
        var d4 = d3 + stride;
        var d5 = d4 + stride;
        StoreRows(d4, d5, PackUnsigned((g4 >> 6) + Widen4(*(ulong*)d4), (g5 >> 6) + Widen4(*(ulong*)d5)), max);
        var d6 = d5 + stride;
        var d7 = d6 + stride;
        StoreRows(d6, d7, PackUnsigned((g6 >> 6) + Widen4(*(ulong*)d6), (g7 >> 6) + Widen4(*(ulong*)d7)), max);
    }
}
