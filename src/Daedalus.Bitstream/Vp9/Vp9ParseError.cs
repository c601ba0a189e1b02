// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Vp9;

/// <summary>Why a frame's headers were refused.</summary>
public enum Vp9ErrorReason : byte
{
    /// <summary>No error.</summary>
    None,
    /// <summary>The frame has no bytes.</summary>
    Empty,
    /// <summary>The data ends inside the uncompressed header.</summary>
    Truncated,
    /// <summary>frame_marker is not 2.</summary>
    FrameMarker,
    /// <summary>Profile 3 with the reserved bit set.</summary>
    Profile,
    /// <summary>frame_sync_code is wrong.</summary>
    SyncCode,
    /// <summary>sRGB in profile 0 or 2, 4:2:0 in profile 1 or 3, or a reserved bit is set.</summary>
    ColorConfig,
    /// <summary>A reference slot (or the slot of show_existing_frame) holds no picture.</summary>
    MissingReference,
    /// <summary>No reference is within 1/16..2 times the frame's size (spec 8.5.2.3).</summary>
    ReferenceSize,
    /// <summary>A reference differs in bit depth or subsampling.</summary>
    ReferenceFormat,
    /// <summary>More than 64 tile columns.</summary>
    TileInfo,
    /// <summary>header_size_in_bytes is 0.</summary>
    HeaderSize,
    /// <summary>The compressed header does not fit in the frame.</summary>
    CompressedHeaderTruncated,
    /// <summary>The compressed header's marker bit is set or its data ran out.</summary>
    CompressedHeader,
    /// <summary>No bytes are left for the tiles.</summary>
    NoTileData,
}

/// <summary>Reason and place of a refusal.</summary>
/// <param name="Reason">What is wrong.</param>
/// <param name="BitOffset">Bits from the start of the frame to where it was noticed.</param>
/// <param name="Detail">Reference slot for reference errors, otherwise 0.</param>
public readonly record struct Vp9ParseError(Vp9ErrorReason Reason, int BitOffset, int Detail = 0)
{
    /// <summary>One sentence for logs.</summary>
    public override string ToString() => Reason switch
    {
        Vp9ErrorReason.None => "no error",
        Vp9ErrorReason.Empty => "empty frame",
        Vp9ErrorReason.Truncated => $"uncompressed header ends early at bit {BitOffset}",
        Vp9ErrorReason.FrameMarker => "frame marker is not 2: not a VP9 frame",
        Vp9ErrorReason.Profile => "reserved profile",
        Vp9ErrorReason.SyncCode => $"wrong frame sync code before bit {BitOffset}",
        Vp9ErrorReason.ColorConfig => $"colour configuration not allowed in this profile, bit {BitOffset}",
        Vp9ErrorReason.MissingReference => $"reference slot {Detail} holds no decoded frame (bit {BitOffset})",
        Vp9ErrorReason.ReferenceSize => $"no reference has a size that this frame can be scaled from (bit {BitOffset})",
        Vp9ErrorReason.ReferenceFormat => $"reference slot {Detail} has another bit depth or subsampling (bit {BitOffset})",
        Vp9ErrorReason.TileInfo => $"more than 64 tile columns (bit {BitOffset})",
        Vp9ErrorReason.HeaderSize => "compressed header of size 0",
        Vp9ErrorReason.CompressedHeaderTruncated => "compressed header is longer than the frame",
        Vp9ErrorReason.CompressedHeader => $"compressed header is corrupt (bit {BitOffset})",
        Vp9ErrorReason.NoTileData => "no tile data behind the headers",
        _ => Reason.ToString(),
    };
}
