// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// The Wiener filter (7.17.4), a vector's columns at a time from top to bottom: rows are filtered horizontally into registers and leave six rows later. Both filters are symmetric, so samples the same tap away are added first.
/// Above 8 bits the intermediate rows are kept less 8192, that the sum of two fits 16 bits.
/// </summary>
internal static unsafe class Av1WienerVector<TOps, TVector, TSample, TFive>
    where TOps : struct, IAv1Ops<TVector> where TVector : unmanaged where TSample : struct, ISample where TFive : struct, IAv1Switch
{
    private const int Bias = 8192;

    // What a block has in common.
    private struct Taps
    {
        // Horizontal: words of each tap (8 bits), or pairs.
        public TVector H0, H1, H2, H3, H01, H23, V01, V23, RoundH, RoundV, Least, Most, Max;
        public int ShiftH, ShiftV;
    }

    /// <summary>Entry of <see cref="Av1PostFilterTable.Wiener"/>.</summary>
    internal static void Run(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, short* filters, int bitDepth)
    {
        short* vertical = filters, horizontal = filters + 8;
        int round0 = bitDepth == 12 ? 5 : 3, round1 = bitDepth == 12 ? 9 : 11;
        int offset = 1 << (bitDepth + 7 - round0 - 1), limit = (1 << (bitDepth + 1 + 7 - round0)) - 1, bias = TSample.Size == 2 ? Bias : 0;
        Taps taps;
        taps.H0 = TOps.Words(horizontal[0]);
        taps.H1 = TOps.Words(horizontal[1]);
        taps.H2 = TOps.Words(horizontal[2]);
        // 8 bits: 128 times the middle sample comes after the shift, as 16 times.
        taps.H3 = TOps.Words(horizontal[3] - 128);
        taps.H01 = TOps.Pairs(horizontal[0], horizontal[1]);
        taps.H23 = TOps.Pairs(horizontal[2], horizontal[3]);
        taps.V01 = TOps.Pairs(vertical[0], vertical[1]);
        taps.V23 = TOps.Pairs(vertical[2], vertical[3]);
        taps.RoundH = TSample.Size == 2 ? TOps.Ints(1 << (round0 - 1)) : TOps.Words(1 << (round0 - 1));
        // The taps sum up to 128.
        taps.RoundV = TOps.Ints((1 << (round1 - 1)) + 128 * bias);
        taps.Least = TOps.Words(-offset);
        taps.Most = TOps.Words(limit - offset);
        taps.Max = TOps.Words((1 << bitDepth) - 1);
        taps.ShiftH = round0;
        taps.ShiftV = round1;
        for (int x = 0; x < width; x += TOps.Count)
            Strip(dst + x * TSample.Size, dstStride, src + x * TSample.Size - 3 * srcStride, srcStride, height, &taps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector At(byte* p, int x) => TOps.Samples<TSample>(p + x * TSample.Size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Horizontal(byte* p, Taps* t)
    {
        TVector b = TOps.Add(At(p, -2), At(p, 2)), c = TOps.Add(At(p, -1), At(p, 1)), d = At(p, 0);
        if (TSample.Size == 1)
        {
            // Without the middle's 128 the sum fits 16 bits: all of one sign sum up to 128 at most.
            TVector sum = TOps.Add(TOps.Add(TOps.Multiply(b, t->H1), TOps.Multiply(c, t->H2)), TOps.Add(TOps.Multiply(d, t->H3), t->RoundH));
            if (!TFive.On)
                sum = TOps.Add(sum, TOps.Multiply(TOps.Add(At(p, -3), At(p, 3)), t->H0));
            sum = TOps.Add(TOps.Shift(sum, 3), TOps.ShiftLeft(d, 4));
            return TOps.Max(TOps.Min(sum, t->Most), t->Least);
        }
        TVector a = TOps.Add(At(p, -3), At(p, 3));
        TVector low = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(TOps.Low(a, b), t->H01), TOps.MultiplyAdd(TOps.Low(c, d), t->H23)), t->RoundH);
        TVector high = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(TOps.High(a, b), t->H01), TOps.MultiplyAdd(TOps.High(c, d), t->H23)), t->RoundH);
        TVector v = TOps.Pack(TOps.ShiftInts(low, t->ShiftH), TOps.ShiftInts(high, t->ShiftH));
        return TOps.Subtract(TOps.Max(TOps.Min(v, t->Most), t->Least), TOps.Words(Bias));
    }

    // One call of Horizontal: with seven the compiler of .NET 9 runs out of locals and leaves every operation below a call.
    private static void Strip(byte* dst, nint dstStride, byte* src, nint srcStride, int height, Taps* t)
    {
        TVector r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default;
        for (int y = -6; y < height; y++)
        {
            TVector r6 = Horizontal(src, t);
            if (y >= 0)
            {
                TVector a = TOps.Add(r0, r6), b = TOps.Add(r1, r5), c = TOps.Add(r2, r4);
                TVector low = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(TOps.Low(a, b), t->V01), TOps.MultiplyAdd(TOps.Low(c, r3), t->V23)), t->RoundV);
                TVector high = TOps.AddInts(TOps.AddInts(TOps.MultiplyAdd(TOps.High(a, b), t->V01), TOps.MultiplyAdd(TOps.High(c, r3), t->V23)), t->RoundV);
                TOps.StoreSamples<TSample>(dst, TOps.Pack(TOps.ShiftInts(low, t->ShiftV), TOps.ShiftInts(high, t->ShiftV)), t->Max);
                dst += dstStride;
            }
            r0 = r1;
            r1 = r2;
            r2 = r3;
            r3 = r4;
            r4 = r5;
            r5 = r6;
            src += srcStride;
        }
    }
}

/// <summary>Superres (7.16): every sample has taps of its own, so a vector holds the eight products of one sample.</summary>
internal static unsafe class Av1UpscaleVector<TSample> where TSample : struct, ISample
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Products(byte* src, short* filters, int position)
    {
        Vector128<byte> taps = Vector128.Load((byte*)(filters + ((position & 0x3fff) >> 8) * 8));
        return Portable128.MultiplyAdd16(Av1Ops128.Samples<TSample>(src + ((position >> 14) - 3) * TSample.Size), taps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> PairSums(Vector128<int> a, Vector128<int> b)
        => Ssse3.IsSupported ? Ssse3.HorizontalAdd(a, b) : System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.AddPairwise(a, b);

    /// <summary>Entry of <see cref="Av1PostFilterTable.Upscale"/>.</summary>
    internal static void Run(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int position, int step, int bitDepth)
    {
        short* filters = (short*)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(Av1FilterTables.UpscaleFilter));
        Vector128<byte> max = Av1Ops128.Words((1 << bitDepth) - 1);
        for (; height > 0; height--, dst += dstStride, src += srcStride)
        {
            int at = position - (1 << 14);
            for (int x = 0; x < width; x += 4, at += 4 * step)
            {
                Vector128<int> sum = PairSums(
                    PairSums(Products(src, filters, at), Products(src, filters, at + step)),
                    PairSums(Products(src, filters, at + 2 * step), Products(src, filters, at + 3 * step)));
                sum = (sum + Vector128.Create(64)) >> 7;
                Av1Ops128.StoreFew<TSample>(dst + x * TSample.Size, Av1Ops128.Pack(sum.AsByte(), sum.AsByte()), max, 4);
            }
        }
    }
}
