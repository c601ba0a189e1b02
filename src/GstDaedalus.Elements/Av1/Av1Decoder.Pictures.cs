// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Bitstream;
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst.Video;

namespace GstDaedalus.Elements.Av1;

/// <summary>Pictures, and which codec frame each is put out with.</summary>
public sealed unsafe partial class Av1Decoder
{
    private const ulong NoTime = ulong.MaxValue;

    // Codec frames of buffers whose picture may still come: only a frame in several buffers or a layer that waits for a higher one is open
    // longer than its own buffer.
    private readonly List<(long Tag, VideoCodecFrame Frame)> _open = new(8);
    private long _tag;
    private int _lastSpatialId = int.MaxValue;

    private OutputTraits? _traits;
    private Av1SequenceHeader? _traitsSequence;
    private (CodedGeometry Geometry, int RenderWidth, int RenderHeight, Av1MasteringDisplay? Mastering, Av1ContentLightLevel? Light) _traitsOf;
    // Parsers that hand out single OBUs may give the time to the first of a temporal unit only.
    private ulong _unitTime = NoTime;

    private sealed class Client(Av1Decoder owner) : IAv1PictureClient<Picture>
    {
        public Picture? Begin(Av1FrameInfo info) => owner.BeginPicture(info);
        public bool Submit(in Av1Request<Picture> request) => owner.SubmitPicture(request);
        public ulong Timestamp(Picture picture) => picture.Timestamp;
        public void Output(Picture picture, Av1FrameInfo info) => owner.QueueOutput(picture, info);
        public void Use(Picture picture) => CapturePool.Use(picture);
        public void Release(Picture picture) => CapturePool.Release(picture);
    }

    private void OpenFrame(FrameJob job)
    {
        VideoCodecFrame frame = job.Frame;
        if (frame.Pts != NoTime || BeginsTemporalUnit(job))
            _unitTime = frame.Pts;
        else if (!_wholeUnits)
            frame.Pts = _unitTime;
        _open.Add((++_tag, frame));
    }

    private static bool BeginsTemporalUnit(FrameJob job)
        => Av1ObuReader.TryParse(new ReadOnlySpan<byte>(job.Data, job.Size), 0, job.Size, out Av1Obu obu) && obu.Type == Av1ObuType.TemporalDelimiter;

    private VideoCodecFrame TakeOpenFrame(long tag)
    {
        for (int i = 0; i < _open.Count; i++)
        {
            if (_open[i].Tag != tag)
                continue;
            VideoCodecFrame frame = _open[i].Frame;
            _open.RemoveAt(i);
            return frame;
        }
        return default;
    }

    // Frames that nothing will be shown with: hidden frames and parts of others.
    private void FinishOpenFrames(FrameJob job)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            (long tag, VideoCodecFrame frame) = _open[i];
            if (_sequencer.IsPending(tag))
                continue;
            _open.RemoveAt(i);
            if (tag == _tag)
                Enqueue(frame, null, job);
            else
                ReleaseFrame(frame);
        }
    }

    private void ReleaseOpenFrames()
    {
        foreach ((_, VideoCodecFrame frame) in _open)
            ReleaseFrame(frame);
        _open.Clear();
        _unitTime = NoTime;
        _lastSpatialId = int.MaxValue;
    }

    private Picture? BeginPicture(Av1FrameInfo info)
    {
        // codec_data is no place for frames.
        if (_job is not { } job)
            return null;
        try
        {
            PictureFormat format = FormatFor(info.Geometry, new VisibleRectangle(0, 0, info.Geometry.Width, info.Geometry.Height), Av1OutputTraits.Meaning(info.Sequence));
            AwaitRoom();
            Picture? picture = AcquirePicture(job, format, default, corrupted: false);
            if (picture is not null)
                picture.Traits = TraitsFor(info);
            return picture;
        }
        catch (DeviceException e)
        {
            job.Fail(e.Message);
            return null;
        }
    }

    private bool SubmitPicture(in Av1Request<Picture> request)
    {
        Av1RequestControls.Fill(request.Controls, _controls);
        var data = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(request.Bitstream));
        return Submit(_job, request.Picture, request.References, _controls, data, request.Bitstream.Length);
    }

    private void QueueOutput(Picture picture, Av1FrameInfo info)
    {
        _synced |= !info.Corrupted;
        VideoCodecFrame frame = TakeOpenFrame(info.Tag);
        if (frame.Handle != 0 && info.IsRandomAccess)
            frame.SetSyncPoint();
        CapturePool.Use(picture);
        PendingOutput output = Enqueue(frame, picture, null);
        output.Corrupted = info.Corrupted;
        output.SameTime = frame.Handle == 0 && info.SpatialId > _lastSpatialId;
        _lastSpatialId = info.SpatialId;
        for (int i = 0; i < info.T35.Count; i++)
        {
            Av1T35 message = info.T35[i];
            if (!AtscUserData.TryParse(message.CountryCode, message.Payload, out ReadOnlySpan<byte> captions, out int activeFormat))
                continue;
            if (!captions.IsEmpty)
                output.AddCaptions(captions);
            if (activeFormat >= 0)
                output.ActiveFormat = activeFormat;
        }
    }

    private OutputTraits TraitsFor(Av1FrameInfo info)
    {
        var of = (info.Geometry, info.RenderWidth, info.RenderHeight, info.MasteringDisplay, info.ContentLightLevel);
        if (_traits is { } current && ReferenceEquals(_traitsSequence, info.Sequence) && of == _traitsOf)
            return current;
        _traitsSequence = info.Sequence;
        _traitsOf = of;
        OutputTraits made = Av1OutputTraits.From(info);
        return _traits = made == _traits ? _traits : made;
    }
}
