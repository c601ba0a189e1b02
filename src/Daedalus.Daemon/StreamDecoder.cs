// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;

namespace Daedalus.Daemon;

/// <summary>
/// One client's stream: an engine decoder, the client's buffers, and a thread that takes the stream's frames from the module and submits them. A frame that is decoded
/// inside the submission goes back with the call that takes the next. Whatever goes wrong in here fails frames of this stream.
/// </summary>
internal sealed unsafe class StreamDecoder
{
    private const int MaxControls = 8;
    private const uint WaitMilliseconds = 60_000;

    private sealed class Work
    {
        public ServiceEvent Event;
        public DataBlock? Data;
        public long Taken;
    }

    private readonly uint _context;
    private readonly IServiceNode _node;
    private readonly IStatelessDevice _engine;
    private readonly DataBlockPool _blocks;
    private readonly Action<StreamDecoder> _ended;
    private readonly Thread _thread;

    // Of the stream's thread.
    private readonly BufferTable _buffers = new();
    private readonly Stack<Work> _idle = new();
    private IStatelessSession? _session;
    private uint _codedFormat, _pixelFormat;
    private int _width, _height;
    private readonly long _began = Stopwatch.GetTimestamp();
    private ServiceDone _done;

    // Frames inside the engine, by cookie; under the lock of the dictionary.
    private readonly Dictionary<ulong, Work> _inFlight = [];

    /// <param name="ended">Called on the stream's thread when all is freed.</param>
    public StreamDecoder(uint context, IServiceNode node, IStatelessDevice engine, DataBlockPool blocks, Action<StreamDecoder> ended)
    {
        _context = context;
        _node = node;
        _engine = engine;
        _blocks = blocks;
        _ended = ended;
        _thread = new Thread(Run, 256 << 10) { IsBackground = true, Name = $"stream:{context}" };
    }

    public uint Context => _context;

    public StreamStatistics Statistics { get; } = new();

    /// <summary>Of this moment, roughly: what the stream's thread sets is read beside it.</summary>
    public StreamStatus Status
    {
        get
        {
            int inFlight;
            lock (_inFlight)
                inFlight = _inFlight.Count;
            return new StreamStatus(_context, Volatile.Read(ref _codedFormat), Volatile.Read(ref _pixelFormat), Volatile.Read(ref _width), Volatile.Read(ref _height),
                _buffers.Count, inFlight, Stopwatch.GetElapsedTime(_began).TotalSeconds, Statistics.Read());
        }
    }

    /// <summary>Takes frames until the client has closed the stream or the module gives none any more.</summary>
    public void Start() => _thread.Start();

    /// <summary>Waits until the stream has ended, its frames are finished and all is freed.</summary>
    public void Join() => _thread.Join();

    private void Run()
    {
        DataBlock block = _blocks.Take();
        while (Next(ref block, out ServiceEvent e))
        {
            Work? work = null;
            try
            {
                switch (e.Type)
                {
                    case ServiceEventType.Frame:
                        work = Begin(e, block);
                        block = _blocks.Take();
                        Decode(work);
                        break;
                    case ServiceEventType.Flush:
                        Flush();
                        break;
                    case ServiceEventType.BufferGone:
                        Retire(e.Buffer);
                        break;
                }
            }
            catch (Exception exception)
            {
                Log.Error("stream-fault", $"context={_context} message=\"{exception.Message}\"");
                lock (_inFlight)
                    if (work != null && !_inFlight.Remove(e.Job))
                        work = null;
                if (work != null)
                    Finish(work, Native.Io, false);
            }
        }
        block.Release();
        _session?.Drain();
        CloseSession();
        _buffers.Dispose();
        _ended(this);
    }

    // The next event, and the finished job goes back; false when the stream has ended.
    private bool Next(ref DataBlock block, out ServiceEvent e)
    {
        e = default;
        while (true)
        {
            e.Data = (ulong)block.Pointer;
            e.DataSize = block.Size;
            e.WaitMs = WaitMilliseconds;
            e.Context = _context;
            e.DoneJob = _done.Job;
            e.DoneStatus = _done.Status;
            e.DoneFlags = _done.Flags;
            int status = _node.Next(ref e);
            // A call that is interrupted has handed it back and said so, or not.
            _done.Job = status == Native.Interrupted ? e.DoneJob : 0;
            switch (status)
            {
                case 0:
                    return e.Type != ServiceEventType.ContextGone;
                case Native.Again or Native.Interrupted:
                    break;
                case Native.NoSpace:
                    if (!Grow(block, e.DataSize))
                        Thread.Sleep(10); // The module's watchdog fails the frame in time.
                    break;
                default:
                    if (status != Native.Shutdown)
                        Log.Error("no-work", $"context={_context} message=\"{Native.Message(status)}\"");
                    return false;
            }
        }
    }

    private static bool Grow(DataBlock block, uint size)
    {
        try
        {
            block.Reserve(size);
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            Log.Error("no-memory", $"bytes={size}");
            return false;
        }
    }

    private Work Begin(in ServiceEvent e, DataBlock block)
    {
        Work? work;
        lock (_idle)
            if (!_idle.TryPop(out work))
                work = new Work();
        work.Event = e;
        work.Data = block;
        work.Taken = Stopwatch.GetTimestamp();
        lock (_inFlight)
            _inFlight[e.Job] = work;
        return work;
    }

    private void Decode(Work work)
    {
        ref ServiceEvent e = ref work.Event;
        int status = OpenSession(e.CodedFormat);
        ControlPayload* controls = stackalloc ControlPayload[MaxControls];
        byte* data = work.Data!.Pointer;
        int count = 0;
        for (byte* at = data, end = data + e.BitstreamOffset; count < MaxControls && at + sizeof(ServiceControl) <= end;)
        {
            var head = (ServiceControl*)at;
            at += sizeof(ServiceControl);
            controls[count] = new ControlPayload(head->Id, (nint)at, head->Size);
            at += (head->Size + 7) & ~7u;
            int unpacked = PackedControls.Is(head->Id) ? PackedControls.Unpack(ref controls[count]) : 0;
            if (unpacked != 0)
                status = unpacked;
            if (controls[count].Size != 0)
                count++;
        }
        _buffers.NextFrame(new ReadOnlySpan<ControlPayload>(controls, count));
        MappedBuffer? buffer = null;
        if (status == 0)
            status = FindBuffer(e.Buffer, out buffer);
        if (status == 0 && e.BufferSize > buffer!.Length)
            status = Native.Invalid;
        if (status != 0)
        {
            Refuse(work, status);
            return;
        }
        buffer!.Current = new CaptureLayout(e.Pixelformat, (int)e.Width, (int)e.Height, (int)e.Planes,
            e.Offset[0], e.Offset[1], e.Offset[2], e.Stride[0], e.Stride[1], e.Stride[2], e.BufferSize);
        (_pixelFormat, _width, _height) = (e.Pixelformat, (int)e.Width, (int)e.Height);
        ulong timestamp = e.Timestamp;
        ulong job = e.Job;
        status = _session!.Submit(new ReadOnlySpan<ControlPayload>(controls, count), (nint)(data + e.BitstreamOffset), (int)e.BitstreamSize, buffer, timestamp, job);
        if (status == 0)
        {
            _buffers.Written(buffer, timestamp);
            return;
        }
        Refuse(work, status);
    }

    private void Refuse(Work work, int status)
    {
        lock (_inFlight)
            _inFlight.Remove(work.Event.Job);
        Finish(work, status, false);
    }

    // On the engine's threads, or inside Submit.
    private void Completed(Completion completion)
    {
        Work? work;
        lock (_inFlight)
            _inFlight.Remove(completion.Cookie, out work);
        if (work != null)
            Finish(work, completion.Status, completion.Corrupted);
    }

    private void Finish(Work work, int status, bool corrupted)
    {
        ServiceDone done = new() { Job = work.Event.Job, Status = status, Flags = corrupted && status == 0 ? ServiceAbi.DoneCorrupted : 0 };
        // -ENOENT: the client took it back, or the module gave it up. Nothing to do then.
        if (_done.Job == 0 && Environment.CurrentManagedThreadId == _thread.ManagedThreadId)
            _done = done; // goes with the call for the next frame, which comes at once
        else
            _ = _node.Done(done);
        Statistics.Add(work.Taken, status, corrupted, work.Event.BitstreamSize);
        if (work.Data is { } data)
            _blocks.Return(data);
        work.Data = null;
        lock (_idle)
            _idle.Push(work);
    }

    private int OpenSession(uint codedFormat)
    {
        if (_session != null && _codedFormat == codedFormat)
            return 0;
        CloseSession();
        try
        {
            _session = _engine.OpenSession(new SessionOptions(codedFormat, 0, 0, Completed));
            _codedFormat = codedFormat;
            Log.Info("stream-opened", $"context={_context} format={PixelFormat.ToText(codedFormat)}");
            return 0;
        }
        catch (DeviceException e)
        {
            Log.Error("stream-refused", $"context={_context} message=\"{e.Message}\"");
            return e.Errno < 0 ? e.Errno : Native.Io;
        }
    }

    private void CloseSession()
    {
        _session?.Dispose();
        _session = null;
        _buffers.ReleaseRetired();
    }

    private void Flush()
    {
        if (_session == null)
            return;
        _session.Cancel();
        _session.Reset();
        _buffers.ReleaseRetired();
    }

    private int FindBuffer(uint id, out MappedBuffer? buffer)
    {
        buffer = _buffers.Find(id);
        if (buffer != null)
            return 0;
        int slot = _buffers.FindSlot(() => _session?.Drain());
        if (slot < 0)
            return Native.NoMemory;
        int fd = _node.Export(id);
        if (fd < 0)
            return fd;
        nint map = Native.Map(fd, out nuint length, out int status);
        _ = Native.Close(fd);
        if (map == 0)
        {
            Log.Warning("buffer-refused", $"context={_context} buffer={id} message=\"{Native.Message(status)}\"");
            return status;
        }
        buffer = new MappedBuffer(slot, map, length);
        _buffers.Add(id, buffer);
        return 0;
    }

    // The engine may still read the picture as a reference: the memory stays mapped until it has forgotten all, or the slot is needed.
    private void Retire(uint id)
    {
        _buffers.Retire(id);
        if (_session == null)
            _buffers.ReleaseRetired();
    }
}
