// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Vp9;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

/// <summary>Tokens written by a plain implementation of spec 6.4.24 and 9.3 come back dequantised and counted.</summary>
public sealed unsafe class TokenReaderTests : IDisposable
{
    private readonly byte* _probs = (byte*)NativeMemory.AllocZeroed(36 * 4);
    private readonly byte* _cache = (byte*)NativeMemory.AllocZeroed(1024);
    private readonly uint* _counts = (uint*)NativeMemory.AllocZeroed(36 * 4 * 4);
    private readonly uint* _eobCounts = (uint*)NativeMemory.AllocZeroed(36 * 4);
    private readonly int* _coefficients = (int*)NativeMemory.AllocZeroed(1024 * 4);

    public void Dispose()
    {
        NativeMemory.Free(_probs);
        NativeMemory.Free(_cache);
        NativeMemory.Free(_counts);
        NativeMemory.Free(_eobCounts);
        NativeMemory.Free(_coefficients);
    }

    // Extra bits of the categories (spec 9.3.1, cat_probs), most significant bit first; the largest for 12 bits.
    private static readonly int[][] Categories =
    [
        [159], [165, 145], [173, 148, 140], [176, 155, 140, 135], [180, 157, 141, 134, 130],
        [255, 255, 255, 255, 254, 254, 254, 252, 249, 243, 230, 196, 177, 153, 140, 133, 130, 129],
    ];

    private static readonly int[] CategoryStart = [5, 7, 11, 19, 35, 67];

    // energy_class of spec 9.3.1: three and four, and the categories in pairs.
    private static int Class(int magnitude) => magnitude switch { < 4 => magnitude, 4 => 3, < 11 => 4, _ => 5 };

    // Writes one transform block, values in scan order.
    private void WriteBlock(BoolWriter w, int scan, int size, int[] values, int ctx, int bitDepth, uint[] counts, uint[] eobCounts)
    {
        ScanEntry* e = Vp9ScanOrders.All[scan];
        var magnitudes = new int[size];
        int eob = Array.FindLastIndex(values, v => v != 0) + 1;
        bool askMore = true;
        for (int i = 0; i < size; i++)
        {
            if (i > 0)
                ctx = (1 + Class(magnitudes[e[i].Neighbour0]) + Class(magnitudes[e[i].Neighbour1])) >> 1;
            int row = e[i].Band / 4 + ctx;
            byte* p = _probs + 4 * row;
            if (askMore)
            {
                eobCounts[row]++;
                w.Write(p[0], i < eob ? 1 : 0);
                if (i >= eob)
                {
                    counts[4 * row + 3]++;
                    return;
                }
            }
            int m = Math.Abs(values[i]);
            magnitudes[e[i].Position] = m;
            counts[4 * row + Math.Min(m, 2)]++;
            w.Write(p[1], m != 0 ? 1 : 0);
            askMore = m != 0;
            if (m == 0)
                continue;
            w.Write(p[2], m > 1 ? 1 : 0);
            if (m > 1)
                WriteLarge(w, m, p[2], bitDepth);
            w.Write(128, values[i] < 0 ? 1 : 0);
        }
    }

    private static void WriteLarge(BoolWriter w, int m, int prob, int bitDepth)
    {
        ReadOnlySpan<byte> pareto = Vp9ProbabilityTables.Pareto.Slice((prob - 1) * 8, 8);
        w.Write(pareto[0], m > 4 ? 1 : 0);
        if (m <= 4)
        {
            w.Write(pareto[1], m > 2 ? 1 : 0);
            if (m > 2)
                w.Write(pareto[2], m - 3);
            return;
        }
        int cat = Array.FindLastIndex(CategoryStart, s => s <= m);
        w.Write(pareto[3], cat >= 2 ? 1 : 0);
        if (cat < 2)
        {
            w.Write(pareto[4], cat);
        }
        else
        {
            w.Write(pareto[5], cat >= 4 ? 1 : 0);
            w.Write(pareto[cat < 4 ? 6 : 7], cat & 1);
        }
        int[] bits = Categories[cat];
        int n = cat == 5 ? bitDepth + 6 : bits.Length;
        for (int i = 0; i < n; i++)
            w.Write(bits[bits.Length - n + i], (m - CategoryStart[cat]) >> (n - 1 - i) & 1);
    }

    private static int[] RandomValues(Random random, int size, int bitDepth, bool full)
    {
        var values = new int[size];
        int n = full ? size : random.Next(size + 1);
        for (int i = 0; i < n; i++)
        {
            int magnitude = random.Next(8) switch
            {
                < 3 => 0,
                < 5 => random.Next(1, 3),
                5 => random.Next(3, 12),
                6 => random.Next(5, 67),
                _ => random.Next(67, 67 + (1 << random.Next(1, bitDepth + 7))),
            };
            values[i] = random.Next(2) == 0 ? magnitude : -magnitude;
        }
        if (full)
            values[size - 1] = 1;
        return values;
    }

    [Theory]
    [InlineData(0, 16, 8)]
    [InlineData(1, 16, 8)]
    [InlineData(2, 16, 10)]
    [InlineData(3, 64, 12)]
    [InlineData(5, 64, 8)]
    [InlineData(7, 256, 10)]
    [InlineData(9, 1024, 8)]
    [InlineData(9, 1024, 12)]
    public void Reads_back_what_was_written(int scan, int size, int bitDepth)
    {
        var random = new Random(scan * 100 + bitDepth);
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 36 * 4; i++)
                _probs[i] = (byte)random.Next(1, 256);
            int dc = random.Next(4, bitDepth == 12 ? 21388 : 1337), ac = random.Next(4, bitDepth == 12 ? 29248 : 1829);
            int[] values = RandomValues(random, size, bitDepth, round == 0);
            int ctx = random.Next(3);
            var counts = new uint[36 * 4];
            var eobCounts = new uint[36];
            var w = new BoolWriter(marker: false);
            WriteBlock(w, scan, size, values, ctx, bitDepth, counts, eobCounts);
            w.WriteLiteral(0x5A, 8);
            byte[] data = w.Finish(64);
            new Span<int>(_coefficients, 1024).Clear();
            new Span<uint>(_counts, 36 * 4).Clear();
            new Span<uint>(_eobCounts, 36).Clear();
            // What earlier blocks left there must not matter.
            new Span<byte>(_cache, 1024).Fill((byte)random.Next(6));

            TokenContext t = default;
            t.Probs = _probs;
            t.Counts = _counts;
            t.EobCounts = _eobCounts;
            t.Scan = Vp9ScanOrders.All[scan];
            t.ScanEnd = t.Scan + size;
            t.Cache = _cache;
            fixed (byte* pareto = Vp9ProbabilityTables.Pareto, cat6 = Vp9ProbabilityTables.Cat6, p = data)
            {
                t.Pareto = pareto - 8;
                t.Cat6Bits = bitDepth + 6;
                t.Cat6 = cat6 + 18 - t.Cat6Bits;
                t.Shift = size == 1024 ? 1 : 0;
                t.Dc = dc;
                t.Ac = ac;
                BoolReader r = default;
                r.Start(p);
                int eob = bitDepth == 8
                    ? Vp9TokenReader.Read<ShortStore, Yes>(&r, &t, ctx, _coefficients)
                    : Vp9TokenReader.Read<IntStore, Yes>(&r, &t, ctx, _coefficients);
                Assert.Equal(Array.FindLastIndex(values, v => v != 0) + 1, eob);
                int check = 0;
                for (int i = 0; i < 8; i++)
                    check = check << 1 | r.Read(128);
                Assert.Equal(0x5A, check);
            }
            for (int i = 0; i < size; i++)
            {
                long magnitude = (long)Math.Abs(values[i]) * (i == 0 ? dc : ac) >> t.Shift;
                long expected = values[i] < 0 ? -magnitude : magnitude;
                int position = t.Scan[i].Position;
                if (bitDepth == 8)
                    Assert.Equal((short)expected, ((short*)_coefficients)[position]);
                else
                    Assert.Equal((int)expected, _coefficients[position]);
            }
            Assert.Equal(counts, new Span<uint>(_counts, 36 * 4).ToArray());
            Assert.Equal(eobCounts, new Span<uint>(_eobCounts, 36).ToArray());
        }
    }
}
