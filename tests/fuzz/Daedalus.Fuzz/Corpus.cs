// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Daedalus.Bitstream.Av1;
using Daedalus.Bitstream.H264;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;
using Daedalus.Tool;

namespace Daedalus.Fuzz;

/// <summary>A stream to start from.</summary>
internal sealed record Seed(string Name, int Width, int Height, byte[][] Units)
{
    public int Area => Width * Height;
}

/// <summary>The first access units of a codec's streams of a folder with a manifest.</summary>
internal sealed class Corpus
{
    private const int UnitsPerSeed = 10;
    private const int BytesPerSeed = 200_000;

    public required IReadOnlyList<Seed> All { get; init; }

    /// <summary>At most 80x80: most inputs come from these.</summary>
    public required IReadOnlyList<Seed> Small { get; init; }

    /// <summary>At most 352x288.</summary>
    public required IReadOnlyList<Seed> Medium { get; init; }

    /// <summary>Reads the streams of a manifest; other containers than IVF need ffmpeg and are left out without it.</summary>
    /// <param name="folder">Holds manifest.json.</param>
    /// <param name="scratch">A file that may be written.</param>
    /// <param name="codec">As the manifest calls it.</param>
    public static Corpus FromFolder(string folder, string scratch, string codec)
    {
        var seeds = new List<Seed>();
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        foreach (JsonElement entry in manifest.RootElement.EnumerateArray())
        {
            if (entry.GetProperty("codec").GetString() != codec)
                continue;
            string file = Path.Combine(folder, entry.GetProperty("file").GetString()!);
            if (!File.Exists(file) || (!AccessUnitReader.IsRaw(file) && !OperatingSystemTools.Exists("ffmpeg")))
                continue;
            string name = entry.GetProperty("file").GetString()!;
            Seed? seed = codec switch
            {
                "h264" => LoadH264(name, file, scratch),
                "av1" => LoadAv1(name, file, scratch),
                _ => Load(name, file, scratch),
            };
            if (seed != null)
                seeds.Add(seed);
        }
        return Sort(seeds);
    }

    public static Corpus Sort(IReadOnlyList<Seed> seeds) => new()
    {
        All = seeds,
        Small = seeds.Where(s => s is { Width: <= 80, Height: <= 80 }).ToArray(),
        Medium = seeds.Where(s => s is { Width: <= 352, Height: <= 288 }).ToArray(),
    };

    /// <summary>One file for the child processes.</summary>
    public void Save(string file)
    {
        using var writer = new BinaryWriter(File.Create(file));
        writer.Write(All.Count);
        foreach (Seed seed in All)
        {
            writer.Write(seed.Name);
            writer.Write(seed.Width);
            writer.Write(seed.Height);
            writer.Write(seed.Units.Length);
            foreach (byte[] unit in seed.Units)
            {
                writer.Write(unit.Length);
                writer.Write(unit);
            }
        }
    }

    public static Corpus Read(string file)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        var seeds = new Seed[reader.ReadInt32()];
        for (int i = 0; i < seeds.Length; i++)
        {
            string name = reader.ReadString();
            int width = reader.ReadInt32(), height = reader.ReadInt32();
            var units = new byte[reader.ReadInt32()][];
            for (int u = 0; u < units.Length; u++)
                units[u] = reader.ReadBytes(reader.ReadInt32());
            seeds[i] = new Seed(name, width, height, units);
        }
        return Sort(seeds);
    }

    // IvfReader would unpack the whole of a long clip.
    private static string Unpack(string file, string scratch, string format = "ivf")
    {
        File.Delete(scratch);
        using Process ffmpeg = Process.Start("ffmpeg", ["-nostdin", "-v", "quiet", "-y", "-i", file, "-map", "0:v:0", "-c", "copy",
            "-frames:v", UnitsPerSeed.ToString(CultureInfo.InvariantCulture), "-f", format, scratch]);
        ffmpeg.WaitForExit();
        return scratch;
    }

    private static Seed? LoadH264(string name, string file, string scratch)
    {
        var units = new List<byte[]>();
        try
        {
            using var reader = new AnnexBReader(File.ReadAllBytes(AnnexBReader.IsAnnexB(file) ? file : Unpack(file, scratch, "h264")));
            int bytes = 0;
            while (units.Count < UnitsPerSeed && bytes < BytesPerSeed && reader.TryRead(out ReadOnlySpan<byte> unit))
            {
                units.Add(unit.ToArray());
                bytes += unit.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
        int width = 0, height = 0;
        foreach (byte[] unit in units)
        {
            for (int at = 0; H264NalUnits.TryNext(unit, ref at, out int start, out int length);)
            {
                ReadOnlySpan<byte> nal = unit.AsSpan(start, length);
                if (H264NalUnits.Type(nal) != H264NalUnitType.Sps)
                    continue;
                byte[] plain = new byte[nal.Length];
                if (!H264Sps.TryParse(plain.AsSpan(0, H264NalUnits.Unescape(nal, plain)), out H264Sps? sps, out _))
                    continue;
                width = Math.Max(width, (sps.Control.PicWidthInMbsMinus1 + 1) * 16);
                height = Math.Max(height, (sps.Control.PicHeightInMapUnitsMinus1 + 1) * ((sps.Control.Flags & H264SpsFlags.FrameMbsOnly) != 0 ? 16 : 32));
            }
        }
        return width == 0 ? null : new Seed(name, width, height, [.. units]);
    }

    private static Seed? LoadAv1(string name, string file, string scratch)
    {
        var units = new List<byte[]>();
        try
        {
            // What fuzzers found once is IVF with a header of any content.
            bool fuzzed = Path.GetExtension(file).Length == 0;
            using AccessUnitReader reader = fuzzed ? new IvfReader(File.OpenRead(file), null, file, "AV01") : AccessUnitReader.Open(AccessUnitReader.IsRaw(file) ? file : Unpack(file, scratch));
            int bytes = 0;
            while (units.Count < UnitsPerSeed && bytes < BytesPerSeed && reader.TryRead(out ReadOnlySpan<byte> unit))
            {
                units.Add(unit.ToArray());
                bytes += unit.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
        int width = 0, height = 0;
        foreach (byte[] unit in units)
        {
            var reader = new Av1ObuReader(unit);
            while (reader.TryRead(out Av1Obu obu))
            {
                if (obu.Type != Av1ObuType.SequenceHeader || !Av1HeaderParser.TryParseSequence(unit.AsSpan(obu.PayloadOffset, obu.PayloadSize), out Av1SequenceHeader? sequence, out _))
                    continue;
                width = Math.Max(width, sequence.MaxFrameWidth);
                height = Math.Max(height, sequence.MaxFrameHeight);
            }
        }
        return width == 0 ? null : new Seed(name, width, height, [.. units]);
    }

    private static Seed? Load(string name, string file, string scratch)
    {
        var units = new List<byte[]>();
        try
        {
            using AccessUnitReader reader = AccessUnitReader.Open(IvfReader.IsIvf(file) ? file : Unpack(file, scratch));
            int bytes = 0;
            while (units.Count < UnitsPerSeed && bytes < BytesPerSeed && reader.TryRead(out ReadOnlySpan<byte> unit))
            {
                units.Add(unit.ToArray());
                bytes += unit.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
        // The size comes from the headers: a manifest may give that of the container.
        var parser = new Vp9StreamParser();
        var frames = new Range[Superframe.MaxFrames];
        int width = 0, height = 0;
        foreach (byte[] unit in units)
        {
            int count = Superframe.Split(unit, frames, out _);
            for (int i = 0; i < count; i++)
            {
                if (!parser.TryParseFrame(unit.AsSpan(frames[i]), out Vp9FrameInfo info, out _))
                    continue;
                width = Math.Max(width, info.Width);
                height = Math.Max(height, info.Height);
            }
        }
        return units.Count == 0 || width == 0 ? null : new Seed(name, width, height, [.. units]);
    }
}
