// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Bitstream.Tests;

public unsafe class Vp9StreamParserTests
{
    private static Vp9FrameInfo Parse(Vp9StreamParser parser, byte[] frame)
    {
        Assert.True(parser.TryParseFrame(frame, out Vp9FrameInfo info, out Vp9ParseError error), error.ToString());
        return info;
    }

    private static Vp9ErrorReason Refuse(Vp9StreamParser parser, byte[] frame)
    {
        Assert.False(parser.TryParseFrame(frame, out _, out Vp9ParseError error));
        Assert.NotEmpty(error.ToString());
        return error.Reason;
    }

    [Fact]
    public void KeyFrameFieldsReachTheControl()
    {
        byte[] frame = new Vp9Builder { Width = 1920, Height = 1080, Render = (640, 480), BaseQIdx = 77 }.ToArray();
        Vp9FrameInfo info = Parse(new Vp9StreamParser(), frame);
        Assert.True(info.IsKey && info.ShowFrame && !info.IsInter);
        Assert.Equal((1920, 1080, 640, 480), (info.Width, info.Height, info.RenderWidth, info.RenderHeight));
        Assert.Equal(0xff, info.RefreshMask);
        Assert.Equal((8, 1, 1), (info.BitDepth, info.SubsamplingX, info.SubsamplingY));
        Assert.Equal(Vp9ColorSpace.Bt709, info.ColorSpace);
        Assert.True(info.FullRange);
        Assert.Equal(1919, info.Frame.FrameWidthMinus1);
        Assert.Equal(479, info.Frame.RenderHeightMinus1);
        Assert.Equal(77, info.Frame.Quant.BaseQIdx);
        Assert.Equal((10, 3), (info.Frame.Lf.Level, info.Frame.Lf.Sharpness));
        Assert.Equal(2, info.Frame.FrameContextIdx);
        Assert.Equal(frame.Length - 1, info.HeaderBytes);
        Assert.Equal(Vp9FrameFlags.KeyFrame | Vp9FrameFlags.ShowFrame | Vp9FrameFlags.RefreshFrameContext | Vp9FrameFlags.XSubsampling
            | Vp9FrameFlags.YSubsampling | Vp9FrameFlags.ColorRangeFullSwing, info.Frame.Flags);
        // Spec setup_past_independence: ref deltas 1, 0, -1, -1.
        Assert.Equal((1, 0, -1, -1), (info.Frame.Lf.RefDeltas[0], info.Frame.Lf.RefDeltas[1], info.Frame.Lf.RefDeltas[2], info.Frame.Lf.RefDeltas[3]));
    }

    [Fact]
    public void FilterDeltasAndFeaturesPersistUntilIntraFrames()
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder { LoopFilterDeltas = [5, null, -7, null, 63, -63], Features = [(1, 0, -20), (1, 2, 3), (7, 1, 40), (7, 3, 0)] }.ToArray());
        Vp9FrameInfo next = Parse(parser, new Vp9Builder { Key = false, KeepSegmentation = true }.ToArray());
        Assert.Equal((5, 0, -7, -1), (next.Frame.Lf.RefDeltas[0], next.Frame.Lf.RefDeltas[1], next.Frame.Lf.RefDeltas[2], next.Frame.Lf.RefDeltas[3]));
        Assert.Equal((63, -63), (next.Frame.Lf.ModeDeltas[0], next.Frame.Lf.ModeDeltas[1]));
        Assert.Equal(-20, next.Frame.Seg.FeatureData[1 * 4 + 0]);
        Assert.Equal(3, next.Frame.Seg.FeatureData[1 * 4 + 2]);
        Assert.Equal(0b0101, next.Frame.Seg.FeatureEnabled[1]);
        Assert.Equal(0b1010, next.Frame.Seg.FeatureEnabled[7]);
        Assert.Equal(Vp9SegmentationFlags.Enabled | Vp9SegmentationFlags.AbsOrDeltaUpdate, next.Frame.Seg.Flags);
        Vp9FrameInfo resilient = Parse(parser, new Vp9Builder { Key = false, ErrorResilient = true, SignBias = 4 }.ToArray());
        Assert.Equal(1, resilient.Frame.Lf.RefDeltas[0]);
        Assert.Equal(0, resilient.Frame.Lf.ModeDeltas[0]);
        Assert.Equal(0, resilient.Frame.Seg.FeatureEnabled[7]);
        Assert.Equal(0, resilient.Frame.RefFrameSignBias);
        Assert.Equal(Vp9FrameFlags.ParallelDecodingMode, resilient.Frame.Flags & (Vp9FrameFlags.ParallelDecodingMode | Vp9FrameFlags.RefreshFrameContext));
    }

    [Fact]
    public void RefusedFrameLeavesStateAlone()
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder { LoopFilterDeltas = [5, 5, 5, 5, 5, 5] }.ToArray());
        byte[] bad = new Vp9Builder { Key = false, LoopFilterDeltas = [9, 9, 9, 9, 9, 9], Width = 100, HeaderSize = 0 }.ToArray();
        Assert.Equal(Vp9ErrorReason.HeaderSize, Refuse(parser, bad));
        Vp9FrameInfo next = Parse(parser, new Vp9Builder { Key = false, SizeFromReference = 0 }.ToArray());
        Assert.Equal(5, next.Frame.Lf.RefDeltas[0]);
        Assert.Equal(64, next.Width);
        Assert.True(next.AfterDamage);
        Assert.False(Parse(parser, new Vp9Builder().ToArray()).AfterDamage);
    }

    [Fact]
    public void SizeComesFromTheNamedReference()
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder { Width = 64, Height = 48 }.ToArray());
        Parse(parser, new Vp9Builder { Key = false, Width = 100, Height = 50, Refresh = 0b1000 }.ToArray());
        Vp9FrameInfo info = Parse(parser, new Vp9Builder { Key = false, References = [0, 3, 1], SizeFromReference = 1, Width = 100, Refresh = 0 }.ToArray());
        Assert.Equal((100, 50), (info.Width, info.Height));
        Assert.Equal((0, 3, 1), (info.ReferenceSlot[0], info.ReferenceSlot[1], info.ReferenceSlot[2]));
        Vp9FrameInfo shown = Parse(parser, Vp9Builder.ShowExisting(3));
        Assert.True(shown.ShowExistingFrame && shown.ShowFrame);
        Assert.Equal((100, 50, 3, 0), (shown.Width, shown.Height, shown.ShownSlot, shown.RefreshMask));
    }

    [Fact]
    public void ReferenceSizeLimitsAreTwiceAndSixteenTimes()
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder { Width = 64, Height = 64 }.ToArray());
        Assert.Equal(0, Parse(parser, new Vp9Builder { Key = false, Width = 32, Height = 32, Refresh = 0 }.ToArray()).UnusableReferences);
        Assert.Equal(0, Parse(parser, new Vp9Builder { Key = false, Width = 1024, Height = 1024, Refresh = 0 }.ToArray()).UnusableReferences);
        Assert.Equal(Vp9ErrorReason.ReferenceSize, Refuse(parser, new Vp9Builder { Key = false, Width = 31, Height = 32 }.ToArray()));
        Assert.Equal(Vp9ErrorReason.ReferenceSize, Refuse(parser, new Vp9Builder { Key = false, Width = 1025, Height = 1024 }.ToArray()));
        // One good reference is enough.
        Parse(parser, new Vp9Builder { Key = false, Width = 32, Height = 32, Refresh = 2 }.ToArray());
        Assert.Equal(0b101, Parse(parser, new Vp9Builder { Key = false, Width = 16, Height = 16, Refresh = 0 }.ToArray()).UnusableReferences);
    }

    [Fact]
    public void IntraOnlyWithoutKeyFrameFillsOnlyItsSlots()
    {
        var parser = new Vp9StreamParser();
        Assert.Equal(Vp9ErrorReason.MissingReference, Refuse(parser, new Vp9Builder { Key = false }.ToArray()));
        Vp9FrameInfo intra = Parse(parser, new Vp9Builder { Key = false, IntraOnly = true, Show = false, Refresh = 0b11, ResetFrameContext = 3 }.ToArray());
        Assert.Equal((8, 1, 1, 2), (intra.BitDepth, intra.SubsamplingX, intra.SubsamplingY, intra.Frame.ResetFrameContext));
        Assert.Equal(Vp9ColorSpace.Bt601, intra.ColorSpace);
        Assert.Equal(Vp9ErrorReason.MissingReference, Refuse(parser, new Vp9Builder { Key = false, References = [0, 1, 2] }.ToArray()));
        Parse(parser, new Vp9Builder { Key = false, References = [0, 1, 1] }.ToArray());
        Assert.Equal(Vp9ErrorReason.MissingReference, Refuse(parser, Vp9Builder.ShowExisting(2)));
        Parse(parser, Vp9Builder.ShowExisting(1));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void ResetFrameContextIsMappedToV4L2(int coded, int expected)
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder().ToArray());
        Vp9FrameInfo info = Parse(parser, new Vp9Builder { Key = false, Show = false, IntraOnly = true, ResetFrameContext = coded }.ToArray());
        Assert.Equal((coded, expected), (info.RawResetFrameContext, info.Frame.ResetFrameContext));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    public void FilterTypesAreMappedToV4L2(int coded, int expected)
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder().ToArray());
        Assert.Equal(expected, Parse(parser, new Vp9Builder { Key = false, Filter = coded }.ToArray()).Frame.InterpolationFilter);
    }

    [Theory]
    [InlineData(0, 2, 8, 1, 1)]
    [InlineData(1, 2, 8, 1, 0)]
    [InlineData(2, 2, 12, 1, 1)]
    [InlineData(3, 2, 12, 1, 0)]
    [InlineData(1, 7, 8, 0, 0)]
    public void ColorConfigurationOfTheProfiles(int profile, int colorSpace, int depth, int ssx, int ssy)
    {
        var parser = new Vp9StreamParser();
        Vp9FrameInfo info = Parse(parser, new Vp9Builder { Profile = profile, ColorSpace = colorSpace }.ToArray());
        Assert.Equal((depth, ssx, ssy), (info.BitDepth, info.SubsamplingX, info.SubsamplingY));
        Vp9FrameInfo intra = Parse(parser, new Vp9Builder { Profile = profile, ColorSpace = colorSpace, Key = false, Show = false, IntraOnly = true }.ToArray());
        Assert.Equal((depth, ssx, ssy), (intra.BitDepth, intra.SubsamplingX, intra.SubsamplingY));
    }

    [Fact]
    public void FormatChangeWithoutKeyFrameIsRefused()
    {
        var parser = new Vp9StreamParser();
        Parse(parser, new Vp9Builder { Profile = 2 }.ToArray());
        Parse(parser, new Vp9Builder { Key = false, Show = false, IntraOnly = true, Refresh = 1 }.ToArray());
        Assert.Equal(Vp9ErrorReason.ReferenceFormat, Refuse(parser, new Vp9Builder { Key = false, References = [0, 1, 2] }.ToArray()));
        Parse(parser, new Vp9Builder { Key = false, References = [0, 0, 0] }.ToArray());
    }

    [Fact]
    public void MalformedFramesAreRefusedWithTheirReason()
    {
        var parser = new Vp9StreamParser();
        byte[] good = new Vp9Builder().ToArray();
        Assert.Equal(Vp9ErrorReason.Empty, Refuse(parser, []));
        Assert.Equal(Vp9ErrorReason.FrameMarker, Refuse(parser, [0x00, .. good]));
        byte[] sync = [.. good];
        sync[1] ^= 1;
        Assert.Equal(Vp9ErrorReason.SyncCode, Refuse(parser, sync));
        Assert.Equal(Vp9ErrorReason.ColorConfig, Refuse(parser, new Vp9Builder { ColorSpace = 7 }.ToArray()));
        Assert.Equal(Vp9ErrorReason.Profile, Refuse(parser, new BitWriter().Put(2, 2).Put(3, 2).Put(1, 1).Put(0, 27).ToArray()));
        Assert.Equal(Vp9ErrorReason.CompressedHeaderTruncated, Refuse(parser, new Vp9Builder { HeaderSize = 60000 }.ToArray()));
        Assert.Equal(Vp9ErrorReason.NoTileData, Refuse(parser, new Vp9Builder { TileBytes = 0 }.ToArray()));
        // Marker bit of the arithmetic decoder set.
        Assert.Equal(Vp9ErrorReason.CompressedHeader, Refuse(parser, new Vp9Builder { Compressed = [0xff, 0xff, 0xff, 0xff] }.ToArray()));
        // Too few bytes for what is in it.
        Assert.Equal(Vp9ErrorReason.CompressedHeader, Refuse(parser, new Vp9Builder { Compressed = [0x00] }.ToArray()));
        for (int n = 1; n < good.Length; n++)
            Refuse(parser, good[..n]);
        Parse(parser, good);
    }

    [Fact]
    public void SmallestTileCountOfTheLargestFrame()
    {
        Vp9FrameInfo info = Parse(new Vp9StreamParser(), new Vp9Builder { Width = 65536, Height = 1 }.ToArray());
        Assert.Equal(4, info.Frame.TileColsLog2);
        Assert.Equal(65535, info.Frame.FrameWidthMinus1);
    }

    [Fact]
    public void RandomBytesNeverThrow()
    {
        var random = new Random(1);
        var parser = new Vp9StreamParser();
        byte[] good = new Vp9Builder { LoopFilterDeltas = [1, 2, 3, 4, 5, 6], Features = [(0, 0, 1)] }.ToArray();
        for (int i = 0; i < 20000; i++)
        {
            byte[] data = [.. good];
            for (int n = random.Next(1, 6); n > 0; n--)
                data[random.Next(data.Length)] = (byte)random.Next(256);
            parser.TryParseFrame(data.AsSpan(0, random.Next(data.Length + 1)), out _, out _);
        }
    }

    [Fact]
    public void ParsingAllocatesNothing()
    {
        var parser = new Vp9StreamParser();
        byte[] key = new Vp9Builder().ToArray(), inter = new Vp9Builder { Key = false }.ToArray();
        var slots = new Vp9ReferenceSlots<int>();
        void Once()
        {
            parser.TryParseFrame(key, out Vp9FrameInfo info, out _);
            slots.Refresh(info.RefreshMask, 1, 1000);
            parser.TryParseFrame(inter, out info, out _);
            slots.FillTimestamps(ref info);
        }
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
