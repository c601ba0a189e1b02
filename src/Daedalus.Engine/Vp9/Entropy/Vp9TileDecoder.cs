// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// Entropy decoding of one tile (spec 6.4): partition, modes, motion vectors and residual into records, superblock row by superblock row.
/// Owns all scratch memory; reused over tiles and frames.
/// </summary>
public sealed unsafe partial class Vp9TileDecoder : IDisposable
{
    // A reader behind the data is put back to this distance before each transform block: among zeros it gets no further anyway.
    private const int Overshoot = 64;

    // Most bytes one transform block can take: 1024 coefficients of 26 symbols (three of the tree, four of the Pareto tail, 18 extra
    // bits, a sign), each shifting by 7 bits at most. Zeros alone do not end it: with the right probabilities a remainder lives on in them.
    private const int LongestTransform = 1024 * 26 * 7 / 8;

    /// <summary>Zeros behind the data that the reader may load without looking.</summary>
    internal const int Padding = Overshoot + LongestTransform + 64;

    [StructLayout(LayoutKind.Sequential)]
    private struct Scratch
    {
        public fixed byte Cache[1024];
        public fixed byte CoefProbs[4 * 2 * 2 * 36 * 4];
        public fixed ulong LeftModes[8];
        // Pointers to the spatial neighbours, and the candidates of a sub-8×8 quarter.
        public fixed ulong Candidates[8];
        public fixed uint SubCandidates[2];
        public fixed uint LeftSubMvs[8 * 4];
        public fixed byte LeftNonZero[3 * 32];
        public fixed byte LeftIntraModes[32];
        public fixed byte LeftPartition[16];
        public BoolReader Reader;
        public TokenContext Tokens;
    }

    private readonly Scratch* _s;
    private readonly ScanEntry** _scans;
    private readonly NativeBlock _dataBlock = new();
    private byte* _data;
    private int _dataCapacity;
    private int _dataSize;
    private int _dataUsed; // behind these bytes the buffer holds zeros

    private Vp9FrameState* _frame;
    private Vp9Probabilities* _probs;
    private Vp9Counts* _counts;
    private Vp9AboveContext _above = null!;
    private byte _txMode;
    private int _miColStart, _miColEnd, _miRowStart, _miRowEnd;
    private bool _failed, _invalid;

    // Compound reference set-up (spec setup_compound_reference_mode), reference numbers 1..3.
    private int _fixedRef, _varRef0, _varRef1;
    private int _signBias; // bit r set: reference r (1..3) points forward

    // The superblock being filled.
    private BlockRecord* _block;
    private ushort* _eobs;
    private byte* _coefficients;

    /// <summary>Allocates the scratch memory.</summary>
    public Vp9TileDecoder()
    {
        _scans = Vp9ScanOrders.All;
        _s = (Scratch*)NativeMemory.AlignedAlloc((nuint)sizeof(Scratch), 64);
        NativeMemory.Clear(_s, (nuint)sizeof(Scratch));
        _s->Tokens.Cache = _s->Cache;
        // The table starts at probability 1.
        _s->Tokens.Pareto = Vp9BlockTables.Address(Vp9ProbabilityTables.Pareto) - 8;
    }

    /// <summary>Starts a tile (spec init_bool).</summary>
    /// <param name="frame">The frame; its superblock entries point at their buffers.</param>
    /// <param name="probs">Probabilities, unchanged while the tile is decoded.</param>
    /// <param name="txMode">tx_mode of the compressed header.</param>
    /// <param name="counts">Where symbols are counted, or null.</param>
    /// <param name="above">The frame's above contexts.</param>
    /// <param name="miColStart">First column, 8×8 units.</param>
    /// <param name="miColEnd">End of the columns.</param>
    /// <param name="miRowStart">First row.</param>
    /// <param name="miRowEnd">End of the rows.</param>
    /// <param name="data">The tile's bytes.</param>
    /// <param name="size">Their number.</param>
    /// <returns>False when the data cannot be a tile.</returns>
    public bool Begin(Vp9FrameState* frame, Vp9Probabilities* probs, byte txMode, Vp9Counts* counts, Vp9AboveContext above,
        int miColStart, int miColEnd, int miRowStart, int miRowEnd, byte* data, int size)
    {
        _frame = frame;
        _probs = probs;
        _counts = counts;
        _above = above;
        _txMode = frame->Lossless != 0 ? (byte)0 : txMode;
        _miColStart = miColStart;
        _miColEnd = miColEnd;
        _miRowStart = miRowStart;
        _miRowEnd = miRowEnd;
        _invalid = false;
        _failed = true;
        if (size <= 0)
            return false;
        CopyData(data, size);
        _s->Reader.Start(_data);
        if (_s->Reader.Read(128) != 0)
            return false;
        SetUpReferences();
        TokenContext* t = &_s->Tokens;
        t->Cat6Bits = frame->BitDepth == 8 ? 14 : frame->BitDepth == 10 ? 16 : 18;
        t->Cat6 = Vp9BlockTables.Address(Vp9ProbabilityTables.Cat6) + (18 - t->Cat6Bits);
        byte* from = probs->Coef, to = _s->CoefProbs;
        for (int i = 0; i < 4 * 2 * 2 * 36; i++, from += 3, to += 4)
        {
            to[0] = from[0];
            to[1] = from[1];
            to[2] = from[2];
        }
        _failed = false;
        return true;
    }

    // The reader loads 8 bytes at a time and only sees its own copy with zeros behind.
    private void CopyData(byte* data, int size)
    {
        if (size > _dataCapacity)
        {
            _data = null;
            _dataCapacity = _dataUsed = 0;
            int capacity = (int)Math.Min(size + (long)size / 2, int.MaxValue);
            _dataBlock.Reserve((nuint)capacity + Padding);
            _data = _dataBlock.Pointer;
            _dataCapacity = capacity;
        }
        NativeMemory.Copy(data, _data, (nuint)size);
        if (_dataUsed > size)
            NativeMemory.Clear(_data + size, (nuint)(_dataUsed - size));
        _dataSize = _dataUsed = size;
    }

    private void SetUpReferences()
    {
        int bias = _frame->Control.RefFrameSignBias;
        _signBias = (bias & 7) << 1;
        int last = bias & 1, golden = bias >> 1 & 1, alt = bias >> 2 & 1;
        (_fixedRef, _varRef0, _varRef1) = last == golden ? (3, 1, 2) : last == alt ? (2, 1, 3) : (1, 2, 3);
    }

    /// <summary>
    /// Decodes this tile's superblocks of one row. False: the data is corrupt; the row's remaining superblocks have no blocks.
    /// </summary>
    public bool DecodeSuperblockRow(int sbRow)
    {
        BeginSuperblockRow();
        for (int miCol = _miColStart; miCol < _miColEnd; miCol += 8)
            _ = DecodeSuperblock(sbRow, miCol >> 3);
        return !_failed;
    }

    /// <summary>Before the first <see cref="DecodeSuperblock"/> of a row.</summary>
    public void BeginSuperblockRow()
    {
        NativeMemory.Clear(_s->LeftNonZero, 3 * 32);
        NativeMemory.Clear(_s->LeftIntraModes, 32);
        NativeMemory.Clear(_s->LeftPartition, 16);
    }

    /// <summary>Decodes the row's next superblock. False: the data is corrupt, the blocks from there on (and the superblocks to come) are missing.</summary>
    public bool DecodeSuperblock(int sbRow, int sbCol)
    {
        if (_failed)
        {
            SkipSuperblock(_frame, _above, sbRow, sbCol);
            return false;
        }
        SuperblockEntry* entry = _frame->Superblock(sbRow, sbCol);
        _block = entry->Blocks;
        _eobs = entry->Eobs;
        _coefficients = (byte*)entry->Coefficients;
        DecodePartition(sbRow * 8, sbCol * 8, 3);
        entry->Count = (int)(_block - entry->Blocks);
        if (_invalid || _s->Reader.IsPastEnd(_data, _dataSize))
            _failed = true;
        return !_failed;
    }

    /// <summary>
    /// Leaves a superblock without blocks, and intra neighbours in segment 0 for what looks at it: memory is used again, and what an
    /// earlier frame left there would show in this one or the next.
    /// </summary>
    internal static void SkipSuperblock(Vp9FrameState* frame, Vp9AboveContext above, int sbRow, int sbCol)
    {
        frame->Superblock(sbRow, sbCol)->Count = 0;
        var intra = new MotionReference { Ref0 = -1, Ref1 = -1 };
        int miRow = sbRow * 8, miCol = sbCol * 8;
        int rows = Math.Min(8, frame->MiRows - miRow), columns = Math.Min(8, frame->MiCols - miCol);
        for (int y = miRow; y < miRow + rows; y++)
        {
            nint at = y * (nint)frame->MiCols + miCol;
            new Span<MotionReference>(frame->Motion + at, columns).Fill(intra);
            if (frame->SegmentMap != null)
                new Span<byte>(frame->SegmentMap + at, columns).Clear();
        }
        new Span<NeighbourMode>(above.Modes + miCol, columns).Fill(new NeighbourMode { Ref1 = -1, InterpFilter = 3, ModeWeight = 9 });
    }

    /// <summary>How far the reader's position lies behind the tile's bytes; at most <see cref="Padding"/>.</summary>
    internal long BytesBehindEnd => _s->Reader.Next - (_data + _dataSize);

    // Spec 6.4.3 decode_partition; level 3 is 64×64, 0 is 8×8.
    private void DecodePartition(int miRow, int miCol, int level)
    {
        Vp9FrameState* f = _frame;
        if (miRow >= f->MiRows || miCol >= f->MiCols)
            return;
        int half = 1 << level >> 1;
        bool hasRows = miRow + half < f->MiRows, hasCols = miCol + half < f->MiCols;
        byte* above = _above.Partition + miCol;
        byte* left = _s->LeftPartition + (miRow & 7);
        int ctx = (*left >> level & 1) * 2 + (*above >> level & 1) + level * 4;
        byte* probs = (f->IsIntra != 0 ? Vp9BlockTables.Address(Vp9ProbabilityTables.KeyPartition) : _probs->Partition) + 3 * ctx;
        BoolReader* r = &_s->Reader;
        int partition;
        if (hasRows && hasCols)
            partition = ReadPartition(r, probs);
        else if (hasCols)
            partition = Bit(r, probs[1]) != 0 ? 3 : 1;
        else if (hasRows)
            partition = Bit(r, probs[2]) != 0 ? 3 : 2;
        else
            partition = 3;
        if (_counts != null)
            _counts->Partition[4 * ctx + partition]++;

        int size = Vp9BlockTables.SubSize[partition * 4 + level];
        if (level == 0)
        {
            DecodeBlock(miRow, miCol, size);
        }
        else
        {
            switch (partition)
            {
                case 0:
                    DecodeBlock(miRow, miCol, size);
                    break;
                case 1:
                    DecodeBlock(miRow, miCol, size);
                    if (hasRows)
                        DecodeBlock(miRow + half, miCol, size);
                    break;
                case 2:
                    DecodeBlock(miRow, miCol, size);
                    if (hasCols)
                        DecodeBlock(miRow, miCol + half, size);
                    break;
                default:
                    DecodePartition(miRow, miCol, level - 1);
                    DecodePartition(miRow, miCol + half, level - 1);
                    DecodePartition(miRow + half, miCol, level - 1);
                    DecodePartition(miRow + half, miCol + half, level - 1);
                    return;
            }
        }
        int n = 1 << level;
        Unsafe.InitBlockUnaligned(above, Vp9BlockTables.PartitionAbove[size], (uint)n);
        Unsafe.InitBlockUnaligned(left, Vp9BlockTables.PartitionLeft[size], (uint)n);
    }

    // partition_tree (spec 9.3.1).
    private static int ReadPartition(BoolReader* reader, byte* p)
    {
        BoolReader r = *reader;
        int partition;
        if (!r.ReadBool(p[0]))
            partition = 0;
        else if (!r.ReadBool(p[1]))
            partition = 1;
        else
            partition = 2 + r.Read(p[2]);
        *reader = r;
        return partition;
    }

    // Single mode symbols: not worth a copy of the reader in each place.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Bit(BoolReader* r, uint prob) => r->Read(prob);

    // Spec 6.4.5 decode_block.
    private void DecodeBlock(int miRow, int miCol, int size)
    {
        Vp9FrameState* f = _frame;
        HoldReader();
        BlockRecord* b = _block;
        int width = Math.Min(Vp9BlockTables.Width8[size], f->MiCols - miCol);
        int height = Math.Min(Vp9BlockTables.Height8[size], f->MiRows - miRow);
        *b = default;
        b->MiRow = (ushort)miRow;
        b->MiCol = (ushort)miCol;
        b->Size = (BlockSize)size;
        b->Lossless = (byte)f->Lossless;
        NeighbourMode mode = default;
        if (f->IsIntra != 0)
            IntraFrameModeInfo(b, &mode, width, height);
        else
            InterFrameModeInfo(b, &mode, width, height);
        b->UvTxSize = (byte)UvTxSize(size, b->TxSize);
        int reference = b->IsInter != 0 ? b->RefFrame0 + 1 : 0;
        b->FilterLevel = f->FilterLevels[b->SegmentId * 8 + reference * 2 + (b->IsInter != 0 && mode.ModeWeight != 3 ? 1 : 0)];

        if (b->Skip != 0)
        {
            ClearNonZero(miRow, miCol, size);
        }
        else
        {
            ushort* eobs = _eobs;
            bool any = _counts != null
                ? (f->BitDepth == 8 ? Residual<ShortStore, Yes>(b, width, height) : Residual<IntStore, Yes>(b, width, height))
                : (f->BitDepth == 8 ? Residual<ShortStore, No>(b, width, height) : Residual<IntStore, No>(b, width, height));
            if (!any && b->IsInter != 0 && size >= 3)
            {
                // No coefficient at all: later blocks and the loop filter see a skipped block.
                b->Skip = 1;
                _eobs = eobs;
            }
        }
        // Put together in a register: a load of the word would wait for the byte stores above.
        ulong word = b->Skip | (ulong)b->TxSize << 8 | (ulong)(byte)mode.Ref0 << 16 | (ulong)(byte)mode.Ref1 << 24
            | (ulong)mode.InterpFilter << 32 | (ulong)mode.ModeWeight << 40 | (ulong)mode.SegmentPredicted << 48 | (ulong)mode.IsSub8x8 << 56;
        StoreNeighbours(word, miRow, miCol, size);
        _block = b + 1;
    }

    private void StoreNeighbours(ulong word, int miRow, int miCol, int size)
    {
        int w = Vp9BlockTables.Width8[size], h = Vp9BlockTables.Height8[size];
        ulong* above = (ulong*)(_above.Modes + miCol);
        for (int i = 0; i < w; i++)
            above[i] = word;
        ulong* left = _s->LeftModes + (miRow & 7);
        for (int i = 0; i < h; i++)
            left[i] = word;
    }

    // Spec get_uv_tx_size: the largest that fits the chroma block.
    private int UvTxSize(int size, int txSize)
    {
        if (size < 3)
            return 0;
        int w = Vp9BlockTables.Width8[size] * 2 >> _frame->SubsamplingX, h = Vp9BlockTables.Height8[size] * 2 >> _frame->SubsamplingY;
        int largest = System.Numerics.BitOperations.Log2((uint)Math.Min(w, h));
        return Math.Min(txSize, Math.Min(largest, 3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void HoldReader()
    {
        byte* limit = _data + _dataSize + Overshoot;
        if (_s->Reader.Next > limit)
            _s->Reader.Next = limit;
    }

    private byte* AboveNonZero(int plane) => plane == 0 ? _above.NonZero0 : plane == 1 ? _above.NonZero1 : _above.NonZero2;

    private void ClearNonZero(int miRow, int miCol, int size)
    {
        for (int plane = 0; plane < 3; plane++)
        {
            int sx = plane == 0 ? 0 : _frame->SubsamplingX, sy = plane == 0 ? 0 : _frame->SubsamplingY;
            Unsafe.InitBlockUnaligned(AboveNonZero(plane) + (2 * miCol >> sx), 0, (uint)(2 * Vp9BlockTables.Width8[size] >> sx));
            Unsafe.InitBlockUnaligned(_s->LeftNonZero + 32 * plane + (2 * (miRow & 7) >> sy), 0, (uint)(2 * Vp9BlockTables.Height8[size] >> sy));
        }
    }

    // Spec 6.4.21 residual; width and height of the visible part in 8×8 units. Returns whether any coefficient was coded.
    private bool Residual<TStore, TCount>(BlockRecord* b, int width, int height)
        where TStore : struct, ICoefficientStore
        where TCount : struct, IFlag
    {
        Vp9FrameState* f = _frame;
        TokenContext* t = &_s->Tokens;
        int total = 0;
        bool lumaIntra = b->IsInter == 0 && f->Lossless == 0;
        for (int plane = 0; plane < 3; plane++)
        {
            int sx = plane == 0 ? 0 : f->SubsamplingX, sy = plane == 0 ? 0 : f->SubsamplingY;
            int tx = plane == 0 ? b->TxSize : b->UvTxSize;
            int step = 1 << tx;
            int columns = 2 * width >> sx, rows = 2 * height >> sy;
            byte* above = AboveNonZero(plane) + (2 * b->MiCol >> sx);
            byte* left = _s->LeftNonZero + 32 * plane + (2 * (b->MiRow & 7) >> sy);
            int index = ((tx * 2 + (plane == 0 ? 0 : 1)) * 2 + b->IsInter) * 36;
            t->Probs = _s->CoefProbs + index * 4;
            if (TCount.Value)
            {
                t->Counts = _counts->Coef + index * 4;
                t->EobCounts = _counts->EobBranch + index;
            }
            int size = 16 << (2 * tx);
            t->Shift = tx == 3 ? 1 : 0;
            t->Dc = f->Dequant[b->SegmentId * 4 + (plane == 0 ? 0 : 2)];
            t->Ac = f->Dequant[b->SegmentId * 4 + (plane == 0 ? 1 : 3)];
            bool byMode = lumaIntra && plane == 0 && tx < 3;
            SelectScan(t, Vp9ScanOrders.Index(tx, byMode ? Vp9BlockTables.TxTypeOfMode[b->YModes[0]] : 0), size);
            bool perQuarter = byMode && b->Size < BlockSize.Block8x8;
            for (int y = 0; y < rows; y += step)
            {
                for (int x = 0; x < columns; x += step)
                {
                    if (perQuarter)
                        SelectScan(t, Vp9ScanOrders.Index(0, Vp9BlockTables.TxTypeOfMode[b->YModes[y * 2 + x]]), size);
                    HoldReader();
                    int eob = Vp9TokenReader.Read<TStore, TCount>(&_s->Reader, t, Context(above + x, left + y, tx), _coefficients);
                    *_eobs++ = (ushort)eob;
                    int flag = 0;
                    if (eob != 0)
                    {
                        flag = 1;
                        total |= 1;
                        _coefficients += size * TStore.Size;
                    }
                    Mark(above + x, flag, step, columns - x);
                    Mark(left + y, flag, step, rows - y);
                }
            }
        }
        return total != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Context(byte* above, byte* left, int tx) => tx switch
    {
        0 => *above + *left,
        1 => (*(ushort*)above != 0 ? 1 : 0) + (*(ushort*)left != 0 ? 1 : 0),
        2 => (*(uint*)above != 0 ? 1 : 0) + (*(uint*)left != 0 ? 1 : 0),
        _ => (*(ulong*)above != 0 ? 1 : 0) + (*(ulong*)left != 0 ? 1 : 0),
    };

    // Parts of a transform outside the frame count as zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mark(byte* at, int flag, int step, int visible)
    {
        ulong word = flag != 0 ? 0x0101010101010101ul : 0;
        if (visible < step)
            word &= (1ul << (8 * visible)) - 1;
        switch (step)
        {
            case 1: *at = (byte)word; break;
            case 2: *(ushort*)at = (ushort)word; break;
            case 4: *(uint*)at = (uint)word; break;
            default: *(ulong*)at = word; break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SelectScan(TokenContext* t, int scan, int size)
    {
        t->Scan = _scans[scan];
        t->ScanEnd = t->Scan + size;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dataBlock.Dispose();
        _data = null;
        _dataCapacity = 0;
        if (!_disposed)
            NativeMemory.AlignedFree(_s);
        _disposed = true;
    }

    private bool _disposed;
}
