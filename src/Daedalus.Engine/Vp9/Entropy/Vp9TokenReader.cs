// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.Vp9;

/// <summary>How a coefficient is stored: short at 8 bits, int above.</summary>
internal unsafe interface ICoefficientStore
{
    static abstract void Store(void* coefficients, int position, int value);
    static abstract int Size { get; }
}

internal readonly unsafe struct ShortStore : ICoefficientStore
{
    public static int Size => 2;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* coefficients, int position, int value) => ((short*)coefficients)[position] = (short)value;
}

internal readonly unsafe struct IntStore : ICoefficientStore
{
    public static int Size => 4;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* coefficients, int position, int value) => ((int*)coefficients)[position] = value;
}

/// <summary>A compile-time yes or no.</summary>
internal interface IFlag
{
    static abstract bool Value { get; }
}

internal readonly struct Yes : IFlag
{
    public static bool Value => true;
}

internal readonly struct No : IFlag
{
    public static bool Value => false;
}

/// <summary>What the tokens of one transform block are read with.</summary>
internal unsafe struct TokenContext
{
    /// <summary>coef_probs of the size, plane type and prediction in rows of 4 bytes: [band * 6 + context][3 and one unused].</summary>
    public byte* Probs;
    /// <summary>Token counts, rows as in <see cref="Probs"/>.</summary>
    public uint* Counts;
    /// <summary>Counts of more_coefs, one for each row.</summary>
    public uint* EobCounts;
    /// <summary>First entry of the scan and the end of the transform's positions.</summary>
    public ScanEntry* Scan, ScanEnd;
    /// <summary>Token magnitudes by position, 1024 bytes.</summary>
    public byte* Cache;
    /// <summary>pareto(node, prob) (spec 9.3.1), 8 bytes for each probability.</summary>
    public byte* Pareto;
    /// <summary>Probabilities of the extra bits of the largest category.</summary>
    public byte* Cat6;
    /// <summary>Number of those bits: 14, 16 or 18 by bit depth.</summary>
    public int Cat6Bits;
    /// <summary>1 for 32×32: half precision.</summary>
    public int Shift;
    /// <summary>Dequantisation factors.</summary>
    public int Dc, Ac;
}

/// <summary>Residual tokens of a transform block (spec 6.4.24 tokens, 9.3).</summary>
internal static unsafe class Vp9TokenReader
{
    /// <summary>Reads the tokens, stores dequantised coefficients and returns eob.</summary>
    public static int Read<TStore, TCount>(BoolReader* reader, TokenContext* t, int ctx, void* coefficients)
        where TStore : struct, ICoefficientStore
        where TCount : struct, IFlag
    {
        BoolReader r = *reader;
        byte* probs = t->Probs;
        byte* cache = t->Cache;
        ScanEntry* e = t->Scan;
        int dq = t->Dc;
        byte* p = probs + 4 * ctx;
        while (true)
        {
            if (TCount.Value)
                t->EobCounts[(p - probs) >> 2]++;
            if (!r.ReadBool(p[0]))
            {
                if (TCount.Value)
                    t->Counts[p - probs + 3]++;
                break;
            }
            while (!r.ReadBool(p[1]))
            {
                if (TCount.Value)
                    t->Counts[p - probs]++;
                cache[e->Position] = 0;
                dq = t->Ac;
                e++;
                if (e >= t->ScanEnd)
                    goto done;
                p = Row(probs, cache, e);
            }
            int value;
            byte magnitude;
            if (!r.ReadBool(p[2]))
            {
                if (TCount.Value)
                    t->Counts[p - probs + 1]++;
                magnitude = 1;
                value = dq;
            }
            else
            {
                if (TCount.Value)
                    t->Counts[p - probs + 2]++;
                byte* pareto = t->Pareto + p[2] * 8;
                if (!r.ReadBool(pareto[0]))
                {
                    if (!r.ReadBool(pareto[1]))
                    {
                        magnitude = 2;
                        value = 2 * dq;
                    }
                    else
                    {
                        magnitude = 3;
                        value = (3 + r.Read(pareto[2])) * dq;
                    }
                }
                else
                {
                    // Rare enough to leave the registers to the cases above.
                    *reader = r;
                    int token = ReadCategory(reader, t, pareto);
                    r = *reader;
                    magnitude = (byte)(token < 11 ? 4 : 5);
                    // 18 extra bits times a 12-bit factor do not fit 32 bits.
                    int large = (int)((long)token * dq >> t->Shift);
                    cache[e->Position] = magnitude;
                    int s = r.ReadSign();
                    TStore.Store(coefficients, e->Position, (large ^ s) - s);
                    goto next;
                }
            }
            cache[e->Position] = magnitude;
            value >>= t->Shift;
            int sign = r.ReadSign();
            TStore.Store(coefficients, e->Position, (value ^ sign) - sign);
        next:
            dq = t->Ac;
            e++;
            if (e >= t->ScanEnd)
                break;
            p = Row(probs, cache, e);
        }
    done:
        *reader = r;
        return (int)(e - t->Scan);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Row(byte* probs, byte* cache, ScanEntry* e)
        => probs + e->Band + (nuint)((1u + cache[e->Neighbour0] + cache[e->Neighbour1]) >> 1) * 4;

    // Values from 5 on: the rest of the token tree and the extra bits (spec 9.3.1 token, 6.4.24 high_bits).
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ReadCategory(BoolReader* reader, TokenContext* t, byte* pareto)
    {
        BoolReader r = *reader;
        byte* probs;
        int bits, low;
        if (!r.ReadBool(pareto[3]))
        {
            if (!r.ReadBool(pareto[4]))
            {
                int bit = r.Read(159);
                *reader = r;
                return 5 + bit;
            }
            probs = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat2);
            bits = 2;
            low = 7;
        }
        else if (!r.ReadBool(pareto[5]))
        {
            bool fourth = r.ReadBool(pareto[6]);
            probs = fourth ? Vp9BlockTables.Address(Vp9ProbabilityTables.Cat4) : Vp9BlockTables.Address(Vp9ProbabilityTables.Cat3);
            bits = fourth ? 4 : 3;
            low = fourth ? 19 : 11;
        }
        else if (!r.ReadBool(pareto[7]))
        {
            probs = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat5);
            bits = 5;
            low = 35;
        }
        else
        {
            probs = t->Cat6;
            bits = t->Cat6Bits;
            low = 67;
        }
        int extra = 0;
        for (int i = 0; i < bits; i++)
            extra = extra << 1 | r.Read(probs[i]);
        *reader = r;
        return low + extra;
    }
}
