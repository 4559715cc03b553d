using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.Labs;

/// <summary>
/// What <c>infra/network.sh up --lab NAME SPEC</c> reads: the part of a lab's network that stands on one machine, one thing a line.
/// <code>
/// host NAME namespace ADDRESS/PREFIX NETNS
/// host NAME machine ADDRESS
/// peer NAME ADDRESS                          a machine of the lab that is not this one
/// link HOST LINK VNI PORT BRIDGE VXLAN
/// tap HOST LINK TAP VM/NIC
/// </code>
/// What a line names stands in a line before it. Every link is on every host, whether a VM is plugged in there or not: a link is one
/// segment for the whole lab, and VXLAN floods to all of its hosts. Links by the relay are none of the kernel's and left out.
/// </summary>
public static class NetworkSpec
{
    /// <param name="lab">Whose network it is.</param>
    /// <param name="names">Of the same lab.</param>
    /// <param name="machine">Which of the lab's machines this is; null in a lab of namespaces, which are all here.</param>
    /// <returns>Lines that end in a line feed; none for a lab that needs nothing of the kernel.</returns>
    /// <exception cref="ArgumentException">The machine is not the lab's, or is missing or given against the hosts' kind.</exception>
    public static string For(Lab lab, InterfaceNames names, HostName? machine)
    {
        var here = Here(lab, machine);
        if (lab.Links.Any() && lab.Links.All(link => link.IsByRelay))
        {
            return "";
        }

        var byRelay = lab.Links.Where(link => link.IsByRelay).Select(link => link.Name).ToHashSet();
        var spec = new StringBuilder();
        foreach (var host in here)
        {
            spec.Append(host.Kind == HostKind.Namespace
                ? $"host {host.Name} namespace {host.Address}/{host.PrefixLength} {NamespaceName(lab.Name, host.Name)}\n"
                : $"host {host.Name} machine {host.Address}\n");
        }

        foreach (var peer in lab.Hosts.Except(here))
        {
            spec.Append($"peer {peer.Name} {peer.Address}\n");
        }

        foreach (var host in here)
        {
            foreach (var link in lab.Links.Where(link => !link.IsByRelay))
            {
                var (bridge, vxlan) = (names.Bridge(host.Name, link.Name), names.Vxlan(host.Name, link.Name));
                spec.Append($"link {host.Name} {link.Name} {link.Vni} {link.Port} {bridge} {vxlan}\n");
            }

            foreach (var vm in lab.Vms.Where(vm => vm.Host == host.Name))
            {
                foreach (var nic in vm.Nics.OfType<LinkNic>().Where(nic => !byRelay.Contains(nic.Link)))
                {
                    spec.Append($"tap {host.Name} {nic.Link} {names.Tap(vm.Name, nic.Id)} {vm.Name}/{nic.Id}\n");
                }

                foreach (var (link, number) in InterfaceNames.SparesOf(lab, vm).Where(spare => !spare.Link.IsByRelay))
                {
                    spec.Append($"tap {host.Name} {link.Name} {names.SpareTap(vm.Name, link.Name, number)} {vm.Name}/spare{number}\n");
                }
            }
        }

        return spec.ToString();
    }

    /// <summary>The network namespace that a host of kind namespace is.</summary>
    public static string NamespaceName(LabName lab, HostName host) => $"labnet-{lab}-{host}";

    internal static ImmutableArray<LabHost> Here(Lab lab, HostName? machine)
    {
        if (lab.Hosts.All(host => host.Kind == HostKind.Namespace))
        {
            return machine is null
                ? lab.Hosts
                : throw new ArgumentException($"The hosts of lab \"{lab.Name}\" are namespaces; no machine is one.", nameof(machine));
        }

        if (lab.Hosts.FirstOrDefault(host => host.Name == machine) is { } here)
        {
            return [here];
        }

        var known = Spelling.List(lab.Hosts.Select(host => host.Name.ToString()));
        throw new ArgumentException($"\"{machine}\" is no host of lab \"{lab.Name}\"; this machine is one of {known}.", nameof(machine));
    }
}
