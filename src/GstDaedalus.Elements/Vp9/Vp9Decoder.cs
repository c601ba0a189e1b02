// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using GstDaedalus.GLib;
using GstDaedalus.Gst;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements.Vp9;

/// <summary>daedalusvp9dec: VP9 of all profiles.</summary>
public sealed unsafe class Vp9Decoder : StatelessVideoDecoder
{
    /// <summary>Above GStreamer's software decoders, below vp9alphadecodebin, which must get the streams with an alpha plane.</summary>
    public const uint Rank = GstConst.RankPrimary + 2;

    private static readonly DebugCategory s_debug = new("daedalusvp9dec"u8, "Daedalus VP9 decoder"u8);

    private readonly Vp9StreamParser _parser = new();
    private readonly Vp9ReferenceSlots<Picture> _references = new(CapturePool.Use, CapturePool.Release);
    private readonly Range[] _ranges = new Range[Superframe.MaxFrames];
    private readonly ControlPayload[] _controls = new ControlPayload[2];
    private readonly Picture[] _held = new Picture[3];
    // Native: devices read the controls by address.
    private Vp9FrameInfo* _info = (Vp9FrameInfo*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameInfo));
    private bool _synced;

    /// <summary>Registers the element's type.</summary>
    public static TypeDefinition RegisterType() => RegisterType("GstDaedalusVp9Dec"u8, static () => new Vp9Decoder(), static (in ClassBuilder b) =>
    {
        b.Metadata("Daedalus VP9 decoder"u8, "Codec/Decoder/Video"u8, "Decodes VP9 through the V4L2 stateless interface of a device or of the embedded engine"u8,
            "The GstDaedalus authors"u8);
        b.PadTemplate("sink"u8, GstConst.PadSink, "video/x-vp9, alignment=(string)super-frame; video/x-vp9"u8);
        b.PadTemplate("src"u8, GstConst.PadSrc, OutputCaps);
        InstallProperties(b);
    });

    /// <inheritdoc/>
    protected override DebugCategory Debug => s_debug;

    /// <inheritdoc/>
    protected override uint CodedFormat => PixelFormat.Vp9Frame;

    /// <inheritdoc/>
    protected override int MaxReferences => 8;

    /// <inheritdoc/>
    protected override void ResetCodec()
    {
        _references.Clear();
        _parser.Reset();
        _synced = false;
    }

    /// <inheritdoc/>
    protected override void OnFinalize()
    {
        base.OnFinalize();
        NativeMemory.Free(_info);
        _info = null;
    }

    /// <inheritdoc/>
    internal override void DecodeUnit(FrameJob job)
    {
        try
        {
            DecodeSuperframe(job);
        }
        catch (DeviceException e)
        {
            job.Fail(e.Message);
        }
        Enqueue(job.Frame, job.TakeShown(), job);
    }

    private void DecodeSuperframe(FrameJob job)
    {
        ReadOnlySpan<byte> data = new(job.Data, job.Size);
        int count = Superframe.Split(data, _ranges, out SuperframeStatus status);
        if (status == SuperframeStatus.Truncated)
            job.Fail("the superframe index names more bytes than there are");
        if (count == 0 && job.Size > 0)
        {
            _parser.MarkDamaged();
            job.Fail("no frame in the superframe");
        }
        for (int i = 0; i < count; i++)
        {
            (int offset, int length) = _ranges[i].GetOffsetAndLength(data.Length);
            DecodeFrame(job, data.Slice(offset, length), job.Data + offset);
        }
    }

    private void DecodeFrame(FrameJob job, ReadOnlySpan<byte> data, byte* address)
    {
        if (!_parser.TryParseFrame(data, out *_info, out Vp9ParseError error))
        {
            if (!_synced && error.Reason is Vp9ErrorReason.MissingReference)
                SkipUntilKey(job);
            else
                job.Fail(error.ToString());
            return;
        }
        if (_info->ShowExistingFrame)
        {
            ShowExisting(job);
            return;
        }
        if (_info->IsKey)
            job.Frame.SetSyncPoint();
        _synced |= _info->IsKey || _info->IsIntraOnly;
        job.ShowsSomething |= _info->ShowFrame;

        // Frames with missing references are refused by the parser: the device gets a timestamp for each.
        _ = _references.FillTimestamps(ref *_info);
        bool rgb = _info->ColorSpace == Vp9ColorSpace.Srgb && _info->SubsamplingX == 0 && _info->SubsamplingY == 0;
        PictureFormat format = FormatFor(_info->Geometry, new VisibleRectangle(0, 0, _info->Geometry.Width, _info->Geometry.Height), rgb ? SampleMeaning.Rgb : SampleMeaning.Yuv);
        Picture? picture = AcquirePicture(job, format, new PictureColor((byte)_info->ColorSpace, _info->FullRange), _info->AfterDamage);
        if (picture is null)
        {
            _references.Invalidate(_info->RefreshMask);
            _parser.MarkDamaged();
            return;
        }
        int held = 0;
        if (_info->IsInter)
        {
            for (int i = 0; i < 3; i++)
                if (_references.TryGet(_info->ReferenceSlot[i], out Picture reference, out _))
                    _held[held++] = reference;
        }
        _controls[0] = new ControlPayload(V4L2CtrlVp9Frame.ControlId, (nint)(&_info->Frame), (uint)sizeof(V4L2CtrlVp9Frame));
        _controls[1] = new ControlPayload(V4L2CtrlVp9CompressedHdr.ControlId, (nint)(&_info->CompressedHeader), (uint)sizeof(V4L2CtrlVp9CompressedHdr));
        if (!Submit(job, picture, _held.AsSpan(0, held), _controls, address, data.Length))
            _parser.MarkDamaged();
        _references.Refresh(_info->RefreshMask, picture, picture.Timestamp);
        if (_info->ShowFrame)
            job.Show(picture);
        CapturePool.Release(picture);
    }

    private void ShowExisting(FrameJob job)
    {
        job.ShowsSomething = true;
        if (!_references.TryGet(_info->ShownSlot, out Picture picture, out _))
        {
            job.Fail($"reference slot {_info->ShownSlot} holds no picture to show");
            return;
        }
        job.Show(picture);
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> ColorimetryName(byte index) => (Vp9ColorSpace)index switch
    {
        Vp9ColorSpace.Bt601 or Vp9ColorSpace.Smpte170 => "bt601"u8,
        Vp9ColorSpace.Smpte240 => "smpte240m"u8,
        Vp9ColorSpace.Bt2020 => "bt2020"u8,
        Vp9ColorSpace.Srgb => "sRGB"u8,
        _ => "bt709"u8,
    };
}
