// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;

namespace Daedalus.Engine.Tests.H264.Motion;

/// <summary>What the model keeps of a macroblock, by address.</summary>
internal sealed class ModelMacroblock
{
    public int Slice = -1;
    public bool Field, Intra;
    /// <summary>[list, 4×4 block in raster order].</summary>
    public readonly int[,] X = new int[2, 16], Y = new int[2, 16], Ref = new int[2, 16];
    /// <summary>Decoding order of the (sub-)macroblock partition that covers a block.</summary>
    public readonly int[] Order = new int[16];
}

/// <summary>One inter macroblock as parsed.</summary>
internal sealed class ModelSyntax
{
    public int Kind, Partition;
    public readonly int[] SubPartition = new int[4];
    public readonly bool[] SubDirect = new bool[4];
    public readonly int[,] Ref = new int[2, 4], MvdX = new int[2, 16], MvdY = new int[2, 16];
}

/// <summary>A reference as the model sees it.</summary>
internal readonly record struct ModelReference(int Key, int Poc, bool LongTerm);

/// <summary>Spec 8.4.1 word by word: locations one by one, partitions one by one, no concern for time.</summary>
internal sealed unsafe class MotionModel
{
    private readonly MotionScene _scene;
    private readonly int _width;
    public readonly ModelMacroblock[] Macroblocks;

    public MotionModel(MotionScene scene)
    {
        _scene = scene;
        _width = scene.Width;
        Macroblocks = new ModelMacroblock[scene.Width * scene.Height];
        for (int i = 0; i < Macroblocks.Length; i++)
            Macroblocks[i] = new ModelMacroblock();
    }

    private ModelMacroblock? Mb(int addr, int current) =>
        addr >= 0 && addr <= current && Macroblocks[addr].Slice == Macroblocks[current].Slice ? Macroblocks[addr] : null;

    /// <summary>Spec 6.4.12: the macroblock covering a location, null where not available, and the 4×4 block.</summary>
    private ModelMacroblock? Locate(int current, int xN, int yN, out int block)
    {
        block = 0;
        if (yN > 15 || (xN > 15 && yN >= 0))
            return null;
        int addr, yM = yN;
        if (!_scene.IsMbaff)
        {
            bool left = current % _width != 0, right = (current + 1) % _width != 0;
            if (yN < 0)
                addr = xN < 0 ? left ? current - _width - 1 : -1 : xN <= 15 ? current - _width : right ? current - _width + 1 : -1;
            else
                addr = xN < 0 ? left ? current - 1 : -1 : current;
        }
        else
        {
            int pair = current / 2;
            bool left = pair % _width != 0, right = (pair + 1) % _width != 0;
            int a = left ? 2 * (pair - 1) : -1;
            int b = 2 * (pair - _width);
            int c = right ? 2 * (pair - _width + 1) : -1;
            int d = left ? 2 * (pair - _width - 1) : -1;
            bool frame = !Macroblocks[current].Field, top = current % 2 == 0;
            int x = yN < 0 ? xN < 0 ? frame && !top ? a : d : xN <= 15 ? frame && !top ? current - 1 : b : frame && !top ? -1 : c : xN < 0 ? a : current;
            if (x < 0 || Mb(x, current) is not { } mbX)
                return null;
            bool xFrame = !mbX.Field;
            if (yN < 0)
            {
                if (frame)
                {
                    if (top)
                        addr = x + 1;
                    else if (xN >= 0 || xFrame)
                        addr = x;
                    else
                    {
                        addr = x + 1;
                        yM = 7;
                    }
                }
                else if (top)
                {
                    addr = xFrame ? x + 1 : x;
                    yM = xFrame ? 2 * yN : yN;
                }
                else
                    addr = x + 1;
            }
            else if (xN >= 0)
                addr = current;
            else if (frame)
            {
                if (xFrame)
                    addr = top ? x : x + 1;
                else
                {
                    addr = yN % 2 == 0 ? x : x + 1;
                    yM = top ? yN >> 1 : (yN + 16) >> 1;
                }
            }
            else if (xFrame)
            {
                addr = yN < 8 ? x : x + 1;
                yM = (yN << 1) + (top ? 0 : 1) - (yN < 8 ? 0 : 16);
            }
            else
                addr = top ? x : x + 1;
        }
        block = ((yM + 16) % 16 >> 2) * 4 + ((xN + 16) % 16 >> 2);
        return Mb(addr, current);
    }

    private readonly record struct Candidate(bool Available, int Ref, int X, int Y);

    /// <summary>Spec 8.4.1.3.2 for one location.</summary>
    private Candidate Neighbour(int current, int order, int list, int xN, int yN)
    {
        ModelMacroblock? mb = Locate(current, xN, yN, out int block);
        ModelMacroblock me = Macroblocks[current];
        if (mb == null || (mb == me && me.Order[block] >= order))
            return new Candidate(false, -1, 0, 0);
        int refIdx = mb.Ref[list, block];
        if (mb.Intra || refIdx < 0)
            return new Candidate(true, -1, 0, 0);
        int x = mb.X[list, block], y = mb.Y[list, block];
        if (me.Field && !mb.Field)
        {
            y /= 2;
            refIdx *= 2;
        }
        else if (!me.Field && mb.Field)
        {
            y *= 2;
            refIdx /= 2;
        }
        return new Candidate(true, refIdx, x, y);
    }

    private static int Median(int x, int y, int z) => x + y + z - Math.Min(x, Math.Min(y, z)) - Math.Max(x, Math.Max(y, z));

    private void Neighbours(int current, int order, int list, int x, int y, int width, out Candidate a, out Candidate b, out Candidate c)
    {
        a = Neighbour(current, order, list, x - 1, y);
        b = Neighbour(current, order, list, x, y - 1);
        c = Neighbour(current, order, list, x + width, y - 1);
        if (!c.Available)
            c = Neighbour(current, order, list, x - 1, y - 1);
    }

    /// <summary>Spec 8.4.1.3.</summary>
    private (int X, int Y) Predict(int current, int order, int list, int refIdx, int x, int y, int width, int height)
    {
        Neighbours(current, order, list, x, y, width, out Candidate a, out Candidate b, out Candidate c);
        if (width == 16 && height == 8)
        {
            Candidate n = y == 0 ? b : a;
            if (n.Ref == refIdx)
                return (n.X, n.Y);
        }
        else if (width == 8 && height == 16)
        {
            Candidate n = x == 0 ? a : c;
            if (n.Ref == refIdx)
                return (n.X, n.Y);
        }
        if (!b.Available && !c.Available && a.Available)
            b = c = a;
        if ((a.Ref == refIdx ? 1 : 0) + (b.Ref == refIdx ? 1 : 0) + (c.Ref == refIdx ? 1 : 0) == 1)
        {
            Candidate n = a.Ref == refIdx ? a : b.Ref == refIdx ? b : c;
            return (n.X, n.Y);
        }
        return (Median(a.X, b.X, c.X), Median(a.Y, b.Y, c.Y));
    }

    private void Store(ModelMacroblock mb, int list, int refIdx, int mvX, int mvY, int x, int y, int width, int height, int order)
    {
        for (int v = y / 4; v < (y + height) / 4; v++)
        {
            for (int u = x / 4; u < (x + width) / 4; u++)
            {
                mb.Ref[list, v * 4 + u] = refIdx;
                mb.X[list, v * 4 + u] = (short)mvX;
                mb.Y[list, v * 4 + u] = (short)mvY;
                mb.Order[v * 4 + u] = order;
            }
        }
    }

    public void DecodeIntra(int addr, int slice, bool field)
    {
        ModelMacroblock mb = Macroblocks[addr];
        mb.Slice = slice;
        mb.Field = field;
        mb.Intra = true;
        Store(mb, 0, -1, 0, 0, 0, 0, 16, 16, 0);
        Store(mb, 1, -1, 0, 0, 0, 0, 16, 16, 0);
    }

    public void DecodeInter(int addr, int slice, bool field, ModelSyntax syntax)
    {
        ModelMacroblock mb = Macroblocks[addr];
        mb.Slice = slice;
        mb.Field = field;
        mb.Intra = false;
        // Nothing of it is decoded yet.
        Store(mb, 0, -1, 0, 0, 0, 0, 16, 16, int.MaxValue);
        Store(mb, 1, -1, 0, 0, 0, 0, 16, 16, int.MaxValue);
        if (syntax.Kind == 1)
        {
            Candidate a = Neighbour(addr, 0, 0, -1, 0), b = Neighbour(addr, 0, 0, 0, -1);
            bool zero = !a.Available || !b.Available || (a.Ref == 0 && a.X == 0 && a.Y == 0) || (b.Ref == 0 && b.X == 0 && b.Y == 0);
            (int x, int y) = zero ? (0, 0) : Predict(addr, 0, 0, 0, 0, 0, 16, 16);
            Store(mb, 0, 0, x, y, 0, 0, 16, 16, 0);
            return;
        }
        (int Ref, int X, int Y)[,] direct = new (int, int, int)[2, 16];
        if (syntax.Kind == 2 || Array.Exists(syntax.SubDirect, d => d))
            Direct(addr, direct);
        if (syntax.Kind == 2)
        {
            StoreDirect(mb, direct, 0, 16, 0);
            return;
        }
        int order = 0;
        for (int part = 0; part < 4; part++)
        {
            int x = 0, y = 0, width = 16, height = 16;
            switch (syntax.Partition)
            {
                case 0 when part == 0:
                    break;
                case 1 when part < 2:
                    y = part * 8;
                    height = 8;
                    break;
                case 2 when part < 2:
                    x = part * 8;
                    width = 8;
                    break;
                case 3:
                    x = (part & 1) * 8;
                    y = (part >> 1) * 8;
                    width = height = 8;
                    break;
                default:
                    continue;
            }
            if (syntax.Partition == 3 && syntax.SubDirect[part])
            {
                StoreDirect(mb, direct, (y / 4) * 4 + x / 4, 8, order++);
                continue;
            }
            int shape = syntax.Partition == 3 ? syntax.SubPartition[part] : 0;
            int subWidth = shape >= 2 ? 4 : width, subHeight = (shape & 1) != 0 ? 4 : height;
            for (int v = 0; v < height; v += subHeight)
            {
                for (int u = 0; u < width; u += subWidth, order++)
                {
                    for (int list = 0; list < 2; list++)
                    {
                        int refIdx = syntax.Ref[list, (y / 8) * 2 + x / 8];
                        if (refIdx < 0)
                        {
                            Store(mb, list, -1, 0, 0, x + u, y + v, subWidth, subHeight, order);
                            continue;
                        }
                        (int px, int py) = Predict(addr, order, list, refIdx, x + u, y + v, subWidth, subHeight);
                        int block = (y + v) / 4 * 4 + (x + u) / 4;
                        Store(mb, list, refIdx, px + syntax.MvdX[list, block], py + syntax.MvdY[list, block], x + u, y + v, subWidth, subHeight, order);
                    }
                }
            }
        }
    }

    private void StoreDirect(ModelMacroblock mb, (int Ref, int X, int Y)[,] direct, int block, int size, int order)
    {
        for (int list = 0; list < 2; list++)
        {
            for (int v = 0; v < size / 4; v++)
            {
                for (int u = 0; u < size / 4; u++)
                {
                    int at = block + v * 4 + u;
                    (int refIdx, int x, int y) = direct[list, at];
                    Store(mb, list, refIdx, x, y, (at & 3) * 4, (at >> 2) * 4, 4, 4, order);
                }
            }
        }
    }

    /// <summary>Spec 8.4.1.2 for each 4×4 block.</summary>
    private void Direct(int addr, (int Ref, int X, int Y)[,] to)
    {
        ModelMacroblock me = Macroblocks[addr];
        int[] spatialRef = new int[2];
        (int X, int Y)[] spatialMv = new (int, int)[2];
        bool zeroPrediction = false;
        if (_scene.DirectSpatial)
        {
            for (int list = 0; list < 2; list++)
            {
                Neighbours(addr, 0, list, 0, 0, 16, out Candidate a, out Candidate b, out Candidate c);
                spatialRef[list] = MinPositive(a.Ref, MinPositive(b.Ref, c.Ref));
                spatialMv[list] = Predict(addr, 0, list, spatialRef[list], 0, 0, 16, 16);
            }
            if (spatialRef[0] < 0 && spatialRef[1] < 0)
            {
                spatialRef[0] = spatialRef[1] = 0;
                zeroPrediction = true;
            }
        }
        for (int mbPartIdx = 0; mbPartIdx < 4; mbPartIdx++)
        {
            for (int subMbPartIdx = 0; subMbPartIdx < 4; subMbPartIdx++)
            {
                int block = ((mbPartIdx >> 1) * 2 + (subMbPartIdx >> 1)) * 4 + (mbPartIdx & 1) * 2 + (subMbPartIdx & 1);
                Colocated(addr, mbPartIdx, subMbPartIdx, out int colKey, out int colRef, out int colX, out int colY, out int vertMvScale);
                if (_scene.DirectSpatial)
                {
                    bool colZero = !_scene.Lists[1][0].LongTerm && colRef == 0 && Math.Abs(colX) <= 1 && Math.Abs(colY) <= 1;
                    for (int list = 0; list < 2; list++)
                    {
                        int refIdx = spatialRef[list];
                        bool zero = refIdx < 0 || zeroPrediction || (refIdx == 0 && colZero);
                        to[list, block] = (refIdx, zero ? 0 : spatialMv[list].X, zero ? 0 : spatialMv[list].Y);
                    }
                    continue;
                }
                bool fieldMb = _scene.IsMbaff && me.Field;
                int parity = fieldMb ? 1 + addr % 2 : _scene.IsBottom ? 2 : 1;
                ModelReference[] list0 = _scene.ListOf(0, fieldMb, parity), list1 = _scene.ListOf(1, fieldMb, parity);
                int ref0 = 0;
                if (colRef >= 0)
                {
                    int wanted = _scene.IsField || fieldMb
                        ? vertMvScale == 1 ? (colKey & ~3) | parity : colKey
                        : colKey | 3;
                    ref0 = Math.Max(0, Array.FindIndex(list0, r => r.Key == wanted));
                }
                if (vertMvScale == 1)
                    colY /= 2;
                else if (vertMvScale == 2)
                    colY *= 2;
                int x0 = colX, y0 = colY, x1 = 0, y1 = 0;
                int diff = list1[0].Poc - list0[ref0].Poc;
                if (!list0[ref0].LongTerm && diff != 0)
                {
                    int current = fieldMb ? parity == 1 ? _scene.TopPoc : _scene.BottomPoc : _scene.Poc;
                    int tb = Math.Clamp(current - list0[ref0].Poc, -128, 127), td = Math.Clamp(diff, -128, 127);
                    int tx = (16384 + Math.Abs(td / 2)) / td;
                    int scale = Math.Clamp((tb * tx + 32) >> 6, -1024, 1023);
                    x0 = (scale * colX + 128) >> 8;
                    y0 = (scale * colY + 128) >> 8;
                    x1 = x0 - colX;
                    y1 = y0 - colY;
                }
                to[0, block] = (ref0, x0, y0);
                to[1, block] = (0, x1, y1);
            }
        }
    }

    private static int MinPositive(int x, int y) => x >= 0 && y >= 0 ? Math.Min(x, y) : Math.Max(x, y);

    /// <summary>Spec 8.4.1.2.1.</summary>
    private void Colocated(int addr, int mbPartIdx, int subMbPartIdx, out int key, out int refIdx, out int x, out int y, out int vertMvScale)
    {
        int luma4x4 = _scene.Inference ? 5 * mbPartIdx : 4 * mbPartIdx + subMbPartIdx;
        int xCol = (luma4x4 >> 2 & 1) * 8 + (luma4x4 & 1) * 4, yCol = (luma4x4 >> 3) * 8 + (luma4x4 >> 1 & 1) * 4;
        H264MotionLayout layout = _scene.ColLayout;
        int w = _width, index, yM;
        int frameIndex(int a) => layout == H264MotionLayout.Mbaff ? (a / 2 / w * 2 + (a & 1)) * w + a / 2 % w : a;
        int fieldSize = _scene.IsField ? w * _scene.Height : w * _scene.Height / 2;
        int nearer = Math.Abs(_scene.ColTopPoc - _scene.Poc) < Math.Abs(_scene.ColBottomPoc - _scene.Poc) ? 0 : 1;
        vertMvScale = 0;
        if (_scene.IsField)
        {
            if (layout == H264MotionLayout.Fields)
            {
                index = (_scene.ColIsBottom ? fieldSize : 0) + addr;
                yM = yCol;
            }
            else if (layout == H264MotionLayout.Frame)
            {
                index = 2 * w * (addr / w) + addr % w + w * (yCol / 8);
                yM = 2 * yCol % 16;
                vertMvScale = 1;
            }
            else if (_scene.ColMotion[frameIndex(2 * addr)].Field == 0)
            {
                index = frameIndex(2 * addr + yCol / 8);
                yM = 2 * yCol % 16;
                vertMvScale = 1;
            }
            else
            {
                index = frameIndex(2 * addr + (_scene.IsBottom ? 1 : 0));
                yM = yCol;
            }
        }
        else if (!_scene.IsMbaff)
        {
            if (layout == H264MotionLayout.Fields)
            {
                index = nearer * fieldSize + w * (addr / (2 * w)) + addr % w;
                yM = 8 * (addr / w % 2) + 4 * (yCol / 8);
                vertMvScale = 2;
            }
            else
            {
                index = addr;
                yM = yCol;
            }
        }
        else
        {
            bool field = Macroblocks[addr].Field;
            if (layout == H264MotionLayout.Fields)
            {
                index = (field ? addr & 1 : nearer) * fieldSize + addr / 2;
                yM = field ? yCol : 8 * (addr % 2) + 4 * (yCol / 8);
                vertMvScale = field ? 0 : 2;
            }
            else
            {
                bool colField = _scene.ColMotion[frameIndex(addr)].Field != 0;
                if (field == colField)
                {
                    index = frameIndex(addr);
                    yM = yCol;
                }
                else if (field)
                {
                    index = frameIndex(2 * (addr / 2) + yCol / 8);
                    yM = 2 * yCol % 16;
                    vertMvScale = 1;
                }
                else
                {
                    index = frameIndex(2 * (addr / 2) + nearer);
                    yM = 8 * (addr % 2) + 4 * (yCol / 8);
                    vertMvScale = 2;
                }
            }
        }

        ref H264Motion col = ref _scene.ColMotion[index];
        int block8x8 = (yM / 8) * 2 + xCol / 8, block = yM / 4 * 4 + xCol / 4;
        key = -1;
        refIdx = -1;
        x = y = 0;
        for (int list = 0; list < 2 && refIdx < 0; list++)
        {
            if (col.RefIdx[list * 4 + block8x8] < 0)
                continue;
            refIdx = col.RefIdx[list * 4 + block8x8];
            key = col.RefPic[list * 4 + block8x8];
            x = (short)col.Mv[list * 16 + block];
            y = col.Mv[list * 16 + block] >> 16;
        }
    }
}
