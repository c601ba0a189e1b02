// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Blending of noise with the picture as the specification writes it (7.18.3.5).</summary>
internal static unsafe class Av1GrainScalar<TSample> where TSample : struct, ISample
{
    internal static void AddLuma(byte* dst, nint dstStride, byte* src, nint srcStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride, noise += noiseStride)
        {
            for (int x = 0; x < width; x++)
            {
                int orig = TSample.Load(src, x);
                TSample.Store(dst, x, Noisy(orig, orig, noise[x], p));
            }
        }
    }

    internal static void AddChroma420(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, 2 * lumaStride, noise, noiseStride, 0, width, height, 1, p);

    internal static void AddChroma422(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, 0, width, height, 1, p);

    internal static void AddChroma444(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, 0, width, height, 0, p);

    /// <summary>Columns start..width-1; lumaStep is from one chroma row's luma to the next one's.</summary>
    internal static void AddChroma(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStep, short* noise, nint noiseStride, int start, int width, int height, int subX, Av1GrainParameters* p)
    {
        int limit = (1 << p->BitDepth) - 1;
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride, luma += lumaStep, noise += noiseStride)
        {
            for (int x = start; x < width; x++)
            {
                int orig = TSample.Load(src, x), merged = TSample.Load(luma, x << subX);
                if (subX != 0)
                    merged = (merged + TSample.Load(luma, Math.Min(2 * x + 1, p->LumaWidth - 1)) + 1) >> 1;
                if (p->FromLuma == 0)
                    merged = Math.Clamp(((merged * p->LumaMultiplier + orig * p->Multiplier) >> 6) + p->Offset, 0, limit);
                TSample.Store(dst, x, Noisy(orig, merged, noise[x], p));
            }
        }
    }

    private static int Noisy(int orig, int index, int noise, Av1GrainParameters* p)
    {
        int shift = p->BitDepth - 8, x = index >> shift;
        int scale = p->Scaling[x];
        if (shift != 0)
            scale += ((p->Scaling[x + 1] - scale) * (index - (x << shift)) + (1 << (shift - 1))) >> shift;
        return Math.Clamp(orig + ((scale * noise + (1 << (p->ScalingShift - 1))) >> p->ScalingShift), p->Min, p->Max);
    }
}

/// <summary>Noise stripes and the filter's rows above (7.18.3.3, 7.18.3.5).</summary>
internal static unsafe class Av1NoiseScalar
{
    internal static void NoiseRow32(short* dst, short* grain, ushort* offsets, int blocks, int overlap, int min, int max)
    {
        for (int b = 0; b < blocks; b++, dst += 32)
        {
            short* block = grain + offsets[b];
            for (int x = 0; x < 32; x++)
                dst[x] = block[x];
            if (overlap != 0 && b > 0)
            {
                short* old = grain + offsets[b - 1] + 32;
                dst[0] = Blend(old[0], 27, block[0], 17, min, max);
                dst[1] = Blend(old[1], 17, block[1], 27, min, max);
            }
        }
    }

    internal static void NoiseRow16(short* dst, short* grain, ushort* offsets, int blocks, int overlap, int min, int max)
    {
        for (int b = 0; b < blocks; b++, dst += 16)
        {
            short* block = grain + offsets[b];
            for (int x = 0; x < 16; x++)
                dst[x] = block[x];
            if (overlap != 0 && b > 0)
                dst[0] = Blend(grain[offsets[b - 1] + 16], 23, block[0], 22, min, max);
        }
    }

    private static short Blend(int old, int oldWeight, int value, int weight, int min, int max) => (short)Math.Clamp((old * oldWeight + value * weight + 16) >> 5, min, max);

    internal static void BlendRow(short* row, short* old, int oldWeight, int newWeight, int count, int min, int max)
    {
        for (int x = 0; x < count; x++)
            row[x] = Blend(old[x], oldWeight, row[x], newWeight, min, max);
    }

    internal static void RowsAbove(int* sums, short* grain, nint stride, int rows, short* coefficients, int count)
    {
        for (int x = 0; x < count; x++)
        {
            int sum = 0;
            for (int r = -rows; r < 0; r++)
            {
                for (int c = -3; c <= 3; c++)
                    sum += coefficients[(3 + r) * 8 + 3 + c] * grain[r * stride + x + c];
            }
            sums[x] = sum;
        }
    }
}
