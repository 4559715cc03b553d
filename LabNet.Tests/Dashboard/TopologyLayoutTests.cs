using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Topology;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class TopologyLayoutTests
{
    public static TheoryData<int, int, int> EveryLab
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            foreach (var (hosts, vms, links) in from hosts in Enumerable.Range(1, 4) from vms in Enumerable.Range(0, 9) from links in Enumerable.Range(0, 4) select (hosts, vms, links))
            {
                data.Add(hosts, vms, links);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EveryLab))]
    public void Nothing_overlaps_and_nothing_leaves_the_drawing(int hosts, int vms, int links)
    {
        var layout = TopologyLayout.Of(new LabView(Labs.Of(hosts, vms, links)));

        var left = 0.0;
        foreach (var host in layout.Hosts)
        {
            Assert.True(host.X >= left - 0.001, $"host {host.Host.Name} begins at {host.X}, the one before ends at {left}");
            left = host.X + host.Width;
            foreach (var vm in host.Vms)
            {
                Assert.InRange(vm.X, host.X, left);
                Assert.InRange(vm.X + vm.Width, host.X, left);
                Assert.InRange(vm.Y + TopologyLayout.VmHeight, TopologyLayout.HostHeader, host.Height);
                Assert.True(vm.Width >= 120, $"{vm.Vm.Name} is {vm.Width} wide");
                Assert.DoesNotContain(host.Vms, other => other != vm && Math.Abs(other.X - vm.X) < vm.Width && Math.Abs(other.Y - vm.Y) < TopologyLayout.VmHeight);
            }
        }

        Assert.InRange(left, 0, TopologyLayout.Width + 0.001);
        Assert.All(layout.Links, link => Assert.InRange(link.Y, layout.Hosts[0].Height, layout.Height));
        var wires = layout.Links.SelectMany(l => l.Wires).Select(w => w.X).ToList();
        Assert.Equal(wires.Count, wires.Distinct().Count());
        Assert.All(wires, x => Assert.DoesNotContain(layout.Hosts.SelectMany(h => h.Vms), vm => x > vm.X && x < vm.X + vm.Width));
    }
}
