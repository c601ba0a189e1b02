// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Kernel;

namespace Daedalus.Tool;

/// <summary>devices: what can be opened, and what each says of itself. Exit code 1 when nothing can.</summary>
internal static class DevicesCommand
{
    public static int Run(CommandLine options)
    {
        string? path = options.Get("engine") ?? EngineLocator.Find(out _);
        _ = EngineLocator.Find(out IReadOnlyList<string> searched);
        DeviceInfo? embedded = null;
        if (path != null)
        {
            using EmbeddedDevice device = EmbeddedDevice.Open(path);
            embedded = device.Info;
        }
        (KernelDecoder Decoder, KernelInspection Inspection)[] kernel = [.. KernelDecoder.Enumerate().Select(static d => (d, KernelInspection.Of(d.VideoPath)))];
        if (options.Has("json"))
            WriteJson(embedded, kernel);
        else
            WriteText(embedded, searched, kernel);
        return embedded is null && kernel.Length == 0 ? 1 : 0;
    }

    private static void WriteText(DeviceInfo? embedded, IReadOnlyList<string> searched, (KernelDecoder Decoder, KernelInspection Inspection)[] kernel)
    {
        Console.WriteLine($"CPU level {EngineLocator.Level}");
        Console.WriteLine(embedded is null ? $"embedded: no engine; looked for {string.Join(", ", searched)}" : $"embedded: {embedded.Card}, {embedded.Path}");
        if (kernel.Length == 0)
            Console.WriteLine("kernel: no stateless decoder of VP9, H.264 or AV1 that may be opened");
        foreach ((KernelDecoder d, KernelInspection i) in kernel)
        {
            Console.WriteLine($"kernel: {d.VideoPath} with {d.MediaPath}: {d.Card}, driver {d.Driver}, {d.BusInfo}{(d.IsTestDriver ? " (test driver: only by name)" : "")}");
            foreach (KernelFormatDescription f in i.Coded)
                Console.WriteLine($"  decodes  {PixelFormat.ToText(f.FourCc)}  {f.Description}{Sizes(f)}{(d.CodedFormats.Contains(f.FourCc) ? "" : " (not by us)")}");
            foreach (KernelFormatDescription f in i.Pictures)
                Console.WriteLine($"  writes   {PixelFormat.ToText(f.FourCc)}  {f.Description}{Sizes(f)}");
            foreach (KernelControlDescription c in i.Controls)
                Console.WriteLine($"  control  0x{c.Id:x8}  {c.Name}{Value(c)}");
        }
    }

    private static string Sizes(KernelFormatDescription f) => f.MaxWidth == 0 ? "" : $", {f.MinWidth}x{f.MinHeight} to {f.MaxWidth}x{f.MaxHeight}";

    private static string Value(KernelControlDescription c)
    {
        if (c.Menu.Count > 0)
            return ": " + string.Join(", ", c.Menu.Select(m => m.Value == c.Default ? m.Name + " (default)" : m.Name));
        return c.Elements > 1 ? $": up to {c.Elements} of {c.ElementSize} bytes" : c.ElementSize > 8 ? $": {c.ElementSize} bytes" : "";
    }

    private static void WriteJson(DeviceInfo? embedded, (KernelDecoder Decoder, KernelInspection Inspection)[] kernel)
    {
        using Stream output = Console.OpenStandardOutput();
        using var w = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        w.WriteStartObject();
        w.WriteString("cpu-level", EngineLocator.Level);
        w.WriteStartArray("devices");
        if (embedded is not null)
        {
            w.WriteStartObject();
            WriteNames(w, "embedded", embedded.Driver, embedded.Card, embedded.Path);
            w.WriteEndObject();
        }
        foreach ((KernelDecoder d, KernelInspection i) in kernel)
        {
            w.WriteStartObject();
            WriteNames(w, "kernel", d.Driver, d.Card, d.VideoPath);
            w.WriteString("media", d.MediaPath);
            w.WriteString("bus-info", d.BusInfo);
            w.WriteBoolean("test-driver", d.IsTestDriver);
            WriteFormats(w, "coded-formats", i.Coded);
            WriteFormats(w, "picture-formats", i.Pictures);
            w.WriteStartArray("controls");
            foreach (KernelControlDescription c in i.Controls)
            {
                w.WriteStartObject();
                w.WriteNumber("id", c.Id);
                w.WriteString("name", c.Name);
                w.WriteNumber("type", c.Type);
                w.WriteNumber("minimum", c.Minimum);
                w.WriteNumber("maximum", c.Maximum);
                w.WriteNumber("default", c.Default);
                w.WriteNumber("element-size", c.ElementSize);
                w.WriteNumber("elements", c.Elements);
                w.WriteStartArray("menu");
                foreach ((long value, string name) in c.Menu)
                {
                    w.WriteStartObject();
                    w.WriteNumber("value", value);
                    w.WriteString("name", name);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter w, string route, string driver, string card, string path)
    {
        w.WriteString("route", route);
        w.WriteString("driver", driver);
        w.WriteString("card", card);
        w.WriteString("path", path);
    }

    private static void WriteFormats(Utf8JsonWriter w, string name, IReadOnlyList<KernelFormatDescription> formats)
    {
        w.WriteStartArray(name);
        foreach (KernelFormatDescription f in formats)
        {
            w.WriteStartObject();
            w.WriteString("fourcc", PixelFormat.ToText(f.FourCc));
            w.WriteString("description", f.Description);
            if (f.MaxWidth != 0)
            {
                w.WriteNumber("min-width", f.MinWidth);
                w.WriteNumber("min-height", f.MinHeight);
                w.WriteNumber("max-width", f.MaxWidth);
                w.WriteNumber("max-height", f.MaxHeight);
            }
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }
}
