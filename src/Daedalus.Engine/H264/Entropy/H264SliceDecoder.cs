// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.Memory;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>Where a slice stands.</summary>
public enum H264SliceStatus
{
    /// <summary>The next macroblock lies below the rows asked for.</summary>
    More,
    /// <summary>The slice has ended as it says.</summary>
    End,
    /// <summary>Syntax that cannot be; macroblocks decoded before stay.</summary>
    Corrupt,
}

/// <summary>
/// Entropy decoding of slice_data() (spec 7.3.4, 7.3.5, 9.2, 9.3) into macroblock records and scaled coefficients. One slice at a time;
/// several decoders may work on different slices of one picture.
/// </summary>
public sealed unsafe partial class H264SliceDecoder : IDisposable
{
    private readonly IH264MotionSink _motion;
    private readonly NativeBlock _contextBlock = new();
    private readonly NativeBlock _mbBlock = new();
    private readonly H264EntropyContext* _c;
    private H264EntropyMb* _mbs;
    private H264PictureState* _p;
    private H264Slice* _s;

    // Of the picture.
    private int _width, _mbCount, _chromaType, _bitDepth, _qpOffset, _planes;
    private bool _mbaff, _wide, _fieldPicture;

    // Of the slice.
    private ushort _slice;
    private bool _cabac, _isB, _isIntraSlice, _isSp, _isSi, _transform8x8Mode, _constrainedIntra, _partitioned, _lossless, _direct8x8Inference, _dead, _finished;
    private int _numRef0, _numRef1;
    private long _lastBit, _lastBitB, _lastBitC;

    // Where it stands.
    private int _addr, _skipRun, _qp, _lastQpDelta;
    private bool _field, _prevSkipped, _bottomSkipped;

    // The macroblock in work.
    private int _mbX, _mbY, _index;
    private int _top, _left0, _left1;
    private uint _leftRows, _leftRowsChroma;
    private H264Macroblock* _mb;
    private H264EntropyMb* _e;
    private bool _bypass;

    /// <summary>A decoder without memory for pictures yet.</summary>
    /// <param name="motion">Takes the motion of each macroblock.</param>
    public H264SliceDecoder(IH264MotionSink motion)
    {
        _motion = motion;
        _contextBlock.Reserve((nuint)sizeof(H264EntropyContext));
        _c = (H264EntropyContext*)_contextBlock.Pointer;
        try
        {
            H264EntropyTables.Fill(_c);
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>mbAddr of the next macroblock.</summary>
    public int NextMb => _addr;

    /// <summary>A picture begins: sizes what is kept for each macroblock.</summary>
    /// <param name="p">The picture; Slice of all macroblocks is <see cref="H264Macroblock.NoSlice"/>.</param>
    public void BeginPicture(H264PictureState* p)
    {
        _p = p;
        _s = null;
        _width = p->WidthInMbs;
        _mbCount = p->WidthInMbs * p->HeightInMbs;
        _mbBlock.Reserve((nuint)_mbCount * (nuint)sizeof(H264EntropyMb));
        _mbs = (H264EntropyMb*)_mbBlock.Pointer;
        _chromaType = p->ChromaArrayType;
        _planes = _chromaType == 3 ? 3 : 1;
        _bitDepth = p->BitDepth;
        _wide = _bitDepth > 8;
        _qpOffset = 6 * (_bitDepth - 8);
        _mbaff = p->IsMbaff;
        _fieldPicture = p->IsField;
        _lossless = (p->Sps.Flags & H264SpsFlags.QpPrimeYZeroTransformBypass) != 0;
        _direct8x8Inference = (p->Sps.Flags & H264SpsFlags.Direct8x8Inference) != 0;
        _motion.BeginPicture(p);
    }

    /// <summary>A slice of the picture begins.</summary>
    /// <returns>False: there is nothing to decode in it.</returns>
    public bool BeginSlice(H264Slice* s)
    {
        _s = s;
        ref H264SliceHeader h = ref s->Header;
        H264PpsFlags pps = s->Pps->Pps.Flags;
        _slice = (ushort)s->Index;
        _cabac = (pps & H264PpsFlags.EntropyCodingMode) != 0;
        _transform8x8Mode = (pps & H264PpsFlags.Transform8x8Mode) != 0;
        _constrainedIntra = (pps & H264PpsFlags.ConstrainedIntraPred) != 0;
        _isB = h.SliceType == H264SliceType.B;
        _isSp = h.SliceType == H264SliceType.SP;
        _isSi = h.SliceType == H264SliceType.SI;
        _isIntraSlice = h.SliceType == H264SliceType.I || _isSi;
        _partitioned = h.NalUnitType == 2;
        _numRef0 = h.NumRefIdxActive0;
        _numRef1 = h.NumRefIdxActive1;
        _addr = s->FirstMb;
        _skipRun = -1;
        _lastQpDelta = 0;
        _field = false;
        _prevSkipped = false;
        _finished = false;
        _dead = true;
        if (_addr < 0 || _addr >= _mbCount || s->DataBit >= (uint)s->Size * 8UL)
            return false;
        FillChromaQp(0, s->Pps->Pps.ChromaQpIndexOffset);
        FillChromaQp(1, s->Pps->Pps.SecondChromaQpIndexOffset);
        SetQp(h.SliceQp);

        byte* end = s->Data + s->Size;
        if (_cabac)
        {
            // cabac_alignment_one_bit
            byte* data = s->Data + ((s->DataBit + 7) >> 3);
            if (data >= end)
                return false;
            _c->CabacLimit = end;
            _c->Cabac.Start(data);
            InitStates(ref h);
        }
        else
        {
            _lastBit = FindLastBit(s->Data, s->Size);
            if (_lastBit < s->DataBit)
                return false;
            _c->Bits.Start(s->Data, s->DataBit, s->Size);
            if (_partitioned)
            {
                _lastBitB = s->DataB == null ? -1 : FindLastBit(s->DataB, s->SizeB);
                _lastBitC = s->DataC == null ? -1 : FindLastBit(s->DataC, s->SizeC);
                if (_lastBitB >= s->DataBitB)
                    _c->BitsB.Start(s->DataB, s->DataBitB, s->SizeB);
                else
                    _lastBitB = -1;
                if (_lastBitC >= s->DataBitC)
                    _c->BitsC.Start(s->DataC, s->DataBitC, s->SizeC);
                else
                    _lastBitC = -1;
            }
        }
        _dead = false;
        if (!SetPosition())
        {
            _dead = true;
            return false;
        }
        _motion.BeginSlice(s);
        return true;
    }

    /// <summary>Decodes until the next macroblock lies in a row at or below <paramref name="stopRow"/> or the slice ends.</summary>
    /// <param name="stopRow">Row of macroblocks (MBAFF: the first row of a pair).</param>
    /// <returns>How it ended.</returns>
    public H264SliceStatus Decode(int stopRow)
    {
        if (_finished)
            return H264SliceStatus.End;
        while (!_dead)
        {
            if ((_mbaff ? _mbY & ~1 : _mbY) >= stopRow)
                return H264SliceStatus.More;
            if (_mb->Slice != H264Macroblock.NoSlice)
                break;
            bool more;
            if (!(_cabac ? StepCabac(out more) : StepCavlc(out more)))
            {
                Discard();
                break;
            }
            if (!more)
            {
                _finished = true;
                _dead = true;
                return H264SliceStatus.End;
            }
            if (!Advance())
                break;
        }
        _dead = true;
        return H264SliceStatus.Corrupt;
    }

    /// <summary>
    /// Bits between where the slice ended and its stop bit, the largest of its partitions; -1: not ended. 0 as the specification has it; encoders are known that leave a byte
    /// behind CABAC. For tests.
    /// </summary>
    internal long BitsLeft
    {
        get
        {
            if (!_finished)
                return -1;
            if (_cabac)
            {
                byte* start = _s->Data + ((_s->DataBit + 7) >> 3);
                return FindLastBit(_s->Data, _s->Size) - ((start - _s->Data) * 8 + _c->Cabac.Consumed(start) - 1);
            }
            long left = _lastBit - _c->Bits.Position(_s->Data);
            if (_partitioned && _lastBitB >= 0)
                left = Math.Max(left, _lastBitB - _c->BitsB.Position(_s->DataB));
            if (_partitioned && _lastBitC >= 0)
                left = Math.Max(left, _lastBitC - _c->BitsC.Position(_s->DataC));
            return left;
        }
    }

    // NextMbAddress (spec 8.2.2).
    private bool Advance()
    {
        byte* map = _s->SliceGroupMap;
        if (map == null && !_mbaff)
        {
            if (++_addr >= _mbCount)
                return false;
            if (++_mbX == _width)
            {
                _mbX = 0;
                _mbY++;
            }
            SetIndex(_addr);
            return true;
        }
        if (map == null || (_mbaff && (_addr & 1) == 0))
        {
            _addr++;
        }
        else
        {
            int shift = _mbaff ? 1 : 0, unit = _addr >> shift, units = _mbCount >> shift;
            byte group = map[unit];
            do
                unit++;
            while (unit < units && map[unit] != group);
            _addr = unit << shift;
        }
        return SetPosition();
    }

    private bool SetPosition()
    {
        if (_addr >= _mbCount)
            return false;
        if (_mbaff)
        {
            int pair = _addr >> 1, row = pair / _width;
            _mbX = pair - row * _width;
            _mbY = row * 2 + (_addr & 1);
        }
        else
        {
            _mbY = _addr / _width;
            _mbX = _addr - _mbY * _width;
        }
        SetIndex(_mbY * _width + _mbX);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetIndex(int index)
    {
        _index = index;
        _mb = _p->Macroblocks + index;
        _e = _mbs + index;
    }

    // What a macroblock that broke has left behind must not reach reconstruction.
    private void Discard()
    {
        _mb->Slice = H264Macroblock.NoSlice;
        _mb->Flags = 0;
        NativeMemory.Clear(_p->CoefficientsOf(_mbX, _mbY), (nuint)_p->CoefficientBytes);
    }

    private static long FindLastBit(byte* data, int size)
    {
        while (size > 0 && data[size - 1] == 0)
            size--;
        return size == 0 ? -1 : (size - 1) * 8L + 7 - System.Numerics.BitOperations.TrailingZeroCount((uint)data[size - 1]);
    }

    // Table 8-15: QPC by QPY (spec 8.5.8; qPI clipped at -QpBdOffsetC).
    private void FillChromaQp(int plane, int offset)
    {
        ReadOnlySpan<byte> table = [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];
        sbyte* to = _c->ChromaQp + plane * 96;
        for (int qp = -_qpOffset; qp <= 51; qp++)
        {
            int q = Math.Clamp(qp + offset, -_qpOffset, 51);
            to[qp + _qpOffset] = (sbyte)(q < 30 ? q : table[q - 30]);
        }
    }

    private void SetQp(int qp)
    {
        _qp = qp;
        _bypass = _lossless && qp + _qpOffset == 0;
    }

    // mb_qp_delta (7.4.5).
    private bool AddQpDelta(int delta)
    {
        int half = _qpOffset / 2;
        if (delta < -(26 + half) || delta > 25 + half)
            return false;
        int range = 52 + _qpOffset;
        int qp = _qp + delta;
        if (qp < -_qpOffset)
            qp += range;
        else if (qp > 51)
            qp -= range;
        SetQp(qp);
        _lastQpDelta = delta;
        return true;
    }

    // QPs and flags that follow from them, once mb_qp_delta is known.
    private void StoreQp(H264Macroblock* mb)
    {
        mb->Qp = (sbyte)_qp;
        mb->QpCb = _c->ChromaQp[_qp + _qpOffset];
        mb->QpCr = _c->ChromaQp[96 + _qp + _qpOffset];
        if (_bypass)
            mb->Flags |= H264MbFlags.Bypass;
    }

    // P_Skip, B_Skip (neighbours need not be known).
    private void SkipMb()
    {
        H264Macroblock* mb = _mb;
        BeginMb(H264MbType.Inter);
        mb->Flags |= H264MbFlags.Skip;
        if (_isSp)
            mb->Flags |= H264MbFlags.RawLevels;
        mb->CodedBlockPattern = 0;
        mb->IntraChromaMode = 0;
        mb->Dc = 0;
        mb->Luma = mb->Cb = mb->Cr = 0;
        StoreQp(mb);
        *_e = default;
        _e->Direct = _isB ? (byte)1 : (byte)0;
        _lastQpDelta = 0;
        H264InterSyntax* syntax = &_c->Inter;
        syntax->MbKind = _isB ? H264InterSyntax.KindDirect : H264InterSyntax.KindPSkip;
        syntax->Partition = 0;
        _motion.Derive(_index, _mbX, _mbY, syntax);
    }

    private void BeginMb(H264MbType type)
    {
        H264Macroblock* mb = _mb;
        mb->Slice = _slice;
        mb->Type = type;
        mb->Flags = _field && _mbaff ? H264MbFlags.Field : 0;
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _contextBlock.Dispose();
        _mbBlock.Dispose();
    }
}
