// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.H264;

namespace Daedalus.Engine.H264;

/// <content>
/// Intra macroblocks. In MBAFF frames Table 6-4 always names, of the neighbouring pairs, the sample that lies on the macroblock's own lines (with a field
/// macroblock's doubled stride); so samples are taken from the picture as anywhere else, and only availability looks at how pairs are coded.
/// </content>
public sealed unsafe partial class H264Reconstructor
{
    // Availability of neighbouring samples, as the kernels count.
    private const int Left = 1, Above = 2, AboveLeft = 4, AboveRight = 8, LeftLower = 16;

    // The left sample in the middle (line 7), the corner of the third 8×8 block. It may be there when the other lines are not.
    private const int LeftMiddle = 32;

    // Blocks of 6.4.3 order: first column upper and lower half, first row, above right inside the macroblock, above right in B.
    private const uint ColumnUpper = 0x0005, ColumnLower = 0x0500, FirstRow = 0x0033, RightInside = 0x5744, RightAbove = 0x0013, RightCorner = 0x0020;

    private void ReconstructIntra<TPixel>(byte* coefficients)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        int available = _p->IsMbaff ? FindAvailableMbaff() : FindAvailable();
        Target* t = _target;
        bool isSi = mb->Type == H264MbType.Si;
        IntraPlane<TPixel>(t->Y, t->StrideY, coefficients, 0, mb->Luma, available);
        byte* chroma = coefficients + 256 * 2 * sizeof(TPixel);
        switch (_chromaArrayType)
        {
            case 0:
                return;
            case 3:
                IntraPlane<TPixel>(t->U, t->StrideC, chroma, 1, mb->Cb, available);
                IntraPlane<TPixel>(t->V, t->StrideC, chroma + _chromaBytes, 2, mb->Cr, available);
                return;
            default:
                PredictChromaIntra<TPixel>(t->U, available);
                PredictChromaIntra<TPixel>(t->V, available);
                if (isSi)
                    DecodeSpChroma<TPixel>(coefficients, true);
                else if (((uint)mb->Cb | mb->Cr | (mb->Dc & 6u)) != 0)
                    AddChromaResidual<TPixel>(chroma);
                return;
        }
    }

    /// <summary>Whether samples of macroblock n may be used for intra prediction of the current one (the conditions of spec 8.3.1.2, 8.3.2.2, 8.3.3, 8.3.4).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsUsable(int n)
    {
        H264Macroblock* mb = _p->Macroblocks + n;
        return mb->Slice == _mb->Slice && (!_constrainedIntra || IsUsableConstrained(mb->Type));
    }

    /// <summary>constrained_intra_pred_flag: no inter macroblocks; SI macroblocks only for SI macroblocks.</summary>
    private bool IsUsableConstrained(H264MbType type)
        => type != H264MbType.Inter && (type != H264MbType.Si || _mb->Type == H264MbType.Si);

    private int FindAvailable()
    {
        int available = 0, above = _mbIndex - _p->WidthInMbs;
        if (_mbX > 0 && IsUsable(_mbIndex - 1))
            available = Left | LeftLower | LeftMiddle;
        if (_mbY == 0)
            return available;
        if (IsUsable(above))
            available |= Above;
        if (_mbX > 0 && IsUsable(above - 1))
            available |= AboveLeft;
        if (_mbX + 1 < _p->WidthInMbs && IsUsable(above + 1))
            available |= AboveRight;
        return available;
    }

    private int FindAvailableMbaff()
    {
        H264PictureState* p = _p;
        int available = 0;
        if (_mbX > 0)
        {
            int top = (_mbY & ~1) * p->WidthInMbs + _mbX - 1, bottom = top + p->WidthInMbs;
            bool leftField = p->Macroblocks[top].IsField;
            if (leftField == _isFieldMb)
            {
                if (IsUsable((_mbY & 1) == 0 ? top : bottom))
                    available = Left | LeftLower | LeftMiddle;
            }
            else if (leftField)
            {
                // Lines of a frame macroblock alternate between the fields.
                if (IsUsable(bottom))
                    available = IsUsable(top) ? Left | LeftLower | LeftMiddle : LeftMiddle;
            }
            else
            {
                available = (IsUsable(top) ? Left | LeftMiddle : 0) | (IsUsable(bottom) ? LeftLower : 0);
            }
        }
        return available | Neighbour(-1, AboveLeft) | Neighbour(0, Above) | Neighbour(16, AboveRight);

        int Neighbour(int x, int bit)
        {
            int n = H264Neighbours.Locate(_p, _mbX, _mbY, _isFieldMb, x, -1, 16, 16, out _);
            return n >= 0 && IsUsable(n) ? bit : 0;
        }
    }

    /// <summary>Luma, or a plane decoded like luma: prediction and residual.</summary>
    private void IntraPlane<TPixel>(byte* dst, nint stride, byte* coefficients, int plane, uint coded, int available)
        where TPixel : unmanaged
    {
        switch (_mb->Type)
        {
            case H264MbType.Intra16x16:
                Intra16x16<TPixel>(dst, stride, coefficients, plane, coded, available);
                break;
            case H264MbType.Intra8x8:
                Intra8x8<TPixel>(dst, stride, coefficients, coded, available);
                break;
            default:
                Intra4x4<TPixel>(dst, stride, coefficients, coded, available);
                break;
        }
    }

    private void Intra4x4<TPixel>(byte* dst, nint stride, byte* coefficients, uint coded, int available)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        uint left = 0xffff, above = 0xffff, right = RightInside;
        if ((available & Left) == 0)
            left &= ~ColumnUpper;
        if ((available & LeftLower) == 0)
            left &= ~ColumnLower;
        if ((available & Above) == 0)
            above &= ~FirstRow;
        else
            right |= RightAbove;
        if ((available & AboveRight) != 0)
            right |= RightCorner;

        nint* kernels = (nint*)&_kernels->Intra4x4;
        var transform = _kernels->GetAddTransform4x4();
        int maxValue = _maxValue;
        bool special = (mb->Flags & H264MbFlags.Bypass) != 0 || mb->Type == H264MbType.Si;
        for (int b = 0; b < 16; b++, coefficients += 16 * 2 * sizeof(TPixel))
        {
            int x = (b & 1) | ((b >> 1) & 2), y = ((b >> 1) & 1) | ((b >> 2) & 2);
            byte* d = dst + (nint)(y * 4) * stride + x * 4 * sizeof(TPixel);
            byte* a = d - stride, l = d - sizeof(TPixel);
            nint leftStride = stride;
            int mode = mb->IntraModes[b];
            int kernel = mode;
            uint bit = 1u << b;
            if ((left & above & bit) == 0)
            {
                // Only DC prediction goes without an edge; others are kept from leaving the picture, should a broken stream have them.
                if (mode == 2)
                {
                    kernel = (left & bit) != 0 ? 9 : (above & bit) != 0 ? 10 : 11;
                }
                else if (mode is >= 4 and <= 6)
                {
                    // These read the corner, too, which may lie outside the picture.
                    kernel = 11;
                    Corrupted = true;
                }
                if ((above & bit) == 0)
                    a = _grey;
                if ((left & bit) == 0)
                {
                    l = _grey;
                    leftStride = 0;
                }
            }
            if ((mode is 3 or 7) && (right & bit) == 0)
                a = RepeatAbove<TPixel>(a);
            ((delegate*<byte*, nint, byte*, byte*, nint, int, void>)kernels[kernel])(d, stride, a, l, leftStride, maxValue);
            if (special)
            {
                if (mb->Type == H264MbType.Si)
                    DecodeSiBlock<TPixel>(d, stride, coefficients);
                else if ((coded & bit) != 0)
                    _kernels->GetAddBypass()(d, stride, coefficients, 4, mode < 2 ? mode + 1 : 0, maxValue);
            }
            else if ((coded & bit) != 0)
            {
                transform(d, stride, coefficients, maxValue);
            }
        }
    }

    /// <summary>The line above with its last sample in place of those above right (spec 8.3.1.2).</summary>
    private byte* RepeatAbove<TPixel>(byte* above)
        where TPixel : unmanaged
    {
        byte* line = _line;
        if (sizeof(TPixel) == 1)
        {
            *(uint*)line = *(uint*)above;
            *(uint*)(line + 4) = above[3] * 0x01010101u;
        }
        else
        {
            *(ulong*)line = *(ulong*)above;
            *(ulong*)(line + 8) = ((ushort*)above)[3] * 0x0001000100010001ul;
        }
        return line;
    }

    private void Intra8x8<TPixel>(byte* dst, nint stride, byte* coefficients, uint coded, int available)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        bool bypass = (mb->Flags & H264MbFlags.Bypass) != 0;
        for (int b = 0; b < 4; b++, coefficients += 64 * 2 * sizeof(TPixel))
        {
            byte* d = dst + (nint)((b >> 1) * 8) * stride + (b & 1) * 8 * sizeof(TPixel);
            byte* a = d - stride, l = d - sizeof(TPixel);
            nint leftStride = stride;
            int edges = b switch
            {
                0 => (available & (Left | Above | AboveLeft)) | ((available & Above) != 0 ? AboveRight : 0),
                1 => Left | (available & (Above | AboveRight)) | ((available & Above) != 0 ? AboveLeft : 0),
                2 => Above | AboveRight | ((available & LeftLower) != 0 ? Left : 0) | ((available & LeftMiddle) != 0 ? AboveLeft : 0),
                _ => Left | Above | AboveLeft,
            };
            // The corner counts also without the line above: it takes part in the filter of the left samples.
            if ((edges & (Above | AboveLeft)) == 0)
                a = _grey;
            if ((edges & Left) == 0)
            {
                l = _grey;
                leftStride = 0;
            }
            int mode = mb->IntraModes[b * 4];
            if (mode is >= 4 and <= 6 && (edges & (Left | Above | AboveLeft)) != (Left | Above | AboveLeft))
            {
                // A broken stream: the corner may lie outside the picture.
                mode = 2;
                Corrupted = true;
            }
            _kernels->GetIntra8x8(mode)(d, stride, a, l, leftStride, edges, _maxValue);
            if ((coded & (1u << (b * 4))) == 0)
                continue;
            if (bypass)
                _kernels->GetAddBypass()(d, stride, coefficients, 8, mode < 2 ? mode + 1 : 0, _maxValue);
            else
                _kernels->GetAddTransform8x8()(d, stride, coefficients, _maxValue);
        }
    }

    private void Intra16x16<TPixel>(byte* dst, nint stride, byte* coefficients, int plane, uint coded, int available)
        where TPixel : unmanaged
    {
        H264Macroblock* mb = _mb;
        if ((available & LeftLower) == 0)
            available &= ~Left;
        byte* above = (available & Above) != 0 ? dst - stride : _grey;
        byte* left = dst - sizeof(TPixel);
        nint leftStride = stride;
        if ((available & Left) == 0)
        {
            left = _grey;
            leftStride = 0;
        }
        int mode = mb->Intra16x16Mode & 3;
        if (mode == 3 && (available & (Left | Above)) != (Left | Above))
        {
            // A broken stream: plane prediction reads the corner, too, which may lie outside the picture.
            above = _grey;
            Corrupted = true;
        }
        _kernels->GetIntra16x16(mode)(dst, stride, above, left, leftStride, available & 7, _maxValue);

        byte* dc = _dc + plane * 16 * 2 * sizeof(TPixel);
        bool bypass = (mb->Flags & H264MbFlags.Bypass) != 0;
        if ((mb->Dc & (1 << plane)) != 0)
        {
            if (bypass)
                SpreadDc<TPixel>(coefficients, dc);
            else
                TransformLumaDc(coefficients, dc, plane);
            coded = 0xffff;
        }
        if (coded == 0)
            return;
        if (bypass)
        {
            // Continues from the samples before the macroblock: a broken stream may have none.
            bool continues = mode == 0 ? (available & Above) != 0 : mode == 1 && (available & Left) != 0;
            Corrupted |= mode < 2 && !continues;
            AddBypass4x4<TPixel>(dst, stride, coefficients, coded, continues ? mode + 3 : 0);
        }
        else
            _kernels->GetAddTransform4x4Luma()(dst, stride, coefficients, coded, _maxValue);
    }

    private void PredictChromaIntra<TPixel>(byte* dst, int available)
        where TPixel : unmanaged
    {
        nint stride = _target->StrideC, leftStride = stride;
        byte* above = (available & Above) != 0 ? dst - stride : _grey;
        byte* left = dst - sizeof(TPixel);
        if ((available & (Left | LeftLower)) == 0)
        {
            left = _grey;
            leftStride = 0;
        }
        if ((_mb->IntraChromaMode & 3) == 3 && (available & (Left | Above)) != (Left | Above))
        {
            above = _grey;
            Corrupted = true;
        }
        int kernel = (_mb->IntraChromaMode & 3) + (_chromaArrayType == 2 ? 4 : 0);
        _kernels->GetIntraChroma(kernel)(dst, stride, above, left, leftStride, available & ~(AboveRight | LeftMiddle), _maxValue);
    }
}
