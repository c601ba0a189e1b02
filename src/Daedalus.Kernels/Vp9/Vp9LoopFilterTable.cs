// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Edges of one direction in one plane of a superblock. Bit <c>row * 8 + column</c> stands for an 8×8 sample unit of the plane;
/// the edge is the unit's left one (vertical edges) or upper one (horizontal edges). A unit has at most one of the three widths.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct Vp9EdgeMasks
{
    /// <summary>Edges that may use the 15-tap filter (spec 8.8.2: filterSize TX_16X16).</summary>
    public ulong Wide16;
    /// <summary>Edges that may use the 7-tap filter.</summary>
    public ulong Wide8;
    /// <summary>Edges with the narrow filter only.</summary>
    public ulong Wide4;
    /// <summary>Units whose inner 4×4 edge (4 samples right of or below the unit's border) is filtered.</summary>
    public ulong Inner4;

    /// <summary>Whether any edge is set.</summary>
    public readonly bool Any => (Wide16 | Wide8 | Wide4 | Inner4) != 0;
}

/// <summary>What the loop filter needs of one plane of one superblock: 128 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Vp9LoopFilterPlane
{
    /// <summary>Edges between columns: filtered first.</summary>
    public Vp9EdgeMasks Vertical;
    /// <summary>Edges between rows.</summary>
    public Vp9EdgeMasks Horizontal;
    /// <summary>Filter level 0..63 of each 8×8 sample unit, 8 a row; meaningful where an edge bit is set.</summary>
    public fixed byte Levels[64];
}

/// <summary>
/// Limits of each filter level (spec 8.8.3) in the form the kernels load: every value repeated over the 8 samples of an edge segment.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Vp9LoopFilterLimits
{
    /// <summary>Levels 0..63.</summary>
    public const int LevelCount = 64;

    // [level * 4 + {edge limit, inner limit, high edge variance threshold, unused}], 8 equal bytes each.
    internal fixed ulong Bytes[LevelCount * 4];
    // The same for ushort samples, already shifted to the bit depth: 8 equal words each.
    internal fixed ushort Words[LevelCount * 4 * 8];
    internal int Depth;

    /// <summary>Bit depth the limits are for.</summary>
    public readonly int BitDepth => Depth;

    /// <summary>Computes all limits for a sharpness (0..7) and bit depth (8, 10, 12).</summary>
    public void Set(int sharpness, int bitDepth)
    {
        Depth = bitDepth;
        int shift = sharpness > 4 ? 2 : sharpness > 0 ? 1 : 0;
        for (int level = 0; level < LevelCount; level++)
        {
            int inner = level >> shift;
            if (sharpness > 0)
            {
                inner = Math.Min(inner, 9 - sharpness);
            }
            inner = Math.Max(inner, 1);
            Put(level * 4, 2 * (level + 2) + inner);
            Put(level * 4 + 1, inner);
            Put(level * 4 + 2, level >> 4);
        }
    }

    private void Put(int index, int value)
    {
        Bytes[index] = (ulong)value * 0x0101010101010101;
        for (int i = 0; i < 8; i++)
        {
            Words[index * 8 + i] = (ushort)(value << (Depth - 8));
        }
    }

    /// <summary>Edge limit (spec blimit) of a level at 8 bits.</summary>
    public readonly int EdgeLimit(int level) => (byte)Bytes[level * 4];

    /// <summary>Inner limit (spec limit) of a level at 8 bits.</summary>
    public readonly int InnerLimit(int level) => (byte)Bytes[level * 4 + 1];

    /// <summary>High edge variance threshold (spec thresh) of a level at 8 bits.</summary>
    public readonly int HighVariance(int level) => (byte)Bytes[level * 4 + 2];
}

/// <summary>
/// Entry points of the VP9 loop filter. Both have the form <c>(samples, stride, plane, limits)</c>: the address of the plane's part
/// of the superblock, bytes between rows, its edges and the frame's limits.
/// They read up to 16 samples beyond the edges' ends and change nothing outside of the superblock's part of the plane
/// except 8 samples left of it (vertical) or 8 rows above it (horizontal).
/// </summary>
public unsafe struct Vp9LoopFilterTable
{
    private nint _vertical;
    private nint _horizontal;

    /// <summary>Filters all vertical edges (spec 8.8.2 with pass 0).</summary>
    public readonly delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void> FilterVertical
        => (delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void>)_vertical;

    /// <summary>Filters all horizontal edges (pass 1).</summary>
    public readonly delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void> FilterHorizontal
        => (delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void>)_horizontal;

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> bits.</summary>
    public static void Create(Vp9LoopFilterTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        bool bytes = bitDepth == 8;
        if (level >= KernelLevel.Vector256 && KernelLevels.IsSupported(KernelLevel.Vector256))
        {
            if (bytes)
            {
                table->Use<LoopFilterBytes<Vector256<byte>, LoopFilterBytes256>, LoopFilterBytes<Vector128<byte>, LoopFilterBytes128>>();
            }
            else
            {
                table->Use<LoopFilterWords<Vector256<ushort>, LoopFilterWords256>, LoopFilterWords<Vector128<ushort>, LoopFilterWords128>>();
            }
        }
        else if (level >= KernelLevel.Vector128 && KernelLevels.IsSupported(KernelLevel.Vector128))
        {
            if (bytes)
            {
                table->Use<LoopFilterBytes<Vector128<byte>, LoopFilterBytes128>, LoopFilterBytes<Vector128<byte>, LoopFilterBytes128>>();
            }
            else
            {
                table->Use<LoopFilterWords<Vector128<ushort>, LoopFilterWords128>, LoopFilterWords<Vector128<ushort>, LoopFilterWords128>>();
            }
        }
        else if (bytes)
        {
            table->Use<LoopFilterScalar<LoopFilterSample8>, LoopFilterScalar<LoopFilterSample8>>();
        }
        else
        {
            table->Use<LoopFilterScalar<LoopFilterSample16>, LoopFilterScalar<LoopFilterSample16>>();
        }
    }

    private void Use<TKernel, THalf>()
        where TKernel : struct, IVp9EdgeKernel
        where THalf : struct, IVp9EdgeKernel
    {
        delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void> vertical = &Vp9LoopFilterKernels<TKernel, THalf>.Vertical;
        delegate*<byte*, nint, Vp9LoopFilterPlane*, Vp9LoopFilterLimits*, void> horizontal = &Vp9LoopFilterKernels<TKernel, THalf>.Horizontal;
        _vertical = (nint)vertical;
        _horizontal = (nint)horizontal;
    }
}
