// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <content>Residual added to a whole macroblock's prediction (spec 8.5).</content>
public sealed unsafe partial class H264Reconstructor
{
    private void AddInterResidual<TPixel>(byte* coefficients)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        Target* t = _target;
        if (mb->Luma != 0)
            AddLumaResidual<TPixel>(t->Y, t->StrideY, coefficients, mb->Luma);
        byte* chroma = coefficients + 256 * 2 * sizeof(TPixel);
        if (_chromaArrayType == 3)
        {
            if (mb->Cb != 0)
                AddLumaResidual<TPixel>(t->U, t->StrideC, chroma, mb->Cb);
            if (mb->Cr != 0)
                AddLumaResidual<TPixel>(t->V, t->StrideC, chroma + _chromaBytes, mb->Cr);
        }
        else if (((uint)mb->Cb | mb->Cr | (mb->Dc & 6u)) != 0)
        {
            AddChromaResidual<TPixel>(chroma);
        }
    }

    private void AddLumaResidual<TPixel>(byte* dst, nint stride, byte* coefficients, uint coded)
        where TPixel : unmanaged
    {
        H264MbFlags flags = _mb->Flags;
        if ((flags & H264MbFlags.Transform8x8) == 0)
        {
            if ((flags & H264MbFlags.Bypass) == 0)
                _kernels->GetAddTransform4x4Luma()(dst, stride, coefficients, coded, _maxValue);
            else
                AddBypass4x4<TPixel>(dst, stride, coefficients, coded, 0);
            return;
        }
        for (int b = 0; b < 4; b++, coefficients += 64 * 2 * sizeof(TPixel))
        {
            if ((coded & (1u << (b * 4))) == 0)
                continue;
            byte* d = dst + (nint)((b >> 1) * 8) * stride + (b & 1) * 8 * sizeof(TPixel);
            if ((flags & H264MbFlags.Bypass) == 0)
                _kernels->GetAddTransform8x8()(d, stride, coefficients, _maxValue);
            else
                _kernels->GetAddBypass()(d, stride, coefficients, 8, 0, _maxValue);
        }
    }

    /// <summary>
    /// Residual of 4×4 blocks without transform (spec 8.5.15). Horizontal and vertical prediction accumulate over the macroblock: as the prediction is constant along
    /// that direction, each block continues from the samples before it, in decoding order.
    /// </summary>
    private void AddBypass4x4<TPixel>(byte* dst, nint stride, byte* coefficients, uint coded, int mode)
        where TPixel : unmanaged
    {
        var add = _kernels->GetAddBypass();
        for (int b = 0; b < 16; b++, coefficients += 16 * 2 * sizeof(TPixel))
        {
            if (mode == 0 && (coded & (1u << b)) == 0)
                continue;
            int x = (b & 1) | ((b >> 1) & 2), y = ((b >> 1) & 1) | ((b >> 2) & 2);
            add(dst + (nint)(y * 4) * stride + x * 4 * sizeof(TPixel), stride, coefficients, 4, mode, _maxValue);
        }
    }

    /// <summary>Intra_16x16 DC levels (of luma or a plane decoded like it) to the blocks' first coefficients (spec 8.5.10).</summary>
    private void TransformLumaDc(byte* coefficients, byte* dc, int plane)
    {
        int qp = _qpBdOffset + (plane == 0 ? _mb->Qp : plane == 1 ? _mb->QpCb : _mb->QpCr);
        int scale = _slice->Dequant->Scale4x4[((plane == 0 ? _p->ColourPlane : plane) * 6 + qp % 6) * 16];
        _kernels->GetLumaDc()(coefficients, dc, scale, qp);
    }

    /// <summary>The same with transform bypass: the levels are residual.</summary>
    private static void SpreadDc<TPixel>(byte* coefficients, byte* dc)
        where TPixel : unmanaged
    {
        for (int b = 0; b < 16; b++)
        {
            int x = (b & 1) | ((b >> 1) & 2), y = ((b >> 1) & 1) | ((b >> 2) & 2);
            if (sizeof(TPixel) == 1)
                ((short*)coefficients)[b * 16] = ((short*)dc)[x * 4 + y];
            else
                ((int*)coefficients)[b * 16] = ((int*)dc)[x * 4 + y];
        }
        Unsafe.InitBlockUnaligned(dc, 0, (uint)(16 * 2 * sizeof(TPixel)));
    }

    /// <summary>Chroma of 4:2:0 and 4:2:2 (spec 8.5.4).</summary>
    private void AddChromaResidual<TPixel>(byte* coefficients)
        where TPixel : unmanaged
    {
        Target* t = _target;
        H264Macroblock* mb = _mb;
        AddChromaPlane<TPixel>(t->U, coefficients, 1, mb->Cb, mb->QpCb);
        AddChromaPlane<TPixel>(t->V, coefficients + _chromaBytes, 2, mb->Cr, mb->QpCr);
    }

    private void AddChromaPlane<TPixel>(byte* dst, byte* coefficients, int plane, uint coded, int qp)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        nint stride = _target->StrideC;
        byte* dc = _dc + plane * 16 * 2 * sizeof(TPixel);
        bool hasDc = (mb->Dc & (1 << plane)) != 0;
        if ((mb->Flags & H264MbFlags.Bypass) != 0)
        {
            if (hasDc || coded != 0)
                AddChromaBypass<TPixel>(dst, stride, coefficients, dc);
            return;
        }
        if (hasDc)
        {
            int list = plane + (mb->Type == H264MbType.Inter ? 3 : 0);
            qp += _qpBdOffset;
            if (_chromaArrayType == 1)
            {
                _kernels->GetChromaDc420()(coefficients, dc, _slice->Dequant->Scale4x4[(list * 6 + qp % 6) * 16], qp);
                coded = 0x0f;
            }
            else
            {
                // QP'c,dc of spec 8.5.11.2.
                qp += 3;
                _kernels->GetChromaDc422()(coefficients, dc, _slice->Dequant->Scale4x4[(list * 6 + qp % 6) * 16], qp);
                coded = 0xff;
            }
        }
        if (coded != 0)
            _kernels->GetAddTransform4x4Chroma()(dst, stride, coefficients, coded, _maxValue);
    }

    private void AddChromaBypass<TPixel>(byte* dst, nint stride, byte* coefficients, byte* dc)
        where TPixel : unmanaged
    {
        var add = _kernels->GetAddBypass();
        H264Macroblock* mb = _mb;
        // intra_chroma_pred_mode 1 horizontal, 2 vertical.
        int mode = 0;
        if (mb->Type != H264MbType.Inter && mb->IntraChromaMode is 1 or 2)
        {
            // Continues from the samples before the macroblock: a broken stream may have none.
            int available = _p->IsMbaff ? FindAvailableMbaff() : FindAvailable();
            if (mb->IntraChromaMode == 1)
                mode = (available & (Left | LeftLower)) != 0 ? 4 : 0;
            else
                mode = (available & Above) != 0 ? 3 : 0;
            Corrupted |= mode == 0;
        }
        int count = _chromaArrayType == 1 ? 4 : 8;
        for (int b = 0; b < count; b++, coefficients += 16 * 2 * sizeof(TPixel))
        {
            if (sizeof(TPixel) == 1)
                *(short*)coefficients = ((short*)dc)[b];
            else
                *(int*)coefficients = ((int*)dc)[b];
            add(dst + (nint)((b >> 1) * 4) * stride + (b & 1) * 4 * sizeof(TPixel), stride, coefficients, 4, mode, _maxValue);
        }
        Unsafe.InitBlockUnaligned(dc, 0, (uint)(count * 2 * sizeof(TPixel)));
    }
}
