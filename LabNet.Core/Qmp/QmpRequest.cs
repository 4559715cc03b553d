using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>The bytes of a command: <c>{"execute": name, "id": number, "arguments": object?}</c> and a line feed.</summary>
internal static class QmpRequest
{
    private const int IdBytesMax = 20;

    public static ReadOnlyMemory<byte> Frame<TReturn>(QmpCommand<TReturn> command, long id)
    {
        var bytes = new byte[command.Prefix.Length + IdBytesMax + 2];
        command.Prefix.CopyTo(bytes, 0);
        Utf8Formatter.TryFormat(id, bytes.AsSpan(command.Prefix.Length), out var digits);
        var end = command.Prefix.Length + digits;
        bytes[end++] = (byte)'}';
        bytes[end++] = (byte)'\n';
        return bytes.AsMemory(0, end);
    }

    public static ReadOnlyMemory<byte> Frame<TArguments, TReturn>(QmpCommand<TArguments, TReturn> command, TArguments arguments, long id) =>
        Frame(command.Name, id, writer => JsonSerializer.Serialize(writer, arguments, command.Arguments));

    public static ReadOnlyMemory<byte> Frame(string command, JsonElement? arguments, long id) =>
        Frame(command, id, arguments is { } value ? value.WriteTo : null);

    private static ReadOnlyMemory<byte> Frame(string command, long id, Action<Utf8JsonWriter>? writeArguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", command);
            writer.WriteNumber("id", id);
            if (writeArguments is not null)
            {
                writer.WritePropertyName("arguments");
                writeArguments(writer);
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }
}
