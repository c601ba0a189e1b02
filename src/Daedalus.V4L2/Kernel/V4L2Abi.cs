// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Kernel;

/// <summary>Numbers of linux/videodev2.h; native/v4l2_check.c has the compiler compare them with the header.</summary>
internal static class V4L2Abi
{
    public const uint QueryCap = 0x80685600, EnumFmt = 0xc0405602, GetFmt = 0xc0d05604, SetFmt = 0xc0d05605, TryFmt = 0xc0d05640;
    public const uint ReqBufs = 0xc0145608, QueryBuf = 0xc0585609, QBuf = 0xc058560f, ExpBuf = 0xc0405610, DqBuf = 0xc0585611;
    public const uint StreamOn = 0x40045612, StreamOff = 0x40045613, CreateBufs = 0xc100565c, RemoveBufs = 0xc0405668;
    public const uint GetExtCtrls = 0xc0205647, SetExtCtrls = 0xc0205648, QueryExtCtrl = 0xc0e85667, QueryMenu = 0xc02c5625;
    public const uint DecoderCmd = 0xc0485660, EnumFrameSizes = 0xc02c564a;

    /// <summary>Of linux/dma-buf.h: the argument is a struct dma_buf_sync, one __u64 of flags.</summary>
    public const uint DmaBufSync = 0x40086200;
    public const ulong DmaBufSyncRead = 1, DmaBufSyncWrite = 2, DmaBufSyncStart = 0, DmaBufSyncEnd = 4;

    public const uint TypeCapture = 9, TypeOutput = 10;
    public const uint MemoryMmap = 1;

    public const uint CapVideoM2MMplane = 0x00004000, CapVideoM2M = 0x00008000, CapStreaming = 0x04000000;

    public const uint BufFlagError = 0x40, BufFlagHoldCapture = 0x200, BufFlagRequestFd = 0x800000;

    public const uint BufCapRequests = 0x08, BufCapHoldCapture = 0x20, BufCapMaxNumBuffers = 0x80, BufCapRemoveBufs = 0x100;

    public const uint CtrlWhichRequest = 0x0f010000;
    public const uint CtrlFlagNextCtrl = 0x80000000, CtrlFlagNextCompound = 0x40000000, CtrlFlagDynamicArray = 0x0800;
    public const uint CtrlTypeU8 = 0x0100;

    public const uint DecoderCmdFlush = 4;
    public const uint FrameSizeStepwise = 3, FrameSizeContinuous = 2, FrameSizeDiscrete = 1;

    public const uint H264DecodeMode = 0x00a40900, H264StartCode = 0x00a40901;
    public const int H264FrameBased = 1, H264SliceBased = 0, H264StartCodeNone = 0, H264StartCodeAnnexB = 1;

    public const int MaxPlanes = 8;

    /// <summary>Of linux/v4l2-subdev.h. The structure of the routing, and with it the number of the call, is another one since Linux 6.10.</summary>
    public const uint SubdevQueryCap = 0x80405600, SubdevGetRouting = 0xc0405626, SubdevGetRoutingBefore = 0xc0285626;
    public const uint SubdevCapStreams = 2, SubdevFormatActive = 1;
}

/// <summary>Numbers of linux/media.h.</summary>
internal static class MediaAbi
{
    public const uint DeviceInfo = 0xc1007c00, GetTopology = 0xc0487c04, RequestAlloc = 0x80047c05;
    public const uint RequestQueue = 0x7c80, RequestReinit = 0x7c81;

    public const uint InterfaceVideo = 0x200, InterfaceSubdevice = 0x203, FunctionDecoder = 0x4008, FunctionIo = 0x10001;
    public const uint LinkEnabled = 1, LinkImmutable = 2, LinkTypeMask = 0xf0000000, LinkInterface = 0x10000000;
    public const uint PadSink = 1, PadSource = 2;
}
