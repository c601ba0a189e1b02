// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

/// <summary>slice_data() and macroblock_layer() with CAVLC (spec 7.3.4, 7.3.5, 9.1, 9.2).</summary>
public sealed unsafe partial class H264SliceDecoder
{
    private uint Ue() => _c->Bits.ReadUe();

    private uint U(int bits) => _c->Bits.Read(bits);

    // se(v); int.MinValue: no value.
    private int Se()
    {
        uint k = _c->Bits.ReadUe();
        if (k == uint.MaxValue)
            return int.MinValue;
        int v = (int)((k + 1) >> 1);
        return (k & 1) != 0 ? v : -v;
    }

    // more_rbsp_data() of the slice or partition A.
    private bool MoreData => _c->Bits.Position(_s->Data) < _lastBit;

    private bool Overrun => _c->Bits.Position(_s->Data) > _lastBit;

    private bool StepCavlc(out bool more)
    {
        more = true;
        bool bottom = _mbaff && (_addr & 1) != 0;
        if (_mbaff && !bottom)
        {
            _field = InferField();
            _prevSkipped = false;
        }
        if (!_isIntraSlice)
        {
            if (_skipRun < 0)
            {
                uint run = Ue();
                if (run > (uint)(_mbCount - _addr) || Overrun)
                    return false;
                _skipRun = (int)run;
                if (run == 0)
                    _prevSkipped = false;
            }
            if (_skipRun > 0)
            {
                _skipRun--;
                if (_mbaff && !bottom)
                {
                    _prevSkipped = true;
                    // The flag of the pair follows when the second macroblock is not skipped: it is read there, but counts for this one too.
                    if (_skipRun == 0 && MoreData)
                    {
                        _c->Bits.Fill();
                        _field = _c->Bits.Peek(1) != 0;
                    }
                }
                SkipMb();
                if (_skipRun == 0 && !MoreData)
                {
                    // A pair is never cut.
                    more = false;
                    return !_mbaff || bottom;
                }
                return true;
            }
            _skipRun = -1;
        }
        if (_mbaff && (!bottom || _prevSkipped))
            _field = U(1) != 0;
        FindNeighbours();
        if (!MacroblockCavlc() || Overrun)
            return false;
        more = MoreData;
        return more || !_mbaff || bottom;
    }

    private bool MacroblockCavlc()
    {
        uint type = Ue();
        if (_isIntraSlice)
        {
            if (_isSi)
            {
                // Prefix 0 of mb_type in SI slices is the SI macroblock (table 7-12).
                if (type == 0)
                    return IntraCavlc(SiType);
                type--;
            }
        }
        else if (_isB)
        {
            if (type < 23)
                return InterCavlc((int)type);
            type -= 23;
        }
        else
        {
            if (type < 5)
                return InterCavlc((int)type);
            type -= 5;
        }
        return type <= PcmType && IntraCavlc((int)type);
    }

    private bool IntraCavlc(int type)
    {
        H264Macroblock* mb = _mb;
        BeginIntra(type);
        if (type == PcmType)
            return PcmCavlc();
        if (type == 0 || type == SiType)
        {
            if (type == 0 && _transform8x8Mode && U(1) != 0)
            {
                mb->Type = H264MbType.Intra8x8;
                mb->Flags |= H264MbFlags.Transform8x8;
            }
            FillIntraModes();
            bool is8x8 = mb->Type == H264MbType.Intra8x8;
            for (int b = 0; b < 16; b += is8x8 ? 4 : 1)
            {
                int mode = PredictIntraMode(b);
                if (U(1) == 0)
                {
                    int rem = (int)U(3);
                    mode = rem + (rem >= mode ? 1 : 0);
                }
                SetIntraMode(b, is8x8, mode);
            }
        }
        if (_chromaType is 1 or 2)
        {
            uint mode = Ue();
            if (mode > 3)
                return false;
            mb->IntraChromaMode = (byte)mode;
        }
        if (mb->Type == H264MbType.Intra16x16)
        {
            if ((mb->CodedBlockPattern >> 4) != 0 && _chromaType is 0 or 3)
                return false;
        }
        else if (!ReadCbpCavlc(0))
        {
            return false;
        }
        ClearMotionContext();
        if (!ResidualCavlc(ref _partitioned ? ref _c->BitsB : ref _c->Bits))
            return false;
        _motion.SetIntra(_index);
        return true;
    }

    // coded_block_pattern me(v) (9.1.2).
    private bool ReadCbpCavlc(int inter)
    {
        uint code = Ue();
        bool chroma = _chromaType is 1 or 2;
        if (code >= (chroma ? 48u : 16u))
            return false;
        _mb->CodedBlockPattern = H264CavlcTables.CodedBlockPattern[(chroma ? inter * 48 : 96 + inter * 16) + (int)code];
        return true;
    }

    // The samples are of category 3: of partition B (7.3.5).
    private bool PcmCavlc()
    {
        int samples = 256 + (_chromaType == 0 ? 0 : 2 * _p->ChromaSize);
        byte* data = _partitioned ? _s->DataB : _s->Data;
        int size = _partitioned ? _s->SizeB : _s->Size;
        long lastBit = _partitioned ? _lastBitB : _lastBit;
        if (lastBit < 0)
        {
            FillPcmGrey(samples);
            FinishPcm();
            return true;
        }
        ref H264BitWindow bits = ref _partitioned ? ref _c->BitsB : ref _c->Bits;
        long position = (bits.Position(data) + 7) & ~7L;
        if (position + (long)samples * _bitDepth > lastBit)
            return false;
        bits.Start(data, (uint)position, size);
        ReadPcmSamples(ref bits, samples);
        FinishPcm();
        return true;
    }

    private bool InterCavlc(int type)
    {
        H264Macroblock* mb = _mb;
        BeginMb(H264MbType.Inter);
        if (_isSp)
            mb->Flags |= H264MbFlags.RawLevels;
        mb->IntraChromaMode = 0;
        mb->Dc = 0;
        mb->Luma = mb->Cb = mb->Cr = 0;
        H264InterSyntax* syntax = &_c->Inter;
        bool allow8x8 = _transform8x8Mode;
        if (_isB && type == 0)
        {
            syntax->MbKind = H264InterSyntax.KindDirect;
            syntax->Partition = 0;
            allow8x8 &= _direct8x8Inference;
        }
        else
        {
            // P_8x8ref0: P_8x8 with all ref_idx 0 and not sent.
            bool ref0 = !_isB && type == 4;
            if (!SetPartitions(syntax, ref0 ? 3 : type))
                return false;
            if (syntax->Partition == 3)
            {
                for (int b = 0; b < 4; b++)
                {
                    uint sub = Ue();
                    if (sub > (_isB ? 12u : 3u))
                        return false;
                    SetSubPartition(syntax, b, (int)sub);
                }
                allow8x8 &= AllowsTransform8x8(syntax);
            }
            if (!PartitionsCavlc(syntax, ref0))
                return false;
        }
        if (!ReadCbpCavlc(1))
            return false;
        if (allow8x8 && (mb->CodedBlockPattern & 15) != 0 && U(1) != 0)
            mb->Flags |= H264MbFlags.Transform8x8;
        if (!ResidualCavlc(ref _partitioned ? ref _c->BitsC : ref _c->Bits))
            return false;
        _motion.Derive(_index, _mbX, _mbY, syntax);
        return true;
    }

    private bool PartitionsCavlc(H264InterSyntax* syntax, bool ref0)
    {
        int partition = syntax->Partition;
        int step = partition == 1 ? 2 : 1;
        int end = partition == 0 ? 1 : partition == 2 ? 2 : 4;
        int w = partition is 0 or 1 ? 2 : 1, h = partition is 0 or 2 ? 2 : 1;
        int lists = _isB ? 2 : 1;
        int shift = _field && _mbaff ? 1 : 0;
        for (int list = 0; list < lists; list++)
        {
            int count = (list == 0 ? _numRef0 : _numRef1) << shift;
            for (int b = 0; b < end; b += step)
            {
                if (syntax->UsesList[list * 4 + b] == 0)
                    continue;
                // te(v)
                uint refIdx = 0;
                if (count == 2 && !ref0)
                    refIdx = U(1) ^ 1;
                else if (count > 2 && !ref0)
                    refIdx = Ue();
                if (refIdx >= (uint)count)
                    return false;
                for (int y = 0; y < h; y++)
                {
                    for (int x = 0; x < w; x++)
                        syntax->RefIdx[list * 4 + b + y * 2 + x] = (sbyte)refIdx;
                }
            }
        }
        for (int list = 0; list < lists; list++)
        {
            for (int b = 0; b < end; b += step)
            {
                if (syntax->UsesList[list * 4 + b] == 0)
                    continue;
                int* mvd = syntax->Mvd + list * 16 + (b >> 1) * 8 + (b & 1) * 2;
                int pw = 2, ph = 2;
                if (partition == 3)
                {
                    int shape = syntax->SubPartition[b];
                    pw = shape < 2 ? 2 : 1;
                    ph = (shape & 1) == 0 ? 2 : 1;
                }
                for (int y = 0; y < 2; y += ph)
                {
                    for (int x = 0; x < 2; x += pw)
                    {
                        int mx = Se(), my = Se();
                        if (mx == int.MinValue || my == int.MinValue)
                            return false;
                        mvd[y * 4 + x] = (mx & 0xffff) | my << 16;
                    }
                }
            }
        }
        return true;
    }
}
