/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel device takes from videodev2.h and media.h, as numbers: the compiler checks them against the headers
 * (gcc -fsyntax-only native/v4l2_check.c, on every architecture), a unit test reads the same lines and checks C#.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <linux/media.h>
#include <linux/dma-buf.h>
#include <linux/v4l2-subdev.h>
#include <linux/videodev2.h>

#define CHECK_SIZE(type, name, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define CHECK_FIELD(type, field, name, offset) _Static_assert(offsetof(type, field) == (offset), "offset of " #field)
#define CHECK_NUMBER(constant, name, value) _Static_assert((unsigned int)(constant) == (value), #constant)

CHECK_SIZE(struct v4l2_capability, V4L2Capability, 104);
CHECK_SIZE(struct v4l2_fmtdesc, V4L2FmtDesc, 64);
CHECK_SIZE(struct v4l2_plane_pix_format, V4L2PlanePixFormat, 20);
CHECK_SIZE(struct v4l2_format, V4L2Format, 208);
CHECK_SIZE(struct v4l2_requestbuffers, V4L2RequestBuffers, 20);
CHECK_SIZE(struct v4l2_create_buffers, V4L2CreateBuffers, 256);
CHECK_SIZE(struct v4l2_plane, V4L2Plane, 64);
CHECK_SIZE(struct v4l2_buffer, V4L2Buffer, 88);
CHECK_SIZE(struct v4l2_exportbuffer, V4L2ExportBuffer, 64);
CHECK_SIZE(struct v4l2_ext_control, V4L2ExtControl, 20);
CHECK_SIZE(struct v4l2_ext_controls, V4L2ExtControls, 32);
CHECK_SIZE(struct v4l2_query_ext_ctrl, V4L2QueryExtCtrl, 232);
CHECK_SIZE(struct v4l2_querymenu, V4L2QueryMenu, 44);
CHECK_SIZE(struct v4l2_decoder_cmd, V4L2DecoderCmd, 72);
CHECK_SIZE(struct v4l2_frmsizeenum, V4L2FrameSizeEnum, 44);
CHECK_SIZE(struct v4l2_subdev_capability, V4L2SubdevCapability, 64);
CHECK_SIZE(struct media_device_info, MediaDeviceInfo, 256);
CHECK_SIZE(struct media_v2_entity, MediaV2Entity, 96);
CHECK_SIZE(struct media_v2_interface, MediaV2Interface, 112);
CHECK_SIZE(struct media_v2_pad, MediaV2Pad, 32);
CHECK_SIZE(struct media_v2_link, MediaV2Link, 40);
CHECK_SIZE(struct media_v2_topology, MediaV2Topology, 72);

CHECK_FIELD(struct v4l2_format, fmt.pix_mp.width, V4L2Format.Width, 8);
CHECK_FIELD(struct v4l2_format, fmt.pix_mp.pixelformat, V4L2Format.PixelFormat, 16);
CHECK_FIELD(struct v4l2_format, fmt.pix_mp.colorspace, V4L2Format.ColorSpace, 24);
CHECK_FIELD(struct v4l2_format, fmt.pix_mp.plane_fmt, V4L2Format.PlaneFormats, 28);
CHECK_FIELD(struct v4l2_format, fmt.pix_mp.num_planes, V4L2Format.PlaneCount, 188);
CHECK_FIELD(struct v4l2_create_buffers, format, V4L2CreateBuffers.Format, 16);
CHECK_FIELD(struct v4l2_create_buffers, capabilities, V4L2CreateBuffers.Capabilities, 224);
CHECK_FIELD(struct v4l2_create_buffers, flags, V4L2CreateBuffers.Flags, 228);
CHECK_FIELD(struct v4l2_plane, m.mem_offset, V4L2Plane.MemOffset, 8);
CHECK_FIELD(struct v4l2_plane, m.fd, V4L2Plane.Fd, 8);
CHECK_FIELD(struct v4l2_plane, data_offset, V4L2Plane.DataOffset, 16);
CHECK_FIELD(struct v4l2_buffer, flags, V4L2Buffer.Flags, 12);
CHECK_FIELD(struct v4l2_buffer, timestamp.tv_sec, V4L2Buffer.TimestampSeconds, 24);
CHECK_FIELD(struct v4l2_buffer, timestamp.tv_usec, V4L2Buffer.TimestampMicroseconds, 32);
CHECK_FIELD(struct v4l2_buffer, sequence, V4L2Buffer.Sequence, 56);
CHECK_FIELD(struct v4l2_buffer, memory, V4L2Buffer.Memory, 60);
CHECK_FIELD(struct v4l2_buffer, m.planes, V4L2Buffer.Planes, 64);
CHECK_FIELD(struct v4l2_buffer, length, V4L2Buffer.Length, 72);
CHECK_FIELD(struct v4l2_buffer, request_fd, V4L2Buffer.RequestFd, 80);
CHECK_FIELD(struct v4l2_exportbuffer, fd, V4L2ExportBuffer.Fd, 16);
CHECK_FIELD(struct v4l2_ext_control, ptr, V4L2ExtControl.Value, 12);
CHECK_FIELD(struct v4l2_ext_controls, request_fd, V4L2ExtControls.RequestFd, 12);
CHECK_FIELD(struct v4l2_ext_controls, controls, V4L2ExtControls.Controls, 24);
CHECK_FIELD(struct v4l2_query_ext_ctrl, minimum, V4L2QueryExtCtrl.Minimum, 40);
CHECK_FIELD(struct v4l2_query_ext_ctrl, flags, V4L2QueryExtCtrl.Flags, 72);
CHECK_FIELD(struct v4l2_query_ext_ctrl, elem_size, V4L2QueryExtCtrl.ElemSize, 76);
CHECK_FIELD(struct v4l2_query_ext_ctrl, elems, V4L2QueryExtCtrl.Elems, 80);
CHECK_FIELD(struct v4l2_frmsizeenum, stepwise.max_width, V4L2FrameSizeEnum.MaxWidth, 16);
CHECK_FIELD(struct media_v2_entity, function, MediaV2Entity.Function, 68);
CHECK_FIELD(struct media_v2_interface, devnode.major, MediaV2Interface.Major, 48);
CHECK_FIELD(struct media_v2_topology, ptr_entities, MediaV2Topology.Entities, 16);
CHECK_FIELD(struct media_v2_topology, ptr_links, MediaV2Topology.Links, 64);

CHECK_NUMBER(DMA_BUF_IOCTL_SYNC, V4L2Abi.DmaBufSync, 0x40086200);
CHECK_NUMBER(DMA_BUF_SYNC_READ, V4L2Abi.DmaBufSyncRead, 1);
CHECK_NUMBER(DMA_BUF_SYNC_WRITE, V4L2Abi.DmaBufSyncWrite, 2);
CHECK_NUMBER(DMA_BUF_SYNC_START, V4L2Abi.DmaBufSyncStart, 0);
CHECK_NUMBER(DMA_BUF_SYNC_END, V4L2Abi.DmaBufSyncEnd, 4);
CHECK_NUMBER(VIDIOC_QUERYCAP, V4L2Abi.QueryCap, 0x80685600);
CHECK_NUMBER(VIDIOC_ENUM_FMT, V4L2Abi.EnumFmt, 0xc0405602);
CHECK_NUMBER(VIDIOC_G_FMT, V4L2Abi.GetFmt, 0xc0d05604);
CHECK_NUMBER(VIDIOC_S_FMT, V4L2Abi.SetFmt, 0xc0d05605);
CHECK_NUMBER(VIDIOC_TRY_FMT, V4L2Abi.TryFmt, 0xc0d05640);
CHECK_NUMBER(VIDIOC_REQBUFS, V4L2Abi.ReqBufs, 0xc0145608);
CHECK_NUMBER(VIDIOC_QUERYBUF, V4L2Abi.QueryBuf, 0xc0585609);
CHECK_NUMBER(VIDIOC_QBUF, V4L2Abi.QBuf, 0xc058560f);
CHECK_NUMBER(VIDIOC_EXPBUF, V4L2Abi.ExpBuf, 0xc0405610);
CHECK_NUMBER(VIDIOC_DQBUF, V4L2Abi.DqBuf, 0xc0585611);
CHECK_NUMBER(VIDIOC_STREAMON, V4L2Abi.StreamOn, 0x40045612);
CHECK_NUMBER(VIDIOC_STREAMOFF, V4L2Abi.StreamOff, 0x40045613);
CHECK_NUMBER(VIDIOC_CREATE_BUFS, V4L2Abi.CreateBufs, 0xc100565c);
CHECK_NUMBER(VIDIOC_G_EXT_CTRLS, V4L2Abi.GetExtCtrls, 0xc0205647);
CHECK_NUMBER(VIDIOC_S_EXT_CTRLS, V4L2Abi.SetExtCtrls, 0xc0205648);
CHECK_NUMBER(VIDIOC_QUERY_EXT_CTRL, V4L2Abi.QueryExtCtrl, 0xc0e85667);
CHECK_NUMBER(VIDIOC_QUERYMENU, V4L2Abi.QueryMenu, 0xc02c5625);
CHECK_NUMBER(VIDIOC_DECODER_CMD, V4L2Abi.DecoderCmd, 0xc0485660);
CHECK_NUMBER(VIDIOC_ENUM_FRAMESIZES, V4L2Abi.EnumFrameSizes, 0xc02c564a);
CHECK_NUMBER(V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE, V4L2Abi.TypeCapture, 9);
CHECK_NUMBER(V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE, V4L2Abi.TypeOutput, 10);
CHECK_NUMBER(V4L2_MEMORY_MMAP, V4L2Abi.MemoryMmap, 1);
CHECK_NUMBER(V4L2_CAP_VIDEO_M2M_MPLANE, V4L2Abi.CapVideoM2MMplane, 0x00004000);
CHECK_NUMBER(V4L2_CAP_VIDEO_M2M, V4L2Abi.CapVideoM2M, 0x00008000);
CHECK_NUMBER(V4L2_CAP_STREAMING, V4L2Abi.CapStreaming, 0x04000000);
CHECK_NUMBER(V4L2_BUF_FLAG_ERROR, V4L2Abi.BufFlagError, 0x40);
CHECK_NUMBER(V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF, V4L2Abi.BufFlagHoldCapture, 0x200);
CHECK_NUMBER(V4L2_BUF_FLAG_REQUEST_FD, V4L2Abi.BufFlagRequestFd, 0x800000);
CHECK_NUMBER(V4L2_BUF_CAP_SUPPORTS_REQUESTS, V4L2Abi.BufCapRequests, 0x08);
CHECK_NUMBER(V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF, V4L2Abi.BufCapHoldCapture, 0x20);
CHECK_NUMBER(V4L2_CTRL_WHICH_REQUEST_VAL, V4L2Abi.CtrlWhichRequest, 0x0f010000);
CHECK_NUMBER(V4L2_CTRL_FLAG_NEXT_CTRL, V4L2Abi.CtrlFlagNextCtrl, 0x80000000);
CHECK_NUMBER(V4L2_CTRL_FLAG_NEXT_COMPOUND, V4L2Abi.CtrlFlagNextCompound, 0x40000000);
CHECK_NUMBER(V4L2_DEC_CMD_FLUSH, V4L2Abi.DecoderCmdFlush, 4);
CHECK_NUMBER(V4L2_FRMSIZE_TYPE_STEPWISE, V4L2Abi.FrameSizeStepwise, 3);
CHECK_NUMBER(V4L2_FRMSIZE_TYPE_CONTINUOUS, V4L2Abi.FrameSizeContinuous, 2);
CHECK_NUMBER(V4L2_FRMSIZE_TYPE_DISCRETE, V4L2Abi.FrameSizeDiscrete, 1);
CHECK_NUMBER(V4L2_CID_STATELESS_H264_DECODE_MODE, V4L2Abi.H264DecodeMode, 0x00a40900);
CHECK_NUMBER(V4L2_CID_STATELESS_H264_START_CODE, V4L2Abi.H264StartCode, 0x00a40901);
CHECK_NUMBER(V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED, V4L2Abi.H264FrameBased, 1);
CHECK_NUMBER(V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED, V4L2Abi.H264SliceBased, 0);
CHECK_NUMBER(V4L2_STATELESS_H264_START_CODE_NONE, V4L2Abi.H264StartCodeNone, 0);
CHECK_NUMBER(V4L2_STATELESS_H264_START_CODE_ANNEX_B, V4L2Abi.H264StartCodeAnnexB, 1);
CHECK_NUMBER(VIDEO_MAX_PLANES, V4L2Abi.MaxPlanes, 8);
CHECK_NUMBER(VIDIOC_SUBDEV_QUERYCAP, V4L2Abi.SubdevQueryCap, 0x80405600);
CHECK_NUMBER(V4L2_SUBDEV_FORMAT_ACTIVE, V4L2Abi.SubdevFormatActive, 1);
CHECK_NUMBER(MEDIA_IOC_DEVICE_INFO, MediaAbi.DeviceInfo, 0xc1007c00);
CHECK_NUMBER(MEDIA_IOC_G_TOPOLOGY, MediaAbi.GetTopology, 0xc0487c04);
CHECK_NUMBER(MEDIA_IOC_REQUEST_ALLOC, MediaAbi.RequestAlloc, 0x80047c05);
CHECK_NUMBER(MEDIA_REQUEST_IOC_QUEUE, MediaAbi.RequestQueue, 0x7c80);
CHECK_NUMBER(MEDIA_REQUEST_IOC_REINIT, MediaAbi.RequestReinit, 0x7c81);
CHECK_NUMBER(MEDIA_INTF_T_V4L_VIDEO, MediaAbi.InterfaceVideo, 0x200);
CHECK_NUMBER(MEDIA_INTF_T_V4L_SUBDEV, MediaAbi.InterfaceSubdevice, 0x203);
CHECK_NUMBER(MEDIA_ENT_F_PROC_VIDEO_DECODER, MediaAbi.FunctionDecoder, 0x4008);
CHECK_NUMBER(MEDIA_ENT_F_IO_V4L, MediaAbi.FunctionIo, 0x10001);
CHECK_NUMBER(MEDIA_LNK_FL_ENABLED, MediaAbi.LinkEnabled, 1);
CHECK_NUMBER(MEDIA_LNK_FL_IMMUTABLE, MediaAbi.LinkImmutable, 2);
CHECK_NUMBER(MEDIA_LNK_FL_LINK_TYPE, MediaAbi.LinkTypeMask, 0xf0000000);
CHECK_NUMBER(MEDIA_LNK_FL_INTERFACE_LINK, MediaAbi.LinkInterface, 0x10000000);
CHECK_NUMBER(MEDIA_PAD_FL_SINK, MediaAbi.PadSink, 1);
CHECK_NUMBER(MEDIA_PAD_FL_SOURCE, MediaAbi.PadSource, 2);

/* Younger than the headers of some distributions: Linux 6.10. */
struct daed_remove_buffers {
	__u32 index, count, type, reserved[13];
};
CHECK_SIZE(struct daed_remove_buffers, V4L2RemoveBuffers, 64);
CHECK_NUMBER(_IOWR('V', 104, struct daed_remove_buffers), V4L2Abi.RemoveBufs, 0xc0405668);
#ifdef VIDIOC_REMOVE_BUFS
_Static_assert(VIDIOC_REMOVE_BUFS == _IOWR('V', 104, struct daed_remove_buffers), "VIDIOC_REMOVE_BUFS");
CHECK_NUMBER(V4L2_BUF_CAP_SUPPORTS_REMOVE_BUFS, V4L2Abi.BufCapRemoveBufs, 0x100);
CHECK_NUMBER(V4L2_BUF_CAP_SUPPORTS_MAX_NUM_BUFFERS, V4L2Abi.BufCapMaxNumBuffers, 0x80);
CHECK_FIELD(struct v4l2_create_buffers, max_num_buffers, V4L2CreateBuffers.MaxNumBuffers, 232);
#endif

/* Linux 6.3, and with another structure since 6.10; both as they stand in the headers of their time. */
struct daed_subdev_route {
	__u32 sink_pad, sink_stream, source_pad, source_stream, flags, reserved[5];
};
struct daed_subdev_routing {
	__u32 which, len_routes;
	__u64 routes;
	__u32 num_routes, reserved[11];
};
struct daed_subdev_routing_before {
	__u32 which, num_routes;
	__u64 routes;
	__u32 reserved[6];
};
CHECK_SIZE(struct daed_subdev_route, V4L2SubdevRoute, 40);
CHECK_SIZE(struct daed_subdev_routing, V4L2SubdevRouting, 64);
CHECK_SIZE(struct daed_subdev_routing_before, V4L2SubdevRoutingBefore, 40);
CHECK_FIELD(struct daed_subdev_route, flags, V4L2SubdevRoute.Flags, 16);
CHECK_FIELD(struct daed_subdev_routing, routes, V4L2SubdevRouting.Routes, 8);
CHECK_FIELD(struct daed_subdev_routing, num_routes, V4L2SubdevRouting.Count, 16);
CHECK_FIELD(struct daed_subdev_routing_before, routes, V4L2SubdevRoutingBefore.Routes, 8);
CHECK_NUMBER(_IOWR('V', 38, struct daed_subdev_routing), V4L2Abi.SubdevGetRouting, 0xc0405626);
CHECK_NUMBER(_IOWR('V', 38, struct daed_subdev_routing_before), V4L2Abi.SubdevGetRoutingBefore, 0xc0285626);
#ifdef V4L2_SUBDEV_CAP_STREAMS
CHECK_NUMBER(V4L2_SUBDEV_CAP_STREAMS, V4L2Abi.SubdevCapStreams, 2);
_Static_assert(VIDIOC_SUBDEV_G_ROUTING == _IOWR('V', 38, struct daed_subdev_routing) ||
	       VIDIOC_SUBDEV_G_ROUTING == _IOWR('V', 38, struct daed_subdev_routing_before), "VIDIOC_SUBDEV_G_ROUTING");
_Static_assert(sizeof(struct v4l2_subdev_route) == sizeof(struct daed_subdev_route), "struct v4l2_subdev_route");
#endif
