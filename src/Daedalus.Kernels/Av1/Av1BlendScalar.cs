// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>The ways two predictions become one, as the specification writes them (7.11.3.1, .10, .12, .14).</summary>
internal static unsafe class Av1BlendScalar<TSample> where TSample : struct, ISample
{
    internal static void Average(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int bitDepth)
        => Weighted(dst, dstStride, p0, p1, width, height, 1, 1, 1 + Av1Rounding.PostRound(bitDepth), bitDepth);

    internal static void Distance(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int fwdWeight, int bckWeight, int bitDepth)
        => Weighted(dst, dstStride, p0, p1, width, height, fwdWeight, bckWeight, 4 + Av1Rounding.PostRound(bitDepth), bitDepth);

    private static void Weighted(byte* dst, nint dstStride, short* p0, short* p1, int width, int height, int w0, int w1, int shift, int bitDepth)
    {
        int max = (1 << bitDepth) - 1;
        int round = (1 << (shift - 1)) + (w0 + w1) * Av1Rounding.Bias(bitDepth);
        for (int y = 0; y < height; y++, dst += dstStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x++)
                TSample.Store(dst, x, Math.Clamp((w0 * p0[x] + w1 * p1[x] + round) >> shift, 0, max));
        }
    }

    internal static void Mask444(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
        => Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 0, bitDepth);

    internal static void Mask422(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
        => Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 1, bitDepth);

    internal static void Mask420(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int bitDepth)
        => Mask(dst, dstStride, p0, p1, mask, maskStride, width, height, 2, bitDepth);

    private static void Mask(byte* dst, nint dstStride, short* p0, short* p1, byte* mask, nint maskStride, int width, int height, int format, int bitDepth)
    {
        int max = (1 << bitDepth) - 1;
        int shift = 6 + Av1Rounding.PostRound(bitDepth);
        int round = (1 << (shift - 1)) + 64 * Av1Rounding.Bias(bitDepth);
        for (int y = 0; y < height; y++, dst += dstStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x++)
            {
                int m = MaskAt(mask, maskStride, x, format);
                TSample.Store(dst, x, Math.Clamp((m * p0[x] + (64 - m) * p1[x] + round) >> shift, 0, max));
            }
            mask += format == 2 ? 2 * maskStride : maskStride;
        }
    }

    private static int MaskAt(byte* mask, nint maskStride, int x, int format) => format switch
    {
        0 => mask[x],
        1 => (mask[2 * x] + mask[2 * x + 1] + 1) >> 1,
        _ => (mask[2 * x] + mask[2 * x + 1] + mask[maskStride + 2 * x] + mask[maskStride + 2 * x + 1] + 2) >> 2,
    };

    internal static void DifferenceMask(byte* mask, nint maskStride, short* p0, short* p1, int width, int height, int maskType, int bitDepth)
    {
        int shift = bitDepth - 8 + Av1Rounding.PostRound(bitDepth);
        for (int y = 0; y < height; y++, mask += maskStride, p0 += width, p1 += width)
        {
            for (int x = 0; x < width; x++)
            {
                int difference = (Math.Abs(p0[x] - p1[x]) + (1 << (shift - 1))) >> shift;
                int m = Math.Min(64, 38 + (difference >> 4));
                mask[x] = (byte)(maskType != 0 ? 64 - m : m);
            }
        }
    }

    internal static void Intra444(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
        => Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 0);

    internal static void Intra422(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
        => Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 1);

    internal static void Intra420(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height)
        => Intra(dst, dstStride, intra, intraStride, mask, maskStride, width, height, 2);

    private static void Intra(byte* dst, nint dstStride, byte* intra, nint intraStride, byte* mask, nint maskStride, int width, int height, int format)
    {
        for (int y = 0; y < height; y++, dst += dstStride, intra += intraStride)
        {
            for (int x = 0; x < width; x++)
            {
                int m = MaskAt(mask, maskStride, x, format);
                TSample.Store(dst, x, (m * TSample.Load(intra, x) + (64 - m) * TSample.Load(dst, x) + 32) >> 6);
            }
            mask += format == 2 ? 2 * maskStride : maskStride;
        }
    }

    internal static void OverlapAbove(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        byte* mask = Av1PredictData.OverlapMask(height);
        for (int y = 0; y < height; y++, dst += dstStride, other += otherStride)
        {
            for (int x = 0; x < width; x++)
                TSample.Store(dst, x, (mask[y] * TSample.Load(dst, x) + (64 - mask[y]) * TSample.Load(other, x) + 32) >> 6);
        }
    }

    internal static void OverlapLeft(byte* dst, nint dstStride, byte* other, nint otherStride, int width, int height)
    {
        byte* mask = Av1PredictData.OverlapMask(width);
        for (int y = 0; y < height; y++, dst += dstStride, other += otherStride)
        {
            for (int x = 0; x < width; x++)
                TSample.Store(dst, x, (mask[x] * TSample.Load(dst, x) + (64 - mask[x]) * TSample.Load(other, x) + 32) >> 6);
        }
    }
}
