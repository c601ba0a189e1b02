// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Vp9;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Entropy;

/// <summary>Everything the entropy stage writes of one frame of one tile, each buffer between guards.</summary>
internal sealed unsafe class TileFrame : IDisposable
{
    private const int Guard = 256;
    private const byte GuardByte = 0xC3;
    private readonly List<(nint Start, int Bytes)> _buffers = [];
    private readonly int _eobs, _coefficientBytes;
    private readonly Vp9Probabilities* _probs;
    private readonly Vp9AboveContext _above = new();
    private readonly Vp9TileDecoder _tile = new();

    public TileFrame(int width, int height, int bitDepth, int ssX, int ssY, bool intra)
    {
        State = (Vp9FrameState*)Allocate(sizeof(Vp9FrameState), 0);
        Vp9FrameState* s = State;
        s->Width = width;
        s->Height = height;
        s->MiCols = (width + 7) / 8;
        s->MiRows = (height + 7) / 8;
        s->SbCols = (s->MiCols + 7) / 8;
        s->SbRows = s->SbRowsKept = (s->MiRows + 7) / 8;
        s->BitDepth = bitDepth;
        s->SubsamplingX = ssX;
        s->SubsamplingY = ssY;
        s->IsIntra = intra ? 1 : 0;
        s->TileCols = s->TileRows = 1;
        s->Control.Flags = intra ? Vp9FrameFlags.KeyFrame : 0;
        s->Control.Quant.BaseQIdx = 60;
        s->Motion = (MotionReference*)Allocate(s->MiCols * s->MiRows * sizeof(MotionReference), 0);
        s->SegmentMap = (byte*)Allocate(s->MiCols * s->MiRows, 0);
        s->Superblocks = (SuperblockEntry*)Allocate(s->SbCols * s->SbRows * sizeof(SuperblockEntry), 0);
        int samples = 64 * 64 + 2 * (64 >> ssX) * (64 >> ssY);
        _eobs = samples / 16;
        _coefficientBytes = samples * (bitDepth == 8 ? 2 : 4);
        for (int i = 0; i < s->SbCols * s->SbRows; i++)
        {
            s->Superblocks[i].Blocks = (BlockRecord*)Allocate(64 * sizeof(BlockRecord), 0xEE);
            s->Superblocks[i].Eobs = (ushort*)Allocate(_eobs * 2, 0xEE);
            s->Superblocks[i].Coefficients = Allocate(_coefficientBytes, 0);
        }
        _probs = (Vp9Probabilities*)Allocate(sizeof(Vp9Probabilities), 0);
        Vp9ProbabilityAdaptation.SetDefaults(_probs);
        Vp9Quantizer.FillDequant(s);
        _above.Resize(s->MiCols);
    }

    public Vp9FrameState* State { get; }

    private byte* Allocate(int bytes, byte fill)
    {
        byte* p = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + 2 * Guard), 64);
        new Span<byte>(p, bytes + 2 * Guard).Fill(GuardByte);
        new Span<byte>(p + Guard, bytes).Fill(fill);
        _buffers.Add(((nint)p, bytes));
        return p + Guard;
    }

    /// <summary>Any valid combination of what the controls can say.</summary>
    public void Randomise(Random random)
    {
        Vp9FrameState* s = State;
        ref V4L2CtrlVp9Frame c = ref s->Control;
        c.InterpolationFilter = (byte)random.Next(5);
        c.RefFrameSignBias = (byte)random.Next(8);
        c.ReferenceMode = (byte)(c.RefFrameSignBias is 0 or 7 ? 0 : random.Next(3));
        if (random.Next(2) == 0)
            c.Flags |= Vp9FrameFlags.AllowHighPrecisionMv;
        c.Quant.BaseQIdx = (byte)(random.Next(4) == 0 ? 0 : random.Next(256));
        c.Lf.Level = (byte)random.Next(64);
        if (random.Next(2) == 0)
        {
            c.Seg.Flags = (Vp9SegmentationFlags)((int)Vp9SegmentationFlags.Enabled | random.Next(32));
            for (int i = 0; i < 8; i++)
            {
                c.Seg.FeatureEnabled[i] = (byte)(random.Next(3) == 0 ? random.Next(16) : 0);
                c.Seg.FeatureData[4 * i] = (short)random.Next(-255, 256);
                c.Seg.FeatureData[4 * i + 1] = (short)random.Next(-63, 64);
                c.Seg.FeatureData[4 * i + 2] = (short)random.Next(4);
            }
            for (int i = 0; i < 7; i++)
                c.Seg.TreeProbs[i] = (byte)random.Next(1, 256);
            for (int i = 0; i < 3; i++)
                c.Seg.PredProbs[i] = (byte)random.Next(1, 256);
            if (random.Next(2) == 0)
            {
                s->PreviousSegmentMap = Allocate(s->MiCols * s->MiRows, 0);
                for (int i = 0; i < s->MiCols * s->MiRows; i++)
                    s->PreviousSegmentMap[i] = (byte)random.Next(8);
            }
        }
        if (s->IsIntra == 0 && random.Next(2) == 0)
        {
            s->PreviousMotion = (MotionReference*)Allocate(s->MiCols * s->MiRows * sizeof(MotionReference), 0);
            for (int i = 0; i < s->MiCols * s->MiRows; i++)
            {
                int ref0 = random.Next(-1, 3);
                s->PreviousMotion[i] = new MotionReference
                {
                    Mv0 = (uint)random.Next(),
                    Mv1 = (uint)random.Next(),
                    Ref0 = (sbyte)ref0,
                    Ref1 = (sbyte)(ref0 < 0 ? -1 : random.Next(-1, 3)),
                };
            }
        }
        // Flat probabilities make all paths likely.
        if (random.Next(2) == 0)
        {
            for (byte* p = (byte*)_probs; p < (byte*)(_probs + 1); p++)
                *p = (byte)random.Next(1, 256);
        }
        Vp9Quantizer.FillDequant(s);
        Vp9LoopFilterLevels.Fill(s);
    }

    public bool Decode(byte[] data, byte txMode, Vp9Counts* counts = null)
    {
        Vp9FrameState* s = State;
        _above.ResetTile(0, s->MiCols);
        // Exactly as large as the data: reading over its end would be seen by tools and often by the processor.
        byte* copy = (byte*)NativeMemory.Alloc((nuint)Math.Max(data.Length, 1));
        data.CopyTo(new Span<byte>(copy, data.Length));
        bool good = _tile.Begin(s, _probs, txMode, counts, _above, 0, s->MiCols, 0, s->MiRows, copy, data.Length);
        for (int row = 0; row < s->SbRows; row++)
            good &= _tile.DecodeSuperblockRow(row);
        NativeMemory.Free(copy);
        return good;
    }

    public void CheckGuards()
    {
        foreach ((nint start, int bytes) in _buffers)
        {
            Assert.Equal(-1, new Span<byte>((byte*)start, Guard).IndexOfAnyExcept(GuardByte));
            Assert.Equal(-1, new Span<byte>((byte*)start + Guard + bytes, Guard).IndexOfAnyExcept(GuardByte));
        }
    }

    private static readonly byte[] Width8 = [1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8], Height8 = [1, 1, 1, 1, 2, 1, 2, 4, 2, 4, 8, 4, 8];

    /// <summary>Blocks tile the frame (up to the first corrupt superblock), each field is in range, the residual streams fit their blocks.</summary>
    public void CheckRecords(bool complete)
    {
        Vp9FrameState* s = State;
        var covered = new bool[s->MiCols * s->MiRows];
        for (int i = 0; i < s->SbCols * s->SbRows; i++)
        {
            SuperblockEntry* sb = s->Superblocks + i;
            Assert.InRange(sb->Count, complete ? 1 : 0, 64);
            int eobs = 0, coefficients = 0;
            for (int k = 0; k < sb->Count; k++)
            {
                BlockRecord* b = sb->Blocks + k;
                Assert.Equal(i, b->MiRow / 8 * s->SbCols + b->MiCol / 8);
                CheckFields(b);
                int w = Math.Min(Width8[(int)b->Size], s->MiCols - b->MiCol), h = Math.Min(Height8[(int)b->Size], s->MiRows - b->MiRow);
                for (int y = 0; y < h; y++)
                {
                    for (int x = 0; x < w; x++)
                    {
                        ref bool mark = ref covered[(b->MiRow + y) * s->MiCols + b->MiCol + x];
                        Assert.False(mark);
                        mark = true;
                    }
                }
                if (b->Skip == 0)
                    CheckResidual(sb, b, w, h, ref eobs, ref coefficients);
            }
            Assert.InRange(eobs, 0, _eobs);
            int bytes = coefficients * (s->BitDepth == 8 ? 2 : 4);
            Assert.InRange(bytes, 0, _coefficientBytes);
            // Behind the blocks' own coefficients nothing was written.
            Assert.Equal(-1, new Span<byte>((byte*)sb->Coefficients + bytes, _coefficientBytes - bytes).IndexOfAnyExcept((byte)0));
        }
        if (complete)
            Assert.DoesNotContain(false, covered);
    }

    private void CheckFields(BlockRecord* b)
    {
        Vp9FrameState* s = State;
        Assert.InRange((int)b->Size, 0, 12);
        Assert.InRange((int)b->TxSize, 0, b->Size < BlockSize.Block8x8 ? 0 : 3);
        Assert.InRange((int)b->UvTxSize, 0, b->TxSize);
        Assert.True(8 * Width8[(int)b->Size] >= 4 << b->TxSize && 8 * Height8[(int)b->Size] >= 4 << b->TxSize);
        Assert.True(8 * Width8[(int)b->Size] >> s->SubsamplingX >= 4 << b->UvTxSize && 8 * Height8[(int)b->Size] >> s->SubsamplingY >= 4 << b->UvTxSize);
        Assert.InRange((int)b->SegmentId, 0, 7);
        Assert.InRange((int)b->FilterLevel, 0, 63);
        Assert.InRange((int)b->InterpFilter, 0, 3);
        Assert.InRange((int)b->UvMode, 0, 9);
        for (int q = 0; q < 4; q++)
        {
            Assert.InRange((int)b->YModes[q], 0, 9);
            for (int list = 0; list < 2; list++)
            {
                MotionVector mv = b->GetMv(q, list);
                if (s->PreviousMotion == null)
                    Assert.True(Math.Abs((int)mv.Row) < 1 << 14 && Math.Abs((int)mv.Col) < 1 << 14);
            }
        }
        if (b->IsInter != 0)
        {
            Assert.InRange(b->RefFrame0, 0, 2);
            Assert.InRange(b->RefFrame1, -1, 2);
        }
        else
        {
            Assert.Equal((-1, -1), (b->RefFrame0, b->RefFrame1));
        }
    }

    private void CheckResidual(SuperblockEntry* sb, BlockRecord* b, int w, int h, ref int eobs, ref int coefficients)
    {
        for (int plane = 0; plane < 3; plane++)
        {
            int tx = plane == 0 ? b->TxSize : b->UvTxSize, step = 1 << tx, size = 16 << (2 * tx);
            int columns = 2 * w >> (plane == 0 ? 0 : State->SubsamplingX), rows = 2 * h >> (plane == 0 ? 0 : State->SubsamplingY);
            int blocks = (columns + step - 1) / step * ((rows + step - 1) / step);
            for (int i = 0; i < blocks; i++)
            {
                int eob = sb->Eobs[eobs++];
                Assert.InRange(eob, 0, size);
                coefficients += eob > 0 ? size : 0;
            }
        }
    }

    public void Dispose()
    {
        _tile.Dispose();
        _above.Dispose();
        foreach ((nint start, _) in _buffers)
            NativeMemory.AlignedFree((void*)start);
    }
}
