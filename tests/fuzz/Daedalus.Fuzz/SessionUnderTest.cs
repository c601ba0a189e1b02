// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>One request that was accepted.</summary>
internal sealed class Submission(GuardedRegion? bitstream, GuardedCapture capture, ulong timestamp, int width, int height)
{
    public readonly GuardedRegion? Bitstream = bitstream;
    public readonly GuardedCapture Capture = capture;
    public readonly ulong Timestamp = timestamp;
    public readonly int Width = width, Height = height;
    public bool Done;
    public int Status;
    public bool Corrupted;
}

/// <summary>A fault of the device: the run goes on with the next group of inputs.</summary>
internal sealed class FaultException(string message) : Exception(message);

/// <summary>A session whose promises are checked: memory it may touch and when, one completion for each request, statuses.</summary>
internal sealed unsafe class SessionUnderTest : IDisposable
{
    /// <summary>Slots used before the state must be forgotten; some stay free for slots used again on purpose.</summary>
    public const int MaxSubmissions = 120;

    // The engine reports exceptions as EIO: nothing in a stream or a control may cause one.
    private const int UnexpectedException = -5;
    private const int Canceled = -125;

    private readonly Lock _lock = new();
    private readonly IStatelessSession _session;
    private readonly RegionPool _pool;
    private readonly GuardedRegion _controls = new(2 * sizeof(V4L2CtrlVp9CompressedHdr));
    private readonly List<Submission> _submissions = [];
    private readonly bool _atEnd;
    private readonly byte _fill;
    private ulong _nextTimestamp = 1000;
    private int _nextSlot;
    private volatile string? _fault;

    public SessionUnderTest(IStatelessDevice device, RegionPool pool, int threads, int maxInFlight, bool atEnd, byte fill)
    {
        _pool = pool;
        _atEnd = atEnd;
        _fill = fill;
        Strict = device.Info.Route != "dummy";
        _session = device.OpenSession(new SessionOptions(PixelFormat.Vp9Frame, threads, maxInFlight, OnCompleted));
    }

    /// <summary>The device decodes: what it refuses and what it writes is checked.</summary>
    public bool Strict { get; }

    public IStatelessSession Session => _session;

    /// <summary>Since the last <see cref="Reset"/>.</summary>
    public IReadOnlyList<Submission> Submissions => _submissions;

    /// <summary>A capture buffer of a layout.</summary>
    public GuardedCapture Allocate(in CaptureLayout layout, long bytes, int slot = -1)
        => new(_pool, slot >= 0 ? slot : _nextSlot++, layout, bytes, _atEnd, _fill);

    /// <summary>A slot number for a buffer that aliases another.</summary>
    public int TakeSlot() => _nextSlot++;

    /// <summary>The time the next request gets.</summary>
    public ulong TakeTimestamp() => _nextTimestamp += 1000;

    /// <summary>Submits; takes the capture buffer over. Returns what the device says.</summary>
    /// <param name="frame">Controls.</param>
    /// <param name="header">Controls.</param>
    /// <param name="shape">0: both controls, as it should be; others: missing, short, repeated ones.</param>
    /// <param name="data">Bitstream; copied to a guard page.</param>
    /// <param name="capture">Destination.</param>
    /// <param name="timestamp">Name of the picture.</param>
    public int Submit(in V4L2CtrlVp9Frame frame, in V4L2CtrlVp9CompressedHdr header, int shape, ReadOnlySpan<byte> data, GuardedCapture capture, ulong timestamp)
    {
        GuardedRegion? bitstream = null;
        byte* start = null;
        if (data.Length > 0)
        {
            bitstream = _pool.Take(data.Length);
            start = bitstream.Place(data.Length, _atEnd);
            data.CopyTo(new Span<byte>(start, data.Length));
            bitstream.AllowReading();
        }
        _controls.AllowAll();
        int bytes = sizeof(V4L2CtrlVp9Frame) + sizeof(V4L2CtrlVp9CompressedHdr);
        byte* payload = _controls.Place(bytes, _atEnd, 8);
        var f = (V4L2CtrlVp9Frame*)payload;
        var h = (V4L2CtrlVp9CompressedHdr*)(payload + sizeof(V4L2CtrlVp9Frame));
        *f = frame;
        *h = header;
        _controls.AllowReading();
        ControlPayload c0 = new(V4L2CtrlVp9Frame.ControlId, (nint)f, (uint)sizeof(V4L2CtrlVp9Frame));
        ControlPayload c1 = new(V4L2CtrlVp9CompressedHdr.ControlId, (nint)h, (uint)sizeof(V4L2CtrlVp9CompressedHdr));
        ReadOnlySpan<ControlPayload> controls = shape switch
        {
            1 => [c0],
            2 => [c1],
            3 => [],
            4 => [c0, c1 with { Size = c1.Size - 1 }],
            5 => [c0 with { Size = uint.MaxValue }, c1],
            6 => [c0 with { Payload = 0 }, c1],
            7 => [c1, c1, c0, c0, c1],
            _ => [c0, c1],
        };
        var submission = new Submission(bitstream, capture, timestamp, frame.FrameWidthMinus1 + 1, frame.FrameHeightMinus1 + 1);
        int number;
        lock (_lock)
        {
            number = _submissions.Count;
            _submissions.Add(submission);
        }
        int status = _session.Submit(controls, (nint)start, data.Length, capture, timestamp, Cookie(number));
        // Controls are copied by Submit: touched later, they fault.
        _controls.Forbid();
        if (status is > 0 or < -4095 or UnexpectedException)
            throw new FaultException($"Submit returned {status}");
        if (status != 0)
        {
            lock (_lock)
            {
                if (submission.Done)
                    throw new FaultException("a request that was refused completed");
                _submissions[number] = new Submission(null, capture, timestamp, 0, 0) { Done = true, Status = status };
            }
            if (bitstream != null)
                _pool.Return(bitstream);
            return status;
        }
        if (Strict && (shape is >= 1 and <= 6 || data.Length == 0))
            throw new FaultException($"a request with controls of shape {shape} and {data.Length} bytes was accepted");
        if (Strict && !Fits(frame, capture.Layout))
            throw new FaultException($"a frame of {submission.Width}x{submission.Height} was accepted for {capture.Layout}");
        return 0;
    }

    /// <summary>Waits for everything, and checks that everything came.</summary>
    public void Drain()
    {
        _session.Drain();
        Check();
    }

    /// <summary>Cancels everything, and checks that everything came.</summary>
    public void Cancel()
    {
        _session.Cancel();
        Check();
    }

    /// <summary>Forgets all.</summary>
    public void Reset()
    {
        Drain();
        _session.Reset();
        Forget();
        _nextSlot = 0;
    }

    /// <summary>Hash of the visible samples of each picture, concealed or not; 0 for what was refused or cancelled.</summary>
    public ulong[] Results()
    {
        var results = new ulong[_submissions.Count];
        for (int i = 0; i < results.Length; i++)
        {
            Submission s = _submissions[i];
            if (s is { Done: true, Status: 0, Width: > 0 })
                results[i] = Hash(s);
        }
        return results;
    }

    public void Dispose()
    {
        _session.Dispose();
        // Destroying the session completes everything, too.
        Check();
        Forget();
        _controls.Dispose();
    }

    private static ulong Cookie(int number) => 0xc0000000_00000000ul + (ulong)number * 0x10001;

    private static bool Fits(in V4L2CtrlVp9Frame f, in CaptureLayout l)
    {
        long width = f.FrameWidthMinus1 + 1, height = f.FrameHeightMinus1 + 1;
        bool semiPlanar = l.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        int bytes = f.BitDepth > 8 ? 2 : 1;
        int ssX = (f.Flags & Vp9FrameFlags.XSubsampling) != 0 ? 1 : 0, ssY = (f.Flags & Vp9FrameFlags.YSubsampling) != 0 ? 1 : 0;
        long chromaWidth = (width + ssX) >> ssX, chromaHeight = (height + ssY) >> ssY;
        return Holds(l.Offset0, l.Stride0, width * bytes, height, l.Size)
            && Holds(l.Offset1, l.Stride1, chromaWidth * bytes * (semiPlanar ? 2 : 1), chromaHeight, l.Size)
            && (semiPlanar || Holds(l.Offset2, l.Stride2, chromaWidth * bytes, chromaHeight, l.Size));
    }

    private static bool Holds(long offset, long stride, long row, long rows, long size) => stride >= row && offset + stride * (rows - 1) + row <= size;

    private void OnCompleted(Completion completion)
    {
        ulong number = (completion.Cookie - Cookie(0)) / 0x10001;
        lock (_lock)
        {
            if (number >= (ulong)_submissions.Count || Cookie((int)number) != completion.Cookie)
            {
                _fault = $"completion of a cookie nobody gave: {completion.Cookie:x}";
                return;
            }
            Submission s = _submissions[(int)number];
            if (s.Done)
                _fault = "a request completed twice";
            if (completion.Status is > 0 or < -4095 or UnexpectedException)
                _fault = $"a request completed with status {completion.Status}";
            s.Done = true;
            s.Status = completion.Status;
            s.Corrupted = completion.Corrupted;
            s.Capture.MakeReadOnly();
            s.Bitstream?.Forbid();
        }
    }

    private void Check()
    {
        lock (_lock)
        {
            if (_fault is { } fault)
                throw new FaultException(fault);
            int missing = _submissions.FindIndex(s => !s.Done);
            if (missing >= 0)
                throw new FaultException($"request {missing} of {_submissions.Count} never completed");
        }
    }

    private void Forget()
    {
        lock (_lock)
        {
            foreach (Submission s in _submissions)
            {
                if (s.Bitstream != null)
                    _pool.Return(s.Bitstream);
                s.Capture.Dispose();
            }
            _submissions.Clear();
        }
    }

    private static ulong Hash(Submission s)
    {
        CaptureLayout l = s.Capture.Layout;
        bool semiPlanar = l.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        (int bytes, int ssX, int ssY) = Samples(l.PixelFormat);
        byte* p = (byte*)s.Capture.Map;
        ulong hash = 0xcbf29ce484222325;
        for (int plane = 0; plane < (semiPlanar ? 2 : 3); plane++)
        {
            int width = plane == 0 ? s.Width : (s.Width + ssX) >> ssX, height = plane == 0 ? s.Height : (s.Height + ssY) >> ssY;
            int row = width * bytes * (semiPlanar && plane == 1 ? 2 : 1);
            uint offset = plane == 0 ? l.Offset0 : plane == 1 ? l.Offset1 : l.Offset2, stride = plane == 0 ? l.Stride0 : plane == 1 ? l.Stride1 : l.Stride2;
            for (int y = 0; y < height; y++)
            {
                byte* line = p + offset + (long)y * stride;
                for (int x = 0; x < row; x++)
                    hash = (hash ^ line[x]) * 0x100000001b3;
            }
        }
        return hash | 1;
    }

    private static (int Bytes, int SsX, int SsY) Samples(uint format)
    {
        if (format is PixelFormat.Nv12 or PixelFormat.P010)
            return (format == PixelFormat.P010 ? 2 : 1, 1, 1);
        for (int i = 0; i < 12; i++)
        {
            if (PixelFormat.Planar(i & 1, i >> 1 & 1, 8 + (i >> 2) * 2) == format)
                return (i < 4 ? 1 : 2, i & 1, i >> 1 & 1);
        }
        throw new ArgumentException("format");
    }
}
