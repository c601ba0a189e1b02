// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Av1;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

/// <summary>A frame of random headers, references and blocks, partitioned as decode_partition (5.11.4) does, in the engine's state and in <see cref="Av1MotionModel"/> alike.</summary>
internal sealed unsafe class Av1MotionScene : IDisposable
{
    private readonly Random _random;
    private readonly bool _intraBlockCopy;
    private readonly int _sb4;
    private readonly int _spread;
    private readonly int _refs;
    private Av1Block* _next;
    private Av1Tile* _tile;
    private readonly List<nint> _memory = [];

    public readonly Av1FrameState* State;
    public readonly Av1MotionModel Model;
    public int Compared, LongStacks, TemporalHits, WarpFits;

    public Av1MotionScene(int seed, int miRows, int miCols, bool intraBlockCopy)
    {
        _random = new Random(seed);
        _intraBlockCopy = intraBlockCopy;
        _sb4 = _random.Next(2) == 0 ? 16 : 32;
        _spread = _random.Next(3) switch { 0 => 2, 1 => 40, _ => 3000 };
        _refs = _random.Next(2, 8);
        Model = new Av1MotionModel(miRows, miCols);
        State = (Av1FrameState*)Allocate(sizeof(Av1FrameState));
        State->MiRows = miRows;
        State->MiCols = miCols;
        State->MiStride = (miCols + 31) & ~31;
        State->IsIntra = intraBlockCopy;
        State->Sequence.Flags = Av1SequenceFlags.EnableOrderHint;
        State->Sequence.OrderHintBits = 7;
        State->SbSizeLog2 = _sb4 == 16 ? 4 : 5;
        int paddedRows = (miRows + 31) & ~31;
        State->Blocks = (Av1Block*)Allocate(paddedRows * State->MiStride * sizeof(Av1Block));
        State->BlockGrid = (uint*)Allocate(paddedRows * State->MiStride * sizeof(uint));
        // What an earlier frame left: every position leads to some block.
        for (int i = 0; i < paddedRows * State->MiStride; i++)
            State->BlockGrid[i] = (uint)_random.Next(miRows * miCols);
        _random.NextBytes(new Span<byte>(State->Blocks, paddedRows * State->MiStride * sizeof(Av1Block)));
        for (int i = 0; i < paddedRows * State->MiStride; i++)
        {
            State->Blocks[i].Size = (Av1BlockSize)_random.Next(22);
            State->Blocks[i].MiRow = (ushort)_random.Next(miRows);
            State->Blocks[i].MiCol = (ushort)_random.Next(miCols);
        }
        FillHeader();
        if (!intraBlockCopy)
            FillReferences();
    }

    private void* Allocate(int bytes)
    {
        void* p = NativeMemory.AllocZeroed((nuint)bytes);
        _memory.Add((nint)p);
        return p;
    }

    public void Dispose()
    {
        foreach (nint p in _memory)
            NativeMemory.Free((void*)p);
        _memory.Clear();
    }

    private static int Pack(int row, int col) => (row & 0xffff) | col << 16;

    private void FillHeader()
    {
        int precision = _intraBlockCopy ? 2 : _random.Next(3);
        Model.AllowHighPrecisionMv = precision == 0;
        Model.ForceIntegerMv = precision == 2;
        Model.UseRefFrameMvs = !_intraBlockCopy && _random.Next(4) != 0;
        State->Frame.Flags = (precision == 0 ? Av1FrameFlags.AllowHighPrecisionMv : precision == 2 ? Av1FrameFlags.ForceIntegerMv : 0)
            | (Model.UseRefFrameMvs ? Av1FrameFlags.UseRefFrameMvs : 0);
        Model.OrderHint = _random.Next(128);
        State->Frame.OrderHint = (uint)Model.OrderHint;
        State->References = (Av1Reference*)Allocate(8 * sizeof(Av1Reference));
        State->Saved = (Av1SavedState*)Allocate(sizeof(Av1SavedState));
        State->Saved->Motion = (Av1SavedMotion*)Allocate((Model.MiRows >> 1) * (Model.MiCols >> 1) * sizeof(Av1SavedMotion));
    }

    private void FillReferences()
    {
        int w8 = Model.MiCols >> 1, h8 = Model.MiRows >> 1;
        int distance = _random.Next(2) == 0 ? 6 : 40;
        State->MotionField = Model.UseRefFrameMvs ? (Av1ProjectedMotion*)Allocate(w8 * h8 * sizeof(Av1ProjectedMotion)) : null;
        for (int r = 1; r < 8; r++)
        {
            Av1Reference* reference = &State->References[r];
            // Later references tend to lie in the future.
            int side = r < 5 ? -1 : _random.Next(4) == 0 ? -1 : 1;
            Model.OrderHints[r] = (Model.OrderHint + side * _random.Next(distance) + 128) & 127;
            reference->OrderHint = Model.OrderHints[r];
            Model.SignBias[r] = Model.GetRelativeDist(Model.OrderHints[r], Model.OrderHint) > 0 ? 1 : 0;
            reference->SignBias = Model.SignBias[r];
            Model.GmType[r] = _random.Next(4);
            reference->GlobalType = (Av1WarpModel)Model.GmType[r];
            for (int i = 0; i < 6; i++)
            {
                int v = i < 2 ? _random.Next(-200000, 200000) : _random.Next(-2000, 2000) + (i is 2 or 5 ? 65536 : 0);
                Model.GmParams[r, i] = v;
                reference->GlobalParams[i] = v;
            }
            if (_random.Next(12) == 0)
                continue;
            Av1SavedState* saved = (Av1SavedState*)Allocate(sizeof(Av1SavedState));
            reference->Saved = saved;
            int kind = _random.Next(12);
            saved->FrameType = kind switch { 0 => Av1FrameType.Key, 1 => Av1FrameType.IntraOnly, 2 => Av1FrameType.Switch, _ => Av1FrameType.Inter };
            saved->MiRows = Model.MiRows + (kind == 3 ? 2 : 0);
            saved->MiCols = Model.MiCols + (kind == 4 ? 2 : 0);
            Model.CanProject[r] = kind is not (0 or 1 or 3 or 4);
            saved->Motion = (Av1SavedMotion*)Allocate(w8 * h8 * sizeof(Av1SavedMotion));
            for (int i = 1; i < 8; i++)
            {
                saved->OrderHints[i] = (Model.OrderHints[r] + _random.Next(-distance, distance / 2) + 128) & 127;
                Model.SavedOrderHints[r, i] = saved->OrderHints[i];
            }
            if (_random.Next(8) == 0)
                Model.SavedOrderHints[r, 7] = saved->OrderHints[7] = Model.OrderHints[4];
            Model.SavedRefFrames[r] = new int[Model.MiRows, Model.MiCols];
            Model.SavedMvs[r] = new int[Model.MiRows, Model.MiCols, 2];
            int reach = _random.Next(2) == 0 ? 300 : 4096;
            for (int y = 0; y < h8; y++)
            {
                for (int x = 0; x < w8; x++)
                {
                    int savedRef = _random.Next(4) == 0 ? _random.Next(-1, 1) : _random.Next(1, 8), row = _random.Next(1 - reach, reach), col = _random.Next(1 - reach, reach);
                    if (_random.Next(3) != 0)
                        row = _random.Next(-60, 60);
                    saved->Motion[y * w8 + x] = new Av1SavedMotion(savedRef, Pack(row, col));
                    Model.SavedRefFrames[r][y * 2 + 1, x * 2 + 1] = savedRef;
                    Model.SavedMvs[r][y * 2 + 1, x * 2 + 1, 0] = row;
                    Model.SavedMvs[r][y * 2 + 1, x * 2 + 1, 1] = col;
                }
            }
        }
    }

    /// <summary>Decodes a tile; every block is compared.</summary>
    public void DecodeTile(Av1MvPredictor predictor, int rowStart, int rowEnd, int colStart, int colEnd, Av1Block* blocks)
    {
        _tile = (Av1Tile*)Allocate(sizeof(Av1Tile));
        _tile->MiRowStart = Model.MiRowStart = rowStart;
        _tile->MiRowEnd = Model.MiRowEnd = rowEnd;
        _tile->MiColStart = Model.MiColStart = colStart;
        _tile->MiColEnd = Model.MiColEnd = colEnd;
        _tile->Blocks = _next = blocks;
        predictor.BeginTile(State, _tile);
        for (int r = rowStart; r < rowEnd; r += _sb4)
            for (int c = colStart; c < colEnd; c += _sb4)
                Partition(predictor, r, c, _sb4);
        Av1MotionField.SaveRows(State, _tile, rowStart, rowEnd + 6);
    }

    private static int SizeOf(int w4, int h4)
    {
        for (int i = 0; i < 22; i++)
        {
            if (Av1Tables.Num4x4BlocksWide[i] == w4 && Av1Tables.Num4x4BlocksHigh[i] == h4)
                return i;
        }
        throw new InvalidOperationException();
    }

    private void Partition(Av1MvPredictor p, int r, int c, int n)
    {
        if (r >= Model.MiRows || c >= Model.MiCols)
            return;
        int half = n >> 1, quarter = n >> 2;
        bool hasRows = r + half < Model.MiRows, hasCols = c + half < Model.MiCols;
        if (n == 1)
        {
            Block(p, r, c, 1, 1);
            return;
        }
        int kind = _random.Next(n >= 16 ? 16 : 12);
        if (kind > 9)
            kind = 3;
        if (n == 2 && kind > 3 || n == 32 && kind > 7)
            kind = 0;
        if (!hasRows || !hasCols)
            kind = hasCols ? _random.Next(2) == 0 ? 1 : 3 : hasRows ? _random.Next(2) == 0 ? 2 : 3 : 3;
        switch (kind)
        {
            case 0: Block(p, r, c, n, n); break;
            case 1:
                Block(p, r, c, n, half);
                if (hasRows)
                    Block(p, r + half, c, n, half);
                break;
            case 2:
                Block(p, r, c, half, n);
                if (hasCols)
                    Block(p, r, c + half, half, n);
                break;
            case 3:
                Partition(p, r, c, half);
                Partition(p, r, c + half, half);
                Partition(p, r + half, c, half);
                Partition(p, r + half, c + half, half);
                break;
            case 4: Block(p, r, c, half, half); Block(p, r, c + half, half, half); Block(p, r + half, c, n, half); break;
            case 5: Block(p, r, c, n, half); Block(p, r + half, c, half, half); Block(p, r + half, c + half, half, half); break;
            case 6: Block(p, r, c, half, half); Block(p, r + half, c, half, half); Block(p, r, c + half, half, n); break;
            case 7: Block(p, r, c, half, n); Block(p, r, c + half, half, half); Block(p, r + half, c + half, half, half); break;
            case 8:
                for (int i = 0; i < 4 && r + quarter * i < Model.MiRows; i++)
                    Block(p, r + quarter * i, c, n, quarter);
                break;
            default:
                for (int i = 0; i < 4 && c + quarter * i < Model.MiCols; i++)
                    Block(p, r, c + quarter * i, quarter, n);
                break;
        }
    }

    private int Vector()
    {
        int row = _random.Next(-_spread, _spread + 1), col = _random.Next(-_spread, _spread + 1);
        if (_random.Next(60) == 0)
            row *= 5;
        return _intraBlockCopy ? Pack(row & ~7, col & ~7) : Pack(row, col);
    }

    private void Block(Av1MvPredictor predictor, int r, int c, int w4, int h4)
    {
        Av1Block* b = _next++;
        *b = default;
        b->MiRow = (ushort)r;
        b->MiCol = (ushort)c;
        b->Size = (Av1BlockSize)SizeOf(w4, h4);
        bool inter = _random.Next(6) != 0;
        bool compound = inter && !_intraBlockCopy && Math.Min(w4, h4) >= 2 && _random.Next(3) == 0;
        b->RefFrame[0] = 0;
        b->RefFrame[1] = -1;
        if (inter)
        {
            b->Flags = Av1BlockFlags.Inter | (_intraBlockCopy ? Av1BlockFlags.IntraBlockCopy : 0);
            if (!_intraBlockCopy)
            {
                b->RefFrame[0] = (sbyte)_random.Next(1, _refs);
                if (compound)
                    b->RefFrame[1] = (sbyte)_random.Next(b->RefFrame[0], 8);
                else if (_random.Next(10) == 0)
                    b->RefFrame[1] = 0;
            }
            Model.MiRow = r;
            Model.MiCol = c;
            Model.MiSize = (int)b->Size;
            Model.RefFrame[0] = b->RefFrame[0];
            Model.RefFrame[1] = b->RefFrame[1];
            CompareStack(predictor, b, compound);
            b->YMode = _intraBlockCopy ? Av1Mode.Dc : (Av1Mode)(compound ? _random.Next(18, 26) : _random.Next(14, 18));
            b->Mv[0] = Vector();
            b->Mv[1] = compound ? Vector() : 0;
            Model.Mv[0, 0] = (short)b->Mv[0];
            Model.Mv[0, 1] = b->Mv[0] >> 16;
            if (!_intraBlockCopy)
                CompareSamples(predictor, b);
        }
        uint index = (uint)(b - State->Blocks);
        for (int y = r; y < r + h4; y++)
        {
            for (int x = c; x < c + w4; x++)
            {
                State->BlockGrid[y * State->MiStride + x] = index;
                Model.Written[y, x] = true;
                Model.IsInters[y, x] = inter;
                Model.MiSizes[y, x] = (int)b->Size;
                Model.YModes[y, x] = (int)b->YMode;
                for (int list = 0; list < 2; list++)
                {
                    Model.RefFrames[y, x, list] = b->RefFrame[list];
                    Model.Mvs[y, x, list, 0] = (short)b->Mv[list];
                    Model.Mvs[y, x, list, 1] = b->Mv[list] >> 16;
                }
            }
        }
    }

    private void CompareStack(Av1MvPredictor predictor, Av1Block* b, bool compound)
    {
        Av1MvStack stack;
        new Span<byte>(&stack, sizeof(Av1MvStack)).Fill(0xa5);
        predictor.FindMvStack(b, &stack);
        Model.FindMvStack(compound);
        string where = $"block {b->MiRow},{b->MiCol} size {b->Size} refs {b->RefFrame[0]},{b->RefFrame[1]}";
        Assert.True(Model.NumMvFound == stack.Count, where);
        Assert.True(Model.NewMvContext == stack.NewMvContext && Model.RefMvContext == stack.RefMvContext, where);
        Assert.True(Model.ZeroMvContext == stack.ZeroMvContext && Model.NewMvCount == stack.NewMvCount, where);
        for (int list = 0; list < (compound ? 2 : 1); list++)
        {
            Assert.True(Pack(Model.GlobalMvs[list, 0], Model.GlobalMvs[list, 1]) == stack.GlobalMv[list], where);
            for (int i = 0; i < Math.Max(2, stack.Count); i++)
                Assert.True(Pack(Model.RefStackMv[i, list, 0], Model.RefStackMv[i, list, 1]) == stack.Mv[i * 2 + list], $"{where} entry {i}");
        }
        for (int i = 0; i < stack.Count; i++)
            Assert.True(Model.WeightStack[i] == stack.Weight[i] && Model.DrlCtxStack[i] == stack.DrlContext[i], $"{where} weight {i}");
        Compared++;
        if (stack.Count > 2)
            LongStacks++;
        if (Model.ZeroMvContext != 0)
            TemporalHits++;
    }

    private void CompareSamples(Av1MvPredictor predictor, Av1Block* b)
    {
        Av1WarpSamples samples;
        new Span<byte>(&samples, sizeof(Av1WarpSamples)).Fill(0xa5);
        predictor.FindWarpSamples(b, &samples);
        Model.FindWarpSamples();
        // Nobody asks for smaller blocks (5.11.27): the position may be one that is not decoded.
        if (Av1Tables.Num4x4BlocksWide[(int)b->Size] >= 2 && Av1Tables.Num4x4BlocksHigh[(int)b->Size] >= 2)
            Assert.Equal(Model.HasOverlappableCandidates(), predictor.HasOverlappableCandidates(b));
        Assert.Equal((Model.NumSamples, Model.NumSamplesScanned), (samples.Count, samples.Scanned));
        for (int i = 0; i < samples.Count * 4; i++)
            Assert.Equal(Model.CandList[i / 4, i % 4], samples.Candidates[i]);
        if (samples.Count == 0)
            return;
        int* warp = stackalloc int[6];
        bool valid = Av1Warp.Estimate(State, b, &samples, warp);
        int[]? expected = Av1WarpModels.Estimate(b, Model.CandList, Model.NumSamples);
        Assert.Equal(expected != null && Av1WarpModels.Shear(expected) != null, valid);
        if (valid)
        {
            Assert.Equal(expected, new Span<int>(warp, 6).ToArray());
            WarpFits++;
        }
    }
}
