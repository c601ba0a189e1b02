// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Av1;

/// <summary>
/// The 1D transforms (7.13.2.3 to 7.13.2.8), in place on an array of vectors whose inputs stand permuted already. The steps of the specification's DCT that concern an upper half
/// (entries 2^(n-1) .. 2^n - 1) touch nothing else before the last one, so that each size is the half size, an upper half and one row of Hadamard rotations.
/// </summary>
public static unsafe partial class Av1TransformKernels
{
    /// <summary>B(a, b, angle, 0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate<TOps, TVector>(TVector* t, int a, int b, int angle)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
        => TOps.Rotate(t[a], t[b], t + a, t + b, angle);

    /// <summary>B(a, b, angle, 1): the outputs change places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateFlip<TOps, TVector>(TVector* t, int a, int b, int angle)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
        => TOps.Rotate(t[a], t[b], t + b, t + a, angle);

    /// <summary>Inverse DCT of 2^n entries (7.13.2.3).</summary>
    private static TVector* Dct<TOps, TVector>(TVector* t, int n, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        RotateFlip<TOps, TVector>(t, 0, 1, 32);
        Rotate<TOps, TVector>(t, 2, 3, 48);
        Mirror<TOps, TVector>(t, 4, max);
        if (n >= 3)
        {
            Rotate<TOps, TVector>(t, 4, 7, 56);
            Rotate<TOps, TVector>(t, 5, 6, 24);
            TOps.Hadamard(t + 4, t + 5, max);
            TOps.Hadamard(t + 7, t + 6, max);
            RotateFlip<TOps, TVector>(t, 6, 5, 32);
            Mirror<TOps, TVector>(t, 8, max);
        }
        if (n >= 4)
        {
            Upper16<TOps, TVector>(t, max);
            Mirror<TOps, TVector>(t, 16, max);
        }
        if (n >= 5)
        {
            Upper32<TOps, TVector>(t, max);
            Mirror<TOps, TVector>(t, 32, max);
        }
        if (n == 6)
        {
            Upper64<TOps, TVector>(t, max);
            Mirror<TOps, TVector>(t, 64, max);
        }
        return t;
    }

    /// <summary>H(i, n - 1 - i, 0) of the first half: the last step of a DCT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mirror<TOps, TVector>(TVector* t, int n, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < n / 2; i++)
        {
            TOps.Hadamard(t + i, t + n - 1 - i, max);
        }
    }

    /// <summary>H(i * 2 * half + j, (i + 1) * 2 * half - 1 - j, i &amp; 1) for all groups between from and to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Groups<TOps, TVector>(TVector* t, int from, int to, int half, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        for (var i = from; i < to; i += 4 * half)
        {
            for (var j = 0; j < half; j++)
            {
                TOps.Hadamard(t + i + j, t + i + 2 * half - 1 - j, max);
                TOps.Hadamard(t + i + 4 * half - 1 - j, t + i + 2 * half + j, max);
            }
        }
    }

    /// <summary>Steps 5, 9, 14, 19 and 23: entries 8..15.</summary>
    private static void Upper16<TOps, TVector>(TVector* t, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < 4; i++)
        {
            Rotate<TOps, TVector>(t, 8 + i, 15 - i, 12 + (Reversed6[3 - i] >> 4 << 4));
        }
        Groups<TOps, TVector>(t, 8, 16, 1, max);
        RotateFlip<TOps, TVector>(t, 14, 9, 48);
        RotateFlip<TOps, TVector>(t, 13, 10, 112);
        Groups<TOps, TVector>(t, 8, 16, 2, max);
        RotateFlip<TOps, TVector>(t, 13, 10, 32);
        RotateFlip<TOps, TVector>(t, 12, 11, 32);
    }

    /// <summary>Steps 3, 6, 10, 15, 20, 24 and 27: entries 16..31.</summary>
    private static void Upper32<TOps, TVector>(TVector* t, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < 8; i++)
        {
            Rotate<TOps, TVector>(t, 16 + i, 31 - i, 6 + (Reversed6[7 - i] >> 3 << 3));
        }
        Groups<TOps, TVector>(t, 16, 32, 1, max);
        for (var i = 0; i < 4; i++)
        {
            // i is 2 * i + j of step 10.
            RotateFlip<TOps, TVector>(t, 30 - 2 * (i & 2) - (i & 1), 17 + 2 * (i & 2) + (i & 1), 24 + ((i & 1) << 6) + ((1 - (i >> 1)) << 5));
        }
        Groups<TOps, TVector>(t, 16, 32, 2, max);
        for (var i = 0; i < 4; i++)
        {
            RotateFlip<TOps, TVector>(t, 29 - i, 18 + i, 48 + (i >> 1) * 64);
        }
        Groups<TOps, TVector>(t, 16, 32, 4, max);
        for (var i = 0; i < 4; i++)
        {
            RotateFlip<TOps, TVector>(t, 27 - i, 20 + i, 32);
        }
    }

    /// <summary>Steps 2, 4, 7, 11, 16, 21, 25, 28 and 30: entries 32..63.</summary>
    private static void Upper64<TOps, TVector>(TVector* t, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        for (var i = 0; i < 16; i++)
        {
            Rotate<TOps, TVector>(t, 32 + i, 63 - i, 63 - 4 * (Reversed6[i] >> 2));
        }
        Groups<TOps, TVector>(t, 32, 64, 1, max);
        for (var k = 0; k < 8; k++)
        {
            var i = k >> 1;
            var j = k & 1;
            RotateFlip<TOps, TVector>(t, 62 - i * 4 - j, 33 + i * 4 + j, 60 - 16 * (Reversed6[i] >> 4) + 64 * j);
        }
        Groups<TOps, TVector>(t, 32, 64, 2, max);
        for (var k = 0; k < 8; k++)
        {
            var i = k >> 2;
            var j = k & 3;
            RotateFlip<TOps, TVector>(t, 61 - i * 8 - j, 34 + i * 8 + j, 56 - i * 32 + (j >> 1) * 64);
        }
        Groups<TOps, TVector>(t, 32, 64, 4, max);
        for (var i = 0; i < 8; i++)
        {
            RotateFlip<TOps, TVector>(t, 59 - i, 36 + i, i < 4 ? 48 : 112);
        }
        Groups<TOps, TVector>(t, 32, 64, 8, max);
        for (var i = 0; i < 8; i++)
        {
            RotateFlip<TOps, TVector>(t, 55 - i, 40 + i, 32);
        }
    }

    /// <summary>Inverse ADST of 2^n entries (7.13.2.9); the output may stand behind the input.</summary>
    private static TVector* Adst<TOps, TVector>(TVector* t, int n, TVector max)
        where TOps : ITransformOps<TVector>
        where TVector : unmanaged
    {
        if (n == 2)
        {
            TOps.Adst4(t);
            return t;
        }
        var length = 1 << n;
        if (n == 3)
        {
            for (var i = 0; i < 4; i++)
            {
                RotateFlip<TOps, TVector>(t, 2 * i, 2 * i + 1, 60 - 16 * i);
            }
        }
        else
        {
            for (var i = 0; i < 8; i++)
            {
                RotateFlip<TOps, TVector>(t, 2 * i, 2 * i + 1, 62 - 8 * i);
            }
            for (var i = 0; i < 8; i++)
            {
                TOps.Hadamard(t + i, t + 8 + i, max);
            }
            for (var i = 0; i < 2; i++)
            {
                RotateFlip<TOps, TVector>(t, 8 + 2 * i, 9 + 2 * i, 56 - 32 * i);
                RotateFlip<TOps, TVector>(t, 13 + 2 * i, 12 + 2 * i, 8 + 32 * i);
            }
        }
        // The rest is the same for each 8 entries.
        for (var p = t; p < t + length; p += 8)
        {
            for (var i = 0; i < 4; i++)
            {
                TOps.Hadamard(p + i, p + 4 + i, max);
            }
            RotateFlip<TOps, TVector>(p, 4, 5, 48);
            RotateFlip<TOps, TVector>(p, 7, 6, 16);
            for (var j = 0; j < 8; j += 4)
            {
                TOps.Hadamard(p + j, p + j + 2, max);
                TOps.Hadamard(p + j + 1, p + j + 3, max);
                RotateFlip<TOps, TVector>(p, j + 2, j + 3, 32);
            }
        }
        var output = t + 64;
        for (var i = 0; i < length; i += 2)
        {
            output[i] = t[AdstOutput[i] >> (4 - n)];
            output[i + 1] = TOps.Negate(t[AdstOutput[i + 1] >> (4 - n)]);
        }
        return output;
    }
}
