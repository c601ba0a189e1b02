// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <summary>residual() with CABAC (spec 7.3.5.3, 9.3.3.1.3).</summary>
public sealed unsafe partial class H264SliceDecoder
{
    // Contexts by ctxBlockCat 0..13 (tables 9-34, 9-40).
    private static ReadOnlySpan<short> CodedBlockContext => [85, 89, 93, 97, 101, 1012, 460, 464, 468, 1016, 472, 476, 480, 1020];
    private static ReadOnlySpan<short> SignificantContext =>
    [
        105, 120, 134, 149, 152, 402, 484, 499, 513, 660, 528, 543, 557, 718,
        277, 292, 306, 321, 324, 436, 776, 791, 805, 675, 820, 835, 849, 733,
    ];
    private static ReadOnlySpan<short> LastContext =>
    [
        166, 181, 195, 210, 213, 417, 572, 587, 601, 690, 616, 631, 645, 748,
        338, 353, 367, 382, 385, 451, 864, 879, 893, 699, 908, 923, 937, 757,
    ];
    private static ReadOnlySpan<short> LevelContext => [227, 237, 247, 257, 266, 426, 952, 962, 972, 708, 982, 992, 1002, 766];

    // ctxBlockCat of plane 0..2: DC and AC of Intra_16x16, 4×4, 8×8.
    private static ReadOnlySpan<byte> PlaneCategories => [0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13];

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
        bool field = _field || _fieldPicture;
        int fieldCat = field ? 14 : 0;
        ushort* scan = H264EntropyTables.Scans + (field ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4);
        byte* cache = c->NonZero + plane * H264EntropyContext.PlaneStride;
        byte* tables = H264EntropyTables.Cabac;
        int cbp = mb->CodedBlockPattern;
        int mask = 0;
        if (mb->Type == H264MbType.Intra16x16)
        {
            int cat = PlaneCategories[plane * 4];
            if (Bin(CodedBlockContext[cat] + DcContext(plane)) != 0)
            {
                mb->Dc |= (byte)(1 << plane);
                T* dc = (T*)_p->CoefficientsOf(_mbX, _mbY) + _p->DcOffset + plane * 16;
                BlockCabac<T>(dc, cat, fieldCat, scan, 16, H264EntropyTables.FlatScale, 0);
            }
            if ((cbp & 15) == 0)
                return 0;
            cat = PlaneCategories[plane * 4 + 1];
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                byte* n = cache + H264EntropyTables.CacheOffset[b];
                if (Bin(CodedBlockContext[cat] + (n[-1] != 0 ? 1 : 0) + (n[-8] != 0 ? 2 : 0)) == 0)
                    continue;
                n[0] = 1;
                mask |= 1 << b;
                BlockCabac<T>(coefficients + b * 16, cat, fieldCat, scan + 1, 15, scale, k);
            }
            return (ushort)mask;
        }
        if ((mb->Flags & Daedalus.Engine.H264.H264MbFlags.Transform8x8) != 0)
        {
            int cat = PlaneCategories[plane * 4 + 3];
            int* scale = Scale8x8(plane, out int k);
            ushort* scan8 = H264EntropyTables.Scans + (field ? H264EntropyTables.Field8x8 : H264EntropyTables.Zigzag8x8);
            bool flags = _chromaType == 3;
            if (flags)
                Only8x8Neighbours(cache);
            for (int b = 0; b < 4; b++)
            {
                if ((cbp >> b & 1) == 0)
                    continue;
                byte* n = cache + H264EntropyTables.CacheOffset[b * 4];
                if (flags && Bin(CodedBlockContext[cat] + (n[-1] != 0 ? 1 : 0) + (n[-8] != 0 ? 2 : 0)) == 0)
                    continue;
                n[0] = n[1] = n[8] = n[9] = 1;
                mask |= 15 << (b * 4);
                Block8x8Cabac<T>(coefficients + b * 64, cat, fieldCat, scan8, scale, k);
            }
            return (ushort)mask;
        }
        {
            int cat = PlaneCategories[plane * 4 + 2];
            int context = CodedBlockContext[cat];
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                if ((cbp >> (b >> 2) & 1) == 0)
                {
                    b += 3;
                    continue;
                }
                byte* n = cache + H264EntropyTables.CacheOffset[b];
                if (Bin(context + (n[-1] != 0 ? 1 : 0) + (n[-8] != 0 ? 2 : 0)) == 0)
                    continue;
                n[0] = 1;
                mask |= 1 << b;
                BlockCabac<T>(coefficients + b * 16, cat, fieldCat, scan, 16, scale, k);
            }
            return (ushort)mask;
        }
    }

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
        int fieldCat = _field || _fieldPicture ? 14 : 0;
        bool is422 = _chromaType == 2;
        ushort* scan = H264EntropyTables.Scans;
        T* dc = coefficients + _p->DcOffset;
        for (int plane = 1; plane < 3; plane++)
        {
            if (Bin(CodedBlockContext[3] + DcContext(plane)) == 0)
                continue;
            mb->Dc |= (byte)(1 << plane);
            if (is422)
                Dc422Cabac<T>(dc + plane * 16, fieldCat);
            else
                BlockCabac<T>(dc + plane * 16, 3, fieldCat, scan + H264EntropyTables.Dc420, 4, H264EntropyTables.FlatScale, 0);
        }
        if (mb->CodedBlockPattern < 32)
            return;
        scan += fieldCat != 0 ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4;
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
                if (Bin(CodedBlockContext[4] + (n[-1] != 0 ? 1 : 0) + (n[-8] != 0 ? 2 : 0)) == 0)
                    continue;
                n[0] = 1;
                mask |= 1 << b;
                BlockCabac<T>(to + b * 16, 4, fieldCat, scan + 1, 15, scale, k);
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
            return H264EntropyTables.FlatScale;
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
            return H264EntropyTables.FlatScale + 64;
        }
        int qp = PlaneQp(plane);
        k = qp / 6;
        int list = (_mb->IsIntra ? 0 : 1) + 2 * (plane == 0 ? _p->ColourPlane : plane);
        return _s->Dequant->Scale8x8 + (list * 6 + qp - k * 6) * 64;
    }

    // qP of spec 8.5: with QpBdOffset.
    private int PlaneQp(int plane) => (plane == 0 ? _mb->Qp : plane == 1 ? _mb->QpCb : _mb->QpCr) + _qpOffset;

    /// <summary>residual_block_cabac() of up to 16 coefficients whose coded_block_flag is 1.</summary>
    private void BlockCabac<T>(T* to, int cat, int fieldCat, ushort* scan, int count, int* scale, int k)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        byte* tables = H264EntropyTables.Cabac;
        byte* significant = c->States + SignificantContext[cat + fieldCat];
        byte* last = c->States + LastContext[cat + fieldCat];
        byte* index = c->Index;
        H264Cabac cabac = c->Cabac;
        int n = 0, i = 0;
        for (; i < count - 1; i++)
        {
            if (cabac.DecodeNoFill(significant + i, tables) != 0)
            {
                index[n++] = (byte)i;
                if (cabac.Decode(last + i, tables) != 0)
                    goto levels;
            }
            else
            {
                cabac.Fill();
            }
        }
        index[n++] = (byte)i;
    levels:
        c->Cabac = cabac;
        LevelsCabac<T>(to, c->States + LevelContext[cat], cat == 3 ? 0x0808070605050505UL : 0x0908070605050505UL, scan, n, scale, k, 8, 4);
    }

    private void Dc422Cabac<T>(T* to, int fieldCat)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        byte* tables = H264EntropyTables.Cabac;
        byte* significant = c->States + SignificantContext[3 + fieldCat];
        byte* last = c->States + LastContext[3 + fieldCat];
        byte* index = c->Index;
        H264Cabac cabac = c->Cabac;
        int n = 0, i = 0;
        for (; i < 7; i++)
        {
            int inc = Math.Min(i >> 1, 2);
            if (cabac.Decode(significant + inc, tables) != 0)
            {
                index[n++] = (byte)i;
                if (cabac.Decode(last + inc, tables) != 0)
                    goto levels;
            }
        }
        index[n++] = (byte)i;
    levels:
        c->Cabac = cabac;
        LevelsCabac<T>(to, c->States + LevelContext[3], 0x0808070605050505UL, H264EntropyTables.Scans + H264EntropyTables.Dc422, n, H264EntropyTables.FlatScale, 0, 8, 4);
    }

    private void Block8x8Cabac<T>(T* to, int cat, int fieldCat, ushort* scan, int* scale, int k)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        byte* tables = H264EntropyTables.Cabac;
        byte* significant = c->States + SignificantContext[cat + fieldCat];
        byte* last = c->States + LastContext[cat + fieldCat];
        byte* offsets = H264EntropyTables.Significant8x8 + (fieldCat != 0 ? 64 : 0);
        byte* lastOffsets = H264EntropyTables.Significant8x8 + 128;
        byte* index = c->Index;
        H264Cabac cabac = c->Cabac;
        int n = 0, i = 0;
        for (; i < 63; i++)
        {
            if (cabac.DecodeNoFill(significant + offsets[i], tables) != 0)
            {
                index[n++] = (byte)i;
                if (cabac.Decode(last + lastOffsets[i], tables) != 0)
                    goto levels;
            }
            else
            {
                cabac.Fill();
            }
        }
        index[n++] = (byte)i;
    levels:
        c->Cabac = cabac;
        LevelsCabac<T>(to, c->States + LevelContext[cat], 0x0908070605050505UL, scan, n, scale, k, 32, 6);
    }

    /// <summary>
    /// coeff_abs_level_minus1 and coeff_sign_flag from the last coefficient to the first. <c>node</c> = 8 * state: 0..3 while all levels are 1 (how many so far), 4..7 behind
    /// larger ones; packed constants by it give ctxIdxInc (9.3.3.1.3).
    /// </summary>
    private void LevelsCabac<T>(T* to, byte* contexts, ulong greaterContext, ushort* scan, int n, int* scale, int k, int round, int shift)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        byte* tables = H264EntropyTables.Cabac;
        byte* index = c->Index;
        H264Cabac cabac = c->Cabac;
        int node = 0;
        do
        {
            int e = scan[index[--n]];
            int level = 1;
            if (cabac.DecodeNoFill(contexts + (byte)(0x0000000004030201UL >> node), tables) == 0)
            {
                node = (byte)(0x3830282018181008UL >> node);
            }
            else
            {
                byte* greater = contexts + (byte)(greaterContext >> node);
                node = (byte)(0x3838302820202020UL >> node);
                level = 2;
                cabac.Fill();
                while (level < 15 && cabac.Decode(greater, tables) != 0)
                    level++;
                if (level >= 15)
                {
                    int bits = 0;
                    while (cabac.BypassMask() != 0 && bits < 24)
                        bits++;
                    int suffix = 1;
                    while (bits-- > 0)
                        suffix = suffix << 1 | (cabac.BypassMask() & 1);
                    level = suffix + 14;
                }
            }
            int sign = cabac.BypassMask();
            int v = (level ^ sign) - sign;
            v = (((v * scale[e >> 8]) << k) + round) >> shift;
            if (sizeof(T) == 2)
                *(short*)(to + (e & 0xff)) = (short)v;
            else
                *(int*)(to + (e & 0xff)) = v;
        }
        while (n > 0);
        c->Cabac = cabac;
    }
}
