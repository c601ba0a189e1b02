// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.Daemon;

/// <summary>The C library calls of the daemon. Results are 0 or more, or a negative errno.</summary>
internal static unsafe class Native
{
    public const int NoEntry = -2, Io = -5, NoMemory = -12, Busy = -16, NoDevice = -19, Invalid = -22, NoSpace = -28, Again = -11, Interrupted = -4, Shutdown = -108, Cancelled = -125;

    public static int Close(int fd) => Libc.Close(fd);

    public static int Open(string path) => Result(Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec));

    public static int Ioctl<T>(int fd, uint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* p = &argument)
            return Result(Libc.Ioctl(fd, request, p));
    }

    /// <summary>A call without an argument.</summary>
    public static int Ioctl(int fd, uint request) => Result(Libc.Ioctl(fd, request, null));

    /// <summary>Maps a whole dmabuf, shared and writable; 0 with the errno when that fails.</summary>
    public static nint Map(int fd, out nuint length, out int status)
    {
        nint size = Libc.Lseek(fd, 0, Libc.SeekEnd);
        length = 0;
        status = size <= 0 ? -Marshal.GetLastPInvokeError() : 0;
        if (size <= 0)
            return 0;
        nint address = Libc.Mmap(0, (nuint)size, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, fd, 0);
        if (address == -1)
        {
            status = -Marshal.GetLastPInvokeError();
            return 0;
        }
        length = (nuint)size;
        return address;
    }

    public static void Unmap(nint address, nuint length) => _ = Libc.Munmap(address, length);

    public static string Message(int status) => Marshal.GetPInvokeErrorMessage(-status);

    private static int Result(int value) => value < 0 ? -Marshal.GetLastPInvokeError() : value;
}
