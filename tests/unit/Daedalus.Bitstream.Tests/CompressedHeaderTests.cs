// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Vp9;
using Xunit;

namespace Daedalus.Bitstream.Tests;

public unsafe class CompressedHeaderTests
{
    [Fact]
    public void BoolReaderInvertsTheEncoder()
    {
        var random = new Random(7);
        var symbols = new (int Bit, uint Probability)[5000];
        var writer = new BoolWriter();
        for (int i = 0; i < symbols.Length; i++)
        {
            uint p = (uint)random.Next(1, 256);
            symbols[i] = (random.Next(256) >= p ? 1 : 0, p);
            writer.Bool(symbols[i].Bit, p);
        }
        var reader = new BoolReader(writer.ToArray());
        Assert.Equal(0, reader.Bool(128));
        foreach ((int bit, uint p) in symbols)
            Assert.Equal(bit, reader.Bool(p));
        Assert.False(reader.Overrun);
        for (int i = 0; i < 16; i++)
            reader.Bool(128);
        Assert.True(reader.Overrun);
    }

    // Spec 6.3.4: term_subexp codes of delta indices and the bits of each.
    private static void PutDelta(BoolWriter w, int? index)
    {
        w.Bool(index.HasValue ? 1 : 0, 252);
        if (index is not { } v)
            return;
        if (v < 16)
        {
            w.Literal(0, 1);
            w.Literal(v, 4);
        }
        else if (v < 32)
        {
            w.Literal(0b10, 2);
            w.Literal(v - 16, 4);
        }
        else if (v < 64)
        {
            w.Literal(0b110, 3);
            w.Literal(v - 32, 5);
        }
        else
        {
            w.Literal(0b111, 3);
            v -= 64;
            if (v < 65)
            {
                w.Literal(v, 7);
            }
            else
            {
                w.Literal((v + 65) >> 1, 7);
                w.Literal(v + 65 & 1, 1);
            }
        }
    }

    private static void PutDeltas(BoolWriter w, int count, int start)
    {
        for (int i = 0; i < count; i++)
            PutDelta(w, (start + i) % 255);
    }

    // Spec 6.3.5 inv_map_table, from its rule: 20 coarse steps, then every other value in order; the last entry repeats 253.
    private static int InvMap(int index)
    {
        if (index < 20)
            return 7 + 13 * index;
        if (index == 254)
            return 253;
        int value = 0;
        for (int n = 20; n <= index; n++)
        {
            value++;
            while ((value - 7) % 13 == 0 && value >= 7)
                value++;
        }
        return value;
    }

    [Fact]
    public void EveryFieldLandsInItsPlace()
    {
        var w = new BoolWriter();
        w.Literal(3, 2);
        w.Literal(1, 1);
        PutDeltas(w, 2, 1);
        PutDeltas(w, 4, 11);
        PutDeltas(w, 6, 21);
        // Coefficients: 4x4 none, 8x8 all, 16x16 none, 32x32 only the last.
        w.Literal(0, 1);
        w.Literal(1, 1);
        PutDeltas(w, 2 * 2 * (3 + 5 * 6) * 3, 0);
        w.Literal(0, 1);
        w.Literal(1, 1);
        for (int i = 0; i < 2 * 2 * 33 * 3; i++)
            PutDelta(w, i == 2 * 2 * 33 * 3 - 1 ? 5 : null);
        PutDeltas(w, 3, 30);
        PutDeltas(w, 21, 40);
        PutDeltas(w, 8, 70);
        PutDeltas(w, 4, 80);
        w.Literal(1, 1);
        w.Literal(1, 1);
        PutDeltas(w, 5, 90);
        PutDeltas(w, 10, 100);
        PutDeltas(w, 5, 110);
        PutDeltas(w, 36, 120);
        PutDeltas(w, 48, 160);
        int[] counts = [3, 1, 10, 1, 10, 1, 10, 1, 10, 6, 3, 6, 3, 1, 1, 1, 1];
        int value = 0;
        foreach (int n in counts)
        {
            for (int i = 0; i < n; i++)
            {
                w.Bool(1, 252);
                w.Literal(value++, 7);
            }
        }
        byte[] key = new Vp9Builder().ToArray();
        byte[] frame = new Vp9Builder { Key = false, SignBias = 4, Filter = 4, Compressed = w.ToArray() }.ToArray();
        var parser = new Vp9StreamParser();
        Assert.True(parser.TryParseFrame(key, out _, out _));
        Assert.True(parser.TryParseFrame(frame, out Vp9FrameInfo info, out Vp9ParseError error), error.ToString());

        ref var h = ref info.CompressedHeader;
        Assert.Equal((4, 2), (h.TxMode, info.Frame.ReferenceMode));
        Assert.Equal((InvMap(1), InvMap(2)), (h.Tx8[0], h.Tx8[1]));
        Assert.Equal((InvMap(11), InvMap(14)), (h.Tx16[0], h.Tx16[3]));
        Assert.Equal((InvMap(21), InvMap(26)), (h.Tx32[0], h.Tx32[5]));
        const int PerSize = 2 * 2 * 6 * 6 * 3;
        int n8 = 0;
        for (int t = 0; t < 4; t++)
        {
            for (int i = 0; i < PerSize; i++)
            {
                bool coded = i / 18 % 6 != 0 || i / 3 % 6 < 3;
                int expected = t switch
                {
                    1 when coded => InvMap(n8++ % 255),
                    3 when i == PerSize - 1 => InvMap(5),
                    _ => 0,
                };
                Assert.Equal((t, i, expected), (t, i, h.Coef[t * PerSize + i]));
            }
        }
        Assert.Equal(InvMap(32), h.Skip[2]);
        Assert.Equal((InvMap(40), InvMap(60)), (h.InterMode[0], h.InterMode[20]));
        Assert.Equal((InvMap(70), InvMap(77)), (h.InterpFilter[0], h.InterpFilter[7]));
        Assert.Equal(InvMap(83), h.IsInter[3]);
        Assert.Equal(InvMap(94), h.CompMode[4]);
        Assert.Equal((InvMap(101), InvMap(109)), (h.SingleRef[1], h.SingleRef[9]));
        Assert.Equal(InvMap(114), h.CompRef[4]);
        Assert.Equal((InvMap(120), InvMap(155)), (h.YMode[0], h.YMode[35]));
        Assert.Equal((InvMap(160), InvMap(207)), (h.Partition[0], h.Partition[47]));
        for (int i = 0; i < 90; i++)
            Assert.Equal(0, h.UvMode[i]);
        static int Mv(int n) => n << 1 | 1;
        Assert.Equal((Mv(0), Mv(2)), (h.Mv.Joint[0], h.Mv.Joint[2]));
        Assert.Equal((Mv(3), Mv(25)), (h.Mv.Sign[0], h.Mv.Sign[1]));
        Assert.Equal((Mv(4), Mv(13), Mv(26)), (h.Mv.Classes[0], h.Mv.Classes[9], h.Mv.Classes[10]));
        Assert.Equal((Mv(14), Mv(36)), (h.Mv.Class0Bit[0], h.Mv.Class0Bit[1]));
        Assert.Equal((Mv(15), Mv(24), Mv(46)), (h.Mv.Bits[0], h.Mv.Bits[9], h.Mv.Bits[19]));
        Assert.Equal((Mv(47), Mv(52), Mv(56)), (h.Mv.Class0Fr[0], h.Mv.Class0Fr[5], h.Mv.Class0Fr[6]));
        Assert.Equal((Mv(53), Mv(62)), (h.Mv.Fr[0], h.Mv.Fr[3]));
        Assert.Equal((Mv(65), Mv(67)), (h.Mv.Class0Hp[0], h.Mv.Class0Hp[1]));
        Assert.Equal((Mv(66), Mv(68)), (h.Mv.Hp[0], h.Mv.Hp[1]));
    }

    [Fact]
    public void CompoundNeedsReferencesOnBothSides()
    {
        var w = new BoolWriter();
        w.Literal(0, 2);
        for (int i = 0; i < 400; i++)
            w.Bool(0, 252);
        byte[] same = w.ToArray();
        var parser = new Vp9StreamParser();
        Assert.True(parser.TryParseFrame(new Vp9Builder().ToArray(), out _, out _));
        Assert.True(parser.TryParseFrame(new Vp9Builder { Key = false, SignBias = 7, Compressed = same }.ToArray(), out Vp9FrameInfo info, out _));
        Assert.Equal(0, info.Frame.ReferenceMode);
    }

    [Fact]
    public void LosslessFramesSendNoTransformMode()
    {
        var w = new BoolWriter();
        w.Literal(0, 1);
        PutDelta(w, 9);
        PutDelta(w, null);
        PutDelta(w, null);
        var parser = new Vp9StreamParser();
        Assert.True(parser.TryParseFrame(new Vp9Builder { BaseQIdx = 0, Compressed = w.ToArray() }.ToArray(), out Vp9FrameInfo info, out Vp9ParseError error), error.ToString());
        Assert.True(info.Lossless);
        Assert.Equal(0, info.CompressedHeader.TxMode);
        Assert.Equal(InvMap(9), info.CompressedHeader.Skip[0]);
    }
}
