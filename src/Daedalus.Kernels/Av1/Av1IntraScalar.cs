// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>The non-directional predictors for any transform size: <c>(dst, stride, above, left, width, height, bitDepth)</c>.</summary>
internal unsafe interface IAv1IntraBodies
{
    /// <summary>Blocks narrower than this keep the kernels they have.</summary>
    static abstract int MinWidth { get; }
    static abstract void Dc(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void Vertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void Horizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void Paeth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void Smooth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void SmoothVertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void SmoothHorizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void DcLeft(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void DcAbove(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
    static abstract void DcNone(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth);
}

/// <summary>Non-directional intra prediction as the specification writes it (7.11.2.2, .5, .6).</summary>
internal readonly unsafe struct Av1IntraScalar<TSample> : IAv1IntraBodies where TSample : struct, ISample
{
    public static int MinWidth => 0;

    public static void Dc(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => FillBlock(dst, stride, width, height, (Sum(above, width) + Sum(left, height) + ((width + height) >> 1)) / (width + height));

    public static void DcLeft(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => FillBlock(dst, stride, width, height, (Sum(left, height) + (height >> 1)) / height);

    public static void DcAbove(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => FillBlock(dst, stride, width, height, (Sum(above, width) + (width >> 1)) / width);

    public static void DcNone(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => FillBlock(dst, stride, width, height, 1 << (bitDepth - 1));

    public static void Vertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        for (int i = 0; i < height; i++, dst += stride)
            Buffer.MemoryCopy(above, dst, width * TSample.Size, width * TSample.Size);
    }

    public static void Horizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        for (int i = 0; i < height; i++, dst += stride)
        {
            int value = TSample.Load(left, i);
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, value);
        }
    }

    public static void Paeth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        int corner = TSample.Load(above, -1);
        for (int i = 0; i < height; i++, dst += stride)
        {
            int l = TSample.Load(left, i);
            for (int j = 0; j < width; j++)
            {
                int a = TSample.Load(above, j);
                int pLeft = Math.Abs(a - corner), pTop = Math.Abs(l - corner), pTopLeft = Math.Abs(a + l - 2 * corner);
                TSample.Store(dst, j, pLeft <= pTop && pLeft <= pTopLeft ? l : pTop <= pTopLeft ? a : corner);
            }
        }
    }

    public static void Smooth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wx = Av1PredictData.SmoothWeights(width);
        byte* wy = Av1PredictData.SmoothWeights(height);
        int right = TSample.Load(above, width - 1), bottom = TSample.Load(left, height - 1);
        for (int i = 0; i < height; i++, dst += stride)
        {
            int l = TSample.Load(left, i);
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, (wy[i] * TSample.Load(above, j) + (256 - wy[i]) * bottom + wx[j] * l + (256 - wx[j]) * right + 256) >> 9);
        }
    }

    public static void SmoothVertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wy = Av1PredictData.SmoothWeights(height);
        int bottom = TSample.Load(left, height - 1);
        for (int i = 0; i < height; i++, dst += stride)
        {
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, (wy[i] * TSample.Load(above, j) + (256 - wy[i]) * bottom + 128) >> 8);
        }
    }

    public static void SmoothHorizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wx = Av1PredictData.SmoothWeights(width);
        int right = TSample.Load(above, width - 1);
        for (int i = 0; i < height; i++, dst += stride)
        {
            int l = TSample.Load(left, i);
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, (wx[j] * l + (256 - wx[j]) * right + 128) >> 8);
        }
    }

    private static int Sum(byte* edge, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
            sum += TSample.Load(edge, i);
        return sum;
    }

    private static void FillBlock(byte* dst, nint stride, int width, int height, int value)
    {
        for (int i = 0; i < height; i++, dst += stride)
        {
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, value);
        }
    }
}

/// <summary>An entry of one size: the sizes become constants of the call.</summary>
internal static unsafe class Av1IntraEntry<TBodies, TWidth, THeight>
    where TBodies : struct, IAv1IntraBodies where TWidth : struct, IAv1Length where THeight : struct, IAv1Length
{
    internal static void Dc(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.Dc(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void Vertical(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.Vertical(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void Horizontal(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.Horizontal(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void Paeth(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.Paeth(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void Smooth(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.Smooth(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void SmoothVertical(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.SmoothVertical(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void SmoothHorizontal(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.SmoothHorizontal(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void DcLeft(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.DcLeft(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void DcAbove(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.DcAbove(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
    internal static void DcNone(byte* dst, nint stride, byte* above, byte* left, int bitDepth) => TBodies.DcNone(dst, stride, above, left, TWidth.Value, THeight.Value, bitDepth);
}
