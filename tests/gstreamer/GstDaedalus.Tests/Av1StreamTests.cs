// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Security.Cryptography;

namespace GstDaedalus.Tests;

/// <summary>daedalusav1dec on streams that no encoder here makes by itself: layers, headers outside the stream, sizes that change between references, items of AVIF files.</summary>
[Collection("plugin")]
public sealed class Av1StreamTests(Plugin plugin)
{
    private const string Element = "daedalusav1dec";
    private const int SequenceHeader = 1, TemporalDelimiter = 2;

    private static readonly string[] s_framings = ["obu-stream,alignment=tu", "obu-stream,alignment=frame", "obu-stream,alignment=obu", "annexb,alignment=tu"];

    [Theory]
    [InlineData("", "eq(mod(n,2),1)", 10)]
    [InlineData("all-layers=true", "1", 20)]
    [InlineData("operating-point=1", "eq(mod(n,2),0)", 10)]
    [InlineData("operating-point=1 all-layers=true", "eq(mod(n,2),0)", 10)]
    [InlineData("operating-point=7", "eq(mod(n,2),1)", 10)] // there is none: the first
    public void Layers_are_chosen(string properties, string frames, int count)
    {
        string keys = Keys(), clip = Layered("layers.obu", _ => false);
        foreach (string framing in s_framings)
        {
            string pipeline = $"filesrc location={clip} ! av1parse ! video/x-av1,stream-format={framing} ! {Element} {properties} max-errors=0";
            Assert.Equal(count, Times(pipeline + " device=" + plugin.Av1Device).Length);
            if (plugin.HasAv1Engine)
                Assert.Equal(Selected(keys, frames), plugin.Checksum(pipeline));
        }
    }

    [Fact]
    public void Layers_of_a_temporal_unit_have_one_time()
    {
        string clip = Layered("layers.ivf", _ => false);
        foreach (string framing in s_framings)
        {
            string[] times = Times($"filesrc location={clip} ! ivfparse ! av1parse ! video/x-av1,stream-format={framing} ! {Element} all-layers=true device={plugin.Av1Device}");
            for (int i = 0; i < 20; i += 2)
                Assert.Equal(times[i], times[i + 1]);
            Assert.Equal(10, times.Distinct().Count());
        }
    }

    /// <summary>Spec 7.18.1: where the highest layer is missing, the highest one there is.</summary>
    [Fact]
    public void A_lower_layer_stands_in_for_a_missing_one()
    {
        string keys = Keys(), clip = Layered("gaps.obu", frame => frame is 5 or 13);
        foreach (string framing in s_framings)
        {
            string pipeline = $"filesrc location={clip} ! av1parse ! video/x-av1,stream-format={framing} ! {Element} max-errors=0";
            Assert.Equal(10, Times(pipeline + " device=" + plugin.Av1Device).Length);
            if (plugin.HasAv1Engine)
                Assert.Equal(Selected(keys, "eq(n,4)+eq(n,12)+eq(mod(n,2),1)*not(eq(n,5))*not(eq(n,13))"), plugin.Checksum(pipeline));
        }
    }

    /// <summary>The sequence header stands in the container's av1C only.</summary>
    [Fact]
    public void Codec_data_holds_the_sequence_header()
    {
        string whole = plugin.Av1Clip("whole.mkv", "", "176x144", 10), clip = plugin.WorkFile("headerless.mkv");
        byte[] data = File.ReadAllBytes(whole);
        // CodecPrivate (63 a2), size, four bytes of av1C, configOBUs.
        int at = data.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x63, 0xa2]) + 7;
        Assert.Equal(SequenceHeader << 3 | 2, data[at]);
        byte[] header = data[at..(at + 2 + data[at + 1])];
        int copies = 0;
        for (int from = at + 1; data.AsSpan(from).IndexOf(header) is >= 0 and int next; from += next + 1)
        {
            data[from + next] = 15 << 3 | 2; // OBU_PADDING
            copies++;
        }
        Assert.NotEqual(0, copies);
        File.WriteAllBytes(clip, data);
        // Not through av1parse: that of GStreamer 1.22 does not look into codec_data.
        string pipeline = $"filesrc location={clip} ! matroskademux ! {Element} max-errors=0";
        Assert.Equal(10, Times(pipeline + " device=" + plugin.Av1Device).Length);
        if (plugin.HasAv1Engine)
            Assert.Equal(plugin.FfmpegChecksum(whole, "yuv420p"), plugin.Checksum(pipeline));
    }

    /// <summary>Every frame of another size than its references, which are scaled.</summary>
    [Fact]
    public void Sizes_change_between_a_frame_and_its_references()
    {
        string raw = plugin.WorkFile("random.y4m"), clip = plugin.WorkFile("random.ivf"), decoded = plugin.WorkFile("random.yuv");
        Result r = plugin.Run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=352x288:rate=25", "-frames:v", "30", "-pix_fmt", "yuv420p", raw]);
        Assert.True(r.ExitCode == 0, r.Output);
        r = plugin.Run("aomenc", ["--ivf", "--rt", "--cpu-used=8", "--lag-in-frames=0", "--resize-mode=2", "--end-usage=cbr", "--target-bitrate=60", "-o", clip, raw]);
        Assert.True(r.ExitCode == 0, r.Output);
        r = plugin.Run("aomdec", ["--rawvideo", "-o", decoded, clip]);
        Assert.True(r.ExitCode == 0, r.Output);
        r = plugin.Launch($"-v filesrc location={clip} ! ivfparse ! {Element} name=d max-errors=0 device={plugin.Av1Device} ! fakesink");
        Assert.True(r.ExitCode == 0, r.Output);
        Assert.True(r.Output.Split('\n').Count(l => l.Contains("GstDaedalusAv1Dec:d.GstPad:src: caps", StringComparison.Ordinal)) > 5, r.Output);
        if (!plugin.HasAv1Engine)
            return;
        string expected = Convert.ToHexStringLower(MD5.HashData(File.ReadAllBytes(decoded)));
        foreach (string properties in new[] { "n-threads=1", "n-threads=3", "n-threads=2 max-frame-delay=0" })
            Assert.Equal(expected, plugin.Checksum($"filesrc location={clip} ! ivfparse ! {Element} {properties}"));
    }

    /// <summary>What an AVIF file holds of a picture: reduced_still_picture_header, no temporal delimiter.</summary>
    [Theory]
    [InlineData("item", "-pix_fmt yuv420p", "yuv420p")]
    [InlineData("item444", "-pix_fmt yuv444p10le", "yuv444p10le")]
    public void Item_of_an_image_file(string name, string encoder, string pixelFormat)
    {
        string still = plugin.Av1Clip(name + ".obu", "-still-picture 1 -lag-in-frames 0 " + encoder, "178x146", 1), clip = plugin.WorkFile(name + ".ivf");
        byte[] item = [.. Obus(File.ReadAllBytes(still)).Where(o => o.Type != TemporalDelimiter).SelectMany(o => Obu(o.Type, o.Payload))];
        Assert.Equal(0x18, item[2] & 0x18); // still_picture, reduced_still_picture_header
        File.WriteAllBytes(clip, Ivf([item]));
        Assert.Single(Times($"filesrc location={clip} ! ivfparse ! {Element} max-errors=0 device={plugin.Av1Device}"));
        if (plugin.HasAv1Engine)
            Assert.Equal(plugin.FfmpegChecksum(still, pixelFormat), plugin.Checksum($"filesrc location={clip} ! ivfparse ! {Element}"));
    }

    private string Keys() => plugin.Av1Clip("keys.obu", "-g 1 -lag-in-frames 0", "176x144", 20);

    /// <summary>Two frames, of spatial layers 0 and 1, in each temporal unit; operating point 0 has both layers, 1 the lower one. All are key frames, so that any can go.</summary>
    private string Layered(string name, Predicate<int> drop)
    {
        string clip = plugin.WorkFile(name);
        var units = new List<byte[]>();
        int frame = 0;
        foreach ((int type, byte[] payload) in Obus(File.ReadAllBytes(Keys())))
        {
            if (type == SequenceHeader && (frame & 1) == 0)
                units.Add([.. Obu(TemporalDelimiter, []), .. Obu(SequenceHeader, TwoOperatingPoints(payload))]);
            if (type is SequenceHeader or TemporalDelimiter)
                continue;
            if (!drop(frame))
                units[^1] = [.. units[^1], .. Obu(type, payload, spatialId: frame & 1)];
            frame++;
        }
        Assert.Equal(20, frame);
        File.WriteAllBytes(clip, name.EndsWith(".ivf", StringComparison.Ordinal) ? Ivf(units) : [.. units.SelectMany(u => u)]);
        return clip;
    }

    // 25 frames a second.
    private static byte[] Ivf(IReadOnlyList<byte[]> units)
        => [.. "DKIF"u8, 0, 0, 32, 0, .. "AV01"u8, 176, 0, 144, 0, 25, 0, 0, 0, 1, 0, 0, 0, .. BitConverter.GetBytes(units.Count), 0, 0, 0, 0,
            .. units.SelectMany((unit, i) => (byte[])[.. BitConverter.GetBytes(unit.Length), .. BitConverter.GetBytes((long)i), .. unit])];

    // sequence_header_obu (spec 5.5.1) up to the first operating point: seq_profile, still_picture, reduced_still_picture_header, timing_info_present_flag, initial_display_delay_present_flag,
    // operating_points_cnt_minus_1, operating_point_idc, seq_level_idx, seq_tier.
    private static byte[] TwoOperatingPoints(byte[] header)
    {
        string bits = string.Concat(header.Select(b => b.ToString("b8", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal("000000000", bits[3..12]);
        int level = Convert.ToInt32(bits[24..29], 2) > 7 ? 6 : 5;
        string changed = (bits[..7] + "00001" + "001100000001" + bits[24..(24 + level)] + "000100000001" + bits[24..]).TrimEnd('0');
        changed = changed.PadRight((changed.Length + 7) / 8 * 8, '0');
        return [.. Enumerable.Range(0, changed.Length / 8).Select(i => Convert.ToByte(changed.Substring(i * 8, 8), 2))];
    }

    private static IEnumerable<(int Type, byte[] Payload)> Obus(byte[] data)
    {
        for (int i = 0; i < data.Length;)
        {
            int at = i + 1 + (data[i] >> 2 & 1), size = 0;
            for (int shift = 0; ; shift += 7)
            {
                size |= (data[at] & 127) << shift;
                if ((data[at++] & 128) == 0)
                    break;
            }
            yield return (data[i] >> 3 & 15, data[at..(at + size)]);
            i = at + size;
        }
    }

    private static byte[] Obu(int type, byte[] payload, int spatialId = -1)
    {
        var obu = new List<byte> { (byte)(type << 3 | (spatialId >= 0 ? 4 : 0) | 2) };
        if (spatialId >= 0)
            obu.Add((byte)(spatialId << 3));
        int size = payload.Length;
        for (; size >= 128; size >>= 7)
            obu.Add((byte)(size | 128));
        obu.Add((byte)size);
        return [.. obu, .. payload];
    }

    // MD5 of some of a clip's frames.
    private string Selected(string clip, string expression)
    {
        Result r = plugin.Run("ffmpeg", ["-v", "error", "-i", clip, "-vf", $"select='{expression}'", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "md5", "-"]);
        Assert.True(r.ExitCode == 0 && r.Output.StartsWith("MD5=", StringComparison.Ordinal), r.Output);
        return r.Output.Trim()[4..];
    }

    // The time of each buffer.
    private string[] Times(string pipeline)
    {
        Result r = plugin.Launch($"-v {pipeline} ! fakesink silent=false");
        Assert.True(r.ExitCode == 0, r.Output);
        return [.. r.Output.Split('\n').Where(l => l.Contains("chain", StringComparison.Ordinal) && l.Contains("pts: ", StringComparison.Ordinal))
            .Select(l => System.Text.RegularExpressions.Regex.Match(l, @"pts: ([0-9:.]+|none)").Groups[1].Value)];
    }
}
