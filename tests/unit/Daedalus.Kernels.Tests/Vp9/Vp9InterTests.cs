// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Kernels.Tests;

public sealed unsafe class Vp9InterTests
{
    private const ulong HashStart = 14695981039346656037UL;

    /// <summary>Key of a case: bit depth, average, filter.</summary>
    private static int I(int bitDepth, int average, int filter) => bitDepth * 8 + average * 4 + filter;

    /// <summary>
    /// FNV-1a hashes of what libvpx's plain C functions (vpx_convolve8*_c, vpx_highbd_convolve8*_c with vp9_filter_kernels) give
    /// for the pseudo-random blocks of <see cref="EqualsLibvpx"/>: unscaled, then scaled.
    /// </summary>
    private static readonly Dictionary<int, (ulong Plain, ulong Scaled)> Libvpx = new()
    {
        { I(8, 0, 0), (0x2F29E03D75177753, 0x3F8E9FA5AEAA93D4) },
        { I(8, 0, 1), (0xD2470C0EB15EB22F, 0xA38F8ADBF84A57E3) },
        { I(8, 0, 2), (0x8CFAAAA0C3C3B56C, 0x8E329D4FAF9CB9A7) },
        { I(8, 0, 3), (0x58424A17C506AA7C, 0x010BCDEED075DE6F) },
        { I(8, 1, 0), (0x046AD3AB691FADA9, 0x0B0C6D6C43114BC5) },
        { I(8, 1, 1), (0x12F4061740958B4B, 0x33DD5353BC8CFE28) },
        { I(8, 1, 2), (0x8B6311FC1FD36041, 0x87C21890794D21FF) },
        { I(8, 1, 3), (0x67E2050B4D477178, 0xE0AB33B5402255B1) },
        { I(10, 0, 0), (0x212609738467ADFC, 0x383EC1D6DE743029) },
        { I(10, 0, 1), (0x34DABFAD58D4C679, 0xB9B88414D6BDEDBE) },
        { I(10, 0, 2), (0x2E93502A3C57A4E5, 0x3F60907EA056864A) },
        { I(10, 0, 3), (0xD4D56DC7DF2F4C4F, 0x5B2E49E1B90B2734) },
        { I(10, 1, 0), (0x6469083AB82052EE, 0xBB7323B4B2C50DA2) },
        { I(10, 1, 1), (0xADF2700E72939663, 0x7464A57B91120FC7) },
        { I(10, 1, 2), (0x5DB70C2171B6AB1E, 0x7081B92E9CC1D77C) },
        { I(10, 1, 3), (0x518F1E542376FBFE, 0x101E7B589DAE555D) },
        { I(12, 0, 0), (0xCE6F604985C70EED, 0x4E4EBDB136BCC6F1) },
        { I(12, 0, 1), (0x41457EC66749BAEF, 0xB0EB6A2270330A81) },
        { I(12, 0, 2), (0x5041D00D050F9369, 0x028AD99468959B37) },
        { I(12, 0, 3), (0x85B49B8E32AD236B, 0xA676A6FD5CEC776D) },
        { I(12, 1, 0), (0x70B016E3F7764059, 0x4B9B3054687D6259) },
        { I(12, 1, 1), (0x5603EA2EFD9A85B8, 0xDA76AF69FD6B5B7A) },
        { I(12, 1, 2), (0x954BE49F0BAB3E3C, 0x115246BF0F40838D) },
        { I(12, 1, 3), (0xB9ED6816354017EA, 0x61D292788026DF97) },
    };

    public static TheoryData<int, int> DepthsAndLevels() => Vp9TransformTests.DepthsAndLevels();

    /// <summary>A 256×256 source and a 64×64 destination without slack: noise, black and white, or stripes over noise.</summary>
    private sealed class Planes : IDisposable
    {
        internal readonly byte* Source;
        internal readonly byte* Target;
        private readonly int _size;
        private readonly int _max;

        internal Planes(int bitDepth)
        {
            _size = bitDepth == 8 ? 1 : 2;
            _max = (1 << bitDepth) - 1;
            Source = (byte*)NativeMemory.AlignedAlloc((nuint)(256 * 256 * _size), 64);
            Target = (byte*)NativeMemory.AlignedAlloc((nuint)(64 * 64 * _size), 64);
        }

        internal void Fill(ref XorShift random, int kind)
        {
            for (var i = 0; i < 256 * 256; i++)
            {
                var v = (int)random.Next() & _max;
                if (kind == 1)
                    v = (v & 1) != 0 ? _max : 0;
                else if (kind == 2 && (i >> 4 & 1) != 0)
                    v = _max;
                Write(Source, i, v);
            }
            for (var i = 0; i < 64 * 64; i++)
                Write(Target, i, (int)random.Next() & _max);
        }

        internal ulong Hash(ulong hash, int w, int h)
        {
            for (var y = 0; y < h; y++)
            {
                for (var x = 0; x < w * _size; x++)
                    hash = (hash ^ Target[y * 64 * _size + x]) * 1099511628211UL;
            }
            return hash;
        }

        private void Write(byte* p, int i, int v)
        {
            if (_size == 1)
                p[i] = (byte)v;
            else
                ((ushort*)p)[i] = (ushort)v;
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree(Source);
            NativeMemory.AlignedFree(Target);
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void EqualsLibvpx(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        using var planes = new Planes(bitDepth);
        var size = bench.SampleSize;
        for (var average = 0; average < 2; average++)
        {
            for (var filter = 0; filter < 4; filter++)
            {
                var random = new XorShift((uint)(0x9E3779B9u + bitDepth * 1000003 + average * 10007 + filter * 101));
                var hash = HashStart;
                for (var widthLog2 = 2; widthLog2 <= 6; widthLog2++)
                {
                    planes.Fill(ref random, (widthLog2 - 2) % 3);
                    var predict = bench.Table->GetPredict((average * 4 + filter) * 5 + widthLog2 - 2);
                    for (var i = 0; i < 256; i++)
                    {
                        var height = 1 + random.Next(64);
                        var at = (8 + random.Next(32)) * 256;
                        at += 8 + random.Next(32);
                        predict(planes.Target, 64 * size, planes.Source + at * size, 256 * size, height, i & 15, i >> 4, bench.MaxValue);
                        hash = planes.Hash(hash, 1 << widthLog2, height);
                    }
                }
                Assert.True(Libvpx[I(bitDepth, average, filter)].Plain == hash, $"average {average} filter {filter}");

                hash = HashStart;
                var scaled = bench.Table->GetPredictScaled(average * 4 + filter);
                for (var kind = 0; kind < 3; kind++)
                {
                    planes.Fill(ref random, kind);
                    for (var i = 0; i < 100; i++)
                    {
                        int width = 4 << random.Next(5), height = 4 << random.Next(5), mx = random.Next(16), my = random.Next(16);
                        var xStep = (i & 3) == 0 ? 32 : (i & 3) == 1 ? 16 : 1 + random.Next(32);
                        var yStep = (i & 12) == 0 ? 32 : (i & 12) == 4 ? 16 : 1 + random.Next(32);
                        var at = (8 + random.Next(32)) * 256;
                        at += 8 + random.Next(32);
                        scaled(planes.Target, 64 * size, planes.Source + at * size, 256 * size, width, height, mx, my, xStep, yStep, bench.MaxValue);
                        hash = planes.Hash(hash, width, height);
                    }
                }
                Assert.True(Libvpx[I(bitDepth, average, filter)].Scaled == hash, $"scaled, average {average} filter {filter}");
            }
        }
    }

    /// <summary>Taps at half a sample (position 8), written down once more; the others are covered by the hashes.</summary>
    private static readonly int[][] HalfTaps =
    [
        [-1, 6, -19, 78, 78, -19, 6, -1],
        [-1, -4, 14, 55, 55, 14, -4, -1],
        [-4, 11, -23, 80, 80, -23, 11, -4],
        [0, 0, 0, 64, 64, 0, 0, 0],
    ];

    private static readonly int[] WholeTaps = [0, 0, 0, 128, 0, 0, 0, 0];

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void StaysInTheBlockAtAnyAlignment(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        using var planes = new Planes(bitDepth);
        var size = bench.SampleSize;
        var random = new XorShift(77);
        planes.Fill(ref random, 0);
        for (var entry = 0; entry < 40; entry++)
        {
            for (var i = 0; i < 32; i++)
            {
                int average = entry / 20, filter = entry / 5 % 4, width = 4 << entry % 5;
                var height = i < 4 ? 1 + i : 1 + random.Next(64);
                int mx = (i & 1) * 8, my = (i & 2) * 4;
                bench.Pattern(random);
                var before = bench.Copy();
                var block = bench.Block(random.Next(17));
                nint stride = (80 + random.Next(16)) * size;
                var at = 40 * 256 + 40 + random.Next(64);
                bench.Table->GetPredict(entry)(block, stride, planes.Source + at * size, 256 * size, height, mx, my, bench.MaxValue);
                Compare(bench, planes, before, block, stride, at, width, height, mx, my, 16, 16, filter, average);
            }
        }
    }

    [Theory]
    [MemberData(nameof(DepthsAndLevels))]
    public void ScaledStaysInTheBlock(int bitDepth, int level)
    {
        using var bench = new KernelBench(bitDepth, (KernelLevel)level);
        using var planes = new Planes(bitDepth);
        var size = bench.SampleSize;
        var random = new XorShift(99);
        planes.Fill(ref random, 0);
        for (var entry = 0; entry < 8; entry++)
        {
            for (var i = 0; i < 64; i++)
            {
                // Steps of whole and half samples keep to the two positions whose taps are written above.
                int xStep = 8 * (1 + random.Next(10)), yStep = 8 * (1 + random.Next(10));
                int width = 1 + random.Next(xStep > 40 ? 32 : 64), height = 1 + random.Next(yStep > 40 ? 32 : 64);
                int mx = random.Next(2) * 8, my = random.Next(2) * 8;
                bench.Pattern(random);
                var before = bench.Copy();
                var block = bench.Block(random.Next(17));
                nint stride = (80 + random.Next(16)) * size;
                var at = 10 * 256 + 10 + random.Next(16);
                bench.Table->GetPredictScaled(entry)(block, stride, planes.Source + at * size, 256 * size, width, height, mx, my, xStep, yStep, bench.MaxValue);
                Compare(bench, planes, before, block, stride, at, width, height, mx, my, xStep, yStep, entry & 3, entry >> 2);
            }
        }
    }

    /// <summary>The direct form: every sample of the block from its 64 neighbours; everything else as before.</summary>
    private static void Compare(KernelBench bench, Planes planes, byte[] before, byte* block, nint stride, int at, int width, int height,
        int mx, int my, int xStep, int yStep, int filter, int average)
    {
        var after = bench.Copy();
        fixed (byte* old = before)
        {
            for (var y = 0; y < height; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    int px = mx + x * xStep, py = my + y * yStep;
                    var tapsX = (px & 15) != 0 ? HalfTaps[filter] : WholeTaps;
                    var tapsY = (py & 15) != 0 ? HalfTaps[filter] : WholeTaps;
                    var sum = 0;
                    for (var r = 0; r < 8; r++)
                    {
                        var row = 0;
                        for (var c = 0; c < 8; c++)
                            row += bench.Read(planes.Source, at + ((py >> 4) + r - 3) * 256 + (px >> 4) + c - 3) * tapsX[c];
                        sum += Math.Clamp((int)Math.Floor(row / 128.0 + 0.5), 0, bench.MaxValue) * tapsY[r];
                    }
                    var value = Math.Clamp((int)Math.Floor(sum / 128.0 + 0.5), 0, bench.MaxValue);
                    var p = old + bench.Index(block + y * stride);
                    bench.Write(p, x, average == 0 ? value : (bench.Read(p, x) + value + 1) >> 1);
                }
            }
        }
        Assert.True(before.AsSpan().SequenceEqual(after), $"{width}x{height} mx {mx} my {my} step {xStep},{yStep} filter {filter} average {average}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EdgeEmulationClampsCoordinates(int bytesPerSample)
    {
        const int Width = 40, Height = 24, Stride = 100;
        var random = new XorShift(4242);
        var plane = (byte*)NativeMemory.Alloc(Stride * Height);
        var scratch = (byte*)NativeMemory.Alloc(512 * 128);
        for (var i = 0; i < Stride * Height; i++)
            plane[i] = (byte)random.Next();
        var expected = new byte[512 * 128];
        for (var i = 0; i < 3000; i++)
        {
            int w = 1 + random.Next(96), h = 1 + random.Next(96);
            int x = random.Next(300) - 150, y = random.Next(300) - 150;
            int lastX = random.Next(Width), lastY = random.Next(Height), stride = w * bytesPerSample + random.Next(3) * 16;
            new Span<byte>(scratch, 512 * 128).Fill((byte)i);
            Array.Fill(expected, (byte)i);
            Vp9EdgeKernels.Emulate(scratch, stride, plane, Stride, x, y, w, h, lastX, lastY, bytesPerSample);
            for (var r = 0; r < h; r++)
            {
                for (var c = 0; c < w * bytesPerSample; c++)
                {
                    int column = Math.Clamp(x + c / bytesPerSample, 0, lastX), row = Math.Clamp(y + r, 0, lastY);
                    expected[r * stride + c] = plane[row * Stride + column * bytesPerSample + c % bytesPerSample];
                }
            }
            Assert.True(expected.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(scratch, 512 * 128)), $"{w}x{h} at {x},{y}, last {lastX},{lastY}");
        }
        NativeMemory.Free(plane);
        NativeMemory.Free(scratch);
    }
}
