// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>Tables of entropy decoding in native memory, made once: where coefficients go, states of CABAC, shapes of macroblocks.</summary>
internal static unsafe class H264EntropyTables
{
    /// <summary>Offset in <see cref="Cabac"/> of the next state: [s] behind the MPS, [~s] behind the LPS.</summary>
    public const int CabacNext = 512 + 128;

    /// <summary>128 packed rows of rangeTabLPS (one byte for each qCodIRangeIdx), then the state transitions.</summary>
    public static readonly byte* Cabac;
    /// <summary>
    /// Inverse scans: low byte the place in the coefficient buffer (columns first), high byte the raster position by which scaling is looked up. Order: <see cref="Zigzag4x4"/> …
    /// </summary>
    public static readonly ushort* Scans;
    /// <summary>All 64 entries 16 (scales nothing at 4×4: spec 8.5.12.1 with level * 16 >> 4), then 64 entries 64 (8×8).</summary>
    public static readonly int* FlatScale;
    /// <summary>Offset in a cache of stride 8 (first column at 4, first row at 1) of each 4×4 block in decoding order.</summary>
    public static readonly byte* CacheOffset;
    /// <summary>8×8 significance and last offsets: [field * 64 + i], then 64 of last.</summary>
    public static readonly byte* Significant8x8;

    /// <summary>Places in <see cref="Scans"/>: 4×4 zigzag, 4×4 field, 8×8 zigzag, 8×8 field, chroma DC of 4:2:0 and 4:2:2.</summary>
    public const int Zigzag4x4 = 0, Field4x4 = 16, Zigzag8x8 = 32, Field8x8 = 96, Dc420 = 160, Dc422 = 164;

    // Table 8-2 / figure 8-8: field scans as y * n + x.
    private static ReadOnlySpan<byte> FieldScan4x4 => [0, 4, 1, 8, 12, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

    // Table 8-3 (figure 8-9): idx to (x, y) of the field scan, as y * 8 + x.
    private static ReadOnlySpan<byte> FieldScan8x8 =>
    [
        0, 8, 16, 1, 9, 24, 32, 17, 2, 25, 40, 48, 56, 33, 10, 3,
        18, 41, 49, 57, 26, 11, 4, 19, 34, 42, 50, 58, 27, 12, 5, 20,
        35, 43, 51, 59, 28, 13, 6, 21, 36, 44, 52, 60, 29, 14, 22, 37,
        45, 53, 61, 30, 7, 15, 38, 46, 54, 62, 23, 31, 39, 47, 55, 63,
    ];

    static H264EntropyTables()
    {
        byte* m = (byte*)NativeMemory.AlignedAlloc(4096, 64);
        NativeMemory.Clear(m, 4096);
        Cabac = m;
        for (int s = 0; s < 128; s++)
        {
            int p = s >> 1, mps = s & 1;
            ReadOnlySpan<byte> row = H264CabacTables.RangeLps.Slice(p * 4, 4);
            ((uint*)m)[s] = row[0] | (uint)row[1] << 8 | (uint)row[2] << 16 | (uint)row[3] << 24;
            // transIdxMPS saturates at 62; 63 is the state of terminating bins and stays.
            m[CabacNext + s] = (byte)((p < 62 ? p + 1 : p) << 1 | mps);
            int lpsMps = p == 0 ? 1 - mps : mps;
            m[CabacNext + ~s] = (byte)(H264CabacTables.NextLps[p] << 1 | lpsMps);
        }
        Scans = (ushort*)(m + 1024);
        FillZigzag(Scans + Zigzag4x4, 4);
        FillZigzag(Scans + Zigzag8x8, 8);
        for (int i = 0; i < 16; i++)
            Scans[Field4x4 + i] = Entry(FieldScan4x4[i], 4);
        for (int i = 0; i < 64; i++)
            Scans[Field8x8 + i] = Entry(FieldScan8x8[i], 8);
        // Spec 8.5.11.1: c of 4:2:0 in raster order, of 4:2:2 as (8-330).
        ReadOnlySpan<byte> dc422 = [0, 2, 1, 4, 6, 3, 5, 7];
        for (int i = 0; i < 4; i++)
            Scans[Dc420 + i] = (ushort)i;
        for (int i = 0; i < 8; i++)
            Scans[Dc422 + i] = dc422[i];
        FlatScale = (int*)(m + 2048);
        for (int i = 0; i < 64; i++)
        {
            FlatScale[i] = 16;
            FlatScale[64 + i] = 64;
        }
        CacheOffset = m + 2048 + 512;
        for (int b = 0; b < 16; b++)
        {
            int x = (b & 1) + ((b >> 2) & 1) * 2, y = ((b >> 1) & 1) + (b >> 3) * 2;
            CacheOffset[b] = (byte)((y + 1) * 8 + x + 4);
        }
        Significant8x8 = m + 2048 + 576;
        for (int i = 0; i < 128; i++)
            Significant8x8[i] = H264CabacTables.Significant8x8[i];
        for (int i = 0; i < 64; i++)
            Significant8x8[128 + i] = H264CabacTables.Last8x8[i];
    }

    private static ushort Entry(int raster, int n)
    {
        int x = raster % n, y = raster / n;
        return (ushort)(raster << 8 | (x * n + y));
    }

    private static void FillZigzag(ushort* to, int n)
    {
        int x = 0, y = 0;
        bool up = true;
        for (int i = 0; i < n * n; i++)
        {
            to[i] = Entry(y * n + x, n);
            if (up)
            {
                if (x == n - 1) { y++; up = false; }
                else if (y == 0) { x++; up = false; }
                else { x++; y--; }
            }
            else
            {
                if (y == n - 1) { x++; up = true; }
                else if (x == 0) { y++; up = true; }
                else { x--; y++; }
            }
        }
    }
}
