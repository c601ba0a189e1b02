// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;

namespace Daedalus.Fuzz;

/// <summary>Damages controls after parsing: what a client with faults, or none of ours, may submit.</summary>
internal static unsafe class Vp9ControlMutator
{
    public static void Mutate(Vp9FrameInfo* info, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        for (int n = 1 + rng.Small(3); n > 0; n--)
            MutateOnce(info, timestamps, rng, log);
    }

    private static void MutateOnce(Vp9FrameInfo* info, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        V4L2CtrlVp9Frame* f = &info->Frame;
        var header = new Span<byte>(&info->CompressedHeader, sizeof(V4L2CtrlVp9CompressedHdr));
        int choice = rng.Below(21);
        log.Add($"control {choice}");
        ReadOnlySpan<byte> bytes3 = [(byte)rng.Next(), (byte)rng.Next(), (byte)rng.Next()];
        switch (choice)
        {
            case 0:
                var bytes = new Span<byte>(f, sizeof(V4L2CtrlVp9Frame));
                for (int n = 1 + rng.Small(6); n > 0; n--)
                    bytes[rng.Below(bytes.Length)] = (byte)rng.Next();
                break;
            case 1:
                for (int n = 1 + rng.Small(100); n > 0; n--)
                    header[rng.Below(header.Length)] = (byte)rng.Next();
                break;
            case 2:
                rng.Fill(header);
                info->CompressedHeader.TxMode = (byte)rng.Below(6);
                break;
            case 3:
                byte tx = info->CompressedHeader.TxMode;
                header.Fill(rng.OneIn(2) ? (byte)255 : (byte)1);
                info->CompressedHeader.TxMode = tx;
                break;
            case 4:
                f->LastFrameTs = Timestamp(timestamps, rng);
                break;
            case 5:
                f->GoldenFrameTs = Timestamp(timestamps, rng);
                f->AltFrameTs = Timestamp(timestamps, rng);
                break;
            case 6:
                f->FrameWidthMinus1 = (ushort)rng.Below(rng.OneIn(4) ? 65536 : 400);
                break;
            case 7:
                f->FrameHeightMinus1 = (ushort)rng.Below(rng.OneIn(4) ? 65536 : 400);
                break;
            case 8:
                f->TileColsLog2 = (byte)rng.Below(8);
                f->TileRowsLog2 = (byte)rng.Below(4);
                break;
            case 9:
                f->Flags ^= (Vp9FrameFlags)(1u << rng.Below(10));
                break;
            case 10:
                // Intra frames as inter frames and the other way round: contexts and references that nobody set.
                f->Flags ^= rng.OneIn(2) ? Vp9FrameFlags.KeyFrame : Vp9FrameFlags.IntraOnly;
                break;
            case 11:
                f->UncompressedHeaderSize = (ushort)rng.Next();
                break;
            case 12:
                f->CompressedHeaderSize = (ushort)rng.Below(rng.OneIn(2) ? 65536 : 64);
                break;
            case 13:
                f->Seg.Flags = (Vp9SegmentationFlags)rng.Below(rng.OneIn(4) ? 256 : 32);
                for (int i = 0; i < 8; i++)
                    f->Seg.FeatureEnabled[i] = (byte)rng.Below(16);
                for (int i = 0; i < 32; i++)
                    f->Seg.FeatureData[i] = (short)((i & 3) switch { 0 => rng.Below(511) - 255, 1 => rng.Below(127) - 63, 2 => rng.Below(4), _ => rng.Below(2) });
                for (int i = 0; i < 7; i++)
                    f->Seg.TreeProbs[i] = (byte)rng.Next();
                for (int i = 0; i < 3; i++)
                    f->Seg.PredProbs[i] = (byte)rng.Next();
                break;
            case 14:
                for (int i = 0; i < 32; i++)
                    f->Seg.FeatureData[i] = (short)rng.Next();
                for (int i = 0; i < 8; i++)
                    f->Seg.FeatureEnabled[i] = (byte)rng.Next();
                f->Seg.Flags |= Vp9SegmentationFlags.Enabled;
                break;
            case 15:
                for (int i = 0; i < 4; i++)
                    f->Lf.RefDeltas[i] = (sbyte)rng.Next();
                f->Lf.ModeDeltas[0] = (sbyte)rng.Next();
                f->Lf.Level = (byte)rng.Below(rng.OneIn(4) ? 256 : 64);
                f->Lf.Sharpness = (byte)rng.Below(9);
                f->Lf.Flags = (Vp9LoopFilterFlags)rng.Below(4);
                break;
            case 16:
                f->Quant.BaseQIdx = (byte)rng.Next();
                f->Quant.DeltaQYDc = (sbyte)(rng.Below(33) - 16);
                f->Quant.DeltaQUvAc = (sbyte)(rng.OneIn(4) ? rng.Below(256) : rng.Below(33) - 16);
                break;
            case 17:
                f->BitDepth = rng.Pick<byte>([0, 7, 8, 9, 10, 12, 14, 255]);
                f->Profile = (byte)rng.Below(5);
                break;
            case 18:
                f->ReferenceMode = (byte)rng.Below(4);
                f->RefFrameSignBias = (byte)rng.Below(9);
                f->InterpolationFilter = (byte)rng.Below(6);
                break;
            case 19:
                // The same in every context: behind the end of the data a decoder may then go round in circles for ever.
                for (int i = 0; i < 4 * 2 * 2 * 6 * 6 * 3; i += 3)
                {
                    info->CompressedHeader.Coef[i] = bytes3[0];
                    info->CompressedHeader.Coef[i + 1] = bytes3[1];
                    info->CompressedHeader.Coef[i + 2] = bytes3[2];
                }
                info->CompressedHeader.TxMode = (byte)rng.Below(5);
                break;
            default:
                f->FrameContextIdx = (byte)rng.Below(6);
                f->ResetFrameContext = (byte)rng.Below(4);
                break;
        }
    }

    // Never decoded, decoded long ago, or the frame itself.
    private static ulong Timestamp(IReadOnlyList<ulong> known, Rng rng)
        => known.Count == 0 || rng.OneIn(3) ? rng.OneIn(2) ? 0 : rng.Next() : known[rng.Below(known.Count)];
}
