// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Engine.H264;

/// <summary>
/// bS of a macroblock's edges (spec 8.7.2.1), where neither p0 nor q0 is intra and no edge lies between frame and field macroblocks.
/// Works on masks of 4×4 blocks in raster order: bit y * 4 + x of "vertical" means the left, of "horizontal" the upper edge of block (x, y).
/// </summary>
internal static unsafe class H264BoundaryStrength
{
    /// <summary>Coefficient flags in raster order (the records count blocks as in spec 6.4.3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Raster(uint blocks) => (blocks & 0xc3c3) | (blocks & 0x0c0c) << 2 | (blocks >> 2 & 0x0c0c);

    /// <summary>Columns to rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Transpose(uint m)
    {
        uint t = (m ^ m >> 3) & 0x0a0a;
        m ^= t ^ t << 3;
        t = (m ^ m >> 6) & 0x00cc;
        return m ^ t ^ t << 6;
    }

    /// <summary>Four bits to the lowest bits of four bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Spread(uint bits) => bits * 0x00204081 & 0x01010101;

    /// <summary>bS 0..2 of the four segments of one edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(uint coefficients, uint motion) => Spread(coefficients & 15) * 2 | Spread(motion & ~coefficients & 15);

    /// <summary>
    /// Edges across which reference pictures, number of vectors or vectors differ: vertical ones in bits 0..15, horizontal ones in bits 16..31.
    /// </summary>
    /// <param name="q">The macroblock.</param>
    /// <param name="left">Left neighbour; q itself when its edge does not matter.</param>
    /// <param name="top">Upper neighbour, likewise.</param>
    /// <param name="bothLists">List 1 may be in use.</param>
    /// <param name="inner">Inner edges may differ: not so for one 16×16 partition.</param>
    /// <param name="limitY">Vertical vectors differ from here: 4 (quarter frame samples), 2 in fields, whose lines are twice as far apart.</param>
    public static uint Motion(H264Motion* q, H264Motion* left, H264Motion* top, bool bothLists, bool inner, int limitY)
    {
        Vector128<short> limit = Vector128.Create(3 | (limitY - 1) << 16).AsInt16();
        uint equal = bothLists ? EqualTwo(q, left, top, inner, limit) : EqualOne(q, left, top, inner, limit);
        return ~equal;
    }

    // List 0 only.
    private static uint EqualOne(H264Motion* q, H264Motion* left, H264Motion* top, bool inner, Vector128<short> limit)
    {
        Vector128<int> refs = Vector128.Load(q->RefPic), refsLeft = Vector128.Load(left->RefPic), refsTop = Vector128.Load(top->RefPic);
        Vector128<int> upper = Low(refs, refs), lower = High(refs, refs);
        Vector128<int> upperLeft = Vector128.Equals(upper, Beside(Low(refsLeft, refsLeft), upper)), lowerLeft = Vector128.Equals(lower, Beside(High(refsLeft, refsLeft), lower));
        Vector128<int> r0 = Vector128.Load(q->Mv), r1 = Vector128.Load(q->Mv + 4), r2 = Vector128.Load(q->Mv + 8), r3 = Vector128.Load(q->Mv + 12);
        uint vertical = Bits(Near(r0, Beside(Vector128.Load(left->Mv), r0), limit) & upperLeft) |
            Bits(Near(r1, Beside(Vector128.Load(left->Mv + 4), r1), limit) & upperLeft) << 4 |
            Bits(Near(r2, Beside(Vector128.Load(left->Mv + 8), r2), limit) & lowerLeft) << 8 |
            Bits(Near(r3, Beside(Vector128.Load(left->Mv + 12), r3), limit) & lowerLeft) << 12;
        uint horizontal = Bits(Near(r0, Vector128.Load(top->Mv + 12), limit) & Vector128.Equals(upper, High(refsTop, refsTop)));
        if (!inner)
            return vertical | 0xeeee | horizontal << 16 | 0xfff00000;
        horizontal |= Bits(Near(r1, r0, limit)) << 4 |
            Bits(Near(r2, r1, limit) & Vector128.Equals(upper, lower)) << 8 |
            Bits(Near(r3, r2, limit)) << 12;
        return vertical | horizontal << 16;
    }

    private static uint EqualTwo(H264Motion* q, H264Motion* left, H264Motion* top, bool inner, Vector128<short> limit)
    {
        Vector128<int> refs0 = Vector128.Load(q->RefPic), refs1 = Vector128.Load(q->RefPic + 4);
        Vector128<int> left0 = Vector128.Load(left->RefPic), left1 = Vector128.Load(left->RefPic + 4);
        Vector128<int> top0 = Vector128.Load(top->RefPic), top1 = Vector128.Load(top->RefPic + 4);
        Vector128<int> upper0 = Low(refs0, refs0), upper1 = Low(refs1, refs1), lower0 = High(refs0, refs0), lower1 = High(refs1, refs1);
        Vector128<int> beside0 = Beside(Low(left0, left0), upper0), beside1 = Beside(Low(left1, left1), upper1);
        uint equal = VerticalTwo(q, left, 0, upper0, upper1, beside0, beside1, limit) |
            VerticalTwo(q, left, 4, upper0, upper1, beside0, beside1, limit) << 4;
        beside0 = Beside(High(left0, left0), lower0);
        beside1 = Beside(High(left1, left1), lower1);
        equal |= VerticalTwo(q, left, 8, lower0, lower1, beside0, beside1, limit) << 8 |
            VerticalTwo(q, left, 12, lower0, lower1, beside0, beside1, limit) << 12;
        equal |= EdgeTwo(
            Vector128.Load(q->Mv), Vector128.Load(q->Mv + 16), Vector128.Load(top->Mv + 12), Vector128.Load(top->Mv + 28), upper0, upper1, High(top0, top0), High(top1, top1), limit) << 16;
        if (!inner)
            return equal | 0xfff0eeee;
        return equal | HorizontalTwo(q, 4, upper0, upper1, upper0, upper1, limit) << 20 |
            HorizontalTwo(q, 8, lower0, lower1, upper0, upper1, limit) << 24 |
            HorizontalTwo(q, 12, lower0, lower1, lower0, lower1, limit) << 28;
    }

    private static uint VerticalTwo(H264Motion* q, H264Motion* left, int row, Vector128<int> refs0, Vector128<int> refs1, Vector128<int> beside0, Vector128<int> beside1, Vector128<short> limit)
    {
        Vector128<int> mv0 = Vector128.Load(q->Mv + row), mv1 = Vector128.Load(q->Mv + row + 16);
        return EdgeTwo(mv0, mv1, Beside(Vector128.Load(left->Mv + row), mv0), Beside(Vector128.Load(left->Mv + row + 16), mv1), refs0, refs1, beside0, beside1, limit);
    }

    private static uint HorizontalTwo(H264Motion* q, int row, Vector128<int> refs0, Vector128<int> refs1, Vector128<int> above0, Vector128<int> above1, Vector128<short> limit)
        => EdgeTwo(Vector128.Load(q->Mv + row), Vector128.Load(q->Mv + row + 16), Vector128.Load(q->Mv + row - 4), Vector128.Load(q->Mv + row + 12), refs0, refs1, above0, above1, limit);

    // The same pair of reference pictures and near vectors, list by list or crosswise (both lists may name the same picture: then either will do).
    private static uint EdgeTwo(Vector128<int> q0, Vector128<int> q1, Vector128<int> p0, Vector128<int> p1, Vector128<int> qr0, Vector128<int> qr1, Vector128<int> pr0, Vector128<int> pr1, Vector128<short> limit)
    {
        Vector128<int> straight = Vector128.Equals(qr0, pr0) & Vector128.Equals(qr1, pr1) & Near(q0, p0, limit) & Near(q1, p1, limit);
        uint equal = Bits(straight);
        if (equal == 15)
            return equal;
        return equal | Bits(Vector128.Equals(qr0, pr1) & Vector128.Equals(qr1, pr0) & Near(q0, p1, limit) & Near(q1, p0, limit));
    }

    // All ones where both components differ by less than the limit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Near(Vector128<int> a, Vector128<int> b, Vector128<short> limit)
        => Vector128.Equals(Vector128.GreaterThan(Vector128.Abs(a.AsInt16() - b.AsInt16()), limit).AsInt32(), Vector128<int>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(Vector128<int> v) => Vector128.ExtractMostSignificantBits(v);

    // The last lane of the left row, then the first three of the row itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Beside(Vector128<int> left, Vector128<int> row)
    {
        if (Ssse3.IsSupported)
            return Ssse3.AlignRight(row, left, 12);
        if (AdvSimd.IsSupported)
            return AdvSimd.ExtractVector128(left, row, 3);
        return Vector128.Create(left.GetElement(3), row.GetElement(0), row.GetElement(1), row.GetElement(2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Low(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> High(Vector128<int> a, Vector128<int> b)
        => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3));
}
