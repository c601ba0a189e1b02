// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;

namespace Daedalus.Daemon;

/// <summary>
/// One client's stream: an engine decoder, the client's buffers, and a thread that submits, so that a stream whose decoder is full
/// keeps no other waiting. Whatever goes wrong in here fails frames of this stream.
/// </summary>
internal sealed unsafe class StreamDecoder
{
    private const int MaxControls = 8;

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
    private readonly int _threads;
    private readonly Queue<Work> _queue = new();
    private readonly Thread _thread;
    private bool _ended;

    // Of the stream's thread.
    private readonly BufferTable _buffers = new();
    private IStatelessSession? _session;
    private uint _codedFormat, _pixelFormat;
    private int _width, _height;
    private readonly long _began = Stopwatch.GetTimestamp();

    // Frames inside the engine, by cookie; under the lock of the dictionary.
    private readonly Dictionary<ulong, Work> _inFlight = [];

    public StreamDecoder(uint context, IServiceNode node, IStatelessDevice engine, DataBlockPool blocks, int threads)
    {
        _context = context;
        _node = node;
        _engine = engine;
        _blocks = blocks;
        _threads = threads;
        _thread = new Thread(Run, 256 << 10) { IsBackground = true, Name = $"stream:{context}" };
        _thread.Start();
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

    /// <summary>Takes an event; a frame's data is the stream's until it is done.</summary>
    public void Post(in ServiceEvent e, DataBlock? data)
    {
        Work work = new() { Event = e, Data = data, Taken = Stopwatch.GetTimestamp() };
        lock (_queue)
        {
            _queue.Enqueue(work);
            Monitor.Pulse(_queue);
        }
    }

    /// <summary>Finishes what was posted, frees everything and waits for that.</summary>
    public void End()
    {
        lock (_queue)
        {
            _ended = true;
            Monitor.Pulse(_queue);
        }
        _thread.Join();
    }

    private void Run()
    {
        while (TryTake(out Work? work))
        {
            try
            {
                switch (work.Event.Type)
                {
                    case ServiceEventType.Frame:
                        Decode(work);
                        break;
                    case ServiceEventType.Flush:
                        Flush();
                        break;
                    case ServiceEventType.BufferGone:
                        Retire(work.Event.Buffer);
                        break;
                }
            }
            catch (Exception e)
            {
                Log.Error("stream-fault", $"context={_context} message=\"{e.Message}\"");
                if (work.Event.Type == ServiceEventType.Frame)
                    Finish(work, Native.Io, false);
            }
        }
        _session?.Drain();
        CloseSession();
        _buffers.Dispose();
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Work? work)
    {
        lock (_queue)
        {
            while (!_queue.TryDequeue(out work))
            {
                if (_ended)
                    return false;
                Monitor.Wait(_queue);
            }
            return true;
        }
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
            controls[count++] = new ControlPayload(head->Id, (nint)at, head->Size);
            at += (head->Size + 7) & ~7u;
        }
        _buffers.NextFrame(new ReadOnlySpan<ControlPayload>(controls, count));
        MappedBuffer? buffer = null;
        if (status == 0)
            status = FindBuffer(e.Buffer, out buffer);
        if (status == 0 && e.BufferSize > buffer!.Length)
            status = Native.Invalid;
        if (status != 0)
        {
            Finish(work, status, false);
            return;
        }
        buffer!.Current = new CaptureLayout(e.Pixelformat, (int)e.Width, (int)e.Height, (int)e.Planes,
            e.Offset[0], e.Offset[1], e.Offset[2], e.Stride[0], e.Stride[1], e.Stride[2], e.BufferSize);
        (_pixelFormat, _width, _height) = (e.Pixelformat, (int)e.Width, (int)e.Height);
        ulong timestamp = e.Timestamp;
        lock (_inFlight)
            _inFlight[e.Job] = work;
        status = _session!.Submit(new ReadOnlySpan<ControlPayload>(controls, count), (nint)(data + e.BitstreamOffset), (int)e.BitstreamSize, buffer, e.Timestamp, e.Job);
        if (status == 0)
        {
            _buffers.Written(buffer, timestamp);
            return;
        }
        lock (_inFlight)
            _inFlight.Remove(e.Job);
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
        // -ENOENT: the client took it back, or the module gave it up. Nothing to do then.
        _ = _node.Done(work.Event.Job, status, corrupted && status == 0);
        Statistics.Add(work.Taken, status, corrupted, work.Event.BitstreamSize);
        if (Interlocked.Exchange(ref work.Data, null) is { } data)
            _blocks.Return(data);
    }

    private int OpenSession(uint codedFormat)
    {
        if (_session != null && _codedFormat == codedFormat)
            return 0;
        CloseSession();
        try
        {
            _session = _engine.OpenSession(new SessionOptions(codedFormat, _threads, 0, Completed));
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
