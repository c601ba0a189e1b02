// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;

namespace Daedalus.Daemon;

/// <summary>What a stream asks of the module. Calls are safe from several threads; results are 0 or more, or a negative errno.</summary>
internal interface IServiceNode
{
    /// <summary>
    /// Hands back the job that <paramref name="e"/> names, then waits for work: of a stream, or of streams that are new (context 0). -EAGAIN when there is none in time.
    /// </summary>
    int Next(ref ServiceEvent e);

    /// <summary>A descriptor of a dmabuf of a CAPTURE buffer.</summary>
    int Export(uint buffer);

    /// <summary>Gives a frame back.</summary>
    int Done(ServiceDone done);
}

/// <summary>The module's node /dev/daedalus-v4l2; see kernel/daedalus-v4l2.h. Calls are safe from several threads.</summary>
internal sealed unsafe class ServiceNode : IServiceNode, IDisposable
{
    public const string DefaultPath = "/dev/daedalus-v4l2";

    private readonly int _fd;

    public ServiceNode(string path)
    {
        _fd = Native.Open(path);
        if (_fd < 0)
        {
            throw new DeviceException(_fd == Native.NoEntry
                ? $"{path} does not exist: is the module daedalus_v4l2 loaded?"
                : $"{path} cannot be opened: {Native.Message(_fd)}.", _fd);
        }
    }

    /// <summary>Makes the video and media nodes.</summary>
    public void Register(ref ServiceRegister register)
    {
        register.Abi = ServiceAbi.Version;
        int status = Native.Ioctl(_fd, ServiceAbi.Register, ref register);
        if (status < 0)
        {
            throw new DeviceException(status switch
            {
                Native.Busy => "Another daemon serves the devices already.",
                -71 => $"The module speaks another version of the interface than this daemon ({ServiceAbi.Version}): install both of one release.",
                _ => $"The module refuses the registration: {Native.Message(status)}.",
            }, status);
        }
    }

    public int Next(ref ServiceEvent e) => Native.Ioctl(_fd, ServiceAbi.Next, ref e);

    public int Export(uint buffer)
    {
        ServiceExport export = new() { Buffer = buffer };
        int status = Native.Ioctl(_fd, ServiceAbi.Export, ref export);
        return status < 0 ? status : export.Fd;
    }

    public int Done(ServiceDone done) => Native.Ioctl(_fd, ServiceAbi.Done, ref done);

    /// <summary>No thread gets work from here on; those that wait for some get -ESHUTDOWN.</summary>
    public void Stop() => _ = Native.Ioctl(_fd, ServiceAbi.Stop);

    /// <summary>Unregisters: the nodes vanish, what is in flight fails.</summary>
    public void Dispose() => _ = Native.Close(_fd);
}
