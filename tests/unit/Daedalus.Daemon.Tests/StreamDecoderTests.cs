// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;
using Xunit;

namespace Daedalus.Daemon.Tests;

/// <summary>A stream of the daemon against a module and an engine that record what they are asked.</summary>
public sealed unsafe partial class StreamDecoderTests
{
    private const uint Size = 4096;

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemFd(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate")]
    private static partial int Truncate(int fd, nint length);

    private sealed class Node : IServiceNode
    {
        public readonly List<(ulong Job, int Status)> Finished = [];
        public readonly HashSet<uint> Gone = [];
        private readonly Queue<(ServiceEvent Event, byte[] Data)> _events = new();

        public void Post(in ServiceEvent e, byte[]? data = null)
        {
            lock (_events)
            {
                _events.Enqueue((e, data ?? []));
                Monitor.Pulse(_events);
            }
        }

        /// <summary>As the module: the done job first, then what is first in line, which stays there when the memory is too small.</summary>
        public int Next(ref ServiceEvent e)
        {
            Assert.Equal(1u, e.Context);
            if (e.DoneJob != 0)
                Done(new ServiceDone { Job = e.DoneJob, Status = e.DoneStatus, Flags = e.DoneFlags });
            e.DoneJob = 0;
            lock (_events)
            {
                while (_events.Count == 0)
                    Monitor.Wait(_events);
                (ServiceEvent next, byte[] data) = _events.Peek();
                uint size = e.DataSize;
                ulong to = e.Data;
                e.DataSize = (uint)data.Length;
                if (size < data.Length)
                    return Native.NoSpace;
                _events.Dequeue();
                data.CopyTo(new Span<byte>((void*)to, (int)size));
                e = next;
                e.Data = to;
                e.DataSize = (uint)data.Length;
                return 0;
            }
        }

        public int Export(uint buffer)
        {
            if (Gone.Contains(buffer))
                return Native.NoEntry;
            int fd = MemFd("buffer", 1);
            Assert.True(fd >= 0 && Truncate(fd, (nint)Size) == 0);
            return fd;
        }

        public int Done(ServiceDone done)
        {
            lock (Finished)
                Finished.Add((done.Job, done.Status));
            return 0;
        }
    }

    /// <summary>Decodes at once; every picture in a slot must still be mapped when a frame refers to it.</summary>
    private sealed class Engine : IStatelessDevice, IStatelessSession
    {
        private readonly Dictionary<ulong, (int Slot, nint Map)> _pictures = [];
        private SessionOptions? _options;
        public int Resets, Drains, Found, Missing;
        public Func<ulong, int> Refuse = static _ => 0;

        public DeviceInfo Info => new("embedded", "test", "test", "");
        public bool Supports(uint codedFormat) => true;

        public IStatelessSession OpenSession(SessionOptions options)
        {
            _options = options;
            return this;
        }

        public int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie)
        {
            int status = Refuse(timestamp);
            if (status != 0)
                return status;
            foreach (ControlPayload c in controls)
            {
                foreach (V4L2H264DpbEntry entry in ((V4L2CtrlH264DecodeParams*)c.Payload)->Dpb)
                {
                    if ((entry.Flags & H264DpbEntryFlags.Active) == 0)
                        continue;
                    if (_pictures.TryGetValue(entry.ReferenceTs, out (int Slot, nint Map) picture))
                    {
                        // Would end the test's process were it unmapped.
                        Assert.Equal(entry.ReferenceTs, *(ulong*)picture.Map);
                        Found++;
                    }
                    else
                    {
                        Missing++;
                    }
                }
            }
            foreach (ulong old in _pictures.Where(p => p.Value.Slot == capture.Index).Select(static p => p.Key).ToArray())
                _pictures.Remove(old);
            _pictures[timestamp] = (capture.Index, capture.Map);
            *(ulong*)capture.Map = timestamp;
            _options!.Completed(new Completion(cookie, 0, false));
            return 0;
        }

        /// <summary>Reads all it knows, as an engine may.</summary>
        public void Touch()
        {
            foreach ((ulong timestamp, (int _, nint map)) in _pictures)
                Assert.Equal(timestamp, *(ulong*)map);
        }

        public IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry) => [];
        public CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat) => default;
        public CaptureBuffer AllocateCapture() => throw new NotSupportedException();
        public void Cancel() { }
        public void Drain() => Drains++;
        public void Reset() => Resets++;
        public void Dispose() { }
    }

    private readonly Node _node = new();
    private readonly Engine _engine = new();
    private readonly DataBlockPool _blocks = new();
    private readonly StreamDecoder _stream;
    private ulong _posted;
    private int _bitstream = 16;

    private int _ended;

    public StreamDecoderTests()
    {
        _stream = new StreamDecoder(1, _node, _engine, _blocks, _ => _ended++);
        _stream.Start();
    }

    private void End()
    {
        _node.Post(new ServiceEvent { Type = ServiceEventType.ContextGone, Context = 1 });
        _stream.Join();
        Assert.Equal(1, _ended);
    }

    /// <summary>A frame into a buffer, which refers to pictures by their timestamps; waits for its end, which it returns.</summary>
    private int Frame(uint buffer, ulong timestamp, params ulong[] references)
    {
        byte[] data = new byte[((sizeof(ServiceControl) + sizeof(V4L2CtrlH264DecodeParams) + 7) & ~7) + _bitstream];
        fixed (byte* p = data)
        {
            var head = (ServiceControl*)p;
            *head = new ServiceControl { Id = V4L2CtrlH264DecodeParams.ControlId, Size = (uint)sizeof(V4L2CtrlH264DecodeParams) };
            var controls = (V4L2CtrlH264DecodeParams*)(head + 1);
            for (int i = 0; i < references.Length; i++)
                controls->Dpb[i] = new V4L2H264DpbEntry { ReferenceTs = references[i], Flags = H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active };
        }
        ServiceEvent e = new()
        {
            Type = ServiceEventType.Frame, Context = 1, Buffer = buffer, Job = ++_posted, Timestamp = timestamp, CodedFormat = PixelFormat.H264Slice, Pixelformat = PixelFormat.Nv12,
            Width = 64, Height = 64, Planes = 2, BufferSize = Size, Controls = 1, BitstreamOffset = (uint)(data.Length - _bitstream), BitstreamSize = (uint)_bitstream,
        };
        _node.Post(e, data);
        ulong job = _posted;
        int status = 1;
        Assert.True(SpinWait.SpinUntil(() =>
        {
            lock (_node.Finished)
            {
                int at = _node.Finished.FindIndex(f => f.Job == job);
                if (at >= 0)
                    status = _node.Finished[at].Status;
                return at >= 0;
            }
        }, 10_000));
        return status;
    }

    private void Free(uint buffer) => _node.Post(new ServiceEvent { Type = ServiceEventType.BufferGone, Context = 1, Buffer = buffer });

    [Fact]
    public void AReferenceOutlivesManyFreedBuffers()
    {
        // A long-term reference in the first buffer; each later frame goes into a buffer that is freed at once, and refers to the first and to the one before.
        Assert.Equal(0, Frame(1, 1000));
        ulong before = 1000;
        for (uint i = 2; i < 500; i++)
        {
            Assert.Equal(0, Frame(i, i * 1000, 1000, before));
            before = i * 1000;
            Free(i);
        }
        End();
        Assert.Equal((0, 498 * 2, 0), (_engine.Resets, _engine.Found, _engine.Missing));
    }

    [Fact]
    public void AFreedReferenceOutlivesFreedBuffers()
    {
        Assert.Equal(0, Frame(1, 1000));
        Free(1);
        for (uint i = 2; i < 500; i++)
        {
            Assert.Equal(0, Frame(i, i * 1000, 1000));
            Free(i);
        }
        End();
        Assert.Equal((0, 498, 0), (_engine.Resets, _engine.Found, _engine.Missing));
    }

    [Fact]
    public void WhatTheEngineRefusedTakesNoMemoryAway()
    {
        for (uint i = 1; i <= BufferTable.Slots; i++)
        {
            Assert.Equal(0, Frame(i, i * 1000));
            Free(i);
        }
        // The engine refuses frames for new buffers: it still knows the picture that lay in the slot, which must stay mapped.
        _engine.Refuse = static _ => -22;
        for (uint i = 200; i < 210; i++)
        {
            Assert.Equal(-22, Frame(i, i * 1000));
            Free(i);
        }
        _engine.Refuse = static _ => 0;
        _node.Gone.Add(300);
        Assert.Equal(Native.NoEntry, Frame(300, 300_000));
        _engine.Touch();
        Assert.Equal(0, Frame(400, 400_000));
        _engine.Touch();
        // One slot was needed: all pictures but one are known.
        Assert.Equal(0, Frame(401, 401_000, 2000, 3000, 128_000, 400_000));
        Assert.Equal((4, 0), (_engine.Found, _engine.Missing));
        End();
    }

    [Fact]
    public void ABufferTooManyFailsItsFrame()
    {
        for (uint i = 1; i <= BufferTable.Slots; i++)
            Assert.Equal(0, Frame(i, i * 1000));
        Assert.Equal(Native.NoMemory, Frame(500, 500_000));
        Free(7);
        Assert.Equal(0, Frame(500, 500_000));
        End();
        Assert.Equal(0, _engine.Resets);
    }

    [Fact]
    public void AFrameLargerThanTheMemoryIsTakenAgain()
    {
        _bitstream = 3 << 20;
        Assert.Equal(0, Frame(1, 1000));
        _bitstream = 16;
        Assert.Equal(0, Frame(2, 2000, 1000));
        End();
        Assert.Equal([(1, 0), (2, 0)], _node.Finished);
        Assert.Equal((1, 0), (_engine.Found, _engine.Missing));
    }

    [Fact]
    public void TheStatusCounts()
    {
        Assert.Equal(0, Frame(1, 1000));
        Assert.Equal(0, Frame(2, 2000, 1000));
        _engine.Refuse = static _ => -22;
        Assert.Equal(-22, Frame(3, 3000));
        // A frame is counted after the module has it back.
        Assert.True(SpinWait.SpinUntil(() => _stream.Status.Counters.Frames == 3, 10_000));
        StreamStatus s = _stream.Status;
        Assert.Equal((1u, PixelFormat.H264Slice, PixelFormat.Nv12, 64, 64, 3, 0), (s.Context, s.CodedFormat, s.PixelFormat, s.Width, s.Height, s.Buffers, s.InFlight));
        Assert.Equal((1, 0, 48), (s.Counters.Errors, s.Counters.Corrupted, s.Counters.Bytes));
        Assert.Equal(1.5, s.Counters.FramesPerSecond);
        End();
    }
}
