// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers;
using Daedalus.Bitstream.Av1;

namespace Daedalus.Tool;

/// <summary>Temporal units of a file of OBUs, in low overhead or length delimited format (AV1 spec 5.2, annex B).</summary>
internal sealed class Av1UnitReader : AccessUnitReader
{
    private readonly byte[] _data;
    private readonly bool _annexB;
    private readonly ArrayBufferWriter<byte> _unit = new();
    private int _position;

    public Av1UnitReader(byte[] data)
    {
        _data = data;
        _annexB = !Av1TemporalUnits.LooksLikeSection5(data) && Av1AnnexB.LooksLikeAnnexB(data);
    }

    public override StreamCodec Codec => StreamCodec.Av1;

    public override double Fraction => (double)_position / Math.Max(1, _data.Length);

    /// <summary>Whether a file begins with a temporal delimiter in one of the formats.</summary>
    public static bool IsObu(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] head = new byte[(int)Math.Min(stream.Length, 1 << 16)];
        stream.ReadExactly(head);
        // Annex B lengths count to the end of the file.
        return Av1TemporalUnits.LooksLikeSection5(head) || Av1AnnexB.LooksLikeAnnexB(head);
    }

    public override bool TryRead(out ReadOnlySpan<byte> accessUnit)
    {
        accessUnit = default;
        int start, size;
        if (!_annexB)
        {
            if (!Av1TemporalUnits.TryNext(_data, ref _position, out start, out size))
                return false;
            accessUnit = _data.AsSpan(start, size);
            return true;
        }
        if (!Av1AnnexB.TryNextTemporalUnit(_data, ref _position, out start, out size))
            return false;
        _unit.ResetWrittenCount();
        Truncated |= !Av1AnnexB.ToSection5(_data.AsSpan(start, size), _unit);
        accessUnit = _unit.WrittenSpan;
        return true;
    }

    public override void Dispose()
    {
    }
}
