// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Engine.Tests.Av1.Entropy;

/// <summary>
/// Writes what the symbol decoder of 8.2 reads: the interval [low, low + range) as a number of any length, narrowed with the decoder's own arithmetic (8.2.6), CDFs as the specification has them.
/// </summary>
internal sealed class Av1SymbolWriter
{
    private BigInteger _low;
    private int _bits = 15;
    private uint _range = 1 << 15;

    /// <summary>Bits of renormalisation so far: where the trailing bit goes (8.2.4).</summary>
    public int Consumed => _bits - 15;

    /// <summary>Writes a symbol and adapts the CDF (N values and the counter).</summary>
    public void Write(int symbol, ushort[] cdf, bool adapt)
    {
        int n = cdf.Length - 1;
        uint prev = _range, cur = _range;
        for (int i = 0; i <= symbol; i++)
        {
            prev = cur;
            cur = ((_range >> 8) * ((32768u - cdf[i]) >> 6) >> 1) + 4 * (uint)(n - i - 1);
        }
        _low += cur;
        _range = prev - cur;
        int shift = 15 - BitOperations.Log2(_range);
        _low <<= shift;
        _range <<= shift;
        _bits += shift;
        if (adapt)
            Adapt(symbol, cdf);
    }

    /// <summary>read_bool's opposite (8.2.3).</summary>
    public void WriteBit(int bit) => Write(bit, [16384, 32768, 0], false);

    /// <summary>The update at the end of 8.2.6.</summary>
    public static void Adapt(int symbol, ushort[] cdf)
    {
        int n = cdf.Length - 1, rate = 3 + (cdf[n] > 15 ? 1 : 0) + (cdf[n] > 31 ? 1 : 0) + Math.Min(BitOperations.Log2((uint)n), 2), tmp = 0;
        for (int i = 0; i < n - 1; i++)
        {
            tmp = i == symbol ? 1 << 15 : tmp;
            if (tmp < cdf[i])
                cdf[i] -= (ushort)(cdf[i] - tmp >> rate);
            else
                cdf[i] += (ushort)(tmp - cdf[i] >> rate);
        }
        if (cdf[n] < 32)
            cdf[n]++;
    }

    /// <summary>
    /// The data: SymbolValue is (1 &lt;&lt; 15) - 1 minus the bits read, with padding behind (8.2.2). A value of the interval is taken whose bits are a one at the trailing position and zeros from there on.
    /// </summary>
    public byte[] Finish()
    {
        // The decoder holds v = all ones - data over _bits bits. With 15 bits behind the consumed ones the trailing bit is the first of them.
        BigInteger ones = (BigInteger.One << _bits) - 1, high = ones - _low, low = ones - (_low + _range - 1);
        BigInteger step = BigInteger.One << 15, half = BigInteger.One << 14;
        BigInteger data = (low - half + step - 1) / step * step + half;
        if (data < half)
            data = half;
        if (data > high)
            throw new InvalidOperationException("no ending");
        int total = (_bits + 7) / 8;
        data <<= total * 8 - _bits;
        var bytes = new byte[total];
        for (int i = total - 1; i >= 0; i--, data >>= 8)
            bytes[i] = (byte)(data & 0xff);
        return bytes;
    }
}
