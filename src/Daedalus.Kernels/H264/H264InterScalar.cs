// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.H264;

/// <summary>Plain kernels, sample by sample: the reference of the others.</summary>
internal readonly unsafe struct H264ScalarLuma<TSample, TAverage> : IH264LumaBodies
    where TSample : struct, ISample where TAverage : struct, IAverage
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount
        => Predict<TWidth, Quarter0, Quarter0>(dst, dstStride, src, srcStride, height, maxValue);

    public static void Horizontal<TWidth, TX>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter
        => Predict<TWidth, TX, Quarter0>(dst, dstStride, src, srcStride, height, maxValue);

    public static void Vertical<TWidth, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TY : struct, IQuarter
        => Predict<TWidth, Quarter0, TY>(dst, dstStride, src, srcStride, height, maxValue);

    public static void Diagonal<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
        => Predict<TWidth, TX, TY>(dst, dstStride, src, srcStride, height, maxValue);

    public static void Centre<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
        => Predict<TWidth, TX, TY>(dst, dstStride, src, srcStride, height, maxValue);

    private static void Predict<TWidth, TX, TY>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int maxValue)
        where TWidth : struct, ISampleCount where TX : struct, IQuarter where TY : struct, IQuarter
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Count; x++)
            {
                int v = Sample<TX, TY>(src + x * TSample.Size, srcStride, maxValue);
                if (TAverage.On)
                    v = (TSample.Load(dst, x) + v + 1) >> 1;
                TSample.Store(dst, x, v);
            }
        }
    }

    /// <summary>The sample at the quarter position (spec table 8-12): whole and half samples, or the mean of the two nearest of them.</summary>
    private static int Sample<TX, TY>(byte* p, nint stride, int maxValue) where TX : struct, IQuarter where TY : struct, IQuarter
    {
        if (TX.Value == 0 && TY.Value == 0)
            return TSample.Load(p, 0);
        if (TX.Value == 2 && TY.Value == 2)
            return Both(p, stride, maxValue);
        if (TY.Value == 0)
        {
            int b = Half(Across(p), maxValue);
            return TX.Value == 2 ? b : (b + TSample.Load(p, TX.Value >> 1) + 1) >> 1;
        }
        if (TX.Value == 0)
        {
            int h = Half(Down(p, stride), maxValue);
            return TY.Value == 2 ? h : (h + TSample.Load(p + (TY.Value >> 1) * stride, 0) + 1) >> 1;
        }
        int horizontal = TY.Value == 2 ? Both(p, stride, maxValue) : Half(Across(p + (TY.Value >> 1) * stride), maxValue);
        int vertical = TX.Value == 2 ? Both(p, stride, maxValue) : Half(Down(p + (TX.Value >> 1) * TSample.Size, stride), maxValue);
        return (horizontal + vertical + 1) >> 1;
    }

    private static int Across(byte* p)
        => TSample.Load(p, -2) + TSample.Load(p, 3) - 5 * (TSample.Load(p, -1) + TSample.Load(p, 2)) + 20 * (TSample.Load(p, 0) + TSample.Load(p, 1));

    private static int Down(byte* p, nint stride)
        => TSample.Load(p - 2 * stride, 0) + TSample.Load(p + 3 * stride, 0) - 5 * (TSample.Load(p - stride, 0) + TSample.Load(p + 2 * stride, 0))
            + 20 * (TSample.Load(p, 0) + TSample.Load(p + stride, 0));

    private static int Both(byte* p, nint stride, int maxValue)
    {
        int sum = Across(p - 2 * stride) + Across(p + 3 * stride) - 5 * (Across(p - stride) + Across(p + 2 * stride)) + 20 * (Across(p) + Across(p + stride));
        return Math.Clamp((sum + 512) >> 10, 0, maxValue);
    }

    private static int Half(int sum, int maxValue) => Math.Clamp((sum + 16) >> 5, 0, maxValue);
}

/// <summary>Plain chroma interpolation.</summary>
internal readonly unsafe struct H264ScalarChroma<TSample, TAverage> : IH264ChromaBodies
    where TSample : struct, ISample where TAverage : struct, IAverage
{
    public static void Predict<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int maxValue)
        where TWidth : struct, ISampleCount
    {
        // A fraction of zero must not touch the column or row after the block: it counts itself twice.
        nint right = mx != 0 ? 1 : 0;
        nint down = my != 0 ? srcStride : 0;
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Count; x++)
            {
                int v = ((8 - my) * ((8 - mx) * TSample.Load(src, x) + mx * TSample.Load(src, x + right))
                    + my * ((8 - mx) * TSample.Load(src + down, x) + mx * TSample.Load(src + down, x + right)) + 32) >> 6;
                if (TAverage.On)
                    v = (TSample.Load(dst, x) + v + 1) >> 1;
                TSample.Store(dst, x, v);
            }
        }
    }
}

/// <summary>Plain weighted prediction.</summary>
internal readonly unsafe struct H264ScalarWeight<TSample> : IH264WeightBodies
    where TSample : struct, ISample
{
    public static void One<TWidth>(byte* dst, nint stride, int height, int log2Denominator, int weight, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        int round = log2Denominator != 0 ? 1 << (log2Denominator - 1) : 0;
        for (int y = 0; y < height; y++, dst += stride)
        {
            for (int x = 0; x < TWidth.Count; x++)
                TSample.Store(dst, x, Math.Clamp(((TSample.Load(dst, x) * weight + round) >> log2Denominator) + offset, 0, maxValue));
        }
    }

    public static void Two<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int log2Denominator, int weight0, int weight1, int offset, int maxValue)
        where TWidth : struct, ISampleCount
    {
        int round = 1 << log2Denominator;
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Count; x++)
            {
                int v = ((TSample.Load(dst, x) * weight0 + TSample.Load(src, x) * weight1 + round) >> (log2Denominator + 1)) + offset;
                TSample.Store(dst, x, Math.Clamp(v, 0, maxValue));
            }
        }
    }
}
