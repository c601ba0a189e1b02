// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <content>Transforms of 9 to 14 bits on AVX2: two 4×4 blocks side by side, or one 8×8 block, in eight 32-bit lanes.</content>
public static unsafe partial class H264TransformKernels
{
    private static void FillHigh256(H264KernelTable* table)
    {
        table->AddTransform4x4Luma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&High256Luma4x4;
        table->AddTransform4x4Chroma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&High256Chroma4x4;
        table->AddTransform8x8 = (nint)(delegate*<byte*, nint, void*, int, void>)&High256Transform8x8;
    }

    private static void High256Luma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask) & ~1;
            High256Pair(LumaBlock<ushort>(dst, stride, b), stride, (int*)coefficients + b * 16, (mask >> b) & 3, maxValue);
            mask &= ~(3u << b);
        }
    }

    private static void High256Chroma4x4(byte* dst, nint stride, void* coefficients, uint mask, int maxValue)
    {
        while (mask != 0)
        {
            var b = BitOperations.TrailingZeroCount(mask) & ~1;
            High256Pair(dst + b * 2 * stride, stride, (int*)coefficients + b * 16, (mask >> b) & 3, maxValue);
            mask &= ~(3u << b);
        }
    }

    /// <summary>Two rows of eight samples: samples + residuals, clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRows(byte* a, byte* b, Vector256<int> residualA, Vector256<int> residualB, Vector256<ushort> max)
    {
        var x = residualA + Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)a));
        var y = residualB + Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)b));
        // The pack interleaves the halves of x and y.
        var packed = Avx2.Permute4x64(Vector256.Min(Avx2.PackUnsignedSaturate(x, y), max).AsUInt64(), 0xD8).AsUInt16();
        packed.GetLower().Store((ushort*)a);
        packed.GetUpper().Store((ushort*)b);
    }

    private static void High256Pair(byte* dst, nint stride, int* c, uint mask, int maxValue)
    {
        if (mask != 3)
        {
            var second = (int)(mask >> 1);
            High128Transform4x4(dst + 8 * second, stride, c + 16 * second, maxValue);
            return;
        }
        var v0 = Vector256.Create(Vector128.Load(c), Vector128.Load(c + 16));
        var v1 = Vector256.Create(Vector128.Load(c + 4), Vector128.Load(c + 20));
        var v2 = Vector256.Create(Vector128.Load(c + 8), Vector128.Load(c + 24));
        var v3 = Vector256.Create(Vector128.Load(c + 12), Vector128.Load(c + 28));
        Vector256<int>.Zero.Store(c);
        Vector256<int>.Zero.Store(c + 8);
        Vector256<int>.Zero.Store(c + 16);
        Vector256<int>.Zero.Store(c + 24);
        var max = Vector256.Create((ushort)maxValue);
        var d1 = dst + stride;
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        if (((v0 & Vector256.Create(0, -1, -1, -1, 0, -1, -1, -1)) | v1 | v2 | v3) == Vector256<int>.Zero)
        {
            var residual = Avx2.Shuffle(v0 + Vector256.Create(32), 0) >> 6;
            AddRows(dst, d1, residual, residual, max);
            AddRows(d2, d3, residual, residual, max);
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
        var z0 = Avx2.UnpackLow(f0, f2);
        var z1 = Avx2.UnpackHigh(f0, f2);
        var z2 = Avx2.UnpackLow(f1, f3);
        var z3 = Avx2.UnpackHigh(f1, f3);
        var r0 = Avx2.UnpackLow(z0, z2);
        var r1 = Avx2.UnpackHigh(z0, z2);
        var r2 = Avx2.UnpackLow(z1, z3);
        var r3 = Avx2.UnpackHigh(z1, z3);
        var r0r = r0 + Vector256.Create(32);
        var g0 = r0r + r2;
        var g1 = r0r - r2;
        var g2 = (r1 >> 1) - r3;
        var g3 = r1 + (r3 >> 1);
        AddRows(dst, d1, (g0 + g3) >> 6, (g1 + g2) >> 6, max);
        AddRows(d2, d3, (g1 - g2) >> 6, (g0 - g3) >> 6, max);
    }

    private static void High256Transform8x8(byte* dst, nint stride, void* coefficients, int maxValue)
    {
        var c = (int*)coefficients;
        var v0 = Vector256.Load(c + 0);
        var v1 = Vector256.Load(c + 8);
        var v2 = Vector256.Load(c + 16);
        var v3 = Vector256.Load(c + 24);
        var v4 = Vector256.Load(c + 32);
        var v5 = Vector256.Load(c + 40);
        var v6 = Vector256.Load(c + 48);
        var v7 = Vector256.Load(c + 56);
        Vector256<int>.Zero.Store(c);
        Vector256<int>.Zero.Store(c + 8);
        Vector256<int>.Zero.Store(c + 16);
        Vector256<int>.Zero.Store(c + 24);
        Vector256<int>.Zero.Store(c + 32);
        Vector256<int>.Zero.Store(c + 40);
        Vector256<int>.Zero.Store(c + 48);
        Vector256<int>.Zero.Store(c + 56);
        if (((v0 & Vector256.Create(0, -1, -1, -1, -1, -1, -1, -1)) | v1 | v2 | v3 | v4 | v5 | v6 | v7) == Vector256<int>.Zero)
        {
            High128Dc8x8(dst, stride, v0.ToScalar(), maxValue);
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
        // Transposition: 4×4 pieces in both halves, then the halves change places.
        var l0 = Avx2.UnpackLow(g0, g2);
        var l1 = Avx2.UnpackHigh(g0, g2);
        var l2 = Avx2.UnpackLow(g1, g3);
        var l3 = Avx2.UnpackHigh(g1, g3);
        var l4 = Avx2.UnpackLow(l0, l2);
        var l5 = Avx2.UnpackHigh(l0, l2);
        var l6 = Avx2.UnpackLow(l1, l3);
        var l7 = Avx2.UnpackHigh(l1, l3);
        var u0 = Avx2.UnpackLow(g4, g6);
        var u1 = Avx2.UnpackHigh(g4, g6);
        var u2 = Avx2.UnpackLow(g5, g7);
        var u3 = Avx2.UnpackHigh(g5, g7);
        var u4 = Avx2.UnpackLow(u0, u2);
        var u5 = Avx2.UnpackHigh(u0, u2);
        var u6 = Avx2.UnpackLow(u1, u3);
        var u7 = Avx2.UnpackHigh(u1, u3);
        var r0 = Avx2.Permute2x128(l4, u4, 0x20);
        var r1 = Avx2.Permute2x128(l5, u5, 0x20);
        var r2 = Avx2.Permute2x128(l6, u6, 0x20);
        var r3 = Avx2.Permute2x128(l7, u7, 0x20);
        var r4 = Avx2.Permute2x128(l4, u4, 0x31);
        var r5 = Avx2.Permute2x128(l5, u5, 0x31);
        var r6 = Avx2.Permute2x128(l6, u6, 0x31);
        var r7 = Avx2.Permute2x128(l7, u7, 0x31);
        var sr = r0 + Vector256.Create(32);
        var se0 = sr + r4;
        var se2 = sr - r4;
        var se4 = (r2 >> 1) - r6;
        var se6 = r2 + (r6 >> 1);
        var sf0 = se0 + se6;
        var sf2 = se2 + se4;
        var sf4 = se2 - se4;
        var sf6 = se0 - se6;
        var se1 = r5 - r3 - r7 - (r7 >> 1);
        var se3 = r1 + r7 - r3 - (r3 >> 1);
        var se5 = r7 - r1 + r5 + (r5 >> 1);
        var se7 = r3 + r5 + r1 + (r1 >> 1);
        var sf1 = se1 + (se7 >> 2);
        var sf3 = se3 + (se5 >> 2);
        var sf5 = (se3 >> 2) - se5;
        var sf7 = se7 - (se1 >> 2);
        var y0 = sf0 + sf7;
        var y1 = sf2 + sf5;
        var y2 = sf4 + sf3;
        var y3 = sf6 + sf1;
        var y4 = sf6 - sf1;
        var y5 = sf4 - sf3;
        var y6 = sf2 - sf5;
        var y7 = sf0 - sf7;
        var max = Vector256.Create((ushort)maxValue);
        var d1 = dst + stride;
        AddRows(dst, d1, y0 >> 6, y1 >> 6, max);
        var d2 = d1 + stride;
        var d3 = d2 + stride;
        AddRows(d2, d3, y2 >> 6, y3 >> 6, max);
        var d4 = d3 + stride;
        var d5 = d4 + stride;
        AddRows(d4, d5, y4 >> 6, y5 >> 6, max);
        var d6 = d5 + stride;
        var d7 = d6 + stride;
        AddRows(d6, d7, y6 >> 6, y7 >> 6, max);
    }
}
