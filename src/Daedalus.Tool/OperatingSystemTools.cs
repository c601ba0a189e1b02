// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>Programs the tool can make use of.</summary>
internal static class OperatingSystemTools
{
    public static bool Exists(string program)
    {
        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (File.Exists(Path.Combine(directory, program)))
                return true;
        }
        return false;
    }

    /// <summary>Starts a program with its standard output redirected.</summary>
    public static Process Start(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        Process process = Process.Start(info) ?? throw new IOException($"{program} does not start.");
        process.StandardInput.Close();
        return process;
    }
}
