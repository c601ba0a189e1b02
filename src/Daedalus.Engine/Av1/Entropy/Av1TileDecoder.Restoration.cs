// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>Loop restoration units (5.11.57, 5.11.58) and what is made up where data is missing.</summary>
public sealed unsafe partial class Av1TileDecoder
{
    private static ReadOnlySpan<sbyte> WienerMin => [-5, -23, -17];
    private static ReadOnlySpan<sbyte> WienerMax => [10, 8, 46];
    private static ReadOnlySpan<sbyte> SgrMin => [-96, -32];
    private static ReadOnlySpan<sbyte> SgrMax => [31, 95];

    private void ReadRestoration(int r, int c)
    {
        var s = _s;
        if ((s->Frame.Flags & Av1FrameFlags.AllowIntrabc) != 0)
            return;
        for (int plane = 0; plane < s->NumPlanes; plane++)
        {
            if (s->Frame.LoopRestoration.FrameRestorationType[plane] == Av1RestorationType.None)
                continue;
            int subX = plane > 0 ? _subX : 0, subY = plane > 0 ? _subY : 0, size = (int)s->Frame.LoopRestoration.LoopRestorationSize[plane];
            int unitRows = s->UnitRows[plane], unitCols = s->UnitCols[plane];
            int rowStart = (r * (4 >> subY) + size - 1) / size, rowEnd = Math.Min(unitRows, ((r + _sbSize4) * (4 >> subY) + size - 1) / size);
            int numerator = 4 >> subX, denominator = size;
            if ((s->Frame.Flags & Av1FrameFlags.UseSuperres) != 0)
            {
                numerator *= s->Frame.SuperresDenom;
                denominator *= 8;
            }
            int colStart = (c * numerator + denominator - 1) / denominator, colEnd = Math.Min(unitCols, ((c + _sbSize4) * numerator + denominator - 1) / denominator);
            for (int y = rowStart; y < rowEnd; y++)
            {
                for (int x = colStart; x < colEnd; x++)
                    ReadRestorationUnit(plane, s->Restoration(plane) + y * unitCols + x);
            }
        }
    }

    private void ReadRestorationUnit(int plane, Av1RestorationUnit* unit)
    {
        var type = _s->Frame.LoopRestoration.FrameRestorationType[plane] switch
        {
            Av1RestorationType.Wiener => _d.ReadBool(_cdf->UseWiener) ? Av1RestorationType.Wiener : Av1RestorationType.None,
            Av1RestorationType.Sgrproj => _d.ReadBool(_cdf->UseSgrproj) ? Av1RestorationType.Sgrproj : Av1RestorationType.None,
            _ => (Av1RestorationType)_d.ReadSymbol4(_cdf->RestorationType, 3),
        };
        *unit = default;
        unit->Type = (byte)type;
        if (type == Av1RestorationType.Wiener)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = plane > 0 ? 1 : 0; j < 3; j++)
                {
                    sbyte* reference = _refWiener + plane * 6 + pass * 3 + j;
                    *reference = unit->Wiener[pass * 3 + j] = (sbyte)ReadSubexp(WienerMin[j], WienerMax[j] + 1, j + 1, *reference);
                }
            }
        }
        else if (type == Av1RestorationType.Sgrproj)
        {
            int set = _d.ReadLiteral(4);
            unit->SgrSet = (byte)set;
            for (int i = 0; i < 2; i++)
            {
                sbyte* reference = _refSgr + plane * 2 + i;
                int v = 0;
                if (Av1EntropyTables.SgrParams[set * 4 + i * 2] != 0)
                    v = ReadSubexp(SgrMin[i], SgrMax[i] + 1, 4, *reference);
                else if (i == 1)
                    v = Math.Clamp((1 << 7) - _refSgr[plane * 2], SgrMin[1], SgrMax[1]);
                *reference = unit->SgrXqd[i] = (sbyte)v;
            }
        }
    }

    /// <summary>decode_signed_subexp_with_ref_bool (5.11.58).</summary>
    private int ReadSubexp(int low, int high, int k, int reference)
    {
        int mx = high - low, r = reference - low, v = ReadSubexpBits(mx, k);
        return low + ((r << 1) <= mx ? Recenter(r, v) : mx - 1 - Recenter(mx - 1 - r, v));
    }

    private static int Recenter(int r, int v) => v > 2 * r ? v : (v & 1) != 0 ? r - (v + 1 >> 1) : r + (v >> 1);

    private int ReadSubexpBits(int count, int k)
    {
        for (int i = 0, mk = 0; ; i++)
        {
            int bits = i != 0 ? k + i - 1 : k, a = 1 << bits;
            if (count <= mk + 3 * a)
                return _d.ReadNonSymmetric(count - mk) + mk;
            if (_d.ReadBit() == 0)
                return _d.ReadLiteral(bits) + mk;
            mk += a;
        }
    }

    /// <summary>Blocks of 64×64 without residual: zero motion from LAST_FRAME, or DC prediction.</summary>
    private void ConcealSuperblock(int row, int col)
    {
        _corrupt = false;
        for (int y = row; y < row + _sbSize4; y += 16)
        {
            for (int x = col; x < col + _sbSize4; x += 16)
            {
                if (y >= _s->MiRows || x >= _s->MiCols)
                    continue;
                // A tile has a record for each 4×4 of its own, so that there is always room.
                var b = BeginBlock(y, x, Av1BlockSize.Block64x64);
                _skip = true;
                b->Flags |= Av1BlockFlags.Concealed;
                b->TxSize = Av1TxSize.Tx64x64;
                if (!_s->IsIntra)
                {
                    _isInter = true;
                    b->RefFrame[0] = 1;
                    b->YMode = Av1Mode.GlobalMv;
                }
                FillTxSize(y, x, 16, 16, Av1TxSize.Tx64x64);
                FinishBlock(b);
                Residual(b);
            }
        }
    }
}
