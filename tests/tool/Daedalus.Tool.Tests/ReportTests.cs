// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Daedalus.Tool.Tests;

/// <summary>The HTML reports, as a browser has them.</summary>
[Collection("tool")]
public sealed class ReportTests(Tool tool)
{
    private static readonly string? s_browser = new[] { "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome" }.Select(b => "/usr/bin/" + b).FirstOrDefault(File.Exists);

    // What the page is asked once it is laid out: does it scroll sideways, does a text leave its plot, how many bars are seen.
    private const string Probe = """
        <script>addEventListener('load', () => {
            const r = e => e.getBoundingClientRect(), d = document.body.dataset;
            d.sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
            d.cut = [...document.querySelectorAll('svg text')].filter(t => r(t).right > r(t.ownerSVGElement).right + 1 || r(t).bottom > r(t.ownerSVGElement).bottom + 1).map(t => t.textContent).join('|');
            d.bars = [...document.querySelectorAll('figure > svg rect')].filter(b => r(b).width >= 1 && r(b).height >= 10).length;
            d.rows = document.querySelectorAll('table tr').length;
            d.width = innerWidth;
            d.colour = getComputedStyle(document.body).backgroundColor;
            d.fetched = performance.getEntriesByType('resource').length;
        })</script>
        """;

    private Result Browse(params string[] arguments)
        => tool.Run(s_browser!, ["--no-sandbox", "--headless", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--user-data-dir=" + tool.WorkFile("browser"), .. arguments], 60);

    /// <summary>The page as laid out at a width: its DOM and what the probe says.</summary>
    private (string Dom, Func<string, string> Asked) Layout(string html, int width, bool dark = false)
    {
        string probed = tool.WorkFile("probed.html");
        File.WriteAllText(probed, File.ReadAllText(html).Replace("</body>", Probe + "</body>", StringComparison.Ordinal));
        Result r = Browse($"--window-size={width},900", dark ? "--blink-settings=preferredColorScheme=0" : "--blink-settings=preferredColorScheme=1", "--dump-dom", "file://" + probed);
        Assert.True(r.ExitCode == 0, r.All);
        return (r.Output, name => Regex.Match(r.Output, $"data-{name}=\"([^\"]*)\"").Groups[1].Value);
    }

    private int[] Screenshot(string html, int width, int height, bool dark)
    {
        string png = tool.WorkFile("screen.png");
        File.Delete(png);
        Result r = Browse($"--window-size={width},{height}", dark ? "--blink-settings=preferredColorScheme=0" : "--blink-settings=preferredColorScheme=1", "--screenshot=" + png, "file://" + html);
        Assert.True(r.ExitCode == 0 && File.Exists(png), r.All);
        r = tool.Run("ffmpeg", ["-v", "error", "-y", "-i", png, "-f", "rawvideo", "-pix_fmt", "rgb24", png + ".rgb"]);
        Assert.True(r.ExitCode == 0, r.All);
        int[] pixels = [.. File.ReadAllBytes(png + ".rgb").Chunk(3).Select(p => p[0] << 16 | p[1] << 8 | p[2])];
        Assert.Equal(width * height, pixels.Length);
        return pixels;
    }

    private static List<BenchCommand.Row> BenchRows()
    {
        var rows = new List<BenchCommand.Row>();
        foreach ((string codec, string reference, string[] decoders) in new[] { ("vp9", "avdec_vp9", new[] { "avdec_vp9", "daedalusvp9dec", "vp9dec" }), ("av1", "dav1d", ["dav1d", "daedalusav1dec", "a decoder with <a> long & odd name"]) })
            foreach (int threads in new[] { 1, 2 })
                foreach (string decoder in decoders)
                {
                    double wall = (decoder.Length + 3) / 10.0 / threads;
                    rows.Add(new BenchCommand.Row(codec, "animation-1080p.ivf", 299, threads, decoder, reference, wall * threads, wall, 100.0 / decoder.Length, decoder == reference ? 1 : 0.75, 0.75, threads == 1 ? null : 1.5));
                }
        return rows;
    }

    [Fact]
    public void Bench_page_in_a_browser()
    {
        string html = tool.WorkFile("bench-page.html");
        List<BenchCommand.Row> rows = BenchRows();
        File.WriteAllText(html, BenchReport.Of(rows, 3));
        Assert.DoesNotMatch("(?i)https?://|<script|<link|@import|url\\(", File.ReadAllText(html));
        if (s_browser == null)
            return; // no browser to look with
        foreach (int width in new[] { 360, 1200 })
        {
            (string dom, Func<string, string> asked) = Layout(html, width);
            Assert.Equal((width.ToString(CultureInfo.InvariantCulture), "0", "", "0"), (asked("width"), asked("sideways"), asked("cut"), asked("fetched")));
            Assert.Equal((rows.Count * 3, rows.Count + 2), (int.Parse(asked("bars"), CultureInfo.InvariantCulture), int.Parse(asked("rows"), CultureInfo.InvariantCulture)));
            Assert.Contains("a decoder with &lt;a&gt; long &amp; odd name", dom, StringComparison.Ordinal);
        }
        // Bars are as long as what they stand for: frames per second are inverse to wall seconds.
        double[] fps = [.. Regex.Matches(Layout(html, 1200).Dom, @"width=""([\d.]+)%""").Take(6).Select(m => double.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];
        double[] expected = [.. rows.Where(r => r.Codec == "vp9").OrderByDescending(r => r.Ours).ThenBy(r => r.Decoder == "vp9dec").ThenBy(r => r.Threads).Select(r => r.FramesPerSecond)];
        for (int i = 0; i < 6; i++)
            Assert.Equal(expected[i] / expected.Max(), fps[i] / fps.Max(), 0.01);
        int[] light = Screenshot(html, 1000, 900, dark: false), night = Screenshot(html, 1000, 900, dark: true);
        Assert.True(light.Count(p => p == 0xf6f7f8) > 100_000 && light.Count(p => p == 0x0b7a6b) > 2000 && light.Count(p => p == 0x8793a5) > 2000, "paper, our bars, the peers'");
        Assert.True(night.Count(p => p == 0x14171b) > 100_000 && night.Count(p => p == 0x2cc3ac) > 2000, "the same at night");
    }

    [Fact]
    public void Conformance_reports()
    {
        string folder = Directory.CreateDirectory(tool.WorkFile("vectors")).FullName, html = tool.WorkFile("conformance.html"), junit = tool.WorkFile("junit.xml");
        var entries = new List<object>();
        void Add(string codec, string suite, string name, string file, string? md5, bool verified = true) => entries.Add(new { codec, suite, name, file, result_md5 = md5, verified, robustness = md5 == null });
        foreach (string codec in new[] { "vp9", "h264", "av1" })
        {
            string clip = tool.Clip(codec), name = Path.GetFileName(clip);
            File.Copy(clip, Path.Combine(folder, name), overwrite: true);
            for (int i = 0; i < 3; i++)
                Add(codec, codec.ToUpperInvariant() + "-TEST-VECTORS-OF-A-LONG-NAME", $"stream-{i}-of-{codec}", name, Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(tool.Raw(clip))));
        }
        Add("h264", "broken & <odd>", "differs", Path.GetFileName(tool.Clip("h264")), new string('0', 32));
        Add("av1", "missing", "not-here", "nowhere.ivf", new string('0', 32));
        Add("vp9", "fuzz", "survived", Path.GetFileName(tool.Clip("vp9")), null, verified: false);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(entries));

        Result r = tool.Decoding("conformance", "--quiet", "--json", "-", "--junit", junit, "--html", html, folder);
        Assert.True(r.ExitCode == 1, r.All);
        using var json = JsonDocument.Parse(r.Output);
        string[] results = [.. json.RootElement.EnumerateArray().Select(o => o.GetProperty("result").GetString()!)];
        Assert.Equal((9, 1, 1, 1), (results.Count(x => x == "pass"), results.Count(x => x == "fail"), results.Count(x => x == "skip"), results.Count(x => x == "robust")));
        Assert.Contains("differs", r.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("stream-0", r.Errors, StringComparison.Ordinal);
        XElement suite = XDocument.Load(junit).Root!.Elements().Single(e => e.Attribute("name")!.Value == "broken & <odd>");
        Assert.Equal(("1", "differs"), (suite.Attribute("failures")!.Value, suite.Element("testcase")!.Attribute("name")!.Value));
        Assert.Equal(0, tool.Decoding("conformance", "--name", "stream-1", folder).ExitCode);

        Assert.DoesNotMatch("(?i)https?://|<script|<link|@import|url\\(", File.ReadAllText(html));
        if (s_browser == null)
            return;
        foreach (int width in new[] { 360, 1200 })
        {
            (string dom, Func<string, string> asked) = Layout(html, width, dark: true);
            Assert.Equal((width.ToString(CultureInfo.InvariantCulture), "0", "", "0", "rgb(20, 23, 27)"), (asked("width"), asked("sideways"), asked("cut"), asked("fetched"), asked("colour")));
            // Suites: six, each one colour. Tables: suites and all, one failed, one skipped, one survived, nine bit-exact, each with a head.
            Assert.Equal(("6", "24"), (asked("bars"), asked("rows")));
            Assert.Matches(@"<td>H\.264</td><td class=""s"">broken &amp; &lt;odd&gt;</td><td class=""name fail"">differs</td><td class=""long"">md5 [0-9a-f]{32}, expected 0{32}", dom);
            Assert.Contains("<td class=\"name skip\">not-here</td><td class=\"long\">the file is missing</td>", dom, StringComparison.Ordinal);
        }
        int[] pixels = Screenshot(html, 1000, 900, dark: false);
        Assert.True(pixels.Count(p => p == 0x2f9e62) > 10_000 && pixels.Count(p => p == 0xd03b3b) > 5000 && pixels.Count(p => p == 0xb98a1e) > 5000, "bars of all three kinds");
    }
}
