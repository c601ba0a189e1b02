// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.V4L2.Devices;

/// <summary>struct daedalus_layout.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct EngineLayout
{
    public uint PixelFormat, Width, Height, PlaneCount;
    public fixed uint Offset[3];
    public fixed uint Stride[3];
    public uint Size, Reserved;

    public readonly CaptureLayout ToManaged() => new(PixelFormat, (int)Width, (int)Height, (int)PlaneCount,
        Offset[0], Offset[1], Offset[2], Stride[0], Stride[1], Stride[2], Size);

    public static EngineLayout From(in CaptureLayout l)
    {
        EngineLayout e = default;
        e.PixelFormat = l.PixelFormat;
        e.Width = (uint)l.Width;
        e.Height = (uint)l.Height;
        e.PlaneCount = (uint)l.PlaneCount;
        e.Offset[0] = l.Offset0;
        e.Offset[1] = l.Offset1;
        e.Offset[2] = l.Offset2;
        e.Stride[0] = l.Stride0;
        e.Stride[1] = l.Stride1;
        e.Stride[2] = l.Stride2;
        e.Size = l.Size;
        return e;
    }
}

/// <summary>struct daedalus_control.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct EngineControl
{
    public uint Id, Size;
    public void* Payload;
}

/// <summary>struct daedalus_request.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct EngineRequest
{
    public ulong Timestamp, Cookie;
    public byte* Bitstream;
    public uint BitstreamSize, ControlCount;
    public EngineControl* Controls;
    public uint CaptureIndex, Reserved;
    public byte* Capture;
    public EngineLayout Layout;
}

/// <summary>struct daedalus_config.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct EngineConfig
{
    public uint Size, CodedFormat, Threads, MaxInFlight;
    public delegate* unmanaged<void*, ulong, int, uint, void> Done;
    public void* User;
    public void* Pool;
}

/// <summary>struct daedalus_stats: counters of an engine since its creation.</summary>
/// <param name="Frames">Frames decoded.</param>
/// <param name="Errors">Requests that failed.</param>
/// <param name="Bytes">Bytes of bitstream taken.</param>
/// <param name="ManagedBytesAllocated">Managed allocation of the engine's runtime: constant in steady state.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct EngineStats(ulong Frames, ulong Errors, ulong Bytes, ulong ManagedBytesAllocated);

/// <summary>Addresses of the functions of native/include/daedalus.h.</summary>
/// <param name="CaptureLayout">daedalus_capture_layout.</param>
/// <param name="Create">daedalus_decoder_create.</param>
/// <param name="Submit">daedalus_decoder_submit.</param>
/// <param name="Cancel">daedalus_decoder_cancel.</param>
/// <param name="Drain">daedalus_decoder_drain.</param>
/// <param name="Reset">daedalus_decoder_reset.</param>
/// <param name="GetStats">daedalus_decoder_get_stats.</param>
/// <param name="Destroy">daedalus_decoder_destroy.</param>
/// <param name="CreatePool">daedalus_pool_create.</param>
/// <param name="DestroyPool">daedalus_pool_destroy.</param>
public readonly record struct EngineEntryPoints(nint CaptureLayout, nint Create, nint Submit, nint Cancel, nint Drain, nint Reset, nint GetStats, nint Destroy, nint CreatePool, nint DestroyPool);

/// <summary>The entry points of one loaded libdaedalus-engine.so.</summary>
internal sealed unsafe class EngineAbi
{
    public const uint Version = 1;

    public readonly delegate* unmanaged<uint, uint, uint, EngineLayout*, int> CaptureLayout;
    public readonly delegate* unmanaged<EngineConfig*, void**, int> Create;
    public readonly delegate* unmanaged<void*, EngineRequest*, int> Submit;
    public readonly delegate* unmanaged<void*, int> Cancel;
    public readonly delegate* unmanaged<void*, int> Drain;
    public readonly delegate* unmanaged<void*, int> Reset;
    public readonly delegate* unmanaged<void*, EngineStats*, int> GetStats;
    public readonly delegate* unmanaged<void*, void> Destroy;
    public readonly delegate* unmanaged<uint, void**, int> CreatePool;
    public readonly delegate* unmanaged<void*, int> DestroyPool;

    internal EngineAbi(in EngineEntryPoints e)
    {
        CaptureLayout = (delegate* unmanaged<uint, uint, uint, EngineLayout*, int>)e.CaptureLayout;
        Create = (delegate* unmanaged<EngineConfig*, void**, int>)e.Create;
        Submit = (delegate* unmanaged<void*, EngineRequest*, int>)e.Submit;
        Cancel = (delegate* unmanaged<void*, int>)e.Cancel;
        Drain = (delegate* unmanaged<void*, int>)e.Drain;
        Reset = (delegate* unmanaged<void*, int>)e.Reset;
        GetStats = (delegate* unmanaged<void*, EngineStats*, int>)e.GetStats;
        Destroy = (delegate* unmanaged<void*, void>)e.Destroy;
        CreatePool = (delegate* unmanaged<uint, void**, int>)e.CreatePool;
        DestroyPool = (delegate* unmanaged<void*, int>)e.DestroyPool;
    }

    private EngineAbi(nint library)
    {
        CaptureLayout = (delegate* unmanaged<uint, uint, uint, EngineLayout*, int>)NativeLibrary.GetExport(library, "daedalus_capture_layout");
        Create = (delegate* unmanaged<EngineConfig*, void**, int>)NativeLibrary.GetExport(library, "daedalus_decoder_create");
        Submit = (delegate* unmanaged<void*, EngineRequest*, int>)NativeLibrary.GetExport(library, "daedalus_decoder_submit");
        Cancel = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "daedalus_decoder_cancel");
        Drain = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "daedalus_decoder_drain");
        Reset = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "daedalus_decoder_reset");
        GetStats = (delegate* unmanaged<void*, EngineStats*, int>)NativeLibrary.GetExport(library, "daedalus_decoder_get_stats");
        Destroy = (delegate* unmanaged<void*, void>)NativeLibrary.GetExport(library, "daedalus_decoder_destroy");
        CreatePool = (delegate* unmanaged<uint, void**, int>)NativeLibrary.GetExport(library, "daedalus_pool_create");
        DestroyPool = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "daedalus_pool_destroy");
    }

    /// <summary>Loads a library and checks its version. Never unloads: NativeAOT libraries cannot be.</summary>
    /// <exception cref="DeviceException">Not loadable, not an engine or another ABI version.</exception>
    public static EngineAbi Load(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new DeviceException($"The engine {path} cannot be loaded: {e.Message}", -2);
        }
        if (!NativeLibrary.TryGetExport(library, "daedalus_abi_version", out nint address))
            throw new DeviceException($"{path} is no Daedalus engine: it does not export daedalus_abi_version.", -22);
        uint version = ((delegate* unmanaged<uint>)address)();
        if (version != Version)
            throw new DeviceException($"The engine {path} has ABI version {version}, this build needs {Version}: install plugin and engine of one release.", -22);
        try
        {
            return new EngineAbi(library);
        }
        catch (EntryPointNotFoundException e)
        {
            throw new DeviceException($"The engine {path} is incomplete: {e.Message}", -22);
        }
    }
}
