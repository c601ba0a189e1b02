// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Text.Json;

namespace Daedalus.Tool;

/// <summary>A JSON document on its way into a file or to standard output ("-"), with a line feed at its end.</summary>
internal sealed class JsonOutput : IDisposable
{
    private readonly Stream _stream;

    private JsonOutput(Stream stream)
    {
        _stream = stream;
        Writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
    }

    public Utf8JsonWriter Writer { get; }

    public static JsonOutput Open(string file) => new(file == "-" ? Console.OpenStandardOutput() : File.Create(file));

    public void Dispose()
    {
        Writer.Dispose();
        _stream.WriteByte((byte)'\n');
        _stream.Dispose();
    }
}
