// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264.Reconstruction;

/// <content>Inter prediction (spec 8.4.2) and SP decoding (8.6), sample by sample.</content>
internal sealed unsafe partial class ReconstructionModel
{
    private void Inter()
    {
        for (int plane = 0; plane < Planes.Length; plane++)
        {
            for (int y = 0; y < _mbHeight[plane]; y++)
            {
                for (int x = 0; x < _mbWidth[plane]; x++)
                    At(plane, x, y) = InterSample(plane, x, y);
            }
        }
    }

    private int InterSample(int plane, int x, int y)
    {
        H264Motion* motion = _p->Motion + _index;
        int lx = x * 16 / _mbWidth[plane], ly = y * 16 / _mbHeight[plane];
        int b8 = (ly >> 3) * 2 + (lx >> 3), b4 = (ly >> 2) * 4 + (lx >> 2);
        int ref0 = motion->RefIdx[b8], ref1 = motion->RefIdx[4 + b8];
        int p0 = ref0 >= 0 ? Predict(plane, x, y, 0, ref0, motion->Mv[b4]) : 0, p1 = ref1 >= 0 ? Predict(plane, x, y, 1, ref1, motion->Mv[16 + b4]) : 0;

        // 8.4.2.3
        bool fieldMb = _p->IsMbaff && _mb->IsField;
        if (_o.Weights == 0 || (_o.Weights == 2 && (ref0 < 0 || ref1 < 0)))
            return ref0 < 0 ? p1 : ref1 < 0 ? p0 : (p0 + p1 + 1) >> 1;
        if (_o.Weights == 2)
        {
            int w1 = _s->ImplicitWeights[((fieldMb ? 1 + (_mbY & 1) : 0) * 32 + ref0) * 32 + ref1];
            return Math.Clamp((p0 * (64 - w1) + p1 * w1 + 32) >> 6, 0, _max);
        }
        V4L2CtrlH264PredWeights* t = &_s->Header.Weights;
        int logWd = plane == 0 ? t->LumaLog2WeightDenom : t->ChromaLog2WeightDenom;
        int i0 = fieldMb ? ref0 >> 1 : ref0, i1 = fieldMb ? ref1 >> 1 : ref1;
        var (w0, o0) = ref0 < 0 ? (0, 0) : Factor(&t->Factors0, plane, i0);
        var (wb, o1) = ref1 < 0 ? (0, 0) : Factor(&t->Factors1, plane, i1);
        if (ref0 >= 0 && ref1 >= 0)
            return Math.Clamp(((p0 * w0 + p1 * wb + (1 << logWd)) >> (logWd + 1)) + ((o0 + o1 + 1) >> 1), 0, _max);
        int p = ref0 >= 0 ? p0 : p1, w = ref0 >= 0 ? w0 : wb, o = ref0 >= 0 ? o0 : o1;
        return Math.Clamp(logWd >= 1 ? ((p * w + (1 << (logWd - 1))) >> logWd) + o : p * w + o, 0, _max);
    }

    private (int Weight, int Offset) Factor(V4L2H264WeightFactors* f, int plane, int i)
        => plane == 0 ? (f->LumaWeight[i], f->LumaOffset[i] * (1 << (_depth - 8))) : (f->ChromaWeight[i * 2 + plane - 1], f->ChromaOffset[i * 2 + plane - 1] * (1 << (_depth - 8)));

    private int Predict(int plane, int x, int y, int list, int refIdx, int vector)
    {
        bool fieldMb = _p->IsMbaff && _mb->IsField;
        // 8.4.2.1: field of the frame refIdx / 2; same parity first.
        H264ReferencePicture* r = _p->References + _s->RefList[list * 32 + (fieldMb ? refIdx / 2 : refIdx)];
        int parity = fieldMb ? _mbY & 1 : _p->IsBottom ? 1 : 0;
        if (fieldMb)
        {
            int wanted = refIdx % 2 == 0 ? parity : 1 - parity;
            r += 1 + wanted;
        }
        int planeWidth = _widths[plane], planeHeight = _p->HeightInMbs * _mbHeight[plane] / (fieldMb ? 2 : 1);
        int mbLine = (fieldMb ? _mbY / 2 : _mbY) * _mbHeight[plane];
        int mvX = (short)vector, mvY = vector >> 16;
        byte* samples = r->View.Plane(plane);
        nint stride = r->View.Stride(plane);
        int Ref(int sx, int sy)
        {
            byte* row = samples + Math.Clamp(sy, 0, planeHeight - 1) * stride;
            sx = Math.Clamp(sx, 0, planeWidth - 1);
            return _depth > 8 ? ((ushort*)row)[sx] : row[sx];
        }

        int ax = _mbX * _mbWidth[plane] + x, ay = mbLine + y;
        if (plane == 0 || _cat == 3)
            return Luma(Ref, ax + (mvX >> 2), ay + (mvY >> 2), mvX & 3, mvY & 3);
        if (_cat == 1 && (fieldMb || _p->IsField))
        {
            // Table 8-9.
            bool refBottom = r->Fields == H264Fields.Bottom;
            if (refBottom && parity == 0)
                mvY -= 2;
            if (!refBottom && parity == 1)
                mvY += 2;
        }
        int cx = ax + (mvX >> 3), cy = ay + (_cat == 1 ? mvY >> 3 : mvY >> 2), fx = mvX & 7, fy = _cat == 1 ? mvY & 7 : (mvY & 3) << 1;
        return ((8 - fx) * (8 - fy) * Ref(cx, cy) + fx * (8 - fy) * Ref(cx + 1, cy) + (8 - fx) * fy * Ref(cx, cy + 1) + fx * fy * Ref(cx + 1, cy + 1) + 32) >> 6;
    }

    /// <summary>8.4.2.2.1; names of samples as in Figure 8-4.</summary>
    private int Luma(Func<int, int, int> r, int x, int y, int fx, int fy)
    {
        static int Tap(Func<int, int> v) => v(-2) - 5 * v(-1) + 20 * v(0) + 20 * v(1) - 5 * v(2) + v(3);
        int Clip(int v, int shift) => Math.Clamp((v + (1 << (shift - 1))) >> shift, 0, _max);
        int B(int row) => Clip(Tap(i => r(x + i, y + row)), 5);
        int H(int column) => Clip(Tap(i => r(x + column, y + i)), 5);
        int J() => Clip(Tap(k => Tap(i => r(x + i, y + k))), 10);
        static int Mean(int a, int b) => (a + b + 1) >> 1;
        return (fx, fy) switch
        {
            (0, 0) => r(x, y),
            (0, 1) => Mean(r(x, y), H(0)),
            (0, 2) => H(0),
            (0, 3) => Mean(r(x, y + 1), H(0)),
            (1, 0) => Mean(r(x, y), B(0)),
            (2, 0) => B(0),
            (3, 0) => Mean(r(x + 1, y), B(0)),
            (1, 1) => Mean(B(0), H(0)),
            (1, 2) => Mean(H(0), J()),
            (1, 3) => Mean(H(0), B(1)),
            (2, 1) => Mean(B(0), J()),
            (2, 2) => J(),
            (2, 3) => Mean(J(), B(1)),
            (3, 1) => Mean(B(0), H(1)),
            (3, 2) => Mean(J(), H(1)),
            _ => Mean(H(1), B(1)),
        };
    }

    private static readonly int[,] s_forward = { { 1, 1, 1, 1 }, { 2, 1, -1, -2 }, { 1, -1, -1, 1 }, { 1, -2, 2, -1 } };
    private static readonly int[] s_norm = [10, 16, 13, 11, 18, 14, 13, 20, 16, 14, 23, 18, 16, 25, 20, 18, 29, 23];
    private static readonly int[] s_quant = [13107, 5243, 8066, 11916, 4660, 7490, 10082, 4194, 6554, 9362, 3647, 5825, 8192, 3355, 5243, 7282, 2893, 4559];

    private static int Kind(int i, int j) => i % 2 == 0 && j % 2 == 0 ? 0 : i % 2 == 1 && j % 2 == 1 ? 1 : 2;

    /// <summary>Transformed prediction of a 4×4 block, [row, column].</summary>
    private int[,] Transformed(int plane, int x0, int y0)
    {
        var c = new int[4, 4];
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                for (int k = 0; k < 4; k++)
                {
                    for (int l = 0; l < 4; l++)
                        c[i, j] += s_forward[i, k] * At(plane, x0 + l, y0 + k) * s_forward[j, l];
                }
            }
        }
        return c;
    }

    private static int Sign(int v) => v < 0 ? -1 : 1;

    private static int SpLevel(int predicted, int level, int qp, int qs, int kind, bool switching)
    {
        int a = kind == 0 ? 16 : kind == 1 ? 25 : 20;
        if (switching)
            return level + Sign(predicted) * ((Math.Abs(predicted) * s_quant[qs % 6 * 3 + kind] + (1 << (14 + qs / 6))) >> (15 + qs / 6));
        int cs = predicted + (((level * s_norm[qp % 6 * 3 + kind] * a) << (qp / 6)) >> 6);
        return Sign(cs) * (int)(((long)Math.Abs(cs) * s_quant[qs % 6 * 3 + kind] + (1 << (14 + qs / 6))) >> (15 + qs / 6));
    }

    private void Replace(int plane, int x0, int y0, int[] coefficients)
    {
        for (int i = 0; i < 16; i++)
            At(plane, x0 + i % 4, y0 + i / 4) = 0;
        AddTransform(plane, x0, y0, 4, coefficients);
    }

    private void SpLuma(int b, bool switching)
    {
        int qs = _s->Header.SliceQs;
        int[,] predicted = Transformed(0, BlockX(b), BlockY(b));
        var c = new int[16];
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
                c[j * 4 + i] = (SpLevel(predicted[i, j], Level(b * 16 + j * 4 + i), _mb->Qp, qs, Kind(i, j), switching) * s_norm[qs % 6 * 3 + Kind(i, j)]) << (qs / 6);
        }
        Replace(0, BlockX(b), BlockY(b), c);
    }

    private void SpChroma(bool switching)
    {
        int[] table = [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];
        int qpi = Math.Clamp(_s->Header.SliceQs + _s->Pps->Pps.ChromaQpIndexOffset, 0, 51), qs = qpi < 30 ? qpi : table[qpi - 30];
        int[,] m2 = { { 1, 1 }, { 1, -1 } };
        for (int plane = 1; plane < 3; plane++)
        {
            int qp = plane == 1 ? _mb->QpCb : _mb->QpCr;
            var predicted = new int[4][,];
            for (int b = 0; b < 4; b++)
                predicted[b] = Transformed(plane, b % 2 * 4, b / 2 * 4);
            var levels = new int[4];
            for (int b = 0; b < 4; b++)
            {
                int dcp = 0;
                for (int k = 0; k < 4; k++)
                    dcp += m2[b / 2, k / 2] * predicted[k][0, 0] * m2[k % 2, b % 2];
                int dcr = Level(_p->DcOffset + plane * 16 + b);
                if (switching)
                {
                    levels[b] = dcr + Sign(dcp) * (int)(((long)Math.Abs(dcp) * s_quant[qs % 6 * 3] + (1 << (15 + qs / 6))) >> (16 + qs / 6));
                }
                else
                {
                    int dcs = dcp + (((dcr * s_norm[qp % 6 * 3] * 16) << (qp / 6)) >> 5);
                    levels[b] = Sign(dcs) * (int)(((long)Math.Abs(dcs) * s_quant[qs % 6 * 3] + (1 << (15 + qs / 6))) >> (16 + qs / 6));
                }
            }
            for (int b = 0; b < 4; b++)
            {
                int f = 0;
                for (int k = 0; k < 4; k++)
                    f += m2[b / 2, k / 2] * levels[k] * m2[k % 2, b % 2];
                var c = new int[16];
                for (int i = 0; i < 4; i++)
                {
                    for (int j = 0; j < 4; j++)
                    {
                        int at = 256 + (plane - 1) * 64 + b * 16 + j * 4 + i;
                        c[j * 4 + i] = (SpLevel(predicted[b][i, j], Level(at), qp, qs, Kind(i, j), switching) * s_norm[qs % 6 * 3 + Kind(i, j)]) << (qs / 6);
                    }
                }
                c[0] = ((f * s_norm[qs % 6 * 3]) << (qs / 6)) >> 1;
                Replace(plane, b % 2 * 4, b / 2 * 4, c);
            }
        }
    }
}
