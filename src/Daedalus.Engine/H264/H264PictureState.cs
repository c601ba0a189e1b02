// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.Engine.Pictures;
using Daedalus.V4L2.Controls;

namespace Daedalus.Engine.H264;

/// <summary>How the motion of a picture is stored.</summary>
public enum H264MotionLayout : byte
{
    /// <summary>Frame, no field macroblocks.</summary>
    Frame,
    /// <summary>MBAFF frame.</summary>
    Mbaff,
    /// <summary>Two fields: top at 0, bottom at FrameSizeInMbs / 2, each WidthInMbs × HeightInMbs / 2.</summary>
    Fields,
}

/// <summary>A frame or field that slices may refer to.</summary>
public unsafe struct H264ReferencePicture
{
    /// <summary>Samples; for a field: its lines only (doubled stride, half height, bottom field one line down).</summary>
    public PictureView View;
    /// <summary>Names the picture within the decoder: picture number * 4 + fields (1 top, 2 bottom, 3 frame). Equal keys = same reference picture.</summary>
    public int Key;
    /// <summary>PicOrderCnt of the frame or field.</summary>
    public int Poc;
    /// <summary>TopFieldOrderCnt of the frame it belongs to.</summary>
    public int TopPoc;
    /// <summary>BottomFieldOrderCnt.</summary>
    public int BottomPoc;
    /// <summary>Frame, top or bottom.</summary>
    public H264Fields Fields;
    /// <summary>"used for long-term reference".</summary>
    public bool IsLongTerm;
    /// <summary>No such picture: View is a stand-in (some other picture, or null planes).</summary>
    public bool IsMissing;
    /// <summary>Layout of <see cref="Motion"/>.</summary>
    public H264MotionLayout MotionLayout;
    /// <summary>Motion of the whole frame it belongs to; null when there is none. Complete before a slice that needs it is decoded.</summary>
    public H264Motion* Motion;
    /// <summary>Rows of the FRAME (luma lines of the frame buffer) that are final; null = complete. Field line y is frame line 2y (+ 1).</summary>
    public int* Progress;
}

/// <summary>Scaled levels (spec 8.5.9) of one picture parameter set.</summary>
public unsafe struct H264Dequant
{
    /// <summary>
    /// [list 0..5][qP % 6][position y * 4 + x]: LevelScale4x4; lists as in the scaling matrix control (Intra Y, Cb, Cr, Inter Y, Cb, Cr).
    /// Scaled coefficient = (level * scale &lt;&lt; (qP / 6)) rounded &gt;&gt; 4 (spec 8.5.12.1).
    /// </summary>
    public fixed int Scale4x4[6 * 6 * 16];
    /// <summary>[list 0..5][qP % 6][position y * 8 + x]: LevelScale8x8, lists Intra Y, Inter Y, Intra Cb, Inter Cb, Intra Cr, Inter Cr.</summary>
    public fixed int Scale8x8[6 * 6 * 64];
}

/// <summary>One slice of the picture in work.</summary>
public unsafe struct H264Slice
{
    /// <summary>Parsed header.</summary>
    public H264SliceHeader Header;
    /// <summary>Index in the picture's slice table.</summary>
    public int Index;
    /// <summary>mbAddr of the first macroblock (MBAFF: first_mb_in_slice * 2).</summary>
    public int FirstMb;
    /// <summary>Unescaped NAL unit from its header byte; 64 bytes beyond the end are readable (zero).</summary>
    public byte* Data;
    /// <summary>Bytes.</summary>
    public int Size;
    /// <summary>Bit of Data where slice_data() begins.</summary>
    public uint DataBit;
    /// <summary>Data partitions B (intra residual) and C (inter residual); null when missing. Only for NAL unit type 2.</summary>
    public byte* DataB, DataC;
    /// <summary>Their bytes.</summary>
    public int SizeB, SizeC;
    /// <summary>Their first bit of slice data.</summary>
    public uint DataBitB, DataBitC;
    /// <summary>Picture parameter set of the slice.</summary>
    public DaedalusCtrlH264PictureParameters* Pps;
    /// <summary>Scaling of that parameter set.</summary>
    public H264Dequant* Dequant;
    /// <summary>mbToSliceGroupMap over mbAddr (MBAFF: over pairs, mbAddr / 2); null = one slice group.</summary>
    public byte* SliceGroupMap;
    /// <summary>
    /// [list * 32 + refIdx]: index into <see cref="H264PictureState.References"/> of a frame (frame pictures) or field (field pictures). For a field macroblock of an MBAFF frame
    /// with refIdx r: frame entry f = RefList[r >> 1], field entry = f + 1 (top) or f + 2 (bottom): same parity as the macroblock for even r, the other for odd r (spec 8.4.2.1).
    /// Entries beyond the active count repeat a valid one.
    /// </summary>
    public fixed byte RefList[64];
    /// <summary>
    /// Implicit bi-prediction weights w1 (w0 = 64 - w1), [(kind * 32 + refIdx0) * 32 + refIdx1]; kind 0: picture, 1: top field macroblock, 2: bottom field macroblock of MBAFF. Null unless
    /// weighted_bipred_idc = 2 and B.
    /// </summary>
    public short* ImplicitWeights;
}

/// <summary>
/// What the stages of decoding share about one picture (frame or field; with separate colour planes: one plane of it, as a monochrome picture).
/// </summary>
public unsafe struct H264PictureState
{
    /// <summary>Entries of <see cref="References"/>: (DPB entry 0..15, 16 = stand-in for a missing one) * 3 + {0 frame, 1 top field, 2 bottom field}.</summary>
    public const int ReferenceCount = 17 * 3;

    /// <summary>Sequence parameter set.</summary>
    public V4L2CtrlH264Sps Sps;
    /// <summary>Decoding parameters.</summary>
    public V4L2CtrlH264DecodeParams Params;
    /// <summary>PicWidthInMbs.</summary>
    public int WidthInMbs;
    /// <summary>PicHeightInMbs (of the field for field pictures).</summary>
    public int HeightInMbs;
    /// <summary>field_pic_flag.</summary>
    public bool IsField;
    /// <summary>bottom_field_flag.</summary>
    public bool IsBottom;
    /// <summary>MbaffFrameFlag.</summary>
    public bool IsMbaff;
    /// <summary>Any slice but I and SI.</summary>
    public bool HasInter;
    /// <summary>ChromaArrayType 0..3 (0 for separate planes).</summary>
    public int ChromaArrayType;
    /// <summary>colour_plane_id of separate planes, else 0: which scaling lists hold.</summary>
    public int ColourPlane;
    /// <summary>8..14.</summary>
    public int BitDepth;
    /// <summary>PicOrderCnt of the picture, TopFieldOrderCnt, BottomFieldOrderCnt.</summary>
    public int Poc, TopPoc, BottomPoc;
    /// <summary>Samples; a field: its lines only.</summary>
    public PictureView Picture;
    /// <summary>The first luma line of the picture in the frame and the step (1; 2 for fields), to translate rows of <see cref="H264ReferencePicture.Progress"/>.</summary>
    public int LineStep;
    /// <summary>WidthInMbs * HeightInMbs entries.</summary>
    public H264Macroblock* Macroblocks;
    /// <summary>Motion of this picture (the field's own half in field pictures).</summary>
    public H264Motion* Motion;
    /// <summary>Slices, in decoding order.</summary>
    public H264Slice* Slices;
    /// <summary>Their number.</summary>
    public int SliceCount;
    /// <summary><see cref="ReferenceCount"/> entries.</summary>
    public H264ReferencePicture* References;
    /// <summary>Coefficients of <see cref="CoefficientRows"/> macroblock rows.</summary>
    public byte* Coefficients;
    /// <summary>Rows of macroblocks kept, a ring (even for MBAFF).</summary>
    public int CoefficientRows;

    /// <summary>Coefficients of a macroblock: 256 luma, then Cb, Cr (64, 128 or 256 each), then 48 DC levels (16 for each plane). short at 8 bits, int above. Zero outside of what is to be decoded.</summary>
    public readonly int CoefficientCount => 256 + 48 + (ChromaArrayType == 0 ? 0 : 2 * ChromaSize);
    /// <summary>Coefficients of one chroma plane: 64, 128, 256 for ChromaArrayType 1, 2, 3.</summary>
    public readonly int ChromaSize => ChromaArrayType == 3 ? 256 : 64 * ChromaArrayType;
    /// <summary>First of the 48 DC levels: luma 16 (<c>[x * 4 + y]</c> by position of the 4×4 block), Cb 16, Cr 16 (4:4:4 as luma; 4:2:0, 4:2:2: c[y][x] at y * 2 + x).</summary>
    public readonly int DcOffset => 256 + (ChromaArrayType == 0 ? 0 : 2 * ChromaSize);
    /// <summary>Bytes of a macroblock's coefficients.</summary>
    public readonly int CoefficientBytes => CoefficientCount * (BitDepth > 8 ? 4 : 2);
    /// <summary>Address of a macroblock's coefficients.</summary>
    public readonly byte* CoefficientsOf(int mbX, int mbY) => Coefficients + ((nint)(mbY % CoefficientRows) * WidthInMbs + mbX) * CoefficientBytes;
    /// <summary>Index in the macroblock arrays of a macroblock address.</summary>
    public readonly int IndexOf(int mbAddr)
    {
        if (!IsMbaff)
            return mbAddr;
        int pair = mbAddr >> 1, row = pair / WidthInMbs;
        return (row * 2 + (mbAddr & 1)) * WidthInMbs + (pair - row * WidthInMbs);
    }
}

/// <summary>Waits for rows of references being decoded.</summary>
public interface IH264ReferenceWaiter
{
    /// <summary>Returns once *Progress of a reference is above <paramref name="lastFrameLine"/> or will never be.</summary>
    void Wait(int reference, int lastFrameLine);
}
