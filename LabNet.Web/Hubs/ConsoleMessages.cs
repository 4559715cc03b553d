using System.Text.Json;
using System.Text.Json.Serialization;
using LabNet.Core.Consoles;
using LabNet.Core.Vms;

namespace LabNet.Web.Hubs;

/// <summary>
/// What the console's stream carries to a viewer. <c>stream</c> and <c>offset</c> after the last item's data are where
/// <see cref="LabHub.ConsoleFrom"/> goes on.
/// </summary>
/// <param name="Stream">Another one after each start of LabNet.</param>
/// <param name="Offset">Of the first byte of <paramref name="Data"/>.</param>
/// <param name="MissedBytes">That this viewer was too slow for, right before the data.</param>
/// <param name="Data">Base64 in JSON; the guest's bytes as they came.</param>
/// <param name="Problem">Why something that was typed did not reach the guest; the data is empty then.</param>
public sealed record ConsoleOutput(string Stream, long Offset, long MissedBytes, ReadOnlyMemory<byte> Data, string? Problem = null)
{
    internal static ConsoleOutput Of(ConsoleChunk chunk) => new(chunk.At.Stream, chunk.At.Offset, chunk.MissedBytes, chunk.Bytes);

    internal static ConsoleOutput Told(string problem) => new("", 0, 0, default, problem);
}

/// <summary>
/// What a viewer sends: a text is typed; <c>{"seen": OFFSET}</c> says how far the viewer has come, and whoever says it once is never sent
/// more than <see cref="ConsoleViewer.UnseenBytesMax"/> beyond it; <c>{"columns": C, "rows": R}</c> is the size of the viewer's terminal.
/// </summary>
[JsonConverter(typeof(ConsoleInputConverter))]
public abstract record ConsoleInput
{
    private ConsoleInput()
    {
    }

    public sealed record Keys(string Text) : ConsoleInput;

    public sealed record Seen(long Offset) : ConsoleInput;

    public sealed record Sized(ConsoleSize Size) : ConsoleInput;
}

internal sealed class ConsoleInputConverter : JsonConverter<ConsoleInput>
{
    private const string Allowed = "keys are a text, {\"seen\": OFFSET} or {\"columns\": 1–1000, \"rows\": 1–1000}";

    public override bool HandleNull => true;

    public override ConsoleInput Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var input = document.RootElement;
        return input.ValueKind switch
        {
            JsonValueKind.String => new ConsoleInput.Keys(input.GetString()!),
            JsonValueKind.Object when Number(input, "seen") is { } seen => new ConsoleInput.Seen(seen),
            JsonValueKind.Object when Side(input, "columns") is { } columns && Side(input, "rows") is { } rows =>
                new ConsoleInput.Sized(new ConsoleSize(columns, rows)),
            _ => throw new JsonException(Allowed),
        };
    }

    public override void Write(Utf8JsonWriter writer, ConsoleInput value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case ConsoleInput.Keys keys:
                writer.WriteStringValue(keys.Text);
                break;
            case ConsoleInput.Seen seen:
                writer.WriteStartObject();
                writer.WriteNumber("seen", seen.Offset);
                writer.WriteEndObject();
                break;
            case ConsoleInput.Sized { Size: var size }:
                writer.WriteStartObject();
                writer.WriteNumber("columns", size.Columns);
                writer.WriteNumber("rows", size.Rows);
                writer.WriteEndObject();
                break;
        }
    }

    private static long? Number(JsonElement input, string name) =>
        input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static int? Side(JsonElement input, string name) => Number(input, name) is >= 1 and <= ConsoleSize.Max and var side ? (int)side : null;
}
