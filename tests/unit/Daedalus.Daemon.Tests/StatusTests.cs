// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Daedalus.V4L2;
using Xunit;

namespace Daedalus.Daemon.Tests;

/// <summary>What the daemon says of itself.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class StatusTests
{
    [Fact]
    public void RateAndLatenciesAreOfTheLastFrames()
    {
        var statistics = new StreamStatistics();
        long second = Stopwatch.Frequency;
        // 100 frames a second for three seconds; each tenth takes 50 ms, the others 10.
        for (int i = 1; i <= 300; i++)
            statistics.Add(i * second / 100 - (i % 10 == 0 ? second / 20 : second / 100), i * second / 100, 0, i == 7, 11);
        statistics.Add(3 * second, 3 * second, -5, false, 0);
        StreamCounters c = statistics.Read(3 * second);
        Assert.Equal((301, 1, 1, 3300), (c.Frames, c.Errors, c.Corrupted, c.Bytes));
        Assert.InRange(c.FramesPerSecond, 100, 101);
        Assert.Equal((10, 50, 50), (Math.Round(c.LatencyP50), Math.Round(c.LatencyP95), Math.Round(c.LatencyP99)));
        Assert.Equal(0, statistics.Read(30 * second).FramesPerSecond);
        // More in two seconds than the window holds.
        for (int i = 1; i <= 2000; i++)
            statistics.Add(10 * second, 10 * second + i * second / 1000, 0, false, 0);
        Assert.InRange(statistics.Read(12 * second).FramesPerSecond, 999, 1001);
    }

    private static string Read(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var text = new StringBuilder();
        byte[] buffer = new byte[100];
        for (int n; (n = socket.Receive(buffer)) > 0;)
            text.Append(Encoding.UTF8.GetString(buffer, 0, n));
        return text.ToString();
    }

    [Fact]
    public void WhoConnectsGetsTheDocument()
    {
        string path = Path.Combine(Path.GetTempPath(), $"daedalus-status-{Environment.ProcessId}", "status");
        var stream = new StreamStatus(3, PixelFormat.Vp9Frame, PixelFormat.Nv12, 1920, 1088, 9, 2, 4, new StreamCounters(100, 1, 2, 12345, 59.94, 1.25, 2.5, 3.75));
        byte[] Document() => StatusDocument.Write(new DaemonStatus("/lib/engine.so", 12.34, 1, 2, 5, 600, [stream]));
        // What a daemon that was killed left behind.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        using (StatusSocket? socket = StatusSocket.Open(path, Document))
        {
            Assert.NotNull(socket);
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute));
            // One that connects and reads nothing keeps nobody waiting.
            using var idle = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            idle.Connect(new UnixDomainSocketEndPoint(path));
            for (int i = 0; i < 3; i++)
            {
                using JsonDocument d = JsonDocument.Parse(Read(path));
                Assert.Equal(Environment.ProcessId, d.RootElement.GetProperty("pid").GetInt32());
                JsonElement s = d.RootElement.GetProperty("streams")[0];
                Assert.Equal(("VP9F", 59.9, 3.75, 12345), (s.GetProperty("coded-format").GetString(), s.GetProperty("fps").GetDouble(),
                    s.GetProperty("latency-ms").GetProperty("p99").GetDouble(), s.GetProperty("bytes").GetInt64()));
            }
        }
        Assert.False(File.Exists(path));
        Directory.Delete(Path.GetDirectoryName(path)!);
    }

    [Fact]
    public void WithoutASocketTheDaemonGoesOn() => Assert.Null(StatusSocket.Open("/proc/daedalus/status", static () => []));
}
