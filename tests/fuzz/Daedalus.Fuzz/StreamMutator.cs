// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Fuzz;

/// <summary>Damages a stream's bytes: what lines, discs, muxers and attackers do to it.</summary>
internal abstract class StreamMutator
{
    /// <summary>Changes the access units; says what was done.</summary>
    /// <param name="units">Copies that may be changed.</param>
    /// <param name="other">Another stream, for splices.</param>
    /// <param name="rng">Source of all decisions.</param>
    /// <param name="log">What was done, for the report.</param>
    public void Mutate(List<byte[]> units, Seed other, Rng rng, List<string> log)
    {
        for (int n = 1 + rng.Small(4); n > 0; n--)
        {
            if (units.Count == 0)
                units.Add([]);
            MutateOnce(units, rng.Below(units.Count), other, rng, log);
        }
    }

    /// <summary>Bit flips only.</summary>
    public static void Flip(byte[] unit, Rng rng, List<string> log)
    {
        if (unit.Length == 0)
            return;
        int range = rng.OneIn(2) ? Math.Min(unit.Length, 24) : unit.Length;
        for (int n = 1 + rng.Small(8); n > 0; n--)
        {
            int at = rng.Below(range), bit = rng.Below(8);
            unit[at] ^= (byte)(1 << bit);
            log.Add($"flip {at}.{bit}");
        }
    }

    private void MutateOnce(List<byte[]> units, int u, Seed other, Rng rng, List<string> log)
    {
        byte[] unit = units[u];
        int length = unit.Length;
        log.Add($"unit {u}:");
        switch (rng.Below(16))
        {
            case 0:
            case 1:
            case 2:
                Flip(unit, rng, log);
                break;
            case 3:
                for (int n = 1 + rng.Small(16); n > 0 && length > 0; n--)
                {
                    int at = rng.Below(rng.OneIn(2) ? Math.Min(length, 64) : length);
                    unit[at] = rng.Below(4) switch { 0 => 0, 1 => 255, _ => (byte)rng.Next() };
                    log.Add($"byte {at}={unit[at]}");
                }
                break;
            case 4:
                units[u] = unit[..rng.Below(length + 1)];
                log.Add($"cut at {units[u].Length} of {length}");
                break;
            case 5:
                int from = rng.Below(length + 1), gone = rng.Small(length - from + 1);
                units[u] = [.. unit.AsSpan(0, from), .. unit.AsSpan(from + gone)];
                log.Add($"{gone} bytes taken out at {from}");
                break;
            case 6:
                from = rng.Below(length + 1);
                int copied = rng.Small(length - from + 1), to = rng.Below(length + 1);
                units[u] = [.. unit.AsSpan(0, to), .. unit.AsSpan(from, copied), .. unit.AsSpan(to)];
                log.Add($"{copied} bytes of {from} repeated at {to}");
                break;
            case 7:
                SwapChunks(unit, units[rng.Below(units.Count)], rng);
                log.Add("chunks swapped between units");
                break;
            case 8:
                int with = rng.Below(units.Count);
                (units[u], units[with]) = (units[with], units[u]);
                log.Add($"swapped with unit {with}");
                break;
            case 9:
                if (rng.OneIn(2))
                    units.RemoveAt(u);
                else
                    units.Insert(u, (byte[])unit.Clone());
                log.Add("unit dropped or repeated");
                break;
            case 10:
                units[u] = rng.OneIn(2) ? [] : [(byte)rng.Next()];
                log.Add("unit of 0 or 1 byte");
                break;
            case 11:
                units.Insert(u, (byte[])other.Units[rng.Below(other.Units.Length)].Clone());
                log.Add($"unit of {other.Name} put before");
                break;
            case 12:
                byte[] noise = new byte[1 + rng.Small(200)];
                rng.Fill(noise);
                units[u] = rng.OneIn(4) ? noise : [.. unit, .. noise];
                log.Add("noise appended");
                break;
            default:
                ChangeHeaders(units, u, other, rng, log);
                break;
        }
    }

    private static void SwapChunks(byte[] a, byte[] b, Rng rng)
    {
        if (a.Length == 0 || b.Length == 0)
            return;
        int from = rng.Below(a.Length), to = rng.Below(b.Length);
        int n = 1 + rng.Small(Math.Min(a.Length - from, b.Length - to));
        for (int i = 0; i < n && from + i < a.Length && to + i < b.Length; i++)
            (a[from + i], b[to + i]) = (b[to + i], a[from + i]);
    }

    /// <summary>Changes what the codec's headers say, or the order of its units.</summary>
    protected abstract void ChangeHeaders(List<byte[]> units, int u, Seed other, Rng rng, List<string> log);
}
