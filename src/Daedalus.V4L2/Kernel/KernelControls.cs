// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>What the kernel route has to know of a codec's controls.</summary>
internal static unsafe class KernelControls
{
    /// <summary>Most controls of a request.</summary>
    public const int Max = 8;

    /// <summary>
    /// The control that tells a driver what the pictures are before there is one: it offers its CAPTURE formats by it. Made from the geometry alone, with values that
    /// every driver takes for the rest.
    /// </summary>
    /// <param name="codedFormat">Codec.</param>
    /// <param name="g">Geometry.</param>
    /// <param name="buffer">Receives the payload; 2048 bytes.</param>
    /// <returns>Id and size.</returns>
    public static ControlPayload Describe(uint codedFormat, in CodedGeometry g, byte* buffer)
    {
        new Span<byte>(buffer, 2048).Clear();
        switch (codedFormat)
        {
            case PixelFormat.Vp9Frame:
                var vp9 = (V4L2CtrlVp9Frame*)buffer;
                bool is420 = g is { SubsamplingX: 1, SubsamplingY: 1 };
                vp9->Profile = (byte)((g.BitDepth > 8 ? 2 : 0) + (is420 ? 0 : 1));
                vp9->BitDepth = (byte)g.BitDepth;
                vp9->FrameWidthMinus1 = vp9->RenderWidthMinus1 = (ushort)(g.Width - 1);
                vp9->FrameHeightMinus1 = vp9->RenderHeightMinus1 = (ushort)(g.Height - 1);
                vp9->Flags = Vp9FrameFlags.KeyFrame | Vp9FrameFlags.ShowFrame
                    | (g.SubsamplingX == 1 ? Vp9FrameFlags.XSubsampling : 0) | (g.SubsamplingY == 1 ? Vp9FrameFlags.YSubsampling : 0);
                return new ControlPayload(V4L2CtrlVp9Frame.ControlId, (nint)buffer, (uint)sizeof(V4L2CtrlVp9Frame));
            case PixelFormat.H264Slice:
                var sps = (V4L2CtrlH264Sps*)buffer;
                int chroma = g.SubsamplingX == 0 ? 3 : g.SubsamplingY == 0 ? 2 : 1;
                sps->ProfileIdc = (byte)(chroma == 3 ? 244 : chroma == 2 ? 122 : g.BitDepth > 8 ? 110 : 77);
                sps->LevelIdc = 52;
                sps->ChromaFormatIdc = (byte)chroma;
                sps->BitDepthLumaMinus8 = sps->BitDepthChromaMinus8 = (byte)(g.BitDepth - 8);
                sps->MaxNumRefFrames = 1;
                sps->PicWidthInMbsMinus1 = (ushort)((g.Width + 15) / 16 - 1);
                sps->PicHeightInMapUnitsMinus1 = (ushort)((g.Height + 15) / 16 - 1);
                sps->Flags = H264SpsFlags.FrameMbsOnly | H264SpsFlags.Direct8x8Inference;
                return new ControlPayload(V4L2CtrlH264Sps.ControlId, (nint)buffer, (uint)sizeof(V4L2CtrlH264Sps));
            default:
                var av1 = (V4L2CtrlAv1Sequence*)buffer;
                av1->BitDepth = (byte)g.BitDepth;
                // 4:2:2 and 12 bits are profile 2 (spec 5.5.2).
                av1->SeqProfile = (byte)(g.BitDepth == 12 || g is { SubsamplingX: 1, SubsamplingY: 0 } ? 2 : g.SubsamplingX == 0 ? 1 : 0);
                av1->MaxFrameWidthMinus1 = (ushort)(g.Width - 1);
                av1->MaxFrameHeightMinus1 = (ushort)(g.Height - 1);
                av1->Flags = (g.SubsamplingX == 1 ? Av1SequenceFlags.SubsamplingX : 0) | (g.SubsamplingY == 1 ? Av1SequenceFlags.SubsamplingY : 0);
                return new ControlPayload(V4L2CtrlAv1Sequence.ControlId, (nint)buffer, (uint)sizeof(V4L2CtrlAv1Sequence));
        }
    }

    /// <summary>Whether the request decodes a field.</summary>
    public static bool IsField(ReadOnlySpan<ControlPayload> controls)
    {
        foreach (ControlPayload c in controls)
            if (c.Id == V4L2CtrlH264DecodeParams.ControlId)
                return (((V4L2CtrlH264DecodeParams*)c.Payload)->Flags & H264DecodeParamFlags.FieldPic) != 0;
        return false;
    }

    /// <summary>Whether the request refers to a picture older than a timestamp in nanoseconds.</summary>
    public static bool RefersBefore(ReadOnlySpan<ControlPayload> controls, ulong limit)
    {
        foreach (ControlPayload c in controls)
        {
            switch (c.Id)
            {
                case V4L2CtrlVp9Frame.ControlId:
                    var vp9 = (V4L2CtrlVp9Frame*)c.Payload;
                    if ((vp9->Flags & (Vp9FrameFlags.KeyFrame | Vp9FrameFlags.IntraOnly)) == 0)
                        return vp9->LastFrameTs < limit || vp9->GoldenFrameTs < limit || vp9->AltFrameTs < limit;
                    break;
                case V4L2CtrlH264DecodeParams.ControlId:
                    var h264 = (V4L2CtrlH264DecodeParams*)c.Payload;
                    for (int i = 0; i < 16; i++)
                        if ((h264->Dpb[i].Flags & H264DpbEntryFlags.Active) != 0 && h264->Dpb[i].ReferenceTs < limit)
                            return true;
                    break;
                case V4L2CtrlAv1Frame.ControlId:
                    var av1 = (V4L2CtrlAv1Frame*)c.Payload;
                    if (av1->FrameType is Av1FrameType.Key or Av1FrameType.IntraOnly)
                        break;
                    for (int i = 0; i < 7; i++)
                        if (av1->ReferenceFrameTs[av1->RefFrameIdx[i] & 7] < limit)
                            return true;
                    break;
            }
        }
        return false;
    }
}
