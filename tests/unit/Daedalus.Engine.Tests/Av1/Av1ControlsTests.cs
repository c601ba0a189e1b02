// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Av1;
using Daedalus.Engine.Interop;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Av1;

public unsafe class Av1ControlsTests
{
    private delegate void Change(ref V4L2CtrlAv1Sequence sequence, ref V4L2CtrlAv1Frame frame);

    private static bool TryRead(Change change, out Av1Controls controls, V4L2CtrlAv1FilmGrain? grain = null, DaedalusCtrlAv1Frame? extra = null)
    {
        V4L2CtrlAv1Sequence sequence = new() { BitDepth = 8, OrderHintBits = 7, Flags = Av1SequenceFlags.SubsamplingX | Av1SequenceFlags.SubsamplingY | Av1SequenceFlags.EnableOrderHint };
        V4L2CtrlAv1Frame frame = new()
        {
            FrameType = Av1FrameType.Inter,
            UpscaledWidth = 200,
            FrameWidthMinus1 = 199,
            FrameHeightMinus1 = 99,
            SuperresDenom = 8,
            PrimaryRefFrame = V4L2CtrlAv1Frame.PrimaryRefNone,
            TxMode = Av1TxMode.Select,
            Flags = Av1FrameFlags.ShowFrame,
        };
        frame.Quantization.BaseQIdx = 100;
        frame.TileInfo.TileCols = frame.TileInfo.TileRows = 1;
        for (int r = 0; r < 8; r++)
            frame.GlobalMotion.Params[r * 6 + 2] = frame.GlobalMotion.Params[r * 6 + 5] = 1 << 16;
        change(ref sequence, ref frame);
        V4L2CtrlAv1TileGroupEntry tile = new() { TileSize = 10 };
        V4L2CtrlAv1FilmGrain film = grain ?? default;
        DaedalusCtrlAv1Frame ours = extra ?? default;
        AbiControl* list = stackalloc AbiControl[5];
        list[0] = new AbiControl { Id = V4L2CtrlAv1Sequence.ControlId, Size = (uint)sizeof(V4L2CtrlAv1Sequence), Payload = &sequence };
        list[1] = new AbiControl { Id = V4L2CtrlAv1Frame.ControlId, Size = (uint)sizeof(V4L2CtrlAv1Frame), Payload = &frame };
        list[2] = new AbiControl { Id = V4L2CtrlAv1TileGroupEntry.ControlId, Size = (uint)sizeof(V4L2CtrlAv1TileGroupEntry), Payload = &tile };
        list[3] = new AbiControl { Id = V4L2CtrlAv1FilmGrain.ControlId, Size = (uint)sizeof(V4L2CtrlAv1FilmGrain), Payload = &film };
        list[4] = new AbiControl { Id = DaedalusCtrlAv1Frame.ControlId, Size = (uint)sizeof(DaedalusCtrlAv1Frame), Payload = &ours };
        AbiRequest request = new() { Controls = list, ControlCount = extra == null ? 4u : 5u };
        return Av1Controls.TryRead(&request, out controls);
    }

    private static bool Accepts(Change change) => TryRead(change, out _);

    [Fact]
    public void PlainFrameIsAccepted() => Assert.True(Accepts((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { }));

    [Fact]
    public void WhatNoFrameCanSayIsRefused()
    {
        Change[] changes =
        [
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.BitDepth = 9,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.BitDepth = 12,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.SeqProfile = 1,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.Flags &= ~Av1SequenceFlags.SubsamplingY,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.OrderHintBits = 9,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame _) => s.OrderHintBits = 0,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.UpscaledWidth = 0,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.UpscaledWidth = 199,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.FrameHeightMinus1 = 65536,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.Flags, f.SuperresDenom) = (Av1FrameFlags.UseSuperres, 17),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.FrameType = (Av1FrameType)4,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.RefFrameIdx[6] = 8,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.RefFrameIdx[0] = -1,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.PrimaryRefFrame = 8,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.PrimaryRefFrame, f.FrameType) = (0, Av1FrameType.IntraOnly),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.Flags |= Av1FrameFlags.UseRefFrameMvs,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.Flags |= Av1FrameFlags.SkipModePresent | Av1FrameFlags.ReferenceSelect,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.TileInfo.TileCols = 0,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.TileInfo.TileCols = 65,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.TileInfo.TileCols, f.TileInfo.MiColStarts[1]) = (2, 8),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.TileInfo.TileRows, f.TileInfo.MiRowStarts[1]) = (2, 32),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.TileInfo.ContextUpdateTileId = 1,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.Quantization.DeltaQUAc = 64,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.Quantization.Flags, f.Quantization.QmV) = (Av1QuantizationFlags.UsingQmatrix, 16),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.LoopFilter.Flags = Av1LoopFilterFlags.DeltaLfPresent,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.LoopFilter.Level[1] = 64,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.LoopFilter.Sharpness = 8,
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame f) => (s.Flags, f.Cdef.Bits) = (s.Flags | Av1SequenceFlags.EnableCdef, 4),
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame f) => (s.Flags, f.Cdef.YSecStrength[0]) = (s.Flags | Av1SequenceFlags.EnableCdef, 5),
            (ref V4L2CtrlAv1Sequence s, ref V4L2CtrlAv1Frame f) => (s.Flags, f.LoopRestoration.FrameRestorationType[0]) = (s.Flags | Av1SequenceFlags.EnableRestoration, Av1RestorationType.Wiener),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.Segmentation.Flags, f.Segmentation.FeatureEnabled[3], f.Segmentation.FeatureData[3 * 8 + 5]) = (Av1SegmentationFlags.Enabled, 0x20, 8),
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.TxMode = Av1TxMode.Only4x4,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.Quantization.BaseQIdx = 0,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => f.GlobalMotion.Type[1] = (Av1WarpModel)4,
            (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) => (f.GlobalMotion.Type[1], f.GlobalMotion.Params[6 + 2]) = (Av1WarpModel.Affine, 0),
        ];
        for (int i = 0; i < changes.Length; i++)
            Assert.False(Accepts(changes[i]), $"change {i}");
    }

    /// <summary>docs/private-controls.md</summary>
    [Fact]
    public void EntriesOfTileListsAreRefused()
    {
        Change none = (ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { };
        Assert.True(TryRead(none, out Av1Controls c, extra: new DaedalusCtrlAv1Frame { MatrixCoefficients = 9 }));
        Assert.Equal(9, c.Private.MatrixCoefficients);
        Assert.False(TryRead(none, out _, extra: new DaedalusCtrlAv1Frame { Flags = DaedalusAv1FrameFlags.LargeScaleTile, AnchorTs = 1000 }));
    }

    [Fact]
    public void WhatTheSpecificationDerivesIsDerived()
    {
        Assert.True(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) =>
        {
            f.Segmentation.Flags = Av1SegmentationFlags.Enabled | Av1SegmentationFlags.TemporalUpdate;
            f.Segmentation.LastActiveSegId = 200;
            f.Segmentation.FeatureEnabled[2] = 0x40;
            f.GlobalMotion.Params[3] = 12345;
            f.LoopFilter.Level[0] = 10;
        }, out Av1Controls c));
        Assert.Equal(2, c.Frame.Segmentation.LastActiveSegId);
        Assert.Equal(Av1SegmentationFlags.Enabled | Av1SegmentationFlags.SegIdPreSkip, c.Frame.Segmentation.Flags);
        Assert.Equal(0, c.Frame.GlobalMotion.Params[3]);
        Assert.Equal(10, c.Frame.LoopFilter.Level[0]);

        Assert.True(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) =>
        {
            (f.FrameType, f.LoopFilter.Level[0]) = (Av1FrameType.Key, 10);
            f.Flags |= Av1FrameFlags.AllowIntrabc | Av1FrameFlags.AllowScreenContentTools;
        }, out c));
        Assert.Equal(0, c.Frame.LoopFilter.Level[0]);

        // Superres that the least width of 16 undoes.
        Assert.True(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame f) =>
        {
            (f.UpscaledWidth, f.FrameWidthMinus1, f.SuperresDenom) = (16, 15, 13);
            f.Flags |= Av1FrameFlags.UseSuperres;
        }, out c));
        Assert.Equal(0u, (uint)(c.Frame.Flags & Av1FrameFlags.UseSuperres));
    }

    [Fact]
    public void FilmGrainMustBeUsable()
    {
        V4L2CtrlAv1FilmGrain grain = new() { Flags = Av1FilmGrainFlags.ApplyGrain, NumYPoints = 2 };
        grain.PointYValue[1] = 10;
        Assert.True(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { }, out Av1Controls c, grain));
        Assert.Equal(2, c.Grain.NumYPoints);
        grain.PointYValue[1] = 0;
        Assert.False(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { }, out _, grain));
        grain.NumYPoints = 15;
        Assert.False(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { }, out _, grain));
        grain.Flags = 0;
        Assert.True(TryRead((ref V4L2CtrlAv1Sequence _, ref V4L2CtrlAv1Frame _) => { }, out c, grain));
        Assert.Equal(0, c.Grain.NumYPoints);
    }
}
