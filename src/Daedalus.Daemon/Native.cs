// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Daemon;

/// <summary>The C library calls of the daemon. Results are 0 or more, or a negative errno.</summary>
internal static unsafe partial class Native
{
    public const int NoEntry = -2, Io = -5, NoMemory = -12, Busy = -16, NoDevice = -19, Invalid = -22, NoSpace = -28, Again = -11, Interrupted = -4, Shutdown = -108, Cancelled = -125;

    private const string Library = "libc.so.6";
    private const int ReadWrite = 2, CloseOnExec = 0x80000, SeekEnd = 2;
    private const int ProtectRead = 1, ProtectWrite = 2, MapShared = 1;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenCall(string path, int flags);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlCall(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MmapCall(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    private static partial int MunmapCall(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    private static partial nint SeekCall(int fd, nint offset, int whence);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int fd);

    public static int Open(string path) => Result(OpenCall(path, ReadWrite | CloseOnExec));

    public static int Ioctl<T>(int fd, uint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* p = &argument)
            return Result(IoctlCall(fd, request, p));
    }

    /// <summary>A call without an argument.</summary>
    public static int Ioctl(int fd, uint request) => Result(IoctlCall(fd, request, null));

    /// <summary>Maps a whole dmabuf, shared and writable; 0 with the errno when that fails.</summary>
    public static nint Map(int fd, out nuint length, out int status)
    {
        nint size = SeekCall(fd, 0, SeekEnd);
        length = 0;
        status = size <= 0 ? -Marshal.GetLastPInvokeError() : 0;
        if (size <= 0)
            return 0;
        nint address = MmapCall(0, (nuint)size, ProtectRead | ProtectWrite, MapShared, fd, 0);
        if (address == -1)
        {
            status = -Marshal.GetLastPInvokeError();
            return 0;
        }
        length = (nuint)size;
        return address;
    }

    public static void Unmap(nint address, nuint length) => _ = MunmapCall(address, length);

    public static string Message(int status) => Marshal.GetPInvokeErrorMessage(-status);

    private static int Result(int value) => value < 0 ? -Marshal.GetLastPInvokeError() : value;
}
