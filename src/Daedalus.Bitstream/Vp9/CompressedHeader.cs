// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.Vp9;

/// <summary>
/// Compressed header (spec 6.3) into the V4L2 control: each delta_prob after inv_map_table (spec 6.3.5, never 0), 0 where none was sent;
/// motion vector probabilities are new values (odd, so never 0). VP9 sends no updates for uv_mode: those stay 0.
/// </summary>
internal static unsafe class CompressedHeader
{
    private const int TxModeSelect = 4;

    /// <summary>inv_map_table of spec 6.3.5: the coarse steps 7, 20 … 254 first, then all other values in order.</summary>
    private static ReadOnlySpan<byte> InvMapTable =>
    [
        7, 20, 33, 46, 59, 72, 85, 98, 111, 124, 137, 150, 163, 176, 189, 202, 215, 228, 241, 254,
        1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27,
        28, 29, 30, 31, 32, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 47, 48, 49, 50, 51, 52, 53, 54,
        55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 73, 74, 75, 76, 77, 78, 79, 80, 81,
        82, 83, 84, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108,
        109, 110, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 125, 126, 127, 128, 129, 130, 131, 132,
        133, 134, 135, 136, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 151, 152, 153, 154, 155, 156,
        157, 158, 159, 160, 161, 162, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 177, 178, 179, 180,
        181, 182, 183, 184, 185, 186, 187, 188, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 203, 204,
        205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225, 226, 227,
        229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251,
        252, 253, 253,
    ];

    /// <summary>Fills info.CompressedHeader and info.Frame.ReferenceMode. On false <paramref name="bit"/> is where the data went wrong.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, ref Vp9FrameInfo info, out int bit)
    {
        var r = new BoolReader(data);
        ref V4L2CtrlVp9CompressedHdr h = ref info.CompressedHeader;
        bit = 0;
        if (r.Bool(128) != 0)
            return false;

        int txMode = 0;
        if (!info.Lossless)
        {
            txMode = r.Literal(2);
            if (txMode == 3)
                txMode += r.Literal(1);
        }
        h.TxMode = (byte)txMode;
        fixed (V4L2CtrlVp9CompressedHdr* p = &h)
        {
            if (txMode == TxModeSelect)
            {
                Deltas(ref r, p->Tx8, 2);
                Deltas(ref r, p->Tx16, 4);
                Deltas(ref r, p->Tx32, 6);
            }
            Coefficients(ref r, p->Coef, Math.Min(txMode, 3));
            Deltas(ref r, p->Skip, 3);
            if (info.IsInter)
                Inter(ref r, p, ref info.Frame);
        }
        bit = r.Position;
        return !r.Overrun;
    }

    private static void Inter(ref BoolReader r, V4L2CtrlVp9CompressedHdr* p, ref V4L2CtrlVp9Frame f)
    {
        Deltas(ref r, p->InterMode, 7 * 3);
        if (f.InterpolationFilter == 4)
            Deltas(ref r, p->InterpFilter, 4 * 2);
        Deltas(ref r, p->IsInter, 4);

        // Spec 6.3.11 frame_reference_mode: compound needs references on both sides.
        int mode = 0;
        if (f.RefFrameSignBias is not (0 or 7))
            mode = r.Literal(1) == 0 ? 0 : 1 + r.Literal(1);
        f.ReferenceMode = (byte)mode;
        if (mode == 2)
            Deltas(ref r, p->CompMode, 5);
        if (mode != 1)
            Deltas(ref r, p->SingleRef, 5 * 2);
        if (mode != 0)
            Deltas(ref r, p->CompRef, 5);

        Deltas(ref r, p->YMode, 4 * 9);
        Deltas(ref r, p->Partition, 16 * 3);
        MotionVectors(ref r, &p->Mv, (f.Flags & Vp9FrameFlags.AllowHighPrecisionMv) != 0);
    }

    // Spec 6.3.7 read_coef_probs; band 0 has 3 contexts, the others 6.
    private static void Coefficients(ref BoolReader r, byte* coef, int maxTxSize)
    {
        for (int txSize = 0; txSize <= maxTxSize; txSize++)
        {
            if (r.Literal(1) == 0)
                continue;
            byte* p = coef + txSize * (2 * 2 * 6 * 6 * 3);
            for (int planeAndRef = 0; planeAndRef < 4; planeAndRef++, p += 6 * 6 * 3)
            {
                for (int band = 0; band < 6; band++)
                    Deltas(ref r, p + band * 6 * 3, band == 0 ? 3 * 3 : 6 * 3);
            }
        }
    }

    // Spec 6.3.16 mv_probs.
    private static void MotionVectors(ref BoolReader r, V4L2Vp9MvProbs* mv, bool highPrecision)
    {
        Values(ref r, mv->Joint, 3);
        for (int i = 0; i < 2; i++)
        {
            Values(ref r, mv->Sign + i, 1);
            Values(ref r, mv->Classes + i * 10, 10);
            Values(ref r, mv->Class0Bit + i, 1);
            Values(ref r, mv->Bits + i * 10, 10);
        }
        for (int i = 0; i < 2; i++)
        {
            Values(ref r, mv->Class0Fr + i * 6, 6);
            Values(ref r, mv->Fr + i * 3, 3);
        }
        if (!highPrecision)
            return;
        for (int i = 0; i < 2; i++)
        {
            Values(ref r, mv->Class0Hp + i, 1);
            Values(ref r, mv->Hp + i, 1);
        }
    }

    private static void Values(ref BoolReader r, byte* p, int n)
    {
        for (int i = 0; i < n; i++)
        {
            if (r.Bool(252) != 0)
                p[i] = (byte)(r.Literal(7) << 1 | 1);
        }
    }

    private static void Deltas(ref BoolReader r, byte* p, int n)
    {
        for (int i = 0; i < n; i++)
        {
            if (r.Bool(252) != 0)
                p[i] = InvMapTable[TermSubexp(ref r)];
        }
    }

    // Spec 6.3.4 decode_term_subexp.
    private static int TermSubexp(ref BoolReader r)
    {
        if (r.Literal(1) == 0)
            return r.Literal(4);
        if (r.Literal(1) == 0)
            return r.Literal(4) + 16;
        if (r.Literal(1) == 0)
            return r.Literal(5) + 32;
        int v = r.Literal(7);
        if (v >= 65)
            v = (v << 1) - 65 + r.Literal(1);
        return v + 64;
    }
}
