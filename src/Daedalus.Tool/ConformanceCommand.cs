// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml.Linq;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>conformance: all VP9, H.264 and AV1 entries of a manifest straight through the stateless contract.</summary>
internal static partial class ConformanceCommand
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

    [JsonSerializable(typeof(List<Entry>))]
    private sealed partial class ManifestJson : JsonSerializerContext;

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
            entries = JsonSerializer.Deserialize(stream, ManifestJson.Default.ListEntry) ?? [];
        string? suite = options.Get("suite"), name = options.Get("name"), codec = options.Get("codec");
        entries = [.. entries.Where(e => e.Codec is "vp9" or "h264" or "av1" && (codec == null || e.Codec == codec) && (suite == null || e.Suite == suite) && (name == null || e.Name.Contains(name, StringComparison.OrdinalIgnoreCase)))];
        using IStatelessDevice device = DecodeSession.OpenDevice(options);
        SessionSettings sequencer = DecodeSession.Settings(options);
        string? json = options.Get("json"), html = options.Get("html"), junit = options.Get("junit");
        TextWriter text = json == "-" ? Console.Error : Console.Out;
        bool quiet = options.Has("quiet");
        // The lines of streams are progress enough; without them the terminal still sees some.
        using Progress? progress = quiet ? Progress.Open("streams") : null;
        var lines = new Lock();
        var watch = Stopwatch.StartNew();
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
                    Outcome o = outcomes[i];
                    using Lock.Scope scope = lines.EnterScope();
                    int n = ++done;
                    progress?.Show((double)n / entries.Count, n, "");
                    if (quiet && o.Result != "fail")
                        continue;
                    progress?.Clear();
                    text.WriteLine($"[{n}/{entries.Count}] {o.Result,-6} {o.Suite} {o.Name} ({o.Frames} frames, {o.Seconds:0.00} s){(o.Detail.Length > 0 ? ": " + o.Detail : "")}");
                }
            });
            threads[t].Start();
        }
        foreach (Thread thread in threads)
            thread.Join();
        progress?.Clear();
        Table(text, outcomes);
        if (json != null)
            WriteJson(json, outcomes);
        if (junit != null)
            JUnit(outcomes).Save(junit);
        if (html != null)
            File.WriteAllText(html, ConformanceReport.Of(outcomes, device.Info.Path, watch.Elapsed));
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

    private static void Table(TextWriter text, Outcome[] outcomes)
    {
        text.WriteLine();
        text.WriteLine($"{"suite",-32}{"pass",6}{"fail",6}{"skip",6}{"robust",8}{"info",6}{"bit-exact",14}");
        foreach (IGrouping<string, Outcome> g in outcomes.GroupBy(o => o.Codec + " " + o.Suite).OrderBy(g => g.Key).Append(new AllOutcomes(outcomes)))
        {
            int pass = g.Count(o => o.Result == "pass"), fail = g.Count(o => o.Result == "fail");
            text.WriteLine($"{g.Key,-32}{pass,6}{fail,6}{g.Count(o => o.Result == "skip"),6}{g.Count(o => o.Result == "robust"),8}{g.Count(o => o.Result == "info"),6}{pass + "/" + (pass + fail),14}");
        }
    }

    private sealed class AllOutcomes(Outcome[] outcomes) : List<Outcome>(outcomes), IGrouping<string, Outcome>
    {
        public string Key => "all";
    }

    private static void WriteJson(string file, Outcome[] outcomes)
    {
        using var output = JsonOutput.Open(file);
        Utf8JsonWriter w = output.Writer;
        w.WriteStartArray();
        foreach (Outcome o in outcomes)
        {
            w.WriteStartObject();
            w.WriteString("codec", o.Codec);
            w.WriteString("suite", o.Suite);
            w.WriteString("name", o.Name);
            w.WriteString("file", o.File);
            w.WriteString("result", o.Result);
            w.WriteString("detail", o.Detail);
            w.WriteNumber("seconds", Math.Round(o.Seconds, 4));
            w.WriteNumber("frames", o.Frames);
            w.WriteEndObject();
        }
        w.WriteEndArray();
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
