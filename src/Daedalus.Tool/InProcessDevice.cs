// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Reflection;
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>The engine's C entry points without the shared library: the assembly beside this program, compiled just in time.</summary>
internal static class InProcessDevice
{
    public static IStatelessDevice Open(int sharedThreads = -1)
    {
        const string TypeName = "Daedalus.Engine.Interop.EngineExports, Daedalus.Engine";
        Type exports = Type.GetType(TypeName) ?? throw new DeviceException("This program is built without the engine: use --engine PATH.", -2);
        var addresses = new Dictionary<string, nint>();
        foreach (MethodInfo method in exports.GetMethods(BindingFlags.Static | BindingFlags.Public))
        {
            if (method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint is { } name)
                addresses[name] = method.MethodHandle.GetFunctionPointer();
        }
        return EmbeddedDevice.FromEntryPoints("in-process", new EngineEntryPoints(
            addresses["daedalus_capture_layout"], addresses["daedalus_decoder_create"], addresses["daedalus_decoder_submit"],
            addresses["daedalus_decoder_cancel"], addresses["daedalus_decoder_drain"], addresses["daedalus_decoder_reset"],
            addresses["daedalus_decoder_get_stats"], addresses["daedalus_decoder_destroy"],
            addresses["daedalus_pool_create"], addresses["daedalus_pool_destroy"]), sharedThreads);
    }
}
