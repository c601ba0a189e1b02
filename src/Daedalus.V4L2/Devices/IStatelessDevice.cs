// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Devices;

/// <summary>Names of a device, as VIDIOC_QUERYCAP and the element's <c>stats</c> give them.</summary>
/// <param name="Route">"embedded", "kernel" or "dummy".</param>
/// <param name="Driver">Driver name.</param>
/// <param name="Card">Card name.</param>
/// <param name="Path">Device node or library path.</param>
public sealed record DeviceInfo(string Route, string Driver, string Card, string Path);

/// <summary>How a session is to be opened.</summary>
/// <param name="CodedFormat">A coded format of <see cref="PixelFormat"/>.</param>
/// <param name="Threads">0 = one for each CPU; 1 = the embedded engine decodes inside Submit.</param>
/// <param name="MaxInFlight">Requests in flight before Submit blocks; 0 = the device's choice.</param>
/// <param name="Completed">Called once for each accepted request, on any thread, never under a lock of the session. Must not throw.</param>
/// <param name="Awaits">The caller waits with <see cref="IStatelessSession.Await"/>: the session need not report completions before that.</param>
public sealed record SessionOptions(uint CodedFormat, int Threads, int MaxInFlight, Action<Completion> Completed, bool Awaits = false);

/// <summary>Result of one request.</summary>
/// <param name="Cookie">As given at submission.</param>
/// <param name="Status">0 or a negative errno (-125 = cancelled).</param>
/// <param name="Corrupted">Pixels were concealed (V4L2_BUF_FLAG_ERROR with data).</param>
public readonly record struct Completion(ulong Cookie, int Status, bool Corrupted);

/// <summary>Memory layout of a CAPTURE buffer; see struct daedalus_layout.</summary>
public readonly record struct CaptureLayout(uint PixelFormat, int Width, int Height, int PlaneCount,
    uint Offset0, uint Offset1, uint Offset2, uint Stride0, uint Stride1, uint Stride2, uint Size);

/// <summary>What the stream's pictures are, from its headers.</summary>
/// <param name="Width">Frame width in luma samples, 1..65536.</param>
/// <param name="Height">Frame height in luma samples.</param>
/// <param name="BitDepth">8, 9, 10, 12 or 14.</param>
/// <param name="SubsamplingX">0..1.</param>
/// <param name="SubsamplingY">0..1.</param>
public readonly record struct CodedGeometry(int Width, int Height, int BitDepth, int SubsamplingX, int SubsamplingY);

/// <summary>One control payload in native memory.</summary>
/// <param name="Id">V4L2 control id.</param>
/// <param name="Payload">Address of the struct.</param>
/// <param name="Size">Its size in bytes.</param>
public readonly unsafe record struct ControlPayload(uint Id, nint Payload, uint Size);

/// <summary>A decoder as V4L2 models it: opens sessions (file handles) that decode requests.</summary>
public interface IStatelessDevice : IDisposable
{
    /// <summary>Names of the device.</summary>
    DeviceInfo Info { get; }

    /// <summary>Whether a coded format can be decoded.</summary>
    bool Supports(uint codedFormat);

    /// <summary>Opens a stream.</summary>
    /// <exception cref="DeviceException">The device refuses; the message says why.</exception>
    IStatelessSession OpenSession(SessionOptions options);
}

/// <summary>
/// One stream on a device. One thread submits; completions come in any order. <see cref="Cancel"/> may be called from any thread.
/// </summary>
public interface IStatelessSession : IDisposable
{
    /// <summary>Picture formats offered for a geometry, the native (copy-free) one first.</summary>
    IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry);

    /// <summary>
    /// Sets the CAPTURE format (S_FMT) for the requests that follow; buffers of an earlier format stay valid as references.
    /// </summary>
    /// <exception cref="DeviceException">Not supported.</exception>
    CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat);

    /// <summary>CAPTURE buffers there can be at once.</summary>
    int MaxCaptureBuffers => 128;

    /// <summary>CAPTURE buffers are dmabufs.</summary>
    bool ExportsDmabuf => false;

    /// <summary>The device has been removed: nothing that is submitted will be decoded.</summary>
    bool IsLost => false;

    /// <summary>Allocates one CAPTURE buffer of the current format (CREATE_BUFS + EXPBUF).</summary>
    /// <exception cref="DeviceException">Out of memory or slots.</exception>
    CaptureBuffer AllocateCapture();

    /// <summary>
    /// Queues one request. <paramref name="bitstream"/> must stay readable until completion on the embedded route
    /// (the kernel route copies it). The two fields of an H.264 frame are two requests with the same buffer and the same timestamp, one
    /// after the other; every request has a cookie of its own. Returns 0 (a completion follows) or a negative errno (none follows). Allocates nothing.
    /// </summary>
    int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie);

    /// <summary>
    /// Of a session that was opened with <see cref="SessionOptions.Awaits"/>: waits for a short time for completions and reports them on the calling thread. False:
    /// the session reports by itself, the caller waits for that in its own way.
    /// </summary>
    bool Await() => false;

    /// <summary>Abandons what is in flight (completions report -125) and waits for the completions.</summary>
    void Cancel();

    /// <summary>Waits until everything submitted is complete.</summary>
    void Drain();

    /// <summary>Forgets stream state (references, contexts), as STREAMOFF. Nothing may be in flight.</summary>
    void Reset();
}

/// <summary>
/// One CAPTURE buffer: an fd with the picture in it. Its memory lives until both the session side is disposed and every dup of the fd is closed.
/// </summary>
public abstract class CaptureBuffer : IDisposable
{
    /// <summary>V4L2 buffer index / engine slot, 0..127.</summary>
    public abstract int Index { get; }
    /// <summary>memfd or dmabuf; owned by this object: dup it to keep it longer.</summary>
    public abstract int Fd { get; }
    /// <summary>Whether <see cref="Fd"/> is a real dmabuf (importable by GPUs).</summary>
    public abstract bool IsDmabuf { get; }
    /// <summary>The layout it was allocated with.</summary>
    public abstract CaptureLayout Layout { get; }
    /// <summary>False when the device has given the buffer up (another format): it can be read, not decoded into or referred to.</summary>
    public virtual bool IsValid => true;
    /// <summary>CPU mapping of the whole buffer (shared mapping of the fd) or 0 when the route has none.</summary>
    public abstract nint Map { get; }
    /// <summary>Comes before the CPU reads, or also writes, through <see cref="Map"/> (DMA_BUF_IOCTL_SYNC): caches then hold what the device wrote. Nothing for memory files.</summary>
    public virtual void BeginCpuAccess(bool write) { }
    /// <summary>Comes after it: the device sees what was written.</summary>
    public virtual void EndCpuAccess(bool write) { }
    /// <summary>Gives slot and mapping back. Must not be in flight or referenced.</summary>
    public abstract void Dispose();
}

/// <summary>A device refused or failed; the message says what and what to do.</summary>
public sealed class DeviceException : Exception
{
    /// <summary>With message and (negative) errno.</summary>
    public DeviceException(string message, int errno = 0) : base(message) => Errno = errno;
    /// <summary>Negative errno or 0.</summary>
    public int Errno { get; }
}
