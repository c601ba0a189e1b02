// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>residual() (5.11.34), transform types and the contexts of coefficients (5.11.39).</summary>
public sealed unsafe partial class Av1TileDecoder
{
    private Quantizers _quant;

    [StructLayout(LayoutKind.Sequential)]
    private struct Quantizers
    {
        public fixed int Dc[3];
        public fixed int Ac[3];
    }

    private byte* LevelContext(int plane) => _above + (nint)plane * _aboveStride;
    private byte* DcContext(int plane) => _above + (nint)(3 + plane) * _aboveStride;

    private void ResetBlockContext(Av1Block* b)
    {
        for (int plane = 0; plane < (b->HasChroma ? 3 : 1); plane++)
        {
            int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0;
            int x = (b->MiCol >> subX) - (_tile->MiColStart >> subX), w = (b->MiCol + _bw4 - 1 >> subX) - (b->MiCol >> subX) + 1;
            int row = b->MiRow & 31, y = row >> subY, h = (row + _bh4 - 1 >> subY) - y + 1;
            Fill(LevelContext(plane) + x, w, 0);
            Fill(DcContext(plane) + x, w, 0);
            Fill(_left + plane * 64 + y, h, 0);
            Fill(_left + (3 + plane) * 64 + y, h, 0);
        }
    }

    private void SetQuantizers(Av1Block* b)
    {
        ref V4L2Av1Quantization q = ref _s->Frame.Quantization;
        // get_qindex(0, segment_id) (7.12.2).
        int index = _s->SegmentQIndex[b->SegmentId];
        if ((q.Flags & Av1QuantizationFlags.DeltaQPresent) != 0)
        {
            index = _qIndex;
            if (SegFeature(b, V4L2Av1Segmentation.AltQ))
                index = Math.Clamp(index + _s->Frame.Segmentation.FeatureData[b->SegmentId * 8 + V4L2Av1Segmentation.AltQ], 0, 255);
        }
        int depth = (_s->BitDepth - 8 >> 1) * 256;
        _quant.Dc[0] = Av1EntropyTables.DcQlookup[depth + Math.Clamp(index + q.DeltaQYDc, 0, 255)];
        _quant.Dc[1] = Av1EntropyTables.DcQlookup[depth + Math.Clamp(index + q.DeltaQUDc, 0, 255)];
        _quant.Dc[2] = Av1EntropyTables.DcQlookup[depth + Math.Clamp(index + q.DeltaQVDc, 0, 255)];
        _quant.Ac[0] = Av1EntropyTables.AcQlookup[depth + index];
        _quant.Ac[1] = Av1EntropyTables.AcQlookup[depth + Math.Clamp(index + q.DeltaQUAc, 0, 255)];
        _quant.Ac[2] = Av1EntropyTables.AcQlookup[depth + Math.Clamp(index + q.DeltaQVAc, 0, 255)];
    }

    private void Residual(Av1Block* b)
    {
        if (_skip && _isInter)
            return;
        if (!_skip)
            SetQuantizers(b);
        int chunksX = Math.Max(1, _bw4 >> 4), chunksY = Math.Max(1, _bh4 >> 4);
        var chunk = chunksX > 1 || chunksY > 1 ? Av1BlockSize.Block64x64 : b->Size;
        int planes = b->HasChroma ? 3 : 1;
        for (int cy = 0; cy < chunksY; cy++)
        {
            for (int cx = 0; cx < chunksX; cx++)
            {
                for (int plane = 0; plane < planes; plane++)
                {
                    int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0;
                    int size = Av1Tables.SubsampledSize[((int)chunk * 2 + subX) * 2 + subY];
                    int w4 = Av1Tables.Num4x4BlocksWide[size], h4 = Av1Tables.Num4x4BlocksHigh[size];
                    int x0 = cx << 4 >> subX, y0 = cy << 4 >> subY;
                    if (_isInter && !_lossless && plane == 0)
                    {
                        TransformTree(b, x0, y0, w4, h4);
                        continue;
                    }
                    var tx = _lossless ? Av1TxSize.Tx4x4 : plane == 0 ? b->TxSize : b->UvTxSize;
                    int stepX = Av1Tables.TxWidth[(int)tx] >> 2, stepY = Av1Tables.TxHeight[(int)tx] >> 2;
                    for (int y = 0; y < h4; y += stepY)
                    {
                        for (int x = 0; x < w4; x += stepX)
                            TransformBlock(b, plane, tx, x0 + x, y0 + y);
                    }
                }
            }
        }
    }

    /// <summary>transform_tree (5.11.36) with positions and sizes in 4×4 units relative to the block.</summary>
    private void TransformTree(Av1Block* b, int x, int y, int w, int h)
    {
        int row = b->MiRow + y, col = b->MiCol + x;
        if (col >= _s->MiCols || row >= _s->MiRows)
            return;
        int luma = _s->LumaTxSizes[_s->Unit(row, col)];
        if (w * 4 <= Av1Tables.TxWidth[luma] && h * 4 <= Av1Tables.TxHeight[luma])
        {
            int tx = luma;
            if (Av1Tables.TxWidth[luma] != w * 4 || Av1Tables.TxHeight[luma] != h * 4)
            {
                for (tx = 0; Av1Tables.TxWidth[tx] != w * 4 || Av1Tables.TxHeight[tx] != h * 4;)
                    tx++;
            }
            TransformBlock(b, 0, (Av1TxSize)tx, x, y);
        }
        else if (w > h)
        {
            TransformTree(b, x, y, w / 2, h);
            TransformTree(b, x + w / 2, y, w / 2, h);
        }
        else if (w < h)
        {
            TransformTree(b, x, y, w, h / 2);
            TransformTree(b, x, y + h / 2, w, h / 2);
        }
        else
        {
            TransformTree(b, x, y, w / 2, h / 2);
            TransformTree(b, x + w / 2, y, w / 2, h / 2);
            TransformTree(b, x, y + h / 2, w / 2, h / 2);
            TransformTree(b, x + w / 2, y + h / 2, w / 2, h / 2);
        }
    }

    private void TransformBlock(Av1Block* b, int plane, Av1TxSize tx, int x, int y)
    {
        var s = _s;
        int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0;
        int x4 = (b->MiCol >> subX) + x, y4 = (b->MiRow >> subY) + y;
        int limitX = s->MiCols >> subX, limitY = s->MiRows >> subY;
        if (x4 >= limitX || y4 >= limitY)
            return;
        var t = _sb->Transforms + _sb->TransformCount++;
        b->TransformCount++;
        *t = new Av1TransformBlock { X4 = (byte)x, Y4 = (byte)y, Plane = (byte)plane, TxSize = tx };
        if (!_skip)
            Coefficients(b, t, x4, y4, limitX, limitY);
    }

    private static int TxSet(bool inter, int tx, bool reduced)
    {
        int sqr = Av1Tables.TxSizeSqr[tx], up = Av1Tables.TxSizeSqrUp[tx];
        if (up > (int)Av1TxSize.Tx32x32)
            return 0;
        if (inter)
            return reduced || up == (int)Av1TxSize.Tx32x32 ? 3 : sqr == (int)Av1TxSize.Tx16x16 ? 2 : 1;
        return up == (int)Av1TxSize.Tx32x32 ? 0 : reduced || sqr == (int)Av1TxSize.Tx16x16 ? 2 : 1;
    }

    private int ReadTransformType(Av1Block* b, int tx, int set)
    {
        if (set == 0 || _s->SegmentQIndex[b->SegmentId] == 0)
            return 0;
        int sqr = Av1Tables.TxSizeSqr[tx];
        if (_isInter)
        {
            return set switch
            {
                1 => Av1EntropyTables.TxTypeInterInvSet1[_d.ReadSymbol16(_cdf->InterTxTypeSet1 + sqr * 16, 16)],
                2 => Av1EntropyTables.TxTypeInterInvSet2[_d.ReadSymbol16(_cdf->InterTxTypeSet2, 12)],
                _ => Av1EntropyTables.TxTypeInterInvSet3[_d.ReadBool(_cdf->InterTxTypeSet3 + sqr * 2) ? 1 : 0],
            };
        }
        // Filter_Intra_Mode_To_Intra_Dir: DC, V, H, D157, DC.
        int direction = b->FilterIntraMode switch
        {
            Av1Block.NoFilterIntra => (int)b->YMode,
            1 => (int)Av1Mode.V,
            2 => (int)Av1Mode.H,
            3 => (int)Av1Mode.D157,
            _ => (int)Av1Mode.Dc,
        };
        return set == 1 ? Av1EntropyTables.TxTypeIntraInvSet1[_d.ReadSymbol8(_cdf->IntraTxTypeSet1 + (sqr * 13 + direction) * 8, 7)]
            : Av1EntropyTables.TxTypeIntraInvSet2[_d.ReadSymbol8(_cdf->IntraTxTypeSet2 + (sqr * 13 + direction) * 8, 5)];
    }

    /// <summary>compute_tx_type (5.11.40) of a chroma block: the luma type at its place, or the mode's.</summary>
    private int ChromaTransformType(Av1Block* b, int tx, int x4, int y4)
    {
        if (_lossless || Av1Tables.TxSizeSqrUp[tx] > (int)Av1TxSize.Tx32x32)
            return 0;
        int set = TxSet(_isInter, tx, (_s->Frame.Flags & Av1FrameFlags.ReducedTxSet) != 0);
        if (_isInter)
        {
            int col = Math.Max(b->MiCol, x4 << _subX), row = Math.Max(b->MiRow, y4 << _subY);
            int type = _txTypes[(row & 31) * 32 + (col & 31)];
            return Av1EntropyTables.TxTypeInSetInter[set * 16 + type] != 0 ? type : 0;
        }
        int intra = Av1EntropyTables.ModeToTxfm[(int)b->UvMode];
        return Av1EntropyTables.TxTypeInSetIntra[set * 16 + intra] != 0 ? intra : 0;
    }

    private void Coefficients(Av1Block* b, Av1TransformBlock* t, int x4, int y4, int limitX, int limitY)
    {
        int plane = t->Plane, tx = (int)t->TxSize, w4 = Av1Tables.TxWidth[tx] >> 2, h4 = Av1Tables.TxHeight[tx] >> 2;
        int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0;
        byte* aboveLevel = LevelContext(plane) + x4 - (_tile->MiColStart >> subX), aboveDc = DcContext(plane) + x4 - (_tile->MiColStart >> subX);
        int leftRow = ((b->MiRow & 31) >> subY) + t->Y4;
        byte* leftLevel = _left + plane * 64 + leftRow, leftDc = _left + (3 + plane) * 64 + leftRow;
        int txCtx = Av1Tables.TxSizeSqr[tx] + Av1Tables.TxSizeSqrUp[tx] + 1 >> 1, type = plane > 0 ? 1 : 0;
        // Beyond the frame's edge the contexts are 0 always, so that nothing is clipped here.
        int ctx = AllZeroContext(b, plane, tx, w4, h4, aboveLevel, aboveDc, leftLevel, leftDc);
        int level = 0, dc = 0;
        if (_d.ReadBool(_cdf->TxbSkip + (txCtx * 13 + ctx) * 2))
        {
            if (plane == 0)
                FillTxTypes(b, b->MiRow + t->Y4, b->MiCol + t->X4, w4, h4, 0);
        }
        else
        {
            int txType;
            if (plane == 0)
            {
                txType = ReadTransformType(b, tx, TxSet(_isInter, tx, (_s->Frame.Flags & Av1FrameFlags.ReducedTxSet) != 0));
                FillTxTypes(b, b->MiRow + t->Y4, b->MiCol + t->X4, w4, h4, txType);
                if (_lossless)
                    txType = 0;
            }
            else
            {
                txType = ChromaTransformType(b, tx, x4, y4);
            }
            t->TxType = (Av1TxType)txType;
            // 1 is a negative neighbour, 2 a positive one; of sixteen the second half lies two bits higher.
            ulong above = Units(aboveDc, w4, 2), left = Units(leftDc, h4, 2);
            const ulong Negative = 0x0505050505050505;
            int sign = BitOperations.PopCount(above & Negative << 1) + BitOperations.PopCount(left & Negative << 1) - BitOperations.PopCount(above & Negative) - BitOperations.PopCount(left & Negative);
            ReadCoefficients(t, txCtx, type, sign < 0 ? 1 : sign > 0 ? 2 : 0, out level, out dc);
        }
        SetUnits(aboveLevel, w4, level);
        SetUnits(aboveDc, w4, dc);
        SetUnits(leftLevel, h4, level);
        SetUnits(leftDc, h4, dc);
        int w = limitX - x4, h = limitY - y4;
        if (w < w4)
        {
            new Span<byte>(aboveLevel + w, w4 - w).Clear();
            new Span<byte>(aboveDc + w, w4 - w).Clear();
        }
        if (h < h4)
        {
            new Span<byte>(leftLevel + h, h4 - h).Clear();
            new Span<byte>(leftDc + h, h4 - h).Clear();
        }
    }

    /// <summary>Rows of 1, 2, 4, 8 … entries.</summary>
    private static void FillRows(uint* p, nint stride, int width, int height, uint value)
    {
        if (width == 1)
        {
            for (; height > 0; height--, p += stride)
                *p = value;
        }
        else if (width == 2)
        {
            for (; height > 0; height--, p += stride)
                *(ulong*)p = value | (ulong)value << 32;
        }
        else
        {
            Vector128<uint> four = Vector128.Create(value);
            for (; height > 0; height--, p += stride)
            {
                for (int x = 0; x < width; x += 4)
                    four.Store(p + x);
            }
        }
    }

    /// <summary>Sets bytes, most often a power of two.</summary>
    private static void Fill(byte* p, int count, int value)
    {
        ulong eight = (ulong)value * 0x0101010101010101;
        switch (count)
        {
            case 1:
                *p = (byte)value;
                break;
            case 2:
                *(ushort*)p = (ushort)eight;
                break;
            case 4:
                *(uint*)p = (uint)eight;
                break;
            case 8:
                *(ulong*)p = eight;
                break;
            case 16:
                *(ulong*)p = eight;
                *(ulong*)(p + 8) = eight;
                break;
            default:
                for (; count >= 8; count -= 8, p += 8)
                    *(ulong*)p = eight;
                for (; count > 0; count--, p++)
                    *p = (byte)value;
                break;
        }
    }

    /// <summary>1, 2, 4, 8 or 16 bytes in one word, of 16 the second half shifted. As wide as they were most often stored: a wider load waits for the stores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Units(byte* p, int count, int shift)
    {
        if (count == 1)
            return *p;
        if (count == 2)
            return *(ushort*)p;
        if (count == 4)
            return *(uint*)p;
        ulong units = *(ulong*)p;
        return count == 8 ? units : units | *(ulong*)(p + 8) << shift;
    }

    /// <summary>Sets 1, 2, 4, 8 or 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetUnits(byte* p, int count, int value)
    {
        ulong eight = (ulong)value * 0x0101010101010101;
        if (count == 1)
        {
            *p = (byte)eight;
        }
        else if (count == 2)
        {
            *(ushort*)p = (ushort)eight;
        }
        else if (count == 4)
        {
            *(uint*)p = (uint)eight;
        }
        else
        {
            *(ulong*)p = eight;
            if (count == 16)
                *(ulong*)(p + 8) = eight;
        }
    }

    private int AllZeroContext(Av1Block* b, int plane, int tx, int w4, int h4, byte* aboveLevel, byte* aboveDc, byte* leftLevel, byte* leftDc)
    {
        ulong above, left;
        if (plane == 0)
        {
            if (_bw4 == w4 && _bh4 == h4)
                return 0;
            // Whether the largest is 0 or above 3 is all that counts.
            above = Units(aboveLevel, w4, 0);
            left = Units(leftLevel, h4, 0);
            if ((above | left) == 0)
                return 1;
            const ulong Beyond3 = 0xfcfcfcfcfcfcfcfc;
            if (above == 0 || left == 0)
                return ((above | left) & Beyond3) != 0 ? 3 : 2;
            return ((above | left) & Beyond3) == 0 ? 4 : (above & Beyond3) == 0 || (left & Beyond3) == 0 ? 5 : 6;
        }
        above = Units(aboveLevel, w4, 0) | Units(aboveDc, w4, 0);
        left = Units(leftLevel, h4, 0) | Units(leftDc, h4, 0);
        int size = Av1Tables.SubsampledSize[((int)b->Size * 2 + _subX) * 2 + _subY];
        int area = Av1Tables.Num4x4BlocksWide[size] * Av1Tables.Num4x4BlocksHigh[size];
        return 7 + (above != 0 ? 1 : 0) + (left != 0 ? 1 : 0) + (area > w4 * h4 ? 3 : 0);
    }

    /// <summary>Transform types by place, which only chroma of an inter block asks for (compute_tx_type, 5.11.40).</summary>
    private void FillTxTypes(Av1Block* b, int row, int col, int w4, int h4, int type)
    {
        if (!_isInter || !b->HasChroma)
            return;
        byte* map = _txTypes + (row & 31) * 32 + (col & 31);
        for (int y = 0; y < h4; y++, map += 32)
            SetUnits(map, w4, type);
    }

    private int ReadEob(int tx, int txCtx, int type, int txClass)
    {
        int one = txClass == 0 ? 0 : 1, point;
        switch (Math.Min((int)Av1Tables.TxWidthLog2[tx], 5) + Math.Min((int)Av1Tables.TxHeightLog2[tx], 5) - 4)
        {
            case 0: point = _d.ReadSymbol8(_cdf->EobPt16 + (type * 2 + one) * 8, 5); break;
            case 1: point = _d.ReadSymbol8(_cdf->EobPt32 + (type * 2 + one) * 8, 6); break;
            case 2: point = _d.ReadSymbol8(_cdf->EobPt64 + (type * 2 + one) * 8, 7); break;
            case 3: point = _d.ReadSymbol8(_cdf->EobPt128 + (type * 2 + one) * 8, 8); break;
            case 4: point = _d.ReadSymbol16(_cdf->EobPt256 + (type * 2 + one) * 16, 9); break;
            case 5: point = _d.ReadSymbol16(_cdf->EobPt512 + type * 16, 10); break;
            default: point = _d.ReadSymbol16(_cdf->EobPt1024 + type * 16, 11); break;
        }
        point++;
        if (point < 3)
            return point;
        int eob = (1 << point - 2) + 1, shift = point - 3;
        if (_d.ReadBool(_cdf->EobExtra + ((txCtx * 2 + type) * 9 + point - 3) * 2))
            eob += 1 << shift;
        while (--shift >= 0)
        {
            if (_d.ReadBit() != 0)
                eob += 1 << shift;
        }
        return eob;
    }
}
