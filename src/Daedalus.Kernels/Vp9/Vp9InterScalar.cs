// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Kernels.Vp9;

/// <summary>Plain kernels: the reference of the others.</summary>
internal readonly unsafe struct ScalarBodies<TSample, TAverage> : IInterBodies
    where TSample : struct, ISample where TAverage : struct, IAverage
{
    public static void Copy<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height) where TWidth : struct, IWidth
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Bytes / TSample.Size; x++)
                Put(dst, x, TSample.Load(src, x));
        }
    }

    public static void Horizontal<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Bytes / TSample.Size; x++)
                Put(dst, x, Filter(src + (x - 3) * TSample.Size, TSample.Size, taps, maxValue));
        }
    }

    public static void Vertical<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* taps, int maxValue) where TWidth : struct, IWidth
    {
        src -= 3 * srcStride;
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < TWidth.Bytes / TSample.Size; x++)
                Put(dst, x, Filter(src + x * TSample.Size, srcStride, taps, maxValue));
        }
    }

    [SkipLocalsInit]
    public static void Both<TWidth>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, byte* tapsX, byte* tapsY, int maxValue) where TWidth : struct, IWidth
    {
        PassScratch scratch;
        byte* rows = PassScratch.Align(&scratch);
        byte* s = src - 3 * srcStride;
        for (int y = 0; y < height + 7; y++, s += srcStride)
        {
            for (int x = 0; x < TWidth.Bytes / TSample.Size; x++)
                TSample.Store(rows + y * TWidth.Bytes, x, Filter(s + (x - 3) * TSample.Size, TSample.Size, tapsX, maxValue));
        }
        for (int y = 0; y < height; y++, dst += dstStride, rows += TWidth.Bytes)
        {
            for (int x = 0; x < TWidth.Bytes / TSample.Size; x++)
                Put(dst, x, Filter(rows + x * TSample.Size, TWidth.Bytes, tapsY, maxValue));
        }
    }

    // Both passes run whatever the phase: taps of position 0 pass samples through unchanged. Strips of 16 keep the scratch small.
    [SkipLocalsInit]
    public static void Scaled(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue, short* filter)
    {
        ScaledScratch scratch;
        byte* rows = scratch.Rows;
        nint pitch = ScaledScratch.Columns * TSample.Size;
        int rowCount = (((height - 1) * yStep + my) >> 4) + 8;
        for (int left = 0; left < width; left += ScaledScratch.Columns)
        {
            int columns = Math.Min(ScaledScratch.Columns, width - left);
            byte* s = src - 3 * srcStride;
            for (int y = 0; y < rowCount; y++, s += srcStride)
            {
                for (int x = 0; x < columns; x++)
                {
                    int position = mx + (left + x) * xStep;
                    TSample.Store(rows + y * pitch, x, FilterWords(s + ((position >> 4) - 3) * TSample.Size, TSample.Size, filter + (position & 15) * 8, maxValue));
                }
            }
            for (int y = 0; y < height; y++)
            {
                int position = my + y * yStep;
                for (int x = 0; x < columns; x++)
                    Put(dst + y * dstStride, left + x, FilterWords(rows + (position >> 4) * pitch + x * TSample.Size, pitch, filter + (position & 15) * 8, maxValue));
            }
        }
    }

    private static int Filter(byte* src, nint step, byte* taps, int maxValue)
    {
        int sum = 64;
        for (int k = 0; k < 8; k++)
            sum += TSample.Load(src + k * step, 0) * TSample.Tap(taps, k);
        return Math.Clamp(sum >> 7, 0, maxValue);
    }

    private static int FilterWords(byte* src, nint step, short* taps, int maxValue)
    {
        int sum = 64;
        for (int k = 0; k < 8; k++)
            sum += TSample.Load(src + k * step, 0) * taps[k];
        return Math.Clamp(sum >> 7, 0, maxValue);
    }

    private static void Put(byte* dst, int x, int value)
    {
        if (TAverage.On)
            value = (TSample.Load(dst, x) + value + 1) >> 1;
        TSample.Store(dst, x, value);
    }
}

/// <summary>
/// Rows of a 64×64 block of words between the two passes. No fixed buffer: those bring a stack check into every method that has one.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = (64 + 7) * 128 + 64)]
internal unsafe struct PassScratch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Align(PassScratch* scratch) => (byte*)(((nint)scratch + 63) & ~63);
}

/// <summary>Rows of a 16-column strip between the passes of scaled prediction, for the largest step (80/16).</summary>
internal unsafe struct ScaledScratch
{
    internal const int Columns = 16;
    internal const int MaxRows = ((63 * 80 + 15) >> 4) + 8;
    internal fixed byte Rows[MaxRows * Columns * 2 + 64];
}
