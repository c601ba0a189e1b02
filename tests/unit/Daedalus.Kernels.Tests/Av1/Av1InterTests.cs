// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Xunit;
using static Daedalus.Kernels.Tests.Av1.Av1Kernels;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>Inter prediction kernels of every level against the equations of 7.11.3.</summary>
public sealed unsafe class Av1InterTests
{
    public static TheoryData<int, KernelLevel> Levels => All();

    private static int Bias(int bitDepth) => bitDepth == 8 ? 0 : 8192;

    /// <summary>7.11.3.4 with 7.11.3.2, positions relative to the plane's origin.</summary>
    private static int[,] Block(Av1Plane source, int x, int y, int stepX, int stepY, int w, int h, int filters, int bitDepth, bool isCompound)
    {
        int interRound0 = 3, interRound1 = isCompound ? 7 : 11;
        if (bitDepth == 12)
            interRound0 += 2;
        if (bitDepth == 12 && !isCompound)
            interRound1 -= 2;
        var taps = Av1PredictTables.SubpelFilters;
        var intermediateHeight = (((h - 1) * stepY + (1 << 10) - 1) >> 10) + 8;
        // One row more: the position within the first row's sample is part of y & 1023 here.
        var intermediate = new int[intermediateHeight + 1, w];
        for (var r = 0; r <= intermediateHeight; r++)
        {
            for (var c = 0; c < w; c++)
            {
                var s = 0;
                var p = x + stepX * c;
                for (var t = 0; t < 8; t++)
                    s += taps[((filters & 7) * 16 + ((p >> 6) & 15)) * 8 + t] * source[(y >> 10) + r - 3, (p >> 10) + t - 3];
                intermediate[r, c] = Round2(s, interRound0);
            }
        }
        var pred = new int[h, w];
        for (var r = 0; r < h; r++)
        {
            for (var c = 0; c < w; c++)
            {
                var s = 0;
                var p = (y & 1023) + stepY * r;
                for (var t = 0; t < 8; t++)
                    s += taps[((filters >> 3) * 16 + ((p >> 6) & 15)) * 8 + t] * intermediate[(p >> 10) + t, c];
                pred[r, c] = Round2(s, interRound1);
            }
        }
        return pred;
    }

    private static void ExpectWords(Av1Words words, int stride, int w, int h, int[,] pred, int bitDepth, string what)
    {
        for (var r = 0; r < h; r++)
        {
            for (var c = 0; c < w; c++)
            {
                if (words.Data[r * stride + c] + Bias(bitDepth) != pred[r, c])
                    Assert.Fail($"{what}: ({c}, {r}) is {words.Data[r * stride + c]}, not {pred[r, c]} - {Bias(bitDepth)}");
            }
        }
        words.CheckGuard(stride * h, what);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Unscaled(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var source = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 1);
        for (var index = 0; index < 7; index++)
        {
            var w = 2 << index;
            for (var run = 0; run < 60; run++)
            {
                var kind = run % 5;
                source.Fill(random, kind);
                target.Fill(random, 0);
                var h = run == 7 ? 128 : 2 << random.Next(w > 32 ? 4 : 6);
                int mx = random.Next(16), my = random.Next(16), horizontal = random.Next(6), vertical = random.Next(6);
                if (run % 7 == 1)
                    mx = 0;
                if (run % 6 == 2)
                    my = 0;
                if (run % 12 == 3 || run % 20 == 4)
                    (mx, my, horizontal, vertical) = (8, 8, 2, 2);
                var filters = horizontal + 8 * vertical;
                var what = $"{w}x{h} ({mx}, {my}) filters {horizontal} {vertical} kind {kind}";
                var pred = Block(source, mx << 6, my << 6, 1024, 1024, w, h, filters, bitDepth, false);
                var before = target.Copy();
                kernels.Table->GetPredict(index)(target.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, h, mx, my, filters, bitDepth);
                target.Expect(before, w, h, (y, x) => Math.Clamp(pred[y, x], 0, source.Max), what);

                using var words = new Av1Words(w * h);
                pred = Block(source, mx << 6, my << 6, 1024, 1024, w, h, filters, bitDepth, true);
                kernels.Table->GetPredictIntermediate(index)(words.Data, source.Origin, Av1Plane.Stride, h, mx, my, filters, bitDepth);
                ExpectWords(words, w, w, h, pred, bitDepth, what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Scaled(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var source = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 2);
        for (var run = 0; run < 120; run++)
        {
            source.Fill(random, run % 5);
            target.Fill(random, 0);
            int w = 2 << random.Next(7), h = 2 << random.Next(w > 32 ? 4 : 7);
            int x = random.Next(1024), y = random.Next(1024), stepX = random.Next(128, 2049), stepY = random.Next(128, 2049);
            var filters = random.Next(6) + 8 * random.Next(6);
            var what = $"{w}x{h} at ({x}, {y}) steps {stepX} {stepY} filters {filters}";
            var pred = Block(source, x, y, stepX, stepY, w, h, filters, bitDepth, false);
            var before = target.Copy();
            kernels.Table->GetPredictScaled(0)(target.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, w, h, x, y, stepX, stepY, filters, bitDepth);
            target.Expect(before, w, h, (r, c) => Math.Clamp(pred[r, c], 0, source.Max), what);

            using var words = new Av1Words(w * h);
            pred = Block(source, x, y, stepX, stepY, w, h, filters, bitDepth, true);
            kernels.Table->GetPredictScaled(1)(words.Data, 0, source.Origin, Av1Plane.Stride, w, h, x, y, stepX, stepY, filters, bitDepth);
            ExpectWords(words, w, w, h, pred, bitDepth, what);
        }
    }

    /// <summary>7.11.3.5, the parts after setup shear.</summary>
    private static int[,] WarpBlock(Av1Plane source, short[] shear, int sx4, int sy4, int bitDepth, bool isCompound)
    {
        var interRound0 = bitDepth == 12 ? 5 : 3;
        var interRound1 = isCompound ? 7 : bitDepth == 12 ? 9 : 11;
        var filters = Av1PredictTables.WarpedFilters;
        var intermediate = new int[15, 8];
        for (var i1 = -7; i1 < 8; i1++)
        {
            for (var i2 = -4; i2 < 4; i2++)
            {
                var sx = sx4 + shear[0] * i2 + shear[1] * i1;
                var offs = Round2(sx, 10) + 64;
                var s = 0;
                for (var i3 = 0; i3 < 8; i3++)
                    s += filters[offs * 8 + i3] * source[i1, i2 - 3 + i3];
                intermediate[i1 + 7, i2 + 4] = Round2(s, interRound0);
            }
        }
        var pred = new int[8, 8];
        for (var i1 = -4; i1 < 4; i1++)
        {
            for (var i2 = -4; i2 < 4; i2++)
            {
                var sy = sy4 + shear[2] * i2 + shear[3] * i1;
                var offs = Round2(sy, 10) + 64;
                var s = 0;
                for (var i3 = 0; i3 < 8; i3++)
                    s += filters[offs * 8 + i3] * intermediate[i1 + i3 + 4, i2 + 4];
                pred[i1 + 4, i2 + 4] = Round2(s, interRound1);
            }
        }
        return pred;
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Warped(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var source = new Av1Plane(bitDepth);
        using var target = new Av1Plane(bitDepth);
        var random = new Random(bitDepth * 10 + 3);
        for (var run = 0; run < 300; run++)
        {
            source.Fill(random, run % 5);
            target.Fill(random, 0);
            // Shears are valid while 4 |alpha| + 7 |beta| and 4 |gamma| + 4 |delta| stay below 65536 (7.11.3.6), in steps of 64.
            var alpha = random.Next(-127, 128) * 64;
            var beta = random.Next(-72, 73) * 64;
            var gamma = random.Next(-127, 128) * 64;
            var delta = random.Next(-127, 128) * 64;
            short[] shear = [(short)alpha, (short)beta, (short)gamma, (short)delta];
            int sx4 = random.Next(65536), sy4 = random.Next(65536);
            var what = $"shear {alpha} {beta} {gamma} {delta} at ({sx4}, {sy4})";
            var pred = WarpBlock(source, shear, sx4, sy4, bitDepth, false);
            var before = target.Copy();
            using var words = new Av1Words(8 * 24);
            fixed (short* s = shear)
            {
                kernels.Table->GetWarp(0)(target.Origin, Av1Plane.Stride, source.Origin, Av1Plane.Stride, s, sx4, sy4, bitDepth);
                kernels.Table->GetWarp(1)(words.Data, 24, source.Origin, Av1Plane.Stride, s, sx4, sy4, bitDepth);
            }
            target.Expect(before, 8, 8, (y, x) => Math.Clamp(pred[y, x], 0, source.Max), what);
            ExpectWords(words, 24, 8, 8, WarpBlock(source, shear, sx4, sy4, bitDepth, true), bitDepth, what);
            for (var i = 0; i < 8 * 24; i++)
                Assert.True(i % 24 < 8 || words.Data[i] == 0x5a5a, what);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Blends(int bitDepth, KernelLevel level)
    {
        using var kernels = new Av1Kernels(bitDepth, level);
        using var target = new Av1Plane(bitDepth);
        using var other = new Av1Plane(bitDepth);
        using var mask = new Av1Plane(8);
        using var p0 = new Av1Words(128 * 128 + 16);
        using var p1 = new Av1Words(128 * 128 + 16);
        var random = new Random(bitDepth * 10 + 4);
        var post = bitDepth == 12 ? 2 : 4;
        int low = bitDepth == 8 ? -5132 : -20593, high = bitDepth == 8 ? 9211 : 36956;
        var max = target.Max;
        var t = kernels.Table;
        for (var run = 0; run < 84; run++)
        {
            int w = 2 << random.Next(7), h = 2 << random.Next(7);
            if (run % 4 == 0)
                w = 2 << (run / 4 % 7);
            for (var i = 0; i < w * h; i++)
            {
                p0.Data[i] = (short)((run % 3 == 0 ? random.Next(2) == 0 ? low : high : random.Next(low, high + 1)) - Bias(bitDepth));
                p1.Data[i] = (short)((run % 3 == 0 ? random.Next(2) == 0 ? low : high : run % 3 == 1 ? random.Next(low, high + 1) : p0.Data[i] + Bias(bitDepth) + random.Next(-400, 400)) - Bias(bitDepth));
            }
            if (run % 3 == 2)
            {
                for (var i = 0; i < w * h; i++)
                    p1.Data[i] = (short)Math.Clamp((int)p1.Data[i], low - Bias(bitDepth), high - Bias(bitDepth));
            }
            mask.Fill(random, 0);
            for (var y = 0; y < 256; y++)
            {
                for (var x = 0; x < 256; x++)
                    mask[y, x] = run % 5 == 0 ? 64 * random.Next(2) : random.Next(65);
            }
            int Pred(Av1Words p, int y, int x) => p.Data[y * w + x] + Bias(bitDepth);
            int Mask(int format, int y, int x) => format switch
            {
                0 => mask[y, x],
                1 => Round2(mask[y, 2 * x] + mask[y, 2 * x + 1], 1),
                _ => Round2(mask[2 * y, 2 * x] + mask[2 * y, 2 * x + 1] + mask[2 * y + 1, 2 * x] + mask[2 * y + 1, 2 * x + 1], 2),
            };
            int Clip1(int v) => Math.Clamp(v, 0, max);
            var size = $"{w}x{h} run {run}";

            target.Fill(random, 0);
            var before = target.Copy();
            t->GetAverage()(target.Origin, Av1Plane.Stride, p0.Data, p1.Data, w, h, bitDepth);
            target.Expect(before, w, h, (y, x) => Clip1(Round2(Pred(p0, y, x) + Pred(p1, y, x), 1 + post)), "average " + size);

            var forward = new[] { 9, 11, 12, 13, 7, 5, 4, 3 }[random.Next(8)];
            t->GetDistance()(target.Origin, Av1Plane.Stride, p0.Data, p1.Data, w, h, forward, 16 - forward, bitDepth);
            target.Expect(before, w, h, (y, x) => Clip1(Round2(forward * Pred(p0, y, x) + (16 - forward) * Pred(p1, y, x), 4 + post)), "distance " + size);

            for (var format = 0; format < 3; format++)
            {
                t->GetMaskBlend(format)(target.Origin, Av1Plane.Stride, p0.Data, p1.Data, mask.Origin, Av1Plane.Stride, w, h, bitDepth);
                target.Expect(
                    before, w, h, (y, x) => Clip1(Round2(Mask(format, y, x) * Pred(p0, y, x) + (64 - Mask(format, y, x)) * Pred(p1, y, x), 6 + post)), $"mask {format} {size}");

                other.Fill(random, run % 3);
                target.Fill(random, run % 3);
                before = target.Copy();
                var inter = new int[h, w];
                for (var y = 0; y < h; y++)
                {
                    for (var x = 0; x < w; x++)
                        inter[y, x] = target[y, x];
                }
                t->GetIntraBlend(format)(target.Origin, Av1Plane.Stride, other.Origin, Av1Plane.Stride, mask.Origin, Av1Plane.Stride, w, h);
                target.Expect(before, w, h, (y, x) => Round2(Mask(format, y, x) * other[y, x] + (64 - Mask(format, y, x)) * inter[y, x], 6), $"intra {format} {size}");
            }

            for (var type = 0; type < 2; type++)
            {
                var masks = mask.Copy();
                t->GetDifferenceMask()(mask.Origin, Av1Plane.Stride, p0.Data, p1.Data, w, h, type, bitDepth);
                mask.Expect(
                    masks, w, h,
                    (y, x) =>
                    {
                        var diff = Round2(Math.Abs(Pred(p0, y, x) - Pred(p1, y, x)), bitDepth - 8 + post);
                        var m = Math.Clamp(38 + diff / 16, 0, 64);
                        return type != 0 ? 64 - m : m;
                    },
                    $"difference {type} {size}");
            }

            for (var side = 0; side < 2; side++)
            {
                int ow = side == 1 ? Math.Min(w, 32) : w, oh = side == 0 ? Math.Min(h, 32) : h;
                // The long side of an overlap is cut at the frame's edge in steps of a unit.
                if (side == 0 && ow > 8)
                    ow -= 4 * random.Next(2);
                if (side == 1 && oh > 8)
                    oh -= 4 * random.Next(2);
                target.Fill(random, run % 3);
                before = target.Copy();
                var current = new int[oh, ow];
                for (var y = 0; y < oh; y++)
                {
                    for (var x = 0; x < ow; x++)
                        current[y, x] = target[y, x];
                }
                byte[] obmc = (side == 0 ? oh : ow) switch
                {
                    2 => [45, 64],
                    4 => [39, 50, 59, 64],
                    8 => [36, 42, 48, 53, 57, 61, 64, 64],
                    16 => [34, 37, 40, 43, 46, 49, 52, 54, 56, 58, 60, 61, 64, 64, 64, 64],
                    _ => [33, 35, 36, 38, 40, 41, 43, 44, 45, 47, 48, 50, 51, 52, 53, 55, 56, 57, 58, 59, 60, 60, 61, 62, 64, 64, 64, 64, 64, 64, 64, 64],
                };
                t->GetOverlapBlend(side)(target.Origin, Av1Plane.Stride, other.Origin, Av1Plane.Stride, ow, oh);
                target.Expect(
                    before, ow, oh, (y, x) => Round2(obmc[side == 0 ? y : x] * current[y, x] + (64 - obmc[side == 0 ? y : x]) * other[y, x], 6), $"overlap {side} {ow}x{oh}");
            }
        }
    }
}
