// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.Daemon;

/// <summary>daedalusd: decodes for the V4L2 devices of the daedalus_v4l2 module.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal static class Program
{
    private const string Usage = """
        usage: daedalusd [--device NODE] [--engine PATH] [--threads N] [--stats SECONDS] [--status PATH]
          --device NODE     the module's node (/dev/daedalus-v4l2)
          --engine PATH     libdaedalus-engine.so or a directory that holds it (searched beside the daemon)
          --threads N       threads that decode, shared by all streams; 0: one for each CPU (0)
          --stats SECONDS   prints counters of the open streams that often, to standard output
          --status PATH     unix socket that tells what goes on (/run/daedalus/status; "none"); daedalusctl status reads it
        """;

    private static int Main(string[] arguments)
    {
        string device = ServiceNode.DefaultPath;
        string? engine = null;
        string status = StatusSocket.DefaultPath;
        int threads = 0;
        double seconds = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            string? value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            bool known = arguments[i] switch
            {
                "--device" when value != null => Set(out device, value),
                "--engine" when value != null => Set(out engine, value),
                "--status" when value != null => Set(out status, value),
                "--threads" when value != null => int.TryParse(value, CultureInfo.InvariantCulture, out threads) && threads >= 0,
                "--stats" when value != null => double.TryParse(value, CultureInfo.InvariantCulture, out seconds) && seconds > 0,
                _ => false,
            };
            if (!known)
            {
                Console.Error.WriteLine(Usage);
                return arguments[i] is "--help" or "-h" ? 0 : 2;
            }
            i++;
        }

        try
        {
            Serve(device, engine, threads, seconds, status);
            return 0;
        }
        catch (DeviceException e)
        {
            Log.Error("failed", $"message=\"{e.Message}\"");
            return 1;
        }
    }

    private static bool Set(out string option, string value)
    {
        option = value;
        return true;
    }

    private static void Serve(string device, string? enginePath, int threads, double seconds, string status)
    {
        if (enginePath != null)
            Environment.SetEnvironmentVariable(EngineLocator.Variable, enginePath);
        using EmbeddedDevice engine = EmbeddedDevice.Open(null, threads);
        using ServiceNode node = new(device);
        using SystemdNotifier systemd = new();
        using Server server = new(node, engine);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        server.Register();
        using StatusSocket? socket = status == "none" ? null : StatusSocket.Open(status, server.Status);
        systemd.Ready();

        long interval = (long)(seconds * Stopwatch.Frequency), last = Stopwatch.GetTimestamp();
        server.Run(() =>
        {
            systemd.Alive();
            long now = Stopwatch.GetTimestamp();
            if (interval != 0 && now - last >= interval)
            {
                last = now;
                server.PrintStatistics();
            }
        });
        systemd.Stopping();
        Log.Info("stopping");

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            server.Stop();
        }
    }
}
