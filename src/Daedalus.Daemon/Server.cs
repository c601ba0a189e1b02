// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;

namespace Daedalus.Daemon;

/// <summary>Takes work from the module and gives it to the streams.</summary>
internal sealed unsafe class Server : IDisposable
{
    private const uint MaxSize = 16384;
    private const uint MaxInFlight = 16;
    // Module and engine know 8, 9, 10, 12 and 14 bits a sample.
    private const uint Depths = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 13;

    private readonly ServiceNode _node;
    private readonly IStatelessDevice _engine;
    private readonly DataBlockPool _blocks = new();
    private readonly Dictionary<uint, StreamDecoder> _streams = [];
    private readonly List<uint> _unserved = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private uint _videoMinor, _mediaMinor;
    private long _streamsClosed, _framesClosed;

    public Server(ServiceNode node, IStatelessDevice engine)
    {
        _node = node;
        _engine = engine;
    }

    /// <summary>Registers what the engine decodes: from now on there are devices.</summary>
    public void Register()
    {
        uint codecs = 0;
        if (CanDecode(PixelFormat.Vp9Frame))
            codecs |= ServiceAbi.CodecVp9;
        if (CanDecode(PixelFormat.H264Slice))
            codecs |= ServiceAbi.CodecH264;
        if (CanDecode(PixelFormat.Av1Frame))
            codecs |= ServiceAbi.CodecAv1;
        ServiceRegister register = new()
        {
            Codecs = codecs,
            Depths = Depths,
            Chroma = ServiceAbi.Chroma420 | ServiceAbi.Chroma422 | ServiceAbi.Chroma440 | ServiceAbi.Chroma444,
            MaxWidth = MaxSize,
            MaxHeight = MaxSize,
            MaxInFlight = MaxInFlight,
        };
        _node.Register(ref register);
        (_videoMinor, _mediaMinor) = (register.VideoMinor, register.MediaMinor);
        Log.Info("serving", $"video_minor={register.VideoMinor} media_minor={register.MediaMinor} codecs={codecs:x} engine={_engine.Info.Path}");
    }

    private bool CanDecode(uint codedFormat)
    {
        if (!_engine.Supports(codedFormat))
            return false;
        try
        {
            _engine.OpenSession(new SessionOptions(codedFormat, 1, 1, static _ => { })).Dispose();
            return true;
        }
        catch (DeviceException)
        {
            return false;
        }
    }

    /// <summary>Serves until <see cref="Stop"/>; <paramref name="idle"/> is called at least twice a second. Each stream's own thread takes its frames.</summary>
    public void Run(Action idle)
    {
        while (true)
        {
            ServiceEvent e = new() { WaitMs = 500 };
            int status = _node.Next(ref e);
            if (status == Native.Shutdown)
                break;
            if (status == 0 && e.Type == ServiceEventType.ContextNew)
                Open(e.Context);
            else if (status is not (0 or Native.Again or Native.Interrupted))
                throw new DeviceException($"The module gives no work: {Native.Message(status)}.", status);
            idle();
            if (_unserved.Count == 0)
                continue;
            uint[] again = [.. _unserved];
            _unserved.Clear();
            foreach (uint context in again)
                Open(context);
        }
    }

    private void Open(uint context)
    {
        var stream = new StreamDecoder(context, _node, _engine, _blocks, Closed);
        lock (_streams)
            _streams[context] = stream;
        try
        {
            stream.Start();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // No memory for a thread: the others go on, and this one is tried again.
            lock (_streams)
                _streams.Remove(context);
            _unserved.Add(context);
            Log.Error("no-thread", $"context={context}");
        }
    }

    private void Closed(StreamDecoder stream)
    {
        Interlocked.Increment(ref _streamsClosed);
        Interlocked.Add(ref _framesClosed, stream.Statistics.Read().Frames);
        lock (_streams)
            _streams.Remove(stream.Context);
        Log.Info("stream-closed", $"context={stream.Context} {stream.Statistics.Report()}");
    }

    /// <summary>For the status socket; from any thread.</summary>
    public byte[] Status()
    {
        StreamDecoder[] streams;
        lock (_streams)
            streams = [.. _streams.Values];
        return StatusDocument.Write(new DaemonStatus(_engine.Info.Path, Stopwatch.GetElapsedTime(_began).TotalSeconds, _videoMinor, _mediaMinor,
            Interlocked.Read(ref _streamsClosed), Interlocked.Read(ref _framesClosed), [.. streams.Select(static s => s.Status).OrderBy(static s => s.Context)]));
    }

    /// <summary>One line a stream, on standard output.</summary>
    public void PrintStatistics()
    {
        StreamDecoder[] streams;
        lock (_streams)
            streams = [.. _streams.Values];
        foreach (StreamDecoder stream in streams)
            Console.Out.WriteLine($"context={stream.Context} {stream.Statistics.Report()}");
        Console.Out.Flush();
    }

    /// <summary>From any thread: no new frame is taken.</summary>
    public void Stop() => _node.Stop();

    /// <summary>Finishes the frames that were taken.</summary>
    public void Dispose()
    {
        _node.Stop();
        StreamDecoder[] streams;
        lock (_streams)
            streams = [.. _streams.Values];
        foreach (StreamDecoder stream in streams)
            stream.Join();
    }
}
