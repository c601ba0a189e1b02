// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;

namespace Daedalus.Tool;

/// <summary>help, and --help of every command, from the table.</summary>
internal static class HelpText
{
    private const int Column = 26, Width = 110;

    /// <summary>The exit codes all commands share.</summary>
    public static readonly (int Code, string Meaning)[] ExitCodes =
    [
        (0, "fine"),
        (1, "differences, or frames that failed; of each command, see there"),
        (2, "wrong usage"),
        (3, "a device, a file or a program cannot be opened"),
    ];

    public static int Run(CommandLine options)
    {
        if (options.Arguments.Count > 1)
            throw new UsageException("help takes one COMMAND");
        Console.Out.Write(options.Arguments.Count == 0 ? Overview()
            : Of(CommandTable.Find(options.Arguments[0]) ?? throw new UsageException($"there is no command \"{options.Arguments[0]}\"")));
        return 0;
    }

    /// <summary>All commands.</summary>
    public static string Overview()
    {
        var s = new StringBuilder("usage: daedalusctl COMMAND [OPTION…] [ARGUMENT…]\n\n");
        foreach (Command c in CommandTable.All)
            Entry(s, c.Arguments.Length > 0 ? $"{c.Name} {c.Arguments}" : c.Name, c.Summary);
        s.Append("\ndaedalusctl COMMAND --help shows the options of a command; daedalusctl --version the version.\n\nexit codes:\n");
        foreach ((int code, string meaning) in ExitCodes)
            Entry(s, code.ToString(), meaning);
        return s.ToString();
    }

    /// <summary>One command.</summary>
    public static string Of(Command c)
    {
        var s = new StringBuilder($"usage: {c.Usage}\n\n");
        foreach (string paragraph in c.Description)
        {
            Wrap(s, paragraph, 0, 0);
            s.Append('\n');
        }
        foreach (Option o in c.Options)
            Entry(s, Signature(o), Describe(o));
        if (c.Decodes)
        {
            s.Append(c.Options.Length > 0 ? "\n" : "").Append("decoding:\n");
            foreach (Option o in CommandTable.DecodeOptions)
                Entry(s, Signature(o), Describe(o));
        }
        s.Append("\nexit codes:\n");
        foreach ((int code, string meaning) in CodesOf(c))
            Entry(s, code.ToString(), meaning);
        if (c.Examples.Length > 0)
            s.Append("\nexamples:\n");
        foreach ((string line, string meaning) in c.Examples)
            s.Append($"  daedalusctl {line}\n      {meaning}\n");
        return s.ToString();
    }

    /// <summary>The exit codes of a command.</summary>
    public static IEnumerable<(int Code, string Meaning)> CodesOf(Command c)
        => ExitCodes.Where(e => e.Code != 1 || c.Differences != null).Select(e => e.Code == 1 ? (1, c.Differences!) : e);

    /// <summary>The option as it is written, with its value's name.</summary>
    public static string Signature(Option o) => o.Value == null ? o.Dashed : $"{o.Dashed} {o.Value}";

    /// <summary>Its summary, with the values it takes.</summary>
    public static string Describe(Option o) => o.Values.Length == 0 ? o.Summary : $"{o.Summary}: {string.Join(", ", o.Values)}";

    private static void Entry(StringBuilder s, string head, string text)
    {
        s.Append("  ").Append(head);
        int at = head.Length + 2;
        if (at >= Column)
        {
            s.Append('\n');
            at = 0;
        }
        s.Append(' ', Column - at);
        Wrap(s, text, Column, Column);
    }

    private static void Wrap(StringBuilder s, string text, int at, int indent)
    {
        bool first = true;
        foreach (string word in text.Split(' '))
        {
            if (!first && at + 1 + word.Length > Width)
            {
                s.Append('\n').Append(' ', indent);
                at = indent;
                first = true;
            }
            s.Append(first ? "" : " ").Append(word);
            at += word.Length + (first ? 0 : 1);
            first = false;
        }
        s.Append('\n');
    }
}
