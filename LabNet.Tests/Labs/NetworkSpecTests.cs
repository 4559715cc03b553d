using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

[Trait("suite", "unit")]
public sealed class NetworkSpecTests
{
    [Fact]
    public void A_lab_of_namespaces_is_all_on_this_machine()
    {
        var lab = SampleLab.Read(File.ReadAllText(Repository.At("infra/labs/cross-arch.yaml")));
        Assert.Equal(
            """
            host ares namespace 10.99.0.1/24 labnet-cross-arch-ares
            host zeus namespace 10.99.0.2/24 labnet-cross-arch-zeus
            link ares lab 100 4789 b-3ea8-ares x-3ea8-ares
            tap ares lab t-3ea8-x86eth1 x86/eth1
            tap ares lab t-3ea8-x86-s1 x86/spare1
            tap ares lab t-3ea8-x86-s2 x86/spare2
            link zeus lab 100 4789 b-3ea8-zeus x-3ea8-zeus
            tap zeus lab t-3ea8-armeth1 arm/eth1
            tap zeus lab t-3ea8-arm-s1 arm/spare1
            tap zeus lab t-3ea8-arm-s2 arm/spare2

            """,
            NetworkSpec.For(lab, InterfaceNames.Of(lab), machine: null));
    }

    [Fact]
    public void A_machine_has_its_own_VMs_and_knows_its_peers()
    {
        var lab = TwoMachines();
        Assert.Equal(
            """
            host pi machine 192.168.2.158
            peer pc 192.168.2.117
            link pi lab 100 4789 b-2a97-pi x-2a97-pi
            tap pi lab t-2a97-armeth0 arm/eth0
            tap pi lab t-2a97-arm-s1 arm/spare1
            tap pi lab t-2a97-arm-s2 arm/spare2

            """,
            NetworkSpec.For(lab, InterfaceNames.Of(lab), HostName.Parse("pi")));
    }

    [Fact]
    public void Links_by_the_relay_are_left_out_and_with_them_all_that_needs_root()
    {
        var open = SampleLab.Read(SampleLab.Text(vms: "vms: { x86: { host: ares, arch: x86_64, image: debian, nics: [ user, lab ] } }"));
        Assert.Equal("", Spec(open.WithTransport(LinkTransport.Relay)));
        Assert.Contains("tap ares lab", Spec(open.WithTransport(LinkTransport.Vxlan)), StringComparison.Ordinal);

        var both = SampleLab.Read(SampleLab.Text(
            links: "links: { lab: { vni: 100, transport: vxlan }, slow: { vni: 101, transport: relay } }",
            vms: "vms: { x86: { host: ares, arch: x86_64, image: debian, nics: [ lab, slow ] } }"));
        Assert.Equal(both.Links, both.WithTransport(LinkTransport.Vxlan).Links);
        var lines = Spec(both).Split('\n');
        Assert.Contains(lines, line => line.StartsWith("link ares lab ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("tap ares lab ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains(" slow ", StringComparison.Ordinal));

        static string Spec(Lab lab) => NetworkSpec.For(lab, InterfaceNames.Of(lab), machine: null);
    }

    [Fact]
    public void A_machine_that_is_not_the_labs_is_refused()
    {
        var lab = TwoMachines();
        var names = InterfaceNames.Of(lab);
        Assert.Contains("this machine is one of pc, pi", Refusal(lab, HostName.Parse("mac")), StringComparison.Ordinal);
        Assert.Contains("this machine is one of pc, pi", Refusal(lab, machine: null), StringComparison.Ordinal);
        Assert.Contains("are namespaces", Refusal(SampleLab.Read(SampleLab.Text()), HostName.Parse("ares")), StringComparison.Ordinal);

        static string Refusal(Lab lab, HostName? machine) =>
            Assert.Throws<ArgumentException>(() => NetworkSpec.For(lab, InterfaceNames.Of(lab), machine)).Message;
    }

    private static Lab TwoMachines() => SampleLab.Read(SampleLab.Text(
        hosts: "hosts: { pc: { kind: machine, address: 192.168.2.117 }, pi: { kind: machine, address: 192.168.2.158 } }",
        vms: """
            vms:
              x86: { host: pc, arch: x86_64, image: debian, nics: [ user, lab ] }
              arm: { host: pi, arch: aarch64, image: debian, nics: [ lab ] }
            """));
}
