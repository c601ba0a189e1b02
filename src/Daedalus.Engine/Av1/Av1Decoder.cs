// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.Kernels;
using Daedalus.Kernels.Av1;
using Daedalus.Kernels.Conversion;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Kernels of a bit depth.</summary>
/// <param name="Reconstruction">Transforms and prediction.</param>
/// <param name="PostFilter">Deblocking, CDEF, superres, restoration.</param>
/// <param name="Grain">Film grain.</param>
internal readonly unsafe record struct Av1Kernels(nint Reconstruction, nint PostFilter, nint Grain);

/// <summary>
/// State of an AV1 stream: pictures by timestamp; what frames inherit (CDFs, motion, segment ids) lies beside each picture (7.20), so that there is nothing else to keep.
/// </summary>
internal sealed unsafe class Av1Decoder : CodecDecoder
{
    private readonly FrameGate _gate;
    private readonly int _threads;
    private readonly PictureStore _pictures = new();
    private readonly Stack<Av1FrameJob> _freeJobs = new();
    private readonly List<Av1FrameJob> _allJobs = [];
    private readonly SharedBlockPool _savedPool = new();
    private readonly Av1Kernels[] _kernels = new Av1Kernels[3];
    private readonly ConversionKernelTable* _conversions;

    public Av1Decoder(FrameGate gate, int threads)
    {
        _gate = gate;
        _threads = threads;
        try
        {
            _conversions = (ConversionKernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(ConversionKernelTable));
            ConversionKernelTable.Create(_conversions, KernelLevels.Best);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int Prepare(AbiRequest* request, FrameJob? youngest, out FrameJob? prepared)
    {
        prepared = null;
        if (!PictureStore.IsValid(request) || !Av1Controls.TryRead(request, out Av1Controls controls))
            return Errno.Invalid;
        if (!PictureLayout.TryGetInfo(request->Layout.PixelFormat, out FormatInfo format) || format.BitDepth != controls.Sequence.BitDepth || format.SubsamplingX != controls.SubsamplingX
            || format.SubsamplingY != controls.SubsamplingY || !PictureLayout.Holds(&request->Layout, controls.UpscaledWidth, controls.Height))
            return Errno.Invalid;

        Av1FrameJob job = TakeJob();
        Picture? picture = null;
        bool hasGrain = (controls.Grain.Flags & Av1FilmGrainFlags.ApplyGrain) != 0;
        try
        {
            Av1FrameSetup.Fill(job.State, controls);
            picture = _pictures.Take(request, controls.UpscaledWidth, controls.Height, format, separate: hasGrain);
            picture.Motion = _savedPool.Take(Av1PictureState.Size(job.State));
            job.Picture = picture;
            FindReferences(job, controls, request->Capture);
            job.Begin(controls, request->Bitstream, request->BitstreamSize, _threads, Kernels(controls.Sequence.BitDepth));
        }
        catch (OutOfMemoryException)
        {
            job.Picture = null;
            Array.Clear(job.References);
            if (picture != null)
                _pictures.Release(picture);
            _freeJobs.Push(job);
            return Errno.NoMemory;
        }

        // From here on nothing fails: the stream moves on.
        foreach (Picture? reference in job.References)
        {
            if (reference != null)
                reference.Users++;
        }
        job.Capture = request->Capture;
        job.CaptureFreeAfter = PictureStore.FindCaptureUser(youngest, request->Capture);
        job.CaptureView = PictureLayout.View(&request->Layout, request->Capture, controls.UpscaledWidth, controls.Height, format);
        job.Conversion = format.SemiPlanar ? new PictureConversion(_conversions, &request->Layout, request->Capture) : default;
        _pictures.Assign((int)request->CaptureIndex, picture, request->Timestamp, request->Capture);
        prepared = job;
        return 0;
    }

    /// <summary>One holder of a picture less (gate).</summary>
    public void Release(Picture picture) => _pictures.Release(picture);

    /// <inheritdoc/>
    public override void Recycle(FrameJob job) => _freeJobs.Push((Av1FrameJob)job);

    /// <inheritdoc/>
    public override void Reset() => _pictures.Clear();

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (Av1FrameJob job in _allJobs)
            job.Dispose();
        _pictures.Dispose();
        _savedPool.Dispose();
        foreach (Av1Kernels kernels in _kernels)
        {
            NativeMemory.Free((void*)kernels.Reconstruction);
            NativeMemory.Free((void*)kernels.PostFilter);
            NativeMemory.Free((void*)kernels.Grain);
        }
        NativeMemory.Free(_conversions);
    }

    /// <summary>References by timestamp; those that are not there stay null and are stood in for.</summary>
    private void FindReferences(Av1FrameJob job, in Av1Controls controls, byte* capture)
    {
        Array.Clear(job.References);
        if (controls.IsIntra)
            return;
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
            job.References[r] = _pictures.Find(controls.Frame.ReferenceFrameTs[controls.Frame.RefFrameIdx[r - 1]], capture);
    }

    private Av1Kernels Kernels(int depth)
    {
        ref Av1Kernels kernels = ref _kernels[(depth - 8) / 2];
        if (kernels.Grain != 0)
            return kernels;
        // One after the other: what an earlier attempt got before memory ran out is used.
        if (kernels.Reconstruction == 0)
        {
            var reconstruction = (Av1KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1KernelTable));
            kernels = kernels with { Reconstruction = (nint)reconstruction };
            Av1KernelTable.Create(reconstruction, depth, KernelLevels.Best);
        }
        if (kernels.PostFilter == 0)
        {
            var postFilter = (Av1PostFilterTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1PostFilterTable));
            kernels = kernels with { PostFilter = (nint)postFilter };
            Av1PostFilterTable.Create(postFilter, depth, KernelLevels.Best);
        }
        var grain = (Av1GrainTable*)NativeMemory.AllocZeroed((nuint)sizeof(Av1GrainTable));
        kernels = kernels with { Grain = (nint)grain };
        Av1GrainTable.Create(grain, depth, KernelLevels.Best);
        return kernels;
    }

    private Av1FrameJob TakeJob()
    {
        if (_freeJobs.TryPop(out Av1FrameJob? job))
            return job;
        job = new Av1FrameJob(this, _gate);
        _allJobs.Add(job);
        return job;
    }
}
