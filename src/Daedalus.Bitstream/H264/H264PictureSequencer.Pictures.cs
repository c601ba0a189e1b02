// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>Begin and end of a picture: activation, gaps, picture order, controls, marking.</summary>
public sealed unsafe partial class H264PictureSequencer<T> where T : class
{
    private void StartPicture(H264Pps pps)
    {
        H264SliceHeader* h = _first;
        H264Sps sps = pps.Sps;
        bool isIdr = h->NalUnitType == 5;
        _usedCount = 0;
        _carriedSize = 0;
        _secondField = IsSecondField(sps, isIdr);
        _ignored = false;
        if (_secondField)
        {
            StartSecondField();
            return;
        }
        _dpb.Complete();
        bool starts = false;
        if (!_started)
        {
            starts = isIdr || _pendingSei.RecoveryPoint != null || h->SliceType is H264SliceType.I or H264SliceType.SI;
            if (!starts)
            {
                _ignored = true;
                _pendingSei.Clear();
                return;
            }
        }
        if (sps.BitDepthLuma != sps.BitDepthChroma)
        {
            Refuse($"luma of {sps.BitDepthLuma} bits with chroma of {sps.BitDepthChroma} bits is not supported");
            _ignored = true;
            return;
        }
        bool changed = _sps != sps && Activate(sps);
        if (isIdr)
        {
            // C.4.4; a change of format infers the flag, which a decoder need not obey.
            _dpb.Flush(output: changed || !HonourNoOutputOfPriorPics || !h->NoOutputOfPriorPics);
            _order.Reset();
            _previousReferenceFrameNum = 0;
            _cleanFrom = int.MinValue;
            _recovering = false;
            _damaged = false;
            _started = true;
        }
        else if (starts || changed)
        {
            _previousReferenceFrameNum = h->FrameNum;
            // A new sequence must begin with an IDR picture (7.4.1.2.1): the one that should have done so is lost.
            _damaged |= !starts;
            _started = true;
            if (starts || _pendingSei.RecoveryPoint != null)
                StartRecovery(h->FrameNum, _pendingSei.RecoveryPoint?.RecoveryFrameCnt ?? 0);
        }
        else
        {
            FillGap(sps, h->FrameNum);
            if (_damaged && !_recovering && _pendingSei.RecoveryPoint is { } point)
                StartRecovery(h->FrameNum, point.RecoveryFrameCnt);
        }
        BeginFrame(sps, isIdr);
    }

    private void StartRecovery(int frameNum, int count)
    {
        _recovering = true;
        _recoveryStart = frameNum;
        _recoveryCount = count;
    }

    private void BeginFrame(H264Sps sps, bool isIdr)
    {
        H264SliceHeader* h = _first;
        H264Frame<T> frame = _dpb.Begin();
        frame.FrameNum = h->FrameNum;
        frame.Fields = OwnFields();
        frame.WaitsForOutput = true;
        _dpb.UpdateFrameNumWrap(h->FrameNum, sps.MaxFrameNum);
        _order.Compute(sps.Control, *h, isIdr, ref frame.Top, ref frame.Bottom);
        H264PictureInfo info = frame.Info;
        (info.Sei, _pendingSei) = (_pendingSei, info.Sei);
        _pendingSei.Clear();
        info.SecondSei.Clear();
        info.Sei.ResolvePicTiming(sps);
        FillInfo(info, sps, frame);
        info.IsIdr = isIdr;
        info.IsRandomAccess = isIdr || info.Sei.RecoveryPoint is { RecoveryFrameCnt: 0 };
        info.IsMbaff = h->MbaffFrame;
        info.PicStruct = info.Sei.PicStruct is { } s ? (int)s : -1;
        info.SliceTypes = 0;
        info.Corrupted = false;
        info.Tag = info.SecondTag = Tag;
        if (info.Sei.RecoveryPoint is { BrokenLink: true } && !isIdr)
            _cleanFrom = frame.OrderCount;
        // D.2.8 names a reference frame by its frame_num; a non-reference picture before it may have the same.
        if (_recovering && (_recoveryCount == 0 || h->NalRefIdc != 0) && ((h->FrameNum - _recoveryStart) & (sps.MaxFrameNum - 1)) >= _recoveryCount)
        {
            _recovering = false;
            _damaged = false;
            _cleanFrom = frame.OrderCount;
            frame.IsRecovery = true;
        }
        frame.IsRecovery |= isIdr;
        frame.Picture = _client.Begin(info);
        if (frame.Picture is { } picture)
            frame.Timestamp = _client.Timestamp(picture);
        else
            _damaged = true;
    }

    private void StartSecondField()
    {
        H264SliceHeader* h = _first;
        H264Frame<T> frame = _dpb.Current!;
        H264PictureInfo info = frame.Info;
        _dpb.UpdateFrameNumWrap(h->FrameNum, _sps!.MaxFrameNum);
        _order.Compute(_sps.Control, *h, h->NalUnitType == 5, ref frame.Top, ref frame.Bottom);
        frame.Fields = H264Fields.Frame;
        (info.SecondSei, _pendingSei) = (_pendingSei, info.SecondSei);
        _pendingSei.Clear();
        FillInfo(info, _sps, frame);
        info.SecondTag = Tag;
    }

    private H264Fields OwnFields() => !_first->FieldPic ? H264Fields.Frame : _first->BottomField ? H264Fields.Bottom : H264Fields.Top;

    // Complementary field pairs (3.29, 3.30): opposite parity, same frame_num, consecutive. A non-reference field after a reference field of
    // the same frame_num can only be its pair as well (7.4.3, frame_num).
    private bool IsSecondField(H264Sps sps, bool isIdr)
    {
        H264SliceHeader* h = _first;
        return _dpb.Current is { } frame && h->FieldPic && frame.Info.CodedAsFields && sps == _sps
            && (frame.Fields ^ OwnFields()) == H264Fields.Frame
            && frame.FrameNum == h->FrameNum
            && (frame.WasReference || h->NalRefIdc == 0)
            && (!isIdr || frame.Info.IsIdr);
    }

    private void FillInfo(H264PictureInfo info, H264Sps sps, H264Frame<T> frame)
    {
        H264SliceHeader* h = _first;
        info.Sps = sps;
        info.Geometry = GeometryOf(sps);
        info.CropLeft = sps.CropLeft;
        info.CropTop = sps.CropTop;
        info.CropWidth = sps.DisplayWidth;
        info.CropHeight = sps.DisplayHeight;
        info.FrameNum = h->FrameNum;
        info.IsReference = h->NalRefIdc != 0;
        info.IsField = info.CodedAsFields = h->FieldPic;
        info.IsBottomField = h->BottomField;
        info.IsSecondField = _secondField;
        FillOrder(info, frame);
    }

    private static void FillOrder(H264PictureInfo info, H264Frame<T> frame)
    {
        info.Fields = frame.Fields;
        info.TopFieldOrderCnt = (frame.Fields & H264Fields.Top) != 0 ? frame.Top : frame.Bottom;
        info.BottomFieldOrderCnt = (frame.Fields & H264Fields.Bottom) != 0 ? frame.Bottom : frame.Top;
    }

    private static CodedGeometry GeometryOf(H264Sps sps)
    {
        int chroma = sps.Control.ChromaFormatIdc;
        return new CodedGeometry(sps.WidthInMbs * 16, sps.HeightInMbs * 16, sps.BitDepthLuma, chroma == 3 ? 0 : 1, chroma is 2 or 3 ? 0 : 1);
    }

    // True when the buffer could not be kept (and has been emptied, with output).
    private bool Activate(H264Sps sps)
    {
        H264Sps? old = _sps;
        _sps = sps;
        if (old != null && GeometryOf(old) == GeometryOf(sps) && DpbSize(old) == DpbSize(sps) && OutputDepth(old, DpbSize(old)) == OutputDepth(sps, DpbSize(sps))
            && old.Control.MaxNumRefFrames == sps.Control.MaxNumRefFrames && old.Control.PicOrderCntType == sps.Control.PicOrderCntType
            && old.MaxFrameNum == sps.MaxFrameNum && old.MaxPicOrderCntLsb == sps.MaxPicOrderCntLsb)
        {
            return false;
        }
        _dpb.Flush(output: true);
        _order.Reset();
        int size = DpbSize(sps);
        _dpb.Configure(size, OutputDepth(sps, size), sps.Control.MaxNumRefFrames);
        return true;
    }

    private static bool IsIntraOnly(H264Sps sps) =>
        sps.ProfileIdc == 44 || (sps.ProfileIdc is 86 or 100 or 110 or 122 or 244 && (sps.Control.ConstraintSetFlags & 8) != 0);

    // A.3.1 and E.2.1: max_dec_frame_buffering, where it is not sent 0 for intra profiles and else MaxDpbFrames.
    private static int DpbSize(H264Sps sps)
    {
        int size = sps.Vui.MaxDecFrameBuffering >= 0 ? sps.Vui.MaxDecFrameBuffering : IsIntraOnly(sps) ? 0 : sps.MaxDpbFrames;
        return Math.Clamp(size, Math.Max((int)sps.Control.MaxNumRefFrames, 1), 16);
    }

    // Frames that wait at most: picture order count type 2 means output in decoding order (8.2.1.3).
    private int OutputDepth(H264Sps sps, int size)
    {
        if (sps.Control.PicOrderCntType == 2)
            return 0;
        if (sps.Vui.NumReorderFrames >= 0)
            return Math.Min(sps.Vui.NumReorderFrames, size);
        // Baseline has no B slices; one that reorders all the same is noticed with its first late frame.
        return IsIntraOnly(sps) || (LowLatency && sps.ProfileIdc == 66) ? 0 : size;
    }

    // 8.2.5.2. Without gaps_in_frame_num_value_allowed_flag pictures were lost: the same frames are inferred, the nearest reference stands in for them.
    private void FillGap(H264Sps sps, int frameNum)
    {
        int max = sps.MaxFrameNum;
        int next = (_previousReferenceFrameNum + 1) & (max - 1);
        if (frameNum == _previousReferenceFrameNum || frameNum == next)
            return;
        bool lost = (sps.Control.Flags & H264SpsFlags.GapsInFrameNumAllowed) == 0;
        if (lost)
        {
            _damaged = true;
            Refuse($"frame_num {frameNum} after {_previousReferenceFrameNum}: frames were lost");
        }
        int missing = (frameNum - next) & (max - 1);
        // Earlier ones would slide out of the window at once.
        int kept = Math.Min(missing, Math.Max(1, (int)sps.Control.MaxNumRefFrames));
        int top = 0, bottom = 0;
        for (int i = missing - kept; i < missing; i++)
        {
            int number = (next + i) & (max - 1);
            _order.ComputeInferred(sps.Control, number, ref top, ref bottom);
            _dpb.AddInferred(number, max, top, bottom, lost);
        }
        _previousReferenceFrameNum = (frameNum - 1) & (max - 1);
    }

    private void EndPicture(ReadOnlySpan<byte> data)
    {
        if (!_active)
            return;
        _active = false;
        _boundary = false;
        int start = _rangeStart;
        _rangeStart = -1;
        if (_ignored)
            return;
        ReadOnlySpan<byte> bytes = start >= 0 ? data[start.._rangeEnd] : default;
        if (_carriedSize > 0)
        {
            Carry(bytes);
            bytes = new ReadOnlySpan<byte>(_carried, _carriedSize);
        }
        H264Frame<T> frame = _dpb.Current!;
        Submit(frame, bytes);
        _carriedSize = 0;
        bool reset = false;
        if (_first->NalRefIdc != 0)
        {
            reset = _dpb.Mark(*_first, _first->NalUnitType == 5, _secondField);
            if (reset)
                ResetOrder(frame);
            _previousReferenceFrameNum = reset ? 0 : _first->FrameNum;
        }
        _order.Commit(*_first, reset, frame.Top);
        if (!_first->FieldPic || _secondField)
            _dpb.Complete();
    }

    // After operation 5 the picture counts as one with frame_num 0 whose counts begin at 0 (7.4.3, 8.2.1), and all before it are output (C.4.4).
    private void ResetOrder(H264Frame<T> frame)
    {
        _dpb.Flush(output: true);
        int own = _first->FieldPic ? _first->BottomField ? frame.Bottom : frame.Top : Math.Min(frame.Top, frame.Bottom);
        frame.Top = unchecked(frame.Top - own);
        frame.Bottom = unchecked(frame.Bottom - own);
        frame.FrameNum = 0;
        _cleanFrom = int.MinValue;
        FillOrder(frame.Info, frame);
    }

    private void Submit(H264Frame<T> frame, ReadOnlySpan<byte> bytes)
    {
        H264PictureInfo info = frame.Info;
        int count = FillControls(frame);
        bool predicted = (info.SliceTypes & ~(1 << (int)H264SliceType.I | 1 << (int)H264SliceType.SI)) != 0;
        if (predicted && !_dpb.HasReferences)
            _damaged = true;
        info.Corrupted |= predicted && (_damaged || frame.OrderCount < _cleanFrom);
        if (frame.Picture is { } picture)
        {
            H264Request<T> request = new()
            {
                Picture = picture,
                Info = info,
                Controls = _controls,
                Bitstream = bytes,
                References = _references.AsSpan(0, count),
            };
            if (!_client.Submit(request))
            {
                info.Corrupted = true;
                _damaged = true;
            }
        }
        Array.Clear(_references, 0, count);
    }

    private int FillControls(H264Frame<T> frame)
    {
        H264SliceHeader* h = _first;
        H264RequestControls* c = _controls;
        c->Sps = _sps!.Control;
        c->Pps = _used[0].Parameters.Pps;
        c->ScalingMatrix = _used[0].Parameters.ScalingMatrix;
        if (_parameterCapacity < _usedCount)
        {
            _parameterCapacity = Math.Max(4, _usedCount * 2);
            c->PictureParameters = (DaedalusCtrlH264PictureParameters*)NativeMemory.Realloc(c->PictureParameters,
                (nuint)(_parameterCapacity * sizeof(DaedalusCtrlH264PictureParameters)));
        }
        for (int i = 0; i < _usedCount; i++)
            c->PictureParameters[i] = _used[i].Parameters;
        c->PictureParameterCount = _usedCount;

        V4L2CtrlH264DecodeParams* p = &c->DecodeParams;
        int references = _dpb.FillReferences(p, _secondField, _references);
        p->NalRefIdc = h->NalRefIdc;
        p->FrameNum = (ushort)h->FrameNum;
        p->TopFieldOrderCnt = frame.Info.TopFieldOrderCnt;
        p->BottomFieldOrderCnt = frame.Info.BottomFieldOrderCnt;
        p->IdrPicId = (ushort)h->IdrPicId;
        p->PicOrderCntLsb = (ushort)h->PicOrderCntLsb;
        p->DeltaPicOrderCntBottom = h->DeltaPicOrderCntBottom;
        p->DeltaPicOrderCnt0 = h->DeltaPicOrderCnt0;
        p->DeltaPicOrderCnt1 = h->DeltaPicOrderCnt1;
        p->DecRefPicMarkingBitSize = h->MarkingBitSize;
        p->PicOrderCntBitSize = h->PicOrderCntBitSize;
        p->SliceGroupChangeCycle = h->SliceGroupChangeCycle;
        p->Reserved = 0;
        int types = frame.Info.SliceTypes;
        bool b = (types & 1 << (int)H264SliceType.B) != 0;
        bool predicted = (types & (1 << (int)H264SliceType.P | 1 << (int)H264SliceType.SP)) != 0;
        p->Flags = (h->NalUnitType == 5 ? H264DecodeParamFlags.IdrPic : 0) | (h->FieldPic ? H264DecodeParamFlags.FieldPic : 0)
            | (h->BottomField ? H264DecodeParamFlags.BottomField : 0) | (b ? H264DecodeParamFlags.BFrame : predicted ? H264DecodeParamFlags.PFrame : 0);
        return references;
    }
}
