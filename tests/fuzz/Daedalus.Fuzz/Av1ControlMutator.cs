// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Fuzz;

/// <summary>Damages controls after parsing: what a client with faults, or none of ours, may submit.</summary>
internal static unsafe class Av1ControlMutator
{
    public static V4L2CtrlAv1TileGroupEntry[] Mutate(Av1RequestControls* c, V4L2CtrlAv1TileGroupEntry[] tiles, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        for (int n = 1 + rng.Small(3); n > 0; n--)
            tiles = MutateOnce(c, tiles, timestamps, rng, log);
        return tiles;
    }

    private static V4L2CtrlAv1TileGroupEntry[] MutateOnce(Av1RequestControls* c, V4L2CtrlAv1TileGroupEntry[] tiles, IReadOnlyList<ulong> timestamps, Rng rng, List<string> log)
    {
        int choice = rng.Below(30);
        log.Add($"control {choice}");
        V4L2CtrlAv1Sequence* s = &c->Sequence;
        V4L2CtrlAv1Frame* f = &c->Frame;
        switch (choice)
        {
            case 0:
                Noise(new Span<byte>(s, sizeof(V4L2CtrlAv1Sequence)), rng);
                break;
            case 1:
                Noise(new Span<byte>(f, sizeof(V4L2CtrlAv1Frame)), rng);
                break;
            case 2:
                Noise(new Span<byte>(&c->FilmGrain, sizeof(V4L2CtrlAv1FilmGrain)), rng);
                c->FilmGrain.Flags |= Av1FilmGrainFlags.ApplyGrain;
                break;
            case 3:
                Noise(new Span<byte>(&c->Private, sizeof(DaedalusCtrlAv1Frame)), rng);
                break;
            case 4:
                f->UpscaledWidth = Size(rng);
                f->FrameWidthMinus1 = f->UpscaledWidth - (rng.OneIn(8) ? 0u : 1u);
                break;
            case 5:
                f->FrameHeightMinus1 = Size(rng) - 1;
                break;
            case 6:
                // A scale that fits the width, mostly.
                f->SuperresDenom = (byte)(rng.OneIn(8) ? rng.Next() : (ulong)(9 + rng.Below(8)));
                f->Flags |= Av1FrameFlags.UseSuperres;
                if (f->SuperresDenom != 0)
                    f->FrameWidthMinus1 = ((f->UpscaledWidth * 8 + f->SuperresDenom / 2u) / f->SuperresDenom) - 1;
                s->Flags |= Av1SequenceFlags.EnableSuperres;
                break;
            case 7:
                s->BitDepth = rng.Pick<byte>([8, 10, 12, 9, 0]);
                s->SeqProfile = (byte)rng.Below(4);
                break;
            case 8:
                s->Flags ^= (Av1SequenceFlags)(1u << rng.Below(20));
                break;
            case 9:
            case 10:
                f->Flags ^= (Av1FrameFlags)(1u << rng.Below(20));
                break;
            case 11:
                f->FrameType = (Av1FrameType)rng.Below(rng.OneIn(4) ? 256 : 4);
                break;
            case 12:
                for (int n = 1 + rng.Small(4); n > 0; n--)
                    f->ReferenceFrameTs[rng.Below(8)] = Timestamp(timestamps, rng);
                break;
            case 13:
                f->RefFrameIdx[rng.Below(7)] = (sbyte)(rng.OneIn(4) ? (int)rng.Next() : rng.Below(8));
                break;
            case 14:
                f->PrimaryRefFrame = (byte)(rng.OneIn(4) ? rng.Next() : (ulong)rng.Below(8));
                break;
            case 15:
                f->TileInfo.TileCols = (byte)(rng.OneIn(4) ? (ulong)rng.Below(66) : rng.Next() % 4);
                f->TileInfo.TileRows = (byte)(rng.OneIn(4) ? (ulong)rng.Below(66) : rng.Next() % 4);
                for (uint i = 0; i < 65; i++)
                {
                    f->TileInfo.MiColStarts[i] = i * 16 * (uint)(1 + rng.Below(2));
                    f->TileInfo.MiRowStarts[i] = i * 16 * (uint)(1 + rng.Below(2));
                }
                break;
            case 16:
                f->TileInfo.MiColStarts[rng.Below(65)] = (uint)(rng.OneIn(2) ? (int)rng.Next() : rng.Below(16) * 16);
                f->TileInfo.MiRowStarts[rng.Below(65)] = (uint)(rng.OneIn(2) ? (int)rng.Next() : rng.Below(16) * 16);
                break;
            case 17:
                c->Private.ContextUpdateTileId = (ushort)rng.Below(rng.OneIn(2) ? 65536 : 8);
                f->TileInfo.ContextUpdateTileId = (byte)rng.Next();
                break;
            case 18:
                Noise(new Span<byte>(&f->Quantization, sizeof(V4L2Av1Quantization)), rng);
                break;
            case 19:
                f->Quantization.BaseQIdx = (byte)rng.Next();
                f->Quantization.Flags = (Av1QuantizationFlags)rng.Below(8);
                f->TxMode = (Av1TxMode)rng.Below(rng.OneIn(8) ? 256 : 3);
                break;
            case 20:
                f->Segmentation.Flags = (Av1SegmentationFlags)rng.Below(32);
                for (int n = 1 + rng.Small(8); n > 0; n--)
                {
                    int at = rng.Below(64);
                    f->Segmentation.FeatureEnabled[at >> 3] |= (byte)(1 << (at & 7));
                    f->Segmentation.FeatureData[at] = (short)(rng.OneIn(4) ? (int)rng.Next() : rng.Below(8));
                }
                break;
            case 21:
                Noise(new Span<byte>(&f->LoopFilter, sizeof(V4L2Av1LoopFilter)), rng);
                break;
            case 22:
                Noise(new Span<byte>(&f->Cdef, sizeof(V4L2Av1Cdef)), rng);
                break;
            case 23:
                s->Flags |= Av1SequenceFlags.EnableRestoration;
                for (int plane = 0; plane < 3; plane++)
                {
                    f->LoopRestoration.FrameRestorationType[plane] = (Av1RestorationType)rng.Below(rng.OneIn(8) ? 256 : 4);
                    f->LoopRestoration.LoopRestorationSize[plane] = rng.OneIn(8) ? (uint)rng.Next() : 32u << rng.Below(4);
                }
                break;
            case 24:
                f->GlobalMotion.Type[rng.Below(8)] = (Av1WarpModel)rng.Below(rng.OneIn(8) ? 256 : 4);
                for (int n = 1 + rng.Small(6); n > 0; n--)
                {
                    int at = rng.Below(48);
                    f->GlobalMotion.Params[at] = rng.OneIn(4) ? (int)rng.Next() : (at % 6 is 2 or 5 ? 65536 : 0) + rng.Below(16384) - 8192;
                }
                break;
            case 25:
                f->SkipModeFrame[0] = (byte)rng.Below(9);
                f->SkipModeFrame[1] = (byte)rng.Below(9);
                f->Flags |= Av1FrameFlags.SkipModePresent;
                break;
            case 26:
                f->OrderHint = (uint)rng.Below(256);
                for (int i = 0; i < 8; i++)
                    f->OrderHints[i] = (uint)rng.Below(256);
                s->OrderHintBits = (byte)rng.Below(10);
                break;
            case 27:
                return rng.Below(4) switch
                {
                    0 => [],
                    1 => [.. tiles, .. tiles],
                    2 => tiles[..rng.Below(tiles.Length + 1)],
                    _ => [default],
                };
            default:
                for (int n = 1 + rng.Small(4); n > 0 && tiles.Length > 0; n--)
                {
                    ref V4L2CtrlAv1TileGroupEntry t = ref tiles[rng.Below(tiles.Length)];
                    switch (rng.Below(4))
                    {
                        case 0:
                            t.TileOffset = rng.OneIn(2) ? (uint)rng.Next() : t.TileOffset + (uint)rng.Below(64);
                            break;
                        case 1:
                            t.TileSize = rng.OneIn(2) ? (uint)rng.Next() : t.TileSize + (uint)rng.Below(64);
                            break;
                        case 2:
                            t.TileSize = (uint)rng.Below((int)Math.Min(t.TileSize, 10000) + 1);
                            break;
                        default:
                            t.TileRow = (uint)rng.Below(rng.OneIn(4) ? 256 : 4);
                            t.TileCol = (uint)rng.Below(rng.OneIn(4) ? 256 : 4);
                            break;
                    }
                }
                break;
        }
        return tiles;
    }

    private static uint Size(Rng rng) => rng.Below(8) switch { 0 => (uint)rng.Next(), 1 => (uint)rng.Below(70000), 2 => rng.Pick<uint>([0, 1, 8, 16, 64, 65536, 65537]), _ => 1 + (uint)rng.Below(400) };

    private static ulong Timestamp(IReadOnlyList<ulong> timestamps, Rng rng)
        => timestamps.Count > 0 && !rng.OneIn(4) ? timestamps[rng.Below(timestamps.Count)] : rng.OneIn(2) ? ulong.MaxValue : rng.Next();

    private static void Noise(Span<byte> bytes, Rng rng)
    {
        for (int n = 1 + rng.Small(6); n > 0; n--)
            bytes[rng.Below(bytes.Length)] = (byte)rng.Next();
    }
}
