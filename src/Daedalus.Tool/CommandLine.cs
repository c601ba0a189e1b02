// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;

namespace Daedalus.Tool;

/// <summary>The user asked for something that does not exist.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Options (--name, --name VALUE, --name=VALUE) and the arguments between them; after "--" all are arguments.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _options = [];

    /// <param name="command">Whose options they are.</param>
    /// <param name="args">What follows it.</param>
    public CommandLine(Command command, ReadOnlySpan<string> args)
    {
        var arguments = new List<string>();
        Option[] known = [.. command.AllOptions];
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            bool rest = command.TakesRest && arguments.Count > 0;
            if (rest || arg == "--")
            {
                arguments.AddRange(args[(rest ? i : i + 1)..]);
                break;
            }
            if (arg.Length < 2 || arg[0] != '-')
            {
                arguments.Add(arg);
                continue;
            }
            string name = arg == "-h" ? "help" : arg.TrimStart('-');
            int equals = name.IndexOf('=');
            string? value = null;
            if (equals >= 0)
                (name, value) = (name[..equals], name[(equals + 1)..]);
            Option option = Array.Find(known, o => o.Name == name) ?? throw new UsageException($"{command.Name} has no option {arg}");
            if (option.Value == null)
            {
                if (value != null)
                    throw new UsageException($"{option.Dashed} takes no value");
                _options[name] = "";
                continue;
            }
            value ??= ++i < args.Length ? args[i] : throw new UsageException($"{option.Dashed} needs a value");
            if (option.Values.Length > 0 && !option.Values.Contains(value))
                throw new UsageException($"{option.Dashed} knows {string.Join(", ", option.Values)}, not \"{value}\"");
            _options[name] = value;
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
