// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>
/// What all decoder elements share: device and session, requests in flight, pictures, output. A codec's class parses coded
/// frames and fills controls. All on the streaming thread but for completions, property reads, FLUSH_START and state changes.
/// </summary>
public abstract unsafe partial class StatelessVideoDecoder : VideoDecoder
{
    /// <summary>Pictures of one session at most: references, requests in flight and what downstream holds.</summary>
    private const int PoolLimit = 64;
    private const int MaxReferences = 8;
    private const int Cancelled = -125;

    private readonly Lock _sessionLock = new();
    private readonly object _completionLock = new();
    private readonly Queue<FrameJob> _jobs = new(16);
    private readonly Stack<FrameJob> _idleJobs = new(16);
    // Request cookies are capture indices: a picture has one request at a time.
    private readonly Picture?[] _byIndex = new Picture?[128];

    private IStatelessDevice? _device;
    private IStatelessSession? _session;
    private CapturePool? _pool;
    private ulong _timestamp;
    private int _depth;
    private bool _live;
    private int _inFlight;
    private bool _waiting;
    private volatile bool _flushing;

    private long _frames, _errors, _corrupted, _copies, _dropped;

    /// <summary>Debug category of the element.</summary>
    protected abstract DebugCategory Debug { get; }

    /// <summary>Coded format for the device.</summary>
    protected abstract uint CodedFormat { get; }

    /// <summary>Parses one access unit and submits its frames to <paramref name="job"/>.</summary>
    internal abstract void DecodeUnit(FrameJob job);

    /// <summary>Forgets stream state; nothing is in flight.</summary>
    protected abstract void ResetCodec();

    /// <inheritdoc/>
    protected override void OnConstructed()
    {
        GstVideoNative.gst_video_decoder_set_packetized(Handle, 1);
        GstVideoNative.gst_video_decoder_set_needs_format(Handle, 1);
    }

    /// <inheritdoc/>
    protected override bool OnOpen()
    {
        try
        {
            _device = DeviceRegistry.Open(_deviceName);
            if (!_device.Supports(CodedFormat))
                throw new DeviceException($"Device {_device.Info.Card} does not decode this codec", -22);
            Debug.Log(this, DebugLevel.Info, $"device {_device.Info.Route}: {_device.Info.Card}, {_device.Info.Path}");
            return true;
        }
        catch (DeviceException e)
        {
            _device?.Dispose();
            _device = null;
            PostError(ErrorDomain.Resource, GstConst.ResourceErrorNotFound, "No decoding device: " + e.Message, "device=" + _deviceName);
            return false;
        }
    }

    /// <inheritdoc/>
    protected override bool OnClose()
    {
        _device?.Dispose();
        _device = null;
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnStart()
    {
        _flushing = false;
        _frames = _errors = _corrupted = _copies = _dropped = 0;
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnStop()
    {
        CloseSession();
        ForgetOutput();
        while (_idleJobs.TryPop(out FrameJob? job))
            job.Free();
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnSetFormat(VideoCodecState state)
    {
        SetInputState(state);
        bool live = IsLive();
        int depth = RequestDepth(live);
        if (_session is not null && depth == _depth && live == _live)
        {
            ReportLatency(state.Info);
            return true;
        }
        CloseSession();
        _live = live;
        _depth = depth;
        try
        {
            IStatelessSession session = _device!.OpenSession(new SessionOptions(CodedFormat, (int)_threads, Math.Max(4, depth + 2), OnCompleted));
            lock (_sessionLock)
            {
                _session = session;
                _pool = new CapturePool(session, PoolLimit);
            }
        }
        catch (DeviceException e)
        {
            PostError(ErrorDomain.Resource, GstConst.ResourceErrorNotFound, "The device refuses the stream: " + e.Message);
            return false;
        }
        ResetCodec();
        ReportLatency(state.Info);
        Debug.Log(this, DebugLevel.Info, $"session open, {_threads} threads (0 = all CPUs), up to {_depth} frames delayed, live {_live}");
        return true;
    }

    /// <inheritdoc/>
    protected override FlowReturn OnHandleFrame(VideoCodecFrame frame)
    {
        if (_flushing || _session is null)
        {
            ReleaseFrame(frame);
            return _flushing ? FlowReturn.Flushing : FlowReturn.NotNegotiated;
        }
        FrameJob job = _idleJobs.TryPop(out FrameJob? idle) ? idle : new FrameJob();
        if (job.Begin(frame))
        {
            try
            {
                DecodeUnit(job);
            }
            catch (DeviceException e)
            {
                job.Fail(e.Message);
            }
        }
        else
        {
            job.Fail("the coded data cannot be mapped");
        }
        _jobs.Enqueue(job);
        return FinishJobs(_depth);
    }

    /// <inheritdoc/>
    protected override FlowReturn OnDrain() => FinishJobs(0);

    /// <inheritdoc/>
    protected override bool OnFlush()
    {
        Abandon();
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnSinkEvent(nint gstEvent)
    {
        int type = *(int*)(gstEvent + Layout.GstEvent_type);
        if (type == GstConst.EventFlushStart)
            CancelFromOutside();
        bool result = ChainSinkEvent(gstEvent);
        if (type == GstConst.EventFlushStop)
            _flushing = false;
        return result;
    }

    /// <inheritdoc/>
    protected override int OnChangeState(int transition)
    {
        // The streaming thread may wait for the device: it must come out before its pads can be deactivated.
        if (transition == GstConst.StatePausedToReady)
            CancelFromOutside();
        return ChainChangeState(transition);
    }

    /// <inheritdoc/>
    protected override void OnFinalize()
    {
        CloseSession();
        ForgetOutput();
        _device?.Dispose();
        _device = null;
    }

    /// <summary>A picture to decode into, held by the job; null when none can be had (the job has been failed).</summary>
    internal Picture? AcquirePicture(FrameJob job, PictureFormat format, PictureColor color, bool corrupted)
    {
        Picture? picture = _pool!.Acquire(format);
        if (picture is null)
        {
            // Outputs are copied long before this: only a device with fewer buffers gets here.
            job.Fail($"all {PoolLimit} pictures are in use");
            return null;
        }
        _timestamp += 1000; // whole microseconds: V4L2 carries timestamps as struct timeval
        picture.Begin(_timestamp, color, corrupted);
        picture.Owner = job;
        job.Adopt(picture);
        return picture;
    }

    /// <summary>Submits a request for an acquired picture. On failure the picture is complete with that status.</summary>
    internal bool Submit(FrameJob job, Picture picture, ReadOnlySpan<ControlPayload> controls, byte* data, int size)
    {
        if (_flushing)
        {
            picture.End(Cancelled, false);
            return false;
        }
        int index = picture.Capture.Index;
        _byIndex[index] = picture;
        Interlocked.Increment(ref _inFlight);
        int status = _session!.Submit(controls, (nint)data, size, picture.Capture, picture.Timestamp, (ulong)index);
        if (status == 0)
            return true;
        Interlocked.Decrement(ref _inFlight);
        picture.End(status, false);
        return false;
    }

    /// <summary>Asks upstream for a key frame.</summary>
    protected void RequestSyncPoint(VideoCodecFrame frame) => GstVideoNative.gst_video_decoder_request_sync_point(Handle, frame.Handle, 0);

    private void OnCompleted(Completion completion)
    {
        _byIndex[(int)completion.Cookie & 127]?.End(completion.Status, completion.Corrupted);
        Interlocked.Decrement(ref _inFlight);
        lock (_completionLock)
        {
            if (_waiting)
                Monitor.PulseAll(_completionLock);
        }
    }

    // Puts out what is complete, in order, and waits until at most `keep` frames are left.
    private FlowReturn FinishJobs(int keep)
    {
        while (_jobs.TryPeek(out FrameJob? job))
        {
            if (!job.IsComplete)
            {
                if (_jobs.Count <= keep)
                    break;
                Wait(job);
            }
            _jobs.Dequeue();
            FlowReturn result = FinishJob(job);
            if (result != FlowReturn.Ok)
                return result;
        }
        return FlowReturn.Ok;
    }

    private void Wait(FrameJob job)
    {
        lock (_completionLock)
        {
            _waiting = true;
            while (!job.IsComplete)
                Monitor.Wait(_completionLock);
            _waiting = false;
        }
    }

    private FlowReturn FinishJob(FrameJob job)
    {
        job.Unmap();
        VideoCodecFrame frame = job.Frame;
        FlowReturn result = FlowReturn.Ok;
        try
        {
            job.CollectFailures();
            if (_flushing)
            {
                ReleaseFrame(frame);
                return FlowReturn.Flushing;
            }
            if (job.Failures > 0)
            {
                _errors += job.Failures;
                Debug.Log(this, DebugLevel.Warning, $"frame {frame.SystemFrameNumber}: {job.Failure}");
                result = CountError(ErrorDomain.Stream, GstConst.StreamErrorDecode, "Frame could not be decoded", job.Failure);
            }
            Picture? shown = job.Shown;
            if (result == FlowReturn.Ok && shown is not null && shown.Status >= 0)
                return OutputPicture(frame, shown);
            if (job.Skipped || (!job.ShowsSomething && job.Failures == 0))
            {
                frame.SetDecodeOnly();
                FlowReturn finished = FinishFrame(frame);
                return result == FlowReturn.Ok ? finished : result;
            }
            _dropped++;
            FlowReturn dropped = DropFrame(frame);
            return result == FlowReturn.Ok ? dropped : result;
        }
        finally
        {
            job.End();
            _idleJobs.Push(job);
        }
    }

    // Everything in flight and pending goes away unseen; references too.
    private void Abandon()
    {
        IStatelessSession? session = _session;
        session?.Cancel();
        while (_jobs.TryDequeue(out FrameJob? job))
        {
            VideoCodecFrame frame = job.Frame;
            job.Unmap();
            job.End();
            _idleJobs.Push(job);
            ReleaseFrame(frame);
        }
        if (session is null)
            return;
        ResetCodec();
        session.Reset();
    }

    private void CloseSession()
    {
        Abandon();
        lock (_sessionLock)
        {
            _session?.Dispose();
            _session = null;
            _pool?.Close();
            _pool = null;
        }
        Array.Clear(_byIndex);
        ForgetFormats();
    }

    private void CancelFromOutside()
    {
        _flushing = true;
        lock (_sessionLock)
            _session?.Cancel();
    }

    private int RequestDepth(bool live)
    {
        if (_maxFrameDelay >= 0)
            return _maxFrameDelay;
        if (live || _threads == 1)
            return 0;
        int threads = _threads == 0 ? Environment.ProcessorCount : (int)_threads;
        return threads <= 1 ? 0 : Math.Min(threads, 8);
    }

    private bool IsLive()
    {
        nint query = GstNative.gst_query_new_latency();
        int live = 0;
        ulong min, max;
        if (GstNative.gst_pad_peer_query(SinkPad, query) != 0)
            GstNative.gst_query_parse_latency(query, &live, &min, &max);
        GstNative.gst_mini_object_unref(query);
        return live != 0;
    }

    private void ReportLatency(VideoInfo info)
    {
        // Frames of unknown duration: as GStreamer's own decoders, assume 25 a second.
        ulong n = info.FpsN > 0 ? (ulong)info.FpsN : 25, d = info.FpsN > 0 && info.FpsD > 0 ? (ulong)info.FpsD : 1;
        ulong latency = (ulong)_depth * 1_000_000_000ul * d / n;
        GstVideoNative.gst_video_decoder_set_latency(Handle, latency, latency);
    }
}
