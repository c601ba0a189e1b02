// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// The parameter sets received. A picture parameter set is kept as it came and resolved when it is used, since its sequence
/// parameter set may come later or change. Sets sent again with the same content stay the same objects, so that a
/// caller sees by reference whether anything changed.
/// </summary>
public sealed class H264ParameterSets
{
    private const int MaxSps = 32, MaxPps = 256;
    // Slice group maps of type 6 take up to three bits a map unit; nothing legal is larger than this.
    private const int MaxBytes = 1 << 17;

    private readonly byte[]?[] _rawSps = new byte[MaxSps][];
    private readonly H264Sps?[] _sps = new H264Sps[MaxSps];
    private readonly byte[]?[] _rawPps = new byte[MaxPps][];
    private readonly H264Pps?[] _pps = new H264Pps[MaxPps];
    private byte[] _scratch = new byte[1024];

    /// <summary>Takes a NAL unit of type 7 or 8; other types are ignored (true).</summary>
    /// <param name="nal">As it stands in the stream, with emulation prevention bytes, from the NAL header byte.</param>
    /// <param name="error">What is wrong, when false is returned. The set with that id, if any, stays as it was.</param>
    public bool Add(ReadOnlySpan<byte> nal, out H264ParseError error)
    {
        error = default;
        H264NalUnitType type = H264NalUnits.Type(nal);
        if (type is not (H264NalUnitType.Sps or H264NalUnitType.Pps))
            return true;
        if (nal.Length > MaxBytes)
        {
            error = new H264ParseError(H264ParseReason.Unsupported, type == H264NalUnitType.Sps ? "seq_parameter_set_rbsp" : "pic_parameter_set_rbsp", 0);
            return false;
        }
        if (_scratch.Length < nal.Length)
            _scratch = new byte[nal.Length];
        ReadOnlySpan<byte> plain = _scratch.AsSpan(0, H264NalUnits.Unescape(nal, _scratch));
        // nal_ref_idc may differ between repetitions without the set being another one.
        return type == H264NalUnitType.Sps ? AddSps(plain, out error) : AddPps(plain, out error);
    }

    private bool AddSps(ReadOnlySpan<byte> plain, out H264ParseError error)
    {
        if (!H264Sps.TryParse(plain, out H264Sps? sps, out error))
            return false;
        if (_rawSps[sps.Id] is { } old && old.AsSpan(1).SequenceEqual(plain[1..]))
            return true;
        _rawSps[sps.Id] = plain.ToArray();
        _sps[sps.Id] = sps;
        return true;
    }

    private bool AddPps(ReadOnlySpan<byte> plain, out H264ParseError error)
    {
        if (!H264Pps.TryReadIds(plain, out int id, out int spsId, out error))
            return false;
        if (_rawPps[id] is { } old && old.AsSpan(1).SequenceEqual(plain[1..]))
            return true;
        H264Pps? resolved = null;
        // A set that is cut off is refused here, and the one it would have replaced stays. Other errors may come from an SPS
        // that is about to be replaced: they count when the set is used.
        if (_sps[spsId] is { } sps && !H264Pps.TryParse(plain, sps, out resolved, out error))
        {
            if (error.Reason == H264ParseReason.Truncated)
                return false;
            error = default;
        }
        _rawPps[id] = plain.ToArray();
        _pps[id] = resolved;
        return true;
    }

    /// <summary>The picture parameter set of an id, resolved.</summary>
    /// <param name="id">pic_parameter_set_id; any value.</param>
    /// <param name="pps">The set; its <see cref="H264Pps.Sps"/> is the sequence parameter set.</param>
    /// <param name="error">What is missing or wrong, when false is returned.</param>
    public bool TryGetPps(int id, [NotNullWhen(true)] out H264Pps? pps, out H264ParseError error)
    {
        pps = null;
        error = default;
        if ((uint)id >= MaxPps || _rawPps[id] is not { } raw)
        {
            error = new H264ParseError(H264ParseReason.MissingParameterSet, "pic_parameter_set_id", 8);
            return false;
        }
        pps = _pps[id];
        if (pps != null && _sps[pps.Parameters.Pps.SeqParameterSetId] == pps.Sps)
            return true;
        H264Pps.TryReadIds(raw, out _, out int spsId, out _);
        if (_sps[spsId] is not { } sps)
        {
            pps = null;
            error = new H264ParseError(H264ParseReason.MissingParameterSet, "seq_parameter_set_id", 8);
            return false;
        }
        if (!H264Pps.TryParse(raw, sps, out pps, out error))
            return false;
        _pps[id] = pps;
        return true;
    }

    /// <summary>The sequence parameter set of an id, or null.</summary>
    public H264Sps? GetSps(int id) => (uint)id < MaxSps ? _sps[id] : null;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_rawSps);
        Array.Clear(_sps);
        Array.Clear(_rawPps);
        Array.Clear(_pps);
    }
}
