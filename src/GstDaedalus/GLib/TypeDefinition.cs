// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GstDaedalus.Interop;

namespace GstDaedalus.GLib;

/// <summary>
/// A GType implemented by a managed class. The C instance is the parent's plus one GCHandle; the class struct is the parent's,
/// with function pointers written over its slots.
/// </summary>
public sealed unsafe class TypeDefinition
{
    // Types are never unregistered: a list that only grows, read without a lock.
    private static volatile TypeDefinition[] s_all = [];
    private static readonly Lock s_lock = new();

    private readonly Func<GObject> _create;
    private readonly ClassInitializer _classInit;
    private readonly int _handleOffset;

    /// <summary>Fills a class struct.</summary>
    public delegate void ClassInitializer(in ClassBuilder builder);

    private TypeDefinition(int handleOffset, Func<GObject> create, ClassInitializer classInit)
    {
        _handleOffset = handleOffset;
        _create = create;
        _classInit = classInit;
    }

    /// <summary>The registered type.</summary>
    public nuint Type { get; private set; }

    /// <summary>Class struct of the parent, for chaining up; 0 before the class was initialised.</summary>
    public nint ParentClass { get; private set; }

    /// <summary>Registers a type, once for each process.</summary>
    /// <param name="parent">GType of the parent; its sizes must have been verified.</param>
    /// <param name="name">Type name, a u8 literal.</param>
    /// <param name="create">Makes the managed half of an instance.</param>
    /// <param name="classInit">Fills the class struct.</param>
    /// <exception cref="InvalidOperationException">GLib refused.</exception>
    public static TypeDefinition Register(nuint parent, ReadOnlySpan<byte> name, Func<GObject> create, ClassInitializer classInit)
    {
        lock (s_lock)
        {
            GTypeQuery query;
            GLibNative.g_type_query(parent, &query);
            // Instance sizes of GObject types are multiples of the pointer size in practice; the rounding keeps the handle aligned anyhow.
            int offset = (int)(query.InstanceSize + 7 & ~7u);
            var definition = new TypeDefinition(offset, create, classInit);
            GTypeInfo info = default;
            info.ClassSize = (ushort)query.ClassSize;
            info.ClassInit = &ClassInit;
            info.ClassData = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(definition));
            info.InstanceSize = (ushort)(offset + sizeof(nint));
            info.InstanceInit = &InstanceInit;
            definition.Type = GLibNative.g_type_register_static(parent, Utf8.Literal(name), &info, 0);
            if (definition.Type == 0)
                throw new InvalidOperationException("g_type_register_static failed");
            s_all = [.. s_all, definition];
            return definition;
        }
    }

    private static TypeDefinition? Find(nuint type)
    {
        foreach (TypeDefinition t in s_all)
            if (t.Type == type)
                return t;
        return null;
    }

    private static TypeDefinition? FromInstance(nint instance) => Find(**(nuint**)instance);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ClassInit(void* klass, void* data)
    {
        try
        {
            var definition = (TypeDefinition)GCHandle.FromIntPtr((nint)data).Target!;
            definition.ParentClass = (nint)GLibNative.g_type_class_peek_parent(klass);
            byte* c = (byte*)klass;
            *(delegate* unmanaged[Cdecl]<nint, uint, GValue*, nint, void>*)(c + Layout.GObjectClass_set_property) = &SetProperty;
            *(delegate* unmanaged[Cdecl]<nint, uint, GValue*, nint, void>*)(c + Layout.GObjectClass_get_property) = &GetProperty;
            *(delegate* unmanaged[Cdecl]<nint, void>*)(c + Layout.GObjectClass_finalize) = &Finalize;
            definition._classInit(new ClassBuilder(c));
        }
        catch (Exception)
        {
            // Nobody to tell yet; an instance of the half-filled class fails on its own.
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void InstanceInit(void* instance, void* klass)
    {
        TypeDefinition? definition = Find(*(nuint*)klass);
        if (definition is null)
            return;
        try
        {
            GObject managed = definition._create();
            managed.Handle = (nint)instance;
            *(nint*)((byte*)instance + definition._handleOffset) = GCHandle.ToIntPtr(GCHandle.Alloc(managed));
            managed.OnConstructed();
        }
        catch (Exception)
        {
            // The handle stays 0: every callback of the instance then reports failure.
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SetProperty(nint instance, uint id, GValue* value, nint spec)
    {
        GObject? self = Managed(instance);
        try
        {
            self?.OnSetProperty(id, value);
        }
        catch (Exception e)
        {
            self!.OnException(e, "set_property");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void GetProperty(nint instance, uint id, GValue* value, nint spec)
    {
        GObject? self = Managed(instance);
        try
        {
            self?.OnGetProperty(id, value);
        }
        catch (Exception e)
        {
            self!.OnException(e, "get_property");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Finalize(nint instance)
    {
        TypeDefinition? definition = FromInstance(instance);
        if (definition is null)
            return;
        nint* slot = (nint*)(instance + definition._handleOffset);
        try
        {
            if (*slot != 0)
            {
                GCHandle handle = GCHandle.FromIntPtr(*slot);
                var managed = (GObject)handle.Target!;
                managed.OnFinalize();
                managed.Handle = 0;
                *slot = 0;
                handle.Free();
            }
        }
        catch (Exception)
        {
            // The parent's finalize must run whatever happened here.
        }
        var parent = *(delegate* unmanaged[Cdecl]<nint, void>*)(definition.ParentClass + Layout.GObjectClass_finalize);
        parent(instance);
    }

    private static GObject? Managed(nint instance)
    {
        TypeDefinition? definition = FromInstance(instance);
        return definition is null ? null : GObject.FromInstance<GObject>(instance, definition._handleOffset);
    }
}
