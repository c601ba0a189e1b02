// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.Fuzz;

/// <summary>A CAPTURE buffer of exactly the size the device demands, against a guard page.</summary>
internal sealed unsafe class GuardedCapture : CaptureBuffer
{
    /// <summary>Alignment that struct daedalus_request demands.</summary>
    private const int Alignment = 64;

    private readonly RegionPool _pool;
    private readonly Lock _lock = new();
    private GuardedRegion? _region;
    private bool _pinned;
    private int _writers;

    /// <param name="pool">Gets the memory back.</param>
    /// <param name="index">Slot.</param>
    /// <param name="layout">Layout to submit.</param>
    /// <param name="bytes">Real size of the memory.</param>
    /// <param name="atEnd">Guard page behind the last byte, else before the first.</param>
    /// <param name="fill">Content before decoding.</param>
    public GuardedCapture(RegionPool pool, int index, in CaptureLayout layout, long bytes, bool atEnd, byte fill)
    {
        _pool = pool;
        _region = pool.Take(bytes);
        Index = index;
        Layout = layout;
        Map = (nint)_region.Place(bytes, atEnd, Alignment);
        new Span<byte>((void*)Map, (int)bytes).Fill(fill);
    }

    private GuardedCapture(GuardedCapture memory, int index, in CaptureLayout layout)
    {
        _pool = memory._pool;
        Index = index;
        Layout = layout;
        Map = memory.Map;
    }

    public override int Index { get; }
    public override int Fd => -1;
    public override bool IsDmabuf => false;
    public override CaptureLayout Layout { get; }
    public override nint Map { get; }

    /// <summary>The same memory under another slot or layout, which does not own it: writable from now on.</summary>
    public GuardedCapture Alias(int index, in CaptureLayout layout)
    {
        lock (_lock)
        {
            _pinned = true;
            _region?.AllowAll();
        }
        return new GuardedCapture(this, index, layout);
    }

    /// <summary>A request is about to be submitted: until it completes, the engine may write.</summary>
    public void BeginWriting()
    {
        lock (_lock)
        {
            // Fields: the other one has been or is being written.
            _writers++;
            _region?.AllowAll();
        }
    }

    /// <summary>A request has completed: with the last, the engine may read the picture as a reference but never write.</summary>
    public void EndWriting()
    {
        lock (_lock)
        {
            if (--_writers <= 0 && !_pinned)
                _region?.AllowReading();
        }
    }

    public override void Dispose()
    {
        if (_region is { } region)
            _pool.Return(region);
        _region = null;
    }
}
