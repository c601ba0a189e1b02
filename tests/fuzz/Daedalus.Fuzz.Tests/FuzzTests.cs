// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;

namespace Daedalus.Fuzz.Tests;

/// <summary>Damaged streams and controls at the engine's entry: an error or frames, never a crash, hang, overrun or leak.</summary>
public sealed class FuzzTests(StreamsFixture streams, ITestOutputHelper output) : IClassFixture<StreamsFixture>
{

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void EngineStandsTwentyThousandDamagedInputs(string codec)
    {
        (int code, string text) = Run("--codec", codec, "--inputs", "20000", "--seed", "1");
        Assert.True(code == 0, text);
        Assert.Contains("20000 inputs", text, StringComparison.Ordinal);
    }

    /// <summary>One in so many of its larger allocations fails: the request fails, nothing else.</summary>
    [Theory]
    [InlineData("vp9", "3")]
    [InlineData("vp9", "40")]
    [InlineData("h264", "3")]
    [InlineData("h264", "40")]
    [InlineData("av1", "3")]
    [InlineData("av1", "40")]
    public void EngineStandsMissingMemory(string codec, string oneIn)
    {
        (int code, string text) = Run("--codec", codec, "--inputs", "4000", "--seed", "5", "--starve", oneIn);
        Assert.True(code == 0, text);
    }

    /// <summary>Null references and indexes out of range are exceptions there, with a stack.</summary>
    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public void EngineCompiledJustInTimeStandsDamagedInputs(string codec)
    {
        (int code, string text) = Run("--codec", codec, "--inputs", "2000", "--seed", "7", "--device", "in-process");
        Assert.True(code == 0, text);
    }

    [Fact]
    public void DeviceThatDecodesNothingPasses()
    {
        (int code, string text) = Run("--inputs", "1000", "--device", "dummy");
        Assert.True(code == 0, text);
    }

    /// <summary>What the run would not see it could not promise.</summary>
    [Theory]
    [InlineData("write-behind", "crash")]
    [InlineData("write-before", "crash")]
    [InlineData("read-behind", "crash")]
    [InlineData("late-write", "crash")]
    [InlineData("late-control", "crash")]
    [InlineData("lost", "never completed")]
    [InlineData("twice", "completed twice")]
    [InlineData("status", "status -5")]
    [InlineData("hang", "hang")]
    public void FaultOfADeviceIsFound(string fault, string report)
    {
        (int code, string text) = Run("--inputs", "160", "--seed", "3", "--limit", "3", "--device", "faulty:" + fault);
        Assert.True(code == 1, text);
        Assert.Contains(report, text, StringComparison.Ordinal);
        Assert.Contains("--seed 3 --first", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("leak-fd")]
    [InlineData("leak-memory")]
    public void LeakIsFound(string fault)
    {
        (int code, string text) = Run("--inputs", "2000", "--seed", "3", "--device", "faulty:" + fault);
        Assert.True(code == 1, text);
        Assert.Contains("leak: ", text, StringComparison.Ordinal);
    }

    /// <summary>The engine itself under the same guard: told of more bytes than there are, it faults and the run says so.</summary>
    [Fact]
    public void ReadBehindTheInputByTheEngineIsFound()
    {
        (int code, string text) = Run("--inputs", "16", "--device", "overlong");
        Assert.True(code == 1, text);
        Assert.Contains("crash", text, StringComparison.Ordinal);
    }

    private (int Code, string Text) Run(params string[] arguments)
    {
        string corpus = streams.Corpus + (arguments is ["--codec", { } codec, ..] ? codec : "vp9");
        (int code, string text) = StreamsFixture.Start("dotnet", [StreamsFixture.Program, "--corpus", corpus, .. arguments], TimeSpan.FromMinutes(20));
        output.WriteLine(text);
        return (code, text);
    }
}

/// <summary>The engine, and the streams that inputs are made from, gathered once for all tests.</summary>
public sealed class StreamsFixture : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("daedalus-fuzz-tests").FullName;

    public StreamsFixture()
    {
        if (Environment.GetEnvironmentVariable("DAEDALUS_ENGINE") is null or "" && !Directory.Exists(Path.Combine(Root, "out/lib/daedalus")))
        {
            (int code, string text) = Start("sh", ["scripts/publish-engine.sh", "out"], TimeSpan.FromMinutes(10));
            Assert.True(code == 0, text);
        }
        string? vectors = Environment.GetEnvironmentVariable("DAEDALUS_VECTORS");
        if (vectors is null or "" && !File.Exists(Path.Combine(Root, "../shared/vectors/manifest.json")) && !File.Exists(Path.Combine(Root, "out/streams/manifest.json")))
        {
            (int code, string text) = Start("python3", ["tests/conformance/make_streams.py", "out/streams"], TimeSpan.FromMinutes(10));
            Assert.True(code == 0, text);
        }
    }

    public static string Root { get; } = Path.GetFullPath(Metadata("Root"));

    public static string Program { get; } = Metadata("FuzzProgram");

    public string Corpus => Path.Combine(_work, "corpus");

    public void Dispose() => Directory.Delete(_work, true);

    public static (int Code, string Text) Start(string program, string[] arguments, TimeSpan limit)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        using Process process = Process.Start(info)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(true);
            return (-1, $"{program} {string.Join(' ', arguments)} took longer than {limit}");
        }
        return (process.ExitCode, text.Result + errors.Result);
    }

    private static string Metadata(string key)
        => typeof(FuzzTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
