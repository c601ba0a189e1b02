// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>
/// H.264 inverse transforms with addition to the prediction (spec 8.5.10 to 8.5.15). At 8 bits every intermediate value is 16 bits wide and wraps:
/// conforming streams never leave that range (8.5.12.2, 8.5.13.2), for others all widths agree on the same harmless result.
/// </summary>
public static unsafe partial class H264TransformKernels
{
    /// <summary>Fills the table's entries.</summary>
    public static void Fill(H264KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
        {
            FillScalar<byte, short>(table);
            if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                FillVector128(table);
            }
            if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
            {
                FillVector256(table);
            }
            return;
        }
        FillScalar<ushort, int>(table);
        if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
        {
            FillHigh128(table);
        }
        if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
        {
            FillHigh256(table);
        }
    }

    private static void FillScalar<TPixel, TCoefficient>(H264KernelTable* table)
        where TPixel : unmanaged
        where TCoefficient : unmanaged
    {
        table->AddTransform4x4Luma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&ScalarLuma4x4<TPixel, TCoefficient>;
        table->AddTransform4x4Chroma = (nint)(delegate*<byte*, nint, void*, uint, int, void>)&ScalarChroma4x4<TPixel, TCoefficient>;
        table->AddTransform4x4 = (nint)(delegate*<byte*, nint, void*, int, void>)&ScalarTransform4x4<TPixel, TCoefficient>;
        table->AddTransform8x8 = (nint)(delegate*<byte*, nint, void*, int, void>)&ScalarTransform8x8<TPixel, TCoefficient>;
        table->LumaDc = (nint)(delegate*<void*, void*, int, int, void>)&LumaDc<TCoefficient>;
        table->ChromaDc420 = (nint)(delegate*<void*, void*, int, int, void>)&ChromaDc420<TCoefficient>;
        table->ChromaDc422 = (nint)(delegate*<void*, void*, int, int, void>)&ChromaDc422<TCoefficient>;
        table->AddBypass = (nint)(delegate*<byte*, nint, void*, int, int, int, void>)&AddBypass<TPixel, TCoefficient>;
    }

    /// <summary>Where block b (spec 6.4.3) of a macroblock begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* LumaBlock<TPixel>(byte* dst, nint stride, int b)
        where TPixel : unmanaged
    {
        var x = ((b & 1) | ((b >> 1) & 2)) * 4;
        var y = (((b >> 1) & 1) | ((b >> 2) & 2)) * 4;
        return dst + y * stride + x * sizeof(TPixel);
    }
}
