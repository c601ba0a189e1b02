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

    // Handles are table entries, not addresses: a stale or wrong pointer from C is refused instead of followed.
    private const int TableSize = 1024;
    private static readonly EngineDecoder?[] s_decoders = new EngineDecoder?[TableSize];
    private static readonly uint[] s_generations = new uint[TableSize];

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

    /// <summary>daedalus_decoder_create.</summary>
    [UnmanagedCallersOnly(EntryPoint = "daedalus_decoder_create")]
    public static int Create(AbiConfig* config, void** decoder)
    {
        try
        {
            ProcessGuard.AfterRuntimeStart();
            if (config == null || decoder == null || config->Size < (uint)sizeof(AbiConfig))
                return Errno.Invalid;
            *decoder = null;
            int status = EngineDecoder.Create(*config, out EngineDecoder? created);
            if (status != 0)
                return status;
            lock (s_decoders)
            {
                for (int i = 0; i < TableSize; i++)
                {
                    if (s_decoders[i] != null)
                        continue;
                    s_decoders[i] = created;
                    *decoder = (void*)(nint)(((long)++s_generations[i] << 16) | (long)(i + 1));
                    return 0;
                }
            }
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
            EngineDecoder? d;
            lock (s_decoders)
            {
                d = Find(decoder);
                if (d != null)
                    s_decoders[(int)((nint)decoder & 0xffff) - 1] = null;
            }
            d?.Dispose();
        }
        catch (Exception)
        {
            // Nothing can be reported here, and nothing may escape into C.
        }
    }

    private static EngineDecoder? Find(void* handle)
    {
        int index = (int)((nint)handle & 0xffff) - 1;
        if ((uint)index >= TableSize || (uint)((nint)handle >> 16) != Volatile.Read(ref s_generations[index]))
            return null;
        return Volatile.Read(ref s_decoders[index]);
    }
}
