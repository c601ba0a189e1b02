// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;
using Xunit;

namespace Daedalus.Engine.Tests.H264Entropy;

/// <summary>The code tables of CAVLC: free of prefixes, as full as the specification makes them, and found again by the lookups.</summary>
public unsafe class CavlcTests
{
    // 2^-16 units that the specification leaves unused in each table.
    public static TheoryData<int, int> TokenTables => new() { { 0, 2 }, { 1, 8 }, { 2, 64 }, { 3, 2048 }, { 4, 0 }, { 5, 56 } };

    [Theory]
    [MemberData(nameof(TokenTables))]
    public void Coefficient_tokens_are_prefix_codes_and_looked_up(int table, int unused)
    {
        Assert.Equal(65536 - unused, Kraft(H264CavlcTables.CoeffToken.Slice(table * 136, 136)));
        // 8 and above is read without the table.
        if (table == 3)
            return;
        H264CavlcLookup.Make();
        for (int entry = 0; entry < 68; entry++)
        {
            int length = H264CavlcTables.CoeffToken[table * 136 + entry * 2], code = H264CavlcTables.CoeffToken[table * 136 + entry * 2 + 1];
            if (length == 0)
                continue;
            foreach (ulong behind in new[] { 0UL, ulong.MaxValue, 0xa5a5a5a5a5a5a5a5UL })
            {
                ulong bits = (ulong)code << (64 - length) | behind >> length;
                Assert.Equal(length | entry << 8, H264CavlcLookup.CoeffToken[table * 128 + H264CavlcLookup.TokenIndex(bits)]);
            }
        }
    }

    [Fact]
    public void Zero_runs_are_prefix_codes()
    {
        for (int t = 0; t < 15; t++)
            Assert.Equal(t == 0 ? 65536 - 128 : 65536, Kraft(H264CavlcTables.TotalZeros.Slice(t * 32, 32)));
        for (int t = 0; t < 3; t++)
            Assert.Equal(65536, Kraft(H264CavlcTables.TotalZerosDc420.Slice(t * 8, 8)));
        for (int t = 0; t < 7; t++)
            Assert.Equal(65536, Kraft(H264CavlcTables.TotalZerosDc422.Slice(t * 16, 16)));
        for (int t = 0; t < 7; t++)
            Assert.Equal(t == 6 ? 65536 - 32 : 65536, Kraft(H264CavlcTables.RunBefore.Slice(t * 32, 32)));
    }

    [Fact]
    public void Coded_block_patterns_are_permutations()
    {
        Assert.Equal(Enumerable.Range(0, 48), Sorted(0, 48));
        Assert.Equal(Enumerable.Range(0, 48), Sorted(48, 48));
        Assert.Equal(Enumerable.Range(0, 16), Sorted(96, 16));
        Assert.Equal(Enumerable.Range(0, 16), Sorted(112, 16));
    }

    private static IEnumerable<int> Sorted(int from, int count) => H264CavlcTables.CodedBlockPattern.Slice(from, count).ToArray().Select(b => (int)b).Order();

    // Sum of 2^(16 - length); fails when one code word begins another.
    private static int Kraft(ReadOnlySpan<byte> table)
    {
        var words = new List<(int Length, int Code)>();
        int sum = 0;
        for (int i = 0; i < table.Length; i += 2)
        {
            if (table[i] == 0)
                continue;
            foreach ((int length, int code) in words)
            {
                int n = Math.Min(length, table[i]);
                Assert.NotEqual(code >> (length - n), table[i + 1] >> (table[i] - n));
            }
            words.Add((table[i], table[i + 1]));
            sum += 1 << (16 - table[i]);
        }
        return sum;
    }
}
