using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>Holds what was typed against QEMU's types, and writes it as JSON.</summary>
internal sealed class QmpShellCheck(List<QmpShellMistake> mistakes)
{
    private const int NamesShownMax = 24;

    /// <summary>One bad line of 64 KiB must not become megabytes of complaints.</summary>
    private const int MistakesMax = 20;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <returns>Null where the command gets no arguments; worth nothing if there are mistakes.</returns>
    public JsonElement? Check(QmpSchemaCommand command, QmpShellNode arguments)
    {
        using (var writer = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            WriteStruct(writer, command.Arguments, arguments, path: "", command.TakesMore);
        }

        return mistakes.Count > 0 || arguments is QmpShellNode.Branch { Nodes.Count: 0 } ? null : JsonElement.Parse(_buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter writer, QmpSchemaType type, QmpShellNode node, string path)
    {
        switch (type)
        {
            case QmpSchemaType.Struct known:
                WriteStruct(writer, known, node, path, takesMore: false);
                break;
            case QmpSchemaType.List list when node is QmpShellNode.Items items:
                writer.WriteStartArray();
                for (var i = 0; i < items.Nodes.Count; i++)
                {
                    Write(writer, list.Element, items.Nodes[i], $"{path}[{i}]");
                }

                writer.WriteEndArray();
                break;
            case QmpSchemaType.Alternate alternate:
                WriteAlternate(writer, alternate, node, path);
                break;
            case QmpSchemaType.Builtin { Name: "any" }:
                WriteGuessed(writer, node);
                break;
            default:
                if (ValueFor(type, node) is { } write)
                {
                    write(writer);
                }
                else
                {
                    TellUnfit(type, node, path);
                }

                break;
        }
    }

    private void WriteStruct(Utf8JsonWriter writer, QmpSchemaType.Struct type, QmpShellNode node, string path, bool takesMore)
    {
        if (node is not QmpShellNode.Branch branch)
        {
            Tell(node, $"{Named(path)} wants an object: {path}.member=value, or {{…}}.");
            return;
        }

        var tag = type.Tag is { } name && branch.Nodes.TryGetValue(name, out var given) ? TextOf(given) : null;
        var members = type.MembersFor(tag).ToDictionary(member => member.Name, StringComparer.Ordinal);
        writer.WriteStartObject();
        foreach (var (key, value) in branch.Nodes)
        {
            if (members.TryGetValue(key, out var member))
            {
                writer.WritePropertyName(key);
                Write(writer, member.Type, value, Below(path, key));
            }
            else if (takesMore)
            {
                writer.WritePropertyName(key);
                WriteGuessed(writer, value);
            }
            else
            {
                TellUnknown(type, tag, value, key, path, members.Keys);
            }
        }

        writer.WriteEndObject();
        foreach (var missing in members.Values.Where(member => !member.IsOptional && !branch.Nodes.ContainsKey(member.Name)))
        {
            Tell(node, $"{Below(path, missing.Name)} is missing ({Shortened(missing.Type.Word)}).");
        }
    }

    /// <summary>What a member that belongs to another value of the tag is called so; while the tag is missing, that alone is told.</summary>
    private void TellUnknown(
        QmpSchemaType.Struct type, string? tag, QmpShellNode value, string key, string path, IEnumerable<string> known)
    {
        var variants = type.Variants.Where(variant => variant.Members.Any(member => member.Name == key)).Select(variant => variant.Case).ToList();
        if (variants.Count > 0 && tag is null)
        {
            return;
        }

        var names = known.Order(StringComparer.Ordinal).ToList();
        var allowed = names.Count == 0 ? "Nothing is." : $"Known are {string.Join(", ", names.Take(NamesShownMax))}{(names.Count > NamesShownMax ? ", …" : "")}.";
        var because = variants.Count > 0 ? $" (it belongs to {type.Tag} {string.Join(", ", variants.Take(NamesShownMax))})" : "";
        Tell(value, $"\"{QmpShellLexer.Shown(Below(path, key))}\" is not known here{because}.{NearestWord.Hint(key, names)} {allowed}");
    }

    private void WriteAlternate(Utf8JsonWriter writer, QmpSchemaType.Alternate type, QmpShellNode node, string path)
    {
        // A word of many letters may be text as well as a number: text comes last.
        var options = type.Options.OrderBy(option => option is QmpSchemaType.Builtin { Name: "str" or "any" }).ToList();
        var fitting = options.FirstOrDefault(option => option switch
        {
            QmpSchemaType.Struct => node is QmpShellNode.Branch,
            QmpSchemaType.List => node is QmpShellNode.Items,
            _ => ValueFor(option, node) is not null,
        });
        if (fitting is null)
        {
            TellUnfit(type, node, path);
            return;
        }

        Write(writer, fitting, node, path);
    }

    /// <returns>What writes the value, or null where it does not fit.</returns>
    private static Action<Utf8JsonWriter>? ValueFor(QmpSchemaType type, QmpShellNode node)
    {
        if (node is QmpShellNode.Scalar { Value: var json })
        {
            return IsA(type, json) ? json.WriteTo : null;
        }

        if (node is not QmpShellNode.Word { Text: var text } word)
        {
            return null;
        }

        return type switch
        {
            QmpSchemaType.Enumeration words => words.Values.Contains(text) ? w => w.WriteStringValue(text) : null,
            QmpSchemaType.Builtin { Name: "str" } => w => w.WriteStringValue(text),
            QmpSchemaType.Builtin when word.Quoted => null,
            QmpSchemaType.Builtin { Name: "int" } => IntegerOf(text),
            QmpSchemaType.Builtin { Name: "number" } => NumberOf(text),
            QmpSchemaType.Builtin { Name: "bool" } => text is "true" or "false" ? w => w.WriteBooleanValue(text == "true") : null,
            QmpSchemaType.Builtin { Name: "null" } => text == "null" ? static w => w.WriteNullValue() : null,
            _ => null,
        };
    }

    private static bool IsA(QmpSchemaType type, JsonElement json) => (type, json.ValueKind) switch
    {
        (QmpSchemaType.Enumeration words, JsonValueKind.String) => words.Values.Contains(json.GetString()!),
        (QmpSchemaType.Builtin { Name: "str" }, JsonValueKind.String) => true,
        (QmpSchemaType.Builtin { Name: "int" }, JsonValueKind.Number) => json.TryGetInt64(out _) || json.TryGetUInt64(out _),
        (QmpSchemaType.Builtin { Name: "number" }, JsonValueKind.Number) => true,
        (QmpSchemaType.Builtin { Name: "bool" }, JsonValueKind.True or JsonValueKind.False) => true,
        (QmpSchemaType.Builtin { Name: "null" }, JsonValueKind.Null) => true,
        _ => false,
    };

    /// <summary>Decimal or with 0x, as in QEMU's qmp-shell.</summary>
    private static Action<Utf8JsonWriter>? IntegerOf(string text)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? w => w.WriteNumberValue(hex) : null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var signed) ? w => w.WriteNumberValue(signed)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unsigned) ? w => w.WriteNumberValue(unsigned)
            : null;
    }

    private static Action<Utf8JsonWriter>? NumberOf(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? w => w.WriteNumberValue(number)
            : null;

    /// <summary>
    /// Where QEMU takes anything: decimal numbers, true, false and null are what they look like, the rest is text. So is 0x3, because
    /// a PCI device takes the number 3 for function 3 of slot 0, and the text for slot 3.
    /// </summary>
    private static void WriteGuessed(Utf8JsonWriter writer, QmpShellNode node)
    {
        switch (node)
        {
            case QmpShellNode.Word { Quoted: false, Text: "true" or "false" } word:
                writer.WriteBooleanValue(word.Text == "true");
                break;
            case QmpShellNode.Word { Quoted: false, Text: "null" }:
                writer.WriteNullValue();
                break;
            case QmpShellNode.Word { Quoted: false } word when long.TryParse(word.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                writer.WriteNumberValue(number);
                break;
            case QmpShellNode.Word word:
                writer.WriteStringValue(word.Text);
                break;
            case QmpShellNode.Scalar scalar:
                scalar.Value.WriteTo(writer);
                break;
            case QmpShellNode.Items items:
                writer.WriteStartArray();
                foreach (var item in items.Nodes)
                {
                    WriteGuessed(writer, item);
                }

                writer.WriteEndArray();
                break;
            case QmpShellNode.Branch branch:
                writer.WriteStartObject();
                foreach (var (key, value) in branch.Nodes)
                {
                    writer.WritePropertyName(key);
                    WriteGuessed(writer, value);
                }

                writer.WriteEndObject();
                break;
        }
    }

    private void TellUnfit(QmpSchemaType type, QmpShellNode node, string path)
    {
        var hint = type is QmpSchemaType.Enumeration words && TextOf(node) is { } text ? NearestWord.Hint(text, words.Values) : "";
        var wanted = type switch
        {
            QmpSchemaType.Builtin { Name: "int" } => "an integer",
            QmpSchemaType.Builtin { Name: "number" } => "a number",
            QmpSchemaType.Builtin { Name: "bool" } => "true or false",
            QmpSchemaType.Builtin { Name: "str" } => "text",
            QmpSchemaType.List list => $"a list, [{Shortened(list.Element.Word)}, …]",
            _ => Shortened(type.Word),
        };
        Tell(node, $"{Named(path)} wants {wanted}.{hint}");
    }

    private void Tell(QmpShellNode node, string message)
    {
        if (mistakes.Count < MistakesMax)
        {
            mistakes.Add(new QmpShellMistake(node.At, node.Length, message));
        }
    }

    private static string? TextOf(QmpShellNode node) => node switch
    {
        QmpShellNode.Word word => word.Text,
        QmpShellNode.Scalar { Value: { ValueKind: JsonValueKind.String } json } => json.GetString(),
        _ => null,
    };

    private static string Below(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string Named(string path) => path.Length == 0 ? "The command" : QmpShellLexer.Shown(path);

    private static string Shortened(string word) => word.Length > 300 ? word[..300] + "…" : word;
}
