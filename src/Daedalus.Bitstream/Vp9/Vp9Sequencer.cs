// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Vp9;

/// <summary>How a <see cref="Vp9Sequencer"/> drives its device.</summary>
/// <param name="Threads">As in <see cref="SessionOptions"/>.</param>
/// <param name="MaxInFlight">As in <see cref="SessionOptions"/>.</param>
/// <param name="PixelFormat">Picture format to ask for where the device offers it; 0: the device's native one.</param>
/// <param name="AllLayers">Output every shown frame of a superframe; false (as libvpx): only the last one.</param>
/// <param name="Failed">Told about each frame that was refused by the parser or the device before decoding: access unit number and reason.</param>
public sealed record Vp9SequencerOptions(int Threads = 1, int MaxInFlight = 0, uint PixelFormat = 0, bool AllLayers = false, Action<long, string>? Failed = null);

/// <summary>One picture in output order. Give it back with <see cref="Vp9Sequencer.Release"/>.</summary>
/// <param name="Buffer">The picture's memory; its layout says where the planes are.</param>
/// <param name="Geometry">Visible size and sample format: the crop of the buffer.</param>
/// <param name="RenderWidth">render_size.</param>
/// <param name="RenderHeight">render_size.</param>
/// <param name="ColorSpace">Colour space.</param>
/// <param name="FullRange">Full swing.</param>
/// <param name="AccessUnit">Number of the access unit that showed it.</param>
/// <param name="Status">0 or the negative errno of the request that decoded it.</param>
/// <param name="Corrupted">Pixels were concealed, or an earlier frame was lost.</param>
/// <param name="Existing">Shown by show_existing_frame.</param>
/// <param name="Picture">Token for Release.</param>
public readonly record struct Vp9Output(CaptureBuffer Buffer, CodedGeometry Geometry, int RenderWidth, int RenderHeight, Vp9ColorSpace ColorSpace,
    bool FullRange, long AccessUnit, int Status, bool Corrupted, bool Existing, int Picture);

/// <summary>
/// Decodes a stream, access unit by access unit, on a device: parses, submits, keeps the references and yields pictures in output order.
/// One thread calls it; completions arrive on any.
/// </summary>
/// <remarks>
/// A picture's memory is used again only when no slot holds it, no output is out, and no request in flight reads it: a request keeps its
/// three references until it completes, because later frames may take them out of their slots meanwhile.
/// </remarks>
public sealed unsafe class Vp9Sequencer : IDisposable
{
    private const int MaxPictures = 128;

    // One frame in flight or kept; index = cookie. Reused over frames.
    private sealed class Picture
    {
        public CaptureBuffer? Buffer;
        public int Uses;
        public bool Done;
        public int Status;
        public bool Corrupted;
        public ulong Timestamp;
        public byte* Bitstream;
        public int BitstreamCapacity;
        public readonly int[] References = new int[3];
        public int ReferenceCount;
        public CodedGeometry Geometry;
        public int RenderWidth, RenderHeight;
        public Vp9ColorSpace ColorSpace;
        public bool FullRange;
    }

    private readonly struct Pending(int picture, long accessUnit, bool existing)
    {
        public readonly int Picture = picture;
        public readonly long AccessUnit = accessUnit;
        public readonly bool Existing = existing;
    }

    private readonly Vp9SequencerOptions _options;
    private readonly IStatelessSession _session;
    private readonly IPictureAllocator _allocator;
    private readonly Vp9StreamParser _parser = new();
    private readonly Vp9ReferenceSlots<int> _slots;
    private readonly Picture[] _pictures = new Picture[MaxPictures];
    private readonly Queue<Pending> _outputs = new();
    private readonly Range[] _frames = new Range[Superframe.MaxFrames];
    private readonly object _lock = new();
    private readonly Vp9FrameInfo* _info;
    private CodedGeometry _geometry;
    private CaptureLayout _layout;
    private ulong _nextTimestamp = 1000;
    private long _accessUnit;
    private volatile bool _failedOnDevice;
    private bool _disposed;

    /// <summary>Opens a session on the device.</summary>
    /// <param name="device">The device; stays the caller's.</param>
    /// <param name="options">Options.</param>
    /// <param name="allocator">Where pictures come from; null: a pool of the session's own buffers.</param>
    /// <exception cref="DeviceException">The device refuses.</exception>
    public Vp9Sequencer(IStatelessDevice device, Vp9SequencerOptions? options = null, IPictureAllocator? allocator = null)
    {
        _options = options ?? new Vp9SequencerOptions();
        _session = device.OpenSession(new SessionOptions(V4L2.PixelFormat.Vp9Frame, _options.Threads, _options.MaxInFlight, OnCompleted));
        _allocator = allocator ?? new PooledPictureAllocator();
        _slots = new Vp9ReferenceSlots<int>(AddUse, DropUse);
        for (int i = 0; i < MaxPictures; i++)
            _pictures[i] = new Picture();
        _info = (Vp9FrameInfo*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameInfo));
    }

    /// <summary>The session, for its statistics.</summary>
    public IStatelessSession Session => _session;

    /// <summary>Frames refused by the parser or by Submit so far.</summary>
    public int Refused { get; private set; }

    /// <summary>Outputs that wait to be taken.</summary>
    public int QueuedOutputs => _outputs.Count;

    /// <summary>Submits the frames of one access unit (superframe or frame). The data is copied.</summary>
    public void Decode(ReadOnlySpan<byte> accessUnit)
    {
        long number = _accessUnit++;
        int count = Superframe.Split(accessUnit, _frames, out SuperframeStatus status);
        if (status is SuperframeStatus.InvalidIndex or SuperframeStatus.Truncated)
            _options.Failed?.Invoke(number, $"superframe index: {status}");
        int shown = -1;
        bool shownExisting = false;
        for (int i = 0; i < count; i++)
        {
            int picture = DecodeFrame(accessUnit[_frames[i]], number, out bool existing);
            if (picture < 0)
                continue;
            if (shown >= 0)
                Show(shown, number, shownExisting, keep: _options.AllLayers);
            shown = picture;
            shownExisting = existing;
        }
        if (shown >= 0)
            Show(shown, number, shownExisting, keep: true);
    }

    /// <summary>Takes the next picture in output order.</summary>
    /// <param name="wait">Wait for the oldest one to complete; false: only when it is complete.</param>
    /// <param name="output">The picture.</param>
    public bool TryGetOutput(bool wait, out Vp9Output output)
    {
        output = default;
        if (!_outputs.TryPeek(out Pending next))
            return false;
        Picture p = _pictures[next.Picture];
        lock (_lock)
        {
            if (!p.Done && !wait)
                return false;
            while (!p.Done)
                Monitor.Wait(_lock);
        }
        _outputs.Dequeue();
        output = new Vp9Output(p.Buffer!, p.Geometry, p.RenderWidth, p.RenderHeight, p.ColorSpace, p.FullRange, next.AccessUnit,
            p.Status, p.Corrupted, next.Existing, next.Picture);
        return true;
    }

    /// <summary>Gives an output back.</summary>
    public void Release(in Vp9Output output) => DropUse(output.Picture);

    /// <summary>Waits until everything submitted is complete.</summary>
    public void Drain() => _session.Drain();

    /// <summary>Drops what is in flight, all outputs and all references, as a seek does.</summary>
    public void Flush()
    {
        _session.Cancel();
        while (_outputs.TryDequeue(out Pending p))
            DropUse(p.Picture);
        _slots.Clear();
        _parser.Reset();
        _session.Reset();
        _failedOnDevice = false;
    }

    /// <summary>Cancels, closes the session and frees all pictures.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _session.Cancel();
        _session.Dispose();
        foreach (Picture p in _pictures)
        {
            p.Buffer?.Dispose();
            NativeMemory.Free(p.Bitstream);
            p.Bitstream = null;
        }
        (_allocator as IDisposable)?.Dispose();
        NativeMemory.Free(_info);
    }

    // The picture to show with one use taken, or -1.
    private int DecodeFrame(ReadOnlySpan<byte> frame, long number, out bool existing)
    {
        existing = false;
        if (_failedOnDevice)
        {
            _failedOnDevice = false;
            _parser.MarkDamaged();
        }
        if (!_parser.TryParseFrame(frame, out *_info, out Vp9ParseError error))
        {
            Refuse(number, error.ToString());
            return -1;
        }
        if (_info->ShowExistingFrame)
        {
            existing = true;
            if (!_slots.TryGet(_info->ShownSlot, out int old, out _))
            {
                Refuse(number, "the frame to show was not decoded");
                return -1;
            }
            AddUse(old);
            return old;
        }
        if (!_slots.FillTimestamps(ref *_info))
        {
            _slots.Invalidate(_info->RefreshMask);
            Refuse(number, "a reference was not decoded");
            return -1;
        }
        int index;
        try
        {
            index = Prepare(frame);
        }
        catch (DeviceException e)
        {
            // A size nobody supports or no memory for it: the stream's fault, so this frame's.
            _slots.Invalidate(_info->RefreshMask);
            _parser.MarkDamaged();
            Refuse(number, e.Message);
            return -1;
        }
        int status = Submit(index, frame.Length);
        if (status != 0)
        {
            Picture p = _pictures[index];
            DropReferences(p);
            _slots.Invalidate(_info->RefreshMask);
            // The use of the flight and the one of this method.
            DropUse(index);
            DropUse(index);
            _parser.MarkDamaged();
            Refuse(number, $"the device refused the request (errno {-status})");
            return -1;
        }
        _slots.Refresh(_info->RefreshMask, index, _pictures[index].Timestamp);
        if (_info->ShowFrame)
            return index;
        DropUse(index);
        return -1;
    }

    private int Prepare(ReadOnlySpan<byte> frame)
    {
        CodedGeometry geometry = _info->Geometry;
        if (geometry != _geometry)
        {
            _geometry = default;
            _layout = _session.SetCaptureFormat(geometry, ChooseFormat(geometry));
            _geometry = geometry;
        }
        int index = FindUnused();
        Picture p = _pictures[index];
        p.Buffer = _allocator.Acquire(_session, _layout);
        // One use for the flight, one for the caller.
        p.Uses = 2;
        p.Done = false;
        p.Status = 0;
        p.Corrupted = _info->AfterDamage;
        p.Timestamp = _nextTimestamp;
        _nextTimestamp += 1000;
        p.Geometry = geometry;
        p.RenderWidth = _info->RenderWidth;
        p.RenderHeight = _info->RenderHeight;
        p.ColorSpace = _info->ColorSpace;
        p.FullRange = _info->FullRange;
        if (p.BitstreamCapacity < frame.Length)
        {
            NativeMemory.Free(p.Bitstream);
            p.BitstreamCapacity = frame.Length + frame.Length / 2;
            p.Bitstream = (byte*)NativeMemory.Alloc((nuint)p.BitstreamCapacity);
        }
        frame.CopyTo(new Span<byte>(p.Bitstream, p.BitstreamCapacity));
        p.ReferenceCount = 0;
        for (int i = 0; i < 3 && _info->IsInter; i++)
        {
            _slots.TryGet(_info->ReferenceSlot[i], out int reference, out _);
            AddUse(reference);
            p.References[p.ReferenceCount++] = reference;
        }
        return index;
    }

    private int Submit(int index, int size)
    {
        Picture p = _pictures[index];
        ReadOnlySpan<ControlPayload> controls =
        [
            new(V4L2CtrlVp9Frame.ControlId, (nint)(&_info->Frame), (uint)sizeof(V4L2CtrlVp9Frame)),
            new(V4L2CtrlVp9CompressedHdr.ControlId, (nint)(&_info->CompressedHeader), (uint)sizeof(V4L2CtrlVp9CompressedHdr)),
        ];
        return _session.Submit(controls, (nint)p.Bitstream, size, p.Buffer!, p.Timestamp, (ulong)index);
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

    private int FindUnused()
    {
        lock (_lock)
        {
            while (true)
            {
                bool anyInFlight = false;
                for (int i = 0; i < MaxPictures; i++)
                {
                    if (_pictures[i].Uses == 0)
                        return i;
                    anyInFlight |= !_pictures[i].Done;
                }
                if (!anyInFlight)
                    throw new DeviceException("All 128 pictures are held by the caller: release outputs.", -12);
                Monitor.Wait(_lock);
            }
        }
    }

    private void Show(int picture, long number, bool existing, bool keep)
    {
        if (keep)
            _outputs.Enqueue(new Pending(picture, number, existing));
        else
            DropUse(picture);
    }

    private void Refuse(long number, string reason)
    {
        Refused++;
        _options.Failed?.Invoke(number, reason);
    }

    private void OnCompleted(Completion completion)
    {
        Picture p = _pictures[(int)completion.Cookie];
        lock (_lock)
        {
            p.Status = completion.Status;
            p.Corrupted |= completion.Corrupted || completion.Status != 0;
            p.Done = true;
            if (completion.Status != 0)
                _failedOnDevice = true;
            Monitor.PulseAll(_lock);
        }
        DropReferences(p);
        DropUse((int)completion.Cookie);
    }

    private void DropReferences(Picture p)
    {
        for (int i = 0; i < p.ReferenceCount; i++)
            DropUse(p.References[i]);
        p.ReferenceCount = 0;
    }

    private void AddUse(int picture)
    {
        lock (_lock)
            _pictures[picture].Uses++;
    }

    private void DropUse(int picture)
    {
        lock (_lock)
        {
            Picture p = _pictures[picture];
            if (p.Uses > 1)
            {
                p.Uses--;
                return;
            }
            if (p.Buffer != null && !_disposed)
                _allocator.Release(p.Buffer);
            if (!_disposed)
                p.Buffer = null;
            p.Uses = 0;
            Monitor.PulseAll(_lock);
        }
    }
}
