// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.RegularExpressions;

namespace GstDaedalus.Tests;

[Collection("plugin")]
public sealed class RegistrationTests(Plugin plugin)
{
    [Fact]
    public void A_fresh_registry_takes_the_plugin()
    {
        string registry = plugin.WorkFile("fresh.bin");
        Result inspect = plugin.Run("gst-inspect-1.0", ["daedalusvp9dec"], 60, ("GST_REGISTRY", registry));
        Assert.True(inspect.ExitCode == 0, inspect.Output);
        foreach (string text in new[] { "GstVideoDecoder", "n-threads", "max-frame-delay", "output-format", "device", "stats", "max-errors", "video/x-vp9", "P010_10LE", "LGPL" })
            Assert.Contains(text, inspect.Output, StringComparison.Ordinal);
        Result blacklist = plugin.Run("gst-inspect-1.0", ["-b"], 60, ("GST_REGISTRY", registry));
        Assert.DoesNotContain("daedalus", blacklist.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Decodebin_prefers_it()
    {
        Result r = plugin.Launch($"filesrc location={plugin.Clip()} ! decodebin ! fakesink", 60,
            ("GST_DEBUG", "GST_ELEMENT_FACTORY:4"), ("GST_DEBUG_NO_COLOR", "1"));
        Assert.True(r.ExitCode == 0, r.Output);
        if (plugin.HasEngine)
            Assert.DoesNotContain("creating element \"vp9dec\"", r.Output, StringComparison.Ordinal);
        Assert.Contains("creating element \"daedalusvp9dec\"", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_engine_is_named()
    {
        Result r = plugin.Launch($"filesrc location={plugin.Clip()} ! matroskademux ! daedalusvp9dec device=/nowhere/libdaedalus-engine.so ! fakesink");
        Assert.NotEqual(0, r.ExitCode);
        Assert.Contains("/nowhere/libdaedalus-engine.so", r.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bindings_and_C_headers_agree()
    {
        Result r = plugin.Run("sh", [Path.Combine(Plugin.Root, "scripts/check-layout.sh")]);
        Assert.True(r.ExitCode == 0, r.Output);

        string managed = File.ReadAllText(Path.Combine(Plugin.Root, "src/GstDaedalus/Interop/Layout.cs"));
        string c = File.ReadAllText(Path.Combine(Plugin.Root, "native/gst_layout_check.c"));
        int compared = 0;
        foreach (Match m in Regex.Matches(managed, @"const int (\w+) = (\d+);"))
        {
            string name = m.Groups[1].Value;
            string expected;
            if (name.StartsWith("Size_", StringComparison.Ordinal))
            {
                expected = $"CHECK_SIZE({name[5..]}, {m.Groups[2].Value});";
            }
            else
            {
                int split = name.IndexOf('_', StringComparison.Ordinal);
                expected = $"CHECK_OFFSET({name[..split]}, {name[(split + 1)..]}, {m.Groups[2].Value});";
            }
            Assert.Contains(expected, c, StringComparison.Ordinal);
            compared++;
        }
        Assert.True(compared > 50);
    }

    [Fact]
    public void Only_allowed_imports()
    {
        Result r = plugin.Run("readelf", ["-d", Path.Combine(plugin.PluginFolder, "libgstdaedalus.so")]);
        string[] needed = [.. Regex.Matches(r.Output, @"NEEDED.*\[(.*)\]").Select(m => m.Groups[1].Value)];
        string[] known = ["libgstvideo-1.0.so.0", "libgstallocators-1.0.so.0", "libgstreamer-1.0.so.0", "libgobject-2.0.so.0", "libglib-2.0.so.0",
            "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libgcc_s.so.1"];
        Assert.All(needed, n => Assert.Contains(n, known));
    }
}
