// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Memory;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Room for what entropy decoding leaves and reconstruction consumes: transform blocks, coefficients, palettes. Every tile in work has a ring of each, in which superblocks follow one another without gaps,
/// so that only what a stream really uses is touched, and a row that is reconstructed before the next one is decoded always lies at the start, in the cache.
/// </summary>
internal sealed unsafe class Av1Streams : IDisposable
{
    // Entropy decoding may run ahead by a third of the most that a frame can hold; usual frames fit in whole.
    private const int RoomsOfFrame = 3, LeastRooms = 4;

    private readonly NativeBlock _transforms = new(), _coefficients = new(), _palettes = new();
    private int _transformBytes, _coefficientBytes, _paletteBytes, _rooms, _tileRows;

    /// <summary>The last frame ended before all its coefficients were consumed.</summary>
    public bool IsDirty { get; set; }

    private static int Samples(Av1FrameState* s)
    {
        int luma = 1 << (2 * s->SbSizeLog2 + 4);
        return s->NumPlanes == 1 ? luma : luma + (2 * luma >> (s->SubsamplingX + s->SubsamplingY));
    }

    /// <summary>Sizes the rings for a frame.</summary>
    /// <param name="s">Frame.</param>
    /// <param name="tileRows">Rows of tiles that are decoded at the same time; tile rows that never are share rings.</param>
    /// <param name="ahead">Rows are decoded before the ones above are reconstructed.</param>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public void Reserve(Av1FrameState* s, int tileRows, bool ahead)
    {
        int samples = Samples(s);
        _transformBytes = samples / 16 * sizeof(Av1TransformBlock);
        _coefficientBytes = samples * (s->BitDepth > 8 ? 4 : 2);
        // 48 bytes for each 8×8 block's colours.
        _paletteBytes = (s->Frame.Flags & Av1FrameFlags.AllowScreenContentTools) == 0 ? 0 : samples + (48 << (2 * s->SbSizeLog2 - 2));
        _tileRows = tileRows;
        _rooms = ahead ? Math.Max(LeastRooms, (s->SbRows + RoomsOfFrame - 1) / RoomsOfFrame) : 1;
        nuint count = (nuint)s->SbCols * (nuint)(tileRows * _rooms);
        _transforms.Reserve(count * (nuint)_transformBytes, sparse: true);
        _palettes.Reserve(count * (nuint)_paletteBytes, sparse: true);
        // A third of a frame is what decoding ahead comes to fill, 500 small pages of 1080p in each frame in flight.
        if (!_coefficients.Reserve(count * (nuint)_coefficientBytes, sparse: !ahead) && IsDirty)
            _coefficients.Clear();
        IsDirty = false;
    }

    /// <summary>
    /// Finds room for the next superblock row of a tile, whatever it holds, and leads the tile there. Not while the tile is being decoded.
    /// </summary>
    /// <param name="s">Frame.</param>
    /// <param name="tile">Tile; what was decoded last ends where its streams stand.</param>
    /// <param name="oldestRow">The oldest row of the tile that is not reconstructed yet, or -1 if there is none.</param>
    /// <returns>False: rows have to be reconstructed first.</returns>
    public bool TryPlace(Av1FrameState* s, Av1Tile* tile, int oldestRow)
    {
        nint cols = tile->SbColEnd - tile->SbColStart, first = ((nint)(tile->Row % _tileRows) * s->SbCols + tile->SbColStart) * _rooms;
        Av1Superblock* oldest = oldestRow < 0 ? null : s->Superblock(oldestRow, tile->SbColStart);
        byte* transforms = Place(_transforms.Pointer + first * _transformBytes, cols * _transformBytes, (byte*)tile->NextTransforms, oldest == null ? null : (byte*)oldest->Transforms);
        byte* coefficients = Place(_coefficients.Pointer + first * _coefficientBytes, cols * _coefficientBytes, tile->NextCoefficients, oldest == null ? null : (byte*)oldest->Coefficients);
        byte* palettes = Place(_palettes.Pointer + first * _paletteBytes, cols * _paletteBytes, tile->NextPalettes, oldest == null ? null : oldest->Palettes);
        if (transforms == null || coefficients == null || (palettes == null && _paletteBytes != 0))
            return false;
        tile->NextTransforms = (Av1TransformBlock*)transforms;
        tile->NextCoefficients = coefficients;
        tile->NextPalettes = _paletteBytes == 0 ? null : palettes;
        return true;
    }

    // A place for `bytes` that follow one another, or null. The oldest row kept begins at `tail` (null: none is), the youngest ends before `head`.
    private byte* Place(byte* ring, nint bytes, byte* head, byte* tail)
    {
        if (tail == null)
            return ring;
        // The head never comes up to the tail from below, so that where they meet nothing is kept.
        if (head < tail)
            return tail - head > bytes ? head : null;
        // With half of the ring free below, the rest of it need not be touched.
        nint below = (nint)(tail - ring);
        if (ring + bytes * _rooms - head >= bytes && (below <= bytes || below < bytes * _rooms / 2))
            return head;
        return below > bytes ? ring : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transforms.Dispose();
        _coefficients.Dispose();
        _palettes.Dispose();
    }
}
