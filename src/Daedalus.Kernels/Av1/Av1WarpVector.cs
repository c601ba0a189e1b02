// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>Block warp (7.11.3.5): every sample has taps of its own, so a vector holds the eight products of one sample. The rows in between are turned, that the second pass finds eight of a column in a row.</summary>
internal static unsafe class Av1WarpVector<TSample> where TSample : struct, ISample
{
    // Columns of 16 after 16 rows of 8.
    private const int Pitch = 16, Rows = 16;

    [InlineArray(8 * Pitch + Rows * 8)]
    private struct Scratch { private short _e; }

    /// <summary>Entry of <see cref="Av1KernelTable.Warp"/>: samples.</summary>
    internal static void Warp(void* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth)
        => Block<Av1SampleOutput<TSample>>((byte*)dst, dstStride, src, srcStride, shear, sx4, sy4, bitDepth);

    /// <summary>Entry of <see cref="Av1KernelTable.Warp"/>: intermediate.</summary>
    internal static void WarpIntermediate(void* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth)
        => Block<Av1IntermediateOutput>((byte*)dst, dstStride * sizeof(short), src, srcStride, shear, sx4, sy4, bitDepth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Taps(int position) => Vector128.Load((byte*)Av1PredictData.Warped((position + 512 >> 10) + 64));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> PairSums(Vector128<int> a, Vector128<int> b) => Ssse3.IsSupported ? Ssse3.HorizontalAdd(a, b) : AdvSimd.Arm64.AddPairwise(a, b);

    [SkipLocalsInit]
    private static void Block<TOutput>(byte* dst, nint dstStride, byte* src, nint srcStride, short* shear, int sx4, int sy4, int bitDepth) where TOutput : struct, IAv1Output
    {
        Scratch scratch;
        short* columns = (short*)&scratch, rows = columns + 8 * Pitch;
        int round0 = Av1Rounding.Round0(bitDepth), round1 = TOutput.Compound ? 7 : 14 - round0;
        int alpha = shear[0], beta = shear[1], gamma = shear[2], delta = shear[3];
        Vector128<int> round = Vector128.Create(1 << (round0 - 1));
        for (int y = -7; y < 8; y++)
        {
            byte* s = src + y * srcStride - 7 * TSample.Size;
            for (int x = 0; x < 8; x += 4)
            {
                int at = sx4 + alpha * (x - 4) + beta * y;
                Vector128<int> sum = PairSums(
                    PairSums(Across(s, x, at), Across(s, x + 1, at + alpha)),
                    PairSums(Across(s, x + 2, at + 2 * alpha), Across(s, x + 3, at + 3 * alpha)));
                sum = Vector128.ShiftRightArithmetic(sum + round, round0);
                *(ulong*)(rows + (y + 7) * 8 + x) = Av1Ops128.Pack(sum.AsByte(), sum.AsByte()).AsUInt64().ToScalar();
            }
        }
        Transpose(columns, rows);
        // The last of the 16 rows does not exist, nor does a result depend on it.
        Transpose(columns + 8, rows + 8 * 8);
        round = Vector128.Create((1 << (round1 - 1)) - (TOutput.Compound ? Av1Rounding.Bias(bitDepth) << 7 : 0));
        Vector128<byte> max = Av1Ops128.Words((1 << bitDepth) - 1);
        for (int y = 0; y < 8; y++, dst += dstStride)
        {
            Vector128<int> low = default, high = default;
            for (int x = 0; x < 8; x += 4)
            {
                int at = sy4 + gamma * (x - 4) + delta * (y - 4);
                short* c = columns + x * Pitch + y;
                low = high;
                high = PairSums(
                    PairSums(Down(c, at), Down(c + Pitch, at + gamma)),
                    PairSums(Down(c + 2 * Pitch, at + 2 * gamma), Down(c + 3 * Pitch, at + 3 * gamma)));
            }
            Vector128<byte> v = Av1Ops128.Pack(Vector128.ShiftRightArithmetic(low + round, round1).AsByte(), Vector128.ShiftRightArithmetic(high + round, round1).AsByte());
            if (TOutput.Compound)
                v.Store(dst);
            else
                Av1Ops128.StoreSamples<TSample>(dst, v, max);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Across(byte* s, int x, int position) => Portable128.MultiplyAdd16(Av1Ops128.Samples<TSample>(s + x * TSample.Size), Taps(position));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Down(short* column, int position) => Portable128.MultiplyAdd16(Vector128.Load((byte*)column), Taps(position));

    /// <summary>Eight rows of eight words into columns.</summary>
    private static void Transpose(short* columns, short* rows)
    {
        for (int half = 0; half < 2; half++, rows += 4, columns += 4 * Pitch)
        {
            // Four columns of eight rows.
            Vector128<byte> a = Zip(rows, 0, 4), b = Zip(rows, 1, 5), c = Zip(rows, 2, 6), d = Zip(rows, 3, 7);
            Vector128<byte> ac0 = Av1Ops128.Low(a, c), ac1 = Av1Ops128.High(a, c), bd0 = Av1Ops128.Low(b, d), bd1 = Av1Ops128.High(b, d);
            Av1Ops128.Store(columns, Av1Ops128.Low(ac0, bd0));
            Av1Ops128.Store(columns + Pitch, Av1Ops128.High(ac0, bd0));
            Av1Ops128.Store(columns + 2 * Pitch, Av1Ops128.Low(ac1, bd1));
            Av1Ops128.Store(columns + 3 * Pitch, Av1Ops128.High(ac1, bd1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Zip(short* rows, int y0, int y1)
        => Av1Ops128.Low(Vector128.CreateScalarUnsafe(*(ulong*)(rows + y0 * 8)).AsByte(), Vector128.CreateScalarUnsafe(*(ulong*)(rows + y1 * 8)).AsByte());
}
