using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>
/// What a QEMU says of itself, qapi/introspect.json: commands, their argument and return types, down to the built-in ones. A type is
/// named by a number that means something in this one answer only.
/// </summary>
internal sealed class QmpSchema
{
    private readonly Dictionary<string, JsonElement> _entries;

    public QmpSchema(JsonElement schema) => _entries = schema.EnumerateArray().ToDictionary(entry => Text(entry, "name"));

    /// <summary>What of the command's shape differs from QEMU's; empty if nothing does.</summary>
    /// <param name="alwaysThere">Members of the answer, as <c>command/member</c>, that the schema calls optional and that this command always has.</param>
    public IEnumerable<string> DifferencesOf(QmpCommand command, JsonTypeInfo returnType, IReadOnlySet<string> alwaysThere)
    {
        if (!_entries.TryGetValue(command.Name, out var entry) || Text(entry, "meta-type") != "command")
        {
            return [$"{command.Name} is no command"];
        }

        return
        [
            .. DifferencesOfArguments(command, Text(entry, "arg-type")),
            .. DifferencesOfAnswer(command.Name, returnType, Text(entry, "ret-type"), alwaysThere, command.Name),
        ];
    }

    private IEnumerable<string> DifferencesOfArguments(QmpCommand command, string type)
    {
        var known = MembersOf(type);
        var ours = command.ArgumentsType?.Properties.ToDictionary(p => p.Name) ?? [];
        foreach (var (name, property) in ours)
        {
            if (!known.TryGetValue(name, out var member))
            {
                yield return $"{command.Name} takes no {name}";
            }
            else if (!Fits(property.PropertyType, Text(member, "type")))
            {
                yield return $"{command.Name}: {name} is no {property.PropertyType.Name}";
            }
        }

        foreach (var (name, member) in known.Where(m => IsMandatory(m.Value)))
        {
            if (!ours.TryGetValue(name, out var property) || MayBeNull(property))
            {
                yield return $"{command.Name} needs {name}";
            }
        }
    }

    private IEnumerable<string> DifferencesOfAnswer(
        string command, JsonTypeInfo ours, string type, IReadOnlySet<string> alwaysThere, string path)
    {
        if (ours.Kind == JsonTypeInfoKind.Enumerable)
        {
            return _entries[type].TryGetProperty("element-type", out var element)
                ? DifferencesOfAnswer(command, ours.Options.GetTypeInfo(ours.ElementType!), element.GetString()!, alwaysThere, $"{path}[]")
                : [$"{path} is no array"];
        }

        if (ours.Kind != JsonTypeInfoKind.Object)
        {
            return Fits(ours.Type, type) ? [] : [$"{path} is no {ours.Type.Name}"];
        }

        var known = MembersOf(type);
        return ours.Properties.SelectMany(property => DifferencesOfMember(property, known));

        IEnumerable<string> DifferencesOfMember(JsonPropertyInfo property, Dictionary<string, JsonElement> members)
        {
            if (!members.TryGetValue(property.Name, out var member))
            {
                return [$"{path} has no {property.Name}"];
            }

            if ((!MayBeNull(property) || property.IsRequired) && !IsMandatory(member) && !alwaysThere.Contains($"{command}/{property.Name}"))
            {
                return [$"{path}/{property.Name} may be missing"];
            }

            var propertyType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            return DifferencesOfAnswer(command, ours.Options.GetTypeInfo(propertyType), Text(member, "type"), alwaysThere, $"{path}/{property.Name}");
        }
    }

    /// <summary>A union's members are its base's; those of its branches can be missing.</summary>
    private Dictionary<string, JsonElement> MembersOf(string type) => _entries[type].TryGetProperty("members", out var members)
        ? members.EnumerateArray().ToDictionary(member => Text(member, "name"))
        : [];

    private bool Fits(Type type, string schemaType)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var entry = _entries[schemaType];
        return Text(entry, "meta-type") switch
        {
            "builtin" => Text(entry, "json-type") switch
            {
                "string" => IsText(type),
                "int" => type == typeof(int) || type == typeof(long),
                "number" => type == typeof(double),
                "boolean" => type == typeof(bool),
                "value" => type == typeof(JsonElement),
                _ => false,
            },
            "enum" => IsText(type),
            "alternate" => entry.GetProperty("members").EnumerateArray().Any(member => Fits(type, Text(member, "type"))),
            "array" => type.IsArray && Fits(type.GetElementType()!, Text(entry, "element-type")),
            "object" => type.IsClass && type != typeof(string) && !type.IsArray,
            _ => false,
        };
    }

    /// <summary>A word of ours, such as <see cref="RunState"/>, is written and read as a string.</summary>
    private static bool IsText(Type type) =>
        type == typeof(string) || (type.IsValueType && !type.IsPrimitive && type.GetProperty("Word")?.PropertyType == typeof(string));

    private static bool IsMandatory(JsonElement member) => !member.TryGetProperty("default", out _);

    private static bool MayBeNull(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsGetNullable;

    private static string Text(JsonElement entry, string member) => entry.GetProperty(member).GetString()!;
}
