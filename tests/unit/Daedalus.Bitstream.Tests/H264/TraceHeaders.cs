// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>One syntax element as ffmpeg's trace_headers bitstream filter saw it.</summary>
internal sealed record TracedElement(string Name, long Value, int Position, int Bits);

/// <summary>One NAL unit of the trace.</summary>
internal sealed class TracedUnit(string kind)
{
    public string Kind { get; } = kind;
    public List<TracedElement> Elements { get; } = [];
    public long? Find(string name) => Elements.Find(e => e.Name == name)?.Value;
    public long Get(string name, long absent = 0) => Find(name) ?? absent;
    public long[] All(string name) => [.. Elements.Where(e => e.Name == name).Select(e => e.Value)];
}

/// <summary>Runs ffmpeg, the independent source of header values and of encoded streams.</summary>
internal static class TraceHeaders
{
    public static bool Available { get; } = Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), d => File.Exists(Path.Combine(d, "ffmpeg")));

    /// <summary>The units of the packets (not of the extradata), in order; null where the filter gave up.</summary>
    public static List<TracedUnit> Trace(string file, int frames)
    {
        string text = Run("-nostats", "-i", file, "-frames:v", frames.ToString(CultureInfo.InvariantCulture), "-c:v", "copy", "-bsf:v", "trace_headers", "-f", "null", "-");
        var units = new List<TracedUnit>();
        TracedUnit? unit = null;
        bool inPacket = false;
        foreach (string raw in text.Split('\n'))
        {
            if (!raw.StartsWith("[trace_headers", StringComparison.Ordinal))
                continue;
            string line = raw[(raw.IndexOf(']') + 2)..].TrimEnd();
            if (line.StartsWith("Packet:", StringComparison.Ordinal) || line == "Extradata")
                inPacket = line != "Extradata";
            else if (!inPacket)
                continue;
            else if (line.Length > 0 && char.IsAsciiDigit(line[0]))
            {
                string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (unit != null && parts.Length >= 5)
                    unit.Elements.Add(new TracedElement(parts[1], long.Parse(parts[^1], CultureInfo.InvariantCulture), int.Parse(parts[0], CultureInfo.InvariantCulture), parts[^3].Length));
            }
            else
                units.Add(unit = new TracedUnit(line));
        }
        return units;
    }

    public static string Run(params string[] arguments)
    {
        var info = new ProcessStartInfo("ffmpeg", ["-hide_banner", "-threads", "1", "-y", .. arguments]) { RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(info)!;
        process.StandardInput.Close();
        string text = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return text;
    }
}
