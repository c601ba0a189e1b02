// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>GStreamer's own programs.</summary>
internal static class GStreamer
{
    /// <summary>Whether GStreamer knows an element. Not --exists: that also asks for a plugin version of at least GStreamer's own.</summary>
    public static bool HasElement(string name) => OperatingSystemTools.Exists("gst-inspect-1.0") && Run(["gst-inspect-1.0", name]).ExitCode == 0;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="line">Told every line of its standard output as it comes.</param>
    /// <param name="seconds">It is killed after; 0: never.</param>
    public static (int ExitCode, string Output, string Errors) Run(IReadOnlyList<string> command, Action<string>? line = null, int seconds = 0)
    {
        if (!OperatingSystemTools.Exists(command[0]))
            throw new IOException($"{command[0]} is not installed.");
        var info = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(info) ?? throw new IOException($"{command[0]} does not start.");
        using Timer? limit = seconds == 0 ? null : new Timer(static p => ((Process)p!).Kill(), process, seconds * 1000, Timeout.Infinite);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = "";
        if (line == null)
            output = process.StandardOutput.ReadToEnd();
        else
            while (process.StandardOutput.ReadLine() is { } text)
                line(text);
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
