// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Av1;

/// <summary>One operating point of a sequence header (spec 5.5.1).</summary>
/// <param name="Idc">operating_point_idc: layers 0..7 temporal, bits 8..11 spatial; 0: no scalability.</param>
/// <param name="LevelIdx">seq_level_idx.</param>
/// <param name="Tier">seq_tier.</param>
/// <param name="DecoderModelPresent">decoder_model_present_for_this_op.</param>
/// <param name="InitialDisplayDelay">initial_display_delay_minus_1 + 1, or 0.</param>
public readonly record struct Av1OperatingPoint(int Idc, int LevelIdx, int Tier, bool DecoderModelPresent, int InitialDisplayDelay);

/// <summary>Sequence header OBU (spec 5.5).</summary>
public sealed class Av1SequenceHeader
{
    /// <summary>SELECT_SCREEN_CONTENT_TOOLS, SELECT_INTEGER_MV.</summary>
    public const int Select = 2;

    private V4L2CtrlAv1Sequence _control;

    private Av1SequenceHeader()
    {
    }

    /// <summary>The V4L2 control.</summary>
    public ref readonly V4L2CtrlAv1Sequence Control => ref _control;
    /// <summary>reduced_still_picture_header.</summary>
    public bool ReducedStillPictureHeader { get; private set; }
    /// <summary>Operating points, at least one.</summary>
    public IReadOnlyList<Av1OperatingPoint> OperatingPoints { get; private set; } = [];
    /// <summary>timing_info_present_flag.</summary>
    public bool TimingInfoPresent { get; private set; }
    /// <summary>num_units_in_display_tick.</summary>
    public uint NumUnitsInDisplayTick { get; private set; }
    /// <summary>time_scale.</summary>
    public uint TimeScale { get; private set; }
    /// <summary>equal_picture_interval.</summary>
    public bool EqualPictureInterval { get; private set; }
    /// <summary>num_ticks_per_picture_minus_1.</summary>
    public uint NumTicksPerPictureMinus1 { get; private set; }
    /// <summary>decoder_model_info_present_flag.</summary>
    public bool DecoderModelInfoPresent { get; private set; }
    /// <summary>buffer_delay_length_minus_1 + 1.</summary>
    public int BufferDelayLength { get; private set; }
    /// <summary>num_units_in_decoding_tick.</summary>
    public uint NumUnitsInDecodingTick { get; private set; }
    /// <summary>buffer_removal_time_length_minus_1 + 1.</summary>
    public int BufferRemovalTimeLength { get; private set; }
    /// <summary>frame_presentation_time_length_minus_1 + 1.</summary>
    public int FramePresentationTimeLength { get; private set; }
    /// <summary>frame_width_bits_minus_1 + 1.</summary>
    public int FrameWidthBits { get; private set; }
    /// <summary>frame_height_bits_minus_1 + 1.</summary>
    public int FrameHeightBits { get; private set; }
    /// <summary>frame_id_numbers_present_flag.</summary>
    public bool FrameIdNumbersPresent { get; private set; }
    /// <summary>delta_frame_id_length_minus_2 + 2.</summary>
    public int DeltaFrameIdLength { get; private set; }
    /// <summary>idLen: bits of frame ids.</summary>
    public int FrameIdLength { get; private set; }
    /// <summary>seq_force_screen_content_tools: 0, 1, <see cref="Select"/>.</summary>
    public int ForceScreenContentTools { get; private set; }
    /// <summary>seq_force_integer_mv: 0, 1, <see cref="Select"/>.</summary>
    public int ForceIntegerMv { get; private set; }
    /// <summary>color_primaries (2: unspecified).</summary>
    public int ColorPrimaries { get; private set; } = 2;
    /// <summary>transfer_characteristics.</summary>
    public int TransferCharacteristics { get; private set; } = 2;
    /// <summary>matrix_coefficients.</summary>
    public int MatrixCoefficients { get; private set; } = 2;
    /// <summary>color_description_present_flag.</summary>
    public bool ColorDescriptionPresent { get; private set; }
    /// <summary>chroma_sample_position: 0 unknown, 1 vertical, 2 colocated.</summary>
    public int ChromaSamplePosition { get; private set; }

    /// <summary>max_frame_width_minus_1 + 1.</summary>
    public int MaxFrameWidth => _control.MaxFrameWidthMinus1 + 1;
    /// <summary>max_frame_height_minus_1 + 1.</summary>
    public int MaxFrameHeight => _control.MaxFrameHeightMinus1 + 1;
    /// <summary>BitDepth.</summary>
    public int BitDepth => _control.BitDepth;
    /// <summary>subsampling_x.</summary>
    public int SubsamplingX => Has(Av1SequenceFlags.SubsamplingX) ? 1 : 0;
    /// <summary>subsampling_y.</summary>
    public int SubsamplingY => Has(Av1SequenceFlags.SubsamplingY) ? 1 : 0;
    /// <summary>mono_chrome.</summary>
    public bool Monochrome => Has(Av1SequenceFlags.MonoChrome);
    /// <summary>NumPlanes.</summary>
    public int NumPlanes => Monochrome ? 1 : 3;
    /// <summary>color_range.</summary>
    public bool FullRange => Has(Av1SequenceFlags.ColorRange);

    /// <summary>A flag of the control.</summary>
    public bool Has(Av1SequenceFlags flag) => (_control.Flags & flag) != 0;

    /// <summary>Sample format with a size; monochrome is asked for as 4:2:0.</summary>
    public CodedGeometry Geometry(int width, int height) => new(width, height, BitDepth, SubsamplingX, SubsamplingY);

    /// <summary>get_relative_dist (spec 5.9.3).</summary>
    public int RelativeDistance(uint a, uint b)
    {
        if (_control.OrderHintBits == 0)
            return 0;
        int diff = (int)(a - b), m = 1 << (_control.OrderHintBits - 1);
        return (diff & (m - 1)) - (diff & m);
    }

    /// <summary>
    /// Whether the other one continues the same coded video sequence (spec 7.5: a header that differs in more than the operating parameters begins a new one).
    /// </summary>
    public bool SameSequence(Av1SequenceHeader other)
    {
        V4L2CtrlAv1Sequence a = _control, b = other._control;
        if (a.Flags != b.Flags || a.SeqProfile != b.SeqProfile || a.OrderHintBits != b.OrderHintBits || a.BitDepth != b.BitDepth
            || a.MaxFrameWidthMinus1 != b.MaxFrameWidthMinus1 || a.MaxFrameHeightMinus1 != b.MaxFrameHeightMinus1)
            return false;
        if (OperatingPoints.Count != other.OperatingPoints.Count)
            return false;
        for (int i = 0; i < OperatingPoints.Count; i++)
        {
            if (OperatingPoints[i] != other.OperatingPoints[i])
                return false;
        }
        return ReducedStillPictureHeader == other.ReducedStillPictureHeader && TimingInfoPresent == other.TimingInfoPresent
            && NumUnitsInDisplayTick == other.NumUnitsInDisplayTick && TimeScale == other.TimeScale && EqualPictureInterval == other.EqualPictureInterval
            && NumTicksPerPictureMinus1 == other.NumTicksPerPictureMinus1 && DecoderModelInfoPresent == other.DecoderModelInfoPresent
            && BufferDelayLength == other.BufferDelayLength && NumUnitsInDecodingTick == other.NumUnitsInDecodingTick
            && BufferRemovalTimeLength == other.BufferRemovalTimeLength && FramePresentationTimeLength == other.FramePresentationTimeLength
            && FrameWidthBits == other.FrameWidthBits && FrameHeightBits == other.FrameHeightBits && FrameIdNumbersPresent == other.FrameIdNumbersPresent
            && DeltaFrameIdLength == other.DeltaFrameIdLength && FrameIdLength == other.FrameIdLength
            && ForceScreenContentTools == other.ForceScreenContentTools && ForceIntegerMv == other.ForceIntegerMv
            && ColorPrimaries == other.ColorPrimaries && TransferCharacteristics == other.TransferCharacteristics
            && MatrixCoefficients == other.MatrixCoefficients && ColorDescriptionPresent == other.ColorDescriptionPresent
            && ChromaSamplePosition == other.ChromaSamplePosition;
    }

    /// <summary>Parses the payload of a sequence header OBU.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out Av1SequenceHeader? header, out Av1ParseError error)
    {
        var r = new Av1BitReader(payload);
        var s = new Av1SequenceHeader();
        error = s.Parse(ref r);
        if (error == Av1ParseError.None && r.Overrun)
            error = Av1ParseError.Truncated;
        header = error == Av1ParseError.None ? s : null;
        return header != null;
    }

    private Av1ParseError Parse(ref Av1BitReader r)
    {
        _control.SeqProfile = (byte)r.Bits(3);
        if (_control.SeqProfile > 2)
            return Av1ParseError.Unsupported;
        ReadFlag(ref r, Av1SequenceFlags.StillPicture);
        ReducedStillPictureHeader = r.Flag();
        if (ReducedStillPictureHeader && !Has(Av1SequenceFlags.StillPicture))
            return Av1ParseError.Inconsistent;
        if (ReducedStillPictureHeader)
            OperatingPoints = [new Av1OperatingPoint(0, (int)r.Bits(5), 0, false, 0)];
        else
            ParseOperatingPoints(ref r);
        FrameWidthBits = (int)r.Bits(4) + 1;
        FrameHeightBits = (int)r.Bits(4) + 1;
        _control.MaxFrameWidthMinus1 = (ushort)r.Bits(FrameWidthBits);
        _control.MaxFrameHeightMinus1 = (ushort)r.Bits(FrameHeightBits);
        FrameIdNumbersPresent = !ReducedStillPictureHeader && r.Flag();
        if (FrameIdNumbersPresent)
        {
            DeltaFrameIdLength = (int)r.Bits(4) + 2;
            FrameIdLength = (int)r.Bits(3) + DeltaFrameIdLength + 1;
            if (FrameIdLength > 16)
                return Av1ParseError.OutOfRange;
        }
        ReadFlag(ref r, Av1SequenceFlags.Use128x128Superblock);
        ReadFlag(ref r, Av1SequenceFlags.EnableFilterIntra);
        ReadFlag(ref r, Av1SequenceFlags.EnableIntraEdgeFilter);
        ForceScreenContentTools = ForceIntegerMv = Select;
        if (!ReducedStillPictureHeader)
            ParseTools(ref r);
        ReadFlag(ref r, Av1SequenceFlags.EnableSuperres);
        ReadFlag(ref r, Av1SequenceFlags.EnableCdef);
        ReadFlag(ref r, Av1SequenceFlags.EnableRestoration);
        Av1ParseError error = ParseColorConfig(ref r);
        ReadFlag(ref r, Av1SequenceFlags.FilmGrainParamsPresent);
        return error;
    }

    private void ParseOperatingPoints(ref Av1BitReader r)
    {
        TimingInfoPresent = r.Flag();
        if (TimingInfoPresent)
        {
            NumUnitsInDisplayTick = r.Bits(32);
            TimeScale = r.Bits(32);
            EqualPictureInterval = r.Flag();
            if (EqualPictureInterval)
                NumTicksPerPictureMinus1 = r.Uvlc();
            DecoderModelInfoPresent = r.Flag();
            if (DecoderModelInfoPresent)
            {
                BufferDelayLength = (int)r.Bits(5) + 1;
                NumUnitsInDecodingTick = r.Bits(32);
                BufferRemovalTimeLength = (int)r.Bits(5) + 1;
                FramePresentationTimeLength = (int)r.Bits(5) + 1;
            }
        }
        bool delayPresent = r.Flag();
        var points = new Av1OperatingPoint[r.Bits(5) + 1];
        for (int i = 0; i < points.Length; i++)
        {
            int idc = (int)r.Bits(12);
            int level = (int)r.Bits(5);
            int tier = level > 7 ? r.Bit() : 0;
            bool model = DecoderModelInfoPresent && r.Flag();
            if (model)
            {
                r.Bits(BufferDelayLength); // decoder_buffer_delay
                r.Bits(BufferDelayLength); // encoder_buffer_delay
                r.Bit();                   // low_delay_mode_flag
            }
            int delay = delayPresent && r.Flag() ? (int)r.Bits(4) + 1 : 0;
            points[i] = new Av1OperatingPoint(idc, level, tier, model, delay);
        }
        OperatingPoints = points;
    }

    private void ParseTools(ref Av1BitReader r)
    {
        ReadFlag(ref r, Av1SequenceFlags.EnableInterintraCompound);
        ReadFlag(ref r, Av1SequenceFlags.EnableMaskedCompound);
        ReadFlag(ref r, Av1SequenceFlags.EnableWarpedMotion);
        ReadFlag(ref r, Av1SequenceFlags.EnableDualFilter);
        bool orderHint = ReadFlag(ref r, Av1SequenceFlags.EnableOrderHint);
        if (orderHint)
        {
            ReadFlag(ref r, Av1SequenceFlags.EnableJntComp);
            ReadFlag(ref r, Av1SequenceFlags.EnableRefFrameMvs);
        }
        bool choose = r.Flag();
        ForceScreenContentTools = choose ? Select : r.Bit();
        if (ForceScreenContentTools > 0)
        {
            choose = r.Flag();
            ForceIntegerMv = choose ? Select : r.Bit();
        }
        if (orderHint)
            _control.OrderHintBits = (byte)(r.Bits(3) + 1);
    }

    // spec 5.5.2
    private Av1ParseError ParseColorConfig(ref Av1BitReader r)
    {
        bool high = r.Flag();
        int profile = _control.SeqProfile;
        _control.BitDepth = (byte)(profile == 2 && high ? r.Flag() ? 12 : 10 : high ? 10 : 8);
        if (profile != 1)
            ReadFlag(ref r, Av1SequenceFlags.MonoChrome);
        ColorDescriptionPresent = r.Flag();
        if (ColorDescriptionPresent)
        {
            ColorPrimaries = (int)r.Bits(8);
            TransferCharacteristics = (int)r.Bits(8);
            MatrixCoefficients = (int)r.Bits(8);
        }
        const Av1SequenceFlags Both = Av1SequenceFlags.SubsamplingX | Av1SequenceFlags.SubsamplingY;
        if (Monochrome)
        {
            ReadFlag(ref r, Av1SequenceFlags.ColorRange);
            _control.Flags |= Both;
            return Av1ParseError.None;
        }
        if (ColorPrimaries == 1 && TransferCharacteristics == 13 && MatrixCoefficients == DaedalusCtrlAv1Frame.MatrixIdentity)
        {
            // CP_BT_709, TC_SRGB, MC_IDENTITY: 4:4:4, which profile 0 does not have.
            _control.Flags |= Av1SequenceFlags.ColorRange;
            if (profile == 0 || (profile == 2 && BitDepth != 12))
                return Av1ParseError.Inconsistent;
        }
        else
        {
            ReadFlag(ref r, Av1SequenceFlags.ColorRange);
            if (profile == 0)
                _control.Flags |= Both;
            else if (profile == 2)
            {
                if (BitDepth != 12)
                    _control.Flags |= Av1SequenceFlags.SubsamplingX;
                else if (ReadFlag(ref r, Av1SequenceFlags.SubsamplingX))
                    ReadFlag(ref r, Av1SequenceFlags.SubsamplingY);
            }
            if (SubsamplingX + SubsamplingY == 2)
                ChromaSamplePosition = (int)r.Bits(2);
        }
        ReadFlag(ref r, Av1SequenceFlags.SeparateUvDeltaQ);
        return Av1ParseError.None;
    }

    private bool ReadFlag(ref Av1BitReader r, Av1SequenceFlags flag)
    {
        if (!r.Flag())
            return false;
        _control.Flags |= flag;
        return true;
    }
}
