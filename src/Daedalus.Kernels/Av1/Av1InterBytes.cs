// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// Block prediction (7.11.3.4) of 8-bit samples, a vector's columns at a time. All taps are even: halves of them fit bytes, and the sums of pairs and of all fit words. Filters of six taps, which all but the
/// sharp one are, need three pairs; with both fractions a row filtered horizontally is zipped with the one before, and nothing goes through memory.
/// </summary>
internal static unsafe class Av1InterBytes<TOps, TVector, TOutput>
    where TOps : struct, IAv1Ops<TVector> where TVector : struct where TOutput : struct, IAv1Output
{
    /// <summary>The first and the last of eight taps are 0.</summary>
    internal static bool IsSix(short* taps) => (taps[0] | taps[7]) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector HalfPairs(short* taps, int n) => TOps.BytePairs(taps[n] >> 1, taps[n + 1] >> 1);

    /// <summary>Half the sum of six taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Across(byte* p, TVector n0, TVector n2, TVector n4, TVector t12, TVector t34, TVector t56)
    {
        TVector v = TOps.Window(p - 2);
        return TOps.Add(TOps.Add(TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n0), t12), TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n2), t34)), TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n4), t56));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AcrossEight(byte* p, TVector n0, TVector n2, TVector n4, TVector n6, TVector t01, TVector t23, TVector t45, TVector t67)
    {
        TVector v = TOps.Window(p - 3);
        TVector a = TOps.Add(TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n0), t01), TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n2), t23));
        return TOps.Add(a, TOps.Add(TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n4), t45), TOps.MultiplyAddBytes(TOps.ShuffleBytes(v, n6), t67)));
    }

    /// <summary>The first pass alone, to words: Round2(sum, 3).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Rows(short* rows, nint stride, byte* src, nint srcStride, int width, int count, short* taps)
    {
        TVector n0 = TOps.NeighbourPairs(0), n2 = TOps.NeighbourPairs(2), n4 = TOps.NeighbourPairs(4), n6 = TOps.NeighbourPairs(6), round = TOps.Words(2);
        TVector t01 = HalfPairs(taps, 0), t23 = HalfPairs(taps, 2), t45 = HalfPairs(taps, 4), t67 = HalfPairs(taps, 6);
        for (int y = 0; y < count; y++, src += srcStride, rows += stride)
        {
            for (int x = 0; x < width; x += TOps.Count)
                TOps.Store(rows + x, TOps.Shift(TOps.Add(AcrossEight(src + x, n0, n2, n4, n6, t01, t23, t45, t67), round), 2));
        }
    }

    /// <summary>Without a vertical fraction: Round2(Round2(sum, 3), 4), or Round2(sum, 3).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Horizontal(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, short* taps)
    {
        TVector round = TOps.Words(2), round1 = TOps.Words(8), max = TOps.Words(255);
        TVector n0 = TOps.NeighbourPairs(0), n2 = TOps.NeighbourPairs(2), n4 = TOps.NeighbourPairs(4);
        if (IsSix(taps))
        {
            TVector t12 = HalfPairs(taps, 1), t34 = HalfPairs(taps, 3), t56 = HalfPairs(taps, 5);
            for (int y = 0; y < height; y++, src += srcStride, dst += dstStride)
            {
                for (int x = 0; x < width; x += TOps.Count)
                {
                    TVector v = TOps.Shift(TOps.Add(Across(src + x, n0, n2, n4, t12, t34, t56), round), 2);
                    Av1InterWrite<TOps, TVector, ByteSample, TOutput>.Write(dst, x, width, TOutput.Compound ? v : TOps.Shift(TOps.Add(v, round1), 4), max);
                }
            }
            return;
        }
        TVector n6 = TOps.NeighbourPairs(6), t01 = HalfPairs(taps, 0), t23 = HalfPairs(taps, 2), t45 = HalfPairs(taps, 4), t67 = HalfPairs(taps, 6);
        for (int y = 0; y < height; y++, src += srcStride, dst += dstStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector v = TOps.Shift(TOps.Add(AcrossEight(src + x, n0, n2, n4, n6, t01, t23, t45, t67), round), 2);
                Av1InterWrite<TOps, TVector, ByteSample, TOutput>.Write(dst, x, width, TOutput.Compound ? v : TOps.Shift(TOps.Add(v, round1), 4), max);
            }
        }
    }

    /// <summary>Without a horizontal fraction the first pass is exact: Round2(sum, 7), or Round2(sum, 3).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Vertical(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, short* taps)
    {
        TVector round = TOps.Words(TOutput.Compound ? 2 : 32), max = TOps.Words(255);
        int shift = TOutput.Compound ? 2 : 6;
        if (IsSix(taps))
        {
            TVector t12 = HalfPairs(taps, 1), t34 = HalfPairs(taps, 3), t56 = HalfPairs(taps, 5);
            for (int x = 0; x < width; x += TOps.Count)
            {
                byte* s = src + x - 2 * srcStride, d = dst;
                TVector p0 = default, p1 = default, p2 = default, p3 = default;
                for (int y = -4; y < height; y++, s += srcStride)
                {
                    TVector p4 = TOps.ZipBytes(s, s + srcStride);
                    if (y >= 0)
                    {
                        TVector v = TOps.Add(TOps.Add(TOps.MultiplyAddBytes(p0, t12), TOps.MultiplyAddBytes(p2, t34)), TOps.Add(TOps.MultiplyAddBytes(p4, t56), round));
                        Av1InterWrite<TOps, TVector, ByteSample, TOutput>.Write(d, x, width, TOps.Shift(v, shift), max);
                        d += dstStride;
                    }
                    p0 = p1;
                    p1 = p2;
                    p2 = p3;
                    p3 = p4;
                }
            }
            return;
        }
        TVector t01 = HalfPairs(taps, 0), t23 = HalfPairs(taps, 2), t45 = HalfPairs(taps, 4), t67 = HalfPairs(taps, 6);
        for (int x = 0; x < width; x += TOps.Count)
        {
            byte* s = src + x - 3 * srcStride, d = dst;
            TVector p0 = default, p1 = default, p2 = default, p3 = default, p4 = default, p5 = default;
            for (int y = -6; y < height; y++, s += srcStride)
            {
                TVector p6 = TOps.ZipBytes(s, s + srcStride);
                if (y >= 0)
                {
                    TVector a = TOps.Add(TOps.MultiplyAddBytes(p0, t01), TOps.MultiplyAddBytes(p2, t23)), b = TOps.Add(TOps.MultiplyAddBytes(p4, t45), TOps.MultiplyAddBytes(p6, t67));
                    Av1InterWrite<TOps, TVector, ByteSample, TOutput>.Write(d, x, width, TOps.Shift(TOps.Add(TOps.Add(a, b), round), shift), max);
                    d += dstStride;
                }
                p0 = p1;
                p1 = p2;
                p2 = p3;
                p3 = p4;
                p4 = p5;
                p5 = p6;
            }
        }
    }

    /// <summary>Both fractions, six taps each.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Both(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, short* across, short* down)
    {
        int shift = TOutput.Compound ? 7 : 11;
        TVector n0 = TOps.NeighbourPairs(0), n2 = TOps.NeighbourPairs(2), n4 = TOps.NeighbourPairs(4), round0 = TOps.Words(2), max = TOps.Words(255);
        TVector h12 = HalfPairs(across, 1), h34 = HalfPairs(across, 3), h56 = HalfPairs(across, 5);
        TVector v12 = TOps.Pairs(down[1], down[2]), v34 = TOps.Pairs(down[3], down[4]), v56 = TOps.Pairs(down[5], down[6]), round1 = TOps.Ints(1 << (shift - 1));
        for (int x = 0; x < width; x += TOps.Count)
        {
            byte* s = src + x - 2 * srcStride, d = dst;
            TVector last = default, l0 = default, l1 = default, l2 = default, l3 = default, h0 = default, h1 = default, h2 = default, h3 = default;
            for (int y = -5; y < height; y++, s += srcStride)
            {
                TVector row = TOps.Shift(TOps.Add(Across(s, n0, n2, n4, h12, h34, h56), round0), 2);
                TVector l4 = TOps.Low(last, row), h4 = TOps.High(last, row);
                if (y >= 0)
                {
                    TVector low = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(l0, v12), TOps.MultiplyAdd(l2, v34)), TOps.AddInts(TOps.MultiplyAdd(l4, v56), round1));
                    TVector high = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(h0, v12), TOps.MultiplyAdd(h2, v34)), TOps.AddInts(TOps.MultiplyAdd(h4, v56), round1));
                    Av1InterWrite<TOps, TVector, ByteSample, TOutput>.Write(d, x, width, TOps.Pack(TOps.ShiftInts(low, shift), TOps.ShiftInts(high, shift)), max);
                    d += dstStride;
                }
                last = row;
                l0 = l1;
                l1 = l2;
                l2 = l3;
                l3 = l4;
                h0 = h1;
                h1 = h2;
                h2 = h3;
                h3 = h4;
            }
        }
    }
}

/// <summary>How predictions leave the vectors.</summary>
internal static unsafe class Av1InterWrite<TOps, TVector, TSample, TOutput>
    where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample where TOutput : struct, IAv1Output
{
    /// <summary>Stores a vector at column x of a row of samples or words; the first width of it where a row is shorter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write(byte* row, int x, int width, TVector v, TVector max)
    {
        if (TOutput.Compound)
        {
            if (width >= TOps.Count)
                TOps.Store((short*)row + x, v);
            else if (width == 4)
                Unsafe.WriteUnaligned(row, Unsafe.As<TVector, long>(ref v));
            else
                Unsafe.WriteUnaligned(row, Unsafe.As<TVector, int>(ref v));
        }
        else if (width >= TOps.Count)
        {
            TOps.StoreSamples<TSample>(row + x * TSample.Size, v, max);
        }
        else
        {
            TOps.StoreFew<TSample>(row, v, max, width);
        }
    }
}
