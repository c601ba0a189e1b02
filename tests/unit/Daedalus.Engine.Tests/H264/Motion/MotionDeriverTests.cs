// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.H264;
using Xunit;

namespace Daedalus.Engine.Tests.H264.Motion;

/// <summary>The deriver against the specification's process on random macroblocks.</summary>
public sealed unsafe class MotionDeriverTests
{
    [Theory]
    [InlineData(false, false, false, false)]
    [InlineData(false, false, true, false)]
    [InlineData(false, false, false, true)]
    [InlineData(false, false, true, true)]
    [InlineData(false, true, false, true)]
    [InlineData(false, true, true, true)]
    [InlineData(true, false, false, true)]
    [InlineData(true, false, true, true)]
    public void Equals_the_specification(bool mbaff, bool field, bool isB, bool interlaced)
    {
        using var deriver = new H264MotionDeriver();
        for (int seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed * 16 + (mbaff ? 1 : 0) + (field ? 2 : 0) + (isB ? 4 : 0) + (interlaced ? 8 : 0));
            using var scene = new MotionScene(random, mbaff, field, isB, interlaced);
            Check(deriver, scene, random, seed);
        }
    }

    private static void Check(H264MotionDeriver deriver, MotionScene scene, Random random, int seed)
    {
        var model = new MotionModel(scene);
        H264PictureState* p = scene.State;
        deriver.BeginPicture(p);
        int slice = -1, macroblocks = scene.Width * scene.Height;
        // As slice groups: now and then a macroblock (pair) of another slice; or runs; or a single slice.
        int change = random.Next(3);
        bool field = false;
        int range = random.Next(2) == 0 ? 3 : 200, intra = random.Next(2) == 0 ? 12 : 4;
        for (int addr = 0; addr < macroblocks; addr++)
        {
            int next = slice;
            bool first = !scene.IsMbaff || addr % 2 == 0;
            if (slice < 0)
                next = 0;
            else if (first && change == 1 && random.Next(3) == 0)
                next = random.Next(3);
            else if (first && change == 2 && slice < 2 && random.Next(8) == 0)
                next++;
            if (next != slice)
                deriver.BeginSlice(scene.Slices + next);
            slice = next;
            int index = scene.IndexOf(addr), mbX = index % scene.Width, mbY = index / scene.Width;
            if (scene.IsMbaff && first)
            {
                field = random.Next(2) == 0;
                // The flag of a pair is known before its second macroblock is decoded.
                p->Macroblocks[index + scene.Width].Flags = field ? H264MbFlags.Field : H264MbFlags.None;
            }
            H264Macroblock* mb = p->Macroblocks + index;
            mb->Slice = (ushort)slice;
            mb->Flags = field ? H264MbFlags.Field : H264MbFlags.None;
            if (random.Next(intra) == 0)
            {
                mb->Type = H264MbType.Intra16x16;
                deriver.SetIntra(index);
                model.DecodeIntra(addr, slice, field);
            }
            else
            {
                mb->Type = H264MbType.Inter;
                ModelSyntax syntax = RandomSyntax(random, scene, field, range);
                H264InterSyntax native = Native(syntax);
                deriver.Derive(index, mbX, mbY, &native);
                model.DecodeInter(addr, slice, field, syntax);
            }
            Compare(scene, model.Macroblocks[addr], addr, index, $"seed {seed} address {addr}");
        }
    }

    private static ModelSyntax RandomSyntax(Random random, MotionScene scene, bool field, int range)
    {
        var s = new ModelSyntax();
        int lists = scene.IsB ? 2 : 1;
        for (int list = 0; list < 2; list++)
        {
            for (int b = 0; b < 4; b++)
                s.Ref[list, b] = -1;
        }
        int choice = random.Next(6);
        if (choice == 0)
        {
            s.Kind = scene.IsB ? 2 : 1;
            return s;
        }
        s.Partition = Math.Min(choice - 1, 3);
        for (int b = 0; b < 4; b++)
        {
            if (s.Partition == 3)
            {
                s.SubPartition[b] = random.Next(4);
                s.SubDirect[b] = scene.IsB && random.Next(4) == 0;
            }
            bool leads = s.Partition switch { 0 => b == 0, 1 => (b & 1) == 0, 2 => b < 2, _ => true };
            int uses = lists == 1 ? 1 : random.Next(1, 4);
            for (int list = 0; list < lists; list++)
            {
                int count = scene.Lists[list].Length << (field ? 1 : 0);
                if (!leads)
                    s.Ref[list, b] = s.Ref[list, s.Partition == 0 ? 0 : s.Partition == 1 ? b & 2 : b & 1];
                else if ((uses >> list & 1) != 0 && !s.SubDirect[b])
                    s.Ref[list, b] = random.Next(2) == 0 ? 0 : random.Next(count);
            }
            if (s.SubDirect[b])
                s.SubPartition[b] = 0;
        }
        for (int list = 0; list < lists; list++)
        {
            for (int b = 0; b < 16; b++)
            {
                s.MvdX[list, b] = random.Next(2) == 0 ? 0 : random.Next(-range, range + 1);
                s.MvdY[list, b] = random.Next(2) == 0 ? 0 : random.Next(-range, range + 1);
            }
        }
        return s;
    }

    private static H264InterSyntax Native(ModelSyntax s)
    {
        H264InterSyntax n = default;
        n.MbKind = (byte)s.Kind;
        n.Partition = (byte)s.Partition;
        for (int b = 0; b < 4; b++)
        {
            n.SubPartition[b] = (byte)s.SubPartition[b];
            n.SubDirect[b] = s.SubDirect[b] ? (byte)1 : (byte)0;
        }
        for (int list = 0; list < 2; list++)
        {
            for (int b = 0; b < 4; b++)
            {
                n.RefIdx[list * 4 + b] = (sbyte)s.Ref[list, b];
                n.UsesList[list * 4 + b] = s.Ref[list, b] >= 0 ? (byte)1 : (byte)0;
            }
            for (int b = 0; b < 16; b++)
                n.Mvd[list * 16 + b] = (s.MvdX[list, b] & 0xffff) | s.MvdY[list, b] << 16;
        }
        return n;
    }

    private static void Compare(MotionScene scene, ModelMacroblock expected, int addr, int index, string where)
    {
        H264Motion* m = scene.State->Motion + index;
        H264Macroblock* mb = scene.State->Macroblocks + index;
        Assert.Equal(expected.Field ? 1 : 0, m->Field);
        Assert.Equal(expected.Intra ? 1 : 0, m->Intra);
        int parity = 1 + addr % 2;
        for (int list = 0; list < 2; list++)
        {
            ModelReference[] references = scene.ListOf(list, expected.Field, parity);
            for (int b = 0; b < 16; b++)
            {
                int block8x8 = list * 4 + (b >> 3) * 2 + (b >> 1 & 1), mv = m->Mv[list * 16 + b];
                int refIdx = expected.Ref[list, b];
                if (refIdx != m->RefIdx[block8x8] || expected.X[list, b] != (short)mv || expected.Y[list, b] != mv >> 16)
                {
                    Assert.Fail($"{where} list {list} block {b}: expected {refIdx} ({expected.X[list, b]}, {expected.Y[list, b]}), " +
                        $"is {m->RefIdx[block8x8]} ({(short)mv}, {mv >> 16})");
                }
                Assert.Equal(refIdx < 0 ? -1 : references[refIdx].Key, m->RefPic[block8x8]);
            }
            // The partitions named may be coarser than those coded, but never wrong.
            for (int b = 0; b < 16 && !expected.Intra; b++)
            {
                int shape = mb->SubPartition[(b >> 3) * 2 + (b >> 1 & 1)];
                int lead = mb->Partition switch { 0 => 0, 1 => b & 8, 2 => b & 2, _ => shape switch { 0 => b & 10, 1 => b & 14, 2 => b & 11, _ => b } };
                Assert.Equal(m->Mv[list * 16 + lead], m->Mv[list * 16 + b]);
                Assert.Equal(expected.Ref[list, lead], expected.Ref[list, b]);
            }
        }
    }
}
