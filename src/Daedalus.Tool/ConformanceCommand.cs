// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml.Linq;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>conformance: all VP9, H.264 and AV1 entries of a manifest straight through the stateless contract.</summary>
internal static class ConformanceCommand
{
    internal sealed class Entry
    {
        [JsonPropertyName("codec")] public string Codec { get; set; } = "";
        [JsonPropertyName("suite")] public string Suite { get; set; } = "";
        [JsonPropertyName("name")] public string Name { get; set; } = "";
        [JsonPropertyName("file")] public string File { get; set; } = "";
        [JsonPropertyName("result_md5")] public string? ResultMd5 { get; set; }
        [JsonPropertyName("verified")] public bool? Verified { get; set; }
        [JsonPropertyName("robustness")] public bool? Robustness { get; set; }
        [JsonPropertyName("result_args")] public string[]? ResultArgs { get; set; }
        [JsonPropertyName("result_md5_film_grain_on")] public string? GrainOnMd5 { get; set; }
        [JsonPropertyName("result_md5_film_grain_off")] public string? GrainOffMd5 { get; set; }

        // dav1d's own md5 writer leaves grain off and gives all layers; libaom's decoder does the opposite.
        [JsonIgnore] public bool IsDav1d => Suite.StartsWith("dav1d", StringComparison.Ordinal);

        public string? Argument(string name) => ResultArgs != null && Array.IndexOf(ResultArgs, name) is >= 0 and int i && i + 1 < ResultArgs.Length ? ResultArgs[i + 1] : null;

        /// <summary>The session that the reference MD5 was made with.</summary>
        public SessionSettings Adapt(SessionSettings s) => Codec != "av1" ? s : s with
        {
            ApplyGrain = (Argument("--filmgrain") ?? (IsDav1d ? "0" : "1")) != "0",
            AllLayers = (Argument("--alllayers") ?? (IsDav1d ? "1" : "0")) != "0",
            OperatingPoint = int.Parse(Argument("--oppoint") ?? "0", System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    /// <summary>pass, fail, skip; robust: a stream without reference that was survived; info: an unverified reference, compared for information.</summary>
    internal sealed record Outcome(string Codec, string Suite, string Name, string File, string Result, string Detail, double Seconds, int Frames);

    public static int Run(CommandLine options)
    {
        string directory = options.Arguments.Count switch
        {
            0 => Environment.GetEnvironmentVariable("DAEDALUS_VECTORS") ?? throw new UsageException("DIR or DAEDALUS_VECTORS is needed"),
            1 => options.Arguments[0],
            _ => throw new UsageException("one DIR"),
        };
        List<Entry> entries;
        using (FileStream stream = File.OpenRead(Path.Combine(directory, "manifest.json")))
            entries = JsonSerializer.Deserialize<List<Entry>>(stream) ?? [];
        string? suite = options.Get("suite"), name = options.Get("name"), codec = options.Get("codec");
        if (codec is not (null or "vp9" or "h264" or "av1"))
            throw new UsageException("--codec knows vp9, h264 and av1");
        entries = [.. entries.Where(e => e.Codec is "vp9" or "h264" or "av1" && (codec == null || e.Codec == codec) && (suite == null || e.Suite == suite) && (name == null || e.Name.Contains(name, StringComparison.OrdinalIgnoreCase)))];
        using IStatelessDevice device = DecodeSession.OpenDevice(options);
        SessionSettings sequencer = DecodeSession.Settings(options);
        var outcomes = new Outcome[entries.Count];
        int next = -1, done = 0;
        var threads = new Thread[Math.Clamp(options.GetInt("jobs", Environment.ProcessorCount), 1, 64)];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(() =>
            {
                int i;
                while ((i = Interlocked.Increment(ref next)) < entries.Count)
                {
                    outcomes[i] = RunEntry(device, sequencer, directory, entries[i], options.Has("ivf-only"));
                    int n = Interlocked.Increment(ref done);
                    Outcome o = outcomes[i];
                    if (!options.Has("quiet") || o.Result == "fail")
                        Console.WriteLine($"[{n}/{entries.Count}] {o.Result,-6} {o.Suite} {o.Name} ({o.Frames} frames, {o.Seconds:0.00} s){(o.Detail.Length > 0 ? ": " + o.Detail : "")}");
                }
            });
            threads[t].Start();
        }
        foreach (Thread thread in threads)
            thread.Join();
        Table(outcomes);
        if (options.Get("json") is { } json)
            File.WriteAllText(json, JsonSerializer.Serialize(outcomes, new JsonSerializerOptions { WriteIndented = true }) + "\n");
        if (options.Get("junit") is { } junit)
            JUnit(outcomes).Save(junit);
        return outcomes.Any(o => o.Result == "fail") ? 1 : 0;
    }

    private static Outcome RunEntry(IStatelessDevice device, SessionSettings options, string directory, Entry entry, bool rawOnly)
    {
        var watch = Stopwatch.StartNew();
        string file = Path.Combine(directory, entry.File);
        Outcome End(string result, string detail, int frames) => new(entry.Codec, entry.Suite, entry.Name, entry.File, result, detail, watch.Elapsed.TotalSeconds, frames);
        if (!File.Exists(file))
            return End("skip", "the file is missing", 0);
        bool comparable = entry is { Verified: true, ResultMd5: not null };
        // Fuzzers' inputs are IVF whose headers need not be right.
        bool assumed = entry is { Codec: "av1", Robustness: true } && !comparable && Path.GetExtension(file).Length == 0;
        bool raw = assumed || AccessUnitReader.IsRaw(file);
        if (!raw && rawOnly)
            return End("skip", "container (--ivf-only)", 0);
        if (!raw && !OperatingSystemTools.Exists("ffmpeg"))
            return End("skip", "container, and ffmpeg is not installed to unpack it", 0);
        try
        {
            SessionSettings settings = entry.Adapt(options);
            (DecodeSession.Result result, string actual) = Decode(settings);
            bool equal = actual == entry.ResultMd5;
            // With grain and without are two results; where they differ both are checked.
            if (equal && comparable && entry.GrainOnMd5 != null && entry.GrainOffMd5 != null && entry.GrainOnMd5 != entry.GrainOffMd5)
            {
                settings = settings with { ApplyGrain = !settings.ApplyGrain };
                (result, actual) = Decode(settings);
                string expected = settings.ApplyGrain ? entry.GrainOnMd5 : entry.GrainOffMd5;
                if (actual != expected)
                    return End("fail", $"md5 {actual}, expected {expected} {(settings.ApplyGrain ? "with" : "without")} film grain", result.Frames);
            }
            if (comparable)
                return End(equal ? "pass" : "fail", equal ? "" : $"md5 {actual}, expected {entry.ResultMd5}{(result.FirstProblem == null ? "" : "; " + result.FirstProblem)}", result.Frames);
            if (entry.Robustness == true)
                return End("robust", result.FirstProblem ?? "", result.Frames);
            return End("info", equal ? "equals the unverified reference" : $"md5 {actual}, unverified reference {entry.ResultMd5}", result.Frames);
        }
        catch (InvalidDataException e)
        {
            // The container could not be read: nothing reached the decoder.
            return End(comparable ? "fail" : "robust", e.Message, 0);
        }
        catch (Exception e) when (e is DeviceException or IOException)
        {
            return End("fail", e.Message, 0);
        }

        (DecodeSession.Result, string) Decode(SessionSettings settings)
        {
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            PictureHandler handler = (in DecodedPicture output) =>
            {
                FrameSink.Write(output, row => md5.AppendData(row));
                return true;
            };
            using AccessUnitReader reader = assumed ? new IvfReader(File.OpenRead(file), null, file, "AV01") : AccessUnitReader.Open(file);
            DecodeSession.Result result = DecodeSession.Run(device, settings, reader, handler);
            return (result, Convert.ToHexStringLower(md5.GetHashAndReset()));
        }
    }

    private static void Table(Outcome[] outcomes)
    {
        Console.WriteLine();
        Console.WriteLine($"{"suite",-32}{"pass",6}{"fail",6}{"skip",6}{"robust",8}{"info",6}{"bit-exact",14}");
        foreach (IGrouping<string, Outcome> g in outcomes.GroupBy(o => o.Codec + " " + o.Suite).OrderBy(g => g.Key).Append(new AllOutcomes(outcomes)))
        {
            int pass = g.Count(o => o.Result == "pass"), fail = g.Count(o => o.Result == "fail");
            Console.WriteLine($"{g.Key,-32}{pass,6}{fail,6}{g.Count(o => o.Result == "skip"),6}{g.Count(o => o.Result == "robust"),8}{g.Count(o => o.Result == "info"),6}{pass + "/" + (pass + fail),14}");
        }
    }

    private sealed class AllOutcomes(Outcome[] outcomes) : List<Outcome>(outcomes), IGrouping<string, Outcome>
    {
        public string Key => "all";
    }

    private static XDocument JUnit(Outcome[] outcomes) => new(new XElement("testsuites",
        outcomes.GroupBy(o => o.Suite).Select(g => new XElement("testsuite",
            new XAttribute("name", g.Key), new XAttribute("tests", g.Count()),
            new XAttribute("failures", g.Count(o => o.Result == "fail")), new XAttribute("skipped", g.Count(o => o.Result == "skip")),
            g.Select(o => new XElement("testcase", new XAttribute("classname", o.Codec + "." + o.Suite), new XAttribute("name", o.Name),
                new XAttribute("time", o.Seconds.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)),
                o.Result switch
                {
                    "fail" => new XElement("failure", new XAttribute("message", o.Detail)),
                    "skip" => new XElement("skipped", new XAttribute("message", o.Detail)),
                    _ => null,
                }))))));
}
