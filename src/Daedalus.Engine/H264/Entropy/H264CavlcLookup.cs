// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>Lookup tables of CAVLC in native memory, built from <see cref="H264CavlcTables"/>. An entry of length 0 is no code word.</summary>
internal static unsafe class H264CavlcLookup
{
    /// <summary>
    /// coeff_token: [table * 128 + leading zeros * 8 + the three bits behind the first 1]: no code word has more behind it. Low byte the length, high byte TotalCoeff * 4 + TrailingOnes.
    /// Tables as in <see cref="H264CavlcTables.CoeffToken"/>.
    /// </summary>
    public static ushort* CoeffToken { get; private set; }
    /// <summary>total_zeros: [(tzVlcIndex - 1) * 512 + 9 bits]: length in the low, value in the high four bits.</summary>
    public static byte* TotalZeros { get; private set; }
    /// <summary>Chroma DC of 4:2:0: [(tzVlcIndex - 1) * 8 + 3 bits].</summary>
    public static byte* TotalZerosDc420 { get; private set; }
    /// <summary>Chroma DC of 4:2:2: [(tzVlcIndex - 1) * 32 + 5 bits].</summary>
    public static byte* TotalZerosDc422 { get; private set; }
    /// <summary>run_before: [zerosLeft * 8 + 3 bits] for zerosLeft 1..6.</summary>
    public static byte* RunBefore { get; private set; }
    /// <summary>Table of coeff_token by nC 0..16.</summary>
    public static byte* TableOfCount { get; private set; }

    private static readonly object s_lock = new();
    private static bool s_made;

    /// <summary>Makes the tables unless they are there.</summary>
    /// <exception cref="OutOfMemoryException">Not now; the next call tries again, which a static constructor would not.</exception>
    public static void Make()
    {
        lock (s_lock)
        {
            if (!s_made)
                Build();
            s_made = true;
        }
    }

    private static void Build()
    {
        const int tokenBytes = 6 * 128 * 2, zeros = 15 * 512;
        const int bytes = tokenBytes + zeros + 3 * 8 + 7 * 32 + 7 * 8 + 17;
        byte* m = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(m, bytes);
        CoeffToken = (ushort*)m;
        TotalZeros = m + tokenBytes;
        TotalZerosDc420 = TotalZeros + zeros;
        TotalZerosDc422 = TotalZerosDc420 + 3 * 8;
        RunBefore = TotalZerosDc422 + 7 * 32;
        TableOfCount = RunBefore + 7 * 8;
        for (int nc = 0; nc <= 16; nc++)
            TableOfCount[nc] = (byte)(nc < 2 ? 0 : nc < 4 ? 1 : nc < 8 ? 2 : 3);

        ReadOnlySpan<byte> tokens = H264CavlcTables.CoeffToken;
        for (int i = 0; i < 6 * 17 * 4; i++)
        {
            int length = tokens[2 * i], code = tokens[2 * i + 1];
            if (length == 0)
                continue;
            ushort entry = (ushort)(length | (i % 68) << 8);
            ushort* table = CoeffToken + i / 68 * 128;
            // Left-justified in 19 bits, through the last that an index looks at; what is behind the code word is free.
            for (int free = 0; free < 1 << (19 - length); free++)
                table[TokenIndex((ulong)(uint)(code << (19 - length) | free) << 45)] = entry;
        }
        Fill(TotalZeros, H264CavlcTables.TotalZeros, 15, 16, 9);
        Fill(TotalZerosDc420, H264CavlcTables.TotalZerosDc420, 3, 4, 3);
        Fill(TotalZerosDc422, H264CavlcTables.TotalZerosDc422, 7, 8, 5);
        Fill(RunBefore + 8, H264CavlcTables.RunBefore, 6, 16, 3);
    }

    /// <summary>Index into a table of <see cref="CoeffToken"/> by the next bits (from bit 63).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TokenIndex(ulong bits)
    {
        // 0..15 leading zeros: more are in no table, and give entries of length 0.
        int zeros = BitOperations.LeadingZeroCount(bits | 1UL << 48);
        return zeros << 3 | (int)((bits << zeros) >> 60 & 7);
    }

    private static void Fill(byte* to, ReadOnlySpan<byte> codes, int tables, int entries, int bits)
    {
        for (int t = 0; t < tables; t++)
        {
            for (int v = 0; v < entries; v++)
            {
                int length = codes[(t * entries + v) * 2], code = codes[(t * entries + v) * 2 + 1];
                if (length == 0)
                    continue;
                int first = code << (bits - length);
                for (int i = 0; i < 1 << (bits - length); i++)
                    to[(t << bits) + first + i] = (byte)(v << 4 | length);
            }
        }
    }
}
