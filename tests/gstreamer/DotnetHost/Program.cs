// SPDX-License-Identifier: LGPL-2.1-or-later
// A CoreCLR process that plays a pipeline: two .NET runtimes side by side, the application's and the plugin's.
// usage: DotnetHost 'pipeline description' → exit code 0 at the end of the stream, 1 at an error.
using System.Runtime.InteropServices;
using System.Text;

unsafe
{
    Native.gst_init(null, null);
    nint error = 0;
    nint pipeline;
    fixed (byte* text = Encoding.UTF8.GetBytes(args[0] + "\0"))
        pipeline = Native.gst_parse_launch(text, &error);
    if (pipeline == 0 || error != 0)
    {
        Console.Error.WriteLine("no pipeline");
        return 2;
    }
    nint bus = Native.gst_element_get_bus(pipeline);
    _ = Native.gst_element_set_state(pipeline, 4);
    nint message;
    const int Error = 2, Eos = 1;
    // Work for this runtime's collector meanwhile: both must suspend their own threads only.
    long collected = 0;
    do
    {
        var rubbish = new List<byte[]>();
        for (int i = 0; i < 200; i++)
            rubbish.Add(new byte[10_000]);
        GC.Collect();
        collected += rubbish.Count;
        message = Native.gst_bus_timed_pop_filtered(bus, 1_000_000, Error | Eos);
    }
    while (message == 0);
    int type = *(int*)(message + 64);
    Native.gst_mini_object_unref(message);
    _ = Native.gst_element_set_state(pipeline, 1);
    Native.gst_object_unref(bus);
    Native.gst_object_unref(pipeline);
    // The host's own null-reference handling must still work: it is a SIGSEGV handler.
    try
    {
        _ = args.Length > 5 ? "" : ((string?)null)!.Length.ToString();
        return 3;
    }
    catch (NullReferenceException)
    {
    }
    Console.WriteLine($"end {type} collected {collected}");
    return type == Eos ? 0 : 1;
}

internal static unsafe class Native
{
    private const string Gst = "libgstreamer-1.0.so.0";
    [DllImport(Gst)] internal static extern void gst_init(int* argc, byte*** argv);
    [DllImport(Gst)] internal static extern nint gst_parse_launch(byte* text, nint* error);
    [DllImport(Gst)] internal static extern nint gst_element_get_bus(nint element);
    [DllImport(Gst)] internal static extern int gst_element_set_state(nint element, int state);
    [DllImport(Gst)] internal static extern nint gst_bus_timed_pop_filtered(nint bus, ulong timeout, int types);
    [DllImport(Gst)] internal static extern void gst_mini_object_unref(nint obj);
    [DllImport(Gst)] internal static extern void gst_object_unref(nint obj);
}
