// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Daedalus.Tool;

/// <summary>bench: speed beside the peers, interleaved in one run.</summary>
internal static class BenchCommand
{
    /// <summary>A decoder to run.</summary>
    /// <param name="Name">Element or program.</param>
    /// <param name="Threads">The element's property for threads, or null; of a program: unused.</param>
    /// <param name="Command">A program's words, with {clip} and {threads}; null: the element in a pipeline.</param>
    private sealed record Decoder(string Name, string? Threads, string? Command = null);

    /// <param name="Name">vp9, h264, av1.</param>
    /// <param name="Base">What ratios are to.</param>
    /// <param name="Suffix">How clips end.</param>
    /// <param name="Front">Elements from file to access units.</param>
    /// <param name="Encoder">ffmpeg's arguments that make a clip.</param>
    /// <param name="Decoders">Ours and the peers.</param>
    private sealed record Codec(string Name, string Base, string Suffix, string Front, string Encoder, Decoder[] Decoders);

    private static readonly Codec[] s_codecs =
    [
        new("vp9", "avdec_vp9", ".vp9.ivf", "ivfparse ! vp9parse", "-c:v libvpx-vp9 -b:v 5M -tile-columns 2 -cpu-used 5 -row-mt 1",
            [new("avdec_vp9", "max-threads"), new("daedalusvp9dec", "n-threads"), new("vp9dec", "threads"), new("vpxdec", null, "vpxdec --noblit --threads={threads} -o /dev/null {clip}")]),
        new("h264", "avdec_h264", ".h264", "h264parse", "-c:v libx264 -b:v 5M",
            [new("avdec_h264", "max-threads"), new("daedalush264dec", "n-threads"), new("openh264dec", null)]),
        new("av1", "dav1d", ".av1.ivf", "ivfparse ! av1parse", "-c:v libaom-av1 -b:v 5M -tiles 2x1 -cpu-used 7 -row-mt 1",
            [new("daedalusav1dec", "n-threads"), new("dav1ddec", "n-threads"), new("avdec_av1", "max-threads"), new("av1dec", null),
                new("dav1d", null, "dav1d -q -i {clip} --muxer null -o /dev/null --threads {threads}"), new("ffmpeg libdav1d", null, "ffmpeg -v error -threads {threads} -c:v libdav1d -i {clip} -f null -")]),
    ];

    /// <summary>What came of a decoder with a number of threads: medians.</summary>
    internal sealed record Row(string Codec, string Clip, int Frames, int Threads, string Decoder, string Base, double CpuSeconds, double WallSeconds, double PeakMiB, double CpuRatio, double WallRatio, double? OverOne)
    {
        /// <summary>The peak is no larger than ours was: that much at most.</summary>
        public bool PeakIsBound { get; init; }

        /// <summary>Of the whole process, its start included.</summary>
        public double FramesPerSecond => Frames / WallSeconds;

        public bool Ours => Decoder.StartsWith("daedalus", StringComparison.Ordinal);
    }

    public static int Run(CommandLine options)
    {
        int rounds = Math.Max(1, options.GetInt("runs", 3)), repeat = Math.Max(1, options.GetInt("repeat", 1));
        string? only = options.Get("codec"), json = options.Get("json"), html = options.Get("html");
        TextWriter text = json == "-" ? Console.Error : Console.Out;
        Installation.UsePlugin();
        var jobs = new List<(Codec Codec, string Clip)>();
        foreach (string clip in options.Arguments)
            jobs.Add((CodecOf(clip), clip));
        if (jobs.Count == 0)
            jobs.AddRange(s_codecs.Where(c => only == null || c.Name == only).SelectMany(c => Clips(c).Select(clip => (c, clip))));
        jobs.RemoveAll(j => only != null && j.Codec.Name != only);
        var rows = new List<Row>();
        int[] counts = [.. new[] { 1, 2 }.Where(t => t <= Environment.ProcessorCount)];
        using Progress? progress = Progress.Open(options, "runs");
        int done = 0, planned = 0;
        for (int j = 0; j < jobs.Count; j++)
        {
            (Codec codec, string original) = jobs[j];
            string clip = Repeated(original, repeat);
            // All of a round, both thread counts too, runs within seconds: a machine that changes its pace then changes it for all.
            (Decoder Decoder, int Threads, List<string> Command)[] runs = [.. from t in counts from d in codec.Decoders where Installed(d) select (d, t, CommandOf(codec, d, t, clip))];
            if (!runs.Any(r => r.Decoder.Name == codec.Base))
                throw new IOException($"{codec.Base} is what ratios are to, and it is not installed.");
            planned = Math.Max(planned, runs.Length * (rounds + 1) * jobs.Count);
            var samples = runs.Select(_ => new List<MeasuredProcess>()).ToArray();
            for (int round = -1; round < rounds; round++) // one that does not count: files come into the cache
            {
                for (int i = 0; i < runs.Length; i++)
                {
                    progress?.Show((double)done++ / planned, done, $"  {Path.GetFileName(clip)}  {runs[i].Decoder.Name}");
                    MeasuredProcess m = MeasuredProcess.Run(runs[i].Command);
                    if (round >= 0)
                        samples[i].Add(m);
                }
            }
            progress?.Clear();
            double own = MeasuredProcess.OwnPeakMiB() * 1.01;
            int frames = Frames(clip);
            foreach (int threads in counts)
            {
                text.WriteLine($"{Path.GetFileName(clip)}, {threads} thread(s), median of {rounds}: ratio to {codec.Base}");
                List<MeasuredProcess> reference = Of(codec.Base, threads);
                for (int i = 0; i < runs.Length; i++)
                {
                    if (runs[i].Threads != threads)
                        continue;
                    List<MeasuredProcess> s = samples[i];
                    var row = new Row(codec.Name, Path.GetFileName(clip), frames, threads, runs[i].Decoder.Name, codec.Base,
                        Median(s.Select(m => m.CpuSeconds)), Median(s.Select(m => m.WallSeconds)), Median(s.Select(m => m.PeakMiB)),
                        Median(s.Zip(reference, (a, b) => a.CpuSeconds / b.CpuSeconds)), Median(s.Zip(reference, (a, b) => a.WallSeconds / b.WallSeconds)),
                        threads == 1 ? null : Median(Of(runs[i].Decoder.Name, 1).Zip(s, (a, b) => a.WallSeconds / b.WallSeconds)));
                    row = row with { PeakIsBound = row.PeakMiB <= own };
                    rows.Add(row);
                    text.WriteLine($"  {row.Decoder,-16} cpu {row.CpuSeconds,6:0.00} s ×{row.CpuRatio,4:0.00}   wall {row.WallSeconds,6:0.00} s ×{row.WallRatio,4:0.00}   rss {(row.PeakIsBound ? "≤" : " ")}{row.PeakMiB,6:0.0} MiB   {row.FramesPerSecond,7:0.0} fps"
                        + (row.OverOne is { } over ? $"   {over:0.00} × one thread" : ""));
                }
            }

            List<MeasuredProcess> Of(string decoder, int threads) => samples[Array.FindIndex(runs, r => r.Decoder.Name == decoder && r.Threads == threads)];
        }
        if (json != null)
            WriteJson(json, rows);
        if (html != null)
            File.WriteAllText(html, BenchReport.Of(rows, rounds));
        return 0;
    }

    private static Codec CodecOf(string clip)
    {
        if (!AccessUnitReader.IsRaw(clip))
            throw new InvalidDataException($"{clip} is neither IVF nor Annex B; ffmpeg -i {clip} -c copy makes one of it.");
        using AccessUnitReader reader = AccessUnitReader.Open(clip);
        string name = reader.Codec switch { StreamCodec.Vp9 => "vp9", StreamCodec.Av1 => "av1", _ => "h264" };
        if (name == "av1" && !IvfReader.IsIvf(clip))
            throw new InvalidDataException($"{clip}: AV1 is measured from IVF; ffmpeg -i {clip} -c copy makes one of it.");
        return s_codecs.First(c => c.Name == name);
    }

    private static int Frames(string clip)
    {
        using AccessUnitReader reader = AccessUnitReader.Open(clip);
        int units = 0;
        while (reader.TryRead(out _))
            units++;
        return units;
    }

    // Those of $DAEDALUS_BENCH or beside the checkout; else one is made.
    private static List<string> Clips(Codec codec)
    {
        string? folder = Environment.GetEnvironmentVariable("DAEDALUS_BENCH") ?? (Installation.Checkout is { } top ? Path.Combine(top, "../shared/bench") : null);
        if (folder != null && Directory.Exists(folder) && Directory.GetFiles(folder, "*" + codec.Suffix) is { Length: > 0 } found)
            return [.. found.Order().Select(Path.GetFullPath)];
        string made = Path.Combine(Installation.Cache(), "bench" + codec.Suffix);
        if (!File.Exists(made))
        {
            if (!OperatingSystemTools.Exists("ffmpeg"))
                throw new IOException("There is no clip to measure with, and ffmpeg, which could make one, is not installed.");
            string part = Path.Combine(Path.GetDirectoryName(made)!, "part-" + Path.GetFileName(made));
            _ = MeasuredProcess.Run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "mandelbrot=size=1920x1080:rate=30", "-t", "4", "-pix_fmt", "yuv420p", .. codec.Encoder.Split(' '), part]);
            File.Move(part, made, overwrite: true);
        }
        return [made];
    }

    // The clip so many times in one file; an IVF's frames with times that go on.
    private static string Repeated(string clip, int times)
    {
        if (times == 1)
            return clip;
        byte[] data = File.ReadAllBytes(clip);
        string made = Path.Combine(Installation.Cache(), $"bench-{times}x-{Path.GetFileName(clip)}");
        using FileStream stream = File.Create(made);
        if (!data.AsSpan(0, 4).SequenceEqual("DKIF"u8))
        {
            for (int i = 0; i < times; i++)
                stream.Write(data);
            return made;
        }
        var frames = new List<(int At, int Size)>();
        for (int at = BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(6)); at + 12 <= data.Length;)
        {
            int size = BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(at));
            frames.Add((at + 12, size));
            at += 12 + size;
        }
        byte[] head = data[..32], frameHead = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(24), frames.Count * times);
        (head[6], head[7]) = (32, 0);
        stream.Write(head);
        for (int i = 0; i < frames.Count * times; i++)
        {
            (int at, int size) = frames[i % frames.Count];
            BinaryPrimitives.WriteInt32LittleEndian(frameHead, size);
            BinaryPrimitives.WriteInt64LittleEndian(frameHead.AsSpan(4), i);
            stream.Write(frameHead);
            stream.Write(data.AsSpan(at, size));
        }
        return made;
    }

    private static bool Installed(Decoder d) => d.Command == null ? GStreamer.HasElement(d.Name) : OperatingSystemTools.Exists(d.Command.Split(' ')[0]);

    private static List<string> CommandOf(Codec codec, Decoder d, int threads, string clip)
    {
        string pipeline = d.Command ?? $"gst-launch-1.0 -q filesrc location={{clip}} ! {codec.Front} ! {d.Name}{(d.Threads == null ? "" : $" {d.Threads}={{threads}}")} ! fakesink sync=false";
        // gst-launch-1.0 escapes blanks itself.
        return ["taskset", "-c", string.Join(',', Enumerable.Range(0, threads)),
            .. pipeline.Split(' ').Select(word => word.Replace("{clip}", clip, StringComparison.Ordinal).Replace("{threads}", threads.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))];
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static void WriteJson(string file, List<Row> rows)
    {
        using var output = JsonOutput.Open(file);
        Utf8JsonWriter w = output.Writer;
        w.WriteStartArray();
        foreach (Row r in rows)
        {
            w.WriteStartObject();
            w.WriteString("codec", r.Codec);
            w.WriteString("clip", r.Clip);
            w.WriteNumber("frames", r.Frames);
            w.WriteNumber("threads", r.Threads);
            w.WriteString("decoder", r.Decoder);
            w.WriteString("base", r.Base);
            w.WriteNumber("cpu-seconds", Math.Round(r.CpuSeconds, 4));
            w.WriteNumber("wall-seconds", Math.Round(r.WallSeconds, 4));
            w.WriteNumber("fps", Math.Round(r.FramesPerSecond, 2));
            w.WriteNumber("peak-mib", Math.Round(r.PeakMiB, 2));
            w.WriteBoolean("peak-is-upper-bound", r.PeakIsBound);
            w.WriteNumber("cpu-ratio", Math.Round(r.CpuRatio, 4));
            w.WriteNumber("wall-ratio", Math.Round(r.WallRatio, 4));
            if (r.OverOne is { } over)
                w.WriteNumber("over-one-thread", Math.Round(over, 4));
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }
}
