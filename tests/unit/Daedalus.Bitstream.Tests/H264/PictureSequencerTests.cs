// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Picture order, marking, pairing and output, seen through the dummy device. Expected values are worked out by hand from the clauses named.</summary>
public class PictureSequencerTests
{
    private sealed record Run(List<H264Output> Outputs, IReadOnlyList<DummyRequest> Requests, List<string> Failures, H264Sequencer Sequencer)
    {
        public int[] Orders => [.. Outputs.Select(o => Math.Min(o.TopFieldOrderCnt, o.BottomFieldOrderCnt))];
        public V4L2CtrlH264DecodeParams Decode(int n) => Control<V4L2CtrlH264DecodeParams>(n, V4L2CtrlH264DecodeParams.ControlId);
        public T Control<T>(int n, uint id) where T : struct => MemoryMarshal.Read<T>(Requests[n].Controls.Single(c => c.Id == id).Payload);
        public List<V4L2H264DpbEntry> Dpb(int n)
        {
            var entries = new List<V4L2H264DpbEntry>();
            V4L2CtrlH264DecodeParams p = Decode(n);
            for (int i = 0; i < 16; i++)
            {
                if ((p.Dpb[i].Flags & H264DpbEntryFlags.Valid) != 0)
                    entries.Add(p.Dpb[i]);
            }
            return entries;
        }
    }

    private static Run Decode(byte[] stream, DummyOptions? options = null, bool lowLatency = false, bool drain = true)
    {
        var device = new DummyDevice((options ?? new DummyOptions()) with { KeepBitstream = true });
        var failures = new List<string>();
        var sequencer = new H264Sequencer(device, new H264SequencerOptions(LowLatency: lowLatency, Failed: (_, m) => failures.Add(m)));
        sequencer.Decode(stream);
        if (drain)
            sequencer.Drain();
        var outputs = new List<H264Output>();
        while (sequencer.TryGetOutput(true, out H264Output output))
        {
            outputs.Add(output);
            sequencer.Release(output);
        }
        return new Run(outputs, device.LastSession!.Requests, failures, sequencer);
    }

    private static StreamBuilder Pyramid(StreamBuilder b) => b.Sets().Idr()
        .Slice('P', 1, 8).Slice('B', 2, 4).Slice('B', 3, 2, 0).Slice('B', 3, 6, 0)
        .Slice('P', 3, 16).Slice('B', 4, 12).Slice('B', 5, 10, 0).Slice('B', 5, 14, 0);

    [Theory]
    [InlineData(DummyOrder.Immediate)]
    [InlineData(DummyOrder.Late)]
    [InlineData(DummyOrder.Reverse)]
    public void FramesComeInPictureOrder(DummyOrder order)
    {
        Run run = Decode(Pyramid(new StreamBuilder()).ToArray(), new DummyOptions(order, 3));
        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14, 16], run.Orders);
        Assert.All(run.Outputs, o => Assert.False(o.Corrupted));
        Assert.Empty(run.Failures);
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(4, 6)]
    public void NumReorderFramesBoundsWaiting(int reorder, int expected)
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 1, NumReorder = reorder, MaxDecBuffering = 4 }.Sets().Idr();
        for (int i = 1; i < 10; i++)
            b.Slice('P', i, 2 * i);
        // Complete without Drain: as many wait as may be preceded by others, or as the buffer holds.
        Run run = Decode(b.ToArray(), drain: false);
        Assert.Equal([.. Enumerable.Range(0, expected).Select(i => 2 * i)], run.Orders);
    }

    [Fact]
    public void WrongNumReorderFramesIsNotBelievedTwice()
    {
        // The stream says that decoding order is output order, and is not telling the truth: one frame comes early, then the buffer is used.
        Run run = Decode(Pyramid(new StreamBuilder { NumReorder = 0, MaxDecBuffering = 4 }).ToArray());
        Assert.Equal([0, 8, 2, 4, 6, 10, 12, 14, 16], run.Orders);
    }

    [Fact]
    public void LowLatencyOutputsWhatCannotBePreceded()
    {
        StreamBuilder b = new StreamBuilder().Sets().Idr().Slice('P', 1, 2).Slice('P', 2, 6).Slice('B', 3, 4, 0);
        Assert.Equal([0, 2, 4, 6], Decode(b.ToArray(), lowLatency: true, drain: false).Orders);
        Assert.Empty(Decode(b.ToArray(), drain: false).Outputs);
    }

    [Fact]
    public void TypeTwoIsDecodingOrder()
    {
        StreamBuilder b = new StreamBuilder { PocType = 2 }.Sets().Idr();
        for (int i = 1; i < 20; i++)
            b.Slice('P', i);
        // frame_num wraps at 16 (8.2.1.3): counts go on.
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => 2 * i)], Decode(b.ToArray(), drain: false).Orders);
    }

    [Fact]
    public void TypeOneFollowsItsCycle()
    {
        // (8-6) to (8-10) with a cycle of 4 and 6: reference frames at 4, 10, 14, 20; the non-reference one between 10 and 14: abs 3 - 1 = 2 -> 10 - 3.
        StreamBuilder b = new StreamBuilder { PocType = 1, OffsetForRef = [4, 6], OffsetForNonRef = -3, OffsetTopToBottom = 1 }
            .Sets().Idr().Slice('P', 1).Slice('P', 2).Slice('B', 3, 0, 0).Slice('P', 3, 1).Slice('P', 4);
        Run run = Decode(b.ToArray());
        Assert.Equal([(0, 1), (4, 5), (10, 11), (7, 8), (15, 16), (20, 21)],
            Enumerable.Range(0, 6).Select(i => (run.Decode(i).TopFieldOrderCnt, run.Decode(i).BottomFieldOrderCnt)));
        Assert.Equal([0, 4, 7, 10, 15, 20], run.Orders);
    }

    [Fact]
    public void CountsWrap()
    {
        StreamBuilder b = new StreamBuilder { Log2MaxPocLsb = 4 }.Sets().Idr();
        for (int i = 1; i < 30; i++)
            b.Slice('P', i, 2 * i);
        Assert.Equal([.. Enumerable.Range(0, 30).Select(i => 2 * i)], Decode(b.ToArray()).Orders);
    }

    [Fact]
    public void WindowSlides()
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 2 }.Sets().Idr().Slice('P', 1, 2).Slice('P', 2, 4).Slice('P', 3, 6, 0);
        Run run = Decode(b.ToArray());
        Assert.Empty(run.Dpb(0));
        Assert.Equal([0], run.Dpb(1).Select(e => (int)e.FrameNum));
        Assert.Equal([0, 1], run.Dpb(2).Select(e => (int)e.FrameNum));
        Assert.Equal([1, 2], run.Dpb(3).Select(e => (int)e.FrameNum));
        Assert.Equal([run.Requests[1].Timestamp, run.Requests[2].Timestamp], run.Dpb(3).Select(e => e.ReferenceTs));
        Assert.Equal([(2, 2), (4, 4)], run.Dpb(3).Select(e => (e.TopFieldOrderCnt, e.BottomFieldOrderCnt)));
        Assert.All(run.Dpb(3), e => Assert.Equal(H264Fields.Frame, e.Fields));
        Assert.Equal(H264DecodeParamFlags.IdrPic, run.Decode(0).Flags);
        Assert.Equal(H264DecodeParamFlags.PFrame, run.Decode(3).Flags);
    }

    [Fact]
    public void FrameNumWrapGoesBelowZero()
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 3 }.Sets().Idr();
        for (int i = 1; i < 18; i++)
            b.Slice('P', i, 2 * i);
        Run run = Decode(b.ToArray());
        // frame_num 1 after 14, 15, 0.
        Assert.Equal([(14, -2), (15, -1), (0, 0)], run.Dpb(17).Select(e => ((int)e.FrameNum, (int)e.PicNum)));
    }

    [Fact]
    public void AdaptiveMarking()
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 4 }.Sets().Idr()
            .Slice('P', 1, 2)
            // 4: two long-term indices; 3: frame 0 (difference 2) becomes index 1; 6: itself index 0.
            .Slice('P', 2, 4, marking: [[4, 2], [3, 1, 1], [6, 0]])
            .Slice('P', 3, 6, 0)
            // 1: frame 1 goes; 2: LongTermPicNum 1 goes.
            .Slice('P', 3, 8, marking: [[1, 1], [2, 1]])
            .Slice('P', 4, 10, 0)
            // 4 with 0: no long-term frames at all.
            .Slice('P', 4, 12, marking: [4, 0])
            .Slice('P', 5, 14, 0);
        Run run = Decode(b.ToArray());
        Assert.Equal([(1u, true), (1u, false), (0u, true)], run.Dpb(3).Select(e => (e.PicNum, (e.Flags & H264DpbEntryFlags.LongTerm) != 0)));
        Assert.Equal([run.Requests[0].Timestamp, run.Requests[1].Timestamp, run.Requests[2].Timestamp], run.Dpb(3).Select(e => e.ReferenceTs));
        Assert.Equal([(0u, true), (3u, false)], run.Dpb(5).Select(e => (e.PicNum, (e.Flags & H264DpbEntryFlags.LongTerm) != 0)));
        Assert.Equal([3u, 4u], run.Dpb(7).Select(e => e.PicNum));
        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14], run.Orders);
    }

    [Fact]
    public void IdrCanBeLongTerm()
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 2 }.Sets().Idr(longTerm: true).Slice('P', 1, 2).Slice('P', 2, 4).Slice('P', 3, 6);
        Run run = Decode(b.ToArray());
        Assert.Equal([(0u, true), (2u, false)], run.Dpb(3).Select(e => (e.PicNum, (e.Flags & H264DpbEntryFlags.LongTerm) != 0)));
    }

    [Fact]
    public void OperationFiveBeginsAgain()
    {
        StreamBuilder b = new StreamBuilder().Sets().Idr().Slice('P', 1, 20).Slice('P', 2, 10, marking: [5])
            // After it frame_num and counts go on from 0 (7.4.3, 8.2.1.1).
            .Slice('P', 1, 4).Slice('B', 2, 2, 0);
        Run run = Decode(b.ToArray());
        Assert.Equal([0, 20, 0, 2, 4], run.Orders);
        Assert.Equal([(0, 0)], run.Dpb(3).Select(e => ((int)e.FrameNum, e.TopFieldOrderCnt)));
        Assert.Equal([false, false, false, false, false], run.Outputs.Select(o => o.Corrupted));
    }

    [Fact]
    public void GapsAreFilledAndNeverShown()
    {
        StreamBuilder b = new StreamBuilder { Gaps = true, NumRefFrames = 3 }.Sets().Idr().Slice('P', 1, 2).Slice('P', 4, 8).Slice('P', 5, 10);
        Run run = Decode(b.ToArray());
        Assert.Equal([0, 2, 8, 10], run.Orders);
        Assert.All(run.Outputs, o => Assert.False(o.Corrupted));
        Assert.Equal([(1, run.Requests[1].Timestamp), (2, ulong.MaxValue), (3, ulong.MaxValue)], run.Dpb(2).Select(e => ((int)e.FrameNum, e.ReferenceTs)));
        Assert.Equal([2, 3, 4], run.Dpb(3).Select(e => (int)e.FrameNum));
    }

    [Fact]
    public void LostFramesAreReplacedByTheNearest()
    {
        StreamBuilder b = new StreamBuilder { NumRefFrames = 3 }.Sets().Idr().Slice('P', 1, 2).Slice('P', 4, 8).Slice('P', 5, 10).Idr(id: 1).Slice('P', 1, 2);
        Run run = Decode(b.ToArray());
        Assert.Equal([0, 2, 8, 10, 0, 2], run.Orders);
        Assert.Equal([false, false, true, true, false, false], run.Outputs.Select(o => o.Corrupted));
        ulong last = run.Requests[1].Timestamp;
        Assert.Equal([(1, last), (2, last), (3, last)], run.Dpb(2).Select(e => ((int)e.FrameNum, e.ReferenceTs)));
        Assert.Single(run.Failures);
    }

    [Fact]
    public void FieldsShareAFrame()
    {
        StreamBuilder b = new StreamBuilder { FrameMbsOnly = false, HeightInMapUnits = 1 }.Sets()
            .Idr(0, bottom: 0).Slice('P', 0, 1, bottom: 1)
            .Slice('P', 1, 4, bottom: 0).Slice('P', 1, 5, bottom: 1)
            .Slice('B', 2, 2, 0, bottom: 0).Slice('B', 2, 3, 0, bottom: 1);
        Run run = Decode(b.ToArray());
        Assert.Equal([(0, 1), (2, 3), (4, 5)], run.Outputs.Select(o => (o.TopFieldOrderCnt, o.BottomFieldOrderCnt)));
        Assert.All(run.Outputs, o => Assert.Equal(H264Fields.Frame, o.Fields));
        Assert.Equal(6, run.Requests.Count);
        for (int i = 0; i < 6; i += 2)
        {
            Assert.Equal(run.Requests[i].Timestamp, run.Requests[i + 1].Timestamp);
            Assert.Equal(run.Requests[i].CaptureIndex, run.Requests[i + 1].CaptureIndex);
        }
        // The second field may refer to the first: its entry has the timestamp of the picture that is being decoded.
        V4L2H264DpbEntry first = Assert.Single(run.Dpb(1));
        Assert.Equal((run.Requests[1].Timestamp, H264Fields.Top, 0), (first.ReferenceTs, first.Fields, first.TopFieldOrderCnt));
        Assert.Equal(H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active | H264DpbEntryFlags.Field, first.Flags);
        Assert.Equal([H264Fields.Frame, H264Fields.Top], run.Dpb(3).Select(e => e.Fields));
        // A first field that is no reference is none for its second either.
        Assert.Equal(run.Dpb(4).Select(e => e.ReferenceTs), run.Dpb(5).Select(e => e.ReferenceTs));
        Assert.Equal(H264DecodeParamFlags.FieldPic | H264DecodeParamFlags.BottomField | H264DecodeParamFlags.BFrame, run.Decode(5).Flags);
    }

    [Fact]
    public void CookiesOfFieldsDiffer()
    {
        byte[] stream = new StreamBuilder { FrameMbsOnly = false, HeightInMapUnits = 1 }.Sets().Idr(0, bottom: 0).Slice('P', 0, 1, bottom: 1).ToArray();
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new H264Sequencer(device);
        sequencer.Decode(stream);
        sequencer.Decode(new StreamBuilder { FrameMbsOnly = false }.Idr(0, 1, bottom: 0).ToArray());
        DummySession session = device.LastSession!;
        Assert.Equal(3, session.Requests.Select(r => r.Cookie).Distinct().Count());
        // The frame is complete only when both fields are.
        Assert.Equal(1, sequencer.QueuedOutputs);
        session.Complete(1);
        Assert.False(sequencer.TryGetOutput(false, out _));
        session.Complete(0);
        Assert.True(sequencer.TryGetOutput(false, out H264Output output));
        sequencer.Release(output);
        session.Complete(2);
    }

    [Fact]
    public unsafe void AMissingFieldRepeatsTheOther()
    {
        byte[] stream = new StreamBuilder { FrameMbsOnly = false, HeightInMapUnits = 1 }.Sets().Idr(0, bottom: 1)
            .Slice('P', 1, 4, bottom: 1).Slice('P', 2, 8, bottom: 0).Slice('P', 2, 9, bottom: 1).ToArray();
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new H264Sequencer(device);
        sequencer.Decode(stream);
        for (int i = 0; i < 4; i++)
            device.LastSession!.Complete(i);
        sequencer.Drain();
        var fields = new List<H264Fields>();
        while (sequencer.TryGetOutput(true, out H264Output o))
        {
            fields.Add(o.Fields);
            sequencer.Release(o);
        }
        Assert.Equal([H264Fields.Bottom, H264Fields.Bottom, H264Fields.Frame], fields);

        CaptureLayout layout = CaptureLayouts.Compute(new CodedGeometry(32, 32, 8, 1, 1), V4L2.PixelFormat.Yuv420);
        using var buffer = new MemfdCaptureBuffer(0, layout);
        byte* p = (byte*)buffer.Map;
        for (int y = 0; y < 32; y++)
            p[layout.Stride0 * y + 31] = (byte)y;
        for (int y = 0; y < 16; y++)
            p[layout.Offset2 + layout.Stride2 * y] = (byte)y;
        H264MissingField.Fill(buffer.Map, layout, new CodedGeometry(32, 32, 8, 1, 1), H264Fields.Bottom);
        for (int y = 0; y < 32; y++)
            Assert.Equal(y | 1, p[layout.Stride0 * y + 31]);
        for (int y = 0; y < 16; y++)
            Assert.Equal(y | 1, p[layout.Offset2 + layout.Stride2 * y]);
    }

    [Fact]
    public void AFrameHalfLongTermIsTwoEntries()
    {
        StreamBuilder b = new StreamBuilder { FrameMbsOnly = false, HeightInMapUnits = 1 }.Sets()
            .Idr(0, bottom: 0).Slice('P', 0, 1, bottom: 1)
            // CurrPicNum 3: difference 1 + 1 is picNum 1, the same-parity (top) field of frame 0 (8-28).
            .Slice('P', 1, 4, bottom: 0, marking: [[4, 1], [3, 1, 0]])
            .Slice('P', 1, 5, bottom: 1);
        Run run = Decode(b.ToArray());
        List<V4L2H264DpbEntry> dpb = run.Dpb(3);
        Assert.Equal([H264Fields.Bottom, H264Fields.Top, H264Fields.Top], dpb.Select(e => e.Fields));
        Assert.Equal([false, true, false], dpb.Select(e => (e.Flags & H264DpbEntryFlags.LongTerm) != 0));
        Assert.Equal([run.Requests[0].Timestamp, run.Requests[0].Timestamp, run.Requests[3].Timestamp], dpb.Select(e => e.ReferenceTs));
    }

    [Fact]
    public void SlicesBelongToTheirPicture()
    {
        StreamBuilder b = new StreamBuilder { RedundantPresent = true };
        b.Sets().Slice('I', 0, 0, idr: true, firstMb: 2).Slice('I', 0, 0, idr: true, firstMb: 0)
            .Slice('I', 0, 0, idr: true, redundant: 1)
            .Raw(14, 1).Raw(20, 1).Raw(21, 1)
            .Slice('P', 1, 2, nalType: 2).Raw(3, 1).Raw(4, 1).Slice('P', 1, 2, firstMb: 1, nalType: 2).Raw(12)
            .Slice('P', 2, 4, 0);
        Run run = Decode(b.ToArray());
        Assert.Empty(run.Failures);
        Assert.Equal([0, 2, 4], run.Orders);
        Assert.Equal(3, run.Requests.Count);
        Assert.All(run.Requests, r => Assert.Equal([0, 0, 0, 1], r.Bitstream[..4]));
        // From the first slice to the end of the last, with what stands between them.
        Assert.Equal(5, run.Requests[0].Bitstream[4] & 31);
        Assert.Equal([2, 3, 4, 2], Types(run.Requests[1].Bitstream));
    }

    private static List<int> Types(byte[] data)
    {
        var types = new List<int>();
        int position = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out _))
            types.Add(data[start] & 31);
        return types;
    }

    [Fact]
    public void PicturesMayComeInPieces()
    {
        StreamBuilder b = new();
        byte[] one = b.Sets().Slice('I', 0, 0, idr: true, firstMb: 0).Take();
        byte[] two = b.Slice('I', 0, 0, idr: true, firstMb: 2).Take();
        byte[] three = b.Slice('P', 1, 2).Slice('P', 1, 2, firstMb: 1).Take();
        var device = new DummyDevice(new DummyOptions(KeepBitstream: true));
        using var sequencer = new H264Sequencer(device);
        sequencer.Decode(one, endsPicture: false);
        sequencer.Decode(two, endsPicture: false);
        Assert.Empty(device.LastSession!.Requests);
        sequencer.Decode(three, endsPicture: true);
        Assert.Equal(2, device.LastSession.Requests.Count);
        Assert.Equal([5, 5], Types(device.LastSession.Requests[0].Bitstream));
        Assert.Equal([1, 1], Types(device.LastSession.Requests[1].Bitstream));
    }

    [Fact]
    public void EqualHeadersAfterADelimiterAreTwoPictures()
    {
        StreamBuilder b = new StreamBuilder().Sets().Idr().AccessUnitDelimiter().Slice('P', 1, 2, 0).AccessUnitDelimiter().Slice('P', 1, 2, 0);
        Assert.Equal(3, Decode(b.ToArray()).Outputs.Count);
    }

    [Fact]
    public void AChangeOfFormatOutputsWhatWaits()
    {
        StreamBuilder b = new StreamBuilder().Sets().Idr().Slice('P', 1, 8);
        b.WidthInMbs = 3;
        b.Sets(1).Idr(set: 1, noOutput: true).Slice('P', 1, 2, set: 1);
        Run run = Decode(b.ToArray());
        Assert.Equal([0, 8, 0, 2], run.Orders);
        Assert.Equal([32, 32, 48, 48], run.Outputs.Select(o => o.CropWidth));
        Assert.Equal([32, 32, 48, 48], run.Outputs.Select(o => o.Buffer.Layout.Width));
    }

    [Fact]
    public void NoOutputOfPriorPicturesIsAMatterOfChoice()
    {
        byte[] stream = new StreamBuilder().Sets().Idr().Slice('P', 1, 8).Idr(id: 1, noOutput: true).ToArray();
        Assert.Equal([0, 8, 0], Decode(stream).Orders);
        var client = new CountingClient();
        using (var sequencer = new H264PictureSequencer<object>(client) { HonourNoOutputOfPriorPics = true })
        {
            sequencer.DecodeAccessUnit(stream);
            sequencer.Drain();
            Assert.Equal((1, 2), (client.Outputs, client.Skipped));
        }
        Assert.Equal(0, client.Uses);
    }

    [Fact]
    public void DecodingBeginsAtARecoveryPoint()
    {
        // Pictures before it are not decoded; its leading picture (count 6) and those before the recovery frame are decoded but not shown.
        StreamBuilder b = new StreamBuilder().Sets().Slice('P', 3, 2).Slice('B', 4, 4, 0)
            .RecoveryPoint(1).Slice('I', 4, 10).Slice('B', 5, 6, 0).Slice('P', 5, 14).Slice('P', 6, 18);
        Run run = Decode(b.ToArray());
        Assert.Equal(4, run.Requests.Count);
        Assert.Equal([14, 18], run.Orders);
        Assert.All(run.Outputs, o => Assert.False(o.Corrupted));
    }

    [Fact]
    public void DecodingBeginsAtAnIPictureToo()
    {
        StreamBuilder b = new StreamBuilder().Sets().Slice('P', 3, 2).Slice('I', 4, 10).Slice('B', 5, 6, 0).Slice('P', 5, 14);
        Assert.Equal([10, 14], Decode(b.ToArray()).Orders);
    }

    [Fact]
    public void FlushForgetsAndBeginsAgain()
    {
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new H264Sequencer(device);
        sequencer.Decode(Pyramid(new StreamBuilder()).ToArray());
        sequencer.Flush();
        Assert.Equal((0, 1), (sequencer.QueuedOutputs, device.LastSession!.Resets));
        // The sets stay; a P picture cannot begin.
        sequencer.Decode(new StreamBuilder().Slice('P', 4, 2).ToArray());
        Assert.Equal(9, device.LastSession.Requests.Count);
        sequencer.Decode(new StreamBuilder().Idr().ToArray());
        Assert.Equal(10, device.LastSession.Requests.Count);
    }

    [Fact]
    public void PicturesInUseAreNotWrittenAgain()
    {
        // Nothing completes: neither targets nor references of requests in flight may be used again.
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new H264Sequencer(device);
        StreamBuilder b = new StreamBuilder { PocType = 2, NumRefFrames = 1 }.Sets().Idr();
        for (int i = 1; i < 30; i++)
            b.Slice('P', i);
        sequencer.Decode(b.ToArray());
        Assert.Equal(30, device.LastSession!.Requests.Select(r => r.CaptureIndex).Distinct().Count());
        for (int i = 0; i < 30; i++)
            device.LastSession.Complete(i);
        for (int i = 0; i < 30; i++)
        {
            Assert.True(sequencer.TryGetOutput(false, out H264Output o));
            sequencer.Release(o);
        }
    }

    [Fact]
    public void FailuresAreReportedAndTheStreamGoesOn()
    {
        var options = new DummyOptions(Result: n => n == 1 ? (-5, false) : (0, false), SubmitStatus: n => n == 3 ? -12 : 0);
        StreamBuilder b = new StreamBuilder { PocType = 2 };
        var device = new DummyDevice(options);
        var failures = new List<string>();
        using var sequencer = new H264Sequencer(device, new H264SequencerOptions(Failed: (_, m) => failures.Add(m)));
        sequencer.Decode(b.Sets().Idr().Take());
        for (int i = 1; i < 5; i++)
            sequencer.Decode(b.Slice('P', i).Take());
        sequencer.Decode(b.Idr(id: 1).Take());
        sequencer.Drain();
        var outputs = new List<H264Output>();
        while (sequencer.TryGetOutput(true, out H264Output o))
        {
            outputs.Add(o);
            sequencer.Release(o);
        }
        Assert.Equal([0, -5, 0, -12, 0, 0], outputs.Select(o => o.Status));
        Assert.Equal([false, true, true, true, true, false], outputs.Select(o => o.Corrupted));
        Assert.Single(failures);
    }

    [Fact]
    public void DamagedStreamsNeitherThrowNorLeak()
    {
        StreamBuilder frames = new() { Gaps = true, NumReorder = 2 };
        StreamBuilder fields = new() { FrameMbsOnly = false, HeightInMapUnits = 1, NumRefFrames = 2 };
        fields.Sets().Idr(0, bottom: 0).Slice('P', 0, 1, bottom: 1).Slice('P', 1, 4, bottom: 0, marking: [[4, 1], [3, 1, 0]]).Slice('P', 1, 5, bottom: 1, marking: [5])
            .Slice('P', 1, 9, bottom: 1).Slice('B', 2, 2, 0, bottom: 0).Slice('B', 2, 3, 0, bottom: 1).RecoveryPoint(1).Slice('I', 5, 8);
        byte[][] streams = [Pyramid(frames).Slice('P', 9, 30, marking: [[1, 0], [6, 0]]).ToArray(), fields.ToArray()];
        var random = new Random(20);
        var client = new CountingClient();
        for (int run = 0; run < 200; run++)
        {
            using (var sequencer = new H264PictureSequencer<object>(client) { LowLatency = run % 3 == 0, HonourNoOutputOfPriorPics = run % 2 == 0 })
            {
                sequencer.DecodeAccessUnit(streams[run % 2]);
                for (int i = 0; i < 20; i++)
                {
                    byte[] stream = [.. streams[random.Next(2)]];
                    for (int k = random.Next(6); k >= 0; k--)
                        stream[random.Next(stream.Length)] ^= (byte)(1 << random.Next(8));
                    sequencer.DecodeAccessUnit(stream.AsSpan(random.Next(stream.Length / 4)), random.Next(2) == 0);
                    if (random.Next(8) == 0)
                        sequencer.Reset();
                }
            }
            Assert.Equal(0, client.Uses);
        }
    }

    [Fact]
    public unsafe void SliceControlsAreFilled()
    {
        Run run = Decode(new StreamBuilder { NumRefFrames = 2 }.Sets().Idr().Slice('P', 1, 4).Slice('B', 2, 2, 0).ToArray());
        V4L2CtrlH264DecodeParams decode = run.Decode(2);
        V4L2CtrlH264Sps sps = run.Control<V4L2CtrlH264Sps>(2, V4L2CtrlH264Sps.ControlId);
        DaedalusCtrlH264PictureParameters pps = run.Control<DaedalusCtrlH264PictureParameters>(2, DaedalusCtrlH264PictureParameters.ControlId);
        Assert.True(H264SliceHeaderParser.TryParse(run.Requests[2].Bitstream.AsSpan(4), sps, pps, out H264SliceHeader h, out _));
        V4L2CtrlH264SliceParams slice;
        V4L2CtrlH264PredWeights weights;
        H264SliceControls.Fill(decode, sps, h, &slice, &weights);
        Assert.Equal((H264SliceType.B, H264SliceFlags.DirectSpatialMvPred, h.HeaderBitSize), (slice.SliceType, slice.Flags, slice.HeaderBitSize));
        // 8.2.4.2.3: list 0 the picture before, list 1 the one after.
        Assert.Equal(run.Requests[0].Timestamp, decode.Dpb[slice.RefPicList0[0].Index].ReferenceTs);
        Assert.Equal(run.Requests[1].Timestamp, decode.Dpb[slice.RefPicList1[0].Index].ReferenceTs);
        Assert.Equal(0xff, slice.RefPicList0[1].Index);
        Assert.False(H264SliceControls.NeedsWeights(pps.Pps, h));
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        var client = new CountingClient();
        using var sequencer = new H264PictureSequencer<object>(client);
        // Parameter sets once: sent again they are parsed again.
        StreamBuilder b = new();
        byte[] sets = b.Sets().Take();
        byte[] stream = Pyramid(b).ToArray()[sets.Length..];
        sequencer.DecodeAccessUnit(sets);
        for (int i = 0; i < 20; i++)
            sequencer.DecodeAccessUnit(stream);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            sequencer.DecodeAccessUnit(stream);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed class CountingClient : IH264PictureClient<object>
    {
        private readonly object _picture = new();
        public int Outputs, Skipped, Uses;
        public object Begin(H264PictureInfo info)
        {
            Uses++;
            return _picture;
        }
        public bool Submit(in H264Request<object> request) => true;
        public ulong Timestamp(object picture) => 1000;
        public void Output(object picture, H264PictureInfo info) => Outputs++;
        public void Skip(object picture, H264PictureInfo info) => Skipped++;
        public void Use(object picture) => Uses++;
        public void Release(object picture) => Uses--;
    }
}
