// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Deblocking levels of blocks (7.14.4, 7.14.5).</summary>
public static unsafe class Av1FilterLevels
{
    /// <summary>Fills <see cref="Av1FrameState.FilterLevels"/>: the levels without delta_lf.</summary>
    public static void Fill(Av1FrameState* s)
    {
        sbyte* none = stackalloc sbyte[4];
        *(int*)none = 0;
        for (int segment = 0; segment < 8; segment++)
        {
            for (int reference = 0; reference < 8; reference++)
            {
                byte* levels = s->FilterLevels + (segment * 8 + reference) * 8;
                Compute(s, segment, reference, Av1Mode.Dc, none, levels);
                Compute(s, segment, reference, Av1Mode.NewMv, none, levels + 4);
            }
        }
    }

    /// <summary>Levels of one block.</summary>
    /// <param name="s">Frame.</param>
    /// <param name="segment">segment_id.</param>
    /// <param name="refFrame">RefFrame[0].</param>
    /// <param name="yMode">YMode.</param>
    /// <param name="deltaLf">DeltaLF (4).</param>
    /// <param name="levels">Receives luma of vertical and horizontal edges, U, V.</param>
    public static void Compute(Av1FrameState* s, int segment, int refFrame, Av1Mode yMode, sbyte* deltaLf, byte* levels)
    {
        ref V4L2Av1LoopFilter lf = ref s->Frame.LoopFilter;
        ref V4L2Av1Segmentation segmentation = ref s->Frame.Segmentation;
        bool segmented = (segmentation.Flags & Av1SegmentationFlags.Enabled) != 0, multi = (lf.Flags & Av1LoopFilterFlags.DeltaLfMulti) != 0;
        int modeType = yMode >= Av1Mode.NearestMv && yMode != Av1Mode.GlobalMv && yMode != Av1Mode.GlobalGlobalMv ? 1 : 0;
        for (int i = 0; i < 4; i++)
        {
            int level = Math.Clamp(deltaLf[multi ? i : 0] + lf.Level[i], 0, 63);
            int feature = V4L2Av1Segmentation.AltLfYV + i;
            if (segmented && (segmentation.FeatureEnabled[segment] >> feature & 1) != 0)
                level = Math.Clamp(level + segmentation.FeatureData[segment * 8 + feature], 0, 63);
            if ((lf.Flags & Av1LoopFilterFlags.DeltaEnabled) != 0)
            {
                int shift = level >> 5;
                level += lf.RefDeltas[refFrame] * (1 << shift);
                if (refFrame != 0)
                    level += lf.ModeDeltas[modeType] * (1 << shift);
                level = Math.Clamp(level, 0, 63);
            }
            levels[i] = (byte)level;
        }
    }
}
