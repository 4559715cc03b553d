using System.Collections.Immutable;
using LabNet.Core.Devices;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Workbench;

/// <summary>What of the custom PCI devices a VM can be given at the moment.</summary>
/// <param name="Types">Those of the models that its QEMU knows.</param>
/// <param name="TakenIds">Of all of its devices.</param>
/// <param name="Ports">How many root ports it has.</param>
/// <param name="FreePorts">How many of them are empty.</param>
/// <param name="WhyNoBuild">Why a QEMU that is started now would have none of them; null if it had.</param>
public sealed record PluggableModels(ImmutableHashSet<string> Types, ImmutableHashSet<string> TakenIds, int Ports, int FreePorts, string? WhyNoBuild)
{
    /// <summary>Why a device of the model cannot be plugged into the VM, with what to do about it; null if it can.</summary>
    public string? WhyNot(VmState vm, string model) => this switch
    {
        _ when !Types.Contains(model) && WhyNoBuild is not null => WhyNoBuild,
        _ when !Types.Contains(model) => $"{vm.Name} was started before this was built. Stop it and start it again: it will have it then.",
        { Ports: 0 } => $"{vm.Name} has no root port that a device could be plugged into.",
        { FreePorts: 0 } => $"All {Ports} ports of {vm.Name} are full. Unplug something.",
        _ => null,
    };
}

/// <summary>Reads what of the custom PCI devices VMs have, and can be given.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DeviceWorkbench(DeviceTopologyReader devices, PciModelCatalogue models, VmRegistry vms)
{
    /// <exception cref="QmpException"/>
    public async Task<PluggableModels> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var wanted = models.Read().Models.Select(model => model.Name).ToHashSet(StringComparer.Ordinal);
        var types = await vm.ReadAsync(QomCommands.ListTypes, cancellationToken);
        var topology = await devices.ReadAsync(vm, cancellationToken);
        var finding = await vm.FindPciBuildAsync(cancellationToken);
        var ports = topology.All.Where(device => device is { IsHotplugPort: true, QdevId: not null, Pci.Bridge: not null }).ToList();
        return new PluggableModels(
            [.. types.Select(type => type.Name).Where(wanted.Contains)],
            [.. topology.All.Select(device => device.QdevId).OfType<string>()],
            ports.Count,
            ports.Count(port => port.Below.IsEmpty),
            finding.WhyNot);
    }

    /// <summary>The VMs that run with another build than the newest, or none: they have to be started anew to have its devices.</summary>
    public ImmutableArray<VmName> ReadOutdated() => models.Read().Build is { } build
        ? [.. vms.Vms.Where(vm => vm.State is { Definition: StartedVm, IsThere: true } && vm.ReadPciBuildFolder() != build.Folder).Select(vm => vm.State.Name)]
        : [];
}
