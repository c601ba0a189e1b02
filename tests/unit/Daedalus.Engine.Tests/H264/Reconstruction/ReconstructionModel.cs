// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Engine.H264;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels;
using Daedalus.Kernels.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264.Reconstruction;

/// <summary>
/// A slow model of spec 8.3 to 8.6 for whole macroblocks. Neighbouring samples are found one by one with Table 6-4; inter prediction follows the formulas sample by sample.
/// Single blocks' intra modes and transforms are the scalar kernels (which have their own tests). Chooses intra modes as it goes: only modes a stream may have.
/// </summary>
internal sealed unsafe partial class ReconstructionModel
{
    private readonly ReconstructionCase _case;
    private readonly H264PictureState* _p;
    private readonly CaseOptions _o;
    private readonly int _depth, _max, _cat;
    private readonly bool[] _decoded;
    private H264KernelTable _table;

    /// <summary>Expected samples of the planes, [plane][line * width + column].</summary>
    public readonly int[][] Planes;
    private readonly int[] _widths, _mbWidth, _mbHeight;

    private int _mbX, _mbY, _index;
    private H264Macroblock* _mb;
    private H264Slice* _s;

    public ReconstructionModel(ReconstructionCase c)
    {
        _case = c;
        _p = c.P;
        _o = c.Options;
        _depth = _o.BitDepth;
        _max = (1 << _depth) - 1;
        _cat = _o.ChromaArrayType;
        _decoded = new bool[_p->WidthInMbs * _p->HeightInMbs];
        fixed (H264KernelTable* t = &_table)
            H264KernelTable.Create(t, _depth, KernelLevel.Scalar);
        int cw = _cat == 3 ? 16 : 8, ch = _cat == 1 ? 8 : 16;
        _mbWidth = [16, cw, cw];
        _mbHeight = [16, ch, ch];
        _widths = [_p->WidthInMbs * 16, _p->WidthInMbs * cw, _p->WidthInMbs * cw];
        Planes = new int[_cat == 0 ? 1 : 3][];
        for (int i = 0; i < Planes.Length; i++)
            Planes[i] = new int[_widths[i] * _p->HeightInMbs * _mbHeight[i]];
    }

    public int WidthOf(int plane) => _widths[plane];

    public void Decode()
    {
        int step = _p->IsMbaff ? 2 : 1;
        for (int y = 0; y < _p->HeightInMbs; y += step)
        {
            for (int x = 0; x < _p->WidthInMbs; x++)
            {
                for (int i = 0; i < step; i++)
                    Macroblock(x, y + i);
            }
        }
    }

    private ref int At(int plane, int mbIndex, int x, int y)
    {
        int mbX = mbIndex % _p->WidthInMbs, mbY = mbIndex / _p->WidthInMbs, h = _mbHeight[plane];
        int line = _p->IsMbaff && _p->Macroblocks[mbIndex].IsField ? (mbY >> 1) * 2 * h + 2 * y + (mbY & 1) : mbY * h + y;
        return ref Planes[plane][line * _widths[plane] + mbX * _mbWidth[plane] + x];
    }

    private ref int At(int plane, int x, int y) => ref At(plane, _index, x, y);

    private bool IsAvailable(int n)
    {
        H264Macroblock* mb = _p->Macroblocks + n;
        if (!_decoded[n] || mb->Slice != _mb->Slice)
            return false;
        if ((_s->Pps->Pps.Flags & H264PpsFlags.ConstrainedIntraPred) == 0)
            return true;
        return mb->Type != H264MbType.Inter && (mb->Type != H264MbType.Si || _mb->Type == H264MbType.Si);
    }

    /// <summary>A neighbouring sample (6.4.12), null when it may not be used. done: 4×4 blocks of this macroblock (raster) that are constructed; null: none.</summary>
    private int? Sample(int plane, int x, int y, bool[]? done)
    {
        int w = _mbWidth[plane], h = _mbHeight[plane];
        if (y >= 0 && x >= w)
            return null;
        if (x >= 0 && y >= 0)
            return done != null && done[(y >> 2) * 4 + (x >> 2)] ? At(plane, x, y) : null;
        int n = H264Neighbours.Locate(_p, _mbX, _mbY, _p->IsMbaff && _mb->IsField, x, y, w, h, out int yM);
        return n >= 0 && IsAvailable(n) ? At(plane, n, (x + w) % w, yM) : null;
    }

    private void Macroblock(int mbX, int mbY)
    {
        _mbX = mbX;
        _mbY = mbY;
        _index = mbY * _p->WidthInMbs + mbX;
        _mb = _p->Macroblocks + _index;
        _s = _p->Slices + _mb->Slice;
        int chroma = _p->ChromaSize;
        if (_mb->Type == H264MbType.Pcm)
        {
            for (int plane = 0; plane < Planes.Length; plane++)
            {
                for (int i = 0; i < _mbWidth[plane] * _mbHeight[plane]; i++)
                    At(plane, i % _mbWidth[plane], i / _mbWidth[plane]) = Level((plane == 0 ? 0 : 256 + (plane - 1) * chroma) + i);
            }
        }
        else if (_mb->Type == H264MbType.Inter)
        {
            Inter();
            if (_s->Header.SliceType == H264SliceType.SP)
            {
                for (int b = 0; b < 16; b++)
                    SpLuma(b, _s->Header.SpForSwitch);
                SpChroma(_s->Header.SpForSwitch);
            }
            else
            {
                for (int plane = 0; plane < (_cat == 3 ? 3 : 1); plane++)
                    WholeLumaResidual(plane);
                ChromaResidual();
            }
        }
        else
        {
            for (int plane = 0; plane < (_cat == 3 ? 3 : 1); plane++)
                IntraLuma(plane);
            if (_cat is 1 or 2)
                IntraChroma();
        }
        _decoded[_index] = true;
    }

    private int Level(int i)
    {
        byte* c = _p->CoefficientsOf(_mbX, _mbY);
        return _depth > 8 ? ((int*)c)[i] : ((short*)c)[i];
    }

    private static int BlockX(int b) => ((b & 1) + ((b >> 2) & 1) * 2) * 4;
    private static int BlockY(int b) => (((b >> 1) & 1) + (b >> 3) * 2) * 4;

    private static bool IsAllowed(int mode, bool left, bool above, bool corner) => mode switch
    {
        0 or 3 or 7 => above,
        1 or 8 => left,
        2 => true,
        _ => left && above && corner,
    };

    private void IntraLuma(int plane)
    {
        if (_mb->Type == H264MbType.Intra16x16)
        {
            Intra16x16(plane);
            return;
        }
        int n = _mb->Type == H264MbType.Intra8x8 ? 8 : 4;
        var done = new bool[16];
        for (int b = 0; b < 16; b += n * n / 16)
        {
            int x0 = BlockX(b), y0 = BlockY(b);
            var above = new int?[17];
            var left = new int?[8];
            for (int i = -1; i < 2 * n; i++)
                above[i + 1] = Sample(plane, x0 + i, y0 - 1, done);
            for (int i = 0; i < n; i++)
                left[i] = Sample(plane, x0 - 1, y0 + i, done);
            bool hasLeft = left.Take(n).All(v => v != null), hasAbove = above[1] != null, hasCorner = above[0] != null, hasRight = above[n + 1] != null;
            if (plane == 0)
            {
                int choice;
                do
                    choice = _case.Random.Next(9);
                while (!IsAllowed(choice, hasLeft, hasAbove, hasCorner));
                for (int i = 0; i < n * n / 16; i++)
                    _mb->IntraModes[b + i] = (byte)choice;
            }
            int mode = _mb->IntraModes[b];
            if (n == 4 && !hasRight)
            {
                for (int i = 5; i < 9; i++)
                    above[i] = above[4];
            }
            PredictBlock(plane, x0, y0, n, mode, above, left, hasLeft, hasAbove, hasCorner, hasRight);
            if (_mb->Type == H264MbType.Si)
                SpLuma(b, true);
            else
                Residual(plane, b, n, x0, y0, mode < 2 ? mode + 1 : 0);
            for (int i = 0; i < n * n / 16; i++)
                done[(BlockY(b + i) >> 2) * 4 + (BlockX(b + i) >> 2)] = true;
        }
    }

    private void PredictBlock(int plane, int x0, int y0, int n, int mode, int?[] above, int?[] left, bool hasLeft, bool hasAbove, bool hasCorner, bool hasRight)
    {
        ushort* line = stackalloc ushort[64];
        ushort* column = stackalloc ushort[16];
        ushort* block = stackalloc ushort[256];
        for (int i = 0; i < 17; i++)
            Put(line, 16 + i, above[i] ?? 0x55);
        for (int i = 0; i < n; i++)
            Put(column, i, left[i] ?? 0x55);
        int size = _depth > 8 ? 2 : 1;
        byte* a = (byte*)line + 17 * size;
        if (n == 4)
        {
            int kernel = mode != 2 ? mode : hasLeft ? hasAbove ? 2 : 9 : hasAbove ? 10 : 11;
            _table.GetIntra4x4(kernel)((byte*)block, 16 * size, a, (byte*)column, size, _max);
        }
        else
        {
            int available = (hasLeft ? 1 : 0) | (hasAbove ? 2 : 0) | (hasCorner ? 4 : 0) | (hasRight ? 8 : 0);
            _table.GetIntra8x8(mode)((byte*)block, 16 * size, a, (byte*)column, size, available, _max);
        }
        for (int y = 0; y < n; y++)
        {
            for (int x = 0; x < n; x++)
                At(plane, x0 + x, y0 + y) = Get(block, y * 16 + x);
        }
    }

    private void Put(void* p, int i, int value)
    {
        if (_depth > 8)
            ((ushort*)p)[i] = (ushort)value;
        else
            ((byte*)p)[i] = (byte)value;
    }

    private int Get(void* p, int i) => _depth > 8 ? ((ushort*)p)[i] : ((byte*)p)[i];

    /// <summary>Prediction of a whole plane of the macroblock with a 16×16 or chroma kernel.</summary>
    private void PredictWhole(int plane, int mode, Func<bool, bool, bool, int> choose, out int chosen)
    {
        int w = _mbWidth[plane], h = _mbHeight[plane], size = _depth > 8 ? 2 : 1;
        ushort* line = stackalloc ushort[64];
        ushort* column = stackalloc ushort[16];
        ushort* block = stackalloc ushort[256];
        bool above = Sample(plane, 0, -1, null) != null, corner = Sample(plane, -1, -1, null) != null, upper = true, lower = true;
        for (int i = -1; i < w; i++)
            Put(line, 17 + i, Sample(plane, i, -1, null) ?? 0x55);
        for (int i = 0; i < h; i++)
        {
            int? v = Sample(plane, -1, i, null);
            Put(column, i, v ?? 0x55);
            if (v == null && i < h / 2)
                upper = false;
            if (v == null && i >= h / 2)
                lower = false;
        }
        chosen = mode >= 0 ? mode : choose(upper && lower, above, corner);
        byte* a = (byte*)line + 17 * size;
        bool chroma = _cat != 3 && plane > 0;
        if (chroma)
            _table.GetIntraChroma(chosen + (_cat == 2 ? 4 : 0))((byte*)block, 16 * size, a, (byte*)column, size, (upper ? 1 : 0) | (above ? 2 : 0) | (corner ? 4 : 0) | (lower ? 16 : 0), _max);
        else
            _table.GetIntra16x16(chosen)((byte*)block, 16 * size, a, (byte*)column, size, (upper && lower ? 1 : 0) | (above ? 2 : 0) | (corner ? 4 : 0), _max);
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
                At(plane, x, y) = Get(block, y * 16 + x);
        }
    }

    private void Intra16x16(int plane)
    {
        PredictWhole(plane, plane == 0 ? -1 : _mb->Intra16x16Mode, (left, above, corner) =>
        {
            while (true)
            {
                int m = _case.Random.Next(4);
                if (m == 2 || (m == 0 && above) || (m == 1 && left) || (m == 3 && left && above && corner))
                    return m;
            }
        }, out int mode);
        _mb->Intra16x16Mode = (byte)mode;

        int qp = 6 * (_depth - 8) + (plane == 0 ? _mb->Qp : plane == 1 ? _mb->QpCb : _mb->QpCr);
        int start = plane * 256, dcStart = _p->DcOffset + plane * 16;
        bool bypass = (_mb->Flags & H264MbFlags.Bypass) != 0;
        var coefficients = new int[256];
        for (int i = 0; i < 256; i++)
            coefficients[i] = Level(start + i);
        if (bypass)
        {
            for (int b = 0; b < 16; b++)
                coefficients[b * 16] = Level(dcStart + BlockX(b) + BlockY(b) / 4);
            BypassArea(plane, 16, 16, (x, y) =>
            {
                int b = (y >> 3) * 8 + (x >> 3) * 4 + ((y >> 2) & 1) * 2 + ((x >> 2) & 1);
                return coefficients[b * 16 + (x & 3) * 4 + (y & 3)];
            }, mode == 0 ? 1 : mode == 1 ? 2 : 0);
            return;
        }
        // 8.5.10: f = M c M, then scaled by LevelScale4x4(qP % 6, 0, 0).
        int[,] m4 = { { 1, 1, 1, 1 }, { 1, 1, -1, -1 }, { 1, -1, -1, 1 }, { 1, -1, 1, -1 } };
        int scale = _s->Dequant->Scale4x4[(plane * 6 + qp % 6) * 16];
        for (int b = 0; b < 16; b++)
        {
            int bx = BlockX(b) / 4, by = BlockY(b) / 4, f = 0;
            for (int i = 0; i < 4; i++)
            {
                for (int j = 0; j < 4; j++)
                    f += m4[by, i] * Level(dcStart + j * 4 + i) * m4[j, bx];
            }
            coefficients[b * 16] = qp >= 36 ? (f * scale) << (qp / 6 - 6) : (f * scale + (1 << (5 - qp / 6))) >> (6 - qp / 6);
            AddTransform(plane, BlockX(b), BlockY(b), 4, coefficients.AsSpan(b * 16, 16));
        }
    }

    private void IntraChroma()
    {
        for (int plane = 1; plane < 3; plane++)
        {
            PredictWhole(plane, plane == 1 ? -1 : _mb->IntraChromaMode, (left, above, corner) =>
            {
                while (true)
                {
                    int m = _case.Random.Next(4);
                    if (m == 0 || (m == 2 && above) || (m == 1 && left) || (m == 3 && left && above && corner))
                        return m;
                }
            }, out int mode);
            _mb->IntraChromaMode = (byte)mode;
        }
        if (_mb->Type == H264MbType.Si)
            SpChroma(true);
        else
            ChromaResidual();
    }

    private void WholeLumaResidual(int plane)
    {
        int n = (_mb->Flags & H264MbFlags.Transform8x8) != 0 ? 8 : 4;
        for (int b = 0; b < 16; b += n * n / 16)
            Residual(plane, b, n, BlockX(b), BlockY(b), 0);
    }

    private void Residual(int plane, int b, int n, int x0, int y0, int bypassMode)
    {
        var c = new int[n * n];
        for (int i = 0; i < n * n; i++)
            c[i] = Level(plane * 256 + b * 16 + i);
        if ((_mb->Flags & H264MbFlags.Bypass) == 0)
        {
            AddTransform(plane, x0, y0, n, c);
            return;
        }
        var r = new int[n, n];
        for (int y = 0; y < n; y++)
        {
            for (int x = 0; x < n; x++)
            {
                r[x, y] = c[x * n + y] + (bypassMode == 1 && y > 0 ? r[x, y - 1] : bypassMode == 2 && x > 0 ? r[x - 1, y] : 0);
                At(plane, x0 + x, y0 + y) = Wrap(At(plane, x0 + x, y0 + y) + r[x, y]);
            }
        }
    }

    // Lossless streams never leave the sample range, random ones do; the engine clips there.
    private int Wrap(int v) => Math.Clamp(v, 0, _max);

    /// <summary>8.5.15 over a whole plane; mode 1 vertical, 2 horizontal. Where the sums leave the range the engine, which goes on from samples, clips at each step.</summary>
    private void BypassArea(int plane, int w, int h, Func<int, int, int> residual, int mode)
    {
        for (int y = 0; y < h; y++)
        {
            for (int x = 0; x < w; x++)
            {
                // Blocks of four restart their sum at the sample before them.
                int k = mode == 1 ? y & 3 : x & 3, sum = 0;
                if (mode == 0)
                {
                    At(plane, x, y) = Wrap(At(plane, x, y) + residual(x, y));
                    continue;
                }
                for (int i = 0; i <= k; i++)
                    sum += mode == 1 ? residual(x, y - i) : residual(x - i, y);
                int from = mode == 1 ? y - k - 1 : x - k - 1;
                int before = from < 0 ? At(plane, x, y) : mode == 1 ? At(plane, x, from) : At(plane, from, y);
                At(plane, x, y) = Wrap(before + sum);
            }
        }
    }

    private void AddTransform(int plane, int x0, int y0, int n, Span<int> coefficients)
    {
        ushort* block = stackalloc ushort[64];
        int* c = stackalloc int[64];
        for (int i = 0; i < n * n; i++)
        {
            if (_depth > 8)
                c[i] = coefficients[i];
            else
                ((short*)c)[i] = (short)coefficients[i];
            Put(block, i, At(plane, x0 + i % n, y0 + i / n));
        }
        int stride = n * (_depth > 8 ? 2 : 1);
        if (n == 8)
            _table.GetAddTransform8x8()((byte*)block, stride, c, _max);
        else
            _table.GetAddTransform4x4()((byte*)block, stride, c, _max);
        for (int i = 0; i < n * n; i++)
            At(plane, x0 + i % n, y0 + i / n) = Get(block, i);
    }

    private void ChromaResidual()
    {
        if (_cat is 0 or 3)
            return;
        int rows = _cat * 2;
        for (int plane = 1; plane < 3; plane++)
        {
            int start = 256 + (plane - 1) * _p->ChromaSize, dcStart = _p->DcOffset + plane * 16;
            var c = new int[rows * 2 * 16];
            for (int i = 0; i < c.Length; i++)
                c[i] = Level(start + i);
            if ((_mb->Flags & H264MbFlags.Bypass) != 0)
            {
                for (int b = 0; b < rows * 2; b++)
                    c[b * 16] = Level(dcStart + b);
                int mode = _mb->Type == H264MbType.Inter ? 0 : _mb->IntraChromaMode == 1 ? 2 : _mb->IntraChromaMode == 2 ? 1 : 0;
                BypassArea(plane, 8, rows * 4, (x, y) => c[((y >> 2) * 2 + (x >> 2)) * 16 + (x & 3) * 4 + (y & 3)], mode);
                continue;
            }
            int qp = 6 * (_depth - 8) + (plane == 1 ? _mb->QpCb : _mb->QpCr), list = plane + (_mb->Type == H264MbType.Inter ? 3 : 0);
            if (_cat == 2)
                qp += 3;
            int scale = _s->Dequant->Scale4x4[(list * 6 + qp % 6) * 16];
            int[,] m4 = { { 1, 1, 1, 1 }, { 1, 1, -1, -1 }, { 1, -1, -1, 1 }, { 1, -1, 1, -1 } }, m2 = { { 1, 1 }, { 1, -1 } };
            for (int b = 0; b < rows * 2; b++)
            {
                int f = 0;
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < 2; j++)
                        f += (rows == 2 ? m2[b >> 1, i] : m4[b >> 1, i]) * Level(dcStart + i * 2 + j) * m2[j, b & 1];
                }
                c[b * 16] = _cat == 1 ? ((f * scale) << (qp / 6)) >> 5
                    : qp >= 36 ? (f * scale) << (qp / 6 - 6) : (f * scale + (1 << (5 - qp / 6))) >> (6 - qp / 6);
                AddTransform(plane, (b & 1) * 4, (b >> 1) * 4, 4, c.AsSpan(b * 16, 16));
            }
        }
    }
}
