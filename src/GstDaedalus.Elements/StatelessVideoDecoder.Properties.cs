// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Devices;
using GstDaedalus.GLib;
using GstDaedalus.Gst;
using GstDaedalus.Interop;

namespace GstDaedalus.Elements;

/// <summary>Which of the formats a device offers is put out.</summary>
public enum OutputFormat
{
    /// <summary>What downstream prefers least copies for.</summary>
    Auto = 0,
    /// <summary>The device's own planar format only.</summary>
    Native = 1,
    /// <summary>NV12 or P010 where the device writes it.</summary>
    SemiPlanar = 2,
}

public abstract unsafe partial class StatelessVideoDecoder
{
    private const uint PropDevice = 1, PropThreads = 2, PropMaxFrameDelay = 3, PropOutputFormat = 4, PropStats = 5;

    /// <summary>Number of a codec's own first property.</summary>
    protected const uint FirstCodecProperty = 16;

    private static nuint s_outputFormatType;

    private string _deviceName = "auto";
    private uint _threads;
    private int _maxFrameDelay = -1;
    private OutputFormat _outputFormat;

    /// <summary>The properties all decoder elements have.</summary>
    protected static void InstallProperties(in ClassBuilder b)
    {
        if (s_outputFormatType == 0)
        {
            // GLib keeps the array's address for good.
            var values = (GEnumValue*)NativeMemory.AllocZeroed(4, (nuint)sizeof(GEnumValue));
            values[0] = new GEnumValue { Value = 0, Name = Utf8.Literal("The first that downstream accepts, the device's own format first"u8), Nick = Utf8.Literal("auto"u8) };
            values[1] = new GEnumValue { Value = 1, Name = Utf8.Literal("The device's own planar format"u8), Nick = Utf8.Literal("native"u8) };
            values[2] = new GEnumValue { Value = 2, Name = Utf8.Literal("Semi-planar where the device writes it"u8), Nick = Utf8.Literal("nv12"u8) };
            s_outputFormatType = GLibNative.g_enum_register_static(Utf8.Literal("GstDaedalusOutputFormat"u8), values);
        }
        b.String(PropDevice, "device"u8, "Device"u8, "auto, embedded, kernel (a stateless V4L2 decoder), /dev/videoN, /dev/mediaN, a V4L2 driver's name, dummy or the path of an engine library"u8, "auto"u8);
        b.UInt(PropThreads, "n-threads"u8, "Threads"u8, "Decoding threads (0 = one for each CPU, 1 = decode in the streaming thread)"u8, 0, 64, 0);
        b.Int(PropMaxFrameDelay, "max-frame-delay"u8, "Maximum frame delay"u8,
            "Frames the output may lag behind the input so that several are decoded at once (-1 = automatic, 0 when the source is live)"u8, -1, 32, -1);
        b.Enum(PropOutputFormat, "output-format"u8, "Output format"u8, "Format of the pictures"u8, s_outputFormatType, 0);
        b.ReadOnlyStructure(PropStats, "stats"u8, "Statistics"u8, "Route in use and counters since the stream started"u8);
    }

    /// <inheritdoc/>
    protected override void OnSetProperty(uint id, GValue* value)
    {
        switch (id)
        {
            case PropDevice:
                _deviceName = Utf8.ToManaged(GLibNative.g_value_get_string(value)) is { Length: > 0 } name ? name : "auto";
                break;
            case PropThreads:
                _threads = GLibNative.g_value_get_uint(value);
                break;
            case PropMaxFrameDelay:
                _maxFrameDelay = GLibNative.g_value_get_int(value);
                break;
            case PropOutputFormat:
                _outputFormat = (OutputFormat)GLibNative.g_value_get_enum(value);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnGetProperty(uint id, GValue* value)
    {
        switch (id)
        {
            case PropDevice:
                byte* copy = Utf8.Duplicate(_deviceName);
                GLibNative.g_value_set_string(value, copy);
                GLibNative.g_free(copy);
                break;
            case PropThreads:
                GLibNative.g_value_set_uint(value, _threads);
                break;
            case PropMaxFrameDelay:
                GLibNative.g_value_set_int(value, _maxFrameDelay);
                break;
            case PropOutputFormat:
                GLibNative.g_value_set_enum(value, (int)_outputFormat);
                break;
            case PropStats:
                Stats().MoveTo(value);
                break;
        }
    }

    private StructureBuilder Stats()
    {
        DeviceInfo? info = _device?.Info;
        StructureBuilder s = new StructureBuilder("application/x-daedalus-stats"u8)
            .Add("route"u8, info?.Route ?? "none")
            .Add("driver"u8, info?.Driver)
            .Add("card"u8, info?.Card)
            .Add("path"u8, info?.Path)
            .Add("frames"u8, (ulong)Volatile.Read(ref _frames))
            .Add("errors"u8, (ulong)Volatile.Read(ref _errors))
            .Add("corrupted"u8, (ulong)Volatile.Read(ref _corrupted))
            .Add("copies"u8, (ulong)Volatile.Read(ref _copies))
            .Add("dropped"u8, (ulong)Volatile.Read(ref _dropped))
            .Add("in-flight"u8, (uint)Math.Max(0, Volatile.Read(ref _inFlight)))
            .Add("max-frame-delay"u8, (uint)_depth);
        lock (_sessionLock)
        {
            s.Add("pool-size"u8, (uint)(_pool?.Count ?? 0)).Add("memory"u8, _session is null ? "none" : _session.ExportsDmabuf ? "dmabuf" : "memfd");
            if (_session is EmbeddedSession embedded)
                s.Add("engine-managed-bytes-allocated"u8, embedded.Stats.ManagedBytesAllocated);
        }
        // Of the plugin's runtime, all elements together: what a steady stream must not change.
        return s.Add("managed-bytes-allocated"u8, (ulong)GC.GetTotalAllocatedBytes());
    }
}
