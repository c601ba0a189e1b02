// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>What is derived from order hints: short signalling and skip mode.</summary>
public sealed unsafe partial class Av1HeaderParser
{
    // LAST2, LAST3, BWDREF, ALTREF2, ALTREF as indices of ref_frame_idx.
    private static ReadOnlySpan<byte> RefFrameList => [1, 2, 4, 5, 6];

    // Set frame refs process (spec 7.8).
    private static void SetFrameRefs(Av1FrameHeader h, Av1SequenceHeader s, int last, int gold)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        for (int i = 0; i < RefsPerFrame; i++)
            c.RefFrameIdx[i] = -1;
        c.RefFrameIdx[0] = (sbyte)last;
        c.RefFrameIdx[3] = (sbyte)gold;
        int used = 1 << last | 1 << gold;
        // Distances to the current frame: a shift of all by curFrameHint changes no comparison.
        Span<int> hints = stackalloc int[Av1FrameHeader.Slots];
        for (int i = 0; i < hints.Length; i++)
            hints[i] = s.RelativeDistance(h.SlotOrderHint(i), c.OrderHint);
        Take(ref c, 6, Find(hints, used, forward: false, latest: true), ref used);
        Take(ref c, 4, Find(hints, used, forward: false, latest: false), ref used);
        Take(ref c, 5, Find(hints, used, forward: false, latest: false), ref used);
        foreach (byte name in RefFrameList)
        {
            if (c.RefFrameIdx[name] < 0)
                Take(ref c, name, Find(hints, used, forward: true, latest: true), ref used);
        }
        int earliest = 0;
        for (int i = 1; i < hints.Length; i++)
        {
            if (hints[i] < hints[earliest])
                earliest = i;
        }
        for (int i = 0; i < RefsPerFrame; i++)
        {
            if (c.RefFrameIdx[i] < 0)
                c.RefFrameIdx[i] = (sbyte)earliest;
        }
    }

    private static void Take(ref V4L2CtrlAv1Frame c, int name, int slot, ref int used)
    {
        if (slot < 0)
            return;
        c.RefFrameIdx[name] = (sbyte)slot;
        used |= 1 << slot;
    }

    private static int Find(ReadOnlySpan<int> hints, int used, bool forward, bool latest)
    {
        int found = -1;
        for (int i = 0; i < hints.Length; i++)
        {
            if ((used >> i & 1) != 0 || hints[i] < 0 != forward)
                continue;
            if (found < 0 || (latest ? hints[i] >= hints[found] : hints[i] < hints[found]))
                found = i;
        }
        return found;
    }

    // spec 5.9.22
    private static void ParseSkipMode(ref Av1BitReader r, Av1FrameHeader h, Av1SequenceHeader s)
    {
        ref V4L2CtrlAv1Frame c = ref h.Control;
        if (h.IsIntra || !h.Has(Av1FrameFlags.ReferenceSelect) || !s.Has(Av1SequenceFlags.EnableOrderHint))
            return;
        int forward = -1, backward = -1;
        for (int i = 0; i < RefsPerFrame; i++)
        {
            int distance = s.RelativeDistance(c.OrderHints[i + 1], c.OrderHint);
            if (distance < 0)
            {
                if (forward < 0 || s.RelativeDistance(c.OrderHints[i + 1], c.OrderHints[forward + 1]) > 0)
                    forward = i;
            }
            else if (distance > 0 && (backward < 0 || s.RelativeDistance(c.OrderHints[i + 1], c.OrderHints[backward + 1]) < 0))
                backward = i;
        }
        if (forward < 0)
            return;
        if (backward < 0)
        {
            // The second nearest past frame takes its place.
            for (int i = 0; i < RefsPerFrame; i++)
            {
                if (s.RelativeDistance(c.OrderHints[i + 1], c.OrderHints[forward + 1]) < 0
                    && (backward < 0 || s.RelativeDistance(c.OrderHints[i + 1], c.OrderHints[backward + 1]) > 0))
                    backward = i;
            }
            if (backward < 0)
                return;
        }
        c.Flags |= Av1FrameFlags.SkipModeAllowed;
        c.SkipModeFrame[0] = (byte)(1 + Math.Min(forward, backward));
        c.SkipModeFrame[1] = (byte)(1 + Math.Max(forward, backward));
        ReadFlag(ref r, ref c, Av1FrameFlags.SkipModePresent);
    }

    // spec 5.9.24
    private static void ParseGlobalMotion(ref Av1BitReader r, Av1FrameHeader h, in V4L2Av1GlobalMotion previous)
    {
        ref V4L2Av1GlobalMotion m = ref h.Control.GlobalMotion;
        Av1HeaderState.SetDefaults(ref m);
        if (h.IsIntra)
            return;
        int lowPrecision = h.Has(Av1FrameFlags.AllowHighPrecisionMv) ? 0 : 1;
        for (int reference = 1; reference <= RefsPerFrame; reference++)
        {
            if (!r.Flag())
                continue;
            Av1GlobalMotionFlags flags = Av1GlobalMotionFlags.IsGlobal;
            Av1WarpModel type = Av1WarpModel.Affine;
            if (r.Flag())
            {
                flags |= Av1GlobalMotionFlags.IsRotZoom;
                type = Av1WarpModel.Rotzoom;
            }
            else if (r.Flag())
            {
                flags |= Av1GlobalMotionFlags.IsTranslation;
                type = Av1WarpModel.Translation;
            }
            m.Flags[reference] = (byte)flags;
            m.Type[reference] = type;
            int o = reference * 6;
            if (type >= Av1WarpModel.Rotzoom)
            {
                m.Params[o + 2] = ReadGlobalParam(ref r, previous.Params[o + 2], 12, 15, diagonal: true);
                m.Params[o + 3] = ReadGlobalParam(ref r, previous.Params[o + 3], 12, 15, diagonal: false);
                if (type == Av1WarpModel.Affine)
                {
                    m.Params[o + 4] = ReadGlobalParam(ref r, previous.Params[o + 4], 12, 15, diagonal: false);
                    m.Params[o + 5] = ReadGlobalParam(ref r, previous.Params[o + 5], 12, 15, diagonal: true);
                }
                else
                {
                    m.Params[o + 4] = -m.Params[o + 3];
                    m.Params[o + 5] = m.Params[o + 2];
                }
            }
            bool only = type == Av1WarpModel.Translation;
            for (int i = 0; i < 2; i++)
                m.Params[o + i] = ReadGlobalParam(ref r, previous.Params[o + i], only ? 9 - lowPrecision : 12, only ? 3 - lowPrecision : 6, diagonal: false);
        }
    }

    // spec 5.9.25
    private static int ReadGlobalParam(ref Av1BitReader r, int previous, int absBits, int precBits, bool diagonal)
    {
        int shift = 16 - precBits;
        int round = diagonal ? 1 << 16 : 0;
        int sub = diagonal ? 1 << precBits : 0;
        int mx = 1 << absBits;
        int reference = (previous >> shift) - sub;
        return (DecodeUnsignedSubexpWithRef(ref r, 2 * mx + 1, reference + mx) - mx) * (1 << shift) + round;
    }

    // spec 5.9.27
    private static int DecodeUnsignedSubexpWithRef(ref Av1BitReader r, int mx, int reference)
    {
        int v = DecodeSubexp(ref r, mx);
        return reference << 1 <= mx ? InverseRecenter(reference, v) : mx - 1 - InverseRecenter(mx - 1 - reference, v);
    }

    // spec 5.9.28
    private static int DecodeSubexp(ref Av1BitReader r, int numSyms)
    {
        int mk = 0;
        for (int i = 0; ; i++)
        {
            int b2 = i > 0 ? 3 + i - 1 : 3;
            int a = 1 << b2;
            if (numSyms <= mk + 3 * a)
                return r.Ns(numSyms - mk) + mk;
            if (!r.Flag())
                return (int)r.Bits(b2) + mk;
            mk += a;
        }
    }

    // spec 5.9.29
    private static int InverseRecenter(int r, int v) => v > 2 * r ? v : (v & 1) != 0 ? r - ((v + 1) >> 1) : r + (v >> 1);
}
