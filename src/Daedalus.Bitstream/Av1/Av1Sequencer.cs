// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Av1;

/// <summary>How an <see cref="Av1Sequencer"/> drives its device.</summary>
/// <param name="Threads">As in <see cref="SessionOptions"/>.</param>
/// <param name="MaxInFlight">As in <see cref="SessionOptions"/>.</param>
/// <param name="PixelFormat">Picture format to ask for where the device offers it; 0: the device's native one.</param>
/// <param name="OperatingPoint">As in <see cref="Av1PictureSequencer{T}.OperatingPoint"/>.</param>
/// <param name="AllLayers">As in <see cref="Av1PictureSequencer{T}.AllLayers"/>.</param>
/// <param name="ApplyGrain">As in <see cref="Av1PictureSequencer{T}.ApplyGrain"/>.</param>
/// <param name="Failed">Told about each OBU or frame that was refused by the parser or the device before decoding: temporal unit number and reason.</param>
public sealed record Av1SequencerOptions(int Threads = 1, int MaxInFlight = 0, uint PixelFormat = 0, int OperatingPoint = 0, bool AllLayers = false, bool ApplyGrain = true,
    Action<long, string>? Failed = null);

/// <summary>One frame in output order. Give it back with <see cref="Av1Sequencer.Release"/>.</summary>
/// <param name="Buffer">The frame's memory; its layout says where the planes are.</param>
/// <param name="Geometry">Size and sample format.</param>
/// <param name="RenderWidth">RenderWidth.</param>
/// <param name="RenderHeight">RenderHeight.</param>
/// <param name="Monochrome">Chroma planes hold no coded samples.</param>
/// <param name="TemporalUnit">Number of the temporal unit that output it.</param>
/// <param name="Status">0 or the negative errno of its request.</param>
/// <param name="Corrupted">Pixels were concealed, or references were lost.</param>
/// <param name="IsKey">Key frame.</param>
/// <param name="Existing">Shown by show_existing_frame.</param>
/// <param name="SpatialId">spatial_id.</param>
/// <param name="Picture">Token for Release.</param>
public readonly record struct Av1Output(CaptureBuffer Buffer, CodedGeometry Geometry, int RenderWidth, int RenderHeight, bool Monochrome,
    long TemporalUnit, int Status, bool Corrupted, bool IsKey, bool Existing, int SpatialId, int Picture);

/// <summary>
/// Decodes a stream, temporal unit by temporal unit, on a device: parses, submits, keeps the references and yields frames in output order.
/// One thread calls it; completions arrive on any.
/// </summary>
/// <remarks>A frame's memory is used again only when no reference slot holds it, no output is out, and no request in flight reads or writes it.</remarks>
public sealed unsafe class Av1Sequencer : IDisposable
{
    private const int MaxPictures = 128;
    private const int MaxFlights = 128;

    private sealed class Frame(int number)
    {
        public readonly int Number = number;
        public CaptureBuffer? Buffer;
        public int Uses;
        public int InFlight;
        public int Status;
        public bool Corrupted;
        public ulong Timestamp;
    }

    // One request; index = cookie.
    private sealed class Flight
    {
        public Frame? Target;
        public byte* Bitstream;
        public int BitstreamCapacity;
        public readonly Frame[] References = new Frame[Av1FrameHeader.Slots];
        public int ReferenceCount;
    }

    private sealed class Client(Av1Sequencer owner) : IAv1PictureClient<Frame>
    {
        public Frame? Begin(Av1FrameInfo info) => owner.Begin(info);
        public bool Submit(in Av1Request<Frame> request) => owner.Submit(request);
        public ulong Timestamp(Frame picture) => picture.Timestamp;
        public void Output(Frame picture, Av1FrameInfo info) => owner.Output(picture, info);
        public void Use(Frame picture) => owner.AddUse(picture);
        public void Release(Frame picture) => owner.DropUse(picture);
    }

    private readonly Av1SequencerOptions _options;
    private readonly IStatelessSession _session;
    private readonly IPictureAllocator _allocator;
    private readonly Av1PictureSequencer<Frame> _pictures;
    private readonly Frame[] _frames = new Frame[MaxPictures];
    private readonly Flight[] _flights = new Flight[MaxFlights];
    private readonly Queue<Av1Output> _outputs = new();
    private readonly object _lock = new();
    private CodedGeometry _geometry;
    private CaptureLayout _layout;
    private ulong _nextTimestamp = 1000;
    private long _unit;
    private int _refused;
    private bool _disposed;

    /// <summary>Opens a session on the device.</summary>
    /// <param name="device">The device; stays the caller's.</param>
    /// <param name="options">Options.</param>
    /// <param name="allocator">Where pictures come from; null: a pool of the session's own buffers.</param>
    /// <exception cref="DeviceException">The device refuses.</exception>
    public Av1Sequencer(IStatelessDevice device, Av1SequencerOptions? options = null, IPictureAllocator? allocator = null)
    {
        _options = options ?? new Av1SequencerOptions();
        _session = device.OpenSession(new SessionOptions(V4L2.PixelFormat.Av1Frame, _options.Threads, _options.MaxInFlight, OnCompleted));
        _allocator = allocator ?? new PooledPictureAllocator();
        for (int i = 0; i < MaxPictures; i++)
            _frames[i] = new Frame(i);
        for (int i = 0; i < MaxFlights; i++)
            _flights[i] = new Flight();
        _pictures = new Av1PictureSequencer<Frame>(new Client(this)) 
        {
            OperatingPoint = _options.OperatingPoint,
            AllLayers = _options.AllLayers,
            ApplyGrain = _options.ApplyGrain,
        };
        if (_options.Failed is { } failed)
            _pictures.Failed = reason => failed(_unit, reason);
    }

    /// <summary>The session, for its statistics.</summary>
    public IStatelessSession Session => _session;

    /// <summary>OBUs and frames refused by the parser or by Submit so far.</summary>
    public int Refused => _refused + _pictures.Refused;

    /// <summary>Outputs that wait to be taken.</summary>
    public int QueuedOutputs => _outputs.Count;

    /// <summary>Submits the frames of one temporal unit, or of a part of it, in low overhead format. The data is copied.</summary>
    /// <param name="temporalUnit">The data.</param>
    /// <param name="endsTemporalUnit">False when more of it follows with the next call.</param>
    public void Decode(ReadOnlySpan<byte> temporalUnit, bool endsTemporalUnit = true)
    {
        _pictures.Tag = _unit;
        _pictures.Decode(temporalUnit, endsTemporalUnit);
        if (endsTemporalUnit)
            _unit++;
    }

    /// <summary>Takes the next frame in output order.</summary>
    /// <param name="wait">Wait for it to be complete; false: only when it is complete.</param>
    /// <param name="output">The frame.</param>
    public bool TryGetOutput(bool wait, out Av1Output output)
    {
        if (!_outputs.TryPeek(out output))
            return false;
        Frame frame = _frames[output.Picture];
        lock (_lock)
        {
            if (frame.InFlight > 0 && !wait)
                return false;
            while (frame.InFlight > 0)
                Monitor.Wait(_lock);
        }
        _outputs.Dequeue();
        output = output with { Buffer = frame.Buffer!, Status = frame.Status, Corrupted = output.Corrupted || frame.Corrupted };
        return true;
    }

    /// <summary>Gives an output back.</summary>
    public void Release(in Av1Output output) => DropUse(_frames[output.Picture]);

    /// <summary>End of stream: outputs what waits and completes everything submitted.</summary>
    public void Drain()
    {
        _pictures.Drain();
        _session.Drain();
    }

    /// <summary>Drops what is in flight, all outputs and all references, as a seek does.</summary>
    public void Flush()
    {
        _session.Cancel();
        while (_outputs.TryDequeue(out Av1Output output))
            DropUse(_frames[output.Picture]);
        _pictures.Reset();
        _session.Reset();
            }

    /// <summary>Cancels, closes the session and frees all pictures.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _session.Cancel();
        _pictures.Dispose();
        _disposed = true;
        _session.Dispose();
        foreach (Frame f in _frames)
            f.Buffer?.Dispose();
        foreach (Flight f in _flights)
        {
            NativeMemory.Free(f.Bitstream);
            f.Bitstream = null;
        }
        (_allocator as IDisposable)?.Dispose();
    }

    private Frame? Begin(Av1FrameInfo info)
    {
        try
        {
            if (info.Geometry != _geometry)
            {
                _geometry = default;
                _layout = _session.SetCaptureFormat(info.Geometry, ChooseFormat(info.Geometry));
                _geometry = info.Geometry;
            }
            Frame frame = FindUnused();
            frame.Buffer = _allocator.Acquire(_session, _layout);
            frame.Uses = 1;
            frame.Status = 0;
            frame.Corrupted = false;
            frame.Timestamp = _nextTimestamp;
            _nextTimestamp += 1000;
            return frame;
        }
        catch (DeviceException e)
        {
            // A size nobody supports or no memory for it: the stream's fault, so this frame's.
            Refuse(e.Message);
            return null;
        }
    }

    private bool Submit(in Av1Request<Frame> request)
    {
        Frame frame = request.Picture;
        int cookie = FindFlight();
        Flight flight = _flights[cookie];
        if (flight.BitstreamCapacity < request.Bitstream.Length)
        {
            NativeMemory.Free(flight.Bitstream);
            flight.BitstreamCapacity = request.Bitstream.Length + request.Bitstream.Length / 2;
            flight.Bitstream = (byte*)NativeMemory.Alloc((nuint)flight.BitstreamCapacity);
        }
        request.Bitstream.CopyTo(new Span<byte>(flight.Bitstream, flight.BitstreamCapacity));
        lock (_lock)
        {
            flight.Target = frame;
            frame.Uses++;
            frame.InFlight++;
            flight.ReferenceCount = 0;
            foreach (Frame reference in request.References)
            {
                reference.Uses++;
                flight.References[flight.ReferenceCount++] = reference;
            }
        }
        Span<ControlPayload> controls = stackalloc ControlPayload[Av1RequestControls.Count];
        Av1RequestControls.Fill(request.Controls, controls);
        int status = _session.Submit(controls, (nint)flight.Bitstream, request.Bitstream.Length, frame.Buffer!, frame.Timestamp, (ulong)cookie);
        if (status == 0)
            return true;
        Finish(flight, status, corrupted: true);
        Refuse($"the device refused the request (errno {-status})");
        return false;
    }

    private void Output(Frame frame, Av1FrameInfo info)
    {
        AddUse(frame);
        _outputs.Enqueue(new Av1Output(frame.Buffer!, info.Geometry, info.RenderWidth, info.RenderHeight, info.Sequence.Monochrome,
            info.Tag, 0, info.Corrupted, info.FrameType == V4L2.Controls.Av1FrameType.Key, info.ShowExisting, info.SpatialId, frame.Number));
    }

    private uint ChooseFormat(in CodedGeometry geometry)
    {
        IReadOnlyList<uint> formats = _session.CaptureFormats(geometry);
        if (formats.Count == 0)
            throw new DeviceException($"The device does not decode {geometry.Width}x{geometry.Height}, {geometry.BitDepth} bits, subsampling {geometry.SubsamplingX}{geometry.SubsamplingY}.", -22);
        foreach (uint format in formats)
        {
            if (format == _options.PixelFormat)
                return format;
        }
        return formats[0];
    }

    private Frame FindUnused()
    {
        lock (_lock)
        {
            while (true)
            {
                bool anyInFlight = false;
                foreach (Frame f in _frames)
                {
                    if (f.Uses == 0)
                        return f;
                    anyInFlight |= f.InFlight > 0;
                }
                if (!anyInFlight)
                    throw new DeviceException("All 128 pictures are held by the caller: release outputs.", -12);
                Monitor.Wait(_lock);
            }
        }
    }

    private int FindFlight()
    {
        lock (_lock)
        {
            while (true)
            {
                for (int i = 0; i < MaxFlights; i++)
                {
                    if (_flights[i].Target == null)
                        return i;
                }
                Monitor.Wait(_lock);
            }
        }
    }

    private void Refuse(string reason)
    {
        _refused++;
        _options.Failed?.Invoke(_unit, reason);
    }

    private void OnCompleted(Completion completion)
    {
        Finish(_flights[(int)completion.Cookie], completion.Status, completion.Corrupted);
    }

    private void Finish(Flight flight, int status, bool corrupted)
    {
        lock (_lock)
        {
            Frame frame = flight.Target!;
            if (frame.Status == 0)
                frame.Status = status;
            frame.Corrupted |= corrupted || status != 0;
            frame.InFlight--;
            for (int i = 0; i < flight.ReferenceCount; i++)
                DropUse(flight.References[i]);
            flight.ReferenceCount = 0;
            flight.Target = null;
            DropUse(frame);
            Monitor.PulseAll(_lock);
        }
    }

    private void AddUse(Frame frame)
    {
        lock (_lock)
            frame.Uses++;
    }

    private void DropUse(Frame frame)
    {
        lock (_lock)
        {
            if (frame.Uses > 1)
            {
                frame.Uses--;
                return;
            }
            if (frame.Buffer != null && !_disposed)
            {
                _allocator.Release(frame.Buffer);
                frame.Buffer = null;
            }
            frame.Uses = 0;
            Monitor.PulseAll(_lock);
        }
    }
}
