// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>Vectors of words for CDEF: one or two rows of 8 words, which are 8 samples or 4 of each chroma plane.</summary>
internal unsafe interface IAv1CdefOps<V> where V : struct
{
    /// <summary>Words.</summary>
    static abstract int Count { get; }
    static abstract V Load(ushort* p, nint stride);
    static abstract void Store<TSample>(byte* p, nint stride, V v) where TSample : struct, ISample;
    /// <summary>Even words to one plane, odd ones to the other.</summary>
    static abstract void StorePair<TSample>(byte* u, byte* v, nint stride, V words) where TSample : struct, ISample;
    static abstract V Words(int value);
    /// <summary>A count for <see cref="ShiftRight"/>.</summary>
    static abstract Vector128<short> Count16(int bits);
    static abstract V ShiftRight(V v, Vector128<short> count);
    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V SubtractSaturateUnsigned(V a, V b);
    static abstract V Abs(V v);
    static abstract V MinSigned(V a, V b);
    static abstract V MaxSigned(V a, V b);
    static abstract V MinUnsigned(V a, V b);
    /// <summary>v with the sign of the other.</summary>
    static abstract V Sign(V v, V sign);
    static abstract V Multiply(V a, V b);
    /// <summary>(8 + v - (v &lt; 0)) >> 4.</summary>
    static abstract V Sixteenth(V v);
}

internal readonly unsafe struct Av1CdefOps128 : IAv1CdefOps<Vector128<short>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Load(ushort* p, nint stride) => Vector128.Load((short*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSample>(byte* p, nint stride, Vector128<short> v) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
            v.Store((short*)p);
        else
            StorePut.Store8(p, Portable128.PackUnsigned(v, v));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<TSample>(byte* u, byte* v, nint stride, Vector128<short> words) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
        {
            Vector128<ulong> apart = Portable128.Shuffle(words.AsByte(), Vector128.Create((byte)0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15)).AsUInt64();
            *(ulong*)u = apart.GetElement(0);
            *(ulong*)v = apart.GetElement(1);
        }
        else
        {
            Vector128<uint> apart = Portable128.Shuffle(Portable128.PackUnsigned(words, words), Vector128.Create((byte)0, 2, 4, 6, 1, 3, 5, 7, 0, 0, 0, 0, 0, 0, 0, 0)).AsUInt32();
            *(uint*)u = apart.GetElement(0);
            *(uint*)v = apart.GetElement(1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Words(int value) => Vector128.Create((short)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Count16(int bits) => Sse2.IsSupported ? Vector128.CreateScalar((ulong)bits).AsInt16() : Vector128.Create((short)-bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ShiftRight(Vector128<short> v, Vector128<short> count)
        => Sse2.IsSupported ? Sse2.ShiftRightLogical(v, count) : AdvSimd.ShiftLogical(v.AsUInt16(), count).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Add(Vector128<short> a, Vector128<short> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Subtract(Vector128<short> a, Vector128<short> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> SubtractSaturateUnsigned(Vector128<short> a, Vector128<short> b)
        => Sse2.IsSupported ? Sse2.SubtractSaturate(a.AsUInt16(), b.AsUInt16()).AsInt16() : AdvSimd.SubtractSaturate(a.AsUInt16(), b.AsUInt16()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Abs(Vector128<short> v) => Ssse3.IsSupported ? Ssse3.Abs(v).AsInt16() : Vector128.Abs(v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> MinSigned(Vector128<short> a, Vector128<short> b) => Vector128.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> MaxSigned(Vector128<short> a, Vector128<short> b) => Vector128.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> MinUnsigned(Vector128<short> a, Vector128<short> b) => Vector128.Min(a.AsUInt16(), b.AsUInt16()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Sign(Vector128<short> v, Vector128<short> sign)
    {
        if (Ssse3.IsSupported)
            return Ssse3.Sign(v, sign);
        Vector128<short> negative = sign >> 15;
        return (v ^ negative) - negative;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Multiply(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported ? Sse2.MultiplyLow(a, b) : a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Sixteenth(Vector128<short> v) => (v + (v >> 15) + Vector128.Create((short)8)) >> 4;
}

internal readonly unsafe struct Av1CdefOps256 : IAv1CdefOps<Vector256<short>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(ushort* p, nint stride) => Vector256.Create(Vector128.Load((short*)p), Vector128.Load((short*)(p + stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSample>(byte* p, nint stride, Vector256<short> v) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
        {
            v.GetLower().Store((short*)p);
            v.GetUpper().Store((short*)(p + stride));
        }
        else
        {
            Vector128<byte> bytes = Sse2.PackUnsignedSaturate(v.GetLower(), v.GetUpper());
            Sse.StoreLow((float*)p, bytes.AsSingle());
            Sse.StoreHigh((float*)(p + stride), bytes.AsSingle());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<TSample>(byte* u, byte* v, nint stride, Vector256<short> words) where TSample : struct, ISample
    {
        if (TSample.Size == 2)
        {
            Av1CdefOps128.StorePair<TSample>(u, v, stride, words.GetLower());
            Av1CdefOps128.StorePair<TSample>(u + stride, v + stride, stride, words.GetUpper());
        }
        else
        {
            Vector128<byte> bytes = Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper());
            Vector128<uint> apart = Ssse3.Shuffle(bytes, Vector128.Create((byte)0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15)).AsUInt32();
            *(uint*)u = apart.GetElement(0);
            *(uint*)v = apart.GetElement(1);
            *(uint*)(u + stride) = apart.GetElement(2);
            *(uint*)(v + stride) = apart.GetElement(3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Words(int value) => Vector256.Create((short)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> Count16(int bits) => Vector128.CreateScalar((ulong)bits).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ShiftRight(Vector256<short> v, Vector128<short> count) => Avx2.ShiftRightLogical(v, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Add(Vector256<short> a, Vector256<short> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Subtract(Vector256<short> a, Vector256<short> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> SubtractSaturateUnsigned(Vector256<short> a, Vector256<short> b) => Avx2.SubtractSaturate(a.AsUInt16(), b.AsUInt16()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Abs(Vector256<short> v) => Avx2.Abs(v).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MinSigned(Vector256<short> a, Vector256<short> b) => Avx2.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MaxSigned(Vector256<short> a, Vector256<short> b) => Avx2.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MinUnsigned(Vector256<short> a, Vector256<short> b) => Avx2.Min(a.AsUInt16(), b.AsUInt16()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Sign(Vector256<short> v, Vector256<short> sign) => Avx2.Sign(v, sign);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Multiply(Vector256<short> a, Vector256<short> b) => Avx2.MultiplyLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Sixteenth(Vector256<short> v) => (v + (v >> 15) + Vector256.Create((short)8)) >> 4;
}

/// <summary>
/// The CDEF filter (7.15.3) on words. A sample that is not available differs so much that constrain makes it 0, and is no maximum as a signed and no minimum as an unsigned word.
/// With one strength only the result lies between the samples it comes from (the taps sum up to 12 of 16), so the clip is for both only.
/// </summary>
internal static unsafe class Av1CdefVector<TOps, V, TSample>
    where TOps : struct, IAv1CdefOps<V> where V : struct where TSample : struct, ISample
{
    internal static void Filter8x8(byte* dst, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
        => Filter<SwitchOff>(dst, null, dstStride, src, srcStride, 8, primary, secondary, direction, damping, bitDepth);

    internal static void Pair4x4(byte* dstU, byte* dstV, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
        => Filter<SwitchOn>(dstU, dstV, dstStride, src, srcStride, 4, primary, secondary, direction, damping, bitDepth);

    internal static void Pair4x8(byte* dstU, byte* dstV, nint dstStride, ushort* src, nint srcStride, int primary, int secondary, int direction, int damping, int bitDepth)
        => Filter<SwitchOn>(dstU, dstV, dstStride, src, srcStride, 8, primary, secondary, direction, damping, bitDepth);

    private static void Filter<TPair>(byte* dst, byte* dst2, nint dstStride, ushort* src, nint srcStride, int height, int primary, int secondary, int direction, int damping, int bitDepth) where TPair : struct, IAv1Switch
    {
        if (primary == 0)
            One<TPair, SwitchOn>(dst, dst2, dstStride, src, srcStride, height, secondary, direction, damping, 0);
        else if (secondary == 0)
            One<TPair, SwitchOff>(dst, dst2, dstStride, src, srcStride, height, primary, direction, damping, (primary >> (bitDepth - 8)) & 1);
        else
            Both<TPair>(dst, dst2, dstStride, src, srcStride, height, primary, secondary, direction, damping, (primary >> (bitDepth - 8)) & 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Way<TPair>(int direction, int k, nint stride) where TPair : struct, IAv1Switch
    {
        ref sbyte way = ref Unsafe.Add(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(Av1FilterTables.CdefDirections), ((direction & 7) * 2 + k) * 2);
        return way * stride + (TPair.On ? 2 : 1) * Unsafe.Add(ref way, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TPair>(byte* p, byte* q, nint stride, V v) where TPair : struct, IAv1Switch
    {
        if (TPair.On)
            TOps.StorePair<TSample>(p, q, stride, v);
        else
            TOps.Store<TSample>(p, stride, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Constrain(V p, V x, V threshold, Vector128<short> shift)
    {
        V difference = TOps.Subtract(p, x), size = TOps.Abs(difference);
        // The size of what is not available may be 0x8000: no signed minimum.
        return TOps.Sign(TOps.MinUnsigned(TOps.SubtractSaturateUnsigned(threshold, TOps.ShiftRight(size, shift)), size), difference);
    }

    private static int Shift(int damping, int threshold) => Math.Max(0, damping - BitOperations.Log2((uint)threshold));

    private static void One<TPair, TSecondary>(byte* dst, byte* dst2, nint dstStride, ushort* src, nint stride, int height, int strength, int direction, int damping, int odd)
        where TPair : struct, IAv1Switch where TSecondary : struct, IAv1Switch
    {
        int rows = TOps.Count / 8;
        V threshold = TOps.Words(strength), tap0 = TOps.Words(TSecondary.On ? 2 : odd != 0 ? 3 : 4), tap1 = TOps.Words(TSecondary.On ? 1 : odd != 0 ? 3 : 2);
        Vector128<short> shift = TOps.Count16(Shift(damping, strength));
        nint a0 = Way<TPair>(TSecondary.On ? direction + 2 : direction, 0, stride), a1 = Way<TPair>(TSecondary.On ? direction + 2 : direction, 1, stride);
        nint b0 = Way<TPair>(direction - 2, 0, stride), b1 = Way<TPair>(direction - 2, 1, stride);
        for (int y = 0; y < height; y += rows)
        {
            V x = TOps.Load(src, stride);
            V near = TOps.Add(Constrain(TOps.Load(src + a0, stride), x, threshold, shift), Constrain(TOps.Load(src - a0, stride), x, threshold, shift));
            V far = TOps.Add(Constrain(TOps.Load(src + a1, stride), x, threshold, shift), Constrain(TOps.Load(src - a1, stride), x, threshold, shift));
            if (TSecondary.On)
            {
                near = TOps.Add(near, TOps.Add(Constrain(TOps.Load(src + b0, stride), x, threshold, shift), Constrain(TOps.Load(src - b0, stride), x, threshold, shift)));
                far = TOps.Add(far, TOps.Add(Constrain(TOps.Load(src + b1, stride), x, threshold, shift), Constrain(TOps.Load(src - b1, stride), x, threshold, shift)));
                near = TOps.Add(TOps.Add(near, near), far);
            }
            else
            {
                near = TOps.Add(TOps.Multiply(near, tap0), TOps.Multiply(far, tap1));
            }
            Store<TPair>(dst, dst2, dstStride, TOps.Add(x, TOps.Sixteenth(near)));
            src += rows * stride;
            dst += rows * dstStride;
            dst2 += rows * dstStride;
        }
    }

    private static void Both<TPair>(byte* dst, byte* dst2, nint dstStride, ushort* src, nint stride, int height, int primary, int secondary, int direction, int damping, int odd) where TPair : struct, IAv1Switch
    {
        int rows = TOps.Count / 8;
        V threshold = TOps.Words(primary), threshold2 = TOps.Words(secondary), tap0 = TOps.Words(odd != 0 ? 3 : 4), tap1 = TOps.Words(odd != 0 ? 3 : 2);
        Vector128<short> shift = TOps.Count16(Shift(damping, primary)), shift2 = TOps.Count16(Shift(damping, secondary));
        nint p0 = Way<TPair>(direction, 0, stride), p1 = Way<TPair>(direction, 1, stride);
        nint a0 = Way<TPair>(direction + 2, 0, stride), a1 = Way<TPair>(direction + 2, 1, stride), b0 = Way<TPair>(direction - 2, 0, stride), b1 = Way<TPair>(direction - 2, 1, stride);
        for (int y = 0; y < height; y += rows)
        {
            V x = TOps.Load(src, stride), max = x, min = x;
            V near = Opposites(src, p0, stride, x, threshold, shift, ref max, ref min);
            V far = Opposites(src, p1, stride, x, threshold, shift, ref max, ref min);
            V sum = TOps.Add(TOps.Multiply(near, tap0), TOps.Multiply(far, tap1));
            near = TOps.Add(Opposites(src, a0, stride, x, threshold2, shift2, ref max, ref min), Opposites(src, b0, stride, x, threshold2, shift2, ref max, ref min));
            far = TOps.Add(Opposites(src, a1, stride, x, threshold2, shift2, ref max, ref min), Opposites(src, b1, stride, x, threshold2, shift2, ref max, ref min));
            sum = TOps.Add(sum, TOps.Add(TOps.Add(near, near), far));
            Store<TPair>(dst, dst2, dstStride, TOps.MaxSigned(TOps.MinSigned(TOps.Add(x, TOps.Sixteenth(sum)), max), min));
            src += rows * stride;
            dst += rows * dstStride;
            dst2 += rows * dstStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Opposites(ushort* src, nint way, nint stride, V x, V threshold, Vector128<short> shift, ref V max, ref V min)
    {
        V a = TOps.Load(src + way, stride), b = TOps.Load(src - way, stride);
        max = TOps.MaxSigned(max, TOps.MaxSigned(a, b));
        min = TOps.MinUnsigned(min, TOps.MinUnsigned(a, b));
        return TOps.Add(Constrain(a, x, threshold, shift), Constrain(b, x, threshold, shift));
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefLoad"/>.</summary>
    internal static void LoadWords(ushort* dst, nint dstStride, byte* src, nint srcStride, int width, int height)
    {
        for (; height > 0; height--, dst += dstStride, src += srcStride)
        {
            for (int x = 0; x < width; x += 16)
            {
                if (TSample.Size == 2)
                {
                    Vector128.Load(src + x * 2).Store((byte*)(dst + x));
                    Vector128.Load(src + x * 2 + 16).Store((byte*)(dst + x + 8));
                }
                else
                {
                    Vector128<byte> v = Vector128.Load(src + x);
                    Vector128.WidenLower(v).Store(dst + x);
                    Vector128.WidenUpper(v).Store(dst + x + 8);
                }
            }
        }
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.CdefLoadPair"/>.</summary>
    internal static void LoadPair(ushort* dst, nint dstStride, byte* srcU, byte* srcV, nint srcStride, int width, int height)
    {
        for (; height > 0; height--, dst += dstStride, srcU += srcStride, srcV += srcStride)
        {
            for (int x = 0; x < width; x += 8)
            {
                Vector128<byte> u = Av1Ops128.Samples<TSample>(srcU + x * TSample.Size), v = Av1Ops128.Samples<TSample>(srcV + x * TSample.Size);
                Av1Ops128.Store((short*)(dst + 2 * x), Av1Ops128.Low(u, v));
                Av1Ops128.Store((short*)(dst + 2 * x + 8), Av1Ops128.High(u, v));
            }
        }
    }
}
