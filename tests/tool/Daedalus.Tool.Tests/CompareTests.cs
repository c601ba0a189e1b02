// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;

namespace Daedalus.Tool.Tests;

/// <summary>compare finds an error put at a known place, and draws it.</summary>
[Collection("tool")]
public sealed class CompareTests(Tool tool)
{
    private const int Width = 320, Height = 180, FrameSize = Width * Height * 3 / 2;

    /// <summary>Where a plane's sample lies in a frame of 4:2:0.</summary>
    private static int Offset(int frame, int plane, int x, int y)
        => frame * FrameSize + (plane == 0 ? y * Width + x : Width * Height + (plane - 1) * (Width / 2 * Height / 2) + y * (Width / 2) + x);

    private string Corrupted(string clip, params (int Frame, int Plane, int X, int Y, int Xor)[] places)
    {
        byte[] raw = (byte[])tool.Raw(clip).Clone();
        foreach ((int frame, int plane, int x, int y, int xor) in places)
            raw[Offset(frame, plane, x, y)] ^= (byte)xor;
        string file = tool.WorkFile($"corrupted-{Guid.NewGuid():n}.yuv");
        File.WriteAllBytes(file, raw);
        return file;
    }

    /// <summary>A PNG as ffmpeg reads it.</summary>
    private (int Width, int Height, byte[] Rgb) Decode(string png)
    {
        Result size = tool.Run("ffprobe", ["-v", "error", "-show_entries", "stream=width,height,pix_fmt", "-of", "csv=p=0", png]);
        Assert.True(size.ExitCode == 0, size.All);
        string[] fields = size.Output.Trim().Split(',');
        Assert.Equal("rgb24", fields[2]);
        string raw = png + ".rgb";
        // -xerror: a wrong checksum or a broken row is an error.
        Result r = tool.Run("ffmpeg", ["-v", "error", "-xerror", "-y", "-i", png, "-f", "rawvideo", "-pix_fmt", "rgb24", raw]);
        Assert.True(r.ExitCode == 0 && r.Errors.Length == 0, r.All);
        return (int.Parse(fields[0]), int.Parse(fields[1]), File.ReadAllBytes(raw));
    }

    [Theory]
    [InlineData("vp9", 64)]
    [InlineData("h264", 16)]
    [InlineData("av1", 64)]
    public void Finds_and_draws_the_first_block(string codec, int block)
    {
        string clip = tool.Clip(codec), png = tool.WorkFile(codec + ".png");
        // The second place lies above the first one but in a later block of the same row; the third in a later frame.
        string oracle = Corrupted(clip, (3, 0, 70, 100, 0x40), (3, 0, 200, 96, 0x01), (5, 0, 0, 0, 0xff));
        byte expected = tool.Raw(clip)[Offset(3, 0, 70, 100)];
        Result r = tool.Decoding("compare", "--oracle", oracle, "--json", "--png", png, clip);
        Assert.True(r.ExitCode == 1, r.All);
        using var json = JsonDocument.Parse(r.Output);
        JsonElement d = json.RootElement.GetProperty("difference"), b = d.GetProperty("block"), first = b.GetProperty("first");
        Assert.False(json.RootElement.GetProperty("equal").GetBoolean());
        Assert.Equal((3, "Y", 2), (d.GetProperty("frame").GetInt32(), d.GetProperty("plane").GetString(), d.GetProperty("samples").GetInt32()));
        Assert.Equal((200, 96), (d.GetProperty("first").GetProperty("x").GetInt32(), d.GetProperty("first").GetProperty("y").GetInt32()));
        Assert.Equal((block, 100 / block, 70 / block), (b.GetProperty("size").GetInt32(), b.GetProperty("row").GetInt32(), b.GetProperty("column").GetInt32()));
        Assert.Equal((70, 100), (first.GetProperty("x").GetInt32(), first.GetProperty("y").GetInt32()));
        Assert.Equal((expected, expected ^ 0x40), (first.GetProperty("ours").GetInt32(), first.GetProperty("oracle").GetInt32()));

        // Seen in the picture: the enlarged sample in its yellow frame shows ours, the oracle's and the difference.
        (int width, int height, byte[] rgb) = Decode(png);
        int At(int x, int y) => rgb[(y * width + x) * 3] << 16 | rgb[(y * width + x) * 3 + 1] << 8 | rgb[(y * width + x) * 3 + 2];
        var centres = new List<(int X, int Y)>();
        for (int y = 1; y < height - 1; y++)
            for (int x = 1; x < width - 1; x++)
                if (At(x, y) == 0xffd000 && At(x - 1, y) != 0xffd000 && At(x, y - 1) != 0xffd000 && At(x + 1, y) == 0xffd000 && At(x, y + 1) == 0xffd000)
                    centres.Add((x, y));
        Assert.Equal(3, centres.Count);
        int Grey(int i) => At(centres[i].X + 2, centres[i].Y + 2);
        Assert.Equal((expected * 0x010101, (expected ^ 0x40) * 0x010101, 0xffffff), (Grey(0), Grey(1), Grey(2)));
        // The block's frame, in the picture and enlarged, of three panels.
        Assert.True(rgb.Chunk(3).Count(p => p is [255, 64, 200]) > 6 * 4 * 2 * 16, "the block is boxed");
    }

    [Fact]
    public void Chroma_is_found_by_plane()
    {
        string clip = tool.Clip("h264");
        Result r = tool.Decoding("compare", "--oracle", Corrupted(clip, (1, 2, 33, 21, 1)), clip);
        Assert.True(r.ExitCode == 1, r.All);
        Assert.Contains("frame 1 ", r.Output, StringComparison.Ordinal);
        Assert.Contains("differs in plane V: 1 of 14400 samples, x 33..33, y 21..21", r.Output, StringComparison.Ordinal);
        Assert.Contains("sample (33,21), 16x16 macroblock row 2 column 4", r.Output, StringComparison.Ordinal);
        // The default name, in the current folder; V differs, so the difference is red where it is.
        (int _, int _, byte[] rgb) = Decode(tool.WorkFile("h264-320x180-12-difference.png"));
        Assert.Contains(rgb.Chunk(3), p => p is [255, 0, 0]);
    }

    [Fact]
    public void Semi_planar_chroma_is_told_apart()
    {
        string clip = tool.Clip("h264");
        byte[] raw = tool.Raw(clip), nv12 = new byte[raw.Length];
        for (int frame = 0; frame < raw.Length / FrameSize; frame++)
        {
            raw.AsSpan(frame * FrameSize, Width * Height).CopyTo(nv12.AsSpan(frame * FrameSize));
            for (int i = 0; i < Width * Height / 4; i++)
                for (int c = 0; c < 2; c++)
                    nv12[frame * FrameSize + Width * Height + 2 * i + c] = raw[frame * FrameSize + Width * Height + c * (Width * Height / 4) + i];
        }
        string same = tool.WorkFile("same.nv12"), other = tool.WorkFile("other.nv12");
        File.WriteAllBytes(same, nv12);
        nv12[2 * FrameSize + Width * Height + 50 * Width + 2 * 150 + 1] ^= 8;
        File.WriteAllBytes(other, nv12);
        Result equal = tool.Decoding("compare", "--format", "nv12", "--oracle", same, clip);
        Assert.True(equal.ExitCode == 0, equal.All);
        Result r = tool.Decoding("compare", "--format", "nv12", "--no-png", "--oracle", other, clip);
        Assert.Contains("differs in plane V: 1 of 14400 samples, x 150..150, y 50..50", r.Output, StringComparison.Ordinal);
        Assert.Contains("macroblock row 6 column 18", r.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void Equal_frames_are_equal(string codec)
    {
        string clip = tool.Clip(codec), raw = clip + ".yuv";
        _ = tool.Raw(clip);
        Result r = tool.Decoding("compare", "--oracle", raw, clip);
        Assert.True(r is { ExitCode: 0, Output: "12 frames are equal\n" }, r.All);
    }

    [Fact]
    public void Too_few_and_too_many_frames_are_differences()
    {
        string clip = tool.Clip("vp9");
        byte[] raw = tool.Raw(clip);
        string few = tool.WorkFile("few.yuv"), many = tool.WorkFile("many.yuv");
        File.WriteAllBytes(few, raw[..^FrameSize]);
        File.WriteAllBytes(many, [.. raw, 0]);
        Result r = tool.Decoding("compare", "--oracle", few, clip);
        Assert.True(r.ExitCode == 1 && r.Output.Contains("frame 11: the oracle has no more frames", StringComparison.Ordinal), r.All);
        r = tool.Decoding("compare", "--oracle", many, "--json", clip);
        Assert.True(r.ExitCode == 1, r.All);
        using var json = JsonDocument.Parse(r.Output);
        Assert.Equal("the oracle has more than our 12 frames", json.RootElement.GetProperty("reason").GetString());
    }
}
