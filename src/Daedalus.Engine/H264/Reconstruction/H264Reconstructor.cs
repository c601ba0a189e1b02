// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Kernels.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>
/// Turns macroblock records into samples, before deblocking: intra prediction (spec 8.3), inter prediction (8.4.2), residual (8.5), SP and SI decoding (8.6).
/// Holds the scratch of one worker; rows of one picture may be done by different objects in row order.
/// </summary>
public sealed unsafe partial class H264Reconstructor : IDisposable
{
    // Where things lie in the scratch block.
    private const int GreyBytes = 128, LineBytes = 128, SecondStride = 64, SecondPlane = 16 * SecondStride, EdgeStride = 128, EdgeRows = 24;
    private const int ScratchBytes = GreyBytes + LineBytes + 3 * SecondPlane + EdgeStride * EdgeRows + 128;

    /// <summary>Samples a prediction goes to: the macroblock in the picture, or the second prediction of a weighted pair.</summary>
    private struct Target
    {
        public byte* Y, U, V;
        public nint StrideY, StrideC;
    }

    private byte* _scratch;
    // A line of middle grey in place of neighbours that do not exist, a line of neighbours to complete, edges of references.
    private readonly byte* _grey, _line, _edge;
    private readonly Target* _target, _second;

    // The picture.
    private H264PictureState* _p;
    private H264KernelTable* _kernels;
    private IH264ReferenceWaiter? _waiter;
    private int _maxValue, _chromaArrayType, _chromaShiftX, _chromaShiftY, _qpBdOffset;
    private int _chromaBytes, _dcBytes;
    private int _greyDepth;
    // A frame without field macroblocks, 4:2:0.
    private bool _isPlain;

    // The slice.
    private int _sliceIndex;
    private H264Slice* _slice;
    private bool _constrainedIntra, _isSp;
    private WeightMode _weightMode;

    // The macroblock.
    private H264Macroblock* _mb;
    private int _mbX, _mbY, _mbIndex;
    private bool _isFieldMb;
    private byte* _dc;

    /// <summary>Allocates the scratch memory.</summary>
    public H264Reconstructor()
    {
        _scratch = (byte*)NativeMemory.AlignedAlloc(ScratchBytes + 2 * (nuint)sizeof(Target), 64);
        NativeMemory.Clear(_scratch, ScratchBytes + 2 * (nuint)sizeof(Target));
        _grey = _scratch + 32;
        _line = _scratch + GreyBytes + 32;
        byte* second = _scratch + GreyBytes + LineBytes;
        _edge = second + 3 * SecondPlane;
        _target = (Target*)(_scratch + ScratchBytes);
        _second = _target + 1;
        *_second = new Target { Y = second, U = second + SecondPlane, V = second + 2 * SecondPlane, StrideY = SecondStride, StrideC = SecondStride };
    }

    /// <summary>A reference that does not exist was used since this was last set to false.</summary>
    public bool Corrupted { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
    }

    /// <summary>Reconstructs all macroblocks of a row; what lies above must be done and not yet deblocked.</summary>
    /// <param name="p">The picture.</param>
    /// <param name="kernels">Kernels for its bit depth.</param>
    /// <param name="waiter">Waits for rows of references; null when all are complete.</param>
    /// <param name="mbRow">Row; MBAFF: the even one of a pair, both are done.</param>
    public void ReconstructRow(H264PictureState* p, H264KernelTable* kernels, IH264ReferenceWaiter? waiter, int mbRow)
    {
        _p = p;
        _kernels = kernels;
        _waiter = waiter;
        _sliceIndex = -1;
        _maxValue = (1 << p->BitDepth) - 1;
        _qpBdOffset = 6 * (p->BitDepth - 8);
        _chromaArrayType = p->ChromaArrayType;
        _chromaShiftX = _chromaArrayType == 3 ? 0 : 1;
        _chromaShiftY = _chromaArrayType == 1 ? 1 : 0;
        _isPlain = _chromaArrayType == 1 && !p->IsField && !p->IsMbaff;
        int coefficientSize = p->BitDepth > 8 ? 4 : 2;
        _chromaBytes = p->ChromaSize * coefficientSize;
        _dcBytes = p->DcOffset * coefficientSize;
        FillGrey();
        if (p->BitDepth == 8)
            Row<byte>(mbRow);
        else
            Row<ushort>(mbRow);
    }

    private void FillGrey()
    {
        if (_greyDepth == _p->BitDepth)
            return;
        _greyDepth = _p->BitDepth;
        if (_greyDepth == 8)
            new Span<byte>(_scratch, GreyBytes).Fill(128);
        else
            new Span<ushort>(_scratch, GreyBytes / 2).Fill((ushort)((_maxValue + 1) >> 1));
    }

    private void Row<TPixel>(int mbRow)
        where TPixel : unmanaged
    {
        int width = _p->WidthInMbs;
        if (!_p->IsMbaff)
        {
            bool hasInter = _p->HasInter;
            for (int x = 0; x < width; x++)
            {
                if (hasInter)
                    Prefetch<TPixel>(x + PrefetchDistance, mbRow);
                if ((x & 3) == 0)
                    PrefetchTarget<TPixel>(x + 4, mbRow);
                ReconstructMacroblock<TPixel>(x, mbRow);
            }
            return;
        }
        for (int x = 0; x < width; x++)
        {
            ReconstructMacroblock<TPixel>(x, mbRow);
            ReconstructMacroblock<TPixel>(x, mbRow + 1);
        }
    }

    private void ReconstructMacroblock<TPixel>(int mbX, int mbY)
        where TPixel : unmanaged
    {
        H264PictureState* p = _p;
        _mbX = mbX;
        _mbY = mbY;
        _mbIndex = mbY * p->WidthInMbs + mbX;
        H264Macroblock* mb = _mb = p->Macroblocks + _mbIndex;
        Place<TPixel>(mb);
        if (mb->Slice != _sliceIndex && !EnterSlice(mb->Slice))
        {
            FillMacroblock<TPixel>();
            return;
        }

        bool isInter = mb->Type == H264MbType.Inter;
        if (isInter)
        {
            PredictInter<TPixel>();
            if (((uint)mb->Luma | mb->Cb | mb->Cr | mb->Dc) == 0 && !_isSp)
                return;
        }
        byte* coefficients = p->CoefficientsOf(mbX, mbY);
        _dc = coefficients + _dcBytes;
        if (!isInter)
        {
            if (mb->Type == H264MbType.Pcm)
                CopyPcm<TPixel>(coefficients);
            else
                ReconstructIntra<TPixel>(coefficients);
        }
        else if (!_isSp)
        {
            AddInterResidual<TPixel>(coefficients);
        }
        else if ((mb->Flags & H264MbFlags.Concealed) == 0)
        {
            DecodeSp<TPixel>(coefficients, _slice->Header.SpForSwitch);
        }
    }

    /// <summary>Where the macroblock lies in the picture: a field macroblock in every other line of its pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Place<TPixel>(H264Macroblock* mb)
        where TPixel : unmanaged
    {
        H264PictureState* p = _p;
        nint strideY = p->Picture.StrideY, strideC = p->Picture.StrideUv;
        int lineY = _mbY * 16, lineC = lineY >> _chromaShiftY;
        nint columnC = (nint)((_mbX * 16) >> _chromaShiftX) * sizeof(TPixel);
        _isFieldMb = p->IsMbaff && mb->IsField;
        if (_isFieldMb)
        {
            lineY = (_mbY & ~1) * 16;
            lineC = (lineY >> _chromaShiftY) + (_mbY & 1);
            lineY += _mbY & 1;
        }
        Target* t = _target;
        t->Y = p->Picture.Plane0 + lineY * strideY + (nint)_mbX * 16 * sizeof(TPixel);
        t->U = p->Picture.Plane1 + lineC * strideC + columnC;
        t->V = p->Picture.Plane2 + lineC * strideC + columnC;
        t->StrideY = _isFieldMb ? strideY * 2 : strideY;
        t->StrideC = _isFieldMb ? strideC * 2 : strideC;
    }

    /// <summary>Takes over what holds for a slice; false when there is none.</summary>
    private bool EnterSlice(int index)
    {
        if (index >= _p->SliceCount)
            return false;
        _sliceIndex = index;
        _slice = _p->Slices + index;
        _constrainedIntra = (_slice->Pps->Pps.Flags & H264PpsFlags.ConstrainedIntraPred) != 0;
        _isSp = _slice->Header.SliceType == H264SliceType.SP;
        _weightMode = _slice->ImplicitWeights != null ? WeightMode.Implicit : _slice->Header.HasWeights ? WeightMode.Explicit : WeightMode.None;
        return true;
    }

    /// <summary>A macroblock nothing is known of.</summary>
    private void FillMacroblock<TPixel>()
        where TPixel : unmanaged
    {
        FillGrey<TPixel>(_target, 0, 0, 0, 16);
        Corrupted = true;
    }

    /// <summary>Middle grey in a partition of all planes.</summary>
    private void FillGrey<TPixel>(Target* target, int x, int y, int widthIndex, int height)
        where TPixel : unmanaged
    {
        int width = 16 >> widthIndex;
        FillBlock<TPixel>(target->Y + y * target->StrideY + x * sizeof(TPixel), target->StrideY, width, height);
        if (_chromaArrayType == 0)
            return;
        nint offset = (y >> _chromaShiftY) * target->StrideC + (x >> _chromaShiftX) * sizeof(TPixel);
        FillBlock<TPixel>(target->U + offset, target->StrideC, width >> _chromaShiftX, height >> _chromaShiftY);
        FillBlock<TPixel>(target->V + offset, target->StrideC, width >> _chromaShiftX, height >> _chromaShiftY);
    }

    private void FillBlock<TPixel>(byte* dst, nint stride, int width, int height)
        where TPixel : unmanaged
    {
        for (int y = 0; y < height; y++, dst += stride)
            Unsafe.CopyBlockUnaligned(dst, _grey, (uint)(width * sizeof(TPixel)));
    }

    /// <summary>I_PCM (spec 8.3.5): the coefficients are samples.</summary>
    private void CopyPcm<TPixel>(byte* coefficients)
        where TPixel : unmanaged
    {
        Target* t = _target;
        CopyPcmPlane<TPixel>(t->Y, t->StrideY, coefficients, 16, 16);
        if (_chromaArrayType == 0)
            return;
        byte* chroma = coefficients + 256 * 2 * sizeof(TPixel);
        CopyPcmPlane<TPixel>(t->U, t->StrideC, chroma, 16 >> _chromaShiftX, 16 >> _chromaShiftY);
        CopyPcmPlane<TPixel>(t->V, t->StrideC, chroma + _chromaBytes, 16 >> _chromaShiftX, 16 >> _chromaShiftY);
    }

    private static void CopyPcmPlane<TPixel>(byte* dst, nint stride, byte* coefficients, int width, int height)
        where TPixel : unmanaged
    {
        for (int y = 0; y < height; y++, dst += stride)
        {
            for (int x = 0; x < width; x++)
            {
                if (sizeof(TPixel) == 1)
                    dst[x] = (byte)((short*)coefficients)[y * width + x];
                else
                    ((ushort*)dst)[x] = (ushort)((int*)coefficients)[y * width + x];
            }
        }
        Unsafe.InitBlockUnaligned(coefficients, 0, (uint)(width * height * 2 * sizeof(TPixel)));
    }
}
