// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Vp9;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

public unsafe class TableTests
{
    private static readonly int[] Sizes = [16, 16, 16, 64, 64, 64, 256, 256, 256, 1024];

    [Fact]
    public void Scans_visit_each_position_once_and_contexts_look_back()
    {
        for (int s = 0; s < Vp9ScanOrders.Count; s++)
        {
            ScanEntry* scan = Vp9ScanOrders.All[s];
            var order = new int[Sizes[s]];
            Array.Fill(order, -1);
            for (int i = 0; i < Sizes[s]; i++)
            {
                Assert.InRange(scan[i].Position, 0, Sizes[s] - 1);
                Assert.Equal(-1, order[scan[i].Position]);
                order[scan[i].Position] = i;
                if (i > 0)
                {
                    // A neighbour without a token yet would read what another block left.
                    Assert.InRange(order[scan[i].Neighbour0], 0, i - 1);
                    Assert.InRange(order[scan[i].Neighbour1], 0, i - 1);
                }
            }
        }
    }

    // First positions of the scans, raster order, as printed in spec 10.3.
    [Theory]
    [InlineData(0, 4, new[] { 0, 4, 1, 5, 8, 2, 12, 9, 3, 6, 13, 10, 7, 14, 11, 15 })]
    [InlineData(1, 4, new[] { 0, 4, 8, 1, 12, 5, 9, 2, 13, 6, 10, 3, 7, 14, 11, 15 })]
    [InlineData(2, 4, new[] { 0, 1, 4, 2, 5, 3, 6, 8, 9, 7, 12, 10, 13, 11, 14, 15 })]
    [InlineData(3, 8, new[] { 0, 8, 1, 16, 9, 2, 17, 24, 10, 3, 18, 25, 32, 11, 4, 26 })]
    [InlineData(4, 8, new[] { 0, 8, 16, 1, 24, 9, 32, 17, 2, 40, 25, 10, 33, 18, 48, 3 })]
    [InlineData(5, 8, new[] { 0, 1, 2, 8, 9, 3, 16, 10, 4, 17, 11, 24, 5, 18, 25, 12 })]
    [InlineData(6, 16, new[] { 0, 16, 1, 32, 17, 2, 48, 33, 18, 3, 64, 34, 49, 19, 65, 80 })]
    [InlineData(9, 32, new[] { 0, 32, 1, 64, 33, 2, 96, 65, 34, 128, 3, 97, 66, 160, 129, 35 })]
    public void Scans_start_as_specified(int scan, int n, int[] raster)
    {
        for (int i = 0; i < raster.Length; i++)
            Assert.Equal(raster[i] % n * n + raster[i] / n, Vp9ScanOrders.All[scan][i].Position);
    }

    [Fact]
    public void Bands_follow_the_position()
    {
        int[] small = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5];
        for (int i = 0; i < 16; i++)
            Assert.Equal(24 * small[i], Vp9ScanOrders.All[0][i].Band);
        int[] first = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5];
        for (int i = 0; i < 1024; i++)
            Assert.Equal(24 * (i < first.Length ? first[i] : 5), Vp9ScanOrders.All[9][i].Band);
    }

    [Fact]
    public void Probability_tables_have_their_sizes_and_spot_values()
    {
        Assert.Equal(255 * 8, Vp9ProbabilityTables.Pareto.Length);
        Assert.Equal([3, 86, 128, 6, 86, 23, 88, 29], Vp9ProbabilityTables.Pareto[..8].ToArray());
        Assert.Equal([255, 246, 247, 255, 239, 255, 253, 255], Vp9ProbabilityTables.Pareto[^8..].ToArray());
        Assert.Equal(10 * 10 * 9, Vp9ProbabilityTables.KeyYMode.Length);
        Assert.Equal([137, 30, 42, 148, 151, 207, 70, 52, 91], Vp9ProbabilityTables.KeyYMode[..9].ToArray());
        Assert.Equal([144, 11, 54, 157, 195, 130, 46, 58, 108], Vp9ProbabilityTables.KeyUvMode[..9].ToArray());
        Assert.Equal([158, 97, 94], Vp9ProbabilityTables.KeyPartition[..3].ToArray());
        Assert.Equal([12, 3, 3], Vp9ProbabilityTables.KeyPartition[^3..].ToArray());

        Vp9Probabilities p;
        Vp9ProbabilityAdaptation.SetDefaults(&p);
        Assert.Equal([195, 29, 183], new Span<byte>(p.Coef, 3).ToArray());
        Assert.Equal([192, 128, 64], new Span<byte>(p.Skip, 3).ToArray());
        Assert.Equal([2, 173, 34], new Span<byte>(p.InterMode, 3).ToArray());
        Assert.Equal([235, 162, 36, 255, 34, 3, 149, 144], new Span<byte>(p.InterpFilter, 8).ToArray());
        Assert.Equal([9, 102, 187, 225], new Span<byte>(p.IsInter, 4).ToArray());
        Assert.Equal([239, 183, 119, 96, 41], new Span<byte>(p.CompMode, 5).ToArray());
        Assert.Equal([50, 126, 123, 221, 226], new Span<byte>(p.CompRef, 5).ToArray());
        Assert.Equal([33, 16, 77, 74, 142, 142, 172, 170, 238, 247], new Span<byte>(p.SingleRef, 10).ToArray());
        Assert.Equal([100, 66], new Span<byte>(p.Tx8, 2).ToArray());
        Assert.Equal([20, 152, 15, 101], new Span<byte>(p.Tx16, 4).ToArray());
        Assert.Equal([3, 136, 37, 5, 52, 13], new Span<byte>(p.Tx32, 6).ToArray());
        Assert.Equal([32, 64, 96], new Span<byte>(p.MvJoint, 3).ToArray());
        Assert.Equal([128, 128], new Span<byte>(p.MvSign, 2).ToArray());
        Assert.Equal([160, 160, 128, 128], new[] { p.MvClass0Hp[0], p.MvClass0Hp[1], p.MvHp[0], p.MvHp[1] });

        // Every probability that is used is one: the padding of band 0 alone is zero.
        for (int i = 0; i < 4 * 2 * 2 * 36; i++)
        {
            for (int k = 0; k < 3; k++)
                Assert.Equal(i % 36 is >= 3 and < 6, p.Coef[3 * i + k] == 0);
        }
        for (byte* b = p.Tx8; b < (byte*)(&p + 1); b++)
            Assert.NotEqual(0, *b);
    }

    [Fact]
    public void Quantiser_steps_at_the_ends_of_the_tables()
    {
        Assert.Equal((4, 1336), (Vp9QuantizerTables.Dc8[0], Vp9QuantizerTables.Dc8[255]));
        Assert.Equal((4, 1828), (Vp9QuantizerTables.Ac8[0], Vp9QuantizerTables.Ac8[255]));
        Assert.Equal((4, 5347), (Vp9QuantizerTables.Dc10[0], Vp9QuantizerTables.Dc10[255]));
        Assert.Equal((4, 7312), (Vp9QuantizerTables.Ac10[0], Vp9QuantizerTables.Ac10[255]));
        Assert.Equal((4, 21387), (Vp9QuantizerTables.Dc12[0], Vp9QuantizerTables.Dc12[255]));
        Assert.Equal((4, 29247), (Vp9QuantizerTables.Ac12[0], Vp9QuantizerTables.Ac12[255]));
    }
}
