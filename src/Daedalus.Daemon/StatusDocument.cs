// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;
using Daedalus.V4L2;

namespace Daedalus.Daemon;

/// <summary>A stream as the status shows it.</summary>
internal readonly record struct StreamStatus(uint Context, uint CodedFormat, uint PixelFormat, int Width, int Height, int Buffers, int InFlight, double Seconds, StreamCounters Counters);

/// <summary>The daemon as the status shows it.</summary>
internal readonly record struct DaemonStatus(string Engine, double Seconds, uint VideoMinor, uint MediaMinor, long StreamsClosed, long FramesClosed, IReadOnlyList<StreamStatus> Streams);

/// <summary>What the status socket sends: docs/kernel.md describes the fields.</summary>
internal static class StatusDocument
{
    public static byte[] Write(in DaemonStatus d)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(4096);
        using (var w = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            w.WriteStartObject();
            w.WriteNumber("version", 1);
            w.WriteNumber("pid", Environment.ProcessId);
            w.WriteNumber("uptime-seconds", Math.Round(d.Seconds, 1));
            w.WriteString("engine", d.Engine);
            w.WriteNumber("video-minor", d.VideoMinor);
            w.WriteNumber("media-minor", d.MediaMinor);
            w.WriteNumber("streams-closed", d.StreamsClosed);
            w.WriteNumber("frames-closed", d.FramesClosed);
            w.WriteStartArray("streams");
            foreach (StreamStatus s in d.Streams)
            {
                w.WriteStartObject();
                w.WriteNumber("context", s.Context);
                w.WriteString("coded-format", PixelFormat.ToText(s.CodedFormat));
                w.WriteString("picture-format", PixelFormat.ToText(s.PixelFormat));
                w.WriteNumber("width", s.Width);
                w.WriteNumber("height", s.Height);
                w.WriteNumber("buffers", s.Buffers);
                w.WriteNumber("in-flight", s.InFlight);
                w.WriteNumber("seconds", Math.Round(s.Seconds, 1));
                w.WriteNumber("frames", s.Counters.Frames);
                w.WriteNumber("fps", Math.Round(s.Counters.FramesPerSecond, 1));
                w.WriteNumber("errors", s.Counters.Errors);
                w.WriteNumber("corrupted", s.Counters.Corrupted);
                w.WriteNumber("bytes", s.Counters.Bytes);
                w.WriteStartObject("latency-ms");
                w.WriteNumber("p50", Math.Round(s.Counters.LatencyP50, 2));
                w.WriteNumber("p95", Math.Round(s.Counters.LatencyP95, 2));
                w.WriteNumber("p99", Math.Round(s.Counters.LatencyP99, 2));
                w.WriteEndObject();
                w.WriteEndObject();
            }
            w.WriteEndArray();
            w.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
