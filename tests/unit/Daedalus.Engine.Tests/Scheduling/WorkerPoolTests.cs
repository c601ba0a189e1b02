// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.Engine.Scheduling;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Scheduling;

public unsafe class WorkerPoolTests
{
    private const int Slots = 8;

    // A chain of random frames, each of which refers to the one before: workers wait for rows all the time.
    private static List<ulong> Decode(int seed, int count, int threads, WorkerPool? pool, int cancelEvery = 0)
    {
        int width = 200 + 40 * (seed % 5), height = 130 + 30 * (seed % 4);
        using var stream = new SyntheticStream(threads, width, height, PixelFormat.Yuv420, 0, pool);
        var captures = new nint[count];
        for (int i = 0; i < count; i++)
        {
            captures[i] = (nint)stream.NewCapture();
            bool key = i == 0 || (cancelEvery != 0 && i % cancelEvery == 0);
            V4L2CtrlVp9Frame f = key ? SyntheticStream.KeyFrame(width, height) : stream.InterFrame((ulong)i);
            Assert.Equal(0, stream.Submit(f, stream.RandomFrame(seed * 1000 + i, 1500), (byte*)captures[i], (uint)(i % Slots), (ulong)i + 1, (ulong)i));
            if (cancelEvery != 0 && i % cancelEvery == cancelEvery - 1)
                stream.Decoder.Cancel();
        }
        stream.Decoder.Drain();
        Assert.Equal(count, stream.Completions.Select(c => c.Cookie).Distinct().Count());
        Assert.All(stream.Completions, c => Assert.True(c.Status == 0 || (cancelEvery != 0 && c.Status == Errno.Canceled), $"frame {c.Cookie}: {c.Status}"));
        return [.. captures.Select(stream.HashOf)];
    }

    private static List<ulong>[] DecodeAtOnce(int streams, int count, WorkerPool pool, int cancelEvery = 0)
    {
        var results = new List<ulong>[streams];
        var problems = new List<Exception>();
        var threads = new Thread[streams];
        for (int s = 0; s < streams; s++)
        {
            int seed = s;
            threads[s] = new Thread(() =>
            {
                try
                {
                    results[seed] = Decode(seed, count, 0, pool, cancelEvery);
                }
                catch (Exception e)
                {
                    lock (problems)
                        problems.Add(e);
                }
            });
            threads[s].Start();
        }
        foreach (Thread thread in threads)
            Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "a stream does not come to its end");
        Assert.Empty(problems);
        return results;
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 1)]
    [InlineData(2, 6)]
    [InlineData(3, 10)]
    [InlineData(5, 4)]
    public void StreamsThatShareThreadsAreDecodedAsAlone(int threads, int streams)
    {
        var pool = new WorkerPool(threads);
        List<ulong>[] shared = DecodeAtOnce(streams, 40, pool);
        for (int s = 0; s < streams; s++)
            Assert.Equal(Decode(s, 40, 1, null), shared[s]);
        // Those that waited were replaced, and no stream has had more than the pool's number.
        Assert.InRange(pool.ThreadCount, threads, threads * (streams + 1));
        Assert.True(pool.TryDispose());
    }

    [Fact]
    public void StreamsThatAreCancelledLeaveThePoolAlive()
    {
        var pool = new WorkerPool(2);
        DecodeAtOnce(6, 60, pool, cancelEvery: 7);
        Assert.Equal(Decode(3, 20, 1, null), Decode(3, 20, 0, pool));
        Assert.True(pool.TryDispose());
    }

    [Fact]
    public void APoolInUseIsNotEnded()
    {
        var pool = new WorkerPool(2);
        using (new SyntheticStream(2, 64, 64, PixelFormat.Yuv420, 0, pool))
            Assert.False(pool.TryDispose());
        Assert.True(pool.TryDispose());
    }

    [Fact]
    public void AStreamDoesNotWaitForTheEndOfAnother()
    {
        const int Frames = 150;
        var pool = new WorkerPool(2);
        using var busy = new SyntheticStream(2, 640, 360, PixelFormat.Yuv420, 64, pool);
        nint[] captures = [.. Enumerable.Range(0, Slots).Select(_ => (nint)busy.NewCapture())];
        for (int i = 0; i < Frames; i++)
        {
            V4L2CtrlVp9Frame f = i == 0 ? SyntheticStream.KeyFrame(640, 360) : busy.InterFrame((ulong)i);
            Assert.Equal(0, busy.Submit(f, busy.RandomFrame(i, 20000), (byte*)captures[i % Slots], (uint)(i % Slots), (ulong)i + 1, (ulong)i));
            if (i == Frames - 64)
            {
                // Sixty frames of the first are in flight.
                int before = Completed(busy);
                Decode(1, 5, 0, pool);
                Assert.True(Completed(busy) - before < 60, "the other stream was served first");
            }
        }
        busy.Decoder.Drain();
        busy.Decoder.Dispose();
        Assert.True(pool.TryDispose());
    }

    private static int Completed(SyntheticStream stream)
    {
        lock (stream.Completions)
            return stream.Completions.Count;
    }
}
