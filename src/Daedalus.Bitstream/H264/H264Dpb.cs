// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;

namespace Daedalus.Bitstream.H264;

/// <summary>
/// Decoded picture buffer: storage and output by bumping (spec C.4). Marking is in the other part.
/// The frame being decoded is <see cref="Current"/> and takes its place only when it is complete, so that two fields are one storing.
/// </summary>
internal sealed unsafe partial class H264Dpb<T> where T : class
{
    // 16 frames of the specification and room for streams that break their own limits.
    private const int Capacity = 24;

    private readonly IH264PictureClient<T> _client;
    private readonly H264Frame<T>[] _frames = new H264Frame<T>[Capacity];
    private readonly H264Frame<T>[] _free = new H264Frame<T>[Capacity + 2];
    private int _freeCount;
    private int _count;
    private int _waiting;
    private int _size = 1;
    private int _reorder = 1;
    private int _maxReferences = 1;
    private int _maxLongTermFrameIdx = -1;
    private int _lastOutput = int.MinValue;
    // Smallest distance seen between the counts of two frames: 1 or 2, for LowLatency.
    private bool _oddCounts;

    public H264Dpb(IH264PictureClient<T> client)
    {
        _client = client;
        for (int i = 0; i < _free.Length; i++)
            _free[i] = new H264Frame<T>();
        _freeCount = _free.Length;
    }

    /// <summary>The frame whose picture is being decoded, or whose second field may come.</summary>
    public H264Frame<T>? Current { get; private set; }

    /// <summary>Whether frames are given to the client; false before a recovery point has been reached.</summary>
    public bool OutputOpen { get; set; }

    /// <summary>Output a frame as soon as no frame with a lower count is to be expected, instead of when room or num_reorder_frames demand it.</summary>
    public bool LowLatency { get; set; }

    /// <summary>Frames held.</summary>
    public int Count => _count;

    /// <summary>Sets the limits of a sequence. The buffer is empty then.</summary>
    /// <param name="size">MaxDpbFrames or max_dec_frame_buffering.</param>
    /// <param name="reorder">num_reorder_frames, or the size when it is not known.</param>
    /// <param name="maxReferences">max_num_ref_frames.</param>
    public void Configure(int size, int reorder, int maxReferences)
    {
        _maxReferences = Math.Clamp(maxReferences, 1, 16);
        _size = Math.Clamp(size, _maxReferences, 16);
        _reorder = Math.Clamp(reorder, 0, _size);
        _oddCounts = false;
    }

    /// <summary>Begins a frame or the first field of one.</summary>
    public H264Frame<T> Begin()
    {
        H264Frame<T> frame = Take();
        Current = frame;
        return frame;
    }

    /// <summary>Stores the current frame (C.4.5.1 to C.4.5.3): it is complete, or nothing more comes for it.</summary>
    /// <param name="output">False: it is not to be output.</param>
    public void Complete(bool output = true)
    {
        if (Current is not { } frame)
            return;
        Current = null;
        if (!output && frame.Picture is { } dropped)
        {
            frame.WaitsForOutput = false;
            _client.Skip(dropped, frame.Info);
        }
        RemoveUnused();
        if (frame.WaitsForOutput && frame.OrderCount < _lastOutput)
        {
            // The stream's num_reorder_frames, or our guess, was too small: from here on the whole buffer is used.
            _reorder = _size;
            _oddCounts = true;
        }
        if ((frame.OrderCount & 1) != 0 && frame.Fields == H264Fields.Frame)
            _oddCounts = true;
        if (frame.Reference == H264Fields.None)
        {
            if (!frame.WaitsForOutput)
            {
                Give(frame);
                return;
            }
            while (_count >= _size)
            {
                int next = NextOutput();
                if (next < 0 || frame.OrderCount < _frames[next].OrderCount)
                {
                    Emit(frame);
                    Give(frame);
                    OutputEarly();
                    return;
                }
                Bump(next);
            }
        }
        else
        {
            MakeRoom();
        }
        Add(frame);
        OutputEarly();
    }

    /// <summary>Stores an inferred frame (8.2.5.2).</summary>
    public void AddInferred(int frameNum, int maxFrameNum, int top, int bottom, bool lost)
    {
        UpdateFrameNumWrap(frameNum, maxFrameNum);
        SlideWindow();
        RemoveUnused();
        H264Frame<T>? nearest = lost ? Nearest() : null;
        MakeRoom();
        H264Frame<T> frame = Take();
        frame.NonExisting = true;
        frame.FrameNum = frame.FrameNumWrap = frameNum;
        frame.Top = top;
        frame.Bottom = bottom;
        frame.Fields = frame.ShortTerm = H264Fields.Frame;
        frame.Timestamp = H264ReferenceLists.NonExistingTimestamp;
        if (nearest?.Picture is { } picture)
        {
            _client.Use(picture);
            frame.Picture = picture;
            frame.Timestamp = nearest.Timestamp;
            // Its own counts would say nothing about the picture that stands in.
            frame.Top = nearest.Top;
            frame.Bottom = nearest.Bottom;
        }
        Add(frame);
        OutputEarly();
    }

    /// <summary>Empties the buffer (C.4.4): with output in order, or without.</summary>
    public void Flush(bool output)
    {
        while (NextOutput() is >= 0 and int next)
        {
            if (output)
            {
                Bump(next);
                continue;
            }
            H264Frame<T> frame = _frames[next];
            frame.WaitsForOutput = false;
            _waiting--;
            if (frame.Picture is { } picture)
                _client.Skip(picture, frame.Info);
        }
        for (int i = 0; i < _count; i++)
            Give(_frames[i]);
        _count = 0;
        _waiting = 0;
        _maxLongTermFrameIdx = -1;
        _lastOutput = int.MinValue;
    }

    private H264Frame<T> Take()
    {
        H264Frame<T> frame = _free[--_freeCount];
        frame.Reset();
        return frame;
    }

    private void Give(H264Frame<T> frame)
    {
        T? picture = frame.Picture;
        frame.Picture = null;
        _free[_freeCount++] = frame;
        if (picture != null)
            _client.Release(picture);
    }

    private void Add(H264Frame<T> frame)
    {
        if (frame.WaitsForOutput)
            _waiting++;
        _frames[_count++] = frame;
    }

    private void RemoveAt(int index)
    {
        H264Frame<T> frame = _frames[index];
        _count--;
        Array.Copy(_frames, index + 1, _frames, index, _count - index);
        _frames[_count] = null!;
        Give(frame);
    }

    private void RemoveUnused()
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (!_frames[i].WaitsForOutput && _frames[i].Reference == H264Fields.None)
                RemoveAt(i);
        }
    }

    private void MakeRoom()
    {
        RemoveUnused();
        while (_count >= _size)
        {
            int next = NextOutput();
            if (next >= 0)
            {
                Bump(next);
                continue;
            }
            // Only references: the stream breaks its own limits. The oldest goes.
            _frames[0].ShortTerm = _frames[0].LongTerm = H264Fields.None;
            RemoveAt(0);
        }
    }

    private int NextOutput()
    {
        int best = -1;
        if (_waiting == 0)
            return best;
        for (int i = 0; i < _count; i++)
        {
            if (_frames[i].WaitsForOutput && (best < 0 || _frames[i].OrderCount < _frames[best].OrderCount))
                best = i;
        }
        return best;
    }

    private void Bump(int index)
    {
        H264Frame<T> frame = _frames[index];
        _waiting--;
        Emit(frame);
        if (frame.Reference == H264Fields.None)
            RemoveAt(index);
    }

    private void Emit(H264Frame<T> frame)
    {
        frame.WaitsForOutput = false;
        _lastOutput = frame.OrderCount;
        if (frame.Picture is not { } picture)
            return;
        OutputOpen |= frame.IsRecovery;
        if (OutputOpen)
            _client.Output(picture, frame.Info);
        else
            _client.Skip(picture, frame.Info);
    }

    private void OutputEarly()
    {
        while (_waiting > _reorder)
            Bump(NextOutput());
        while (LowLatency && NextOutput() is >= 0 and int next && IsNext(_frames[next]))
            Bump(next);
    }

    // Frames of one sequence have counts 2 apart where fields are counted, else 1: nothing can come between then.
    private bool IsNext(H264Frame<T> frame) =>
        _lastOutput == int.MinValue ? frame.Info.IsIdr || frame.OrderCount == 0 : (long)frame.OrderCount - _lastOutput <= (_oddCounts ? 1 : 2);

    // The reference that was decoded last.
    private H264Frame<T>? Nearest()
    {
        H264Frame<T>? best = null;
        for (int i = 0; i < _count; i++)
        {
            if (_frames[i].Reference != H264Fields.None && _frames[i].Picture != null)
                best = _frames[i];
        }
        return best;
    }
}
