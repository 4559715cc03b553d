using System.Collections.Immutable;
using LabNet.Core.Devices;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>A line of the tree of devices.</summary>
/// <param name="Depth">0 for what hangs on a root bus, or on nothing.</param>
/// <param name="Alike">How many there are of it, if several that nobody can tell apart stand in one line.</param>
internal sealed record DeviceRow(DeviceNode Device, int Depth, int Alike)
{
    /// <summary>What to call it.</summary>
    public string Name => Device.QdevId ?? Device.Pci?.ClassName ?? Device.Type ?? "unknown";

    /// <summary>With how many there are of it.</summary>
    public string Title => Alike > 1 ? $"{Name} ×{Alike}" : Name;

    /// <summary>The PCI part, from above to below.</summary>
    public static IReadOnlyList<DeviceRow> Of(PciRootBus bus, Func<DeviceNode, bool> fits) => Of(bus.Devices, fits);

    /// <summary>Those that stand beside each other, with those below. Whoever has something below that fits is shown with it.</summary>
    public static IReadOnlyList<DeviceRow> Of(ImmutableArray<DeviceNode> devices, Func<DeviceNode, bool> fits) => [.. Of(devices, 0, fits)];

    private static IEnumerable<DeviceRow> Of(ImmutableArray<DeviceNode> devices, int depth, Func<DeviceNode, bool> fits) =>
        from alike in devices.GroupBy(Likeness, StringComparer.Ordinal)
        let device = alike.First()
        where device.WithThoseBelow.Any(fits)
        from row in Of(device.Below, depth + 1, fits).Prepend(new DeviceRow(device, depth, alike.Count()))
        select row;

    /// <summary>The machine brings some devices along many times: 32 empty virtio-mmio transports on aarch64.</summary>
    private static string? Likeness(DeviceNode device) =>
        device is { Pci: null, WasAskedFor: false, Below.IsEmpty: true, Backends.IsEmpty: true } ? device.Type : device.Key;
}
