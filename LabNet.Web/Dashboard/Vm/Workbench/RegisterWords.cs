using System.Globalization;
using LabNet.Core.PciModels;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>Registers as they stand on the page.</summary>
internal static class RegisterWords
{
    /// <summary>Nobody has seen it.</summary>
    public const string Unknown = "–";

    private const int BitsPerDigit = 4;

    /// <summary>With all of its digits, so that bits stand below bits.</summary>
    public static string Value(ulong value, int width) => $"0x{value.ToString($"x{width / BitsPerDigit}", CultureInfo.InvariantCulture)}";

    public static string Access(RegisterAccess access) => access switch
    {
        RegisterAccess.Ro => "read only",
        RegisterAccess.Rw => "read, write",
        RegisterAccess.W1c => "1 clears",
        RegisterAccess.Wo => "command",
        _ => throw new ArgumentOutOfRangeException(nameof(access), access, message: null),
    };

    /// <summary>What the value says: its name, or the fields that are not 0.</summary>
    public static IEnumerable<(string Text, string About)> Meaning(PciRegister register, ulong value)
    {
        if (register.Values.FirstOrDefault(one => one.Value == value) is { } named)
        {
            yield return (named.Name, named.About);
        }

        foreach (var field in register.Fields.Where(field => field.In(value) != 0))
        {
            yield return (field.Low == field.High ? field.Name : $"{field.Name} = {field.In(value)}", field.About);
        }
    }

    public static string Bar(PciModelBar bar) => bar.Kind switch
    {
        PciBarKind.Registers => $"BAR {bar.Bar}: {bar.Registers.Length} {(bar.Registers.Length == 1 ? "register" : "registers")} in {Figures.Bytes(bar.SizeBytes)}",
        PciBarKind.Memory => $"BAR {bar.Bar}: {Figures.Bytes(bar.SizeBytes)} of memory",
        PciBarKind.Msix => $"BAR {bar.Bar}: MSI-X, {bar.Vectors} vectors",
        PciBarKind.Forwarded => $"BAR {bar.Bar}: another process answers",
        _ => throw new ArgumentOutOfRangeException(nameof(bar), bar.Kind, message: null),
    };

    /// <summary>Empty where anything goes.</summary>
    public static string Bounds(PciModelProperty property) => property.Type switch
    {
        PciPropertyType.Uint32 or PciPropertyType.Uint64 => $"{(property.IsPowerOfTwo ? "a power of two, " : "")}{Number(property.Min)} to {Number(property.Max)}",
        PciPropertyType.Bool => "on or off",
        PciPropertyType.Chardev => "LabNet makes it",
        _ => "",
    };

    private static string Number(ulong number) => number < 0x1_0000_0000 - 1 && number < 1_000_000_000 ? number.ToString(CultureInfo.InvariantCulture) : $"0x{number:x}";
}
