// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// What is known of a frame (or of the field or fields of one). Belongs to the sequencer and is used again for later frames:
/// valid inside the client's methods only; copy what must live longer.
/// </summary>
public sealed class H264PictureInfo
{
    /// <summary>Coded size (whole macroblocks) and sample format; monochrome is given as 4:2:0.</summary>
    public CodedGeometry Geometry { get; internal set; }

    /// <summary>Active sequence parameter set: colour, aspect ratio, timing.</summary>
    public H264Sps Sps { get; internal set; } = null!;

    /// <summary>Left edge of the cropping rectangle, luma samples.</summary>
    public int CropLeft { get; internal set; }
    /// <summary>Top edge of the cropping rectangle.</summary>
    public int CropTop { get; internal set; }
    /// <summary>Visible width.</summary>
    public int CropWidth { get; internal set; }
    /// <summary>Visible height.</summary>
    public int CropHeight { get; internal set; }

    /// <summary>frame_num of the picture that is submitted.</summary>
    public int FrameNum { get; internal set; }
    /// <summary>TopFieldOrderCnt, once known.</summary>
    public int TopFieldOrderCnt { get; internal set; }
    /// <summary>BottomFieldOrderCnt, once known.</summary>
    public int BottomFieldOrderCnt { get; internal set; }
    /// <summary>IDR picture (for a pair: its first field).</summary>
    public bool IsIdr { get; internal set; }
    /// <summary>Decoding can start here: IDR or recovery point with recovery_frame_cnt 0.</summary>
    public bool IsRandomAccess { get; internal set; }
    /// <summary>nal_ref_idc is not 0.</summary>
    public bool IsReference { get; internal set; }
    /// <summary>The picture being submitted is a field.</summary>
    public bool IsField { get; internal set; }
    /// <summary>It is a bottom field.</summary>
    public bool IsBottomField { get; internal set; }
    /// <summary>It is the second field of its frame: its picture buffer has the first one already.</summary>
    public bool IsSecondField { get; internal set; }
    /// <summary>The frame was coded as field(s): the order of the two is the order of their counts.</summary>
    public bool CodedAsFields { get; internal set; }
    /// <summary>MbaffFrameFlag.</summary>
    public bool IsMbaff { get; internal set; }
    /// <summary>Fields decoded so far; at output a value other than Frame means that the other field never came.</summary>
    public H264Fields Fields { get; internal set; }
    /// <summary>Slice types seen: bit n = slice_type % 5 is n.</summary>
    public int SliceTypes { get; internal set; }
    /// <summary>References were lost, or damage before this picture has not been repaired by a random access point.</summary>
    public bool Corrupted { get; internal set; }

    /// <summary>The caller's tag when the (first) picture began: <see cref="H264PictureSequencer{T}.Tag"/>.</summary>
    public long Tag { get; internal set; }
    /// <summary>The tag when the second field began; equal to <see cref="Tag"/> before.</summary>
    public long SecondTag { get; internal set; }

    /// <summary>pic_struct of pic_timing (spec Table D-1), or -1.</summary>
    public int PicStruct { get; internal set; } = -1;

    /// <summary>Messages of the access unit that can matter to a player; contents are those of the (first) picture.</summary>
    public H264Sei Sei { get; internal set; } = new();

    /// <summary>Messages of the second field's access unit; empty without one.</summary>
    public H264Sei SecondSei { get; internal set; } = new();

    /// <summary>Whether the top field is shown first; frames without different counts or pic_struct count as top first.</summary>
    public bool TopFieldFirst => PicStruct switch
    {
        3 or 5 => true,
        4 or 6 => false,
        _ => TopFieldOrderCnt <= BottomFieldOrderCnt,
    };

    /// <summary>Whether the content is interlaced as far as the stream tells: coded as fields, or pic_struct says fields.</summary>
    public bool IsInterlaced => CodedAsFields || PicStruct is >= 1 and <= 6;
}
