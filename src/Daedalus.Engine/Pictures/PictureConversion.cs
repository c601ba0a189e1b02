// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Interop;
using Daedalus.Kernels.Conversion;

namespace Daedalus.Engine.Pictures;

/// <summary>Copies finished rows of the engine's planar 4:2:0 picture into a caller's NV12 or P010 buffer.</summary>
internal readonly unsafe struct PictureConversion
{
    private readonly ConversionKernelTable* _kernels;
    private readonly byte* _luma, _chroma;
    private readonly nint _lumaStride, _chromaStride;

    /// <summary>To NV12 (8 bits) or P010, after the depth of the picture.</summary>
    public PictureConversion(ConversionKernelTable* kernels, AbiLayout* layout, byte* buffer)
    {
        _kernels = kernels;
        _luma = buffer + layout->Offset[0];
        _chroma = buffer + layout->Offset[1];
        _lumaStride = (nint)layout->Stride[0];
        _chromaStride = (nint)layout->Stride[1];
    }

    private PictureConversion(in PictureConversion frame, int bottom)
    {
        _kernels = frame._kernels;
        _luma = frame._luma + bottom * frame._lumaStride;
        _chroma = frame._chroma + bottom * frame._chromaStride;
        _lumaStride = 2 * frame._lumaStride;
        _chromaStride = 2 * frame._chromaStride;
    }

    /// <summary>The same for the lines of one field (0 top, 1 bottom), to be used with a field's picture.</summary>
    public PictureConversion Field(int bottom) => IsNeeded ? new PictureConversion(this, bottom) : default;

    /// <summary>Whether there is anything to do.</summary>
    public bool IsNeeded => _luma != null;

    /// <summary>Copies luma rows <paramref name="from"/> (even) up to, not including, <paramref name="to"/> and their chroma.</summary>
    public void Convert(in PictureView picture, int from, int to)
    {
        if (to <= from)
            return;
        int rows = to - from, chromaFrom = from >> 1, chromaRows = ((to + 1) >> 1) - chromaFrom;
        int width = picture.Width, chromaWidth = (width + 1) >> 1;
        byte* luma = _luma + from * _lumaStride, chroma = _chroma + chromaFrom * _chromaStride;
        byte* y = picture.Plane0 + from * picture.StrideY;
        byte* u = picture.Plane1 + chromaFrom * picture.StrideUv, v = picture.Plane2 + chromaFrom * picture.StrideUv;
        if (picture.BitDepth == 8)
        {
            _kernels->CopyRows(luma, _lumaStride, y, picture.StrideY, width, rows);
            _kernels->Interleave8(chroma, _chromaStride, u, picture.StrideUv, v, picture.StrideUv, chromaWidth, chromaRows);
        }
        else
        {
            int shift = 16 - picture.BitDepth;
            _kernels->Shift16(luma, _lumaStride, y, picture.StrideY, width, rows, shift);
            _kernels->InterleaveShift16(chroma, _chromaStride, u, picture.StrideUv, v, picture.StrideUv, chromaWidth, chromaRows, shift);
        }
    }
}
