// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Scheduling;

namespace Daedalus.Engine.Interop;

/// <summary>The C ABI of native/include/daedalus.h. No exception leaves an entry point.</summary>
public static unsafe class EngineExports
{
    /// <summary>DAEDALUS_ABI_VERSION.</summary>
    public const uint AbiVersion = 1;

    private static readonly HandleTable<EngineDecoder> s_decoders = new();
    private static readonly HandleTable<WorkerPool> s_pools = new();

    /// <summary>daedalus_abi_version.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_abi_version")]
    public static uint GetAbiVersion()
    {
        ProcessGuard.AfterRuntimeStart();
        return AbiVersion;
    }

    /// <summary>daedalus_capture_layout.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_capture_layout")]
    public static int CaptureLayout(uint pixelFormat, uint width, uint height, AbiLayout* layout)
    {
        if (layout == null)
            return Errno.Invalid;
        return PictureLayout.Fill(pixelFormat, width, height, layout) ? 0 : Errno.Invalid;
    }

    /// <summary>daedalus_pool_create.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_pool_create")]
    public static int CreatePool(uint threads, void** pool)
    {
        try
        {
            ProcessGuard.AfterRuntimeStart();
            if (pool == null || threads > int.MaxValue)
                return Errno.Invalid;
            var created = new WorkerPool((int)threads);
            *pool = s_pools.Add(created);
            if (*pool != null)
                return 0;
            created.TryDispose();
            return Errno.NoMemory;
        }
        catch (OutOfMemoryException)
        {
            return Errno.NoMemory;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_pool_destroy.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_pool_destroy")]
    public static int DestroyPool(void* pool)
    {
        try
        {
            WorkerPool? p = s_pools.Find(pool);
            if (p == null)
                return Errno.Invalid;
            if (!p.TryDispose())
                return Errno.Busy;
            s_pools.Remove(pool);
            return 0;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_create.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_create")]
    public static int Create(AbiConfig* config, void** decoder)
    {
        try
        {
            ProcessGuard.AfterRuntimeStart();
            if (config == null || decoder == null || config->Size < AbiConfig.SizeWithoutPool)
                return Errno.Invalid;
            *decoder = null;
            WorkerPool? pool = null;
            if (config->Size >= (uint)sizeof(AbiConfig) && config->Pool != null)
            {
                pool = s_pools.Find(config->Pool);
                if (pool == null)
                    return Errno.Invalid;
            }
            AbiConfig own = default;
            Buffer.MemoryCopy(config, &own, sizeof(AbiConfig), AbiConfig.SizeWithoutPool);
            int status = EngineDecoder.Create(own, pool, out EngineDecoder? created);
            if (status != 0)
                return status;
            *decoder = s_decoders.Add(created!);
            if (*decoder != null)
                return 0;
            created!.Dispose();
            return Errno.NoMemory;
        }
        catch (OutOfMemoryException)
        {
            return Errno.NoMemory;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_submit.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_submit")]
    public static int Submit(void* decoder, AbiRequest* request)
    {
        try
        {
            EngineDecoder? d = Find(decoder);
            return d == null || request == null ? Errno.Invalid : d.Submit(request);
        }
        catch (OutOfMemoryException)
        {
            return Errno.NoMemory;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_cancel.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_cancel")]
    public static int Cancel(void* decoder)
    {
        try
        {
            EngineDecoder? d = Find(decoder);
            if (d == null)
                return Errno.Invalid;
            d.Cancel();
            return 0;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_drain.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_drain")]
    public static int Drain(void* decoder)
    {
        try
        {
            EngineDecoder? d = Find(decoder);
            if (d == null)
                return Errno.Invalid;
            d.Drain();
            return 0;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_reset.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_reset")]
    public static int Reset(void* decoder)
    {
        try
        {
            EngineDecoder? d = Find(decoder);
            return d == null ? Errno.Invalid : d.Reset();
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_get_stats.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_get_stats")]
    public static int GetStats(void* decoder, AbiStats* stats)
    {
        try
        {
            EngineDecoder? d = Find(decoder);
            if (d == null || stats == null)
                return Errno.Invalid;
            *stats = d.Stats;
            return 0;
        }
        catch (Exception)
        {
            return Errno.Io;
        }
    }

    /// <summary>daedalus_decoder_destroy.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_destroy")]
    public static void Destroy(void* decoder)
    {
        try
        {
            s_decoders.Remove(decoder)?.Dispose();
        }
        catch (Exception)
        {
            // Nothing can be reported here, and nothing may escape into C.
        }
    }

    private static EngineDecoder? Find(void* handle) => s_decoders.Find(handle);
}
