// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Av1;
using Daedalus.Kernels;
using Xunit;

namespace Daedalus.Engine.Tests.Av1.PostFilter;

/// <summary>The post filters' driver against whole frames filtered as the specification writes it.</summary>
public sealed unsafe class Av1PostFilterTests
{
    private static readonly (int X, int Y)[] Formats = [(1, 1), (1, 0), (0, 0)];

    private static void Run(KernelLevel level, int seed, Av1FilterSceneOptions options, Av1PostFilter filter)
    {
        using var scene = new Av1FilterScene(seed, options);
        scene.Compare(filter, level, $"seed {seed}, {level}");
    }

    public static TheoryData<KernelLevel> Levels()
    {
        var data = new TheoryData<KernelLevel>();
        foreach (KernelLevel level in Enum.GetValues<KernelLevel>())
        {
            if (KernelLevels.IsSupported(level))
                data.Add(level);
        }
        return data;
    }

    private static int[] Depths => [8, 10, 12];

    [Theory, MemberData(nameof(Levels))]
    public void Deblocking(KernelLevel level)
    {
        using var filter = new Av1PostFilter();
        for (int seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            (int subX, int subY) = Formats[seed % 3];
            Run(level, seed, new(random.Next(1, 300), random.Next(1, 300), Depths[random.Next(3)], subX, subY, seed % 8 == 0, seed % 2 == 0, Cdef: false, Restoration: false), filter);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Cdef(KernelLevel level)
    {
        using var filter = new Av1PostFilter();
        for (int seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            (int subX, int subY) = Formats[seed % 3];
            Run(level, seed, new(random.Next(1, 300), random.Next(1, 300), Depths[random.Next(3)], subX, subY, seed % 8 == 0, seed % 2 == 0, Deblock: seed % 4 == 0, Restoration: false), filter);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Superres(KernelLevel level)
    {
        using var filter = new Av1PostFilter();
        for (int seed = 0; seed < 16; seed++)
        {
            var random = new Random(seed);
            (int subX, int subY) = Formats[seed % 3];
            Run(level, seed, new(random.Next(24, 400), random.Next(1, 200), Depths[random.Next(3)], subX, subY, seed % 8 == 0, seed % 2 == 0, 9 + seed % 8, seed % 4 == 0, seed % 4 == 0, false), filter);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Restoration(KernelLevel level)
    {
        using var filter = new Av1PostFilter();
        for (int seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            (int subX, int subY) = Formats[seed % 3];
            Run(level, seed, new(random.Next(1, 400), random.Next(1, 200), Depths[random.Next(3)], subX, subY, seed % 8 == 0, seed % 2 == 0, Deblock: false, Cdef: false), filter);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Everything(KernelLevel level)
    {
        using var filter = new Av1PostFilter();
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            (int subX, int subY) = Formats[seed % 3];
            Run(level, seed, new(random.Next(16, 500), random.Next(1, 330), Depths[random.Next(3)], subX, subY, seed % 8 == 0, seed % 2 == 0, seed % 3 == 1 ? 9 + seed % 8 : 8), filter);
        }
    }
}
