// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Text;
using GstDaedalus.GLib;
using GstDaedalus.Interop;

namespace GstDaedalus.Gst;

/// <summary>GstDebugLevel.</summary>
public enum DebugLevel
{
    /// <summary>Fatal to the stream.</summary>
    Error = 1,
    /// <summary>Something a user may want to change.</summary>
    Warning = 2,
    /// <summary>Once a stream.</summary>
    Info = 4,
    /// <summary>Once in a while.</summary>
    Debug = 5,
    /// <summary>Once a frame.</summary>
    Log = 6,
    /// <summary>Several times a frame.</summary>
    Trace = 7,
}

/// <summary>A GStreamer debug category. Interpolated messages are formatted only when the level is on.</summary>
public sealed unsafe class DebugCategory
{
    private readonly nint _handle;

    /// <summary>Registers a category; name and description are u8 literals.</summary>
    public DebugCategory(ReadOnlySpan<byte> name, ReadOnlySpan<byte> description)
        => _handle = GstNative._gst_debug_category_new(Utf8.Literal(name), 0, Utf8.Literal(description));

    /// <summary>Whether a level is on.</summary>
    public bool IsEnabled(DebugLevel level) => _handle != 0 && (int)level <= GstNative.gst_debug_category_get_threshold(_handle);

    /// <summary>Logs a message; costs one comparison when the level is off.</summary>
    public void Log(GObject? source, DebugLevel level, [InterpolatedStringHandlerArgument("", "level")] ref Handler message,
        [CallerLineNumber] int line = 0)
    {
        if (message.Enabled)
            Write(source, level, message.ToStringAndClear(), line);
    }

    /// <summary>Logs a constant message.</summary>
    public void Log(GObject? source, DebugLevel level, string message, [CallerLineNumber] int line = 0)
    {
        if (IsEnabled(level))
            Write(source, level, message, line);
    }

    private void Write(GObject? source, DebugLevel level, string message, int line)
    {
        byte[] text = Encoding.UTF8.GetBytes(message + "\0");
        fixed (byte* p = text)
            GstNative.gst_debug_log_literal(_handle, (int)level, Utf8.Literal("daedalus"u8), Utf8.Literal("daedalus"u8), line, source?.Handle ?? 0, p);
    }

    /// <summary>Formats only when the level is on.</summary>
    [InterpolatedStringHandler]
    public ref struct Handler
    {
        private DefaultInterpolatedStringHandler _inner;

        /// <summary>Called by the compiler.</summary>
        public Handler(int literalLength, int formattedCount, DebugCategory category, DebugLevel level, out bool enabled)
        {
            Enabled = enabled = category.IsEnabled(level);
            _inner = enabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        internal bool Enabled { get; }

        /// <summary>Called by the compiler.</summary>
        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        internal string ToStringAndClear() => _inner.ToStringAndClear();
    }
}
