// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Av1;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>
/// Motion vector prediction as the specification writes it down (7.9, 7.10, 7.19): whole frame arrays, a flag for "has been written", every motion field projected for every reference.
/// Names are the specification's.
/// </summary>
internal sealed class Av1MotionModel(int miRows, int miCols)
{
    public const int Invalid = -1 << 15;
    public int MiRows = miRows, MiCols = miCols;
    public int MiRowStart, MiRowEnd, MiColStart, MiColEnd;
    public bool AllowHighPrecisionMv, ForceIntegerMv, UseRefFrameMvs;
    public int OrderHint, OrderHintBits = 7;
    public int[] OrderHints = new int[8], GmType = new int[8], SignBias = new int[8];
    public int[,] GmParams = new int[8, 6];
    // Saved with reference r.
    public int[,] SavedOrderHints = new int[8, 8];
    public bool[] CanProject = new bool[8];
    public int[][,] SavedRefFrames = new int[8][,];
    public int[][,,] SavedMvs = new int[8][,,];
    public int[,,,] MotionFieldMvs = new int[8, miRows >> 1, miCols >> 1, 2];

    public bool[,] Written = new bool[miRows + 32, miCols + 32];
    public bool[,] IsInters = new bool[miRows + 32, miCols + 32];
    public int[,] MiSizes = new int[miRows + 32, miCols + 32];
    public int[,] YModes = new int[miRows + 32, miCols + 32];
    public int[,,] RefFrames = new int[miRows + 32, miCols + 32, 2];
    public int[,,,] Mvs = new int[miRows + 32, miCols + 32, 2, 2];

    public int MiRow, MiCol, MiSize;
    public int[] RefFrame = new int[2];
    public int[,] Mv = new int[2, 2];

    public int NumMvFound, NewMvCount, CloseMatches, TotalMatches;
    public int NewMvContext, RefMvContext, ZeroMvContext;
    public bool FoundMatch;
    public int[,,] RefStackMv = new int[10, 2, 2];
    public int[] WeightStack = new int[10];
    public int[] DrlCtxStack = new int[10];
    public int[,] GlobalMvs = new int[2, 2];
    private readonly int[] _refIdCount = new int[2], _refDiffCount = new int[2];
    private readonly int[,,] _refIdMvs = new int[2, 2, 2], _refDiffMvs = new int[2, 2, 2];

    public int NumSamples, NumSamplesScanned;
    public int[,] CandList = new int[9, 4];

    private static int W4(int size) => Av1Tables.Num4x4BlocksWide[size];
    private static int H4(int size) => Av1Tables.Num4x4BlocksHigh[size];

    public int GetRelativeDist(int a, int b)
    {
        int diff = a - b, m = 1 << (OrderHintBits - 1);
        return (diff & (m - 1)) - (diff & m);
    }

    public static long Round2Signed(long x, int n)
    {
        long magnitude = Math.Abs(x);
        if (n > 0)
            magnitude = (magnitude + (1L << (n - 1))) >> n;
        return x < 0 ? -magnitude : magnitude;
    }

    // ---- 7.9

    public void MotionFieldEstimation()
    {
        for (int r = 1; r <= 7; r++)
            for (int y = 0; y < MiRows >> 1; y++)
                for (int x = 0; x < MiCols >> 1; x++)
                    MotionFieldMvs[r, y, x, 0] = MotionFieldMvs[r, y, x, 1] = Invalid;
        if (SavedOrderHints[1, 7] != OrderHints[4])
            Projection(1, -1);
        int refStamp = 1;
        if (GetRelativeDist(OrderHints[5], OrderHint) > 0 && Projection(5, 1))
            refStamp--;
        if (GetRelativeDist(OrderHints[6], OrderHint) > 0 && Projection(6, 1))
            refStamp--;
        if (GetRelativeDist(OrderHints[7], OrderHint) > 0 && refStamp >= 0 && Projection(7, 1))
            refStamp--;
        if (refStamp >= 0)
            Projection(2, -1);
    }

    private bool Projection(int src, int dstSign)
    {
        if (!CanProject[src])
            return false;
        for (int y8 = 0; y8 < MiRows >> 1; y8++)
        {
            for (int x8 = 0; x8 < MiCols >> 1; x8++)
            {
                int row = 2 * y8 + 1, col = 2 * x8 + 1, srcRef = SavedRefFrames[src][row, col];
                if (srcRef <= 0)
                    continue;
                int refToCur = GetRelativeDist(OrderHints[src], OrderHint), refOffset = GetRelativeDist(OrderHints[src], SavedOrderHints[src, srcRef]);
                if (Math.Abs(refToCur) > 31 || Math.Abs(refOffset) > 31 || refOffset <= 0)
                    continue;
                int mvRow = SavedMvs[src][row, col, 0], mvCol = SavedMvs[src][row, col, 1];
                bool posValid = true;
                int posY8 = Position(y8, MvProjection(mvRow, refToCur * dstSign, refOffset), dstSign, MiRows >> 1, 0, ref posValid);
                int posX8 = Position(x8, MvProjection(mvCol, refToCur * dstSign, refOffset), dstSign, MiCols >> 1, 8, ref posValid);
                if (!posValid)
                    continue;
                for (int dst = 1; dst <= 7; dst++)
                {
                    int refToDst = GetRelativeDist(OrderHint, OrderHints[dst]);
                    MotionFieldMvs[dst, posY8, posX8, 0] = MvProjection(mvRow, refToDst, refOffset);
                    MotionFieldMvs[dst, posY8, posX8, 1] = MvProjection(mvCol, refToDst, refOffset);
                }
            }
        }
        return true;
    }

    public static int MvProjection(int mv, int numerator, int denominator)
    {
        int clippedDenominator = Math.Min(31, denominator), clippedNumerator = Math.Clamp(numerator, -31, 31);
        // Div_Mult is 16384 / d rounded down.
        long scaled = Round2Signed((long)mv * clippedNumerator * (clippedDenominator == 0 ? 0 : 16384 / clippedDenominator), 14);
        return (int)Math.Clamp(scaled, -(1 << 14) + 1, (1 << 14) - 1);
    }

    private static int Position(int v8, int delta, int dstSign, int max8, int maxOff8, ref bool posValid)
    {
        int base8 = (v8 >> 3) << 3;
        int offset8 = delta >= 0 ? delta >> 6 : -((-delta) >> 6);
        v8 += dstSign * offset8;
        if (v8 < 0 || v8 >= max8 || v8 < base8 - maxOff8 || v8 >= base8 + 8 + maxOff8)
            posValid = false;
        return v8;
    }

    // ---- 7.10.2

    public bool IsInside(int r, int c) => c >= MiColStart && c < MiColEnd && r >= MiRowStart && r < MiRowEnd;

    public void FindMvStack(bool isCompound)
    {
        int bw4 = W4(MiSize), bh4 = H4(MiSize);
        NumMvFound = 0;
        NewMvCount = 0;
        SetupGlobalMv(0);
        if (isCompound)
            SetupGlobalMv(1);
        FoundMatch = false;
        ScanRow(-1, isCompound);
        bool foundAboveMatch = FoundMatch;
        FoundMatch = false;
        ScanCol(-1, isCompound);
        bool foundLeftMatch = FoundMatch;
        FoundMatch = false;
        if (Math.Max(bw4, bh4) <= 16)
            ScanPoint(-1, bw4, isCompound);
        if (FoundMatch)
            foundAboveMatch = true;
        CloseMatches = (foundAboveMatch ? 1 : 0) + (foundLeftMatch ? 1 : 0);
        int numNearest = NumMvFound, numNew = NewMvCount;
        if (numNearest > 0)
            for (int idx = 0; idx <= numNearest - 1; idx++)
                WeightStack[idx] += 640;
        ZeroMvContext = 0;
        if (UseRefFrameMvs)
            TemporalScan(isCompound);
        ScanPoint(-1, -1, isCompound);
        if (FoundMatch)
            foundAboveMatch = true;
        FoundMatch = false;
        ScanRow(-3, isCompound);
        if (FoundMatch)
            foundAboveMatch = true;
        FoundMatch = false;
        ScanCol(-3, isCompound);
        if (FoundMatch)
            foundLeftMatch = true;
        FoundMatch = false;
        if (bh4 > 1)
            ScanRow(-5, isCompound);
        if (FoundMatch)
            foundAboveMatch = true;
        FoundMatch = false;
        if (bw4 > 1)
            ScanCol(-5, isCompound);
        if (FoundMatch)
            foundLeftMatch = true;
        TotalMatches = (foundAboveMatch ? 1 : 0) + (foundLeftMatch ? 1 : 0);
        Sorting(0, numNearest, isCompound);
        Sorting(numNearest, NumMvFound, isCompound);
        if (NumMvFound < 2)
            ExtraSearch(isCompound);
        ContextAndClamping(isCompound, numNew);
    }

    private void SetupGlobalMv(int refList)
    {
        int r = RefFrame[refList], typ = r != 0 ? GmType[r] : 0, mv0, mv1;
        int bw = W4(MiSize) * 4, bh = H4(MiSize) * 4;
        if (r == 0 || typ == 0)
        {
            mv0 = mv1 = 0;
        }
        else if (typ == 1)
        {
            mv0 = GmParams[r, 0] >> (16 - 3);
            mv1 = GmParams[r, 1] >> (16 - 3);
        }
        else
        {
            int x = MiCol * 4 + bw / 2 - 1, y = MiRow * 4 + bh / 2 - 1;
            long xc = (long)(GmParams[r, 2] - (1 << 16)) * x + (long)GmParams[r, 3] * y + GmParams[r, 0];
            long yc = (long)GmParams[r, 4] * x + (long)(GmParams[r, 5] - (1 << 16)) * y + GmParams[r, 1];
            if (AllowHighPrecisionMv)
            {
                mv0 = (int)Round2Signed(yc, 13);
                mv1 = (int)Round2Signed(xc, 13);
            }
            else
            {
                mv0 = (int)Round2Signed(yc, 14) * 2;
                mv1 = (int)Round2Signed(xc, 14) * 2;
            }
        }
        GlobalMvs[refList, 0] = LowerMvPrecision(mv0);
        GlobalMvs[refList, 1] = LowerMvPrecision(mv1);
    }

    private int LowerMvPrecision(int v)
    {
        if (AllowHighPrecisionMv)
            return v;
        if (ForceIntegerMv)
        {
            int aInt = (Math.Abs(v) + 3) >> 3;
            return v > 0 ? aInt << 3 : -(aInt << 3);
        }
        if ((v & 1) != 0)
            v += v > 0 ? -1 : 1;
        return v;
    }

    private void ScanRow(int deltaRow, bool isCompound)
    {
        int bw4 = W4(MiSize), end4 = Math.Min(Math.Min(bw4, MiCols - MiCol), 16), deltaCol = 0;
        bool useStep16 = bw4 >= 16;
        if (Math.Abs(deltaRow) > 1)
        {
            deltaRow += MiRow & 1;
            deltaCol = 1 - (MiCol & 1);
        }
        int i = 0;
        while (i < end4)
        {
            int mvRow = MiRow + deltaRow, mvCol = MiCol + deltaCol + i;
            if (!IsInside(mvRow, mvCol))
                break;
            Assert.True(Written[mvRow, mvCol]);
            int len = Math.Min(bw4, W4(MiSizes[mvRow, mvCol]));
            if (Math.Abs(deltaRow) > 1)
                len = Math.Max(2, len);
            if (useStep16)
                len = Math.Max(4, len);
            AddRefMvCandidate(mvRow, mvCol, isCompound, len * 2);
            i += len;
        }
    }

    private void ScanCol(int deltaCol, bool isCompound)
    {
        int bh4 = H4(MiSize), end4 = Math.Min(Math.Min(bh4, MiRows - MiRow), 16), deltaRow = 0;
        bool useStep16 = bh4 >= 16;
        if (Math.Abs(deltaCol) > 1)
        {
            deltaRow = 1 - (MiRow & 1);
            deltaCol += MiCol & 1;
        }
        int i = 0;
        while (i < end4)
        {
            int mvRow = MiRow + deltaRow + i, mvCol = MiCol + deltaCol;
            if (!IsInside(mvRow, mvCol))
                break;
            Assert.True(Written[mvRow, mvCol]);
            int len = Math.Min(bh4, H4(MiSizes[mvRow, mvCol]));
            if (Math.Abs(deltaCol) > 1)
                len = Math.Max(2, len);
            if (useStep16)
                len = Math.Max(4, len);
            AddRefMvCandidate(mvRow, mvCol, isCompound, len * 2);
            i += len;
        }
    }

    private void ScanPoint(int deltaRow, int deltaCol, bool isCompound)
    {
        int mvRow = MiRow + deltaRow, mvCol = MiCol + deltaCol;
        if (IsInside(mvRow, mvCol) && Written[mvRow, mvCol])
            AddRefMvCandidate(mvRow, mvCol, isCompound, 4);
    }

    private void TemporalScan(bool isCompound)
    {
        int bw4 = W4(MiSize), bh4 = H4(MiSize), stepW4 = bw4 >= 16 ? 4 : 2, stepH4 = bh4 >= 16 ? 4 : 2;
        for (int deltaRow = 0; deltaRow < Math.Min(bh4, 16); deltaRow += stepH4)
            for (int deltaCol = 0; deltaCol < Math.Min(bw4, 16); deltaCol += stepW4)
                AddTplRefMv(deltaRow, deltaCol, isCompound);
        bool allowExtension = bh4 >= H4(3) && bh4 < H4(12) && bw4 >= W4(3) && bw4 < W4(12);
        if (!allowExtension)
            return;
        int[,] tplSamplePos = { { bh4, -2 }, { bh4, bw4 }, { bh4 - 2, bw4 } };
        for (int i = 0; i < 3; i++)
        {
            int row = (MiRow & 15) + tplSamplePos[i, 0], col = (MiCol & 15) + tplSamplePos[i, 1];
            if (row >= 0 && row < 16 && col >= 0 && col < 16)
                AddTplRefMv(tplSamplePos[i, 0], tplSamplePos[i, 1], isCompound);
        }
    }

    private void AddTplRefMv(int deltaRow, int deltaCol, bool isCompound)
    {
        int mvRow = (MiRow + deltaRow) | 1, mvCol = (MiCol + deltaCol) | 1;
        if (!IsInside(mvRow, mvCol))
            return;
        int x8 = mvCol >> 1, y8 = mvRow >> 1, lists = isCompound ? 2 : 1;
        if (deltaRow == 0 && deltaCol == 0)
            ZeroMvContext = 1;
        int[,] cand = new int[2, 2];
        for (int list = 0; list < lists; list++)
        {
            for (int comp = 0; comp < 2; comp++)
                cand[list, comp] = MotionFieldMvs[RefFrame[list], y8, x8, comp];
            if (cand[list, 0] == Invalid)
                return;
        }
        bool far = false;
        for (int list = 0; list < lists; list++)
        {
            for (int comp = 0; comp < 2; comp++)
            {
                cand[list, comp] = LowerMvPrecision(cand[list, comp]);
                far |= Math.Abs(cand[list, comp] - GlobalMvs[list, comp]) >= 16;
            }
        }
        if (deltaRow == 0 && deltaCol == 0)
            ZeroMvContext = far ? 1 : 0;
        Push(cand, lists, 2);
    }

    private void Push(int[,] cand, int lists, int weight)
    {
        int idx;
        for (idx = 0; idx < NumMvFound; idx++)
        {
            bool equal = true;
            for (int list = 0; list < lists; list++)
                equal &= cand[list, 0] == RefStackMv[idx, list, 0] && cand[list, 1] == RefStackMv[idx, list, 1];
            if (equal)
                break;
        }
        if (idx < NumMvFound)
        {
            WeightStack[idx] += weight;
        }
        else if (NumMvFound < 8)
        {
            for (int list = 0; list < lists; list++)
                for (int comp = 0; comp < 2; comp++)
                    RefStackMv[NumMvFound, list, comp] = cand[list, comp];
            WeightStack[NumMvFound] = weight;
            NumMvFound++;
        }
    }

    private void AddRefMvCandidate(int mvRow, int mvCol, bool isCompound, int weight)
    {
        if (!IsInters[mvRow, mvCol])
            return;
        if (!isCompound)
        {
            for (int candList = 0; candList < 2; candList++)
                if (RefFrames[mvRow, mvCol, candList] == RefFrame[0])
                    SearchStack(mvRow, mvCol, candList, weight);
        }
        else if (RefFrames[mvRow, mvCol, 0] == RefFrame[0] && RefFrames[mvRow, mvCol, 1] == RefFrame[1])
        {
            CompoundSearchStack(mvRow, mvCol, weight);
        }
    }

    private static bool HasNewmv(int mode) => mode is 17 or 25 or 22 or 23 or 20 or 21;

    private void SearchStack(int mvRow, int mvCol, int candList, int weight)
    {
        int candMode = YModes[mvRow, mvCol], candSize = MiSizes[mvRow, mvCol];
        bool large = Math.Min(W4(candSize) * 4, H4(candSize) * 4) >= 8;
        bool global = candMode is 16 or 24 && GmType[RefFrame[0]] > 1 && large;
        int[,] candMv = new int[2, 2];
        for (int comp = 0; comp < 2; comp++)
            candMv[0, comp] = LowerMvPrecision(global ? GlobalMvs[0, comp] : Mvs[mvRow, mvCol, candList, comp]);
        if (HasNewmv(candMode))
            NewMvCount++;
        FoundMatch = true;
        Push(candMv, 1, weight);
    }

    private void CompoundSearchStack(int mvRow, int mvCol, int weight)
    {
        int candMode = YModes[mvRow, mvCol];
        int[,] candMvs = new int[2, 2];
        for (int list = 0; list < 2; list++)
            for (int comp = 0; comp < 2; comp++)
                candMvs[list, comp] = LowerMvPrecision(candMode == 24 && GmType[RefFrame[list]] > 1 ? GlobalMvs[list, comp] : Mvs[mvRow, mvCol, list, comp]);
        FoundMatch = true;
        Push(candMvs, 2, weight);
        if (HasNewmv(candMode))
            NewMvCount++;
    }

    private void Sorting(int start, int end, bool isCompound)
    {
        while (end > start)
        {
            int newEnd = start;
            for (int idx = start + 1; idx < end; idx++)
            {
                if (WeightStack[idx - 1] < WeightStack[idx])
                {
                    (WeightStack[idx - 1], WeightStack[idx]) = (WeightStack[idx], WeightStack[idx - 1]);
                    for (int list = 0; list < (isCompound ? 2 : 1); list++)
                        for (int comp = 0; comp < 2; comp++)
                            (RefStackMv[idx - 1, list, comp], RefStackMv[idx, list, comp]) = (RefStackMv[idx, list, comp], RefStackMv[idx - 1, list, comp]);
                    newEnd = idx;
                }
            }
            end = newEnd;
        }
    }

    private void ExtraSearch(bool isCompound)
    {
        for (int list = 0; list < 2; list++)
            _refIdCount[list] = _refDiffCount[list] = 0;
        int w4 = Math.Min(Math.Min(16, W4(MiSize)), MiCols - MiCol), h4 = Math.Min(Math.Min(16, H4(MiSize)), MiRows - MiRow), num4x4 = Math.Min(w4, h4);
        for (int pass = 0; pass < 2; pass++)
        {
            int idx = 0;
            while (idx < num4x4 && NumMvFound < 2)
            {
                int mvRow = pass == 0 ? MiRow - 1 : MiRow + idx, mvCol = pass == 0 ? MiCol + idx : MiCol - 1;
                if (!IsInside(mvRow, mvCol))
                    break;
                AddExtraMvCandidate(mvRow, mvCol, isCompound);
                idx += pass == 0 ? W4(MiSizes[mvRow, mvCol]) : H4(MiSizes[mvRow, mvCol]);
            }
        }
        if (!isCompound)
        {
            for (int idx = NumMvFound; idx < 2; idx++)
                for (int comp = 0; comp < 2; comp++)
                    RefStackMv[idx, 0, comp] = GlobalMvs[0, comp];
            return;
        }
        int[,,] combinedMvs = new int[2, 2, 2];
        for (int list = 0; list < 2; list++)
        {
            int compCount = 0;
            for (int idx = 0; idx < _refIdCount[list]; idx++, compCount++)
                for (int comp = 0; comp < 2; comp++)
                    combinedMvs[compCount, list, comp] = _refIdMvs[list, idx, comp];
            for (int idx = 0; idx < _refDiffCount[list] && compCount < 2; idx++, compCount++)
                for (int comp = 0; comp < 2; comp++)
                    combinedMvs[compCount, list, comp] = _refDiffMvs[list, idx, comp];
            for (; compCount < 2; compCount++)
                for (int comp = 0; comp < 2; comp++)
                    combinedMvs[compCount, list, comp] = GlobalMvs[list, comp];
        }
        if (NumMvFound == 1)
        {
            bool equal = true;
            for (int list = 0; list < 2; list++)
                for (int comp = 0; comp < 2; comp++)
                    equal &= combinedMvs[0, list, comp] == RefStackMv[0, list, comp];
            AddCombined(combinedMvs, equal ? 1 : 0);
        }
        else
        {
            for (int idx = 0; idx < 2; idx++)
                AddCombined(combinedMvs, idx);
        }
    }

    private void AddCombined(int[,,] combinedMvs, int idx)
    {
        for (int list = 0; list < 2; list++)
            for (int comp = 0; comp < 2; comp++)
                RefStackMv[NumMvFound, list, comp] = combinedMvs[idx, list, comp];
        WeightStack[NumMvFound] = 2;
        NumMvFound++;
    }

    private void AddExtraMvCandidate(int mvRow, int mvCol, bool isCompound)
    {
        for (int candList = 0; candList < 2; candList++)
        {
            int candRef = RefFrames[mvRow, mvCol, candList];
            if (candRef <= 0)
                continue;
            for (int list = 0; list < (isCompound ? 2 : 1); list++)
            {
                int mv0 = Mvs[mvRow, mvCol, candList, 0], mv1 = Mvs[mvRow, mvCol, candList, 1];
                if (isCompound && candRef == RefFrame[list] && _refIdCount[list] < 2)
                {
                    _refIdMvs[list, _refIdCount[list], 0] = mv0;
                    _refIdMvs[list, _refIdCount[list], 1] = mv1;
                    _refIdCount[list]++;
                    continue;
                }
                if (isCompound && _refDiffCount[list] >= 2)
                    continue;
                if (SignBias[candRef] != SignBias[RefFrame[list]])
                {
                    mv0 *= -1;
                    mv1 *= -1;
                }
                if (isCompound)
                {
                    _refDiffMvs[list, _refDiffCount[list], 0] = mv0;
                    _refDiffMvs[list, _refDiffCount[list], 1] = mv1;
                    _refDiffCount[list]++;
                    continue;
                }
                int idx;
                for (idx = 0; idx < NumMvFound; idx++)
                    if (mv0 == RefStackMv[idx, 0, 0] && mv1 == RefStackMv[idx, 0, 1])
                        break;
                if (idx == NumMvFound)
                {
                    RefStackMv[idx, 0, 0] = mv0;
                    RefStackMv[idx, 0, 1] = mv1;
                    WeightStack[idx] = 2;
                    NumMvFound++;
                }
            }
        }
    }

    private void ContextAndClamping(bool isCompound, int numNew)
    {
        int bw4 = W4(MiSize), bh4 = H4(MiSize);
        for (int idx = 0; idx < NumMvFound; idx++)
        {
            int z = 0;
            if (idx + 1 < NumMvFound)
            {
                int w0 = WeightStack[idx], w1 = WeightStack[idx + 1];
                if (w0 >= 640)
                {
                    if (w1 < 640)
                        z = 1;
                }
                else
                {
                    z = 2;
                }
            }
            DrlCtxStack[idx] = z;
        }
        for (int list = 0; list < (isCompound ? 2 : 1); list++)
        {
            for (int idx = 0; idx < NumMvFound; idx++)
            {
                int borderRow = 128 + bh4 * 4 * 8, borderCol = 128 + bw4 * 4 * 8;
                RefStackMv[idx, list, 0] = Math.Clamp(RefStackMv[idx, list, 0], -(MiRow * 4 * 8) - borderRow, (MiRows - bh4 - MiRow) * 4 * 8 + borderRow);
                RefStackMv[idx, list, 1] = Math.Clamp(RefStackMv[idx, list, 1], -(MiCol * 4 * 8) - borderCol, (MiCols - bw4 - MiCol) * 4 * 8 + borderCol);
            }
        }
        if (CloseMatches == 0)
        {
            NewMvContext = Math.Min(TotalMatches, 1);
            RefMvContext = TotalMatches;
        }
        else if (CloseMatches == 1)
        {
            NewMvContext = 3 - Math.Min(numNew, 1);
            RefMvContext = 2 + TotalMatches;
        }
        else
        {
            NewMvContext = 5 - Math.Min(numNew, 1);
            RefMvContext = 5;
        }
    }

    // ---- 7.10.3, 7.10.4

    public bool HasOverlappableCandidates()
    {
        if (IsInside(MiRow - 1, MiCol))
            for (int x4 = MiCol; x4 < Math.Min(MiCols, MiCol + W4(MiSize)); x4 += 2)
                if (RefFrames[MiRow - 1, x4 | 1, 0] > 0)
                    return true;
        if (IsInside(MiRow, MiCol - 1))
            for (int y4 = MiRow; y4 < Math.Min(MiRows, MiRow + H4(MiSize)); y4 += 2)
                if (RefFrames[y4 | 1, MiCol - 1, 0] > 0)
                    return true;
        return false;
    }

    public void FindWarpSamples()
    {
        int w4 = W4(MiSize), h4 = H4(MiSize), miStep;
        bool doTopLeft = true, doTopRight = true;
        NumSamples = NumSamplesScanned = 0;
        if (IsInside(MiRow - 1, MiCol))
        {
            int srcW = W4(MiSizes[MiRow - 1, MiCol]);
            if (w4 <= srcW)
            {
                int colOffset = -(MiCol & (srcW - 1));
                if (colOffset < 0)
                    doTopLeft = false;
                if (colOffset + srcW > w4)
                    doTopRight = false;
                AddSample(-1, 0);
            }
            else
            {
                for (int i = 0; i < Math.Min(w4, MiCols - MiCol); i += miStep)
                {
                    miStep = Math.Min(w4, W4(MiSizes[MiRow - 1, MiCol + i]));
                    AddSample(-1, i);
                }
            }
        }
        if (IsInside(MiRow, MiCol - 1))
        {
            int srcH = H4(MiSizes[MiRow, MiCol - 1]);
            if (h4 <= srcH)
            {
                int rowOffset = -(MiRow & (srcH - 1));
                if (rowOffset < 0)
                    doTopLeft = false;
                AddSample(0, -1);
            }
            else
            {
                for (int i = 0; i < Math.Min(h4, MiRows - MiRow); i += miStep)
                {
                    miStep = Math.Min(h4, H4(MiSizes[MiRow + i, MiCol - 1]));
                    AddSample(i, -1);
                }
            }
        }
        if (doTopLeft)
            AddSample(-1, -1);
        if (doTopRight && Math.Max(w4, h4) <= 16)
            AddSample(-1, w4);
        if (NumSamples == 0 && NumSamplesScanned > 0)
            NumSamples = 1;
    }

    private void AddSample(int deltaRow, int deltaCol)
    {
        if (NumSamplesScanned >= 8)
            return;
        int mvRow = MiRow + deltaRow, mvCol = MiCol + deltaCol;
        if (!IsInside(mvRow, mvCol) || !Written[mvRow, mvCol] || RefFrames[mvRow, mvCol, 0] != RefFrame[0] || RefFrames[mvRow, mvCol, 1] != -1)
            return;
        int candSz = MiSizes[mvRow, mvCol], candW4 = W4(candSz), candH4 = H4(candSz);
        int candRow = mvRow & ~(candH4 - 1), candCol = mvCol & ~(candW4 - 1);
        int midY = candRow * 4 + candH4 * 2 - 1, midX = candCol * 4 + candW4 * 2 - 1;
        int threshold = Math.Clamp(Math.Max(W4(MiSize) * 4, H4(MiSize) * 4), 16, 112);
        int mvDiffRow = Math.Abs(Mvs[candRow, candCol, 0, 0] - Mv[0, 0]), mvDiffCol = Math.Abs(Mvs[candRow, candCol, 0, 1] - Mv[0, 1]);
        bool valid = mvDiffRow + mvDiffCol <= threshold;
        NumSamplesScanned++;
        if (!valid && NumSamplesScanned > 1)
            return;
        CandList[NumSamples, 0] = midY * 8;
        CandList[NumSamples, 1] = midX * 8;
        CandList[NumSamples, 2] = midY * 8 + Mvs[candRow, candCol, 0, 0];
        CandList[NumSamples, 3] = midX * 8 + Mvs[candRow, candCol, 0, 1];
        if (valid)
            NumSamples++;
    }

    /// <summary>7.19 at one position: reference and vector.</summary>
    public (int Reference, int Row, int Col) SavedMotion(int row, int col)
    {
        (int, int, int) saved = (-1, 0, 0);
        for (int list = 0; list < 2; list++)
        {
            int r = RefFrames[row, col, list];
            if (r > 0 && GetRelativeDist(OrderHints[r], OrderHint) < 0)
            {
                int mvRow = Mvs[row, col, list, 0], mvCol = Mvs[row, col, list, 1];
                if (Math.Abs(mvRow) <= 4095 && Math.Abs(mvCol) <= 4095)
                    saved = (r, mvRow, mvCol);
            }
        }
        return saved;
    }
}
