using LabNet.Core.Labs;

namespace LabNet.Web.Api;

/// <summary>The lab as its file says, resolved, with the state of its parts.</summary>
public sealed record LabContract(
    string Name, IReadOnlyList<HostContract> Hosts, IReadOnlyList<VmContract> Vms, IReadOnlyList<LinkContract> Links);

/// <param name="Address">In the underlay.</param>
public sealed record HostContract(string Name, HostKind Kind, string Address)
{
    internal static HostContract Of(LabHost host) => new(host.Name.ToString(), host.Kind, host.Address.ToString());
}
