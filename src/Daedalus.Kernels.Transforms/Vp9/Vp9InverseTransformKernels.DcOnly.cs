// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <content>
/// Blocks with a single coefficient: one constant is added to all samples. At 8 bits as a saturating addition of its
/// positive and a saturating subtraction of its negative part, both bytes.
/// </content>
public static unsafe partial class Vp9InverseTransformKernels
{
    internal static partial class Avx2Passes
    {
        private static void DcOnly4(byte* dst, nint stride, short* c) => SsePasses.DcOnly4(dst, stride, c);

        private static void DcOnly8(byte* dst, nint stride, short* c) => SsePasses.DcOnly8(dst, stride, c);

        private static void DcOnly16(byte* dst, nint stride, short* c) => SsePasses.DcOnly16(dst, stride, c);

        private static void DcOnly32(byte* dst, nint stride, short* c)
        {
            var residual = DcResidual(*c, 6);
            *c = 0;
            var plus = Vector256.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector256.Create((byte)Math.Clamp(-residual, 0, 255));
            for (var y = 0; y < 32; y += 2, dst += 2 * stride)
            {
                var a = Avx2.SubtractSaturate(Avx2.AddSaturate(Vector256.Load(dst), plus), minus);
                var b = Avx2.SubtractSaturate(Avx2.AddSaturate(Vector256.Load(dst + stride), plus), minus);
                a.Store(dst);
                b.Store(dst + stride);
            }
        }
    }

    internal static partial class SsePasses
    {
        internal static void DcOnly4(byte* dst, nint stride, short* c)
        {
            var residual = DcResidual(*c, 4);
            *c = 0;
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            var d1 = dst + stride;
            var d2 = d1 + stride;
            var d3 = d2 + stride;
            var v = Vector128.CreateScalarUnsafe(*(uint*)dst);
            v = Sse41.Insert(v, *(uint*)d1, 1);
            v = Sse41.Insert(v, *(uint*)d2, 2);
            v = Sse41.Insert(v, *(uint*)d3, 3);
            var r = Sse2.SubtractSaturate(Sse2.AddSaturate(v.AsByte(), plus), minus).AsUInt32();
            *(uint*)dst = r.ToScalar();
            *(uint*)d1 = r.GetElement(1);
            *(uint*)d2 = r.GetElement(2);
            *(uint*)d3 = r.GetElement(3);
        }

        internal static void DcOnly8(byte* dst, nint stride, short* c)
        {
            var residual = DcResidual(*c, 5);
            *c = 0;
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            for (var y = 0; y < 8; y += 2, dst += 2 * stride)
            {
                var v = Vector128.Create(*(ulong*)dst, *(ulong*)(dst + stride)).AsByte();
                var r = Sse2.SubtractSaturate(Sse2.AddSaturate(v, plus), minus).AsUInt64();
                *(ulong*)dst = r.ToScalar();
                *(ulong*)(dst + stride) = r.GetElement(1);
            }
        }

        internal static void DcOnly16(byte* dst, nint stride, short* c)
        {
            var residual = DcResidual(*c, 6);
            *c = 0;
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            for (var y = 0; y < 16; y += 2, dst += 2 * stride)
            {
                var a = Sse2.SubtractSaturate(Sse2.AddSaturate(Vector128.Load(dst), plus), minus);
                var b = Sse2.SubtractSaturate(Sse2.AddSaturate(Vector128.Load(dst + stride), plus), minus);
                a.Store(dst);
                b.Store(dst + stride);
            }
        }

        private static void DcOnly32(byte* dst, nint stride, short* c)
        {
            var residual = DcResidual(*c, 6);
            *c = 0;
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            for (var y = 0; y < 32; y++, dst += stride)
            {
                var a = Sse2.SubtractSaturate(Sse2.AddSaturate(Vector128.Load(dst), plus), minus);
                var b = Sse2.SubtractSaturate(Sse2.AddSaturate(Vector128.Load(dst + 16), plus), minus);
                a.Store(dst);
                b.Store(dst + 16);
            }
        }
    }

    internal static partial class NeonPasses
    {
        private static void DcOnly4(byte* dst, nint stride, short* c) => DcOnly(dst, stride, c, 4, 4);

        private static void DcOnly8(byte* dst, nint stride, short* c) => DcOnly(dst, stride, c, 8, 5);

        private static void DcOnly16(byte* dst, nint stride, short* c) => DcOnly(dst, stride, c, 16, 6);

        private static void DcOnly32(byte* dst, nint stride, short* c) => DcOnly(dst, stride, c, 32, 6);

        private static void DcOnly(byte* dst, nint stride, short* c, int n, int shift)
        {
            var residual = DcResidual(*c, shift);
            *c = 0;
            var plus = Vector128.Create((byte)Math.Clamp(residual, 0, 255));
            var minus = Vector128.Create((byte)Math.Clamp(-residual, 0, 255));
            for (var y = 0; y < n; y++, dst += stride)
            {
                if (n == 4)
                {
                    var v = Vector64.CreateScalarUnsafe(*(uint*)dst).AsByte();
                    *(uint*)dst = AdvSimd.SubtractSaturate(AdvSimd.AddSaturate(v, plus.GetLower()), minus.GetLower()).AsUInt32().ToScalar();
                }
                else if (n == 8)
                {
                    AdvSimd.SubtractSaturate(AdvSimd.AddSaturate(Vector64.Load(dst), plus.GetLower()), minus.GetLower()).Store(dst);
                }
                else
                {
                    for (var x = 0; x < n; x += 16)
                    {
                        AdvSimd.SubtractSaturate(AdvSimd.AddSaturate(Vector128.Load(dst + x), plus), minus).Store(dst + x);
                    }
                }
            }
        }
    }

    /// <summary>The same above 8 bits: 16-bit samples, sums clipped to 0..maxValue.</summary>
    private static void DcOnlyHigh(byte* dst, nint stride, int* c, int n, int shift, int maxValue)
    {
        var residual = Math.Clamp(DcResidual(*c, shift), -maxValue, maxValue);
        *c = 0;
        var plus = Vector128.Create((ushort)Math.Max(residual, 0));
        var minus = Vector128.Create((ushort)Math.Max(-residual, 0));
        var limit = Vector128.Create((ushort)maxValue);
        for (var y = 0; y < n; y++, dst += stride)
        {
            if (n == 4)
            {
                var v = Vector128.CreateScalarUnsafe(*(ulong*)dst).AsUInt16();
                *(ulong*)dst = Sse41.Min(Sse2.SubtractSaturate(Sse2.Add(v, plus), minus), limit).AsUInt64().ToScalar();
                continue;
            }
            for (var x = 0; x < 2 * n; x += 16)
            {
                var v = Vector128.Load(dst + x).AsUInt16();
                Sse41.Min(Sse2.SubtractSaturate(Sse2.Add(v, plus), minus), limit).AsByte().Store(dst + x);
            }
        }
    }

    /// <summary>
    /// Whether all coefficients are below 2^19 in magnitude, as in every legal stream up to 12 bits (spec 8.6.2).
    /// Larger ones leave the range in which the split products are exact: the scalar code takes those blocks.
    /// </summary>
    private static bool FitsHigh(int* c, int count)
    {
        var outside = Vector128<int>.Zero;
        for (var i = 0; i < count; i += 16)
        {
            var a = Vector128.Load(c + i);
            var b = Vector128.Load(c + i + 4);
            var d = Vector128.Load(c + i + 8);
            var e = Vector128.Load(c + i + 12);
            // Folding the sign in leaves the bits from 19 upwards clear for small values.
            a = Sse2.Xor(a, Sse2.ShiftRightArithmetic(a, 31));
            b = Sse2.Xor(b, Sse2.ShiftRightArithmetic(b, 31));
            d = Sse2.Xor(d, Sse2.ShiftRightArithmetic(d, 31));
            e = Sse2.Xor(e, Sse2.ShiftRightArithmetic(e, 31));
            outside = Sse2.Or(outside, Sse2.Or(Sse2.Or(a, b), Sse2.Or(d, e)));
        }
        return Sse41.TestZ(outside, Vector128.Create(~((1 << 19) - 1)));
    }
}
