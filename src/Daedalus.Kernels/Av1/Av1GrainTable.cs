// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Entry points of film grain synthesis (7.18.3); conventions as in <see cref="Av1KernelTable"/>. Grain and noise values are short with strides in shorts.</summary>
public unsafe struct Av1GrainTable
{
    /// <summary>Shorts that kernels may read beyond the last grain value of a row that they use.</summary>
    public const int GrainPadding = 16;

    /// <summary>
    /// Adds luma noise (7.18.3.5): <c>(dst, dstStride, src, srcStride, noise, noiseStride, width, height, parameters)</c>: noise = rows of noiseImage; any width; dst and src do not overlap.
    /// Exactly width samples are read and written.
    /// </summary>
    public nint AddLuma;

    /// <summary>
    /// Adds chroma noise to one plane (7.18.3.5): <c>(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, width, height, parameters)</c>: width, height of the chroma rows;
    /// luma = the picture's luma WITHOUT grain for these rows. Index: 0: 4:2:0, 1: 4:2:2, 2: 4:4:4. The last luma column of odd widths is repeated (lumaNextX). dst overlaps with neither source.
    /// </summary>
    public IntPtrArray3 AddChroma;

    /// <summary>
    /// One row of a noise stripe (7.18.3.5): <c>(dst, grain, offsets, blocks, overlap, min, max)</c>: block b starts at grain[offsets[b]]; with overlap (1) its first columns are blended with those that
    /// the block before it has beyond its width, and clipped to min..max (GrainMin, GrainMax). Writes blocks × width shorts. Index: 0: blocks 32 wide (two columns overlap), 1: 16 wide (subsampled; one).
    /// </summary>
    public IntPtrArray2 NoiseRow;

    /// <summary>
    /// Overlap of two stripes (7.18.3.5): <c>(row, old, oldWeight, newWeight, count, min, max)</c>: row = Clip3(min, max, Round2(old * oldWeight + row * newWeight, 5)). count is a multiple of 16.
    /// </summary>
    public nint BlendRow;

    /// <summary>
    /// What the rows above contribute to the auto-regressive filter (7.18.3.3): <c>(sums, grain, stride, rows, coefficients, count)</c>: sums[x] = sum of coefficients[(3 + r) * 8 + 3 + c] * grain[r * stride + x + c]
    /// for r = -rows..-1 (rows 0..3), c = -3..3; element 7 of each eight coefficients is 0. count is a multiple of 16; GrainPadding applies.
    /// </summary>
    public nint RowsAbove;

    /// <summary><see cref="AddLuma"/>, callable.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void> GetAddLuma()
        => (delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)AddLuma;
    /// <summary>An entry of <see cref="AddChroma"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void> GetAddChroma(int format)
        => (delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)AddChroma[format];
    /// <summary>An entry of <see cref="NoiseRow"/>.</summary>
    public readonly delegate*<short*, short*, ushort*, int, int, int, int, void> GetNoiseRow(int subX) => (delegate*<short*, short*, ushort*, int, int, int, int, void>)NoiseRow[subX];
    /// <summary><see cref="BlendRow"/>, callable.</summary>
    public readonly delegate*<short*, short*, int, int, int, int, int, void> GetBlendRow() => (delegate*<short*, short*, int, int, int, int, int, void>)BlendRow;
    /// <summary><see cref="RowsAbove"/>, callable.</summary>
    public readonly delegate*<int*, short*, nint, int, short*, int, void> GetRowsAbove() => (delegate*<int*, short*, nint, int, short*, int, void>)RowsAbove;

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8, 10 or 12) bits.</summary>
    public static void Create(Av1GrainTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        Av1GrainKernels.Fill(table, bitDepth, level);
    }
}

/// <summary>What adding noise to one plane needs. <see cref="Prepare"/> comes after <see cref="Scaling"/>.</summary>
public unsafe struct Av1GrainParameters
{
    /// <summary>ScalingLut of the plane (luma's with chroma_scaling_from_luma), [256] = [255] so that interpolation may read one further.</summary>
    public fixed byte Scaling[257];
    /// <summary>1: chroma_scaling_from_luma.</summary>
    public byte FromLuma;
    /// <summary>Scaling for the vector kernels: what it differs in, exclusive or, from sixteen entries before (first half and second half each on its own).</summary>
    public fixed byte Steps[256];
    /// <summary>The same of the entries one further: the other end of the interpolation above 8 bits.</summary>
    public fixed byte NextSteps[256];
    /// <summary>ScalingShift 8..11.</summary>
    public int ScalingShift;
    /// <summary>minValue and maxLuma or maxChroma.</summary>
    public int Min, Max;
    /// <summary>cb_luma_mult - 128, cb_mult - 128, (cb_offset - 256) &lt;&lt; (bitDepth - 8) or those of Cr.</summary>
    public int LumaMultiplier, Multiplier, Offset;
    /// <summary>8, 10, 12.</summary>
    public int BitDepth;
    /// <summary>Luma width in samples, for lumaNextX.</summary>
    public int LumaWidth;

    /// <summary>Makes <see cref="Steps"/> and <see cref="NextSteps"/> of <see cref="Scaling"/>.</summary>
    public void Prepare()
    {
        Scaling[256] = Scaling[255];
        for (int i = 0; i < 256; i++)
        {
            Steps[i] = (byte)((i & 127) < 16 ? Scaling[i] : Scaling[i] ^ Scaling[i - 16]);
            NextSteps[i] = (byte)((i & 127) < 16 ? Scaling[i + 1] : Scaling[i + 1] ^ Scaling[i - 15]);
        }
    }
}
