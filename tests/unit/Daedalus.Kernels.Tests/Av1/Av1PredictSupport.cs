// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;
using Xunit;

namespace Daedalus.Kernels.Tests.Av1;

/// <summary>A plane of samples with wide margins in native memory; (0, 0) is the block's first sample.</summary>
internal sealed unsafe class Av1Plane : IDisposable
{
    internal const int Stride = 768;
    private const int Rows = 340;
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Stride * Rows, 64);
    private readonly int _sampleSize;

    internal Av1Plane(int bitDepth, int left = 64)
    {
        _sampleSize = bitDepth == 8 ? 1 : 2;
        Max = (1 << bitDepth) - 1;
        Origin = _memory + 40 * Stride + left * _sampleSize;
    }

    internal int Max { get; }

    internal byte* Origin { get; }

    internal int this[int y, int x]
    {
        get => _sampleSize == 1 ? Origin[y * Stride + x] : ((ushort*)(Origin + y * Stride))[x];
        set
        {
            if (_sampleSize == 1)
                Origin[y * Stride + x] = (byte)value;
            else
                ((ushort*)(Origin + y * Stride))[x] = (ushort)value;
        }
    }

    /// <summary>Kind 0: any value; 1: only 0 and the maximum; 2: all maximum; 3: 0 and maximum in the signs of the sharpest filter, which drives the two stages to their limits; 4: the opposite.</summary>
    internal void Fill(Random random, int kind)
    {
        var words = (ulong*)_memory;
        var ones = _sampleSize == 1 ? 0x0101010101010101UL : 0x0001000100010001UL;
        if (kind < 3)
        {
            var state = (ulong)random.NextInt64() | 1;
            for (var i = 0; i < Stride * Rows / 8; i++)
            {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                words[i] = kind switch { 0 => state & (ones * (ulong)Max), 1 => ((state >> 5) & ones) * (ulong)Max, _ => ones * (ulong)Max };
            }
            return;
        }
        ReadOnlySpan<sbyte> signs = [-1, 1, -1, 1, 1, -1, 1, -1];
        for (var y = 0; y < 8; y++)
        {
            for (var x = 0; x < Stride / _sampleSize; x++)
            {
                var value = signs[x & 7] * signs[y] > 0 == (kind == 3) ? Max : 0;
                if (_sampleSize == 1)
                    _memory[y * Stride + x] = (byte)value;
                else
                    ((ushort*)(_memory + y * Stride))[x] = (ushort)value;
            }
        }
        for (var y = 8; y < Rows; y += 8)
            Buffer.MemoryCopy(_memory, _memory + y * Stride, Math.Min(8, Rows - y) * Stride, Math.Min(8, Rows - y) * Stride);
    }

    internal byte[] Copy() => new ReadOnlySpan<byte>(_memory, Stride * Rows).ToArray();

    /// <summary>Asserts that the block holds what the model says and that nothing else differs from <paramref name="before"/>.</summary>
    internal void Expect(byte[] before, int width, int height, Func<int, int, int> model, string what)
    {
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (this[y, x] != model(y, x))
                    Assert.Fail($"{what}: ({x}, {y}) is {this[y, x]}, not {model(y, x)}");
            }
        }
        var now = Copy();
        for (var y = 0; y < height; y++)
        {
            var at = (int)(Origin - _memory) + y * Stride;
            before.AsSpan(at, width * _sampleSize).CopyTo(now.AsSpan(at));
        }
        Assert.True(now.AsSpan().SequenceEqual(before), what + " wrote outside of the block");
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

/// <summary>Native memory with guard words on both sides.</summary>
internal sealed unsafe class Av1Words : IDisposable
{
    private const int Guard = 64;
    private readonly short* _memory;
    private readonly int _count;

    internal Av1Words(int count)
    {
        _count = count;
        _memory = (short*)NativeMemory.AlignedAlloc((nuint)(count + 2 * Guard) * 2, 64);
        for (var i = 0; i < count + 2 * Guard; i++)
            _memory[i] = 0x5a5a;
        Data = _memory + Guard;
    }

    internal short* Data { get; }

    internal void CheckGuard(int used, string what)
    {
        for (var i = 0; i < Guard; i++)
            Assert.True(_memory[i] == 0x5a5a && Data[used + i] == 0x5a5a, what + " wrote outside of the array");
    }

    internal void Reset()
    {
        for (var i = 0; i < _count; i++)
            Data[i] = 0x5a5a;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

internal sealed unsafe class Av1Kernels : IDisposable
{
    internal Av1Kernels(int bitDepth, KernelLevel level)
    {
        Table = (Av1KernelTable*)NativeMemory.AlignedAlloc((nuint)sizeof(Av1KernelTable), 64);
        Av1KernelTable.Create(Table, bitDepth, level);
    }

    internal Av1KernelTable* Table { get; }

    public static TheoryData<int, KernelLevel> All()
    {
        var data = new TheoryData<int, KernelLevel>();
        foreach (var level in Enum.GetValues<KernelLevel>())
        {
            if (!KernelLevels.IsSupported(level))
                continue;
            data.Add(8, level);
            data.Add(10, level);
            data.Add(12, level);
        }
        return data;
    }

    public static int Round2(int value, int bits) => bits == 0 ? value : (value + (1 << (bits - 1))) >> bits;

    public static int Round2Signed(int value, int bits) => value >= 0 ? Round2(value, bits) : -Round2(-value, bits);

    public void Dispose() => NativeMemory.AlignedFree(Table);
}
