// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Engine.Av1;
using Xunit;

namespace Daedalus.Engine.Tests.Av1.Entropy;

/// <summary>The symbol decoder against a writer made from the specification's equations.</summary>
public sealed unsafe class Av1SymbolDecoderTests
{
    private static ushort[] RandomCdf(Random random, int n)
    {
        var cdf = new ushort[n + 1];
        var cuts = new SortedSet<int>();
        while (cuts.Count < n - 1)
            cuts.Add(random.Next(64, 32768 - 64));
        cuts.Select(c => (ushort)c).ToArray().CopyTo(cdf, 0);
        cdf[n - 1] = 32768;
        return cdf;
    }

    private static ushort[] Layout(ushort[] cdf)
    {
        int n = cdf.Length - 1;
        var result = new ushort[BitOperations.RoundUpToPowerOf2((uint)n)];
        for (int i = 0; i < n - 1; i++)
            result[i] = (ushort)(32768 - cdf[i]);
        result[^1] = cdf[n];
        return result;
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    public void ReadsWhatTheSpecificationWrites(bool adapt, int seed)
    {
        var random = new Random(seed);
        var start = Enumerable.Range(2, 15).Select(n => RandomCdf(random, n)).ToArray();
        var written = start.Select(c => (ushort[])c.Clone()).ToArray();
        var writer = new Av1SymbolWriter();
        var symbols = new List<(int Cdf, int Symbol)>();
        for (int i = 0; i < 3000; i++)
        {
            int which = random.Next(16) - 1, symbol = which < 0 ? random.Next(2) : Math.Min(random.Next(which + 2), random.Next(which + 2));
            symbols.Add((which, symbol));
            if (which < 0)
                writer.WriteBit(symbol);
            else
                writer.Write(symbol, written[which], adapt);
        }
        byte[] data = writer.Finish();
        var layouts = start.Select(Layout).ToArray();
        var decoder = default(Av1SymbolDecoder);
        fixed (byte* p = data)
        {
            decoder.Begin(p, data.Length, adapt);
            foreach (var (which, symbol) in symbols)
            {
                if (which < 0)
                {
                    Assert.Equal(symbol, decoder.ReadBit());
                    continue;
                }
                fixed (ushort* cdf = layouts[which])
                    Assert.Equal(symbol, decoder.ReadSymbol(cdf, which + 2));
            }
            Assert.False(decoder.Overrun);
            Assert.Equal(8 * data.Length - 15 - writer.Consumed, decoder.MaxBits);
            Assert.True(decoder.PaddingIsValid);
        }
        for (int i = 0; i < layouts.Length; i++)
            Assert.Equal(Layout(written[i]), layouts[i]);
    }

    [Fact]
    public void DataThatIsTooShortIsAnOverrun()
    {
        byte* data = stackalloc byte[2];
        data[0] = 0x80;
        data[1] = 0;
        var decoder = default(Av1SymbolDecoder);
        decoder.Begin(data, 2, true);
        Assert.Equal(1, decoder.MaxBits);
        Assert.False(decoder.Overrun);
        decoder.ReadLiteral(30);
        Assert.True(decoder.Overrun);
        Assert.False(decoder.PaddingIsValid);
    }

    [Fact]
    public void OneAdaptationByHand()
    {
        // N = 4, counter 0: rate 5. Symbol 1 was decoded: what lies before it falls, the rest rises.
        ushort[] cdf = [8192, 16384, 24576, 32768, 0];
        Av1SymbolWriter.Adapt(1, cdf);
        Assert.Equal([7936, 16896, 24832, 32768, 1], cdf);
    }

    [Fact]
    public void CountersAreClearedAndNothingElse()
    {
        var a = new Av1CdfContext();
        var b = new Av1CdfContext();
        Av1CdfContexts.SetDefaults(&a, 100);
        Av1CdfContexts.SetDefaults(&b, 100);
        Assert.Equal(2 * Av1CdfContext.Length, sizeof(Av1CdfContext));
        b.Skip[1] = 7;
        b.CoeffBr[3] = 32;
        b.CflAlpha[6 * 16 - 1] = 3;
        b.RestorationType[3] = 1;
        Av1CdfContexts.ClearCounters(&b);
        Assert.True(new ReadOnlySpan<ushort>(&a, Av1CdfContext.Length).SequenceEqual(new ReadOnlySpan<ushort>(&b, Av1CdfContext.Length)));
    }

    [Fact]
    public void DefaultsAreDistributions()
    {
        var c = new Av1CdfContext();
        foreach (int q in new[] { 20, 21, 60, 61, 120, 121, 255 })
        {
            Av1CdfContexts.SetDefaults(&c, q);
            Assert.Equal(32768 - 31671, c.Skip[0]);
            for (int i = 0; i < Av1CdfContext.Length; i++)
                Assert.True(((ushort*)&c)[i] <= 32768);
        }
        Av1CdfContexts.SetDefaults(&c, 20);
        Assert.Equal(32768 - 31849, c.TxbSkip[0]);
        Av1CdfContexts.SetDefaults(&c, 21);
        Assert.Equal(32768 - 30371, c.TxbSkip[0]);
        Av1CdfContexts.SetDefaults(&c, 121);
        Assert.Equal(32768 - 26887, c.TxbSkip[0]);
    }
}
