// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>pipelines/ and examples/ run as they are.</summary>
[Collection("plugin")]
public sealed class ExampleTests(Plugin plugin)
{
    private static string Script(string path) => Path.Combine(Plugin.Root, path);

    private (string, string)[] Settings => [("DAEDALUS_WORK", plugin.WorkFile("pipelines")), ("FRAMES", "60"), ("DISPLAY", ""), ("WAYLAND_DISPLAY", "")];

    private Result Run(string script, params string[] arguments) => plugin.Run(Script(script), arguments, 180, Settings);

    /// <summary>Four seconds of 640×360, 30 frames a second.</summary>
    private string Sample(string codec)
    {
        Result r = plugin.Run("bash", ["-c", $". {Script("pipelines/common.sh")}; sample {codec} 4"], 180, Settings);
        Assert.True(r.ExitCode == 0, r.Output);
        return r.Output.Trim().Split('\n')[^1];
    }

    [Theory]
    [InlineData("pipelines/play.sh")]
    [InlineData("pipelines/transcode.sh")]
    [InlineData("pipelines/camera.sh")]
    [InlineData("pipelines/gl.sh")]
    public void Pipeline_runs(string script)
    {
        Result r = Run(script);
        Assert.True(r.ExitCode == 0, r.Output);
    }

    [Fact]
    public void Mosaic_of_four_streams_is_a_picture()
    {
        string png = plugin.WorkFile("mosaic.png");
        Result r = plugin.Run(Script("pipelines/mosaic.sh"), [Sample("vp9"), Sample("h264"), Sample("av1"), Sample("vp9")], 180, [.. Settings, ("OUT", png)]);
        Assert.True(r.ExitCode == 0 && new FileInfo(png).Length > 2000, r.Output);
    }

    [Fact]
    public void Rtp_with_losses_goes_on()
    {
        Result r = Run("pipelines/rtp.sh", "0.05", "4");
        Assert.True(r.ExitCode == 0, r.Output);
        // 120 frames are sent; which are lost is chance, that most go on is not.
        System.Text.RegularExpressions.Match m = System.Text.RegularExpressions.Regex.Match(r.Output, @"rendered: (\d+)");
        Assert.True(m.Success && int.Parse(m.Groups[1].ValueSpan) > 20, r.Output);
    }

    [Theory]
    [InlineData("pipelines/kms.sh", "/dev/dri", "No display controller")]
    [InlineData("pipelines/wayland.sh", "", "WAYLAND_DISPLAY is not set")]
    public void What_is_missing_is_said(string script, string device, string message)
    {
        if (device != "" && Directory.Exists(device))
            return; // there is one: it would be drawn on
        Result r = Run(script);
        Assert.Equal(1, r.ExitCode);
        Assert.Contains(message, r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void Trace_shows_that_pictures_pass_uncopied(string codec)
    {
        Result r = plugin.Run(Script("pipelines/trace.py"), [$"filesrc location={Sample(codec)} ! parsebin ! daedalus{codec}dec name=dec ! queue name=q ! fakesink name=sink sync=false"], 60);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Matches(@"dec -> q +120 +fd +new", r.Output);
        Assert.Matches(@"q -> sink +120 +fd +the same", r.Output);
        Assert.Contains("dec: route embedded, 120 frames, 0 copied by the decoder", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_shows_a_copy()
    {
        Result r = plugin.Run(Script("pipelines/trace.py"), [$"filesrc location={Sample("vp9")} ! parsebin ! daedalusvp9dec name=dec ! videoconvert name=c ! video/x-raw,format=RGB ! fakesink sync=false"], 60);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Matches(@"c -> \S+ +120 +SystemMemory +new", r.Output);
    }

    [Fact]
    public void Contact_sheet()
    {
        string png = plugin.WorkFile("sheet.png");
        Result r = plugin.Run(Script("pipelines/contact_sheet.py"), [Sample("h264"), png], 120);
        Assert.True(r.ExitCode == 0 && new FileInfo(png).Length > 5000, r.Output);
    }

    [Fact]
    public void File_descriptors_in_python()
    {
        Result r = plugin.Run(Script("pipelines/fds.py"), [Sample("vp9"), "daedalusvp9dec", "8"], 60);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Matches(@"frame 7: memfd \d+, \d+ bytes", r.Output);
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void File_descriptors_in_c(string codec)
    {
        string program = plugin.WorkFile("appsink_fds");
        Result flags = plugin.Run("pkg-config", ["--cflags", "--libs", "gstreamer-app-1.0", "gstreamer-video-1.0", "gstreamer-allocators-1.0"]);
        Result build = plugin.Run("gcc", ["-Wall", "-Wextra", "-Werror", "-o", program, Script("examples/appsink_fds.c"), .. flags.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(build.ExitCode == 0, build.Output);
        Result r = plugin.Run(program, [Sample(codec)]);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Contains("120 frames by fd, 0 without", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Csharp_application()
    {
        Result r = plugin.Run("dotnet", ["run", "-c", "Release", "--project", Script("examples/csharp"), "--", Sample("vp9")], 240);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.Contains("120 frames, mean brightness", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Gtk_window()
    {
        Result r = plugin.Run("xvfb-run", ["-a", Script("examples/gtk_player.py"), Sample("vp9")], 120);
        Assert.True(r.ExitCode == 0, r.Output);
        // The label's last words come from a timer: our element played, and nearly all of it was shown.
        System.Text.RegularExpressions.Match m = System.Text.RegularExpressions.Regex.Match(r.Output, @"daedalusvp9dec: (\d+) frames, 0 copied");
        Assert.True(m.Success && int.Parse(m.Groups[1].ValueSpan) > 60, r.Output);
    }
}
