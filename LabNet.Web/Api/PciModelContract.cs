using LabNet.Core.PciModels;

namespace LabNet.Web.Api;

/// <param name="Build">What they were built for; null where none were.</param>
/// <param name="Problems">Why some, or all, are missing.</param>
public sealed record PciModelsContract(PciBuildContract? Build, IReadOnlyList<PciModelContract> Models, IReadOnlyList<string> Problems)
{
    internal static PciModelsContract Of(BuiltPciModels models) => new(
        models.Build is { } build ? new PciBuildContract(build.QemuVersion, build.QemuPackage, build.BuiltAt, build.Hash) : null,
        [.. models.Models.Select(PciModelContract.Of)],
        models.Problems);
}

public sealed record PciBuildContract(string QemuVersion, string QemuPackage, DateTimeOffset BuiltAt, string Hash);

/// <param name="Class">Class, subclass and programming interface in one number.</param>
/// <param name="IsRemote">Whether another process behaves for it, at the socket that the plugged device tells.</param>
public sealed record PciModelContract(
    string Name, string Title, int VendorId, int DeviceId, int Class, bool IsRemote, IReadOnlyList<PciModelBarContract> Bars, IReadOnlyList<PciModelPropertyContract> Properties)
{
    internal static PciModelContract Of(PciModel model) => new(
        model.Name,
        model.Title,
        model.Vendor,
        model.Device,
        model.Class,
        model.IsRemote,
        [.. model.Bars.Select(PciModelBarContract.Of)],
        [.. model.Properties.Select(property => new PciModelPropertyContract(property.Name, property.Type, property.Default, property.About))]);
}

/// <param name="Kind">`registers`, `memory` or `msix`.</param>
/// <param name="Vectors">Of MSI-X; 0 for anything else.</param>
public sealed record PciModelBarContract(int Bar, long SizeBytes, PciBarKind Kind, int Vectors, string About, IReadOnlyList<PciRegisterContract> Registers)
{
    internal static PciModelBarContract Of(PciModelBar bar) =>
        new(bar.Bar, bar.SizeBytes, bar.Kind, bar.Vectors, bar.About, [.. bar.Registers.Select(PciRegisterContract.Of)]);
}

/// <param name="Width">In bits.</param>
/// <param name="Access">`ro`, `rw`, `w1c` (a written one clears) or `wo` (a command).</param>
/// <param name="Reset">Hexadecimal, because JSON's numbers are not exact above 2^53; as is the next.</param>
/// <param name="Mask">The bits that a write can change.</param>
public sealed record PciRegisterContract(
    string Name, long Offset, int Width, RegisterAccess Access, string Reset, string Mask, string About, IReadOnlyList<PciRegisterFieldContract> Fields)
{
    internal static PciRegisterContract Of(PciRegister register) => new(
        register.Name,
        register.Offset,
        register.Width,
        register.Access,
        $"0x{register.Reset:x}",
        $"0x{register.Mask:x}",
        register.About,
        [.. register.Fields.Select(field => new PciRegisterFieldContract(field.Name, field.Low, field.High, field.About))]);
}

/// <param name="Low">Its lowest bit; High is the same for one bit.</param>
public sealed record PciRegisterFieldContract(string Name, int Low, int High, string About);

/// <param name="Type">`uint32`, `uint64`, `bool`, `text`, or `chardev`, which LabNet gives itself.</param>
/// <param name="Default">Null where QEMU's own applies.</param>
public sealed record PciModelPropertyContract(string Name, PciPropertyType Type, string? Default, string About);
