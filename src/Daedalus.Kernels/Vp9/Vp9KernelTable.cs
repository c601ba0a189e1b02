// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Entry points of the VP9 pixel kernels for one bit depth and vector width.
/// All pixel pointers are bytes, all strides are bytes (also above 8 bits, where a sample is a little-endian ushort).
/// The table lives in native memory: a call is one load and one indirect jump.
/// </summary>
public unsafe struct Vp9KernelTable
{
    /// <summary>Number of inverse transform entries: [transform size 0..3][type 0..3], then the lossless WHT at <see cref="Lossless"/>.</summary>
    public const int InverseTransformCount = Vp9InverseTransformKernels.LosslessEntry + 1;

    /// <summary>Index of the 4×4 Walsh–Hadamard transform (spec 8.7.1.10).</summary>
    public const int Lossless = Vp9InverseTransformKernels.LosslessEntry;

    /// <summary>Number of intra prediction entries: [transform size 0..3][mode 0..<see cref="IntraModes"/>-1].</summary>
    public const int IntraModes = 13;

    /// <summary>
    /// Inverse transform and add to the prediction: <c>(dst, stride, coefficients, eob, maxValue)</c>.
    /// Index: <c>txSize * 4 + txType</c> with txSize 0..3 = 4×4..32×32 and txType as in the spec
    /// (0 DCT_DCT, 1 ADST_DCT: ADST down the columns, 2 DCT_ADST: ADST along the rows, 3 ADST_ADST); 32×32 has type 0 only.
    /// Coefficients are dequantised and stored column by column: <c>c[col * n + row]</c>; short at 8 bits, int above.
    /// eob (1..n²) counts scan positions: kernels may use it for shortcuts. On return every coefficient is zero again.
    /// maxValue = (1 &lt;&lt; bitDepth) - 1.
    /// </summary>
    public IntPtrArray17 InverseTransform;

    /// <summary>
    /// Intra prediction: <c>(dst, stride, left, above, maxValue)</c>; left[0..n-1] from top to bottom,
    /// above[-1] is the top-left sample, above[0..2n-1] the row above and above-right. Both are sample arrays
    /// of the pixel type, contiguous, readable 32 bytes beyond their end and 32 bytes before above[-1].
    /// Index: <c>txSize * 13 + mode</c>, mode = spec intra modes 0 DC, 1 V, 2 H, 3 D45, 4 D135, 5 D117, 6 D153, 7 D207, 8 D63, 9 TM,
    /// then 10 DC of left only, 11 DC of above only, 12 DC without edges (1 &lt;&lt; (bitDepth - 1)).
    /// </summary>
    public IntPtrArray52 IntraPredict;

    /// <summary>
    /// Motion compensation of one block at unscaled position: <c>(dst, dstStride, src, srcStride, height, mx, my, maxValue)</c>,
    /// mx, my in 1/16 sample 0..15 (either may be 0: no filtering in that direction, exact copy when both are).
    /// src points at the integer position; rows -3..h+4 and columns -3..w+4 are readable (w rounded up to 16 bytes more).
    /// Index: <c>(average * 4 + filter) * 5 + widthLog2 - 2</c>: width 4..64, filter = 0 regular, 1 smooth, 2 sharp, 3 bilinear
    /// (the V4L2 numbering), average 1 = round-up mean with what dst holds (compound prediction).
    /// Horizontal pass first, rounded and clipped to a sample, then vertical (spec 8.5.2.3).
    /// </summary>
    public IntPtrArray40 Predict;

    /// <summary>
    /// Scaled motion compensation: <c>(dst, dstStride, src, srcStride, width, height, mx, my, xStep, yStep, maxValue)</c>,
    /// steps in 1/16 sample (1..80). width, height ≤ 64. Index: <c>average * 4 + filter</c>.
    /// </summary>
    public IntPtrArray8 PredictScaled;

    /// <summary>Inverse transform entry for a size and type.</summary>
    public readonly delegate*<byte*, nint, void*, int, int, void> GetInverseTransform(int index)
        => (delegate*<byte*, nint, void*, int, int, void>)InverseTransform[index];

    /// <summary>Intra prediction entry for a size and mode.</summary>
    public readonly delegate*<byte*, nint, byte*, byte*, int, void> GetIntraPredict(int index)
        => (delegate*<byte*, nint, byte*, byte*, int, void>)IntraPredict[index];

    /// <summary>Motion compensation entry.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, int, int, void> GetPredict(int index)
        => (delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)Predict[index];

    /// <summary>Scaled motion compensation entry.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, int, void> GetPredictScaled(int index)
        => (delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, int, void>)PredictScaled[index];

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8, 10 or 12) bits.</summary>
    public static void Create(Vp9KernelTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        Vp9InverseTransformKernels.Fill((nint*)&table->InverseTransform, bitDepth, level);
        Vp9IntraKernels.Fill(table, bitDepth, level);
        Vp9InterKernels.Fill(table, bitDepth, level);
    }
}
