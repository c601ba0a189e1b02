// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Kernels.Av1;

/// <summary>CDEF (7.15), sample by sample.</summary>
internal static unsafe class Av1CdefScalar<TSample> where TSample : struct, ISample
{
    private static ReadOnlySpan<short> DivTable => [0, 840, 420, 280, 210, 168, 140, 120, 105];

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefDirection"/> (7.15.2).</summary>
    internal static int Direction(byte* src, nint stride, int* variance, int bitDepth)
    {
        int* partial = stackalloc int[8 * 15];
        int* cost = stackalloc int[8];
        new Span<int>(partial, 8 * 15).Clear();
        new Span<int>(cost, 8).Clear();
        for (int i = 0; i < 8; i++)
        {
            for (int j = 0; j < 8; j++)
            {
                int x = (TSample.Load(src + i * stride, j) >> (bitDepth - 8)) - 128;
                partial[0 * 15 + i + j] += x;
                partial[1 * 15 + i + j / 2] += x;
                partial[2 * 15 + i] += x;
                partial[3 * 15 + 3 + i - j / 2] += x;
                partial[4 * 15 + 7 + i - j] += x;
                partial[5 * 15 + 3 - i / 2 + j] += x;
                partial[6 * 15 + j] += x;
                partial[7 * 15 + i / 2 + j] += x;
            }
        }
        for (int d = 0; d < 8; d++)
        {
            int* p = partial + d * 15;
            if ((d & 1) != 0)
            {
                for (int j = 0; j < 5; j++)
                    cost[d] += p[3 + j] * p[3 + j];
                cost[d] *= DivTable[8];
                for (int j = 0; j < 3; j++)
                    cost[d] += (p[j] * p[j] + p[10 - j] * p[10 - j]) * DivTable[2 * j + 2];
            }
            else if ((d & 2) != 0)
            {
                for (int i = 0; i < 8; i++)
                    cost[d] += p[i] * p[i] * DivTable[8];
            }
            else
            {
                for (int i = 0; i < 7; i++)
                    cost[d] += (p[i] * p[i] + p[14 - i] * p[14 - i]) * DivTable[i + 1];
                cost[d] += p[7] * p[7] * DivTable[8];
            }
        }
        int best = 0, direction = 0;
        for (int d = 0; d < 8; d++)
        {
            if (cost[d] > best)
            {
                best = cost[d];
                direction = d;
            }
        }
        *variance = (best - cost[(direction + 4) & 7]) >> 10;
        return direction;
    }

    internal static void Filter8x8(byte* dst, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
        => Filter(dst, dstStride, src, srcStride, 1, 8, 8, primary, secondary, direction, damping, bitDepth);

    internal static void Pair4x4(byte* dstU, byte* dstV, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
    {
        Filter(dstU, dstStride, src, srcStride, 2, 4, 4, primary, secondary, direction, damping, bitDepth);
        Filter(dstV, dstStride, src + 1, srcStride, 2, 4, 4, primary, secondary, direction, damping, bitDepth);
    }

    internal static void Pair4x8(byte* dstU, byte* dstV, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
    {
        Filter(dstU, dstStride, src, srcStride, 2, 4, 8, primary, secondary, direction, damping, bitDepth);
        Filter(dstV, dstStride, src + 1, srcStride, 2, 4, 8, primary, secondary, direction, damping, bitDepth);
    }

    private static int Constrain(int difference, int threshold, int damping)
    {
        if (threshold == 0)
            return 0;
        int shift = Math.Max(0, damping - BitOperations.Log2((uint)threshold)), size = Math.Abs(difference);
        size = Math.Min(size, Math.Max(0, threshold - (size >> shift)));
        return difference < 0 ? -size : size;
    }

    private static void Filter(byte* dst, nint dstStride, ushort* src, nint srcStride, int step, int width, int height, int primary, int secondary, int direction, int damping, int bitDepth)
    {
        bool odd = ((primary >> (bitDepth - 8)) & 1) != 0;
        for (int i = 0; i < height; i++)
        {
            for (int j = 0; j < width; j++)
            {
                ushort* at = src + i * srcStride + j * step;
                int x = *at, max = x, min = x, sum = 0;
                for (int k = 0; k < 2; k++)
                {
                    int tap = odd ? 3 : k == 0 ? 4 : 2;
                    for (int sign = -1; sign <= 1; sign += 2)
                    {
                        for (int turn = -2; turn <= 2; turn += 2)
                        {
                            ReadOnlySpan<sbyte> way = Av1FilterTables.CdefDirections.Slice((((direction + turn) & 7) * 2 + k) * 2, 2);
                            int p = at[sign * (way[0] * srcStride + way[1] * step)];
                            if (p == Av1PostFilterTable.CdefUnavailable)
                                continue;
                            sum += turn == 0 ? tap * Constrain(p - x, primary, damping) : (2 - k) * Constrain(p - x, secondary, damping);
                            max = Math.Max(max, p);
                            min = Math.Min(min, p);
                        }
                    }
                }
                TSample.Store(dst + i * dstStride, j, Math.Clamp(x + ((8 + sum - (sum < 0 ? 1 : 0)) >> 4), min, max));
            }
        }
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefLoad"/>.</summary>
    internal static void Load(ushort* dst, nint dstStride, byte* src, nint srcStride, int width, int height)
    {
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                dst[y * dstStride + x] = (ushort)TSample.Load(src + y * srcStride, x);
        }
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefLoadPair"/>.</summary>
    internal static void LoadPair(ushort* dst, nint dstStride, byte* srcU, byte* srcV, nint srcStride, int width, int height)
    {
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                dst[y * dstStride + 2 * x] = (ushort)TSample.Load(srcU + y * srcStride, x);
                dst[y * dstStride + 2 * x + 1] = (ushort)TSample.Load(srcV + y * srcStride, x);
            }
        }
    }
}
