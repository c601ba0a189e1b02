// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Kernel;
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
    private const int MaxRequests = 256;
    private const int Cancelled = -125;

    private readonly Lock _sessionLock = new();
    private readonly object _completionLock = new();
    private readonly Queue<FrameJob> _jobs = new(16);
    private readonly Stack<FrameJob> _idleJobs = new(16);
    // In order of submission; completed ones wait here until the streaming thread comes by.
    private readonly Queue<Request> _requests = new(32);
    private readonly Stack<Request> _idleRequests = new(32);
    // By cookie. Only ever grows while nothing of it is read: a request exists before it is submitted.
    private readonly Request?[] _byCookie = new Request?[MaxRequests];
    private readonly Queue<PendingOutput> _outputs = new(32);
    private readonly Stack<PendingOutput> _idleOutputs = new(32);

    private IStatelessDevice? _device;
    private IStatelessSession? _session;
    private CapturePool? _pool;
    private ulong _timestamp;
    private int _depth, _requestLimit;
    private int _extraDelay;
    private int _requestCount;
    // Outputs queued before the unit at hand, and how putting them out early has ended.
    private int _earlierOutputs;
    private FlowReturn _early = FlowReturn.Ok;
    private bool _live;
    private bool _askedForKey;
    private int _inFlight;
    private bool _waiting;
    private volatile bool _flushing;

    private long _frames, _errors, _corrupted, _copies, _dropped;

    /// <summary>Debug category of the element.</summary>
    protected abstract DebugCategory Debug { get; }

    /// <summary>Coded format for the device.</summary>
    protected abstract uint CodedFormat { get; }

    /// <summary>Pictures that must remain for references and reordering when downstream hoards them.</summary>
    protected abstract int MaxReferences { get; }

    /// <summary>Whether output must not be late: the source is live.</summary>
    protected bool IsLiveSource => _live;

    /// <summary>Parses one access unit, submits requests and queues outputs for the codec frame, which must end up in one output or be released.</summary>
    internal abstract void DecodeUnit(FrameJob job);

    /// <summary>Input caps, after the session has been opened; called again whenever they change.</summary>
    protected virtual bool OnCodecFormat(VideoCodecState state) => true;

    /// <summary>Submits and queues what the codec holds back.</summary>
    protected virtual void DrainCodec() { }

    /// <summary>A request failed on the device.</summary>
    protected virtual void OnRequestFailed() { }

    /// <summary>The flow return for a stream that cannot be decoded at all; an error has been posted.</summary>
    protected FlowReturn? Refused { get; set; }

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
                throw new DeviceException($"Device {_device.Info.Card} does not decode {PixelFormat.ToText(CodedFormat)}", -22);
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
        while (_idleRequests.TryPop(out Request? request))
            request.Free();
        Array.Clear(_byCookie);
        _requestCount = 0;
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnSetFormat(VideoCodecState state)
    {
        bool live = IsLive();
        int depth = RequestDepth(live);
        Refused = null;
        if (_session is not null && depth == _depth && live == _live)
        {
            SetInputState(state);
            ReportLatency();
            return OnCodecFormat(state);
        }
        if (_session is not null)
            _ = OnDrain();
        SetInputState(state);
        CloseSession();
        _live = live;
        _depth = depth;
        _extraDelay = 0;
        _requestLimit = RequestLimit(depth);
        try
        {
            IStatelessSession session = _device!.OpenSession(new SessionOptions(CodedFormat, (int)_threads, _requestLimit, OnCompleted, Awaits: true));
            lock (_sessionLock)
            {
                _session = session;
                _pool = new CapturePool(session, PoolLimit);
            }
            // A device with few buffers has some left for downstream.
            _depth = Math.Min(_depth, Math.Max(1, _pool.Limit - MaxReferences - 10));
        }
        catch (DeviceException e)
        {
            PostError(ErrorDomain.Resource, GstConst.ResourceErrorNotFound, "The device refuses the stream: " + e.Message);
            return false;
        }
        Restart();
        ReportLatency();
        Debug.Log(this, DebugLevel.Info, $"session open, {_threads} threads (0 = all CPUs), up to {_depth} requests delayed, live {_live}");
        return OnCodecFormat(state);
    }

    /// <inheritdoc/>
    protected override FlowReturn OnHandleFrame(VideoCodecFrame frame)
    {
        if (_flushing || _session is null || Refused is not null)
        {
            ReleaseFrame(frame);
            return _flushing ? FlowReturn.Flushing : Refused ?? FlowReturn.NotNegotiated;
        }
        FrameJob job = _idleJobs.TryPop(out FrameJob? idle) ? idle : new FrameJob();
        job.Holders = 1;
        if (!job.Begin(frame, keep: _depth > 0))
            job.Fail("the coded data cannot be mapped");
        _earlierOutputs = _outputs.Count;
        DecodeUnit(job);
        _earlierOutputs = 0;
        _jobs.Enqueue(job);
        FlowReturn early = _early;
        _early = FlowReturn.Ok;
        return early != FlowReturn.Ok ? early : Finish(_depth);
    }

    /// <inheritdoc/>
    protected override FlowReturn OnDrain()
    {
        if (_session is not null && !_flushing)
            DrainCodec();
        return Finish(0);
    }

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

    /// <summary>A picture to decode into, with one use that is the caller's; null when none can be had (the job has been failed).</summary>
    internal Picture? AcquirePicture(FrameJob job, PictureFormat format, PictureColor color, bool corrupted)
    {
        Picture? picture = _pool!.Acquire(format);
        if (picture is null)
        {
            // Outputs are copied long before this: only a device with fewer buffers gets here.
            job.Fail($"all {_pool.Limit} pictures are in use");
            return null;
        }
        _timestamp += 1000; // whole microseconds: V4L2 carries timestamps as struct timeval
        picture.Begin(_timestamp, color, corrupted);
        return picture;
    }

    /// <summary>
    /// Submits a request for an acquired picture. On failure the picture has that status.
    /// </summary>
    /// <param name="job">The job at hand; null: the data belongs to none.</param>
    /// <param name="picture">What is decoded.</param>
    /// <param name="references">Pictures that must keep their content meanwhile.</param>
    /// <param name="controls">Controls.</param>
    /// <param name="data">Coded data; copied unless it is the job's.</param>
    /// <param name="size">Bytes of it.</param>
    internal bool Submit(FrameJob? job, Picture picture, ReadOnlySpan<Picture> references, ReadOnlySpan<ControlPayload> controls, byte* data, int size)
    {
        if (_flushing)
        {
            picture.Status = Cancelled;
            return false;
        }
        Request request = TakeRequest();
        if (job is null || !job.Contains(data))
            data = request.Keep(data, size);
        request.Begin(job, picture, references);
        _requests.Enqueue(request);
        Interlocked.Increment(ref _inFlight);
        int status = _session!.Submit(controls, (nint)data, size, picture.Capture, picture.Timestamp, (ulong)request.Number);
        if (status == 0)
            return true;
        Interlocked.Decrement(ref _inFlight);
        request.Complete(status, corrupted: true);
        return false;
    }

    /// <summary>Queues an output; to be filled in by the caller. A picture's use is taken over.</summary>
    internal PendingOutput Enqueue(VideoCodecFrame frame, Picture? picture, FrameJob? job)
    {
        PendingOutput output = _idleOutputs.TryPop(out PendingOutput? idle) ? idle : new PendingOutput();
        output.Frame = frame;
        output.Picture = picture;
        output.Job = job;
        if (job is not null)
            job.Holders++;
        _outputs.Enqueue(output);
        return output;
    }

    /// <summary>Joined in the middle of a stream: nothing to predict from yet, and nobody's fault. Asks upstream for a key frame, once.</summary>
    internal void SkipUntilKey(FrameJob job)
    {
        job.Skipped = true;
        if (_askedForKey)
            return;
        _askedForKey = true;
        Debug.Log(this, DebugLevel.Info, "waiting for a key frame");
        GstVideoNative.gst_video_decoder_request_sync_point(Handle, job.Frame.Handle, 0);
    }

    private void Restart()
    {
        _askedForKey = false;
        ResetCodec();
    }

    /// <summary>Frames that the stream's own order delays output by, beside the requests in flight: reported as latency.</summary>
    protected void SetExtraDelay(int frames)
    {
        if (frames == _extraDelay)
            return;
        _extraDelay = frames;
        ReportLatency();
    }

    private Request TakeRequest()
    {
        ReapRequests();
        if (_idleRequests.TryPop(out Request? idle))
            return idle;
        if (_requestCount < MaxRequests)
        {
            Request request = new(_requestCount);
            _byCookie[_requestCount++] = request;
            return request;
        }
        Wait(_requests.Peek());
        ReapRequests();
        return _idleRequests.Pop();
    }

    private void OnCompleted(Completion completion)
    {
        _byCookie[(int)completion.Cookie & MaxRequests - 1]!.Complete(completion.Status, completion.Corrupted);
        Interlocked.Decrement(ref _inFlight);
        lock (_completionLock)
        {
            if (_waiting)
                Monitor.PulseAll(_completionLock);
        }
    }

    // Puts out what is complete, in order, and waits until at most `keep` requests are in flight.
    private FlowReturn Finish(int keep)
    {
        while (true)
        {
            ReapRequests();
            FlowReturn result = RetireJobs();
            if (result != FlowReturn.Ok)
                return result;
            result = PutOut(int.MaxValue);
            if (result != FlowReturn.Ok)
                return result;
            if (_requests.Count <= keep)
                return Refused ?? FlowReturn.Ok;
            Wait(_requests.Peek());
        }
    }

    // What is complete of the next `most` outputs, in order.
    private FlowReturn PutOut(int most)
    {
        FlowReturn result = FlowReturn.Ok;
        for (; most > 0 && result == FlowReturn.Ok && _outputs.TryPeek(out PendingOutput? output) && output.IsReady; most--)
        {
            _outputs.Dequeue();
            if (_earlierOutputs > 0)
                _earlierOutputs--;
            result = FinishOutput(output);
        }
        return result;
    }

    private void Wait(Request request)
    {
        while (!request.Done)
            if (!_session!.Await())
                break;
        lock (_completionLock)
        {
            _waiting = true;
            while (!request.Done)
                Monitor.Wait(_completionLock);
            _waiting = false;
        }
    }

    private void ReapRequests()
    {
        while (_requests.TryPeek(out Request? request) && request.Done)
        {
            _requests.Dequeue();
            if (request.Status < 0 && request.Status != Cancelled)
                OnRequestFailed();
            request.End();
            _idleRequests.Push(request);
        }
    }

    // Jobs whose data nobody reads any more: their failures are reported here, in order.
    private FlowReturn RetireJobs()
    {
        while (_jobs.TryPeek(out FrameJob? job) && job.IsComplete)
        {
            _jobs.Dequeue();
            job.Unmap();
            job.CollectFailures();
            FlowReturn result = FlowReturn.Ok;
            if (job.Failures > 0 && !_flushing)
            {
                _errors += job.Failures;
                Debug.Log(this, DebugLevel.Warning, $"{job.Failure}");
                result = _session is { IsLost: true } ? Lost(job.Failure) : CountError(ErrorDomain.Stream, GstConst.StreamErrorDecode, "Frame could not be decoded", job.Failure);
            }
            Release(job);
            if (result != FlowReturn.Ok)
                return result;
        }
        return FlowReturn.Ok;
    }

    private FlowReturn Lost(string? why)
    {
        if (Refused is null)
            PostError(ErrorDomain.Resource, GstConst.ResourceErrorRead, $"The decoding device {_device?.Info.Path} is gone", why);
        Refused = FlowReturn.Error;
        return FlowReturn.Error;
    }

    private void Release(FrameJob job)
    {
        if (--job.Holders > 0)
            return;
        job.End();
        _idleJobs.Push(job);
    }

    private FlowReturn FinishOutput(PendingOutput output)
    {
        VideoCodecFrame frame = output.Frame;
        try
        {
            if (_flushing)
            {
                if (frame.Handle != 0)
                    ReleaseFrame(frame);
                return FlowReturn.Flushing;
            }
            if (output.Picture is { Status: >= 0 } picture)
                return OutputPicture(output, picture);
            if (output.Job is { } job && (job.Skipped || (!job.ShowsSomething && job.Failures == 0)))
            {
                frame.SetDecodeOnly();
                return FinishFrame(frame);
            }
            _dropped++;
            return frame.Handle == 0 ? FlowReturn.Ok : DropFrame(frame);
        }
        finally
        {
            End(output);
        }
    }

    private void End(PendingOutput output)
    {
        if (output.Job is { } job)
            Release(job);
        output.End();
        _idleOutputs.Push(output);
    }

    // Everything in flight and pending goes away unseen; references too.
    private void Abandon()
    {
        IStatelessSession? session = _session;
        session?.Cancel();
        ReapRequests();
        while (_outputs.TryDequeue(out PendingOutput? output))
        {
            if (output.Frame.Handle != 0)
                ReleaseFrame(output.Frame);
            End(output);
        }
        while (_jobs.TryDequeue(out FrameJob? job))
            Release(job);
        if (session is null)
            return;
        Restart();
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
        // Somebody else decodes: with one CPU too there is work to be done meanwhile.
        if (_device is KernelDevice)
            threads = Math.Max(2, threads);
        return threads <= 1 ? 0 : PreferredDepth(threads);
    }

    /// <summary>Requests to keep in flight with several threads (2 and more): as many as help, since each costs a picture and a frame of delay.</summary>
    protected virtual int PreferredDepth(int threads) => Math.Min(threads, 8);

    /// <summary>
    /// Waits until the device has room for a request, and puts out what earlier units have complete by then: a picture that is taken only after that is up to two pictures less.
    /// </summary>
    protected void AwaitRoom()
    {
        ReapRequests();
        while (_requests.Count >= _requestLimit)
        {
            Wait(_requests.Peek());
            ReapRequests();
        }
        if (_early == FlowReturn.Ok)
            _early = PutOut(_earlierOutputs);
    }

    /// <summary>Requests the device may have at once when so many are kept in flight: an access unit can hold several frames.</summary>
    protected virtual int RequestLimit(int depth) => Math.Max(4, depth + 2);

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

    private void ReportLatency()
    {
        VideoInfo info = new VideoCodecState(_inputState).Info;
        // Frames of unknown duration: as GStreamer's own decoders, assume 25 a second.
        ulong n = info.FpsN > 0 ? (ulong)info.FpsN : 25, d = info.FpsN > 0 && info.FpsD > 0 ? (ulong)info.FpsD : 1;
        ulong latency = (ulong)(_depth + _extraDelay) * 1_000_000_000ul * d / n;
        GstVideoNative.gst_video_decoder_set_latency(Handle, latency, latency);
    }
}
