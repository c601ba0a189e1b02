// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2;
using Xunit;

namespace Daedalus.Engine.Tests.Pictures;

public unsafe class PictureLayoutTests
{
    public static TheoryData<uint> Formats()
    {
        var data = new TheoryData<uint> { PixelFormat.Nv12, PixelFormat.P010 };
        foreach (int depth in new[] { 8, 9, 10, 12, 14 })
        {
            for (int ss = 0; ss < 4; ss++)
                data.Add(PixelFormat.Planar(ss & 1, ss >> 1, depth));
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void PlanesHoldWholeSuperblocksApartAndAligned(uint format)
    {
        Assert.True(PictureLayout.TryGetInfo(format, out FormatInfo info));
        foreach ((uint w, uint h) in new[] { (1u, 1u), (64u, 64u), (65u, 63u), (352u, 288u), (1920u, 1080u), (2048u, 64u), (4096u, 2176u) })
        {
            AbiLayout l;
            Assert.True(PictureLayout.Fill(format, w, h, &l));
            int bytes = info.BitDepth > 8 ? 2 : 1;
            ulong end = 0;
            for (int p = 0; p < l.PlaneCount; p++)
            {
                uint columns = (w + 63) / 64 * 64, rows = (h + 63) / 64 * 64;
                if (p > 0)
                {
                    columns = (columns >> info.SubsamplingX) * (info.SemiPlanar ? 2u : 1u);
                    rows >>= info.SubsamplingY;
                }
                Assert.True(l.Stride[p] >= columns * bytes);
                Assert.Equal(0u, l.Stride[p] % 64);
                Assert.NotEqual(0u, l.Stride[p] % 4096);
                Assert.Equal(0u, l.Offset[p] % 64);
                Assert.True(l.Offset[p] >= end);
                end = l.Offset[p] + (ulong)l.Stride[p] * rows;
            }
            Assert.True(l.Size >= end + 64);
            Assert.True(PictureLayout.Holds(&l, (int)w, (int)h));
            Assert.False(PictureLayout.Holds(&l, (int)w, (int)h + 64));
            l.Size = (uint)end;
            Assert.False(PictureLayout.Holds(&l, (int)w, (int)h));
        }
    }

    [Theory]
    [InlineData(0u, 16u)]
    [InlineData(16u, 0u)]
    [InlineData(65537u, 16u)]
    [InlineData(65536u, 65536u)] // more than 4 GiB
    public void ImpossibleSizesAreRefused(uint width, uint height)
    {
        AbiLayout l;
        Assert.False(PictureLayout.Fill(PixelFormat.Yuv420, width, height, &l));
    }

    [Fact]
    public void UnknownFormatIsRefused()
    {
        AbiLayout l;
        Assert.False(PictureLayout.Fill('Y' | 'V' << 8 | '1' << 16 | '2' << 24, 16, 16, &l));
    }

    [Fact]
    public void OverlappingOrUnalignedPlanesAreRefused()
    {
        AbiLayout good;
        Assert.True(PictureLayout.Fill(PixelFormat.Yuv420, 128, 128, &good));
        AbiLayout l = good;
        l.Offset[1] -= 64;
        Assert.False(PictureLayout.Holds(&l, 128, 128));
        l = good;
        l.Stride[0] += 8;
        Assert.False(PictureLayout.Holds(&l, 128, 128));
        l = good;
        l.Stride[2] = l.Stride[1] * 2;
        Assert.False(PictureLayout.Holds(&l, 128, 128));
        l = good;
        l.PlaneCount = 2;
        Assert.False(PictureLayout.Holds(&l, 128, 128));
    }
}
