// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

/// <summary>What damaged tile data must not do to memory.</summary>
public sealed unsafe class CorruptTileTests : IDisposable
{
    private const int Samples = 3 * 64 * 64;
    private const byte Unwritten = 0xa5;

    private readonly List<nint> _memory = [];
    private readonly Vp9TileDecoder _tile = new();
    private readonly Vp9AboveContext _above = new();
    private readonly Vp9FrameState* _state;
    private readonly Vp9Probabilities* _probs;
    private readonly ushort* _eobs;
    private readonly byte* _coefficients, _records;
    private readonly SuperblockEntry* _entry;
    private readonly MotionReference* _motion;

    public CorruptTileTests()
    {
        _state = (Vp9FrameState*)Take(sizeof(Vp9FrameState));
        _probs = (Vp9Probabilities*)Take(sizeof(Vp9Probabilities));
        // Twice the budget of a superblock: what is written behind it is seen.
        _eobs = (ushort*)Take(2 * Samples / 16 * sizeof(ushort));
        _coefficients = Take(2 * Samples * sizeof(int));
        _records = Take(2 * 64 * sizeof(BlockRecord));
        _entry = (SuperblockEntry*)Take(sizeof(SuperblockEntry));
        _motion = (MotionReference*)Take(64 * sizeof(MotionReference));
    }

    /// <summary>
    /// Zeros behind the data do not end a block: with such probabilities a remainder in the reader's window stays alive in them, and every
    /// coefficient of a 64×64 block takes bits. One block may not take more than the zeros that are there.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    [InlineData(0)]
    public void ReaderStaysWithinItsPadding(byte txMode)
    {
        long furthest = 0;
        var random = new Random(txMode);
        for (int i = 0; i < 3000; i++)
        {
            FillProbabilities(i switch { 0 => [161, 31, 7], 1 => [118, 159, 28], 2 => [19, 45, 138], _ => [(byte)random.Next(1, 256), (byte)random.Next(1, 256), (byte)random.Next(1, 256)] });
            byte[] data = new byte[random.Next(4, 40)];
            random.NextBytes(data);
            data[0] &= 0x3f; // marker; no split of the superblock
            Decode(64, 64, 8, data, txMode);
            furthest = Math.Max(furthest, _tile.BytesBehindEnd);
        }
        Assert.InRange(furthest, 65, Vp9TileDecoder.Padding - sizeof(ulong));
    }

    [Theory]
    [InlineData(64, 64, 8)]
    [InlineData(64, 64, 12)]
    [InlineData(1, 1, 8)]
    [InlineData(33, 17, 10)]
    [InlineData(57, 64, 8)]
    public void RandomTilesStayWithinTheBudgetOfASuperblock(int width, int height, int bitDepth)
    {
        var random = new Random(width * height);
        for (int i = 0; i < 300; i++)
        {
            Vp9ProbabilityAdaptation.SetDefaults(_probs);
            if (i % 3 == 1)
                random.NextBytes(new Span<byte>(_probs->Coef, 1728));
            for (int b = 0; b < 1728; b++)
                _probs->Coef[b] |= 1;
            var data = new byte[random.Next(1, 20000)];
            random.NextBytes(data);
            data[0] &= 0x7f;
            Decode(width, height, bitDepth, data, (byte)(i % 5));
            int budget = Samples / 16;
            for (int e = budget; e < 2 * budget; e++)
                Assert.Equal(Unwritten * 0x101, _eobs[e]);
            int bytes = Samples * (bitDepth == 8 ? 2 : 4);
            for (int c = bytes; c < bytes + 4096; c++)
                Assert.Equal(Unwritten, _coefficients[c]);
            Assert.InRange(_state->Superblocks->Count, 0, 64);
            for (int r = 64 * sizeof(BlockRecord); r < 2 * 64 * sizeof(BlockRecord); r++)
                Assert.Equal(Unwritten, _records[r]);
        }
    }

    /// <summary>A superblock that is not decoded leaves nothing of an earlier frame behind.</summary>
    [Fact]
    public void SkippedSuperblockIsIntraInSegmentZero()
    {
        Decode(57, 33, 8, [0, 0], 0);
        byte* map = Take(8 * 5);
        _state->SegmentMap = map;
        for (int i = 0; i < 8 * 5; i++)
            _state->Motion[i] = new MotionReference { Ref0 = 2, Ref1 = 1, Mv0 = 77, Mv1 = 78 };
        Vp9TileDecoder.SkipSuperblock(_state, _above, 0, 0);
        Assert.Equal(0, _state->Superblocks->Count);
        for (int i = 0; i < 8 * 5; i++)
        {
            Assert.Equal((-1, -1, 0), (_state->Motion[i].Ref0, _state->Motion[i].Ref1, (int)_state->Motion[i].Mv0));
            Assert.Equal(0, map[i]);
        }
    }

    public void Dispose()
    {
        _tile.Dispose();
        _above.Dispose();
        foreach (nint p in _memory)
            NativeMemory.Free((void*)p);
    }

    private void FillProbabilities(ReadOnlySpan<byte> three)
    {
        Vp9ProbabilityAdaptation.SetDefaults(_probs);
        for (int i = 0; i < 1728; i++)
            _probs->Coef[i] = three[i % 3];
        _probs->Skip[0] = _probs->Skip[1] = _probs->Skip[2] = 255;
    }

    // A 4:4:4 key frame of one superblock and one tile.
    private void Decode(int width, int height, int bitDepth, ReadOnlySpan<byte> data, byte txMode)
    {
        *_state = default;
        _state->Width = width;
        _state->Height = height;
        _state->MiCols = (width + 7) >> 3;
        _state->MiRows = (height + 7) >> 3;
        _state->SbCols = _state->SbRows = _state->SbRowsKept = _state->TileCols = _state->TileRows = 1;
        _state->BitDepth = bitDepth;
        _state->IsIntra = 1;
        _state->Control.Flags = Vp9FrameFlags.KeyFrame;
        _state->Control.BitDepth = (byte)bitDepth;
        _state->Control.Quant.BaseQIdx = 255;
        Vp9Quantizer.FillDequant(_state);
        Vp9LoopFilterLevels.Fill(_state);
        *_entry = new SuperblockEntry { Blocks = (BlockRecord*)_records, Eobs = _eobs, Coefficients = _coefficients };
        _state->Superblocks = _entry;
        _state->Motion = _motion;
        _above.Resize(_state->MiCols);
        _above.ResetTile(0, _state->MiCols);
        fixed (byte* p = data)
        {
            if (_tile.Begin(_state, _probs, txMode, null, _above, 0, _state->MiCols, 0, _state->MiRows, p, data.Length))
                _tile.DecodeSuperblockRow(0);
        }
    }

    private byte* Take(int bytes)
    {
        byte* p = (byte*)NativeMemory.Alloc((nuint)bytes);
        new Span<byte>(p, bytes).Fill(Unwritten);
        _memory.Add((nint)p);
        return p;
    }
}
