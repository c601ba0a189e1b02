// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Interop;

/// <summary>What C holds handles of. They are table entries, not addresses: a stale or wrong pointer from C is refused instead of followed.</summary>
internal sealed unsafe class HandleTable<T>
    where T : class
{
    private const int Size = 1024;
    private readonly T?[] _objects = new T?[Size];
    private readonly uint[] _generations = new uint[Size];

    /// <summary>A handle; null when the table is full.</summary>
    public void* Add(T item)
    {
        lock (_objects)
        {
            int i = Array.IndexOf(_objects, null);
            if (i < 0)
                return null;
            _objects[i] = item;
            return (void*)(nint)(((long)++_generations[i] << 16) | (long)(i + 1));
        }
    }

    /// <summary>The object of a handle, or null.</summary>
    public T? Find(void* handle)
    {
        int index = (int)((nint)handle & 0xffff) - 1;
        if ((uint)index >= Size || (uint)((nint)handle >> 16) != Volatile.Read(ref _generations[index]))
            return null;
        return Volatile.Read(ref _objects[index]);
    }

    /// <summary>The object of a handle that is invalid from now on, or null.</summary>
    public T? Remove(void* handle)
    {
        lock (_objects)
        {
            T? item = Find(handle);
            if (item != null)
                _objects[(int)((nint)handle & 0xffff) - 1] = null;
            return item;
        }
    }
}
