// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Reflection;
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Reconstruction;

/// <summary>
/// A kernel table of plain stand-ins. What is under test is which kernel runs where with which edges, so transforms and filters
/// are made up (but tell every index apart), while intra prediction follows the formulas of spec 8.5.1.1.
/// </summary>
internal static unsafe class StandInKernels
{
    internal interface INumber
    {
        static abstract int Value { get; }
    }

    internal static Vp9KernelTable Create(bool high)
    {
        Vp9KernelTable table = default;
        Type pixel = high ? typeof(ushort) : typeof(byte);
        for (int i = 0; i < Vp9KernelTable.InverseTransformCount; i++)
        {
            table.InverseTransform[i] = Address(nameof(Transform), pixel, i);
        }

        for (int i = 0; i < 52; i++)
        {
            table.IntraPredict[i] = Address(nameof(Intra), pixel, i);
        }

        for (int i = 0; i < 40; i++)
        {
            table.Predict[i] = Address(nameof(Predict), pixel, i);
        }

        for (int i = 0; i < 8; i++)
        {
            table.PredictScaled[i] = Address(nameof(PredictScaled), pixel, i);
        }

        return table;
    }

    /// <summary>Eight made-up taps with sum 128; fraction 0 copies.</summary>
    internal static int Tap(int filter, int fraction, int tap)
    {
        if (fraction == 0)
        {
            return tap == 3 ? 128 : 0;
        }

        int sum = 0;
        for (int t = 0; t < 8; t++)
        {
            int v = t == 3 ? 0 : ((fraction * (t + 3) + filter * 7 + t * t) % 23) - 7;
            if (t == tap && t != 3)
            {
                return v;
            }

            sum += v;
        }

        return 128 - sum;
    }

    /// <summary>What the made-up transform adds to a sample.</summary>
    internal static int ResidualAt(int index, int coefficient) => coefficient + index * 3 - 5;

    /// <summary>Spec 8.5.1.1: one predicted sample; corner is above[-1].</summary>
    internal static int IntraSample(int mode, int n, int i, int j, Func<int, int> left, Func<int, int> above, int maxValue)
    {
        int sum = 0;
        switch (mode)
        {
            case 0:
                for (int k = 0; k < n; k++)
                {
                    sum += left(k) + above(k);
                }

                return (sum + n) / (2 * n);
            case 1: return above(j);
            case 2: return left(i);
            case 3: return i + j + 2 < 2 * n ? Average3(above(i + j), above(i + j + 1), above(i + j + 2)) : above(2 * n - 1);
            case 4:
                return i < j ? Average3(above(j - i - 2), above(j - i - 1), above(j - i))
                    : i == j ? Average3(left(0), above(-1), above(0))
                    : i - j == 1 ? Average3(above(-1), left(0), left(1))
                    : Average3(left(i - j - 2), left(i - j - 1), left(i - j));
            case 5:
            {
                int i2 = i / 2;
                if ((i & 1) == 0 && j - i2 >= 0)
                {
                    return Average2(above(j - i2 - 1), above(j - i2));
                }

                if (j - i2 > 0)
                {
                    return Average3(above(j - i2 - 2), above(j - i2 - 1), above(j - i2));
                }

                if (j - i2 == 0)
                {
                    return Average3(left(0), above(-1), above(0));
                }

                int k = i - 2 * j;
                return k == 2 ? Average3(above(-1), left(0), left(1)) : Average3(left(k - 3), left(k - 2), left(k - 1));
            }

            case 6:
            {
                int j2 = j / 2;
                if ((j & 1) == 0 && i - j2 >= 0)
                {
                    return Average2(i - j2 == 0 ? above(-1) : left(i - j2 - 1), left(i - j2));
                }

                if (i - j2 > 1)
                {
                    return Average3(left(i - j2 - 2), left(i - j2 - 1), left(i - j2));
                }

                if (i - j2 == 1)
                {
                    return Average3(above(-1), left(0), left(1));
                }

                if (i - j2 == 0)
                {
                    return Average3(left(0), above(-1), above(0));
                }

                int k = j - 2 * i;
                return Average3(above(k - 3), above(k - 2), above(k - 1));
            }

            case 7:
            {
                int p = i + j / 2;
                int At(int q) => left(Math.Min(q, n - 1));
                return (j & 1) == 0 ? Average2(At(p), At(p + 1)) : Average3(At(p), At(p + 1), At(p + 2));
            }

            case 8:
            {
                int p = i / 2 + j;
                return (i & 1) == 0 ? Average2(above(p), above(p + 1)) : Average3(above(p), above(p + 1), above(p + 2));
            }

            case 9: return Math.Clamp(left(i) + above(j) - above(-1), 0, maxValue);
            case 10:
                for (int k = 0; k < n; k++)
                {
                    sum += left(k);
                }

                return (sum + n / 2) / n;
            case 11:
                for (int k = 0; k < n; k++)
                {
                    sum += above(k);
                }

                return (sum + n / 2) / n;
            default: return (maxValue + 1) / 2;
        }
    }

    private static int Average2(int a, int b) => (a + b + 1) >> 1;

    private static int Average3(int a, int b, int c) => (a + 2 * b + c + 2) >> 2;

    private static nint Address(string name, Type pixel, int index)
    {
        Type number = typeof(Zero);
        for (int bit = 5; bit >= 0; bit--)
        {
            number = ((index >> bit) & 1) != 0 ? typeof(TwicePlusOne<>).MakeGenericType(number) : typeof(Twice<>).MakeGenericType(number);
        }

        return typeof(StandInKernels).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(pixel, number).MethodHandle.GetFunctionPointer();
    }

    private static int Read<TPixel>(byte* p, int index)
        where TPixel : unmanaged => sizeof(TPixel) == 1 ? p[index] : ((ushort*)p)[index];

    private static void Write<TPixel>(byte* p, int index, int value)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
        {
            p[index] = (byte)value;
        }
        else
        {
            ((ushort*)p)[index] = (ushort)value;
        }
    }

    private static void Transform<TPixel, TIndex>(byte* dst, nint stride, void* coefficients, int eob, int max)
        where TPixel : unmanaged
        where TIndex : INumber
    {
        int n = TIndex.Value == Vp9KernelTable.Lossless ? 4 : 4 << (TIndex.Value / 4);
        Assert.InRange(eob, 1, n * n);
        for (int y = 0; y < n; y++)
        {
            for (int x = 0; x < n; x++)
            {
                int c = sizeof(TPixel) == 1 ? ((short*)coefficients)[x * n + y] : ((int*)coefficients)[x * n + y];
                Write<TPixel>(dst + y * stride, x, Math.Clamp(Read<TPixel>(dst + y * stride, x) + ResidualAt(TIndex.Value, c), 0, max));
            }
        }

        new Span<byte>(coefficients, n * n * sizeof(TPixel) * 2).Clear();
    }

    private static void Intra<TPixel, TIndex>(byte* dst, nint stride, byte* left, byte* above, int max)
        where TPixel : unmanaged
        where TIndex : INumber
    {
        int n = 4 << (TIndex.Value / 13), mode = TIndex.Value % 13;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                Write<TPixel>(dst + i * stride, j, IntraSample(mode, n, i, j, k => Read<TPixel>(left, k), k => Read<TPixel>(above, k), max));
            }
        }
    }

    private static void Predict<TPixel, TIndex>(byte* dst, nint dstStride, byte* src, nint srcStride, int height, int mx, int my, int max)
        where TPixel : unmanaged
        where TIndex : INumber
        => Filter<TPixel>(dst, dstStride, src, srcStride, 4 << (TIndex.Value % 5), height, mx, my, 16, 16, max, TIndex.Value / 5 % 4, TIndex.Value / 20 != 0);

    private static void PredictScaled<TPixel, TIndex>(
        byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int max)
        where TPixel : unmanaged
        where TIndex : INumber
        => Filter<TPixel>(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, max, TIndex.Value % 4, TIndex.Value / 4 != 0);

    private static void Filter<TPixel>(
        byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int max, int filter, bool average)
        where TPixel : unmanaged
    {
        bool scaled = xStep != 16 || yStep != 16;
        int rows = (((height - 1) * yStep + my) >> 4) + 8;
        int[] middle = new int[rows * width];
        for (int r = 0; r < rows; r++)
        {
            // Without a vertical fraction only the block's own rows may be touched.
            if (my == 0 && !scaled && (r < 3 || r >= 3 + height))
            {
                continue;
            }

            for (int c = 0; c < width; c++)
            {
                int position = mx + c * xStep, sum = 64;
                for (int t = 0; t < 8; t++)
                {
                    int tap = Tap(filter, position & 15, t);
                    if (tap != 0)
                    {
                        sum += tap * Read<TPixel>(src + (r - 3) * srcStride, (position >> 4) + t - 3);
                    }
                }

                middle[r * width + c] = Math.Clamp(sum >> 7, 0, max);
            }
        }

        for (int r = 0; r < height; r++)
        {
            for (int c = 0; c < width; c++)
            {
                int position = my + r * yStep, sum = 64;
                for (int t = 0; t < 8; t++)
                {
                    sum += Tap(filter, position & 15, t) * middle[((position >> 4) + t) * width + c];
                }

                int value = Math.Clamp(sum >> 7, 0, max);
                Write<TPixel>(dst + r * dstStride, c, average ? (Read<TPixel>(dst + r * dstStride, c) + value + 1) >> 1 : value);
            }
        }
    }

    internal readonly struct Zero : INumber
    {
        public static int Value => 0;
    }

    internal readonly struct Twice<T> : INumber
        where T : INumber
    {
        public static int Value => T.Value * 2;
    }

    internal readonly struct TwicePlusOne<T> : INumber
        where T : INumber
    {
        public static int Value => T.Value * 2 + 1;
    }
}
