// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Engine.Av1;

/// <content>Prediction of one region from one reference: where it lies (7.11.3.3), edges, waiting, and the filters (7.11.3.4).</content>
public sealed unsafe partial class Av1Reconstructor
{
    // Taps before and behind a sample.
    private const int TapsBefore = 3, TapsBehind = 4;

    // Row of the scratch block of unscaled prediction: 128 + 7 samples and room for vector loads.
    private const int UnscaledColumns = 192;

    /// <summary>A plane of a reference.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ReferencePlane
    {
        /// <summary>Sample (0, 0); null: the reference is missing.</summary>
        public byte* Base;
        public nint Stride;
        /// <summary>lastX, lastY.</summary>
        public int LastX, LastY;
        /// <summary>Final luma rows; null: complete.</summary>
        public int* Progress;
        /// <summary>Last luma row of the picture.</summary>
        public int LastLumaRow;
    }

    private void BindReferences()
    {
        _scaled = 0;
        for (int i = 0; i < Av1FrameState.ReferenceCount; i++)
        {
            for (int plane = 0; plane < 3; plane++)
            {
                ReferencePlane* r = _references + i * 3 + plane;
                *r = default;
                if (plane >= _s->NumPlanes)
                    continue;
                PlaneGeometry* p = _planes + plane;
                if (i == 0)
                {
                    // Intra block copy: not cropped to the frame (7.11.3.1 step 11).
                    *r = new ReferencePlane { Base = p->Base, Stride = p->Stride, LastX = p->Width - 1, LastY = p->Height - 1 };
                    continue;
                }
                if (_s->IsIntra || _s->References == null)
                    continue;
                Av1Reference* reference = _s->References + i;
                // A step of more than two samples has no room in the scratch block; such references must not be.
                if (reference->IsMissing || reference->XScale is <= 0 or > 1 << 15 || reference->YScale is <= 0 or > 1 << 15)
                    continue;
                r->Base = reference->View.Plane(plane);
                r->Stride = reference->View.Stride(plane);
                r->LastX = (reference->View.Width + p->SubX >> p->SubX) - 1;
                r->LastY = (reference->View.Height + p->SubY >> p->SubY) - 1;
                r->Progress = reference->Progress;
                r->LastLumaRow = reference->View.Height - 1;
                if (reference->IsScaled)
                    _scaled |= 1u << i;
            }
        }
    }

    /// <summary>Waits until a row of a plane is final.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WaitRow(ReferencePlane* r, int reference, int row, int subY)
    {
        if (r->Progress != null)
            WaitRowInDecoding(r, reference, row, subY);
    }

    private void WaitRowInDecoding(ReferencePlane* r, int reference, int row, int subY)
    {
        int luma = Math.Clamp((row << subY) + subY, 0, r->LastLumaRow);
        if (Volatile.Read(ref *r->Progress) <= luma)
            _waiter.WaitRows(reference, luma);
    }

    /// <summary>Filters of Subpel_Filters in the form kernels take: short ones for 4 samples and less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Filters(Av1Block* b, int w, int h)
    {
        int horizontal = b->InterpFilter[1], vertical = b->InterpFilter[0];
        if (w <= 4)
            horizontal = Short(horizontal);
        if (h <= 4)
            vertical = Short(vertical);
        return horizontal + 8 * vertical;

        // EIGHTTAP and EIGHTTAP_SHARP: 4, EIGHTTAP_SMOOTH: 5, BILINEAR stays.
        static int Short(int filter) => filter == 3 ? 3 : 4 + (filter & 1);
    }

    /// <summary>Predicts into samples (isCompound 0): <paramref name="w"/> × <paramref name="h"/> at (<paramref name="x"/>, <paramref name="y"/>) of the plane.</summary>
    private void PredictSamples(int reference, int plane, int x, int y, int w, int h, int mv, int filters, byte* dst, nint stride)
    {
        ReferencePlane* r = _references + reference * 3 + plane;
        if (r->Base == null)
        {
            FillMissing(dst, stride, w, h);
            return;
        }
        if ((_scaled >> reference & 1) != 0)
        {
            PredictScaled(r, reference, plane, x, y, w, h, mv, filters, dst, stride, 0);
            return;
        }
        byte* src = Locate(r, reference, plane, x, y, w, h, mv, out nint srcStride, out int mx, out int my, out _);
        _kernels->GetPredict(BitOperations.Log2((uint)w) - 1)(dst, stride, src, srcStride, h, mx, my, filters, _bitDepth);
    }

    /// <summary>Predicts both chroma planes into samples; <paramref name="at"/>: offset in the planes of the frame, which are alike.</summary>
    private void PredictChroma(int reference, int x, int y, int w, int h, int mv, int filters, nint at)
    {
        ReferencePlane* u = _references + reference * 3 + 1, v = u + 1;
        byte* dstU = _planes[1].Base + at, dstV = _planes[2].Base + at;
        nint stride = _planes[1].Stride;
        if (u->Base != null && v->Base != null && u->Stride == v->Stride && (_scaled >> reference & 1) == 0)
        {
            byte* src = Locate(u, reference, 1, x, y, w, h, mv, out nint srcStride, out int mx, out int my, out bool isEmulated);
            if (!isEmulated)
            {
                var predict = _kernels->GetPredict(BitOperations.Log2((uint)w) - 1);
                predict(dstU, stride, src, srcStride, h, mx, my, filters, _bitDepth);
                predict(dstV, stride, v->Base + (src - u->Base), srcStride, h, mx, my, filters, _bitDepth);
                return;
            }
        }
        PredictSamples(reference, 1, x, y, w, h, mv, filters, dstU, stride);
        PredictSamples(reference, 2, x, y, w, h, mv, filters, dstV, _planes[2].Stride);
    }

    /// <summary>Predicts for a blend (isCompound 1); rows of <paramref name="dst"/> have <paramref name="w"/> values.</summary>
    private void PredictIntermediate(int reference, int plane, int x, int y, int w, int h, int mv, int filters, short* dst)
    {
        ReferencePlane* r = _references + reference * 3 + plane;
        if (r->Base == null)
        {
            FillMissing(dst, w * h);
            return;
        }
        if ((_scaled >> reference & 1) != 0)
        {
            PredictScaled(r, reference, plane, x, y, w, h, mv, filters, dst, w * sizeof(short), 1);
            return;
        }
        byte* src = Locate(r, reference, plane, x, y, w, h, mv, out nint srcStride, out int mx, out int my, out _);
        _kernels->GetPredictIntermediate(BitOperations.Log2((uint)w) - 1)(dst, src, srcStride, h, mx, my, filters, _bitDepth);
    }

    /// <summary>Finds the samples of an unscaled prediction: in the reference, or in scratch where it reaches over the edge.</summary>
    private byte* Locate(ReferencePlane* r, int reference, int plane, int x, int y, int w, int h, int mv, out nint stride, out int mx, out int my, out bool isEmulated)
    {
        isEmulated = false;
        PlaneGeometry* p = _planes + plane;
        // With a scale of 1 all of 7.11.3.3 is this, in 1/16 sample.
        int px = (x << 4) + (2 * Av1MotionVector.Col(mv) >> p->SubX), py = (y << 4) + (2 * Av1MotionVector.Row(mv) >> p->SubY);
        mx = px & 15;
        my = py & 15;
        int sx = px >> 4, sy = py >> 4;
        int before = mx != 0 ? TapsBefore : 0, behind = mx != 0 ? TapsBehind : 0, over = my != 0 ? TapsBefore : 0, under = my != 0 ? TapsBehind : 0;
        WaitRow(r, reference, sy + h - 1 + under, p->SubY);
        if (sx >= before && sy >= over && sx + w - 1 + behind <= r->LastX && sy + h - 1 + under <= r->LastY)
        {
            stride = r->Stride;
            return r->Base + sy * stride + ((nint)sx << _sampleShift);
        }
        isEmulated = true;
        stride = (nint)UnscaledColumns << _sampleShift;
        Vp9EdgeKernels.Emulate(_emulated, stride, r->Base, r->Stride, sx - before, sy - over, w + before + behind, h + over + under, r->LastX, r->LastY, 1 << _sampleShift);
        return _emulated + over * stride + ((nint)before << _sampleShift);
    }

    /// <summary>Prediction from a reference of another size (7.11.3.3, 7.11.3.4). <paramref name="form"/>: 0 samples, 1 intermediate.</summary>
    private void PredictScaled(ReferencePlane* r, int reference, int plane, int x, int y, int w, int h, int mv, int filters, void* dst, nint dstStride, int form)
    {
        const int halfSample = 8, scaleShift = 14, offset = 32;
        PlaneGeometry* p = _planes + plane;
        int xScale = _s->References[reference].XScale, yScale = _s->References[reference].YScale;
        long originX = ((long)x << 4) + (2 * Av1MotionVector.Col(mv) >> p->SubX) + halfSample, originY = ((long)y << 4) + (2 * Av1MotionVector.Row(mv) >> p->SubY) + halfSample;
        int startX = (int)Av1MotionVector.Round2Signed(originX * xScale - (halfSample << scaleShift), 8) + offset;
        int startY = (int)Av1MotionVector.Round2Signed(originY * yScale - (halfSample << scaleShift), 8) + offset;
        int stepX = xScale + 8 >> 4, stepY = yScale + 8 >> 4;
        int left = (startX >> 10) - TapsBefore, top = (startY >> 10) - TapsBefore;
        int right = (startX + (w - 1) * stepX >> 10) + TapsBehind, bottom = (startY + (h - 1) * stepY >> 10) + TapsBehind;
        WaitRow(r, reference, bottom, p->SubY);
        byte* src;
        nint stride;
        if (left >= 0 && top >= 0 && right <= r->LastX && bottom <= r->LastY)
        {
            stride = r->Stride;
            src = r->Base + (top + TapsBefore) * stride + ((nint)(left + TapsBefore) << _sampleShift);
        }
        else
        {
            stride = (nint)EmulatedColumns << _sampleShift;
            Vp9EdgeKernels.Emulate(_emulated, stride, r->Base, r->Stride, left, top, right - left + 1, bottom - top + 1, r->LastX, r->LastY, 1 << _sampleShift);
            src = _emulated + TapsBefore * stride + (TapsBefore << _sampleShift);
        }
        _kernels->GetPredictScaled(form)(dst, dstStride, src, stride, w, h, startX & 1023, startY & 1023, stepX, stepY, filters, _bitDepth);
    }

    /// <summary>Grey in place of a prediction from a missing reference.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillMissing(byte* dst, nint stride, int w, int h)
    {
        Corrupted = true;
        for (int row = 0; row < h; row++, dst += stride)
        {
            if (_sampleShift == 0)
                new Span<byte>(dst, w).Fill(128);
            else
                new Span<ushort>(dst, w).Fill((ushort)(1 << (_bitDepth - 1)));
        }
    }

    /// <summary>The same as an intermediate prediction: 4 more bits at 8 and 10, 2 more at 12, less 8192 above 8.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillMissing(short* dst, int count)
    {
        Corrupted = true;
        new Span<short>(dst, count).Fill((short)((1 << (_bitDepth - 1) + (_bitDepth == 12 ? 2 : 4)) - (_bitDepth == 8 ? 0 : 8192)));
    }
}
