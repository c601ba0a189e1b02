// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;
using Daedalus.Kernels;
using Daedalus.Kernels.Conversion;
using Daedalus.Kernels.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>
/// State of an H.264 stream: pictures by timestamp, their motion beside them. Frame-based mode: a request holds all slices of a frame or of one field;
/// the two fields of a frame are two requests for the same CAPTURE buffer and timestamp.
/// </summary>
internal sealed unsafe class H264Decoder : CodecDecoder
{
    /// <summary>References a request may name.</summary>
    public const int DpbSize = 16;
    private const int MaxBitDepth = 14;

    private readonly FrameGate _gate;
    private readonly bool _threaded;
    private readonly PictureStore _pictures = new();
    private readonly Stack<H264FrameJob> _freeJobs = new();
    private readonly List<H264FrameJob> _allJobs = [];
    private readonly SharedBlockPool _motionPool = new();
    private readonly H264KernelTable*[] _kernels = new H264KernelTable*[MaxBitDepth + 1];
    private readonly ConversionKernelTable* _conversions;

    public H264Decoder(FrameGate gate, int threads)
    {
        _gate = gate;
        _threaded = threads > 1;
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
        if (!PictureStore.IsValid(request) || !H264Controls.TryFind(request, out H264Controls controls) || !controls.IsValid)
            return Errno.Invalid;
        V4L2CtrlH264Sps* sps = controls.Sps;
        V4L2CtrlH264DecodeParams* p = controls.Params;
        bool frameMbsOnly = (sps->Flags & H264SpsFlags.FrameMbsOnly) != 0;
        int widthInMbs = sps->PicWidthInMbsMinus1 + 1, heightInMbs = (sps->PicHeightInMapUnitsMinus1 + 1) * (frameMbsOnly ? 1 : 2);
        int depth = 8 + sps->BitDepthLumaMinus8;
        (int ssX, int ssY) = sps->ChromaFormatIdc switch { 2 => (1, 0), 3 => (0, 0), _ => (1, 1) };
        if (!PictureLayout.TryGetInfo(request->Layout.PixelFormat, out FormatInfo format) || format.BitDepth != depth || format.SubsamplingX != ssX
            || format.SubsamplingY != ssY || !PictureLayout.Holds(&request->Layout, widthInMbs * 16, heightInMbs * 16))
            return Errno.Invalid;

        int fields = (p->Flags & H264DecodeParamFlags.FieldPic) == 0 ? 3 : (p->Flags & H264DecodeParamFlags.BottomField) != 0 ? 2 : 1;
        Picture? picture = _pictures.InSlot(request->CaptureIndex);
        bool second = fields != 3 && picture != null && picture.Timestamp == request->Timestamp && picture.IsFieldPair && picture.FieldsBegun == 3 - fields
            && picture.View.Width == widthInMbs * 16 && picture.View.Height == heightInMbs * 16 && picture.View.BitDepth == depth;

        H264FrameJob job = TakeJob();
        SharedBlock? motion = null;
        bool taken = false;
        try
        {
            if (second)
            {
                picture!.Users++;
                taken = true;
            }
            else
            {
                picture = _pictures.Take(request, widthInMbs * 16, heightInMbs * 16, format);
                taken = true;
                int planes = (sps->Flags & H264SpsFlags.SeparateColourPlane) != 0 ? 3 : 1;
                motion = _motionPool.Take((nuint)(widthInMbs * heightInMbs * planes) * (nuint)sizeof(H264Motion));
                picture.Motion = motion;
                picture.IsFieldPair = fields != 3;
                picture.WidthInMbs = widthInMbs;
                picture.SizeInMbs = widthInMbs * heightInMbs;
            }
            job.Begin(controls, picture, fields, _threaded, Kernels(depth), request);
        }
        catch (OutOfMemoryException)
        {
            job.Picture = null;
            if (taken)
                _pictures.Release(picture!);
            _freeJobs.Push(job);
            return Errno.NoMemory;
        }

        // From here on nothing fails: the stream moves on.
        FindReferences(job, p, picture, request->Capture);
        picture.FieldsBegun |= fields;
        picture.MotionBusy |= fields;
        job.CaptureFreeAfter = second ? 0 : PictureStore.FindCaptureUser(youngest, request->Capture);
        PictureConversion conversion = format.SemiPlanar ? new PictureConversion(_conversions, &request->Layout, request->Capture) : default;
        job.Conversion = fields == 3 ? conversion : conversion.Field(fields - 1);
        if (!second)
            _pictures.Assign((int)request->CaptureIndex, picture, request->Timestamp, request->Capture);
        prepared = job;
        return 0;
    }

    /// <summary>One holder of a picture less (gate).</summary>
    public void Release(Picture picture) => _pictures.Release(picture);

    /// <inheritdoc/>
    public override void Recycle(FrameJob job) => _freeJobs.Push((H264FrameJob)job);

    /// <inheritdoc/>
    public override void Reset() => _pictures.Clear();

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (H264FrameJob job in _allJobs)
            job.Dispose();
        _pictures.Dispose();
        _motionPool.Dispose();
        foreach (H264KernelTable* table in _kernels)
            NativeMemory.Free(table);
        NativeMemory.Free(_conversions);
    }

    /// <summary>References by timestamp; those that are not there stay null and are stood in for.</summary>
    private void FindReferences(H264FrameJob job, V4L2CtrlH264DecodeParams* p, Picture current, byte* capture)
    {
        for (int i = 0; i < DpbSize; i++)
        {
            job.References[i] = null;
            ref V4L2H264DpbEntry entry = ref p->Dpb[i];
            if ((entry.Flags & (H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active)) != (H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active))
                continue;
            Picture? found = _pictures.Find(entry.ReferenceTs, capture, current);
            if (found == null || found.View.Width != current.View.Width || found.View.Height != current.View.Height || found.View.BitDepth != current.View.BitDepth
                || found.View.SubsamplingX != current.View.SubsamplingX || found.View.SubsamplingY != current.View.SubsamplingY)
                continue;
            if (found != current && found.IsFieldPair && found.FieldsBegun != 3)
                CloseFieldPair(found);
            found.Users++;
            job.References[i] = found;
        }
    }

    // The other field never came: nobody may wait for its lines, which have been (or will be, when the job is over) taken from the field that did.
    private static void CloseFieldPair(Picture picture)
    {
        picture.FieldsMissing = 3 - picture.FieldsBegun;
        picture.FieldsBegun = 3;
        if (picture.Pending != 0)
            return;
        *picture.FieldProgressCell(picture.FieldsMissing) = Picture.Complete;
        picture.Progress = Picture.Complete;
    }

    private H264KernelTable* Kernels(int depth)
    {
        if (_kernels[depth] == null)
        {
            _kernels[depth] = (H264KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(H264KernelTable));
            H264KernelTable.Create(_kernels[depth], depth, KernelLevels.Best);
        }
        return _kernels[depth];
    }

    private H264FrameJob TakeJob()
    {
        if (_freeJobs.TryPop(out H264FrameJob? job))
            return job;
        job = new H264FrameJob(this, _gate);
        _allJobs.Add(job);
        return job;
    }
}
