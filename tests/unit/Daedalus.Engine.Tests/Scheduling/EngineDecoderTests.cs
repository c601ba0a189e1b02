// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Reflection;
using Daedalus.Engine.Interop;
using Daedalus.Engine.Scheduling;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Scheduling;

public unsafe class EngineDecoderTests
{
    private const int Slots = 8;

    /// <summary>A chain of random frames; returns a hash of every picture.</summary>
    private static List<ulong> DecodeChain(int threads, int width, int height, int count, uint format = PixelFormat.Yuv420)
    {
        using var stream = new SyntheticStream(threads, width, height, format);
        var captures = new nint[count];
        for (int i = 0; i < count; i++)
        {
            captures[i] = (nint)stream.NewCapture();
            V4L2CtrlVp9Frame f = i == 0 ? SyntheticStream.KeyFrame(width, height) : stream.InterFrame((ulong)i);
            Assert.Equal(0, stream.Submit(f, stream.RandomFrame(i, 1500), (byte*)captures[i], (uint)(i % Slots), (ulong)i + 1, (ulong)i));
        }
        stream.Decoder.Drain();
        Assert.Equal(count, stream.Completions.Count);
        Assert.Equal(count, stream.Completions.Select(c => c.Cookie).Distinct().Count());
        Assert.All(stream.Completions, c => Assert.Equal(0, c.Status));
        return [.. captures.Select(stream.HashOf)];
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void ThreadsDoNotChangePixels(int threads)
    {
        List<ulong> one = DecodeChain(1, 416, 240, 30);
        Assert.Equal(one, DecodeChain(threads, 416, 240, 30));
        Assert.True(one.Distinct().Count() > 5);
    }

    [Fact]
    public void HighBitDepthAndSemiPlanarRun()
    {
        Assert.Equal(DecodeChain(1, 200, 130, 10, PixelFormat.P010), DecodeChain(2, 200, 130, 10, PixelFormat.P010));
        Assert.Equal(DecodeChain(1, 200, 130, 10, PixelFormat.Nv12), DecodeChain(2, 200, 130, 10, PixelFormat.Nv12));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void CancelCompletesEverythingOnce(int threads)
    {
        using var stream = new SyntheticStream(threads, 640, 360, PixelFormat.Yuv420, 8);
        var captures = new byte*[Slots];
        for (int i = 0; i < Slots; i++)
            captures[i] = stream.NewCapture();
        var bits = Enumerable.Range(0, 8).Select(i => stream.RandomFrame(i, 20000)).ToArray();
        ulong submitted = 0;
        for (int round = 0; round < 40; round++)
        {
            int frames = round % 7 + 1;
            for (int i = 0; i < frames; i++, submitted++)
            {
                V4L2CtrlVp9Frame f = i == 0 ? SyntheticStream.KeyFrame(640, 360) : stream.InterFrame(submitted);
                Assert.Equal(0, stream.Submit(f, bits[i], captures[submitted % Slots], (uint)(submitted % Slots), submitted + 1, submitted));
            }
            stream.Decoder.Cancel();
            Assert.Equal((int)submitted, stream.Completions.Count);
            if (round % 3 == 0)
                Assert.Equal(0, stream.Decoder.Reset());
        }
        Assert.Equal((int)submitted, stream.Completions.Select(c => c.Cookie).Distinct().Count());
        Assert.All(stream.Completions, c => Assert.True(c.Status is 0 or Errno.Canceled));
    }

    [Fact]
    public void CancelBesideSubmit()
    {
        using var stream = new SyntheticStream(2, 320, 180);
        var captures = new byte*[Slots];
        for (int i = 0; i < Slots; i++)
            captures[i] = stream.NewCapture();
        (nint, int) bits = stream.RandomFrame(1, 8000);
        bool stop = false;
        var canceller = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                stream.Decoder.Cancel();
                Thread.Sleep(1);
            }
        });
        canceller.Start();
        for (ulong i = 0; i < 200; i++)
            Assert.Equal(0, stream.Submit(i % 5 == 0 ? SyntheticStream.KeyFrame(320, 180) : stream.InterFrame(i), bits, captures[i % Slots], (uint)(i % Slots), i + 1, i));
        Volatile.Write(ref stop, true);
        canceller.Join();
        stream.Decoder.Drain();
        Assert.Equal(200, stream.Completions.Count);
    }

    [Fact]
    public void CallbackHoldsNoLock()
    {
        using var stream = new SyntheticStream(2, 64, 64);
        ulong frames = 0;
        // Taking the decoder's lock from another thread while the callback runs must not wait for the callback.
        stream.OnDone = () => frames += Task.Run(() => stream.Decoder.Stats.Frames + 1).WaitAsync(TimeSpan.FromSeconds(20)).Result;
        byte* capture = stream.NewCapture();
        Assert.Equal(0, stream.Submit(SyntheticStream.KeyFrame(64, 64), stream.RandomFrame(1, 500), capture, 0, 1, 1));
        stream.Decoder.Drain();
        Assert.Equal(1u, frames);
    }

    [Fact]
    public void TruncatedTileIsFlagged()
    {
        using var stream = new SyntheticStream(1, 352, 288);
        V4L2CtrlVp9Frame f = SyntheticStream.KeyFrame(352, 288);
        f.TileRowsLog2 = 1;
        (nint data, int size) = stream.RandomFrame(3, 100);
        new Span<byte>((void*)(data + 20), 4).Fill(0xff); // tile size beyond the data
        byte* capture = stream.NewCapture();
        Assert.Equal(0, stream.Submit(f, (data, size), capture, 0, 1, 1));
        (ulong _, int status, bool corrupted) = Assert.Single(stream.Completions);
        Assert.Equal(0, status);
        Assert.True(corrupted);
        Assert.Equal(128, capture[0]); // concealed, nothing to copy from
    }

    [Fact]
    public void MissingReferenceIsFlaggedAndPropagates()
    {
        using var stream = new SyntheticStream(1, 128, 128);
        byte* a = stream.NewCapture(), b = stream.NewCapture();
        Assert.Equal(0, stream.Submit(stream.InterFrame(77), stream.RandomFrame(1, 4000), a, 0, 1, 1));
        Assert.Equal(0, stream.Submit(stream.InterFrame(1), stream.RandomFrame(2, 4000), b, 1, 2, 2));
        Assert.All(stream.Completions, c => Assert.True(c.Corrupted));
    }

    /// <summary>Frames end in any order, but none before it is known whether its references are damaged.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void DamageReachesEveryFramePredictedFromIt(int threads)
    {
        using var stream = new SyntheticStream(threads, 8, 8);
        V4L2CtrlVp9Frame key = SyntheticStream.KeyFrame(8, 8);
        key.TileRowsLog2 = 1;
        (nint Data, int Size) damaged = stream.RandomFrame(3, 30), good = stream.RandomFrame(4, 30);
        new Span<byte>((void*)(damaged.Data + 20), 4).Fill(0xff); // tile size beyond the data
        var captures = new byte*[4];
        for (int i = 0; i < captures.Length; i++)
            captures[i] = stream.NewCapture();
        for (ulong n = 0; n < 4000; n++)
            Assert.Equal(0, stream.Submit(n % 4 == 0 ? key : stream.InterFrame(n), n % 4 == 0 ? damaged : good, captures[n % 4], (uint)(n % 4), n + 1, n));
        stream.Decoder.Drain();
        Assert.DoesNotContain(stream.Completions, c => !c.Corrupted);
    }

    /// <summary>What samples of a picture that is overwritten are still old is a matter of timing: it is no reference, for the frame that takes its memory and for later ones.</summary>
    [Theory]
    [InlineData(PixelFormat.Yuv420, true)]
    [InlineData(PixelFormat.Nv12, false)] // the reference lies in the engine's own memory
    public void PictureWhoseMemoryIsTakenIsMissing(uint format, bool missing)
    {
        var pictures = new List<byte[]>();
        foreach (int threads in new[] { 1, 2, 4 })
        {
            using var stream = new SyntheticStream(threads, 416, 240, format);
            byte* a = stream.NewCapture(), b = stream.NewCapture();
            Assert.Equal(0, stream.Submit(SyntheticStream.KeyFrame(416, 240), stream.RandomFrame(1, 100000), a, 0, 1, 0));
            Assert.Equal(0, stream.Submit(stream.InterFrame(1), stream.RandomFrame(2, 100000), a, 1, 2, 1));
            Assert.Equal(0, stream.Submit(stream.InterFrame(1), stream.RandomFrame(2, 100000), b, 2, 3, 2));
            stream.Decoder.Drain();
            Dictionary<ulong, bool> corrupted = stream.Completions.ToDictionary(c => c.Cookie, c => c.Corrupted);
            Assert.Equal((false, missing, missing), (corrupted[0], corrupted[1], corrupted[2]));
            pictures.Add([.. new ReadOnlySpan<byte>(a, (int)stream.Layout.Size), .. new ReadOnlySpan<byte>(b, (int)stream.Layout.Size)]);
        }
        Assert.Equal(pictures[0], pictures[1]);
        Assert.Equal(pictures[0], pictures[2]);
    }

    [Fact]
    public void InvalidRequestsAreRefusedWithoutCallback()
    {
        using var stream = new SyntheticStream(1, 128, 128);
        byte* capture = stream.NewCapture();
        (nint Data, int Size) bits = stream.RandomFrame(1, 100);
        V4L2CtrlVp9Frame f = SyntheticStream.KeyFrame(128, 128);
        Assert.Equal(Errno.Invalid, stream.Submit(f, bits, capture, 128, 1, 1)); // slot
        Assert.Equal(Errno.Invalid, stream.Submit(f, bits, capture + 8, 0, 1, 1)); // alignment
        Assert.Equal(Errno.Invalid, stream.Submit(f, bits, null, 0, 1, 1));
        Assert.Equal(Errno.Invalid, stream.Submit(f, (bits.Data, 20), capture, 0, 1, 1)); // no tile data
        f.FrameHeightMinus1 = 200;
        Assert.Equal(Errno.Invalid, stream.Submit(f, bits, capture, 0, 1, 1)); // buffer too small
        Assert.Empty(stream.Completions);
    }

    [Fact]
    public void ReferenceOutsideTheScalingLimitsIsRefused()
    {
        using var stream = new SyntheticStream(1, 512, 512);
        Assert.Equal(0, stream.Submit(SyntheticStream.KeyFrame(512, 512), stream.RandomFrame(1, 400), stream.NewCapture(), 0, 1, 1));
        V4L2CtrlVp9Frame f = stream.InterFrame(1);
        f.FrameWidthMinus1 = f.FrameHeightMinus1 = 254; // 2 × 255 < 512
        Assert.Equal(Errno.Invalid, stream.Submit(f, stream.RandomFrame(2, 400), stream.NewCapture(), 1, 2, 2));
        f.FrameWidthMinus1 = f.FrameHeightMinus1 = 255;
        Assert.Equal(0, stream.Submit(f, stream.RandomFrame(2, 400), stream.NewCapture(), 1, 2, 2));
    }

    [Fact]
    public void CreateRefusesWhatItCannotDo()
    {
        var config = new AbiConfig { Size = (uint)sizeof(AbiConfig), CodedFormat = PixelFormat.Vp9Frame };
        Assert.Equal(Errno.Invalid, EngineDecoder.Create(config, null, out EngineDecoder? d)); // no callback
        Assert.Null(d);
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        using var stream = new SyntheticStream(1, 320, 180);
        var captures = new byte*[4];
        for (int i = 0; i < 4; i++)
            captures[i] = stream.NewCapture();
        (nint, int) bits = stream.RandomFrame(1, 3000);
        stream.Completions.Capacity = 1000;
        ulong n = 0;
        void Decode(int count)
        {
            for (int i = 0; i < count; i++, n++)
            {
                // Assert.Equal allocates itself.
                if (stream.Submit(n == 0 ? SyntheticStream.KeyFrame(320, 180) : stream.InterFrame(n), bits, captures[n % 4], (uint)(n % 4), n + 1, n) != 0)
                    throw new InvalidOperationException("refused");
            }
        }
        Decode(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Decode(50);
        long after = GC.GetAllocatedBytesForCurrentThread();
        // Without optimisation the JIT does not fold RuntimeHelpers.CreateSpan: each look at a table allocates a little.
        bool optimised = typeof(EngineDecoder).Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };
        Assert.InRange(after - before, 0, optimised ? 0 : 50 * 16384);
    }
}
