// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Engine.Av1;

/// <summary>
/// The symbol decoder (8.2). The window holds SymbolValue in its upper 16 bits and the bits to come, inverted, below: the padding zeros after the data (8.2.2) are ones here. SymbolRange stands in the upper
/// 16 bits too, with zeros below.
/// CDFs are laid out as <see cref="Av1CdfContext"/> says. Hot loops work on a copy in a local variable, which the compiler keeps in registers: what they call must be inlined or take values only.
/// </summary>
public unsafe struct Av1SymbolDecoder
{
    private ulong _window, _range;
    private int _ahead;
    private bool _adapt;
    // _next runs on beyond _end where padding is read.
    private byte* _next, _end, _start;
    // The last 8 bytes of the data, big endian.
    private ulong _last;

    /// <summary>init_symbol (8.2.2).</summary>
    public void Begin(byte* data, int size, bool adapt)
    {
        _start = _next = data;
        _end = data + size;
        _last = 0;
        for (int i = Math.Max(0, size - 8); i < size; i++)
            _last = _last << 8 | data[i];
        _window = 0;
        _range = 1UL << 63;
        _ahead = -15;
        _adapt = adapt;
        Refill();
    }

    /// <summary>SymbolMaxBits: bits left, negative once padding has been used.</summary>
    public readonly int MaxBits => 8 * (int)(_end - _next) + _ahead;

    /// <summary>The data was too short: exit_symbol demands SymbolMaxBits of at least -14 (8.2.4).</summary>
    public readonly bool Overrun => MaxBits < -14;

    /// <summary>The padding rule of exit_symbol (8.2.4): a one bit and then zeros up to the end.</summary>
    public readonly bool PaddingIsValid
    {
        get
        {
            long size = _end - _start, position = 8 * size - MaxBits - 15;
            if (MaxBits < -14)
                return false;
            long i = position >> 3;
            int first = _start[i] & 0xff >> (int)(position & 7);
            if (first != 0x80 >> (int)(position & 7))
                return false;
            for (i++; i < size; i++)
            {
                if (_start[i] != 0)
                    return false;
            }
            return true;
        }
    }

    /// <summary>Called with -15 to -1 bits ahead, leaves 41 to 48. The window then holds a few bits more than are counted; they are the right ones and come once again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Refill()
    {
        long left = _end - _next;
        ulong bits;
        if (left >= 8)
            bits = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(_next));
        else
            bits = left > 0 ? _last << (int)(64 - 8 * left) : 0;
        int bytes = (48 - _ahead) >> 3;
        _window |= ~bits >> (16 + _ahead);
        _next += bytes;
        _ahead += 8 * bytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Renormalize(ulong range)
    {
        int bits = BitOperations.LeadingZeroCount(range);
        _range = range << bits;
        _window <<= bits;
        _ahead -= bits;
        if (_ahead < 0)
            Refill();
    }

    /// <summary>read_bool (8.2.3): both values equally probable.</summary>
    public int ReadBit() => Bit();

    /// <summary><see cref="ReadBit"/> for hot loops, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Bit()
    {
        ulong threshold = (_range >> 1 & 0x7f80UL << 48) + (4UL << 48);
        // The second symbol's interval is the lower one.
        int bit = _window < threshold ? 1 : 0;
        ulong mask = (ulong)(bit - 1);
        _window -= threshold & mask;
        ulong rest = _range - threshold;
        Renormalize(threshold ^ ((threshold ^ rest) & mask));
        return bit;
    }

    /// <summary>read_literal (8.2.5).</summary>
    public int ReadLiteral(int n)
    {
        int x = 0;
        for (int i = 0; i < n; i++)
            x = 2 * x + ReadBit();
        return x;
    }

    /// <summary>NS(n) (4.10.10).</summary>
    public int ReadNonSymmetric(int n)
    {
        int w = BitOperations.Log2((uint)n) + 1, m = (1 << w) - n, v = ReadLiteral(w - 1);
        return v < m ? v : (v << 1) - m + ReadBit();
    }

    /// <summary>A symbol of two values with a given inverse probability, without adaptation.</summary>
    public bool ReadFixed(uint inverse)
    {
        ulong threshold = (ulong)(((uint)(_range >> 56) * (inverse >> 6) >> 1) + 4) << 48;
        if (_window < threshold)
        {
            Renormalize(threshold);
            return true;
        }
        _window -= threshold;
        Renormalize(_range - threshold);
        return false;
    }

    /// <summary>read_symbol with two values.</summary>
    public bool ReadBool(ushort* cdf) => Bool(cdf);

    /// <summary><see cref="ReadBool"/> for hot loops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Bool(ushort* cdf)
    {
        uint f = cdf[0];
        ulong threshold = (ulong)(((uint)(_range >> 56) * (f >> 6) >> 1) + 4) << 48;
        uint count = cdf[1];
        int rate = 4 + (int)(count >> 4);
        bool symbol = _window < threshold;
        if (_adapt)
        {
            cdf[0] = (ushort)(symbol ? f + (32768 - f >> rate) : f - (f >> rate));
            cdf[1] = (ushort)(count + (count < 32 ? 1u : 0u));
        }
        if (symbol)
        {
            Renormalize(threshold);
        }
        else
        {
            _window -= threshold;
            Renormalize(_range - threshold);
        }
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with three or four values.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int ReadSymbol4(ushort* cdf, int n) => Symbol4(cdf, n);

    /// <summary>read_symbol (8.2.6) with five to eight values.</summary>
    [SkipLocalsInit]
    public int ReadSymbol8(ushort* cdf, int n)
    {
        if (!Sse41.IsSupported)
            return Read(cdf, n, 7);
        Unsafe.SkipInit(out Scratch scratch);
        var curs = (ushort*)&scratch + 8;
        var c = Vector128.Load(cdf);
        var cur = Scale(c, Vector128<ushort>.Zero, n);
        var reached = Reached(cur);
        curs[-1] = (ushort)(_range >> 48);
        cur.Store(curs);
        int symbol = BitOperations.TrailingZeroCount(Sse2.MoveMask(reached.AsByte())) >> 1;
        uint low = curs[symbol];
        if (_adapt)
        {
            Counted(Adapt(c, reached, cdf[7]), c).Store(cdf);
        }
        _window -= (ulong)low << 48;
        Renormalize((ulong)(curs[symbol - 1] - low) << 48);
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with nine to sixteen values.</summary>
    [SkipLocalsInit]
    public int ReadSymbol16(ushort* cdf, int n)
    {
        if (!Sse41.IsSupported)
            return Read(cdf, n, 15);
        Unsafe.SkipInit(out Scratch scratch);
        var curs = (ushort*)&scratch + 8;
        var c0 = Vector128.Load(cdf);
        var c1 = Vector128.Load(cdf + 8);
        var cur0 = Scale(c0, Vector128<ushort>.Zero, n);
        var cur1 = Scale(c1, Vector128.Create((ushort)32), n);
        var reached0 = Reached(cur0);
        var reached1 = Reached(cur1);
        curs[-1] = (ushort)(_range >> 48);
        cur0.Store(curs);
        cur1.Store(curs + 8);
        int symbol = BitOperations.TrailingZeroCount(Sse2.MoveMask(Sse2.PackSignedSaturate(reached0.AsInt16(), reached1.AsInt16()).AsByte()));
        uint low = curs[symbol];
        if (_adapt)
        {
            uint count = cdf[15];
            Adapt(c0, reached0, count).Store(cdf);
            Counted(Adapt(c1, reached1, count), c1).Store(cdf + 8);
        }
        _window -= (ulong)low << 48;
        Renormalize((ulong)(curs[symbol - 1] - low) << 48);
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with 2..16 values.</summary>
    public int ReadSymbol(ushort* cdf, int n) => n <= 2 ? ReadBool(cdf) ? 1 : 0 : n <= 4 ? ReadSymbol4(cdf, n) : n <= 8 ? ReadSymbol8(cdf, n) : ReadSymbol16(cdf, n);

    /// <summary><see cref="ReadSymbol4"/> for hot loops. Bounds in a vector: computed in general registers they come a few cycles earlier, which the greater number of instructions takes away again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Symbol4(ushort* cdf, int n)
    {
        if (!Sse41.IsSupported)
            return Symbol4Portable(cdf, n);
        var c = Sse2.LoadScalarVector128((ulong*)cdf).AsUInt16();
        // As Scale() does, with floors that are known when this is compiled.
        var range = Ssse3.Shuffle(Vector128.CreateScalarUnsafe(_range).AsByte(), Vector128.Create((ushort)0x0780).AsByte()).AsUInt16();
        var cur = Sse2.MultiplyHigh((c & Vector128.Create((ushort)0xffc0)) << 1, range)
            + (n > 3 ? Vector128.Create((ushort)12, 8, 4, 0, 0, 0, 0, 0) : Vector128.Create((ushort)8, 4, 0, 0, 0, 0, 0, 0));
        var reached = Reached(cur);
        int twice = BitOperations.TrailingZeroCount(Sse2.MoveMask(reached.AsByte())), shift = twice << 3;
        ulong curs = cur.AsUInt64().ToScalar();
        // They fall: no word borrows from the next.
        ulong ranges = (curs << 16 | _range >> 48) - curs;
        if (_adapt)
        {
            // The counter is the upper word of four, so that a shift leaves its upper bits alone.
            var rate = Sse2.ShiftRightLogical(c.AsUInt64(), 52) + Vector128.Create(n > 3 ? 5UL : 4UL, 0);
            var distance = Sse2.ShiftRightArithmetic(((reached | Vector128.Create((ushort)0x8000)) - c).AsInt16(), rate.AsInt16()).AsUInt16();
            var counted = Vector128.GreaterThan(Vector128.Create(short.MinValue, short.MinValue, short.MinValue, 32, 0, 0, 0, 0), c.AsInt16()).AsUInt16();
            Sse2.StoreScalar((ulong*)cdf, (c - reached + distance - counted).AsUInt64());
        }
        _window -= curs >> shift << 48;
        Renormalize(ranges >> shift << 48);
        return twice >> 1;
    }

    /// <summary>The same where vectors of other processors would be slower: bounds in general registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Symbol4Portable(ushort* cdf, int n)
    {
        ulong c = Unsafe.ReadUnaligned<ulong>(cdf);
        uint range = (uint)(_range >> 56), value = (uint)(_window >> 48), last = 4 * (uint)n;
        // cur of 8.2.6. With three values the third entry is 0.
        uint cur0 = (range * ((uint)c >> 6 & 0x3ff) >> 1) + last - 4;
        uint cur1 = (range * ((uint)(c >> 22) & 0x3ff) >> 1) + last - 8;
        uint cur2 = (range * ((uint)(c >> 38) & 0x3ff) >> 1) + last - 12;
        ulong curs = cur0 | (ulong)cur1 << 16 | (ulong)cur2 << 32;
        // They fall: no word borrows from the next.
        ulong ranges = (curs << 16 | _range >> 48) - curs;
        int symbol = (value < cur0 ? 1 : 0) + (value < cur1 ? 1 : 0) + (value < cur2 ? 1 : 0), shift = symbol << 4;
        if (_adapt)
        {
            var entries = Vector128.CreateScalarUnsafe(c).AsUInt16();
            var reached = Vector128.CreateScalarUnsafe(ulong.MaxValue << shift).AsUInt16();
            uint rate = (n > 3 ? 5u : 4u) + (uint)(c >> 52);
            // The counter is one more below 32.
            var counted = Vector128.GreaterThan(Vector128.Create(short.MinValue, short.MinValue, short.MinValue, 32, 0, 0, 0, 0), entries.AsInt16()).AsUInt16();
            Unsafe.WriteUnaligned(cdf, (Moved(entries, reached, rate) - counted).AsUInt64().ToScalar());
        }
        _window -= curs >> shift << 48;
        Renormalize(ranges >> shift << 48);
        return symbol;
    }

    /// <summary>Room for 16 bounds with a word before them.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 48)]
    private struct Scratch
    {
        private readonly byte _first;
    }

    /// <summary>
    /// cur of 8.2.6 for 8 symbols: what is below it belongs to later ones. The six bits that the product drops clear the counter as well, so that lanes from the last symbol on are 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector128<ushort> Scale(Vector128<ushort> c, Vector128<ushort> first, int n)
    {
        var floor = Sse2.SubtractSaturate(Vector128.Create((ushort)(4 * (n - 1))), Vector128.Create((ushort)0, 4, 8, 12, 16, 20, 24, 28) + first);
        // SymbolRange >> 8 << 8.
        var range = Ssse3.Shuffle(Vector128.CreateScalarUnsafe(_range).AsByte(), Vector128.Create((ushort)0x0780).AsByte()).AsUInt16();
        return Sse2.MultiplyHigh((c & Vector128.Create((ushort)0xffc0)) << 1, range) + floor;
    }

    /// <summary>All ones from the symbol on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector128<ushort> Reached(Vector128<ushort> cur)
    {
        var value = Ssse3.Shuffle(Vector128.CreateScalarUnsafe(_window).AsByte(), Vector128.Create((ushort)0x0706).AsByte()).AsUInt16();
        return Vector128.Equals(Vector128.Min(cur, value), cur);
    }

    /// <summary>Adaptation (8.2.6) of entries of more than four values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Adapt(Vector128<ushort> c, Vector128<ushort> reached, uint count) => Moved(c, reached, 5 + (count >> 4));

    /// <summary>
    /// Entries before the symbol move up to 32768, the others down to 0: c + (32768 - c >> rate), c - (c >> rate). With an arithmetic shift the latter is c + (-1 - c >> rate) + 1. A counter is 32 at most, and stays.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Moved(Vector128<ushort> c, Vector128<ushort> reached, uint rate)
    {
        var distance = ((reached | Vector128.Create((ushort)0x8000)) - c).AsInt16();
        distance = Sse2.IsSupported ? Sse2.ShiftRightArithmetic(distance, Vector128.CreateScalarUnsafe(rate).AsInt16()) : distance >> (int)rate;
        return c - reached + distance.AsUInt16();
    }

    /// <summary>The counter, the last word, is one more below 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Counted(Vector128<ushort> adapted, Vector128<ushort> c)
        => adapted - Vector128.GreaterThan(Vector128.Create(short.MinValue, short.MinValue, short.MinValue, short.MinValue, short.MinValue, short.MinValue, short.MinValue, 32), c.AsInt16()).AsUInt16();

    private int Read(ushort* cdf, int n, int counter)
    {
        uint value = (uint)(_window >> 48), prev, cur = (uint)(_range >> 48), r = cur >> 8, floor = 4 * (uint)n;
        int symbol = -1;
        do
        {
            symbol++;
            floor -= 4;
            prev = cur;
            // The last entry of the array may be the counter: the last symbol's inverse is 0 by definition.
            cur = symbol == n - 1 ? 0 : (r * ((uint)cdf[symbol] >> 6) >> 1) + floor;
        }
        while (value < cur);
        _window -= (ulong)cur << 48;
        Renormalize((ulong)(prev - cur) << 48);
        if (_adapt)
        {
            uint count = cdf[counter];
            int rate = 3 + (count > 15 ? 1 : 0) + (count > 31 ? 1 : 0) + (n > 3 ? 2 : 1);
            for (int i = 0; i < symbol; i++)
                cdf[i] += (ushort)(32768u - cdf[i] >> rate);
            for (int i = symbol; i < n - 1; i++)
                cdf[i] -= (ushort)((uint)cdf[i] >> rate);
            cdf[counter] = (ushort)(count + (count < 32 ? 1u : 0u));
        }
        return symbol;
    }
}
