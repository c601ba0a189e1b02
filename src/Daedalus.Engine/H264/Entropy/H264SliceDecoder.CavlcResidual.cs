// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <summary>residual() with CAVLC (spec 7.3.5.3, 9.2).</summary>
public sealed unsafe partial class H264SliceDecoder
{
    private bool ResidualCavlc(ref H264BitWindow bits)
    {
        H264Macroblock* mb = _mb;
        if (mb->CodedBlockPattern == 0 && mb->Type != H264MbType.Intra16x16)
        {
            StoreQp(mb);
            _lastQpDelta = 0;
            Unsafe.InitBlockUnaligned(_e->NonZero, 0, 48);
            return true;
        }
        int delta = Se();
        if (delta == int.MinValue || !AddQpDelta(delta))
            return false;
        StoreQp(mb);
        if (_partitioned && (mb->IsIntra ? _lastBitB : _lastBitC) < 0)
        {
            // The partition is lost: no residual.
            mb->CodedBlockPattern = 0;
            Unsafe.InitBlockUnaligned(_e->NonZero, 0, 48);
            return true;
        }
        // 64: not available (its sum with anything is not averaged).
        FillNonZero(64);
        if (!(_wide ? PlanesCavlc<int>(ref bits) : PlanesCavlc<short>(ref bits)))
            return false;
        StoreNonZero();
        if (_partitioned)
        {
            if (mb->IsIntra ? bits.Position(_s->DataB) > _lastBitB : bits.Position(_s->DataC) > _lastBitC)
                return false;
        }
        return true;
    }

    private bool PlanesCavlc<T>(ref H264BitWindow bits)
        where T : unmanaged
    {
        H264Macroblock* mb = _mb;
        T* coefficients = (T*)_p->CoefficientsOf(_mbX, _mbY);
        int mask = LumaCavlc<T>(ref bits, coefficients, 0);
        if (mask < 0)
            return false;
        mb->Luma = (ushort)mask;
        if (_chromaType == 3)
        {
            mask = LumaCavlc<T>(ref bits, coefficients + 256, 1);
            if (mask < 0)
                return false;
            mb->Cb = (ushort)mask;
            mask = LumaCavlc<T>(ref bits, coefficients + 512, 2);
            if (mask < 0)
                return false;
            mb->Cr = (ushort)mask;
            return true;
        }
        return _chromaType == 0 || mb->CodedBlockPattern < 16 || ChromaCavlc<T>(ref bits, coefficients);
    }

    // nC (9.2.1) from the counts left and above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int TokenTable(byte* n)
    {
        int sum = n[-1] + n[-8];
        if (sum < 64)
            sum = (sum + 1) >> 1;
        return _c->TableOfCount[sum & 31];
    }

    private int LumaCavlc<T>(ref H264BitWindow bits, T* coefficients, int plane)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264Macroblock* mb = _mb;
        bool field = _field || _fieldPicture;
        ushort* scan = c->Scans + (field ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4);
        byte* cache = c->NonZero + plane * H264EntropyContext.PlaneStride;
        int cbp = mb->CodedBlockPattern;
        int mask = 0;
        if (mb->Type == H264MbType.Intra16x16)
        {
            T* dc = (T*)_p->CoefficientsOf(_mbX, _mbY) + _p->DcOffset + plane * 16;
            int total = BlockCavlc<T>(ref bits, dc, TokenTable(cache + 12), scan, 16, c->FlatScale, 0, 8, 4);
            if (total < 0)
                return -1;
            if (total > 0)
                mb->Dc |= (byte)(1 << plane);
            if ((cbp & 15) == 0)
                return 0;
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                byte* n = cache + c->CacheOffset[b];
                total = BlockCavlc<T>(ref bits, coefficients + b * 16, TokenTable(n), scan + 1, 15, scale, k, 8, 4);
                if (total < 0)
                    return -1;
                n[0] = (byte)total;
                if (total > 0)
                    mask |= 1 << b;
            }
            return mask;
        }
        if ((mb->Flags & H264MbFlags.Transform8x8) != 0)
        {
            int* scale = Scale8x8(plane, out int k);
            ushort* scan8 = c->Scans + (field ? H264EntropyTables.Field8x8 : H264EntropyTables.Zigzag8x8);
            // Four blocks take every fourth coefficient (7.3.5.3.2): their scan, gathered.
            ushort* part = (ushort*)c->Levels + 64;
            for (int i = 0; i < 64; i++)
                part[(i & 3) * 16 + (i >> 2)] = scan8[i];
            for (int b = 0; b < 4; b++)
            {
                if ((cbp >> b & 1) == 0)
                    continue;
                int any = 0;
                for (int i = 0; i < 4; i++)
                {
                    byte* n = cache + c->CacheOffset[b * 4 + i];
                    int total = BlockCavlc<T>(ref bits, coefficients + b * 64, TokenTable(n), part + i * 16, 16, scale, k, 32, 6);
                    if (total < 0)
                        return -1;
                    n[0] = (byte)total;
                    any |= total;
                }
                if (any != 0)
                    mask |= 15 << (b * 4);
            }
            return mask;
        }
        {
            int* scale = Scale4x4(plane, out int k);
            for (int b = 0; b < 16; b++)
            {
                if ((cbp >> (b >> 2) & 1) == 0)
                {
                    b += 3;
                    continue;
                }
                byte* n = cache + c->CacheOffset[b];
                int total = BlockCavlc<T>(ref bits, coefficients + b * 16, TokenTable(n), scan, 16, scale, k, 8, 4);
                if (total < 0)
                    return -1;
                n[0] = (byte)total;
                if (total > 0)
                    mask |= 1 << b;
            }
            return mask;
        }
    }

    private bool ChromaCavlc<T>(ref H264BitWindow bits, T* coefficients)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264Macroblock* mb = _mb;
        bool is422 = _chromaType == 2;
        ushort* scan = c->Scans;
        T* dc = coefficients + _p->DcOffset;
        for (int plane = 1; plane < 3; plane++)
        {
            int total = is422
                ? BlockCavlc<T>(ref bits, dc + plane * 16, 5, scan + H264EntropyTables.Dc422, 8, c->FlatScale, 0, 8, 4)
                : BlockCavlc<T>(ref bits, dc + plane * 16, 4, scan + H264EntropyTables.Dc420, 4, c->FlatScale, 0, 8, 4);
            if (total < 0)
                return false;
            if (total > 0)
                mb->Dc |= (byte)(1 << plane);
        }
        if (mb->CodedBlockPattern < 32)
            return true;
        scan += _field || _fieldPicture ? H264EntropyTables.Field4x4 : H264EntropyTables.Zigzag4x4;
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
                int total = BlockCavlc<T>(ref bits, to + b * 16, TokenTable(n), scan + 1, 15, scale, k, 8, 4);
                if (total < 0)
                    return false;
                n[0] = (byte)total;
                if (total > 0)
                    mask |= 1 << b;
            }
            if (plane == 1)
                mb->Cb = (ushort)mask;
            else
                mb->Cr = (ushort)mask;
        }
        return true;
    }

    /// <summary>residual_block_cavlc().</summary>
    /// <param name="source">The bits.</param>
    /// <param name="to">Coefficients of the block.</param>
    /// <param name="table">Table of coeff_token.</param>
    /// <param name="scan">Places of its levels.</param>
    /// <param name="count">maxNumCoeff: 4, 8, 15, 16.</param>
    /// <param name="scale">Scaling by raster position.</param>
    /// <param name="k">qP / 6.</param>
    /// <param name="round">Half of 1 &lt;&lt; shift.</param>
    /// <param name="shift">4, 8×8: 6.</param>
    /// <returns>TotalCoeff, -1: no such syntax.</returns>
    private int BlockCavlc<T>(ref H264BitWindow source, T* to, int table, ushort* scan, int count, int* scale, int k, int round, int shift)
        where T : unmanaged
    {
        H264EntropyContext* c = _c;
        H264BitWindow bits = source;
        bits.Fill();
        uint token = c->CoeffToken[table * 128 + H264CavlcLookup.TokenIndex(bits.Value)];
        if (table == 3)
            token = WideToken(bits.Value);
        if ((byte)token == 0)
            return -1;
        bits.Skip((byte)token);
        token >>= 8;
        if (token == 0)
        {
            source = bits;
            return 0;
        }
        int total = (int)(token >> 2), ones = (int)(token & 3);
        if (total > count)
            return -1;
        int* levels = c->Levels;

        // trailing_ones_sign_flag (the bits are there: 16 + 3 of 56).
        for (int i = 0; i < ones; i++)
        {
            levels[i] = 1 - 2 * (int)(bits.Value >> 63);
            bits.Skip(1);
        }
        if (ones < total)
        {
            // 9.2.2.1
            int suffixLength = total > 10 && ones < 3 ? 1 : 0;
            bool first = ones < 3;
            for (int i = ones; i < total; i++)
            {
                if (bits.Count < 50)
                    bits.Fill();
                int prefix = BitOperations.LeadingZeroCount(bits.Value);
                if (prefix > 25)
                    return -1;
                bits.Skip(prefix + 1);
                int code = Math.Min(prefix, 15) << suffixLength;
                int size = suffixLength;
                if (prefix >= 14)
                {
                    if (prefix == 14 && suffixLength == 0)
                        size = 4;
                    else if (prefix >= 15)
                        size = prefix - 3;
                }
                if (size > 0)
                {
                    code += (int)bits.Peek(size);
                    bits.Skip(size);
                }
                if (prefix >= 15)
                {
                    if (suffixLength == 0)
                        code += 15;
                    if (prefix >= 16)
                        code += (1 << (prefix - 3)) - 4096;
                }
                if (first)
                {
                    code += 2;
                    first = false;
                }
                int level = (code & 1) == 0 ? (code + 2) >> 1 : (-code - 1) >> 1;
                levels[i] = level;
                if (suffixLength == 0)
                    suffixLength = 1;
                if (Math.Abs(level) > 3 << (suffixLength - 1) && suffixLength < 6)
                    suffixLength++;
            }
        }

        bits.Fill();
        int zerosLeft = 0;
        if (total < count)
        {
            byte entry;
            if (count > 8)
                entry = c->TotalZeros[(total - 1) << 9 | (int)bits.Peek(9)];
            else if (count == 4)
                entry = c->TotalZerosDc420[(total - 1) << 3 | (int)bits.Peek(3)];
            else
                entry = c->TotalZerosDc422[(total - 1) << 5 | (int)bits.Peek(5)];
            if (entry == 0)
                return -1;
            bits.Skip(entry & 15);
            zerosLeft = entry >> 4;
        }
        if (zerosLeft + total > count)
            return -1;

        // From the highest frequency down; 9.2.3.
        int at = zerosLeft + total - 1;
        for (int i = 0; ; i++)
        {
            int e = scan[at];
            int v = (((levels[i] * scale[e >> 8]) << k) + round) >> shift;
            if (sizeof(T) == 2)
                *(short*)(to + (e & 0xff)) = (short)v;
            else
                *(int*)(to + (e & 0xff)) = v;
            if (i == total - 1)
                break;
            at--;
            if (zerosLeft > 0)
            {
                int run;
                if (zerosLeft <= 6)
                {
                    byte entry = c->RunBefore[zerosLeft << 3 | (int)bits.Peek(3)];
                    bits.Skip(entry & 15);
                    run = entry >> 4;
                }
                else
                {
                    if (bits.Count < 16)
                        bits.Fill();
                    int top = (int)bits.Peek(3);
                    if (top != 0)
                    {
                        run = 7 - top;
                        bits.Skip(3);
                    }
                    else
                    {
                        int zeros = BitOperations.LeadingZeroCount(bits.Value);
                        run = zeros + 4;
                        if (run > zerosLeft)
                            return -1;
                        bits.Skip(zeros + 1);
                    }
                }
                zerosLeft -= run;
                at -= run;
                if (zerosLeft < 0)
                    return -1;
                if (bits.Count < 16)
                    bits.Fill();
            }
        }
        source = bits;
        return total;
    }

    // coeff_token of nC 8 and above: six bits.
    private static uint WideToken(ulong bits)
    {
        uint v = (uint)(bits >> 58);
        if (v == 3)
            return 6;
        uint total = (v >> 2) + 1, ones = v & 3;
        return ones > total ? 0 : 6 | (total << 2 | ones) << 8;
    }
}
