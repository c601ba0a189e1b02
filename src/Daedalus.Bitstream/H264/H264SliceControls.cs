// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>Controls of one slice, for drivers that decode slice by slice (V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED).</summary>
public static unsafe class H264SliceControls
{
    /// <summary>Fills the two controls of a slice.</summary>
    /// <param name="decode">Decode parameters of its picture.</param>
    /// <param name="sps">Sequence parameter set.</param>
    /// <param name="h">The slice's header.</param>
    /// <param name="slice">Receives the slice parameters with both reference lists after modification.</param>
    /// <param name="weights">Receives the weight table; a driver reads it only where <see cref="NeedsWeights"/> holds.</param>
    public static void Fill(in V4L2CtrlH264DecodeParams decode, in V4L2CtrlH264Sps sps, in H264SliceHeader h,
        V4L2CtrlH264SliceParams* slice, V4L2CtrlH264PredWeights* weights)
    {
        *slice = default;
        slice->HeaderBitSize = h.HeaderBitSize;
        slice->FirstMbInSlice = (uint)h.FirstMbInSlice;
        slice->SliceType = h.SliceType;
        slice->ColourPlaneId = h.ColourPlaneId;
        slice->RedundantPicCnt = (byte)h.RedundantPicCnt;
        slice->CabacInitIdc = h.CabacInitIdc;
        slice->SliceQpDelta = h.SliceQpDelta;
        slice->SliceQsDelta = h.SliceQsDelta;
        slice->DisableDeblockingFilterIdc = h.DisableDeblockingFilterIdc;
        slice->SliceAlphaC0OffsetDiv2 = (sbyte)(h.FilterOffsetA / 2);
        slice->SliceBetaOffsetDiv2 = (sbyte)(h.FilterOffsetB / 2);
        slice->NumRefIdxL0ActiveMinus1 = (byte)Math.Max(0, h.NumRefIdxActive0 - 1);
        slice->NumRefIdxL1ActiveMinus1 = (byte)Math.Max(0, h.NumRefIdxActive1 - 1);
        slice->Flags = (h.DirectSpatialMvPred ? H264SliceFlags.DirectSpatialMvPred : 0) | (h.SpForSwitch ? H264SliceFlags.SpForSwitch : 0);
        H264ReferenceLists.Build(decode, sps, h, (V4L2H264Reference*)&slice->RefPicList0, (V4L2H264Reference*)&slice->RefPicList1);
        *weights = h.Weights;
    }

    /// <summary>V4L2_H264_CTRL_PRED_WEIGHTS_REQUIRED: explicit weights are in use.</summary>
    public static bool NeedsWeights(in V4L2CtrlH264Pps pps, in H264SliceHeader h) =>
        ((pps.Flags & H264PpsFlags.WeightedPred) != 0 && h.SliceType is (H264SliceType.P or H264SliceType.SP))
        || (pps.WeightedBipredIdc == 1 && h.SliceType == H264SliceType.B);
}
