// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

/// <summary>Neighbouring locations (spec 6.4.12) by position in the macroblock arrays, availability by slice left to the caller.</summary>
public static unsafe class H264Neighbours
{
    /// <summary>
    /// The macroblock that covers a luma location relative to a macroblock, and the location in it. xN -1..16, yN -1..15 (not both beyond).
    /// Locations right of the macroblock exist only above it.
    /// </summary>
    /// <param name="p">The picture; <see cref="H264Macroblock.Flags"/> of the pairs around must be set.</param>
    /// <param name="mbX">Column.</param>
    /// <param name="mbY">Row (MBAFF: even = first of the pair).</param>
    /// <param name="isField">The macroblock is a field macroblock of an MBAFF frame.</param>
    /// <param name="xN">Column relative to the macroblock.</param>
    /// <param name="yN">Row relative to it.</param>
    /// <param name="height">Rows of a macroblock in the plane meant: 16, chroma 8 or 16.</param>
    /// <param name="width">Columns: 16 or 8.</param>
    /// <param name="yM">Row in the macroblock found.</param>
    /// <returns>Index of the macroblock, -1 outside the picture or not yet decoded by order. xM = (xN + width) % width.</returns>
    public static int Locate(H264PictureState* p, int mbX, int mbY, bool isField, int xN, int yN, int width, int height, out int yM)
    {
        int w = p->WidthInMbs;
        int x = xN < 0 ? mbX - 1 : xN >= width ? mbX + 1 : mbX;
        yM = yN;
        if ((uint)x >= (uint)w)
            return -1;
        if (!p->IsMbaff)
        {
            if (yN >= 0)
                return x > mbX ? -1 : mbY * w + x;
            yM = yN + height;
            return mbY == 0 ? -1 : (mbY - 1) * w + x;
        }

        // Table 6-4. top: index of the first macroblock of the pair meant.
        int pairY = mbY & ~1;
        bool first = (mbY & 1) == 0;
        if (yN < 0)
        {
            if (x == mbX && !first && !isField)
            {
                // Second frame macroblock: the first one of its own pair.
                yM = yN + height;
                return pairY * w + x;
            }
            if (x > mbX && !first && !isField)
                return -1;
            if (x < mbX && !first && !isField)
            {
                // Second frame macroblock, above left: the left pair.
                int left = pairY * w + x;
                if (!p->Macroblocks[left].IsField)
                {
                    yM = yN + height;
                    return left;
                }
                // Line 15 of a field pair: row 7 of the bottom field macroblock (chroma accordingly).
                yM = (yN + height) >> 1;
                return left + w;
            }
            if (pairY == 0)
                return -1;
            int above = (pairY - 2) * w + x;
            bool aboveField = p->Macroblocks[above].IsField;
            if (!isField)
            {
                // First frame macroblock: the last line of the pair above.
                yM = yN + height;
                return above + w;
            }
            if (first)
            {
                // Top field macroblock: field pair: its top macroblock; frame pair: line 2 * yN of the bottom one.
                if (aboveField)
                {
                    yM = yN + height;
                    return above;
                }
                yM = 2 * yN + height;
                return above + w;
            }
            yM = yN + height;
            return above + w;
        }
        if (x == mbX)
            return mbY * w + x;
        if (x > mbX)
            return -1;

        int pair = pairY * w + x;
        bool leftField = p->Macroblocks[pair].IsField;
        if (isField == leftField)
            return pair + (first ? 0 : w);
        if (!isField)
        {
            // Frame macroblock beside a field pair: lines alternate between the fields.
            int line = first ? yN : yN + height;
            yM = line >> 1;
            return pair + ((line & 1) == 0 ? 0 : w);
        }
        // Field macroblock beside a frame pair.
        int frameLine = 2 * yN + (first ? 0 : 1);
        if (frameLine < height)
        {
            yM = frameLine;
            return pair;
        }
        yM = frameLine - height;
        return pair + w;
    }
}
