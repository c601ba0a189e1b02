// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>An entity of a media device.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Function">MEDIA_ENT_F_*.</param>
/// <param name="Flags">MEDIA_ENT_FL_*.</param>
public sealed record MediaEntity(uint Id, string Name, uint Function, uint Flags);

/// <summary>An interface to user space.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Type">MEDIA_INTF_T_*.</param>
/// <param name="Major">Of its device node.</param>
/// <param name="Minor">Of its device node.</param>
/// <param name="Node">The node's path, or null.</param>
public sealed record MediaInterface(uint Id, uint Type, uint Major, uint Minor, string? Node);

/// <summary>A pad of an entity.</summary>
/// <param name="Id">Its number.</param>
/// <param name="EntityId">The entity.</param>
/// <param name="Index">Within the entity.</param>
/// <param name="Flags">MEDIA_PAD_FL_*.</param>
public sealed record MediaPad(uint Id, uint EntityId, uint Index, uint Flags);

/// <summary>A link between pads, or between an interface and an entity.</summary>
/// <param name="Id">Its number.</param>
/// <param name="SourceId">Pad or interface.</param>
/// <param name="SinkId">Pad or entity.</param>
/// <param name="Flags">MEDIA_LNK_FL_*.</param>
public sealed record MediaLink(uint Id, uint SourceId, uint SinkId, uint Flags)
{
    /// <summary>Between an interface and an entity.</summary>
    public bool IsInterfaceLink => (Flags & MediaAbi.LinkTypeMask) == MediaAbi.LinkInterface;
}

/// <summary>What MEDIA_IOC_DEVICE_INFO and MEDIA_IOC_G_TOPOLOGY say of one media device.</summary>
/// <param name="Path">/dev/mediaN.</param>
/// <param name="Driver">Driver.</param>
/// <param name="Model">Model.</param>
/// <param name="BusInfo">Where it sits.</param>
/// <param name="Version">Number of the topology, which changes with it.</param>
/// <param name="Entities">Entities.</param>
/// <param name="Interfaces">Interfaces.</param>
/// <param name="Pads">Pads.</param>
/// <param name="Links">Links.</param>
public sealed record MediaTopology(string Path, string Driver, string Model, string BusInfo, ulong Version,
    IReadOnlyList<MediaEntity> Entities, IReadOnlyList<MediaInterface> Interfaces, IReadOnlyList<MediaPad> Pads, IReadOnlyList<MediaLink> Links)
{
    private const int MaxObjects = 4096;

    /// <summary>All media devices that can be opened, by number.</summary>
    public static IReadOnlyList<MediaTopology> Enumerate()
    {
        var found = new List<(int Number, MediaTopology Topology)>();
        string[] paths;
        try
        {
            paths = Directory.GetFiles("/dev", "media*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
        foreach (string path in paths)
        {
            if (!int.TryParse(path.AsSpan("/dev/media".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                continue;
            if (TryRead(path, out _) is { } topology)
                found.Add((number, topology));
        }
        found.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        return found.ConvertAll(static f => f.Topology);
    }

    /// <summary>Reads one device's.</summary>
    /// <param name="path">Its node.</param>
    /// <param name="errno">0 or a negative errno.</param>
    public static unsafe MediaTopology? TryRead(string path, out int errno)
    {
        using KernelNode? node = KernelNode.TryOpen(path, out errno);
        if (node is null)
            return null;
        MediaDeviceInfo info = default;
        errno = node.Ioctl(MediaAbi.DeviceInfo, ref info);
        if (errno < 0)
            return null;
        // What is plugged in between the two calls makes the second one fail: once more.
        for (int attempt = 0; attempt < 4; attempt++)
        {
            MediaV2Topology t = default;
            errno = node.Ioctl(MediaAbi.GetTopology, ref t);
            if (errno < 0)
                return null;
            if (t.EntityCount > MaxObjects || t.InterfaceCount > MaxObjects || t.PadCount > MaxObjects || t.LinkCount > MaxObjects)
            {
                errno = KernelNode.Invalid;
                return null;
            }
            // One more of each, so that no array is empty.
            var entities = new MediaV2Entity[t.EntityCount + 1];
            var interfaces = new MediaV2Interface[t.InterfaceCount + 1];
            var pads = new MediaV2Pad[t.PadCount + 1];
            var links = new MediaV2Link[t.LinkCount + 1];
            fixed (MediaV2Entity* e = entities)
            fixed (MediaV2Interface* i = interfaces)
            fixed (MediaV2Pad* p = pads)
            fixed (MediaV2Link* l = links)
            {
                (t.Entities, t.Interfaces, t.Pads, t.Links) = ((ulong)e, (ulong)i, (ulong)p, (ulong)l);
                errno = node.Ioctl(MediaAbi.GetTopology, ref t);
            }
            if (errno == -28)
                continue;
            if (errno < 0)
                return null;
            return new MediaTopology(path, Text(info.Driver, 16), Text(info.Model, 32), Text(info.BusInfo, 32), t.Version,
                Array.ConvertAll(entities[..(int)t.EntityCount], static e => new MediaEntity(e.Id, Text(e.Name, 64), e.Function, e.Flags)),
                Array.ConvertAll(interfaces[..(int)t.InterfaceCount], static i => new MediaInterface(i.Id, i.Type, i.Major, i.Minor, DeviceNodes.Find(i.Major, i.Minor))),
                Array.ConvertAll(pads[..(int)t.PadCount], static p => new MediaPad(p.Id, p.EntityId, p.Index, p.Flags)),
                Array.ConvertAll(links[..(int)t.LinkCount], static l => new MediaLink(l.Id, l.SourceId, l.SinkId, l.Flags)));
        }
        return null;
    }

    internal static unsafe string Text(byte* bytes, int length)
    {
        var span = new ReadOnlySpan<byte>(bytes, length);
        int end = span.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? span : span[..end]);
    }
}

/// <summary>Device nodes by number.</summary>
internal static partial class DeviceNodes
{
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0x80)] public uint RdevMajor;
        [FieldOffset(0x84)] public uint RdevMinor;
    }

    /// <summary>The path of a character device below /dev, or null. Looks at the node itself: names in sysfs are those of another mount namespace.</summary>
    public static string? Find(uint major, uint minor)
    {
        try
        {
            foreach (string line in File.ReadLines($"/sys/dev/char/{major}:{minor}/uevent"))
            {
                if (line.StartsWith("DEVNAME=", StringComparison.Ordinal) && Is($"/dev/{line[8..]}", major, minor))
                    return $"/dev/{line[8..]}";
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No sysfs in this sandbox.
        }
        try
        {
            foreach (string path in Directory.EnumerateFiles("/dev", "v*"))
                if ((path.StartsWith("/dev/video", StringComparison.Ordinal) || path.StartsWith("/dev/v4l-subdev", StringComparison.Ordinal)) && Is(path, major, minor))
                    return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
        return null;
    }

    /// <summary>Number of a device node.</summary>
    public static unsafe bool TryNumber(string path, out uint major, out uint minor)
    {
        const int AtFdCwd = -100;
        const uint BasicStats = 0x7ff;
        Statx s;
        bool ok = StatxCall(AtFdCwd, path, 0, BasicStats, &s) == 0;
        (major, minor) = ok ? (s.RdevMajor, s.RdevMinor) : (0, 0);
        return ok;
    }

    private static bool Is(string path, uint major, uint minor) => TryNumber(path, out uint a, out uint b) && a == major && b == minor;

    [LibraryImport("libc.so.6", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatxCall(int folder, string path, int flags, uint mask, Statx* buffer);
}
