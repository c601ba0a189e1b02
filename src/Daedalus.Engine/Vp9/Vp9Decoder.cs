// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.Kernels;
using Daedalus.Kernels.Conversion;
using Daedalus.Kernels.Vp9;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// State of a VP9 stream: pictures by timestamp, the four probability contexts, motion and segment map of the frame before.
/// Follows libvpx where a stream's history decides (vp9_decodeframe.c, vp9_decoder.c).
/// </summary>
internal sealed unsafe class Vp9Decoder : CodecDecoder
{
    private const int ContextCount = 4;

    private readonly FrameGate _gate;
    private readonly int _threads;
    private readonly PictureStore _pictures = new();
    private readonly Stack<Vp9FrameJob> _freeJobs = new();
    private readonly List<Vp9FrameJob> _allJobs = [];
    private readonly SharedBlockPool _motionPool = new(), _segmentPool = new();
    private readonly Vp9KernelTable*[] _kernels = new Vp9KernelTable*[3];
    private readonly ConversionKernelTable* _conversions;
    private readonly Vp9Probabilities* _contexts;

    private int _lastWidth, _lastHeight;
    private bool _lastShowFrame, _lastIntraOnly, _lastWasKey;
    private SharedBlock? _lastMotion, _lastSegmentMap;

    public Vp9Decoder(FrameGate gate, int threads)
    {
        _gate = gate;
        _threads = threads;
        try
        {
            _contexts = (Vp9Probabilities*)NativeMemory.AllocZeroed(ContextCount, (nuint)sizeof(Vp9Probabilities));
            for (int i = 0; i < 3; i++)
            {
                _kernels[i] = (Vp9KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9KernelTable));
                Vp9KernelTable.Create(_kernels[i], 8 + 2 * i, KernelLevels.Best);
            }
            _conversions = (ConversionKernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(ConversionKernelTable));
            ConversionKernelTable.Create(_conversions, KernelLevels.Best);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
        ResetContexts();
    }

    /// <inheritdoc/>
    public override int Prepare(AbiRequest* request, FrameJob? youngest, out FrameJob? prepared)
    {
        prepared = null;
        if (!FindControls(request, out V4L2CtrlVp9Frame* f, out V4L2CtrlVp9CompressedHdr* header))
            return Errno.Invalid;
        if (!PictureStore.IsValid(request) || !Vp9FrameSetup.IsValid(*f, *header, request->BitstreamSize))
            return Errno.Invalid;
        int width = f->FrameWidthMinus1 + 1, height = f->FrameHeightMinus1 + 1;
        int ssX = (f->Flags & Vp9FrameFlags.XSubsampling) != 0 ? 1 : 0, ssY = (f->Flags & Vp9FrameFlags.YSubsampling) != 0 ? 1 : 0;
        if (!PictureLayout.TryGetInfo(request->Layout.PixelFormat, out FormatInfo format) || format.BitDepth != f->BitDepth
            || format.SubsamplingX != ssX || format.SubsamplingY != ssY || !PictureLayout.Holds(&request->Layout, width, height))
            return Errno.Invalid;

        Picture?[] references = _found;
        if (!FindReferences(*f, width, height, ssX, ssY, request->Capture, references))
            return Errno.Invalid;

        Vp9FrameJob job = TakeJob();
        Picture? picture = null;
        SharedBlock? motion = null, segmentMap = null;
        try
        {
            Vp9FrameSetup.Fill(job.State, *f);
            *job.CompressedHeader = *header;
            if (job.State->Lossless != 0)
                job.CompressedHeader->TxMode = 0;

            picture = _pictures.Take(request, width, height, format);
            nuint units = (nuint)job.State->MiCols * (nuint)job.State->MiRows;
            motion = _motionPool.Take(units * (nuint)sizeof(MotionReference));
            bool segmented = (f->Seg.Flags & Vp9SegmentationFlags.Enabled) != 0;
            segmentMap = segmented ? _segmentPool.Take(units) : null;
            job.Picture = picture;
            for (int i = 0; i < 3; i++)
                job.References[i] = references[i];
            job.Begin(_threads, _kernels[(f->BitDepth - 8) / 2]);
        }
        catch (OutOfMemoryException)
        {
            job.Picture = null;
            Array.Clear(job.References);
            if (picture != null)
                _pictures.Release(picture);
            motion?.RemoveUser();
            segmentMap?.RemoveUser();
            _freeJobs.Push(job);
            return Errno.NoMemory;
        }

        // From here on nothing fails: the stream moves on.
        foreach (Picture? reference in references)
        {
            if (reference != null)
                reference.Users++;
        }
        job.Capture = request->Capture;
        job.CaptureFreeAfter = PictureStore.FindCaptureUser(youngest, request->Capture);
        job.Conversion = format.SemiPlanar ? new PictureConversion(_conversions, &request->Layout, request->Capture) : default;
        job.LastFrameWasKey = _lastWasKey;
        byte* tiles = request->Bitstream + f->UncompressedHeaderSize + f->CompressedHeaderSize;
        int tileBytes = (int)(request->BitstreamSize - f->UncompressedHeaderSize - f->CompressedHeaderSize);
        // Tiles that are not there have size 0: the job conceals and flags them.
        _ = Vp9FrameSetup.SplitTiles(tiles, tileBytes, job.State->TileCols * job.State->TileRows, job.Spans);

        LinkHistory(job, motion, segmentMap);
        _pictures.Assign((int)request->CaptureIndex, picture, request->Timestamp, request->Capture);
        prepared = job;
        return 0;
    }

    private readonly Picture?[] _found = new Picture?[3];

    /// <summary>Motion and segment map of the frame before, and what the next frame will see of this one.</summary>
    private void LinkHistory(Vp9FrameJob job, SharedBlock motion, SharedBlock? segmentMap)
    {
        Vp9FrameState* s = job.State;
        ref V4L2CtrlVp9Frame f = ref s->Control;
        bool resilient = (f.Flags & Vp9FrameFlags.ErrorResilient) != 0;
        bool sameSize = s->Width == _lastWidth && s->Height == _lastHeight;

        // Spec 7.2 (UsePrevFrameMvs), libvpx use_prev_frame_mvs.
        if (s->IsIntra == 0 && !resilient && sameSize && _lastShowFrame && !_lastIntraOnly && !_lastWasKey && _lastMotion != null)
            job.PreviousMotion = _lastMotion.AddUser();
        s->PreviousMotion = job.PreviousMotion != null ? (MotionReference*)job.PreviousMotion.Memory.Pointer : null;

        // setup_past_independence and a change of size empty the map; frames without segmentation leave it as it is.
        if (s->IsIntra != 0 || resilient || !sameSize)
        {
            _lastSegmentMap?.RemoveUser();
            _lastSegmentMap = null;
        }
        s->PreviousSegmentMap = null;
        s->SegmentMap = null;
        if (segmentMap != null)
        {
            job.PreviousSegmentMap = _lastSegmentMap; // takes over the stream's hold
            s->PreviousSegmentMap = _lastSegmentMap != null ? _lastSegmentMap.Memory.Pointer : null;
            s->SegmentMap = segmentMap.Memory.Pointer;
            job.SegmentMap = segmentMap;
            _lastSegmentMap = segmentMap.AddUser();
        }

        s->Motion = (MotionReference*)motion.Memory.Pointer;
        job.Motion = motion;
        _lastMotion?.RemoveUser();
        _lastMotion = motion.AddUser();
        _lastWidth = s->Width;
        _lastHeight = s->Height;
        _lastShowFrame = (f.Flags & Vp9FrameFlags.ShowFrame) != 0;
        _lastWasKey = (f.Flags & Vp9FrameFlags.KeyFrame) != 0;
        _lastIntraOnly = (f.Flags & Vp9FrameFlags.IntraOnly) != 0;
    }

    /// <summary>Context a frame starts from; resets contexts first where the frame says so (spec setup_past_independence).</summary>
    public Vp9Probabilities* SelectContext(in V4L2CtrlVp9Frame f)
    {
        bool resilient = (f.Flags & Vp9FrameFlags.ErrorResilient) != 0;
        if (Vp9FrameSetup.IsIntra(f) || resilient)
        {
            if ((f.Flags & Vp9FrameFlags.KeyFrame) != 0 || resilient || f.ResetFrameContext == 2)
                ResetContexts();
            else if (f.ResetFrameContext == 1)
                Vp9ProbabilityAdaptation.SetDefaults(_contexts + f.FrameContextIdx);
        }
        return SelectedContext(f);
    }

    /// <summary>Context a frame starts from and is saved to: always 0 for frames that do not depend on the past.</summary>
    public Vp9Probabilities* SelectedContext(in V4L2CtrlVp9Frame f)
        => Vp9FrameSetup.IsIntra(f) || (f.Flags & Vp9FrameFlags.ErrorResilient) != 0 ? _contexts : _contexts + f.FrameContextIdx;

    /// <summary>One holder of a picture less (gate).</summary>
    public void Release(Picture picture) => _pictures.Release(picture);

    /// <inheritdoc/>
    public override void Recycle(FrameJob job) => _freeJobs.Push((Vp9FrameJob)job);

    /// <inheritdoc/>
    public override void Reset()
    {
        _pictures.Clear();
        _lastMotion?.RemoveUser();
        _lastSegmentMap?.RemoveUser();
        _lastMotion = _lastSegmentMap = null;
        _lastWidth = _lastHeight = 0;
        _lastShowFrame = _lastIntraOnly = _lastWasKey = false;
        ResetContexts();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (Vp9FrameJob job in _allJobs)
            job.Dispose();
        _pictures.Dispose();
        _motionPool.Dispose();
        _segmentPool.Dispose();
        foreach (Vp9KernelTable* table in _kernels)
            NativeMemory.Free(table);
        NativeMemory.Free(_conversions);
        NativeMemory.Free(_contexts);
    }

    private void ResetContexts()
    {
        for (int i = 0; i < ContextCount; i++)
            Vp9ProbabilityAdaptation.SetDefaults(_contexts + i);
    }

    private static bool FindControls(AbiRequest* request, out V4L2CtrlVp9Frame* frame, out V4L2CtrlVp9CompressedHdr* header)
    {
        frame = null;
        header = null;
        for (uint i = 0; i < request->ControlCount && request->Controls != null; i++)
        {
            AbiControl* control = request->Controls + i;
            if (control->Payload == null)
                continue;
            if (control->Id == V4L2CtrlVp9Frame.ControlId && control->Size == (uint)sizeof(V4L2CtrlVp9Frame))
                frame = (V4L2CtrlVp9Frame*)control->Payload;
            else if (control->Id == V4L2CtrlVp9CompressedHdr.ControlId && control->Size == (uint)sizeof(V4L2CtrlVp9CompressedHdr))
                header = (V4L2CtrlVp9CompressedHdr*)control->Payload;
        }
        return frame != null && header != null;
    }

    /// <summary>
    /// References by timestamp. Missing ones stay null (the frame is decoded and flagged); false when one has another format, or when
    /// all are outside the limits of scaling (spec 7.2.5): such a frame is not decodable.
    /// </summary>
    private bool FindReferences(in V4L2CtrlVp9Frame f, int width, int height, int ssX, int ssY, byte* capture, Picture?[] found)
    {
        Array.Clear(found);
        if (Vp9FrameSetup.IsIntra(f))
            return true;
        bool any = false, scalable = false;
        for (int i = 0; i < 3; i++)
        {
            if (_pictures.Find(i == 0 ? f.LastFrameTs : i == 1 ? f.GoldenFrameTs : f.AltFrameTs, capture) is not { } picture)
                continue;
            found[i] = picture;
            ref PictureView v = ref picture.View;
            if (v.BitDepth != f.BitDepth || v.SubsamplingX != ssX || v.SubsamplingY != ssY)
                return false;
            any = true;
            scalable |= 2 * width >= v.Width && 2 * height >= v.Height && width <= 16 * v.Width && height <= 16 * v.Height;
        }
        return scalable || !any;
    }

    private Vp9FrameJob TakeJob()
    {
        if (_freeJobs.TryPop(out Vp9FrameJob? job))
            return job;
        job = new Vp9FrameJob(this, _gate);
        _allJobs.Add(job);
        return job;
    }
}
