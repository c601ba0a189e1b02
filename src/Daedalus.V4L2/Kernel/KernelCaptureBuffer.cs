// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>A CAPTURE buffer of a video node, exported as a dmabuf. Its memory outlives the session as long as the descriptor is open.</summary>
internal sealed class KernelCaptureBuffer : CaptureBuffer
{
    private readonly Lock _lock = new();
    private readonly KernelSession _session;
    private int _fd;
    private nint _map;

    internal KernelCaptureBuffer(KernelSession session, int index, int fd, uint length, KernelFormat format)
    {
        _session = session;
        Index = index;
        _fd = fd;
        Length = length;
        Format = format;
    }

    ~KernelCaptureBuffer() => Free();

    /// <inheritdoc/>
    public override int Index { get; }
    /// <inheritdoc/>
    public override int Fd => _fd;
    /// <inheritdoc/>
    public override bool IsDmabuf => true;
    /// <inheritdoc/>
    public override CaptureLayout Layout => Format.Layout;
    /// <inheritdoc/>
    public override bool IsValid => !Gone;

    /// <summary>Bytes of its memory.</summary>
    public uint Length { get; }
    /// <summary>The format it was made for.</summary>
    public KernelFormat Format { get; }

    /// <summary>The session it belongs to.</summary>
    internal KernelSession Session => _session;
    /// <summary>In the driver's hands. Under the session's lock.</summary>
    internal bool Queued;
    /// <summary>The request whose completion gives it back. Under the session's lock.</summary>
    internal KernelRequest? Owner;
    /// <summary>The video node has freed it; what was exported is still there.</summary>
    internal volatile bool Gone;

    /// <summary>Mapped when first asked for: who passes the descriptor on has no need of it.</summary>
    public override nint Map
    {
        get
        {
            lock (_lock)
            {
                if (_map != 0 || _fd < 0)
                    return _map;
                nint map = Libc.Mmap(0, Length, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, _fd, 0);
                return _map = map == -1 ? throw new DeviceException($"A CAPTURE buffer cannot be mapped: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.", -12) : map;
            }
        }
    }

    /// <inheritdoc/>
    public override void BeginCpuAccess(bool write) => Sync(V4L2Abi.DmaBufSyncStart, write);

    /// <inheritdoc/>
    public override void EndCpuAccess(bool write) => Sync(V4L2Abi.DmaBufSyncEnd, write);

    private unsafe void Sync(ulong when, bool write)
    {
        ulong flags = when | V4L2Abi.DmaBufSyncRead | (write ? V4L2Abi.DmaBufSyncWrite : 0);
        // An exporter without CPU access operations has coherent memory; there is nothing to do about a failure.
        _ = KernelNode.Ioctl(_fd, V4L2Abi.DmaBufSync, &flags);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        if (Free())
            _session.Forget(this);
    }

    private bool Free()
    {
        lock (_lock)
        {
            if (_fd < 0)
                return false;
            if (_map != 0)
                _ = Libc.Munmap(_map, Length);
            _map = 0;
            _ = Libc.Close(_fd);
            _fd = -1;
            return true;
        }
    }
}
