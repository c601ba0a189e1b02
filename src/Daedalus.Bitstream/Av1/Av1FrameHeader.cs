// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>One frame header (spec 5.9), with all values as they are in force. Reused for frame after frame.</summary>
public sealed unsafe class Av1FrameHeader
{
    /// <summary>NUM_REF_FRAMES.</summary>
    public const int Slots = 8;

    /// <summary>The V4L2 control; <see cref="V4L2CtrlAv1Frame.ReferenceFrameTs"/> is the sequencer's to fill.</summary>
    public V4L2CtrlAv1Frame Control;
    /// <summary>Film grain in force; for a frame shown again that of the frame.</summary>
    public V4L2CtrlAv1FilmGrain Grain;
    /// <summary>Private control.</summary>
    public DaedalusCtrlAv1Frame Private;

    private readonly uint[] _slotOrderHints = new uint[Slots];

    /// <summary>Sequence header in force.</summary>
    public Av1SequenceHeader Sequence { get; internal set; } = null!;
    /// <summary>temporal_id of its OBU.</summary>
    public int TemporalId { get; internal set; }
    /// <summary>spatial_id of its OBU.</summary>
    public int SpatialId { get; internal set; }
    /// <summary>show_existing_frame.</summary>
    public bool ShowExistingFrame { get; internal set; }
    /// <summary>frame_to_show_map_idx.</summary>
    public int FrameToShowMapIdx { get; internal set; }
    /// <summary>frame_presentation_time, or 0.</summary>
    public uint FramePresentationTime { get; internal set; }
    /// <summary>display_frame_id.</summary>
    public uint DisplayFrameId { get; internal set; }
    /// <summary>TileColsLog2.</summary>
    public int TileColsLog2 { get; internal set; }
    /// <summary>TileRowsLog2.</summary>
    public int TileRowsLog2 { get; internal set; }
    /// <summary>CodedLossless.</summary>
    public bool CodedLossless { get; internal set; }
    /// <summary>AllLossless.</summary>
    public bool AllLossless { get; internal set; }
    /// <summary>Slots whose ref_order_hint says that another frame should be there: bit i = slot i.</summary>
    public int LostSlots { get; internal set; }
    /// <summary>Slots that frame ids make invalid (mark_ref_frames, spec 5.9.4).</summary>
    public int StaleSlots { get; internal set; }
    /// <summary>References whose frame id is not the expected one: bit i = reference LAST_FRAME + i.</summary>
    public int WrongFrameIds { get; internal set; }

    /// <summary>frame_type.</summary>
    public Av1FrameType FrameType => Control.FrameType;
    /// <summary>FrameIsIntra.</summary>
    public bool IsIntra => Control.FrameType is Av1FrameType.Key or Av1FrameType.IntraOnly;
    /// <summary>show_frame.</summary>
    public bool ShowFrame => Has(Av1FrameFlags.ShowFrame);
    /// <summary>showable_frame.</summary>
    public bool ShowableFrame => Has(Av1FrameFlags.ShowableFrame);
    /// <summary>error_resilient_mode.</summary>
    public bool ErrorResilientMode => Has(Av1FrameFlags.ErrorResilientMode);
    /// <summary>FrameWidth: coded, before superres.</summary>
    public int FrameWidth => (int)Control.FrameWidthMinus1 + 1;
    /// <summary>FrameHeight.</summary>
    public int FrameHeight => (int)Control.FrameHeightMinus1 + 1;
    /// <summary>UpscaledWidth.</summary>
    public int UpscaledWidth => (int)Control.UpscaledWidth;
    /// <summary>RenderWidth.</summary>
    public int RenderWidth => Control.RenderWidthMinus1 + 1;
    /// <summary>RenderHeight.</summary>
    public int RenderHeight => Control.RenderHeightMinus1 + 1;
    /// <summary>refresh_frame_flags.</summary>
    public int RefreshFrameFlags => Control.RefreshFrameFlags;
    /// <summary>TileCols × TileRows.</summary>
    public int NumTiles => Control.TileInfo.TileCols * Control.TileInfo.TileRows;

    /// <summary>A flag of the control.</summary>
    public bool Has(Av1FrameFlags flag) => (Control.Flags & flag) != 0;

    /// <summary>RefOrderHint of a slot as it is for this frame, ref_order_hint included.</summary>
    public uint SlotOrderHint(int slot) => _slotOrderHints[slot];

    internal void SetSlotOrderHint(int slot, uint hint) => _slotOrderHints[slot] = hint;

    internal void Set(Av1FrameFlags flag, bool value)
    {
        if (value)
            Control.Flags |= flag;
        else
            Control.Flags &= ~flag;
    }

    internal void Clear(Av1SequenceHeader sequence, int temporalId, int spatialId)
    {
        Control = default;
        Grain = default;
        Private = new DaedalusCtrlAv1Frame { MatrixCoefficients = (byte)sequence.MatrixCoefficients };
        Sequence = sequence;
        TemporalId = temporalId;
        SpatialId = spatialId;
        ShowExistingFrame = CodedLossless = AllLossless = false;
        FrameToShowMapIdx = TileColsLog2 = TileRowsLog2 = LostSlots = StaleSlots = WrongFrameIds = 0;
        FramePresentationTime = DisplayFrameId = 0;
        Control.PrimaryRefFrame = V4L2CtrlAv1Frame.PrimaryRefNone;
        Control.SuperresDenom = 8;
        for (int i = 0; i < Slots; i++)
        {
            Control.ReferenceFrameTs[i] = ulong.MaxValue;
            _slotOrderHints[i] = 0;
        }
    }
}
