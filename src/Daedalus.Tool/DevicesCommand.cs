// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>devices: the routes and what each says.</summary>
internal static class DevicesCommand
{
    public static int Run(CommandLine options)
    {
        Console.WriteLine($"CPU level {EngineLocator.Level}");
        string? path = EngineLocator.Find(out IReadOnlyList<string> searched);
        if (path == null)
        {
            Console.WriteLine($"embedded: no engine; looked for {string.Join(", ", searched)}");
            return 1;
        }
        using EmbeddedDevice device = EmbeddedDevice.Open(options.Get("engine") ?? path);
        Console.WriteLine($"embedded: {device.Info.Card}, {device.Info.Path}");
        return 0;
    }
}
