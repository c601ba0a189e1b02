// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace GstDaedalus.Interop;

#pragma warning disable CS1591 // one-to-one with the C API

/// <summary>GLib and GObject, non-variadic functions only; names as in C.</summary>
public static unsafe class GLibNative
{
    private const string GLib = "libglib-2.0.so.0";
    private const string GObject = "libgobject-2.0.so.0";

    [DllImport(GLib)] public static extern void g_free(void* mem);
    [DllImport(GLib)] public static extern byte* g_strndup(byte* str, nuint n);
    [DllImport(GLib)] public static extern uint g_quark_from_static_string(byte* str);

    [DllImport(GObject)] public static extern nuint g_type_register_static(nuint parent, byte* name, GTypeInfo* info, uint flags);
    [DllImport(GObject)] public static extern void g_type_query(nuint type, GTypeQuery* query);
    [DllImport(GObject)] public static extern nuint g_type_from_name(byte* name);
    [DllImport(GObject)] public static extern byte* g_type_name(nuint type);
    [DllImport(GObject)] public static extern void* g_type_class_peek_parent(void* klass);
    [DllImport(GObject)] public static extern void* g_type_class_ref(nuint type);
    [DllImport(GObject)] public static extern nuint g_enum_register_static(byte* name, void* values);

    [DllImport(GObject)] public static extern nint g_object_ref(nint obj);
    [DllImport(GObject)] public static extern void g_object_unref(nint obj);
    [DllImport(GObject)] public static extern void g_object_notify(nint obj, byte* property);
    [DllImport(GObject)] public static extern void g_object_class_install_property(void* klass, uint id, nint pspec);

    [DllImport(GObject)] public static extern nint g_param_spec_uint(byte* name, byte* nick, byte* blurb, uint min, uint max, uint value, uint flags);
    [DllImport(GObject)] public static extern nint g_param_spec_int(byte* name, byte* nick, byte* blurb, int min, int max, int value, uint flags);
    [DllImport(GObject)] public static extern nint g_param_spec_boolean(byte* name, byte* nick, byte* blurb, int value, uint flags);
    [DllImport(GObject)] public static extern nint g_param_spec_string(byte* name, byte* nick, byte* blurb, byte* value, uint flags);
    [DllImport(GObject)] public static extern nint g_param_spec_boxed(byte* name, byte* nick, byte* blurb, nuint type, uint flags);
    [DllImport(GObject)] public static extern nint g_param_spec_enum(byte* name, byte* nick, byte* blurb, nuint type, int value, uint flags);

    [DllImport(GObject)] public static extern GValue* g_value_init(GValue* value, nuint type);
    [DllImport(GObject)] public static extern void g_value_unset(GValue* value);
    [DllImport(GObject)] public static extern uint g_value_get_uint(GValue* value);
    [DllImport(GObject)] public static extern void g_value_set_uint(GValue* value, uint v);
    [DllImport(GObject)] public static extern void g_value_set_uint64(GValue* value, ulong v);
    [DllImport(GObject)] public static extern int g_value_get_int(GValue* value);
    [DllImport(GObject)] public static extern void g_value_set_int(GValue* value, int v);
    [DllImport(GObject)] public static extern int g_value_get_boolean(GValue* value);
    [DllImport(GObject)] public static extern void g_value_set_boolean(GValue* value, int v);
    [DllImport(GObject)] public static extern int g_value_get_enum(GValue* value);
    [DllImport(GObject)] public static extern void g_value_set_enum(GValue* value, int v);
    [DllImport(GObject)] public static extern byte* g_value_get_string(GValue* value);
    [DllImport(GObject)] public static extern void g_value_set_string(GValue* value, byte* v);
    [DllImport(GObject)] public static extern void g_value_take_boxed(GValue* value, void* v);
}

/// <summary>GTypeInfo.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GTypeInfo
{
    public ushort ClassSize;
    public void* BaseInit;
    public void* BaseFinalize;
    public delegate* unmanaged[Cdecl]<void*, void*, void> ClassInit;
    public void* ClassFinalize;
    public void* ClassData;
    public ushort InstanceSize;
    public ushort Preallocs;
    public delegate* unmanaged[Cdecl]<void*, void*, void> InstanceInit;
    public void* ValueTable;
}

/// <summary>GTypeQuery.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GTypeQuery
{
    public nuint Type;
    public byte* TypeName;
    public uint ClassSize;
    public uint InstanceSize;
}

/// <summary>GValue.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GValue
{
    public nuint Type;
    public ulong Data0;
    public ulong Data1;
}

/// <summary>GEnumValue.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GEnumValue
{
    public int Value;
    public byte* Name;
    public byte* Nick;
}

/// <summary>Fundamental types and parameter flags.</summary>
public static class GType
{
    public const nuint Boolean = 5 << 2;
    public const nuint Int = 6 << 2;
    public const nuint UInt = 7 << 2;
    public const nuint UInt64 = 11 << 2;
    public const nuint String = 16 << 2;
    public const nuint Boxed = 18 << 2;

    public const uint ParamReadable = 1;
    public const uint ParamReadWrite = 3;
    public const uint ParamStaticStrings = 224;
    public const uint ParamMutableReady = 1024;
}
