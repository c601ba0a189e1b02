// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Text.RegularExpressions;
using Daedalus.Bitstream.Av1;
using Daedalus.Bitstream.Tests.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests.Av1;

/// <summary>Every header of real streams against what ffmpeg's coded bitstream reader says about it, element by element.</summary>
public sealed unsafe partial class TraceHeadersTests : IDisposable
{
    private const long NotComparable = long.MinValue;

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"daedalus-{Guid.NewGuid():N}.obu");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("libaom-av1", "yuv420p", "-cpu-used 8 -lag-in-frames 10")]
    [InlineData("libaom-av1", "yuv444p10le", "-cpu-used 8 -tiles 2x2 -aom-params enable-qm=1:deltaq-mode=1:film-grain-test=3")]
    [InlineData("libaom-av1", "gray", "-cpu-used 8 -aom-params aq-mode=1:error-resilient=1:superres-mode=2")]
    [InlineData("libsvtav1", "yuv420p", "-preset 10")]
    public void EveryElementIsTheTraces(string encoder, string format, string options)
    {
        if (!TraceHeaders.Available)
            return;
        TraceHeaders.Run(["-f", "lavfi", "-i", "testsrc2=s=200x136:d=0.4", "-pix_fmt", format, "-c:v", encoder, .. options.Split(' '), "-f", "obu", _file]);
        // Without the encoder there is nothing to compare.
        if (File.Exists(_file) && new FileInfo(_file).Length > 0)
            Assert.True(Compare(_file, 1000) > 0);
    }

    /// <summary>All streams of a directory, for development: set the variable to one with .obu files in low overhead format.</summary>
    [Fact]
    public void EveryElementOfAllStreams()
    {
        if (Environment.GetEnvironmentVariable("DAEDALUS_AV1_OBU") is not { Length: > 0 } directory)
            return;
        var wrong = new List<string>();
        foreach (string file in Directory.GetFiles(directory, "*.obu"))
        {
            try
            {
                Compare(file, 12);
            }
            catch (Exception e)
            {
                wrong.Add($"{Path.GetFileName(file)}: {e.Message}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static int Compare(string file, int packets)
    {
        List<TracedUnit> units = TraceHeaders.Trace(file, packets);
        int next = 0, compared = 0;
        TracedUnit? Next(string kind)
        {
            while (next < units.Count && units[next].Kind != kind)
                next++;
            return next < units.Count ? units[next++] : null;
        }

        byte[] data = File.ReadAllBytes(file);
        var parser = new Av1HeaderParser();
        var header = new Av1FrameHeader();
        var reader = new Av1ObuReader(data);
        while (reader.TryRead(out Av1Obu obu))
        {
            ReadOnlySpan<byte> payload = data.AsSpan(obu.PayloadOffset, obu.PayloadSize);
            if (obu.Type == Av1ObuType.SequenceHeader)
            {
                Assert.True(Av1HeaderParser.TryParseSequence(payload, out Av1SequenceHeader? s, out Av1ParseError error), error.ToString());
                parser.Sequence = s;
                if (Next("Sequence Header") is not { } unit)
                    return compared;
                Check(unit, (name, i) => OfSequence(s, name, i));
            }
            else if (obu.Type is Av1ObuType.FrameHeader or Av1ObuType.Frame)
            {
                Assert.True(parser.TryParseFrame(payload, obu.TemporalId, obu.SpatialId, header, out int bits, out Av1ParseError error), error.ToString());
                if (Next("Frame Header") is not { } unit)
                    return compared;
                Check(unit, (name, i) => OfFrame(header, name, i));
                TracedElement last = unit.Elements.Last(e => e.Name is not ("trailing_one_bit" or "trailing_zero_bit" or "zero_bit") && !e.Name.StartsWith("tile_start", StringComparison.Ordinal));
                Assert.Equal(last.Position + last.Bits - (obu.PayloadOffset - obu.Offset) * 8 - unit.Elements[0].Position + FirstBit(unit, obu), bits);
                if (header.ShowExistingFrame)
                    parser.State.LoadExisting(header.FrameToShowMapIdx);
                else
                    parser.State.Update(header);
                compared++;
            }
        }
        return compared;
    }

    // Positions count from the packet or from the OBU, by version: take the header's first element as the payload's first bit.
    private static int FirstBit(TracedUnit unit, in Av1Obu obu) => unit.Elements.Count == 0 ? 0 : (obu.PayloadOffset - obu.Offset) * 8;

    private static void Check(TracedUnit unit, Func<string, int, long?> ours)
    {
        foreach (TracedElement e in unit.Elements)
        {
            if (Passed().IsMatch(e.Name))
                continue;
            Match index = Index().Match(e.Name);
            long? value = ours(Index().Replace(e.Name, ""), index.Success ? int.Parse(index.Groups[1].Value, CultureInfo.InvariantCulture) : 0);
            if (value == NotComparable)
                continue;
            Assert.Equal($"{e.Name}={e.Value}", $"{e.Name}={value?.ToString(CultureInfo.InvariantCulture) ?? "not compared"}");
        }
    }

    [GeneratedRegex(@"^(trailing_|zero_bit|subexp_|found_ref|feature_|update_ref_delta|update_mode_delta|width_in_sbs|height_in_sbs|.*delta_coded|tile_start|delta_frame_id|last_frame_idx|gold(en)?_frame_idx|is_rot_zoom|is_translation|lr_unit|.*_size_different|seq_choose|seq_force|timing|initial|decoder_|encoder_|low_delay|buffer_delay|num_ticks|equal_|frame_presentation|operating_points|increment_tile|tg_)")]
    private static partial Regex Passed();

    [GeneratedRegex(@"\[(\d+)\].*")]
    private static partial Regex Index();

    private static long? OfSequence(Av1SequenceHeader s, string name, int i)
    {
        foreach (Av1SequenceFlags flag in Enum.GetValues<Av1SequenceFlags>())
        {
            if (Same(flag.ToString(), name))
                return s.Has(flag) ? 1 : 0;
        }
        V4L2CtrlAv1Sequence c = s.Control;
        return name switch
        {
            "seq_profile" => c.SeqProfile,
            "reduced_still_picture_header" => s.ReducedStillPictureHeader ? 1 : 0,
            "operating_point_idc" => s.OperatingPoints[i].Idc,
            "seq_level_idx" => s.OperatingPoints[i].LevelIdx,
            "seq_tier" => s.OperatingPoints[i].Tier,
            "frame_width_bits_minus_1" => s.FrameWidthBits - 1,
            "frame_height_bits_minus_1" => s.FrameHeightBits - 1,
            "max_frame_width_minus_1" => c.MaxFrameWidthMinus1,
            "max_frame_height_minus_1" => c.MaxFrameHeightMinus1,
            "frame_id_numbers_present_flag" => s.FrameIdNumbersPresent ? 1 : 0,
            "delta_frame_id_length_minus_2" => s.DeltaFrameIdLength - 2,
            "additional_frame_id_length_minus_1" => s.FrameIdLength - s.DeltaFrameIdLength - 1,
            "order_hint_bits_minus_1" => c.OrderHintBits - 1,
            "high_bitdepth" => s.BitDepth > 8 ? 1 : 0,
            "twelve_bit" => s.BitDepth == 12 ? 1 : 0,
            "color_description_present_flag" => s.ColorDescriptionPresent ? 1 : 0,
            "color_primaries" => s.ColorPrimaries,
            "transfer_characteristics" => s.TransferCharacteristics,
            "matrix_coefficients" => s.MatrixCoefficients,
            "chroma_sample_position" => s.ChromaSamplePosition,
            "num_units_in_display_tick" => s.NumUnitsInDisplayTick,
            "time_scale" => s.TimeScale,
            "num_units_in_decoding_tick" => s.NumUnitsInDecodingTick,
            "buffer_removal_time_length_minus_1" => s.BufferRemovalTimeLength - 1,
            _ => null,
        };
    }

    private static bool Same(string ours, string name) => string.Equals(ours, name.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    private static long? OfFrame(Av1FrameHeader h, string name, int i)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        ref V4L2CtrlAv1FilmGrain g = ref h.Grain;
        ref V4L2Av1Quantization q = ref c.Quantization;
        if (name == "reduced_tx_set")
            return h.Has(Av1FrameFlags.ReducedTxSet) ? 1 : 0;
        // Intra frames: the value in force is 1 whatever is sent (spec 5.9.2).
        if (name == "force_integer_mv" && h.IsIntra)
            return NotComparable;
        foreach (Av1FrameFlags flag in Enum.GetValues<Av1FrameFlags>())
        {
            if (Same(flag + (flag is Av1FrameFlags.FrameSizeOverride or Av1FrameFlags.BufferRemovalTimePresent ? "Flag" : ""), name))
                return h.Has(flag) ? 1 : 0;
        }
        return name switch
        {
            "show_existing_frame" => h.ShowExistingFrame ? 1 : 0,
            "frame_to_show_map_idx" => h.FrameToShowMapIdx,
            "display_frame_id" => h.DisplayFrameId,
            "frame_type" => (int)c.FrameType,
            "current_frame_id" => c.CurrentFrameId,
            "order_hint" => c.OrderHint,
            "primary_ref_frame" => c.PrimaryRefFrame,
            "buffer_removal_time" => c.BufferRemovalTime[i],
            "refresh_frame_flags" => c.RefreshFrameFlags,
            "ref_order_hint" => h.SlotOrderHint(i),
            "ref_frame_idx" => c.RefFrameIdx[i],
            "frame_width_minus_1" => c.UpscaledWidth - 1,
            "frame_height_minus_1" => c.FrameHeightMinus1,
            "render_width_minus_1" => c.RenderWidthMinus1,
            "render_height_minus_1" => c.RenderHeightMinus1,
            "coded_denom" => c.SuperresDenom - 9,
            "is_filter_switchable" => c.InterpolationFilter == Av1InterpolationFilter.Switchable ? 1 : 0,
            "interpolation_filter" => (int)c.InterpolationFilter,
            "uniform_tile_spacing_flag" => (int)c.TileInfo.Flags,
            "tile_cols_log2" => h.TileColsLog2,
            "tile_rows_log2" => h.TileRowsLog2,
            "context_update_tile_id" => h.Private.ContextUpdateTileId,
            "tile_size_bytes_minus1" or "tile_size_bytes_minus_1" => c.TileInfo.TileSizeBytes - 1,
            "base_q_idx" => q.BaseQIdx,
            "delta_q_y_dc.delta_q" => q.DeltaQYDc,
            "delta_q_u_dc.delta_q" => q.DeltaQUDc,
            "delta_q_u_ac.delta_q" => q.DeltaQUAc,
            "delta_q_v_dc.delta_q" => q.DeltaQVDc,
            "delta_q_v_ac.delta_q" => q.DeltaQVAc,
            "diff_uv_delta" => Bit((int)q.Flags, 0),
            "using_qmatrix" => Bit((int)q.Flags, 1),
            "delta_q_present" => Bit((int)q.Flags, 2),
            "qm_y" => q.QmY,
            "qm_u" => q.QmU,
            "qm_v" => q.QmV,
            "delta_q_res" => q.DeltaQRes,
            "delta_lf_present" => Bit((int)c.LoopFilter.Flags, 2),
            "delta_lf_multi" => Bit((int)c.LoopFilter.Flags, 3),
            "delta_lf_res" => c.LoopFilter.DeltaLfRes,
            "segmentation_enabled" => Bit((int)c.Segmentation.Flags, 0),
            "segmentation_update_map" => Bit((int)c.Segmentation.Flags, 1),
            "segmentation_temporal_update" => Bit((int)c.Segmentation.Flags, 2),
            "segmentation_update_data" => Bit((int)c.Segmentation.Flags, 3),
            "loop_filter_level" => c.LoopFilter.Level[i],
            "loop_filter_sharpness" => c.LoopFilter.Sharpness,
            "loop_filter_delta_enabled" => Bit((int)c.LoopFilter.Flags, 0),
            "loop_filter_delta_update" => Bit((int)c.LoopFilter.Flags, 1),
            "loop_filter_ref_deltas" => c.LoopFilter.RefDeltas[i],
            "loop_filter_mode_deltas" => c.LoopFilter.ModeDeltas[i],
            "cdef_damping_minus_3" => c.Cdef.DampingMinus3,
            "cdef_bits" => c.Cdef.Bits,
            "cdef_y_pri_strength" => c.Cdef.YPriStrength[i],
            "cdef_y_sec_strength" => Math.Min((int)c.Cdef.YSecStrength[i], 3),
            "cdef_uv_pri_strength" => c.Cdef.UvPriStrength[i],
            "cdef_uv_sec_strength" => Math.Min((int)c.Cdef.UvSecStrength[i], 3),
            "lr_type" => c.LoopRestoration.FrameRestorationType[i] switch
            {
                Av1RestorationType.Switchable => 1,
                Av1RestorationType.Wiener => 2,
                Av1RestorationType.Sgrproj => 3,
                _ => 0,
            },
            "lr_uv_shift" => c.LoopRestoration.LrUvShift,
            "tx_mode" => (int)c.TxMode,
            "is_global" => c.GlobalMotion.Flags[i] & 1,
            "apply_grain" => Bit((int)g.Flags, 0),
            "grain_seed" => g.GrainSeed,
            "update_grain" => Bit((int)g.Flags, 1),
            "film_grain_params_ref_idx" => g.FilmGrainParamsRefIdx,
            "num_y_points" => g.NumYPoints,
            "point_y_value" => g.PointYValue[i],
            "point_y_scaling" => g.PointYScaling[i],
            "chroma_scaling_from_luma" => Bit((int)g.Flags, 2),
            "num_cb_points" => g.NumCbPoints,
            "point_cb_value" => g.PointCbValue[i],
            "point_cb_scaling" => g.PointCbScaling[i],
            "num_cr_points" => g.NumCrPoints,
            "point_cr_value" => g.PointCrValue[i],
            "point_cr_scaling" => g.PointCrScaling[i],
            "grain_scaling_minus_8" => g.GrainScalingMinus8,
            "ar_coeff_lag" => g.ArCoeffLag,
            "ar_coeffs_y_plus_128" => g.ArCoeffsYPlus128[i],
            "ar_coeffs_cb_plus_128" => g.ArCoeffsCbPlus128[i],
            "ar_coeffs_cr_plus_128" => g.ArCoeffsCrPlus128[i],
            "ar_coeff_shift_minus_6" => g.ArCoeffShiftMinus6,
            "grain_scale_shift" => g.GrainScaleShift,
            "cb_mult" => g.CbMult,
            "cb_luma_mult" => g.CbLumaMult,
            "cb_offset" => g.CbOffset,
            "cr_mult" => g.CrMult,
            "cr_luma_mult" => g.CrLumaMult,
            "cr_offset" => g.CrOffset,
            "overlap_flag" => Bit((int)g.Flags, 3),
            "clip_to_restricted_range" => Bit((int)g.Flags, 4),
            _ => null,
        };
    }

    private static int Bit(int flags, int bit) => flags >> bit & 1;
}
