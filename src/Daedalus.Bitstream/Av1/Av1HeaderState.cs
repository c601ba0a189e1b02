// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>What the reference frame update process (spec 7.20) keeps of a frame for the headers that follow.</summary>
public struct Av1SlotState
{
    /// <summary>A frame was stored here, or ref_order_hint says that one should have been.</summary>
    public bool Present;
    /// <summary>That frame never came.</summary>
    public bool Lost;
    /// <summary>RefFrameId.</summary>
    public uint FrameId;
    /// <summary>RefFrameType.</summary>
    public Av1FrameType FrameType;
    /// <summary>RefUpscaledWidth.</summary>
    public int UpscaledWidth;
    /// <summary>RefFrameWidth.</summary>
    public int FrameWidth;
    /// <summary>RefFrameHeight.</summary>
    public int FrameHeight;
    /// <summary>RefRenderWidth.</summary>
    public int RenderWidth;
    /// <summary>RefRenderHeight.</summary>
    public int RenderHeight;
    /// <summary>RefBitDepth.</summary>
    public int BitDepth;
    /// <summary>RefSubsamplingX.</summary>
    public int SubsamplingX;
    /// <summary>RefSubsamplingY.</summary>
    public int SubsamplingY;
    /// <summary>RefOrderHint.</summary>
    public uint OrderHint;
    /// <summary>SavedGmParams.</summary>
    public V4L2Av1GlobalMotion GlobalMotion;
    /// <summary>FeatureEnabled, FeatureData.</summary>
    public V4L2Av1Segmentation Segmentation;
    /// <summary>loop_filter_ref_deltas, loop_filter_mode_deltas.</summary>
    public V4L2Av1LoopFilter LoopFilter;
    /// <summary>Film grain parameters.</summary>
    public V4L2CtrlAv1FilmGrain Grain;
}

/// <summary>The eight reference slots as headers see them.</summary>
public sealed unsafe class Av1HeaderState
{
    private readonly Av1SlotState[] _slots = new Av1SlotState[Av1FrameHeader.Slots];

    /// <summary>current_frame_id of the last frame.</summary>
    public uint CurrentFrameId { get; private set; }

    /// <summary>A slot.</summary>
    public ref readonly Av1SlotState this[int slot] => ref _slots[slot];

    /// <summary>Empties all slots.</summary>
    public void Reset() => Array.Clear(_slots);

    /// <summary>
    /// Applies what a header itself changes before its frame is decoded: frames that are missing by ref_order_hint (spec 5.9.2) take the order hint sent,
    /// the largest size, and default parameters.
    /// </summary>
    public void Accept(Av1FrameHeader h)
    {
        if (h.ShowExistingFrame)
            return;
        CurrentFrameId = h.Control.CurrentFrameId;
        for (int i = 0; i < Av1FrameHeader.Slots; i++)
        {
            if ((h.LostSlots >> i & 1) == 0)
                continue;
            Av1SequenceHeader s = h.Sequence;
            ref Av1SlotState slot = ref _slots[i];
            slot = new Av1SlotState
            {
                Present = true,
                Lost = true,
                FrameType = Av1FrameType.Inter,
                UpscaledWidth = s.MaxFrameWidth,
                FrameWidth = s.MaxFrameWidth,
                FrameHeight = s.MaxFrameHeight,
                RenderWidth = s.MaxFrameWidth,
                RenderHeight = s.MaxFrameHeight,
                BitDepth = s.BitDepth,
                SubsamplingX = s.SubsamplingX,
                SubsamplingY = s.SubsamplingY,
                OrderHint = h.SlotOrderHint(i),
            };
            SetDefaults(ref slot.GlobalMotion);
            SetDefaults(ref slot.LoopFilter);
        }
    }

    /// <summary>The reference frame update process (spec 7.20) after a decoded frame.</summary>
    public void Update(Av1FrameHeader h)
    {
        for (int i = 0; i < Av1FrameHeader.Slots; i++)
        {
            if ((h.RefreshFrameFlags >> i & 1) != 0)
                Store(h, ref _slots[i]);
        }
    }

    /// <summary>
    /// A key frame is shown again: the loading process (spec 7.21), then all slots become it. Any other frame changes nothing.
    /// </summary>
    public void LoadExisting(int slot)
    {
        if (_slots[slot].FrameType != Av1FrameType.Key)
            return;
        CurrentFrameId = _slots[slot].FrameId;
        Av1SlotState shown = _slots[slot];
        Array.Fill(_slots, shown);
    }

    /// <summary>setup_past_independence (spec 7.20): deltas of the loop filter.</summary>
    public static void SetDefaults(ref V4L2Av1LoopFilter f)
    {
        f.RefDeltas[0] = 1;
        f.RefDeltas[1] = f.RefDeltas[2] = f.RefDeltas[3] = f.RefDeltas[5] = 0;
        f.RefDeltas[4] = f.RefDeltas[6] = f.RefDeltas[7] = -1;
        f.ModeDeltas[0] = f.ModeDeltas[1] = 0;
    }

    /// <summary>Identity for every reference.</summary>
    public static void SetDefaults(ref V4L2Av1GlobalMotion m)
    {
        m = default;
        for (int i = 0; i < 8; i++)
            m.Params[i * 6 + 2] = m.Params[i * 6 + 5] = 1 << 16;
    }

    private static void Store(Av1FrameHeader h, ref Av1SlotState slot)
    {
        Av1SequenceHeader s = h.Sequence;
        slot.Present = true;
        slot.Lost = false;
        slot.FrameId = h.Control.CurrentFrameId;
        slot.FrameType = h.FrameType;
        slot.UpscaledWidth = h.UpscaledWidth;
        slot.FrameWidth = h.FrameWidth;
        slot.FrameHeight = h.FrameHeight;
        slot.RenderWidth = h.RenderWidth;
        slot.RenderHeight = h.RenderHeight;
        slot.BitDepth = s.BitDepth;
        slot.SubsamplingX = s.SubsamplingX;
        slot.SubsamplingY = s.SubsamplingY;
        slot.OrderHint = h.Control.OrderHint;
        slot.GlobalMotion = h.Control.GlobalMotion;
        slot.Segmentation = h.Control.Segmentation;
        slot.LoopFilter = h.Control.LoopFilter;
        slot.Grain = h.Grain;
    }
}
