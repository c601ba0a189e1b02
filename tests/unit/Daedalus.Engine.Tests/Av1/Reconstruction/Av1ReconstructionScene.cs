// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>A frame of random blocks as entropy decoding leaves them, with random references, for <see cref="Av1Reconstructor"/> and <see cref="Av1ReconstructionModel"/>.</summary>
internal sealed unsafe class Av1ReconstructionScene : IDisposable
{
    private const byte Guard = 0xa5;
    private readonly Random _random;
    private readonly List<nint> _memory = [];
    private readonly List<(nint Start, nint End, nint Low, nint High)> _guards = [];
    private readonly bool _copy;
    private readonly Av1Tile* _tile;
    private Av1Superblock* _sb;
    private int _blocksUsed, _coefficientsUsed, _palettesUsed;

    public readonly Av1FrameState* State;
    public readonly Av1ReconstructionModel Model;
    /// <summary>Coefficients as they were, by superblock.</summary>
    public readonly Dictionary<nint, byte[]> Coefficients = [];

    /// <param name="seed">Seed.</param>
    /// <param name="depth">8, 10 or 12.</param>
    /// <param name="subX">subsampling_x.</param>
    /// <param name="subY">subsampling_y.</param>
    /// <param name="mono">mono_chrome.</param>
    /// <param name="kind">0 intra frame, 1 intra frame with intra block copy, 2 inter frame.</param>
    public Av1ReconstructionScene(int seed, int depth, int subX, int subY, bool mono, int kind)
    {
        _random = new Random(seed);
        _copy = kind == 1;
        State = (Av1FrameState*)Allocate(sizeof(Av1FrameState));
        var s = State;
        s->Width = _random.Next(1, 300);
        s->Height = _random.Next(1, 260);
        s->UpscaledWidth = s->Width;
        s->MiCols = (s->Width + 7 >> 3) * 2;
        s->MiRows = (s->Height + 7 >> 3) * 2;
        s->MiStride = s->MiCols + 31 & ~31;
        s->SbSizeLog2 = _random.Next(4, 6);
        int sb4 = 1 << s->SbSizeLog2;
        s->SbCols = (s->MiCols + sb4 - 1) / sb4;
        s->SbRows = (s->MiRows + sb4 - 1) / sb4;
        s->SbRowsKept = s->SbRows;
        s->BitDepth = depth;
        s->NumPlanes = mono ? 1 : 3;
        s->SubsamplingX = subX;
        s->SubsamplingY = subY;
        s->IsIntra = kind < 2;
        s->Sequence.Flags = Av1SequenceFlags.EnableOrderHint | (_random.Next(4) != 0 ? Av1SequenceFlags.EnableIntraEdgeFilter : 0);
        s->Sequence.OrderHintBits = 7;
        s->Frame.OrderHint = (uint)_random.Next(128);
        s->Frame.Flags = s->IsIntra || _random.Next(8) == 0 ? Av1FrameFlags.ForceIntegerMv : 0;
        s->Current = Picture(s->Width, s->Height, 77);
        s->IntraLineStride = s->Current.StrideY;
        int tileRows = Math.Min(s->SbRows, _random.Next(1, 3)), tileCols = Math.Min(s->SbCols, _random.Next(1, 3));
        s->IntraLines = (byte*)Allocate((int)(tileRows * 3 * s->IntraLineStride));
        int paddedRows = s->MiRows + 31 & ~31;
        s->BlockGrid = (uint*)Allocate(paddedRows * s->MiStride * 4);
        s->Blocks = (Av1Block*)Allocate(paddedRows * s->MiStride * sizeof(Av1Block));
        s->References = (Av1Reference*)Allocate(8 * sizeof(Av1Reference));
        s->Superblocks = (Av1Superblock*)Allocate(s->SbRows * s->SbCols * sizeof(Av1Superblock));
        Model = new Av1ReconstructionModel(s);
        if (!s->IsIntra)
            MakeReferences();
        MakeTiles(tileRows, tileCols);
        for (int i = 0; i < s->SbRows * s->SbCols; i++)
        {
            Av1Superblock* sb = s->Superblocks + i;
            sb->Transforms = (Av1TransformBlock*)Allocate(sb4 * sb4 * 3 * sizeof(Av1TransformBlock));
            sb->Coefficients = Allocate(sb4 * sb4 * 16 * 3 * 4);
            sb->Palettes = (byte*)Allocate(sb4 * sb4 * (48 / 4 + 64));
        }
        for (int t = 0; t < tileRows * tileCols; t++)
        {
            _tile = s->Tiles + t;
            _blocksUsed = 0;
            for (int r = _tile->SbRowStart; r < _tile->SbRowEnd; r++)
            {
                for (int c = _tile->SbColStart; c < _tile->SbColEnd; c++)
                    MakeSuperblock(r, c);
            }
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        foreach (nint p in _memory)
            NativeMemory.AlignedFree((void*)p);
        _memory.Clear();
    }

    /// <summary>Nothing was written beside the planes.</summary>
    public void CheckGuards()
    {
        foreach (var (start, end, low, high) in _guards)
        {
            for (nint p = low; p < high; p++)
            {
                if ((p < start || p >= end) && *(byte*)p != Guard)
                    Assert.Fail($"written {(p < start ? p - start : p - end)} bytes beside a picture");
            }
        }
    }

    private void* Allocate(int bytes)
    {
        void* p = NativeMemory.AlignedAlloc((nuint)bytes + 64, 64);
        NativeMemory.Clear(p, (nuint)bytes + 64);
        _memory.Add((nint)p);
        return p;
    }

    private PictureView Picture(int width, int height, int seed)
    {
        var random = new Random(seed);
        var s = State;
        int size = s->BitDepth > 8 ? 2 : 1, rows = height + 63 & ~63;
        const int margin = 4096;
        var view = new PictureView { Width = width, Height = height, BitDepth = s->BitDepth, SubsamplingX = s->SubsamplingX, SubsamplingY = s->SubsamplingY };
        view.StrideY = (width + 63 & ~63) * size;
        view.StrideUv = (((width + 63 & ~63) >> s->SubsamplingX) * size + 63) & ~63;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            int bytes = (int)view.Stride(plane) * (plane == 0 ? rows : rows >> s->SubsamplingY);
            byte* p = (byte*)Allocate(bytes + 2 * margin);
            new Span<byte>(p, bytes + 2 * margin).Fill(Guard);
            _guards.Add(((nint)p + margin, (nint)p + margin + bytes, (nint)p, (nint)p + bytes + 2 * margin));
            p += margin;
            random.NextBytes(new Span<byte>(p, bytes));
            if (size == 2)
            {
                for (int i = 0; i < bytes / 2; i++)
                    ((ushort*)p)[i] &= (ushort)((1 << s->BitDepth) - 1);
            }
            if (plane == 0)
                view.Plane0 = p;
            else if (plane == 1)
                view.Plane1 = p;
            else
                view.Plane2 = p;
        }
        return view;
    }

    public int Sample(in PictureView view, int plane, int x, int y)
    {
        byte* row = view.Plane(plane) + y * view.Stride(plane);
        return State->BitDepth == 8 ? row[x] : ((ushort*)row)[x];
    }

    private void MakeReferences()
    {
        var s = State;
        for (int i = 1; i < 8; i++)
        {
            Av1Reference* r = s->References + i;
            r->OrderHint = _random.Next(128);
            if (i == 7)
            {
                r->IsMissing = true;
                Model.Sizes[i] = (s->Width, s->Height);
                continue;
            }
            int width = s->Width, height = s->Height;
            if (i is 5 or 6)
            {
                width = _random.Next((width + 15) / 16, 2 * width + 1);
                height = _random.Next((height + 15) / 16, 2 * height + 1);
            }
            r->View = Picture(width, height, i);
            r->XScale = ((width << 14) + s->Width / 2) / s->Width;
            r->YScale = ((height << 14) + s->Height / 2) / s->Height;
            r->IsScaled = r->XScale != 1 << 14 || r->YScale != 1 << 14;
            r->GlobalType = (Av1WarpModel)_random.Next(4);
            for (int k = 0; k < 6; k++)
                r->GlobalParams[k] = k < 2 ? _random.Next(-2000000, 2000000) : _random.Next(-5000, 5000) + (k is 2 or 5 ? 65536 : 0);
            r->GlobalValid = Av1Warp.SetupShear(r->GlobalParams, r->GlobalShear);
            Model.Sizes[i] = (width, height);
            var planes = new Av1ModelPlane[3];
            for (int plane = 0; plane < s->NumPlanes; plane++)
            {
                int w = plane == 0 ? width : width + s->SubsamplingX >> s->SubsamplingX, h = plane == 0 ? height : height + s->SubsamplingY >> s->SubsamplingY;
                planes[plane] = new Av1ModelPlane(w, h, s->BitDepth > 8 ? 2 : 1);
                for (int y = 0; y < h; y++)
                {
                    for (int x = 0; x < w; x++)
                        planes[plane][x, y] = Sample(r->View, plane, x, y);
                }
            }
            Model.References[i] = planes;
        }
    }

    private void MakeTiles(int rows, int cols)
    {
        var s = State;
        s->TileRows = rows;
        s->TileCols = cols;
        s->Tiles = (Av1Tile*)Allocate(rows * cols * sizeof(Av1Tile));
        int splitRow = rows == 1 ? s->SbRows : _random.Next(1, s->SbRows), splitCol = cols == 1 ? s->SbCols : _random.Next(1, s->SbCols);
        Av1Block* blocks = s->Blocks;
        for (int i = 0; i < rows * cols; i++)
        {
            Av1Tile* t = s->Tiles + i;
            t->Row = i / cols;
            t->Col = i % cols;
            t->SbRowStart = t->Row == 0 ? 0 : splitRow;
            t->SbRowEnd = t->Row == rows - 1 ? s->SbRows : splitRow;
            t->SbColStart = t->Col == 0 ? 0 : splitCol;
            t->SbColEnd = t->Col == cols - 1 ? s->SbCols : splitCol;
            t->MiRowStart = t->SbRowStart << s->SbSizeLog2;
            t->MiRowEnd = Math.Min(s->MiRows, t->SbRowEnd << s->SbSizeLog2);
            t->MiColStart = t->SbColStart << s->SbSizeLog2;
            t->MiColEnd = Math.Min(s->MiCols, t->SbColEnd << s->SbSizeLog2);
            t->Blocks = blocks;
            blocks += (t->MiRowEnd - t->MiRowStart) * (t->MiColEnd - t->MiColStart);
        }
    }

    private void MakeSuperblock(int sbRow, int sbCol)
    {
        var s = State;
        _sb = s->Superblock(sbRow, sbCol);
        _sb->Blocks = _tile->Blocks + _blocksUsed;
        _coefficientsUsed = _palettesUsed = 0;
        Partition(sbRow << s->SbSizeLog2, sbCol << s->SbSizeLog2, s->SbSizeLog2 == 5 ? Av1BlockSize.Block128x128 : Av1BlockSize.Block64x64);
        int bytes = _coefficientsUsed * (s->BitDepth > 8 ? 4 : 2);
        Coefficients[(nint)_sb] = new Span<byte>(_sb->Coefficients, bytes).ToArray();
    }

    private static int Wide(Av1BlockSize size) => Av1Tables.Num4x4BlocksWide[(int)size];
    private static int High(Av1BlockSize size) => Av1Tables.Num4x4BlocksHigh[(int)size];

    private static Av1BlockSize SizeOf(int w4, int h4)
    {
        for (var size = Av1BlockSize.Block4x4; size <= Av1BlockSize.Block64x16; size++)
        {
            if (Wide(size) == w4 && High(size) == h4)
                return size;
        }
        return (Av1BlockSize)22;
    }

    private int PlaneSize(Av1BlockSize size) => (int)size >= 22 ? 22 : Av1Tables.SubsampledSize[((int)size * 2 + State->SubsamplingX) * 2 + State->SubsamplingY];

    /// <summary>decode_partition (5.11.4) with random partitions.</summary>
    private void Partition(int r, int c, Av1BlockSize size)
    {
        var s = State;
        if (r >= s->MiRows || c >= s->MiCols)
            return;
        int n = Wide(size), half = n >> 1, quarter = n >> 2;
        bool hasRows = r + half < s->MiRows, hasCols = c + half < s->MiCols;
        int partition = n == 1 ? 0 : !hasRows && !hasCols ? 3 : !hasRows ? _random.Next(2) == 0 ? 1 : 3 : !hasCols ? _random.Next(2) == 0 ? 2 : 3 : _random.Next(3) == 0 ? 3 : _random.Next(10);
        if (n == 2 && partition > 3)
            partition = 3;
        var across = SizeOf(n, half);
        var down = SizeOf(half, n);
        var split = SizeOf(half, half);
        var rows = SizeOf(n, quarter);
        var cols = SizeOf(quarter, n);
        var used = partition switch { 0 => size, 1 or 4 or 5 => across, 2 or 6 or 7 => down, 8 => rows, 9 => cols, _ => split };
        if (PlaneSize(used) == 22)
        {
            partition = 3;
        }
        switch (partition)
        {
            case 0:
                Block(r, c, size);
                break;
            case 1:
                Block(r, c, across);
                if (hasRows)
                    Block(r + half, c, across);
                break;
            case 2:
                Block(r, c, down);
                if (hasCols)
                    Block(r, c + half, down);
                break;
            case 3:
                Partition(r, c, split);
                Partition(r, c + half, split);
                Partition(r + half, c, split);
                Partition(r + half, c + half, split);
                break;
            case 4:
                Block(r, c, split);
                Block(r, c + half, split);
                Block(r + half, c, across);
                break;
            case 5:
                Block(r, c, across);
                Block(r + half, c, split);
                Block(r + half, c + half, split);
                break;
            case 6:
                Block(r, c, split);
                Block(r + half, c, split);
                Block(r, c + half, down);
                break;
            case 7:
                Block(r, c, down);
                Block(r, c + half, split);
                Block(r + half, c + half, split);
                break;
            case 8:
                for (int i = 0; i < 4 && r + quarter * i < s->MiRows; i++)
                    Block(r + quarter * i, c, rows);
                break;
            default:
                for (int i = 0; i < 4 && c + quarter * i < s->MiCols; i++)
                    Block(r, c + quarter * i, cols);
                break;
        }
    }

    private bool IsInside(int r, int c) => r >= _tile->MiRowStart && r < _tile->MiRowEnd && c >= _tile->MiColStart && c < _tile->MiColEnd;

    private void Block(int r, int c, Av1BlockSize size)
    {
        var s = State;
        int bw4 = Wide(size), bh4 = High(size), subX = s->SubsamplingX, subY = s->SubsamplingY;
        Av1Block* b = _tile->Blocks + _blocksUsed++;
        _sb->BlockCount++;
        *b = default;
        b->MiRow = (ushort)r;
        b->MiCol = (ushort)c;
        b->Size = size;
        b->FilterIntraMode = Av1Block.NoFilterIntra;
        b->CompoundType = Av1CompoundType.Average;
        b->RefFrame[1] = -1;
        b->FirstTransform = _sb->TransformCount;
        b->FirstCoefficient = _coefficientsUsed;
        b->Palette = _palettesUsed;
        var flags = (IsInside(r - 1, c) ? Av1BlockFlags.AvailableAbove : 0) | (IsInside(r, c - 1) ? Av1BlockFlags.AvailableLeft : 0);
        if (s->NumPlanes > 1 && !(bh4 == 1 && subY != 0 && (r & 1) == 0) && !(bw4 == 1 && subX != 0 && (c & 1) == 0))
        {
            flags |= Av1BlockFlags.HasChroma;
            if (subY != 0 && bh4 == 1 ? IsInside(r - 2, c) : IsInside(r - 1, c))
                flags |= Av1BlockFlags.AvailableAboveChroma;
            if (subX != 0 && bw4 == 1 ? IsInside(r, c - 2) : IsInside(r, c - 1))
                flags |= Av1BlockFlags.AvailableLeftChroma;
        }
        if (_random.Next(3) == 0)
            flags |= Av1BlockFlags.Skip;
        b->Flags = flags;
        bool inter = !s->IsIntra && _random.Next(3) != 0;
        if (inter)
            MakeInter(b);
        else if (_copy && _random.Next(3) == 0 && CopyVector(b))
            b->Flags |= Av1BlockFlags.Inter | Av1BlockFlags.IntraBlockCopy;
        else
            MakeIntra(b);
        uint index = (uint)(b - s->Blocks);
        for (int y = 0; y < bh4; y++)
        {
            for (int x = 0; x < bw4; x++)
                s->BlockGrid[(nint)(r + y) * s->MiStride + c + x] = index;
        }
        Residual(b);
    }

    /// <summary>A source that is decoded: somewhere above this superblock row of the tile or left of this superblock.</summary>
    private bool CopyVector(Av1Block* b)
    {
        var s = State;
        int w = Wide(b->Size) * 4, h = High(b->Size) * 4, sbX = (b->MiCol >> s->SbSizeLog2 << s->SbSizeLog2) * 4, sbY = (b->MiRow >> s->SbSizeLog2 << s->SbSizeLog2) * 4;
        int left = _tile->MiColStart * 4 + 4, top = _tile->MiRowStart * 4 + 4, right, bottom;
        if (sbY - top >= h && _random.Next(2) == 0)
        {
            right = _tile->MiColEnd * 4;
            bottom = sbY;
        }
        else
        {
            right = sbX;
            bottom = Math.Min(_tile->MiRowEnd * 4, sbY + 64);
        }
        if (right - left < w || bottom - top < h)
            return false;
        int x = _random.Next(left, right - w + 1), y = _random.Next(top, bottom - h + 1);
        b->Mv[0] = Av1MotionVector.Pack((y - b->MiRow * 4) * 8, (x - b->MiCol * 4) * 8);
        b->InterpFilter[0] = b->InterpFilter[1] = 3;
        return true;
    }

    private void MakeIntra(Av1Block* b)
    {
        int max = Math.Max(Wide(b->Size), High(b->Size));
        b->YMode = (Av1Mode)_random.Next(13);
        b->AngleDeltaY = Delta(b->YMode);
        b->UvMode = (Av1Mode)_random.Next(max <= 8 ? 14 : 13);
        b->AngleDeltaUv = Delta(b->UvMode);
        b->CflAlphaU = (sbyte)_random.Next(-16, 17);
        b->CflAlphaV = (sbyte)_random.Next(-16, 17);
        if (b->Size >= Av1BlockSize.Block8x8 && max <= 16 && _random.Next(6) == 0)
            MakePalette(b);
        if (b->YMode == Av1Mode.Dc && b->PaletteSizeY == 0 && max <= 8 && _random.Next(2) == 0)
            b->FilterIntraMode = (byte)_random.Next(5);

        sbyte Delta(Av1Mode mode) => (sbyte)(b->Size >= Av1BlockSize.Block8x8 && mode is >= Av1Mode.V and <= Av1Mode.D67 ? _random.Next(-3, 4) : 0);
    }

    private void MakePalette(Av1Block* b)
    {
        int luma = 16 * Wide(b->Size) * High(b->Size), chroma = 0;
        if (b->YMode == Av1Mode.Dc)
            b->PaletteSizeY = (byte)_random.Next(2, 9);
        if (b->HasChroma && b->UvMode == Av1Mode.Dc)
        {
            b->PaletteSizeUv = (byte)_random.Next(2, 9);
            int size = PlaneSize(b->Size);
            chroma = 16 * Av1Tables.Num4x4BlocksWide[size] * Av1Tables.Num4x4BlocksHigh[size];
        }
        if (b->PaletteSizeY == 0 && b->PaletteSizeUv == 0)
            return;
        byte* at = _sb->Palettes + b->Palette;
        for (int i = 0; i < 24; i++)
            ((ushort*)at)[i] = (ushort)_random.Next(1 << State->BitDepth);
        for (int i = 0; i < luma + chroma; i++)
            at[48 + i] = (byte)_random.Next(8);
        _palettesUsed += 48 + luma + chroma;
    }

    private void MakeInter(Av1Block* b)
    {
        int w4 = Wide(b->Size), h4 = High(b->Size), small = Math.Min(w4, h4);
        b->Flags |= Av1BlockFlags.Inter;
        b->RefFrame[0] = (sbyte)(_random.Next(40) == 0 ? 7 : _random.Next(1, 7));
        b->Mv[0] = Vector();
        b->InterpFilter[0] = (byte)_random.Next(4);
        b->InterpFilter[1] = (byte)_random.Next(4);
        b->YMode = _random.Next(3) == 0 ? Av1Mode.GlobalMv : Av1Mode.NewMv;
        if (small < 2)
            return;
        switch (_random.Next(6))
        {
            case 0 or 1:
                b->RefFrame[1] = (sbyte)(_random.Next(40) == 0 ? 7 : _random.Next(1, 7));
                b->Mv[1] = Vector();
                b->YMode = _random.Next(3) == 0 ? Av1Mode.GlobalGlobalMv : Av1Mode.NewNewMv;
                b->CompoundType = _random.Next(4) switch { 0 => Av1CompoundType.Wedge, 1 => Av1CompoundType.DifferenceWeighted, 2 => Av1CompoundType.Average, _ => Av1CompoundType.Distance };
                if (b->CompoundType == Av1CompoundType.Wedge && Av1Tables.WedgeBits[(int)b->Size] == 0)
                    b->CompoundType = Av1CompoundType.DifferenceWeighted;
                b->WedgeIndex = (byte)_random.Next(16);
                b->WedgeSign = (byte)_random.Next(2);
                b->MaskType = (byte)_random.Next(2);
                break;
            case 2 when b->Size is >= Av1BlockSize.Block8x8 and <= Av1BlockSize.Block32x32:
                b->Flags |= Av1BlockFlags.InterIntra;
                b->RefFrame[1] = 0;
                b->InterIntraMode = (byte)_random.Next(4);
                b->CompoundType = Av1CompoundType.Intra;
                if (_random.Next(2) == 0)
                {
                    b->Flags |= Av1BlockFlags.WedgeInterIntra;
                    b->CompoundType = Av1CompoundType.Wedge;
                    b->WedgeIndex = (byte)_random.Next(16);
                }
                break;
            case 3:
                b->MotionMode = Av1MotionMode.Obmc;
                break;
            case 4:
                b->MotionMode = Av1MotionMode.LocalWarp;
                // is_scaled forbids it.
                b->RefFrame[0] = (sbyte)_random.Next(1, 5);
                for (int i = 0; i < 6; i++)
                    b->LocalWarp[i] = i < 2 ? _random.Next(-4000000, 4000000) : _random.Next(-6000, 6000) + (i is 2 or 5 ? 65536 : 0);
                short* shear = stackalloc short[4];
                if (Av1Warp.SetupShear(b->LocalWarp, shear))
                    b->Flags |= Av1BlockFlags.LocalWarpValid;
                break;
        }
    }

    private int Vector()
    {
        int reach = _random.Next(4) switch { 0 => 16, 1 => 300, 2 => 3000, _ => 1 << 14 };
        int row = _random.Next(1 - reach, reach), col = _random.Next(1 - reach, reach);
        if (_random.Next(4) == 0)
            row &= ~7;
        if (_random.Next(4) == 0)
            col &= ~7;
        return Av1MotionVector.Pack(row, col);
    }

    // --- residual --------------------------------------------------------------------------------------------------------------------------------

    private void Residual(Av1Block* b)
    {
        var s = State;
        if (b->IsSkip && b->IsInter)
            return;
        int bw4 = Wide(b->Size), bh4 = High(b->Size), chunksX = Math.Max(1, bw4 >> 4), chunksY = Math.Max(1, bh4 >> 4);
        var chunk = chunksX > 1 || chunksY > 1 ? Av1BlockSize.Block64x64 : b->Size;
        int luma = Av1Tables.MaxTxSizeRect[(int)b->Size];
        for (int depth = _random.Next(3); depth > 0; depth--)
            luma = Av1Tables.SplitTxSize[luma];
        int chroma = 0;
        if (b->HasChroma)
        {
            chroma = Av1Tables.MaxTxSizeRect[PlaneSize(b->Size)];
            int w = Av1Tables.TxWidth[chroma], h = Av1Tables.TxHeight[chroma];
            if (w == 64 || h == 64)
                chroma = (int)(w == 16 ? Av1TxSize.Tx16x32 : h == 16 ? Av1TxSize.Tx32x16 : Av1TxSize.Tx32x32);
        }
        for (int cy = 0; cy < chunksY; cy++)
        {
            for (int cx = 0; cx < chunksX; cx++)
            {
                for (int plane = 0; plane < (b->HasChroma ? 3 : 1); plane++)
                {
                    int subX = plane > 0 ? s->SubsamplingX : 0, subY = plane > 0 ? s->SubsamplingY : 0, size = plane > 0 ? PlaneSize(chunk) : (int)chunk, tx = plane == 0 ? luma : chroma;
                    for (int y = 0; y < Av1Tables.Num4x4BlocksHigh[size]; y += Av1Tables.TxHeight[tx] >> 2)
                    {
                        for (int x = 0; x < Av1Tables.Num4x4BlocksWide[size]; x += Av1Tables.TxWidth[tx] >> 2)
                            Transform(b, plane, tx, x + (cx << 4 >> subX), y + (cy << 4 >> subY), subX, subY);
                    }
                }
            }
        }
    }

    private void Transform(Av1Block* b, int plane, int tx, int x, int y, int subX, int subY)
    {
        var s = State;
        if ((b->MiCol >> subX) + x >= s->MiCols >> subX || (b->MiRow >> subY) + y >= s->MiRows >> subY)
            return;
        Av1TransformBlock* t = _sb->Transforms + _sb->TransformCount++;
        b->TransformCount++;
        *t = new Av1TransformBlock { X4 = (byte)x, Y4 = (byte)y, Plane = (byte)plane, TxSize = (Av1TxSize)tx };
        if (b->IsSkip || _random.Next(2) == 0)
            return;
        int w = Math.Min((int)Av1Tables.TxWidth[tx], 32), h = Math.Min((int)Av1Tables.TxHeight[tx], 32);
        t->Eob = (ushort)(w * h);
        for (int i = 0; i < 6; i++)
        {
            int at = _coefficientsUsed + _random.Next(w * h), v = _random.Next(-2000, 2000);
            if (s->BitDepth > 8)
                ((int*)_sb->Coefficients)[at] = v;
            else
                ((short*)_sb->Coefficients)[at] = (short)v;
        }
        _coefficientsUsed += w * h;
    }
}
