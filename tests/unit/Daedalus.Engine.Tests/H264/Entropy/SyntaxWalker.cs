// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264;

/// <summary>Counts what entropy decoding reports, and gives each macroblock the shape the syntax says.</summary>
internal sealed unsafe class CountingMotionSink : IH264MotionSink
{
    private H264PictureState* _p;

    public int Inter, Intra;

    public void BeginPicture(H264PictureState* p) => _p = p;

    public void BeginSlice(H264Slice* s)
    {
    }

    public void Derive(int mbIndex, int mbX, int mbY, H264InterSyntax* syntax)
    {
        Inter++;
        if (mbIndex != mbY * _p->WidthInMbs + mbX || _p->Macroblocks[mbIndex].Type != H264MbType.Inter)
            throw new InvalidOperationException("Derive of another macroblock");
        _p->Macroblocks[mbIndex].Partition = syntax->Partition;
    }

    public void SetIntra(int mbIndex)
    {
        Intra++;
        if (!_p->Macroblocks[mbIndex].IsIntra)
            throw new InvalidOperationException("SetIntra of an inter macroblock");
    }
}

/// <summary>
/// Entropy-decodes all slices of an Annex B stream without a decoder around: a slice must end at its stop bit, and the slices of a picture must bring every macroblock.
/// One wrong context or table anywhere and neither holds.
/// </summary>
internal sealed unsafe class SyntaxWalker : IDisposable
{
    // Some encoders do not flush CABAC into the stop bit (9.3.4.5) but write on to the next byte.
    private const int MaxCabacBits = 8;

    private readonly H264ParameterSets _sets = new();
    private readonly CountingMotionSink _sink = new();
    private readonly H264SliceDecoder _decoder;
    private readonly H264PictureState* _p = Alloc<H264PictureState>();
    private readonly H264Slice* _slice = Alloc<H264Slice>();
    private readonly H264Dequant* _dequant = Alloc<H264Dequant>();
    private readonly DaedalusCtrlH264PictureParameters* _pps = Alloc<DaedalusCtrlH264PictureParameters>();
    private readonly List<byte[]> _pending = [];
    private byte* _mbs, _motion, _coefficients, _map, _units;
    private H264SliceHeader _first;
    private bool _inPicture;
    private int _count, _firstPlane;

    public SyntaxWalker()
    {
        _decoder = new H264SliceDecoder(_sink);
        new Span<int>(_dequant, sizeof(H264Dequant) / 4).Fill(16);
    }

    public int Slices, Pictures, Macroblocks;
    public List<string> Problems { get; } = [];

    private static T* Alloc<T>()
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)sizeof(T));

    /// <summary>Walks a stream.</summary>
    public void Walk(ReadOnlySpan<byte> stream)
    {
        int position = 0;
        while (H264NalUnits.TryNext(stream, ref position, out int start, out int length))
        {
            byte[] nal = new byte[length + 64];
            int size = H264NalUnits.Unescape(stream.Slice(start, length), nal);
            nal.AsSpan(size).Clear();
            var type = (int)H264NalUnits.Type(nal);
            if (type is not (3 or 4))
                FlushSlice();
            switch (type)
            {
                case 7:
                case 8:
                    _sets.Add(nal.AsSpan(0, size), out _);
                    break;
                case 1:
                case 2:
                case 5:
                case 3:
                case 4:
                    if (type is 3 or 4 && _pending.Count == 0)
                        break;
                    Array.Resize(ref nal, size + 64);
                    nal.AsSpan(size).Clear();
                    _pending.Add(nal);
                    break;
            }
        }
        FlushSlice();
        FinishPicture();
    }

    private void FlushSlice()
    {
        if (_pending.Count == 0)
            return;
        byte[] a = _pending[0];
        int size = a.Length - 64;
        if (!H264SliceHeaderParser.TryReadPpsId(a.AsSpan(0, size), out _, out int ppsId) || !_sets.TryGetPps(ppsId, out H264Pps? pps, out _)
            || !H264SliceHeaderParser.TryParse(a.AsSpan(0, size), pps.Sps.Control, pps.Parameters, out H264SliceHeader h, out H264ParseError error))
        {
            Problems.Add("header");
            _pending.Clear();
            return;
        }
        if (h.RedundantPicCnt > 0)
        {
            _pending.Clear();
            return;
        }
        *_pps = pps.Parameters;
        fixed (byte* groups = pps.SliceGroupId)
            _pps->SliceGroupId = (ulong)groups;
        fixed (byte* pinned = pps.SliceGroupId, dataA = a, b = Partition(3), c = Partition(4))
        {
            bool separate = (pps.Sps.Control.Flags & H264SpsFlags.SeparateColourPlane) != 0;
            if (!_inPicture || BeginsPicture(h) || (separate && h.ColourPlaneId != _firstPlane))
            {
                FinishPicture();
                BeginPicture(pps, h);
            }
            H264Slice* s = _slice;
            *s = default;
            s->Header = h;
            s->Index = _count++;
            s->FirstMb = h.FirstMbInSlice << (h.MbaffFrame ? 1 : 0);
            s->Data = dataA;
            s->Size = size;
            s->DataBit = h.HeaderBitSize;
            s->Pps = _pps;
            s->Dequant = _dequant;
            if (h.NalUnitType == 2)
            {
                foreach (byte[] part in _pending)
                {
                    int type = part[0] & 31;
                    if (type == 2 || !H264SliceHeaderParser.TryParsePartition(part.AsSpan(0, part.Length - 64), pps.Sps.Control, pps.Parameters, out H264PartitionHeader ph, out _) || ph.SliceId != h.SliceId)
                        continue;
                    if (type == 3)
                    {
                        s->DataB = b;
                        s->SizeB = part.Length - 64;
                        s->DataBitB = ph.HeaderBitSize;
                    }
                    else
                    {
                        s->DataC = c;
                        s->SizeC = part.Length - 64;
                        s->DataBitC = ph.HeaderBitSize;
                    }
                }
            }
            if (pps.Parameters.Pps.NumSliceGroupsMinus1 > 0)
            {
                H264SliceGroups.Fill(_map, _units, pps.Sps.Control, _pps, _p->IsField, _p->IsMbaff, h.SliceGroupChangeCycle);
                s->SliceGroupMap = _map;
            }
            H264SliceStatus status = H264SliceStatus.Corrupt;
            if (_decoder.BeginSlice(s))
            {
                // In steps of rows, as the decoder does.
                for (int row = 2; (status = _decoder.Decode(row)) == H264SliceStatus.More; row += 2)
                {
                }
            }
            Slices++;
            long left = _decoder.BitsLeft;
            if (status != H264SliceStatus.End || left < 0 || left > ((pps.Parameters.Pps.Flags & H264PpsFlags.EntropyCodingMode) != 0 ? MaxCabacBits : 0))
                Problems.Add($"slice {Slices} of picture {Pictures}, {h.SliceType}, first {s->FirstMb}, at {_decoder.NextMb} of {_p->WidthInMbs * _p->HeightInMbs}: {status}, {left} bits left");
        }
        _pending.Clear();
    }

    private byte[]? Partition(int type) => _pending.Find(n => (n[0] & 31) == type);

    private bool BeginsPicture(in H264SliceHeader h)
    {
        ref H264SliceHeader a = ref _first;
        return a.FrameNum != h.FrameNum || a.FieldPic != h.FieldPic || a.BottomField != h.BottomField || (a.NalRefIdc == 0) != (h.NalRefIdc == 0)
            || a.PicOrderCntLsb != h.PicOrderCntLsb || a.DeltaPicOrderCntBottom != h.DeltaPicOrderCntBottom || a.DeltaPicOrderCnt0 != h.DeltaPicOrderCnt0
            || a.DeltaPicOrderCnt1 != h.DeltaPicOrderCnt1 || (a.NalUnitType == 5) != (h.NalUnitType == 5) || (a.NalUnitType == 5 && a.IdrPicId != h.IdrPicId)
            || (h.FirstMbInSlice == a.FirstMbInSlice && h.ColourPlaneId == a.ColourPlaneId);
    }

    private void BeginPicture(H264Pps pps, in H264SliceHeader h)
    {
        H264Sps sps = pps.Sps;
        H264PictureState* p = _p;
        p->Sps = sps.Control;
        p->WidthInMbs = sps.WidthInMbs;
        p->HeightInMbs = sps.HeightInMbs >> (h.FieldPic ? 1 : 0);
        p->IsField = h.FieldPic;
        p->IsBottom = h.BottomField;
        p->IsMbaff = h.MbaffFrame;
        p->ChromaArrayType = sps.ChromaArrayType;
        p->ColourPlane = h.ColourPlaneId;
        p->BitDepth = sps.BitDepthLuma;
        p->CoefficientRows = 4;
        int mbs = p->WidthInMbs * p->HeightInMbs;
        NativeMemory.Free(_mbs);
        NativeMemory.Free(_motion);
        NativeMemory.Free(_coefficients);
        NativeMemory.Free(_map);
        NativeMemory.Free(_units);
        _mbs = (byte*)NativeMemory.AllocZeroed((nuint)(mbs * sizeof(H264Macroblock)));
        _motion = (byte*)NativeMemory.AllocZeroed((nuint)(mbs * sizeof(H264Motion)));
        _coefficients = (byte*)NativeMemory.AllocZeroed((nuint)(p->CoefficientBytes * p->WidthInMbs * p->CoefficientRows));
        _map = (byte*)NativeMemory.AllocZeroed((nuint)mbs * 2);
        _units = (byte*)NativeMemory.AllocZeroed((nuint)mbs * 2);
        p->Macroblocks = (H264Macroblock*)_mbs;
        p->Motion = (H264Motion*)_motion;
        p->Coefficients = _coefficients;
        for (int i = 0; i < mbs; i++)
            p->Macroblocks[i].Slice = H264Macroblock.NoSlice;
        _first = h;
        _firstPlane = h.ColourPlaneId;
        _count = 0;
        _inPicture = true;
        _decoder.BeginPicture(p);
    }

    private void FinishPicture()
    {
        if (!_inPicture)
            return;
        _inPicture = false;
        int mbs = _p->WidthInMbs * _p->HeightInMbs, missing = 0;
        for (int i = 0; i < mbs; i++)
            missing += _p->Macroblocks[i].Slice == H264Macroblock.NoSlice ? 1 : 0;
        if (missing > 0)
            Problems.Add($"picture {Pictures}: {missing} of {mbs} macroblocks missing");
        Pictures++;
        Macroblocks += mbs - missing;
    }

    public void Dispose()
    {
        _decoder.Dispose();
        foreach (nint m in new[] { (nint)_p, (nint)_slice, (nint)_dequant, (nint)_pps, (nint)_mbs, (nint)_motion, (nint)_coefficients, (nint)_map, (nint)_units })
            NativeMemory.Free((void*)m);
    }
}
