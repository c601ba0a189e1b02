// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text;
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Tool;

/// <summary>headers of AV1: sequence and frame headers as name=value pairs, names as in the specification.</summary>
internal static unsafe class Av1Headers
{
    public static int Run(AccessUnitReader reader)
    {
        var parser = new Av1HeaderParser();
        var header = new Av1FrameHeader();
        var line = new StringBuilder();
        int unit = 0, frame = 0, errors = 0;
        while (reader.TryRead(out ReadOnlySpan<byte> data))
        {
            var obus = new Av1ObuReader(data);
            bool open = false;
            while (obus.TryRead(out Av1Obu obu))
            {
                ReadOnlySpan<byte> payload = data.Slice(obu.PayloadOffset, obu.PayloadSize);
                line.Clear();
                Av1ParseError error = Av1ParseError.None;
                if (obu.Type == Av1ObuType.SequenceHeader)
                {
                    if (Av1HeaderParser.TryParseSequence(payload, out Av1SequenceHeader? sequence, out error))
                    {
                        parser.Sequence = sequence;
                        Describe(line, sequence);
                    }
                }
                else if (obu.Type == Av1ObuType.Frame || obu.Type == Av1ObuType.FrameHeader && !open)
                {
                    if (parser.TryParseFrame(payload, obu.TemporalId, obu.SpatialId, header, out _, out error))
                    {
                        line.Append($"frame={frame++} unit={unit}");
                        Describe(line, header);
                        if (header.ShowExistingFrame)
                        {
                            parser.State.LoadExisting(header.FrameToShowMapIdx);
                        }
                        else
                        {
                            open = obu.Type == Av1ObuType.FrameHeader;
                            parser.State.Update(header);
                        }
                    }
                }
                else
                {
                    open &= obu.Type != Av1ObuType.TemporalDelimiter;
                    continue;
                }
                if (error != Av1ParseError.None)
                {
                    errors++;
                    line.Append($"unit={unit} obu={obu.Type} error=\"{error}\"");
                }
                if (line.Length > 0)
                    Console.Out.WriteLine(line);
            }
            unit++;
        }
        return errors == 0 ? 0 : 1;
    }

    private static void Describe(StringBuilder s, Av1SequenceHeader h)
        => s.Append($"sequence profile={h.Control.SeqProfile} size={h.MaxFrameWidth}x{h.MaxFrameHeight} bit_depth={h.BitDepth} subsampling={h.SubsamplingX}{h.SubsamplingY} mono_chrome={(h.Monochrome ? 1 : 0)} "
            + $"matrix_coefficients={h.MatrixCoefficients} order_hint_bits={h.Control.OrderHintBits} flags={h.Control.Flags} operating_points={h.OperatingPoints.Count}");

    private static void Describe(StringBuilder s, Av1FrameHeader h)
    {
        if (h.ShowExistingFrame)
        {
            s.Append($" show_existing_frame=1 frame_to_show_map_idx={h.FrameToShowMapIdx}");
            return;
        }
        V4L2CtrlAv1Frame c = h.Control;
        s.Append($" frame_type={h.FrameType} size={h.FrameWidth}x{h.FrameHeight} upscaled={h.UpscaledWidth} layer={h.TemporalId}.{h.SpatialId} flags={c.Flags} order_hint={c.OrderHint} refresh={c.RefreshFrameFlags:x2}");
        if (!h.IsIntra)
        {
            s.Append(" refs=");
            for (int i = 0; i < 7; i++)
                s.Append(i == 0 ? "" : ",").Append(c.RefFrameIdx[i]);
        }
        s.Append($" primary={c.PrimaryRefFrame} tiles={c.TileInfo.TileCols}x{c.TileInfo.TileRows} q={c.Quantization.BaseQIdx} {c.Quantization.Flags} seg={c.Segmentation.Flags} ");
        s.Append($"lf={c.LoopFilter.Level[0]},{c.LoopFilter.Level[1]},{c.LoopFilter.Level[2]},{c.LoopFilter.Level[3]} sharpness={c.LoopFilter.Sharpness} {c.LoopFilter.Flags} ");
        s.Append($"cdef_bits={c.Cdef.Bits} y={c.Cdef.YPriStrength[0]}/{c.Cdef.YSecStrength[0]} uv={c.Cdef.UvPriStrength[0]}/{c.Cdef.UvSecStrength[0]} ");
        s.Append($"lr={c.LoopRestoration.FrameRestorationType[0]},{c.LoopRestoration.FrameRestorationType[1]},{c.LoopRestoration.FrameRestorationType[2]} tx={c.TxMode} filter={c.InterpolationFilter} gm=");
        for (int i = 1; i < 8; i++)
            s.Append((int)c.GlobalMotion.Type[i]);
        if ((h.Grain.Flags & Av1FilmGrainFlags.ApplyGrain) != 0)
            s.Append($" grain={h.Grain.GrainSeed}");
    }
}
