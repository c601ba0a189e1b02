// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>Affine warps: least squares fit of a block's neighbours (7.11.3.8) and the shear form the warp filter works with (7.11.3.6).</summary>
public static unsafe class Av1Warp
{
    private const int PrecisionBits = 16;
    private const int DivLutBits = 8;
    private const int DivLutPrecisionBits = 14;
    private const int ReduceBits = 6;
    private const int LsMvMax = 256;
    private const int TransClamp = 1 << 23;
    private const int NonDiagAffineClamp = 1 << 13;

    /// <summary>Setup shear process (7.11.3.6).</summary>
    /// <param name="warpParams">Six parameters.</param>
    /// <param name="shear">Receives alpha, beta, gamma, delta; meaningful when the result is true.</param>
    /// <returns>warpValid.</returns>
    public static bool SetupShear(int* warpParams, short* shear)
    {
        // A reference's parameters are checked nowhere else; a divisor of 0 has no entry in the table.
        if (warpParams[2] <= 0)
        {
            shear[0] = shear[1] = shear[2] = shear[3] = 0;
            return false;
        }
        ResolveDivisor(warpParams[2], out int divShift, out int divFactor);
        int alpha = Reduce(warpParams[2] - (1L << PrecisionBits));
        int beta = Reduce(warpParams[3]);
        long v = (long)warpParams[4] << PrecisionBits;
        int gamma = Reduce(Av1MotionVector.Round2Signed(v * divFactor, divShift));
        long w = (long)warpParams[3] * warpParams[4];
        int delta = Reduce(warpParams[5] - Av1MotionVector.Round2Signed(w * divFactor, divShift) - (1 << PrecisionBits));
        shear[0] = (short)alpha;
        shear[1] = (short)beta;
        shear[2] = (short)gamma;
        shear[3] = (short)delta;
        return 4 * Math.Abs(alpha) + 7 * Math.Abs(beta) < 1 << PrecisionBits && 4 * Math.Abs(gamma) + 4 * Math.Abs(delta) < 1 << PrecisionBits;
    }

    // Clip to 16 bits, then drop the low bits with rounding. 32767 becomes 32768: too large for a short, but then the warp is not valid.
    private static int Reduce(long value)
        => (int)Av1MotionVector.Round2Signed(Math.Clamp(value, short.MinValue, short.MaxValue), ReduceBits) * (1 << ReduceBits);

    /// <summary>Resolve divisor process (7.11.3.7).</summary>
    private static void ResolveDivisor(long d, out int divShift, out int divFactor)
    {
        ulong magnitude = (ulong)Math.Abs(d);
        int n = BitOperations.Log2(magnitude);
        long e = (long)(magnitude - (1UL << n));
        int f = (int)(n > DivLutBits ? (e + (1L << (n - DivLutBits - 1))) >> (n - DivLutBits) : e << (DivLutBits - n));
        divShift = n + DivLutPrecisionBits;
        divFactor = d < 0 ? -Av1MotionTables.DivLut[f] : Av1MotionTables.DivLut[f];
    }

    /// <summary>Warp estimation process (7.11.3.8), followed by the test of its shear (7.11.3.1).</summary>
    /// <param name="s">Frame.</param>
    /// <param name="b">Block: MiRow, MiCol, Size and Mv[0] are read.</param>
    /// <param name="samples">Samples of the block.</param>
    /// <param name="localWarp">Receives LocalWarpParams (6); meaningful when the result is true.</param>
    /// <returns>LocalValid: there is a fit, and its shear is valid.</returns>
    public static bool Estimate(Av1FrameState* s, Av1Block* b, Av1WarpSamples* samples, int* localWarp)
    {
        int midY = b->MiRow * 4 + Av1Tables.Num4x4BlocksHigh[(int)b->Size] * 2 - 1;
        int midX = b->MiCol * 4 + Av1Tables.Num4x4BlocksWide[(int)b->Size] * 2 - 1;
        int mvRow = Av1MotionVector.Row(b->Mv[0]), mvCol = Av1MotionVector.Col(b->Mv[0]);
        int suy = midY * 8, sux = midX * 8, duy = suy + mvRow, dux = sux + mvCol;
        long a00 = 0, a01 = 0, a11 = 0, bx0 = 0, bx1 = 0, by0 = 0, by1 = 0;
        for (int i = 0; i < samples->Count; i++)
        {
            int* c = samples->Candidates + i * 4;
            int sy = c[0] - suy, sx = c[1] - sux, dy = c[2] - duy, dx = c[3] - dux;
            if (Math.Abs(sx - dx) >= LsMvMax || Math.Abs(sy - dy) >= LsMvMax)
                continue;
            a00 += Product(sx, sx) + 8;
            a01 += Product(sx, sy) + 4;
            a11 += Product(sy, sy) + 8;
            bx0 += Product(sx, dx) + 8;
            bx1 += Product(sy, dx) + 4;
            by0 += Product(sx, dy) + 4;
            by1 += Product(sy, dy) + 8;
        }
        long det = a00 * a11 - a01 * a01;
        if (det == 0)
            return false;
        ResolveDivisor(det, out int divShift, out int divFactor);
        divShift -= PrecisionBits;
        if (divShift < 0)
        {
            divFactor <<= -divShift;
            divShift = 0;
        }
        localWarp[2] = Divide(a11 * bx0 - a01 * bx1, divFactor, divShift, 1 << PrecisionBits);
        localWarp[3] = Divide(-a01 * bx0 + a00 * bx1, divFactor, divShift, 0);
        localWarp[4] = Divide(a11 * by0 - a01 * by1, divFactor, divShift, 0);
        localWarp[5] = Divide(-a01 * by0 + a00 * by1, divFactor, divShift, 1 << PrecisionBits);
        long vx = (long)mvCol * (1 << (PrecisionBits - 3)) - ((long)midX * (localWarp[2] - (1 << PrecisionBits)) + (long)midY * localWarp[3]);
        long vy = (long)mvRow * (1 << (PrecisionBits - 3)) - ((long)midX * localWarp[4] + (long)midY * (localWarp[5] - (1 << PrecisionBits)));
        localWarp[0] = (int)Math.Clamp(vx, -TransClamp, TransClamp - 1);
        localWarp[1] = (int)Math.Clamp(vy, -TransClamp, TransClamp - 1);
        short* shear = stackalloc short[4];
        return SetupShear(localWarp, shear);
    }

    private static long Product(int a, int b) => ((a * b) >> 2) + (a + b);

    // diag (about 1 << 16) and nondiag (about 0). A and B have at most 24 bits each, their products with the factor fit in 64.
    private static int Divide(long v, int divFactor, int divShift, int about)
        => (int)Math.Clamp(Av1MotionVector.Round2Signed(v * divFactor, divShift), about - NonDiagAffineClamp + 1, about + NonDiagAffineClamp - 1);
}
