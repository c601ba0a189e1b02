// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Av1;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>
/// Motion vector prediction of the blocks of a tile (7.10). Owned by a tile decoder. Neighbours are found through <see cref="Av1FrameState.BlockGrid"/>; the records of a tile must lie in decode order from
/// <see cref="Av1Tile.Blocks"/> on, and the block in question must be the next record: that is how a position that has been decoded is told from one that has not (whatever the grid still holds of an earlier frame).
/// </summary>
public sealed unsafe partial class Av1MvPredictor : IDisposable
{
    private const int RefCatLevel = 640;
    private const int MaxStackSize = 8;
    private const int MvBorder = 128;
    private const int Sixteen = 16;

    private Av1FrameState* _s;
    private Av1Tile* _tile;
    // Bits of a row's number that are its superblock row's.
    private int _sbStart;
    private int _miRowStart, _miRowEnd, _miColStart, _miColEnd, _miRows, _miCols;
    private Av1MvPrecision _precision;
    private bool _temporal;
    private readonly int[] _refToDst = new int[Av1FrameState.ReferenceCount];

    // The block in question.
    private Av1Block* _b;
    private Av1MvStack* _stack;
    private int _miRow, _miCol, _bw4, _bh4, _ref0, _ref1;
    private bool _compound, _foundMatch;
    // The last temporal candidate: projected motion and entry of the stack.
    private uint _lastMotion;
    private int _lastIndex;
    // gm type of the references > TRANSLATION: neighbours with global modes stand for our global vectors (7.10.2.8).
    private bool _warped0, _warped1;

    /// <summary>Begins a tile of a frame whose state is complete.</summary>
    public void BeginTile(Av1FrameState* s, Av1Tile* tile)
    {
        _s = s;
        _tile = tile;
        _sbStart = -1 << s->SbSizeLog2;
        _miRowStart = tile->MiRowStart;
        _miRowEnd = tile->MiRowEnd;
        _miColStart = tile->MiColStart;
        _miColEnd = tile->MiColEnd;
        _miRows = s->MiRows;
        _miCols = s->MiCols;
        _precision = Av1MvPrecisions.Of(s->Frame, s->IsIntra);
        _temporal = !s->IsIntra && s->MotionField != null && (s->Frame.Flags & Av1FrameFlags.UseRefFrameMvs) != 0;
        if (_temporal)
        {
            for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
                _refToDst[r] = s->RelativeDistance((int)s->Frame.OrderHint, s->References[r].OrderHint);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _s = null;
        _tile = null;
    }

    /// <summary>
    /// find_mv_stack (7.10.2): stack, weights' contexts, global vectors. Of the block MiRow, MiCol, Size and RefFrame must be set; for intra block copy RefFrame is INTRA_FRAME, NONE.
    /// </summary>
    /// <param name="b">The block: the next record of the tile.</param>
    /// <param name="stack">Receives the result; only what is documented as valid is written.</param>
    public void FindMvStack(Av1Block* b, Av1MvStack* stack)
    {
        SetBlock(b);
        _stack = stack;
        _ref0 = b->RefFrame[0];
        _ref1 = b->RefFrame[1];
        _compound = _ref1 > 0;
        stack->Count = 0;
        stack->NewMvCount = 0;
        stack->GlobalMv[0] = GlobalMv(_ref0);
        stack->GlobalMv[1] = _compound ? GlobalMv(_ref1) : 0;
        _warped0 = _ref0 > 0 && _s->References[_ref0].GlobalType > Av1WarpModel.Translation;
        _warped1 = _compound && _s->References[_ref1].GlobalType > Av1WarpModel.Translation;

        bool above = ScanRow(-1);
        bool left = ScanCol(-1);
        if (Math.Max(_bw4, _bh4) <= Sixteen)
            above |= ScanPoint(-1, _bw4);
        int closeMatches = (above ? 1 : 0) + (left ? 1 : 0);
        int numNearest = stack->Count, numNew = stack->NewMvCount;
        for (int i = 0; i < numNearest; i++)
            stack->Weight[i] += RefCatLevel;
        stack->ZeroMvContext = 0;
        if (_temporal)
            TemporalScan();
        above |= ScanPoint(-1, -1);
        above |= ScanRow(-3);
        left |= ScanCol(-3);
        if (_bh4 > 1)
            above |= ScanRow(-5);
        if (_bw4 > 1)
            left |= ScanCol(-5);
        int totalMatches = (above ? 1 : 0) + (left ? 1 : 0);
        Sort(0, numNearest);
        Sort(numNearest, stack->Count);
        if (stack->Count < 2)
            ExtraSearch();
        FinishContexts(closeMatches, totalMatches, numNew);
    }

    private void SetBlock(Av1Block* b)
    {
        _b = b;
        _miRow = b->MiRow;
        _miCol = b->MiCol;
        _bw4 = Av1Tables.Num4x4BlocksWide[(int)b->Size];
        _bh4 = Av1Tables.Num4x4BlocksHigh[(int)b->Size];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsInside(int row, int col) => col >= _miColStart && col < _miColEnd && row >= _miRowStart && row < _miRowEnd;

    /// <summary>The block at a position inside the tile, or null when it is not decoded yet: a record before ours that covers the position.</summary>
    private Av1Block* DecodedAt(int row, int col)
    {
        Av1Block* p = _s->BlockAt(row, col);
        // Superblock rows above are decoded.
        if (row >= (_miRow & _sbStart) && (p < _tile->Blocks || p >= _b))
            return null;
        int y = row - p->MiRow, x = col - p->MiCol;
        return (uint)y < Av1Tables.Num4x4BlocksHigh[(int)p->Size] && (uint)x < Av1Tables.Num4x4BlocksWide[(int)p->Size] ? p : null;
    }

    /// <summary>Setup global MV process (7.10.2.1).</summary>
    private int GlobalMv(int reference)
    {
        if (reference <= 0)
            return 0;
        Av1Reference* r = &_s->References[reference];
        int row, col;
        int* p = r->GlobalParams;
        if (r->GlobalType == Av1WarpModel.Identity)
            return 0;
        if (r->GlobalType == Av1WarpModel.Translation)
        {
            row = p[0] >> 13;
            col = p[1] >> 13;
        }
        else
        {
            int x = _miCol * 4 + _bw4 * 2 - 1, y = _miRow * 4 + _bh4 * 2 - 1;
            int xc = (p[2] - (1 << 16)) * x + p[3] * y + p[0];
            int yc = p[4] * x + (p[5] - (1 << 16)) * y + p[1];
            if (_precision == Av1MvPrecision.Eighth)
            {
                row = (int)Av1MotionVector.Round2Signed(yc, 13);
                col = (int)Av1MotionVector.Round2Signed(xc, 13);
            }
            else
            {
                row = (int)Av1MotionVector.Round2Signed(yc, 14) * 2;
                col = (int)Av1MotionVector.Round2Signed(xc, 14) * 2;
            }
        }
        return Av1MvPrecisions.Lower(Av1MotionVector.Pack(row, col), _precision);
    }

    /// <summary>Scan row process (7.10.2.2); whether a match was found.</summary>
    private bool ScanRow(int deltaRow)
    {
        int end4 = Math.Min(Math.Min(_bw4, _miCols - _miCol), Sixteen);
        int deltaCol = 0, minLength = _bw4 >= 16 ? 4 : 1;
        if (deltaRow < -1)
        {
            deltaRow += _miRow & 1;
            deltaCol = 1 - (_miCol & 1);
            // The test of the specification looks at the adjusted offset: it never becomes -1 here.
            minLength = Math.Max(2, minLength);
        }
        int row = _miRow + deltaRow;
        if (row < _miRowStart)
            return false;
        _foundMatch = false;
        for (int i = 0; i < end4;)
        {
            int col = _miCol + deltaCol + i;
            if (col >= _miColEnd)
                break;
            Av1Block* c = _s->BlockAt(row, col);
            int length = Math.Max(minLength, Math.Min(_bw4, Av1Tables.Num4x4BlocksWide[(int)c->Size]));
            AddCandidate(c, length * 2);
            i += length;
        }
        return _foundMatch;
    }

    /// <summary>Scan col process (7.10.2.3); whether a match was found.</summary>
    private bool ScanCol(int deltaCol)
    {
        int end4 = Math.Min(Math.Min(_bh4, _miRows - _miRow), Sixteen);
        int deltaRow = 0, minLength = _bh4 >= 16 ? 4 : 1;
        if (deltaCol < -1)
        {
            deltaRow = 1 - (_miRow & 1);
            deltaCol += _miCol & 1;
            minLength = Math.Max(2, minLength);
        }
        int col = _miCol + deltaCol;
        if (col < _miColStart)
            return false;
        _foundMatch = false;
        for (int i = 0; i < end4;)
        {
            int row = _miRow + deltaRow + i;
            if (row >= _miRowEnd)
                break;
            Av1Block* c = _s->BlockAt(row, col);
            int length = Math.Max(minLength, Math.Min(_bh4, Av1Tables.Num4x4BlocksHigh[(int)c->Size]));
            AddCandidate(c, length * 2);
            i += length;
        }
        return _foundMatch;
    }

    /// <summary>Scan point process (7.10.2.4); whether a match was found.</summary>
    private bool ScanPoint(int deltaRow, int deltaCol)
    {
        int row = _miRow + deltaRow, col = _miCol + deltaCol;
        _foundMatch = false;
        if (IsInside(row, col))
        {
            Av1Block* c = DecodedAt(row, col);
            if (c != null)
                AddCandidate(c, 4);
        }
        return _foundMatch;
    }

    /// <summary>Add reference motion vector process (7.10.2.7).</summary>
    private void AddCandidate(Av1Block* c, int weight)
    {
        if (!c->IsInter)
            return;
        if (_compound)
        {
            if (c->RefFrame[0] == _ref0 && c->RefFrame[1] == _ref1)
                AddPair(c, weight);
            return;
        }
        if (c->RefFrame[0] == _ref0)
            AddSingle(c, 0, weight);
        if (c->RefFrame[1] == _ref0)
            AddSingle(c, 1, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasNewMv(Av1Mode mode)
    {
        const uint Modes = 1u << (int)Av1Mode.NewMv | 1u << (int)Av1Mode.NewNewMv | 1u << (int)Av1Mode.NearNewMv | 1u << (int)Av1Mode.NewNearMv | 1u << (int)Av1Mode.NearestNewMv
            | 1u << (int)Av1Mode.NewNearestMv;
        return (Modes >> (int)mode & 1) != 0;
    }

    private static bool IsLarge(Av1BlockSize size) => Av1Tables.Num4x4BlocksWide[(int)size] >= 2 && Av1Tables.Num4x4BlocksHigh[(int)size] >= 2;

    /// <summary>Search stack process (7.10.2.8).</summary>
    private void AddSingle(Av1Block* c, int list, int weight)
    {
        int mv = _warped0 && (c->YMode is Av1Mode.GlobalMv or Av1Mode.GlobalGlobalMv) && IsLarge(c->Size) ? _stack->GlobalMv[0] : c->Mv[list];
        mv = Av1MvPrecisions.Lower(mv, _precision);
        if (HasNewMv(c->YMode))
            _stack->NewMvCount++;
        _foundMatch = true;
        PushSingle(mv, weight);
    }

    /// <summary>Index of the entry, -1 when the stack is full.</summary>
    private int PushSingle(int mv, int weight)
    {
        Av1MvStack* stack = _stack;
        int count = stack->Count;
        for (int i = 0; i < count; i++)
        {
            if (stack->Mv[i * 2] == mv)
            {
                stack->Weight[i] += weight;
                return i;
            }
        }
        if (count >= MaxStackSize)
            return -1;
        stack->Mv[count * 2] = mv;
        stack->Mv[count * 2 + 1] = 0;
        stack->Weight[count] = weight;
        stack->Count = count + 1;
        return count;
    }

    /// <summary>Compound search stack process (7.10.2.9).</summary>
    private void AddPair(Av1Block* c, int weight)
    {
        int mv0 = c->Mv[0], mv1 = c->Mv[1];
        if (c->YMode == Av1Mode.GlobalGlobalMv)
        {
            // Compound blocks are 8x8 and larger: no test of the size.
            if (_warped0)
                mv0 = _stack->GlobalMv[0];
            if (_warped1)
                mv1 = _stack->GlobalMv[1];
        }
        mv0 = Av1MvPrecisions.Lower(mv0, _precision);
        mv1 = Av1MvPrecisions.Lower(mv1, _precision);
        _foundMatch = true;
        PushPair(mv0, mv1, weight);
        if (HasNewMv(c->YMode))
            _stack->NewMvCount++;
    }

    /// <summary>Index of the entry, -1 when the stack is full.</summary>
    private int PushPair(int mv0, int mv1, int weight)
    {
        Av1MvStack* stack = _stack;
        int count = stack->Count;
        for (int i = 0; i < count; i++)
        {
            if (stack->Mv[i * 2] == mv0 && stack->Mv[i * 2 + 1] == mv1)
            {
                stack->Weight[i] += weight;
                return i;
            }
        }
        if (count >= MaxStackSize)
            return -1;
        stack->Mv[count * 2] = mv0;
        stack->Mv[count * 2 + 1] = mv1;
        stack->Weight[count] = weight;
        stack->Count = count + 1;
        return count;
    }

    /// <summary>Temporal scan process (7.10.2.5).</summary>
    private void TemporalScan()
    {
        _lastMotion = Av1ProjectedMotion.None;
        int stepW4 = _bw4 >= 16 ? 4 : 2, stepH4 = _bh4 >= 16 ? 4 : 2;
        int endRow = Math.Min(_bh4, Sixteen), endCol = Math.Min(_bw4, Sixteen);
        Av1MvStack* stack = _stack;
        // Position (0, 0) is inside the tile.
        stack->ZeroMvContext = 1;
        for (int row = 0; row < endRow; row += stepH4)
        {
            int y = (_miRow + row) | 1;
            if (y >= _miRowEnd)
                break;
            Av1ProjectedMotion* motions = _s->MotionField + (nint)(y >> 1) * (_miCols >> 1);
            for (int col = 0; col < endCol; col += stepW4)
            {
                int x = (_miCol + col) | 1;
                if (x >= _miColEnd)
                    break;
                AddTemporalMotion(motions + (x >> 1), (row | col) == 0);
            }
        }
        if (_bh4 is >= 2 and < 16 && _bw4 is >= 2 and < 16)
        {
            AddTemporalAround(_bh4, -2);
            AddTemporalAround(_bh4, _bw4);
            AddTemporalAround(_bh4 - 2, _bw4);
        }
    }

    // check_sb_border: the positions around the block stay in its 64x64 (also in superblocks of 128x128).
    private void AddTemporalAround(int deltaRow, int deltaCol)
    {
        int row = (_miRow & 15) + deltaRow, col = (_miCol & 15) + deltaCol;
        if ((uint)row < 16 && (uint)col < 16)
            AddTemporal(deltaRow, deltaCol);
    }

    /// <summary>Temporal sample process (7.10.2.6).</summary>
    private void AddTemporal(int deltaRow, int deltaCol)
    {
        int row = (_miRow + deltaRow) | 1, col = (_miCol + deltaCol) | 1;
        if (!IsInside(row, col))
            return;
        AddTemporalMotion(_s->MotionField + (nint)(row >> 1) * (_miCols >> 1) + (col >> 1), false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddTemporalMotion(Av1ProjectedMotion* m, bool first)
    {
        Av1ProjectedMotion motion = *m;
        if (motion.Offset == Av1ProjectedMotion.None)
            return;
        // Next to each other the same motion stands again and again; its entry gains weight, or none was left for it.
        if (motion.Bits == _lastMotion)
        {
            if (_lastIndex >= 0)
                _stack->Weight[_lastIndex] += 2;
            return;
        }
        AddNewMotion(motion, first);
    }

    private void AddNewMotion(Av1ProjectedMotion motion, bool first)
    {
        Av1MvStack* stack = _stack;
        _lastMotion = motion.Bits;
        int mv = motion.Mv, offset = motion.Offset;
        int mv0 = Av1MvPrecisions.Lower(Av1MotionVector.Project(mv, _refToDst[_ref0], offset), _precision);
        if (!_compound)
        {
            if (first)
                stack->ZeroMvContext = IsFar(mv0, stack->GlobalMv[0]) ? 1 : 0;
            _lastIndex = PushSingle(mv0, 2);
            return;
        }
        int mv1 = Av1MvPrecisions.Lower(Av1MotionVector.Project(mv, _refToDst[_ref1], offset), _precision);
        if (first)
            stack->ZeroMvContext = IsFar(mv0, stack->GlobalMv[0]) || IsFar(mv1, stack->GlobalMv[1]) ? 1 : 0;
        _lastIndex = PushPair(mv0, mv1, 2);
    }

    private static bool IsFar(int a, int b)
        => Math.Abs(Av1MotionVector.Row(a) - Av1MotionVector.Row(b)) >= 16 || Math.Abs(Av1MotionVector.Col(a) - Av1MotionVector.Col(b)) >= 16;

    /// <summary>Sorting process (7.10.2.11): stable, by falling weight.</summary>
    private void Sort(int start, int end)
    {
        int* weight = _stack->Weight;
        long* mv = (long*)_stack->Mv;
        for (int i = start + 1; i < end; i++)
        {
            int w = weight[i];
            if (weight[i - 1] >= w)
                continue;
            long m = mv[i];
            int j = i;
            for (; j > start && weight[j - 1] < w; j--)
            {
                weight[j] = weight[j - 1];
                mv[j] = mv[j - 1];
            }
            weight[j] = w;
            mv[j] = m;
        }
    }

    /// <summary>Context and clamping process (7.10.2.14).</summary>
    private void FinishContexts(int closeMatches, int totalMatches, int numNew)
    {
        Av1MvStack* stack = _stack;
        int count = stack->Count;
        int top = -(_miRow * 32) - MvBorder - _bh4 * 32, bottom = (_miRows - _bh4 - _miRow) * 32 + MvBorder + _bh4 * 32;
        int left = -(_miCol * 32) - MvBorder - _bw4 * 32, right = (_miCols - _bw4 - _miCol) * 32 + MvBorder + _bw4 * 32;
        for (int i = 0; i < count; i++)
        {
            int z = 0;
            if (i + 1 < count)
            {
                if (stack->Weight[i] < RefCatLevel)
                    z = 2;
                else if (stack->Weight[i + 1] < RefCatLevel)
                    z = 1;
            }
            stack->DrlContext[i] = (byte)z;
            int* mv = stack->Mv + i * 2;
            mv[0] = Clamp(mv[0], top, bottom, left, right);
            if (_compound)
                mv[1] = Clamp(mv[1], top, bottom, left, right);
        }
        numNew = Math.Min(numNew, 1);
        if (closeMatches == 0)
        {
            stack->NewMvContext = Math.Min(totalMatches, 1);
            stack->RefMvContext = totalMatches;
        }
        else if (closeMatches == 1)
        {
            stack->NewMvContext = 3 - numNew;
            stack->RefMvContext = 2 + totalMatches;
        }
        else
        {
            stack->NewMvContext = 5 - numNew;
            stack->RefMvContext = 5;
        }
    }

    private static int Clamp(int mv, int top, int bottom, int left, int right)
        => Av1MotionVector.Pack(Math.Clamp(Av1MotionVector.Row(mv), top, bottom), Math.Clamp(Av1MotionVector.Col(mv), left, right));
}
