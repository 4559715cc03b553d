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

    public static ImmutableArray<string> Link { get; } = ["vni", "port"];

    public static ImmutableArray<string> LinkRequired { get; } = ["vni"];

    public static ImmutableArray<string> Vm { get; } = ["host", "arch", "memory", "cpus", "image", "share", "cdrom", "nics", "accelerator"];

    public static ImmutableArray<string> VmRequired { get; } = ["host", "arch", "image"];

    public static ImmutableArray<string> Nic { get; } = ["link", "mac", "address", "model", "tftp"];

    public static ImmutableArray<string> NicRequired { get; } = ["link"];
}
