// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>An open device node. Results of calls are 0 or more, or a negative errno.</summary>
internal sealed unsafe class KernelNode : IDisposable
{
    public const int NoDevice = -19, Busy = -16, Again = -11, Invalid = -22, NoMemory = -12, Io = -5, NotTty = -25, NotSupported = -95, NotPermitted = -1, Cancelled = -125;
    public const short PollIn = 1, PollPri = 2, PollOut = 4, PollError = 8, PollHangUp = 16;

    private const int Interrupted = 4;

    private int _fd;

    private KernelNode(string path, int fd)
    {
        Path = path;
        _fd = fd;
    }

    public string Path { get; }

    public int Fd => _fd;

    /// <summary>Opens a node for reading and writing, without blocking.</summary>
    /// <exception cref="DeviceException">It cannot be opened.</exception>
    public static KernelNode Open(string path)
        => TryOpen(path, out int errno) ?? throw new DeviceException($"{path} cannot be opened: {Message(errno)}.", errno);

    /// <summary>The same; null and a negative errno when it cannot be opened.</summary>
    public static KernelNode? TryOpen(string path, out int errno)
    {
        int fd = Libc.Open(path, Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        errno = fd < 0 ? -Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new KernelNode(path, fd);
    }

    public int Ioctl<T>(uint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* p = &argument)
            return Ioctl(_fd, request, p);
    }

    public static int Ioctl(int fd, uint request, void* argument)
    {
        while (true)
        {
            int result = Libc.Ioctl(fd, request, argument);
            if (result >= 0)
                return result;
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Interrupted)
                return -errno;
        }
    }

    /// <summary>poll() of the node (unless no events are asked for) and of another descriptor; what came of the node, or a negative errno; whether the other is readable. Milliseconds: -1 = for ever.</summary>
    public int Poll(short events, int other, int milliseconds, out bool woken)
    {
        Libc.PollFd* fds = stackalloc Libc.PollFd[2];
        fds[0] = new Libc.PollFd { Fd = events == 0 ? -1 : _fd, Events = events };
        fds[1] = new Libc.PollFd { Fd = other, Events = PollIn };
        int n = Libc.Poll(fds, other < 0 ? 1u : 2u, milliseconds);
        woken = n > 0 && fds[1].Returned != 0;
        if (n >= 0)
            return fds[0].Returned;
        int errno = Marshal.GetLastPInvokeError();
        return errno == Interrupted ? 0 : -errno;
    }

    /// <summary>Waits until a request is complete; false when the time is over.</summary>
    public static bool WaitRequest(int fd, int milliseconds)
    {
        Libc.PollFd p = new() { Fd = fd, Events = PollPri };
        return Libc.Poll(&p, 1, milliseconds) == 1 && (p.Returned & PollPri) != 0;
    }

    public static int EventFd() => Libc.EventFd(0, Libc.CloseOnExec | Libc.NonBlocking);

    public static void Signal(int eventFd)
    {
        ulong one = 1;
        _ = Libc.Write(eventFd, &one, sizeof(ulong));
    }

    public static void Drain(int eventFd)
    {
        ulong count;
        _ = Libc.Read(eventFd, &count, sizeof(ulong));
    }

    public static string Message(int status) => Marshal.GetPInvokeErrorMessage(-status);

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
            _ = Libc.Close(fd);
    }
}
