// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Collections;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Daedalus.Tool;

/// <summary>What a process used, as the system counts it: Process knows neither CPU time nor peak memory of one that has ended.</summary>
/// <param name="CpuSeconds">User and system, of all threads.</param>
/// <param name="WallSeconds">From its start to its end.</param>
/// <param name="PeakMiB">Largest resident memory; never less than this program's own, from which the kernel starts counting.</param>
internal readonly partial record struct MeasuredProcess(double CpuSeconds, double WallSeconds, double PeakMiB)
{
    private const int WriteCreateTruncate = 0x241; // O_WRONLY | O_CREAT | O_TRUNC

    /// <summary>Runs a program to its end, its output thrown away.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <exception cref="IOException">It cannot be started, or fails; with the end of what it said.</exception>
    public static unsafe MeasuredProcess Run(IReadOnlyList<string> command)
    {
        string errors = Path.GetTempFileName();
        nint actions = Marshal.AllocHGlobal(512); // posix_spawn_file_actions_t has 80 bytes
        nint[] arguments = Strings(command);
        nint[] environment = Strings(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(e => $"{e.Key}={e.Value}"));
        try
        {
            _ = posix_spawn_file_actions_init(actions);
            _ = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0);
            _ = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", 1, 0);
            _ = posix_spawn_file_actions_addopen(actions, 2, errors, WriteCreateTruncate, 0x180);
            long started = Stopwatch.GetTimestamp();
            int error = posix_spawnp(out int pid, command[0], actions, 0, arguments, environment);
            if (error != 0)
                throw new IOException($"{command[0]} does not start: {Marshal.GetPInvokeErrorMessage(error)}.");
            long* usage = stackalloc long[18]; // struct rusage: two timevals, then ru_maxrss in KiB
            int status;
            while (wait4(pid, &status, 0, usage) < 0)
            {
                if (Marshal.GetLastPInvokeError() != 4) // EINTR
                    throw new IOException($"{command[0]}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
            }
            double wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (status != 0)
            {
                string said = File.ReadAllText(errors).Trim();
                throw new IOException($"{string.Join(' ', command)}: {((status & 127) != 0 ? $"signal {status & 127}" : $"exit code {status >> 8}")}{(said.Length > 0 ? ": " + said[Math.Max(0, said.Length - 300)..] : "")}");
            }
            return new MeasuredProcess(usage[0] + usage[2] + (usage[1] + usage[3]) * 1e-6, wall, usage[4] / 1024.0);
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            Marshal.FreeHGlobal(actions);
            Array.ForEach(arguments, Marshal.FreeCoTaskMem);
            Array.ForEach(environment, Marshal.FreeCoTaskMem);
            File.Delete(errors);
        }
    }

    /// <summary>The largest resident memory of this program so far.</summary>
    public static double OwnPeakMiB()
    {
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line == null ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    private static nint[] Strings(IEnumerable<string> strings) => [.. strings.Select(Marshal.StringToCoTaskMemUTF8), 0];

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawnp(out int pid, string file, nint actions, nint attributes, nint[] arguments, nint[] environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(nint actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(nint actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(nint actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int wait4(int pid, int* status, int options, long* usage);
}
