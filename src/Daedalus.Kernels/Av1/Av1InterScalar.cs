// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Av1;

/// <summary>Rounding of the two filter stages and the form of intermediate predictions (7.11.3.2).</summary>
internal static class Av1Rounding
{
    /// <summary>InterRound0.</summary>
    internal static int Round0(int bitDepth) => bitDepth == 12 ? 5 : 3;

    /// <summary>InterPostRound of compound predictions, whose InterRound1 is 7.</summary>
    internal static int PostRound(int bitDepth) => bitDepth == 12 ? 2 : 4;

    /// <summary>
    /// What is taken off an intermediate prediction so that it fits 16 bits: above 8 bits the two stages of the sharp filter can
    /// reach -20593 .. 36956 (taps of 184 and -56 in 128ths, applied twice).
    /// </summary>
    internal static int Bias(int bitDepth) => bitDepth == 8 ? 0 : 8192;
}

/// <summary>Where a prediction goes.</summary>
internal unsafe interface IAv1Output
{
    static abstract bool Compound { get; }
    static abstract void Store(byte* row, int x, int value, int max, int bias);
}

/// <summary>Single prediction: Clip1 to samples.</summary>
internal readonly unsafe struct Av1SampleOutput<TSample> : IAv1Output where TSample : struct, ISample
{
    public static bool Compound => false;
    public static void Store(byte* row, int x, int value, int max, int bias) => TSample.Store(row, x, Math.Clamp(value, 0, max));
}

/// <summary>Intermediate prediction of 16 bits, less the bias.</summary>
internal readonly unsafe struct Av1IntermediateOutput : IAv1Output
{
    public static bool Compound => true;
    public static void Store(byte* row, int x, int value, int max, int bias) => ((short*)row)[x] = (short)(value - bias);
}

/// <summary>Eight rows of horizontally filtered samples.</summary>
[InlineArray(8 * 128)]
internal struct Av1FilteredRows { private short _e; }

/// <summary>Block inter prediction and warp as the specification writes them (7.11.3.4, 7.11.3.5).</summary>
internal static unsafe class Av1InterScalar<TSample> where TSample : struct, ISample
{
    /// <summary>Any position and step in 1/1024 sample; strides in bytes.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Block<TOutput>(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int x, int y, int stepX, int stepY, int filters, int bitDepth)
        where TOutput : struct, IAv1Output
    {
        Av1FilteredRows buffer;
        short* rows = (short*)&buffer;
        int max = (1 << bitDepth) - 1, bias = Av1Rounding.Bias(bitDepth);
        int round0 = Av1Rounding.Round0(bitDepth);
        int round1 = TOutput.Compound ? 7 : 14 - round0;
        int horizontal = filters & 7, vertical = filters >> 3;
        // Without a fraction only the middle tap counts and what the others lie on is not read: it need not be there.
        bool wholeX = stepX == 1024 && (x >> 6 & 15) == 0, wholeY = stepY == 1024 && (y >> 6 & 15) == 0;
        int firstTap = wholeX ? 3 : 0, endTap = wholeX ? 4 : 8;
        // Row n of the intermediate array stands in buffer row n & 7; only the rows that an output row needs are made.
        int next = 0;
        for (int r = 0; r < height; r++, dst += dstStride)
        {
            int p = y + stepY * r;
            int first = p >> 10;
            for (next = Math.Max(next, first); next < first + 8; next++)
            {
                byte* s = src + (wholeY ? Math.Clamp(next - 3, 0, height - 1) : next - 3) * srcStride;
                short* to = rows + (next & 7) * 128;
                for (int c = 0; c < width; c++)
                {
                    int q = x + stepX * c;
                    short* taps = Av1PredictData.Subpel(horizontal, (q >> 6) & 15);
                    int sum = 0;
                    for (int t = firstTap; t < endTap; t++)
                        sum += taps[t] * TSample.Load(s, (q >> 10) + t - 3);
                    to[c] = (short)((sum + (1 << (round0 - 1))) >> round0);
                }
            }
            short* down = Av1PredictData.Subpel(vertical, (p >> 6) & 15);
            for (int c = 0; c < width; c++)
            {
                int sum = 0;
                for (int t = 0; t < 8; t++)
                    sum += down[t] * rows[((first + t) & 7) * 128 + c];
                TOutput.Store(dst, c, (sum + (1 << (round1 - 1))) >> round1, max, bias);
            }
        }
    }

    internal static void Scaled(void* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int x, int y, int stepX, int stepY, int filters, int bitDepth)
        => Block<Av1SampleOutput<TSample>>((byte*)dst, dstStride, src, srcStride, width, height, x, y, stepX, stepY, filters, bitDepth);

    internal static void ScaledIntermediate(void* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int x, int y, int stepX, int stepY, int filters, int bitDepth)
        => Block<Av1IntermediateOutput>((byte*)dst, width * sizeof(short), src, srcStride, width, height, x, y, stepX, stepY, filters, bitDepth);

    internal static void Warp(void* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth)
        => WarpBlock<Av1SampleOutput<TSample>>((byte*)dst, dstStride, src, srcStride, shear, sx4, sy4, bitDepth);

    internal static void WarpIntermediate(void* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth)
        => WarpBlock<Av1IntermediateOutput>((byte*)dst, dstStride * sizeof(short), src, srcStride, shear, sx4, sy4, bitDepth);

    [SkipLocalsInit]
    private static void WarpBlock<TOutput>(byte* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth) where TOutput : struct, IAv1Output
    {
        Av1FilteredRows buffer;
        short* rows = (short*)&buffer;
        int max = (1 << bitDepth) - 1, bias = Av1Rounding.Bias(bitDepth);
        int round0 = Av1Rounding.Round0(bitDepth);
        int round1 = TOutput.Compound ? 7 : 14 - round0;
        for (int i1 = -7; i1 < 8; i1++)
        {
            byte* s = src + i1 * srcStride;
            for (int i2 = -4; i2 < 4; i2++)
            {
                int sx = sx4 + shear[0] * i2 + shear[1] * i1;
                short* taps = Av1PredictData.Warped(((sx + 512) >> 10) + 64);
                int sum = 0;
                for (int i3 = 0; i3 < 8; i3++)
                    sum += taps[i3] * TSample.Load(s, i2 - 3 + i3);
                rows[(i1 + 7) * 8 + i2 + 4] = (short)((sum + (1 << (round0 - 1))) >> round0);
            }
        }
        for (int i1 = -4; i1 < 4; i1++, dst += dstStride)
        {
            for (int i2 = -4; i2 < 4; i2++)
            {
                int sy = sy4 + shear[2] * i2 + shear[3] * i1;
                short* taps = Av1PredictData.Warped(((sy + 512) >> 10) + 64);
                int sum = 0;
                for (int i3 = 0; i3 < 8; i3++)
                    sum += taps[i3] * rows[(i1 + i3 + 4) * 8 + i2 + 4];
                TOutput.Store(dst, i2 + 4, (sum + (1 << (round1 - 1))) >> round1, max, bias);
            }
        }
    }
}

/// <summary>Entries of one width.</summary>
internal static unsafe class Av1InterScalar<TSample, TWidth> where TSample : struct, ISample where TWidth : struct, IAv1Length
{
    internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int filters, int bitDepth)
        => Av1InterScalar<TSample>.Block<Av1SampleOutput<TSample>>(dst, dstStride, src, srcStride, TWidth.Value, height, mx << 6, my << 6, 1024, 1024, filters, bitDepth);

    internal static void PredictIntermediate(short* dst, byte* src, nint srcStride, int height, int mx, int my, int filters, int bitDepth)
        => Av1InterScalar<TSample>.Block<Av1IntermediateOutput>((byte*)dst, TWidth.Value * sizeof(short), src, srcStride, TWidth.Value, height, mx << 6, my << 6, 1024, 1024, filters, bitDepth);
}
