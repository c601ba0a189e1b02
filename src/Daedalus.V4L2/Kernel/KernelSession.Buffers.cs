// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>Memory and formats of the two queues.</summary>
internal sealed unsafe partial class KernelSession
{
    private readonly List<(uint Id, uint ElemSize)> _controls = new(8);
    // Freed by the client where the driver frees no single buffers: used again for what suits.
    private readonly List<(int Index, uint Length, KernelFormat Format)> _spare = [];
    private readonly List<uint> _offered = new(16);
    private readonly List<KernelFormat> _formats = [];
    private CodedGeometry? _described;
    private KernelFormat? _format;
    // Pictures with older timestamps are gone from the device: it had to free its buffers for another format.
    private ulong _oldest;

    /// <inheritdoc/>
    public IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry)
    {
        Describe(geometry);
        var formats = new List<uint>(2);
        uint planar = PixelFormat.Planar(geometry.SubsamplingX, geometry.SubsamplingY, geometry.BitDepth);
        if (_offered.Contains(planar))
            formats.Add(planar);
        uint semi = geometry is not { SubsamplingX: 1, SubsamplingY: 1 } ? 0 : geometry.BitDepth switch { 8 => PixelFormat.Nv12, 10 => PixelFormat.P010, _ => 0u };
        if (semi != 0 && _offered.Contains(semi))
            formats.Add(semi);
        return formats;
    }

    /// <inheritdoc/>
    public CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat)
    {
        if (_format is { } now && now.Geometry == geometry && now.Layout.PixelFormat == pixelFormat)
            return now.Layout;
        Describe(geometry);
        Drain();
        lock (_lock)
        {
            if (_captureOn)
                StopCapture();
            V4L2Format f = new() { Type = V4L2Abi.TypeCapture };
            Check(_video.Ioctl(V4L2Abi.GetFmt, ref f), "VIDIOC_G_FMT", geometry);
            f.PixelFormat = pixelFormat;
            f.PlaneFormats = default;
            V4L2Format asked = f;
            int status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
            if (status == KernelNode.Busy)
            {
                FreeCapture();
                f = asked;
                status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
            }
            Check(status, "VIDIOC_S_FMT", geometry);
            CaptureLayout layout = f.PixelFormat == pixelFormat && KernelFormat.LayoutOf(f, geometry) is { } l ? l
                : throw new DeviceException($"{_decoder.VideoPath} does not write {PixelFormat.ToText(pixelFormat)} of {geometry.Width}x{geometry.Height} as one plane of memory.", -22);
            CodedGeometry g = geometry;
            _format = _formats.Find(k => k.Geometry == g && k.Layout == layout);
            if (_format is null)
                _formats.Add(_format = new KernelFormat(geometry, layout, f));
            return layout;
        }
    }

    /// <inheritdoc/>
    public CaptureBuffer AllocateCapture()
    {
        lock (_lock)
        {
            KernelFormat format = _format ?? throw new DeviceException("A CAPTURE buffer was asked for: no capture format is set.", -22);
            int index = -1;
            uint length = 0;
            int found = _spare.FindIndex(s => s.Format.Suits(format));
            if (found >= 0)
            {
                (index, length, _) = _spare[found];
                _spare.RemoveAt(found);
            }
            else
            {
                V4L2CreateBuffers create = new() { Count = 1, Memory = V4L2Abi.MemoryMmap, Format = format.Raw };
                int status = _video.Ioctl(V4L2Abi.CreateBufs, ref create);
                if (status < 0 || create.Count < 1 || create.Index >= MaxCapture)
                {
                    throw new DeviceException($"{_decoder.VideoPath} gives no further CAPTURE buffer of {format.Layout.Size} bytes: {KernelNode.Message(status < 0 ? status : KernelNode.NoMemory)}.",
                        status == KernelNode.NoDevice ? status : KernelNode.NoMemory);
                }
                index = (int)create.Index;
                length = Query(V4L2Abi.TypeCapture, (uint)index, out _);
            }
            V4L2ExportBuffer export = new() { Type = V4L2Abi.TypeCapture, Index = (uint)index, Flags = 2 | 0x80000 /* O_RDWR | O_CLOEXEC */ };
            int exported = _video.Ioctl(V4L2Abi.ExpBuf, ref export);
            if (exported < 0)
            {
                _spare.Add((index, length, format));
                throw new DeviceException($"{_decoder.VideoPath} cannot export a CAPTURE buffer: {KernelNode.Message(exported)}.", exported);
            }
            return _captures[index] = new KernelCaptureBuffer(this, index, export.Fd, length, format);
        }
    }

    /// <summary>A buffer's owner has done with it.</summary>
    internal void Forget(KernelCaptureBuffer buffer)
    {
        lock (_lock)
        {
            if (buffer.Gone || _stop)
                return;
            buffer.Gone = true;
            // In the driver's hands while a second field may come: it is given back with the next frame.
            if (buffer.Queued)
            {
                Drain();
                StopCapture();
            }
            _captures[buffer.Index] = null;
            if (ReferenceEquals(buffer, _lastCapture))
                _lastCapture = null;
            if (!Remove(V4L2Abi.TypeCapture, buffer.Index))
                _spare.Add((buffer.Index, buffer.Length, buffer.Format));
        }
    }

    // Tells the driver what is going to come, as far as it is not known; asks what it would write.
    private void Describe(in CodedGeometry geometry)
    {
        if (_described == geometry)
            return;
        Drain();
        lock (_lock)
        {
            if (_captureOn)
                StopCapture();
            _described = null;
            _format = null;
            SetOutputFormat(geometry);
            byte* payload = stackalloc byte[2048];
            ControlPayload description = KernelControls.Describe(_codedFormat, geometry, payload);
            int status = SetControls(new ReadOnlySpan<ControlPayload>(in description), -1);
            if (status == KernelNode.Busy)
            {
                FreeCapture();
                status = SetControls(new ReadOnlySpan<ControlPayload>(in description), -1);
            }
            if (status == KernelNode.NoDevice)
                _dead = status;
            if (status < 0)
            {
                throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) does not decode pictures of {geometry.Width}x{geometry.Height}, {geometry.BitDepth} bits, "
                    + $"subsampling {geometry.SubsamplingX}{geometry.SubsamplingY}: {KernelNode.Message(status)}.", status);
            }
            _offered.Clear();
            for (uint i = 0; i < 64; i++)
            {
                V4L2FmtDesc f = new() { Index = i, Type = V4L2Abi.TypeCapture };
                if (_video.Ioctl(V4L2Abi.EnumFmt, ref f) < 0)
                    break;
                _offered.Add(f.PixelFormat);
            }
            _described = geometry;
        }
    }

    private void SetOutputFormat(in CodedGeometry geometry)
    {
        // Frames that are larger than this get larger buffers when they come.
        ulong guess = (ulong)geometry.Width * (ulong)geometry.Height * (geometry.BitDepth > 8 ? 2u : 1u) / 2;
        V4L2Format f = new() { Type = V4L2Abi.TypeOutput, PixelFormat = _codedFormat, Width = (uint)geometry.Width, Height = (uint)geometry.Height, PlaneCount = 1 };
        f.PlaneFormats[0].SizeImage = (uint)Math.Clamp(guess, 256 << 10, 16 << 20);
        V4L2Format asked = f;
        int status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
        if (status == KernelNode.Busy && _outputOn)
        {
            uint type = V4L2Abi.TypeOutput;
            _ = _video.Ioctl(V4L2Abi.StreamOff, ref type);
            _outputOn = false;
            f = asked;
            status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
        }
        if (status == KernelNode.Busy)
        {
            for (int i = 0; i < MaxOutput; i++)
                FreeRequest(i);
            Free(V4L2Abi.TypeOutput);
            f = asked;
            status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
        }
        if (status == KernelNode.Busy)
        {
            FreeCapture();
            f = asked;
            status = _video.Ioctl(V4L2Abi.SetFmt, ref f);
        }
        Check(status, "VIDIOC_S_FMT", geometry);
        if (f.PixelFormat != _codedFormat || f.Width < geometry.Width || f.Height < geometry.Height)
            throw new DeviceException($"{_decoder.VideoPath} ({_decoder.Card}) takes no {PixelFormat.ToText(_codedFormat)} of {geometry.Width}x{geometry.Height}: at most {f.Width}x{f.Height}.", -22);
    }

    // The driver does not change formats under its buffers: they go, and with them what later frames could refer to.
    private void FreeCapture()
    {
        StopCapture();
        for (int i = 0; i < MaxCapture; i++)
        {
            if (_captures[i] is { } buffer)
                buffer.Gone = true;
            _captures[i] = null;
        }
        _spare.Clear();
        _formats.Clear();
        Free(V4L2Abi.TypeCapture);
        _oldest = _newest + 1;
    }

    private void Free(uint type)
    {
        V4L2RequestBuffers r = new() { Type = type, Memory = V4L2Abi.MemoryMmap };
        _ = _video.Ioctl(V4L2Abi.ReqBufs, ref r);
    }

    private bool Remove(uint type, int index)
    {
        if (!_canRemove || _removeRefused)
            return false;
        V4L2RemoveBuffers r = new() { Type = type, Index = (uint)index, Count = 1 };
        int status = _video.Ioctl(V4L2Abi.RemoveBufs, ref r);
        _removeRefused |= status == KernelNode.NotTty;
        return status >= 0;
    }

    private uint Query(uint type, uint index, out uint offset)
    {
        V4L2Plane plane = default;
        V4L2Buffer b = new() { Type = type, Index = index, Memory = V4L2Abi.MemoryMmap, Planes = &plane, Length = 1 };
        int status = _video.Ioctl(V4L2Abi.QueryBuf, ref b);
        offset = plane.MemOffset;
        return status < 0 ? throw new DeviceException($"VIDIOC_QUERYBUF failed on {_decoder.VideoPath}: {KernelNode.Message(status)}.", status) : plane.Length;
    }

    private KernelRequest? MakeRequest(uint size, out int status)
    {
        V4L2Format f = new() { Type = V4L2Abi.TypeOutput };
        status = _video.Ioctl(V4L2Abi.GetFmt, ref f);
        if (status < 0)
            return null;
        if (f.PlaneFormats[0].SizeImage < size)
            f.PlaneFormats[0].SizeImage = (uint)Math.Min(uint.MaxValue & ~0xffful, (ulong)size * 3 / 2);
        V4L2CreateBuffers create = new() { Count = 1, Memory = V4L2Abi.MemoryMmap, Format = f };
        status = _video.Ioctl(V4L2Abi.CreateBufs, ref create);
        if (status < 0)
            return null;
        status = KernelNode.NoMemory;
        if (create.Count < 1 || create.Index >= MaxOutput)
            return null;
        V4L2Plane plane = default;
        V4L2Buffer b = new() { Type = V4L2Abi.TypeOutput, Index = create.Index, Memory = V4L2Abi.MemoryMmap, Planes = &plane, Length = 1 };
        status = _video.Ioctl(V4L2Abi.QueryBuf, ref b);
        if (status < 0)
            return null;
        nint map = Libc.Mmap(0, plane.Length, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, _video.Fd, (nint)plane.MemOffset);
        status = KernelNode.NoMemory;
        if (map == -1 || plane.Length < size)
            return null;
        status = 0;
        _requestCount++;
        return _requests[create.Index] = new KernelRequest((int)create.Index, map, plane.Length);
    }

    // Not in flight: smaller than what the stream's frames need by now.
    private void Retire(KernelRequest request)
    {
        request.Retired = true;
        _requestCount--;
        RemoveRequest(request);
    }

    private void RemoveRequest(KernelRequest request)
    {
        if (!_canRemove)
            return;
        _ = Libc.Munmap(request.Map, request.Length);
        request.Close();
        _requests[request.Index] = null;
        _ = Remove(V4L2Abi.TypeOutput, request.Index);
    }

    private void FreeRequest(int index)
    {
        if (_requests[index] is not { } request)
            return;
        _ = Libc.Munmap(request.Map, request.Length);
        request.Close();
        _requests[index] = null;
        if (!request.Retired)
            _requestCount--;
    }

    private void Check(int status, string call, in CodedGeometry g)
    {
        if (status >= 0)
            return;
        if (status == KernelNode.NoDevice)
            _dead = status;
        throw new DeviceException($"{call} for {PixelFormat.ToText(_codedFormat)} of {g.Width}x{g.Height} failed on {_decoder.VideoPath}: {KernelNode.Message(status)}.", status);
    }
}
