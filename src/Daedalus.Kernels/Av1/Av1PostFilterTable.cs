// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Entry points of deblocking, CDEF, superres and loop restoration; conventions as in <see cref="Av1KernelTable"/>.</summary>
public unsafe struct Av1PostFilterTable
{
    /// <summary>What stands for a sample that is not available in the source of <see cref="Cdef"/> (CdefAvailable 0): the least as a signed and more than all samples as an unsigned word, and farther from them than any difference that counts.</summary>
    public const ushort CdefUnavailable = 0x8000;
    /// <summary>Bytes of scratch for <see cref="SelfGuided"/>.</summary>
    public const int SelfGuidedScratchBytes = 512 * 1024;
    /// <summary>Widest block of one call of <see cref="Wiener"/> and <see cref="SelfGuided"/>; height at most 64.</summary>
    public const int RestorationMaxWidth = 384;

    /// <summary>
    /// Deblocking of one edge (7.14.6): <c>(dst, stride, edges, units, limits, bitDepth)</c>: units (a multiple of 8) adjacent segments of 4 samples each along the edge, dst = first sample right of (below) it.
    /// edges[i] says what segment i gets: level (lvl of 7.14.4, 1..63) | length &lt;&lt; 6, or 0: nothing. length 0: filterSize 4, 1: 8 (chroma: the 6 tap filter), 2: 16 (luma only).
    /// Index: <c>chroma * 2 + direction</c>; direction 0: edge between columns (pass 0), 1: between rows (pass 1). limits: <see cref="Av1FilterLimits"/>.
    /// Writes at most 6 samples on either side for length 2, 3 (chroma 2) for length 1, 2 for length 0, and reads one more (length 0: as many; kernels may load 8 and 4 columns left and right). The samples of segments with 0 are there too: kernels
    /// of direction 1 may write them back unchanged.
    /// </summary>
    public IntPtrArray4 Deblock;

    /// <summary>CDEF direction (7.15.2) of an 8×8 luma block: <c>(src, stride, variance, bitDepth)</c> gives the direction 0..7 and *variance = var.</summary>
    public nint CdefDirection;

    /// <summary>
    /// CDEF filter of an 8×8 block of one plane (7.15.3): <c>(dst, dstStride, src, srcStride, primary, secondary, direction, damping, bitDepth)</c>. src: ushort samples also at 8 bits, stride in samples, 2 rows above
    /// and below and 2 columns to either side are there; <see cref="CdefUnavailable"/> where 7.15.3 finds nothing. primary and secondary: priStr (luma: after the adjustment by variance), secStr, scaled
    /// to the bit depth; one may be 0, not both. damping as the process gets it.
    /// </summary>
    public nint Cdef;

    /// <summary>
    /// The same for blocks 4 wide of both chroma planes: <c>(dstU, dstV, dstStride, src, srcStride, primary, secondary, direction, damping, bitDepth)</c>. src holds U and V sample by sample side by side (column x of U at
    /// 2x, of V at 2x + 1). Index: 0: 4×4 (4:2:0), 1: 4 wide and 8 high (4:2:2).
    /// </summary>
    public IntPtrArray2 CdefPair;

    /// <summary>To ushort, for <see cref="Cdef"/>: <c>(dst, dstStride, src, srcStride, width, height)</c>, dstStride in samples; up to 15 samples more may be read and written in each row.</summary>
    public nint CdefLoad;

    /// <summary>To ushort, for <see cref="CdefPair"/>: <c>(dst, dstStride, srcU, srcV, srcStride, width, height)</c>, width in columns; up to 15 columns more may be read, 7 written in each row.</summary>
    public nint CdefLoadPair;

    /// <summary>
    /// Upscaling (7.16) of rows: <c>(dst, dstStride, src, srcStride, width, height, position, step, bitDepth)</c>: width upscaled samples from position = initialSubpelX
    /// (of the row's first sample; srcX = -(1 &lt;&lt; 14) + position + x * step). src row: 8 samples left of 0 and right of the last hold its first and last sample (the clamp), driver's work; 16 more are readable. dst holds width rounded up to 4 samples.
    /// </summary>
    public nint Upscale;

    /// <summary>
    /// Wiener filter (7.17.4): <c>(dst, dstStride, src, srcStride, width, height, filters, bitDepth)</c>: filters short[16]: vfilter[0..6], 0, hfilter[0..6], 0. Rows -3..h+2 and columns -3..w+2 of src hold what
    /// get_source_sample gives (the driver puts boundary lines and repeated edges there), 32 readable beyond. dst does not overlap src, and holds width rounded up to 16 samples: what is beyond width is undefined after. Index 0: 7 taps, 1: 5 taps (first and last coefficient 0).
    /// </summary>
    public IntPtrArray2 Wiener;

    /// <summary>
    /// Self-guided filter (7.17.2, 7.17.3): <c>(dst, dstStride, src, srcStride, width, height, set, w0, w1, scratch, bitDepth)</c>: set = lr_sgr_set 0..15, w0, w1 = LrSgrXqd. src as for <see cref="Wiener"/>.
    /// The block begins on an even row of its stripe. scratch: <see cref="SelfGuidedScratchBytes"/>, 64-byte aligned, content irrelevant.
    /// </summary>
    public nint SelfGuided;

    /// <summary>An entry of <see cref="Deblock"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void> GetDeblock(int index)
        => (delegate*<byte*, nint, byte*, int, Av1FilterLimits*, int, void>)Deblock[index];
    /// <summary><see cref="CdefDirection"/>, callable.</summary>
    public readonly delegate*<byte*, nint, int*, int, int> GetCdefDirection() => (delegate*<byte*, nint, int*, int, int>)CdefDirection;
    /// <summary><see cref="Cdef"/>, callable.</summary>
    public readonly delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void> GetCdef() => (delegate*<byte*, nint, ushort*, nint, int, int, int, int, int, void>)Cdef;
    /// <summary>An entry of <see cref="CdefPair"/>.</summary>
    public readonly delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void> GetCdefPair(int high)
        => (delegate*<byte*, byte*, nint, ushort*, nint, int, int, int, int, int, void>)CdefPair[high];
    /// <summary><see cref="CdefLoadPair"/>, callable.</summary>
    public readonly delegate*<ushort*, nint, byte*, byte*, nint, int, int, void> GetCdefLoadPair() => (delegate*<ushort*, nint, byte*, byte*, nint, int, int, void>)CdefLoadPair;
    /// <summary><see cref="CdefLoad"/>, callable.</summary>
    public readonly delegate*<ushort*, nint, byte*, nint, int, int, void> GetCdefLoad() => (delegate*<ushort*, nint, byte*, nint, int, int, void>)CdefLoad;
    /// <summary><see cref="Upscale"/>, callable.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void> GetUpscale() => (delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)Upscale;
    /// <summary>An entry of <see cref="Wiener"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, short*, int, void> GetWiener(int five) => (delegate*<byte*, nint, byte*, nint, int, int, short*, int, void>)Wiener[five];
    /// <summary><see cref="SelfGuided"/>, callable.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void> GetSelfGuided()
        => (delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void*, int, void>)SelfGuided;

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8, 10 or 12) bits.</summary>
    public static void Create(Av1PostFilterTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        Av1DeblockKernels.Fill(table, bitDepth, level);
        Av1CdefKernels.Fill(table, bitDepth, level);
        Av1RestorationKernels.Fill(table, bitDepth, level);
    }
}

/// <summary>limit, blimit and thresh of every filter level for one sharpness (7.14.4), not scaled to the bit depth.</summary>
public unsafe struct Av1FilterLimits
{
    /// <summary>limit of level 0..63.</summary>
    public fixed byte Limit[64];
    /// <summary>blimit.</summary>
    public fixed byte BlockLimit[64];
    /// <summary>limit is level >> Shift, at most Max and at least 1.</summary>
    public byte Shift, Max;

    /// <summary>Computes them; thresh is level >> 4.</summary>
    public void Set(int sharpness)
    {
        int shift = sharpness > 4 ? 2 : sharpness > 0 ? 1 : 0;
        Shift = (byte)shift;
        Max = (byte)(sharpness > 0 ? 9 - sharpness : 63);
        for (int level = 0; level < 64; level++)
        {
            int limit = Math.Max(1, sharpness > 0 ? Math.Min(9 - sharpness, level >> shift) : level >> shift);
            Limit[level] = (byte)limit;
            BlockLimit[level] = (byte)(2 * (level + 2) + limit);
        }
    }
}
