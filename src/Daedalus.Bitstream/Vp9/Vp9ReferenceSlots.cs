// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Vp9;

/// <summary>
/// The eight reference slots (spec 8.10 reference frame update process): which picture each holds and under which timestamp a device knows it.
/// Pictures are opaque; the two callbacks count their references. Not thread-safe: the submitting thread owns it. Allocates nothing after construction.
/// </summary>
/// <typeparam name="T">Handle of a picture, for example a class or a pointer wrapper.</typeparam>
public sealed class Vp9ReferenceSlots<T>
{
    /// <summary>Number of slots.</summary>
    public const int Count = 8;

    private readonly T[] _pictures = new T[Count];
    private readonly ulong[] _timestamps = new ulong[Count];
    private readonly bool[] _valid = new bool[Count];
    private readonly Action<T>? _addReference;
    private readonly Action<T>? _release;

    /// <summary>Empty slots.</summary>
    /// <param name="addReference">Called once for each slot that takes a picture.</param>
    /// <param name="release">Called once for each slot that gives one up.</param>
    public Vp9ReferenceSlots(Action<T>? addReference = null, Action<T>? release = null)
    {
        _addReference = addReference;
        _release = release;
    }

    /// <summary>Puts a decoded picture into the slots of <paramref name="mask"/> (refresh_frame_flags); a mask of 0 stores nothing.</summary>
    /// <param name="mask">Bit n set: slot n.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="timestamp">Its CAPTURE timestamp in nanoseconds.</param>
    public void Refresh(byte mask, T picture, ulong timestamp)
    {
        for (int i = 0; i < Count; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            // Counted up before down: the same picture may be in the slot already.
            _addReference?.Invoke(picture);
            Drop(i);
            _pictures[i] = picture;
            _timestamps[i] = timestamp;
            _valid[i] = true;
        }
    }

    /// <summary>Empties the slots of <paramref name="mask"/>, for frames that could not be decoded.</summary>
    public void Invalidate(byte mask)
    {
        for (int i = 0; i < Count; i++)
        {
            if ((mask >> i & 1) != 0)
                Drop(i);
        }
    }

    /// <summary>Empties all slots.</summary>
    public void Clear() => Invalidate(0xff);

    /// <summary>The picture of a slot; false when it is empty.</summary>
    public bool TryGet(int slot, out T picture, out ulong timestamp)
    {
        bool valid = (uint)slot < Count && _valid[slot];
        picture = valid ? _pictures[slot] : default!;
        timestamp = valid ? _timestamps[slot] : 0;
        return valid;
    }

    /// <summary>
    /// Sets the three reference timestamps of an inter frame's control. False when one of the slots is empty: its timestamp is then 0,
    /// which no picture has if the caller starts counting above 0.
    /// </summary>
    public unsafe bool FillTimestamps(ref Vp9FrameInfo info)
    {
        if (!info.IsInter)
            return true;
        bool complete = TryGet(info.ReferenceSlot[0], out _, out info.Frame.LastFrameTs);
        complete &= TryGet(info.ReferenceSlot[1], out _, out info.Frame.GoldenFrameTs);
        complete &= TryGet(info.ReferenceSlot[2], out _, out info.Frame.AltFrameTs);
        return complete;
    }

    private void Drop(int i)
    {
        if (!_valid[i])
            return;
        _valid[i] = false;
        T old = _pictures[i];
        _pictures[i] = default!;
        _release?.Invoke(old);
    }
}
