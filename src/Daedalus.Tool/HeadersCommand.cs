// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;

namespace Daedalus.Tool;

/// <summary>headers: every frame's header as name=value pairs, names as in the specification.</summary>
internal static unsafe class HeadersCommand
{
    public static int Run(CommandLine options)
    {
        using AccessUnitReader reader = AccessUnitReader.Open(options.File);
        if (reader.Codec == StreamCodec.H264)
            return H264Headers.Run(reader);
        if (reader.Codec == StreamCodec.Av1)
            return Av1Headers.Run(reader);
        var parser = new Vp9StreamParser();
        Range[] frames = new Range[Superframe.MaxFrames];
        int unitNumber = 0, frameNumber = 0, errors = 0;
        var line = new StringBuilder();
        while (reader.TryRead(out ReadOnlySpan<byte> unit))
        {
            int count = Superframe.Split(unit, frames, out SuperframeStatus status);
            for (int i = 0; i < count; i++, frameNumber++)
            {
                ReadOnlySpan<byte> frame = unit[frames[i]];
                line.Clear();
                line.Append($"frame={frameNumber} unit={unitNumber}.{i} bytes={frame.Length}");
                if (parser.TryParseFrame(frame, out Vp9FrameInfo info, out Vp9ParseError error))
                    Describe(line, info);
                else
                {
                    errors++;
                    line.Append($" error=\"{error}\"");
                }
                Console.Out.WriteLine(line);
            }
            if (status is SuperframeStatus.InvalidIndex or SuperframeStatus.Truncated)
                Console.Out.WriteLine($"unit={unitNumber} superframe_index={status}");
            unitNumber++;
        }
        return errors == 0 ? 0 : 1;
    }

    private static void Describe(StringBuilder s, in Vp9FrameInfo i)
    {
        s.Append($" profile={i.Profile}");
        if (i.ShowExistingFrame)
        {
            s.Append($" show_existing_frame=1 frame_to_show_map_idx={i.ShownSlot} size={i.Width}x{i.Height}");
            return;
        }
        V4L2CtrlVp9Frame f = i.Frame;
        s.Append($" frame_type={(i.IsKey ? 0 : 1)} show_frame={B(i.ShowFrame)} error_resilient_mode={B(i.ErrorResilient)} intra_only={B(i.IsIntraOnly)}");
        s.Append($" reset_frame_context={i.RawResetFrameContext} bit_depth={i.BitDepth} subsampling={i.SubsamplingX}x{i.SubsamplingY} color_space={(int)i.ColorSpace} color_range={B(i.FullRange)}");
        s.Append($" size={i.Width}x{i.Height} render={i.RenderWidth}x{i.RenderHeight} refresh_frame_flags={i.RefreshMask}");
        if (i.IsInter)
        {
            s.Append($" ref_frame_idx={i.ReferenceSlot[0]},{i.ReferenceSlot[1]},{i.ReferenceSlot[2]} sign_bias={f.RefFrameSignBias}");
            s.Append($" allow_high_precision_mv={B((f.Flags & Vp9FrameFlags.AllowHighPrecisionMv) != 0)} interpolation_filter={f.InterpolationFilter} reference_mode={f.ReferenceMode}");
            if (i.UnusableReferences != 0)
                s.Append($" unusable_references={i.UnusableReferences}");
        }
        s.Append($" refresh_frame_context={B((f.Flags & Vp9FrameFlags.RefreshFrameContext) != 0)} frame_parallel_decoding_mode={B((f.Flags & Vp9FrameFlags.ParallelDecodingMode) != 0)} frame_context_idx={f.FrameContextIdx}");
        s.Append($" loop_filter_level={f.Lf.Level} loop_filter_sharpness={f.Lf.Sharpness} delta_enabled={B((f.Lf.Flags & Vp9LoopFilterFlags.DeltaEnabled) != 0)}");
        s.Append($" ref_deltas={f.Lf.RefDeltas[0]},{f.Lf.RefDeltas[1]},{f.Lf.RefDeltas[2]},{f.Lf.RefDeltas[3]} mode_deltas={f.Lf.ModeDeltas[0]},{f.Lf.ModeDeltas[1]}");
        s.Append($" base_q_idx={f.Quant.BaseQIdx} delta_q={f.Quant.DeltaQYDc},{f.Quant.DeltaQUvDc},{f.Quant.DeltaQUvAc}");
        s.Append($" segmentation_enabled={B((f.Seg.Flags & Vp9SegmentationFlags.Enabled) != 0)}");
        if ((f.Seg.Flags & Vp9SegmentationFlags.Enabled) != 0)
        {
            s.Append($" seg_flags={(int)f.Seg.Flags} tree_probs=");
            for (int n = 0; n < 7; n++)
                s.Append(n == 0 ? "" : ",").Append(f.Seg.TreeProbs[n]);
            s.Append($" pred_probs={f.Seg.PredProbs[0]},{f.Seg.PredProbs[1]},{f.Seg.PredProbs[2]} features=");
            for (int n = 0; n < 8; n++)
            {
                s.Append(n == 0 ? "" : ";");
                for (int k = 0; k < 4; k++)
                    s.Append(k == 0 ? "" : ",").Append((f.Seg.FeatureEnabled[n] >> k & 1) != 0 ? f.Seg.FeatureData[n * 4 + k].ToString() : "-");
            }
        }
        s.Append($" tile_cols_log2={f.TileColsLog2} tile_rows_log2={f.TileRowsLog2} uncompressed_header_size={f.UncompressedHeaderSize} header_size_in_bytes={f.CompressedHeaderSize} tx_mode={i.CompressedHeader.TxMode}");
    }

    private static int B(bool value) => value ? 1 : 0;
}
