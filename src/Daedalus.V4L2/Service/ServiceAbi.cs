// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Service;

/// <summary>Numbers of kernel/daedalus-v4l2.h: what the daemon and the kernel module say to each other.</summary>
internal static class ServiceAbi
{
    public const uint Version = 2;

    public const uint CodecVp9 = 1, CodecH264 = 2, CodecAv1 = 4;
    public const uint Chroma420 = 1, Chroma422 = 2, Chroma440 = 4, Chroma444 = 8;
    public const uint DoneCorrupted = 1;

    public const uint Register = 0xc0304440;
    public const uint Next = 0xc0804441;
    public const uint Export = 0xc0084442;
    public const uint Done = 0x40104443;
    public const uint Stop = 0x4444;
}

/// <summary>daedalus_v4l2_event.type.</summary>
internal enum ServiceEventType : uint
{
    None = 0,
    Frame = 1,
    Flush = 2,
    BufferGone = 3,
    ContextGone = 4,
    ContextNew = 5,
}

/// <summary>struct daedalus_v4l2_register.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ServiceRegister
{
    public uint Abi, Codecs, Depths, Chroma, MaxWidth, MaxHeight, MaxInFlight, VideoMinor, MediaMinor;
    public fixed uint Reserved[3];
}

/// <summary>struct daedalus_v4l2_control.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ServiceControl
{
    public uint Id, Size;
}

/// <summary>struct daedalus_v4l2_event.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ServiceEvent
{
    public ulong Data;
    public uint DataSize, WaitMs;
    public ulong DoneJob;
    public int DoneStatus;
    public uint DoneFlags;
    public ServiceEventType Type;
    public uint Context, Buffer, CodedFormat;
    public ulong Job, Timestamp;
    public uint Pixelformat, Width, Height, Planes;
    public fixed uint Offset[3];
    public fixed uint Stride[3];
    public uint BufferSize, Controls, BitstreamOffset, BitstreamSize;
    public fixed uint Reserved[2];
}

/// <summary>struct daedalus_v4l2_export.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ServiceExport
{
    public uint Buffer;
    public int Fd;
}

/// <summary>struct daedalus_v4l2_done.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ServiceDone
{
    public ulong Job;
    public int Status;
    public uint Flags;
}
