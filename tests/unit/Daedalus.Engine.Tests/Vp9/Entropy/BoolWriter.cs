// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

/// <summary>Boolean encoder, the inverse of spec 9.2, on an exact integer: slow and plain.</summary>
internal sealed class BoolWriter
{
    private BigInteger _low;
    private uint _range = 255;
    private int _bits = 8;

    /// <summary>Starts with the marker bit, as init_bool expects, unless told otherwise.</summary>
    public BoolWriter(bool marker = true)
    {
        if (marker)
            Write(128, 0);
    }

    public int Bits => _bits;

    public void Write(int prob, int bit)
    {
        uint split = 1 + (((_range - 1) * (uint)prob) >> 8);
        if (bit == 0)
        {
            _range = split;
        }
        else
        {
            _low += split;
            _range -= split;
        }
        while (_range < 128)
        {
            _range <<= 1;
            _low <<= 1;
            _bits++;
        }
    }

    public void WriteLiteral(int value, int bits)
    {
        for (int i = bits - 1; i >= 0; i--)
            Write(128, value >> i & 1);
    }

    /// <summary>A path through a tree: pairs of probability and bit.</summary>
    public void WritePath(params (int Prob, int Bit)[] path)
    {
        foreach ((int prob, int bit) in path)
            Write(prob, bit);
    }

    /// <summary>The bytes, with <paramref name="padding"/> zero bytes behind them (encoders leave at least one).</summary>
    public byte[] Finish(int padding = 2)
    {
        int bytes = (_bits + 7) / 8;
        BigInteger aligned = _low << (bytes * 8 - _bits);
        var data = new byte[bytes + padding];
        for (int i = 0; i < bytes; i++)
            data[i] = (byte)((aligned >> (8 * (bytes - 1 - i))) & 255);
        return data;
    }
}
