// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Daemon;

/// <summary>Lines of key=value on standard error, with the level syslog and the journal know.</summary>
internal static class Log
{
    private static readonly bool s_journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") != null;

    public static void Error(string what, string details = "") => Write(3, "error", what, details);

    public static void Warning(string what, string details = "") => Write(4, "warning", what, details);

    public static void Info(string what, string details = "") => Write(6, "info", what, details);

    private static void Write(int priority, string level, string what, string details)
    {
        string line = $"{(s_journal ? $"<{priority}>" : "")}level={level} event={what}{(details.Length == 0 ? "" : " " + details)}";
        lock (typeof(Log))
            Console.Error.WriteLine(line);
    }
}
