// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

/// <summary>Implicit bi-predictive weights (spec 8.4.2.3.1).</summary>
public static unsafe class H264ImplicitWeights
{
    /// <summary>Entries of a table: 3 kinds of 32 × 32.</summary>
    public const int TableSize = 3 * 32 * 32;

    /// <summary>
    /// Fills <see cref="H264Slice.ImplicitWeights"/> of a B slice: w1 by [(kind * 32 + refIdx0) * 32 + refIdx1]. Kinds 1, 2 (field macroblocks) for MBAFF only; what lies
    /// beyond the active counts is left as it is.
    /// </summary>
    /// <param name="p">The picture.</param>
    /// <param name="s">The slice, reference lists filled.</param>
    /// <param name="table"><see cref="TableSize"/> entries.</param>
    public static void Fill(H264PictureState* p, H264Slice* s, short* table)
    {
        FillKind(p, s, table, 0, p->Poc);
        if (!p->IsMbaff)
            return;
        FillKind(p, s, table + 32 * 32, 1, p->TopPoc);
        FillKind(p, s, table + 2 * 32 * 32, 2, p->BottomPoc);
    }

    private static void FillKind(H264PictureState* p, H264Slice* s, short* table, int kind, int poc)
    {
        int shift = kind == 0 ? 0 : 1;
        int count0 = Math.Min(s->Header.NumRefIdxActive0 << shift, 32);
        int count1 = Math.Min(s->Header.NumRefIdxActive1 << shift, 32);
        for (int i = 0; i < count0; i++)
        {
            H264ReferencePicture* r0 = H264MotionDeriver.Reference(p, s, 0, kind, i);
            for (int j = 0; j < count1; j++)
            {
                H264ReferencePicture* r1 = H264MotionDeriver.Reference(p, s, 1, kind, j);
                int weight = 32;
                if (r0->Poc != r1->Poc && !r0->IsLongTerm && !r1->IsLongTerm)
                {
                    int w1 = H264MotionMath.DistScaleFactor(poc, r0->Poc, r1->Poc) >> 2;
                    if (w1 is >= -64 and <= 128)
                        weight = w1;
                }
                table[i * 32 + j] = (short)weight;
            }
        }
    }
}
