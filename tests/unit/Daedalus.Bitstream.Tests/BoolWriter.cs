// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Tests;

/// <summary>Arithmetic encoder with exact integers (the inverse of spec 9.2): slow and obvious.</summary>
internal sealed class BoolWriter
{
    private readonly List<(int Bit, uint Probability)> _symbols = [(0, 128)];

    public void Bool(int bit, uint probability) => _symbols.Add((bit, probability));

    public void Literal(int value, int bits)
    {
        while (bits-- > 0)
            Bool(value >> bits & 1, 128);
    }

    /// <summary>The shortest-path value: the low end of the final interval, with enough bits behind it.</summary>
    public byte[] ToArray()
    {
        System.Numerics.BigInteger low = 0;
        uint range = 255;
        int shifts = 0;
        foreach ((int bit, uint probability) in _symbols)
        {
            uint split = 1 + ((range - 1) * probability >> 8);
            if (bit != 0)
            {
                low += split;
                range -= split;
            }
            else
            {
                range = split;
            }
            while (range < 128)
            {
                range <<= 1;
                low <<= 1;
                shifts++;
            }
        }
        int bytes = (shifts + 8 + 7) / 8;
        low <<= bytes * 8 - shifts - 8;
        byte[] result = low.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[bytes - result.Length], .. result];
    }
}

/// <summary>Fixed-length fields, most significant bit first.</summary>
internal sealed class BitWriter
{
    private readonly List<byte> _bytes = [];
    private int _bits;

    public BitWriter Put(int value, int bits)
    {
        while (bits-- > 0)
        {
            if (_bits++ % 8 == 0)
                _bytes.Add(0);
            _bytes[^1] |= (byte)((value >> bits & 1) << (7 - (_bits - 1) % 8));
        }
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
