using LabNet.Core.Labs;

namespace LabNet.Tests.Web;

/// <summary>Two VMs on two hosts, one link.</summary>
internal static class SampleLab
{
    public static readonly LabVm X86 = Vm("x86", "ares", Architecture.X86_64, "52:54:00:12:34:58", "10.10.10.2/24");
    public static readonly LabVm Arm = Vm("arm", "zeus", Architecture.Aarch64, "52:54:00:12:34:57", "10.10.10.1/24");

    /// <summary>Not of the lab.</summary>
    public static readonly AttachedVm Mine =
        new(VmName.Parse("mine"), HostName.Parse("ares"), Architecture.X86_64, new QmpAddress.Tcp("127.0.0.1", 4444));

    public static readonly Lab Lab = new(
        LabName.Parse("cross-arch"),
        [Host("ares", "10.99.0.1"), Host("zeus", "10.99.0.2")],
        [new Link(LinkName.Parse("lab"), Vni: 100, Port: 4789)],
        [X86, Arm]);

    private static LabHost Host(string name, string address) =>
        new(HostName.Parse(name), HostKind.Namespace, Address(address), PrefixLength: 24);

    private static StartedVm Vm(string name, string host, Architecture architecture, string mac, string address) => new(
        VmName.Parse(name),
        HostName.Parse(host),
        architecture,
        MemoryBytes: 512 * LabLimits.MiB,
        Cpus: 2,
        ImageName.Parse("debian"),
        Share: null,
        [
            new UserNic(new NicId(0), Mac("52:54:00:00:00:01"), NicModel.VirtioNet),
            new LinkNic(new NicId(1), Mac(mac), NicModel.E1000e, LinkName.Parse("lab"), Interface(address)),
        ],
        AcceleratorChoice.Auto);

    private static Ipv4Address Address(string text) => Ipv4Address.TryParse(text, out var address) ? address : throw new FormatException(text);

    private static Ipv4Interface Interface(string text) => Ipv4Interface.TryParse(text, out var value) ? value : throw new FormatException(text);

    private static MacAddress Mac(string text) => MacAddress.TryParse(text, out var mac) ? mac : throw new FormatException(text);
}
