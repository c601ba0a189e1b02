// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>The arrays of an <see cref="Av1FrameState"/>; used again from frame to frame, they only grow.</summary>
internal sealed unsafe class Av1FrameMemory : IDisposable
{
    private readonly NativeBlock _tiles = new(), _blocks = new(), _grid = new(), _txSizes = new(), _superblocks = new(), _cdef = new(),
        _restoration = new(), _motion = new(), _cdfs = new(), _references = new(), _intraLines = new(), _current = new(), _standIn = new();

    /// <summary>Sizes everything for a frame whose geometry is set, and sets the pointers.</summary>
    /// <param name="s">Frame.</param>
    /// <param name="ahead">Rows are decoded before the ones above are filtered. Else two rows of superblocks are kept of what is of no use later: they stay in the cache.</param>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public void Reserve(Av1FrameState* s, bool ahead)
    {
        int kept = 2 << s->SbSizeLog2;
        s->DroppedRowBits = ahead ? 0 : ~(kept - 1);
        s->RowRecords = ahead ? 0 : s->MiCols << s->SbSizeLog2;
        nuint rows = ahead ? ((nuint)s->MiRows + 31) & ~(nuint)31 : (nuint)kept, units = rows * (nuint)s->MiStride;
        int tiles = s->TileRows * s->TileCols;
        _tiles.Reserve((nuint)tiles * (nuint)sizeof(Av1Tile));
        _grid.Reserve(units * sizeof(uint));
        _txSizes.Reserve(units);
        nuint cdefBytes = (nuint)s->CdefStride * (nuint)((s->Rows64 + 1) & ~1);
        _cdef.Reserve(cdefBytes);
        nuint restoration = 0;
        for (int plane = 0; plane < 3; plane++)
            restoration += (nuint)s->UnitRows[plane] * (nuint)s->UnitCols[plane];
        _restoration.Reserve(restoration * (nuint)sizeof(Av1RestorationUnit));
        if ((s->Frame.Flags & Av1FrameFlags.UseRefFrameMvs) != 0)
            _motion.Reserve((nuint)(s->MiRows >> 1) * (nuint)(s->MiCols >> 1) * (nuint)sizeof(Av1ProjectedMotion));
        _cdfs.Reserve((nuint)Av1CdfContexts.Size);
        _references.Reserve(Av1FrameState.ReferenceCount * (nuint)sizeof(Av1Reference));
        _superblocks.Reserve((nuint)s->SbCols * (nuint)s->SbRows * (nuint)sizeof(Av1Superblock));
        // Address space for the smallest blocks everywhere.
        _blocks.Reserve((ahead ? (nuint)s->MiRows * (nuint)s->MiCols : 2 * (nuint)s->RowRecords) * (nuint)sizeof(Av1Block), sparse: true);

        s->Tiles = (Av1Tile*)_tiles.Pointer;
        s->Blocks = (Av1Block*)_blocks.Pointer;
        s->BlockGrid = (uint*)_grid.Pointer;
        s->LumaTxSizes = _txSizes.Pointer;
        s->Superblocks = (Av1Superblock*)_superblocks.Pointer;
        s->SbRowsKept = s->SbRows;
        s->CdefIndex = (sbyte*)_cdef.Pointer;
        s->Restoration0 = (Av1RestorationUnit*)_restoration.Pointer;
        s->Restoration1 = s->Restoration0 + s->UnitRows[0] * s->UnitCols[0];
        s->Restoration2 = s->Restoration1 + s->UnitRows[1] * s->UnitCols[1];
        new Span<Av1RestorationUnit>(s->Restoration0, (int)restoration).Clear();
        s->MotionField = (s->Frame.Flags & Av1FrameFlags.UseRefFrameMvs) != 0 ? (Av1ProjectedMotion*)_motion.Pointer : null;
        s->Cdfs = _cdfs.Pointer;
        s->References = (Av1Reference*)_references.Pointer;
        new Span<Av1Reference>(s->References, Av1FrameState.ReferenceCount).Clear();
    }

    /// <summary>Current (memory of its own with superres) and the lines of intra prediction, when <see cref="Av1FrameState.Output"/> is set.</summary>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public void ReservePictures(Av1FrameState* s)
    {
        s->Current = s->HasSuperres ? Planar(_current, s, s->Width, s->Height) : s->Output;
        nint line = Math.Max(s->Current.StrideY, s->Current.StrideUv);
        // Above-right samples of the last block may be read beyond the row.
        _intraLines.Reserve((nuint)(3 * s->TileRows * line + 256));
        s->IntraLines = _intraLines.Pointer;
        s->IntraLineStride = line;
    }

    /// <summary>Memory for a picture that is not there.</summary>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public PictureView ReserveStandIn(Av1FrameState* s) => Planar(_standIn, s, s->UpscaledWidth, s->Height);

    private static PictureView Planar(NativeBlock block, Av1FrameState* s, int width, int height)
    {
        AbiLayout layout;
        if (!PictureLayout.Fill(PixelFormat.Planar(s->SubsamplingX, s->SubsamplingY, s->BitDepth), (uint)width, (uint)height, &layout))
            throw new OutOfMemoryException();
        block.Reserve(layout.Size);
        return PictureLayout.View(&layout, block.Pointer, width, height, new FormatInfo(s->BitDepth, s->SubsamplingX, s->SubsamplingY, false));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBlock block in new[] { _tiles, _blocks, _grid, _txSizes, _superblocks, _cdef, _restoration, _motion, _cdfs, _references, _intraLines, _current, _standIn })
            block.Dispose();
    }
}
