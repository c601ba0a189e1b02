// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.H264;
using Daedalus.Engine.Tests.H264;
using Xunit;

namespace Daedalus.Engine.Tests.H264Entropy;

/// <summary>The arithmetic decoder against the encoder of the specification.</summary>
public unsafe class CabacTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 90)]
    [InlineData(3, 99)]
    [InlineData(4, 10)]
    public void Decodes_what_the_encoder_of_the_specification_wrote(int seed, int mpsPercent)
    {
        var random = new Random(seed);
        var bits = new BitWriter();
        var writer = new CabacWriter(bits);
        var contexts = new (int State, int Mps)[8];
        for (int i = 0; i < 8; i++)
            contexts[i] = (i * 9 % 63, i & 1);
        var script = new List<(int Kind, int Context, int Bin)>();
        for (int i = 0; i < 20000; i++)
        {
            int kind = random.Next(10) switch { < 7 => 0, < 9 => 1, _ => 2 };
            int context = random.Next(8);
            int bin = kind == 0 ? (random.Next(100) < mpsPercent ? 0 : 1) : kind == 1 ? random.Next(2) : 0;
            script.Add((kind, context, bin));
            if (kind == 0)
                writer.Decision(ref contexts[context], bin);
            else if (kind == 1)
                writer.Bypass(bin);
            else
                writer.Terminate(false);
        }
        writer.Terminate(true);
        int length = bits.Length;
        byte[] data = bits.Finish(64);

        H264EntropyContext* c = (H264EntropyContext*)NativeMemory.AllocZeroed((nuint)sizeof(H264EntropyContext));
        H264EntropyTables.Fill(c);
        for (int i = 0; i < 8; i++)
            c->States[i] = (byte)(i * 9 % 63 << 1 | (i & 1));
        fixed (byte* p = data)
        {
            c->CabacLimit = p + (length + 7) / 8;
            c->Cabac.Start(p);
            foreach ((int kind, int context, int bin) in script)
            {
                if (kind == 0)
                    Assert.Equal(bin, c->Cabac.Decode(c->States + context, c));
                else if (kind == 1)
                    Assert.Equal(-bin, c->Cabac.BypassMask(c));
                else
                    Assert.False(c->Cabac.Terminate(c));
            }
            Assert.True(c->Cabac.Terminate(c));
            // The last bit taken is the stop bit (9.3.1.2): where I_PCM samples are aligned from.
            Assert.Equal(length, c->Cabac.Consumed(p));
        }
        NativeMemory.Free(c);
    }

    [Fact]
    public void Tables_are_as_large_as_the_specification_says()
    {
        Assert.Equal(256, H264CabacTables.RangeLps.Length);
        Assert.Equal(64, H264CabacTables.NextLps.Length);
        Assert.Equal(4 * 1024 * 2, H264CabacTables.ContextInit.Length);
        // Ranges fall with the state: each LPS range is at most that of the state before.
        for (int i = 4; i < 252; i++)
            Assert.True(H264CabacTables.RangeLps[i] <= H264CabacTables.RangeLps[i - 4]);
        // Contexts of Cb and Cr (460..1023) repeat those of luma: coded_block_flag, frame significance, levels of 4x4 blocks.
        for (int table = 0; table < 4; table++)
        {
            Same(table, 460, 85, 12);
            Same(table, 472, 85, 12);
            Same(table, 484, 105, 44);
            Same(table, 528, 105, 44);
            Same(table, 572, 166, 44);
            Same(table, 776, 277, 44);
            Same(table, 864, 338, 44);
            Same(table, 952, 227, 30);
            Same(table, 982, 227, 30);
            Same(table, 660, 402, 15);
            Same(table, 718, 402, 15);
            Same(table, 690, 417, 9);
            Same(table, 675, 436, 15);
            Same(table, 699, 451, 9);
            Same(table, 708, 426, 10);
            Same(table, 766, 426, 10);
        }
    }

    private static void Same(int table, int from, int as_, int count) =>
        Assert.True(H264CabacTables.ContextInit.Slice(table * 2048 + from * 2, count * 2).SequenceEqual(H264CabacTables.ContextInit.Slice(table * 2048 + as_ * 2, count * 2)), $"{from} of table {table}");
}
