// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>daedalusav1dec: pixels against ffmpeg's libdav1d where an engine is there that decodes AV1, caps, framings, damage.</summary>
[Collection("plugin")]
public sealed class Av1Tests(Plugin plugin)
{
    private const string Element = "daedalusav1dec";
    private static readonly string[] s_framings = ["obu-stream,alignment=tu", "obu-stream,alignment=frame", "obu-stream,alignment=obu", "annexb,alignment=tu"];

    [Theory]
    [InlineData("plain.ivf", "", "176x144", "yuv420p")]
    [InlineData("low-delay.ivf", "-lag-in-frames 0 -usage realtime", "320x180", "yuv420p")]
    [InlineData("tiles.ivf", "-tiles 2x2", "256x256", "yuv420p")]
    [InlineData("odd.ivf", "-vf format=yuv444p,crop=35:17", "36x18", "yuv420p")]
    [InlineData("ten.ivf", "-pix_fmt yuv420p10le", "176x144", "yuv420p10le")]
    [InlineData("twelve.ivf", "-pix_fmt yuv420p12le", "176x144", "yuv420p12le")]
    [InlineData("422.ivf", "-pix_fmt yuv422p", "178x146", "yuv422p")]
    [InlineData("444.ivf", "-vf format=yuv444p,crop=177:145 -pix_fmt yuv444p10le", "178x146", "yuv444p10le")]
    [InlineData("grain.ivf", "-aom-params film-grain-test=1", "176x144", "yuv420p")]
    [InlineData("lossless.ivf", "-crf 0 -aom-params lossless=1", "176x144", "yuv420p")]
    public void Pixels_are_those_of_dav1d(string name, string encoder, string size, string pixelFormat)
    {
        if (!plugin.HasAv1Engine)
            return;
        string clip = plugin.Av1Clip(name, encoder, size, 30);
        string expected = plugin.FfmpegChecksum(clip, pixelFormat);
        foreach (string element in new[] { Element, Element + " n-threads=1", Element + " n-threads=3 max-frame-delay=0", Element + " max-frame-delay=7" })
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! ivfparse ! av1parse ! {element}"));
        Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! ivfparse ! {Element}"));
        foreach (string framing in s_framings)
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! ivfparse ! av1parse ! video/x-av1,stream-format={framing} ! {Element}"));
    }

    [Fact]
    public void Without_grain_the_pictures_are_those_below_it()
    {
        if (!plugin.HasAv1Engine)
            return;
        string clip = plugin.Av1Clip("grain.ivf", "-aom-params film-grain-test=1", "176x144", 30);
        Result r = plugin.Run("ffmpeg", ["-v", "error", "-c:v", "libdav1d", "-filmgrain", "0", "-i", clip, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "md5", "-"]);
        Assert.True(r.ExitCode == 0, r.Output);
        string without = r.Output.Trim()[4..];
        Assert.NotEqual(plugin.FfmpegChecksum(clip, "yuv420p"), without);
        Assert.Equal(without, plugin.Checksum($"filesrc location={clip} ! ivfparse ! av1parse ! {Element} apply-grain=false"));
    }

    [Theory]
    [InlineData("mkv", "matroskademux")]
    [InlineData("webm", "matroskademux")]
    [InlineData("mp4", "qtdemux")]
    [InlineData("obu", "av1parse")]
    public void Containers(string container, string front)
    {
        string clip = plugin.Av1Clip("contained." + container);
        foreach (string parser in front == "av1parse" ? new[] { "" } : ["", "av1parse ! "])
        {
            string pipeline = $"filesrc location={clip} ! {front} ! {parser}{Element} device={plugin.Av1Device}";
            if (plugin.HasAv1Engine)
                Assert.Equal(plugin.FfmpegChecksum(clip, "yuv420p"), plugin.Checksum(pipeline));
            else
                Assert.Equal(60, Buffers(pipeline).Length);
        }
    }

    [Theory]
    [InlineData("plain.mkv", "", "176x144", "width=176,height=144,format=I420,interlace-mode=progressive,framerate=25/1")]
    [InlineData("odd.mkv", "-vf format=yuv444p,crop=35:17", "36x18", "width=35,height=17")]
    [InlineData("ten.mkv", "-pix_fmt yuv420p10le", "176x144", "format=I420_10LE")]
    [InlineData("twelve.mkv", "-pix_fmt yuv422p12le", "176x144", "format=I422_12LE")]
    [InlineData("444.mkv", "-pix_fmt yuv444p", "176x144", "format=Y444")]
    [InlineData("rgb.mkv", "-pix_fmt gbrp", "176x144", "format=GBR")]
    [InlineData("grey.mkv", "-pix_fmt gray", "176x144", "format=GRAY8")]
    [InlineData("grey.mkv", "-pix_fmt gray", "176x144", "format=I420")]
    [InlineData("grey10.mkv", "-pix_fmt gray10le", "176x144", "format=(string){I420_10LE,GRAY10_LE16}")]
    [InlineData("colour.mkv", "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv", "176x144", "colorimetry=bt2100-pq")]
    [InlineData("full.mkv", "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range pc", "176x144", "colorimetry=1:3:5:1")]
    [InlineData("aspect.mkv", "-vf setsar=12/11", "176x144", "pixel-aspect-ratio=12/11")]
    public void Caps_say_what_the_stream_says(string name, string encoder, string size, string caps)
    {
        string clip = plugin.Av1Clip(name, encoder, size, frames: 5);
        foreach (string parser in new[] { "", "av1parse ! " })
        {
            Result r = plugin.Launch($"filesrc location={clip} ! matroskademux ! {parser}{Element} device={plugin.Av1Device} ! video/x-raw,{caps} ! fakesink");
            Assert.True(r.ExitCode == 0, r.Output);
        }
    }

    [Theory]
    // Both ways to 2/3: a render size of the same shape. 3/4 of 89 lines are not a whole number: still square samples.
    [InlineData(192, 144, 12, "width=(int)128, height=(int)96, ")]
    [InlineData(192, 89, 11, "width=(int)140, height=(int)65, ")]
    public void Frames_coded_smaller_than_they_are_shown(int width, int height, int denominator, string caps)
    {
        string raw = plugin.WorkFile("resized.y4m"), clip = plugin.WorkFile("resized.ivf");
        Result made = plugin.Run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=256x256:rate=25", "-vf", $"format=yuv444p,crop={width}:{height}", "-frames:v", "5", "-pix_fmt", "yuv420p", raw]);
        Assert.True(made.ExitCode == 0, made.Output);
        made = plugin.Run("aomenc", ["--ivf", "--cpu-used=8", "--lag-in-frames=0", "--resize-mode=1", $"--resize-denominator={denominator}", $"--resize-kf-denominator={denominator}", "-o", clip, raw]);
        Assert.True(made.ExitCode == 0, made.Output);
        Result r = plugin.Launch($"-v filesrc location={clip} ! ivfparse ! av1parse ! {Element} name=d device={plugin.Av1Device} ! fakesink");
        Assert.True(r.ExitCode == 0, r.Output);
        string put = r.Output.Split('\n').First(l => l.Contains("GstDaedalusAv1Dec:d.GstPad:src: caps", StringComparison.Ordinal));
        Assert.Contains(caps, put, StringComparison.Ordinal);
        Assert.Contains("pixel-aspect-ratio=(fraction)1/1", put, StringComparison.Ordinal);
    }

    [Fact]
    public void Semi_planar_has_the_same_samples()
    {
        if (!plugin.HasAv1Engine)
            return;
        string clip = plugin.Av1Clip("semi.ivf", "", "350x186", 10);
        Assert.Equal(plugin.FfmpegChecksum(clip, "yuv420p"),
            plugin.Checksum($"filesrc location={clip} ! ivfparse ! {Element} output-format=nv12 ! video/x-raw,format=NV12 ! videoconvert dither=none ! video/x-raw,format=I420"));
    }

    [Fact]
    public void Monochrome_luma_is_the_same_whatever_downstream_takes()
    {
        if (!plugin.HasAv1Engine)
            return;
        string clip = plugin.Av1Clip("mono.ivf", "-pix_fmt gray", "192x144", 10);
        string expected = plugin.FfmpegChecksum(clip, "gray");
        foreach (string caps in new[] { "format=GRAY8", "format=I420 ! videoconvert dither=none ! video/x-raw,format=GRAY8" })
        {
            string file = plugin.WorkFile("mono.raw");
            Result r = plugin.Launch($"filesrc location={clip} ! ivfparse ! {Element} ! video/x-raw,{caps} ! filesink location={file}");
            Assert.True(r.ExitCode == 0, r.Output);
            Assert.Equal(expected, Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(File.ReadAllBytes(file))));
        }
    }

    [Fact]
    public void A_still_picture_is_one_picture()
    {
        string clip = plugin.Av1Clip("still.obu", "-still-picture 1 -lag-in-frames 0", "176x144", 1);
        Assert.Single(Buffers($"filesrc location={clip} ! av1parse ! {Element} device={plugin.Av1Device}"));
        if (plugin.HasAv1Engine)
            Assert.Equal(plugin.FfmpegChecksum(clip, "yuv420p"), plugin.Checksum($"filesrc location={clip} ! av1parse ! {Element}"));
    }

    [Fact]
    public void Sizes_change_within_a_stream()
    {
        string clip = plugin.WorkFile("sizes.obu");
        File.WriteAllBytes(clip, [.. File.ReadAllBytes(plugin.Av1Clip("small.obu", "", "96x64", 5)), .. File.ReadAllBytes(plugin.Av1Clip("large.obu", "", "176x144", 5)),
            .. File.ReadAllBytes(plugin.Av1Clip("deep.obu", "-pix_fmt yuv420p10le", "64x96", 5))]);
        foreach (string framing in s_framings)
        {
            Result r = plugin.Launch($"-v filesrc location={clip} ! av1parse ! video/x-av1,stream-format={framing} ! {Element} name=d device={plugin.Av1Device} ! fakesink silent=false");
            Assert.True(r.ExitCode == 0, r.Output);
            Assert.Equal(15, BufferLines(r.Output).Length);
            string[] caps = [.. r.Output.Split('\n').Where(l => l.Contains("GstDaedalusAv1Dec:d.GstPad:src: caps", StringComparison.Ordinal))];
            Assert.Equal(3, caps.Length);
            Assert.Contains("I420, width=(int)96, height=(int)64", caps[0], StringComparison.Ordinal);
            Assert.Contains("I420, width=(int)176, height=(int)144", caps[1], StringComparison.Ordinal);
            Assert.Contains("I420_10LE, width=(int)64, height=(int)96", caps[2], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("obu-stream,alignment=tu")]
    [InlineData("obu-stream,alignment=frame")]
    [InlineData("obu-stream,alignment=obu")]
    [InlineData("annexb,alignment=tu")]
    public void Every_framing_gives_every_picture_its_time(string framing)
    {
        // Hidden frames and frames shown later: lag and alternate references.
        string clip = plugin.Av1Clip("times.ivf", "-lag-in-frames 25 -auto-alt-ref 1", "176x144", 60);
        string[] buffers = Buffers($"filesrc location={clip} ! ivfparse ! av1parse ! video/x-av1,stream-format={framing} ! {Element} device={plugin.Av1Device} max-errors=0");
        string[] times = [.. buffers.Select(b => System.Text.RegularExpressions.Regex.Match(b, @"pts: ([0-9:.]+)").Groups[1].Value)];
        Assert.Equal(60, times.Distinct().Count());
        Assert.Equal(times.Order(StringComparer.Ordinal), times);
        Assert.Equal("0:00:02.360000000", times[^1]);
    }

    [Theory]
    [InlineData("seek")]
    [InlineData("cycles")]
    [InlineData("many")]
    [InlineData("hoard")]
    [InlineData("resume")]
    [InlineData("properties")]
    [InlineData("steady")]
    [InlineData("live")]
    [InlineData("reverse")]
    public void Python(string scenario)
    {
        string clip = scenario switch
        {
            "steady" => plugin.Av1Clip("steady.mkv", "-lag-in-frames 0 -usage realtime", "64x64", 1500),
            "live" => plugin.Av1Clip("live.mkv", "-lag-in-frames 0 -usage realtime"),
            "reverse" => plugin.Av1Clip("long.mp4", "", "176x144", 150),
            _ => plugin.Av1Clip("long.mkv", "", "176x144", 150),
        };
        Result r = plugin.Run("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "session.py"), scenario, clip, plugin.Av1Device, Element], 120);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotContain("CRITICAL", r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("decodebin")]
    [InlineData("decodebin3")]
    public void Autoplugged(string bin)
    {
        if (!plugin.HasAv1Engine)
            return;
        foreach (string name in new[] { "auto.mkv", "auto.mp4", "auto.ivf" })
        {
            Result r = plugin.Launch($"filesrc location={plugin.Av1Clip(name)} ! {bin} ! fakesink", 60, ("GST_DEBUG", "GST_ELEMENT_FACTORY:4"));
            Assert.True(r.ExitCode == 0, r.Output);
            Assert.Contains($"creating element \"{Element}\"", r.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("creating element \"av1dec\"", r.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(400)]
    public void Damaged_data_neither_crashes_nor_hangs(int seed)
    {
        byte[] data = File.ReadAllBytes(plugin.Av1Clip("long.mkv", "", "176x144", 150));
        var random = new Random(seed);
        for (int i = 0; i < 60; i++)
            data[random.Next(2000, data.Length)] ^= (byte)(1 << random.Next(8));
        string damaged = plugin.WorkFile($"damaged-{seed}-av1.mkv");
        File.WriteAllBytes(damaged, data);
        foreach (string parser in new[] { "", "av1parse ! " })
        {
            Result r = plugin.Launch($"filesrc location={damaged} ! matroskademux ! {parser}{Element} device={plugin.Av1Device} ! videoconvert ! fakesink");
            Assert.True(r.ExitCode is 0 or 1, r.Output);
        }
    }

    [Fact]
    public void No_object_outlives_the_pipeline()
    {
        Result r = plugin.Launch($"filesrc location={plugin.Av1Clip("long.mkv", "", "176x144", 150)} ! matroskademux ! {Element} device={plugin.Av1Device} ! videoconvert ! fakesink sync=false", 60,
            ("GST_TRACERS", "leaks"), ("GST_DEBUG", "GST_TRACER:7"));
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotMatch(@"object-alive, type-name=\(string\)[A-Za-z]", r.Output);
    }

    [Fact]
    public void Metadata_comes_along()
    {
        // Two triplets of captions (A/53) and an active format before each frame; content light level and mastering display once.
        byte[] captions = Metadata(4, [0xb5, 0x00, 0x31, .. "GA94"u8, 3, 0x42, 0xff, 0xfc, 0x94, 0x2c, 0xfd, 0x80, 0x80, 0xff, 0x80]);
        byte[] format = Metadata(4, [0xb5, 0x00, 0x31, .. "DTG1"u8, 0x41, 0xfa, 0x80]);
        byte[] light = Metadata(1, [0x03, 0xe8, 0x01, 0x90, 0x80]);
        byte[] display = Metadata(2, [0xae, 0x14, 0x51, 0xec, 0x43, 0xd7, 0xb0, 0xa4, 0x26, 0x66, 0x0f, 0x5c, 0x50, 0x0d, 0x54, 0x39, 0, 3, 0xe8, 0, 0, 0, 0, 0x52, 0x80]);
        byte[] plain = File.ReadAllBytes(plugin.Av1Clip("uncaptioned.obu", "-lag-in-frames 0 -usage realtime", "176x144", 20));
        var with = new List<byte>();
        for (int i = 0; i < plain.Length;)
        {
            int type = plain[i] >> 3 & 15, at = i + 1, size = 0;
            for (int shift = 0; ; shift += 7)
            {
                size |= (plain[at] & 127) << shift;
                if ((plain[at++] & 128) == 0)
                    break;
            }
            if (type is 3 or 6)
                with.AddRange([.. captions, .. format]);
            with.AddRange(plain[i..(at + size)]);
            if (type == 1)
                with.AddRange([.. light, .. display]);
            i = at + size;
        }
        string clip = plugin.WorkFile("captioned.obu");
        File.WriteAllBytes(clip, [.. with]);
        foreach (string framing in s_framings)
        {
            Result r = plugin.Launch($"-v filesrc location={clip} ! av1parse ! video/x-av1,stream-format={framing} ! {Element} name=d device={plugin.Av1Device} ! fakesink silent=false");
            Assert.True(r.ExitCode == 0, r.Output);
            string[] buffers = BufferLines(r.Output);
            Assert.Equal(20, buffers.Length);
            Assert.All(buffers, b => Assert.Equal(2, b.Split("GstVideoCaptionMeta").Length));
            Assert.All(buffers, b => Assert.Equal(2, b.Split("GstVideoAFDMeta").Length));
            string caps = r.Output.Split('\n').First(l => l.Contains("GstDaedalusAv1Dec:d.GstPad:src: caps", StringComparison.Ordinal));
            Assert.Contains("content-light-level=(string)1000:400", caps, StringComparison.Ordinal);
            // Red, green, blue, white: 0.68, 0.32; 0.265, 0.69; 0.15, 0.06; 0.3127, 0.329. 1000 and 0.005 cd/m².
            Assert.Contains("mastering-display-info=(string)34000:16000:13250:34500:7500:3000:15635:16450:10000000:50", caps, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_fresh_registry_has_it()
    {
        Result inspect = plugin.Run("gst-inspect-1.0", [Element], 60, ("GST_REGISTRY", plugin.WorkFile("fresh-av1.bin")));
        Assert.True(inspect.ExitCode == 0, inspect.Output);
        foreach (string text in new[] { "GstVideoDecoder", "primary + 2", "n-threads", "max-frame-delay", "output-format", "stats", "apply-grain", "operating-point", "all-layers", "annexb", "frame", "GRAY8" })
            Assert.Contains(text, inspect.Output, StringComparison.Ordinal);
    }

    private static byte[] Metadata(byte type, byte[] body) => [0x2a, (byte)(body.Length + 1), type, .. body];

    private static string[] BufferLines(string output)
        => [.. output.Split('\n').Where(l => l.StartsWith("/GstPipeline", StringComparison.Ordinal) && l.Contains("chain", StringComparison.Ordinal) && l.Contains("meta:", StringComparison.Ordinal))];

    private string[] Buffers(string pipeline)
    {
        Result r = plugin.Launch($"-v {pipeline} ! fakesink silent=false");
        Assert.True(r.ExitCode == 0, r.Output);
        return BufferLines(r.Output);
    }
}
