// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;
using Daedalus.Tool;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>The child process: runs a range of inputs and says where it is, so that the parent knows what killed it.</summary>
internal sealed class Worker : IDisposable
{
    /// <summary>Inputs that share a session; a fault is reproduced by running its group.</summary>
    public const int GroupSize = 16;

    private const int GroupsPerCheckpoint = 8;
    private const long RssAllowance = 24 << 20;

    private readonly Options _options;
    private readonly IStatelessDevice _device;
    private readonly Corpus _corpus;
    private readonly Stream _out = Console.OpenStandardOutput();
    private readonly RegionPool _pool = new();
    private readonly StreamMutator _mutator;
    private readonly DecodeRun _run;
    private readonly uint _codedFormat;
    private readonly bool _h264, _av1;
    private readonly List<string> _log = [];
    private readonly Dictionary<string, ulong[]> _clean = [];
    private readonly List<(long Rss, SortedDictionary<string, int> Descriptors, int Threads)> _checkpoints = [];
    private SessionUnderTest? _session;
    private volatile string? _exception;

    public Worker(Options options)
    {
        _options = options;
        _device = OpenDevice(options.Device);
        _corpus = Corpus.Read(options.CorpusFile!);
        _h264 = options.Codec == "h264";
        _av1 = options.Codec == "av1";
        _codedFormat = _h264 ? PixelFormat.H264Slice : _av1 ? PixelFormat.Av1Frame : PixelFormat.Vp9Frame;
        _mutator = _h264 ? new H264StreamMutator() : _av1 ? new Av1StreamMutator() : new Vp9StreamMutator();
        _run = _h264 ? new H264Run() : _av1 ? new Av1Run() : new Vp9Run();
        // Compiled just in time the engine's exceptions can be seen before it turns them into a status.
        if (options.Device == "in-process")
        {
            AppDomain.CurrentDomain.FirstChanceException += (_, e) =>
            {
                if (e.Exception is not (FaultException or DeviceException))
                    _exception = e.Exception.GetType() + ": " + e.Exception.Message + Environment.NewLine + new System.Diagnostics.StackTrace(1, false);
            };
        }
    }

    /// <summary>Runs the range; the exit code.</summary>
    public int Run()
    {
        bool fault = false;
        Say($"d {_device.Info.Card} {_device.Info.Path}");
        long end = _options.First + _options.Inputs;
        for (long group = _options.First / GroupSize; group * GroupSize < end; group++)
        {
            try
            {
                RunGroup(group, Math.Max(_options.First, group * GroupSize), Math.Min(end, (group + 1) * GroupSize));
            }
            catch (FaultException e)
            {
                fault = true;
                Say($"! {e.Message} | {string.Join("; ", _log)}{_exception?.ReplaceLineEndings(" ")}");
                _exception = null;
                // Its state is unknown; disposing of it might wait for ever.
                _session = null;
            }
            if ((group + 1) % GroupsPerCheckpoint == 0)
                Checkpoint();
        }
        RunCounts c = _run.Counts;
        Say($"c {c.Parsed} {c.Submitted} {c.Refused} {c.Decoded} {c.Corrupted} {c.Failed}");
        if (!fault)
            fault = CheckLeaks();
        return fault ? 1 : 0;
    }

    public void Dispose()
    {
        _run.Dispose();
        _pool.Dispose();
        _device.Dispose();
    }

    public static IStatelessDevice OpenDevice(string name)
    {
        if (name.StartsWith("faulty:", StringComparison.Ordinal))
            return new FaultyDevice(new DummyDevice(new DummyOptions(DummyOrder.Immediate)), name[7..]);
        if (name.StartsWith("overlong", StringComparison.Ordinal))
            return new FaultyDevice(OpenDevice(name == "overlong" ? "auto" : name[9..]), "overlong");
        return name switch
        {
            "in-process" => InProcessDevice.Open(),
            "dummy" => new DummyDevice(new DummyOptions(DummyOrder.Reverse)),
            _ => DeviceRegistry.Open(name == "auto" ? null : name),
        };
    }

    private void RunGroup(long group, long first, long end)
    {
        var rng = new Rng(_options.Seed, -1 - group);
        int threads = (group & 1) == 0 ? 1 : rng.Pick([2, 2, 2, 3, 6]);
        bool atEnd = (group >> 1 & 1) == 0;
        try
        {
            _session = new SessionUnderTest(_device, _codedFormat, _pool, threads, rng.Pick([0, 0, 1, 2, 4]), atEnd, fill: 0x3c);
        }
        catch (DeviceException) when (_options.Starve > 0)
        {
            return;
        }
        for (long input = first; input < end; input++)
        {
            _log.Clear();
            Say($"@ {input}");
            RunInput(_session, input, atEnd);
        }
        _log.Clear();
        _log.Add("clean stream after the group");
        Say($"@ {end - 1}");
        if (_options.Starve == 0)
            CheckRecovery(_session, rng);
        _session.Dispose();
        _session = null;
    }

    private void RunInput(SessionUnderTest session, long input, bool atEnd)
    {
        var rng = new Rng(_options.Seed, input);
        // Each vector is flipped at least once in a run; the rest of the inputs prefers small pictures.
        bool everyVector = input < _corpus.All.Count;
        Seed seed = everyVector ? _corpus.All[(int)input] : Choose(rng);
        int take = seed.Area > 352 * 288 ? 2 : seed.Area > 160 * 160 ? 3 : 6;
        int from = rng.OneIn(12) ? rng.Below(seed.Units.Length) : 0;
        List<byte[]> units = [.. seed.Units.Skip(from).Take(1 + rng.Below(take)).Select(u => (byte[])u.Clone())];
        // Somewhere in the middle, but with what a container would have given.
        if (_h264 && from > 0)
            units.Insert(0, H264StreamMutator.ParameterSets(seed.Units[0]));
        if (_av1 && from > 0)
            units.Insert(0, Av1StreamMutator.SequenceHeader(seed.Units[0]));
        _log.Add($"{seed.Name} units {from}..{from + units.Count}");
        bool controls = !everyVector && rng.OneIn(3), interrupts = !everyVector && rng.OneIn(4);
        if (everyVector)
            StreamMutator.Flip(units[rng.Below(units.Count)], rng, _log);
        else if (!controls || rng.OneIn(2))
            _mutator.Mutate(units, Choose(rng), rng, _log);
        if (_options.Verbose)
            Say("v " + string.Join("; ", _log));
        var options = new RunOptions(controls, interrupts, rng.OneIn(64) ? 48 << 20 : 7 << 20);
        // Some inputs meet what an earlier one left: contexts, references, maps.
        if (!rng.OneIn(4) || session.Submissions.Count > SessionUnderTest.MaxSubmissions / 2)
            session.Reset();
        ulong state = rng.Next();
        _run.Run(session, units, options, new Rng(state), _log);
        if (input % 4 == 0 && session.Strict && _options.Starve == 0)
            CompareThreads(units, seed, options, state, atEnd);
    }

    private Seed Choose(Rng rng)
    {
        IReadOnlyList<Seed> from = rng.Below(100) switch { < 66 => _corpus.Small, < 99 => _corpus.Medium, _ => _corpus.All };
        if (from.Count == 0)
            from = _corpus.All;
        return from[rng.Below(from.Count)];
    }

    // Intact frames are the same with one thread and with two, whatever memory held before: else something was not initialised or raced.
    private void CompareThreads(IReadOnlyList<byte[]> units, Seed seed, RunOptions options, ulong state, bool atEnd)
    {
        options = options with { Interrupts = false };
        using var one = new SessionUnderTest(_device, _codedFormat, _pool, 1, 0, atEnd, fill: 0x00);
        using var two = new SessionUnderTest(_device, _codedFormat, _pool, 2, 0, !atEnd, fill: 0xff);
        // The second one's own memory holds what an intact stream of that geometry left, or another.
        _run.Run(two, [.. (state % 4 == 0 ? Choose(new Rng(state)) : seed).Units.Take(3)], new RunOptions(false, false, options.MaxPictureBytes), new Rng(1), []);
        two.Reset();
        _run.Run(one, units, options, new Rng(state), []);
        _run.Run(two, units, options, new Rng(state), []);
        ulong[] a = one.Results(), b = two.Results();
        for (int i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            if (i >= a.Length || i >= b.Length || one.Submissions[i].Status != two.Submissions[i].Status
                || one.Submissions[i].Corrupted != two.Submissions[i].Corrupted || a[i] != b[i])
            {
                throw new FaultException($"request {i} differs with one thread and two: {Describe(one, a, i)} and {Describe(two, b, i)}{one.FirstDifference(two, i)}");
            }
        }
    }

    private static string Describe(SessionUnderTest s, ulong[] results, int i)
        => i >= results.Length ? "absent" : $"status {s.Submissions[i].Status} corrupted {s.Submissions[i].Corrupted} hash {results[i]:x}";

    // After whatever came, a reset session decodes a clean stream as a new one does.
    private void CheckRecovery(SessionUnderTest session, Rng rng)
    {
        IReadOnlyList<Seed> from = _corpus.Small.Count > 0 ? _corpus.Small : _corpus.Medium.Count > 0 ? _corpus.Medium : _corpus.All;
        Seed seed = from[rng.Below(from.Count)];
        if (_h264 && !H264StreamMutator.BeginsWithIdr(seed.Units[0]))
            return;
        var options = new RunOptions(false, false, long.MaxValue);
        var units = seed.Units.Take(4).ToArray();
        if (!_clean.TryGetValue(seed.Name, out ulong[]? expected))
        {
            using var fresh = new SessionUnderTest(_device, _codedFormat, _pool, 1, 0, true, fill: 0x77);
            _run.Run(fresh, units, options, new Rng(1), []);
            _clean[seed.Name] = expected = session.Strict ? fresh.Results() : [];
        }
        // An IDR picture forgets what came before; nothing has to be reset for it.
        if (_h264 && session.FreeSlots > 16 && session.Submissions.Count < SessionUnderTest.MaxSubmissions - 16)
            CheckClean(session, units, options, seed.Name, expected, "behind the group");
        session.Reset();
        CheckClean(session, units, options, seed.Name, expected, "after a reset");
    }

    private void CheckClean(SessionUnderTest session, byte[][] units, in RunOptions options, string name, ulong[] expected, string when)
    {
        int first = session.Submissions.Count;
        _run.Run(session, units, options, new Rng(1), _log);
        ReadOnlySpan<ulong> results = session.Results().AsSpan(first);
        if (session.Strict && !results.SequenceEqual(expected))
            throw new FaultException($"{name} decodes differently {when}: {string.Join(' ', results.ToArray().Select(r => r.ToString("x")))} for {string.Join(' ', expected.Select(r => r.ToString("x")))}");
    }

    private void Checkpoint()
    {
        _pool.Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        string[] memory = File.ReadAllText("/proc/self/statm").Split(' ');
        int threads = Directory.GetDirectories("/proc/self/task").Length;
        _checkpoints.Add((long.Parse(memory[1]) * Environment.SystemPageSize, Descriptors(), threads));
    }

    // What is open: how many by what they are, numbers left out. The runtime opens assemblies when it first needs them, and there are only so many.
    private static SortedDictionary<string, int> Descriptors()
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles("/proc/self/fd"))
        {
            string target = new([.. (new FileInfo(path).LinkTarget ?? "closed meanwhile").Where(c => !char.IsAsciiDigit(c))]);
            if (target.EndsWith(".dll", StringComparison.Ordinal))
                continue;
            found[target] = found.GetValueOrDefault(target) + 1;
        }
        return found;
    }

    // The first third warms up caches, code and heaps.
    private bool CheckLeaks()
    {
        int n = _checkpoints.Count;
        if (n < 6)
            return false;
        (long rss, SortedDictionary<string, int> descriptors, int threads) = _checkpoints[n / 3];
        (long lastRss, SortedDictionary<string, int> lastDescriptors, int lastThreads) = _checkpoints[^1];
        Say($"m {rss >> 10} {lastRss >> 10} {descriptors.Values.Sum()} {lastDescriptors.Values.Sum()} {threads} {lastThreads}");
        string more = string.Join(", ", lastDescriptors.Where(d => d.Value > descriptors.GetValueOrDefault(d.Key)).Select(d => $"{d.Value - descriptors.GetValueOrDefault(d.Key)} of {d.Key}"));
        if (lastRss - rss <= RssAllowance && more.Length == 0 && lastThreads <= threads + 4)
            return false;
        Say($"! leak: RSS {rss >> 10} -> {lastRss >> 10} KiB, threads {threads} -> {lastThreads}, descriptors {(more.Length == 0 ? "none" : more)} more");
        return true;
    }

    private void Say(string line)
    {
        _out.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _out.Flush();
    }
}
