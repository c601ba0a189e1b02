// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels;

/// <summary>Vector width a kernel table is built for.</summary>
public enum KernelLevel
{
    /// <summary>Plain C#: the reference the others are tested against.</summary>
    Scalar = 0,

    /// <summary>128-bit vectors: SSSE3/SSE4.1 on x86-64, NEON (AdvSimd) on arm64.</summary>
    Vector128 = 1,

    /// <summary>256-bit vectors: AVX2.</summary>
    Vector256 = 2,
}

/// <summary>What the running CPU (or the ahead-of-time target) offers.</summary>
public static class KernelLevels
{
    /// <summary>The widest level whose instructions are available.</summary>
    public static KernelLevel Best =>
        Avx2.IsSupported ? KernelLevel.Vector256 :
        Sse41.IsSupported || AdvSimd.Arm64.IsSupported ? KernelLevel.Vector128 :
        KernelLevel.Scalar;

    /// <summary>Whether kernels of <paramref name="level"/> can run here.</summary>
    public static bool IsSupported(KernelLevel level) => level <= Best;
}
