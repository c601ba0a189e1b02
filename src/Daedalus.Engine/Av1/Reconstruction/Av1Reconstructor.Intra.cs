// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <content>Intra blocks: prediction and residual, transform block by transform block (5.11.35, 7.11.2, 7.11.4, 7.11.5).</content>
public sealed unsafe partial class Av1Reconstructor
{
    private const int AngleStep = 3;
    private const int PaletteHeader = 3 * 8 * sizeof(ushort);

    // Luma that chroma from luma may read, in samples of the luma plane (MaxLumaW, MaxLumaH).
    private int _maxLumaX, _maxLumaY;
    private bool _acReady;

    private void ReconstructIntra<TPixel>(Av1Superblock* sb, Av1Block* b)
        where TPixel : unmanaged
    {
        byte* coefficients = FirstCoefficient<TPixel>(sb, b);
        bool lossless = (b->Flags & Av1BlockFlags.Lossless) != 0;
        _smoothLuma = _smoothChroma = -1;
        _acReady = false;
        Av1TransformBlock* t = sb->Transforms + b->FirstTransform;
        for (Av1TransformBlock* end = t + b->TransformCount; t < end; t++)
        {
            int plane = t->Plane, size = (int)t->TxSize;
            PlaneGeometry* p = _planes + plane;
            int x = ((b->MiCol >> p->SubX) + t->X4) * 4, y = ((b->MiRow >> p->SubY) + t->Y4) * 4;
            byte* dst = p->Base + y * p->Stride + (nint)x * sizeof(TPixel);
            bool haveAbove = t->Y4 != 0 || (b->Flags & (plane == 0 ? Av1BlockFlags.AvailableAbove : Av1BlockFlags.AvailableAboveChroma)) != 0;
            bool haveLeft = t->X4 != 0 || (b->Flags & (plane == 0 ? Av1BlockFlags.AvailableLeft : Av1BlockFlags.AvailableLeftChroma)) != 0;
            if (plane == 0)
            {
                if (b->PaletteSizeY != 0)
                    PredictPalette(sb, b, t, dst, p->Stride);
                else
                    PredictIntra<TPixel>(b, 0, x, y, size, b->YMode, b->AngleDeltaY, haveLeft, haveAbove, dst, p->Stride);
                _maxLumaX = x + Av1Tables.TxWidth[size];
                _maxLumaY = y + Av1Tables.TxHeight[size];
            }
            else if (b->PaletteSizeUv != 0)
            {
                PredictPalette(sb, b, t, dst, p->Stride);
            }
            else if (b->UvMode == Av1Mode.UvCfl)
            {
                PredictIntra<TPixel>(b, plane, x, y, size, Av1Mode.Dc, 0, haveLeft, haveAbove, dst, p->Stride);
                PredictFromLuma<TPixel>(p, x, y, size, plane == 1 ? b->CflAlphaU : b->CflAlphaV, dst);
            }
            else
            {
                PredictIntra<TPixel>(b, plane, x, y, size, b->UvMode, b->AngleDeltaUv, haveLeft, haveAbove, dst, p->Stride);
            }
            if (t->Eob != 0)
                coefficients = AddTransform<TPixel>(t, dst, p->Stride, coefficients, lossless);
            MarkDecoded(plane, y >> 2 & _sbMask >> p->SubY, x >> 2 & _sbMask >> p->SubX, Av1Tables.TxHeight[size] >> 2, Av1Tables.TxWidth[size] >> 2);
        }
    }

    /// <summary>Palette prediction (7.11.4). The map of the block is whole: its stride is the width of the block in the plane.</summary>
    private void PredictPalette(Av1Superblock* sb, Av1Block* b, Av1TransformBlock* t, byte* dst, nint stride)
    {
        byte* palette = sb->Palettes + b->Palette, map = palette + PaletteHeader;
        int mapStride = 4 * Av1Tables.Num4x4BlocksWide[(int)b->Size];
        if (t->Plane != 0)
        {
            map += mapStride * 4 * Av1Tables.Num4x4BlocksHigh[(int)b->Size];
            mapStride = 4 * Av1Tables.Num4x4BlocksWide[Av1Tables.SubsampledSize[((int)b->Size * 2 + _s->SubsamplingX) * 2 + _s->SubsamplingY]];
        }
        map += (nint)t->Y4 * 4 * mapStride + t->X4 * 4;
        _kernels->GetPalette()(dst, stride, (ushort*)palette + t->Plane * 8, map, mapStride, Av1Tables.TxWidth[(int)t->TxSize], Av1Tables.TxHeight[(int)t->TxSize]);
    }

    /// <summary>Chroma from luma (7.11.5) on top of the DC prediction. Such a block has one transform block a plane, so that both planes share the luma.</summary>
    private void PredictFromLuma<TPixel>(PlaneGeometry* p, int x, int y, int size, int alpha, byte* dst)
        where TPixel : unmanaged
    {
        if (alpha == 0)
            return;
        int w = Av1Tables.TxWidth[size], h = Av1Tables.TxHeight[size];
        if (!_acReady)
        {
            byte* luma = _planes->Base + ((nint)y << p->SubY) * _planes->Stride + ((nint)x << p->SubX) * sizeof(TPixel);
            int validW = Math.Min(w, (_maxLumaX >> p->SubX) - x), validH = Math.Min(h, (_maxLumaY >> p->SubY) - y);
            _kernels->GetCflLuma(p->SubX == 0 ? 2 : p->SubY == 0 ? 1 : 0)(_ac, luma, _planes->Stride, w, h, validW, validH, _bitDepth);
            _acReady = true;
        }
        _kernels->GetCflPredict()(dst, p->Stride, _ac, w, h, alpha, _bitDepth);
    }

    /// <summary>Intra prediction process (7.11.2) of one transform block, or of a whole block for interintra.</summary>
    /// <param name="b">Block.</param>
    /// <param name="plane">Plane.</param>
    /// <param name="x">Column in the plane: the edges are around (x, y) of the frame.</param>
    /// <param name="y">Row.</param>
    /// <param name="size">Transform size that says width and height.</param>
    /// <param name="mode">DC..Paeth.</param>
    /// <param name="angleDelta">AngleDeltaY or AngleDeltaUV.</param>
    /// <param name="haveLeft">haveLeft.</param>
    /// <param name="haveAbove">haveAbove.</param>
    /// <param name="dst">Where the prediction goes.</param>
    /// <param name="stride">Bytes between its rows.</param>
    private void PredictIntra<TPixel>(
        Av1Block* b, int plane, int x, int y, int size, Av1Mode mode, int angleDelta, bool haveLeft, bool haveAbove, byte* dst, nint stride)
        where TPixel : unmanaged
    {
        PlaneGeometry* p = _planes + plane;
        int w = Av1Tables.TxWidth[size], h = Av1Tables.TxHeight[size];
        var edges = new EdgeSource(p, x, y, haveLeft, haveAbove, sizeof(TPixel));
        Av1IntraPredictor predictor;
        switch (mode)
        {
            case Av1Mode.Dc:
                if (plane == 0 && b->FilterIntraMode != Av1Block.NoFilterIntra)
                {
                    LoadAbove<TPixel>(edges, w, w);
                    LoadLeft<TPixel>(edges, h, h);
                    LoadCorner<TPixel>(edges);
                    _kernels->GetIntraFilter()(dst, stride, _above, _left, w, h, b->FilterIntraMode, _bitDepth);
                    return;
                }
                if (haveAbove)
                    LoadAbove<TPixel>(edges, w, w);
                if (haveLeft)
                    LoadLeft<TPixel>(edges, h, h);
                predictor = haveAbove ? haveLeft ? Av1IntraPredictor.Dc : Av1IntraPredictor.DcAbove : haveLeft ? Av1IntraPredictor.DcLeft : Av1IntraPredictor.DcNone;
                break;
            case Av1Mode.Smooth:
                LoadAbove<TPixel>(edges, w, w);
                LoadLeft<TPixel>(edges, h, h);
                predictor = Av1IntraPredictor.Smooth;
                break;
            case Av1Mode.SmoothV:
                LoadAbove<TPixel>(edges, w, w);
                LoadLeft<TPixel>(edges, h, h);
                predictor = Av1IntraPredictor.SmoothVertical;
                break;
            case Av1Mode.SmoothH:
                LoadAbove<TPixel>(edges, w, w);
                LoadLeft<TPixel>(edges, h, h);
                predictor = Av1IntraPredictor.SmoothHorizontal;
                break;
            case Av1Mode.Paeth:
                LoadAbove<TPixel>(edges, w, w);
                LoadLeft<TPixel>(edges, h, h);
                LoadCorner<TPixel>(edges);
                predictor = Av1IntraPredictor.Paeth;
                break;
            default:
                int angle = Av1Tables.ModeToAngle[(int)mode] + angleDelta * AngleStep;
                if (angle == 90)
                {
                    LoadAbove<TPixel>(edges, w, w);
                    predictor = Av1IntraPredictor.Vertical;
                    break;
                }
                if (angle == 180)
                {
                    LoadLeft<TPixel>(edges, h, h);
                    predictor = Av1IntraPredictor.Horizontal;
                    break;
                }
                PredictDirectional<TPixel>(b, plane, edges, w, h, angle, dst, stride);
                return;
        }
        _kernels->GetIntraPredict(size * Av1KernelTable.IntraPredictors + (int)predictor)(dst, stride, _above, _left, _bitDepth);
    }

    /// <summary>Directional intra prediction process (7.11.2.4), not of 90 and 180 degrees.</summary>
    private void PredictDirectional<TPixel>(Av1Block* b, int plane, in EdgeSource edges, int w, int h, int angle, byte* dst, nint stride)
        where TPixel : unmanaged
    {
        PlaneGeometry* p = edges.Plane;
        int zone = angle < 90 ? 0 : angle < 180 ? 1 : 2, extraAbove = zone == 0 ? h : 0, extraLeft = zone == 2 ? w : 0;
        // Units of the plane relative to the superblock, plus 1: bits and words of BlockDecoded.
        int unitX = (edges.X >> 2 & _sbMask >> p->SubX) + 1, unitY = (edges.Y >> 2 & _sbMask >> p->SubY) + 1;
        ulong* decoded = _decoded + plane * DecodedRows;
        if (zone < 2)
        {
            bool more = zone == 0 && (decoded[unitY - 1] >> (unitX + (w >> 2)) & 1) != 0;
            LoadAbove<TPixel>(edges, w + extraAbove, more ? 2 * w : w);
        }
        if (zone > 0)
        {
            bool more = zone == 2 && (decoded[unitY + (h >> 2)] >> (unitX - 1) & 1) != 0;
            LoadLeft<TPixel>(edges, h + extraLeft, more ? 2 * h : h);
        }
        LoadCorner<TPixel>(edges);
        int upsample = 0;
        if (_edgeFilter)
        {
            if (zone == 1 && w + h >= 24)
                FilterCorner<TPixel>();
            bool smooth = IsSmoothAround(b, plane);
            if (zone < 2)
            {
                int delta = Math.Abs(angle - 90), strength = edges.HaveAbove ? FilterStrength(w + h, smooth, delta) : 0;
                if (strength != 0)
                    _kernels->GetFilterEdge()(_above - sizeof(TPixel), Math.Min(w, p->Width - edges.X) + extraAbove + 1, strength);
                if (UseUpsample(w + h, smooth, delta))
                {
                    _kernels->GetUpsampleEdge()(_above, w + extraAbove, _bitDepth);
                    upsample = 1;
                }
            }
            if (zone > 0)
            {
                int delta = Math.Abs(angle - 180), strength = edges.HaveLeft ? FilterStrength(w + h, smooth, delta) : 0;
                if (strength != 0)
                    _kernels->GetFilterEdge()(_left - sizeof(TPixel), Math.Min(h, p->Height - edges.Y) + extraLeft + 1, strength);
                if (UseUpsample(w + h, smooth, delta))
                {
                    _kernels->GetUpsampleEdge()(_left, h + extraLeft, _bitDepth);
                    upsample |= 2;
                }
            }
        }
        int dx = zone == 0 ? Av1ReconstructionTables.DrIntraDerivative[angle] : zone == 1 ? Av1ReconstructionTables.DrIntraDerivative[180 - angle] : 0;
        int dy = zone == 1 ? Av1ReconstructionTables.DrIntraDerivative[angle - 90] : zone == 2 ? Av1ReconstructionTables.DrIntraDerivative[270 - angle] : 0;
        _kernels->GetIntraDirectional(zone)(dst, stride, _above, _left, w, h, dx, dy, upsample, _bitDepth);
    }

    /// <summary>Transform size of a width and height of 4..64, by log2(width) - 2 and log2(height) - 2.</summary>
    private static ReadOnlySpan<byte> SizeOf =>
    [
        (byte)Av1TxSize.Tx4x4, (byte)Av1TxSize.Tx4x8, (byte)Av1TxSize.Tx4x16, 0, 0,
        (byte)Av1TxSize.Tx8x4, (byte)Av1TxSize.Tx8x8, (byte)Av1TxSize.Tx8x16, (byte)Av1TxSize.Tx8x32, 0,
        (byte)Av1TxSize.Tx16x4, (byte)Av1TxSize.Tx16x8, (byte)Av1TxSize.Tx16x16, (byte)Av1TxSize.Tx16x32, (byte)Av1TxSize.Tx16x64,
        0, (byte)Av1TxSize.Tx32x8, (byte)Av1TxSize.Tx32x16, (byte)Av1TxSize.Tx32x32, (byte)Av1TxSize.Tx32x64,
        0, 0, (byte)Av1TxSize.Tx64x16, (byte)Av1TxSize.Tx64x32, (byte)Av1TxSize.Tx64x64,
    ];

    /// <summary>Blends the intra prediction of an interintra block into the inter prediction in the frame (7.11.3.1, 7.11.3.13, 7.11.3.14).</summary>
    private void BlendInterIntra<TPixel>(Av1Block* b, int plane, int x, int y, int w, int h, byte* dst)
        where TPixel : unmanaged
    {
        var mode = b->InterIntraMode switch { 0 => Av1Mode.Dc, 1 => Av1Mode.V, 2 => Av1Mode.H, _ => Av1Mode.Smooth };
        bool haveLeft = (b->Flags & (plane == 0 ? Av1BlockFlags.AvailableLeft : Av1BlockFlags.AvailableLeftChroma)) != 0;
        bool haveAbove = (b->Flags & (plane == 0 ? Av1BlockFlags.AvailableAbove : Av1BlockFlags.AvailableAboveChroma)) != 0;
        int log2W = BitOperations.Log2((uint)w) - 2, log2H = BitOperations.Log2((uint)h) - 2;
        PredictIntra<TPixel>(b, plane, x, y, SizeOf[log2W * 5 + log2H], mode, 0, haveLeft, haveAbove, _other, OtherStride);
        if ((b->Flags & Av1BlockFlags.WedgeInterIntra) != 0)
            _kernels->GetIntraBlend(MaskFormat(plane))(dst, _planes[plane].Stride, _other, OtherStride, Wedge(b), 4 * Av1Tables.Num4x4BlocksWide[(int)b->Size], w, h);
        else
            _kernels->GetIntraBlend(0)(dst, _planes[plane].Stride, _other, OtherStride, _interIntraMasks + ((b->InterIntraMode * 4 + log2W) * 4 + log2H) * 1024, w, w, h);
    }
}
