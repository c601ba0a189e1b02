// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Kernel;

/// <summary>A way of a stream through a sub-device.</summary>
/// <param name="SinkPad">Index of the pad where it comes in.</param>
/// <param name="SinkStream">Which of the pad's streams.</param>
/// <param name="SourcePad">Index of the pad where it goes out.</param>
/// <param name="SourceStream">Which of that pad's streams.</param>
/// <param name="Flags">V4L2_SUBDEV_ROUTE_FL_*.</param>
public sealed record SubdeviceRoute(uint SinkPad, uint SinkStream, uint SourcePad, uint SourceStream, uint Flags);

/// <summary>The routes of sub-devices with streams (Linux 6.3, where the kernel has them switched on).</summary>
public static class SubdeviceRoutes
{
    // What the kernel takes at most.
    private const int Most = 256;

    internal unsafe delegate int Call(uint request, void* argument);

    /// <summary>The active routes; null where the node cannot be opened or the sub-device has no streams.</summary>
    /// <param name="path">/dev/v4l-subdevN.</param>
    public static unsafe IReadOnlyList<SubdeviceRoute>? TryRead(string path)
    {
        using KernelNode? node = KernelNode.TryOpen(path, out _);
        return node is null ? null : Read((request, argument) => KernelNode.Ioctl(node.Fd, request, argument));
    }

    internal static unsafe IReadOnlyList<SubdeviceRoute>? Read(Call ioctl)
    {
        V4L2SubdevCapability capability = default;
        if (ioctl(V4L2Abi.SubdevQueryCap, &capability) < 0 || (capability.Capabilities & V4L2Abi.SubdevCapStreams) == 0)
            return null;
        var routes = new V4L2SubdevRoute[Most];
        uint count;
        fixed (V4L2SubdevRoute* r = routes)
        {
            V4L2SubdevRouting routing = new() { Which = V4L2Abi.SubdevFormatActive, Length = Most, Routes = (ulong)r };
            int status = ioctl(V4L2Abi.SubdevGetRouting, &routing);
            count = routing.Count;
            if (status == KernelNode.NotTty)
            {
                V4L2SubdevRoutingBefore before = new() { Which = V4L2Abi.SubdevFormatActive, Count = Most, Routes = (ulong)r };
                status = ioctl(V4L2Abi.SubdevGetRoutingBefore, &before);
                count = before.Count;
            }
            if (status < 0)
                return null;
        }
        // There may be more than were asked for.
        return Array.ConvertAll(routes[..(int)Math.Min(count, Most)], static r => new SubdeviceRoute(r.SinkPad, r.SinkStream, r.SourcePad, r.SourceStream, r.Flags));
    }
}
