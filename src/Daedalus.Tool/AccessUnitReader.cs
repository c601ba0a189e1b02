// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>Codecs the tool decodes.</summary>
internal enum StreamCodec
{
    Vp9,
    H264,
    Av1,
}

/// <summary>Access units of a file.</summary>
internal abstract class AccessUnitReader : IDisposable
{
    /// <summary>What is in it.</summary>
    public abstract StreamCodec Codec { get; }

    /// <summary>The file ended inside a unit.</summary>
    public bool Truncated { get; protected set; }

    /// <summary>The unit read last surely ends with the end of a picture.</summary>
    public virtual bool EndsPicture => true;

    /// <summary>How much of the file has been read, 0 to 1; negative where that is not known.</summary>
    public virtual double Fraction => -1;

    /// <summary>Reads the next unit; valid until the next call.</summary>
    public abstract bool TryRead(out ReadOnlySpan<byte> accessUnit);

    public abstract void Dispose();

    /// <summary>Whether a file can be read without ffmpeg.</summary>
    public static bool IsRaw(string file) => IvfReader.IsIvf(file) || AnnexBReader.IsAnnexB(file) || Av1UnitReader.IsObu(file);

    /// <summary>Opens a file: IVF, Annex B, OBUs, or anything ffmpeg can unpack where ffmpeg is installed.</summary>
    /// <exception cref="InvalidDataException">Nothing the tool decodes.</exception>
    public static AccessUnitReader Open(string file)
    {
        if (IvfReader.IsIvf(file))
            return new IvfReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), null, file);
        if (AnnexBReader.IsAnnexB(file))
            return new AnnexBReader(File.ReadAllBytes(file));
        if (Av1UnitReader.IsObu(file))
            return new Av1UnitReader(File.ReadAllBytes(file));
        if (!OperatingSystemTools.Exists("ffmpeg") || !OperatingSystemTools.Exists("ffprobe"))
            throw new InvalidDataException($"{file} is neither IVF nor Annex B nor OBUs, and ffmpeg, which could unpack it, is not installed.");
        string codec;
        using (Process probe = OperatingSystemTools.Start("ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0", file]))
            codec = probe.StandardOutput.ReadToEnd().Trim().Split('\n', ',')[0];
        string[] copy = ["-nostdin", "-v", "error", "-i", file, "-map", "0:v:0", "-c", "copy"];
        switch (codec)
        {
            case "vp9" or "av1":
                Process process = OperatingSystemTools.Start("ffmpeg", [.. copy, "-f", "ivf", "-"]);
                return new IvfReader(process.StandardOutput.BaseStream, process, file);
            case "h264":
                using (Process unpack = OperatingSystemTools.Start("ffmpeg", [.. copy, "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-"]))
                using (var data = new MemoryStream())
                {
                    unpack.StandardOutput.BaseStream.CopyTo(data);
                    return new AnnexBReader(data.ToArray());
                }
            default:
                throw new InvalidDataException(codec.Length == 0 ? $"ffmpeg finds no video in {file}." : $"{file} holds {codec}, which is not decoded.");
        }
    }
}
