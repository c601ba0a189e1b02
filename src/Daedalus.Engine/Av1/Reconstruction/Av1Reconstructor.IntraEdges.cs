// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Daedalus.Engine.Av1;

/// <content>The edges of intra prediction: AboveRow and LeftCol (7.11.2), their filters' strength and the neighbours' smoothness (7.11.2.7 to 7.11.2.10).</content>
public sealed unsafe partial class Av1Reconstructor
{
    // get_filter_type of the block, luma and chroma: -1 unknown.
    private int _smoothLuma, _smoothChroma;

    /// <summary>Where the samples around a transform block lie.</summary>
    private readonly struct EdgeSource
    {
        public readonly PlaneGeometry* Plane;
        /// <summary>CurrFrame[y - 1][x], and CurrFrame[y][x - 1].</summary>
        public readonly byte* Above, Left;
        public readonly int X, Y;
        public readonly bool HaveLeft, HaveAbove;

        public EdgeSource(PlaneGeometry* plane, int x, int y, bool haveLeft, bool haveAbove, int sampleSize)
        {
            Plane = plane;
            X = x;
            Y = y;
            HaveLeft = haveLeft;
            HaveAbove = haveAbove;
            byte* at = plane->Base + y * plane->Stride + (nint)x * sampleSize;
            // The picture's row above a superblock row may be filtered already.
            Above = (y & plane->SbRowMask) == 0 ? plane->Line + (nint)x * sampleSize : at - plane->Stride;
            Left = at - sampleSize;
        }
    }

    /// <summary>AboveRow[0 .. count - 1]; <paramref name="decoded"/> samples from x on are decoded if the frame has them: the last is repeated.</summary>
    private void LoadAbove<TPixel>(in EdgeSource edges, int count, int decoded)
        where TPixel : unmanaged
    {
        byte* to = _above;
        if (!edges.HaveAbove)
        {
            Fill<TPixel>(to, count, edges.HaveLeft ? *(TPixel*)edges.Left : Half<TPixel>(-1));
            return;
        }
        int have = Math.Min(count, Math.Min(decoded, edges.Plane->Width - edges.X));
        Copy(to, edges.Above, have * sizeof(TPixel));
        if (have < count)
            Fill<TPixel>(to + have * sizeof(TPixel), count - have, ((TPixel*)edges.Above)[have - 1]);
    }

    /// <summary>LeftCol[0 .. count - 1], as <see cref="LoadAbove"/>.</summary>
    private void LoadLeft<TPixel>(in EdgeSource edges, int count, int decoded)
        where TPixel : unmanaged
    {
        TPixel* to = (TPixel*)_left;
        if (!edges.HaveLeft)
        {
            Fill<TPixel>(_left, count, edges.HaveAbove ? *(TPixel*)edges.Above : Half<TPixel>(1));
            return;
        }
        // Always a multiple of 4: sizes, and frames in 4×4 units of the plane.
        int have = Math.Min(count, Math.Min(decoded, edges.Plane->Height - edges.Y));
        nint stride = edges.Plane->Stride;
        byte* from = edges.Left;
        for (int i = 0; i < have; i += 4, from += 4 * stride)
        {
            to[i] = *(TPixel*)from;
            to[i + 1] = *(TPixel*)(from + stride);
            to[i + 2] = *(TPixel*)(from + 2 * stride);
            to[i + 3] = *(TPixel*)(from + 3 * stride);
        }
        if (have < count)
            Fill<TPixel>(_left + have * sizeof(TPixel), count - have, to[have - 1]);
    }

    /// <summary>AboveRow[-1] and LeftCol[-1].</summary>
    private void LoadCorner<TPixel>(in EdgeSource edges)
        where TPixel : unmanaged
    {
        TPixel corner = edges.HaveAbove ? ((TPixel*)edges.Above)[edges.HaveLeft ? -1 : 0] : edges.HaveLeft ? *(TPixel*)edges.Left : Half<TPixel>(0);
        ((TPixel*)_above)[-1] = ((TPixel*)_left)[-1] = corner;
    }

    /// <summary>Half of the range and a little.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TPixel Half<TPixel>(int more)
        where TPixel : unmanaged
    {
        int value = (1 << (_bitDepth - 1)) + more;
        return sizeof(TPixel) == 1 ? Unsafe.BitCast<byte, TPixel>((byte)value) : Unsafe.BitCast<ushort, TPixel>((ushort)value);
    }

    /// <summary>Repeats a sample; writes up to 15 bytes more, for which the edges have room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fill<TPixel>(byte* to, int count, TPixel value)
        where TPixel : unmanaged
    {
        var v = Vector128.Create(value).AsByte();
        for (int i = 0; i < count * sizeof(TPixel); i += 16)
            v.Store(to + i);
    }

    /// <summary>Copies a multiple of 4 bytes, not reading beyond them.</summary>
    private static void Copy(byte* to, byte* from, int bytes)
    {
        int i = 0;
        for (; i <= bytes - 16; i += 16)
            Vector128.Load(from + i).Store(to + i);
        if ((bytes & 8) != 0)
        {
            Unsafe.WriteUnaligned(to + i, Unsafe.ReadUnaligned<ulong>(from + i));
            i += 8;
        }
        if ((bytes & 4) != 0)
            Unsafe.WriteUnaligned(to + i, Unsafe.ReadUnaligned<uint>(from + i));
    }

    /// <summary>Filter corner process (7.11.2.7).</summary>
    private void FilterCorner<TPixel>()
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
            _above[-1] = _left[-1] = (byte)(_left[0] * 5 + _above[-1] * 6 + _above[0] * 5 + 8 >> 4);
        else
            ((ushort*)_above)[-1] = ((ushort*)_left)[-1] = (ushort)(((ushort*)_left)[0] * 5 + ((ushort*)_above)[-1] * 6 + ((ushort*)_above)[0] * 5 + 8 >> 4);
    }

    /// <summary>Intra filter type process (7.11.2.8): the same for all transform blocks of a block.</summary>
    private bool IsSmoothAround(Av1Block* b, int plane)
    {
        if (plane == 0)
        {
            if (_smoothLuma < 0)
            {
                _smoothLuma = (b->Flags & Av1BlockFlags.AvailableAbove) != 0 && IsSmooth(_s->BlockAt(b->MiRow - 1, b->MiCol)->YMode)
                    || (b->Flags & Av1BlockFlags.AvailableLeft) != 0 && IsSmooth(_s->BlockAt(b->MiRow, b->MiCol - 1)->YMode) ? 1 : 0;
            }
            return _smoothLuma != 0;
        }
        if (_smoothChroma < 0)
        {
            int subX = _s->SubsamplingX, subY = _s->SubsamplingY;
            // The block that has the chroma of these samples: the odd column and row of what shares it.
            _smoothChroma = (b->Flags & Av1BlockFlags.AvailableAboveChroma) != 0 && IsSmoothChroma(_s->BlockAt(b->MiRow - 1 - (b->MiRow & subY), b->MiCol | subX))
                || (b->Flags & Av1BlockFlags.AvailableLeftChroma) != 0 && IsSmoothChroma(_s->BlockAt(b->MiRow | subY, b->MiCol - 1 - (b->MiCol & subX))) ? 1 : 0;
        }
        return _smoothChroma != 0;
    }

    private static bool IsSmooth(Av1Mode mode) => mode is Av1Mode.Smooth or Av1Mode.SmoothV or Av1Mode.SmoothH;

    private static bool IsSmoothChroma(Av1Block* b) => b->RefFrame[0] <= 0 && IsSmooth(b->UvMode);

    /// <summary>Intra edge filter strength selection process (7.11.2.9).</summary>
    /// <param name="size">Width + height.</param>
    /// <param name="smooth">filterType.</param>
    /// <param name="delta">Distance of the angle from the edge's, degrees.</param>
    internal static int FilterStrength(int size, bool smooth, int delta)
    {
        if (smooth)
        {
            if (size <= 8)
                return delta >= 64 ? 2 : delta >= 40 ? 1 : 0;
            if (size <= 16)
                return delta >= 48 ? 2 : delta >= 20 ? 1 : 0;
            return size > 24 || delta >= 4 ? 3 : 0;
        }
        if (size <= 8)
            return delta >= 56 ? 1 : 0;
        if (size <= 16)
            return delta >= 40 ? 1 : 0;
        if (size <= 24)
            return delta >= 32 ? 3 : delta >= 16 ? 2 : delta >= 8 ? 1 : 0;
        return size > 32 || delta >= 32 ? 3 : delta >= 4 ? 2 : 1;
    }

    /// <summary>Intra edge upsample selection process (7.11.2.10).</summary>
    internal static bool UseUpsample(int size, bool smooth, int delta) => delta is > 0 and < 40 && size <= (smooth ? 8 : 16);
}
