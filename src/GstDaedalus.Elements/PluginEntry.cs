// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GstDaedalus.Elements.Av1;
using GstDaedalus.Elements.H264;
using GstDaedalus.Elements.Vp9;
using GstDaedalus.Gst;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>What GStreamer looks up in libgstdaedalus.so.</summary>
public static unsafe class PluginEntry
{
    private static GstPluginDesc* s_desc;

    /// <summary>
    /// gst_plugin_daedalus_get_desc. The first managed code that runs: the runtime starts here and not in plugin_init,
    /// around which GStreamer exchanges signal handlers.
    /// </summary>
    [UnmanagedCallersOnly(EntryPoint = "gst_plugin_daedalus_get_desc", CallConvs = [typeof(CallConvCdecl)])]
    public static GstPluginDesc* GetDescription()
    {
        RestoreSignals();
        try
        {
            if (s_desc == null)
            {
                var desc = (GstPluginDesc*)NativeMemory.AllocZeroed((nuint)sizeof(GstPluginDesc));
                *desc = new GstPluginDesc
                {
                    Major = 1,
                    Minor = 22,
                    Name = Utf8.Literal("daedalus"u8),
                    Description = Utf8.Literal("Stateless video decoders"u8),
                    Init = &Init,
                    Version = Utf8.Literal("0.1.0"u8),
                    License = Utf8.Literal("LGPL"u8),
                    Source = Utf8.Literal("gst-daedalus"u8),
                    Package = Utf8.Literal("GstDaedalus"u8),
                    Origin = Utf8.Literal("Unknown package origin"u8),
                };
                s_desc = desc;
            }
            return s_desc;
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>gst_plugin_daedalus_register, for applications that link the plugin.</summary>
    [UnmanagedCallersOnly(EntryPoint = "gst_plugin_daedalus_register", CallConvs = [typeof(CallConvCdecl)])]
    public static void Register()
    {
        RestoreSignals();
        _ = GstNative.gst_plugin_register_static(1, 22, Utf8.Literal("daedalus"u8), Utf8.Literal("Stateless video decoders"u8), &Init,
            Utf8.Literal("0.1.0"u8), Utf8.Literal("LGPL"u8), Utf8.Literal("gst-daedalus"u8), Utf8.Literal("GstDaedalus"u8), Utf8.Literal("Unknown package origin"u8));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Init(nint plugin)
    {
        try
        {
            if (AbiCheck.Run() is { } problem)
            {
                new DebugCategory("daedalus"u8, "Daedalus plugin"u8).Log(null, DebugLevel.Error, problem);
                return 0;
            }
            return GstNative.gst_element_register(plugin, Utf8.Literal("daedalusvp9dec"u8), Vp9Decoder.Rank, Vp9Decoder.RegisterType().Type)
                & GstNative.gst_element_register(plugin, Utf8.Literal("daedalush264dec"u8), H264Decoder.Rank, H264Decoder.RegisterType().Type)
                & GstNative.gst_element_register(plugin, Utf8.Literal("daedalusav1dec"u8), Av1Decoder.Rank, Av1Decoder.RegisterType().Type);
        }
        catch (Exception)
        {
            return 0;
        }
    }

    // native/plugin_guard.c, linked into the library.
    [DllImport("daedalus_guard", EntryPoint = "daedalus_guard_restore")]
    private static extern void RestoreSignals();
}
