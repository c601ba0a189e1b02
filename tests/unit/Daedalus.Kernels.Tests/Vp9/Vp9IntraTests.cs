// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Kernels.Tests;

public sealed unsafe class Vp9IntraTests
{
    public static TheoryData<int, int> DepthsAndLevels() => Vp9TransformTests.DepthsAndLevels();

    /// <summary>Edges of three kinds: noise, black and white, nearly flat. Returns above[-1] first.</summary>
    private static (int[] Above, int[] Left) Edges(ref XorShift random, int n, int max)
    {
        var kind = random.Next(3);
        var flat = (int)random.Next() & max;
        var above = new int[1 + 2 * n];
        var left = new int[n];
        foreach (var edge in new[] { above, left })
        {
            for (var i = 0; i < edge.Length; i++)
            {
                var v = (int)random.Next() & max;
                edge[i] = kind == 1 ? ((v & 1) != 0 ? max : 0) : kind == 2 ? Math.Clamp(flat + (v & 15) - 8, 0, max) : v;
            }
        }
        // From 8×8 on a decoder never has anything else above-right.
        for (var i = n; n > 4 && i < 2 * n; i++)
        {
            above[1 + i] = above[n];
        }
        return (above, left);
    }

    private static byte* Load(KernelBench bench, int[] above, int[] left, int offset)
    {
        var row = bench.Above + 64 + offset * bench.SampleSize;
        for (var i = 0; i < above.Length; i++)
        {
            bench.Write(row, i - 1, above[i]);
        }
        for (var i = 0; i < left.Length; i++)
        {
            bench.Write(bench.Left + 64, i, left[i]);
        }
        return row;
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void EqualsLibvpx(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        for (var size = 0; size < 4; size++)
        {
            for (var mode = 0; mode < Vp9KernelTable.IntraModes; mode++)
            {
                var n = 4 << size;
                var random = new XorShift((uint)(0x51ED270Bu + bitDepth * 1000003 + size * 10007 + mode * 101));
                var hash = 14695981039346656037UL;
                for (var i = 0; i < 24; i++)
                {
                    var (above, left) = Edges(ref random, n, bench.MaxValue);
                    var row = Load(bench, above, left, 0);
                    bench.Table->GetIntraPredict(size * 13 + mode)(bench.Block(0), 128, bench.Left + 64, row, bench.MaxValue);
                    hash = bench.Hash(hash, bench.Block(0), n, 128);
                }
                Assert.True(Vp9LibvpxHashes.Intra[Vp9LibvpxHashes.I(bitDepth, size, mode)] == hash, $"size {size} mode {mode}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void FollowsTheSpecificationAndStaysInTheBlock(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        var seed = 5u;
        for (var size = 0; size < 4; size++)
        {
            for (var mode = 0; mode < Vp9KernelTable.IntraModes; mode++)
            {
                var n = 4 << size;
                for (var i = 0; i < 12; i++)
                {
                    var random = new XorShift(++seed * 2654435761u);
                    var offset = i < 4 ? 0 : random.Next(64 / n) * n;
                    nint stride = (n + (i % 3 == 0 ? 0 : random.Next(9) * n)) * bench.SampleSize;
                    bench.Pattern(random);
                    var (above, left) = Edges(ref random, n, bench.MaxValue);
                    var row = Load(bench, above, left, random.Next(4) * 4);
                    var expected = bench.Copy();
                    var dst = bench.Block(offset);
                    for (var y = 0; y < n; y++)
                    {
                        for (var x = 0; x < n; x++)
                        {
                            var value = Predict(mode, n, x, y, above, left, bitDepth);
                            var at = bench.Index(dst) + (int)(y * stride) + x * bench.SampleSize;
                            expected[at] = (byte)value;
                            if (bench.SampleSize == 2)
                            {
                                expected[at + 1] = (byte)(value >> 8);
                            }
                        }
                    }
                    bench.Table->GetIntraPredict(size * 13 + mode)(dst, stride, bench.Left + 64, row, bench.MaxValue);
                    Assert.True(expected.AsSpan().SequenceEqual(bench.Copy()), $"size {size} mode {mode} stride {stride}");
                }
            }
        }
    }

    /// <summary>One sample by the definitions of spec 8.5.1, written as recursions the way the spec has them.</summary>
    private static int Predict(int mode, int n, int x, int y, int[] above, int[] left, int bitDepth)
    {
        int A(int i) => above[i + 1];
        int L(int i) => i < 0 ? above[0] : left[i];
        static int R2(int a, int b) => (a + b + 1) >> 1;
        static int R3(int a, int b, int c) => (a + 2 * b + c + 2) >> 2;
        int P(int py, int px) => Predict(mode, n, px, py, above, left, bitDepth);
        switch (mode)
        {
            case 0:
                return (left.Sum() + above.Skip(1).Take(n).Sum() + n) / (2 * n);
            case 1:
                return A(x);
            case 2:
                return L(y);
            case 3:
                return x + y + 2 < 2 * n ? R3(A(x + y), A(x + y + 1), A(x + y + 2)) : A(2 * n - 1);
            case 4:
                if (x > 0 && y > 0)
                {
                    return P(y - 1, x - 1);
                }
                // D135: the filtered edge, left column upwards, corner, row above.
                return x > 0 ? R3(A(x - 2), A(x - 1), A(x))
                    : y > 0 ? R3(L(y - 2), L(y - 1), L(y)) : R3(L(0), A(-1), A(0));
            case 5:
                if (y == 0)
                {
                    return R2(A(x - 1), A(x));
                }
                if (y == 1)
                {
                    return x == 0 ? R3(L(0), A(-1), A(0)) : R3(A(x - 2), A(x - 1), A(x));
                }
                return x > 0 ? P(y - 2, x - 1) : y == 2 ? R3(A(-1), L(0), L(1)) : R3(L(y - 3), L(y - 2), L(y - 1));
            case 6:
                if (x == 0)
                {
                    return R2(L(y - 1), L(y));
                }
                if (x == 1)
                {
                    return y == 0 ? R3(L(0), A(-1), A(0)) : R3(L(y - 2), L(y - 1), L(y));
                }
                return y == 0 ? R3(A(x - 3), A(x - 2), A(x - 1)) : P(y - 1, x - 2);
            case 7:
                if (y == n - 1)
                {
                    return L(n - 1);
                }
                return x == 0 ? R2(L(y), L(y + 1))
                    : x == 1 ? R3(L(y), L(y + 1), L(Math.Min(y + 2, n - 1)))
                    : P(y + 1, x - 2);
            case 8:
                return (y & 1) != 0 ? R3(A(y / 2 + x), A(y / 2 + x + 1), A(y / 2 + x + 2)) : R2(A(y / 2 + x), A(y / 2 + x + 1));
            case 9:
                return Math.Clamp(L(y) + A(x) - A(-1), 0, (1 << bitDepth) - 1);
            case 10:
                return (left.Sum() + n / 2) / n;
            case 11:
                return (above.Skip(1).Take(n).Sum() + n / 2) / n;
            default:
                return 1 << (bitDepth - 1);
        }
    }
}
