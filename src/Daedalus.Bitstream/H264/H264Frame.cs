// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>A frame buffer of the DPB: a frame, a complementary field pair or a field whose other one is missing. Reused.</summary>
internal sealed class H264Frame<T> where T : class
{
    public readonly H264PictureInfo Info = new();

    // Null for inferred frames, and where the client had no picture.
    public T? Picture;
    // Of Picture, or of the picture that stands in for a lost one.
    public ulong Timestamp;

    public int FrameNum;
    public int FrameNumWrap;
    public int LongTermFrameIdx;
    public int Top, Bottom;
    public H264Fields Fields;
    public H264Fields ShortTerm, LongTerm;
    public bool NonExisting;
    public bool WaitsForOutput;
    // Output begins with this frame when decoding began at a recovery point.
    public bool IsRecovery;
    public bool WasReference;

    public H264Fields Reference => ShortTerm | LongTerm;

    // PicOrderCnt (8-1): of a frame the lower one of its fields.
    public int OrderCount => Fields switch { H264Fields.Top => Top, H264Fields.Bottom => Bottom, _ => Math.Min(Top, Bottom) };

    public void Reset()
    {
        Picture = null;
        Timestamp = 0;
        FrameNum = FrameNumWrap = LongTermFrameIdx = Top = Bottom = 0;
        Fields = ShortTerm = LongTerm = H264Fields.None;
        NonExisting = WaitsForOutput = IsRecovery = WasReference = false;
    }
}
