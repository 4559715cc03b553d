using System.Collections.Immutable;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>A device of a VM: one that somebody asked for, or a function on the PCI bus that came with the machine.</summary>
/// <param name="QdevId">Its id; null for a device without one.</param>
/// <param name="Type">QEMU's type, such as <c>virtio-blk-pci</c>; null for a PCI function that the machine brought along.</param>
/// <param name="QomPath">Where it stands in QEMU's tree; null for the same.</param>
/// <param name="Bus">The kind of bus, <c>pci</c>; null for a device that is on none of them.</param>
/// <param name="Address">Bus, slot and function as lspci writes them, such as <c>00:03.0</c>; null where Bus is.</param>
/// <param name="Description">QEMU's words for the class of a PCI device, such as <c>Ethernet controller</c>.</param>
public sealed record Device(
    string? QdevId, string? Type, string? QomPath, string? Bus, string? Address, string? Description, int? VendorId, int? DeviceId);

/// <summary>The devices of a VM: QEMU's <c>/machine/peripheral</c> and <c>/machine/peripheral-anon</c>, joined with the PCI bus by id.</summary>
public static class DeviceInventory
{
    private const string Named = "/machine/peripheral";
    private const string Nameless = "/machine/peripheral-anon";

    /// <returns>Those with a PCI address first, in its order; then the others by id.</returns>
    /// <exception cref="QmpException"/>
    public static async Task<ImmutableArray<Device>> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var named = await vm.ReadAsync(QomCommands.List, new QomPathArguments(Named), cancellationToken);
        var nameless = await vm.ReadAsync(QomCommands.List, new QomPathArguments(Nameless), cancellationToken);
        return Join(named, nameless, await vm.ReadAsync(PciCommands.QueryPci, cancellationToken));
    }

    /// <summary>A pure function of what QEMU answered.</summary>
    public static ImmutableArray<Device> Join(
        IEnumerable<ObjectPropertyInfo> named, IEnumerable<ObjectPropertyInfo> nameless, IEnumerable<PciBus> buses)
    {
        var functions = buses.SelectMany(bus => bus.Devices).SelectMany(WithThoseBehind).ToList();
        var byId = functions.Where(function => function.QdevId.Length > 0).ToLookup(function => function.QdevId, StringComparer.Ordinal);
        var asked = named.Where(child => child.ChildType is not null).ToList();
        var ids = asked.Select(child => child.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. asked.Select(child => OnPci(new Device(child.Name, child.ChildType, $"{Named}/{child.Name}", null, null, null, null, null), byId[child.Name].FirstOrDefault()))
                .Concat(nameless.Where(child => child.ChildType is not null)
                    .Select(child => new Device(null, child.ChildType, $"{Nameless}/{child.Name}", null, null, null, null, null)))
                .Concat(functions.Where(function => !ids.Contains(function.QdevId))
                    .Select(function => OnPci(new Device(function.QdevId.Length == 0 ? null : function.QdevId, null, null, null, null, null, null, null), function)))
                .OrderBy(device => device.Address is null)
                .ThenBy(device => device.Address, StringComparer.Ordinal)
                .ThenBy(device => device.QdevId, StringComparer.Ordinal),
        ];
    }

    private static Device OnPci(Device device, PciFunction? function) => function is null ? device : device with
    {
        Bus = "pci",
        Address = $"{function.Bus:x2}:{function.Slot:x2}.{function.Function}",
        Description = function.ClassInfo.Desc,
        VendorId = function.Id.Vendor,
        DeviceId = function.Id.Device,
    };

    private static IEnumerable<PciFunction> WithThoseBehind(PciFunction function) =>
        (function.PciBridge?.Devices ?? []).SelectMany(WithThoseBehind).Prepend(function);
}
