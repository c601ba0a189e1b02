// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>Vectors of doublewords for the self-guided filter.</summary>
internal unsafe interface IAv1IntOps<V> where V : struct
{
    static abstract int Count { get; }
    static abstract V Load(int* p);
    static abstract void Store(int* p, V v);
    /// <summary>Count words, zero extended.</summary>
    static abstract V LoadWords(ushort* p);
    /// <summary>Count samples.</summary>
    static abstract V Samples<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>Clips to 0..max and stores.</summary>
    static abstract void StoreSamples<TSample>(byte* p, V v, V max) where TSample : struct, ISample;
    static abstract V Fill(int value);
    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V Multiply(V a, V b);
    /// <summary>Products of values of at most 15 bits.</summary>
    static abstract V MultiplySmall(V a, V b);
    static abstract V ShiftLeft(V v, int count);
    static abstract V ShiftRight(V v, int count);
    static abstract V ShiftRightSigned(V v, int count);
    static abstract V Max(V a, V b);
    static abstract V Min(V a, V b);
    /// <summary>All ones where a is greater.</summary>
    static abstract V Greater(V a, V b);
    static abstract V Select(V mask, V a, V b);
    /// <summary>The quotient rounded down, of values below 2^16 by values up to 256: exact with single precision, as no fraction comes nearer to 1 than 1/256.</summary>
    static abstract V Divide(V a, V b);
}

internal readonly unsafe struct Av1IntOps128 : IAv1IntOps<Vector128<int>>
{
    public static int Count => 4;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(int* p) => Vector128.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* p, Vector128<int> v) => v.Store(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadWords(ushort* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)p).AsUInt16()).AsInt32();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Samples<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 2 ? LoadWords((ushort*)p) : Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)p).AsByte())).AsInt32();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSamples<TSample>(byte* p, Vector128<int> v, Vector128<int> max) where TSample : struct, ISample
    {
        Vector128<ushort> words = Portable128.PackUnsigned(Vector128.Min(v, max), Vector128.Min(v, max));
        if (TSample.Size == 2)
            *(ulong*)p = words.AsUInt64().ToScalar();
        else
            *(uint*)p = Portable128.PackUnsigned(words.AsInt16(), words.AsInt16()).AsUInt32().ToScalar();
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Fill(int value) => Vector128.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract(Vector128<int> a, Vector128<int> b) => a - b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> a, Vector128<int> b) => a * b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplySmall(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported ? Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()) : a * b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft(Vector128<int> v, int count) => v << count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRight(Vector128<int> v, int count) => v >>> count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRightSigned(Vector128<int> v, int count) => v >> count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Max(Vector128<int> a, Vector128<int> b) => Vector128.Max(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Min(Vector128<int> a, Vector128<int> b) => Vector128.Min(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Greater(Vector128<int> a, Vector128<int> b) => Vector128.GreaterThan(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Select(Vector128<int> mask, Vector128<int> a, Vector128<int> b) => Vector128.ConditionalSelect(mask, a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Divide(Vector128<int> a, Vector128<int> b)
    {
        Vector128<float> quotient = Vector128.ConvertToSingle(a) / Vector128.ConvertToSingle(b);
        return Sse2.IsSupported ? Sse2.ConvertToVector128Int32WithTruncation(quotient) : Vector128.ConvertToInt32(quotient);
    }
}

internal readonly unsafe struct Av1IntOps256 : IAv1IntOps<Vector256<int>>
{
    public static int Count => 8;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(int* p) => Vector256.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* p, Vector256<int> v) => v.Store(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadWords(ushort* p) => Avx2.ConvertToVector256Int32(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Samples<TSample>(byte* p) where TSample : struct, ISample
        => TSample.Size == 2 ? Avx2.ConvertToVector256Int32((ushort*)p) : Avx2.ConvertToVector256Int32(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSamples<TSample>(byte* p, Vector256<int> v, Vector256<int> max) where TSample : struct, ISample
    {
        v = Avx2.Min(v, max);
        Vector128<ushort> words = Sse41.PackUnsignedSaturate(v.GetLower(), v.GetUpper());
        if (TSample.Size == 2)
            words.Store((ushort*)p);
        else
            *(ulong*)p = Sse2.PackUnsignedSaturate(words.AsInt16(), words.AsInt16()).AsUInt64().ToScalar();
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Fill(int value) => Vector256.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b) => a - b;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<int> a, Vector256<int> b) => Avx2.MultiplyLow(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplySmall(Vector256<int> a, Vector256<int> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> v, int count) => v << count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> v, int count) => v >>> count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRightSigned(Vector256<int> v, int count) => v >> count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Max(Vector256<int> a, Vector256<int> b) => Avx2.Max(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Min(Vector256<int> a, Vector256<int> b) => Avx2.Min(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Greater(Vector256<int> a, Vector256<int> b) => Avx2.CompareGreaterThan(a, b);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Select(Vector256<int> mask, Vector256<int> a, Vector256<int> b) => Avx2.BlendVariable(b, a, mask);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Divide(Vector256<int> a, Vector256<int> b)
        => Avx.ConvertToVector256Int32WithTruncation(Avx.Divide(Avx.ConvertToVector256Single(a), Avx.ConvertToVector256Single(b)));
}

/// <summary>
/// The self-guided filter (7.17.2, 7.17.3) row by row: rows of A and B lie in rings of a few, so that all stays in the nearest cache. Sums of columns first (words; squares doublewords), then along the row.
/// </summary>
internal static unsafe class Av1SelfGuidedVector<TOps, V, TSample>
    where TOps : struct, IAv1IntOps<V> where V : struct where TSample : struct, ISample
{
    // Entries of a row: column -1 is entry 0, or for column sums column -3.
    private const int Pitch = Av1PostFilterTable.RestorationMaxWidth + 32;

    private struct Scratch
    {
        public int* Sums, Squares, A0, B0, A1, B1;
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.SelfGuided"/>.</summary>
    internal static void Run(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int set, int w0, int w1, void* scratch, int bitDepth)
    {
        ref byte parameters = ref Unsafe.Add(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(Av1FilterTables.SgrParams), set * 4);
        int r0 = parameters, eps0 = Unsafe.Add(ref parameters, 1), r1 = Unsafe.Add(ref parameters, 2), eps1 = Unsafe.Add(ref parameters, 3);
        Scratch s;
        s.Sums = (int*)scratch;
        s.Squares = s.Sums + Pitch;
        s.A0 = s.Squares + Pitch;
        s.B0 = s.A0 + 4 * Pitch;
        s.A1 = s.B0 + 4 * Pitch;
        s.B1 = s.A1 + 4 * Pitch;
        // Ring entry of row i: i + 1 modulo 4.
        if (r0 != 0)
            Box<SwitchOn>(src - srcStride, srcStride, width, eps0, s.A0, s.B0, &s, bitDepth);
        if (r1 != 0)
        {
            Box<SwitchOff>(src - srcStride, srcStride, width, eps1, s.A1, s.B1, &s, bitDepth);
            Box<SwitchOff>(src, srcStride, width, eps1, s.A1 + Pitch, s.B1 + Pitch, &s, bitDepth);
        }
        for (int i = 0; i < height; i++)
        {
            int next = (i + 2 & 3) * Pitch;
            if (r0 != 0 && (i & 1) == 0)
                Box<SwitchOn>(src + srcStride, srcStride, width, eps0, s.A0 + next, s.B0 + next, &s, bitDepth);
            if (r1 != 0)
                Box<SwitchOff>(src + srcStride, srcStride, width, eps1, s.A1 + next, s.B1 + next, &s, bitDepth);
            if (r0 == 0)
                Combine<SwitchOff, SwitchOn>(dst, src, width, i, w0, w1, &s, bitDepth);
            else if (r1 == 0)
                Combine<SwitchOn, SwitchOff>(dst, src, width, i, w0, w1, &s, bitDepth);
            else
                Combine<SwitchOn, SwitchOn>(dst, src, width, i, w0, w1, &s, bitDepth);
            src += srcStride;
            dst += dstStride;
        }
    }

    // A row of A and B: five rows of columns (TFive) or three.
    private static void Box<TFive>(byte* src, nint stride, int width, int eps, int* a, int* b, Scratch* scratch, int bitDepth) where TFive : struct, IAv1Switch
    {
        int count = width + 6;
        int* sums = scratch->Sums, squares = scratch->Squares;
        byte* p = src - 3 * TSample.Size;
        for (int x = 0; x < count; x += TOps.Count, p += TOps.Count * TSample.Size)
        {
            V t0 = TOps.Samples<TSample>(p - stride), t1 = TOps.Samples<TSample>(p), t2 = TOps.Samples<TSample>(p + stride);
            V sum = TOps.Add(TOps.Add(t0, t1), t2);
            V square = TOps.Add(TOps.Add(TOps.MultiplySmall(t0, t0), TOps.MultiplySmall(t1, t1)), TOps.MultiplySmall(t2, t2));
            if (TFive.On)
            {
                V t3 = TOps.Samples<TSample>(p - 2 * stride), t4 = TOps.Samples<TSample>(p + 2 * stride);
                sum = TOps.Add(sum, TOps.Add(t3, t4));
                square = TOps.Add(square, TOps.Add(TOps.MultiplySmall(t3, t3), TOps.MultiplySmall(t4, t4)));
            }
            TOps.Store(sums + x, sum);
            TOps.Store(squares + x, square);
        }
        int n = TFive.On ? 25 : 9, n2e = n * n * eps, extra = bitDepth - 8;
        V s = TOps.Fill(((1 << 20) + n2e / 2) / n2e), oneOverN = TOps.Fill(((1 << 12) + n / 2) / n), count9 = TOps.Fill(n), half20 = TOps.Fill(1 << 19), half12 = TOps.Fill(1 << 11);
        V most = TOps.Fill(255), one = TOps.Fill(1), all = TOps.Fill(256), zero = TOps.Fill(0), round1 = TOps.Fill(1 << extra >> 1), round2 = TOps.Fill(1 << (2 * extra) >> 1);
        // Column -1 is the sums' entry 2.
        for (int x = 0; x < width + 2; x += TOps.Count)
        {
            V sum = TOps.Add(TOps.Add(TOps.Load(sums + x + 1), TOps.Load(sums + x + 2)), TOps.Load(sums + x + 3));
            V square = TOps.Add(TOps.Add(TOps.Load(squares + x + 1), TOps.Load(squares + x + 2)), TOps.Load(squares + x + 3));
            if (TFive.On)
            {
                sum = TOps.Add(sum, TOps.Add(TOps.Load(sums + x), TOps.Load(sums + x + 4)));
                square = TOps.Add(square, TOps.Add(TOps.Load(squares + x), TOps.Load(squares + x + 4)));
            }
            V d = sum;
            if (TSample.Size == 2)
            {
                square = TOps.ShiftRight(TOps.Add(square, round2), 2 * extra);
                d = TOps.ShiftRight(TOps.Add(sum, round1), extra);
            }
            V p0 = TOps.Max(TOps.Subtract(TOps.Multiply(square, count9), TOps.MultiplySmall(d, d)), zero);
            // The product takes 32 bits, without a sign.
            V z = TOps.Min(TOps.ShiftRight(TOps.Add(TOps.Multiply(p0, s), half20), 20), most);
            V quotient = TOps.Max(TOps.Divide(TOps.Add(TOps.ShiftLeft(z, 8), TOps.ShiftRight(z, 1)), TOps.Add(z, one)), one);
            V a2 = TOps.Select(TOps.Greater(most, z), quotient, all);
            TOps.Store(a + x, a2);
            TOps.Store(b + x, TOps.ShiftRight(TOps.Add(TOps.Multiply(TOps.Multiply(TOps.Subtract(all, a2), sum), oneOverN), half12), 12));
        }
    }

    // Weights 5 6 5 of one row; entry of column x is x + 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Row565(V left, V middle, V right)
    {
        V sum = TOps.Add(TOps.Add(left, middle), right);
        return TOps.Add(TOps.Add(TOps.ShiftLeft(sum, 2), sum), middle);
    }

    // Weights 3 4 3, 4 4 4, 3 4 3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Cross(int* above, int* row, int* below)
    {
        V corners = TOps.Add(TOps.Add(TOps.Load(above), TOps.Load(above + 2)), TOps.Add(TOps.Load(below), TOps.Load(below + 2)));
        V cross = TOps.Add(TOps.Add(TOps.Add(TOps.Load(above + 1), TOps.Load(below + 1)), TOps.Add(TOps.Load(row), TOps.Load(row + 2))), TOps.Load(row + 1));
        return TOps.Subtract(TOps.ShiftLeft(TOps.Add(corners, cross), 2), corners);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Sum2(int* p, int* q) => TOps.Add(TOps.Load(p), TOps.Load(q));

    private static void Combine<TFirst, TSecond>(byte* dst, byte* src, int width, int i, int w0, int w1, Scratch* s, int bitDepth) where TFirst : struct, IAv1Switch where TSecond : struct, IAv1Switch
    {
        int above = (i & 3) * Pitch, row = (i + 1 & 3) * Pitch, below = (i + 2 & 3) * Pitch;
        V weight0 = TOps.Fill(w0), weight2 = TOps.Fill(128 - w0 - w1), half = TOps.Fill(1 << 10), max = TOps.Fill((1 << bitDepth) - 1);
        V half8 = TOps.Fill(1 << 7), half9 = TOps.Fill(1 << 8);
        for (int x = 0; x < width; x += TOps.Count)
        {
            V sample = TOps.Samples<TSample>(src + x * TSample.Size), u = TOps.ShiftLeft(sample, 4);
            V v = half;
            // 128 u is w0 u + w1 u + w2 u: only the differences from u are weighted.
            if (TFirst.On)
            {
                V a, b, filtered;
                if ((i & 1) != 0)
                {
                    a = Row565(TOps.Load(s->A0 + row + x), TOps.Load(s->A0 + row + x + 1), TOps.Load(s->A0 + row + x + 2));
                    b = Row565(TOps.Load(s->B0 + row + x), TOps.Load(s->B0 + row + x + 1), TOps.Load(s->B0 + row + x + 2));
                    filtered = TOps.ShiftRight(TOps.Add(TOps.Add(TOps.MultiplySmall(a, sample), b), half8), 8);
                }
                else
                {
                    int* pa = s->A0 + above + x, qa = s->A0 + below + x, pb = s->B0 + above + x, qb = s->B0 + below + x;
                    a = Row565(Sum2(pa, qa), Sum2(pa + 1, qa + 1), Sum2(pa + 2, qa + 2));
                    b = Row565(Sum2(pb, qb), Sum2(pb + 1, qb + 1), Sum2(pb + 2, qb + 2));
                    filtered = TOps.ShiftRight(TOps.Add(TOps.Add(TOps.MultiplySmall(a, sample), b), half9), 9);
                }
                v = TOps.Add(v, TOps.Multiply(TOps.Subtract(filtered, u), weight0));
            }
            if (TSecond.On)
            {
                V a = Cross(s->A1 + above + x, s->A1 + row + x, s->A1 + below + x), b = Cross(s->B1 + above + x, s->B1 + row + x, s->B1 + below + x);
                V filtered = TOps.ShiftRight(TOps.Add(TOps.Add(TOps.MultiplySmall(a, sample), b), half9), 9);
                v = TOps.Add(v, TOps.Multiply(TOps.Subtract(filtered, u), weight2));
            }
            TOps.StoreSamples<TSample>(dst + x * TSample.Size, TOps.Add(sample, TOps.ShiftRightSigned(v, 11)), max);
        }
    }
}
