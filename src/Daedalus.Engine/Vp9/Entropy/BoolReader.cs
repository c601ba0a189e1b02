// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// Boolean decoder (spec 9.2) on a 64-bit window. Four fields, so that the JIT keeps a local copy in registers.
/// Reads 8 bytes at a time without a bounds check: the data lies in a buffer with zeros behind it, and
/// <see cref="Vp9TileDecoder"/> stops a reader that runs into them.
/// </summary>
internal unsafe struct BoolReader
{
    /// <summary>Window: the top 8 bits are compared, the rest waits.</summary>
    public ulong Value;
    /// <summary>Next byte to load.</summary>
    public byte* Next;
    /// <summary>BoolRange 128..255.</summary>
    public uint Range;
    /// <summary>Bits waiting below the top 8; negative: load.</summary>
    public int Count;

    /// <summary>Starts at the first byte (init_bool without the marker).</summary>
    public void Start(byte* data)
    {
        Next = data;
        Value = 0;
        Range = 255;
        Count = -8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fill()
    {
        // 7 bytes always fit; the bits of the eighth that are loaded beside them are the right ones too.
        Value |= BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(Next)) >> (Count + 8);
        Next += 7;
        Count += 56;
    }

    /// <summary>
    /// One symbol of probability prob/256 for false, where the bit steers: each outcome renormalises for itself,
    /// so that the caller's branch on the result folds into the comparison.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadBool(uint prob)
    {
        if (Count < 0)
            Fill();
        uint split = 1 + (((Range - 1) * prob) >> 8);
        ulong big = (ulong)split << 56;
        if (Value >= big)
        {
            uint rest = Range - split;
            int shift = BitOperations.LeadingZeroCount(rest) & 7;
            Value = (Value - big) << shift;
            Range = rest << shift;
            Count -= shift;
            return true;
        }
        else
        {
            int shift = BitOperations.LeadingZeroCount(split) & 7;
            Value <<= shift;
            Range = split << shift;
            Count -= shift;
            return false;
        }
    }

    /// <summary>One symbol of probability prob/256 for 0, where the bit is data: no branch to mispredict.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(uint prob)
    {
        if (Count < 0)
            Fill();
        uint split = 1 + (((Range - 1) * prob) >> 8);
        ulong big = (ulong)split << 56;
        // -1 where the symbol is 0; the lowest bit of the window does not matter, since big has none there.
        long zero = (long)((Value >> 1) - (big >> 1)) >> 63;
        Value -= big & (ulong)~zero;
        Normalise(split + ((uint)~zero & (Range - 2 * split)));
        return 1 + (int)zero;
    }

    /// <summary>One symbol of even probability, as a mask: 0 or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadSign()
    {
        if (Count < 0)
            Fill();
        // Half of the range is at most 128: both differences fit 63 bits and a sign.
        ulong big = (ulong)((Range + 1) >> 1) << 56;
        long rest = (long)(Value - big);
        long zero = rest >> 63;
        Value = (ulong)rest + (big & (ulong)zero);
        Normalise((uint)((int)Range - (int)zero) >> 1);
        return (int)~zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Normalise(uint range)
    {
        int shift = BitOperations.LeadingZeroCount(range) & 7;
        Range = range << shift;
        Value <<= shift;
        Count -= shift;
    }

    /// <summary>Whether more bits than [start, start + size) holds have been consumed.</summary>
    public readonly bool IsPastEnd(byte* start, int size) => (Next - start) * 8L - Count > size * 8L;
}
