// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>Film grain kernels of every level against the scalar ones, which the engine's tests compare with the specification (whole pictures).</summary>
public sealed unsafe class Av1GrainKernelTests
{
    public static TheoryData<int, KernelLevel> Levels => Av1Kernels.All();

    [Theory]
    [MemberData(nameof(Levels))]
    public void AddsNoise(int bitDepth, KernelLevel level)
    {
        Av1GrainTable table, scalar;
        Av1GrainTable.Create(&table, bitDepth, level);
        Av1GrainTable.Create(&scalar, bitDepth, KernelLevel.Scalar);
        using var luma = new Av1Plane(bitDepth);
        using var source = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        using var expected = new Av1Plane(bitDepth);
        using var noise = new Av1Words(3 * 256);
        var random = new Random(bitDepth);
        for (var width = 1; width <= 150; width++)
        {
            luma.Fill(random, width % 3);
            source.Fill(random, (width / 3) % 3);
            for (var i = 0; i < 3 * 256; i++)
                noise.Data[i] = (short)(width % 4 == 0 ? random.Next(2) == 0 ? -(128 << (bitDepth - 8)) : (128 << (bitDepth - 8)) - 1 : random.Next(-(128 << (bitDepth - 8)), 128 << (bitDepth - 8)));
            Av1GrainParameters p = default;
            for (var i = 0; i < 256; i++)
                p.Scaling[i] = (byte)(width % 5 == 0 ? 255 * random.Next(2) : random.Next(256));
            p.Prepare();
            p.FromLuma = (byte)(width & 1);
            p.ScalingShift = 8 + random.Next(4);
            (p.Min, p.Max) = width % 7 < 3 ? (16 << (bitDepth - 8), 235 << (bitDepth - 8)) : (0, (1 << bitDepth) - 1);
            p.LumaMultiplier = width % 6 == 0 ? -128 + 255 * random.Next(2) : random.Next(-128, 128);
            p.Multiplier = width % 6 == 0 ? -128 + 255 * random.Next(2) : random.Next(-128, 128);
            p.Offset = random.Next(-256, 256) << (bitDepth - 8);
            p.BitDepth = bitDepth;

            target.Fill(random, 0);
            var before = target.Copy();
            p.LumaWidth = width;
            scalar.GetAddLuma()(expected.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, noise.Data, 256, width, 3, &p);
            table.GetAddLuma()(target.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, noise.Data, 256, width, 3, &p);
            target.Expect(before, width, 3, (y, x) => expected[y, x], $"luma {width}");

            for (var format = 0; format < 3; format++)
            {
                for (var odd = 0; odd < (format == 2 ? 1 : 2); odd++)
                {
                    p.LumaWidth = format == 2 ? width : 2 * width - odd;
                    target.Fill(random, 0);
                    before = target.Copy();
                    scalar.GetAddChroma(format)(expected.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, luma.Origin, Av1Plane.Stride, noise.Data, 256, width, 3, &p);
                    table.GetAddChroma(format)(target.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, luma.Origin, Av1Plane.Stride, noise.Data, 256, width, 3, &p);
                    target.Expect(before, width, 3, (y, x) => expected[y, x], $"chroma {format} width {width} of {p.LumaWidth}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void MakesNoise(int bitDepth, KernelLevel level)
    {
        Av1GrainTable table, scalar;
        Av1GrainTable.Create(&table, bitDepth, level);
        Av1GrainTable.Create(&scalar, bitDepth, KernelLevel.Scalar);
        using var grain = new Av1Words(112 * 8);
        using var target = new Av1Words(32 * 32);
        using var expected = new Av1Words(32 * 32);
        var random = new Random(bitDepth + 1);
        int min = -(128 << (bitDepth - 8)), max = -min - 1;
        var offsets = stackalloc ushort[32];
        var taps = stackalloc short[32];
        var sums = stackalloc int[2 * 80];
        for (var run = 0; run < 60; run++)
        {
            for (var i = 0; i < 112 * 8; i++)
                grain.Data[i] = (short)(run % 3 == 0 ? random.Next(2) == 0 ? min : max : random.Next(min, max + 1));
            var blocks = 1 + random.Next(31);
            for (var i = 0; i < 32; i++)
                offsets[i] = (ushort)(112 * random.Next(8) + random.Next(42));
            for (var subX = 0; subX < 2; subX++)
            {
                for (var overlap = 0; overlap < 2; overlap++)
                {
                    target.Reset();
                    expected.Reset();
                    scalar.GetNoiseRow(subX)(expected.Data, grain.Data, offsets, blocks, overlap, min, max);
                    table.GetNoiseRow(subX)(target.Data, grain.Data, offsets, blocks, overlap, min, max);
                    Same(expected, target, 32 * 32, $"noise {subX} {overlap} {blocks}");
                }
            }
            var (oldWeight, newWeight) = new[] { (27, 17), (17, 27), (23, 22) }[run % 3];
            var count = 16 * blocks;
            scalar.GetBlendRow()(expected.Data, grain.Data, oldWeight, newWeight, count, min, max);
            table.GetBlendRow()(target.Data, grain.Data, oldWeight, newWeight, count, min, max);
            Same(expected, target, 32 * 32, $"blend {count}");

            for (var i = 0; i < 32; i++)
                taps[i] = (short)(i % 8 == 7 ? 0 : run % 4 == 0 ? -128 : random.Next(-128, 128));
            for (var rows = 0; rows < 4; rows++)
            {
                for (var n = 16; n <= 80; n += 16)
                {
                    scalar.GetRowsAbove()(sums, grain.Data + 112 * 3 + 3, 112, rows, taps, n);
                    table.GetRowsAbove()(sums + 80, grain.Data + 112 * 3 + 3, 112, rows, taps, n);
                    Assert.True(new Span<int>(sums, n).SequenceEqual(new Span<int>(sums + 80, n)), $"{rows} rows above");
                }
            }
        }
    }

    private static void Same(Av1Words expected, Av1Words target, int count, string what)
    {
        for (var i = 0; i < count; i++)
        {
            if (expected.Data[i] != target.Data[i])
                Assert.Fail($"{what}: {i} is {target.Data[i]}, not {expected.Data[i]}");
        }
        target.CheckGuard(count, what);
    }
}
