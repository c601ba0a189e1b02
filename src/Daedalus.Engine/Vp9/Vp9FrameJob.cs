// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// One VP9 frame in flight. Steps: load the probability context; entropy-decode one superblock row of one tile column; adapt;
/// reconstruct and filter one superblock row. Frames with a tile column for every thread are cut otherwise: a step decodes and
/// reconstructs some rows of one tile column, superblock by superblock in memory for one, so that coefficients stay in the first
/// cache of the core that wrote them; another step filters. With one thread it goes the same way.
/// </summary>
internal sealed unsafe class Vp9FrameJob : FrameJob, IVp9ReferenceWaiter, IDisposable
{
    private const int StepContext = 0, StepAdapt = 1, StepReconstruct = 2, StepEntropy = 3;

    // Entropy decoding may run ahead of reconstruction by half a frame, if that fits into so many bytes. Measured at 1080p with two threads:
    // a whole frame is 4 % faster where contexts adapt backwards (and not otherwise) but takes 10 MB more; 4 rows are 10 % slower there.
    private const long RecordBudget = 48 << 20;

    // Superblock rows of a tile column in one step: fewer steps, fewer wake-ups.
    private const int TileRowsOfStep = 2;

    // A worker goes on with the tile columns it has begun (their records are in its core's cache) unless another one is this far behind.
    private const int StrangerRows = 6;

    private readonly Vp9Decoder _decoder;
    private readonly FrameGate _gate;
    private readonly Vp9AboveContext _above = new();
    private readonly Vp9LoopFilter _loopFilter;
    private readonly Vp9FrameContext _context;
    private readonly Vp9Reconstructor _reconstructor;
    private readonly Vp9Reconstructor?[] _tileReconstructors = new Vp9Reconstructor?[Vp9FrameSetup.MaxTileCols];
    private readonly Vp9TileDecoder?[] _tiles = new Vp9TileDecoder?[Vp9FrameSetup.MaxTileCols];
    private readonly int[] _nextRow = new int[Vp9FrameSetup.MaxTileCols];
    private readonly int[] _failedRow = new int[Vp9FrameSetup.MaxTileCols];
    private readonly int[] _tileLimit = new int[Vp9FrameSetup.MaxTileCols];
    private readonly int[] _tileEnd = new int[Vp9FrameSetup.MaxTileCols];
    private readonly int[] _lastWorker = new int[Vp9FrameSetup.MaxTileCols];
    private readonly bool[] _busy = new bool[Vp9FrameSetup.MaxTileCols];
    private readonly NativeBlock _countsBlock = new(), _entries = new(), _records = new(), _eobs = new(), _coefficients = new();
    private readonly TileSpan* _spans;
    private readonly Vp9Probabilities* _probabilities, _saved;
    private bool _coefficientsDirty;
    private volatile bool _damaged; // entropy decoding found what no encoder writes
    private bool _contextTaken, _contextReady, _adaptTaken, _reconstructing;
    private bool _byTile, _together;
    private nuint _coefficientBytes;
    private int _entropyRows, _reconstructRow, _convertedRows, _filteredTo;

    public Vp9FrameJob(Vp9Decoder decoder, FrameGate gate)
    {
        _decoder = decoder;
        _gate = gate;
        try
        {
            _loopFilter = new Vp9LoopFilter();
            _context = new Vp9FrameContext { Waiter = this };
            _reconstructor = new Vp9Reconstructor();
            State = (Vp9FrameState*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameState));
            CompressedHeader = (V4L2CtrlVp9CompressedHdr*)NativeMemory.AllocZeroed((nuint)sizeof(V4L2CtrlVp9CompressedHdr));
            _probabilities = (Vp9Probabilities*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9Probabilities));
            _saved = (Vp9Probabilities*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9Probabilities));
            _spans = (TileSpan*)NativeMemory.AllocZeroed(Vp9FrameSetup.MaxTileCols * Vp9FrameSetup.MaxTileRows, (nuint)sizeof(TileSpan));
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Shared by the stages.</summary>
    public Vp9FrameState* State { get; }

    /// <summary>Copy of the compressed header control.</summary>
    public V4L2CtrlVp9CompressedHdr* CompressedHeader { get; }

    /// <summary>Tiles in bitstream order.</summary>
    public TileSpan* Spans => _spans;

    /// <summary>The picture being decoded.</summary>
    public Picture? Picture;

    /// <summary>References: last, golden, altref; null when missing.</summary>
    public readonly Picture?[] References = new Picture?[3];

    /// <summary>Motion and segment maps this frame writes or reads.</summary>
    public SharedBlock? Motion, PreviousMotion, SegmentMap, PreviousSegmentMap;

    /// <summary>The caller's buffer.</summary>
    public byte* Capture;

    /// <summary>Writes the planar picture to the caller's buffer in another format; unused when the picture lies there itself.</summary>
    public PictureConversion Conversion;

    /// <summary>Nothing may be written to the capture buffer before the jobs up to this sequence number are done.</summary>
    public ulong CaptureFreeAfter;

    /// <summary>The frame before this one in decode order was a key frame.</summary>
    public bool LastFrameWasKey;

    /// <summary>Probability contexts are what the next frame will see (gate).</summary>
    public bool ContextFinal { get; private set; }

    /// <inheritdoc/>
    public override bool IsDone => _reconstructRow == State->SbRows && ContextFinal && ReferencesFinal;

    /// <summary>Only then it is known whether what this frame was predicted from is damaged (gate).</summary>
    private bool ReferencesFinal
    {
        get
        {
            foreach (Picture? reference in References)
            {
                if (reference is { Final: false })
                    return false;
            }
            return true;
        }
    }

    private bool UsesReferences => State->IsIntra == 0;

    private bool Adapts => (State->Control.Flags & (Vp9FrameFlags.RefreshFrameContext | Vp9FrameFlags.ParallelDecodingMode | Vp9FrameFlags.ErrorResilient))
        == Vp9FrameFlags.RefreshFrameContext;

    /// <summary>Sizes the buffers for the frame in <see cref="State"/> and forgets the last one's progress. May throw OutOfMemoryException.</summary>
    /// <param name="threads">Threads of the decoder: with one the records of one row are kept, with several of more.</param>
    /// <param name="kernels">Kernels of the bit depth.</param>
    public void Begin(int threads, Kernels.Vp9.Vp9KernelTable* kernels)
    {
        Vp9FrameState* s = State;
        int chroma = 2 >> (s->SubsamplingX + s->SubsamplingY); // chroma samples in units of luma samples; 4:2:0 has half a plane
        int samples = 64 * 64 + (chroma == 0 ? 64 * 64 / 2 : chroma * 64 * 64);
        int coefficientBytes = samples * (s->BitDepth > 8 ? 4 : 2);
        int eobBytes = samples / 16 * sizeof(ushort);
        int recordBytes = 64 * sizeof(BlockRecord);
        long rowBytes = (long)s->SbCols * (coefficientBytes + eobBytes + recordBytes);
        _byTile = threads > 1 && s->TileCols >= threads;
        _together = threads == 1 || _byTile;
        s->SbRowsKept = _together ? 1 : (int)Math.Clamp(Math.Min(RecordBudget / rowBytes, (s->SbRows + 1) / 2), Math.Min(4, s->SbRows), s->SbRows);

        nuint count = (nuint)s->SbCols * (nuint)s->SbRowsKept;
        nuint places = _byTile ? (nuint)s->TileCols : _together ? 1 : count;
        _coefficientBytes = (nuint)coefficientBytes;
        _entries.Reserve(count * (nuint)sizeof(SuperblockEntry));
        _records.Reserve(places * (nuint)recordBytes);
        _eobs.Reserve(places * (nuint)eobBytes);
        if (!_coefficients.Reserve(places * (nuint)coefficientBytes) && _coefficientsDirty)
            _coefficients.Clear(); // the last frame ended before all its coefficients were consumed
        _coefficientsDirty = false;
        s->Superblocks = (SuperblockEntry*)_entries.Pointer;
        int tile = 0;
        for (nuint i = 0; i < count; i++)
        {
            while (_byTile && (int)i >= EndColumn(tile))
                tile++;
            nuint place = _byTile ? (nuint)tile : _together ? 0 : i;
            s->Superblocks[i] = new SuperblockEntry
            {
                Blocks = (BlockRecord*)(_records.Pointer + place * (nuint)recordBytes),
                Eobs = (ushort*)(_eobs.Pointer + place * (nuint)eobBytes),
                Coefficients = _coefficients.Pointer + place * (nuint)coefficientBytes,
            };
        }
        _countsBlock.Reserve((nuint)s->TileCols * (nuint)sizeof(Vp9Counts));
        _context.Prepare(s, Picture!.View, kernels);
        for (int i = 0; i < 3; i++)
        {
            if (UsesReferences && References[i] is { } reference)
                _context.References[i].Set(reference.View, Picture.View, reference.ProgressCell);
        }
        for (int c = 0; c < s->TileCols; c++)
        {
            _tiles[c] ??= new Vp9TileDecoder();
            if (_byTile)
                _tileReconstructors[c] ??= new Vp9Reconstructor();
            _nextRow[c] = 0;
            _lastWorker[c] = c * threads / s->TileCols;
            _failedRow[c] = int.MaxValue;
            _busy[c] = false;
        }
        _contextTaken = _contextReady = _adaptTaken = _reconstructing = ContextFinal = false;
        _entropyRows = _reconstructRow = _convertedRows = 0;
        Status = 0;
        Corrupted = _damaged = false;
        Aborted = false;
    }

    /// <inheritdoc/>
    public override int Claim()
    {
        if (!_contextReady)
        {
            if (_contextTaken || Older is Vp9FrameJob { ContextFinal: false })
                return NoStep;
            _contextTaken = true;
            return StepContext;
        }
        int rows = State->SbRows;
        if (_entropyRows == rows && !_adaptTaken)
        {
            _adaptTaken = true;
            return StepAdapt;
        }
        // Reconstruction first: it frees rows of records while they are warm, and younger frames wait for its rows.
        if (!_reconstructing && _reconstructRow < _entropyRows && (_byTile || (ReferencesReady(_reconstructRow + 1) && CaptureFree())))
        {
            _reconstructing = true;
            return StepReconstruct;
        }
        int limit = _byTile ? rows : Math.Min(rows, _reconstructRow + State->SbRowsKept);
        for (FrameJob? j = PreviousMotion != null || PreviousSegmentMap != null ? Older : null; j != null; j = j.Older)
        {
            if (!j.Released && j is Vp9FrameJob older)
                limit = Math.Min(limit, older._entropyRows);
        }
        int best = -1, bestCost = int.MaxValue;
        for (int c = 0; c < State->TileCols; c++)
        {
            if (_busy[c] || _nextRow[c] >= limit)
                continue;
            int cost = _nextRow[c] + (_byTile && _lastWorker[c] != _gate.Claimant ? StrangerRows : 0);
            if (cost < bestCost)
                (best, bestCost) = (c, cost);
        }
        if (best < 0 || (_byTile && !(ReferencesReady(Math.Min(_nextRow[best] + TileRowsOfStep, rows)) && CaptureFree())))
            return NoStep;
        _tileLimit[best] = limit;
        _lastWorker[best] = _gate.Claimant;
        _busy[best] = true;
        return StepEntropy + best;
    }

    /// <inheritdoc/>
    public override void Run(int step)
    {
        switch (step)
        {
            case StepContext:
                LoadContext();
                break;
            case StepAdapt:
                Adapt();
                break;
            case StepReconstruct when _byTile:
                int end = Volatile.Read(ref _entropyRows);
                for (int row = _reconstructRow; row < end && !Aborted; row++)
                    FilterRow(row);
                _filteredTo = end;
                break;
            case StepReconstruct:
                ReconstructRow(_reconstructRow);
                break;
            default:
                DecodeTile(step - StepEntropy);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Finish(int step)
    {
        switch (step)
        {
            case StepContext:
                _contextReady = true;
                ContextFinal = !Adapts;
                break;
            case StepAdapt:
                ContextFinal = true;
                break;
            case StepReconstruct:
                _reconstructing = false;
                _reconstructRow = _byTile ? _filteredTo : _reconstructRow + 1;
                break;
            default:
                int col = step - StepEntropy;
                _busy[col] = false;
                _nextRow[col] = _byTile ? _tileEnd[col] : _nextRow[col] + 1;
                int done = int.MaxValue;
                for (int c = 0; c < State->TileCols; c++)
                    done = Math.Min(done, _nextRow[c]);
                _entropyRows = done;
                break;
        }
    }

    /// <inheritdoc/>
    public override void RunAll()
    {
        LoadContext();
        for (int row = 0; row < State->SbRows && !Aborted; row++)
        {
            for (int c = 0; c < State->TileCols; c++)
                DecodeTileRow(c, row, _reconstructor);
            if (Aborted)
                return;
            FilterRow(row);
            _reconstructRow = row + 1;
        }
        if (!Aborted)
            Adapt();
    }

    /// <inheritdoc/>
    public override bool UsesCapture(byte* capture)
    {
        bool uses = Capture == capture;
        foreach (Picture? reference in References)
            uses |= reference != null && reference.Capture == capture;
        return uses;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        if (Status != 0 || _reconstructRow < State->SbRows)
        {
            Corrupted |= Status != 0;
            _coefficientsDirty = true;
        }
        if (_context.Corrupted)
            Corrupted = true;
        for (int i = 0; i < 3; i++)
        {
            if (References[i] is not { } reference)
                continue;
            // What is predicted from a damaged picture is damaged.
            if (UsesReferences && reference.Corrupted)
                Corrupted = true;
            _decoder.Release(reference);
            References[i] = null;
        }
        ContextFinal = true;
        Picture!.Corrupted = Corrupted;
        Picture.Failed = Status != 0;
        Picture.Final = true;
        Picture.Progress = Picture.Complete;
        _decoder.Release(Picture);
        Picture = null;
        Drop(ref Motion);
        Drop(ref PreviousMotion);
        Drop(ref SegmentMap);
        Drop(ref PreviousSegmentMap);
    }

    /// <inheritdoc/>
    public void Wait(int slot, int lastLumaRow) => References[slot]!.WaitFor(lastLumaRow + 1, _gate, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Vp9TileDecoder? tile in _tiles)
            tile?.Dispose();
        // Null after a constructor without memory.
        _reconstructor?.Dispose();
        foreach (Vp9Reconstructor? reconstructor in _tileReconstructors)
            reconstructor?.Dispose();
        _context?.Dispose();
        _loopFilter?.Dispose();
        _above.Dispose();
        _countsBlock.Dispose();
        _entries.Dispose();
        _records.Dispose();
        _eobs.Dispose();
        _coefficients.Dispose();
        NativeMemory.Free(State);
        NativeMemory.Free(CompressedHeader);
        NativeMemory.Free(_probabilities);
        NativeMemory.Free(_saved);
        NativeMemory.Free(_spans);
    }

    private static void Drop(ref SharedBlock? block)
    {
        block?.RemoveUser();
        block = null;
    }

    /// <summary>Whether the rows that vectors of usual length need are there; longer ones wait inside reconstruction.</summary>
    private bool ReferencesReady(int endRow)
    {
        if (!UsesReferences)
            return true;
        int bottom = Math.Min(endRow * 64 + 80, State->Height);
        for (int i = 0; i < 3; i++)
        {
            if (References[i] is not { } reference || reference.Progress == Picture.Complete)
                continue;
            long needed = reference.View.Height == State->Height ? bottom : (long)bottom * reference.View.Height / State->Height;
            if (reference.Progress < needed)
                return false;
        }
        return true;
    }

    private bool CaptureFree()
    {
        for (FrameJob? job = Older; job != null && CaptureFreeAfter != 0; job = job.Older)
        {
            if (job.Sequence <= CaptureFreeAfter && !job.Released)
                return false;
        }
        return true;
    }

    /// <summary>Spec load_probs and setup_past_independence for the contexts, then the forward updates.</summary>
    private void LoadContext()
    {
        ref V4L2CtrlVp9Frame f = ref State->Control;
        Vp9Probabilities* context = _decoder.SelectContext(f);
        *_probabilities = *context;
        *_saved = *context;
        Vp9ProbabilityAdaptation.ApplyDeltas(_probabilities, *CompressedHeader, f);
        if ((f.Flags & Vp9FrameFlags.RefreshFrameContext) != 0 && !Adapts)
            *context = *_probabilities;
        if (Adapts)
            NativeMemory.Clear(_countsBlock.Pointer, (nuint)State->TileCols * (nuint)sizeof(Vp9Counts));
        _above.Resize(State->MiCols);
        // Above contexts go on across tile rows: libvpx clears them once a frame.
        _above.ResetTile(0, State->MiCols);
        if (State->Control.Lf.Level != 0)
            _loopFilter.BeginFrame(State);
    }

    private void Adapt()
    {
        if (!Adapts || _damaged)
            return;
        Vp9Counts* counts = (Vp9Counts*)_countsBlock.Pointer;
        for (int c = 1; c < State->TileCols; c++)
            Vp9ProbabilityAdaptation.Accumulate(counts, counts + c);
        Vp9ProbabilityAdaptation.Adapt(_probabilities, _saved, counts, State->Control, CompressedHeader->TxMode, LastFrameWasKey);
        *_decoder.SelectedContext(State->Control) = *_probabilities;
    }

    private int FirstColumn(int tileCol) => Vp9FrameSetup.TileOffset(tileCol, State->MiCols, State->Control.TileColsLog2) >> 3;

    private int EndColumn(int tileCol) => (Vp9FrameSetup.TileOffset(tileCol + 1, State->MiCols, State->Control.TileColsLog2) + 7) >> 3;

    private void DecodeTile(int col)
    {
        int row = _nextRow[col];
        if (!_byTile)
        {
            DecodeTileRow(col, row, null);
            return;
        }
        int end = Math.Min(row + TileRowsOfStep, _tileLimit[col]);
        for (; row < end && !Aborted; row++)
            DecodeTileRow(col, row, _tileReconstructors[col]);
        _tileEnd[col] = end;
    }

    /// <summary>Entropy-decodes a superblock row of a tile column and, given a reconstructor, reconstructs each superblock at once.</summary>
    private void DecodeTileRow(int col, int row, Vp9Reconstructor? reconstructor)
    {
        Vp9FrameState* s = State;
        int colsLog2 = s->Control.TileColsLog2, rowsLog2 = s->Control.TileRowsLog2;
        int miColStart = Vp9FrameSetup.TileOffset(col, s->MiCols, colsLog2), miColEnd = Vp9FrameSetup.TileOffset(col + 1, s->MiCols, colsLog2);
        Vp9TileDecoder tile = _tiles[col]!;
        bool good = row < _failedRow[col];
        for (int t = 0; t < s->TileRows; t++)
        {
            int start = Vp9FrameSetup.TileOffset(t, s->MiRows, rowsLog2), end = Vp9FrameSetup.TileOffset(t + 1, s->MiRows, rowsLog2);
            if (start >= end || start != row * 8)
                continue;
            TileSpan span = _spans[t * s->TileCols + col];
            Vp9Counts* counts = Adapts ? (Vp9Counts*)_countsBlock.Pointer + col : null;
            good = span.Size > 0 && tile.Begin(s, _probabilities, CompressedHeader->TxMode, counts, _above, miColStart, miColEnd, start, end, span.Data, span.Size);
            _failedRow[col] = good ? int.MaxValue : row;
            break;
        }

        if (good)
            tile.BeginSuperblockRow();
        for (int c = FirstColumn(col); c < EndColumn(col); c++)
        {
            SuperblockEntry* entry = s->Superblock(row, c);
            if (!good)
            {
                Vp9TileDecoder.SkipSuperblock(s, _above, row, c);
                Damage(entry, row, c);
            }
            else if (!tile.DecodeSuperblock(row, c))
            {
                good = false;
                _failedRow[col] = row + 1;
                Damage(entry, row, c);
            }
            if (s->Control.Lf.Level != 0)
                _loopFilter.BuildMasks(row, c);
            if (reconstructor == null)
                continue;
            if (Aborted)
                return;
            if (!good)
                Vp9Concealment.FillRow(_context, row, c, c + 1);
            reconstructor.ReconstructSuperblock(_context, row, c);
            if (!good && entry->Count != 0)
                NativeMemory.Clear(entry->Coefficients, _coefficientBytes); // of the block that broke off; the next superblock uses the memory
        }
    }

    private void Damage(SuperblockEntry* entry, int row, int col)
    {
        _damaged = true;
        Corrupted = true;
        _coefficientsDirty = true;
        if (entry->Count == 0)
            Vp9Concealment.FillHistory(State, row, col);
    }

    private void ReconstructRow(int row)
    {
        Vp9FrameState* s = State;
        if (_damaged)
            Vp9Concealment.FillRow(_context, row, 0, s->SbCols);
        for (int c = 0; c < s->SbCols; c++)
        {
            if (Aborted)
                return;
            _reconstructor.ReconstructSuperblock(_context, row, c);
        }
        FilterRow(row);
    }

    private void FilterRow(int row)
    {
        Vp9FrameState* s = State;
        PictureView view = Picture!.View;
        if (s->Control.Lf.Level != 0)
            _loopFilter.FilterSuperblockRow(view, row);

        // The filter of the next row still changes 8 rows of each plane above it.
        int final = row + 1 == s->SbRows ? s->Height : (row + 1) * 64 - (8 << s->SubsamplingY);
        if (Conversion.IsNeeded)
        {
            int lines = row + 1 == s->SbRows ? final : final & ~1;
            Conversion.Convert(view, _convertedRows, lines);
            _convertedRows = lines;
        }
        Picture.Progress = row + 1 == s->SbRows ? Picture.Complete : final;
    }
}
