// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>Palettes: palette_mode_info (5.11.46) and palette_tokens (5.11.49).</summary>
public sealed unsafe partial class Av1TileDecoder
{
    private const int PaletteHeader = 3 * 8 * sizeof(ushort);

    private ushort* AbovePalette(int plane, int col) => _abovePalette + ((nint)plane * _aboveStride + col - _tile->MiColStart) * 8;

    private ushort* LeftPalette(int plane, int row) => _leftPalette + (plane * 32 + (row & 31)) * 8;

    private ushort* Colors(Av1Block* b, int plane) => (ushort*)(_sb->Palettes + b->Palette) + plane * 8;

    private void PaletteModeInfo(Av1Block* b)
    {
        int bsizeCtx = Av1Tables.MiWidthLog2[(int)b->Size] + Av1Tables.MiHeightLog2[(int)b->Size] - 2;
        if (b->YMode == Av1Mode.Dc)
        {
            int ctx = (HasAbove && _aboveBlock->PaletteSizeY > 0 ? 1 : 0) + (HasLeft && _leftBlock->PaletteSizeY > 0 ? 1 : 0);
            if (_d.ReadBool(_cdf->PaletteYMode + (bsizeCtx * 3 + ctx) * 2))
            {
                b->PaletteSizeY = (byte)(_d.ReadSymbol8(_cdf->PaletteYSize + bsizeCtx * 8, 7) + 2);
                ReadPalette(b, 0, b->PaletteSizeY);
            }
        }
        if (!b->HasChroma || b->UvMode != Av1Mode.Dc || !_d.ReadBool(_cdf->PaletteUvMode + (b->PaletteSizeY > 0 ? 2 : 0)))
            return;
        int n = _d.ReadSymbol8(_cdf->PaletteUvSize + bsizeCtx * 8, 7) + 2, bitDepth = _s->BitDepth;
        b->PaletteSizeUv = (byte)n;
        ReadPalette(b, 1, n);
        ushort* v = Colors(b, 2);
        if (_d.ReadBit() == 0)
        {
            for (int i = 0; i < n; i++)
                v[i] = (ushort)_d.ReadLiteral(bitDepth);
            return;
        }
        int bits = bitDepth - 4 + _d.ReadLiteral(2), max = 1 << bitDepth, value = _d.ReadLiteral(bitDepth);
        v[0] = (ushort)value;
        for (int i = 1; i < n; i++)
        {
            int delta = _d.ReadLiteral(bits);
            if (delta != 0 && _d.ReadBit() != 0)
                delta = -delta;
            value += delta;
            if (value < 0)
                value += max;
            if (value >= max)
                value -= max;
            value = Math.Clamp(value, 0, max - 1);
            v[i] = (ushort)value;
        }
    }

    [SkipLocalsInit]
    private void ReadPalette(Av1Block* b, int plane, int n)
    {
        ushort* cache = stackalloc ushort[16];
        ushort* colors = Colors(b, plane);
        int cached = PaletteCache(b, plane, cache), idx = 0, bitDepth = _s->BitDepth;
        for (int i = 0; i < cached && idx < n; i++)
        {
            if (_d.ReadBit() != 0)
                colors[idx++] = cache[i];
        }
        if (idx < n)
        {
            int value = _d.ReadLiteral(bitDepth), max = (1 << bitDepth) - 1, bits = 0, step = plane == 0 ? 1 : 0;
            colors[idx++] = (ushort)value;
            if (idx < n)
                bits = bitDepth - 3 + _d.ReadLiteral(2);
            while (idx < n)
            {
                value = Math.Min(value + _d.ReadLiteral(bits) + step, max);
                colors[idx++] = (ushort)value;
                int range = max + 1 - value - step;
                bits = Math.Min(bits, range < 2 ? 0 : BitOperations.Log2((uint)range - 1) + 1);
            }
        }
        new Span<ushort>(colors, n).Sort();
    }

    /// <summary>get_palette_cache (5.11.46): colours of above, only inside a 64-row, and left, merged.</summary>
    private int PaletteCache(Av1Block* b, int plane, ushort* cache)
    {
        int aboveN = 0, leftN = 0;
        if ((b->MiRow & 15) != 0 && HasAbove)
            aboveN = plane == 0 ? _aboveBlock->PaletteSizeY : _aboveBlock->PaletteSizeUv;
        if (HasLeft)
            leftN = plane == 0 ? _leftBlock->PaletteSizeY : _leftBlock->PaletteSizeUv;
        ushort* above = AbovePalette(plane, b->MiCol), left = LeftPalette(plane, b->MiRow);
        int a = 0, l = 0, n = 0;
        while (a < aboveN || l < leftN)
        {
            ushort value;
            if (l >= leftN || a < aboveN && above[a] <= left[l])
                value = above[a++];
            else
                value = left[l++];
            if (n == 0 || cache[n - 1] != value)
                cache[n++] = value;
        }
        return n;
    }

    /// <summary>Keeps the colours for the blocks below and to the right.</summary>
    private void KeepPalette(Av1Block* b)
    {
        for (int plane = 0; plane < 2; plane++)
        {
            int n = plane == 0 ? b->PaletteSizeY : b->PaletteSizeUv;
            if (n == 0)
                continue;
            var colors = new ReadOnlySpan<ushort>(Colors(b, plane), n);
            for (int x = 0; x < _bw4; x++)
                colors.CopyTo(new Span<ushort>(AbovePalette(plane, b->MiCol + x), 8));
            for (int y = 0; y < _bh4; y++)
                colors.CopyTo(new Span<ushort>(LeftPalette(plane, b->MiRow + y), 8));
        }
    }

    private void PaletteTokens(Av1Block* b)
    {
        var s = _s;
        int width = _bw4 * 4, height = _bh4 * 4, onWidth = Math.Min(width, (s->MiCols - b->MiCol) * 4), onHeight = Math.Min(height, (s->MiRows - b->MiRow) * 4);
        byte* map = _sb->Palettes + b->Palette + PaletteHeader;
        _palettesUsed += PaletteHeader + width * height;
        if (b->PaletteSizeY != 0)
            ReadColorMap(map, width, height, onWidth, onHeight, b->PaletteSizeY, 0);
        if (b->PaletteSizeUv == 0)
            return;
        map += width * height;
        width >>= _subX;
        height >>= _subY;
        onWidth >>= _subX;
        onHeight >>= _subY;
        if (width < 4)
        {
            width += 2;
            onWidth += 2;
        }
        if (height < 4)
        {
            height += 2;
            onHeight += 2;
        }
        _palettesUsed += width * height;
        ReadColorMap(map, width, height, onWidth, onHeight, b->PaletteSizeUv, 1);
    }

    private ushort* ColorCdf(int plane, int n) => (plane * 8 + n) switch
    {
        2 => _cdf->PaletteSize2YColor,
        3 => _cdf->PaletteSize3YColor,
        4 => _cdf->PaletteSize4YColor,
        5 => _cdf->PaletteSize5YColor,
        6 => _cdf->PaletteSize6YColor,
        7 => _cdf->PaletteSize7YColor,
        8 => _cdf->PaletteSize8YColor,
        10 => _cdf->PaletteSize2UvColor,
        11 => _cdf->PaletteSize3UvColor,
        12 => _cdf->PaletteSize4UvColor,
        13 => _cdf->PaletteSize5UvColor,
        14 => _cdf->PaletteSize6UvColor,
        15 => _cdf->PaletteSize7UvColor,
        _ => _cdf->PaletteSize8UvColor,
    };

    [SkipLocalsInit]
    private void ReadColorMap(byte* map, int width, int height, int onWidth, int onHeight, int n, int plane)
    {
        byte* order = stackalloc byte[8];
        ushort* cdf = ColorCdf(plane, n);
        int stride = n <= 2 ? 2 : n <= 4 ? 4 : 8;
        map[0] = (byte)_d.ReadNonSymmetric(n);
        for (int i = 1; i < onHeight + onWidth - 1; i++)
        {
            for (int j = Math.Min(i, onWidth - 1); j >= Math.Max(0, i - onHeight + 1); j--)
            {
                byte* at = map + (nint)(i - j) * width + j;
                int ctx = ColorContext(at, width, i - j, j, order);
                at[0] = order[_d.ReadSymbol(cdf + ctx * stride, n)];
            }
        }
        // Prediction of transform blocks beyond the frame's edge reads the map there (5.11.49).
        for (int y = 0; y < onHeight; y++)
            new Span<byte>(map + (nint)y * width + onWidth, width - onWidth).Fill(map[(nint)y * width + onWidth - 1]);
        for (int y = onHeight; y < height; y++)
            new ReadOnlySpan<byte>(map + (nint)(onHeight - 1) * width, width).CopyTo(new Span<byte>(map + (nint)y * width, width));
    }

    /// <summary>get_palette_color_context (5.11.50): the neighbours' colours first, by score and then by index, the others in order.</summary>
    private static int ColorContext(byte* at, int width, int r, int c, byte* order)
    {
        byte* scores = stackalloc byte[8];
        *(ulong*)scores = 0;
        for (int i = 0; i < 8; i++)
            order[i] = (byte)i;
        if (c > 0)
            scores[at[-1]] += 2;
        if (r > 0 && c > 0)
            scores[at[-width - 1]] += 1;
        if (r > 0)
            scores[at[-width]] += 2;
        for (int i = 0; i < 3; i++)
        {
            int best = i;
            for (int j = i + 1; j < 8; j++)
            {
                if (scores[j] > scores[best])
                    best = j;
            }
            byte score = scores[best], color = order[best];
            for (int k = best; k > i; k--)
            {
                scores[k] = scores[k - 1];
                order[k] = order[k - 1];
            }
            scores[i] = score;
            order[i] = color;
        }
        return Av1EntropyTables.PaletteColorContext[scores[0] + 2 * scores[1] + 2 * scores[2]];
    }
}
