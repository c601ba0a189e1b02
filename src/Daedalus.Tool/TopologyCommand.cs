// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Kernel;

namespace Daedalus.Tool;

/// <summary>topology: entities, pads, links, interfaces and routes of the media devices, all or those named.</summary>
internal static class TopologyCommand
{
    public static int Run(CommandLine options)
    {
        var found = new List<MediaTopology>();
        foreach (string path in options.Arguments)
            found.Add(MediaTopology.TryRead(path, out int errno) ?? throw new DeviceException($"{path} is no media device that can be read (errno {-errno}).", errno));
        if (options.Arguments.Count == 0)
            found.AddRange(MediaTopology.Enumerate());
        if (options.Has("json"))
            WriteJson(found);
        else if (found.Count == 0)
            Console.WriteLine("There is no media device that may be opened.");
        else
            found.ForEach(WriteText);
        return found.Count == 0 ? 1 : 0;
    }

    private static void WriteText(MediaTopology t)
    {
        Console.WriteLine($"{t.Path}: {t.Model}, driver {t.Driver}, {t.BusInfo}, topology {t.Version}");
        Dictionary<uint, MediaPad> pads = t.Pads.ToDictionary(static p => p.Id);
        Dictionary<uint, MediaEntity> entities = t.Entities.ToDictionary(static e => e.Id);
        foreach (MediaEntity e in t.Entities)
        {
            Console.WriteLine($"  entity {e.Id} \"{e.Name}\", {Function(e.Function)}");
            foreach (MediaInterface i in t.Interfaces)
            {
                if (!t.Links.Any(l => l.IsInterfaceLink && l.SourceId == i.Id && l.SinkId == e.Id))
                    continue;
                Console.WriteLine($"    interface {i.Id}: {Interface(i.Type)} {i.Node ?? $"{i.Major}:{i.Minor}"}");
                foreach (SubdeviceRoute r in Routes(i) ?? [])
                    Console.WriteLine($"      route {r.SinkPad}/{r.SinkStream} -> {r.SourcePad}/{r.SourceStream} [{RouteFlags(r.Flags)}]");
            }
            foreach (MediaPad p in t.Pads.Where(p => p.EntityId == e.Id))
            {
                Console.WriteLine($"    pad {p.Index}: {((p.Flags & 1) != 0 ? "sink" : "source")}");
                foreach (MediaLink l in t.Links.Where(l => !l.IsInterfaceLink && (l.SourceId == p.Id || l.SinkId == p.Id)))
                {
                    bool outwards = l.SourceId == p.Id;
                    if (!pads.TryGetValue(outwards ? l.SinkId : l.SourceId, out MediaPad? other) || !entities.TryGetValue(other.EntityId, out MediaEntity? far))
                        continue;
                    Console.WriteLine($"      {(outwards ? "->" : "<-")} \"{far.Name}\" pad {other.Index}{Flags(l)}");
                }
            }
        }
    }

    private static IReadOnlyList<SubdeviceRoute>? Routes(MediaInterface i) => i.Type == 0x203 && i.Node is { } node ? SubdeviceRoutes.TryRead(node) : null;

    // Linux names the first only; the second is known to those who have its patches.
    private static string RouteFlags(uint flags)
        => ((flags & 1) != 0 ? "active" : "inactive") + ((flags & 2) != 0 ? ", immutable" : "") + ((flags & ~3u) != 0 ? $", flags 0x{flags & ~3u:x}" : "");

    private static string Flags(MediaLink l)
    {
        string text = ((l.Flags & 1) != 0 ? "enabled" : "disabled") + ((l.Flags & 2) != 0 ? ", immutable" : "") + ((l.Flags & 4) != 0 ? ", dynamic" : "");
        return $" [{text}]";
    }

    // include/uapi/linux/media.h
    private static string Function(uint function) => function switch
    {
        0x10001 => "V4L2 I/O",
        0x10003 => "VBI I/O",
        0x20001 => "camera sensor",
        0x4001 => "composer",
        0x4002 => "pixel formatter",
        0x4003 => "pixel encoding converter",
        0x4005 => "scaler",
        0x4007 => "encoder",
        0x4008 => "decoder",
        0x4009 => "image signal processor",
        _ => $"function 0x{function:x}",
    };

    private static string Interface(uint type) => type switch { 0x200 => "video", 0x201 => "VBI", 0x203 => "sub-device", _ => $"interface 0x{type:x}" };

    private static void WriteJson(List<MediaTopology> found)
    {
        using Stream output = Console.OpenStandardOutput();
        using var w = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        w.WriteStartArray();
        foreach (MediaTopology t in found)
        {
            w.WriteStartObject();
            w.WriteString("path", t.Path);
            w.WriteString("driver", t.Driver);
            w.WriteString("model", t.Model);
            w.WriteString("bus-info", t.BusInfo);
            w.WriteNumber("version", t.Version);
            Write(w, "entities", t.Entities, static (w, e) =>
            {
                w.WriteNumber("id", e.Id);
                w.WriteString("name", e.Name);
                w.WriteNumber("function", e.Function);
                w.WriteNumber("flags", e.Flags);
            });
            Write(w, "interfaces", t.Interfaces, static (w, i) =>
            {
                w.WriteNumber("id", i.Id);
                w.WriteNumber("type", i.Type);
                w.WriteNumber("major", i.Major);
                w.WriteNumber("minor", i.Minor);
                w.WriteString("node", i.Node);
                if (Routes(i) is { } routes)
                {
                    Write(w, "routes", routes, static (w, r) =>
                    {
                        w.WriteNumber("sink-pad", r.SinkPad);
                        w.WriteNumber("sink-stream", r.SinkStream);
                        w.WriteNumber("source-pad", r.SourcePad);
                        w.WriteNumber("source-stream", r.SourceStream);
                        w.WriteNumber("flags", r.Flags);
                    });
                }
            });
            Write(w, "pads", t.Pads, static (w, p) =>
            {
                w.WriteNumber("id", p.Id);
                w.WriteNumber("entity", p.EntityId);
                w.WriteNumber("index", p.Index);
                w.WriteNumber("flags", p.Flags);
            });
            Write(w, "links", t.Links, static (w, l) =>
            {
                w.WriteNumber("id", l.Id);
                w.WriteNumber("source", l.SourceId);
                w.WriteNumber("sink", l.SinkId);
                w.WriteNumber("flags", l.Flags);
            });
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static void Write<T>(Utf8JsonWriter w, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> item)
    {
        w.WriteStartArray(name);
        foreach (T i in items)
        {
            w.WriteStartObject();
            item(w, i);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }
}
