// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264.LoopFilter;

/// <summary>
/// Spec 8.7 word by word and sample by sample: for every sample pair the macroblocks are found from its place in the picture, bS from 8.7.2.1,
/// the filter from 8.7.2.2 to 8.7.2.4. Shares nothing with the filter under test but the input records.
/// </summary>
internal sealed unsafe class H264LoopFilterModel(H264PictureState* picture)
{
    private static readonly int[] s_alpha =
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255,
    ];
    private static readonly int[] s_beta =
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18,
    ];
    // Table 8-17, columns bS = 1, 2, 3.
    private static readonly int[][] s_tc0 =
    [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 10, 11, 12, 13, 15, 17],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 13, 14, 16, 18, 20, 23, 25],
    ];

    private readonly int _widthC = picture->ChromaArrayType is 1 or 2 ? 8 : 16, _heightC = picture->ChromaArrayType == 1 ? 8 : 16;

    private int Get(int plane, int x, int y)
    {
        byte* row = picture->Picture.Plane(plane) + y * picture->Picture.Stride(plane);
        return picture->BitDepth > 8 ? ((ushort*)row)[x] : row[x];
    }

    private void Set(int plane, int x, int y, int value)
    {
        byte* row = picture->Picture.Plane(plane) + y * picture->Picture.Stride(plane);
        if (picture->BitDepth > 8)
            ((ushort*)row)[x] = (ushort)value;
        else
            row[x] = (byte)value;
    }

    public void Filter()
    {
        int count = picture->WidthInMbs * picture->HeightInMbs;
        for (int address = 0; address < count; address++)
            Macroblock(address);
    }

    private bool IsField(int index) => picture->Macroblocks[index].IsField;

    private bool Usable(int index, int current, int idc)
    {
        int slice = picture->Macroblocks[index].Slice;
        return slice != H264Macroblock.NoSlice && (idc != 2 || slice == picture->Macroblocks[current].Slice);
    }

    private void Macroblock(int address)
    {
        int index = picture->IndexOf(address), w = picture->WidthInMbs;
        H264Macroblock* mb = picture->Macroblocks + index;
        if (mb->Slice == H264Macroblock.NoSlice)
            return;
        int idc = picture->Slices[mb->Slice].Header.DisableDeblockingFilterIdc;
        bool field = picture->IsMbaff && mb->IsField;
        int mbX = index % w, mbY = index / w, yPicture = picture->IsMbaff ? (mbY & ~1) * 16 + (field ? mbY & 1 : (mbY & 1) * 16) : mbY * 16;
        bool inner = idc != 1;
        bool left = idc != 1 && mbX > 0 && Usable(index - 1, index, idc);
        bool top = idc != 1 && yPicture >= (field ? 2 : 1);
        if (top)
        {
            // mbAddrB: what covers the line above (of the macroblock's field).
            int above = Owner(mbX * 16, yPicture - (field ? 2 : 1), 16, 16, out _);
            top = Usable(above, index, idc);
        }
        for (int plane = 0; plane < (picture->ChromaArrayType == 0 ? 1 : 3); plane++)
        {
            int width = plane == 0 ? 16 : _widthC, height = plane == 0 ? 16 : _heightC;
            int yPlane = picture->IsMbaff ? (mbY & ~1) * height + (field ? mbY & 1 : (mbY & 1) * height) : mbY * height;
            bool eight = (mb->Flags & H264MbFlags.Transform8x8) != 0 && (plane == 0 || picture->ChromaArrayType == 3);
            int x0 = mbX * width;
            if (left)
                Edge(plane, true, field, x0, yPlane, 0, width, height);
            for (int e = 4; e < width && inner; e += 4)
            {
                if (!eight || e == 8)
                    Edge(plane, true, field, x0, yPlane, e, width, height);
            }
            if (top)
            {
                bool twice = picture->IsMbaff && !field && (mbY & 1) == 0 && IsField(index - 2 * w);
                if (twice)
                {
                    Edge(plane, false, true, x0, yPlane, 0, width, height);
                    Edge(plane, false, true, x0, yPlane, 1, width, height);
                }
                else
                    Edge(plane, false, field, x0, yPlane, 0, width, height);
            }
            for (int e = 4; e < height && inner; e += 4)
            {
                if (!eight || e == 8)
                    Edge(plane, false, field, x0, yPlane, e, width, height);
            }
        }
    }

    // 8.7.1: the samples of one edge; e is its distance from the macroblock's border (1: second pass of the upper edge).
    private void Edge(int plane, bool vertical, bool fieldMode, int xI, int yI, int e, int width, int height)
    {
        int dy = fieldMode ? 2 : 1;
        for (int k = 0; k < (vertical ? height : width); k++)
        {
            int[] px = new int[4], py = new int[4], qx = new int[4], qy = new int[4];
            for (int i = 0; i < 4; i++)
            {
                int xE = vertical ? e : k, yE = vertical ? k : e;
                qx[i] = vertical ? xI + xE + i : xI + xE;
                px[i] = vertical ? xI + xE - i - 1 : xI + xE;
                qy[i] = vertical ? yI + dy * yE : yI + dy * (yE + i) - yE % 2;
                py[i] = vertical ? yI + dy * yE : yI + dy * (yE - i - 1) - yE % 2;
            }
            Samples(plane, vertical, e < 4, px, py, qx, qy, width, height);
        }
    }

    // The macroblock that covers a place of a plane whose macroblocks are width × height, and the line in it.
    private int Owner(int x, int y, int width, int height, out int yM)
    {
        int w = picture->WidthInMbs;
        if (!picture->IsMbaff)
        {
            yM = y % height;
            return y / height * w + x / width;
        }
        int pair = y / (2 * height) * 2 * w + x / width, line = y % (2 * height);
        bool field = IsField(pair);
        yM = field ? line / 2 : line % height;
        return pair + (field ? line % 2 : line / height) * w;
    }

    private void Samples(int plane, bool vertical, bool mbEdge, int[] px, int[] py, int[] qx, int[] qy, int width, int height)
    {
        int mbP = Owner(px[0], py[0], width, height, out int yP), mbQ = Owner(qx[0], qy[0], width, height, out int yQ);
        int blockP = (yP * 16 / height / 4 * 4) + px[0] % width * 16 / width / 4, blockQ = (yQ * 16 / height / 4 * 4) + qx[0] % width * 16 / width / 4;
        int strength = Strength(vertical, mbEdge, mbP, blockP, mbQ, blockQ);
        if (strength == 0)
            return;
        H264Macroblock* p = picture->Macroblocks + mbP;
        H264Macroblock* q = picture->Macroblocks + mbQ;
        ref var header = ref picture->Slices[q->Slice].Header;
        int qpP = plane == 0 ? p->Qp : plane == 1 ? p->QpCb : p->QpCr, qpQ = plane == 0 ? q->Qp : plane == 1 ? q->QpCb : q->QpCr;
        int average = (qpP + qpQ + 1) >> 1, indexA = Math.Clamp(average + header.FilterOffsetA, 0, 51), indexB = Math.Clamp(average + header.FilterOffsetB, 0, 51);
        int scale = 1 << (picture->BitDepth - 8), alpha = s_alpha[indexA] * scale, beta = s_beta[indexB] * scale;
        bool chromaStyle = plane > 0 && picture->ChromaArrayType != 3;
        int[] sp = new int[4], sq = new int[4];
        for (int i = 0; i < (chromaStyle ? 2 : 4); i++)
        {
            sp[i] = Get(plane, px[i], py[i]);
            sq[i] = Get(plane, qx[i], qy[i]);
        }
        if (!(Math.Abs(sp[0] - sq[0]) < alpha && Math.Abs(sp[1] - sp[0]) < beta && Math.Abs(sq[1] - sq[0]) < beta))
            return;
        bool nearP = Math.Abs(sp[2] - sp[0]) < beta, nearQ = Math.Abs(sq[2] - sq[0]) < beta;
        int max = (1 << picture->BitDepth) - 1;
        int[] np = [.. sp], nq = [.. sq];
        if (strength < 4)
        {
            int tc0 = s_tc0[strength - 1][indexA] * scale, tc = chromaStyle ? tc0 + 1 : tc0 + (nearP ? 1 : 0) + (nearQ ? 1 : 0);
            int delta = Math.Clamp((((sq[0] - sp[0]) << 2) + (sp[1] - sq[1]) + 4) >> 3, -tc, tc);
            np[0] = Math.Clamp(sp[0] + delta, 0, max);
            nq[0] = Math.Clamp(sq[0] - delta, 0, max);
            if (!chromaStyle && nearP)
                np[1] = sp[1] + Math.Clamp((sp[2] + ((sp[0] + sq[0] + 1) >> 1) - (sp[1] << 1)) >> 1, -tc0, tc0);
            if (!chromaStyle && nearQ)
                nq[1] = sq[1] + Math.Clamp((sq[2] + ((sp[0] + sq[0] + 1) >> 1) - (sq[1] << 1)) >> 1, -tc0, tc0);
        }
        else
        {
            bool small = Math.Abs(sp[0] - sq[0]) < (alpha >> 2) + 2;
            np[0] = (2 * sp[1] + sp[0] + sq[1] + 2) >> 2;
            nq[0] = (2 * sq[1] + sq[0] + sp[1] + 2) >> 2;
            if (!chromaStyle && nearP && small)
            {
                np[0] = (sp[2] + 2 * sp[1] + 2 * sp[0] + 2 * sq[0] + sq[1] + 4) >> 3;
                np[1] = (sp[2] + sp[1] + sp[0] + sq[0] + 2) >> 2;
                np[2] = (2 * sp[3] + 3 * sp[2] + sp[1] + sp[0] + sq[0] + 4) >> 3;
            }
            if (!chromaStyle && nearQ && small)
            {
                nq[0] = (sp[1] + 2 * sp[0] + 2 * sq[0] + 2 * sq[1] + sq[2] + 4) >> 3;
                nq[1] = (sp[0] + sq[0] + sq[1] + sq[2] + 2) >> 2;
                nq[2] = (2 * sq[3] + 3 * sq[2] + sq[1] + sq[0] + sp[0] + 4) >> 3;
            }
        }
        for (int i = 0; i < (chromaStyle ? 1 : 3); i++)
        {
            Set(plane, px[i], py[i], np[i]);
            Set(plane, qx[i], qy[i], nq[i]);
        }
    }

    private bool Intra(int index)
    {
        H264Macroblock* mb = picture->Macroblocks + index;
        return mb->IsIntra || picture->Slices[mb->Slice].Header.SliceType is H264SliceType.SP or H264SliceType.SI;
    }

    // block: y * 4 + x.
    private bool HasCoefficients(int index, int block)
    {
        int x = block & 3, y = block >> 2, order = (y >> 1) * 8 + (x >> 1) * 4 + (y & 1) * 2 + (x & 1);
        return (picture->Macroblocks[index].Luma >> order & 1) != 0;
    }

    private int Strength(bool vertical, bool mbEdge, int mbP, int blockP, int mbQ, int blockQ)
    {
        bool fieldP = IsField(mbP), fieldQ = IsField(mbQ), mixed = picture->IsMbaff && fieldP != fieldQ;
        bool frames = !picture->IsField && !fieldP && !fieldQ, intra = Intra(mbP) || Intra(mbQ);
        if (mbEdge && intra && (frames || ((picture->IsMbaff || picture->IsField) && vertical)))
            return 4;
        if (intra)
            return 3;
        if (HasCoefficients(mbP, blockP) || HasCoefficients(mbQ, blockQ))
            return 2;
        if (mixed)
            return 1;
        return Moves(mbP, blockP, mbQ, blockQ, picture->IsField || fieldQ ? 2 : 4) ? 1 : 0;
    }

    private List<(int Picture, int X, int Y)> Vectors(int index, int block)
    {
        H264Motion* motion = picture->Motion + index;
        var found = new List<(int, int, int)>();
        for (int list = 0; list < 2; list++)
        {
            int reference = motion->RefPic[list * 4 + (block >> 3) * 2 + (block >> 1 & 1)], mv = motion->Mv[list * 16 + block];
            if (reference >= 0)
                found.Add((reference, (short)mv, mv >> 16));
        }
        return found;
    }

    private bool Moves(int mbP, int blockP, int mbQ, int blockQ, int limitY)
    {
        var p = Vectors(mbP, blockP);
        var q = Vectors(mbQ, blockQ);
        if (!p.Select(v => v.Picture).Order().SequenceEqual(q.Select(v => v.Picture).Order()))
            return true;
        bool Far((int Picture, int X, int Y) a, (int Picture, int X, int Y) b) => Math.Abs(a.X - b.X) >= 4 || Math.Abs(a.Y - b.Y) >= limitY;
        if (p.Count == 1)
            return Far(p[0], q[0]);
        if (p[0].Picture != p[1].Picture)
            return p.Any(a => Far(a, q.First(b => b.Picture == a.Picture)));
        return (Far(p[0], q[0]) || Far(p[1], q[1])) && (Far(p[0], q[1]) || Far(p[1], q[0]));
    }
}
