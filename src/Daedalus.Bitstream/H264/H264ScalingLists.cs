// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>Scaling lists (spec 7.3.2.1.1.1, 7.4.2.1.1.1): parsing in zig-zag order, the default lists and the fall-back rules.</summary>
internal static unsafe class H264ScalingLists
{
    /// <summary>Position in raster order of the n-th value in zig-zag order (spec 8.5.6; the frame scan for field pictures, too).</summary>
    private static ReadOnlySpan<byte> ZigZag4x4 => [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

    private static ReadOnlySpan<byte> ZigZag8x8 =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
        12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
        58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    // Table 7-3, zig-zag order.
    private static ReadOnlySpan<byte> DefaultIntra4x4 => [6, 13, 13, 20, 20, 20, 28, 28, 28, 28, 32, 32, 32, 37, 37, 42];
    private static ReadOnlySpan<byte> DefaultInter4x4 => [10, 14, 14, 20, 20, 20, 24, 24, 24, 24, 27, 27, 27, 30, 30, 34];

    // Table 7-4, zig-zag order.
    private static ReadOnlySpan<byte> DefaultIntra8x8 =>
    [
        6, 10, 10, 13, 11, 13, 16, 16, 16, 16, 18, 18, 18, 18, 18, 23,
        23, 23, 23, 23, 23, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27,
        27, 27, 27, 27, 29, 29, 29, 29, 29, 29, 29, 31, 31, 31, 31, 31,
        31, 33, 33, 33, 33, 33, 36, 36, 36, 36, 38, 38, 38, 40, 40, 42,
    ];
    private static ReadOnlySpan<byte> DefaultInter8x8 =>
    [
        9, 13, 13, 15, 13, 15, 17, 17, 17, 17, 19, 19, 19, 19, 19, 21,
        21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 24, 24, 24, 24,
        24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 27, 27, 27, 27, 27,
        27, 28, 28, 28, 28, 28, 30, 30, 30, 30, 32, 32, 32, 33, 33, 35,
    ];

    /// <summary>Flat_4x4_16 and Flat_8x8_16.</summary>
    public static void SetFlat(ref V4L2CtrlH264ScalingMatrix m)
    {
        fixed (V4L2CtrlH264ScalingMatrix* p = &m)
            new Span<byte>(p, sizeof(V4L2CtrlH264ScalingMatrix)).Fill(16);
    }

    /// <summary>Reads the lists that are coded; the others follow the fall-back rules (table 7-2).</summary>
    /// <param name="r">At the first scaling_list_present_flag.</param>
    /// <param name="m">Receives all 12 lists.</param>
    /// <param name="coded">Lists with a present flag: 6, 8 or 12.</param>
    /// <param name="fallback">The SPS's lists for rule set B; null for rule set A.</param>
    public static void Read(ref H264SyntaxReader r, ref V4L2CtrlH264ScalingMatrix m, int coded, V4L2CtrlH264ScalingMatrix* fallback)
    {
        fixed (V4L2CtrlH264ScalingMatrix* p = &m)
        {
            for (int i = 0; i < 12; i++)
            {
                bool present = i < coded && r.Flag("scaling_list_present_flag");
                Span<byte> list = List(p, i);
                if (present)
                {
                    if (ReadList(ref r, list))
                        SetDefault(list, i);
                }
                else if (i is 0 or 3 or 6 or 7)
                {
                    if (fallback != null)
                        List(fallback, i).CopyTo(list);
                    else
                        SetDefault(list, i);
                }
                else
                    List(p, i < 6 ? i - 1 : i - 2).CopyTo(list);
            }
        }
    }

    private static Span<byte> List(V4L2CtrlH264ScalingMatrix* m, int i) =>
        i < 6 ? new Span<byte>(m->ScalingList4x4 + 16 * i, 16) : new Span<byte>(m->ScalingList8x8 + 64 * (i - 6), 64);

    private static void SetDefault(Span<byte> list, int i)
    {
        ReadOnlySpan<byte> values = i < 3 ? DefaultIntra4x4 : i < 6 ? DefaultInter4x4 : (i & 1) == 0 ? DefaultIntra8x8 : DefaultInter8x8;
        ReadOnlySpan<byte> scan = i < 6 ? ZigZag4x4 : ZigZag8x8;
        for (int n = 0; n < scan.Length; n++)
            list[scan[n]] = values[n];
    }

    /// <summary>scaling_list(); true when it asks for the default list.</summary>
    private static bool ReadList(ref H264SyntaxReader r, Span<byte> list)
    {
        ReadOnlySpan<byte> scan = list.Length == 16 ? ZigZag4x4 : ZigZag8x8;
        int last = 8, next = 8;
        for (int j = 0; j < scan.Length; j++)
        {
            if (next != 0)
            {
                next = (last + r.Se(-128, 127, "delta_scale") + 256) & 255;
                if (j == 0 && next == 0)
                    return true;
            }
            if (next != 0)
                last = next;
            list[scan[j]] = (byte)last;
        }
        return false;
    }
}
