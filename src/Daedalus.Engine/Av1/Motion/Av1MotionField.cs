// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.Av1;

/// <summary>The motion field: vectors saved with a frame (7.19) and their projection into a later one (7.9).</summary>
public static unsafe class Av1MotionField
{
    private const int RefMvsLimit = (1 << 12) - 1;
    private const int MaxOffsetWidth = 8;
    private const int Last = 1, Last2 = 2, Golden = 4, Bwdref = 5, Altref2 = 6, Altref = 7;

    /// <summary>Which references are projected (7.9.1), so that the caller knows whose rows to wait for.</summary>
    /// <param name="s">Frame whose references are set up.</param>
    /// <returns>Bit r: reference r. 0 without use_ref_frame_mvs.</returns>
    public static int SourcesOf(Av1FrameState* s)
    {
        if (s->IsIntra || (s->Frame.Flags & Av1FrameFlags.UseRefFrameMvs) == 0)
            return 0;
        int sources = 0, orderHint = (int)s->Frame.OrderHint;
        if (CanProject(s, Last) && s->References[Last].Saved->OrderHints[Altref] != s->References[Golden].OrderHint)
            sources |= 1 << Last;
        // MFMV_STACK_SIZE - 2: LAST_FRAME counts as one even if it is not there.
        int refStamp = 1;
        if (s->RelativeDistance(s->References[Bwdref].OrderHint, orderHint) > 0 && CanProject(s, Bwdref))
        {
            sources |= 1 << Bwdref;
            refStamp--;
        }
        if (s->RelativeDistance(s->References[Altref2].OrderHint, orderHint) > 0 && CanProject(s, Altref2))
        {
            sources |= 1 << Altref2;
            refStamp--;
        }
        if (refStamp >= 0 && s->RelativeDistance(s->References[Altref].OrderHint, orderHint) > 0 && CanProject(s, Altref))
        {
            sources |= 1 << Altref;
            refStamp--;
        }
        if (refStamp >= 0 && CanProject(s, Last2))
            sources |= 1 << Last2;
        return sources;
    }

    private static bool CanProject(Av1FrameState* s, int reference)
    {
        Av1SavedState* saved = s->References[reference].Saved;
        return saved != null && saved->Motion != null && saved->MiRows == s->MiRows && saved->MiCols == s->MiCols
            && saved->FrameType is not (Av1FrameType.Key or Av1FrameType.IntraOnly);
    }

    /// <summary>
    /// Motion field estimation (7.9) of one row of 64×64: 8×8 rows 8 * <paramref name="row64"/> .. + 7. MAX_OFFSET_HEIGHT is 0, so nothing is projected into another row.
    /// </summary>
    /// <param name="s">Frame with a <see cref="Av1FrameState.MotionField"/>; the references of <see cref="SourcesOf"/> have their rows.</param>
    /// <param name="row64">Row.</param>
    public static void ProjectRow(Av1FrameState* s, int row64)
    {
        int w8 = s->MiCols >> 1, from = row64 * 8, to = Math.Min(from + 8, s->MiRows >> 1);
        if (s->MotionField == null || from >= to)
            return;
        Unsafe.InitBlockUnaligned(s->MotionField + (nint)from * w8, 0, (uint)((nint)(to - from) * w8 * sizeof(Av1ProjectedMotion)));
        int sources = SourcesOf(s);
        // The order is that of 7.9.1: later ones overwrite.
        if ((sources & 1 << Last) != 0)
            Project(s, Last, -1, from, to);
        if ((sources & 1 << Bwdref) != 0)
            Project(s, Bwdref, 1, from, to);
        if ((sources & 1 << Altref2) != 0)
            Project(s, Altref2, 1, from, to);
        if ((sources & 1 << Altref) != 0)
            Project(s, Altref, 1, from, to);
        if ((sources & 1 << Last2) != 0)
            Project(s, Last2, -1, from, to);
    }

    /// <summary>Projection process (7.9.2) of some rows.</summary>
    private static void Project(Av1FrameState* s, int src, int dstSign, int from, int to)
    {
        Av1Reference* reference = &s->References[src];
        Av1SavedState* saved = reference->Saved;
        int refToCur = s->RelativeDistance(reference->OrderHint, (int)s->Frame.OrderHint);
        if (Math.Abs(refToCur) > Av1MotionVector.MaxFrameDistance)
            return;
        // refOffset of each of the source's references, 0 where it is out of bounds.
        ulong offsets = 0;
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
        {
            int offset = s->RelativeDistance(reference->OrderHint, saved->OrderHints[r]);
            if (offset is > 0 and <= Av1MotionVector.MaxFrameDistance)
                offsets |= (ulong)offset << r * 8;
        }
        int numerator = refToCur * dstSign, w8 = s->MiCols >> 1;
        // Neighbours mostly belong to the same block: the displacement of the last vector is kept, and what it allows of the row.
        uint known = 0;
        int span = 0, dy = 0, dx = 0;
        Av1ProjectedMotion motion = default;
        for (int y8 = from; y8 < to; y8++)
        {
            Av1SavedMotion* row = saved->Motion + (nint)y8 * w8;
            for (int x8 = 0; x8 < w8;)
            {
                Av1SavedMotion source = row[x8];
                int first = x8;
                do
                    x8++;
                while (x8 < w8 && row[x8].Bits == source.Bits);
                if (source.RefFrame == 0)
                    continue;
                if (source.Bits != known)
                {
                    known = source.Bits;
                    int mv = source.Mv;
                    span = (byte)(offsets >> source.RefFrame * 8);
                    if (span != 0)
                    {
                        motion = new Av1ProjectedMotion(span, mv);
                        int projected = Av1MotionVector.Project(mv, numerator, span);
                        dy = dstSign * Offset8(Av1MotionVector.Row(projected));
                        dx = dstSign * Offset8(Av1MotionVector.Col(projected));
                    }
                }
                int y = y8 + dy;
                if (span == 0 || y < from || y >= to)
                    continue;
                Av1ProjectedMotion* target = s->MotionField + (nint)y * w8;
                if (dx is >= -MaxOffsetWidth and <= MaxOffsetWidth)
                {
                    // No position is too far from its 64×64.
                    for (int x = Math.Max(first + dx, 0), end = Math.Min(x8 + dx, w8); x < end; x++)
                        target[x] = motion;
                    continue;
                }
                for (int x = first; x < x8; x++)
                {
                    int base8 = x & ~7;
                    if (x + dx >= Math.Max(0, base8 - MaxOffsetWidth) && x + dx < Math.Min(w8, base8 + 8 + MaxOffsetWidth))
                        target[x + dx] = motion;
                }
            }
        }
    }

    // project (7.9.4): 1/8 samples to units of 8 samples, towards 0.
    private static int Offset8(int delta) => delta >= 0 ? delta >> 6 : -(-delta >> 6);

    /// <summary>
    /// Motion field motion vector storage (7.19) of the rows of a tile, from the blocks at odd rows and columns, into <see cref="Av1FrameState.Saved"/>. Nothing is done for intra frames, whose vectors nobody projects.
    /// </summary>
    /// <param name="s">Frame.</param>
    /// <param name="tile">Tile.</param>
    /// <param name="miRowStart">First row in 4×4 units, even.</param>
    /// <param name="miRowEnd">Row after the last; what lies beyond the frame is left out.</param>
    public static void SaveRows(Av1FrameState* s, Av1Tile* tile, int miRowStart, int miRowEnd)
    {
        if (s->IsIntra || s->Saved == null || s->Saved->Motion == null)
            return;
        // Bit r: reference r comes before this frame.
        int past = 0;
        for (int r = 1; r < Av1FrameState.ReferenceCount; r++)
        {
            if (s->RelativeDistance(s->References[r].OrderHint, (int)s->Frame.OrderHint) < 0)
                past |= 1 << r;
        }
        int end = Math.Min(miRowEnd, s->MiRows), w8 = s->MiCols >> 1, colEnd = Math.Min(tile->MiColEnd, s->MiCols);
        for (int row = miRowStart | 1; row < end; row += 2)
        {
            Av1SavedMotion* target = s->Saved->Motion + (nint)(row >> 1) * w8;
            uint* grid = s->BlockGrid + s->Unit(row, 0);
            uint known = uint.MaxValue;
            Av1SavedMotion motion = default;
            for (int col = tile->MiColStart | 1; col < colEnd; col += 2)
            {
                if (grid[col] != known)
                {
                    known = grid[col];
                    motion = MotionOf(s->Blocks + known, past);
                }
                target[col >> 1] = motion;
            }
        }
    }

    private static Av1SavedMotion MotionOf(Av1Block* b, int past)
    {
        Av1SavedMotion motion = default;
        // The second vector wins.
        for (int list = 0; list < 2; list++)
        {
            int r = b->RefFrame[list];
            if (r <= 0 || (past >> r & 1) == 0)
                continue;
            int mv = b->Mv[list];
            if (Math.Abs(Av1MotionVector.Row(mv)) <= RefMvsLimit && Math.Abs(Av1MotionVector.Col(mv)) <= RefMvsLimit)
                motion = new Av1SavedMotion(r, mv);
        }
        return motion;
    }
}
