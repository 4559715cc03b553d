using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

/// <summary>Compares a typed command of ours with what a QEMU says of itself.</summary>
/// <param name="alwaysThere">Members of answers, as <c>command/member</c>, that the schema calls optional and that this command always has.</param>
internal sealed class SchemaDifferences(QmpSchema schema, IReadOnlySet<string> alwaysThere)
{
    /// <summary>What of the command's shape differs from QEMU's; empty if nothing does.</summary>
    public IEnumerable<string> Of(QmpCommand command, JsonTypeInfo returnType)
    {
        if (schema.FindCommand(command.Name) is not { } known)
        {
            return [$"{command.Name} is no command"];
        }

        return [.. OfArguments(command, known.Arguments), .. new Answer(command.Name, alwaysThere).Of(returnType, known.Returns, command.Name)];
    }

    private static IEnumerable<string> OfArguments(QmpCommand command, QmpSchemaType.Struct arguments)
    {
        var known = arguments.Members.ToDictionary(member => member.Name);
        var ours = command.ArgumentsType?.Properties.Where(p => !p.IsExtensionData).ToDictionary(p => p.Name) ?? [];
        foreach (var (name, property) in ours)
        {
            if (!known.TryGetValue(name, out var member))
            {
                yield return $"{command.Name} takes no {name}";
            }
            else if (!Fits(property.PropertyType, member.Type))
            {
                yield return $"{command.Name}: {name} is no {property.PropertyType.Name}";
            }
        }

        foreach (var member in known.Values.Where(member => !member.IsOptional))
        {
            if (!ours.TryGetValue(member.Name, out var property) || MayBeNull(property))
            {
                yield return $"{command.Name} needs {member.Name}";
            }
        }
    }

    private static bool Fits(Type type, QmpSchemaType schemaType)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return schemaType switch
        {
            QmpSchemaType.Builtin { Name: "str" } or QmpSchemaType.Enumeration => IsText(type),
            QmpSchemaType.Builtin { Name: "int" } => type == typeof(int) || type == typeof(long),
            QmpSchemaType.Builtin { Name: "number" } => type == typeof(double),
            QmpSchemaType.Builtin { Name: "bool" } => type == typeof(bool),
            QmpSchemaType.Builtin { Name: "any" } => type == typeof(JsonElement),
            QmpSchemaType.Alternate alternate => type == typeof(JsonElement) || alternate.Options.Any(option => Fits(type, option)),
            QmpSchemaType.List list => type.IsArray && Fits(type.GetElementType()!, list.Element),
            QmpSchemaType.Struct => type.IsClass && type != typeof(string) && !type.IsArray,
            _ => false,
        };
    }

    /// <summary>A word of ours, such as <see cref="RunState"/>, is written and read as a string.</summary>
    private static bool IsText(Type type) =>
        type == typeof(string) || (type.IsValueType && !type.IsPrimitive && type.GetProperty("Word")?.PropertyType == typeof(string));

    private static bool MayBeNull(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsGetNullable;

    /// <summary>One command's answer, down to the built-in types.</summary>
    private sealed class Answer(string command, IReadOnlySet<string> alwaysThere)
    {
        /// <summary>An image stands on an image, a bridge has bridges behind it: each pair of types is compared once.</summary>
        private readonly HashSet<(Type, QmpSchemaType)> _compared = [];

        public IEnumerable<string> Of(JsonTypeInfo ours, QmpSchemaType theirs, string path)
        {
            if (ours.Kind == JsonTypeInfoKind.Enumerable)
            {
                return theirs is QmpSchemaType.List list
                    ? Of(ours.Options.GetTypeInfo(ours.ElementType!), list.Element, $"{path}[]")
                    : [$"{path} is no array"];
            }

            if (ours.Kind != JsonTypeInfoKind.Object)
            {
                return Fits(ours.Type, theirs) ? [] : [$"{path} is no {ours.Type.Name}"];
            }

            // A union's members are its base's; those of its branches can be missing.
            var known = theirs is QmpSchemaType.Struct found ? found.Members.ToDictionary(member => member.Name) : [];
            return _compared.Add((ours.Type, theirs)) ? ours.Properties.SelectMany(property => OfMember(ours, property, known, path)) : [];
        }

        private IEnumerable<string> OfMember(JsonTypeInfo ours, JsonPropertyInfo property, Dictionary<string, QmpSchemaMember> known, string path)
        {
            if (!known.TryGetValue(property.Name, out var member))
            {
                // Not of QEMU: what a record of ours makes of its members is never read.
                return property.Set is null && property.AssociatedParameter is null ? [] : [$"{path} has no {property.Name}"];
            }

            if ((!MayBeNull(property) || property.IsRequired) && member.IsOptional && !alwaysThere.Contains($"{command}/{property.Name}"))
            {
                return [$"{path}/{property.Name} may be missing"];
            }

            var propertyType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            return Of(ours.Options.GetTypeInfo(propertyType), member.Type, $"{path}/{property.Name}");
        }
    }
}
