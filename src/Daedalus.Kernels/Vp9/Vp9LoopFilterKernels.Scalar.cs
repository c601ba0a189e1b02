// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Vp9;

/// <summary>A sample type of the plain loop filter.</summary>
internal unsafe interface ILoopFilterSample
{
    /// <summary>Bytes of a sample.</summary>
    static abstract int Size { get; }
    /// <summary>Reads a sample.</summary>
    static abstract int Get(byte* p);
    /// <summary>Writes a sample.</summary>
    static abstract void Set(byte* p, int value);
}

/// <summary>8-bit samples.</summary>
internal unsafe struct LoopFilterSample8 : ILoopFilterSample
{
    public static int Size => 1;
    public static int Get(byte* p) => *p;
    public static void Set(byte* p, int value) => *p = (byte)value;
}

/// <summary>Samples of more than 8 bits.</summary>
internal unsafe struct LoopFilterSample16 : ILoopFilterSample
{
    public static int Size => 2;
    public static int Get(byte* p) => *(ushort*)p;
    public static void Set(byte* p, int value) => *(ushort*)p = (ushort)value;
}

/// <summary>The loop filter sample by sample (spec 8.8.3 to 8.8.5): one segment of 8 samples at a time.</summary>
internal unsafe struct LoopFilterScalar<T> : IVp9EdgeKernel
    where T : struct, ILoopFilterSample
{
    public static int SampleBytes => T.Size;

    public static int Segments => 1;

    public static int Filter(byte* q0, nint step, byte* levels, nint levelStep, Vp9LoopFilterLimits* limits, uint active, uint wide8, uint wide16)
    {
        int level = *levels;
        int shift = limits->BitDepth - 8;
        int edge = limits->EdgeLimit(level) << shift;
        int inner = limits->InnerLimit(level) << shift;
        int variance = limits->HighVariance(level) << shift;
        int change = Vp9EdgeChange.None;
        for (int i = 0; i < 8; i++, q0 += T.Size)
        {
            change = Math.Max(change, FilterSample(q0, step, edge, inner, variance, shift, wide8 != 0, wide16 != 0));
        }
        return change;
    }

    private static int FilterSample(byte* q, nint step, int edge, int inner, int variance, int shift, bool wide8, bool wide16)
    {
        int p3 = T.Get(q - 4 * step), p2 = T.Get(q - 3 * step), p1 = T.Get(q - 2 * step), p0 = T.Get(q - step);
        int q0 = T.Get(q), q1 = T.Get(q + step), q2 = T.Get(q + 2 * step), q3 = T.Get(q + 3 * step);
        if (Math.Abs(p3 - p2) > inner || Math.Abs(p2 - p1) > inner || Math.Abs(p1 - p0) > inner ||
            Math.Abs(q1 - q0) > inner || Math.Abs(q2 - q1) > inner || Math.Abs(q3 - q2) > inner ||
            Math.Abs(p0 - q0) * 2 + Math.Abs(p1 - q1) / 2 > edge)
        {
            return Vp9EdgeChange.None;
        }
        int one = 1 << shift;
        bool flat = wide8 &&
            Math.Abs(p1 - p0) <= one && Math.Abs(q1 - q0) <= one && Math.Abs(p2 - p0) <= one &&
            Math.Abs(q2 - q0) <= one && Math.Abs(p3 - p0) <= one && Math.Abs(q3 - q0) <= one;
        if (!flat)
        {
            Narrow(q, step, p1, p0, q0, q1, variance, shift);
            return Vp9EdgeChange.Two;
        }
        bool flat2 = wide16;
        for (int k = 4; flat2 && k < 8; k++)
        {
            flat2 = Math.Abs(T.Get(q - (k + 1) * step) - p0) <= one && Math.Abs(T.Get(q + k * step) - q0) <= one;
        }
        Wide(q, step, flat2 ? 4 : 3);
        return flat2 ? Vp9EdgeChange.Seven : Vp9EdgeChange.Three;
    }

    // Spec 8.8.4.
    private static void Narrow(byte* q, nint step, int p1, int p0, int q0, int q1, int variance, int shift)
    {
        int low = -(128 << shift), high = (128 << shift) - 1;
        bool hev = Math.Abs(p1 - p0) > variance || Math.Abs(q1 - q0) > variance;
        int filter = hev ? Math.Clamp(p1 - q1, low, high) : 0;
        filter = Math.Clamp(filter + 3 * (q0 - p0), low, high);
        int filter1 = Math.Min(filter + 4, high) >> 3;
        int filter2 = Math.Min(filter + 3, high) >> 3;
        int max = high - low;
        T.Set(q, Math.Clamp(q0 - filter1, 0, max));
        T.Set(q - step, Math.Clamp(p0 + filter2, 0, max));
        if (!hev)
        {
            filter = (filter1 + 1) >> 1;
            T.Set(q + step, Math.Clamp(q1 - filter, 0, max));
            T.Set(q - 2 * step, Math.Clamp(p1 + filter, 0, max));
        }
    }

    // Spec 8.8.5: a box of 2^log2 - 1 taps around the sample, the middle one twice, samples beyond the window repeat its last.
    private static void Wide(byte* q, nint step, int log2)
    {
        int reach = (1 << (log2 - 1)) - 1, size = 1 << log2;
        int n = 2 * (reach + 1);
        int* window = stackalloc int[16];
        byte* first = q - (reach + 1) * step;
        for (int i = 0; i < n; i++)
        {
            window[i] = T.Get(first + i * step);
        }
        for (int i = 1; i < n - 1; i++)
        {
            int sum = window[i] + size / 2;
            for (int k = -reach; k <= reach; k++)
            {
                sum += window[Math.Clamp(i + k, 0, n - 1)];
            }
            T.Set(first + i * step, sum >> log2);
        }
    }

    public static void LoadColumns(byte* source, nint stride, byte* window)
    {
        for (int row = 0; row < 8; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                T.Set(window + (column * 8 + row) * T.Size, T.Get(source + row * stride + column * T.Size));
            }
        }
    }

    public static void StoreColumns8(byte* window, byte* target, nint stride) => Store(window, target, stride, 8);

    public static void StoreColumns4(byte* window, byte* target, nint stride) => Store(window, target, stride, 4);

    private static void Store(byte* window, byte* target, nint stride, int columns)
    {
        for (int row = 0; row < 8; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                T.Set(target + row * stride + column * T.Size, T.Get(window + (column * 8 + row) * T.Size));
            }
        }
    }
}
