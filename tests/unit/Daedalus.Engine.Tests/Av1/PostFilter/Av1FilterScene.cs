// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels;
using Daedalus.Kernels.Av1;
using Daedalus.Kernels.Tests.Av1;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1.PostFilter;

/// <summary>What a scene has.</summary>
internal sealed record Av1FilterSceneOptions(
    int Width, int Height, int BitDepth = 8, int SubX = 1, int SubY = 1, bool Monochrome = false, bool Sb128 = false, int SuperresDenom = 8, bool Deblock = true, bool Cdef = true, bool Restoration = true);

/// <summary>A frame of random blocks, transforms, strengths and samples, for the engine and for <see cref="Av1FilterModel"/> alike.</summary>
internal sealed unsafe class Av1FilterScene : IDisposable
{
    private readonly Random _random;
    private readonly Av1FilterSceneOptions _options;
    private readonly List<nint> _memory = [];
    private readonly int _smallness;
    private int _blocks;

    public readonly Av1FrameState* State;
    public readonly Av1FilterModel Model = new();
    private readonly int[][,] _reconstructed = new int[3][,];

    public Av1FilterScene(int seed, Av1FilterSceneOptions options)
    {
        _random = new Random(seed);
        _options = options;
        _smallness = _random.Next(4);
        var s = State = (Av1FrameState*)Allocate(sizeof(Av1FrameState));
        int upscaled = options.Width;
        s->UpscaledWidth = upscaled;
        s->Width = options.SuperresDenom > 8 ? Math.Max(Math.Min(16, upscaled), (upscaled * 8 + options.SuperresDenom / 2) / options.SuperresDenom) : upscaled;
        s->HasSuperres = s->Width != upscaled;
        s->Height = options.Height;
        s->MiCols = 2 * ((s->Width + 7) >> 3);
        s->MiRows = 2 * ((s->Height + 7) >> 3);
        s->MiStride = (s->MiCols + 31) & ~31;
        s->SbSizeLog2 = options.Sb128 ? 5 : 4;
        int sb = 1 << s->SbSizeLog2;
        s->SbCols = (s->MiCols + sb - 1) / sb;
        s->SbRows = (s->MiRows + sb - 1) / sb;
        s->Cols64 = (s->MiCols + 15) >> 4;
        s->Rows64 = (s->MiRows + 15) >> 4;
        s->BitDepth = options.BitDepth;
        s->NumPlanes = options.Monochrome ? 1 : 3;
        s->SubsamplingX = options.SubX;
        s->SubsamplingY = options.SubY;
        s->HasDeblock = options.Deblock;
        s->HasCdef = options.Cdef;
        s->HasRestoration = options.Restoration;
        s->Current = AllocatePicture(s->Width);
        s->Output = s->HasSuperres ? AllocatePicture(upscaled) : s->Current;
        int padded = ((s->MiRows + 31) & ~31) * s->MiStride;
        s->Blocks = (Av1Block*)Allocate(padded * sizeof(Av1Block));
        s->BlockGrid = (uint*)Allocate(padded * 4);
        s->LumaTxSizes = (byte*)Allocate(padded + 16);
        s->CdefStride = (s->Cols64 + 1) & ~1;
        s->CdefIndex = (sbyte*)Allocate(s->CdefStride * ((s->Rows64 + 1) & ~1));
        FillModel();
        FillBlocks();
        FillStrengths();
        FillRestoration();
        FillSamples();
    }

    private void* Allocate(int bytes)
    {
        void* p = NativeMemory.AllocZeroed((nuint)bytes);
        _memory.Add((nint)p);
        return p;
    }

    private PictureView AllocatePicture(int width)
    {
        int bytes = _options.BitDepth > 8 ? 2 : 1, stride = ((width + 63) & ~63) * bytes, rows = (_options.Height + 63) & ~63;
        int strideUv = ((stride >> _options.SubX) + 63) & ~63, rowsUv = rows >> _options.SubY;
        int size = stride * rows + 2 * strideUv * rowsUv + 64;
        // Room of the test's own before, to be aligned.
        byte* p = (byte*)(((nint)Allocate(size + 64) + 63) & ~63);
        return new PictureView
        {
            Plane0 = p,
            Plane1 = p + stride * rows,
            Plane2 = p + stride * rows + strideUv * rowsUv,
            StrideY = stride,
            StrideUv = strideUv,
            Width = width,
            Height = _options.Height,
            BitDepth = _options.BitDepth,
            SubsamplingX = _options.SubX,
            SubsamplingY = _options.SubY,
        };
    }

    private void FillModel()
    {
        var s = State;
        Model.NumPlanes = s->NumPlanes;
        Model.SubsamplingX = s->SubsamplingX;
        Model.SubsamplingY = s->SubsamplingY;
        Model.BitDepth = s->BitDepth;
        Model.FrameWidth = s->Width;
        Model.FrameHeight = s->Height;
        Model.UpscaledWidth = s->UpscaledWidth;
        Model.MiRows = s->MiRows;
        Model.MiCols = s->MiCols;
        int rows = (s->MiRows + 31) & ~31, cols = s->MiStride;
        Model.MiSizes = new int[rows, cols];
        Model.RefFrames = new int[rows, cols];
        Model.Skips = new bool[rows, cols];
        Model.LoopfilterTxSizes = [new int[rows, cols], new int[rows, cols], new int[rows, cols]];
        Model.CdefIdx = new int[(rows + 15) >> 4, (cols + 15) >> 4];
        ref var filter = ref s->Frame.LoopFilter;
        filter.Sharpness = (byte)(_random.Next(2) == 0 ? 0 : _random.Next(8));
        for (int i = 0; i < 4; i++)
            filter.Level[i] = (byte)(i > 1 && _random.Next(6) == 0 ? 0 : _random.Next(1, 64));
        for (int i = 0; i < 4; i++)
            Model.LoopFilterLevel[i] = filter.Level[i];
        Model.Sharpness = filter.Sharpness;
        Model.Level = (row, col, plane, pass) => State->BlockAt(row, col)->FilterLevel[plane == 0 ? pass : plane + 1];
    }

    private void FillBlocks()
    {
        var s = State;
        int sb = 1 << s->SbSizeLog2;
        for (int row = 0; row < s->MiRows; row += sb)
        {
            for (int col = 0; col < s->MiCols; col += sb)
                Partition(row, col, sb);
        }
    }

    // The sizes of the partitions of 5.11.4; any mixture of halves and quarters of which all have a chroma size.
    private void Partition(int row, int col, int size4)
    {
        var s = State;
        if (row >= s->MiRows || col >= s->MiCols)
            return;
        int half = size4 >> 1, quarter = size4 >> 2;
        bool inside = row + half < s->MiRows && col + half < s->MiCols;
        int kind = size4 == 1 ? 0 : !inside && size4 > 2 ? 3 : _random.Next(10) < 3 + 2 * _smallness ? 3 : _random.Next(6);
        switch (kind)
        {
            case 1 when Exists(size4, half):
                Block(row, col, size4, half);
                Block(row + half, col, size4, half);
                break;
            case 2 when Exists(half, size4):
                Block(row, col, half, size4);
                Block(row, col + half, half, size4);
                break;
            case 3:
                Partition(row, col, half);
                Partition(row, col + half, half);
                Partition(row + half, col, half);
                Partition(row + half, col + half, half);
                break;
            case 4 when quarter > 0 && size4 < 32 && Exists(size4, quarter):
                for (int i = 0; i < 4; i++)
                    Block(row + i * quarter, col, size4, quarter);
                break;
            case 5 when quarter > 0 && size4 < 32 && Exists(quarter, size4):
                for (int i = 0; i < 4; i++)
                    Block(row, col + i * quarter, quarter, size4);
                break;
            default:
                Block(row, col, size4, size4);
                break;
        }
    }

    private static int SizeOf(int width4, int height4)
    {
        for (int i = 0; i < 22; i++)
        {
            if (Av1Tables.Num4x4BlocksWide[i] == width4 && Av1Tables.Num4x4BlocksHigh[i] == height4)
                return i;
        }
        return -1;
    }

    private bool Exists(int width4, int height4)
    {
        int size = SizeOf(width4, height4);
        return size >= 0 && Av1Tables.SubsampledSize[(size * 2 + State->SubsamplingX) * 2 + State->SubsamplingY] < 22;
    }

    private void Block(int row, int col, int width4, int height4)
    {
        var s = State;
        if (row >= s->MiRows || col >= s->MiCols)
            return;
        int size = SizeOf(width4, height4), subX = s->SubsamplingX, subY = s->SubsamplingY;
        Av1Block* b = s->Blocks + _blocks;
        *b = default;
        b->MiRow = (ushort)row;
        b->MiCol = (ushort)col;
        b->Size = (Av1BlockSize)size;
        bool skip = _random.Next(2) == 0, inter = _random.Next(2) == 0;
        bool chroma = !(subY != 0 && (row & 1) == 0 && height4 == 1) && !(subX != 0 && (col & 1) == 0 && width4 == 1);
        b->Flags = (skip ? Av1BlockFlags.Skip : 0) | (inter ? Av1BlockFlags.Inter : 0) | (chroma ? Av1BlockFlags.HasChroma : 0);
        b->RefFrame[0] = (sbyte)(inter ? _random.Next(1, 8) : 0);
        for (int i = 0; i < 4; i++)
            b->FilterLevel[i] = (byte)(_random.Next(5) == 0 ? 0 : _random.Next(64));
        int uvTx = Av1Tables.MaxTxSizeRect[Av1Tables.SubsampledSize[(size * 2 + subX) * 2 + subY]];
        if (Av1Tables.TxWidth[uvTx] == 64 || Av1Tables.TxHeight[uvTx] == 64)
            uvTx = Av1Tables.TxWidth[uvTx] == 16 ? 9 : Av1Tables.TxHeight[uvTx] == 16 ? 10 : 3;
        if (_random.Next(16) == 0)
            uvTx = 0;
        b->UvTxSize = (Av1TxSize)uvTx;
        int uniform = Av1Tables.MaxTxSizeRect[size], max = uniform;
        for (int i = _random.Next(3); i > 0; i--)
            uniform = Av1Tables.SplitTxSize[uniform];
        for (int y = 0; y < height4; y++)
        {
            for (int x = 0; x < width4; x++)
            {
                s->BlockGrid[(row + y) * s->MiStride + col + x] = (uint)_blocks;
                Model.MiSizes[row + y, col + x] = size;
                Model.RefFrames[row + y, col + x] = b->RefFrame[0];
                Model.Skips[row + y, col + x] = skip;
                Model.LoopfilterTxSizes[0][row + y, col + x] = uniform;
                if (chroma)
                {
                    for (int plane = 1; plane < 3; plane++)
                        Model.LoopfilterTxSizes[plane][(row + y) >> subY, (col + x) >> subX] = uvTx;
                }
            }
        }
        if (inter && !skip)
        {
            int w = Av1Tables.TxWidth[max] >> 2, h = Av1Tables.TxHeight[max] >> 2;
            for (int y = 0; y < height4; y += h)
            {
                for (int x = 0; x < width4; x += w)
                    SplitTransform(row + y, col + x, max, 0);
            }
        }
        for (int y = 0; y < height4; y++)
        {
            for (int x = 0; x < width4; x++)
                s->LumaTxSizes[(row + y) * s->MiStride + col + x] = (byte)Model.LoopfilterTxSizes[0][row + y, col + x];
        }
        _blocks++;
    }

    private void SplitTransform(int row, int col, int txSize, int depth)
    {
        int w = Av1Tables.TxWidth[txSize] >> 2, h = Av1Tables.TxHeight[txSize] >> 2;
        if (depth < 2 && txSize != 0 && _random.Next(2) == 0)
        {
            int sub = Av1Tables.SplitTxSize[txSize];
            for (int y = 0; y < h; y += Av1Tables.TxHeight[sub] >> 2)
            {
                for (int x = 0; x < w; x += Av1Tables.TxWidth[sub] >> 2)
                    SplitTransform(row + y, col + x, sub, depth + 1);
            }
            return;
        }
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
                Model.LoopfilterTxSizes[0][row + y, col + x] = txSize;
        }
    }

    private void FillStrengths()
    {
        var s = State;
        ref var cdef = ref s->Frame.Cdef;
        cdef.DampingMinus3 = (byte)_random.Next(4);
        Model.CdefDamping = cdef.DampingMinus3 + 3;
        ReadOnlySpan<byte> secondary = [0, 1, 2, 4];
        for (int i = 0; i < 8; i++)
        {
            cdef.YPriStrength[i] = (byte)(_random.Next(3) == 0 ? 0 : _random.Next(16));
            cdef.UvPriStrength[i] = (byte)(_random.Next(3) == 0 ? 0 : _random.Next(16));
            cdef.YSecStrength[i] = secondary[_random.Next(4)];
            cdef.UvSecStrength[i] = secondary[_random.Next(4)];
            (Model.CdefYPri[i], Model.CdefYSec[i], Model.CdefUvPri[i], Model.CdefUvSec[i]) = (cdef.YPriStrength[i], cdef.YSecStrength[i], cdef.UvPriStrength[i], cdef.UvSecStrength[i]);
        }
        for (int row = 0; row < s->Rows64; row++)
        {
            for (int col = 0; col < s->Cols64; col++)
                s->CdefIndex[row * s->CdefStride + col] = (sbyte)(Model.CdefIdx[row, col] = _random.Next(-1, 8));
        }
    }

    private void FillRestoration()
    {
        var s = State;
        Model.LrType = new int[3][,];
        Model.LrSgrSet = new int[3][,];
        Model.LrWiener = new int[6][,,];
        Model.LrSgrXqd = new int[3][,,];
        int luma = 64 << _random.Next(3), chroma = s->SubsamplingY != 0 && _random.Next(2) == 0 ? luma / 2 : luma;
        sbyte[] wienerMin = [-5, -23, -17], wienerMax = [10, 8, 46], sgrMin = [-96, -32], sgrMax = [31, 95];
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int size = plane == 0 ? luma : chroma, subX = plane > 0 ? s->SubsamplingX : 0, subY = plane > 0 ? s->SubsamplingY : 0;
            bool used = _options.Restoration && (plane == 0 || _random.Next(4) != 0);
            Model.LoopRestorationSize[plane] = size;
            Model.FrameRestorationType[plane] = used ? 1 : 0;
            if (!used)
                continue;
            int cols = Av1FilterModel.CountUnits(size, (s->UpscaledWidth + subX) >> subX), rows = Av1FilterModel.CountUnits(size, (s->Height + subY) >> subY);
            s->Frame.LoopRestoration.LoopRestorationSize[plane] = (uint)size;
            s->Frame.LoopRestoration.FrameRestorationType[plane] = Av1RestorationType.Switchable;
            s->UnitCols[plane] = cols;
            s->UnitRows[plane] = rows;
            var units = (Av1RestorationUnit*)Allocate(cols * rows * sizeof(Av1RestorationUnit));
            if (plane == 0)
                s->Restoration0 = units;
            else if (plane == 1)
                s->Restoration1 = units;
            else
                s->Restoration2 = units;
            Model.LrType[plane] = new int[rows, cols];
            Model.LrSgrSet[plane] = new int[rows, cols];
            Model.LrWiener[plane * 2] = new int[rows, cols, 3];
            Model.LrWiener[plane * 2 + 1] = new int[rows, cols, 3];
            Model.LrSgrXqd[plane] = new int[rows, cols, 2];
            for (int row = 0; row < rows; row++)
            {
                for (int col = 0; col < cols; col++)
                {
                    Av1RestorationUnit* unit = units + row * cols + col;
                    int type = _random.Next(3);
                    Model.LrType[plane][row, col] = type;
                    unit->Type = (byte)(type == 0 ? Av1RestorationType.None : type == 1 ? Av1RestorationType.Wiener : Av1RestorationType.Sgrproj);
                    unit->SgrSet = (byte)(Model.LrSgrSet[plane][row, col] = _random.Next(16));
                    for (int i = 0; i < 6; i++)
                    {
                        unit->Wiener[i] = (sbyte)(plane > 0 && i % 3 == 0 ? 0 : _random.Next(wienerMin[i % 3], wienerMax[i % 3] + 1));
                        Model.LrWiener[plane * 2 + i / 3][row, col, i % 3] = unit->Wiener[i];
                    }
                    for (int i = 0; i < 2; i++)
                        Model.LrSgrXqd[plane][row, col, i] = unit->SgrXqd[i] = (sbyte)_random.Next(sgrMin[i], sgrMax[i] + 1);
                }
            }
        }
    }

    // Flat areas with steps, noise and some edges, so that every filter has something to do.
    private void FillSamples()
    {
        var s = State;
        int max = (1 << s->BitDepth) - 1, scale = s->BitDepth - 8;
        Model.CurrFrame = new int[s->NumPlanes][,];
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subX = plane > 0 ? s->SubsamplingX : 0, subY = plane > 0 ? s->SubsamplingY : 0;
            int rows = ((s->MiRows * 4 + 63) & ~63) >> subY, cols = ((s->MiCols * 4 + 63) & ~63) >> subX;
            int[,] samples = _reconstructed[plane] = new int[rows, cols];
            for (int y = 0; y < rows; y += 8)
            {
                for (int x = 0; x < cols; x += 8)
                {
                    int noise = _random.Next(5) switch { 0 or 1 => 1, 2 => 3, 3 => 40, _ => 256 } << scale, level = ((100 + _random.Next(10)) << scale) + (noise > 40 << scale ? 0 : _random.Next(3));
                    for (int i = 0; i < 64; i++)
                        samples[y + (i >> 3), x + (i & 7)] = noise >= 256 << scale ? _random.Next(max + 1) : Math.Min(max, level + _random.Next(noise));
                }
            }
            Model.CurrFrame[plane] = (int[,])samples.Clone();
        }
    }

    private static int Get(byte* row, int x, int bitDepth) => bitDepth > 8 ? ((ushort*)row)[x] : row[x];

    private static void Set(byte* row, int x, int value, int bitDepth)
    {
        if (bitDepth > 8)
            ((ushort*)row)[x] = (ushort)value;
        else
            row[x] = (byte)value;
    }

    // What reconstruction leaves of a superblock row; the rows after it hold whatever was there.
    private void Reconstruct(int sbRow)
    {
        var s = State;
        int size = 4 << s->SbSizeLog2;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subY = plane > 0 ? s->SubsamplingY : 0, rows = _reconstructed[plane].GetLength(0), cols = _reconstructed[plane].GetLength(1);
            for (int y = sbRow * size >> subY; y < rows; y++)
            {
                byte* row = s->Current.Plane(plane) + y * s->Current.Stride(plane);
                bool real = y < (sbRow + 1) * size >> subY;
                for (int x = 0; x < cols; x++)
                    Set(row, x, real ? _reconstructed[plane][y, x] : _random.Next(1 << s->BitDepth), s->BitDepth);
            }
        }
    }

    /// <summary>Filters with the engine, row by row, and compares what is said to be final with the model after each row.</summary>
    public void Compare(Av1PostFilter filter, KernelLevel level, string what)
    {
        var s = State;
        if (_options.Deblock)
            Model.LoopFilter();
        if (_options.Cdef)
            Model.Cdef();
        else
            Model.CdefFrame = Model.CurrFrame;
        Model.Upscale();
        Model.LoopRestoration();
        var kernels = (Av1PostFilterTable*)Allocate(sizeof(Av1PostFilterTable));
        Av1PostFilterTable.Create(kernels, s->BitDepth, level);
        filter.BeginFrame(s, kernels);
        int done = 0;
        for (int sbRow = 0; sbRow < s->SbRows; sbRow++)
        {
            Reconstruct(sbRow);
            int ready = filter.FilterRow(sbRow);
            Assert.InRange(ready, done, s->Height);
            CompareRows(done, ready, what);
            done = ready;
        }
        Assert.Equal(s->Height, done);
        CompareRows(0, s->Height, what);
    }

    private void CompareRows(int first, int end, string what)
    {
        var s = State;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int subX = plane > 0 ? s->SubsamplingX : 0, subY = plane > 0 ? s->SubsamplingY : 0;
            int last = end == s->Height ? (end + subY) >> subY : end >> subY;
            for (int y = first >> subY; y < last; y++)
            {
                byte* row = s->Output.Plane(plane) + y * s->Output.Stride(plane);
                for (int x = 0; x < (s->UpscaledWidth + subX) >> subX; x++)
                {
                    int expected = Model.LrFrame[plane][y, x], actual = Get(row, x, s->BitDepth);
                    if (actual != expected)
                        Assert.Fail($"{what}, plane {plane}, ({x}, {y}): {actual}, not {expected}; {_options}");
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (nint p in _memory)
            NativeMemory.Free((void*)p);
        _memory.Clear();
    }
}
