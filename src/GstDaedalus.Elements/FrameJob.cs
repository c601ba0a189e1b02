// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using GstDaedalus.Gst.Video;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>
/// One coded buffer on its way: its data, which the requests made of it read, and what went wrong with it. Reused. Streaming thread
/// only, but for what completions report.
/// </summary>
internal sealed unsafe class FrameJob
{
    private readonly GstMapInfo* _map = (GstMapInfo*)NativeMemory.AllocZeroed((nuint)sizeof(GstMapInfo));
    private nint _buffer;
    private bool _mapped;
    private byte* _converted;
    private int _convertedCapacity;
    private byte* _kept;
    private int _keptCapacity;
    private int _pending;
    private int _deviceFailures;
    private int _deviceStatus;

    /// <summary>The codec frame; its reference belongs to whoever puts it out.</summary>
    public VideoCodecFrame Frame { get; private set; }

    /// <summary>The queue of jobs and the outputs that want to know how it went.</summary>
    public int Holders { get; set; }

    /// <summary>The picture to put out when the unit has been parsed, with a use of its own.</summary>
    public Picture? Shown { get; private set; }

    /// <summary>Frames that could not be submitted or decoded.</summary>
    public int Failures { get; private set; }

    /// <summary>Message of the first failure.</summary>
    public string? Failure { get; private set; }

    /// <summary>A frame shows a picture (whether it could be decoded or not).</summary>
    public bool ShowsSomething { get; set; }

    /// <summary>Not to be reported: data before the first key frame.</summary>
    public bool Skipped { get; set; }

    /// <summary>Address of the coded data.</summary>
    public byte* Data { get; private set; }

    /// <summary>Bytes of coded data.</summary>
    public int Size { get; private set; }

    /// <summary>Flags of the coded buffer.</summary>
    public uint BufferFlags { get; private set; }

    /// <summary>Takes a codec frame and maps its data. False when the data cannot be mapped.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="keep">
    /// Copies the data and gives the buffer back at once, as V4L2's OUTPUT queue does. With requests in flight this is the cheaper way:
    /// upstream gets the memory back in the order it expects and uses it again, instead of touching new pages for every buffer.
    /// </param>
    public bool Begin(VideoCodecFrame frame, bool keep)
    {
        Frame = frame;
        nint buffer = frame.InputBuffer;
        if (buffer == 0 || GstNative.gst_buffer_map(buffer, _map, GstConst.MapRead) == 0)
            return false;
        // The codec frame may be gone long before the last request is complete.
        _buffer = GstNative.gst_mini_object_ref(buffer);
        _mapped = true;
        Data = _map->Data;
        Size = (int)Math.Min(_map->Size, int.MaxValue);
        BufferFlags = *(uint*)(buffer + Layout.GstMiniObject_flags);
        if (keep)
            Keep();
        return true;
    }

    private void Keep()
    {
        if (_keptCapacity < Size)
        {
            NativeMemory.Free(_kept);
            _keptCapacity = WithRoom(Size);
            _kept = (byte*)NativeMemory.Alloc((nuint)_keptCapacity);
        }
        Buffer.MemoryCopy(Data, _kept, _keptCapacity, Size);
        Data = _kept;
        Unmap();
        Frame.ReleaseInputMemory();
    }

    /// <summary>Memory for the data in another form, kept as long as the data itself.</summary>
    public Span<byte> Converted(int capacity)
    {
        if (_convertedCapacity < capacity)
        {
            NativeMemory.Free(_converted);
            _convertedCapacity = WithRoom(capacity);
            _converted = (byte*)NativeMemory.Alloc((nuint)_convertedCapacity);
        }
        return new Span<byte>(_converted, _convertedCapacity);
    }

    /// <summary>The requests read this instead: what was written into <see cref="Converted"/>.</summary>
    public void UseConverted(int size)
    {
        Unmap();
        Data = _converted;
        Size = size;
    }

    /// <summary>Whether an address lies in the data.</summary>
    public bool Contains(byte* address) => address >= Data && address < Data + Size;

    /// <summary>Shows a picture, in place of one that was to be shown.</summary>
    public void Show(Picture picture)
    {
        CapturePool.Use(picture);
        DropShown();
        Shown = picture;
    }

    /// <summary>Gives the picture to be shown away, with its use.</summary>
    public Picture? TakeShown()
    {
        Picture? shown = Shown;
        Shown = null;
        return shown;
    }

    /// <summary>Notes a frame that failed.</summary>
    public void Fail(string why)
    {
        Failures++;
        Failure ??= why;
    }

    /// <summary>A request reads the data.</summary>
    public void BeginRequest() => Interlocked.Increment(ref _pending);

    /// <summary>A request is complete; any thread.</summary>
    public void EndRequest(int status)
    {
        if (status < 0)
        {
            Volatile.Write(ref _deviceStatus, status);
            Interlocked.Increment(ref _deviceFailures);
        }
        Interlocked.Decrement(ref _pending);
    }

    /// <summary>Whether all its requests are complete.</summary>
    public bool IsComplete => Volatile.Read(ref _pending) == 0;

    /// <summary>Counts requests that failed. Once, when the job is complete.</summary>
    public void CollectFailures()
    {
        int n = Volatile.Read(ref _deviceFailures);
        if (n == 0)
            return;
        Failure ??= _deviceStatus == -125 ? "cancelled" : "the device reports error " + -_deviceStatus;
        Failures += n;
        _deviceFailures = 0;
    }

    /// <summary>Gives the coded buffer back.</summary>
    public void Unmap()
    {
        if (!_mapped)
            return;
        _mapped = false;
        GstNative.gst_buffer_unmap(_buffer, _map);
        GstNative.gst_mini_object_unref(_buffer);
        _buffer = 0;
    }

    /// <summary>Lets go of everything.</summary>
    public void End()
    {
        Unmap();
        DropShown();
        Frame = default;
        BufferFlags = 0;
        Data = null;
        Size = 0;
        Failures = 0;
        Failure = null;
        _deviceFailures = 0;
        _deviceStatus = 0;
        ShowsSomething = false;
        Skipped = false;
    }

    /// <summary>Frees native memory; the job must have ended.</summary>
    public void Free()
    {
        NativeMemory.Free(_map);
        NativeMemory.Free(_converted);
        NativeMemory.Free(_kept);
    }

    private static int WithRoom(int size) => (int)Math.Min((long)size + size / 2, int.MaxValue);

    private void DropShown()
    {
        if (Shown is { } shown)
            CapturePool.Release(shown);
        Shown = null;
    }
}
