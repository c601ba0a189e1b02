// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <content>Inverse transforms on top of the prediction (7.12.3).</content>
public sealed unsafe partial class Av1Reconstructor
{
    /// <summary>The block's coefficients: short at 8 bits, int above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* FirstCoefficient<TPixel>(Av1Superblock* sb, Av1Block* b)
        where TPixel : unmanaged => (byte*)sb->Coefficients + (nint)b->FirstCoefficient * (2 * sizeof(TPixel));

    /// <summary>Adds the residual of all planes of an inter block.</summary>
    private void AddResidual<TPixel>(Av1Superblock* sb, Av1Block* b)
        where TPixel : unmanaged
    {
        byte* coefficients = FirstCoefficient<TPixel>(sb, b);
        bool lossless = (b->Flags & Av1BlockFlags.Lossless) != 0;
        Av1TransformBlock* t = sb->Transforms + b->FirstTransform;
        for (Av1TransformBlock* end = t + b->TransformCount; t < end; t++)
        {
            if (t->Eob == 0)
                continue;
            PlaneGeometry* p = _planes + t->Plane;
            int x = ((b->MiCol >> p->SubX) + t->X4) * 4, y = ((b->MiRow >> p->SubY) + t->Y4) * 4;
            coefficients = AddTransform<TPixel>(t, p->Base + y * p->Stride + (nint)x * sizeof(TPixel), p->Stride, coefficients, lossless);
        }
    }

    /// <summary>Adds one transform block; returns the coefficients of the next.</summary>
    private byte* AddTransform<TPixel>(Av1TransformBlock* t, byte* dst, nint stride, byte* coefficients, bool lossless)
        where TPixel : unmanaged
    {
        int size = (int)t->TxSize;
        int index = lossless ? Av1KernelTable.Lossless : size * Av1KernelTable.TransformTypes + (int)t->TxType;
        _kernels->GetInverseTransform(index)(dst, stride, coefficients, t->Eob, _bitDepth);
        int adjusted = Av1Tables.AdjustedTxSize[size];
        return coefficients + ((nint)(2 * sizeof(TPixel)) << (Av1Tables.TxWidthLog2[adjusted] + Av1Tables.TxHeightLog2[adjusted]));
    }
}
