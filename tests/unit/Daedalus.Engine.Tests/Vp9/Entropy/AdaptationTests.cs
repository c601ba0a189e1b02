// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

/// <summary>Adaptation against the specification's own formulation: trees as arrays and merge_probs walking them (8.4.2).</summary>
public unsafe class AdaptationTests
{
    // Trees of spec 9.3.1: positive entries are indices, the others minus the symbol.
    private static readonly int[] IntraModeTree = [0, 2, -9, 4, -1, 6, 8, 12, -2, 10, -4, -5, -3, 14, -8, 16, -6, -7];
    private static readonly int[] PartitionTree = [0, 2, -1, 4, -2, -3];
    private static readonly int[] InterModeTree = [-2, 2, 0, 4, -1, -3]; // symbols NEARESTMV, NEARMV, ZEROMV, NEWMV
    private static readonly int[] InterpFilterTree = [0, 2, -1, -2];
    private static readonly int[] MvJointTree = [0, 2, -1, 4, -2, -3];
    private static readonly int[] MvClassTree = [0, 2, -1, 4, 6, 8, -2, -3, 10, 12, -4, -5, -6, 14, 16, 18, -7, -8, -9, -10];
    private static readonly int[] MvFrTree = [0, 2, -1, 4, -2, -3];
    private static readonly int[] Tx32Tree = [0, 2, -1, 4, -2, -3];
    private static readonly int[] Tx16Tree = [0, 2, -1, -2];
    private static readonly int[] BinaryTree = [0, -1];

    private static int MergeProb(int pre, long ct0, long ct1, int saturation, int maxFactor)
    {
        long den = ct0 + ct1;
        long prob = den == 0 ? 128 : Math.Clamp((ct0 * 256 + (den >> 1)) / den, 1, 255);
        long count = Math.Min(den, saturation);
        long factor = maxFactor * count / saturation;
        return (int)((pre * (256 - factor) + prob * factor + 128) >> 8);
    }

    private static long MergeProbs(int[] tree, int i, byte* probs, uint* counts, int[] result)
    {
        long Side(int entry) => entry > 0 ? MergeProbs(tree, entry, probs, counts, result) : counts[-entry];
        long left = Side(tree[i]), right = Side(tree[i + 1]);
        result[i >> 1] = MergeProb(probs[i >> 1], left, right, 20, 128);
        return left + right;
    }

    private static void Check(string name, int[] tree, byte* pre, uint* counts, byte* adapted, int sets)
    {
        int probs = tree.Length / 2, symbols = probs + 1;
        for (int s = 0; s < sets; s++)
        {
            var expected = new int[probs];
            MergeProbs(tree, 0, pre + s * probs, counts + s * symbols, expected);
            for (int i = 0; i < probs; i++)
                Assert.True(expected[i] == adapted[s * probs + i], $"{name}[{s}][{i}]: {expected[i]} expected, {adapted[s * probs + i]} found");
        }
    }

    private static void Randomise(Random random, Vp9Probabilities* p, Vp9Counts* c)
    {
        for (byte* b = (byte*)p; b < (byte*)(p + 1); b++)
            *b = (byte)random.Next(1, 256);
        for (uint* u = (uint*)c; u < (uint*)(c + 1); u++)
            *u = (uint)(random.Next(4) == 0 ? 0 : random.Next(1 << random.Next(1, 16)));
        // Each end of block was one of the questions for it.
        for (int i = 0; i < 4 * 2 * 2 * 36; i++)
            c->EobBranch[i] += c->Coef[4 * i + 3];
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Modes_and_vectors_follow_their_trees(int seed, bool highPrecision)
    {
        var random = new Random(seed);
        Vp9Probabilities pre, now;
        Vp9Counts c;
        Randomise(random, &pre, &c);
        Vp9Counts unused;
        Randomise(random, &now, &unused);
        Vp9Probabilities before = now;
        var frame = new V4L2CtrlVp9Frame { InterpolationFilter = 4, Flags = highPrecision ? Vp9FrameFlags.AllowHighPrecisionMv : 0 };
        Vp9ProbabilityAdaptation.Adapt(&now, &pre, &c, frame, 4, false);

        Check("is_inter", BinaryTree, pre.IsInter, c.IsInter, now.IsInter, 4);
        Check("comp_mode", BinaryTree, pre.CompMode, c.CompMode, now.CompMode, 5);
        Check("comp_ref", BinaryTree, pre.CompRef, c.CompRef, now.CompRef, 5);
        Check("single_ref", BinaryTree, pre.SingleRef, c.SingleRef, now.SingleRef, 10);
        Check("skip", BinaryTree, pre.Skip, c.Skip, now.Skip, 3);
        Check("inter_mode", InterModeTree, pre.InterMode, c.InterMode, now.InterMode, 7);
        Check("y_mode", IntraModeTree, pre.YMode, c.YMode, now.YMode, 4);
        Check("uv_mode", IntraModeTree, pre.UvMode, c.UvMode, now.UvMode, 10);
        Check("partition", PartitionTree, pre.Partition, c.Partition, now.Partition, 16);
        Check("interp_filter", InterpFilterTree, pre.InterpFilter, c.InterpFilter, now.InterpFilter, 4);
        Check("tx8", BinaryTree, pre.Tx8, c.Tx8, now.Tx8, 2);
        Check("tx16", Tx16Tree, pre.Tx16, c.Tx16, now.Tx16, 2);
        Check("tx32", Tx32Tree, pre.Tx32, c.Tx32, now.Tx32, 2);
        Check("mv_joint", MvJointTree, pre.MvJoint, c.MvJoint, now.MvJoint, 1);
        Check("mv_sign", BinaryTree, pre.MvSign, c.MvSign, now.MvSign, 2);
        Check("mv_class", MvClassTree, pre.MvClass, c.MvClass, now.MvClass, 2);
        Check("mv_class0_bit", BinaryTree, pre.MvClass0Bit, c.MvClass0Bit, now.MvClass0Bit, 2);
        Check("mv_bits", BinaryTree, pre.MvBits, c.MvBits, now.MvBits, 20);
        Check("mv_class0_fr", MvFrTree, pre.MvClass0Fr, c.MvClass0Fr, now.MvClass0Fr, 4);
        Check("mv_fr", MvFrTree, pre.MvFr, c.MvFr, now.MvFr, 2);
        if (highPrecision)
        {
            Check("mv_class0_hp", BinaryTree, pre.MvClass0Hp, c.MvClass0Hp, now.MvClass0Hp, 2);
            Check("mv_hp", BinaryTree, pre.MvHp, c.MvHp, now.MvHp, 2);
        }
        else
        {
            Assert.Equal((before.MvClass0Hp[0], before.MvHp[1]), (now.MvClass0Hp[0], now.MvHp[1]));
        }
    }

    [Fact]
    public void Fixed_filter_and_transform_mode_keep_their_probabilities()
    {
        var random = new Random(5);
        Vp9Probabilities pre, now;
        Vp9Counts c, unused;
        Randomise(random, &pre, &c);
        Randomise(random, &now, &unused);
        Vp9Probabilities before = now;
        Vp9ProbabilityAdaptation.Adapt(&now, &pre, &c, new V4L2CtrlVp9Frame { InterpolationFilter = 1 }, 3, false);
        Assert.True(new Span<byte>(before.Tx8, 12).SequenceEqual(new Span<byte>(now.Tx8, 12)));
        Assert.True(new Span<byte>(before.InterpFilter, 8).SequenceEqual(new Span<byte>(now.InterpFilter, 8)));
    }

    [Theory]
    [InlineData(true, true, 112)] // key and intra-only frames
    [InlineData(false, true, 128)] // after a key frame
    [InlineData(false, false, 112)]
    public void Coefficients_adapt_over_all_sizes(bool intra, bool afterKey, int factor)
    {
        var random = new Random(11);
        Vp9Probabilities pre, now;
        Vp9Counts c, unused;
        Randomise(random, &pre, &c);
        Randomise(random, &now, &unused);
        Vp9Probabilities before = now;
        var frame = new V4L2CtrlVp9Frame { Flags = intra ? Vp9FrameFlags.IntraOnly : 0 };
        Vp9ProbabilityAdaptation.Adapt(&now, &pre, &c, frame, 0, afterKey);
        for (int i = 0; i < 4 * 2 * 2 * 36; i++)
        {
            if (i % 36 is >= 3 and < 6)
                continue;
            uint* t = c.Coef + 4 * i;
            Assert.Equal(MergeProb(pre.Coef[3 * i], t[3], c.EobBranch[i] - t[3], 24, factor), now.Coef[3 * i]);
            Assert.Equal(MergeProb(pre.Coef[3 * i + 1], t[0], t[1] + t[2], 24, factor), now.Coef[3 * i + 1]);
            Assert.Equal(MergeProb(pre.Coef[3 * i + 2], t[1], t[2], 24, factor), now.Coef[3 * i + 2]);
        }
        if (intra)
            Assert.True(new Span<byte>(before.Tx8, 100).SequenceEqual(new Span<byte>(now.Tx8, 100)));
    }

    // Spec 6.3.5 and 6.3.6, written as there; the control carries the value after inv_map_table.
    [Fact]
    public void Deltas_remap_as_specified()
    {
        static int Recenter(int v, int m)
        {
            if (v > 2 * m)
                return v;
            return (v & 1) != 0 ? m - ((v + 1) >> 1) : m + (v >> 1);
        }

        for (int prob = 1; prob < 256; prob++)
        {
            for (int delta = 1; delta < 254; delta++)
            {
                int m = prob - 1;
                int expected = (m << 1) <= 255 ? 1 + Recenter(delta, m) : 255 - Recenter(delta, 255 - 1 - m);
                Vp9Probabilities p;
                p.Skip[1] = (byte)prob;
                V4L2CtrlVp9CompressedHdr h = default;
                h.Skip[1] = (byte)delta;
                h.Mv.Hp[1] = 77;
                p.MvHp[0] = 5;
                Vp9ProbabilityAdaptation.ApplyDeltas(&p, h, default);
                Assert.Equal(expected, p.Skip[1]);
                Assert.Equal((5, 77), (p.MvHp[0], p.MvHp[1]));
            }
        }
    }

    [Fact]
    public void Counts_of_tiles_add_up()
    {
        Vp9Counts a = default, b = default;
        a.Coef[0] = 3;
        b.Coef[0] = 4;
        b.MvHp[3] = 9;
        Vp9ProbabilityAdaptation.Accumulate(&a, &b);
        Assert.Equal((7u, 9u, 0u), (a.Coef[0], a.MvHp[3], a.Skip[0]));
    }
}
