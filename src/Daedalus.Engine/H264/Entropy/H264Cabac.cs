// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>
/// Arithmetic decoding engine (spec 9.3.1.2, 9.3.3.2) on a 64-bit window: bits 62..54 are codIOffset, the bits below wait, and a single 1 bit
/// marks where they end. Low 32 bits zero = the marker has come up: load. Few fields, so that the JIT keeps a local copy in registers; what is rarely
/// read stays in the context.
/// </summary>
internal unsafe struct H264Cabac
{
    /// <summary>Bits 62..54: codIOffset.</summary>
    public ulong Value;
    /// <summary>Next byte to load.</summary>
    public byte* Next;
    /// <summary>codIRange &lt;&lt; 23: leading zeros are the shift of renormalisation.</summary>
    public uint Range;

    // From Range to the window.
    private const int WindowShift = 31;
    private const int OffsetShift = 54;

    /// <summary>Starts at a byte; 8 bytes behind the end are readable.</summary>
    /// <param name="data">First byte.</param>
    public void Start(byte* data)
    {
        ulong first = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(data)) >> 16;
        Value = ((first << 1) | 1) << 14;
        Next = data + 6;
        Range = 510u << 23;
    }

    /// <summary>Bits taken into codIOffset since <paramref name="start"/> (behind a terminating bin: through the bit that stops, spec 9.3.1.2).</summary>
    public readonly long Consumed(byte* start) => (Next - start) * 8 - (OffsetShift - 1 - BitOperations.TrailingZeroCount(Value));

    /// <summary>Loads when few bits are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill(H264EntropyContext* c)
    {
        if ((uint)Value != 0)
            return;
        int marker = BitOperations.TrailingZeroCount(Value);
        ulong bits = 1;
        // Beyond the end come zeros; the macroblock that took them is refused.
        if (Next < c->CabacLimit)
            bits = ((ulong)BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(Next)) << 1) | 1;
        Next += 4;
        Value += (bits << (marker - 32)) - (1UL << marker);
    }

    /// <summary>One bin with a context (DecodeDecision). At most three between two fills.</summary>
    /// <param name="state">(pStateIdx &lt;&lt; 1) | valMPS.</param>
    /// <param name="c">The tables.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int DecodeNoFill(byte* state, H264EntropyContext* c)
    {
        int s = *state;
        uint range = Range;
        uint lps = (uint)(((ulong*)c)[s] >> (int)((range >> 26) & 24)) & (0xffu << 23);
        range -= lps;
        ulong scaled = (ulong)range << WindowShift;
        // A branch, not a mask: most callers branch on the bin and would mispredict as often, and predicted it takes the comparison off the way from one bin to the next.
        if (Value < scaled)
        {
            // Renormalisation of the more probable value: at most one bit.
            int one = (int)(~range >> 31);
            *state = ((byte*)c)[H264EntropyTables.CabacNext + s];
            Range = range << one;
            Value <<= one;
            return s & 1;
        }
        s = ~s;
        *state = ((byte*)c)[H264EntropyTables.CabacNext + s];
        int shift = BitOperations.LeadingZeroCount(lps);
        Range = lps << shift;
        Value = (Value - scaled) << shift;
        return s & 1;
    }

    /// <summary>One bin with a context.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Decode(byte* state, H264EntropyContext* c)
    {
        int bin = DecodeNoFill(state, c);
        Fill(c);
        return bin;
    }

    /// <summary>One bin of even probability (DecodeBypass) as a mask: 0 or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int BypassMask(H264EntropyContext* c)
    {
        ulong scaled = (ulong)Range << WindowShift;
        long rest = (long)((Value << 1) - scaled);
        long isZero = rest >> 63;
        Value = (ulong)rest + (scaled & (ulong)isZero);
        Fill(c);
        return ~(int)isZero;
    }

    /// <summary>DecodeTerminate.</summary>
    public bool Terminate(H264EntropyContext* c)
    {
        Range -= 2u << 23;
        if (Value >= (ulong)Range << WindowShift)
            return true;
        if ((int)Range >= 0)
        {
            Range <<= 1;
            Value <<= 1;
            Fill(c);
        }
        return false;
    }
}
