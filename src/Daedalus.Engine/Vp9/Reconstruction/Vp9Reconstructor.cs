// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Engine.Memory;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <summary>
/// Second stage of the VP9 engine: turns the block records of a superblock into pixels (spec 8.5 prediction, 8.6 reconstruction).
/// Holds the scratch memory of one worker; any number of them may work on one <see cref="Vp9FrameContext"/>.
/// </summary>
public sealed unsafe partial class Vp9Reconstructor : IDisposable
{
    // Edges: 32 left or 64 above samples of 2 bytes, with room for the vector loads of kernels on either side.
    private const int EdgePadding = 64;
    private const int EdgeBytes = EdgePadding + 128 + EdgePadding;

    // A scaled block reads up to ((15 + 63 * 32) >> 4) + 8 = 134 rows and columns, vector loads a little more.
    private const int EmulatedColumns = 160;
    private const int EmulatedRows = 136;

    private readonly NativeBlock _memory = new();
    private readonly byte* _left;
    private readonly byte* _leftUnavailable;
    private readonly byte* _above;
    private readonly byte* _aboveUnavailable;
    private readonly byte* _emulated;
    private int _edgeBitDepth;

    // The frame and superblock in work.
    private Vp9FrameContext _context = null!;
    private Vp9PlaneGeometry* _planes;
    private Vp9KernelTable* _kernels;
    private int _bitDepth;
    private int _maxValue;
    private int _miCols;
    private int _miRows;
    private ushort* _eobs;
    private byte* _coefficients;

    /// <summary>Allocates the scratch memory, enough for every bit depth.</summary>
    public Vp9Reconstructor()
    {
        const int size = 4 * EdgeBytes + EmulatedColumns * 2 * EmulatedRows + EdgePadding;
        _memory.Reserve(size);
        _left = _memory.Pointer + EdgePadding;
        _leftUnavailable = _left + EdgeBytes;
        _above = _leftUnavailable + EdgeBytes;
        _aboveUnavailable = _above + EdgeBytes;
        _emulated = _memory.Pointer + 4 * EdgeBytes;
    }

    /// <summary>Width of a block in 8×8 units, by <see cref="BlockSize"/>.</summary>
    private static ReadOnlySpan<byte> Width8 => [1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8];

    /// <summary>Height of a block in 8×8 units, by <see cref="BlockSize"/>.</summary>
    private static ReadOnlySpan<byte> Height8 => [1, 1, 1, 1, 2, 1, 2, 4, 2, 4, 8, 4, 8];

    /// <summary>
    /// Reconstructs one superblock and keeps its unfiltered bottom line for the superblock below.
    /// The superblocks to the left and above must be done.
    /// </summary>
    public void ReconstructSuperblock(Vp9FrameContext ctx, int sbRow, int sbCol)
    {
        Vp9FrameState* state = ctx.State;
        _context = ctx;
        _planes = ctx.Planes;
        _kernels = ctx.Kernels;
        _bitDepth = state->BitDepth;
        _maxValue = (1 << state->BitDepth) - 1;
        _miCols = state->MiCols;
        _miRows = state->MiRows;
        if (_edgeBitDepth != state->BitDepth)
        {
            PrepareEdges(state->BitDepth);
        }

        SuperblockEntry* entry = state->Superblock(sbRow, sbCol);
        _eobs = entry->Eobs;
        _coefficients = (byte*)entry->Coefficients;
        if (state->BitDepth == 8)
        {
            ReconstructBlocks<byte>(entry, sbCol);
            SaveBottomLine<byte>(sbRow, sbCol, state->SbRows);
        }
        else
        {
            ReconstructBlocks<ushort>(entry, sbCol);
            SaveBottomLine<ushort>(sbRow, sbCol, state->SbRows);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    private void ReconstructBlocks<TPixel>(SuperblockEntry* entry, int sbCol)
        where TPixel : unmanaged
    {
        bool tileStart = _context.IsTileStart(sbCol);
        BlockRecord* record = entry->Blocks;
        for (BlockRecord* end = record + entry->Count; record < end; record++)
        {
            if (record->IsInter != 0)
            {
                PredictInter<TPixel>(record);
                if (record->Skip == 0)
                {
                    AddResidual<TPixel>(record, 0, record->TxSize);
                    AddResidual<TPixel>(record, 1, record->UvTxSize);
                    AddResidual<TPixel>(record, 2, record->UvTxSize);
                }
            }
            else
            {
                bool haveLeft = !tileStart || record->MiCol != sbCol * 8;
                ReconstructIntra<TPixel>(record, 0, haveLeft);
                ReconstructIntra<TPixel>(record, 1, haveLeft);
                ReconstructIntra<TPixel>(record, 2, haveLeft);
            }
        }
    }

    /// <summary>Adds the residual of one plane of an inter block: always DCT_DCT unless lossless (spec 8.6.2).</summary>
    private void AddResidual<TPixel>(BlockRecord* record, int planeIndex, int txSize)
        where TPixel : unmanaged
    {
        Vp9PlaneGeometry* plane = _planes + planeIndex;
        int x0 = record->MiCol * 8 >> plane->SubsamplingX, y0 = record->MiRow * 8 >> plane->SubsamplingY;
        int right = Math.Min(x0 + (Width8[(int)record->Size] * 8 >> plane->SubsamplingX), plane->CodedWidth);
        int bottom = Math.Min(y0 + (Height8[(int)record->Size] * 8 >> plane->SubsamplingY), plane->CodedHeight);
        int n = 4 << txSize;
        nint coefficientBytes = n * n * CoefficientSize<TPixel>();
        var transform = _kernels->GetInverseTransform(record->Lossless != 0 ? Vp9KernelTable.Lossless : txSize * 4);
        nint stride = plane->Stride;
        byte* row = plane->Base + y0 * stride + x0 * sizeof(TPixel);
        ushort* eobs = _eobs;
        byte* coefficients = _coefficients;
        int max = _maxValue;
        for (int y = y0; y < bottom; y += n, row += n * stride)
        {
            byte* dst = row;
            for (int x = x0; x < right; x += n, dst += n * sizeof(TPixel))
            {
                int eob = *eobs++;
                if (eob != 0)
                {
                    transform(dst, stride, coefficients, eob, max);
                    coefficients += coefficientBytes;
                }
            }
        }

        _eobs = eobs;
        _coefficients = coefficients;
    }

    /// <summary>Bytes of a coefficient: short at 8 bits, int above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CoefficientSize<TPixel>()
        where TPixel : unmanaged => sizeof(TPixel) * 2;

    /// <summary>
    /// Copies the last line of each plane before the loop filter changes it: intra prediction of the superblock below uses unfiltered samples.
    /// </summary>
    private void SaveBottomLine<TPixel>(int sbRow, int sbCol, int sbRows)
        where TPixel : unmanaged
    {
        if (sbRow + 1 >= sbRows)
        {
            return;
        }

        for (int i = 0; i < 3; i++)
        {
            Vp9PlaneGeometry* plane = _planes + i;
            int width = (64 >> plane->SubsamplingX) * sizeof(TPixel);
            byte* src = plane->Base + (((nint)sbRow + 1) * (plane->SuperblockMask + 1) - 1) * plane->Stride + (nint)sbCol * width;
            byte* dst = plane->Above + (sbRow + 1) * plane->AboveStride + (nint)sbCol * width;
            Unsafe.CopyBlockUnaligned(dst, src, (uint)width);
        }
    }

    /// <summary>Fills the constant edges that stand for unavailable samples: half range + 1 to the left, - 1 above (spec 8.5.1.1).</summary>
    private void PrepareEdges(int bitDepth)
    {
        _edgeBitDepth = bitDepth;
        int half = 1 << (bitDepth - 1);
        if (bitDepth == 8)
        {
            new Span<byte>(_leftUnavailable - EdgePadding, EdgeBytes).Fill((byte)(half + 1));
            new Span<byte>(_aboveUnavailable - EdgePadding, EdgeBytes).Fill((byte)(half - 1));
        }
        else
        {
            new Span<ushort>(_leftUnavailable - EdgePadding, EdgeBytes / 2).Fill((ushort)(half + 1));
            new Span<ushort>(_aboveUnavailable - EdgePadding, EdgeBytes / 2).Fill((ushort)(half - 1));
        }
    }
}
