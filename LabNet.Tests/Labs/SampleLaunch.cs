using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>A launch with everything that a command line can have.</summary>
internal static class SampleLaunch
{
    public static QemuLaunch Of(
        Architecture architecture,
        Accelerator accelerator = Accelerator.Tcg,
        Architecture host = Architecture.X86_64,
        string folder = "/run/labnet/cross-arch/vm",
        string image = "/var/lib/labnet/images",
        string share = "/var/lib/labnet/shares/workspace")
    {
        var name = architecture == Architecture.X86_64 ? "x86" : "arm";
        var lab = SampleLab.Read(SampleLab.Text(name: "name: cross-arch", vms: $$"""
            vms:
              {{name}}:
                host: ares
                arch: {{architecture.Word()}}
                cpus: 2
                image: debian
                share: workspace
                nics:
                  - user
                  - { link: lab, mac: "52:54:00:12:34:58", address: 10.10.10.2/24 }
                  - { link: lab, model: e1000e }
            """));
        var names = InterfaceNames.Of(lab);
        var vm = (StartedVm)lab.Vms[0];
        return new QemuLaunch(
            lab.Name,
            vm,
            accelerator,
            host,
            VmPaths.In(folder),
            new GuestImage($"{image}/kernel", $"{image}/initrd"),
            share,
            vm.Nics.OfType<LinkNic>().ToImmutableDictionary(nic => nic.Id, nic => (LinkPort)new TapPort(names.Tap(vm.Name, nic.Id), 1450)));
    }
}
