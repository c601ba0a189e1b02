// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Conversion;
using Xunit;

namespace Daedalus.Kernels.Tests;

public sealed unsafe class ConversionTests
{
    private const int Size = 1 << 16;

    public static TheoryData<int> Levels()
    {
        var data = new TheoryData<int>();
        for (var level = KernelLevel.Scalar; level <= KernelLevels.Best; level++)
            data.Add((int)level);
        return data;
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void ConvertsExactlyTheRows(int level)
    {
        ConversionKernelTable table;
        ConversionKernelTable.Create(&table, (KernelLevel)level);
        var random = new XorShift(31337);
        byte[] u = new byte[Size], v = new byte[Size], target = new byte[Size], expected = new byte[Size];
        for (var i = 0; i < Size; i++)
        {
            u[i] = (byte)random.Next();
            v[i] = (byte)random.Next();
        }
        for (var i = 0; i < 200; i++)
        {
            int width = 1 + random.Next(150), height = 1 + random.Next(12), shift = i % 2 == 0 ? 6 : 4;
            int source = 2 * width + random.Next(20) * 2, other = 2 * width + random.Next(20) * 2, destination = 4 * width + random.Next(20) * 2;
            for (var kind = 0; kind < 5; kind++)
            {
                Array.Fill(target, (byte)kind);
                Array.Fill(expected, (byte)kind);
                fixed (byte* a = u, b = v, t = target)
                {
                    switch (kind)
                    {
                        case 0: table.CopyRows(t, destination, a, source, width, height); break;
                        case 1: table.Interleave8(t, destination, a, source, b, other, width, height); break;
                        case 2: table.Shift16(t, destination, a, source, width, height, shift); break;
                        case 3: table.InterleaveShift16(t, destination, a, source, b, other, width, height, shift); break;
                        default: table.CopyRows(t, width, a, width, width, height); break;
                    }
                }
                for (var y = 0; y < height; y++)
                {
                    for (var x = 0; x < width; x++)
                    {
                        int ua = y * source + x, va = y * other + x, u16 = y * source + 2 * x, v16 = y * other + 2 * x;
                        switch (kind)
                        {
                            case 0: expected[y * destination + x] = u[ua]; break;
                            case 1:
                                expected[y * destination + 2 * x] = u[ua];
                                expected[y * destination + 2 * x + 1] = v[va];
                                break;
                            case 2: BitConverter.TryWriteBytes(expected.AsSpan(y * destination + 2 * x), (ushort)(BitConverter.ToUInt16(u, u16) << shift)); break;
                            case 3:
                                BitConverter.TryWriteBytes(expected.AsSpan(y * destination + 4 * x), (ushort)(BitConverter.ToUInt16(u, u16) << shift));
                                BitConverter.TryWriteBytes(expected.AsSpan(y * destination + 4 * x + 2), (ushort)(BitConverter.ToUInt16(v, v16) << shift));
                                break;
                            default: expected[y * width + x] = u[y * width + x]; break;
                        }
                    }
                }
                Assert.True(expected.AsSpan().SequenceEqual(target), $"kind {kind}, {width}x{height}");
            }
        }
    }
}
