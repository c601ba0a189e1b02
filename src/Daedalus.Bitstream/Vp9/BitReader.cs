// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Vp9;

/// <summary>Fixed-length fields of the uncompressed header (spec 4.10.2, 4.10.6). Reading past the end gives zeros and sets <see cref="Overrun"/>.</summary>
internal ref struct BitReader
{
    private readonly ReadOnlySpan<byte> _data;

    public BitReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        Position = 0;
        Overrun = false;
    }

    /// <summary>Bits read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Set for good once a bit beyond the end was asked for.</summary>
    public bool Overrun { get; private set; }

    /// <summary>Bytes touched so far; the uncompressed header is padded to whole bytes (spec trailing_bits).</summary>
    public readonly int BytesRead => (Position + 7) >> 3;

    /// <summary>f(1).</summary>
    public int Bit()
    {
        int at = Position >> 3;
        if (at >= _data.Length)
        {
            Overrun = true;
            return 0;
        }
        int bit = _data[at] >> (7 - (Position & 7)) & 1;
        Position++;
        return bit;
    }

    /// <summary>f(1) as a flag.</summary>
    public bool Flag() => Bit() != 0;

    /// <summary>f(n), most significant bit first, n up to 31.</summary>
    public int Bits(int n)
    {
        int value = 0;
        while (n-- > 0)
            value = value << 1 | Bit();
        return value;
    }

    /// <summary>su(n): magnitude, then sign.</summary>
    public int Signed(int n)
    {
        int value = Bits(n);
        return Flag() ? -value : value;
    }
}
