// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.H264;
using Daedalus.V4L2.Controls;
using Xunit;

namespace Daedalus.Engine.Tests.H264.Motion;

/// <summary>Cases small enough to compute by hand from spec 8.4.1.2 and 8.4.2.3.1.</summary>
public sealed unsafe class DirectByHandTests : IDisposable
{
    private readonly List<nint> _blocks = [];
    private readonly H264MotionDeriver _deriver = new();
    private readonly H264PictureState* _p;
    private readonly H264Slice* _s;
    private readonly H264Motion* _col;

    public DirectByHandTests()
    {
        _p = New<H264PictureState>(1);
        _s = New<H264Slice>(1);
        _p->WidthInMbs = 2;
        _p->HeightInMbs = 2;
        _p->Macroblocks = New<H264Macroblock>(4);
        _p->Motion = New<H264Motion>(4);
        _p->References = New<H264ReferencePicture>(H264PictureState.ReferenceCount);
        _p->Slices = _s;
        _p->Sps.Flags = H264SpsFlags.Direct8x8Inference;
        _col = New<H264Motion>(4);
        _s->Header.SliceType = H264SliceType.B;
        _s->Header.NumRefIdxActive0 = 2;
        _s->Header.NumRefIdxActive1 = 1;
        // Pictures at 0 (entry 0), 16 (entry 1), 8 (entry 2); list 0: 8, 0; list 1: 16.
        int[] pocs = [0, 16, 8];
        for (int e = 0; e < 3; e++)
        {
            for (int f = 0; f < 3; f++)
            {
                H264ReferencePicture* r = _p->References + e * 3 + f;
                r->Key = e * 4 + (f == 0 ? 3 : f);
                r->Poc = r->TopPoc = pocs[e];
                r->BottomPoc = pocs[e] + 1;
                if (f == 2)
                    r->Poc++;
                r->Fields = (H264Fields)(f == 0 ? 3 : f);
                r->Motion = _col;
            }
        }
        _s->RefList[0] = 6;
        _s->RefList[1] = 0;
        _s->RefList[32] = 3;
        _p->Poc = _p->TopPoc = 12;
        _p->BottomPoc = 13;
        for (int i = 0; i < 4; i++)
        {
            new Span<sbyte>(_col[i].RefIdx, 8).Fill(-1);
            _p->Macroblocks[i].Slice = H264Macroblock.NoSlice;
        }
    }

    private T* New<T>(int count) where T : unmanaged
    {
        T* block = (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        _blocks.Add((nint)block);
        return block;
    }

    public void Dispose()
    {
        _deriver.Dispose();
        foreach (nint block in _blocks)
            NativeMemory.Free((void*)block);
    }

    private static int Mv(int x, int y) => (x & 0xffff) | y << 16;

    private void Col(int mb, int refIdx, int key, int mv)
    {
        new Span<sbyte>(_col[mb].RefIdx, 4).Fill((sbyte)refIdx);
        new Span<int>(_col[mb].RefPic, 4).Fill(key);
        new Span<int>(_col[mb].Mv, 16).Fill(mv);
    }

    private H264Motion* Decode(int mb, byte kind)
    {
        H264InterSyntax syntax = default;
        syntax.MbKind = kind;
        _p->Macroblocks[mb].Slice = 0;
        _p->Macroblocks[mb].Type = H264MbType.Inter;
        _deriver.Derive(mb, mb % 2, mb / 2, &syntax);
        return _p->Motion + mb;
    }

    private void Begin()
    {
        _deriver.BeginPicture(_p);
        _deriver.BeginSlice(_s);
    }

    [Fact]
    public void Temporal_direct_scales_by_distance()
    {
        // Refers to the picture at 0: tb = 12, td = 16, tx = (16384 + 8) / 16 = 1024, scale = (12 * 1024 + 32) >> 6 = 192.
        Col(0, 5, 0 * 4 + 3, Mv(-40, 7));
        Begin();
        H264Motion* m = Decode(0, H264InterSyntax.KindDirect);
        Assert.Equal(1, m->RefIdx[0]);
        Assert.Equal(0, m->RefIdx[4]);
        // (192 * -40 + 128) >> 8 = -30 (-29.5), (192 * 7 + 128) >> 8 = 5 (5.75)
        Assert.Equal(Mv(-30, 5), m->Mv[0]);
        Assert.Equal(Mv(10, -2), m->Mv[16]);
        Assert.Equal(3, m->RefPic[0]);
        Assert.Equal(7, m->RefPic[4]);
        Assert.Equal(0, _p->Macroblocks[0].Partition);
    }

    [Fact]
    public void Temporal_direct_takes_the_vector_of_a_long_term_reference_as_it_is()
    {
        Col(0, 0, 0 * 4 + 3, Mv(-40, 7));
        _p->References[0].IsLongTerm = true;
        Begin();
        H264Motion* m = Decode(0, H264InterSyntax.KindDirect);
        Assert.Equal(Mv(-40, 7), m->Mv[0]);
        Assert.Equal(0, m->Mv[16]);
    }

    [Fact]
    public void Temporal_direct_of_intra_and_of_no_motion_is_zero()
    {
        Begin();
        H264Motion* m = Decode(0, H264InterSyntax.KindDirect);
        Assert.Equal(0, m->RefIdx[0]);
        Assert.Equal(0, m->Mv[0]);
        Assert.Equal(2 * 4 + 3, m->RefPic[0]);
        for (int e = 0; e < 9; e++)
            _p->References[e].Motion = null;
        _deriver.BeginSlice(_s);
        m = Decode(1, H264InterSyntax.KindDirect);
        Assert.Equal(0, m->RefIdx[3]);
        Assert.Equal(0, m->Mv[31]);
    }

    [Fact]
    public void Temporal_direct_of_a_field_pair_doubles_the_vertical_component()
    {
        // Current frame at 12, fields of the co-located pair at 16 and 17: the top field is nearer; its lower half's co-located row for macroblock row 1.
        for (int f = 3; f < 6; f++)
            _p->References[f].MotionLayout = H264MotionLayout.Fields;
        Col(0, 1, 0 * 4 + 2, Mv(16, 8));
        Begin();
        H264Motion* m = Decode(2, H264InterSyntax.KindDirect);
        Assert.Equal(1, m->RefIdx[2]);
        Assert.Equal(Mv(12, 12), m->Mv[0]);
        Assert.Equal(Mv(-4, -4), m->Mv[16]);
    }

    [Theory]
    [InlineData(0, 1, false, true)]
    [InlineData(0, 2, false, false)]
    [InlineData(1, 1, false, false)]
    [InlineData(0, 1, true, false)]
    public void Spatial_direct_zeroes_what_stands_still(int colRef, int colX, bool longTerm, bool zero)
    {
        _s->Header.DirectSpatialMvPred = true;
        Col(1, colRef, 3, Mv(colX, -1));
        _p->References[3].IsLongTerm = longTerm;
        Begin();
        // Left neighbour: list 0 refIdx 0 with (8, 4); nothing from list 1. Alone it decides.
        H264InterSyntax syntax = default;
        new Span<sbyte>(syntax.RefIdx + 4, 4).Fill(-1);
        syntax.Mvd[0] = Mv(8, 4);
        _p->Macroblocks[0].Slice = 0;
        _deriver.Derive(0, 0, 0, &syntax);
        H264Motion* m = Decode(1, H264InterSyntax.KindDirect);
        Assert.Equal(0, m->RefIdx[0]);
        Assert.Equal(-1, m->RefIdx[4]);
        Assert.Equal(zero ? 0 : Mv(8, 4), m->Mv[0]);
        Assert.Equal(0, m->Mv[16]);
        Assert.Equal(-1, m->RefPic[4]);
    }

    [Fact]
    public void Implicit_weights_follow_the_distances()
    {
        short* table = New<short>(H264ImplicitWeights.TableSize);
        _p->IsMbaff = true;
        H264ImplicitWeights.Fill(_p, _s, table);
        // 8 and 16 around 12: scale = (4 * 2048 + 32) >> 6 = 128, w1 = 32; 0 and 16: 192 >> 2 = 48.
        Assert.Equal(32, table[0]);
        Assert.Equal(48, table[32]);
        // Bottom field at 13: refIdx 2 is the bottom field at 1, refIdxL1 0 the bottom field at 17: tb 12, td 16 as above; refIdx 3 the top field at 0:
        // tb 13, td 17, tx = (16384 + 8) / 17 = 964, (13 * 964 + 32) >> 6 = 196, w1 = 49.
        Assert.Equal(48, table[(2 * 32 + 2) * 32]);
        Assert.Equal(49, table[(2 * 32 + 3) * 32]);
        _p->References[0].IsLongTerm = true;
        H264ImplicitWeights.Fill(_p, _s, table);
        Assert.Equal(32, table[32]);
    }
}
