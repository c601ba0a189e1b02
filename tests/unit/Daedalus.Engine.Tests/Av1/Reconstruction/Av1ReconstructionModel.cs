// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Kernels;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>A plane with samples of one or two bytes.</summary>
internal sealed unsafe class Av1ModelPlane(int width, int height, int sampleSize)
{
    public readonly int Width = width, Height = height;
    private readonly byte[] _bytes = new byte[width * height * sampleSize];

    public int this[int x, int y]
    {
        get => sampleSize == 1 ? _bytes[y * Width + x] : _bytes[(y * Width + x) * 2] | _bytes[(y * Width + x) * 2 + 1] << 8;
        set
        {
            if (sampleSize == 1)
            {
                _bytes[y * Width + x] = (byte)value;
                return;
            }
            _bytes[(y * Width + x) * 2] = (byte)value;
            _bytes[(y * Width + x) * 2 + 1] = (byte)(value >> 8);
        }
    }
}

/// <summary>
/// compute_prediction, residual and the prediction processes (5.11.33, 5.11.34, 7.11.2, 7.11.3) as the specification writes them, sample by sample with clamped coordinates. The arithmetic of filters,
/// transforms and blends, which the kernels' tests compare with the equations, is left to the scalar kernels.
/// </summary>
internal sealed unsafe class Av1ReconstructionModel : IDisposable
{
    private readonly Av1FrameState* _s;
    private readonly Av1KernelTable* _kernels = (Av1KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1KernelTable));
    private readonly byte* _scratch = (byte*)NativeMemory.AlignedAlloc(1 << 22, 64);
    private readonly int _sampleSize, _depth, _subX, _subY;
    private readonly bool[][,] _decoded = [new bool[40, 40], new bool[40, 40], new bool[40, 40]];
    private readonly byte[,] _mask = new byte[128, 128];
    private Av1Tile* _tile;
    private int _maxLumaW, _maxLumaH;

    public readonly Av1ModelPlane[] Frame;
    /// <summary>FrameStore by reference name: null is missing.</summary>
    public readonly Av1ModelPlane[]?[] References = new Av1ModelPlane[8][];
    public readonly (int Width, int Height)[] Sizes = new (int, int)[8];

    public Av1ReconstructionModel(Av1FrameState* s)
    {
        _s = s;
        _depth = s->BitDepth;
        _sampleSize = _depth > 8 ? 2 : 1;
        _subX = s->SubsamplingX;
        _subY = s->SubsamplingY;
        Av1KernelTable.Create(_kernels, _depth, KernelLevel.Scalar);
        // Room for blocks that stand out of the frame.
        Frame = [new(s->MiCols * 4 + 160, s->MiRows * 4 + 160, _sampleSize), new(s->MiCols * 4 + 160, s->MiRows * 4 + 160, _sampleSize), new(s->MiCols * 4 + 160, s->MiRows * 4 + 160, _sampleSize)];
    }

    public void Dispose()
    {
        NativeMemory.Free(_kernels);
        NativeMemory.AlignedFree(_scratch);
    }

    private int SubX(int plane) => plane > 0 ? _subX : 0;
    private int SubY(int plane) => plane > 0 ? _subY : 0;
    private int PlaneSize(Av1BlockSize size, int plane) => Av1Tables.SubsampledSize[((int)size * 2 + SubX(plane)) * 2 + SubY(plane)];
    private static int Wide(int size) => Av1Tables.Num4x4BlocksWide[size];
    private static int High(int size) => Av1Tables.Num4x4BlocksHigh[size];
    private static bool Has(Av1Block* b, Av1BlockFlags flag) => (b->Flags & flag) != 0;

    private void Put(byte* p, int i, int v)
    {
        if (_sampleSize == 1)
            p[i] = (byte)v;
        else
            ((ushort*)p)[i] = (ushort)v;
    }

    private int Take(byte* p, int i) => _sampleSize == 1 ? p[i] : ((ushort*)p)[i];

    public void Superblock(Av1Tile* tile, int sbRow, int sbCol, byte* coefficients)
    {
        _tile = tile;
        int sb4 = 1 << _s->SbSizeLog2, r = sbRow * sb4, c = sbCol * sb4;
        for (int plane = 0; plane < 3; plane++)
        {
            int w = (tile->MiColEnd - c) >> SubX(plane), h = (tile->MiRowEnd - r) >> SubY(plane);
            for (int y = -1; y <= sb4 >> SubY(plane); y++)
            {
                for (int x = -1; x <= sb4 >> SubX(plane); x++)
                    _decoded[plane][y + 1, x + 1] = (y < 0 && x < w) || (x < 0 && y < h);
            }
            _decoded[plane][(sb4 >> SubY(plane)) + 1, 0] = false;
        }
        Av1Superblock* sb = _s->Superblock(sbRow, sbCol);
        for (int i = 0; i < sb->BlockCount; i++)
            Block(sb, sb->Blocks + i, coefficients);
    }

    private void Block(Av1Superblock* sb, Av1Block* b, byte* coefficients)
    {
        for (int plane = 0; plane < (b->HasChroma ? 3 : 1); plane++)
            ComputePrediction(b, plane);
        coefficients += (nint)b->FirstCoefficient * 2 * _sampleSize;
        for (int i = 0; i < b->TransformCount; i++)
            TransformBlock(sb, b, sb->Transforms + b->FirstTransform + i, ref coefficients);
        if (!b->IsInter)
            return;
        // Transform blocks of skipped inter blocks have no record.
        for (int plane = 0; plane < (b->HasChroma ? 3 : 1); plane++)
        {
            int size = PlaneSize(b->Size, plane), mask = (1 << _s->SbSizeLog2) - 1;
            Mark(plane, (b->MiRow & mask) >> SubY(plane), (b->MiCol & mask) >> SubX(plane), High(size), Wide(size));
        }
    }

    private void Mark(int plane, int row, int col, int rows, int cols)
    {
        for (int y = 0; y < rows; y++)
        {
            for (int x = 0; x < cols; x++)
                _decoded[plane][row + y + 1, col + x + 1] = true;
        }
    }

    private bool IsDecoded(int plane, int row, int col) => _decoded[plane][row + 1, col + 1];

    private void TransformBlock(Av1Superblock* sb, Av1Block* b, Av1TransformBlock* t, ref byte* coefficients)
    {
        int plane = t->Plane, tx = (int)t->TxSize, subX = SubX(plane), subY = SubY(plane);
        int startX = (b->MiCol >> subX) * 4 + 4 * t->X4, startY = (b->MiRow >> subY) * 4 + 4 * t->Y4, mask = (1 << _s->SbSizeLog2) - 1;
        int row = (startY << subY) >> 2 & mask, col = (startX << subX) >> 2 & mask, w = Av1Tables.TxWidth[tx], h = Av1Tables.TxHeight[tx];
        if (!b->IsInter)
        {
            if ((plane == 0 ? b->PaletteSizeY : b->PaletteSizeUv) != 0)
            {
                PredictPalette(sb, b, plane, startX, startY, t->X4, t->Y4, w, h);
            }
            else
            {
                bool cfl = plane > 0 && b->UvMode == Av1Mode.UvCfl;
                var mode = plane == 0 ? b->YMode : cfl ? Av1Mode.Dc : b->UvMode;
                PredictIntra(b, plane, startX, startY, Has(b, plane == 0 ? Av1BlockFlags.AvailableLeft : Av1BlockFlags.AvailableLeftChroma) || t->X4 > 0,
                    Has(b, plane == 0 ? Av1BlockFlags.AvailableAbove : Av1BlockFlags.AvailableAboveChroma) || t->Y4 > 0,
                    IsDecoded(plane, (row >> subY) - 1, (col >> subX) + (w >> 2)), IsDecoded(plane, (row >> subY) + (h >> 2), (col >> subX) - 1), mode, w, h, Frame[plane], startX, startY);
                if (cfl)
                    PredictFromLuma(plane, startX, startY, w, h, plane == 1 ? b->CflAlphaU : b->CflAlphaV);
            }
            if (plane == 0)
            {
                _maxLumaW = startX + w;
                _maxLumaH = startY + h;
            }
        }
        if (t->Eob > 0)
        {
            Load(Frame[plane], startX, startY, w, h, _scratch, w * _sampleSize);
            _kernels->GetInverseTransform(Has(b, Av1BlockFlags.Lossless) ? Av1KernelTable.Lossless : tx * 16 + (int)t->TxType)(_scratch, w * _sampleSize, coefficients, t->Eob, _depth);
            Store(Frame[plane], startX, startY, w, h, _scratch, w * _sampleSize);
            coefficients += Math.Min(w, 32) * Math.Min(h, 32) * 2 * _sampleSize;
        }
        Mark(plane, row >> subY, col >> subX, h >> 2, w >> 2);
    }

    private void Load(Av1ModelPlane from, int x, int y, int w, int h, byte* to, int stride)
    {
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
                Put(to + i * stride, j, from[x + j, y + i]);
        }
    }

    private void Store(Av1ModelPlane to, int x, int y, int w, int h, byte* from, int stride)
    {
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
                to[x + j, y + i] = Take(from + i * stride, j);
        }
    }

    // --- intra -----------------------------------------------------------------------------------------------------------------------------------

    private void PredictPalette(Av1Superblock* sb, Av1Block* b, int plane, int startX, int startY, int x, int y, int w, int h)
    {
        byte* at = sb->Palettes + b->Palette;
        ushort* palette = (ushort*)at + plane * 8;
        byte* map = at + 48 + (plane == 0 ? 0 : 16 * Wide((int)b->Size) * High((int)b->Size));
        int stride = 4 * Wide(PlaneSize(b->Size, plane));
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
                Frame[plane][startX + j, startY + i] = palette[map[(y * 4 + i) * stride + x * 4 + j]];
        }
    }

    private void PredictFromLuma(int plane, int startX, int startY, int w, int h, int alpha)
    {
        int[,] l = new int[h, w];
        int sum = 0;
        for (int i = 0; i < h; i++)
        {
            int lumaY = Math.Min((startY + i) << _subY, _maxLumaH - (1 << _subY));
            for (int j = 0; j < w; j++)
            {
                int lumaX = Math.Min((startX + j) << _subX, _maxLumaW - (1 << _subX)), t = 0;
                for (int dy = 0; dy <= _subY; dy++)
                {
                    for (int dx = 0; dx <= _subX; dx++)
                        t += Frame[0][lumaX + dx, lumaY + dy];
                }
                l[i, j] = t << (3 - _subX - _subY);
                sum += l[i, j];
            }
        }
        int shift = BitOperations.Log2((uint)(w * h)), average = (sum + (1 << (shift - 1))) >> shift;
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
            {
                int product = alpha * (l[i, j] - average), scaled = product >= 0 ? (product + 32) >> 6 : -((-product + 32) >> 6);
                Frame[plane][startX + j, startY + i] = Math.Clamp(Frame[plane][startX + j, startY + i] + scaled, 0, (1 << _depth) - 1);
            }
        }
    }

    private void PredictIntra(Av1Block* b, int plane, int x, int y, bool haveLeft, bool haveAbove, bool haveAboveRight, bool haveBelowLeft, Av1Mode mode, int w, int h, Av1ModelPlane to, int toX, int toY)
    {
        var frame = Frame[plane];
        int maxX = (_s->MiCols * 4 >> SubX(plane)) - 1, maxY = (_s->MiRows * 4 >> SubY(plane)) - 1;
        // Index 16 is 0 of the specification.
        int[] above = new int[16 + 2 * (w + h) + 16], left = new int[16 + 2 * (w + h) + 16];
        for (int i = 0; i < w + h; i++)
        {
            above[16 + i] = haveAbove ? frame[Math.Min(Math.Min(maxX, x + (haveAboveRight ? 2 * w : w) - 1), x + i), y - 1] : haveLeft ? frame[x - 1, y] : (1 << (_depth - 1)) - 1;
            left[16 + i] = haveLeft ? frame[x - 1, Math.Min(Math.Min(maxY, y + (haveBelowLeft ? 2 * h : h) - 1), y + i)] : haveAbove ? frame[x, y - 1] : (1 << (_depth - 1)) + 1;
        }
        above[15] = left[15] = haveAbove && haveLeft ? frame[x - 1, y - 1] : haveAbove ? frame[x, y - 1] : haveLeft ? frame[x - 1, y] : 1 << (_depth - 1);
        bool directional = mode >= Av1Mode.V && mode <= Av1Mode.D67;
        int angle = directional ? Av1Tables.ModeToAngle[(int)mode] + 3 * (plane == 0 ? b->AngleDeltaY : b->AngleDeltaUv) : 0;
        if (directional && angle != 90 && angle != 180)
        {
            Directional(b, plane, x, y, haveLeft, haveAbove, angle, w, h, maxX, maxY, above, left, to, toX, toY);
            return;
        }
        byte* a = _scratch + 1024, l = _scratch + 3072, dst = _scratch + 8192;
        for (int i = -1; i < w + h; i++)
        {
            Put(a, i, above[16 + i]);
            Put(l, i, left[16 + i]);
        }
        if (plane == 0 && b->FilterIntraMode != Av1Block.NoFilterIntra)
        {
            _kernels->GetIntraFilter()(dst, w * _sampleSize, a, l, w, h, b->FilterIntraMode, _depth);
        }
        else
        {
            int size = 0;
            while (Av1Tables.TxWidth[size] != w || Av1Tables.TxHeight[size] != h)
                size++;
            var predictor = directional ? angle == 90 ? Av1IntraPredictor.Vertical : Av1IntraPredictor.Horizontal : mode switch
            {
                Av1Mode.Smooth => Av1IntraPredictor.Smooth,
                Av1Mode.SmoothV => Av1IntraPredictor.SmoothVertical,
                Av1Mode.SmoothH => Av1IntraPredictor.SmoothHorizontal,
                Av1Mode.Paeth => Av1IntraPredictor.Paeth,
                _ => haveLeft && haveAbove ? Av1IntraPredictor.Dc : haveLeft ? Av1IntraPredictor.DcLeft : haveAbove ? Av1IntraPredictor.DcAbove : Av1IntraPredictor.DcNone,
            };
            _kernels->GetIntraPredict(size * 10 + (int)predictor)(dst, w * _sampleSize, a, l, _depth);
        }
        Store(to, toX, toY, w, h, dst, w * _sampleSize);
    }

    private bool IsSmooth(int row, int col, int plane)
    {
        Av1Block* b = _s->BlockAt(row, col);
        if (plane > 0 && b->RefFrame[0] > 0)
            return false;
        var mode = plane == 0 ? b->YMode : b->UvMode;
        return mode is Av1Mode.Smooth or Av1Mode.SmoothV or Av1Mode.SmoothH;
    }

    private bool FilterType(Av1Block* b, int plane)
    {
        bool smooth = false;
        if (Has(b, plane == 0 ? Av1BlockFlags.AvailableAbove : Av1BlockFlags.AvailableAboveChroma))
        {
            int r = b->MiRow - 1, c = b->MiCol;
            if (plane > 0)
            {
                if (_subX != 0 && (b->MiCol & 1) == 0)
                    c++;
                if (_subY != 0 && (b->MiRow & 1) != 0)
                    r--;
            }
            smooth = IsSmooth(r, c, plane);
        }
        if (Has(b, plane == 0 ? Av1BlockFlags.AvailableLeft : Av1BlockFlags.AvailableLeftChroma))
        {
            int r = b->MiRow, c = b->MiCol - 1;
            if (plane > 0)
            {
                if (_subX != 0 && (b->MiCol & 1) != 0)
                    c--;
                if (_subY != 0 && (b->MiRow & 1) == 0)
                    r++;
            }
            smooth |= IsSmooth(r, c, plane);
        }
        return smooth;
    }

    private static int Strength(int w, int h, bool filterType, int delta)
    {
        int d = Math.Abs(delta), blkWh = w + h, strength = 0;
        if (!filterType)
        {
            if (blkWh <= 8)
            {
                if (d >= 56) strength = 1;
            }
            else if (blkWh <= 16)
            {
                if (d >= 40) strength = 1;
            }
            else if (blkWh <= 24)
            {
                if (d >= 8) strength = 1;
                if (d >= 16) strength = 2;
                if (d >= 32) strength = 3;
            }
            else if (blkWh <= 32)
            {
                strength = 1;
                if (d >= 4) strength = 2;
                if (d >= 32) strength = 3;
            }
            else
            {
                strength = 3;
            }
        }
        else if (blkWh <= 8)
        {
            if (d >= 40) strength = 1;
            if (d >= 64) strength = 2;
        }
        else if (blkWh <= 16)
        {
            if (d >= 20) strength = 1;
            if (d >= 48) strength = 2;
        }
        else if (blkWh <= 24)
        {
            if (d >= 4) strength = 3;
        }
        else
        {
            strength = 3;
        }
        return strength;
    }

    private static void FilterEdge(int[] row, int size, int strength)
    {
        if (strength == 0)
            return;
        int[][] kernels = [[0, 4, 8, 4, 0], [0, 5, 6, 5, 0], [2, 4, 4, 4, 2]];
        int[] edge = new int[size];
        Array.Copy(row, 15, edge, 0, size);
        for (int i = 1; i < size; i++)
        {
            int s = 0;
            for (int j = 0; j < 5; j++)
                s += kernels[strength - 1][j] * edge[Math.Clamp(i - 2 + j, 0, size - 1)];
            row[15 + i] = (s + 8) >> 4;
        }
    }

    private void Upsample(int[] buf, int numPx)
    {
        int[] dup = new int[numPx + 3];
        dup[0] = buf[15];
        for (int i = -1; i < numPx; i++)
            dup[i + 2] = buf[16 + i];
        dup[numPx + 2] = buf[15 + numPx];
        buf[14] = dup[0];
        for (int i = 0; i < numPx; i++)
        {
            buf[16 + 2 * i - 1] = Math.Clamp((-dup[i] + 9 * dup[i + 1] + 9 * dup[i + 2] - dup[i + 3] + 8) >> 4, 0, (1 << _depth) - 1);
            buf[16 + 2 * i] = dup[i + 2];
        }
    }

    /// <summary>Dr_Intra_Derivative: 64 times the cotangent, as the table has it.</summary>
    private static int Derivative(int angle) => Av1ReconstructionTables.DrIntraDerivative[angle];

    private void Directional(
        Av1Block* b, int plane, int x, int y, bool haveLeft, bool haveAbove, int angle, int w, int h, int maxX, int maxY, int[] above, int[] left, Av1ModelPlane to, int toX, int toY)
    {
        int upsampleAbove = 0, upsampleLeft = 0;
        if ((_s->Sequence.Flags & Av1SequenceFlags.EnableIntraEdgeFilter) != 0)
        {
            if (angle > 90 && angle < 180 && w + h >= 24)
                above[15] = left[15] = (left[16] * 5 + above[15] * 6 + above[16] * 5 + 8) >> 4;
            bool type = FilterType(b, plane);
            if (haveAbove)
                FilterEdge(above, Math.Min(w, maxX - x + 1) + (angle < 90 ? h : 0) + 1, Strength(w, h, type, angle - 90));
            if (haveLeft)
                FilterEdge(left, Math.Min(h, maxY - y + 1) + (angle > 180 ? w : 0) + 1, Strength(w, h, type, angle - 180));
            upsampleAbove = UseUpsample(angle - 90);
            if (upsampleAbove != 0)
                Upsample(above, w + (angle < 90 ? h : 0));
            upsampleLeft = UseUpsample(angle - 180);
            if (upsampleLeft != 0)
                Upsample(left, h + (angle > 180 ? w : 0));

            int UseUpsample(int delta) => Math.Abs(delta) is 0 or >= 40 ? 0 : w + h <= (type ? 8 : 16) ? 1 : 0;
        }
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
            {
                int pred;
                if (angle < 90)
                {
                    int idx = (i + 1) * Derivative(angle), at = (idx >> (6 - upsampleAbove)) + (j << upsampleAbove), shift = ((idx << upsampleAbove) >> 1) & 31, max = (w + h - 1) << upsampleAbove;
                    pred = at < max ? Mix(above, at, shift) : above[16 + max];
                }
                else if (angle < 180)
                {
                    int idx = (j << 6) - (i + 1) * Derivative(180 - angle), at = idx >> (6 - upsampleAbove);
                    if (at >= -(1 << upsampleAbove))
                    {
                        pred = Mix(above, at, ((idx << upsampleAbove) >> 1) & 31);
                    }
                    else
                    {
                        idx = (i << 6) - (j + 1) * Derivative(angle - 90);
                        pred = Mix(left, idx >> (6 - upsampleLeft), ((idx << upsampleLeft) >> 1) & 31);
                    }
                }
                else
                {
                    int idx = (j + 1) * Derivative(270 - angle);
                    pred = Mix(left, (idx >> (6 - upsampleLeft)) + (i << upsampleLeft), ((idx << upsampleLeft) >> 1) & 31);
                }
                to[toX + j, toY + i] = pred;
            }
        }

        static int Mix(int[] edge, int at, int shift) => (edge[16 + at] * (32 - shift) + edge[16 + at + 1] * shift + 16) >> 5;
    }

    // --- inter -----------------------------------------------------------------------------------------------------------------------------------

    private void ComputePrediction(Av1Block* b, int plane)
    {
        if (!b->IsInter)
            return;
        int mask = (1 << _s->SbSizeLog2) - 1, size = PlaneSize(b->Size, plane), subX = SubX(plane), subY = SubY(plane);
        int w4 = Wide(size), h4 = High(size), baseX = (b->MiCol >> subX) * 4, baseY = (b->MiRow >> subY) * 4;
        int candRow = (b->MiRow >> subY) << subY, candCol = (b->MiCol >> subX) << subX;
        Av1ModelPlane? intra = null;
        if (Has(b, Av1BlockFlags.InterIntra))
        {
            var mode = b->InterIntraMode == 0 ? Av1Mode.Dc : b->InterIntraMode == 1 ? Av1Mode.V : b->InterIntraMode == 2 ? Av1Mode.H : Av1Mode.Smooth;
            int row = (b->MiRow & mask) >> subY, col = (b->MiCol & mask) >> subX;
            intra = new Av1ModelPlane(w4 * 4, h4 * 4, _sampleSize);
            PredictIntra(b, plane, baseX, baseY, Has(b, plane == 0 ? Av1BlockFlags.AvailableLeft : Av1BlockFlags.AvailableLeftChroma),
                Has(b, plane == 0 ? Av1BlockFlags.AvailableAbove : Av1BlockFlags.AvailableAboveChroma), IsDecoded(plane, row - 1, col + w4), IsDecoded(plane, row + h4, col - 1), mode, w4 * 4, h4 * 4, intra, 0, 0);
        }
        int predW = 4 * Wide((int)b->Size) >> subX, predH = 4 * High((int)b->Size) >> subY;
        bool someUseIntra = false;
        for (int r = 0; r < h4 << subY; r++)
        {
            for (int c = 0; c < w4 << subX; c++)
                someUseIntra |= candRow + r < _s->MiRows && candCol + c < _s->MiCols && _s->BlockAt(candRow + r, candCol + c)->RefFrame[0] == 0;
        }
        if (someUseIntra)
        {
            predW = w4 * 4;
            predH = h4 * 4;
            candRow = b->MiRow;
            candCol = b->MiCol;
        }
        for (int y = 0, r = 0; y < h4 * 4; y += predH, r++)
        {
            for (int x = 0, c = 0; x < w4 * 4; x += predW, c++)
                PredictInter(b, plane, baseX + x, baseY + y, predW, predH, _s->BlockAt(candRow + r, candCol + c), intra);
        }
    }

    /// <summary>The samples around a block with every coordinate clamped; the first is at (x, y).</summary>
    private byte* Patch(int reference, int plane, int x, int y, int w, int h, out int stride)
    {
        var from = reference == 0 ? Frame[plane] : References[reference]![plane];
        int width = reference == 0 ? _s->MiCols * 4 : Sizes[reference].Width, height = reference == 0 ? _s->MiRows * 4 : Sizes[reference].Height;
        int lastX = ((width + SubX(plane)) >> SubX(plane)) - 1, lastY = ((height + SubY(plane)) >> SubY(plane)) - 1;
        byte* to = _scratch + (1 << 20);
        stride = (w + 64) * _sampleSize;
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
                Put(to + i * stride, j, from[Math.Clamp(x + j, 0, lastX), Math.Clamp(y + i, 0, lastY)]);
        }
        return to;
    }

    private static long Round2Signed(long x, int n) => x >= 0 ? (x + (1L << (n - 1))) >> n : -((-x + (1L << (n - 1))) >> n);

    private void BlockInter(int reference, int plane, int x, int y, int w, int h, int mv, Av1Block* cand, void* dst, int form)
    {
        int width = reference == 0 ? _s->Width : Sizes[reference].Width, height = reference == 0 ? _s->Height : Sizes[reference].Height;
        long xScale = (((long)width << 14) + _s->Width / 2) / _s->Width, yScale = (((long)height << 14) + _s->Height / 2) / _s->Height;
        if (reference == 0)
            xScale = yScale = 1 << 14;
        long origX = ((long)x << 4) + ((2 * (mv >> 16)) >> SubX(plane)) + 8, origY = ((long)y << 4) + ((2 * (short)mv) >> SubY(plane)) + 8;
        int startX = (int)Round2Signed(origX * xScale - (8 << 14), 8) + 32, startY = (int)Round2Signed(origY * yScale - (8 << 14), 8) + 32;
        int stepX = (int)Round2Signed(xScale, 4), stepY = (int)Round2Signed(yScale, 4);
        int horizontal = cand->InterpFilter[1], vertical = cand->InterpFilter[0];
        if (w <= 4)
            horizontal = horizontal is 0 or 2 ? 4 : horizontal == 1 ? 5 : horizontal;
        if (h <= 4)
            vertical = vertical is 0 or 2 ? 4 : vertical == 1 ? 5 : vertical;
        int columns = (((w - 1) * stepX + 1023) >> 10) + 9, rows = (((h - 1) * stepY + 1023) >> 10) + 9;
        byte* patch = Patch(reference, plane, (startX >> 10) - 3, (startY >> 10) - 3, columns, rows, out int stride);
        _kernels->GetPredictScaled(form)(dst, w * _sampleSize, patch + 3 * stride + 3 * _sampleSize, stride, w, h, startX & 1023, startY & 1023, stepX, stepY, horizontal + 8 * vertical, _depth);
    }

    private void BlockWarp(int reference, int plane, int x, int y, int w, int h, int* p, void* dst, int form)
    {
        short* shear = stackalloc short[4];
        Av1Warp.SetupShear(p, shear);
        for (int i8 = 0; i8 <= (h - 1) >> 3; i8++)
        {
            for (int j8 = 0; j8 <= (w - 1) >> 3; j8++)
            {
                long srcX = (x + j8 * 8 + 4) << SubX(plane), srcY = (y + i8 * 8 + 4) << SubY(plane);
                long x4 = (p[2] * srcX + p[3] * srcY + p[0]) >> SubX(plane), y4 = (p[4] * srcX + p[5] * srcY + p[1]) >> SubY(plane);
                byte* patch = Patch(reference, plane, (int)(x4 >> 16) - 7, (int)(y4 >> 16) - 7, 16, 15, out int stride);
                nint offset = (nint)(i8 * 8 * w + j8 * 8) * (form == 0 ? _sampleSize : 2);
                _kernels->GetWarp(form)((byte*)dst + offset, form == 0 ? w * _sampleSize : w, patch + 7 * stride + 7 * _sampleSize, stride, shear, (int)(x4 & 0xffff), (int)(y4 & 0xffff), _depth);
            }
        }
    }

    private void PredictInter(Av1Block* b, int plane, int x, int y, int w, int h, Av1Block* cand, Av1ModelPlane? intra)
    {
        bool compound = cand->RefFrame[1] > 0;
        byte* samples = _scratch + 65536, preds = _scratch + (2 << 20);
        for (int list = 0; list < (compound ? 2 : 1); list++)
        {
            int reference = cand->RefFrame[list];
            void* dst = compound ? preds + list * 65536 : samples;
            if (reference > 0 && References[reference] == null)
            {
                for (int i = 0; i < w * h; i++)
                {
                    if (compound)
                        ((short*)dst)[i] = (short)((1 << (_depth - 1) << (_depth == 12 ? 2 : 4)) - (_depth == 8 ? 0 : 8192));
                    else
                        Put((byte*)dst, i, 1 << (_depth - 1));
                }
                continue;
            }
            Av1Reference* r = _s->References + reference;
            bool global = b->YMode is Av1Mode.GlobalMv or Av1Mode.GlobalGlobalMv && !Has(b, Av1BlockFlags.IntraBlockCopy);
            int useWarp = w < 8 || h < 8 || (_s->Frame.Flags & Av1FrameFlags.ForceIntegerMv) != 0 ? 0
                : b->MotionMode == Av1MotionMode.LocalWarp && Has(b, Av1BlockFlags.LocalWarpValid) ? 1
                : global && r->GlobalType > Av1WarpModel.Translation && !r->IsScaled && r->GlobalValid ? 2 : 0;
            if (useWarp != 0)
                BlockWarp(reference, plane, x, y, w, h, useWarp == 1 ? b->LocalWarp : r->GlobalParams, dst, compound ? 1 : 0);
            else
                BlockInter(reference, plane, x, y, w, h, cand->Mv[list], cand, dst, compound ? 1 : 0);
        }
        if (compound)
            Blend(b, plane, w, h, (short*)preds, (short*)(preds + 65536), samples);
        if (intra != null)
            BlendIntra(b, plane, w, h, intra, samples);
        Store(Frame[plane], x, y, w, h, samples, w * _sampleSize);
        if (b->MotionMode == Av1MotionMode.Obmc)
            Overlapped(b, plane, w, h);
    }

    private void Blend(Av1Block* b, int plane, int w, int h, short* p0, short* p1, byte* dst)
    {
        int stride = w * _sampleSize, lumaW = 4 * Wide((int)b->Size), lumaH = 4 * High((int)b->Size);
        if (b->CompoundType == Av1CompoundType.Average)
        {
            _kernels->GetAverage()(dst, stride, p0, p1, w, h, _depth);
            return;
        }
        if (b->CompoundType == Av1CompoundType.Distance)
        {
            DistanceWeights(b, out int forward, out int backward);
            _kernels->GetDistance()(dst, stride, p0, p1, w, h, forward, backward, _depth);
            return;
        }
        byte* mask = _scratch + (3 << 20);
        if (b->CompoundType == Av1CompoundType.Wedge)
        {
            Av1WedgeModel.Fill(_mask, b->Size, b->WedgeSign, b->WedgeIndex);
        }
        else if (plane == 0)
        {
            _kernels->GetDifferenceMask()(mask, w, p0, p1, w, h, b->MaskType, _depth);
            for (int i = 0; i < w * h; i++)
                _mask[i / w, i % w] = mask[i];
        }
        CopyMask(mask, lumaW, lumaH);
        int format = plane == 0 || _subX == 0 ? 0 : _subY == 0 ? 1 : 2;
        _kernels->GetMaskBlend(format)(dst, stride, p0, p1, mask, lumaW, w, h, _depth);
    }

    private void CopyMask(byte* to, int w, int h)
    {
        for (int i = 0; i < w * h; i++)
            to[i] = _mask[i / w, i % w];
    }

    private void BlendIntra(Av1Block* b, int plane, int w, int h, Av1ModelPlane intra, byte* samples)
    {
        bool wedge = Has(b, Av1BlockFlags.WedgeInterIntra);
        if (wedge)
            Av1WedgeModel.Fill(_mask, b->Size, b->WedgeSign, b->WedgeIndex);
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
            {
                int m;
                if (!wedge)
                {
                    int scale = 128 / Math.Max(h, w);
                    m = b->InterIntraMode == 0 ? 32 : Av1ReconstructionTables.IiWeights1d[(b->InterIntraMode == 1 ? y : b->InterIntraMode == 2 ? x : Math.Min(y, x)) * scale];
                }
                else if (SubX(plane) == 0)
                {
                    m = _mask[y, x];
                }
                else if (SubY(plane) == 0)
                {
                    m = (_mask[y, 2 * x] + _mask[y, 2 * x + 1] + 1) >> 1;
                }
                else
                {
                    m = (_mask[2 * y, 2 * x] + _mask[2 * y, 2 * x + 1] + _mask[2 * y + 1, 2 * x] + _mask[2 * y + 1, 2 * x + 1] + 2) >> 2;
                }
                Put(samples, y * w + x, (m * intra[x, y] + (64 - m) * Take(samples, y * w + x) + 32) >> 6);
            }
        }
    }

    private void DistanceWeights(Av1Block* b, out int forward, out int backward)
    {
        int[] dist = new int[2];
        for (int list = 0; list < 2; list++)
            dist[list] = Math.Clamp(Math.Abs(_s->RelativeDistance(_s->References[b->RefFrame[list]].OrderHint, (int)_s->Frame.OrderHint)), 0, 31);
        int[][] lookup = [[9, 7], [11, 5], [12, 4], [13, 3]], weight = [[2, 3], [2, 5], [2, 7], [1, 31]];
        int d0 = dist[1], d1 = dist[0], order = d0 <= d1 ? 1 : 0, i = 3;
        if (d0 != 0 && d1 != 0)
        {
            for (i = 0; i < 3; i++)
            {
                int c0 = weight[i][order], c1 = weight[i][1 - order];
                if (order == 1 && d0 * c0 > d1 * c1 || order == 0 && d0 * c0 < d1 * c1)
                    break;
            }
        }
        forward = lookup[i][order];
        backward = lookup[i][1 - order];
    }

    private void Overlapped(Av1Block* b, int plane, int w, int h)
    {
        int subX = SubX(plane), subY = SubY(plane), size = (int)b->Size;
        if (Has(b, Av1BlockFlags.AvailableAbove) && PlaneSize(b->Size, plane) >= (int)Av1BlockSize.Block8x8)
        {
            int count = 0, limit = Math.Min(4, (int)Av1Tables.MiWidthLog2[size]), x4 = b->MiCol;
            while (count < limit && x4 < Math.Min(_s->MiCols, b->MiCol + Wide(size)))
            {
                Av1Block* cand = _s->BlockAt(b->MiRow - 1, x4 | 1);
                int step4 = Math.Clamp(Wide((int)cand->Size), 2, 16);
                if (cand->RefFrame[0] > 0)
                {
                    count++;
                    Overlap(cand, plane, (x4 * 4) >> subX, (b->MiRow * 4) >> subY, Math.Min(w, (step4 * 4) >> subX), Math.Min(h >> 1, 32 >> subY), 0);
                }
                x4 += step4;
            }
        }
        if (Has(b, Av1BlockFlags.AvailableLeft))
        {
            int count = 0, limit = Math.Min(4, (int)Av1Tables.MiHeightLog2[size]), y4 = b->MiRow;
            while (count < limit && y4 < Math.Min(_s->MiRows, b->MiRow + High(size)))
            {
                Av1Block* cand = _s->BlockAt(y4 | 1, b->MiCol - 1);
                int step4 = Math.Clamp(High((int)cand->Size), 2, 16);
                if (cand->RefFrame[0] > 0)
                {
                    count++;
                    Overlap(cand, plane, (b->MiCol * 4) >> subX, (y4 * 4) >> subY, Math.Min(w >> 1, 32 >> subX), Math.Min(h, (step4 * 4) >> subY), 1);
                }
                y4 += step4;
            }
        }
    }

    private void Overlap(Av1Block* cand, int plane, int x, int y, int w, int h, int pass)
    {
        byte* other = _scratch + 65536, dst = _scratch + 131072;
        int reference = cand->RefFrame[0], stride = w * _sampleSize;
        if (References[reference] == null)
        {
            for (int i = 0; i < w * h; i++)
                Put(other, i, 1 << (_depth - 1));
        }
        else
        {
            BlockInter(reference, plane, x, y, w, h, cand->Mv[0], cand, other, 0);
        }
        Load(Frame[plane], x, y, w, h, dst, stride);
        _kernels->GetOverlapBlend(pass)(dst, stride, other, stride, w, h);
        Store(Frame[plane], x, y, w, h, dst, stride);
    }
}

/// <summary>initialise_wedge_mask_table (7.11.3.11), anew for every mask.</summary>
internal static class Av1WedgeModel
{
    private static readonly byte[,,] s_master = Master();

    private static byte[,,] Master()
    {
        byte[,,] m = new byte[6, 64, 64];
        int w = 64, h = 64;
        for (int j = 0; j < w; j++)
        {
            int shift = 16;
            for (int i = 0; i < h; i += 2)
            {
                m[3, i, j] = Av1ReconstructionTables.WedgeMasterObliqueEven[Math.Clamp(j - shift, 0, 63)];
                shift -= 1;
                m[3, i + 1, j] = Av1ReconstructionTables.WedgeMasterObliqueOdd[Math.Clamp(j - shift, 0, 63)];
                m[1, i, j] = Av1ReconstructionTables.WedgeMasterVertical[j];
                m[1, i + 1, j] = Av1ReconstructionTables.WedgeMasterVertical[j];
            }
        }
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
            {
                int msk = m[3, i, j];
                m[2, j, i] = (byte)msk;
                m[4, i, w - 1 - j] = (byte)(64 - msk);
                m[5, w - 1 - j, i] = (byte)(64 - msk);
                m[0, j, i] = m[1, i, j];
            }
        }
        return m;
    }

    /// <summary>Mask[i][j] = WedgeMasks[MiSize][wedge_sign][wedge_index][i][j].</summary>
    public static void Fill(byte[,] mask, Av1BlockSize size, int sign, int index)
    {
        int w = 4 * Av1Tables.Num4x4BlocksWide[(int)size], h = 4 * Av1Tables.Num4x4BlocksHigh[(int)size], shape = h > w ? 0 : h < w ? 1 : 2, code = (shape * 16 + index) * 3;
        int dir = Av1ReconstructionTables.WedgeCodebook[code];
        int xoff = 32 - ((Av1ReconstructionTables.WedgeCodebook[code + 1] * w) >> 3), yoff = 32 - ((Av1ReconstructionTables.WedgeCodebook[code + 2] * h) >> 3), sum = 0;
        for (int i = 0; i < w; i++)
            sum += s_master[dir, yoff, xoff + i];
        for (int i = 1; i < h; i++)
            sum += s_master[dir, yoff + i, xoff];
        int avg = (sum + (w + h - 1) / 2) / (w + h - 1), flipSign = avg < 32 ? 1 : 0;
        for (int i = 0; i < h; i++)
        {
            for (int j = 0; j < w; j++)
                mask[i, j] = (byte)(sign == flipSign ? s_master[dir, yoff + i, xoff + j] : 64 - s_master[dir, yoff + i, xoff + j]);
        }
    }
}
