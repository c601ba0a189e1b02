// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>The blends of <see cref="Av1BlendScalar{TSample}"/> on vectors. What is narrower than a vector goes to the next narrower kernel.</summary>
internal static unsafe class Av1BlendVector<TOps, TVector, TSample>
    where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
{
    internal static void Average(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int bitDepth)
        => Weighted(dst, dstStride, p0, p1, width, height, 1, 1, 1 + Av1Rounding.PostRound(bitDepth), bitDepth);

    internal static void Distance(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int fwdWeight, int bckWeight, int bitDepth)
        => Weighted(dst, dstStride, p0, p1, width, height, fwdWeight, bckWeight, 4 + Av1Rounding.PostRound(bitDepth), bitDepth);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Weighted(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int w0, int w1, int shift, int bitDepth)
    {
        TVector max = TOps.Words((1 << bitDepth) - 1), weights = TOps.Pairs(w0, w1);
        TVector round = TOps.Ints((1 << (shift - 1)) + (w0 + w1) * Av1Rounding.Bias(bitDepth));
        // Rows of both are contiguous; only 2 and 4 wide blocks (128-bit vectors) end within a vector.
        int few = width < 8 ? width : 0;
        if (TOps.Count > 8 && width < TOps.Count)
        {
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Weighted(dst, dstStride, p0, p1, width, height, w0, w1, shift, bitDepth);
            return;
        }
        for (int y = 0; y < height; y++, dst += dstStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector v = Mix(TOps.Load(p0 + x), TOps.Load(p1 + x), weights, weights, round, shift);
                if (few == 0)
                    TOps.StoreSamples<TSample>(dst + x * TSample.Size, v, max);
                else
                    TOps.StoreFew<TSample>(dst, v, max, few);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Mix(TVector a, TVector b, TVector lowWeights, TVector highWeights, TVector round, int shift)
        => TOps.Pack(
            TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(TOps.Low(a, b), lowWeights), round), shift),
            TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(TOps.High(a, b), highWeights), round), shift));

    /// <summary>Masks of the plane's size, wide, wide and high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector MaskAt(byte* mask, nint stride, int x, int format)
    {
        if (format == 0)
            return TOps.Samples<ByteSample>(mask + x);
        TVector sums = TOps.ByteSums(mask + 2 * x);
        return format == 1
            ? TOps.Shift(TOps.Add(sums, TOps.Words(1)), 1)
            : TOps.Shift(TOps.Add(TOps.Add(sums, TOps.ByteSums(mask + stride + 2 * x)), TOps.Words(2)), 2);
    }

    internal static void Mask444(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Mask444(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else if (width < 8)
            Av1BlendScalar<TSample>.Mask444(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else
            Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 0, bitDepth);
    }

    internal static void Mask422(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Mask422(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else if (width < 8)
            Av1BlendScalar<TSample>.Mask422(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else
            Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 1, bitDepth);
    }

    internal static void Mask420(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Mask420(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else if (width < 8)
            Av1BlendScalar<TSample>.Mask420(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth);
        else
            Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 2, bitDepth);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Mask(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int format, int bitDepth)
    {
        int shift = 6 + Av1Rounding.PostRound(bitDepth);
        TVector max = TOps.Words((1 << bitDepth) - 1), full = TOps.Words(64);
        TVector round = TOps.Ints((1 << (shift - 1)) + 64 * Av1Rounding.Bias(bitDepth));
        for (int y = 0; y < height; y++, dst += dstStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector m = MaskAt(mask, maskStride, x, format), rest = TOps.Subtract(full, m);
                TVector v = Mix(TOps.Load(p0 + x), TOps.Load(p1 + x), TOps.Low(m, rest), TOps.High(m, rest), round, shift);
                TOps.StoreSamples<TSample>(dst + x * TSample.Size, v, max);
            }
            mask += format == 2 ? 2 * maskStride : maskStride;
        }
    }

    internal static void DifferenceMask(byte* mask, nint maskStride, short* p0, short* p1, int width, int height, int maskType, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
        {
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.DifferenceMask(mask, maskStride, p0, p1, width, height, maskType, bitDepth);
            return;
        }
        if (width < 8)
        {
            Av1BlendScalar<TSample>.DifferenceMask(mask, maskStride, p0, p1, width, height, maskType, bitDepth);
            return;
        }
        int shift = bitDepth - 8 + Av1Rounding.PostRound(bitDepth);
        TVector max = TOps.Words(255), round = TOps.Words(1 << (shift - 1)), full = TOps.Words(64), least = TOps.Words(38);
        for (int y = 0; y < height; y++, mask += maskStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector a = TOps.Load(p0 + x), b = TOps.Load(p1 + x);
                // Up to 57552: unsigned.
                TVector difference = TOps.Subtract(TOps.Max(a, b), TOps.Min(a, b));
                difference = TOps.ShiftUnsigned(TOps.ShiftUnsigned(TOps.Add(difference, round), shift), 4);
                TVector m = TOps.Min(TOps.Add(difference, least), full);
                TOps.StoreSamples<ByteSample>(mask + x, maskType != 0 ? TOps.Subtract(full, m) : m, max);
            }
        }
    }

    internal static void Intra444(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Intra444(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else if (width < 8)
            Av1BlendScalar<TSample>.Intra444(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else
            Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 0);
    }

    internal static void Intra422(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Intra422(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else if (width < 8)
            Av1BlendScalar<TSample>.Intra422(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else
            Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 1);
    }

    internal static void Intra420(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.Intra420(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else if (width < 8)
            Av1BlendScalar<TSample>.Intra420(dst, dstStride, intra, intraStride, mask, maskStride, width, height);
        else
            Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 2);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Intra(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height, int format)
    {
        TVector max = TOps.Words(short.MaxValue), full = TOps.Words(64), round = TOps.Ints(32);
        for (int y = 0; y < height; y++, dst += dstStride, intra += intraStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector m = MaskAt(mask, maskStride, x, format), rest = TOps.Subtract(full, m);
                TVector a = TOps.Samples<TSample>(intra + x * TSample.Size), b = TOps.Samples<TSample>(dst + x * TSample.Size);
                TOps.StoreSamples<TSample>(dst + x * TSample.Size, Mix(a, b, TOps.Low(m, rest), TOps.High(m, rest), round, 6), max);
            }
            mask += format == 2 ? 2 * maskStride : maskStride;
        }
    }

    internal static void OverlapAbove(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        // The width need not be a multiple of a vector; blended in place, nothing may be done twice.
        int whole = width & -TOps.Count;
        if (whole > 0)
            Rows(dst, dstStride, other, otherStride, whole, height);
        if (whole == width)
            return;
        dst += whole * TSample.Size;
        other += whole * TSample.Size;
        if (TOps.Count == 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.OverlapAbove(dst, dstStride, other, otherStride, width - whole, height);
        else
            Av1BlendScalar<TSample>.OverlapAbove(dst, dstStride, other, otherStride, width - whole, height);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rows(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        byte* mask = Av1PredictData.OverlapMask(height);
        TVector max = TOps.Words(short.MaxValue), round = TOps.Ints(32);
        for (int y = 0; y < height; y++, dst += dstStride, other += otherStride)
        {
            TVector weights = TOps.Pairs(mask[y], 64 - mask[y]);
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector a = TOps.Samples<TSample>(dst + x * TSample.Size), b = TOps.Samples<TSample>(other + x * TSample.Size);
                TOps.StoreSamples<TSample>(dst + x * TSample.Size, Mix(a, b, weights, weights, round, 6), max);
            }
        }
    }

    internal static void OverlapLeft(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        if (TOps.Count == 16 && width < 16)
            Av1BlendVector<Av1Ops128, Vector128<byte>, TSample>.OverlapLeft(dst, dstStride, other, otherStride, width, height);
        else if (width < 8)
            Av1BlendScalar<TSample>.OverlapLeft(dst, dstStride, other, otherStride, width, height);
        else
            Columns(dst, dstStride, other, otherStride, width, height);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Columns(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        byte* mask = Av1PredictData.OverlapMask(width);
        TVector max = TOps.Words(short.MaxValue), full = TOps.Words(64), round = TOps.Ints(32);
        for (int y = 0; y < height; y++, dst += dstStride, other += otherStride)
        {
            for (int x = 0; x < width; x += TOps.Count)
            {
                TVector m = TOps.Samples<ByteSample>(mask + x), rest = TOps.Subtract(full, m);
                TVector a = TOps.Samples<TSample>(dst + x * TSample.Size), b = TOps.Samples<TSample>(other + x * TSample.Size);
                TOps.StoreSamples<TSample>(dst + x * TSample.Size, Mix(a, b, TOps.Low(m, rest), TOps.High(m, rest), round, 6), max);
            }
        }
    }
}
