// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace GstDaedalus.Interop;

#pragma warning disable CS1591 // one-to-one with the C API

/// <summary>libgstvideo as of 1.22, non-variadic functions only; names as in C.</summary>
public static unsafe class GstVideoNative
{
    private const string Video = "libgstvideo-1.0.so.0";

    [DllImport(Video)] public static extern nuint gst_video_decoder_get_type();
    [DllImport(Video)] public static extern void gst_video_decoder_set_packetized(nint decoder, int packetized);
    [DllImport(Video)] public static extern void gst_video_decoder_set_needs_format(nint decoder, int enabled);
    [DllImport(Video)] public static extern nint gst_video_decoder_set_output_state(nint decoder, int format, uint width, uint height, nint reference);
    [DllImport(Video)] public static extern nint gst_video_decoder_set_interlaced_output_state(nint decoder, int format, int interlaceMode, uint width, uint height, nint reference);
    [DllImport(Video)] public static extern nint gst_video_decoder_get_output_state(nint decoder);
    [DllImport(Video)] public static extern int gst_video_decoder_negotiate(nint decoder);
    [DllImport(Video)] public static extern int gst_video_decoder_allocate_output_frame(nint decoder, nint frame);
    [DllImport(Video)] public static extern nint gst_video_decoder_allocate_output_buffer(nint decoder);
    [DllImport(Video)] public static extern int gst_video_decoder_finish_frame(nint decoder, nint frame);
    [DllImport(Video)] public static extern int gst_video_decoder_drop_frame(nint decoder, nint frame);
    [DllImport(Video)] public static extern void gst_video_decoder_release_frame(nint decoder, nint frame);
    [DllImport(Video)] public static extern long gst_video_decoder_get_max_decode_time(nint decoder, nint frame);
    [DllImport(Video)] public static extern void gst_video_decoder_set_latency(nint decoder, ulong min, ulong max);
    [DllImport(Video)] public static extern void gst_video_decoder_request_sync_point(nint decoder, nint frame, int flags);
    [DllImport(Video)] public static extern int _gst_video_decoder_error(nint decoder, int weight, uint domain, int code, byte* text, byte* debug, byte* file, byte* function, int line);

    [DllImport(Video)] public static extern nint gst_video_codec_state_ref(nint state);
    [DllImport(Video)] public static extern void gst_video_codec_state_unref(nint state);
    [DllImport(Video)] public static extern nint gst_video_codec_frame_ref(nint frame);
    [DllImport(Video)] public static extern void gst_video_codec_frame_unref(nint frame);

    [DllImport(Video)] public static extern byte* gst_video_format_to_string(int format);
    [DllImport(Video)] public static extern int gst_video_format_from_string(byte* name);
    [DllImport(Video)] public static extern void gst_video_info_init(void* info);
    [DllImport(Video)] public static extern int gst_video_info_set_format(void* info, int format, uint width, uint height);
    [DllImport(Video)] public static extern int gst_video_info_from_caps(void* info, nint caps);
    [DllImport(Video)] public static extern int gst_video_colorimetry_from_string(void* colorimetry, byte* color);
    [DllImport(Video)] public static extern int gst_video_color_matrix_from_iso(uint value);
    [DllImport(Video)] public static extern int gst_video_transfer_function_from_iso(uint value);
    [DllImport(Video)] public static extern int gst_video_color_primaries_from_iso(uint value);
    [DllImport(Video)] public static extern nint gst_video_info_to_caps(void* info);
    [DllImport(Video)] public static extern int gst_video_mastering_display_info_add_to_caps(void* info, nint caps);
    [DllImport(Video)] public static extern int gst_video_content_light_level_add_to_caps(void* level, nint caps);
    [DllImport(Video)] public static extern nuint gst_video_caption_meta_api_get_type();
    [DllImport(Video)] public static extern nint gst_buffer_add_video_caption_meta(nint buffer, int type, byte* data, nuint size);
    [DllImport(Video)] public static extern nuint gst_video_afd_meta_api_get_type();
    [DllImport(Video)] public static extern nint gst_buffer_add_video_afd_meta(nint buffer, byte field, int spec, int afd);
    [DllImport(Video)] public static extern nuint gst_video_meta_api_get_type();
    [DllImport(Video)] public static extern nint gst_buffer_add_video_meta_full(nint buffer, int flags, int format, uint width, uint height, uint planes, nuint* offsets, int* strides);
    [DllImport(Video)] public static extern int gst_video_frame_map(void* frame, void* info, nint buffer, int flags);
    [DllImport(Video)] public static extern void gst_video_frame_unmap(void* frame);
    [DllImport(Video)] public static extern nint gst_video_buffer_pool_new();
}
