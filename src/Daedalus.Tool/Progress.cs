// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>A progress bar on standard error, where that is a terminal.</summary>
internal sealed class Progress : IDisposable
{
    private const int BarWidth = 30;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly string _unit;
    private long _next;

    private Progress(string unit) => _unit = unit;

    /// <summary>The bar, or null where none is wanted or seen.</summary>
    /// <param name="options">--quiet wants none.</param>
    /// <param name="unit">What is counted, "frames".</param>
    public static Progress? Open(CommandLine options, string unit = "frames")
        => options.Has("quiet") ? null : Open(unit);

    /// <summary>The bar, or null where it is not seen.</summary>
    public static Progress? Open(string unit) => Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb" ? null : new Progress(unit);

    /// <summary>Draws, ten times a second at most.</summary>
    /// <param name="fraction">0 to 1; negative: not known.</param>
    /// <param name="count">Of the unit.</param>
    /// <param name="what">What is being done, or null: the rate.</param>
    public void Show(double fraction, int count, string? what = null)
    {
        long now = _watch.ElapsedMilliseconds;
        if (now < _next)
            return;
        _next = now + 100;
        string bar = "";
        if (fraction >= 0)
        {
            int full = Math.Clamp((int)(fraction * BarWidth), 0, BarWidth);
            bar = $"[{new string('#', full)}{new string('.', BarWidth - full)}] {Math.Clamp(fraction, 0, 1) * 100,3:0} %  ";
        }
        Console.Error.Write($"\r\u001b[K{bar}{count} {_unit}{(what ?? (now > 0 ? $"  {count * 1000.0 / now:0.0}/s" : ""))}");
    }

    /// <summary>Takes the bar away; the next <see cref="Show"/> draws it again.</summary>
    public void Clear()
    {
        Console.Error.Write("\r\u001b[K");
        _next = 0;
    }

    public void Dispose() => Console.Error.Write("\r\u001b[K");
}
