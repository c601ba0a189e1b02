// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>A yes or no that is part of an entry's address.</summary>
internal interface IAv1Switch
{
    static abstract bool On { get; }
}

internal readonly struct SwitchOff : IAv1Switch { public static bool On => false; }
internal readonly struct SwitchOn : IAv1Switch { public static bool On => true; }

/// <summary>Deblocking (7.14.6), sample by sample as the specification says it.</summary>
internal static unsafe class Av1DeblockScalar<TSample, TChroma, TRows>
    where TSample : struct, ISample where TChroma : struct, IAv1Switch where TRows : struct, IAv1Switch
{
    /// <summary>Entry of <see cref="Av1PostFilterTable.Deblock"/>.</summary>
    internal static void Run(byte* dst, nint stride, byte* edges, int units, Av1FilterLimits* limits, int bitDepth)
    {
        nint along = TRows.On ? TSample.Size : stride, across = TRows.On ? stride : TSample.Size;
        for (int i = 0; i < units; i++)
        {
            int edge = edges[i];
            if (edge == 0)
                continue;
            for (int j = 0; j < 4; j++)
                Sample(dst + (i * 4 + j) * along, across, limits, edge & 63, edge >> 6, bitDepth);
        }
    }

    private static int Difference(byte* p, nint step, int a, int b) => Math.Abs(TSample.Load(p + a * step, 0) - TSample.Load(p + b * step, 0));

    private static void Sample(byte* p, nint step, Av1FilterLimits* limits, int level, int length, int bitDepth)
    {
        int scale = bitDepth - 8, limit = limits->Limit[level] << scale, blockLimit = limits->BlockLimit[level] << scale, thresh = level >> 4 << scale;
        int near = Math.Max(Difference(p, step, -2, -1), Difference(p, step, 1, 0));
        // filter mask (7.14.6.2)
        if (near > limit || Difference(p, step, -1, 0) * 2 + Difference(p, step, -2, 1) / 2 > blockLimit)
            return;
        if (length >= 1 && (Difference(p, step, -3, -2) > limit || Difference(p, step, 2, 1) > limit))
            return;
        if (length >= 1 && !TChroma.On && (Difference(p, step, -4, -3) > limit || Difference(p, step, 3, 2) > limit))
            return;
        int one = 1 << scale;
        bool flat = length >= 1 && near <= one && Difference(p, step, -3, -1) <= one && Difference(p, step, 2, 0) <= one
            && (TChroma.On || (Difference(p, step, -4, -1) <= one && Difference(p, step, 3, 0) <= one));
        bool flat2 = length >= 2;
        for (int i = 4; flat2 && i < 7; i++)
            flat2 = Difference(p, step, -1 - i, -1) <= one && Difference(p, step, i, 0) <= one;
        if (!flat)
            Narrow(p, step, near > thresh, bitDepth);
        else if (!flat2)
            Wide(p, step, 3, TChroma.On ? 2 : 3, TChroma.On ? 1 : 0);
        else
            Wide(p, step, 4, 6, 1);
    }

    private static void Narrow(byte* p, nint step, bool hev, int bitDepth)
    {
        int middle = 0x80 << (bitDepth - 8), low = -middle, high = middle - 1;
        int ps1 = TSample.Load(p - 2 * step, 0) - middle, ps0 = TSample.Load(p - step, 0) - middle;
        int qs0 = TSample.Load(p, 0) - middle, qs1 = TSample.Load(p + step, 0) - middle;
        int filter = hev ? Math.Clamp(ps1 - qs1, low, high) : 0;
        filter = Math.Clamp(filter + 3 * (qs0 - ps0), low, high);
        int filter1 = Math.Clamp(filter + 4, low, high) >> 3, filter2 = Math.Clamp(filter + 3, low, high) >> 3;
        TSample.Store(p, 0, Math.Clamp(qs0 - filter1, low, high) + middle);
        TSample.Store(p - step, 0, Math.Clamp(ps0 + filter2, low, high) + middle);
        if (hev)
            return;
        filter = (filter1 + 1) >> 1;
        TSample.Store(p + step, 0, Math.Clamp(qs1 - filter, low, high) + middle);
        TSample.Store(p - 2 * step, 0, Math.Clamp(ps1 + filter, low, high) + middle);
    }

    // n samples change on each side; taps -n2..n2 count twice.
    private static void Wide(byte* p, nint step, int log2, int n, int n2)
    {
        int* source = stackalloc int[14];
        for (int i = -n - 1; i <= n; i++)
            source[i + n + 1] = TSample.Load(p + i * step, 0);
        for (int i = -n; i < n; i++)
        {
            int sum = 1 << (log2 - 1);
            for (int j = -n; j <= n; j++)
                sum += source[Math.Clamp(i + j, -n - 1, n) + n + 1] * (Math.Abs(j) <= n2 ? 2 : 1);
            TSample.Store(p + i * step, 0, sum >> log2);
        }
    }
}
