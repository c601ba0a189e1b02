// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// The generate grain process (7.18.3.3). White noise and what the rows above contribute go several samples at a time; only the three neighbours to the left
/// are a chain.
/// </summary>
internal static unsafe class Av1GrainTemplates
{
    /// <summary>Shorts between rows of a template.</summary>
    internal const int Stride = 112;
    /// <summary>Rows of a template, chroma of 4:2:0 uses 38 of them.</summary>
    internal const int Rows = 73;
    /// <summary>Shorts of one template.</summary>
    internal const int Size = Rows * Stride;
    /// <summary>Ints of the sums that <see cref="FilterLuma"/> and <see cref="FilterChroma"/> need: two planes.</summary>
    internal const int Sums = 2 * 80;

    private const int Width = 82;

    /// <summary>White noise, 82 × 73 or as subsampled.</summary>
    /// <param name="grain">Template.</param>
    /// <param name="subX">Subsampling of the plane.</param>
    /// <param name="subY">Subsampling of the plane.</param>
    /// <param name="seed">RandomRegister at the start.</param>
    /// <param name="shift">12 - BitDepth + grain_scale_shift, 0..7.</param>
    internal static void White(short* grain, int subX, int subY, ushort seed, int shift)
    {
        short* gaussian = (short*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Av1GrainTables.GaussianSequence));
        int width = subX != 0 ? 44 : Width, height = subY != 0 ? 38 : Rows, half = shift == 0 ? 0 : 1 << (shift - 1);
        uint r = seed;
        for (int y = 0; y < height; y++, grain += Stride)
        {
            int x = 0;
            // Bit n + 16 of the register's sequence comes of bits n, n + 1, n + 3 and n + 12: the next four are known at once.
            for (; x + 4 <= width; x += 4)
            {
                uint w = Next(r);
                grain[x] = (short)((gaussian[(w >> 6) & 2047] + half) >> shift);
                grain[x + 1] = (short)((gaussian[(w >> 7) & 2047] + half) >> shift);
                grain[x + 2] = (short)((gaussian[(w >> 8) & 2047] + half) >> shift);
                grain[x + 3] = (short)((gaussian[(w >> 9) & 2047] + half) >> shift);
                r = w >> 4;
            }
            for (; x < width; x++)
            {
                uint w = Next(r);
                grain[x] = (short)((gaussian[(w >> 6) & 2047] + half) >> shift);
                r = (w >> 1) & 0xffff;
            }
        }
    }

    /// <summary>The register with the four bits that come next above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Next(uint r) => r | (((r ^ (r >> 1) ^ (r >> 3) ^ (r >> 12)) & 15) << 16);

    /// <summary>get_random_number (7.18.3.2) of 8 bits.</summary>
    internal static int Random8(ref uint register)
    {
        register = (Next(register) >> 1) & 0xffff;
        return (int)(register >> 8);
    }

    /// <summary>Auto-regressive filter of luma.</summary>
    internal static void FilterLuma(short* grain, in V4L2CtrlAv1FilmGrain c, int bitDepth, int* sums, Av1GrainTable* kernels)
    {
        short* taps = stackalloc short[32];
        fixed (byte* coefficients = c.ArCoeffsYPlus128)
            Arrange(taps, coefficients, c.ArCoeffLag & 3);
        int min = -(128 << (bitDepth - 8)), max = (128 << (bitDepth - 8)) - 1, shift = (c.ArCoeffShiftMinus6 & 3) + 6, half = 1 << (shift - 1);
        int t3 = taps[24], t2 = taps[25], t1 = taps[26];
        for (int y = 3; y < Rows; y++)
        {
            short* g = grain + y * Stride + 3;
            kernels->GetRowsAbove()(sums, g, Stride, c.ArCoeffLag & 3, taps, 80);
            int g3 = g[-3], g2 = g[-2], g1 = g[-1];
            for (int x = 0; x < Width - 6; x++)
            {
                int v = Math.Max(min, Math.Min(max, g[x] + ((sums[x] + half + g3 * t3 + g2 * t2 + g1 * t1) >> shift)));
                g[x] = (short)v;
                g3 = g2;
                g2 = g1;
                g1 = v;
            }
        }
    }

    /// <summary>Auto-regressive filter of both chroma planes; their two chains run side by side.</summary>
    internal static void FilterChroma(short* luma, short* cb, short* cr, in V4L2CtrlAv1FilmGrain c, int bitDepth, int subX, int subY, int* sums, Av1GrainTable* kernels)
    {
        short* taps = stackalloc short[64];
        int lag = c.ArCoeffLag & 3, last = 2 * lag * (lag + 1), lumaCb, lumaCr;
        fixed (byte* cbCoefficients = c.ArCoeffsCbPlus128, crCoefficients = c.ArCoeffsCrPlus128)
        {
            Arrange(taps, cbCoefficients, lag);
            Arrange(taps + 32, crCoefficients, lag);
            // Without luma noise its template is not in use.
            lumaCb = c.NumYPoints == 0 ? 0 : cbCoefficients[last] - 128;
            lumaCr = c.NumYPoints == 0 ? 0 : crCoefficients[last] - 128;
        }
        int min = -(128 << (bitDepth - 8)), max = (128 << (bitDepth - 8)) - 1, shift = (c.ArCoeffShiftMinus6 & 3) + 6, half = 1 << (shift - 1);
        int t3 = taps[24], t2 = taps[25], t1 = taps[26], u3 = taps[56], u2 = taps[57], u1 = taps[58];
        int width = subX != 0 ? 44 : Width, height = subY != 0 ? 38 : Rows;
        int count = subX != 0 ? 48 : 80;
        int* crSums = sums + 80;
        for (int y = 3; y < height; y++)
        {
            short* g = cb + y * Stride + 3;
            short* h = cr + y * Stride + 3;
            kernels->GetRowsAbove()(sums, g, Stride, lag, taps, count);
            kernels->GetRowsAbove()(crSums, h, Stride, lag, taps + 32, count);
            if ((lumaCb | lumaCr) != 0)
                AddLuma(sums, crSums, luma + (((y - 3) << subY) + 3) * Stride + 3, width - 6, lumaCb, lumaCr, subX, subY);
            int g3 = g[-3], g2 = g[-2], g1 = g[-1], h3 = h[-3], h2 = h[-2], h1 = h[-1];
            for (int x = 0; x < width - 6; x++)
            {
                int v = Math.Max(min, Math.Min(max, g[x] + ((sums[x] + half + g3 * t3 + g2 * t2 + g1 * t1) >> shift)));
                int w = Math.Max(min, Math.Min(max, h[x] + ((crSums[x] + half + h3 * u3 + h2 * u2 + h1 * u1) >> shift)));
                g[x] = (short)v;
                h[x] = (short)w;
                g3 = g2;
                g2 = g1;
                g1 = v;
                h3 = h2;
                h2 = h1;
                h1 = w;
            }
        }
    }

    private static void AddLuma(int* sums, int* crSums, short* luma, int count, int lumaCb, int lumaCr, int subX, int subY)
    {
        for (int x = 0; x < count; x++, luma += 1 + subX)
        {
            int sum = luma[0];
            if (subX != 0)
                sum += luma[1];
            if (subY != 0)
                sum += luma[Stride] + luma[Stride + 1];
            sum = (sum + ((1 << (subX + subY)) >> 1)) >> (subX + subY);
            sums[x] += sum * lumaCb;
            crSums[x] += sum * lumaCr;
        }
    }

    /// <summary>Coefficients as <see cref="Av1GrainTable.RowsAbove"/> wants them; those of the current row follow at 24.</summary>
    private static void Arrange(short* taps, byte* coefficients, int lag)
    {
        for (int i = 0; i < 32; i++)
            taps[i] = 0;
        for (int row = -lag, i = 0; row <= 0; row++)
        {
            for (int column = -lag; column <= lag && (row != 0 || column != 0); column++)
                taps[(3 + row) * 8 + 3 + column] = (short)(coefficients[i++] - 128);
        }
    }
}
