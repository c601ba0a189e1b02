// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>Chroma from luma (7.11.5) and palette prediction (7.11.4) on vectors.</summary>
internal static unsafe class Av1CflVector<TOps, TVector, TSample> where TOps : struct, IAv1Ops<TVector> where TVector : struct where TSample : struct, ISample
{
    internal static void Luma420(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1CflVector<Av1Ops128, Vector128<byte>, TSample>.Luma<On, On>(ac, luma, lumaStride, width, height, validWidth, validHeight);
        else
            Luma<On, On>(ac, luma, lumaStride, width, height, validWidth, validHeight);
    }

    internal static void Luma422(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1CflVector<Av1Ops128, Vector128<byte>, TSample>.Luma<On, Off>(ac, luma, lumaStride, width, height, validWidth, validHeight);
        else
            Luma<On, Off>(ac, luma, lumaStride, width, height, validWidth, validHeight);
    }

    internal static void Luma444(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1CflVector<Av1Ops128, Vector128<byte>, TSample>.Luma<Off, Off>(ac, luma, lumaStride, width, height, validWidth, validHeight);
        else
            Luma<Off, Off>(ac, luma, lumaStride, width, height, validWidth, validHeight);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Luma<TSubX, TSubY>(short* ac, byte* luma, nint lumaStride, int width, int height, int validWidth, int validHeight) where TSubX : struct, IAv1Flag where TSubY : struct, IAv1Flag
    {
        int subX = TSubX.On ? 1 : 0, shift = 3 - subX - (TSubY.On ? 1 : 0);
        nint step = TSubY.On ? 2 * lumaStride : lumaStride;
        // No luma beyond what is valid is read: it may lie outside of the picture.
        int whole = validWidth & -TOps.Count;
        short* row = ac;
        for (int i = 0; i < validHeight; i++, luma += step, row += width)
        {
            for (int x = 0; x < whole; x += TOps.Count)
            {
                byte* p = luma + (x << subX) * TSample.Size;
                TVector v;
                if (TSubX.On)
                    v = TOps.PairSums<TSample>(p);
                else
                    v = TOps.Samples<TSample>(p);
                if (TSubY.On)
                    v = TOps.Add(v, TOps.PairSums<TSample>(p + lumaStride));
                TOps.Store(row + x, TOps.ShiftLeft(v, shift));
            }
            for (int x = whole; x < validWidth; x++)
            {
                byte* p = luma + (x << subX) * TSample.Size;
                int t = TSample.Load(p, 0);
                if (TSubX.On)
                    t += TSample.Load(p, 1);
                if (TSubY.On)
                    t += TSample.Load(p + lumaStride, 0) + TSample.Load(p + lumaStride, 1);
                row[x] = (short)(t << shift);
            }
            short last = row[validWidth - 1];
            for (int x = validWidth; x < width; x++)
                row[x] = last;
        }
        for (int i = validHeight; i < height; i++, row += width)
            Unsafe.CopyBlockUnaligned(row, row - width, (uint)(width * sizeof(short)));

        // The array is contiguous: sixteen values at least.
        int count = width * height, bits = BitOperations.Log2((uint)count);
        TVector sum = TOps.Words(0), one = TOps.Words(1);
        for (int i = 0; i < count; i += TOps.Count)
            sum = TOps.AddInts(sum, TOps.MultiplyAdd(TOps.Load(ac + i), one));
        TVector average = TOps.Words((TOps.SumInts(sum) + (count >> 1)) >> bits);
        for (int i = 0; i < count; i += TOps.Count)
            TOps.Store(ac + i, TOps.Subtract(TOps.Load(ac + i), average));
    }

    internal static void CflPredict(byte* dst, nint stride, short* ac, int width, int height, int alpha, int bitDepth)
    {
        if (TOps.Count == 16 && width < 16)
            Av1CflVector<Av1Ops128, Vector128<byte>, TSample>.Predict(dst, stride, ac, width, height, alpha, bitDepth);
        else
            Predict(dst, stride, ac, width, height, alpha, bitDepth);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Predict(byte* dst, nint stride, short* ac, int width, int height, int alpha, int bitDepth)
    {
        // Round2Signed of the product: its magnitude is rounded and then gets its sign.
        TVector scale = TOps.Words(Math.Abs(alpha) << 9), flip = TOps.Words(alpha < 0 ? -1 : 0), max = TOps.Words((1 << bitDepth) - 1);
        for (int i = 0; i < height; i++, dst += stride, ac += width)
        {
            if (width == 4)
            {
                // A whole vector of four-sample rows would reach beyond the block's last.
                Vector128<byte> v = Av1Ops128.Four<TSample>(dst);
                Vector128<byte> a = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ac)).AsByte();
                Vector128<byte> scaled = Av1Ops128.MultiplyRound(Av1Ops128.Abs(a), Av1Ops128.Words(Math.Abs(alpha) << 9));
                v = Av1Ops128.Add(v, Av1Ops128.WithSign(scaled, a ^ Av1Ops128.Words(alpha < 0 ? -1 : 0)));
                Av1Ops128.StoreFew<TSample>(dst, v, Av1Ops128.Words((1 << bitDepth) - 1), 4);
                continue;
            }
            for (int x = 0; x < width; x += TOps.Count)
            {
                byte* d = dst + x * TSample.Size;
                TVector a = TOps.Load(ac + x), scaled = TOps.MultiplyRound(TOps.Abs(a), scale);
                TOps.StoreSamples<TSample>(d, TOps.Add(TOps.Samples<TSample>(d), TOps.WithSign(scaled, TOps.Xor(a, flip))), max);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Palette(byte* dst, nint stride, ushort* colors, byte* map, nint mapStride, int width, int height)
    {
        Vector128<ushort> words = Vector128.Load(colors);
        Vector128<byte> low = Portable128.PackUnsigned((words & Vector128.Create((ushort)255)).AsInt16(), default);
        Vector128<byte> high = Portable128.PackUnsigned((words >> 8).AsInt16(), default);
        for (int i = 0; i < height; i++, dst += stride, map += mapStride)
        {
            if (width < 16)
            {
                ulong few = width == 4 ? Unsafe.ReadUnaligned<uint>(map) : Unsafe.ReadUnaligned<ulong>(map);
                Vector128<byte> at = Vector128.CreateScalarUnsafe(few).AsByte(), v = Portable128.Shuffle(low, at);
                if (TSample.Size == 2)
                    v = Portable128.ZipLow(v, Portable128.Shuffle(high, at));
                int bytes = width * TSample.Size;
                if (bytes == 16)
                    v.Store(dst);
                else if (bytes == 8)
                    StorePut.Store8(dst, v);
                else
                    StorePut.Store4(dst, v);
                continue;
            }
            for (int x = 0; x < width; x += 16)
            {
                Vector128<byte> at = Vector128.Load(map + x), v = Portable128.Shuffle(low, at);
                if (TSample.Size == 1)
                {
                    v.Store(dst + x);
                    continue;
                }
                Vector128<byte> upper = Portable128.Shuffle(high, at);
                Portable128.ZipLow(v, upper).Store(dst + 2 * x);
                Portable128.ZipHigh(v, upper).Store(dst + 2 * x + 16);
            }
        }
    }
}
