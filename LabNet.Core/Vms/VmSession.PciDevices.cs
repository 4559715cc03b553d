using LabNet.Core.Hosts;
using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

/// <summary>What features need that plug custom PCI devices in.</summary>
public sealed partial class VmSession
{
    private const string PluginOption = "-plugin";

    /// <summary>The folder of the build whose custom PCI devices the running QEMU knows; null for none, and for a QEMU that LabNet did not start.</summary>
    public string? ReadPciBuildFolder()
    {
        var arguments = ReadCommandLine();
        var option = arguments.ToList().IndexOf(PluginOption);
        return option >= 0 && option + 1 < arguments.Count && arguments[option + 1].StartsWith("file=", StringComparison.Ordinal)
            ? Path.GetDirectoryName(arguments[option + 1]["file=".Length..].Replace(",,", ",", StringComparison.Ordinal))
            : null;
    }

    /// <summary>The build that QEMU of this VM could be started with now.</summary>
    internal Task<PciBuildFinding> FindPciBuildAsync(CancellationToken cancellationToken) => _state.Definition is StartedVm vm
        ? _services.Host.FindPciBuildAsync(vm.Architecture, cancellationToken)
        : Task.FromResult(new PciBuildFinding(null, $"LabNet did not start {_state.Name}: whoever does can give its QEMU the devices by -plugin."));

    /// <summary>QEMU refuses a snapshot of a device that it does not know, in words that help nobody.</summary>
    /// <exception cref="HostException"/>
    private static void ThrowIfLacking(PciBuildFinding pci, StartPoint? from)
    {
        if (pci.Build is null && from?.Plugged.FirstOrDefault(device => device.Properties is not null) is { } custom)
        {
            throw new HostException($"{custom.Id} is a {custom.Kind}, which QEMU has to be given. {pci.WhyNot}");
        }
    }
}
