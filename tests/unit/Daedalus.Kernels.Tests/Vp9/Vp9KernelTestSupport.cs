// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.Tests;

/// <summary>Marsaglia's 32-bit xorshift: the generator the libvpx hashes were made with.</summary>
internal struct XorShift(uint seed)
{
    private uint _state = seed;

    internal uint Next()
    {
        _state ^= _state << 13;
        _state ^= _state >> 17;
        _state ^= _state << 5;
        return _state;
    }

    internal int Next(int exclusive) => (int)(Next() % (uint)exclusive);
}

/// <summary>A kernel table and a block of samples inside a guard area, in native memory.</summary>
internal sealed unsafe class KernelBench : IDisposable
{
    internal const int Guard = 96;
    private readonly byte* _memory;
    private readonly int _size;

    internal KernelBench(int bitDepth, KernelLevel level)
    {
        BitDepth = bitDepth;
        MaxValue = (1 << bitDepth) - 1;
        SampleSize = bitDepth == 8 ? 1 : 2;
        Table = (Vp9KernelTable*)NativeMemory.AlignedAlloc((nuint)sizeof(Vp9KernelTable), 64);
        Vp9KernelTable.Create(Table, bitDepth, level);
        _size = 1 << 16;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)_size, 64);
        Coefficients = NativeMemory.AlignedAlloc(32 * 32 * 4, 64);
        NativeMemory.Clear(Coefficients, 32 * 32 * 4);
        Above = (byte*)NativeMemory.AlignedAlloc(512, 64);
        Left = (byte*)NativeMemory.AlignedAlloc(512, 64);
    }

    internal int BitDepth { get; }

    internal int MaxValue { get; }

    internal int SampleSize { get; }

    internal Vp9KernelTable* Table { get; }

    internal void* Coefficients { get; }

    internal byte* Above { get; }

    internal byte* Left { get; }

    /// <summary>The block's first sample, `offset` samples off a 64-byte boundary.</summary>
    internal byte* Block(int offset) => _memory + 64 * Guard + offset * SampleSize;

    internal void Pattern(XorShift random)
    {
        for (var i = 0; i < _size; i += SampleSize)
        {
            Write(_memory + i, 0, (int)random.Next() & MaxValue);
        }
    }

    internal byte[] Copy() => new ReadOnlySpan<byte>(_memory, _size).ToArray();

    internal int Index(byte* p) => (int)(p - _memory);

    internal int Read(byte* p, int i) => SampleSize == 1 ? p[i] : ((ushort*)p)[i];

    internal void Write(byte* p, int i, int value)
    {
        if (SampleSize == 1)
        {
            p[i] = (byte)value;
        }
        else
        {
            ((ushort*)p)[i] = (ushort)value;
        }
    }

    internal int ReadCoefficient(int i) => SampleSize == 1 ? ((short*)Coefficients)[i] : ((int*)Coefficients)[i];

    internal void WriteCoefficient(int i, int value)
    {
        if (SampleSize == 1)
        {
            ((short*)Coefficients)[i] = (short)value;
        }
        else
        {
            ((int*)Coefficients)[i] = value;
        }
    }

    internal ulong Hash(ulong hash, byte* block, int n, nint stride)
    {
        for (var y = 0; y < n; y++)
        {
            for (var x = 0; x < n * SampleSize; x++)
            {
                hash = (hash ^ block[y * stride + x]) * 1099511628211UL;
            }
        }
        return hash;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Table);
        NativeMemory.AlignedFree(_memory);
        NativeMemory.AlignedFree(Coefficients);
        NativeMemory.AlignedFree(Above);
        NativeMemory.AlignedFree(Left);
    }
}
