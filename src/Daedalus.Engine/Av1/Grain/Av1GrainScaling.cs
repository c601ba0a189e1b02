// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Scaling lookup initialization (7.18.3.4) and the other numbers of 7.18.3.5 for one plane.</summary>
internal static unsafe class Av1GrainScaling
{
    /// <summary>Fills the parameters of a plane that has noise.</summary>
    internal static void Set(Av1GrainParameters* p, in V4L2CtrlAv1FilmGrain grain, int plane, int bitDepth, int matrixCoefficients)
    {
        bool fromLuma = (grain.Flags & Av1FilmGrainFlags.ChromaScalingFromLuma) != 0;
        fixed (V4L2CtrlAv1FilmGrain* g = &grain)
        {
            if (plane == 0 || fromLuma)
                Interpolate(p->Scaling, g->PointYValue, g->PointYScaling, Math.Min((int)g->NumYPoints, 14));
            else if (plane == 1)
                Interpolate(p->Scaling, g->PointCbValue, g->PointCbScaling, Math.Min((int)g->NumCbPoints, 10));
            else
                Interpolate(p->Scaling, g->PointCrValue, g->PointCrScaling, Math.Min((int)g->NumCrPoints, 10));
        }
        p->Prepare();
        p->FromLuma = (byte)(fromLuma ? 1 : 0);
        p->ScalingShift = (grain.GrainScalingMinus8 & 3) + 8;
        p->BitDepth = bitDepth;
        int depth = bitDepth - 8;
        p->LumaMultiplier = (plane == 1 ? grain.CbLumaMult : grain.CrLumaMult) - 128;
        // There is no multiplier of luma alone; it is not read.
        p->Multiplier = (plane == 1 ? grain.CbMult : grain.CrMult) - 128;
        p->Offset = (((plane == 1 ? grain.CbOffset : grain.CrOffset) & 511) - 256) << depth;
        bool restricted = (grain.Flags & Av1FilmGrainFlags.ClipToRestrictedRange) != 0;
        bool identity = matrixCoefficients == DaedalusCtrlAv1Frame.MatrixIdentity;
        p->Min = restricted ? 16 << depth : 0;
        p->Max = !restricted ? (256 << depth) - 1 : (plane == 0 || identity ? 235 : 240) << depth;
    }

    private static void Interpolate(byte* scaling, byte* xs, byte* ys, int count)
    {
        if (count == 0)
        {
            new Span<byte>(scaling, 256).Clear();
            return;
        }
        new Span<byte>(scaling, xs[0]).Fill(ys[0]);
        for (int i = 0; i < count - 1; i++)
        {
            // The coordinates of a conforming stream increase.
            int deltaX = xs[i + 1] - xs[i], deltaY = ys[i + 1] - ys[i];
            if (deltaX <= 0)
                continue;
            int delta = deltaY * ((65536 + (deltaX >> 1)) / deltaX);
            for (int x = 0; x < deltaX; x++)
                scaling[xs[i] + x] = (byte)(ys[i] + ((x * delta + 32768) >> 16));
        }
        new Span<byte>(scaling + xs[count - 1], 256 - xs[count - 1]).Fill(ys[count - 1]);
    }
}
