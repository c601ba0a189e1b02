// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>Film grain synthesis as 7.18.3 writes it: whole arrays, one sample at a time.</summary>
internal sealed unsafe class Av1GrainModel
{
    private readonly V4L2CtrlAv1FilmGrain _g;
    private readonly int _bitDepth, _subX, _subY, _planes, _matrix;
    private readonly int _grainMin, _grainMax;
    private readonly int[][,] _grain = new int[3][,];
    private readonly int[][] _lut = new int[3][];
    private int _register;

    internal Av1GrainModel(in V4L2CtrlAv1FilmGrain grain, int bitDepth, int subX, int subY, bool monochrome, int matrixCoefficients)
    {
        _g = grain;
        (_bitDepth, _subX, _subY, _planes, _matrix) = (bitDepth, subX, subY, monochrome ? 1 : 3, matrixCoefficients);
        var center = 128 << (bitDepth - 8);
        _grainMin = -center;
        _grainMax = (256 << (bitDepth - 8)) - 1 - center;
        _register = grain.GrainSeed;
        Generate();
        for (var plane = 0; plane < _planes; plane++)
            Scaling(plane);
    }

    private bool FromLuma => (_g.Flags & Av1FilmGrainFlags.ChromaScalingFromLuma) != 0;

    private bool Overlap => (_g.Flags & Av1FilmGrainFlags.Overlap) != 0;

    private static int Round2(int x, int n) => n == 0 ? x : (x + (1 << (n - 1))) >> n;

    private int Clip(int x) => Math.Clamp(x, _grainMin, _grainMax);

    private int Random(int bits)
    {
        var r = _register;
        var bit = ((r >> 0) ^ (r >> 1) ^ (r >> 3) ^ (r >> 12)) & 1;
        r = (r >> 1) | (bit << 15);
        _register = r;
        return (r >> (16 - bits)) & ((1 << bits) - 1);
    }

    private int[,] White(int w, int h, bool on)
    {
        var shift = 12 - _bitDepth + _g.GrainScaleShift;
        var grain = new int[h, w];
        for (var y = 0; y < h; y++)
        {
            for (var x = 0; x < w; x++)
                grain[y, x] = Round2(on ? Av1GrainTables.GaussianSequence[Random(11)] : 0, shift);
        }
        return grain;
    }

    private void Generate()
    {
        var g = _g;
        var lag = g.ArCoeffLag;
        var luma = White(82, 73, g.NumYPoints > 0);
        var shift = g.ArCoeffShiftMinus6 + 6;
        for (var y = 3; y < 73; y++)
        {
            for (var x = 3; x < 82 - 3; x++)
            {
                int s = 0, pos = 0;
                for (var deltaRow = -lag; deltaRow <= 0; deltaRow++)
                {
                    for (var deltaCol = -lag; deltaCol <= lag; deltaCol++)
                    {
                        if (deltaRow == 0 && deltaCol == 0)
                            break;
                        s += luma[y + deltaRow, x + deltaCol] * (g.ArCoeffsYPlus128[pos] - 128);
                        pos++;
                    }
                }
                luma[y, x] = Clip(luma[y, x] + Round2(s, shift));
            }
        }
        _grain[0] = luma;
        if (_planes == 1)
            return;
        int chromaW = _subX != 0 ? 44 : 82, chromaH = _subY != 0 ? 38 : 73;
        _register = g.GrainSeed ^ 0xb524;
        var cb = _grain[1] = White(chromaW, chromaH, g.NumCbPoints > 0 || FromLuma);
        _register = g.GrainSeed ^ 0x49d8;
        var cr = _grain[2] = White(chromaW, chromaH, g.NumCrPoints > 0 || FromLuma);
        for (var y = 3; y < chromaH; y++)
        {
            for (var x = 3; x < chromaW - 3; x++)
            {
                int s0 = 0, s1 = 0, pos = 0;
                for (var deltaRow = -lag; deltaRow <= 0; deltaRow++)
                {
                    for (var deltaCol = -lag; deltaCol <= lag; deltaCol++)
                    {
                        int c0 = g.ArCoeffsCbPlus128[pos] - 128, c1 = g.ArCoeffsCrPlus128[pos] - 128;
                        if (deltaRow == 0 && deltaCol == 0)
                        {
                            if (g.NumYPoints > 0)
                            {
                                var sum = 0;
                                int lumaX = ((x - 3) << _subX) + 3, lumaY = ((y - 3) << _subY) + 3;
                                for (var i = 0; i <= _subY; i++)
                                {
                                    for (var j = 0; j <= _subX; j++)
                                        sum += luma[lumaY + i, lumaX + j];
                                }
                                sum = Round2(sum, _subX + _subY);
                                s0 += sum * c0;
                                s1 += sum * c1;
                            }
                            break;
                        }
                        s0 += cb[y + deltaRow, x + deltaCol] * c0;
                        s1 += cr[y + deltaRow, x + deltaCol] * c1;
                        pos++;
                    }
                }
                cb[y, x] = Clip(cb[y, x] + Round2(s0, shift));
                cr[y, x] = Clip(cr[y, x] + Round2(s1, shift));
            }
        }
    }

    private void Scaling(int plane)
    {
        var g = _g;
        var numPoints = plane == 0 || FromLuma ? g.NumYPoints : plane == 1 ? g.NumCbPoints : g.NumCrPoints;
        int[] xs = new int[16], ys = new int[16];
        for (var i = 0; i < 16; i++)
        {
            xs[i] = plane == 0 || FromLuma ? g.PointYValue[i] : plane == 1 ? g.PointCbValue[i] : g.PointCrValue[i];
            ys[i] = plane == 0 || FromLuma ? g.PointYScaling[i] : plane == 1 ? g.PointCbScaling[i] : g.PointCrScaling[i];
        }
        var lut = _lut[plane] = new int[256];
        if (numPoints == 0)
            return;
        for (var x = 0; x < xs[0]; x++)
            lut[x] = ys[0];
        for (var i = 0; i < numPoints - 1; i++)
        {
            int deltaY = ys[i + 1] - ys[i], deltaX = xs[i + 1] - xs[i];
            var delta = deltaY * ((65536 + (deltaX >> 1)) / deltaX);
            for (var x = 0; x < deltaX; x++)
                lut[xs[i] + x] = ys[i] + ((x * delta + 32768) >> 16);
        }
        for (var x = xs[numPoints - 1]; x < 256; x++)
            lut[x] = ys[numPoints - 1];
    }

    private int ScaleLut(int plane, int index)
    {
        var shift = _bitDepth - 8;
        var x = index >> shift;
        var rem = index - (x << shift);
        if (_bitDepth == 8 || x == 255)
            return _lut[plane][x];
        int start = _lut[plane][x], end = _lut[plane][x + 1];
        return start + Round2((end - start) * rem, shift);
    }

    private int[,] NoiseImage(int plane, int w, int h)
    {
        int planeSubX = plane > 0 ? _subX : 0, planeSubY = plane > 0 ? _subY : 0;
        var stripes = new List<int[,]>();
        var lumaNum = 0;
        for (var y = 0; y < (h + 1) / 2; y += 16)
        {
            var stripe = new int[34, w + 64];
            _register = _g.GrainSeed;
            _register ^= ((lumaNum * 37 + 178) & 255) << 8;
            _register ^= (lumaNum * 173 + 105) & 255;
            for (var x = 0; x < (w + 1) / 2; x += 16)
            {
                var rand = Random(8);
                int offsetX = rand >> 4, offsetY = rand & 15;
                var planeOffsetX = planeSubX != 0 ? 6 + offsetX : 9 + offsetX * 2;
                var planeOffsetY = planeSubY != 0 ? 6 + offsetY : 9 + offsetY * 2;
                for (var i = 0; i < 34 >> planeSubY; i++)
                {
                    for (var j = 0; j < 34 >> planeSubX; j++)
                    {
                        var g = _grain[plane][planeOffsetY + i, planeOffsetX + j];
                        if (planeSubX == 0)
                        {
                            if (j < 2 && Overlap && x > 0)
                            {
                                var old = stripe[i, x * 2 + j];
                                g = j == 0 ? old * 27 + g * 17 : old * 17 + g * 27;
                                g = Clip(Round2(g, 5));
                            }
                            stripe[i, x * 2 + j] = g;
                        }
                        else
                        {
                            if (j == 0 && Overlap && x > 0)
                            {
                                var old = stripe[i, x + j];
                                g = Clip(Round2(old * 23 + g * 22, 5));
                            }
                            stripe[i, x + j] = g;
                        }
                    }
                }
            }
            stripes.Add(stripe);
            lumaNum++;
        }
        var image = new int[(h + planeSubY) >> planeSubY, (w + planeSubX) >> planeSubX];
        for (var y = 0; y < image.GetLength(0); y++)
        {
            lumaNum = y >> (5 - planeSubY);
            var i = y - (lumaNum << (5 - planeSubY));
            for (var x = 0; x < image.GetLength(1); x++)
            {
                var g = stripes[lumaNum][i, x];
                if (planeSubY == 0)
                {
                    if (i < 2 && lumaNum > 0 && Overlap)
                    {
                        var old = stripes[lumaNum - 1][i + 32, x];
                        g = i == 0 ? old * 27 + g * 17 : old * 17 + g * 27;
                        g = Clip(Round2(g, 5));
                    }
                }
                else if (i < 1 && lumaNum > 0 && Overlap)
                {
                    var old = stripes[lumaNum - 1][i + 16, x];
                    g = Clip(Round2(old * 23 + g * 22, 5));
                }
                image[y, x] = g;
            }
        }
        return image;
    }

    /// <summary>Adds noise to OutY, OutU, OutV.</summary>
    internal void Add(int[][,] planes, int w, int h)
    {
        int minValue = 0, maxLuma = (256 << (_bitDepth - 8)) - 1, maxChroma = maxLuma;
        if ((_g.Flags & Av1FilmGrainFlags.ClipToRestrictedRange) != 0)
        {
            minValue = 16 << (_bitDepth - 8);
            maxLuma = 235 << (_bitDepth - 8);
            maxChroma = _matrix == 0 ? maxLuma : 240 << (_bitDepth - 8);
        }
        var scalingShift = _g.GrainScalingMinus8 + 8;
        for (var plane = 1; plane < _planes; plane++)
        {
            if ((plane == 1 ? _g.NumCbPoints : _g.NumCrPoints) == 0 && !FromLuma)
                continue;
            int lumaMult = plane == 1 ? _g.CbLumaMult : _g.CrLumaMult, mult = plane == 1 ? _g.CbMult : _g.CrMult, offset = plane == 1 ? _g.CbOffset : _g.CrOffset;
            var image = NoiseImage(plane, w, h);
            for (var y = 0; y < (h + _subY) >> _subY; y++)
            {
                for (var x = 0; x < (w + _subX) >> _subX; x++)
                {
                    int lumaX = x << _subX, lumaY = y << _subY, lumaNextX = Math.Min(lumaX + 1, w - 1);
                    var averageLuma = _subX != 0 ? Round2(planes[0][lumaY, lumaX] + planes[0][lumaY, lumaNextX], 1) : planes[0][lumaY, lumaX];
                    var orig = planes[plane][y, x];
                    int merged;
                    if (FromLuma)
                    {
                        merged = averageLuma;
                    }
                    else
                    {
                        var combined = averageLuma * (lumaMult - 128) + orig * (mult - 128);
                        merged = Math.Clamp((combined >> 6) + ((offset - 256) << (_bitDepth - 8)), 0, (1 << _bitDepth) - 1);
                    }
                    var noise = Round2(ScaleLut(plane, merged) * image[y, x], scalingShift);
                    planes[plane][y, x] = Math.Clamp(orig + noise, minValue, maxChroma);
                }
            }
        }
        if (_g.NumYPoints == 0)
            return;
        var lumaImage = NoiseImage(0, w, h);
        for (var y = 0; y < h; y++)
        {
            for (var x = 0; x < w; x++)
            {
                var orig = planes[0][y, x];
                planes[0][y, x] = Math.Clamp(orig + Round2(ScaleLut(0, orig) * lumaImage[y, x], scalingShift), minValue, maxLuma);
            }
        }
    }
}
