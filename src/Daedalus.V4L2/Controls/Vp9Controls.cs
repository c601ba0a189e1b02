// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Controls;

/// <summary>struct v4l2_vp9_loop_filter (spec 7.2.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Vp9LoopFilter
{
    /// <summary>Level adjustment by reference frame: intra, last, golden, altref; the last value sent stays valid.</summary>
    public fixed sbyte RefDeltas[4];
    /// <summary>Level adjustment by mode: ZEROMV, other inter modes.</summary>
    public fixed sbyte ModeDeltas[2];
    /// <summary>Strength 0..63.</summary>
    public byte Level;
    /// <summary>Sharpness 0..7.</summary>
    public byte Sharpness;
    /// <summary>Combination of <see cref="Vp9LoopFilterFlags"/>.</summary>
    public Vp9LoopFilterFlags Flags;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[7];
}

/// <summary>V4L2_VP9_LOOP_FILTER_FLAG_*.</summary>
[Flags]
public enum Vp9LoopFilterFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>mode_ref_delta_enabled.</summary>
    DeltaEnabled = 1,
    /// <summary>mode_ref_delta_update.</summary>
    DeltaUpdate = 2,
}

/// <summary>struct v4l2_vp9_quantization (spec 7.2.9).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Vp9Quantization
{
    /// <summary>base_q_idx 0..255.</summary>
    public byte BaseQIdx;
    /// <summary>delta_q_y_dc -15..15.</summary>
    public sbyte DeltaQYDc;
    /// <summary>delta_q_uv_dc.</summary>
    public sbyte DeltaQUvDc;
    /// <summary>delta_q_uv_ac.</summary>
    public sbyte DeltaQUvAc;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[4];
}

/// <summary>V4L2_VP9_SEGMENTATION_FLAG_*.</summary>
[Flags]
public enum Vp9SegmentationFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>segmentation_enabled.</summary>
    Enabled = 1,
    /// <summary>segmentation_update_map.</summary>
    UpdateMap = 2,
    /// <summary>segmentation_temporal_update.</summary>
    TemporalUpdate = 4,
    /// <summary>segmentation_update_data.</summary>
    UpdateData = 8,
    /// <summary>segmentation_abs_or_delta_update.</summary>
    AbsOrDeltaUpdate = 16,
}

/// <summary>struct v4l2_vp9_segmentation (spec 7.2.10).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Vp9Segmentation
{
    /// <summary>[segment * 4 + feature], feature = ALT_Q, ALT_L, REF_FRAME, SKIP.</summary>
    public fixed short FeatureData[8 * 4];
    /// <summary>Bit f set: feature f enabled in the segment.</summary>
    public fixed byte FeatureEnabled[8];
    /// <summary>Tree probabilities, 255 where not sent.</summary>
    public fixed byte TreeProbs[7];
    /// <summary>Prediction flag probabilities, 255 where not sent.</summary>
    public fixed byte PredProbs[3];
    /// <summary>Combination of <see cref="Vp9SegmentationFlags"/>.</summary>
    public Vp9SegmentationFlags Flags;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[5];
}

/// <summary>V4L2_VP9_FRAME_FLAG_*.</summary>
[Flags]
public enum Vp9FrameFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>Key frame.</summary>
    KeyFrame = 0x001,
    /// <summary>show_frame.</summary>
    ShowFrame = 0x002,
    /// <summary>error_resilient_mode.</summary>
    ErrorResilient = 0x004,
    /// <summary>intra_only.</summary>
    IntraOnly = 0x008,
    /// <summary>allow_high_precision_mv.</summary>
    AllowHighPrecisionMv = 0x010,
    /// <summary>refresh_frame_context.</summary>
    RefreshFrameContext = 0x020,
    /// <summary>frame_parallel_decoding_mode.</summary>
    ParallelDecodingMode = 0x040,
    /// <summary>subsampling_x.</summary>
    XSubsampling = 0x080,
    /// <summary>subsampling_y.</summary>
    YSubsampling = 0x100,
    /// <summary>color_range full swing.</summary>
    ColorRangeFullSwing = 0x200,
}

/// <summary>struct v4l2_ctrl_vp9_frame, V4L2_CID_STATELESS_VP9_FRAME: the uncompressed header.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlVp9Frame
{
    /// <summary>V4L2_CID_STATELESS_VP9_FRAME.</summary>
    public const uint ControlId = 0x00a40000 + 0x900 + 300;

    /// <summary>Loop filter.</summary>
    public V4L2Vp9LoopFilter Lf;
    /// <summary>Quantisation.</summary>
    public V4L2Vp9Quantization Quant;
    /// <summary>Segmentation.</summary>
    public V4L2Vp9Segmentation Seg;
    /// <summary>Frame flags.</summary>
    public Vp9FrameFlags Flags;
    /// <summary>Bytes of the compressed header.</summary>
    public ushort CompressedHeaderSize;
    /// <summary>Bytes of the uncompressed header.</summary>
    public ushort UncompressedHeaderSize;
    /// <summary>Frame width - 1, samples.</summary>
    public ushort FrameWidthMinus1;
    /// <summary>Frame height - 1, samples.</summary>
    public ushort FrameHeightMinus1;
    /// <summary>Render width - 1, samples.</summary>
    public ushort RenderWidthMinus1;
    /// <summary>Render height - 1, samples.</summary>
    public ushort RenderHeightMinus1;
    /// <summary>Timestamp (ns) of the CAPTURE buffer that holds the LAST reference.</summary>
    public ulong LastFrameTs;
    /// <summary>Timestamp of the GOLDEN reference.</summary>
    public ulong GoldenFrameTs;
    /// <summary>Timestamp of the ALTREF reference.</summary>
    public ulong AltFrameTs;
    /// <summary>Bit 0 last, 1 golden, 2 altref.</summary>
    public byte RefFrameSignBias;
    /// <summary>0 none, 1 the context named by frame_context_idx, 2 all.</summary>
    public byte ResetFrameContext;
    /// <summary>frame_context_idx 0..3.</summary>
    public byte FrameContextIdx;
    /// <summary>Profile 0..3.</summary>
    public byte Profile;
    /// <summary>8, 10 or 12.</summary>
    public byte BitDepth;
    /// <summary>0 regular, 1 smooth, 2 sharp, 3 bilinear, 4 switchable.</summary>
    public byte InterpolationFilter;
    /// <summary>tile_cols_log2 0..6.</summary>
    public byte TileColsLog2;
    /// <summary>tile_rows_log2 0..2.</summary>
    public byte TileRowsLog2;
    /// <summary>0 single, 1 compound, 2 select.</summary>
    public byte ReferenceMode;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[7];
}

/// <summary>struct v4l2_vp9_mv_probs: new values, 0 = no update.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Vp9MvProbs
{
    /// <summary>joint[3].</summary>
    public fixed byte Joint[3];
    /// <summary>sign[2].</summary>
    public fixed byte Sign[2];
    /// <summary>classes[2][10].</summary>
    public fixed byte Classes[2 * 10];
    /// <summary>class0_bit[2].</summary>
    public fixed byte Class0Bit[2];
    /// <summary>bits[2][10].</summary>
    public fixed byte Bits[2 * 10];
    /// <summary>class0_fr[2][2][3].</summary>
    public fixed byte Class0Fr[2 * 2 * 3];
    /// <summary>fr[2][3].</summary>
    public fixed byte Fr[2 * 3];
    /// <summary>class0_hp[2].</summary>
    public fixed byte Class0Hp[2];
    /// <summary>hp[2].</summary>
    public fixed byte Hp[2];
}

/// <summary>
/// struct v4l2_ctrl_vp9_compressed_hdr, V4L2_CID_STATELESS_VP9_COMPRESSED_HDR: deltas after inv_map_table (spec 6.3.5),
/// 0 = no update; motion vector entries are new values.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlVp9CompressedHdr
{
    /// <summary>V4L2_CID_STATELESS_VP9_COMPRESSED_HDR.</summary>
    public const uint ControlId = 0x00a40000 + 0x900 + 301;

    /// <summary>0 ONLY_4X4, 1 ALLOW_8X8, 2 ALLOW_16X16, 3 ALLOW_32X32, 4 TX_MODE_SELECT.</summary>
    public byte TxMode;
    /// <summary>tx8[2][1].</summary>
    public fixed byte Tx8[2];
    /// <summary>tx16[2][2].</summary>
    public fixed byte Tx16[2 * 2];
    /// <summary>tx32[2][3].</summary>
    public fixed byte Tx32[2 * 3];
    /// <summary>coef[4][2][2][6][6][3].</summary>
    public fixed byte Coef[4 * 2 * 2 * 6 * 6 * 3];
    /// <summary>skip[3].</summary>
    public fixed byte Skip[3];
    /// <summary>inter_mode[7][3].</summary>
    public fixed byte InterMode[7 * 3];
    /// <summary>interp_filter[4][2].</summary>
    public fixed byte InterpFilter[4 * 2];
    /// <summary>is_inter[4].</summary>
    public fixed byte IsInter[4];
    /// <summary>comp_mode[5].</summary>
    public fixed byte CompMode[5];
    /// <summary>single_ref[5][2].</summary>
    public fixed byte SingleRef[5 * 2];
    /// <summary>comp_ref[5].</summary>
    public fixed byte CompRef[5];
    /// <summary>y_mode[4][9].</summary>
    public fixed byte YMode[4 * 9];
    /// <summary>uv_mode[10][9].</summary>
    public fixed byte UvMode[10 * 9];
    /// <summary>partition[16][3].</summary>
    public fixed byte Partition[16 * 3];
    /// <summary>Motion vector probabilities.</summary>
    public V4L2Vp9MvProbs Mv;
}
