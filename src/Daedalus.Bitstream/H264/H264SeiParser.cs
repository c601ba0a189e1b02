// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>SEI messages (spec 7.3.2.3, annex D).</summary>
public static class H264SeiParser
{
    private const int PicTiming = 1;
    private const int UserDataRegistered = 4;
    private const int RecoveryPoint = 6;
    private const int FramePacking = 45;
    private const int DisplayOrientation = 47;
    private const int MasteringDisplay = 137;
    private const int ContentLight = 144;
    private const int AlternativeTransfer = 147;

    /// <summary>Parses an SEI NAL unit; unknown messages are passed over, damaged ones left out.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte.</param>
    /// <param name="sei">Receives the messages.</param>
    /// <param name="error">What was wrong with the first damaged message, when false is returned; the others are there.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, H264Sei sei, out H264ParseError error)
    {
        error = default;
        if (H264NalUnits.Type(nal) != H264NalUnitType.Sei)
        {
            error = new H264ParseError(H264ParseReason.WrongNalUnit, "nal_unit_type", 0);
            return false;
        }
        // The last byte that is not zero holds the trailing bits.
        int end = nal.Length;
        while (end > 1 && nal[end - 1] == 0)
            end--;
        if (end > 1 && nal[end - 1] == 0x80)
            end--;
        int position = 1;
        while (position < end)
        {
            int at = position;
            if (!ReadNumber(nal[..end], ref position, out int type) || !ReadNumber(nal[..end], ref position, out int size))
            {
                SetError(ref error, H264ParseReason.Truncated, "sei_message", at * 8);
                break;
            }
            bool whole = size <= end - position;
            if (!whole)
            {
                // A payload that ends in 0x80 or zeros without trailing bits behind it: give back what was taken for them.
                whole = size <= nal.Length - position;
                if (!whole)
                {
                    SetError(ref error, H264ParseReason.Truncated, "payload_size", at * 8);
                    break;
                }
            }
            if (!ReadMessage(type, nal.Slice(position, size), sei))
                SetError(ref error, H264ParseReason.OutOfRange, Name(type), position * 8);
            position += size;
        }
        return error.Reason == H264ParseReason.None;
    }

    private static void SetError(ref H264ParseError error, H264ParseReason reason, string element, int at)
    {
        if (error.Reason == H264ParseReason.None)
            error = new H264ParseError(reason, element, at);
    }

    private static string Name(int type) => type switch
    {
        UserDataRegistered => "user_data_registered_itu_t_t35",
        RecoveryPoint => "recovery_point",
        FramePacking => "frame_packing_arrangement",
        DisplayOrientation => "display_orientation",
        MasteringDisplay => "mastering_display_colour_volume",
        ContentLight => "content_light_level_info",
        AlternativeTransfer => "alternative_transfer_characteristics",
        _ => "sei_payload",
    };

    // payloadType and payloadSize: any number of 0xff bytes and one that is less.
    private static bool ReadNumber(ReadOnlySpan<byte> data, ref int position, out int value)
    {
        value = 0;
        while (position < data.Length)
        {
            byte b = data[position++];
            value += b;
            if (b != 255)
                return true;
        }
        return false;
    }

    private static bool ReadMessage(int type, ReadOnlySpan<byte> payload, H264Sei sei)
    {
        var r = new H264SyntaxReader(payload);
        switch (type)
        {
            case PicTiming:
                sei.TimingBytes = Math.Min(payload.Length, sei.TimingPayload.Length);
                payload[..sei.TimingBytes].CopyTo(sei.TimingPayload);
                break;
            case UserDataRegistered:
                return ReadUserData(payload, sei);
            case RecoveryPoint:
                var recovery = new H264RecoveryPoint((int)r.Ue(65535, "recovery_frame_cnt"), r.Flag("exact_match_flag"), r.Flag("broken_link_flag"), (byte)r.U(2, "changing_slice_group_idc"));
                if (!r.Failed)
                    sei.RecoveryPoint = recovery;
                break;
            case FramePacking:
                H264FramePacking packing = ReadFramePacking(ref r);
                if (!r.Failed)
                    sei.FramePacking = packing;
                break;
            case DisplayOrientation:
                H264DisplayOrientation orientation = ReadDisplayOrientation(ref r);
                if (!r.Failed)
                    sei.DisplayOrientation = orientation;
                break;
            case MasteringDisplay:
                var mastering = new H264MasteringDisplay(Word(ref r), Word(ref r), Word(ref r), Word(ref r), Word(ref r), Word(ref r), Word(ref r), Word(ref r), r.U(32, "max_display_mastering_luminance"), r.U(32, "min_display_mastering_luminance"));
                if (!r.Failed)
                    sei.MasteringDisplay = mastering;
                break;
            case ContentLight:
                var light = new H264ContentLight(Word(ref r), Word(ref r));
                if (!r.Failed)
                    sei.ContentLight = light;
                break;
            case AlternativeTransfer:
                byte transfer = (byte)r.U(8, "preferred_transfer_characteristics");
                if (!r.Failed)
                    sei.AlternativeTransfer = transfer;
                break;
        }
        return !r.Failed;
    }

    private static ushort Word(ref H264SyntaxReader r) => (ushort)r.U(16, "");

    private static H264FramePacking ReadFramePacking(ref H264SyntaxReader r)
    {
        uint id = r.Ue(uint.MaxValue, "frame_packing_arrangement_id");
        if (r.Flag("frame_packing_arrangement_cancel_flag"))
            return new H264FramePacking(id, true, 0, false, 0, false, false, false, false, 0);
        byte type = (byte)r.U(7, "frame_packing_arrangement_type");
        bool quincunx = r.Flag("quincunx_sampling_flag");
        byte interpretation = (byte)r.U(6, "content_interpretation_type");
        bool flipping = r.Flag("spatial_flipping_flag"), flipped0 = r.Flag("frame0_flipped_flag"), fieldViews = r.Flag("field_views_flag"), isFrame0 = r.Flag("current_frame_is_frame0_flag");
        r.U(2, "frame0_self_contained_flag");
        if (!quincunx && type != 5)
            r.U(16, "frame0_grid_position_x");
        r.U(8, "frame_packing_arrangement_reserved_byte");
        int repetition = (int)r.Ue(16384, "frame_packing_arrangement_repetition_period");
        return new H264FramePacking(id, false, type, quincunx, interpretation, flipping, flipped0, fieldViews, isFrame0, repetition);
    }

    private static H264DisplayOrientation ReadDisplayOrientation(ref H264SyntaxReader r)
    {
        if (r.Flag("display_orientation_cancel_flag"))
            return new H264DisplayOrientation(true, false, false, 0, 0);
        bool horizontal = r.Flag("hor_flip"), vertical = r.Flag("ver_flip");
        ushort rotation = (ushort)r.U(16, "anticlockwise_rotation");
        int repetition = (int)r.Ue(16384, "display_orientation_repetition_period");
        return new H264DisplayOrientation(false, horizontal, vertical, rotation, repetition);
    }

    private static bool ReadUserData(ReadOnlySpan<byte> payload, H264Sei sei)
    {
        if (payload.IsEmpty || !AtscUserData.TryParse(payload[0], payload[1..], out ReadOnlySpan<byte> captions, out int activeFormat))
            return payload.IsEmpty;
        if (activeFormat >= 0)
            sei.ActiveFormat = (byte)activeFormat;
        int bytes = Math.Min(captions.Length, sei.CaptionData.Length - sei.CaptionBytes);
        bytes -= bytes % 3;
        captions[..bytes].CopyTo(sei.CaptionData.AsSpan(sei.CaptionBytes));
        sei.CaptionBytes += bytes;
        return true;
    }

    /// <summary>pic_timing (spec D.1.3), whose syntax depends on the VUI.</summary>
    internal static bool ReadPicTiming(ReadOnlySpan<byte> payload, H264Vui vui, H264Sei sei)
    {
        var r = new H264SyntaxReader(payload);
        if (vui.HasCpbDpbDelays)
        {
            sei.CpbRemovalDelay = r.U(vui.CpbRemovalDelayLength, "cpb_removal_delay");
            sei.DpbOutputDelay = r.U(vui.DpbOutputDelayLength, "dpb_output_delay");
        }
        if (!vui.PicStructPresent)
            return !r.Failed;
        uint structure = r.U(4, "pic_struct");
        if (r.Failed || structure > 8)
            return false;
        sei.PicStruct = (H264PicStruct)structure;
        // NumClockTS (table D-1).
        int clocks = structure is <= 2 ? 1 : structure is <= 4 or 7 ? 2 : 3;
        for (int i = 0; i < clocks && !r.Failed; i++)
        {
            if (!r.Flag("clock_timestamp_flag"))
                continue;
            H264ClockTimestamp clock = ReadClock(ref r, vui.TimeOffsetLength);
            if (!r.Failed)
                sei.Clock[sei.ClockCount++] = clock;
        }
        return !r.Failed;
    }

    private static H264ClockTimestamp ReadClock(ref H264SyntaxReader r, int offsetLength)
    {
        byte type = (byte)r.U(2, "ct_type");
        bool fieldBased = r.Flag("nuit_field_based_flag");
        byte counting = (byte)r.U(5, "counting_type");
        bool full = r.Flag("full_timestamp_flag"), discontinuity = r.Flag("discontinuity_flag"), dropped = r.Flag("cnt_dropped_flag");
        byte frames = (byte)r.U(8, "n_frames");
        sbyte seconds = -1, minutes = -1, hours = -1;
        if (full || r.Flag("seconds_flag"))
        {
            seconds = (sbyte)r.U(6, "seconds_value");
            if (full || r.Flag("minutes_flag"))
            {
                minutes = (sbyte)r.U(6, "minutes_value");
                if (full || r.Flag("hours_flag"))
                    hours = (sbyte)r.U(5, "hours_value");
            }
        }
        int offset = 0;
        if (offsetLength > 0)
            offset = (int)(r.U(offsetLength, "time_offset") << (32 - offsetLength)) >> (32 - offsetLength);
        return new H264ClockTimestamp(type, fieldBased, counting, discontinuity, dropped, frames, hours, minutes, seconds, offset);
    }
}
