// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>Fills the tables of a <see cref="H264EntropyContext"/>: where coefficients go, states of CABAC.</summary>
internal static unsafe class H264EntropyTables
{
    /// <summary>Offset in <see cref="H264EntropyContext.CabacTables"/> of the next state: [s] behind the MPS, [~s] behind the LPS.</summary>
    public const int CabacNext = 1024 + 128;

    /// <summary>Places in <see cref="H264EntropyContext.Scans"/>: 4×4 zigzag, 4×4 field, 8×8 zigzag, 8×8 field, chroma DC of 4:2:0 and 4:2:2. Of an entry the low byte is the place in the coefficient
    /// buffer (columns first), the high byte the raster position by which scaling is looked up.</summary>
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

    // First contexts by ctxBlockCat 0..13 (tables 9-34, 9-40).
    private static ReadOnlySpan<short> CodedBlockContext => [85, 89, 93, 97, 101, 1012, 460, 464, 468, 1016, 472, 476, 480, 1020];
    private static ReadOnlySpan<short> SignificantContext =>
    [
        105, 120, 134, 149, 152, 402, 484, 499, 513, 660, 528, 543, 557, 718,
        277, 292, 306, 321, 324, 436, 776, 791, 805, 675, 820, 835, 849, 733,
    ];
    private static ReadOnlySpan<short> LastContext =>
    [
        166, 181, 195, 210, 213, 417, 572, 587, 601, 690, 616, 631, 645, 748,
        338, 353, 367, 382, 385, 451, 864, 879, 893, 699, 908, 923, 937, 757,
    ];
    private static ReadOnlySpan<short> LevelContext => [227, 237, 247, 257, 266, 426, 952, 962, 972, 708, 982, 992, 1002, 766];

    // maxNumCoeff - 1 (table 9-42).
    private static ReadOnlySpan<short> LastIndex => [15, 14, 15, 3, 14, 63, 15, 14, 15, 63, 15, 14, 15, 63];

    /// <summary>Fills the tables.</summary>
    public static void Fill(H264EntropyContext* c)
    {
        byte* m = c->CabacTables;
        for (int s = 0; s < 128; s++)
        {
            int p = s >> 1, mps = s & 1;
            ReadOnlySpan<byte> row = H264CabacTables.RangeLps.Slice(p * 4, 4);
            ((ulong*)m)[s] = (ulong)row[0] << 23 | (ulong)row[1] << 31 | (ulong)row[2] << 39 | (ulong)row[3] << 47;
            // transIdxMPS saturates at 62; 63 is the state of terminating bins and stays.
            m[CabacNext + s] = (byte)((p < 62 ? p + 1 : p) << 1 | mps);
            int lpsMps = p == 0 ? 1 - mps : mps;
            m[CabacNext + ~s] = (byte)(H264CabacTables.NextLps[p] << 1 | lpsMps);
        }
        FillZigzag(c->Scans + Zigzag4x4, 4);
        FillZigzag(c->Scans + Zigzag8x8, 8);
        for (int i = 0; i < 16; i++)
            c->Scans[Field4x4 + i] = Entry(FieldScan4x4[i], 4);
        for (int i = 0; i < 64; i++)
            c->Scans[Field8x8 + i] = Entry(FieldScan8x8[i], 8);
        // Spec 8.5.11.1: c of 4:2:0 in raster order, of 4:2:2 as (8-330).
        ReadOnlySpan<byte> dc422 = [0, 2, 1, 4, 6, 3, 5, 7];
        for (int i = 0; i < 4; i++)
            c->Scans[Dc420 + i] = (ushort)i;
        for (int i = 0; i < 8; i++)
            c->Scans[Dc422 + i] = dc422[i];
        for (int i = 0; i < 64; i++)
        {
            c->FlatScale[i] = 16;
            c->FlatScale[64 + i] = 64;
        }
        for (int b = 0; b < 16; b++)
        {
            int x = (b & 1) + ((b >> 2) & 1) * 2, y = ((b >> 1) & 1) + (b >> 3) * 2;
            c->CacheOffset[b] = (byte)((y + 1) * 8 + x + 4);
        }
        for (int i = 0; i < 128; i++)
            c->Significant8x8[i] = H264CabacTables.Significant8x8[i];
        for (int i = 0; i < 64; i++)
            c->Significant8x8[128 + i] = H264CabacTables.Last8x8[i];
        for (int i = 0; i < 7; i++)
            c->SignificantDc422[i] = (byte)Math.Min(i >> 1, 2);
        for (int i = 0; i < 28; i++)
        {
            c->SignificantContext[i] = SignificantContext[i];
            c->LastContext[i] = LastContext[i];
            if (i >= 14)
                continue;
            c->CodedBlockContext[i] = CodedBlockContext[i];
            c->LevelContext[i] = LevelContext[i];
            c->LastIndex[i] = LastIndex[i];
        }
        H264CavlcLookup.Make();
        c->CoeffToken = H264CavlcLookup.CoeffToken;
        c->TotalZeros = H264CavlcLookup.TotalZeros;
        c->TotalZerosDc420 = H264CavlcLookup.TotalZerosDc420;
        c->TotalZerosDc422 = H264CavlcLookup.TotalZerosDc422;
        c->RunBefore = H264CavlcLookup.RunBefore;
        c->TableOfCount = H264CavlcLookup.TableOfCount;
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
