// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>
/// The CAPTURE buffers of one session. A picture is free when nobody holds its GstMemory: neither the element (as reference or in
/// flight) nor anyone downstream. Recycling hangs on the memory, not on a GstBuffer, because one picture may be in several
/// GstBuffers at once: shown, shown again and being a reference.
/// </summary>
internal sealed unsafe class CapturePool
{
    private static readonly uint s_quark = GLibNative.g_quark_from_static_string(Utf8.Literal("daedalus-picture"u8));
    private static readonly nint s_fdAllocator = SharedAllocator(GstNative.gst_fd_allocator_new());
    private static readonly nint s_dmabufAllocator = SharedAllocator(GstNative.gst_dmabuf_allocator_new());

    private const int NoMemory = -12;

    private readonly Lock _lock = new();
    private readonly IStatelessSession _session;
    private readonly List<Picture> _free = [];
    private readonly List<Picture> _all = [];
    // Memory is gone, the capture buffer is not yet: the session is only touched from the streaming thread.
    private readonly List<Picture> _retired = [];
    private bool _closed;

    public CapturePool(IStatelessSession session, int limit)
    {
        _session = session;
        Limit = Math.Min(limit, session.MaxCaptureBuffers);
    }

    /// <summary>Most pictures at once; less than was asked for when the device has no memory for more.</summary>
    public int Limit { get; private set; }

    /// <summary>Pictures allocated.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _all.Count;
        }
    }

    /// <summary>Pictures that only others hold: neither references nor waiting for their turn. Streaming thread.</summary>
    public int Downstream
    {
        get
        {
            lock (_lock)
            {
                int count = _all.Count - _free.Count;
                foreach (Picture p in _all)
                {
                    if (p.Uses > 0)
                        count--;
                }
                return count;
            }
        }
    }

    /// <summary>A picture with <see cref="Picture.Uses"/> 1, or null when the limit is reached. Streaming thread.</summary>
    /// <exception cref="DeviceException">No memory.</exception>
    public Picture? Acquire(PictureFormat format)
    {
        DisposeRetired();
        Picture? picture = TakeFree(format);
        if (picture is null)
        {
            bool full;
            lock (_lock)
                full = _all.Count >= Limit;
            // Pictures of another size may be lying about.
            if (full && !FreeOne())
                return null;
            try
            {
                picture = Allocate(format);
            }
            catch (DeviceException e) when (e.Errno == NoMemory && Count > 0)
            {
                lock (_lock)
                    Limit = _all.Count;
                if (!FreeOne())
                    return null;
                picture = Allocate(format);
            }
        }
        picture.Uses = 1;
        // A reference alone does not keep others from writing: mapping for writing counts owners, as GstBuffer is one. With two of
        // them GStreamer gives the writer a copy, and the picture stays what later frames predict from.
        GstNative.gst_mini_object_lock(picture.Memory, GstConst.LockExclusive);
        return picture;
    }

    /// <summary>Adds a use to a picture that is in use. Streaming thread.</summary>
    public static void Use(Picture picture) => picture.Uses++;

    /// <summary>Removes a use. Streaming thread.</summary>
    public static void Release(Picture picture)
    {
        if (--picture.Uses > 0)
            return;
        GstNative.gst_mini_object_unlock(picture.Memory, GstConst.LockExclusive);
        GstNative.gst_mini_object_unref(picture.Memory);
    }

    /// <summary>Frees all that is free, disposes every capture buffer. Memory that is still downstream keeps its own descriptor.</summary>
    public void Close()
    {
        Picture[] free;
        lock (_lock)
        {
            _closed = true;
            free = [.. _free];
            _free.Clear();
        }
        foreach (Picture p in free)
            FreeMemory(p);
        lock (_lock)
        {
            foreach (Picture p in _all)
                p.Capture.Dispose();
            _all.Clear();
        }
        DisposeRetired();
    }

    /// <summary>Frees pictures of other formats that nobody uses, but for a few: streams that switch between sizes reuse them.</summary>
    public void Trim(PictureFormat keep)
    {
        const int Spare = 16;
        while (true)
        {
            Picture? victim = null;
            lock (_lock)
            {
                int others = 0;
                foreach (Picture p in _free)
                {
                    if (p.Format == keep)
                        continue;
                    others++;
                    victim ??= p;
                }
                if (others <= Spare || victim is null)
                    return;
                _free.Remove(victim);
            }
            Retire(victim);
        }
    }

    private Picture? TakeFree(PictureFormat format)
    {
        Picture? lost = null;
        lock (_lock)
        {
            // The one used last is the one in the cache.
            for (int i = _free.Count - 1; i >= 0; i--)
            {
                if (_free[i].Format != format)
                    continue;
                Picture p = _free[i];
                _free.RemoveAt(i);
                if (!p.Capture.IsValid)
                {
                    lost = p;
                    break;
                }
                GstNative.gst_mini_object_ref(p.Memory);
                ResetSize(p);
                return p;
            }
        }
        if (lost is null)
            return null;
        // The device has freed it for another format.
        Retire(lost);
        return TakeFree(format);
    }

    private bool FreeOne()
    {
        Picture victim;
        lock (_lock)
        {
            if (_free.Count == 0)
                return false;
            victim = _free[0];
            _free.RemoveAt(0);
        }
        Retire(victim);
        DisposeRetired();
        return true;
    }

    private Picture Allocate(PictureFormat format)
    {
        // Pictures of other formats may have been submitted since it was set last.
        CaptureLayout layout = _session.SetCaptureFormat(format.Geometry, format.PixelFormat);
        if (layout != format.Layout)
            throw new DeviceException($"the device gives {layout.Size} bytes for a picture where it gave {format.Layout.Size}", -22);
        CaptureBuffer capture = _session.AllocateCapture();
        Picture picture = new(this, capture, format);
        int fd = DuplicateFd(capture.Fd, 1030 /* F_DUPFD_CLOEXEC */, 0);
        if (fd < 0)
        {
            capture.Dispose();
            throw new DeviceException("The descriptor of a picture could not be duplicated: too many open files?", -24);
        }
        uint size = capture.Layout.Size;
        nint memory = capture.IsDmabuf
            ? GstNative.gst_dmabuf_allocator_alloc_with_flags(s_dmabufAllocator, fd, size, GstConst.FdMemoryKeepMapped)
            : GstNative.gst_fd_allocator_alloc(s_fdAllocator, fd, size, GstConst.FdMemoryKeepMapped);
        if (memory == 0)
        {
            capture.Dispose();
            throw new DeviceException("GStreamer could not wrap a picture's descriptor", -12);
        }
        picture.Memory = memory;
        // The first mapping decides the protection of a kept mapping: readable and writable, whoever comes first.
        GstMapInfo map;
        if (GstNative.gst_memory_map(memory, &map, GstConst.MapRead | GstConst.MapWrite) != 0)
            GstNative.gst_memory_unmap(memory, &map);
        ResetSize(picture);
        GstNative.gst_mini_object_set_qdata(memory, s_quark, (void*)GCHandle.ToIntPtr(GCHandle.Alloc(picture)), null);
        *(delegate* unmanaged[Cdecl]<nint, int>*)(memory + Layout.GstMiniObject_dispose) = &MemoryUnreferenced;
        lock (_lock)
            _all.Add(picture);
        return picture;
    }

    // Whoever had it may have cut it.
    private static void ResetSize(Picture picture)
    {
        nuint offset, max;
        nuint size = GstNative.gst_memory_get_sizes(picture.Memory, &offset, &max);
        if (offset != 0 || size != picture.Format.VisibleSize)
            GstNative.gst_memory_resize(picture.Memory, -(nint)offset, picture.Format.VisibleSize);
    }

    /// <summary>GstMiniObject.dispose: the last reference is gone. Returning 0 keeps the object; a later ref brings it back to life.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MemoryUnreferenced(nint memory)
    {
        try
        {
            nint data = (nint)GstNative.gst_mini_object_get_qdata(memory, s_quark);
            if (data == 0)
                return 1;
            GCHandle handle = GCHandle.FromIntPtr(data);
            var picture = (Picture)handle.Target!;
            if (picture.Pool.Recycle(picture))
                return 0;
            handle.Free();
            return 1;
        }
        catch (Exception)
        {
            // Freed for good; its capture buffer goes when the pool closes.
            return 1;
        }
    }

    private bool Recycle(Picture picture)
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            _free.Add(picture);
            return true;
        }
    }

    // Not in _free any more: nobody else can reach it.
    private void Retire(Picture picture)
    {
        FreeMemory(picture);
        lock (_lock)
        {
            _all.Remove(picture);
            _retired.Add(picture);
        }
    }

    private static void FreeMemory(Picture picture)
    {
        nint memory = picture.Memory;
        picture.Memory = 0;
        // Brought to life without the recycling hook, and dropped.
        nint data = (nint)GstNative.gst_mini_object_get_qdata(memory, s_quark);
        GstNative.gst_mini_object_ref(memory);
        *(nint*)(memory + Layout.GstMiniObject_dispose) = 0;
        GstNative.gst_mini_object_unref(memory);
        if (data != 0)
            GCHandle.FromIntPtr(data).Free();
    }

    private void DisposeRetired()
    {
        lock (_lock)
        {
            foreach (Picture p in _retired)
                p.Capture.Dispose();
            _retired.Clear();
        }
    }

    private static nint SharedAllocator(nint allocator)
    {
        // One for the process, for ever: the leaks tracer shall know that this is meant.
        *(uint*)(allocator + Layout.GstObject_flags) |= GstConst.ObjectMayBeLeaked;
        return allocator;
    }

    // Variadic in C; its third argument is an int in a register on every ABI we publish for.
    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int DuplicateFd(int fd, int command, int from);
}
