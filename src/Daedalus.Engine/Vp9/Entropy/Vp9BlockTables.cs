// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Vp9;

/// <summary>Small tables by block size (spec section 10.1) and their addresses.</summary>
internal static unsafe class Vp9BlockTables
{
    // All table properties are constant data in the image: their address is fixed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Address(ReadOnlySpan<byte> table) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table));

    internal static ReadOnlySpan<byte> Width8 => [1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8];
    internal static ReadOnlySpan<byte> Height8 => [1, 1, 1, 1, 2, 1, 2, 4, 2, 4, 8, 4, 8];
    internal static ReadOnlySpan<byte> MaxTxSize => [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3];
    internal static ReadOnlySpan<byte> SizeGroup => [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3];
    internal static ReadOnlySpan<byte> PartitionAbove => [15, 15, 14, 14, 14, 12, 12, 12, 8, 8, 8, 0, 0];
    internal static ReadOnlySpan<byte> PartitionLeft => [15, 14, 15, 14, 12, 14, 12, 8, 12, 8, 0, 8, 0];
    // [partition][block size 8x8, 16x16, 32x32, 64x64]
    internal static ReadOnlySpan<byte> SubSize => [3, 6, 9, 12, 2, 5, 8, 11, 1, 4, 7, 10, 0, 3, 6, 9];
    // Transform type of intra luma by mode (spec mode2txfm_map): 1 ADST down the columns, 2 along the rows.
    internal static ReadOnlySpan<byte> TxTypeOfMode => [0, 1, 2, 0, 3, 1, 2, 2, 1, 3];
    internal static ReadOnlySpan<byte> ModeContext => [2, 3, 4, 1, 3, 9, 0, 9, 9, 5, 5, 9, 5, 9, 9, 9, 9, 9, 6];

    // mv_ref_blocks (spec 10.1): (row, column) pairs, 8 for each block size.
    internal static ReadOnlySpan<sbyte> MvRefBlocks =>
    [
        -1, 0, 0, -1, -1, -1, -2, 0, 0, -2, -2, -1, -1, -2, -2, -2,
        -1, 0, 0, -1, -1, -1, -2, 0, 0, -2, -2, -1, -1, -2, -2, -2,
        -1, 0, 0, -1, -1, -1, -2, 0, 0, -2, -2, -1, -1, -2, -2, -2,
        -1, 0, 0, -1, -1, -1, -2, 0, 0, -2, -2, -1, -1, -2, -2, -2,
        0, -1, -1, 0, 1, -1, -1, -1, 0, -2, -2, 0, -2, -1, -1, -2,
        -1, 0, 0, -1, -1, 1, -1, -1, -2, 0, 0, -2, -1, -2, -2, -1,
        -1, 0, 0, -1, -1, 1, 1, -1, -1, -1, -3, 0, 0, -3, -3, -3,
        0, -1, -1, 0, 2, -1, -1, -1, -1, 1, 0, -3, -3, 0, -3, -3,
        -1, 0, 0, -1, -1, 2, -1, -1, 1, -1, -3, 0, 0, -3, -3, -3,
        -1, 1, 1, -1, -1, 2, 2, -1, -1, -1, -3, 0, 0, -3, -3, -3,
        0, -1, -1, 0, 4, -1, -1, 2, -1, -1, 0, -3, -3, 0, 2, -1,
        -1, 0, 0, -1, -1, 4, 2, -1, -1, -1, -3, 0, 0, -3, -1, 2,
        -1, 3, 3, -1, -1, 4, 4, -1, -1, -1, -1, 0, 0, -1, -1, 6,
    ];
}
