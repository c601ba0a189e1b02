// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>Where the tool lies: in a checkout or below a prefix (bin/daedalusctl beside share/daedalus).</summary>
internal static class Installation
{
    /// <summary>Top of the checkout the tool was built in, or null.</summary>
    public static string? Checkout { get; } = FindCheckout();

    /// <summary>Lets the GStreamer processes we start find the plugin of the checkout, as scripts/env.sh does.</summary>
    public static void UsePlugin()
    {
        string folder = Path.Combine(Checkout ?? "/", "out/lib/gstreamer-1.0");
        if (Checkout == null || !File.Exists(Path.Combine(folder, "libgstdaedalus.so")))
            return;
        string? path = Environment.GetEnvironmentVariable("GST_PLUGIN_PATH");
        // Named already: someone chose, also the registry.
        if (path != null && path.Split(':').Contains(folder))
            return;
        Environment.SetEnvironmentVariable("GST_PLUGIN_PATH", path is null or "" ? folder : folder + ":" + path);
        if (Environment.GetEnvironmentVariable("GST_REGISTRY") == null)
            Environment.SetEnvironmentVariable("GST_REGISTRY", Path.Combine(Checkout, "out/registry.bin"));
    }

    /// <summary>A script that is shipped with the tool.</summary>
    /// <param name="name">File name below share/daedalus.</param>
    /// <param name="inCheckout">Path in a checkout.</param>
    public static string Script(string name, string inCheckout)
    {
        string installed = Path.Combine(AppContext.BaseDirectory, "../share/daedalus", name);
        if (File.Exists(installed))
            return Path.GetFullPath(installed);
        if (Checkout != null && File.Exists(Path.Combine(Checkout, inCheckout)))
            return Path.Combine(Checkout, inCheckout);
        throw new IOException($"{name} is not at {Path.GetFullPath(installed)}.");
    }

    /// <summary>A folder for files that can be made again.</summary>
    public static string Cache()
    {
        string? home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(home))
            home = Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? Path.GetTempPath(), ".cache");
        return Directory.CreateDirectory(Checkout != null ? Path.Combine(Checkout, "out") : Path.Combine(home, "daedalus")).FullName;
    }

    private static string? FindCheckout()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d != null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "GstDaedalus.sln")))
                return d.FullName;
        return null;
    }
}
