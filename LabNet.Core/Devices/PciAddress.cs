using System.Globalization;

namespace LabNet.Core.Devices;

/// <summary>Where a function is on the PCI buses, as lspci writes it: bus, slot and function, such as <c>00:03.0</c>.</summary>
/// <remarks>QEMU's machines have one PCI domain; Linux in the guest calls it 0000.</remarks>
public readonly record struct PciAddress(int Bus, int Slot, int Function) : IComparable<PciAddress>
{
    private const string Domain = "0000:";

    /// <summary>Slot and function in one number, as QEMU's property <c>addr</c> has them.</summary>
    public int DeviceFunction => (Slot << 3) | Function;

    /// <summary>Its folder's name in Linux's sysfs, such as <c>0000:00:03.0</c>.</summary>
    public string LinuxName => Domain + ToString();

    public static bool operator <(PciAddress left, PciAddress right) => left.CompareTo(right) < 0;

    public static bool operator >(PciAddress left, PciAddress right) => left.CompareTo(right) > 0;

    public static bool operator <=(PciAddress left, PciAddress right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PciAddress left, PciAddress right) => left.CompareTo(right) >= 0;

    /// <param name="text">Such as <c>00:03.0</c>, or as Linux names it in sysfs, <c>0000:00:03.0</c>.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out PciAddress address)
    {
        address = default;
        text = text.StartsWith(Domain, StringComparison.Ordinal) ? text[Domain.Length..] : text;
        if (text is not [_, _, ':', _, _, '.', _]
            || !byte.TryParse(text[..2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bus)
            || !byte.TryParse(text[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var slot)
            || text[6] is < '0' or > '7' || slot > 0x1f)
        {
            return false;
        }

        address = new PciAddress(bus, slot, text[6] - '0');
        return true;
    }

    public int CompareTo(PciAddress other) => (Bus, Slot, Function).CompareTo((other.Bus, other.Slot, other.Function));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bus:x2}:{Slot:x2}.{Function}");
}
