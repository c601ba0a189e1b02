// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>daedalush264dec: pixels against ffmpeg where an engine is there, caps, framings, damage.</summary>
[Collection("plugin")]
public sealed class H264Tests(Plugin plugin)
{
    private const string Element = "daedalush264dec";
    private const string Interlaced = "-vf setfield=tff -flags +ilme+ildct -x264-params pic-struct=1";

    [Theory]
    [InlineData("plain.h264", "", "176x144", "yuv420p")]
    [InlineData("pyramid.h264", "-bf 5 -x264-params b-pyramid=normal:ref=4", "320x240", "yuv420p")]
    [InlineData("baseline.h264", "-profile:v baseline -x264-params slices=3", "176x144", "yuv420p")]
    [InlineData("cropped.h264", "", "350x186", "yuv420p")]
    [InlineData("left.h264", "-bsf:v h264_metadata=crop_left=10:crop_top=6:crop_right=4:crop_bottom=2", "176x144", "yuv420p")]
    [InlineData("interlaced.h264", Interlaced, "176x160", "yuv420p")]
    [InlineData("high10.h264", "-pix_fmt yuv420p10le", "176x144", "yuv420p10le")]
    [InlineData("high422.h264", "-pix_fmt yuv422p10le", "178x146", "yuv422p10le")]
    [InlineData("high444.h264", "-pix_fmt yuv444p", "177x145", "yuv444p")]
    [InlineData("lossless.h264", "-qp 0", "176x144", "yuv420p")]
    public void Pixels_are_those_of_ffmpeg(string name, string encoder, string size, string pixelFormat)
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.H264Clip(name, encoder, size);
        string expected = plugin.FfmpegChecksum(clip, pixelFormat);
        foreach (string element in new[] { Element, Element + " n-threads=1", Element + " n-threads=3 max-frame-delay=0", Element + " max-frame-delay=7" })
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! h264parse ! {element}"));
        foreach (string alignment in new[] { "stream-format=byte-stream,alignment=nal", "stream-format=avc,alignment=au", "stream-format=avc3,alignment=au" })
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! h264parse ! video/x-h264,{alignment} ! {Element}"));
    }

    [Theory]
    [InlineData("mkv", "matroskademux")]
    [InlineData("mp4", "qtdemux")]
    [InlineData("ts", "tsdemux ! h264parse")]
    public void Containers(string container, string demuxer)
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.H264Clip("contained." + container);
        Assert.Equal(plugin.FfmpegChecksum(clip, "yuv420p"), plugin.Checksum($"filesrc location={clip} ! {demuxer} ! {Element}"));
    }

    [Theory]
    [InlineData("plain.mkv", "", "176x144", "width=176,height=144,format=I420,interlace-mode=progressive,framerate=25/1")]
    [InlineData("cropped.mkv", "", "350x186", "width=350,height=186")]
    [InlineData("high10.mkv", "-pix_fmt yuv420p10le", "176x144", "format=I420_10LE")]
    [InlineData("grey.mkv", "-pix_fmt gray", "176x144", "format=I420")]
    [InlineData("interlaced.mkv", Interlaced, "176x160", "interlace-mode=(string){mixed,interleaved}")]
    [InlineData("aspect.mkv", "-vf setsar=12/11", "176x144", "pixel-aspect-ratio=12/11")]
    [InlineData("colour.mkv", "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv", "176x144", "colorimetry=bt2100-pq")]
    [InlineData("full.mkv", "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range pc", "176x144", "colorimetry=1:3:5:1")]
    public void Caps_say_what_the_stream_says(string name, string encoder, string size, string caps)
    {
        string clip = plugin.H264Clip(name, encoder, size, frames: 10);
        foreach (string parser in new[] { "", "h264parse ! " })
        {
            Result r = plugin.Launch($"filesrc location={clip} ! matroskademux ! {parser}{Element} device={plugin.Device} ! video/x-raw,{caps} ! fakesink");
            Assert.True(r.ExitCode == 0, r.Output);
        }
    }

    [Fact]
    public void Rgb_is_put_out_as_gbr()
    {
        string clip = plugin.WorkFile("gbr.mkv");
        Result made = plugin.Run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=176x144:rate=25", "-frames:v", "10", "-c:v", "libx264rgb", "-y", clip]);
        Assert.True(made.ExitCode == 0, made.Output);
        Result r = plugin.Launch($"filesrc location={clip} ! matroskademux ! {Element} device={plugin.Device} ! video/x-raw,format=GBR ! fakesink");
        Assert.True(r.ExitCode == 0, r.Output);
    }

    [Fact]
    public void Semi_planar_has_the_same_samples()
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.H264Clip("cropped.h264", "", "350x186");
        Assert.Equal(plugin.FfmpegChecksum(clip, "yuv420p"),
            plugin.Checksum($"filesrc location={clip} ! h264parse ! {Element} output-format=nv12 ! video/x-raw,format=NV12 ! videoconvert dither=none ! video/x-raw,format=I420"));
    }

    [Theory]
    [InlineData("seek")]
    [InlineData("cycles")]
    [InlineData("many")]
    [InlineData("hoard")]
    [InlineData("resume")]
    [InlineData("properties")]
    [InlineData("steady")]
    [InlineData("interlaced")]
    [InlineData("live")]
    [InlineData("reverse")]
    public void Python(string scenario)
    {
        string clip = scenario switch
        {
            "steady" => plugin.H264Clip("steady.mkv", "", "64x64", 1500),
            "live" => plugin.H264Clip("live.mkv", "-tune zerolatency -bf 0"),
            "reverse" => plugin.H264Clip("long.mp4", "", "176x144", 150),
            "interlaced" => plugin.H264Clip("fifty.mkv", Interlaced, "176x160", 50),
            _ => plugin.H264Clip("long.mkv", "", "176x144", 150),
        };
        Result r = plugin.Run("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "session.py"), scenario, clip, plugin.Device, Element], 120);
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotContain("CRITICAL", r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("decodebin")]
    [InlineData("decodebin3")]
    public void Autoplugged(string bin)
    {
        foreach (string name in new[] { "auto.mkv", "auto.mp4", "auto.ts", "auto.h264" })
        {
            Result r = plugin.Launch($"filesrc location={plugin.H264Clip(name)} ! {bin} ! fakesink", 60, ("GST_DEBUG", "GST_ELEMENT_FACTORY:4"));
            Assert.True(r.ExitCode == 0, r.Output);
            Assert.Contains($"creating element \"{Element}\"", r.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("creating element \"avdec_h264\"", r.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("stream-format=byte-stream,alignment=au")]
    [InlineData("stream-format=byte-stream,alignment=nal")]
    [InlineData("stream-format=avc,alignment=au")]
    public void Rtp_with_loss(string caps)
    {
        string clip = plugin.H264Clip("rtp.h264", "-x264-params slices=4", "176x144", 150);
        foreach (string loss in new[] { "0", "0.02", "0.2" })
        {
            Result r = plugin.Launch($"filesrc location={clip} ! h264parse ! rtph264pay config-interval=-1 mtu=400 ! identity drop-probability={loss} ! rtph264depay ! video/x-h264,{caps} ! {Element} device={plugin.Device} max-errors=-1 ! videocodectestsink");
            Assert.True(r.ExitCode == 0, r.Output);
            if (loss == "0" && plugin.HasEngine)
                Assert.Contains(plugin.FfmpegChecksum(clip, "yuv420p"), r.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(400)]
    public void Damaged_data_neither_crashes_nor_hangs(int seed)
    {
        byte[] data = File.ReadAllBytes(plugin.H264Clip("long.mkv", "", "176x144", 150));
        var random = new Random(seed);
        for (int i = 0; i < 60; i++)
            data[random.Next(2000, data.Length)] ^= (byte)(1 << random.Next(8));
        string damaged = plugin.WorkFile($"damaged-{seed}.mkv");
        File.WriteAllBytes(damaged, data);
        foreach (string parser in new[] { "", "h264parse ! " })
        {
            Result r = plugin.Launch($"filesrc location={damaged} ! matroskademux ! {parser}{Element} device={plugin.Device} ! videoconvert ! fakesink");
            Assert.True(r.ExitCode is 0 or 1, r.Output);
        }
    }

    [Fact]
    public void No_object_outlives_the_pipeline()
    {
        Result r = plugin.Launch($"filesrc location={plugin.H264Clip("long.mkv", "", "176x144", 150)} ! matroskademux ! {Element} device={plugin.Device} ! videoconvert ! fakesink sync=false", 60,
            ("GST_TRACERS", "leaks"), ("GST_DEBUG", "GST_TRACER:7"));
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.DoesNotMatch(@"object-alive, type-name=\(string\)[A-Za-z]", r.Output);
    }

    [Fact]
    public void Captions_and_active_format_come_along()
    {
        // Two triplets (CEA-608, field 1) and an active format in each access unit's SEI.
        byte[] captions = [0xb5, 0x00, 0x31, (byte)'G', (byte)'A', (byte)'9', (byte)'4', 3, 0x42, 0xff, 0xfc, 0x94, 0x2c, 0xfd, 0x80, 0x80, 0xff];
        byte[] format = [0xb5, 0x00, 0x31, (byte)'D', (byte)'T', (byte)'G', (byte)'1', 0x41, 0xfa];
        byte[] sei = [0, 0, 0, 1, 6, 4, (byte)captions.Length, .. captions, 4, (byte)format.Length, .. format, 0x80];
        byte[] plain = File.ReadAllBytes(plugin.H264Clip("uncaptioned.h264", "-bf 0 -x264-params repeat-headers=1", "176x144", 20));
        var with = new List<byte>();
        for (int i = 0; i < plain.Length; i++)
        {
            if (i + 3 < plain.Length && plain[i] == 0 && plain[i + 1] == 0 && plain[i + 2] == 1 && (plain[i + 3] & 31) is 1 or 5)
            {
                // Before the four-byte start code's first zero, if there is one.
                if (with.Count > 0 && with[^1] == 0)
                    with.RemoveAt(with.Count - 1);
                with.AddRange(sei);
                with.Add(0);
            }
            with.Add(plain[i]);
        }
        string stream = plugin.WorkFile("captioned.h264");
        File.WriteAllBytes(stream, [.. with]);
        string clip = plugin.Remux(stream, "captioned.mkv");
        foreach (string parser in new[] { "", "h264parse ! " })
        {
            Result r = plugin.Launch($"-v filesrc location={clip} ! matroskademux ! {parser}{Element} device={plugin.Device} ! fakesink silent=false");
            Assert.True(r.ExitCode == 0, r.Output);
            string[] buffers = [.. r.Output.Split('\n').Where(l => l.StartsWith("/GstPipeline", StringComparison.Ordinal) && l.Contains("chain", StringComparison.Ordinal) && l.Contains("meta:", StringComparison.Ordinal))];
            Assert.Equal(20, buffers.Length);
            // Once, whether the parser has found it too or not.
            Assert.All(buffers, b => Assert.Equal(2, b.Split("GstVideoCaptionMeta").Length));
            Assert.All(buffers, b => Assert.Equal(2, b.Split("GstVideoAFDMeta").Length));
        }
    }

    [Fact]
    public void A_fresh_registry_has_it()
    {
        Result inspect = plugin.Run("gst-inspect-1.0", [Element], 60, ("GST_REGISTRY", plugin.WorkFile("fresh-h264.bin")));
        Assert.True(inspect.ExitCode == 0, inspect.Output);
        foreach (string text in new[] { "GstVideoDecoder", "primary + 2", "n-threads", "max-frame-delay", "output-format", "stats", "byte-stream", "avc3", "nal" })
            Assert.Contains(text, inspect.Output, StringComparison.Ordinal);
    }
}
