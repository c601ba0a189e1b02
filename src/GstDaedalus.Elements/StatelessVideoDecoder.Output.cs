// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

public abstract unsafe partial class StatelessVideoDecoder
{
    private const int FormatsKept = 16;

    /// <summary>Caps of the source pad's template. DMA_DRM without a drm-format: before it has a context, glupload can be linked to nothing else.</summary>
    protected static ReadOnlySpan<byte> OutputCaps =>
        "video/x-raw, format=(string){ I420, NV12, Y42B, Y444, GBR, I420_10LE, P010_10LE, I422_10LE, Y444_10LE, GBR_10LE, I420_12LE, I422_12LE, Y444_12LE, GBR_12LE }, "u8 +
        "width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]; "u8 +
        "video/x-raw(memory:DMABuf), format=(string){ I420, NV12, P010_10LE }, width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]; "u8 +
        "video/x-raw(memory:DMABuf), format=(string)DMA_DRM, width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]"u8;

    /// <summary>The same of codecs whose monochrome pictures are put out as such.</summary>
    protected static ReadOnlySpan<byte> OutputCapsWithGrey =>
        "video/x-raw, format=(string){ I420, NV12, Y42B, Y444, GBR, I420_10LE, P010_10LE, I422_10LE, Y444_10LE, GBR_10LE, I420_12LE, I422_12LE, Y444_12LE, GBR_12LE, GRAY8, GRAY10_LE16 }, "u8 +
        "width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]; "u8 +
        "video/x-raw(memory:DMABuf), format=(string){ I420, NV12, P010_10LE }, width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]; "u8 +
        "video/x-raw(memory:DMABuf), format=(string)DMA_DRM, width=(int)[ 1, 65536 ], height=(int)[ 1, 65536 ], framerate=(fraction)[ 0/1, 2147483647/1 ]"u8;

    // Layouts in use, the latest last; streams that alternate between sizes (spatial layers) find theirs again.
    private readonly List<PictureFormat> _formats = new(FormatsKept);
    private nint _inputState;
    private bool _upstreamColorimetry;
    private PictureFormat? _outputFormatNow;
    private ulong _lastTime = ulong.MaxValue, _lastDuration = ulong.MaxValue;
    private PictureColor _outputColor;
    private OutputTraits? _outputTraits;
    private bool _outputStale;
    private bool _hasVideoMeta;
    private bool _warnedCopy, _warnedStarving;

    /// <summary>Names of GStreamer's colorimetries by <see cref="PictureColor.Colorimetry"/>; index 0 = not said.</summary>
    protected virtual ReadOnlySpan<byte> ColorimetryName(byte index) => default;

    /// <summary>The input caps, or 0.</summary>
    protected VideoCodecState InputState => new(_inputState);

    /// <summary>Whether upstream's caps have a field.</summary>
    protected bool UpstreamHas(ReadOnlySpan<byte> field)
        => _inputState != 0 && GstNative.gst_structure_has_field(GstNative.gst_caps_get_structure(InputState.Caps, 0), Utf8.Literal(field)) != 0;

    private void SetInputState(VideoCodecState state)
    {
        GstVideoNative.gst_video_codec_state_ref(state.Handle);
        if (_inputState != 0)
            GstVideoNative.gst_video_codec_state_unref(_inputState);
        _inputState = state.Handle;
        _upstreamColorimetry = UpstreamHas("colorimetry"u8);
        _outputStale = true;
    }

    private void ForgetOutput()
    {
        if (_inputState != 0)
            GstVideoNative.gst_video_codec_state_unref(_inputState);
        _inputState = 0;
        _outputFormatNow = null;
        _outputTraits = null;
        _warnedCopy = _warnedStarving = false;
    }

    private void ForgetFormats()
    {
        _formats.Clear();
        _outputStale = true;
    }

    /// <summary>The layout for pictures of a geometry: what the device offers and downstream takes.</summary>
    /// <exception cref="DeviceException">The device cannot.</exception>
    internal PictureFormat FormatFor(in CodedGeometry geometry, in VisibleRectangle visible, SampleMeaning meaning)
    {
        for (int i = _formats.Count - 1; i >= 0; i--)
        {
            PictureFormat f = _formats[i];
            if (f.Geometry == geometry && f.Visible == visible && f.Meaning == meaning)
                return f;
        }
        PictureFormat format = ChooseFormat(geometry, visible, meaning);
        if (_formats.Count == FormatsKept)
            _formats.RemoveAt(0);
        _formats.Add(format);
        _pool!.Trim(format);
        return format;
    }

    private PictureFormat ChooseFormat(in CodedGeometry geometry, in VisibleRectangle visible, SampleMeaning meaning)
    {
        IReadOnlyList<uint> offered = _session!.CaptureFormats(geometry);
        if (offered.Count == 0)
            throw new DeviceException($"the device has no picture format for {geometry.Width}x{geometry.Height}, {geometry.BitDepth} bits", -22);
        uint chosen = 0;
        VideoFormat videoFormat = VideoFormat.Unknown;
        OutputMemory memory = OutputMemory.System;
        bool dmabufs = _session.ExportsDmabuf, dmabufFirst = dmabufs && DownstreamPrefersDmabuf();
        nint allowed = GstNative.gst_pad_get_allowed_caps(SrcPad);
        foreach (uint candidate in offered)
        {
            bool semiPlanar = candidate is PixelFormat.Nv12 or PixelFormat.P010;
            if (_outputFormat == OutputFormat.Native && semiPlanar || _outputFormat == OutputFormat.SemiPlanar && !semiPlanar && offered.Count > 1)
                continue;
            // Of a monochrome picture downstream may take the first plane alone.
            VideoFormat whole = ToVideoFormat(candidate, geometry, meaning), alone = meaning == SampleMeaning.Grey && !semiPlanar ? GreyFormat(geometry.BitDepth) : VideoFormat.Unknown;
            if (alone != VideoFormat.Unknown && (allowed == 0 || Accepts(allowed, alone)))
                whole = alone;
            bool accepted = allowed == 0 || whole == alone || Accepts(allowed, whole);
            OutputMemory kind = OutputMemory.System;
            if (dmabufs && allowed != 0 && (!accepted || dmabufFirst))
            {
                kind = AcceptsDmabuf(allowed, candidate, whole, visible);
                accepted |= kind != OutputMemory.System;
            }
            if (chosen == 0 || accepted)
                (chosen, videoFormat, memory) = (candidate, whole, kind);
            if (accepted)
                break;
        }
        if (allowed != 0)
            GstNative.gst_mini_object_unref(allowed);
        CaptureLayout layout = _session.SetCaptureFormat(geometry, chosen);
        PictureFormat format = new()
        {
            Geometry = geometry,
            Visible = visible,
            PixelFormat = chosen,
            Layout = layout,
            VideoFormat = videoFormat,
            Meaning = meaning,
            Memory = memory,
            PlaneCount = meaning == SampleMeaning.Grey && videoFormat == GreyFormat(geometry.BitDepth) ? 1 : layout.PlaneCount,
            VisibleSize = layout.Size,
        };
        byte* info = stackalloc byte[Layout.Size_GstVideoInfo];
        GstVideoNative.gst_video_info_init(info);
        if (!format.DoubleChromaLines && GstVideoNative.gst_video_info_set_format(info, (int)format.VideoFormat, (uint)visible.Width, (uint)visible.Height) != 0)
        {
            var standard = new VideoInfo((nint)info);
            format.IsTight = IsTight(format, standard);
            // Without GstVideoMeta a buffer is taken as it is, padding behind the picture included.
            if (format.IsTight)
                format.VisibleSize = (uint)Math.Min(layout.Size, standard.Size);
            SetPlaneSizes(format, standard);
        }
        Debug.Log(this, DebugLevel.Info,
            $"{geometry.Width}x{geometry.Height}, {visible.Width}x{visible.Height} of it shown, as {PixelFormat.ToText(chosen)} ({format.VideoFormat}), strides {layout.Stride0}/{layout.Stride1}, {layout.Size} bytes, tight {format.IsTight}");
        return format;
    }

    private static bool Accepts(nint allowed, VideoFormat format)
        => AcceptsText(allowed, "video/x-raw,format="u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(GstVideoNative.gst_video_format_to_string((int)format)));

    // By the order of downstream's caps.
    private bool DownstreamPrefersDmabuf()
    {
        nint caps = GstNative.gst_pad_peer_query_caps(SrcPad, 0);
        if (caps == 0)
            return false;
        bool prefers = GstNative.gst_caps_is_any(caps) == 0 && GstNative.gst_caps_get_size(caps) > 0
            && GstNative.gst_caps_features_contains(GstNative.gst_caps_get_features(caps, 0), Utf8.Literal("memory:DMABuf"u8)) != 0;
        GstNative.gst_mini_object_unref(caps);
        return prefers;
    }

    private OutputMemory AcceptsDmabuf(nint allowed, uint pixelFormat, VideoFormat format, in VisibleRectangle visible)
    {
        ReadOnlySpan<byte> drm = DrmFormat(pixelFormat);
        if (drm.IsEmpty)
            return OutputMemory.System;
        if (AcceptsText(allowed, "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format="u8, drm) && PeerAccepts("video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format="u8, drm, visible))
            return OutputMemory.DmaDrm;
        byte* name = GstVideoNative.gst_video_format_to_string((int)format);
        return AcceptsText(allowed, "video/x-raw(memory:DMABuf),format="u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name))
            ? OutputMemory.Dmabuf : OutputMemory.System;
    }

    // Names of DRM_FORMAT_*, linear; the engine's own planar formats of more than 8 bits have none.
    private static ReadOnlySpan<byte> DrmFormat(uint pixelFormat) => pixelFormat switch
    {
        PixelFormat.Nv12 => "NV12"u8,
        PixelFormat.Yuv420 => "YU12"u8,
        PixelFormat.P010 => "P010"u8,
        _ => default,
    };

    // What downstream lists need not hold for these caps alone: glupload takes any DMA_DRM, but not each becomes what the next element wants.
    private bool PeerAccepts(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> value, in VisibleRectangle visible)
    {
        nint caps = CapsOf(prefix, value);
        SetNumber(caps, "width"u8, visible.Width);
        SetNumber(caps, "height"u8, visible.Height);
        nint answer = GstNative.gst_pad_peer_query_caps(SrcPad, caps);
        bool accepts = answer != 0 && GstNative.gst_caps_can_intersect(answer, caps) != 0;
        GstNative.gst_mini_object_unref(caps);
        if (answer != 0)
            GstNative.gst_mini_object_unref(answer);
        return accepts;
    }

    private static nint CapsOf(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> value)
    {
        byte* text = stackalloc byte[96];
        var span = new Span<byte>(text, 96);
        prefix.CopyTo(span);
        value.CopyTo(span[prefix.Length..]);
        text[prefix.Length + value.Length] = 0;
        return GstNative.gst_caps_from_string(text);
    }

    private static bool AcceptsText(nint allowed, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> value)
    {
        nint caps = CapsOf(prefix, value);
        bool accepts = GstNative.gst_caps_can_intersect(allowed, caps) != 0;
        GstNative.gst_mini_object_unref(caps);
        return accepts;
    }

    private static bool IsTight(PictureFormat format, VideoInfo info)
    {
        for (int i = 0; i < format.PlaneCount; i++)
            if (format.Offset(i) != info.Offset(i) || format.Stride(i) != info.Stride(i))
                return false;
        return true;
    }

    private static void SetPlaneSizes(PictureFormat format, VideoInfo info)
    {
        int planes = format.PlaneCount;
        bool fits = true;
        for (int i = 0; i < planes; i++)
        {
            ulong size = (i + 1 < planes ? info.Offset(i + 1) : info.Size) - info.Offset(i);
            format.PlaneSizes[i] = (uint)size;
            fits &= format.Stride(i) == info.Stride(i) && format.Offset(i) + size <= format.Layout.Size;
        }
        format.HasStandardStrides = fits;
    }

    // Younger than GStreamer 1.22 for 10 bits, and nowhere for 12.
    private static VideoFormat GreyFormat(int bitDepth) => bitDepth switch
    {
        8 => VideoFormat.Gray8,
        10 => s_gray10,
        _ => VideoFormat.Unknown,
    };

    private static readonly VideoFormat s_gray10 = (VideoFormat)GstVideoNative.gst_video_format_from_string(Utf8.Literal("GRAY10_LE16"u8));

    private static VideoFormat ToVideoFormat(uint pixelFormat, in CodedGeometry g, SampleMeaning meaning)
    {
        if (pixelFormat == PixelFormat.Nv12)
            return VideoFormat.Nv12;
        if (pixelFormat == PixelFormat.P010)
            return VideoFormat.P010_10LE;
        int depth = g.BitDepth == 8 ? 0 : g.BitDepth == 10 ? 1 : 2;
        if (meaning == SampleMeaning.Rgb)
            return depth switch { 0 => VideoFormat.Gbr, 1 => VideoFormat.Gbr_10LE, _ => VideoFormat.Gbr_12LE };
        if (g.SubsamplingX == 0)
            return depth switch { 0 => VideoFormat.Y444, 1 => VideoFormat.Y444_10LE, _ => VideoFormat.Y444_12LE };
        if (g.SubsamplingY == 0)
            return depth switch { 0 => VideoFormat.Y42B, 1 => VideoFormat.I422_10LE, _ => VideoFormat.I422_12LE };
        return depth switch { 0 => VideoFormat.I420, 1 => VideoFormat.I420_10LE, _ => VideoFormat.I420_12LE };
    }

    private FlowReturn OutputPicture(PendingOutput output, Picture picture)
    {
        VideoCodecFrame frame = output.Frame;
        if (!EnsureNegotiated(picture))
        {
            if (frame.Handle != 0)
                ReleaseFrame(frame);
            return _flushing ? FlowReturn.Flushing : FlowReturn.NotNegotiated;
        }
        bool corrupted = picture.Corrupted || output.Corrupted;
        if (corrupted)
            _corrupted++;
        if (frame.Handle != 0)
        {
            if (corrupted)
                frame.SetCorrupted();
            // Decoded it had to be, others refer to it; shown it need not be when its time is over.
            if (GstVideoNative.gst_video_decoder_get_max_decode_time(Handle, frame.Handle) < 0)
            {
                _dropped++;
                return DropFrame(frame);
            }
        }
        if (output.OnlyField != H264Fields.None)
        {
            picture.Capture.BeginCpuAccess(write: true);
            H264MissingField.Fill(picture.Capture.Map, picture.Format.Layout, picture.Format.Geometry, output.OnlyField);
            picture.Capture.EndCpuAccess(write: true);
        }
        nint buffer;
        if (CopyReason(picture) is null)
        {
            buffer = _hasVideoMeta || picture.Format.IsTight || picture.Format.Memory != OutputMemory.System ? WrapPicture(picture) : WrapPlanes(picture);
            if (frame.Handle != 0)
                frame.OutputBuffer = buffer;
        }
        else
        {
            FlowReturn copied = CopyPicture(frame, picture, out buffer);
            if (copied != FlowReturn.Ok)
            {
                if (frame.Handle != 0)
                    ReleaseFrame(frame);
                return copied;
            }
            _copies++;
        }
        Decorate(output, buffer, frame.Handle == 0 ? 0 : frame.InputBuffer);
        _frames++;
        if (frame.Handle == 0)
            return PushExtra(buffer, corrupted, output.SameTime);
        (_lastTime, _lastDuration) = (frame.Pts, frame.Duration);
        return FinishFrame(frame);
    }

    // Several pictures came in one coded buffer, and GstVideoDecoder knows of one output for each: the others go out beside it, at times made up.
    private FlowReturn PushExtra(nint buffer, bool corrupted, bool sameTime)
    {
        const ulong None = ulong.MaxValue;
        if (corrupted)
            *(uint*)(buffer + Layout.GstMiniObject_flags) |= GstConst.BufferFlagCorrupted;
        if (!sameTime)
            _lastTime = _lastTime != None && _lastDuration != None ? _lastTime + _lastDuration : None;
        *(ulong*)(buffer + Layout.GstBuffer_pts) = _lastTime;
        return (FlowReturn)GstNative.gst_pad_push(SrcPad, buffer);
    }

    // Null: the picture itself goes downstream.
    private string? CopyReason(Picture picture)
    {
        string? reason = null;
        // What the caps promise no copy can be.
        if (picture.Format.Memory != OutputMemory.System)
            return null;
        if (picture.Format.DoubleChromaLines)
            reason = "GStreamer has no 4:4:0 format: put out as 4:4:4";
        else if (!_hasVideoMeta && !picture.Format.IsTight && !picture.Format.HasStandardStrides)
            reason = "downstream does not support GstVideoMeta and the device's strides are not GStreamer's default";
        if (reason is not null)
        {
            if (!_warnedCopy)
            {
                _warnedCopy = true;
                Debug.Log(this, DebugLevel.Warning, $"every picture is copied: {reason}");
            }
            return reason;
        }
        // Downstream hoards pictures. Before decoding starves, the rest goes out as copies until some come back.
        int held = _pool!.Downstream;
        if (_pool.Limit - held < MaxReferences + _depth + 4)
        {
            if (!_warnedStarving)
            {
                _warnedStarving = true;
                Debug.Log(this, DebugLevel.Warning, $"downstream holds {held} pictures and gives none back: it gets copies until it does");
            }
            return "starving";
        }
        return null;
    }

    private bool EnsureNegotiated(Picture picture)
    {
        bool reconfigure = GstNative.gst_pad_check_reconfigure(SrcPad) != 0;
        if (reconfigure)
        {
            // Downstream may now prefer another format: asked again when the geometry next comes up.
            _formats.Clear();
            _formats.Add(picture.Format);
        }
        if (!_outputStale && !reconfigure && ReferenceEquals(_outputFormatNow, picture.Format)
            && _outputColor == picture.Color && ReferenceEquals(_outputTraits, picture.Traits))
            return true;
        PictureFormat f = picture.Format;
        nint state = GstVideoNative.gst_video_decoder_set_interlaced_output_state(Handle, (int)f.VideoFormat, picture.Traits?.InterlaceMode ?? OutputTraits.Progressive,
            (uint)f.Visible.Width, (uint)f.Visible.Height, _inputState);
        if (state == 0)
            return false;
        if (picture.Traits is { } traits)
            traits.Fill(new VideoCodecState(state), f.Meaning == SampleMeaning.Rgb, _upstreamColorimetry, UpstreamHas("chroma-site"u8), UpstreamHas("pixel-aspect-ratio"u8));
        else
            SetColorimetry(new VideoCodecState(state).Info, picture);
        if (f.Memory != OutputMemory.System)
            SayDmabuf(new VideoCodecState(state), f);
        GstVideoNative.gst_video_codec_state_unref(state);
        _outputFormatNow = f;
        _outputColor = picture.Color;
        _outputTraits = picture.Traits;
        if (GstVideoNative.gst_video_decoder_negotiate(Handle) == 0)
        {
            GstNative.gst_pad_mark_reconfigure(SrcPad);
            _outputStale = true;
            return false;
        }
        _outputStale = false;
        return true;
    }

    private static void SayDmabuf(VideoCodecState state, PictureFormat format)
    {
        if (state.Caps == 0)
            state.Caps = GstVideoNative.gst_video_info_to_caps((void*)state.Info.Handle);
        GstNative.gst_caps_set_features(state.Caps, 0, GstNative.gst_caps_features_from_string(Utf8.Literal("memory:DMABuf"u8)));
        if (format.Memory != OutputMemory.DmaDrm)
            return;
        SetText(state.Caps, "format"u8, "DMA_DRM"u8);
        SetText(state.Caps, "drm-format"u8, DrmFormat(format.PixelFormat));
    }

    private static void SetText(nint caps, ReadOnlySpan<byte> field, ReadOnlySpan<byte> text)
    {
        GValue value = default;
        GLibNative.g_value_init(&value, GType.String);
        GLibNative.g_value_set_string(&value, Utf8.Literal(text));
        GstNative.gst_caps_set_value(caps, Utf8.Literal(field), &value);
        GLibNative.g_value_unset(&value);
    }

    private static void SetNumber(nint caps, ReadOnlySpan<byte> field, int number)
    {
        GValue value = default;
        GLibNative.g_value_init(&value, GType.Int);
        GLibNative.g_value_set_int(&value, number);
        GstNative.gst_caps_set_value(caps, Utf8.Literal(field), &value);
        GLibNative.g_value_unset(&value);
    }

    private void SetColorimetry(VideoInfo info, Picture picture)
    {
        PictureColor color = picture.Color;
        bool rgb = picture.Format.Meaning == SampleMeaning.Rgb;
        if (_upstreamColorimetry && !rgb)
            return;
        if (color.Colorimetry != 0)
            _ = GstVideoNative.gst_video_colorimetry_from_string(info.Colorimetry, Utf8.Literal(ColorimetryName(color.Colorimetry)));
        if (!rgb && (color.Colorimetry != 0 || color.FullRange))
            info.ColorRange = color.FullRange ? 1 : 2;
    }

    /// <inheritdoc/>
    protected override bool OnDecideAllocation(nint query)
    {
        _hasVideoMeta = GstNative.gst_query_find_allocation_meta(query, GstVideoNative.gst_video_meta_api_get_type(), null) != 0;
        if (_outputFormatNow is not { } format || format.DoubleChromaLines || (!_hasVideoMeta && !format.IsTight && !format.HasStandardStrides))
            return ChainDecideAllocation(query);
        if (format.Memory != OutputMemory.System)
            return OfferNoPool(query, format.Layout.Size);
        // Pictures bring their own memory: a pool of downstream's would be filled for nothing. This one only serves copies.
        nint caps;
        GstNative.gst_query_parse_allocation(query, &caps, null);
        byte* info = stackalloc byte[Layout.Size_GstVideoInfo];
        if (caps == 0 || GstVideoNative.gst_video_info_from_caps(info, caps) == 0)
            return ChainDecideAllocation(query);
        uint size = (uint)new VideoInfo((nint)info).Size;
        nint pool = GstVideoNative.gst_video_buffer_pool_new();
        nint config = GstNative.gst_buffer_pool_get_config(pool);
        GstNative.gst_buffer_pool_config_set_params(config, caps, size, 0, 0);
        if (_hasVideoMeta)
            GstNative.gst_buffer_pool_config_add_option(config, Utf8.Literal("GstBufferPoolOptionVideoMeta"u8));
        GstNative.gst_buffer_pool_set_config(pool, config);
        if (GstNative.gst_query_get_n_allocation_pools(query) > 0)
            GstNative.gst_query_set_nth_allocation_pool(query, 0, pool, size, 0, 0);
        else
            GstNative.gst_query_add_allocation_pool(query, pool, size, 0, 0);
        GstNative.gst_object_unref(pool);
        return true;
    }

    // Of DMA_DRM caps no pool of video frames can be made; this one stays empty.
    private static bool OfferNoPool(nint query, uint size)
    {
        nint caps;
        GstNative.gst_query_parse_allocation(query, &caps, null);
        nint pool = GstNative.gst_buffer_pool_new();
        nint config = GstNative.gst_buffer_pool_get_config(pool);
        GstNative.gst_buffer_pool_config_set_params(config, caps, size, 0, 0);
        GstNative.gst_buffer_pool_set_config(pool, config);
        if (GstNative.gst_query_get_n_allocation_pools(query) > 0)
            GstNative.gst_query_set_nth_allocation_pool(query, 0, pool, size, 0, 0);
        else
            GstNative.gst_query_add_allocation_pool(query, pool, size, 0, 0);
        GstNative.gst_object_unref(pool);
        return true;
    }

    // A new GstBuffer around the picture's memory: own timestamps, own flags, however often the picture is shown.
    private static nint WrapPicture(Picture picture)
    {
        nint buffer = GstNative.gst_buffer_new();
        GstNative.gst_buffer_append_memory(buffer, GstNative.gst_mini_object_ref(picture.Memory));
        PictureFormat f = picture.Format;
        nuint* offsets = stackalloc nuint[4];
        int* strides = stackalloc int[4];
        offsets[2] = offsets[3] = 0;
        strides[2] = strides[3] = 0;
        for (int i = 0; i < f.PlaneCount; i++)
        {
            offsets[i] = f.Offset(i);
            strides[i] = (int)f.Stride(i);
        }
        GstVideoNative.gst_buffer_add_video_meta_full(buffer, 0, (int)f.VideoFormat, (uint)f.Visible.Width, (uint)f.Visible.Height, (uint)f.PlaneCount, offsets, strides);
        return buffer;
    }

    // The planes as memories of their own, which end to end are GStreamer's default layout. Whoever maps the buffer as a whole
    // has them joined by GStreamer, whoever writes it out or drops it needs no copy at all.
    private static nint WrapPlanes(Picture picture)
    {
        nint buffer = GstNative.gst_buffer_new();
        PictureFormat f = picture.Format;
        for (int i = 0; i < f.PlaneCount; i++)
            GstNative.gst_buffer_append_memory(buffer, GstNative.gst_memory_share(picture.Memory, (nint)f.Offset(i), (nint)f.PlaneSizes[i]));
        return buffer;
    }

    // Flags and metadata that are the picture's. What a parser has attached to the coded buffer already comes along by itself.
    private static void Decorate(PendingOutput output, nint buffer, nint input)
    {
        *(uint*)(buffer + Layout.GstMiniObject_flags) |= output.BufferFlags;
        if (output.CaptionBytes > 0 && (input == 0 || GstNative.gst_buffer_get_meta(input, GstVideoNative.gst_video_caption_meta_api_get_type()) == 0))
        {
            fixed (byte* data = output.Captions)
                GstVideoNative.gst_buffer_add_video_caption_meta(buffer, GstConst.CaptionCea708Raw, data, (nuint)output.CaptionBytes);
        }
        if (output.ActiveFormat >= 0 && (input == 0 || GstNative.gst_buffer_get_meta(input, GstVideoNative.gst_video_afd_meta_api_get_type()) == 0))
            GstVideoNative.gst_buffer_add_video_afd_meta(buffer, 0, GstConst.AfdSpecAtscA53, output.ActiveFormat);
    }

    private FlowReturn CopyPicture(VideoCodecFrame frame, Picture picture, out nint buffer)
    {
        if (frame.Handle == 0)
        {
            buffer = GstVideoNative.gst_video_decoder_allocate_output_buffer(Handle);
            if (buffer == 0)
                return FlowReturn.Error;
        }
        else
        {
            var result = (FlowReturn)GstVideoNative.gst_video_decoder_allocate_output_frame(Handle, frame.Handle);
            buffer = frame.OutputBuffer;
            if (result != FlowReturn.Ok)
                return result;
        }
        nint state = GstVideoNative.gst_video_decoder_get_output_state(Handle);
        byte* target = stackalloc byte[Layout.Size_GstVideoFrame];
        GstMapInfo source;
        bool ok = GstVideoNative.gst_video_frame_map(target, (void*)new VideoCodecState(state).Info.Handle, buffer, GstConst.MapWrite) != 0;
        if (ok)
        {
            ok = GstNative.gst_memory_map(picture.Memory, &source, GstConst.MapRead) != 0;
            if (ok)
            {
                PictureCopy.Copy(picture.Format, source.Data, (byte**)(target + Layout.GstVideoFrame_data), (int*)(target + Layout.GstVideoInfo_stride));
                GstNative.gst_memory_unmap(picture.Memory, &source);
            }
            GstVideoNative.gst_video_frame_unmap(target);
        }
        GstVideoNative.gst_video_codec_state_unref(state);
        if (ok)
            return FlowReturn.Ok;
        PostError(ErrorDomain.Resource, GstConst.ResourceErrorNoSpaceLeft, "A picture could not be copied: its memory cannot be mapped");
        return FlowReturn.Error;
    }
}
