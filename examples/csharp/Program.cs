// SPDX-License-Identifier: LGPL-2.1-or-later
// A .NET application with our decoder in its pipeline, pulling pictures from an appsink. usage: Player FILE
// With GstSharp at hand the same reads: Parse.Launch(…), AppSink.PullSample(), sample.Buffer.Map(…). It is not needed: GStreamer's C API is enough.
using System.Runtime.InteropServices;

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: Player FILE");
    return 2;
}
Gst.gst_init(0, 0);
nint pipeline = Gst.gst_parse_launch("filesrc name=f ! decodebin ! videoconvert ! video/x-raw,format=RGB ! appsink name=s sync=false max-buffers=4", out nint error);
if (pipeline == 0)
{
    Console.Error.WriteLine(Gst.Message(error));
    return 1;
}
nint source = Gst.gst_bin_get_by_name(pipeline, "f"), sink = Gst.gst_bin_get_by_name(pipeline, "s"), bus = Gst.gst_element_get_bus(pipeline);
Gst.gst_util_set_object_arg(source, "location", args[0]);
_ = Gst.gst_element_set_state(pipeline, Gst.Playing);

int frames = 0;
double brightness = 0;
for (nint sample; (sample = Gst.gst_app_sink_pull_sample(sink)) != 0; Gst.gst_mini_object_unref(sample))
{
    nint buffer = Gst.gst_sample_get_buffer(sample);
    if (Gst.gst_buffer_map(buffer, out Gst.MapInfo map, Gst.MapRead) == 0)
        continue;
    long sum = 0;
    unsafe
    {
        foreach (byte b in new ReadOnlySpan<byte>((void*)map.Data, (int)map.Size))
            sum += b;
    }
    brightness += sum / (double)map.Size;
    frames++;
    Gst.gst_buffer_unmap(buffer, ref map);
}
nint message = Gst.gst_bus_pop_filtered(bus, Gst.MessageError);
if (message != 0)
{
    Gst.gst_message_parse_error(message, out error, 0);
    Console.Error.WriteLine(Gst.Message(error));
    Gst.gst_mini_object_unref(message);
}
_ = Gst.gst_element_set_state(pipeline, Gst.Null);
foreach (nint o in (ReadOnlySpan<nint>)[source, sink, bus, pipeline])
    Gst.gst_object_unref(o);
Console.WriteLine($"{frames} frames, mean brightness {(frames == 0 ? 0 : brightness / frames):0.0}");
return message == 0 && frames > 0 ? 0 : 1;

internal static class Gst
{
    public const int Null = 1, Playing = 4, MapRead = 1, MessageError = 2;
    private const string Core = "libgstreamer-1.0.so.0", App = "libgstapp-1.0.so.0";

    [StructLayout(LayoutKind.Sequential)]
    public struct MapInfo
    {
        public nint Memory;
        public int Flags;
        public nint Data;
        public nuint Size, MaxSize;
        private unsafe fixed ulong _reserved[8];
    }

    // GError: quark, code, message.
    public static string Message(nint error) => Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(error, 8)) ?? "";

    [DllImport(Core)] public static extern void gst_init(nint argc, nint argv);
    [DllImport(Core)] public static extern nint gst_parse_launch([MarshalAs(UnmanagedType.LPUTF8Str)] string text, out nint error);
    [DllImport(Core)] public static extern nint gst_bin_get_by_name(nint bin, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);
    [DllImport(Core)] public static extern void gst_util_set_object_arg(nint obj, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value);
    [DllImport(Core)] public static extern int gst_element_set_state(nint element, int state);
    [DllImport(Core)] public static extern nint gst_element_get_bus(nint element);
    [DllImport(Core)] public static extern nint gst_bus_pop_filtered(nint bus, int types);
    [DllImport(Core)] public static extern void gst_message_parse_error(nint message, out nint error, nint debug);
    [DllImport(Core)] public static extern nint gst_sample_get_buffer(nint sample);
    [DllImport(Core)] public static extern int gst_buffer_map(nint buffer, out MapInfo info, int flags);
    [DllImport(Core)] public static extern void gst_buffer_unmap(nint buffer, ref MapInfo info);
    [DllImport(Core)] public static extern void gst_mini_object_unref(nint obj);
    [DllImport(Core)] public static extern void gst_object_unref(nint obj);
    [DllImport(App)] public static extern nint gst_app_sink_pull_sample(nint sink);
}
