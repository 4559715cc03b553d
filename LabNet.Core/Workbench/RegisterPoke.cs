using System.Globalization;
using LabNet.Core.PciModels;

namespace LabNet.Core.Workbench;

/// <summary>A register, or a place in a device's memory, to be read or written by the guest.</summary>
/// <param name="Offset">From the BAR's beginning, in bytes.</param>
/// <param name="Width">In bits: 8, 16, 32 or 64.</param>
/// <param name="Value">To be written; null to read.</param>
public sealed record RegisterPoke(int Bar, long Offset, int Width, ulong? Value)
{
    private const int BitsPerByte = 8;

    public static IReadOnlyList<int> Widths { get; } = [8, 16, 32, 64];

    /// <summary>What is wrong with it for a device of the model, in words for the user; null if nothing is.</summary>
    public string? MistakeFor(PciModel model)
    {
        var bar = model.Bars.FirstOrDefault(one => one.Bar == Bar);
        return this switch
        {
            _ when bar is null => $"bar: {model.Name} has no BAR {Bar}. It has {string.Join(", ", model.Bars.Select(one => one.Bar))}.",
            _ when !Widths.Contains(Width) => $"width: {Width} is none of {string.Join(", ", Widths)} bits.",
            _ when Offset < 0 || Offset % (Width / BitsPerByte) != 0 => $"offset: 0x{Offset:x} is no multiple of {Width / BitsPerByte}, and a processor need not access anything else.",

            // How large such a BAR is was said when the device was plugged in; the guest knows.
            _ when bar!.Kind != PciBarKind.Forwarded && Offset > bar.SizeBytes - (Width / BitsPerByte) => $"offset: 0x{Offset:x} is beyond the end of BAR {Bar}, which has 0x{bar.SizeBytes:x} bytes.",
            _ when Width < 64 && Value >> Width is > 0 => $"value: 0x{Value:x} has more than {Width} bits.",
            _ => null,
        };
    }

    /// <summary>Decimal, or hexadecimal with 0x.</summary>
    public static bool TryParseNumber(string? text, out ulong number)
    {
        var digits = text?.Trim() ?? "";
        return digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public override string ToString() =>
        Value is { } value ? $"BAR{Bar}+0x{Offset:x}, {Width} bits = 0x{value:x}" : $"BAR{Bar}+0x{Offset:x}, {Width} bits";
}
