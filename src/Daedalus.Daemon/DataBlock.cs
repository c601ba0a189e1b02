// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Daemon;

/// <summary>Native memory for the controls and the bitstream of one frame.</summary>
internal sealed unsafe class DataBlock
{
    public byte* Pointer { get; private set; }
    public uint Size { get; private set; }

    public void Reserve(uint size)
    {
        if (size <= Size)
            return;
        uint rounded = checked((size + 0xffff) & ~0xffffu);
        // Freed before a larger one is had: contents do not matter, and Size must be true whatever happens.
        Release();
        Pointer = (byte*)NativeMemory.AlignedAlloc(rounded, 64);
        Size = rounded;
    }

    public void Release()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        Size = 0;
    }
}

/// <summary>Blocks that are used again. Thread-safe.</summary>
internal sealed class DataBlockPool
{
    private const int MaxKept = 64;
    private const uint MaxKeptBytes = 8 << 20;

    private readonly Stack<DataBlock> _free = new();

    public DataBlock Take()
    {
        lock (_free)
        {
            if (_free.TryPop(out DataBlock? block))
                return block;
        }
        DataBlock fresh = new();
        fresh.Reserve(256 << 10);
        return fresh;
    }

    public void Return(DataBlock block)
    {
        lock (_free)
        {
            if (_free.Count < MaxKept && block.Size <= MaxKeptBytes)
            {
                _free.Push(block);
                return;
            }
        }
        block.Release();
    }
}
