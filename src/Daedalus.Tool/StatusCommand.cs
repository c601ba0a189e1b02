// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Daedalus.Tool;

/// <summary>status: what daedalusd decodes now, from its status socket. Exit code 3 when no daemon answers.</summary>
internal static class StatusCommand
{
    private const string DefaultSocket = "/run/daedalus/status";

    public static int Run(CommandLine options)
    {
        string document = Ask(options.Get("socket") ?? DefaultSocket);
        if (options.Has("json"))
            Console.Write(document.EndsWith('\n') ? document : document + "\n");
        else
            Console.Write(Text(document));
        return 0;
    }

    private static string Ask(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        var received = new MemoryStream();
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            byte[] buffer = new byte[4096];
            for (int n; (n = socket.Receive(buffer)) > 0;)
                received.Write(buffer, 0, n);
        }
        catch (SocketException e)
        {
            throw new IOException(e.SocketErrorCode switch
            {
                SocketError.AccessDenied => $"{path}: only root and the group daedalus may ask the daemon",
                SocketError.TimedOut or SocketError.WouldBlock => $"{path}: the daemon does not answer",
                _ => $"{path}: no daedalusd answers there ({e.Message})",
            });
        }
        return Encoding.UTF8.GetString(received.ToArray());
    }

    /// <summary>The document as a table.</summary>
    internal static string Text(string document)
    {
        JsonElement d;
        try
        {
            using JsonDocument parsed = JsonDocument.Parse(document);
            d = parsed.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new InvalidDataException("what answers there is no daedalusd");
        }
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"daedalusd (pid {d.GetProperty("pid")}) for {d.GetProperty("uptime-seconds")} s, /dev/video{d.GetProperty("video-minor")}, {d.GetProperty("engine")}");
        JsonElement streams = d.GetProperty("streams");
        text.AppendLine(CultureInfo.InvariantCulture, $"{streams.GetArrayLength()} streams open; {d.GetProperty("streams-closed")} closed, which had {d.GetProperty("frames-closed")} frames");
        if (streams.GetArrayLength() > 0)
            text.AppendLine("context  codec  size       format  buffers  in flight    frames     fps  errors  corrupted        bytes  latency ms p50   p95   p99");
        foreach (JsonElement s in streams.EnumerateArray())
        {
            JsonElement l = s.GetProperty("latency-ms");
            text.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"{s.GetProperty("context"),7}  {s.GetProperty("coded-format").GetString(),-5}  {$"{s.GetProperty("width")}x{s.GetProperty("height")}",-9}  {s.GetProperty("picture-format").GetString(),-6}  {s.GetProperty("buffers"),7}  {s.GetProperty("in-flight"),9}  {s.GetProperty("frames"),8}  {s.GetProperty("fps").GetDouble(),6:F1}  {s.GetProperty("errors"),6}  {s.GetProperty("corrupted"),9}  {s.GetProperty("bytes"),11}  {l.GetProperty("p50").GetDouble(),14:F1} {l.GetProperty("p95").GetDouble(),5:F1} {l.GetProperty("p99").GetDouble(),5:F1}"));
        }
        return text.ToString();
    }
}
