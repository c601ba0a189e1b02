// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Bitstream.H264;

namespace Daedalus.Engine.H264;

/// <summary>slice_data() and macroblock_layer() with CABAC (spec 7.3.4, 7.3.5, 9.3).</summary>
public sealed unsafe partial class H264SliceDecoder
{
    private const int MbQpDeltaContext = 60;

    // Context variables (9.3.1.1).
    private void InitStates(ref H264SliceHeader h)
    {
        int table = _isIntraSlice ? 0 : 1 + h.CabacInitIdc;
        ReadOnlySpan<sbyte> init = H264CabacTables.ContextInit.Slice(table * 2048, 2048);
        int qp = Math.Clamp((int)h.SliceQp, 0, 51);
        byte* states = _c->States;
        fixed (sbyte* mn = init)
        {
            for (int i = 0; i < 1024; i++)
            {
                int pre = ((mn[2 * i] * qp) >> 4) + mn[2 * i + 1];
                pre = Math.Clamp(pre, 1, 126);
                states[i] = (byte)(pre <= 63 ? (63 - pre) << 1 : (pre - 64) << 1 | 1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Bin(H264EntropyContext* c, int ctxIdx) => c->Cabac.Decode(c->States + ctxIdx, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Bin(int ctxIdx) => Bin(_c, ctxIdx);

    // Bits behind the end have been taken.
    private bool CabacOverrun => _c->Cabac.Consumed(_c->CabacLimit) > 0;

    private bool StepCabac(out bool more)
    {
        more = true;
        bool bottom = _mbaff && (_addr & 1) != 0;
        if (!_mbaff)
        {
            FindNeighbours();
            if (!_isIntraSlice && ReadSkipFlag())
            {
                SkipMb();
                more = !_c->Cabac.Terminate(_c);
                return !CabacOverrun;
            }
        }
        else
        {
            bool skip = false;
            if (!bottom)
            {
                _field = InferField();
                _bottomSkipped = false;
                _prevSkipped = false;
            }
            if (!_isIntraSlice)
            {
                if (bottom && _prevSkipped)
                {
                    skip = _bottomSkipped;
                }
                else
                {
                    FindNeighbours();
                    skip = ReadSkipFlag();
                }
                if (skip && !bottom)
                {
                    // The pair's field flag comes with the second macroblock, if that is not skipped: look ahead (7.3.4).
                    bool inferred = _field;
                    BeginMb(H264MbType.Inter);
                    _mb->Flags |= H264MbFlags.Skip;
                    int top = _index;
                    _mbY++;
                    SetIndex(top + _width);
                    FindNeighbours();
                    _bottomSkipped = ReadSkipFlag();
                    _mbY--;
                    SetIndex(top);
                    _field = _bottomSkipped ? inferred : ReadFieldFlag();
                    _prevSkipped = true;
                }
            }
            if (skip)
            {
                SkipMb();
                more = !bottom || !_c->Cabac.Terminate(_c);
                return !CabacOverrun;
            }
            if (!bottom)
                _field = ReadFieldFlag();
            FindNeighbours();
        }
        if (!MacroblockCabac() || CabacOverrun)
            return false;
        if (_mbaff && !bottom)
            return true;
        more = !_c->Cabac.Terminate(_c);
        return !CabacOverrun;
    }

    // 7.4.4: neither macroblock of the pair says: as the pair to the left, else above, else frame.
    private bool InferField()
    {
        int pair = (_mbY & ~1) * _width + _mbX;
        if (_mbX > 0 && IsMine(pair - 1))
            return _p->Macroblocks[pair - 1].IsField;
        if (_mbY > 1 && IsMine(pair - 2 * _width))
            return _p->Macroblocks[pair - 2 * _width].IsField;
        return false;
    }

    private bool ReadFieldFlag()
    {
        int pair = (_mbY & ~1) * _width + _mbX;
        int inc = 0;
        if (_mbX > 0 && IsMine(pair - 1) && _p->Macroblocks[pair - 1].IsField)
            inc++;
        if (_mbY > 1 && IsMine(pair - 2 * _width) && _p->Macroblocks[pair - 2 * _width].IsField)
            inc++;
        return Bin(70 + inc) != 0;
    }

    private bool ReadSkipFlag()
    {
        int inc = 0;
        if (_left0 >= 0 && (_p->Macroblocks[_left0].Flags & H264MbFlags.Skip) == 0)
            inc++;
        if (_top >= 0 && (_p->Macroblocks[_top].Flags & H264MbFlags.Skip) == 0)
            inc++;
        return Bin((_isB ? 24 : 11) + inc) != 0;
    }

    // mb_type of I macroblocks (table 9-36); ctxIdxOffset 3 has contexts by neighbours, 17 and 32 have not.
    private int ReadIntraType(int offset)
    {
        int second, third;
        if (offset == 3)
        {
            int inc = 0;
            if (_left0 >= 0 && IsNotNxN(_left0))
                inc++;
            if (_top >= 0 && IsNotNxN(_top))
                inc++;
            if (Bin(3 + inc) == 0)
                return 0;
            offset += 2;
            second = 3;
            third = 5;
        }
        else
        {
            if (Bin(offset) == 0)
                return 0;
            second = 2;
            third = 3;
        }
        if (_c->Cabac.Terminate(_c))
            return 25;
        int type = 1 + 12 * Bin(offset + 1);
        if (Bin(offset + 2) != 0)
            type += 4 + 4 * Bin(offset + second);
        type += 2 * Bin(offset + (third == 5 ? 4 : 3));
        type += Bin(offset + third);
        return type;
    }

    private bool IsNotNxN(int index) => _p->Macroblocks[index].Type is not (H264MbType.Intra4x4 or H264MbType.Intra8x8);

    private int ReadBType()
    {
        int inc = 0;
        if (_left0 >= 0 && _mbs[_left0].Direct == 0)
            inc++;
        if (_top >= 0 && _mbs[_top].Direct == 0)
            inc++;
        H264EntropyContext* c = _c;
        H264Cabac cabac = c->Cabac;
        byte* states = c->States + 27;
        int type = 0;
        if (cabac.Decode(states + inc, c) != 0)
        {
            if (cabac.Decode(states + 3, c) == 0)
            {
                type = 1 + cabac.Decode(states + 5, c);
            }
            else
            {
                int bits = cabac.Decode(states + 4, c) << 3;
                bits |= cabac.Decode(states + 5, c) << 2;
                bits |= cabac.Decode(states + 5, c) << 1;
                bits |= cabac.Decode(states + 5, c);
                type = bits < 8 ? bits + 3 : bits switch
                {
                    13 => 23, // intra
                    14 => 11,
                    15 => 22,
                    _ => (bits << 1 | cabac.Decode(states + 5, c)) - 4,
                };
            }
        }
        c->Cabac = cabac;
        return type;
    }

    private int ReadSubTypeP()
    {
        if (Bin(21) != 0)
            return 0;
        if (Bin(22) == 0)
            return 1;
        return Bin(23) != 0 ? 2 : 3;
    }

    private int ReadSubTypeB()
    {
        H264EntropyContext* c = _c;
        H264Cabac cabac = c->Cabac;
        byte* states = c->States + 36;
        int type = 0;
        if (cabac.Decode(states, c) != 0)
        {
            if (cabac.Decode(states + 1, c) == 0)
            {
                type = 1;
            }
            else
            {
                type = 3;
                if (cabac.Decode(states + 2, c) != 0)
                    type = cabac.Decode(states + 3, c) != 0 ? 11 : 7;
                if (type != 11)
                    type += 2 * cabac.Decode(states + 3, c);
            }
            type += cabac.Decode(states + 3, c);
        }
        c->Cabac = cabac;
        return type;
    }

    private bool MacroblockCabac()
    {
        int intraType;
        if (_isIntraSlice)
        {
            if (_isSi)
            {
                // Prefix of mb_type in SI slices.
                int inc = 0;
                if (_left0 >= 0 && _p->Macroblocks[_left0].Type != H264MbType.Si)
                    inc++;
                if (_top >= 0 && _p->Macroblocks[_top].Type != H264MbType.Si)
                    inc++;
                intraType = Bin(inc) == 0 ? SiType : ReadIntraType(3);
            }
            else
            {
                intraType = ReadIntraType(3);
            }
        }
        else if (_isB)
        {
            int type = ReadBType();
            if (type != 23)
                return InterCabac(type);
            intraType = ReadIntraType(32);
        }
        else
        {
            if (Bin(14) == 0)
            {
                int type = Bin(15) == 0 ? 3 * Bin(16) : 2 - Bin(17);
                return InterCabac(type);
            }
            intraType = ReadIntraType(17);
        }
        return IntraCabac(intraType);
    }

    private bool IntraCabac(int type)
    {
        H264Macroblock* mb = _mb;
        BeginIntra(type);
        if (type == PcmType)
            return PcmCabac();

        int cbp;
        if (type == 0 || type == SiType)
        {
            if (type == 0 && _transform8x8Mode && Bin(399 + TransformContext()) != 0)
            {
                mb->Type = H264MbType.Intra8x8;
                mb->Flags |= H264MbFlags.Transform8x8;
            }
            FillIntraModes();
            ReadIntraModes(mb->Type == H264MbType.Intra8x8);
        }
        if (_chromaType is 1 or 2)
        {
            int inc = 0;
            if (_left0 >= 0 && _p->Macroblocks[_left0].IntraChromaMode != 0)
                inc++;
            if (_top >= 0 && _p->Macroblocks[_top].IntraChromaMode != 0)
                inc++;
            if (Bin(64 + inc) != 0)
                mb->IntraChromaMode = (byte)(Bin(67) == 0 ? 1 : 2 + Bin(67));
        }
        if (mb->Type == H264MbType.Intra16x16)
        {
            cbp = mb->CodedBlockPattern;
            if ((cbp >> 4) != 0 && _chromaType is 0 or 3)
                return false;
        }
        else
        {
            cbp = ReadCbpCabac();
            mb->CodedBlockPattern = (byte)cbp;
        }
        ClearMotionContext();
        if (!ResidualCabac())
            return false;
        _motion.SetIntra(_index);
        return true;
    }

    // prev_intra4x4_pred_mode_flag and rem_intra4x4_pred_mode, likewise of 8×8 blocks.
    private void ReadIntraModes(bool is8x8)
    {
        H264EntropyContext* c = _c;
        H264Cabac cabac = c->Cabac;
        byte* states = c->States + 68;
        for (int b = 0; b < 16; b += is8x8 ? 4 : 1)
        {
            int mode = PredictIntraMode(b);
            if (cabac.Decode(states, c) == 0)
            {
                int rem = cabac.Decode(states + 1, c);
                rem |= cabac.Decode(states + 1, c) << 1;
                rem |= cabac.Decode(states + 1, c) << 2;
                mode = rem + (rem >= mode ? 1 : 0);
            }
            SetIntraMode(b, is8x8, mode);
        }
        c->Cabac = cabac;
    }

    private int TransformContext()
    {
        int inc = 0;
        if (_left0 >= 0 && (_p->Macroblocks[_left0].Flags & H264MbFlags.Transform8x8) != 0)
            inc++;
        if (_top >= 0 && (_p->Macroblocks[_top].Flags & H264MbFlags.Transform8x8) != 0)
            inc++;
        return inc;
    }

    // coded_block_pattern (9.3.3.1.1.4).
    private int ReadCbpCabac()
    {
        H264Macroblock* mbs = _p->Macroblocks;
        int top = _top >= 0 ? mbs[_top].CodedBlockPattern : 0x0f;
        int a0 = 1, a2 = 1, leftChroma = 0;
        if (_left0 >= 0)
        {
            int l = LeftOf(_leftRows, 0, out int r);
            a0 = (mbs[l].CodedBlockPattern >> ((r >> 1) * 2 + 1)) & 1;
            l = LeftOf(_leftRows, 2, out r);
            a2 = (mbs[l].CodedBlockPattern >> ((r >> 1) * 2 + 1)) & 1;
            leftChroma = mbs[_left0].CodedBlockPattern >> 4;
        }
        H264EntropyContext* c = _c;
        H264Cabac cabac = c->Cabac;
        byte* states = c->States + 73;
        int b0 = cabac.Decode(states + (a0 ^ 1) + 2 * (((top >> 2) & 1) ^ 1), c);
        int b1 = cabac.Decode(states + (b0 ^ 1) + 2 * (((top >> 3) & 1) ^ 1), c);
        int b2 = cabac.Decode(states + (a2 ^ 1) + 2 * (b0 ^ 1), c);
        int b3 = cabac.Decode(states + (b2 ^ 1) + 2 * (b1 ^ 1), c);
        int cbp = b0 | b1 << 1 | b2 << 2 | b3 << 3;
        if (_chromaType is 1 or 2)
        {
            int topChroma = top >> 4;
            states += 4;
            if (cabac.Decode(states + (leftChroma != 0 ? 1 : 0) + (topChroma != 0 ? 2 : 0), c) != 0)
                cbp |= (1 + cabac.Decode(states + 4 + (leftChroma == 2 ? 1 : 0) + (topChroma == 2 ? 2 : 0), c)) << 4;
        }
        c->Cabac = cabac;
        return cbp;
    }

    private bool ReadQpDeltaCabac()
    {
        int ctx = _lastQpDelta != 0 ? 1 : 0;
        int v = 0;
        while (Bin(MbQpDeltaContext + ctx) != 0)
        {
            ctx = 2 + (ctx >> 1);
            if (++v > 2 * (52 + 36))
                return false;
        }
        return AddQpDelta((v & 1) != 0 ? (v + 1) >> 1 : -(v >> 1));
    }

    private bool PcmCabac()
    {
        // The terminating bin has left the reader behind its last bit (9.3.1.2).
        byte* start = _s->Data + ((_s->DataBit + 7) >> 3);
        byte* from = start + ((_c->Cabac.Consumed(start) + 7) >> 3);
        byte* end = _s->Data + _s->Size;
        int samples = 256 + 2 * _p->ChromaSize * (_chromaType == 0 ? 0 : 1);
        long bytes = ((long)samples * _bitDepth + 7) >> 3;
        if (from > end || end - from < bytes)
            return false;
        H264BitWindow bits = default;
        bits.Start(from, 0, (int)(end - from));
        ReadPcmSamples(ref bits, samples);
        _c->Cabac.Start(from + bytes);
        FinishPcm();
        return true;
    }

    private bool InterCabac(int type)
    {
        H264Macroblock* mb = _mb;
        BeginMb(H264MbType.Inter);
        if (_isSp)
            mb->Flags |= H264MbFlags.RawLevels;
        mb->IntraChromaMode = 0;
        mb->Dc = 0;
        mb->Luma = mb->Cb = mb->Cr = 0;
        H264EntropyMb* e = _e;
        H264InterSyntax* syntax = &_c->Inter;
        bool allow8x8 = _transform8x8Mode;
        if (_isB && type == 0)
        {
            e->Direct = 1;
            syntax->MbKind = H264InterSyntax.KindDirect;
            syntax->Partition = 0;
            ClearMotionContext();
            allow8x8 &= _direct8x8Inference;
        }
        else
        {
            e->Direct = 0;
            if (!SetPartitions(syntax, type))
                return false;
            if (syntax->Partition == 3)
            {
                for (int b = 0; b < 4; b++)
                    SetSubPartition(syntax, b, _isB ? ReadSubTypeB() : ReadSubTypeP());
                allow8x8 &= AllowsTransform8x8(syntax);
            }
            FillMotionContext();
            if (!PartitionsCabac(syntax))
                return false;
            StoreMotionContext(syntax);
        }
        int cbp = ReadCbpCabac();
        mb->CodedBlockPattern = (byte)cbp;
        if (allow8x8 && (cbp & 15) != 0 && Bin(399 + TransformContext()) != 0)
            mb->Flags |= H264MbFlags.Transform8x8;
        if (!ResidualCabac())
            return false;
        _motion.Derive(_index, _mbX, _mbY, syntax);
        return true;
    }

    private bool PartitionsCabac(H264InterSyntax* syntax)
    {
        H264EntropyContext* c = _c;
        int partition = syntax->Partition;
        int step = partition == 1 ? 2 : 1;
        int end = partition == 0 ? 1 : partition == 2 ? 2 : 4;
        int w = partition is 0 or 1 ? 2 : 1, h = partition is 0 or 2 ? 2 : 1;
        int lists = _isB ? 2 : 1;
        int shift = _field && _mbaff ? 1 : 0;
        H264Cabac cabac = c->Cabac;
        for (int list = 0; list < lists; list++)
        {
            int count = (list == 0 ? _numRef0 : _numRef1) << shift;
            byte* refs = c->Ref + list * 12 + 5;
            for (int b = 0; b < end; b += step)
            {
                if (syntax->UsesList[list * 4 + b] == 0)
                    continue;
                byte* r = refs + (b >> 1) * 4 + (b & 1);
                int refIdx = 0;
                if (count > 1)
                {
                    int ctx = r[-1] + 2 * r[-4];
                    while (cabac.Decode(c->States + 54 + ctx, c) != 0)
                    {
                        ctx = (ctx >> 2) + 4;
                        if (++refIdx >= count)
                            return false;
                    }
                }
                byte above = refIdx > 0 ? (byte)1 : (byte)0;
                for (int y = 0; y < h; y++)
                {
                    for (int x = 0; x < w; x++)
                    {
                        r[y * 4 + x] = above;
                        syntax->RefIdx[list * 4 + b + y * 2 + x] = (sbyte)refIdx;
                    }
                }
            }
        }
        c->Cabac = cabac;
        for (int list = 0; list < lists; list++)
        {
            for (int b = 0; b < end; b += step)
            {
                if (syntax->UsesList[list * 4 + b] == 0)
                    continue;
                int bx = (b & 1) * 2, by = (b >> 1) * 2;
                int pw = w * 2, ph = h * 2;
                if (partition == 3)
                {
                    int shape = syntax->SubPartition[b];
                    pw = shape < 2 ? 2 : 1;
                    ph = (shape & 1) == 0 ? 2 : 1;
                    for (int y = 0; y < 2; y += ph)
                    {
                        for (int x = 0; x < 2; x += pw)
                        {
                            if (!ReadMvd(syntax, list, bx + x, by + y, pw, ph))
                                return false;
                        }
                    }
                }
                else if (!ReadMvd(syntax, list, bx, by, pw, ph))
                {
                    return false;
                }
            }
        }
        return true;
    }

    // mvd_l0, mvd_l1: UEG3 with signedValFlag and uCoff 9 (9.3.2.3).
    private bool ReadMvd(H264InterSyntax* syntax, int list, int x, int y, int w, int h)
    {
        H264EntropyContext* c = _c;
        ushort* cache = c->Mvd + list * H264EntropyContext.PlaneStride + (y + 1) * 8 + x + 4;
        H264Cabac cabac = c->Cabac;
        int a = cache[-1], b = cache[-8];
        int sum = (a & 0xff) + (b & 0xff);
        byte* states = c->States + 40;
        int packed = 0, vector = 0;
        for (int shift = 0; ; shift = 16)
        {
            int value = 0;
            if (cabac.Decode(states + (sum < 3 ? 0 : sum > 32 ? 2 : 1), c) != 0)
            {
                value = 1;
                states += 3;
                while (value < 9 && cabac.Decode(states, c) != 0)
                {
                    if (value < 4)
                        states++;
                    value++;
                }
                if (value >= 9)
                {
                    int k = 3;
                    while (cabac.BypassMask(c) != 0)
                    {
                        value += 1 << k;
                        if (++k > 16)
                            return false;
                    }
                    while (k-- > 0)
                        value += (cabac.BypassMask(c) & 1) << k;
                }
                packed |= Math.Min(value, 70) << (shift >> 1);
                int sign = cabac.BypassMask(c);
                value = (value ^ sign) - sign;
            }
            if (shift != 0)
            {
                vector |= value << 16;
                break;
            }
            vector = value & 0xffff;
            sum = (a >> 8) + (b >> 8);
            states = c->States + 47;
        }
        c->Cabac = cabac;
        syntax->Mvd[list * 16 + y * 4 + x] = vector;
        for (int j = 0; j < h; j++)
        {
            for (int i = 0; i < w; i++)
                cache[j * 8 + i] = (ushort)packed;
        }
        return true;
    }
}
