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
/// One AV1 frame in flight. Steps: set up; project motion vectors; entropy-decode some superblock rows of a tile; reconstruct some of a tile; filter (and grain, and convert) whole rows. Frames with a tile for
/// every thread reconstruct in the step that decodes, so that coefficients stay in the cache of the core that wrote them; with fewer, entropy decoding runs ahead, since the next frame needs its CDFs.
/// </summary>
internal sealed unsafe class Av1FrameJob : FrameJob, IAv1ReferenceWaiter, IDisposable
{
    private const int StepSetup = 0, StepFilter = 1, StepProject = 2, StepTiles = 3;

    // Entropy decoding may run ahead of reconstruction if its streams fit into so many bytes.
    private const long StreamBudget = 48 << 20;

    // Luma rows below a block that its prediction usually reads.
    private const int UsualReach = 80;

    // Luma rows that grain is added to at a time when the result still has to be converted.
    private const int GrainRows = 64;

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
    private readonly List<TileWorker> _workers = [];
    private readonly Av1PostFilter _postFilter;
    private readonly NativeBlock _grainStrip = new();
    private Av1FilmGrain? _filmGrain;
    private Av1GrainTable* _grainKernels;
    private V4L2CtrlAv1FilmGrain _grain;
    private PictureView _standIn, _strip;
    private bool _hasStandIn, _hasGrain;

    // Of each tile: the superblock row that is decoded or reconstructed next, and whether someone is at it.
    private int[] _decodeRow = [], _reconstructRow = [], _decodeEnd = [], _reconstructEnd = [];
    private bool[] _decoding = [], _reconstructing = [];
    private bool _byTile, _projectsItself;
    private int _tileRows, _rowsKept, _rowsOfStep, _tileCount, _sources;
    private bool _setupTaken, _setupDone, _projecting, _filtering;
    private int _firstTileRow, _rowsDecoded, _rowsReconstructed, _filterRow, _filteredTo, _projectedRows, _projectedTo, _grainedRows, _convertedRows, _greyRows;

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
        _rowsOfStep = s->SbSizeLog2 == 5 ? 1 : 2;
        _byTile = threads == 1 || _tileCount >= threads;
        _tileRows = threads == 1 ? 1 : Math.Min(s->TileRows, (threads + s->TileCols - 1) / s->TileCols + 1);
        _rowsKept = 1;
        if (!_byTile)
        {
            long most = StreamBudget / Math.Max(1, Av1FrameMemory.RowBytes(s) * _tileRows);
            _rowsKept = (int)Math.Clamp(most, Math.Min(2 * _rowsOfStep, s->SbRows), s->SbRows);
        }
        _memory.Reserve(s, _tileRows, _rowsKept);
        s->Output = Picture!.View;
        _memory.ReservePictures(s);
        Av1FrameSetup.FillTiles(s, controls, bitstream, size);
        _memory.LayOutStreams(s, _tileRows, _rowsKept);
        SetReferences();
        Av1PictureState.Begin(s, Picture.Motion!.Memory.Pointer);
        _sources = Av1MotionField.SourcesOf(s);
        _projectsItself = s->TileCols == 1;

        if (_decodeRow.Length < _tileCount)
        {
            _decodeRow = new int[_tileCount];
            _reconstructRow = new int[_tileCount];
            _decodeEnd = new int[_tileCount];
            _reconstructEnd = new int[_tileCount];
            _decoding = new bool[_tileCount];
            _reconstructing = new bool[_tileCount];
        }
        for (int t = 0; t < _tileCount; t++)
        {
            _decodeRow[t] = _reconstructRow[t] = s->Tiles[t].SbRowStart;
            _decoding[t] = _reconstructing[t] = false;
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
        _firstTileRow = _rowsDecoded = _rowsReconstructed = _filterRow = _projectedRows = _grainedRows = _convertedRows = _greyRows = 0;
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
        if (!_filtering && _filterRow < _rowsReconstructed)
        {
            _filtering = true;
            _filteredTo = _rowsReconstructed;
            return StepFilter;
        }
        // Reconstruction first: it frees streams while they are warm, and younger frames wait for its rows.
        int end = Math.Min(_firstTileRow + _tileRows, s->TileRows) * s->TileCols, best = -1;
        if (!_byTile)
        {
            for (int t = _firstTileRow * s->TileCols; t < end; t++)
            {
                if (!_reconstructing[t] && _reconstructRow[t] < _decodeRow[t] && (best < 0 || _reconstructRow[t] < _reconstructRow[best]))
                    best = t;
            }
            int stop = best >= 0 ? Math.Min(_reconstructRow[best] + _rowsOfStep, _decodeRow[best]) : 0;
            if (best >= 0 && ReferencesReady(stop) && CaptureFree())
            {
                _reconstructEnd[best] = stop;
                _reconstructing[best] = true;
                return StepTiles + 2 * best + 1;
            }
        }
        int known = KnownRows();
        if (s->MotionField != null && !_projectsItself && !_projecting && _projectedRows < Math.Min(known, s->SbRows))
        {
            _projecting = true;
            _projectedTo = Math.Min(known, s->SbRows);
            return StepProject;
        }
        if (s->MotionField != null && !_projectsItself)
            known = Math.Min(known, _projectedRows);
        best = -1;
        for (int t = _firstTileRow * s->TileCols; t < end; t++)
        {
            if (!_decoding[t] && _decodeRow[t] < DecodeLimit(t, known) && (best < 0 || _decodeRow[t] < _decodeRow[best]))
                best = t;
        }
        if (best < 0)
            return NoStep;
        _decodeEnd[best] = Math.Min(_decodeRow[best] + _rowsOfStep, DecodeLimit(best, known));
        if (_byTile && !(ReferencesReady(_decodeEnd[best]) && CaptureFree()))
            return NoStep;
        _decoding[best] = true;
        return StepTiles + 2 * best;
    }

    private int DecodeLimit(int tile, int known)
    {
        int limit = Math.Min(known, State->Tiles[tile].SbRowEnd);
        return _byTile ? limit : Math.Min(limit, _reconstructRow[tile] + _rowsKept);
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
                for (int row = _filterRow; row < _filteredTo && !Aborted; row++)
                    FilterRow(row);
                break;
            case StepProject:
                for (int row = _projectedRows; row < _projectedTo && !Aborted; row++)
                    ProjectRow(row);
                break;
            default:
                int tile = (step - StepTiles) >> 1;
                if (((step - StepTiles) & 1) == 0)
                {
                    for (int row = _decodeRow[tile]; row < _decodeEnd[tile] && !Aborted; row++)
                    {
                        DecodeRow(tile, row);
                        if (_byTile && !Aborted)
                            Worker(tile).Reconstructor.ReconstructRow(State->Tiles + tile, row);
                    }
                    break;
                }
                for (int row = _reconstructRow[tile]; row < _reconstructEnd[tile] && !Aborted; row++)
                    Worker(tile).Reconstructor.ReconstructRow(State->Tiles + tile, row);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Finish(int step)
    {
        Av1FrameState* s = State;
        switch (step)
        {
            case StepSetup:
                _setupDone = true;
                if ((s->Frame.Flags & Av1FrameFlags.DisableFrameEndUpdateCdf) != 0)
                    Volatile.Write(ref Saved->CdfsReady, 1);
                break;
            case StepFilter:
                _filtering = false;
                _filterRow = _filteredTo;
                break;
            case StepProject:
                _projecting = false;
                _projectedRows = _projectedTo;
                break;
            default:
                int tile = (step - StepTiles) >> 1;
                if (((step - StepTiles) & 1) == 0)
                {
                    _decoding[tile] = false;
                    _decodeRow[tile] = _decodeEnd[tile];
                    if (_byTile)
                        _reconstructRow[tile] = _decodeEnd[tile];
                    FinishDecoding(tile);
                }
                else
                {
                    _reconstructing[tile] = false;
                    _reconstructRow[tile] = _reconstructEnd[tile];
                }
                _rowsReconstructed = CompleteRows(_reconstructRow);
                while (_firstTileRow + 1 < s->TileRows && _rowsReconstructed >= s->Tiles[_firstTileRow * s->TileCols].SbRowEnd)
                    _firstTileRow++;
                break;
        }
    }

    // Motion, segment ids and CDFs that younger frames wait for.
    private void FinishDecoding(int tile)
    {
        Av1FrameState* s = State;
        _rowsDecoded = CompleteRows(_decodeRow);
        Volatile.Write(ref Saved->MiRowsReady, _rowsDecoded == s->SbRows ? Av1SavedState.Complete : _rowsDecoded << s->SbSizeLog2);
        if (tile == s->Private.ContextUpdateTileId && _decodeRow[tile] == s->Tiles[tile].SbRowEnd)
            Volatile.Write(ref Saved->CdfsReady, 1);
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
            _memory.CoefficientsDirty = true;
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
    public void Dispose()
    {
        foreach (TileWorker worker in _workers)
            worker.Dispose();
        _postFilter?.Dispose();
        _filmGrain?.Dispose();
        _memory.Dispose();
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

    private void FilterRow(int row)
    {
        int rows = Math.Min(_postFilter.FilterRow(row), State->Height);
        Publish(row + 1 == State->SbRows ? State->Height : rows);
    }

    // Rows of the output that are final: grey chroma where none is coded, grain, conversion, and those who wait.
    private void Publish(int rows)
    {
        Av1FrameState* s = State;
        bool all = rows >= s->Height;
        if (s->NumPlanes == 1)
        {
            int to = all ? s->Height : rows & ~1;
            for (int plane = 1; plane < 3; plane++)
                FillGrey(s->Output, plane, _greyRows >> 1, (to + 1) >> 1);
            _greyRows = to;
        }
        if (_hasGrain)
            AddGrain(all ? s->Height : rows & ~31);
        else if (Conversion.IsNeeded)
            Convert(s->Output, all ? s->Height : rows & ~1);
        Picture!.Progress = all ? Picture.Complete : rows;
    }

    private void AddGrain(int end)
    {
        if (!Conversion.IsNeeded)
        {
            if (_grainedRows < end)
                _filmGrain!.Apply(State->Output, CaptureView, _grainedRows, end);
            _grainedRows = end;
            return;
        }
        while (_grainedRows < end)
        {
            int to = Math.Min(_grainedRows + GrainRows, end);
            PictureView strip = _strip;
            strip.Plane0 -= _grainedRows * strip.StrideY;
            strip.Plane1 -= (_grainedRows >> strip.SubsamplingY) * strip.StrideUv;
            strip.Plane2 -= (_grainedRows >> strip.SubsamplingY) * strip.StrideUv;
            _filmGrain!.Apply(State->Output, strip, _grainedRows, to);
            Convert(strip, to);
            _grainedRows = to;
        }
    }

    private void Convert(in PictureView view, int to)
    {
        Conversion.Convert(view, _convertedRows, to);
        _convertedRows = to;
    }

    private void ReserveStrip()
    {
        PictureView view = State->Output;
        nint chroma = view.StrideUv * (GrainRows >> view.SubsamplingY);
        _grainStrip.Reserve((nuint)(view.StrideY * GrainRows + 2 * chroma + PictureLayout.TailBytes));
        view.Plane0 = _grainStrip.Pointer;
        view.Plane1 = view.Plane0 + view.StrideY * GrainRows;
        view.Plane2 = view.Plane1 + chroma;
        _strip = view;
    }

    // Rows of a plane; plane 0: of luma, and all of chroma with them.
    private static void FillGrey(in PictureView view, int plane, int from, int to)
    {
        int width = plane == 0 ? view.Width : (view.Width + view.SubsamplingX) >> view.SubsamplingX;
        nint stride = view.Stride(plane);
        for (int y = from; y < to; y++)
        {
            byte* row = view.Plane(plane) + y * stride;
            if (view.BitDepth == 8)
                Unsafe.InitBlockUnaligned(row, 128, (uint)width);
            else
                new Span<ushort>(row, width).Fill((ushort)(1 << (view.BitDepth - 1)));
        }
        if (plane != 0)
            return;
        FillGrey(view, 1, 0, (view.Height + view.SubsamplingY) >> view.SubsamplingY);
        FillGrey(view, 2, 0, (view.Height + view.SubsamplingY) >> view.SubsamplingY);
    }
}
