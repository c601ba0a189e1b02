// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.Interop;

namespace GstDaedalus;

/// <summary>Compares the struct sizes the bindings were written for with those of the loaded libraries.</summary>
public static unsafe class AbiCheck
{
    /// <summary>Null when everything fits, else a message that names the first difference.</summary>
    public static string? Run()
    {
        uint major, minor, micro, nano;
        GstNative.gst_version(&major, &minor, &micro, &nano);
        if (major != 1 || minor < 22)
            return $"GStreamer {major}.{minor} is loaded, 1.22 or later is needed";
        return Compare(GstNative.gst_object_get_type(), 0, Layout.Size_GstObject, $"{major}.{minor}.{micro}")
            ?? Compare(GstNative.gst_element_get_type(), Layout.Size_GstElementClass, Layout.Size_GstElement, $"{major}.{minor}.{micro}")
            ?? Compare(GstVideoNative.gst_video_decoder_get_type(), Layout.Size_GstVideoDecoderClass, Layout.Size_GstVideoDecoder, $"{major}.{minor}.{micro}");
    }

    private static string? Compare(nuint type, int classSize, int instanceSize, string version)
    {
        GTypeQuery query;
        GLibNative.g_type_query(type, &query);
        if (query.InstanceSize == instanceSize && (classSize == 0 || query.ClassSize == classSize))
            return null;
        return $"{Utf8.ToManaged(GLibNative.g_type_name(type))} of GStreamer {version} has {query.InstanceSize}/{query.ClassSize} bytes (instance/class), " +
            $"this plugin was built for {instanceSize}/{classSize}: rebuild it for this GStreamer";
    }
}
