// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// Prediction from a reference of another size with 128-bit vectors (spec 8.5.2.3 with xStep, yStep ≠ 16), in strips of
/// 16 columns. Columns have positions of their own, so the horizontal pass reduces eight products per sample; at a step of two
/// all columns share their taps and neighbouring pairs do. Rows share their taps: the vertical pass is the unscaled one.
/// </summary>
internal static unsafe class Vp9InterScaled<TOps, TStore>
    where TOps : struct, IInterOps128 where TStore : struct, IStore
{
    private static nint Pitch => ScaledScratch.Columns * TOps.SampleSize;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Predict(byte* dst, nint dstStride, byte* src, nint srcStride, int width, int height, int mx, int my, int xStep, int yStep, int maxValue, short* filter)
    {
        ScaledScratch scratch;
        int rows = (((height - 1) * yStep + my) >> 4) + 8;
        src -= 3 * srcStride + 3 * TOps.SampleSize;
        for (int left = 0; left < width; left += ScaledScratch.Columns)
        {
            int columns = Math.Min(ScaledScratch.Columns, width - left);
            int position = mx + left * xStep;
            if (xStep == 32 && (position & 15) != 0 && (columns * TOps.SampleSize & 7) == 0)
                RowsStepTwo(scratch.Rows, src + (position >> 4) * TOps.SampleSize, srcStride, columns, rows, TapsOf(filter, position & 15), maxValue);
            else
                Rows(scratch.Rows, src, srcStride, columns, rows, position, xStep, maxValue, filter);
            Columns(dst + left * TOps.SampleSize, dstStride, scratch.Rows, columns, height, my, yStep, maxValue, filter);
        }
    }

    /// <summary>Taps of the sample's size for a position; byte taps have none for position 0.</summary>
    private static byte* TapsOf(short* filter, int phase)
        => TOps.SampleSize == 1
            ? (byte*)(Vp9InterFilterTables.Bytes + (filter - Vp9InterFilterTables.Words) + phase * 8)
            : (byte*)(filter + phase * 8);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rows(byte* dst, byte* src, nint srcStride, int columns, int rows, int position, int step, int maxValue, short* filter)
    {
        ColumnPositions at;
        for (int x = 0; x < ScaledScratch.Columns; x++)
        {
            // Columns beyond the block repeat its last one, so that nothing else is read.
            int p = position + Math.Min(x, columns - 1) * step;
            at.Offset[x] = (p >> 4) * TOps.SampleSize;
            at.Phase[x] = (p & 15) * 8;
        }
        Vector128<ushort> max = Vector128.Create((ushort)maxValue);
        for (int y = 0; y < rows; y++, src += srcStride, dst += Pitch)
        {
            for (int x = 0; x < columns; x += 8)
            {
                Vector128<int> a = Four(src, at.Offset + x, at.Phase + x, filter);
                Vector128<int> b = Four(src, at.Offset + x + 4, at.Phase + x + 4, filter);
                Vector128<ushort> v = Vector128.Min(Portable128.PackUnsigned(a, b), max);
                if (TOps.SampleSize == 1)
                    Unsafe.WriteUnaligned(dst + x, Portable128.PackUnsigned(v.AsInt16(), v.AsInt16()).AsUInt64().ToScalar());
                else
                    v.AsByte().Store(dst + 2 * x);
            }
        }
    }

    /// <summary>Four samples at positions of their own, rounded, not clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Four(byte* src, int* offset, int* phase, short* filter)
    {
        Vector128<int> a = One(src + offset[0], filter + phase[0]), b = One(src + offset[1], filter + phase[1]);
        Vector128<int> c = One(src + offset[2], filter + phase[2]), d = One(src + offset[3], filter + phase[3]);
        return (AddPairs(AddPairs(a, b), AddPairs(c, d)) + Vector128.Create(64)) >> 7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> One(byte* src, short* taps)
    {
        Vector128<byte> samples = TOps.SampleSize == 1
            ? Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(src)).AsByte()).AsByte()
            : Vector128.Load(src);
        return Portable128.MultiplyAdd16(samples, Vector128.Load((byte*)taps));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddPairs(Vector128<int> a, Vector128<int> b)
    {
        if (Ssse3.IsSupported)
            return Ssse3.HorizontalAdd(a, b);
        if (System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported)
            return System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.AddPairwise(a, b);
        return Vector128.Create(a[0] + a[1], a[2] + a[3], b[0] + b[1], b[2] + b[3]);
    }

    private static void RowsStepTwo(byte* dst, byte* src, nint srcStride, int columns, int rows, byte* taps, int maxValue)
    {
        Vector128<byte> t0 = TOps.Taps(taps, 0), t1 = TOps.Taps(taps, 1), t2 = TOps.Taps(taps, 2), t3 = TOps.Taps(taps, 3);
        Vector128<byte> max = Vector128.Create((ushort)maxValue).AsByte();
        for (int y = 0; y < rows; y++, src += srcStride, dst += Pitch)
        {
            for (int x = 0; x < columns * TOps.SampleSize; x += 8)
            {
                byte* s = src + 2 * x;
                Vector128<byte> v = Filter(
                    Vector128.Load(s), Vector128.Load(s + 2 * TOps.SampleSize), Vector128.Load(s + 4 * TOps.SampleSize), Vector128.Load(s + 6 * TOps.SampleSize), t0, t1, t2, t3);
                Unsafe.WriteUnaligned(dst + x, TOps.Pack(v, v, max).AsUInt64().ToScalar());
            }
        }
    }

    private static void Columns(byte* dst, nint dstStride, byte* rows, int columns, int height, int my, int yStep, int maxValue, short* filter)
    {
        Vector128<byte> max = Vector128.Create((ushort)maxValue).AsByte();
        int bytes = columns * TOps.SampleSize;
        for (int y = 0; y < height; y++, dst += dstStride)
        {
            int position = my + y * yStep;
            byte* s = rows + (position >> 4) * Pitch;
            int phase = position & 15;
            byte* taps = TapsOf(filter, phase);
            for (int x = 0; x < bytes; x += 16)
            {
                Vector128<byte> v;
                if (phase == 0)
                    v = Vector128.Load(s + 3 * Pitch + x);
                else
                    v = TOps.Pack(Column(s + x, taps), Column(s + x + 8, taps), max);
                if (bytes - x >= 16)
                    TStore.Store16(dst + x, v);
                else
                    StorePart(dst + x, v, bytes - x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Column(byte* s, byte* taps)
        => Filter(
            TOps.Zip(Load8(s), Load8(s + Pitch)), TOps.Zip(Load8(s + 2 * Pitch), Load8(s + 3 * Pitch)),
            TOps.Zip(Load8(s + 4 * Pitch), Load8(s + 5 * Pitch)), TOps.Zip(Load8(s + 6 * Pitch), Load8(s + 7 * Pitch)),
            TOps.Taps(taps, 0), TOps.Taps(taps, 1), TOps.Taps(taps, 2), TOps.Taps(taps, 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Filter(Vector128<byte> p0, Vector128<byte> p1, Vector128<byte> p2, Vector128<byte> p3,
        Vector128<byte> t0, Vector128<byte> t1, Vector128<byte> t2, Vector128<byte> t3)
        => TOps.Finish(
            TOps.Add(TOps.Multiply(p0, t0), TOps.Multiply(p2, t2)),
            TOps.Add(TOps.Multiply(p1, t1), TOps.Multiply(p3, t3)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load8(byte* p) => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(p)).AsByte();

    /// <summary>Stores the first 1..15 bytes.</summary>
    private static void StorePart(byte* dst, Vector128<byte> v, int bytes)
    {
        if (bytes >= 8)
        {
            TStore.Store8(dst, v);
            v = Vector128.CreateScalar(v.AsUInt64().GetElement(1)).AsByte();
            dst += 8;
            bytes -= 8;
        }
        if (bytes >= 4)
        {
            TStore.Store4(dst, v);
            v = Vector128.CreateScalar(v.AsUInt32().GetElement(1)).AsByte();
            dst += 4;
            bytes -= 4;
        }
        if (bytes > 0)
        {
            uint old = 0;
            byte* p = (byte*)&old;
            for (int i = 0; i < bytes; i++)
                p[i] = dst[i];
            TStore.Store4(p, v);
            for (int i = 0; i < bytes; i++)
                dst[i] = p[i];
        }
    }
}

/// <summary>Where the columns of a strip read: byte offset of the first tap, and index of their taps in the filter.</summary>
internal unsafe struct ColumnPositions
{
    internal fixed int Offset[ScaledScratch.Columns];
    internal fixed int Phase[ScaledScratch.Columns];
}
