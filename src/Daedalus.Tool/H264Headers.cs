// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Tool;

/// <summary>headers for H.264: one line a NAL unit, name=value pairs.</summary>
internal static unsafe class H264Headers
{
    public static int Run(AccessUnitReader reader)
    {
        var sets = new H264ParameterSets();
        var sei = new H264Sei();
        byte[] header = new byte[H264SliceHeaderParser.MaxHeaderBytes];
        // Partitions B and C have no pic_parameter_set_id: they go by the last partition A.
        H264Pps? active = null;
        int unitNumber = 0, errors = 0;
        var line = new StringBuilder();
        while (reader.TryRead(out ReadOnlySpan<byte> unit))
        {
            int position = 0;
            while (H264NalUnits.TryNext(unit, ref position, out int start, out int length))
            {
                ReadOnlySpan<byte> nal = unit.Slice(start, length);
                H264NalUnitType type = H264NalUnits.Type(nal);
                line.Clear();
                line.Append($"unit={unitNumber} nal_unit_type={(int)type} {type} nal_ref_idc={H264NalUnits.RefIdc(nal)} bytes={length}");
                ReadOnlySpan<byte> plain = header.AsSpan(0, H264NalUnits.Unescape(nal, header));
                H264ParseError error = default;
                bool good = true;
                switch (type)
                {
                    case H264NalUnitType.Sps:
                        good = sets.Add(nal, out error);
                        if (good && H264Sps.TryParse(plain, out H264Sps? sps, out error))
                            Describe(line, sps);
                        break;
                    case H264NalUnitType.Pps:
                        good = sets.Add(nal, out error);
                        // One that comes before its SPS cannot be read yet.
                        if (good && H264Pps.TryReadIds(plain, out int id, out int spsId, out error))
                        {
                            line.Append($" pic_parameter_set_id={id} seq_parameter_set_id={spsId}");
                            if (sets.GetSps(spsId) != null && (good = sets.TryGetPps(id, out H264Pps? set, out error)))
                                Describe(line, set!);
                        }
                        break;
                    case H264NalUnitType.Sei:
                        byte[] whole = new byte[length];
                        sei.Clear();
                        good = H264SeiParser.TryParse(whole.AsSpan(0, H264NalUnits.Unescape(nal, whole)), sei, out error);
                        Describe(line, sei, active?.Sps);
                        break;
                    case H264NalUnitType.Slice or H264NalUnitType.PartitionA or H264NalUnitType.IdrSlice:
                        good = Slice(line, sets, plain, ref active, out error);
                        break;
                    case H264NalUnitType.PartitionB or H264NalUnitType.PartitionC when active != null:
                        good = H264SliceHeaderParser.TryParsePartition(plain, active.Sps.Control, active.Parameters, out H264PartitionHeader partition, out error);
                        line.Append($" slice_id={partition.SliceId} colour_plane_id={partition.ColourPlaneId} redundant_pic_cnt={partition.RedundantPicCnt} header_bits={partition.HeaderBitSize}");
                        break;
                }
                if (!good)
                {
                    errors++;
                    line.Append($" error=\"{error}\"");
                }
                Console.Out.WriteLine(line);
            }
            unitNumber++;
        }
        return errors == 0 ? 0 : 1;
    }

    private static int B(bool value) => value ? 1 : 0;

    private static void Describe(StringBuilder s, H264Sps sps)
    {
        V4L2CtrlH264Sps c = sps.Control;
        s.Append($" seq_parameter_set_id={sps.Id} profile_idc={c.ProfileIdc} constraint_sets={c.ConstraintSetFlags} level_idc={c.LevelIdc} chroma_format_idc={c.ChromaFormatIdc} separate_colour_plane_flag={B(sps.SeparateColourPlanes)}");
        s.Append($" bit_depth={sps.BitDepthLuma},{sps.BitDepthChroma} transform_bypass={B((c.Flags & H264SpsFlags.QpPrimeYZeroTransformBypass) != 0)} scaling_matrix={B(sps.HasScalingMatrix)}");
        s.Append($" max_frame_num={sps.MaxFrameNum} pic_order_cnt_type={c.PicOrderCntType}");
        if (c.PicOrderCntType == 0)
            s.Append($" max_pic_order_cnt_lsb={sps.MaxPicOrderCntLsb}");
        else if (c.PicOrderCntType == 1)
        {
            s.Append($" delta_pic_order_always_zero_flag={B((c.Flags & H264SpsFlags.DeltaPicOrderAlwaysZero) != 0)} offsets={c.OffsetForNonRefPic},{c.OffsetForTopToBottomField} cycle=");
            for (int i = 0; i < c.NumRefFramesInPicOrderCntCycle; i++)
                s.Append(i == 0 ? "" : ",").Append(c.OffsetForRefFrame[i]);
        }
        s.Append($" max_num_ref_frames={c.MaxNumRefFrames} gaps={B((c.Flags & H264SpsFlags.GapsInFrameNumAllowed) != 0)} size={sps.Width}x{sps.Height} crop={sps.CropLeft},{sps.CropTop},{sps.CropRight},{sps.CropBottom}");
        s.Append($" frame_mbs_only_flag={B(sps.FrameMbsOnly)} mb_adaptive_frame_field_flag={B((c.Flags & H264SpsFlags.MbAdaptiveFrameField) != 0)} direct_8x8_inference_flag={B((c.Flags & H264SpsFlags.Direct8x8Inference) != 0)} max_dpb_frames={sps.MaxDpbFrames}");
        if (!sps.HasVui)
            return;
        H264Vui v = sps.Vui;
        s.Append($" vui={(v.Damaged ? "damaged" : "1")}");
        if (v.HasAspectRatio)
            s.Append($" sar={v.SarWidth}:{v.SarHeight}");
        if (v.HasVideoSignalType)
            s.Append($" video_format={v.VideoFormat} full_range={B(v.FullRange)} colour={v.ColourPrimaries},{v.TransferCharacteristics},{v.MatrixCoefficients}");
        if (v.HasChromaLocation)
            s.Append($" chroma_location={v.ChromaLocationTop},{v.ChromaLocationBottom}");
        if (v.HasTiming)
            s.Append($" timing={v.NumUnitsInTick}/{v.TimeScale} fixed_frame_rate_flag={B(v.FixedFrameRate)}");
        s.Append($" hrd={B(v.HasNalHrd)},{B(v.HasVclHrd)} pic_struct_present_flag={B(v.PicStructPresent)}");
        if (v.HasBitstreamRestriction)
            s.Append($" max_num_reorder_frames={v.NumReorderFrames} max_dec_frame_buffering={v.MaxDecFrameBuffering}");
    }

    private static void Describe(StringBuilder s, H264Pps set)
    {
        DaedalusCtrlH264PictureParameters d = set.Parameters;
        V4L2CtrlH264Pps c = d.Pps;
        s.Append($" entropy_coding_mode_flag={B((c.Flags & H264PpsFlags.EntropyCodingMode) != 0)} bottom_field_pic_order={B((c.Flags & H264PpsFlags.BottomFieldPicOrderInFramePresent) != 0)} slice_groups={c.NumSliceGroupsMinus1 + 1}");
        if (c.NumSliceGroupsMinus1 > 0)
            s.Append($" slice_group_map_type={d.SliceGroupMapType}");
        s.Append($" num_ref_idx_default={c.NumRefIdxL0DefaultActiveMinus1 + 1},{c.NumRefIdxL1DefaultActiveMinus1 + 1} weighted={B((c.Flags & H264PpsFlags.WeightedPred) != 0)},{c.WeightedBipredIdc}");
        s.Append($" qp={26 + c.PicInitQpMinus26} qs={26 + c.PicInitQsMinus26} chroma_qp_offset={c.ChromaQpIndexOffset},{c.SecondChromaQpIndexOffset}");
        s.Append($" deblocking_control={B((c.Flags & H264PpsFlags.DeblockingFilterControlPresent) != 0)} constrained_intra_pred_flag={B((c.Flags & H264PpsFlags.ConstrainedIntraPred) != 0)} redundant_pic_cnt_present_flag={B((c.Flags & H264PpsFlags.RedundantPicCntPresent) != 0)}");
        s.Append($" transform_8x8_mode_flag={B((c.Flags & H264PpsFlags.Transform8x8Mode) != 0)} scaling_matrix={B((c.Flags & H264PpsFlags.ScalingMatrixPresent) != 0)}");
    }

    private static void Describe(StringBuilder s, H264Sei sei, H264Sps? sps)
    {
        if (sei.HasPicTiming)
            s.Append(sps != null && sei.ResolvePicTiming(sps) ? $" pic_timing={sei.PicStruct},{sei.CpbRemovalDelay},{sei.DpbOutputDelay}" : " pic_timing");
        if (sei.RecoveryPoint is { } r)
            s.Append($" recovery_frame_cnt={r.RecoveryFrameCnt} exact_match={B(r.ExactMatch)} broken_link={B(r.BrokenLink)}");
        if (sei.Captions.Length > 0)
            s.Append($" cc_count={sei.Captions.Length / 3}");
        if (sei.ActiveFormat is { } a)
            s.Append($" active_format={a}");
        if (sei.FramePacking is { } p)
            s.Append($" frame_packing={p.Type} cancel={B(p.Cancel)}");
        if (sei.DisplayOrientation is { } o)
            s.Append($" orientation={B(o.HorizontalFlip)},{B(o.VerticalFlip)},{o.AnticlockwiseRotation}");
        if (sei.MasteringDisplay is { } m)
            s.Append($" mastering_luminance={m.MinLuminance}..{m.MaxLuminance}");
        if (sei.ContentLight is { } l)
            s.Append($" content_light={l.MaxContentLightLevel},{l.MaxPicAverageLightLevel}");
        if (sei.AlternativeTransfer is { } t)
            s.Append($" preferred_transfer_characteristics={t}");
    }

    private static bool Slice(StringBuilder s, H264ParameterSets sets, ReadOnlySpan<byte> nal, ref H264Pps? active, out H264ParseError error)
    {
        if (!H264SliceHeaderParser.TryReadPpsId(nal, out _, out int id))
        {
            error = new H264ParseError(H264ParseReason.OutOfRange, "pic_parameter_set_id", 8);
            return false;
        }
        if (!sets.TryGetPps(id, out H264Pps? pps, out error))
            return false;
        active = pps;
        bool good = H264SliceHeaderParser.TryParse(nal, pps.Sps.Control, pps.Parameters, out H264SliceHeader h, out error);
        s.Append($" first_mb={h.FirstMbInSlice} slice_type={h.SliceType} pps={h.PicParameterSetId} sps={pps.Sps.Id} size={pps.Sps.Width}x{pps.Sps.Height} frame_num={h.FrameNum}");
        s.Append(h.FieldPic ? h.BottomField ? " bottom_field" : " top_field" : h.MbaffFrame ? " mbaff" : "");
        s.Append($" idr_pic_id={h.IdrPicId} poc_lsb={h.PicOrderCntLsb} delta_bottom={h.DeltaPicOrderCntBottom} delta={h.DeltaPicOrderCnt0},{h.DeltaPicOrderCnt1}");
        s.Append($" num_ref_idx={h.NumRefIdxActive0},{h.NumRefIdxActive1} qp={h.SliceQp} redundant={h.RedundantPicCnt} header_bits={h.HeaderBitSize}");
        if (h.SliceType is H264SliceType.SP or H264SliceType.SI)
            s.Append($" qs={h.SliceQs} sp_for_switch_flag={B(h.SpForSwitch)}");
        if (h.SliceType == H264SliceType.B)
            s.Append(h.DirectSpatialMvPred ? " direct=spatial" : " direct=temporal");
        s.Append($" deblocking={h.DisableDeblockingFilterIdc},{h.FilterOffsetA},{h.FilterOffsetB} cabac_init_idc={h.CabacInitIdc}");
        if (h.NalUnitType == (byte)H264NalUnitType.PartitionA)
            s.Append($" slice_id={h.SliceId}");
        if (pps.Sps.SeparateColourPlanes)
            s.Append($" colour_plane_id={h.ColourPlaneId}");
        if (h.SliceGroupChangeCycle != 0)
            s.Append($" slice_group_change_cycle={h.SliceGroupChangeCycle}");
        if (h.HasWeights)
            s.Append(" weights");
        for (int i = 0; i < h.ModificationCount0; i++)
            s.Append($" l0_mod{h.ModificationIdc0[i]}={h.ModificationValue0[i]}");
        for (int i = 0; i < h.ModificationCount1; i++)
            s.Append($" l1_mod{h.ModificationIdc1[i]}={h.ModificationValue1[i]}");
        if (h.NoOutputOfPriorPics)
            s.Append(" no_output_of_prior_pics");
        if (h.LongTermReference)
            s.Append(" long_term_reference");
        for (int i = 0; i < h.MarkingCount; i++)
            s.Append($" mmco{h.MarkingOperation[i]}={h.MarkingValue[i]}" + (h.MarkingOperation[i] == 3 ? $",{h.MarkingLongTermFrameIdx[i]}" : ""));
        return good;
    }
}
