// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Numerics;

namespace Daedalus.V4L2.Devices;

/// <summary>Which of the 128 CAPTURE slots of a session are taken. Thread-safe.</summary>
internal sealed class SlotMap
{
    /// <summary>Slots of a session.</summary>
    public const int Count = 128;

    private readonly Lock _lock = new();
    private ulong _low, _high;

    /// <summary>The lowest free slot.</summary>
    /// <exception cref="DeviceException">All are taken.</exception>
    public int Take()
    {
        lock (_lock)
        {
            int index = BitOperations.TrailingZeroCount(~_low);
            if (index < 64)
            {
                _low |= 1ul << index;
                return index;
            }
            index = BitOperations.TrailingZeroCount(~_high);
            if (index == 64)
                throw new DeviceException("All 128 CAPTURE slots of the session are in use: downstream holds too many pictures.", -12);
            _high |= 1ul << index;
            return 64 + index;
        }
    }

    /// <summary>Gives a slot back.</summary>
    public void Free(int index)
    {
        lock (_lock)
        {
            if (index < 64)
                _low &= ~(1ul << index);
            else
                _high &= ~(1ul << (index - 64));
        }
    }
}
