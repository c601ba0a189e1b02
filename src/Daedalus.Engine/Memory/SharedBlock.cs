// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Engine.Memory;

/// <summary>Native memory that several frames hold for a while (motion field, segmentation map, internal picture). All members: under the decoder's lock.</summary>
internal sealed class SharedBlock(SharedBlockPool pool)
{
    private int _users;

    /// <summary>The memory.</summary>
    public NativeBlock Memory { get; } = new();

    /// <summary>One more holder.</summary>
    public SharedBlock AddUser()
    {
        _users++;
        return this;
    }

    /// <summary>One holder less; the last one gives it back to its pool.</summary>
    public void RemoveUser()
    {
        if (--_users == 0)
            pool.Return(this);
    }
}

/// <summary>Free list of <see cref="SharedBlock"/>s of one kind.</summary>
internal sealed class SharedBlockPool : IDisposable
{
    private readonly Stack<SharedBlock> _free = new();
    private readonly List<SharedBlock> _all = [];

    /// <summary>A block of at least <paramref name="bytes"/> with one holder; its content is whatever an earlier frame left.</summary>
    public SharedBlock Take(nuint bytes)
    {
        if (!_free.TryPop(out SharedBlock? block))
        {
            block = new SharedBlock(this);
            _all.Add(block);
        }
        try
        {
            block.Memory.Reserve(bytes);
        }
        catch (OutOfMemoryException)
        {
            _free.Push(block);
            throw;
        }
        return block.AddUser();
    }

    internal void Return(SharedBlock block) => _free.Push(block);

    /// <summary>Frees all memory, held or not.</summary>
    public void Dispose()
    {
        foreach (SharedBlock block in _all)
            block.Memory.Dispose();
        _all.Clear();
        _free.Clear();
    }
}
