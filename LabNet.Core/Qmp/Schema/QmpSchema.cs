using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>What a QEMU says of itself in <c>query-qmp-schema</c> (qapi/introspect.json): its commands and events with their types.</summary>
/// <remarks>Immutable and thread-safe. Reading one takes some milliseconds, asking it nothing worth speaking of.</remarks>
public sealed class QmpSchema
{
    /// <summary>The one command with arguments of its own for which QEMU's schema has <c>'gen': false</c>.</summary>
    private const string TakesMore = "device_add";

    private readonly Dictionary<string, QmpSchemaType> _types = new(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, QmpSchemaCommand> _commands;
    private readonly FrozenDictionary<string, QmpSchemaEvent> _events;

    private QmpSchema(JsonElement entries)
    {
        List<JsonElement> commands = [];
        List<JsonElement> events = [];
        foreach (var entry in entries.EnumerateArray())
        {
            var kind = Text(entry, "meta-type");
            if (kind is "command" or "event")
            {
                (kind == "command" ? commands : events).Add(entry);
            }
            else if (ReadType(entry, kind) is { } type)
            {
                _types[Text(entry, "name")] = type;
            }
        }

        _commands = commands.Select(ReadCommand).ToFrozenDictionary(command => command.Name);
        _events = events.Select(ReadEvent).ToFrozenDictionary(qmpEvent => qmpEvent.Name);
        CommandNames = [.. _commands.Keys.Order(StringComparer.Ordinal)];
        EventNames = [.. _events.Keys.Order(StringComparer.Ordinal)];
        RequireTypes(entries);
    }

    /// <summary>In the order of the alphabet.</summary>
    public IReadOnlyList<string> CommandNames { get; }

    /// <summary>In the order of the alphabet.</summary>
    public IReadOnlyList<string> EventNames { get; }

    /// <param name="returned">What QEMU returned to <c>query-qmp-schema</c>.</param>
    /// <exception cref="QmpProtocolException">It is no such schema.</exception>
    public static QmpSchema Parse(ReadOnlyMemory<byte> returned)
    {
        try
        {
            using var document = JsonDocument.Parse(returned);
            return new QmpSchema(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new QmpProtocolException($"QEMU's description of itself cannot be understood: {e.Message}", e);
        }
    }

    /// <summary>Null if this QEMU has no such command.</summary>
    public QmpSchemaCommand? FindCommand(string name) => _commands.GetValueOrDefault(name);

    /// <summary>Null if this QEMU has no such event.</summary>
    public QmpSchemaEvent? FindEvent(string name) => _events.GetValueOrDefault(name);

    internal QmpSchemaType Type(string name) => _types[name];

    private QmpSchemaCommand ReadCommand(JsonElement entry) => new(
        Text(entry, "name"),
        StructOf(entry),
        _types[Text(entry, "ret-type")],
        entry.TryGetProperty("allow-oob", out var oob) && oob.GetBoolean(),
        Text(entry, "name") == TakesMore,
        FeaturesOf(entry));

    private QmpSchemaEvent ReadEvent(JsonElement entry) => new(Text(entry, "name"), StructOf(entry), FeaturesOf(entry));

    private QmpSchemaType.Struct StructOf(JsonElement entry) => _types[Text(entry, "arg-type")] as QmpSchemaType.Struct
        ?? throw new InvalidOperationException($"the arguments of {Text(entry, "name")} are no object");

    private QmpSchemaType? ReadType(JsonElement entry, string kind) => kind switch
    {
        "builtin" => new QmpSchemaType.Builtin(Text(entry, "name")),
        "enum" => new QmpSchemaType.Enumeration(ReadWords(entry)),
        "array" => new QmpSchemaType.List(this, Text(entry, "element-type")),
        "object" => new QmpSchemaType.Struct(
            this,
            [.. entry.GetProperty("members").EnumerateArray().Select(ReadMember)],
            entry.TryGetProperty("tag", out var tag) ? tag.GetString() : null,
            [.. Elements(entry, "variants").Select(variant => (Text(variant, "case"), Text(variant, "type")))]),
        "alternate" => new QmpSchemaType.Alternate(this, [.. Elements(entry, "members").Select(member => Text(member, "type"))]),

        // Clients should ignore meta-types that they do not know.
        _ => null,
    };

    /// <summary>QEMU before 6.2 has <c>values</c> alone; the newer <c>members</c> may carry features.</summary>
    private static ImmutableArray<string> ReadWords(JsonElement entry) => entry.TryGetProperty("members", out var members)
        ? [.. members.EnumerateArray().Select(member => Text(member, "name"))]
        : [.. Elements(entry, "values").Select(value => value.GetString()!)];

    private QmpSchemaMember ReadMember(JsonElement member) =>
        new(this, Text(member, "name"), Text(member, "type"), member.TryGetProperty("default", out _), FeaturesOf(member));

    private static ImmutableArray<string> FeaturesOf(JsonElement entry) =>
        [.. Elements(entry, "features").Select(feature => feature.GetString()!)];

    private static JsonElement[] Elements(JsonElement entry, string member) =>
        entry.TryGetProperty(member, out var array) ? [.. array.EnumerateArray()] : [];

    private static string Text(JsonElement entry, string member) =>
        entry.GetProperty(member).GetString() ?? throw new InvalidOperationException($"{member} is null");

    /// <summary>Now, so that no question fails later.</summary>
    private void RequireTypes(JsonElement entries)
    {
        var named =
            from entry in entries.EnumerateArray()
            from name in TypesNamedBy(entry)
            where !_types.ContainsKey(name)
            select name;
        if (named.FirstOrDefault() is { } missing)
        {
            throw new InvalidOperationException($"there is no type {missing}");
        }
    }

    private static IEnumerable<string> TypesNamedBy(JsonElement entry) => Text(entry, "meta-type") switch
    {
        "array" => [Text(entry, "element-type")],
        "object" or "alternate" => Elements(entry, "members").Concat(Elements(entry, "variants")).Select(member => Text(member, "type")),
        _ => [],
    };
}
