// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.H264;

/// <summary>How a sample is stored.</summary>
internal unsafe interface IDeblockSample
{
    static abstract int Bytes { get; }
    static abstract int Load(byte* p);
    static abstract void Store(byte* p, int value);
}

/// <summary>8 bits.</summary>
internal unsafe struct DeblockSample8 : IDeblockSample
{
    public static int Bytes => 1;
    public static int Load(byte* p) => *p;
    public static void Store(byte* p, int value) => *p = (byte)value;
}

/// <summary>9 to 14 bits.</summary>
internal unsafe struct DeblockSample16 : IDeblockSample
{
    public static int Bytes => 2;
    public static int Load(byte* p) => *(ushort*)p;
    public static void Store(byte* p, int value) => *(ushort*)p = (ushort)value;
}

/// <summary>Plain C#, sample by sample (spec 8.7.2.3, 8.7.2.4): the reference of the vector kernels, and what runs above 12 bits.</summary>
internal unsafe struct H264DeblockScalar<TSample> : IH264DeblockKernels
    where TSample : struct, IDeblockSample
{
    public static void LumaVertical(byte* p, nint stride, H264LumaEdges* edges, uint mask, byte* scratch, int bitDepth)
        => Luma(p, TSample.Bytes, stride, edges, mask, bitDepth);

    public static void LumaHorizontal(byte* p, nint stride, H264LumaEdges* edges, uint mask, int bitDepth)
        => Luma(p, stride, TSample.Bytes, edges, mask, bitDepth);

    public static void ChromaVertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        Chroma(cb, TSample.Bytes, stride, edges, 0, mask, bitDepth);
        Chroma(cr, TSample.Bytes, stride, edges, 1, mask, bitDepth);
    }

    public static void ChromaHorizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        Chroma(cb, stride, TSample.Bytes, edges, 0, mask, bitDepth);
        Chroma(cr, stride, TSample.Bytes, edges, 1, mask, bitDepth);
    }

    public static void LumaLines(byte* p, nint stride, H264EdgeLines* lines, byte* scratch, int bitDepth)
    {
        int shift = bitDepth - 8;
        for (int i = 0; i < 16; i++, p += stride)
        {
            if (lines->Strong[i] != 0)
                LumaStrong(p, TSample.Bytes, lines->Alpha[i] << shift, lines->Beta[i] << shift);
            else if (lines->Tc0[i] != 0xff)
                LumaNormal(p, TSample.Bytes, lines->Alpha[i] << shift, lines->Beta[i] << shift, lines->Tc0[i] << shift, (1 << bitDepth) - 1);
        }
    }

    public static void ChromaLines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth)
    {
        int shift = bitDepth - 8;
        for (int i = 0; i < 16; i++)
        {
            byte* p = i < 8 ? cb + i * stride : cr + (i - 8) * stride;
            if (lines->Strong[i] != 0)
                ChromaStrong(p, TSample.Bytes, lines->Alpha[i] << shift, lines->Beta[i] << shift);
            else if (lines->Tc0[i] != 0xff)
                ChromaNormal(p, TSample.Bytes, lines->Alpha[i] << shift, lines->Beta[i] << shift, (lines->Tc0[i] << shift) + 1, (1 << bitDepth) - 1);
        }
    }

    // across: bytes from a sample to the next across the edge; along: along it.
    private static void Luma(byte* p, nint across, nint along, H264LumaEdges* edges, uint mask, int bitDepth)
    {
        int shift = bitDepth - 8;
        for (int e = 0; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            int alpha = (e == 0 ? edges->EdgeAlpha : edges->InnerAlpha) << shift, beta = (e == 0 ? edges->EdgeBeta : edges->InnerBeta) << shift;
            byte* q = p + 4 * e * across;
            for (int i = 0; i < 16; i++, q += along)
            {
                int tc0 = (byte)(edges->Tc0[e] >> (i >> 2) * 8);
                if (e == 0 && edges->Strong != 0)
                    LumaStrong(q, across, alpha, beta);
                else if (tc0 != 0xff)
                    LumaNormal(q, across, alpha, beta, tc0 << shift, (1 << bitDepth) - 1);
            }
        }
    }

    private static void Chroma(byte* p, nint across, nint along, H264ChromaEdges* edges, int plane, uint mask, int bitDepth)
    {
        int shift = bitDepth - 8;
        for (int e = 0; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            int alpha = (e == 0 ? edges->EdgeAlpha[plane] : edges->InnerAlpha[plane]) << shift;
            int beta = (e == 0 ? edges->EdgeBeta[plane] : edges->InnerBeta[plane]) << shift;
            byte* q = p + 4 * e * across;
            for (int i = 0; i < 8; i++, q += along)
            {
                int tc0 = (byte)(edges->Tc0[e] >> (plane * 4 + (i >> 1)) * 8);
                if (e == 0 && edges->Strong != 0)
                    ChromaStrong(q, across, alpha, beta);
                else if (tc0 != 0xff)
                    ChromaNormal(q, across, alpha, beta, (tc0 << shift) + 1, (1 << bitDepth) - 1);
            }
        }
    }

    private static void LumaNormal(byte* q, nint s, int alpha, int beta, int tc0, int max)
    {
        int p0 = TSample.Load(q - s), p1 = TSample.Load(q - 2 * s), q0 = TSample.Load(q), q1 = TSample.Load(q + s);
        if (Math.Abs(p0 - q0) >= alpha || Math.Abs(p1 - p0) >= beta || Math.Abs(q1 - q0) >= beta)
            return;
        int p2 = TSample.Load(q - 3 * s), q2 = TSample.Load(q + 2 * s), tc = tc0;
        if (Math.Abs(p2 - p0) < beta)
        {
            tc++;
            TSample.Store(q - 2 * s, p1 + Math.Clamp((p2 + ((p0 + q0 + 1) >> 1) - 2 * p1) >> 1, -tc0, tc0));
        }
        if (Math.Abs(q2 - q0) < beta)
        {
            tc++;
            TSample.Store(q + s, q1 + Math.Clamp((q2 + ((p0 + q0 + 1) >> 1) - 2 * q1) >> 1, -tc0, tc0));
        }
        int delta = Math.Clamp((4 * (q0 - p0) + (p1 - q1) + 4) >> 3, -tc, tc);
        TSample.Store(q - s, Math.Clamp(p0 + delta, 0, max));
        TSample.Store(q, Math.Clamp(q0 - delta, 0, max));
    }

    private static void LumaStrong(byte* q, nint s, int alpha, int beta)
    {
        int p0 = TSample.Load(q - s), p1 = TSample.Load(q - 2 * s), q0 = TSample.Load(q), q1 = TSample.Load(q + s);
        if (Math.Abs(p0 - q0) >= alpha || Math.Abs(p1 - p0) >= beta || Math.Abs(q1 - q0) >= beta)
            return;
        bool near = Math.Abs(p0 - q0) < (alpha >> 2) + 2;
        StrongSide(q - s, -s, p0, p1, q0, q1, near, beta);
        StrongSide(q, s, q0, q1, p0, p1, near, beta);
    }

    private static void StrongSide(byte* p, nint s, int p0, int p1, int q0, int q1, bool near, int beta)
    {
        int p2 = TSample.Load(p + 2 * s);
        if (near && Math.Abs(p2 - p0) < beta)
        {
            int p3 = TSample.Load(p + 3 * s);
            TSample.Store(p, (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3);
            TSample.Store(p + s, (p2 + p1 + p0 + q0 + 2) >> 2);
            TSample.Store(p + 2 * s, (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3);
        }
        else
            TSample.Store(p, (2 * p1 + p0 + q1 + 2) >> 2);
    }

    private static void ChromaNormal(byte* q, nint s, int alpha, int beta, int tc, int max)
    {
        int p0 = TSample.Load(q - s), p1 = TSample.Load(q - 2 * s), q0 = TSample.Load(q), q1 = TSample.Load(q + s);
        if (Math.Abs(p0 - q0) >= alpha || Math.Abs(p1 - p0) >= beta || Math.Abs(q1 - q0) >= beta)
            return;
        int delta = Math.Clamp((4 * (q0 - p0) + (p1 - q1) + 4) >> 3, -tc, tc);
        TSample.Store(q - s, Math.Clamp(p0 + delta, 0, max));
        TSample.Store(q, Math.Clamp(q0 - delta, 0, max));
    }

    private static void ChromaStrong(byte* q, nint s, int alpha, int beta)
    {
        int p0 = TSample.Load(q - s), p1 = TSample.Load(q - 2 * s), q0 = TSample.Load(q), q1 = TSample.Load(q + s);
        if (Math.Abs(p0 - q0) >= alpha || Math.Abs(p1 - p0) >= beta || Math.Abs(q1 - q0) >= beta)
            return;
        TSample.Store(q - s, (2 * p1 + p0 + q1 + 2) >> 2);
        TSample.Store(q, (2 * q1 + q0 + p1 + 2) >> 2);
    }
}
