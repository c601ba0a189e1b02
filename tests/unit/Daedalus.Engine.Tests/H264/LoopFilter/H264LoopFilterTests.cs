// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.H264;
using Daedalus.Kernels;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.H264.LoopFilter;

/// <summary>The deblocking filter over random macroblocks against <see cref="H264LoopFilterModel"/>.</summary>
public sealed unsafe class H264LoopFilterTests
{
    private const int Width = 5, Height = 6, Slices = 6, Margin = 64;

    /// <summary>Kinds of pictures.</summary>
    public enum Kind
    {
        /// <summary>Progressive frame.</summary>
        Frame,
        /// <summary>Field.</summary>
        Field,
        /// <summary>MBAFF frame.</summary>
        Mbaff,
    }

    public static TheoryData<Kind, int, int> Cases()
    {
        var data = new TheoryData<Kind, int, int>();
        foreach (Kind kind in Enum.GetValues<Kind>())
        {
            for (int chroma = 0; chroma < 4; chroma++)
            {
                foreach (int depth in (int[])[8, 10, 14])
                    data.Add(kind, chroma, depth);
            }
        }
        return data;
    }

    // One picture's native memory: state, records, slices and three planes.
    private sealed class Fixture : IDisposable
    {
        public readonly H264PictureState* State = (H264PictureState*)NativeMemory.AllocZeroed((nuint)sizeof(H264PictureState));
        private readonly byte*[] _planes = new byte*[3];
        private readonly nint _planeBytes;

        public Fixture(Kind kind, int chroma, int depth)
        {
            State->WidthInMbs = Width;
            State->HeightInMbs = Height;
            State->IsField = kind == Kind.Field;
            State->IsMbaff = kind == Kind.Mbaff;
            State->ChromaArrayType = chroma;
            State->BitDepth = depth;
            State->LineStep = kind == Kind.Field ? 2 : 1;
            State->Macroblocks = (H264Macroblock*)NativeMemory.AllocZeroed(Width * Height, (nuint)sizeof(H264Macroblock));
            State->Motion = (H264Motion*)NativeMemory.AllocZeroed(Width * Height, (nuint)sizeof(H264Motion));
            State->Slices = (H264Slice*)NativeMemory.AllocZeroed(Slices, (nuint)sizeof(H264Slice));
            State->SliceCount = Slices;
            nint stride = (Width * 16 + 2 * Margin) * 2;
            _planeBytes = stride * (Height * 16 + 2 * Margin);
            for (int i = 0; i < 3; i++)
                _planes[i] = (byte*)NativeMemory.AllocZeroed((nuint)_planeBytes);
            State->Picture.Plane0 = _planes[0] + Margin * stride + Margin;
            State->Picture.Plane1 = _planes[1] + Margin * stride + Margin;
            State->Picture.Plane2 = _planes[2] + Margin * stride + Margin;
            State->Picture.StrideY = State->Picture.StrideUv = stride;
            State->Picture.BitDepth = depth;
        }

        public byte[] Samples(int plane) => new ReadOnlySpan<byte>(_planes[plane], (int)_planeBytes).ToArray();

        public void SetSamples(int plane, byte[] samples) => samples.CopyTo(new Span<byte>(_planes[plane], (int)_planeBytes));

        public void Dispose()
        {
            foreach (byte* plane in _planes)
                NativeMemory.Free(plane);
            NativeMemory.Free(State->Slices);
            NativeMemory.Free(State->Motion);
            NativeMemory.Free(State->Macroblocks);
            NativeMemory.Free(State);
        }
    }

    private static void Randomize(Fixture fixture, Random random, Kind kind)
    {
        H264PictureState* p = fixture.State;
        // Some pictures with coarse quantisers only, some around the point where filtering sets in.
        int qpBase = random.Next(3) == 0 ? 15 : 32;
        for (int i = 0; i < Slices; i++)
        {
            ref var header = ref p->Slices[i].Header;
            p->Slices[i].Index = i;
            header.SliceType = random.Next(8) switch { 0 => H264SliceType.SP, 1 => H264SliceType.I, 2 or 3 => H264SliceType.P, _ => H264SliceType.B };
            header.DisableDeblockingFilterIdc = (byte)(random.Next(4) switch { 0 => 1, 1 => 2, _ => 0 });
            header.FilterOffsetA = (sbyte)(2 * random.Next(-6, 7));
            header.FilterOffsetB = (sbyte)(2 * random.Next(-6, 7));
        }
        int slice = 0, step = kind == Kind.Mbaff ? 2 : 1;
        for (int y = 0; y < Height; y += step)
        {
            for (int x = 0; x < Width; x++)
            {
                if (random.Next(4) == 0)
                    slice = random.Next(Slices);
                bool field = kind == Kind.Mbaff && random.Next(2) == 0, missing = random.Next(20) == 0;
                for (int i = 0; i < step; i++)
                    RandomMacroblock(p, (y + i) * Width + x, random, slice, field, missing, qpBase);
            }
        }
        int max = (1 << p->BitDepth) - 1, shift = p->BitDepth - 8;
        for (int plane = 0; plane < 3; plane++)
        {
            int level = max / 2;
            for (int y = 0; y < Height * 16; y++)
            {
                byte* row = p->Picture.Plane(plane) + y * p->Picture.StrideY;
                for (int x = 0; x < Width * 16; x++)
                {
                    if (random.Next(30) == 0)
                        level = Math.Clamp(level + (random.Next(-24, 25) << shift), 0, max);
                    int value = Math.Clamp(level + random.Next(-4 << shift, (4 << shift) + 1), 0, max);
                    if (p->BitDepth > 8)
                        ((ushort*)row)[x] = (ushort)value;
                    else
                        row[x] = (byte)value;
                }
            }
        }
    }

    private static void RandomMacroblock(H264PictureState* p, int index, Random random, int slice, bool field, bool missing, int qpBase)
    {
        H264Macroblock* mb = p->Macroblocks + index;
        H264Motion* motion = p->Motion + index;
        *mb = default;
        *motion = default;
        H264SliceType type = p->Slices[slice].Header.SliceType;
        mb->Slice = missing ? H264Macroblock.NoSlice : (ushort)slice;
        mb->Type = type == H264SliceType.I || random.Next(6) == 0 ? (H264MbType)random.Next(5) : H264MbType.Inter;
        bool eight = random.Next(3) == 0;
        mb->Flags = (field ? H264MbFlags.Field : 0) | (eight ? H264MbFlags.Transform8x8 : 0);
        mb->Qp = (sbyte)Math.Clamp(qpBase + random.Next(-10, 11), 0, 51);
        mb->QpCb = (sbyte)Math.Clamp(mb->Qp + random.Next(-3, 4), 0, 39);
        mb->QpCr = random.Next(2) == 0 ? mb->QpCb : (sbyte)Math.Clamp(mb->Qp + random.Next(-3, 4), 0, 39);
        if (random.Next(2) == 0)
        {
            for (int b = 0; b < 16; b++)
            {
                if (random.Next(6) == 0)
                    mb->Luma |= (ushort)(eight ? 15 << (b & ~3) : 1 << b);
            }
        }
        for (int i = 0; i < 8; i++)
        {
            motion->RefIdx[i] = -1;
            motion->RefPic[i] = -1;
        }
        if (mb->Type != H264MbType.Inter)
            return;
        mb->Partition = (byte)random.Next(4);
        int parity = field || p->IsField ? 1 : 3;
        for (int b = 0; b < 4; b++)
        {
            int first = mb->Partition switch { 0 => 0, 1 => b & 2, 2 => b & 1, _ => b };
            int uses = type == H264SliceType.B ? random.Next(1, 4) : 1;
            if (first != b)
                uses = (motion->RefPic[first] >= 0 ? 1 : 0) | (motion->RefPic[4 + first] >= 0 ? 2 : 0);
            for (int list = 0; list < 2; list++)
            {
                if ((uses >> list & 1) == 0)
                    continue;
                int key = random.Next(1, 3) * 4 + (parity == 3 ? 3 : random.Next(4) == 0 ? 2 : 1);
                motion->RefPic[list * 4 + b] = first != b ? motion->RefPic[list * 4 + first] : key;
                motion->RefIdx[list * 4 + b] = 0;
                int mv = Vector(random);
                for (int s = 0; s < 4; s++)
                {
                    int x = (b & 1) * 2 + (s & 1), y = (b >> 1) * 2 + (s >> 1);
                    int at = list * 16 + y * 4 + x;
                    if (first != b)
                        motion->Mv[at] = motion->Mv[list * 16 + (first >> 1) * 8 + (first & 1) * 2];
                    else
                        motion->Mv[at] = mb->Partition == 3 && !eight && random.Next(3) == 0 ? Vector(random) : mv;
                }
            }
        }
    }

    private static int Vector(Random random) => (random.Next(-3, 4) & 0xffff) | random.Next(-2, 3) << 16;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_the_specification(Kind kind, int chroma, int depth)
    {
        using var fixture = new Fixture(kind, chroma, depth);
        var random = new Random((int)kind * 100 + chroma * 10 + depth);
        H264PictureState* p = fixture.State;
        H264LoopFilter[] filters = [.. new[] { KernelLevel.Scalar, KernelLevel.Vector128, KernelLevel.Vector256 }.Where(KernelLevels.IsSupported).Select(l => new H264LoopFilter(l))];
        int changed = 0;
        for (int run = 0; run < 12; run++)
        {
            Randomize(fixture, random, kind);
            byte[][] input = [fixture.Samples(0), fixture.Samples(1), fixture.Samples(2)];
            new H264LoopFilterModel(p).Filter();
            byte[][] expected = [fixture.Samples(0), fixture.Samples(1), fixture.Samples(2)];
            changed += expected[0].Zip(input[0]).Count(b => b.First != b.Second);
            foreach (H264LoopFilter filter in filters)
            {
                for (int plane = 0; plane < 3; plane++)
                    fixture.SetSamples(plane, input[plane]);
                for (int row = 0; row < Height; row += kind == Kind.Mbaff ? 2 : 1)
                    filter.FilterRow(p, row);
                for (int plane = 0; plane < 3; plane++)
                    AssertEqual(expected[plane], fixture.Samples(plane), p, plane, $"run {run}");
            }
        }
        Assert.True(changed > 2000, $"only {changed} bytes changed");
        foreach (H264LoopFilter filter in filters)
            filter.Dispose();
    }

    private static void AssertEqual(byte[] expected, byte[] actual, H264PictureState* p, int plane, string what)
    {
        if (expected.AsSpan().SequenceEqual(actual))
            return;
        int at = expected.AsSpan().CommonPrefixLength(actual), bytes = p->BitDepth > 8 ? 2 : 1;
        int y = at / (int)p->Picture.StrideY - Margin, x = (at % (int)p->Picture.StrideY - Margin) / bytes;
        Assert.Fail($"{what}: plane {plane} differs first at ({x}, {y}): {actual[at]}, not {expected[at]}");
    }

    [Theory]
    [InlineData(Kind.Frame)]
    [InlineData(Kind.Field)]
    [InlineData(Kind.Mbaff)]
    public void Lines_called_final_stay(Kind kind)
    {
        using var fixture = new Fixture(kind, 1, 8);
        var random = new Random(1);
        using var filter = new H264LoopFilter();
        H264PictureState* p = fixture.State;
        int step = kind == Kind.Mbaff ? 2 : 1;
        for (int run = 0; run < 10; run++)
        {
            Randomize(fixture, random, kind);
            for (int row = 0; row + step < Height; row += step)
            {
                filter.FilterRow(p, row);
                int luma = 16 * row + (step == 2 ? 25 : 12), chroma = luma >> 1;
                byte[][] before = [fixture.Samples(0), fixture.Samples(1)];
                filter.FilterRow(p, row + step);
                byte[][] after = [fixture.Samples(0), fixture.Samples(1)];
                int stride = (int)p->Picture.StrideY;
                Assert.True(before[0].AsSpan(0, (Margin + luma + 1) * stride).SequenceEqual(after[0].AsSpan(0, (Margin + luma + 1) * stride)));
                Assert.True(before[1].AsSpan(0, (Margin + chroma + 1) * stride).SequenceEqual(after[1].AsSpan(0, (Margin + chroma + 1) * stride)));
            }
        }
    }
}
