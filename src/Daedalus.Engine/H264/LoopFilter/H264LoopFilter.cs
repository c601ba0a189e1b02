// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.Memory;
using Daedalus.Kernels;
using Daedalus.Kernels.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>The deblocking filter (spec 8.7) of one picture in work, macroblock by macroblock in the order of their addresses.</summary>
/// <remarks>
/// Rows come in order. Row r may be filtered once row r is decoded and row r + 1 has read what it predicts from it. After <see cref="FilterRow"/>(r)
/// all luma lines up to and including 16 * r + 12 are final (MBAFF, r even: 16 * r + 25; after the last row: all), and the chroma lines at their height:
/// the next row changes 3 luma lines and 1 chroma line above itself, of each field in MBAFF frames.
/// </remarks>
public sealed unsafe partial class H264LoopFilter : IDisposable
{
    // What the edges of one macroblock need; native, so that kernels may point into it.
    private struct Work
    {
        public fixed byte Scratch[H264DeblockTable.ScratchBytes];
        // bS of the four segments of edges 0..3, a byte each.
        public fixed uint Vertical[4];
        public fixed uint Horizontal[4];
        public H264LumaEdges Luma;
        public H264ChromaEdges Chroma;
        public H264EdgeLines Lines;
        public fixed byte LineStrength[16];
        // By averaged quantiser + LimitsOrigin, the slice's offsets applied: byte 0 alpha', byte 1 beta' (both 0 when either is), bytes 4..7 t'C0 by bS.
        public fixed ulong Limits[256];
        public H264DeblockTable Table;
    }

    private const int LimitsOrigin = 128;

    private readonly KernelLevel _level;
    private readonly NativeBlock _memory = new();
    private Work* _work;
    private int _tableDepth;

    // The slice of the macroblock in work.
    private int _slice;
    private int _idc, _lastOff, _offsetA = int.MinValue, _offsetB;
    private bool _switching, _bothLists;

    /// <summary>A loop filter with the best kernels of this CPU.</summary>
    public H264LoopFilter()
        : this(KernelLevels.Best)
    {
    }

    /// <summary>A loop filter with kernels of a level.</summary>
    public H264LoopFilter(KernelLevel level)
    {
        _level = level;
        _memory.Reserve((nuint)sizeof(Work));
        _work = (Work*)_memory.Pointer;
    }

    /// <summary>Frees its memory.</summary>
    public void Dispose()
    {
        _work = null;
        _memory.Dispose();
    }

    /// <summary>Filters a row of macroblocks; MBAFF: the pairs of rows <paramref name="mbRow"/> (even) and the next.</summary>
    public void FilterRow(H264PictureState* p, int mbRow)
    {
        if (_tableDepth != p->BitDepth)
        {
            H264DeblockTable.Create(&_work->Table, p->BitDepth, _level);
            _tableDepth = p->BitDepth;
        }
        _slice = H264Macroblock.NoSlice;
        for (int x = 0; x < p->WidthInMbs; x++)
        {
            if (p->IsMbaff)
                FilterPair(p, x, mbRow);
            else
                FilterPlain(p, x, mbRow);
        }
    }

    private void UseSlice(H264PictureState* p, int slice)
    {
        ref H264SliceHeader header = ref p->Slices[slice].Header;
        _slice = slice;
        _idc = header.DisableDeblockingFilterIdc;
        if (_offsetA != header.FilterOffsetA || _offsetB != header.FilterOffsetB)
            UseOffsets(header.FilterOffsetA, header.FilterOffsetB);
        _switching = IsSwitching(header.SliceType);
        _bothLists = header.SliceType == H264SliceType.B;
    }

    private void UseOffsets(int offsetA, int offsetB)
    {
        _offsetA = offsetA;
        _offsetB = offsetB;
        // A quantiser up to here gives alpha or beta 0.
        _lastOff = H264DeblockLimits.LastOff - Math.Min(offsetA, offsetB);
        for (int qp = -LimitsOrigin; qp < LimitsOrigin; qp++)
        {
            int indexA = Math.Clamp(qp + offsetA, 0, 51), indexB = Math.Clamp(qp + offsetB, 0, 51);
            ulong limits = (ulong)MemoryMarshal.Read<uint>(H264DeblockLimits.Tc0[(indexA * 4)..]) << 32;
            if (qp > _lastOff)
                limits |= H264DeblockLimits.Alpha[indexA] | (uint)H264DeblockLimits.Beta[indexB] << 8;
            _work->Limits[qp + LimitsOrigin] = limits;
        }
    }

    private static bool IsSwitching(H264SliceType type) => type is H264SliceType.SP or H264SliceType.SI;

    // Whether bS takes the macroblock as intra: so are all of SP and SI slices.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool CountsAsIntra(H264PictureState* p, H264Macroblock* mb)
        => mb->Type != H264MbType.Inter || (mb->Slice == _slice ? _switching : IsSwitching(p->Slices[mb->Slice].Header.SliceType));

    // filterLeftMbEdgeFlag and filterTopMbEdgeFlag for a neighbour within the picture.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsFiltered(H264Macroblock* neighbour)
        => neighbour->Slice == _slice || (_idc != 2 && neighbour->Slice != H264Macroblock.NoSlice);

    private void FilterPlain(H264PictureState* p, int mbX, int mbY)
    {
        int w = p->WidthInMbs;
        H264Macroblock* q = p->Macroblocks + mbY * w + mbX;
        if (q->Slice == H264Macroblock.NoSlice)
            return;
        if (q->Slice != _slice)
            UseSlice(p, q->Slice);
        if (_idc == 1)
            return;
        H264Macroblock* left = mbX > 0 && IsFiltered(q - 1) ? q - 1 : null;
        H264Macroblock* top = mbY > 0 && IsFiltered(q - w) ? q - w : null;
        if (IsSmooth(p, q, left, top) || !MayFilter(q, left, top))
            return;
        Strengths(p, q, left, top, p->IsField, p->IsField);
        byte* luma = p->Picture.Plane0 + 16 * mbY * p->Picture.StrideY + (16 * mbX << (p->BitDepth > 8 ? 1 : 0));
        Planes(p, q, left, top, luma, ChromaOffset(p, mbX, mbY), p->Picture.StrideY, p->Picture.StrideUv);
    }

    // Whether a macroblock of one motion without coefficients lies between others that move as it does: all bS are 0. So are most of a still picture.
    private bool IsSmooth(H264PictureState* p, H264Macroblock* q, H264Macroblock* left, H264Macroblock* top)
    {
        // Blocks of the right column and the lower row, in the order of spec 6.4.3.
        const uint RightColumn = 0xa0a0, LowerRow = 0xcc00;
        if (!IsPlain(q) || q->Luma != 0 || _switching)
            return false;
        H264Motion* motion = p->Motion + (q - p->Macroblocks);
        return (left == null || (IsPlain(left) && (left->Luma & RightColumn) == 0 && left->Slice == _slice && MovesAlike(motion, motion - 1)))
            && (top == null || (IsPlain(top) && (top->Luma & LowerRow) == 0 && top->Slice == _slice && MovesAlike(motion, motion - p->WidthInMbs)));
    }

    // One vector and reference for the whole macroblock.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(H264Macroblock* mb) => mb->Type == H264MbType.Inter && mb->Partition == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool MovesAlike(H264Motion* a, H264Motion* b)
        => a->Mv[0] == b->Mv[0] && a->Mv[16] == b->Mv[16] && a->RefPic[0] == b->RefPic[0] && a->RefPic[4] == b->RefPic[4];

    // Bytes from the start of a chroma plane to the macroblock.
    private static nint ChromaOffset(H264PictureState* p, int mbX, int mbY)
    {
        if (p->ChromaArrayType == 0)
            return 0;
        int width = p->ChromaArrayType == 3 ? 16 : 8, height = p->ChromaArrayType == 1 ? 8 : 16;
        return height * mbY * p->Picture.StrideUv + (width * mbX << (p->BitDepth > 8 ? 1 : 0));
    }

    // Whether any edge's quantiser leaves alpha and beta above 0. Averages round up, so the largest decides.
    private bool MayFilter(H264Macroblock* q, H264Macroblock* left, H264Macroblock* top)
    {
        int qp = Largest(q);
        if (left != null)
            qp = Math.Max(qp, Largest(left));
        if (top != null)
            qp = Math.Max(qp, Largest(top));
        return qp > _lastOff;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(H264Macroblock* mb) => Math.Max(mb->Qp, Math.Max(mb->QpCb, mb->QpCr));

    // bS of all edges but those between frame and field macroblocks. isField: the macroblock's lines are those of a field.
    // weakTop: the upper edge is not between two frame macroblocks (bS 4 does not occur).
    private void Strengths(H264PictureState* p, H264Macroblock* q, H264Macroblock* left, H264Macroblock* top, bool isField, bool weakTop)
    {
        Work* work = _work;
        uint strongTop = weakTop ? 0x03030303u : 0x04040404;
        if (CountsAsIntra(p, q))
        {
            work->Vertical[0] = left != null ? 0x04040404u : 0;
            work->Horizontal[0] = top != null ? strongTop : 0;
            work->Vertical[1] = work->Vertical[2] = work->Vertical[3] = 0x03030303;
            work->Horizontal[1] = work->Horizontal[2] = work->Horizontal[3] = 0x03030303;
            return;
        }
        bool leftIntra = left != null && CountsAsIntra(p, left), topIntra = top != null && CountsAsIntra(p, top);
        H264Motion* motion = p->Motion + (q - p->Macroblocks);
        H264Motion* leftMotion = left == null || leftIntra ? motion : p->Motion + (left - p->Macroblocks);
        H264Motion* topMotion = top == null || topIntra ? motion : p->Motion + (top - p->Macroblocks);
        bool bothLists = _bothLists || UsesList1(p, left) || UsesList1(p, top);
        uint differs = H264BoundaryStrength.Motion(motion, leftMotion, topMotion, bothLists, q->Partition != 0, isField ? 2 : 4);
        uint blocks = H264BoundaryStrength.Raster(q->Luma);
        uint beside = left == null ? 0 : H264BoundaryStrength.Raster(left->Luma) >> 3 & 0x1111;
        uint above = top == null ? 0 : H264BoundaryStrength.Raster(top->Luma) >> 12;
        uint coefficients = H264BoundaryStrength.Transpose(blocks | (blocks << 1 & 0xeeee) | beside);
        uint moved = H264BoundaryStrength.Transpose(differs & 0xffff);
        work->Vertical[0] = left == null ? 0 : leftIntra ? 0x04040404 : H264BoundaryStrength.Pack(coefficients, moved);
        work->Vertical[1] = H264BoundaryStrength.Pack(coefficients >> 4, moved >> 4);
        work->Vertical[2] = H264BoundaryStrength.Pack(coefficients >> 8, moved >> 8);
        work->Vertical[3] = H264BoundaryStrength.Pack(coefficients >> 12, moved >> 12);
        coefficients = blocks | blocks << 4 | above;
        moved = differs >> 16;
        work->Horizontal[0] = top == null ? 0 : topIntra ? strongTop : H264BoundaryStrength.Pack(coefficients, moved);
        work->Horizontal[1] = H264BoundaryStrength.Pack(coefficients >> 4, moved >> 4);
        work->Horizontal[2] = H264BoundaryStrength.Pack(coefficients >> 8, moved >> 8);
        work->Horizontal[3] = H264BoundaryStrength.Pack(coefficients >> 12, moved >> 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool UsesList1(H264PictureState* p, H264Macroblock* neighbour)
        => neighbour != null && neighbour->Slice != _slice && p->Slices[neighbour->Slice].Header.SliceType == H264SliceType.B;

    // Edges of a direction that have any bS.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint EdgeMask(uint* strengths) => ~Vector128.ExtractMostSignificantBits(Vector128.Equals(Vector128.Load(strengths), Vector128<uint>.Zero)) & 15;

    // Filters all edges whose bS are set. luma: the macroblock's first sample; chroma: its offset in the chroma planes.
    private void Planes(H264PictureState* p, H264Macroblock* q, H264Macroblock* left, H264Macroblock* top, byte* luma, nint chroma, nint strideY, nint strideUv)
    {
        Work* work = _work;
        uint vertical = EdgeMask(work->Vertical), horizontal = EdgeMask(work->Horizontal);
        if ((vertical | horizontal) == 0)
            return;
        // The 4×4 edges within an 8×8 transform are no edges, but for the chroma blocks of 4:2:2.
        uint transform = (q->Flags & H264MbFlags.Transform8x8) != 0 ? 5u : 15;
        LumaPlane(luma, strideY, p->BitDepth, vertical & transform, horizontal & transform, q->Qp, left != null ? left->Qp : q->Qp, top != null ? top->Qp : q->Qp);
        if (p->ChromaArrayType == 0)
            return;
        byte* cb = p->Picture.Plane1 + chroma;
        byte* cr = p->Picture.Plane2 + chroma;
        if (p->ChromaArrayType == 3)
        {
            LumaPlane(cb, strideUv, p->BitDepth, vertical & transform, horizontal & transform, q->QpCb, left != null ? left->QpCb : q->QpCb, top != null ? top->QpCb : q->QpCb);
            LumaPlane(cr, strideUv, p->BitDepth, vertical & transform, horizontal & transform, q->QpCr, left != null ? left->QpCr : q->QpCr, top != null ? top->QpCr : q->QpCr);
            return;
        }
        vertical &= 5;
        bool tall = p->ChromaArrayType == 2;
        if (!tall)
            horizontal &= 5;
        if (vertical != 0)
            ChromaVertical(p, q, left, cb, cr, strideUv, vertical, tall);
        if (horizontal != 0)
            ChromaHorizontal(p, q, top, cb, cr, strideUv, horizontal, tall);
    }

    private void LumaPlane(byte* samples, nint stride, int bitDepth, uint vertical, uint horizontal, int qp, int qpLeft, int qpTop)
    {
        Work* work = _work;
        H264LumaEdges* edges = &work->Luma;
        ulong* limits = work->Limits + LimitsOrigin;
        ulong inner = limits[qp];
        edges->InnerAlpha = (byte)inner;
        edges->InnerBeta = (byte)(inner >> 8);
        if ((byte)inner == 0)
        {
            vertical &= 1;
            horizontal &= 1;
        }
        if (vertical != 0)
        {
            vertical = LumaEdges(edges, work->Vertical, vertical, inner, limits[(qp + qpLeft + 1) >> 1]);
            if (vertical != 0)
                work->Table.LumaVertical(samples, stride, edges, vertical, work->Scratch, bitDepth);
        }
        if (horizontal != 0)
        {
            horizontal = LumaEdges(edges, work->Horizontal, horizontal, inner, limits[(qp + qpTop + 1) >> 1]);
            if (horizontal != 0)
                work->Table.LumaHorizontal(samples, stride, edges, horizontal, work->Scratch, bitDepth);
        }
    }

    // Limits of one direction. Returns the mask, without edge 0 when its quantiser switches it off.
    private static uint LumaEdges(H264LumaEdges* edges, uint* strengths, uint mask, ulong inner, ulong edge)
    {
        Thresholds((uint)(inner >> 32), strengths, edges->Tc0);
        if ((mask & 1) == 0)
            return mask;
        if ((byte)edge == 0)
            return mask & ~1u;
        edges->EdgeAlpha = (byte)edge;
        edges->EdgeBeta = (byte)(edge >> 8);
        edges->Strong = (byte)(strengths[0] == 0x04040404 ? 1 : 0);
        if ((inner ^ edge) >> 32 != 0)
            edges->Tc0[0] = (uint)PairThresholds(edge, edge, strengths[0]);
        return mask;
    }

    // t'C0 of 4 edges' bS; row: by bS.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Thresholds(uint row, uint* strengths, uint* tc0)
    {
        if (Ssse3.IsSupported)
            Ssse3.Shuffle(Vector128.CreateScalarUnsafe(row).AsByte(), Vector128.Load((byte*)strengths)).Store((byte*)tc0);
        else if (AdvSimd.Arm64.IsSupported)
            AdvSimd.Arm64.VectorTableLookup(Vector128.CreateScalarUnsafe(row).AsByte(), Vector128.Load((byte*)strengths)).Store((byte*)tc0);
        else
        {
            for (int i = 0; i < 16; i++)
                ((byte*)tc0)[i] = (byte)(row >> (((byte*)strengths)[i] & 3) * 8);
        }
    }

    // t'C0 of an edge's four bS (0..3; 4 gives anything) by two planes' limits: bytes 0..3 and 4..7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PairThresholds(ulong cb, ulong cr, uint strengths)
    {
        ulong rows = cb >> 32 | (cr & 0xffffffff00000000), order = strengths | (ulong)(strengths + 0x04040404) << 32;
        if (Ssse3.IsSupported)
            return Ssse3.Shuffle(Vector128.CreateScalarUnsafe(rows).AsByte(), Vector128.CreateScalarUnsafe(order).AsByte()).AsUInt64().ToScalar();
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.VectorTableLookup(Vector128.CreateScalarUnsafe(rows).AsByte(), Vector128.CreateScalarUnsafe(order).AsByte()).AsUInt64().ToScalar();
        ulong tc0 = 0;
        for (int i = 0; i < 8; i++)
            tc0 |= (rows >> (int)(order >> i * 8 & 7) * 8 & 0xff) << i * 8;
        return tc0;
    }

    // alpha' of Cb and Cr, then beta' of both, as four bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint PairLimits(ulong cb, ulong cr) => (uint)((cb & 0xff) | (cr & 0xff) << 8 | (cb & 0xff00) << 8 | (cr & 0xff00) << 16);

    // Limits of edge 0 of both chroma planes; false: nothing to filter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool ChromaEdge(H264ChromaEdges* edges, H264Macroblock* q, H264Macroblock* p, uint strengths)
    {
        ulong* limits = _work->Limits + LimitsOrigin;
        ulong cb = limits[(q->QpCb + p->QpCb + 1) >> 1], cr = limits[(q->QpCr + p->QpCr + 1) >> 1];
        uint pair = PairLimits(cb, cr);
        *(uint*)edges->EdgeAlpha = pair;
        edges->Strong = (byte)(strengths == 0x04040404 ? 1 : 0);
        edges->Tc0[0] = PairThresholds(cb, cr, strengths);
        return pair != 0;
    }

    // Vertical chroma edges 0 and 1 are luma's 0 and 2.
    private void ChromaVertical(H264PictureState* p, H264Macroblock* q, H264Macroblock* left, byte* cb, byte* cr, nint stride, uint mask, bool tall)
    {
        Work* work = _work;
        H264ChromaEdges* edges = &work->Chroma;
        uint chromaMask = (mask & 1) != 0 && ChromaEdge(edges, q, left, work->Vertical[0]) ? 1u : 0;
        if ((mask & 4) != 0)
        {
            ulong innerCb = work->Limits[LimitsOrigin + q->QpCb], innerCr = work->Limits[LimitsOrigin + q->QpCr];
            uint pair = PairLimits(innerCb, innerCr);
            *(uint*)edges->InnerAlpha = pair;
            edges->Tc0[1] = PairThresholds(innerCb, innerCr, work->Vertical[2]);
            if (pair != 0)
                chromaMask |= 2;
        }
        if (chromaMask == 0)
            return;
        if (!tall)
        {
            work->Table.ChromaVertical(cb, cr, stride, edges, chromaMask, p->BitDepth);
            return;
        }
        // 4:2:2: each bS covers 4 lines: twice 8 lines, each bS for two pairs.
        ulong edge = edges->Tc0[0], inner = edges->Tc0[1];
        edges->Tc0[0] = Doubled(edge);
        edges->Tc0[1] = Doubled(inner);
        work->Table.ChromaVertical(cb, cr, stride, edges, chromaMask, p->BitDepth);
        edges->Tc0[0] = Doubled(edge >> 16);
        edges->Tc0[1] = Doubled(inner >> 16);
        work->Table.ChromaVertical(cb + 8 * stride, cr + 8 * stride, stride, edges, chromaMask, p->BitDepth);
    }

    // Bytes 0, 0, 1, 1 of each half.
    private static ulong Doubled(ulong tc0) => (tc0 & 0x000000ff000000ff) * 0x0101 | (tc0 & 0x0000ff000000ff00) * 0x010100;

    // Horizontal chroma edges: luma's 0 and 2 at 4:2:0; at 4:2:2 chroma is as high as luma, so edges are where luma's 4×4 edges are.
    private void ChromaHorizontal(H264PictureState* p, H264Macroblock* q, H264Macroblock* top, byte* cb, byte* cr, nint stride, uint mask, bool tall)
    {
        Work* work = _work;
        H264ChromaEdges* edges = &work->Chroma;
        uint chromaMask = (mask & 1) != 0 && ChromaEdge(edges, q, top, work->Horizontal[0]) ? 1u : 0;
        if ((mask & 14) != 0)
        {
            ulong innerCb = work->Limits[LimitsOrigin + q->QpCb], innerCr = work->Limits[LimitsOrigin + q->QpCr];
            uint pair = PairLimits(innerCb, innerCr);
            *(uint*)edges->InnerAlpha = pair;
            if (tall)
            {
                for (int e = 1; e < 4; e++)
                    edges->Tc0[e] = PairThresholds(innerCb, innerCr, work->Horizontal[e]);
                if (pair != 0)
                    chromaMask |= mask & 14;
            }
            else
            {
                edges->Tc0[1] = PairThresholds(innerCb, innerCr, work->Horizontal[2]);
                if (pair != 0)
                    chromaMask |= 2;
            }
        }
        if (chromaMask != 0)
            work->Table.ChromaHorizontal(cb, cr, stride, edges, chromaMask, p->BitDepth);
    }
}
