// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>One tile's bytes; <see cref="Size"/> 0 when the bitstream does not hold it.</summary>
internal unsafe struct TileSpan
{
    /// <summary>First byte.</summary>
    public byte* Data;
    /// <summary>Number of bytes.</summary>
    public int Size;
}

/// <summary>Checks of the controls and everything a frame's state derives from them.</summary>
internal static unsafe class Vp9FrameSetup
{
    /// <summary>Largest number of tiles: 64 columns (tile_cols_log2 ≤ 6), 4 rows.</summary>
    public const int MaxTileCols = 64, MaxTileRows = 4;

    private const int MaxLoopFilter = 63;

    /// <summary>Whether the controls describe a frame that spec and engine allow; nothing in them is trusted before this.</summary>
    public static bool IsValid(in V4L2CtrlVp9Frame f, in V4L2CtrlVp9CompressedHdr h, uint bitstreamSize)
    {
        bool is420 = (f.Flags & (Vp9FrameFlags.XSubsampling | Vp9FrameFlags.YSubsampling)) == (Vp9FrameFlags.XSubsampling | Vp9FrameFlags.YSubsampling);
        // Spec 7.2.2: profiles 0 and 2 are 4:2:0, 1 and 3 anything else; 0 and 1 have 8 bits, 2 and 3 10 or 12.
        if (f.Profile > 3 || ((f.Profile & 1) == 0) != is420)
            return false;
        if (f.Profile < 2 ? f.BitDepth != 8 : f.BitDepth is not (10 or 12))
            return false;
        if (f.UncompressedHeaderSize == 0 || f.CompressedHeaderSize == 0 || (uint)f.UncompressedHeaderSize + f.CompressedHeaderSize >= bitstreamSize)
            return false;
        if (f.InterpolationFilter > 4 || f.ReferenceMode > 2 || f.ResetFrameContext > 2 || f.FrameContextIdx > 3 || (f.RefFrameSignBias & ~7) != 0)
            return false;
        if (!IsIntra(f) && f.ReferenceMode != 0 && f.RefFrameSignBias is 0 or 7)
            return false; // compound prediction needs references on both sides (spec 6.3.10)
        if (h.TxMode > 4)
            return false;

        int sbCols = (f.FrameWidthMinus1 + 64) >> 6;
        GetTileColsLog2Range(sbCols, out int minLog2, out int maxLog2);
        if (f.TileColsLog2 < minLog2 || f.TileColsLog2 > maxLog2 || f.TileRowsLog2 > 2)
            return false;

        return IsValid(f.Lf) && IsValid(f.Quant) && IsValid(f.Seg);
    }

    private static bool IsValid(in V4L2Vp9LoopFilter lf)
    {
        if (lf.Level > MaxLoopFilter || lf.Sharpness > 7)
            return false;
        for (int i = 0; i < 4; i++)
        {
            if (lf.RefDeltas[i] is < -63 or > 63)
                return false;
        }
        return lf.ModeDeltas[0] is >= -63 and <= 63 && lf.ModeDeltas[1] is >= -63 and <= 63;
    }

    private static bool IsValid(in V4L2Vp9Quantization q)
        => q.DeltaQYDc is >= -15 and <= 15 && q.DeltaQUvDc is >= -15 and <= 15 && q.DeltaQUvAc is >= -15 and <= 15;

    private static bool IsValid(in V4L2Vp9Segmentation seg)
    {
        if ((seg.Flags & Vp9SegmentationFlags.Enabled) == 0)
            return true;
        for (int s = 0; s < 8; s++)
        {
            if ((seg.FeatureEnabled[s] & ~15) != 0)
                return false;
            for (int feature = 0; feature < 4; feature++)
            {
                if ((seg.FeatureEnabled[s] >> feature & 1) == 0)
                    continue;
                int v = seg.FeatureData[s * 4 + feature];
                bool ok = feature switch // spec 7.2.10: segmentation_feature_bits and _signed
                {
                    0 => v is >= -255 and <= 255,
                    1 => v is >= -63 and <= 63,
                    2 => v is >= 0 and <= 3,
                    _ => true,
                };
                if (!ok)
                    return false;
            }
        }
        return true;
    }

    /// <summary>Key frame or intra-only frame.</summary>
    public static bool IsIntra(in V4L2CtrlVp9Frame f) => (f.Flags & (Vp9FrameFlags.KeyFrame | Vp9FrameFlags.IntraOnly)) != 0;

    /// <summary>Limits of tile_cols_log2: tiles are 256 to 4096 luma samples wide, and 64 at most (spec calc_min_log2_tile_cols, calc_max_log2_tile_cols).</summary>
    public static void GetTileColsLog2Range(int sbCols, out int min, out int max)
    {
        min = 0;
        while ((64 << min) < sbCols)
            min++;
        max = 1;
        while (sbCols >> max >= 4)
            max++;
        max = Math.Min(max - 1, 6);
    }

    /// <summary>First 8×8 unit of tile <paramref name="index"/> along one axis (spec get_tile_offset).</summary>
    public static int TileOffset(int index, int mis, int log2) => Math.Min(((index * ((mis + 7) >> 3)) >> log2) << 3, mis);

    /// <summary>Geometry, dequantisation and filter levels.</summary>
    public static void Fill(Vp9FrameState* s, in V4L2CtrlVp9Frame f)
    {
        *s = default;
        s->Control = f;
        s->Width = f.FrameWidthMinus1 + 1;
        s->Height = f.FrameHeightMinus1 + 1;
        s->MiCols = (s->Width + 7) >> 3;
        s->MiRows = (s->Height + 7) >> 3;
        s->SbCols = (s->MiCols + 7) >> 3;
        s->SbRows = (s->MiRows + 7) >> 3;
        s->BitDepth = f.BitDepth;
        s->SubsamplingX = (f.Flags & Vp9FrameFlags.XSubsampling) != 0 ? 1 : 0;
        s->SubsamplingY = (f.Flags & Vp9FrameFlags.YSubsampling) != 0 ? 1 : 0;
        s->IsIntra = IsIntra(f) ? 1 : 0;
        s->TileCols = 1 << f.TileColsLog2;
        s->TileRows = 1 << f.TileRowsLog2;
        Vp9Quantizer.FillDequant(s);
        Vp9LoopFilterLevels.Fill(s);
    }

    /// <summary>
    /// Finds the tiles (spec decode_tiles): each but the last is preceded by its size, 4 bytes big-endian. Tiles the data does not hold
    /// get size 0; the result says whether all are there.
    /// </summary>
    public static bool SplitTiles(byte* data, int size, int tileCount, TileSpan* spans)
    {
        bool complete = true;
        byte* end = data + size;
        for (int i = 0; i < tileCount; i++)
        {
            spans[i] = default;
            long bytes = end - data;
            if (i + 1 < tileCount)
            {
                if (bytes < 4)
                {
                    complete = false;
                    data = end;
                    continue;
                }
                bytes = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(data, 4));
                data += 4;
            }
            if (bytes == 0 || bytes > end - data)
            {
                complete = false;
                data = bytes == 0 ? data : end;
                continue;
            }
            spans[i] = new TileSpan { Data = data, Size = (int)bytes };
            data += bytes;
        }
        return complete;
    }
}
