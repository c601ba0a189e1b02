// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Kernels.Tests;

public sealed unsafe class Vp9TransformTests
{
    private const ulong HashStart = 14695981039346656037UL;

    // Largest eob for which the scan of the type stays in the upper left corner: default scan for types 0, 3, row scan for 1, column scan for 2.
    private static readonly Dictionary<(int Size, int Corner), int[]> CornerLimits = new()
    {
        [(1, 4)] = [12, 8, 6, 12],
        [(2, 4)] = [10, 6, 5, 10],
        [(2, 8)] = [38, 22, 17, 38],
        [(3, 8)] = [34],
        [(3, 16)] = [135],
    };

    private static readonly int[][] Corners = [[1, 4], [1, 4, 8], [1, 4, 8, 16], [1, 8, 16, 32]];

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

    private static IEnumerable<(int Size, int Type, int Corner)> Cases()
    {
        for (var size = 0; size < 4; size++)
        {
            for (var type = 0; type < (size == 3 ? 1 : size == 0 ? 5 : 4); type++)
            {
                foreach (var corner in Corners[size])
                {
                    yield return (size, type, corner);
                }
            }
        }
    }

    private static int EobFor(int size, int type, int corner)
        => corner == 1 ? 1 : CornerLimits.TryGetValue((size, corner), out var limits) ? limits[type] : 16 << (2 * size);

    private static int EntryFor(int size, int type) => type == 4 ? Vp9KernelTable.Lossless : size * 4 + type;

    /// <summary>Random coefficients whose magnitudes sum to at most 16000 at 8 bits: no intermediate value leaves the legal range.</summary>
    private static void FillCoefficients(KernelBench bench, ref XorShift random, int n, int corner)
    {
        var budget = 16000 << (bench.BitDepth - 8);
        var count = 1 + random.Next(corner * corner);
        for (var i = 0; i < count; i++)
        {
            var row = random.Next(corner);
            var column = random.Next(corner);
            var magnitude = random.Next(budget + 1);
            magnitude >>= random.Next(8);
            budget -= magnitude;
            bench.WriteCoefficient(column * n + row, (random.Next() & 1) != 0 ? -magnitude : magnitude);
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void EqualsLibvpx(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        foreach (var (size, type, corner) in Cases())
        {
            var n = 4 << size;
            var random = new XorShift((uint)(0x9E3779B9u + bitDepth * 1000003 + size * 10007 + type * 101 + corner));
            var hash = HashStart;
            var kernel = bench.Table->GetInverseTransform(EntryFor(size, type));
            var dst = bench.Block(0);
            nint stride = 64 * bench.SampleSize;
            for (var i = 0; i < 24; i++)
            {
                FillCoefficients(bench, ref random, n, corner);
                for (var y = 0; y < n; y++)
                {
                    for (var x = 0; x < n; x++)
                    {
                        bench.Write(dst + y * stride, x, (int)random.Next() & bench.MaxValue);
                    }
                }
                kernel(dst, stride, bench.Coefficients, EobFor(size, type, corner), bench.MaxValue);
                hash = bench.Hash(hash, dst, n, stride);
            }
            var expected = Vp9LibvpxHashes.Transforms[Vp9LibvpxHashes.T(bitDepth, size, type, corner)];
            Assert.True(expected == hash, $"size {size} type {type} corner {corner}");
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void EqualsScalarEverywhereAndLeavesCoefficientsClear(int bitDepth, int level)
    {
        using var scalar = new KernelBench(bitDepth, KernelLevel.Scalar);
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        var seed = 1u;
        foreach (var (size, type, corner) in Cases())
        {
            var n = 4 << size;
            for (var i = 0; i < 12; i++)
            {
                seed++;
                var random = new XorShift(seed * 2654435761u);
                var offset = i < 4 ? 0 : random.Next(64 / n) * n;
                nint stride = (n + (i % 3 == 0 ? 0 : random.Next(9) * n)) * bench.SampleSize;
                foreach (var target in new[] { scalar, bench })
                {
                    var data = random;
                    target.Pattern(data);
                    FillCoefficients(target, ref data, n, corner);
                    target.Table->GetInverseTransform(EntryFor(size, type))(
                        target.Block(offset), stride, target.Coefficients, EobFor(size, type, corner), target.MaxValue);
                    for (var k = 0; k < n * n; k++)
                    {
                        Assert.Equal(0, target.ReadCoefficient(k));
                    }
                }
                // The whole surroundings are compared: nothing outside the block may change.
                Assert.True(scalar.Copy().AsSpan().SequenceEqual(bench.Copy()), $"size {size} type {type} corner {corner} stride {stride}");
            }
        }
    }

    /// <summary>The definition: an inverse DCT in real arithmetic, which the integer butterflies follow within rounding.</summary>
    [Fact]
    public void FollowsTheRealDct()
    {
        using var bench = new KernelBench(12, KernelLevel.Scalar);
        for (var size = 0; size < 4; size++)
        {
            var n = 4 << size;
            var scale = n == 4 ? 1.0 / 16 : n == 8 ? 1.0 / 32 : 1.0 / 64;
            var random = new XorShift((uint)(77 + size));
            FillCoefficients(bench, ref random, n, n);
            var dst = bench.Block(0);
            nint stride = 128;
            for (var y = 0; y < n; y++)
            {
                for (var x = 0; x < n; x++)
                {
                    bench.Write(dst + y * stride, x, 2048);
                }
            }
            var expected = new double[n, n];
            for (var v = 0; v < n; v++)
            {
                for (var u = 0; u < n; u++)
                {
                    var c = bench.ReadCoefficient(u * n + v);
                    for (var y = 0; c != 0 && y < n; y++)
                    {
                        for (var x = 0; x < n; x++)
                        {
                            expected[y, x] += c * scale * Basis(n, v, y) * Basis(n, u, x);
                        }
                    }
                }
            }
            bench.Table->GetInverseTransform(size * 4)(dst, stride, bench.Coefficients, n * n, bench.MaxValue);
            for (var y = 0; y < n; y++)
            {
                for (var x = 0; x < n; x++)
                {
                    Assert.InRange(bench.Read(dst + y * stride, x) - Math.Clamp(2048 + expected[y, x], 0, 4095), -1.5, 1.5);
                }
            }
        }

        static double Basis(int n, int frequency, int position)
            => (frequency == 0 ? Math.Sqrt(0.5) : 1) * Math.Cos((2 * position + 1) * frequency * Math.PI / (2 * n));
    }

    /// <summary>libvpx zeroes rows and columns that hold a coefficient of 2^25 or more; every level must do the same.</summary>
    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void TreatsAbsurdCoefficientsAsScalarDoes(int bitDepth, int level)
    {
        if (bitDepth == 8)
        {
            return;
        }
        using var scalar = new KernelBench(bitDepth, KernelLevel.Scalar);
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        foreach (var (size, type, corner) in Cases())
        {
            if (type == 4)
            {
                continue;
            }
            var n = 4 << size;
            foreach (var value in new[] { 1 << 19, -(1 << 19), (1 << 25) - 1, 1 << 25, -(1 << 25), (1 << 28) + 12345 })
            {
                foreach (var target in new[] { scalar, bench })
                {
                    var data = new XorShift(99);
                    target.Pattern(data);
                    FillCoefficients(target, ref data, n, corner);
                    target.WriteCoefficient(0, value);
                    target.Table->GetInverseTransform(EntryFor(size, type))(
                        target.Block(0), 128, target.Coefficients, EobFor(size, type, corner), target.MaxValue);
                }
                Assert.True(scalar.Copy().AsSpan().SequenceEqual(bench.Copy()), $"size {size} type {type} corner {corner} value {value}");
            }
        }
    }
}
