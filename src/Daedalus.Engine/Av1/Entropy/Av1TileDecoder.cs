// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Entropy decoding of tiles (decode_tile, 5.11.2): one for each tile in flight, used again and again. Leaves block records, transform blocks, coefficients and the maps of <see cref="Av1FrameState"/>.
/// </summary>
public sealed unsafe partial class Av1TileDecoder : IDisposable
{
    private const int LevelsSize = 40 * 48;
    // All that is of fixed size lies in one block: an allocation cannot fail halfway.
    private readonly byte* _memory;
    private readonly Av1CdfContext* _cdf;
    private readonly byte* _levels, _txTypes;
    private readonly Av1MvStack* _stack;
    private readonly Av1WarpSamples* _samples;
    private readonly Av1MvPredictor _predictor = new();

    // Left contexts of 32 units: level and dc of three planes, segment prediction; above the same for the tile's columns.
    private readonly byte* _left;
    private byte* _above;
    private int _aboveStride, _aboveCapacity;
    private readonly ushort* _leftPalette;
    private ushort* _abovePalette;

    private readonly sbyte* _deltaLf, _refWiener, _refSgr;

    private Av1SymbolDecoder _d;
    private Av1FrameState* _s;
    private Av1Tile* _tile;
    private Av1Superblock* _sb;
    private Av1Block* _b;
    private int _blocksUsed, _coefficientsUsed, _palettesUsed;
    private int _qIndex;
    private bool _readDeltas, _corrupt, _broken;

    // Of the frame: read often.
    private int _subX, _subY, _sbSize4;
    private bool _wide, _segmentation;

    /// <summary>The padding of the last tile that was decoded to its end was as exit_symbol demands (8.2.4).</summary>
    public bool PaddingIsValid { get; private set; }

    /// <summary>Allocates what does not depend on the frame.</summary>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public Av1TileDecoder()
    {
        _positions = Av1ScanPositions.Tables;
        _coefficientPlaces = Av1ScanPositions.Coefficients;
        nint size = 0;
        nint cdf = Place(sizeof(Av1CdfContext)), levels = Place(LevelsSize), notZero = Place(1024 * sizeof(ushort)), txTypes = Place(32 * 32), stack = Place(sizeof(Av1MvStack)),
            samples = Place(sizeof(Av1WarpSamples)), left = Place(7 * 64), leftPalette = Place(2 * 32 * 8 * sizeof(ushort)), deltaLf = Place(4), refWiener = Place(3 * 6), refSgr = Place(3 * 2);
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64);
        NativeMemory.Clear(_memory, (nuint)size);
        _cdf = (Av1CdfContext*)(_memory + cdf);
        _levels = _memory + levels;
        _notZero = (ushort*)(_memory + notZero);
        _txTypes = _memory + txTypes;
        _stack = (Av1MvStack*)(_memory + stack);
        _samples = (Av1WarpSamples*)(_memory + samples);
        _left = _memory + left;
        _leftPalette = (ushort*)(_memory + leftPalette);
        _deltaLf = (sbyte*)(_memory + deltaLf);
        _refWiener = (sbyte*)(_memory + refWiener);
        _refSgr = (sbyte*)(_memory + refSgr);

        nint Place(int bytes)
        {
            nint at = size;
            size += bytes + 63 & ~63;
            return at;
        }
    }

    /// <summary>Starts a tile; false if it has no data.</summary>
    /// <exception cref="OutOfMemoryException">No memory for the contexts.</exception>
    public bool BeginTile(Av1FrameState* s, Av1Tile* tile)
    {
        _s = s;
        _tile = tile;
        _subX = s->SubsamplingX;
        _subY = s->SubsamplingY;
        _sbSize4 = 1 << s->SbSizeLog2;
        _wide = s->BitDepth > 8;
        _segmentation = (s->Frame.Segmentation.Flags & Av1SegmentationFlags.Enabled) != 0;
        _blocksUsed = 0;
        _qIndex = s->Frame.Quantization.BaseQIdx;
        _readDeltas = _corrupt = false;
        PaddingIsValid = false;
        // Two superblocks beyond the edge: blocks may stand out of the tile at the frame's edge.
        _aboveStride = (tile->MiColEnd - tile->MiColStart + 31 & ~31) + 32;
        if (_aboveStride > _aboveCapacity)
        {
            NativeMemory.Free(_above);
            NativeMemory.Free(_abovePalette);
            _above = null;
            _abovePalette = null;
            _aboveCapacity = 0;
            _above = (byte*)NativeMemory.Alloc((nuint)(7 * _aboveStride));
            _abovePalette = (ushort*)NativeMemory.Alloc((nuint)(2 * _aboveStride * 8 * sizeof(ushort)));
            _aboveCapacity = _aboveStride;
        }
        new Span<byte>(_above, 7 * _aboveStride).Clear();
        new Span<byte>(_levels, LevelsSize).Clear();
        new Span<sbyte>(_deltaLf, 4).Clear();
        for (int plane = 0; plane < 3; plane++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                _refWiener[plane * 6 + pass * 3] = 3;
                _refWiener[plane * 6 + pass * 3 + 1] = -7;
                _refWiener[plane * 6 + pass * 3 + 2] = 15;
            }
            _refSgr[plane * 2] = -32;
            _refSgr[plane * 2 + 1] = 31;
        }
        _predictor.BeginTile(s, tile);
        _broken = tile->Data == null || tile->Size <= 0;
        if (_broken)
            return false;
        *_cdf = *(Av1CdfContext*)s->Cdfs;
        _d.Begin(tile->Data, tile->Size, (s->Frame.Flags & Av1FrameFlags.DisableCdfUpdate) == 0);
        return true;
    }

    /// <summary>Decodes one superblock row of the tile.</summary>
    public Av1TileStatus DecodeRow(int sbRow)
    {
        var s = _s;
        int row = sbRow << s->SbSizeLog2;
        BeginRow(sbRow);
        for (int sbCol = _tile->SbColStart; sbCol < _tile->SbColEnd; sbCol++)
        {
            int col = sbCol << s->SbSizeLog2;
            BeginSuperblock(sbRow, sbCol);
            int ready = (sbRow - _tile->SbRowStart) * (_tile->SbColEnd - _tile->SbColStart) + sbCol - _tile->SbColStart + 1;
            if (_broken)
            {
                ConcealSuperblock(row, col);
                EndSuperblock();
                Volatile.Write(ref _tile->SuperblocksReady, ready);
                continue;
            }
            int firstBlock = _blocksUsed;
            _readDeltas = (s->Frame.Quantization.Flags & Av1QuantizationFlags.DeltaQPresent) != 0;
            ReadRestoration(row, col);
            DecodePartition(row, col, s->SbSizeLog2 == 5 ? Av1BlockSize.Block128x128 : Av1BlockSize.Block64x64);
            if (_corrupt || _d.Overrun)
            {
                // Nothing of this superblock is to be trusted, and no context of it: the rest of the tile is made up.
                _broken = true;
                ClearCoefficients();
                _blocksUsed = firstBlock;
                BeginSuperblock(sbRow, sbCol);
                ConcealSuperblock(row, col);
            }
            EndSuperblock();
            Volatile.Write(ref _tile->SuperblocksReady, ready);
        }
        if (_broken)
            return Av1TileStatus.Corrupt;
        if (sbRow + 1 < _tile->SbRowEnd)
            return Av1TileStatus.More;
        PaddingIsValid = _d.PaddingIsValid;
        int number = _tile->Row * s->TileCols + _tile->Col;
        if ((s->Frame.Flags & Av1FrameFlags.DisableFrameEndUpdateCdf) == 0 && number == s->Private.ContextUpdateTileId && s->Saved != null && s->Saved->Cdfs != null)
        {
            var saved = (Av1CdfContext*)s->Saved->Cdfs;
            *saved = *_cdf;
            Av1CdfContexts.ClearCounters(saved);
        }
        return Av1TileStatus.End;
    }

    /// <summary>Makes up a superblock row whose data is missing.</summary>
    public void ConcealRow(int sbRow)
    {
        _broken = true;
        BeginRow(sbRow);
        for (int sbCol = _tile->SbColStart; sbCol < _tile->SbColEnd; sbCol++)
        {
            BeginSuperblock(sbRow, sbCol);
            ConcealSuperblock(sbRow << _s->SbSizeLog2, sbCol << _s->SbSizeLog2);
            EndSuperblock();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeMemory.Free(_above);
        NativeMemory.Free(_abovePalette);
        _predictor.Dispose();
    }

    private void BeginRow(int sbRow)
    {
        if (_s->RowRecords != 0)
        {
            _tile->Blocks = _s->Blocks + ((sbRow & 1) * (nint)_s->RowRecords + ((nint)_tile->MiColStart << _s->SbSizeLog2));
            _blocksUsed = 0;
        }
        new Span<byte>(_left, 7 * 64).Clear();
        // Without a new map the old one stays in force (7.4); blocks read it through PrevSegmentIds.
        if (_s->SegmentIds == null || (_s->Frame.Segmentation.Flags & Av1SegmentationFlags.UpdateMap) != 0 && _segmentation)
            return;
        int first = sbRow << _s->SbSizeLog2, last = Math.Min(first + _sbSize4, _tile->MiRowEnd), width = _tile->MiColEnd - _tile->MiColStart;
        for (int row = first; row < last; row++)
        {
            nint offset = (nint)row * _s->MiCols + _tile->MiColStart;
            var to = new Span<byte>(_s->SegmentIds + offset, width);
            if (_s->PrevSegmentIds == null)
                to.Clear();
            else
                new Span<byte>(_s->PrevSegmentIds + offset, width).CopyTo(to);
        }
    }

    private void BeginSuperblock(int sbRow, int sbCol)
    {
        _sb = _s->Superblock(sbRow, sbCol);
        if (_tile->NextCoefficients != null)
        {
            _sb->Transforms = _tile->NextTransforms;
            _sb->Coefficients = _tile->NextCoefficients;
            _sb->Palettes = _tile->NextPalettes;
        }
        _sb->Blocks = _tile->Blocks + _blocksUsed;
        _sb->BlockCount = _sb->TransformCount = 0;
        _coefficientsUsed = _palettesUsed = 0;
        // clear_cdef (5.11.55)
        int size = _sbSize4 >> 4;
        sbyte* cdef = _s->CdefIndex + (nint)(sbRow * size) * _s->CdefStride + sbCol * size;
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
                cdef[y * _s->CdefStride + x] = -1;
        }
    }

    // The next superblock's streams follow.
    private void EndSuperblock()
    {
        if (_tile->NextCoefficients == null)
            return;
        _tile->NextTransforms += _sb->TransformCount;
        _tile->NextCoefficients += ((nint)_coefficientsUsed * (_wide ? 4 : 2) + 63) & ~63;
        if (_tile->NextPalettes != null)
            _tile->NextPalettes += (_palettesUsed + 63) & ~63;
    }

    private void ClearCoefficients()
        => NativeMemory.Clear(_sb->Coefficients, (nuint)_coefficientsUsed * (_wide ? 4u : 2u));

    private bool IsInside(int row, int col)
        => col >= _tile->MiColStart && col < _tile->MiColEnd && row >= _tile->MiRowStart && row < _tile->MiRowEnd;

    private void DecodePartition(int r, int c, Av1BlockSize size)
    {
        var s = _s;
        if (r >= s->MiRows || c >= s->MiCols)
            return;
        int bsl = Av1Tables.MiWidthLog2[(int)size], num = 1 << bsl, half = num >> 1, quarter = half >> 1;
        bool hasRows = r + half < s->MiRows, hasCols = c + half < s->MiCols;
        int partition;
        if (size < Av1BlockSize.Block8x8)
            partition = 0;
        else if (!hasRows && !hasCols)
            partition = 3;
        else
            partition = ReadPartition(r, c, bsl, hasRows, hasCols);
        var sub = (Av1BlockSize)Av1EntropyTables.PartitionSubsize[partition * 22 + (int)size];
        var split = (Av1BlockSize)Av1EntropyTables.PartitionSubsize[3 * 22 + (int)size];
        // Partitions whose chroma has no block size must not occur (6.10.4).
        if ((int)sub >= 22 || s->NumPlanes > 1 && Av1Tables.SubsampledSize[((int)sub * 2 + _subX) * 2 + _subY] >= 22)
        {
            _corrupt = true;
            return;
        }
        switch (partition)
        {
            case 0:
                DecodeBlock(r, c, sub);
                break;
            case 1:
                DecodeBlock(r, c, sub);
                if (hasRows)
                    DecodeBlock(r + half, c, sub);
                break;
            case 2:
                DecodeBlock(r, c, sub);
                if (hasCols)
                    DecodeBlock(r, c + half, sub);
                break;
            case 3:
                DecodePartition(r, c, sub);
                DecodePartition(r, c + half, sub);
                DecodePartition(r + half, c, sub);
                DecodePartition(r + half, c + half, sub);
                break;
            case 4:
                DecodeBlock(r, c, split);
                DecodeBlock(r, c + half, split);
                DecodeBlock(r + half, c, sub);
                break;
            case 5:
                DecodeBlock(r, c, sub);
                DecodeBlock(r + half, c, split);
                DecodeBlock(r + half, c + half, split);
                break;
            case 6:
                DecodeBlock(r, c, split);
                DecodeBlock(r + half, c, split);
                DecodeBlock(r, c + half, sub);
                break;
            case 7:
                DecodeBlock(r, c, sub);
                DecodeBlock(r, c + half, split);
                DecodeBlock(r + half, c + half, split);
                break;
            case 8:
                for (int i = 0; i < 4 && r + quarter * i < s->MiRows; i++)
                    DecodeBlock(r + quarter * i, c, sub);
                break;
            default:
                for (int i = 0; i < 4 && c + quarter * i < s->MiCols; i++)
                    DecodeBlock(r, c + quarter * i, sub);
                break;
        }
    }

    private int ReadPartition(int r, int c, int bsl, bool hasRows, bool hasCols)
    {
        int above = IsInside(r - 1, c) && Av1Tables.MiWidthLog2[(int)_s->BlockAt(r - 1, c)->Size] < bsl ? 1 : 0;
        int left = IsInside(r, c - 1) && Av1Tables.MiHeightLog2[(int)_s->BlockAt(r, c - 1)->Size] < bsl ? 1 : 0;
        int ctx = left * 2 + above;
        ushort* cdf;
        int n;
        switch (bsl)
        {
            case 1: cdf = _cdf->PartitionW8 + ctx * 4; n = 4; break;
            case 2: cdf = _cdf->PartitionW16 + ctx * 16; n = 10; break;
            case 3: cdf = _cdf->PartitionW32 + ctx * 16; n = 10; break;
            case 4: cdf = _cdf->PartitionW64 + ctx * 16; n = 10; break;
            default: cdf = _cdf->PartitionW128 + ctx * 8; n = 8; break;
        }
        if (hasRows && hasCols)
            return _d.ReadSymbol(cdf, n);
        // split_or_horz and split_or_vert (8.3.2): the sum of the probabilities of all that split in that direction.
        // Inverse values fall, so that the probability of p is cdf[p - 1] - cdf[p]; the last symbol's inverse is 0.
        uint sum;
        if (hasCols)
            sum = P(cdf, n, 2) + P(cdf, n, 3) + P(cdf, n, 4) + P(cdf, n, 6) + P(cdf, n, 7) + P(cdf, n, 9);
        else
            sum = P(cdf, n, 1) + P(cdf, n, 3) + P(cdf, n, 4) + P(cdf, n, 5) + P(cdf, n, 6) + P(cdf, n, 8);
        return _d.ReadFixed(sum) ? 3 : hasCols ? 1 : 2;
    }

    private static uint P(ushort* cdf, int n, int symbol)
        => symbol >= n ? 0 : (uint)(cdf[symbol - 1] - (symbol == n - 1 ? 0 : cdf[symbol]));
}
