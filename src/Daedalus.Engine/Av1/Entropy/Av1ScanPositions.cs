// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>
/// For each step of a scan (5.11.41) what reading a level needs to know: in the lower 16 bits the index in the array of levels (column by column with a pitch of height + 4), in the upper the bytes from a
/// transform's first CDF of coeff_base to the first that may follow from the place. What is needed less often lies <see cref="More"/> entries further: the same for coeff_br, and the largest index up to
/// here. Made once; 56 kB, and 14 kB for where the coefficient is stored.
/// </summary>
internal static unsafe class Av1ScanPositions
{
    private const int Sizes = 19;
    /// <summary>Entries of all tables: the areas of all sizes up to 32, of 32×64 and 64×32, and once more for each of the other classes those up to 16.</summary>
    private const int More = 3344 + 2 * 1024 + 2 * 784;
    private static readonly Lock Gate = new();
    private static uint** s_tables;
    private static ushort** s_coefficients;

    /// <summary>Index in the array of levels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Index(uint* place) => ((ushort*)place)[0];

    /// <summary>Bytes to the first context of coeff_base (8.3.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint BaseContext(uint* place) => ((ushort*)place)[1];

    /// <summary>Bytes to the first context of coeff_br.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint HighContext(uint* place) => ((ushort*)(place + More))[0];

    /// <summary>The largest index of this and all earlier places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Largest(uint* place) => ((ushort*)(place + More))[1];

    /// <summary>Pointers by class (0 2D, 1 horizontal, 2 vertical: get_tx_class, 8.3.2) * 19 + transform size. Never freed.</summary>
    internal static uint** Tables
    {
        get
        {
            lock (Gate)
            {
                if (s_tables == null)
                    s_tables = Make();
                return s_tables;
            }
        }
    }

    /// <summary>The same for where each coefficient is stored, column by column: column * height + row.</summary>
    internal static ushort** Coefficients
    {
        get
        {
            lock (Gate)
            {
                if (s_coefficients == null)
                    s_coefficients = MakeCoefficients();
                return s_coefficients;
            }
        }
    }

    /// <summary>The default scan of an adjusted size (32 at most).</summary>
    private static ReadOnlySpan<ushort> Default(int adjusted) => (Av1TxSize)adjusted switch
    {
        Av1TxSize.Tx4x4 => Av1EntropyTables.DefaultScan4x4,
        Av1TxSize.Tx4x8 => Av1EntropyTables.DefaultScan4x8,
        Av1TxSize.Tx8x4 => Av1EntropyTables.DefaultScan8x4,
        Av1TxSize.Tx8x8 => Av1EntropyTables.DefaultScan8x8,
        Av1TxSize.Tx8x16 => Av1EntropyTables.DefaultScan8x16,
        Av1TxSize.Tx16x8 => Av1EntropyTables.DefaultScan16x8,
        Av1TxSize.Tx16x16 => Av1EntropyTables.DefaultScan16x16,
        Av1TxSize.Tx16x32 => Av1EntropyTables.DefaultScan16x32,
        Av1TxSize.Tx32x16 => Av1EntropyTables.DefaultScan32x16,
        Av1TxSize.Tx4x16 => Av1EntropyTables.DefaultScan4x16,
        Av1TxSize.Tx16x4 => Av1EntropyTables.DefaultScan16x4,
        Av1TxSize.Tx8x32 => Av1EntropyTables.DefaultScan8x32,
        Av1TxSize.Tx32x8 => Av1EntropyTables.DefaultScan32x8,
        _ => Av1EntropyTables.DefaultScan32x32,
    };

    // Lines and columns are transformed alone up to 16×16 only (get_tx_set, 5.11.48), and of sizes with 64 not more is coded than of those with 32: they share, where the contexts are the same too.
    private static int Owner(int txClass, int tx)
    {
        int adjusted = Av1Tables.AdjustedTxSize[tx];
        if (Math.Max(Av1Tables.TxWidth[adjusted], Av1Tables.TxHeight[adjusted]) <= 16)
            return txClass * Sizes + tx;
        return Av1EntropyTables.CoeffBaseCtxOffset.Slice(tx * 25, 25).SequenceEqual(Av1EntropyTables.CoeffBaseCtxOffset.Slice(adjusted * 25, 25)) ? adjusted : tx;
    }

    private static uint** Make()
    {
        var tables = (uint**)NativeMemory.Alloc((nuint)(3 * Sizes * sizeof(uint*)));
        uint* next;
        try
        {
            next = (uint*)NativeMemory.Alloc(2 * More * sizeof(uint));
        }
        catch (OutOfMemoryException)
        {
            NativeMemory.Free(tables);
            throw;
        }
        for (int i = 0; i < 3 * Sizes; i++)
        {
            if (Owner(i / Sizes, i % Sizes) != i)
                continue;
            tables[i] = next;
            Fill(next, i / Sizes, i % Sizes);
            next += Area(i % Sizes);
        }
        for (int i = 0; i < 3 * Sizes; i++)
            tables[i] = tables[Owner(i / Sizes, i % Sizes)];
        System.Diagnostics.Debug.Assert(next == tables[0] + More);
        return tables;
    }

    private static ushort** MakeCoefficients()
    {
        uint** places = Tables;
        int pointers = 3 * Sizes * sizeof(ushort*);
        var tables = (ushort**)NativeMemory.Alloc((nuint)(pointers + More * sizeof(ushort)));
        var all = (ushort*)((byte*)tables + pointers);
        for (int i = 0; i < 3 * Sizes; i++)
        {
            tables[i] = all + (places[i] - places[0]);
            if (Owner(i / Sizes, i % Sizes) != i)
                continue;
            int area = Area(i % Sizes), pitch = Av1Tables.TxHeight[Av1Tables.AdjustedTxSize[i % Sizes]] + 4;
            for (int c = 0; c < area; c++)
            {
                int index = (int)Index(places[i] + c);
                tables[i][c] = (ushort)(index - 4 * (index / pitch));
            }
        }
        return tables;
    }

    private static int Area(int tx)
    {
        int adjusted = Av1Tables.AdjustedTxSize[tx];
        return Av1Tables.TxWidth[adjusted] * Av1Tables.TxHeight[adjusted];
    }

    private static void Fill(uint* table, int txClass, int tx)
    {
        int adjusted = Av1Tables.AdjustedTxSize[tx], width = Av1Tables.TxWidth[adjusted], height = Av1Tables.TxHeight[adjusted];
        var scan = Default(adjusted);
        int largest = 0;
        for (int c = 0; c < width * height; c++)
        {
            // Mcol_Scan goes column by column, Mrow_Scan row by row.
            int row = txClass == 1 ? c % height : (txClass == 0 ? scan[c] : c) / width, col = txClass == 1 ? c / height : (txClass == 0 ? scan[c] : c) % width;
            int start = txClass == 0 ? Av1EntropyTables.CoeffBaseCtxOffset[tx * 25 + Math.Min(row, 4) * 5 + Math.Min(col, 4)] : 26 + 5 * Math.Min(txClass == 1 ? col : row, 2);
            bool near = txClass == 0 ? row < 2 && col < 2 : txClass == 1 ? col == 0 : row == 0;
            int high = (row | col) == 0 ? 0 : near ? 7 : 14;
            int index = col * (height + 4) + row;
            largest = Math.Max(largest, index);
            // A CDF of four values is four words.
            table[c] = (uint)index | (uint)start * 8 << 16;
            table[c + More] = (uint)high * 8 | (uint)largest << 16;
        }
    }
}
