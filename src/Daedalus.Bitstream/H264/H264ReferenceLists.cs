// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// Reference picture lists of a slice (spec 8.2.4): initialisation and modification, from the DPB of the decode parameters.
/// <para>
/// What the DPB entries must say: <see cref="V4L2H264DpbEntry.FrameNum"/> frame_num of short-term entries (FrameNumWrap is derived here);
/// <see cref="V4L2H264DpbEntry.PicNum"/> LongTermFrameIdx of long-term entries; <see cref="V4L2H264DpbEntry.Fields"/> the fields marked as
/// reference; the picture order count of a field that was not decoded <see cref="int.MaxValue"/>. A frame with one field marked short-term and
/// the other long-term is two entries with the same timestamp.
/// </para>
/// </summary>
public static unsafe class H264ReferenceLists
{
    /// <summary>Timestamp of "non-existing" frames (spec 8.2.5.2); B slices leave them out when pic_order_cnt_type is 0.</summary>
    public const ulong NonExistingTimestamp = ulong.MaxValue;
    /// <summary>Index of an entry without a picture.</summary>
    public const byte Missing = 0xff;

    /// <summary>Builds both lists. Entries beyond num_ref_idx_active and entries without a picture have Index 0xff.</summary>
    /// <param name="p">DPB and picture order counts of the current picture.</param>
    /// <param name="sps">For MaxFrameNum and pic_order_cnt_type.</param>
    /// <param name="h">The slice's header.</param>
    /// <param name="list0">32 entries.</param>
    /// <param name="list1">32 entries.</param>
    public static void Build(in V4L2CtrlH264DecodeParams p, in V4L2CtrlH264Sps sps, in H264SliceHeader h, V4L2H264Reference* list0, V4L2H264Reference* list1)
    {
        for (int i = 0; i < 32; i++)
        {
            list0[i].Index = list1[i].Index = Missing;
            list0[i].Fields = list1[i].Fields = H264Fields.None;
        }
    }
}
