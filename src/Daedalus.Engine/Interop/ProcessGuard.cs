// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Interop;

/// <summary>Undoes what the start of the managed runtime does to the host process.</summary>
internal static unsafe partial class ProcessGuard
{
    private static int s_done;

    /// <summary>
    /// The runtime ignores SIGPIPE when it starts. A library must not: the disposition seen when the library was loaded comes back
    /// (native/engine_guard.c keeps it). Does nothing when the engine runs inside another .NET program.
    /// </summary>
    public static void AfterRuntimeStart()
    {
        if (Interlocked.Exchange(ref s_done, 1) != 0)
            return;
#if DAEDALUS_NATIVE_GUARD
        RestoreSignals();
#endif
    }

#if DAEDALUS_NATIVE_GUARD
    [LibraryImport("daedalus_engine_guard", EntryPoint = "daedalus_engine_restore_signals")]
    private static partial void RestoreSignals();
#endif
}
