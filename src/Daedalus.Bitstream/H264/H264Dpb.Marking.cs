// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>Reference marking (spec 8.2.5) and the DPB of the decode parameters.</summary>
internal sealed unsafe partial class H264Dpb<T> where T : class
{
    /// <summary>Whether any picture can be referenced.</summary>
    public bool HasReferences
    {
        get
        {
            for (int i = 0; i < _count; i++)
            {
                if (_frames[i].Reference != H264Fields.None)
                    return true;
            }
            return Current is { Reference: not H264Fields.None };
        }
    }

    /// <summary>FrameNumWrap of all short-term references (8-27).</summary>
    public void UpdateFrameNumWrap(int frameNum, int maxFrameNum)
    {
        for (int i = 0; i < _count; i++)
        {
            H264Frame<T> f = _frames[i];
            f.FrameNumWrap = f.FrameNum > frameNum ? f.FrameNum - maxFrameNum : f.FrameNum;
        }
        if (Current is { } current)
            current.FrameNumWrap = current.FrameNum;
    }

    /// <summary>Fills the DPB of a request, and the pictures it names, each once.</summary>
    /// <returns>Number of pictures.</returns>
    public int FillReferences(V4L2CtrlH264DecodeParams* p, bool secondField, T[] pictures)
    {
        int entries = 0, used = 0;
        for (int i = 0; i < _count; i++)
        {
            H264Frame<T> f = _frames[i];
            if (f.Reference == H264Fields.None)
                continue;
            AddEntry(p, ref entries, f);
            if (f.Picture != null && used < pictures.Length && Array.IndexOf(pictures, f.Picture, 0, used) < 0)
                pictures[used++] = f.Picture;
        }
        if (secondField && Current is { Reference: not H264Fields.None } current)
            AddEntry(p, ref entries, current);
        for (; entries < 16; entries++)
            p->Dpb[entries] = default;
        return used;
    }

    private void AddEntry(V4L2CtrlH264DecodeParams* p, ref int entries, H264Frame<T> f)
    {
        ulong timestamp = f.Timestamp;
        // A frame the client had no memory for.
        if (f.Picture == null && !f.NonExisting)
            timestamp = Nearest()?.Timestamp ?? H264ReferenceLists.NonExistingTimestamp;
        // One field can be short-term while the other is long-term already: two entries of one picture then.
        if (f.ShortTerm != H264Fields.None)
            AddEntry(p, ref entries, f, f.ShortTerm, false, timestamp);
        if (f.LongTerm != H264Fields.None)
            AddEntry(p, ref entries, f, f.LongTerm, true, timestamp);
    }

    private void AddEntry(V4L2CtrlH264DecodeParams* p, ref int entries, H264Frame<T> f, H264Fields fields, bool longTerm, ulong timestamp)
    {
        if (entries >= 16)
            return;
        ref V4L2H264DpbEntry e = ref p->Dpb[entries++];
        e = default;
        e.ReferenceTs = timestamp;
        e.PicNum = longTerm ? (uint)f.LongTermFrameIdx : (uint)f.FrameNumWrap;
        // As the uAPI has it: drivers sort long-term entries by frame_num.
        e.FrameNum = (ushort)(longTerm ? f.LongTermFrameIdx : f.FrameNum);
        e.Fields = fields;
        // A field that is not decoded has no count; of the current frame that is the second field.
        H264Fields decoded = f == Current ? f.Reference : f.Fields;
        e.TopFieldOrderCnt = (decoded & H264Fields.Top) != 0 ? f.Top : int.MaxValue;
        e.BottomFieldOrderCnt = (decoded & H264Fields.Bottom) != 0 ? f.Bottom : int.MaxValue;
        e.Flags = H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active | (longTerm ? H264DpbEntryFlags.LongTerm : 0)
            | (f.Info.CodedAsFields && !f.NonExisting ? H264DpbEntryFlags.Field : 0);
    }

    /// <summary>Marks after a reference picture of <see cref="Current"/> has been decoded (8.2.5.1). An IDR picture has emptied the buffer before.</summary>
    /// <param name="h">A slice header of it.</param>
    /// <param name="isIdr">IdrPicFlag.</param>
    /// <param name="secondField">It is the second field of its frame.</param>
    /// <returns>True when it had memory_management_control_operation 5.</returns>
    public bool Mark(in H264SliceHeader h, bool isIdr, bool secondField)
    {
        H264Frame<T> current = Current!;
        H264Fields own = !h.FieldPic ? H264Fields.Frame : h.BottomField ? H264Fields.Bottom : H264Fields.Top;
        bool mmco5 = false;
        current.WasReference = true;
        if (isIdr)
        {
            _maxLongTermFrameIdx = -1;
            if (h.LongTermReference)
            {
                _maxLongTermFrameIdx = 0;
                current.LongTermFrameIdx = 0;
                current.LongTerm |= own;
                return false;
            }
        }
        else if (h.AdaptiveRefPicMarking)
        {
            for (int i = 0; i < h.MarkingCount; i++)
                mmco5 |= Apply(h, i, current, own);
        }
        else if (!secondField || current.ShortTerm == H264Fields.None)
        {
            SlideWindow();
        }
        if ((current.LongTerm & own) == H264Fields.None)
            current.ShortTerm |= own;
        KeepLimit(current);
        return mmco5;
    }

    // 8.2.5.4. True for operation 5.
    private bool Apply(in H264SliceHeader h, int command, H264Frame<T> current, H264Fields own)
    {
        uint value = h.MarkingValue[command];
        switch (h.MarkingOperation[command])
        {
            case 1:
                if (FindShort(h, value, out H264Fields fields) is { } unused)
                    unused.ShortTerm &= ~fields;
                break;
            case 2:
                if (FindLong(h, value, out fields) is { } unusedLong)
                    unusedLong.LongTerm &= ~fields;
                break;
            case 3:
                if (FindShort(h, value, out fields) is { } kept)
                {
                    int index = (int)h.MarkingLongTermFrameIdx[command];
                    FreeLongTerm(index, kept);
                    kept.LongTermFrameIdx = index;
                    kept.ShortTerm &= ~fields;
                    kept.LongTerm |= fields;
                }
                break;
            case 4:
                _maxLongTermFrameIdx = (int)value - 1;
                for (int i = 0; i < _count; i++)
                    LimitLongTerm(_frames[i]);
                LimitLongTerm(current);
                break;
            case 5:
                for (int i = 0; i < _count; i++)
                    _frames[i].ShortTerm = _frames[i].LongTerm = H264Fields.None;
                current.ShortTerm = current.LongTerm = H264Fields.None;
                _maxLongTermFrameIdx = -1;
                return true;
            case 6:
                FreeLongTerm((int)value, current);
                current.LongTermFrameIdx = (int)value;
                current.LongTerm |= own;
                break;
        }
        return false;
    }

    private void LimitLongTerm(H264Frame<T> f)
    {
        if (f.LongTerm != H264Fields.None && f.LongTermFrameIdx > _maxLongTermFrameIdx)
            f.LongTerm = H264Fields.None;
    }

    // picNumX = CurrPicNum - (difference_of_pic_nums_minus1 + 1), 8.2.5.4.1.
    private H264Frame<T>? FindShort(in H264SliceHeader h, uint difference, out H264Fields fields)
    {
        fields = H264Fields.Frame;
        long number = (h.FieldPic ? 2L * h.FrameNum + 1 : h.FrameNum) - ((long)difference + 1);
        for (int i = 0; i <= _count; i++)
        {
            H264Frame<T>? f = i < _count ? _frames[i] : Current;
            if (f == null || f.ShortTerm == H264Fields.None)
                continue;
            if (!h.FieldPic)
            {
                if (f.FrameNumWrap == number && f.ShortTerm == H264Fields.Frame)
                    return f;
                continue;
            }
            if (MatchField(h, number, f.FrameNumWrap, f.ShortTerm, out fields))
                return f;
        }
        return null;
    }

    private H264Frame<T>? FindLong(in H264SliceHeader h, uint number, out H264Fields fields)
    {
        fields = H264Fields.Frame;
        for (int i = 0; i <= _count; i++)
        {
            H264Frame<T>? f = i < _count ? _frames[i] : Current;
            if (f == null || f.LongTerm == H264Fields.None)
                continue;
            if (!h.FieldPic)
            {
                if (f.LongTermFrameIdx == number && f.LongTerm == H264Fields.Frame)
                    return f;
                continue;
            }
            if (MatchField(h, number, f.LongTermFrameIdx, f.LongTerm, out fields))
                return f;
        }
        return null;
    }

    // (8-30) to (8-33): a field of the same parity has the odd number.
    private static bool MatchField(in H264SliceHeader h, long number, int frame, H264Fields marked, out H264Fields field)
    {
        H264Fields same = h.BottomField ? H264Fields.Bottom : H264Fields.Top;
        field = number == 2L * frame + 1 ? same : number == 2L * frame ? H264Fields.Frame & ~same : H264Fields.None;
        return (field & marked) != H264Fields.None;
    }

    // A LongTermFrameIdx belongs to one frame: whoever else has it loses it.
    private void FreeLongTerm(int index, H264Frame<T> keeper)
    {
        for (int i = 0; i <= _count; i++)
        {
            H264Frame<T>? f = i < _count ? _frames[i] : Current;
            if (f == null || f.LongTerm == H264Fields.None)
                continue;
            // The keeper's other field may have the index already; with another index that field cannot stay.
            if (f == keeper ? f.LongTermFrameIdx != index : f.LongTermFrameIdx == index)
                f.LongTerm = H264Fields.None;
        }
    }

    // 8.2.5.3
    private void SlideWindow()
    {
        while (true)
        {
            int references = 0, oldest = -1;
            for (int i = 0; i < _count; i++)
            {
                H264Frame<T> f = _frames[i];
                if (f.Reference == H264Fields.None)
                    continue;
                references++;
                if (f.ShortTerm != H264Fields.None && (oldest < 0 || f.FrameNumWrap < _frames[oldest].FrameNumWrap))
                    oldest = i;
            }
            if (references < _maxReferences || oldest < 0)
                return;
            _frames[oldest].ShortTerm = H264Fields.None;
        }
    }

    // Adaptive marking of a damaged stream may leave more references than there may be; the current one counts.
    private void KeepLimit(H264Frame<T> current)
    {
        while (true)
        {
            int references = 1, oldest = -1;
            for (int i = 0; i < _count; i++)
            {
                H264Frame<T> f = _frames[i];
                if (f.Reference == H264Fields.None || f == current)
                    continue;
                references++;
                if (oldest < 0 || (f.LongTerm == H264Fields.None, -f.FrameNumWrap).CompareTo((_frames[oldest].LongTerm == H264Fields.None, -_frames[oldest].FrameNumWrap)) > 0)
                    oldest = i;
            }
            if (references <= _maxReferences || oldest < 0)
                return;
            _frames[oldest].ShortTerm = _frames[oldest].LongTerm = H264Fields.None;
        }
    }
}
