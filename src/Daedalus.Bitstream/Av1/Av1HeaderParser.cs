// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>Parses sequence headers, frame headers and tile groups of one stream. Never throws on bad data; what it refuses changes no state.</summary>
public sealed unsafe partial class Av1HeaderParser
{
    private const int AllFrames = (1 << Av1FrameHeader.Slots) - 1;
    private const int RefsPerFrame = 7;

    /// <summary>The reference slots.</summary>
    public Av1HeaderState State { get; } = new();

    /// <summary>Sequence header in force; null before the first.</summary>
    public Av1SequenceHeader? Sequence { get; set; }

    /// <summary>OBU_SEQUENCE_HEADER. It does not come into force by itself: set <see cref="Sequence"/>.</summary>
    public static bool TryParseSequence(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out Av1SequenceHeader? header, out Av1ParseError error) =>
        Av1SequenceHeader.TryParse(payload, out header, out error);

    /// <summary>uncompressed_header (spec 5.9.2).</summary>
    /// <param name="payload">Payload of a frame header or frame OBU.</param>
    /// <param name="temporalId">temporal_id of the OBU.</param>
    /// <param name="spatialId">spatial_id of the OBU.</param>
    /// <param name="into">Receives the header; its content is undefined after a failure.</param>
    /// <param name="bits">Length of the header in bits.</param>
    /// <param name="error">Why it was refused.</param>
    public bool TryParseFrame(ReadOnlySpan<byte> payload, int temporalId, int spatialId, Av1FrameHeader into, out int bits, out Av1ParseError error)
    {
        bits = 0;
        if (Sequence == null)
        {
            error = Av1ParseError.NoSequenceHeader;
            return false;
        }
        var r = new Av1BitReader(payload);
        into.Clear(Sequence, temporalId, spatialId);
        error = Parse(ref r, into, Sequence);
        // Zeros that were read past the end may look wrong as well.
        if (r.Overrun)
            error = Av1ParseError.Truncated;
        bits = r.Position;
        if (error != Av1ParseError.None)
            return false;
        State.Accept(into);
        return true;
    }

    private Av1ParseError Parse(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        if (s.ReducedStillPictureHeader)
        {
            c.FrameType = Av1FrameType.Key;
            c.Flags = Av1FrameFlags.ShowFrame | Av1FrameFlags.ErrorResilientMode;
        }
        else
        {
            h.ShowExistingFrame = r.Flag();
            if (h.ShowExistingFrame)
                return ParseShowExisting(ref r, h, s);
            c.FrameType = (Av1FrameType)r.Bits(2);
            bool show = ReadFlag(ref r, ref c, Av1FrameFlags.ShowFrame);
            if (show && s.DecoderModelInfoPresent && !s.EqualPictureInterval)
                h.FramePresentationTime = r.Bits(s.FramePresentationTimeLength);
            h.Set(Av1FrameFlags.ShowableFrame, show ? c.FrameType != Av1FrameType.Key : r.Flag());
            h.Set(Av1FrameFlags.ErrorResilientMode, c.FrameType == Av1FrameType.Switch || (c.FrameType == Av1FrameType.Key && show) || r.Flag());
        }
        bool shownKey = c.FrameType == Av1FrameType.Key && h.ShowFrame;
        for (int i = 0; i < Av1FrameHeader.Slots; i++)
            h.SetSlotOrderHint(i, shownKey ? 0 : State[i].OrderHint);
        ReadFlag(ref r, ref c, Av1FrameFlags.DisableCdfUpdate);
        bool screen = s.ForceScreenContentTools == Av1SequenceHeader.Select ? r.Flag() : s.ForceScreenContentTools != 0;
        h.Set(Av1FrameFlags.AllowScreenContentTools, screen);
        bool integer = screen && (s.ForceIntegerMv == Av1SequenceHeader.Select ? r.Flag() : s.ForceIntegerMv != 0);
        h.Set(Av1FrameFlags.ForceIntegerMv, integer || h.IsIntra);
        if (s.FrameIdNumbersPresent)
        {
            c.CurrentFrameId = r.Bits(s.FrameIdLength);
            if (!shownKey)
                MarkRefFrames(h, s);
        }
        h.Set(Av1FrameFlags.FrameSizeOverride, c.FrameType == Av1FrameType.Switch || (!s.ReducedStillPictureHeader && r.Flag()));
        c.OrderHint = r.Bits(s.Control.OrderHintBits);
        if (!h.IsIntra && !h.ErrorResilientMode)
            c.PrimaryRefFrame = (byte)r.Bits(3);
        if (s.DecoderModelInfoPresent)
            ParseBufferRemovalTimes(ref r, h, s);
        c.RefreshFrameFlags = (byte)(c.FrameType == Av1FrameType.Switch || shownKey ? AllFrames : r.Bits(8));
        if ((!h.IsIntra || c.RefreshFrameFlags != AllFrames) && h.ErrorResilientMode && s.Has(Av1SequenceFlags.EnableOrderHint))
            ParseRefOrderHints(ref r, h, s);
        if (h.IsIntra)
            ParseIntra(ref r, h, s);
        else
        {
            Av1ParseError error = ParseInter(ref r, h, s);
            if (error != Av1ParseError.None)
                return error;
        }
        h.Set(Av1FrameFlags.DisableFrameEndUpdateCdf, s.ReducedStillPictureHeader || h.Has(Av1FrameFlags.DisableCdfUpdate) || r.Flag());
        return ParseParameters(ref r, h, s);
    }

    private Av1ParseError ParseShowExisting(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        h.FrameToShowMapIdx = (int)r.Bits(3);
        if (s.DecoderModelInfoPresent && !s.EqualPictureInterval)
            h.FramePresentationTime = r.Bits(s.FramePresentationTimeLength);
        if (s.FrameIdNumbersPresent)
            h.DisplayFrameId = r.Bits(s.FrameIdLength);
        ref readonly Av1SlotState slot = ref State[h.FrameToShowMapIdx];
        if (!slot.Present || slot.Lost)
            return Av1ParseError.MissingReference;
        ref V4L2CtrlAv1Frame c = ref h.Control;
        c.FrameType = slot.FrameType;
        c.Flags = Av1FrameFlags.ShowFrame;
        c.RefreshFrameFlags = (byte)(slot.FrameType == Av1FrameType.Key ? AllFrames : 0);
        c.CurrentFrameId = slot.FrameId;
        c.OrderHint = slot.OrderHint;
        c.UpscaledWidth = (uint)slot.UpscaledWidth;
        c.FrameWidthMinus1 = (uint)slot.FrameWidth - 1;
        c.FrameHeightMinus1 = (uint)slot.FrameHeight - 1;
        c.RenderWidthMinus1 = (ushort)(slot.RenderWidth - 1);
        c.RenderHeightMinus1 = (ushort)(slot.RenderHeight - 1);
        h.Grain = slot.Grain;
        return Av1ParseError.None;
    }

    // spec 5.9.4
    private void MarkRefFrames(Av1FrameHeader h, Av1SequenceHeader s)
    {
        int current = (int)h.Control.CurrentFrameId, length = 1 << s.DeltaFrameIdLength;
        for (int i = 0; i < Av1FrameHeader.Slots; i++)
        {
            int id = (int)State[i].FrameId;
            bool stale = current > length ? id > current || id < current - length
                : id > current && id < (1 << s.FrameIdLength) + current - length;
            if (stale)
                h.StaleSlots |= 1 << i;
        }
    }

    private static void ParseBufferRemovalTimes(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        if (!ReadFlag(ref r, ref h.Control, Av1FrameFlags.BufferRemovalTimePresent))
            return;
        for (int i = 0; i < s.OperatingPoints.Count; i++)
        {
            Av1OperatingPoint point = s.OperatingPoints[i];
            if (!point.DecoderModelPresent)
                continue;
            if (point.Idc == 0 || ((point.Idc >> h.TemporalId & 1) != 0 && (point.Idc >> (h.SpatialId + 8) & 1) != 0))
                h.Control.BufferRemovalTime[i] = r.Bits(s.BufferRemovalTimeLength);
        }
    }

    private void ParseRefOrderHints(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        for (int i = 0; i < Av1FrameHeader.Slots; i++)
        {
            uint hint = r.Bits(s.Control.OrderHintBits);
            if (State[i].Present && hint == h.SlotOrderHint(i))
                continue;
            h.SetSlotOrderHint(i, hint);
            h.LostSlots |= 1 << i;
        }
    }

    private static void ParseIntra(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ParseFrameSize(ref r, h, s);
        ParseRenderSize(ref r, h);
        if (h.Has(Av1FrameFlags.AllowScreenContentTools) && h.UpscaledWidth == h.FrameWidth)
            ReadFlag(ref r, ref h.Control, Av1FrameFlags.AllowIntrabc);
    }

    private Av1ParseError ParseInter(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        bool shortSignaling = s.Has(Av1SequenceFlags.EnableOrderHint) && ReadFlag(ref r, ref c, Av1FrameFlags.FrameRefsShortSignaling);
        if (shortSignaling)
        {
            int last = (int)r.Bits(3), gold = (int)r.Bits(3);
            SetFrameRefs(h, s, last, gold);
        }
        for (int i = 0; i < RefsPerFrame; i++)
        {
            if (!shortSignaling)
                c.RefFrameIdx[i] = (sbyte)r.Bits(3);
            if (s.FrameIdNumbersPresent)
            {
                int mask = (1 << s.FrameIdLength) - 1;
                int expected = ((int)c.CurrentFrameId - (int)r.Bits(s.DeltaFrameIdLength) - 1) & mask;
                if (State[c.RefFrameIdx[i]].FrameId != expected)
                    h.WrongFrameIds |= 1 << i;
            }
        }
        if (r.Overrun)
            return Av1ParseError.Truncated;
        for (int i = 0; i < RefsPerFrame; i++)
        {
            int slot = c.RefFrameIdx[i];
            if (!State[slot].Present && (h.LostSlots >> slot & 1) == 0)
                return Av1ParseError.MissingReference;
        }
        if (h.Has(Av1FrameFlags.FrameSizeOverride) && !h.ErrorResilientMode)
            ParseFrameSizeWithRefs(ref r, h, s);
        else
        {
            ParseFrameSize(ref r, h, s);
            ParseRenderSize(ref r, h);
        }
        Av1ParseError error = CheckReferences(h, s);
        if (error != Av1ParseError.None)
            return error;
        h.Set(Av1FrameFlags.AllowHighPrecisionMv, !h.Has(Av1FrameFlags.ForceIntegerMv) && r.Flag());
        c.InterpolationFilter = r.Flag() ? Av1InterpolationFilter.Switchable : (Av1InterpolationFilter)r.Bits(2);
        ReadFlag(ref r, ref c, Av1FrameFlags.IsMotionModeSwitchable);
        h.Set(Av1FrameFlags.UseRefFrameMvs, !h.ErrorResilientMode && s.Has(Av1SequenceFlags.EnableRefFrameMvs) && r.Flag());
        for (int i = 0; i < RefsPerFrame; i++)
            c.OrderHints[i + 1] = h.SlotOrderHint(c.RefFrameIdx[i]);
        return Av1ParseError.None;
    }

    // Requirements of spec 6.8.6 and 6.8.4: 2x smaller to 16x larger, same sample format.
    private Av1ParseError CheckReferences(Av1FrameHeader h, Av1SequenceHeader s)
    {
        for (int i = 0; i < RefsPerFrame; i++)
        {
            int index = h.Control.RefFrameIdx[i];
            if ((h.LostSlots >> index & 1) != 0)
                continue;
            ref readonly Av1SlotState slot = ref State[index];
            if (slot.BitDepth != s.BitDepth || slot.SubsamplingX != s.SubsamplingX || slot.SubsamplingY != s.SubsamplingY
                || 2 * h.FrameWidth < slot.UpscaledWidth || 2 * h.FrameHeight < slot.FrameHeight
                || h.FrameWidth > 16 * slot.UpscaledWidth || h.FrameHeight > 16 * slot.FrameHeight)
                return Av1ParseError.WrongReference;
        }
        return Av1ParseError.None;
    }

    // spec 5.9.5
    private static void ParseFrameSize(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        int width = s.MaxFrameWidth, height = s.MaxFrameHeight;
        if (h.Has(Av1FrameFlags.FrameSizeOverride))
        {
            width = (int)r.Bits(s.FrameWidthBits) + 1;
            height = (int)r.Bits(s.FrameHeightBits) + 1;
        }
        ParseSuperres(ref r, h, s, width, height);
    }

    // spec 5.9.6
    private static void ParseRenderSize(ref Av1BitReader r, Av1FrameHeader h)
    {
        bool different = r.Flag();
        h.Control.RenderWidthMinus1 = (ushort)(different ? r.Bits(16) : h.Control.UpscaledWidth - 1);
        h.Control.RenderHeightMinus1 = (ushort)(different ? r.Bits(16) : h.Control.FrameHeightMinus1);
    }

    // spec 5.9.7
    private void ParseFrameSizeWithRefs(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        for (int i = 0; i < RefsPerFrame; i++)
        {
            if (!r.Flag())
                continue;
            ref readonly Av1SlotState slot = ref State[h.Control.RefFrameIdx[i]];
            h.Control.RenderWidthMinus1 = (ushort)(slot.RenderWidth - 1);
            h.Control.RenderHeightMinus1 = (ushort)(slot.RenderHeight - 1);
            ParseSuperres(ref r, h, s, slot.UpscaledWidth, slot.FrameHeight);
            return;
        }
        ParseFrameSize(ref r, h, s);
        ParseRenderSize(ref r, h);
    }

    // spec 5.9.8
    private static void ParseSuperres(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s, int upscaledWidth, int height)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        c.UpscaledWidth = (uint)upscaledWidth;
        c.FrameHeightMinus1 = (uint)height - 1;
        int width = upscaledWidth;
        if (s.Has(Av1SequenceFlags.EnableSuperres) && ReadFlag(ref r, ref c, Av1FrameFlags.UseSuperres))
        {
            c.SuperresDenom = (byte)(r.Bits(3) + 9);
            width = (upscaledWidth * 8 + c.SuperresDenom / 2) / c.SuperresDenom;
            // Levels ask for 16 columns at least; decoders keep to that where a stream does not.
            width = Math.Max(width, Math.Min(16, upscaledWidth));
        }
        c.FrameWidthMinus1 = (uint)width - 1;
    }

    private static bool ReadFlag(ref Av1BitReader r, ref V4L2CtrlAv1Frame c, Av1FrameFlags flag)
    {
        if (!r.Flag())
            return false;
        c.Flags |= flag;
        return true;
    }
}
