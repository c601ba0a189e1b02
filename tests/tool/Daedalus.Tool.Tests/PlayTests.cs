// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Security.Cryptography;
using System.Text.Json;

namespace Daedalus.Tool.Tests;

/// <summary>play, trace and bench run GStreamer's programs with the plugin of this checkout.</summary>
[Collection("tool")]
public sealed class PlayTests(Tool tool)
{
    private static bool HasPlugin => File.Exists(Path.Combine(Tool.Root, "out/lib/gstreamer-1.0/libgstdaedalus.so"));

    [Theory]
    [InlineData("vp9", "")]
    [InlineData("h264", "")]
    [InlineData("av1", "")]
    [InlineData("vp9", "webm")]
    [InlineData("h264", "mp4")]
    [InlineData("av1", "mkv")]
    public void Plays(string codec, string container)
    {
        if (!HasPlugin)
            return;
        string clip = tool.Clip(codec), file = clip, png = tool.WorkFile("frame.png");
        if (container.Length > 0)
        {
            file = tool.WorkFile($"in a container, {codec}.{container}");
            // From frames: a bare H.264 stream with reordering has no times.
            string[] copy = codec == "h264" ? ["-c:v", "libx264", "-bf", "2", "-preset", "ultrafast"] : ["-c", "copy"];
            Result mux = tool.Run("ffmpeg", ["-v", "error", "-y", "-i", clip, .. copy, file]);
            Assert.True(mux.ExitCode == 0, mux.All);
            clip = file;
        }
        Result r = tool.Ctl("play", "--json", "--md5", "--png", png, file);
        Assert.True(r.ExitCode == 0, r.All);
        using var json = JsonDocument.Parse(r.Output);
        Assert.Equal(12, json.RootElement.GetProperty("frames").GetInt32());
        Assert.Equal($"daedalus{codec}dec", json.RootElement.GetProperty("element").GetString());
        Assert.Equal((320, 180), (json.RootElement.GetProperty("width").GetInt32(), json.RootElement.GetProperty("height").GetInt32()));
        Assert.Equal(Convert.ToHexStringLower(MD5.HashData(tool.Raw(clip))), json.RootElement.GetProperty("md5").GetString());
        Assert.True(new FileInfo(png).Length > 1000);
    }

    [Fact]
    public void Play_goes_where_it_is_told()
    {
        if (!HasPlugin)
            return;
        string clip = tool.Clip("h264"), raw = tool.WorkFile("played.yuv");
        Result r = tool.Ctl("play", "--threads", "1", "--sink", $"videoconvert ! video/x-raw,format=I420 ! filesink location={raw}", clip);
        Assert.True(r.ExitCode == 0, r.All);
        Assert.Contains("12 frames in", r.Output, StringComparison.Ordinal);
        Assert.Equal(tool.Raw(clip), File.ReadAllBytes(raw));
    }

    [Fact]
    public void Play_goes_without_a_parser()
    {
        if (!HasPlugin)
            return;
        string file = tool.WorkFile("without-parser.webm");
        Result mux = tool.Run("ffmpeg", ["-v", "error", "-y", "-i", tool.Clip("vp9"), "-c", "copy", file]);
        Assert.True(mux.ExitCode == 0, mux.All);
        Result r = tool.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "daedalusctl.dll"), "play", "--md5", file], 60, ("GST_PLUGIN_FEATURE_RANK", "vp9parse:NONE"));
        Assert.True(r.ExitCode == 0, r.All);
        Assert.Contains(Convert.ToHexStringLower(MD5.HashData(tool.Raw(file))), r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Play_says_what_is_wrong()
    {
        if (!HasPlugin)
            return;
        string other = tool.WorkFile("other.mkv");
        Result r;
        foreach ((string encoder, string message) in new[] { ("libvpx", "its video is vp8;"), ("mpeg2video", "its video is mpeg;"), ("libx265", "its video is h265;") })
        {
            Result made = tool.Run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "5", "-c:v", encoder, other]);
            Assert.True(made.ExitCode == 0, made.All);
            r = tool.Ctl("play", other);
            Assert.True(r.ExitCode == 3 && r.Output.Length == 0 && r.Errors.Contains(message, StringComparison.Ordinal), r.All);
        }
        File.WriteAllText(other, "no film");
        Assert.Equal(3, tool.Ctl("play", other).ExitCode);
        Assert.Equal(3, tool.Ctl("play", tool.WorkFile("missing.mkv")).ExitCode);
        r = tool.Ctl("play", "--device", "/dev/video99", tool.Clip("vp9"));
        Assert.True(r.ExitCode == 1 && r.Output.Contains("/dev/video99 does not exist", StringComparison.Ordinal), r.All);
    }

    [Fact]
    public void Trace_takes_words_and_one_string()
    {
        if (!HasPlugin)
            return;
        string pipeline = $"filesrc location={tool.Clip("vp9")} ! ivfparse ! vp9parse ! daedalusvp9dec name=dec ! queue name=q ! fakesink name=sink sync=false";
        Result words = tool.Ctl(["trace", .. pipeline.Split(' ')]), text = tool.Ctl("trace", pipeline);
        Assert.True(words.ExitCode == 0, words.All);
        Assert.Matches(@"q -> sink +12 +\S+ +the same", words.Output);
        Assert.Matches(@"q -> sink +12 +\S+ +the same", text.Output);
        using (var json = System.Text.Json.JsonDocument.Parse(tool.Ctl("trace", "--json", pipeline).Output))
        {
            System.Text.Json.JsonElement link = json.RootElement.GetProperty("links").EnumerateArray().Single(l => l.GetProperty("from").GetString() == "q");
            Assert.Equal(("sink", 12, "the same"), (link.GetProperty("to").GetString(), link.GetProperty("buffers").GetInt32(), link.GetProperty("of-the-link-before").GetString()));
            Assert.Equal(12, json.RootElement.GetProperty("decoders")[0].GetProperty("frames").GetInt32());
        }
        Assert.Equal(2, tool.Ctl("trace").ExitCode);
        Assert.Equal(2, tool.Ctl("trace", "nosuchelement ! fakesink").ExitCode);
        Assert.Equal(1, tool.Ctl("trace", "filesrc", "location=/nonexistent", "!", "fakesink").ExitCode);
    }

    [Fact]
    public void Bench_measures_ours_and_the_peers()
    {
        if (!HasPlugin || tool.Run("gst-inspect-1.0", ["avdec_h264"]).ExitCode != 0)
            return;
        string clip = tool.Clip("h264"), html = tool.WorkFile("bench.html");
        Result r = tool.Ctl("bench", "--runs", "1", "--repeat", "3", "--json", "-", "--html", html, clip);
        Assert.True(r.ExitCode == 0, r.All);
        using var json = JsonDocument.Parse(r.Output);
        JsonElement[] rows = [.. json.RootElement.EnumerateArray()];
        JsonElement ours = rows.First(e => e.GetProperty("decoder").GetString() == "daedalush264dec"), theirs = rows.First(e => e.GetProperty("decoder").GetString() == "avdec_h264");
        Assert.Equal(36, ours.GetProperty("frames").GetInt32());
        Assert.Equal(1.0, theirs.GetProperty("cpu-ratio").GetDouble());
        Assert.Equal(ours.GetProperty("cpu-seconds").GetDouble() / theirs.GetProperty("cpu-seconds").GetDouble(), ours.GetProperty("cpu-ratio").GetDouble(), 0.05);
        Assert.True(ours.GetProperty("wall-seconds").GetDouble() > 0.01 && ours.GetProperty("peak-mib").GetDouble() > 5);
        Assert.Contains("daedalush264dec", File.ReadAllText(html), StringComparison.Ordinal);
        Assert.Equal(3, tool.Ctl("bench", tool.WorkFile("frame.png")).ExitCode);
    }

    /// <summary>The system's counters are those of the process: one that counts to a known time, and one that takes memory.</summary>
    [Fact]
    public void Measured_processes_are_measured()
    {
        MeasuredProcess busy = MeasuredProcess.Run(["python3", "-c", "import time\nwhile time.process_time() < 0.3: pass"]);
        Assert.InRange(busy.CpuSeconds, 0.3, 0.6);
        MeasuredProcess idle = MeasuredProcess.Run(["sleep", "0.3"]);
        Assert.True(idle.CpuSeconds < 0.1 && idle.WallSeconds >= 0.3);
        MeasuredProcess large = MeasuredProcess.Run(["python3", "-c", "x = b'x' * (512 << 20)"]);
        Assert.InRange(large.PeakMiB, 512, 700);
        Assert.Contains("exit code 3: why", Assert.Throws<IOException>(() => MeasuredProcess.Run(["sh", "-c", "echo why >&2; exit 3"])).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => MeasuredProcess.Run(["/nonexistent"]));
    }
}
