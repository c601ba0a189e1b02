// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Av1;

/// <summary>metadata_hdr_cll (spec 5.8.3).</summary>
/// <param name="MaxCll">max_cll, cd/m².</param>
/// <param name="MaxFall">max_fall, cd/m².</param>
public readonly record struct Av1ContentLightLevel(int MaxCll, int MaxFall);

/// <summary>metadata_hdr_mdcv (spec 5.8.4): chromaticities in 0.16 fixed point, red, green, blue; luminance in 24.8 and 18.14.</summary>
/// <param name="RedX">primary_chromaticity_x[0].</param>
/// <param name="RedY">primary_chromaticity_y[0].</param>
/// <param name="GreenX">primary_chromaticity_x[1].</param>
/// <param name="GreenY">primary_chromaticity_y[1].</param>
/// <param name="BlueX">primary_chromaticity_x[2].</param>
/// <param name="BlueY">primary_chromaticity_y[2].</param>
/// <param name="WhiteX">white_point_chromaticity_x.</param>
/// <param name="WhiteY">white_point_chromaticity_y.</param>
/// <param name="LuminanceMax">luminance_max, 1/256 cd/m².</param>
/// <param name="LuminanceMin">luminance_min, 1/16384 cd/m².</param>
public readonly record struct Av1MasteringDisplay(int RedX, int RedY, int GreenX, int GreenY, int BlueX, int BlueY, int WhiteX, int WhiteY, uint LuminanceMax, uint LuminanceMin);

/// <summary>metadata_itut_t35 (spec 5.8.2).</summary>
/// <param name="CountryCode">itu_t_t35_country_code.</param>
/// <param name="CountryCodeExtension">itu_t_t35_country_code_extension_byte, or 0.</param>
/// <param name="Payload">itu_t_t35_payload_bytes, without trailing bits.</param>
public sealed record Av1T35(int CountryCode, int CountryCodeExtension, byte[] Payload);

/// <summary>
/// What is known of a picture. Belongs to the sequencer and is used again: valid inside the client's methods only; copy what must live longer.
/// </summary>
public sealed class Av1FrameInfo
{
    /// <summary>Size of the picture (UpscaledWidth × FrameHeight) and sample format; monochrome is given as 4:2:0.</summary>
    public CodedGeometry Geometry { get; internal set; }
    /// <summary>RenderWidth.</summary>
    public int RenderWidth { get; internal set; }
    /// <summary>RenderHeight.</summary>
    public int RenderHeight { get; internal set; }
    /// <summary>Sequence header: colour, timing, monochrome.</summary>
    public Av1SequenceHeader Sequence { get; internal set; } = null!;
    /// <summary>frame_type.</summary>
    public Av1FrameType FrameType { get; internal set; }
    /// <summary>The picture is output by its own header (show_frame) or by show_existing_frame.</summary>
    public bool Shown { get; internal set; }
    /// <summary>Shown by show_existing_frame.</summary>
    public bool ShowExisting { get; internal set; }
    /// <summary>Decoding can start here: a key frame that is shown.</summary>
    public bool IsRandomAccess => FrameType == Av1FrameType.Key && Shown;
    /// <summary>temporal_id.</summary>
    public int TemporalId { get; internal set; }
    /// <summary>spatial_id.</summary>
    public int SpatialId { get; internal set; }
    /// <summary>OrderHint.</summary>
    public uint OrderHint { get; internal set; }
    /// <summary>refresh_frame_flags is not 0.</summary>
    public bool IsReference { get; internal set; }
    /// <summary>frame_presentation_time, or 0.</summary>
    public uint FramePresentationTime { get; internal set; }
    /// <summary>apply_grain is set in the control of its request.</summary>
    public bool HasGrain { get; internal set; }
    /// <summary>References or tiles are missing, or references were damaged themselves.</summary>
    public bool Corrupted { get; internal set; }
    /// <summary>The caller's <see cref="Av1PictureSequencer{T}.Tag"/> when the frame header, or the one that shows it again, came.</summary>
    public long Tag { get; internal set; }
    /// <summary>Content light level of the sequence, if any.</summary>
    public Av1ContentLightLevel? ContentLightLevel { get; internal set; }
    /// <summary>Mastering display of the sequence, if any.</summary>
    public Av1MasteringDisplay? MasteringDisplay { get; internal set; }
    /// <summary>Messages that came with the temporal unit before the frame.</summary>
    public IReadOnlyList<Av1T35> T35 { get; internal set; } = [];

    internal void CopyFrom(Av1FrameInfo o)
    {
        Geometry = o.Geometry;
        RenderWidth = o.RenderWidth;
        RenderHeight = o.RenderHeight;
        Sequence = o.Sequence;
        FrameType = o.FrameType;
        Shown = o.Shown;
        ShowExisting = o.ShowExisting;
        TemporalId = o.TemporalId;
        SpatialId = o.SpatialId;
        OrderHint = o.OrderHint;
        IsReference = o.IsReference;
        FramePresentationTime = o.FramePresentationTime;
        HasGrain = o.HasGrain;
        Corrupted = o.Corrupted;
        Tag = o.Tag;
        ContentLightLevel = o.ContentLightLevel;
        MasteringDisplay = o.MasteringDisplay;
        T35 = o.T35;
    }
}
