// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Net.Sockets;

namespace Daedalus.Daemon;

/// <summary>A unix socket: who connects gets one JSON document and the end of the stream. Owner and group may connect.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class StatusSocket : IDisposable
{
    public const string DefaultPath = "/run/daedalus/status";

    private readonly string _path;
    private readonly Func<byte[]> _document;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private volatile bool _stop;

    private StatusSocket(string path, Func<byte[]> document, Socket socket)
    {
        _path = path;
        _document = document;
        _socket = socket;
        _thread = new Thread(Run, 256 << 10) { IsBackground = true, Name = "status" };
        _thread.Start();
    }

    /// <summary>Listens; null, with a line in the log, where that cannot be: the daemon decodes without it.</summary>
    public static StatusSocket? Open(string path, Func<byte[]> document)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
            // Of a daemon that was killed: one at a time serves the module, so it is nobody's.
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            socket.Listen(8);
            return new StatusSocket(path, document, socket);
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            Log.Warning("no-status", $"path={path} message=\"{e.Message}\"");
            socket.Dispose();
            return null;
        }
    }

    private void Run()
    {
        while (!_stop)
        {
            try
            {
                using Socket client = _socket.Accept();
                // Who does not read keeps nobody waiting for long.
                client.SendTimeout = 1000;
                client.Send(_document());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (!_stop)
                    Thread.Sleep(10);
            }
        }
    }

    public void Dispose()
    {
        _stop = true;
        _socket.Dispose();
        _thread.Join();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
