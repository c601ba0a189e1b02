// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;

namespace Daedalus.Tool.Tests;

/// <summary>daedalusctl as a process, and clips to run it on.</summary>
public sealed class Tool : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("daedalusctl-tests").FullName;
    private readonly Lock _lock = new();

    public static string Root { get; } = FindRoot();

    private static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "daedalusctl.dll");

    /// <summary>The published engine, or the one inside the tool where there is none.</summary>
    public static string[] Engine { get; } = Directory.Exists(Path.Combine(Root, "out/lib/daedalus")) ? [] : ["--in-process"];

    public string WorkFile(string name) => Path.Combine(_work, name);

    /// <summary>A clip that ffmpeg makes, once.</summary>
    /// <param name="codec">vp9, h264 or av1.</param>
    /// <param name="width">Of the pictures.</param>
    /// <param name="height">Of the pictures.</param>
    /// <param name="frames">How many.</param>
    public string Clip(string codec, int width = 320, int height = 180, int frames = 12)
    {
        string path = WorkFile($"{codec}-{width}x{height}-{frames}.{(codec == "h264" ? "h264" : "ivf")}");
        string encoder = codec switch
        {
            "vp9" => "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 400k",
            "h264" => "-c:v libx264 -preset ultrafast -bf 2",
            _ => "-c:v libaom-av1 -usage realtime -cpu-used 8 -b:v 300k",
        };
        lock (_lock)
        {
            if (!File.Exists(path))
            {
                string[] source = ["-v", "error", "-f", "lavfi", "-i", $"testsrc2=size={width}x{height}:rate=25", "-frames:v", frames.ToString(CultureInfo.InvariantCulture), "-pix_fmt", "yuv420p"];
                Result r = Run("ffmpeg", [.. source, .. encoder.Split(' '), path]);
                Assert.True(r.ExitCode == 0, r.All);
            }
        }
        return path;
    }

    /// <summary>The clip's frames as an independent decoder has them.</summary>
    public byte[] Raw(string clip)
    {
        string raw = clip + ".yuv";
        if (!File.Exists(raw))
        {
            Result r = Run("ffmpeg", ["-v", "error", "-i", clip, "-fps_mode", "passthrough", "-f", "rawvideo", raw]);
            Assert.True(r.ExitCode == 0, r.All);
        }
        return File.ReadAllBytes(raw);
    }

    /// <summary>Runs daedalusctl in the work folder.</summary>
    public Result Ctl(params string[] arguments) => Run("dotnet", [Program, .. arguments]);

    /// <summary>The same, of a command that decodes.</summary>
    public Result Decoding(string command, params string[] arguments) => Ctl([command, .. Engine, .. arguments]);

    /// <summary>daedalusctl as a shell would be told to run it.</summary>
    public static string ShellCommand => $"dotnet {Program}";

    public Result Run(string command, IEnumerable<string> arguments, int timeout = 60, params (string, string)[] environment)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = _work };
        start.Environment["GST_DEBUG_NO_COLOR"] = "1";
        start.Environment["DAEDALUS_ENGINE"] = Path.Combine(Root, "out/lib");
        start.Environment.Remove("DISPLAY");
        start.Environment.Remove("WAYLAND_DISPLAY");
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(timeout)))
        {
            process.Kill(entireProcessTree: true);
            return new Result(-1, output.Result, "TIMEOUT\n" + errors.Result);
        }
        return new Result(process.ExitCode, output.Result, errors.Result);
    }

    public void Dispose() => Directory.Delete(_work, recursive: true);

    private static string FindRoot()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "GstDaedalus.sln")))
                return d.FullName;
        throw new InvalidOperationException("GstDaedalus.sln not found above " + AppContext.BaseDirectory);
    }
}

public readonly record struct Result(int ExitCode, string Output, string Errors)
{
    public string All => $"exit code {ExitCode}\n{Output}{Errors}";
}

[CollectionDefinition("tool")]
public sealed class ToolCollection : ICollectionFixture<Tool>;
