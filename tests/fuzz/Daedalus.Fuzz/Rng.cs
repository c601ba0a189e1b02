// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Fuzz;

/// <summary>SplitMix64: the same numbers on every machine and runtime for a seed.</summary>
internal sealed class Rng(ulong seed)
{
    private ulong _state = seed;

    public Rng(ulong seed, long input) : this(seed * 0x9e3779b97f4a7c15ul ^ (ulong)input * 0xd1342543de82ef95ul) => Next();

    public ulong Next()
    {
        ulong z = _state += 0x9e3779b97f4a7c15ul;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
        z = (z ^ z >> 27) * 0x94d049bb133111ebul;
        return z ^ z >> 31;
    }

    /// <summary>0 up to, not including, <paramref name="limit"/> (at least 1).</summary>
    public int Below(int limit) => (int)(Next() % (uint)Math.Max(1, limit));

    public bool OneIn(int n) => Below(n) == 0;

    /// <summary>Small numbers are likely: for counts and lengths.</summary>
    public int Small(int limit) => Below(1 + Below(limit));

    public T Pick<T>(ReadOnlySpan<T> values) => values[Below(values.Length)];

    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)Next();
    }
}
