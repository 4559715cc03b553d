using System.Collections.Immutable;

namespace LabNet.Core.Labs;

/// <summary>
/// The keys of a lab file's mappings, in the order in which messages list them. infra/labs/lab.schema.json has the same; a test compares
/// them.
/// </summary>
public static class LabFileKeys
{
    public static ImmutableArray<string> Lab { get; } = ["name", "hosts", "links", "vms"];

    public static ImmutableArray<string> LabRequired { get; } = ["name", "hosts", "vms"];

    public static ImmutableArray<string> Host { get; } = ["kind", "address"];

    public static ImmutableArray<string> HostRequired { get; } = ["kind", "address"];

    public static ImmutableArray<string> Link { get; } = ["vni", "port", "transport"];

    public static ImmutableArray<string> LinkRequired { get; } = ["vni"];

    public static ImmutableArray<string> Vm { get; } = ["host", "arch", "memory", "cpus", "image", "share", "cdrom", "nics", "accelerator", "attach"];

    /// <summary>And image, unless the VM is attached.</summary>
    public static ImmutableArray<string> VmRequired { get; } = ["host", "arch"];

    /// <summary>What LabNet starts a VM with; none of it can be said of one that runs already.</summary>
    public static ImmutableArray<string> VmStart { get; } = ["memory", "cpus", "image", "share", "cdrom", "nics", "accelerator"];

    public static ImmutableArray<string> VmStartRequired { get; } = ["image"];

    public static ImmutableArray<string> Attach { get; } = ["qmp", "tls", "agent", "console"];

    public static ImmutableArray<string> AttachRequired { get; } = ["qmp"];

    public static ImmutableArray<string> Nic { get; } = ["link", "mac", "address", "model", "tftp"];

    public static ImmutableArray<string> NicRequired { get; } = ["link"];
}
