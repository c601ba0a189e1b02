// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>32 samples of 8 bits: AVX2.</summary>
internal unsafe struct LoopFilterBytes256 : ILoopFilterBytes<Vector256<byte>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* p) => Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<byte> v) => v.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Or(Vector256<byte> a, Vector256<byte> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> And(Vector256<byte> a, Vector256<byte> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AndNot(Vector256<byte> a, Vector256<byte> b) => Vector256.AndNot(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Select(Vector256<byte> mask, Vector256<byte> a, Vector256<byte> b) => Avx2.BlendVariable(b, a, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Max(Vector256<byte> a, Vector256<byte> b) => Vector256.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Min(Vector256<byte> a, Vector256<byte> b) => Vector256.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Sub(Vector256<byte> a, Vector256<byte> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector256<byte> v) => v == Vector256<byte>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> UnpackLow(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> UnpackHigh(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LaneMask(uint segments)
    {
        Vector256<ulong> bits = Vector256.Create(1UL, 2UL, 4UL, 8UL);
        return Vector256.Equals(Vector256.Create((ulong)segments) & bits, bits).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Limits(Vp9LoopFilterLimits* limits, byte* levels, nint step, int kind)
    {
        ulong* table = limits->Bytes + kind;
        return Vector256.Create(table[*levels * 4], table[levels[step] * 4], table[levels[2 * step] * 4], table[levels[3 * step] * 4]).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Fill(byte value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Xor(Vector256<byte> a, Vector256<byte> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AddSaturate(Vector256<byte> a, Vector256<byte> b) => Avx2.AddSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> SubSaturate(Vector256<byte> a, Vector256<byte> b) => Avx2.SubtractSaturate(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AddSigned(Vector256<byte> a, Vector256<byte> b) => Avx2.AddSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> SubSigned(Vector256<byte> a, Vector256<byte> b) => Avx2.SubtractSaturate(a.AsSByte(), b.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> HalfUp(Vector256<byte> a) => Avx2.Average(a, Vector256<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> IsEqualZero(Vector256<byte> a) => Vector256.Equals(a, Vector256<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ShiftRight(Vector256<byte> a, [ConstantExpected] byte count) => Vector256.ShiftRightLogical(a.AsUInt16(), count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> AddWords(Vector256<byte> a, Vector256<byte> b) => (a.AsUInt16() + b.AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PairSum(Vector256<byte> bytes, Vector256<byte> factors) => Avx2.MultiplyAddAdjacent(bytes, factors.AsSByte()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Pack(Vector256<byte> low, Vector256<byte> high) => Avx2.PackUnsignedSaturate(low.AsInt16(), high.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Factors(sbyte low, sbyte high) => Vector256.Create((short)((high << 8) | (byte)low)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FillWords(short value) => Vector256.Create(value).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LoadRow(byte* p, nint stride) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + 16 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair(byte* p, nint stride, Vector256<byte> v)
    {
        LoopFilterBytes128.StorePair(p, stride, v.GetLower());
        LoopFilterBytes128.StorePair(p + 16 * stride, stride, v.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreQuad(byte* p, nint stride, Vector256<byte> v)
    {
        LoopFilterBytes128.StoreQuad(p, stride, v.GetLower());
        LoopFilterBytes128.StoreQuad(p + 16 * stride, stride, v.GetUpper());
    }
}

/// <summary>16 samples of 10 or 12 bits.</summary>
internal unsafe struct LoopFilterWords256 : ILoopFilterWords<Vector256<ushort>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Load(byte* p) => Vector256.Load((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* p, Vector256<ushort> v) => v.Store((ushort*)p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Or(Vector256<ushort> a, Vector256<ushort> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> And(Vector256<ushort> a, Vector256<ushort> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> AndNot(Vector256<ushort> a, Vector256<ushort> b) => Vector256.AndNot(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Select(Vector256<ushort> mask, Vector256<ushort> a, Vector256<ushort> b) => Avx2.BlendVariable(b, a, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Max(Vector256<ushort> a, Vector256<ushort> b) => Vector256.Max(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Min(Vector256<ushort> a, Vector256<ushort> b) => Vector256.Min(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Add(Vector256<ushort> a, Vector256<ushort> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Sub(Vector256<ushort> a, Vector256<ushort> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsZero(Vector256<ushort> v) => v == Vector256<ushort>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> UnpackLow(Vector256<ushort> a, Vector256<ushort> b) => Avx2.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> UnpackHigh(Vector256<ushort> a, Vector256<ushort> b) => Avx2.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> LaneMask(uint segments)
    {
        return Vector256.Create(Vector128.Create((ushort)(0 - (segments & 1))), Vector128.Create((ushort)(0 - (segments >> 1))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Limits(Vp9LoopFilterLimits* limits, byte* levels, nint step, int kind)
    {
        ushort* table = limits->Words + kind * 8;
        return Vector256.Create(Vector128.Load(table + *levels * 32), Vector128.Load(table + levels[step] * 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Fill(int value) => Vector256.Create((ushort)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Greater(Vector256<ushort> a, Vector256<ushort> b) => Vector256.GreaterThan(a.AsInt16(), b.AsInt16()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftRight(Vector256<ushort> a, [ConstantExpected] byte count) => Vector256.ShiftRightLogical(a, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ShiftRightSigned(Vector256<ushort> a, [ConstantExpected] byte count) => Vector256.ShiftRightArithmetic(a.AsInt16(), count).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> LoadRow(byte* p, nint stride) => Vector256.Create(Vector128.Load((ushort*)p), Vector128.Load((ushort*)(p + 8 * stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRow(byte* p, nint stride, Vector256<ushort> v)
    {
        v.GetLower().Store((ushort*)p);
        v.GetUpper().Store((ushort*)(p + 8 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair(byte* p, nint stride, Vector256<ushort> v)
    {
        LoopFilterBytes128.StorePair(p, stride, v.GetLower().AsByte());
        LoopFilterBytes128.StorePair(p + 8 * stride, stride, v.GetUpper().AsByte());
    }
}
