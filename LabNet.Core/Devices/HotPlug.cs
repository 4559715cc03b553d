using System.Text.Json;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>
/// Plugs disks and NICs into a running VM. The root port is chosen here, and always slot 0 of it: QEMU 7.2 accepts a device for a full port,
/// and for another slot, and the guest then loses the one that it had (found by measuring).
/// </summary>
/// <remarks>Thread-safe; a VM's devices change one after the other.</remarks>
public sealed partial class HotPlug(DeviceTopologyReader devices, TimeProvider time)
{
    /// <summary>virt and q35 alike: a port has one slot.</summary>
    private const string FirstSlot = "0";

    /// <summary>Begins to plug in a disk or a NIC. It is done when the guest has made something of it; what was begun is undone where a step fails.</summary>
    /// <exception cref="ArgumentException"><see cref="PlugRequest.Mistake"/> is not null.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">The VM does not run, its ports are full, or it has a device of that id.</exception>
    /// <exception cref="QmpException"/>
    public async Task<Operation> BeginPlugAsync(VmSession vm, PlugRequest request, Actor actor, CancellationToken cancellationToken)
    {
        await ThrowUnlessPluggableAsync(vm, request, cancellationToken);
        return await vm.BeginAsync(
            "plug",
            request.ToString(),
            Role.Operator,
            actor,
            (progress, ct) => vm.ChangeDevicesAsync(() => PlugAsync(vm, request, progress, ct), ct),
            cancellationToken);
    }

    /// <summary>Plugs in for a feature that has asked for its own actor.</summary>
    /// <inheritdoc cref="BeginPlugAsync(VmSession, PlugRequest, Actor, CancellationToken)" path="/exception"/>
    internal Task PlugAsync(VmSession vm, PlugRequest request, CancellationToken cancellationToken) =>
        vm.ChangeDevicesAsync(() => PlugAsync(vm, request, progress: null, cancellationToken), cancellationToken);

    /// <inheritdoc cref="BeginPlugAsync(VmSession, PlugRequest, Actor, CancellationToken)" path="/exception"/>
    internal async Task ThrowUnlessPluggableAsync(VmSession vm, PlugRequest request, CancellationToken cancellationToken)
    {
        if (request.Mistake is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(request));
        }

        if (request.Link is { } link && !vm.Links.Contains(link))
        {
            throw new VmConflictException($"{vm.State.Name} can have no NIC on {link}: {(vm.Links.Any() ? $"its links are {string.Join(", ", vm.Links)}" : "LabNet has no link for it")}.");
        }

        vm.ThrowUnlessGuestRuns("its guest has to notice a new device");
        await ChoosePortAsync(vm, request.Id, cancellationToken);
    }

    /// <summary>What there is to choose from: links for a NIC; images for a disk, by their file's name; and the ids of disks that were unplugged from this VM and kept.</summary>
    /// <param name="taken">The ids of the VM's devices.</param>
    public static (IReadOnlyList<string> Links, IReadOnlyList<string> Images, IReadOnlyList<string> Unplugged) ReadStock(VmSession vm, IReadOnlySet<string> taken) => (
        [.. vm.Links.Select(link => link.ToString())],
        FileNames(vm.Host.ImagesFolder),
        [.. FileNames(DisksFolder(vm)).Select(name => Path.GetFileNameWithoutExtension(name)).Where(id => !taken.Contains(id))]);

    private Task PlugAsync(VmSession vm, PlugRequest request, IProgress<double>? progress, CancellationToken cancellationToken) => PlugAsync(
        vm,
        request.Id,
        (port, undo) => request.Kind.IsDisk() ? AddDiskAsync(vm, request, port, undo, cancellationToken) : AddNicAsync(vm, request, port, undo, cancellationToken),
        address => GuestDevice.WaitAsync(vm, address, cancellationToken),
        progress,
        cancellationToken);

    /// <param name="add">Makes the device in a port; what it did is put on the stack, to be undone.</param>
    /// <param name="wait">Ends when the guest has made something of it, with the guest's name for it if there is one.</param>
    private async Task PlugAsync(
        VmSession vm,
        string id,
        Func<string, Stack<Func<Task>>, Task<PluggedDevice>> add,
        Func<PciAddress, Task<string?>> wait,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        vm.ThrowUnlessGuestRuns("its guest has to notice a new device");
        var port = await ChoosePortAsync(vm, id, cancellationToken);
        var undo = new Stack<Func<Task>>();
        PluggedDevice device;
        try
        {
            device = await add(port.QdevId!, undo);
        }
        catch
        {
            await UndoAsync(undo);
            throw;
        }

        // From here on QEMU has it, and taking it back needs the guest.
        vm.KeepPlugged(plugged => plugged.Add(device));
        progress?.Report(0.5);
        if (vm.WhyGuestIsSilent is not null)
        {
            return;
        }

        var guestName = await wait(new PciAddress(port.Pci!.Bridge!.Secondary, 0, 0));
        vm.KeepPlugged(plugged => plugged.Replace(device, device with { GuestName = guestName }));
    }

    /// <summary>The first empty root port.</summary>
    private async Task<DeviceNode> ChoosePortAsync(VmSession vm, string id, CancellationToken cancellationToken)
    {
        var topology = await devices.ReadAsync(vm, cancellationToken);
        if (topology.All.Any(device => device.QdevId == id))
        {
            throw new VmConflictException($"{vm.State.Name} has a device {id} already. Choose another id, or unplug that one.");
        }

        var ports = topology.All.Where(device => device is { IsHotplugPort: true, QdevId: not null, Pci.Bridge: not null }).ToList();
        return ports.Find(port => port.Below.IsEmpty)
            ?? throw new VmConflictException(ports.Count == 0
                ? $"{vm.State.Name} has no root port that a device could be plugged into. Whoever starts it can give it some (-device pcie-root-port)."
                : $"{(ports.Count == 1 ? "The only port" : $"All {ports.Count} ports")} of {vm.State.Name} {(ports.Count == 1 ? "is" : "are")} full: {string.Join(", ", ports.Select(port => $"{port.QdevId} has {port.Below[0].QdevId ?? "a device"}"))}. Unplug {(ports.Count == 1 ? "it" : "one")}.");
    }

    private async Task<PluggedDevice> AddDiskAsync(
        VmSession vm, PlugRequest request, string port, Stack<Func<Task>> undo, CancellationToken cancellationToken)
    {
        if (vm.State.Definition is AttachedVm)
        {
            throw new VmConflictException($"LabNet did not start {vm.State.Name}, so it does not know which files its QEMU may use. A NIC can be plugged in.");
        }

        var file = await PrepareFileAsync(vm, request, undo, cancellationToken);
        var blockdev = new BlockdevAddArguments("qcow2", request.Id, Discard: "unmap")
        {
            Properties = Properties(("file", new { driver = "file", filename = file, discard = "unmap" })),
        };
        await vm.ExecuteAsync(DeviceCommands.BlockdevAdd, blockdev, cancellationToken);
        undo.Push(() => vm.ExecuteAsync(DeviceCommands.BlockdevDelete, new NodeNameArguments(request.Id), CancellationToken.None).AsTask());

        string? controller = null;
        if (request.Kind == PlugKind.VirtioScsi)
        {
            controller = $"{request.Id}-scsi";
            await AddDeviceAsync(vm, new DeviceAddArguments("virtio-scsi-pci", controller, port) { Properties = Properties(("addr", FirstSlot)) }, undo, cancellationToken);
            var disk = new DeviceAddArguments("scsi-hd", request.Id, $"{controller}.0") { Properties = Properties(("drive", request.Id), ("serial", request.Id)) };
            await vm.ExecuteAsync(DeviceCommands.DeviceAdd, disk, cancellationToken);
        }
        else
        {
            var driver = request.Kind == PlugKind.Nvme ? "nvme" : "virtio-blk-pci";
            var serial = PluggedDevice.SerialOf(request.Id, controller);
            var disk = new DeviceAddArguments(driver, request.Id, port) { Properties = Properties(("addr", FirstSlot), ("drive", request.Id), ("serial", serial)) };
            await vm.ExecuteAsync(DeviceCommands.DeviceAdd, disk, cancellationToken);
        }

        return new PluggedDevice(request.Id, request.Kind.Word(), port, request.Id, file, controller, null, null, null, null, null, time.GetUtcNow());
    }

    /// <summary>In the VM's own folder, also for a disk that begins with an image: the image stays as it is, and other VMs can have it too.</summary>
    private static async Task<string> PrepareFileAsync(VmSession vm, PlugRequest request, Stack<Func<Task>> undo, CancellationToken cancellationToken)
    {
        var path = DiskPath(vm, request.Id);
        if (request is { SizeBytes: null, Image: null })
        {
            return File.Exists(path)
                ? path
                : throw new VmConflictException($"There is no disk {request.Id} from before. Give sizeBytes for a new one, or an image to begin with.");
        }

        if (File.Exists(path))
        {
            throw new VmConflictException(
                $"A disk {request.Id} was unplugged before, and its file is still there. Plug it in again with neither sizeBytes nor image, or choose another id.");
        }

        // A half-made file is nobody's.
        undo.Push(() =>
        {
            File.Delete(path);
            return Task.CompletedTask;
        });
        if (request.SizeBytes is { } size)
        {
            await Host.MakeDiskAsync(path, size, cancellationToken);
        }
        else
        {
            await Host.MakeOverlayAsync(path, ImagePath(vm.Host, request.Image!), cancellationToken);
        }

        return path;
    }

    private static string ImagePath(Host host, string name)
    {
        var path = Path.Join(host.ImagesFolder, name);
        if (File.Exists(path))
        {
            return path;
        }

        var known = FileNames(host.ImagesFolder);
        throw new VmConflictException($"There is no image {name} in {host.ImagesFolder}. {(known.Count == 0 ? "The folder has none: put it there." : $"There are: {string.Join(", ", known)}.")}");
    }

    private async Task<PluggedDevice> AddNicAsync(
        VmSession vm, PlugRequest request, string port, Stack<Func<Task>> undo, CancellationToken cancellationToken)
    {
        var netdev = $"{request.Id}-netdev";
        var linkPort = request.Link is { } link ? vm.ChooseSparePort(link) : null;
        await vm.ExecuteAsync(DeviceCommands.NetdevAdd, NetdevOf(netdev, linkPort), cancellationToken);
        undo.Push(() => vm.ExecuteAsync(DeviceCommands.NetdevDelete, new IdArguments(netdev), CancellationToken.None).AsTask());
        var mac = MacAddress.Random().ToString();
        var properties = Properties(("addr", FirstSlot), ("netdev", netdev), ("mac", mac), ("romfile", ""));
        if (linkPort is not null && request.Kind == PlugKind.VirtioNet)
        {
            properties["host_mtu"] = JsonSerializer.SerializeToElement(linkPort.MtuBytes);
        }

        var driver = request.Kind == PlugKind.E1000e ? "e1000e" : "virtio-net-pci";
        await vm.ExecuteAsync(DeviceCommands.DeviceAdd, new DeviceAddArguments(driver, request.Id, port) { Properties = properties }, cancellationToken);
        return new PluggedDevice(
            request.Id, request.Kind.Word(), port, null, null, null, netdev, mac, request.Link?.ToString(), linkPort?.Name, null, time.GetUtcNow());
    }

    private static NetdevAddArguments NetdevOf(string id, LinkPort? port) => port switch
    {
        null => new NetdevAddArguments("user", id),
        TapPort tap => new NetdevAddArguments("tap", id) { Properties = Properties(("ifname", tap.Name), ("script", "no"), ("downscript", "no")) },
        RelayPort relay => new NetdevAddArguments("dgram", id) { Properties = Properties(("local", Udp(relay.VmUdpPort)), ("remote", Udp(relay.RelayUdpPort))) },
        _ => throw new ArgumentOutOfRangeException(nameof(port), port, message: null),
    };

    /// <summary>QEMU takes the number as a text.</summary>
    private static object Udp(int port) => new { type = "inet", host = RelayPort.Host, port = $"{port}" };

    private static async Task AddDeviceAsync(VmSession vm, DeviceAddArguments device, Stack<Func<Task>> undo, CancellationToken cancellationToken)
    {
        await vm.ExecuteAsync(DeviceCommands.DeviceAdd, device, cancellationToken);
        undo.Push(() => DeleteDeviceAsync(vm, device.Id, progress: null, CancellationToken.None));
    }

    /// <summary>Backwards. What cannot be undone because QEMU is gone went with it.</summary>
    private static async Task UndoAsync(Stack<Func<Task>> undo)
    {
        while (undo.TryPop(out var step))
        {
            try
            {
                await step();
            }
            catch (Exception e) when (e is QmpException or VmConflictException or IOException)
            {
                // The reason for undoing is told; this would hide it.
            }
        }
    }

    private static string DisksFolder(VmSession vm) => Path.Join(vm.Paths.Folder, "disks");

    private static string DiskPath(VmSession vm, string id) => Path.Join(DisksFolder(vm), $"{id}.qcow2");

    private static List<string> FileNames(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];

    private static Dictionary<string, JsonElement> Properties(params ReadOnlySpan<(string Name, object Value)> properties)
    {
        var all = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in properties)
        {
            all[name] = JsonSerializer.SerializeToElement(value);
        }

        return all;
    }
}
