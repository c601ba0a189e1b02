// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <summary>residual() with CABAC (spec 7.3.5.3, 9.3.3.1.3).</summary>
public sealed unsafe partial class H264SliceDecoder
{
    private bool ResidualCabac()
    {
        H264Macroblock* mb = _mb;
        if (mb->CodedBlockPattern == 0 && mb->Type != H264MbType.Intra16x16)
        {
            StoreQp(mb);
            _lastQpDelta = 0;
            Unsafe.InitBlockUnaligned(_e->NonZero, 0, 48);
            return true;
        }
        if (!ReadQpDeltaCabac())
            return false;
        StoreQp(mb);
        FillNonZero(mb->IsIntra ? (byte)1 : (byte)0);
        _c->FieldCategory = _field || _fieldPicture ? 14 : 0;
        if (_wide)
            PlanesCabac<int>();
        else
            PlanesCabac<short>();
        StoreNonZero();
        return true;
    }

    private void PlanesCabac<T>()
        where T : unmanaged
    {
        H264Macroblock* mb = _mb;
        T* coefficients = (T*)_p->CoefficientsOf(_mbX, _mbY);
        mb->Luma = LumaCabac<T>(coefficients, 0);
        if (_chromaType == 3)
        {
            mb->Cb = LumaCabac<T>(coefficients + 256, 1);
            mb->Cr = LumaCabac<T>(coefficients + 512, 2);
        }
        else if (_chromaType != 0 && mb->CodedBlockPattern >= 16)
        {
            ChromaCabac<T>(coefficients);
        }
    }

    // coded_block_flag of DC blocks: bit of Dc in the neighbours.
    private int DcContext(int bit)
    {
        H264Macroblock* mbs = _p->Macroblocks;
        int missing = _mb->IsIntra ? 1 : 0;
        int a = _left0 >= 0 ? (mbs[_left0].Dc >> bit) & 1 : missing;
        int b = _top >= 0 ? (mbs[_top].Dc >> bit) & 1 : missing;
        return a + 2 * b;
    }

    private ushort LumaCabac<T>(T* coefficients, int plane)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264Macroblock* mb = _mb;
        bool field = c->FieldCategory != 0;
        ushort* scan = c->Scans + (field ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4);
        byte* cache = c->NonZero + plane * H264EntropyContext.PlaneStride;
        int cbp = mb->CodedBlockPattern;
        int mask = 0;
        if (mb->Type == H264MbType.Intra16x16)
        {
            // ctxBlockCat 0, 6, 10 and 1, 7, 11.
            int cat = plane == 0 ? 0 : 2 + 4 * plane;
            T* dc = (T*)_p->CoefficientsOf(_mbX, _mbY) + _p->DcOffset + plane * 16;
            if (BlockCabac<T>(dc, cat, DcContext(plane), scan, c->FlatScale, 0))
                mb->Dc |= (byte)(1 << plane);
            if ((cbp & 15) == 0)
                return 0;
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                byte* n = cache + c->CacheOffset[b];
                if (BlockCabac<T>(coefficients + b * 16, cat + 1, BlockContext(n), scan + 1, scale, k))
                {
                    n[0] = 1;
                    mask |= 1 << b;
                }
            }
        }
        else if ((mb->Flags & H264MbFlags.Transform8x8) != 0)
        {
            // ctxBlockCat 5, 9, 13; coded_block_flag is sent in 4:4:4 only.
            int cat = 5 + 4 * plane;
            int* scale = Scale8x8(plane, out int k);
            ushort* scan8 = c->Scans + (field ? H264EntropyTables.Field8x8 : H264EntropyTables.Zigzag8x8);
            bool flags = _chromaType == 3;
            if (flags)
                Only8x8Neighbours(cache);
            for (int b = 0; b < 4; b++)
            {
                if ((cbp >> b & 1) == 0)
                    continue;
                byte* n = cache + c->CacheOffset[b * 4];
                if (BlockCabac<T>(coefficients + b * 64, cat, flags ? BlockContext(n) : -1, scan8, scale, k))
                {
                    n[0] = n[1] = n[8] = n[9] = 1;
                    mask |= 15 << (b * 4);
                }
            }
        }
        else
        {
            // ctxBlockCat 2, 8, 12.
            int cat = plane == 0 ? 2 : 4 + 4 * plane;
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                if ((cbp >> (b >> 2) & 1) == 0)
                {
                    b += 3;
                    continue;
                }
                byte* n = cache + c->CacheOffset[b];
                if (BlockCabac<T>(coefficients + b * 16, cat, BlockContext(n), scan, scale, k))
                {
                    n[0] = 1;
                    mask |= 1 << b;
                }
            }
        }
        return (ushort)mask;
    }

    // ctxIdxInc of coded_block_flag by the blocks left and above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int BlockContext(byte* n) => (n[-1] != 0 ? 1 : 0) + (n[-8] != 0 ? 2 : 0);

    // coded_block_flag of 8×8 blocks (ctxBlockCat 5, 9, 13) looks at 8×8 neighbours only; I_PCM counts (9.3.3.1.1.9).
    private void Only8x8Neighbours(byte* cache)
    {
        if (_top >= 0 && !Has8x8Blocks(_top))
            *(uint*)(cache + 4) = 0;
        for (int y = 0; y < 4; y++)
        {
            int left = LeftOf(_leftRows, y, out _);
            if (left >= 0 && !Has8x8Blocks(left))
                cache[(y + 1) * 8 + 3] = 0;
        }
    }

    private bool Has8x8Blocks(int index) => (_p->Macroblocks[index].Flags & H264MbFlags.Transform8x8) != 0 || _p->Macroblocks[index].Type == H264MbType.Pcm;

    private void ChromaCabac<T>(T* coefficients)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264Macroblock* mb = _mb;
        bool is422 = _chromaType == 2;
        T* dc = coefficients + _p->DcOffset;
        ushort* scan = c->Scans + (is422 ? H264EntropyTables.Dc422 : H264EntropyTables.Dc420);
        for (int plane = 1; plane < 3; plane++)
        {
            if (BlockCabac<T>(dc + plane * 16, 3, DcContext(plane), scan, c->FlatScale, 0))
                mb->Dc |= (byte)(1 << plane);
        }
        if (mb->CodedBlockPattern < 32)
            return;
        scan = c->Scans + (c->FieldCategory != 0 ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4);
        int blocks = is422 ? 8 : 4;
        for (int plane = 1; plane < 3; plane++)
        {
            int* scale = Scale4x4(plane, out int k);
            byte* cache = c->NonZero + plane * H264EntropyContext.PlaneStride + 12;
            T* to = coefficients + 256 + (plane - 1) * blocks * 16;
            int mask = 0;
            for (int b = 0; b < blocks; b++)
            {
                byte* n = cache + (b >> 1) * 8 + (b & 1);
                if (BlockCabac<T>(to + b * 16, 4, BlockContext(n), scan + 1, scale, k))
                {
                    n[0] = 1;
                    mask |= 1 << b;
                }
            }
            if (plane == 1)
                mb->Cb = (ushort)mask;
            else
                mb->Cr = (ushort)mask;
        }
    }

    // LevelScale4x4 and qP / 6 of a plane (8.5.9); flat for what is not scaled here.
    private int* Scale4x4(int plane, out int k)
    {
        if ((_mb->Flags & (H264MbFlags.Bypass | H264MbFlags.RawLevels)) != 0)
        {
            k = 0;
            return _c->FlatScale;
        }
        int qp = PlaneQp(plane);
        k = qp / 6;
        int list = (_mb->IsIntra ? 0 : 3) + (plane == 0 ? _p->ColourPlane : plane);
        return _s->Dequant->Scale4x4 + (list * 6 + qp - k * 6) * 16;
    }

    private int* Scale8x8(int plane, out int k)
    {
        if ((_mb->Flags & (H264MbFlags.Bypass | H264MbFlags.RawLevels)) != 0)
        {
            k = 0;
            return _c->FlatScale + 64;
        }
        int qp = PlaneQp(plane);
        k = qp / 6;
        int list = (_mb->IsIntra ? 0 : 1) + 2 * (plane == 0 ? _p->ColourPlane : plane);
        return _s->Dequant->Scale8x8 + (list * 6 + qp - k * 6) * 64;
    }

    // qP of spec 8.5: with QpBdOffset.
    private int PlaneQp(int plane) => (plane == 0 ? _mb->Qp : plane == 1 ? _mb->QpCb : _mb->QpCr) + _qpOffset;

    /// <summary>residual_block_cabac().</summary>
    /// <param name="to">Coefficients of the block.</param>
    /// <param name="cat">ctxBlockCat.</param>
    /// <param name="coded">ctxIdxInc of coded_block_flag, -1: it is inferred to be 1.</param>
    /// <param name="scan">Places of its levels.</param>
    /// <param name="scale">Scaling by raster position.</param>
    /// <param name="k">qP / 6.</param>
    /// <returns>coded_block_flag.</returns>
    private bool BlockCabac<T>(T* to, int cat, int coded, ushort* scan, int* scale, int k)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264Cabac cabac = c->Cabac;
        if (coded >= 0 && cabac.Decode(c->States + c->CodedBlockContext[cat] + coded, c) == 0)
        {
            c->Cabac = cabac;
            return false;
        }
        int fieldCat = c->FieldCategory + cat;
        byte* significant = c->States + c->SignificantContext[fieldCat];
        byte* last = c->States + c->LastContext[fieldCat];
        byte* index = c->Index;
        int end = c->LastIndex[cat];
        int n = 0, i = 0;
        ulong greaterContext = 0x0908070605050505UL;
        int round = 8, shift = 4;
        if (cat == 3)
        {
            greaterContext = 0x0808070605050505UL;
            if (_chromaType == 2)
            {
                byte* offsets = c->SignificantDc422;
                for (; i < 7; i++)
                {
                    if (cabac.Decode(significant + offsets[i], c) != 0)
                    {
                        index[n++] = (byte)i;
                        if (cabac.Decode(last + offsets[i], c) != 0)
                            goto levels;
                    }
                }
                index[n++] = 7;
                goto levels;
            }
        }
        if (end < 63)
        {
            for (; i < end; i++)
            {
                if (cabac.DecodeNoFill(significant + i, c) != 0)
                {
                    index[n++] = (byte)i;
                    if (cabac.Decode(last + i, c) != 0)
                        goto levels;
                }
                else
                {
                    cabac.Fill(c);
                }
            }
        }
        else
        {
            byte* lastOffsets = c->Significant8x8 + 128;
            byte* offsets = c->Significant8x8 + (c->FieldCategory != 0 ? 64 : 0);
            round = 32;
            shift = 6;
            for (; i < 63; i++)
            {
                if (cabac.DecodeNoFill(significant + offsets[i], c) != 0)
                {
                    index[n++] = (byte)i;
                    if (cabac.Decode(last + lastOffsets[i], c) != 0)
                        goto levels;
                }
                else
                {
                    cabac.Fill(c);
                }
            }
        }
        index[n++] = (byte)end;

    levels:
        // coeff_abs_level_minus1 and coeff_sign_flag from the last coefficient to the first. node = 8 * state: 0..3 while all levels are 1 (how many so far), 4..7 behind larger
        // ones; packed constants by it give ctxIdxInc (9.3.3.1.3).
        byte* contexts = c->States + c->LevelContext[cat];
        int node = 0;
        do
        {
            int e = scan[index[--n]];
            int level = 1;
            if (cabac.DecodeNoFill(contexts + (byte)(0x0000000004030201UL >> node), c) == 0)
            {
                node = (byte)(0x3830282018181008UL >> node);
            }
            else
            {
                byte* greater = contexts + (byte)(greaterContext >> node);
                node = (byte)(0x3838302820202020UL >> node);
                level = 2;
                cabac.Fill(c);
                while (level < 15 && cabac.Decode(greater, c) != 0)
                    level++;
                if (level >= 15)
                {
                    int bits = 0;
                    while (cabac.BypassMask(c) != 0 && bits < 24)
                        bits++;
                    int suffix = 1;
                    while (bits-- > 0)
                        suffix = suffix << 1 | (cabac.BypassMask(c) & 1);
                    level = suffix + 14;
                }
            }
            int sign = cabac.BypassMask(c);
            int v = (level ^ sign) - sign;
            v = (((v * scale[e >> 8]) << k) + round) >> shift;
            if (sizeof(T) == 2)
                *(short*)(to + (e & 0xff)) = (short)v;
            else
                *(int*)(to + (e & 0xff)) = v;
        }
        while (n > 0);
        c->Cabac = cabac;
        return true;
    }
}
