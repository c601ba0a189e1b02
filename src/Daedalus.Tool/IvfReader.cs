// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Diagnostics;

namespace Daedalus.Tool;

/// <summary>Access units of a stream in an IVF file; other containers go through ffmpeg's copy into IVF where ffmpeg is installed.</summary>
internal sealed class IvfReader : AccessUnitReader
{
    private readonly Stream _stream;
    private readonly Process? _process;
    private readonly byte[] _header = new byte[12];
    private byte[] _data = new byte[1 << 16];

    /// <param name="stream">The file.</param>
    /// <param name="process">Who writes it, or null.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="assumed">Four characters: the header is skipped unseen, as fuzzers do, and this is what the file holds.</param>
    public IvfReader(Stream stream, Process? process, string file, string? assumed = null)
    {
        _stream = stream;
        _process = process;
        byte[] header = new byte[32];
        if (_stream.ReadAtLeast(header, 32, throwOnEndOfStream: false) < 32 || assumed == null && !header.AsSpan(0, 4).SequenceEqual("DKIF"u8))
        {
            Dispose();
            throw new InvalidDataException(process == null ? $"{file} is not an IVF file." : $"ffmpeg finds no video in {file}.");
        }
        FourCc = assumed ?? System.Text.Encoding.ASCII.GetString(header, 8, 4);
        if (assumed != null)
            return;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(6));
        for (int skip = length - 32; skip > 0; skip--)
            _ = _stream.ReadByte();
    }

    /// <summary>Codec code of the file header, "VP90" for VP9, "AV01" for AV1.</summary>
    public string FourCc { get; }

    public override StreamCodec Codec => FourCc switch
    {
        "VP90" => StreamCodec.Vp9,
        "AV01" => StreamCodec.Av1,
        _ => throw new InvalidDataException($"The file holds {FourCc}, which is not decoded from IVF."),
    };

    public override double Fraction => _process == null && _stream.CanSeek ? (double)_stream.Position / Math.Max(1, _stream.Length) : -1;

    /// <summary>Presentation time of the unit read last.</summary>
    public ulong Timestamp { get; private set; }

    /// <summary>Whether a file is IVF by its first bytes.</summary>
    public static bool IsIvf(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> magic = stackalloc byte[4];
        return stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("DKIF"u8);
    }

    public override bool TryRead(out ReadOnlySpan<byte> accessUnit)
    {
        accessUnit = default;
        if (_stream.ReadAtLeast(_header, 12, throwOnEndOfStream: false) < 12)
            return false;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(_header);
        if (size > 1u << 30)
        {
            Truncated = true;
            return false;
        }
        Timestamp = BinaryPrimitives.ReadUInt64LittleEndian(_header.AsSpan(4));
        if (_data.Length < size)
            _data = new byte[size + size / 2];
        int got = _stream.ReadAtLeast(_data.AsSpan(0, (int)size), (int)size, throwOnEndOfStream: false);
        Truncated = got < size;
        accessUnit = _data.AsSpan(0, got);
        return got > 0 || size == 0;
    }

    public override void Dispose()
    {
        _stream.Dispose();
        if (_process == null)
            return;
        if (!_process.WaitForExit(1000))
            _process.Kill();
        _process.Dispose();
    }
}
