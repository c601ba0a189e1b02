// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.H264;

/// <summary>
/// Entry points of the H.264 pixel kernels for one bit depth and vector width. All pixel pointers are bytes, all strides are bytes
/// (also above 8 bits, where a sample is a little-endian ushort). Coefficients are short at 8 bits, int above.
/// A block's coefficients are stored column by column: <c>c[x * n + y]</c>, x to the right. maxValue = (1 &lt;&lt; bitDepth) - 1.
/// </summary>
public unsafe struct H264KernelTable
{
    /// <summary>
    /// Luma sample interpolation (spec 8.4.2.2.1), quarter samples: <c>(dst, dstStride, src, srcStride, height, maxValue)</c>.
    /// Index: <c>(average * 3 + w) * 16 + my * 4 + mx</c>, w = 0: 16, 1: 8, 2: 4 samples wide; height 4, 8 or 16; average 1 = (dst + p + 1) &gt;&gt; 1
    /// (default bi-prediction). src is the integer position; rows -2..height+2 and columns -2..width+2 are meaningful, and 32 bytes right of them readable.
    /// </summary>
    public IntPtrArray96 PredictLuma;

    /// <summary>
    /// Chroma interpolation (spec 8.4.2.2.2): <c>(dst, dstStride, src, srcStride, height, mx, my, maxValue)</c>, mx, my 0..7 eighths.
    /// Index: <c>average * 3 + w</c>, w = 0: 8, 1: 4, 2: 2 wide; height 2..16. Row height and column width are read only when my, mx are not 0
    /// (16 bytes right of the block are readable).
    /// </summary>
    public IntPtrArray6 PredictChroma;

    /// <summary>
    /// Explicit weighting of one prediction, in place (spec 8.4.2.3.2): <c>(dst, stride, height, log2Denominator, weight, offset, maxValue)</c>;
    /// offset already scaled to the bit depth. Index w: 0: 16, 1: 8, 2: 4, 3: 2 wide.
    /// </summary>
    public IntPtrArray4 Weight;

    /// <summary>
    /// Weighting of two predictions: dst = clip(((dst * w0 + src * w1 + 2^log2Denominator) &gt;&gt; (log2Denominator + 1)) + offset):
    /// <c>(dst, dstStride, src, srcStride, height, log2Denominator, w0, w1, offset, maxValue)</c>, offset = (o0 + o1 + 1) &gt;&gt; 1. Index as <see cref="Weight"/>. w0 + w1 may be
    /// -128..254 (explicit) or 64 (implicit, -64..128 each): products need more than 16 bits in general.
    /// </summary>
    public IntPtrArray4 WeightBi;

    /// <summary>
    /// Inverse 4×4 transform of up to sixteen blocks of a 16×16 luma macroblock and addition (spec 8.5.12): <c>(dst, stride, coefficients, mask, maxValue)</c>.
    /// Bit b of mask (uint): block b (spec 6.4.3 order: 8×8 by 8×8) at coefficients + b * 16 has coefficients; dst is the macroblock's first sample.
    /// On return the blocks' coefficients are zero. The coefficients of blocks without a bit must be zero as well: kernels may take them along.
    /// </summary>
    public nint AddTransform4x4Luma;

    /// <summary>
    /// The same for chroma blocks of a plane 8 samples wide: <c>(dst, stride, coefficients, mask, maxValue)</c>, block b (0..7) at x = (b &amp; 1) * 4, y = (b &gt;&gt; 1) * 4.
    /// </summary>
    public nint AddTransform4x4Chroma;

    /// <summary>Inverse 4×4 transform of one block and addition: <c>(dst, stride, coefficients, maxValue)</c>; zeroes them. For Intra_4x4.</summary>
    public nint AddTransform4x4;

    /// <summary>Inverse 8×8 transform of one block and addition (spec 8.5.13): <c>(dst, stride, coefficients, maxValue)</c>; zeroes the 64 coefficients.</summary>
    public nint AddTransform8x8;

    /// <summary>
    /// Inverse transform of the Intra_16x16 luma DC levels (spec 8.5.10): <c>(coefficients, dc, scale, qp)</c>: dc = 16 levels, <c>dc[x * 4 + y]</c> over the blocks' positions;
    /// writes the scaled values to <c>coefficients[block * 16]</c> (6.4.3 order) and zeroes dc. scale = LevelScale4x4(qp % 6, 0, 0), qp = qP'.
    /// </summary>
    public nint LumaDc;

    /// <summary>Chroma DC of 4:2:0 (spec 8.5.11.1/2): <c>(coefficients, dc, scale, qp)</c>: dc[4] in raster order (c[y][x] = dc[y * 2 + x]); to coefficients[block * 16]; zeroes dc.</summary>
    public nint ChromaDc420;

    /// <summary>Chroma DC of 4:2:2: dc[8], c[y][x] = dc[y * 2 + x]; qp is QP'c,dc = QP'c + 3, scale = LevelScale4x4(qp % 6, 0, 0).</summary>
    public nint ChromaDc422;

    /// <summary>
    /// Transform bypass (spec 8.5.15): <c>(dst, stride, coefficients, size, mode, maxValue)</c> adds the size×size (4 or 8) residual; mode 0 plain,
    /// 1 vertical prediction (accumulate down), 2 horizontal (accumulate right). Zeroes the coefficients.
    /// Intra_16x16 and chroma accumulate over the whole macroblock: there 3 (vertical) and 4 (horizontal) continue from the reconstructed
    /// row above (dst - stride) or column left of the block, which must already be done, instead of what dst holds.
    /// </summary>
    public nint AddBypass;

    /// <summary><see cref="AddTransform4x4Luma"/>, callable.</summary>
    public readonly delegate*<byte*, nint, void*, uint, int, void> GetAddTransform4x4Luma()
        => (delegate*<byte*, nint, void*, uint, int, void>)AddTransform4x4Luma;

    /// <summary><see cref="AddTransform4x4Chroma"/>, callable.</summary>
    public readonly delegate*<byte*, nint, void*, uint, int, void> GetAddTransform4x4Chroma()
        => (delegate*<byte*, nint, void*, uint, int, void>)AddTransform4x4Chroma;

    /// <summary><see cref="AddTransform4x4"/>, callable.</summary>
    public readonly delegate*<byte*, nint, void*, int, void> GetAddTransform4x4()
        => (delegate*<byte*, nint, void*, int, void>)AddTransform4x4;

    /// <summary><see cref="AddTransform8x8"/>, callable.</summary>
    public readonly delegate*<byte*, nint, void*, int, void> GetAddTransform8x8()
        => (delegate*<byte*, nint, void*, int, void>)AddTransform8x8;

    /// <summary><see cref="LumaDc"/>, callable: <c>(coefficients, dc, scale, qp)</c>.</summary>
    public readonly delegate*<void*, void*, int, int, void> GetLumaDc()
        => (delegate*<void*, void*, int, int, void>)LumaDc;

    /// <summary><see cref="ChromaDc420"/>, callable.</summary>
    public readonly delegate*<void*, void*, int, int, void> GetChromaDc420()
        => (delegate*<void*, void*, int, int, void>)ChromaDc420;

    /// <summary><see cref="ChromaDc422"/>, callable.</summary>
    public readonly delegate*<void*, void*, int, int, void> GetChromaDc422()
        => (delegate*<void*, void*, int, int, void>)ChromaDc422;

    /// <summary><see cref="AddBypass"/>, callable: <c>(dst, stride, coefficients, size, mode, maxValue)</c>.</summary>
    public readonly delegate*<byte*, nint, void*, int, int, int, void> GetAddBypass()
        => (delegate*<byte*, nint, void*, int, int, int, void>)AddBypass;

    /// <summary>An entry of <see cref="Intra4x4"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, nint, int, void> GetIntra4x4(int mode)
        => (delegate*<byte*, nint, byte*, byte*, nint, int, void>)Intra4x4[mode];

    /// <summary>An entry of <see cref="Intra8x8"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, nint, int, int, void> GetIntra8x8(int mode)
        => (delegate*<byte*, nint, byte*, byte*, nint, int, int, void>)Intra8x8[mode];

    /// <summary>An entry of <see cref="Intra16x16"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, nint, int, int, void> GetIntra16x16(int mode)
        => (delegate*<byte*, nint, byte*, byte*, nint, int, int, void>)Intra16x16[mode];

    /// <summary>An entry of <see cref="IntraChroma"/>: tall * 4 + mode.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, nint, int, int, void> GetIntraChroma(int index)
        => (delegate*<byte*, nint, byte*, byte*, nint, int, int, void>)IntraChroma[index];

    /// <summary>
    /// Intra_4x4 prediction (spec 8.3.1.2): <c>(dst, stride, above, left, leftStride, maxValue)</c>; above[-1] top left, above[0..7] (sample array),
    /// left sample i at left + i * leftStride bytes. Modes 0..8 as in the spec (2 = DC of both edges), 9 DC of left, 10 DC of above, 11 DC without edges.
    /// Missing above-right samples have been replaced by the caller. above and left may lie in the picture itself.
    /// </summary>
    public IntPtrArray12 Intra4x4;

    /// <summary>
    /// Intra_8x8 prediction with its reference sample filter (spec 8.3.2.2): <c>(dst, stride, above, left, leftStride, available, maxValue)</c>; above[-1], above[0..15];
    /// available: bit 0 left, 1 above, 2 above-left, 3 above-right. Modes 0..8; DC looks at available; unavailable above-right is replaced inside.
    /// </summary>
    public IntPtrArray9 Intra8x8;

    /// <summary>
    /// Intra_16x16 prediction (spec 8.3.3): <c>(dst, stride, above, left, leftStride, available, maxValue)</c>. Modes 0 vertical, 1 horizontal, 2 DC (by available bits 0, 1), 3 plane.
    /// </summary>
    public IntPtrArray4 Intra16x16;

    /// <summary>
    /// Chroma prediction (spec 8.3.4): <c>(dst, stride, above, left, leftStride, available, maxValue)</c>; modes as the spec: 0 DC, 1 horizontal, 2 vertical, 3 plane;
    /// index: <c>tall * 4 + mode</c>, tall 0: 8×8, 1: 8×16. available: bit 0 left (upper half), 1 above, 4 left (lower half).
    /// </summary>
    public IntPtrArray8 IntraChroma;

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8..14) bits.</summary>
    public static void Create(H264KernelTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        H264InterKernels.Fill(table, bitDepth, level);
        H264TransformKernels.Fill(table, bitDepth, level);
        H264IntraKernels.Fill(table, bitDepth, level);
    }
}
