// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.H264;
using Daedalus.Engine.Pictures;
using Daedalus.Kernels;
using Daedalus.Kernels.H264;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Tests.H264.Reconstruction;

/// <summary>What a random picture looks like.</summary>
internal sealed record CaseOptions
{
    public int ChromaArrayType { get; init; } = 1;
    public int BitDepth { get; init; } = 8;
    public bool Field { get; init; }
    public bool Mbaff { get; init; }
    public bool Inter { get; init; } = true;
    public bool ConstrainedIntra { get; init; }
    /// <summary>0 none, 1 explicit, 2 implicit.</summary>
    public int Weights { get; init; }
    public bool Lossless { get; init; }
    public H264SliceType SliceType { get; init; } = H264SliceType.B;
    public bool Switching { get; init; }
    public int Seed { get; init; }
}

/// <summary>A picture of random macroblock records with references, in the memory layout of the engine.</summary>
internal sealed unsafe class ReconstructionCase : IDisposable
{
    public const int Width = 5, Height = 6, Slices = 2, Entries = 3;

    private readonly List<nint> _blocks = [];
    public readonly CaseOptions Options;
    public readonly Random Random;
    public readonly H264PictureState* P;
    public readonly H264KernelTable* Kernels;
    public readonly bool IsBottom;

    public ReconstructionCase(CaseOptions options, KernelLevel level)
    {
        Options = options;
        Random = new Random(options.Seed);
        Kernels = New<H264KernelTable>(1);
        H264KernelTable.Create(Kernels, options.BitDepth, level);
        IsBottom = options.Field && Random.Next(2) == 0;
        P = New<H264PictureState>(1);
        P->WidthInMbs = Width;
        P->HeightInMbs = Height;
        P->IsField = options.Field;
        P->IsBottom = IsBottom;
        P->IsMbaff = options.Mbaff;
        P->HasInter = options.Inter;
        P->ChromaArrayType = options.ChromaArrayType;
        P->BitDepth = options.BitDepth;
        P->LineStep = options.Field ? 2 : 1;
        P->Macroblocks = New<H264Macroblock>(Width * Height);
        P->Motion = New<H264Motion>(Width * Height);
        P->CoefficientRows = Height;
        P->Coefficients = New<byte>(Width * Height * P->CoefficientBytes + 64);
        P->References = New<H264ReferencePicture>(H264PictureState.ReferenceCount);
        P->Slices = New<H264Slice>(Slices);
        P->SliceCount = Slices;
        PictureView frame = NewFrame();
        P->Picture = options.Field ? FieldOf(frame, IsBottom) : frame;
        for (int e = 0; e < Entries; e++)
        {
            PictureView reference = NewFrame();
            for (int f = 0; f < 3; f++)
            {
                H264ReferencePicture* r = P->References + e * 3 + f;
                r->View = f == 0 ? reference : FieldOf(reference, f == 2);
                r->Fields = (H264Fields)(f == 0 ? 3 : f);
                r->Key = e * 4 + (int)r->Fields;
            }
        }
        for (int s = 0; s < Slices; s++)
            FillSlice(P->Slices + s, s);
        FillMacroblocks();
    }

    private T* New<T>(int count) where T : unmanaged
    {
        T* block = (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        _blocks.Add((nint)block);
        return block;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
            NativeMemory.Free((void*)block);
    }

    /// <summary>A frame of noise, as high as two fields of the picture when it is a field.</summary>
    private PictureView NewFrame()
    {
        int size = Options.BitDepth > 8 ? 2 : 1, lines = Height * 16 * (Options.Field ? 2 : 1);
        var view = new PictureView
        {
            Width = Width * 16,
            Height = lines,
            BitDepth = Options.BitDepth,
            SubsamplingX = Options.ChromaArrayType == 3 ? 0 : 1,
            SubsamplingY = Options.ChromaArrayType is 0 or 1 ? 1 : 0,
            StrideY = ((Width * 16 + 63) & ~63) * size,
        };
        view.StrideUv = view.StrideY >> view.SubsamplingX;
        lines = (lines + 63) & ~63;
        int luma = (int)view.StrideY * lines, chroma = (int)view.StrideUv * (lines >> view.SubsamplingY);
        byte* memory = New<byte>(luma + 2 * chroma + 64);
        // Runs of extremes among the noise make the clipping work.
        bool smooth = Random.Next(3) == 0;
        for (int i = 0; i < (luma + 2 * chroma) / size; i++)
        {
            int v = smooth ? Random.Next(8) == 0 ? (1 << Options.BitDepth) - 1 : 0 : Random.Next(1 << Options.BitDepth);
            if (size == 1)
                memory[i] = (byte)v;
            else
                ((ushort*)memory)[i] = (ushort)v;
        }
        view.Plane0 = memory;
        view.Plane1 = memory + luma;
        view.Plane2 = memory + luma + chroma;
        return view;
    }

    private static PictureView FieldOf(PictureView frame, bool bottom)
    {
        if (bottom)
        {
            frame.Plane0 += frame.StrideY;
            frame.Plane1 += frame.StrideUv;
            frame.Plane2 += frame.StrideUv;
        }
        frame.StrideY *= 2;
        frame.StrideUv *= 2;
        frame.Height /= 2;
        return frame;
    }

    private void FillSlice(H264Slice* s, int index)
    {
        s->Index = index;
        s->Pps = New<DaedalusCtrlH264PictureParameters>(1);
        s->Dequant = New<H264Dequant>(1);
        for (int i = 0; i < 6 * 6 * 16; i++)
            s->Dequant->Scale4x4[i] = 16 * Random.Next(10, 30);
        if (Options.ConstrainedIntra)
            s->Pps->Pps.Flags |= H264PpsFlags.ConstrainedIntraPred;
        s->Pps->Pps.ChromaQpIndexOffset = s->Pps->Pps.SecondChromaQpIndexOffset = (sbyte)Random.Next(-4, 5);
        s->Header.SliceType = Options.SliceType;
        s->Header.SpForSwitch = Options.Switching;
        s->Header.SliceQs = (sbyte)Random.Next(10, 31);
        s->Header.NumRefIdxActive0 = s->Header.NumRefIdxActive1 = 4;
        for (int i = 0; i < 64; i++)
            s->RefList[i] = (byte)(Random.Next(Entries) * 3 + (Options.Field ? 1 + Random.Next(2) : 0));
        V4L2CtrlH264PredWeights* w = &s->Header.Weights;
        w->LumaLog2WeightDenom = (ushort)Random.Next(8);
        w->ChromaLog2WeightDenom = (ushort)Random.Next(8);
        FillFactors(&w->Factors0, w);
        FillFactors(&w->Factors1, w);
        s->Header.HasWeights = Options.Weights == 1;
        if (Options.Weights != 2)
            return;
        s->ImplicitWeights = New<short>(H264ImplicitWeights.TableSize);
        for (int i = 0; i < H264ImplicitWeights.TableSize; i++)
            s->ImplicitWeights[i] = (short)(Random.Next(3) == 0 ? 32 : Random.Next(-64, 129));
    }

    private void FillFactors(V4L2H264WeightFactors* f, V4L2CtrlH264PredWeights* w)
    {
        for (int i = 0; i < 32; i++)
        {
            bool luma = Random.Next(3) != 0, chroma = Random.Next(3) != 0;
            f->LumaWeight[i] = (short)(luma ? Random.Next(-60, 64) : 1 << w->LumaLog2WeightDenom);
            f->LumaOffset[i] = (short)(luma ? Random.Next(-128, 128) : 0);
            for (int c = i * 2; c < i * 2 + 2; c++)
            {
                f->ChromaWeight[c] = (short)(chroma ? Random.Next(-60, 64) : 1 << w->ChromaLog2WeightDenom);
                f->ChromaOffset[c] = (short)(chroma ? Random.Next(-128, 128) : 0);
            }
        }
    }

    private void FillMacroblocks()
    {
        bool scattered = Random.Next(2) == 0;
        int border = Random.Next(Width * Height);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int i = y * Width + x, unit = Options.Mbaff ? (y >> 1) * Width * 2 + x * 2 : i;
                bool second = Options.Mbaff && (y & 1) != 0;
                H264Macroblock* mb = P->Macroblocks + i;
                mb->Slice = second ? mb[-Width].Slice : (ushort)(scattered ? Random.Next(5) == 0 ? 1 : 0 : unit >= border ? 1 : 0);
                if (Options.Mbaff && (second ? mb[-Width].IsField : Random.Next(2) == 0))
                    mb->Flags |= H264MbFlags.Field;
                FillMacroblock(mb, P->Motion + i, (byte*)P->CoefficientsOf(x, y));
            }
        }
    }

    private void FillMacroblock(H264Macroblock* mb, H264Motion* motion, byte* coefficients)
    {
        bool sp = Options.SliceType is H264SliceType.SP or H264SliceType.SI;
        mb->Type = Options.Inter && Random.Next(2) == 0 ? H264MbType.Inter
            : Options.SliceType == H264SliceType.SI && Random.Next(2) == 0 ? H264MbType.Si
            : Random.Next(12) switch { 0 => H264MbType.Pcm, < 4 => H264MbType.Intra16x16, < 7 when !sp => H264MbType.Intra8x8, _ => H264MbType.Intra4x4 };
        if (Options.Lossless && Random.Next(3) != 0)
            mb->Flags |= H264MbFlags.Bypass;
        if (mb->Type == H264MbType.Intra8x8 || (mb->Type == H264MbType.Inter && !sp && Random.Next(2) == 0))
            mb->Flags |= H264MbFlags.Transform8x8;
        int offset = 6 * (Options.BitDepth - 8);
        mb->Qp = (sbyte)Random.Next(-offset, 45);
        mb->QpCb = (sbyte)Random.Next(-offset, 39);
        mb->QpCr = (sbyte)Random.Next(-offset, 39);
        new Span<sbyte>(motion->RefIdx, 8).Fill(-1);
        if (mb->Type == H264MbType.Inter)
            FillMotion(mb, motion);
        FillCoefficients(mb, coefficients);
    }

    private void FillMotion(H264Macroblock* mb, H264Motion* motion)
    {
        mb->Partition = (byte)Random.Next(4);
        for (int b = 0; b < 4; b++)
            mb->SubPartition[b] = (byte)(mb->Partition == 3 && Random.Next(2) == 0 ? Random.Next(4) : 0);
        bool similar = Random.Next(3) == 0;
        int last = 0;
        for (int list = 0; list < 2; list++)
        {
            int parts = mb->Partition switch { 0 => 1, 3 => 4, _ => 2 };
            for (int part = 0; part < parts; part++)
            {
                bool used = similar || list == 0 ? part % 3 != 2 || similar : Random.Next(2) == 0 || motion->RefIdx[Blocks(mb, part)[0]] < 0;
                sbyte refIdx = (sbyte)(used ? similar ? 1 : Random.Next(mb->IsField ? 8 : 4) : -1);
                foreach (int b in Blocks(mb, part))
                {
                    motion->RefIdx[list * 4 + b] = refIdx;
                    motion->RefPic[list * 4 + b] = refIdx;
                }
                int mv = 0;
                for (int y = 0; y < 4; y++)
                {
                    for (int x = 0; x < 4; x++)
                    {
                        int b = (y & 2) | (x >> 1);
                        if (!Blocks(mb, part).Contains(b))
                            continue;
                        int shape = mb->SubPartition[b];
                        int at = list * 16 + y * 4 + x;
                        bool first = (x & 1) == 0 && (y & 1) == 0;
                        if (first && (mb->Partition == 3 || b == Blocks(mb, part)[0]))
                            mv = RandomMv(ref last, similar);
                        if (mb->Partition == 3 && !first)
                        {
                            bool newX = (x & 1) != 0 && shape is 2 or 3, newY = (y & 1) != 0 && shape is 1 or 3;
                            int from = newX && newY ? -1 : newX ? (y & 1) != 0 ? at - 4 : -1 : newY ? (x & 1) != 0 ? at - 1 : -1 : (x & 1) != 0 ? at - 1 : at - 4;
                            mv = from < 0 ? RandomMv(ref last, similar) : motion->Mv[from];
                        }
                        else if (mb->Partition != 3)
                        {
                            int b0 = Blocks(mb, part)[0], corner = list * 16 + (b0 >> 1) * 8 + (b0 & 1) * 2;
                            mv = at == corner ? mv : motion->Mv[corner];
                        }
                        motion->Mv[at] = used ? mv : 0;
                    }
                }
            }
        }
    }

    private static int[] Blocks(H264Macroblock* mb, int part) => mb->Partition switch
    {
        0 => [0, 1, 2, 3],
        1 => part == 0 ? [0, 1] : [2, 3],
        2 => part == 0 ? [0, 2] : [1, 3],
        _ => [part],
    };

    private int RandomMv(ref int last, bool similar)
    {
        if (similar && Random.Next(4) != 0)
            return last;
        int range = Random.Next(10) == 0 ? 4000 : 60;
        int x = Random.Next(-range, range), y = Random.Next(-range, range);
        if (Random.Next(4) == 0)
            x &= ~7;
        if (Random.Next(4) == 0)
            y &= ~7;
        return last = (x & 0xffff) | y << 16;
    }

    private void FillCoefficients(H264Macroblock* mb, byte* coefficients)
    {
        int chroma = P->ChromaSize, cat = Options.ChromaArrayType;
        if (mb->Type == H264MbType.Pcm)
        {
            for (int i = 0; i < P->DcOffset; i++)
                Put(coefficients, i, Random.Next(1 << Options.BitDepth));
            return;
        }
        bool raw = mb->Type == H264MbType.Si || (Options.SliceType == H264SliceType.SP && mb->Type == H264MbType.Inter);
        mb->Luma = Plane(0, 16, mb->Type == H264MbType.Intra16x16);
        if (mb->Type == H264MbType.Intra16x16)
            mb->Dc |= Dc(0, 16);
        if (cat == 3)
        {
            mb->Cb = Plane(256, 16, mb->Type == H264MbType.Intra16x16);
            mb->Cr = Plane(512, 16, mb->Type == H264MbType.Intra16x16);
            if (mb->Type == H264MbType.Intra16x16)
                mb->Dc |= (byte)(Dc(1, 16) | Dc(2, 16));
        }
        else if (cat != 0)
        {
            mb->Cb = Plane(256, cat * 4, true);
            mb->Cr = Plane(256 + chroma, cat * 4, true);
            mb->Dc |= (byte)(Dc(1, cat * 4) | Dc(2, cat * 4));
        }

        ushort Plane(int start, int blocks, bool withoutDc)
        {
            bool large = (mb->Flags & H264MbFlags.Transform8x8) != 0 && blocks == 16;
            int bits = 0;
            for (int b = 0; b < blocks; b++)
            {
                if (large ? (b & 3) == 0 ? Random.Next(2) == 0 : (bits & (1 << (b - 1))) == 0 : Random.Next(2) == 0)
                    continue;
                bits |= 1 << b;
                for (int i = 0; i < 16; i++)
                {
                    if ((i != 0 || !withoutDc) && Random.Next(3) == 0)
                        Put(coefficients, start + b * 16 + i, raw ? Random.Next(-1, 2) : Random.Next(-700, 701));
                }
            }
            return (ushort)bits;
        }

        byte Dc(int plane, int count)
        {
            if (Random.Next(2) == 0)
                return 0;
            for (int i = 0; i < count; i++)
                Put(coefficients, P->DcOffset + plane * 16 + i, raw ? Random.Next(-2, 3) : Random.Next(-8, 9));
            return (byte)(1 << plane);
        }
    }

    private void Put(byte* coefficients, int i, int value)
    {
        if (Options.BitDepth > 8)
            ((int*)coefficients)[i] = value;
        else
            ((short*)coefficients)[i] = (short)value;
    }
}
