// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.V4L2.Devices;

/// <summary>Turns the text of a <c>device</c> property into a device.</summary>
public static class DeviceRegistry
{
    /// <summary>Opens a device.</summary>
    /// <param name="name">"auto" or null or empty: the best route there is; "embedded"; "dummy"; or the path of an engine library.</param>
    /// <exception cref="DeviceException">Nothing of that name, or it cannot be opened; the message says why.</exception>
    public static IStatelessDevice Open(string? name = null)
    {
        switch (name)
        {
            case null or "" or "auto" or "embedded":
                return EmbeddedDevice.Open();
            case "dummy":
                return new DummyDevice();
        }
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
            throw new DeviceException($"{name}: device nodes are not supported by this build; use \"embedded\".", -95);
        if (name.Contains('/') || name.EndsWith(".so", StringComparison.Ordinal))
            return EmbeddedDevice.Open(name);
        throw new DeviceException($"There is no device \"{name}\": use auto, embedded, dummy or the path of {EngineLocator.FileName}.", -19);
    }
}
