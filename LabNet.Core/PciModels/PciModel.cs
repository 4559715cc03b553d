using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace LabNet.Core.PciModels;

/// <summary>A custom PCI device, as its register table says (pci-device/models/NAME.yaml): what QEMU's device, the guest's driver and the dashboard have in common.</summary>
/// <param name="Name">QEMU's type, such as <c>labnet-edu</c>.</param>
/// <param name="Title">One line.</param>
/// <param name="Class">Class, subclass and programming interface in one number of 24 bits.</param>
/// <param name="Bars">By number.</param>
/// <param name="Properties">What can be given when it is plugged in.</param>
public sealed record PciModel(
    string Name, string Title, int Vendor, int Device, int Class, ImmutableArray<PciModelBar> Bars, ImmutableArray<PciModelProperty> Properties)
{
    /// <summary>The register at an offset of a BAR; null where none is.</summary>
    public PciRegister? Find(int bar, long offset) =>
        Bars.FirstOrDefault(one => one.Bar == bar)?.Registers.FirstOrDefault(register => offset >= register.Offset && offset < register.Offset + (register.Width / 8));

    /// <summary>Whether another process behaves for it, through a character device.</summary>
    public bool IsRemote => Properties.Any(property => property.Type == PciPropertyType.Chardev);
}

/// <summary>What is behind a BAR.</summary>
public enum PciBarKind
{
    Registers,
    Memory,
    Msix,

    /// <summary>Another process answers for each access.</summary>
    Forwarded,
}

/// <param name="Bar">0 to 5.</param>
/// <param name="SizeBytes">A power of two.</param>
/// <param name="Vectors">Of MSI-X; 0 for anything else.</param>
/// <param name="Registers">By offset; empty for memory.</param>
public sealed record PciModelBar(int Bar, long SizeBytes, PciBarKind Kind, int Vectors, string About, ImmutableArray<PciRegister> Registers);

/// <summary>What a write does to a register, and a read gives.</summary>
public enum RegisterAccess
{
    /// <summary>A write changes nothing.</summary>
    Ro,

    /// <summary>What was written is read.</summary>
    Rw,

    /// <summary>A one that is written clears the bit.</summary>
    W1c,

    /// <summary>A write is a command; a read gives 0.</summary>
    Wo,
}

/// <param name="Offset">From the BAR's beginning, in bytes.</param>
/// <param name="Width">In bits: 32, or 64.</param>
/// <param name="Reset">What it holds after a reset.</param>
/// <param name="Mask">The bits that a write can change.</param>
public sealed record PciRegister(
    string Name, long Offset, int Width, RegisterAccess Access, ulong Reset, ulong Mask, string About, ImmutableArray<PciRegisterField> Fields)
{
    /// <summary>The property that says what it holds after a reset; null where the table does.</summary>
    public string? ResetProperty { get; init; }

    /// <summary>What its values are called; empty for a number.</summary>
    public ImmutableArray<PciRegisterValue> Values { get; init; } = [];

    /// <summary>What a write may say; null for anything.</summary>
    public PciAllowedValues? Allowed { get; init; }

    /// <summary>The bits that do something when they are written, and read as 0.</summary>
    public ulong Clears { get; init; }

    /// <summary>The register that sets bits of this one; null where none does.</summary>
    public string? SetBy { get; init; }
}

/// <param name="Name">In a word, such as <c>RUNNING</c>.</param>
public sealed record PciRegisterValue(ulong Value, string Name, string About);

/// <param name="Also">Besides those from the smallest to the largest.</param>
public sealed record PciAllowedValues(ulong Min, ulong Max, ImmutableArray<ulong> Also)
{
    public bool Holds(ulong value) => (value >= Min && value <= Max) || Also.Contains(value);

    public override string ToString() => $"{string.Concat(Also.Select(value => $"{value}, "))}{Min} to {Max}";
}

/// <param name="Low">Its lowest bit.</param>
/// <param name="High">Its highest bit, which is the same for one bit.</param>
public sealed record PciRegisterField(string Name, int Low, int High, string About)
{
    /// <summary>What a register's value says of it.</summary>
    public ulong In(ulong value) => (value >> Low) & (High - Low == 63 ? ulong.MaxValue : (1UL << (High - Low + 1)) - 1);
}

[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The words of register tables, which are C's.")]
public enum PciPropertyType
{
    Uint32,
    Uint64,
    Bool,
    Text,

    /// <summary>LabNet makes the character device, and its socket; the user gives nothing.</summary>
    Chardev,
}

/// <param name="Default">As the user would write it; null where QEMU's own applies.</param>
/// <param name="Min">Of a number.</param>
/// <param name="Max">Of a number.</param>
public sealed record PciModelProperty(string Name, PciPropertyType Type, string? Default, ulong Min, ulong Max, string About)
{
    /// <summary>Whether the device is none without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Of a number.</summary>
    public bool IsPowerOfTwo { get; init; }
}
