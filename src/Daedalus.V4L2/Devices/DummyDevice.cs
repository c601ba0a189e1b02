// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Devices;

/// <summary>When the dummy device completes what was submitted.</summary>
public enum DummyOrder
{
    /// <summary>Inside Submit.</summary>
    Immediate,
    /// <summary>Oldest first, but only when <see cref="DummyOptions.Depth"/> requests are in flight, or at Drain.</summary>
    Late,
    /// <summary>Newest first, whenever <see cref="DummyOptions.Depth"/> requests are in flight, or at Drain.</summary>
    Reverse,
    /// <summary>Only by <see cref="DummySession.Complete"/> (or Drain, oldest first).</summary>
    Manual,
}

/// <summary>How a dummy device behaves.</summary>
/// <param name="Order">Order of completions.</param>
/// <param name="Depth">Requests in flight before <see cref="DummyOrder.Late"/> and <see cref="DummyOrder.Reverse"/> complete.</param>
/// <param name="Result">Status and corrupted flag of the n-th request; null: all succeed.</param>
/// <param name="SubmitStatus">What Submit returns for the n-th request: 0 or a negative errno; null: 0.</param>
/// <param name="KeepBitstream">Copy the bitstream into the record.</param>
public sealed record DummyOptions(DummyOrder Order = DummyOrder.Immediate, int Depth = 4,
    Func<int, (int Status, bool Corrupted)>? Result = null, Func<int, int>? SubmitStatus = null, bool KeepBitstream = false);

/// <summary>One control as it was submitted.</summary>
/// <param name="Id">V4L2 control id.</param>
/// <param name="Payload">Copy of the payload.</param>
public sealed record DummyControl(uint Id, byte[] Payload);

/// <summary>One request as it was submitted.</summary>
/// <param name="Number">0 for the first.</param>
/// <param name="Controls">Controls.</param>
/// <param name="BitstreamSize">Bytes of bitstream.</param>
/// <param name="Bitstream">Copy, or empty.</param>
/// <param name="CaptureIndex">Slot of the CAPTURE buffer.</param>
/// <param name="Timestamp">CAPTURE timestamp.</param>
/// <param name="Cookie">Cookie.</param>
public sealed record DummyRequest(int Number, IReadOnlyList<DummyControl> Controls, int BitstreamSize, byte[] Bitstream, int CaptureIndex, ulong Timestamp, ulong Cookie);

/// <summary>Records requests and fills no pixels: for tests of parsers, bookkeeping and elements.</summary>
public sealed class DummyDevice(DummyOptions? options = null) : IStatelessDevice
{
    private readonly DummyOptions _options = options ?? new DummyOptions();

    /// <inheritdoc/>
    public DeviceInfo Info { get; } = new("dummy", "dummy", "Daedalus dummy device", "dummy");

    /// <summary>The session opened last.</summary>
    public DummySession? LastSession { get; private set; }

    /// <inheritdoc/>
    public bool Supports(uint codedFormat) => codedFormat is PixelFormat.Vp9Frame or PixelFormat.H264Slice or PixelFormat.Av1Frame;

    /// <inheritdoc/>
    public IStatelessSession OpenSession(SessionOptions options)
    {
        if (!Supports(options.CodedFormat))
            throw new DeviceException($"The dummy device does not know {PixelFormat.ToText(options.CodedFormat)}.", -22);
        return LastSession = new DummySession(_options, options);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>A stream on the dummy device.</summary>
public sealed class DummySession : IStatelessSession
{
    private readonly DummyOptions _options;
    private readonly Action<Completion> _completed;
    private readonly SlotMap _slots = new();
    private readonly Lock _lock = new();
    private readonly List<DummyRequest> _requests = [];
    private readonly List<DummyRequest> _pending = [];
    [ThreadStatic]
    private static int t_inCallback;

    private CaptureLayout _layout;
    private int _completing;

    internal DummySession(DummyOptions options, SessionOptions session)
    {
        _options = options;
        _completed = session.Completed;
    }

    /// <summary>All requests so far, in order of submission.</summary>
    public IReadOnlyList<DummyRequest> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    /// <summary>Requests that are not complete.</summary>
    public IReadOnlyList<DummyRequest> Pending
    {
        get
        {
            lock (_lock)
                return [.. _pending];
        }
    }

    /// <summary>How often Reset was called.</summary>
    public int Resets { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry)
    {
        uint planar = PixelFormat.Planar(geometry.SubsamplingX, geometry.SubsamplingY, geometry.BitDepth);
        if (geometry is { SubsamplingX: 1, SubsamplingY: 1, BitDepth: 8 })
            return [planar, PixelFormat.Nv12];
        return geometry is { SubsamplingX: 1, SubsamplingY: 1, BitDepth: 10 } ? [planar, PixelFormat.P010] : [planar];
    }

    /// <inheritdoc/>
    public CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat)
    {
        if (!PixelFormat.IsIn(CaptureFormats(geometry), pixelFormat))
            throw new DeviceException($"The dummy device does not write {PixelFormat.ToText(pixelFormat)} for this stream.", -22);
        return _layout = CaptureLayouts.Compute(geometry, pixelFormat);
    }

    /// <inheritdoc/>
    public CaptureBuffer AllocateCapture()
    {
        int index = _slots.Take();
        try
        {
            return new MemfdCaptureBuffer(index, _layout, _slots.Free);
        }
        catch
        {
            _slots.Free(index);
            throw;
        }
    }

    /// <inheritdoc/>
    public unsafe int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie)
    {
        var copies = new DummyControl[controls.Length];
        for (int i = 0; i < copies.Length; i++)
            copies[i] = new DummyControl(controls[i].Id, new ReadOnlySpan<byte>((void*)controls[i].Payload, (int)controls[i].Size).ToArray());
        byte[] bytes = _options.KeepBitstream ? new ReadOnlySpan<byte>((void*)bitstream, bitstreamSize).ToArray() : [];
        lock (_lock)
        {
            var request = new DummyRequest(_requests.Count, copies, bitstreamSize, bytes, capture.Index, timestamp, cookie);
            int refused = _options.SubmitStatus?.Invoke(request.Number) ?? 0;
            _requests.Add(request);
            if (refused != 0)
                return refused;
            _pending.Add(request);
        }
        switch (_options.Order)
        {
            case DummyOrder.Immediate:
                Finish(newestFirst: false, keep: 0);
                break;
            case DummyOrder.Late:
                Finish(newestFirst: false, keep: Math.Max(0, _options.Depth - 1));
                break;
            case DummyOrder.Reverse when Pending.Count >= _options.Depth:
                Finish(newestFirst: true, keep: 0);
                break;
        }
        return 0;
    }

    /// <summary>Completes one pending request.</summary>
    /// <param name="number">Its <see cref="DummyRequest.Number"/>.</param>
    /// <returns>False when it is not pending.</returns>
    public bool Complete(int number)
    {
        DummyRequest? request;
        lock (_lock)
        {
            request = _pending.Find(r => r.Number == number);
            if (request == null)
                return false;
            _pending.Remove(request);
            _completing++;
        }
        (int status, bool corrupted) = _options.Result?.Invoke(request.Number) ?? (0, false);
        CallBack(new Completion(request.Cookie, status, corrupted));
        return true;
    }

    private void CallBack(Completion completion)
    {
        t_inCallback++;
        try
        {
            _completed(completion);
        }
        finally
        {
            t_inCallback--;
            lock (_lock)
                _completing--;
        }
    }

    // Another thread may be about to complete what is pending no more: callers of Cancel and Drain are told that everything is complete.
    private void WaitForOthers()
    {
        while (t_inCallback == 0 && Volatile.Read(ref _completing) != 0)
            Thread.Yield();
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        while (true)
        {
            DummyRequest request;
            lock (_lock)
            {
                if (_pending.Count == 0)
                    break;
                request = _pending[0];
                _pending.RemoveAt(0);
                _completing++;
            }
            CallBack(new Completion(request.Cookie, -125, false));
        }
        WaitForOthers();
    }

    /// <inheritdoc/>
    public void Drain()
    {
        Finish(_options.Order == DummyOrder.Reverse, keep: 0);
        WaitForOthers();
    }

    /// <inheritdoc/>
    public void Reset() => Resets++;

    /// <inheritdoc/>
    public void Dispose() => Cancel();

    private void Finish(bool newestFirst, int keep)
    {
        while (true)
        {
            int number;
            lock (_lock)
            {
                if (_pending.Count <= keep)
                    return;
                number = (newestFirst ? _pending[^1] : _pending[0]).Number;
            }
            Complete(number);
        }
    }
}
