// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;
using System.Xml.Linq;

namespace Daedalus.Tool.Tests;

/// <summary>The tool as it is installed: compiled ahead of time, without what only a JIT can do.</summary>
[Collection("tool")]
public sealed class PublishedTests(Tool tool)
{
    private static readonly string s_program = Path.Combine(Tool.Root, "out/bin/daedalusctl");

    private Result Published(params string[] arguments) => tool.Run(s_program, arguments);

    [Fact]
    public void Help_and_manual_are_the_same()
    {
        if (!File.Exists(s_program))
            return;
        Assert.Equal(tool.Ctl("--help").Output, Published("--help").Output);
        static string Without(string text, string option) => string.Join('\n', text.Split('\n').Where(l => !l.Contains(option, StringComparison.Ordinal)));
        Assert.Equal(Without(tool.Ctl("decode", "--help").Output, "--in-process"), Without(Published("decode", "--help").Output, "--in-process"));
        Assert.DoesNotContain("in-process", Published("man").Output.Replace("\\-", "-", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(2, Published("decode", "--in-process", "x.ivf").ExitCode);
    }

    [Fact]
    public void Decodes_compares_and_reports()
    {
        if (!File.Exists(s_program))
            return;
        string clip = tool.Clip("vp9"), png = tool.WorkFile("published.png"), folder = Directory.CreateDirectory(tool.WorkFile("published")).FullName;
        string md5 = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(tool.Raw(clip)));
        Assert.Equal($"{md5}  {clip}\n", Published("md5", clip).Output);
        byte[] raw = tool.Raw(clip);
        raw[1000] ^= 1;
        File.WriteAllBytes(tool.WorkFile("published.yuv"), raw);
        Result r = Published("compare", "--json", "--png", png, "--oracle", tool.WorkFile("published.yuv"), clip);
        Assert.True(r.ExitCode == 1 && new FileInfo(png).Length > 1000, r.All);
        using (var json = JsonDocument.Parse(r.Output))
            Assert.Equal(40, json.RootElement.GetProperty("difference").GetProperty("first").GetProperty("x").GetInt32());

        File.Copy(clip, Path.Combine(folder, "clip.ivf"), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), $$"""[{"codec":"vp9","suite":"s","name":"n","file":"clip.ivf","result_md5":"{{md5}}","verified":true}]""");
        r = Published("conformance", "--json", "-", "--junit", tool.WorkFile("published.xml"), "--html", tool.WorkFile("published.html"), folder);
        Assert.True(r.ExitCode == 0, r.All);
        using (var json = JsonDocument.Parse(r.Output))
            Assert.Equal("pass", json.RootElement[0].GetProperty("result").GetString());
        Assert.Equal("0", XDocument.Load(tool.WorkFile("published.xml")).Root!.Element("testsuite")!.Attribute("failures")!.Value);
        Assert.Contains("1/1", File.ReadAllText(tool.WorkFile("published.html")), StringComparison.Ordinal);
        Assert.Equal(3, Published("md5", "missing.ivf").ExitCode);
    }
}
