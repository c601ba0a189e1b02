// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Tool;

/// <summary>headers for H.264: one line a NAL unit.</summary>
internal static unsafe class H264Headers
{
    public static int Run(AccessUnitReader reader)
    {
        var sets = new H264ParameterSets();
        byte[] buffer = new byte[H264SliceHeaderParser.MaxHeaderBytes];
        int unitNumber = 0, errors = 0;
        var line = new StringBuilder();
        while (reader.TryRead(out ReadOnlySpan<byte> unit))
        {
            int position = 0;
            while (H264NalUnits.TryNext(unit, ref position, out int start, out int length))
            {
                ReadOnlySpan<byte> nal = unit.Slice(start, length);
                H264NalUnitType type = H264NalUnits.Type(nal);
                line.Clear();
                line.Append($"unit={unitNumber} nal_unit_type={(int)type} nal_ref_idc={H264NalUnits.RefIdc(nal)} bytes={length}");
                H264ParseError error = default;
                bool good = type switch
                {
                    H264NalUnitType.Sps or H264NalUnitType.Pps => sets.Add(nal, out error),
                    H264NalUnitType.Slice or H264NalUnitType.PartitionA or H264NalUnitType.IdrSlice =>
                        Slice(line, sets, buffer.AsSpan(0, H264NalUnits.Unescape(nal, buffer)), out error),
                    _ => true,
                };
                if (!good)
                {
                    errors++;
                    line.Append($" error=\"{error}\"");
                }
                Console.Out.WriteLine(line);
            }
            unitNumber++;
        }
        return errors == 0 ? 0 : 1;
    }

    private static bool Slice(StringBuilder s, H264ParameterSets sets, ReadOnlySpan<byte> nal, out H264ParseError error)
    {
        error = default;
        if (!H264SliceHeaderParser.TryReadPpsId(nal, out _, out int id) || !sets.TryGetPps(id, out H264Pps? pps, out error))
            return false;
        if (!H264SliceHeaderParser.TryParse(nal, pps.Sps.Control, pps.Parameters, out H264SliceHeader h, out error))
            return false;
        s.Append($" first_mb={h.FirstMbInSlice} slice_type={h.SliceType} pps={h.PicParameterSetId} sps={pps.Sps.Id} size={pps.Sps.Width}x{pps.Sps.Height} frame_num={h.FrameNum}");
        s.Append(h.FieldPic ? h.BottomField ? " bottom_field" : " top_field" : h.MbaffFrame ? " mbaff" : "");
        s.Append($" idr_pic_id={h.IdrPicId} poc_lsb={h.PicOrderCntLsb} delta_bottom={h.DeltaPicOrderCntBottom} delta={h.DeltaPicOrderCnt0},{h.DeltaPicOrderCnt1}");
        s.Append($" num_ref_idx={h.NumRefIdxActive0},{h.NumRefIdxActive1} qp={h.SliceQp} redundant={h.RedundantPicCnt} header_bits={h.HeaderBitSize}");
        if (h.NoOutputOfPriorPics)
            s.Append(" no_output_of_prior_pics");
        if (h.LongTermReference)
            s.Append(" long_term_reference");
        for (int i = 0; i < h.MarkingCount; i++)
            s.Append($" mmco{h.MarkingOperation[i]}={h.MarkingValue[i]}" + (h.MarkingOperation[i] == 3 ? $",{h.MarkingLongTermFrameIdx[i]}" : ""));
        return true;
    }
}
