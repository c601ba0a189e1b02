// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>
/// Entry points of the AV1 prediction and residual kernels for one bit depth and vector width; those of the post filters and of film grain stand in
/// <see cref="Av1PostFilterTable"/> and <see cref="Av1GrainTable"/>. Section numbers are those of the AV1 specification.
/// </summary>
/// <remarks>
/// Common to all entries unless one says otherwise:
/// all pixel pointers are bytes and all strides are bytes, also above 8 bits, where a sample is a little-endian ushort (10 and 12 bits). bitDepth is 8, 10 or 12 and is what the table
/// was made for. Widths and heights are those of the block, in samples of the plane: powers of two, 2..128 for prediction (2 only where said), 4..64 for transforms and intra prediction.
/// Exactly width × height samples are written: neither left nor right of the block. Intermediate predictions are short with a stride in shorts, 64-byte aligned, 32 bytes readable beyond.
/// Tables of the specification that kernels need are their own (Av1*Tables.cs beside them). A kernel must not keep state.
/// </remarks>
public unsafe struct Av1KernelTable
{
    /// <summary>Transform types of one size in <see cref="InverseTransform"/>: the 16 of the specification (3: DCT_DCT = 0 .. H_FLIPADST = 15).</summary>
    public const int TransformTypes = 16;
    /// <summary>Index in <see cref="InverseTransform"/> of the 4×4 Walsh–Hadamard transform (7.13.2.10, lossless).</summary>
    public const int Lossless = 19 * TransformTypes;
    /// <summary>Intra predictors of one size in <see cref="IntraPredict"/>.</summary>
    public const int IntraPredictors = 10;

    /// <summary>
    /// Inverse transform and addition to the prediction (7.12.3 step 2 and 3, 7.13.3): <c>(dst, stride, coefficients, eob, bitDepth)</c>.
    /// Index: <c>txSize * 16 + txType</c>, txSize 0..18 as in the spec (TX_4X4 .. TX_64X16), txType 0..15; types that a size cannot have (64: DCT_DCT only; 32: DCT_DCT and IDTX) are 0.
    /// Coefficients are dequantised (7.12.3 step 1, clipped to 8 + bitDepth bits signed), short at 8 bits, int above, stored column by column:
    /// <c>c[x * ch + y]</c> with ch = min(height, 32), x &lt; min(width, 32); 16-byte aligned (int: 32). The flips of FLIPADST are done here.
    /// eob (1..1024) is the number of scan positions in use: shortcuts may rely on everything beyond it in scan order (5.11.41) being zero. On return all coefficients of the block are zero.
    /// Only min(width,32) × min(height,32) coefficients exist and are touched; the rest of a 64-wide or -high transform is zero by definition.
    /// </summary>
    public IntPtrArray305 InverseTransform;

    /// <summary>
    /// Non-directional intra prediction (7.11.2.2, .5, .6): <c>(dst, stride, above, left, bitDepth)</c>. Index: <c>txSize * 10 + predictor</c>, txSize 0..18,
    /// predictor <see cref="Av1IntraPredictor"/>. above[0..w-1], left[0..h-1] top to bottom, above[-1] = left[-1] the corner: contiguous sample arrays (not the picture),
    /// 16-byte aligned at index 0, 64 bytes readable beyond both ends.
    /// </summary>
    public IntPtrArray190 IntraPredict;

    /// <summary>
    /// Directional intra prediction (7.11.2.4 steps 7 to 9; 90 and 180 degrees are the V and H predictors): <c>(dst, stride, above, left, width, height, dx, dy, upsample, bitDepth)</c>.
    /// Index: 0 pAngle &lt; 90 (uses above, dx), 1 between 90 and 180 (both), 2 &gt; 180 (left, dy). Edges already filtered and upsampled; upsample bit 0 above, bit 1 left.
    /// Readable: above[-16 .. 2 * (w + h) + 16], left likewise; meaningful are -2 (upsampled) or -1 up to what the formulas reach.
    /// </summary>
    public IntPtrArray3 IntraDirectional;

    /// <summary>Recursive intra prediction (7.11.2.3): <c>(dst, stride, above, left, width, height, filterIntraMode, bitDepth)</c>, width and height 4..32; edges as <see cref="IntraPredict"/>.</summary>
    public nint IntraFilter;

    /// <summary>
    /// Intra edge filter (7.11.2.12), in place: <c>(edge, size, strength)</c>. edge points at index -1 of the row or column (the corner, never changed), size = sz (1..129), strength 1..3.
    /// </summary>
    public nint FilterEdge;

    /// <summary>Intra edge upsampling (7.11.2.11), in place: <c>(edge, count, bitDepth)</c>: edge points at index 0, count = numPx (4..16); reads -1..count-1, writes -2..2*count-2.</summary>
    public nint UpsampleEdge;

    /// <summary>
    /// Luma for chroma from luma (7.11.5, the array L minus its average): <c>(ac, luma, lumaStride, width, height, validWidth, validHeight, bitDepth)</c>; index 0: 4:2:0, 1: 4:2:2, 2: 4:4:4.
    /// ac: width × height shorts (chroma block, 4..32, stride width). luma: sample that belongs to the block's first. Only validWidth × validHeight chroma positions (multiples of 4 at least, from
    /// MaxLumaW/H) have luma; the last column and row of those are repeated. Result L - lumaAvg, 3 fractional bits, fits 16 bits signed.
    /// </summary>
    public IntPtrArray3 CflLuma;

    /// <summary>Chroma from luma (7.11.5): <c>(dst, stride, ac, width, height, alpha, bitDepth)</c>: dst holds the DC prediction, alpha -16..16; in place.</summary>
    public nint CflPredict;

    /// <summary>Palette prediction (7.11.4): <c>(dst, stride, colors, map, mapStride, width, height)</c>: colors 8 ushort (also at 8 bits), map one byte (0..7) a sample.</summary>
    public nint Palette;

    /// <summary>
    /// Block inter prediction of a single prediction, unscaled (7.11.3.4 with isCompound 0, clipped): <c>(dst, dstStride, src, srcStride, height, mx, my, filters, bitDepth)</c>.
    /// Index: log2(width) - 1, width 2..128; height 2..128. src is the integer position (t = 3), mx, my 0..15 in 1/16 sample; rows -3..h+4 and columns -3..w+4 are meaningful
    /// (they lie in the reference or were emulated by the caller), 32 bytes right of them are readable. Nothing else may be read: left of or above them, nor rows and columns of taps whose fraction is 0
    /// (0..h-1, 0..w-1 are all there is then), since the block may stand at the very beginning of the picture's memory.
    /// filters = horizontal + 8 * vertical, each the row of Subpel_Filters (0..5) AFTER the substitution for w &lt;= 4 or h &lt;= 4. Two roundings (InterRound0, InterRound1) even if one fraction is 0.
    /// </summary>
    public IntPtrArray7 Predict;

    /// <summary>
    /// The same for compound prediction (isCompound 1): <c>(dst, src, srcStride, height, mx, my, filters, bitDepth)</c>; dst is short[height][width], value preds[][] of the spec
    /// (sample &lt;&lt; 4 at 8 and 10 bits, &lt;&lt; 2 at 12) at 8 bits, preds[][] - 8192 above: there the two stages of the sharp filter reach 36956, which 16 bits signed only hold with the offset.
    /// All intermediate predictions have this form, and all blends take it. Index as <see cref="Predict"/>.
    /// </summary>
    public IntPtrArray7 PredictIntermediate;

    /// <summary>
    /// Scaled prediction (7.11.3.4): <c>(dst, dstStride, src, srcStride, width, height, x, y, stepX, stepY, filters, bitDepth)</c>: x, y 0..1023 position of the first sample relative to
    /// src, steps in 1/1024 sample (1..32768; normally 128..2048). Rows -3..((h-1) * stepY + y &gt;&gt; 10) + 4 and columns likewise are meaningful. Index 0: single, to samples; 1: intermediate (dst short, dstStride ignored, stride = width).
    /// </summary>
    public IntPtrArray2 PredictScaled;

    /// <summary>
    /// Warp of one 8×8 block (7.11.3.5): <c>(dst, dstStride, src, srcStride, shear, sx4, sy4, bitDepth)</c>; index 0: single, to samples (dstStride in bytes), 1: intermediate (dst short, dstStride in shorts).
    /// src is (ix4, iy4): rows -7..7 and columns -7..8 are meaningful, 16 bytes beyond readable. shear = short[4] alpha, beta, gamma, delta (7.11.3.6); sx4, sy4 0..65535.
    /// </summary>
    public IntPtrArray2 Warp;

    /// <summary>Average of two predictions (7.11.3.1): <c>(dst, dstStride, p0, p1, width, height, bitDepth)</c>; p0, p1 short[height][width].</summary>
    public nint Average;

    /// <summary>Distance weighted (7.11.3.1, COMPOUND_DISTANCE): <c>(dst, dstStride, p0, p1, width, height, fwdWeight, bckWeight, bitDepth)</c>, weights sum up to 16.</summary>
    public nint Distance;

    /// <summary>
    /// Masked compound (7.11.3.14, not interintra): <c>(dst, dstStride, p0, p1, mask, maskStride, width, height, bitDepth)</c>, mask 0..64, one byte. Index: 0 mask of the block's own size,
    /// 1 twice as wide (4:2:2 chroma), 2 twice as wide and high (4:2:0 chroma).
    /// </summary>
    public IntPtrArray3 MaskBlend;

    /// <summary>Difference weight mask (7.11.3.12): <c>(mask, maskStride, p0, p1, width, height, maskType, bitDepth)</c>, luma block size, writes bytes 0..64 (mask_type 1: 64 - m).</summary>
    public nint DifferenceMask;

    /// <summary>
    /// Interintra blend (7.11.3.14): <c>(dst, dstStride, intra, intraStride, mask, maskStride, width, height)</c>: dst holds the inter prediction,
    /// dst = Round2(m * intra + (64 - m) * dst, 6). Index as <see cref="MaskBlend"/> (1, 2: wedge masks at luma size).
    /// </summary>
    public IntPtrArray3 IntraBlend;

    /// <summary>
    /// Overlap blend (7.11.3.10): <c>(dst, dstStride, other, otherStride, width, height)</c>: dst = Round2(m * dst + (64 - m) * other, 6) with Obmc_Mask of the height (index 0: from above, m by row)
    /// or of the width (index 1: from left, m by column). That length is 2..32 (1 not possible), the other dimension 2..128 and need not be a power of two times the block.
    /// </summary>
    public IntPtrArray2 OverlapBlend;

    /// <summary>An entry of <see cref="InverseTransform"/>.</summary>
    public readonly delegate*<byte*, nint, void*, int, int, void> GetInverseTransform(int index) => (delegate*<byte*, nint, void*, int, int, void>)InverseTransform[index];
    /// <summary>An entry of <see cref="IntraPredict"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, int, void> GetIntraPredict(int index) => (delegate*<byte*, nint, byte*, byte*, int, void>)IntraPredict[index];
    /// <summary>An entry of <see cref="IntraDirectional"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void> GetIntraDirectional(int zone)
        => (delegate*<byte*, nint, byte*, byte*, int, int, int, int, int, int, void>)IntraDirectional[zone];
    /// <summary><see cref="IntraFilter"/>, callable.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, int, int, int, int, void> GetIntraFilter() => (delegate*<byte*, nint, byte*, byte*, int, int, int, int, void>)IntraFilter;
    /// <summary><see cref="FilterEdge"/>, callable.</summary>
    public readonly delegate*<byte*, int, int, void> GetFilterEdge() => (delegate*<byte*, int, int, void>)FilterEdge;
    /// <summary><see cref="UpsampleEdge"/>, callable.</summary>
    public readonly delegate*<byte*, int, int, void> GetUpsampleEdge() => (delegate*<byte*, int, int, void>)UpsampleEdge;
    /// <summary>An entry of <see cref="CflLuma"/>.</summary>
    public readonly delegate*<short*, byte*, nint, int, int, int, int, int, void> GetCflLuma(int format) => (delegate*<short*, byte*, nint, int, int, int, int, int, void>)CflLuma[format];
    /// <summary><see cref="CflPredict"/>, callable.</summary>
    public readonly delegate*<byte*, nint, short*, int, int, int, int, void> GetCflPredict() => (delegate*<byte*, nint, short*, int, int, int, int, void>)CflPredict;
    /// <summary><see cref="Palette"/>, callable.</summary>
    public readonly delegate*<byte*, nint, ushort*, byte*, nint, int, int, void> GetPalette() => (delegate*<byte*, nint, ushort*, byte*, nint, int, int, void>)Palette;
    /// <summary>An entry of <see cref="Predict"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void> GetPredict(int index) => (delegate*<byte*, nint, byte*, nint, int, int, int, int, int, void>)Predict[index];
    /// <summary>An entry of <see cref="PredictIntermediate"/>.</summary>
    public readonly delegate*<short*, byte*, nint, int, int, int, int, int, void> GetPredictIntermediate(int index)
        => (delegate*<short*, byte*, nint, int, int, int, int, int, void>)PredictIntermediate[index];
    /// <summary>An entry of <see cref="PredictScaled"/>.</summary>
    public readonly delegate*<void*, nint, byte*, nint, int, int, int, int, int, int, int, int, void> GetPredictScaled(int intermediate)
        => (delegate*<void*, nint, byte*, nint, int, int, int, int, int, int, int, int, void>)PredictScaled[intermediate];
    /// <summary>An entry of <see cref="Warp"/>.</summary>
    public readonly delegate*<void*, nint, byte*, nint, short*, int, int, int, void> GetWarp(int intermediate) => (delegate*<void*, nint, byte*, nint, short*, int, int, int, void>)Warp[intermediate];
    /// <summary><see cref="Average"/>, callable.</summary>
    public readonly delegate*<byte*, nint, short*, short*, int, int, int, void> GetAverage() => (delegate*<byte*, nint, short*, short*, int, int, int, void>)Average;
    /// <summary><see cref="Distance"/>, callable.</summary>
    public readonly delegate*<byte*, nint, short*, short*, int, int, int, int, int, void> GetDistance() => (delegate*<byte*, nint, short*, short*, int, int, int, int, int, void>)Distance;
    /// <summary>An entry of <see cref="MaskBlend"/>.</summary>
    public readonly delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void> GetMaskBlend(int index)
        => (delegate*<byte*, nint, short*, short*, byte*, nint, int, int, int, void>)MaskBlend[index];
    /// <summary><see cref="DifferenceMask"/>, callable.</summary>
    public readonly delegate*<byte*, nint, short*, short*, int, int, int, int, void> GetDifferenceMask() => (delegate*<byte*, nint, short*, short*, int, int, int, int, void>)DifferenceMask;
    /// <summary>An entry of <see cref="IntraBlend"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void> GetIntraBlend(int index) => (delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void>)IntraBlend[index];
    /// <summary>An entry of <see cref="OverlapBlend"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, void> GetOverlapBlend(int fromLeft) => (delegate*<byte*, nint, byte*, nint, int, int, void>)OverlapBlend[fromLeft];

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8, 10 or 12) bits.</summary>
    public static void Create(Av1KernelTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        Av1TransformKernels.Fill(table, bitDepth, level);
        Av1IntraKernels.Fill(table, bitDepth, level);
        Av1InterKernels.Fill(table, bitDepth, level);
    }
}

/// <summary>Non-directional predictors in <see cref="Av1KernelTable.IntraPredict"/>.</summary>
public enum Av1IntraPredictor
{
    /// <summary>DC_PRED with both edges.</summary>
    Dc,
    /// <summary>V_PRED without angle: every row is the row above.</summary>
    Vertical,
    /// <summary>H_PRED without angle.</summary>
    Horizontal,
    /// <summary>PAETH_PRED.</summary>
    Paeth,
    /// <summary>SMOOTH_PRED.</summary>
    Smooth,
    /// <summary>SMOOTH_V_PRED.</summary>
    SmoothVertical,
    /// <summary>SMOOTH_H_PRED.</summary>
    SmoothHorizontal,
    /// <summary>DC_PRED with the left edge only.</summary>
    DcLeft,
    /// <summary>DC_PRED with the edge above only.</summary>
    DcAbove,
    /// <summary>DC_PRED without edges: 1 &lt;&lt; (bitDepth - 1).</summary>
    DcNone,
}
