// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Tests;

/// <summary>Caps, and pixels against GStreamer's libvpx element where an engine is there.</summary>
[Collection("plugin")]
public sealed class PictureTests(Plugin plugin)
{
    private static string Decode(string clip, string element, string after = "") => $"filesrc location={clip} ! matroskademux ! {element}{after}";

    [Theory]
    [InlineData("I420", 176, 144)]
    [InlineData("I420", 256, 128)] // strides are GStreamer's own: no GstVideoMeta needed
    [InlineData("I420", 35, 17)]
    [InlineData("I420", 1, 1)]
    [InlineData("Y444", 176, 144)]
    public void Caps_carry_format_and_size(string format, int width, int height)
    {
        Result r = plugin.Launch($"filesrc location={plugin.Clip(format, width, height, 10)} ! matroskademux ! daedalusvp9dec device={plugin.Device} ! " +
            $"video/x-raw,format={format},width={width},height={height},framerate=30/1 ! fakesink");
        Assert.True(r.ExitCode == 0, r.Output);
    }

    [Theory]
    [InlineData("I420", 176, 144, "")]
    [InlineData("I420", 256, 128, "")]
    [InlineData("I420", 35, 17, "")]
    [InlineData("I420", 1, 1, "")]
    [InlineData("I420", 640, 360, "tile-columns=2")]
    [InlineData("Y444", 176, 144, "")]
    [InlineData("I420", 176, 144, "lag-in-frames=16 auto-alt-ref=true")]
    public void Pixels_are_those_of_libvpx(string format, int width, int height, string encoder)
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.Clip(format, width, height, 30, encoder);
        string expected = plugin.Checksum(Decode(clip, "vp9dec"));
        foreach (string element in new[] { "daedalusvp9dec", "daedalusvp9dec n-threads=1", "daedalusvp9dec n-threads=3 max-frame-delay=0", "daedalusvp9dec max-frame-delay=7" })
        {
            Assert.Equal(expected, plugin.Checksum(Decode(clip, element)));
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! matroskademux ! vp9parse ! {element}"));
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! matroskademux ! vp9parse ! video/x-vp9,alignment=frame ! {element}"));
        }
    }

    [Theory]
    [InlineData(176, 144)]
    [InlineData(256, 128)]
    [InlineData(256, 90)] // the planes go out one by one
    [InlineData(256, 33)]
    [InlineData(35, 17)]
    public void Downstream_without_video_meta_gets_plain_pictures(int width, int height)
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.Clip("I420", width, height, 30);
        string mine = plugin.WorkFile("mine.yuv"), theirs = plugin.WorkFile("theirs.yuv");
        Assert.Equal(0, plugin.Launch(Decode(clip, "daedalusvp9dec", $" ! filesink location={mine}")).ExitCode);
        Assert.Equal(0, plugin.Launch(Decode(clip, "vp9dec", $" ! filesink location={theirs}")).ExitCode);
        Assert.Equal(VisibleI420(theirs, width, height), VisibleI420(mine, width, height));
    }

    // Samples without the padding of GStreamer's default layout, where each decoder leaves something else.
    private static byte[] VisibleI420(string file, int width, int height)
    {
        byte[] all = File.ReadAllBytes(file);
        int cw = (width + 1) / 2, ch = (height + 1) / 2, stride = width + 3 & ~3, chromaStride = cw + 3 & ~3, evenHeight = height + 1 & ~1;
        int frame = stride * evenHeight + 2 * chromaStride * evenHeight / 2;
        Assert.True(all.Length > 0 && all.Length % frame == 0);
        var visible = new List<byte>();
        for (int start = 0; start < all.Length; start += frame)
        {
            for (int y = 0; y < height; y++)
                visible.AddRange(all.AsSpan(start + y * stride, width));
            for (int y = 0; y < 2 * ch; y++)
                visible.AddRange(all.AsSpan(start + stride * evenHeight + y * chromaStride, cw));
        }
        return [.. visible];
    }

    [Fact]
    public void Semi_planar_has_the_same_samples()
    {
        if (!plugin.HasEngine)
            return;
        string clip = plugin.Clip();
        Assert.Equal(plugin.Checksum(Decode(clip, "vp9dec")),
            plugin.Checksum(Decode(clip, "daedalusvp9dec output-format=nv12", " ! video/x-raw,format=NV12 ! videoconvert dither=none ! video/x-raw,format=I420")));
    }

    [Theory]
    [InlineData("bt709")]
    [InlineData("bt601")]
    [InlineData("2:4:7:1")]
    public void Upstream_colorimetry_is_kept(string colorimetry)
    {
        Result r = plugin.Launch($"filesrc location={plugin.Clip(frames: 10)} ! matroskademux ! capssetter join=true caps=video/x-vp9,colorimetry={colorimetry},pixel-aspect-ratio=12/11 ! " +
            $"daedalusvp9dec device={plugin.Device} ! video/x-raw,colorimetry={colorimetry},pixel-aspect-ratio=12/11 ! fakesink");
        Assert.True(r.ExitCode == 0, r.Output);
    }

    [Fact]
    public void Pictures_written_downstream_stay_references()
    {
        if (!plugin.HasEngine)
            return;
        // videobalance works in place on every second branch; the other must not see it.
        string clip = plugin.Clip();
        string expected = plugin.Checksum(Decode(clip, "vp9dec"));
        Assert.Equal(expected, plugin.Checksum(Decode(clip, "daedalusvp9dec", " ! tee name=t t. ! queue ! videobalance hue=0.3 ! fakesink t. ! queue")));
        Result inPlace = plugin.Launch(Decode(clip, "daedalusvp9dec", " ! videobalance hue=0.3 ! videocodectestsink"));
        Result theirs = plugin.Launch(Decode(clip, "vp9dec", " ! videobalance hue=0.3 ! videocodectestsink"));
        static string Sum(Result r) => r.Output[r.Output.IndexOf("checksum=(string)", StringComparison.Ordinal)..][..49];
        Assert.Equal(Sum(theirs), Sum(inPlace));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(400)]
    public void Damaged_data_neither_crashes_nor_hangs(int seed)
    {
        byte[] data = File.ReadAllBytes(plugin.Clip());
        var random = new Random(seed);
        for (int i = 0; i < 60; i++)
            data[random.Next(2000, data.Length)] ^= (byte)(1 << random.Next(8));
        string damaged = plugin.WorkFile($"damaged-{seed}.webm");
        File.WriteAllBytes(damaged, data);
        Result r = plugin.Launch($"filesrc location={damaged} ! matroskademux ! daedalusvp9dec device={plugin.Device} ! videoconvert ! fakesink");
        Assert.True(r.ExitCode is 0 or 1, r.Output);
    }
}
