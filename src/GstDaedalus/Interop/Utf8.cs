// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace GstDaedalus.Interop;

/// <summary>Text across the C boundary.</summary>
public static unsafe class Utf8
{
    /// <summary>Address of a "…"u8 literal: constant data of the image, zero-terminated by the compiler, never moved.</summary>
    public static byte* Literal(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));

    /// <summary>A copy that g_free releases; null stays null.</summary>
    public static byte* Duplicate(string? text)
    {
        if (text is null)
            return null;
        int n = Encoding.UTF8.GetByteCount(text);
        byte[] bytes = new byte[n + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        fixed (byte* p = bytes)
            return GLibNative.g_strndup(p, (nuint)n);
    }

    /// <summary>Managed copy of a C string; null becomes null.</summary>
    public static string? ToManaged(byte* text) => Marshal.PtrToStringUTF8((nint)text);
}
