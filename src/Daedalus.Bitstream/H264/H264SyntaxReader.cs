// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>
/// A bit reader that checks ranges and remembers the first error. After an error values are 0 (or the nearest legal one), so that
/// parsing may run on to a convenient place; loops are bounded by checked values.
/// </summary>
internal ref struct H264SyntaxReader
{
    private H264BitReader _bits;
    private H264ParseError _error;

    public H264SyntaxReader(ReadOnlySpan<byte> data, int position = 0)
    {
        _bits = new H264BitReader(data, position);
        _error = default;
    }

    public readonly int Position => _bits.Position;
    public readonly bool Failed => _error.Reason != H264ParseReason.None;
    public readonly H264ParseError Error => _error;
    public readonly int Length => _bits.Length;

    public uint U(int n, string element)
    {
        int at = _bits.Position;
        uint value = _bits.Bits(n);
        if (_bits.Overrun)
            Fail(H264ParseReason.Truncated, element, at);
        return value;
    }

    public bool Flag(string element) => U(1, element) != 0;

    /// <summary>ue(v) of at most <paramref name="max"/>.</summary>
    public uint Ue(uint max, string element)
    {
        int at = _bits.Position;
        uint value = _bits.Ue();
        if (_bits.Overrun)
            Fail(H264ParseReason.Truncated, element, at);
        else if (value > max)
            Fail(H264ParseReason.OutOfRange, element, at);
        else
            return value;
        return 0;
    }

    /// <summary>se(v) in a range.</summary>
    public int Se(int min, int max, string element)
    {
        int at = _bits.Position;
        int value = _bits.Se();
        if (_bits.Overrun)
            Fail(H264ParseReason.Truncated, element, at);
        else if (value < min || value > max)
            Fail(H264ParseReason.OutOfRange, element, at);
        else
            return value;
        return Math.Clamp(0, min, max);
    }

    public void Skip(int n, string element)
    {
        int at = _bits.Position;
        _bits.Skip(n);
        if (_bits.Overrun)
            Fail(H264ParseReason.Truncated, element, at);
    }

    public readonly bool MoreRbspData() => !_bits.Overrun && _bits.MoreRbspData();

    /// <summary>Records an error of the element that begins at <paramref name="at"/>; the first one stays.</summary>
    public void Fail(H264ParseReason reason, string element, int at)
    {
        if (!Failed)
            _error = new H264ParseError(reason, element, at);
    }

    public void Fail(H264ParseReason reason, string element) => Fail(reason, element, Position);

    /// <summary>nal_unit_header (spec 7.3.1): false when it is not a unit of a type in the mask (bit n: type n).</summary>
    public bool NalHeader(uint types, out byte refIdc, out byte type)
    {
        refIdc = type = 0;
        uint forbidden = U(1, "forbidden_zero_bit");
        refIdc = (byte)U(2, "nal_ref_idc");
        type = (byte)U(5, "nal_unit_type");
        if (!Failed && (forbidden != 0 || (types >> type & 1) == 0))
            Fail(H264ParseReason.WrongNalUnit, "nal_unit_type", 0);
        return !Failed;
    }
}
