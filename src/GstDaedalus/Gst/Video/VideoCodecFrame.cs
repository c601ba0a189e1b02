// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.Interop;

namespace GstDaedalus.Gst.Video;

/// <summary>A GstVideoCodecFrame. A plain pointer: references are counted by hand.</summary>
public readonly unsafe struct VideoCodecFrame(nint handle)
{
    /// <summary>The C struct.</summary>
    public nint Handle { get; } = handle;

    /// <summary>Number of the frame in arrival order.</summary>
    public uint SystemFrameNumber => *(uint*)(Handle + Layout.GstVideoCodecFrame_system_frame_number);

    /// <summary>Presentation time, ns, or all ones.</summary>
    public ulong Pts => *(ulong*)(Handle + Layout.GstVideoCodecFrame_pts);

    /// <summary>Duration, ns, or all ones.</summary>
    public ulong Duration => *(ulong*)(Handle + Layout.GstVideoCodecFrame_duration);

    /// <summary>The coded data, owned by the frame.</summary>
    public nint InputBuffer => *(nint*)(Handle + Layout.GstVideoCodecFrame_input_buffer);

    /// <summary>The picture, owned by the frame.</summary>
    public nint OutputBuffer
    {
        get => *(nint*)(Handle + Layout.GstVideoCodecFrame_output_buffer);
        set => *(nint*)(Handle + Layout.GstVideoCodecFrame_output_buffer) = value;
    }

    private uint Flags
    {
        get => *(uint*)(Handle + Layout.GstVideoCodecFrame_flags);
        set => *(uint*)(Handle + Layout.GstVideoCodecFrame_flags) = value;
    }

    /// <summary>Marks a frame that shows nothing.</summary>
    public void SetDecodeOnly() => Flags |= 1;

    /// <summary>Marks a frame where decoding can start.</summary>
    public void SetSyncPoint() => Flags |= 2;

    /// <summary>Marks a frame with concealed data.</summary>
    public void SetCorrupted() => Flags |= 16;
}

/// <summary>A GstVideoCodecState. A plain pointer: references are counted by hand.</summary>
public readonly unsafe struct VideoCodecState(nint handle)
{
    /// <summary>The C struct.</summary>
    public nint Handle { get; } = handle;

    /// <summary>Its caps; 0 for an output state before negotiation.</summary>
    public nint Caps => *(nint*)(Handle + Layout.GstVideoCodecState_caps);

    /// <summary>Its GstVideoInfo.</summary>
    public VideoInfo Info => new(Handle + Layout.GstVideoCodecState_info);
}

/// <summary>A GstVideoInfo in place.</summary>
public readonly unsafe struct VideoInfo(nint handle)
{
    /// <summary>The C struct.</summary>
    public nint Handle { get; } = handle;

    /// <summary>Width in luma samples.</summary>
    public int Width => *(int*)(Handle + Layout.GstVideoInfo_width);

    /// <summary>Height in luma samples.</summary>
    public int Height => *(int*)(Handle + Layout.GstVideoInfo_height);

    /// <summary>Bytes of a picture without padding.</summary>
    public nuint Size => *(nuint*)(Handle + Layout.GstVideoInfo_size);

    /// <summary>Frames a second, numerator; 0 = variable.</summary>
    public int FpsN => *(int*)(Handle + Layout.GstVideoInfo_fps_n);

    /// <summary>Frames a second, denominator.</summary>
    public int FpsD => *(int*)(Handle + Layout.GstVideoInfo_fps_d);

    /// <summary>Byte offset of a plane.</summary>
    public nuint Offset(int plane) => ((nuint*)(Handle + Layout.GstVideoInfo_offset))[plane];

    /// <summary>Bytes between lines of a plane.</summary>
    public int Stride(int plane) => ((int*)(Handle + Layout.GstVideoInfo_stride))[plane];

    /// <summary>The GstVideoColorimetry.</summary>
    public void* Colorimetry => (void*)(Handle + Layout.GstVideoInfo_colorimetry);

    /// <summary>GstVideoColorRange: 0 unknown, 1 full, 2 limited.</summary>
    public int ColorRange
    {
        get => *(int*)(Handle + Layout.GstVideoInfo_colorimetry + Layout.GstVideoColorimetry_range);
        set => *(int*)(Handle + Layout.GstVideoInfo_colorimetry + Layout.GstVideoColorimetry_range) = value;
    }
}
