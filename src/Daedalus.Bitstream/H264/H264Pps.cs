// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics.CodeAnalysis;
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>A picture parameter set (spec 7.3.2.2) resolved against its sequence parameter set. Does not change once parsed.</summary>
public sealed class H264Pps
{
    internal DaedalusCtrlH264PictureParameters ParametersValue;

    internal H264Pps(H264Sps sps) => Sps = sps;

    /// <summary>
    /// The control, scaling lists resolved. Its SliceGroupId is the address of <see cref="SliceGroupId"/>, a pinned array: valid while this object lives.
    /// </summary>
    public ref readonly DaedalusCtrlH264PictureParameters Parameters => ref ParametersValue;

    /// <summary>The sequence parameter set it was resolved against.</summary>
    public H264Sps Sps { get; }

    /// <summary>pic_parameter_set_id 0..255.</summary>
    public int Id => ParametersValue.Pps.PicParameterSetId;

    /// <summary>slice_group_id of each map unit (slice_group_map_type 6); empty otherwise. Pinned.</summary>
    public byte[] SliceGroupId { get; internal set; } = [];

    /// <summary>Parses a picture parameter set.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte.</param>
    /// <param name="sps">The set its seq_parameter_set_id names.</param>
    /// <param name="pps">The set, or null.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, H264Sps sps, [NotNullWhen(true)] out H264Pps? pps, out H264ParseError error)
    {
        pps = H264PpsParser.Parse(nal, sps, out error);
        return pps != null;
    }

    /// <summary>Reads pic_parameter_set_id and seq_parameter_set_id.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte.</param>
    /// <param name="ppsId">pic_parameter_set_id 0..255.</param>
    /// <param name="spsId">seq_parameter_set_id 0..31.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryReadIds(ReadOnlySpan<byte> nal, out int ppsId, out int spsId, out H264ParseError error)
    {
        var r = new H264SyntaxReader(nal);
        H264PpsParser.ReadIds(ref r, out ppsId, out spsId);
        error = r.Error;
        return !r.Failed;
    }
}
