// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Daedalus.Kernels.Vp9;

namespace Daedalus.Kernels.H264;

/// <summary>Chroma edges above 8 bits, one plane's 8 samples a vector.</summary>
internal static unsafe class H264DeblockChromaWords
{
    public static void Horizontal(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        for (int e = 0; e < 4; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            for (int plane = 0; plane < 2; plane++)
            {
                byte* q = (plane == 0 ? cb : cr) + 4 * e * stride;
                Vector128<ushort> p1 = Vector128.Load((ushort*)(q - 2 * stride)), p0 = Vector128.Load((ushort*)(q - stride));
                Vector128<ushort> q0 = Vector128.Load((ushort*)q), q1 = Vector128.Load((ushort*)(q + stride));
                if (Edge(p1, ref p0, ref q0, q1, edges, e, plane, bitDepth))
                {
                    p0.Store((ushort*)(q - stride));
                    q0.Store((ushort*)q);
                }
            }
        }
    }

    public static void Vertical(byte* cb, byte* cr, nint stride, H264ChromaEdges* edges, uint mask, int bitDepth)
    {
        for (int e = 0; e < 2; e++)
        {
            if ((mask >> e & 1) == 0)
                continue;
            for (int plane = 0; plane < 2; plane++)
            {
                byte* q = (plane == 0 ? cb : cr) + 8 * e;
                H264DeblockLanes.ColumnsIn(q - 4, stride, out Vector128<ushort> p1, out Vector128<ushort> p0, out Vector128<ushort> q0, out Vector128<ushort> q1);
                if (Edge(p1, ref p0, ref q0, q1, edges, e, plane, bitDepth))
                    H264DeblockLanes.MiddleOut(q - 2, stride, p0, q0);
            }
        }
    }

    private static bool Edge(Vector128<ushort> p1, ref Vector128<ushort> p0, ref Vector128<ushort> q0, Vector128<ushort> q1, H264ChromaEdges* edges, int e, int plane, int bitDepth)
    {
        int shift = bitDepth - 8;
        Vector128<ushort> alpha = LoopFilterWords128.Fill((e == 0 ? edges->EdgeAlpha[plane] : edges->InnerAlpha[plane]) << shift);
        Vector128<ushort> beta = LoopFilterWords128.Fill((e == 0 ? edges->EdgeBeta[plane] : edges->InnerBeta[plane]) << shift);
        if (e == 0 && edges->Strong != 0)
            return H264DeblockFilter<Vector128<ushort>, LoopFilterWords128, DeblockWordsIo128>.ChromaStrong(p1, ref p0, ref q0, q1, alpha, beta);
        Vector128<ushort> tc0 = DeblockWordsIo128.Signed(H264DeblockLanes.Chroma(edges->Tc0[e]), plane);
        return Normal(p1, ref p0, ref q0, q1, alpha, beta, tc0, bitDepth);
    }

    // tc0 is -1 where nothing is filtered; scaled it stays negative, and plus 1 it is at most 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Normal(Vector128<ushort> p1, ref Vector128<ushort> p0, ref Vector128<ushort> q0, Vector128<ushort> q1, Vector128<ushort> alpha, Vector128<ushort> beta, Vector128<ushort> tc0, int bitDepth)
        => H264DeblockFilter<Vector128<ushort>, LoopFilterWords128, DeblockWordsIo128>.ChromaNormal(p1, ref p0, ref q0, q1, alpha, beta,
            Vector128.ShiftLeft(tc0, bitDepth - 8) + Vector128.Create((ushort)1), LoopFilterWords128.Fill((1 << bitDepth) - 1));

    public static void Lines(byte* cb, byte* cr, nint stride, H264EdgeLines* lines, int bitDepth)
    {
        int shift = bitDepth - 8;
        Vector128<byte> alphas = Vector128.Load(lines->Alpha), strong = Vector128.Load(lines->Strong), betas = Vector128.Load(lines->Beta), tc0s = Vector128.Load(lines->Tc0);
        for (int plane = 0; plane < 2; plane++)
        {
            byte* q = plane == 0 ? cb : cr;
            H264DeblockLanes.ColumnsIn(q - 4, stride, out Vector128<ushort> p1, out Vector128<ushort> p0, out Vector128<ushort> q0, out Vector128<ushort> q1);
            Vector128<ushort> beta = Vector128.ShiftLeft(DeblockWordsIo128.Unsigned(betas, plane), shift);
            Vector128<ushort> s0 = p0, s1 = q0;
            bool changed = H264DeblockFilter<Vector128<ushort>, LoopFilterWords128, DeblockWordsIo128>.ChromaStrong(
                p1, ref s0, ref s1, q1, Vector128.ShiftLeft(DeblockWordsIo128.Unsigned(alphas & strong, plane), shift), beta);
            // Lanes of the two filters are disjoint, so the second one may start from the first one's result.
            changed |= Normal(p1, ref s0, ref s1, q1, Vector128.ShiftLeft(DeblockWordsIo128.Unsigned(Vector128.AndNot(alphas, strong), plane), shift), beta,
                DeblockWordsIo128.Signed(tc0s, plane), bitDepth);
            if (changed)
                H264DeblockLanes.MiddleOut(q - 2, stride, s0, s1);
        }
    }
}
