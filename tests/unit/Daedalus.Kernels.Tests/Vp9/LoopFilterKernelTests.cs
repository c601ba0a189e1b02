// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Kernels.Tests.Vp9;

/// <summary>Loop filter kernels against libvpx's results and against each other.</summary>
public sealed unsafe class LoopFilterKernelTests
{
    private const int Size = 64, Margin = 32, Stride = Size + 2 * Margin;

    // FNV-1a over 400 filtered 64×64 pictures each (see Libvpx_results): depth, direction (0 vertical edge), taps, hash.
    // Computed with libvpx 1.12's C functions vpx_lpf_* and vpx_highbd_lpf_* on the same pictures.
    private static readonly (int Depth, int Direction, int Width, ulong Hash)[] Expected =
    [
        (8, 0, 4, 0x9d172101178770ca), (8, 0, 8, 0x499ccde3f272c9c2), (8, 0, 16, 0x1199614dac07d344),
        (8, 1, 4, 0x5e05b48c8188f76b), (8, 1, 8, 0x87bb087a388ead45), (8, 1, 16, 0x933593221700336b),
        (10, 0, 4, 0x2ced205eae9d43bd), (10, 0, 8, 0x2c1c0ea38579872e), (10, 0, 16, 0x51e2c35960713e9b),
        (10, 1, 4, 0x817f5c8c332e81e2), (10, 1, 8, 0x052343563c7568c6), (10, 1, 16, 0xc8fcaa297bebdec6),
        (12, 0, 4, 0x5c073659eed4d232), (12, 0, 8, 0xeccef71aee95b477), (12, 0, 16, 0xaec25ff94593d969),
        (12, 1, 4, 0xab05a26910107149), (12, 1, 8, 0x67f7d21cedc3fa1f), (12, 1, 16, 0x92e3c934543c5520),
    ];

    public static TheoryData<KernelLevel> Levels() => [KernelLevel.Scalar, KernelLevel.Vector128, KernelLevel.Vector256];

    private sealed class Generator(ulong state)
    {
        private ulong _state = state;

        public int Next(int n)
        {
            _state = _state * 6364136223846793005 + 1442695040888963407;
            return (int)((uint)(_state >> 33) % (uint)n);
        }
    }

    private sealed class Picture : IDisposable
    {
        private readonly byte* _memory;

        public Picture(int bitDepth)
        {
            Bytes = bitDepth > 8 ? 2 : 1;
            _memory = (byte*)NativeMemory.AllocZeroed(Stride * (Size + 2 * Margin) * 2);
        }

        public int Bytes { get; }
        public nint RowBytes => Stride * Bytes;
        public byte* Samples => _memory + (Margin * Stride + Margin) * Bytes;

        public int this[int x, int y]
        {
            get => Bytes == 2 ? ((ushort*)(Samples + y * RowBytes))[x] : Samples[y * RowBytes + x];
            set
            {
                if (Bytes == 2) { ((ushort*)(Samples + y * RowBytes))[x] = (ushort)value; }
                else { Samples[y * RowBytes + x] = (byte)value; }
            }
        }

        public void Dispose() => NativeMemory.Free(_memory);
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Libvpx_results(KernelLevel kernels)
    {
        if (!KernelLevels.IsSupported(kernels))
        {
            return;
        }
        int[] noises = [2, 3, 5, 12, 40, 256];
        foreach ((int depth, int direction, int width, ulong expected) in Expected)
        {
            Vp9LoopFilterTable table;
            Vp9LoopFilterTable.Create(&table, depth, kernels);
            Vp9LoopFilterLimits limits = default;
            int up = depth - 8, max = (1 << depth) - 1;
            int w = width switch { 4 => 0, 8 => 1, _ => 2 };
            int d = up / 2;
            var random = new Generator((ulong)(1000 + d * 100 + direction * 10 + w));
            ulong hash = 1469598103934665603;
            using var picture = new Picture(depth);
            for (int i = 0; i < 400; i++)
            {
                int noise = noises[random.Next(6)] << up;
                int kind = random.Next(8);
                int level0 = kind == 0 ? 0 : kind == 1 ? max : random.Next(256) << up;
                int step = random.Next(24) << up;
                int level = 1 + random.Next(63), sharpness = random.Next(8);
                for (int y = 0; y < Size; y++)
                {
                    for (int x = 0; x < Size; x++)
                    {
                        int v = level0 + random.Next(noise) - noise / 2 + ((direction != 0 ? y : x) >= 24 ? step : 0);
                        picture[x, y] = Math.Clamp(v, 0, max);
                    }
                }
                limits.Set(sharpness, depth);
                Vp9LoopFilterPlane plane = default;
                plane.Levels[3 * 8 + 3] = (byte)level;
                ulong bit = 1UL << (3 * 8 + 3);
                ref Vp9EdgeMasks edges = ref plane.Vertical;
                if (direction != 0)
                {
                    edges = ref plane.Horizontal;
                }
                edges.Wide4 = w == 0 ? bit : 0;
                edges.Wide8 = w == 1 ? bit : 0;
                edges.Wide16 = w == 2 ? bit : 0;
                if (direction == 0)
                {
                    table.FilterVertical(picture.Samples, picture.RowBytes, &plane, &limits);
                }
                else
                {
                    table.FilterHorizontal(picture.Samples, picture.RowBytes, &plane, &limits);
                }
                for (int y = 0; y < Size; y++)
                {
                    for (int x = 0; x < Size; x++)
                    {
                        hash = (hash ^ (ulong)picture[x, y]) * 1099511628211;
                    }
                }
            }
            Assert.True(hash == expected, $"{depth} bits, direction {direction}, {width} taps");
        }
    }

    public static TheoryData<KernelLevel, int> LevelsAndDepths()
    {
        var data = new TheoryData<KernelLevel, int>();
        foreach (KernelLevel level in new[] { KernelLevel.Vector128, KernelLevel.Vector256 })
        {
            foreach (int depth in new[] { 8, 10, 12 })
            {
                data.Add(level, depth);
            }
        }
        return data;
    }

    /// <summary>Whole superblocks of random edges, with every neighbourhood of widths and levels; nothing outside may change.</summary>
    [Theory]
    [MemberData(nameof(LevelsAndDepths))]
    public void Vectors_equal_scalar(KernelLevel kernels, int depth)
    {
        if (!KernelLevels.IsSupported(kernels))
        {
            return;
        }
        Vp9LoopFilterTable scalar, vector;
        Vp9LoopFilterTable.Create(&scalar, depth, KernelLevel.Scalar);
        Vp9LoopFilterTable.Create(&vector, depth, kernels);
        var random = new Random(depth * 10 + (int)kernels);
        using var a = new Picture(depth);
        using var b = new Picture(depth);
        int max = (1 << depth) - 1, up = depth - 8;
        Vp9LoopFilterLimits limits = default;
        for (int round = 0; round < 150; round++)
        {
            limits.Set(random.Next(8), depth);
            int noise = (1 + random.Next(random.Next(4) == 0 ? 60 : 6)) << up;
            int center = random.Next(6) switch { 0 => 0, 1 => max, _ => random.Next(max) };
            for (int y = -Margin; y < Size + Margin; y++)
            {
                for (int x = -Margin; x < Size + Margin; x++)
                {
                    int block = ((x >> 3) * 37 ^ (y >> 3) * 101) & 7;
                    b[x, y] = a[x, y] = Math.Clamp(center + ((block - 4) << up) + random.Next(noise) - noise / 2, 0, max);
                }
            }
            Vp9LoopFilterPlane plane = default;
            for (int i = 0; i < 64; i++)
            {
                plane.Levels[i] = (byte)random.Next(64);
            }
            Fill(ref plane.Vertical, random, round);
            Fill(ref plane.Horizontal, random, round);
            scalar.FilterVertical(a.Samples, a.RowBytes, &plane, &limits);
            vector.FilterVertical(b.Samples, b.RowBytes, &plane, &limits);
            Compare(a, b, $"vertical edges, round {round}");
            scalar.FilterHorizontal(a.Samples, a.RowBytes, &plane, &limits);
            vector.FilterHorizontal(b.Samples, b.RowBytes, &plane, &limits);
            Compare(a, b, $"horizontal edges, round {round}");
        }
    }

    private static void Fill(ref Vp9EdgeMasks edges, Random random, int round)
    {
        ulong Bits() => (ulong)random.NextInt64() ^ ((ulong)random.NextInt64() << 32);
        edges.Wide16 = Bits() & Bits();
        edges.Wide8 = Bits() & ~edges.Wide16;
        edges.Wide4 = Bits() & ~edges.Wide16 & ~edges.Wide8;
        edges.Inner4 = Bits() & Bits();
        switch (round % 4)
        {
            case 1: // sparse
                ulong keep = Bits() & Bits() & Bits();
                edges.Wide16 &= keep;
                edges.Wide8 &= keep;
                edges.Wide4 &= keep;
                edges.Inner4 &= keep;
                break;
            case 2: // every edge of one width
                edges = default;
                edges.Wide16 = ulong.MaxValue;
                break;
            case 3:
                edges = default;
                edges.Wide8 = ulong.MaxValue;
                break;
        }
    }

    private static void Compare(Picture a, Picture b, string what)
    {
        for (int y = -Margin; y < Size + Margin; y++)
        {
            for (int x = -Margin; x < Size + Margin; x++)
            {
                if (a[x, y] != b[x, y])
                {
                    Assert.Fail($"{what}: x {x} y {y}: {b[x, y]}, scalar {a[x, y]}");
                }
            }
        }
    }
}
