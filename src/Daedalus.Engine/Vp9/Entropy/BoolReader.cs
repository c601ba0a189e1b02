// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// Boolean decoder (spec 9.2) on a 64-bit window. Four fields, so that the JIT keeps a local copy in registers.
/// Reads 8 bytes at a time without a bounds check: the data lies in a buffer with zeros behind it, and
/// <see cref="Vp9TileDecoder"/> stops a reader that runs into them (zeros decode to the shortest symbols).
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

    /// <summary>One symbol of probability prob/256 for 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(uint prob)
    {
        if (Count < 0)
            Fill();
        uint split = 1 + (((Range - 1) * prob) >> 8);
        ulong big = (ulong)split << 56;
        int bit;
        if (Value >= big)
        {
            Value -= big;
            split = Range - split;
            bit = 1;
        }
        else
        {
            bit = 0;
        }
        int shift = BitOperations.LeadingZeroCount(split) - 24;
        Range = split << shift;
        Value <<= shift;
        Count -= shift;
        return bit;
    }

    /// <summary>One symbol of even probability, as a mask: 0 or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadSign()
    {
        if (Count < 0)
            Fill();
        uint split = (Range + 1) >> 1;
        ulong big = (ulong)split << 56;
        long mask = Value >= big ? -1 : 0;
        Value -= big & (ulong)mask;
        split = (uint)((int)split + ((int)mask & (int)(Range - 2 * split)));
        int shift = BitOperations.LeadingZeroCount(split) - 24;
        Range = split << shift;
        Value <<= shift;
        Count -= shift;
        return (int)mask;
    }

    /// <summary>Whether more bits than [start, start + size) holds have been consumed.</summary>
    public readonly bool IsPastEnd(byte* start, int size) => (Next - start) * 8L - Count > size * 8L;
}
