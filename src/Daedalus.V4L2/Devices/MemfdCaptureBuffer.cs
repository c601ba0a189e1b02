// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Devices;

/// <summary>CAPTURE buffer in an anonymous memory file, mapped shared; its start is page aligned, which covers the 64 bytes kernels ask for.</summary>
public sealed unsafe class MemfdCaptureBuffer : CaptureBuffer
{
    private readonly Action<int>? _freed;
    private int _fd;
    private nint _map;
    private readonly nuint _length;

    /// <summary>Allocates the memory, in large pages where the system has them.</summary>
    /// <param name="index">Slot 0..127.</param>
    /// <param name="layout">Layout; its Size at least is allocated.</param>
    /// <param name="freed">Told the slot when the buffer is disposed.</param>
    /// <exception cref="DeviceException">The system refuses; the message names the call and the size.</exception>
    public MemfdCaptureBuffer(int index, in CaptureLayout layout, Action<int>? freed = null)
    {
        Index = index;
        Layout = layout;
        _freed = freed;
        if (layout.Size == 0)
            throw new DeviceException("A CAPTURE buffer of 0 bytes was asked for: no capture format is set.", -22);
        _length = LargePages.FileSize(layout.Size);
        fixed (byte* name = "daedalus-capture"u8)
            _fd = Libc.MemfdCreate(name, Libc.MfdCloexec | Libc.MfdAllowSealing);
        if (_fd < 0)
            throw Failure("memfd_create");
        if (Libc.Ftruncate(_fd, (nint)_length) != 0)
        {
            DeviceException failure = Failure("ftruncate");
            _ = Libc.Close(_fd);
            throw failure;
        }
        _map = LargePages.MapFile(_fd, _length);
        if (_map == -1)
        {
            DeviceException failure = Failure("mmap");
            _ = Libc.Close(_fd);
            throw failure;
        }
    }

    /// <summary>Unmaps a forgotten buffer.</summary>
    ~MemfdCaptureBuffer() => Free();

    /// <inheritdoc/>
    public override int Index { get; }
    /// <inheritdoc/>
    public override int Fd => _fd;
    /// <inheritdoc/>
    public override bool IsDmabuf => false;
    /// <inheritdoc/>
    public override CaptureLayout Layout { get; }
    /// <inheritdoc/>
    public override nint Map => _map;

    /// <inheritdoc/>
    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        if (Free())
            _freed?.Invoke(Index);
    }

    private bool Free()
    {
        nint map = Interlocked.Exchange(ref _map, 0);
        if (map is 0 or -1)
            return false;
        _ = Libc.Munmap(map, _length);
        _ = Libc.Close(Interlocked.Exchange(ref _fd, -1));
        return true;
    }

    private DeviceException Failure(string call)
    {
        int errno = Marshal.GetLastPInvokeError();
        return new DeviceException($"{call} failed for a CAPTURE buffer of {_length} bytes: {Marshal.GetPInvokeErrorMessage(errno)}.", -errno);
    }
}
