// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Block mode info of inter frames (5.11.18 to 5.11.32) and intra block copy.</summary>
public sealed unsafe partial class Av1TileDecoder
{
    private int _above0, _above1, _left0, _left1, _refMvIdx;
    private bool _aboveIntra, _leftIntra, _aboveSingle, _leftSingle;

    private void InterFrameModeInfo(Av1Block* b)
    {
        var s = _s;
        _left0 = HasLeft ? _leftBlock->RefFrame[0] : 0;
        _above0 = HasAbove ? _aboveBlock->RefFrame[0] : 0;
        _left1 = HasLeft ? _leftBlock->RefFrame[1] : -1;
        _above1 = HasAbove ? _aboveBlock->RefFrame[1] : -1;
        _leftIntra = _left0 <= 0;
        _aboveIntra = _above0 <= 0;
        _leftSingle = _left1 <= 0;
        _aboveSingle = _above1 <= 0;
        InterSegmentId(b, true);
        bool skipMode = ReadSkipMode(b);
        if (skipMode)
        {
            b->Flags |= Av1BlockFlags.SkipMode;
            _skip = true;
        }
        else
        {
            ReadSkip(b);
        }
        if (!SegIdPreSkip)
            InterSegmentId(b, false);
        _lossless = (s->LosslessSegments >> b->SegmentId & 1) != 0;
        ReadCdef(b);
        ReadDeltaQIndex(b);
        ReadDeltaLf(b);
        _readDeltas = false;
        if (skipMode)
            _isInter = true;
        else if (SegFeature(b, V4L2Av1Segmentation.RefFrame))
            _isInter = s->Frame.Segmentation.FeatureData[b->SegmentId * 8 + V4L2Av1Segmentation.RefFrame] != 0;
        else if (SegFeature(b, V4L2Av1Segmentation.GlobalMv))
            _isInter = true;
        else
            _isInter = _d.ReadBool(_cdf->IsInter + IsInterContext() * 2);
        if (_isInter)
            InterBlockModeInfo(b, skipMode);
        else
            IntraBlockModeInfo(b);
    }

    private int IsInterContext()
    {
        if (HasAbove && HasLeft)
            return _leftIntra && _aboveIntra ? 3 : _leftIntra || _aboveIntra ? 1 : 0;
        return HasAbove || HasLeft ? 2 * ((HasAbove ? _aboveIntra : _leftIntra) ? 1 : 0) : 0;
    }

    private bool ReadSkipMode(Av1Block* b)
    {
        if (SegFeature(b, V4L2Av1Segmentation.Skip) || SegFeature(b, V4L2Av1Segmentation.RefFrame) || SegFeature(b, V4L2Av1Segmentation.GlobalMv)
            || (_s->Frame.Flags & Av1FrameFlags.SkipModePresent) == 0 || _bw4 < 2 || _bh4 < 2)
            return false;
        int ctx = (HasAbove && (_aboveBlock->Flags & Av1BlockFlags.SkipMode) != 0 ? 1 : 0) + (HasLeft && (_leftBlock->Flags & Av1BlockFlags.SkipMode) != 0 ? 1 : 0);
        return _d.ReadBool(_cdf->SkipMode + ctx * 2);
    }

    private int PredictedSegmentId(Av1Block* b)
    {
        var s = _s;
        if (s->PrevSegmentIds == null)
            return 0;
        int width = Math.Min(s->MiCols - b->MiCol, _bw4), height = Math.Min(s->MiRows - b->MiRow, _bh4), id = 7;
        byte* map = s->PrevSegmentIds + (nint)b->MiRow * s->MiCols + b->MiCol;
        for (int y = 0; y < height; y++, map += s->MiCols)
        {
            for (int x = 0; x < width; x++)
                id = Math.Min(id, (int)map[x]);
        }
        return id;
    }

    private void InterSegmentId(Av1Block* b, bool preSkip)
    {
        if (!_segmentation)
            return;
        var flags = _s->Frame.Segmentation.Flags;
        if ((flags & Av1SegmentationFlags.UpdateMap) == 0)
        {
            b->SegmentId = (byte)PredictedSegmentId(b);
            return;
        }
        if (preSkip && !SegIdPreSkip)
        {
            b->SegmentId = 0;
            return;
        }
        byte* above = _above + (nint)6 * _aboveStride + b->MiCol - _tile->MiColStart, left = _left + 6 * 64 + (b->MiRow & 31);
        bool predicted = false;
        if (!preSkip && _skip)
        {
            ReadSegmentId(b);
        }
        else if ((flags & Av1SegmentationFlags.TemporalUpdate) != 0)
        {
            predicted = _d.ReadBool(_cdf->SegmentIdPredicted + (left[0] + above[0]) * 2);
            if (predicted)
                b->SegmentId = (byte)PredictedSegmentId(b);
            else
                ReadSegmentId(b);
        }
        else
        {
            ReadSegmentId(b);
            return;
        }
        new Span<byte>(above, _bw4).Fill(predicted ? (byte)1 : (byte)0);
        new Span<byte>(left, _bh4).Fill(predicted ? (byte)1 : (byte)0);
    }

    // --- references ------------------------------------------------------------------------------------------------------------------------------

    private int Count(int reference)
    {
        int n = 0;
        if (HasAbove)
            n += (_above0 == reference ? 1 : 0) + (_above1 == reference ? 1 : 0);
        if (HasLeft)
            n += (_left0 == reference ? 1 : 0) + (_left1 == reference ? 1 : 0);
        return n;
    }

    private static int Compare(int a, int b) => a < b ? 0 : a == b ? 1 : 2;

    // Contexts, named by the first element that uses them (8.3.2).
    private int CtxCompRef() => Compare(Count(1) + Count(2), Count(3) + Count(4));
    private int CtxCompRefP1() => Compare(Count(1), Count(2));
    private int CtxCompRefP2() => Compare(Count(3), Count(4));
    private int CtxCompBwdRef() => Compare(Count(5) + Count(6), Count(7));
    private int CtxCompBwdRefP1() => Compare(Count(5), Count(6));
    private int CtxSingleRefP1() => Compare(Count(1) + Count(2) + Count(3) + Count(4), Count(5) + Count(6) + Count(7));
    private int CtxUniCompRefP1() => Compare(Count(2), Count(3) + Count(4));

    private static bool Backward(int reference) => reference >= 5;

    private int CompModeContext()
    {
        if (HasAbove && HasLeft)
        {
            if (_aboveSingle && _leftSingle)
                return (Backward(_above0) ? 1 : 0) ^ (Backward(_left0) ? 1 : 0);
            if (_aboveSingle)
                return 2 + (Backward(_above0) || _aboveIntra ? 1 : 0);
            return _leftSingle ? 2 + (Backward(_left0) || _leftIntra ? 1 : 0) : 4;
        }
        if (HasAbove)
            return _aboveSingle ? Backward(_above0) ? 1 : 0 : 3;
        if (HasLeft)
            return _leftSingle ? Backward(_left0) ? 1 : 0 : 3;
        return 1;
    }

    private int CompRefTypeContext()
    {
        bool aboveComp = HasAbove && !_aboveIntra && !_aboveSingle, leftComp = HasLeft && !_leftIntra && !_leftSingle;
        bool aboveUni = aboveComp && Backward(_above0) == Backward(_above1), leftUni = leftComp && Backward(_left0) == Backward(_left1);
        if (HasAbove && !_aboveIntra && HasLeft && !_leftIntra)
        {
            int same = Backward(_above0) == Backward(_left0) ? 1 : 0;
            if (!aboveComp && !leftComp)
                return 1 + 2 * same;
            if (!aboveComp)
                return leftUni ? 3 + same : 1;
            if (!leftComp)
                return aboveUni ? 3 + same : 1;
            if (!aboveUni && !leftUni)
                return 0;
            return !aboveUni || !leftUni ? 2 : 3 + ((_above0 == 5) == (_left0 == 5) ? 1 : 0);
        }
        if (HasAbove && HasLeft)
            return aboveComp ? 1 + (aboveUni ? 2 : 0) : leftComp ? 1 + (leftUni ? 2 : 0) : 2;
        return aboveComp ? aboveUni ? 4 : 0 : leftComp ? leftUni ? 4 : 0 : 2;
    }

    private bool SingleRef(int ctx, int n) => _d.ReadBool(_cdf->SingleRef + (ctx * 6 + n - 1) * 2);
    private bool CompRef(int ctx, int n) => _d.ReadBool(_cdf->CompRef + (ctx * 3 + n) * 2);
    private bool CompBwdRef(int ctx, int n) => _d.ReadBool(_cdf->CompBwdRef + (ctx * 2 + n) * 2);
    private bool UniCompRef(int ctx, int n) => _d.ReadBool(_cdf->UniCompRef + (ctx * 3 + n) * 2);

    private void ReadRefFrames(Av1Block* b, bool skipMode)
    {
        var s = _s;
        int first, second = -1;
        if (skipMode)
        {
            first = s->Frame.SkipModeFrame[0];
            second = s->Frame.SkipModeFrame[1];
        }
        else if (SegFeature(b, V4L2Av1Segmentation.RefFrame))
        {
            first = s->Frame.Segmentation.FeatureData[b->SegmentId * 8 + V4L2Av1Segmentation.RefFrame];
        }
        else if (SegFeature(b, V4L2Av1Segmentation.Skip) || SegFeature(b, V4L2Av1Segmentation.GlobalMv))
        {
            first = 1;
        }
        else if ((s->Frame.Flags & Av1FrameFlags.ReferenceSelect) != 0 && Math.Min(_bw4, _bh4) >= 2 && _d.ReadBool(_cdf->CompMode + CompModeContext() * 2))
        {
            if (!_d.ReadBool(_cdf->CompRefType + CompRefTypeContext() * 2))
            {
                // UNIDIR_COMP_REFERENCE
                if (UniCompRef(CtxSingleRefP1(), 0))
                {
                    first = 5;
                    second = 7;
                }
                else
                {
                    first = 1;
                    second = !UniCompRef(CtxUniCompRefP1(), 1) ? 2 : UniCompRef(CtxCompRefP2(), 2) ? 4 : 3;
                }
            }
            else
            {
                if (!CompRef(CtxCompRef(), 0))
                    first = CompRef(CtxCompRefP1(), 1) ? 2 : 1;
                else
                    first = CompRef(CtxCompRefP2(), 2) ? 4 : 3;
                second = CompBwdRef(CtxCompBwdRef(), 0) ? 7 : CompBwdRef(CtxCompBwdRefP1(), 1) ? 6 : 5;
            }
        }
        else if (SingleRef(CtxSingleRefP1(), 1))
        {
            first = SingleRef(CtxCompBwdRef(), 2) ? 7 : SingleRef(CtxCompBwdRefP1(), 6) ? 6 : 5;
        }
        else if (SingleRef(CtxCompRef(), 3))
        {
            first = SingleRef(CtxCompRefP2(), 5) ? 4 : 3;
        }
        else
        {
            first = SingleRef(CtxCompRefP1(), 4) ? 2 : 1;
        }
        b->RefFrame[0] = (sbyte)first;
        b->RefFrame[1] = (sbyte)second;
    }

    // --- modes and vectors -----------------------------------------------------------------------------------------------------------------------

    private void InterBlockModeInfo(Av1Block* b, bool skipMode)
    {
        var s = _s;
        ReadRefFrames(b, skipMode);
        bool compound = b->IsCompound;
        _predictor.FindMvStack(b, _stack);
        if (skipMode)
        {
            b->YMode = Av1Mode.NearestNearestMv;
        }
        else if (SegFeature(b, V4L2Av1Segmentation.Skip) || SegFeature(b, V4L2Av1Segmentation.GlobalMv))
        {
            b->YMode = Av1Mode.GlobalMv;
        }
        else if (compound)
        {
            int ctx = Av1EntropyTables.CompoundModeCtxMap[(_stack->RefMvContext >> 1) * 5 + Math.Min(_stack->NewMvContext, 4)];
            b->YMode = Av1Mode.NearestNearestMv + (byte)_d.ReadSymbol8(_cdf->CompoundMode + ctx * 8, 8);
        }
        else if (!_d.ReadBool(_cdf->NewMv + _stack->NewMvContext * 2))
        {
            b->YMode = Av1Mode.NewMv;
        }
        else if (!_d.ReadBool(_cdf->ZeroMv + _stack->ZeroMvContext * 2))
        {
            b->YMode = Av1Mode.GlobalMv;
        }
        else
        {
            b->YMode = _d.ReadBool(_cdf->RefMv + _stack->RefMvContext * 2) ? Av1Mode.NearMv : Av1Mode.NearestMv;
        }
        _refMvIdx = 0;
        if (b->YMode is Av1Mode.NewMv or Av1Mode.NewNewMv)
            ReadDrl(0);
        else if (b->YMode is Av1Mode.NearMv or Av1Mode.NearNearMv or Av1Mode.NearNewMv or Av1Mode.NewNearMv)
            ReadDrl(1);
        AssignMv(b, compound);
        bool interIntra = ReadInterIntra(b, skipMode, compound);
        ReadMotionMode(b, skipMode, compound);
        ReadCompoundType(b, skipMode, compound, interIntra);
        ReadInterpFilter(b, skipMode);
    }

    private void ReadDrl(int first)
    {
        _refMvIdx = first;
        for (int idx = first; idx < first + 2; idx++)
        {
            if (_stack->Count <= idx + 1)
                continue;
            if (!_d.ReadBool(_cdf->DrlMode + _stack->DrlContext[idx] * 2))
            {
                _refMvIdx = idx;
                return;
            }
            _refMvIdx = idx + 1;
        }
    }

    /// <summary>get_mode (5.11.30).</summary>
    private static Av1Mode ModeOf(Av1Mode mode, int list)
    {
        if (mode < Av1Mode.NearestNearestMv)
            return mode;
        return mode switch
        {
            Av1Mode.NearestNearestMv => Av1Mode.NearestMv,
            Av1Mode.NearNearMv => Av1Mode.NearMv,
            Av1Mode.NearestNewMv => list == 0 ? Av1Mode.NearestMv : Av1Mode.NewMv,
            Av1Mode.NewNearestMv => list == 0 ? Av1Mode.NewMv : Av1Mode.NearestMv,
            Av1Mode.NearNewMv => list == 0 ? Av1Mode.NearMv : Av1Mode.NewMv,
            Av1Mode.NewNearMv => list == 0 ? Av1Mode.NewMv : Av1Mode.NearMv,
            Av1Mode.GlobalGlobalMv => Av1Mode.GlobalMv,
            _ => Av1Mode.NewMv,
        };
    }

    private void AssignMv(Av1Block* b, bool compound)
    {
        for (int i = 0; i < (compound ? 2 : 1); i++)
        {
            var mode = ModeOf(b->YMode, i);
            if (mode == Av1Mode.GlobalMv)
            {
                b->Mv[i] = _stack->GlobalMv[i];
                continue;
            }
            int pos = mode == Av1Mode.NearestMv || mode == Av1Mode.NewMv && _stack->Count <= 1 ? 0 : _refMvIdx;
            int mv = _stack->Mv[pos * 2 + i];
            b->Mv[i] = mode == Av1Mode.NewMv ? ReadMv(mv, 0) : mv;
            CheckMv(b->Mv[i]);
        }
    }

    /// <summary>is_mv_valid's range (6.10.25).</summary>
    private void CheckMv(int mv)
    {
        if (Math.Abs((int)(short)mv) >= 1 << 14 || Math.Abs(mv >> 16) >= 1 << 14)
            _corrupt = true;
    }

    private int ReadMv(int prediction, int ctx)
    {
        int joint = _d.ReadSymbol4(_cdf->MvJoint + ctx * 4, 4), row = (short)prediction, col = prediction >> 16;
        // MV_JOINT_HNZVZ changes the column, HZVNZ the row.
        if (joint >= 2)
            row += ReadMvComponent(ctx * 2);
        if ((joint & 1) != 0)
            col += ReadMvComponent(ctx * 2 + 1);
        if (Math.Abs(row) >= 1 << 14 || Math.Abs(col) >= 1 << 14)
        {
            _corrupt = true;
            return 0;
        }
        return Av1MotionVector.Pack(row, col);
    }

    private int ReadMvComponent(int comp)
    {
        var flags = _s->Frame.Flags;
        bool integer = (flags & Av1FrameFlags.ForceIntegerMv) != 0 || _s->IsIntra, high = !integer && (flags & Av1FrameFlags.AllowHighPrecisionMv) != 0;
        bool sign = _d.ReadBool(_cdf->MvSign + comp * 2);
        int mvClass = _d.ReadSymbol16(_cdf->MvClass + comp * 16, 11), mag;
        if (mvClass == 0)
        {
            int bit = _d.ReadBool(_cdf->MvClass0Bit + comp * 2) ? 1 : 0;
            int fr = integer ? 3 : _d.ReadSymbol4(_cdf->MvClass0Fr + (comp * 2 + bit) * 4, 4);
            int hp = !high || _d.ReadBool(_cdf->MvClass0Hp + comp * 2) ? 1 : 0;
            mag = (bit << 3 | fr << 1 | hp) + 1;
        }
        else
        {
            int d = 0;
            for (int i = 0; i < mvClass; i++)
                d |= _d.ReadBool(_cdf->MvBit + (comp * 10 + i) * 2) ? 1 << i : 0;
            int fr = integer ? 3 : _d.ReadSymbol4(_cdf->MvFr + comp * 4, 4);
            int hp = !high || _d.ReadBool(_cdf->MvHp + comp * 2) ? 1 : 0;
            mag = (2 << mvClass + 2) + (d << 3 | fr << 1 | hp) + 1;
        }
        return sign ? -mag : mag;
    }

    private void IntraBlockCopy(Av1Block* b)
    {
        var s = _s;
        _isInter = true;
        b->Flags |= Av1BlockFlags.IntraBlockCopy;
        b->YMode = b->UvMode = Av1Mode.Dc;
        b->InterpFilter[0] = b->InterpFilter[1] = (byte)Av1InterpolationFilter.Bilinear;
        _predictor.FindMvStack(b, _stack);
        int prediction = _stack->Mv[0];
        if (prediction == 0)
            prediction = _stack->Mv[2];
        if (prediction == 0)
        {
            prediction = b->MiRow - _sbSize4 < _tile->MiRowStart ? Av1MotionVector.Pack(0, -(_sbSize4 * 4 + 256) * 8) : Av1MotionVector.Pack(-(_sbSize4 * 4 * 8), 0);
        }
        int mv = ReadMv(prediction, 1);
        b->Mv[0] = mv;
        if (!IsCopyValid(b, (short)mv, mv >> 16))
            _corrupt = true;
    }

    /// <summary>is_mv_valid for intra block copy (6.10.25): the source lies in the tile and has been decoded long enough.</summary>
    private bool IsCopyValid(Av1Block* b, int mvRow, int mvCol)
    {
        if (((mvRow | mvCol) & 7) != 0)
            return false;
        int top = b->MiRow * 4 + (mvRow >> 3), left = b->MiCol * 4 + (mvCol >> 3), bottom = top + _bh4 * 4, right = left + _bw4 * 4;
        if (b->HasChroma)
        {
            if (_bw4 < 2 && _subX != 0)
                left -= 4;
            if (_bh4 < 2 && _subY != 0)
                top -= 4;
        }
        if (top < _tile->MiRowStart * 4 || left < _tile->MiColStart * 4 || bottom > _tile->MiRowEnd * 4 || right > _tile->MiColEnd * 4)
            return false;
        int sbHeight = _sbSize4 * 4, activeRow = b->MiRow * 4 / sbHeight, activeCol = b->MiCol * 4 >> 6, sourceRow = (bottom - 1) / sbHeight, sourceCol = right - 1 >> 6;
        int perRow = (_tile->MiColEnd - _tile->MiColStart - 1 >> 4) + 1;
        if (sourceRow * perRow + sourceCol >= activeRow * perRow + activeCol - 4)
            return false;
        int gradient = 1 + 4 + (_s->SbSizeLog2 == 5 ? 1 : 0);
        return sourceRow <= activeRow && sourceCol < activeCol - 4 + gradient * (activeRow - sourceRow);
    }

    private bool ReadInterIntra(Av1Block* b, bool skipMode, bool compound)
    {
        if (skipMode || compound || (_s->Sequence.Flags & Av1SequenceFlags.EnableInterintraCompound) == 0 || b->Size < Av1BlockSize.Block8x8 || b->Size > Av1BlockSize.Block32x32)
            return false;
        int ctx = Av1Tables.SizeGroup[(int)b->Size] - 1;
        if (!_d.ReadBool(_cdf->InterIntra + ctx * 2))
            return false;
        b->InterIntraMode = (byte)_d.ReadSymbol4(_cdf->InterIntraMode + ctx * 4, 4);
        b->RefFrame[1] = 0;
        b->Flags |= Av1BlockFlags.InterIntra;
        if (_d.ReadBool(_cdf->WedgeInterIntra + (int)b->Size * 2))
        {
            b->Flags |= Av1BlockFlags.WedgeInterIntra;
            b->WedgeIndex = (byte)_d.ReadSymbol16(_cdf->WedgeIndex + (int)b->Size * 16, 16);
        }
        return true;
    }

    private void ReadMotionMode(Av1Block* b, bool skipMode, bool compound)
    {
        var s = _s;
        var flags = s->Frame.Flags;
        bool integer = (flags & Av1FrameFlags.ForceIntegerMv) != 0;
        if (skipMode || (flags & Av1FrameFlags.IsMotionModeSwitchable) == 0 || Math.Min(_bw4, _bh4) < 2)
            return;
        if (!integer && b->YMode is Av1Mode.GlobalMv or Av1Mode.GlobalGlobalMv && !integer && s->References[b->RefFrame[0]].GlobalType > Av1WarpModel.Translation)
            return;
        if (compound || b->RefFrame[1] == 0 || !_predictor.HasOverlappableCandidates(b))
            return;
        _predictor.FindWarpSamples(b, _samples);
        if (integer || _samples->Count == 0 || (flags & Av1FrameFlags.AllowWarpedMotion) == 0 || s->References[b->RefFrame[0]].IsScaled)
            b->MotionMode = _d.ReadBool(_cdf->UseObmc + (int)b->Size * 2) ? Av1MotionMode.Obmc : Av1MotionMode.Simple;
        else
            b->MotionMode = (Av1MotionMode)_d.ReadSymbol4(_cdf->MotionMode + (int)b->Size * 4, 3);
        if (b->MotionMode == Av1MotionMode.LocalWarp && Av1Warp.Estimate(s, b, _samples, b->LocalWarp))
            b->Flags |= Av1BlockFlags.LocalWarpValid;
    }

    private int GroupContext(Av1BlockFlags flag, int single)
    {
        int ctx = 0;
        if (HasAbove)
            ctx += !_aboveSingle ? (_aboveBlock->Flags & flag) != 0 ? 1 : 0 : _above0 == 7 ? single : 0;
        if (HasLeft)
            ctx += !_leftSingle ? (_leftBlock->Flags & flag) != 0 ? 1 : 0 : _left0 == 7 ? single : 0;
        return ctx;
    }

    private void ReadCompoundType(Av1Block* b, bool skipMode, bool compound, bool interIntra)
    {
        var s = _s;
        var sequence = s->Sequence.Flags;
        bool group = false, index = true;
        if (!skipMode && compound)
        {
            if ((sequence & Av1SequenceFlags.EnableMaskedCompound) != 0)
                group = _d.ReadBool(_cdf->CompGroupIdx + Math.Min(5, GroupContext(Av1BlockFlags.CompGroupIdx, 3)) * 2);
            if (group)
            {
                b->CompoundType = Av1Tables.WedgeBits[(int)b->Size] == 0 || _d.ReadBool(_cdf->CompoundType + (int)b->Size * 2)
                    ? Av1CompoundType.DifferenceWeighted : Av1CompoundType.Wedge;
            }
            else if ((sequence & Av1SequenceFlags.EnableJntComp) != 0)
            {
                int hint = (int)s->Frame.OrderHint;
                int forward = Math.Abs(s->RelativeDistance(s->References[b->RefFrame[0]].OrderHint, hint));
                int backward = Math.Abs(s->RelativeDistance(s->References[b->RefFrame[1]].OrderHint, hint));
                int ctx = (forward == backward ? 3 : 0) + GroupContext(Av1BlockFlags.CompoundIdx, 1);
                index = _d.ReadBool(_cdf->CompoundIdx + ctx * 2);
                b->CompoundType = index ? Av1CompoundType.Average : Av1CompoundType.Distance;
            }
            if (b->CompoundType == Av1CompoundType.Wedge)
            {
                b->WedgeIndex = (byte)_d.ReadSymbol16(_cdf->WedgeIndex + (int)b->Size * 16, 16);
                b->WedgeSign = (byte)_d.ReadBit();
            }
            else if (b->CompoundType == Av1CompoundType.DifferenceWeighted)
            {
                b->MaskType = (byte)_d.ReadBit();
            }
        }
        else if (interIntra)
        {
            b->CompoundType = (b->Flags & Av1BlockFlags.WedgeInterIntra) != 0 ? Av1CompoundType.Wedge : Av1CompoundType.Intra;
        }
        if (group)
            b->Flags |= Av1BlockFlags.CompGroupIdx;
        if (index)
            b->Flags |= Av1BlockFlags.CompoundIdx;
    }

    private bool NeedsInterpFilter(Av1Block* b, bool skipMode)
    {
        if (skipMode || b->MotionMode == Av1MotionMode.LocalWarp)
            return false;
        if (Math.Min(_bw4, _bh4) < 2)
            return true;
        if (b->YMode == Av1Mode.GlobalMv)
            return _s->References[b->RefFrame[0]].GlobalType == Av1WarpModel.Translation;
        if (b->YMode == Av1Mode.GlobalGlobalMv)
            return _s->References[b->RefFrame[0]].GlobalType == Av1WarpModel.Translation || _s->References[b->RefFrame[1]].GlobalType == Av1WarpModel.Translation;
        return true;
    }

    private void ReadInterpFilter(Av1Block* b, bool skipMode)
    {
        var filter = _s->Frame.InterpolationFilter;
        if (filter != Av1InterpolationFilter.Switchable)
        {
            b->InterpFilter[0] = b->InterpFilter[1] = (byte)filter;
            return;
        }
        bool dual = (_s->Sequence.Flags & Av1SequenceFlags.EnableDualFilter) != 0;
        if (NeedsInterpFilter(b, skipMode))
        {
            for (int dir = 0; dir < (dual ? 2 : 1); dir++)
                b->InterpFilter[dir] = (byte)_d.ReadSymbol4(_cdf->InterpFilter + InterpFilterContext(b, dir) * 4, 3);
        }
        if (!dual)
            b->InterpFilter[1] = b->InterpFilter[0];
    }

    private int InterpFilterContext(Av1Block* b, int dir)
    {
        int ctx = ((dir & 1) * 2 + (b->RefFrame[1] > 0 ? 1 : 0)) * 4, left = 3, above = 3, reference = b->RefFrame[0];
        if (HasLeft && (_left0 == reference || _left1 == reference))
            left = _leftBlock->InterpFilter[dir];
        if (HasAbove && (_above0 == reference || _above1 == reference))
            above = _aboveBlock->InterpFilter[dir];
        return ctx + (left == above ? left : left == 3 ? above : above == 3 ? left : 3);
    }
}
