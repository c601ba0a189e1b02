// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.Vp9;

/// <content>Sums, loads and stores of as many samples as the block is wide.</content>
public static unsafe partial class Vp9IntraKernels
{
    /// <summary>Sum of the n samples at p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumOf<TSize>(byte* p)
        where TSize : struct, IBlockSize
        => TSize.N == 4 ? Sum16(Vector128.CreateScalar(*(uint*)p).AsByte())
            : TSize.N == 8 ? Sum16(Vector128.CreateScalar(*(ulong*)p).AsByte())
            : TSize.N == 16 ? Sum16(Vector128.Load(p))
            : Sum16(Vector128.Load(p)) + Sum16(Vector128.Load(p + 16));

    /// <summary>Writes one row of up to 16 samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TSize>(byte* dst, Vector128<byte> v)
        where TSize : struct, IBlockSize
    {
        if (TSize.N == 4)
        {
            *(uint*)dst = v.AsUInt32().ToScalar();
        }
        else if (TSize.N == 8)
        {
            *(ulong*)dst = v.AsUInt64().ToScalar();
        }
        else
        {
            v.Store(dst);
        }
    }

    /// <summary>The n samples at p (8 for n = 4, see the class remark), followed by copies of the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LoadExtended<TSize>(byte* p, Vector128<byte> last)
        where TSize : struct, IBlockSize
        => TSize.N <= 8 ? Vector128.Create(*(ulong*)p, last.AsUInt64().ToScalar()).AsByte() : Vector128.Load(p);
}
