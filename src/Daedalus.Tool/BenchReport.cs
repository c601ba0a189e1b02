// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;

namespace Daedalus.Tool;

/// <summary>What bench measured, as a page.</summary>
internal static class BenchReport
{
    public static string Of(IReadOnlyList<BenchCommand.Row> rows, int rounds)
    {
        var page = new HtmlPage("GstDaedalus: speed beside other decoders",
            $"{DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC · {HtmlPage.Machine()}",
            $"Whole processes, pinned to as many CPUs as they have threads; medians of {rounds} round{(rounds == 1 ? "" : "s")}, ratios taken within a round.");
        (string, string)[] legend = rows.Any(r => r.Threads > 1) ? [("1 thread", "peer"), ("2 threads", "peer second")] : [];
        page.Tiles(rows.Where(r => r.Ours && r.Threads == 1).Select(r =>
            (F(r.CpuRatio) + " ×", $"{Name(r.Codec)}, {Clip(r)}: CPU time of {r.Base}, 1 thread", r.CpuRatio <= 1 ? "good" : "")));
        foreach (IGrouping<(string Codec, string Clip), BenchCommand.Row> g in rows.GroupBy(r => (r.Codec, r.Clip)))
        {
            string[] decoders = [.. g.Select(r => r.Decoder).Distinct().OrderByDescending(d => d.StartsWith("daedalus", StringComparison.Ordinal))];
            page.Heading($"{Name(g.Key.Codec)}: {Clip(g.First())}", $"{g.First().Frames} frames; ratios are to {g.First().Base}");
            page.Plots(
                Plot("Frames per second", "higher is better", r => r.FramesPerSecond, "0.0", "fps"),
                Plot("CPU time of a frame", "lower is better", r => r.CpuSeconds * 1000 / r.Frames, "0.00", "ms"),
                Plot("Peak memory", "lower is better", r => r.PeakMiB, "0.0", "MiB"));
            page.Table([new("decoder"), new("threads", "n"), new("fps", "n"), new("CPU s", "n"), new("CPU ratio", "n"), new("wall s", "n"), new("wall ratio", "n"), new("MiB", "n"), new("over 1 thread", "n")],
                decoders.SelectMany(d => g.Where(r => r.Decoder == d).OrderBy(r => r.Threads)).Select(r => (new HtmlPage.Cell[]
                {
                    new(r.Decoder), HtmlPage.Cell.Of(r.Threads, "0"), HtmlPage.Cell.Of(r.FramesPerSecond, "0.0"), HtmlPage.Cell.Of(r.CpuSeconds, "0.00"), HtmlPage.Cell.Of(r.CpuRatio, "0.00"),
                    HtmlPage.Cell.Of(r.WallSeconds, "0.00"), HtmlPage.Cell.Of(r.WallRatio, "0.00"), new((r.PeakIsBound ? "≤ " : "") + r.PeakMiB.ToString("0.0", CultureInfo.InvariantCulture), "n"), new(r.OverOne is { } o ? F(o) + " ×" : "", "n"),
                }, r.Ours)));

            string Plot(string title, string note, Func<BenchCommand.Row, double> value, string format, string unit) => HtmlPage.BarPlot(title, note, legend, decoders.Select(d => (d,
                d.StartsWith("daedalus", StringComparison.Ordinal), g.Where(r => r.Decoder == d).OrderBy(r => r.Threads).Select(r => new HtmlPage.Bar(value(r),
                    $"{(unit == "MiB" && r.PeakIsBound ? "≤ " : "")}{value(r).ToString(format, CultureInfo.InvariantCulture)} {unit}", (r.Ours ? "ours" : "peer") + (r.Threads > 1 ? " second" : ""))).ToArray())));
        }
        return page.ToString();
    }

    private static string F(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Name(string codec) => codec switch { "vp9" => "VP9", "h264" => "H.264", _ => "AV1" };

    private static string Clip(BenchCommand.Row r) => r.Clip.Split('.')[0];
}
