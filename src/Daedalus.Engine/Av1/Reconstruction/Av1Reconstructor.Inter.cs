// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <content>Inter blocks: compute_prediction (5.11.33) and the inter prediction process (7.11.3).</content>
public sealed unsafe partial class Av1Reconstructor
{
    private void PredictInter<TPixel>(Av1Block* b)
        where TPixel : unmanaged
    {
        int size = (int)b->Size, w4 = Av1Tables.Num4x4BlocksWide[size], h4 = Av1Tables.Num4x4BlocksHigh[size];
        PredictPlane<TPixel>(b, 0, b->MiCol * 4, b->MiRow * 4, w4 * 4, h4 * 4);
        if (!b->HasChroma)
            return;
        int subX = _s->SubsamplingX, subY = _s->SubsamplingY;
        if ((w4 == 1 && subX != 0) || (h4 == 1 && subY != 0))
        {
            PredictSharedChroma(b, 1);
            PredictSharedChroma(b, 2);
            return;
        }
        int x = b->MiCol * 4 >> subX, y = b->MiRow * 4 >> subY, w = w4 * 4 >> subX, h = h4 * 4 >> subY;
        if (IsPlain(b))
        {
            int visibleW = Visible(w, _planes[1].Width - x), visibleH = Visible(h, _planes[1].Height - y);
            nint at = y * _planes[1].Stride + (nint)x * sizeof(TPixel);
            PredictChroma(b->RefFrame[0], x, y, visibleW, visibleH, b->Mv[0], Filters(b, w, h), at);
            return;
        }
        PredictPlane<TPixel>(b, 1, x, y, w, h);
        PredictPlane<TPixel>(b, 2, x, y, w, h);
    }

    /// <summary>
    /// A chroma block of 4 samples that several luma blocks share: predicted in the pieces of these, each with its own motion, unless one of them is intra. Such blocks are too small for everything else
    /// than single prediction.
    /// </summary>
    private void PredictSharedChroma(Av1Block* b, int plane)
    {
        PlaneGeometry* p = _planes + plane;
        int size = (int)b->Size, planeSize = Av1Tables.SubsampledSize[(size * 2 + p->SubX) * 2 + p->SubY];
        int w = 4 * Av1Tables.Num4x4BlocksWide[planeSize], h = 4 * Av1Tables.Num4x4BlocksHigh[planeSize];
        int x = (b->MiCol >> p->SubX) * 4, y = (b->MiRow >> p->SubY) * 4;
        int row = b->MiRow >> p->SubY << p->SubY, col = b->MiCol >> p->SubX << p->SubX;
        byte* dst = p->Base + y * p->Stride + ((nint)x << _sampleShift);
        for (int r = row; r < row + (h >> 2 << p->SubY); r++)
        {
            for (int c = col; c < col + (w >> 2 << p->SubX); c++)
            {
                // someUseIntra, also with intra block copy.
                if (_s->BlockAt(r, c)->RefFrame[0] <= 0)
                {
                    PredictSamples(b->RefFrame[0], plane, x, y, w, h, b->Mv[0], Filters(b, w, h), dst, p->Stride);
                    return;
                }
            }
        }
        int pieceW = 4 * Av1Tables.Num4x4BlocksWide[size] >> p->SubX, pieceH = 4 * Av1Tables.Num4x4BlocksHigh[size] >> p->SubY;
        for (int i = 0; i * pieceH < h; i++)
        {
            for (int j = 0; j * pieceW < w; j++)
            {
                Av1Block* piece = _s->BlockAt(row + i, col + j);
                int left = j * pieceW, top = i * pieceH;
                PredictSamples(piece->RefFrame[0], plane, x + left, y + top, pieceW, pieceH, piece->Mv[0], Filters(piece, pieceW, pieceH),
                    dst + top * p->Stride + ((nint)left << _sampleShift), p->Stride);
            }
        }
    }

    /// <summary>Half, a quarter, … of a block's length when no more of it belongs to the frame; whole 8×8 for warps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Visible(int length, int room)
    {
        while (length > 8 && room <= length >> 1)
            length >>= 1;
        return length;
    }

    /// <summary>One prediction from one reference, moved as a whole: nothing that is different for U and V.</summary>
    private static bool IsPlain(Av1Block* b)
        => !b->IsCompound && b->MotionMode == Av1MotionMode.Simple && (b->Flags & Av1BlockFlags.InterIntra) == 0 && b->YMode != Av1Mode.GlobalMv;

    private void PredictPlane<TPixel>(Av1Block* b, int plane, int x, int y, int w, int h)
        where TPixel : unmanaged
    {
        PlaneGeometry* p = _planes + plane;
        byte* dst = p->Base + y * p->Stride + (nint)x * sizeof(TPixel);
        // The picture's memory ends before a block of 128 may, and nothing beyond the edge is ever read.
        int visibleW = Visible(w, p->Width - x), visibleH = Visible(h, p->Height - y), filters = Filters(b, w, h);
        if (b->IsCompound)
        {
            PredictForBlend(b, 0, plane, x, y, w, h, visibleW, visibleH, filters, _first);
            PredictForBlend(b, 1, plane, x, y, w, h, visibleW, visibleH, filters, _second);
            BlendCompound(b, plane, visibleW, visibleH, dst, p->Stride);
            return;
        }
        int reference = b->RefFrame[0];
        if (FindWarp(b, reference, w, h, out int* parameters, out short* shear))
            Warp(reference, plane, x, y, visibleW, visibleH, parameters, shear, dst, p->Stride, 0);
        else
            PredictSamples(reference, plane, x, y, visibleW, visibleH, b->Mv[0], filters, dst, p->Stride);
        if ((b->Flags & Av1BlockFlags.InterIntra) != 0)
            BlendInterIntra<TPixel>(b, plane, x, y, w, h, dst);
        if (b->MotionMode == Av1MotionMode.Obmc)
            PredictOverlapped(b, plane, w, h);
    }

    /// <summary>One of two predictions, of the visible part of a w × h block.</summary>
    private void PredictForBlend(Av1Block* b, int list, int plane, int x, int y, int w, int h, int visibleW, int visibleH, int filters, short* dst)
    {
        int reference = b->RefFrame[list];
        if (FindWarp(b, reference, w, h, out int* parameters, out short* shear))
            Warp(reference, plane, x, y, visibleW, visibleH, parameters, shear, dst, visibleW, 1);
        else
            PredictIntermediate(reference, plane, x, y, visibleW, visibleH, b->Mv[list], filters, dst);
    }

    private void BlendCompound(Av1Block* b, int plane, int w, int h, byte* dst, nint stride)
    {
        int maskStride = 4 * Av1Tables.Num4x4BlocksWide[(int)b->Size];
        switch (b->CompoundType)
        {
            case Av1CompoundType.Wedge:
                _kernels->GetMaskBlend(MaskFormat(plane))(dst, stride, _first, _second, Wedge(b), maskStride, w, h, _bitDepth);
                break;
            case Av1CompoundType.DifferenceWeighted:
                // Chroma uses luma's mask.
                if (plane == 0)
                    _kernels->GetDifferenceMask()(_mask, maskStride, _first, _second, w, h, b->MaskType, _bitDepth);
                _kernels->GetMaskBlend(MaskFormat(plane))(dst, stride, _first, _second, _mask, maskStride, w, h, _bitDepth);
                break;
            case Av1CompoundType.Distance:
                int forward = DistanceWeight(b);
                _kernels->GetDistance()(dst, stride, _first, _second, w, h, forward, 16 - forward, _bitDepth);
                break;
            default:
                _kernels->GetAverage()(dst, stride, _first, _second, w, h, _bitDepth);
                break;
        }
    }

    /// <summary>Index of the mask blends: masks are made for luma.</summary>
    private int MaskFormat(int plane) => plane == 0 || _s->SubsamplingX == 0 ? 0 : 1 + _s->SubsamplingY;

    private byte* Wedge(Av1Block* b)
    {
        int area = 16 * Av1Tables.Num4x4BlocksWide[(int)b->Size] * Av1Tables.Num4x4BlocksHigh[(int)b->Size];
        return _wedges + Av1PredictionMasks.WedgeOffset(b->Size) + (b->WedgeSign * 16 + b->WedgeIndex) * area;
    }

    /// <summary>Distance weights process (7.11.3.15): FwdWeight; both weights sum up to 16.</summary>
    private int DistanceWeight(Av1Block* b)
    {
        int hint = (int)_s->Frame.OrderHint;
        int d1 = Math.Min(Av1MotionVector.MaxFrameDistance, Math.Abs(_s->RelativeDistance(_s->References[b->RefFrame[0]].OrderHint, hint)));
        int d0 = Math.Min(Av1MotionVector.MaxFrameDistance, Math.Abs(_s->RelativeDistance(_s->References[b->RefFrame[1]].OrderHint, hint)));
        return DistanceWeight(d0, d1);
    }

    internal static int DistanceWeight(int d0, int d1)
    {
        int order = d0 <= d1 ? 1 : 0, i = 3;
        if (d0 != 0 && d1 != 0)
        {
            for (i = 0; i < 3; i++)
            {
                int c0 = Av1ReconstructionTables.QuantDistWeight[i * 2 + order], c1 = Av1ReconstructionTables.QuantDistWeight[i * 2 + 1 - order];
                if (order != 0 ? d0 * c0 > d1 * c1 : d0 * c0 < d1 * c1)
                    break;
            }
        }
        return Av1ReconstructionTables.QuantDistLookup[i * 2 + order];
    }

    /// <summary>useWarp of 7.11.3.1: local or global warp, or none.</summary>
    private bool FindWarp(Av1Block* b, int reference, int w, int h, out int* parameters, out short* shear)
    {
        parameters = null;
        shear = null;
        if (w < 8 || h < 8 || _integerMotion)
            return false;
        if (b->MotionMode == Av1MotionMode.LocalWarp && (b->Flags & Av1BlockFlags.LocalWarpValid) != 0)
        {
            parameters = b->LocalWarp;
            shear = _localShear;
            Av1Warp.SetupShear(parameters, shear);
            return true;
        }
        if (b->YMode is not (Av1Mode.GlobalMv or Av1Mode.GlobalGlobalMv) || (b->Flags & (Av1BlockFlags.IntraBlockCopy | Av1BlockFlags.Concealed)) != 0)
            return false;
        Av1Reference* r = _s->References + reference;
        if (r->GlobalType <= Av1WarpModel.Translation || r->IsScaled || !r->GlobalValid)
            return false;
        parameters = r->GlobalParams;
        shear = r->GlobalShear;
        return true;
    }
}
