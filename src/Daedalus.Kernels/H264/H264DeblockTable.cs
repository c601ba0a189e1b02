// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.H264;

/// <summary>
/// Luma edges of one direction in a macroblock: edge e lies 4 * e samples from its left (top) border. Edge 0 is the macroblock's own edge with limits of its own.
/// Limits are the table values of spec 8.7.2.2 before they are scaled to the bit depth.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264LumaEdges
{
    /// <summary>t'C0 of each edge: byte i for samples 4 * i..4 * i + 3 along it; 0xff: these are not filtered.</summary>
    public fixed uint Tc0[4];
    /// <summary>alpha' of edge 0; 0: not filtered.</summary>
    public byte EdgeAlpha;
    /// <summary>beta' of edge 0.</summary>
    public byte EdgeBeta;
    /// <summary>alpha' of the inner edges.</summary>
    public byte InnerAlpha;
    /// <summary>beta' of the inner edges.</summary>
    public byte InnerBeta;
    /// <summary>1: edge 0 has bS 4 throughout, its Tc0 is not looked at.</summary>
    public byte Strong;
}

/// <summary>Chroma edges (4:2:0, 4:2:2) of one direction in both chroma planes of a macroblock, edge e 4 * e samples from its left (top) border.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264ChromaEdges
{
    /// <summary>t'C0 of each edge: bytes 0..3 Cb, 4..7 Cr, each for 2 samples along it; 0xff: not filtered.</summary>
    public fixed ulong Tc0[4];
    /// <summary>alpha' of edge 0: Cb, Cr.</summary>
    public fixed byte EdgeAlpha[2];
    /// <summary>beta' of edge 0.</summary>
    public fixed byte EdgeBeta[2];
    /// <summary>alpha' of the inner edges.</summary>
    public fixed byte InnerAlpha[2];
    /// <summary>beta' of the inner edges.</summary>
    public fixed byte InnerBeta[2];
    /// <summary>1: edge 0 has bS 4 throughout.</summary>
    public byte Strong;
}

/// <summary>
/// Limits of each line of a vertical edge, for the left edge between a frame and a field macroblock pair. Luma: 16 lines; chroma: 8 lines of Cb, 8 of Cr.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264EdgeLines
{
    /// <summary>alpha'; 0: not filtered.</summary>
    public fixed byte Alpha[16];
    /// <summary>beta'.</summary>
    public fixed byte Beta[16];
    /// <summary>t'C0, 0xff where bS is 0 or 4.</summary>
    public fixed byte Tc0[16];
    /// <summary>0xff: bS 4.</summary>
    public fixed byte Strong[16];
}

/// <summary>Entry points of the H.264 deblocking filter (spec 8.7.2) for one bit depth and vector width. Strides are bytes.</summary>
public unsafe struct H264DeblockTable
{
    /// <summary>Bytes of scratch memory (64-byte aligned) the vertical edges need.</summary>
    public const int ScratchBytes = 20 * 32;

    private nint _lumaVertical, _lumaHorizontal, _chromaVertical, _chromaHorizontal, _lumaLines, _chromaLines;

    /// <summary>
    /// Vertical luma edges: <c>(macroblock, stride, edges, mask, scratch, bitDepth)</c>: edge e is filtered when bit e of mask is set. Changes the macroblock's columns and 3 left of it.
    /// </summary>
    public readonly delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void> LumaVertical
        => (delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void>)_lumaVertical;

    /// <summary>Horizontal luma edges, same form. Changes 3 rows above the macroblock.</summary>
    public readonly delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void> LumaHorizontal
        => (delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void>)_lumaHorizontal;

    /// <summary>Vertical chroma edges over 8 rows: <c>(cb, cr, stride, edges, mask, bitDepth)</c>, edges 0 and 1. One column left of the macroblock changes.</summary>
    public readonly delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void> ChromaVertical
        => (delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void>)_chromaVertical;

    /// <summary>Horizontal chroma edges over 8 columns, same form, edges 0..3. One row above the macroblock changes.</summary>
    public readonly delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void> ChromaHorizontal
        => (delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void>)_chromaHorizontal;

    /// <summary>A vertical luma edge of 16 lines with limits of their own: <c>(macroblock, stride, lines, scratch, bitDepth)</c>.</summary>
    public readonly delegate*<byte*, nint, H264EdgeLines*, byte*, int, void> LumaLines
        => (delegate*<byte*, nint, H264EdgeLines*, byte*, int, void>)_lumaLines;

    /// <summary>A vertical chroma edge of 8 lines in Cb and Cr with limits of their own: <c>(cb, cr, stride, lines, bitDepth)</c>.</summary>
    public readonly delegate*<byte*, byte*, nint, H264EdgeLines*, int, void> ChromaLines
        => (delegate*<byte*, byte*, nint, H264EdgeLines*, int, void>)_chromaLines;

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8..14) bits.</summary>
    public static void Create(H264DeblockTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        if (!KernelLevels.IsSupported(level))
            level = KernelLevels.Best;
        if (bitDepth == 8)
        {
            if (level == KernelLevel.Scalar)
                table->Use<H264DeblockScalar<DeblockSample8>>();
            else if (level == KernelLevel.Vector128)
                table->Use<H264DeblockBytes<Vector128<ushort>, LoopFilterWords128, DeblockBytesIo128>>();
            else
                table->Use<H264DeblockBytes<Vector256<ushort>, LoopFilterWords256, DeblockBytesIo256>>();
        }
        else if (bitDepth > 12 || level == KernelLevel.Scalar)
            table->Use<H264DeblockScalar<DeblockSample16>>(); // sums of eight 14-bit samples do not fit 16 bits
        else if (level == KernelLevel.Vector128)
            table->Use<H264DeblockWords<Vector128<ushort>, LoopFilterWords128, DeblockWordsIo128>>();
        else
            table->Use<H264DeblockWords<Vector256<ushort>, LoopFilterWords256, DeblockWordsIo256>>();
    }

    private void Use<TKernels>()
        where TKernels : struct, IH264DeblockKernels
    {
        delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void> lumaVertical = &H264DeblockEntries<TKernels>.LumaVertical;
        delegate*<byte*, nint, H264LumaEdges*, uint, byte*, int, void> lumaHorizontal = &H264DeblockEntries<TKernels>.LumaHorizontal;
        delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void> chromaVertical = &H264DeblockEntries<TKernels>.ChromaVertical;
        delegate*<byte*, byte*, nint, H264ChromaEdges*, uint, int, void> chromaHorizontal = &H264DeblockEntries<TKernels>.ChromaHorizontal;
        delegate*<byte*, nint, H264EdgeLines*, byte*, int, void> lumaLines = &H264DeblockEntries<TKernels>.LumaLines;
        delegate*<byte*, byte*, nint, H264EdgeLines*, int, void> chromaLines = &H264DeblockEntries<TKernels>.ChromaLines;
        _lumaVertical = (nint)lumaVertical;
        _lumaHorizontal = (nint)lumaHorizontal;
        _chromaVertical = (nint)chromaVertical;
        _chromaHorizontal = (nint)chromaHorizontal;
        _lumaLines = (nint)lumaLines;
        _chromaLines = (nint)chromaLines;
    }
}

/// <summary>The kernels of one implementation; see <see cref="H264DeblockTable"/>.</summary>
internal unsafe interface IH264DeblockKernels
{
    static abstract void LumaVertical(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth);
    static abstract void LumaHorizontal(byte* p, nint stride, H264LumaEdges* edges, uint mask, int bitDepth);
    static abstract void ChromaVertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth);
    static abstract void ChromaHorizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth);
    static abstract void LumaLines(byte* p, nint stride, H264EdgeLines* lines, byte* scratch, int bitDepth);
    static abstract void ChromaLines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth);
}

/// <summary>Methods whose addresses can be taken (those of a type parameter cannot).</summary>
internal static unsafe class H264DeblockEntries<TKernels>
    where TKernels : struct, IH264DeblockKernels
{
    public static void LumaVertical(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth)
        => TKernels.LumaVertical(p, stride, edges, mask, scratch, bitDepth);

    public static void LumaHorizontal(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth)
        => TKernels.LumaHorizontal(p, stride, edges, mask, bitDepth);

    public static void ChromaVertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
        => TKernels.ChromaVertical(cb, cr, stride, edges, mask, bitDepth);

    public static void ChromaHorizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
        => TKernels.ChromaHorizontal(cb, cr, stride, edges, mask, bitDepth);

    public static void LumaLines(byte* p, nint stride, H264EdgeLines* lines, byte* scratch, int bitDepth)
        => TKernels.LumaLines(p, stride, lines, scratch, bitDepth);

    public static void ChromaLines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth)
        => TKernels.ChromaLines(cb, cr, stride, lines, bitDepth);
}
