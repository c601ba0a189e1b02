// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.H264;

/// <summary>Why H.264 syntax was refused.</summary>
public enum H264ParseReason : byte
{
    /// <summary>It was not.</summary>
    None,
    /// <summary>The data ends inside the syntax, or an Exp-Golomb code is longer than 32 leading zeros.</summary>
    Truncated,
    /// <summary>A value lies outside the range the specification gives.</summary>
    OutOfRange,
    /// <summary>Legal, but not handled here.</summary>
    Unsupported,
    /// <summary>The parameter set referred to was never received, or was not usable.</summary>
    MissingParameterSet,
    /// <summary>Not a NAL unit of the kind expected, or forbidden_zero_bit is set.</summary>
    WrongNalUnit,
    /// <summary>The structure contradicts itself (sizes, counts).</summary>
    Inconsistent,
}

/// <summary>Where and why H.264 syntax was refused.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Element">Syntax element, as the specification names it.</param>
/// <param name="BitOffset">Bit position of the element from the NAL unit's header byte, emulation prevention bytes not counted.</param>
public readonly record struct H264ParseError(H264ParseReason Reason, string Element, int BitOffset)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Element}: {Reason} at bit {BitOffset}";
}
