using LabNet.Core.PciModels;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>Custom PCI devices: what a plugin of QEMU's brings along.</summary>
public sealed partial class HotPlug
{
    /// <summary>Begins to plug in a custom PCI device. It is done when the guest's kernel has found it; a driver it need not have.</summary>
    /// <exception cref="ArgumentException"><see cref="PciPlugRequest.Mistake"/> is not null.</exception>
    /// <exception cref="VmConflictException">The VM does not run, its QEMU does not know the device, its ports are full, or it has a device of that id.</exception>
    /// <inheritdoc cref="BeginPlugAsync(VmSession, PlugRequest, Actor, CancellationToken)" path="/exception"/>
    public async Task<Operation> BeginPlugAsync(VmSession vm, PciPlugRequest request, Actor actor, CancellationToken cancellationToken)
    {
        if (request.Mistake is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(request));
        }

        vm.ThrowUnlessGuestRuns("its guest has to notice a new device");
        await ThrowUnlessKnownAsync(vm, request.Model, cancellationToken);
        await ChoosePortAsync(vm, request.Id, cancellationToken);
        return await vm.BeginAsync(
            "plug",
            request.ToString(),
            Role.Operator,
            actor,
            (progress, ct) => vm.ChangeDevicesAsync(() => PlugAsync(vm, request, progress, ct), ct),
            cancellationToken);
    }

    private Task PlugAsync(VmSession vm, PciPlugRequest request, IProgress<double> progress, CancellationToken cancellationToken) => PlugAsync(
        vm,
        request.Id,
        (port, undo) => AddCustomAsync(vm, request, port, undo, cancellationToken),
        async address =>
        {
            await GuestDevice.WaitUntilSeenAsync(vm, address, cancellationToken);
            return null;
        },
        progress,
        cancellationToken);

    /// <summary>QEMU's own word for it (“is not a valid device model name”) does not say what to do.</summary>
    private static async Task ThrowUnlessKnownAsync(VmSession vm, PciModel model, CancellationToken cancellationToken)
    {
        var types = await vm.ReadAsync(QomCommands.ListTypes, cancellationToken);
        if (types.Any(type => type.Name == model.Name))
        {
            return;
        }

        var finding = await vm.FindPciBuildAsync(cancellationToken);
        throw new VmConflictException(finding.Build is null
            ? $"QEMU of {vm.State.Name} has no {model.Name}. {finding.WhyNot}"
            : $"QEMU of {vm.State.Name} was started before {model.Name} was built. Stop the VM and start it again: it will have it then.");
    }

    private async Task<PluggedDevice> AddCustomAsync(
        VmSession vm, PciPlugRequest request, string port, Stack<Func<Task>> undo, CancellationToken cancellationToken)
    {
        var properties = Properties([("addr", FirstSlot), .. request.Properties.Keys.Select(name => (name, request.ValueOf(name)))]);
        string? socket = null;
        if (request.Model.IsRemote)
        {
            socket = SocketOf(vm, request.Id);
            var chardev = PluggedDevice.ChardevOf(request.Id);
            File.Delete(socket);
            await vm.ExecuteAsync(DeviceCommands.ChardevAdd, ChardevAddArguments.Listening(chardev, socket), cancellationToken);
            undo.Push(() => vm.ExecuteAsync(DeviceCommands.ChardevRemove, new IdArguments(chardev), CancellationToken.None).AsTask());
            properties["chardev"] = System.Text.Json.JsonSerializer.SerializeToElement(chardev);
        }

        await vm.ExecuteAsync(DeviceCommands.DeviceAdd, new DeviceAddArguments(request.Model.Name, request.Id, port) { Properties = properties }, cancellationToken);
        return new PluggedDevice(request.Id, request.Model.Name, port, null, null, null, null, null, null, null, null, time.GetUtcNow())
        {
            Properties = request.Properties,
            Socket = socket,
        };
    }

    private static string SocketOf(VmSession vm, string id)
    {
        try
        {
            return vm.Paths.DeviceSocket(id);
        }
        catch (PathTooLongException e)
        {
            throw new VmConflictException(e.Message);
        }
    }
}
