// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>What precedes slice_data() in data partitions B and C (spec 7.3.2.9.2, 7.3.2.9.3).</summary>
public struct H264PartitionHeader
{
    /// <summary>nal_unit_type 3 or 4.</summary>
    public byte NalUnitType;
    /// <summary>colour_plane_id.</summary>
    public byte ColourPlaneId;
    /// <summary>redundant_pic_cnt.</summary>
    public int RedundantPicCnt;
    /// <summary>slice_id: that of the partition A it belongs to.</summary>
    public uint SliceId;
    /// <summary>Bits from the NAL unit's header byte to slice_data(), emulation prevention bytes not counted.</summary>
    public uint HeaderBitSize;
}

/// <summary>Slice headers (spec 7.3.3), without allocation. What is let through is safe to index with.</summary>
public static class H264SliceHeaderParser
{
    /// <summary>Unescaped bytes that hold any slice header.</summary>
    public const int MaxHeaderBytes = 4096;

    /// <summary>Reads what is needed to find the parameter sets.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; types 1, 2 and 5.</param>
    /// <param name="firstMb">first_mb_in_slice.</param>
    /// <param name="ppsId">pic_parameter_set_id.</param>
    public static bool TryReadPpsId(ReadOnlySpan<byte> nal, out int firstMb, out int ppsId)
    {
        firstMb = ppsId = 0;
        return false;
    }

    /// <summary>Parses a slice header; for partition A slice_id, too.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; a prefix is enough. Types 1, 2 and 5.</param>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <param name="pps">Picture parameter set of the slice.</param>
    /// <param name="header">The header.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParse(ReadOnlySpan<byte> nal, in V4L2CtrlH264Sps sps, in DaedalusCtrlH264PictureParameters pps, out H264SliceHeader header, out H264ParseError error)
    {
        header = default;
        error = default;
        return false;
    }

    /// <summary>Parses what precedes slice_data() in a data partition B or C.</summary>
    /// <param name="nal">Unescaped, from the NAL header byte; types 3 and 4.</param>
    /// <param name="sps">Active sequence parameter set.</param>
    /// <param name="pps">Picture parameter set of the partition A.</param>
    /// <param name="header">The header.</param>
    /// <param name="error">What is wrong, when false is returned.</param>
    public static bool TryParsePartition(ReadOnlySpan<byte> nal, in V4L2CtrlH264Sps sps, in DaedalusCtrlH264PictureParameters pps, out H264PartitionHeader header, out H264ParseError error)
    {
        header = default;
        error = default;
        return false;
    }
}
