// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Turns the block records of a tile's superblocks into samples: prediction (7.11) and residual (7.12.3), before all filters. Holds the scratch memory of one tile in flight and is used again and again.
/// </summary>
public sealed unsafe partial class Av1Reconstructor : IDisposable
{
    // Edges: 128 samples and what kernels read on either side of them.
    private const int EdgeBefore = 128, EdgeBytes = 1024;

    // A block scaled down by two reads ((127 * 2048 + 1023) >> 10) + 8 = 262 columns and rows; vector loads somewhat more.
    private const int EmulatedColumns = 320, EmulatedRows = 264, EmulatedBefore = 64;

    // Interintra is at most 32×32, an overlapped prediction 64×32 or 32×64 samples.
    private const int OtherStride = 128, OtherRows = 64;
    private const int IntermediateBytes = 128 * 128 * sizeof(short) + 64;

    // Rows and columns -1..32 of BlockDecoded.
    private const int DecodedRows = 34;

    private readonly NativeBlock _memory = new();
    private readonly byte* _above, _left, _emulated, _other, _mask;
    private readonly short* _first, _second, _ac;
    private readonly ulong* _decoded;
    private readonly short* _localShear;
    private readonly PlaneGeometry* _planes;
    private readonly ReferencePlane* _references;
    private readonly byte* _wedges, _interIntraMasks;

    private Av1FrameState* _s;
    private Av1KernelTable* _kernels;
    private IAv1ReferenceWaiter _waiter = null!;
    private int _bitDepth, _sampleShift, _sbMask;
    private bool _edgeFilter, _integerMotion;
    private uint _scaled;

    /// <summary>Memory and size of a plane of the frame in work.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PlaneGeometry
    {
        /// <summary>Sample (0, 0).</summary>
        public byte* Base;
        public nint Stride;
        /// <summary>Unfiltered row above the superblock row in work.</summary>
        public byte* Line;
        public int SubX, SubY;
        /// <summary>Samples that belong to blocks: MiCols * 4 and MiRows * 4, subsampled.</summary>
        public int Width, Height;
        /// <summary>Rows of a superblock - 1.</summary>
        public int SbRowMask;
    }

    /// <summary>Allocates the scratch memory, enough for every format.</summary>
    /// <exception cref="OutOfMemoryException">No memory.</exception>
    public Av1Reconstructor()
    {
        Av1PredictionMasks.Make();
        _wedges = Av1PredictionMasks.Wedges;
        _interIntraMasks = Av1PredictionMasks.InterIntra;
        const int emulated = EmulatedColumns * 2 * EmulatedRows + 2 * EmulatedBefore;
        const int other = OtherStride * OtherRows + 64, mask = 128 * 128 + 64, ac = 32 * 32 * sizeof(short) + 64;
        int small = 4 * sizeof(short) + 3 * DecodedRows * sizeof(ulong) + 3 * sizeof(PlaneGeometry) + Av1FrameState.ReferenceCount * 3 * sizeof(ReferencePlane);
        int size = 2 * EdgeBytes + emulated + other + mask + ac + 2 * IntermediateBytes + (small + 63 & ~63);
        // What a stream does not use is not touched: the largest part, emulated edges, comes last.
        _memory.Reserve((nuint)size, sparse: true);
        byte* at = _memory.Pointer;
        _above = at + EdgeBefore;
        _left = at + EdgeBytes + EdgeBefore;
        at += 2 * EdgeBytes;
        _planes = (PlaneGeometry*)at;
        at += 3 * sizeof(PlaneGeometry);
        _references = (ReferencePlane*)at;
        at += Av1FrameState.ReferenceCount * 3 * sizeof(ReferencePlane);
        _decoded = (ulong*)at;
        at += 3 * DecodedRows * sizeof(ulong);
        _localShear = (short*)at;
        at = _memory.Pointer + 2 * EdgeBytes + (small + 63 & ~63);
        _first = (short*)at;
        at += IntermediateBytes;
        _second = (short*)at;
        at += IntermediateBytes;
        _ac = (short*)at;
        at += ac;
        _other = at;
        at += other;
        _mask = at;
        at += mask;
        _emulated = at + EmulatedBefore;
    }

    /// <summary>A missing reference was used since <see cref="BeginFrame"/>.</summary>
    public bool Corrupted { get; private set; }

    /// <summary>Binds the frame whose rows follow.</summary>
    /// <param name="s">Frame; must stay until the last row.</param>
    /// <param name="kernels">Kernels of the frame's bit depth.</param>
    /// <param name="waiter">Waits for rows of references that are still in decoding.</param>
    public void BeginFrame(Av1FrameState* s, Av1KernelTable* kernels, IAv1ReferenceWaiter waiter)
    {
        _s = s;
        _kernels = kernels;
        _waiter = waiter;
        Corrupted = false;
        _bitDepth = s->BitDepth;
        _sampleShift = s->BitDepth > 8 ? 1 : 0;
        _sbMask = (1 << s->SbSizeLog2) - 1;
        _edgeFilter = (s->Sequence.Flags & Av1SequenceFlags.EnableIntraEdgeFilter) != 0;
        _integerMotion = (s->Frame.Flags & Av1FrameFlags.ForceIntegerMv) != 0;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            PlaneGeometry* p = _planes + plane;
            p->Base = s->Current.Plane(plane);
            p->Stride = s->Current.Stride(plane);
            p->SubX = plane > 0 ? s->SubsamplingX : 0;
            p->SubY = plane > 0 ? s->SubsamplingY : 0;
            p->Width = s->MiCols * 4 >> p->SubX;
            p->Height = s->MiRows * 4 >> p->SubY;
            p->SbRowMask = (4 << s->SbSizeLog2 >> p->SubY) - 1;
        }
        BindReferences();
    }

    /// <summary>
    /// Reconstructs the tile's superblocks of row <paramref name="sbRow"/>, which entropy decoding has left, into <see cref="Av1FrameState.Current"/>. The rows before it must be done. Coefficients are zero
    /// afterwards.
    /// </summary>
    /// <param name="tile">Tile.</param>
    /// <param name="sbRow">Row.</param>
    /// <param name="follows">The row is still being decoded: each superblock is waited for.</param>
    public void ReconstructRow(Av1Tile* tile, int sbRow, bool follows = false)
    {
        for (int plane = 0; plane < _s->NumPlanes; plane++)
            _planes[plane].Line = _s->IntraLine(tile->Row, plane);
        if (_s->BitDepth == 8)
            ReconstructRow<byte>(tile, sbRow, follows);
        else
            ReconstructRow<ushort>(tile, sbRow, follows);
        KeepLastLine(tile, sbRow);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void ReconstructRow<TPixel>(Av1Tile* tile, int sbRow, bool follows)
        where TPixel : unmanaged
    {
        for (int sbCol = tile->SbColStart; sbCol < tile->SbColEnd; sbCol++)
        {
            if (follows && !_waiter.WaitSuperblocks(tile, (sbRow - tile->SbRowStart) * (tile->SbColEnd - tile->SbColStart) + sbCol - tile->SbColStart + 1))
                return;
            Av1Superblock* sb = _s->Superblock(sbRow, sbCol);
            ClearDecoded(tile, sbRow, sbCol);
            Av1Block* b = sb->Blocks;
            for (Av1Block* end = b + sb->BlockCount; b < end; b++)
            {
                if (b + 1 < end)
                    Prefetch(b + 1);
                if (b->IsInter)
                {
                    PredictInter<TPixel>(b);
                    AddResidual<TPixel>(sb, b);
                    MarkBlock(b);
                }
                else
                {
                    ReconstructIntra<TPixel>(sb, b);
                }
            }
        }
    }

    /// <summary>Keeps the row's last samples before they are filtered: the superblock row below predicts from them.</summary>
    private void KeepLastLine(Av1Tile* tile, int sbRow)
    {
        if (sbRow + 1 >= tile->SbRowEnd)
            return;
        for (int plane = 0; plane < _s->NumPlanes; plane++)
        {
            PlaneGeometry* p = _planes + plane;
            nint first = (nint)(tile->MiColStart * 4 >> p->SubX) << _sampleShift, end = (nint)(tile->MiColEnd * 4 >> p->SubX) << _sampleShift;
            byte* row = p->Base + ((nint)(sbRow + 1) * (p->SbRowMask + 1) - 1) * p->Stride;
            Unsafe.CopyBlockUnaligned(p->Line + first, row + first, (uint)(end - first));
        }
    }

    // --- BlockDecoded ----------------------------------------------------------------------------------------------------------------------------

    /// <summary>clear_block_decoded_flags (5.11.3). Bit c + 1 of word r + 1 is BlockDecoded[plane][r][c].</summary>
    private void ClearDecoded(Av1Tile* tile, int sbRow, int sbCol)
    {
        int size = _sbMask + 1, columns = tile->MiColEnd - (sbCol << _s->SbSizeLog2), rows = tile->MiRowEnd - (sbRow << _s->SbSizeLog2);
        for (int plane = 0; plane < _s->NumPlanes; plane++)
        {
            PlaneGeometry* p = _planes + plane;
            ulong* decoded = _decoded + plane * DecodedRows;
            int sizeX = size >> p->SubX, sizeY = size >> p->SubY;
            decoded[0] = (2UL << Math.Min(sizeX + 1, columns >> p->SubX)) - 1;
            int left = Math.Min(sizeY, rows >> p->SubY);
            for (int r = 0; r < left; r++)
                decoded[r + 1] = 1;
            for (int r = left; r <= sizeY; r++)
                decoded[r + 1] = 0;
        }
    }

    /// <summary>Marks units of a plane as decoded, whole also beyond the frame's edge: what lies there is never looked at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MarkDecoded(int plane, int row, int col, int rows, int cols)
    {
        ulong bits = ((1UL << cols) - 1) << (col + 1);
        ulong* decoded = _decoded + plane * DecodedRows + row + 1;
        for (int r = 0; r < rows; r++)
            decoded[r] |= bits;
    }

    private void MarkBlock(Av1Block* b)
    {
        int row = b->MiRow & _sbMask, col = b->MiCol & _sbMask;
        MarkDecoded(0, row, col, Av1Tables.Num4x4BlocksHigh[(int)b->Size], Av1Tables.Num4x4BlocksWide[(int)b->Size]);
        if (!b->HasChroma)
            return;
        int subX = _s->SubsamplingX, subY = _s->SubsamplingY, size = Av1Tables.SubsampledSize[((int)b->Size * 2 + subX) * 2 + subY];
        int rows = Av1Tables.Num4x4BlocksHigh[size], cols = Av1Tables.Num4x4BlocksWide[size];
        MarkDecoded(1, row >> subY, col >> subX, rows, cols);
        MarkDecoded(2, row >> subY, col >> subX, rows, cols);
    }
}
