// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>decode and md5.</summary>
internal static class DecodeCommand
{
    private readonly record struct Frame(int Width, int Height, int BitDepth, string Md5, string Note, bool Corrupted);

    public static int Run(CommandLine options, bool md5Only)
    {
        string file = options.File;
        string? outFile = options.Get("o");
        bool perFrame = options.Has("frames"), json = options.Has("json");
        if (json && outFile == "-")
            throw new UsageException("standard output cannot hold both frames and JSON");
        int limit = options.GetInt("limit", int.MaxValue);
        // With pictures on standard output, words go elsewhere.
        TextWriter text = outFile == "-" ? Console.Error : Console.Out;
        using IStatelessDevice device = DecodeSession.OpenDevice(options);
        using Stream? stream = outFile switch
        {
            null => null,
            "-" => Console.OpenStandardOutput(),
            _ => new FileStream(outFile, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20),
        };
        bool hash = md5Only || options.Has("md5");
        // Only then: the first one loads 4 MiB of OpenSSL.
        using IncrementalHash? md5 = hash ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null, frameMd5 = perFrame ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
        var frames = new List<Frame>();
        int number = 0;
        using Progress? progress = perFrame && !json ? null : Progress.Open(options);
        var watch = Stopwatch.StartNew();
        DecodeSession.Result result = DecodeSession.Run(device,
            DecodeSession.Settings(options, (unit, reason) =>
            {
                progress?.Clear();
                Console.Error.WriteLine($"access unit {unit}: {reason}");
            }), file,
            (in DecodedPicture output) =>
            {
                FrameSink.Write(output, row =>
                {
                    stream?.Write(row);
                    md5?.AppendData(row);
                    frameMd5?.AppendData(row);
                });
                if (frameMd5 != null)
                {
                    var frame = new Frame(output.Width, output.Height, output.Geometry.BitDepth, Convert.ToHexStringLower(frameMd5.GetHashAndReset()), output.Note, output.Corrupted);
                    if (json)
                        frames.Add(frame);
                    else
                        text.WriteLine($"{number} {frame.Width}x{frame.Height} {frame.BitDepth} bit {frame.Md5}{frame.Note}{(frame.Corrupted ? " corrupted" : "")}");
                }
                return ++number < limit;
            }, progress);
        double seconds = watch.Elapsed.TotalSeconds;
        progress?.Clear();
        string? digest = md5 != null ? Convert.ToHexStringLower(md5.GetHashAndReset()) : null;
        if (json)
        {
            WriteJson(file, device, result, seconds, digest, perFrame ? frames : null);
            return result.Clean ? 0 : 1;
        }
        if (digest != null)
            text.WriteLine(md5Only ? $"{digest}  {file}" : $"md5 {digest}");
        if (!md5Only)
        {
            text.WriteLine($"{result.Frames} frames of {result.AccessUnits} access units in {seconds:0.00} s ({result.Frames / seconds:0.0} frames/s); "
                + $"{result.FailedFrames} failed, {result.CorruptedFrames} corrupted, {result.Refused} refused; device {device.Info.Path}");
        }
        if (result.FirstProblem != null)
            Console.Error.WriteLine($"first problem: {result.FirstProblem}");
        return result.Clean ? 0 : 1;
    }

    private static void WriteJson(string file, IStatelessDevice device, DecodeSession.Result result, double seconds, string? md5, List<Frame>? frames)
    {
        using var output = JsonOutput.Open("-");
        Utf8JsonWriter w = output.Writer;
        w.WriteStartObject();
        w.WriteString("file", file);
        w.WriteString("device", device.Info.Path);
        if (md5 != null)
            w.WriteString("md5", md5);
        w.WriteNumber("access-units", result.AccessUnits);
        w.WriteNumber("frames", result.Frames);
        w.WriteNumber("failed", result.FailedFrames);
        w.WriteNumber("corrupted", result.CorruptedFrames);
        w.WriteNumber("refused", result.Refused);
        w.WriteNumber("seconds", Math.Round(seconds, 4));
        w.WriteString("first-problem", result.FirstProblem);
        if (frames != null)
        {
            w.WriteStartArray("frame-list");
            foreach (Frame f in frames)
            {
                w.WriteStartObject();
                w.WriteNumber("width", f.Width);
                w.WriteNumber("height", f.Height);
                w.WriteNumber("bit-depth", f.BitDepth);
                w.WriteString("md5", f.Md5);
                w.WriteBoolean("corrupted", f.Corrupted);
                if (f.Note.Length > 0)
                    w.WriteString("note", f.Note.Trim());
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }
        w.WriteEndObject();
    }
}
