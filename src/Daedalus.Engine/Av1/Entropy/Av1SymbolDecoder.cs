// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.Av1;

/// <summary>
/// The symbol decoder (8.2). The window holds SymbolValue in its upper 16 bits and the bits to come, inverted, below: the padding zeros after the data (8.2.2) are ones here.
/// CDFs are laid out as <see cref="Av1CdfContext"/> says.
/// </summary>
public unsafe struct Av1SymbolDecoder
{
    private ulong _window;
    private uint _range;
    private int _ahead;
    private bool _adapt;
    private byte* _next, _end, _start;
    private int _virtual;

    /// <summary>init_symbol (8.2.2).</summary>
    public void Begin(byte* data, int size, bool adapt)
    {
        _start = _next = data;
        _end = data + size;
        _virtual = 0;
        _window = 0;
        _range = 1 << 15;
        _ahead = -15;
        _adapt = adapt;
        Refill();
    }

    /// <summary>SymbolMaxBits: bits left, negative once padding has been used.</summary>
    public readonly int MaxBits => 8 * ((int)(_end - _next) - _virtual) + _ahead;

    /// <summary>The data was too short: exit_symbol demands SymbolMaxBits of at least -14 (8.2.4).</summary>
    public readonly bool Overrun => MaxBits < -14;

    /// <summary>The padding rule of exit_symbol (8.2.4): a one bit and then zeros up to the end.</summary>
    public readonly bool PaddingIsValid
    {
        get
        {
            long size = _end - _start, position = 8 * size - MaxBits - 15;
            if (MaxBits < -14)
                return false;
            long i = position >> 3;
            int first = _start[i] & 0xff >> (int)(position & 7);
            if (first != 0x80 >> (int)(position & 7))
                return false;
            for (i++; i < size; i++)
            {
                if (_start[i] != 0)
                    return false;
            }
            return true;
        }
    }

    private void Refill()
    {
        while (_ahead <= 40)
        {
            uint b = 0;
            if (_next < _end)
                b = *_next++;
            else
                _virtual++;
            _window |= (ulong)(byte)~b << 40 - _ahead;
            _ahead += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Renormalize(uint range)
    {
        int bits = BitOperations.LeadingZeroCount(range) - 16;
        _range = range << bits;
        _window <<= bits;
        _ahead -= bits;
        if (_ahead < 0)
            Refill();
    }

    /// <summary>read_bool (8.2.3): both values equally probable.</summary>
    public int ReadBit()
    {
        uint cur = ((_range >> 8 << 8) >> 1) + 4;
        ulong threshold = (ulong)cur << 48;
        if (_window < threshold)
        {
            // The second symbol's interval is the lower one.
            Renormalize(cur);
            return 1;
        }
        _window -= threshold;
        Renormalize(_range - cur);
        return 0;
    }

    /// <summary>read_literal (8.2.5).</summary>
    public int ReadLiteral(int n)
    {
        int x = 0;
        for (int i = 0; i < n; i++)
            x = 2 * x + ReadBit();
        return x;
    }

    /// <summary>NS(n) (4.10.10).</summary>
    public int ReadNonSymmetric(int n)
    {
        int w = BitOperations.Log2((uint)n) + 1, m = (1 << w) - n, v = ReadLiteral(w - 1);
        return v < m ? v : (v << 1) - m + ReadBit();
    }

    /// <summary>A symbol of two values with a given inverse probability, without adaptation.</summary>
    public bool ReadFixed(uint inverse)
    {
        uint cur = ((_range >> 8) * (inverse >> 6) >> 1) + 4;
        ulong threshold = (ulong)cur << 48;
        if (_window < threshold)
        {
            Renormalize(cur);
            return true;
        }
        _window -= threshold;
        Renormalize(_range - cur);
        return false;
    }

    /// <summary>read_symbol with two values.</summary>
    public bool ReadBool(ushort* cdf)
    {
        uint f = cdf[0];
        bool symbol = ReadFixed(f);
        if (_adapt)
        {
            uint count = cdf[1];
            int rate = 4 + (int)(count >> 4);
            cdf[0] = (ushort)(symbol ? f + (32768 - f >> rate) : f - (f >> rate));
            cdf[1] = (ushort)(count + (count < 32 ? 1u : 0u));
        }
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with three or four values.</summary>
    public int ReadSymbol4(ushort* cdf, int n) => Read(cdf, n, 3);

    /// <summary>read_symbol (8.2.6) with five to eight values.</summary>
    public int ReadSymbol8(ushort* cdf, int n) => Read(cdf, n, 7);

    /// <summary>read_symbol (8.2.6) with nine to sixteen values.</summary>
    public int ReadSymbol16(ushort* cdf, int n) => Read(cdf, n, 15);

    /// <summary>read_symbol (8.2.6) with 2..16 values.</summary>
    public int ReadSymbol(ushort* cdf, int n) => n <= 2 ? ReadBool(cdf) ? 1 : 0 : Read(cdf, n, n <= 4 ? 3 : n <= 8 ? 7 : 15);

    private int Read(ushort* cdf, int n, int counter)
    {
        uint value = (uint)(_window >> 48), prev, cur = _range, r = _range >> 8, floor = 4 * (uint)n;
        int symbol = -1;
        do
        {
            symbol++;
            floor -= 4;
            prev = cur;
            // The last entry of the array may be the counter: the last symbol's inverse is 0 by definition.
            cur = symbol == n - 1 ? 0 : (r * ((uint)cdf[symbol] >> 6) >> 1) + floor;
        }
        while (value < cur);
        _window -= (ulong)cur << 48;
        Renormalize(prev - cur);
        if (_adapt)
        {
            uint count = cdf[counter];
            int rate = 3 + (count > 15 ? 1 : 0) + (count > 31 ? 1 : 0) + (n > 3 ? 2 : 1);
            for (int i = 0; i < symbol; i++)
                cdf[i] += (ushort)(32768u - cdf[i] >> rate);
            for (int i = symbol; i < n - 1; i++)
                cdf[i] -= (ushort)((uint)cdf[i] >> rate);
            cdf[counter] = (ushort)(count + (count < 32 ? 1u : 0u));
        }
        return symbol;
    }
}
