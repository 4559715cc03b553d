using System.Collections.Immutable;
using LabNet.Core.Qmp;

namespace LabNet.Core.Devices;

/// <summary>Joins what <c>query-pci</c> says with QEMU's tree of objects. Pure.</summary>
public static class DeviceTree
{
    public static DeviceTopology Build(IReadOnlyList<QomDevice> devices, IReadOnlyList<PciBus> buses, PciIds ids)
    {
        ids.Learn(buses.SelectMany(bus => bus.Devices).SelectMany(WithThoseBehind).Select(function => (function.Id.Vendor, function.Id.Device)));
        return new Join(devices, ids).Build(buses);
    }

    private static IEnumerable<PciFunction> WithThoseBehind(PciFunction function) =>
        (function.PciBridge?.Devices ?? []).SelectMany(WithThoseBehind).Prepend(function);

    private sealed class Join
    {
        private readonly PciIds _ids;
        private readonly Dictionary<string, QomDevice> _byPath;
        private readonly Dictionary<string, QomDevice> _byId;
        private readonly ILookup<string, QomDevice> _byOwner;
        private readonly HashSet<string> _placed = new(StringComparer.Ordinal);

        public Join(IReadOnlyList<QomDevice> devices, PciIds ids)
        {
            _ids = ids;
            _byPath = devices.ToDictionary(device => device.QomPath, StringComparer.Ordinal);
            _byId = devices.Where(device => device.QdevId is not null).ToDictionary(device => device.QdevId!, StringComparer.Ordinal);
            _byOwner = devices.ToLookup(device => OwnerOf(device.ParentBus), StringComparer.Ordinal);
        }

        public DeviceTopology Build(IReadOnlyList<PciBus> buses)
        {
            var roots = buses.Select(bus => new PciRootBus(bus.Bus, OnBus(bus.Devices, owner: ""))).ToImmutableArray();
            return new DeviceTopology(roots, Below(owner: ""));
        }

        private ImmutableArray<DeviceNode> OnBus(IEnumerable<PciFunction> functions, string owner) =>
            [.. functions.OrderBy(function => function.Slot).ThenBy(function => function.Function).Select(function => Node(function, owner))];

        private DeviceNode Node(PciFunction function, string owner)
        {
            var facts = Facts(function);
            if (Find(function, facts.Address, owner) is not { } device)
            {
                var id = function.QdevId.Length == 0 ? null : function.QdevId;
                return new DeviceNode(id, null, null, [], facts, OnBus(function.PciBridge?.Devices ?? [], owner: "?"));
            }

            _placed.Add(device.QomPath);
            var behind = OnBus(function.PciBridge?.Devices ?? [], device.QomPath);
            return new DeviceNode(device.QdevId, device.Type, device.QomPath, device.Backends, facts, [.. behind, .. Below(device.QomPath)]);
        }

        private PciFacts Facts(PciFunction function) => new(
            new PciAddress(function.Bus, function.Slot, function.Function),
            function.Id,
            _ids.NameOf(function.Id.Vendor, function.Id.Device),
            _ids.ClassName(function.ClassInfo.Class) ?? function.ClassInfo.Desc,
            function.ClassInfo.Class,
            function.IrqPin,
            function.Irq,
            [.. function.Regions.OrderBy(region => region.Bar)],
            function.PciBridge?.Bus);

        /// <summary>By its id, or by its place on the same bus.</summary>
        private QomDevice? Find(PciFunction function, PciAddress address, string owner) => function.QdevId.Length > 0
            ? _byId.GetValueOrDefault(function.QdevId)
            : _byOwner.Where(devices => owner.Length == 0 ? HasRootBus(devices.Key) : devices.Key == owner)
                .SelectMany(devices => devices)
                .FirstOrDefault(device => device.QdevId is null && device.DeviceFunction == address.DeviceFunction);

        /// <summary>A host bridge's bus hangs on what is no PCI function.</summary>
        private bool HasRootBus(string owner) => owner.Length == 0 || _byPath[owner].DeviceFunction is null;

        /// <summary>What has no place yet and hangs on this device; what is on no device's bus, for none.</summary>
        private ImmutableArray<DeviceNode> Below(string owner) =>
        [
            .. _byOwner[owner].Where(device => _placed.Add(device.QomPath))
                .OrderBy(device => device.QdevId is null)
                .ThenBy(device => device.QdevId ?? device.Type, StringComparer.Ordinal)
                .ThenBy(device => device.QomPath, StringComparer.Ordinal)
                .Select(device => new DeviceNode(device.QdevId, device.Type, device.QomPath, device.Backends, Pci: null, Below(device.QomPath))),
        ];

        /// <summary>The device that has the bus: the nearest one above it. Empty for a bus that is the machine's own.</summary>
        private string OwnerOf(string bus)
        {
            for (var end = bus.LastIndexOf('/'); end > 0; end = bus.LastIndexOf('/', end - 1))
            {
                if (_byPath.ContainsKey(bus[..end]))
                {
                    return bus[..end];
                }
            }

            return "";
        }
    }
}
