// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Superres (7.16) and loop restoration (7.17), sample by sample.</summary>
internal static unsafe class Av1RestorationScalar<TSample> where TSample : struct, ISample
{
    /// <summary>Entry of <see cref="Av1PostFilterTable.Upscale"/>.</summary>
    internal static void Upscale(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int position, int step, int bitDepth)
    {
        int max = (1 << bitDepth) - 1;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int srcX = -(1 << 14) + position + x * step, sum = 64;
                ReadOnlySpan<short> filter = Av1FilterTables.UpscaleFilter.Slice(((srcX & 0x3fff) >> 8) * 8, 8);
                for (int k = 0; k < 8; k++)
                    sum += filter[k] * TSample.Load(src + y * srcStride, (srcX >> 14) + k - 3);
                TSample.Store(dst + y * dstStride, x, Math.Clamp(sum >> 7, 0, max));
            }
        }
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.Wiener"/> (7.17.4).</summary>
    internal static void Wiener(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, short* filters, int bitDepth)
    {
        int max = (1 << bitDepth) - 1, round0 = bitDepth == 12 ? 5 : 3, round1 = bitDepth == 12 ? 9 : 11;
        int offset = 1 << (bitDepth + 7 - round0 - 1), limit = (1 << (bitDepth + 1 + 7 - round0)) - 1;
        int* column = stackalloc int[70];
        for (int x = 0; x < width; x++)
        {
            for (int r = 0; r < height + 6; r++)
            {
                int sum = 1 << (round0 - 1);
                for (int t = 0; t < 7; t++)
                    sum += filters[8 + t] * TSample.Load(src + (r - 3) * srcStride, x + t - 3);
                column[r] = Math.Clamp(sum >> round0, -offset, limit - offset);
            }
            for (int r = 0; r < height; r++)
            {
                int sum = 1 << (round1 - 1);
                for (int t = 0; t < 7; t++)
                    sum += filters[t] * column[r + t];
                TSample.Store(dst + r * dstStride, x, Math.Clamp(sum >> round1, 0, max));
            }
        }
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.SelfGuided"/> (7.17.2).</summary>
    internal static void SelfGuided(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int set, int w0, int w1, void* scratch, int bitDepth)
    {
        ReadOnlySpan<byte> parameters = Av1FilterTables.SgrParams.Slice(set * 4, 4);
        int max = (1 << bitDepth) - 1, w2 = 128 - w0 - w1;
        int area = (width + 2) * (height + 2);
        int* a = (int*)scratch, b = a + area, flt0 = b + area;
        // The second pass reuses A and B; its result is used at once.
        if (parameters[0] != 0)
        {
            Box(a, b, src, srcStride, width, height, parameters[0], parameters[1], bitDepth);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                    flt0[y * width + x] = Guided(a, b, width, x, y, 0, TSample.Load(src + y * srcStride, x));
            }
        }
        if (parameters[2] != 0)
            Box(a, b, src, srcStride, width, height, parameters[2], parameters[3], bitDepth);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int sample = TSample.Load(src + y * srcStride, x), u = sample << 4;
                int v = w1 * u + w0 * (parameters[0] != 0 ? flt0[y * width + x] : u) + w2 * (parameters[2] != 0 ? Guided(a, b, width, x, y, 1, sample) : u);
                TSample.Store(dst + y * dstStride, x, Math.Clamp((v + (1 << 10)) >> 11, 0, max));
            }
        }
    }

    // A and B of 7.17.3 with a border of one.
    private static void Box(int* aOut, int* bOut, byte* src, nint srcStride, int width, int height, int r, int eps, int bitDepth)
    {
        int n = (2 * r + 1) * (2 * r + 1), n2e = n * n * eps, s = ((1 << 20) + n2e / 2) / n2e, oneOverN = ((1 << 12) + n / 2) / n, extra = bitDepth - 8;
        for (int i = -1; i < height + 1; i++)
        {
            for (int j = -1; j < width + 1; j++)
            {
                uint a = 0, b = 0;
                for (int dy = -r; dy <= r; dy++)
                {
                    for (int dx = -r; dx <= r; dx++)
                    {
                        uint c = (uint)TSample.Load(src + (i + dy) * srcStride, j + dx);
                        a += c * c;
                        b += c;
                    }
                }
                a = (a + (1u << (2 * extra) >> 1)) >> (2 * extra);
                uint d = (b + (1u << extra >> 1)) >> extra;
                uint p = (uint)Math.Max(0, (int)(a * (uint)n - d * d));
                uint z = (uint)(((ulong)p * (uint)s + (1 << 19)) >> 20);
                uint a2 = z >= 255 ? 256 : z == 0 ? 1 : ((z << 8) + z / 2) / (z + 1);
                int at = (i + 1) * (width + 2) + j + 1;
                aOut[at] = (int)a2;
                bOut[at] = (int)(((256 - a2) * b * (uint)oneOverN + (1 << 11)) >> 12);
            }
        }
    }

    private static int Guided(int* aIn, int* bIn, int width, int x, int y, int pass, int sample)
    {
        int a = 0, b = 0;
        for (int dy = -1; dy <= 1; dy++)
        {
            for (int dx = -1; dx <= 1; dx++)
            {
                int weight = pass == 0 ? ((y + dy) & 1) == 0 ? 0 : dx == 0 ? 6 : 5 : dx == 0 || dy == 0 ? 4 : 3;
                int at = (y + dy + 1) * (width + 2) + x + dx + 1;
                a += weight * aIn[at];
                b += weight * bIn[at];
            }
        }
        int shift = 8 + (pass == 0 && (y & 1) != 0 ? 4 : 5) - 4;
        return (a * sample + b + (1 << (shift - 1))) >> shift;
    }
}
