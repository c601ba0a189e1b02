// SPDX-License-Identifier: LGPL-2.1-or-later
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
    // Scan positions of coefficients that are not 0, from the last to the first.
    private readonly ushort* _notZero;

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
        byte* baseCdf = (byte*)(_cdf->CoeffBase + (txCtx * 2 + type) * 42 * 4), brCdf = (byte*)(_cdf->CoeffBr + (Math.Min(txCtx, 3) * 2 + type) * 21 * 4);
        int last = eob - 1, area = wLog2 + hLog2, lastCtx = last == 0 ? 0 : last <= 1 << area - 3 ? 1 : last <= 1 << area - 2 ? 2 : 3;
        ushort* lastCdf = _cdf->CoeffBaseEob + ((txCtx * 2 + type) * 4 + lastCtx) * 4;
        uint* positions = _positions[txClass * 19 + tx];
        // Levels lie column by column as the coefficients do, with four zeros below each column and four columns of zeros to the right.
        nint pitch = (1 << hLog2) + 4;
        int count = txClass switch
        {
            0 => ReadLevels<Class2D>(positions, last, pitch, baseCdf, brCdf, lastCdf),
            1 => ReadLevels<ClassHorizontal>(positions, last, pitch, baseCdf, brCdf, lastCdf),
            _ => ReadLevels<ClassVertical>(positions, last, pitch, baseCdf, brCdf, lastCdf),
        };
        Dequantise(t, count, positions, _coefficientPlaces[txClass * 19 + tx], wLog2, hLog2, type, signCtx, out cumulated, out dcCategory);
        _coefficientsUsed += 1 << area;
        // The levels are zero again for the next block.
        for (int i = 0, used = Av1ScanPositions.Largest(positions + last); i <= used; i += 32)
            Vector256<byte>.Zero.Store(_levels + i);
    }

    /// <summary>Levels of all coefficients; how many are not 0. Minima are written without branches: what they depend on is data.</summary>
    [SkipLocalsInit]
    private int ReadLevels<TClass>(uint* positions, int last, nint pitch, byte* baseCdf, byte* brCdf, ushort* lastCdf)
        where TClass : ITxClass
    {
        byte* levels = _levels;
        ushort* notZero = _notZero;
        uint* p = positions + last;
        // No other level is known yet.
        int level = 1 + _d.ReadSymbol4(lastCdf, 3), count = 1;
        levels[Av1ScanPositions.Index(p)] = level > 2 ? ReadHigh(brCdf + Av1ScanPositions.HighContext(p)) : (byte)(level * 0x41);
        notZero[0] = (ushort)last;
        var d = _d;
        // The first coefficient in two dimensions has a context of its own.
        for (int c = last - 1; c >= (TClass.Value == 0 ? 1 : 0); c--)
        {
            p = positions + c;
            byte* at = levels + Av1ScanPositions.Index(p);
            // Bytes, as they were stored: more at once would have to wait until the stores have left the core.
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
            level = d.Symbol4((ushort*)(baseCdf + Av1ScanPositions.BaseContext(p) + ctx * 8), 4);
            notZero[count] = (ushort)c;
            count += level + 3 >> 2;
            if (level > 2)
            {
                _d = d;
                *at = ReadHigh(brCdf + HighContext(near) + Av1ScanPositions.HighContext(p));
                d = _d;
            }
            else
            {
                *at = (byte)(level * 0x41);
            }
        }
        _d = d;
        if (TClass.Value == 0 && last > 0)
        {
            level = _d.ReadSymbol4((ushort*)baseCdf, 4);
            notZero[count] = 0;
            count += level + 3 >> 2;
            *levels = level > 2 ? ReadHigh(brCdf + HighContext(levels[1] + levels[pitch] + levels[pitch + 1])) : (byte)(level * 0x41);
        }
        return count;
    }

    /// <summary>Bytes to the CDF of coeff_br (8.3.2) that follow from the neighbours: 8 * Min((sum + 1) >> 1, 6).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint HighContext(int near)
    {
        int beyond = ((near & 63) + 1 >> 1) - 6;
        return (uint)(6 + (beyond & beyond >> 31)) * 8;
    }

    /// <summary>coeff_br, up to four symbols: the entry of a level of 3 and more. One of ten or more levels is so high: not part of the loop, which then has registers for its own.</summary>
    private byte ReadHigh(byte* cdf)
    {
        var d = _d;
        int level = 3, more;
        do
        {
            more = d.Symbol4((ushort*)cdf, 4);
            level += more;
        }
        while (more == 3 && level < 15);
        _d = d;
        return (byte)(level | 3 << 6);
    }

    /// <summary>A level of 15 and more: read_golomb (5.11.39) and what precedes it.</summary>
    private int ReadGolomb()
    {
        int length = 0;
        // 20 bits are the longest a conforming stream has; the limit keeps a broken one from running on.
        do
            length++;
        while (_d.ReadBit() == 0 && length <= 20);
        if (length > 20)
        {
            _corrupt = true;
            return 14;
        }
        int x = 1;
        for (int i = length - 2; i >= 0; i--)
            x = x << 1 | _d.ReadBit();
        return x + 14 & 0xfffff;
    }

    private interface ICoefficient
    {
        static abstract void Store(void* p, nint index, int value);
    }

    private readonly struct ShortCoefficient : ICoefficient
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(void* p, nint index, int value) => ((short*)p)[index] = (short)value;
    }

    private readonly struct IntCoefficient : ICoefficient
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(void* p, nint index, int value) => ((int*)p)[index] = value;
    }

    private void Dequantise(Av1TransformBlock* t, int count, uint* positions, ushort* places, int wLog2, int hLog2, int type, int signCtx, out int cumulated, out int dcCategory)
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
        void* to = (byte*)_sb->Coefficients + (nint)_coefficientsUsed * (_wide ? 4 : 2);
        if (_notZero[count - 1] == 0)
        {
            // Every scan begins with the first coefficient.
            count--;
            int level = *_levels & 15, sign = _d.ReadBool(_cdf->DcSign + (type * 3 + signCtx) * 2) ? -1 : 0;
            dcCategory = 2 + sign;
            if (level > 14)
                level = ReadGolomb();
            sum = level;
            int value = Dequantised(level, matrix == null ? _quant.Dc[plane] : _quant.Dc[plane] * matrix[0] + 16 >> 5, shift, sign);
            if (_wide)
                *(int*)to = value;
            else
                *(short*)to = (short)value;
        }
        if (count > 0)
        {
            int ac = _quant.Ac[plane];
            if (matrix != null)
                sum += DequantiseByMatrix(to, count, positions, places, matrix, wLog2, hLog2, ac, shift);
            else
                sum += _wide ? Dequantise<IntCoefficient>(to, count, positions, places, ac, shift) : Dequantise<ShortCoefficient>(to, count, positions, places, ac, shift);
        }
        cumulated = Math.Min(63, sum);
    }

    /// <summary>The quotient of 7.12.3 of a level with its sign (-1: negative), within 8 bits more than samples have.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Dequantised(int level, int quant, int shift, int sign)
    {
        int value = (int)((long)level * quant & 0xffffff) >> shift;
        // One more for negative values.
        return (Math.Min(value, (1 << 7 + _s->BitDepth) - 1 - sign) ^ sign) - sign;
    }

    /// <summary>All coefficients but the first; the sum of their levels.</summary>
    [SkipLocalsInit]
    private int Dequantise<T>(void* to, int count, uint* positions, ushort* places, int quant, int shift)
        where T : ICoefficient
    {
        byte* levels = _levels;
        ushort* begin = _notZero;
        int sum = 0;
        var d = _d;
        for (ushort* next = begin + count - 1; next >= begin; next--)
        {
            nint c = *next;
            int level = levels[Av1ScanPositions.Index(positions + c)] & 15, sign = -d.Bit(), value;
            if (level > 14)
            {
                _d = d;
                level = ReadGolomb();
                d = _d;
                value = Dequantised(level, quant, shift, sign);
            }
            else
            {
                // 14 times the largest entry of Ac_Qlookup (7.12.2) is within all limits at any bit depth.
                value = (level * quant >> shift ^ sign) - sign;
            }
            sum += level;
            T.Store(to, places[c], value);
        }
        _d = d;
        return sum;
    }

    private int DequantiseByMatrix(void* to, int count, uint* positions, ushort* places, byte* matrix, int wLog2, int hLog2, int quant, int shift)
    {
        int sum = 0;
        while (--count >= 0)
        {
            int c = _notZero[count], level = _levels[Av1ScanPositions.Index(positions + c)] & 15, sign = -_d.ReadBit(), index = places[c];
            if (level > 14)
                level = ReadGolomb();
            sum += level;
            int value = Dequantised(level, quant * matrix[((index & (1 << hLog2) - 1) << wLog2) + (index >> hLog2)] + 16 >> 5, shift, sign);
            if (_wide)
                ((int*)to)[index] = value;
            else
                ((short*)to)[index] = (short)value;
        }
        return sum;
    }
}
