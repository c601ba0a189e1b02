// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.Bitstream;

/// <summary>Where a sequencer takes picture memory from. Acquire is called by the decoding thread, Release by any.</summary>
public interface IPictureAllocator
{
    /// <summary>A buffer of exactly this layout, which is the session's current capture format.</summary>
    CaptureBuffer Acquire(IStatelessSession session, in CaptureLayout layout);

    /// <summary>The buffer is not needed any more: nothing reads, writes or references it.</summary>
    void Release(CaptureBuffer buffer);
}

/// <summary>Keeps the session's buffers for use again; streams that change their size get rid of the oldest unused ones.</summary>
public sealed class PooledPictureAllocator : IPictureAllocator, IDisposable
{
    private const int MaxUnused = 16;

    private readonly Lock _lock = new();
    private readonly List<CaptureBuffer> _unused = new(MaxUnused + 1);

    /// <inheritdoc/>
    public CaptureBuffer Acquire(IStatelessSession session, in CaptureLayout layout)
    {
        lock (_lock)
        {
            for (int i = _unused.Count - 1; i >= 0; i--)
            {
                CaptureBuffer buffer = _unused[i];
                if (buffer.Layout != layout)
                    continue;
                _unused.RemoveAt(i);
                return buffer;
            }
        }
        return session.AllocateCapture();
    }

    /// <inheritdoc/>
    public void Release(CaptureBuffer buffer)
    {
        CaptureBuffer? old = null;
        lock (_lock)
        {
            _unused.Add(buffer);
            if (_unused.Count > MaxUnused)
            {
                old = _unused[0];
                _unused.RemoveAt(0);
            }
        }
        old?.Dispose();
    }

    /// <summary>Frees the unused buffers.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (CaptureBuffer buffer in _unused)
                buffer.Dispose();
            _unused.Clear();
        }
    }
}
