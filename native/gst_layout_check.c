/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The numbers src/GstDaedalus/Interop relies on, asserted against the GStreamer headers of the build machine. Nothing here is linked:
 *   gcc -fsyntax-only $(pkg-config --cflags gstreamer-video-1.0 gstreamer-allocators-1.0) native/gst_layout_check.c
 * and the same with aarch64-linux-gnu-gcc (less the -I of the build machine's own multiarch folder): the structs hold only
 * pointers, ints and 64-bit values, so LP64 ABIs agree. scripts/check-layout.sh runs both.
 */
#include <stddef.h>
#include <gst/gst.h>
#include <gst/allocators/allocators.h>
#include <gst/video/video.h>
#include <gst/video/gstvideodecoder.h>
#include <gst/video/gstvideopool.h>

#define CHECK_SIZE(type, size) _Static_assert(sizeof(type) == (size), "sizeof " #type)
#define CHECK_OFFSET(type, field, off) _Static_assert(offsetof(type, field) == (off), #type "." #field)
#define CHECK_VALUE(constant, value) _Static_assert((long long)(constant) == (value), #constant)

CHECK_SIZE(GObjectClass, 136);
CHECK_OFFSET(GObjectClass, set_property, 24);
CHECK_OFFSET(GObjectClass, get_property, 32);
CHECK_OFFSET(GObjectClass, finalize, 48);
CHECK_SIZE(GstObject, 88);
CHECK_OFFSET(GstObject, flags, 48);
CHECK_SIZE(GstElement, 264);
CHECK_SIZE(GstElementClass, 488);
CHECK_OFFSET(GstElementClass, change_state, 272);
CHECK_SIZE(GstVideoDecoder, 704);
CHECK_SIZE(GstVideoDecoderClass, 760);
CHECK_OFFSET(GstVideoDecoder, sinkpad, 264);
CHECK_OFFSET(GstVideoDecoder, srcpad, 272);
CHECK_OFFSET(GstVideoDecoder, input_segment, 296);
CHECK_OFFSET(GstVideoDecoder, output_segment, 416);
CHECK_OFFSET(GstVideoDecoder, stream_lock, 280);
CHECK_OFFSET(GstVideoDecoderClass, open, 488);
CHECK_OFFSET(GstVideoDecoderClass, close, 496);
CHECK_OFFSET(GstVideoDecoderClass, start, 504);
CHECK_OFFSET(GstVideoDecoderClass, stop, 512);
CHECK_OFFSET(GstVideoDecoderClass, set_format, 528);
CHECK_OFFSET(GstVideoDecoderClass, finish, 544);
CHECK_OFFSET(GstVideoDecoderClass, handle_frame, 552);
CHECK_OFFSET(GstVideoDecoderClass, sink_event, 560);
CHECK_OFFSET(GstVideoDecoderClass, src_event, 568);
CHECK_OFFSET(GstVideoDecoderClass, negotiate, 576);
CHECK_OFFSET(GstVideoDecoderClass, decide_allocation, 584);
CHECK_OFFSET(GstVideoDecoderClass, flush, 600);
CHECK_OFFSET(GstVideoDecoderClass, drain, 632);
CHECK_SIZE(GstVideoCodecFrame, 264);
CHECK_OFFSET(GstVideoCodecFrame, flags, 4);
CHECK_OFFSET(GstVideoCodecFrame, system_frame_number, 8);
CHECK_OFFSET(GstVideoCodecFrame, dts, 24);
CHECK_OFFSET(GstVideoCodecFrame, pts, 32);
CHECK_OFFSET(GstVideoCodecFrame, duration, 40);
CHECK_OFFSET(GstVideoCodecFrame, input_buffer, 56);
CHECK_OFFSET(GstVideoCodecFrame, output_buffer, 64);
CHECK_SIZE(GstVideoCodecState, 336);
CHECK_OFFSET(GstVideoCodecState, info, 8);
CHECK_OFFSET(GstVideoCodecState, caps, 160);
CHECK_OFFSET(GstVideoCodecState, allocation_caps, 176);
CHECK_SIZE(GstVideoInfo, 152);
CHECK_OFFSET(GstVideoInfo, width, 16);
CHECK_OFFSET(GstVideoInfo, height, 20);
CHECK_OFFSET(GstVideoInfo, size, 24);
CHECK_OFFSET(GstVideoInfo, chroma_site, 36);
CHECK_OFFSET(GstVideoInfo, colorimetry, 40);
CHECK_OFFSET(GstVideoInfo, fps_n, 64);
CHECK_OFFSET(GstVideoInfo, fps_d, 68);
CHECK_OFFSET(GstVideoInfo, offset, 72);
CHECK_OFFSET(GstVideoInfo, stride, 104);
CHECK_OFFSET(GstVideoInfo, par_n, 56);
CHECK_OFFSET(GstVideoInfo, finfo, 0);
CHECK_SIZE(GstVideoColorimetry, 16);
CHECK_OFFSET(GstVideoColorimetry, range, 0);
CHECK_OFFSET(GstVideoColorimetry, matrix, 4);
CHECK_OFFSET(GstVideoColorimetry, transfer, 8);
CHECK_OFFSET(GstVideoColorimetry, primaries, 12);
CHECK_SIZE(GstVideoFrame, 664);
CHECK_OFFSET(GstVideoFrame, data, 184);
CHECK_OFFSET(GstVideoFrame, info, 0);
CHECK_SIZE(GstMapInfo, 104);
CHECK_OFFSET(GstMapInfo, data, 16);
CHECK_OFFSET(GstMapInfo, size, 24);
CHECK_SIZE(GstMiniObject, 64);
CHECK_OFFSET(GstMiniObject, refcount, 8);
CHECK_OFFSET(GstMiniObject, dispose, 32);
CHECK_SIZE(GstMemory, 112);
CHECK_OFFSET(GstMemory, allocator, 64);
CHECK_OFFSET(GstMemory, maxsize, 80);
CHECK_OFFSET(GstMemory, offset, 96);
CHECK_OFFSET(GstMemory, size, 104);
CHECK_SIZE(GstBuffer, 112);
CHECK_OFFSET(GstBuffer, pts, 72);
CHECK_OFFSET(GstBuffer, offset, 96);
CHECK_OFFSET(GstEvent, type, 64);
CHECK_OFFSET(GstQuery, type, 64);
CHECK_SIZE(GstPluginDesc, 112);
CHECK_SIZE(GTypeInfo, 72);
CHECK_SIZE(GTypeQuery, 24);
CHECK_SIZE(GValue, 24);
CHECK_SIZE(GstStaticPadTemplate, 64);
CHECK_VALUE(GST_VIDEO_FORMAT_I420, 2);
CHECK_VALUE(GST_VIDEO_FORMAT_Y42B, 18);
CHECK_VALUE(GST_VIDEO_FORMAT_Y444, 20);
CHECK_VALUE(GST_VIDEO_FORMAT_GBR, 48);
CHECK_VALUE(GST_VIDEO_FORMAT_NV12, 23);
CHECK_VALUE(GST_VIDEO_FORMAT_P010_10LE, 62);
CHECK_VALUE(GST_VIDEO_FORMAT_I420_10LE, 43);
CHECK_VALUE(GST_VIDEO_FORMAT_I422_10LE, 45);
CHECK_VALUE(GST_VIDEO_FORMAT_Y444_10LE, 47);
CHECK_VALUE(GST_VIDEO_FORMAT_I420_12LE, 73);
CHECK_VALUE(GST_VIDEO_FORMAT_I422_12LE, 75);
CHECK_VALUE(GST_VIDEO_FORMAT_Y444_12LE, 77);
CHECK_VALUE(GST_VIDEO_FORMAT_GBR_10LE, 50);
CHECK_VALUE(GST_VIDEO_FORMAT_GBR_12LE, 69);
CHECK_VALUE(GST_EVENT_FLUSH_START, 2563);
CHECK_VALUE(GST_EVENT_FLUSH_STOP, 5127);
CHECK_VALUE(GST_VIDEO_COLOR_RANGE_0_255, 1);
CHECK_VALUE(GST_VIDEO_COLOR_RANGE_16_235, 2);
CHECK_VALUE(GST_VIDEO_CODEC_FRAME_FLAG_DECODE_ONLY, 1);
CHECK_VALUE(GST_VIDEO_CODEC_FRAME_FLAG_SYNC_POINT, 2);
CHECK_VALUE(GST_VIDEO_CODEC_FRAME_FLAG_CORRUPTED, 16);
CHECK_VALUE(GST_STATE_CHANGE_PAUSED_TO_READY, 26);
CHECK_VALUE(GST_STATE_CHANGE_READY_TO_PAUSED, 19);
CHECK_VALUE(GST_FLOW_OK, 0);
CHECK_VALUE(GST_FLOW_FLUSHING, -2);
CHECK_VALUE(GST_FLOW_NOT_NEGOTIATED, -4);
CHECK_VALUE(GST_FLOW_ERROR, -5);
CHECK_VALUE(GST_MESSAGE_ERROR, 2);
CHECK_VALUE(GST_MESSAGE_WARNING, 4);
CHECK_VALUE(GST_MESSAGE_INFO, 8);
CHECK_VALUE(GST_PAD_SINK, 2);
CHECK_VALUE(GST_PAD_SRC, 1);
CHECK_VALUE(GST_PAD_ALWAYS, 0);
CHECK_VALUE(GST_RANK_PRIMARY, 256);
CHECK_VALUE(G_TYPE_BOOLEAN, 20);
CHECK_VALUE(G_TYPE_INT, 24);
CHECK_VALUE(G_TYPE_UINT, 28);
CHECK_VALUE(G_TYPE_UINT64, 44);
CHECK_VALUE(G_TYPE_STRING, 64);
CHECK_VALUE(G_TYPE_BOXED, 72);
CHECK_VALUE(G_PARAM_READWRITE, 3);
CHECK_VALUE(G_PARAM_READABLE, 1);
CHECK_VALUE(G_PARAM_STATIC_STRINGS, 224);
CHECK_VALUE(GST_PARAM_MUTABLE_READY, 1024);
CHECK_VALUE(GST_OBJECT_FLAG_MAY_BE_LEAKED, 1);
CHECK_VALUE(GST_FD_MEMORY_FLAG_KEEP_MAPPED, 1);
CHECK_VALUE(GST_LOCK_FLAG_EXCLUSIVE, 4);
CHECK_VALUE(GST_MAP_READ, 1);
CHECK_VALUE(GST_MAP_WRITE, 2);
CHECK_VALUE(GST_BUFFER_FLAG_CORRUPTED, 256);
CHECK_VALUE(GST_BUFFER_FLAG_DECODE_ONLY, 32);
CHECK_VALUE(GST_BUFFER_FLAG_DELTA_UNIT, 8192);
CHECK_VALUE(GST_STREAM_ERROR_DECODE, 7);
CHECK_VALUE(GST_RESOURCE_ERROR_NOT_FOUND, 3);
CHECK_VALUE(GST_RESOURCE_ERROR_OPEN_READ, 5);
CHECK_VALUE(GST_LIBRARY_ERROR_FAILED, 1);
CHECK_VALUE(GST_STREAM_ERROR_FORMAT, 11);
CHECK_VALUE(GST_RESOURCE_ERROR_NO_SPACE_LEFT, 14);
CHECK_VALUE(GST_CORE_ERROR_FAILED, 1);
CHECK_VALUE(GST_LEVEL_ERROR, 1);
CHECK_VALUE(GST_LEVEL_WARNING, 2);
CHECK_VALUE(GST_LEVEL_INFO, 4);
CHECK_VALUE(GST_LEVEL_DEBUG, 5);
CHECK_VALUE(GST_LEVEL_LOG, 6);
CHECK_VALUE(GST_LEVEL_TRACE, 7);
CHECK_VALUE(GST_LEVEL_FIXME, 3);
CHECK_VALUE(GST_QUERY_LATENCY, 7683);
