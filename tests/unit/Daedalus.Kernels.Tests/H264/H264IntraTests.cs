// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

/// <summary>Every kernel against the equations of spec 8.3, written here sample by sample.</summary>
public sealed unsafe class H264IntraTests
{
    private const int Left = 1;
    private const int Above = 2;
    private const int AboveLeft = 4;
    private const int AboveRight = 8;
    private const int LeftLower = 16;

    public static TheoryData<int, int> DepthsAndLevels() => H264KernelBench.DepthsAndLevels();

    /// <summary>The neighbours of a block in a patch, and how a kernel is told of them: in the picture, or as arrays of their own.</summary>
    private sealed class Neighbours
    {
        internal readonly byte* AboveRow;
        internal readonly byte* LeftColumn;
        internal readonly nint LeftStride;
        private readonly H264KernelBench _bench;

        internal Neighbours(H264KernelBench bench, bool ownArrays)
        {
            _bench = bench;
            if (ownArrays)
            {
                // Row -12 of the patch holds the column, row -8 the row above.
                AboveRow = bench.Block - 8 * H264KernelBench.Stride;
                LeftColumn = bench.Block - 12 * H264KernelBench.Stride;
                LeftStride = bench.SampleSize;
            }
            else
            {
                AboveRow = bench.Block - H264KernelBench.Stride;
                LeftColumn = bench.Block - bench.SampleSize;
                LeftStride = H264KernelBench.Stride;
            }
        }

        /// <summary>p[x, y] of the spec.</summary>
        internal int P(int x, int y) => y < 0 ? _bench.Read(AboveRow, x) : _bench.Read(LeftColumn + y * LeftStride, 0);
    }

    /// <summary>Runs a kernel and compares the patch, guards included, with the expected block.</summary>
    private static void Check(H264KernelBench bench, int width, int height, Func<int, int, int> expected, Action run, string what)
    {
        var patch = bench.Samples();
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var value = expected(x, y);
                var i = bench.Index(x, y);
                patch[i] = (byte)value;
                if (bench.SampleSize == 2)
                    patch[i + 1] = (byte)(value >> 8);
            }
        }
        run();
        var found = bench.Samples();
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                Assert.True(patch[bench.Index(x, y)] == found[bench.Index(x, y)], $"{what}: sample {x}, {y}");
        }
        Assert.True(patch.AsSpan().SequenceEqual(found), what + ": beyond the block");
    }

    private static int Three(int a, int b, int c) => (a + 2 * b + c + 2) >> 2;

    private static int Two(int a, int b) => (a + b + 1) >> 1;

    /// <summary>8.3.1.2.4 to 9 (n = 4) and 8.3.2.2.5 to 10 (n = 8) from p or p'.</summary>
    private static int Directional(int mode, int n, int x, int y, Func<int, int, int> p)
    {
        switch (mode)
        {
            case 3:
                return x == n - 1 && y == n - 1
                    ? (p(2 * n - 2, -1) + 3 * p(2 * n - 1, -1) + 2) >> 2
                    : Three(p(x + y, -1), p(x + y + 1, -1), p(x + y + 2, -1));
            case 4:
                return x > y ? Three(p(x - y - 2, -1), p(x - y - 1, -1), p(x - y, -1))
                    : x < y ? Three(y - x - 2 < 0 ? p(-1, -1) : p(-1, y - x - 2), p(-1, y - x - 1), p(-1, y - x))
                    : Three(p(0, -1), p(-1, -1), p(-1, 0));
            case 5:
            {
                var z = 2 * x - y;
                if (z >= 0 && z % 2 == 0)
                    return Two(p(x - (y >> 1) - 1, -1), p(x - (y >> 1), -1));
                if (z >= 0)
                    return Three(p(x - (y >> 1) - 2, -1), p(x - (y >> 1) - 1, -1), p(x - (y >> 1), -1));
                if (z == -1)
                    return Three(p(-1, 0), p(-1, -1), p(0, -1));
                return n == 4
                    ? Three(p(-1, y - 1), p(-1, y - 2), y - 3 < 0 ? p(-1, -1) : p(-1, y - 3))
                    : Three(p(-1, y - 2 * x - 1), p(-1, y - 2 * x - 2), y - 2 * x - 3 < 0 ? p(-1, -1) : p(-1, y - 2 * x - 3));
            }
            case 6:
            {
                var z = 2 * y - x;
                int Column(int i) => i < 0 ? p(-1, -1) : p(-1, i);
                if (z >= 0 && z % 2 == 0)
                    return Two(Column(y - (x >> 1) - 1), Column(y - (x >> 1)));
                if (z >= 0)
                    return Three(y - (x >> 1) - 2 < -1 ? p(0, -1) : Column(y - (x >> 1) - 2), Column(y - (x >> 1) - 1), Column(y - (x >> 1)));
                if (z == -1)
                    return Three(p(-1, 0), p(-1, -1), p(0, -1));
                return n == 4
                    ? Three(p(x - 1, -1), p(x - 2, -1), p(x - 3, -1))
                    : Three(p(x - 2 * y - 1, -1), p(x - 2 * y - 2, -1), p(x - 2 * y - 3, -1));
            }
            case 7:
                return y % 2 == 0
                    ? Two(p(x + (y >> 1), -1), p(x + (y >> 1) + 1, -1))
                    : Three(p(x + (y >> 1), -1), p(x + (y >> 1) + 1, -1), p(x + (y >> 1) + 2, -1));
            default:
            {
                var z = x + 2 * y;
                if (z > 2 * n - 3)
                    return p(-1, n - 1);
                if (z == 2 * n - 3)
                    return (p(-1, n - 2) + 3 * p(-1, n - 1) + 2) >> 2;
                return z % 2 == 0
                    ? Two(p(-1, y + (x >> 1)), p(-1, y + (x >> 1) + 1))
                    : Three(p(-1, y + (x >> 1)), p(-1, y + (x >> 1) + 1), p(-1, y + (x >> 1) + 2));
            }
        }
    }

    private static int Dc(Func<int, int, int> p, int x0, int y0, int n, bool above, bool left, int maxValue)
    {
        var sum = 0;
        for (var i = 0; i < n; i++)
            sum += (above ? p(x0 + i, -1) : 0) + (left ? p(-1, y0 + i) : 0);
        return above && left ? (sum + n) / (2 * n) : above || left ? (sum + n / 2) / n : (maxValue + 1) / 2;
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void Intra4x4FollowsTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x4444);
        for (var round = 0; round < 60; round++)
        {
            for (var mode = 0; mode < 12; mode++)
            {
                bench.Pattern(ref random, round % 3);
                var n = new Neighbours(bench, (round & 1) != 0);
                Func<int, int, int> p = n.P;
                var m = mode;
                Check(bench, 4, 4, (x, y) => m switch
                {
                    0 => p(x, -1),
                    1 => p(-1, y),
                    2 => Dc(p, 0, 0, 4, true, true, bench.MaxValue),
                    9 => Dc(p, 0, 0, 4, false, true, bench.MaxValue),
                    10 => Dc(p, 0, 0, 4, true, false, bench.MaxValue),
                    11 => Dc(p, 0, 0, 4, false, false, bench.MaxValue),
                    _ => Directional(m, 4, x, y, p),
                }, () => bench.Table->GetIntra4x4(m)(bench.Block, H264KernelBench.Stride, n.AboveRow, n.LeftColumn, n.LeftStride, bench.MaxValue), $"mode {mode} round {round}");
            }
        }
    }

    /// <summary>p' of 8.3.2.2.1.</summary>
    private static int Filtered(Func<int, int, int> source, int available, int x, int y)
    {
        var corner = (available & AboveLeft) != 0;
        var above = (available & Above) != 0;
        var left = (available & Left) != 0;
        int P(int i, int j) => j < 0 && i > 7 && (available & AboveRight) == 0 ? source(7, -1) : source(i, j);
        if (x < 0 && y < 0)
        {
            if (above && left)
                return (P(0, -1) + 2 * P(-1, -1) + P(-1, 0) + 2) >> 2;
            return above ? (3 * P(-1, -1) + P(0, -1) + 2) >> 2 : left ? (3 * P(-1, -1) + P(-1, 0) + 2) >> 2 : P(-1, -1);
        }
        if (y < 0)
        {
            if (x == 0)
                return corner ? (P(-1, -1) + 2 * P(0, -1) + P(1, -1) + 2) >> 2 : (3 * P(0, -1) + P(1, -1) + 2) >> 2;
            return x == 15 ? (P(14, -1) + 3 * P(15, -1) + 2) >> 2 : (P(x - 1, -1) + 2 * P(x, -1) + P(x + 1, -1) + 2) >> 2;
        }
        if (y == 0)
            return corner ? (P(-1, -1) + 2 * P(-1, 0) + P(-1, 1) + 2) >> 2 : (3 * P(-1, 0) + P(-1, 1) + 2) >> 2;
        return y == 7 ? (P(-1, 6) + 3 * P(-1, 7) + 2) >> 2 : (P(-1, y - 1) + 2 * P(-1, y) + P(-1, y + 1) + 2) >> 2;
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void Intra8x8FollowsTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x8888);
        int[] needed = [Above, Left, 0, Above, Left | Above | AboveLeft, Left | Above | AboveLeft, Left | Above | AboveLeft, Above, Left];
        for (var round = 0; round < 8; round++)
        {
            for (var mode = 0; mode < 9; mode++)
            {
                for (var available = 0; available < 16; available++)
                {
                    if ((available & needed[mode]) != needed[mode])
                        continue;
                    bench.Pattern(ref random, round % 3);
                    var n = new Neighbours(bench, (round & 1) != 0);
                    var m = mode;
                    var bits = available;
                    int P(int x, int y) => Filtered(n.P, bits, x, y);
                    Check(bench, 8, 8, (x, y) => m switch
                    {
                        0 => P(x, -1),
                        1 => P(-1, y),
                        2 => Dc(P, 0, 0, 8, (bits & Above) != 0, (bits & Left) != 0, bench.MaxValue),
                        _ => Directional(m, 8, x, y, P),
                    }, () => bench.Table->GetIntra8x8(m)(bench.Block, H264KernelBench.Stride, n.AboveRow, n.LeftColumn, n.LeftStride, bits, bench.MaxValue), $"mode {mode} available {available} round {round}");
                }
            }
        }
    }

    /// <summary>8.3.3.4 and 8.3.4.4 with xCF, yCF.</summary>
    private static int Plane(Func<int, int, int> p, int width, int height, bool luma, int x, int y, int maxValue)
    {
        if (luma)
        {
            var h = Enumerable.Range(0, 8).Sum(i => (i + 1) * (p(8 + i, -1) - p(6 - i, -1)));
            var v = Enumerable.Range(0, 8).Sum(i => (i + 1) * (p(-1, 8 + i) - (6 - i < 0 ? p(-1, -1) : p(-1, 6 - i))));
            var a = 16 * (p(-1, 15) + p(15, -1));
            var b = (5 * h + 32) >> 6;
            var c = (5 * v + 32) >> 6;
            return Math.Clamp((a + b * (x - 7) + c * (y - 7) + 16) >> 5, 0, maxValue);
        }
        else
        {
            var yCf = height == 16 ? 4 : 0;
            var h = Enumerable.Range(0, 4).Sum(i => (i + 1) * (p(4 + i, -1) - p(2 - i, -1)));
            var v = Enumerable.Range(0, 4 + yCf).Sum(i => (i + 1) * (p(-1, 4 + yCf + i) - (2 + yCf - i < 0 ? p(-1, -1) : p(-1, 2 + yCf - i))));
            var a = 16 * (p(-1, height - 1) + p(width - 1, -1));
            var b = (34 * h + 32) >> 6;
            var c = ((34 - 29 * (height == 16 ? 1 : 0)) * v + 32) >> 6;
            return Math.Clamp((a + b * (x - 3) + c * (y - 3 - yCf) + 16) >> 5, 0, maxValue);
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void Intra16x16FollowsTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x1616);
        for (var round = 0; round < 30; round++)
        {
            for (var mode = 0; mode < 4; mode++)
            {
                for (var available = 0; available < 4; available++)
                {
                    if (mode == 0 && (available & Above) == 0 || mode == 1 && (available & Left) == 0 || mode == 3 && available != 3)
                        continue;
                    Prepare(bench, ref random, round);
                    var n = new Neighbours(bench, (round & 1) != 0);
                    Func<int, int, int> p = n.P;
                    var m = mode;
                    var bits = available | (available == 3 ? AboveLeft : 0);
                    Check(bench, 16, 16, (x, y) => m switch
                    {
                        0 => p(x, -1),
                        1 => p(-1, y),
                        2 => Dc(p, 0, 0, 16, (bits & Above) != 0, (bits & Left) != 0, bench.MaxValue),
                        _ => Plane(p, 16, 16, true, x, y, bench.MaxValue),
                    }, () => bench.Table->GetIntra16x16(m)(bench.Block, H264KernelBench.Stride, n.AboveRow, n.LeftColumn, n.LeftStride, bits, bench.MaxValue), $"mode {mode} available {available} round {round}");
                }
            }
        }
    }

    /// <summary>Random patches, and ramps and steps that drive plane prediction to its limits.</summary>
    private static void Prepare(H264KernelBench bench, ref XorShift random, int round)
    {
        bench.Pattern(ref random, round % 3);
        if (round % 5 != 4)
            return;
        var up = (random.Next() & 8) != 0;
        var down = (random.Next() & 8) != 0;
        foreach (var row in new[] { -1, -8 })
        {
            for (var x = -1; x < 24; x++)
                bench.Put(x, row, x >= 7 == up ? bench.MaxValue : 0);
        }
        for (var i = 0; i < 16; i++)
        {
            bench.Put(-1, i, i >= 7 == down ? bench.MaxValue : 0);
            bench.Put(i, -12, i >= 7 == down ? bench.MaxValue : 0);
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void ChromaFollowsTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0xC40A);
        int[] sets = [0, Left | LeftLower, Above, Left | Above | LeftLower, Left, LeftLower, Above | Left, Above | LeftLower];
        for (var round = 0; round < 20; round++)
        {
            for (var index = 0; index < 8; index++)
            {
                foreach (var available in sets)
                {
                    var tall = index >= 4;
                    var m = index & 3;
                    var bits = available;
                    if (m == 1 && (bits & (Left | LeftLower)) != (Left | LeftLower) || m == 2 && (bits & Above) == 0 || m == 3 && bits != (Left | Above | LeftLower))
                        continue;
                    Prepare(bench, ref random, round);
                    var n = new Neighbours(bench, (round & 1) != 0);
                    Func<int, int, int> p = n.P;
                    var height = tall ? 16 : 8;
                    Check(bench, 8, height, (x, y) => m switch
                    {
                        0 => ChromaDc(p, x & 4, y & 12, height, bits, bench.MaxValue),
                        1 => p(-1, y),
                        2 => p(x, -1),
                        _ => Plane(p, 8, height, false, x, y, bench.MaxValue),
                    }, () => bench.Table->GetIntraChroma(index)(bench.Block, H264KernelBench.Stride, n.AboveRow, n.LeftColumn, n.LeftStride, bits, bench.MaxValue), $"index {index} available {available} round {round}");
                }
            }
        }

        static int ChromaDc(Func<int, int, int> p, int x0, int y0, int height, int bits, int maxValue)
        {
            var above = (bits & Above) != 0;
            var left = (bits & (y0 < height / 2 ? Left : LeftLower)) != 0;
            if ((x0 == 0 && y0 == 0) || (x0 > 0 && y0 > 0))
                return Dc(p, x0, y0, 4, above, left, maxValue);
            if (x0 > 0)
                return above ? Dc(p, x0, y0, 4, true, false, maxValue) : Dc(p, x0, y0, 4, false, left, maxValue);
            return left ? Dc(p, x0, y0, 4, false, true, maxValue) : Dc(p, x0, y0, 4, above, false, maxValue);
        }
    }
}
