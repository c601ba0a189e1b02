// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;

namespace Daedalus.Tool;

/// <summary>The user asked for something that does not exist.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Options (--name, --name VALUE, --name=VALUE) and the arguments between them.</summary>
internal sealed class CommandLine
{
    private static readonly HashSet<string> s_flags = ["md5", "frames", "in-process", "all-layers", "ivf-only", "quiet", "keep-going", "no-grain"];
    private static readonly HashSet<string> s_values =
        ["o", "device", "engine", "threads", "in-flight", "format", "oracle", "with", "suite", "name", "json", "junit", "jobs", "limit", "codec", "operating-point", "filters"];

    private readonly Dictionary<string, string> _options = [];

    /// <param name="args">What follows the command.</param>
    /// <param name="flag">An option that takes a value with other commands, and none with this.</param>
    public CommandLine(ReadOnlySpan<string> args, string? flag = null)
    {
        var arguments = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (arg.Length < 2 || arg[0] != '-')
            {
                arguments.Add(arg);
                continue;
            }
            string name = arg.TrimStart('-');
            int equals = name.IndexOf('=');
            string? value = null;
            if (equals >= 0)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            if ((s_flags.Contains(name) || name == flag) && value == null)
                _options[name] = "";
            else if (!s_values.Contains(name))
                throw new UsageException($"unknown option {arg}");
            else
                _options[name] = value ?? (++i < args.Length ? args[i] : throw new UsageException($"{arg} needs a value"));
        }
        Arguments = arguments;
    }

    public IReadOnlyList<string> Arguments { get; }

    public bool Has(string name) => _options.ContainsKey(name);

    public string? Get(string name) => _options.GetValueOrDefault(name);

    public int GetInt(string name, int fallback)
    {
        if (!_options.TryGetValue(name, out string? text))
            return fallback;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw new UsageException($"--{name} needs a number, not \"{text}\"");
    }

    /// <summary>The one file of the command.</summary>
    public string File => Arguments.Count == 1 ? Arguments[0] : throw new UsageException("exactly one FILE is needed");
}
