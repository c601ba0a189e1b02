// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.Vp9;

/// <summary>
/// VP9 intra prediction (spec 8.5.1). Only 4×4 blocks ever see samples above-right of the block that differ from the last
/// sample above it; so from 8×8 on the kernels do not read beyond above[n-1] and take that sample for everything to the right.
/// </summary>
public static unsafe partial class Vp9IntraKernels
{
    private const int Dc = 0;
    private const int Vertical = 1;
    private const int Horizontal = 2;
    private const int D45 = 3;
    private const int D135 = 4;
    private const int D117 = 5;
    private const int D153 = 6;
    private const int D207 = 7;
    private const int D63 = 8;
    private const int TrueMotion = 9;
    private const int DcLeft = 10;
    private const int DcAbove = 11;
    private const int DcNone = 12;

    /// <summary>Block width and height, known at compile time.</summary>
    internal interface IBlockSize
    {
        /// <summary>Samples per side.</summary>
        static abstract int N { get; }
    }

    internal readonly struct Size4 : IBlockSize
    {
        public static int N => 4;
    }

    internal readonly struct Size8 : IBlockSize
    {
        public static int N => 8;
    }

    internal readonly struct Size16 : IBlockSize
    {
        public static int N => 16;
    }

    internal readonly struct Size32 : IBlockSize
    {
        public static int N => 32;
    }

    /// <summary>Writes this group's entries into the table.</summary>
    internal static void Fill(Vp9KernelTable* table, int bitDepth, KernelLevel level)
    {
        var entries = (nint*)&table->IntraPredict;
        if (bitDepth == 8)
        {
            FillScalar<byte>(entries);
            if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                FillVector128(entries);
            }
            if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
            {
                FillVector256(entries);
            }
            return;
        }
        FillScalar<ushort>(entries);
        if (level >= KernelLevel.Vector128 && Vector128.IsHardwareAccelerated)
        {
            FillHigh(entries);
        }
        if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
        {
            FillHigh256(entries);
        }
    }

    private static void Set(nint* entries, int mode, delegate*<byte*, nint, byte*, byte*, int, void> kernel)
        => entries[mode] = (nint)kernel;

    private static void FillScalar<TPixel>(nint* entries)
        where TPixel : unmanaged
    {
        FillScalar<TPixel, Size4>(entries);
        FillScalar<TPixel, Size8>(entries + Vp9KernelTable.IntraModes);
        FillScalar<TPixel, Size16>(entries + 2 * Vp9KernelTable.IntraModes);
        FillScalar<TPixel, Size32>(entries + 3 * Vp9KernelTable.IntraModes);
    }

    private static void FillScalar<TPixel, TSize>(nint* e)
        where TPixel : unmanaged
        where TSize : struct, IBlockSize
    {
        Set(e, Dc, &ScalarDc<TPixel, TSize>);
        Set(e, Vertical, &ScalarVertical<TPixel, TSize>);
        Set(e, Horizontal, &ScalarHorizontal<TPixel, TSize>);
        Set(e, D45, &ScalarD45<TPixel, TSize>);
        Set(e, D135, &ScalarD135<TPixel, TSize>);
        Set(e, D117, &ScalarD117<TPixel, TSize>);
        Set(e, D153, &ScalarD153<TPixel, TSize>);
        Set(e, D207, &ScalarD207<TPixel, TSize>);
        Set(e, D63, &ScalarD63<TPixel, TSize>);
        Set(e, TrueMotion, &ScalarTrueMotion<TPixel, TSize>);
        Set(e, DcLeft, &ScalarDcLeft<TPixel, TSize>);
        Set(e, DcAbove, &ScalarDcAbove<TPixel, TSize>);
        Set(e, DcNone, &ScalarDcNone<TPixel, TSize>);
    }
}
