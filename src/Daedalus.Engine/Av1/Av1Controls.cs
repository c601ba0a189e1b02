// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Engine.Interop;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// The controls of a request, copied. After <see cref="TryRead"/> every value lies within the ranges of the specification, and what the specification derives or switches off is derived or switched off
/// here: nothing of the caller's is trusted.
/// </summary>
internal unsafe struct Av1Controls
{
    private const int MaxDimension = 65536;
    // decode_global_param (5.9.25) cannot make larger ones.
    private const int MaxTranslation = 1 << 22, MaxAlphaOffset = 1 << 13;

    /// <summary>Sequence header.</summary>
    public V4L2CtrlAv1Sequence Sequence;
    /// <summary>Frame header.</summary>
    public V4L2CtrlAv1Frame Frame;
    /// <summary>The private control or its defaults.</summary>
    public DaedalusCtrlAv1Frame Private;
    /// <summary>Film grain; without apply_grain unless it is to be applied.</summary>
    public V4L2CtrlAv1FilmGrain Grain;
    /// <summary>Tiles, the caller's; each lies in the bitstream.</summary>
    public V4L2CtrlAv1TileGroupEntry* Tiles;
    /// <summary>Their number.</summary>
    public int TileCount;

    /// <summary>FrameIsIntra.</summary>
    public readonly bool IsIntra => Frame.FrameType is Av1FrameType.Key or Av1FrameType.IntraOnly;
    /// <summary>UpscaledWidth.</summary>
    public readonly int UpscaledWidth => (int)Frame.UpscaledWidth;
    /// <summary>FrameWidth.</summary>
    public readonly int Width => (int)Frame.FrameWidthMinus1 + 1;
    /// <summary>FrameHeight.</summary>
    public readonly int Height => (int)Frame.FrameHeightMinus1 + 1;
    /// <summary>mono_chrome.</summary>
    public readonly bool Monochrome => (Sequence.Flags & Av1SequenceFlags.MonoChrome) != 0;
    /// <summary>subsampling_x.</summary>
    public readonly int SubsamplingX => (Sequence.Flags & Av1SequenceFlags.SubsamplingX) != 0 ? 1 : 0;
    /// <summary>subsampling_y.</summary>
    public readonly int SubsamplingY => (Sequence.Flags & Av1SequenceFlags.SubsamplingY) != 0 ? 1 : 0;

    /// <summary>Collects, copies and checks them; false when one that must be there is not, or one says what no frame can.</summary>
    public static bool TryRead(AbiRequest* request, out Av1Controls c)
    {
        c = default;
        bool sequence = false, frame = false, extra = false;
        for (uint i = 0; i < request->ControlCount && request->Controls != null; i++)
        {
            AbiControl* control = request->Controls + i;
            if (control->Payload == null)
                continue;
            switch (control->Id)
            {
                case V4L2CtrlAv1Sequence.ControlId when control->Size == (uint)sizeof(V4L2CtrlAv1Sequence):
                    c.Sequence = *(V4L2CtrlAv1Sequence*)control->Payload;
                    sequence = true;
                    break;
                case V4L2CtrlAv1Frame.ControlId when control->Size == (uint)sizeof(V4L2CtrlAv1Frame):
                    c.Frame = *(V4L2CtrlAv1Frame*)control->Payload;
                    frame = true;
                    break;
                case V4L2CtrlAv1FilmGrain.ControlId when control->Size == (uint)sizeof(V4L2CtrlAv1FilmGrain):
                    c.Grain = *(V4L2CtrlAv1FilmGrain*)control->Payload;
                    break;
                case DaedalusCtrlAv1Frame.ControlId when control->Size == (uint)sizeof(DaedalusCtrlAv1Frame):
                    c.Private = *(DaedalusCtrlAv1Frame*)control->Payload;
                    extra = true;
                    break;
                case V4L2CtrlAv1TileGroupEntry.ControlId when control->Size != 0 && control->Size % (uint)sizeof(V4L2CtrlAv1TileGroupEntry) == 0:
                    c.Tiles = (V4L2CtrlAv1TileGroupEntry*)control->Payload;
                    c.TileCount = (int)Math.Min(control->Size / (uint)sizeof(V4L2CtrlAv1TileGroupEntry), V4L2CtrlAv1TileGroupEntry.MaxTiles);
                    break;
            }
        }
        if (!sequence || !frame || c.Tiles == null)
            return false;
        if (!extra)
        {
            c.Private.ContextUpdateTileId = c.Frame.TileInfo.ContextUpdateTileId;
            c.Private.MatrixCoefficients = 2; // CP_UNSPECIFIED
        }
        // Tile list entries are not decoded.
        if ((c.Private.Flags & DaedalusAv1FrameFlags.LargeScaleTile) != 0)
            return false;
        return c.CheckSequence() && c.CheckFrame() && c.CheckTileInfo() && c.CheckQuantization() && c.CheckSegmentation() && c.CheckFilters() && c.CheckMotion() && c.CheckGrain();
    }

    private readonly bool Has(Av1FrameFlags flag) => (Frame.Flags & flag) != 0;

    private void Clear(Av1FrameFlags flags) => Frame.Flags &= ~flags;

    // color_config (5.5.2)
    private readonly bool CheckSequence()
    {
        int depth = Sequence.BitDepth, profile = Sequence.SeqProfile;
        if (profile > 2 || depth is not (8 or 10 or 12) || depth == 12 && profile != 2)
            return false;
        if (Sequence.OrderHintBits > 8 || Sequence.OrderHintBits > 0 != ((Sequence.Flags & Av1SequenceFlags.EnableOrderHint) != 0))
            return false;
        if (Monochrome)
            return profile != 1 && SubsamplingX == 1 && SubsamplingY == 1;
        return (SubsamplingX, SubsamplingY) switch
        {
            (1, 1) => profile == 0 || profile == 2 && depth == 12,
            (1, 0) => profile == 2,
            (0, 0) => profile == 1 || profile == 2 && depth == 12,
            _ => false,
        };
    }

    private bool CheckFrame()
    {
        if (Frame.FrameType is < Av1FrameType.Key or > Av1FrameType.Switch || Frame.UpscaledWidth is 0 or > MaxDimension || Frame.FrameHeightMinus1 >= MaxDimension)
            return false;
        // superres_params (5.9.8); decoders agree that 16 samples are the least.
        int denominator = Has(Av1FrameFlags.UseSuperres) ? Frame.SuperresDenom : 8;
        if (Has(Av1FrameFlags.UseSuperres) && denominator is < 9 or > 16 || Width != Math.Max((UpscaledWidth * 8 + denominator / 2) / denominator, Math.Min(16, UpscaledWidth)))
            return false;
        if (Width == UpscaledWidth)
            Clear(Av1FrameFlags.UseSuperres);
        if (Frame.InterpolationFilter is < 0 or > Av1InterpolationFilter.Switchable || Frame.TxMode is < 0 or > Av1TxMode.Select)
            return false;
        if (Frame.PrimaryRefFrame > V4L2CtrlAv1Frame.PrimaryRefNone)
            return false;
        bool primary = Frame.PrimaryRefFrame != V4L2CtrlAv1Frame.PrimaryRefNone;
        if (primary && (IsIntra || Has(Av1FrameFlags.ErrorResilientMode)))
            return false;
        uint hints = (1u << Sequence.OrderHintBits) - 1;
        Frame.OrderHint &= hints;
        for (int i = 0; i < 8; i++)
            Frame.OrderHints[i] &= hints;
        if (IsIntra)
        {
            Clear(Av1FrameFlags.UseRefFrameMvs | Av1FrameFlags.ReferenceSelect | Av1FrameFlags.SkipModePresent | Av1FrameFlags.AllowWarpedMotion | Av1FrameFlags.IsMotionModeSwitchable);
            return !Has(Av1FrameFlags.AllowIntrabc) || Has(Av1FrameFlags.AllowScreenContentTools) && Width == UpscaledWidth;
        }
        Clear(Av1FrameFlags.AllowIntrabc);
        for (int i = 0; i < 7; i++)
        {
            if (Frame.RefFrameIdx[i] is < 0 or > 7)
                return false;
        }
        if (Has(Av1FrameFlags.UseRefFrameMvs) && ((Sequence.Flags & Av1SequenceFlags.EnableRefFrameMvs) == 0 || Sequence.OrderHintBits == 0))
            return false;
        // skip_mode_params (5.9.22)
        return !Has(Av1FrameFlags.SkipModePresent)
            || Has(Av1FrameFlags.ReferenceSelect) && Sequence.OrderHintBits != 0 && Frame.SkipModeFrame[0] >= 1 && Frame.SkipModeFrame[0] < Frame.SkipModeFrame[1] && Frame.SkipModeFrame[1] <= 7;
    }

    // tile_info (5.9.15)
    private bool CheckTileInfo()
    {
        ref V4L2Av1TileInfo t = ref Frame.TileInfo;
        if (t.TileCols is 0 or > 64 || t.TileRows is 0 or > 64 || Private.ContextUpdateTileId >= t.TileCols * t.TileRows)
            return false;
        uint mask = (Sequence.Flags & Av1SequenceFlags.Use128x128Superblock) != 0 ? 31u : 15u;
        t.MiColStarts[t.TileCols] = 2 * (((uint)Width + 7) >> 3);
        t.MiRowStarts[t.TileRows] = 2 * (((uint)Height + 7) >> 3);
        if (t.MiColStarts[0] != 0 || t.MiRowStarts[0] != 0)
            return false;
        for (int i = 0; i < t.TileCols; i++)
        {
            if (t.MiColStarts[i] >= t.MiColStarts[i + 1] || (t.MiColStarts[i] & mask) != 0)
                return false;
        }
        for (int i = 0; i < t.TileRows; i++)
        {
            if (t.MiRowStarts[i] >= t.MiRowStarts[i + 1] || (t.MiRowStarts[i] & mask) != 0)
                return false;
        }
        return true;
    }

    // 5.9.12, 5.9.17, 5.9.18
    private readonly bool CheckQuantization()
    {
        ref readonly V4L2Av1Quantization q = ref Frame.Quantization;
        return InRange(q.DeltaQYDc) && InRange(q.DeltaQUDc) && InRange(q.DeltaQUAc) && InRange(q.DeltaQVDc) && InRange(q.DeltaQVAc) && q.DeltaQRes <= 3 && Frame.LoopFilter.DeltaLfRes <= 3
            && ((q.Flags & Av1QuantizationFlags.UsingQmatrix) == 0 || q.QmY <= 15 && q.QmU <= 15 && q.QmV <= 15)
            && ((Frame.LoopFilter.Flags & Av1LoopFilterFlags.DeltaLfPresent) == 0 || (q.Flags & Av1QuantizationFlags.DeltaQPresent) != 0);
    }

    private static bool InRange(sbyte delta) => delta is >= -64 and <= 63;

    // 5.9.14
    private bool CheckSegmentation()
    {
        ref V4L2Av1Segmentation g = ref Frame.Segmentation;
        if ((g.Flags & Av1SegmentationFlags.Enabled) == 0)
        {
            g = default;
            return true;
        }
        if ((g.Flags & Av1SegmentationFlags.UpdateMap) == 0)
            g.Flags &= ~Av1SegmentationFlags.TemporalUpdate;
        g.Flags &= ~Av1SegmentationFlags.SegIdPreSkip;
        g.LastActiveSegId = 0;
        for (int s = 0; s < 8; s++)
        {
            if (g.FeatureEnabled[s] == 0)
                continue;
            g.LastActiveSegId = (byte)s;
            if (g.FeatureEnabled[s] >> V4L2Av1Segmentation.RefFrame != 0)
                g.Flags |= Av1SegmentationFlags.SegIdPreSkip;
            for (int feature = 0; feature < 8; feature++)
            {
                int v = g.FeatureData[s * 8 + feature];
                bool good = (g.FeatureEnabled[s] >> feature & 1) == 0 || feature switch
                {
                    V4L2Av1Segmentation.AltQ => v is >= -255 and <= 255,
                    < V4L2Av1Segmentation.RefFrame => v is >= -63 and <= 63,
                    V4L2Av1Segmentation.RefFrame => v is >= 0 and <= 7,
                    _ => true,
                };
                if (!good)
                    return false;
            }
        }
        return true;
    }

    /// <summary>LosslessArray (5.9.2), bit s: segment s; and get_qindex(1, s) (7.12.2).</summary>
    public readonly int FindLossless(byte* qIndex)
    {
        ref readonly V4L2Av1Quantization q = ref Frame.Quantization;
        bool plain = q.DeltaQYDc == 0 && q.DeltaQUDc == 0 && q.DeltaQUAc == 0 && q.DeltaQVDc == 0 && q.DeltaQVAc == 0;
        int lossless = 0;
        for (int s = 0; s < 8; s++)
        {
            int index = q.BaseQIdx;
            if ((Frame.Segmentation.FeatureEnabled[s] >> V4L2Av1Segmentation.AltQ & 1) != 0)
                index = Math.Clamp(index + Frame.Segmentation.FeatureData[s * 8 + V4L2Av1Segmentation.AltQ], 0, 255);
            qIndex[s] = (byte)index;
            if (index == 0 && plain)
                lossless |= 1 << s;
        }
        return lossless;
    }

    // 5.9.11, 5.9.19, 5.9.20, 5.9.21
    private bool CheckFilters()
    {
        byte* qIndex = stackalloc byte[8];
        bool codedLossless = FindLossless(qIndex) == 0xff, none = codedLossless || Has(Av1FrameFlags.AllowIntrabc);
        if (Frame.TxMode == Av1TxMode.Only4x4 != codedLossless)
            return false;
        ref V4L2Av1LoopFilter f = ref Frame.LoopFilter;
        ref V4L2Av1Cdef c = ref Frame.Cdef;
        ref V4L2Av1LoopRestoration l = ref Frame.LoopRestoration;
        for (int i = 0; i < 4; i++)
        {
            if (none || i >= 2 && Monochrome)
                f.Level[i] = 0;
            if (f.Level[i] > 63)
                return false;
        }
        for (int i = 0; i < 8; i++)
        {
            if (!InRange(f.RefDeltas[i]))
                return false;
        }
        if (f.Sharpness > 7 || !InRange(f.ModeDeltas[0]) || !InRange(f.ModeDeltas[1]))
            return false;
        if (Has(Av1FrameFlags.AllowIntrabc))
            f.Flags &= ~Av1LoopFilterFlags.DeltaLfPresent;

        if (none || (Sequence.Flags & Av1SequenceFlags.EnableCdef) == 0)
            c = default;
        if (c.DampingMinus3 > 3 || c.Bits > 3)
            return false;
        for (int i = 0; i < 1 << c.Bits; i++)
        {
            if (c.YPriStrength[i] > 15 || c.UvPriStrength[i] > 15 || c.YSecStrength[i] > 4 || c.UvSecStrength[i] > 4)
                return false;
            // As read from the header; the process knows 4 instead (5.9.19).
            if (c.YSecStrength[i] == 3)
                c.YSecStrength[i] = 4;
            if (c.UvSecStrength[i] == 3)
                c.UvSecStrength[i] = 4;
        }

        if (none && (!codedLossless || Width == UpscaledWidth) || (Sequence.Flags & Av1SequenceFlags.EnableRestoration) == 0)
            l = default;
        for (int plane = 0; plane < 3; plane++)
        {
            if (plane > 0 && Monochrome)
                l.FrameRestorationType[plane] = Av1RestorationType.None;
            uint size = l.LoopRestorationSize[plane];
            if (l.FrameRestorationType[plane] is < 0 or > Av1RestorationType.Switchable)
                return false;
            if (l.FrameRestorationType[plane] != Av1RestorationType.None && (size < (plane == 0 ? 64u : 32u) || size > 256 || !BitOperations.IsPow2(size)))
                return false;
        }
        return true;
    }

    // global_motion_params (5.9.24)
    private bool CheckMotion()
    {
        ref V4L2Av1GlobalMotion g = ref Frame.GlobalMotion;
        for (int r = 0; r < 8; r++)
        {
            if (IsIntra || r == 0)
                g.Type[r] = Av1WarpModel.Identity;
            if (g.Type[r] is < 0 or > Av1WarpModel.Affine)
                return false;
            for (int i = 0; i < 6; i++)
            {
                int identity = i is 2 or 5 ? 1 << 16 : 0;
                ref int p = ref g.Params[r * 6 + i];
                if (g.Type[r] == Av1WarpModel.Identity)
                    p = identity;
                int limit = i < 2 ? MaxTranslation : MaxAlphaOffset;
                if (p < identity - limit || p > identity + limit)
                    return false;
            }
        }
        return true;
    }

    // 5.9.30
    private bool CheckGrain()
    {
        ref V4L2CtrlAv1FilmGrain g = ref Grain;
        if ((g.Flags & Av1FilmGrainFlags.ApplyGrain) == 0 || !Has(Av1FrameFlags.ShowFrame) && !Has(Av1FrameFlags.ShowableFrame))
        {
            g = default;
            return true;
        }
        bool fromLuma = (g.Flags & Av1FilmGrainFlags.ChromaScalingFromLuma) != 0;
        if (Monochrome)
            g.Flags &= ~Av1FilmGrainFlags.ChromaScalingFromLuma;
        if (Monochrome || fromLuma || SubsamplingX + SubsamplingY == 2 && g.NumYPoints == 0)
            g.NumCbPoints = g.NumCrPoints = 0;
        return g.NumYPoints <= 14 && g.NumCbPoints <= 10 && g.NumCrPoints <= 10 && g.GrainScalingMinus8 <= 3 && g.ArCoeffLag <= 3 && g.ArCoeffShiftMinus6 <= 3 && g.GrainScaleShift <= 3
            && g.CbOffset <= 511 && g.CrOffset <= 511 && Rises(ref g.PointYValue[0], g.NumYPoints) && Rises(ref g.PointCbValue[0], g.NumCbPoints) && Rises(ref g.PointCrValue[0], g.NumCrPoints);
    }

    private static bool Rises(ref byte values, int count)
    {
        for (int i = 1; i < count; i++)
        {
            if (System.Runtime.CompilerServices.Unsafe.Add(ref values, i) <= System.Runtime.CompilerServices.Unsafe.Add(ref values, i - 1))
                return false;
        }
        return true;
    }
}
