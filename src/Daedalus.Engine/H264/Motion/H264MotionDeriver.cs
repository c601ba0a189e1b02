// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>
/// Motion vectors and reference indices of the macroblocks of a picture (spec 8.4.1). Neighbours are read straight from the records of the picture; only 8×8
/// partitions go through a cache, and only MBAFF macroblocks with neighbours of the other kind through converted copies.
/// Co-located records are data of another picture: their indices are compared, never used to address anything.
/// </summary>
public sealed unsafe partial class H264MotionDeriver : IH264MotionSink, IDisposable
{
    private H264MotionContext* _t;
    private H264PictureState* _p;
    private H264Slice* _s;
    private H264Macroblock* _macroblocks;
    private H264Motion* _motion;
    private int _width, _sliceIndex;
    private bool _isMbaff, _isB;

    /// <summary>Takes its working memory.</summary>
    public H264MotionDeriver()
    {
        _t = (H264MotionContext*)NativeMemory.AlignedAlloc((nuint)sizeof(H264MotionContext), 64);
        NativeMemory.Clear(_t, (nuint)sizeof(H264MotionContext));
        WriteNoMotion(&_t->NoMotion, 0);
        _t->Unavailable = _t->NoMotion;
        new Span<sbyte>(_t->Unavailable.RefIdx, 8).Fill(H264MotionContext.NotAvailable);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_t);
        _t = null;
    }

    /// <inheritdoc/>
    public void BeginPicture(H264PictureState* p)
    {
        _p = p;
        _macroblocks = p->Macroblocks;
        _motion = p->Motion;
        _width = p->WidthInMbs;
        _isMbaff = p->IsMbaff;
    }

    /// <inheritdoc/>
    public void BeginSlice(H264Slice* s)
    {
        _s = s;
        _sliceIndex = s->Index;
        _isB = s->Header.SliceType == H264SliceType.B;
        int kinds = _isMbaff ? 3 : 1;
        new Span<int>(_t->Keys, kinds * 2 * H264MotionContext.KeyStride).Fill(-1);
        for (int kind = 0; kind < kinds; kind++)
        {
            for (int list = 0; list < 2; list++)
            {
                int* keys = KeysOf(kind, list);
                int count = Count(s, list, kind);
                for (int i = 0; i < count; i++)
                    keys[i] = Reference(_p, s, list, kind, i)->Key;
            }
        }
        if (_isB)
            BeginDirect(s);
    }

    /// <summary>Reference picture of a macroblock (spec 8.4.2.1).</summary>
    /// <param name="p">The picture.</param>
    /// <param name="s">Slice.</param>
    /// <param name="list">0, 1.</param>
    /// <param name="kind">0: frame macroblock or field picture; 1, 2: top, bottom field macroblock of MBAFF.</param>
    /// <param name="refIdx">As the macroblock counts: below 32, field macroblocks 64.</param>
    internal static H264ReferencePicture* Reference(H264PictureState* p, H264Slice* s, int list, int kind, int refIdx)
    {
        if (kind == 0)
            return p->References + s->RefList[list * 32 + refIdx];
        // Field kind - 1 for even refIdx, the other one for odd ones.
        return p->References + s->RefList[list * 32 + (refIdx >> 1)] + 1 + ((kind - 1) ^ (refIdx & 1));
    }

    private static int Count(H264Slice* s, int list, int kind)
    {
        int count = Math.Min((int)(list == 0 ? s->Header.NumRefIdxActive0 : s->Header.NumRefIdxActive1), 32);
        return kind == 0 ? count : count * 2;
    }

    /// <summary>Keys by refIdx, -2 and -1 included.</summary>
    private int* KeysOf(int kind, int list) => _t->Keys + (kind * 2 + list) * H264MotionContext.KeyStride + 2;

    /// <inheritdoc/>
    public void SetIntra(int mbIndex) =>
        WriteNoMotion(_motion + mbIndex, (ulong)((byte)_macroblocks[mbIndex].Flags & (byte)H264MbFlags.Field));

    private static void WriteNoMotion(H264Motion* m, ulong field)
    {
        FillMv(m, 0, 0);
        FillMv(m, 1, 0);
        FillReference(m, 0, -1, -1);
        FillReference(m, 1, -1, -1);
        WriteKind(m, field | 1 << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchMotion(H264Motion* m)
    {
        Sse.Prefetch0(m);
        Sse.Prefetch0((byte*)m + 64);
        Sse.Prefetch0((byte*)m + 128);
    }

    /// <summary>Field in bits 0..7, Intra in bits 8..15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteKind(H264Motion* m, ulong value) => Unsafe.WriteUnaligned(&m->Field, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillMv(H264Motion* m, int list, int mv)
    {
        Vector128<int> v = Vector128.Create(mv);
        int* to = m->Mv + list * 16;
        v.Store(to);
        v.Store(to + 4);
        v.Store(to + 8);
        v.Store(to + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FillReference(H264Motion* m, int list, int refIdx, int key)
    {
        Unsafe.WriteUnaligned(m->RefIdx + list * 4, (byte)refIdx * 0x01010101u);
        Vector128.Create(key).Store(m->RefPic + list * 4);
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public void Derive(int mbIndex, int mbX, int mbY, H264InterSyntax* syntax)
    {
        H264MotionContext* t = _t;
        H264Motion* m = _motion + mbIndex;
        H264Macroblock* mb = _macroblocks + mbIndex;
        ulong field = (ulong)((byte)mb->Flags & (byte)H264MbFlags.Field);
        t->Kind = 0;
        t->Mixed = false;
        if (_isMbaff)
        {
            t->Kind = field == 0 ? 0 : 1 + (mbY & 1);
            LocateMbaff(mbX, mbY, field != 0);
        }
        else
        {
            LocateNeighbours(mbIndex, mbX, mbY);
            // Far from the cache since it was written; the macroblocks around are read in this order.
            if (_isB && Sse.IsSupported && _colMotion != null)
                PrefetchMotion(_colMotion + mbIndex + 4);
        }
        WriteKind(m, field);
        Unsafe.WriteUnaligned(mb->SubPartition, 0u);
        if (!_isB)
        {
            FillMv(m, 1, 0);
            FillReference(m, 1, -1, -1);
        }

        if (syntax->MbKind == H264InterSyntax.KindPSkip)
        {
            mb->Partition = 0;
            FillMv(m, 0, PredictPSkip(t));
            FillReference(m, 0, 0, KeysOf(t->Kind, 0)[0]);
            return;
        }
        if (syntax->MbKind == H264InterSyntax.KindDirect)
        {
            DeriveDirect(m, mb, mbIndex, mbX, mbY, 15);
            for (int list = 0; list < 2; list++)
                WriteKeys(m, list, KeysOf(t->Kind, list));
            return;
        }

        mb->Partition = syntax->Partition;
        switch (syntax->Partition)
        {
            case 0:
                Derive16x16(t, m, 0, syntax);
                if (_isB)
                    Derive16x16(t, m, 1, syntax);
                break;
            case 1:
                Derive16x8(t, m, 0, syntax);
                if (_isB)
                    Derive16x8(t, m, 1, syntax);
                break;
            case 2:
                Derive8x16(t, m, 0, syntax);
                if (_isB)
                    Derive8x16(t, m, 1, syntax);
                break;
            default:
                Derive8x8(m, mb, mbIndex, mbX, mbY, syntax);
                break;
        }
    }

    /// <summary>Neighbouring macroblocks outside MBAFF (spec 6.4.9, 6.4.12.1).</summary>
    private void LocateNeighbours(int mbIndex, int mbX, int mbY)
    {
        H264MotionContext* t = _t;
        H264Macroblock* mb = _macroblocks + mbIndex;
        H264Motion* m = _motion + mbIndex;
        H264Motion* none = &t->Unavailable;
        int width = _width, slice = _sliceIndex;
        bool left = mbX > 0;
        t->A = t->Mid = left && mb[-1].Slice == slice ? m - 1 : none;
        if (mbY > 0)
        {
            t->B = mb[-width].Slice == slice ? m - width : none;
            t->C = mbX + 1 < width && mb[1 - width].Slice == slice ? m - width + 1 : none;
            t->D = left && mb[-1 - width].Slice == slice ? m - width - 1 : none;
        }
        else
        {
            t->B = t->C = t->D = none;
        }
    }

    /// <summary>Spec 8.4.1.1.</summary>
    private static int PredictPSkip(H264MotionContext* t)
    {
        H264Motion* a = t->A, b = t->B;
        int refA = a->RefIdx[1], mvA = a->Mv[3];
        int refB = b->RefIdx[2], mvB = b->Mv[12];
        // Not available, or refIdx 0 and a zero vector: zero.
        if (refA == H264MotionContext.NotAvailable || refB == H264MotionContext.NotAvailable || (refA | mvA) == 0 || (refB | mvB) == 0)
            return 0;
        int refC = t->C->RefIdx[2], mvC = t->C->Mv[12];
        if (refC == H264MotionContext.NotAvailable)
        {
            refC = t->D->RefIdx[3];
            mvC = t->D->Mv[15];
        }
        return H264MotionMath.Predict(0, refA, mvA, refB, mvB, refC, mvC);
    }

    /// <summary>Prediction of a 16×16 partition; also of halves whose directional neighbour does not help, as far as their neighbours are these.</summary>
    private static int Predict16x16(H264MotionContext* t, int list, int refIdx)
    {
        int r = list * 4, v = list * 16;
        int refC = t->C->RefIdx[r + 2], mvC = t->C->Mv[v + 12];
        if (refC == H264MotionContext.NotAvailable)
        {
            refC = t->D->RefIdx[r + 3];
            mvC = t->D->Mv[v + 15];
        }
        return H264MotionMath.Predict(refIdx, t->A->RefIdx[r + 1], t->A->Mv[v + 3], t->B->RefIdx[r + 2], t->B->Mv[v + 12], refC, mvC);
    }

    private void Derive16x16(H264MotionContext* t, H264Motion* m, int list, H264InterSyntax* syntax)
    {
        int refIdx = syntax->RefIdx[list * 4];
        int mv = refIdx < 0 ? 0 : H264MotionMath.Add(Predict16x16(t, list, refIdx), syntax->Mvd[list * 16]);
        FillMv(m, list, mv);
        FillReference(m, list, refIdx, KeysOf(t->Kind, list)[refIdx]);
    }

    private void Derive16x8(H264MotionContext* t, H264Motion* m, int list, H264InterSyntax* syntax)
    {
        int r = list * 4, v = list * 16;
        int ref0 = syntax->RefIdx[r], ref1 = syntax->RefIdx[r + 2];
        int mv0 = 0, mv1 = 0;
        if (ref0 >= 0)
        {
            // Upper half: B (spec 8.4.1.3).
            mv0 = t->B->RefIdx[r + 2] == ref0 ? t->B->Mv[v + 12] : Predict16x16(t, list, ref0);
            mv0 = H264MotionMath.Add(mv0, syntax->Mvd[v]);
        }
        if (ref1 >= 0)
        {
            // Lower half: A, else the median with the upper half above and D instead of C, which lies right of the macroblock.
            int refA = t->A->RefIdx[r + 3], mvA = t->A->Mv[v + 11];
            mv1 = refA == ref1 ? mvA : H264MotionMath.Predict(ref1, refA, mvA, ref0, mv0, t->Mid->RefIdx[r + 1], t->Mid->Mv[v + 7]);
            mv1 = H264MotionMath.Add(mv1, syntax->Mvd[v + 8]);
        }
        Vector128<int> v0 = Vector128.Create(mv0), v1 = Vector128.Create(mv1);
        int* to = m->Mv + v;
        v0.Store(to);
        v0.Store(to + 4);
        v1.Store(to + 8);
        v1.Store(to + 12);
        int* keys = KeysOf(t->Kind, list);
        Unsafe.WriteUnaligned(m->RefIdx + r, (byte)ref0 * 0x0101u | (byte)ref1 * 0x01010000u);
        Vector128.Create(keys[ref0], keys[ref0], keys[ref1], keys[ref1]).Store(m->RefPic + r);
    }

    private void Derive8x16(H264MotionContext* t, H264Motion* m, int list, H264InterSyntax* syntax)
    {
        int r = list * 4, v = list * 16;
        int ref0 = syntax->RefIdx[r], ref1 = syntax->RefIdx[r + 1];
        int mv0 = 0, mv1 = 0;
        H264Motion* b = t->B;
        if (ref0 >= 0)
        {
            // Left half: A.
            int refA = t->A->RefIdx[r + 1];
            mv0 = t->A->Mv[v + 3];
            if (refA != ref0)
            {
                int refC = b->RefIdx[r + 3], mvC = b->Mv[v + 14];
                if (refC == H264MotionContext.NotAvailable)
                {
                    refC = t->D->RefIdx[r + 3];
                    mvC = t->D->Mv[v + 15];
                }
                mv0 = H264MotionMath.Predict(ref0, refA, mv0, b->RefIdx[r + 2], b->Mv[v + 12], refC, mvC);
            }
            mv0 = H264MotionMath.Add(mv0, syntax->Mvd[v]);
        }
        if (ref1 >= 0)
        {
            // Right half: C.
            int refC = t->C->RefIdx[r + 2], mvC = t->C->Mv[v + 12];
            if (refC == H264MotionContext.NotAvailable)
            {
                refC = b->RefIdx[r + 2];
                mvC = b->Mv[v + 13];
            }
            mv1 = refC == ref1 ? mvC : H264MotionMath.Predict(ref1, ref0, mv0, b->RefIdx[r + 3], b->Mv[v + 14], refC, mvC);
            mv1 = H264MotionMath.Add(mv1, syntax->Mvd[v + 2]);
        }
        Vector128<int> row = Vector128.Create(mv0, mv0, mv1, mv1);
        int* to = m->Mv + v;
        row.Store(to);
        row.Store(to + 4);
        row.Store(to + 8);
        row.Store(to + 12);
        int* keys = KeysOf(t->Kind, list);
        Unsafe.WriteUnaligned(m->RefIdx + r, (byte)ref0 * 0x00010001u | (byte)ref1 * 0x01000100u);
        Vector128.Create(keys[ref0], keys[ref1], keys[ref0], keys[ref1]).Store(m->RefPic + r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteKeys(H264Motion* m, int list, int* keys)
    {
        sbyte* refs = m->RefIdx + list * 4;
        Vector128.Create(keys[refs[0]], keys[refs[1]], keys[refs[2]], keys[refs[3]]).Store(m->RefPic + list * 4);
    }
}
