// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Devices;

/// <summary>The engine in this process, reached through its C ABI.</summary>
public sealed class EmbeddedDevice : IStatelessDevice
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, EngineAbi> s_loaded = [];

    private readonly EngineAbi _abi;
    private unsafe void* _pool;

    private unsafe EmbeddedDevice(string path, EngineAbi abi, int sharedThreads)
    {
        _abi = abi;
        if (sharedThreads >= 0)
        {
            void* pool;
            int status = abi.CreatePool((uint)sharedThreads, &pool);
            if (status != 0)
                throw new DeviceException($"The engine cannot start {sharedThreads} threads (errno {-status}).", status);
            _pool = pool;
        }
        Info = new DeviceInfo("embedded", "daedalus", "Daedalus software decoder", path);
    }

    /// <inheritdoc/>
    public DeviceInfo Info { get; }

    /// <summary>Opens the engine for this CPU.</summary>
    /// <param name="path">Engine file, or null to search (<see cref="EngineLocator"/>).</param>
    /// <param name="sharedThreads">
    /// -1: each session has threads of its own. Else the threads that all sessions of this device share, 0: one for each CPU;
    /// <see cref="SessionOptions.Threads"/> says how many of them work for a session at a time, 0: all. The device is then disposed after its sessions.
    /// </param>
    /// <exception cref="DeviceException">Not found, not loadable or another ABI.</exception>
    public static EmbeddedDevice Open(string? path = null, int sharedThreads = -1)
    {
        if (path == null)
        {
            path = EngineLocator.Find(out IReadOnlyList<string> searched)
                ?? throw new DeviceException($"No engine found. Looked for {string.Join(", ", searched)}. Set {EngineLocator.Variable} to {EngineLocator.FileName}.", -2);
        }
        else if (!File.Exists(path))
        {
            throw new DeviceException($"The engine {path} does not exist.", -2);
        }
        path = Path.GetFullPath(path);
        lock (s_lock)
        {
            if (!s_loaded.TryGetValue(path, out EngineAbi? abi))
                s_loaded[path] = abi = EngineAbi.Load(path);
            return new EmbeddedDevice(path, abi, sharedThreads);
        }
    }

    /// <summary>A device on an engine that is part of the program: for development under a JIT and for tests.</summary>
    public static EmbeddedDevice FromEntryPoints(string name, in EngineEntryPoints entryPoints, int sharedThreads = -1) => new(name, new EngineAbi(entryPoints), sharedThreads);

    /// <inheritdoc/>
    public bool Supports(uint codedFormat) => codedFormat is PixelFormat.Vp9Frame or PixelFormat.H264Slice or PixelFormat.Av1Frame;

    /// <inheritdoc/>
    public unsafe IStatelessSession OpenSession(SessionOptions options) => new EmbeddedSession(_abi, options, _pool);

    /// <summary>Ends the shared threads. The engine remains: a NativeAOT library stays loaded.</summary>
    public unsafe void Dispose()
    {
        if (_pool != null)
            _ = _abi.DestroyPool(_pool);
        _pool = null;
    }
}

/// <summary>A stream on the embedded engine.</summary>
public sealed unsafe class EmbeddedSession : IStatelessSession
{
    private const int MaxControls = 8;

    private readonly EngineAbi _abi;
    private readonly Action<Completion> _completed;
    private readonly SlotMap _slots = new();
    private GCHandle _self;
    private void* _decoder;
    private CaptureLayout _layout;
    // Held by the layouts the buffers return to after the session is gone: keeps the callback's target simple.
    private readonly Action<int> _freed;

    internal EmbeddedSession(EngineAbi abi, SessionOptions options, void* pool)
    {
        _abi = abi;
        _completed = options.Completed;
        _freed = _slots.Free;
        _self = GCHandle.Alloc(this);
        EngineConfig config = new()
        {
            Size = (uint)sizeof(EngineConfig),
            CodedFormat = options.CodedFormat,
            Threads = (uint)Math.Max(0, options.Threads),
            MaxInFlight = (uint)Math.Max(0, options.MaxInFlight),
            Done = &Done,
            User = (void*)GCHandle.ToIntPtr(_self),
            Pool = pool,
        };
        void* decoder;
        int status = abi.Create(&config, &decoder);
        if (status != 0)
        {
            _self.Free();
            GC.SuppressFinalize(this);
            throw new DeviceException($"The engine cannot decode {PixelFormat.ToText(options.CodedFormat)} with {options.Threads} threads (errno {-status}).", status);
        }
        _decoder = decoder;
    }

    /// <summary>Counters of the engine.</summary>
    public EngineStats Stats
    {
        get
        {
            EngineStats stats;
            return _decoder != null && _abi.GetStats(_decoder, &stats) == 0 ? stats : default;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<uint> CaptureFormats(in CodedGeometry geometry)
    {
        var formats = new List<uint>(3);
        AddIfOffered(formats, PixelFormat.Planar(geometry.SubsamplingX, geometry.SubsamplingY, geometry.BitDepth), geometry);
        if (geometry.SubsamplingX == 1 && geometry.SubsamplingY == 1)
        {
            if (geometry.BitDepth == 8)
                AddIfOffered(formats, PixelFormat.Nv12, geometry);
            else if (geometry.BitDepth == 10)
                AddIfOffered(formats, PixelFormat.P010, geometry);
        }
        return formats;
    }

    private void AddIfOffered(List<uint> formats, uint format, in CodedGeometry geometry)
    {
        EngineLayout layout;
        if (_abi.CaptureLayout(format, (uint)geometry.Width, (uint)geometry.Height, &layout) == 0)
            formats.Add(format);
    }

    /// <inheritdoc/>
    public CaptureLayout SetCaptureFormat(in CodedGeometry geometry, uint pixelFormat)
    {
        EngineLayout layout;
        int status = _abi.CaptureLayout(pixelFormat, (uint)geometry.Width, (uint)geometry.Height, &layout);
        if (status != 0)
            throw new DeviceException($"The engine does not write {PixelFormat.ToText(pixelFormat)} of {geometry.Width}x{geometry.Height} (errno {-status}).", status);
        return _layout = layout.ToManaged();
    }

    /// <inheritdoc/>
    public CaptureBuffer AllocateCapture()
    {
        int index = _slots.Take();
        try
        {
            return new MemfdCaptureBuffer(index, _layout, _freed);
        }
        catch
        {
            _slots.Free(index);
            throw;
        }
    }

    /// <inheritdoc/>
    public int Submit(ReadOnlySpan<ControlPayload> controls, nint bitstream, int bitstreamSize, CaptureBuffer capture, ulong timestamp, ulong cookie)
    {
        if (_decoder == null || controls.Length > MaxControls || bitstreamSize < 0)
            return -22;
        EngineControl* native = stackalloc EngineControl[MaxControls];
        for (int i = 0; i < controls.Length; i++)
            native[i] = new EngineControl { Id = controls[i].Id, Size = controls[i].Size, Payload = (void*)controls[i].Payload };
        EngineRequest request = new()
        {
            Timestamp = timestamp,
            Cookie = cookie,
            Bitstream = (byte*)bitstream,
            BitstreamSize = (uint)bitstreamSize,
            ControlCount = (uint)controls.Length,
            Controls = native,
            CaptureIndex = (uint)capture.Index,
            Capture = (byte*)capture.Map,
            Layout = EngineLayout.From(capture.Layout),
        };
        return _abi.Submit(_decoder, &request);
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        if (_decoder != null)
            _ = _abi.Cancel(_decoder);
    }

    /// <inheritdoc/>
    public void Drain()
    {
        if (_decoder != null)
            _ = _abi.Drain(_decoder);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        if (_decoder != null)
            _ = _abi.Reset(_decoder);
    }

    /// <summary>Cancels what is in flight, waits and frees the decoder. Its buffers stay valid until they are disposed.</summary>
    public void Dispose()
    {
        if (_decoder == null)
            return;
        void* decoder = _decoder;
        _decoder = null;
        _abi.Destroy(decoder);
        _self.Free();
    }

    [UnmanagedCallersOnly]
    private static void Done(void* user, ulong cookie, int status, uint flags)
    {
        try
        {
            if (GCHandle.FromIntPtr((nint)user).Target is EmbeddedSession session)
                session._completed(new Completion(cookie, status, (flags & 1) != 0));
        }
        catch
        {
            // The contract forbids it; an exception that reaches native frames would end the process.
        }
    }
}
