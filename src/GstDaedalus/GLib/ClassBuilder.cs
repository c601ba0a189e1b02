// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.Interop;

namespace GstDaedalus.GLib;

/// <summary>What class_init may do to a class struct. All texts are u8 literals: GObject keeps their addresses.</summary>
public readonly unsafe struct ClassBuilder
{
    private const uint Flags = GType.ParamStaticStrings;
    private readonly byte* _class;

    internal ClassBuilder(byte* klass) => _class = klass;

    /// <summary>Writes a function pointer into the class struct.</summary>
    public void Slot(int offset, void* function) => *(void**)(_class + offset) = function;

    /// <summary>gst_element_class_set_static_metadata.</summary>
    public void Metadata(ReadOnlySpan<byte> longName, ReadOnlySpan<byte> classification, ReadOnlySpan<byte> description, ReadOnlySpan<byte> author)
        => GstNative.gst_element_class_set_static_metadata(_class, Utf8.Literal(longName), Utf8.Literal(classification), Utf8.Literal(description), Utf8.Literal(author));

    /// <summary>An always-pad with the given caps.</summary>
    public void PadTemplate(ReadOnlySpan<byte> name, int direction, ReadOnlySpan<byte> caps)
    {
        nint c = GstNative.gst_caps_from_string(Utf8.Literal(caps));
        GstNative.gst_element_class_add_pad_template(_class, GstNative.gst_pad_template_new(Utf8.Literal(name), direction, GstConst.PadAlways, c));
        GstNative.gst_mini_object_unref(c);
    }

    /// <summary>guint property, changeable until READY.</summary>
    public void UInt(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb, uint min, uint max, uint value)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_uint(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            min, max, value, Flags | GType.ParamReadWrite | GType.ParamMutableReady));

    /// <summary>gint property, changeable until READY.</summary>
    public void Int(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb, int min, int max, int value)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_int(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            min, max, value, Flags | GType.ParamReadWrite | GType.ParamMutableReady));

    /// <summary>gboolean property, changeable until READY.</summary>
    public void Boolean(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb, bool value)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_boolean(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            value ? 1 : 0, Flags | GType.ParamReadWrite | GType.ParamMutableReady));

    /// <summary>String property, changeable until READY.</summary>
    public void String(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb, ReadOnlySpan<byte> value)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_string(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            Utf8.Literal(value), Flags | GType.ParamReadWrite | GType.ParamMutableReady));

    /// <summary>Enumeration property, changeable until READY.</summary>
    public void Enum(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb, nuint type, int value)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_enum(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            type, value, Flags | GType.ParamReadWrite | GType.ParamMutableReady));

    /// <summary>Read-only GstStructure property.</summary>
    public void ReadOnlyStructure(uint id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> nick, ReadOnlySpan<byte> blurb)
        => GLibNative.g_object_class_install_property(_class, id, GLibNative.g_param_spec_boxed(Utf8.Literal(name), Utf8.Literal(nick), Utf8.Literal(blurb),
            GstNative.gst_structure_get_type(), Flags | GType.ParamReadable));
}
