using System.Threading.Channels;
using Bunit;
using LabNet.Core.Feed;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Snapshots;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The snapshots' part of a VM's page: one VM is a QEMU that the test plays, the other is off.</summary>
[Trait("suite", "fake")]
public sealed class SnapshotsTabTests : IAsyncLifetime
{
    private const string Hostile = "<img src=x onerror=alert(1)>&amp;";

    private readonly BunitContext _context = new();
    private readonly ScriptedQemu _qemu = new();
    private LabOnThisMachine _lab = null!;
    private VmState _connected = null!;

    private NavigationManager Navigation => _context.Services.GetRequiredService<NavigationManager>();

    private VmState Off => new(_lab.Vm("x86").State.Definition);

    /// <summary>A busy machine takes longer to answer for QEMU than a second.</summary>
    static SnapshotsTabTests() => BunitContext.DefaultWaitTimeout = TimeSpan.FromSeconds(30);

    public async ValueTask InitializeAsync()
    {
        Hold();
        _qemu.Answer("qom-list", "[]");
        _lab = LabOnThisMachine.Open($$"""
            name: kept
            hosts:
              here: { kind: namespace, address: 10.97.0.1 }
            vms:
              x86: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian, share: workspace }
              mine: { host: here, arch: x86_64, attach: { qmp: {{_qemu.Path}} } }
            """, keepsSnapshots: true);
        _connected = await _lab.UntilAsync("mine", state => state.Cpus is not null && state.RunState is not null);
        _context.Services.AddSingleton(TimeProvider.System).AddSingleton(_lab.Snapshots).AddSingleton(_lab.Feed).AddScoped<SnapshotDesk>();
        _context.Services.AddRadzenComponents().AddSupplyValueFromQueryProvider();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact]
    public void A_VM_without_a_snapshot_says_what_one_is_good_for_and_that_one_can_be_taken()
    {
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("No snapshot was taken yet.", tab.Markup, StringComparison.Ordinal));
        tab.WaitForAssertion(() => Assert.False(TakeOf(tab).HasAttribute("disabled")));
        Assert.Empty(tab.FindAll("table"));
    }

    [Fact]
    public void What_somebody_else_made_is_shown_as_text_and_nobody_invents_where_it_came_from()
    {
        Hold(Hostile);
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains(Hostile, tab.Find("tbody tr:nth-child(2) th").TextContent, StringComparison.Ordinal));
        Assert.Contains("made elsewhere, lineage unknown", tab.Find("tbody tr:nth-child(2)").TextContent, StringComparison.Ordinal);
        Assert.Equal("disk alone", tab.Find("tbody tr:nth-child(2) td.size").TextContent);
        tab.WaitForAssertion(() => Assert.Equal("vda", tab.Find("tbody tr:nth-child(2) td.disks").TextContent));
        Assert.Contains("came from no snapshot", tab.Find("tr.now").TextContent, StringComparison.Ordinal);
        Navigation.NavigateTo(tab.Find("a[aria-label^='Take “<img']").GetAttribute("href")!);
        tab.WaitForAssertion(() => Assert.Contains($"“{Hostile}” is A.", tab.Find("[aria-labelledby=comparison-title]").TextContent, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("img"));
    }

    [Fact]
    public void What_QEMU_cannot_save_is_told_before_anybody_asks_for_it()
    {
        _qemu.Answer("qom-list", """[{"name": "d1", "type": "child<nvme>"}]""");
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Equal("QEMU cannot save the state of an NVMe controller, and mine has d1. Unplug it first.", tab.Find(".line").TextContent.Trim()));
        Assert.True(TakeOf(tab).HasAttribute("disabled"));
    }

    [Fact]
    public void Of_a_VM_that_is_off_none_can_be_taken_and_one_can_be_restored()
    {
        var tab = Open(Off, SampleSnapshots.Tree("a", SampleSnapshots.Of("a")));
        Assert.Equal("x86 is off: a snapshot keeps a machine that is there, so start it to take one. Restoring one works now, and starts it.", tab.Find(".line").TextContent.Trim());
        Assert.True(TakeOf(tab).HasAttribute("disabled"));
        Assert.False(tab.Find("[aria-label='Restore “a” …']").HasAttribute("disabled"));
        Assert.Contains("x86 is off", tab.Find("tr.now").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_viewer_sees_the_tree_and_no_button_that_would_be_refused()
    {
        var tab = Open(Off, SampleSnapshots.Tree("a", SampleSnapshots.Of("a")), role: Role.Viewer);
        Assert.Equal("You are viewer: taking, restoring and deleting need operator.", tab.Find(".line").TextContent.Trim());
        Assert.Empty(tab.FindAll("button"));
        Assert.NotEmpty(tab.FindAll("a.letter"));
    }

    [Fact]
    public void Who_cannot_see_the_lines_is_told_them()
    {
        var tab = Open(Off, SampleSnapshots.Tree(
            "c", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a") with { Standing = SnapshotStanding.Deleted }, SampleSnapshots.Of("c", "b") with { Note = "kernel built" }));
        string[] rows = [.. tab.FindAll("tbody th").Select(cell => string.Join(' ', cell.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Equal(["Now x86 is off came from “c”", "c, you are here kernel built, came from “b”, which was deleted", "b deleted, came from “a”", "a, came from no snapshot"], rows);
        Assert.All(tab.FindAll("svg.rail"), rail => Assert.Equal("true", rail.GetAttribute("aria-hidden")));
        Assert.Empty(tab.FindAll("[aria-label='Restore “b” …']"));
    }

    [Fact]
    public void What_is_not_certain_or_not_done_yet_is_told_in_words()
    {
        var tree = SampleSnapshots.Tree("a", SampleSnapshots.Of("root"), SampleSnapshots.Of("a", "root")) with
        {
            HeadDoubt = "Somebody else loaded a snapshot.",
            Debt = GuestDebt.Clock,
            Step = new SnapshotStep(SnapshotStepKind.Load, new SnapshotId("a"), "a", WasRunning: true, Labs.Noon),
        };
        var tab = Open(Off, tree);
        var notices = string.Join('\n', tab.FindAll(".notice").Select(notice => notice.TextContent.Trim()));
        Assert.Contains("What the machine came from is not certain. Somebody else loaded a snapshot.", notices, StringComparison.Ordinal);
        Assert.Contains("“a” was being restored when LabNet, or QEMU, ended.", notices, StringComparison.Ordinal);
        Assert.Contains("has an old time yet", notices, StringComparison.Ordinal);
        Assert.Equal(", you may be here", tab.Find(".here").TextContent);
        Assert.Equal(2, tab.FindAll(".doubtful").Count);
        Assert.Contains("what it came from is not certain", tab.Find("tr.now").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void While_something_is_under_way_it_shows_how_far_it_is_and_nothing_else_can_be_asked_for()
    {
        var opened = 0;
        _context.Services.GetRequiredService<DialogService>().OnOpen += (_, _, _, _) => opened++;
        var running = Labs.Begun("restore", _lab.Vm("x86").State.Definition, progress: 0.4) with { Detail = "a" };
        var tab = Open(Off, SampleSnapshots.Tree("a", SampleSnapshots.Of("a")), operations: [running]);
        Assert.StartsWith("Restores “a”, asked for by tester", tab.Find(".line .what").TextContent.Trim(), StringComparison.Ordinal);
        Assert.Equal("0.4", tab.Find(".line progress").GetAttribute("value"));
        Assert.NotNull(tab.Find(".line labnet-elapsed"));
        tab.Find("[aria-label='Restore “a” …'][aria-disabled=true]").Click();
        tab.Find("[aria-label='Delete “a” …'][aria-disabled=true]").Click();
        Assert.Equal(0, opened);
        tab.Render(p => p.Add(t => t.Operations, [running with { State = OperationState.Failed, EndedAt = Labs.Noon, Error = $"QEMU said {Hostile}" }]));
        Assert.Equal($"“a” was not restored: QEMU said {Hostile}", tab.Find("[role=alert] .said").TextContent);
        tab.Find("[aria-label='Close this message']").Click();
        Assert.Empty(tab.FindAll("[role=alert]"));
    }

    [Fact]
    public void Disks_that_cannot_be_asked_are_not_an_empty_tree()
    {
        Hold("first");
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("first", tab.Find("tbody").TextContent, StringComparison.Ordinal));
        _qemu.Refuse("query-block");
        tab.Render(p => p.Add(t => t.State, _connected with { RunState = new RunState("paused") }));
        tab.WaitForAssertion(() => Assert.Contains("QEMU could not be asked what the disks hold:", tab.Find(".notice").TextContent, StringComparison.Ordinal));
        Assert.Contains("first", tab.Find("tbody").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_that_is_taken_elsewhere_appears_while_one_looks()
    {
        var tab = Open(Off, SampleSnapshots.Tree("a", SampleSnapshots.Of("a")));
        Publish("x86", SampleSnapshots.Tree("b", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a")));
        tab.WaitForAssertion(() => Assert.Contains("came from “b”", tab.Find("tr.now").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_are_chosen_by_the_address_and_a_wrong_one_is_told()
    {
        var tree = SampleSnapshots.Tree("b", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a"));
        var tab = Open(Off, tree, query: "?a=a&b=now");
        Assert.Contains("“Now” came from “a”, with one snapshot between them.", tab.Markup, StringComparison.Ordinal);
        Assert.Equal("/vms/x86/snapshots?a=b&b=now", tab.Find("[aria-label='Take “b” as A']").GetAttribute("href"));
        var wrong = Open(Off, tree, query: "?a=a&b=nosuch");
        Assert.Contains("There is no snapshot “nosuch”.", wrong.Find("[aria-labelledby=comparison-title] [role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_buttons_ask_back_and_what_is_refused_is_answered_to_the_dialog()
    {
        Hold("first");
        var opened = Channel.CreateBounded<(string Title, Dictionary<string, object?> Parameters)>(1);
        _context.Services.GetRequiredService<DialogService>().OnOpen += (title, _, parameters, _) => opened.Writer.TryWrite((title!, parameters!));
        var tab = Open();
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("[aria-label='Restore “first” …']")));

        var restore = await AfterAsync("[aria-label='Restore “first” …']");
        Assert.Equal("This snapshot cannot be restored", restore.Title);
        Assert.StartsWith("Snapshot “first” has the disk alone and no machine.", ((RestorePlan)restore.Parameters["Plan"]!).WhyNot, StringComparison.Ordinal);
        var delete = await AfterAsync("[aria-label='Delete “first” …']");
        Assert.Equal(("Delete this snapshot?", 0), (delete.Title, delete.Parameters["Children"]));
        var take = await AfterAsync("header button.primary");
        Assert.Equal("Take a snapshot of mine", take.Title);
        var begin = (Func<string, string, Task<string?>>)take.Parameters["Begin"]!;
        Assert.Equal("mine has a snapshot “first” already. Choose another name, or delete that one.", await begin("first", ""));
        _qemu.Answer("qom-list", """[{"name": "d1", "type": "child<nvme>"}]""");
        Assert.StartsWith("QEMU cannot save the state of an NVMe controller", await begin("second", ""), StringComparison.Ordinal);

        async Task<(string Title, Dictionary<string, object?> Parameters)> AfterAsync(string button)
        {
            await tab.InvokeAsync(() => tab.Find(button).Click());
            return await opened.Reader.ReadAsync(Xunit.TestContext.Current.CancellationToken);
        }
    }

    private IRenderedComponent<SnapshotsTab> Open(
        VmState? state = null, SnapshotTree? tree = null, Role role = Role.Operator, IEnumerable<Operation>? operations = null, string query = "")
    {
        state ??= _connected;
        if (tree is not null)
        {
            Publish(state.Name.ToString(), tree);
        }

        Navigation.NavigateTo($"/vms/{state.Name}/snapshots{query}");
        return _context.Render<SnapshotsTab>(p => p
            .Add(t => t.Session, _lab.Vm(state.Name.ToString())).Add(t => t.State, state).Add(t => t.Actor, new Actor("tester", role, "dashboard"))
            .Add(t => t.Operations, [.. operations ?? []]));
    }

    private void Publish(string vm, SnapshotTree tree) => _lab.Feed.Publish(new FeedSource(vm), new SnapshotsChanged(tree));

    /// <summary>The played QEMU has one disk with these snapshots, which have no memory.</summary>
    private void Hold(params string[] names)
    {
        var held = names.Select((name, number) =>
            $$"""{"id": "{{number}}", "name": "{{name}}", "vm-state-size": 0, "date-sec": {{Labs.Noon.ToUnixTimeSeconds()}}, "date-nsec": 0, "vm-clock-sec": 1, "vm-clock-nsec": 0}""");
        _qemu.Answer("query-block", $$"""
            [{"device": "", "type": "unknown", "removable": false, "locked": false, "qdev": "vda", "inserted": {"drv": "qcow2", "ro": false, "file": "x", "encrypted": false, "bps": 0, "bps_rd": 0,
              "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0, "cache": {"writeback": true, "direct": false, "no-flush": false}, "node-name": "vda",
              "image": {"filename": "x", "format": "qcow2", "virtual-size": 1, "snapshots": [{{string.Join(',', held)}}] } } }]
            """.ReplaceLineEndings(""));
    }

    private static AngleSharp.Dom.IElement TakeOf(IRenderedComponent<SnapshotsTab> tab) => tab.Find("header button.primary");
}
