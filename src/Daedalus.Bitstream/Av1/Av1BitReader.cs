// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Av1;

/// <summary>Reads the descriptors of spec 4.10 from an OBU's payload. Past the end it yields zeros and remembers it.</summary>
public ref struct Av1BitReader
{
    private readonly ReadOnlySpan<byte> _data;

    /// <summary>Starts at the first bit.</summary>
    public Av1BitReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        Position = 0;
        Overrun = false;
    }

    /// <summary>get_position: bits read so far.</summary>
    public int Position { get; private set; }

    /// <summary>More was read than there is.</summary>
    public bool Overrun { get; private set; }

    /// <summary>Bits that are left.</summary>
    public readonly int BitsLeft => (_data.Length << 3) - Position;

    /// <summary>f(1).</summary>
    public int Bit()
    {
        if (Position >= _data.Length << 3)
        {
            Overrun = true;
            return 0;
        }
        int bit = _data[Position >> 3] >> (7 - (Position & 7)) & 1;
        Position++;
        return bit;
    }

    /// <summary>f(1) as a flag.</summary>
    public bool Flag() => Bit() != 0;

    /// <summary>f(n), n up to 32.</summary>
    public uint Bits(int n)
    {
        uint value = 0;
        if (n > BitsLeft)
        {
            Overrun = true;
            Position = _data.Length << 3;
            return 0;
        }
        while (n > 0)
        {
            int have = 8 - (Position & 7);
            int take = Math.Min(have, n);
            uint part = (uint)(_data[Position >> 3] >> (have - take)) & (1u << take) - 1;
            value = value << take | part;
            Position += take;
            n -= take;
        }
        return value;
    }

    /// <summary>su(n): two's complement of n bits.</summary>
    public int Su(int n)
    {
        int value = (int)Bits(n);
        int sign = 1 << (n - 1);
        return (value & sign) != 0 ? value - 2 * sign : value;
    }

    /// <summary>ns(n): a value below n (n above 0), nearly uniform code.</summary>
    public int Ns(int n)
    {
        int w = 0;
        for (int x = n; x != 0; x >>= 1)
            w++;
        int m = (1 << w) - n;
        int v = (int)Bits(w - 1);
        if (v < m)
            return v;
        return (v << 1) - m + Bit();
    }

    /// <summary>le(n): n bytes, least significant first.</summary>
    public uint Le(int n)
    {
        uint value = 0;
        for (int i = 0; i < n; i++)
            value |= Bits(8) << (8 * i);
        return value;
    }

    /// <summary>leb128(); a value above 32 bits counts as an overrun (spec 4.10.5 forbids it).</summary>
    public uint Leb128()
    {
        ulong value = 0;
        for (int i = 0; i < 8; i++)
        {
            uint b = Bits(8);
            value |= (ulong)(b & 0x7f) << (7 * i);
            if ((b & 0x80) == 0)
            {
                Overrun |= value > uint.MaxValue;
                return (uint)value;
            }
        }
        Overrun = true;
        return 0;
    }

    /// <summary>uvlc().</summary>
    public uint Uvlc()
    {
        int zeros = 0;
        while (!Flag())
        {
            if (Overrun)
                return 0;
            zeros++;
        }
        if (zeros >= 32)
            return uint.MaxValue;
        return (uint)((1ul << zeros) - 1 + Bits(zeros));
    }

    /// <summary>byte_alignment().</summary>
    public void Align() => Position = (Position + 7) & ~7;
}
