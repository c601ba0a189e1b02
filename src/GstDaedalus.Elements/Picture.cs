// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst.Video;

namespace GstDaedalus.Elements;

/// <summary>The visible part of coded pictures, in luma samples.</summary>
/// <param name="Left">Left edge.</param>
/// <param name="Top">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
internal readonly record struct VisibleRectangle(int Left, int Top, int Width, int Height);

/// <summary>What the samples of a stream are.</summary>
internal enum SampleMeaning
{
    /// <summary>Luma and chroma.</summary>
    Yuv,
    /// <summary>Green, blue and red in the planes' order.</summary>
    Rgb,
    /// <summary>Luma alone; the device writes 4:2:0 with grey chroma.</summary>
    Grey,
}

/// <summary>What the caps say of the pictures' memory.</summary>
internal enum OutputMemory
{
    /// <summary>Nothing: it can be mapped.</summary>
    System,
    /// <summary>memory:DMABuf with a video format, as until GStreamer 1.22.</summary>
    Dmabuf,
    /// <summary>memory:DMABuf with format DMA_DRM and a drm-format, from GStreamer 1.24.</summary>
    DmaDrm,
}

/// <summary>Memory layout of pictures and what GStreamer calls it. Compared by reference: there is one object for each layout in use.</summary>
internal sealed class PictureFormat
{
    /// <summary>What the stream says.</summary>
    public required CodedGeometry Geometry { get; init; }
    /// <summary>What of it is shown.</summary>
    public required VisibleRectangle Visible { get; init; }
    /// <summary>What the device writes (a code of PixelFormat).</summary>
    public required uint PixelFormat { get; init; }
    /// <summary>Where the planes are.</summary>
    public required CaptureLayout Layout { get; init; }
    /// <summary>The format downstream sees.</summary>
    public required VideoFormat VideoFormat { get; init; }
    /// <summary>What the caps say of the memory.</summary>
    public OutputMemory Memory { get; init; }
    /// <summary>What the samples are.</summary>
    public required SampleMeaning Meaning { get; init; }
    /// <summary>Planes downstream sees: of a monochrome picture perhaps only the first.</summary>
    public required int PlaneCount { get; init; }
    /// <summary>4:4:0, which GStreamer has no format for: put out as 4:4:4 with each chroma line twice.</summary>
    public bool DoubleChromaLines => Geometry is { SubsamplingX: 0, SubsamplingY: 1 };
    /// <summary>The planes follow each other exactly as in GStreamer's default layout: needs no GstVideoMeta.</summary>
    public bool IsTight { get; set; }
    /// <summary>The strides are GStreamer's, only the planes lie further apart: plane by plane it needs no GstVideoMeta.</summary>
    public bool HasStandardStrides { get; set; }
    /// <summary>Bytes of each plane in GStreamer's default layout.</summary>
    public uint[] PlaneSizes { get; } = new uint[3];
    /// <summary>Bytes that downstream may see.</summary>
    public uint VisibleSize { get; set; }

    /// <summary>Bytes between lines of a plane.</summary>
    public uint Stride(int plane) => plane switch { 0 => Layout.Stride0, 1 => Layout.Stride1, _ => Layout.Stride2 };

    /// <summary>Where the visible part of a plane begins.</summary>
    public uint Offset(int plane)
    {
        uint start = plane switch { 0 => Layout.Offset0, 1 => Layout.Offset1, _ => Layout.Offset2 };
        int x = Visible.Left, y = Visible.Top;
        if (plane > 0)
        {
            x >>= Geometry.SubsamplingX;
            y >>= Geometry.SubsamplingY;
            if (Layout.PlaneCount == 2)
                x *= 2;
        }
        return start + (uint)y * Stride(plane) + (uint)(x * (Geometry.BitDepth > 8 ? 2 : 1));
    }
}

/// <summary>Colour description of a picture, from its headers.</summary>
/// <param name="Colorimetry">Index into the element's colorimetry names; 0 = not said.</param>
/// <param name="FullRange">Full swing.</param>
internal readonly record struct PictureColor(byte Colorimetry, bool FullRange);

/// <summary>One CAPTURE buffer, wrapped in a GstMemory for its whole life.</summary>
internal sealed class Picture(CapturePool pool, CaptureBuffer capture, PictureFormat format)
{
    private int _pending;

    public readonly CapturePool Pool = pool;
    public readonly CaptureBuffer Capture = capture;
    public readonly PictureFormat Format = format;
    /// <summary>The GstMemory.</summary>
    public nint Memory;

    /// <summary>Uses by the element: reference slots, requests in flight, pending output. While above 0 the element holds a reference on the memory. Streaming thread only.</summary>
    public int Uses;

    // Of the picture it holds now:
    /// <summary>The codec frame it will be put out with, until it is known when; codecs that reorder only.</summary>
    public VideoCodecFrame Frame;
    /// <summary>Timestamp the device knows it by, ns.</summary>
    public ulong Timestamp;
    public PictureColor Color;
    /// <summary>What the caps say beyond format and size, in place of <see cref="Color"/>; of codecs that have such things. Compared by reference.</summary>
    public OutputTraits? Traits;
    /// <summary>0 or a negative errno. Valid when <see cref="Done"/>.</summary>
    public int Status;
    /// <summary>Concealed pixels. Valid when <see cref="Done"/>.</summary>
    public bool Corrupted;

    /// <summary>Whether the device has finished with all that was submitted for it.</summary>
    public bool Done => Volatile.Read(ref _pending) == 0;

    /// <summary>Before the first submission.</summary>
    public void Begin(ulong timestamp, PictureColor color, bool corrupted)
    {
        Timestamp = timestamp;
        Color = color;
        Traits = null;
        Frame = default;
        Status = 0;
        Corrupted = corrupted;
        Volatile.Write(ref _pending, 0);
    }

    /// <summary>A request for it is about to be submitted.</summary>
    public void BeginRequest() => Interlocked.Increment(ref _pending);

    /// <summary>At completion, any thread.</summary>
    public void EndRequest(int status, bool corrupted)
    {
        if (status < 0)
            Status = status;
        if (corrupted)
            Corrupted = true;
        Interlocked.Decrement(ref _pending);
    }
}
