// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream.Av1;

/// <summary>Controls of one request, in native memory of the sequencer; valid during <see cref="IAv1PictureClient{T}.Submit"/>.</summary>
public unsafe struct Av1RequestControls
{
    /// <summary>Payloads that <see cref="Fill"/> writes.</summary>
    public const int Count = 5;

    /// <summary>Sequence.</summary>
    public V4L2CtrlAv1Sequence Sequence;
    /// <summary>Frame.</summary>
    public V4L2CtrlAv1Frame Frame;
    /// <summary>Film grain in force.</summary>
    public V4L2CtrlAv1FilmGrain FilmGrain;
    /// <summary>The private control.</summary>
    public DaedalusCtrlAv1Frame Private;
    /// <summary>Tiles that are there, in order.</summary>
    public V4L2CtrlAv1TileGroupEntry* TileGroupEntries;
    /// <summary>Number of them.</summary>
    public int TileGroupEntryCount;

    /// <summary>Writes the control list; the private one comes last, so that a device which does not know it takes one less.</summary>
    public static void Fill(Av1RequestControls* c, Span<ControlPayload> payloads)
    {
        payloads[0] = new(V4L2CtrlAv1Sequence.ControlId, (nint)(&c->Sequence), (uint)sizeof(V4L2CtrlAv1Sequence));
        payloads[1] = new(V4L2CtrlAv1Frame.ControlId, (nint)(&c->Frame), (uint)sizeof(V4L2CtrlAv1Frame));
        payloads[2] = new(V4L2CtrlAv1TileGroupEntry.ControlId, (nint)c->TileGroupEntries, (uint)(sizeof(V4L2CtrlAv1TileGroupEntry) * c->TileGroupEntryCount));
        payloads[3] = new(V4L2CtrlAv1FilmGrain.ControlId, (nint)(&c->FilmGrain), (uint)sizeof(V4L2CtrlAv1FilmGrain));
        payloads[4] = new(DaedalusCtrlAv1Frame.ControlId, (nint)(&c->Private), (uint)sizeof(DaedalusCtrlAv1Frame));
    }
}

/// <summary>One frame to be decoded; everything in it is valid during the call only.</summary>
/// <typeparam name="T">The client's picture.</typeparam>
public unsafe ref struct Av1Request<T> where T : class
{
    /// <summary>Where it is decoded to.</summary>
    public T Picture;
    /// <summary>What it is.</summary>
    public Av1FrameInfo Info;
    /// <summary>Controls.</summary>
    public Av1RequestControls* Controls;
    /// <summary>Bytes from the first tile group to the end of the last one; may hold other OBUs between.</summary>
    public ReadOnlySpan<byte> Bitstream;
    /// <summary>Pictures the frame refers to, each once: they must keep their content until the request is complete.</summary>
    public ReadOnlySpan<T> References;
}

/// <summary>Owner of the picture memory of an <see cref="Av1PictureSequencer{T}"/>. All calls come from the thread that feeds the sequencer.</summary>
/// <typeparam name="T">A picture buffer.</typeparam>
public interface IAv1PictureClient<T> where T : class
{
    /// <summary>A picture for a new frame, with one use that the sequencer owns; null: none to be had, the frame is lost.</summary>
    T? Begin(Av1FrameInfo info);

    /// <summary>Submits a request. False: it was refused, what follows counts as damaged.</summary>
    bool Submit(in Av1Request<T> request);

    /// <summary>The CAPTURE timestamp of a picture in nanoseconds; above 0 and below ulong.MaxValue.</summary>
    ulong Timestamp(T picture);

    /// <summary>The next picture in output order; it can be the same as an earlier one. The client takes a use of its own if it keeps it.</summary>
    void Output(T picture, Av1FrameInfo info);

    /// <summary>One use more.</summary>
    void Use(T picture);

    /// <summary>One use less.</summary>
    void Release(T picture);
}
