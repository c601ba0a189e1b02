// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.H264;

/// <summary>
/// Reconstruction of P macroblocks in SP slices and of SI macroblocks (spec 8.6): the prediction is transformed, joined with the levels,
/// quantised with QS and transformed back. Only the Extended profile has it: 8 bits, 4:2:0, flat scaling. Every block takes part, also those
/// without levels and skipped macroblocks. Intra macroblocks in SP slices and all but SI in SI slices take the usual path.
/// </summary>
public static unsafe class H264SpKernels
{
    /// <summary>normAdjust4x4 (spec 8.5.9) for qp % 6: both indices even, both odd, one of each.</summary>
    private static ReadOnlySpan<byte> Norm => [10, 16, 13, 11, 18, 14, 13, 20, 16, 14, 23, 18, 16, 25, 20, 18, 29, 23];

    /// <summary>LevelScale2 (spec 8.6.1) for qs % 6, in the same order.</summary>
    private static ReadOnlySpan<ushort> Quantiser =>
        [13107, 5243, 8066, 11916, 4660, 7490, 10082, 4194, 6554, 9362, 3647, 5825, 8192, 3355, 5243, 7282, 2893, 4559];

    /// <summary>A of spec 8.6.1, in the same order.</summary>
    private static ReadOnlySpan<byte> Gain => [16, 25, 20];

    private struct Block
    {
        internal fixed int Values[64];
    }

    /// <summary>Kind of the coefficient at index x * 4 + y: 0 both even, 1 both odd, 2 one of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Kind(int i) => ((i >> 2) & i & 1) != 0 ? 1 : (((i >> 2) | i) & 1) != 0 ? 2 : 0;

    /// <summary>
    /// The luma samples of a macroblock: sixteen <see cref="LumaBlock"/> at their places (spec 6.4.3), levels of block b at levels + b * 16.
    /// For SI macroblocks, whose blocks are predicted one after another, call <see cref="LumaBlock"/>.
    /// </summary>
    public static void Luma(byte* dst, nint stride, short* levels, int qp, int qs, bool switching)
    {
        for (var b = 0; b < 16; b++)
        {
            var x = ((b & 1) | ((b >> 1) & 2)) * 4;
            var y = (((b >> 1) & 1) | ((b >> 2) & 2)) * 4;
            LumaBlock(dst + y * stride + x, stride, levels + b * 16, qp, qs, switching);
        }
    }

    /// <summary>
    /// One 4×4 luma block: dst holds the prediction, then the decoded samples.
    /// </summary>
    /// <param name="dst">First sample of the block.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="levels">Sixteen levels as parsed, not scaled, <c>levels[x * 4 + y]</c> (x: horizontal frequency); zero on return.</param>
    /// <param name="qp">QP'Y, 0..51; without meaning when <paramref name="switching"/>.</param>
    /// <param name="qs">QSY, 0..51.</param>
    /// <param name="switching">Spec 8.6.2: sp_for_switch_flag is 1 or the macroblock is SI. Otherwise 8.6.1.</param>
    [SkipLocalsInit]
    public static void LumaBlock(byte* dst, nint stride, short* levels, int qp, int qs, bool switching)
    {
        Block block;
        var c = block.Values;
        Forward(dst, stride, c);
        for (var i = 0; i < 16; i++)
        {
            c[i] = Requantise(c[i], levels[i], Kind(i), qp, qs, switching) * Norm[qs % 6 * 3 + Kind(i)] << (qs / 6);
            levels[i] = 0;
        }
        Inverse(dst, stride, c);
    }

    /// <summary>
    /// One 8×8 chroma plane of a macroblock: dst holds the prediction, then the decoded samples.
    /// </summary>
    /// <param name="dst">First sample of the plane.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="levels">Levels of the four blocks in raster order, not scaled, <c>levels[b * 16 + x * 4 + y]</c>; the entries of DC are not looked at. Zero on return.</param>
    /// <param name="dc">The four DC levels in raster order, c[y][x] = dc[y * 2 + x]; zero on return.</param>
    /// <param name="qp">QPc of the plane for QPY, 0..39; without meaning when <paramref name="switching"/>.</param>
    /// <param name="qs">QSc: the value of QPc for QSY, 0..39.</param>
    /// <param name="switching">As for <see cref="LumaBlock"/>.</param>
    [SkipLocalsInit]
    public static void Chroma(byte* dst, nint stride, short* levels, short* dc, int qp, int qs, bool switching)
    {
        Block block;
        var c = block.Values;
        var per = qs / 6;
        for (var b = 0; b < 4; b++)
        {
            Forward(dst + (b >> 1) * 4 * stride + (b & 1) * 4, stride, c + b * 16);
            for (var i = 1; i < 16; i++)
            {
                c[b * 16 + i] = Requantise(c[b * 16 + i], levels[b * 16 + i], Kind(i), qp, qs, switching) * Norm[qs % 6 * 3 + Kind(i)] << per;
                levels[b * 16 + i] = 0;
            }
            levels[b * 16] = 0;
        }
        var a = c[0] + c[16];
        var d = c[0] - c[16];
        var e = c[32] + c[48];
        var f = c[32] - c[48];
        var dc0 = RequantiseDc(a + e, dc[0], qp, qs, switching);
        var dc1 = RequantiseDc(d + f, dc[1], qp, qs, switching);
        var dc2 = RequantiseDc(a - e, dc[2], qp, qs, switching);
        var dc3 = RequantiseDc(d - f, dc[3], qp, qs, switching);
        *(ulong*)dc = 0;
        // Spec 8.5.11.2 with flat scaling: the factor 16 and the shift by 5 leave a shift by 1.
        int norm = Norm[qs % 6 * 3];
        c[0] = ((dc0 + dc1 + dc2 + dc3) * norm << per) >> 1;
        c[16] = ((dc0 - dc1 + dc2 - dc3) * norm << per) >> 1;
        c[32] = ((dc0 + dc1 - dc2 - dc3) * norm << per) >> 1;
        c[48] = ((dc0 - dc1 - dc2 + dc3) * norm << per) >> 1;
        for (var b = 0; b < 4; b++)
        {
            Inverse(dst + (b >> 1) * 4 * stride + (b & 1) * 4, stride, c + b * 16);
        }
    }

    /// <summary>The level of a coefficient after the prediction's one has joined it.</summary>
    private static int Requantise(int predicted, int level, int kind, int qp, int qs, bool switching)
    {
        var shift = 15 + qs / 6;
        int scale = Quantiser[qs % 6 * 3 + kind];
        if (switching)
        {
            return level + Quantise(predicted, scale, shift);
        }
        // With the spec's LevelScale4x4, which has the factor 16, the shift is by 10.
        return Quantise(predicted + ((level * Norm[qp % 6 * 3 + kind] * Gain[kind] << (qp / 6)) >> 6), scale, shift);
    }

    /// <summary>The same for chroma DC: the 2×2 transform makes one more bit in quantising, and one less to shift out of the levels.</summary>
    private static int RequantiseDc(int predicted, int level, int qp, int qs, bool switching)
    {
        var shift = 16 + qs / 6;
        int scale = Quantiser[qs % 6 * 3];
        if (switching)
        {
            return level + Quantise(predicted, scale, shift);
        }
        return Quantise(predicted + ((level * Norm[qp % 6 * 3] * Gain[0] << (qp / 6)) >> 5), scale, shift);
    }

    /// <summary>Division by the quantiser's step, halves away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quantise(int value, int scale, int shift)
    {
        var magnitude = ((long)(value < 0 ? -value : value) * scale + (1L << (shift - 1))) >> shift;
        return (int)(value < 0 ? -magnitude : magnitude);
    }

    /// <summary>Forward transform of a block of samples (spec 8.6.1) to c[x * 4 + y].</summary>
    private static void Forward(byte* src, nint stride, int* c)
    {
        for (var y = 0; y < 4; y++, src += stride)
        {
            var s03 = src[0] + src[3];
            var d03 = src[0] - src[3];
            var s12 = src[1] + src[2];
            var d12 = src[1] - src[2];
            c[y] = s03 + s12;
            c[4 + y] = 2 * d03 + d12;
            c[8 + y] = s03 - s12;
            c[12 + y] = d03 - 2 * d12;
        }
        for (var x = 0; x < 4; x++, c += 4)
        {
            var s03 = c[0] + c[3];
            var d03 = c[0] - c[3];
            var s12 = c[1] + c[2];
            var d12 = c[1] - c[2];
            c[0] = s03 + s12;
            c[1] = 2 * d03 + d12;
            c[2] = s03 - s12;
            c[3] = d03 - 2 * d12;
        }
    }

    /// <summary>Inverse transform (spec 8.5.12.2) of c[x * 4 + y], whose result is the samples themselves.</summary>
    private static void Inverse(byte* dst, nint stride, int* c)
    {
        for (var y = 0; y < 4; y++)
        {
            var e0 = c[y] + c[8 + y];
            var e1 = c[y] - c[8 + y];
            var e2 = (c[4 + y] >> 1) - c[12 + y];
            var e3 = c[4 + y] + (c[12 + y] >> 1);
            c[y] = e0 + e3;
            c[4 + y] = e1 + e2;
            c[8 + y] = e1 - e2;
            c[12 + y] = e0 - e3;
        }
        for (var x = 0; x < 4; x++, c += 4)
        {
            var g0 = c[0] + c[2] + 32;
            var g1 = c[0] - c[2] + 32;
            var g2 = (c[1] >> 1) - c[3];
            var g3 = c[1] + (c[3] >> 1);
            dst[x] = (byte)Math.Clamp((g0 + g3) >> 6, 0, 255);
            dst[stride + x] = (byte)Math.Clamp((g1 + g2) >> 6, 0, 255);
            dst[2 * stride + x] = (byte)Math.Clamp((g1 - g2) >> 6, 0, 255);
            dst[3 * stride + x] = (byte)Math.Clamp((g0 - g3) >> 6, 0, 255);
        }
    }
}
