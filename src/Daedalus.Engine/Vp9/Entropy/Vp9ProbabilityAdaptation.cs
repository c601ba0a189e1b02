// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>What happens to a probability context between frames: defaults, forward updates, backward adaptation (spec 8.4).</summary>
public static unsafe class Vp9ProbabilityAdaptation
{
    /// <summary>Sets the default probabilities (spec 10.5).</summary>
    public static void SetDefaults(Vp9Probabilities* p)
    {
        *p = default;
        Copy(Vp9ProbabilityTables.DefaultCoef, p->Coef);
        Copy(Vp9ProbabilityTables.DefaultTx8, p->Tx8);
        Copy(Vp9ProbabilityTables.DefaultTx16, p->Tx16);
        Copy(Vp9ProbabilityTables.DefaultTx32, p->Tx32);
        Copy(Vp9ProbabilityTables.DefaultSkip, p->Skip);
        Copy(Vp9ProbabilityTables.DefaultInterMode, p->InterMode);
        Copy(Vp9ProbabilityTables.DefaultInterpFilter, p->InterpFilter);
        Copy(Vp9ProbabilityTables.DefaultIsInter, p->IsInter);
        Copy(Vp9ProbabilityTables.DefaultCompMode, p->CompMode);
        Copy(Vp9ProbabilityTables.DefaultSingleRef, p->SingleRef);
        Copy(Vp9ProbabilityTables.DefaultCompRef, p->CompRef);
        Copy(Vp9ProbabilityTables.DefaultYMode, p->YMode);
        Copy(Vp9ProbabilityTables.DefaultUvMode, p->UvMode);
        Copy(Vp9ProbabilityTables.DefaultPartition, p->Partition);
        Copy(Vp9ProbabilityTables.MvJoint, p->MvJoint);
        Copy(Vp9ProbabilityTables.MvClass, p->MvClass);
        Copy(Vp9ProbabilityTables.MvClass0Bit, p->MvClass0Bit);
        for (int i = 0; i < 2; i++)
        {
            p->MvSign[i] = Vp9ProbabilityTables.MvSign;
            p->MvClass0Hp[i] = Vp9ProbabilityTables.MvClass0Hp;
            p->MvHp[i] = Vp9ProbabilityTables.MvHp;
            Copy(Vp9ProbabilityTables.MvBits, p->MvBits + 10 * i);
            Copy(Vp9ProbabilityTables.MvClass0Fr, p->MvClass0Fr + 6 * i);
            Copy(Vp9ProbabilityTables.MvFr, p->MvFr + 3 * i);
        }
    }

    private static void Copy(ReadOnlySpan<byte> from, byte* to) => from.CopyTo(new Span<byte>(to, from.Length));

    /// <summary>Applies the compressed header's updates (spec 6.3): differences through inv_remap_prob, motion vector entries as new values; 0 is no update.</summary>
    public static void ApplyDeltas(Vp9Probabilities* p, in V4L2CtrlVp9CompressedHdr header, in V4L2CtrlVp9Frame frame)
    {
        _ = frame;
        fixed (V4L2CtrlVp9CompressedHdr* h = &header)
        {
            Update(p->Coef, h->Coef, 4 * 2 * 2 * 6 * 6 * 3);
            Update(p->Tx8, h->Tx8, 2);
            Update(p->Tx16, h->Tx16, 4);
            Update(p->Tx32, h->Tx32, 6);
            Update(p->Skip, h->Skip, 3);
            Update(p->InterMode, h->InterMode, 21);
            Update(p->InterpFilter, h->InterpFilter, 8);
            Update(p->IsInter, h->IsInter, 4);
            Update(p->CompMode, h->CompMode, 5);
            Update(p->SingleRef, h->SingleRef, 10);
            Update(p->CompRef, h->CompRef, 5);
            Update(p->YMode, h->YMode, 36);
            Update(p->UvMode, h->UvMode, 90);
            Update(p->Partition, h->Partition, 48);
            Replace(p->MvJoint, h->Mv.Joint, 3);
            Replace(p->MvSign, h->Mv.Sign, 2);
            Replace(p->MvClass, h->Mv.Classes, 20);
            Replace(p->MvClass0Bit, h->Mv.Class0Bit, 2);
            Replace(p->MvBits, h->Mv.Bits, 20);
            Replace(p->MvClass0Fr, h->Mv.Class0Fr, 12);
            Replace(p->MvFr, h->Mv.Fr, 6);
            Replace(p->MvClass0Hp, h->Mv.Class0Hp, 2);
            Replace(p->MvHp, h->Mv.Hp, 2);
        }
    }

    private static void Update(byte* probs, byte* deltas, int n)
    {
        for (int i = 0; i < n; i++)
        {
            if (deltas[i] != 0)
                probs[i] = InverseRemap(deltas[i], probs[i]);
        }
    }

    private static void Replace(byte* probs, byte* values, int n)
    {
        for (int i = 0; i < n; i++)
        {
            if (values[i] != 0)
                probs[i] = values[i];
        }
    }

    // Spec 6.3.6 inv_remap_prob, the table lookup already done by the parser; clamped since controls may hold anything.
    private static byte InverseRemap(int delta, int prob)
    {
        int m = prob - 1;
        int v = m << 1 <= 254 ? 1 + Recenter(delta, m) : 255 - Recenter(delta, 254 - m);
        return (byte)Math.Clamp(v, 1, 255);
    }

    private static int Recenter(int v, int m) => v > 2 * m ? v : (v & 1) != 0 ? m - ((v + 1) >> 1) : m + (v >> 1);

    /// <summary>Adds the counts of a tile.</summary>
    public static void Accumulate(Vp9Counts* sum, Vp9Counts* part)
    {
        uint* s = (uint*)sum, p = (uint*)part;
        for (int i = 0; i < sizeof(Vp9Counts) / 4; i++)
            s[i] += p[i];
    }

    /// <summary>Backward adaptation after a frame (spec 8.4.3, 8.4.4).</summary>
    /// <param name="current">Probabilities the frame was decoded with; receives the result.</param>
    /// <param name="previous">The saved context the frame started from, before its own updates.</param>
    /// <param name="counts">Symbols counted over all tiles.</param>
    /// <param name="frame">The frame's control.</param>
    /// <param name="txMode">tx_mode.</param>
    /// <param name="lastFrameWasKey">LastFrameType is a key frame: coefficients adapt faster.</param>
    public static void Adapt(Vp9Probabilities* current, Vp9Probabilities* previous, Vp9Counts* counts, in V4L2CtrlVp9Frame frame, byte txMode, bool lastFrameWasKey)
    {
        bool intra = (frame.Flags & (Vp9FrameFlags.KeyFrame | Vp9FrameFlags.IntraOnly)) != 0;
        uint factor = !intra && lastFrameWasKey ? 128u : 112u;
        for (int i = 0; i < 4 * 2 * 2 * 6 * 6; i++)
        {
            if (i % 36 is >= 3 and < 6)
                continue;
            uint* c = counts->Coef + 4 * i;
            byte* pre = previous->Coef + 3 * i, p = current->Coef + 3 * i;
            p[0] = Merge(pre[0], c[3], counts->EobBranch[i] - c[3], 24, factor);
            p[1] = Merge(pre[1], c[0], c[1] + c[2], 24, factor);
            p[2] = Merge(pre[2], c[1], c[2], 24, factor);
        }
        if (!intra)
            AdaptModes(current, previous, counts, frame, txMode);
    }

    private static void AdaptModes(Vp9Probabilities* current, Vp9Probabilities* previous, Vp9Counts* counts, in V4L2CtrlVp9Frame frame, byte txMode)
    {
        Binary(current->IsInter, previous->IsInter, counts->IsInter, 4);
        Binary(current->CompMode, previous->CompMode, counts->CompMode, 5);
        Binary(current->CompRef, previous->CompRef, counts->CompRef, 5);
        Binary(current->SingleRef, previous->SingleRef, counts->SingleRef, 10);
        for (int i = 0; i < 7; i++)
        {
            byte* p = current->InterMode + 3 * i, pre = previous->InterMode + 3 * i;
            uint* c = counts->InterMode + 4 * i;
            p[0] = Merge(pre[0], c[2], c[0] + c[1] + c[3]);
            p[1] = Merge(pre[1], c[0], c[1] + c[3]);
            p[2] = Merge(pre[2], c[1], c[3]);
        }
        for (int i = 0; i < 4; i++)
            IntraModes(current->YMode + 9 * i, previous->YMode + 9 * i, counts->YMode + 10 * i);
        for (int i = 0; i < 10; i++)
            IntraModes(current->UvMode + 9 * i, previous->UvMode + 9 * i, counts->UvMode + 10 * i);
        for (int i = 0; i < 16; i++)
            Chain(current->Partition + 3 * i, previous->Partition + 3 * i, counts->Partition + 4 * i, 4);
        Binary(current->Skip, previous->Skip, counts->Skip, 3);
        if (frame.InterpolationFilter == 4)
        {
            for (int i = 0; i < 4; i++)
                Chain(current->InterpFilter + 2 * i, previous->InterpFilter + 2 * i, counts->InterpFilter + 3 * i, 3);
        }
        if (txMode == 4)
        {
            for (int i = 0; i < 2; i++)
            {
                Chain(current->Tx8 + i, previous->Tx8 + i, counts->Tx8 + 2 * i, 2);
                Chain(current->Tx16 + 2 * i, previous->Tx16 + 2 * i, counts->Tx16 + 3 * i, 3);
                Chain(current->Tx32 + 3 * i, previous->Tx32 + 3 * i, counts->Tx32 + 4 * i, 4);
            }
        }
        AdaptMotion(current, previous, counts, (frame.Flags & Vp9FrameFlags.AllowHighPrecisionMv) != 0);
    }

    private static void AdaptMotion(Vp9Probabilities* current, Vp9Probabilities* previous, Vp9Counts* counts, bool highPrecision)
    {
        Chain(current->MvJoint, previous->MvJoint, counts->MvJoint, 4);
        Binary(current->MvSign, previous->MvSign, counts->MvSign, 2);
        Binary(current->MvClass0Bit, previous->MvClass0Bit, counts->MvClass0Bit, 2);
        Binary(current->MvBits, previous->MvBits, counts->MvBits, 20);
        for (int i = 0; i < 2; i++)
        {
            MvClasses(current->MvClass + 10 * i, previous->MvClass + 10 * i, counts->MvClass + 11 * i);
            Chain(current->MvFr + 3 * i, previous->MvFr + 3 * i, counts->MvFr + 4 * i, 4);
        }
        for (int i = 0; i < 4; i++)
            Chain(current->MvClass0Fr + 3 * i, previous->MvClass0Fr + 3 * i, counts->MvClass0Fr + 4 * i, 4);
        if (highPrecision)
        {
            Binary(current->MvClass0Hp, previous->MvClass0Hp, counts->MvClass0Hp, 2);
            Binary(current->MvHp, previous->MvHp, counts->MvHp, 2);
        }
    }

    private static void Binary(byte* p, byte* pre, uint* c, int n)
    {
        for (int i = 0; i < n; i++)
            p[i] = Merge(pre[i], c[2 * i], c[2 * i + 1]);
    }

    // Trees in which each node splits off the next symbol.
    private static void Chain(byte* p, byte* pre, uint* c, int symbols)
    {
        uint rest = 0;
        for (int i = 0; i < symbols; i++)
            rest += c[i];
        for (int i = 0; i < symbols - 1; i++)
        {
            rest -= c[i];
            p[i] = Merge(pre[i], c[i], rest);
        }
    }

    // intra_mode_tree (9.3.1): DC, TM, V, then {H, {D135, D117}} against {D45, {D63, {D153, D207}}}.
    private static void IntraModes(byte* p, byte* pre, uint* c)
    {
        uint left = c[2] + c[4] + c[5], right = c[3] + c[8] + c[6] + c[7];
        p[0] = Merge(pre[0], c[0], c[9] + c[1] + left + right);
        p[1] = Merge(pre[1], c[9], c[1] + left + right);
        p[2] = Merge(pre[2], c[1], left + right);
        p[3] = Merge(pre[3], left, right);
        p[4] = Merge(pre[4], c[2], c[4] + c[5]);
        p[5] = Merge(pre[5], c[4], c[5]);
        p[6] = Merge(pre[6], c[3], right - c[3]);
        p[7] = Merge(pre[7], c[8], c[6] + c[7]);
        p[8] = Merge(pre[8], c[6], c[7]);
    }

    // mv_class_tree (9.3.1).
    private static void MvClasses(byte* p, byte* pre, uint* c)
    {
        uint high = c[7] + c[8] + c[9] + c[10];
        uint upper = c[4] + c[5] + c[6] + high;
        p[0] = Merge(pre[0], c[0], c[1] + c[2] + c[3] + upper);
        p[1] = Merge(pre[1], c[1], c[2] + c[3] + upper);
        p[2] = Merge(pre[2], c[2] + c[3], upper);
        p[3] = Merge(pre[3], c[2], c[3]);
        p[4] = Merge(pre[4], c[4] + c[5], c[6] + high);
        p[5] = Merge(pre[5], c[4], c[5]);
        p[6] = Merge(pre[6], c[6], high);
        p[7] = Merge(pre[7], c[7] + c[8], c[9] + c[10]);
        p[8] = Merge(pre[8], c[7], c[8]);
        p[9] = Merge(pre[9], c[9], c[10]);
    }

    /// <summary>merge_prob (8.4.2).</summary>
    internal static byte Merge(byte pre, uint ct0, uint ct1, uint saturation = 20, uint maxFactor = 128)
    {
        uint den = ct0 + ct1;
        if (den == 0)
            return pre;
        int prob = (int)Math.Clamp(((ulong)ct0 * 256 + (den >> 1)) / den, 1, 255);
        int factor = (int)(maxFactor * Math.Min(den, saturation) / saturation);
        return (byte)((pre * (256 - factor) + prob * factor + 128) >> 8);
    }
}
