// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Conversion;

/// <summary>
/// Entry points that turn the engine's planar pictures into the semi-planar formats of V4L2 (NV12, P010, P012).
/// Widths count samples of one source plane, strides are bytes. No row is written beyond its width; source and destination do not overlap.
/// </summary>
public unsafe struct ConversionKernelTable
{
    /// <summary>Copy of rows: <c>(dst, dstStride, src, srcStride, bytesPerRow, height)</c>.</summary>
    public delegate*<byte*, nint, byte*, nint, int, int, void> CopyRows;

    /// <summary>Interleaves two 8-bit planes (NV12 chroma): <c>(dst, dstStride, u, uStride, v, vStride, width, height)</c>.</summary>
    public delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, void> Interleave8;

    /// <summary>Moves 16-bit samples to the high bits (P010 luma): <c>(dst, dstStride, src, srcStride, width, height, shift)</c>, shift = 16 - bitDepth.</summary>
    public delegate*<byte*, nint, byte*, nint, int, int, int, void> Shift16;

    /// <summary>Moves to the high bits and interleaves (P010 chroma): <c>(dst, dstStride, u, uStride, v, vStride, width, height, shift)</c>.</summary>
    public delegate*<byte*, nint, byte*, nint, byte*, nint, int, int, int, void> InterleaveShift16;

    /// <summary>Fills <paramref name="table"/>.</summary>
    public static void Create(ConversionKernelTable* table, KernelLevel level)
    {
        table->CopyRows = &RowCopy.Run;
        switch (level)
        {
            case KernelLevel.Scalar:
                table->Interleave8 = &ConversionScalar.Interleave8;
                table->Shift16 = &ConversionScalar.Shift16;
                table->InterleaveShift16 = &ConversionScalar.InterleaveShift16;
                break;
            case KernelLevel.Vector128:
                table->Interleave8 = &Conversion128.Interleave8;
                table->Shift16 = &Conversion128.Shift16;
                table->InterleaveShift16 = &Conversion128.InterleaveShift16;
                break;
            default:
                table->Interleave8 = &Conversion256.Interleave8;
                table->Shift16 = &Conversion256.Shift16;
                table->InterleaveShift16 = &Conversion256.InterleaveShift16;
                break;
        }
    }
}

/// <summary>Row copies: the runtime's block copy is already the widest the CPU has.</summary>
internal static unsafe class RowCopy
{
    internal static void Run(byte* dst, nint dstStride, byte* src, nint srcStride, int bytesPerRow, int height)
    {
        if (dstStride == bytesPerRow && srcStride == bytesPerRow)
        {
            long all = (long)bytesPerRow * height;
            Buffer.MemoryCopy(src, dst, all, all);
            return;
        }
        for (int y = 0; y < height; y++, dst += dstStride, src += srcStride)
            Buffer.MemoryCopy(src, dst, bytesPerRow, bytesPerRow);
    }
}
