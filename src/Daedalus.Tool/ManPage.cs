// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;

namespace Daedalus.Tool;

/// <summary>man: daedalusctl(1) in man(7), from the table of commands.</summary>
internal static class ManPage
{
    /// <summary>Of the page's last change of substance.</summary>
    private const string Date = "2026-11-28";

    public static int Run(CommandLine options)
    {
        if (options.Arguments.Count > 0)
            throw new UsageException("man takes no argument");
        Console.Out.Write(Text());
        return 0;
    }

    public static string Text()
    {
        var s = new StringBuilder(".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n.\\\" Printed by \"daedalusctl man\".\n");
        s.Append($".TH DAEDALUSCTL 1 {Date} \"GstDaedalus {typeof(ManPage).Assembly.GetName().Version!.ToString(3)}\" \"User Commands\"\n");
        s.Append(".SH NAME\ndaedalusctl \\- decode, compare and measure with the decoders of GstDaedalus\n");
        s.Append(".SH SYNOPSIS\n.B daedalusctl\n.I COMMAND\n.RI [ OPTION \" ...] [\" ARGUMENT \" ...]\"\n");
        s.Append(".SH DESCRIPTION\n");
        Paragraph(s, "daedalusctl decodes VP9, H.264 and AV1 through the stateless contract (V4L2 controls and requests), on the embedded engine or on a device of the kernel, without GStreamer; play, bench and trace use GStreamer's programs. "
            + "Options are written --name VALUE or --name=VALUE; after -- everything is an argument.");
        s.Append(".SH COMMANDS\n");
        foreach (Command c in CommandTable.All)
        {
            s.Append($".SS {Escape(c.Name)}\n.B daedalusctl {Escape(c.Name)}\n.RI [ OPTION \" ...]\\&\"\n");
            if (c.Arguments.Length > 0)
                s.Append($".I {Escape(c.Arguments)}\n");
            foreach (string paragraph in c.Description)
                Paragraph(s.Append(".PP\n"), paragraph);
            foreach (Option o in c.Options)
                Describe(s, o);
            if (c.Decodes)
                s.Append(".PP\nOptions for decoding: see below.\n");
            if (c.Differences != null)
                s.Append($".PP\nExit code 1: {Escape(c.Differences)}.\n");
        }
        s.Append(".SH \"OPTIONS FOR DECODING\"\n");
        Paragraph(s, $"Taken by {string.Join(", ", CommandTable.All.Where(c => c.Decodes).Select(c => c.Name))}.");
        foreach (Option o in CommandTable.DecodeOptions)
            Describe(s, o);
        s.Append(".SH \"OPTIONS OF ALL COMMANDS\"\n");
        Paragraph(s, "Before a command there is --version besides.");
        Describe(s, CommandTable.Help);
        s.Append(".SH \"EXIT STATUS\"\n");
        foreach ((int code, string meaning) in HelpText.ExitCodes)
            s.Append($".TP\n.B {code}\n{Lines(meaning)}");
        s.Append(".SH ENVIRONMENT\n");
        foreach ((string name, string meaning) in new[]
        {
            ("DAEDALUS_ENGINE", "libdaedalus-engine.so, or a folder that holds it; searched beside the program otherwise"),
            ("DAEDALUS_VECTORS", "the folder of test streams that conformance decodes by default"),
            ("DAEDALUS_BENCH", "a folder of clips that bench plays by default: NAME.vp9.ivf, NAME.h264, NAME.av1.ivf"),
        })
            s.Append($".TP\n.B {name}\n{Lines(meaning)}");
        s.Append(".SH EXAMPLES\n");
        foreach ((string line, string meaning) in CommandTable.All.SelectMany(c => c.Examples))
            s.Append($".TP\n.B daedalusctl {Escape(line)}\n{Lines(meaning)}");
        s.Append(".SH \"SEE ALSO\"\n.BR daedalusd (8),\n.BR gstdaedalus (7),\n.BR gst\\-launch\\-1.0 (1)\n");
        return s.ToString();
    }

    private static void Paragraph(StringBuilder s, string text) => s.Append(Lines(text));

    // Text in lines that roff's users expect.
    private static string Lines(string text)
    {
        var s = new StringBuilder();
        int length = 0;
        foreach (string word in text.Split(' ').Select(Escape))
        {
            if (length > 0 && length + 1 + word.Length > 78)
            {
                s.Append('\n');
                length = 0;
            }
            s.Append(length > 0 ? " " : "").Append(word);
            length += word.Length + (length > 0 ? 1 : 0);
        }
        return s.Append('\n').ToString();
    }


    private static void Describe(StringBuilder s, Option o)
    {
        s.Append(".TP\n");
        s.Append(o.Value == null ? $".B {Escape(o.Dashed)}\n" : $".BI {Escape(o.Dashed)} \" {Escape(o.Value)}\"\n");
        Paragraph(s, HelpText.Describe(o));
    }

    // A line of text; never a request.
    private static string Escape(string text)
    {
        text = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("…", " ...", StringComparison.Ordinal).Replace("\"", "\\(dq", StringComparison.Ordinal)
            .Replace("~", "\\(ti", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal);
        return text.StartsWith('.') ? "\\&" + text : text;
    }
}
