// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Av1;

/// <summary>A choice that is part of an entry's address.</summary>
internal interface IAv1Flag
{
    static abstract bool On { get; }
}

internal readonly struct On : IAv1Flag { static bool IAv1Flag.On => true; }
internal readonly struct Off : IAv1Flag { static bool IAv1Flag.On => false; }

/// <summary>What film grain needs of vectors beside <see cref="IAv1Ops{TVector}"/>. PackBytes works within 128-bit lanes, and BytesLow and BytesHigh undo that.</summary>
internal unsafe interface IAv1GrainOps<TVector> where TVector : struct
{
    /// <summary>Words 0..255 to bytes.</summary>
    static abstract TVector PackBytes(TVector a, TVector b);
    static abstract TVector BytesLow(TVector v);
    static abstract TVector BytesHigh(TVector v);
    /// <summary>Bytes table[index]; steps as <see cref="Av1GrainParameters.Steps"/> made of the same table.</summary>
    static abstract TVector Lookup(byte* table, byte* steps, TVector index);
    /// <summary>Rounded averages of pairs of samples: a vector of words.</summary>
    static abstract TVector PairAverages<TSample>(byte* p) where TSample : struct, ISample;
    /// <summary>The multipliers -128..127 for <see cref="Combine"/>.</summary>
    static abstract TVector Weights<TSample>(int luma, int chroma) where TSample : struct, ISample;
    /// <summary>(luma * weight + chroma * weight) &gt;&gt; 6 of words that hold samples; at 8 bits what does not fit -512..511 is limited to that, which after the offset is clipped all the same.</summary>
    static abstract TVector Combine<TSample>(TVector luma, TVector chroma, TVector weights) where TSample : struct, ISample;
    /// <summary>Two vectors of words in range as samples.</summary>
    static abstract void StorePair<TSample>(byte* p, TVector a, TVector b) where TSample : struct, ISample;
}

/// <summary>128-bit vectors.</summary>
internal readonly unsafe struct Av1GrainOps128 : IAv1GrainOps<Vector128<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PackBytes(Vector128<byte> a, Vector128<byte> b) => Portable128.PackUnsigned(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> BytesLow(Vector128<byte> v) => Portable128.ZipLow(v, Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> BytesHigh(Vector128<byte> v) => Portable128.ZipHigh(v, Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Lookup(byte* table, byte* steps, Vector128<byte> index)
    {
        if (Ssse3.IsSupported)
        {
            // A shuffle gives 0 where the index is negative. Sixteen entries fewer each time, an index is served by every part of the table up to its own,
            // and exclusive or leaves that one. Saturation keeps the other half negative.
            Vector128<byte> s0 = index, s8 = index ^ Vector128.Create((byte)128);
            Vector128<sbyte> less = Vector128.Create((sbyte)16);
            Vector128<byte> s1 = Sse2.SubtractSaturate(s0.AsSByte(), less).AsByte(), s9 = Sse2.SubtractSaturate(s8.AsSByte(), less).AsByte();
            Vector128<byte> s2 = Sse2.SubtractSaturate(s1.AsSByte(), less).AsByte(), s10 = Sse2.SubtractSaturate(s9.AsSByte(), less).AsByte();
            Vector128<byte> s3 = Sse2.SubtractSaturate(s2.AsSByte(), less).AsByte(), s11 = Sse2.SubtractSaturate(s10.AsSByte(), less).AsByte();
            Vector128<byte> s4 = Sse2.SubtractSaturate(s3.AsSByte(), less).AsByte(), s12 = Sse2.SubtractSaturate(s11.AsSByte(), less).AsByte();
            Vector128<byte> s5 = Sse2.SubtractSaturate(s4.AsSByte(), less).AsByte(), s13 = Sse2.SubtractSaturate(s12.AsSByte(), less).AsByte();
            Vector128<byte> s6 = Sse2.SubtractSaturate(s5.AsSByte(), less).AsByte(), s14 = Sse2.SubtractSaturate(s13.AsSByte(), less).AsByte();
            Vector128<byte> s7 = Sse2.SubtractSaturate(s6.AsSByte(), less).AsByte(), s15 = Sse2.SubtractSaturate(s14.AsSByte(), less).AsByte();
            Vector128<byte> a = Ssse3.Shuffle(Vector128.Load(steps), s0) ^ Ssse3.Shuffle(Vector128.Load(steps + 16), s1);
            Vector128<byte> b = Ssse3.Shuffle(Vector128.Load(steps + 128), s8) ^ Ssse3.Shuffle(Vector128.Load(steps + 144), s9);
            Vector128<byte> c = a ^ Ssse3.Shuffle(Vector128.Load(steps + 32), s2) ^ Ssse3.Shuffle(Vector128.Load(steps + 48), s3);
            Vector128<byte> d = b ^ Ssse3.Shuffle(Vector128.Load(steps + 160), s10) ^ Ssse3.Shuffle(Vector128.Load(steps + 176), s11);
            Vector128<byte> e = c ^ Ssse3.Shuffle(Vector128.Load(steps + 64), s4) ^ Ssse3.Shuffle(Vector128.Load(steps + 80), s5);
            Vector128<byte> f = d ^ Ssse3.Shuffle(Vector128.Load(steps + 192), s12) ^ Ssse3.Shuffle(Vector128.Load(steps + 208), s13);
            Vector128<byte> g = e ^ Ssse3.Shuffle(Vector128.Load(steps + 96), s6) ^ Ssse3.Shuffle(Vector128.Load(steps + 112), s7);
            Vector128<byte> h = f ^ Ssse3.Shuffle(Vector128.Load(steps + 224), s14) ^ Ssse3.Shuffle(Vector128.Load(steps + 240), s15);
            return g ^ h;
        }
        if (AdvSimd.Arm64.IsSupported)
        {
            // An index beyond the four registers gives 0.
            Vector128<byte> quarter = Vector128.Create((byte)64);
            Vector128<byte> i1 = index - quarter, i2 = i1 - quarter, i3 = i2 - quarter;
            return Quarter(table, index) | Quarter(table + 64, i1) | Quarter(table + 128, i2) | Quarter(table + 192, i3);
        }
        Vector128<byte> result = default;
        for (int i = 0; i < 16; i++)
            result = result.WithElement(i, table[index.GetElement(i)]);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Quarter(byte* table, Vector128<byte> index)
        => AdvSimd.Arm64.VectorTableLookup((Vector128.Load(table), Vector128.Load(table + 16), Vector128.Load(table + 32), Vector128.Load(table + 48)), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairAverages<TSample>(byte* p) where TSample : struct, ISample => Portable128.AverageWords(Av1Ops128.PairSums<TSample>(p), Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Weights<TSample>(int luma, int chroma) where TSample : struct, ISample
        => TSample.Size == 1 ? Vector128.Create((ushort)((luma & 255) | (chroma << 8))).AsByte() : Av1Ops128.Pairs(luma, chroma);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Combine<TSample>(Vector128<byte> luma, Vector128<byte> chroma, Vector128<byte> weights) where TSample : struct, ISample
    {
        if (TSample.Size == 1 && Ssse3.IsSupported)
            return (Ssse3.MultiplyAddAdjacent(luma | (chroma.AsUInt16() << 8).AsByte(), weights.AsSByte()) >> 6).AsByte();
        if (TSample.Size == 1)
        {
            // Each product fits a word; their sum saturates as on x86.
            Vector128<short> w = weights.AsInt16();
            return (Portable128.AddSaturate(luma.AsInt16() * ((w << 8) >> 8), chroma.AsInt16() * (w >> 8)) >> 6).AsByte();
        }
        return Av1Ops128.Pack(
            Av1Ops128.ShiftInts(Av1Ops128.MultiplyAdd(Av1Ops128.Low(luma, chroma), weights), 6), Av1Ops128.ShiftInts(Av1Ops128.MultiplyAdd(Av1Ops128.High(luma, chroma), weights), 6));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<TSample>(byte* p, Vector128<byte> a, Vector128<byte> b) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
        {
            Portable128.PackUnsigned(a.AsInt16(), b.AsInt16()).Store(p);
            return;
        }
        a.Store(p);
        b.Store(p + 16);
    }
}

/// <summary>256-bit vectors (AVX2).</summary>
internal readonly unsafe struct Av1GrainOps256 : IAv1GrainOps<Vector256<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PackBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> BytesLow(Vector256<byte> v) => Avx2.UnpackLow(v, Vector256<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> BytesHigh(Vector256<byte> v) => Avx2.UnpackHigh(v, Vector256<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Lookup(byte* table, byte* steps, Vector256<byte> index)
    {
        // As with 128 bits.
        Vector256<byte> s0 = index, s8 = index ^ Vector256.Create((byte)128);
        Vector256<sbyte> less = Vector256.Create((sbyte)16);
        Vector256<byte> s1 = Avx2.SubtractSaturate(s0.AsSByte(), less).AsByte(), s9 = Avx2.SubtractSaturate(s8.AsSByte(), less).AsByte();
        Vector256<byte> s2 = Avx2.SubtractSaturate(s1.AsSByte(), less).AsByte(), s10 = Avx2.SubtractSaturate(s9.AsSByte(), less).AsByte();
        Vector256<byte> s3 = Avx2.SubtractSaturate(s2.AsSByte(), less).AsByte(), s11 = Avx2.SubtractSaturate(s10.AsSByte(), less).AsByte();
        Vector256<byte> s4 = Avx2.SubtractSaturate(s3.AsSByte(), less).AsByte(), s12 = Avx2.SubtractSaturate(s11.AsSByte(), less).AsByte();
        Vector256<byte> s5 = Avx2.SubtractSaturate(s4.AsSByte(), less).AsByte(), s13 = Avx2.SubtractSaturate(s12.AsSByte(), less).AsByte();
        Vector256<byte> s6 = Avx2.SubtractSaturate(s5.AsSByte(), less).AsByte(), s14 = Avx2.SubtractSaturate(s13.AsSByte(), less).AsByte();
        Vector256<byte> s7 = Avx2.SubtractSaturate(s6.AsSByte(), less).AsByte(), s15 = Avx2.SubtractSaturate(s14.AsSByte(), less).AsByte();
        Vector256<byte> a = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps), s0) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 16), s1);
        Vector256<byte> b = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 128), s8) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 144), s9);
        Vector256<byte> c = a ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 32), s2) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 48), s3);
        Vector256<byte> d = b ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 160), s10) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 176), s11);
        Vector256<byte> e = c ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 64), s4) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 80), s5);
        Vector256<byte> f = d ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 192), s12) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 208), s13);
        Vector256<byte> g = e ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 96), s6) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 112), s7);
        Vector256<byte> h = f ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 224), s14) ^ Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(steps + 240), s15);
        return g ^ h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PairAverages<TSample>(byte* p) where TSample : struct, ISample
        => Avx2.Average(Av1Ops256.PairSums<TSample>(p).AsUInt16(), Vector256<ushort>.Zero).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Weights<TSample>(int luma, int chroma) where TSample : struct, ISample
        => TSample.Size == 1 ? Vector256.Create((ushort)((luma & 255) | (chroma << 8))).AsByte() : Av1Ops256.Pairs(luma, chroma);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Combine<TSample>(Vector256<byte> luma, Vector256<byte> chroma, Vector256<byte> weights) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
            return (Avx2.MultiplyAddAdjacent(luma | (chroma.AsUInt16() << 8).AsByte(), weights.AsSByte()) >> 6).AsByte();
        return Av1Ops256.Pack(
            Av1Ops256.ShiftInts(Av1Ops256.MultiplyAdd(Av1Ops256.Low(luma, chroma), weights), 6), Av1Ops256.ShiftInts(Av1Ops256.MultiplyAdd(Av1Ops256.High(luma, chroma), weights), 6));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<TSample>(byte* p, Vector256<byte> a, Vector256<byte> b) where TSample : struct, ISample
    {
        if (TSample.Size == 1)
        {
            Avx2.Permute4x64(Avx2.PackUnsignedSaturate(a.AsInt16(), b.AsInt16()).AsUInt64(), 0xd8).AsByte().Store(p);
            return;
        }
        a.Store(p);
        b.Store(p + 32);
    }
}
