// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Engine.H264;

/// <summary>Neighbours of a macroblock (spec 6.4.9 to 6.4.12): A (left) and B (above); the others play no part in entropy decoding.</summary>
public sealed unsafe partial class H264SliceDecoder
{
    // Rows of the left macroblocks beside rows 0..3 of 4×4 blocks, a byte each: bits 0..1 row, bit 2: in _left1.
    private const uint StraightRows = 0x03020100;

    private bool IsMine(int index) => _p->Macroblocks[index].Slice == _slice;

    private void FindNeighbours()
    {
        if (_mbaff)
        {
            FindNeighboursMbaff();
            return;
        }
        int index = _index;
        _top = _mbY > 0 && IsMine(index - _width) ? index - _width : -1;
        _left0 = _left1 = _mbX > 0 && IsMine(index - 1) ? index - 1 : -1;
        _leftRows = StraightRows;
        _leftRowsChroma = StraightRows;
    }

    // Table 6-4 for the locations left and above.
    private void FindNeighboursMbaff()
    {
        H264Macroblock* mbs = _p->Macroblocks;
        int w = _width;
        bool bottom = (_mbY & 1) != 0;
        int pair = (_mbY & ~1) * w + _mbX;

        int top = -1;
        if (bottom && !_field)
            top = pair;
        else if (_mbY > 1 && IsMine(pair - w))
            top = _field && !bottom && mbs[pair - w].IsField ? pair - 2 * w : pair - w;
        _top = top;

        _leftRows = _leftRowsChroma = StraightRows;
        _left0 = _left1 = -1;
        if (_mbX == 0 || !IsMine(pair - 1))
            return;
        bool leftField = mbs[pair - 1].IsField;
        if (leftField == _field)
        {
            _left0 = _left1 = pair - 1 + (bottom ? w : 0);
            return;
        }
        if (_field)
        {
            // Every second line: four rows of blocks spread over both frame macroblocks.
            _left0 = pair - 1;
            _left1 = pair - 1 + w;
            _leftRows = 0x06040200;
            // 4:2:0: rows 0 and 1 lie at lines 0 and 8 of the pair's 16 chroma lines.
            _leftRowsChroma = _chromaType == 1 ? 0x0400u : _leftRows;
        }
        else
        {
            // The first line of each row of blocks is even: the top field macroblock.
            _left0 = _left1 = pair - 1;
            _leftRows = bottom ? 0x03030202u : 0x01010000u;
            _leftRowsChroma = _chromaType == 1 ? (bottom ? 0x0101u : 0x0000u) : _leftRows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LeftOf(uint rows, int row, out int r)
    {
        uint e = rows >> (row * 8);
        r = (int)(e & 3);
        return (e & 4) != 0 ? _left1 : _left0;
    }

    // Inter neighbours count as zero for intra macroblocks when partitions may be missing (9.2.1).
    private bool CountsAsZero(int index) => _partitioned && _constrainedIntra && _mb->IsIntra && !_p->Macroblocks[index].IsIntra;

    /// <summary>Brings the counts of the neighbours around those of the macroblock, which are zeroed.</summary>
    /// <param name="missing">Count of what is not available.</param>
    private void FillNonZero(byte missing)
    {
        byte* cache = _c->NonZero;
        int planes = _chromaType == 0 ? 1 : 3;
        byte* above = _top >= 0 && !CountsAsZero(_top) ? _mbs[_top].NonZero : null;
        byte* left0 = _left0 >= 0 && !CountsAsZero(_left0) ? _mbs[_left0].NonZero : null;
        byte* left1 = _left1 == _left0 ? left0 : _left1 >= 0 && !CountsAsZero(_left1) ? _mbs[_left1].NonZero : null;
        byte noTop = _top >= 0 ? (byte)0 : missing;
        byte noLeft = _left0 >= 0 ? (byte)0 : missing;
        for (int plane = 0; plane < planes; plane++)
        {
            byte* to = cache + plane * H264EntropyContext.PlaneStride;
            bool chroma = plane > 0 && _chromaType != 3;
            int lastRow = chroma && _chromaType == 1 ? 4 : 12;
            *(uint*)(to + 4) = above != null ? *(uint*)(above + plane * 16 + lastRow) : noTop * 0x01010101u;
            uint rows = chroma ? _leftRowsChroma : _leftRows;
            int column = plane * 16 + (chroma ? 1 : 3);
            for (int y = 0; y < 4; y++)
            {
                byte* row = to + (y + 1) * 8;
                byte* from = (rows & 4) != 0 ? left1 : left0;
                // The byte left of the row; the row itself is zeroed beside it.
                row[3] = from != null ? from[column + (int)(rows & 3) * 4] : noLeft;
                *(uint*)(row + 4) = 0;
                rows >>= 8;
            }
        }
    }

    private void StoreNonZero()
    {
        byte* cache = _c->NonZero;
        byte* to = _e->NonZero;
        int planes = _chromaType == 0 ? 1 : 3;
        for (int plane = 0; plane < planes; plane++)
        {
            byte* from = cache + plane * H264EntropyContext.PlaneStride + 12;
            for (int y = 0; y < 4; y++)
                ((uint*)to)[plane * 4 + y] = *(uint*)(from + y * 8);
        }
    }

    // mvd and refIdx of the neighbours, CABAC only (9.3.3.1.1.6, 9.3.3.1.1.7). Interiors are zeroed.
    private void FillMotionContext()
    {
        H264EntropyContext* c = _c;
        int lists = _isB ? 2 : 1;
        byte* refs = c->Ref;
        for (int list = 0; list < lists; list++)
        {
            ushort* mvd = c->Mvd + list * H264EntropyContext.PlaneStride;
            byte* r = refs + list * 12;
            *(ulong*)r = 0;
            *(uint*)(r + 8) = 0;
            if (_top >= 0)
            {
                H264EntropyMb* e = _mbs + _top;
                *(ulong*)(mvd + 4) = *(ulong*)(e->MvdBottom + list * 4);
                byte above = _mbaff && !_field && _p->Macroblocks[_top].IsField ? e->RefAbove1 : e->RefAbove0;
                r[1] = (byte)((above >> (list * 4 + 2)) & 1);
                r[2] = (byte)((above >> (list * 4 + 3)) & 1);
                if (_mbaff)
                {
                    for (int x = 0; x < 4; x++)
                        mvd[4 + x] = ScaleMvd(mvd[4 + x], _p->Macroblocks[_top].IsField);
                }
            }
            else
            {
                *(ulong*)(mvd + 4) = 0;
            }
            for (int y = 0; y < 4; y++)
            {
                ushort* row = mvd + (y + 1) * 8 + 4;
                *(ulong*)row = 0;
                int left = LeftOf(_leftRows, y, out int rowL);
                ushort v = 0;
                if (left >= 0)
                {
                    H264EntropyMb* e = _mbs + left;
                    v = e->MvdRight[list * 4 + rowL];
                    if (_mbaff)
                        v = ScaleMvd(v, _p->Macroblocks[left].IsField);
                    if ((y & 1) == 0)
                    {
                        byte bits = _mbaff && !_field && _p->Macroblocks[left].IsField ? e->RefAbove1 : e->RefAbove0;
                        r[4 + y * 2] = (byte)((bits >> (list * 4 + (rowL >> 1) * 2 + 1)) & 1);
                    }
                }
                row[-1] = v;
            }
        }
    }

    // compIdx 1 of a neighbour of the other kind (9.3.3.1.1.7).
    private ushort ScaleMvd(ushort v, bool neighbourIsField)
    {
        if (neighbourIsField == _field)
            return v;
        int y = v >> 8;
        y = _field ? y >> 1 : y << 1;
        return (ushort)((v & 0xff) | y << 8);
    }

    private void StoreMotionContext(H264InterSyntax* syntax)
    {
        H264EntropyContext* c = _c;
        H264EntropyMb* e = _e;
        int above0 = 0, above1 = 0;
        int lists = _isB ? 2 : 1;
        for (int list = 0; list < 2; list++)
        {
            if (list >= lists)
            {
                ((ulong*)e->MvdBottom)[1] = 0;
                ((ulong*)e->MvdRight)[1] = 0;
                break;
            }
            ushort* mvd = c->Mvd + list * H264EntropyContext.PlaneStride;
            ((ulong*)e->MvdBottom)[list] = *(ulong*)(mvd + 4 * 8 + 4);
            for (int y = 0; y < 4; y++)
                e->MvdRight[list * 4 + y] = mvd[(y + 1) * 8 + 7];
            for (int b = 0; b < 4; b++)
            {
                int refIdx = syntax->RefIdx[list * 4 + b];
                if (refIdx > 0)
                    above0 |= 1 << (list * 4 + b);
                if (refIdx > 1)
                    above1 |= 1 << (list * 4 + b);
            }
        }
        e->RefAbove0 = (byte)above0;
        e->RefAbove1 = (byte)above1;
    }

    private void ClearMotionContext()
    {
        H264EntropyMb* e = _e;
        ulong* m = (ulong*)e->MvdBottom;
        m[0] = m[1] = m[2] = m[3] = 0;
        e->RefAbove0 = e->RefAbove1 = 0;
    }
}
