// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Fuzz;

/// <summary>Damages controls after parsing: what a client with faults, or none of ours, may submit.</summary>
internal static unsafe class H264ControlMutator
{
    /// <summary>Stands for the address of a slice group map that nobody parsed.</summary>
    public const ulong MadeUp = 1;

    public static void Mutate(H264RequestControls* c, Span<DaedalusCtrlH264PictureParameters> parameters, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        for (int n = 1 + rng.Small(3); n > 0; n--)
            MutateOnce(c, parameters, timestamps, rng, log);
    }

    private static void MutateOnce(H264RequestControls* c, Span<DaedalusCtrlH264PictureParameters> parameters, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        int choice = rng.Below(26);
        log.Add($"control {choice}");
        ref V4L2CtrlH264Sps sps = ref c->Sps;
        V4L2CtrlH264DecodeParams* p = &c->DecodeParams;
        switch (choice)
        {
            case 0:
                Noise(new Span<byte>(&c->Sps, sizeof(V4L2CtrlH264Sps)), rng);
                break;
            case 1:
                Noise(new Span<byte>(&c->Pps, sizeof(V4L2CtrlH264Pps)), rng);
                break;
            case 2:
                Noise(new Span<byte>(p, sizeof(V4L2CtrlH264DecodeParams)), rng);
                break;
            case 3:
                sps.PicWidthInMbsMinus1 = (ushort)(rng.OneIn(4) ? rng.Next() : (ulong)rng.Below(24));
                break;
            case 4:
                sps.PicHeightInMapUnitsMinus1 = (ushort)(rng.OneIn(4) ? rng.Next() : (ulong)rng.Below(24));
                break;
            case 5:
                sps.BitDepthLumaMinus8 = (byte)rng.Below(8);
                sps.BitDepthChromaMinus8 = rng.OneIn(3) ? (byte)rng.Below(8) : sps.BitDepthLumaMinus8;
                break;
            case 6:
                sps.ChromaFormatIdc = (byte)rng.Below(rng.OneIn(4) ? 256 : 5);
                break;
            case 7:
                sps.Flags ^= (H264SpsFlags)(1u << rng.Below(7));
                break;
            case 8:
                sps.Log2MaxFrameNumMinus4 = (byte)rng.Below(rng.OneIn(4) ? 256 : 13);
                sps.Log2MaxPicOrderCntLsbMinus4 = (byte)rng.Below(rng.OneIn(4) ? 256 : 13);
                sps.PicOrderCntType = (byte)rng.Below(4);
                break;
            case 9:
                sps.MaxNumRefFrames = (byte)rng.Next();
                sps.NumRefFramesInPicOrderCntCycle = (byte)rng.Next();
                break;
            case 10:
                p->Flags ^= (H264DecodeParamFlags)(1u << rng.Below(5));
                break;
            case 11:
                p->Flags ^= H264DecodeParamFlags.FieldPic | (rng.OneIn(2) ? H264DecodeParamFlags.BottomField : 0);
                sps.Flags &= ~H264SpsFlags.FrameMbsOnly;
                break;
            case 12:
                p->FrameNum = (ushort)rng.Next();
                p->NalRefIdc = (ushort)rng.Below(5);
                break;
            case 13:
                p->TopFieldOrderCnt = Order(rng);
                p->BottomFieldOrderCnt = Order(rng);
                break;
            case >= 14 and <= 18:
                for (int n = 1 + rng.Small(8); n > 0; n--)
                    Entry(ref p->Dpb[rng.Below(16)], timestamps, rng);
                break;
            case 19:
                (p->Dpb[rng.Below(16)], p->Dpb[rng.Below(16)]) = (p->Dpb[rng.Below(16)], p->Dpb[rng.Below(16)]);
                break;
            case 20:
                p->Dpb[rng.Below(16)] = default;
                break;
            case 21:
                // The DPB full of one picture.
                ref V4L2H264DpbEntry first = ref p->Dpb[rng.Below(16)];
                for (int i = 0; i < 16; i++)
                {
                    p->Dpb[i] = first;
                    p->Dpb[i].FrameNum += (ushort)(rng.OneIn(2) ? i : 0);
                    p->Dpb[i].PicNum += (uint)(rng.OneIn(2) ? i : 0);
                }
                break;
            case 22:
                new Span<byte>(&c->ScalingMatrix, sizeof(V4L2CtrlH264ScalingMatrix)).Fill(rng.Pick<byte>([0, 1, 255]));
                foreach (ref DaedalusCtrlH264PictureParameters q in parameters)
                    q.ScalingMatrix = c->ScalingMatrix;
                break;
            case 23 when parameters.Length > 0:
                ref V4L2CtrlH264Pps pps = ref parameters[rng.Below(parameters.Length)].Pps;
                fixed (V4L2CtrlH264Pps* bytes = &pps)
                    Noise(new Span<byte>(bytes, sizeof(V4L2CtrlH264Pps)), rng);
                break;
            case 24 when parameters.Length > 0:
                ref V4L2CtrlH264Pps set = ref parameters[rng.Below(parameters.Length)].Pps;
                set.Flags ^= (H264PpsFlags)(1 << rng.Below(8));
                set.WeightedBipredIdc = (byte)rng.Below(3);
                set.NumRefIdxL0DefaultActiveMinus1 = (byte)rng.Below(32);
                set.PicInitQpMinus26 = (sbyte)(rng.Below(88) - 62);
                break;
            default:
                if (parameters.Length > 0)
                    Groups(ref parameters[rng.Below(parameters.Length)], ref sps, rng);
                break;
        }
    }

    private static void Groups(ref DaedalusCtrlH264PictureParameters p, ref V4L2CtrlH264Sps sps, Rng rng)
    {
        int size = (sps.PicWidthInMbsMinus1 + 1) * (sps.PicHeightInMapUnitsMinus1 + 1);
        p.Pps.NumSliceGroupsMinus1 = (byte)rng.Below(rng.OneIn(8) ? 256 : 8);
        p.SliceGroupMapType = (byte)rng.Below(rng.OneIn(8) ? 256 : 7);
        p.SliceGroupChangeDirection = (byte)rng.Below(3);
        p.SliceGroupChangeRateMinus1 = rng.OneIn(4) ? (uint)rng.Next() : (uint)rng.Below(size);
        for (int i = 0; i < 8; i++)
        {
            p.RunLengthMinus1[i] = rng.OneIn(8) ? (uint)rng.Next() : (uint)rng.Below(size);
            p.TopLeft[i] = rng.OneIn(8) ? (uint)rng.Next() : (uint)rng.Below(size);
            p.BottomRight[i] = rng.OneIn(8) ? (uint)rng.Next() : p.TopLeft[i] + (uint)rng.Below(size);
        }
        if (p.SliceGroupMapType != 6)
            return;
        p.MapUnits = rng.Below(8) switch { 0 => uint.MaxValue, 1 => (uint)rng.Below(400000), 2 => 0, 3 => DaedalusCtrlH264PictureParameters.MaxMapUnits, _ => (uint)size };
        p.SliceGroupId = p.MapUnits > DaedalusCtrlH264PictureParameters.MaxMapUnits || rng.OneIn(6) ? 0 : MadeUp;
    }

    private static void Entry(ref V4L2H264DpbEntry e, IReadOnlyList<ulong> timestamps, Rng rng)
    {
        switch (rng.Below(8))
        {
            case 0:
            case 1:
                e.ReferenceTs = timestamps.Count > 0 && !rng.OneIn(8) ? timestamps[rng.Below(timestamps.Count)] : rng.Next();
                e.Flags |= H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active;
                if (e.Fields == 0)
                    e.Fields = H264Fields.Frame;
                break;
            case 2:
                e.Fields = (H264Fields)rng.Below(rng.OneIn(8) ? 256 : 4);
                break;
            case 3:
                e.Flags ^= (H264DpbEntryFlags)(1u << rng.Below(4));
                break;
            case 4:
                e.TopFieldOrderCnt = Order(rng);
                break;
            case 5:
                e.BottomFieldOrderCnt = Order(rng);
                break;
            case 6:
                e.FrameNum = (ushort)rng.Below(rng.OneIn(4) ? 65536 : 16);
                break;
            default:
                e.PicNum = rng.OneIn(4) ? (uint)rng.Next() : (uint)rng.Below(32);
                break;
        }
    }

    private static int Order(Rng rng) => rng.Below(5) switch { 0 => int.MaxValue, 1 => int.MinValue, 2 => (int)rng.Next(), _ => rng.Below(64) - 16 };

    private static void Noise(Span<byte> bytes, Rng rng)
    {
        for (int n = 1 + rng.Small(6); n > 0; n--)
            bytes[rng.Below(bytes.Length)] = (byte)rng.Next();
    }
}
