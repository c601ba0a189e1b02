// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Daedalus.Daemon;

/// <summary>sd_notify(3): readiness and the watchdog, where systemd asks for them.</summary>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _address;
    private readonly long _interval;
    private long _last;

    public SystemdNotifier()
    {
        string? path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(path))
            return;
        _address = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        if (long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
            _interval = (long)(microseconds / 2e6 * Stopwatch.Frequency);
    }

    public void Ready() => Send("READY=1");

    public void Stopping() => Send("STOPPING=1");

    /// <summary>To be called often; says that the daemon lives when it is time.</summary>
    public void Alive()
    {
        long now = Stopwatch.GetTimestamp();
        if (_interval == 0 || now - _last < _interval)
            return;
        _last = now;
        Send("WATCHDOG=1");
    }

    private void Send(string state)
    {
        try
        {
            _socket?.SendTo(Encoding.ASCII.GetBytes(state), _address!);
        }
        catch (SocketException e)
        {
            Log.Warning("notify-failed", $"message=\"{e.Message}\"");
        }
    }

    public void Dispose() => _socket?.Dispose();
}
