// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.H264;
using Daedalus.Engine.Tests.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.H264Entropy;

/// <summary>Slices of intra macroblocks with random levels, written by a small encoder, and broken ones behind which no byte may be read.</summary>
public sealed unsafe class CavlcSliceTests : IDisposable
{
    private const int Width = 3, Height = 2;

    private readonly H264PictureState* _p = Alloc<H264PictureState>(1);
    private readonly H264Slice* _s = Alloc<H264Slice>(1);
    private readonly H264Dequant* _dequant = Alloc<H264Dequant>(1);
    private readonly DaedalusCtrlH264PictureParameters* _pps = Alloc<DaedalusCtrlH264PictureParameters>(1);
    private readonly H264SliceDecoder _decoder = new(new CountingMotionSink());

    // Zigzag of 4x4 blocks (table 8-2) as (x, y).
    private static readonly (int X, int Y)[] Zigzag =
        [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1), (1, 2), (0, 3), (1, 3), (2, 2), (3, 1), (3, 2), (2, 3), (3, 3)];

    public CavlcSliceTests()
    {
        // LevelScale 16 at every position, QP 24: coefficients are the levels times 16.
        new Span<int>(_dequant, sizeof(H264Dequant) / 4).Fill(16);
        _p->WidthInMbs = Width;
        _p->HeightInMbs = Height;
        _p->BitDepth = 8;
        _p->CoefficientRows = Height;
        _p->Macroblocks = Alloc<H264Macroblock>(Width * Height);
        _p->Motion = Alloc<H264Motion>(Width * Height);
        _s->Pps = _pps;
        _s->Dequant = _dequant;
        _s->Header.SliceType = H264SliceType.I;
        _s->Header.NalUnitType = 5;
        _s->Header.SliceQp = 24;
    }

    private static T* Alloc<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)(sizeof(T) * count));

    private void Reset(int bitDepth)
    {
        _p->BitDepth = bitDepth;
        NativeMemory.Free(_p->Coefficients);
        _p->Coefficients = Alloc<byte>(_p->CoefficientBytes * Width * Height);
        for (int i = 0; i < Width * Height; i++)
            _p->Macroblocks[i].Slice = H264Macroblock.NoSlice;
    }

    private static int Level(Random random, int limit) => random.Next(6) switch
    {
        0 => random.Next(-limit, limit + 1),
        1 => random.Next(-20, 21),
        _ => random.Next(-1, 2),
    };

    // Monochrome Intra_4x4 macroblocks with all blocks coded; nC by 9.2.1.
    private static (byte[] Data, int Size, int[,,] Levels) Write(Random random, int limit, int density)
    {
        var w = new BitWriter();
        w.U(8, 0x65);
        var levels = new int[Width * Height, 16, 16];
        var counts = new int[Height * 4, Width * 4];
        Span<int> block = stackalloc int[16];
        for (int mb = 0; mb < Width * Height; mb++)
        {
            w.Ue(0); // I_NxN
            for (int b = 0; b < 16; b++)
                w.U(1, 1); // prev_intra4x4_pred_mode_flag
            w.Ue(0); // coded_block_pattern 15 (monochrome)
            w.Se(0); // mb_qp_delta
            for (int b = 0; b < 16; b++)
            {
                int x = mb % Width * 4 + (b & 1) + ((b >> 2) & 1) * 2, y = mb / Width * 4 + ((b >> 1) & 1) + (b >> 3) * 2;
                int total = 0;
                for (int i = 0; i < 16; i++)
                {
                    block[i] = random.Next(100) < density ? Level(random, limit) : 0;
                    levels[mb, b, i] = block[i];
                    total += block[i] != 0 ? 1 : 0;
                }
                int nc = x > 0 && y > 0 ? (counts[y, x - 1] + counts[y - 1, x] + 1) >> 1 : x > 0 ? counts[y, x - 1] : y > 0 ? counts[y - 1, x] : 0;
                counts[y, x] = total;
                w.Block(block, nc < 2 ? 0 : nc < 4 ? 1 : nc < 8 ? 2 : 3);
            }
        }
        byte[] data = w.Finish(64);
        return (data, data.Length - 64, levels);
    }

    [Theory]
    [InlineData(1, 8, 2000, 30)]
    [InlineData(2, 8, 40, 80)]
    [InlineData(3, 8, 2000, 100)]
    [InlineData(4, 14, 100000, 50)]
    [InlineData(5, 8, 1, 10)]
    public void Levels_come_back_scaled_and_in_their_places(int seed, int bitDepth, int limit, int density)
    {
        var random = new Random(seed);
        (byte[] data, int size, int[,,] levels) = Write(random, limit, density);
        Reset(bitDepth);
        // QP'Y 24 whatever the depth: qP / 6 = 4, times 16 >> 4 with LevelScale 16.
        _s->Header.SliceQp = (sbyte)(24 - 6 * (bitDepth - 8));
        fixed (byte* p = data)
        {
            _s->Data = p;
            _s->Size = size;
            _s->DataBit = 8;
            _decoder.BeginPicture(_p);
            Assert.True(_decoder.BeginSlice(_s));
            Assert.Equal(H264SliceStatus.More, _decoder.Decode(1));
            Assert.Equal(Width, _decoder.NextMb);
            Assert.Equal(H264SliceStatus.End, _decoder.Decode(Height));
            Assert.Equal(0, _decoder.BitsLeft);
        }
        for (int mb = 0; mb < Width * Height; mb++)
        {
            Assert.Equal(15, _p->Macroblocks[mb].CodedBlockPattern);
            byte* c = _p->CoefficientsOf(mb % Width, mb / Width);
            for (int b = 0; b < 16; b++)
            {
                bool any = false;
                for (int i = 0; i < 16; i++)
                {
                    int place = b * 16 + Zigzag[i].X * 4 + Zigzag[i].Y;
                    int value = bitDepth > 8 ? ((int*)c)[place] : ((short*)c)[place];
                    int expected = levels[mb, b, i] * 16;
                    Assert.Equal(bitDepth > 8 ? expected : (short)expected, value);
                    any |= levels[mb, b, i] != 0;
                }
                Assert.Equal(any, (_p->Macroblocks[mb].Luma >> b & 1) != 0);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Broken_slices_end_and_read_nothing_behind_their_padding(bool cabac)
    {
        var random = new Random(7);
        using var guarded = new GuardedPages(1 << 16);
        if (cabac)
            _pps->Pps.Flags |= H264PpsFlags.EntropyCodingMode;
        int ended = 0, corrupt = 0;
        for (int round = 0; round < 3000; round++)
        {
            (byte[] data, int size, _) = Write(random, 2000, 40);
            size = random.Next(2, size);
            byte* p = guarded.End - size - 64;
            data.AsSpan(0, size).CopyTo(new Span<byte>(p, size));
            new Span<byte>(p + size, 64).Clear();
            for (int i = random.Next(4); i > 0; i--)
                p[random.Next(1, size)] ^= (byte)(1 << random.Next(8));
            if (round % 3 == 0)
                random.NextBytes(new Span<byte>(p + 1, size - 1));
            if (round % 7 == 0)
                new Span<byte>(p + 1, size - 1).Fill(round % 2 == 0 ? (byte)0xff : (byte)0);
            _s->Header.SliceType = (H264SliceType)random.Next(5);
            _s->Header.NumRefIdxActive0 = 3;
            _s->Header.NumRefIdxActive1 = 2;
            _p->ChromaArrayType = random.Next(4);
            _p->IsMbaff = random.Next(3) == 0;
            if (random.Next(2) == 0)
                _pps->Pps.Flags ^= H264PpsFlags.Transform8x8Mode;
            Reset(random.Next(2) == 0 ? 8 : 10);
            _s->Header.SliceQp = 24;
            _s->Data = p;
            _s->Size = size;
            _s->DataBit = 8;
            _decoder.BeginPicture(_p);
            H264SliceStatus status = _decoder.BeginSlice(_s) ? _decoder.Decode(Height) : H264SliceStatus.Corrupt;
            if (status == H264SliceStatus.Corrupt)
                corrupt++;
            else
                ended++;
        }
        Assert.True(corrupt > 1000, $"{corrupt} corrupt, {ended} ended");
    }

    public void Dispose()
    {
        _decoder.Dispose();
        NativeMemory.Free(_p->Macroblocks);
        NativeMemory.Free(_p->Motion);
        NativeMemory.Free(_p->Coefficients);
        foreach (nint m in new[] { (nint)_p, (nint)_s, (nint)_dequant, (nint)_pps })
            NativeMemory.Free((void*)m);
    }

    /// <summary>Memory whose end borders on a page that must not be touched.</summary>
    private sealed class GuardedPages : IDisposable
    {
        private readonly byte* _start;
        private readonly nuint _size;

        public GuardedPages(int size)
        {
            nuint page = (nuint)Environment.SystemPageSize;
            _size = ((nuint)size + page - 1) / page * page + page;
            _start = mmap(null, _size, 3, 0x22, -1, 0);
            End = _start + _size - page;
            if (_start == (byte*)-1 || mprotect(End, page, 0) != 0)
                throw new InvalidOperationException("no guarded memory");
        }

        public byte* End { get; }

        public void Dispose() => munmap(_start, _size);

        [DllImport("libc")]
        private static extern byte* mmap(void* address, nuint length, int protection, int flags, int fd, nint offset);

        [DllImport("libc")]
        private static extern int mprotect(void* address, nuint length, int protection);

        [DllImport("libc")]
        private static extern int munmap(void* address, nuint length);
    }
}
