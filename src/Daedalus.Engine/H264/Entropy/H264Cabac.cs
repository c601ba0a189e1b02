// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>
/// Arithmetic decoding engine (spec 9.3.1.2, 9.3.3.2) on a 64-bit window: bits 62..54 are codIOffset, the bits below wait, and a single 1 bit
/// marks where they end. Low 32 bits zero = the marker has come up: load. Four fields, so that the JIT keeps a local copy in registers.
/// </summary>
internal unsafe struct H264Cabac
{
    /// <summary>Bits 62..54: codIOffset.</summary>
    public ulong Value;
    /// <summary>Next byte to load.</summary>
    public byte* Next;
    /// <summary>End of the data: nothing is loaded from here on.</summary>
    public byte* Limit;
    /// <summary>codIRange 256..510.</summary>
    public uint Range;

    private const int RangeShift = 54;

    /// <summary>Starts at a byte; 8 bytes behind the end are readable.</summary>
    public void Start(byte* data, byte* end)
    {
        ulong first = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(data)) >> 16;
        Value = ((first << 1) | 1) << 14;
        Next = data + 6;
        Limit = end;
        Range = 510;
    }

    /// <summary>Bits taken into codIOffset since <paramref name="start"/> (behind a terminating bin: through the bit that stops, spec 9.3.1.2).</summary>
    public readonly long Consumed(byte* start) => (Next - start) * 8 - (RangeShift - 1 - BitOperations.TrailingZeroCount(Value));

    /// <summary>Whether bits behind the end have been taken.</summary>
    public readonly bool Overrun => Consumed(Limit) > 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill()
    {
        if ((uint)Value != 0)
            return;
        int marker = BitOperations.TrailingZeroCount(Value);
        ulong bits = 1;
        if (Next < Limit)
            bits = ((ulong)BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(Next)) << 1) | 1;
        Next += 4;
        Value += (bits << (marker - 32)) - (1UL << marker);
    }

    /// <summary>One bin with a context (DecodeDecision). At most three between two fills.</summary>
    /// <param name="state">(pStateIdx &lt;&lt; 1) | valMPS.</param>
    /// <param name="tables"><see cref="H264EntropyContext.CabacTables"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int DecodeNoFill(byte* state, byte* tables)
    {
        int s = *state;
        uint range = Range;
        uint lps = (((uint*)tables)[s] >> (int)((range >> 3) & 24)) & 0xff;
        range -= lps;
        ulong scaled = (ulong)range << RangeShift;
        long rest = (long)(Value - scaled);
        long isMps = rest >> 63;
        range = lps + ((range - lps) & (uint)isMps);
        s ^= ~(int)isMps;
        int shift = BitOperations.LeadingZeroCount(range) - 23;
        *state = tables[H264EntropyTables.CabacNext + s];
        Range = range << shift;
        Value = ((ulong)rest + (scaled & (ulong)isMps)) << shift;
        return s & 1;
    }

    /// <summary>One bin with a context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Decode(byte* state, byte* tables)
    {
        int bin = DecodeNoFill(state, tables);
        Fill();
        return bin;
    }

    /// <summary>One bin of even probability (DecodeBypass) as a mask: 0 or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int BypassMask()
    {
        ulong scaled = (ulong)Range << RangeShift;
        long rest = (long)((Value << 1) - scaled);
        long isZero = rest >> 63;
        Value = (ulong)rest + (scaled & (ulong)isZero);
        Fill();
        return ~(int)isZero;
    }

    /// <summary>DecodeTerminate.</summary>
    public bool Terminate()
    {
        Range -= 2;
        if (Value >= (ulong)Range << RangeShift)
            return true;
        if (Range < 256)
        {
            Range <<= 1;
            Value <<= 1;
            Fill();
        }
        return false;
    }
}
