// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Kernel;

/// <summary>A format as a driver describes it.</summary>
/// <param name="FourCc">Its code.</param>
/// <param name="Description">The driver's or the kernel's words.</param>
/// <param name="MinWidth">Smallest width, or 0 when the driver does not say.</param>
/// <param name="MinHeight">Smallest height.</param>
/// <param name="MaxWidth">Largest width.</param>
/// <param name="MaxHeight">Largest height.</param>
public sealed record KernelFormatDescription(uint FourCc, string Description, uint MinWidth, uint MinHeight, uint MaxWidth, uint MaxHeight);

/// <summary>A control of a decoder.</summary>
/// <param name="Id">V4L2_CID_*.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Type">V4L2_CTRL_TYPE_*.</param>
/// <param name="Minimum">Least value.</param>
/// <param name="Maximum">Largest value.</param>
/// <param name="Default">Default value.</param>
/// <param name="ElementSize">Bytes of an element.</param>
/// <param name="Elements">Elements, at most for arrays whose length may change.</param>
/// <param name="Menu">Entries of a menu, those that the driver has, by number.</param>
public sealed record KernelControlDescription(uint Id, string Name, uint Type, long Minimum, long Maximum, long Default, uint ElementSize, uint Elements, IReadOnlyList<(long Value, string Name)> Menu);

/// <summary>All that a decoder's node says of itself.</summary>
/// <param name="Coded">Formats of the OUTPUT queue.</param>
/// <param name="Pictures">Formats of the CAPTURE queue, of all streams where the driver tells them.</param>
/// <param name="Controls">Controls.</param>
public sealed record KernelInspection(IReadOnlyList<KernelFormatDescription> Coded, IReadOnlyList<KernelFormatDescription> Pictures, IReadOnlyList<KernelControlDescription> Controls)
{
    private const uint EnumAll = 0x80000000, TypeMenu = 3, TypeIntegerMenu = 9;

    /// <summary>Asks a node.</summary>
    /// <param name="path">/dev/videoN.</param>
    /// <exception cref="Devices.DeviceException">It cannot be opened.</exception>
    public static KernelInspection Of(string path)
    {
        using KernelNode node = KernelNode.Open(path);
        IReadOnlyList<KernelFormatDescription> pictures = Formats(node, V4L2Abi.TypeCapture, EnumAll);
        return new KernelInspection(Formats(node, V4L2Abi.TypeOutput, 0), pictures.Count > 0 ? pictures : Formats(node, V4L2Abi.TypeCapture, 0), AllControls(node));
    }

    private static unsafe List<KernelFormatDescription> Formats(KernelNode node, uint type, uint flag)
    {
        var found = new List<KernelFormatDescription>();
        for (uint i = 0; i < 256; i++)
        {
            V4L2FmtDesc f = new() { Index = i | flag, Type = type };
            if (node.Ioctl(V4L2Abi.EnumFmt, ref f) < 0)
                break;
            V4L2FrameSizeEnum s = new() { PixelFormat = f.PixelFormat };
            bool sized = node.Ioctl(V4L2Abi.EnumFrameSizes, ref s) >= 0;
            // The first of several discrete sizes stands for them.
            bool steps = sized && s.Type is V4L2Abi.FrameSizeStepwise or V4L2Abi.FrameSizeContinuous;
            string description = MediaTopology.Text(f.Description, 32);
            found.Add(!sized ? new(f.PixelFormat, description, 0, 0, 0, 0)
                : steps ? new(f.PixelFormat, description, s.MinWidth, s.MinHeight, s.MaxWidth, s.MaxHeight)
                : new(f.PixelFormat, description, s.MinWidth, s.MaxWidth, s.MinWidth, s.MaxWidth));
        }
        return found;
    }

    private static unsafe List<KernelControlDescription> AllControls(KernelNode node)
    {
        var found = new List<KernelControlDescription>();
        const uint Next = V4L2Abi.CtrlFlagNextCtrl | V4L2Abi.CtrlFlagNextCompound;
        uint id = 0;
        while (found.Count < 1024)
        {
            V4L2QueryExtCtrl q = new() { Id = id | Next };
            if (node.Ioctl(V4L2Abi.QueryExtCtrl, ref q) < 0 || q.Id <= id)
                break;
            id = q.Id;
            var menu = new List<(long, string)>();
            if (q.Type is TypeMenu or TypeIntegerMenu)
            {
                for (long v = q.Minimum; v <= q.Maximum && v < 256; v++)
                {
                    V4L2QueryMenu m = new() { Id = id, Index = (uint)v };
                    if (node.Ioctl(V4L2Abi.QueryMenu, ref m) >= 0)
                        menu.Add((v, q.Type == TypeMenu ? MediaTopology.Text(m.Name, 32) : (*(long*)m.Name).ToString(System.Globalization.CultureInfo.InvariantCulture)));
                }
            }
            found.Add(new KernelControlDescription(id, MediaTopology.Text(q.Name, 32), q.Type, q.Minimum, q.Maximum, q.DefaultValue, q.ElemSize, q.Elems, menu));
        }
        return found;
    }
}
