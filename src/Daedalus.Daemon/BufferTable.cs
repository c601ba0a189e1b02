// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Daemon;

/// <summary>
/// A stream's mapped buffers, by the module's names and by the engine's slots. A buffer that the client has freed is retired: its picture may be referred to, so it
/// stays until the engine has forgotten everything or its slot is needed; then the one goes that no frame has used for the longest time, once the engine has taken
/// the frame that replaces it.
/// </summary>
internal sealed unsafe class BufferTable : IDisposable
{
    /// <summary>Slots of the engine.</summary>
    public const int Slots = 128;

    private readonly MappedBuffer?[] _slots = new MappedBuffer?[Slots];
    private readonly Dictionary<uint, MappedBuffer> _named = [];
    private ulong _frame;

    /// <summary>Buffers that are mapped.</summary>
    public int Count { get; private set; }

    /// <summary>The buffer of a name.</summary>
    public MappedBuffer? Find(uint id) => _named.GetValueOrDefault(id);

    /// <summary>Takes a buffer whose index is of <see cref="FindSlot"/>.</summary>
    public void Add(uint id, MappedBuffer buffer)
    {
        if (_slots[buffer.Index] is { } old)
        {
            // The engine knows the last one of the slot that it has written.
            buffer.Replaced = old.Replaced ?? old;
            if (old.Replaced is not null)
                Free(old);
        }
        _slots[buffer.Index] = buffer;
        _named.Add(id, buffer);
        Count++;
    }

    /// <summary>A frame begins: what its controls refer to is in use.</summary>
    public void NextFrame(ReadOnlySpan<ControlPayload> controls)
    {
        _frame++;
        foreach (ControlPayload c in controls)
        {
            if (c.Id == V4L2CtrlVp9Frame.ControlId && c.Size >= sizeof(V4L2CtrlVp9Frame))
            {
                var vp9 = (V4L2CtrlVp9Frame*)c.Payload;
                Use(vp9->LastFrameTs);
                Use(vp9->GoldenFrameTs);
                Use(vp9->AltFrameTs);
            }
            else if (c.Id == V4L2CtrlH264DecodeParams.ControlId && c.Size >= sizeof(V4L2CtrlH264DecodeParams))
            {
                var h264 = (V4L2CtrlH264DecodeParams*)c.Payload;
                foreach (V4L2H264DpbEntry entry in h264->Dpb)
                    if ((entry.Flags & H264DpbEntryFlags.Active) != 0)
                        Use(entry.ReferenceTs);
            }
            else if (c.Id == V4L2CtrlAv1Frame.ControlId && c.Size >= sizeof(V4L2CtrlAv1Frame))
            {
                var av1 = (V4L2CtrlAv1Frame*)c.Payload;
                for (int i = 0; i < 8; i++)
                    Use(av1->ReferenceFrameTs[i]);
            }
        }
    }

    private void Use(ulong timestamp)
    {
        foreach (MappedBuffer? buffer in _slots)
        {
            if (buffer is not null && buffer.Timestamp == timestamp)
                buffer.LastUse = _frame;
            if (buffer?.Replaced is { } replaced && replaced.Timestamp == timestamp)
                buffer.LastUse = replaced.LastUse = _frame;
        }
    }

    /// <summary>The engine has taken a frame whose picture goes into a buffer: it knows nothing else in that slot.</summary>
    public void Written(MappedBuffer buffer, ulong timestamp)
    {
        if (buffer.Replaced is { } replaced)
            Free(replaced);
        buffer.Replaced = null;
        buffer.Timestamp = timestamp;
        buffer.LastUse = _frame;
    }

    /// <summary>
    /// A slot for another buffer, or -1 where the client holds all of them and the frame needs the rest. <paramref name="drain"/> waits until nothing that was
    /// submitted reads or writes any buffer.
    /// </summary>
    public int FindSlot(Action drain)
    {
        int slot = Array.IndexOf(_slots, null);
        if (slot >= 0)
            return slot;
        MappedBuffer? oldest = null;
        foreach (MappedBuffer? buffer in _slots)
            if (buffer is { Retired: true } && buffer.LastUse != _frame && (oldest is null || buffer.LastUse < oldest.LastUse))
                oldest = buffer;
        if (oldest is null)
            return -1;
        drain();
        return oldest.Index;
    }

    /// <summary>The client has freed a buffer.</summary>
    public void Retire(uint id)
    {
        if (_named.Remove(id, out MappedBuffer? buffer))
            buffer.Retired = true;
    }

    /// <summary>The engine has forgotten all pictures.</summary>
    public void ReleaseRetired()
    {
        foreach (MappedBuffer? buffer in _slots)
            if (buffer is { Retired: true })
                Release(buffer);
    }

    private void Release(MappedBuffer buffer)
    {
        _slots[buffer.Index] = null;
        if (buffer.Replaced is { } replaced)
            Free(replaced);
        Free(buffer);
    }

    private void Free(MappedBuffer buffer)
    {
        Count--;
        buffer.Dispose();
    }

    public void Dispose()
    {
        foreach (MappedBuffer? buffer in _slots)
            if (buffer is not null)
                Release(buffer);
        _named.Clear();
    }
}
