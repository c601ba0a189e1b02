// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// One AV1 frame in flight. Steps: set up; project motion vectors; a superblock row of a tile; filter (and grain, and convert) whole rows. The step of a row decodes, reconstructs and filters it, so that
/// records and samples stay in the cache of the core that wrote them. Where no frame in flight has such a step, entropy decoding runs ahead: the next frame may wait for this one's CDFs.
/// </summary>
internal sealed unsafe partial class Av1FrameJob : FrameJob, IAv1ReferenceWaiter, IDisposable
{
    private const int StepSetup = 0, StepFilter = 1, StepProject = 2, StepTiles = 3;

    // Of each tile: a row decoded and reconstructed, a row that is decoded already reconstructed, a row decoded ahead, a row reconstructed superblock by superblock behind its decoding.
    private const int StepsOfTile = 4, StepWhole = 0, StepReconstruct = 1, StepDecode = 2, StepFollow = 3;

    // Luma rows below a block that its prediction usually reads.
    private const int UsualReach = 80;

    private sealed class TileWorker : IDisposable
    {
        public readonly Av1TileDecoder Decoder = new();
        public readonly Av1Reconstructor Reconstructor;

        public TileWorker()
        {
            try
            {
                Reconstructor = new Av1Reconstructor();
            }
            catch (OutOfMemoryException)
            {
                Decoder.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            Decoder.Dispose();
            Reconstructor.Dispose();
        }
    }

    private readonly Av1Decoder _decoder;
    private readonly FrameGate _gate;
    private readonly Av1FrameMemory _memory = new();
    private readonly Av1Streams _streams = new();
    private readonly List<TileWorker> _workers = [];
    private readonly Av1PostFilter _postFilter;
    private readonly NativeBlock _grainStrip = new();
    private Av1FilmGrain? _filmGrain;
    private Av1GrainTable* _grainKernels;
    private V4L2CtrlAv1FilmGrain _grain;
    private PictureView _standIn, _strip;
    private bool _hasStandIn, _hasGrain;

    // Of each tile: the superblock row that is decoded or reconstructed next, and whether someone is at it (gate).
    private int[] _decodeRow = [], _reconstructRow = [];
    private bool[] _decoding = [], _reconstructing = [];
    // Of a tile being decoded: whoever decodes the row reconstructs it afterwards; someone else does already.
    private bool[] _whole = [], _followed = [];
    private bool _projectsItself;
    private int _tileRows, _tileCount, _sources;
    private bool _setupTaken, _setupDone, _projecting, _filtering;
    private int _firstTileRow, _rowsReconstructed, _filterRow, _filteredTo, _projectedRows, _projectedTo, _grainedRows, _convertedRows, _greyRows;

    public Av1FrameJob(Av1Decoder decoder, FrameGate gate)
    {
        _decoder = decoder;
        _gate = gate;
        _postFilter = new Av1PostFilter();
        State = (Av1FrameState*)NativeMemory.AllocZeroed((nuint)sizeof(Av1FrameState));
    }

    /// <summary>Shared by the stages.</summary>
    public Av1FrameState* State { get; }

    /// <summary>The picture being decoded.</summary>
    public Picture? Picture;

    /// <summary>References by name, [1] LAST_FRAME ..; null when missing.</summary>
    public readonly Picture?[] References = new Picture?[Av1FrameState.ReferenceCount];

    /// <summary>The caller's buffer.</summary>
    public byte* Capture;

    /// <summary>The caller's buffer when it is planar and receives the picture with grain.</summary>
    public PictureView CaptureView;

    /// <summary>Writes the planar picture to the caller's buffer in another format; unused when the picture lies there itself.</summary>
    public PictureConversion Conversion;

    /// <summary>Nothing may be written to the capture buffer before the jobs up to this sequence number are done.</summary>
    public ulong CaptureFreeAfter;

    private Av1SavedState* Saved => State->Saved;

    /// <inheritdoc/>
    public override bool IsDone => _filterRow == State->SbRows && ReferencesFinal;

    // Only then it is known whether what this frame was predicted from is damaged (gate).
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

    /// <summary>
    /// Takes over a frame: <see cref="State"/> has its geometry, <see cref="Picture"/> and <see cref="References"/> are set. Sizes the memory, may throw OutOfMemoryException.
    /// </summary>
    /// <param name="controls">Checked controls.</param>
    /// <param name="bitstream">The request's bitstream.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="threads">Threads of the decoder.</param>
    /// <param name="kernels">Kernels of the bit depth.</param>
    public void Begin(in Av1Controls controls, byte* bitstream, uint size, int threads, Av1Kernels kernels)
    {
        Av1FrameState* s = State;
        _tileCount = s->TileRows * s->TileCols;
        _tileRows = threads == 1 ? 1 : Math.Min(s->TileRows, (threads + s->TileCols - 1) / s->TileCols + 1);
        _streams.Reserve(s, _tileRows, ahead: threads > 1);
        _memory.Reserve(s, ahead: threads > 1);
        s->Output = Picture!.View;
        _memory.ReservePictures(s);
        Av1FrameSetup.FillTiles(s, controls, bitstream, size);
        SetReferences();
        Av1PictureState.Begin(s, Picture.Motion!.Memory.Pointer);
        _sources = Av1MotionField.SourcesOf(s);
        _projectsItself = s->TileCols == 1;

        if (_decodeRow.Length < _tileCount)
        {
            _decodeRow = new int[_tileCount];
            _reconstructRow = new int[_tileCount];
            _decoding = new bool[_tileCount];
            _reconstructing = new bool[_tileCount];
            _whole = new bool[_tileCount];
            _followed = new bool[_tileCount];
        }
        for (int t = 0; t < _tileCount; t++)
        {
            _decodeRow[t] = _reconstructRow[t] = s->Tiles[t].SbRowStart;
            _decoding[t] = _reconstructing[t] = _whole[t] = _followed[t] = false;
        }
        while (_workers.Count < _tileRows * s->TileCols)
            _workers.Add(new TileWorker());
        for (int i = 0; i < _tileRows * s->TileCols; i++)
            _workers[i].Reconstructor.BeginFrame(s, (Av1KernelTable*)kernels.Reconstruction, this);
        _postFilter.BeginFrame(s, (Av1PostFilterTable*)kernels.PostFilter);
        _grain = controls.Grain;
        _hasGrain = (_grain.Flags & Av1FilmGrainFlags.ApplyGrain) != 0;
        _grainKernels = (Av1GrainTable*)kernels.Grain;
        if (_hasGrain)
            _filmGrain ??= new Av1FilmGrain();

        _setupTaken = _setupDone = _projecting = _filtering = false;
        _firstTileRow = _rowsReconstructed = _filterRow = _projectedRows = _grainedRows = _convertedRows = _greyRows = 0;
        Status = 0;
        Corrupted = false;
        Aborted = false;
    }

    private void SetReferences()
    {
        Av1FrameState* s = State;
        s->Primary = null;
        s->PrevSegmentIds = null;
        _hasStandIn = false;
        Array.Clear(_shown);
        Av1FrameSetup.FillCurrent(s);
        if (s->IsIntra)
            return;
        Picture? other = null;
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
        {
            if (References[r] is { } picture && Av1FrameSetup.IsUsable(s, picture.View))
                other ??= picture;
        }
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
        {
            Picture? picture = References[r];
            // What else is known of a picture of the wrong size or format holds: its CDFs, perhaps its motion.
            Av1SavedState* saved = picture != null ? Av1PictureState.Of(picture) : null;
            bool missing = picture == null || !Av1FrameSetup.IsUsable(s, picture.View);
            if (!missing || other != null)
            {
                Picture shown = missing ? other! : picture!;
                Av1FrameSetup.FillReference(s, r, shown.View, shown.ProgressCell, saved, missing);
                _shown[r] = shown;
                continue;
            }
            if (!_hasStandIn)
            {
                _standIn = _memory.ReserveStandIn(s);
                _hasStandIn = true;
            }
            Av1FrameSetup.FillReference(s, r, _standIn, null, saved, missing: true);
            _shown[r] = null;
        }
        if (s->Frame.PrimaryRefFrame == V4L2CtrlAv1Frame.PrimaryRefNone)
            return;
        s->Primary = s->References[s->Frame.PrimaryRefFrame + 1].Saved;
        // load_previous_segment_ids (5.9.2)
        if ((s->Frame.Segmentation.Flags & Av1SegmentationFlags.Enabled) != 0 && s->Primary != null && s->Primary->MiRows == s->MiRows && s->Primary->MiCols == s->MiCols)
            s->PrevSegmentIds = s->Primary->SegmentIds;
    }

    // Pictures that References' samples are of (a stand-in may be another reference); null: grey.
    private readonly Picture?[] _shown = new Picture?[Av1FrameState.ReferenceCount];

    /// <inheritdoc/>
    public override int Claim()
    {
        Av1FrameState* s = State;
        if (!_setupDone)
        {
            if (_setupTaken || s->Primary != null && Volatile.Read(ref s->Primary->CdfsReady) == 0)
                return NoStep;
            _setupTaken = true;
            return StepSetup;
        }
        if (TakeFilter())
            return StepFilter;
        int known = KnownRows();
        if (s->MotionField != null && !_projectsItself && !_projecting && _projectedRows < known)
        {
            _projecting = true;
            _projectedTo = known;
            return StepProject;
        }
        int best = -1;
        for (int t = FirstTile; t < EndTile; t++)
        {
            if (!_reconstructing[t] && (best < 0 || _reconstructRow[t] < _reconstructRow[best]) && CanReconstruct(t, known))
                best = t;
        }
        if (best < 0 || !ReferencesReady(_reconstructRow[best] + 1) || !CaptureFree())
            return NoStep;
        _reconstructing[best] = true;
        bool decodes = _reconstructRow[best] == _decodeRow[best];
        _decoding[best] |= decodes;
        _whole[best] = decodes;
        return StepTiles + StepsOfTile * best + (decodes ? StepWhole : StepReconstruct);
    }

    /// <inheritdoc/>
    public override int ClaimAhead()
    {
        if (!_setupDone)
            return NoStep;
        int known = KnownRows(), best = -1;
        for (int t = FirstTile; t < EndTile; t++)
        {
            if ((best < 0 || _decodeRow[t] < _decodeRow[best]) && CanDecode(t, known))
                best = t;
        }
        if (best < 0)
            return NoStep;
        _decoding[best] = true;
        return StepTiles + StepsOfTile * best + StepDecode;
    }

    /// <inheritdoc/>
    public override int ClaimFollowing()
    {
        if (!_setupDone)
            return NoStep;
        for (int t = FirstTile; t < EndTile; t++)
        {
            if (!_decoding[t] || _reconstructRow[t] != _decodeRow[t] || (_reconstructing[t] && !_whole[t]) || !ReferencesReady(_reconstructRow[t] + 1) || !CaptureFree())
                continue;
            _followed[t] = _whole[t];
            _whole[t] = false;
            _reconstructing[t] = true;
            return StepTiles + StepsOfTile * t + StepFollow;
        }
        return NoStep;
    }

    // Tiles that may be in work, whole tile rows.
    private int FirstTile => _firstTileRow * State->TileCols;

    private int EndTile => Math.Min(_firstTileRow + _tileRows, State->TileRows) * State->TileCols;

    // Whether the next row is decoded, or can be in the same step.
    private bool CanReconstruct(int tile, int known)
        => _reconstructRow[tile] < State->Tiles[tile].SbRowEnd && (_reconstructRow[tile] < _decodeRow[tile] || CanDecode(tile, known));

    private bool CanDecode(int tile, int known)
    {
        Av1FrameState* s = State;
        int row = _decodeRow[tile];
        if (_decoding[tile] || row >= s->Tiles[tile].SbRowEnd || row >= (s->MotionField != null && !_projectsItself ? _projectedRows : known))
            return false;
        return _streams.TryPlace(s, s->Tiles + tile, _reconstructRow[tile] < row ? _reconstructRow[tile] : -1);
    }

    // Whoever has reconstructed a row filters what has become complete.
    private bool TakeFilter()
    {
        if (_filtering || _filterRow >= _rowsReconstructed)
            return false;
        _filtering = true;
        _filteredTo = _rowsReconstructed;
        return true;
    }

    /// <summary>Superblock rows for which the motion of references and the old segment ids are there.</summary>
    private int KnownRows()
    {
        Av1FrameState* s = State;
        int rows = int.MaxValue;
        if (s->PrevSegmentIds != null)
            rows = Volatile.Read(ref s->Primary->MiRowsReady);
        for (int r = 1, bits = _sources >> 1; bits != 0; r++, bits >>= 1)
        {
            if ((bits & 1) != 0)
                rows = Math.Min(rows, Volatile.Read(ref s->References[r].Saved->MiRowsReady));
        }
        return rows >= s->MiRows ? s->SbRows : rows >> s->SbSizeLog2;
    }

    /// <inheritdoc/>
    public override void Run(int step)
    {
        switch (step)
        {
            case StepSetup:
                SetUp();
                break;
            case StepFilter:
                FilterRows();
                break;
            case StepProject:
                for (int row = _projectedRows; row < _projectedTo && !Aborted; row++)
                    ProjectRow(row);
                break;
            default:
                int tile = (step - StepTiles) / StepsOfTile, kind = (step - StepTiles) % StepsOfTile;
                if (kind == StepDecode)
                    DecodeRow(tile, _decodeRow[tile]);
                else
                    RunRow(tile, kind);
                break;
        }
    }

    private void RunRow(int tile, int kind)
    {
        int row = _reconstructRow[tile];
        if (kind == StepWhole)
        {
            DecodeRow(tile, row);
            bool followed;
            lock (_gate)
            {
                followed = _followed[tile];
                FinishDecoding(tile);
                _gate.Changed();
            }
            if (followed)
                return;
        }
        if (Aborted)
            return;
        Worker(tile).Reconstructor.ReconstructRow(State->Tiles + tile, row, kind == StepFollow);
        bool filters;
        lock (_gate)
        {
            // What is booked as reconstructed has been booked as decoded.
            while (_decodeRow[tile] <= row && !Aborted)
                _gate.WaitInStep();
            if (Aborted)
                return;
            FinishReconstruction(tile);
            // Someone who has nothing else to do may take it.
            filters = _gate.Idle == 0 && TakeFilter();
            _gate.Changed();
        }
        if (!filters)
            return;
        FilterRows();
        lock (_gate)
            FinishFilter();
    }

    /// <inheritdoc/>
    public override void Finish(int step)
    {
        switch (step)
        {
            case StepSetup:
                _setupDone = true;
                if ((State->Frame.Flags & Av1FrameFlags.DisableFrameEndUpdateCdf) != 0)
                    Volatile.Write(ref Saved->CdfsReady, 1);
                break;
            case StepFilter:
                FinishFilter();
                break;
            case StepProject:
                _projecting = false;
                _projectedRows = _projectedTo;
                break;
            default:
                // The steps of rows have booked what they did.
                if ((step - StepTiles) % StepsOfTile == StepDecode)
                    FinishDecoding((step - StepTiles) / StepsOfTile);
                break;
        }
    }

    // Gate. Motion, segment ids and CDFs that younger frames wait for.
    private void FinishDecoding(int tile)
    {
        Av1FrameState* s = State;
        _decoding[tile] = _whole[tile] = _followed[tile] = false;
        _decodeRow[tile]++;
        int rows = CompleteRows(_decodeRow);
        Volatile.Write(ref Saved->MiRowsReady, rows == s->SbRows ? Av1SavedState.Complete : rows << s->SbSizeLog2);
        if (tile == s->Private.ContextUpdateTileId && _decodeRow[tile] == s->Tiles[tile].SbRowEnd)
            Volatile.Write(ref Saved->CdfsReady, 1);
    }

    // Gate.
    private void FinishReconstruction(int tile)
    {
        Av1FrameState* s = State;
        _reconstructing[tile] = false;
        _reconstructRow[tile]++;
        _rowsReconstructed = CompleteRows(_reconstructRow);
        while (_firstTileRow + 1 < s->TileRows && _rowsReconstructed >= s->Tiles[_firstTileRow * s->TileCols].SbRowEnd)
            _firstTileRow++;
    }

    // Gate.
    private void FinishFilter()
    {
        _filtering = false;
        _filterRow = _filteredTo;
    }

    // Superblock rows from the top that are done in all tiles.
    private int CompleteRows(int[] next)
    {
        Av1FrameState* s = State;
        for (int row = _firstTileRow; row < s->TileRows; row++)
        {
            int done = int.MaxValue;
            for (int col = 0; col < s->TileCols; col++)
                done = Math.Min(done, next[row * s->TileCols + col]);
            if (done < s->Tiles[row * s->TileCols].SbRowEnd)
                return done;
        }
        return s->SbRows;
    }

    /// <inheritdoc/>
    public override void RunAll()
    {
        Av1FrameState* s = State;
        SetUp();
        _setupDone = true;
        for (int tileRow = 0; tileRow < s->TileRows; tileRow++)
        {
            int first = tileRow * s->TileCols;
            for (int row = s->Tiles[first].SbRowStart; row < s->Tiles[first].SbRowEnd; row++)
            {
                if (!_projectsItself)
                    ProjectRow(row);
                for (int tile = first; tile < first + s->TileCols; tile++)
                {
                    if (Aborted)
                        return;
                    _ = _streams.TryPlace(s, s->Tiles + tile, -1);
                    DecodeRow(tile, row);
                    Worker(tile).Reconstructor.ReconstructRow(s->Tiles + tile, row);
                }
                FilterRow(row);
                _filterRow = row + 1;
                Saved->MiRowsReady = (row + 1) << s->SbSizeLog2;
            }
        }
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
        if (Status != 0 || _filterRow < State->SbRows)
        {
            Corrupted |= Status != 0;
            _streams.IsDirty = true;
        }
        for (int i = 0; i < _tileRows * State->TileCols; i++)
            Corrupted |= _workers[i].Reconstructor.Corrupted;
        for (int r = 0; r < References.Length; r++)
        {
            _shown[r] = null;
            if (References[r] is not { } reference)
                continue;
            // What is predicted from a damaged picture is damaged.
            if (reference.Corrupted)
                Corrupted = true;
            _decoder.Release(reference);
            References[r] = null;
        }
        Av1PictureState.Finish(Saved, _setupDone);
        Picture!.Corrupted = Corrupted;
        Picture.Failed = Status != 0;
        Picture.Final = true;
        Picture.Progress = Picture.Complete;
        _decoder.Release(Picture);
        Picture = null;
    }

    /// <inheritdoc/>
    public void WaitRows(int reference, int lastRow) => _shown[reference]?.WaitFor(lastRow + 1, _gate, this);

    /// <inheritdoc/>
    public bool WaitSuperblocks(Av1Tile* tile, int count)
    {
        // A superblock takes some ten microseconds.
        for (int i = 0; i < 8 * FrameGate.SpinRounds; i++)
        {
            if (Volatile.Read(ref tile->SuperblocksReady) >= count)
                return true;
            Thread.SpinWait(FrameGate.SpinLength);
        }
        // Whoever decodes has been held up. The end of the row wakes, superblocks do not.
        lock (_gate)
        {
            while (Volatile.Read(ref tile->SuperblocksReady) < count)
            {
                if (Aborted)
                    return false;
                _gate.WaitInStep();
            }
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TileWorker worker in _workers)
            worker.Dispose();
        _postFilter?.Dispose();
        _filmGrain?.Dispose();
        _memory.Dispose();
        _streams.Dispose();
        _grainStrip.Dispose();
        NativeMemory.Free(State);
    }

    private TileWorker Worker(int tile)
    {
        int cols = State->TileCols;
        return _workers[tile / cols % _tileRows * cols + tile % cols];
    }

    // Whether the rows that vectors of usual length need are there; longer ones wait inside reconstruction.
    private bool ReferencesReady(int endRow)
    {
        Av1FrameState* s = State;
        if (s->IsIntra)
            return true;
        int bottom = Math.Min((endRow << (s->SbSizeLog2 + 2)) + UsualReach, s->Height);
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
        {
            if (_shown[r] is not { } reference || reference.Progress == Picture.Complete)
                continue;
            long needed = reference.View.Height == s->Height ? bottom : (long)bottom * reference.View.Height / s->Height;
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

    private void SetUp()
    {
        Av1FrameState* s = State;
        if (s->Frame.PrimaryRefFrame != V4L2CtrlAv1Frame.PrimaryRefNone && s->Primary == null)
            Corrupted = true; // begins with the defaults instead
        Av1CdfContexts.Begin(s);
        if (_hasStandIn)
            FillGrey(_standIn, 0, 0, s->Height);
        if (!_hasGrain)
            return;
        _filmGrain!.Begin(_grain, s->BitDepth, s->SubsamplingX, s->SubsamplingY, s->NumPlanes == 1, s->Private.MatrixCoefficients, _grainKernels);
        if (Conversion.IsNeeded)
            ReserveStrip();
    }

    private void ProjectRow(int sbRow)
    {
        Av1FrameState* s = State;
        if (s->MotionField == null)
            return;
        int rows64 = 1 << (s->SbSizeLog2 - 4);
        for (int i = 0; i < rows64; i++)
            Av1MotionField.ProjectRow(s, sbRow * rows64 + i);
    }

    private void DecodeRow(int tile, int row)
    {
        Av1FrameState* s = State;
        Av1Tile* t = s->Tiles + tile;
        Av1TileDecoder decoder = Worker(tile).Decoder;
        if (_projectsItself)
            ProjectRow(row);
        if (row == t->SbRowStart)
            _ = decoder.BeginTile(s, t); // without data the rows are concealed
        if (decoder.DecodeRow(row) == Av1TileStatus.Corrupt)
            Corrupted = true;
        Av1MotionField.SaveRows(s, t, row << s->SbSizeLog2, (row + 1) << s->SbSizeLog2);
    }
}
