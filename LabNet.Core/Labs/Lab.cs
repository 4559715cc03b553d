using System.Collections.Immutable;

namespace LabNet.Core.Labs;

/// <summary>
/// A lab as its file says, resolved: every name in it refers to something, every NIC has its MAC, every default is filled in.
/// Hosts, links and VMs stand in the file's order.
/// </summary>
public sealed record Lab(LabName Name, ImmutableArray<LabHost> Hosts, ImmutableArray<Link> Links, ImmutableArray<LabVm> Vms)
{
    /// <summary>The same lab, where each link that leaves it open has this transport.</summary>
    public Lab WithTransport(LinkTransport auto) => this with
    {
        Links = [.. Links.Select(link => link.Transport == LinkTransport.Auto ? link with { Transport = auto } : link)],
    };
}

/// <param name="Name">Unique in the lab.</param>
/// <param name="Kind">The same for all hosts of a lab.</param>
/// <param name="Address">In the underlay: what the other hosts reach it by.</param>
/// <param name="PrefixLength">Of the underlay's network; null for a machine, whose address is its own affair.</param>
public sealed record LabHost(HostName Name, HostKind Kind, Ipv4Address Address, int? PrefixLength);

/// <summary>A layer-2 segment between all hosts of the lab.</summary>
/// <param name="Name">Unique in the lab.</param>
/// <param name="Vni">VXLAN network identifier, 1 to 16777215; unique among the lab's links of the same port.</param>
/// <param name="Port">UDP port of the underlay.</param>
/// <param name="Transport">As the file says, until it is decided.</param>
public sealed record Link(LinkName Name, int Vni, int Port, LinkTransport Transport = LinkTransport.Auto)
{
    public bool IsByRelay => Transport == LinkTransport.Relay;
}

/// <summary>A VM, of one of two origins: LabNet starts it, or somebody else did.</summary>
/// <param name="Name">Unique in the lab.</param>
/// <param name="Host">Where it runs.</param>
/// <param name="Architecture">The guest's, which need not be the host's.</param>
/// <param name="Nics">Those that LabNet makes, by position: the first is eth0. At most one is a <see cref="UserNic"/>.</param>
public abstract record LabVm(VmName Name, HostName Host, Architecture Architecture, ImmutableArray<Nic> Nics);

/// <summary>A VM that LabNet starts, of what the file says.</summary>
/// <param name="Name">Unique in the lab.</param>
/// <param name="Host">Where it runs.</param>
/// <param name="Architecture">The guest's, which need not be the host's.</param>
/// <param name="MemoryBytes">A multiple of 1 MiB.</param>
/// <param name="Cpus">Virtual CPUs, from 1.</param>
/// <param name="Image">What the guest is made of.</param>
/// <param name="Share">The folder that the guest sees under the tag <c>workspace-shared</c>; null for none.</param>
/// <param name="Nics">By position: the first is eth0. At most one is a <see cref="UserNic"/>.</param>
/// <param name="Accelerator">What the file asks for.</param>
/// <param name="Cdrom">Absolute path of the image that the guest finds in its CD drive; null for no drive.</param>
public sealed record StartedVm(
    VmName Name,
    HostName Host,
    Architecture Architecture,
    long MemoryBytes,
    int Cpus,
    ImageName Image,
    Share? Share,
    ImmutableArray<Nic> Nics,
    AcceleratorChoice Accelerator,
    string? Cdrom = null) : LabVm(Name, Host, Architecture, Nics);

/// <summary>
/// A VM whose QEMU somebody else started and ends. LabNet knows what its sockets tell, and no more: neither its command line nor its process,
/// its disks or its NICs.
/// </summary>
/// <param name="Name">Unique in the lab.</param>
/// <param name="Host">Where it runs.</param>
/// <param name="Architecture">The guest's, as the file says; QEMU tells whether it is so.</param>
/// <param name="Qmp">Where its monitor listens; LabNet is that socket's only client.</param>
/// <param name="AgentSocket">Absolute path of the UNIX socket of the guest's agent; null for none.</param>
/// <param name="ConsoleSocket">Absolute path of the UNIX socket of the serial console; null for none.</param>
public sealed record AttachedVm(
    VmName Name, HostName Host, Architecture Architecture, QmpAddress Qmp, string? AgentSocket = null, string? ConsoleSocket = null)
    : LabVm(Name, Host, Architecture, []);

/// <summary>A folder of the host that a guest shares.</summary>
public abstract record Share
{
    private Share()
    {
    }

    /// <summary>A folder under the lab's shares; who runs the VM makes it.</summary>
    public sealed record Named(ShareName Name) : Share;

    /// <summary>A folder of the user's own.</summary>
    /// <param name="Path">Absolute; relative ones were resolved against the lab file's folder.</param>
    public sealed record Folder(string Path) : Share;
}

/// <param name="Id">By position among the VM's NICs.</param>
/// <param name="Mac">Unique in the lab.</param>
/// <param name="Model">What the guest's driver sees.</param>
public abstract record Nic(NicId Id, MacAddress Mac, NicModel Model);

/// <summary>
/// QEMU's user-mode network: the guest is 10.0.2.15 and reaches out through the host's QEMU process; nobody reaches in. 10.0.2.2 is the
/// machine itself, 10.0.2.3 its name server.
/// </summary>
/// <param name="TftpFolder">Absolute path of the folder that QEMU serves to this guest alone, to be read; null for none.</param>
public sealed record UserNic(NicId Id, MacAddress Mac, NicModel Model, string? TftpFolder = null) : Nic(Id, Mac, Model);

/// <summary>A NIC that a tap, or a port of the relay, plugs into a link. Its address is what the guest gives itself at boot; null for none.</summary>
public sealed record LinkNic(NicId Id, MacAddress Mac, NicModel Model, LinkName Link, Ipv4Interface? Address) : Nic(Id, Mac, Model);
