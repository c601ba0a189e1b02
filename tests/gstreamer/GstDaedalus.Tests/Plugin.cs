// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace GstDaedalus.Tests;

/// <summary>The published plugin, a registry of its own and clips made by GStreamer's vp9enc; processes run with them.</summary>
public sealed class Plugin : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("gst-daedalus-tests").FullName;
    private readonly Lock _lock = new();

    public static string Root { get; } = FindRoot();

    /// <summary>Folder of libgstdaedalus.so: $DAEDALUS_PLUGIN or out/ of this checkout.</summary>
    public string PluginFolder { get; } = Environment.GetEnvironmentVariable("DAEDALUS_PLUGIN") ?? Path.Combine(Root, "out/lib/gstreamer-1.0");

    public string Registry => Path.Combine(_work, "registry.bin");

    public Plugin()
    {
        if (!File.Exists(Path.Combine(PluginFolder, "libgstdaedalus.so")))
        {
            Result publish = Run("sh", [Path.Combine(Root, "scripts/publish-plugin.sh")], timeout: 600);
            Assert.True(publish.ExitCode == 0, publish.Output);
        }
    }

    /// <summary>Whether an engine can be found; without one only the dummy device works.</summary>
    public bool HasEngine => Environment.GetEnvironmentVariable("DAEDALUS_ENGINE") is not null
        || Directory.Exists(Path.Combine(PluginFolder, "../daedalus"));

    /// <summary>Devices that pipelines can run with.</summary>
    public string Device => HasEngine ? "auto" : "dummy";

    private bool? _hasAv1;

    /// <summary>Whether there is an engine and it decodes AV1.</summary>
    public bool HasAv1Engine => _hasAv1 ??= HasEngine && Launch("fakesrc num-buffers=0 ! daedalusav1dec ! fakesink").ExitCode == 0;

    /// <summary>Device that AV1 pipelines can run with.</summary>
    public string Av1Device => HasAv1Engine ? "auto" : "dummy";

    public string WorkFile(string name) => Path.Combine(_work, name);

    /// <summary>A clip: 150 frames unless said otherwise, a key frame every 30.</summary>
    public string Clip(string format = "I420", int width = 176, int height = 144, int frames = 150, string encoder = "")
    {
        string path = WorkFile($"{format}-{width}x{height}-{frames}-{encoder.GetHashCode():x}.webm");
        lock (_lock)
        {
            if (!File.Exists(path))
            {
                Result r = Launch($"videotestsrc num-buffers={frames} pattern=smpte75 horizontal-speed=3 ! video/x-raw,format={format},width={width},height={height},framerate=30/1 ! " +
                    $"vp9enc deadline=1 cpu-used=8 threads=1 target-bitrate=300000 keyframe-max-dist=30 {encoder} ! matroskamux ! filesink location={path}");
                Assert.True(r.ExitCode == 0, r.Output);
            }
        }
        return path;
    }

    /// <summary>An H.264 clip made by ffmpeg's libx264; a key frame every 30.</summary>
    /// <param name="name">File name; the ending says which container.</param>
    /// <param name="arguments">What the encoder is told beside that.</param>
    /// <param name="size">Size of the pictures.</param>
    /// <param name="frames">How many.</param>
    public string H264Clip(string name, string arguments = "", string size = "176x144", int frames = 60)
    {
        return Encoded(name, "-c:v libx264 -preset fast -threads 1 -g 30 -bf 2 -pix_fmt yuv420p", arguments, size, frames);
    }

    /// <summary>An AV1 clip made by ffmpeg's libaom; a key frame every 30. Arguments as for <see cref="H264Clip"/>.</summary>
    public string Av1Clip(string name, string arguments = "", string size = "176x144", int frames = 60)
        => Encoded("av1-" + name, "-c:v libaom-av1 -cpu-used 8 -row-mt 0 -threads 1 -g 30 -lag-in-frames 15 -crf 40 -b:v 0 -pix_fmt yuv420p", arguments, size, frames);

    private string Encoded(string name, string encoder, string arguments, string size, int frames)
    {
        string path = WorkFile(name);
        lock (_lock)
        {
            if (!File.Exists(path))
            {
                string[] input = ["-v", "error", "-f", "lavfi", "-i", $"testsrc2=size={size}:rate=25"];
                string[] output = ["-frames:v", frames.ToString(System.Globalization.CultureInfo.InvariantCulture), .. encoder.Split(' ')];
                Result r = Run("ffmpeg", [.. input, .. output, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), path]);
                Assert.True(r.ExitCode == 0, r.Output);
            }
        }
        return path;
    }

    /// <summary>The same stream in another container.</summary>
    public string Remux(string clip, string name, string arguments = "")
    {
        string path = WorkFile(name);
        lock (_lock)
        {
            if (!File.Exists(path))
            {
                Result r = Run("ffmpeg", ["-v", "error", "-i", clip, "-c", "copy", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), path]);
                Assert.True(r.ExitCode == 0, r.Output);
            }
        }
        return path;
    }

    /// <summary>MD5 of all planes as ffmpeg decodes them.</summary>
    public string FfmpegChecksum(string clip, string pixelFormat)
    {
        Result r = Run("ffmpeg", ["-v", "error", "-flags", "unaligned", "-i", clip, "-fps_mode", "passthrough", "-pix_fmt", pixelFormat, "-f", "md5", "-"]);
        Assert.True(r.ExitCode == 0 && r.Output.StartsWith("MD5=", StringComparison.Ordinal), r.Output);
        return r.Output.Trim()[4..];
    }

    public Result Launch(string pipeline, int timeout = 60, params (string, string)[] environment)
        => Run("gst-launch-1.0", ["-m", .. pipeline.Split(' ', StringSplitOptions.RemoveEmptyEntries)], timeout, environment);

    /// <summary>MD5 of the planar output as GStreamer's videocodectestsink has it.</summary>
    public string Checksum(string pipeline, params (string, string)[] environment)
    {
        Result r = Launch(pipeline + " ! videocodectestsink", 60, environment);
        const string Key = "checksum=(string)";
        int at = r.Output.IndexOf(Key, StringComparison.Ordinal);
        Assert.True(r.ExitCode == 0 && at >= 0, r.Output);
        return r.Output.Substring(at + Key.Length, 32);
    }

    public Result Run(string command, IEnumerable<string> arguments, int timeout = 60, params (string, string)[] environment)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["GST_PLUGIN_PATH"] = PluginFolder;
        start.Environment["GST_REGISTRY"] = Registry;
        start.Environment["GST_DEBUG_NO_COLOR"] = "1";
        start.Environment.Remove("GST_DEBUG");
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(timeout)))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return new Result(-1, "TIMEOUT\n" + output.Result + errors.Result);
        }
        return new Result(process.ExitCode, output.Result + errors.Result);
    }

    public void Dispose() => Directory.Delete(_work, recursive: true);

    private static string FindRoot([CallerFilePath] string file = "")
    {
        // The source path is mapped in deterministic builds: look upwards from where the tests run.
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "GstDaedalus.sln")))
                return d.FullName;
        throw new InvalidOperationException("GstDaedalus.sln not found above " + AppContext.BaseDirectory + file);
    }
}

public readonly record struct Result(int ExitCode, string Output);

[CollectionDefinition("plugin")]
public sealed class PluginCollection : ICollectionFixture<Plugin>;
