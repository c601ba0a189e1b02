// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

/// <summary>
/// The plain kernels against the spec's formulas written down per sample (8.4.2.2.1, 8.4.2.2.2, 8.4.2.3.2), the vector kernels
/// against the plain ones; whole planes are compared, so that nothing beside the block may change.
/// </summary>
public sealed unsafe class H264InterTests
{
    public static TheoryData<int> Depths() => [8, 9, 10, 12, 14];

    public static TheoryData<int, int> DepthsAndVectorLevels()
    {
        var data = new TheoryData<int, int>();
        foreach (var depth in new[] { 8, 9, 10, 11, 12, 13, 14 })
        {
            for (var level = KernelLevel.Vector128; level <= KernelLevel.Vector256; level++)
            {
                if (KernelLevels.IsSupported(level))
                    data.Add(depth, (int)level);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Depths))]
    public void PlainLumaIsTheSpecs(int bitDepth)
    {
        using var planes = new Planes(bitDepth, KernelLevel.Scalar);
        for (var kind = 0; kind < Planes.Kinds; kind++)
        {
            planes.FillSource(kind);
            for (var entry = 0; entry < 96; entry++)
            {
                planes.Restart(kind);
                int width = 16 >> entry / 16 % 3, height = 4 << planes.Random.Next(3);
                planes.Luma(entry, height);
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        var v = Spec.Luma(planes.SourceSample, x, y, entry & 3, entry >> 2 & 3, planes.MaxValue);
                        planes.Expect(x, y, entry >= 48 ? (planes.Before(x, y) + v + 1) >> 1 : v);
                    }
                }
                planes.AssertAsExpected($"entry {entry} height {height} kind {kind}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Depths))]
    public void PlainChromaIsTheSpecs(int bitDepth)
    {
        using var planes = new Planes(bitDepth, KernelLevel.Scalar);
        for (var kind = 0; kind < Planes.Kinds; kind++)
        {
            planes.FillSource(kind);
            for (var i = 0; i < 6 * 64; i++)
            {
                planes.Restart(kind);
                int entry = i >> 6, mx = i & 7, my = i >> 3 & 7;
                int width = 8 >> entry % 3, height = 2 << planes.Random.Next(4);
                planes.Chroma(entry, height, mx, my);
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        var v = ((8 - mx) * (8 - my) * planes.SourceSample(x, y) + mx * (8 - my) * planes.SourceSample(x + 1, y)
                            + (8 - mx) * my * planes.SourceSample(x, y + 1) + mx * my * planes.SourceSample(x + 1, y + 1) + 32) >> 6;
                        planes.Expect(x, y, entry >= 3 ? (planes.Before(x, y) + v + 1) >> 1 : v);
                    }
                }
                planes.AssertAsExpected($"entry {entry} height {height} mx {mx} my {my} kind {kind}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Depths))]
    public void PlainWeightingIsTheSpecs(int bitDepth)
    {
        using var planes = new Planes(bitDepth, KernelLevel.Scalar);
        for (var kind = 0; kind < Planes.Kinds; kind++)
        {
            planes.FillSource(kind);
            for (var i = 0; i < 400; i++)
            {
                planes.Restart(kind);
                var w = new Weights(planes.Random, i, bitDepth);
                int width = 16 >> (i & 3), height = 2 << planes.Random.Next(4);
                if (w.Two)
                    planes.WeightBi(i & 3, height, w);
                else
                    planes.Weight(i & 3, height, w);
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        var p = planes.Before(x, y);
                        int v;
                        if (w.Two)
                            v = ((p * w.W0 + planes.SourceSample(x, y) * w.W1 + (1 << w.Log2)) >> (w.Log2 + 1)) + w.Offset;
                        else if (w.Log2 >= 1)
                            v = ((p * w.W0 + (1 << (w.Log2 - 1))) >> w.Log2) + w.Offset;
                        else
                            v = p * w.W0 + w.Offset;
                        planes.Expect(x, y, Math.Min(Math.Max(v, 0), planes.MaxValue));
                    }
                }
                planes.AssertAsExpected($"{w} width {width} height {height} kind {kind}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndVectorLevels))]
    public void VectorsEqualPlain(int bitDepth, int level)
    {
        using var plain = new Planes(bitDepth, KernelLevel.Scalar);
        using var vector = new Planes(bitDepth, (KernelLevel)level);
        for (var kind = 0; kind < Planes.Kinds; kind++)
        {
            plain.FillSource(kind);
            vector.FillSource(kind);
            for (var i = 0; i < 96 * 3; i++)
            {
                plain.Restart(kind);
                vector.Restart(kind);
                plain.Luma(i / 3, 4 << i % 3);
                vector.Luma(i / 3, 4 << i % 3);
                vector.AssertEqual(plain, $"luma entry {i / 3} height {4 << i % 3} kind {kind}");
            }
            for (var i = 0; i < 6 * 64; i++)
            {
                plain.Restart(kind);
                vector.Restart(kind);
                var height = 2 << (i + kind) % 4;
                plain.Chroma(i >> 6, height, i & 7, i >> 3 & 7);
                vector.Chroma(i >> 6, height, i & 7, i >> 3 & 7);
                vector.AssertEqual(plain, $"chroma entry {i >> 6} height {height} position {i & 63} kind {kind}");
            }
            for (var i = 0; i < 800; i++)
            {
                plain.Restart(kind);
                vector.Restart(kind);
                var w = new Weights(plain.Random, i, bitDepth);
                var height = 2 << (i >> 2) % 4;
                foreach (var planes in new[] { plain, vector })
                {
                    if (w.Two)
                        planes.WeightBi(i & 3, height, w);
                    else
                        planes.Weight(i & 3, height, w);
                }
                vector.AssertEqual(plain, $"{w} width {16 >> (i & 3)} height {height} kind {kind}");
            }
        }
    }

    /// <summary>The source ends, by the table's promise, where unreadable memory begins: a load too far ends the test run.</summary>
    [Theory]
    [MemberData(nameof(DepthsAndVectorLevels))]
    public void ReadsNoMoreThanPromised(int bitDepth, int level)
    {
        const int Stride = 128, Page = 65536, ProtectNone = 0, ProtectReadWrite = 3, PrivateAnonymous = 0x22;
        using var planes = new Planes(bitDepth, (KernelLevel)level);
        var size = bitDepth == 8 ? 1 : 2;
        var memory = mmap(null, 2 * Page, ProtectReadWrite, PrivateAnonymous, -1, 0);
        Assert.True((nint)memory > 0);
        Assert.Equal(0, mprotect(memory + Page, Page, ProtectNone));
        var end = memory + Page;
        for (var i = 0; i < 96 * 3; i++)
        {
            int entry = i / 3, height = 4 << i % 3, width = 16 >> entry / 16 % 3;
            planes.Restart(0);
            planes.Luma(entry, height, end - ((height + 2) * Stride + (width + 3) * size + 32), Stride);
        }
        for (var i = 0; i < 6 * 64; i++)
        {
            int entry = i >> 6, my = i >> 3 & 7, height = 2 << i % 4, width = 8 >> entry % 3;
            planes.Restart(0);
            planes.Chroma(entry, height, i & 7, my, end - ((my != 0 ? height : height - 1) * Stride + width * size + 16), Stride);
        }
        Assert.Equal(0, munmap(memory, 2 * Page));
    }

    [DllImport("libc")]
    private static extern byte* mmap(void* address, nint length, int protection, int flags, int descriptor, nint offset);

    [DllImport("libc")]
    private static extern int mprotect(void* address, nint length, int protection);

    [DllImport("libc")]
    private static extern int munmap(void* address, nint length);

    /// <summary>Weights as slices carry them: explicit of both kinds, implicit, default, beyond the spec's limit.</summary>
    private readonly record struct Weights(bool Two, int Log2, int W0, int W1, int Offset)
    {
        internal Weights(XorShift random, int i, int bitDepth)
            : this((i & 4) != 0, random.Next(8), random.Next(256) - 128, 0, 0)
        {
            random.Next();
            random.Next();
            W1 = random.Next(256) - 128;
            Offset = (random.Next(256) - 128) << (bitDepth - 8);
            switch (i >> 3 & 7)
            {
                case 0:
                    Log2 = 5;
                    W0 = random.Next(193) - 64;
                    W1 = 64 - W0;
                    Offset = 0;
                    break;
                case 1:
                    W0 = 1 << Log2;
                    break;
                case 2:
                    W0 = Math.Max(W0, 1);
                    W1 = 128 - W0;
                    break;
                case 3:
                    W0 = Math.Min(W0, 0);
                    W1 = -128 - W0;
                    break;
                case 4:
                    W0 = 127;
                    W1 = 127;
                    break;
                case 5:
                    W0 = -128;
                    W1 = (i & 64) != 0 ? -128 : 127;
                    break;
            }
        }
    }

    /// <summary>Luma positions as the spec derives them, from figure 8-4's letters; no sums are kept between samples.</summary>
    private static class Spec
    {
        internal static int Luma(Func<int, int, int> s, int x, int y, int xFrac, int yFrac, int max)
        {
            int Tap(Func<int, int> at) => at(-2) - 5 * at(-1) + 20 * at(0) + 20 * at(1) - 5 * at(2) + at(3);
            int Clip(int v) => v < 0 ? 0 : v > max ? max : v;
            int B1(int dy) => Tap(i => s(x + i, y + dy));
            int H1(int dx) => Tap(i => s(x + dx, y + i));
            int G = s(x, y), H = s(x + 1, y), M = s(x, y + 1);
            int b = Clip((B1(0) + 16) >> 5), h = Clip((H1(0) + 16) >> 5);
            int sHalf = Clip((B1(1) + 16) >> 5), m = Clip((H1(1) + 16) >> 5);
            // j from the vertical intermediates (8-246), where the kernels may use the horizontal ones: both are equal.
            int j = Clip((Tap(H1) + 512) >> 10);
            int Mean(int a, int c) => (a + c + 1) >> 1;
            return (yFrac * 4 + xFrac) switch
            {
                0 => G,
                1 => Mean(G, b),
                2 => b,
                3 => Mean(b, H),
                4 => Mean(G, h),
                5 => Mean(b, h),
                6 => Mean(b, j),
                7 => Mean(b, m),
                8 => h,
                9 => Mean(h, j),
                10 => j,
                11 => Mean(j, m),
                12 => Mean(h, M),
                13 => Mean(h, sHalf),
                14 => Mean(j, sHalf),
                _ => Mean(sHalf, m),
            };
        }
    }

    /// <summary>A table, a source and a destination plane; the block lies at a random place of both.</summary>
    private sealed class Planes : IDisposable
    {
        internal const int Kinds = 4;
        private const int Side = 96;
        private readonly H264KernelTable* _table;
        private readonly byte* _source;
        private readonly byte* _target;
        private readonly int _size;
        private int _sourceAt;
        private int _targetAt;
        private byte[] _before = [];
        private byte[] _expected = [];
        private XorShift _places = new(4711);

        internal Planes(int bitDepth, KernelLevel level)
        {
            _size = bitDepth == 8 ? 1 : 2;
            MaxValue = (1 << bitDepth) - 1;
            _table = (H264KernelTable*)NativeMemory.AllocZeroed((nuint)sizeof(H264KernelTable));
            H264InterKernels.Fill(_table, bitDepth, level);
            _source = (byte*)NativeMemory.AlignedAlloc((nuint)(Side * Side * _size), 64);
            _target = (byte*)NativeMemory.AlignedAlloc((nuint)(Side * Side * _size), 64);
        }

        internal int MaxValue { get; }

        internal XorShift Random => _places;

        private nint Stride => Side * _size;

        private byte* Target => _target + _targetAt * _size;

        private byte* Source => _source + _sourceAt * _size;

        /// <summary>Noise, black and white noise, white, stripes that drive the filters to their extremes.</summary>
        internal void FillSource(int kind)
        {
            var random = new XorShift(0x12345 + (uint)kind);
            for (var i = 0; i < Side * Side; i++)
                Write(_source, i, Pattern(ref random, kind, i));
        }

        /// <summary>A new place and new samples in the destination.</summary>
        internal void Restart(int kind)
        {
            _sourceAt = (24 + _places.Next(16)) * Side + 16 + _places.Next(24);
            _targetAt = (24 + _places.Next(16)) * Side + 16 + _places.Next(24);
            var random = _places;
            for (var i = 0; i < Side * Side; i++)
                Write(_target, i, Pattern(ref random, kind == 0 ? 0 : 1, i));
            _before = new ReadOnlySpan<byte>(_target, Side * Side * _size).ToArray();
            _expected = [.. _before];
        }

        internal int SourceSample(int x, int y) => Read(_source, _sourceAt + y * Side + x);

        internal int Before(int x, int y)
        {
            fixed (byte* p = _before)
                return Read(p, _targetAt + y * Side + x);
        }

        internal void Expect(int x, int y, int value)
        {
            fixed (byte* p = _expected)
                Write(p, _targetAt + y * Side + x, value);
        }

        internal void Luma(int entry, int height) => Luma(entry, height, Source, Stride);

        internal void Luma(int entry, int height, byte* source, nint stride)
            => ((delegate*<byte*, nint, byte*, nint, int, int, void>)_table->PredictLuma[entry])(Target, Stride, source, stride, height, MaxValue);

        internal void Chroma(int entry, int height, int mx, int my) => Chroma(entry, height, mx, my, Source, Stride);

        internal void Chroma(int entry, int height, int mx, int my, byte* source, nint stride)
            => ((delegate*<byte*, nint, byte*, nint, int, int, int, int, void>)_table->PredictChroma[entry])(Target, Stride, source, stride, height, mx, my, MaxValue);

        internal void Weight(int entry, int height, in Weights w)
            => ((delegate*<byte*, nint, int, int, int, int, int, void>)_table->Weight[entry])(Target, Stride, height, w.Log2, w.W0, w.Offset, MaxValue);

        internal void WeightBi(int entry, int height, in Weights w)
            => ((delegate*<byte*, nint, byte*, nint, int, int, int, int, int, int, void>)_table->WeightBi[entry])(
                Target, Stride, Source, Stride, height, w.Log2, w.W0, w.W1, w.Offset, MaxValue);

        internal void AssertAsExpected(string what)
            => Assert.True(new ReadOnlySpan<byte>(_target, _expected.Length).SequenceEqual(_expected), what);

        internal void AssertEqual(Planes other, string what)
            => Assert.True(new ReadOnlySpan<byte>(_target, Side * Side * _size).SequenceEqual(new ReadOnlySpan<byte>(other._target, Side * Side * _size)), what);

        private int Pattern(ref XorShift random, int kind, int i)
        {
            var v = (int)random.Next();
            return kind switch
            {
                0 => v & MaxValue,
                1 => (v & 8) != 0 ? MaxValue : 0,
                2 => MaxValue,
                // Columns and rows of the taps' signs, moved now and then.
                _ => ((0b110011 >> (i % Side + (v >> 8 & 31) / 31) % 6 & 1) ^ (0b110011 >> i / Side % 6 & 1)) != 0 ? MaxValue : 0,
            };
        }

        private int Read(byte* p, int i) => _size == 1 ? p[i] : ((ushort*)p)[i];

        private void Write(byte* p, int i, int v)
        {
            if (_size == 1)
                p[i] = (byte)v;
            else
                ((ushort*)p)[i] = (ushort)v;
        }

        public void Dispose()
        {
            NativeMemory.Free(_table);
            NativeMemory.AlignedFree(_source);
            NativeMemory.AlignedFree(_target);
        }
    }
}
