// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// The VP9 loop filter (spec 8.8) of one frame in flight: edge masks per superblock and the walk over superblocks.
/// </summary>
/// <remarks>
/// <para><see cref="BuildMasks"/> may run on any thread, once per superblock, as soon as its records are complete.</para>
/// <para>The result depends on the order of superblocks: (r, c) must come after (r, c-1) and after (r-1, c+1), as raster order grants.
/// Before (r, c) is filtered the pixels of (r, c) must be reconstructed, and whatever reads unfiltered pixels there
/// (the last column for intra prediction of (r, c+1), the last row for row r+1) must have been read or saved.</para>
/// </remarks>
public sealed unsafe class Vp9LoopFilter : IDisposable
{
    private readonly KernelLevel _level;
    private Vp9LoopFilterTable* _table;
    private Vp9LoopFilterLimits* _limits;
    private Vp9BlockShape* _shapes;
    private readonly NativeBlock _planeBlock = new();
    private Vp9LoopFilterPlane* _planes;
    private nuint _planeCapacity;
    private Vp9LoopFilterMaskBuilder _builder;
    private Vp9FrameState* _frame;
    private int _tableDepth, _limitsKey = -1;
    private int _planesPerSuperblock, _sbCols, _sbRows;

    /// <summary>A loop filter with the best kernels of this CPU.</summary>
    public Vp9LoopFilter()
        : this(KernelLevels.Best)
    {
    }

    /// <summary>A loop filter with kernels of a level.</summary>
    public Vp9LoopFilter(KernelLevel level)
    {
        _level = level;
        try
        {
            _table = (Vp9LoopFilterTable*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9LoopFilterTable));
            _limits = (Vp9LoopFilterLimits*)NativeMemory.AlignedAlloc((nuint)sizeof(Vp9LoopFilterLimits), 64);
            _shapes = (Vp9BlockShape*)NativeMemory.AllocZeroed((nuint)Vp9LoopFilterMaskBuilder.ShapeBytes);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether this frame is filtered at all (loop_filter_level is not 0).</summary>
    public bool IsActive => _frame != null;

    /// <summary>Starts a frame: sizes the mask storage, computes the limits.</summary>
    public void BeginFrame(Vp9FrameState* frame)
    {
        if (frame->Control.Lf.Level == 0)
        {
            _frame = null;
            return;
        }
        _frame = frame;
        _sbCols = frame->SbCols;
        _sbRows = frame->SbRows;
        if (_tableDepth != frame->BitDepth)
        {
            _tableDepth = frame->BitDepth;
            Vp9LoopFilterTable.Create(_table, _tableDepth, _level);
        }
        int key = frame->Control.Lf.Sharpness << 4 | frame->BitDepth;
        if (_limitsKey != key)
        {
            _limitsKey = key;
            _limits->Set(frame->Control.Lf.Sharpness, frame->BitDepth);
        }
        // Without subsampling chroma has the same blocks, transform sizes and edges as luma.
        _planesPerSuperblock = (frame->SubsamplingX | frame->SubsamplingY) == 0 ? 1 : 2;
        nuint count = (nuint)_sbRows * (nuint)_sbCols * (nuint)_planesPerSuperblock;
        if (count > _planeCapacity)
        {
            _planes = null;
            _planeCapacity = 0;
            // Zeroed: levels without an edge are read (not used) as table indices, they must be valid from the start.
            _planeBlock.Reserve(count * (nuint)sizeof(Vp9LoopFilterPlane));
            _planes = (Vp9LoopFilterPlane*)_planeBlock.Pointer;
            _planeCapacity = count;
        }
        _builder.Begin(frame, _shapes);
    }

    private Vp9LoopFilterPlane* Planes(int sbRow, int sbCol)
        => _planes + ((nint)sbRow * _sbCols + sbCol) * _planesPerSuperblock;

    /// <summary>Builds the masks of a superblock from its records.</summary>
    public void BuildMasks(int sbRow, int sbCol)
    {
        if (_frame != null)
        {
            Vp9LoopFilterPlane* planes = Planes(sbRow, sbCol);
            _builder.Build(_frame->Superblock(sbRow, sbCol), sbRow, sbCol, planes, _planesPerSuperblock == 2 ? planes + 1 : null);
        }
    }

    /// <summary>
    /// Filters a row of superblocks in all planes. Changes up to 8 rows above it: final afterwards are the rows above
    /// 64 * sbRow + 56 (luma), or all rows after the last superblock row.
    /// </summary>
    public void FilterSuperblockRow(in PictureView picture, int sbRow)
    {
        if (_frame != null)
        {
            for (int sbCol = 0; sbCol < _sbCols; sbCol++)
            {
                FilterSuperblock(picture, sbRow, sbCol);
            }
        }
    }

    /// <summary>
    /// Filters one superblock in all planes; touches its pixels, 8 columns left and 8 rows above of it
    /// (reads may go 16 samples beyond the right end).
    /// </summary>
    public void FilterSuperblock(in PictureView picture, int sbRow, int sbCol)
    {
        if (_frame == null)
        {
            return;
        }
        Vp9LoopFilterPlane* plane = Planes(sbRow, sbCol);
        int bytes = picture.BitDepth > 8 ? 2 : 1;
        FilterPlane(picture.Plane0 + (nint)sbRow * 64 * picture.StrideY + (nint)sbCol * 64 * bytes, picture.StrideY, plane);
        if (_planesPerSuperblock == 2)
        {
            plane++;
        }
        nint offset = ((nint)sbRow * 64 >> picture.SubsamplingY) * picture.StrideUv + ((nint)sbCol * 64 >> picture.SubsamplingX) * bytes;
        FilterPlane(picture.Plane1 + offset, picture.StrideUv, plane);
        FilterPlane(picture.Plane2 + offset, picture.StrideUv, plane);
    }

    private void FilterPlane(byte* samples, nint stride, Vp9LoopFilterPlane* plane)
    {
        if (plane->Vertical.Any)
        {
            _table->FilterVertical(samples, stride, plane, _limits);
        }
        if (plane->Horizontal.Any)
        {
            _table->FilterHorizontal(samples, stride, plane, _limits);
        }
    }

    /// <summary>Frees native memory.</summary>
    public void Dispose()
    {
        _frame = null;
        NativeMemory.Free(_table);
        NativeMemory.AlignedFree(_limits);
        NativeMemory.Free(_shapes);
        _planeBlock.Dispose();
        _table = null;
        _limits = null;
        _shapes = null;
        _planes = null;
        _planeCapacity = 0;
    }
}
