// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>An edge of up to 129 samples as words, two before it and what a vector reads behind.</summary>
[InlineArray(192)]
internal struct Av1EdgeWords { private short _e; }

/// <summary>Edge filter, upsampling and recursive prediction (7.11.2.12, .11, .3).</summary>
internal static unsafe class Av1IntraEdgeVector<TOps, TVector, TSample> where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
{
    private static ReadOnlySpan<short> Indices => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    [SkipLocalsInit]
    internal static void FilterEdge(byte* edge, int size, int strength)
    {
        if (size <= 1)
            return;
        Av1EdgeWords buffer;
        short* e = (short*)&buffer + 2;
        e[-2] = e[-1] = (short)TSample.Load(edge, 0);
        for (int x = 0; x < size; x += TOps.Count)
            TOps.Store(e + x, TOps.Samples<TSample>(edge + x * TSample.Size));
        e[size] = e[size + 1] = e[size - 1];
        int kernel = (strength - 1) * 5;
        TVector k0 = TOps.Words(Av1PredictTables.IntraEdgeKernel[kernel]), k1 = TOps.Words(Av1PredictTables.IntraEdgeKernel[kernel + 1]), k2 = TOps.Words(Av1PredictTables.IntraEdgeKernel[kernel + 2]);
        TVector round = TOps.Words(8);
        for (int x = 1; x < size; x += TOps.Count)
        {
            // Sixteen times a sample fits an unsigned word.
            TVector at = TOps.Load(e + x);
            TVector sum = TOps.Add(TOps.Multiply(at, k2), TOps.Multiply(TOps.Add(TOps.Load(e + x - 1), TOps.Load(e + x + 1)), k1));
            sum = TOps.Add(sum, TOps.Multiply(TOps.Add(TOps.Load(e + x - 2), TOps.Load(e + x + 2)), k0));
            TVector v = TOps.ShiftUnsigned(TOps.Add(sum, round), 4);
            byte* d = edge + x * TSample.Size;
            if (x + TOps.Count > size)
            {
                // What follows the edge stays.
                TVector indices = TOps.Load((short*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Indices)));
                v = TOps.Choose(TOps.Words(size - x), indices, v, TOps.Samples<TSample>(d));
            }
            TOps.Put<TSample>(d, v);
        }
    }

    internal static void UpsampleEdge(byte* edge, int count, int bitDepth)
    {
        if ((count & 3) != 0 || count > 16)
        {
            Av1IntraEdgeScalar<TSample>.UpsampleEdge(edge, count, bitDepth);
            return;
        }
        int last = TSample.Load(edge, count - 1), first = TSample.Load(edge, -1);
        // dup[0] and dup[numPx + 2]; both places are written in the end.
        TSample.Store(edge, count, last);
        TSample.Store(edge, -2, first);
        Vector128<byte> low = Upsampled(edge, bitDepth, out Vector128<byte> lowHigh);
        if (count > 8)
        {
            Vector128<byte> high = Upsampled(edge + 8 * TSample.Size, bitDepth, out Vector128<byte> highHigh);
            Put(edge + 15 * TSample.Size, high);
            if (count == 16)
                Put(edge + 23 * TSample.Size, highHigh);
        }
        Put(edge - TSample.Size, low);
        if (count > 4)
            Put(edge + 7 * TSample.Size, lowHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(byte* p, Vector128<byte> v) => Av1Ops128.Put<TSample>(p, v);

    /// <summary>Eight interpolated samples and the eight after each, zipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Upsampled(byte* p, int bitDepth, out Vector128<byte> high)
    {
        Vector128<byte> at = Av1Ops128.Samples<TSample>(p);
        Vector128<byte> near = Av1Ops128.Add(Av1Ops128.Samples<TSample>(p - TSample.Size), at);
        Vector128<byte> far = Av1Ops128.Add(Av1Ops128.Samples<TSample>(p - 2 * TSample.Size), Av1Ops128.Samples<TSample>(p + TSample.Size));
        // (9 near - far + 8) >> 4, in two steps since 12 bits would not fit words.
        Vector128<byte> inner = Av1Ops128.Shift(Av1Ops128.Add(Av1Ops128.Subtract(near, far), Av1Ops128.Words(8)), 3);
        Vector128<byte> v = Av1Ops128.Shift(Av1Ops128.Add(near, inner), 1);
        v = Av1Ops128.Min(Av1Ops128.Max(v, Vector128<byte>.Zero), Av1Ops128.Words((1 << bitDepth) - 1));
        high = Av1Ops128.High(v, at);
        return Av1Ops128.Low(v, at);
    }
}

/// <summary>Recursive intra prediction (7.11.2.3): eight samples at a time, each a sum of four pairs.</summary>
internal static unsafe class Av1IntraFilterVector<TSample> where TSample : struct, ISample
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Filter(byte* dst, nint stride, byte* above, byte* left, int width, int height, int mode, int bitDepth)
    {
        // Taps (p0, p1), (p2, p3), (p4, p5), (p6, none) of the eight samples: rows of seven bytes, transposed by pairs.
        byte* t = (byte*)Av1PredictData.IntraFilterTaps(mode);
        Vector128<byte> a0 = Zip(Row(t), Row(t + 7)), a1 = Zip(Row(t + 14), Row(t + 21)), a2 = Zip(Row(t + 28), Row(t + 35));
        // The eighth byte of the last row is not in the table.
        Vector128<byte> a3 = Zip(Row(t + 42), Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(t + 48) >> 8).AsByte());
        Vector128<byte> b0 = Av1Ops128.LowInts(a0, a1), b1 = Av1Ops128.HighInts(a0, a1), b2 = Av1Ops128.LowInts(a2, a3), b3 = Av1Ops128.HighInts(a2, a3);
        Vector128<byte> t01 = Av1Ops128.LowLongs(b0, b2), t23 = Av1Ops128.HighLongs(b0, b2), t45 = Av1Ops128.LowLongs(b1, b3);
        Vector128<byte> t6 = Av1Ops128.HighLongs(b1, b3) & Vector128.Create((ushort)255).AsByte();
        if (TSample.Size == 1)
            Bytes(dst, stride, above, left, width, height, t01, t23, t45, t6);
        else
            Words(dst, stride, above, left, width, height, t01, t23, t45, t6, bitDepth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Row(byte* taps) => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(taps)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Zip(Vector128<byte> a, Vector128<byte> b) => Av1Ops128.Low(a, b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Bytes(byte* dst, nint stride, byte* above, byte* left, int width, int height, Vector128<byte> t01, Vector128<byte> t23, Vector128<byte> t45, Vector128<byte> t6)
    {
        Vector128<byte> pair0 = Vector128.Create((short)0x0100).AsByte(), pair1 = Vector128.Create((short)0x0302).AsByte();
        Vector128<byte> pair2 = Vector128.Create((short)0x0504).AsByte(), pair3 = Vector128.Create(unchecked((short)0x8006)).AsByte();
        // The last column of the unit before goes to 5 and 6.
        Vector128<byte> next = Vector128.Create(0x80, 0x80, 0x80, 0x80, 0x80, 3, 7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80);
        Vector128<short> round = Vector128.Create((short)8);
        byte* top = above;
        for (int y = 0; y < height; y += 2)
        {
            byte* d = dst + y * stride;
            ulong start = Unsafe.ReadUnaligned<uint>(top);
            start = (start << 8) | (y == 0 ? above[-1] : left[y - 1]) | ((ulong)left[y] << 40) | ((ulong)left[y + 1] << 48);
            Vector128<byte> p = Vector128.CreateScalarUnsafe(start).AsByte();
            for (int x = 0; ;)
            {
                Vector128<short> sum = Portable128.MultiplyAdd8(Portable128.Shuffle(p, pair0), t01) + Portable128.MultiplyAdd8(Portable128.Shuffle(p, pair1), t23);
                sum = sum + round + (Portable128.MultiplyAdd8(Portable128.Shuffle(p, pair2), t45) + Portable128.MultiplyAdd8(Portable128.Shuffle(p, pair3), t6));
                // What is negative is clipped, however it is rounded.
                Vector128<short> v = sum >> 4;
                Vector128<byte> result = Portable128.PackUnsigned(v, v);
                ulong eight = result.AsUInt64().ToScalar();
                Unsafe.WriteUnaligned(d + x, (uint)eight);
                Unsafe.WriteUnaligned(d + stride + x, (uint)(eight >> 32));
                x += 4;
                if (x == width)
                    break;
                // The upper half of the row above is of no use to the shuffles, but for 5 and 6.
                ulong five = Unsafe.ReadUnaligned<uint>(top + x - 1) | ((ulong)top[x + 3] << 32);
                p = Portable128.Shuffle(result, next) | Vector128.CreateScalarUnsafe(five).AsByte();
            }
            top = d + stride;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Words(
        byte* dst, nint stride, byte* above, byte* left, int width, int height, Vector128<byte> t01, Vector128<byte> t23, Vector128<byte> t45, Vector128<byte> t6, int bitDepth)
    {
        Vector128<byte> l01 = Vector128.WidenLower(t01.AsSByte()).AsByte(), h01 = Vector128.WidenUpper(t01.AsSByte()).AsByte();
        Vector128<byte> l23 = Vector128.WidenLower(t23.AsSByte()).AsByte(), h23 = Vector128.WidenUpper(t23.AsSByte()).AsByte();
        Vector128<byte> l45 = Vector128.WidenLower(t45.AsSByte()).AsByte(), h45 = Vector128.WidenUpper(t45.AsSByte()).AsByte();
        Vector128<byte> l6 = Vector128.WidenLower(t6.AsSByte()).AsByte(), h6 = Vector128.WidenUpper(t6.AsSByte()).AsByte();
        Vector128<byte> next = Vector128.Create(6, 7, 14, 15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80);
        Vector128<byte> max = Av1Ops128.Words((1 << bitDepth) - 1), round = Av1Ops128.Ints(8);
        ushort* top = (ushort*)above;
        ushort* leftWords = (ushort*)left;
        for (int y = 0; y < height; y += 2)
        {
            byte* d = dst + y * stride;
            // p0..p3 and p4..p6 as two halves: the one from the row above, the other from the corner of it and the unit before.
            uint corner = y == 0 ? top[-1] : leftWords[y - 1];
            Vector128<byte> p5 = Vector128.CreateScalarUnsafe(leftWords[y] | ((uint)leftWords[y + 1] << 16)).AsByte();
            for (int x = 0; ;)
            {
                Vector128<byte> p01 = Vector128.Create(corner | ((uint)top[x] << 16)).AsByte();
                Vector128<byte> p23 = Vector128.Create(Unsafe.ReadUnaligned<uint>(top + x + 1)).AsByte();
                Vector128<byte> p45 = Vector128.Create((uint)top[x + 3]).AsByte() | Vector128.Create(p5.AsUInt32().ToScalar() << 16).AsByte();
                Vector128<byte> p6 = Vector128.Create(p5.AsUInt32().ToScalar() >> 16).AsByte();
                Vector128<byte> low = Av1Ops128.AddInts(Av1Ops128.AddInts(Av1Ops128.MultiplyAdd(p01, l01), round), Av1Ops128.MultiplyAdd(p23, l23));
                Vector128<byte> high = Av1Ops128.AddInts(Av1Ops128.AddInts(Av1Ops128.MultiplyAdd(p01, h01), round), Av1Ops128.MultiplyAdd(p23, h23));
                low = Av1Ops128.AddInts(low, Av1Ops128.AddInts(Av1Ops128.MultiplyAdd(p45, l45), Av1Ops128.MultiplyAdd(p6, l6)));
                high = Av1Ops128.AddInts(high, Av1Ops128.AddInts(Av1Ops128.MultiplyAdd(p45, h45), Av1Ops128.MultiplyAdd(p6, h6)));
                Vector128<byte> v = Av1Ops128.Pack(Av1Ops128.ShiftInts(low, 4), Av1Ops128.ShiftInts(high, 4));
                v = Av1Ops128.Min(Av1Ops128.Max(v, Vector128<byte>.Zero), max);
                Unsafe.WriteUnaligned(d + 2 * x, v.AsUInt64().ToScalar());
                Unsafe.WriteUnaligned(d + stride + 2 * x, v.AsUInt64().GetElement(1));
                x += 4;
                if (x == width)
                    break;
                corner = top[x - 1];
                p5 = Portable128.Shuffle(v, next);
            }
            top = (ushort*)(d + stride);
        }
    }
}
