// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Bitstream.Vp9;

/// <summary>
/// The arithmetic decoder (spec 9.2) as far as the compressed header needs it: some hundred symbols a frame, so plain and small.
/// Past the end it reads zeros, as libvpx does, and remembers that it did.
/// </summary>
internal ref struct BoolReader
{
    private readonly ReadOnlySpan<byte> _data;
    private ulong _window;      // top aligned; the upper 8 bits take part in the comparison
    private int _valid;         // bits of _window that come from _data or from the zeros behind it
    private int _next;
    private int _consumed;
    private uint _range;

    public BoolReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _window = 0;
        _valid = 0;
        _next = 0;
        _consumed = 0;
        _range = 255;
    }

    /// <summary>The comparison window has reached beyond the last byte: what was decoded is not what was encoded.</summary>
    public readonly bool Overrun => _consumed + 8 > _data.Length * 8;

    /// <summary>Position in bits, for messages.</summary>
    public readonly int Position => Math.Min(_consumed, _data.Length * 8);

    /// <summary>B(p): one symbol of probability p/256 for 0.</summary>
    public int Bool(uint probability)
    {
        while (_valid <= 48)
        {
            ulong b = _next < _data.Length ? _data[_next] : 0u;
            _next++;
            _window |= b << (56 - _valid);
            _valid += 8;
        }
        uint split = 1 + ((_range - 1) * probability >> 8);
        ulong bigSplit = (ulong)split << 56;
        int bit = 0;
        if (_window >= bigSplit)
        {
            _window -= bigSplit;
            split = _range - split;
            bit = 1;
        }
        int shift = BitOperations.LeadingZeroCount(split) - 24;
        _range = split << shift;
        _window <<= shift;
        _valid -= shift;
        _consumed += shift;
        return bit;
    }

    /// <summary>L(n): n equiprobable bits, most significant first.</summary>
    public int Literal(int n)
    {
        int value = 0;
        while (n-- > 0)
            value = value << 1 | Bool(128);
        return value;
    }
}
