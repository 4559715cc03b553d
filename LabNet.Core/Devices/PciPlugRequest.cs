using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.PciModels;

namespace LabNet.Core.Devices;

/// <summary>A custom PCI device to be plugged in.</summary>
/// <param name="Id">Its qdev id, by which it is unplugged again.</param>
/// <param name="Properties">As the model declares them; without those that LabNet gives itself.</param>
public sealed record PciPlugRequest(PciModel Model, string Id, ImmutableSortedDictionary<string, string> Properties)
{
    /// <summary>What is wrong with it, in words for the user; null if nothing is.</summary>
    public string? Mistake =>
        PlugRequest.MistakeInId(Id)
        ?? Properties.Select(given => MistakeIn(given.Key, given.Value)).FirstOrDefault(mistake => mistake is not null)
        ?? (Model.Properties.FirstOrDefault(property => property.IsRequired && property.Type != PciPropertyType.Chardev && !Properties.ContainsKey(property.Name)) is { } missing
            ? $"properties: {Model.Name} needs {missing.Name}."
            : null);

    public override string ToString() =>
        $"{Id} ({Model.Name}{string.Concat(Properties.Select(property => $", {property.Key}={property.Value}"))})";

    private string? MistakeIn(string name, string value)
    {
        var settable = Model.Properties.Where(property => property.Type != PciPropertyType.Chardev).ToList();
        return settable.Find(property => property.Name == name) is { } property
            ? MistakeIn(property, value)
            : $"properties: {Model.Name} has no property {name}. {(settable.Count == 0 ? "It has none at all." : $"It has: {string.Join(", ", settable.Select(one => one.Name))}.")}";
    }

    private static string? MistakeIn(PciModelProperty property, string value) => property.Type switch
    {
        PciPropertyType.Uint32 or PciPropertyType.Uint64 when Number(value) is not { } number || number < property.Min || number > property.Max =>
            $"properties: {property.Name} is a number from {property.Min} to {property.Max} (0x{property.Max:x}), not “{value}”.",
        PciPropertyType.Uint32 or PciPropertyType.Uint64 when property.IsPowerOfTwo && !ulong.IsPow2(Number(value)!.Value) => $"properties: {property.Name} is a power of two, not {value}.",
        PciPropertyType.Bool when value is not ("on" or "off") => $"properties: {property.Name} is on or off, not “{value}”.",
        _ when value.Any(char.IsControl) => $"properties: {property.Name} has a control character.",
        _ => null,
    };

    private static ulong? Number(string text)
    {
        var isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>For QEMU, whose numbers and truth values are none of JSON's texts.</summary>
    internal object ValueOf(string name) => Model.Properties.First(property => property.Name == name).Type switch
    {
        PciPropertyType.Uint32 or PciPropertyType.Uint64 => Number(Properties[name])!.Value,
        PciPropertyType.Bool => Properties[name] == "on",
        _ => Properties[name],
    };
}
