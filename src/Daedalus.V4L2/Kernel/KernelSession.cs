// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>
/// A stream on a stateless decoder of the kernel: one open file. Requests go in on the caller's thread; a thread of the session polls and takes back
/// what is done, or whoever waits does, where the caller says that it waits here. Every table is under one lock, which is never held while completions are reported.
/// </summary>
internal sealed unsafe partial class KernelSession : IStatelessSession
{
    private const int MaxCapture = 128, MaxOutput = 32, MostInFlight = 16, AwaitMilliseconds = 100;

    private readonly object _lock = new();
    private readonly Action<Completion> _completed;
    private readonly uint _codedFormat;
    private readonly KernelDecoder _decoder;
    private readonly KernelNode _video, _media;
    private readonly int _wake;
    private readonly int _inFlightLimit;
    private readonly Thread? _thread;

    private readonly KernelRequest?[] _requests = new KernelRequest?[MaxOutput];
    private readonly KernelCaptureBuffer?[] _captures = new KernelCaptureBuffer?[MaxCapture];
    private int _requestCount, _inFlight, _reporting;
    private bool _outputOn, _captureOn, _stop, _strayCapture;
    // The device is gone: a negative errno.
    private volatile int _dead;
    // The last picture submitted, whose second field may follow.
    private KernelCaptureBuffer? _lastCapture;
    private ulong _lastTimestamp, _newest;
    // What the driver can.
    private bool _canHold, _canRemove, _removeRefused;
    // For the private control, where the driver knows it; whether the last request has set it, since it stays in force.
    private byte[]? _packed;
    private bool _packedSet;

    [ThreadStatic]
    private static int t_inCallback;

    public KernelSession(KernelDecoder decoder, SessionOptions options)
    {
        _decoder = decoder;
        _completed = options.Completed;
        _codedFormat = options.CodedFormat;
        _inFlightLimit = Math.Clamp(options.MaxInFlight == 0 ? 4 : options.MaxInFlight, 2, MostInFlight);
        _video = KernelNode.Open(decoder.VideoPath);
        try
        {
            _media = KernelNode.Open(decoder.MediaPath);
            _wake = KernelNode.EventFd();
            if (_wake < 0)
                throw new DeviceException("eventfd failed: too many open files?", -24);
            AskCapabilities();
            AskControls();
        }
        catch
        {
            _video.Dispose();
            _media?.Dispose();
            if (_wake > 0)
                _ = Libc.Close(_wake);
            throw;
        }
        if (options.Awaits)
            return;
        _thread = new Thread(Run, 256 << 10) { IsBackground = true, Name = "daedalus-v4l2" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public int MaxCaptureBuffers { get; private set; } = 32;

    /// <inheritdoc/>
    public bool ExportsDmabuf => true;

    /// <inheritdoc/>
    public bool IsLost => _dead != 0;

    /// <inheritdoc/>
    public int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie)
    {
        // V4L2 carries timestamps as struct timeval.
        if (capture is not KernelCaptureBuffer buffer || buffer.Session != this || controls.Length > KernelControls.Max || bitstreamSize <= 0 || timestamp % 1000 != 0)
            return KernelNode.Invalid;
        if (_dead != 0)
            return _dead;
        if (buffer.Gone)
            return KernelNode.NotSupported;
        bool second = ReferenceEquals(buffer, _lastCapture) && timestamp == _lastTimestamp;
        int status = second ? 0 : Ready(buffer);
        if (status < 0)
            return status;
        if (_oldest != 0 && KernelControls.RefersBefore(controls, _oldest))
            return KernelNode.NotSupported;
        KernelRequest? request = TakeRequest((uint)bitstreamSize, out status);
        if (request is null)
            return status;
        Buffer.MemoryCopy((void*)bitstream, (void*)request.Map, request.Length, bitstreamSize);
        lock (_lock)
        {
            status = Queue(request, controls, (uint)bitstreamSize, buffer, second, timestamp, cookie);
            if (status < 0)
            {
                request.Busy = false;
                return status;
            }
            _lastCapture = buffer;
            _lastTimestamp = timestamp;
            _newest = Math.Max(_newest, timestamp);
            if (_inFlight++ == 0 && _thread is not null)
                KernelNode.Signal(_wake);
            return 0;
        }
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        Span<Completion> done = stackalloc Completion[MaxOutput];
        int count = 0;
        lock (_lock)
        {
            StopQueues();
            foreach (KernelRequest? request in _requests)
                if (request is { InFlight: true })
                    done[count++] = End(request, KernelNode.Cancelled, false);
            BeginReport(count);
        }
        Report(done[..count]);
        WaitUntil(static s => s._inFlight == 0);
    }

    /// <inheritdoc/>
    public void Drain() => WaitUntil(static s => s._inFlight == 0);

    /// <inheritdoc/>
    public void Reset()
    {
        lock (_lock)
            StopQueues();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_stop)
                return;
        }
        Cancel();
        lock (_lock)
        {
            _stop = true;
            Monitor.PulseAll(_lock);
        }
        KernelNode.Signal(_wake);
        if (_thread is not null && Environment.CurrentManagedThreadId != _thread.ManagedThreadId)
            _thread.Join();
        lock (_lock)
        {
            for (int i = 0; i < MaxOutput; i++)
                FreeRequest(i);
            foreach (KernelCaptureBuffer? buffer in _captures)
                if (buffer is not null)
                    buffer.Gone = true;
            _video.Dispose();
            _media.Dispose();
            _ = Libc.Close(_wake);
        }
    }

    // Under the lock: everything goes back, and what is decoded next starts from nothing.
    private void StopQueues()
    {
        uint type = V4L2Abi.TypeOutput;
        _ = _video.Ioctl(V4L2Abi.StreamOff, ref type);
        _outputOn = false;
        StopCapture();
    }

    private void StopCapture()
    {
        uint type = V4L2Abi.TypeCapture;
        _ = _video.Ioctl(V4L2Abi.StreamOff, ref type);
        _captureOn = _strayCapture = false;
        _lastCapture = null;
        foreach (KernelCaptureBuffer? buffer in _captures)
        {
            if (buffer is null)
                continue;
            buffer.Queued = false;
            buffer.Owner = null;
        }
    }

    private int StartQueues()
    {
        int status = 0;
        if (!_outputOn)
        {
            uint type = V4L2Abi.TypeOutput;
            status = _video.Ioctl(V4L2Abi.StreamOn, ref type);
            _outputOn = status >= 0;
        }
        if (status >= 0 && !_captureOn)
        {
            uint type = V4L2Abi.TypeCapture;
            status = _video.Ioctl(V4L2Abi.StreamOn, ref type);
            _captureOn = status >= 0;
        }
        return status;
    }

    // Before a frame: the format the buffer was made for, and the buffer in our hands.
    private int Ready(KernelCaptureBuffer buffer)
    {
        if (_format is null || !buffer.Format.Suits(_format))
        {
            try
            {
                _ = SetCaptureFormat(buffer.Format.Geometry, buffer.Format.Layout.PixelFormat);
            }
            catch (DeviceException e)
            {
                return e.Errno < 0 ? e.Errno : KernelNode.Invalid;
            }
            if (buffer.Gone)
                return KernelNode.NotSupported;
        }
        if (!Volatile.Read(ref buffer.Queued) && !_strayCapture)
            return 0;
        // Held for a second field that never came, or left over by a request that was refused.
        WaitUntil(static s => s._inFlight == 0);
        lock (_lock)
            StopCapture();
        return 0;
    }

    private int Queue(KernelRequest request, ReadOnlySpan<ControlPayload> controls, uint size, KernelCaptureBuffer buffer, bool second, ulong timestamp, ulong cookie)
    {
        bool hold = !second && KernelControls.IsField(controls);
        if (hold && !_canHold)
            return KernelNode.NotSupported;
        int status = request.Renew(_media.Fd);
        if (status < 0)
            return Failed(status);
        status = SetControls(controls, request.Fd);
        if (status < 0)
            return Failed(status);
        // The buffer of a field pair is still in the driver's hands unless the first field has been given up.
        bool queueCapture = !second || !buffer.Queued;

        V4L2Plane plane = new() { BytesUsed = size, Length = request.Length };
        V4L2Buffer b = new()
        {
            Index = (uint)request.Index,
            Type = V4L2Abi.TypeOutput,
            Memory = V4L2Abi.MemoryMmap,
            Flags = V4L2Abi.BufFlagRequestFd | (hold ? V4L2Abi.BufFlagHoldCapture : 0),
            TimestampSeconds = (long)(timestamp / 1_000_000_000),
            TimestampMicroseconds = (long)(timestamp % 1_000_000_000 / 1000),
            Planes = &plane,
            Length = 1,
            RequestFd = request.Fd,
        };
        status = _video.Ioctl(V4L2Abi.QBuf, ref b);
        if (status < 0)
            return Failed(status);
        if (queueCapture)
        {
            V4L2Plane target = new() { Length = buffer.Length };
            V4L2Buffer c = new() { Index = (uint)buffer.Index, Type = V4L2Abi.TypeCapture, Memory = V4L2Abi.MemoryMmap, Planes = &target, Length = 1 };
            status = _video.Ioctl(V4L2Abi.QBuf, ref c);
            if (status < 0)
                return Failed(status);
            buffer.Queued = true;
        }
        status = StartQueues();
        if (status >= 0)
            status = KernelNode.Ioctl(request.Fd, MediaAbi.RequestQueue, null);
        if (status < 0)
        {
            _strayCapture |= queueCapture;
            return Failed(status);
        }
        request.InFlight = true;
        request.Cookie = cookie;
        request.OutputDone = request.CaptureDone = request.Failed = request.Corrupted = false;
        request.Capture = hold ? null : buffer;
        if (!hold)
            buffer.Owner = request;
        return 0;
    }

    private int Failed(int status)
    {
        if (status == KernelNode.NoDevice)
            _dead = status;
        return status;
    }

    private int SetControls(ReadOnlySpan<ControlPayload> controls, int requestFd)
    {
        V4L2ExtControl* list = stackalloc V4L2ExtControl[KernelControls.Max];
        uint count = 0;
        bool wasSet = _packedSet;
        fixed (byte* packed = _packed)
        {
            foreach (ControlPayload c in controls)
            {
                if (!HasControl(c.Id) || c.Size == 0)
                    continue;
                if (!PackedControls.Is(c.Id))
                {
                    list[count++] = new V4L2ExtControl { Id = c.Id, Size = c.Size, Value = c.Payload };
                    continue;
                }
                bool needed = PackedControls.IsNeeded(c);
                if (!needed && !_packedSet)
                    continue;
                packed[0] = 0;
                int size = needed ? PackedControls.Pack(c, packed) : 1;
                if (size < 0)
                    return size;
                _packedSet |= needed;
                wasSet = needed;
                list[count++] = new V4L2ExtControl { Id = c.Id, Size = (uint)size, Value = (nint)packed };
            }
            int status = SetControls(list, count, requestFd);
            if (status >= 0)
                _packedSet = wasSet;
            return status;
        }
    }

    private int SetControls(V4L2ExtControl* list, uint count, int requestFd)
    {
        V4L2ExtControls set = new() { Count = count, Controls = list };
        if (requestFd >= 0)
        {
            set.Which = V4L2Abi.CtrlWhichRequest;
            set.RequestFd = requestFd;
        }
        return _video.Ioctl(V4L2Abi.SetExtCtrls, ref set);
    }

    // An OUTPUT buffer large enough that nobody uses; waits while as many requests are in flight as may be.
    private KernelRequest? TakeRequest(uint size, out int status)
    {
        lock (_lock)
        {
            while (true)
            {
                status = _dead;
                if (status != 0)
                    return null;
                KernelRequest? small = null;
                foreach (KernelRequest? r in _requests)
                {
                    if (r is null || r.Busy || r.Retired)
                        continue;
                    if (r.Length >= size)
                    {
                        r.Busy = true;
                        return r;
                    }
                    small = r;
                }
                if (_requestCount < _inFlightLimit || small is not null)
                {
                    KernelRequest? made = MakeRequest(size, out status);
                    if (made is null)
                        return null;
                    // It replaces one that has become too small; the memory goes where the driver can free single buffers.
                    if (small is not null)
                        Retire(small);
                    made.Busy = true;
                    return made;
                }
                WaitForChange();
            }
        }
    }

    private void WaitUntil(Func<KernelSession, bool> condition)
    {
        // A completion that waits for completions would wait for itself.
        int own = t_inCallback;
        lock (_lock)
        {
            while (!condition(this) || _reporting > own)
                WaitForChange();
        }
    }

    // Under the lock, which is released meanwhile.
    private void WaitForChange()
    {
        if (_thread is not null || _inFlight == 0 || _dead != 0)
        {
            Monitor.Wait(_lock);
            return;
        }
        Monitor.Exit(_lock);
        try
        {
            PollOnce(AwaitMilliseconds);
        }
        finally
        {
            Monitor.Enter(_lock);
        }
    }
}
