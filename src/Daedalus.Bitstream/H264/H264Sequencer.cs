// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>How a <see cref="H264Sequencer"/> drives its device.</summary>
/// <param name="Threads">As in <see cref="SessionOptions"/>.</param>
/// <param name="MaxInFlight">As in <see cref="SessionOptions"/>.</param>
/// <param name="PixelFormat">Picture format to ask for where the device offers it; 0: the device's native one.</param>
/// <param name="LowLatency">As in <see cref="H264PictureSequencer{T}.LowLatency"/>.</param>
/// <param name="Failed">Told about each unit or picture that was refused by the parser or the device before decoding: access unit number and reason.</param>
public sealed record H264SequencerOptions(int Threads = 1, int MaxInFlight = 0, uint PixelFormat = 0, bool LowLatency = false, Action<long, string>? Failed = null);

/// <summary>One frame in output order. Give it back with <see cref="H264Sequencer.Release"/>.</summary>
/// <param name="Buffer">The frame's memory; its layout says where the planes are.</param>
/// <param name="Geometry">Coded size and sample format.</param>
/// <param name="CropLeft">Left edge of the visible rectangle in luma samples.</param>
/// <param name="CropTop">Top edge.</param>
/// <param name="CropWidth">Visible width.</param>
/// <param name="CropHeight">Visible height.</param>
/// <param name="Monochrome">Chroma planes hold no coded samples.</param>
/// <param name="AccessUnit">Number of the access unit that began it.</param>
/// <param name="Status">0 or the first negative errno of its requests.</param>
/// <param name="Corrupted">Pixels were concealed, or references were lost.</param>
/// <param name="Fields">Fields that were decoded: the lines of a missing one repeat the other's.</param>
/// <param name="IsIdr">IDR picture.</param>
/// <param name="TopFieldOrderCnt">TopFieldOrderCnt.</param>
/// <param name="BottomFieldOrderCnt">BottomFieldOrderCnt.</param>
/// <param name="Interlaced">The content is interlaced as far as the stream tells.</param>
/// <param name="Picture">Token for Release.</param>
public readonly record struct H264Output(CaptureBuffer Buffer, CodedGeometry Geometry, int CropLeft, int CropTop, int CropWidth, int CropHeight, bool Monochrome,
    long AccessUnit, int Status, bool Corrupted, H264Fields Fields, bool IsIdr, int TopFieldOrderCnt, int BottomFieldOrderCnt, bool Interlaced, int Picture);

/// <summary>
/// Decodes a stream, access unit by access unit, on a device: parses, submits, keeps the references and yields frames in output order.
/// One thread calls it; completions arrive on any.
/// </summary>
/// <remarks>A frame's memory is used again only when the DPB does not hold it, no output is out, and no request in flight reads or writes it.</remarks>
public sealed unsafe class H264Sequencer : IDisposable
{
    private const int MaxPictures = 128;
    // Two fields a frame in the worst case.
    private const int MaxFlights = 256;

    private sealed class Frame(int number)
    {
        public readonly int Number = number;
        public CaptureBuffer? Buffer;
        public int Uses;
        public int InFlight;
        public int Status;
        public bool Corrupted;
        public bool FieldFilled;
        public ulong Timestamp;
    }

    // One request; index = cookie.
    private sealed class Flight
    {
        public Frame? Target;
        public byte* Bitstream;
        public int BitstreamCapacity;
        public readonly Frame[] References = new Frame[32];
        public int ReferenceCount;
    }

    private sealed class Client(H264Sequencer owner) : IH264PictureClient<Frame>
    {
        public Frame? Begin(H264PictureInfo info) => owner.Begin(info);
        public bool Submit(in H264Request<Frame> request) => owner.Submit(request);
        public ulong Timestamp(Frame picture) => picture.Timestamp;
        public void Output(Frame picture, H264PictureInfo info) => owner.Output(picture, info);
        public void Skip(Frame picture, H264PictureInfo info) { }
        public void Use(Frame picture) => owner.AddUse(picture);
        public void Release(Frame picture) => owner.DropUse(picture);
    }

    private readonly H264SequencerOptions _options;
    private readonly IStatelessSession _session;
    private readonly IPictureAllocator _allocator;
    private readonly H264PictureSequencer<Frame> _pictures;
    private readonly Frame[] _frames = new Frame[MaxPictures];
    private readonly Flight[] _flights = new Flight[MaxFlights];
    private readonly Queue<H264Output> _outputs = new();
    private readonly object _lock = new();
    private CodedGeometry _geometry;
    private CaptureLayout _layout;
    private ulong _nextTimestamp = 1000;
    private long _accessUnit;
    private int _refused;
    private volatile bool _failedOnDevice;
    private bool _disposed;

    /// <summary>Opens a session on the device.</summary>
    /// <param name="device">The device; stays the caller's.</param>
    /// <param name="options">Options.</param>
    /// <param name="allocator">Where pictures come from; null: a pool of the session's own buffers.</param>
    /// <exception cref="DeviceException">The device refuses.</exception>
    public H264Sequencer(IStatelessDevice device, H264SequencerOptions? options = null, IPictureAllocator? allocator = null)
    {
        _options = options ?? new H264SequencerOptions();
        _session = device.OpenSession(new SessionOptions(V4L2.PixelFormat.H264Slice, _options.Threads, _options.MaxInFlight, OnCompleted));
        _allocator = allocator ?? new PooledPictureAllocator();
        for (int i = 0; i < MaxPictures; i++)
            _frames[i] = new Frame(i);
        for (int i = 0; i < MaxFlights; i++)
            _flights[i] = new Flight();
        _pictures = new H264PictureSequencer<Frame>(new Client(this)) { LowLatency = _options.LowLatency };
        if (_options.Failed is { } failed)
            _pictures.Failed = reason => failed(_accessUnit - 1, reason);
    }

    /// <summary>The session, for its statistics.</summary>
    public IStatelessSession Session => _session;

    /// <summary>Stream state: parameter sets of a container go in here.</summary>
    public H264ParameterSets ParameterSets => _pictures.ParameterSets;

    /// <summary>Units and pictures refused by the parser or by Submit so far.</summary>
    public int Refused => _refused + _pictures.Refused;

    /// <summary>Outputs that wait to be taken.</summary>
    public int QueuedOutputs => _outputs.Count;

    /// <summary>Submits the pictures of one access unit: Annex B, whole NAL units. The data is copied.</summary>
    /// <param name="accessUnit">The data.</param>
    /// <param name="endsPicture">False when more slices of the last picture may follow with the next call.</param>
    public void Decode(ReadOnlySpan<byte> accessUnit, bool endsPicture = true)
    {
        _pictures.Tag = _accessUnit++;
        if (_failedOnDevice)
        {
            _failedOnDevice = false;
            _pictures.MarkDamaged();
        }
        _pictures.DecodeAccessUnit(accessUnit, endsPicture);
    }

    /// <summary>Takes the next frame in output order.</summary>
    /// <param name="wait">Wait for it to be complete; false: only when it is complete.</param>
    /// <param name="output">The frame.</param>
    public bool TryGetOutput(bool wait, out H264Output output)
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
        if (output.Fields != H264Fields.Frame && !frame.FieldFilled)
        {
            frame.FieldFilled = true;
            frame.Buffer!.BeginCpuAccess(write: true);
            H264MissingField.Fill(frame.Buffer.Map, frame.Buffer.Layout, output.Geometry, output.Fields);
            frame.Buffer.EndCpuAccess(write: true);
        }
        output = output with { Buffer = frame.Buffer!, Status = frame.Status, Corrupted = output.Corrupted || frame.Corrupted };
        return true;
    }

    /// <summary>Gives an output back.</summary>
    public void Release(in H264Output output) => DropUse(_frames[output.Picture]);

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
        while (_outputs.TryDequeue(out H264Output output))
            DropUse(_frames[output.Picture]);
        _pictures.Reset();
        _session.Reset();
        _failedOnDevice = false;
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

    private Frame? Begin(H264PictureInfo info)
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
            frame.FieldFilled = false;
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

    private bool Submit(in H264Request<Frame> request)
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
        Span<ControlPayload> controls = stackalloc ControlPayload[H264RequestControls.Count];
        H264RequestControls.Fill(request.Controls, controls);
        int status = _session.Submit(controls, (nint)flight.Bitstream, request.Bitstream.Length, frame.Buffer!, frame.Timestamp, (ulong)cookie);
        if (status == 0)
            return true;
        Finish(flight, status, corrupted: true);
        Refuse($"the device refused the request (errno {-status})");
        return false;
    }

    private void Output(Frame frame, H264PictureInfo info)
    {
        AddUse(frame);
        _outputs.Enqueue(new H264Output(frame.Buffer!, info.Geometry, info.CropLeft, info.CropTop, info.CropWidth, info.CropHeight,
            info.Sps.Control.ChromaFormatIdc == 0, info.Tag, 0, info.Corrupted, info.Fields, info.IsIdr,
            info.TopFieldOrderCnt, info.BottomFieldOrderCnt, info.IsInterlaced, frame.Number));
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
        _options.Failed?.Invoke(_accessUnit - 1, reason);
    }

    private void OnCompleted(Completion completion)
    {
        if (completion.Status != 0)
            _failedOnDevice = true;
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
