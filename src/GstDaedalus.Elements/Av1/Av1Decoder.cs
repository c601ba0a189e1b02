// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Av1;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using GstDaedalus.GLib;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.Av1;

/// <summary>daedalusav1dec: AV1 of all profiles. This half takes coded buffers; the other is the sequencer's client.</summary>
public sealed unsafe partial class Av1Decoder : StatelessVideoDecoder
{
    /// <summary>Above GStreamer's software decoders and its hardware ones.</summary>
    public const uint Rank = GstConst.RankPrimary + 2;

    private const uint PropApplyGrain = FirstCodecProperty, PropOperatingPoint = FirstCodecProperty + 1, PropAllLayers = FirstCodecProperty + 2;
    private const int MaxOperatingPoint = 31;

    private static readonly DebugCategory s_debug = new("daedalusav1dec"u8, "Daedalus AV1 decoder"u8);

    private readonly Av1PictureSequencer<Picture> _sequencer;
    private readonly ControlPayload[] _controls = new ControlPayload[Av1RequestControls.Count];
    // Whether buffers hold temporal_unit()s of annex B; null: the caps do not say, the first buffer will.
    private bool? _annexB;
    private bool _wholeUnits = true;
    private FrameJob? _job;
    private bool _synced;
    private bool _refused;

    /// <summary>Registers the element's type.</summary>
    public static TypeDefinition RegisterType() => RegisterType("GstDaedalusAv1Dec"u8, static () => new Av1Decoder(), static (in ClassBuilder b) =>
    {
        b.Metadata("Daedalus AV1 decoder"u8, "Codec/Decoder/Video"u8, "Decodes AV1 through the V4L2 stateless interface of a device or of the embedded engine"u8,
            "The GstDaedalus authors"u8);
        // Parsers go by the first one they can meet.
        b.PadTemplate("sink"u8, GstConst.PadSink,
            "video/x-av1, stream-format=(string)obu-stream, alignment=(string)tu; "u8 +
            "video/x-av1, stream-format=(string)annexb, alignment=(string)tu; "u8 +
            "video/x-av1, stream-format=(string)obu-stream, alignment=(string){ frame, obu }; "u8 +
            "video/x-av1"u8);
        b.PadTemplate("src"u8, GstConst.PadSrc, OutputCapsWithGrey);
        InstallProperties(b);
        b.Boolean(PropApplyGrain, "apply-grain"u8, "Apply film grain"u8, "Put out pictures with the film grain that the stream describes"u8, true);
        b.UInt(PropOperatingPoint, "operating-point"u8, "Operating point"u8, "Operating point of a scalable stream (0 = the best; one that the stream does not have means 0)"u8, 0, MaxOperatingPoint, 0);
        b.Boolean(PropAllLayers, "all-layers"u8, "All layers"u8, "Put out the pictures of all spatial layers, not only of the highest in each temporal unit"u8, false);
    });

    private Av1Decoder()
    {
        _sequencer = new Av1PictureSequencer<Picture>(new Client(this)) { Failed = OnRefused };
    }

    /// <inheritdoc/>
    protected override DebugCategory Debug => s_debug;

    /// <inheritdoc/>
    protected override uint CodedFormat => PixelFormat.Av1Frame;

    /// <inheritdoc/>
    // Eight slots, and a lower layer that waits for a higher one.
    protected override int MaxReferences => Av1FrameHeader.Slots + 1;

    /// <inheritdoc/>
    // Two frames keep two threads busy, since entropy decoding runs ahead where the next needs its CDFs; a third bridges the time until the next comes. More only cost memory.
    protected override int RequestLimit(int depth) => Math.Max(3, depth + 1);

    /// <inheritdoc/>
    protected override void OnSetProperty(uint id, GValue* value)
    {
        switch (id)
        {
            case PropApplyGrain:
                _sequencer.ApplyGrain = GLibNative.g_value_get_boolean(value) != 0;
                break;
            case PropOperatingPoint:
                _sequencer.OperatingPoint = (int)GLibNative.g_value_get_uint(value);
                break;
            case PropAllLayers:
                _sequencer.AllLayers = GLibNative.g_value_get_boolean(value) != 0;
                break;
            default:
                base.OnSetProperty(id, value);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnGetProperty(uint id, GValue* value)
    {
        switch (id)
        {
            case PropApplyGrain:
                GLibNative.g_value_set_boolean(value, _sequencer.ApplyGrain ? 1 : 0);
                break;
            case PropOperatingPoint:
                GLibNative.g_value_set_uint(value, (uint)_sequencer.OperatingPoint);
                break;
            case PropAllLayers:
                GLibNative.g_value_set_boolean(value, _sequencer.AllLayers ? 1 : 0);
                break;
            default:
                base.OnGetProperty(id, value);
                break;
        }
    }

    /// <inheritdoc/>
    protected override bool OnStart()
    {
        _sequencer.ForgetSequence();
        return base.OnStart();
    }

    /// <inheritdoc/>
    protected override void OnFinalize()
    {
        base.OnFinalize();
        _sequencer.Dispose();
    }

    /// <inheritdoc/>
    protected override void ResetCodec()
    {
        _sequencer.Reset();
        ReleaseOpenFrames();
        _synced = false;
    }

    /// <inheritdoc/>
    protected override bool OnCodecFormat(VideoCodecState state)
    {
        nint structure = GstNative.gst_caps_get_structure(state.Caps, 0);
        string? format = Utf8.ToManaged(GstNative.gst_structure_get_string(structure, Utf8.Literal("stream-format"u8)));
        string? alignment = Utf8.ToManaged(GstNative.gst_structure_get_string(structure, Utf8.Literal("alignment"u8)));
        _annexB = format is null ? null : format == "annexb";
        _wholeUnits = alignment is not ("frame" or "obu");
        if (state.CodecData != 0)
            AddCodecData(state.CodecData);
        _traits = null;
        _traitsSequence = null;
        s_debug.Log(this, DebugLevel.Info, $"stream-format {format}, alignment {alignment}");
        return true;
    }

    // av1C. The stream need not repeat the sequence header that it holds; most do, so damage is no reason to refuse the stream.
    private void AddCodecData(nint buffer)
    {
        GstMapInfo map;
        if (GstNative.gst_buffer_map(buffer, &map, GstConst.MapRead) == 0)
            return;
        try
        {
            if (Av1CodecConfiguration.TryParse(new ReadOnlySpan<byte>(map.Data, (int)map.Size), out Av1CodecConfiguration? configuration))
                _sequencer.Decode(configuration.ConfigObus, endsTemporalUnit: false);
            else
                s_debug.Log(this, DebugLevel.Warning, "codec_data is damaged");
        }
        finally
        {
            GstNative.gst_buffer_unmap(buffer, &map);
        }
    }

    /// <inheritdoc/>
    internal override void DecodeUnit(FrameJob job)
    {
        _job = job;
        _refused = false;
        OpenFrame(job);
        _annexB ??= Av1AnnexB.LooksLikeAnnexB(new ReadOnlySpan<byte>(job.Data, job.Size));
        if (_annexB.Value)
            ConvertAnnexB(job);
        _sequencer.Tag = _tag;
        _sequencer.Decode(new ReadOnlySpan<byte>(job.Data, job.Size), _wholeUnits);
        if (_refused && !_synced)
            SkipUntilKey(job);
        FinishOpenFrames(job);
        _job = null;
        // The end of a temporal unit is known when the next one begins.
        SetExtraDelay(!_wholeUnits && _sequencer.HasSpatialLayers ? 1 : 0);
    }

    private static void ConvertAnnexB(FrameJob job)
    {
        ReadOnlySpan<byte> prefixed = new(job.Data, job.Size);
        Span<byte> converted = job.Converted(prefixed.Length + 1);
        int size = 0, position = 0;
        while (Av1AnnexB.TryNextTemporalUnit(prefixed, ref position, out int start, out int length))
        {
            if (!Av1AnnexB.ToSection5(prefixed.Slice(start, length), converted[size..], out int written))
                job.Fail("the lengths of annex B do not fit into each other");
            size += written;
        }
        job.UseConverted(size);
    }

    /// <inheritdoc/>
    protected override void DrainCodec()
    {
        _sequencer.Drain();
        ReleaseOpenFrames();
    }

    private void OnRefused(string reason)
    {
        _refused = true;
        // Before decoding has begun, missing references and the like only mean that this is not the place to begin.
        if (_synced && _job is { } job)
            job.Fail(reason);
        else
            s_debug.Log(this, DebugLevel.Info, $"{reason}");
    }
}
