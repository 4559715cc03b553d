using System.Buffers.Binary;
using LabNet.Core.GuestAgent;

namespace LabNet.Core.Devices;

/// <summary>What a guest sees on its PCI buses, found again by what QEMU says of a function.</summary>
public sealed class GuestPciView(IEnumerable<GuestPciFunction> functions)
{
    private readonly ILookup<PciAddress?, GuestPciFunction> _byAddress =
        functions.ToLookup(function => PciAddress.TryParse(function.Address, out var address) ? address : default(PciAddress?));

    public static GuestPciView Empty { get; } = new([]);

    /// <summary>
    /// Null where the guest does not see it. The guest is asked at another moment than QEMU: what it saw at the same place before, another
    /// device's, is not taken for this one's.
    /// </summary>
    public GuestPciFunction? Find(PciFacts? function) =>
        function is null ? null : _byAddress[function.Address].FirstOrDefault(seen => MayBe(seen.Config.Span, function.Id));

    /// <summary>Vendor and device are the first two words of the configuration space, little-endian; a guest may give none of it.</summary>
    private static bool MayBe(ReadOnlySpan<byte> config, Qmp.PciIdentity id) =>
        config.Length < 4
        || (BinaryPrimitives.ReadUInt16LittleEndian(config) == id.Vendor && BinaryPrimitives.ReadUInt16LittleEndian(config[2..]) == id.Device);
}
