// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.RegularExpressions;

namespace Daedalus.Tool.Tests;

/// <summary>Manual pages say what help says, and are well formed.</summary>
[Collection("tool")]
public sealed class ManTests(Tool tool)
{
    public static TheoryData<string> Pages => ["daedalusctl.1", "daedalusd.8", "gstdaedalus.7"];

    private string Page(string name)
    {
        if (name != "daedalusctl.1")
            return Path.Combine(Tool.Root, "docs/man", name);
        string file = tool.WorkFile(name);
        Result r = tool.Ctl("man");
        Assert.True(r is { ExitCode: 0, Errors: "" }, r.All);
        File.WriteAllText(file, r.Output);
        return file;
    }

    /// <summary>As a reader sees it.</summary>
    private string Rendered(string name)
    {
        Result r = tool.Run("man", ["-l", "-P", "cat", "--nj", "--nh", Page(name)], 60, ("MANWIDTH", "200"), ("LC_ALL", "C.UTF-8"));
        Assert.True(r.ExitCode == 0 && r.Output.Length > 500, r.All);
        return Regex.Replace(r.Output, ".\b|\u001b\\[[0-9;]*m", "").Replace('‐', '-').Replace('−', '-');
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Well_formed(string name)
    {
        string page = Page(name);
        Result groff = tool.Run("man", ["--warnings=all", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page]);
        Assert.True(groff is { ExitCode: 0, Errors: "" }, groff.Errors);
        if (!File.Exists("/usr/bin/mandoc"))
            return; // a second opinion, where there is one
        Result mandoc = tool.Run("mandoc", ["-Tlint", page]);
        Assert.True(mandoc is { ExitCode: 0, Output: "" }, mandoc.All);
    }

    [Fact]
    public void Every_command_and_option_is_in_the_page()
    {
        string page = Rendered("daedalusctl.1");
        foreach (Command c in CommandTable.All)
        {
            Match section = Regex.Match(page, $@"(?ms)^   {c.Name}\n(.*?)(?=^   \S|^\S)");
            Assert.True(section.Success, c.Name);
            foreach (Option o in c.Options)
                Assert.Matches($@"(?m)^       {o.Dashed}( {o.Value})?(\s|$)", section.Value);
        }
        foreach (Option o in CommandTable.DecodeOptions)
            Assert.Matches($@"(?m)^       {o.Dashed}( {o.Value})?(\s|$)", page[page.IndexOf("OPTIONS FOR DECODING", StringComparison.Ordinal)..]);
        foreach ((int code, string meaning) in HelpText.ExitCodes)
            Assert.Matches($@"(?m)^       {code} +{Regex.Escape(meaning)}", page);
    }

    [Fact]
    public void Every_option_of_the_daemon_is_in_its_page()
    {
        string daemon = Path.Combine(Tool.Root, "out/bin/daedalusd");
        if (!File.Exists(daemon))
            return;
        string page = Rendered("daedalusd.8");
        Result help = tool.Run(daemon, ["--help"]);
        string[] options = [.. Regex.Matches(help.Errors + help.Output, @"(?m)^ +(--[a-z-]+ [A-Z]+) ").Select(m => m.Groups[1].Value)];
        Assert.True(options.Length >= 4, help.All);
        foreach (string option in options)
            Assert.Matches($@"(?m)^       {option}$", page);
    }

    [Fact]
    public void Every_property_of_the_elements_is_in_their_page()
    {
        if (!File.Exists(Path.Combine(Tool.Root, "out/lib/gstreamer-1.0/libgstdaedalus.so")))
            return;
        string page = Rendered("gstdaedalus.7");
        string[] inherited = ["automatic-request-sync-point-flags", "automatic-request-sync-points", "min-force-key-unit-interval", "name", "parent"];
        foreach (string element in new[] { "daedalusvp9dec", "daedalush264dec", "daedalusav1dec" })
        {
            Result r = tool.Run("gst-inspect-1.0", [element], 60, ("GST_PLUGIN_PATH", Path.Combine(Tool.Root, "out/lib/gstreamer-1.0")), ("GST_REGISTRY", tool.WorkFile("registry.bin")));
            string[] properties = [.. Regex.Matches(r.Output[r.Output.IndexOf("Element Properties", StringComparison.Ordinal)..], @"(?m)^  ([a-z-]+) *:").Select(m => m.Groups[1].Value)];
            Assert.Contains("n-threads", properties);
            Assert.Matches($@"(?m)^       {element}$", page);
            foreach (string property in properties.Except(inherited))
                Assert.Contains(property, page, StringComparison.Ordinal);
        }
    }
}
