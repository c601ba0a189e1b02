// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>compare: where our output first differs from an oracle's.</summary>
internal static class CompareCommand
{
    public static int Run(CommandLine options)
    {
        string file = options.File;
        using IStatelessDevice device = DecodeSession.OpenDevice(options);
        using Stream oracle = OpenOracle(options, file, out Process? process);
        int frame = 0, code = 0;
        byte[] theirs = [];
        DecodeSession.Result result = DecodeSession.Run(device,
            DecodeSession.Settings(options, (unit, reason) => Console.Error.WriteLine($"access unit {unit}: {reason}")), file,
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
                    Console.WriteLine(got == 0 ? $"frame {frame}: the oracle has no more frames" : $"frame {frame}: the oracle has only {got} of {size} bytes");
                    code = 1;
                    return false;
                }
                if (!CompareFrame(output, theirs, frame))
                {
                    code = 1;
                    return false;
                }
                frame++;
                return true;
            });
        if (code == 0 && oracle.ReadByte() >= 0)
        {
            Console.WriteLine($"the oracle has more than our {frame} frames");
            code = 1;
        }
        if (process != null)
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }
        if (result.FirstProblem != null)
            Console.WriteLine($"first problem: {result.FirstProblem}");
        if (code == 0)
            Console.WriteLine($"{frame} frames are equal");
        return code;
    }

    private static Stream OpenOracle(CommandLine options, string file, out Process? process)
    {
        process = null;
        if (options.Get("oracle") is { } raw)
            return new FileStream(raw, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        StreamCodec codec;
        using (AccessUnitReader reader = AccessUnitReader.Open(file))
            codec = reader.Codec;
        string program = options.Get("with") ?? (codec == StreamCodec.Av1 ? "dav1d" : codec == StreamCodec.Vp9 && OperatingSystemTools.Exists("vpxdec") ? "vpxdec" : "ffmpeg");
        string[] arguments = program switch
        {
            "dav1d" => ["-q", "--muxer", "yuv", "-o", "-", "--filmgrain", options.Has("no-grain") ? "0" : "1", "--alllayers", options.Has("all-layers") ? "1" : "0",
                "--oppoint", options.Get("operating-point") ?? "0", "--inloopfilters", options.Get("filters") ?? "all", "-i", file],
            "vpxdec" => ["--rawvideo", "--quiet", "-o", "-", file],
            // Frames keep their own size only as long as nothing asks for scaling; cropping is exact only when asked for.
            "ffmpeg" => ["-nostdin", "-v", "error", "-flags", "unaligned", "-i", file, "-map", "0:v:0", "-autoscale", "0", "-fps_mode", "passthrough", "-f", "rawvideo", "-"],
            _ => throw new UsageException("--with knows vpxdec, dav1d and ffmpeg"),
        };
        if (!OperatingSystemTools.Exists(program))
            throw new IOException($"{program} is not installed.");
        process = OperatingSystemTools.Start(program, arguments);
        return process.StandardOutput.BaseStream;
    }

    private static bool CompareFrame(in DecodedPicture output, byte[] theirs, int frame)
    {
        int at = 0;
        for (int plane = 0; plane < FrameSink.PlaneCount(output); plane++)
        {
            (int rowBytes, int rows) = FrameSink.PlaneSize(output, plane);
            for (int y = 0; y < rows; y++)
            {
                if (!FrameSink.Row(output, plane, y).SequenceEqual(theirs.AsSpan(at + y * rowBytes, rowBytes)))
                {
                    Report(output, theirs.AsSpan(at, rowBytes * rows), frame, plane);
                    return false;
                }
            }
            at += rowBytes * rows;
        }
        return true;
    }

    private static void Report(in DecodedPicture output, ReadOnlySpan<byte> theirs, int frame, int plane)
    {
        CodedGeometry g = output.Geometry;
        (int rowBytes, int rows) = FrameSink.PlaneSize(output, plane);
        int bytes = g.BitDepth > 8 ? 2 : 1;
        int width = rowBytes / bytes;
        int ssx = plane == 0 ? 0 : g.SubsamplingX, ssy = plane == 0 ? 0 : g.SubsamplingY;
        int sb = output.BlockSize;
        int count = 0, x0 = -1, y0 = -1, minX = width, maxX = 0, minY = rows, maxY = 0;
        // The block decoded first counts: its error may have spread to rows above by filtering and prediction.
        int firstSb = int.MaxValue, sbX = 0, sbY = 0;
        int sbCols = (output.Left + output.Width + sb - 1) / sb;
        for (int y = 0; y < rows; y++)
        {
            ReadOnlySpan<byte> ours = FrameSink.Row(output, plane, y);
            for (int x = 0; x < width; x++)
            {
                if (Sample(ours, x, bytes) == Sample(theirs.Slice(y * rowBytes, rowBytes), x, bytes))
                    continue;
                count++;
                if (x0 < 0)
                    (x0, y0) = (x, y);
                (minX, maxX, minY, maxY) = (Math.Min(minX, x), Math.Max(maxX, x), Math.Min(minY, y), Math.Max(maxY, y));
                int number = ((y << ssy) + output.Top) / sb * sbCols + ((x << ssx) + output.Left) / sb;
                if (number < firstSb)
                    (firstSb, sbX, sbY) = (number, x, y);
            }
        }
        Console.WriteLine($"frame {frame} (access unit {output.AccessUnit}, {output.Width}x{output.Height}, {g.BitDepth} bit{output.Note}{(output.Corrupted ? ", corrupted" : "")}) "
            + $"differs in plane {"YUV"[plane]}: {count} of {width * rows} samples, x {minX}..{maxX}, y {minY}..{maxY}");
        Neighbourhood(output, theirs, plane, rowBytes, rows, bytes, x0, y0, ssx, ssy, "first in raster order");
        if ((sbX, sbY) != (x0, y0))
            Neighbourhood(output, theirs, plane, rowBytes, rows, bytes, sbX, sbY, ssx, ssy, "first block in decoding order");
    }

    private static void Neighbourhood(in DecodedPicture output, ReadOnlySpan<byte> theirs, int plane, int rowBytes, int rows, int bytes, int x, int y, int ssx, int ssy, string title)
    {
        // Blocks are counted in the coded picture, samples in the visible one.
        int lumaX = (x << ssx) + output.Left, lumaY = (y << ssy) + output.Top, block = output.BlockSize;
        Console.WriteLine($"{title}: sample ({x},{y}), {block}x{block} block row {lumaY / block} column {lumaX / block}, 8x8 row {lumaY / 8} column {lumaX / 8}");
        int left = x & ~7, top = y & ~7;
        string format = bytes == 2 ? "{0,5}" : "{0,4}";
        Console.WriteLine($"  8x8 at ({left},{top}): ours | oracle");
        for (int j = top; j < Math.Min(top + 8, rows); j++)
        {
            ReadOnlySpan<byte> ours = FrameSink.Row(output, plane, j);
            ReadOnlySpan<byte> other = theirs.Slice(j * rowBytes, rowBytes);
            string a = "", b = "";
            for (int i = left; i < Math.Min(left + 8, rowBytes / bytes); i++)
            {
                int u = Sample(ours, i, bytes), v = Sample(other, i, bytes);
                a += string.Format(format, u) + (u == v ? " " : "*");
                b += string.Format(format, v) + " ";
            }
            Console.WriteLine($"  {a} | {b}");
        }
    }

    private static int Sample(ReadOnlySpan<byte> row, int x, int bytes) => bytes == 1 ? row[x] : row[2 * x] | row[2 * x + 1] << 8;
}
