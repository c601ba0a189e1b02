// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>
/// One GstVideoCodecFrame on its way: the requests made of it, what they use and which picture it shows. Reused; streaming thread only.
/// </summary>
internal sealed unsafe class FrameJob
{
    private readonly GstMapInfo* _map = (GstMapInfo*)NativeMemory.AllocZeroed((nuint)sizeof(GstMapInfo));
    private readonly List<Picture> _held = new(16);
    private bool _mapped;

    /// <summary>The codec frame; one reference is ours.</summary>
    public VideoCodecFrame Frame { get; private set; }

    /// <summary>The picture to put out, or null.</summary>
    public Picture? Shown { get; set; }

    /// <summary>Frames that could not be submitted, and why the first one could not.</summary>
    public int Failures { get; private set; }

    /// <summary>Message of the first failure.</summary>
    public string? Failure { get; private set; }

    /// <summary>A frame shows a picture (whether it could be decoded or not).</summary>
    public bool ShowsSomething { get; set; }

    /// <summary>Not to be reported: data before the first key frame.</summary>
    public bool Skipped { get; set; }

    /// <summary>Takes a codec frame and maps its data. False when the data cannot be mapped.</summary>
    public bool Begin(VideoCodecFrame frame)
    {
        Frame = frame;
        nint buffer = frame.InputBuffer;
        _mapped = buffer != 0 && GstNative.gst_buffer_map(buffer, _map, GstConst.MapRead) != 0;
        return _mapped;
    }

    /// <summary>Address of the coded data.</summary>
    public byte* Data => _map->Data;

    /// <summary>Bytes of coded data.</summary>
    public int Size => (int)Math.Min(_map->Size, int.MaxValue);

    /// <summary>Keeps a picture until the job ends.</summary>
    public void Hold(Picture picture)
    {
        CapturePool.Use(picture);
        _held.Add(picture);
    }

    /// <summary>Takes over a use that the caller has.</summary>
    public void Adopt(Picture picture) => _held.Add(picture);

    /// <summary>Notes a frame that failed.</summary>
    public void Fail(string why)
    {
        Failures++;
        Failure ??= why;
    }

    /// <summary>Whether every picture it waits for is there.</summary>
    public bool IsComplete
    {
        get
        {
            foreach (Picture p in _held)
                if (!p.Done)
                    return false;
            return true;
        }
    }

    /// <summary>Unmaps the data; before the codec frame is given away.</summary>
    public void Unmap()
    {
        if (!_mapped)
            return;
        _mapped = false;
        GstNative.gst_buffer_unmap(Frame.InputBuffer, _map);
    }

    /// <summary>Counts decoded pictures that failed.</summary>
    public void CollectFailures()
    {
        foreach (Picture p in _held)
            if (p.Owner == this && p.Status < 0)
                Fail(p.Status == -125 ? "cancelled" : "the device reports error " + -p.Status);
    }

    /// <summary>Lets go of everything.</summary>
    public void End()
    {
        Unmap();
        foreach (Picture p in _held)
        {
            if (p.Owner == this)
                p.Owner = null;
            CapturePool.Release(p);
        }
        _held.Clear();
        Frame = default;
        Shown = null;
        Failures = 0;
        Failure = null;
        ShowsSomething = false;
        Skipped = false;
    }

    /// <summary>Frees native memory; the job must have ended.</summary>
    public void Free() => NativeMemory.Free(_map);
}
