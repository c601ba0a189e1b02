// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>Deblocking, CDEF, superres and restoration kernels of every level against <see cref="Av1FilterModel"/>.</summary>
public sealed unsafe class Av1PostFilterKernelTests
{
    private const int Stride = 1280, Rows = 120, Top = 24, Left = 40;

    private static readonly int[] Depths = [8, 10, 12];

    public static TheoryData<int, KernelLevel> All()
    {
        var data = new TheoryData<int, KernelLevel>();
        foreach (KernelLevel level in Enum.GetValues<KernelLevel>())
        {
            foreach (int depth in Depths)
            {
                if (KernelLevels.IsSupported(level))
                    data.Add(depth, level);
            }
        }
        return data;
    }

    // A plane in native memory; the same samples as an array for the model.
    private sealed class Plane : IDisposable
    {
        private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Stride * Rows + 64, 64);
        public readonly int Bytes, Max;
        public readonly int[,] Samples = new int[Rows, 560];

        public Plane(int bitDepth)
        {
            Bytes = bitDepth > 8 ? 2 : 1;
            Max = (1 << bitDepth) - 1;
        }

        public byte* At(int y, int x) => _memory + y * Stride + x * Bytes;

        public int this[int y, int x]
        {
            get => Bytes == 1 ? *At(y, x) : *(ushort*)At(y, x);
            set
            {
                if (Bytes == 1)
                    *At(y, x) = (byte)value;
                else
                    *(ushort*)At(y, x) = (ushort)value;
            }
        }

        public void Fill(Func<int, int, int> value)
        {
            for (int y = 0; y < Rows; y++)
            {
                for (int x = 0; x < 560; x++)
                    this[y, x] = Samples[y, x] = Math.Clamp(value(y, x), 0, Max);
            }
        }

        // kind 0: any; 1: extremes; 2: almost flat; 3: flat areas of 8 with steps.
        public void Fill(Random random, int kind)
        {
            int scale = (Max + 1) >> 8, middle = random.Next(Max + 1), step = random.Next(1, 12) * scale;
            Fill((y, x) => kind switch
            {
                0 => random.Next(Max + 1),
                1 => random.Next(2) * Max,
                2 => middle + random.Next(3 * scale),
                _ => middle + (((x >> 3) + (y >> 3)) & 3) * step + random.Next(scale + 1),
            });
        }

        public void Expect(int y0, int x0, int height, int width, Func<int, int, int> expected, string what)
        {
            for (int y = y0; y < y0 + height; y++)
            {
                for (int x = x0; x < x0 + width; x++)
                {
                    if (this[y, x] != expected(y, x))
                        Assert.Fail($"{what}: ({x}, {y}) is {this[y, x]}, not {expected(y, x)}");
                }
            }
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }

    private sealed class Table : IDisposable
    {
        public readonly Av1PostFilterTable* Kernels = (Av1PostFilterTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1PostFilterTable));

        public Table(int bitDepth, KernelLevel level) => Av1PostFilterTable.Create(Kernels, bitDepth, level);

        public void Dispose() => NativeMemory.Free(Kernels);
    }

    [Theory, MemberData(nameof(All))]
    public void Deblock(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        byte* edges = stackalloc byte[32];
        Av1FilterLimits limits = default;
        for (int round = 0; round < 160; round++)
        {
            int index = round & 3, chroma = index >> 1, pass = index & 1, units = 8 * random.Next(1, 4), sharpness = random.Next(3) == 0 ? 0 : random.Next(8), density = random.Next(1, 5);
            limits.Set(sharpness);
            plane.Fill(random, random.Next(8) switch { 0 => 0, 1 => 1, < 4 => 2, _ => 3 });
            for (int i = 0; i < units; i++)
                edges[i] = (byte)(random.Next(density) != 0 ? 0 : random.Next(5) == 0 ? 1 : random.Next(1, 64));
            int length = random.Next(4);
            for (int i = 0; i < units; i++)
            {
                if (edges[i] != 0)
                    edges[i] |= (byte)((length < 3 ? length : random.Next(3)) % (3 - chroma) << 6);
            }
            int y0 = pass == 0 ? 8 : 16, x0 = 32;
            table.Kernels->GetDeblock(index)(plane.At(y0, x0), Stride, edges, units, &limits, bitDepth);
            for (int i = 0; i < units * 4; i++)
            {
                if (edges[i >> 2] != 0)
                {
                    Av1FilterModel.SampleFilter(plane.Samples, x0 + (pass == 1 ? i : 0), y0 + (pass == 0 ? i : 0), chroma, edges[i >> 2] & 63, sharpness, 1 - pass, pass,
                        4 << (edges[i >> 2] >> 6), bitDepth);
                }
            }
            plane.Expect(0, 0, Rows, 560, (y, x) => plane.Samples[y, x], $"edge {index}, length {length}, round {round}");
        }
    }

    [Theory, MemberData(nameof(All))]
    public void CdefDirection(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        for (int round = 0; round < 300; round++)
        {
            double angle = random.NextDouble() * Math.PI, dx = Math.Cos(angle), dy = Math.Sin(angle), scale = random.Next(2, 30);
            if (round % 4 == 0)
                plane.Fill(random, round / 4 % 3);
            else
                plane.Fill((y, x) => (int)((Math.Sin((x * dx + y * dy) / scale * 6) + 1) * plane.Max / 2) + random.Next(plane.Max >> 4));
            if (round == 4)
                plane.Fill((y, x) => 0);
            int actual, variance = -1, expected = Av1FilterModel.CdefDirection(plane.Samples, 16, 16, bitDepth, out int var);
            actual = table.Kernels->GetCdefDirection()(plane.At(16, 16), Stride, &variance, bitDepth);
            Assert.Equal((expected, var), (actual, variance));
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Cdef(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var source = new Plane(bitDepth);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        using var plane2 = new Plane(bitDepth);
        using var source2 = new Plane(bitDepth);
        ushort* window = stackalloc ushort[96 * 12];
        int[] secondary = [0, 1, 2, 4];
        for (int round = 0; round < 1500; round++)
        {
            // The block is where the borders of the model's frame are what the round says.
            int kind = round % 3, subX = kind == 0 ? 0 : 1, subY = kind == 2 ? 1 : 0, width = 8 >> subX, height = 8 >> subY, borders = random.Next(16), shift = bitDepth - 8;
            int row = (borders & 1) != 0 ? 0 : 2, col = (borders & 2) != 0 ? 0 : 2;
            if (round % 16 < 4)
                source.Fill(random, random.Next(4));
            if (round % 16 < 4)
                source2.Fill(random, random.Next(4));
            var model = new Av1FilterModel
            {
                BitDepth = bitDepth,
                SubsamplingX = subX,
                SubsamplingY = subY,
                MiRows = row + ((borders & 4) != 0 ? 2 : 4),
                MiCols = col + ((borders & 8) != 0 ? 2 : 4),
                CurrFrame = [source.Samples, source.Samples, source2.Samples],
                CdefFrame = [new int[32, 32], new int[32, 32], new int[32, 32]],
            };
            int y0 = row * 4 >> subY, x0 = col * 4 >> subX, primary, second;
            do
            {
                primary = random.Next(3) == 0 ? 0 : random.Next(1, 16) << shift;
                second = secondary[random.Next(4)] << shift;
                // As adjusted by the variance.
                if (kind == 0 && random.Next(2) == 0)
                    primary = (primary * (4 + random.Next(13)) + 8) >> 4;
            }
            while ((primary | second) == 0);
            for (int y = -2; y < height + 2; y++)
            {
                for (int x = -2; x < width + 2; x++)
                {
                    bool inside = y0 + y >= 0 && x0 + x >= 0 && ((y0 + y) << subY) >> 2 < model.MiRows && ((x0 + x) << subX) >> 2 < model.MiCols;
                    ushort first = inside ? (ushort)source.Samples[y0 + y, x0 + x] : Av1PostFilterTable.CdefUnavailable, other = inside ? (ushort)source2.Samples[y0 + y, x0 + x] : Av1PostFilterTable.CdefUnavailable;
                    if (kind == 0)
                    {
                        window[(y + 2) * 96 + x + 8] = first;
                        continue;
                    }
                    window[(y + 2) * 96 + 2 * x + 8] = first;
                    window[(y + 2) * 96 + 2 * x + 9] = other;
                }
            }
            int direction = random.Next(8), damping = random.Next(2, 7) + shift;
            for (int y = 0; y < height + 8; y++)
            {
                for (int x = 0; x < width + 8; x++)
                    plane[y, x] = plane2[y, x] = 77;
            }
            if (kind == 0)
                table.Kernels->GetCdef()(plane.At(4, 4), Stride, window + 2 * 96 + 8, 96, primary, second, direction, damping, bitDepth);
            else
                table.Kernels->GetCdefPair(1 - subY)(plane.At(4, 4), plane2.At(4, 4), Stride, window + 2 * 96 + 8, 96, primary, second, direction, damping, bitDepth);
            model.CdefFilter(kind == 0 ? 0 : 1, row, col, primary, second, damping, direction);
            model.CdefFilter(kind == 0 ? 0 : 2, row, col, primary, second, damping, direction);
            int[,] expected = model.CdefFrame[kind == 0 ? 0 : 1], expected2 = model.CdefFrame[2];
            if (kind != 0)
                plane2.Expect(0, 0, height + 8, width + 8, (y, x) => y < 4 || x < 4 || y >= height + 4 || x >= width + 4 ? 77 : expected2[y0 + y - 4, x0 + x - 4], $"V, direction {direction}");
            plane.Expect(0, 0, height + 8, width + 8, (y, x) => y < 4 || x < 4 || y >= height + 4 || x >= width + 4 ? 77 : expected[y0 + y - 4, x0 + x - 4],
                $"{width}x{height}, borders {borders}, strengths {primary} {second}, direction {direction}, damping {damping}");
        }
    }

    [Theory, MemberData(nameof(All))]
    public void CdefLoad(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var source = new Plane(bitDepth);
        ushort* window = stackalloc ushort[96 * 4];
        source.Fill(new Random(1), 0);
        for (int width = 1; width <= 68; width++)
        {
            table.Kernels->GetCdefLoad()(window, 96, source.At(3, 5), Stride, width, 4);
            for (int i = 0; i < 4 * width; i++)
                Assert.Equal(source.Samples[3 + i / width, 5 + i % width], window[i / width * 96 + i % width]);
            if (width > 36)
                continue;
            table.Kernels->GetCdefLoadPair()(window, 96, source.At(3, 5), source.At(30, 50), Stride, width, 4);
            for (int i = 0; i < 4 * width; i++)
            {
                Assert.Equal(source.Samples[3 + i / width, 5 + i % width], window[i / width * 96 + i % width * 2]);
                Assert.Equal(source.Samples[30 + i / width, 50 + i % width], window[i / width * 96 + i % width * 2 + 1]);
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Upscale(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var source = new Plane(bitDepth);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        for (int round = 0; round < 40; round++)
        {
            int upscaled = random.Next(18, 500), width = Math.Clamp((upscaled * 8 + 4) / random.Next(9, 17), 8, upscaled - 1);
            source.Fill(random, random.Next(4));
            (int step, int initial) = Av1FilterModel.UpscaleSteps(width, upscaled);
            int[,] samples = (int[,])source.Samples.Clone();
            for (int y = 0; y < 4; y++)
            {
                for (int x = 0; x < 8; x++)
                {
                    source[y, Left - 1 - x] = source[y, Left];
                    source[y, Left + width + x] = source[y, Left + width - 1];
                }
            }
            table.Kernels->GetUpscale()(plane.At(0, Left), Stride, source.At(0, Left), Stride, upscaled, 4, initial, step, bitDepth);
            plane.Expect(0, Left, 4, upscaled, (y, x) => Av1FilterModel.UpscaleSample(Shifted(samples), y, x - Left, step, initial, 0, width - 1, bitDepth), $"{width} to {upscaled}");
        }
        // The model's columns begin with 0.
        static int[,] Shifted(int[,] samples)
        {
            if (!ReferenceEquals(samples, s_last))
            {
                s_last = samples;
                s_shifted = new int[4, 500];
                for (int y = 0; y < 4; y++)
                {
                    for (int x = 0; x < 500; x++)
                        s_shifted[y, x] = samples[y, x + Left];
                }
            }
            return s_shifted;
        }
    }

    [ThreadStatic]
    private static int[,]? s_last;
    [ThreadStatic]
    private static int[,] s_shifted = new int[0, 0];

    [Theory, MemberData(nameof(All))]
    public void Wiener(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var source = new Plane(bitDepth);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        short* filters = stackalloc short[16];
        int[] min = [-5, -23, -17], max = [10, 8, 46];
        int[,] expected = new int[Rows, 560];
        for (int round = 0; round < 40; round++)
        {
            int width = round < 30 ? round + 1 : random.Next(1, 385), height = random.Next(1, 65), five = random.Next(2), extreme = random.Next(3);
            source.Fill(random, random.Next(4));
            int[][] taps = new int[2][];
            for (int pass = 0; pass < 2; pass++)
            {
                taps[pass] = Av1FilterModel.WienerCoefficients([.. Enumerable.Range(0, 3).Select(i => five == 1 && i == 0 ? 0 : extreme switch
                {
                    0 => random.Next(2) == 0 ? min[i] : max[i],
                    _ => random.Next(min[i], max[i] + 1),
                })]);
                for (int i = 0; i < 8; i++)
                    filters[pass * 8 + i] = (short)(i < 7 ? taps[pass][i] : 0);
            }
            table.Kernels->GetWiener(five)(plane.At(Top, Left), Stride, source.At(Top, Left), Stride, width, height, filters, bitDepth);
            Av1FilterModel.Wiener(0, Left, Top, width, height, taps[0], taps[1], expected, (y, x) => source.Samples[y, x], bitDepth);
            plane.Expect(Top, Left, height, width, (y, x) => expected[y, x], $"{width}x{height}, five {five}");
        }
    }

    [Theory, MemberData(nameof(All))]
    public void SelfGuided(int bitDepth, KernelLevel level)
    {
        using var table = new Table(bitDepth, level);
        using var source = new Plane(bitDepth);
        using var plane = new Plane(bitDepth);
        var random = new Random(bitDepth * 10 + (int)level);
        void* scratch = NativeMemory.AlignedAlloc(Av1PostFilterTable.SelfGuidedScratchBytes, 64);
        int[,] expected = new int[Rows, 560];
        for (int round = 0; round < 32; round++)
        {
            int width = round < 20 ? round + 1 : random.Next(1, 120), height = random.Next(1, 65), set = round & 15, w0 = random.Next(-96, 32), w1 = random.Next(-32, 96);
            if (round == 30)
                (width, height) = (384, 8);
            source.Fill(random, random.Next(4));
            table.Kernels->GetSelfGuided()(plane.At(Top, Left), Stride, source.At(Top, Left), Stride, width, height, set, w0, w1, scratch, bitDepth);
            Av1FilterModel.SelfGuided(0, Left, Top, width, height, set, w0, w1, expected, (y, x) => source.Samples[y, x], bitDepth);
            plane.Expect(Top, Left, height, width, (y, x) => expected[y, x], $"{width}x{height}, set {set}, weights {w0} {w1}");
        }
        NativeMemory.AlignedFree(scratch);
    }
}
