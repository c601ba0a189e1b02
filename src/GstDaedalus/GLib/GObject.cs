// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GstDaedalus.Interop;

namespace GstDaedalus.GLib;

/// <summary>
/// Managed half of a GObject instance whose type is registered by <see cref="TypeDefinition"/>. The instance owns a handle to
/// this object and frees it in finalize; this object never owns the instance.
/// </summary>
public abstract unsafe class GObject
{
    /// <summary>The C instance. 0 before construction and after finalize.</summary>
    public nint Handle { get; internal set; }

    /// <summary>End of instance_init: <see cref="Handle"/> is set, construct properties are not.</summary>
    protected internal virtual void OnConstructed() { }

    /// <summary>GObjectClass.set_property.</summary>
    protected internal virtual void OnSetProperty(uint id, GValue* value) { }

    /// <summary>GObjectClass.get_property.</summary>
    protected internal virtual void OnGetProperty(uint id, GValue* value) { }

    /// <summary>GObjectClass.finalize, before the parent's: release native resources. The object must not be resurrected.</summary>
    protected internal virtual void OnFinalize() { }

    /// <summary>An exception reached the C boundary; the default tells nobody.</summary>
    protected internal virtual void OnException(Exception exception, string where) { }

    /// <summary>The managed half of an instance, or null outside its life. <paramref name="handleOffset"/> is the parent's instance size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T? FromInstance<T>(nint instance, int handleOffset) where T : GObject
    {
        nint handle = *(nint*)(instance + handleOffset);
        return handle == 0 ? null : Unsafe.As<T>(GCHandle.FromIntPtr(handle).Target);
    }
}
