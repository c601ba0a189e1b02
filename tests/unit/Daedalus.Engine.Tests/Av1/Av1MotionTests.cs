// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Engine.Av1;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>7.11.3.6 to 7.11.3.8 with numbers of any size. Div_Lut[i] is 2^22 / (256 + i), rounded.</summary>
internal static unsafe class Av1WarpModels
{
    private static (int Shift, BigInteger Factor) ResolveDivisor(BigInteger d)
    {
        BigInteger magnitude = BigInteger.Abs(d);
        int n = (int)(magnitude.GetBitLength() - 1);
        BigInteger e = magnitude - (BigInteger.One << n);
        int f = (int)(n > 8 ? (e + (BigInteger.One << (n - 9))) >> (n - 8) : e << (8 - n));
        int entry = (2 * (1 << 22) + 256 + f) / (2 * (256 + f));
        return (n + 14, d.Sign < 0 ? -entry : entry);
    }

    private static BigInteger Round2Signed(BigInteger x, int n)
    {
        BigInteger magnitude = BigInteger.Abs(x);
        if (n > 0)
            magnitude = (magnitude + (BigInteger.One << (n - 1))) >> n;
        return x.Sign < 0 ? -magnitude : magnitude;
    }

    private static int Clip3(long low, long high, BigInteger x) => (int)BigInteger.Max(low, BigInteger.Min(high, x));

    /// <summary>alpha, beta, gamma, delta, or null when warpValid is 0.</summary>
    public static int[]? Shear(int[] p)
    {
        var (divShift, divFactor) = ResolveDivisor(p[2]);
        int[] shear =
        [
            Clip3(-32768, 32767, p[2] - 65536), Clip3(-32768, 32767, p[3]),
            Clip3(-32768, 32767, Round2Signed(((BigInteger)p[4] << 16) * divFactor, divShift)),
            Clip3(-32768, 32767, p[5] - Round2Signed((BigInteger)p[3] * p[4] * divFactor, divShift) - 65536),
        ];
        for (int i = 0; i < 4; i++)
            shear[i] = (int)Round2Signed(shear[i], 6) << 6;
        if (4 * Math.Abs(shear[0]) + 7 * Math.Abs(shear[1]) >= 65536 || 4 * Math.Abs(shear[2]) + 4 * Math.Abs(shear[3]) >= 65536)
            return null;
        return shear;
    }

    /// <summary>LocalWarpParams, or null when LocalValid is 0.</summary>
    public static int[]? Estimate(Av1Block* b, int[,] candList, int numSamples)
    {
        BigInteger[,] a = new BigInteger[2, 2];
        BigInteger[] bx = new BigInteger[2], by = new BigInteger[2];
        int mvRow = (short)b->Mv[0], mvCol = b->Mv[0] >> 16;
        int midY = b->MiRow * 4 + Av1Tables.Num4x4BlocksHigh[(int)b->Size] * 2 - 1, midX = b->MiCol * 4 + Av1Tables.Num4x4BlocksWide[(int)b->Size] * 2 - 1;
        int suy = midY * 8, sux = midX * 8, duy = suy + mvRow, dux = sux + mvCol;
        for (int i = 0; i < numSamples; i++)
        {
            int sy = candList[i, 0] - suy, sx = candList[i, 1] - sux, dy = candList[i, 2] - duy, dx = candList[i, 3] - dux;
            if (Math.Abs(sx - dx) < 256 && Math.Abs(sy - dy) < 256)
            {
                a[0, 0] += LsProduct(sx, sx) + 8;
                a[0, 1] += LsProduct(sx, sy) + 4;
                a[1, 1] += LsProduct(sy, sy) + 8;
                bx[0] += LsProduct(sx, dx) + 8;
                bx[1] += LsProduct(sy, dx) + 4;
                by[0] += LsProduct(sx, dy) + 4;
                by[1] += LsProduct(sy, dy) + 8;
            }
        }
        BigInteger det = a[0, 0] * a[1, 1] - a[0, 1] * a[0, 1];
        if (det.IsZero)
            return null;
        var (divShift, divFactor) = ResolveDivisor(det);
        divShift -= 16;
        if (divShift < 0)
        {
            divFactor <<= -divShift;
            divShift = 0;
        }
        int NonDiag(BigInteger v) => Clip3(-8192 + 1, 8192 - 1, Round2Signed(v * divFactor, divShift));
        int Diag(BigInteger v) => Clip3(65536 - 8192 + 1, 65536 + 8192 - 1, Round2Signed(v * divFactor, divShift));
        int[] p = new int[6];
        p[2] = Diag(a[1, 1] * bx[0] - a[0, 1] * bx[1]);
        p[3] = NonDiag(-a[0, 1] * bx[0] + a[0, 0] * bx[1]);
        p[4] = NonDiag(a[1, 1] * by[0] - a[0, 1] * by[1]);
        p[5] = Diag(-a[0, 1] * by[0] + a[0, 0] * by[1]);
        BigInteger vx = (BigInteger)mvCol * 8192 - ((BigInteger)midX * (p[2] - 65536) + (BigInteger)midY * p[3]);
        BigInteger vy = (BigInteger)mvRow * 8192 - ((BigInteger)midX * p[4] + (BigInteger)midY * (p[5] - 65536));
        p[0] = Clip3(-(1 << 23), (1 << 23) - 1, vx);
        p[1] = Clip3(-(1 << 23), (1 << 23) - 1, vy);
        return p;
    }

    private static int LsProduct(int a, int b) => ((a * b) >> 2) + (a + b);
}

public sealed unsafe class Av1MotionTests
{
    [Theory]
    [InlineData(1, 90, 118)]
    [InlineData(2, 64, 64)]
    [InlineData(3, 34, 70)]
    [InlineData(4, 130, 36)]
    public void RandomFramesAgreeWithTheSpecification(int seed, int miRows, int miCols)
    {
        int compared = 0, stacks = 0, temporal = 0, fits = 0;
        using Av1MvPredictor predictor = new();
        for (int i = 0; i < 24; i++)
        {
            using Av1MotionScene scene = new(seed * 1000 + i, miRows, miCols, false);
            CompareMotionField(scene);
            DecodeFrame(scene, predictor, i);
            CompareSavedMotion(scene);
            compared += scene.Compared;
            stacks += scene.LongStacks;
            temporal += scene.TemporalHits;
            fits += scene.WarpFits;
        }
        // The scenes are worth something.
        Assert.True(compared > 1500 && stacks > 500 && temporal > 100 && fits > 100, $"{compared} {stacks} {temporal} {fits}");
    }

    [Fact]
    public void IntraBlockCopyAgreesWithTheSpecification()
    {
        using Av1MvPredictor predictor = new();
        for (int i = 0; i < 12; i++)
        {
            using Av1MotionScene scene = new(77 + i, 66, 90, true);
            Assert.Equal(0, Av1MotionField.SourcesOf(scene.State));
            DecodeFrame(scene, predictor, i);
            Assert.True(scene.Compared > 50);
        }
    }

    // Four tiles every second time, split at a multiple of 128 samples.
    private static void DecodeFrame(Av1MotionScene scene, Av1MvPredictor predictor, int index)
    {
        int rows = scene.Model.MiRows, cols = scene.Model.MiCols;
        int[] rowStarts = index % 2 == 1 && rows > 32 ? [0, 32, rows] : [0, rows], colStarts = index % 2 == 1 && cols > 32 ? [0, 32, cols] : [0, cols];
        Av1Block* blocks = scene.State->Blocks;
        for (int r = 0; r + 1 < rowStarts.Length; r++)
        {
            for (int c = 0; c + 1 < colStarts.Length; c++)
            {
                scene.DecodeTile(predictor, rowStarts[r], rowStarts[r + 1], colStarts[c], colStarts[c + 1], blocks);
                blocks += (rowStarts[r + 1] - rowStarts[r]) * (colStarts[c + 1] - colStarts[c]);
            }
        }
    }

    private static void CompareMotionField(Av1MotionScene scene)
    {
        Av1MotionModel model = scene.Model;
        if (!model.UseRefFrameMvs)
        {
            Assert.Equal(0, Av1MotionField.SourcesOf(scene.State));
            return;
        }
        model.MotionFieldEstimation();
        for (int row64 = 0; row64 * 16 < model.MiRows; row64++)
            Av1MotionField.ProjectRow(scene.State, row64);
        int w8 = model.MiCols >> 1, found = 0;
        for (int y = 0; y < model.MiRows >> 1; y++)
        {
            for (int x = 0; x < w8; x++)
            {
                Av1ProjectedMotion m = scene.State->MotionField[y * w8 + x];
                for (int dst = 1; dst < 8; dst++)
                {
                    bool isNone = model.MotionFieldMvs[dst, y, x, 0] == Av1MotionModel.Invalid;
                    Assert.Equal(isNone, m.Offset == Av1ProjectedMotion.None);
                    if (isNone)
                        continue;
                    int distance = model.GetRelativeDist(model.OrderHint, model.OrderHints[dst]);
                    Assert.Equal(model.MotionFieldMvs[dst, y, x, 0], Av1MotionModel.MvProjection((short)m.Mv, distance, m.Offset));
                    Assert.Equal(model.MotionFieldMvs[dst, y, x, 1], Av1MotionModel.MvProjection(m.Mv >> 16, distance, m.Offset));
                    found++;
                }
            }
        }
        if (Av1MotionField.SourcesOf(scene.State) == 0)
            Assert.Equal(0, found);
    }

    private static void CompareSavedMotion(Av1MotionScene scene)
    {
        Av1MotionModel model = scene.Model;
        for (int row = 1; row < model.MiRows; row += 2)
        {
            for (int col = 1; col < model.MiCols; col += 2)
            {
                Av1SavedMotion m = scene.State->Saved->Motion[(row >> 1) * (model.MiCols >> 1) + (col >> 1)];
                Assert.Equal(model.SavedMotion(row, col), (m.RefFrame == 0 ? -1 : m.RefFrame, (short)m.Mv, m.Mv >> 16));
            }
        }
    }

    [Fact]
    public void ShearAgreesWithTheSpecification()
    {
        Random random = new(5);
        int* p = stackalloc int[6];
        short* shear = stackalloc short[4];
        int valid = 0;
        for (int i = 0; i < 20000; i++)
        {
            int spread = i % 3 == 0 ? 40000 : 9000;
            for (int k = 0; k < 6; k++)
                p[k] = random.Next(-spread, spread) + (k is 2 or 5 ? 65536 : 0);
            int[]? expected = Av1WarpModels.Shear(new Span<int>(p, 6).ToArray());
            Assert.Equal(expected != null, Av1Warp.SetupShear(p, shear));
            for (int k = 0; k < 4 && expected != null; k++)
                Assert.Equal(expected[k], shear[k]);
            valid += expected != null ? 1 : 0;
        }
        Assert.True(valid > 1000);
    }

    // Samples far from one another, as no neighbourhood has them: the products need all of 64 bits.
    [Fact]
    public void WarpEstimationOfExtremesAgreesWithTheSpecification()
    {
        Random random = new(6);
        int fits = 0;
        int* warp = stackalloc int[6];
        int[,] candidates = new int[8, 4];
        for (int i = 0; i < 20000; i++)
        {
            Av1Block b = new() { MiRow = (ushort)(random.Next(512) * 2), MiCol = (ushort)(random.Next(512) * 2), Size = (Av1BlockSize)random.Next(3, 16) };
            int mvRow = random.Next(-4000, 4000), mvCol = random.Next(-4000, 4000), count = random.Next(1, 9), reach = i % 2 == 0 ? 1300 : 40;
            b.Mv[0] = (mvRow & 0xffff) | mvCol << 16;
            Av1WarpSamples samples = new() { Count = count };
            for (int k = 0; k < count; k++)
            {
                candidates[k, 0] = b.MiRow * 32 + random.Next(-reach, reach);
                candidates[k, 1] = b.MiCol * 32 + random.Next(-reach, reach);
                candidates[k, 2] = candidates[k, 0] + mvRow + random.Next(-260, 260) / (1 + i % 7);
                candidates[k, 3] = candidates[k, 1] + mvCol + random.Next(-260, 260) / (1 + i % 7);
                for (int j = 0; j < 4; j++)
                    samples.Candidates[k * 4 + j] = candidates[k, j];
            }
            int[]? expected = Av1WarpModels.Estimate(&b, candidates, count);
            bool valid = Av1Warp.Estimate(null, &b, &samples, warp);
            Assert.Equal(expected != null && Av1WarpModels.Shear(expected) != null, valid);
            if (valid)
            {
                Assert.Equal(expected, new Span<int>(warp, 6).ToArray());
                fits++;
            }
        }
        Assert.True(fits > 1000);
    }
}
