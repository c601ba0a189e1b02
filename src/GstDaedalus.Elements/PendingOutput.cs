// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using GstDaedalus.Gst.Video;

namespace GstDaedalus.Elements;

/// <summary>One codec frame in output order, and the picture it is put out with. Reused; streaming thread only.</summary>
internal sealed class PendingOutput
{
    /// <summary>The codec frame, one reference is ours; none where one coded buffer held several pictures.</summary>
    public VideoCodecFrame Frame;
    /// <summary>Of one without a codec frame: shown together with the output before it, not after it.</summary>
    public bool SameTime;
    /// <summary>The picture, with a use of its own; null when there is none to show.</summary>
    public Picture? Picture;
    /// <summary>The job whose outcome decides, where one coded buffer is one output; else null.</summary>
    public FrameJob? Job;
    /// <summary>References were lost.</summary>
    public bool Corrupted;
    /// <summary>GstVideoBufferFlags.</summary>
    public uint BufferFlags;
    /// <summary>Top or Bottom: only that field was decoded, and its lines stand in for the other's.</summary>
    public H264Fields OnlyField;
    /// <summary>cc_data triplets to attach.</summary>
    public byte[] Captions = [];
    /// <summary>Bytes of <see cref="Captions"/>.</summary>
    public int CaptionBytes;
    /// <summary>Active format description, or -1.</summary>
    public int ActiveFormat = -1;

    /// <summary>Whether everything it waits for is there.</summary>
    public bool IsReady => (Job is null || Job.IsComplete) && (Picture is null || Picture.Done);

    /// <summary>Appends to the captions.</summary>
    public void AddCaptions(ReadOnlySpan<byte> triplets)
    {
        if (Captions.Length < CaptionBytes + triplets.Length)
            Array.Resize(ref Captions, Math.Max(600, CaptionBytes + triplets.Length));
        triplets.CopyTo(Captions.AsSpan(CaptionBytes));
        CaptionBytes += triplets.Length;
    }

    /// <summary>Lets go of the picture.</summary>
    public void End()
    {
        if (Picture is { } picture)
            CapturePool.Release(picture);
        Picture = null;
        Job = null;
        Frame = default;
        SameTime = false;
        Corrupted = false;
        BufferFlags = 0;
        OnlyField = H264Fields.None;
        CaptionBytes = 0;
        ActiveFormat = -1;
    }
}
