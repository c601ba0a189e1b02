// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.H264;

/// <summary>What CABAC and CAVLC share of macroblock_layer(): types, intra modes, partitions, I_PCM.</summary>
public sealed unsafe partial class H264SliceDecoder
{
    private const int PcmType = 25, SiType = 26;

    // Table 7-14 types 1..21: bits 0..1 partition, 2..3 lists of the first, 4..5 of the second (1: list 0, 2: list 1, 3: both).
    private static ReadOnlySpan<byte> BTypes =>
    [
        0,
        0 | 1 << 2, 0 | 2 << 2, 0 | 3 << 2,
        1 | 1 << 2 | 1 << 4, 2 | 1 << 2 | 1 << 4, 1 | 2 << 2 | 2 << 4, 2 | 2 << 2 | 2 << 4,
        1 | 1 << 2 | 2 << 4, 2 | 1 << 2 | 2 << 4, 1 | 2 << 2 | 1 << 4, 2 | 2 << 2 | 1 << 4,
        1 | 1 << 2 | 3 << 4, 2 | 1 << 2 | 3 << 4, 1 | 2 << 2 | 3 << 4, 2 | 2 << 2 | 3 << 4,
        1 | 3 << 2 | 1 << 4, 2 | 3 << 2 | 1 << 4, 1 | 3 << 2 | 2 << 4, 2 | 3 << 2 | 2 << 4,
        1 | 3 << 2 | 3 << 4, 2 | 3 << 2 | 3 << 4,
        3,
    ];

    // Table 7-18: bits 0..1 shape, 2..3 lists.
    private static ReadOnlySpan<byte> BSubTypes =>
    [
        0,
        0 | 1 << 2, 0 | 2 << 2, 0 | 3 << 2,
        1 | 1 << 2, 2 | 1 << 2, 1 | 2 << 2, 2 | 2 << 2, 1 | 3 << 2, 2 | 3 << 2,
        3 | 1 << 2, 3 | 2 << 2, 3 | 3 << 2,
    ];

    // Record of an intra macroblock of mb_type 0..25 (table 7-11) or SI.
    private void BeginIntra(int type)
    {
        H264Macroblock* mb = _mb;
        BeginMb(H264MbType.Intra4x4);
        mb->IntraChromaMode = 0;
        mb->Intra16x16Mode = 0;
        mb->CodedBlockPattern = 0;
        mb->Partition = 0;
        mb->Dc = 0;
        mb->Luma = mb->Cb = mb->Cr = 0;
        _e->Direct = 0;
        if (type == 0)
            return;
        if (type == PcmType)
        {
            mb->Type = H264MbType.Pcm;
        }
        else if (type == SiType)
        {
            mb->Type = H264MbType.Si;
            mb->Flags |= H264MbFlags.RawLevels;
        }
        else
        {
            int t = type - 1;
            mb->Type = H264MbType.Intra16x16;
            mb->Intra16x16Mode = (byte)(t & 3);
            mb->CodedBlockPattern = (byte)((t >= 12 ? 15 : 0) | (t >> 2) % 3 << 4);
        }
    }

    // Intra4x4PredMode of the neighbours; -1 makes the prediction DC (8.3.1.1, 8.3.2.1).
    private void FillIntraModes()
    {
        sbyte* cache = _c->Modes;
        H264Macroblock* mbs = _p->Macroblocks;
        if (_top < 0)
        {
            *(uint*)(cache + 4) = 0xffffffff;
        }
        else
        {
            H264Macroblock* t = mbs + _top;
            int d = ModeOfOthers(t);
            bool nxn = d == int.MaxValue;
            cache[4] = (sbyte)(nxn ? t->IntraModes[10] : d);
            cache[5] = (sbyte)(nxn ? t->IntraModes[11] : d);
            cache[6] = (sbyte)(nxn ? t->IntraModes[14] : d);
            cache[7] = (sbyte)(nxn ? t->IntraModes[15] : d);
        }
        for (int y = 0; y < 4; y++)
        {
            int left = LeftOf(_leftRows, y, out int row);
            int mode = -1;
            if (left >= 0)
            {
                H264Macroblock* l = mbs + left;
                mode = ModeOfOthers(l);
                // Right column: blocks 5, 7, 13, 15.
                if (mode == int.MaxValue)
                    mode = l->IntraModes[5 + (row & 1) * 2 + (row >> 1) * 8];
            }
            cache[(y + 1) * 8 + 3] = (sbyte)mode;
        }
    }

    // int.MaxValue: the macroblock has modes of its own.
    private int ModeOfOthers(H264Macroblock* n)
    {
        switch (n->Type)
        {
            case H264MbType.Intra4x4:
            case H264MbType.Intra8x8:
                return int.MaxValue;
            case H264MbType.Si:
                // Beside SI macroblocks, other intra macroblocks predict DC.
                return _mb->Type == H264MbType.Si ? int.MaxValue : -1;
            case H264MbType.Inter:
                return _constrainedIntra ? -1 : 2;
            default:
                return 2;
        }
    }

    private int PredictIntraMode(int block)
    {
        sbyte* m = _c->Modes + _c->CacheOffset[block];
        int mode = Math.Min(m[-1], m[-8]);
        return mode < 0 ? 2 : mode;
    }

    private void SetIntraMode(int block, bool is8x8, int mode)
    {
        sbyte* m = _c->Modes + _c->CacheOffset[block];
        byte* to = _mb->IntraModes + block;
        m[0] = (sbyte)mode;
        to[0] = (byte)mode;
        if (is8x8)
        {
            m[1] = m[8] = m[9] = (sbyte)mode;
            to[1] = to[2] = to[3] = (byte)mode;
        }
    }

    // Partitions of P types 0..3 (16×16, 16×8, 8×16, 8×8) and B types 1..22.
    private bool SetPartitions(H264InterSyntax* syntax, int type)
    {
        *(ulong*)syntax->SubPartition = 0; // SubDirect too
        *(ulong*)syntax->UsesList = 0;
        *(ulong*)syntax->RefIdx = ulong.MaxValue;
        syntax->MbKind = H264InterSyntax.KindPartitions;
        if (!_isB)
        {
            syntax->Partition = (byte)type;
            if (type < 3)
                *(uint*)syntax->UsesList = 0x01010101;
            return _numRef0 > 0;
        }
        int t = BTypes[type];
        int partition = t & 3;
        syntax->Partition = (byte)partition;
        if (partition != 3)
        {
            int first = (t >> 2) & 3, second = (t >> 4) & 3;
            for (int b = 0; b < 4; b++)
            {
                bool isSecond = partition == 1 ? b >= 2 : partition == 2 && (b & 1) != 0;
                int lists = isSecond ? second : first;
                syntax->UsesList[b] = (byte)(lists & 1);
                syntax->UsesList[4 + b] = (byte)(lists >> 1);
            }
        }
        return _numRef0 > 0 && _numRef1 > 0;
    }

    private void SetSubPartition(H264InterSyntax* syntax, int b, int type)
    {
        if (!_isB)
        {
            syntax->SubPartition[b] = (byte)type;
            syntax->UsesList[b] = 1;
            return;
        }
        int t = BSubTypes[type];
        syntax->SubDirect[b] = type == 0 ? (byte)1 : (byte)0;
        syntax->SubPartition[b] = (byte)(t & 3);
        syntax->UsesList[b] = (byte)((t >> 2) & 1);
        syntax->UsesList[4 + b] = (byte)(t >> 3);
    }

    // NoSubMbPartSizeLessThan8x8Flag (7.3.5).
    private bool AllowsTransform8x8(H264InterSyntax* syntax)
    {
        for (int b = 0; b < 4; b++)
        {
            if (syntax->SubDirect[b] != 0 ? !_direct8x8Inference : syntax->SubPartition[b] != 0)
                return false;
        }
        return true;
    }

    private void ReadPcmSamples(ref H264BitWindow bits, int samples)
    {
        byte* to = _p->CoefficientsOf(_mbX, _mbY);
        int depth = _bitDepth;
        for (int i = 0; i < samples; i++)
        {
            int v = (int)bits.Read(depth);
            if (_wide)
                ((int*)to)[i] = v;
            else
                ((short*)to)[i] = (short)v;
        }
    }

    private void FillPcmGrey(int samples)
    {
        byte* to = _p->CoefficientsOf(_mbX, _mbY);
        if (_wide)
            new Span<int>(to, samples).Fill(1 << (_bitDepth - 1));
        else
            new Span<short>(to, samples).Fill(1 << 7);
    }

    // I_PCM counts as having everything; its QPY is 0 for the loop filter, the QP predicted from stays (7.4.5, 8.7.2.2).
    private void FinishPcm()
    {
        H264Macroblock* mb = _mb;
        mb->CodedBlockPattern = _chromaType is 1 or 2 ? (byte)0x2f : (byte)0x0f;
        mb->Dc = 7;
        mb->Luma = mb->Cb = mb->Cr = 0xffff;
        mb->Qp = 0;
        mb->QpCb = _c->ChromaQp[_qpOffset];
        mb->QpCr = _c->ChromaQp[96 + _qpOffset];
        _lastQpDelta = 0;
        new Span<byte>(_e->NonZero, 48).Fill(16);
        ClearMotionContext();
        _motion.SetIntra(_index);
    }
}
