// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>LevelScale4x4 and LevelScale8x8 (spec 8.5.9) from scaling lists.</summary>
internal static unsafe class H264Scaling
{
    // normAdjust4x4 (8-315): positions both even, both odd, else.
    private static ReadOnlySpan<byte> Norm4x4 => [10, 16, 13, 11, 18, 14, 13, 20, 16, 14, 23, 18, 16, 25, 20, 18, 29, 23];

    // normAdjust8x8 (8-318): the six classes.
    private static ReadOnlySpan<byte> Norm8x8 =>
    [
        20, 18, 32, 19, 25, 24,
        22, 19, 35, 21, 28, 26,
        26, 23, 42, 24, 33, 31,
        28, 25, 45, 26, 35, 33,
        32, 28, 51, 30, 40, 38,
        36, 32, 58, 34, 46, 43,
    ];

    /// <summary>Fills the tables.</summary>
    public static void Fill(H264Dequant* dequant, in V4L2CtrlH264ScalingMatrix matrix)
    {
        for (int list = 0; list < 6; list++)
        {
            for (int m = 0; m < 6; m++)
            {
                int* to4 = dequant->Scale4x4 + (list * 6 + m) * 16;
                for (int i = 0; i < 16; i++)
                {
                    int x = i & 3, y = i >> 2;
                    int norm = Norm4x4[m * 3 + ((x | y) & 1) switch { 0 => 0, _ => (x & y & 1) != 0 ? 1 : 2 }];
                    to4[i] = matrix.ScalingList4x4[list * 16 + i] * norm;
                }
                int* to8 = dequant->Scale8x8 + (list * 6 + m) * 64;
                for (int i = 0; i < 64; i++)
                {
                    int x = i & 7, y = i >> 3;
                    to8[i] = matrix.ScalingList8x8[list * 64 + i] * Norm8x8[m * 6 + Class8x8(x, y)];
                }
            }
        }
    }

    /// <summary>Flat_4x4_16 and Flat_8x8_16.</summary>
    public static void SetFlat(V4L2CtrlH264ScalingMatrix* matrix) => new Span<byte>(matrix, sizeof(V4L2CtrlH264ScalingMatrix)).Fill(16);

    private static int Class8x8(int x, int y)
    {
        if (x % 4 == 0 && y % 4 == 0)
            return 0;
        if (x % 2 == 1 && y % 2 == 1)
            return 1;
        if (x % 4 == 2 && y % 4 == 2)
            return 2;
        if ((x % 4 == 0 && y % 2 == 1) || (x % 2 == 1 && y % 4 == 0))
            return 3;
        if ((x % 4 == 0 && y % 4 == 2) || (x % 4 == 2 && y % 4 == 0))
            return 4;
        return 5;
    }
}
