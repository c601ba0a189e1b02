// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>Applications of other languages, each in a process of its own.</summary>
[Collection("plugin")]
public sealed class HostTests(Plugin plugin)
{
    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);

    [Theory]
    [InlineData("seek")]
    [InlineData("cycles")]
    [InlineData("many")]
    [InlineData("hoard")]
    [InlineData("resume")]
    [InlineData("properties")]
    [InlineData("steady")]
    public void Python(string scenario)
    {
        Result r = plugin.Run("/usr/bin/python3", [Beside("session.py"), scenario, scenario == "steady" ? plugin.Clip("I420", 64, 64, 1500) : plugin.Clip(), plugin.Device], 120);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotContain("CRITICAL", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void C_and_its_signal_handlers()
    {
        string program = plugin.WorkFile("host");
        Result flags = plugin.Run("pkg-config", ["--cflags", "--libs", "gstreamer-1.0"]);
        Result build = plugin.Run("gcc", ["-Wall", "-Wextra", "-Werror", "-o", program, Beside("host.c"), .. flags.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(build.ExitCode == 0, build.Output);
        Result r = plugin.Run(program, [plugin.Clip(), plugin.Device]);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Contains("frames 150", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_dotnet_runtime()
    {
        string host = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory.Replace("GstDaedalus.Tests", "DotnetHost", StringComparison.Ordinal), "DotnetHost.dll"));
        Result r = plugin.Run(Environment.ProcessPath is { } p && Path.GetFileNameWithoutExtension(p) == "dotnet" ? p : "dotnet",
            [host, $"filesrc location={plugin.Clip()} ! matroskademux ! daedalusvp9dec device={plugin.Device} ! fakesink sync=false"]);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Contains("end 1", r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("daedalusvp9dec")]
    [InlineData("daedalusvp9dec n-threads=1")]
    public void No_object_outlives_the_pipeline(string element)
    {
        Result r = plugin.Launch($"filesrc location={plugin.Clip()} ! matroskademux ! {element} device={plugin.Device} ! videoconvert ! fakesink sync=false", 60,
            ("GST_TRACERS", "leaks"), ("GST_DEBUG", "GST_TRACER:7"));
        Assert.True(r.ExitCode == 0, r.Output);
        // The tracer also names its records' fields, with %s for values.
        Assert.DoesNotMatch(@"object-alive, type-name=\(string\)[A-Za-z]", r.Output);
    }

    [Fact]
    public void Little_address_space()
    {
        // Containers and sandboxes limit it; a .NET runtime that reserves its heap ahead would abort the process.
        Result r = plugin.Run("sh", ["-c",
            $"ulimit -v 4000000; exec gst-launch-1.0 -q filesrc location={plugin.Clip()} ! matroskademux ! daedalusvp9dec device={plugin.Device} ! fakesink"]);
        Assert.True(r.ExitCode == 0, r.Output);
    }
}
