// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.H264;

/// <summary>Pictures: which codec frame each is put out with, and in what order.</summary>
public sealed unsafe partial class H264Decoder
{
    // Pictures that began in a buffer whose codec frame another picture has: they take the next one that is left over.
    private readonly Queue<Picture> _frameless = new();
    private bool _frameFree;
    private Picture? _lastBegun;
    // Parsers that hand out single NAL units give the time to the first of an access unit only, which holds no slice.
    private ulong _leadingTime = NoTime;
    private const ulong NoTime = ulong.MaxValue;

    private OutputTraits? _traits;
    private H264Sps? _traitsSps;
    private bool _mixed;
    private H264MasteringDisplay? _mastering;
    private H264ContentLight? _light;

    private sealed class Client(H264Decoder owner) : IH264PictureClient<Picture>
    {
        public Picture? Begin(H264PictureInfo info) => owner.BeginPicture(info);
        public bool Submit(in H264Request<Picture> request) => owner.SubmitPicture(request);
        public ulong Timestamp(Picture picture) => picture.Timestamp;
        public void Output(Picture picture, H264PictureInfo info) => owner.QueueOutput(picture, info);
        public void Skip(Picture picture, H264PictureInfo info) => owner.SkipOutput(picture);
        public void Use(Picture picture) => CapturePool.Use(picture);
        public void Release(Picture picture) => CapturePool.Release(picture);
    }

    private Picture? BeginPicture(H264PictureInfo info)
    {
        FrameJob job = _job!;
        _synced = true;
        if (!IsSupported(info))
            return null;
        try
        {
            PictureFormat format = FormatFor(info.Geometry, new VisibleRectangle(info.CropLeft, info.CropTop, info.CropWidth, info.CropHeight), H264OutputTraits.IsRgb(info.Sps) ? SampleMeaning.Rgb : SampleMeaning.Yuv);
            Picture? picture = AcquirePicture(job, format, default, corrupted: false);
            if (picture is null)
                return null;
            picture.Traits = TraitsFor(info);
            if (_frameFree)
            {
                _frameFree = false;
                VideoCodecFrame frame = job.Frame;
                picture.Frame = frame;
                if (frame.Pts == NoTime)
                    frame.Pts = _leadingTime;
                if (info.IsIdr)
                    frame.SetSyncPoint();
            }
            else
            {
                _frameless.Enqueue(picture);
            }
            _leadingTime = NoTime;
            _lastBegun = picture;
            return picture;
        }
        catch (DeviceException e)
        {
            job.Fail(e.Message);
            return null;
        }
    }

    private bool IsSupported(H264PictureInfo info)
    {
        int depth = info.Geometry.BitDepth;
        if (depth is 8 or 10 or 12)
            return true;
        if (Refused is null)
        {
            PostError(ErrorDomain.Stream, GstConst.StreamErrorFormat, $"GStreamer has no video format for samples of {depth} bits",
                $"profile_idc {info.Sps.ProfileIdc}, chroma_format_idc {info.Sps.Control.ChromaFormatIdc}");
            Refused = FlowReturn.NotNegotiated;
        }
        return false;
    }

    private bool SubmitPicture(in H264Request<Picture> request)
    {
        H264RequestControls.Fill(request.Controls, _controls);
        var data = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(request.Bitstream));
        return Submit(_job, request.Picture, request.References, _controls, data, request.Bitstream.Length);
    }

    private void QueueOutput(Picture picture, H264PictureInfo info)
    {
        VideoCodecFrame frame = picture.Frame;
        picture.Frame = default;
        if (frame.Handle == 0)
            ForgetFrameless(picture);
        CapturePool.Use(picture);
        PendingOutput output = Enqueue(frame, picture, null);
        output.Corrupted = info.Corrupted;
        output.BufferFlags = BufferFlags(info);
        if (info.Fields is H264Fields.Top or H264Fields.Bottom)
            output.OnlyField = info.Fields;
        if (!info.Sei.Captions.IsEmpty)
            output.AddCaptions(info.Sei.Captions);
        if (!info.SecondSei.Captions.IsEmpty)
            output.AddCaptions(info.SecondSei.Captions);
        output.ActiveFormat = info.Sei.ActiveFormat ?? info.SecondSei.ActiveFormat ?? -1;
    }

    private void SkipOutput(Picture picture)
    {
        if (picture.Frame.Handle != 0)
            ReleaseFrame(picture.Frame);
        else
            ForgetFrameless(picture);
        picture.Frame = default;
    }

    private void ForgetFrameless(Picture picture)
    {
        for (int i = _frameless.Count; i > 0; i--)
        {
            Picture p = _frameless.Dequeue();
            if (!ReferenceEquals(p, picture))
                _frameless.Enqueue(p);
        }
    }

    // A codec frame whose data began no picture: a second field, a further slice, parameter sets.
    private void FinishFrameOf(FrameJob job)
    {
        if (!_frameFree)
            return;
        _frameFree = false;
        if (_frameless.TryDequeue(out Picture? waiting))
        {
            waiting.Frame = job.Frame;
            return;
        }
        if (job.Failures > 0)
        {
            _ = DropFrame(job.Frame);
            return;
        }
        if (!HasSlice(new ReadOnlySpan<byte>(job.Data, job.Size)))
        {
            if (job.Frame.Pts != NoTime)
                _leadingTime = job.Frame.Pts;
        }
        else if (_lastBegun is { } first && first.Frame.Handle != 0 && job.Frame.Pts != first.Frame.Pts && first.Frame.Duration != NoTime && job.Frame.Duration != NoTime)
        {
            // The second field's time is part of the frame's.
            VideoCodecFrame frame = first.Frame;
            frame.Duration += job.Frame.Duration;
        }
        ReleaseFrame(job.Frame);
    }

    private void ForgetFrames()
    {
        _frameless.Clear();
        _lastBegun = null;
        _leadingTime = NoTime;
    }

    private static uint BufferFlags(H264PictureInfo info)
    {
        // Without pic_struct (D.2.3) the way a picture is coded has to do.
        bool interlaced = info.IsInterlaced || (info.PicStruct < 0 && info.IsMbaff);
        if (!interlaced)
            return 0;
        uint flags = GstConst.VideoBufferInterlaced;
        if (info.Fields is H264Fields.Top or H264Fields.Bottom)
            return flags | GstConst.VideoBufferOneField | (info.Fields == H264Fields.Top ? GstConst.VideoBufferTopFirst : 0);
        if (info.TopFieldFirst)
            flags |= GstConst.VideoBufferTopFirst;
        if (info.PicStruct is 5 or 6)
            flags |= GstConst.VideoBufferRepeatField;
        return flags;
    }

    private OutputTraits TraitsFor(H264PictureInfo info)
    {
        H264Sei sei = info.Sei;
        bool mixed = ReferenceEquals(_traitsSps, info.Sps) && _mixed || info.IsInterlaced;
        if (_traits is { } current && ReferenceEquals(_traitsSps, info.Sps) && mixed == _mixed && sei.AlternativeTransfer is null
            && (sei.MasteringDisplay is null || sei.MasteringDisplay == _mastering) && (sei.ContentLight is null || sei.ContentLight == _light))
        {
            return current;
        }
        _traitsSps = info.Sps;
        _mixed = mixed;
        _mastering = sei.MasteringDisplay ?? _mastering;
        _light = sei.ContentLight ?? _light;
        // Frames of both kinds may come, and each says which it is, unless upstream knows that all are interlaced.
        int mode = info.Sps.FrameMbsOnly && !mixed ? OutputTraits.Progressive
            : InputState.Info.InterlaceMode == OutputTraits.Interleaved ? OutputTraits.Interleaved : OutputTraits.Mixed;
        bool topFirst = info.TopFieldOrderCnt <= info.BottomFieldOrderCnt || (info.IsField && !info.IsBottomField);
        OutputTraits made = H264OutputTraits.From(info.Sps, mode, topFirst, sei.AlternativeTransfer, _mastering, _light);
        return _traits = made == _traits ? _traits : made;
    }

    private void RefreshTraits()
    {
        _traits = null;
        _traitsSps = null;
        _mixed = false;
        _mastering = null;
        _light = null;
    }
}
