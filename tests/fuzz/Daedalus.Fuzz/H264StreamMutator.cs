// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;

namespace Daedalus.Fuzz;

/// <summary>Damages H.264 streams: units, slices and fields lost, repeated or swapped, and fields of parameter sets and slice headers coded anew.</summary>
internal sealed class H264StreamMutator : StreamMutator
{
    private readonly List<byte[]> _units = [];

    /// <summary>The sequence and picture parameter sets of an access unit, with start codes.</summary>
    public static byte[] ParameterSets(byte[] unit)
    {
        var sets = new List<byte[]>();
        Split(unit, sets);
        sets.RemoveAll(n => n.Length == 0 || (n[0] & 31) is not (7 or 8));
        return Join(sets);
    }

    /// <summary>Whether the first slice of an access unit is one of an IDR picture.</summary>
    public static bool BeginsWithIdr(byte[] unit)
    {
        var units = new List<byte[]>();
        Split(unit, units);
        return units.Find(n => n.Length > 0 && (n[0] & 31) is >= 1 and <= 5) is { } slice && (slice[0] & 31) == 5;
    }

    /// <inheritdoc/>
    protected override void ChangeHeaders(List<byte[]> units, int u, Seed other, Rng rng, List<string> log)
    {
        Split(units[u], _units);
        if (_units.Count == 0)
            return;
        int at = rng.Below(_units.Count);
        switch (rng.Below(12))
        {
            case 0:
                log.Add($"NAL unit {at} lost");
                _units.RemoveAt(at);
                break;
            case 1:
                log.Add($"NAL unit {at} repeated");
                _units.Insert(rng.Below(_units.Count + 1), (byte[])_units[at].Clone());
                break;
            case 2:
                int with = rng.Below(_units.Count);
                log.Add($"NAL units {at} and {with} swapped");
                (_units[at], _units[with]) = (_units[with], _units[at]);
                break;
            case 3:
                log.Add($"NAL unit {at} cut");
                _units[at] = _units[at][..rng.Below(_units[at].Length + 1)];
                break;
            case 4:
                // Types and importance: partitions without their A, IDR slices in the middle, references that are none.
                log.Add($"NAL header {at}");
                if (_units[at].Length > 0)
                    _units[at][0] = rng.OneIn(2) ? (byte)(_units[at][0] ^ rng.Pick<byte>([0x20, 0x40, 0x60, 0x80])) : (byte)(_units[at][0] & 0xe0 | rng.Pick<byte>([1, 2, 3, 4, 5, 7, 8, 9, 14, 20]));
                break;
            case 5:
                // Sets of another stream in the middle: sizes and depths change.
                log.Add($"parameter sets of {other.Name}");
                Split(ParameterSets(other.Units[0]), _units, at);
                break;
            case 6:
                log.Add("half of the NAL units lost");
                _units.RemoveAll(_ => rng.OneIn(2));
                break;
            case 7:
                log.Add($"NAL unit {at} of another access unit");
                var donors = new List<byte[]>();
                Split(units[rng.Below(units.Count)], donors);
                if (donors.Count > 0)
                    _units[at] = (byte[])donors[rng.Below(donors.Count)].Clone();
                break;
            default:
                int tries = 1 + rng.Small(3);
                for (int n = 0; n < tries; n++)
                    Recode(rng.OneIn(3) ? at : rng.Below(_units.Count), rng, log);
                break;
        }
        units[u] = Join(_units);
    }

    // A code of a header replaced by another of any length: what follows moves.
    private void Recode(int at, Rng rng, List<string> log)
    {
        byte[] nal = _units[at];
        if (nal.Length < 3)
            return;
        byte[] plain = new byte[nal.Length];
        int size = H264NalUnits.Unescape(nal, plain);
        var bits = new List<bool>(size * 8);
        for (int i = 0; i < size * 8; i++)
            bits.Add((plain[i >> 3] >> (7 - (i & 7)) & 1) != 0);

        // Walks codes from the first: sets and slice headers are mostly such; profile, constraints and level come before in a sequence parameter set.
        int position = (nal[0] & 31) == 7 ? 32 : 8, walk = rng.Small(24);
        for (int i = 0; i < walk && position < bits.Count; i++)
            position += rng.OneIn(12) ? 1 : CodeLength(bits, position);
        if (position >= bits.Count)
            return;
        int length = CodeLength(bits, position);
        uint old = Value(bits, position, length);
        uint value = rng.Below(8) switch { 0 => (uint)rng.Next() >> rng.Below(32), 1 => old * 2 + 1, 2 => 65535, 3 => old + 2, 4 => old - 1, _ => (uint)rng.Below(40) };
        value = Math.Min(value, uint.MaxValue - 1);
        bits.RemoveRange(position, length);
        if (rng.OneIn(8))
            bits.InsertRange(position, Enumerable.Repeat(rng.OneIn(2), 1 + rng.Small(20)));
        else
            bits.InsertRange(position, Code(value));
        log.Add($"NAL unit {at} type {nal[0] & 31} code at {position}: {old} -> {value}");

        byte[] changed = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
            changed[i >> 3] |= (byte)(bits[i] ? 0x80 >> (i & 7) : 0);
        _units[at] = Escape(changed);
    }

    private static int CodeLength(List<bool> bits, int at)
    {
        int zeros = 0;
        while (at + zeros < bits.Count && !bits[at + zeros] && zeros < 32)
            zeros++;
        return Math.Min(2 * zeros + 1, bits.Count - at);
    }

    private static uint Value(List<bool> bits, int at, int length)
    {
        ulong value = 0;
        for (int i = 0; i < length; i++)
            value = value << 1 | (bits[at + i] ? 1ul : 0);
        return (uint)(value - 1);
    }

    // ue(v), spec 9.1.
    private static IEnumerable<bool> Code(uint value)
    {
        ulong code = value + 1ul;
        int length = 64 - System.Numerics.BitOperations.LeadingZeroCount(code);
        for (int i = 0; i < length - 1; i++)
            yield return false;
        for (int i = length - 1; i >= 0; i--)
            yield return (code >> i & 1) != 0;
    }

    private static byte[] Escape(byte[] plain)
    {
        var escaped = new List<byte>(plain.Length + 16);
        int zeros = 0;
        foreach (byte b in plain)
        {
            if (zeros >= 2 && b <= 3)
            {
                escaped.Add(3);
                zeros = 0;
            }
            escaped.Add(b);
            zeros = b == 0 ? zeros + 1 : 0;
        }
        return [.. escaped];
    }

    private static void Split(byte[] unit, List<byte[]> to)
    {
        to.Clear();
        Split(unit, to, 0);
    }

    private static void Split(byte[] unit, List<byte[]> to, int index)
    {
        for (int at = 0; H264NalUnits.TryNext(unit, ref at, out int start, out int length);)
            to.Insert(index++, unit[start..(start + length)]);
    }

    private static byte[] Join(List<byte[]> units)
    {
        var joined = new List<byte>();
        foreach (byte[] nal in units)
        {
            joined.AddRange([0, 0, 0, 1]);
            joined.AddRange(nal);
        }
        return [.. joined];
    }
}
