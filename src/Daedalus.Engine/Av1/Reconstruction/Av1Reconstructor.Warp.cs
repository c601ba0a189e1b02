// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Av1;

/// <content>Warped prediction (7.11.3.5).</content>
public sealed unsafe partial class Av1Reconstructor
{
    // What one 8×8 reads around (ix4, iy4): rows -7..7, columns -7..8.
    private const int WarpBefore = 7, WarpRows = 15, WarpColumns = 16, WarpColumnsKept = 64;

    private const int WarpPrecisionBits = 16;

    /// <summary>Block warp process for all 8×8 of a region. <paramref name="form"/>: 0 samples, stride in bytes; 1 intermediate, stride in values.</summary>
    private void Warp(int reference, int plane, int x, int y, int w, int h, int* parameters, short* shear, void* dst, nint stride, int form)
    {
        ReferencePlane* r = _references + reference * 3 + plane;
        if (r->Base == null)
        {
            if (form == 0)
                FillMissing((byte*)dst, stride, w, h);
            else
                FillMissing((short*)dst, w * h);
            return;
        }
        PlaneGeometry* p = _planes + plane;
        var kernel = _kernels->GetWarp(form);
        int valueShift = form == 0 ? _sampleShift : 1;
        nint rowBytes = form == 0 ? stride : stride * sizeof(short);
        for (int i = 0; i < h; i += 8)
        {
            for (int j = 0; j < w; j += 8)
            {
                long srcX = (long)(x + j + 4) << p->SubX, srcY = (long)(y + i + 4) << p->SubY;
                long x4 = parameters[2] * srcX + parameters[3] * srcY + parameters[0] >> p->SubX, y4 = parameters[4] * srcX + parameters[5] * srcY + parameters[1] >> p->SubY;
                // Far outside it does not matter how far.
                int ix4 = (int)Math.Clamp(x4 >> WarpPrecisionBits, -(1 << 20), 1 << 20), iy4 = (int)Math.Clamp(y4 >> WarpPrecisionBits, -(1 << 20), 1 << 20);
                WaitRow(r, reference, iy4 + WarpBefore, p->SubY);
                byte* src;
                nint srcStride;
                if (ix4 >= WarpBefore && iy4 >= WarpBefore && ix4 + 8 <= r->LastX && iy4 + WarpBefore <= r->LastY)
                {
                    srcStride = r->Stride;
                    src = r->Base + iy4 * srcStride + ((nint)ix4 << _sampleShift);
                }
                else
                {
                    srcStride = (nint)WarpColumnsKept << _sampleShift;
                    Vp9EdgeKernels.Emulate(
                        _emulated, srcStride, r->Base, r->Stride, ix4 - WarpBefore, iy4 - WarpBefore, WarpColumns, WarpRows, r->LastX, r->LastY, 1 << _sampleShift);
                    src = _emulated + WarpBefore * srcStride + (WarpBefore << _sampleShift);
                }
                kernel((byte*)dst + i * rowBytes + ((nint)j << valueShift), stride, src, srcStride, shear, (int)(x4 & 0xffff), (int)(y4 & 0xffff), _bitDepth);
            }
        }
    }
}
