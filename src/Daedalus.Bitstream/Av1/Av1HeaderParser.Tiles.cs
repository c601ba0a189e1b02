// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Av1;

/// <summary>Tile group OBUs (spec 5.11.1).</summary>
public sealed unsafe partial class Av1HeaderParser
{
    /// <summary>Finds the tiles of a tile group.</summary>
    /// <param name="group">tile_group_obu: payload of a tile group OBU, or what follows the aligned header in a frame OBU.</param>
    /// <param name="h">The frame's header.</param>
    /// <param name="position">Offset of <paramref name="group"/> in the request's bitstream.</param>
    /// <param name="entries">Receives the tiles; room for <see cref="V4L2CtrlAv1TileGroupEntry.MaxTiles"/>.</param>
    /// <param name="count">Entries filled so far; grows. Tiles before a broken one stay.</param>
    /// <param name="nextTile">The tile that may come next; becomes the one after the group.</param>
    /// <param name="error">Why the group, or its rest, was refused.</param>
    public static bool TryParseTileGroup(ReadOnlySpan<byte> group, Av1FrameHeader h, int position, V4L2CtrlAv1TileGroupEntry* entries, ref int count,
        ref int nextTile, out Av1ParseError error)
    {
        int tiles = h.NumTiles, cols = h.Control.TileInfo.TileCols, sizeBytes = h.Control.TileInfo.TileSizeBytes;
        var r = new Av1BitReader(group);
        int start = 0, end = tiles - 1;
        if (tiles > 1 && r.Flag())
        {
            int bits = h.TileColsLog2 + h.TileRowsLog2;
            start = (int)r.Bits(bits);
            end = (int)r.Bits(bits);
        }
        r.Align();
        error = r.Overrun ? Av1ParseError.Truncated : start < nextTile || end < start || end >= tiles ? Av1ParseError.Inconsistent : Av1ParseError.None;
        if (error != Av1ParseError.None)
            return false;
        int offset = r.Position >> 3;
        nextTile = end + 1;
        for (int tile = start; tile <= end; tile++)
        {
            long size = group.Length - offset;
            if (tile < end)
            {
                if (size < sizeBytes)
                {
                    error = Av1ParseError.Truncated;
                    return false;
                }
                long coded = 1;
                for (int i = 0; i < sizeBytes; i++)
                    coded += (long)group[offset + i] << (8 * i);
                offset += sizeBytes;
                size -= sizeBytes;
                if (coded > size)
                {
                    error = Av1ParseError.Truncated;
                    return false;
                }
                size = coded;
            }
            if (size <= 0)
            {
                error = Av1ParseError.Truncated;
                return false;
            }
            entries[count++] = new V4L2CtrlAv1TileGroupEntry
            {
                TileOffset = (uint)(position + offset),
                TileSize = (uint)size,
                TileRow = (uint)(tile / cols),
                TileCol = (uint)(tile % cols),
            };
            offset += (int)size;
        }
        return true;
    }
}
