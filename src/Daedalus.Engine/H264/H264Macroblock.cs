// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>How a macroblock is predicted.</summary>
public enum H264MbType : byte
{
    /// <summary>Intra_4x4.</summary>
    Intra4x4,
    /// <summary>Intra_8x8.</summary>
    Intra8x8,
    /// <summary>Intra_16x16.</summary>
    Intra16x16,
    /// <summary>I_PCM: the samples stand in the macroblock's coefficients, plane by plane in raster order.</summary>
    Pcm,
    /// <summary>SI: Intra_4x4 with the decoding of spec 8.6.2.</summary>
    Si,
    /// <summary>P or B, skipped and direct ones too.</summary>
    Inter,
}

/// <summary>Properties of a macroblock.</summary>
[Flags]
public enum H264MbFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>Field macroblock of an MBAFF frame (not set in field pictures).</summary>
    Field = 1,
    /// <summary>transform_size_8x8_flag.</summary>
    Transform8x8 = 2,
    /// <summary>P_Skip, B_Skip.</summary>
    Skip = 4,
    /// <summary>TransformBypassModeFlag: the coefficients are the residual.</summary>
    Bypass = 8,
    /// <summary>Coefficients are levels, not scaled: inter macroblocks of SP slices, SI macroblocks (spec 8.6).</summary>
    RawLevels = 16,
    /// <summary>No slice brought it: made up.</summary>
    Concealed = 32,
}

/// <summary>
/// A macroblock as entropy decoding leaves it; one for each position of the picture, index <c>mbY * WidthInMbs + mbX</c>. In MBAFF frames the pair's
/// first (top or top field) macroblock stands at the even row, the second at the odd row, whether frame or field. 4×4 blocks count as in spec 6.4.3.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264Macroblock
{
    /// <summary>Value of <see cref="Slice"/> before any slice has brought the macroblock.</summary>
    public const ushort NoSlice = 0xffff;

    /// <summary>Index of its slice in the picture's slice table.</summary>
    public ushort Slice;
    /// <summary>Prediction.</summary>
    public H264MbType Type;
    /// <summary>Properties.</summary>
    public H264MbFlags Flags;
    /// <summary>Bits 0..3: CodedBlockPatternLuma; bits 4, 5: CodedBlockPatternChroma.</summary>
    public byte CodedBlockPattern;
    /// <summary>intra_chroma_pred_mode.</summary>
    public byte IntraChromaMode;
    /// <summary>Intra16x16PredMode.</summary>
    public byte Intra16x16Mode;
    /// <summary>0: 16×16, 1: 16×8, 2: 8×16, 3: 8×8 (direct with 8×8 or 4×4 vectors too).</summary>
    public byte Partition;
    /// <summary>Shape of each 8×8: 0: 8×8, 1: 8×4, 2: 4×8, 3: 4×4.</summary>
    public fixed byte SubPartition[4];
    /// <summary>QPY, -QpBdOffsetY..51 (0 for I_PCM).</summary>
    public sbyte Qp;
    /// <summary>QPC of Cb that belongs to <see cref="Qp"/> (Table 8-15, without QpBdOffset).</summary>
    public sbyte QpCb;
    /// <summary>QPC of Cr.</summary>
    public sbyte QpCr;
    /// <summary>Bit 0: luma (or plane) DC levels of Intra_16x16, 1: Cb DC (chroma DC or Intra_16x16 Cb of 4:4:4), 2: Cr DC are not all zero.</summary>
    public byte Dc;
    /// <summary>
    /// Bit b: luma block b has coefficients (Intra_16x16: AC coefficients). With 8×8 transforms all four bits of an 8×8 block are equal.
    /// </summary>
    public ushort Luma;
    /// <summary>The same for Cb: 4:2:0 bits 0..3, 4:2:2 bits 0..7 (AC; block at x = (b &amp; 1), y = b >> 1), 4:4:4 as luma.</summary>
    public ushort Cb;
    /// <summary>The same for Cr.</summary>
    public ushort Cr;
    /// <summary>Intra4x4PredMode of each block (Intra_8x8: the four of each 8×8 are equal).</summary>
    public fixed byte IntraModes[16];

    /// <summary>Whether it is an intra macroblock (I_PCM and SI too).</summary>
    public readonly bool IsIntra => Type != H264MbType.Inter;
    /// <summary>Whether it is a field macroblock of an MBAFF frame.</summary>
    public readonly bool IsField => (Flags & H264MbFlags.Field) != 0;
}

/// <summary>
/// Motion of a macroblock; kept beside the picture for temporal and spatial direct prediction of later ones. Same index as <see cref="H264Macroblock"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct H264Motion
{
    /// <summary>[list * 16 + y * 4 + x] (raster order of 4×4 blocks): x in the low, y in the high 16 bits, quarter samples (of the field for field macroblocks). 0 without prediction from the list.</summary>
    public fixed int Mv[32];
    /// <summary>[list * 4 + 8×8 block]: refIdx as the macroblock counts (field macroblocks of MBAFF: fields), -1 none.</summary>
    public fixed sbyte RefIdx[8];
    /// <summary>[list * 4 + 8×8 block]: <see cref="H264ReferencePicture.Key"/> of the referenced picture or field, -1 none.</summary>
    public fixed int RefPic[8];
    /// <summary>1: field macroblock of an MBAFF frame.</summary>
    public byte Field;
    /// <summary>1: intra.</summary>
    public byte Intra;
    private fixed byte _padding[6];
}
