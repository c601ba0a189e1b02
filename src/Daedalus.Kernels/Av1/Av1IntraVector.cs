// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// Non-directional intra prediction (7.11.2.2, .5, .6) on vectors. The bodies are inlined into the entries, where sizes are constants, and choose among a few loops;
/// those with arithmetic work on words.
/// </summary>
internal readonly unsafe struct Av1IntraVector<TOps, TVector, TSample> : IAv1IntraBodies where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
{
    public static int MinWidth => TOps.Count == 8 ? 0 : TOps.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dc(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => Fill(dst, stride, width, height, (Av1IntraFill<TSample>.Sum(above, width) + Av1IntraFill<TSample>.Sum(left, height) + (uint)((width + height) >> 1)) / (uint)(width + height));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DcLeft(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => Fill(dst, stride, width, height, (Av1IntraFill<TSample>.Sum(left, height) + (uint)(height >> 1)) / (uint)height);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DcAbove(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
        => Fill(dst, stride, width, height, (Av1IntraFill<TSample>.Sum(above, width) + (uint)(width >> 1)) / (uint)width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DcNone(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth) => Fill(dst, stride, width, height, 1u << (bitDepth - 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill(byte* dst, nint stride, int width, int height, uint value)
    {
        ulong eight = value * (TSample.Size == 1 ? 0x0101010101010101ul : 0x0001000100010001ul);
        int bytes = width * TSample.Size;
        if (bytes == 4)
            Av1IntraFill<TSample>.Fill4(dst, stride, height, (uint)eight);
        else if (bytes == 8)
            Av1IntraFill<TSample>.Fill8(dst, stride, height, eight);
        else if (bytes == 16)
            Av1IntraFill<TSample>.Fill16(dst, stride, height, eight);
        else
            FillWide(dst, stride, height, bytes, eight);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FillWide(byte* dst, nint stride, int height, int bytes, ulong value)
    {
        TVector v = TOps.Splat<TSample>((byte*)&value);
        for (int i = 0; i < height; i++, dst += stride)
        {
            for (int x = 0; x < bytes; x += 2 * TOps.Count)
                TOps.Store((short*)(dst + x), v);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        int bytes = width * TSample.Size;
        if (bytes == 4)
            Av1IntraFill<TSample>.Fill4(dst, stride, height, Unsafe.ReadUnaligned<uint>(above));
        else if (bytes == 8)
            Av1IntraFill<TSample>.Fill8(dst, stride, height, Unsafe.ReadUnaligned<ulong>(above));
        else
            VerticalWide(dst, stride, above, height, bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void VerticalWide(byte* dst, nint stride, byte* above, int height, int bytes)
    {
        int x = 0;
        for (; x + 2 * TOps.Count <= bytes; x += 2 * TOps.Count)
        {
            TVector v = TOps.Load((short*)(above + x));
            byte* d = dst + x;
            for (int i = 0; i < height; i += 4, d += 4 * stride)
            {
                TOps.Store((short*)d, v);
                TOps.Store((short*)(d + stride), v);
                TOps.Store((short*)(d + 2 * stride), v);
                TOps.Store((short*)(d + 3 * stride), v);
            }
        }
        if (x == bytes)
            return;
        // Sixteen bytes of 256-bit kernels.
        Vector128<byte> last = Vector128.Load(above + x);
        for (int i = 0; i < height; i++, dst += stride)
            last.Store(dst + x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Horizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        int bytes = width * TSample.Size;
        if (bytes == 4)
            Av1IntraFill<TSample>.Horizontal4(dst, stride, left, height);
        else if (bytes == 8)
            Av1IntraFill<TSample>.Horizontal8(dst, stride, left, height);
        else if (bytes == 16)
            Av1IntraFill<TSample>.Horizontal16(dst, stride, left, height);
        else
            HorizontalWide(dst, stride, left, height, bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void HorizontalWide(byte* dst, nint stride, byte* left, int height, int bytes)
    {
        for (int i = 0; i < height; i++, dst += stride, left += TSample.Size)
        {
            TVector v = TOps.Splat<TSample>(left);
            for (int x = 0; x < bytes; x += 2 * TOps.Count)
                TOps.Store((short*)(dst + x), v);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* dst, TVector v, int width)
    {
        if (width == 4)
            TOps.PutFour<TSample>(dst, v);
        else
            TOps.Put<TSample>(dst, v);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Paeth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        TVector corner = TOps.Words(TSample.Load(above, -1));
        for (int x = 0; x < width; x += TOps.Count)
        {
            TVector a = TOps.Samples<TSample>(above + x * TSample.Size);
            TVector slope = TOps.Subtract(a, corner), pLeft = TOps.Abs(slope);
            byte* d = dst + x * TSample.Size;
            for (int i = 0; i < height; i++, d += stride)
            {
                TVector l = TOps.Words(TSample.Load(left, i));
                TVector rise = TOps.Subtract(l, corner), pTop = TOps.Abs(rise);
                TVector pTopLeft = TOps.Abs(TOps.Add(rise, slope));
                TVector other = TOps.Choose(pTop, pTopLeft, corner, a);
                Put(d, TOps.Choose(pLeft, TOps.Min(pTop, pTopLeft), other, l), width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Smooth(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wx = Av1PredictData.SmoothWeights(width);
        byte* wy = Av1PredictData.SmoothWeights(height);
        int right = TSample.Load(above, width - 1), bottom = TSample.Load(left, height - 1);
        // wy (above - bottom) + wx (left - right) + 256 (bottom + right): what belongs to the column is zipped, what belongs to the row is a pair.
        TVector round = TOps.Ints(256 * (bottom + right) + 256), bottoms = TOps.Words(bottom);
        ulong four = 0;
        if (width == 4)
        {
            four = Unsafe.ReadUnaligned<uint>(wx);
            wx = (byte*)&four;
        }
        for (int x = 0; x < width; x += TOps.Count)
        {
            TVector a = TOps.Subtract(TOps.Samples<TSample>(above + x * TSample.Size), bottoms), weights = TOps.Samples<ByteSample>(wx + x);
            TVector low = TOps.Low(a, weights), high = TOps.High(a, weights);
            byte* d = dst + x * TSample.Size;
            for (int i = 0; i < height; i++, d += stride)
            {
                TVector pair = TOps.Pairs(wy[i], TSample.Load(left, i) - right);
                Put(d, TOps.Pack(TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(low, pair), round), 9), TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(high, pair), round), 9)), width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void SmoothVertical(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wy = Av1PredictData.SmoothWeights(height);
        int bottom = TSample.Load(left, height - 1);
        TVector bottoms = TOps.Words(bottom);
        for (int x = 0; x < width; x += TOps.Count)
        {
            TVector a = TOps.Subtract(TOps.Samples<TSample>(above + x * TSample.Size), bottoms);
            byte* d = dst + x * TSample.Size;
            if (TSample.Size == 1)
            {
                // The sum fits an unsigned word, its parts need not.
                TVector round = TOps.Words(256 * bottom + 128);
                for (int i = 0; i < height; i++, d += stride)
                    Put(d, TOps.ShiftUnsigned(TOps.Add(TOps.Multiply(a, TOps.Words(wy[i])), round), 8), width);
            }
            else
            {
                TVector round = TOps.Ints(256 * bottom + 128), low = TOps.Low(a, a), high = TOps.High(a, a);
                for (int i = 0; i < height; i++, d += stride)
                {
                    TVector weight = TOps.Ints(wy[i]);
                    Put(d, TOps.Pack(TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(low, weight), round), 8), TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(high, weight), round), 8)), width);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void SmoothHorizontal(byte* dst, nint stride, byte* above, byte* left, int width, int height, int bitDepth)
    {
        byte* wx = Av1PredictData.SmoothWeights(width);
        int right = TSample.Load(above, width - 1);
        ulong four = 0;
        if (width == 4)
        {
            four = Unsafe.ReadUnaligned<uint>(wx);
            wx = (byte*)&four;
        }
        for (int x = 0; x < width; x += TOps.Count)
        {
            TVector weights = TOps.Samples<ByteSample>(wx + x);
            byte* d = dst + x * TSample.Size;
            if (TSample.Size == 1)
            {
                TVector round = TOps.Words(256 * right + 128);
                for (int i = 0; i < height; i++, d += stride)
                    Put(d, TOps.ShiftUnsigned(TOps.Add(TOps.Multiply(weights, TOps.Words(TSample.Load(left, i) - right)), round), 8), width);
            }
            else
            {
                TVector round = TOps.Ints(256 * right + 128), zero = TOps.Words(0), low = TOps.Low(weights, zero), high = TOps.High(weights, zero);
                for (int i = 0; i < height; i++, d += stride)
                {
                    TVector rise = TOps.Pairs(TSample.Load(left, i) - right, 0);
                    Put(d, TOps.Pack(TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(low, rise), round), 8), TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(high, rise), round), 8)), width);
                }
            }
        }
    }
}

/// <summary>Rows of 4, 8 and 16 bytes, and sums of edges.</summary>
internal static unsafe class Av1IntraFill<TSample> where TSample : struct, ISample
{
    /// <summary>Sum of 4..64 samples, a power of two.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static uint Sum(byte* edge, int count)
    {
        if (TSample.Size == 1)
        {
            if (count == 4)
            {
                // Pairs of bytes in words, then the two words.
                uint v = Unsafe.ReadUnaligned<uint>(edge);
                v = (v & 0x00ff00ff) + ((v >> 8) & 0x00ff00ff);
                return (v & 0xffff) + (v >> 16);
            }
            if (count == 8)
            {
                ulong v = Unsafe.ReadUnaligned<ulong>(edge);
                v = (v & 0x00ff00ff00ff00ff) + ((v >> 8) & 0x00ff00ff00ff00ff);
                return (uint)((v * 0x0001000100010001) >> 48);
            }
            Vector128<uint> sum = default;
            for (int i = 0; i < count; i += 16)
            {
                if (Sse2.IsSupported)
                {
                    sum += Sse2.SumAbsoluteDifferences(Vector128.Load(edge + i), Vector128<byte>.Zero).AsUInt32();
                }
                else
                {
                    Vector128<ushort> v = Vector128.Load(edge + i).AsUInt16();
                    v = (v & Vector128.Create((ushort)255)) + (v >> 8);
                    sum += (v.AsUInt32() & Vector128.Create(0xffffu)) + (v.AsUInt32() >> 16);
                }
            }
            return Vector128.Sum(sum);
        }
        if (count == 4)
        {
            ulong v = Unsafe.ReadUnaligned<ulong>(edge);
            return (uint)((v * 0x0001000100010001) >> 48);
        }
        Vector128<int> words = default;
        for (int i = 0; i < count; i += 8)
            words += Portable128.MultiplyAdd16(Vector128.Load(edge + 2 * i), Vector128<short>.One.AsByte());
        return (uint)Vector128.Sum(words);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Fill4(byte* dst, nint stride, int height, uint v)
    {
        for (int i = 0; i < height; i += 2, dst += 2 * stride)
        {
            Unsafe.WriteUnaligned(dst, v);
            Unsafe.WriteUnaligned(dst + stride, v);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Fill8(byte* dst, nint stride, int height, ulong v)
    {
        for (int i = 0; i < height; i += 2, dst += 2 * stride)
        {
            Unsafe.WriteUnaligned(dst, v);
            Unsafe.WriteUnaligned(dst + stride, v);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Fill16(byte* dst, nint stride, int height, ulong value)
    {
        Vector128<byte> v = Vector128.Create(value).AsByte();
        for (int i = 0; i < height; i += 2, dst += 2 * stride)
        {
            v.Store(dst);
            v.Store(dst + stride);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Horizontal4(byte* dst, nint stride, byte* left, int height)
    {
        for (int i = 0; i < height; i++, dst += stride)
            Unsafe.WriteUnaligned(dst, left[i] * 0x01010101u);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Horizontal8(byte* dst, nint stride, byte* left, int height)
    {
        for (int i = 0; i < height; i++, dst += stride)
            Unsafe.WriteUnaligned(dst, (ulong)TSample.Load(left, i) * (TSample.Size == 1 ? 0x0101010101010101ul : 0x0001000100010001ul));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Horizontal16(byte* dst, nint stride, byte* left, int height)
    {
        for (int i = 0; i < height; i++, dst += stride)
            Av1Ops128.Splat<TSample>(left + i * TSample.Size).Store(dst);
    }
}
