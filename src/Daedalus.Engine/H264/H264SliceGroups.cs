// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>Macroblock to slice group maps of flexible macroblock ordering (spec 8.2.2).</summary>
internal static unsafe class H264SliceGroups
{
    /// <summary>
    /// Fills the map of a picture: one byte for each macroblock address (MBAFF: for each pair).
    /// </summary>
    /// <param name="map">Map to fill: PicSizeInMbs bytes (MBAFF: half).</param>
    /// <param name="units">Scratch for PicSizeInMapUnits bytes.</param>
    /// <param name="sps">Sequence parameter set.</param>
    /// <param name="pps">Parameter set with more than one slice group.</param>
    /// <param name="isField">field_pic_flag.</param>
    /// <param name="isMbaff">MbaffFrameFlag.</param>
    /// <param name="changeCycle">slice_group_change_cycle.</param>
    public static void Fill(byte* map, byte* units, in V4L2CtrlH264Sps sps, DaedalusCtrlH264PictureParameters* pps, bool isField, bool isMbaff, uint changeCycle)
    {
        int width = sps.PicWidthInMbsMinus1 + 1, height = sps.PicHeightInMapUnitsMinus1 + 1, size = width * height;
        FillUnits(new Span<byte>(units, size), width, height, pps, changeCycle);

        // Spec 8.2.2.8.
        bool frameMbsOnly = (sps.Flags & H264SpsFlags.FrameMbsOnly) != 0;
        if (frameMbsOnly || isField || isMbaff)
        {
            new Span<byte>(units, size).CopyTo(new Span<byte>(map, size));
            return;
        }
        for (int i = 0; i < 2 * size; i++)
            map[i] = units[i / (2 * width) * width + i % width];
    }

    private static void FillUnits(Span<byte> map, int width, int height, DaedalusCtrlH264PictureParameters* pps, uint changeCycle)
    {
        int groups = pps->Pps.NumSliceGroupsMinus1 + 1, size = map.Length;
        long changed = Math.Min((long)changeCycle * ((long)pps->SliceGroupChangeRateMinus1 + 1), size);
        int inGroup0 = (int)changed;
        int direction = pps->SliceGroupChangeDirection != 0 ? 1 : 0;
        int upperLeft = direction != 0 ? size - inGroup0 : inGroup0;
        switch (pps->SliceGroupMapType)
        {
            case 0: // interleaved (8-17)
                for (int i = 0; i < size;)
                {
                    for (int g = 0; g < groups && i < size; g++)
                    {
                        long run = (long)pps->RunLengthMinus1[g] + 1;
                        for (long j = 0; j < run && i < size; j++)
                            map[i++] = (byte)g;
                    }
                }
                break;
            case 1: // dispersed (8-18)
                for (int i = 0; i < size; i++)
                    map[i] = (byte)((i % width + i / width * groups / 2) % groups);
                break;
            case 2: // foreground with left-over (8-19)
                map.Fill((byte)(groups - 1));
                for (int g = groups - 2; g >= 0; g--)
                {
                    long topLeft = pps->TopLeft[g], bottomRight = pps->BottomRight[g];
                    if (bottomRight >= size || topLeft > bottomRight)
                        continue;
                    for (long y = topLeft / width; y <= bottomRight / width; y++)
                    {
                        for (long x = topLeft % width; x <= bottomRight % width; x++)
                            map[(int)(y * width + x)] = (byte)g;
                    }
                }
                break;
            case 3:
                FillBoxOut(map, width, height, direction, inGroup0);
                break;
            case 4: // raster scan (8-26)
                for (int i = 0; i < size; i++)
                    map[i] = (byte)(i < upperLeft ? direction : 1 - direction);
                break;
            case 5: // wipe (8-27)
                int k = 0;
                for (int x = 0; x < width; x++)
                {
                    for (int y = 0; y < height; y++)
                        map[y * width + x] = (byte)(k++ < upperLeft ? direction : 1 - direction);
                }
                break;
            default: // explicit (8-28)
                byte* ids = (byte*)pps->SliceGroupId;
                int given = ids == null ? 0 : (int)Math.Min(pps->MapUnits, (uint)size);
                for (int i = 0; i < size; i++)
                    map[i] = i < given ? Math.Min(ids[i], (byte)(groups - 1)) : (byte)0;
                break;
        }
    }

    // Spec 8.2.2.4: a spiral from the middle.
    private static void FillBoxOut(Span<byte> map, int width, int height, int direction, int inGroup0)
    {
        map.Fill(1);
        int x = (width - direction) / 2, y = (height - direction) / 2;
        int left = x, right = x, top = y, bottom = y;
        int dirX = direction - 1, dirY = direction;
        for (int k = 0; k < inGroup0;)
        {
            ref byte unit = ref map[y * width + x];
            if (unit == 1)
            {
                unit = 0;
                k++;
            }
            if (dirX == -1 && x == left)
            {
                left = Math.Max(left - 1, 0);
                x = left;
                (dirX, dirY) = (0, 2 * direction - 1);
            }
            else if (dirX == 1 && x == right)
            {
                right = Math.Min(right + 1, width - 1);
                x = right;
                (dirX, dirY) = (0, 1 - 2 * direction);
            }
            else if (dirY == -1 && y == top)
            {
                top = Math.Max(top - 1, 0);
                y = top;
                (dirX, dirY) = (1 - 2 * direction, 0);
            }
            else if (dirY == 1 && y == bottom)
            {
                bottom = Math.Min(bottom + 1, height - 1);
                y = bottom;
                (dirX, dirY) = (2 * direction - 1, 0);
            }
            else
            {
                x += dirX;
                y += dirY;
            }
        }
    }
}
