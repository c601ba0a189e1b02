// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>What a frame's state derives from its checked controls, its memory apart.</summary>
internal static unsafe class Av1FrameSetup
{
    private const int ReferenceScaleShift = 14;

    /// <summary>Geometry, quantiser indices, which filters run, deblocking levels.</summary>
    public static void Fill(Av1FrameState* s, in Av1Controls c)
    {
        *s = default;
        s->Sequence = c.Sequence;
        s->Frame = c.Frame;
        s->Private = c.Private;
        s->Width = c.Width;
        s->UpscaledWidth = c.UpscaledWidth;
        s->Height = c.Height;
        s->MiCols = 2 * ((s->Width + 7) >> 3);
        s->MiRows = 2 * ((s->Height + 7) >> 3);
        s->MiStride = (s->MiCols + 31) & ~31;
        s->SbSizeLog2 = (c.Sequence.Flags & Av1SequenceFlags.Use128x128Superblock) != 0 ? 5 : 4;
        int mask = (1 << s->SbSizeLog2) - 1;
        s->SbCols = (s->MiCols + mask) >> s->SbSizeLog2;
        s->SbRows = (s->MiRows + mask) >> s->SbSizeLog2;
        s->Cols64 = (s->MiCols + 15) >> 4;
        s->Rows64 = (s->MiRows + 15) >> 4;
        s->CdefStride = (s->Cols64 + 1) & ~1;
        s->BitDepth = c.Sequence.BitDepth;
        s->NumPlanes = c.Monochrome ? 1 : 3;
        s->SubsamplingX = c.SubsamplingX;
        s->SubsamplingY = c.SubsamplingY;
        s->IsIntra = c.IsIntra;
        s->TileCols = c.Frame.TileInfo.TileCols;
        s->TileRows = c.Frame.TileInfo.TileRows;
        s->LosslessSegments = (byte)c.FindLossless(s->SegmentQIndex);
        s->CodedLossless = s->LosslessSegments == 0xff;
        s->HasSuperres = s->Width != s->UpscaledWidth;
        s->AllLossless = s->CodedLossless && !s->HasSuperres;
        s->HasDeblock = (c.Frame.LoopFilter.Level[0] | c.Frame.LoopFilter.Level[1]) != 0;
        for (int i = 0; i < 1 << c.Frame.Cdef.Bits; i++)
            s->HasCdef |= (c.Frame.Cdef.YPriStrength[i] | c.Frame.Cdef.YSecStrength[i] | c.Frame.Cdef.UvPriStrength[i] | c.Frame.Cdef.UvSecStrength[i]) != 0;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            if (c.Frame.LoopRestoration.FrameRestorationType[plane] == Av1RestorationType.None)
                continue;
            s->HasRestoration = true;
            int size = (int)c.Frame.LoopRestoration.LoopRestorationSize[plane];
            s->UnitRows[plane] = CountUnits(size, plane == 0 ? s->Height : (s->Height + s->SubsamplingY) >> s->SubsamplingY);
            s->UnitCols[plane] = CountUnits(size, plane == 0 ? s->UpscaledWidth : (s->UpscaledWidth + s->SubsamplingX) >> s->SubsamplingX);
        }
        Av1FilterLevels.Fill(s);
    }

    // count_units_in_frame (5.11.57)
    private static int CountUnits(int unitSize, int frameSize) => Math.Max((frameSize + (unitSize >> 1)) / unitSize, 1);

    /// <summary>Geometry of the tiles, and their data.</summary>
    /// <param name="s">Frame with memory for <see cref="Av1FrameState.Tiles"/> and <see cref="Av1FrameState.Blocks"/>.</param>
    /// <param name="c">Controls.</param>
    /// <param name="bitstream">Start of the request's bitstream.</param>
    /// <param name="size">Its bytes.</param>
    public static void FillTiles(Av1FrameState* s, in Av1Controls c, byte* bitstream, uint size)
    {
        fixed (V4L2Av1TileInfo* info = &c.Frame.TileInfo)
        {
            nint block = 0;
            int round = (1 << s->SbSizeLog2) - 1;
            for (int i = 0; i < s->TileRows * s->TileCols; i++)
            {
                Av1Tile* t = s->Tiles + i;
                int row = i / s->TileCols, col = i % s->TileCols;
                *t = new Av1Tile
                {
                    Row = row,
                    Col = col,
                    MiRowStart = (int)info->MiRowStarts[row],
                    MiRowEnd = (int)info->MiRowStarts[row + 1],
                    MiColStart = (int)info->MiColStarts[col],
                    MiColEnd = (int)info->MiColStarts[col + 1],
                    Blocks = s->Blocks + block,
                };
                t->SbRowStart = t->MiRowStart >> s->SbSizeLog2;
                t->SbRowEnd = (t->MiRowEnd + round) >> s->SbSizeLog2;
                t->SbColStart = t->MiColStart >> s->SbSizeLog2;
                t->SbColEnd = (t->MiColEnd + round) >> s->SbSizeLog2;
                block += (nint)(t->MiRowEnd - t->MiRowStart) * (t->MiColEnd - t->MiColStart);
            }
        }
        for (int i = 0; i < c.TileCount; i++)
        {
            // The caller's memory: read once. What lies outside is missing.
            V4L2CtrlAv1TileGroupEntry entry = c.Tiles[i];
            if (entry.TileRow >= (uint)s->TileRows || entry.TileCol >= (uint)s->TileCols || entry.TileSize == 0 || entry.TileOffset > size || entry.TileSize > size - entry.TileOffset)
                continue;
            Av1Tile* t = s->Tiles + entry.TileRow * (uint)s->TileCols + entry.TileCol;
            t->Data = bitstream + entry.TileOffset;
            t->Size = (int)entry.TileSize;
        }
    }

    /// <summary>Whether a picture of that size can be predicted from (2 times smaller to 16 times larger, 7.11.3.3).</summary>
    public static bool IsUsable(Av1FrameState* s, in PictureView v)
        => v.BitDepth == s->BitDepth && v.SubsamplingX == s->SubsamplingX && v.SubsamplingY == s->SubsamplingY
            && 2 * s->Width >= v.Width && 2 * s->Height >= v.Height && s->Width <= 16 * v.Width && s->Height <= 16 * v.Height;

    /// <summary>A reference by name: what the header says of it, and the picture that stands in for it or is it.</summary>
    public static void FillReference(Av1FrameState* s, int name, in PictureView view, int* progress, Av1SavedState* saved, bool missing)
    {
        Av1Reference* r = s->References + name;
        *r = default;
        r->View = view;
        r->Progress = progress;
        r->Saved = saved;
        r->IsMissing = missing;
        r->XScale = ((view.Width << ReferenceScaleShift) + s->Width / 2) / s->Width;
        r->YScale = ((view.Height << ReferenceScaleShift) + s->Height / 2) / s->Height;
        r->IsScaled = r->XScale != 1 << ReferenceScaleShift || r->YScale != 1 << ReferenceScaleShift;
        r->OrderHint = (int)s->Frame.OrderHints[name];
        r->SignBias = s->RelativeDistance(r->OrderHint, (int)s->Frame.OrderHint) > 0 ? 1 : 0;
        r->GlobalType = s->Frame.GlobalMotion.Type[name];
        for (int i = 0; i < 6; i++)
            r->GlobalParams[i] = s->Frame.GlobalMotion.Params[name * 6 + i];
        r->GlobalValid = Av1Warp.SetupShear(r->GlobalParams, r->GlobalShear);
    }

    /// <summary>References[0], the frame itself: intra block copy.</summary>
    public static void FillCurrent(Av1FrameState* s) => s->References[0] = new Av1Reference
    {
        View = s->Current,
        XScale = 1 << ReferenceScaleShift,
        YScale = 1 << ReferenceScaleShift,
        OrderHint = (int)s->Frame.OrderHint,
    };
}
