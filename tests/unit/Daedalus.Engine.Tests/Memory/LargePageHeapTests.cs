// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Memory;
using Xunit;

namespace Daedalus.Engine.Tests.Memory;

public sealed unsafe class LargePageHeapTests
{
    [Fact]
    public void BlocksAreZeroAlignedAndDoNotOverlap()
    {
        if (!LargePageHeap.IsUsed)
            return; // another page size: blocks are malloc's
        var random = new Random(3);
        var blocks = new List<(nint Block, int Bytes, byte Mark)>();
        for (int i = 0; i < 4000; i++)
        {
            if (blocks.Count < 40 && random.Next(2) == 0)
            {
                int bytes = random.Next(1, random.Next(10) == 0 ? 40 << 20 : 300_000);
                byte* block = LargePageHeap.Allocate((nuint)bytes);
                Assert.NotEqual(0, (nint)block);
                Assert.Equal(0, (nint)block & 63);
                int touched = Math.Min(bytes, 300_000);
                Assert.Equal(-1, new ReadOnlySpan<byte>(block, touched).IndexOfAnyExcept((byte)0));
                Assert.Equal(0, block[bytes - 1]);
                byte mark = (byte)(1 + i % 255);
                new Span<byte>(block, touched).Fill(mark);
                block[bytes - 1] = mark;
                blocks.Add(((nint)block, bytes, mark));
            }
            else if (blocks.Count != 0)
            {
                int at = random.Next(blocks.Count);
                Release(blocks[at].Block, blocks[at].Bytes, blocks[at].Mark);
                blocks.RemoveAt(at);
            }
        }
        foreach ((nint block, int bytes, byte mark) in blocks)
            Release(block, bytes, mark);
    }

    [Fact]
    public void LargeBlocksComeAndGo()
    {
        if (!LargePageHeap.IsUsed)
            return;
        // Larger than any region that other tests may be using at the same time.
        const int Bytes = 100 << 20;
        byte* block = LargePageHeap.Allocate(Bytes);
        Assert.Equal(0, block[Bytes - 1]);
        LargePageHeap.Free(block, Bytes);
        Assert.True(LargePageHeap.Allocate(nuint.MaxValue - 100) == null);
        Assert.True(LargePageHeap.Allocate(nuint.MaxValue / 4) == null);
    }

    [Fact]
    public void BlocksOfAnySizeBehaveAlike()
    {
        using var block = new NativeBlock();
        foreach (nuint bytes in (ReadOnlySpan<nuint>)[1, 100, LargePageHeap.SmallestBlock - 1, LargePageHeap.SmallestBlock, 1_000_000, 5_000_000])
        {
            Assert.True(block.Reserve(bytes));
            Assert.False(block.Reserve(bytes));
            Assert.Equal(bytes, block.Size);
            Assert.Equal(0, (nint)block.Pointer & 63);
            Assert.Equal(-1, new ReadOnlySpan<byte>(block.Pointer, (int)bytes).IndexOfAnyExcept((byte)0));
            new Span<byte>(block.Pointer, (int)bytes).Fill(7);
        }
        block.Dispose();
        Assert.True(block.Reserve(10_000));
        Assert.Equal(-1, new ReadOnlySpan<byte>(block.Pointer, 10_000).IndexOfAnyExcept((byte)0));
    }

    private static void Release(nint block, int bytes, byte mark)
    {
        Assert.Equal(-1, new ReadOnlySpan<byte>((void*)block, Math.Min(bytes, 300_000)).IndexOfAnyExcept(mark));
        LargePageHeap.Free((byte*)block, (nuint)bytes);
    }
}
