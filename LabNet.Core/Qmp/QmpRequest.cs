using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>The bytes of a command: <c>{"execute": name, "id": number, "arguments": object?}</c> and a line feed.</summary>
internal static class QmpRequest
{
    private const int IdBytesMax = 20;

    public static ReadOnlyMemory<byte> Frame(CompleteQmpCommand command, long id)
    {
        var bytes = new byte[BytesMax(command)];
        return bytes.AsMemory(0, Write(command, id, bytes));
    }

    /// <summary>All in one piece, numbered from <paramref name="firstId"/> on.</summary>
    public static ReadOnlyMemory<byte> Frame(IReadOnlyList<CompleteQmpCommand> commands, long firstId)
    {
        var bytes = new byte[commands.Sum(BytesMax)];
        var end = 0;
        for (var place = 0; place < commands.Count; place++)
        {
            end += Write(commands[place], firstId + place, bytes.AsSpan(end));
        }

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

    private static int BytesMax(CompleteQmpCommand command) => command.Prefix.Length + IdBytesMax + 2;

    private static int Write(CompleteQmpCommand command, long id, Span<byte> bytes)
    {
        command.Prefix.CopyTo(bytes);
        Utf8Formatter.TryFormat(id, bytes[command.Prefix.Length..], out var digits);
        var end = command.Prefix.Length + digits;
        bytes[end++] = (byte)'}';
        bytes[end++] = (byte)'\n';
        return end;
    }
}
