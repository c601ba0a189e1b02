// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace GstDaedalus.Elements;

/// <summary>One request in flight: the picture it decodes (a part of), the pictures it refers to and the data it reads. Reused; its number is the cookie.</summary>
internal sealed unsafe class Request(int number)
{
    private int _done = 1;
    private byte* _data;
    private int _capacity;

    /// <summary>The cookie.</summary>
    public readonly int Number = number;
    /// <summary>Pictures that must keep their content until it is complete.</summary>
    public readonly List<Picture> References = new(17);
    /// <summary>What it decodes.</summary>
    public Picture? Target;
    /// <summary>Whose data it reads; null when the data is its own.</summary>
    public FrameJob? Job;
    /// <summary>0 or a negative errno. Valid when <see cref="Done"/>.</summary>
    public int Status;

    /// <summary>Whether the device has finished with it.</summary>
    public bool Done => Volatile.Read(ref _done) != 0;

    /// <summary>Before submission. Streaming thread.</summary>
    public void Begin(FrameJob? job, Picture target, ReadOnlySpan<Picture> references)
    {
        Job = job;
        Target = target;
        Status = 0;
        CapturePool.Use(target);
        foreach (Picture p in references)
        {
            CapturePool.Use(p);
            References.Add(p);
        }
        Volatile.Write(ref _done, 0);
        target.BeginRequest();
        job?.BeginRequest();
    }

    /// <summary>At completion, any thread.</summary>
    public void Complete(int status, bool corrupted)
    {
        Status = status;
        Target!.EndRequest(status, corrupted);
        Job?.EndRequest(status);
        Volatile.Write(ref _done, 1);
    }

    /// <summary>Lets go of the pictures. Streaming thread.</summary>
    public void End()
    {
        foreach (Picture p in References)
            CapturePool.Release(p);
        References.Clear();
        CapturePool.Release(Target!);
        Target = null;
        Job = null;
    }

    /// <summary>Copies data that would not live long enough.</summary>
    public byte* Keep(byte* data, int size)
    {
        if (_capacity < size)
        {
            NativeMemory.Free(_data);
            _capacity = size + size / 2;
            _data = (byte*)NativeMemory.Alloc((nuint)_capacity);
        }
        Buffer.MemoryCopy(data, _data, _capacity, size);
        return _data;
    }

    /// <summary>Frees native memory.</summary>
    public void Free()
    {
        NativeMemory.Free(_data);
        _data = null;
        _capacity = 0;
    }
}
