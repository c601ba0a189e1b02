// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Text.Json;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>compare: where our output first differs from an oracle's.</summary>
internal static class CompareCommand
{
    public static int Run(CommandLine options)
    {
        string file = options.File;
        bool json = options.Has("json");
        TextWriter text = json ? Console.Error : Console.Out;
        using IStatelessDevice device = DecodeSession.OpenDevice(options);
        using Stream oracle = OpenOracle(options, file, out Process? process, out string oracleName);
        int frame = 0;
        byte[] theirs = [];
        string? verdict = null;
        Difference? difference = null;
        DecodedPicture at = default;
        using Progress? progress = Progress.Open(options);
        DecodeSession.Result result = DecodeSession.Run(device,
            DecodeSession.Settings(options, (unit, reason) =>
            {
                progress?.Clear();
                Console.Error.WriteLine($"access unit {unit}: {reason}");
            }), file,
            (in DecodedPicture output) =>
            {
                int size = 0;
                for (int plane = 0; plane < FrameSink.PlaneCount(output); plane++)
                    size += FrameSink.PlaneSize(output, plane).RowBytes * FrameSink.PlaneSize(output, plane).Rows;
                if (theirs.Length < size)
                    theirs = new byte[size];
                int got = oracle.ReadAtLeast(theirs.AsSpan(0, size), size, throwOnEndOfStream: false);
                if (got < size)
                {
                    verdict = got == 0 ? $"frame {frame}: the oracle has no more frames" : $"frame {frame}: the oracle has only {got} of {size} bytes";
                    return false;
                }
                if (!Equal(output, theirs))
                {
                    at = output;
                    difference = Difference.Find(PlanarPicture.Of(output), PlanarPicture.Of(output, theirs), output)!;
                    return false;
                }
                frame++;
                return true;
            }, progress);
        progress?.Clear();
        if (difference == null && verdict == null && oracle.ReadByte() >= 0)
            verdict = $"the oracle has more than our {frame} frames";
        if (process != null)
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
        string? png = null;
        if (difference != null)
        {
            Describe(text, difference, at, frame);
            if (!options.Has("no-png"))
            {
                png = options.Get("png") ?? Path.GetFileNameWithoutExtension(file) + "-difference.png";
                Canvas canvas = DifferencePicture.Draw(difference, frame, oracleName);
                PngWriter.Write(png, canvas.Pixels, canvas.Width, canvas.Height);
                text.WriteLine($"picture: {png} (ours, {oracleName}, difference)");
            }
        }
        if (verdict != null)
            text.WriteLine(verdict);
        if (result.FirstProblem != null)
            text.WriteLine($"first problem: {result.FirstProblem}");
        bool equal = difference == null && verdict == null;
        if (equal)
            text.WriteLine($"{frame} frames are equal");
        if (json)
            WriteJson(file, oracleName, frame, difference, at, verdict, png, result);
        return equal ? 0 : 1;
    }

    private static Stream OpenOracle(CommandLine options, string file, out Process? process, out string name)
    {
        process = null;
        name = "oracle";
        if (options.Get("oracle") is { } raw)
            return new FileStream(raw, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        StreamCodec codec;
        using (AccessUnitReader reader = AccessUnitReader.Open(file))
            codec = reader.Codec;
        string program = name = options.Get("with") ?? (codec == StreamCodec.Av1 ? "dav1d" : codec == StreamCodec.Vp9 && OperatingSystemTools.Exists("vpxdec") ? "vpxdec" : "ffmpeg");
        string[] arguments = program switch
        {
            "dav1d" => ["-q", "--muxer", "yuv", "-o", "-", "--filmgrain", options.Has("no-grain") ? "0" : "1", "--alllayers", options.Has("all-layers") ? "1" : "0",
                "--oppoint", options.Get("operating-point") ?? "0", "--inloopfilters", options.Get("filters") ?? "all", "-i", file],
            "vpxdec" => ["--rawvideo", "--quiet", "-o", "-", file],
            // Frames keep their own size only as long as nothing asks for scaling; cropping is exact only when asked for.
            _ => ["-nostdin", "-v", "error", "-flags", "unaligned", "-i", file, "-map", "0:v:0", "-autoscale", "0", "-fps_mode", "passthrough", "-f", "rawvideo", "-"],
        };
        if (!OperatingSystemTools.Exists(program))
            throw new IOException($"{program} is not installed.");
        process = OperatingSystemTools.Start(program, arguments);
        return process.StandardOutput.BaseStream;
    }

    private static bool Equal(in DecodedPicture output, byte[] theirs)
    {
        int at = 0;
        bool equal = true;
        output.Buffer.BeginCpuAccess(write: false);
        for (int plane = 0; equal && plane < FrameSink.PlaneCount(output); plane++)
        {
            (int rowBytes, int rows) = FrameSink.PlaneSize(output, plane);
            for (int y = 0; equal && y < rows; y++, at += rowBytes)
                equal = FrameSink.Row(output, plane, y).SequenceEqual(theirs.AsSpan(at, rowBytes));
        }
        output.Buffer.EndCpuAccess(write: false);
        return equal;
    }

    private static void Describe(TextWriter text, Difference d, in DecodedPicture output, int frame)
    {
        (int width, int height) = d.Ours.SizeOf(d.Plane);
        text.WriteLine($"frame {frame} (access unit {output.AccessUnit}, {output.Width}x{output.Height}, {output.Geometry.BitDepth} bit{output.Note}{(output.Corrupted ? ", corrupted" : "")}) "
            + $"differs in plane {d.PlaneName}: {d.Count} of {width * height} samples, x {d.Span.Left}..{d.Span.Right}, y {d.Span.Top}..{d.Span.Bottom}");
        Neighbourhood(text, d, output, d.First, "first in raster order");
        if (d.InFirstBlock != d.First)
            Neighbourhood(text, d, output, d.InFirstBlock, "first block in decoding order");
    }

    private static void Neighbourhood(TextWriter text, Difference d, in DecodedPicture output, (int X, int Y) sample, string title)
    {
        (int x, int y) = sample;
        (int width, int height) = d.Ours.SizeOf(d.Plane);
        int ssx = d.Plane == 0 ? 0 : d.Ours.SubsamplingX, ssy = d.Plane == 0 ? 0 : d.Ours.SubsamplingY;
        // Blocks are counted in the coded picture, samples in the visible one.
        int lumaX = (x << ssx) + output.Left, lumaY = (y << ssy) + output.Top, block = d.BlockSize;
        text.WriteLine($"{title}: sample ({x},{y}), {block}x{block} {d.BlockName} row {lumaY / block} column {lumaX / block}, 8x8 row {lumaY / 8} column {lumaX / 8}");
        int left = x & ~7, top = y & ~7;
        string format = d.Ours.Bits > 8 ? "{0,5}" : "{0,4}";
        text.WriteLine($"  8x8 at ({left},{top}): ours | oracle");
        for (int j = top; j < Math.Min(top + 8, height); j++)
        {
            string a = "", b = "";
            for (int i = left; i < Math.Min(left + 8, width); i++)
            {
                int u = d.Ours.Planes[d.Plane][j * width + i], v = d.Theirs.Planes[d.Plane][j * width + i];
                a += string.Format(format, u) + (u == v ? " " : "*");
                b += string.Format(format, v) + " ";
            }
            text.WriteLine($"  {a} | {b}");
        }
    }

    private static void WriteJson(string file, string oracle, int frame, Difference? d, in DecodedPicture output, string? verdict, string? png, DecodeSession.Result result)
    {
        using var json = JsonOutput.Open("-");
        Utf8JsonWriter w = json.Writer;
        w.WriteStartObject();
        w.WriteString("file", file);
        w.WriteString("oracle", oracle);
        w.WriteBoolean("equal", d == null && verdict == null);
        w.WriteNumber("equal-frames", frame);
        w.WriteString("reason", verdict);
        w.WriteString("first-problem", result.FirstProblem);
        if (d != null)
        {
            w.WriteStartObject("difference");
            w.WriteNumber("frame", frame);
            w.WriteNumber("access-unit", output.AccessUnit);
            w.WriteString("plane", d.PlaneName.ToString());
            w.WriteNumber("samples", d.Count);
            Point("first", d.First);
            w.WriteStartObject("block");
            w.WriteString("kind", d.BlockName);
            w.WriteNumber("size", d.BlockSize);
            w.WriteNumber("row", d.Block.Row);
            w.WriteNumber("column", d.Block.Column);
            w.WriteNumber("x", d.BlockCorner.X);
            w.WriteNumber("y", d.BlockCorner.Y);
            Point("first", d.InFirstBlock);
            w.WriteEndObject();
            w.WriteString("png", png);
            w.WriteEndObject();
        }
        w.WriteEndObject();

        void Point(string name, (int X, int Y) p)
        {
            int at = p.Y * d.Ours.SizeOf(d.Plane).Width + p.X;
            w.WriteStartObject(name);
            w.WriteNumber("x", p.X);
            w.WriteNumber("y", p.Y);
            w.WriteNumber("ours", d.Ours.Planes[d.Plane][at]);
            w.WriteNumber("oracle", d.Theirs.Planes[d.Plane][at]);
            w.WriteEndObject();
        }
    }
}
