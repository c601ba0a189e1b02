// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Vp9;

/// <summary>All that the token loop asks of a scan position, in one load's reach.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct ScanEntry
{
    /// <summary>Where the coefficient lies, column by column.</summary>
    public ushort Position;
    /// <summary>The two positions whose tokens give the context (spec 9.3.1, more_coefs).</summary>
    public ushort Neighbour0, Neighbour1;
    /// <summary>Offset of the position's band in rows of 4 probabilities: 24 × band.</summary>
    public ushort Band;
}

/// <summary>Scan orders in native memory, built once from the tables.</summary>
internal static unsafe class Vp9ScanOrders
{
    /// <summary>Scans by [tx size * 3 + {default, column, row}]; 32×32 has only the default.</summary>
    public const int Count = 10;

    // Not built by a static constructor: without memory that would fail once and for the rest of the process.
    private static nint s_table;

    /// <summary>First entries of the scans, <see cref="Count"/> pointers that stay valid for the process.</summary>
    public static ScanEntry** All
    {
        get
        {
            nint table = Volatile.Read(ref s_table);
            if (table != 0)
                return (ScanEntry**)table;
            ScanEntry** built = Build();
            table = Interlocked.CompareExchange(ref s_table, (nint)built, 0);
            if (table == 0)
                return built;
            NativeMemory.AlignedFree(built);
            return (ScanEntry**)table;
        }
    }

    /// <summary>Scan of a transform (spec 6.4.25 get_scan): the column transform's ADST takes the row scan and the other way round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(int txSize, int txType) => txSize * 3 + (txType == 1 ? 2 : txType == 2 ? 1 : 0);

    private static ScanEntry** Build()
    {
        nuint pointers = Count * (nuint)sizeof(ScanEntry*);
        nuint entries = (3 * (16 + 64 + 256) + 1024) * (nuint)sizeof(ScanEntry);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(128 + entries, 64);
        ScanEntry** table = (ScanEntry**)memory;
        System.Diagnostics.Debug.Assert(pointers <= 128);
        ScanEntry* next = (ScanEntry*)(memory + 128);
        Add(0, Vp9ScanTables.ScanDefault4, Vp9ScanTables.NeighboursDefault4);
        Add(1, Vp9ScanTables.ScanCol4, Vp9ScanTables.NeighboursCol4);
        Add(2, Vp9ScanTables.ScanRow4, Vp9ScanTables.NeighboursRow4);
        Add(3, Vp9ScanTables.ScanDefault8, Vp9ScanTables.NeighboursDefault8);
        Add(4, Vp9ScanTables.ScanCol8, Vp9ScanTables.NeighboursCol8);
        Add(5, Vp9ScanTables.ScanRow8, Vp9ScanTables.NeighboursRow8);
        Add(6, Vp9ScanTables.ScanDefault16, Vp9ScanTables.NeighboursDefault16);
        Add(7, Vp9ScanTables.ScanCol16, Vp9ScanTables.NeighboursCol16);
        Add(8, Vp9ScanTables.ScanRow16, Vp9ScanTables.NeighboursRow16);
        Add(9, Vp9ScanTables.ScanDefault32, Vp9ScanTables.NeighboursDefault32);
        return table;

        void Add(int index, ReadOnlySpan<ushort> scan, ReadOnlySpan<ushort> neighbours)
        {
            table[index] = next;
            for (int i = 0; i < scan.Length; i++)
            {
                *next++ = new ScanEntry
                {
                    Position = scan[i],
                    Neighbour0 = neighbours[2 * i],
                    Neighbour1 = neighbours[2 * i + 1],
                    Band = (ushort)(24 * Band(i, scan.Length)),
                };
            }
        }
    }

    // coefband_4x4 and coefband_8x8plus (spec 10.1).
    private static int Band(int position, int size) => size == 16
        ? position switch { 0 => 0, < 3 => 1, < 6 => 2, < 10 => 3, < 13 => 4, _ => 5 }
        : position switch { 0 => 0, < 3 => 1, < 6 => 2, < 10 => 3, < 21 => 4, _ => 5 };
}
