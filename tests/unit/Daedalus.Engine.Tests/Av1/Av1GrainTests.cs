// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>Film grain of whole pictures at every level against <see cref="Av1GrainModel"/>.</summary>
public sealed unsafe class Av1GrainTests
{
    private const byte Guard = 0xa5;

    /// <summary>A picture in native memory whose rows and planes are followed by guard bytes.</summary>
    private sealed class Picture : IDisposable
    {
        private const int Margin = 40;
        private readonly byte* _memory;
        private readonly nint _size;

        internal Picture(int width, int height, int bitDepth, int subX, int subY, bool chroma)
        {
            var size = bitDepth == 8 ? 1 : 2;
            Width = [width, (width + subX) >> subX, (width + subX) >> subX];
            Height = [height, (height + subY) >> subY, (height + subY) >> subY];
            nint stride = width * size + Margin;
            _size = (height + 1) * 3 * stride;
            _memory = (byte*)NativeMemory.Alloc((nuint)_size);
            NativeMemory.Fill(_memory, (nuint)_size, Guard);
            View = new PictureView
            {
                Plane0 = _memory, Plane1 = chroma ? _memory + (height + 1) * stride : null, Plane2 = chroma ? _memory + (height + 1) * 2 * stride : null, StrideY = stride, StrideUv = stride,
                Width = width, Height = height, BitDepth = bitDepth, SubsamplingX = subX, SubsamplingY = subY,
            };
            Planes = chroma ? 3 : 1;
        }

        internal int Planes { get; }

        internal int[] Width { get; }

        internal int[] Height { get; }

        internal PictureView View { get; }

        private byte* Row(int plane, int y) => View.Plane(plane) + y * View.Stride(plane);

        internal void Set(int plane, int y, int x, int value)
        {
            if (View.BitDepth == 8)
                Row(plane, y)[x] = (byte)value;
            else
                ((ushort*)Row(plane, y))[x] = (ushort)value;
        }

        internal int Get(int plane, int y, int x) => View.BitDepth == 8 ? Row(plane, y)[x] : ((ushort*)Row(plane, y))[x];

        internal int[][,] Read()
        {
            var planes = new int[Planes][,];
            for (var plane = 0; plane < Planes; plane++)
            {
                planes[plane] = new int[Height[plane], Width[plane]];
                for (var y = 0; y < Height[plane]; y++)
                {
                    for (var x = 0; x < Width[plane]; x++)
                        planes[plane][y, x] = Get(plane, y, x);
                }
            }
            return planes;
        }

        /// <summary>Takes the samples out; what is left must be guard bytes.</summary>
        internal void CheckGuard(string what)
        {
            var size = View.BitDepth == 8 ? 1 : 2;
            for (var plane = 0; plane < Planes; plane++)
            {
                for (var y = 0; y < Height[plane]; y++)
                    NativeMemory.Fill(Row(plane, y), (nuint)(Width[plane] * size), Guard);
            }
            Assert.True(new ReadOnlySpan<byte>(_memory, (int)_size).IndexOfAnyExcept(Guard) < 0, what + " wrote outside of the picture");
        }

        public void Dispose() => NativeMemory.Free(_memory);
    }

    private static int Points(Random random, byte* xs, byte* ys, int count)
    {
        var values = Enumerable.Range(0, 256).OrderBy(_ => random.Next()).Take(count).Order().ToArray();
        for (var i = 0; i < count; i++)
        {
            xs[i] = (byte)values[i];
            ys[i] = (byte)random.Next(256);
        }
        return count;
    }

    private static V4L2CtrlAv1FilmGrain Parameters(Random random, int run)
    {
        V4L2CtrlAv1FilmGrain g = default;
        g.Flags = Av1FilmGrainFlags.ApplyGrain;
        if (run % 3 == 0)
            g.Flags |= Av1FilmGrainFlags.ChromaScalingFromLuma;
        if (run % 4 != 0)
            g.Flags |= Av1FilmGrainFlags.Overlap;
        if (run % 5 < 2)
            g.Flags |= Av1FilmGrainFlags.ClipToRestrictedRange;
        g.GrainSeed = (ushort)random.Next(65536);
        g.NumYPoints = (byte)Points(random, g.PointYValue, g.PointYScaling, run % 7 == 3 ? 0 : random.Next(1, 15));
        g.NumCbPoints = (byte)Points(random, g.PointCbValue, g.PointCbScaling, run % 6 == 1 ? 0 : random.Next(1, 11));
        g.NumCrPoints = (byte)Points(random, g.PointCrValue, g.PointCrScaling, run % 8 == 1 ? 0 : random.Next(1, 11));
        g.GrainScalingMinus8 = (byte)random.Next(4);
        g.ArCoeffLag = (byte)random.Next(4);
        g.ArCoeffShiftMinus6 = (byte)random.Next(4);
        g.GrainScaleShift = (byte)random.Next(4);
        // Wild coefficients drive the filter into its limits, small ones are what streams have.
        var span = run % 2 == 0 ? 256 : 24;
        for (var i = 0; i < 25; i++)
        {
            g.ArCoeffsYPlus128[i] = (byte)(128 + random.Next(-span / 2, span / 2));
            g.ArCoeffsCbPlus128[i] = (byte)(128 + random.Next(-span / 2, span / 2));
            g.ArCoeffsCrPlus128[i] = (byte)(128 + random.Next(-span / 2, span / 2));
        }
        (g.CbMult, g.CbLumaMult, g.CrMult, g.CrLumaMult) = ((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        (g.CbOffset, g.CrOffset) = ((ushort)random.Next(512), (ushort)random.Next(512));
        return g;
    }

    public static TheoryData<int, KernelLevel> Levels()
    {
        var data = new TheoryData<int, KernelLevel>();
        foreach (var level in Enum.GetValues<KernelLevel>())
        {
            if (!KernelLevels.IsSupported(level))
                continue;
            foreach (var bitDepth in new[] { 8, 10, 12 })
                data.Add(bitDepth, level);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Pictures(int bitDepth, KernelLevel level)
    {
        Av1GrainTable table;
        Av1GrainTable.Create(&table, bitDepth, level);
        var random = new Random(bitDepth + 17);
        using var film = new Av1FilmGrain();
        for (var run = 0; run < 72; run++)
        {
            var grain = Parameters(random, run);
            var format = run % 4;
            int subX = format is 0 or 1 or 3 ? 1 : 0, subY = format is 0 or 3 ? 1 : 0, matrix = run % 9 == 2 ? 0 : 1;
            var monochrome = format == 3;
            // With and without chroma planes in a monochrome picture.
            var chroma = !monochrome || run % 8 == 3;
            int width = run % 10 == 0 ? 1 + random.Next(12) : 16 + random.Next(180), height = run % 10 == 5 ? 1 + random.Next(4) : 8 + random.Next(120);
            var what = $"run {run}: {width}x{height} {bitDepth} bits, subsampling {subX}{subY}";
            using var from = new Picture(width, height, bitDepth, subX, subY, chroma);
            using var to = new Picture(width, height, bitDepth, subX, subY, chroma);
            for (var plane = 0; plane < from.Planes; plane++)
            {
                for (var y = 0; y < from.Height[plane]; y++)
                {
                    for (var x = 0; x < from.Width[plane]; x++)
                        from.Set(plane, y, x, run % 6 == 4 ? ((1 << bitDepth) - 1) * random.Next(2) : random.Next(1 << bitDepth));
                }
            }
            var expected = from.Read();
            new Av1GrainModel(grain, bitDepth, subX, subY, monochrome, matrix).Add(expected, width, height);

            film.Begin(grain, bitDepth, subX, subY, monochrome, matrix, &table);
            for (var row = 0; row < height;)
            {
                var end = Math.Min(height, row + 32 * (1 + random.Next(3)));
                film.Apply(from.View, to.View, row, end);
                row = end;
            }
            for (var plane = 0; plane < from.Planes; plane++)
            {
                for (var y = 0; y < from.Height[plane]; y++)
                {
                    for (var x = 0; x < from.Width[plane]; x++)
                    {
                        if (to.Get(plane, y, x) != expected[plane][y, x])
                            Assert.Fail($"{what}: plane {plane} ({x}, {y}) is {to.Get(plane, y, x)}, not {expected[plane][y, x]}");
                    }
                }
            }
            to.CheckGuard(what);
        }
    }

    /// <summary>Whatever the control holds: no exception, nothing outside of the picture.</summary>
    [Fact]
    public void AnyControl()
    {
        var random = new Random(5);
        using var film = new Av1FilmGrain();
        for (var run = 0; run < 200; run++)
        {
            var bitDepth = 8 + 2 * (run % 3);
            Av1GrainTable table;
            Av1GrainTable.Create(&table, bitDepth, KernelLevels.Best);
            V4L2CtrlAv1FilmGrain grain;
            random.NextBytes(new Span<byte>(&grain, sizeof(V4L2CtrlAv1FilmGrain)));
            int subX = run & 1, subY = (run >> 1) & subX;
            using var from = new Picture(70, 40, bitDepth, subX, subY, true);
            using var to = new Picture(70, 40, bitDepth, subX, subY, true);
            for (var plane = 0; plane < 3; plane++)
            {
                for (var y = 0; y < from.Height[plane]; y++)
                {
                    for (var x = 0; x < from.Width[plane]; x++)
                        from.Set(plane, y, x, random.Next(1 << bitDepth));
                }
            }
            film.Begin(grain, bitDepth, subX, subY, run % 5 == 0, run % 3, &table);
            film.Apply(from.View, to.View, 0, 40);
            to.CheckGuard($"run {run}");
        }
    }

    [Fact]
    public void NothingManagedIsAllocated()
    {
        Av1GrainTable table;
        Av1GrainTable.Create(&table, 8, KernelLevels.Best);
        var random = new Random(3);
        using var film = new Av1FilmGrain();
        using var from = new Picture(640, 64, 8, 1, 1, true);
        using var to = new Picture(640, 64, 8, 1, 1, true);
        var grain = Parameters(random, 2);
        var before = 0L;
        for (var run = 0; run < 5; run++)
        {
            if (run == 2)
                before = GC.GetAllocatedBytesForCurrentThread();
            film.Begin(grain, 8, 1, 1, false, 1, &table);
            film.Apply(from.View, to.View, 0, 64);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
