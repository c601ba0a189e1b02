// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Interop;

#pragma warning disable CS1591 // names say it: struct_field or Size_struct

/// <summary>
/// Sizes and offsets of C structs (LP64), written as Struct_field. native/gst_layout_check.c asserts the same numbers against
/// the C headers; a test keeps the two in step.
/// </summary>
public static class Layout
{
    public const int Size_GObjectClass = 136;
    public const int GObjectClass_set_property = 24;
    public const int GObjectClass_get_property = 32;
    public const int GObjectClass_finalize = 48;
    public const int Size_GstObject = 88;
    public const int GstObject_flags = 48;
    public const int Size_GstElement = 264;
    public const int Size_GstElementClass = 488;
    public const int GstElementClass_change_state = 272;
    public const int Size_GstVideoDecoder = 704;
    public const int Size_GstVideoDecoderClass = 760;
    public const int GstVideoDecoder_sinkpad = 264;
    public const int GstVideoDecoder_srcpad = 272;
    public const int GstVideoDecoder_input_segment = 296;
    public const int GstVideoDecoder_output_segment = 416;
    public const int GstVideoDecoder_stream_lock = 280;
    public const int GstVideoDecoderClass_open = 488;
    public const int GstVideoDecoderClass_close = 496;
    public const int GstVideoDecoderClass_start = 504;
    public const int GstVideoDecoderClass_stop = 512;
    public const int GstVideoDecoderClass_set_format = 528;
    public const int GstVideoDecoderClass_finish = 544;
    public const int GstVideoDecoderClass_handle_frame = 552;
    public const int GstVideoDecoderClass_sink_event = 560;
    public const int GstVideoDecoderClass_src_event = 568;
    public const int GstVideoDecoderClass_negotiate = 576;
    public const int GstVideoDecoderClass_decide_allocation = 584;
    public const int GstVideoDecoderClass_flush = 600;
    public const int GstVideoDecoderClass_drain = 632;
    public const int Size_GstVideoCodecFrame = 264;
    public const int GstVideoCodecFrame_flags = 4;
    public const int GstVideoCodecFrame_system_frame_number = 8;
    public const int GstVideoCodecFrame_dts = 24;
    public const int GstVideoCodecFrame_pts = 32;
    public const int GstVideoCodecFrame_duration = 40;
    public const int GstVideoCodecFrame_input_buffer = 56;
    public const int GstVideoCodecFrame_output_buffer = 64;
    public const int Size_GstVideoCodecState = 336;
    public const int GstVideoCodecState_info = 8;
    public const int GstVideoCodecState_caps = 160;
    public const int GstVideoCodecState_codec_data = 168;
    public const int GstVideoCodecState_allocation_caps = 176;
    public const int Size_GstVideoInfo = 152;
    public const int GstVideoInfo_interlace_mode = 8;
    public const int GstVideoInfo_width = 16;
    public const int GstVideoInfo_height = 20;
    public const int GstVideoInfo_size = 24;
    public const int GstVideoInfo_chroma_site = 36;
    public const int GstVideoInfo_colorimetry = 40;
    public const int GstVideoInfo_fps_n = 64;
    public const int GstVideoInfo_fps_d = 68;
    public const int GstVideoInfo_offset = 72;
    public const int GstVideoInfo_stride = 104;
    public const int GstVideoInfo_par_n = 56;
    public const int GstVideoInfo_par_d = 60;
    public const int GstVideoInfo_ABI = 120;
    public const int GstVideoInfo_finfo = 0;
    public const int Size_GstVideoMasteringDisplayInfo = 56;
    public const int Size_GstVideoContentLightLevel = 40;
    public const int Size_GstVideoColorimetry = 16;
    public const int GstVideoColorimetry_range = 0;
    public const int GstVideoColorimetry_matrix = 4;
    public const int GstVideoColorimetry_transfer = 8;
    public const int GstVideoColorimetry_primaries = 12;
    public const int Size_GstVideoFrame = 664;
    public const int GstVideoFrame_data = 184;
    public const int GstVideoFrame_info = 0;
    public const int Size_GstMapInfo = 104;
    public const int GstMapInfo_data = 16;
    public const int GstMapInfo_size = 24;
    public const int Size_GstMiniObject = 64;
    public const int GstMiniObject_refcount = 8;
    public const int GstMiniObject_flags = 16;
    public const int GstMiniObject_dispose = 32;
    public const int Size_GstMemory = 112;
    public const int GstMemory_allocator = 64;
    public const int GstMemory_maxsize = 80;
    public const int GstMemory_offset = 96;
    public const int GstMemory_size = 104;
    public const int Size_GstBuffer = 112;
    public const int GstBuffer_pts = 72;
    public const int GstBuffer_offset = 96;
    public const int GstEvent_type = 64;
    public const int GstQuery_type = 64;
    public const int Size_GstPluginDesc = 112;
    public const int Size_GTypeInfo = 72;
    public const int Size_GTypeQuery = 24;
    public const int Size_GValue = 24;
    public const int Size_GstStaticPadTemplate = 64;
}
