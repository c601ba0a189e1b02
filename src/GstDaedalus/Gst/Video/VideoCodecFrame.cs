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
    public ulong Pts
    {
        get => *(ulong*)(Handle + Layout.GstVideoCodecFrame_pts);
        set => *(ulong*)(Handle + Layout.GstVideoCodecFrame_pts) = value;
    }

    /// <summary>Duration, ns, or all ones.</summary>
    public ulong Duration
    {
        get => *(ulong*)(Handle + Layout.GstVideoCodecFrame_duration);
        set => *(ulong*)(Handle + Layout.GstVideoCodecFrame_duration) = value;
    }

    /// <summary>The coded data, owned by the frame.</summary>
    public nint InputBuffer => *(nint*)(Handle + Layout.GstVideoCodecFrame_input_buffer);

    /// <summary>Gives the coded data back before the frame ends: of the input buffer, flags, times and metas stay.</summary>
    public void ReleaseInputMemory()
    {
        const int FlagsTimestampsMeta = 1 | 2 | 4;
        nint* input = (nint*)(Handle + Layout.GstVideoCodecFrame_input_buffer);
        nint rest = GstNative.gst_buffer_new();
        _ = GstNative.gst_buffer_copy_into(rest, *input, FlagsTimestampsMeta, 0, 0);
        GstNative.gst_mini_object_unref(*input);
        *input = rest;
    }

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

    /// <summary>Its caps; 0 for an output state before negotiation. Set: the state owns them, and negotiation takes them as they are.</summary>
    public nint Caps
    {
        get => *(nint*)(Handle + Layout.GstVideoCodecState_caps);
        set => *(nint*)(Handle + Layout.GstVideoCodecState_caps) = value;
    }

    /// <summary>GstBuffer with the caps' codec_data, or 0.</summary>
    public nint CodecData => *(nint*)(Handle + Layout.GstVideoCodecState_codec_data);

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
    public int FpsN
    {
        get => *(int*)(Handle + Layout.GstVideoInfo_fps_n);
        set => *(int*)(Handle + Layout.GstVideoInfo_fps_n) = value;
    }

    /// <summary>Frames a second, denominator.</summary>
    public int FpsD
    {
        get => *(int*)(Handle + Layout.GstVideoInfo_fps_d);
        set => *(int*)(Handle + Layout.GstVideoInfo_fps_d) = value;
    }

    /// <summary>GstVideoInterlaceMode: 0 progressive, 1 interleaved, 2 mixed.</summary>
    public int InterlaceMode => *(int*)(Handle + Layout.GstVideoInfo_interlace_mode);

    /// <summary>GstVideoFieldOrder: 0 unknown, 1 top field first, 2 bottom field first.</summary>
    public int FieldOrder
    {
        // Third member of the union's struct: multiview_mode, multiview_flags, field_order.
        set => *(int*)(Handle + Layout.GstVideoInfo_ABI + 8) = value;
    }

    /// <summary>GstVideoChromaSite.</summary>
    public int ChromaSite
    {
        set => *(int*)(Handle + Layout.GstVideoInfo_chroma_site) = value;
    }

    /// <summary>Pixel aspect ratio.</summary>
    public void SetAspectRatio(int n, int d)
    {
        *(int*)(Handle + Layout.GstVideoInfo_par_n) = n;
        *(int*)(Handle + Layout.GstVideoInfo_par_d) = d;
    }

    /// <summary>GstVideoColorMatrix.</summary>
    public int ColorMatrix
    {
        set => *(int*)(Handle + Layout.GstVideoInfo_colorimetry + Layout.GstVideoColorimetry_matrix) = value;
    }

    /// <summary>GstVideoTransferFunction.</summary>
    public int ColorTransfer
    {
        set => *(int*)(Handle + Layout.GstVideoInfo_colorimetry + Layout.GstVideoColorimetry_transfer) = value;
    }

    /// <summary>GstVideoColorPrimaries.</summary>
    public int ColorPrimaries
    {
        set => *(int*)(Handle + Layout.GstVideoInfo_colorimetry + Layout.GstVideoColorimetry_primaries) = value;
    }

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
