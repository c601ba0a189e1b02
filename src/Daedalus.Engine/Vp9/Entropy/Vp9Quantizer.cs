// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>Dequantisation factors of a frame (spec 8.6.1).</summary>
public static unsafe class Vp9Quantizer
{
    /// <summary>Computes Dequant and Lossless of the state from its control.</summary>
    public static void FillDequant(Vp9FrameState* state)
    {
        ref V4L2Vp9Quantization q = ref state->Control.Quant;
        state->Lossless = q.BaseQIdx == 0 && q.DeltaQYDc == 0 && q.DeltaQUvDc == 0 && q.DeltaQUvAc == 0 ? 1 : 0;
        ReadOnlySpan<short> dc = state->BitDepth switch { 8 => Vp9QuantizerTables.Dc8, 10 => Vp9QuantizerTables.Dc10, _ => Vp9QuantizerTables.Dc12 };
        ReadOnlySpan<short> ac = state->BitDepth switch { 8 => Vp9QuantizerTables.Ac8, 10 => Vp9QuantizerTables.Ac10, _ => Vp9QuantizerTables.Ac12 };
        for (int segment = 0; segment < 8; segment++)
        {
            int index = q.BaseQIdx;
            if (Vp9Segments.Feature(state, segment, 0))
            {
                int data = state->Control.Seg.FeatureData[segment * 4];
                index = (state->Control.Seg.Flags & Vp9SegmentationFlags.AbsOrDeltaUpdate) != 0 ? data : index + data;
                index = Math.Clamp(index, 0, 255);
            }
            state->Dequant[segment * 4] = dc[Math.Clamp(index + q.DeltaQYDc, 0, 255)];
            state->Dequant[segment * 4 + 1] = ac[index];
            state->Dequant[segment * 4 + 2] = dc[Math.Clamp(index + q.DeltaQUvDc, 0, 255)];
            state->Dequant[segment * 4 + 3] = ac[Math.Clamp(index + q.DeltaQUvAc, 0, 255)];
        }
    }
}

/// <summary>Segmentation features (spec 6.4.9 seg_feature_active).</summary>
internal static unsafe class Vp9Segments
{
    /// <summary>Whether a feature (0 ALT_Q, 1 ALT_L, 2 REF_FRAME, 3 SKIP) is active in a segment.</summary>
    public static bool Feature(Vp9FrameState* state, int segment, int feature)
        => (state->Control.Seg.Flags & Vp9SegmentationFlags.Enabled) != 0 && (state->Control.Seg.FeatureEnabled[segment] >> feature & 1) != 0;
}

/// <summary>Loop filter levels of a frame (spec 8.8.1).</summary>
public static unsafe class Vp9LoopFilterLevels
{
    /// <summary>Computes FilterLevels of the state from its control; all zero when the frame is not filtered.</summary>
    public static void Fill(Vp9FrameState* state)
    {
        ref V4L2Vp9LoopFilter lf = ref state->Control.Lf;
        for (int segment = 0; segment < 8; segment++)
        {
            byte* levels = state->FilterLevels + 8 * segment;
            int level = lf.Level;
            if (Vp9Segments.Feature(state, segment, 1))
            {
                int data = state->Control.Seg.FeatureData[segment * 4 + 1];
                level = Math.Clamp((state->Control.Seg.Flags & Vp9SegmentationFlags.AbsOrDeltaUpdate) != 0 ? data : level + data, 0, 63);
            }
            if (lf.Level == 0)
                level = 0;
            bool deltas = lf.Level != 0 && (lf.Flags & Vp9LoopFilterFlags.DeltaEnabled) != 0;
            int shift = lf.Level >> 5; // of the frame's level, not the segment's: libvpx and encoders agree on that
            for (int reference = 0; reference < 4; reference++)
            {
                for (int mode = 0; mode < 2; mode++)
                {
                    int l = level;
                    if (deltas)
                        l = Math.Clamp(level + (lf.RefDeltas[reference] << shift) + (reference == 0 ? 0 : lf.ModeDeltas[mode] << shift), 0, 63);
                    levels[reference * 2 + mode] = (byte)l;
                }
            }
        }
    }
}
