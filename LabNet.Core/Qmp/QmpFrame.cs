using System.Buffers;
using System.Text;
using System.Text.Json;

namespace LabNet.Core.Qmp;

internal enum QmpFrameKind
{
    Return,
    Error,
    Event,
}

/// <summary>
/// One line from QEMU, read as far as routing needs it. Grammar (qmp-spec.rst):
/// <code>
/// success  = { "return": any, "id": any }
/// failure  = { "error": { "class": string, "desc": string }, "id": any }     ("id" is missing when QEMU could not read the command)
/// event    = { "event": string, "data": object?, "timestamp": { "seconds": int, "microseconds": int } }   (−1: no clock)
/// </code>
/// Members may come in any order, unknown ones are skipped. A reply's value stays bytes: its asker parses it, on the asker's time.
/// </summary>
internal readonly struct QmpFrame
{
    /// <summary>QEMU's own (MAX_NESTING in its JSON parser). A disk's chain of backing images comes nested, so that 64 is not enough.</summary>
    public const int DepthMax = 1024;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = DepthMax };

    public QmpFrameKind Kind { get; private init; }

    public long? Id { get; private init; }

    public byte[] Payload { get; private init; }

    public string? EventName { get; private init; }

    public long? TimeNs { get; private init; }

    public JsonElement Data { get; private init; }

    public string PayloadText => Encoding.UTF8.GetString(Payload);

    /// <exception cref="QmpProtocolException">The line is no JSON object, or none of the three kinds.</exception>
    public static QmpFrame Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            return Read(line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new QmpProtocolException($"This is no QMP: {Excerpt(line)}", e);
        }
    }

    /// <exception cref="QmpProtocolException">The line is no QMP greeting.</exception>
    public static QmpGreeting ParseGreeting(ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = NewReader(line);
            var greeting = JsonSerializer.Deserialize(ref reader, QmpJson.Default.GreetingMessage);
            var version = greeting!.Qmp.Version;
            ThrowIfMoreFollows(ref reader);
            return new QmpGreeting(version.Qemu.ToVersion(), version.Package);
        }
        catch (Exception e) when (e is JsonException or FormatException or NullReferenceException or ArgumentOutOfRangeException)
        {
            throw new QmpProtocolException($"This is no QMP greeting: {Excerpt(line)}", e);
        }
    }

    private static QmpFrame Read(ReadOnlySequence<byte> line)
    {
        var reader = NewReader(line);
        QmpFrameKind? kind = null;
        long? id = null;
        byte[] payload = [];
        string? eventName = null;
        long? timeNs = null;
        JsonElement data = default;

        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("not an object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("return"u8))
            {
                kind = QmpFrameKind.Return;
                payload = Take(ref reader, line);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                kind = QmpFrameKind.Error;
                payload = Take(ref reader, line);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                kind = QmpFrameKind.Event;
                reader.Read();
                eventName = reader.GetString();
            }
            else if (reader.ValueTextEquals("timestamp"u8))
            {
                reader.Read();
                timeNs = JsonSerializer.Deserialize(ref reader, QmpJson.Default.EventTimestamp)?.ToUnixNs();
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                data = JsonElement.ParseValue(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        ThrowIfMoreFollows(ref reader);
        if (kind is null || (kind == QmpFrameKind.Event && eventName is null))
        {
            throw new FormatException("neither return, error nor event");
        }

        return new QmpFrame { Kind = kind.Value, Id = id, Payload = payload, EventName = eventName, TimeNs = timeNs, Data = data };
    }

    private static byte[] Take(ref Utf8JsonReader reader, ReadOnlySequence<byte> line)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        reader.Skip();
        return line.Slice(start, reader.BytesConsumed - start).ToArray();
    }

    private static Utf8JsonReader NewReader(ReadOnlySequence<byte> line) =>
        new(line, isFinalBlock: true, new JsonReaderState(ReaderOptions));

    /// <summary>A second object on the line would be an answer or an event that nobody sees.</summary>
    private static void ThrowIfMoreFollows(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
        {
            throw new FormatException("more than one object");
        }
    }

    private static string Excerpt(ReadOnlySequence<byte> line) =>
        Encoding.UTF8.GetString(line.Slice(0, Math.Min(line.Length, 120)).ToArray()).ReplaceLineEndings(" ");
}
