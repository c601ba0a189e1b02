// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;

namespace Daedalus.Tool;

/// <summary>completion: scripts for shells, from the table of commands.</summary>
internal static class Completion
{
    public static int Run(CommandLine options)
    {
        Console.Out.Write(options.Arguments.Count == 1 ? options.Arguments[0] switch
        {
            "bash" => Bash(),
            "zsh" => Zsh(),
            "fish" => Fish(),
            string other => throw new UsageException($"no completion for {other}: bash, zsh or fish"),
        } : throw new UsageException("one SHELL is needed: bash, zsh or fish"));
        return 0;
    }

    private static string[] Names => [.. CommandTable.All.Select(c => c.Name)];

    // What can stand where the command's arguments are; null: files.
    private static string[]? ArgumentsOf(Command c) => c.ArgumentValues.Length > 0 ? c.ArgumentValues : c.Name == "help" ? Names : c.Arguments.Length == 0 ? [] : null;

    private static bool IsFolder(string? placeholder) => placeholder != null && placeholder.Contains("DIR", StringComparison.Ordinal);

    private static string Bash()
    {
        var s = new StringBuilder("""
            # bash completion of daedalusctl; printed by "daedalusctl completion bash".
            _daedalusctl() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i
                # --option=value comes as three words.
                if [ "$cur" = = ]; then cur=
                elif [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
                COMPREPLY=()
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in -*) ;; *) command=${COMP_WORDS[i]}; break ;; esac
                done
                words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
                files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "$1" -- "$cur"); }
                case $command:$prev in

            """);
        foreach (Command c in CommandTable.All)
        {
            foreach (Option o in c.AllOptions.Where(o => o.Value != null))
            {
                string action = o.Values.Length > 0 ? $"words \"{string.Join(' ', o.Values)}\"" : IsFolder(o.Value) ? "files -d" : o.Value == "FILE" ? "files -f" : o.Value == "NAME" ? "files -f" : ":";
                s.Append($"        {c.Name}:{o.Dashed}) {action}; return ;;\n");
            }
        }
        s.Append("    esac\n    case $command:$cur in\n");
        s.Append($"        :*) words \"{string.Join(' ', Names)} --help --version\" ;;\n");
        foreach (Command c in CommandTable.All)
        {
            s.Append($"        {c.Name}:-*) words \"{string.Join(' ', c.AllOptions.Select(o => o.Dashed))}\" ;;\n");
            string[]? arguments = ArgumentsOf(c);
            s.Append($"        {c.Name}:*) {(arguments == null ? IsFolder(c.Arguments) ? "files -d" : "files -f" : arguments.Length > 0 ? $"words \"{string.Join(' ', arguments)}\"" : ":")} ;;\n");
        }
        return s.Append("    esac\n    unset -f words files\n}\ncomplete -F _daedalusctl daedalusctl\n").ToString();
    }

    private static string Zsh()
    {
        static string Quote(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);
        static string InBrackets(string text) => Quote(text).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
        var s = new StringBuilder("#compdef daedalusctl\n# printed by \"daedalusctl completion zsh\"\n_daedalusctl() {\n    local curcontext=$curcontext state line\n    local -a commands\n    commands=(\n");
        foreach (Command c in CommandTable.All)
            s.Append($"        '{c.Name}:{Quote(c.Summary)}'\n");
        s.Append("""
                )
                _arguments -C '(- *)--help[show the commands]' '(- *)--version[show the version]' '1:command:->command' '*::argument:->rest' && return
                case $state in
                command) _describe command commands ;;
                rest)
                    case $words[1] in

            """);
        foreach (Command c in CommandTable.All)
        {
            s.Append($"        {c.Name}) _arguments");
            foreach (Option o in c.AllOptions)
            {
                string value = o.Value == null ? "" : $":{o.Value}:{(o.Values.Length > 0 ? $"({string.Join(' ', o.Values)})" : IsFolder(o.Value) ? "_files -/" : o.Value is "FILE" or "NAME" ? "_files" : " ")}";
                s.Append($" \\\n            '{o.Dashed}{(o.Value == null ? "" : o.Name.Length == 1 ? "+" : "=")}[{InBrackets(o.Summary)}]{value}'");
            }
            string[]? arguments = ArgumentsOf(c);
            if (arguments is not [])
                s.Append($" \\\n            '*:{InBrackets(c.Arguments)}:{(arguments == null ? IsFolder(c.Arguments) ? "_files -/" : "_files" : $"({string.Join(' ', arguments)})")}'");
            s.Append(" ;;\n");
        }
        return s.Append("        esac ;;\n    esac\n}\nif [ \"$funcstack[1]\" = _daedalusctl ]; then _daedalusctl \"$@\"; else compdef _daedalusctl daedalusctl; fi\n").ToString();
    }

    private static string Fish()
    {
        static string Quote(string text) => "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
        var s = new StringBuilder("# fish completion of daedalusctl; printed by \"daedalusctl completion fish\".\ncomplete -c daedalusctl -n __fish_use_subcommand -f\n");
        s.Append("complete -c daedalusctl -n __fish_use_subcommand -l help -d 'show the commands'\ncomplete -c daedalusctl -n __fish_use_subcommand -l version -d 'show the version'\n");
        foreach (Command c in CommandTable.All)
            s.Append($"complete -c daedalusctl -n __fish_use_subcommand -a {c.Name} -d {Quote(c.Summary)}\n");
        foreach (Command c in CommandTable.All)
        {
            string when = $"complete -c daedalusctl -n '__fish_seen_subcommand_from {c.Name}'";
            string[]? arguments = ArgumentsOf(c);
            if (arguments != null)
                s.Append($"{when} -f{(arguments.Length > 0 ? $" -a {Quote(string.Join(' ', arguments))}" : "")}\n");
            foreach (Option o in c.AllOptions)
            {
                string value = o.Value == null ? "" : o.Values.Length > 0 ? $" -x -a {Quote(string.Join(' ', o.Values))}" : o.Value is "FILE" or "NAME" ? " -r -F" : " -x";
                s.Append($"{when} {(o.Name.Length == 1 ? "-s" : "-l")} {o.Name}{value} -d {Quote(o.Summary)}\n");
            }
        }
        return s.ToString();
    }
}
