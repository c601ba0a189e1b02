// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Vp9;

/// <summary>
/// Parses the frames of one stream in decode order and keeps what the syntax itself makes persistent: colour configuration,
/// loop filter deltas, segmentation, geometry of the eight reference slots. A refused frame changes nothing of that.
/// Allocates nothing after construction; never throws on stream content.
/// </summary>
public sealed unsafe class Vp9StreamParser
{
    private struct SlotGeometry
    {
        public int Width, Height;
        public byte BitDepth, SubsamplingX, SubsamplingY;
        public byte Profile;
        public Vp9ColorSpace ColorSpace;
        public bool FullRange;
        public bool Valid;
        public int RenderWidth, RenderHeight;
    }

    private const int ReferencesPerFrame = 3;
    private const int SlotCount = 8;
    private const int MaxTileWidthB64 = 64;
    private const int MinTileWidthB64 = 4;

    private readonly SlotGeometry[] _slots = new SlotGeometry[SlotCount];
    private V4L2Vp9LoopFilter _loopFilter;
    private V4L2Vp9Segmentation _segmentation;
    private byte _bitDepth = 8, _subsamplingX = 1, _subsamplingY = 1;
    private Vp9ColorSpace _colorSpace;
    private bool _fullRange;
    private bool _damaged;

    /// <summary>A parser for a new stream.</summary>
    public Vp9StreamParser() => Reset();

    /// <summary>Forgets the stream: the next frame must be a key frame or an intra-only frame.</summary>
    public void Reset()
    {
        Array.Clear(_slots);
        _loopFilter = default;
        _segmentation = default;
        for (int i = 0; i < 7; i++)
            _segmentation.TreeProbs[i] = 255;
        for (int i = 0; i < 3; i++)
            _segmentation.PredProbs[i] = 255;
        _bitDepth = 8;
        _subsamplingX = _subsamplingY = 1;
        _colorSpace = Vp9ColorSpace.Unknown;
        _fullRange = false;
        _damaged = false;
    }

    /// <summary>Notes that a frame was lost or failed to decode: <see cref="Vp9FrameInfo.AfterDamage"/> until a key or intra-only frame.</summary>
    public void MarkDamaged() => _damaged = true;

    /// <summary>Whether a slot holds a frame, as the headers so far have it.</summary>
    public bool IsSlotValid(int slot) => (uint)slot < SlotCount && _slots[slot].Valid;

    /// <summary>
    /// Parses one frame (not a superframe) and, when it is accepted, applies its refresh flags to the slot geometry.
    /// </summary>
    /// <param name="frame">The frame's bytes: headers and tiles.</param>
    /// <param name="info">Set when true is returned.</param>
    /// <param name="error">Set when false is returned.</param>
    public bool TryParseFrame(ReadOnlySpan<byte> frame, out Vp9FrameInfo info, out Vp9ParseError error)
    {
        info = default;
        if (frame.IsEmpty)
        {
            error = new Vp9ParseError(Vp9ErrorReason.Empty, 0);
            return false;
        }
        var reader = new BitReader(frame);
        error = ParseUncompressedHeader(ref reader, ref info);
        if (error.Reason == Vp9ErrorReason.None && !info.ShowExistingFrame)
            error = ParseRest(frame, reader.BytesRead, ref info);
        if (error.Reason != Vp9ErrorReason.None)
        {
            // Fields read behind the end are zeros and may have caused the other complaint.
            if (reader.Overrun)
                error = new Vp9ParseError(Vp9ErrorReason.Truncated, reader.Position);
            _damaged = true;
            return false;
        }
        Commit(ref info);
        return true;
    }

    private Vp9ParseError ParseRest(ReadOnlySpan<byte> frame, int uncompressedSize, ref Vp9FrameInfo info)
    {
        int compressedSize = info.Frame.CompressedHeaderSize;
        info.Frame.UncompressedHeaderSize = (ushort)uncompressedSize;
        info.HeaderBytes = uncompressedSize + compressedSize;
        if (compressedSize > frame.Length - uncompressedSize)
            return new Vp9ParseError(Vp9ErrorReason.CompressedHeaderTruncated, uncompressedSize * 8);
        if (!CompressedHeader.TryParse(frame.Slice(uncompressedSize, compressedSize), ref info, out int bit))
            return new Vp9ParseError(Vp9ErrorReason.CompressedHeader, uncompressedSize * 8 + bit);
        if (info.HeaderBytes >= frame.Length)
            return new Vp9ParseError(Vp9ErrorReason.NoTileData, info.HeaderBytes * 8);
        return default;
    }

    // Spec 6.2 uncompressed_header.
    private Vp9ParseError ParseUncompressedHeader(ref BitReader r, ref Vp9FrameInfo info)
    {
        if (r.Bits(2) != 2)
            return new Vp9ParseError(Vp9ErrorReason.FrameMarker, r.Position);
        info.Profile = r.Bit() | r.Bit() << 1;
        if (info.Profile == 3 && r.Flag())
            return new Vp9ParseError(Vp9ErrorReason.Profile, r.Position);
        info.ShowExistingFrame = r.Flag();
        if (info.ShowExistingFrame)
            return ParseShowExisting(ref r, ref info);

        info.IsKey = !r.Flag();
        info.ShowFrame = r.Flag();
        info.ErrorResilient = r.Flag();
        info.BitDepth = _bitDepth;
        info.SubsamplingX = _subsamplingX;
        info.SubsamplingY = _subsamplingY;
        info.ColorSpace = _colorSpace;
        info.FullRange = _fullRange;

        ref V4L2CtrlVp9Frame f = ref info.Frame;
        Vp9ParseError error;
        if (info.IsKey)
        {
            if (r.Bits(24) != 0x498342)
                return new Vp9ParseError(Vp9ErrorReason.SyncCode, r.Position);
            if ((error = ParseColorConfig(ref r, ref info)).Reason != 0)
                return error;
            ParseFrameSize(ref r, ref info);
            ParseRenderSize(ref r, ref info);
            info.RefreshMask = 0xff;
        }
        else
        {
            info.IsIntraOnly = !info.ShowFrame && r.Flag();
            info.RawResetFrameContext = info.ErrorResilient ? 0 : r.Bits(2);
            if (info.IsIntraOnly)
            {
                if (r.Bits(24) != 0x498342)
                    return new Vp9ParseError(Vp9ErrorReason.SyncCode, r.Position);
                if (info.Profile > 0)
                {
                    if ((error = ParseColorConfig(ref r, ref info)).Reason != 0)
                        return error;
                }
                else
                {
                    // Profile 0 sends no colour configuration here: always 8 bits 4:2:0 (spec 7.2).
                    info.BitDepth = 8;
                    info.SubsamplingX = info.SubsamplingY = 1;
                    info.ColorSpace = Vp9ColorSpace.Bt601;
                    info.FullRange = false;
                }
                info.RefreshMask = (byte)r.Bits(8);
                ParseFrameSize(ref r, ref info);
                ParseRenderSize(ref r, ref info);
            }
            else
            {
                info.RefreshMask = (byte)r.Bits(8);
                if ((error = ParseReferences(ref r, ref info)).Reason != 0)
                    return error;
                if (r.Flag())
                    f.Flags |= Vp9FrameFlags.AllowHighPrecisionMv;
                f.InterpolationFilter = ParseInterpolationFilter(ref r);
            }
        }

        bool refreshContext = false, parallel = true;
        if (!info.ErrorResilient)
        {
            refreshContext = r.Flag();
            parallel = r.Flag();
        }
        f.FrameContextIdx = (byte)r.Bits(2);

        f.Lf = _loopFilter;
        f.Seg = _segmentation;
        if (info.IsKey || info.IsIntraOnly || info.ErrorResilient)
        {
            SetupPastIndependence(ref f);
        }
        ParseLoopFilter(ref r, ref f.Lf);
        ParseQuantization(ref r, ref f.Quant);
        info.Lossless = f.Quant.BaseQIdx == 0 && f.Quant.DeltaQYDc == 0 && f.Quant.DeltaQUvDc == 0 && f.Quant.DeltaQUvAc == 0;
        ParseSegmentation(ref r, ref f.Seg);
        if (!ParseTileInfo(ref r, info.Width, ref f))
            return new Vp9ParseError(Vp9ErrorReason.TileInfo, r.Position);
        f.CompressedHeaderSize = (ushort)r.Bits(16);
        if (r.Overrun)
            return new Vp9ParseError(Vp9ErrorReason.Truncated, r.Position);
        if (f.CompressedHeaderSize == 0)
            return new Vp9ParseError(Vp9ErrorReason.HeaderSize, r.Position);

        FillFlags(ref info, refreshContext, parallel);
        return default;
    }

    private Vp9ParseError ParseShowExisting(ref BitReader r, ref Vp9FrameInfo info)
    {
        int slot = info.ShownSlot = r.Bits(3);
        if (r.Overrun)
            return new Vp9ParseError(Vp9ErrorReason.Truncated, r.Position);
        ref SlotGeometry s = ref _slots[slot];
        if (!s.Valid)
            return new Vp9ParseError(Vp9ErrorReason.MissingReference, r.Position, slot);
        info.ShowFrame = true;
        info.Width = s.Width;
        info.Height = s.Height;
        info.RenderWidth = s.RenderWidth;
        info.RenderHeight = s.RenderHeight;
        info.BitDepth = s.BitDepth;
        info.SubsamplingX = s.SubsamplingX;
        info.SubsamplingY = s.SubsamplingY;
        info.ColorSpace = s.ColorSpace;
        info.FullRange = s.FullRange;
        info.HeaderBytes = r.BytesRead;
        return default;
    }

    // Spec 6.2.2 color_config.
    private static Vp9ParseError ParseColorConfig(ref BitReader r, ref Vp9FrameInfo info)
    {
        bool odd = (info.Profile & 1) != 0;
        info.BitDepth = info.Profile < 2 ? 8 : r.Flag() ? 12 : 10;
        info.ColorSpace = (Vp9ColorSpace)r.Bits(3);
        if (info.ColorSpace != Vp9ColorSpace.Srgb)
        {
            info.FullRange = r.Flag();
            info.SubsamplingX = info.SubsamplingY = 1;
            if (!odd)
                return default;
            info.SubsamplingX = r.Bit();
            info.SubsamplingY = r.Bit();
            if ((info.SubsamplingX & info.SubsamplingY) != 0)
                return new Vp9ParseError(Vp9ErrorReason.ColorConfig, r.Position);
        }
        else
        {
            info.FullRange = true;
            info.SubsamplingX = info.SubsamplingY = 0;
            if (!odd)
                return new Vp9ParseError(Vp9ErrorReason.ColorConfig, r.Position);
        }
        return r.Flag() ? new Vp9ParseError(Vp9ErrorReason.ColorConfig, r.Position) : default;
    }

    private static void ParseFrameSize(ref BitReader r, ref Vp9FrameInfo info)
    {
        info.Width = r.Bits(16) + 1;
        info.Height = r.Bits(16) + 1;
    }

    private static void ParseRenderSize(ref BitReader r, ref Vp9FrameInfo info)
    {
        info.RenderWidth = info.Width;
        info.RenderHeight = info.Height;
        if (r.Flag())
        {
            info.RenderWidth = r.Bits(16) + 1;
            info.RenderHeight = r.Bits(16) + 1;
        }
    }

    // ref_frame_idx, sign bias and spec 6.2.5 frame_size_with_refs.
    private Vp9ParseError ParseReferences(ref BitReader r, ref Vp9FrameInfo info)
    {
        for (int i = 0; i < ReferencesPerFrame; i++)
        {
            int slot = r.Bits(3);
            info.ReferenceSlot[i] = (byte)slot;
            info.Frame.RefFrameSignBias |= (byte)(r.Bit() << i);
            if (!_slots[slot].Valid)
                return new Vp9ParseError(Vp9ErrorReason.MissingReference, r.Position, slot);
        }
        bool found = false;
        for (int i = 0; i < ReferencesPerFrame && !found; i++)
        {
            found = r.Flag();
            if (found)
            {
                info.Width = _slots[info.ReferenceSlot[i]].Width;
                info.Height = _slots[info.ReferenceSlot[i]].Height;
            }
        }
        if (!found)
            ParseFrameSize(ref r, ref info);
        for (int i = 0; i < ReferencesPerFrame; i++)
        {
            ref SlotGeometry s = ref _slots[info.ReferenceSlot[i]];
            if (2 * info.Width < s.Width || 2 * info.Height < s.Height || info.Width > 16 * s.Width || info.Height > 16 * s.Height)
                info.UnusableReferences |= (byte)(1 << i);
            if (s.BitDepth != info.BitDepth || s.SubsamplingX != info.SubsamplingX || s.SubsamplingY != info.SubsamplingY)
                return new Vp9ParseError(Vp9ErrorReason.ReferenceFormat, r.Position, info.ReferenceSlot[i]);
        }
        // One usable reference suffices: the stream need not predict from the others.
        if (info.UnusableReferences == 7)
            return new Vp9ParseError(Vp9ErrorReason.ReferenceSize, r.Position);
        ParseRenderSize(ref r, ref info);
        return default;
    }

    // Spec 6.2.7; the coded order is smooth, regular, sharp, bilinear and V4L2's is regular, smooth, sharp, bilinear.
    private static byte ParseInterpolationFilter(ref BitReader r)
    {
        if (r.Flag())
            return 4;
        int type = r.Bits(2);
        return (byte)(type < 2 ? type ^ 1 : type);
    }

    // Spec 7.2 setup_past_independence, as far as it concerns syntax.
    private static void SetupPastIndependence(ref V4L2CtrlVp9Frame f)
    {
        for (int i = 0; i < 8 * 4; i++)
            f.Seg.FeatureData[i] = 0;
        for (int i = 0; i < 8; i++)
            f.Seg.FeatureEnabled[i] = 0;
        f.Seg.Flags &= ~Vp9SegmentationFlags.AbsOrDeltaUpdate;
        f.Lf.RefDeltas[0] = 1;
        f.Lf.RefDeltas[1] = 0;
        f.Lf.RefDeltas[2] = -1;
        f.Lf.RefDeltas[3] = -1;
        f.Lf.ModeDeltas[0] = f.Lf.ModeDeltas[1] = 0;
        // libvpx clears the sign biases here, after they were read: error resilient inter frames have none.
        f.RefFrameSignBias = 0;
    }

    // Spec 6.2.8.
    private static void ParseLoopFilter(ref BitReader r, ref V4L2Vp9LoopFilter lf)
    {
        lf.Level = (byte)r.Bits(6);
        lf.Sharpness = (byte)r.Bits(3);
        lf.Flags = Vp9LoopFilterFlags.None;
        if (!r.Flag())
            return;
        lf.Flags = Vp9LoopFilterFlags.DeltaEnabled;
        if (!r.Flag())
            return;
        lf.Flags |= Vp9LoopFilterFlags.DeltaUpdate;
        for (int i = 0; i < 4; i++)
        {
            if (r.Flag())
                lf.RefDeltas[i] = (sbyte)r.Signed(6);
        }
        for (int i = 0; i < 2; i++)
        {
            if (r.Flag())
                lf.ModeDeltas[i] = (sbyte)r.Signed(6);
        }
    }

    // Spec 6.2.9, 6.2.10.
    private static void ParseQuantization(ref BitReader r, ref V4L2Vp9Quantization q)
    {
        q.BaseQIdx = (byte)r.Bits(8);
        q.DeltaQYDc = (sbyte)(r.Flag() ? r.Signed(4) : 0);
        q.DeltaQUvDc = (sbyte)(r.Flag() ? r.Signed(4) : 0);
        q.DeltaQUvAc = (sbyte)(r.Flag() ? r.Signed(4) : 0);
    }

    // Spec 6.2.11, 6.2.12.
    private static void ParseSegmentation(ref BitReader r, ref V4L2Vp9Segmentation seg)
    {
        Vp9SegmentationFlags kept = seg.Flags & Vp9SegmentationFlags.AbsOrDeltaUpdate;
        seg.Flags = kept;
        if (!r.Flag())
            return;
        seg.Flags |= Vp9SegmentationFlags.Enabled;
        if (r.Flag())
        {
            seg.Flags |= Vp9SegmentationFlags.UpdateMap;
            for (int i = 0; i < 7; i++)
                seg.TreeProbs[i] = (byte)(r.Flag() ? r.Bits(8) : 255);
            bool temporal = r.Flag();
            if (temporal)
                seg.Flags |= Vp9SegmentationFlags.TemporalUpdate;
            for (int i = 0; i < 3; i++)
                seg.PredProbs[i] = (byte)(temporal && r.Flag() ? r.Bits(8) : 255);
        }
        if (!r.Flag())
            return;
        seg.Flags = seg.Flags & ~Vp9SegmentationFlags.AbsOrDeltaUpdate | Vp9SegmentationFlags.UpdateData;
        if (r.Flag())
            seg.Flags |= Vp9SegmentationFlags.AbsOrDeltaUpdate;
        ReadOnlySpan<byte> bits = [8, 6, 2, 0];
        for (int segment = 0; segment < 8; segment++)
        {
            int enabled = 0;
            for (int feature = 0; feature < 4; feature++)
            {
                int value = 0;
                if (r.Flag())
                {
                    enabled |= 1 << feature;
                    value = r.Bits(bits[feature]);
                    // Only the quantiser and filter level features are signed.
                    if (feature < 2 && r.Flag())
                        value = -value;
                }
                seg.FeatureData[segment * 4 + feature] = (short)value;
            }
            seg.FeatureEnabled[segment] = (byte)enabled;
        }
    }

    // Spec 6.2.13, 6.2.14.
    private static bool ParseTileInfo(ref BitReader r, int width, ref V4L2CtrlVp9Frame f)
    {
        int sb64Cols = (width + 63) >> 6;
        int log2 = 0, max = 1;
        while (MaxTileWidthB64 << log2 < sb64Cols)
            log2++;
        while (sb64Cols >> max >= MinTileWidthB64)
            max++;
        max--;
        while (log2 < max && r.Flag())
            log2++;
        if (log2 > 6)
            return false;
        f.TileColsLog2 = (byte)log2;
        int rows = r.Bit();
        if (rows != 0)
            rows += r.Bit();
        f.TileRowsLog2 = (byte)rows;
        return true;
    }

    private static void FillFlags(ref Vp9FrameInfo info, bool refreshContext, bool parallel)
    {
        ref V4L2CtrlVp9Frame f = ref info.Frame;
        f.Flags |= (info.IsKey ? Vp9FrameFlags.KeyFrame : 0)
            | (info.ShowFrame ? Vp9FrameFlags.ShowFrame : 0)
            | (info.ErrorResilient ? Vp9FrameFlags.ErrorResilient : 0)
            | (info.IsIntraOnly ? Vp9FrameFlags.IntraOnly : 0)
            | (refreshContext ? Vp9FrameFlags.RefreshFrameContext : 0)
            | (parallel ? Vp9FrameFlags.ParallelDecodingMode : 0)
            | (info.SubsamplingX != 0 ? Vp9FrameFlags.XSubsampling : 0)
            | (info.SubsamplingY != 0 ? Vp9FrameFlags.YSubsampling : 0)
            | (info.FullRange ? Vp9FrameFlags.ColorRangeFullSwing : 0);
        f.FrameWidthMinus1 = (ushort)(info.Width - 1);
        f.FrameHeightMinus1 = (ushort)(info.Height - 1);
        f.RenderWidthMinus1 = (ushort)(info.RenderWidth - 1);
        f.RenderHeightMinus1 = (ushort)(info.RenderHeight - 1);
        // Coded 0 and 1 both mean none (spec 7.2); V4L2 numbers none, one, all as 0, 1, 2.
        f.ResetFrameContext = (byte)Math.Max(0, info.RawResetFrameContext - 1);
        f.Profile = (byte)info.Profile;
        f.BitDepth = (byte)info.BitDepth;
    }

    private void Commit(ref Vp9FrameInfo info)
    {
        if (!info.ShowExistingFrame)
        {
            if (info.IsKey || info.IsIntraOnly)
                _damaged = false;
            _loopFilter = info.Frame.Lf;
            _segmentation = info.Frame.Seg;
            _bitDepth = (byte)info.BitDepth;
            _subsamplingX = (byte)info.SubsamplingX;
            _subsamplingY = (byte)info.SubsamplingY;
            _colorSpace = info.ColorSpace;
            _fullRange = info.FullRange;
            for (int i = 0; i < SlotCount; i++)
            {
                if ((info.RefreshMask >> i & 1) == 0)
                    continue;
                _slots[i] = new SlotGeometry
                {
                    Width = info.Width,
                    Height = info.Height,
                    RenderWidth = info.RenderWidth,
                    RenderHeight = info.RenderHeight,
                    BitDepth = (byte)info.BitDepth,
                    SubsamplingX = (byte)info.SubsamplingX,
                    SubsamplingY = (byte)info.SubsamplingY,
                    Profile = (byte)info.Profile,
                    ColorSpace = info.ColorSpace,
                    FullRange = info.FullRange,
                    Valid = true,
                };
            }
        }
        info.AfterDamage = _damaged;
    }
}
