// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

public sealed unsafe class H264TransformTests
{
    // Basis of 8.5.12.2 in matrix form, doubled; and of 8.5.13.2, eightfold.
    private static readonly int[,] Basis4 = { { 2, 2, 2, 2 }, { 2, 1, -1, -2 }, { 2, -2, -2, 2 }, { 1, -2, 2, -1 } };

    private static readonly int[,] Basis8 =
    {
        { 8, 8, 8, 8, 8, 8, 8, 8 }, { 12, 10, 6, 3, -3, -6, -10, -12 }, { 8, 4, -4, -8, -8, -4, 4, 8 }, { 10, -3, -12, -6, 6, 12, 3, -10 },
        { 8, -8, -8, 8, 8, -8, -8, 8 }, { 6, -12, 3, 10, -10, -3, 12, -6 }, { 4, -8, 8, -4, -4, 8, -8, 4 }, { 3, -6, 10, -12, 12, -10, 6, -3 },
    };

    private static readonly int[,] Hadamard = { { 1, 1, 1, 1 }, { 1, 1, -1, -1 }, { 1, -1, -1, 1 }, { 1, -1, 1, -1 } };

    public static TheoryData<int, int> DepthsAndLevels() => H264KernelBench.DepthsAndLevels();

    /// <summary>Where block b of a macroblock lies (6.4.3), by the spec's InverseRasterScan.</summary>
    private static (int X, int Y) LumaBlock(int b) => ((b / 4 % 2 * 8) + (b % 4 % 2 * 4), (b / 4 / 2 * 8) + (b % 4 / 2 * 4));

    /// <summary>Residual by the matrix: exact where no halved term is odd.</summary>
    private static long[,] ByMatrix(H264KernelBench bench, int first, int n)
    {
        var basis = n == 4 ? Basis4 : Basis8;
        var scale = n == 4 ? 4L : 64L;
        var result = new long[n, n];
        for (var y = 0; y < n; y++)
        {
            for (var x = 0; x < n; x++)
            {
                long sum = 0;
                for (var v = 0; v < n; v++)
                {
                    for (var u = 0; u < n; u++)
                        sum += (long)basis[v, y] * basis[u, x] * bench.Coefficient(first + u * n + v);
                }
                Assert.Equal(0, sum % scale);
                result[x, y] = (sum / scale + 32) >> 6;
            }
        }
        return result;
    }

    /// <summary>Residual by the equations of 8.5.12.2 and 8.5.13.2 in wide integers: rows, then columns.</summary>
    private static long[,] ByEquations(H264KernelBench bench, int first, int n)
    {
        var d = new long[n, n];
        for (var i = 0; i < n * n; i++)
            d[i / n, i % n] = bench.Coefficient(first + i);
        for (var y = 0; y < n; y++)
        {
            var row = Pass([.. Enumerable.Range(0, n).Select(x => d[x, y])]);
            for (var x = 0; x < n; x++)
                d[x, y] = row[x];
        }
        for (var x = 0; x < n; x++)
        {
            var column = Pass([.. Enumerable.Range(0, n).Select(y => d[x, y])]);
            for (var y = 0; y < n; y++)
                d[x, y] = (column[y] + 32) >> 6;
        }
        return d;
    }

    private static long[] Pass(long[] d)
    {
        if (d.Length == 4)
        {
            long[] e = [d[0] + d[2], d[0] - d[2], (d[1] >> 1) - d[3], d[1] + (d[3] >> 1)];
            return [e[0] + e[3], e[1] + e[2], e[1] - e[2], e[0] - e[3]];
        }
        long[] a =
        [
            d[0] + d[4], -d[3] + d[5] - d[7] - (d[7] >> 1), d[0] - d[4], d[1] + d[7] - d[3] - (d[3] >> 1),
            (d[2] >> 1) - d[6], -d[1] + d[7] + d[5] + (d[5] >> 1), d[2] + (d[6] >> 1), d[3] + d[5] + d[1] + (d[1] >> 1),
        ];
        long[] b = [a[0] + a[6], a[1] + (a[7] >> 2), a[2] + a[4], a[3] + (a[5] >> 2), a[2] - a[4], (a[3] >> 2) - a[5], a[0] - a[6], a[7] - (a[1] >> 2)];
        return [b[0] + b[7], b[2] + b[5], b[4] + b[3], b[6] + b[1], b[6] - b[1], b[4] - b[3], b[2] - b[5], b[0] - b[7]];
    }

    /// <summary>Coefficients whose magnitudes sum up to no more than the intermediate range allows.</summary>
    private static void Conforming(H264KernelBench bench, ref XorShift random, int first, int n, int multiple)
    {
        var budget = ((1 << (7 + bench.BitDepth)) - 64) * 4 / (n == 4 ? 4 : 10) / multiple;
        var count = 1 + random.Next(n * n);
        if (random.Next(4) == 0)
            count = 1;
        for (var i = 0; i < count; i++)
        {
            var magnitude = random.Next(budget + 1) >> random.Next(8);
            budget -= magnitude;
            var at = random.Next(3) == 0 ? 0 : random.Next(n * n);
            if (bench.Coefficient(first + at) == 0)
                bench.SetCoefficient(first + at, ((random.Next() & 1) != 0 ? -magnitude : magnitude) * multiple);
        }
    }

    private static void Expect(H264KernelBench bench, byte[] expected, int x0, int y0, long[,] residual)
    {
        var n = residual.GetLength(0);
        for (var y = 0; y < n; y++)
        {
            for (var x = 0; x < n; x++)
            {
                var i = bench.Index(x0 + x, y0 + y);
                var before = bench.SampleSize == 1 ? expected[i] : BitConverter.ToUInt16(expected, i);
                var value = Math.Clamp(before + residual[x, y], 0, bench.MaxValue);
                expected[i] = (byte)value;
                if (bench.SampleSize == 2)
                    expected[i + 1] = (byte)(value >> 8);
            }
        }
    }

    private static void AssertDone(H264KernelBench bench, byte[] expected, string what)
    {
        Assert.True(expected.AsSpan().SequenceEqual(bench.Samples()), what);
        Assert.True(bench.AllCoefficients().All(c => c == 0), what + ": coefficients left");
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void SingleBlocksFollowTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x1234567);
        for (var round = 0; round < 400; round++)
        {
            foreach (var n in new[] { 4, 8 })
            {
                var exact = (round & 1) != 0;
                bench.Pattern(ref random, round % 3);
                Conforming(bench, ref random, 0, n, exact ? n == 4 ? 4 : 64 : 1);
                var residual = exact ? ByMatrix(bench, 0, n) : ByEquations(bench, 0, n);
                var expected = bench.Samples();
                Expect(bench, expected, 0, 0, residual);
                (n == 4 ? bench.Table->GetAddTransform4x4() : bench.Table->GetAddTransform8x8())(bench.Block, H264KernelBench.Stride, bench.Coefficients, bench.MaxValue);
                AssertDone(bench, expected, $"{n}×{n} round {round}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void MaskedBlocksFollowTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x7654321);
        for (var round = 0; round < 300; round++)
        {
            var chroma = (round & 1) != 0;
            var mask = (random.Next() >> 3) & random.Next() & (chroma ? 0xFFu : 0xFFFFu);
            if (round % 5 == 0)
                mask = chroma ? 0xFFu : 0xFFFFu;
            bench.Pattern(ref random, round % 3);
            var expected = bench.Samples();
            for (var b = 0; b < 16; b++)
            {
                if (((mask >> b) & 1) == 0)
                    continue;
                if ((round & 2) != 0)
                    bench.SetCoefficient(b * 16, random.Next(1 << (6 + bitDepth)) - (1 << (5 + bitDepth)));
                else
                    Conforming(bench, ref random, b * 16, 4, 1);
                var (x, y) = chroma ? (b % 2 * 4, b / 2 * 4) : LumaBlock(b);
                Expect(bench, expected, x, y, ByEquations(bench, b * 16, 4));
            }
            (chroma ? bench.Table->GetAddTransform4x4Chroma() : bench.Table->GetAddTransform4x4Luma())(bench.Block, H264KernelBench.Stride, bench.Coefficients, mask, bench.MaxValue);
            AssertDone(bench, expected, $"chroma {chroma} mask {mask:x} round {round}");
        }
    }

    /// <summary>What no conforming stream contains gives the same samples at all levels, and touches nothing else.</summary>
    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void AnyCoefficientsGiveWhatScalarGives(int bitDepth, int level)
    {
        using var reference = new H264KernelBench(bitDepth, KernelLevel.Scalar);
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0xBADC0DE);
        for (var round = 0; round < 600; round++)
        {
            var what = round % 4;
            var mask = round % 8 < 4 ? 0xFFFFu : random.Next() & 0xFFFF;
            if (what == 1)
                mask &= 0xFF;
            bench.Pattern(ref random, round % 3);
            reference.SetSamples(bench.Samples());
            var count = what switch { 0 => 256, 1 => 128, 2 => 16, _ => 64 };
            for (var i = 0; i < count; i++)
            {
                if (what < 2 && ((mask >> (i / 16)) & 1) == 0)
                    continue;
                if ((round & 16) != 0 && i % 16 != 0 && random.Next(24) != 0)
                    continue;
                var value = (round & 32) == 0 ? (int)random.Next() : bitDepth == 8 ? ((random.Next() & 8) != 0 ? short.MaxValue : short.MinValue) : ((random.Next() & 8) != 0 ? int.MaxValue : int.MinValue);
                bench.SetCoefficient(i, value);
                reference.SetCoefficient(i, value);
            }
            foreach (var b in new[] { reference, bench })
            {
                switch (what)
                {
                    case 0:
                        b.Table->GetAddTransform4x4Luma()(b.Block, H264KernelBench.Stride, b.Coefficients, mask, b.MaxValue);
                        break;
                    case 1:
                        b.Table->GetAddTransform4x4Chroma()(b.Block, H264KernelBench.Stride, b.Coefficients, mask, b.MaxValue);
                        break;
                    case 2:
                        b.Table->GetAddTransform4x4()(b.Block, H264KernelBench.Stride, b.Coefficients, b.MaxValue);
                        break;
                    default:
                        b.Table->GetAddTransform8x8()(b.Block, H264KernelBench.Stride, b.Coefficients, b.MaxValue);
                        break;
                }
            }
            AssertDone(bench, reference.Samples(), $"round {round}");
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void DcTransformsFollowTheSpec(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0xD0C0);
        int[] norm = [10, 11, 13, 14, 16, 18];
        const int Dc = 300;
        for (var qp = 0; qp <= 51 + 6 * (bitDepth - 8) + 3; qp++)
        {
            for (var round = 0; round < 12; round++)
            {
                var scale = norm[qp % 6] * (round % 3 == 0 ? 16 : 1 + random.Next(255));
                // As large as the scaled values still fit the coefficients: no conforming stream has more.
                var limit = (int)Math.Min(((1L << (6 + bitDepth)) << 6) / ((long)scale << (qp / 6)) / 16, 2000);
                if (limit == 0)
                    continue;
                foreach (var count in new[] { 16, 4, 8 })
                {
                    var level0 = Enumerable.Range(0, count).Select(_ => random.Next(2 * limit + 1) - limit).ToArray();
                    for (var i = 0; i < count; i++)
                        bench.SetCoefficient(Dc + i, level0[i]);
                    var blocks = new int[count];
                    switch (count)
                    {
                        case 16:
                            bench.Table->GetLumaDc()(bench.Coefficients, bench.CoefficientsAt(Dc), scale, qp);
                            for (var b = 0; b < 16; b++)
                                blocks[b] = Scaled(Sum(4, 4, LumaBlock(b).X / 4, LumaBlock(b).Y / 4, (x, y) => level0[x * 4 + y]), scale, qp);
                            break;
                        case 4:
                            bench.Table->GetChromaDc420()(bench.Coefficients, bench.CoefficientsAt(Dc), scale, qp);
                            for (var b = 0; b < 4; b++)
                                blocks[b] = (int)(((long)Sum(2, 2, b % 2, b / 2, (x, y) => level0[y * 2 + x]) * scale << (qp / 6)) >> 5);
                            break;
                        default:
                            bench.Table->GetChromaDc422()(bench.Coefficients, bench.CoefficientsAt(Dc), scale, qp);
                            for (var b = 0; b < 8; b++)
                                blocks[b] = Scaled(Sum(2, 4, b % 2, b / 2, (x, y) => level0[y * 2 + x]), scale, qp);
                            break;
                    }
                    for (var i = 0; i < H264KernelBench.CoefficientCount; i++)
                    {
                        Assert.True((i % 16 == 0 && i / 16 < count ? blocks[i / 16] : 0) == bench.Coefficient(i), $"qp {qp} of {count}: {i}");
                        bench.SetCoefficient(i, 0);
                    }
                }
            }
        }

        // f = A c B with the matrices of 8.5.10, 8.5.11.1: a 2 × 2 Hadamard matrix is the 4 × 4 one's corner with a sign.
        static int Sum(int columns, int rows, int x, int y, Func<int, int, int> c)
        {
            var sum = 0;
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                    sum += Sign(rows, y, i) * Sign(columns, x, j) * c(j, i);
            }
            return sum;
        }

        static int Sign(int n, int a, int b) => n == 2 ? (a & b) == 1 ? -1 : 1 : Hadamard[a, b];

        static int Scaled(long f, int scale, int qp)
            => (int)(qp >= 36 ? f * scale << (qp / 6 - 6) : (f * scale + (1 << (5 - qp / 6))) >> (6 - qp / 6));
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void BypassAccumulates(int bitDepth, int level)
    {
        using var bench = new H264KernelBench(bitDepth, (KernelLevel)level);
        var random = new XorShift(0x10551E55);
        for (var round = 0; round < 200; round++)
        {
            var n = (round & 1) != 0 ? 8 : 4;
            var mode = round % 5;
            bench.Pattern(ref random, round % 3);
            var r = new int[n, n];
            for (var y = 0; y < n; y++)
            {
                for (var x = 0; x < n; x++)
                {
                    r[x, y] = random.Next(2 * bench.MaxValue + 1) - bench.MaxValue;
                    bench.SetCoefficient(x * n + y, r[x, y]);
                }
            }
            var expected = bench.Samples();
            for (var y = 0; y < n; y++)
            {
                for (var x = 0; x < n; x++)
                {
                    var sum = mode switch
                    {
                        1 or 3 => Enumerable.Range(0, y + 1).Sum(k => r[x, k]),
                        2 or 4 => Enumerable.Range(0, x + 1).Sum(k => r[k, y]),
                        _ => r[x, y],
                    };
                    var prediction = mode == 3 ? bench.Get(x, -1) : mode == 4 ? bench.Get(-1, y) : bench.Get(x, y);
                    var value = Math.Clamp(prediction + sum, 0, bench.MaxValue);
                    expected[bench.Index(x, y)] = (byte)value;
                    if (bench.SampleSize == 2)
                        expected[bench.Index(x, y) + 1] = (byte)(value >> 8);
                }
            }
            bench.Table->GetAddBypass()(bench.Block, H264KernelBench.Stride, bench.Coefficients, n, mode, bench.MaxValue);
            AssertDone(bench, expected, $"size {n} mode {mode}");
        }
    }
}
