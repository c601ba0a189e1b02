// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.Engine.Memory;

/// <summary>
/// Where the larger blocks of all decoders come from: regions of large pages, first fit, so that blocks share pages and what is touched stays together.
/// The last page is a large one when more than half of it is used. A region without blocks is given back. Thread-safe.
/// </summary>
internal static unsafe class LargePageHeap
{
    /// <summary>Blocks below are malloc's.</summary>
    public const nuint SmallestBlock = 4 << 10;

    // Address space: only what is touched costs memory.
    private const nuint RegionBytes = 32 << 20;
    private const nuint Granule = 64;

    private static readonly Lock s_lock = new();
    private static readonly List<Region> s_regions = [];

    private sealed class Region(nint start, nuint size)
    {
        public readonly nint Start = start;
        public readonly nuint Size = size;
        // Never handed out from here on: zero.
        public nuint Fresh;
        // In large pages up to here.
        public nuint Large;
        // Sorted by offset, no two of them adjacent.
        public readonly List<(nuint Offset, nuint Size)> Free = [(0, size)];
    }

    /// <summary>Whether there is such a thing as large pages here.</summary>
    public static bool IsUsed => LargePages.Size != 0;

    /// <summary>A block of zeros, 64-byte aligned; null without memory.</summary>
    public static byte* Allocate(nuint bytes)
    {
        if (bytes > nuint.MaxValue / 2)
            return null;
        nuint size = Round(bytes);
        lock (s_lock)
        {
            foreach (Region region in s_regions)
            {
                if (Take(region, size) is var block && block != null)
                    return block;
            }
            nuint large = LargePages.Size, room = Math.Max(RegionBytes, (size + large - 1) / large * large);
            nint start = LargePages.MapZeros(room);
            if (start == 0)
                return null;
            var made = new Region(start, room);
            s_regions.Add(made);
            return Take(made, size);
        }
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="block">From <see cref="Allocate"/>.</param>
    /// <param name="bytes">As it was asked for.</param>
    public static void Free(byte* block, nuint bytes)
    {
        lock (s_lock)
        {
            int index = s_regions.FindIndex(r => (nint)block >= r.Start && (nint)block < r.Start + (nint)r.Size);
            Region region = s_regions[index];
            nuint offset = (nuint)((nint)block - region.Start), size = Round(bytes);
            List<(nuint Offset, nuint Size)> free = region.Free;
            int at = free.FindIndex(f => f.Offset > offset);
            if (at < 0)
                at = free.Count;
            if (at < free.Count && free[at].Offset == offset + size)
            {
                size += free[at].Size;
                free.RemoveAt(at);
            }
            if (at > 0 && free[at - 1].Offset + free[at - 1].Size == offset)
            {
                at--;
                offset = free[at].Offset;
                size += free[at].Size;
                free.RemoveAt(at);
            }
            free.Insert(at, (offset, size));
            if (size != region.Size)
                return;
            LargePages.Unmap(region.Start, region.Size);
            s_regions.RemoveAt(index);
        }
    }

    private static nuint Round(nuint bytes) => (bytes + (Granule - 1)) & ~(Granule - 1);

    private static byte* Take(Region region, nuint size)
    {
        for (int i = 0; i < region.Free.Count; i++)
        {
            (nuint offset, nuint room) = region.Free[i];
            if (room < size)
                continue;
            if (room == size)
                region.Free.RemoveAt(i);
            else
                region.Free[i] = (offset + size, room - size);
            byte* block = (byte*)region.Start + offset;
            if (offset < region.Fresh)
                NativeMemory.Clear(block, Math.Min(size, region.Fresh - offset));
            Extend(region, offset + size);
            return block;
        }
        return null;
    }

    private static void Extend(Region region, nuint end)
    {
        if (end <= region.Fresh)
            return;
        nuint large = LargePages.Size, pages = Math.Min((end + large / 2) / large * large, region.Size);
        if (pages > region.Large)
        {
            LargePages.MakeLarge(region.Start + (nint)region.Large, pages - region.Large, used: region.Fresh > region.Large);
            region.Large = pages;
        }
        region.Fresh = end;
    }
}
