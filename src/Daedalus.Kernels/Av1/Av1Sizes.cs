// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daedalus.Kernels.Av1;

/// <summary>A width or height in samples that is part of an entry's address and not of its arguments.</summary>
internal interface IAv1Length
{
    static abstract int Value { get; }
}

internal readonly struct Length2 : IAv1Length { public static int Value => 2; }
internal readonly struct Length4 : IAv1Length { public static int Value => 4; }
internal readonly struct Length8 : IAv1Length { public static int Value => 8; }
internal readonly struct Length16 : IAv1Length { public static int Value => 16; }
internal readonly struct Length32 : IAv1Length { public static int Value => 32; }
internal readonly struct Length64 : IAv1Length { public static int Value => 64; }
internal readonly struct Length128 : IAv1Length { public static int Value => 128; }

/// <summary>Addresses of the prediction tables. They are constant data of the image and never move.</summary>
internal static unsafe class Av1PredictData
{
    /// <summary>Subpel_Filters (7.11.3.4): the eight taps of filter 0..5 at a fraction of 0..15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short* Subpel(int filter, int fraction)
        => (short*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Av1PredictTables.SubpelFilters)) + (filter * 16 + fraction) * 8;

    /// <summary>Warped_Filters (7.11.3.5), offset 0..192.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static short* Warped(int offset)
        => (short*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Av1PredictTables.WarpedFilters)) + offset * 8;

    /// <summary>Sm_Weights_Tx (7.11.2.6) of a length of 4..64.</summary>
    internal static byte* SmoothWeights(int length) => Address(length switch
    {
        4 => Av1PredictTables.SmWeightsTx4x4,
        8 => Av1PredictTables.SmWeightsTx8x8,
        16 => Av1PredictTables.SmWeightsTx16x16,
        32 => Av1PredictTables.SmWeightsTx32x32,
        _ => Av1PredictTables.SmWeightsTx64x64,
    });

    /// <summary>Obmc_Mask (7.11.3.9) of a length of 2..32.</summary>
    internal static byte* OverlapMask(int length) => Address(length switch
    {
        2 => Av1PredictTables.ObmcMask2,
        4 => Av1PredictTables.ObmcMask4,
        8 => Av1PredictTables.ObmcMask8,
        16 => Av1PredictTables.ObmcMask16,
        _ => Av1PredictTables.ObmcMask32,
    });

    /// <summary>Intra_Filter_Taps (7.11.2.3): 8 × 7 taps of a filter intra mode.</summary>
    internal static sbyte* IntraFilterTaps(int mode) => (sbyte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Av1PredictTables.IntraFilterTaps)) + mode * 56;

    private static byte* Address(ReadOnlySpan<byte> table) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table));
}
