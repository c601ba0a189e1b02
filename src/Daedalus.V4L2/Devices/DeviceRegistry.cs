// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Kernel;

namespace Daedalus.V4L2.Devices;

/// <summary>Turns the text of a <c>device</c> property into a device.</summary>
public static class DeviceRegistry
{
    /// <summary>Opens a device.</summary>
    /// <param name="name">
    /// "embedded": the engine in this process; "auto" or null or empty: the same, and where no engine is installed what "kernel" finds; "kernel": a stateless decoder of the
    /// kernel, hardware before ours; "dummy"; /dev/videoN, /dev/mediaN, a driver's name, a card or a bus info; or the path of an engine library.
    /// </param>
    /// <exception cref="DeviceException">Nothing of that name, or it cannot be opened; the message says why.</exception>
    public static IStatelessDevice Open(string? name = null)
    {
        switch (name)
        {
            case "embedded":
                return EmbeddedDevice.Open();
            case null or "" or "auto":
                return OpenAny();
            case "dummy":
                return new DummyDevice();
        }
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
            return KernelDevice.Open(name);
        if (name.Contains('/') || name.EndsWith(".so", StringComparison.Ordinal))
            return EmbeddedDevice.Open(name);
        return KernelDevice.Open(name);
    }

    // The engine decodes all there is, bit-exactly, and needs no rights: what the kernel offers is asked only where it is missing.
    private static IStatelessDevice OpenAny()
    {
        try
        {
            return EmbeddedDevice.Open();
        }
        catch (DeviceException)
        {
            if (KernelDevice.TryOpen("kernel") is { } device)
                return device;
            throw;
        }
    }
}
