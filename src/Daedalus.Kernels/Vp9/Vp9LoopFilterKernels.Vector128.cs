// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>16 samples of 8 bits: SSE4.1 or NEON.</summary>
internal unsafe struct LoopFilterBytes128 : ILoopFilterBytes<Vector128<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load(byte* p) => Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<byte> v) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Or(Vector128<byte> a, Vector128<byte> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> And(Vector128<byte> a, Vector128<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AndNot(Vector128<byte> a, Vector128<byte> b) => Vector128.AndNot(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Select(Vector128<byte> mask, Vector128<byte> a, Vector128<byte> b) => Sse41.IsSupported ? Sse41.BlendVariable(b, a, mask) : Vector128.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Max(Vector128<byte> a, Vector128<byte> b) => Vector128.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Min(Vector128<byte> a, Vector128<byte> b) => Vector128.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Add(Vector128<byte> a, Vector128<byte> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Sub(Vector128<byte> a, Vector128<byte> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector128<byte> v) => v == Vector128<byte>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> UnpackLow(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> UnpackHigh(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LaneMask(uint segments)
    {
        Vector128<ulong> bits = Vector128.Create(1UL, 2UL);
        return Vector128.Equals(Vector128.Create((ulong)segments) & bits, bits).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Limits(Vp9LoopFilterLimits* limits, byte* levels, nint step, int kind)
    {
        ulong* table = limits->Bytes + kind;
        return Vector128.Create(table[*levels * 4], table[levels[step] * 4]).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Fill(byte value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Xor(Vector128<byte> a, Vector128<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AddSaturate(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.AddSaturate(a, b) : AdvSimd.AddSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> SubSaturate(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.SubtractSaturate(a, b) : AdvSimd.SubtractSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AddSigned(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.AddSaturate(a.AsSByte(), b.AsSByte()).AsByte() : AdvSimd.AddSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> SubSigned(Vector128<byte> a, Vector128<byte> b) => Sse2.IsSupported ? Sse2.SubtractSaturate(a.AsSByte(), b.AsSByte()).AsByte() : AdvSimd.SubtractSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> HalfUp(Vector128<byte> a) => Sse2.IsSupported ? Sse2.Average(a, Vector128<byte>.Zero) : AdvSimd.FusedAddRoundedHalving(a, Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> IsEqualZero(Vector128<byte> a) => Vector128.Equals(a, Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ShiftRight(Vector128<byte> a, [ConstantExpected] byte count) => Vector128.ShiftRightLogical(a.AsUInt16(), count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> AddWords(Vector128<byte> a, Vector128<byte> b) => (a.AsUInt16() + b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairSum(Vector128<byte> bytes, Vector128<byte> factors)
    {
        if (Ssse3.IsSupported)
        {
            return Ssse3.MultiplyAddAdjacent(bytes, factors.AsSByte()).AsByte();
        }
        Vector128<short> words = bytes.AsInt16(), both = factors.AsInt16();
        return ((words & Vector128.Create((short)255)) * Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(both, 8), 8) +
            Vector128.ShiftRightLogical(words, 8) * Vector128.ShiftRightArithmetic(both, 8)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector128<byte> low, Vector128<byte> high)
    {
        return Sse2.IsSupported ? Sse2.PackUnsignedSaturate(low.AsInt16(), high.AsInt16()) :
            AdvSimd.ExtractNarrowingSaturateUnsignedUpper(AdvSimd.ExtractNarrowingSaturateUnsignedLower(low.AsInt16()), high.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Factors(sbyte low, sbyte high) => Vector128.Create((short)((high << 8) | (byte)low)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FillWords(short value) => Vector128.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LoadRow(byte* p, nint stride) => Vector128.CreateScalarUnsafe(*(ulong*)p).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair(byte* p, nint stride, Vector128<byte> v)
    {
        if (Sse.IsSupported)
        {
            Sse.StoreLow((float*)p, v.AsSingle());
            Sse.StoreHigh((float*)(p + stride), v.AsSingle());
        }
        else
        {
            *(ulong*)p = v.AsUInt64().GetElement(0);
            *(ulong*)(p + stride) = v.AsUInt64().GetElement(1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreQuad(byte* p, nint stride, Vector128<byte> v)
    {
        Vector128<uint> quads = v.AsUInt32();
        *(uint*)p = quads.GetElement(0);
        *(uint*)(p + stride) = quads.GetElement(1);
        *(uint*)(p + 2 * stride) = quads.GetElement(2);
        *(uint*)(p + 3 * stride) = quads.GetElement(3);
    }
}

/// <summary>8 samples of 10 or 12 bits.</summary>
internal unsafe struct LoopFilterWords128 : ILoopFilterWords<Vector128<ushort>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Load(byte* p) => Vector128.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector128<ushort> v) => v.Store((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Or(Vector128<ushort> a, Vector128<ushort> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> And(Vector128<ushort> a, Vector128<ushort> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> AndNot(Vector128<ushort> a, Vector128<ushort> b) => Vector128.AndNot(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Select(Vector128<ushort> mask, Vector128<ushort> a, Vector128<ushort> b) => Sse41.IsSupported ? Sse41.BlendVariable(b, a, mask) : Vector128.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Max(Vector128<ushort> a, Vector128<ushort> b) => Vector128.Max(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Min(Vector128<ushort> a, Vector128<ushort> b) => Vector128.Min(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Add(Vector128<ushort> a, Vector128<ushort> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Sub(Vector128<ushort> a, Vector128<ushort> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector128<ushort> v) => v == Vector128<ushort>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> UnpackLow(Vector128<ushort> a, Vector128<ushort> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> UnpackHigh(Vector128<ushort> a, Vector128<ushort> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> LaneMask(uint segments)
    {
        return Vector128.Create((ushort)(0 - segments));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Limits(Vp9LoopFilterLimits* limits, byte* levels, nint step, int kind)
    {
        return Vector128.Load(limits->Words + (*levels * 4 + kind) * 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Fill(int value) => Vector128.Create((ushort)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Greater(Vector128<ushort> a, Vector128<ushort> b) => Vector128.GreaterThan(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftRight(Vector128<ushort> a, [ConstantExpected] byte count) => Vector128.ShiftRightLogical(a, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> ShiftRightSigned(Vector128<ushort> a, [ConstantExpected] byte count) => Vector128.ShiftRightArithmetic(a.AsInt16(), count).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> LoadRow(byte* p, nint stride) => Vector128.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRow(byte* p, nint stride, Vector128<ushort> v) => v.Store((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair(byte* p, nint stride, Vector128<ushort> v) => LoopFilterBytes128.StorePair(p, stride, v.AsByte());
}
