// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Xunit;
using static Daedalus.Kernels.Tests.Av1.Av1Kernels;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>Intra prediction kernels of every level against the equations of 7.11.2, 7.11.4 and 7.11.5.</summary>
public sealed unsafe class Av1IntraTests
{
    public static TheoryData<int, KernelLevel> Levels => All();

    /// <summary>Dr_Intra_Derivative (9.3) of the angles that modes and deltas can make, by angle.</summary>
    private static readonly Dictionary<int, int> Derivative = new()
    {
        [3] = 1023, [6] = 547, [9] = 372, [14] = 273, [17] = 215, [20] = 178, [23] = 151, [26] = 132, [29] = 116, [32] = 102, [36] = 90, [39] = 80, [42] = 71, [45] = 64,
        [48] = 57, [51] = 51, [54] = 45, [58] = 40, [61] = 35, [64] = 31, [67] = 27, [70] = 23, [73] = 19, [76] = 15, [81] = 11, [84] = 7, [87] = 3,
    };

    private static int[] Weights(int length) => [.. (length switch
    {
        4 => Av1PredictTables.SmWeightsTx4x4,
        8 => Av1PredictTables.SmWeightsTx8x8,
        16 => Av1PredictTables.SmWeightsTx16x16,
        32 => Av1PredictTables.SmWeightsTx32x32,
        _ => Av1PredictTables.SmWeightsTx64x64,
    }).ToArray().Select(b => (int)b)];

    /// <summary>Edges stand in rows of a plane: row 0 above, row 1 left.</summary>
    private static byte* Row(Av1Plane edges, int row) => edges.Origin + row * Av1Plane.Stride;

    [Theory]
    [MemberData(nameof(Levels))]
    public void Predictors(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var edges = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 5);
        for (var size = 0; size < 19; size++)
        {
            int w = Av1Tables.TxWidth[size], h = Av1Tables.TxHeight[size];
            for (var run = 0; run < 6; run++)
            {
                edges.Fill(random, run % 3);
                edges[1, -1] = edges[0, -1];
                int Above(int i) => edges[0, i];
                int Left(int i) => edges[1, i];
                int sumLeft = 0, sumAbove = 0;
                for (var k = 0; k < h; k++)
                    sumLeft += Left(k);
                for (var k = 0; k < w; k++)
                    sumAbove += Above(k);
                int[] wx = Weights(w), wy = Weights(h);
                int Paeth(int i, int j)
                {
                    var p = Above(j) + Left(i) - Above(-1);
                    int pLeft = Math.Abs(p - Left(i)), pTop = Math.Abs(p - Above(j)), pTopLeft = Math.Abs(p - Above(-1));
                    return pLeft <= pTop && pLeft <= pTopLeft ? Left(i) : pTop <= pTopLeft ? Above(j) : Above(-1);
                }
                for (var predictor = 0; predictor < 10; predictor++)
                {
                    target.Fill(random, 0);
                    var before = target.Copy();
                    kernels.Table->GetIntraPredict(size * 10 + predictor)(target.Origin, Av1Plane.Stride, Row(edges, 0), Row(edges, 1), bitDepth);
                    Func<int, int, int> model = (Av1IntraPredictor)predictor switch
                    {
                        Av1IntraPredictor.Dc => (i, j) => (sumLeft + sumAbove + ((w + h) >> 1)) / (w + h),
                        Av1IntraPredictor.DcLeft => (i, j) => (sumLeft + (h >> 1)) >> Av1Tables.TxHeightLog2[size],
                        Av1IntraPredictor.DcAbove => (i, j) => (sumAbove + (w >> 1)) >> Av1Tables.TxWidthLog2[size],
                        Av1IntraPredictor.DcNone => (i, j) => 1 << (bitDepth - 1),
                        Av1IntraPredictor.Vertical => (i, j) => Above(j),
                        Av1IntraPredictor.Horizontal => (i, j) => Left(i),
                        Av1IntraPredictor.Paeth => Paeth,
                        Av1IntraPredictor.Smooth => (i, j) => Round2(wy[i] * Above(j) + (256 - wy[i]) * Left(h - 1) + wx[j] * Left(i) + (256 - wx[j]) * Above(w - 1), 9),
                        Av1IntraPredictor.SmoothVertical => (i, j) => Round2(wy[i] * Above(j) + (256 - wy[i]) * Left(h - 1), 8),
                        _ => (i, j) => Round2(wx[j] * Left(i) + (256 - wx[j]) * Above(w - 1), 8),
                    };
                    target.Expect(before, w, h, model, $"{(Av1IntraPredictor)predictor} {w}x{h}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Directional(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var edges = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 6);
        int[] modes = [45, 67, 90, 113, 135, 157, 180, 203];
        for (var size = 0; size < 19; size++)
        {
            int w = Av1Tables.TxWidth[size], h = Av1Tables.TxHeight[size];
            foreach (var mode in modes)
            {
                for (var delta = -3; delta <= 3; delta++)
                {
                    var pAngle = mode + 3 * delta;
                    if (pAngle is 90 or 180)
                        continue;
                    var dx = pAngle < 90 ? Derivative[pAngle] : pAngle < 180 ? Derivative[180 - pAngle] : 0;
                    var dy = pAngle > 180 ? Derivative[270 - pAngle] : pAngle > 90 ? Derivative[pAngle - 90] : 0;
                    for (var upsample = 0; upsample < (w + h <= 16 ? 4 : 1); upsample++)
                    {
                        int upsampleAbove = upsample & 1, upsampleLeft = upsample >> 1;
                        edges.Fill(random, (delta + 3) % 3);
                        edges[1, -1] = edges[0, -1];
                        edges[1, -2] = edges[0, -2];
                        int Above(int i) => edges[0, i];
                        int Left(int i) => edges[1, i];
                        int Zone1(int i, int j)
                        {
                            var idx = (i + 1) * dx;
                            var b = (idx >> (6 - upsampleAbove)) + (j << upsampleAbove);
                            var shift = ((idx << upsampleAbove) >> 1) & 0x1F;
                            var maxBaseX = (w + h - 1) << upsampleAbove;
                            return b < maxBaseX ? Round2(Above(b) * (32 - shift) + Above(b + 1) * shift, 5) : Above(maxBaseX);
                        }
                        int Zone2(int i, int j)
                        {
                            var idx = (j << 6) - (i + 1) * dx;
                            var b = idx >> (6 - upsampleAbove);
                            int shift;
                            if (b >= -(1 << upsampleAbove))
                            {
                                shift = ((idx << upsampleAbove) >> 1) & 0x1F;
                                return Round2(Above(b) * (32 - shift) + Above(b + 1) * shift, 5);
                            }
                            idx = (i << 6) - (j + 1) * dy;
                            b = idx >> (6 - upsampleLeft);
                            shift = ((idx << upsampleLeft) >> 1) & 0x1F;
                            return Round2(Left(b) * (32 - shift) + Left(b + 1) * shift, 5);
                        }
                        int Zone3(int i, int j)
                        {
                            var idx = (j + 1) * dy;
                            var b = (idx >> (6 - upsampleLeft)) + (i << upsampleLeft);
                            var shift = ((idx << upsampleLeft) >> 1) & 0x1F;
                            return Round2(Left(b) * (32 - shift) + Left(b + 1) * shift, 5);
                        }
                        target.Fill(random, 0);
                        var before = target.Copy();
                        var zone = pAngle < 90 ? 0 : pAngle < 180 ? 1 : 2;
                        kernels.Table->GetIntraDirectional(zone)(target.Origin, Av1Plane.Stride, Row(edges, 0), Row(edges, 1), w, h, dx, dy, upsample, bitDepth);
                        target.Expect(before, w, h, zone == 0 ? Zone1 : zone == 1 ? Zone2 : Zone3, $"{pAngle} degrees {w}x{h} upsample {upsample}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Recursive(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var edges = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 7);
        for (var run = 0; run < 240; run++)
        {
            int w = 4 << random.Next(4), h = 4 << random.Next(4), mode = run % 5;
            edges.Fill(random, run % 3 == 2 ? 0 : run % 3);
            edges[1, -1] = edges[0, -1];
            var pred = new int[h, w];
            for (var i2 = 0; i2 < h >> 1; i2++)
            {
                for (var j4 = 0; j4 < w >> 2; j4++)
                {
                    var p = new int[7];
                    for (var i = 0; i < 7; i++)
                    {
                        if (i < 5)
                            p[i] = i2 == 0 ? edges[0, (j4 << 2) + i - 1] : j4 == 0 && i == 0 ? edges[1, (i2 << 1) - 1] : pred[(i2 << 1) - 1, (j4 << 2) + i - 1];
                        else
                            p[i] = j4 == 0 ? edges[1, (i2 << 1) + i - 5] : pred[(i2 << 1) + i - 5, (j4 << 2) - 1];
                    }
                    for (var i1 = 0; i1 < 2; i1++)
                    {
                        for (var j1 = 0; j1 < 4; j1++)
                        {
                            var pr = 0;
                            for (var i = 0; i < 7; i++)
                                pr += Av1PredictTables.IntraFilterTaps[(mode * 8 + (i1 << 2) + j1) * 7 + i] * p[i];
                            pred[(i2 << 1) + i1, (j4 << 2) + j1] = Math.Clamp(Round2Signed(pr, 4), 0, target.Max);
                        }
                    }
                }
            }
            target.Fill(random, 0);
            var before = target.Copy();
            kernels.Table->GetIntraFilter()(target.Origin, Av1Plane.Stride, Row(edges, 0), Row(edges, 1), w, h, mode, bitDepth);
            target.Expect(before, w, h, (y, x) => pred[y, x], $"mode {mode} {w}x{h}");
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Edges(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var plane = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 8);
        int[][] kernel = [[0, 4, 8, 4, 0], [0, 5, 6, 5, 0], [2, 4, 4, 4, 2]];
        for (var sz = 1; sz <= 129; sz++)
        {
            for (var strength = 1; strength <= 3; strength++)
            {
                plane.Fill(random, sz % 3);
                var edge = new int[sz];
                for (var i = 0; i < sz; i++)
                    edge[i] = plane[0, i];
                var before = plane.Copy();
                kernels.Table->GetFilterEdge()(plane.Origin, sz, strength);
                plane.Expect(
                    before, sz, 1,
                    (y, x) =>
                    {
                        if (x == 0)
                            return edge[0];
                        var s = 0;
                        for (var j = 0; j < 5; j++)
                            s += kernel[strength - 1][j] * edge[Math.Clamp(x - 2 + j, 0, sz - 1)];
                        return (s + 8) >> 4;
                    },
                    $"strength {strength} of {sz}");
            }
        }
        for (var run = 0; run < 200; run++)
        {
            var numPx = 4 * random.Next(1, 5);
            plane.Fill(random, run % 3);
            // The plane's first sample is buf[-2].
            var dup = new int[numPx + 3];
            dup[0] = plane[0, 1];
            for (var i = -1; i < numPx; i++)
                dup[i + 2] = plane[0, i + 2];
            dup[numPx + 2] = plane[0, numPx + 1];
            var buf = new int[2 * numPx + 1];
            buf[0] = dup[0];
            for (var i = 0; i < numPx; i++)
            {
                var s = -dup[i] + 9 * dup[i + 1] + 9 * dup[i + 2] - dup[i + 3];
                buf[2 * i + 1] = Math.Clamp(Round2(s, 4), 0, plane.Max);
                buf[2 * i + 2] = dup[i + 2];
            }
            var before = plane.Copy();
            kernels.Table->GetUpsampleEdge()(plane.Origin + (bitDepth == 8 ? 2 : 4), numPx, bitDepth);
            plane.Expect(before, 2 * numPx + 1, 1, (y, x) => buf[x], $"upsample {numPx}");
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void ChromaFromLumaAndPalette(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var luma = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        using var map = new Av1Plane(8);
        var random = new Random(bitDepth * 10 + 9);
        for (var run = 0; run < 200; run++)
        {
            int w = 4 << random.Next(4), h = 4 << random.Next(4), format = run % 3;
            int subX = format < 2 ? 1 : 0, subY = format == 0 ? 1 : 0;
            int validWidth = 4 * random.Next(1, w / 4 + 1), validHeight = 4 * random.Next(1, h / 4 + 1);
            luma.Fill(random, run % 4 == 3 ? 0 : run % 4);
            target.Fill(random, run % 2);
            var l = new int[h, w];
            var lumaAvg = 0;
            for (var i = 0; i < h; i++)
            {
                var lumaY = Math.Min(i << subY, (validHeight << subY) - (1 << subY));
                for (var j = 0; j < w; j++)
                {
                    var lumaX = Math.Min(j << subX, (validWidth << subX) - (1 << subX));
                    var t = 0;
                    for (var dy = 0; dy <= subY; dy++)
                    {
                        for (var dx = 0; dx <= subX; dx++)
                            t += luma[lumaY + dy, lumaX + dx];
                    }
                    l[i, j] = t << (3 - subX - subY);
                    lumaAvg += l[i, j];
                }
            }
            lumaAvg = Round2(lumaAvg, (int)Math.Log2(w) + (int)Math.Log2(h));
            var what = $"format {format} {w}x{h} valid {validWidth}x{validHeight}";
            using var ac = new Av1Words(w * h);
            kernels.Table->GetCflLuma(format)(ac.Data, luma.Origin, Av1Plane.Stride, w, h, validWidth, validHeight, bitDepth);
            for (var i = 0; i < w * h; i++)
                Assert.True(ac.Data[i] == l[i / w, i % w] - lumaAvg, what);
            ac.CheckGuard(w * h, what);

            var alpha = random.Next(-16, 17);
            var dc = new int[h, w];
            for (var i = 0; i < w * h; i++)
                dc[i / w, i % w] = target[i / w, i % w];
            var before = target.Copy();
            kernels.Table->GetCflPredict()(target.Origin, Av1Plane.Stride, ac.Data, w, h, alpha, bitDepth);
            target.Expect(before, w, h, (i, j) => Math.Clamp(dc[i, j] + Round2Signed(alpha * (l[i, j] - lumaAvg), 6), 0, target.Max), $"{what} alpha {alpha}");

            var colors = new ushort[8];
            for (var i = 0; i < 8; i++)
                colors[i] = (ushort)random.Next(target.Max + 1);
            for (var i = 0; i < h; i++)
            {
                for (var j = 0; j < w; j++)
                    map[i, j] = random.Next(8);
            }
            fixed (ushort* c = colors)
                kernels.Table->GetPalette()(target.Origin, Av1Plane.Stride, c, map.Origin, Av1Plane.Stride, w, h);
            target.Expect(before, w, h, (i, j) => colors[map[i, j]], "palette");
        }
    }
}
