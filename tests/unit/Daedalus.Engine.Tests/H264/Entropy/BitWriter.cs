// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Tests.H264;

/// <summary>Writes bits, Exp-Golomb codes and CAVLC blocks (spec 7.2, 9.1, 9.2).</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private int _used = 8;

    public int Length => _bytes.Count * 8 - (8 - _used);

    public void U(int bits, uint value)
    {
        for (int i = bits - 1; i >= 0; i--)
        {
            if (_used == 8)
            {
                _bytes.Add(0);
                _used = 0;
            }
            _bytes[^1] |= (byte)(((value >> i) & 1) << (7 - _used++));
        }
    }

    public void Ue(uint value)
    {
        int bits = 32 - System.Numerics.BitOperations.LeadingZeroCount(value + 1);
        U(bits - 1, 0);
        U(bits, value + 1);
    }

    public void Se(int value) => Ue(value > 0 ? (uint)(2 * value - 1) : (uint)(-2 * value));

    public void Align()
    {
        while (_used != 8)
            U(1, 0);
    }

    public byte[] Finish(int padding)
    {
        U(1, 1);
        byte[] bytes = new byte[_bytes.Count + padding];
        _bytes.CopyTo(bytes);
        return bytes;
    }

    /// <summary>residual_block_cavlc() by the text of the specification. Levels by frequency, <paramref name="table"/> as the tables of coeff_token count.</summary>
    public void Block(ReadOnlySpan<int> levels, int table)
    {
        var coded = new List<(int Level, int Run)>();
        int run = 0;
        foreach (int level in levels)
        {
            if (level == 0)
            {
                run++;
                continue;
            }
            coded.Add((level, run));
            run = 0;
        }
        coded.Reverse();
        int total = coded.Count, ones = 0;
        while (ones < Math.Min(total, 3) && Math.Abs(coded[ones].Level) == 1)
            ones++;
        Code(Daedalus.Engine.H264.H264CavlcTables.CoeffToken, (table * 17 + total) * 4 + ones);
        if (total == 0)
            return;
        for (int i = 0; i < ones; i++)
            U(1, coded[i].Level < 0 ? 1u : 0);
        int suffixLength = total > 10 && ones < 3 ? 1 : 0;
        for (int i = ones; i < total; i++)
        {
            int level = coded[i].Level;
            int code = level > 0 ? 2 * level - 2 : -2 * level - 1;
            if (i == ones && ones < 3)
                code -= 2;
            // The smallest prefix whose range holds the code (9.2.2.1 read backwards).
            for (int prefix = 0; ; prefix++)
            {
                int size = prefix == 14 && suffixLength == 0 ? 4 : prefix >= 15 ? prefix - 3 : suffixLength;
                int first = Math.Min(15, prefix) << suffixLength;
                if (prefix >= 15 && suffixLength == 0)
                    first += 15;
                if (prefix >= 16)
                    first += (1 << (prefix - 3)) - 4096;
                if (code < first || code >= first + (1 << size))
                    continue;
                U(prefix, 0);
                U(1, 1);
                U(size, (uint)(code - first));
                break;
            }
            if (suffixLength == 0)
                suffixLength = 1;
            if (Math.Abs(level) > 3 << (suffixLength - 1) && suffixLength < 6)
                suffixLength++;
        }
        int zeros = 0;
        foreach ((int _, int r) in coded)
            zeros += r;
        if (total < levels.Length)
        {
            if (levels.Length == 4)
                Code(Daedalus.Engine.H264.H264CavlcTables.TotalZerosDc420, (total - 1) * 4 + zeros);
            else if (levels.Length == 8)
                Code(Daedalus.Engine.H264.H264CavlcTables.TotalZerosDc422, (total - 1) * 8 + zeros);
            else
                Code(Daedalus.Engine.H264.H264CavlcTables.TotalZeros, (total - 1) * 16 + zeros);
        }
        for (int i = 0; i < total - 1 && zeros > 0; i++)
        {
            Code(Daedalus.Engine.H264.H264CavlcTables.RunBefore, (Math.Min(zeros, 7) - 1) * 16 + coded[i].Run);
            zeros -= coded[i].Run;
        }
    }

    private void Code(ReadOnlySpan<byte> table, int entry) => U(table[entry * 2], table[entry * 2 + 1]);
}
