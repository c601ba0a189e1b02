// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// Reads syntax elements of an RBSP (spec 7.2, 9.1). The data has no emulation prevention bytes any more. Reading past the
/// end gives zeros and sets <see cref="Overrun"/>; nothing is read outside the span.
/// </summary>
public ref struct H264BitReader
{
    private readonly ReadOnlySpan<byte> _data;

    /// <summary>Starts at a bit position.</summary>
    /// <param name="data">Unescaped bytes.</param>
    /// <param name="position">First bit to read.</param>
    public H264BitReader(ReadOnlySpan<byte> data, int position = 0)
    {
        _data = data;
        Position = position;
        Overrun = false;
    }

    /// <summary>Bits from the start of the data to the next one read.</summary>
    public int Position { get; private set; }

    /// <summary>Set for good once a bit beyond the end was asked for or a code had more than 32 leading zeros.</summary>
    public bool Overrun { get; private set; }

    /// <summary>Bits of the data.</summary>
    public readonly int Length => _data.Length * 8;

    /// <summary>u(n), 0 to 32 bits, most significant first.</summary>
    public uint Bits(int n)
    {
        if (n == 0)
            return 0;
        if (Position + n > Length)
        {
            Overrun = true;
            Position = Length;
            return 0;
        }
        uint value = (uint)(Window() >> (64 - n));
        Position += n;
        return value;
    }

    /// <summary>u(1).</summary>
    public bool Flag() => Bits(1) != 0;

    /// <summary>ue(v): 0 to 2^32 - 2.</summary>
    public uint Ue()
    {
        ulong window = Window();
        int zeros = BitOperations.LeadingZeroCount(window);
        // 57 bits of the window are sure, enough for codes of 28 leading zeros; longer ones are read in two steps.
        if (zeros > 32 || Position + 2 * zeros + 1 > Length)
        {
            Overrun = true;
            Position = Length;
            return 0;
        }
        Position += zeros;
        if (zeros == 32)
        {
            Position++;
            // The largest code has 32 zeros, a one and 32 bits that must be zero to stay within 32 bits.
            if (Bits(32) != 0)
                Overrun = true;
            return uint.MaxValue;
        }
        return Bits(zeros + 1) - 1;
    }

    /// <summary>se(v), spec 9.1.1.</summary>
    public int Se()
    {
        uint code = Ue();
        return (code & 1) != 0 ? (int)((code >> 1) + 1) : -(int)(code >> 1);
    }

    /// <summary>te(v) of a range 0..<paramref name="max"/>: one inverted bit when max is 1.</summary>
    public uint Te(int max) => max > 1 ? Ue() : max == 1 ? 1 - Bits(1) : 0;

    /// <summary>Moves over bits.</summary>
    public void Skip(int n) => _ = n <= Length - Position ? Position += n : Fail();

    /// <summary>more_rbsp_data() (spec 7.2): whether anything stands before the last one bit. Zero bytes at the end do not count.</summary>
    public readonly bool MoreRbspData()
    {
        int last = _data.Length - 1;
        while (last >= 0 && _data[last] == 0)
            last--;
        if (last < 0)
            return false;
        int stopBit = last * 8 + 7 - BitOperations.TrailingZeroCount(_data[last]);
        return Position < stopBit;
    }

    private int Fail()
    {
        Overrun = true;
        return Position = Length;
    }

    // 64 bits from the current position, of which 57 or more are valid; zeros beyond the end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ulong Window()
    {
        int at = Position >> 3;
        ulong w = 0;
        if (at + 8 <= _data.Length)
            w = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(_data[at..]);
        else
        {
            for (int i = 0; i < 8; i++)
                w = w << 8 | (at + i < _data.Length ? _data[at + i] : 0u);
        }
        return w << (Position & 7);
    }
}
