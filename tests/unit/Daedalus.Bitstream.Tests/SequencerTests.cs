// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.Bitstream.Tests;

public class SequencerTests
{
    private static byte[] Inter(int refresh, bool show = true, params int[] references) =>
        new Vp9Builder { Key = false, Show = show, Refresh = refresh, References = references, SizeFromReference = 0 }.ToArray();

    private static byte[] Super(params byte[][] frames)
    {
        byte marker = (byte)(0xc8 | (frames.Length - 1));
        return [.. frames.SelectMany(f => f), marker, .. frames.SelectMany(f => new[] { (byte)f.Length, (byte)(f.Length >> 8) }), marker];
    }

    private static List<Vp9Output> Run(Vp9Sequencer sequencer, params byte[][] units)
    {
        var outputs = new List<Vp9Output>();
        foreach (byte[] unit in units)
            sequencer.Decode(unit);
        sequencer.Drain();
        while (sequencer.TryGetOutput(true, out Vp9Output output))
        {
            outputs.Add(output);
            sequencer.Release(output);
        }
        return outputs;
    }

    private static V4L2CtrlVp9Frame Control(DummyRequest r) => MemoryMarshal.Read<V4L2CtrlVp9Frame>(r.Controls[0].Payload);

    [Theory]
    [InlineData(DummyOrder.Immediate)]
    [InlineData(DummyOrder.Late)]
    [InlineData(DummyOrder.Reverse)]
    public void OutputOrderDoesNotDependOnCompletionOrder(DummyOrder order)
    {
        var device = new DummyDevice(new DummyOptions(order, 3));
        using var sequencer = new Vp9Sequencer(device);
        List<Vp9Output> outputs = Run(sequencer, new Vp9Builder().ToArray(), Super(Inter(4, false, 0, 1, 2), Inter(1, true, 0, 1, 2)), Vp9Builder.ShowExisting(2), Inter(1, true, 0, 2, 2));
        Assert.Equal([0L, 1, 2, 3], outputs.Select(o => o.AccessUnit));
        Assert.Equal([false, false, true, false], outputs.Select(o => o.Existing));
        Assert.All(outputs, o => Assert.Equal(0, o.Status));
        IReadOnlyList<DummyRequest> requests = device.LastSession!.Requests;
        Assert.Equal(4, requests.Count);
        V4L2CtrlVp9Frame last = Control(requests[3]);
        // Slot 0 holds the third request's frame, slot 2 the hidden one.
        Assert.Equal((requests[2].Timestamp, requests[1].Timestamp, requests[1].Timestamp), (last.LastFrameTs, last.GoldenFrameTs, last.AltFrameTs));
    }

    [Fact]
    public void OnlyTheLastShownFrameOfASuperframeIsOutput()
    {
        byte[] unit = Super(Inter(1, true, 0, 0, 0), Inter(2, true, 0, 0, 0));
        using (var sequencer = new Vp9Sequencer(new DummyDevice()))
            Assert.Equal(2, Run(sequencer, new Vp9Builder().ToArray(), unit).Count);
        using (var all = new Vp9Sequencer(new DummyDevice(), new Vp9SequencerOptions(AllLayers: true)))
            Assert.Equal(3, Run(all, new Vp9Builder().ToArray(), unit).Count);
    }

    [Fact]
    public void PicturesInUseAreNotWrittenAgain()
    {
        // Nothing completes: every picture and every reference of a request in flight must stay untouched.
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new Vp9Sequencer(device);
        sequencer.Decode(new Vp9Builder().ToArray());
        for (int i = 0; i < 30; i++)
            sequencer.Decode(Inter(0xff, true, 0, 1, 2));
        Assert.Equal(31, device.LastSession!.Requests.Select(r => r.CaptureIndex).Distinct().Count());
        sequencer.Flush();
        Assert.Equal(0, sequencer.QueuedOutputs);
        Assert.Equal(1, device.LastSession.Resets);
        Assert.Single(Run(sequencer, new Vp9Builder().ToArray()));
    }

    [Fact]
    public void ReferenceOfARequestInFlightSurvivesItsSlot()
    {
        var device = new DummyDevice(new DummyOptions(DummyOrder.Manual));
        using var sequencer = new Vp9Sequencer(device);
        sequencer.Decode(new Vp9Builder { Show = false }.ToArray());
        DummySession session = device.LastSession!;
        session.Complete(0);
        sequencer.Decode(Inter(0xff, false, 0, 0, 0));
        // The key frame has left all slots but request 1 still reads it.
        sequencer.Decode(Inter(0xff, false, 0, 0, 0));
        Assert.NotEqual(session.Requests[0].CaptureIndex, session.Requests[2].CaptureIndex);
        session.Complete(1);
        sequencer.Decode(Inter(0xff, false, 0, 0, 0));
        Assert.Equal(session.Requests[0].CaptureIndex, session.Requests[3].CaptureIndex);
        session.Complete(2);
        session.Complete(3);
    }

    [Fact]
    public void FailuresAreReportedAndTheStreamGoesOn()
    {
        var messages = new List<string>();
        var device = new DummyDevice(new DummyOptions(Result: n => n == 1 ? (-5, false) : (0, n == 3), SubmitStatus: n => n == 2 ? -12 : 0));
        using var sequencer = new Vp9Sequencer(device, new Vp9SequencerOptions(Failed: (_, m) => messages.Add(m)));
        List<Vp9Output> outputs = Run(sequencer, [1, 2, 3], new Vp9Builder().ToArray(), Inter(2, true, 0, 0, 0), Inter(4, true, 0, 0, 0), Inter(8, true, 0, 0, 0),
            Inter(8, true, 2, 2, 2), new Vp9Builder().ToArray());
        Assert.Equal([0, -5, 0, 0], outputs.Select(o => o.Status));
        Assert.Equal([false, true, true, false], outputs.Select(o => o.Corrupted));
        // Not VP9, refused by the device, reference that the refused one should have left.
        Assert.Equal(3, sequencer.Refused);
        Assert.Equal(3, messages.Count);
    }

    [Fact]
    public void SizeChangeGetsBuffersOfItsOwn()
    {
        var device = new DummyDevice();
        using var sequencer = new Vp9Sequencer(device);
        List<Vp9Output> outputs = Run(sequencer, new Vp9Builder { Width = 64, Height = 64 }.ToArray(),
            new Vp9Builder { Key = false, Width = 100, Height = 80 }.ToArray(), new Vp9Builder { Key = false, References = [0, 1, 2], SizeFromReference = 1 }.ToArray());
        Assert.Equal([(64, 64), (100, 80), (64, 64)], outputs.Select(o => (o.Geometry.Width, o.Geometry.Height)));
        Assert.Equal([(64, 64), (100, 80), (64, 64)], outputs.Select(o => (o.Buffer.Layout.Width, o.Buffer.Layout.Height)));
    }

    [Fact]
    public void HugeFrameIsRefusedNotThrown()
    {
        using var sequencer = new Vp9Sequencer(new DummyDevice());
        Assert.Empty(Run(sequencer, new Vp9Builder { Width = 65536, Height = 65536 }.ToArray()));
        Assert.Equal(1, sequencer.Refused);
        Assert.Single(Run(sequencer, new Vp9Builder().ToArray()));
    }

    [Fact]
    public void SlotsCountReferences()
    {
        int added = 0, released = 0;
        var slots = new Vp9ReferenceSlots<string>(_ => added++, _ => released++);
        slots.Refresh(0xff, "a", 1000);
        slots.Refresh(0b11, "b", 2000);
        slots.Refresh(0, "c", 3000);
        Assert.Equal((10, 2), (added, released));
        Assert.True(slots.TryGet(1, out string picture, out ulong timestamp));
        Assert.Equal(("b", 2000ul), (picture, timestamp));
        Assert.False(slots.TryGet(8, out _, out _));
        slots.Clear();
        Assert.Equal((10, 10), (added, released));
        Assert.False(slots.TryGet(0, out _, out _));
    }

    /// <summary>Runs only where DAEDALUS_ENGINE names a built engine.</summary>
    [Fact]
    public void SteadyStateOnTheEmbeddedEngineAllocatesNothing()
    {
        if (EngineLocator.Find(out _) == null)
            return;
        using IStatelessDevice device = DeviceRegistry.Open("embedded");
        using var sequencer = new Vp9Sequencer(device);
        byte[] key = new Vp9Builder { TileBytes = 64 }.ToArray(), inter = Inter(1, true, 0, 1, 2);
        void Once()
        {
            sequencer.Decode(key);
            sequencer.Decode(inter);
            while (sequencer.TryGetOutput(true, out Vp9Output output))
                sequencer.Release(output);
        }
        for (int i = 0; i < 20; i++)
            Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
