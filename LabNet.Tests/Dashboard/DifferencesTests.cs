using Bunit;
using LabNet.Core.Snapshots;
using LabNet.Web.Dashboard.Vm.Differences;

namespace LabNet.Tests.Dashboard;

/// <summary>In what two snapshots differ, as it stands on the page.</summary>
[Trait("suite", "unit")]
public sealed class DifferencesTests : BunitContext
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    [Fact]
    public void A_disk_says_what_changed_and_draws_where()
    {
        var clusters = new Qcow2Difference(65536, 1 << 30, 1 << 30, Rewritten: 2, Allocated: 1, Freed: 0, [new ByteRange(0, 131072), new ByteRange((1 << 30) - 65536, 65536)]);
        var view = Render<DiskDifferences>(p => p.Add(one => one.Disks, [new DiskDifference("vda", clusters, IsExact: false, Problem: null)]));
        Assert.Contains("3 clusters of 64.0 KiB, 192 KiB in all: 2 rewritten, 1 new, 0 freed", view.Find(".sum").TextContent, StringComparison.Ordinal);
        Assert.Contains("approximately", view.Find(".sum").TextContent, StringComparison.Ordinal);
        Assert.Equal(["0", "239"], view.FindAll("rect").Select(rect => rect.GetAttribute("x")));
        Assert.Empty(view.FindAll("button"));
    }

    [Fact]
    public void A_disk_that_cannot_be_compared_says_why_and_one_without_a_difference_draws_nothing()
    {
        var same = new Qcow2Difference(65536, 1 << 20, 1 << 20, 0, 0, 0, []);
        var view = Render<DiskDifferences>(p => p
            .Add(one => one.Disks, [new DiskDifference("vda", same, IsExact: true, Problem: null), new DiskDifference("d1", Clusters: null, IsExact: true, "It was not there at “a”.")])
            .Add(one => one.MayStandStill, true));
        Assert.Equal(["no cluster differs", "It was not there at “a”."], view.FindAll(".sum > span").Select(sum => sum.TextContent));
        Assert.Empty(view.FindAll("svg"));
        Assert.Equal("Compare exactly", view.Find("button").TextContent);
    }

    [Fact]
    public void What_the_machine_is_made_of_is_told_as_text_whatever_it_says()
    {
        var machine = new MachineDifferences([new Difference(Hostile, null, "virtio-blk-pci")], [], [], [new Difference("-m 256M", "-m 256M", null)], []);
        var view = Render<MachineDifferencesView>(p => p.Add(one => one.Machine, machine));
        Assert.Empty(view.FindAll("img"));
        Assert.Equal([["device", Hostile, "—", "virtio-blk-pci"], ["option", "-m 256M", "given", "—"]], view.FindAll("tbody tr").Select(row => row.QuerySelectorAll("td").Select(cell => cell.TextContent).ToArray()));

        var none = Render<MachineDifferencesView>(p => p.Add(one => one.Machine, new MachineDifferences([], [], [], [], [])));
        Assert.Contains("The same devices", none.Markup, StringComparison.Ordinal);
        var unknown = Render<MachineDifferencesView>(p => p.Add(one => one.Machine, null).Add(one => one.Problem, "Nobody knows."));
        Assert.Contains("Nobody knows.", unknown.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registers_come_first_and_are_found_by_their_names()
    {
        var state = new SavedMachineDifference(
            Gone: [],
            Come: ["0000:00:10.0/virtio-blk"],
            [new SavedChange("apic", "tmr[1]", Register: null, "0x20000", "0x20002"), new SavedChange("cpu/0", "env.eip", "RIP", "0x1", "0x2")],
            ChangesNotListed: 5,
            [new SavedMemoryChange("pc.ram", 1 << 28, 1 << 28, 8192, [new ByteRange(0, 8192)])]);
        JSInterop.Mode = JSRuntimeMode.Loose;
        var view = Render<StateDifferences>(p => p.Add(one => one.State, state));
        Assert.Contains("8.00 KiB of 256 MiB changed, in 1 range", view.Find(".sum").TextContent, StringComparison.Ordinal);
        Assert.Contains("2 registers and fields, and 5 more are not listed", view.Find(".count").TextContent, StringComparison.Ordinal);
        Assert.Contains("Only after: 0000:00:10.0/virtio-blk.", view.Markup, StringComparison.Ordinal);
        await view.InvokeAsync(() => view.Find("input").Input("rip"));
        Assert.Contains("1 register or field,", view.Find(".count").TextContent, StringComparison.Ordinal);

        var none = Render<StateDifferences>(p => p.Add(one => one.State, new SavedMachineDifference([], [], [], 0, [])));
        Assert.Contains("the same to the last register and page", none.Markup, StringComparison.Ordinal);
    }
}
