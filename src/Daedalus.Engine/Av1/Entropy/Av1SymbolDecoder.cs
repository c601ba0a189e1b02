// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Engine.Av1;

/// <summary>
/// The symbol decoder (8.2). The window holds SymbolValue in its upper 16 bits and the bits to come, inverted, below: the padding zeros after the data (8.2.2) are ones here.
/// CDFs are laid out as <see cref="Av1CdfContext"/> says. Hot loops work on a copy in a local variable, which the compiler keeps in registers: what they call must be inlined or take values only.
/// </summary>
public unsafe struct Av1SymbolDecoder
{
    private ulong _window;
    private uint _range;
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
        _range = 1 << 15;
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
    private void Renormalize(uint range)
    {
        int bits = BitOperations.LeadingZeroCount(range) - 16;
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
        uint cur = ((_range & 0xff00) >> 1) + 4;
        ulong threshold = (ulong)cur << 48;
        // The second symbol's interval is the lower one.
        int bit = _window < threshold ? 1 : 0;
        ulong mask = (ulong)(bit - 1);
        _window -= threshold & mask;
        uint rest = _range - cur;
        Renormalize(cur ^ ((cur ^ rest) & (uint)mask));
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
        uint cur = ((_range >> 8) * (inverse >> 6) >> 1) + 4;
        ulong threshold = (ulong)cur << 48;
        if (_window < threshold)
        {
            Renormalize(cur);
            return true;
        }
        _window -= threshold;
        Renormalize(_range - cur);
        return false;
    }

    /// <summary>read_symbol with two values.</summary>
    public bool ReadBool(ushort* cdf) => Bool(cdf);

    /// <summary><see cref="ReadBool"/> for hot loops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Bool(ushort* cdf)
    {
        uint f = cdf[0];
        uint cur = ((_range >> 8) * (f >> 6) >> 1) + 4;
        ulong threshold = (ulong)cur << 48;
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
            Renormalize(cur);
        }
        else
        {
            _window -= threshold;
            Renormalize(_range - cur);
        }
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with three or four values.</summary>
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
        curs[-1] = (ushort)_range;
        cur.Store(curs);
        int symbol = BitOperations.TrailingZeroCount(Sse2.MoveMask(reached.AsByte())) >> 1;
        uint low = curs[symbol];
        if (_adapt)
        {
            uint count = cdf[7];
            Sse2.Insert(Adapt(c, reached, Rate(count, n)), (ushort)(count + (count < 32 ? 1u : 0u)), 7).Store(cdf);
        }
        _window -= (ulong)low << 48;
        Renormalize(curs[symbol - 1] - low);
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
        curs[-1] = (ushort)_range;
        cur0.Store(curs);
        cur1.Store(curs + 8);
        int symbol = BitOperations.TrailingZeroCount(Sse2.MoveMask(Sse2.PackSignedSaturate(reached0.AsInt16(), reached1.AsInt16()).AsByte()));
        uint low = curs[symbol];
        if (_adapt)
        {
            uint count = cdf[15];
            int rate = Rate(count, n);
            Adapt(c0, reached0, rate).Store(cdf);
            Sse2.Insert(Adapt(c1, reached1, rate), (ushort)(count + (count < 32 ? 1u : 0u)), 7).Store(cdf + 8);
        }
        _window -= (ulong)low << 48;
        Renormalize(curs[symbol - 1] - low);
        return symbol;
    }

    /// <summary>read_symbol (8.2.6) with 2..16 values.</summary>
    public int ReadSymbol(ushort* cdf, int n) => n <= 2 ? ReadBool(cdf) ? 1 : 0 : n <= 4 ? ReadSymbol4(cdf, n) : n <= 8 ? ReadSymbol8(cdf, n) : ReadSymbol16(cdf, n);

    /// <summary><see cref="ReadSymbol4"/> for hot loops.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Symbol4(ushort* cdf, int n)
    {
        if (!Sse41.IsSupported)
            return Read(cdf, n, 3);
        // Not by way of a general register: latency counts here.
        var c = Sse2.LoadScalarVector128((ulong*)cdf).AsUInt16();
        var cur = Scale(c, Vector128<ushort>.Zero, n);
        var reached = Reached(cur);
        ulong curs = cur.AsUInt64().ToScalar();
        // 16 times the symbol.
        int shift = BitOperations.TrailingZeroCount(Sse2.MoveMask(reached.AsByte())) << 3;
        uint low = (ushort)(curs >> shift);
        uint high = (ushort)((curs << 16 | _range) >> shift);
        if (_adapt)
        {
            uint count = cdf[3];
            ulong adapted = Adapt(c, reached, Rate(count, n)).AsUInt64().ToScalar();
            *(ulong*)cdf = adapted & 0xffff_ffff_ffff | (ulong)(count + (count < 32 ? 1u : 0u)) << 48;
        }
        // After the adaptation: no vector is in use any more.
        _window -= (ulong)low << 48;
        Renormalize(high - low);
        return shift >> 4;
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
        return Sse2.MultiplyHigh((c & Vector128.Create((ushort)0xffc0)) << 1, Vector128.Create((ushort)(_range & 0xff00))) + floor;
    }

    /// <summary>All ones from the symbol on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector128<ushort> Reached(Vector128<ushort> cur) => Vector128.Equals(Vector128.Min(cur, Vector128.Create((ushort)(_window >> 48))), cur);

    /// <summary>Rate of adaptation for more than two symbols (8.2.6).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Rate(uint count, int n) => (n > 3 ? 5 : 4) + (int)(count >> 4);

    /// <summary>Entries before the symbol move up to 32768, the others down to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Adapt(Vector128<ushort> c, Vector128<ushort> reached, int rate)
    {
        var before = ~reached;
        var distance = ((c ^ before) - before + (before & Vector128.Create((ushort)0x8000))) >>> rate;
        return c - ((distance ^ before) - before);
    }

    private int Read(ushort* cdf, int n, int counter)
    {
        uint value = (uint)(_window >> 48), prev, cur = _range, r = _range >> 8, floor = 4 * (uint)n;
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
        Renormalize(prev - cur);
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
