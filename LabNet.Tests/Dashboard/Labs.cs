using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Tests.Dashboard;

/// <summary>Labs and states as the pages get them.</summary>
internal static class Labs
{
    public const string Debian = "Debian GNU/Linux 12 (bookworm)";
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    public static readonly LinkName Link = LinkName.Parse("lab");

    public static VmName Vm(string name) => VmName.Parse(name);

    public static Lab Empty() => new(LabName.Parse("empty-lab"), Hosts("ares", "zeus"), [new Link(Link, 100, 4789)], []);

    public static Lab CrossArch() => new(
        LabName.Parse("cross-arch"),
        Hosts("ares", "zeus"),
        [new Link(Link, 100, 4789)],
        [Define("x86", "ares", Architecture.X86_64, 2, "lab"), Define("arm", "zeus", Architecture.Aarch64, 1, "lab")]);

    /// <summary>VMs one after the other on the hosts, each on every link.</summary>
    public static Lab Of(int hosts, int vms, int links)
    {
        string[] hostNames = ["ares", "zeus", "hera", "athena"];
        string[] linkNames = ["lab", "storage", "mgmt"];
        string[] vmNames = ["x86", "arm", "router", "build", "web", "db", "client", "observer"];
        return new Lab(
            LabName.Parse("datacentre"),
            Hosts(hostNames[..hosts]),
            [.. linkNames.Take(links).Select((name, i) => new Link(LinkName.Parse(name), 100 + i, 4789))],
            [.. vmNames.Take(vms).Select((name, i) =>
                Define(name, hostNames[i % hosts], i % 2 == 0 ? Architecture.X86_64 : Architecture.Aarch64, i + 1, linkNames[..links]))]);
    }

    public static StartedVm Define(string name, string host, Architecture architecture, int number, params string[] links) => new(
        Vm(name),
        HostName.Parse(host),
        architecture,
        512 * LabLimits.MiB,
        2,
        ImageName.Parse("debian"),
        Share: null,
        [new UserNic(new NicId(0), Mac(number, 0), NicModel.VirtioNet), .. links.Select((link, i) => LinkNicOf(link, number, i + 1))],
        AcceleratorChoice.Auto);

    public static AttachedVm Attached(string name, string? agent = null) =>
        new(Vm(name), HostName.Parse("ares"), Architecture.X86_64, new QmpAddress.Unix("/run/mine/qmp.sock"), agent);

    /// <summary>Somebody else's VM that is connected.</summary>
    public static VmState There(AttachedVm vm, string runState = "running") => new(vm)
    {
        Connection = new QmpLinkState.Connected(),
        RunState = new RunState(runState),
        Accelerator = new AcceleratorInUse(Accelerator.Kvm, "as QEMU says"),
        QemuVersion = new Version(7, 2, 22),
        Size = new VmSize(1024 * LabLimits.MiB, 4),
    };

    public static VmState Running(LabVm vm, DateTimeOffset since, string runState = "running") => new(vm)
    {
        Process = new VmProcessState.Running(48211, since, Adopted: false),
        Connection = new QmpLinkState.Connected(),
        RunState = new RunState(runState),
        Accelerator = new AcceleratorInUse(Accelerator.Tcg, "the host's CPU has no vmx, so KVM cannot run here"),
        QemuVersion = new Version(7, 2, 9),
        Agent = new GuestAgentState.Answering(),
        Guest = Told(vm),
    };

    public static VmState Crashed(LabVm vm, DateTimeOffset at, string stderr) => VmReducer.Apply(
        Running(vm, at.AddMinutes(-5)),
        new VmEvent.ProcessExited(new VmProcessState.Exited(139, Expected: false, stderr, at)));

    public static PingMeasured Ping(Lab lab, string from, string to, DateTimeOffset at, double? rttMs = 1.73, int received = 3, string? problem = null) =>
        new(lab.Links[0].Name, Vm(from), Vm(to), Sent: 3, received, PacketBytes: 1450, received == 0 ? null : rttMs, problem, at);

    public static LinkStatus Up(Lab lab, string host, Link? link = null) =>
        new(HostName.Parse(host), (link ?? lab.Links[0]).Name, "lab-vx100", MtuBytes: 1450, Up: true, Problem: null);

    public static Operation Begun(string kind, LabVm vm, double? progress = null) =>
        new("0197", kind, vm.Name, "tester", OperationState.Running, progress, Noon, EndedAt: null, Error: null);

    private static GuestFacts Told(LabVm vm) => new(
        vm.Name.ToString(),
        Debian,
        vm.Architecture == Architecture.X86_64 ? "6.1.0-41-amd64" : "6.1.0-41-arm64",
        [.. vm.Nics.Select(nic => new GuestInterface(
            nic.Id.ToString(), nic.Mac.ToString(), [nic is LinkNic { Address: { } a } ? a.ToString() : "10.0.2.15/24", "fe80::5054:ff:fe12:3458/64"]))]);

    private static ImmutableArray<LabHost> Hosts(params string[] names) =>
        [.. names.Select((name, i) => new LabHost(HostName.Parse(name), HostKind.Namespace, Address($"10.99.0.{i + 1}"), 24))];

    private static LinkNic LinkNicOf(string link, int number, int position)
    {
        Assert.True(Ipv4Interface.TryParse($"10.10.{10 * position}.{number}/24", out var address));
        return new LinkNic(new NicId(position), Mac(number, position), NicModel.VirtioNet, LinkName.Parse(link), address);
    }

    private static Ipv4Address Address(string text) => Ipv4Address.TryParse(text, out var address) ? address : throw new FormatException(text);

    private static MacAddress Mac(int number, int position) =>
        MacAddress.TryParse($"52:54:00:12:{position:x2}:{number:x2}", out var mac) ? mac : throw new FormatException();
}
