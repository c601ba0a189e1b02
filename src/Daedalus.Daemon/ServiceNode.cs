// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Service;

namespace Daedalus.Daemon;

/// <summary>What a stream asks of the module. Calls are safe from several threads; results are 0 or more, or a negative errno.</summary>
internal interface IServiceNode
{
    /// <summary>A descriptor of a dmabuf of a CAPTURE buffer.</summary>
    int Export(uint buffer);

    /// <summary>Gives a frame back.</summary>
    int Done(ulong job, int status, bool corrupted);
}

/// <summary>The module's node /dev/daedalus-v4l2; see kernel/daedalus-v4l2.h. Calls are safe from several threads.</summary>
internal sealed unsafe class ServiceNode : IServiceNode, IDisposable
{
    public const string DefaultPath = "/dev/daedalus-v4l2";

    private readonly int _fd, _wake;

    public ServiceNode(string path)
    {
        _fd = Native.Open(path);
        if (_fd < 0)
        {
            throw new DeviceException(_fd == Native.NoEntry
                ? $"{path} does not exist: is the module daedalus_v4l2 loaded?"
                : $"{path} cannot be opened: {Native.Message(_fd)}.", _fd);
        }
        _wake = Native.EventFd();
        if (_wake < 0)
            throw new DeviceException($"eventfd failed: {Native.Message(_wake)}.", _wake);
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

    public int Done(ulong job, int status, bool corrupted)
    {
        ServiceDone done = new() { Job = job, Status = status, Flags = corrupted ? ServiceAbi.DoneCorrupted : 0 };
        return Native.Ioctl(_fd, ServiceAbi.Done, ref done);
    }

    /// <summary>Waits for work; false when only the time is over or <see cref="Wake"/> was called.</summary>
    public bool Wait(int milliseconds)
    {
        Native.PollFd* fds = stackalloc Native.PollFd[2];
        fds[0] = new Native.PollFd { Fd = _fd, Events = Native.PollIn };
        fds[1] = new Native.PollFd { Fd = _wake, Events = Native.PollIn };
        return Native.Poll(fds, 2, milliseconds) > 0 && (fds[0].Returned & Native.PollIn) != 0;
    }

    /// <summary>Ends the current and every later <see cref="Wait"/>.</summary>
    public void Wake() => Native.Signal(_wake);

    /// <summary>Unregisters: the nodes vanish, what is in flight fails.</summary>
    public void Dispose()
    {
        _ = Native.Close(_fd);
        _ = Native.Close(_wake);
    }
}
