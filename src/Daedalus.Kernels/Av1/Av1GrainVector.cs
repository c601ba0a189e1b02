// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Kernels.Av1;

/// <summary>The kernels of <see cref="Av1GrainScalar{TSample}"/> on two vectors of words at a time. The last step of a row overlaps the one before: source and destination are not the same.</summary>
internal static unsafe class Av1GrainVector<TOps, TGrain, TVector, TSample>
    where TOps : struct, IAv1Ops<TVector> where TGrain : struct, IAv1GrainOps<TVector> where TVector : struct where TSample : struct, ISample
{
    private static int Step
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TOps.Count;
    }

    internal static void AddLuma(byte* dst, nint dstStride, byte* src, nint srcStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
    {
        if (width >= Step)
            Luma(dst, dstStride, src, srcStride, noise, noiseStride, width, height, p);
        else if (TOps.Count == 16)
            Av1GrainVector<Av1Ops128, Av1GrainOps128, Vector128<byte>, TSample>.AddLuma(dst, dstStride, src, srcStride, noise, noiseStride, width, height, p);
        else
            Av1GrainScalar<TSample>.AddLuma(dst, dstStride, src, srcStride, noise, noiseStride, width, height, p);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Luma(byte* dst, nint dstStride, byte* src, nint srcStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
    {
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride, noise += noiseStride)
        {
            int x = 0;
            while (true)
            {
                TVector v0 = TOps.Samples<TSample>(src + x * TSample.Size), v1 = TOps.Samples<TSample>(src + (x + TOps.Count) * TSample.Size);
                Noisy(dst, noise, x, v0, v1, v0, v1, p);
                x += Step;
                if (x == width)
                    break;
                x = Math.Min(x, width - Step);
            }
        }
    }

    internal static void AddChroma420(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, 2 * lumaStride, noise, noiseStride, width, height, 1, p);

    internal static void AddChroma422(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, width, height, 1, p);

    internal static void AddChroma444(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStride, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p)
        => AddChroma(dst, dstStride, src, srcStride, luma, lumaStride, noise, noiseStride, width, height, 0, p);

    internal static void AddChroma(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStep, short* noise, nint noiseStride, int width, int height, int subX, Av1GrainParameters* p)
    {
        // Positions that have all their luma; the last of an odd width has not.
        int whole = subX != 0 ? Math.Min(width, p->LumaWidth >> 1) : width;
        if (whole < Step)
        {
            if (TOps.Count == 16)
                Av1GrainVector<Av1Ops128, Av1GrainOps128, Vector128<byte>, TSample>.AddChroma(dst, dstStride, src, srcStride, luma, lumaStep, noise, noiseStride, width, height, subX, p);
            else
                Av1GrainScalar<TSample>.AddChroma(dst, dstStride, src, srcStride, luma, lumaStep, noise, noiseStride, 0, width, height, subX, p);
            return;
        }
        if (subX != 0)
            Chroma<On>(dst, dstStride, src, srcStride, luma, lumaStep, noise, noiseStride, whole, height, p);
        else
            Chroma<Off>(dst, dstStride, src, srcStride, luma, lumaStep, noise, noiseStride, whole, height, p);
        if (whole < width)
            Av1GrainScalar<TSample>.AddChroma(dst, dstStride, src, srcStride, luma, lumaStep, noise, noiseStride, whole, width, height, subX, p);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Chroma<TSubX>(
        byte* dst, nint dstStride, byte* src, nint srcStride, byte* luma, nint lumaStep, short* noise, nint noiseStride, int width, int height, Av1GrainParameters* p) where TSubX : struct, IAv1Flag
    {
        bool fromLuma = p->FromLuma != 0;
        TVector weights = TGrain.Weights<TSample>(p->LumaMultiplier, p->Multiplier), offset = TOps.Words(p->Offset), limit = TOps.Words((1 << p->BitDepth) - 1), zero = TOps.Words(0);
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride, luma += lumaStep, noise += noiseStride)
        {
            int x = 0;
            while (true)
            {
                TVector v0 = TOps.Samples<TSample>(src + x * TSample.Size), v1 = TOps.Samples<TSample>(src + (x + TOps.Count) * TSample.Size);
                TVector m0, m1;
                if (TSubX.On)
                {
                    m0 = TGrain.PairAverages<TSample>(luma + 2 * x * TSample.Size);
                    m1 = TGrain.PairAverages<TSample>(luma + 2 * (x + TOps.Count) * TSample.Size);
                }
                else
                {
                    m0 = TOps.Samples<TSample>(luma + x * TSample.Size);
                    m1 = TOps.Samples<TSample>(luma + (x + TOps.Count) * TSample.Size);
                }
                if (!fromLuma)
                {
                    m0 = TOps.Min(TOps.Max(TOps.Add(TGrain.Combine<TSample>(m0, v0, weights), offset), zero), limit);
                    m1 = TOps.Min(TOps.Max(TOps.Add(TGrain.Combine<TSample>(m1, v1, weights), offset), zero), limit);
                }
                Noisy(dst, noise, x, v0, v1, m0, m1, p);
                x += Step;
                if (x == width)
                    break;
                x = Math.Min(x, width - Step);
            }
        }
    }

    /// <summary>Stores v plus the noise at x, scaled by what index says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Noisy(byte* dst, short* noise, int x, TVector v0, TVector v1, TVector index0, TVector index1, Av1GrainParameters* p)
    {
        TVector s0, s1;
        if (TSample.Size == 1)
        {
            TVector scale = TGrain.Lookup(p->Scaling, p->Steps, TGrain.PackBytes(index0, index1));
            s0 = TGrain.BytesLow(scale);
            s1 = TGrain.BytesHigh(scale);
        }
        else
        {
            int shift = p->BitDepth - 8;
            TVector at = TGrain.PackBytes(TOps.Shift(index0, shift), TOps.Shift(index1, shift));
            TVector start = TGrain.Lookup(p->Scaling, p->Steps, at), end = TGrain.Lookup(p->Scaling + 1, p->NextSteps, at);
            TVector remainder = TOps.Words((1 << shift) - 1), round = TOps.Words(1 << (shift - 1));
            s0 = TGrain.BytesLow(start);
            s1 = TGrain.BytesHigh(start);
            TVector d0 = TOps.Multiply(TOps.Subtract(TGrain.BytesLow(end), s0), TOps.And(index0, remainder));
            TVector d1 = TOps.Multiply(TOps.Subtract(TGrain.BytesHigh(end), s1), TOps.And(index1, remainder));
            s0 = TOps.Add(s0, TOps.Shift(TOps.Add(d0, round), shift));
            s1 = TOps.Add(s1, TOps.Shift(TOps.Add(d1, round), shift));
        }
        // Round2(scale * noise, ScalingShift): both factors and the scale shifted up fit words.
        int up = 15 - p->ScalingShift;
        TVector min = TOps.Words(p->Min), max = TOps.Words(p->Max);
        v0 = TOps.Add(v0, TOps.MultiplyRound(TOps.ShiftLeft(s0, up), TOps.Load(noise + x)));
        v1 = TOps.Add(v1, TOps.MultiplyRound(TOps.ShiftLeft(s1, up), TOps.Load(noise + x + TOps.Count)));
        TGrain.StorePair<TSample>(dst + x * TSample.Size, TOps.Min(TOps.Max(v0, min), max), TOps.Min(TOps.Max(v1, min), max));
    }
}

/// <summary>The kernels of <see cref="Av1NoiseScalar"/>.</summary>
internal static unsafe class Av1NoiseVector<TOps, TVector> where TOps : struct, IAv1Ops<TVector> where TVector : struct
{
    internal static void NoiseRow32(short* dst, short* grain, ushort* offsets, int blocks, int overlap, int min, int max)
        => NoiseRow<Length32>(dst, grain, offsets, blocks, overlap, min, max);

    internal static void NoiseRow16(short* dst, short* grain, ushort* offsets, int blocks, int overlap, int min, int max)
        => NoiseRow<Length16>(dst, grain, offsets, blocks, overlap, min, max);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NoiseRow<TWidth>(short* dst, short* grain, ushort* offsets, int blocks, int overlap, int min, int max) where TWidth : struct, IAv1Length
    {
        // Two columns: of narrow blocks the second is as it was, (0 * old + 32 * new) >> 5.
        Vector128<byte> weights = TWidth.Value == 32
            ? Vector128.Create(27, 17, 17, 27, 0, 0, 0, 0).AsByte()
            : Vector128.Create(23, 22, 0, 32, 0, 0, 0, 0).AsByte();
        Vector128<short> least = Vector128.Create((short)min), most = Vector128.Create((short)max);
        short* old = null;
        for (int b = 0; b < blocks; b++, dst += TWidth.Value)
        {
            short* block = grain + offsets[b];
            for (int x = 0; x < TWidth.Value; x += TOps.Count)
                TOps.Store(dst + x, TOps.Load(block + x));
            if (old != null)
            {
                Vector128<byte> pairs = Portable128.ZipLow(
                    Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(old)).AsUInt16(), Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(block)).AsUInt16()).AsByte();
                Vector128<byte> sums = Av1Ops128.ShiftInts(Av1Ops128.AddInts(Av1Ops128.MultiplyAdd(pairs, weights), Av1Ops128.Ints(16)), 5);
                Vector128<short> mixed = Vector128.Min(Vector128.Max(Av1Ops128.Pack(sums, sums).AsInt16(), least), most);
                Unsafe.WriteUnaligned(dst, mixed.AsUInt32().ToScalar());
            }
            old = overlap != 0 ? block + TWidth.Value : null;
        }
    }

    internal static void BlendRow(short* row, short* old, int oldWeight, int newWeight, int count, int min, int max)
    {
        TVector weights = TOps.Pairs(oldWeight, newWeight), round = TOps.Ints(16), least = TOps.Words(min), most = TOps.Words(max);
        for (int x = 0; x < count; x += TOps.Count)
        {
            TVector a = TOps.Load(old + x), b = TOps.Load(row + x);
            TVector mixed = TOps.Pack(
                TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(TOps.Low(a, b), weights), round), 5), TOps.ShiftInts(TOps.AddInts(TOps.MultiplyAdd(TOps.High(a, b), weights), round), 5));
            TOps.Store(row + x, TOps.Min(TOps.Max(mixed, least), most));
        }
    }

    internal static void RowsAbove(int* sums, short* grain, nint stride, int rows, short* coefficients, int count)
    {
        for (int x = 0; x < count; x += 8)
        {
            // Eight sums as two vectors of four: the order of 256-bit zips would have to be undone.
            Vector128<byte> low = default, high = default;
            short* g = grain + x - rows * stride - 3;
            int* c = (int*)(coefficients + (3 - rows) * 8);
            for (int r = 0; r < rows; r++, g += stride, c += 4)
            {
                for (int i = 0; i < 4; i++)
                {
                    Vector128<byte> a = Av1Ops128.Load(g + 2 * i), b = Av1Ops128.Load(g + 2 * i + 1), taps = Vector128.Create(c[i]).AsByte();
                    low = Av1Ops128.AddInts(low, Av1Ops128.MultiplyAdd(Av1Ops128.Low(a, b), taps));
                    high = Av1Ops128.AddInts(high, Av1Ops128.MultiplyAdd(Av1Ops128.High(a, b), taps));
                }
            }
            low.AsInt32().Store(sums + x);
            high.AsInt32().Store(sums + x + 4);
        }
    }
}
