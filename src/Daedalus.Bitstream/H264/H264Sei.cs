// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>pic_struct (spec table D-1).</summary>
public enum H264PicStruct : byte
{
    /// <summary>Progressive frame.</summary>
    Frame = 0,
    /// <summary>Top field.</summary>
    TopField = 1,
    /// <summary>Bottom field.</summary>
    BottomField = 2,
    /// <summary>Top field, bottom field.</summary>
    TopBottom = 3,
    /// <summary>Bottom field, top field.</summary>
    BottomTop = 4,
    /// <summary>Top, bottom, top field repeated.</summary>
    TopBottomTop = 5,
    /// <summary>Bottom, top, bottom field repeated.</summary>
    BottomTopBottom = 6,
    /// <summary>Frame doubling.</summary>
    FrameDoubling = 7,
    /// <summary>Frame tripling.</summary>
    FrameTripling = 8,
}

/// <summary>A clock timestamp of pic_timing (spec D.2.3).</summary>
/// <param name="CtType">ct_type: 0 progressive, 1 interlaced, 2 unknown.</param>
/// <param name="NuitFieldBased">nuit_field_based_flag.</param>
/// <param name="CountingType">counting_type.</param>
/// <param name="Discontinuity">discontinuity_flag.</param>
/// <param name="CountDropped">cnt_dropped_flag.</param>
/// <param name="Frames">n_frames.</param>
/// <param name="Hours">hours_value; -1 when not sent.</param>
/// <param name="Minutes">minutes_value; -1 when not sent.</param>
/// <param name="Seconds">seconds_value; -1 when not sent.</param>
/// <param name="TimeOffset">time_offset.</param>
public readonly record struct H264ClockTimestamp(byte CtType, bool NuitFieldBased, byte CountingType, bool Discontinuity, bool CountDropped, byte Frames, sbyte Hours, sbyte Minutes, sbyte Seconds, int TimeOffset);

/// <summary>recovery_point (spec D.2.8).</summary>
/// <param name="RecoveryFrameCnt">recovery_frame_cnt.</param>
/// <param name="ExactMatch">exact_match_flag.</param>
/// <param name="BrokenLink">broken_link_flag.</param>
/// <param name="ChangingSliceGroupIdc">changing_slice_group_idc 0..2.</param>
public readonly record struct H264RecoveryPoint(int RecoveryFrameCnt, bool ExactMatch, bool BrokenLink, byte ChangingSliceGroupIdc);

/// <summary>mastering_display_colour_volume (spec D.2.29): chromaticities in units of 0.00002, luminances of 0.0001 cd/m².</summary>
/// <param name="GreenX">display_primaries_x[0].</param>
/// <param name="GreenY">display_primaries_y[0].</param>
/// <param name="BlueX">display_primaries_x[1].</param>
/// <param name="BlueY">display_primaries_y[1].</param>
/// <param name="RedX">display_primaries_x[2].</param>
/// <param name="RedY">display_primaries_y[2].</param>
/// <param name="WhiteX">white_point_x.</param>
/// <param name="WhiteY">white_point_y.</param>
/// <param name="MaxLuminance">max_display_mastering_luminance.</param>
/// <param name="MinLuminance">min_display_mastering_luminance.</param>
public readonly record struct H264MasteringDisplay(ushort GreenX, ushort GreenY, ushort BlueX, ushort BlueY, ushort RedX, ushort RedY, ushort WhiteX, ushort WhiteY, uint MaxLuminance, uint MinLuminance);

/// <summary>content_light_level_info (spec D.2.31), cd/m².</summary>
/// <param name="MaxContentLightLevel">max_content_light_level.</param>
/// <param name="MaxPicAverageLightLevel">max_pic_average_light_level.</param>
public readonly record struct H264ContentLight(ushort MaxContentLightLevel, ushort MaxPicAverageLightLevel);

/// <summary>frame_packing_arrangement (spec D.2.26).</summary>
/// <param name="Id">frame_packing_arrangement_id.</param>
/// <param name="Cancel">frame_packing_arrangement_cancel_flag: what follows is not set.</param>
/// <param name="Type">frame_packing_arrangement_type: 0 checkerboard, 1 columns, 2 rows, 3 side by side, 4 top-bottom, 5 alternating frames, 6 2D, 7 tiles.</param>
/// <param name="QuincunxSampling">quincunx_sampling_flag.</param>
/// <param name="ContentInterpretation">content_interpretation_type: 1 frame 0 is left, 2 right.</param>
/// <param name="SpatialFlipping">spatial_flipping_flag.</param>
/// <param name="Frame0Flipped">frame0_flipped_flag.</param>
/// <param name="FieldViews">field_views_flag.</param>
/// <param name="CurrentFrameIsFrame0">current_frame_is_frame0_flag.</param>
/// <param name="RepetitionPeriod">frame_packing_arrangement_repetition_period.</param>
public readonly record struct H264FramePacking(uint Id, bool Cancel, byte Type, bool QuincunxSampling, byte ContentInterpretation, bool SpatialFlipping, bool Frame0Flipped, bool FieldViews, bool CurrentFrameIsFrame0, int RepetitionPeriod);

/// <summary>display_orientation (spec D.2.27).</summary>
/// <param name="Cancel">display_orientation_cancel_flag.</param>
/// <param name="HorizontalFlip">hor_flip.</param>
/// <param name="VerticalFlip">ver_flip.</param>
/// <param name="AnticlockwiseRotation">anticlockwise_rotation, 1/65536 turns.</param>
/// <param name="RepetitionPeriod">display_orientation_repetition_period.</param>
public readonly record struct H264DisplayOrientation(bool Cancel, bool HorizontalFlip, bool VerticalFlip, ushort AnticlockwiseRotation, int RepetitionPeriod);

/// <summary>SEI messages of one access unit that a decoder or its user wants. Reused: <see cref="Clear"/> before each access unit.</summary>
public sealed class H264Sei
{
    internal readonly byte[] CaptionData = new byte[96 * 3];
    internal int CaptionBytes;
    internal readonly byte[] TimingPayload = new byte[128];
    internal int TimingBytes = -1;
    private readonly H264ClockTimestamp[] _clock = new H264ClockTimestamp[3];

    /// <summary>recovery_point.</summary>
    public H264RecoveryPoint? RecoveryPoint { get; internal set; }
    /// <summary>mastering_display_colour_volume.</summary>
    public H264MasteringDisplay? MasteringDisplay { get; internal set; }
    /// <summary>content_light_level_info.</summary>
    public H264ContentLight? ContentLight { get; internal set; }
    /// <summary>frame_packing_arrangement.</summary>
    public H264FramePacking? FramePacking { get; internal set; }
    /// <summary>display_orientation.</summary>
    public H264DisplayOrientation? DisplayOrientation { get; internal set; }
    /// <summary>preferred_transfer_characteristics of alternative_transfer_characteristics (spec D.2.32).</summary>
    public byte? AlternativeTransfer { get; internal set; }
    /// <summary>active_format of ETSI TS 101 154 / SMPTE ST 2016 carried in user_data_registered_itu_t_t35 "DTG1".</summary>
    public byte? ActiveFormat { get; internal set; }
    /// <summary>cc_data triplets of A/53 "GA94" messages, in order (CEA-708 cc_data without its header).</summary>
    public ReadOnlySpan<byte> Captions => CaptionData.AsSpan(0, CaptionBytes);

    /// <summary>A pic_timing message came; <see cref="ResolvePicTiming"/> interprets it.</summary>
    public bool HasPicTiming => TimingBytes >= 0;
    /// <summary>pic_struct; null without pic_struct_present_flag or before <see cref="ResolvePicTiming"/>.</summary>
    public H264PicStruct? PicStruct { get; internal set; }
    /// <summary>cpb_removal_delay; 0 without HRD parameters.</summary>
    public uint CpbRemovalDelay { get; internal set; }
    /// <summary>dpb_output_delay; 0 without HRD parameters.</summary>
    public uint DpbOutputDelay { get; internal set; }
    /// <summary>Clock timestamps that were sent.</summary>
    public ReadOnlySpan<H264ClockTimestamp> ClockTimestamps => _clock.AsSpan(0, ClockCount);

    internal int ClockCount { get; set; }
    internal Span<H264ClockTimestamp> Clock => _clock;

    /// <summary>Forgets all messages.</summary>
    public void Clear()
    {
        CaptionBytes = 0;
        TimingBytes = -1;
        RecoveryPoint = null;
        MasteringDisplay = null;
        ContentLight = null;
        FramePacking = null;
        DisplayOrientation = null;
        AlternativeTransfer = null;
        ActiveFormat = null;
        ForgetTiming();
    }

    /// <summary>
    /// Interprets pic_timing with the sequence parameter set of the access unit's slices: the message itself does not name one (spec D.2.3).
    /// </summary>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <returns>False without a message or when it is damaged.</returns>
    public bool ResolvePicTiming(H264Sps sps)
    {
        ForgetTiming();
        return TimingBytes >= 0 && H264SeiParser.ReadPicTiming(TimingPayload.AsSpan(0, TimingBytes), sps.Vui, this);
    }

    private void ForgetTiming()
    {
        PicStruct = null;
        CpbRemovalDelay = DpbOutputDelay = 0;
        ClockCount = 0;
    }
}
