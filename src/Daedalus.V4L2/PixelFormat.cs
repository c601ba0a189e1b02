// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2;

/// <summary>Four-character codes of coded and picture formats, as V4L2 has them; private codes as in native/include/daedalus.h.</summary>
public static class PixelFormat
{
    /// <summary>V4L2_PIX_FMT_VP9_FRAME.</summary>
    public const uint Vp9Frame = 'V' | 'P' << 8 | '9' << 16 | 'F' << 24;
    /// <summary>V4L2_PIX_FMT_H264_SLICE.</summary>
    public const uint H264Slice = 'S' | '2' << 8 | '6' << 16 | '4' << 24;
    /// <summary>V4L2_PIX_FMT_AV1_FRAME.</summary>
    public const uint Av1Frame = 'A' | 'V' << 8 | '1' << 16 | 'F' << 24;

    /// <summary>Planar 4:2:0, 8 bits (V4L2_PIX_FMT_YUV420).</summary>
    public const uint Yuv420 = 'Y' | 'U' << 8 | '1' << 16 | '2' << 24;
    /// <summary>Semi-planar 4:2:0, 8 bits.</summary>
    public const uint Nv12 = 'N' | 'V' << 8 | '1' << 16 | '2' << 24;
    /// <summary>Semi-planar 4:2:0, 10 bits in the high bits of 16.</summary>
    public const uint P010 = 'P' | '0' << 8 | '1' << 16 | '0' << 24;

    /// <summary>Planar format of the engine: subsampling shifts 0..1, depth 8, 9, 10, 12 or 14; samples above 8 bits are little-endian ushort.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Another depth.</exception>
    public static uint Planar(int subsamplingX, int subsamplingY, int bitDepth)
    {
        if (bitDepth == 8 && subsamplingX == 1 && subsamplingY == 1)
            return Yuv420;
        uint s = (subsamplingX, subsamplingY) switch { (1, 1) => '0', (1, 0) => '2', (0, 1) => '3', _ => (uint)'4' };
        uint d = bitDepth switch { 8 => '8', 9 => '9', 10 => 'A', 12 => 'C', 14 => 'E', _ => throw new ArgumentOutOfRangeException(nameof(bitDepth)) };
        return 'D' | s << 8 | d << 16 | (uint)'P' << 24;
    }

    /// <summary>Whether a list has a code.</summary>
    public static bool IsIn(IReadOnlyList<uint> codes, uint code)
    {
        for (int i = 0; i < codes.Count; i++)
        {
            if (codes[i] == code)
                return true;
        }
        return false;
    }

    /// <summary>The code as text, for messages.</summary>
    public static string ToText(uint fourcc) => string.Create(4, fourcc, static (s, f) =>
    {
        for (int i = 0; i < 4; i++)
            s[i] = (char)(f >> (8 * i) & 0x7f);
    });
}
