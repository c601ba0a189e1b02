// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Devices;

/// <summary>
/// Memory in pages of 2 MiB where the kernel gives them, else in ordinary ones. The first touch of an ordinary page costs 0.5 µs on bare metal and up to
/// 20 µs in a virtual machine without nested paging, and a 1080p picture has 765 of them.
/// </summary>
public static unsafe class LargePages
{
    /// <summary>Environment variable: 0 = ordinary pages only, and blocks one by one from malloc, as memory checkers need it.</summary>
    public const string Variable = "DAEDALUS_LARGE_PAGES";

    private const nuint Large = 2 << 20;
    private const int AdviseHuge = 14, AdvisePopulateWrite = 23, AdviseCollapse = 25;

    /// <summary>Bytes of a large page; 0 when they are not used.</summary>
    public static nuint Size { get; } = Environment.SystemPageSize == 4096 && Environment.GetEnvironmentVariable(Variable) != "0" ? Large : 0;

    /// <summary>Size for a memory file of so many bytes: up to the next large page unless more than half of that would be left over.</summary>
    public static nuint FileSize(nuint bytes)
    {
        nuint rest = Size == 0 ? 0 : bytes % Size;
        return rest >= Size / 2 && rest != 0 ? bytes - rest + Size : bytes;
    }

    /// <summary>Maps an empty memory file for reading and writing and gives it its pages.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="bytes">Its size.</param>
    /// <returns>Address, or -1 with errno.</returns>
    public static nint MapFile(int fd, nuint bytes)
    {
        nuint whole = Size == 0 ? 0 : bytes / Size * Size;
        if (whole == 0)
            return Libc.Mmap(0, bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, fd, 0);
        nint map = MapAligned(bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, fd);
        if (map == -1)
            return -1;
        // What cannot be had is no error: pages come when they are touched. A large page is made from what is there already: one small page.
        for (nuint at = 0; at < whole; at += Size)
            _ = Libc.Fallocate(fd, 0, (nint)at, 1);
        _ = Libc.Madvise(map, whole, AdviseCollapse);
        if (whole != bytes)
            _ = Libc.Madvise(map + (nint)whole, bytes - whole, AdvisePopulateWrite);
        return map;
    }

    /// <summary>Maps memory of zeros, in ordinary pages until <see cref="MakeLarge"/>.</summary>
    /// <param name="bytes">A multiple of <see cref="Size"/>, which is not 0.</param>
    /// <returns>Address, a multiple of <see cref="Size"/>; 0 without memory.</returns>
    public static nint MapZeros(nuint bytes)
    {
        nint map = MapAligned(bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapPrivate | Libc.MapAnonymous, -1);
        return map == -1 ? 0 : map;
    }

    /// <summary>Asks for large pages in memory of <see cref="MapZeros"/>.</summary>
    /// <param name="map">Start, a multiple of <see cref="Size"/>.</param>
    /// <param name="bytes">A multiple of <see cref="Size"/>.</param>
    /// <param name="used">The first of them may have been touched: its ordinary pages are gathered.</param>
    public static void MakeLarge(nint map, nuint bytes, bool used)
    {
        _ = Libc.Madvise(map, bytes, AdviseHuge);
        if (used)
            _ = Libc.Madvise(map, Size, AdviseCollapse);
    }

    /// <summary>Unmaps what was mapped.</summary>
    public static void Unmap(nint map, nuint bytes) => _ = Libc.Munmap(map, bytes);

    // A large page can only lie at a multiple of its size: the address is sought in a larger reservation.
    private static nint MapAligned(nuint bytes, int protection, int flags, int fd)
    {
        const int Page = 4096;
        nuint mapped = (bytes + (Page - 1)) & ~(nuint)(Page - 1), room = mapped + Size;
        nint reserved = Libc.Mmap(0, room, 0, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
        if (reserved == -1)
            return -1;
        nint start = (reserved + (nint)Size - 1) & ~((nint)Size - 1), end = start + (nint)mapped;
        nint map = Libc.Mmap(start, bytes, protection, flags | Libc.MapFixed, fd, 0);
        if (map == -1)
        {
            int errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
            _ = Libc.Munmap(reserved, room);
            System.Runtime.InteropServices.Marshal.SetLastPInvokeError(errno);
            return -1;
        }
        if (start != reserved)
            _ = Libc.Munmap(reserved, (nuint)(start - reserved));
        if (end != reserved + (nint)room)
            _ = Libc.Munmap(end, (nuint)(reserved + (nint)room - end));
        return map;
    }
}
