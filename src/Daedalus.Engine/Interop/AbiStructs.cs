// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Interop;

/// <summary>struct daedalus_layout of native/include/daedalus.h: what the engine demands of a CAPTURE buffer.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct AbiLayout
{
    /// <summary>Fourcc.</summary>
    public uint PixelFormat;
    /// <summary>Frame width in luma samples.</summary>
    public uint Width;
    /// <summary>Frame height in luma samples.</summary>
    public uint Height;
    /// <summary>2 for NV12 and P010, 3 for planar.</summary>
    public uint PlaneCount;
    /// <summary>Bytes from the start of the buffer, by plane.</summary>
    public fixed uint Offset[3];
    /// <summary>Bytes between rows, by plane.</summary>
    public fixed uint Stride[3];
    /// <summary>Bytes of the whole buffer, padding included.</summary>
    public uint Size;
    /// <summary>Zero.</summary>
    public uint Reserved;
}

/// <summary>struct daedalus_control.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct AbiControl
{
    /// <summary>V4L2 control id.</summary>
    public uint Id;
    /// <summary>Bytes of payload.</summary>
    public uint Size;
    /// <summary>Payload.</summary>
    public void* Payload;
}

/// <summary>struct daedalus_request.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct AbiRequest
{
    /// <summary>Names this picture for later references (ns).</summary>
    public ulong Timestamp;
    /// <summary>Returned by the done callback.</summary>
    public ulong Cookie;
    /// <summary>One coded frame, readable until done.</summary>
    public byte* Bitstream;
    /// <summary>Its bytes.</summary>
    public uint BitstreamSize;
    /// <summary>Number of controls.</summary>
    public uint ControlCount;
    /// <summary>Controls, copied by submit.</summary>
    public AbiControl* Controls;
    /// <summary>Slot of the CAPTURE buffer, 0..127.</summary>
    public uint CaptureIndex;
    /// <summary>Zero.</summary>
    public uint Reserved;
    /// <summary>Start of the CAPTURE buffer, 64-byte aligned.</summary>
    public byte* Capture;
    /// <summary>Its layout.</summary>
    public AbiLayout Layout;
}

/// <summary>struct daedalus_config.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct AbiConfig
{
    /// <summary>Bytes of this struct.</summary>
    public uint Size;
    /// <summary>Coded format fourcc.</summary>
    public uint CodedFormat;
    /// <summary>0 = one for each CPU or all of the pool, 1 = decode inside submit.</summary>
    public uint ThreadCount;
    /// <summary>0 = the engine's choice.</summary>
    public uint MaxInFlight;
    /// <summary>Called once for every accepted request: (user, cookie, status, flags).</summary>
    public delegate* unmanaged<void*, ulong, int, uint, void> Done;
    /// <summary>First argument of <see cref="Done"/>.</summary>
    public void* User;
    /// <summary>Handle of a pool of threads, or null.</summary>
    public void* Pool;

    /// <summary>Bytes of the struct without <see cref="Pool"/>, which callers may leave out.</summary>
    public const uint SizeWithoutPool = 32;
}

/// <summary>struct daedalus_stats.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AbiStats
{
    /// <summary>Completed requests.</summary>
    public ulong Frames;
    /// <summary>Requests that failed or were flagged corrupted.</summary>
    public ulong Errors;
    /// <summary>Bitstream bytes of completed requests.</summary>
    public ulong Bytes;
    /// <summary>Managed bytes allocated by the runtime since its start.</summary>
    public ulong ManagedBytesAllocated;
}

/// <summary>Status values: negative Linux errno.</summary>
public static class Errno
{
    /// <summary>EIO.</summary>
    public const int Io = -5;
    /// <summary>ENOMEM.</summary>
    public const int NoMemory = -12;
    /// <summary>EBUSY.</summary>
    public const int Busy = -16;
    /// <summary>EINVAL.</summary>
    public const int Invalid = -22;
    /// <summary>ECANCELED.</summary>
    public const int Canceled = -125;
}
