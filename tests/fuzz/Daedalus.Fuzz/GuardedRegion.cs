// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Fuzz;

/// <summary>Memory between two pages that nobody can touch; what is put into it either ends at the second or begins after the first.</summary>
internal sealed unsafe partial class GuardedRegion : IDisposable
{
    public const int Page = 4096;
    private const int ProtNone = 0, ProtRead = 1, ProtWrite = 2, MapPrivate = 2, MapAnonymous = 0x20;

    private byte* _base;
    private readonly nuint _mapped;

    public GuardedRegion(long bytes)
    {
        Capacity = Math.Max(Page, (bytes + Page - 1) & ~(long)(Page - 1));
        _mapped = (nuint)Capacity + 2 * Page;
        nint address = Mmap(0, _mapped, ProtNone, MapPrivate | MapAnonymous, -1, 0);
        if (address == -1)
            throw new OutOfMemoryException();
        _base = (byte*)address + Page;
        Allow(ProtRead | ProtWrite);
    }

    /// <summary>Bytes between the guard pages.</summary>
    public long Capacity { get; }

    /// <summary>Where <paramref name="bytes"/> lie.</summary>
    /// <param name="bytes">At most <see cref="Capacity"/>.</param>
    /// <param name="atEnd">Against the guard page behind, else against the one before.</param>
    /// <param name="alignment">Power of two; behind a block at the end, fewer bytes than that may stay unguarded.</param>
    public byte* Place(long bytes, bool atEnd, int alignment = 1)
        => atEnd ? (byte*)((nint)(_base + Capacity - bytes) & -(nint)alignment) : _base;

    public void AllowAll() => Allow(ProtRead | ProtWrite);

    public void AllowReading() => Allow(ProtRead);

    public void Forbid() => Allow(ProtNone);

    public void Dispose()
    {
        if (_base == null)
            return;
        _ = Munmap((nint)(_base - Page), _mapped);
        _base = null;
    }

    private void Allow(int protection)
    {
        if (Mprotect((nint)_base, (nuint)Capacity, protection) != 0)
            throw new InvalidOperationException("mprotect failed");
    }

    [LibraryImport("libc.so.6", EntryPoint = "mmap")]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc.so.6", EntryPoint = "munmap")]
    private static partial int Munmap(nint address, nuint length);

    [LibraryImport("libc.so.6", EntryPoint = "mprotect")]
    private static partial int Mprotect(nint address, nuint length, int protection);
}

/// <summary>Regions for use again, by size: a map and an unmap for each frame would cost more than decoding it.</summary>
internal sealed class RegionPool : IDisposable
{
    private const int MaxFree = 48;

    private readonly List<GuardedRegion> _free = [];

    public GuardedRegion Take(long bytes)
    {
        long capacity = Math.Max(GuardedRegion.Page, (bytes + GuardedRegion.Page - 1) & ~(long)(GuardedRegion.Page - 1));
        for (int i = _free.Count - 1; i >= 0; i--)
        {
            if (_free[i].Capacity != capacity)
                continue;
            GuardedRegion region = _free[i];
            _free.RemoveAt(i);
            region.AllowAll();
            return region;
        }
        return new GuardedRegion(bytes);
    }

    public void Return(GuardedRegion region)
    {
        region.Forbid();
        _free.Add(region);
        if (_free.Count <= MaxFree && region.Capacity < 4 << 20)
            return;
        int drop = region.Capacity >= 4 << 20 ? _free.Count - 1 : 0;
        _free[drop].Dispose();
        _free.RemoveAt(drop);
    }

    public void Dispose()
    {
        foreach (GuardedRegion region in _free)
            region.Dispose();
        _free.Clear();
    }
}
