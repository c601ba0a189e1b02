// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>decode_block (5.11.5), what intra and inter frames share, and intra blocks.</summary>
public sealed unsafe partial class Av1TileDecoder
{
    private Av1Block* _aboveBlock, _leftBlock;
    private int _bw4, _bh4;
    private bool _isInter, _skip, _lossless;

    private bool HasAbove => _aboveBlock != null;
    private bool HasLeft => _leftBlock != null;

    private Av1Block* BeginBlock(int r, int c, Av1BlockSize size)
    {
        var s = _s;
        var b = _b = _tile->Blocks + _blocksUsed++;
        *b = default;
        _sb->BlockCount++;
        b->MiRow = (ushort)r;
        b->MiCol = (ushort)c;
        b->Size = size;
        b->FilterIntraMode = Av1Block.NoFilterIntra;
        b->CompoundType = Av1CompoundType.Average;
        b->RefFrame[1] = -1;
        b->FirstTransform = _sb->TransformCount;
        b->FirstCoefficient = _coefficientsUsed;
        b->Palette = _palettesUsed;
        _bw4 = Av1Tables.Num4x4BlocksWide[(int)size];
        _bh4 = Av1Tables.Num4x4BlocksHigh[(int)size];
        _isInter = _skip = _lossless = false;
        bool chroma = s->NumPlanes > 1 && !(_bh4 == 1 && _subY != 0 && (r & 1) == 0) && !(_bw4 == 1 && _subX != 0 && (c & 1) == 0);
        _aboveBlock = IsInside(r - 1, c) ? s->BlockAt(r - 1, c) : null;
        _leftBlock = IsInside(r, c - 1) ? s->BlockAt(r, c - 1) : null;
        var flags = Av1BlockFlags.None;
        if (HasAbove)
            flags |= Av1BlockFlags.AvailableAbove;
        if (HasLeft)
            flags |= Av1BlockFlags.AvailableLeft;
        if (chroma)
        {
            flags |= Av1BlockFlags.HasChroma;
            if (_subY != 0 && _bh4 == 1 ? IsInside(r - 2, c) : HasAbove)
                flags |= Av1BlockFlags.AvailableAboveChroma;
            if (_subX != 0 && _bw4 == 1 ? IsInside(r, c - 2) : HasLeft)
                flags |= Av1BlockFlags.AvailableLeftChroma;
        }
        b->Flags = flags;
        return b;
    }

    private void DecodeBlock(int r, int c, Av1BlockSize size)
    {
        if (_corrupt)
            return;
        var s = _s;
        var b = BeginBlock(r, c, size);
        if (s->IsIntra)
            IntraFrameModeInfo(b);
        else
            InterFrameModeInfo(b);
        if (_corrupt)
            return;
        if (b->PaletteSizeY != 0 || b->PaletteSizeUv != 0)
            PaletteTokens(b);
        KeepPalette(b);
        ReadBlockTxSize(b);
        if (_skip)
            ResetBlockContext(b);
        FinishBlock(b);
        Residual(b);
    }

    /// <summary>Flags, filter levels and the grid: the block is there for the ones after it.</summary>
    private void FinishBlock(Av1Block* b)
    {
        var s = _s;
        if (_skip)
            b->Flags |= Av1BlockFlags.Skip;
        if (_isInter)
            b->Flags |= Av1BlockFlags.Inter;
        if (_lossless)
            b->Flags |= Av1BlockFlags.Lossless;
        if (b->HasChroma)
            b->UvTxSize = _lossless ? Av1TxSize.Tx4x4 : UvTxSize(b->Size);
        if ((s->Frame.LoopFilter.Flags & Av1LoopFilterFlags.DeltaLfPresent) != 0)
        {
            Av1FilterLevels.Compute(s, b->SegmentId, b->RefFrame[0], b->YMode, _deltaLf, b->FilterLevel);
        }
        else
        {
            // mode_deltas count for inter references only: all modes but the global ones (7.14.4).
            int mode = b->YMode >= Av1Mode.NearestMv && b->YMode != Av1Mode.GlobalMv && b->YMode != Av1Mode.GlobalGlobalMv ? 1 : 0;
            byte* levels = s->FilterLevels + ((b->SegmentId * 8 + b->RefFrame[0]) * 2 + mode) * 4;
            *(uint*)b->FilterLevel = *(uint*)levels;
        }
        uint index = (uint)(b - s->Blocks);
        uint* grid = s->BlockGrid + s->Unit(b->MiRow, b->MiCol);
        FillRows(grid, s->MiStride, _bw4, _bh4, index);
        if (s->SegmentIds != null && _segmentation && (s->Frame.Segmentation.Flags & Av1SegmentationFlags.UpdateMap) != 0)
        {
            int width = Math.Min(_bw4, s->MiCols - b->MiCol), height = Math.Min(_bh4, s->MiRows - b->MiRow);
            byte* map = s->SegmentIds + (nint)b->MiRow * s->MiCols + b->MiCol;
            for (int y = 0; y < height; y++, map += s->MiCols)
                new Span<byte>(map, width).Fill(b->SegmentId);
        }
    }

    private Av1TxSize UvTxSize(Av1BlockSize size)
    {
        var tx = (Av1TxSize)Av1Tables.MaxTxSizeRect[Av1Tables.SubsampledSize[((int)size * 2 + _subX) * 2 + _subY]];
        int w = Av1Tables.TxWidth[(int)tx], h = Av1Tables.TxHeight[(int)tx];
        if (w != 64 && h != 64)
            return tx;
        return w == 16 ? Av1TxSize.Tx16x32 : h == 16 ? Av1TxSize.Tx32x16 : Av1TxSize.Tx32x32;
    }

    private bool SegFeature(Av1Block* b, int feature) => _segmentation && (_s->Frame.Segmentation.FeatureEnabled[b->SegmentId] >> feature & 1) != 0;

    private bool SegIdPreSkip => (_s->Frame.Segmentation.Flags & Av1SegmentationFlags.SegIdPreSkip) != 0;

    private void IntraFrameModeInfo(Av1Block* b)
    {
        var s = _s;
        if (SegIdPreSkip)
            IntraSegmentId(b);
        ReadSkip(b);
        if (!SegIdPreSkip)
            IntraSegmentId(b);
        _lossless = (s->LosslessSegments >> b->SegmentId & 1) != 0;
        ReadCdef(b);
        ReadDeltaQIndex(b);
        ReadDeltaLf(b);
        _readDeltas = false;
        b->RefFrame[0] = 0;
        if ((s->Frame.Flags & Av1FrameFlags.AllowIntrabc) != 0 && _d.ReadBool(_cdf->Intrabc))
        {
            IntraBlockCopy(b);
            return;
        }
        int above = HasAbove ? Av1EntropyTables.IntraModeContext[(int)_aboveBlock->YMode] : 0;
        int left = HasLeft ? Av1EntropyTables.IntraModeContext[(int)_leftBlock->YMode] : 0;
        b->YMode = (Av1Mode)_d.ReadSymbol16(_cdf->IntraFrameYMode + (above * 5 + left) * 16, 13);
        IntraModes(b);
    }

    private void IntraBlockModeInfo(Av1Block* b)
    {
        b->RefFrame[0] = 0;
        b->YMode = (Av1Mode)_d.ReadSymbol16(_cdf->YMode + Av1Tables.SizeGroup[(int)b->Size] * 16, 13);
        IntraModes(b);
    }

    private static bool IsDirectional(Av1Mode mode) => mode >= Av1Mode.V && mode <= Av1Mode.D67;

    /// <summary>What follows the luma mode of an intra block, of intra (5.11.7) and inter frames (5.11.22).</summary>
    private void IntraModes(Av1Block* b)
    {
        var s = _s;
        if (b->Size >= Av1BlockSize.Block8x8 && IsDirectional(b->YMode))
            b->AngleDeltaY = (sbyte)(_d.ReadSymbol8(_cdf->AngleDelta + (b->YMode - Av1Mode.V) * 8, 7) - 3);
        if (b->HasChroma)
        {
            bool cfl = _lossless ? Av1Tables.SubsampledSize[((int)b->Size * 2 + _subX) * 2 + _subY] == (int)Av1BlockSize.Block4x4 : Math.Max(_bw4, _bh4) <= 8;
            b->UvMode = cfl ? (Av1Mode)_d.ReadSymbol16(_cdf->UvModeCflAllowed + (int)b->YMode * 16, 14)
                : (Av1Mode)_d.ReadSymbol16(_cdf->UvModeCflNotAllowed + (int)b->YMode * 16, 13);
            if (b->UvMode == Av1Mode.UvCfl)
                ReadCflAlphas(b);
            if (b->Size >= Av1BlockSize.Block8x8 && IsDirectional(b->UvMode))
                b->AngleDeltaUv = (sbyte)(_d.ReadSymbol8(_cdf->AngleDelta + (b->UvMode - Av1Mode.V) * 8, 7) - 3);
        }
        if (b->Size >= Av1BlockSize.Block8x8 && _bw4 <= 16 && _bh4 <= 16 && (s->Frame.Flags & Av1FrameFlags.AllowScreenContentTools) != 0)
            PaletteModeInfo(b);
        if ((s->Sequence.Flags & Av1SequenceFlags.EnableFilterIntra) != 0 && b->YMode == Av1Mode.Dc && b->PaletteSizeY == 0 && Math.Max(_bw4, _bh4) <= 8
            && _d.ReadBool(_cdf->FilterIntra + (int)b->Size * 2))
            b->FilterIntraMode = (byte)_d.ReadSymbol8(_cdf->FilterIntraMode, 5);
    }

    private void ReadCflAlphas(Av1Block* b)
    {
        int signs = _d.ReadSymbol8(_cdf->CflSign, 8), u = (signs + 1) / 3, v = (signs + 1) % 3;
        if (u != 0)
        {
            int alpha = 1 + _d.ReadSymbol16(_cdf->CflAlpha + ((u - 1) * 3 + v) * 16, 16);
            b->CflAlphaU = (sbyte)(u == 1 ? -alpha : alpha);
        }
        if (v != 0)
        {
            int alpha = 1 + _d.ReadSymbol16(_cdf->CflAlpha + ((v - 1) * 3 + u) * 16, 16);
            b->CflAlphaV = (sbyte)(v == 1 ? -alpha : alpha);
        }
    }

    private void IntraSegmentId(Av1Block* b)
    {
        if (_segmentation)
            ReadSegmentId(b);
    }

    private void ReadSegmentId(Av1Block* b)
    {
        // Neighbours' ids are those of the map that is being written: what their blocks hold.
        int u = HasAbove ? _aboveBlock->SegmentId : -1, l = HasLeft ? _leftBlock->SegmentId : -1;
        int ul = HasAbove && HasLeft ? _s->BlockAt(b->MiRow - 1, b->MiCol - 1)->SegmentId : -1;
        int pred = u < 0 ? l < 0 ? 0 : l : l < 0 ? u : ul == u ? u : l;
        if (_skip)
        {
            b->SegmentId = (byte)pred;
            return;
        }
        int ctx = ul < 0 ? 0 : ul == u && ul == l ? 2 : ul == u || ul == l || u == l ? 1 : 0;
        int last = _s->Frame.Segmentation.LastActiveSegId;
        int id = Deinterleave(_d.ReadSymbol8(_cdf->SegmentId + ctx * 8, 8), pred, last + 1);
        if (id < 0 || id > last)
        {
            _corrupt = true;
            id = Math.Clamp(id, 0, last);
        }
        b->SegmentId = (byte)id;
    }

    /// <summary>neg_deinterleave (5.11.9).</summary>
    internal static int Deinterleave(int diff, int reference, int max)
    {
        if (reference == 0)
            return diff;
        if (reference >= max - 1)
            return max - diff - 1;
        int near = 2 * reference < max ? 2 * reference : 2 * (max - reference - 1);
        if (diff <= near)
            return (diff & 1) != 0 ? reference + (diff + 1 >> 1) : reference - (diff >> 1);
        return 2 * reference < max ? diff : max - (diff + 1);
    }

    private void ReadSkip(Av1Block* b)
    {
        if (SegIdPreSkip && SegFeature(b, V4L2Av1Segmentation.Skip))
        {
            _skip = true;
            return;
        }
        int ctx = (HasAbove && _aboveBlock->IsSkip ? 1 : 0) + (HasLeft && _leftBlock->IsSkip ? 1 : 0);
        _skip = _d.ReadBool(_cdf->Skip + ctx * 2);
    }

    private void ReadCdef(Av1Block* b)
    {
        var s = _s;
        if (_skip || s->CodedLossless || (s->Sequence.Flags & Av1SequenceFlags.EnableCdef) == 0 || (s->Frame.Flags & Av1FrameFlags.AllowIntrabc) != 0)
            return;
        sbyte* index = s->CdefIndex + (nint)(b->MiRow >> 4) * s->CdefStride + (b->MiCol >> 4);
        if (*index != -1)
            return;
        var value = (sbyte)_d.ReadLiteral(s->Frame.Cdef.Bits);
        // One value counts for all 64×64 of a larger block (5.11.56).
        for (int y = 0; y < (_bh4 + 15 >> 4); y++)
        {
            for (int x = 0; x < (_bw4 + 15 >> 4); x++)
                index[y * s->CdefStride + x] = value;
        }
    }

    private bool IsSkippedSuperblock(Av1Block* b)
        => _skip && b->Size == (_s->SbSizeLog2 == 5 ? Av1BlockSize.Block128x128 : Av1BlockSize.Block64x64);

    private void ReadDeltaQIndex(Av1Block* b)
    {
        if (!_readDeltas || IsSkippedSuperblock(b))
            return;
        int abs = _d.ReadSymbol4(_cdf->DeltaQ, 4);
        if (abs == 3)
        {
            int bits = _d.ReadLiteral(3) + 1;
            abs = _d.ReadLiteral(bits) + (1 << bits) + 1;
        }
        if (abs == 0)
            return;
        int delta = _d.ReadBit() != 0 ? -abs : abs;
        _qIndex = Math.Clamp(_qIndex + (delta << _s->Frame.Quantization.DeltaQRes), 1, 255);
    }

    private void ReadDeltaLf(Av1Block* b)
    {
        ref V4L2Av1LoopFilter lf = ref _s->Frame.LoopFilter;
        if (!_readDeltas || (lf.Flags & Av1LoopFilterFlags.DeltaLfPresent) == 0 || IsSkippedSuperblock(b))
            return;
        bool multi = (lf.Flags & Av1LoopFilterFlags.DeltaLfMulti) != 0;
        int count = !multi ? 1 : _s->NumPlanes > 1 ? 4 : 2;
        for (int i = 0; i < count; i++)
        {
            int abs = _d.ReadSymbol4(multi ? _cdf->DeltaLfMulti + i * 4 : _cdf->DeltaLf, 4);
            if (abs == 3)
            {
                int bits = _d.ReadLiteral(3) + 1;
                abs = _d.ReadLiteral(bits) + (1 << bits) + 1;
            }
            if (abs == 0)
                continue;
            int delta = _d.ReadBit() != 0 ? -abs : abs;
            _deltaLf[i] = (sbyte)Math.Clamp(_deltaLf[i] + (delta << lf.DeltaLfRes), -63, 63);
        }
    }

    // --- transform sizes -------------------------------------------------------------------------------------------------------------------------

    private void ReadBlockTxSize(Av1Block* b)
    {
        var max = (Av1TxSize)Av1Tables.MaxTxSizeRect[(int)b->Size];
        bool select = _s->Frame.TxMode == Av1TxMode.Select;
        if (select && b->Size > Av1BlockSize.Block4x4 && _isInter && !_skip && !_lossless)
        {
            int w4 = Av1Tables.TxWidth[(int)max] >> 2, h4 = Av1Tables.TxHeight[(int)max] >> 2;
            for (int row = b->MiRow; row < b->MiRow + _bh4; row += h4)
            {
                for (int col = b->MiCol; col < b->MiCol + _bw4; col += w4)
                    ReadVarTxSize(b, row, col, max, 0);
            }
            return;
        }
        var tx = max;
        if (_lossless)
        {
            tx = Av1TxSize.Tx4x4;
        }
        else if (b->Size > Av1BlockSize.Block4x4 && (!_skip || !_isInter) && select)
        {
            for (int depth = ReadTxDepth(b, max); depth > 0; depth--)
                tx = (Av1TxSize)Av1Tables.SplitTxSize[(int)tx];
        }
        b->TxSize = tx;
        FillTxSize(b->MiRow, b->MiCol, _bw4, _bh4, tx);
    }

    private void FillTxSize(int row, int col, int w4, int h4, Av1TxSize tx)
    {
        byte* map = _s->LumaTxSizes + _s->Unit(row, col);
        for (int y = 0; y < h4; y++, map += _s->MiStride)
            Fill(map, w4, (int)tx);
    }

    private int ReadTxDepth(Av1Block* b, Av1TxSize max)
    {
        int above = !HasAbove ? 0 : _aboveBlock->IsInter ? 4 * Av1Tables.Num4x4BlocksWide[(int)_aboveBlock->Size] : AboveTxWidth(b, b->MiRow, b->MiCol);
        int left = !HasLeft ? 0 : _leftBlock->IsInter ? 4 * Av1Tables.Num4x4BlocksHigh[(int)_leftBlock->Size] : LeftTxHeight(b, b->MiRow, b->MiCol);
        int ctx = (above >= Av1Tables.TxWidth[(int)max] ? 1 : 0) + (left >= Av1Tables.TxHeight[(int)max] ? 1 : 0);
        return Av1EntropyTables.MaxTxDepth[(int)b->Size] switch
        {
            4 => _d.ReadSymbol4(_cdf->Tx64x64 + ctx * 4, 3),
            3 => _d.ReadSymbol4(_cdf->Tx32x32 + ctx * 4, 3),
            2 => _d.ReadSymbol4(_cdf->Tx16x16 + ctx * 4, 3),
            _ => _d.ReadBool(_cdf->Tx8x8 + ctx * 2) ? 1 : 0,
        };
    }

    private int AboveTxWidth(Av1Block* b, int row, int col)
    {
        if (row == b->MiRow)
        {
            if (!HasAbove)
                return 64;
            var above = _s->BlockAt(row - 1, col);
            if (above->IsSkip && above->IsInter)
                return 4 * Av1Tables.Num4x4BlocksWide[(int)above->Size];
        }
        return Av1Tables.TxWidth[_s->LumaTxSizes[_s->Unit(row - 1, col)]];
    }

    private int LeftTxHeight(Av1Block* b, int row, int col)
    {
        if (col == b->MiCol)
        {
            if (!HasLeft)
                return 64;
            var left = _s->BlockAt(row, col - 1);
            if (left->IsSkip && left->IsInter)
                return 4 * Av1Tables.Num4x4BlocksHigh[(int)left->Size];
        }
        return Av1Tables.TxHeight[_s->LumaTxSizes[_s->Unit(row, col - 1)]];
    }

    private void ReadVarTxSize(Av1Block* b, int row, int col, Av1TxSize tx, int depth)
    {
        if (row >= _s->MiRows || col >= _s->MiCols)
            return;
        int w = Av1Tables.TxWidth[(int)tx], h = Av1Tables.TxHeight[(int)tx];
        bool split = false;
        if (tx != Av1TxSize.Tx4x4 && depth < 2)
        {
            int above = AboveTxWidth(b, row, col) < w ? 1 : 0, left = LeftTxHeight(b, row, col) < h ? 1 : 0;
            int size = Math.Min(64, 4 * Math.Max(_bw4, _bh4)), max = System.Numerics.BitOperations.Log2((uint)size) - 2;
            int ctx = (Av1Tables.TxSizeSqrUp[(int)tx] != max ? 3 : 0) + (4 - max) * 6 + above + left;
            split = _d.ReadBool(_cdf->TxfmSplit + ctx * 2);
        }
        if (!split)
        {
            FillTxSize(row, col, w >> 2, h >> 2, tx);
            b->TxSize = tx;
            return;
        }
        var sub = (Av1TxSize)Av1Tables.SplitTxSize[(int)tx];
        int stepW = Av1Tables.TxWidth[(int)sub] >> 2, stepH = Av1Tables.TxHeight[(int)sub] >> 2;
        for (int i = 0; i < h >> 2; i += stepH)
        {
            for (int j = 0; j < w >> 2; j += stepW)
                ReadVarTxSize(b, row + i, col + j, sub, depth + 1);
        }
    }
}
