// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// VP9 inverse transforms with addition to the prediction (spec 8.7). The one-dimensional passes are flat generated code
/// (tools/generate-vp9-transforms.py); here are the table, the DC-only case, the lossless transform and the scalar 2-D walk.
/// </summary>
public static unsafe partial class Vp9InverseTransformKernels
{
    /// <summary>cos(pi / 4) * 2^14: what a DC coefficient meets in every pass.</summary>
    private const int DcGain = 11585;

    /// <summary>Room for the transposed result of the row pass, with slack for alignment to 32 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32 * 32 * sizeof(int) + 32)]
    internal struct Scratch
    {
        private readonly byte _first;
    }

    /// <summary>Place of the lossless Walsh–Hadamard transform, behind [transform size 0..3][type 0..3].</summary>
    internal const int LosslessEntry = 16;

    /// <summary>Writes the entries of a kernel table: <see cref="LosslessEntry"/> + 1 of them.</summary>
    internal static void Fill(nint* entries, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
        {
            FillScalar<byte, short>(entries);
            if (level >= KernelLevel.Vector128 && Sse41.IsSupported)
            {
                FillSse(entries);
            }
            else if (level >= KernelLevel.Vector128 && AdvSimd.Arm64.IsSupported)
            {
                FillNeon(entries);
            }
            if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
            {
                FillAvx2(entries);
            }
            return;
        }
        FillScalar<ushort, int>(entries);
        if (level >= KernelLevel.Vector128 && Sse41.IsSupported)
        {
            FillSseHigh(entries);
        }
        if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
        {
            FillAvx2High(entries);
        }
    }

    private static void Set(nint* entries, int index, delegate*<byte*, nint, void*, int, int, void> kernel)
        => entries[index] = (nint)kernel;

    private static void FillScalar<TPixel, TCoefficient>(nint* e)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        Set(e, 0, &ScalarTransform<TPixel, TCoefficient, ScalarDct4, ScalarDct4>);
        Set(e, 1, &ScalarTransform<TPixel, TCoefficient, ScalarDct4, ScalarAdst4>);
        Set(e, 2, &ScalarTransform<TPixel, TCoefficient, ScalarAdst4, ScalarDct4>);
        Set(e, 3, &ScalarTransform<TPixel, TCoefficient, ScalarAdst4, ScalarAdst4>);
        Set(e, 4, &ScalarTransform<TPixel, TCoefficient, ScalarDct8, ScalarDct8>);
        Set(e, 5, &ScalarTransform<TPixel, TCoefficient, ScalarDct8, ScalarAdst8>);
        Set(e, 6, &ScalarTransform<TPixel, TCoefficient, ScalarAdst8, ScalarDct8>);
        Set(e, 7, &ScalarTransform<TPixel, TCoefficient, ScalarAdst8, ScalarAdst8>);
        Set(e, 8, &ScalarTransform<TPixel, TCoefficient, ScalarDct16, ScalarDct16>);
        Set(e, 9, &ScalarTransform<TPixel, TCoefficient, ScalarDct16, ScalarAdst16>);
        Set(e, 10, &ScalarTransform<TPixel, TCoefficient, ScalarAdst16, ScalarDct16>);
        Set(e, 11, &ScalarTransform<TPixel, TCoefficient, ScalarAdst16, ScalarAdst16>);
        // 32×32 knows only DCT_DCT (spec 6.4.25); filling the others keeps a wrong index from jumping to null.
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &ScalarTransform<TPixel, TCoefficient, ScalarDct32, ScalarDct32>);
        }
        Set(e, LosslessEntry, &Lossless<TPixel, TCoefficient>);
    }

    private static void FillSse(nint* e)
    {
        Set(e, 0, &SsePasses.DctDct4);
        Set(e, 1, &SsePasses.AdstDct4);
        Set(e, 2, &SsePasses.DctAdst4);
        Set(e, 3, &SsePasses.AdstAdst4);
        Set(e, 4, &SsePasses.DctDct8);
        Set(e, 5, &SsePasses.AdstDct8);
        Set(e, 6, &SsePasses.DctAdst8);
        Set(e, 7, &SsePasses.AdstAdst8);
        Set(e, 8, &SsePasses.DctDct16);
        Set(e, 9, &SsePasses.AdstDct16);
        Set(e, 10, &SsePasses.DctAdst16);
        Set(e, 11, &SsePasses.AdstAdst16);
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &SsePasses.DctDct32);
        }
    }

    private static void FillNeon(nint* e)
    {
        Set(e, 0, &NeonPasses.DctDct4);
        Set(e, 1, &NeonPasses.AdstDct4);
        Set(e, 2, &NeonPasses.DctAdst4);
        Set(e, 3, &NeonPasses.AdstAdst4);
        Set(e, 4, &NeonPasses.DctDct8);
        Set(e, 5, &NeonPasses.AdstDct8);
        Set(e, 6, &NeonPasses.DctAdst8);
        Set(e, 7, &NeonPasses.AdstAdst8);
        Set(e, 8, &NeonPasses.DctDct16);
        Set(e, 9, &NeonPasses.AdstDct16);
        Set(e, 10, &NeonPasses.DctAdst16);
        Set(e, 11, &NeonPasses.AdstAdst16);
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &NeonPasses.DctDct32);
        }
    }

    private static void FillAvx2(nint* e)
    {
        Set(e, 0, &Avx2Passes.DctDct4);
        Set(e, 1, &Avx2Passes.AdstDct4);
        Set(e, 2, &Avx2Passes.DctAdst4);
        Set(e, 3, &Avx2Passes.AdstAdst4);
        Set(e, 4, &Avx2Passes.DctDct8);
        Set(e, 5, &Avx2Passes.AdstDct8);
        Set(e, 6, &Avx2Passes.DctAdst8);
        Set(e, 7, &Avx2Passes.AdstAdst8);
        Set(e, 8, &Avx2Passes.DctDct16);
        Set(e, 9, &Avx2Passes.AdstDct16);
        Set(e, 10, &Avx2Passes.DctAdst16);
        Set(e, 11, &Avx2Passes.AdstAdst16);
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &Avx2Passes.DctDct32);
        }
    }

    private static void FillSseHigh(nint* e)
    {
        Set(e, 0, &SseHighPasses.DctDct4);
        Set(e, 1, &SseHighPasses.AdstDct4);
        Set(e, 2, &SseHighPasses.DctAdst4);
        Set(e, 3, &SseHighPasses.AdstAdst4);
        Set(e, 4, &SseHighPasses.DctDct8);
        Set(e, 5, &SseHighPasses.AdstDct8);
        Set(e, 6, &SseHighPasses.DctAdst8);
        Set(e, 7, &SseHighPasses.AdstAdst8);
        Set(e, 8, &SseHighPasses.DctDct16);
        Set(e, 9, &SseHighPasses.AdstDct16);
        Set(e, 10, &SseHighPasses.DctAdst16);
        Set(e, 11, &SseHighPasses.AdstAdst16);
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &SseHighPasses.DctDct32);
        }
    }

    private static void FillAvx2High(nint* e)
    {
        // 4×4 has only four lanes of 32 bits: the 128-bit code is the right one there.
        Set(e, 4, &Avx2HighPasses.DctDct8);
        Set(e, 5, &Avx2HighPasses.AdstDct8);
        Set(e, 6, &Avx2HighPasses.DctAdst8);
        Set(e, 7, &Avx2HighPasses.AdstAdst8);
        Set(e, 8, &Avx2HighPasses.DctDct16);
        Set(e, 9, &Avx2HighPasses.AdstDct16);
        Set(e, 10, &Avx2HighPasses.DctAdst16);
        Set(e, 11, &Avx2HighPasses.AdstAdst16);
        for (var type = 0; type < 4; type++)
        {
            Set(e, 12 + type, &Avx2HighPasses.DctDct32);
        }
    }

    /// <summary>Residual of a block with only the DC coefficient, both passes and the final rounding (spec 8.7.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DcResidual(long dc, int shift)
    {
        var once = (int)((dc * DcGain + 8192) >> 14);
        var twice = (int)(((long)once * DcGain + 8192) >> 14);
        return (int)(((long)twice + (1 << (shift - 1))) >> shift);
    }
}
