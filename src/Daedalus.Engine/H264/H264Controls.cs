// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>The controls of a request (frame-based mode), where the caller has them.</summary>
internal unsafe struct H264Controls
{
    /// <summary>Largest picture in macroblocks (level 6.2: 139264), with room for what streams claim and buffers hold.</summary>
    public const int MaxSizeInMbs = 1 << 20;

    /// <summary>Sequence parameter set.</summary>
    public V4L2CtrlH264Sps* Sps;
    /// <summary>Picture parameter set.</summary>
    public V4L2CtrlH264Pps* Pps;
    /// <summary>Scaling lists or null.</summary>
    public V4L2CtrlH264ScalingMatrix* ScalingMatrix;
    /// <summary>Decoding parameters.</summary>
    public V4L2CtrlH264DecodeParams* Params;
    /// <summary>Private: all picture parameter sets in use, or null.</summary>
    public DaedalusCtrlH264PictureParameters* Parameters;
    /// <summary>Entries of <see cref="Parameters"/>.</summary>
    public int ParameterCount;

    /// <summary>Collects them; false when one that must be there is not.</summary>
    public static bool TryFind(AbiRequest* request, out H264Controls controls)
    {
        controls = default;
        for (uint i = 0; i < request->ControlCount && request->Controls != null; i++)
        {
            AbiControl* control = request->Controls + i;
            if (control->Payload == null)
                continue;
            switch (control->Id)
            {
                case V4L2CtrlH264Sps.ControlId when control->Size == (uint)sizeof(V4L2CtrlH264Sps):
                    controls.Sps = (V4L2CtrlH264Sps*)control->Payload;
                    break;
                case V4L2CtrlH264Pps.ControlId when control->Size == (uint)sizeof(V4L2CtrlH264Pps):
                    controls.Pps = (V4L2CtrlH264Pps*)control->Payload;
                    break;
                case V4L2CtrlH264ScalingMatrix.ControlId when control->Size == (uint)sizeof(V4L2CtrlH264ScalingMatrix):
                    controls.ScalingMatrix = (V4L2CtrlH264ScalingMatrix*)control->Payload;
                    break;
                case V4L2CtrlH264DecodeParams.ControlId when control->Size == (uint)sizeof(V4L2CtrlH264DecodeParams):
                    controls.Params = (V4L2CtrlH264DecodeParams*)control->Payload;
                    break;
                case DaedalusCtrlH264PictureParameters.ControlId when control->Size != 0 && control->Size % (uint)sizeof(DaedalusCtrlH264PictureParameters) == 0:
                    controls.Parameters = (DaedalusCtrlH264PictureParameters*)control->Payload;
                    controls.ParameterCount = (int)Math.Min(control->Size / (uint)sizeof(DaedalusCtrlH264PictureParameters), 256);
                    break;
            }
        }
        return controls.Sps != null && controls.Pps != null && controls.Params != null;
    }

    /// <summary>Whether the sequence parameters are such that decoding can index with them (ranges of spec 7.4.2.1).</summary>
    public readonly bool IsValid
    {
        get
        {
            V4L2CtrlH264Sps* s = Sps;
            bool frameMbsOnly = (s->Flags & H264SpsFlags.FrameMbsOnly) != 0, field = (Params->Flags & H264DecodeParamFlags.FieldPic) != 0;
            bool separate = (s->Flags & H264SpsFlags.SeparateColourPlane) != 0;
            int height = (s->PicHeightInMapUnitsMinus1 + 1) * (frameMbsOnly ? 1 : 2), width = s->PicWidthInMbsMinus1 + 1;
            return s->ChromaFormatIdc <= 3 && s->BitDepthLumaMinus8 <= 6 && (s->ChromaFormatIdc == 0 || s->BitDepthChromaMinus8 == s->BitDepthLumaMinus8)
                && s->Log2MaxFrameNumMinus4 <= 12 && s->PicOrderCntType <= 2 && s->Log2MaxPicOrderCntLsbMinus4 <= 12
                && (!separate || s->ChromaFormatIdc == 3) && (!field || !frameMbsOnly) && (long)width * height <= MaxSizeInMbs;
        }
    }

    /// <summary>Whether a picture parameter set's values are in their ranges (spec 7.4.2.2).</summary>
    public static bool IsValidPps(DaedalusCtrlH264PictureParameters* p, int bitDepth)
    {
        ref V4L2CtrlH264Pps pps = ref p->Pps;
        int bdOffset = 6 * (bitDepth - 8);
        return pps.NumSliceGroupsMinus1 <= 7 && pps.NumRefIdxL0DefaultActiveMinus1 <= 31 && pps.NumRefIdxL1DefaultActiveMinus1 <= 31 && pps.WeightedBipredIdc <= 2
            && pps.PicInitQpMinus26 >= -26 - bdOffset && pps.PicInitQpMinus26 <= 25 && pps.PicInitQsMinus26 >= -26 - bdOffset && pps.PicInitQsMinus26 <= 25
            && pps.ChromaQpIndexOffset is >= -12 and <= 12 && pps.SecondChromaQpIndexOffset is >= -12 and <= 12 && p->SliceGroupMapType <= 6;
    }
}
