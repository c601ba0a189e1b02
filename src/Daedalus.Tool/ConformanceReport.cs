// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;

namespace Daedalus.Tool;

/// <summary>What conformance found, as a page.</summary>
internal static class ConformanceReport
{
    private static readonly (string Name, string Class)[] s_parts =
        [("bit-exact", "pass"), ("failed", "fail"), ("skipped", "skip"), ("no reference, survived", "robust"), ("unverified reference", "info")];

    public static string Of(IReadOnlyList<ConformanceCommand.Outcome> outcomes, string device, TimeSpan elapsed)
    {
        int Count(IEnumerable<ConformanceCommand.Outcome> of, string result) => of.Count(o => o.Result == result);
        int[] Counts(IEnumerable<ConformanceCommand.Outcome> of) => [.. s_parts.Select(p => Count(of, p.Class))];
        int pass = Count(outcomes, "pass"), fail = Count(outcomes, "fail"), skip = Count(outcomes, "skip");
        IGrouping<(string Codec, string Suite), ConformanceCommand.Outcome>[] suites = [.. outcomes.GroupBy(o => (o.Codec, o.Suite)).OrderBy(g => g.Key.Codec, StringComparer.Ordinal).ThenBy(g => g.Key.Suite, StringComparer.Ordinal)];

        var page = new HtmlPage("GstDaedalus: conformance",
            $"{DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC · {HtmlPage.Machine()}",
            $"{outcomes.Count} streams, {outcomes.Sum(o => (long)o.Frames)} frames in {elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s, through the stateless contract of {device}. "
                + "A stream is bit-exact when the MD5 of all its frames is that of an independent decoder.");
        page.Tiles(
        [
            ($"{pass}/{pass + fail}", "bit-exact", fail == 0 ? "good" : ""), ($"{fail}", "failed", fail == 0 ? "" : "bad"), ($"{skip}", "skipped", ""),
            ($"{Count(outcomes, "robust")}", "without reference, survived", ""), ($"{Count(outcomes, "info")}", "against a reference nobody verified", ""),
        ]);
        page.Plots(HtmlPage.StackPlot("Suites", s_parts, suites.Select(g => ($"{Name(g.Key.Codec)} {g.Key.Suite}", $"{Count(g, "pass")}/{Count(g, "pass") + Count(g, "fail")}", Counts(g)))));
        page.Heading("Suites in figures");
        page.Table([new("codec"), new("suite"), .. s_parts.Select(p => new HtmlPage.Cell(p.Name, "n")), new("streams", "n"), new("frames", "n"), new("seconds", "n")],
            suites.Select(g => Line(Name(g.Key.Codec), g.Key.Suite, g, false)).Append(Line("all", "", outcomes, true)));
        if (fail > 0)
            Named("Failed", "fail", "reason");
        if (skip > 0)
            Named("Skipped", "skip", "reason");
        Folded("info", "Streams with an unverified reference");
        Folded("robust", "Streams without reference that were survived");
        Folded("pass", "Bit-exact streams");
        return page.ToString();

        (HtmlPage.Cell[], bool) Line(string codec, string suite, IEnumerable<ConformanceCommand.Outcome> of, bool strong) =>
            ([new(codec), new(suite, "s"), .. Counts(of).Select(n => HtmlPage.Cell.Of(n, "0")), HtmlPage.Cell.Of(of.Count(), "0"), HtmlPage.Cell.Of(of.Sum(o => (long)o.Frames), "0"), HtmlPage.Cell.Of(of.Sum(o => o.Seconds), "0.0")], strong);

        void Named(string title, string result, string detail)
        {
            page.Heading(title);
            page.Table([new("codec"), new("suite"), new("stream"), new(detail)],
                outcomes.Where(o => o.Result == result).OrderBy(o => o.Codec, StringComparer.Ordinal).ThenBy(o => o.Suite, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal)
                    .Select(o => (new HtmlPage.Cell[] { new(Name(o.Codec)), new(o.Suite, "s"), new(o.Name, "name " + result), new(o.Detail, "long") }, false)));
        }

        void Folded(string result, string title)
        {
            ConformanceCommand.Outcome[] of = [.. outcomes.Where(o => o.Result == result)];
            if (of.Length > 0)
                page.Table([new("codec"), new("suite"), new("stream"), new("frames", "n"), new("seconds", "n"), new("note")],
                    of.Select(o => (new HtmlPage.Cell[] { new(Name(o.Codec)), new(o.Suite, "s"), new(o.Name, "name"), HtmlPage.Cell.Of(o.Frames, "0"), HtmlPage.Cell.Of(o.Seconds, "0.00"), new(o.Detail, "long") }, false)),
                    $"{title} ({of.Length})");
        }
    }

    private static string Name(string codec) => codec switch { "vp9" => "VP9", "h264" => "H.264", "av1" => "AV1", _ => codec };
}
