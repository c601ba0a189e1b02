// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Vp9;
using Xunit;

namespace Daedalus.Bitstream.Tests;

public class SuperframeTests
{
    private static byte[] Index(int bytes, params int[] sizes)
    {
        byte marker = (byte)(0xc0 | (bytes - 1) << 3 | (sizes.Length - 1));
        var index = new List<byte> { marker };
        foreach (int size in sizes)
        {
            for (int b = 0; b < bytes; b++)
                index.Add((byte)(size >> (8 * b)));
        }
        index.Add(marker);
        return [.. index];
    }

    private static (int, int)[] Split(byte[] data, out SuperframeStatus status)
    {
        Span<Range> ranges = stackalloc Range[Superframe.MaxFrames];
        int n = Superframe.Split(data, ranges, out status);
        return [.. ranges[..n].ToArray().Select(r => (r.Start.Value, r.End.Value))];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void IndexNamesTheFrames(int bytes)
    {
        byte[] data = [.. new byte[30], .. Index(bytes, 10, 0, 19, 1)];
        Assert.Equal([(0, 10), (10, 29), (29, 30)], Split(data, out SuperframeStatus status));
        Assert.Equal(SuperframeStatus.Indexed, status);
    }

    [Fact]
    public void WithoutIndexThereIsOneFrame()
    {
        Assert.Equal([(0, 5)], Split([0x82, 0, 0, 0, 1], out SuperframeStatus status));
        Assert.Equal(SuperframeStatus.None, status);
        Assert.Empty(Split([], out _));
    }

    [Fact]
    public void ShowExistingMayBeFollowedByAFrame()
    {
        Assert.Equal([(0, 1)], Split([0x88], out _));
        Assert.Equal([(0, 1), (1, 4)], Split([0x8b, 0x82, 1, 1], out _));
        Assert.Equal([(0, 1), (3, 4)], Split([0x8b, 0, 0, 0x89], out _));
        Assert.Equal([(0, 1)], Split([0x8b, 0, 0], out _));
        // Profile 3 has a reserved bit before show_existing_frame.
        Assert.Equal([(0, 2), (2, 4)], Split([0xb4, 0x80, 0x82, 1], out _));
    }

    [Fact]
    public void BrokenIndexIsReported()
    {
        Assert.Equal([(0, 4)], Split([1, 2, 3, 0xc1], out SuperframeStatus status));
        Assert.Equal(SuperframeStatus.InvalidIndex, status);
        Assert.Equal([(0, 1)], Split([0xdf], out status));
        Assert.Equal(SuperframeStatus.InvalidIndex, status);
        Assert.Equal([(0, 5)], Split([.. new byte[10], .. Index(1, 5, 200)], out status));
        Assert.Equal(SuperframeStatus.Truncated, status);
        Assert.Empty(Split([.. new byte[4], .. Index(4, -1)], out status));
        Assert.Equal(SuperframeStatus.Truncated, status);
    }

    [Fact]
    public void ShortListTakesTheFirstFrames()
    {
        byte[] data = [.. new byte[3], .. Index(1, 1, 1, 1)];
        Span<Range> two = stackalloc Range[2];
        Assert.Equal(2, Superframe.Split(data, two));
    }
}
