// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Av1;

/// <summary>Why AV1 syntax was refused.</summary>
public enum Av1ParseError : byte
{
    /// <summary>It was not.</summary>
    None,
    /// <summary>The data ends inside the syntax.</summary>
    Truncated,
    /// <summary>A value lies outside the range the specification gives.</summary>
    OutOfRange,
    /// <summary>Legal, but not handled here.</summary>
    Unsupported,
    /// <summary>No sequence header was received.</summary>
    NoSequenceHeader,
    /// <summary>A reference slot that is needed holds nothing.</summary>
    MissingReference,
    /// <summary>A reference's size or sample format cannot be predicted from (spec 5.9.7 requirements in 6.8.6).</summary>
    WrongReference,
    /// <summary>The structure contradicts itself (counts, tile numbers, sizes).</summary>
    Inconsistent,
}
