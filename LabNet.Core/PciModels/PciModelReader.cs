using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using LabNet.Core.Labs;

namespace LabNet.Core.PciModels;

/// <summary>Reads a register table out of a YAML tree.</summary>
/// <param name="mistakes">Where they are told, in any order.</param>
internal sealed partial class PciModelReader(List<LabFileMistake> mistakes) : YamlValueReader(mistakes)
{
    private const int BarBytesMax = 1 << 28;

    public static readonly string[] ModelRequired = ["name", "title", "vendor", "device", "bars"];
    private static readonly string[] ModelKeys = [.. ModelRequired, "class", "about", "properties"];
    private static readonly string[] BarKeys = ["bar", "size", "size-property", "kind", "vectors", "about", "registers"];
    private static readonly string[] PropertyKeys = ["name", "type", "default", "min", "max", "required", "power-of-two", "about"];

    /// <returns>Null, or incomplete, when there are mistakes.</returns>
    public PciModel? Read(YamlNode root)
    {
        if (Open(root, "The register table", ModelKeys, ModelRequired) is not { } model)
        {
            return null;
        }

        var name = Named(model.Find("name"), "name", ModelName(), "labnet-edu");
        var title = Text(model.Find("title"), "title");
        var vendor = Number(model.Find("vendor"), "vendor", 0, 0xffff);
        var device = Number(model.Find("device"), "device", 0, 0xffff);
        var classCode = model.Find("class") is { } node ? Number(node, "class", 0, 0xffffff) : 0x00ff00;
        var bars = ItemsOf(model.Find("bars"), "bars").Select(ReadBar).OfType<PciModelBar>().OrderBy(bar => bar.Bar).ToImmutableArray();
        var properties = ItemsOf(model.Find("properties"), "properties").Select(ReadProperty).OfType<PciModelProperty>().ToImmutableArray();
        TellRepeated(bars, bar => bar.Bar, root.At, bar => $"BAR {bar} stands here twice.");
        TellRepeated(properties, property => property.Name, root.At, property => $"The property {property} stands here twice.");
        return name is null || title is null || vendor is null || device is null || classCode is null
            ? null
            : new PciModel(name, title, (int)vendor, (int)device, (int)classCode, bars, properties);
    }

    private PciModelBar? ReadBar(YamlNode node)
    {
        if (Open(node, "A BAR", BarKeys, ["bar"]) is not { } fields || Integer(fields.Find("bar"), "bar", 0, 5) is not { } number)
        {
            return null;
        }

        var kind = fields.Find("kind") is { } kindNode ? OneOf<PciBarKind>(kindNode, "kind", WordOf) : PciBarKind.Registers;
        var size = fields.Find("size") is { } sizeNode ? Number(sizeNode, "size", 16, BarBytesMax) : 4096;
        var vectors = fields.Find("vectors") is { } vectorsNode ? Integer(vectorsNode, "vectors", 1, 2048) : 0;
        var about = fields.Find("about") is { } aboutNode ? Text(aboutNode, "about") : "";
        TellUnlessText(fields, "size-property");
        if (size is { } bytes && !ulong.IsPow2(bytes))
        {
            Tell(fields.Find("size")!.At, $"size {bytes} is no power of two, which a BAR's is.");
        }

        var registers = ReadRegisters(fields.Find("registers"), (long)(size ?? BarBytesMax));
        return kind is null || size is null || vectors is null || about is null ? null : new PciModelBar(number, (long)size, kind.Value, vectors.Value, about, registers);
    }

    private PciModelProperty? ReadProperty(YamlNode node)
    {
        if (Open(node, "A property", PropertyKeys, ["name", "type"]) is not { } fields)
        {
            return null;
        }

        var name = Named(fields.Find("name"), "name", PropertyName(), "reg");
        var type = OneOf<PciPropertyType>(fields.Find("type"), "type", WordOf);
        var most = type == PciPropertyType.Uint32 ? uint.MaxValue : ulong.MaxValue;
        var min = fields.Find("min") is { } minNode ? Number(minNode, "min", 0, most) : 0;
        var max = fields.Find("max") is { } maxNode ? Number(maxNode, "max", 0, most) : most;
        var about = fields.Find("about") is { } aboutNode ? Text(aboutNode, "about") : "";
        var atFirst = fields.Find("default") is YamlScalar scalar ? scalar.Text : null;
        var (required, powerOfTwo) = (Truth(fields, "required"), Truth(fields, "power-of-two"));
        return name is null || type is null || min is null || max is null || about is null
            ? null
            : new PciModelProperty(name, type.Value, type == PciPropertyType.Bool ? OnOrOff(atFirst) : atFirst, min.Value, max.Value, about) { IsRequired = required, IsPowerOfTwo = powerOfTwo };
    }

    /// <summary>QEMU's words for a truth value.</summary>
    private static string? OnOrOff(string? text) => text switch
    {
        "true" => "on",
        "false" => "off",
        _ => text,
    };

    private bool Truth(Fields fields, string key)
    {
        if (fields.Find(key) is not { } node)
        {
            return false;
        }

        if (node is not YamlScalar { IsPlain: true, Text: "true" or "false" } scalar)
        {
            Tell(node.At, $"{key} is true or false, not {Kind(node)}.");
            return false;
        }

        return scalar.Text == "true";
    }

    private void TellUnlessText(Fields fields, string key) => Text(fields.Find(key), key);

    private IReadOnlyList<YamlNode> ItemsOf(YamlNode? node, string key)
    {
        switch (node)
        {
            case null:
                return [];
            case YamlList { Items: var items }:
                return items;
            default:
                Tell(node.At, $"{key} is a list, not {Kind(node)}.");
                return [];
        }
    }

    /// <summary>Decimal, or hexadecimal with 0x, as in the books of devices.</summary>
    private ulong? Number(YamlNode? node, string key, ulong min, ulong max)
    {
        if (node is null)
        {
            return null;
        }

        var text = (node as YamlScalar)?.Text.Replace("_", "", StringComparison.Ordinal) ?? "";
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (!ulong.TryParse(isHex ? text[2..] : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            Tell(node.At, $"{key} is a number such as 16 or 0x10, not {Kind(node)}.");
            return null;
        }

        if (number < min || number > max)
        {
            Tell(node.At, $"{key} 0x{number:x} is outside 0x{min:x} to 0x{max:x}.");
            return null;
        }

        return number;
    }

    private string? Named(YamlNode? node, string key, Regex pattern, string example)
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        if (pattern.IsMatch(text))
        {
            return text;
        }

        Tell(node!.At, $"{key} {Spelling.Quote(text)} is none; such as {example}.");
        return null;
    }

    private void TellRepeated<TItem, TKey>(IEnumerable<TItem> items, Func<TItem, TKey> key, Place at, Func<TKey, string> message)
    {
        foreach (var repeated in items.GroupBy(key).Where(group => group.Count() > 1))
        {
            Tell(at, message(repeated.Key));
        }
    }

    private static string WordOf<TWord>(TWord word) where TWord : struct, Enum => word.ToString().ToLowerInvariant();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{1,47}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ModelName();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PropertyName();

    [GeneratedRegex(@"\A[A-Z][A-Z0-9_]{0,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RegisterName();

    [GeneratedRegex(@"\A(?<high>[0-9]{1,2})(-(?<low>[0-9]{1,2}))?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bits();
}
