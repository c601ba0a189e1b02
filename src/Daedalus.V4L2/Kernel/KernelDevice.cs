// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2.Devices;

namespace Daedalus.V4L2.Kernel;

/// <summary>Stateless decoders of the kernel, ours or anybody's, through /dev/videoN and /dev/mediaN.</summary>
public sealed class KernelDevice : IStatelessDevice
{
    private readonly IReadOnlyList<KernelDecoder> _decoders;
    private KernelDecoder _current;

    private KernelDevice(IReadOnlyList<KernelDecoder> decoders)
    {
        _decoders = decoders;
        _current = decoders[0];
    }

    /// <summary>Finds decoders.</summary>
    /// <param name="name">"kernel": all but test drivers; else a node's path, a driver, a card or a bus info.</param>
    /// <exception cref="DeviceException">There is none of that name, or its nodes may not be opened.</exception>
    public static KernelDevice Open(string name)
        => TryOpen(name) ?? throw new DeviceException(Missing(name), -19);

    /// <summary>The same; null when there is none.</summary>
    public static KernelDevice? TryOpen(string name)
    {
        var chosen = new List<KernelDecoder>();
        foreach (KernelDecoder decoder in KernelDecoder.Enumerate())
        {
            if (name == "kernel" ? !decoder.IsTestDriver : decoder.Matches(name))
                chosen.Add(decoder);
        }
        return chosen.Count == 0 ? null : new KernelDevice(chosen);
    }

    /// <inheritdoc/>
    public DeviceInfo Info => new("kernel", _current.Driver, _current.Card, _current.VideoPath);

    /// <inheritdoc/>
    public bool Supports(uint codedFormat)
    {
        foreach (KernelDecoder decoder in _decoders)
        {
            if (!PixelFormat.IsIn(decoder.CodedFormats, codedFormat))
                continue;
            _current = decoder;
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public IStatelessSession OpenSession(SessionOptions options)
    {
        if (!Supports(options.CodedFormat))
            throw new DeviceException($"{_current.VideoPath} ({_current.Card}) does not decode {PixelFormat.ToText(options.CodedFormat)}.", -22);
        return new KernelSession(_current, options);
    }

    /// <summary>Nothing is open but sessions.</summary>
    public void Dispose()
    {
    }

    private static string Missing(string name)
    {
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
        {
            if (!File.Exists(name))
                return $"{name} does not exist.";
            using KernelNode? node = KernelNode.TryOpen(name, out int errno);
            return node is null ? $"{name} cannot be opened: {KernelNode.Message(errno)}." : $"{name} is no stateless decoder of VP9, H.264 or AV1 with requests (multi-planar API).";
        }
        string[] refused = [.. (Directory.Exists("/dev") ? Directory.GetFiles("/dev", "media*") : []).Where(static p =>
        {
            using KernelNode? node = KernelNode.TryOpen(p, out _);
            return node is null;
        })];
        string more = refused.Length == 0 ? "" : $" (not allowed to open {string.Join(", ", refused)})";
        return name == "kernel" ? $"The kernel offers no stateless decoder of VP9, H.264 or AV1{more}. Is the module daedalus_v4l2 loaded and daedalusd running?"
            : $"There is no device \"{name}\": use auto, embedded, kernel, dummy, a driver's name, /dev/videoN, /dev/mediaN or the path of {EngineLocator.FileName}{more}.";
    }
}
