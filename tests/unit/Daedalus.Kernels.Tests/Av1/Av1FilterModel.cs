// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>
/// The loop filter, CDEF, upscaling and loop restoration processes (7.14 to 7.17) of whole frames as the specification writes them, with its names: slow, in whole arrays, and independent of the
/// kernels and of the driver. The tests of both compare with it.
/// </summary>
internal sealed class Av1FilterModel
{
    // Frame.
    public int NumPlanes { get; set; } = 3;
    public int SubsamplingX { get; set; }
    public int SubsamplingY { get; set; }
    public int BitDepth { get; set; } = 8;
    public int FrameWidth { get; set; }
    public int FrameHeight { get; set; }
    public int UpscaledWidth { get; set; }
    public int MiRows { get; set; }
    public int MiCols { get; set; }
    public int[][,] CurrFrame = [], CdefFrame = [], UpscaledCurrFrame = [], UpscaledCdefFrame = [], LrFrame = [];

    // 7.14
    public int[,] MiSizes = new int[0, 0], RefFrames = new int[0, 0];
    public bool[,] Skips = new bool[0, 0];
    public int[][,] LoopfilterTxSizes = [];
    public int[] LoopFilterLevel = new int[4];
    public int Sharpness { get; set; }
    public Func<int, int, int, int, int> Level = (row, col, plane, pass) => 0;

    // 7.15
    public int[,] CdefIdx = new int[0, 0];
    public int CdefDamping { get; set; }
    public int[] CdefYPri = new int[8], CdefYSec = new int[8], CdefUvPri = new int[8], CdefUvSec = new int[8];

    // 7.17
    public int[] FrameRestorationType = new int[3], LoopRestorationSize = new int[3];
    public int[][,] LrType = [], LrSgrSet = [];
    public int[][,,] LrWiener = [], LrSgrXqd = [];
    private int _stripeStartY, _stripeEndY, _planeEndX, _planeEndY;

    private int SubX(int plane) => plane == 0 ? 0 : SubsamplingX;

    private int SubY(int plane) => plane == 0 ? 0 : SubsamplingY;

    public static int Round2(int x, int n) => n == 0 ? x : (x + (1 << (n - 1))) >> n;

    private int Clip1(int x) => Math.Clamp(x, 0, (1 << BitDepth) - 1);

    private static int FloorLog2(int x)
    {
        int s = 0;
        while (x > 1)
        {
            x >>= 1;
            s++;
        }
        return s;
    }

    // ---- 7.14

    public void LoopFilter()
    {
        for (int plane = 0; plane < NumPlanes; plane++)
        {
            if (plane != 0 && LoopFilterLevel[1 + plane] == 0)
                continue;
            for (int pass = 0; pass < 2; pass++)
            {
                for (int row = 0; row < MiRows; row += 1 << SubY(plane))
                {
                    for (int col = 0; col < MiCols; col += 1 << SubX(plane))
                        EdgeLoopFilter(plane, pass, row, col);
                }
            }
        }
    }

    private void EdgeLoopFilter(int plane, int pass, int row, int col)
    {
        int subX = SubX(plane), subY = SubY(plane), dx = pass == 0 ? 1 : 0, dy = 1 - dx, x = col * 4, y = row * 4;
        row |= subY;
        col |= subX;
        bool onScreen = x < FrameWidth && y < FrameHeight && !(pass == 0 && x == 0) && !(pass == 1 && y == 0);
        if (!onScreen)
            return;
        int xP = x >> subX, yP = y >> subY, prevRow = row - (dy << subY), prevCol = col - (dx << subX);
        int txSz = LoopfilterTxSizes[plane][row >> subY, col >> subX], prevTxSz = LoopfilterTxSizes[plane][prevRow >> subY, prevCol >> subX];
        int planeSize = Av1Tables.SubsampledSize[(MiSizes[row, col] * 2 + subX) * 2 + subY];
        bool isIntra = RefFrames[row, col] <= 0;
        bool isBlockEdge = pass == 0 ? xP % (Av1Tables.Num4x4BlocksWide[planeSize] * 4) == 0 : yP % (Av1Tables.Num4x4BlocksHigh[planeSize] * 4) == 0;
        bool isTxEdge = pass == 0 ? xP % Av1Tables.TxWidth[txSz] == 0 : yP % Av1Tables.TxHeight[txSz] == 0;
        bool applyFilter = isTxEdge && (isBlockEdge || !Skips[row, col] || isIntra);
        int baseSize = pass == 0 ? Math.Min(Av1Tables.TxWidth[prevTxSz], Av1Tables.TxWidth[txSz]) : Math.Min(Av1Tables.TxHeight[prevTxSz], Av1Tables.TxHeight[txSz]);
        int filterSize = Math.Min(plane == 0 ? 16 : 8, baseSize);
        int lvl = Level(row, col, plane, pass);
        if (lvl == 0)
            lvl = Level(prevRow, prevCol, plane, pass);
        if (!applyFilter || lvl == 0)
            return;
        for (int i = 0; i < 4; i++)
            SampleFilter(CurrFrame[plane], xP + dy * i, yP + dx * i, plane, lvl, Sharpness, dx, dy, filterSize, BitDepth);
    }

    /// <summary>7.14.4 (limits) and 7.14.6.</summary>
    public static void SampleFilter(int[,] frame, int x, int y, int plane, int lvl, int sharpness, int dx, int dy, int filterSize, int bitDepth)
    {
        int shift = sharpness > 4 ? 2 : sharpness > 0 ? 1 : 0;
        int limit = sharpness > 0 ? Math.Clamp(lvl >> shift, 1, 9 - sharpness) : Math.Max(1, lvl >> shift);
        int blimit = 2 * (lvl + 2) + limit, thresh = lvl >> 4;
        int At(int i) => frame[y + dy * i, x + dx * i];
        int Q(int i) => At(i);
        int P(int i) => At(-1 - i);
        int bd = bitDepth - 8;
        bool hevMask = Math.Abs(P(1) - P(0)) > thresh << bd || Math.Abs(Q(1) - Q(0)) > thresh << bd;
        int filterLen = filterSize == 4 ? 4 : plane != 0 ? 6 : filterSize == 8 ? 8 : 16;
        int limitBd = limit << bd, blimitBd = blimit << bd;
        bool mask = Math.Abs(P(1) - P(0)) > limitBd || Math.Abs(Q(1) - Q(0)) > limitBd || Math.Abs(P(0) - Q(0)) * 2 + Math.Abs(P(1) - Q(1)) / 2 > blimitBd;
        if (filterLen >= 6)
            mask |= Math.Abs(P(2) - P(1)) > limitBd || Math.Abs(Q(2) - Q(1)) > limitBd;
        if (filterLen >= 8)
            mask |= Math.Abs(P(3) - P(2)) > limitBd || Math.Abs(Q(3) - Q(2)) > limitBd;
        if (mask)
            return;
        bool Flat(int from, int to)
        {
            for (int i = from; i <= to; i++)
            {
                if (Math.Abs(P(i) - P(0)) > 1 << bd || Math.Abs(Q(i) - Q(0)) > 1 << bd)
                    return false;
            }
            return true;
        }
        if (filterSize == 4 || !Flat(1, filterLen >= 8 ? 3 : 2))
            NarrowFilter(frame, hevMask, x, y, dx, dy, bitDepth);
        else if (filterSize == 8 || !Flat(4, 6))
            WideFilter(frame, x, y, plane, dx, dy, 3);
        else
            WideFilter(frame, x, y, plane, dx, dy, 4);
    }

    private static void NarrowFilter(int[,] frame, bool hevMask, int x, int y, int dx, int dy, int bitDepth)
    {
        int Clamp4(int value) => Math.Clamp(value, -(1 << (bitDepth - 1)), (1 << (bitDepth - 1)) - 1);
        int half = 0x80 << (bitDepth - 8);
        int ps1 = frame[y - dy * 2, x - dx * 2] - half, ps0 = frame[y - dy, x - dx] - half, qs0 = frame[y, x] - half, qs1 = frame[y + dy, x + dx] - half;
        int filter = hevMask ? Clamp4(ps1 - qs1) : 0;
        filter = Clamp4(filter + 3 * (qs0 - ps0));
        int filter1 = Clamp4(filter + 4) >> 3, filter2 = Clamp4(filter + 3) >> 3;
        frame[y, x] = Clamp4(qs0 - filter1) + half;
        frame[y - dy, x - dx] = Clamp4(ps0 + filter2) + half;
        if (!hevMask)
        {
            filter = Round2(filter1, 1);
            frame[y + dy, x + dx] = Clamp4(qs1 - filter) + half;
            frame[y - dy * 2, x - dx * 2] = Clamp4(ps1 + filter) + half;
        }
    }

    private static void WideFilter(int[,] frame, int x, int y, int plane, int dx, int dy, int log2Size)
    {
        int n = log2Size == 4 ? 6 : plane == 0 ? 3 : 2, n2 = log2Size == 3 && plane == 0 ? 0 : 1;
        int[] f = new int[2 * n];
        for (int i = -n; i < n; i++)
        {
            int t = 0;
            for (int j = -n; j <= n; j++)
            {
                int p = Math.Clamp(i + j, -(n + 1), n), tap = Math.Abs(j) <= n2 ? 2 : 1;
                t += frame[y + p * dy, x + p * dx] * tap;
            }
            f[i + n] = Round2(t, log2Size);
        }
        for (int i = -n; i < n; i++)
            frame[y + i * dy, x + i * dx] = f[i + n];
    }

    // ---- 7.15

    private static readonly int[,] CdefUvDir = { { 0, 1, 2, 3, 4, 5, 6, 7 }, { 1, 2, 2, 2, 3, 4, 6, 0 }, { 7, 0, 2, 4, 5, 6, 6, 6 }, { 0, 1, 2, 3, 4, 5, 6, 7 } };
    private static readonly int[,,] CdefDirections =
    {
        { { -1, 1 }, { -2, 2 } }, { { 0, 1 }, { -1, 2 } }, { { 0, 1 }, { 0, 2 } }, { { 0, 1 }, { 1, 2 } },
        { { 1, 1 }, { 2, 2 } }, { { 1, 0 }, { 2, 1 } }, { { 1, 0 }, { 2, 0 } }, { { 1, 0 }, { 2, -1 } },
    };

    public void Cdef()
    {
        CdefFrame = [.. CurrFrame.Select(p => (int[,])p.Clone())];
        for (int r = 0; r < MiRows; r += 2)
        {
            for (int c = 0; c < MiCols; c += 2)
                CdefBlock(r, c, CdefIdx[r >> 4, c >> 4]);
        }
    }

    private void CdefBlock(int r, int c, int idx)
    {
        if (idx == -1 || (Skips[r, c] && Skips[r + 1, c] && Skips[r, c + 1] && Skips[r + 1, c + 1]))
            return;
        int coeffShift = BitDepth - 8;
        int yDir = CdefDirection(CurrFrame[0], c * 4, r * 4, BitDepth, out int var);
        int priStr = CdefYPri[idx] << coeffShift, secStr = CdefYSec[idx] << coeffShift;
        int dir = priStr == 0 ? 0 : yDir, varStr = (var >> 6) != 0 ? Math.Min(FloorLog2(var >> 6), 12) : 0;
        priStr = var != 0 ? (priStr * (4 + varStr) + 8) >> 4 : 0;
        CdefFilter(0, r, c, priStr, secStr, CdefDamping + coeffShift, dir);
        if (NumPlanes == 1)
            return;
        priStr = CdefUvPri[idx] << coeffShift;
        secStr = CdefUvSec[idx] << coeffShift;
        dir = priStr == 0 ? 0 : CdefUvDir[SubsamplingX * 2 + SubsamplingY, yDir];
        CdefFilter(1, r, c, priStr, secStr, CdefDamping + coeffShift - 1, dir);
        CdefFilter(2, r, c, priStr, secStr, CdefDamping + coeffShift - 1, dir);
    }

    public static int CdefDirection(int[,] frame, int x0, int y0, int bitDepth, out int var)
    {
        int[] cost = new int[8], div = [0, 840, 420, 280, 210, 168, 140, 120, 105];
        int[,] partial = new int[8, 15];
        int bestCost = 0, yDir = 0;
        for (int i = 0; i < 8; i++)
        {
            for (int j = 0; j < 8; j++)
            {
                int x = (frame[y0 + i, x0 + j] >> (bitDepth - 8)) - 128;
                partial[0, i + j] += x;
                partial[1, i + j / 2] += x;
                partial[2, i] += x;
                partial[3, 3 + i - j / 2] += x;
                partial[4, 7 + i - j] += x;
                partial[5, 3 - i / 2 + j] += x;
                partial[6, j] += x;
                partial[7, i / 2 + j] += x;
            }
        }
        int Square(int d, int i) => partial[d, i] * partial[d, i];
        for (int i = 0; i < 8; i++)
        {
            cost[2] += Square(2, i);
            cost[6] += Square(6, i);
        }
        cost[2] *= div[8];
        cost[6] *= div[8];
        for (int i = 0; i < 7; i++)
        {
            cost[0] += (Square(0, i) + Square(0, 14 - i)) * div[i + 1];
            cost[4] += (Square(4, i) + Square(4, 14 - i)) * div[i + 1];
        }
        cost[0] += Square(0, 7) * div[8];
        cost[4] += Square(4, 7) * div[8];
        for (int i = 1; i < 8; i += 2)
        {
            for (int j = 0; j < 5; j++)
                cost[i] += Square(i, 3 + j);
            cost[i] *= div[8];
            for (int j = 0; j < 3; j++)
                cost[i] += (Square(i, j) + Square(i, 10 - j)) * div[2 * j + 2];
        }
        for (int i = 0; i < 8; i++)
        {
            if (cost[i] > bestCost)
            {
                bestCost = cost[i];
                yDir = i;
            }
        }
        var = (bestCost - cost[(yDir + 4) & 7]) >> 10;
        return yDir;
    }

    private static int Constrain(int diff, int threshold, int damping)
    {
        if (threshold == 0)
            return 0;
        int dampingAdj = Math.Max(0, damping - FloorLog2(threshold)), mag = Math.Abs(diff);
        // Clip3(0, mag, ..), which the order of tests in the specification's Clip3 makes 0 for a negative value.
        int limited = threshold - (mag >> dampingAdj);
        limited = limited < 0 ? 0 : limited > mag ? mag : limited;
        return diff < 0 ? -limited : limited;
    }

    public void CdefFilter(int plane, int r, int c, int priStr, int secStr, int damping, int dir)
    {
        int coeffShift = BitDepth - 8, subX = SubX(plane), subY = SubY(plane), x0 = (c * 4) >> subX, y0 = (r * 4) >> subY;
        int[,] priTaps = { { 4, 2 }, { 3, 3 } };
        int[] secTaps = [2, 1];
        for (int i = 0; i < 8 >> subY; i++)
        {
            for (int j = 0; j < 8 >> subX; j++)
            {
                int sum = 0, x = CurrFrame[plane][y0 + i, x0 + j], max = x, min = x;
                for (int k = 0; k < 2; k++)
                {
                    for (int sign = -1; sign <= 1; sign += 2)
                    {
                        for (int dirOff = -2; dirOff <= 2; dirOff += 2)
                        {
                            int d = (dir + dirOff) & 7, yy = y0 + i + sign * CdefDirections[d, k, 0], xx = x0 + j + sign * CdefDirections[d, k, 1];
                            int candidateR = (yy << subY) >> 2, candidateC = (xx << subX) >> 2;
                            if (candidateC < 0 || candidateC >= MiCols || candidateR < 0 || candidateR >= MiRows)
                                continue;
                            int p = CurrFrame[plane][yy, xx];
                            sum += dirOff == 0 ? priTaps[(priStr >> coeffShift) & 1, k] * Constrain(p - x, priStr, damping) : secTaps[k] * Constrain(p - x, secStr, damping);
                            max = Math.Max(max, p);
                            min = Math.Min(min, p);
                        }
                    }
                }
                CdefFrame[plane][y0 + i, x0 + j] = Math.Clamp(x + ((8 + sum - (sum < 0 ? 1 : 0)) >> 4), min, max);
            }
        }
    }

    // ---- 7.16

    public void Upscale()
    {
        UpscaledCdefFrame = UpscaledWidth == FrameWidth ? CdefFrame : Upscaled(CdefFrame);
        UpscaledCurrFrame = UpscaledWidth == FrameWidth ? CurrFrame : Upscaled(CurrFrame);
    }

    private int[][,] Upscaled(int[][,] frame)
    {
        int[][,] output = new int[NumPlanes][,];
        for (int plane = 0; plane < NumPlanes; plane++)
        {
            int subX = SubX(plane), planeH = Round2(FrameHeight, SubY(plane)), downscaled = Round2(FrameWidth, subX), upscaled = Round2(UpscaledWidth, subX);
            (int stepX, int initialSubpelX) = UpscaleSteps(downscaled, upscaled);
            int maxX = (MiCols >> subX) * 4 - 1;
            output[plane] = new int[planeH, upscaled];
            for (int y = 0; y < planeH; y++)
            {
                for (int x = 0; x < upscaled; x++)
                    output[plane][y, x] = UpscaleSample(frame[plane], y, x, stepX, initialSubpelX, 0, maxX, BitDepth);
            }
        }
        return output;
    }

    public static (int StepX, int InitialSubpelX) UpscaleSteps(int downscaled, int upscaled)
    {
        int stepX = ((downscaled << 14) + upscaled / 2) / upscaled, err = upscaled * stepX - (downscaled << 14);
        int initialSubpelX = (-((upscaled - downscaled) << 13) + upscaled / 2) / upscaled + (1 << 7) - err / 2;
        return (stepX, initialSubpelX & 0x3fff);
    }

    public static int UpscaleSample(int[,] frame, int y, int x, int stepX, int initialSubpelX, int minX, int maxX, int bitDepth)
    {
        int srcX = -(1 << 14) + initialSubpelX + x * stepX, srcXPx = srcX >> 14, srcXSubpel = (srcX & 0x3fff) >> 8, sum = 0;
        for (int k = 0; k < 8; k++)
            sum += frame[y, Math.Clamp(srcXPx + k - 3, minX, maxX)] * Av1FilterTables.UpscaleFilter[srcXSubpel * 8 + k];
        return Math.Clamp(Round2(sum, 7), 0, (1 << bitDepth) - 1);
    }

    // ---- 7.17

    public static int CountUnits(int unitSize, int frameSize) => Math.Max((frameSize + (unitSize >> 1)) / unitSize, 1);

    public void LoopRestoration()
    {
        LrFrame = [.. UpscaledCdefFrame.Select(p => (int[,])p.Clone())];
        for (int y = 0; y < FrameHeight; y += 4)
        {
            for (int x = 0; x < UpscaledWidth; x += 4)
            {
                for (int plane = 0; plane < NumPlanes; plane++)
                {
                    if (FrameRestorationType[plane] != 0)
                        LoopRestoreBlock(plane, y >> 2, x >> 2);
                }
            }
        }
    }

    private void LoopRestoreBlock(int plane, int row, int col)
    {
        int stripeNum = (row * 4 + 8) / 64, subX = SubX(plane), subY = SubY(plane), unitSize = LoopRestorationSize[plane];
        _stripeStartY = (-8 + stripeNum * 64) >> subY;
        _stripeEndY = _stripeStartY + (64 >> subY) - 1;
        int unitRows = CountUnits(unitSize, Round2(FrameHeight, subY)), unitCols = CountUnits(unitSize, Round2(UpscaledWidth, subX));
        int unitRow = Math.Min(unitRows - 1, ((row * 4 + 8) >> subY) / unitSize), unitCol = Math.Min(unitCols - 1, (col * 4 >> subX) / unitSize);
        _planeEndX = Round2(UpscaledWidth, subX) - 1;
        _planeEndY = Round2(FrameHeight, subY) - 1;
        int x = col * 4 >> subX, y = row * 4 >> subY, w = Math.Min(4 >> subX, _planeEndX - x + 1), h = Math.Min(4 >> subY, _planeEndY - y + 1);
        switch (LrType[plane][unitRow, unitCol])
        {
            case 1:
                int[] Coefficients(int pass) => [.. Enumerable.Range(0, 3).Select(i => LrWiener[plane * 2 + pass][unitRow, unitCol, i])];
                Wiener(plane, x, y, w, h, WienerCoefficients(Coefficients(0)), WienerCoefficients(Coefficients(1)), LrFrame[plane], (yy, xx) => GetSourceSample(plane, xx, yy), BitDepth);
                break;
            case 2:
                SelfGuided(plane, x, y, w, h, LrSgrSet[plane][unitRow, unitCol], LrSgrXqd[plane][unitRow, unitCol, 0], LrSgrXqd[plane][unitRow, unitCol, 1], LrFrame[plane],
                    (yy, xx) => GetSourceSample(plane, xx, yy), BitDepth);
                break;
        }
    }

    private int GetSourceSample(int plane, int x, int y)
    {
        x = Math.Max(0, Math.Min(_planeEndX, x));
        y = Math.Max(0, Math.Min(_planeEndY, y));
        if (y < _stripeStartY)
            return UpscaledCurrFrame[plane][Math.Max(_stripeStartY - 2, y), x];
        if (y > _stripeEndY)
            return UpscaledCurrFrame[plane][Math.Min(_stripeEndY + 2, y), x];
        return UpscaledCdefFrame[plane][y, x];
    }

    public static int[] WienerCoefficients(int[] coeff)
    {
        int[] filter = new int[7];
        filter[3] = 128;
        for (int i = 0; i < 3; i++)
        {
            filter[i] = filter[6 - i] = coeff[i];
            filter[3] -= 2 * coeff[i];
        }
        return filter;
    }

    public static void Wiener(int plane, int x, int y, int w, int h, int[] vfilter, int[] hfilter, int[,] output, Func<int, int, int> source, int bitDepth)
    {
        _ = plane;
        int round0 = bitDepth == 12 ? 5 : 3, round1 = bitDepth == 12 ? 9 : 11;
        int offset = 1 << (bitDepth + 7 - round0 - 1), limit = (1 << (bitDepth + 1 + 7 - round0)) - 1;
        int[,] intermediate = new int[h + 6, w];
        for (int r = 0; r < h + 6; r++)
        {
            for (int c = 0; c < w; c++)
            {
                int s = 0;
                for (int t = 0; t < 7; t++)
                    s += hfilter[t] * source(y + r - 3, x + c + t - 3);
                intermediate[r, c] = Math.Clamp(Round2(s, round0), -offset, limit - offset);
            }
        }
        for (int r = 0; r < h; r++)
        {
            for (int c = 0; c < w; c++)
            {
                int s = 0;
                for (int t = 0; t < 7; t++)
                    s += vfilter[t] * intermediate[r + t, c];
                output[y + r, x + c] = Math.Clamp(Round2(s, round1), 0, (1 << bitDepth) - 1);
            }
        }
    }

    public static void SelfGuided(int plane, int x, int y, int w, int h, int set, int w0, int w1, int[,] output, Func<int, int, int> source, int bitDepth)
    {
        _ = plane;
        int[,] flt0 = BoxFilter(x, y, w, h, set, 0, source, bitDepth), flt1 = BoxFilter(x, y, w, h, set, 1, source, bitDepth);
        int w2 = 128 - w0 - w1, r0 = Av1FilterTables.SgrParams[set * 4], r1 = Av1FilterTables.SgrParams[set * 4 + 2];
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
            {
                int u = source(y + i, x + j) << 4, v = w1 * u;
                v += w0 * (r0 != 0 ? flt0[i, j] : u);
                v += w2 * (r1 != 0 ? flt1[i, j] : u);
                output[y + i, x + j] = Math.Clamp(Round2(v, 11), 0, (1 << bitDepth) - 1);
            }
        }
    }

    private static int[,] BoxFilter(int x, int y, int w, int h, int set, int pass, Func<int, int, int> source, int bitDepth)
    {
        int r = Av1FilterTables.SgrParams[set * 4 + pass * 2], eps = Av1FilterTables.SgrParams[set * 4 + pass * 2 + 1];
        int[,] f = new int[h, w];
        if (r == 0)
            return f;
        long[,] arrayA = new long[h + 2, w + 2], arrayB = new long[h + 2, w + 2];
        long n = (2 * r + 1) * (2 * r + 1), n2e = n * n * eps, s = ((1 << 20) + n2e / 2) / n2e;
        long Round(long v, int bits) => bits == 0 ? v : (v + (1L << (bits - 1))) >> bits;
        for (int i = -1; i < h + 1; i++)
        {
            for (int j = -1; j < w + 1; j++)
            {
                long a = 0, b = 0;
                for (int dy = -r; dy <= r; dy++)
                {
                    for (int dx = -r; dx <= r; dx++)
                    {
                        long c = source(y + i + dy, x + j + dx);
                        a += c * c;
                        b += c;
                    }
                }
                a = Round(a, 2 * (bitDepth - 8));
                long d = Round(b, bitDepth - 8), p = Math.Max(0, a * n - d * d), z = Round(p * s, 20);
                long a2 = z >= 255 ? 256 : z == 0 ? 1 : ((z << 8) + z / 2) / (z + 1);
                long oneOverN = ((1 << 12) + n / 2) / n, b2 = ((1 << 8) - a2) * b * oneOverN;
                arrayA[i + 1, j + 1] = a2;
                arrayB[i + 1, j + 1] = Round(b2, 12);
            }
        }
        for (int i = 0; i < h; i++)
        {
            int shift = pass == 0 && (i & 1) != 0 ? 4 : 5;
            for (int j = 0; j < w; j++)
            {
                long a = 0, b = 0;
                for (int dy = -1; dy <= 1; dy++)
                {
                    for (int dx = -1; dx <= 1; dx++)
                    {
                        int weight = pass == 0 ? ((i + dy) & 1) != 0 ? dx == 0 ? 6 : 5 : 0 : dx == 0 || dy == 0 ? 4 : 3;
                        a += weight * arrayA[i + 1 + dy, j + 1 + dx];
                        b += weight * arrayB[i + 1 + dy, j + 1 + dx];
                    }
                }
                f[i, j] = (int)Round(a * source(y + i, x + j) + b, 8 + shift - 4);
            }
        }
        return f;
    }
}
