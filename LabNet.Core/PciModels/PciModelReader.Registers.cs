using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.PciModels;

internal sealed partial class PciModelReader
{
    private static readonly string[] RegisterKeys = ["name", "offset", "width", "access", "reset", "reset-property", "mask", "clears", "set-by", "allowed", "values", "about", "fields"];
    private static readonly string[] FieldKeys = ["name", "bits", "about"];
    private static readonly string[] AllowedKeys = ["min", "max", "also"];

    private ImmutableArray<PciRegister> ReadRegisters(YamlNode? node, long barBytes)
    {
        var registers = new List<(PciRegister Register, Place At)>();
        foreach (var item in ItemsOf(node, "registers"))
        {
            if (ReadRegister(item, barBytes) is not { } register)
            {
                continue;
            }

            if (registers.Find(one => one.Register.Name == register.Name).Register is not null)
            {
                Tell(item.At, $"The register {register.Name} stands here twice.");
            }
            else if (registers.Find(one => Overlap(one.Register, register)).Register is { } other)
            {
                Tell(item.At, $"{register.Name} and {other.Name} lie over each other, at 0x{register.Offset:x}.");
            }

            registers.Add((register, item.At));
        }

        return [.. registers.Select(one => one.Register).OrderBy(register => register.Offset)];
    }

    private static bool Overlap(PciRegister one, PciRegister other) =>
        one.Offset < other.Offset + (other.Width / 8) && other.Offset < one.Offset + (one.Width / 8);

    private PciRegister? ReadRegister(YamlNode node, long barBytes)
    {
        if (Open(node, "A register", RegisterKeys, ["name", "offset", "access"]) is not { } fields)
        {
            return null;
        }

        var name = Named(fields.Find("name"), "name", RegisterName(), "DMA_STATE");
        var access = OneOf<RegisterAccess>(fields.Find("access"), "access", WordOf);
        var width = fields.Find("width") is { } widthNode ? Integer(widthNode, "width", 32, 64) : 32;
        if (width is not (null or 32 or 64))
        {
            Tell(fields.Find("width")!.At, $"width {width} is neither 32 nor 64 bits.");
            return null;
        }

        var offset = Number(fields.Find("offset"), "offset", 0, (ulong)barBytes - 4);
        if (offset is { } at && at % ((ulong?)width / 8 ?? 4) != 0)
        {
            Tell(fields.Find("offset")!.At, $"offset 0x{at:x} is no multiple of the register's {width / 8} bytes.");
        }

        var all = width == 64 ? ulong.MaxValue : uint.MaxValue;
        var reset = fields.Find("reset") is { } resetNode ? Number(resetNode, "reset", 0, all) : 0;
        var mask = fields.Find("mask") is { } maskNode ? Number(maskNode, "mask", 0, all) : access == RegisterAccess.Ro ? 0 : all;
        var about = fields.Find("about") is { } aboutNode ? Text(aboutNode, "about") : "";
        var parts = ItemsOf(fields.Find("fields"), "fields").Select(field => ReadField(field, width ?? 32)).OfType<PciRegisterField>().ToImmutableArray();
        var (resetProperty, allowed) = (Text(fields.Find("reset-property"), "reset-property"), ReadAllowed(fields.Find("allowed"), all));
        var values = ReadValues(fields.Find("values"), all);
        var (setBy, clears) = (Text(fields.Find("set-by"), "set-by"), fields.Find("clears") is { } clearsNode ? Number(clearsNode, "clears", 0, all) : 0);
        if (name is null || access is null || width is null || offset is null || reset is null || mask is null || about is null)
        {
            return null;
        }

        return new PciRegister(name, (long)offset, width.Value, access.Value, reset.Value, mask.Value, about, parts)
        {
            ResetProperty = resetProperty,
            Values = values,
            Allowed = allowed,
            Clears = clears ?? 0,
            SetBy = setBy,
        };
    }

    private PciAllowedValues? ReadAllowed(YamlNode? node, ulong most)
    {
        if (node is null || Open(node, "allowed", AllowedKeys, AllowedKeys[..2]) is not { } fields)
        {
            return null;
        }

        var also = ItemsOf(fields.Find("also"), "also").Select(item => Number(item, "also", 0, most)).OfType<ulong>().ToImmutableArray();
        return Number(fields.Find("min"), "min", 0, most) is { } min && Number(fields.Find("max"), "max", min, most) is { } max ? new PciAllowedValues(min, max, also) : null;
    }

    /// <summary>A word, and behind a comma what there is to say of it.</summary>
    private ImmutableArray<PciRegisterValue> ReadValues(YamlNode? node, ulong most)
    {
        if (node is not null and not YamlMap)
        {
            Tell(node.At, $"values is a mapping of a number to what it is called, not {Kind(node)}.");
        }

        var values = ImmutableArray.CreateBuilder<PciRegisterValue>();
        foreach (var entry in (node as YamlMap)?.Entries ?? [])
        {
            if (Number(new YamlScalar(entry.At, entry.Key, IsPlain: true), "A value", 0, most) is { } value && Text(entry.Value, "A value's name") is { } text)
            {
                var comma = text.IndexOf(',', StringComparison.Ordinal);
                values.Add(comma < 0 ? new PciRegisterValue(value, text, "") : new PciRegisterValue(value, text[..comma], text[(comma + 1)..].Trim()));
            }
        }

        return values.ToImmutable();
    }

    private PciRegisterField? ReadField(YamlNode node, int width)
    {
        if (Open(node, "A field", FieldKeys, FieldKeys[..2]) is not { } fields)
        {
            return null;
        }

        var name = Named(fields.Find("name"), "name", RegisterName(), "BUSY");
        var about = fields.Find("about") is { } aboutNode ? Text(aboutNode, "about") : "";

        // One bit, quoted or not.
        var bits = fields.Find("bits") as YamlScalar;
        if (Bits().Match(bits?.Text ?? "") is not { Success: true } match)
        {
            Tell(fields.Find("bits")?.At ?? node.At, "bits is one bit or two, the higher one first, such as \"0\" or \"7-4\".");
            return null;
        }

        var high = int.Parse(match.Groups["high"].ValueSpan, CultureInfo.InvariantCulture);
        var low = match.Groups["low"].Success ? int.Parse(match.Groups["low"].ValueSpan, CultureInfo.InvariantCulture) : high;
        if (low > high || high >= width)
        {
            Tell(bits!.At, $"bits {bits.Text} are not within the register's {width}, the higher one first.");
            return null;
        }

        return name is null || about is null ? null : new PciRegisterField(name, low, high, about);
    }
}
