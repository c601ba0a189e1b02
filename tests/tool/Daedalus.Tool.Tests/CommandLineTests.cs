// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;

namespace Daedalus.Tool.Tests;

/// <summary>Help, options, exit codes, JSON and progress.</summary>
[Collection("tool")]
public sealed class CommandLineTests(Tool tool)
{
    public static TheoryData<string> Commands => [.. CommandTable.All.Select(c => c.Name)];

    [Fact]
    public void Names_are_unique()
    {
        Assert.Equal(CommandTable.All.Length, CommandTable.All.Select(c => c.Name).Distinct().Count());
        foreach (Command c in CommandTable.All)
            Assert.Equal(c.AllOptions.Count(), c.AllOptions.Select(o => o.Name).Distinct().Count());
    }

    [Fact]
    public void Overview_lists_every_command()
    {
        Result help = tool.Ctl("--help"), none = tool.Ctl();
        Assert.Equal(0, help.ExitCode);
        Assert.Equal((2, "", help.Output), (none.ExitCode, none.Output, none.Errors));
        foreach (Command c in CommandTable.All)
            Assert.Matches($@"(?m)^  {c.Name}\b", help.Output);
        Assert.Matches(@"^daedalusctl \d+\.\d+\.\d+\n$", tool.Ctl("--version").Output);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_has_help(string command)
    {
        Result r = tool.Ctl(command, "--help");
        Assert.True(r.ExitCode == 0 && r.Errors.Length == 0, r.All);
        Assert.StartsWith($"usage: daedalusctl {command}", r.Output, StringComparison.Ordinal);
        foreach (Option o in CommandTable.Find(command)!.AllOptions.Where(o => o.Name != "help"))
            Assert.Matches($@"(?m)^  {o.Dashed}( {o.Value})?(\s|$)", r.Output);
        Assert.DoesNotContain(r.Output.Split('\n'), line => line.Length > 110);
        Assert.Equal(r.Output, tool.Ctl("help", command).Output);
    }

    [Theory]
    [InlineData(2, "there is no command \"frobnicate\"", "frobnicate")]
    [InlineData(2, "decode has no option --jobs", "decode", "--jobs", "2", "x.ivf")]
    [InlineData(2, "--threads needs a value", "decode", "x.ivf", "--threads")]
    [InlineData(2, "--threads needs a number, not \"two\"", "decode", "--threads", "two", "CLIP")]
    [InlineData(2, "--format knows planar, i420, nv12, p010, not \"rgb\"", "decode", "--format=rgb", "x.ivf")]
    [InlineData(2, "--md5 takes no value", "decode", "--md5=1", "x.ivf")]
    [InlineData(2, "exactly one FILE is needed", "md5", "a.ivf", "b.ivf")]
    [InlineData(2, "standard output cannot hold both frames and JSON", "decode", "-o", "-", "--json", "x.ivf")]
    [InlineData(3, "no-such-file.ivf", "md5", "no-such-file.ivf")]
    [InlineData(3, "no-such-engine.so", "md5", "--device", "/no-such-engine.so", "CLIP")]
    [InlineData(3, "no-such-oracle.yuv", "compare", "--oracle", "no-such-oracle.yuv", "CLIP")]
    public void Exit_codes(int code, string message, params string[] arguments)
    {
        Result r = tool.Ctl([.. arguments.Select(a => a == "CLIP" ? tool.Clip("vp9") : a)]);
        Assert.True(r.ExitCode == code && r.Output.Length == 0, r.All);
        Assert.Contains(message, r.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", r.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_frames_are_exit_code_1()
    {
        // An IVF whose last frame is cut in the middle of its header.
        byte[] clip = File.ReadAllBytes(tool.Clip("vp9"));
        string file = tool.WorkFile("broken.ivf");
        File.WriteAllBytes(file, [.. clip, 2, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00]);
        Result r = tool.Decoding("md5", "--json", file);
        Assert.True(r.ExitCode == 1, r.All);
        using var json = JsonDocument.Parse(r.Output);
        Assert.Equal(1, json.RootElement.GetProperty("refused").GetInt32());
        Assert.Equal(12, json.RootElement.GetProperty("frames").GetInt32());
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void Md5_is_that_of_another_decoder(string codec)
    {
        string clip = tool.Clip(codec), expected = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(tool.Raw(clip)));
        Result r = tool.Decoding("md5", clip);
        Assert.True(r is { ExitCode: 0, Errors: "" }, r.All);
        Assert.Equal($"{expected}  {clip}\n", r.Output);
        r = tool.Decoding("decode", "--md5", "--frames", "--json", clip);
        using var json = JsonDocument.Parse(r.Output);
        Assert.Equal(expected, json.RootElement.GetProperty("md5").GetString());
        Assert.Equal(12, json.RootElement.GetProperty("frames").GetInt32());
        JsonElement last = json.RootElement.GetProperty("frame-list")[11];
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(tool.Raw(clip).AsSpan(^(320 * 180 * 3 / 2)..))), last.GetProperty("md5").GetString());
    }

    [Fact]
    public void Raw_frames_go_to_standard_output()
    {
        string clip = tool.Clip("vp9"), raw = tool.WorkFile("out.yuv");
        Result r = tool.Run("sh", ["-c", $"{Tool.ShellCommand} decode {string.Join(' ', Tool.Engine)} -o - '{clip}' > '{raw}'"]);
        Assert.True(r.ExitCode == 0, r.All);
        Assert.Equal(tool.Raw(clip), File.ReadAllBytes(raw));
        Assert.Contains("12 frames of 12 access units", r.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_is_for_terminals_only()
    {
        string clip = tool.Clip("vp9"), engine = string.Join(' ', Tool.Engine);
        // script(1) gives the command a terminal.
        Result terminal = tool.Run("script", ["-qec", $"{Tool.ShellCommand} md5 {engine} '{clip}'", "/dev/null"], 60, ("TERM", "xterm"));
        Assert.True(terminal.ExitCode == 0, terminal.All);
        Assert.Matches(@"\[#+\.*\] +\d+ %  \d+ frames", terminal.Output);
        Result quiet = tool.Run("script", ["-qec", $"{Tool.ShellCommand} md5 --quiet {engine} '{clip}'", "/dev/null"], 60, ("TERM", "xterm"));
        Assert.DoesNotContain("\u001b[K", quiet.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", tool.Decoding("md5", clip).All, StringComparison.Ordinal);
    }
}
