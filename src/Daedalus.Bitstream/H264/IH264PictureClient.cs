// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.H264;

/// <summary>Controls of one request, in native memory of the sequencer; valid during <see cref="IH264PictureClient{T}.Submit"/>.</summary>
public unsafe struct H264RequestControls
{
    /// <summary>Payloads that <see cref="Fill"/> writes.</summary>
    public const int Count = 5;

    /// <summary>Sequence parameter set.</summary>
    public V4L2CtrlH264Sps Sps;
    /// <summary>Picture parameter set of the first slice.</summary>
    public V4L2CtrlH264Pps Pps;
    /// <summary>Its scaling lists.</summary>
    public V4L2CtrlH264ScalingMatrix ScalingMatrix;
    /// <summary>Picture order, reference marking and DPB.</summary>
    public V4L2CtrlH264DecodeParams DecodeParams;
    /// <summary>All picture parameter sets of the picture's slices (the private control).</summary>
    public DaedalusCtrlH264PictureParameters* PictureParameters;
    /// <summary>Number of them.</summary>
    public int PictureParameterCount;

    /// <summary>Writes the control list; the private one comes last, so that a device which does not know it takes one less.</summary>
    public static void Fill(H264RequestControls* c, Span<ControlPayload> payloads)
    {
        payloads[0] = new(V4L2CtrlH264Sps.ControlId, (nint)(&c->Sps), (uint)sizeof(V4L2CtrlH264Sps));
        payloads[1] = new(V4L2CtrlH264Pps.ControlId, (nint)(&c->Pps), (uint)sizeof(V4L2CtrlH264Pps));
        payloads[2] = new(V4L2CtrlH264ScalingMatrix.ControlId, (nint)(&c->ScalingMatrix), (uint)sizeof(V4L2CtrlH264ScalingMatrix));
        payloads[3] = new(V4L2CtrlH264DecodeParams.ControlId, (nint)(&c->DecodeParams), (uint)sizeof(V4L2CtrlH264DecodeParams));
        payloads[4] = new(DaedalusCtrlH264PictureParameters.ControlId, (nint)c->PictureParameters,
            (uint)(sizeof(DaedalusCtrlH264PictureParameters) * c->PictureParameterCount));
    }
}

/// <summary>One picture (frame or field) to be decoded; everything in it is valid during the call only.</summary>
/// <typeparam name="T">The client's picture.</typeparam>
public unsafe ref struct H264Request<T> where T : class
{
    /// <summary>Where it is decoded to; both fields of a frame have the same.</summary>
    public T Picture;
    /// <summary>What it is.</summary>
    public H264PictureInfo Info;
    /// <summary>Controls.</summary>
    public H264RequestControls* Controls;
    /// <summary>Annex B bytes from the first slice's start code to the end of the last slice; may hold other NAL units between.</summary>
    public ReadOnlySpan<byte> Bitstream;
    /// <summary>Pictures of the DPB, each once: they must keep their content until the request is complete.</summary>
    public ReadOnlySpan<T> References;
}

/// <summary>
/// Owner of the picture memory of a <see cref="H264PictureSequencer{T}"/>. All calls come from the thread that feeds the sequencer.
/// </summary>
/// <typeparam name="T">A picture buffer.</typeparam>
public interface IH264PictureClient<T> where T : class
{
    /// <summary>A picture for a new frame or first field, with one use that the sequencer owns; null: none to be had, the frame is lost.</summary>
    T? Begin(H264PictureInfo info);

    /// <summary>Submits a request. False: it was refused, what follows counts as damaged.</summary>
    bool Submit(in H264Request<T> request);

    /// <summary>The CAPTURE timestamp of a picture in nanoseconds; above 0 and below ulong.MaxValue.</summary>
    ulong Timestamp(T picture);

    /// <summary>The next picture in output order; the client takes a use of its own if it keeps it.</summary>
    void Output(T picture, H264PictureInfo info);

    /// <summary>The picture is never going to be output (before a recovery point, or dropped by no_output_of_prior_pics_flag); it may still be a reference.</summary>
    void Skip(T picture, H264PictureInfo info);

    /// <summary>One use more.</summary>
    void Use(T picture);

    /// <summary>One use less.</summary>
    void Release(T picture);
}
