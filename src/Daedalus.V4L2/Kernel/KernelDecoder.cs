// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Kernel;

/// <summary>A stateless decoder of the kernel: a memory-to-memory video node with a media node that gives requests.</summary>
/// <param name="VideoPath">/dev/videoN.</param>
/// <param name="MediaPath">/dev/mediaN.</param>
/// <param name="Driver">Driver name.</param>
/// <param name="Card">Card name.</param>
/// <param name="BusInfo">Where it sits.</param>
/// <param name="CodedFormats">Which of VP9_FRAME, H264_SLICE and AV1_FRAME it takes.</param>
public sealed record KernelDecoder(string VideoPath, string MediaPath, string Driver, string Card, string BusInfo, IReadOnlyList<uint> CodedFormats)
{
    /// <summary>A driver that exists to test clients: it decodes into nothing, and is used only by name.</summary>
    public bool IsTestDriver => Driver is "visl" or "vicodec" or "vim2m";

    /// <summary>The module of this project, behind which the daemon decodes.</summary>
    public bool IsOurs => Driver == "daedalus";

    /// <summary>Whether a name means this decoder: a node's path, the driver, the card or the bus info.</summary>
    public bool Matches(string name) => name == VideoPath || name == MediaPath || string.Equals(name, Driver, StringComparison.OrdinalIgnoreCase)
        || string.Equals(name, Card, StringComparison.OrdinalIgnoreCase) || name == BusInfo;

    /// <summary>All there are and may be opened: hardware first, then ours, then test drivers.</summary>
    public static IReadOnlyList<KernelDecoder> Enumerate()
    {
        var found = new List<KernelDecoder>();
        foreach (MediaTopology topology in MediaTopology.Enumerate())
            found.AddRange(Of(topology));
        // The plugin has no LINQ: it would be a tenth of its code.
        return [.. found.FindAll(static d => !d.IsTestDriver && !d.IsOurs), .. found.FindAll(static d => d.IsOurs), .. found.FindAll(static d => d.IsTestDriver)];
    }

    /// <summary>The decoders of one media device.</summary>
    public static IEnumerable<KernelDecoder> Of(MediaTopology topology)
    {
        foreach (MediaInterface i in topology.Interfaces)
        {
            if (i is { Type: MediaAbi.InterfaceVideo, Node: { } path } && Probe(path, topology.Path) is { } decoder)
                yield return decoder;
        }
    }

    private static unsafe KernelDecoder? Probe(string path, string mediaPath)
    {
        using KernelNode? node = KernelNode.TryOpen(path, out _);
        if (node is null)
            return null;
        V4L2Capability c = default;
        if (node.Ioctl(V4L2Abi.QueryCap, ref c) < 0 || (c.DeviceCaps & V4L2Abi.CapVideoM2MMplane) == 0 || (c.DeviceCaps & V4L2Abi.CapStreaming) == 0)
            return null;
        var formats = new List<uint>(3);
        for (uint index = 0; index < 64; index++)
        {
            V4L2FmtDesc f = new() { Index = index, Type = V4L2Abi.TypeOutput };
            if (node.Ioctl(V4L2Abi.EnumFmt, ref f) < 0)
                break;
            if (f.PixelFormat is PixelFormat.Vp9Frame or PixelFormat.H264Slice or PixelFormat.Av1Frame)
                formats.Add(f.PixelFormat);
        }
        return formats.Count == 0 ? null
            : new KernelDecoder(path, mediaPath, MediaTopology.Text(c.Driver, 16), MediaTopology.Text(c.Card, 32), MediaTopology.Text(c.BusInfo, 32), formats);
    }
}
