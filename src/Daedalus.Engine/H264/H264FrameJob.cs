// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.Kernels.H264;

namespace Daedalus.Engine.H264;

/// <summary>
/// One frame or field in flight. Steps: set up its slices; then rows of macroblocks, four at a time. With others in flight a step decodes and reconstructs the same
/// rows, so that coefficients and records stay in the cache of the core that wrote them; deblocking is one row behind. A picture alone is cut into entropy decoding,
/// which runs ahead, and reconstruction, as are pictures whose slices do not come from top to bottom.
/// </summary>
internal sealed unsafe class H264FrameJob : FrameJob, IH264ReferenceWaiter, IDisposable
{
    private const int StepSetup = 0, StepEntropy = 1, StepReconstruct = 2, StepRows = 3;

    // Rows of macroblocks of one step: few enough to share the work of a picture, enough that taking a step costs nothing beside it.
    private const int RowsOfStep = 4;

    // Entropy decoding may run ahead of reconstruction by half a picture, if its coefficients fit into so many bytes.
    private const long CoefficientBudget = 24 << 20;

    // With other pictures in flight it runs ahead only where nothing else is to be done: not far, for the sake of the cache.
    private const int RowsAhead = 2 * RowsOfStep;

    private readonly H264Decoder _decoder;
    private readonly FrameGate _gate;
    private readonly H264FrameSetup _setup = new();
    private readonly H264MotionDeriver _motion;
    private readonly H264SliceDecoder _entropy;
    private readonly H264Reconstructor _reconstructor;
    private readonly H264LoopFilter _loopFilter;
    private readonly NativeBlock _coefficients = new();
    private H264KernelTable* _kernels;
    private bool _coefficientsDirty, _threaded;
    private bool _setupTaken, _setupDone, _decoding, _reconstructing;
    private bool _inSlice, _crowded;
    private int _plane;
    private int _slice, _rowsDecoded, _reconstructRow, _convertedRows, _fields;

    public H264FrameJob(H264Decoder decoder, FrameGate gate)
    {
        _decoder = decoder;
        _gate = gate;
        try
        {
            _motion = new H264MotionDeriver();
            _reconstructor = new H264Reconstructor();
            _loopFilter = new H264LoopFilter();
            _entropy = new H264SliceDecoder(_motion);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The picture being decoded, or of which a field is.</summary>
    public Picture? Picture;

    /// <summary>Pictures of the DPB entries; null when missing.</summary>
    public readonly Picture?[] References = new Picture?[H264Decoder.DpbSize];

    /// <summary>The caller's buffer.</summary>
    public byte* Capture;

    /// <summary>Writes the planar picture (or field) to the caller's buffer in another format.</summary>
    public PictureConversion Conversion;

    /// <summary>Nothing may be written to the capture buffer before the jobs up to this sequence number are done.</summary>
    public ulong CaptureFreeAfter;

    private H264PictureState* State => _setup.State(0);

    private int RowStep => State->IsMbaff ? 2 : 1;

    /// <inheritdoc/>
    public override bool IsDone => _setupDone && _reconstructRow >= State->HeightInMbs && ReferencesFinal;

    // Only then it is known whether what this picture was predicted from is damaged (gate).
    private bool ReferencesFinal
    {
        get
        {
            foreach (Picture? reference in References)
            {
                if (reference is { Final: false } && reference != Picture)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Takes over a request. May throw OutOfMemoryException.</summary>
    /// <param name="controls">Controls, copied.</param>
    /// <param name="picture">The picture, held by the job.</param>
    /// <param name="fields">1 top field, 2 bottom field, 3 frame.</param>
    /// <param name="threaded">Several threads: entropy decoding may run ahead.</param>
    /// <param name="kernels">Kernels of the bit depth.</param>
    /// <param name="request">The request.</param>
    public void Begin(in H264Controls controls, Picture picture, int fields, bool threaded, H264KernelTable* kernels, AbiRequest* request)
    {
        Picture = picture;
        Array.Clear(References);
        Capture = request->Capture;
        _fields = fields;
        _threaded = threaded;
        _kernels = kernels;
        _setup.Begin(controls, picture, fields, request->Bitstream, (int)request->BitstreamSize);
        _setupTaken = _setupDone = _decoding = _reconstructing = _inSlice = false;
        _slice = _rowsDecoded = _decodedTo = _reconstructRow = _convertedRows = _plane = 0;
        Status = 0;
        Corrupted = false;
        Aborted = false;
        picture.Pending++;
        picture.Final = false;
    }

    // Gate.
    private bool IsAlone => Older == null && Younger == null;

    private bool WithRows => _setup.InOrder && !IsAlone;

    /// <inheritdoc/>
    public override int Claim()
    {
        if (!_setupDone)
        {
            if (_setupTaken)
                return NoStep;
            _setupTaken = true;
            _crowded = !IsAlone;
            return StepSetup;
        }
        // Reconstruction first: it frees coefficients while they are warm, and younger pictures wait for its rows.
        int height = State->HeightInMbs, ready = _rowsDecoded - _reconstructRow;
        if (!_reconstructing && _reconstructRow < height)
        {
            bool decoded = ready > 0 && (ready >= RowsOfStep || _rowsDecoded >= height);
            if ((decoded || (WithRows && !_decoding && MotionReady(_reconstructRow + RowsOfStep))) && ReferencesReady() && CaptureFree())
            {
                _reconstructing = true;
                _decoding |= !decoded;
                return decoded ? StepReconstruct : StepRows;
            }
        }
        return WithRows ? NoStep : ClaimEntropy();
    }

    /// <inheritdoc/>
    public override int ClaimAhead() => _setupDone && WithRows ? ClaimEntropy() : NoStep;

    private int ClaimEntropy()
    {
        int stop = _decoding ? 0 : NextStop(RowsOfStep);
        if (stop <= _rowsDecoded || !MotionReady(stop))
            return NoStep;
        _decoding = true;
        _decodeTo = stop;
        return StepEntropy;
    }

    /// <inheritdoc/>
    public override void Run(int step)
    {
        switch (step)
        {
            case StepSetup:
                SetUp();
                break;
            case StepEntropy:
                DecodeRows(_decodeTo);
                break;
            case StepReconstruct:
                int end = Math.Min(_reconstructRow + RowsOfStep, Volatile.Read(ref _rowsDecoded));
                for (int row = _reconstructRow; row < end && !Aborted; row += RowStep)
                    ReconstructRow(row);
                _reconstructedTo = end;
                break;
            default:
                int stop = Math.Min(_reconstructRow + RowsOfStep, State->HeightInMbs);
                for (int row = _reconstructRow; row < stop && !Aborted; row += RowStep)
                {
                    if (_decodedTo < row + RowStep)
                        DecodeRows(row + RowStep);
                    ReconstructRow(row);
                }
                _reconstructedTo = stop;
                break;
        }
    }

    private int _reconstructedTo, _decodeTo, _decodedTo;

    /// <inheritdoc/>
    public override void Finish(int step)
    {
        switch (step)
        {
            case StepSetup:
                _setupDone = true;
                break;
            case StepEntropy:
                FinishEntropy();
                break;
            case StepReconstruct:
                _reconstructing = false;
                _reconstructRow = _reconstructedTo;
                break;
            default:
                FinishEntropy();
                _reconstructing = false;
                _reconstructRow = _reconstructedTo;
                break;
        }
    }

    private void FinishEntropy()
    {
        _decoding = false;
        _rowsDecoded = _decodedTo;
        Picture picture = Picture!;
        if (_fields == 3)
            picture.MotionRows = _rowsDecoded;
        if (_rowsDecoded >= State->HeightInMbs)
            picture.MotionBusy &= ~_fields;
    }

    /// <inheritdoc/>
    public override void RunAll()
    {
        SetUp();
        int height = State->HeightInMbs, step = RowStep;
        for (int row = 0; row < height && !Aborted; row += step)
        {
            if (_rowsDecoded < row + step)
            {
                DecodeRows(NextStop(step));
                _rowsDecoded = _decodedTo;
            }
            ReconstructRow(row);
            _reconstructRow = row + step;
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
        Picture picture = Picture!;
        if (Status != 0 || !_setupDone && _slice == 0 || _reconstructRow < State->HeightInMbs)
            _coefficientsDirty = true;
        if (Status != 0 || _reconstructor.Corrupted)
            Corrupted = true;
        for (int i = 0; i < References.Length; i++)
        {
            if (References[i] is not { } reference)
                continue;
            // What is predicted from a damaged picture is damaged.
            if (State->HasInter && reference.Corrupted)
                Corrupted = true;
            _decoder.Release(reference);
            References[i] = null;
        }
        picture.Corrupted |= Corrupted;
        picture.Failed |= Status != 0;
        picture.MotionBusy &= ~_fields;
        int final = _fields;
        if (picture.FieldsBegun == _fields && _fields != 3 || picture.FieldsMissing != 0)
        {
            // Perhaps the other field never comes, and what refers to the frame must not see memory that nobody wrote.
            H264Concealment.CopyField(picture.View, _fields - 1);
            final |= picture.FieldsMissing;
        }
        for (int field = 1; field <= 2; field++)
        {
            if ((final & field) != 0)
                Volatile.Write(ref *picture.FieldProgressCell(field), Picture.Complete);
        }
        picture.Progress = Math.Min(Volatile.Read(ref *picture.FieldProgressCell(1)), Volatile.Read(ref *picture.FieldProgressCell(2)));
        picture.Pending--;
        picture.Final = picture.Pending == 0;
        _decoder.Release(picture);
        Picture = null;
    }

    /// <inheritdoc/>
    public void Wait(int reference, int lastFrameLine)
    {
        int* progress = State->References[reference].Progress;
        if (progress != null)
            Picture.WaitFor(progress, lastFrameLine + 1, _gate, this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _setup.Dispose();
        _entropy?.Dispose();
        _motion?.Dispose();
        _reconstructor?.Dispose();
        _loopFilter?.Dispose();
        _coefficients.Dispose();
    }

    private void SetUp()
    {
        bool whole = _setup.ReadSlices(References);
        if (!whole)
            Corrupted = true;
        _reconstructor.Corrupted = false;
        H264PictureState* s = State;
        int rows = s->HeightInMbs;
        if (_setup.InOrder)
        {
            long rowBytes = (long)s->WidthInMbs * s->CoefficientBytes;
            rows = !_threaded ? RowStep : _crowded ? Math.Min(RowsAhead, rows) : (int)Math.Clamp(Math.Min(CoefficientBudget / rowBytes, (rows + 1) / 2), Math.Min(4 * RowsOfStep, rows), rows);
            rows = (rows + RowStep - 1) / RowStep * RowStep;
        }
        nuint bytes = (nuint)rows * (nuint)s->WidthInMbs * (nuint)s->CoefficientBytes;
        if (!_coefficients.Reserve(bytes * (nuint)_setup.PlaneCount) && _coefficientsDirty)
            _coefficients.Clear(); // the last picture ended before all its coefficients were consumed
        _coefficientsDirty = false;
        for (int i = 0; i < _setup.PlaneCount; i++)
        {
            H264PictureState* plane = _setup.State(i);
            plane->Coefficients = _coefficients.Pointer + (nuint)i * bytes;
            plane->CoefficientRows = rows;
        }
        _plane = -1;
    }

    // Row up to which the next step of entropy decoding may go.
    private int NextStop(int rows)
    {
        H264PictureState* s = State;
        return _setup.InOrder ? Math.Min(Math.Min(_rowsDecoded + rows, _reconstructRow + s->CoefficientRows), s->HeightInMbs) : s->HeightInMbs;
    }

    // Rows below stop are decoded when this returns, whatever came.
    private void DecodeRows(int stop)
    {
        H264PictureState* s = State;
        while (_slice < _setup.SliceCount && !Aborted)
        {
            H264Slice* slice = s->Slices + _slice;
            if (!_inSlice)
            {
                int row = s->IndexOf(slice->FirstMb) / s->WidthInMbs;
                if (row >= stop)
                    break;
                int plane = _setup.PlaneCount == 1 ? 0 : slice->Header.ColourPlaneId;
                if (plane != _plane)
                {
                    _plane = plane;
                    _entropy.BeginPicture(_setup.State(plane));
                }
                // Rows already handed on cannot be decoded again; redundant slices are for macroblocks that are not there.
                bool late = _setup.InOrder && row < _decodedTo;
                bool needed = slice->Header.RedundantPicCnt == 0 || _setup.State(plane)->Macroblocks[s->IndexOf(slice->FirstMb)].Slice == H264Macroblock.NoSlice;
                if (late || !needed || !_entropy.BeginSlice(slice))
                {
                    Corrupted |= late || needed;
                    _slice++;
                    continue;
                }
                _inSlice = true;
            }
            H264SliceStatus status = _entropy.Decode(stop);
            if (status == H264SliceStatus.More)
                break;
            if (status == H264SliceStatus.Corrupt)
            {
                Corrupted = true;
                _coefficientsDirty = true;
            }
            _inSlice = false;
            _slice++;
        }
        // What is missing is made up here rather than before its reconstruction: direct prediction of other pictures reads the motion.
        for (int row = _decodedTo; row < stop; row += RowStep)
        {
            for (int i = 0; i < _setup.PlaneCount; i++)
            {
                if (!H264Concealment.FillRow(_setup.State(i), row, RowStep, _setup.ConcealmentSlice))
                    continue;
                Corrupted = true;
                _coefficientsDirty = true;
            }
        }
        _decodedTo = stop;
    }

    private void ReconstructRow(int row)
    {
        int step = RowStep, height = State->HeightInMbs;
        for (int i = 0; i < _setup.PlaneCount; i++)
        {
            H264PictureState* s = _setup.State(i);
            _reconstructor.ReconstructRow(s, _kernels, this, row);
            // One row behind: intra prediction of the next row needs this one unfiltered.
            if (row > 0)
                _loopFilter.FilterRow(s, row - step);
            if (row + step >= height)
                _loopFilter.FilterRow(s, row);
        }
        if (State->Sps.ChromaFormatIdc == 0)
            H264Concealment.FillGreyChroma(State->Picture, row * 16, (row + step) * 16);
        Publish(row + step >= height ? Picture.Complete : row * 16 - (State->IsMbaff ? 8 : 4));
    }

    // Lines of the frame or field that are final.
    private void Publish(int lines)
    {
        if (lines <= 0)
            return;
        PictureView view = State->Picture;
        if (Conversion.IsNeeded)
        {
            int to = Math.Min(lines, view.Height) & ~1;
            Conversion.Convert(view, _convertedRows, to);
            _convertedRows = to;
        }
        Picture picture = Picture!;
        int frameLines = lines == Picture.Complete ? lines : lines * State->LineStep;
        if (_fields == 3)
        {
            Volatile.Write(ref *picture.FieldProgressCell(1), frameLines);
            Volatile.Write(ref *picture.FieldProgressCell(2), frameLines);
            picture.Progress = frameLines;
            return;
        }
        Volatile.Write(ref *picture.FieldProgressCell(_fields), frameLines);
        picture.Progress = Math.Min(Volatile.Read(ref *picture.FieldProgressCell(1)), Volatile.Read(ref *picture.FieldProgressCell(2)));
    }

    // Whether the lines that vectors of usual length need are there; longer ones wait inside reconstruction.
    private bool ReferencesReady()
    {
        if (!State->HasInter)
            return true;
        int needed = Math.Min((_reconstructRow + RowsOfStep) * 16 + 40, State->HeightInMbs * 16) * State->LineStep;
        foreach (Picture? reference in References)
        {
            if (reference == null)
                continue;
            int progress = reference == Picture ? Volatile.Read(ref *reference.FieldProgressCell(3 - _fields)) : reference.Progress;
            if (progress < needed)
                return false;
        }
        return true;
    }

    // Direct prediction reads the motion of the first pictures of list 1: of frames the same rows, else perhaps any.
    private bool MotionReady(int rows)
    {
        uint needed = _setup.CoLocated;
        for (int i = 0; needed != 0; i++, needed >>= 1)
        {
            if ((needed & 1) == 0 || References[i] is not { } reference)
                continue;
            int busy = reference == Picture ? reference.MotionBusy & ~_fields : reference.MotionBusy;
            if (busy != 0 && (_fields != 3 || reference.IsFieldPair || reference.MotionRows < Math.Min(rows, State->HeightInMbs)))
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
}
