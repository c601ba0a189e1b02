// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.H264;

/// <summary>Moves samples between memory and vectors of 16-bit lanes.</summary>
internal unsafe interface IDeblockIo<V>
    where V : unmanaged
{
    /// <summary>Lanes of a vector.</summary>
    static abstract int Lanes { get; }
    static abstract int SampleBytes { get; }
    static abstract V Load(byte* p);
    static abstract void Store(byte* p, V v);
    /// <summary>Bytes <c>part * Lanes</c> and following, sign-extended.</summary>
    static abstract V Signed(Vector128<byte> bytes, int part);
    /// <summary>The same, zero-extended.</summary>
    static abstract V Unsigned(Vector128<byte> bytes, int part);
    static abstract V ShiftLeft(V v, int count);
}

/// <summary>8 samples of up to 12 bits.</summary>
internal unsafe struct DeblockWordsIo128 : IDeblockIo<Vector128<ushort>>
{
    public static int Lanes => 8;
    public static int SampleBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Load(byte* p) => Vector128.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<ushort> v) => v.Store((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Signed(Vector128<byte> bytes, int part)
        => (part == 0 ? Vector128.WidenLower(bytes.AsSByte()) : Vector128.WidenUpper(bytes.AsSByte())).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Unsigned(Vector128<byte> bytes, int part) => part == 0 ? Vector128.WidenLower(bytes) : Vector128.WidenUpper(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftLeft(Vector128<ushort> v, int count) => Vector128.ShiftLeft(v, count);
}

/// <summary>16 samples of up to 12 bits.</summary>
internal unsafe struct DeblockWordsIo256 : IDeblockIo<Vector256<ushort>>
{
    public static int Lanes => 16;
    public static int SampleBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Load(byte* p) => Vector256.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<ushort> v) => v.Store((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Signed(Vector128<byte> bytes, int part) => Avx2.ConvertToVector256Int16(bytes.AsSByte()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Unsigned(Vector128<byte> bytes, int part) => Avx2.ConvertToVector256Int16(bytes).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftLeft(Vector256<ushort> v, int count) => Vector256.ShiftLeft(v, count);
}

/// <summary>8 samples of 8 bits, widened.</summary>
internal unsafe struct DeblockBytesIo128 : IDeblockIo<Vector128<ushort>>
{
    public static int Lanes => 8;
    public static int SampleBytes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Load(byte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)p).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<ushort> v)
    {
        if (Sse2.IsSupported)
            *(ulong*)p = Sse2.PackUnsignedSaturate(v.AsInt16(), v.AsInt16()).AsUInt64().ToScalar();
        else
            *(ulong*)p = AdvSimd.ExtractNarrowingSaturateUnsignedLower(v.AsInt16()).AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Signed(Vector128<byte> bytes, int part) => DeblockWordsIo128.Signed(bytes, part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Unsigned(Vector128<byte> bytes, int part) => DeblockWordsIo128.Unsigned(bytes, part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftLeft(Vector128<ushort> v, int count) => v;
}

/// <summary>16 samples of 8 bits, widened.</summary>
internal unsafe struct DeblockBytesIo256 : IDeblockIo<Vector256<ushort>>
{
    public static int Lanes => 16;
    public static int SampleBytes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Load(byte* p) => Avx2.ConvertToVector256Int16(p).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<ushort> v)
        => Sse2.PackUnsignedSaturate(v.GetLower().AsInt16(), v.GetUpper().AsInt16()).Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Signed(Vector128<byte> bytes, int part) => DeblockWordsIo256.Signed(bytes, part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Unsigned(Vector128<byte> bytes, int part) => DeblockWordsIo256.Unsigned(bytes, part);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftLeft(Vector256<ushort> v, int count) => v;
}

/// <summary>
/// The filters of spec 8.7.2.3 and 8.7.2.4 on vectors of 16-bit lanes along the edge. Everything fits signed 16 bits up to 12-bit samples: the largest sum is 8 * 4095 + 4.
/// </summary>
internal static unsafe class H264DeblockFilter<V, TLanes, TIo>
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
    where TIo : struct, IDeblockIo<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Difference(V a, V b) => TLanes.Sub(TLanes.Max(a, b), TLanes.Min(a, b));

    /// <summary>filterSamplesFlag but for bS: lanes with |p0 - q0| &lt; alpha and |p1 - p0|, |q1 - q0| &lt; beta.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Mask(V p1, V p0, V q0, V q1, V alpha, V beta)
        => TLanes.And(TLanes.Greater(alpha, Difference(p0, q0)), TLanes.Greater(beta, TLanes.Max(Difference(p1, p0), Difference(q1, q0))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Clamp(V v, V limit) => TLanes.Max(TLanes.Min(v, limit), TLanes.Sub(TLanes.Fill(0), limit));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Delta(V p1, V p0, V q0, V q1, V tc)
    {
        V step = TLanes.Sub(q0, p0);
        step = TLanes.Add(step, step);
        step = TLanes.Add(step, step);
        return Clamp(TLanes.ShiftRightSigned(TLanes.Add(TLanes.Add(step, TLanes.Sub(p1, q1)), TLanes.Fill(4)), 3), tc);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Inner(V p2, V average, V p1, V tc)
        => TLanes.Add(p1, Clamp(TLanes.Sub(TLanes.ShiftRight(TLanes.Add(p2, average), 1), p1), tc));

    /// <summary>bS &lt; 4, luma. tc0 is negative where nothing is filtered. Returns whether anything changes.</summary>
    public static bool Normal(byte* q, nint s, V alpha, V beta, V tc0, V max)
    {
        V p1 = TIo.Load(q - 2 * s), p0 = TIo.Load(q - s), q0 = TIo.Load(q), q1 = TIo.Load(q + s);
        V mask = TLanes.And(Mask(p1, p0, q0, q1, alpha, beta), TLanes.Greater(tc0, TLanes.Fill(-1)));
        if (TLanes.IsZero(mask))
            return false;
        tc0 = TLanes.And(tc0, mask);
        V p2 = TIo.Load(q - 3 * s), q2 = TIo.Load(q + 2 * s);
        V nearP = TLanes.And(mask, TLanes.Greater(beta, Difference(p2, p0))), nearQ = TLanes.And(mask, TLanes.Greater(beta, Difference(q2, q0)));
        V average = TLanes.ShiftRight(TLanes.Add(TLanes.Add(p0, q0), TLanes.Fill(1)), 1);
        TIo.Store(q - 2 * s, Inner(p2, average, p1, TLanes.And(tc0, nearP)));
        TIo.Store(q + s, Inner(q2, average, q1, TLanes.And(tc0, nearQ)));
        V delta = Delta(p1, p0, q0, q1, TLanes.Sub(TLanes.Sub(tc0, nearP), nearQ));
        TIo.Store(q - s, TLanes.Max(TLanes.Min(TLanes.Add(p0, delta), max), TLanes.Fill(0)));
        TIo.Store(q, TLanes.Max(TLanes.Min(TLanes.Sub(q0, delta), max), TLanes.Fill(0)));
        return true;
    }

    /// <summary>bS 4, luma; alpha is 0 where nothing is filtered.</summary>
    public static bool Strong(byte* q, nint s, V alpha, V beta)
    {
        V p1 = TIo.Load(q - 2 * s), p0 = TIo.Load(q - s), q0 = TIo.Load(q), q1 = TIo.Load(q + s);
        V mask = Mask(p1, p0, q0, q1, alpha, beta);
        if (TLanes.IsZero(mask))
            return false;
        V near = TLanes.And(mask, TLanes.Greater(TLanes.Add(TLanes.ShiftRight(alpha, 2), TLanes.Fill(2)), Difference(p0, q0)));
        Side(q - s, -s, p0, p1, q0, q1, mask, near, beta);
        Side(q, s, q0, q1, p0, p1, mask, near, beta);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Side(byte* p, nint s, V p0, V p1, V q0, V q1, V mask, V near, V beta)
    {
        V two = TLanes.Fill(2), four = TLanes.Fill(4);
        V p2 = TIo.Load(p + 2 * s), p3 = TIo.Load(p + 3 * s);
        V wide = TLanes.And(near, TLanes.Greater(beta, Difference(p2, p0)));
        V narrow = TLanes.ShiftRight(TLanes.Add(TLanes.Add(TLanes.Add(p1, p1), TLanes.Add(p0, q1)), two), 2);
        V three = TLanes.Add(TLanes.Add(p1, p0), q0), fours = TLanes.Add(three, p2), outer = TLanes.Add(p2, p3);
        V n0 = TLanes.ShiftRight(TLanes.Add(TLanes.Add(three, fours), TLanes.Add(q1, four)), 3);
        V n1 = TLanes.ShiftRight(TLanes.Add(fours, two), 2);
        V n2 = TLanes.ShiftRight(TLanes.Add(TLanes.Add(outer, outer), TLanes.Add(fours, four)), 3);
        TIo.Store(p, TLanes.Select(mask, TLanes.Select(wide, n0, narrow), p0));
        TIo.Store(p + s, TLanes.Select(wide, n1, p1));
        TIo.Store(p + 2 * s, TLanes.Select(wide, n2, p2));
    }

    /// <summary>bS &lt; 4, chroma; tc = tC0 + 1, 0 or below where nothing is filtered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ChromaNormal(V p1, ref V p0, ref V q0, V q1, V alpha, V beta, V tc, V max)
    {
        V mask = TLanes.And(Mask(p1, p0, q0, q1, alpha, beta), TLanes.Greater(tc, TLanes.Fill(0)));
        if (TLanes.IsZero(mask))
            return false;
        V delta = Delta(p1, p0, q0, q1, TLanes.And(tc, mask));
        p0 = TLanes.Max(TLanes.Min(TLanes.Add(p0, delta), max), TLanes.Fill(0));
        q0 = TLanes.Max(TLanes.Min(TLanes.Sub(q0, delta), max), TLanes.Fill(0));
        return true;
    }

    /// <summary>bS 4, chroma; alpha is 0 where nothing is filtered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ChromaStrong(V p1, ref V p0, ref V q0, V q1, V alpha, V beta)
    {
        V mask = Mask(p1, p0, q0, q1, alpha, beta);
        if (TLanes.IsZero(mask))
            return false;
        V p = TLanes.ShiftRight(TLanes.Add(TLanes.Add(TLanes.Add(p1, p1), TLanes.Add(p0, q1)), TLanes.Fill(2)), 2);
        V q = TLanes.ShiftRight(TLanes.Add(TLanes.Add(TLanes.Add(q1, q1), TLanes.Add(q0, p1)), TLanes.Fill(2)), 2);
        p0 = TLanes.Select(mask, p, p0);
        q0 = TLanes.Select(mask, q, q0);
        return true;
    }
}

/// <summary>9 to 12 bits: vertical edges are turned into rows of scratch memory, filtered as horizontal ones and turned back.</summary>
internal unsafe struct H264DeblockWords<V, TLanes, TIo> : IH264DeblockKernels
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
    where TIo : struct, IDeblockIo<V>
{
    // Scratch rows are 16 samples.
    private const int RowBytes = 32;

    public static void LumaHorizontal(byte* p, nint stride, H264LumaEdges* edges, uint mask, int bitDepth)
    {
        if ((mask & 1) != 0)
            Edge(p, stride, edges->EdgeAlpha, edges->EdgeBeta, edges->Tc0[0], edges->Strong != 0, bitDepth);
        for (int e = 1; e < 4; e++)
        {
            if ((mask >> e & 1) != 0)
                Edge(p + 4 * e * stride, stride, edges->InnerAlpha, edges->InnerBeta, edges->Tc0[e], false, bitDepth);
        }
    }

    private static bool Edge(byte* q, nint s, int alpha, int beta, uint tc0, bool strong, int bitDepth)
    {
        int shift = bitDepth - 8;
        bool changed = false;
        V a = TLanes.Fill(alpha << shift), b = TLanes.Fill(beta << shift);
        if (strong)
        {
            for (int part = 0; part * TIo.Lanes < 16; part++)
                changed |= H264DeblockFilter<V, TLanes, TIo>.Strong(q + part * TIo.Lanes * TIo.SampleBytes, s, a, b);
            return changed;
        }
        Vector128<byte> bytes = H264DeblockLanes.Luma(tc0);
        for (int part = 0; part * TIo.Lanes < 16; part++)
            changed |= H264DeblockFilter<V, TLanes, TIo>.Normal(q + part * TIo.Lanes * TIo.SampleBytes, s, a, b, TIo.ShiftLeft(TIo.Signed(bytes, part), shift), TLanes.Fill((1 << bitDepth) - 1));
        return changed;
    }

    public static void LumaVertical(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth)
    {
        for (int e = 0; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            byte* block = p + (4 * e - 4) * 2;
            In(block, stride, scratch);
            bool changed = e == 0
                ? Edge(scratch + 4 * RowBytes, RowBytes, edges->EdgeAlpha, edges->EdgeBeta, edges->Tc0[0], edges->Strong != 0, bitDepth)
                : Edge(scratch + 4 * RowBytes, RowBytes, edges->InnerAlpha, edges->InnerBeta, edges->Tc0[e], false, bitDepth);
            if (changed)
                Out(block, stride, scratch);
        }
    }

    private static void In(byte* block, nint stride, byte* scratch)
    {
        for (int part = 0; part * TIo.Lanes < 16; part++)
            LoopFilterTranspose.Run<V, TLanes, LoopFilterWordsIn<V, TLanes>>(block + part * TIo.Lanes * stride, stride, scratch + part * TIo.Lanes * 2, RowBytes);
    }

    private static void Out(byte* block, nint stride, byte* scratch)
    {
        for (int part = 0; part * TIo.Lanes < 16; part++)
            LoopFilterTranspose.Run<V, TLanes, LoopFilterWordsOut<V, TLanes>>(scratch + part * TIo.Lanes * 2, RowBytes, block + part * TIo.Lanes * stride, stride);
    }

    public static void LumaLines(byte* p, nint stride, H264EdgeLines* lines, byte* scratch, int bitDepth)
    {
        int shift = bitDepth - 8;
        byte* block = p - 4 * 2;
        In(block, stride, scratch);
        Vector128<byte> alpha = Vector128.Load(lines->Alpha), strong = Vector128.Load(lines->Strong), beta = Vector128.Load(lines->Beta), tc0 = Vector128.Load(lines->Tc0);
        bool changed = false;
        for (int part = 0; part * TIo.Lanes < 16; part++)
        {
            byte* q = scratch + 4 * RowBytes + part * TIo.Lanes * 2;
            V b = TIo.ShiftLeft(TIo.Unsigned(beta, part), shift);
            changed |= H264DeblockFilter<V, TLanes, TIo>.Strong(q, RowBytes, TIo.ShiftLeft(TIo.Unsigned(alpha & strong, part), shift), b);
            changed |= H264DeblockFilter<V, TLanes, TIo>.Normal(q, RowBytes, TIo.ShiftLeft(TIo.Unsigned(Vector128.AndNot(alpha, strong), part), shift), b,
                TIo.ShiftLeft(TIo.Signed(tc0, part), shift), TLanes.Fill((1 << bitDepth) - 1));
        }
        if (changed)
            Out(block, stride, scratch);
    }

    public static void ChromaHorizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
        => H264DeblockChromaWords.Horizontal(cb, cr, stride, edges, mask, bitDepth);

    public static void ChromaVertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
        => H264DeblockChromaWords.Vertical(cb, cr, stride, edges, mask, bitDepth);

    public static void ChromaLines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth)
        => H264DeblockChromaWords.Lines(cb, cr, stride, lines, bitDepth);
}
