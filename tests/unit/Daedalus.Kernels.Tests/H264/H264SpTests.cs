// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

/// <summary>SP decoding against spec 8.6.1 and 8.6.2 written as matrix products, with the spec's own LevelScale4x4.</summary>
public sealed unsafe class H264SpTests
{
    private static readonly int[,] Forward = { { 1, 1, 1, 1 }, { 2, 1, -1, -2 }, { 1, -1, -1, 1 }, { 1, -2, 2, -1 } };
    private static readonly int[,] V = { { 10, 16, 13 }, { 11, 18, 14 }, { 13, 20, 16 }, { 14, 23, 18 }, { 16, 25, 20 }, { 18, 29, 23 } };

    private static readonly int[,] W =
    {
        { 13107, 5243, 8066 }, { 11916, 4660, 7490 }, { 10082, 4194, 6554 }, { 9362, 3647, 5825 }, { 8192, 3355, 5243 }, { 7282, 2893, 4559 },
    };

    private static int Column(int i, int j) => i % 2 == 0 && j % 2 == 0 ? 0 : i % 2 == 1 && j % 2 == 1 ? 1 : 2;

    private static long LevelScale4x4(int m, int i, int j) => 16L * V[m, Column(i, j)];

    private static long A(int i, int j) => Column(i, j) switch { 0 => 16, 1 => 25, _ => 20 };

    private static long Quantise(long cs, long scale, int shift)
        => Math.Sign(cs) * ((Math.Abs(cs) * scale + (1L << (shift - 1))) >> shift);

    /// <summary>T p T' of samples p[row, column].</summary>
    private static long[,] Transform(int[,] p, int x0, int y0)
    {
        var c = new long[4, 4];
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                for (var k = 0; k < 4; k++)
                {
                    for (var l = 0; l < 4; l++)
                        c[i, j] += (long)Forward[i, k] * p[y0 + k, x0 + l] * Forward[j, l];
                }
            }
        }
        return c;
    }

    private static long Ac(long predicted, long level, int i, int j, int qp, int qs, bool switching)
    {
        var w = W[qs % 6, Column(i, j)];
        if (switching)
            return level + Quantise(predicted, w, 15 + qs / 6);
        var cs = predicted + (((level * LevelScale4x4(qp % 6, i, j) * A(i, j)) << (qp / 6)) >> 10);
        return Quantise(cs, w, 15 + qs / 6);
    }

    /// <summary>8.5.12.1 and 8.5.12.2 for levels c[row, column]; an already scaled DC when given.</summary>
    private static void Reconstruct(int[,] u, int x0, int y0, long[,] c, int qs, long? dc)
    {
        var d = new long[4, 4];
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                var scaled = c[i, j] * LevelScale4x4(qs % 6, i, j);
                d[i, j] = qs >= 24 ? scaled << (qs / 6 - 4) : (scaled + (1L << (3 - qs / 6))) >> (4 - qs / 6);
            }
        }
        if (dc != null)
            d[0, 0] = dc.Value;
        for (var pass = 0; pass < 2; pass++)
        {
            var t = new long[4, 4];
            for (var i = 0; i < 4; i++)
            {
                long At(int k) => pass == 0 ? d[i, k] : d[k, i];
                long[] e = [At(0) + At(2), At(0) - At(2), (At(1) >> 1) - At(3), At(1) + (At(3) >> 1)];
                long[] r = [e[0] + e[3], e[1] + e[2], e[1] - e[2], e[0] - e[3]];
                for (var k = 0; k < 4; k++)
                {
                    if (pass == 0)
                        t[i, k] = r[k];
                    else
                        t[k, i] = r[k];
                }
            }
            d = t;
        }
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
                u[y0 + i, x0 + j] = (int)Math.Clamp((d[i, j] + 32) >> 6, 0, 255);
        }
    }

    private static int[,] Patch(H264KernelBench bench, int size)
    {
        var p = new int[size, size];
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
                p[y, x] = bench.Get(x, y);
        }
        return p;
    }

    private static void Compare(H264KernelBench bench, byte[] before, int[,] expected, string what)
    {
        var size = expected.GetLength(0);
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
                before[bench.Index(x, y)] = (byte)expected[y, x];
        }
        Assert.True(before.AsSpan().SequenceEqual(bench.Samples()), what);
        Assert.True(bench.AllCoefficients().All(c => c == 0), what + ": levels left");
    }

    private static int Level(ref XorShift random) => random.Next(3) == 0 ? 0 : (random.Next(41) - 20) * (random.Next(16) == 0 ? 20 : 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LumaFollowsTheSpec(bool switching)
    {
        using var bench = new H264KernelBench(8, KernelLevel.Scalar);
        var random = new XorShift(0x5905);
        for (var round = 0; round < 600; round++)
        {
            var qp = random.Next(52);
            var qs = random.Next(52);
            bench.Pattern(ref random, round % 3);
            var p = Patch(bench, 16);
            var u = new int[16, 16];
            for (var b = 0; b < 16; b++)
            {
                var x0 = (b / 4 % 2 * 8) + (b % 2 * 4);
                var y0 = (b / 8 * 8) + (b / 2 % 2 * 4);
                var c = Transform(p, x0, y0);
                for (var i = 0; i < 4; i++)
                {
                    for (var j = 0; j < 4; j++)
                    {
                        var level = round % 4 == 3 ? 0 : Level(ref random);
                        bench.SetCoefficient(b * 16 + j * 4 + i, level);
                        c[i, j] = Ac(c[i, j], level, i, j, qp, qs, switching);
                    }
                }
                Reconstruct(u, x0, y0, c, qs, null);
            }
            var before = bench.Samples();
            H264SpKernels.Luma(bench.Block, H264KernelBench.Stride, (short*)bench.Coefficients, qp, qs, switching);
            Compare(bench, before, u, $"qp {qp} qs {qs} round {round}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ChromaFollowsTheSpec(bool switching)
    {
        using var bench = new H264KernelBench(8, KernelLevel.Scalar);
        var random = new XorShift(0xC905);
        const int Dc = 128;
        for (var round = 0; round < 800; round++)
        {
            var qp = random.Next(40);
            var qs = random.Next(40);
            bench.Pattern(ref random, round % 3);
            var p = Patch(bench, 8);
            var u = new int[8, 8];
            var blocks = new long[4][,];
            for (var b = 0; b < 4; b++)
            {
                blocks[b] = Transform(p, b % 2 * 4, b / 2 * 4);
                for (var i = 0; i < 4; i++)
                {
                    for (var j = 0; j < 4; j++)
                    {
                        if (i == 0 && j == 0)
                            continue;
                        var level = round % 4 == 3 ? 0 : Level(ref random);
                        bench.SetCoefficient(b * 16 + j * 4 + i, level);
                        blocks[b][i, j] = Ac(blocks[b][i, j], level, i, j, qp, qs, switching);
                    }
                }
            }
            long[,] dcp = Hadamard(new[,] { { blocks[0][0, 0], blocks[1][0, 0] }, { blocks[2][0, 0], blocks[3][0, 0] } });
            var dc = new long[2, 2];
            for (var i = 0; i < 2; i++)
            {
                for (var j = 0; j < 2; j++)
                {
                    var level = round % 4 == 3 ? 0 : Level(ref random);
                    bench.SetCoefficient(Dc + i * 2 + j, level);
                    var w = W[qs % 6, 0];
                    if (switching)
                        dc[i, j] = level + Quantise(dcp[i, j], w, 16 + qs / 6);
                    else
                        dc[i, j] = Quantise(dcp[i, j] + ((level * V[qp % 6, 0] * A(0, 0) << (qp / 6)) >> 5), w, 16 + qs / 6);
                }
            }
            var f = Hadamard(dc);
            for (var b = 0; b < 4; b++)
                Reconstruct(u, b % 2 * 4, b / 2 * 4, blocks[b], qs, ((f[b / 2, b % 2] * LevelScale4x4(qs % 6, 0, 0)) << (qs / 6)) >> 5);
            var before = bench.Samples();
            H264SpKernels.Chroma(bench.Block, H264KernelBench.Stride, (short*)bench.Coefficients, (short*)bench.CoefficientsAt(Dc), qp, qs, switching);
            Compare(bench, before, u, $"qp {qp} qs {qs} round {round}");
        }

        static long[,] Hadamard(long[,] c) => new[,]
        {
            { c[0, 0] + c[0, 1] + c[1, 0] + c[1, 1], c[0, 0] - c[0, 1] + c[1, 0] - c[1, 1] },
            { c[0, 0] + c[0, 1] - c[1, 0] - c[1, 1], c[0, 0] - c[0, 1] - c[1, 0] + c[1, 1] },
        };
    }

    /// <summary>Without levels and with the finest quantiser the prediction comes back, give or take one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FinestQuantiserKeepsThePrediction(bool switching)
    {
        using var bench = new H264KernelBench(8, KernelLevel.Scalar);
        var random = new XorShift(0x90);
        for (var round = 0; round < 50; round++)
        {
            bench.Pattern(ref random, round % 3);
            var before = bench.Samples();
            H264SpKernels.Luma(bench.Block, H264KernelBench.Stride, (short*)bench.Coefficients, 30, 0, switching);
            var after = bench.Samples();
            for (var i = 0; i < before.Length; i++)
                Assert.InRange(after[i] - before[i], -1, 1);
        }
    }
}
