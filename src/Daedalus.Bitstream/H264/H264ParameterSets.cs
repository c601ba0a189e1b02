// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// The parameter sets received. A picture parameter set is kept as it came and resolved when it is used, since its sequence
/// parameter set may come later or change. Sets sent again with the same content stay the same objects.
/// </summary>
public sealed class H264ParameterSets
{
    /// <summary>Takes a NAL unit of type 7 or 8; other types are ignored (true).</summary>
    /// <param name="nal">As it stands in the stream, with emulation prevention bytes, from the NAL header byte.</param>
    /// <param name="error">What is wrong, when false is returned. The set with that id, if any, stays as it was.</param>
    public bool Add(ReadOnlySpan<byte> nal, out H264ParseError error)
    {
        error = default;
        return false;
    }

    /// <summary>The picture parameter set of an id, resolved.</summary>
    /// <param name="id">pic_parameter_set_id; any value.</param>
    /// <param name="pps">The set; its <see cref="H264Pps.Sps"/> is the sequence parameter set.</param>
    /// <param name="error">What is missing or wrong, when false is returned.</param>
    public bool TryGetPps(int id, [NotNullWhen(true)] out H264Pps? pps, out H264ParseError error)
    {
        pps = null;
        error = default;
        return false;
    }

    /// <summary>The sequence parameter set of an id, or null.</summary>
    public H264Sps? GetSps(int id) => null;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
    }
}
