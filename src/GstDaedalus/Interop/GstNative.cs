// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace GstDaedalus.Interop;

#pragma warning disable CS1591 // one-to-one with the C API

/// <summary>GStreamer core and allocators as of 1.22, non-variadic functions only; names as in C.</summary>
public static unsafe class GstNative
{
    private const string Gst = "libgstreamer-1.0.so.0";
    private const string Allocators = "libgstallocators-1.0.so.0";

    [DllImport(Gst)] public static extern void gst_version(uint* major, uint* minor, uint* micro, uint* nano);
    [DllImport(Gst)] public static extern int gst_plugin_register_static(int major, int minor, byte* name, byte* description,
        delegate* unmanaged[Cdecl]<nint, int> init, byte* version, byte* license, byte* source, byte* package, byte* origin);
    [DllImport(Gst)] public static extern int gst_element_register(nint plugin, byte* name, uint rank, nuint type);

    [DllImport(Gst)] public static extern nuint gst_object_get_type();
    [DllImport(Gst)] public static extern nuint gst_element_get_type();
    [DllImport(Gst)] public static extern void gst_object_unref(nint obj);

    [DllImport(Gst)] public static extern void gst_element_class_set_static_metadata(void* klass, byte* longName, byte* classification, byte* description, byte* author);
    [DllImport(Gst)] public static extern void gst_element_class_add_pad_template(void* klass, nint template);
    [DllImport(Gst)] public static extern void gst_element_message_full(nint element, int type, uint domain, int code, byte* text, byte* debug, byte* file, byte* function, int line);
    [DllImport(Gst)] public static extern int gst_element_post_message(nint element, nint message);
    [DllImport(Gst)] public static extern uint gst_stream_error_quark();
    [DllImport(Gst)] public static extern uint gst_library_error_quark();
    [DllImport(Gst)] public static extern uint gst_resource_error_quark();
    [DllImport(Gst)] public static extern uint gst_core_error_quark();

    [DllImport(Gst)] public static extern nint gst_pad_template_new(byte* name, int direction, int presence, nint caps);
    [DllImport(Gst)] public static extern nint gst_pad_get_allowed_caps(nint pad);
    [DllImport(Gst)] public static extern nint gst_pad_get_current_caps(nint pad);
    [DllImport(Gst)] public static extern nint gst_pad_peer_query_caps(nint pad, nint filter);
    [DllImport(Gst)] public static extern nint gst_pad_get_pad_template_caps(nint pad);
    [DllImport(Gst)] public static extern int gst_pad_peer_query(nint pad, nint query);
    [DllImport(Gst)] public static extern int gst_pad_push(nint pad, nint buffer);
    [DllImport(Gst)] public static extern int gst_pad_check_reconfigure(nint pad);
    [DllImport(Gst)] public static extern void gst_pad_mark_reconfigure(nint pad);

    [DllImport(Gst)] public static extern nint gst_caps_from_string(byte* text);
    [DllImport(Gst)] public static extern uint gst_caps_get_size(nint caps);
    [DllImport(Gst)] public static extern nint gst_caps_get_structure(nint caps, uint index);
    [DllImport(Gst)] public static extern nint gst_caps_get_features(nint caps, uint index);
    [DllImport(Gst)] public static extern nint gst_caps_features_from_string(byte* text);
    [DllImport(Gst)] public static extern int gst_caps_features_contains(nint features, byte* feature);
    [DllImport(Gst)] public static extern void gst_caps_set_features(nint caps, uint index, nint features);
    [DllImport(Gst)] public static extern void gst_caps_set_value(nint caps, byte* field, GValue* value);
    [DllImport(Gst)] public static extern int gst_caps_is_empty(nint caps);
    [DllImport(Gst)] public static extern int gst_caps_is_any(nint caps);
    [DllImport(Gst)] public static extern int gst_caps_can_intersect(nint a, nint b);
    [DllImport(Gst)] public static extern byte* gst_caps_to_string(nint caps);

    [DllImport(Gst)] public static extern nuint gst_structure_get_type();
    [DllImport(Gst)] public static extern nint gst_structure_new_empty(byte* name);
    [DllImport(Gst)] public static extern void gst_structure_free(nint structure);
    [DllImport(Gst)] public static extern void gst_structure_set_value(nint structure, byte* field, GValue* value);
    [DllImport(Gst)] public static extern int gst_structure_has_field(nint structure, byte* field);
    [DllImport(Gst)] public static extern byte* gst_structure_get_string(nint structure, byte* field);
    [DllImport(Gst)] public static extern int gst_structure_get_int(nint structure, byte* field, int* value);

    [DllImport(Gst)] public static extern nint gst_query_new_latency();
    [DllImport(Gst)] public static extern void gst_query_parse_latency(nint query, int* live, ulong* min, ulong* max);
    [DllImport(Gst)] public static extern void gst_query_parse_allocation(nint query, nint* caps, int* needPool);
    [DllImport(Gst)] public static extern int gst_query_find_allocation_meta(nint query, nuint api, uint* index);
    [DllImport(Gst)] public static extern uint gst_query_get_n_allocation_pools(nint query);
    [DllImport(Gst)] public static extern void gst_query_set_nth_allocation_pool(nint query, uint index, nint pool, uint size, uint min, uint max);
    [DllImport(Gst)] public static extern void gst_query_add_allocation_pool(nint query, nint pool, uint size, uint min, uint max);

    [DllImport(Gst)] public static extern nint gst_mini_object_ref(nint obj);
    [DllImport(Gst)] public static extern void gst_mini_object_unref(nint obj);
    [DllImport(Gst)] public static extern int gst_mini_object_lock(nint obj, int flags);
    [DllImport(Gst)] public static extern void gst_mini_object_unlock(nint obj, int flags);
    [DllImport(Gst)] public static extern void gst_mini_object_set_qdata(nint obj, uint quark, void* data, void* destroy);
    [DllImport(Gst)] public static extern void* gst_mini_object_get_qdata(nint obj, uint quark);

    [DllImport(Gst)] public static extern nint gst_buffer_new();
    [DllImport(Gst)] public static extern int gst_buffer_copy_into(nint to, nint from, int flags, nuint offset, nuint size);
    [DllImport(Gst)] public static extern void gst_buffer_append_memory(nint buffer, nint memory);
    [DllImport(Gst)] public static extern int gst_buffer_map(nint buffer, GstMapInfo* info, int flags);
    [DllImport(Gst)] public static extern void gst_buffer_unmap(nint buffer, GstMapInfo* info);
    [DllImport(Gst)] public static extern nuint gst_buffer_get_size(nint buffer);
    [DllImport(Gst)] public static extern nint gst_buffer_get_meta(nint buffer, nuint api);

    [DllImport(Gst)] public static extern int gst_memory_map(nint memory, GstMapInfo* info, int flags);
    [DllImport(Gst)] public static extern void gst_memory_unmap(nint memory, GstMapInfo* info);
    [DllImport(Gst)] public static extern nint gst_memory_share(nint memory, nint offset, nint size);
    [DllImport(Gst)] public static extern nuint gst_memory_get_sizes(nint memory, nuint* offset, nuint* maxsize);
    [DllImport(Gst)] public static extern void gst_memory_resize(nint memory, nint offset, nuint size);

    [DllImport(Gst)] public static extern nint gst_buffer_pool_new();
    [DllImport(Gst)] public static extern nint gst_buffer_pool_get_config(nint pool);
    [DllImport(Gst)] public static extern int gst_buffer_pool_set_config(nint pool, nint config);
    [DllImport(Gst)] public static extern void gst_buffer_pool_config_set_params(nint config, nint caps, uint size, uint min, uint max);
    [DllImport(Gst)] public static extern void gst_buffer_pool_config_add_option(nint config, byte* option);

    [DllImport(Gst)] public static extern nint _gst_debug_category_new(byte* name, uint color, byte* description);
    [DllImport(Gst)] public static extern int gst_debug_category_get_threshold(nint category);
    [DllImport(Gst)] public static extern void gst_debug_log_literal(nint category, int level, byte* file, byte* function, int line, nint obj, byte* message);

    [DllImport(Allocators)] public static extern nint gst_fd_allocator_new();
    [DllImport(Allocators)] public static extern nint gst_fd_allocator_alloc(nint allocator, int fd, nuint size, int flags);
    [DllImport(Allocators)] public static extern nint gst_dmabuf_allocator_new();
    [DllImport(Allocators)] public static extern nint gst_dmabuf_allocator_alloc_with_flags(nint allocator, int fd, nuint size, int flags);
}

/// <summary>GstMapInfo.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GstMapInfo
{
    public nint Memory;
    public int Flags;
    public byte* Data;
    public nuint Size;
    public nuint MaxSize;
    public fixed ulong UserData[4 + 4];
}

/// <summary>GstPluginDesc.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GstPluginDesc
{
    public int Major;
    public int Minor;
    public byte* Name;
    public byte* Description;
    public delegate* unmanaged[Cdecl]<nint, int> Init;
    public byte* Version;
    public byte* License;
    public byte* Source;
    public byte* Package;
    public byte* Origin;
    public byte* ReleaseDateTime;
    public nint Reserved0, Reserved1, Reserved2, Reserved3;
}

/// <summary>Constants of GStreamer core.</summary>
public static class GstConst
{
    public const int PadSrc = 1;
    public const int PadSink = 2;
    public const int PadAlways = 0;
    public const uint RankPrimary = 256;
    public const int MessageError = 2;
    public const int MessageWarning = 4;
    public const int MessageInfo = 8;
    public const int MapRead = 1;
    public const int MapWrite = 2;
    public const int LockExclusive = 4;
    public const int FdMemoryKeepMapped = 1;
    public const int StateReadyToPaused = 19;
    public const int StatePausedToReady = 26;
    public const int EventFlushStart = 2563;
    public const int EventFlushStop = 5127;
    public const uint BufferFlagCorrupted = 256;
    public const uint BufferFlagMarker = 512;
    public const uint VideoBufferInterlaced = 1 << 20;
    public const uint VideoBufferTopFirst = 1 << 21;
    public const uint VideoBufferRepeatField = 1 << 22;
    public const uint VideoBufferOneField = 1 << 23;
    public const int CaptionCea708Raw = 3;
    public const int AfdSpecAtscA53 = 1;
    public const uint ObjectMayBeLeaked = 1;
    public const int CoreErrorFailed = 1;
    public const int LibraryErrorFailed = 1;
    public const int ResourceErrorNotFound = 3;
    public const int ResourceErrorRead = 9;
    public const int ResourceErrorNoSpaceLeft = 14;
    public const int StreamErrorDecode = 7;
    public const int StreamErrorFormat = 11;
}
