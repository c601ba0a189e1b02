// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.H264;

/// <summary>Takes what entropy decoding parsed of the motion of a picture, macroblock by macroblock in decoding order.</summary>
public unsafe interface IH264MotionSink
{
    /// <summary>A picture begins.</summary>
    void BeginPicture(H264PictureState* p);

    /// <summary>A slice of the picture begins.</summary>
    void BeginSlice(H264Slice* s);

    /// <summary>
    /// Derives motion vectors and reference indices (spec 8.4.1) into Motion[mbIndex] and Partition, SubPartition of Macroblocks[mbIndex].
    /// Slice, Type and Flags of the macroblock are set.
    /// </summary>
    void Derive(int mbIndex, int mbX, int mbY, H264InterSyntax* syntax);

    /// <summary>An intra macroblock: no motion.</summary>
    void SetIntra(int mbIndex);
}
