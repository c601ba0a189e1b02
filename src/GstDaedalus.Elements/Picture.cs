// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst.Video;

namespace GstDaedalus.Elements;

/// <summary>Memory layout of pictures and what GStreamer calls it. Compared by reference: there is one object for each layout in use.</summary>
internal sealed class PictureFormat
{
    /// <summary>What the stream says.</summary>
    public required CodedGeometry Geometry { get; init; }
    /// <summary>What the device writes (a code of PixelFormat).</summary>
    public required uint PixelFormat { get; init; }
    /// <summary>Where the planes are.</summary>
    public required CaptureLayout Layout { get; init; }
    /// <summary>The format downstream sees.</summary>
    public required VideoFormat VideoFormat { get; init; }
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
}

/// <summary>Colour description of a picture, from its headers.</summary>
/// <param name="Colorimetry">Index into the element's colorimetry names; 0 = not said.</param>
/// <param name="FullRange">Full swing.</param>
internal readonly record struct PictureColor(byte Colorimetry, bool FullRange);

/// <summary>One CAPTURE buffer, wrapped in a GstMemory for its whole life.</summary>
internal sealed class Picture(CapturePool pool, CaptureBuffer capture, PictureFormat format)
{
    private int _done;

    public readonly CapturePool Pool = pool;
    public readonly CaptureBuffer Capture = capture;
    public readonly PictureFormat Format = format;
    /// <summary>The GstMemory.</summary>
    public nint Memory;

    /// <summary>Uses by the element: reference slots, requests in flight, pending output. While above 0 the element holds a reference on the memory. Streaming thread only.</summary>
    public int Uses;

    // Of the picture it holds now:
    /// <summary>The job that decodes it, until that job ends.</summary>
    public FrameJob? Owner;
    /// <summary>Timestamp the device knows it by, ns.</summary>
    public ulong Timestamp;
    public PictureColor Color;
    /// <summary>0 or a negative errno. Valid when <see cref="Done"/>.</summary>
    public int Status;
    /// <summary>Concealed pixels. Valid when <see cref="Done"/>.</summary>
    public bool Corrupted;

    /// <summary>Whether the device has finished with it.</summary>
    public bool Done => Volatile.Read(ref _done) != 0;

    /// <summary>Before submission.</summary>
    public void Begin(ulong timestamp, PictureColor color, bool corrupted)
    {
        Timestamp = timestamp;
        Color = color;
        Status = 0;
        Corrupted = corrupted;
        Volatile.Write(ref _done, 0);
    }

    /// <summary>At completion, any thread.</summary>
    public void End(int status, bool corrupted)
    {
        Status = status;
        Corrupted |= corrupted;
        Volatile.Write(ref _done, 1);
    }
}
