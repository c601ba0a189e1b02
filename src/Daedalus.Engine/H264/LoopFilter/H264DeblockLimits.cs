// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

/// <summary>Thresholds of the deblocking filter by index (spec Tables 8-16 and 8-17), before they are scaled to the bit depth.</summary>
internal static class H264DeblockLimits
{
    /// <summary>Largest index whose alpha' and beta' are 0: nothing is filtered.</summary>
    public const int LastOff = 15;

    /// <summary>alpha' of indexA 0..51.</summary>
    public static ReadOnlySpan<byte> Alpha =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13,
        15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
    ];

    /// <summary>beta' of indexB 0..51.</summary>
    public static ReadOnlySpan<byte> Beta =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4,
        6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
    ];

    /// <summary>t'C0 of indexA 0..51, four bytes each by bS: 0xff (bS 0 is not filtered), bS 1, 2, 3.</summary>
    public static ReadOnlySpan<byte> Tc0 =>
    [
        255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0,
        255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0,
        255, 0, 0, 0, 255, 0, 0, 1, 255, 0, 0, 1, 255, 0, 0, 1, 255, 0, 0, 1, 255, 0, 1, 1, 255, 0, 1, 1, 255, 1, 1, 1,
        255, 1, 1, 1, 255, 1, 1, 1, 255, 1, 1, 1, 255, 1, 1, 2, 255, 1, 1, 2, 255, 1, 1, 2, 255, 1, 1, 2, 255, 1, 2, 3,
        255, 1, 2, 3, 255, 2, 2, 3, 255, 2, 2, 4, 255, 2, 3, 4, 255, 2, 3, 4, 255, 3, 3, 5, 255, 3, 4, 6, 255, 3, 4, 6,
        255, 4, 5, 7, 255, 4, 5, 8, 255, 4, 6, 9, 255, 5, 7, 10, 255, 6, 8, 11, 255, 6, 8, 13, 255, 7, 10, 14, 255, 8, 11, 16,
        255, 9, 12, 18, 255, 10, 13, 20, 255, 11, 15, 23, 255, 13, 17, 25,
    ];
}
