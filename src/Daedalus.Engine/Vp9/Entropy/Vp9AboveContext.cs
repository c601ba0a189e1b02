// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Vp9;

/// <summary>What later blocks ask of an earlier neighbour: 8 bytes for each 8×8, written as one word.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct NeighbourMode
{
    [FieldOffset(0)] public ulong Word;
    [FieldOffset(0)] public byte Skip;
    [FieldOffset(1)] public byte TxSize;
    /// <summary>0 intra, 1..3 last, golden, altref.</summary>
    [FieldOffset(2)] public sbyte Ref0;
    /// <summary>1..3 or -1.</summary>
    [FieldOffset(3)] public sbyte Ref1;
    /// <summary>0..2, 3 for intra (bilinear is never switchable).</summary>
    [FieldOffset(4)] public byte InterpFilter;
    /// <summary>Weight in the inter mode context: 9 intra, 0 NEARESTMV and NEARMV, 3 ZEROMV, 1 NEWMV.</summary>
    [FieldOffset(5)] public byte ModeWeight;
    [FieldOffset(6)] public byte SegmentPredicted;
    /// <summary>Smaller than 8×8: its edge vectors are in the sub-block arrays.</summary>
    [FieldOffset(7)] public byte IsSub8x8;

    public readonly bool IsInter => Ref0 > 0;
    public readonly bool IsCompound => Ref1 > 0;
}

/// <summary>Contexts of the row above, frame wide. Tiles of different columns touch disjoint parts.</summary>
public sealed unsafe class Vp9AboveContext : IDisposable
{
    private void* _memory;
    private int _columns;

    internal NeighbourMode* Modes;
    internal byte* Partition;
    /// <summary>Non-zero flags for each 4 samples of a plane, indexed in 4×4 units.</summary>
    internal byte* NonZero0, NonZero1, NonZero2;
    /// <summary>Intra modes, two for each 8×8.</summary>
    internal byte* IntraModes;
    /// <summary>Vectors of the bottom quarters of a sub-8×8 block: [column * 4 + quarter column * 2 + list].</summary>
    internal uint* SubMvs;

    /// <summary>Makes room for a frame of so many 8×8 columns; forgets what was there.</summary>
    public void Resize(int miCols)
    {
        int columns = (miCols + 7 & ~7) + 16;
        if (columns <= _columns)
            return;
        // Nothing is left to use or to free again when there is no memory for more.
        Dispose();
        nuint bytes = (nuint)columns * (16 + 8 + 1 + 2 * 4) + 64;
        _memory = NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(_memory, bytes);
        byte* at = (byte*)_memory;
        SubMvs = (uint*)at;
        at += 16 * columns;
        Modes = (NeighbourMode*)at;
        at += 8 * columns;
        NonZero0 = at;
        at += 2 * columns;
        NonZero1 = at;
        at += 2 * columns;
        NonZero2 = at;
        at += 2 * columns;
        IntraModes = at;
        at += 2 * columns;
        Partition = at;
        _columns = columns;
    }

    /// <summary>Clears the columns [miColStart, miColEnd) (multiples of 8, the end rounded up) before the first tile of a column is decoded.</summary>
    public void ResetTile(int miColStart, int miColEnd)
    {
        int n = (miColEnd + 7 & ~7) - miColStart;
        NativeMemory.Clear(NonZero0 + 2 * miColStart, (nuint)(2 * n));
        NativeMemory.Clear(NonZero1 + 2 * miColStart, (nuint)(2 * n));
        NativeMemory.Clear(NonZero2 + 2 * miColStart, (nuint)(2 * n));
        NativeMemory.Clear(IntraModes + 2 * miColStart, (nuint)(2 * n));
        NativeMemory.Clear(Partition + miColStart, (nuint)n);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _columns = 0;
    }
}
