// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;

namespace Daedalus.Fuzz;

/// <summary>Damages AV1 streams: OBUs lost, repeated, swapped, cut or of another type, and bits of headers changed, put in or taken out.</summary>
internal sealed class Av1StreamMutator : StreamMutator
{
    private readonly List<(byte[] Head, byte[] Payload)> _obus = [];

    /// <summary>The sequence header of a temporal unit, with its OBU header; empty without one.</summary>
    public static byte[] SequenceHeader(byte[] unit)
    {
        var reader = new Av1ObuReader(unit);
        while (reader.TryRead(out Av1Obu obu))
        {
            if (obu.Type == Av1ObuType.SequenceHeader)
                return unit[obu.Offset..obu.EndOffset];
        }
        return [];
    }

    /// <inheritdoc/>
    protected override void ChangeHeaders(List<byte[]> units, int u, Seed other, Rng rng, List<string> log)
    {
        Split(units[u], _obus);
        if (_obus.Count == 0)
            return;
        int at = rng.Below(_obus.Count);
        switch (rng.Below(12))
        {
            case 0:
                log.Add($"OBU {at} lost");
                _obus.RemoveAt(at);
                break;
            case 1:
                log.Add($"OBU {at} repeated");
                _obus.Insert(rng.Below(_obus.Count + 1), _obus[at]);
                break;
            case 2:
                int with = rng.Below(_obus.Count);
                log.Add($"OBUs {at} and {with} swapped");
                (_obus[at], _obus[with]) = (_obus[with], _obus[at]);
                break;
            case 3:
                log.Add($"OBU {at} cut");
                _obus[at] = (_obus[at].Head, _obus[at].Payload[..rng.Below(_obus[at].Payload.Length + 1)]);
                break;
            case 4:
                log.Add($"OBU type {at}");
                byte[] head = (byte[])_obus[at].Head.Clone();
                head[0] = (byte)(head[0] & 0x87 | rng.Pick<byte>([1, 2, 3, 4, 5, 6, 7, 8, 15, 0]) << 3);
                _obus[at] = (head, _obus[at].Payload);
                break;
            case 5:
                // Layers: an extension where there was none, or another.
                log.Add($"OBU layers {at}");
                _obus[at] = ([(byte)(_obus[at].Head[0] | 4), (byte)rng.Next()], _obus[at].Payload);
                break;
            case 6:
                // A sequence of another stream in the middle: sizes, depths and tools change.
                log.Add($"sequence header of {other.Name}");
                var sequence = new List<(byte[], byte[])>();
                Split(SequenceHeader(other.Units[0]), sequence);
                _obus.InsertRange(at, sequence);
                break;
            default:
                int tries = 1 + rng.Small(3);
                for (int n = 0; n < tries; n++)
                    ChangeBits(rng.OneIn(3) ? at : rng.Below(_obus.Count), rng, log);
                break;
        }
        units[u] = Join(_obus);
    }

    // Bits near the start of a payload: what follows moves, unless as many are put in as are taken out.
    private void ChangeBits(int at, Rng rng, List<string> log)
    {
        byte[] payload = _obus[at].Payload;
        if (payload.Length == 0)
            return;
        int position = rng.Small(Math.Min(payload.Length * 8, 400)), taken = rng.Small(12), put = rng.OneIn(2) ? taken : rng.Small(12);
        taken = Math.Min(taken, payload.Length * 8 - position);
        var bits = new List<bool>(payload.Length * 8 + 16);
        for (int i = 0; i < payload.Length * 8; i++)
            bits.Add((payload[i >> 3] >> (7 - (i & 7)) & 1) != 0);
        bits.RemoveRange(position, taken);
        ulong value = rng.OneIn(4) ? 0 : rng.OneIn(4) ? ulong.MaxValue : rng.Next();
        for (int i = 0; i < put; i++)
            bits.Insert(position, (value >> i & 1) != 0);
        log.Add($"OBU {at} at bit {position}: {taken} bits become {put}");
        byte[] changed = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
            changed[i >> 3] |= (byte)(bits[i] ? 0x80 >> (i & 7) : 0);
        _obus[at] = (_obus[at].Head, changed);
    }

    private static void Split(byte[] unit, List<(byte[] Head, byte[] Payload)> to)
    {
        to.Clear();
        var reader = new Av1ObuReader(unit);
        while (reader.TryRead(out Av1Obu obu))
        {
            byte[] head = unit[obu.Offset..(obu.Offset + (obu.HasExtension ? 2 : 1))];
            to.Add((head, unit[obu.PayloadOffset..(obu.PayloadOffset + obu.PayloadSize)]));
        }
    }

    private static byte[] Join(List<(byte[] Head, byte[] Payload)> obus)
    {
        var joined = new List<byte>();
        foreach ((byte[] head, byte[] payload) in obus)
        {
            joined.Add((byte)(head[0] | 2));
            joined.AddRange(head.AsSpan(1));
            int size = payload.Length;
            for (; size >= 0x80; size >>= 7)
                joined.Add((byte)(size | 0x80));
            joined.Add((byte)size);
            joined.AddRange(payload);
        }
        return [.. joined];
    }
}
