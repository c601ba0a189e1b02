// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
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

    private const int DpbSize = 16;
    private const int ListSize = 32;

    /// <summary>The DPB entries of a slice's picture in an order, and their sort keys.</summary>
    private ref struct Order
    {
        public fixed byte Index[DpbSize];
        public int Count;
    }

    /// <summary>Builds both lists. Entries beyond num_ref_idx_active and entries without a picture have Index 0xff.</summary>
    /// <param name="p">DPB and picture order counts of the current picture.</param>
    /// <param name="sps">For MaxFrameNum and pic_order_cnt_type.</param>
    /// <param name="h">The slice's header.</param>
    /// <param name="list0">32 entries.</param>
    /// <param name="list1">32 entries.</param>
    public static void Build(in V4L2CtrlH264DecodeParams p, in V4L2CtrlH264Sps sps, in H264SliceHeader h, V4L2H264Reference* list0, V4L2H264Reference* list1)
    {
        Clear(list0, 0);
        Clear(list1, 0);
        if (h.NumRefIdxActive0 == 0)
            return;
        int maxFrameNum = 1 << (sps.Log2MaxFrameNumMinus4 + 4);
        fixed (V4L2CtrlH264DecodeParams* decode = &p)
        fixed (H264SliceHeader* header = &h)
        {
            var dpb = (V4L2H264DpbEntry*)&decode->Dpb;
            int count0, count1 = 0;
            if (h.SliceType != H264SliceType.B)
                count0 = InitP(dpb, header, maxFrameNum, list0);
            else
            {
                int poc = h.FieldPic ? h.BottomField ? p.BottomFieldOrderCnt : p.TopFieldOrderCnt : Math.Min(p.TopFieldOrderCnt, p.BottomFieldOrderCnt);
                count0 = InitB(dpb, header, sps.PicOrderCntType, poc, list0, 0);
                count1 = InitB(dpb, header, sps.PicOrderCntType, poc, list1, 1);
                // The comparison comes before the lists are cut (spec 8.2.4.2.3, 8.2.4.2.4).
                if (count1 > 1 && count0 == count1 && new ReadOnlySpan<ushort>(list0, count0).SequenceEqual(new ReadOnlySpan<ushort>(list1, count1)))
                    (list1[0], list1[1]) = (list1[1], list1[0]);
            }
            Clear(list0, Math.Min(count0, h.NumRefIdxActive0));
            Clear(list1, Math.Min(count1, h.NumRefIdxActive1));
            if (h.ModificationCount0 > 0)
                Modify(dpb, header, maxFrameNum, list0, h.NumRefIdxActive0, header->ModificationIdc0, header->ModificationValue0, h.ModificationCount0);
            if (h.ModificationCount1 > 0)
                Modify(dpb, header, maxFrameNum, list1, h.NumRefIdxActive1, header->ModificationIdc1, header->ModificationValue1, h.ModificationCount1);
        }
    }

    private static void Clear(V4L2H264Reference* list, int from)
    {
        for (int i = from; i < ListSize; i++)
        {
            list[i].Index = Missing;
            list[i].Fields = H264Fields.None;
        }
    }

    private static bool IsReference(V4L2H264DpbEntry* e, bool longTerm) =>
        (e->Flags & (H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active)) == (H264DpbEntryFlags.Valid | H264DpbEntryFlags.Active)
        && e->Fields != H264Fields.None && (e->Flags & H264DpbEntryFlags.LongTerm) != 0 == longTerm;

    /// <summary>FrameNumWrap (spec 8-27): frame_num values above the current one are those of before the last wrap.</summary>
    private static int FrameNumWrap(V4L2H264DpbEntry* e, int frameNum, int maxFrameNum) =>
        e->FrameNum > frameNum ? e->FrameNum - maxFrameNum : e->FrameNum;

    /// <summary>PicOrderCnt() of a frame or field pair (spec 8-1), of its one field when the other was not decoded.</summary>
    private static int PicOrderCnt(V4L2H264DpbEntry* e) => Math.Min(e->TopFieldOrderCnt, e->BottomFieldOrderCnt);

    /// <summary>Adds an entry at its place in an order of ascending keys; equal keys stay in the order of the DPB.</summary>
    private static void Insert(ref Order order, long* keys, int entry, long key)
    {
        int at = order.Count++;
        for (; at > 0 && keys[at - 1] > key; at--)
        {
            keys[at] = keys[at - 1];
            order.Index[at] = order.Index[at - 1];
        }
        keys[at] = key;
        order.Index[at] = (byte)entry;
    }

    /// <summary>Spec 8.2.4.2.1, 8.2.4.2.2.</summary>
    private static int InitP(V4L2H264DpbEntry* dpb, H264SliceHeader* h, int maxFrameNum, V4L2H264Reference* list)
    {
        long* keys = stackalloc long[DpbSize];
        Order order = default;
        for (int i = 0; i < DpbSize; i++)
        {
            // Frames take whole frames only; of fields one is enough.
            if (IsReference(dpb + i, false) && (h->FieldPic || dpb[i].Fields == H264Fields.Frame))
                Insert(ref order, keys, i, -FrameNumWrap(dpb + i, h->FrameNum, maxFrameNum));
        }
        int count = Append(dpb, ref order, h, list, 0);
        return AppendLongTerm(dpb, h, keys, list, count);
    }

    /// <summary>Spec 8.2.4.2.3, 8.2.4.2.4.</summary>
    private static int InitB(V4L2H264DpbEntry* dpb, H264SliceHeader* h, int orderType, int currentPoc, V4L2H264Reference* list, int which)
    {
        long* keys = stackalloc long[DpbSize];
        Order order = default;
        for (int i = 0; i < DpbSize; i++)
        {
            V4L2H264DpbEntry* e = dpb + i;
            if (!IsReference(e, false) || (!h->FieldPic && e->Fields != H264Fields.Frame))
                continue;
            if (orderType == 0 && e->ReferenceTs == NonExistingTimestamp)
                continue;
            // The first field of the current frame has an equal count at least; it belongs with the earlier ones (8.2.4.2.4).
            long poc = PicOrderCnt(e);
            bool before = h->FieldPic ? poc <= currentPoc : poc < currentPoc;
            // List 0: earlier ones from the nearest, then later ones; list 1 the other way round.
            long key = before ? -poc : poc;
            Insert(ref order, keys, i, key + (before == (which == 0) ? 0 : 1L << 40));
        }
        int count = Append(dpb, ref order, h, list, 0);
        return AppendLongTerm(dpb, h, keys, list, count);
    }

    private static int AppendLongTerm(V4L2H264DpbEntry* dpb, H264SliceHeader* h, long* keys, V4L2H264Reference* list, int count)
    {
        Order order = default;
        for (int i = 0; i < DpbSize; i++)
        {
            if (IsReference(dpb + i, true) && (h->FieldPic || dpb[i].Fields == H264Fields.Frame))
                Insert(ref order, keys, i, dpb[i].PicNum);
        }
        return Append(dpb, ref order, h, list, count);
    }

    /// <summary>Appends frames, or their fields in turn, beginning with the current field's parity (spec 8.2.4.2.5).</summary>
    private static int Append(V4L2H264DpbEntry* dpb, ref Order order, H264SliceHeader* h, V4L2H264Reference* list, int count)
    {
        if (!h->FieldPic)
        {
            for (int i = 0; i < order.Count && count < ListSize; i++)
                list[count++] = new V4L2H264Reference { Fields = H264Fields.Frame, Index = order.Index[i] };
            return count;
        }
        H264Fields parity = h->BottomField ? H264Fields.Bottom : H264Fields.Top;
        int same = 0, other = 0;
        while (count < ListSize)
        {
            ref int next = ref parity == H264Fields.Bottom == h->BottomField ? ref same : ref other;
            while (next < order.Count && (dpb[order.Index[next]].Fields & parity) == 0)
                next++;
            if (next == order.Count)
            {
                // No field of this parity is left: what remains of the other one follows in order.
                parity ^= H264Fields.Frame;
                ref int rest = ref parity == H264Fields.Bottom == h->BottomField ? ref same : ref other;
                for (; rest < order.Count && count < ListSize; rest++)
                {
                    if ((dpb[order.Index[rest]].Fields & parity) != 0)
                        list[count++] = new V4L2H264Reference { Fields = parity, Index = order.Index[rest] };
                }
                break;
            }
            list[count++] = new V4L2H264Reference { Fields = parity, Index = order.Index[next++] };
            parity ^= H264Fields.Frame;
        }
        return count;
    }

    /// <summary>Spec 8.2.4.3: each command moves the picture it names to the next place. A picture that is not there leaves a hole.</summary>
    private static void Modify(V4L2H264DpbEntry* dpb, H264SliceHeader* h, int maxFrameNum, V4L2H264Reference* list, int active, byte* idc, uint* value, int commands)
    {
        int currPicNum = h->FieldPic ? 2 * h->FrameNum + 1 : h->FrameNum;
        int maxPicNum = h->FieldPic ? 2 * maxFrameNum : maxFrameNum;
        int predicted = currPicNum;
        for (int n = 0; n < commands && n < active; n++)
        {
            V4L2H264Reference found;
            if (idc[n] == 2)
                found = Find(dpb, h, maxFrameNum, (int)value[n], longTerm: true);
            else
            {
                // picNumLXNoWrap stays within 0..MaxPicNum - 1 (8-34, 8-35); picNumLX is relative to CurrPicNum (8-36).
                int difference = (int)value[n] + 1;
                predicted += idc[n] == 0 ? -difference : difference;
                if (predicted < 0)
                    predicted += maxPicNum;
                else if (predicted >= maxPicNum)
                    predicted -= maxPicNum;
                found = Find(dpb, h, maxFrameNum, predicted > currPicNum ? predicted - maxPicNum : predicted, longTerm: false);
            }
            // Everything from here on moves up by one as far as the picture's old place, or drops out at the end.
            int at = n;
            if (found.Index == Missing)
                at = active - 1;
            else
            {
                while (at < active - 1 && !Same(list[at], found))
                    at++;
            }
            for (; at > n; at--)
                list[at] = list[at - 1];
            list[n] = found;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Same(V4L2H264Reference a, V4L2H264Reference b) => a.Index == b.Index && a.Fields == b.Fields;

    /// <summary>The reference of a PicNum or LongTermPicNum (spec 8-28..8-33).</summary>
    private static V4L2H264Reference Find(V4L2H264DpbEntry* dpb, H264SliceHeader* h, int maxFrameNum, int picNum, bool longTerm)
    {
        H264Fields fields = H264Fields.Frame;
        if (h->FieldPic)
        {
            // Odd numbers are of the current field's parity.
            bool bottom = (picNum & 1) != 0 == h->BottomField;
            fields = bottom ? H264Fields.Bottom : H264Fields.Top;
            picNum >>= 1;
        }
        for (int i = 0; i < DpbSize; i++)
        {
            V4L2H264DpbEntry* e = dpb + i;
            if (!IsReference(e, longTerm) || (e->Fields & fields) != fields)
                continue;
            if (picNum == (longTerm ? (int)e->PicNum : FrameNumWrap(e, h->FrameNum, maxFrameNum)))
                return new V4L2H264Reference { Fields = fields, Index = (byte)i };
        }
        return new V4L2H264Reference { Fields = H264Fields.None, Index = Missing };
    }
}
