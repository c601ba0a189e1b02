// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>An OUTPUT buffer with its request, reused for one frame or field after the other.</summary>
internal sealed unsafe class KernelRequest(int index, nint map, uint length)
{
    /// <summary>Index of the OUTPUT buffer.</summary>
    public readonly int Index = index;
    /// <summary>Bytes of it.</summary>
    public readonly uint Length = length;
    /// <summary>Where it is mapped.</summary>
    public readonly nint Map = map;
    /// <summary>The request, or -1.</summary>
    public int Fd = -1;

    // Of the frame it holds now; under the session's lock.
    public bool Busy, InFlight;
    /// <summary>Replaced by a larger one.</summary>
    public bool Retired;
    public ulong Cookie;
    /// <summary>Its completion gives this back; null for the first field of a picture.</summary>
    public KernelCaptureBuffer? Capture;
    public bool OutputDone, CaptureDone, Failed, Corrupted;

    public bool IsComplete => OutputDone && (Capture is null || CaptureDone);

    /// <summary>For the frame that comes next: a request without anything in it. 0 or a negative errno.</summary>
    public int Renew(int mediaFd)
    {
        if (Fd >= 0)
        {
            // Completed by the last buffer that went back, or about to be.
            int status = KernelNode.Ioctl(Fd, MediaAbi.RequestReinit, null);
            if (status == KernelNode.Busy && KernelNode.WaitRequest(Fd, 1000))
                status = KernelNode.Ioctl(Fd, MediaAbi.RequestReinit, null);
            if (status >= 0)
                return 0;
            Close();
        }
        int fd;
        int result = KernelNode.Ioctl(mediaFd, MediaAbi.RequestAlloc, &fd);
        if (result < 0)
            return result;
        Fd = fd;
        return 0;
    }

    public void Close()
    {
        if (Fd >= 0)
            _ = Libc.Close(Fd);
        Fd = -1;
    }
}
