// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <summary>
/// Bits of a slice for CAVLC on a 64-bit window, first bit on top. Beyond the data it gives zeros, and never loads more than 40 bytes behind the end.
/// Four fields, so that the JIT keeps a local copy in registers.
/// </summary>
internal unsafe struct H264BitWindow
{
    /// <summary>The next bits, from the top.</summary>
    public ulong Value;
    /// <summary>Next byte to load.</summary>
    public byte* Next;
    /// <summary>No load begins beyond this address.</summary>
    public byte* Limit;
    /// <summary>Bits of the window that count.</summary>
    public int Count;

    /// <summary>Starts at a bit of data.</summary>
    public void Start(byte* data, uint bit, int size)
    {
        Next = data + (bit >> 3);
        Limit = data + size + 32;
        Value = 0;
        Count = 0;
        Fill();
        Skip((int)(bit & 7));
    }

    /// <summary>Makes at least 56 bits count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill()
    {
        byte* next = Next < Limit ? Next : Limit;
        Value |= BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(next)) >> Count;
        Next = next + ((63 - Count) >> 3);
        Count |= 56;
    }

    /// <summary>The next bits, 1..32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint Peek(int bits) => (uint)(Value >> (64 - bits));

    /// <summary>Passes bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits)
    {
        Value <<= bits;
        Count -= bits;
    }

    /// <summary>u(n), n 1..32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Read(int bits)
    {
        Fill();
        uint v = Peek(bits);
        Skip(bits);
        return v;
    }

    /// <summary>ue(v); <see cref="uint.MaxValue"/> for code words of no value below 2^27.</summary>
    public uint ReadUe()
    {
        Fill();
        int zeros = BitOperations.LeadingZeroCount(Value);
        if (zeros > 27)
            return uint.MaxValue;
        int length = 2 * zeros + 1;
        uint v = (uint)(Value >> (64 - length)) - 1;
        Skip(length);
        return v;
    }

    /// <summary>Position of the next bit from <paramref name="start"/>.</summary>
    public readonly long Position(byte* start) => (Next - start) * 8 - Count;
}
