// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Net;
using System.Text;

namespace Daedalus.Tool;

/// <summary>A page in one file: style and pictures are inside, nothing is fetched. Light or dark as the reader's system is, and readable on a phone.</summary>
internal sealed class HtmlPage
{
    private const string Style = """
        :root{color-scheme:light dark;--paper:#f6f7f8;--card:#fff;--ink:#1b1f24;--dim:#5d6673;--line:#dfe3e8;--ours:#0b7a6b;--peer:#8793a5;--pass:#2f9e62;--fail:#d03b3b;--skip:#b98a1e;--robust:#3f7fc4;--info:#8a6cc4}
        @media(prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1d2127;--ink:#e6e9ed;--dim:#98a2b0;--line:#313842;--ours:#2cc3ac;--peer:#6b7788;--pass:#42b878;--fail:#f06a6a;--skip:#d9ab45;--robust:#69a6e8;--info:#ab92e3}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:68rem;margin:0 auto;padding:1.5rem 1rem 3rem}
        h1{font-size:1.6rem;line-height:1.2;margin:0 0 .3rem}
        h2{font-size:1.2rem;margin:2.2rem 0 .7rem}
        h3{font-size:.95rem;margin:0 0 .1rem}
        p{margin:.3rem 0}
        .dim{color:var(--dim);font-size:.88rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:1.2rem 0}
        .tile,figure,.scroll,details{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
        .tile{padding:.7rem .9rem}
        .tile b{display:block;font-size:1.55rem;line-height:1.2;font-variant-numeric:tabular-nums}
        .tile span{color:var(--dim);font-size:.82rem;overflow-wrap:anywhere}
        .good b,td.pass{color:var(--ours)}.bad b,td.fail{color:var(--fail)}
        td.skip{color:var(--skip)}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.7rem;margin-bottom:.7rem}
        figure{margin:0;padding:.8rem .9rem}
        svg{display:block;width:100%;overflow:hidden}
        svg text{font:12.5px system-ui,sans-serif;fill:var(--ink)}
        svg .value{fill:var(--dim);font-variant-numeric:tabular-nums}
        svg .strong{font-weight:600}
        .ours{fill:var(--ours)}.peer{fill:var(--peer)}.second{opacity:.6}
        .pass{fill:var(--pass)}.fail{fill:var(--fail)}.skip{fill:var(--skip)}.robust{fill:var(--robust)}.info{fill:var(--info)}
        .legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.2rem 0 .6rem;font-size:.82rem;color:var(--dim)}
        .legend svg{display:inline-block;width:.7rem;height:.7rem;margin-right:.35rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.88rem}
        th,td{padding:.38rem .75rem;text-align:left;border-top:1px solid var(--line);vertical-align:top}
        tr:first-child th{border-top:0;color:var(--dim);font-weight:600;vertical-align:bottom}
        .s{white-space:nowrap}
        .n{text-align:right;font-variant-numeric:tabular-nums}
        tr.strong td{font-weight:600}
        td.long{overflow-wrap:anywhere;min-width:13rem}
        td.name{overflow-wrap:anywhere;min-width:12rem}
        details{padding:.6rem .9rem;margin-top:.7rem}
        details .scroll{border:0;margin:.5rem -.9rem 0}
        summary{cursor:pointer}
        """;

    private readonly StringBuilder _body = new();
    private readonly string _title;

    /// <param name="title">Of the page.</param>
    /// <param name="lines">Below it: where and when.</param>
    public HtmlPage(string title, params string[] lines)
    {
        _title = title;
        _body.Append($"<h1>{Escape(title)}</h1>\n");
        foreach (string line in lines)
            _body.Append($"<p class=\"dim\">{Escape(line)}</p>\n");
    }

    /// <summary>Text for the page.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A number as CSS and SVG take it.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>What this machine is, for a line below the title.</summary>
    public static string Machine()
    {
        string model = "";
        if (File.Exists("/proc/cpuinfo"))
            model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal) || l.StartsWith("Model", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim() ?? "";
        return $"{(model.Length > 0 ? model + ", " : "")}{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}";
    }

    /// <summary>A heading.</summary>
    public HtmlPage Heading(string text, string? note = null)
    {
        _body.Append($"<h2>{Escape(text)}</h2>\n");
        if (note != null)
            _body.Append($"<p class=\"dim\">{Escape(note)}</p>\n");
        return this;
    }

    /// <summary>Figures that count most.</summary>
    /// <param name="tiles">Figure, what it is, and "good", "bad" or nothing.</param>
    public HtmlPage Tiles(IEnumerable<(string Figure, string What, string Class)> tiles)
    {
        _body.Append("<div class=\"tiles\">\n");
        foreach ((string figure, string what, string kind) in tiles)
            _body.Append($"<div class=\"tile {kind}\"><b>{Escape(figure)}</b><span>{Escape(what)}</span></div>\n");
        _body.Append("</div>\n");
        return this;
    }

    /// <summary>A row of plots, below each other where there is no room.</summary>
    public HtmlPage Plots(params string[] figures)
    {
        _body.Append("<div class=\"plots\">\n").AppendJoin("", figures).Append("</div>\n");
        return this;
    }

    /// <summary>A bar: its text, its length and a class for its colour.</summary>
    public readonly record struct Bar(double Value, string Text, string Class);

    /// <summary>Horizontal bars in groups. Lengths are percentages, so that letters keep their size on a narrow page.</summary>
    public static string BarPlot(string title, string note, (string Name, string Class)[] legend, IEnumerable<(string Label, bool Strong, Bar[] Bars)> groups)
    {
        (string Label, bool Strong, Bar[] Bars)[] all = [.. groups];
        double largest = all.SelectMany(g => g.Bars).Select(b => b.Value).DefaultIfEmpty(1).Max();
        var s = new StringBuilder();
        int y = 2;
        foreach ((string label, bool strong, Bar[] bars) in all)
        {
            s.Append($"<text x=\"0\" y=\"{y + 13}\"{(strong ? " class=\"strong\"" : "")}>{Escape(label)}</text>\n");
            y += 19;
            foreach (Bar b in bars)
            {
                // Room is left for the text.
                string width = Number(Math.Max(0.4, b.Value / largest * 68));
                s.Append($"<rect class=\"{b.Class}\" x=\"0\" y=\"{y}\" width=\"{width}%\" height=\"13\" rx=\"2\"/><text class=\"value\" x=\"{width}%\" dx=\"6\" y=\"{y + 11}\">{Escape(b.Text)}</text>\n");
                y += 16;
            }
            y += 7;
        }
        return $"<figure><h3>{Escape(title)}</h3><p class=\"dim\">{Escape(note)}</p>{Legend(legend)}\n<svg role=\"img\" aria-label=\"{Escape(title)}\" height=\"{y}\">\n{s}</svg></figure>\n";
    }

    /// <summary>Bars of parts that make a whole.</summary>
    public static string StackPlot(string title, (string Name, string Class)[] parts, IEnumerable<(string Label, string Text, int[] Counts)> rows)
    {
        var s = new StringBuilder();
        int y = 2;
        foreach ((string label, string text, int[] counts) in rows)
        {
            s.Append($"<text x=\"0\" y=\"{y + 13}\">{Escape(label)}</text><text class=\"value\" x=\"100%\" text-anchor=\"end\" y=\"{y + 13}\">{Escape(text)}</text>\n");
            y += 19;
            double x = 0, sum = Math.Max(1, counts.Sum());
            for (int i = 0; i < counts.Length; i++)
            {
                if (counts[i] == 0)
                    continue;
                // What there is at all is seen.
                s.Append($"<rect class=\"{parts[i].Class}\" x=\"{Number(x)}%\" y=\"{y}\" width=\"{Number(Math.Max(0.5, counts[i] / sum * 100))}%\" height=\"13\"><title>{counts[i]} {Escape(parts[i].Name)}</title></rect>\n");
                x += counts[i] / sum * 100;
            }
            y += 22;
        }
        return $"<figure><h3>{Escape(title)}</h3>{Legend(parts)}\n<svg role=\"img\" aria-label=\"{Escape(title)}\" height=\"{y}\">\n{s}</svg></figure>\n";
    }

    private static string Legend((string Name, string Class)[] parts)
        => parts.Length == 0 ? "" : $"<div class=\"legend\">{string.Concat(parts.Select(p => $"<span><svg viewBox=\"0 0 1 1\"><rect class=\"{p.Class}\" width=\"1\" height=\"1\"/></svg>{Escape(p.Name)}</span>"))}</div>";

    /// <summary>A cell: its text and a class; "n" is a number.</summary>
    public readonly record struct Cell(string Text, string Class = "")
    {
        public static Cell Of(double value, string format) => new(value.ToString(format, CultureInfo.InvariantCulture), "n");
    }

    /// <summary>A table that scrolls by itself where it is wider than the page.</summary>
    /// <param name="heads">Of columns.</param>
    /// <param name="rows">Cells, and whether the row stands out.</param>
    /// <param name="folded">A summary: the table is shown when that is clicked.</param>
    public HtmlPage Table(Cell[] heads, IEnumerable<(Cell[] Cells, bool Strong)> rows, string? folded = null)
    {
        if (folded != null)
            _body.Append($"<details><summary>{Escape(folded)}</summary>\n");
        _body.Append("<div class=\"scroll\"><table>\n<tr>");
        foreach (Cell c in heads)
            _body.Append($"<th{(c.Class.Length > 0 ? $" class=\"{c.Class}\"" : "")}>{Escape(c.Text)}</th>");
        _body.Append("</tr>\n");
        foreach ((Cell[] cells, bool strong) in rows)
        {
            _body.Append(strong ? "<tr class=\"strong\">" : "<tr>");
            foreach (Cell c in cells)
                _body.Append($"<td{(c.Class.Length > 0 ? $" class=\"{c.Class}\"" : "")}>{Escape(c.Text)}</td>");
            _body.Append("</tr>\n");
        }
        _body.Append("</table></div>\n").Append(folded != null ? "</details>\n" : "");
        return this;
    }

    /// <summary>The whole page.</summary>
    public override string ToString() => $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        + $"<title>{Escape(_title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>\n{_body}</main>\n</body>\n</html>\n";
}
