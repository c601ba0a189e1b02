// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <summary>Slow path of <see cref="Vp9FrameContext.WaitForReference"/>: sleeps until a reference has grown far enough.</summary>
public unsafe interface IVp9ReferenceWaiter
{
    /// <summary>Returns when <c>*view.Progress &gt; lastLumaRow</c>, or when the reference will never get there (then it stays as it is).</summary>
    /// <param name="slot">0 last, 1 golden, 2 altref.</param>
    /// <param name="lastLumaRow">Row that must be final, 0..height - 1.</param>
    void Wait(int slot, int lastLumaRow);
}

/// <summary>
/// What reconstruction needs beside <see cref="Vp9FrameState"/>: the picture, its references, kernels, and the unfiltered lines
/// between superblock rows. One per frame in flight, reused over frames; all workers of a frame share it.
/// </summary>
/// <remarks>
/// Superblocks may be reconstructed in any order in which the left neighbour (same tile) and the superblock above come first:
/// intra prediction never reads above-right beyond its own block.
/// </remarks>
public sealed unsafe class Vp9FrameContext : IDisposable
{
    // Kernels may load up to 32 bytes before the top-left sample and behind the last one.
    private const int LinePadding = 64;

    private readonly Vp9ReferenceView* _references;
    private readonly Vp9PlaneGeometry* _planes;
    private byte* _tileStarts;
    private nuint _tileStartsSize;
    private readonly NativeBlock _lineBlock = new();
    private byte* _lines;
    private nuint _linesSize;
    private volatile bool _corrupted;

    /// <summary>Creates an empty context; call <see cref="Prepare"/> before each frame.</summary>
    public Vp9FrameContext()
    {
        try
        {
            _references = (Vp9ReferenceView*)NativeMemory.AllocZeroed(3, (nuint)sizeof(Vp9ReferenceView));
            _planes = (Vp9PlaneGeometry*)NativeMemory.AllocZeroed(3, (nuint)sizeof(Vp9PlaneGeometry));
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Frame state shared by all stages.</summary>
    public Vp9FrameState* State { get; private set; }

    /// <summary>The picture being decoded.</summary>
    public PictureView Picture { get; private set; }

    /// <summary>The three references: last, golden, altref. Set between <see cref="Prepare"/> and the first superblock.</summary>
    public Vp9ReferenceView* References => _references;

    /// <summary>Kernels for the frame's bit depth.</summary>
    public Vp9KernelTable* Kernels { get; private set; }

    /// <summary>Called when a reference is not yet ready; null when all references are complete.</summary>
    public IVp9ReferenceWaiter? Waiter { get; set; }

    /// <summary>Set when a missing reference was predicted from.</summary>
    public bool Corrupted => _corrupted;

    internal Vp9PlaneGeometry* Planes => _planes;

    /// <summary>Binds the context to a frame; all references become missing.</summary>
    /// <param name="state">Frame state; sizes, tiles, format are set.</param>
    /// <param name="picture">Picture to decode into, allocated for sizes rounded up to 64.</param>
    /// <param name="kernels">Kernels for <see cref="Vp9FrameState.BitDepth"/>.</param>
    public void Prepare(Vp9FrameState* state, in PictureView picture, Vp9KernelTable* kernels)
    {
        State = state;
        Picture = picture;
        Kernels = kernels;
        _corrupted = false;
        for (int i = 0; i < 3; i++)
        {
            _references[i].SetMissing();
        }

        MarkTileStarts(state);
        int bytes = state->BitDepth > 8 ? 2 : 1;
        nuint total = 0;
        for (int i = 0; i < 3; i++)
        {
            Vp9PlaneGeometry* plane = _planes + i;
            int ssX = i > 0 ? state->SubsamplingX : 0, ssY = i > 0 ? state->SubsamplingY : 0;
            plane->Base = picture.Plane(i);
            plane->Stride = picture.Stride(i);
            plane->SubsamplingX = ssX;
            plane->SubsamplingY = ssY;
            plane->CodedWidth = state->MiCols * 8 >> ssX;
            plane->CodedHeight = state->MiRows * 8 >> ssY;
            plane->SuperblockMask = (64 >> ssY) - 1;
            plane->AboveStride = (state->SbCols * 64 >> ssX) * bytes + LinePadding;
            total += (nuint)plane->AboveStride * (nuint)state->SbRows;
        }

        total += 2 * LinePadding;
        if (total > _linesSize)
        {
            _lines = null;
            _linesSize = 0;
            _lineBlock.Reserve(total);
            _lines = _lineBlock.Pointer;
            _linesSize = total;
        }

        byte* line = _lines + LinePadding;
        for (int i = 0; i < 3; i++)
        {
            _planes[i].Above = line;
            line += _planes[i].AboveStride * state->SbRows;
        }
    }

    /// <summary>Blocks until rows 0..<paramref name="lastLumaRow"/> (clamped to the picture) of a reference are final.</summary>
    /// <param name="slot">0 last, 1 golden, 2 altref.</param>
    /// <param name="lastLumaRow">Last row that will be read, in luma rows of the reference; any value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WaitForReference(int slot, int lastLumaRow)
    {
        int* progress = _references[slot].Progress;
        if (progress != null && Volatile.Read(ref *progress) <= Math.Max(lastLumaRow, 0))
        {
            WaitSlow(slot, lastLumaRow);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lineBlock.Dispose();
        NativeMemory.Free(_tileStarts);
        NativeMemory.Free(_planes);
        NativeMemory.Free(_references);
        _lines = _tileStarts = null;
        _linesSize = _tileStartsSize = 0;
        GC.SuppressFinalize(this);
    }

    internal bool IsTileStart(int sbCol) => _tileStarts[sbCol] != 0;

    internal void SetCorrupted() => _corrupted = true;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitSlow(int slot, int lastLumaRow)
    {
        // Vectors may point far outside: what is read there is the picture's first or last row.
        int row = Math.Clamp(lastLumaRow, 0, _references[slot].Picture.Height - 1);
        if (Volatile.Read(ref *_references[slot].Progress) <= row)
        {
            Waiter?.Wait(slot, row);
        }
    }

    /// <summary>Marks the superblock columns where a tile begins (spec get_tile_offset): nothing to their left is available.</summary>
    private void MarkTileStarts(Vp9FrameState* state)
    {
        nuint size = (nuint)state->SbCols;
        if (size > _tileStartsSize)
        {
            _tileStarts = (byte*)NativeMemory.Realloc(_tileStarts, size);
            _tileStartsSize = size;
        }

        NativeMemory.Clear(_tileStarts, size);
        int log2 = BitOperations.Log2((uint)state->TileCols);
        for (int i = 0; i < state->TileCols; i++)
        {
            int start = (int)(((long)i * state->SbCols) >> log2);
            if (start < state->SbCols)
            {
                _tileStarts[start] = 1;
            }
        }
    }
}
