// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool.Tests;

/// <summary>Completion scripts complete, in the shells themselves.</summary>
[Collection("tool")]
public sealed class CompletionTests(Tool tool)
{
    private string Script(string shell, string name)
    {
        string file = tool.WorkFile(name);
        Result r = tool.Ctl("completion", shell);
        Assert.True(r is { ExitCode: 0, Errors: "" }, r.All);
        File.WriteAllText(file, r.Output);
        return file;
    }

    /// <summary>What bash offers for the last of the words.</summary>
    private string[] Bash(params string[] words)
    {
        string list = string.Join(' ', words.Select(w => $"'{w}'"));
        Result r = tool.Run("bash", ["--norc", "-c", $". '{Script("bash", "completion.bash")}'; COMP_WORDS=({list}); COMP_CWORD={words.Length - 1}; _daedalusctl; [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' \"${{COMPREPLY[@]}}\""]);
        Assert.True(r is { ExitCode: 0, Errors: "" }, r.All);
        return r.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void Bash_completes()
    {
        Assert.Equal([.. CommandTable.All.Select(c => c.Name), "--help", "--version"], Bash("daedalusctl", ""));
        Assert.Equal(["compare", "conformance", "completion"], Bash("daedalusctl", "co"));
        Assert.Equal(["compare"], Bash("daedalusctl", "help", "compa"));
        Assert.Equal(["--format", "--frames"], Bash("daedalusctl", "decode", "--f").Order());
        Assert.Equal(["planar", "p010"], Bash("daedalusctl", "decode", "--format", "p"));
        Assert.Equal(["nv12"], Bash("daedalusctl", "decode", "--format", "=", "n"));
        Assert.Equal(["bash", "fish", "zsh"], Bash("daedalusctl", "completion", "").Order());
        File.WriteAllText(tool.WorkFile("zz clip.ivf"), "");
        Directory.CreateDirectory(tool.WorkFile("zz folder"));
        Assert.Equal(["zz clip.ivf", "zz folder"], Bash("daedalusctl", "md5", "zz ").Order());
        Assert.Equal(["zz folder"], Bash("daedalusctl", "conformance", "zz "));
        Assert.Equal(["zz clip.ivf", "zz folder"], Bash("daedalusctl", "compare", "--oracle", "zz ").Order());
        Assert.Empty(Bash("daedalusctl", "decode", "--threads", ""));
        foreach (Command c in CommandTable.All)
            Assert.Equal(c.AllOptions.Select(o => o.Dashed), Bash("daedalusctl", c.Name, "-"));
    }

    [Fact]
    public void Fish_completes()
    {
        if (!File.Exists("/usr/bin/fish"))
            return;
        string script = Script("fish", "completion.fish");
        string[] Fish(string line)
        {
            Result r = tool.Run("fish", ["--no-config", "-c", $"source '{script}'; complete -C '{line}'"], 60, ("HOME", tool.WorkFile("")));
            Assert.True(r is { ExitCode: 0, Errors: "" }, r.All);
            return [.. r.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0])];
        }
        Assert.Equal(CommandTable.All.Select(c => c.Name).Order(), Fish("daedalusctl ").Where(w => !w.StartsWith('-')).Order());
        Assert.Equal(["--format", "--frames"], Fish("daedalusctl decode --f").Order());
        Assert.Equal(["p010", "planar"], Fish("daedalusctl decode --format p").Order());
        foreach (Command c in CommandTable.All)
            Assert.Equal(c.AllOptions.Where(o => o.Name.Length > 1).Select(o => o.Dashed).Order(), Fish($"daedalusctl {c.Name} --").Order());
    }

    [Fact]
    public void Zsh_completes()
    {
        if (!File.Exists("/usr/bin/zsh"))
            return;
        string script = Script("zsh", "_daedalusctl");
        // A shell on a terminal of its own, in which TAB is pressed.
        string driver = tool.WorkFile("zsh-driver.zsh");
        File.WriteAllText(driver, $$"""
            zmodload zsh/zpty
            zpty z 'zsh -f -i'
            zpty -w z "PROMPT=; autoload -Uz compinit; compinit -u -d {{tool.WorkFile("zcompdump")}}; source {{script}}; zstyle ':completion:*' list-colors ''; LISTMAX=0; setopt no_beep; print READY"
            zpty -r z line '*READY*READY*'
            zpty -n -w z "$1"$'\t\t'
            out=
            repeat 100; do sleep 0.1; while zpty -r -t z line; do out+=$line; done; [[ $out == *$2* ]] && break; done
            print -r -- $out
            """);
        foreach ((string typed, string expected) in new[] { ("daedalusctl conf", "conformance"), ("daedalusctl decode --in-fl", "--in-flight"), ("daedalusctl decode --format=nv", "nv12"), ("daedalusctl completion fi", "fish") })
        {
            Result r = tool.Run("zsh", ["-f", driver, typed, expected], 30, ("TERM", "dumb"));
            Assert.Contains(expected, r.Output, StringComparison.Ordinal);
        }
    }
}
