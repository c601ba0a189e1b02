// SPDX-License-Identifier: LGPL-2.1-or-later
using GstDaedalus.Interop;

namespace GstDaedalus.Gst;

/// <summary>Builds a GstStructure that somebody else will own.</summary>
public readonly unsafe struct StructureBuilder
{
    private readonly nint _handle;

    /// <summary>An empty structure; the name is a u8 literal.</summary>
    public StructureBuilder(ReadOnlySpan<byte> name) => _handle = GstNative.gst_structure_new_empty(Utf8.Literal(name));

    /// <summary>Adds a string; null is left out.</summary>
    public StructureBuilder Add(ReadOnlySpan<byte> field, string? text)
    {
        if (text is null)
            return this;
        GValue value = default;
        GLibNative.g_value_init(&value, GType.String);
        byte* copy = Utf8.Duplicate(text);
        GLibNative.g_value_set_string(&value, copy);
        GLibNative.g_free(copy);
        return Set(field, &value);
    }

    /// <summary>Adds a guint64.</summary>
    public StructureBuilder Add(ReadOnlySpan<byte> field, ulong number)
    {
        GValue value = default;
        GLibNative.g_value_init(&value, GType.UInt64);
        GLibNative.g_value_set_uint64(&value, number);
        return Set(field, &value);
    }

    /// <summary>Adds a guint.</summary>
    public StructureBuilder Add(ReadOnlySpan<byte> field, uint number)
    {
        GValue value = default;
        GLibNative.g_value_init(&value, GType.UInt);
        GLibNative.g_value_set_uint(&value, number);
        return Set(field, &value);
    }

    private StructureBuilder Set(ReadOnlySpan<byte> field, GValue* value)
    {
        GstNative.gst_structure_set_value(_handle, Utf8.Literal(field), value);
        GLibNative.g_value_unset(value);
        return this;
    }

    /// <summary>Gives the structure to a boxed GValue.</summary>
    public void MoveTo(GValue* value) => GLibNative.g_value_take_boxed(value, (void*)_handle);
}
