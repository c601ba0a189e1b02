// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>The parent process: gives ranges of inputs to children, watches them, reports what kills or stops them and goes on behind it.</summary>
internal sealed class Supervisor(Options options)
{
    private const int MaxFaults = 12;

    private readonly Lock _lock = new();
    private readonly List<string> _faults = [];
    private readonly long[] _counts = new long[6];
    private string? _device;
    private long _next;

    /// <summary>Runs all inputs; the exit code.</summary>
    public int Run()
    {
        string work = Directory.CreateTempSubdirectory("daedalus-fuzz").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            string file = Path.GetFullPath(options.CorpusFile ?? Path.Combine(work, "corpus"));
            if (!File.Exists(file))
                Corpus.FromFolder(FindVectors(), Path.Combine(work, "unpacked"), options.Codec).Save(file);
            Corpus corpus = Corpus.Read(file);
            if (corpus.All.Count == 0)
                throw new InvalidDataException("There are no " + options.Codec + " streams in the folder of vectors.");
            string? guard = options.Guard ? BuildGuard(work) : null;
            Console.WriteLine($"{corpus.All.Count} streams ({corpus.Small.Count} small), seed {options.Seed}, {options.Inputs} inputs"
                + (guard == null ? ", engine heap not guarded" : ", engine heap guarded"));
            _next = options.First;
            var runners = new Task[options.Jobs];
            for (int i = 0; i < runners.Length; i++)
                runners[i] = Task.Factory.StartNew(() => RunChunks(work, file, guard), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Task.WaitAll(runners);
            Report(clock.Elapsed);
            return _faults.Count == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(work, true);
        }
    }

    // Whoever is free takes the next chunk; what is left of one behind a fault goes to another child.
    private void RunChunks(string work, string corpus, string? guard)
    {
        long end = options.First + options.Inputs;
        while (true)
        {
            long at = Interlocked.Add(ref _next, options.Chunk) - options.Chunk, stop = Math.Min(end, at + options.Chunk);
            if (at >= end)
                return;
            while (at < stop)
            {
                lock (_lock)
                {
                    if (_faults.Count >= MaxFaults)
                        return;
                }
                at = RunChild(work, corpus, guard, at, stop);
            }
            if (at == long.MaxValue)
            {
                Interlocked.Exchange(ref _next, end);
                return;
            }
        }
    }

    // The input to go on with.
    private long RunChild(string work, string corpus, string? guard, long first, long end)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = work,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            info.ArgumentList.Add(typeof(Supervisor).Assembly.Location);
        foreach (string argument in (string[])["--worker", "--codec", options.Codec, "--corpus", corpus, "--device", options.Device, "--seed", Text(options.Seed), "--first", Text(first), "--inputs", Text(end - first), "--starve", Text(options.Starve)])
            info.ArgumentList.Add(argument);
        if (options.Verbose)
            info.ArgumentList.Add("--verbose");
        if (guard != null)
        {
            info.Environment["LD_PRELOAD"] = guard;
            // Blocks one by one from malloc, so that each has its guard.
            info.Environment[LargePages.Variable] = "0";
        }
        if (options.Starve > 0)
        {
            info.Environment["DAEDALUS_FUZZ_STARVE"] = Text(options.Starve);
            // Neither the host nor its runtime promises to live without memory; the engine's own calls are told by where they come from.
            info.Environment["DAEDALUS_FUZZ_STARVE_IN"] = options.Device == "in-process" ? "libSystem.Native" : "libdaedalus-engine";
        }
        if (Environment.GetEnvironmentVariable("DAEDALUS_ENGINE") is null or "" && FindUp("out/lib/daedalus") is { } engine)
            info.Environment["DAEDALUS_ENGINE"] = engine;
        else if (Environment.GetEnvironmentVariable("DAEDALUS_ENGINE") is { Length: > 0 } named)
            info.Environment["DAEDALUS_ENGINE"] = Path.GetFullPath(named);
        info.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        // A small first generation, so that what is left in memory is what is in use.
        info.Environment["DOTNET_GCgen0size"] = "200000";

        using Process child = Process.Start(info)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        long current = first - 1;
        bool finished = false, hung = false, reported = false;
        string description = "";
        while (true)
        {
            Task<string?> read = child.StandardOutput.ReadLineAsync();
            if (!read.Wait(TimeSpan.FromSeconds(options.Limit)))
            {
                hung = true;
                child.Kill();
                break;
            }
            if (read.Result is not { } line)
                break;
            string rest = line.Length > 2 ? line[2..] : "";
            switch (line[0])
            {
                case '@':
                    current = long.Parse(rest, CultureInfo.InvariantCulture);
                    break;
                case 'v':
                    description = rest;
                    Console.WriteLine($"{current}: {rest}");
                    break;
                case '!':
                    reported = true;
                    Fault(current, rest);
                    break;
                case 'd':
                    if (Interlocked.CompareExchange(ref _device, rest, null) == null)
                        Console.WriteLine(rest);
                    break;
                case 'm':
                    Console.WriteLine($"{end,8} inputs   RSS KiB, descriptors, threads after warming up and at the end: {rest}");
                    break;
                case 'c':
                    finished = true;
                    string[] counts = rest.Split(' ');
                    for (int i = 0; i < counts.Length; i++)
                        Interlocked.Add(ref _counts[i], long.Parse(counts[i], CultureInfo.InvariantCulture));
                    break;
            }
        }
        child.WaitForExit();
        if (finished && (child.ExitCode == 0 || reported))
            return end;
        string tail = string.Join(Environment.NewLine, errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(24));
        if (hung)
            Fault(current, $"hang: no progress for {options.Limit} s. {description}");
        else
            Fault(current, $"crash: exit code {child.ExitCode}. {description}{Environment.NewLine}{tail}");
        // Before the first input the device itself does not work: the next child would not either.
        return current < first ? long.MaxValue : (current / Worker.GroupSize + 1) * Worker.GroupSize;
    }

    private void Fault(long input, string text)
    {
        string report = $"FAULT at input {input} (--codec {options.Codec} --seed {options.Seed} --first {Math.Max(0, input) / Worker.GroupSize * Worker.GroupSize} --inputs {Worker.GroupSize}): {text}";
        lock (_lock)
            _faults.Add(report);
        Console.WriteLine(report);
    }

    private void Report(TimeSpan elapsed)
    {
        Console.WriteLine($"{_counts[0]} frames parsed, {_counts[1]} requests: {_counts[2]} refused, {_counts[3]} completed, of these {_counts[4]} flagged and {_counts[5]} failed or cancelled");
        Console.WriteLine($"{options.Inputs} inputs in {elapsed.TotalSeconds:0} s, {_faults.Count} faults");
    }

    private string FindVectors()
    {
        string? named = options.Vectors ?? Environment.GetEnvironmentVariable("DAEDALUS_VECTORS");
        string? folder = named is { Length: > 0 } ? Path.GetFullPath(named) : FindUp("../shared/vectors") ?? FindUp("out/streams");
        if (folder == null || !File.Exists(Path.Combine(folder, "manifest.json")))
            throw new InvalidDataException("No streams: name a folder with --vectors or make one with tests/conformance/make_streams.py out/streams.");
        return folder;
    }

    // Below the folder of the solution, wherever this program was built to.
    private static string? FindUp(string relative)
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d != null; d = d.Parent)
        {
            if (!File.Exists(Path.Combine(d.FullName, "GstDaedalus.sln")))
                continue;
            string path = Path.GetFullPath(Path.Combine(d.FullName, relative));
            return Directory.Exists(path) ? path : null;
        }
        return null;
    }

    private static string? BuildGuard(string work)
    {
        string library = Path.Combine(work, "guard_malloc.so");
        try
        {
            using Process? cc = Process.Start("cc", ["-O2", "-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "guard_malloc.c")]);
            cc?.WaitForExit();
            return cc?.ExitCode == 0 ? library : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // without a compiler the guard pages around input and pictures remain
        }
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
