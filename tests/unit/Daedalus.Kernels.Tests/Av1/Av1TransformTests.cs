// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Kernels.Tests;

public sealed unsafe class Av1TransformTests
{
    private const int Guard = 16;
    private const int Stride = 64 + 2 * Guard;

    public static TheoryData<int, int> DepthsAndLevels()
    {
        var data = new TheoryData<int, int>();
        foreach (var depth in new[] { 8, 10, 12 })
        {
            for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
            {
                data.Add(depth, (int)level);
            }
        }
        return data;
    }

    /// <summary>Types a size has: all up to 16, DCT_DCT and IDTX with 32, DCT_DCT with 64.</summary>
    private static bool Exists(int size, int type)
    {
        var longer = Math.Max(Av1TransformModel.Width(size), Av1TransformModel.Height(size));
        return longer <= 16 || type == 0 || (type == 9 && longer == 32);
    }

    /// <summary>Coordinates in scan order up to the direction inside a diagonal, which no shortcut may depend on: positions are shuffled there.</summary>
    private static List<(int Y, int X)> Scan(int size, int type, Random random)
    {
        var w = Math.Min(32, Av1TransformModel.Width(size));
        var h = Math.Min(32, Av1TransformModel.Height(size));
        var all = from y in Enumerable.Range(0, h) from x in Enumerable.Range(0, w) select (y, x);
        return type switch
        {
            10 or 12 or 14 => [.. all.OrderBy(p => p.y * w + p.x)],
            11 or 13 or 15 => [.. all.OrderBy(p => p.x * h + p.y)],
            _ => [.. all.OrderBy(p => p.x + p.y).ThenBy(_ => random.Next())],
        };
    }

    /// <summary>A row of a conforming 12-bit stream whose sums lie so close below 2^31 that adding half of the rounding would leave 32 bits.</summary>
    [Fact]
    public void SumsMayFillAllBits()
    {
        const int Type = 7; // ADST_FLIPADST
        const int Depth = 12;
        var table = (Av1KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1KernelTable));
        var coefficients = (int*)NativeMemory.AlignedAlloc((32 * 32 * 4) + 64, 64);
        var samples = (ushort*)NativeMemory.AlignedAlloc(4 * 64 * 2, 64);
        var dequant = new int[32, 32];
        (dequant[0, 0], dequant[0, 2], dequant[0, 3]) = (249072, -502716, -227504);
        var model = new Av1TransformModel();
        var residual = model.Residual(0, Type, false, Depth, dequant);
        Assert.True(model.Conforms);
        for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
        {
            Av1KernelTable.Create(table, Depth, level);
            new Span<int>(coefficients, (32 * 32) + 16).Clear();
            for (var x = 0; x < 4; x++)
            {
                coefficients[x * 4] = dequant[0, x];
            }
            new Span<ushort>(samples, 4 * 64).Fill(2048);
            table->GetInverseTransform(Type)((byte*)samples, 128, coefficients, 7, Depth);
            for (var y = 0; y < 4; y++)
            {
                for (var x = 0; x < 4; x++)
                {
                    Assert.Equal((int)Math.Clamp(2048 + residual[y, x], 0, 4095), samples[(y * 64) + x]);
                }
            }
        }
        NativeMemory.AlignedFree(samples);
        NativeMemory.AlignedFree(coefficients);
        NativeMemory.Free(table);
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void EqualsTheSpecification(int bitDepth, int level)
    {
        var table = (Av1KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1KernelTable));
        var coefficients = (byte*)NativeMemory.AlignedAlloc(32 * 32 * 4 + 64, 64);
        var wide = bitDepth > 8;
        var picture = new int[Stride * (64 + 2)];
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)picture.Length * 2, 64);
        Av1KernelTable.Create(table, bitDepth, (KernelLevel)level);
        var model = new Av1TransformModel();
        var compared = 0;
        for (var index = 0; index <= Av1KernelTable.Lossless; index++)
        {
            var lossless = index == Av1KernelTable.Lossless;
            var size = lossless ? 0 : index / 16;
            var type = lossless ? 0 : index % 16;
            var kernel = table->GetInverseTransform(index);
            if (!Exists(size, type))
            {
                Assert.True(kernel == null);
                continue;
            }
            Assert.True(kernel != null, $"index {index}");
            var random = new Random(index * 31 + bitDepth);
            int w = Av1TransformModel.Width(size), h = Av1TransformModel.Height(size);
            int cw = Math.Min(w, 32), ch = Math.Min(h, 32);
            var rounds = w * h > 512 ? 6 : 20;
            for (var round = 0; round < rounds; round++)
            {
                var scan = Scan(size, type, random);
                var eob = round switch { 0 => 1, 1 => scan.Count, 2 => 1, 3 => 2, _ => 1 + random.Next(round % 3 == 0 ? scan.Count : Math.Min(scan.Count, 20)) };
                var limit = 1 << (7 + bitDepth);
                // Extremes in some rounds; else sums that stay within the ranges most of the time.
                var span = round % 8 == 7 ? limit : Math.Max(2, limit >> (2 + random.Next(7)));
                var dequant = new int[32, 32];
                new Span<byte>(coefficients, 32 * 32 * 4 + 64).Fill(0);
                for (var i = 0; i < eob; i++)
                {
                    var value = round % 8 == 7 ? (random.Next(3) - 1) * limit : random.Next(-span, span) >> random.Next(8);
                    if (i == eob - 1 && value == 0)
                    {
                        value = 1;
                    }
                    value = Math.Clamp(value, -limit, limit - 1);
                    var (y, x) = scan[i];
                    dequant[y, x] = value;
                    if (wide)
                    {
                        ((int*)coefficients)[x * ch + y] = value;
                    }
                    else
                    {
                        ((short*)coefficients)[x * ch + y] = (short)value;
                    }
                }
                // What follows the block's coefficients belongs to others.
                var used = cw * ch * (wide ? 4 : 2);
                coefficients[used] = 0x5a;
                for (var i = 0; i < picture.Length; i++)
                {
                    picture[i] = random.Next(1 << bitDepth);
                    if (wide)
                    {
                        ((ushort*)memory)[i] = (ushort)picture[i];
                    }
                    else
                    {
                        memory[i] = (byte)picture[i];
                    }
                }
                var residual = model.Residual(size, type, lossless, bitDepth, dequant);
                var first = Stride + Guard;
                for (var y = 0; y < h; y++)
                {
                    for (var x = 0; x < w; x++)
                    {
                        var at = first + y * Stride + x;
                        picture[at] = (int)Math.Clamp(picture[at] + residual[y, x], 0, (1 << bitDepth) - 1);
                    }
                }
                kernel(memory + first * (wide ? 2 : 1), Stride * (wide ? 2 : 1), coefficients, eob, bitDepth);
                Assert.Equal(0x5a, coefficients[used]);
                Assert.False(new Span<byte>(coefficients, used).ContainsAnyExcept((byte)0), $"size {size} type {type} eob {eob}: coefficients left");
                for (var i = 0; i < picture.Length; i++)
                {
                    var (line, column) = (i / Stride - 1, i % Stride - Guard);
                    var inside = line >= 0 && line < h && column >= 0 && column < w;
                    if (inside && !model.Conforms)
                    {
                        continue;
                    }
                    var actual = wide ? ((ushort*)memory)[i] : memory[i];
                    Assert.True(picture[i] == actual, $"size {size} type {type} lossless {lossless} eob {eob} round {round} line {line} column {column}: {actual}, not {picture[i]}");
                }
                compared += model.Conforms ? 1 : 0;
            }
        }
        // Most inputs are such as a conforming stream may have.
        Assert.True(compared > 1250, $"{compared}");
        NativeMemory.Free(table);
        NativeMemory.AlignedFree(coefficients);
        NativeMemory.AlignedFree(memory);
    }

    /// <summary>Levels agree with the scalar kernels on any input, also where values leave the ranges that streams must keep to.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(12)]
    public void LevelsAgreeOnAnyInput(int bitDepth)
    {
        var wide = bitDepth > 8;
        var tables = (Av1KernelTable*)NativeMemory.AllocZeroed(3, (nuint)sizeof(Av1KernelTable));
        var coefficients = (byte*)NativeMemory.AlignedAlloc(32 * 32 * 4, 64);
        const int Samples = Stride * 64;
        var pictures = (byte*)NativeMemory.AlignedAlloc(3 * 2 * Samples, 64);
        for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
        {
            Av1KernelTable.Create(tables + (int)level, bitDepth, level);
        }
        var random = new Random(bitDepth);
        for (var index = 0; index <= Av1KernelTable.Lossless; index++)
        {
            var size = index == Av1KernelTable.Lossless ? 0 : index / 16;
            if (tables->InverseTransform[index] == 0)
            {
                continue;
            }
            var ch = Math.Min(32, Av1TransformModel.Height(size));
            for (var round = 0; round < 6; round++)
            {
                var scan = Scan(size, index % 16, random);
                var eob = round < 2 ? scan.Count : 1 + random.Next(scan.Count);
                var values = new int[eob];
                var limit = 1 << (7 + bitDepth);
                for (var i = 0; i < eob; i++)
                {
                    values[i] = (round & 1) == 0 ? (random.Next(2) * 2 - 1) * limit : random.Next(-limit, limit);
                    values[i] = Math.Min(values[i], limit - 1);
                }
                for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
                {
                    var picture = pictures + (int)level * 2 * Samples;
                    new Span<byte>(picture, 2 * Samples).Fill(1);
                    new Span<byte>(coefficients, 32 * 32 * 4).Clear();
                    for (var i = 0; i < eob; i++)
                    {
                        var at = scan[i].X * ch + scan[i].Y;
                        if (wide)
                        {
                            ((int*)coefficients)[at] = values[i];
                        }
                        else
                        {
                            ((short*)coefficients)[at] = (short)values[i];
                        }
                    }
                    tables[(int)level].GetInverseTransform(index)(picture + Guard * (wide ? 2 : 1), Stride * (wide ? 2 : 1), coefficients, eob, bitDepth);
                    Assert.False(new Span<byte>(coefficients, 32 * 32 * 4).ContainsAnyExcept((byte)0));
                    Assert.True(new Span<byte>(pictures, 2 * Samples).SequenceEqual(new Span<byte>(picture, 2 * Samples)), $"index {index} level {level} eob {eob} round {round}");
                }
            }
        }
        NativeMemory.Free(tables);
        NativeMemory.AlignedFree(coefficients);
        NativeMemory.AlignedFree(pictures);
    }
}
