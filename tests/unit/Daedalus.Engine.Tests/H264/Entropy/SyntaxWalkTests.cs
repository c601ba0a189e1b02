// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Engine.Tests.H264;
using Xunit;

namespace Daedalus.Engine.Tests.H264Entropy;

/// <summary>All slices of the conformance and encoder-made streams, where they are at hand ($DAEDALUS_VECTORS or ../shared/vectors).</summary>
public class SyntaxWalkTests
{
    [Theory]
    [InlineData("h264")]
    [InlineData("generated/h264")]
    public void Every_slice_ends_at_its_stop_bit_and_every_macroblock_comes(string folder)
    {
        string? root = FindVectors();
        if (root is null || !Directory.Exists(Path.Combine(root, folder)))
            return;
        var problems = new List<string>();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, folder)).Order())
        {
            if (new FileInfo(file).Length > 600_000)
                continue;
            using var walker = new SyntaxWalker();
            walker.Walk(File.ReadAllBytes(file));
            if (walker.Problems.Count > 0)
                problems.Add($"{Path.GetFileName(file)}: {walker.Problems[0]} ({walker.Problems.Count})");
        }
        Assert.Empty(problems);
    }

    private static string? FindVectors()
    {
        string? named = Environment.GetEnvironmentVariable("DAEDALUS_VECTORS");
        if (!string.IsNullOrEmpty(named))
            return named;
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            string candidate = Path.Combine(d.FullName, "..", "shared", "vectors");
            if (File.Exists(Path.Combine(d.FullName, "Directory.Build.props")) && Directory.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
