using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Tests.Labs;

namespace LabNet.Tests.Hosts;

[Trait("suite", "unit")]
public sealed class RelayPlanTests
{
    private int _next = 20_000;

    [Fact]
    public void All_VMs_of_this_machine_have_a_port_on_the_links_by_the_relay_alone()
    {
        var lab = SampleLab.Read(SampleLab.Text(
            links: "links: { lab: { vni: 100, transport: relay }, fast: { vni: 101, transport: vxlan } }",
            vms: "vms: { x86: { host: ares, arch: x86_64, image: debian, nics: [ user, lab, fast ] } }"));
        var plan = PlanOf(lab, RelayPlan.Empty);
        Assert.Equal(new RelayLink("lab", 100, 4789, 1450, Address: null, Peers: []), Assert.Single(plan.Links));
        Assert.Equal(["x86/eth1", "x86/spare1", "x86/spare2"], plan.Nics.Select(nic => nic.Label));
        Assert.Equal(InterfaceNames.Of(lab).Tap(VmName.Parse("x86"), new NicId(1)), plan.Nics[0].Name);
        Assert.Equal(6, plan.Nics.SelectMany(nic => (int[])[nic.VmUdpPort, nic.RelayUdpPort]).Distinct().Count());
        Assert.Same(RelayPlan.Empty, PlanOf(SampleLab.Read(SampleLab.Text()), plan));
    }

    [Fact]
    public void A_NIC_keeps_its_ports_and_new_ones_get_others()
    {
        var one = PlanOf(LabWith("x86"), RelayPlan.Empty);
        var two = PlanOf(LabWith("x86", "arm"), one);
        Assert.Equal(one.Nics, two.Nics.Take(one.Nics.Length));
        Assert.Equal(12, two.Nics.SelectMany(nic => (int[])[nic.VmUdpPort, nic.RelayUdpPort]).Distinct().Count());
    }

    [Fact]
    public void A_machine_knows_the_others_by_their_addresses()
    {
        var lab = SampleLab.Read(SampleLab.Text(
            hosts: "hosts: { pc: { kind: machine, address: 192.168.2.117 }, pi: { kind: machine, address: 192.168.2.158 } }",
            links: "links: { lab: { vni: 7, port: 8472, transport: relay } }",
            vms: "vms: { x86: { host: pc, arch: x86_64, image: debian, nics: [ lab ] }, arm: { host: pi, arch: aarch64, image: debian, nics: [ lab ] } }"));
        var plan = RelayPlan.For(lab, HostName.Parse("pi"), RelayPlan.Empty, _ => _next++);
        Assert.Equal(new RelayLink("lab", 7, 8472, 1450, "192.168.2.158", ["192.168.2.117"]), Assert.Single(plan.Links));
        Assert.Equal(["arm/eth0", "arm/spare1", "arm/spare2"], plan.Nics.Select(nic => nic.Label));
    }

    [Fact]
    public void It_is_read_as_it_was_written()
    {
        using var folder = new TestFolder();
        Assert.Equal(RelayPlan.Empty, RelayPlan.Read(folder.Path));
        var plan = PlanOf(LabWith("x86"), RelayPlan.Empty);
        plan.Write(folder.Path);
        Assert.Equal(plan, RelayPlan.Read(folder.Path));
    }

    private RelayPlan PlanOf(Lab lab, RelayPlan earlier) => RelayPlan.For(lab, machine: null, earlier, _ => _next++);

    private static Lab LabWith(params string[] vms) => SampleLab.Read(SampleLab.Text(
        links: "links: { lab: { vni: 100, transport: relay } }",
        vms: $"vms: {{ {string.Join(", ", vms.Select(vm => $"{vm}: {{ host: ares, arch: x86_64, image: debian, nics: [ lab ] }}"))} }}"));
}
