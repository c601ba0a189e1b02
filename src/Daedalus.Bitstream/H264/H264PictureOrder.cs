// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>Picture order counts (spec 8.2.1): the state the three types carry from picture to picture. Values wrap at 32 bits instead of failing.</summary>
public struct H264PictureOrder
{
    // Of the previous reference picture (type 0).
    private int _previousMsb, _previousLsb;
    // Of the previous picture (types 1 and 2).
    private int _previousFrameNum, _previousOffset;
    // Of the picture computed last, until Commit.
    private int _msb, _offset;

    /// <summary>Forgets everything, as an IDR picture does.</summary>
    public void Reset() => this = default;

    /// <summary>Computes TopFieldOrderCnt and BottomFieldOrderCnt of a picture; of a field only its own one is set, the other keeps its value.</summary>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <param name="h">A slice header of the picture.</param>
    /// <param name="isIdr">IdrPicFlag.</param>
    /// <param name="top">TopFieldOrderCnt.</param>
    /// <param name="bottom">BottomFieldOrderCnt.</param>
    public void Compute(in V4L2CtrlH264Sps sps, in H264SliceHeader h, bool isIdr, ref int top, ref int bottom)
    {
        switch (sps.PicOrderCntType)
        {
            case 0:
                ComputeFromLsb(sps, h, isIdr, ref top, ref bottom);
                break;
            case 1:
                ComputeFromCycle(sps, h.FrameNum, h.NalRefIdc != 0, isIdr, h.FieldPic, h.BottomField, h.DeltaPicOrderCnt0, h.DeltaPicOrderCnt1, ref top, ref bottom);
                break;
            default:
                ComputeFromFrameNum(sps, h.FrameNum, h.NalRefIdc != 0, isIdr, h.FieldPic, h.BottomField, ref top, ref bottom);
                break;
        }
    }

    /// <summary>Takes the picture computed last as the previous one.</summary>
    /// <param name="h">Its slice header.</param>
    /// <param name="hadMmco5">It had memory_management_control_operation 5.</param>
    /// <param name="top">Its TopFieldOrderCnt after that operation (tempPicOrderCnt subtracted).</param>
    public void Commit(in H264SliceHeader h, bool hadMmco5, int top)
    {
        if (h.NalRefIdc != 0)
        {
            // 8.2.1.1: after operation 5 the top field's count stands for the least significant bits.
            _previousMsb = hadMmco5 ? 0 : _msb;
            _previousLsb = !hadMmco5 ? h.PicOrderCntLsb : h.BottomField ? 0 : top;
        }
        _previousFrameNum = hadMmco5 ? 0 : h.FrameNum;
        _previousOffset = hadMmco5 ? 0 : _offset;
    }

    /// <summary>
    /// Counts of a frame that was inferred for a gap in frame_num (8.2.5.2): as a reference frame whose deltas are 0. Type 0 has none
    /// (the frame takes no part in anything that compares counts): top and bottom keep their values. The frame becomes the previous one.
    /// </summary>
    public void ComputeInferred(in V4L2CtrlH264Sps sps, int frameNum, ref int top, ref int bottom)
    {
        if (sps.PicOrderCntType == 0)
        {
            _previousFrameNum = frameNum;
            return;
        }
        if (sps.PicOrderCntType == 1)
            ComputeFromCycle(sps, frameNum, true, false, false, false, 0, 0, ref top, ref bottom);
        else
            ComputeFromFrameNum(sps, frameNum, true, false, false, false, ref top, ref bottom);
        _previousFrameNum = frameNum;
        _previousOffset = _offset;
    }

    // 8.2.1.1
    private void ComputeFromLsb(in V4L2CtrlH264Sps sps, in H264SliceHeader h, bool isIdr, ref int top, ref int bottom)
    {
        if (isIdr)
            _previousMsb = _previousLsb = 0;
        int max = 1 << (sps.Log2MaxPicOrderCntLsbMinus4 + 4);
        int lsb = h.PicOrderCntLsb;
        if (lsb < _previousLsb && _previousLsb - lsb >= max / 2)
            _msb = unchecked(_previousMsb + max);
        else if (lsb > _previousLsb && lsb - _previousLsb > max / 2)
            _msb = unchecked(_previousMsb - max);
        else
            _msb = _previousMsb;
        int count = unchecked(_msb + lsb);
        if (!h.FieldPic)
        {
            top = count;
            bottom = unchecked(count + h.DeltaPicOrderCntBottom);
        }
        else if (h.BottomField)
        {
            bottom = count;
        }
        else
        {
            top = count;
        }
    }

    private int FrameNumOffset(in V4L2CtrlH264Sps sps, int frameNum, bool isIdr)
    {
        if (isIdr)
            return _offset = 0;
        return _offset = _previousFrameNum > frameNum ? unchecked(_previousOffset + (1 << (sps.Log2MaxFrameNumMinus4 + 4))) : _previousOffset;
    }

    // 8.2.1.2
    private unsafe void ComputeFromCycle(in V4L2CtrlH264Sps sps, int frameNum, bool isReference, bool isIdr, bool field, bool bottomField,
        int delta0, int delta1, ref int top, ref int bottom)
    {
        int offset = FrameNumOffset(sps, frameNum, isIdr);
        int cycle = sps.NumRefFramesInPicOrderCntCycle;
        long abs = cycle != 0 ? (long)offset + frameNum : 0;
        if (!isReference && abs > 0)
            abs--;
        long expected = 0;
        if (abs > 0)
        {
            long cycles = (abs - 1) / cycle;
            int inCycle = (int)((abs - 1) % cycle);
            long sum = 0;
            for (int i = 0; i < cycle; i++)
            {
                sum += sps.OffsetForRefFrame[i];
                if (i <= inCycle)
                    expected += sps.OffsetForRefFrame[i];
            }
            expected += unchecked(cycles * sum);
        }
        if (!isReference)
            expected += sps.OffsetForNonRefPic;
        if (!field)
        {
            top = unchecked((int)(expected + delta0));
            bottom = unchecked(top + sps.OffsetForTopToBottomField + delta1);
        }
        else if (bottomField)
        {
            bottom = unchecked((int)(expected + sps.OffsetForTopToBottomField + delta0));
        }
        else
        {
            top = unchecked((int)(expected + delta0));
        }
    }

    // 8.2.1.3
    private void ComputeFromFrameNum(in V4L2CtrlH264Sps sps, int frameNum, bool isReference, bool isIdr, bool field, bool bottomField, ref int top, ref int bottom)
    {
        int offset = FrameNumOffset(sps, frameNum, isIdr);
        int count = isIdr ? 0 : unchecked(2 * (offset + frameNum) - (isReference ? 0 : 1));
        if (!field || !bottomField)
            top = count;
        if (!field || bottomField)
            bottom = count;
    }
}
