// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>What a request writes.</summary>
/// <param name="Width">Luma samples; 0: nothing.</param>
/// <param name="Height">Luma lines of the frame.</param>
/// <param name="Bytes">Of a sample.</param>
/// <param name="SubsamplingX">1: chroma has half the columns.</param>
/// <param name="SubsamplingY">1: chroma has half the lines.</param>
/// <param name="Fields">1 top field, 2 bottom field, 3 frame.</param>
internal readonly record struct PictureShape(int Width, int Height, int Bytes, int SubsamplingX, int SubsamplingY, int Fields);

/// <summary>One request that was accepted.</summary>
internal sealed class Submission(GuardedRegion? bitstream, GuardedCapture capture, ulong timestamp, PictureShape shape)
{
    public readonly GuardedRegion? Bitstream = bitstream;
    public readonly GuardedCapture Capture = capture;
    public readonly ulong Timestamp = timestamp;
    public readonly PictureShape Shape = shape;
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

    private const ulong FirstTimestamp = 1000;

    private readonly Lock _lock = new();
    private readonly IStatelessSession _session;
    private readonly RegionPool _pool;
    private readonly List<Submission> _submissions = [];
    private readonly List<GuardedCapture> _captures = [];
    private GuardedRegion _controls = new(16 << 10);
    private readonly bool _atEnd;
    private readonly byte _fill;
    private ulong _nextTimestamp = FirstTimestamp;
    private int _nextSlot;
    private volatile string? _fault;

    public SessionUnderTest(IStatelessDevice device, uint codedFormat, RegionPool pool, int threads, int maxInFlight, bool atEnd, byte fill)
    {
        _pool = pool;
        _atEnd = atEnd;
        _fill = fill;
        Strict = device.Info.Route != "dummy";
        _session = device.OpenSession(new SessionOptions(codedFormat, threads, maxInFlight, OnCompleted));
    }

    /// <summary>The device decodes: what it refuses and what it writes is checked.</summary>
    public bool Strict { get; }

    public IStatelessSession Session => _session;

    /// <summary>Since the last <see cref="Reset"/>.</summary>
    public IReadOnlyList<Submission> Submissions => _submissions;

    /// <summary>What a codec's client keeps with the session; disposed of and forgotten with the pictures.</summary>
    public IDisposable? Client { get; set; }

    /// <summary>Slots that have not been used since the last <see cref="Reset"/>.</summary>
    public int FreeSlots => MaxSubmissions + 4 - _nextSlot;

    /// <summary>A capture buffer of a layout.</summary>
    public GuardedCapture Allocate(in CaptureLayout layout, long bytes, int slot = -1)
    {
        var capture = new GuardedCapture(_pool, slot >= 0 ? slot : _nextSlot++, layout, bytes, _atEnd, _fill);
        _captures.Add(capture);
        return capture;
    }

    /// <summary>A slot number for a buffer that aliases another.</summary>
    public int TakeSlot() => _nextSlot++;

    /// <summary>The time the next request gets.</summary>
    public ulong TakeTimestamp() => _nextTimestamp += 1000;

    /// <summary>Submits. Returns what the device says.</summary>
    /// <param name="payloads">Controls, those that must be there first; copied to a guard page.</param>
    /// <param name="required">Number of those.</param>
    /// <param name="shape">0: all controls, as it should be; others: missing, short, repeated ones.</param>
    /// <param name="picture">What the controls say is written.</param>
    /// <param name="data">Bitstream; copied to a guard page.</param>
    /// <param name="capture">Destination.</param>
    /// <param name="timestamp">Name of the picture.</param>
    public int Submit(ReadOnlySpan<ControlPayload> payloads, int required, int shape, in PictureShape picture, ReadOnlySpan<byte> data, GuardedCapture capture, ulong timestamp)
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
        ControlPayload[] c = PlaceControls(payloads);
        int last = required - 1;
        ControlPayload[] controls = shape switch
        {
            1 => c[1..],
            2 => [.. c[..last], .. c[required..]],
            3 => [],
            4 => [.. c[..last], c[last] with { Size = c[last].Size - 1 }],
            5 => [c[0] with { Size = uint.MaxValue }, .. c[1..]],
            6 => [c[0] with { Payload = 0 }, .. c[1..]],
            7 => [.. c.Reverse(), .. c, c[last]],
            _ => c,
        };
        var submission = new Submission(bitstream, capture, timestamp, picture);
        capture.BeginWriting();
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
                _submissions[number] = new Submission(null, capture, timestamp, default) { Done = true, Status = status };
            }
            capture.EndWriting();
            if (bitstream != null)
                _pool.Return(bitstream);
            return status;
        }
        if (Strict && (shape is >= 1 and <= 6 || data.Length == 0))
            throw new FaultException($"a request with controls of shape {shape} and {data.Length} bytes was accepted");
        if (Strict && !Fits(picture, capture.Layout))
            throw new FaultException($"{picture} was accepted for {capture.Layout}");
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
        _nextTimestamp = FirstTimestamp;
    }

    /// <summary>Hash of the visible samples of each picture, concealed or not; 0 for what was refused or cancelled.</summary>
    public ulong[] Results()
    {
        var results = new ulong[_submissions.Count];
        for (int i = 0; i < results.Length; i++)
        {
            Submission s = _submissions[i];
            if (s is { Done: true, Status: 0, Shape.Width: > 0 })
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

    private ControlPayload[] PlaceControls(ReadOnlySpan<ControlPayload> payloads)
    {
        var placed = new ControlPayload[payloads.Length];
        int bytes = 0;
        foreach (ControlPayload payload in payloads)
            bytes += ((int)payload.Size + 7) & ~7;
        if (bytes > _controls.Capacity)
        {
            _controls.Dispose();
            _controls = new GuardedRegion(2L * bytes);
        }
        _controls.AllowAll();
        byte* to = _controls.Place(bytes, _atEnd, 8);
        for (int i = 0; i < placed.Length; i++)
        {
            // Against the guard page with the last byte, if that is aligned.
            ControlPayload p = payloads[i];
            new ReadOnlySpan<byte>((void*)p.Payload, (int)p.Size).CopyTo(new Span<byte>(to, (int)p.Size));
            placed[i] = p with { Payload = (nint)to };
            to += ((int)p.Size + 7) & ~7;
        }
        _controls.AllowReading();
        return placed;
    }

    private static bool Fits(in PictureShape p, in CaptureLayout l)
    {
        bool semiPlanar = l.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        long chromaWidth = (p.Width + p.SubsamplingX) >> p.SubsamplingX, chromaHeight = (p.Height + p.SubsamplingY) >> p.SubsamplingY;
        return Holds(l.Offset0, l.Stride0, (long)p.Width * p.Bytes, p.Height, l.Size)
            && Holds(l.Offset1, l.Stride1, chromaWidth * p.Bytes * (semiPlanar ? 2 : 1), chromaHeight, l.Size)
            && (semiPlanar || Holds(l.Offset2, l.Stride2, chromaWidth * p.Bytes, chromaHeight, l.Size));
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
            s.Capture.EndWriting();
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
            }
            _submissions.Clear();
            foreach (GuardedCapture capture in _captures)
                capture.Dispose();
            _captures.Clear();
            Client?.Dispose();
            Client = null;
        }
    }

    /// <summary>Where a picture and the same of another session begin to differ, for the report.</summary>
    public string FirstDifference(SessionUnderTest other, int request)
    {
        if (request >= _submissions.Count || request >= other._submissions.Count)
            return "";
        Submission mine = _submissions[request], theirs = other._submissions[request];
        if (mine is not { Status: 0, Shape.Width: > 0 } || theirs.Status != 0 || mine.Shape != theirs.Shape || mine.Capture.Layout.PixelFormat != theirs.Capture.Layout.PixelFormat)
            return "";
        int differ = 0;
        string first = "";
        foreach (((int plane, int y, nint a, int bytes), (int _, int _, nint b, int _)) in Rows(mine).Zip(Rows(theirs)))
        {
            ReadOnlySpan<byte> left = new((void*)a, bytes), right = new((void*)b, bytes);
            int x = left.CommonPrefixLength(right);
            if (x == bytes)
                continue;
            if (differ++ == 0)
                first = $"plane {plane} row {y} byte {x}, {Convert.ToHexString(left.Slice(x, Math.Min(16, bytes - x)))} and {Convert.ToHexString(right.Slice(x, Math.Min(16, bytes - x)))}";
        }
        return $"; {differ} rows differ, first at {first}";
    }

    private static ulong Hash(Submission s)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach ((int _, int _, nint line, int bytes) in Rows(s))
        {
            foreach (byte b in new ReadOnlySpan<byte>((void*)line, bytes))
                hash = (hash ^ b) * 0x100000001b3;
        }
        return hash | 1;
    }

    // The visible rows of a picture, those of a field only if it is one.
    private static IEnumerable<(int Plane, int Y, nint Start, int Bytes)> Rows(Submission s)
    {
        CaptureLayout l = s.Capture.Layout;
        bool semiPlanar = l.PixelFormat is PixelFormat.Nv12 or PixelFormat.P010;
        (int bytes, int ssX, int ssY) = (s.Shape.Bytes, s.Shape.SubsamplingX, s.Shape.SubsamplingY);
        int first = s.Shape.Fields == 2 ? 1 : 0, step = s.Shape.Fields == 3 ? 1 : 2;
        for (int plane = 0; plane < (semiPlanar ? 2 : 3); plane++)
        {
            int width = plane == 0 ? s.Shape.Width : (s.Shape.Width + ssX) >> ssX, height = plane == 0 ? s.Shape.Height : (s.Shape.Height + ssY) >> ssY;
            int row = width * bytes * (semiPlanar && plane == 1 ? 2 : 1);
            uint offset = plane == 0 ? l.Offset0 : plane == 1 ? l.Offset1 : l.Offset2, stride = plane == 0 ? l.Stride0 : plane == 1 ? l.Stride1 : l.Stride2;
            for (int y = first; y < height; y += step)
                yield return (plane, y, s.Capture.Map + (nint)(offset + (long)y * stride), row);
        }
    }
}
