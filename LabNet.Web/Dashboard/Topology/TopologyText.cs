using LabNet.Core.Labs;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Topology;

/// <summary>The topology in sentences, for who does not see it.</summary>
internal static class TopologyText
{
    public static string Of(LabView view) => string.Join(' ', view.Lab.Hosts.Select(h => Host(view, h)).Concat(view.Lab.Links.Select(l => Link(view, l))));

    /// <summary>What carries a link's frames.</summary>
    public static string Carrier(Link link) => link.IsByRelay ? "relay" : $"VXLAN · VNI {link.Vni}";

    private static string Host(LabView view, LabHost host)
    {
        var vms = view.Lab.Vms.Where(vm => vm.Host == host.Name).Select(vm => $"{vm.Name} ({vm.Architecture.Word()}, {VmStanding.Of(view.Vm(vm.Name)).Word})");
        var told = string.Join(", ", vms);
        return $"Host {host.Name}, {host.Kind.Word()} with underlay address {host.Address}, has {(told.Length == 0 ? "no VM" : told)}.";
    }

    private static string Link(LabView view, Link link)
    {
        var health = LinkHealth.Of(view, link);
        var members = string.Join(", ", view.Lab.Vms.Where(vm => vm.Nics.OfType<LinkNic>().Any(nic => nic.Link == link.Name)).Select(vm => vm.Name));
        var pings = PingSummary.Of(health.Pings) is { } told ? $" Pings: {told}." : "";
        return $"Link {link.Name}, {(link.IsByRelay ? "by relay" : $"VXLAN {link.Vni}")}, is {health.Word} and joins {(members.Length == 0 ? "no VM" : members)}.{pings}";
    }
}
