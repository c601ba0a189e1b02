// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Engine.H264;

// 8×8 partitions and smaller ones: block by block in decoding order through a cache of the macroblock with its surroundings.
public sealed unsafe partial class H264MotionDeriver
{
    private void Derive8x8(H264Motion* m, H264Macroblock* mb, int mbIndex, int mbX, int mbY, H264InterSyntax* syntax)
    {
        H264MotionContext* t = _t;
        int direct = 0;
        if (_isB)
        {
            for (int i = 0; i < 4; i++)
                direct |= syntax->SubDirect[i] != 0 ? 1 << i : 0;
            if (direct != 0)
                DeriveDirect(&t->Direct, mb, mbIndex, mbX, mbY, direct);
        }
        for (int i = 0; i < 4; i++)
        {
            if ((direct >> i & 1) == 0)
                mb->SubPartition[i] = syntax->SubPartition[i];
        }
        mb->Partition = 3;

        int lists = _isB ? 2 : 1;
        for (int list = 0; list < lists; list++)
        {
            int* mv = t->MvCache + list * H264MotionContext.CacheStride;
            int* refs = t->RefCache + list * H264MotionContext.CacheStride;
            FillCache(t, list, mv, refs);
            for (int i = 0; i < 4; i++)
            {
                int at = H264MotionContext.CacheBase + (i & 1) * 2 + (i >> 1) * 16;
                if ((direct >> i & 1) != 0)
                    CopyDirect(t, list, i, mv + at, refs + at);
                else
                    DeriveSub(t, list, i, at, mv, refs, syntax);
            }
            int* to = m->Mv + list * 16;
            int* from = mv + H264MotionContext.CacheBase;
            Vector128.Load(from).Store(to);
            Vector128.Load(from + 8).Store(to + 4);
            Vector128.Load(from + 16).Store(to + 8);
            Vector128.Load(from + 24).Store(to + 12);
            from = refs + H264MotionContext.CacheBase;
            int r0 = from[0], r1 = from[2], r2 = from[16], r3 = from[18];
            Unsafe.WriteUnaligned(m->RefIdx + list * 4, (byte)r0 | (uint)(byte)r1 << 8 | (uint)(byte)r2 << 16 | (uint)(byte)r3 << 24);
            int* keys = KeysOf(t->Kind, list);
            Vector128.Create(keys[r0], keys[r1], keys[r2], keys[r3]).Store(m->RefPic + list * 4);
        }
    }

    private static void FillCache(H264MotionContext* t, int list, int* mv, int* refs)
    {
        int r = list * 4, v = list * 16;
        Vector128.Load(t->B->Mv + v + 12).Store(mv + 4);
        refs[4] = refs[5] = t->B->RefIdx[r + 2];
        refs[6] = refs[7] = t->B->RefIdx[r + 3];
        mv[8] = t->C->Mv[v + 12];
        refs[8] = t->C->RefIdx[r + 2];
        mv[3] = t->D->Mv[v + 15];
        refs[3] = t->D->RefIdx[r + 3];
        if (!t->Mixed)
        {
            H264Motion* a = t->A;
            mv[11] = a->Mv[v + 3];
            mv[19] = a->Mv[v + 7];
            mv[27] = a->Mv[v + 11];
            mv[35] = a->Mv[v + 15];
            refs[11] = refs[19] = a->RefIdx[r + 1];
            refs[27] = refs[35] = a->RefIdx[r + 3];
        }
        else
        {
            for (int y = 0; y < 4; y++)
            {
                mv[11 + 8 * y] = t->LeftMv[r + y];
                refs[11 + 8 * y] = t->LeftRef[r + y];
            }
        }
        // Right of the macroblock, and what is decoded later than those who look there: 8×8 block 1 as seen from block 0, block 3 from block 2.
        refs[16] = refs[24] = refs[32] = H264MotionContext.NotAvailable;
        refs[14] = refs[30] = H264MotionContext.NotAvailable;
    }

    private static void CopyDirect(H264MotionContext* t, int list, int block, int* mv, int* refs)
    {
        int* from = t->Direct.Mv + list * 16 + (block & 1) * 2 + (block >> 1) * 8;
        mv[0] = from[0];
        mv[1] = from[1];
        mv[8] = from[4];
        mv[9] = from[5];
        refs[0] = refs[1] = refs[8] = refs[9] = t->Direct.RefIdx[list * 4 + block];
    }

    private static void DeriveSub(H264MotionContext* t, int list, int block, int at, int* mv, int* refs, H264InterSyntax* syntax)
    {
        int refIdx = syntax->RefIdx[list * 4 + block];
        refs[at] = refs[at + 1] = refs[at + 8] = refs[at + 9] = refIdx;
        if (refIdx < 0)
        {
            mv[at] = mv[at + 1] = mv[at + 8] = mv[at + 9] = 0;
            return;
        }
        int* mvd = syntax->Mvd + list * 16 + (block & 1) * 2 + (block >> 1) * 8;
        switch (syntax->SubPartition[block])
        {
            case 0:
                mv[at] = mv[at + 1] = mv[at + 8] = mv[at + 9] = H264MotionMath.Add(PredictBlock(t, list, at, 2, refIdx, mv, refs), mvd[0]);
                break;
            case 1:
                mv[at] = mv[at + 1] = H264MotionMath.Add(PredictBlock(t, list, at, 2, refIdx, mv, refs), mvd[0]);
                // The upper right of the lower half belongs to a later block or lies right of the macroblock.
                mv[at + 8] = mv[at + 9] = H264MotionMath.Add(PredictBlock(t, list, at + 8, 2, refIdx, mv, refs), mvd[4]);
                break;
            case 2:
                mv[at] = mv[at + 8] = H264MotionMath.Add(PredictBlock(t, list, at, 1, refIdx, mv, refs), mvd[0]);
                mv[at + 1] = mv[at + 9] = H264MotionMath.Add(PredictBlock(t, list, at + 1, 1, refIdx, mv, refs), mvd[1]);
                break;
            default:
                mv[at] = H264MotionMath.Add(PredictBlock(t, list, at, 1, refIdx, mv, refs), mvd[0]);
                mv[at + 1] = H264MotionMath.Add(PredictBlock(t, list, at + 1, 1, refIdx, mv, refs), mvd[1]);
                mv[at + 8] = H264MotionMath.Add(PredictBlock(t, list, at + 8, 1, refIdx, mv, refs), mvd[4]);
                mv[at + 9] = H264MotionMath.Add(PredictBlock(t, list, at + 9, 1, refIdx, mv, refs), mvd[5]);
                break;
        }
    }

    private static int PredictBlock(H264MotionContext* t, int list, int i, int width, int refIdx, int* mv, int* refs)
    {
        int c = i - 8 + width;
        int refC = refs[c], mvC = mv[c];
        if (refC == H264MotionContext.NotAvailable)
        {
            refC = refs[i - 9];
            mvC = mv[i - 9];
            if (t->Mixed && (i & 7) == 4 && i > H264MotionContext.CacheBase)
            {
                // Beside a pair of the other kind the location above left is not the left neighbour of the row above.
                int row = (i - H264MotionContext.CacheBase) >> 3;
                refC = t->DiagonalRef[list * 4 + row];
                mvC = t->DiagonalMv[list * 4 + row];
            }
        }
        return H264MotionMath.Predict(refIdx, refs[i - 1], mv[i - 1], refs[i - 8], mv[i - 8], refC, mvC);
    }
}
