// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>GStreamer's own players, bins, probes and tracers find the elements and use them as any other decoder.</summary>
[Collection("plugin")]
public sealed class PlayerTests(Plugin plugin)
{
    private static readonly string[] s_scenarios = ["lifecycle", "outlives", "trick", "states", "bins", "player", "discover"];

    public static TheoryData<string, string> Scenarios
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string codec in new[] { "vp9", "h264", "av1" })
            {
                foreach (string scenario in s_scenarios)
                    all.Add(codec, scenario);
            }
            return all;
        }
    }

    private string Clip(string codec) => codec switch
    {
        "vp9" => plugin.Clip("I420", 176, 144, 60),
        "h264" => plugin.H264Clip("player.mkv"),
        _ => plugin.Av1Clip("player.mkv"),
    };

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Application(string codec, string scenario)
    {
        Result r = plugin.Run("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "player.py"), scenario, Clip(codec), $"daedalus{codec}dec"], 180);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotContain("CRITICAL", r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void Tracers_see_the_element(string codec)
    {
        Result r = plugin.Launch($"filesrc location={Clip(codec)} ! matroskademux ! daedalus{codec}dec name=ours ! fakesink", 60,
            ("GST_TRACERS", "latency(flags=element+pipeline);stats;rusage;leaks"), ("GST_DEBUG", "GST_TRACER:7"), ("GST_DEBUG_NO_COLOR", "1"));
        Assert.True(r.ExitCode == 0, r.Output[^Math.Min(2000, r.Output.Length)..]);
        Assert.Contains("element-latency, element-id=", r.Output, StringComparison.Ordinal);
        Assert.Contains("element=(string)ours", r.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(":: object-alive", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Scanner_under_valgrind()
    {
        // The scanner loads the plugin and asks every element for its classes, as at a first start; only errors of our code would count,
        // and there are none of any.
        Result r = plugin.Run("valgrind", ["--error-exitcode=9", "--trace-children=yes", "-q", "--max-stackframe=16000000", "gst-inspect-1.0", "daedalusav1dec"], 180,
            ("GST_REGISTRY", plugin.WorkFile("valgrind.bin")), ("G_SLICE", "always-malloc"));
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Contains("apply-grain", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Instrumented_host_keeps_metadata()
    {
        string program = plugin.WorkFile("scanner");
        Result flags = plugin.Run("pkg-config", ["--cflags", "--libs", "gstreamer-1.0"]);
        Result build = plugin.Run("gcc", ["-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-o", program,
            Path.Combine(AppContext.BaseDirectory, "scanner.c"), .. flags.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(build.ExitCode == 0, build.Output);
        foreach (string codec in new[] { "vp9", "h264", "av1" })
        {
            Result r = plugin.Run(program, [$"daedalus{codec}dec", Clip(codec)], 120, ("GST_REGISTRY", plugin.WorkFile("asan.bin")),
                ("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0:abort_on_error=1"));
            Assert.True(r.ExitCode == 0 && r.Output.Contains("60 pictures, 60 with the metadata of their frame", StringComparison.Ordinal), r.Output);
        }
    }
}
