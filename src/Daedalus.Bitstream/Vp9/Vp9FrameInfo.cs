// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Vp9;

/// <summary>color_space (spec 7.2.2).</summary>
public enum Vp9ColorSpace : byte
{
    /// <summary>Not said.</summary>
    Unknown = 0,
    /// <summary>Rec. ITU-R BT.601-7.</summary>
    Bt601 = 1,
    /// <summary>Rec. ITU-R BT.709-6.</summary>
    Bt709 = 2,
    /// <summary>SMPTE-170.</summary>
    Smpte170 = 3,
    /// <summary>SMPTE-240.</summary>
    Smpte240 = 4,
    /// <summary>Rec. ITU-R BT.2020-2.</summary>
    Bt2020 = 5,
    /// <summary>Reserved.</summary>
    Reserved = 6,
    /// <summary>sRGB (IEC 61966-2-1): planes are G, B, R.</summary>
    Srgb = 7,
}

/// <summary>
/// All that one frame's headers say. <see cref="Frame"/> and <see cref="CompressedHeader"/> are ready for submission except for the three
/// reference timestamps, which <see cref="Vp9ReferenceSlots{T}.FillTimestamps"/> sets. A plain value of about 2.3 kB: keep one and reuse it.
/// </summary>
public unsafe struct Vp9FrameInfo
{
    /// <summary>Uncompressed header as a control. Not set when <see cref="ShowExistingFrame"/>.</summary>
    public V4L2CtrlVp9Frame Frame;
    /// <summary>Compressed header as a control. Not set when <see cref="ShowExistingFrame"/>.</summary>
    public V4L2CtrlVp9CompressedHdr CompressedHeader;

    /// <summary>Frame size in luma samples, 1..65536; of the shown slot when <see cref="ShowExistingFrame"/>.</summary>
    public int Width, Height;
    /// <summary>render_size in luma samples (a hint for display: the aspect ratio); never used for decoding.</summary>
    public int RenderWidth, RenderHeight;
    /// <summary>8, 10 or 12.</summary>
    public int BitDepth;
    /// <summary>Chroma subsampling shifts 0..1.</summary>
    public int SubsamplingX, SubsamplingY;
    /// <summary>0..3.</summary>
    public int Profile;
    /// <summary>color_space in force.</summary>
    public Vp9ColorSpace ColorSpace;
    /// <summary>color_range: true for full swing.</summary>
    public bool FullRange;

    /// <summary>show_existing_frame: nothing is decoded, slot <see cref="ShownSlot"/> is output.</summary>
    public bool ShowExistingFrame;
    /// <summary>frame_to_show_map_idx.</summary>
    public int ShownSlot;
    /// <summary>show_frame; true for <see cref="ShowExistingFrame"/>.</summary>
    public bool ShowFrame;
    /// <summary>Key frame.</summary>
    public bool IsKey;
    /// <summary>intra_only.</summary>
    public bool IsIntraOnly;
    /// <summary>error_resilient_mode.</summary>
    public bool ErrorResilient;
    /// <summary>base_q_idx and its deltas are 0 (spec Lossless).</summary>
    public bool Lossless;
    /// <summary>reset_frame_context as coded, 0..3.</summary>
    public int RawResetFrameContext;
    /// <summary>refresh_frame_flags: bit n set when slot n takes this frame.</summary>
    public byte RefreshMask;
    /// <summary>ref_frame_idx[0..2] of last, golden, altref; only for inter frames.</summary>
    public fixed byte ReferenceSlot[3];
    /// <summary>Bit n set when reference n (last, golden, altref) has a size that prediction must not use (spec 8.5.2.3).</summary>
    public byte UnusableReferences;
    /// <summary>An earlier frame was refused and no key or intra-only frame came since: pixels may be wrong.</summary>
    public bool AfterDamage;
    /// <summary>Bytes of both headers: tiles start here. For <see cref="ShowExistingFrame"/> the bytes of the frame.</summary>
    public int HeaderBytes;

    /// <summary>Not key and not intra-only.</summary>
    public readonly bool IsInter => !IsKey && !IsIntraOnly && !ShowExistingFrame;
    /// <summary>Size and sample format for device sessions.</summary>
    public readonly CodedGeometry Geometry => new(Width, Height, BitDepth, SubsamplingX, SubsamplingY);
}
