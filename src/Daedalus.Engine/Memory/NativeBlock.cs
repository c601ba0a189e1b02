// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;

namespace Daedalus.Engine.Memory;

/// <summary>A 64-byte aligned block of native memory that only grows. Not thread-safe.</summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private void* _raw;
    private bool _isLarge;

    /// <summary>Start, 64-byte aligned.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Usable bytes.</summary>
    public nuint Size { get; private set; }

    /// <summary>Makes the block hold at least <paramref name="bytes"/>; when it has to grow its content is lost and all zero.</summary>
    /// <param name="bytes">Size.</param>
    /// <param name="sparse">Usually only the beginning of it is used: in ordinary pages, of which those that are not touched cost nothing.</param>
    /// <returns>Whether the block was reallocated.</returns>
    public bool Reserve(nuint bytes, bool sparse = false)
    {
        if (bytes <= Size)
            return false;
        Dispose();
        if (!sparse && bytes >= LargePageHeap.SmallestBlock && LargePageHeap.IsUsed)
        {
            Pointer = LargePageHeap.Allocate(bytes);
            if (Pointer == null)
                throw new OutOfMemoryException();
            _isLarge = true;
            Size = bytes;
            return true;
        }
        // calloc: large blocks come as untouched zero pages, so a generous reservation costs nothing until used.
        _raw = NativeMemory.AllocZeroed(checked(bytes + 64));
        Pointer = (byte*)(((nint)_raw + 63) & ~(nint)63);
        Size = bytes;
        return true;
    }

    /// <summary>Zeroes everything.</summary>
    public void Clear() => NativeMemory.Clear(Pointer, Size);

    /// <summary>Frees; the block may be reserved again.</summary>
    public void Dispose()
    {
        if (_isLarge)
            LargePageHeap.Free(Pointer, Size);
        _isLarge = false;
        NativeMemory.Free(_raw);
        _raw = null;
        Pointer = null;
        Size = 0;
    }
}
