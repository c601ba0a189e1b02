// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Writes RBSPs (spec 7.2, 9.1) for tests.</summary>
internal sealed class H264BitWriter
{
    private readonly List<bool> _bits = [];

    public int Position => _bits.Count;

    public H264BitWriter U(int n, long value)
    {
        for (int i = n - 1; i >= 0; i--)
            _bits.Add((value >> i & 1) != 0);
        return this;
    }

    public H264BitWriter F(bool value) => U(1, value ? 1 : 0);

    public H264BitWriter Ue(params long[] values)
    {
        foreach (long v in values)
        {
            int zeros = BitOperations.Log2((ulong)v + 1);
            U(zeros, 0).U(zeros + 1, v + 1);
        }
        return this;
    }

    public H264BitWriter Se(params long[] values)
    {
        foreach (long v in values)
            Ue(v > 0 ? 2 * v - 1 : -2 * v);
        return this;
    }

    /// <summary>NAL unit header.</summary>
    public static H264BitWriter Nal(int type, int refIdc = 3) => new H264BitWriter().U(1, 0).U(2, refIdc).U(5, type);

    /// <summary>Bytes after rbsp_trailing_bits; not escaped.</summary>
    public byte[] Trailing()
    {
        var bits = new List<bool>(_bits) { true };
        return Pack(bits);
    }

    /// <summary>Bytes without trailing bits, filled up with zeros.</summary>
    public byte[] Bytes() => Pack(new List<bool>(_bits));

    private static byte[] Pack(List<bool> bits)
    {
        byte[] bytes = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
            bytes[i / 8] |= (byte)(bits[i] ? 0x80 >> (i & 7) : 0);
        return bytes;
    }
}
