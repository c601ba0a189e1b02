// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>pic_parameter_set_rbsp() (spec 7.3.2.2).</summary>
internal static unsafe class H264PpsParser
{
    public static void ReadIds(ref H264SyntaxReader r, out int ppsId, out int spsId)
    {
        r.NalHeader(1u << 8, out _, out _);
        ppsId = (int)r.Ue(255, "pic_parameter_set_id");
        spsId = (int)r.Ue(31, "seq_parameter_set_id");
    }

    public static H264Pps? Parse(ReadOnlySpan<byte> nal, H264Sps sps, out H264ParseError error)
    {
        var r = new H264SyntaxReader(nal);
        var pps = new H264Pps(sps);
        ParseRbsp(ref r, sps, pps);
        error = r.Error;
        return r.Failed ? null : pps;
    }

    private static void ParseRbsp(ref H264SyntaxReader r, H264Sps sps, H264Pps pps)
    {
        ref DaedalusCtrlH264PictureParameters d = ref pps.ParametersValue;
        ref V4L2CtrlH264Pps c = ref d.Pps;
        ReadIds(ref r, out int ppsId, out int spsId);
        c.PicParameterSetId = (byte)ppsId;
        c.SeqParameterSetId = (byte)spsId;
        if (r.Flag("entropy_coding_mode_flag"))
            c.Flags |= H264PpsFlags.EntropyCodingMode;
        if (r.Flag("bottom_field_pic_order_in_frame_present_flag"))
            c.Flags |= H264PpsFlags.BottomFieldPicOrderInFramePresent;
        c.NumSliceGroupsMinus1 = (byte)r.Ue(7, "num_slice_groups_minus1");
        if (c.NumSliceGroupsMinus1 > 0)
            ParseSliceGroups(ref r, sps, pps);
        if (r.Failed)
            return;
        c.NumRefIdxL0DefaultActiveMinus1 = (byte)r.Ue(31, "num_ref_idx_l0_default_active_minus1");
        c.NumRefIdxL1DefaultActiveMinus1 = (byte)r.Ue(31, "num_ref_idx_l1_default_active_minus1");
        if (r.Flag("weighted_pred_flag"))
            c.Flags |= H264PpsFlags.WeightedPred;
        int at = r.Position;
        c.WeightedBipredIdc = (byte)r.U(2, "weighted_bipred_idc");
        if (c.WeightedBipredIdc > 2)
            r.Fail(H264ParseReason.OutOfRange, "weighted_bipred_idc", at);
        c.PicInitQpMinus26 = (sbyte)r.Se(-26 - 6 * sps.Control.BitDepthLumaMinus8, 25, "pic_init_qp_minus26");
        // Only SP and SI slices use it, which check the sum; encoders of other profiles write the value of pic_init_qp here.
        c.PicInitQsMinus26 = (sbyte)r.Se(-26 - 6 * sps.Control.BitDepthLumaMinus8, 25, "pic_init_qs_minus26");
        c.ChromaQpIndexOffset = (sbyte)r.Se(-12, 12, "chroma_qp_index_offset");
        c.SecondChromaQpIndexOffset = c.ChromaQpIndexOffset;
        if (r.Flag("deblocking_filter_control_present_flag"))
            c.Flags |= H264PpsFlags.DeblockingFilterControlPresent;
        if (r.Flag("constrained_intra_pred_flag"))
            c.Flags |= H264PpsFlags.ConstrainedIntraPred;
        if (r.Flag("redundant_pic_cnt_present_flag"))
            c.Flags |= H264PpsFlags.RedundantPicCntPresent;

        d.ScalingMatrix = sps.ScalingMatrix;
        bool hasLists = sps.HasScalingMatrix;
        // Baseline, Main and Extended have nothing more (spec A.2.1..A.2.3), but some of their encoders leave rubbish behind it.
        bool oldProfile = sps.ProfileIdc is 66 or 77 or 88 && (sps.Control.ConstraintSetFlags & 7) != 0;
        if (!oldProfile && r.MoreRbspData())
        {
            bool transform8x8 = r.Flag("transform_8x8_mode_flag");
            if (transform8x8)
                c.Flags |= H264PpsFlags.Transform8x8Mode;
            if (r.Flag("pic_scaling_matrix_present_flag"))
            {
                hasLists = true;
                int coded = 6 + (transform8x8 ? sps.Control.ChromaFormatIdc != 3 ? 2 : 6 : 0);
                fixed (V4L2CtrlH264ScalingMatrix* lists = &sps.ScalingMatrix)
                    H264ScalingLists.Read(ref r, ref d.ScalingMatrix, coded, sps.HasScalingMatrix ? lists : null);
            }
            c.SecondChromaQpIndexOffset = (sbyte)r.Se(-12, 12, "second_chroma_qp_index_offset");
        }
        if (hasLists)
            c.Flags |= H264PpsFlags.ScalingMatrixPresent;
    }

    private static void ParseSliceGroups(ref H264SyntaxReader r, H264Sps sps, H264Pps pps)
    {
        ref DaedalusCtrlH264PictureParameters d = ref pps.ParametersValue;
        int groups = d.Pps.NumSliceGroupsMinus1 + 1;
        uint mapUnits = (uint)sps.MapUnits;
        d.SliceGroupMapType = (byte)r.Ue(6, "slice_group_map_type");
        switch (d.SliceGroupMapType)
        {
            case 0:
                for (int i = 0; i < groups; i++)
                    d.RunLengthMinus1[i] = r.Ue(mapUnits - 1, "run_length_minus1");
                break;
            case 2:
                for (int i = 0; i < groups - 1; i++)
                {
                    int at = r.Position;
                    uint topLeft = r.Ue(mapUnits - 1, "top_left"), bottomRight = r.Ue(mapUnits - 1, "bottom_right");
                    // A rectangle whose right edge is left of its left one breaks a constraint of 7.4.2.2 but has a meaning in (8-17): it is empty.
                    if (topLeft > bottomRight)
                        r.Fail(H264ParseReason.OutOfRange, "top_left", at);
                    d.TopLeft[i] = topLeft;
                    d.BottomRight[i] = bottomRight;
                }
                break;
            case 3 or 4 or 5:
                int typeAt = r.Position;
                if (groups != 2)
                    r.Fail(H264ParseReason.OutOfRange, "num_slice_groups_minus1", typeAt);
                d.SliceGroupChangeDirection = (byte)r.U(1, "slice_group_change_direction_flag");
                d.SliceGroupChangeRateMinus1 = r.Ue(mapUnits - 1, "slice_group_change_rate_minus1");
                break;
            case 6:
                ParseExplicitGroups(ref r, mapUnits, groups, pps);
                break;
        }
    }

    private static void ParseExplicitGroups(ref H264SyntaxReader r, uint mapUnits, int groups, H264Pps pps)
    {
        int at = r.Position;
        uint units = r.Ue(DaedalusCtrlH264PictureParameters.MaxMapUnits - 1, "pic_size_in_map_units_minus1") + 1;
        if (!r.Failed && units != mapUnits)
            r.Fail(H264ParseReason.Inconsistent, "pic_size_in_map_units_minus1", at);
        // Ceil(Log2(num_slice_groups_minus1 + 1)) bits each; asked for before the array is made, as the size is the stream's word.
        int bits = 32 - BitOperations.LeadingZeroCount((uint)groups - 1);
        if (!r.Failed && (long)units * bits > r.Length - r.Position)
            r.Fail(H264ParseReason.Truncated, "slice_group_id");
        if (r.Failed)
            return;
        byte[] ids = GC.AllocateUninitializedArray<byte>((int)units, pinned: true);
        for (int i = 0; i < ids.Length; i++)
        {
            at = r.Position;
            uint id = r.U(bits, "slice_group_id");
            if (id >= groups)
                r.Fail(H264ParseReason.OutOfRange, "slice_group_id", at);
            ids[i] = (byte)id;
        }
        pps.SliceGroupId = ids;
        pps.ParametersValue.MapUnits = units;
        pps.ParametersValue.SliceGroupId = (ulong)Unsafe.AsPointer(ref ids[0]);
    }
}
