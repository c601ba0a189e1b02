// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Memory;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Film grain synthesis of one frame (7.18.3): <see cref="Begin"/> makes templates and scaling tables, <see cref="Apply"/> adds noise row by row. The noise
/// image never exists as a whole: two rows of it stay in the first cache.
/// </summary>
public sealed unsafe class Av1FilmGrain : IDisposable
{
    // Rows of noise at a time: what one row of 4:2:0 chroma stands for.
    private const int Rows = 2;
    private const int StripeRows = 32;

    private readonly NativeBlock _tables = new();
    private readonly NativeBlock _lines = new();
    private Av1GrainTable* _kernels;
    private Av1GrainParameters* _parameters;
    private short* _templates;
    private short* _noise;
    private short* _old;
    private ushort* _offsets;
    private nint _noiseStride;
    private int _blocks, _planes, _subX, _subY, _min, _max;
    private ushort _seed;
    private bool _overlap;
    private int _noisy;

    /// <summary>Prepares a frame.</summary>
    /// <param name="grain">Parameters in force; values out of range are limited.</param>
    /// <param name="bitDepth">8, 10 or 12.</param>
    /// <param name="subX">subsampling_x.</param>
    /// <param name="subY">subsampling_y.</param>
    /// <param name="monochrome">mono_chrome: chroma planes, if there are any, are copied.</param>
    /// <param name="matrixCoefficients">matrix_coefficients.</param>
    /// <param name="kernels">Kernels of the bit depth.</param>
    public void Begin(in V4L2CtrlAv1FilmGrain grain, int bitDepth, int subX, int subY, bool monochrome, int matrixCoefficients, Av1GrainTable* kernels)
    {
        _kernels = kernels;
        _planes = monochrome ? 1 : 3;
        _subX = subX;
        _subY = subY;
        _seed = grain.GrainSeed;
        _overlap = (grain.Flags & Av1FilmGrainFlags.Overlap) != 0;
        _min = -(128 << (bitDepth - 8));
        _max = (128 << (bitDepth - 8)) - 1;
        _tables.Reserve(3 * (nuint)sizeof(Av1GrainParameters) + 64 + (3 * Av1GrainTemplates.Size + Av1GrainTable.GrainPadding) * sizeof(short) + Av1GrainTemplates.Sums * sizeof(int));
        _parameters = (Av1GrainParameters*)_tables.Pointer;
        int* sums = (int*)(((nint)(_parameters + 3) + 63) & ~(nint)63);
        _templates = (short*)(sums + Av1GrainTemplates.Sums);

        bool fromLuma = (grain.Flags & Av1FilmGrainFlags.ChromaScalingFromLuma) != 0;
        _noisy = grain.NumYPoints > 0 ? 1 : 0;
        if (!monochrome)
            _noisy |= (fromLuma || grain.NumCbPoints > 0 ? 2 : 0) | (fromLuma || grain.NumCrPoints > 0 ? 4 : 0);
        short* luma = _templates;
        int shift = 12 - bitDepth + (grain.GrainScaleShift & 3);
        if (Noisy(0))
        {
            Av1GrainTemplates.White(luma, 0, 0, _seed, shift);
            Av1GrainTemplates.FilterLuma(luma, grain, bitDepth, sums, kernels);
        }
        if (Noisy(1) || Noisy(2))
        {
            short* cb = luma + Av1GrainTemplates.Size;
            short* cr = cb + Av1GrainTemplates.Size;
            Av1GrainTemplates.White(cb, subX, subY, (ushort)(_seed ^ 0xb524), shift);
            Av1GrainTemplates.White(cr, subX, subY, (ushort)(_seed ^ 0x49d8), shift);
            Av1GrainTemplates.FilterChroma(luma, cb, cr, grain, bitDepth, subX, subY, sums, kernels);
        }
        for (int plane = 0; plane < _planes; plane++)
        {
            if (Noisy(plane))
                Av1GrainScaling.Set(_parameters + plane, grain, plane, bitDepth, matrixCoefficients);
        }
    }

    /// <summary>Luma rows firstRow..endRow-1 and their chroma, after <see cref="Begin"/>. Planes without noise are copied.</summary>
    /// <param name="from">Picture without grain.</param>
    /// <param name="to">Another of the same size and format.</param>
    /// <param name="firstRow">Multiple of 32.</param>
    /// <param name="endRow">Multiple of 32, or the height.</param>
    public void Apply(in PictureView from, in PictureView to, int firstRow, int endRow)
    {
        int width = from.Width;
        Reserve(width);
        for (int plane = 0; plane < 3; plane++)
            _parameters[plane].LumaWidth = width;
        for (int stripe = firstRow; stripe < endRow; stripe += StripeRows)
        {
            Offsets(stripe / StripeRows, 0);
            if (_overlap && stripe > 0)
                Offsets(stripe / StripeRows - 1, 1);
            int end = Math.Min(stripe + StripeRows, endRow);
            for (int y = stripe; y < end; y += Rows)
            {
                int count = Math.Min(Rows, end - y);
                ApplyLuma(from, to, y, count);
                for (int plane = 1; plane < _planes; plane++)
                    ApplyChroma(from, to, plane, y >> _subY, _subY != 0 ? 1 : count, y);
            }
        }
        if (_planes == 1 && to.Plane1 != null && from.Plane1 != null)
        {
            for (int plane = 1; plane < 3; plane++)
            {
                int first = firstRow >> from.SubsamplingY, rows = ((endRow + from.SubsamplingY) >> from.SubsamplingY) - first;
                Copy(from, to, plane, first, rows, (width + from.SubsamplingX) >> from.SubsamplingX);
            }
        }
    }

    private bool Noisy(int plane) => ((_noisy >> plane) & 1) != 0;

    private void ApplyLuma(in PictureView from, in PictureView to, int y, int count)
    {
        if (!Noisy(0))
        {
            Copy(from, to, 0, y, count, from.Width);
            return;
        }
        for (int i = 0; i < count; i++)
            NoiseRow(0, y + i, _noise + i * _noiseStride);
        _kernels->GetAddLuma()(to.Plane0 + y * to.StrideY, to.StrideY, from.Plane0 + y * from.StrideY, from.StrideY, _noise, _noiseStride, from.Width, count, _parameters);
    }

    /// <summary>Chroma rows y.., whose luma starts at lumaRow.</summary>
    private void ApplyChroma(in PictureView from, in PictureView to, int plane, int y, int count, int lumaRow)
    {
        int width = (from.Width + _subX) >> _subX;
        if (!Noisy(plane))
        {
            Copy(from, to, plane, y, count, width);
            return;
        }
        for (int i = 0; i < count; i++)
            NoiseRow(plane, y + i, _noise + i * _noiseStride);
        _kernels->GetAddChroma(2 - _subX - _subY)(
            to.Plane(plane) + y * to.StrideUv, to.StrideUv, from.Plane(plane) + y * from.StrideUv, from.StrideUv, from.Plane0 + lumaRow * from.StrideY, from.StrideY, _noise, _noiseStride, width, count,
            _parameters + plane);
    }

    /// <summary>Row y of noiseImage[plane] (7.18.3.5).</summary>
    private void NoiseRow(int plane, int y, short* row)
    {
        int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0;
        int i = y & ((StripeRows >> subY) - 1);
        short* grain = _templates + plane * Av1GrainTemplates.Size;
        ushort* offsets = _offsets + (plane > 0 ? 2 * _blocks : 0);
        int overlap = _overlap ? 1 : 0;
        _kernels->GetNoiseRow(subX)(row, grain + i * Av1GrainTemplates.Stride, offsets, _blocks, overlap, _min, _max);
        if (i >= 2 - subY || !_overlap || y == i)
            return;
        _kernels->GetNoiseRow(subX)(_old, grain + (i + (StripeRows >> subY)) * Av1GrainTemplates.Stride, offsets + _blocks, _blocks, overlap, _min, _max);
        int oldWeight = subY != 0 ? 23 : i == 0 ? 27 : 17, newWeight = subY != 0 ? 22 : i == 0 ? 17 : 27;
        _kernels->GetBlendRow()(row, _old, oldWeight, newWeight, _blocks * (StripeRows >> subX), _min, _max);
    }

    /// <summary>Where in the templates the blocks of a stripe lie: luma at 0, chroma at 2 * _blocks, each for slot 0 (this stripe) and 1 (the one above).</summary>
    private void Offsets(int lumaNum, int slot)
    {
        uint register = (uint)(_seed ^ (((lumaNum * 37 + 178) & 255) << 8) ^ ((lumaNum * 173 + 105) & 255));
        ushort* luma = _offsets + slot * _blocks;
        ushort* chroma = luma + 2 * _blocks;
        for (int b = 0; b < _blocks; b++)
        {
            int random = Av1GrainTemplates.Random8(ref register), x = random >> 4, y = random & 15;
            luma[b] = (ushort)((9 + 2 * y) * Av1GrainTemplates.Stride + 9 + 2 * x);
            chroma[b] = (ushort)((_subY != 0 ? 6 + y : 9 + 2 * y) * Av1GrainTemplates.Stride + (_subX != 0 ? 6 + x : 9 + 2 * x));
        }
    }

    private void Reserve(int width)
    {
        _blocks = (((width + 1) >> 1) + 15) >> 4;
        _noiseStride = _blocks * 32;
        _lines.Reserve((nuint)((Rows + 1) * _noiseStride * sizeof(short) + 4 * _blocks * sizeof(ushort)));
        _noise = (short*)_lines.Pointer;
        _old = _noise + Rows * _noiseStride;
        _offsets = (ushort*)(_old + _noiseStride);
    }

    private static void Copy(in PictureView from, in PictureView to, int plane, int y, int count, int width)
    {
        nuint bytes = (nuint)(from.BitDepth == 8 ? width : 2 * width);
        byte* src = from.Plane(plane) + y * from.Stride(plane);
        byte* dst = to.Plane(plane) + y * to.Stride(plane);
        for (int i = 0; i < count; i++, src += from.Stride(plane), dst += to.Stride(plane))
            Buffer.MemoryCopy(src, dst, bytes, bytes);
    }

    /// <summary>Frees the native memory.</summary>
    public void Dispose()
    {
        _tables.Dispose();
        _lines.Dispose();
    }
}
