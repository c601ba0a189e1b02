// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.V4L2.Tests;

public unsafe class DeviceTests
{
    private static readonly CodedGeometry s_qcif = new(176, 144, 8, 1, 1);

    [Fact]
    public void MemfdBufferIsAlignedWritableAndVisibleThroughItsFd()
    {
        CaptureLayout layout = CaptureLayouts.Compute(s_qcif, PixelFormat.Yuv420);
        using var buffer = new MemfdCaptureBuffer(3, layout);
        Assert.Equal(3, buffer.Index);
        Assert.Equal(0, buffer.Map & 63);
        Assert.False(buffer.IsDmabuf);
        ((byte*)buffer.Map)[0] = 0x5a;
        ((byte*)buffer.Map)[layout.Size - 1] = 0xa5;
        byte[] file = File.ReadAllBytes($"/proc/self/fd/{buffer.Fd}");
        Assert.Equal(layout.Size, (uint)file.Length);
        Assert.Equal(0x5a, file[0]);
        Assert.Equal(0xa5, file[^1]);
    }

    [Theory]
    [InlineData(1280, 720)]
    [InlineData(1920, 1088)]
    [InlineData(2048, 1160)]
    [InlineData(3840, 2160)]
    public void LargeMemfdBufferIsZeroAndWhole(int width, int height)
    {
        CaptureLayout layout = CaptureLayouts.Compute(new(width, height, 8, 1, 1), PixelFormat.Yuv420);
        using var buffer = new MemfdCaptureBuffer(0, layout);
        var bytes = new Span<byte>((void*)buffer.Map, (int)layout.Size);
        Assert.Equal(-1, bytes.IndexOfAnyExcept((byte)0));
        bytes.Fill(0x5a);
        byte[] file = File.ReadAllBytes($"/proc/self/fd/{buffer.Fd}");
        Assert.InRange((uint)file.Length, layout.Size, layout.Size + (layout.Size / 2));
        Assert.Equal(-1, file.AsSpan(0, (int)layout.Size).IndexOfAnyExcept((byte)0x5a));
        Assert.Equal(-1, file.AsSpan((int)layout.Size).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void DisposedBufferGivesItsSlotBackOnce()
    {
        int freed = 0;
        var buffer = new MemfdCaptureBuffer(7, CaptureLayouts.Compute(s_qcif, PixelFormat.Yuv420), i => freed += i);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal(7, freed);
        Assert.Equal(0, buffer.Map);
        Assert.Equal(-1, buffer.Fd);
    }

    [Fact]
    public void BufferWithoutFormatIsRefusedWithAReason()
    {
        var e = Assert.Throws<DeviceException>(() => new MemfdCaptureBuffer(0, default));
        Assert.Contains("format", e.Message);
    }

    [Theory]
    [InlineData(8, 1, 1, 3)]
    [InlineData(10, 1, 0, 3)]
    [InlineData(12, 0, 0, 3)]
    [InlineData(8, 0, 1, 3)]
    public void LayoutPlanesDoNotOverlap(int depth, int ssx, int ssy, int planes)
    {
        CaptureLayout l = CaptureLayouts.Compute(new CodedGeometry(33, 35, depth, ssx, ssy), PixelFormat.Planar(ssx, ssy, depth));
        uint bytes = depth > 8 ? 2u : 1u;
        Assert.Equal(planes, l.PlaneCount);
        Assert.True(l.Stride0 >= 64 * bytes);
        Assert.Equal(l.Offset1, l.Stride0 * 64);
        Assert.Equal(l.Offset2 - l.Offset1, l.Stride1 * (64u >> ssy));
        Assert.True(l.Size >= l.Offset2 + l.Stride2 * (64u >> ssy) + 64);
    }

    [Fact]
    public void TooLargePictureIsRefused() =>
        Assert.Throws<DeviceException>(() => CaptureLayouts.Compute(new CodedGeometry(65536, 65536, 8, 1, 1), PixelFormat.Yuv420));

    [Fact]
    public void AllSlotsCanBeTakenAndGivenBack()
    {
        var slots = new SlotMap();
        for (int i = 0; i < SlotMap.Count; i++)
            Assert.Equal(i, slots.Take());
        Assert.Throws<DeviceException>(() => slots.Take());
        slots.Free(100);
        slots.Free(5);
        Assert.Equal(5, slots.Take());
        Assert.Equal(100, slots.Take());
    }

    private static List<int> Drive(DummyOptions options, int requests, Action<DummySession>? after = null)
    {
        var order = new List<int>();
        using var device = new DummyDevice(options);
        using var session = (DummySession)device.OpenSession(new SessionOptions(PixelFormat.Vp9Frame, 1, 0, c => order.Add((int)c.Cookie)));
        session.SetCaptureFormat(s_qcif, session.CaptureFormats(s_qcif)[0]);
        byte* data = stackalloc byte[16];
        uint control = 0x12345678;
        for (int i = 0; i < requests; i++)
        {
            using CaptureBuffer buffer = session.AllocateCapture();
            Assert.Equal(0, session.Submit([new ControlPayload(7, (nint)(&control), 4)], (nint)data, 16, buffer, (ulong)i * 1000, (ulong)i));
        }
        after?.Invoke(session);
        session.Drain();
        Assert.Equal(requests, session.Requests.Count);
        Assert.All(session.Requests, r => Assert.Equal(0x12345678u, MemoryMarshal.Read<uint>(r.Controls[0].Payload)));
        return order;
    }

    [Fact]
    public void DummyCompletesInTheOrderAskedFor()
    {
        Assert.Equal([0, 1, 2, 3, 4], Drive(new DummyOptions(DummyOrder.Immediate), 5));
        Assert.Equal([0, 1, 2, 3, 4], Drive(new DummyOptions(DummyOrder.Late, 3), 5));
        Assert.Equal([2, 1, 0, 4, 3], Drive(new DummyOptions(DummyOrder.Reverse, 3), 5));
        Assert.Equal([3, 0, 1, 2, 4], Drive(new DummyOptions(DummyOrder.Manual), 5, s => Assert.True(s.Complete(3))));
    }

    [Fact]
    public void DummyReportsStatusAndCancels()
    {
        var got = new List<Completion>();
        using var device = new DummyDevice(new DummyOptions(DummyOrder.Manual, Result: n => n == 1 ? (-5, true) : (0, false), SubmitStatus: n => n == 2 ? -22 : 0));
        using var session = (DummySession)device.OpenSession(new SessionOptions(PixelFormat.Vp9Frame, 1, 0, got.Add));
        session.SetCaptureFormat(s_qcif, PixelFormat.Yuv420);
        using CaptureBuffer buffer = session.AllocateCapture();
        Assert.Equal(0, session.Submit([], 0, 0, buffer, 0, 10));
        Assert.Equal(0, session.Submit([], 0, 0, buffer, 1000, 11));
        Assert.Equal(-22, session.Submit([], 0, 0, buffer, 2000, 12));
        Assert.True(session.Complete(1));
        session.Cancel();
        Assert.Equal([new Completion(11, -5, true), new Completion(10, -125, false)], got);
        Assert.Empty(session.Pending);
    }

    [Fact]
    public void RegistryNamesWhatItCannotOpen()
    {
        using IStatelessDevice dummy = DeviceRegistry.Open("dummy");
        Assert.Equal("dummy", dummy.Info.Route);
        Assert.Contains("no device", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("gpu")).Message);
        Assert.Contains("/dev/video7", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("/dev/video7")).Message);
        Assert.Contains("does not exist", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("/nowhere/libdaedalus-engine.so")).Message);
    }

    [Fact]
    public void ForeignLibraryIsNoEngine()
    {
        const string LibM = "/lib/x86_64-linux-gnu/libm.so.6";
        if (File.Exists(LibM))
            Assert.Contains("no Daedalus engine", Assert.Throws<DeviceException>(() => EmbeddedDevice.Open(LibM)).Message);
    }

    [Fact]
    public void LevelIsOneOfTheBuilds() => Assert.Contains(EngineLocator.Level, new[] { "x86-64-v2", "x86-64-v3", "aarch64" });

    /// <summary>Runs only where DAEDALUS_ENGINE names a built engine.</summary>
    [Fact]
    public void EmbeddedEngineOpensAndRefusesNonsense()
    {
        if (EngineLocator.Find(out _) == null)
            return;
        using IStatelessDevice device = DeviceRegistry.Open("embedded");
        Assert.True(device.Supports(PixelFormat.Vp9Frame));
        Assert.Throws<DeviceException>(() => device.OpenSession(new SessionOptions(0x31323334, 1, 0, _ => { })));
        int completions = 0;
        using IStatelessSession session = device.OpenSession(new SessionOptions(PixelFormat.Vp9Frame, 2, 0, _ => Interlocked.Increment(ref completions)));
        IReadOnlyList<uint> formats = session.CaptureFormats(s_qcif);
        Assert.Equal(PixelFormat.Yuv420, formats[0]);
        CaptureLayout layout = session.SetCaptureFormat(s_qcif, formats[0]);
        Assert.True(layout.Size > 176 * 144 * 3 / 2);
        using CaptureBuffer buffer = session.AllocateCapture();
        byte* data = stackalloc byte[16];
        Assert.True(session.Submit([], (nint)data, 16, buffer, 1000, 1) < 0);
        session.Drain();
        Assert.Equal(0, completions);
        session.Reset();
    }
}
