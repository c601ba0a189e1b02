// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>The second half of the frame header: tiles, quantisation, segmentation, filters.</summary>
public sealed unsafe partial class Av1HeaderParser
{
    private static ReadOnlySpan<byte> SegmentationFeatureBits => [8, 6, 6, 6, 6, 3, 0, 0];
    private static ReadOnlySpan<byte> SegmentationFeatureMax => [255, 63, 63, 63, 63, 7, 0, 0];

    private Av1ParseError ParseParameters(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        V4L2Av1GlobalMotion previousMotion = default;
        if (c.PrimaryRefFrame == V4L2CtrlAv1Frame.PrimaryRefNone)
        {
            // setup_past_independence
            Av1HeaderState.SetDefaults(ref c.LoopFilter);
            Av1HeaderState.SetDefaults(ref previousMotion);
        }
        else
        {
            // load_previous (spec 7.21)
            int index = c.RefFrameIdx[c.PrimaryRefFrame];
            ref readonly Av1SlotState slot = ref State[index];
            if ((h.LostSlots >> index & 1) != 0)
            {
                Av1HeaderState.SetDefaults(ref c.LoopFilter);
                Av1HeaderState.SetDefaults(ref previousMotion);
            }
            else
            {
                previousMotion = slot.GlobalMotion;
                for (int i = 0; i < 8; i++)
                {
                    c.LoopFilter.RefDeltas[i] = slot.LoopFilter.RefDeltas[i];
                    c.Segmentation.FeatureEnabled[i] = slot.Segmentation.FeatureEnabled[i];
                }
                c.LoopFilter.ModeDeltas[0] = slot.LoopFilter.ModeDeltas[0];
                c.LoopFilter.ModeDeltas[1] = slot.LoopFilter.ModeDeltas[1];
                for (int i = 0; i < 64; i++)
                    c.Segmentation.FeatureData[i] = slot.Segmentation.FeatureData[i];
            }
        }
        Av1ParseError error = ParseTileInfo(ref r, h, s);
        if (error != Av1ParseError.None)
            return error;
        ParseQuantization(ref r, ref c.Quantization, s);
        ParseSegmentation(ref r, ref c);
        ParseDeltas(ref r, h);
        FindLossless(h);
        ParseLoopFilter(ref r, h, s);
        ParseCdef(ref r, h, s);
        ParseLoopRestoration(ref r, h, s);
        c.TxMode = h.CodedLossless ? Av1TxMode.Only4x4 : r.Flag() ? Av1TxMode.Select : Av1TxMode.Largest;
        h.Set(Av1FrameFlags.ReferenceSelect, !h.IsIntra && r.Flag());
        ParseSkipMode(ref r, h, s);
        h.Set(Av1FrameFlags.AllowWarpedMotion, !h.IsIntra && !h.ErrorResilientMode && s.Has(Av1SequenceFlags.EnableWarpedMotion) && r.Flag());
        ReadFlag(ref r, ref c, Av1FrameFlags.ReducedTxSet);
        ParseGlobalMotion(ref r, h, previousMotion);
        return ParseFilmGrain(ref r, h, s);
    }

    private static int TileLog2(int size, int target)
    {
        int k = 0;
        while (size << k < target)
            k++;
        return k;
    }

    // spec 5.9.15
    private static Av1ParseError ParseTileInfo(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2Av1TileInfo t = ref h.Control.TileInfo;
        int shift = s.Has(Av1SequenceFlags.Use128x128Superblock) ? 5 : 4;
        int miCols = 2 * ((h.FrameWidth + 7) >> 3), miRows = 2 * ((h.FrameHeight + 7) >> 3);
        int sbCols = (miCols + (1 << shift) - 1) >> shift, sbRows = (miRows + (1 << shift) - 1) >> shift;
        // MAX_TILE_WIDTH, MAX_TILE_AREA in superblocks.
        int maxWidth = 4096 >> (shift + 2), maxArea = 4096 * 2304 >> (2 * (shift + 2));
        int minLog2Cols = TileLog2(maxWidth, sbCols);
        int minLog2Tiles = Math.Max(minLog2Cols, TileLog2(maxArea, sbRows * sbCols));
        int cols = 0, rows = 0;
        if (r.Flag())
        {
            t.Flags = Av1TileInfoFlags.UniformTileSpacing;
            int log2 = minLog2Cols, limit = TileLog2(1, Math.Min(sbCols, 64));
            while (log2 < limit && r.Flag())
                log2++;
            h.TileColsLog2 = log2;
            int size = (sbCols + (1 << log2) - 1) >> log2;
            for (int start = 0; start < sbCols; start += size)
                AddTile(ref t.MiColStarts[cols], ref t.WidthInSbsMinus1[cols++], start, Math.Min(size, sbCols - start), shift);
            log2 = Math.Max(minLog2Tiles - log2, 0);
            limit = TileLog2(1, Math.Min(sbRows, 64));
            while (log2 < limit && r.Flag())
                log2++;
            h.TileRowsLog2 = log2;
            size = (sbRows + (1 << log2) - 1) >> log2;
            if (sbRows > size * 64)
                return Av1ParseError.OutOfRange;
            for (int start = 0; start < sbRows; start += size)
                AddTile(ref t.MiRowStarts[rows], ref t.HeightInSbsMinus1[rows++], start, Math.Min(size, sbRows - start), shift);
        }
        else
        {
            int widest = 0;
            for (int start = 0; start < sbCols;)
            {
                if (cols == 64)
                    return Av1ParseError.OutOfRange;
                int size = r.Ns(Math.Min(sbCols - start, maxWidth)) + 1;
                widest = Math.Max(widest, size);
                AddTile(ref t.MiColStarts[cols], ref t.WidthInSbsMinus1[cols++], start, size, shift);
                start += size;
            }
            h.TileColsLog2 = TileLog2(1, cols);
            int area = minLog2Tiles > 0 ? sbRows * sbCols >> (minLog2Tiles + 1) : sbRows * sbCols;
            int maxHeight = Math.Max(area / widest, 1);
            for (int start = 0; start < sbRows;)
            {
                if (rows == 64)
                    return Av1ParseError.OutOfRange;
                int size = r.Ns(Math.Min(sbRows - start, maxHeight)) + 1;
                AddTile(ref t.MiRowStarts[rows], ref t.HeightInSbsMinus1[rows++], start, size, shift);
                start += size;
            }
            h.TileRowsLog2 = TileLog2(1, rows);
        }
        t.MiColStarts[cols] = (uint)miCols;
        t.MiRowStarts[rows] = (uint)miRows;
        t.TileCols = (byte)cols;
        t.TileRows = (byte)rows;
        t.TileSizeBytes = 1;
        if (h.TileColsLog2 + h.TileRowsLog2 > 0)
        {
            int context = (int)r.Bits(h.TileRowsLog2 + h.TileColsLog2);
            t.TileSizeBytes = (byte)(r.Bits(2) + 1);
            if (context >= cols * rows)
                return Av1ParseError.OutOfRange;
            t.ContextUpdateTileId = (byte)context;
            h.Private.ContextUpdateTileId = (ushort)context;
        }
        return Av1ParseError.None;
    }

    private static void AddTile(ref uint miStart, ref uint sizeMinus1, int start, int size, int shift)
    {
        miStart = (uint)(start << shift);
        sizeMinus1 = (uint)size - 1;
    }

    private static sbyte ReadDeltaQ(ref Av1BitReader r) => (sbyte)(r.Flag() ? r.Su(7) : 0);

    // spec 5.9.12
    private static void ParseQuantization(ref Av1BitReader r, ref V4L2Av1Quantization q, Av1SequenceHeader s)
    {
        bool separate = s.Has(Av1SequenceFlags.SeparateUvDeltaQ);
        q.BaseQIdx = (byte)r.Bits(8);
        q.DeltaQYDc = ReadDeltaQ(ref r);
        if (s.NumPlanes > 1)
        {
            bool different = separate && r.Flag();
            q.DeltaQUDc = q.DeltaQVDc = ReadDeltaQ(ref r);
            q.DeltaQUAc = q.DeltaQVAc = ReadDeltaQ(ref r);
            if (different)
            {
                q.Flags |= Av1QuantizationFlags.DiffUvDelta;
                q.DeltaQVDc = ReadDeltaQ(ref r);
                q.DeltaQVAc = ReadDeltaQ(ref r);
            }
        }
        if (!r.Flag())
            return;
        q.Flags |= Av1QuantizationFlags.UsingQmatrix;
        q.QmY = (byte)r.Bits(4);
        q.QmU = (byte)r.Bits(4);
        q.QmV = separate ? (byte)r.Bits(4) : q.QmU;
    }

    // spec 5.9.14
    private static void ParseSegmentation(ref Av1BitReader r, ref V4L2CtrlAv1Frame c)
    {
        ref V4L2Av1Segmentation g = ref c.Segmentation;
        if (!r.Flag())
        {
            g = default;
            return;
        }
        g.Flags = Av1SegmentationFlags.Enabled;
        if (c.PrimaryRefFrame == V4L2CtrlAv1Frame.PrimaryRefNone)
            g.Flags |= Av1SegmentationFlags.UpdateMap | Av1SegmentationFlags.UpdateData;
        else
        {
            if (r.Flag())
            {
                g.Flags |= Av1SegmentationFlags.UpdateMap;
                if (r.Flag())
                    g.Flags |= Av1SegmentationFlags.TemporalUpdate;
            }
            if (r.Flag())
                g.Flags |= Av1SegmentationFlags.UpdateData;
        }
        if ((g.Flags & Av1SegmentationFlags.UpdateData) != 0)
        {
            for (int i = 0; i < 8; i++)
            {
                int enabled = 0;
                for (int j = 0; j < 8; j++)
                {
                    int value = 0;
                    if (r.Flag())
                    {
                        enabled |= 1 << j;
                        int bits = SegmentationFeatureBits[j], limit = SegmentationFeatureMax[j];
                        value = j < V4L2Av1Segmentation.RefFrame ? Math.Clamp(r.Su(1 + bits), -limit, limit) : Math.Min((int)r.Bits(bits), limit);
                    }
                    g.FeatureData[i * 8 + j] = (short)value;
                }
                g.FeatureEnabled[i] = (byte)enabled;
            }
        }
        for (int i = 0; i < 8; i++)
        {
            if (g.FeatureEnabled[i] == 0)
                continue;
            g.LastActiveSegId = (byte)i;
            if (g.FeatureEnabled[i] >> V4L2Av1Segmentation.RefFrame != 0)
                g.Flags |= Av1SegmentationFlags.SegIdPreSkip;
        }
    }

    // spec 5.9.17, 5.9.18
    private static void ParseDeltas(ref Av1BitReader r, Av1FrameHeader h)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        if (c.Quantization.BaseQIdx == 0 || !r.Flag())
            return;
        c.Quantization.Flags |= Av1QuantizationFlags.DeltaQPresent;
        c.Quantization.DeltaQRes = (byte)r.Bits(2);
        if (h.Has(Av1FrameFlags.AllowIntrabc) || !r.Flag())
            return;
        c.LoopFilter.Flags |= Av1LoopFilterFlags.DeltaLfPresent;
        c.LoopFilter.DeltaLfRes = (byte)r.Bits(2);
        if (r.Flag())
            c.LoopFilter.Flags |= Av1LoopFilterFlags.DeltaLfMulti;
    }

    private static void FindLossless(Av1FrameHeader h)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        ref V4L2Av1Quantization q = ref c.Quantization;
        bool lossless = q.DeltaQYDc == 0 && q.DeltaQUAc == 0 && q.DeltaQUDc == 0 && q.DeltaQVAc == 0 && q.DeltaQVDc == 0;
        for (int i = 0; i < 8 && lossless; i++)
        {
            int index = q.BaseQIdx;
            // get_qindex (spec 7.12.2); all features are off without segmentation.
            if ((c.Segmentation.FeatureEnabled[i] & 1 << V4L2Av1Segmentation.AltQ) != 0)
                index = Math.Clamp(index + c.Segmentation.FeatureData[i * 8 + V4L2Av1Segmentation.AltQ], 0, 255);
            lossless = index == 0;
        }
        h.CodedLossless = lossless;
        h.AllLossless = lossless && h.FrameWidth == h.UpscaledWidth;
    }

    // spec 5.9.11
    private static void ParseLoopFilter(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2Av1LoopFilter f = ref h.Control.LoopFilter;
        if (h.CodedLossless || h.Has(Av1FrameFlags.AllowIntrabc))
        {
            Av1HeaderState.SetDefaults(ref f);
            return;
        }
        f.Level[0] = (byte)r.Bits(6);
        f.Level[1] = (byte)r.Bits(6);
        if (s.NumPlanes > 1 && (f.Level[0] | f.Level[1]) != 0)
        {
            f.Level[2] = (byte)r.Bits(6);
            f.Level[3] = (byte)r.Bits(6);
        }
        f.Sharpness = (byte)r.Bits(3);
        if (!r.Flag())
            return;
        f.Flags |= Av1LoopFilterFlags.DeltaEnabled;
        if (!r.Flag())
            return;
        f.Flags |= Av1LoopFilterFlags.DeltaUpdate;
        for (int i = 0; i < 8; i++)
        {
            if (r.Flag())
                f.RefDeltas[i] = (sbyte)r.Su(7);
        }
        for (int i = 0; i < 2; i++)
        {
            if (r.Flag())
                f.ModeDeltas[i] = (sbyte)r.Su(7);
        }
    }

    // spec 5.9.19
    private static void ParseCdef(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        if (h.CodedLossless || h.Has(Av1FrameFlags.AllowIntrabc) || !s.Has(Av1SequenceFlags.EnableCdef))
            return;
        ref V4L2Av1Cdef c = ref h.Control.Cdef;
        c.DampingMinus3 = (byte)r.Bits(2);
        c.Bits = (byte)r.Bits(2);
        for (int i = 0; i < 1 << c.Bits; i++)
        {
            c.YPriStrength[i] = (byte)r.Bits(4);
            c.YSecStrength[i] = ReadSecondary(ref r);
            if (s.NumPlanes == 1)
                continue;
            c.UvPriStrength[i] = (byte)r.Bits(4);
            c.UvSecStrength[i] = ReadSecondary(ref r);
        }
    }

    private static byte ReadSecondary(ref Av1BitReader r)
    {
        int value = (int)r.Bits(2);
        return (byte)(value == 3 ? 4 : value);
    }

    // spec 5.9.20
    private static void ParseLoopRestoration(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        if (h.AllLossless || h.Has(Av1FrameFlags.AllowIntrabc) || !s.Has(Av1SequenceFlags.EnableRestoration))
            return;
        ref V4L2Av1LoopRestoration l = ref h.Control.LoopRestoration;
        for (int i = 0; i < s.NumPlanes; i++)
        {
            // Remap_Lr_Type
            Av1RestorationType type = r.Bits(2) switch
            {
                1 => Av1RestorationType.Switchable,
                2 => Av1RestorationType.Wiener,
                3 => Av1RestorationType.Sgrproj,
                _ => Av1RestorationType.None,
            };
            l.FrameRestorationType[i] = type;
            if (type != Av1RestorationType.None)
                l.Flags |= i > 0 ? Av1LoopRestorationFlags.UsesLr | Av1LoopRestorationFlags.UsesChromaLr : Av1LoopRestorationFlags.UsesLr;
        }
        if (l.Flags == 0)
            return;
        int shift = r.Bit();
        if (s.Has(Av1SequenceFlags.Use128x128Superblock))
            shift++;
        else if (shift != 0)
            shift += r.Bit();
        l.LrUnitShift = (byte)shift;
        if (s.SubsamplingX + s.SubsamplingY == 2 && (l.Flags & Av1LoopRestorationFlags.UsesChromaLr) != 0)
            l.LrUvShift = (byte)r.Bit();
        l.LoopRestorationSize[0] = 64u << shift;
        l.LoopRestorationSize[1] = l.LoopRestorationSize[2] = 64u << shift >> l.LrUvShift;
    }

    // spec 5.9.30
    private Av1ParseError ParseFilmGrain(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        if (!s.Has(Av1SequenceFlags.FilmGrainParamsPresent) || (!h.ShowFrame && !h.ShowableFrame) || !r.Flag())
            return Av1ParseError.None;
        ref V4L2CtrlAv1FilmGrain g = ref h.Grain;
        ushort seed = (ushort)r.Bits(16);
        if (h.FrameType == Av1FrameType.Inter && !r.Flag())
            return LoadFilmGrain(ref r, h, seed);
        g.Flags = Av1FilmGrainFlags.ApplyGrain | Av1FilmGrainFlags.UpdateGrain;
        g.GrainSeed = seed;
        g.NumYPoints = (byte)r.Bits(4);
        if (g.NumYPoints > 14 || !ReadPoints(ref r, g.NumYPoints, ref g.PointYValue[0], ref g.PointYScaling[0]))
            return Av1ParseError.OutOfRange;
        bool fromLuma = !s.Monochrome && r.Flag();
        if (fromLuma)
            g.Flags |= Av1FilmGrainFlags.ChromaScalingFromLuma;
        if (!s.Monochrome && !fromLuma && (s.SubsamplingX + s.SubsamplingY != 2 || g.NumYPoints != 0))
        {
            g.NumCbPoints = (byte)r.Bits(4);
            if (g.NumCbPoints > 10 || !ReadPoints(ref r, g.NumCbPoints, ref g.PointCbValue[0], ref g.PointCbScaling[0]))
                return Av1ParseError.OutOfRange;
            g.NumCrPoints = (byte)r.Bits(4);
            if (g.NumCrPoints > 10 || !ReadPoints(ref r, g.NumCrPoints, ref g.PointCrValue[0], ref g.PointCrScaling[0]))
                return Av1ParseError.OutOfRange;
        }
        g.GrainScalingMinus8 = (byte)r.Bits(2);
        g.ArCoeffLag = (byte)r.Bits(2);
        int luma = 2 * g.ArCoeffLag * (g.ArCoeffLag + 1), chroma = luma;
        if (g.NumYPoints > 0)
        {
            chroma++;
            for (int i = 0; i < luma; i++)
                g.ArCoeffsYPlus128[i] = (byte)r.Bits(8);
        }
        if (fromLuma || g.NumCbPoints > 0)
        {
            for (int i = 0; i < chroma; i++)
                g.ArCoeffsCbPlus128[i] = (byte)r.Bits(8);
        }
        if (fromLuma || g.NumCrPoints > 0)
        {
            for (int i = 0; i < chroma; i++)
                g.ArCoeffsCrPlus128[i] = (byte)r.Bits(8);
        }
        g.ArCoeffShiftMinus6 = (byte)r.Bits(2);
        g.GrainScaleShift = (byte)r.Bits(2);
        if (g.NumCbPoints > 0)
        {
            g.CbMult = (byte)r.Bits(8);
            g.CbLumaMult = (byte)r.Bits(8);
            g.CbOffset = (ushort)r.Bits(9);
        }
        if (g.NumCrPoints > 0)
        {
            g.CrMult = (byte)r.Bits(8);
            g.CrLumaMult = (byte)r.Bits(8);
            g.CrOffset = (ushort)r.Bits(9);
        }
        if (r.Flag())
            g.Flags |= Av1FilmGrainFlags.Overlap;
        if (r.Flag())
            g.Flags |= Av1FilmGrainFlags.ClipToRestrictedRange;
        return Av1ParseError.None;
    }

    // update_grain = 0: everything but the seed is that of a reference.
    private Av1ParseError LoadFilmGrain(ref Av1BitReader r, Av1FrameHeader h, ushort seed)
    {
        int index = (int)r.Bits(3);
        bool known = false;
        for (int i = 0; i < RefsPerFrame; i++)
            known |= h.Control.RefFrameIdx[i] == index;
        if (!known)
            return Av1ParseError.OutOfRange;
        if ((h.LostSlots >> index & 1) != 0)
            return Av1ParseError.None;
        h.Grain = State[index].Grain;
        h.Grain.Flags &= ~Av1FilmGrainFlags.UpdateGrain;
        h.Grain.FilmGrainParamsRefIdx = (byte)index;
        h.Grain.GrainSeed = seed;
        return Av1ParseError.None;
    }

    // Values must increase (spec 6.8.20).
    private static bool ReadPoints(ref Av1BitReader r, int count, ref byte values, ref byte scalings)
    {
        int previous = -1;
        bool good = true;
        for (int i = 0; i < count; i++)
        {
            int value = (int)r.Bits(8);
            good &= value > previous;
            previous = value;
            System.Runtime.CompilerServices.Unsafe.Add(ref values, i) = (byte)value;
            System.Runtime.CompilerServices.Unsafe.Add(ref scalings, i) = (byte)r.Bits(8);
        }
        return good;
    }
}
