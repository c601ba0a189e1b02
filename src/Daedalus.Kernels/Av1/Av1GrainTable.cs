// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>Entry points of film grain synthesis (7.18.3.5); conventions as in <see cref="Av1KernelTable"/>. Grain and noise values are short with strides in shorts.</summary>
public unsafe struct Av1GrainTable
{
    /// <summary>
    /// Adds luma noise: <c>(dst, dstStride, src, srcStride, noise, noiseStride, width, height, parameters)</c>: noise = noiseImage rows (overlap already blended), width any, src may equal dst.
    /// </summary>
    public nint AddLuma;

    /// <summary>
    /// Adds chroma noise to one plane: <c>(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, width, height, parameters)</c>: width, height of the chroma rows; luma = the picture's luma WITHOUT grain
    /// for these rows. Index: 0: 4:2:0, 1: 4:2:2, 2: 4:4:4. The last luma column of odd widths is repeated (lumaNextX).
    /// </summary>
    public IntPtrArray3 AddChroma;

    /// <summary><see cref="AddLuma"/>, callable.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void> GetAddLuma()
        => (delegate*<byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)AddLuma;
    /// <summary>An entry of <see cref="AddChroma"/>.</summary>
    public readonly delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void> GetAddChroma(int format)
        => (delegate*<byte*, nint, byte*, nint, byte*, nint, short*, nint, int, int, Av1GrainParameters*, void>)AddChroma[format];

    /// <summary>Fills <paramref name="table"/> for samples of <paramref name="bitDepth"/> (8, 10 or 12) bits.</summary>
    public static void Create(Av1GrainTable* table, int bitDepth, KernelLevel level)
    {
        *table = default;
        Av1GrainKernels.Fill(table, bitDepth, level);
    }
}

/// <summary>What adding noise to one plane needs.</summary>
public unsafe struct Av1GrainParameters
{
    /// <summary>ScalingLut of the plane (luma's with chroma_scaling_from_luma), [256] = [255] so that interpolation may read one further.</summary>
    public fixed byte Scaling[257];
    /// <summary>1: chroma_scaling_from_luma.</summary>
    public byte FromLuma;
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
}
