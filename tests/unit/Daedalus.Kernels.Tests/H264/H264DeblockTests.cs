// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.H264;
using Xunit;

namespace Daedalus.Kernels.Tests.H264;

/// <summary>Deblocking kernels against the formulas of spec 8.7.2, written down sample by sample.</summary>
public sealed unsafe class H264DeblockTests
{
    private const int Size = 48, Origin = 16, Stride = 112;

    public static TheoryData<KernelLevel, int> Cases()
    {
        var data = new TheoryData<KernelLevel, int>();
        foreach (int depth in (int[])[8, 9, 10, 12, 14])
        {
            foreach (KernelLevel level in (KernelLevel[])[KernelLevel.Scalar, KernelLevel.Vector128, KernelLevel.Vector256])
                data.Add(level, depth);
        }
        return data;
    }

    private sealed class Plane(int depth) : IDisposable
    {
        public readonly byte* Memory = (byte*)NativeMemory.AllocZeroed(Stride * Size);
        private readonly int _bytes = depth > 8 ? 2 : 1;

        public byte* At(int x, int y) => Memory + (Origin + y) * Stride + (Origin + x) * _bytes;

        public int this[int x, int y]
        {
            get => _bytes == 2 ? *(ushort*)At(x, y) : *At(x, y);
            set
            {
                if (_bytes == 2)
                    *(ushort*)At(x, y) = (ushort)value;
                else
                    *At(x, y) = (byte)value;
            }
        }

        // Noise around a base with steps, so that every branch of the filters is taken.
        public void Fill(Random random)
        {
            int max = (1 << depth) - 1, noise = 1 + (random.Next(1, 64) << (depth - 8)) / 2, level = random.Next(max + 1);
            for (int y = -Origin; y < Size - Origin; y++)
            {
                for (int x = -Origin; x < Size - Origin; x++)
                {
                    if (random.Next(40) == 0)
                        level = random.Next(4) == 0 ? (random.Next(2) == 0 ? 0 : max) : random.Next(max + 1);
                    this[x, y] = Math.Clamp(level + random.Next(-noise, noise + 1), 0, max);
                }
            }
        }

        public void CopyFrom(Plane other) => NativeMemory.Copy(other.Memory, Memory, Stride * Size);

        public void AssertEqual(Plane expected, string what)
        {
            for (int y = -Origin; y < Size - Origin; y++)
            {
                for (int x = -Origin; x < Size - Origin; x++)
                    Assert.True(expected[x, y] == this[x, y], $"{what}: ({x}, {y}) is {this[x, y]}, not {expected[x, y]}");
            }
        }

        public void Dispose() => NativeMemory.Free(Memory);
    }

    // Spec 8.7.2.1..8.7.2.4 for one line of samples across the edge: (x, y) is q0, (dx, dy) the step away from the edge. bS 4 as tc0 = -2, bS 0 as -1.
    private static void Line(Plane s, int x, int y, int dx, int dy, int alphaTable, int betaTable, int tc0Table, bool chromaStyle, int depth)
    {
        if (tc0Table == -1)
            return;
        int[] p = new int[4], q = new int[4];
        for (int i = 0; i < (chromaStyle ? 2 : 4); i++)
        {
            q[i] = s[x + i * dx, y + i * dy];
            p[i] = s[x - (i + 1) * dx, y - (i + 1) * dy];
        }
        int alpha = alphaTable * (1 << (depth - 8)), beta = betaTable * (1 << (depth - 8));
        bool filter = Math.Abs(p[0] - q[0]) < alpha && Math.Abs(p[1] - p[0]) < beta && Math.Abs(q[1] - q[0]) < beta;
        if (!filter)
            return;
        int ap = Math.Abs(p[2] - p[0]), aq = Math.Abs(q[2] - q[0]);
        int[] np = [.. p], nq = [.. q];
        if (tc0Table >= 0)
        {
            int tc0 = tc0Table * (1 << (depth - 8));
            int tc = chromaStyle ? tc0 + 1 : tc0 + (ap < beta ? 1 : 0) + (aq < beta ? 1 : 0);
            int delta = Math.Clamp((((q[0] - p[0]) << 2) + (p[1] - q[1]) + 4) >> 3, -tc, tc);
            np[0] = Math.Clamp(p[0] + delta, 0, (1 << depth) - 1);
            nq[0] = Math.Clamp(q[0] - delta, 0, (1 << depth) - 1);
            if (!chromaStyle && ap < beta)
                np[1] = p[1] + Math.Clamp((p[2] + ((p[0] + q[0] + 1) >> 1) - (p[1] << 1)) >> 1, -tc0, tc0);
            if (!chromaStyle && aq < beta)
                nq[1] = q[1] + Math.Clamp((q[2] + ((p[0] + q[0] + 1) >> 1) - (q[1] << 1)) >> 1, -tc0, tc0);
        }
        else
        {
            bool small = Math.Abs(p[0] - q[0]) < (alpha >> 2) + 2;
            if (!chromaStyle && ap < beta && small)
            {
                np[0] = (p[2] + 2 * p[1] + 2 * p[0] + 2 * q[0] + q[1] + 4) >> 3;
                np[1] = (p[2] + p[1] + p[0] + q[0] + 2) >> 2;
                np[2] = (2 * p[3] + 3 * p[2] + p[1] + p[0] + q[0] + 4) >> 3;
            }
            else
                np[0] = (2 * p[1] + p[0] + q[1] + 2) >> 2;
            if (!chromaStyle && aq < beta && small)
            {
                nq[0] = (p[1] + 2 * p[0] + 2 * q[0] + 2 * q[1] + q[2] + 4) >> 3;
                nq[1] = (p[0] + q[0] + q[1] + q[2] + 2) >> 2;
                nq[2] = (2 * q[3] + 3 * q[2] + q[1] + q[0] + p[0] + 4) >> 3;
            }
            else
                nq[0] = (2 * q[1] + q[0] + p[1] + 2) >> 2;
        }
        for (int i = 0; i < (chromaStyle ? 2 : 4); i++)
        {
            s[x + i * dx, y + i * dy] = nq[i];
            s[x - (i + 1) * dx, y - (i + 1) * dy] = np[i];
        }
    }

    private static byte Alpha(Random random) => (byte)(random.Next(8) == 0 ? 255 : random.Next(4, 120));

    private static byte Beta(Random random) => (byte)random.Next(2, 19);

    private static byte Tc0(Random random) => random.Next(4) == 0 ? (byte)0xff : (byte)random.Next(0, 26);

    private static int Tc0Of(byte value) => value == 0xff ? -1 : value;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Luma_edges(KernelLevel level, int depth)
    {
        if (!KernelLevels.IsSupported(level))
            return;
        H264DeblockTable table;
        H264DeblockTable.Create(&table, depth, level);
        byte* scratch = (byte*)NativeMemory.AlignedAlloc(H264DeblockTable.ScratchBytes, 64);
        var random = new Random(depth);
        using Plane expected = new(depth), actual = new(depth);
        for (int run = 0; run < 600; run++)
        {
            expected.Fill(random);
            actual.CopyFrom(expected);
            H264LumaEdges edges = default;
            edges.EdgeAlpha = Alpha(random);
            edges.EdgeBeta = Beta(random);
            edges.InnerAlpha = Alpha(random);
            edges.InnerBeta = Beta(random);
            edges.Strong = (byte)random.Next(2);
            byte* tc0 = (byte*)edges.Tc0;
            for (int i = 0; i < 16; i++)
                tc0[i] = Tc0(random);
            uint mask = (uint)random.Next(16);
            bool vertical = random.Next(2) == 0;
            for (int e = 0; e < 4; e++)
            {
                for (int i = 0; i < 16 && (mask >> e & 1) != 0; i++)
                {
                    int t = e == 0 && edges.Strong != 0 ? -2 : Tc0Of(tc0[e * 4 + i / 4]);
                    Line(expected, vertical ? 4 * e : i, vertical ? i : 4 * e, vertical ? 1 : 0, vertical ? 0 : 1,
                        e == 0 ? edges.EdgeAlpha : edges.InnerAlpha, e == 0 ? edges.EdgeBeta : edges.InnerBeta, t, false, depth);
                }
            }
            if (vertical)
                table.LumaVertical(actual.At(0, 0), Stride, &edges, mask, scratch, depth);
            else
                table.LumaHorizontal(actual.At(0, 0), Stride, &edges, mask, scratch, depth);
            actual.AssertEqual(expected, $"run {run}, {(vertical ? "vertical" : "horizontal")}, mask {mask}, strong {edges.Strong}");
        }
        NativeMemory.AlignedFree(scratch);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chroma_edges(KernelLevel level, int depth)
    {
        if (!KernelLevels.IsSupported(level))
            return;
        H264DeblockTable table;
        H264DeblockTable.Create(&table, depth, level);
        var random = new Random(depth);
        using Plane expectedCb = new(depth), expectedCr = new(depth), cb = new(depth), cr = new(depth);
        for (int run = 0; run < 600; run++)
        {
            expectedCb.Fill(random);
            expectedCr.Fill(random);
            cb.CopyFrom(expectedCb);
            cr.CopyFrom(expectedCr);
            H264ChromaEdges edges = default;
            for (int i = 0; i < 2; i++)
            {
                edges.EdgeAlpha[i] = Alpha(random);
                edges.EdgeBeta[i] = Beta(random);
                edges.InnerAlpha[i] = random.Next(4) == 0 ? (byte)0 : Alpha(random);
                edges.InnerBeta[i] = Beta(random);
            }
            edges.Strong = (byte)random.Next(2);
            byte* tc0 = (byte*)edges.Tc0;
            for (int i = 0; i < 32; i++)
                tc0[i] = Tc0(random);
            bool vertical = random.Next(2) == 0;
            uint mask = (uint)random.Next(vertical ? 4 : 16);
            for (int plane = 0; plane < 2; plane++)
            {
                for (int e = 0; e < 4; e++)
                {
                    for (int i = 0; i < 8 && (mask >> e & 1) != 0; i++)
                    {
                        int t = e == 0 && edges.Strong != 0 ? -2 : Tc0Of(tc0[e * 8 + plane * 4 + i / 2]);
                        Line(plane == 0 ? expectedCb : expectedCr, vertical ? 4 * e : i, vertical ? i : 4 * e, vertical ? 1 : 0, vertical ? 0 : 1,
                            e == 0 ? edges.EdgeAlpha[plane] : edges.InnerAlpha[plane], e == 0 ? edges.EdgeBeta[plane] : edges.InnerBeta[plane], t, true, depth);
                    }
                }
            }
            if (vertical)
                table.ChromaVertical(cb.At(0, 0), cr.At(0, 0), Stride, &edges, mask, depth);
            else
                table.ChromaHorizontal(cb.At(0, 0), cr.At(0, 0), Stride, &edges, mask, depth);
            cb.AssertEqual(expectedCb, $"run {run} Cb, {(vertical ? "vertical" : "horizontal")}, mask {mask}, strong {edges.Strong}");
            cr.AssertEqual(expectedCr, $"run {run} Cr, {(vertical ? "vertical" : "horizontal")}, mask {mask}, strong {edges.Strong}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Lines_with_limits_of_their_own(KernelLevel level, int depth)
    {
        if (!KernelLevels.IsSupported(level))
            return;
        H264DeblockTable table;
        H264DeblockTable.Create(&table, depth, level);
        byte* scratch = (byte*)NativeMemory.AlignedAlloc(H264DeblockTable.ScratchBytes, 64);
        var random = new Random(depth);
        using Plane expectedCb = new(depth), expectedCr = new(depth), cb = new(depth), cr = new(depth);
        for (int run = 0; run < 300; run++)
        {
            expectedCb.Fill(random);
            expectedCr.Fill(random);
            cb.CopyFrom(expectedCb);
            cr.CopyFrom(expectedCr);
            H264EdgeLines lines = default;
            bool chroma = random.Next(2) == 0;
            for (int i = 0; i < 16; i++)
            {
                lines.Alpha[i] = random.Next(8) == 0 ? (byte)0 : Alpha(random);
                lines.Beta[i] = Beta(random);
                lines.Strong[i] = random.Next(3) == 0 ? (byte)0xff : (byte)0;
                lines.Tc0[i] = lines.Strong[i] != 0 ? (byte)0xff : Tc0(random);
                int t = lines.Strong[i] != 0 ? -2 : Tc0Of(lines.Tc0[i]);
                Line(chroma && i >= 8 ? expectedCr : expectedCb, 0, chroma ? i & 7 : i, 1, 0, lines.Alpha[i], lines.Beta[i], t, chroma, depth);
            }
            if (chroma)
                table.ChromaLines(cb.At(0, 0), cr.At(0, 0), Stride, &lines, depth);
            else
                table.LumaLines(cb.At(0, 0), Stride, &lines, scratch, depth);
            cb.AssertEqual(expectedCb, $"run {run}, chroma {chroma}");
            cr.AssertEqual(expectedCr, $"run {run}, chroma {chroma}");
        }
        NativeMemory.AlignedFree(scratch);
    }
}
