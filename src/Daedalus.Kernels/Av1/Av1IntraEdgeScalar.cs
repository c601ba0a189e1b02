// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Directional and recursive prediction, the intra edge, chroma from luma and palette as the specification writes them (7.11.2.3, .4, .11, .12, 7.11.4, 7.11.5).</summary>
internal static unsafe class Av1IntraEdgeScalar<TSample> where TSample : struct, ISample
{
    internal static void Zone1(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        int up = upsample & 1;
        int maxBase = (width + height - 1) << up;
        for (int i = 0; i < height; i++, dst += stride)
        {
            int idx = (i + 1) * dx;
            int start = idx >> (6 - up), shift = ((idx << up) >> 1) & 31;
            for (int j = 0; j < width; j++)
            {
                int at = start + (j << up);
                TSample.Store(dst, j, at < maxBase ? Mix(above, at, shift) : TSample.Load(above, maxBase));
            }
        }
    }

    internal static void Zone2(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        int upAbove = upsample & 1, upLeft = upsample >> 1;
        for (int i = 0; i < height; i++, dst += stride)
        {
            for (int j = 0; j < width; j++)
            {
                int idx = (j << 6) - (i + 1) * dx;
                int at = idx >> (6 - upAbove);
                if (at >= -(1 << upAbove))
                {
                    TSample.Store(dst, j, Mix(above, at, ((idx << upAbove) >> 1) & 31));
                    continue;
                }
                idx = (i << 6) - (j + 1) * dy;
                TSample.Store(dst, j, Mix(left, idx >> (6 - upLeft), ((idx << upLeft) >> 1) & 31));
            }
        }
    }

    internal static void Zone3(byte* dst, nint stride, byte* above, byte* left, int width, int height, int dx, int dy, int upsample, int bitDepth)
    {
        int up = upsample >> 1;
        for (int j = 0; j < width; j++)
        {
            int idx = (j + 1) * dy;
            int start = idx >> (6 - up), shift = ((idx << up) >> 1) & 31;
            byte* d = dst;
            for (int i = 0; i < height; i++, d += stride)
                TSample.Store(d, j, Mix(left, start + (i << up), shift));
        }
    }

    private static int Mix(byte* edge, int at, int shift) => (TSample.Load(edge, at) * (32 - shift) + TSample.Load(edge, at + 1) * shift + 16) >> 5;

    internal static void Filter(byte* dst, nint stride, byte* above, byte* left, int width, int height, int mode, int bitDepth)
    {
        sbyte* taps = Av1PredictData.IntraFilterTaps(mode);
        int max = (1 << bitDepth) - 1;
        for (int y = 0; y < height; y += 2)
        {
            // The row above these two: the edge, then what was just predicted.
            byte* top = y == 0 ? above : dst + (y - 1) * stride;
            byte* d = dst + y * stride;
            for (int x = 0; x < width; x += 4)
            {
                int p0 = x > 0 || y == 0 ? TSample.Load(top, x - 1) : TSample.Load(left, y - 1);
                int p1 = TSample.Load(top, x), p2 = TSample.Load(top, x + 1), p3 = TSample.Load(top, x + 2), p4 = TSample.Load(top, x + 3);
                int p5 = x == 0 ? TSample.Load(left, y) : TSample.Load(d, x - 1);
                int p6 = x == 0 ? TSample.Load(left, y + 1) : TSample.Load(d + stride, x - 1);
                for (int k = 0; k < 8; k++)
                {
                    sbyte* t = taps + k * 7;
                    int sum = t[0] * p0 + t[1] * p1 + t[2] * p2 + t[3] * p3 + t[4] * p4 + t[5] * p5 + t[6] * p6;
                    TSample.Store(d + (k >> 2) * stride, x + (k & 3), Math.Clamp(RoundSigned(sum, 4), 0, max));
                }
            }
        }
    }

    /// <summary>Round2Signed (4.7): halves away from zero.</summary>
    private static int RoundSigned(int value, int bits) => value >= 0 ? (value + (1 << (bits - 1))) >> bits : -((-value + (1 << (bits - 1))) >> bits);

    internal static void FilterEdge(byte* edge, int size, int strength)
    {
        ReadOnlySpan<byte> kernel = Av1PredictTables.IntraEdgeKernel.Slice((strength - 1) * 5, 5);
        int k0 = kernel[0], k1 = kernel[1], k2 = kernel[2];
        // In place: the two samples before are kept as they were.
        int before2 = TSample.Load(edge, 0), before1 = before2;
        for (int i = 1; i < size; i++)
        {
            int at = TSample.Load(edge, i);
            int after1 = TSample.Load(edge, Math.Min(i + 1, size - 1)), after2 = TSample.Load(edge, Math.Min(i + 2, size - 1));
            TSample.Store(edge, i, (k0 * (before2 + after2) + k1 * (before1 + after1) + k2 * at + 8) >> 4);
            before2 = before1;
            before1 = at;
        }
    }

    internal static void UpsampleEdge(byte* edge, int count, int bitDepth)
    {
        int max = (1 << bitDepth) - 1;
        // From the end: what is written lies beyond what is still to be read, the four in use are in variables.
        int d3 = TSample.Load(edge, count - 1), d2 = d3;
        int d1 = TSample.Load(edge, count - 2);
        for (int i = count - 1; i >= 0; i--)
        {
            int d0 = TSample.Load(edge, Math.Max(i - 2, -1));
            int sum = (9 * (d1 + d2) - d0 - d3 + 8) >> 4;
            TSample.Store(edge, 2 * i, d2);
            TSample.Store(edge, 2 * i - 1, Math.Clamp(sum, 0, max));
            d3 = d2;
            d2 = d1;
            d1 = d0;
        }
        TSample.Store(edge, -2, d1);
    }

    internal static void Luma420(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
        => Luma(ac, luma, lumaStride, width, height, validWidth, validHeight, 1, 1);

    internal static void Luma422(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
        => Luma(ac, luma, lumaStride, width, height, validWidth, validHeight, 1, 0);

    internal static void Luma444(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
        => Luma(ac, luma, lumaStride, width, height, validWidth, validHeight, 0, 0);

    private static void Luma(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int subX, int subY)
    {
        int sum = 0, shift = 3 - subX - subY;
        for (int i = 0; i < height; i++)
        {
            byte* row = luma + (Math.Min(i, validHeight - 1) << subY) * lumaStride;
            for (int j = 0; j < width; j++)
            {
                int x = Math.Min(j, validWidth - 1) << subX;
                int t = TSample.Load(row, x);
                if (subX != 0)
                    t += TSample.Load(row, x + 1);
                if (subY != 0)
                    t += TSample.Load(row + lumaStride, x) + TSample.Load(row + lumaStride, x + 1);
                sum += t << shift;
                ac[i * width + j] = (short)(t << shift);
            }
        }
        int count = width * height;
        // width and height are powers of two.
        int average = (sum + (count >> 1)) / count;
        for (int i = 0; i < count; i++)
            ac[i] = (short)(ac[i] - average);
    }

    internal static void CflPredict(byte* dst, nint stride, short* ac, int width, int height, int alpha, int bitDepth)
    {
        int max = (1 << bitDepth) - 1;
        for (int i = 0; i < height; i++, dst += stride, ac += width)
        {
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, Math.Clamp(TSample.Load(dst, j) + RoundSigned(alpha * ac[j], 6), 0, max));
        }
    }

    internal static void Palette(byte* dst, nint stride, ushort* colors, byte* map, nint mapStride, int width, int height)
    {
        for (int i = 0; i < height; i++, dst += stride, map += mapStride)
        {
            for (int j = 0; j < width; j++)
                TSample.Store(dst, j, colors[map[j]]);
        }
    }
}
