// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Controls;

/// <summary>V4L2_AV1_SEQUENCE_FLAG_*.</summary>
[Flags]
public enum Av1SequenceFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>still_picture.</summary>
    StillPicture = 0x00000001,
    /// <summary>use_128x128_superblock.</summary>
    Use128x128Superblock = 0x00000002,
    /// <summary>enable_filter_intra.</summary>
    EnableFilterIntra = 0x00000004,
    /// <summary>enable_intra_edge_filter.</summary>
    EnableIntraEdgeFilter = 0x00000008,
    /// <summary>enable_interintra_compound.</summary>
    EnableInterintraCompound = 0x00000010,
    /// <summary>enable_masked_compound.</summary>
    EnableMaskedCompound = 0x00000020,
    /// <summary>enable_warped_motion.</summary>
    EnableWarpedMotion = 0x00000040,
    /// <summary>enable_dual_filter.</summary>
    EnableDualFilter = 0x00000080,
    /// <summary>enable_order_hint.</summary>
    EnableOrderHint = 0x00000100,
    /// <summary>enable_jnt_comp.</summary>
    EnableJntComp = 0x00000200,
    /// <summary>enable_ref_frame_mvs.</summary>
    EnableRefFrameMvs = 0x00000400,
    /// <summary>enable_superres.</summary>
    EnableSuperres = 0x00000800,
    /// <summary>enable_cdef.</summary>
    EnableCdef = 0x00001000,
    /// <summary>enable_restoration.</summary>
    EnableRestoration = 0x00002000,
    /// <summary>mono_chrome.</summary>
    MonoChrome = 0x00004000,
    /// <summary>color_range.</summary>
    ColorRange = 0x00008000,
    /// <summary>subsampling_x.</summary>
    SubsamplingX = 0x00010000,
    /// <summary>subsampling_y.</summary>
    SubsamplingY = 0x00020000,
    /// <summary>film_grain_params_present.</summary>
    FilmGrainParamsPresent = 0x00040000,
    /// <summary>separate_uv_delta_q.</summary>
    SeparateUvDeltaQ = 0x00080000,
}

/// <summary>struct v4l2_ctrl_av1_sequence: sequence header (spec 5.5).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlAv1Sequence
{
    /// <summary>V4L2_CID_STATELESS_AV1_SEQUENCE.</summary>
    public const uint ControlId = 0x00a40900 + 500;
    /// <summary>Flags.</summary>
    public Av1SequenceFlags Flags;
    /// <summary>seq_profile 0..2.</summary>
    public byte SeqProfile;
    /// <summary>OrderHintBits 0..8.</summary>
    public byte OrderHintBits;
    /// <summary>BitDepth 8, 10, 12.</summary>
    public byte BitDepth;
    /// <summary>Zero.</summary>
    public byte Reserved;
    /// <summary>max_frame_width_minus_1.</summary>
    public ushort MaxFrameWidthMinus1;
    /// <summary>max_frame_height_minus_1.</summary>
    public ushort MaxFrameHeightMinus1;
}

/// <summary>
/// struct v4l2_ctrl_av1_tile_group_entry: where one tile's data lies. The control is an array of them, one for each tile in the request, in the order
/// of the tiles (row by row). The kernel allows 512; the engine as many as the specification (64 × 64).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2CtrlAv1TileGroupEntry
{
    /// <summary>V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY.</summary>
    public const uint ControlId = 0x00a40900 + 501;
    /// <summary>Largest number of tiles: MAX_TILE_ROWS × MAX_TILE_COLS.</summary>
    public const int MaxTiles = 64 * 64;
    /// <summary>Bytes from the start of the request's bitstream to the tile's symbol data (after tile_size_minus_1).</summary>
    public uint TileOffset;
    /// <summary>tileSize in bytes.</summary>
    public uint TileSize;
    /// <summary>Row of tiles.</summary>
    public uint TileRow;
    /// <summary>Column of tiles.</summary>
    public uint TileCol;
}

/// <summary>enum v4l2_av1_warp_model: GmType (spec 7.20 and section 3).</summary>
public enum Av1WarpModel
{
    /// <summary>IDENTITY.</summary>
    Identity = 0,
    /// <summary>TRANSLATION.</summary>
    Translation = 1,
    /// <summary>ROTZOOM.</summary>
    Rotzoom = 2,
    /// <summary>AFFINE.</summary>
    Affine = 3,
}

/// <summary>Inline array of one warp model for each of INTRA_FRAME..ALTREF_FRAME.</summary>
[InlineArray(8)]
public struct V4L2Av1WarpModels { private Av1WarpModel _e; }

/// <summary>V4L2_AV1_GLOBAL_MOTION_FLAG_*.</summary>
[Flags]
public enum Av1GlobalMotionFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>is_global.</summary>
    IsGlobal = 1,
    /// <summary>is_rot_zoom.</summary>
    IsRotZoom = 2,
    /// <summary>is_translation.</summary>
    IsTranslation = 4,
}

/// <summary>struct v4l2_av1_global_motion: final values after 5.9.24, of references [0 = INTRA_FRAME (unused), 1 = LAST_FRAME .. 7 = ALTREF_FRAME].</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1GlobalMotion
{
    /// <summary><see cref="Av1GlobalMotionFlags"/> of each reference.</summary>
    public fixed byte Flags[8];
    /// <summary>GmType.</summary>
    public V4L2Av1WarpModels Type;
    /// <summary>[8][6] gm_params.</summary>
    public fixed int Params[8 * 6];
    /// <summary>Bit r: the shear of reference r is not valid (spec 7.11.3.6). The engine works it out itself.</summary>
    public byte Invalid;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[3];
}

/// <summary>enum v4l2_av1_frame_restoration_type: FrameRestorationType (spec 6.10.15, after Remap_Lr_Type).</summary>
public enum Av1RestorationType
{
    /// <summary>RESTORE_NONE.</summary>
    None = 0,
    /// <summary>RESTORE_WIENER.</summary>
    Wiener = 1,
    /// <summary>RESTORE_SGRPROJ.</summary>
    Sgrproj = 2,
    /// <summary>RESTORE_SWITCHABLE: per unit (frames only).</summary>
    Switchable = 3,
}

/// <summary>Inline array of the three planes' restoration types.</summary>
[InlineArray(3)]
public struct V4L2Av1RestorationTypes { private Av1RestorationType _e; }

/// <summary>V4L2_AV1_LOOP_RESTORATION_FLAG_*.</summary>
[Flags]
public enum Av1LoopRestorationFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>UsesLr.</summary>
    UsesLr = 1,
    /// <summary>usesChromaLr.</summary>
    UsesChromaLr = 2,
}

/// <summary>struct v4l2_av1_loop_restoration (spec 5.9.20).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1LoopRestoration
{
    /// <summary>Flags.</summary>
    public Av1LoopRestorationFlags Flags;
    /// <summary>lr_unit_shift.</summary>
    public byte LrUnitShift;
    /// <summary>lr_uv_shift.</summary>
    public byte LrUvShift;
    /// <summary>Zero.</summary>
    public byte Reserved;
    /// <summary>FrameRestorationType of each plane.</summary>
    public V4L2Av1RestorationTypes FrameRestorationType;
    /// <summary>LoopRestorationSize of each plane: 32 (chroma only), 64, 128, 256 samples.</summary>
    public fixed uint LoopRestorationSize[3];
}

/// <summary>struct v4l2_av1_cdef (spec 5.9.19).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1Cdef
{
    /// <summary>cdef_damping_minus_3.</summary>
    public byte DampingMinus3;
    /// <summary>cdef_bits 0..3.</summary>
    public byte Bits;
    /// <summary>cdef_y_pri_strength 0..15.</summary>
    public fixed byte YPriStrength[8];
    /// <summary>cdef_y_sec_strength as the process uses it: 0, 1, 2, 4.</summary>
    public fixed byte YSecStrength[8];
    /// <summary>cdef_uv_pri_strength 0..15.</summary>
    public fixed byte UvPriStrength[8];
    /// <summary>cdef_uv_sec_strength: 0, 1, 2, 4.</summary>
    public fixed byte UvSecStrength[8];
}

/// <summary>V4L2_AV1_SEGMENTATION_FLAG_*.</summary>
[Flags]
public enum Av1SegmentationFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>segmentation_enabled.</summary>
    Enabled = 0x01,
    /// <summary>segmentation_update_map.</summary>
    UpdateMap = 0x02,
    /// <summary>segmentation_temporal_update.</summary>
    TemporalUpdate = 0x04,
    /// <summary>segmentation_update_data.</summary>
    UpdateData = 0x08,
    /// <summary>SegIdPreSkip.</summary>
    SegIdPreSkip = 0x10,
}

/// <summary>struct v4l2_av1_segmentation: values in force, those loaded from the primary reference frame included (spec 5.9.14).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1Segmentation
{
    /// <summary>SEG_LVL_ALT_Q.</summary>
    public const int AltQ = 0;
    /// <summary>SEG_LVL_ALT_LF_Y_V; Y_H, U, V follow.</summary>
    public const int AltLfYV = 1;
    /// <summary>SEG_LVL_REF_FRAME.</summary>
    public const int RefFrame = 5;
    /// <summary>SEG_LVL_SKIP.</summary>
    public const int Skip = 6;
    /// <summary>SEG_LVL_GLOBALMV.</summary>
    public const int GlobalMv = 7;
    /// <summary>Flags.</summary>
    public Av1SegmentationFlags Flags;
    /// <summary>LastActiveSegId.</summary>
    public byte LastActiveSegId;
    /// <summary>[segment]: bit f = FeatureEnabled[segment][f].</summary>
    public fixed byte FeatureEnabled[8];
    /// <summary>[8][8] FeatureData.</summary>
    public fixed short FeatureData[8 * 8];
}

/// <summary>V4L2_AV1_LOOP_FILTER_FLAG_*.</summary>
[Flags]
public enum Av1LoopFilterFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>loop_filter_delta_enabled.</summary>
    DeltaEnabled = 1,
    /// <summary>loop_filter_delta_update.</summary>
    DeltaUpdate = 2,
    /// <summary>delta_lf_present.</summary>
    DeltaLfPresent = 4,
    /// <summary>delta_lf_multi.</summary>
    DeltaLfMulti = 8,
}

/// <summary>struct v4l2_av1_loop_filter: values in force (spec 5.9.11, 5.9.18).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1LoopFilter
{
    /// <summary>Flags.</summary>
    public Av1LoopFilterFlags Flags;
    /// <summary>loop_filter_level: luma vertical edges, luma horizontal edges, U, V; 0..63.</summary>
    public fixed byte Level[4];
    /// <summary>loop_filter_sharpness 0..7.</summary>
    public byte Sharpness;
    /// <summary>loop_filter_ref_deltas[INTRA_FRAME..ALTREF_FRAME].</summary>
    public fixed sbyte RefDeltas[8];
    /// <summary>loop_filter_mode_deltas.</summary>
    public fixed sbyte ModeDeltas[2];
    /// <summary>delta_lf_res.</summary>
    public byte DeltaLfRes;
}

/// <summary>V4L2_AV1_QUANTIZATION_FLAG_*.</summary>
[Flags]
public enum Av1QuantizationFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>diff_uv_delta.</summary>
    DiffUvDelta = 1,
    /// <summary>using_qmatrix.</summary>
    UsingQmatrix = 2,
    /// <summary>delta_q_present.</summary>
    DeltaQPresent = 4,
}

/// <summary>struct v4l2_av1_quantization (spec 5.9.12, 5.9.17).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct V4L2Av1Quantization
{
    /// <summary>Flags.</summary>
    public Av1QuantizationFlags Flags;
    /// <summary>base_q_idx.</summary>
    public byte BaseQIdx;
    /// <summary>DeltaQYDc.</summary>
    public sbyte DeltaQYDc;
    /// <summary>DeltaQUDc.</summary>
    public sbyte DeltaQUDc;
    /// <summary>DeltaQUAc.</summary>
    public sbyte DeltaQUAc;
    /// <summary>DeltaQVDc.</summary>
    public sbyte DeltaQVDc;
    /// <summary>DeltaQVAc.</summary>
    public sbyte DeltaQVAc;
    /// <summary>qm_y 0..15.</summary>
    public byte QmY;
    /// <summary>qm_u.</summary>
    public byte QmU;
    /// <summary>qm_v.</summary>
    public byte QmV;
    /// <summary>delta_q_res.</summary>
    public byte DeltaQRes;
}

/// <summary>V4L2_AV1_TILE_INFO_FLAG_*.</summary>
[Flags]
public enum Av1TileInfoFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>uniform_tile_spacing_flag.</summary>
    UniformTileSpacing = 1,
}

/// <summary>struct v4l2_av1_tile_info (spec 5.9.15).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2Av1TileInfo
{
    /// <summary>Flags.</summary>
    public Av1TileInfoFlags Flags;
    /// <summary>context_update_tile_id: what fits in 8 bits; the private frame control has all of it.</summary>
    public byte ContextUpdateTileId;
    /// <summary>TileCols 1..64.</summary>
    public byte TileCols;
    /// <summary>TileRows 1..64.</summary>
    public byte TileRows;
    /// <summary>MiColStarts[0..TileCols], in 4×4 units; the last one is MiCols.</summary>
    public fixed uint MiColStarts[65];
    /// <summary>MiRowStarts[0..TileRows]; the last one is MiRows.</summary>
    public fixed uint MiRowStarts[65];
    /// <summary>width_in_sbs_minus_1.</summary>
    public fixed uint WidthInSbsMinus1[64];
    /// <summary>height_in_sbs_minus_1.</summary>
    public fixed uint HeightInSbsMinus1[64];
    /// <summary>TileSizeBytes 1..4.</summary>
    public byte TileSizeBytes;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[3];
}

/// <summary>enum v4l2_av1_frame_type.</summary>
public enum Av1FrameType
{
    /// <summary>KEY_FRAME.</summary>
    Key = 0,
    /// <summary>INTER_FRAME.</summary>
    Inter = 1,
    /// <summary>INTRA_ONLY_FRAME.</summary>
    IntraOnly = 2,
    /// <summary>SWITCH_FRAME.</summary>
    Switch = 3,
}

/// <summary>enum v4l2_av1_interpolation_filter.</summary>
public enum Av1InterpolationFilter
{
    /// <summary>EIGHTTAP.</summary>
    Eighttap = 0,
    /// <summary>EIGHTTAP_SMOOTH.</summary>
    EighttapSmooth = 1,
    /// <summary>EIGHTTAP_SHARP.</summary>
    EighttapSharp = 2,
    /// <summary>BILINEAR.</summary>
    Bilinear = 3,
    /// <summary>SWITCHABLE.</summary>
    Switchable = 4,
}

/// <summary>enum v4l2_av1_tx_mode.</summary>
public enum Av1TxMode
{
    /// <summary>ONLY_4X4.</summary>
    Only4x4 = 0,
    /// <summary>TX_MODE_LARGEST.</summary>
    Largest = 1,
    /// <summary>TX_MODE_SELECT.</summary>
    Select = 2,
}

/// <summary>V4L2_AV1_FRAME_FLAG_*.</summary>
[Flags]
public enum Av1FrameFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>show_frame.</summary>
    ShowFrame = 0x00000001,
    /// <summary>showable_frame.</summary>
    ShowableFrame = 0x00000002,
    /// <summary>error_resilient_mode.</summary>
    ErrorResilientMode = 0x00000004,
    /// <summary>disable_cdf_update.</summary>
    DisableCdfUpdate = 0x00000008,
    /// <summary>allow_screen_content_tools.</summary>
    AllowScreenContentTools = 0x00000010,
    /// <summary>force_integer_mv (1 for intra frames, spec 5.9.2).</summary>
    ForceIntegerMv = 0x00000020,
    /// <summary>allow_intrabc.</summary>
    AllowIntrabc = 0x00000040,
    /// <summary>use_superres.</summary>
    UseSuperres = 0x00000080,
    /// <summary>allow_high_precision_mv.</summary>
    AllowHighPrecisionMv = 0x00000100,
    /// <summary>is_motion_mode_switchable.</summary>
    IsMotionModeSwitchable = 0x00000200,
    /// <summary>use_ref_frame_mvs.</summary>
    UseRefFrameMvs = 0x00000400,
    /// <summary>disable_frame_end_update_cdf.</summary>
    DisableFrameEndUpdateCdf = 0x00000800,
    /// <summary>allow_warped_motion.</summary>
    AllowWarpedMotion = 0x00001000,
    /// <summary>reference_select.</summary>
    ReferenceSelect = 0x00002000,
    /// <summary>reduced_tx_set.</summary>
    ReducedTxSet = 0x00004000,
    /// <summary>skipModeAllowed.</summary>
    SkipModeAllowed = 0x00008000,
    /// <summary>skip_mode_present.</summary>
    SkipModePresent = 0x00010000,
    /// <summary>frame_size_override_flag.</summary>
    FrameSizeOverride = 0x00020000,
    /// <summary>buffer_removal_time_present_flag.</summary>
    BufferRemovalTimePresent = 0x00040000,
    /// <summary>frame_refs_short_signaling.</summary>
    FrameRefsShortSignaling = 0x00080000,
}

/// <summary>struct v4l2_ctrl_av1_frame: uncompressed header (spec 5.9.2), all values as they are in force for the frame.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlAv1Frame
{
    /// <summary>V4L2_CID_STATELESS_AV1_FRAME.</summary>
    public const uint ControlId = 0x00a40900 + 502;
    /// <summary>PRIMARY_REF_NONE.</summary>
    public const int PrimaryRefNone = 7;
    /// <summary>Tiles.</summary>
    public V4L2Av1TileInfo TileInfo;
    /// <summary>Quantisation.</summary>
    public V4L2Av1Quantization Quantization;
    /// <summary>SuperresDenom: 8 (no scaling) or 9..16.</summary>
    public byte SuperresDenom;
    /// <summary>Segmentation.</summary>
    public V4L2Av1Segmentation Segmentation;
    /// <summary>Deblocking.</summary>
    public V4L2Av1LoopFilter LoopFilter;
    /// <summary>CDEF.</summary>
    public V4L2Av1Cdef Cdef;
    /// <summary>SkipModeFrame[0..1]: 1..7, 0 when not allowed.</summary>
    public fixed byte SkipModeFrame[2];
    /// <summary>primary_ref_frame 0..6, 7 = none.</summary>
    public byte PrimaryRefFrame;
    /// <summary>Loop restoration.</summary>
    public V4L2Av1LoopRestoration LoopRestoration;
    /// <summary>Global motion.</summary>
    public V4L2Av1GlobalMotion GlobalMotion;
    /// <summary>Flags.</summary>
    public Av1FrameFlags Flags;
    /// <summary>frame_type.</summary>
    public Av1FrameType FrameType;
    /// <summary>OrderHint.</summary>
    public uint OrderHint;
    /// <summary>UpscaledWidth.</summary>
    public uint UpscaledWidth;
    /// <summary>interpolation_filter.</summary>
    public Av1InterpolationFilter InterpolationFilter;
    /// <summary>TxMode.</summary>
    public Av1TxMode TxMode;
    /// <summary>FrameWidth - 1: the width that is coded, before superres.</summary>
    public uint FrameWidthMinus1;
    /// <summary>FrameHeight - 1.</summary>
    public uint FrameHeightMinus1;
    /// <summary>RenderWidth - 1.</summary>
    public ushort RenderWidthMinus1;
    /// <summary>RenderHeight - 1.</summary>
    public ushort RenderHeightMinus1;
    /// <summary>current_frame_id.</summary>
    public uint CurrentFrameId;
    /// <summary>buffer_removal_time.</summary>
    public fixed uint BufferRemovalTime[32];
    /// <summary>Zero.</summary>
    public fixed byte Reserved[4];
    /// <summary>OrderHints[INTRA_FRAME (0) .. ALTREF_FRAME]: by name of reference, not by slot.</summary>
    public fixed uint OrderHints[8];
    /// <summary>Timestamps (ns) of the CAPTURE buffers in the eight reference slots; ulong.MaxValue or an unknown one: nothing there.</summary>
    public fixed ulong ReferenceFrameTs[8];
    /// <summary>ref_frame_idx[LAST_FRAME - 1 ..]: slots of the seven references.</summary>
    public fixed sbyte RefFrameIdx[7];
    /// <summary>refresh_frame_flags.</summary>
    public byte RefreshFrameFlags;
}

/// <summary>V4L2_AV1_FILM_GRAIN_FLAG_*.</summary>
[Flags]
public enum Av1FilmGrainFlags : byte
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>apply_grain.</summary>
    ApplyGrain = 0x01,
    /// <summary>update_grain.</summary>
    UpdateGrain = 0x02,
    /// <summary>chroma_scaling_from_luma.</summary>
    ChromaScalingFromLuma = 0x04,
    /// <summary>overlap_flag.</summary>
    Overlap = 0x08,
    /// <summary>clip_to_restricted_range.</summary>
    ClipToRestrictedRange = 0x10,
}

/// <summary>
/// struct v4l2_ctrl_av1_film_grain (spec 5.9.30), parameters in force (load_grain_params done). With apply_grain the CAPTURE buffer receives the picture with
/// grain and the engine keeps the one without for reference; without the control or the flag there is no grain.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct V4L2CtrlAv1FilmGrain
{
    /// <summary>V4L2_CID_STATELESS_AV1_FILM_GRAIN.</summary>
    public const uint ControlId = 0x00a40900 + 505;
    /// <summary>Flags.</summary>
    public Av1FilmGrainFlags Flags;
    /// <summary>cr_mult.</summary>
    public byte CrMult;
    /// <summary>grain_seed.</summary>
    public ushort GrainSeed;
    /// <summary>film_grain_params_ref_idx.</summary>
    public byte FilmGrainParamsRefIdx;
    /// <summary>num_y_points 0..14.</summary>
    public byte NumYPoints;
    /// <summary>point_y_value.</summary>
    public fixed byte PointYValue[16];
    /// <summary>point_y_scaling.</summary>
    public fixed byte PointYScaling[16];
    /// <summary>num_cb_points 0..10.</summary>
    public byte NumCbPoints;
    /// <summary>point_cb_value.</summary>
    public fixed byte PointCbValue[16];
    /// <summary>point_cb_scaling.</summary>
    public fixed byte PointCbScaling[16];
    /// <summary>num_cr_points 0..10.</summary>
    public byte NumCrPoints;
    /// <summary>point_cr_value.</summary>
    public fixed byte PointCrValue[16];
    /// <summary>point_cr_scaling.</summary>
    public fixed byte PointCrScaling[16];
    /// <summary>grain_scaling_minus_8.</summary>
    public byte GrainScalingMinus8;
    /// <summary>ar_coeff_lag.</summary>
    public byte ArCoeffLag;
    /// <summary>ar_coeffs_y_plus_128.</summary>
    public fixed byte ArCoeffsYPlus128[25];
    /// <summary>ar_coeffs_cb_plus_128.</summary>
    public fixed byte ArCoeffsCbPlus128[25];
    /// <summary>ar_coeffs_cr_plus_128.</summary>
    public fixed byte ArCoeffsCrPlus128[25];
    /// <summary>ar_coeff_shift_minus_6.</summary>
    public byte ArCoeffShiftMinus6;
    /// <summary>grain_scale_shift.</summary>
    public byte GrainScaleShift;
    /// <summary>cb_mult.</summary>
    public byte CbMult;
    /// <summary>cb_luma_mult.</summary>
    public byte CbLumaMult;
    /// <summary>cr_luma_mult.</summary>
    public byte CrLumaMult;
    /// <summary>cb_offset.</summary>
    public ushort CbOffset;
    /// <summary>cr_offset.</summary>
    public ushort CrOffset;
    /// <summary>Zero.</summary>
    public fixed byte Reserved[4];
}

/// <summary>DAEDALUS_AV1_FRAME_FLAG_*.</summary>
[Flags]
public enum DaedalusAv1FrameFlags : uint
{
    /// <summary>Nothing set.</summary>
    None = 0,
    /// <summary>
    /// Kept for entries of tile list OBUs (spec 7.3). They are not decoded: the engine refuses the request.
    /// </summary>
    LargeScaleTile = 1,
}

/// <summary>
/// Private control of the daedalus routes: what V4L2's AV1 controls have no field for. Optional; without it matrix_coefficients is not MC_IDENTITY,
/// and context_update_tile_id fits in eight bits. Documented in docs/private-controls.md.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct DaedalusCtrlAv1Frame
{
    /// <summary>V4L2_CID_CODEC_STATELESS_BASE + 0xd01.</summary>
    public const uint ControlId = 0x00a40900 + 0xd01;
    /// <summary>MC_IDENTITY of <see cref="MatrixCoefficients"/>.</summary>
    public const int MatrixIdentity = 0;
    /// <summary>Flags.</summary>
    public DaedalusAv1FrameFlags Flags;
    /// <summary>context_update_tile_id 0..4095.</summary>
    public ushort ContextUpdateTileId;
    /// <summary>matrix_coefficients (spec 6.4.2): film grain clips chroma by it (7.18.3.5).</summary>
    public byte MatrixCoefficients;
    /// <summary>Zero.</summary>
    public byte Reserved;
    /// <summary>0; kept for the anchor frame of a tile list entry.</summary>
    public ulong AnchorTs;
}
