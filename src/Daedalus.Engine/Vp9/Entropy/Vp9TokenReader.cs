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
    /// <summary>coef_probs of the size, plane type and prediction: [band * 6 + context][3].</summary>
    public byte* Probs;
    public uint* Counts;
    public uint* EobCounts;
    public ushort* Scan;
    public ushort* Neighbours;
    /// <summary>6 × band for each scan position.</summary>
    public byte* Band;
    /// <summary>Token magnitudes by position, 1024 bytes.</summary>
    public byte* Cache;
    public byte* Pareto;
    public byte* Cat6;
    public int Cat6Bits;
    public int MaxEob;
    /// <summary>1 for 32×32: half precision.</summary>
    public int Shift;
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
        byte* band = t->Band;
        byte* cache = t->Cache;
        ushort* scan = t->Scan;
        ushort* neighbours = t->Neighbours;
        int max = t->MaxEob;
        int dq = t->Dc;
        int c = 0;
        int index = ctx;
        byte* p = probs + index * 3;
        while (true)
        {
            if (TCount.Value)
                t->EobCounts[index]++;
            if (r.Read(p[0]) == 0)
            {
                if (TCount.Value)
                    t->Counts[index * 4 + 3]++;
                break;
            }
            while (r.Read(p[1]) == 0)
            {
                if (TCount.Value)
                    t->Counts[index * 4]++;
                dq = t->Ac;
                cache[scan[c]] = 0;
                c++;
                if (c >= max)
                    goto done;
                index = band[c] + ((1 + cache[neighbours[2 * c]] + cache[neighbours[2 * c + 1]]) >> 1);
                p = probs + index * 3;
            }
            int position = scan[c];
            int value;
            if (r.Read(p[2]) == 0)
            {
                if (TCount.Value)
                    t->Counts[index * 4 + 1]++;
                cache[position] = 1;
                value = dq >> t->Shift;
            }
            else
            {
                if (TCount.Value)
                    t->Counts[index * 4 + 2]++;
                byte* pareto = t->Pareto + (p[2] - 1) * 8;
                if (r.Read(pareto[0]) == 0)
                {
                    if (r.Read(pareto[1]) == 0)
                    {
                        cache[position] = 2;
                        value = 2 * dq >> t->Shift;
                    }
                    else
                    {
                        cache[position] = 3;
                        value = (3 + r.Read(pareto[2])) * dq >> t->Shift;
                    }
                }
                else
                {
                    byte* category;
                    int bits, low;
                    if (r.Read(pareto[3]) == 0)
                    {
                        cache[position] = 4;
                        if (r.Read(pareto[4]) == 0)
                        {
                            value = (5 + r.Read(159)) * dq >> t->Shift;
                            goto sign;
                        }
                        category = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat2);
                        bits = 2;
                        low = 7;
                    }
                    else
                    {
                        cache[position] = 5;
                        if (r.Read(pareto[5]) == 0)
                        {
                            if (r.Read(pareto[6]) == 0)
                            {
                                category = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat3);
                                bits = 3;
                                low = 11;
                            }
                            else
                            {
                                category = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat4);
                                bits = 4;
                                low = 19;
                            }
                        }
                        else if (r.Read(pareto[7]) == 0)
                        {
                            category = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat5);
                            bits = 5;
                            low = 35;
                        }
                        else
                        {
                            category = t->Cat6;
                            bits = t->Cat6Bits;
                            low = 67;
                        }
                    }
                    int extra = 0;
                    for (int i = 0; i < bits; i++)
                        extra = extra << 1 | r.Read(category[i]);
                    // 18 extra bits times a 12-bit factor do not fit 32 bits.
                    value = (int)((long)(low + extra) * dq >> t->Shift);
                }
            }
        sign:
            int sign = r.ReadSign();
            TStore.Store(coefficients, position, (value ^ sign) - sign);
            dq = t->Ac;
            c++;
            if (c >= max)
                break;
            index = band[c] + ((1 + cache[neighbours[2 * c]] + cache[neighbours[2 * c + 1]]) >> 1);
            p = probs + index * 3;
        }
    done:
        *reader = r;
        return c;
    }
}
