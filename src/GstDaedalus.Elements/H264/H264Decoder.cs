// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;
using GstDaedalus.GLib;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.H264;

/// <summary>daedalush264dec: H.264 of all profiles, base view and base layer. This half takes coded buffers; the other is the sequencer's client.</summary>
public sealed unsafe partial class H264Decoder : StatelessVideoDecoder
{
    /// <summary>Above GStreamer's software decoders and its hardware ones.</summary>
    public const uint Rank = GstConst.RankPrimary + 2;

    private static readonly DebugCategory s_debug = new("daedalush264dec"u8, "Daedalus H.264 decoder"u8);

    private readonly H264PictureSequencer<Picture> _sequencer;
    private readonly ControlPayload[] _controls = new ControlPayload[H264RequestControls.Count];
    // 0: Annex B; else bytes of the length before each NAL unit.
    private int _lengthSize;
    private bool _wholeUnits = true;
    // The last picture may go on in the next buffer.
    private bool _pictureOpen;
    // Access units without the flag MARKER at the stream's start; -1 once one had it. After Probed of them none is expected.
    private int _unmarked;
    private const int Probed = 8;
    private FrameJob? _job;
    private bool _synced;

    /// <summary>Registers the element's type.</summary>
    public static TypeDefinition RegisterType() => RegisterType("GstDaedalusH264Dec"u8, static () => new H264Decoder(), static (in ClassBuilder b) =>
    {
        b.Metadata("Daedalus H.264 decoder"u8, "Codec/Decoder/Video"u8, "Decodes H.264 through the V4L2 stateless interface of a device or of the embedded engine"u8,
            "The GstDaedalus authors"u8);
        b.PadTemplate("sink"u8, GstConst.PadSink,
            "video/x-h264, stream-format=(string){ byte-stream, avc, avc3 }, alignment=(string)au; "u8 +
            "video/x-h264, stream-format=(string){ byte-stream, avc, avc3 }, alignment=(string)nal"u8);
        b.PadTemplate("src"u8, GstConst.PadSrc, OutputCaps);
        InstallProperties(b);
    });

    private H264Decoder()
    {
        _sequencer = new H264PictureSequencer<Picture>(new Client(this)) { Failed = OnRefused };
    }

    /// <inheritdoc/>
    protected override DebugCategory Debug => s_debug;

    /// <inheritdoc/>
    protected override uint CodedFormat => PixelFormat.H264Slice;

    /// <inheritdoc/>
    protected override int MaxReferences => 18;

    /// <inheritdoc/>
    // Within a picture only two steps run at once, and direct prediction waits for the motion of whole pictures: it takes
    // twice the threads to have none of them idle (measured at 1080p with two: 6 instead of 16 % idle).
    protected override int PreferredDepth(int threads) => Math.Min(2 * threads, 12);

    /// <inheritdoc/>
    protected override bool OnStart()
    {
        _sequencer.ParameterSets.Clear();
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
        ForgetFrames();
        _sequencer.LowLatency = IsLiveSource;
        _synced = false;
        _pictureOpen = false;
    }

    /// <inheritdoc/>
    protected override void OnRequestFailed() => _sequencer.MarkDamaged();

    /// <inheritdoc/>
    protected override bool OnCodecFormat(VideoCodecState state)
    {
        nint structure = GstNative.gst_caps_get_structure(state.Caps, 0);
        string? format = Utf8.ToManaged(GstNative.gst_structure_get_string(structure, Utf8.Literal("stream-format"u8)));
        _wholeUnits = Utf8.ToManaged(GstNative.gst_structure_get_string(structure, Utf8.Literal("alignment"u8))) != "nal";
        nint codecData = state.CodecData;
        _lengthSize = format is "avc" or "avc3" || (format is null && codecData != 0) ? 4 : 0;
        if (codecData != 0 && !AddCodecData(codecData))
            return false;
        _unmarked = 0;
        RefreshTraits();
        s_debug.Log(this, DebugLevel.Info, $"stream-format {format}, length size {_lengthSize}, whole access units {_wholeUnits}");
        return true;
    }

    private bool AddCodecData(nint buffer)
    {
        GstMapInfo map;
        if (GstNative.gst_buffer_map(buffer, &map, GstConst.MapRead) == 0)
            return false;
        try
        {
            ReadOnlySpan<byte> data = new(map.Data, (int)map.Size);
            if (H264NalUnits.StartsWithStartCode(data))
            {
                // Some muxers hand on Annex B here.
                int position = 0;
                while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
                    _ = _sequencer.ParameterSets.Add(data.Slice(start, length), out _);
                _lengthSize = 0;
                return true;
            }
            if (!H264DecoderConfiguration.TryParse(data, out H264DecoderConfiguration? configuration, out H264ParseError error))
            {
                PostError(ErrorDomain.Stream, GstConst.StreamErrorFormat, "The stream's codec_data is damaged", error.ToString());
                return false;
            }
            if (_lengthSize != 0)
                _lengthSize = configuration.LengthSize;
            foreach (byte[] set in configuration.ParameterSets)
                if (!_sequencer.ParameterSets.Add(set, out error))
                    s_debug.Log(this, DebugLevel.Warning, $"parameter set of codec_data: {error}");
            return true;
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
        _frameFree = true;
        if (_lengthSize != 0)
        {
            ReadOnlySpan<byte> prefixed = new(job.Data, job.Size);
            Span<byte> converted = job.Converted(H264NalUnits.MaxAnnexBSize(prefixed.Length, _lengthSize));
            job.UseConverted(H264NalUnits.ToAnnexB(prefixed, _lengthSize, converted));
        }
        ReadOnlySpan<byte> data = new(job.Data, job.Size);
        bool synced = _synced;
        bool ends = EndsPicture(job);
        if (_pictureOpen && BeginsPicture(data))
            _sequencer.DecodeAccessUnit(default, endsPicture: true);
        _sequencer.DecodeAccessUnit(AnySliceFirst && _wholeUnits ? WithoutDelimiter(data) : data, ends);
        _pictureOpen = !ends;
        if (!synced && !_synced && HasSlice(data))
            SkipUntilKey(job);
        FinishFrameOf(job);
        _job = null;
        bool late = AnySliceFirst || (!_wholeUnits && (!IsLiveSource || _unmarked >= 0));
        SetExtraDelay(_sequencer.ReorderFrames + (late ? 1 : 0));
    }

    /// <inheritdoc/>
    protected override void DrainCodec()
    {
        _sequencer.Drain();
        _pictureOpen = false;
        ForgetFrames();
    }

    // Arbitrary slice order: Baseline without constraint_set1_flag, Extended (A.2). Parsers cut byte streams where a slice begins at
    // macroblock 0, which is in the middle of a picture then.
    private bool AnySliceFirst => _lengthSize == 0 && !IsLiveSource && _sequencer.ActiveSps is { } sps && AllowsAnyOrder(sps);

    private static bool AllowsAnyOrder(H264Sps sps) => sps.ProfileIdc == 88 || (sps.ProfileIdc == 66 && (sps.Control.ConstraintSetFlags & 2) == 0);

    // Whether the last picture of a buffer is whole. If it may not be, the sequencer finds out with the next one, one frame later.
    private bool EndsPicture(FrameJob job)
    {
        bool marked = (job.BufferFlags & GstConst.BufferFlagMarker) != 0;
        if (!_wholeUnits)
        {
            if (marked)
                _unmarked = -1;
            return IsLiveSource && marked;
        }
        if (_lengthSize != 0)
            return true;
        if (AnySliceFirst || (_sequencer.ActiveSps is null && !IsLiveSource))
            return false;
        // RTP payloaders that repeat parameter sets before each slice make the depayloader cut there; the marker is on the last piece.
        if (marked)
            _unmarked = -1;
        else if (_unmarked >= 0 && _unmarked <= Probed)
            _unmarked++;
        return marked || _unmarked > Probed;
    }

    // A slice at macroblock 0 where that can only be the first one.
    private bool BeginsPicture(ReadOnlySpan<byte> data)
    {
        if (_sequencer.ActiveSps is not { SeparateColourPlanes: false } sps || AllowsAnyOrder(sps))
            return false;
        int position = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
            if (H264NalUnits.Type(data.Slice(start, length)) is H264NalUnitType.Slice or H264NalUnitType.IdrSlice)
                return length > 1 && (data[start + 1] & 0x80) != 0;
        return false;
    }

    // Parsers put an access unit delimiter where they cut.
    private static ReadOnlySpan<byte> WithoutDelimiter(ReadOnlySpan<byte> data)
    {
        int position = 0;
        return H264NalUnits.TryNext(data, ref position, out int start, out int length) && H264NalUnits.Type(data.Slice(start, length)) == H264NalUnitType.AccessUnitDelimiter
            ? data[position..] : data;
    }

    private static bool HasSlice(ReadOnlySpan<byte> data)
    {
        int position = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
            if (H264NalUnits.Type(data.Slice(start, length)) is H264NalUnitType.Slice or H264NalUnitType.PartitionA or H264NalUnitType.IdrSlice)
                return true;
        return false;
    }

    private void OnRefused(string reason)
    {
        // Before decoding has begun, missing parameter sets and the like only mean that this is not the place to begin.
        if (_synced && _job is { } job)
            job.Fail(reason);
        else
            s_debug.Log(this, DebugLevel.Info, $"{reason}");
    }
}
