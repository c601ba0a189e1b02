// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Daedalus.Tool;

/// <summary>play: a file through gst-launch-1.0 and our element of its codec.</summary>
internal static partial class PlayCommand
{
    public static int Run(CommandLine options)
    {
        string file = options.File;
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file} does not exist.");
        Installation.UsePlugin();
        bool json = options.Has("json");
        (string codec, string[] front) = Inspect(file);
        string element = $"daedalus{codec}dec";
        if (!GStreamer.HasElement(element))
            throw new IOException($"{element} is not in GStreamer's registry; GST_DEBUG=GST_PLUGIN_LOADING:5 gst-inspect-1.0 daedalus says why.");
        string[] source = ["filesrc", $"location={Path.GetFullPath(file)}", "!", .. front, "!", "queue", "!", element, "name=dec",
            .. options.Get("device") is { } device ? [$"device={device}"] : Array.Empty<string>(), .. options.Has("threads") ? [$"n-threads={options.GetInt("threads", 0)}"] : Array.Empty<string>(), "!"];
        bool display = new[] { "DISPLAY", "WAYLAND_DISPLAY" }.Any(v => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v)));
        string[] sink = options.Get("sink") is { } described ? described.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : display ? ["videoconvert", "!", "autovideosink"] : ["fakesink", "sync=false"];
        if (!json)
            Console.WriteLine($"Playing {file} " + (options.Has("sink") ? $"into {sink[0]}" : display ? "in a window" : "without a display, as fast as it decodes"));

        int frames = 0;
        string caps = "";
        var said = new List<string>();
        using Progress? progress = Progress.Open(options);
        var watch = Stopwatch.StartNew();
        // identity tells of every picture that leaves the decoder, and passes it on as it is.
        (int code, _, string errors) = GStreamer.Run(["gst-launch-1.0", "-v", "-e", .. source, "identity", "name=count", "silent=false", "!", .. sink], line =>
        {
            if (line.Contains("GstIdentity:count: last-message = chain", StringComparison.Ordinal))
            {
                frames++;
                progress?.Show(-1, frames, $"  {frames / watch.Elapsed.TotalSeconds:0.0} fps  {Time().Match(line).Groups[1].Value}");
            }
            else if (DecoderCaps().Match(line) is { Success: true } m)
                caps = m.Groups[1].Value;
            else if (line.StartsWith("ERROR", StringComparison.Ordinal) || line.StartsWith("WARNING", StringComparison.Ordinal))
                said.Add(line.Trim());
        });
        double seconds = watch.Elapsed.TotalSeconds;
        said.AddRange(errors.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("ERROR", StringComparison.Ordinal) || l.StartsWith("WARNING", StringComparison.Ordinal)));
        string? png = options.Get("png"), md5 = null;
        if (code == 0 && frames > 0 && png != null)
        {
            progress?.Show(-1, frames, "  picture");
            File.Delete(png);
            if (GStreamer.Run(["gst-launch-1.0", "-q", .. source, "videoconvert", "!", "pngenc", "snapshot=true", "!", "filesink", $"location={Path.GetFullPath(png)}"]).ExitCode != 0 || !File.Exists(png))
                png = null;
        }
        if (code == 0 && frames > 0 && options.Has("md5"))
        {
            progress?.Show(-1, frames, "  MD5");
            md5 = Md5(source);
        }
        progress?.Clear();
        string Field(string name) => Regex.Match(caps, $@"\b{name}=\(\w+\)([^,;]+)").Groups[1].Value;
        if (json)
        {
            using var output = JsonOutput.Open("-");
            Utf8JsonWriter w = output.Writer;
            w.WriteStartObject();
            w.WriteString("file", file);
            w.WriteString("element", element);
            w.WriteNumber("frames", frames);
            w.WriteNumber("seconds", Math.Round(seconds, 4));
            if (caps.Length > 0)
            {
                w.WriteString("format", Field("format"));
                w.WriteNumber("width", int.Parse(Field("width"), CultureInfo.InvariantCulture));
                w.WriteNumber("height", int.Parse(Field("height"), CultureInfo.InvariantCulture));
            }
            if (png != null)
                w.WriteString("png", png);
            if (md5 != null)
                w.WriteString("md5", md5);
            w.WriteStartArray("messages");
            said.ForEach(w.WriteStringValue);
            w.WriteEndArray();
            w.WriteEndObject();
        }
        else
        {
            Console.WriteLine($"  {frames} frames in {seconds:0.00} s ({frames / seconds:0.0} fps) by {element}");
            if (caps.Length > 0)
                Console.WriteLine($"  format {Field("format")} {Field("width")}×{Field("height")} {Field("colorimetry")}");
            if (png != null)
                Console.WriteLine($"  frame  {png}");
            if (md5 != null)
                Console.WriteLine($"  md5    {md5}");
            foreach (string line in said.Take(5))
                Console.WriteLine("  " + line);
        }
        return code != 0 || frames == 0 ? 1 : 0;
    }

    // The codec, and the elements that take its access units out of the file. Bare streams are known by themselves; of containers GStreamer says what is in them.
    private static (string Codec, string[] Front) Inspect(string file)
    {
        if (AccessUnitReader.IsRaw(file))
        {
            using AccessUnitReader reader = AccessUnitReader.Open(file);
            return (reader.Codec switch { StreamCodec.Vp9 => "vp9", StreamCodec.Av1 => "av1", _ => "h264" }, ["parsebin"]);
        }
        var videos = new HashSet<string>();
        string why = "";
        // decodebin goes without where the codec's parser is not installed; so does our element.
        foreach (string[] front in (string[][])[["parsebin"], ["decodebin", "caps=video/x-vp9;video/x-h264;video/x-av1"]])
        {
            // No filter behind: a link that cannot be made now and then leaves gst-launch-1.0 1.22 waiting for ever.
            (_, string output, string errors) = GStreamer.Run(["gst-launch-1.0", "-v", "filesrc", $"location={Path.GetFullPath(file)}", "!", .. front, "!", "fakesink", "num-buffers=1"], seconds: 10);
            videos.UnionWith(Video().Matches(output).Select(m => m.Groups[1].Value));
            if (videos.FirstOrDefault(v => v is "vp9" or "h264" or "av1") is { } codec)
                return (codec, front);
            why = Regex.Match(errors, @"ERROR: from element [^:]*: (.*)").Groups[1].Value;
        }
        videos.RemoveWhere(v => v.StartsWith("raw", StringComparison.Ordinal));
        throw new InvalidDataException(videos.Count > 0 ? $"{file}: its video is {string.Join(", ", videos)}; VP9, H.264 and AV1 can be played." : $"{file}: no VP9, H.264 or AV1 video found{(why.Length > 0 ? ": " + why : "")}");
    }

    private static string Md5(string[] source)
    {
        // The sink that Fluster uses; where it is missing, the bytes themselves.
        if (GStreamer.HasElement("videocodectestsink"))
        {
            string output = GStreamer.Run(["gst-launch-1.0", "-m", .. source, "videocodectestsink"]).Output;
            if (Checksum().Match(output) is { Success: true } m)
                return m.Groups[1].Value.ToLowerInvariant();
        }
        using Process process = OperatingSystemTools.Start("gst-launch-1.0", ["-q", .. source, "videoconvert", "!", "filesink", "location=/dev/stdout"]);
        string md5 = Convert.ToHexStringLower(MD5.HashData(process.StandardOutput.BaseStream));
        process.WaitForExit();
        return md5;
    }

    [GeneratedRegex(@"Gst(?:Parse|Decode)Bin:\w+bin0(?!/GstTypeFind)\S*(?<!GstPad:sink): caps = video/(?:x-)?([a-z0-9]+)")]
    private static partial Regex Video();

    [GeneratedRegex(@":dec\.GstPad:src: caps = (.*)")]
    private static partial Regex DecoderCaps();

    [GeneratedRegex(@"checksum=\(string\)([0-9a-fA-F]{32})")]
    private static partial Regex Checksum();

    [GeneratedRegex(@"pts: (\d+:\d\d:\d\d\.\d)")]
    private static partial Regex Time();
}
