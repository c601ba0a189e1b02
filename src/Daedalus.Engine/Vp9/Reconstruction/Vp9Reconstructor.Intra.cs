// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Vp9;

/// <content>Intra blocks: edge preparation, prediction, residual.</content>
public sealed unsafe partial class Vp9Reconstructor
{
    private const int NeedLeft = 1, NeedAbove = 2, NeedCorner = 4, NeedAboveRight = 8;
    private const int ModeDc = 0, LastMode = 9, ModeDcLeft = 10, ModeDcAbove = 11, ModeDcNone = 12;

    /// <summary>Which edges a mode reads. DC is resolved to one of its four variants first.</summary>
    private static ReadOnlySpan<byte> ModeNeeds =>
    [
        NeedLeft | NeedAbove,               // DC
        NeedAbove,                          // V
        NeedLeft,                           // H
        NeedAbove | NeedAboveRight,         // D45
        NeedLeft | NeedAbove | NeedCorner,  // D135
        NeedLeft | NeedAbove | NeedCorner,  // D117
        NeedLeft | NeedAbove | NeedCorner,  // D153
        NeedLeft,                           // D207
        NeedAbove | NeedAboveRight,         // D63
        NeedLeft | NeedAbove | NeedCorner,  // TM
        NeedLeft, NeedAbove, 0,             // DC of left only, above only, none
    ];

    /// <summary>Transform type of an intra luma mode (spec mode2txfm_map).</summary>
    private static ReadOnlySpan<byte> ModeToTxType => [0, 1, 2, 0, 3, 1, 2, 2, 1, 3];

    /// <summary>Predicts and reconstructs one plane of an intra block, transform block by transform block.</summary>
    private void ReconstructIntra<TPixel>(BlockRecord* record, int planeIndex, bool blockHasLeft)
        where TPixel : unmanaged
    {
        Vp9PlaneGeometry* plane = _planes + planeIndex;
        int txSize = planeIndex == 0 ? record->TxSize : record->UvTxSize;
        int n = 4 << txSize;
        int x0 = record->MiCol * 8 >> plane->SubsamplingX, y0 = record->MiRow * 8 >> plane->SubsamplingY;
        int blockRight = x0 + (Width8[(int)record->Size] * 8 >> plane->SubsamplingX);
        int right = Math.Min(blockRight, plane->CodedWidth);
        int bottom = Math.Min(y0 + (Height8[(int)record->Size] * 8 >> plane->SubsamplingY), plane->CodedHeight);
        nint stride = plane->Stride;
        nint coefficientBytes = n * n * CoefficientSize<TPixel>();
        nint* predictors = (nint*)&_kernels->IntraPredict + txSize * Vp9KernelTable.IntraModes;
        nint* transforms = (nint*)&_kernels->InverseTransform;
        bool hasResidual = record->Skip == 0;
        bool typedTransform = planeIndex == 0 && txSize < 3 && record->Lossless == 0;
        int transformIndex = record->Lossless != 0 ? Vp9KernelTable.Lossless : txSize * 4;
        int max = _maxValue;

        for (int y = y0; y < bottom; y += n)
        {
            bool haveAbove = y != 0;
            byte* dst = plane->Base + y * stride + (nint)x0 * sizeof(TPixel);

            // The picture's line above a superblock row may already be filtered.
            byte* aboveLine = (y & plane->SuperblockMask) == 0
                ? plane->Above + (y >> (6 - plane->SubsamplingY)) * plane->AboveStride + (nint)x0 * sizeof(TPixel)
                : dst - stride;
            for (int x = x0; x < right; x += n)
            {
                bool haveLeft = blockHasLeft || x != x0;

                // All four entries are equal unless the block is smaller than 8×8.
                int codedMode = planeIndex == 0 ? record->YModes[((y >> 1) & 2) | ((x >> 2) & 1)] : record->UvMode;
                codedMode = Math.Min(codedMode, LastMode);
                int mode = codedMode;
                if (mode == ModeDc && !(haveAbove & haveLeft))
                {
                    mode = haveLeft ? ModeDcLeft : haveAbove ? ModeDcAbove : ModeDcNone;
                }

                int needs = ModeNeeds[mode];
                TPixel* above = (TPixel*)_aboveUnavailable;
                if (haveAbove && (needs & NeedAbove) != 0)
                {
                    above = (TPixel*)aboveLine;
                    int available = plane->CodedWidth - x;
                    if ((needs & NeedAboveRight) != 0)
                    {
                        // Above-right samples are real only for 4×4 blocks, and only inside the prediction block.
                        if (n != 4 || x + 8 > blockRight || available < 8)
                        {
                            above = ExtendAbove(above, Math.Min(n, available), 2 * n);
                        }
                    }
                    else if (available < n || ((needs & NeedCorner) != 0 && !haveLeft))
                    {
                        TPixel* extended = ExtendAbove(above, Math.Min(n, available), n);
                        extended[-1] = haveLeft ? above[-1] : *(TPixel*)_leftUnavailable;
                        above = extended;
                    }
                }

                TPixel* left = (TPixel*)_leftUnavailable;
                if (haveLeft && (needs & NeedLeft) != 0)
                {
                    left = (TPixel*)_left;
                    GatherLeft(left, dst - sizeof(TPixel), stride, n, plane->CodedHeight - y);
                }

                ((delegate*<byte*, nint, byte*, byte*, int, void>)predictors[mode])(dst, stride, (byte*)left, (byte*)above, max);

                if (hasResidual)
                {
                    int eob = *_eobs++;
                    if (eob != 0)
                    {
                        int index = typedTransform ? transformIndex + ModeToTxType[codedMode] : transformIndex;
                        ((delegate*<byte*, nint, void*, int, int, void>)transforms[index])(dst, stride, _coefficients, eob, max);
                        _coefficients += coefficientBytes;
                    }
                }

                dst += n * sizeof(TPixel);
                aboveLine += n * sizeof(TPixel);
            }
        }
    }

    /// <summary>Copies <paramref name="count"/> samples of the row above and repeats the last one up to <paramref name="total"/>.</summary>
    private TPixel* ExtendAbove<TPixel>(TPixel* source, int count, int total)
        where TPixel : unmanaged
    {
        TPixel* above = (TPixel*)_above;
        Unsafe.CopyBlockUnaligned(above, source, (uint)(count * sizeof(TPixel)));
        new Span<TPixel>(above + count, total - count).Fill(source[count - 1]);
        return above;
    }

    /// <summary>Collects the column to the left; below the frame's last coded row its last sample repeats.</summary>
    private static void GatherLeft<TPixel>(TPixel* left, byte* source, nint stride, int n, int available)
        where TPixel : unmanaged
    {
        TPixel* end = left + Math.Min(n, available);
        do
        {
            TPixel a = *(TPixel*)source;
            TPixel b = *(TPixel*)(source + stride);
            source += 2 * stride;
            TPixel c = *(TPixel*)source;
            TPixel d = *(TPixel*)(source + stride);
            source += 2 * stride;
            left[0] = a;
            left[1] = b;
            left[2] = c;
            left[3] = d;
            left += 4;
        }
        while (left < end);

        for (int i = available; i < n; i++, left++)
        {
            *left = left[-1];
        }
    }
}
