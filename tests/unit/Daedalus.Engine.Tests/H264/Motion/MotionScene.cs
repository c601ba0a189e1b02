// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264.Motion;

/// <summary>A random picture with references and co-located motion, as both the deriver and the model take it.</summary>
internal sealed unsafe class MotionScene : IDisposable
{
    private const int Entries = 5;
    private readonly List<nint> _blocks = [];
    public readonly H264PictureState* State;
    public readonly H264Slice* Slices;
    public readonly int Width, Height;
    public readonly bool IsMbaff, IsField, IsBottom, IsB, DirectSpatial, Inference;
    public readonly int Poc, TopPoc, BottomPoc, ColTopPoc, ColBottomPoc;
    public readonly bool ColIsBottom;
    public readonly H264MotionLayout ColLayout;
    public readonly H264Motion* ColMotion;
    /// <summary>Frames, or fields of field pictures.</summary>
    public readonly ModelReference[][] Lists = new ModelReference[2][];
    private readonly int[][] _entries = new int[2][];

    public MotionScene(Random random, bool mbaff, bool field, bool isB, bool interlaced)
    {
        Width = random.Next(1, 6);
        Height = random.Next(1, 4) * (interlaced && !field ? 2 : 1);
        (IsMbaff, IsField, IsB) = (mbaff, field, isB);
        IsBottom = field && random.Next(2) == 0;
        DirectSpatial = random.Next(2) == 0;
        Inference = interlaced || random.Next(2) == 0;
        TopPoc = random.Next(-20, 20);
        BottomPoc = TopPoc + random.Next(-3, 4);
        Poc = field ? IsBottom ? BottomPoc : TopPoc : Math.Min(TopPoc, BottomPoc);

        State = New<H264PictureState>(1);
        State->WidthInMbs = Width;
        State->HeightInMbs = Height;
        State->IsMbaff = mbaff;
        State->IsField = field;
        State->IsBottom = IsBottom;
        (State->Poc, State->TopPoc, State->BottomPoc) = (Poc, TopPoc, BottomPoc);
        State->Sps.Flags = Inference ? H264SpsFlags.Direct8x8Inference : H264SpsFlags.None;
        State->Macroblocks = New<H264Macroblock>(Width * Height);
        State->Motion = New<H264Motion>(Width * Height);
        State->References = New<H264ReferencePicture>(H264PictureState.ReferenceCount);
        int frameSize = Width * Height * (field ? 2 : 1);
        for (int i = 0; i < Width * Height; i++)
        {
            State->Macroblocks[i].Slice = H264Macroblock.NoSlice;
            // Old data must not shine through.
            new Span<byte>(State->Motion + i, sizeof(H264Motion)).Fill(0x5a);
        }

        for (int e = 0; e < Entries; e++)
        {
            int top = random.Next(-200, 200), bottom = top + random.Next(-3, 4);
            bool isLong = random.Next(4) == 0;
            H264MotionLayout layout = !interlaced ? H264MotionLayout.Frame : (H264MotionLayout)(random.Next(2) == 0 ? 2 : mbaff || (field && e < 2) ? 1 : 0);
            H264Motion* motion = New<H264Motion>(frameSize);
            FillMotion(random, motion, frameSize, layout);
            for (int f = 0; f < 3; f++)
            {
                H264ReferencePicture* r = State->References + e * 3 + f;
                r->Key = (e + 10) * 4 + (f == 0 ? 3 : f);
                r->Poc = f == 0 ? Math.Min(top, bottom) : f == 1 ? top : bottom;
                r->TopPoc = top;
                r->BottomPoc = bottom;
                r->Fields = (H264Fields)(f == 0 ? 3 : f);
                r->IsLongTerm = isLong;
                r->MotionLayout = layout;
                r->Motion = motion;
            }
        }

        Slices = New<H264Slice>(3);
        for (int i = 0; i < 3; i++)
        {
            Slices[i].Index = i;
            Slices[i].Header.SliceType = isB ? H264SliceType.B : H264SliceType.P;
            Slices[i].Header.DirectSpatialMvPred = DirectSpatial;
        }
        for (int list = 0; list < 2; list++)
        {
            int count = random.Next(1, 6);
            Lists[list] = new ModelReference[count];
            _entries[list] = new int[count];
            for (int k = 0; k < count; k++)
            {
                int entry = random.Next(Entries) * 3 + (field ? random.Next(1, 3) : 0);
                _entries[list][k] = entry;
                Lists[list][k] = Model(entry);
                for (int i = 0; i < 3; i++)
                    Slices[i].RefList[list * 32 + k] = (byte)entry;
            }
            for (int i = 0; i < 3; i++)
            {
                if (list == 0)
                    Slices[i].Header.NumRefIdxActive0 = (byte)count;
                else if (isB)
                    Slices[i].Header.NumRefIdxActive1 = (byte)count;
            }
        }
        H264ReferencePicture* col = State->References + _entries[1][0];
        (ColTopPoc, ColBottomPoc, ColLayout) = (col->TopPoc, col->BottomPoc, col->MotionLayout);
        ColMotion = col->Motion;
        ColIsBottom = col->Fields == H264Fields.Bottom;
    }

    private ModelReference Model(int entry)
    {
        H264ReferencePicture* r = State->References + entry;
        return new ModelReference(r->Key, r->Poc, r->IsLongTerm);
    }

    /// <summary>The list of a macroblock (spec 8.4.2.1): field macroblocks of MBAFF frames see the fields of each frame, their own parity first.</summary>
    public ModelReference[] ListOf(int list, bool fieldMb, int parity)
    {
        if (!fieldMb)
            return Lists[list];
        var fields = new ModelReference[Lists[list].Length * 2];
        for (int i = 0; i < fields.Length; i++)
            fields[i] = Model(_entries[list][i / 2] + (i % 2 == 0 ? parity : 3 - parity));
        return fields;
    }

    public int IndexOf(int addr) => State->IndexOf(addr);

    private void FillMotion(Random random, H264Motion* motion, int count, H264MotionLayout layout)
    {
        for (int i = 0; i < count; i++)
        {
            H264Motion* m = motion + i;
            if (layout == H264MotionLayout.Mbaff)
                m->Field = i / Width % 2 != 0 ? motion[i - Width].Field : (byte)random.Next(2);
            bool intra = random.Next(6) == 0, same = random.Next(2) == 0;
            m->Intra = intra ? (byte)1 : (byte)0;
            int range = random.Next(2) == 0 ? 2 : 300;
            for (int list = 0; list < 2; list++)
            {
                for (int b = 0; b < 4; b++)
                {
                    int refIdx = intra || random.Next(3) == 0 ? -1 : random.Next(3);
                    m->RefIdx[list * 4 + b] = (sbyte)refIdx;
                    bool fields = layout == H264MotionLayout.Fields || m->Field != 0;
                    m->RefPic[list * 4 + b] = refIdx < 0 ? -1 : (random.Next(Entries + 1) + 10) * 4 + (fields ? random.Next(1, 3) : 3);
                }
                int mv = Mv(random, range);
                for (int b = 0; b < 16; b++)
                {
                    int block8x8 = (b >> 3) * 2 + (b >> 1 & 1);
                    if (m->RefIdx[list * 4 + block8x8] >= 0)
                        m->Mv[list * 16 + b] = same ? mv : Mv(random, range);
                }
            }
        }
    }

    private static int Mv(Random random, int range) => (random.Next(-range, range + 1) & 0xffff) | random.Next(-range, range + 1) << 16;

    private T* New<T>(int count) where T : unmanaged
    {
        T* p = (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        _blocks.Add((nint)p);
        return p;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
            NativeMemory.Free((void*)block);
    }
}
