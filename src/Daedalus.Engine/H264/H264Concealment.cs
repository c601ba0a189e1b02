// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;

namespace Daedalus.Engine.H264;

/// <summary>Macroblocks that no slice brought: copied from the nearest reference, grey without one.</summary>
internal static unsafe class H264Concealment
{
    /// <summary>Makes up the missing macroblocks of a row (or of a pair row). Whether there were any.</summary>
    /// <param name="s">The picture.</param>
    /// <param name="row">First macroblock row.</param>
    /// <param name="rows">1, or 2 for MBAFF.</param>
    /// <param name="slice">Slice they are said to belong to.</param>
    public static bool FillRow(H264PictureState* s, int row, int rows, H264Slice* slice)
    {
        bool any = false;
        int w = s->WidthInMbs;
        for (int y = row; y < row + rows; y++)
        {
            for (int x = 0; x < w; x++)
            {
                H264Macroblock* mb = s->Macroblocks + y * w + x;
                if (mb->Slice != H264Macroblock.NoSlice)
                    continue;
                any = true;
                bool field = rows == 2 && s->Macroblocks[(y ^ 1) * w + x] is { Slice: not H264Macroblock.NoSlice, IsField: true };
                Fill(s, mb, s->Motion + y * w + x, slice, field, (y & 1) != 0);
            }
        }
        return any;
    }

    /// <summary>Chroma of monochrome pictures: mid-grey, as the reference decoder writes it.</summary>
    /// <param name="picture">Picture or field, 4:2:0.</param>
    /// <param name="from">First luma line.</param>
    /// <param name="to">Luma line after the last.</param>
    public static void FillGreyChroma(in PictureView picture, int from, int to)
    {
        for (int plane = 1; plane < 3; plane++)
        {
            for (int y = from >> 1; y < to >> 1; y++)
            {
                byte* line = picture.Plane(plane) + y * picture.StrideUv;
                if (picture.BitDepth == 8)
                    new Span<byte>(line, picture.Width >> 1).Fill(128);
                else
                    new Span<ushort>(line, picture.Width >> 1).Fill((ushort)(1 << (picture.BitDepth - 1)));
            }
        }
    }

    /// <summary>Lines of a missing field: those of the other one.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="parity">Field that is there: 0 top, 1 bottom.</param>
    public static void CopyField(in PictureView frame, int parity)
    {
        for (int plane = 0; plane < 3; plane++)
        {
            int height = plane == 0 ? frame.Height : frame.Height >> frame.SubsamplingY, width = plane == 0 ? frame.Width : frame.Width >> frame.SubsamplingX;
            uint bytes = (uint)(frame.BitDepth == 8 ? width : 2 * width);
            nint stride = frame.Stride(plane);
            byte* line = frame.Plane(plane);
            for (int y = 0; y + 1 < height; y += 2, line += 2 * stride)
                NativeMemory.Copy(line + parity * stride, line + (1 - parity) * stride, bytes);
        }
    }

    private static void Fill(H264PictureState* s, H264Macroblock* mb, H264Motion* motion, H264Slice* slice, bool field, bool bottom)
    {
        bool copy = slice->Header.NumRefIdxActive0 != 0;
        *mb = new H264Macroblock
        {
            Slice = (ushort)slice->Index,
            Type = copy ? H264MbType.Inter : H264MbType.Intra16x16,
            Flags = H264MbFlags.Concealed | (copy ? H264MbFlags.Skip : 0) | (field ? H264MbFlags.Field : 0),
            Intra16x16Mode = 2,
        };
        *motion = new H264Motion { Field = field ? (byte)1 : (byte)0, Intra = copy ? (byte)0 : (byte)1 };
        int reference = slice->RefList[0] + (field ? bottom ? 2 : 1 : 0);
        for (int i = 0; i < 8; i++)
        {
            bool used = copy && i < 4;
            motion->RefIdx[i] = used ? (sbyte)0 : (sbyte)-1;
            motion->RefPic[i] = used ? s->References[reference].Key : -1;
        }
    }
}
