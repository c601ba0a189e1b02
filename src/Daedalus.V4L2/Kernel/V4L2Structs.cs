// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Kernel;

/// <summary>struct v4l2_capability.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2Capability
{
    public fixed byte Driver[16];
    public fixed byte Card[32];
    public fixed byte BusInfo[32];
    public uint Version, Capabilities, DeviceCaps;
    public fixed uint Reserved[3];
}

/// <summary>struct v4l2_fmtdesc.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2FmtDesc
{
    public uint Index, Type, Flags;
    public fixed byte Description[32];
    public uint PixelFormat, MbusCode;
    public fixed uint Reserved[3];
}

/// <summary>struct v4l2_plane_pix_format.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2PlanePixFormat
{
    public uint SizeImage, BytesPerLine;
    public fixed ushort Reserved[6];
}

/// <summary>Inline array of the format's planes.</summary>
[System.Runtime.CompilerServices.InlineArray(V4L2Abi.MaxPlanes)]
internal struct V4L2PlanePixFormats { private V4L2PlanePixFormat _e; }

/// <summary>struct v4l2_format with struct v4l2_pix_format_mplane in its union.</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
internal struct V4L2Format
{
    [FieldOffset(0)] public uint Type;
    [FieldOffset(8)] public uint Width;
    [FieldOffset(12)] public uint Height;
    [FieldOffset(16)] public uint PixelFormat;
    [FieldOffset(20)] public uint Field;
    [FieldOffset(24)] public uint ColorSpace;
    [FieldOffset(28)] public V4L2PlanePixFormats PlaneFormats;
    [FieldOffset(188)] public byte PlaneCount;
}

/// <summary>struct v4l2_requestbuffers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct V4L2RequestBuffers
{
    public uint Count, Type, Memory, Capabilities, Flags;
}

/// <summary>struct v4l2_create_buffers.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct V4L2CreateBuffers
{
    [FieldOffset(0)] public uint Index;
    [FieldOffset(4)] public uint Count;
    [FieldOffset(8)] public uint Memory;
    [FieldOffset(16)] public V4L2Format Format;
    [FieldOffset(224)] public uint Capabilities;
    [FieldOffset(228)] public uint Flags;
    [FieldOffset(232)] public uint MaxNumBuffers;
}

/// <summary>struct v4l2_remove_buffers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2RemoveBuffers
{
    public uint Index, Count, Type;
    public fixed uint Reserved[13];
}

/// <summary>struct v4l2_plane; of its union the offset of a mapping or the descriptor.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct V4L2Plane
{
    [FieldOffset(0)] public uint BytesUsed;
    [FieldOffset(4)] public uint Length;
    [FieldOffset(8)] public uint MemOffset;
    [FieldOffset(8)] public int Fd;
    [FieldOffset(16)] public uint DataOffset;
}

/// <summary>struct v4l2_buffer of the multi-planar API.</summary>
[StructLayout(LayoutKind.Explicit, Size = 88)]
internal unsafe struct V4L2Buffer
{
    [FieldOffset(0)] public uint Index;
    [FieldOffset(4)] public uint Type;
    [FieldOffset(8)] public uint BytesUsed;
    [FieldOffset(12)] public uint Flags;
    [FieldOffset(16)] public uint Field;
    [FieldOffset(24)] public long TimestampSeconds;
    [FieldOffset(32)] public long TimestampMicroseconds;
    [FieldOffset(56)] public uint Sequence;
    [FieldOffset(60)] public uint Memory;
    [FieldOffset(64)] public V4L2Plane* Planes;
    [FieldOffset(72)] public uint Length;
    [FieldOffset(80)] public int RequestFd;
}

/// <summary>struct v4l2_exportbuffer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2ExportBuffer
{
    public uint Type, Index, Plane, Flags;
    public int Fd;
    public fixed uint Reserved[11];
}

/// <summary>struct v4l2_ext_control, which is packed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct V4L2ExtControl
{
    public uint Id, Size, Reserved;
    /// <summary>Value or pointer.</summary>
    public long Value;
}

/// <summary>struct v4l2_ext_controls.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2ExtControls
{
    public uint Which, Count, ErrorIndex;
    public int RequestFd;
    public uint Reserved;
    public V4L2ExtControl* Controls;
}

/// <summary>struct v4l2_query_ext_ctrl.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2QueryExtCtrl
{
    public uint Id, Type;
    public fixed byte Name[32];
    public long Minimum, Maximum;
    public ulong Step;
    public long DefaultValue;
    public uint Flags, ElemSize, Elems, DimCount;
    public fixed uint Dims[4];
    public fixed uint Reserved[32];
}

/// <summary>struct v4l2_querymenu, which is packed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct V4L2QueryMenu
{
    public uint Id, Index;
    public fixed byte Name[32];
    public uint Reserved;
}

/// <summary>struct v4l2_decoder_cmd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2DecoderCmd
{
    public uint Cmd, Flags;
    public fixed ulong Data[8];
}

/// <summary>struct v4l2_frmsizeenum; the union as stepwise sizes, whose first two are the discrete one's width and height.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2FrameSizeEnum
{
    public uint Index, PixelFormat, Type, MinWidth, MaxWidth, StepWidth, MinHeight, MaxHeight, StepHeight;
    public fixed uint Reserved[2];
}

/// <summary>struct v4l2_subdev_capability.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2SubdevCapability
{
    public uint Version, Capabilities;
    public fixed uint Reserved[14];
}

/// <summary>struct v4l2_subdev_route.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2SubdevRoute
{
    public uint SinkPad, SinkStream, SourcePad, SourceStream, Flags;
    public fixed uint Reserved[5];
}

/// <summary>struct v4l2_subdev_routing since Linux 6.10.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2SubdevRouting
{
    public uint Which, Length;
    public ulong Routes;
    public uint Count;
    public fixed uint Reserved[11];
}

/// <summary>struct v4l2_subdev_routing of Linux 6.3 to 6.9.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct V4L2SubdevRoutingBefore
{
    public uint Which, Count;
    public ulong Routes;
    public fixed uint Reserved[6];
}

/// <summary>struct media_device_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MediaDeviceInfo
{
    public fixed byte Driver[16];
    public fixed byte Model[32];
    public fixed byte Serial[40];
    public fixed byte BusInfo[32];
    public uint MediaVersion, HwRevision, DriverVersion;
    public fixed uint Reserved[31];
}

/// <summary>struct media_v2_entity.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MediaV2Entity
{
    public uint Id;
    public fixed byte Name[64];
    public uint Function, Flags;
    public fixed uint Reserved[5];
}

/// <summary>struct media_v2_interface.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MediaV2Interface
{
    public uint Id, Type, Flags;
    public fixed uint Reserved[9];
    public uint Major, Minor;
    public fixed uint Raw[14];
}

/// <summary>struct media_v2_pad.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MediaV2Pad
{
    public uint Id, EntityId, Flags, Index;
    public fixed uint Reserved[4];
}

/// <summary>struct media_v2_link.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MediaV2Link
{
    public uint Id, SourceId, SinkId, Flags;
    public fixed uint Reserved[6];
}

/// <summary>struct media_v2_topology.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct MediaV2Topology
{
    public ulong Version;
    public uint EntityCount, Reserved1;
    public ulong Entities;
    public uint InterfaceCount, Reserved2;
    public ulong Interfaces;
    public uint PadCount, Reserved3;
    public ulong Pads;
    public uint LinkCount, Reserved4;
    public ulong Links;
}
