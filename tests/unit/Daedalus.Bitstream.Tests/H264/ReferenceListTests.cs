// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Lists worked out by hand from spec 8.2.4. Entries are written as index and parity: 3, 3T, 3B; "-" has no picture.</summary>
public unsafe class ReferenceListTests
{
    private V4L2CtrlH264DecodeParams _p;
    private V4L2CtrlH264Sps _sps = new() { PicOrderCntType = 0 };
    private H264SliceHeader _h;
    private int _entries;

    private void Short(int frameNum, H264Fields fields = H264Fields.Frame, int top = 0, int bottom = 0, ulong timestamp = 1) => _p.Dpb[_entries++] = new V4L2H264DpbEntry
    {
        FrameNum = (ushort)frameNum,
        Fields = fields,
        TopFieldOrderCnt = top,
        BottomFieldOrderCnt = bottom,
        ReferenceTs = timestamp,
        Flags = H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active,
    };

    private void Long(int index, H264Fields fields = H264Fields.Frame) => _p.Dpb[_entries++] = new V4L2H264DpbEntry
    {
        PicNum = (uint)index,
        Fields = fields,
        Flags = H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active | H264DpbEntryFlags.LongTerm,
    };

    private void Slice(H264SliceType type, int frameNum, int count0, int count1 = 0, H264Fields structure = H264Fields.Frame)
    {
        _h.SliceType = type;
        _h.FrameNum = frameNum;
        _h.NumRefIdxActive0 = (byte)count0;
        _h.NumRefIdxActive1 = (byte)count1;
        _h.FieldPic = structure != H264Fields.Frame;
        _h.BottomField = structure == H264Fields.Bottom;
    }

    private void Modify(params (int Idc, uint Value)[] commands)
    {
        foreach ((int idc, uint value) in commands)
        {
            _h.ModificationIdc0[_h.ModificationCount0] = (byte)idc;
            _h.ModificationValue0[_h.ModificationCount0++] = value;
        }
    }

    private (string, string) Lists()
    {
        V4L2H264Reference* lists = stackalloc V4L2H264Reference[64];
        H264ReferenceLists.Build(_p, _sps, _h, lists, lists + 32);
        for (int i = _h.NumRefIdxActive0; i < 32; i++)
            Assert.Equal((0xff, H264Fields.None), (lists[i].Index, lists[i].Fields));
        for (int i = _h.NumRefIdxActive1; i < 32; i++)
            Assert.Equal((0xff, H264Fields.None), (lists[32 + i].Index, lists[32 + i].Fields));
        return (Text(lists, _h.NumRefIdxActive0), Text(lists + 32, _h.NumRefIdxActive1));
    }

    private static string Text(V4L2H264Reference* list, int count)
    {
        var parts = new List<string>();
        for (int i = 0; i < count; i++)
            parts.Add(list[i].Index == 0xff ? "-" : list[i].Index + list[i].Fields switch { H264Fields.Top => "T", H264Fields.Bottom => "B", H264Fields.Frame => "", _ => "?" });
        return string.Join(' ', parts);
    }

    [Fact]
    public void FramesByPicNumThenLongTermPicNum()
    {
        // MaxFrameNum 16, current 5: FrameNumWrap -2, 3, -1, 4; a single field of a frame is no reference of a frame.
        Short(14);
        Short(3);
        Long(2);
        Short(15);
        Long(0);
        Short(4);
        Short(2, H264Fields.Top);
        Slice(H264SliceType.P, 5, 8);
        Assert.Equal("5 1 3 0 4 2 - -", Lists().Item1);
        Slice(H264SliceType.SP, 5, 3);
        Assert.Equal("5 1 3", Lists().Item1);
        Slice(H264SliceType.I, 5, 0);
        Assert.Equal(("", ""), Lists());
    }

    [Fact]
    public void EntriesThatAreNotActiveDoNotCount()
    {
        Short(1);
        Short(2);
        _p.Dpb[1].Flags = H264DpbEntryFlags.Valid;
        Slice(H264SliceType.P, 3, 2);
        Assert.Equal("0 -", Lists().Item1);
    }

    [Fact]
    public void BidirectionalFramesByPictureOrder()
    {
        Short(1, top: 4, bottom: 5);
        Short(2, top: 8, bottom: 9);
        Short(3, top: 13, bottom: 12);
        Short(4, top: 16, bottom: 17);
        Long(0);
        _p.TopFieldOrderCnt = 11;
        _p.BottomFieldOrderCnt = 10;
        Slice(H264SliceType.B, 5, 5, 5);
        Assert.Equal(("1 0 2 3 4", "2 3 1 0 4"), Lists());
    }

    [Fact]
    public void EqualListsSwapTheFirstTwoOfListOne()
    {
        Short(1, top: 4, bottom: 4);
        Short(2, top: 8, bottom: 8);
        Long(3);
        _p.TopFieldOrderCnt = _p.BottomFieldOrderCnt = 20;
        Slice(H264SliceType.B, 3, 3, 3);
        Assert.Equal(("1 0 2", "0 1 2"), Lists());
        // The comparison is of the whole lists, not of the used part.
        Slice(H264SliceType.B, 3, 1, 1);
        Assert.Equal(("1", "0"), Lists());
        _entries = 1;
        _p.Dpb[1] = _p.Dpb[2] = default;
        Assert.Equal(("0", "0"), Lists());
    }

    [Fact]
    public void NonExistingFramesAreOnlyLeftOutOfB()
    {
        Short(1, top: 4, bottom: 4);
        Short(2, timestamp: H264ReferenceLists.NonExistingTimestamp);
        _p.TopFieldOrderCnt = _p.BottomFieldOrderCnt = 20;
        Slice(H264SliceType.B, 3, 2, 2);
        Assert.Equal(("0 -", "0 -"), Lists());
        Slice(H264SliceType.P, 3, 2);
        Assert.Equal("1 0", Lists().Item1);
        _sps.PicOrderCntType = 1;
        Slice(H264SliceType.B, 3, 2, 2);
        Assert.Equal(("0 1", "1 0"), Lists());
    }

    [Fact]
    public void FieldsTakeTurns()
    {
        // Bottom field of frame 4, whose top field is entry 3. Frames in order: 4 (top), 3, 2 (top), 1.
        Short(1);
        Short(2, H264Fields.Top);
        Short(3);
        Short(4, H264Fields.Top);
        Long(1, H264Fields.Bottom);
        Long(0);
        Slice(H264SliceType.P, 4, 10, structure: H264Fields.Bottom);
        Assert.Equal("2B 3T 0B 2T 1T 0T 5B 5T 4B -", Lists().Item1);
        // The first field of frame 5: top ones first.
        Slice(H264SliceType.P, 5, 6, structure: H264Fields.Top);
        Assert.Equal("3T 2B 2T 0B 1T 0T", Lists().Item1);
    }

    [Fact]
    public void BidirectionalFields()
    {
        // Bottom field (21) of a frame whose top field (20) is entry 2; its count takes part as that of its frame.
        Short(1, top: 10, bottom: 11);
        Short(2, top: 30, bottom: 31);
        Short(3, H264Fields.Top, top: 20, bottom: int.MaxValue);
        _p.TopFieldOrderCnt = 20;
        _p.BottomFieldOrderCnt = 21;
        Slice(H264SliceType.B, 3, 5, 5, H264Fields.Bottom);
        // List 0: frames 20, 10, 30 -> B: 10, T: 20, B: 30, T: 10, T: 30.
        Assert.Equal(("0B 2T 1B 0T 1T", "1B 1T 0B 2T 0T"), Lists());
    }

    [Fact]
    public void ModificationMovesToTheFront()
    {
        Short(1);
        Short(2);
        Short(3);
        Short(4);
        Long(0);
        // Frame 2 (5 - 3), frame 4 (2 + 2), long-term 0.
        Slice(H264SliceType.P, 5, 5);
        Modify((0, 2), (1, 1), (2, 0));
        Assert.Equal("1 3 4 2 0", Lists().Item1);
    }

    [Fact]
    public void ModificationWrapsAroundMaxPicNum()
    {
        // MaxFrameNum 16, current 1: frames 15 (-1) and 14 (-2).
        Short(15);
        Short(14);
        Short(0);
        Slice(H264SliceType.P, 1, 3);
        // 1 - 3 = -2 -> 14; 14 + 2 = 16 -> 0.
        Modify((0, 2), (1, 1));
        Assert.Equal("1 2 0", Lists().Item1);
    }

    [Fact]
    public void TheSamePictureTwiceAndOneThatIsNotThere()
    {
        Short(1);
        Slice(H264SliceType.P, 2, 3);
        Modify((0, 0), (1, 15), (0, 3));
        // 2 - 1 = 1; 1 + 16 = 17 -> 1; 1 - 4 = -3 -> 13: -3 of the numbers here, which no frame has.
        Assert.Equal("0 0 -", Lists().Item1);
    }

    [Fact]
    public void ModificationOfFields()
    {
        // Current top field of frame 3: CurrPicNum 7; same parity 2 * FrameNumWrap + 1.
        Short(1);
        Short(2);
        Long(1);
        Slice(H264SliceType.P, 3, 6, structure: H264Fields.Top);
        // 7 - 3 = 4: bottom of frame 2; 4 - 1 = 3: top of frame 1; LongTermPicNum 2: bottom of index 1.
        Modify((0, 2), (0, 0), (2, 2));
        Assert.Equal("1B 0T 2B 1T 0B 2T", Lists().Item1);
    }

    [Fact]
    public void AFrameWithAShortAndALongTermFieldIsTwoEntries()
    {
        Short(1, H264Fields.Top);
        Long(0, H264Fields.Bottom);
        Slice(H264SliceType.P, 2, 2, structure: H264Fields.Top);
        Assert.Equal("0T 1B", Lists().Item1);
        Slice(H264SliceType.P, 2, 2);
        Assert.Equal("- -", Lists().Item1);
    }

    [Fact]
    public void SixteenFramesGiveThirtyTwoFields()
    {
        for (int i = 0; i < 16; i++)
            Short(i);
        _sps.Log2MaxFrameNumMinus4 = 4;
        Slice(H264SliceType.P, 16, 32, structure: H264Fields.Bottom);
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 16).Select(i => $"{15 - i}B {15 - i}T")), Lists().Item1);
    }
}
