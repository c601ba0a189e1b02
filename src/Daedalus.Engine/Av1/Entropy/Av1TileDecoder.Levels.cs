// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// coeffs() (5.11.39): levels from the last to the first, then signs, Golomb parts and dequantisation (7.12.3) in the other direction. An entry of the array of levels is the level (1..15) with
/// Min(level, 3) in bits 6 and 7, so that one sum of neighbours serves both contexts.
/// </summary>
public sealed unsafe partial class Av1TileDecoder
{
    private readonly uint** _positions;
    private readonly ushort** _coefficientPlaces;
    // Bit c: the coefficient at scan position c is not 0.
    private readonly ulong* _present;

    private interface ITxClass
    {
        /// <summary>0 2D, 1 horizontal, 2 vertical.</summary>
        static abstract int Value { get; }
    }

    private readonly struct Class2D : ITxClass
    {
        public static int Value => 0;
    }

    private readonly struct ClassHorizontal : ITxClass
    {
        public static int Value => 1;
    }

    private readonly struct ClassVertical : ITxClass
    {
        public static int Value => 2;
    }

    private void ReadCoefficients(Av1TransformBlock* t, int txCtx, int type, int signCtx, out int cumulated, out int dcCategory)
    {
        int tx = (int)t->TxSize, adjusted = Av1Tables.AdjustedTxSize[tx], txType = (int)t->TxType;
        int wLog2 = Av1Tables.TxWidthLog2[adjusted], hLog2 = Av1Tables.TxHeightLog2[adjusted];
        // V_DCT, V_ADST, V_FLIPADST: vertical; H_*: horizontal (get_tx_class, 8.3.2).
        int txClass = txType < 10 ? 0 : (txType & 1) != 0 ? 1 : 2;
        int eob = ReadEob(tx, txCtx, type, txClass);
        t->Eob = (ushort)eob;
        ushort* baseCdf = _cdf->CoeffBase + (txCtx * 2 + type) * 42 * 4, brCdf = _cdf->CoeffBr + (Math.Min(txCtx, 3) * 2 + type) * 21 * 4;
        int last = eob - 1, area = wLog2 + hLog2, lastCtx = last == 0 ? 0 : last <= 1 << area - 3 ? 1 : last <= 1 << area - 2 ? 2 : 3;
        ushort* lastCdf = _cdf->CoeffBaseEob + ((txCtx * 2 + type) * 4 + lastCtx) * 4;
        uint* positions = _positions[txClass * 19 + tx];
        // Levels lie column by column as the coefficients do, with four zeros below each column and four columns of zeros to the right.
        nint pitch = (1 << hLog2) + 4;
        int used = txClass switch
        {
            0 => ReadLevels<Class2D>(positions, last, pitch, baseCdf, brCdf, lastCdf),
            1 => ReadLevels<ClassHorizontal>(positions, last, pitch, baseCdf, brCdf, lastCdf),
            _ => ReadLevels<ClassVertical>(positions, last, pitch, baseCdf, brCdf, lastCdf),
        };
        Dequantise(t, last, positions, _coefficientPlaces[txClass * 19 + tx], wLog2, hLog2, type, signCtx, out cumulated, out dcCategory);
        _coefficientsUsed += 1 << area;
        // The levels are zero again for the next block.
        for (int i = 0; i < used; i += 32)
            Vector256<byte>.Zero.Store(_levels + i);
    }

    /// <summary>Levels of all coefficients; how much of the array is in use. Minima are written without branches: what they depend on is data.</summary>
    [SkipLocalsInit]
    private int ReadLevels<TClass>(uint* positions, int last, nint pitch, ushort* baseCdf, ushort* brCdf, ushort* lastCdf)
        where TClass : ITxClass
    {
        var d = _d;
        byte* levels = _levels;
        uint place = positions[last];
        int level = 1 + d.Symbol4(lastCdf, 3), used = Av1ScanPositions.Largest(place) + 1;
        // No other level is known yet.
        levels[Av1ScanPositions.Index(place)] = level > 2 ? High(ref d, brCdf + Av1ScanPositions.HighContext(place) * 4) : (byte)(level * 0x41);
        ulong present = 1;
        if ((last & 63) == 0)
        {
            _present[last >> 6] = present;
            present = 0;
        }
        for (int c = last - 1; c >= 0; c--)
        {
            place = positions[c];
            byte* at = levels + Av1ScanPositions.Index(place);
            int near = at[1] + at[pitch], all;
            if (TClass.Value == 0)
            {
                near += at[pitch + 1];
                all = near + at[2] + at[2 * pitch];
            }
            else if (TClass.Value == 1)
            {
                near += at[2 * pitch];
                all = near + at[3 * pitch] + at[4 * pitch];
            }
            else
            {
                near += at[2];
                all = near + at[3] + at[4];
            }
            // Min((sum + 1) >> 1, 4) from a table of nibbles. The sum of five levels reaches into bit 6 only when the context is at its limit anyway.
            uint ctx = (uint)(0x444443210UL >> (all + 64 >> 5 & 0x3c)) & 15;
            ctx += Av1ScanPositions.BaseContext(place);
            if (TClass.Value == 0 && c == 0)
                ctx = 0;
            level = d.Symbol4(baseCdf + ctx * 4, 4);
            present = present << 1 | (uint)(-level >>> 31);
            if (level > 2)
            {
                // Min(.., 6)
                int beyond = ((near & 63) + 1 >> 1) - 6;
                *at = High(ref d, brCdf + ((uint)(6 + (beyond & beyond >> 31)) + Av1ScanPositions.HighContext(place)) * 4);
            }
            else
            {
                *at = (byte)(level * 0x41);
            }
            if ((c & 63) == 0)
            {
                _present[c >> 6] = present;
                present = 0;
            }
        }
        _d = d;
        return used;
    }

    /// <summary>coeff_br, up to four symbols: the entry of a level of 3 and more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte High(ref Av1SymbolDecoder d, ushort* cdf)
    {
        int level = 3 | 3 << 6, more;
        do
        {
            more = d.Symbol4(cdf, 4);
            level += more;
        }
        while (more == 3 && level < (15 | 3 << 6));
        return (byte)level;
    }

    /// <summary>read_golomb (5.11.39) plus 1; 0 when it is longer than can be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadGolomb(ref Av1SymbolDecoder d)
    {
        int length = 0;
        // 20 bits are the longest a conforming stream has; the limit keeps a broken one from running on.
        do
            length++;
        while (d.Bit() == 0 && length <= 20);
        if (length > 20)
            return 0;
        int x = 1;
        for (int i = length - 2; i >= 0; i--)
            x = x << 1 | d.Bit();
        return x;
    }

    [SkipLocalsInit]
    private void Dequantise(Av1TransformBlock* t, int last, uint* positions, ushort* places, int wLog2, int hLog2, int type, int signCtx, out int cumulated, out int dcCategory)
    {
        int tx = (int)t->TxSize, plane = t->Plane, sum = 0;
        dcCategory = 0;
        // dqDenom (7.12.3): by the number of samples.
        int area = Av1Tables.TxWidthLog2[tx] + Av1Tables.TxHeightLog2[tx], shift = area > 10 ? 2 : area > 8 ? 1 : 0;
        byte* matrix = null;
        ref V4L2Av1Quantization q = ref _s->Frame.Quantization;
        if ((q.Flags & Av1QuantizationFlags.UsingQmatrix) != 0 && !_lossless && t->TxType < Av1TxType.Identity)
        {
            int level = plane == 0 ? q.QmY : plane == 1 ? q.QmU : q.QmV;
            if (level < 15)
                matrix = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Av1EntropyTables.QuantizerMatrix)) + (level * 2 + type) * 3344 + Av1EntropyTables.QmOffset[tx];
        }
        int max = (1 << 7 + _s->BitDepth) - 1, ac = _quant.Ac[plane], dc = _quant.Dc[plane];
        void* to = (byte*)_sb->Coefficients + (nint)_coefficientsUsed * (_wide ? 4 : 2);
        byte* levels = _levels;
        bool wide = _wide;
        var d = _d;
        for (int first = 0; first <= last; first += 64)
        {
            for (ulong bits = _present[first >> 6]; bits != 0; bits &= bits - 1)
            {
                int c = first + BitOperations.TrailingZeroCount(bits);
                int level = levels[Av1ScanPositions.Index(positions[c])] & 15, quant = ac;
                bool negative;
                if (c == 0)
                {
                    // Every scan begins with the first coefficient.
                    negative = d.Bool(_cdf->DcSign + (type * 3 + signCtx) * 2);
                    dcCategory = negative ? 1 : 2;
                    quant = dc;
                }
                else
                {
                    negative = d.Bit() != 0;
                }
                if (level > 14)
                {
                    int more = ReadGolomb(ref d);
                    _corrupt |= more == 0;
                    level = more + 14 & 0xfffff;
                }
                sum += level;
                nint index = places[c];
                if (matrix != null)
                    quant = quant * matrix[((index & (1 << hLog2) - 1) << wLog2) + (index >> hLog2)] + 16 >> 5;
                int value = (int)((long)level * quant & 0xffffff) >> shift, sign = negative ? -1 : 0;
                // max for positive values, max + 1 for negative ones.
                value = (Math.Min(value, max - sign) ^ sign) - sign;
                if (wide)
                    ((int*)to)[index] = value;
                else
                    ((short*)to)[index] = (short)value;
            }
        }
        _d = d;
        cumulated = Math.Min(63, sum);
    }
}
