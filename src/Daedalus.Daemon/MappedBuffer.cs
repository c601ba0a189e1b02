// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.Daemon;

/// <summary>A client's CAPTURE buffer, mapped: the engine decodes straight into its pages.</summary>
internal sealed class MappedBuffer : CaptureBuffer
{
    private nint _map;
    private readonly nuint _length;

    public MappedBuffer(int index, nint map, nuint length)
    {
        Index = index;
        _map = map;
        _length = length;
    }

    /// <summary>The module's name is gone: kept mapped only because pictures in it may be referenced.</summary>
    public bool Retired { get; set; }

    /// <summary>What the engine still has in the slot, while it has taken no frame for this buffer.</summary>
    public MappedBuffer? Replaced { get; set; }

    /// <summary>Names the picture in it.</summary>
    public ulong Timestamp { get; set; }

    /// <summary>The frame that wrote it or referred to it last, counted from 1.</summary>
    public ulong LastUse { get; set; }

    /// <summary>Bytes mapped.</summary>
    public nuint Length => _length;

    /// <summary>Layout of the frame that is submitted with it next.</summary>
    public CaptureLayout Current { get; set; }

    public override int Index { get; }
    public override int Fd => -1;
    public override bool IsDmabuf => true;
    public override CaptureLayout Layout => Current;
    public override nint Map => _map;

    public override void Dispose()
    {
        nint map = Interlocked.Exchange(ref _map, 0);
        if (map != 0)
            Native.Unmap(map, _length);
    }
}
