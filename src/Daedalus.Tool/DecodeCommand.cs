// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Security.Cryptography;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>decode and md5.</summary>
internal static class DecodeCommand
{
    public static int Run(CommandLine options, bool md5Only)
    {
        string file = options.File;
        string? outFile = options.Get("o");
        bool perFrame = options.Has("frames");
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
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var frameMd5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        bool hash = md5Only || options.Has("md5");
        int number = 0;
        var watch = Stopwatch.StartNew();
        DecodeSession.Result result = DecodeSession.Run(device,
            DecodeSession.Settings(options, (unit, reason) => Console.Error.WriteLine($"access unit {unit}: {reason}")), file,
            (in DecodedPicture output) =>
            {
                FrameSink.Write(output, row =>
                {
                    stream?.Write(row);
                    if (hash)
                        md5.AppendData(row);
                    if (perFrame)
                        frameMd5.AppendData(row);
                });
                if (perFrame)
                {
                    CodedGeometry g = output.Geometry;
                    string flags = output.Note + (output.Corrupted ? " corrupted" : "");
                    text.WriteLine($"{number} {output.Width}x{output.Height} {g.BitDepth} bit {Convert.ToHexStringLower(frameMd5.GetHashAndReset())}{flags}");
                }
                return ++number < limit;
            });
        double seconds = watch.Elapsed.TotalSeconds;
        if (hash)
            text.WriteLine(md5Only ? $"{Convert.ToHexStringLower(md5.GetHashAndReset())}  {file}" : $"md5 {Convert.ToHexStringLower(md5.GetHashAndReset())}");
        if (!md5Only)
        {
            text.WriteLine($"{result.Frames} frames of {result.AccessUnits} access units in {seconds:0.00} s ({result.Frames / seconds:0.0} frames/s); "
                + $"{result.FailedFrames} failed, {result.CorruptedFrames} corrupted, {result.Refused} refused; device {device.Info.Path}");
        }
        if (result.FirstProblem != null)
            Console.Error.WriteLine($"first problem: {result.FirstProblem}");
        return result.Clean ? 0 : 1;
    }
}
