// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>trace: pipelines/trace.py, which needs GStreamer in its own process.</summary>
internal static class TraceCommand
{
    public static int Run(CommandLine options)
    {
        if (options.Arguments.Count == 0)
            throw new UsageException("a PIPELINE is needed, as gst-launch-1.0 takes it");
        Installation.UsePlugin();
        // Debian's Python has Debian's bindings; another one in PATH has not.
        string python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        using Process process = Process.Start(new ProcessStartInfo(python, [Installation.Script("trace.py", "pipelines/trace.py"), .. options.Has("json") ? ["--json"] : Array.Empty<string>(), .. options.Arguments]) { UseShellExecute = false })
            ?? throw new IOException("python3 does not start.");
        process.WaitForExit();
        return process.ExitCode;
    }
}
