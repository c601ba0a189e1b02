// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

/// <summary>A kernel table, a patch of samples and coefficients inside guard areas, in native memory.</summary>
internal sealed unsafe class H264KernelBench : IDisposable
{
    /// <summary>Bytes of a patch: wide enough for a macroblock, its neighbours and guards of 14-bit samples.</summary>
    internal const int Stride = 128;
    internal const int Rows = 48;
    internal const int CoefficientCount = 512;
    private const int Size = Stride * Rows;
    private readonly byte* _samples;
    private readonly int* _coefficients;

    internal H264KernelBench(int bitDepth, KernelLevel level)
    {
        BitDepth = bitDepth;
        MaxValue = (1 << bitDepth) - 1;
        SampleSize = bitDepth == 8 ? 1 : 2;
        CoefficientSize = bitDepth == 8 ? 2 : 4;
        Table = (H264KernelTable*)NativeMemory.AlignedAlloc((nuint)sizeof(H264KernelTable), 64);
        H264KernelTable.Create(Table, bitDepth, level);
        _samples = (byte*)NativeMemory.AlignedAlloc(Size, 64);
        _coefficients = (int*)NativeMemory.AlignedAlloc(CoefficientCount * 4, 64);
        NativeMemory.Clear(_coefficients, CoefficientCount * 4);
    }

    internal int BitDepth { get; }

    internal int MaxValue { get; }

    internal int SampleSize { get; }

    internal int CoefficientSize { get; }

    internal H264KernelTable* Table { get; }

    /// <summary>First sample of the block; 16 samples of guard to the left, 16 rows above.</summary>
    internal byte* Block => _samples + 16 * Stride + 16 * SampleSize;

    internal void* Coefficients => _coefficients;

    internal void* CoefficientsAt(int i) => (byte*)_coefficients + i * CoefficientSize;

    internal static TheoryData<int, int> DepthsAndLevels()
    {
        var data = new TheoryData<int, int>();
        foreach (var depth in new[] { 8, 9, 10, 12, 14 })
        {
            for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
            {
                data.Add(depth, (int)level);
            }
        }
        return data;
    }

    /// <summary>Random samples; kind 1 takes only the extremes, kind 2 a flat patch.</summary>
    internal void Pattern(ref XorShift random, int kind)
    {
        var flat = random.Next(MaxValue + 1);
        for (var i = 0; i < Size; i += SampleSize)
        {
            var value = kind == 1 ? (random.Next() & 64) != 0 ? MaxValue : 0 : kind == 2 ? flat : (int)(random.Next() >> 7) & MaxValue;
            Write(_samples + i, 0, value);
        }
    }

    internal byte[] Samples() => new ReadOnlySpan<byte>(_samples, Size).ToArray();

    internal void SetSamples(byte[] samples) => samples.CopyTo(new Span<byte>(_samples, Size));

    /// <summary>Index in <see cref="Samples"/> of sample (x, y) relative to the block.</summary>
    internal int Index(int x, int y) => (int)(Block - _samples) + y * Stride + x * SampleSize;

    internal int Get(int x, int y) => Read(Block + y * Stride, x);

    internal void Put(int x, int y, int value) => Write(Block + y * Stride, x, value);

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

    internal int Coefficient(int i) => CoefficientSize == 2 ? ((short*)_coefficients)[i] : _coefficients[i];

    internal void SetCoefficient(int i, int value)
    {
        if (CoefficientSize == 2)
        {
            ((short*)_coefficients)[i] = (short)value;
        }
        else
        {
            _coefficients[i] = value;
        }
    }

    internal int[] AllCoefficients() => [.. Enumerable.Range(0, CoefficientCount).Select(Coefficient)];

    public void Dispose()
    {
        NativeMemory.AlignedFree(Table);
        NativeMemory.AlignedFree(_samples);
        NativeMemory.AlignedFree(_coefficients);
    }
}
