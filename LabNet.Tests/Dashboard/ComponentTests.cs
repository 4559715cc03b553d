using Bunit;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Overview;
using LabNet.Web.Dashboard.Vm;
using LabNet.Web.Dashboard.Times;
using LabNet.Web.Dashboard.Topology;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class ComponentTests : IAsyncLifetime
{
    private const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\u001b[31m &lt;";
    private static readonly Lab Lab = Labs.CrossArch();
    private static readonly LabVm X86 = Lab.Vms[0];
    private readonly BunitContext _context = new();

    public ValueTask InitializeAsync()
    {
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    [Fact]
    public void What_qemu_and_the_guest_print_stays_text()
    {
        var state = Labs.Crashed(X86, Labs.Noon, Hostile) with
        {
            Guest = new GuestFacts(Hostile, Hostile, Hostile, [new GuestInterface(Hostile, X86.Nics[1].Mac.ToString(), [Hostile])]),
        };

        var card = Card(state);

        Assert.Empty(card.FindAll("script, img"));
        Assert.Equal(Hostile, card.Find("pre").TextContent);
        Assert.Contains(Hostile, card.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.Contains(Hostile, card.Find("table").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_tells_what_runs_the_guest_and_why()
    {
        var card = Card(Labs.Running(X86, Labs.Noon));

        Assert.NotNull(card.Find("button[aria-label='TCG, because the host\\'s CPU has no vmx, so KVM cannot run here']"));
        Assert.Contains(Labs.Debian, card.Markup, StringComparison.Ordinal);
        Assert.Contains("pid 48211", card.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void The_card_of_an_attached_vm_says_where_it_is_and_has_no_table_of_nics_that_nobody_knows()
    {
        var there = Card(Labs.There(Labs.Attached("mine")));
        var away = Card(new VmState(Labs.Attached("mine")));

        Assert.Contains("/run/mine/qmp.sock", there.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.Contains("1 GiB", there.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.Contains("cannot be asked: no agent socket", there.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.Empty(there.FindAll("table"));
        Assert.DoesNotContain("GiB", away.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("Uptime", away.Find("dl").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vm_that_is_not_known_yet_looks_like_one_that_is_being_loaded()
    {
        var card = Card(state: null);

        Assert.Equal("not known yet", card.Find("[role=status]").TextContent.Trim());
        Assert.NotNull(card.Find(".loading"));
        Assert.Empty(card.FindAll("dl"));
        Assert.All(card.FindAll(".action"), button => Assert.True(button.HasAttribute("disabled")));
    }

    [Fact]
    public void An_action_without_sense_says_why_and_one_with_sense_can_be_pressed()
    {
        VmWish? wish = null;
        var bar = _context.Render<VmActionBar>(p => p
            .Add(b => b.Vm, X86.Name).Add(b => b.State, Labs.Running(X86, Labs.Noon)).Add(b => b.Role, Role.Operator)
            .Add(b => b.OnAction, w => wish = w));

        var resume = bar.Find("button[aria-label='Resume x86']");
        Assert.True(resume.HasAttribute("disabled"));
        Assert.Equal("Its vCPUs run.", resume.GetAttribute("title"));
        bar.Find("button[aria-label='Pause x86']").Click();
        Assert.Equal(new VmWish(X86.Name, VmAction.Pause), wish);
    }

    [Fact]
    public void The_button_of_a_running_operation_is_busy()
    {
        var bar = _context.Render<VmActionBar>(p => p
            .Add(b => b.Vm, X86.Name).Add(b => b.State, Labs.Running(X86, Labs.Noon)).Add(b => b.Role, Role.Operator)
            .Add(b => b.Operation, Labs.Begun("stop", X86)));

        var stop = bar.Find("button[aria-busy=true]");
        Assert.Equal("Stop x86", stop.GetAttribute("aria-label"));
        Assert.Equal("Stop is under way.", stop.GetAttribute("title"));
        Assert.False(bar.Find("button[aria-label='Kill x86']").HasAttribute("disabled"));
    }

    [Fact]
    public void Before_the_circuit_is_there_nothing_can_be_pressed() =>
        Assert.All(Card(Labs.Running(X86, Labs.Noon), ready: false).FindAll(".action"), b => Assert.Equal("The page is still connecting to LabNet.", b.GetAttribute("title")));

    [Fact]
    public void A_running_operation_shows_its_progress_and_can_be_cancelled()
    {
        Operation? cancelled = null;
        var operation = Labs.Begun("start", X86, progress: 0.4);
        var line = _context.Render<OperationLine>(p => p.Add(l => l.Operation, operation).Add(l => l.MayCancel, true).Add(l => l.OnCancel, o => cancelled = o));

        Assert.Equal("0.4", line.Find("progress").GetAttribute("value"));
        Assert.Contains("Start by tester", line.Find(".what").TextContent, StringComparison.Ordinal);
        line.Find("button").Click();
        Assert.Equal(operation, cancelled);
    }

    [Fact]
    public void A_time_is_given_for_the_viewers_zone_with_utc_to_hover()
    {
        var time = _context.Render<LocalTime>(p => p.Add(t => t.At, new DateTimeOffset(2026, 11, 22, 13, 30, 5, TimeSpan.FromHours(1)))).Find("labnet-time");

        Assert.Equal("2026-11-22T12:30:05.0000000Z", time.GetAttribute("datetime"));
        Assert.Equal("2026-11-22 12:30:05 UTC", time.GetAttribute("title"));
    }

    [Fact]
    public void A_ticking_duration_changes_nothing_on_the_wire_when_its_parent_renders()
    {
        var time = new ManualTimeProvider(Labs.Noon);
        _context.Services.AddSingleton<TimeProvider>(time);
        var elapsed = _context.Render<Elapsed>(p => p.Add(e => e.Since, Labs.Noon.AddSeconds(-75)));
        time.Advance(TimeSpan.FromSeconds(30));
        elapsed.Render();

        Assert.Equal("75000", elapsed.Find("labnet-elapsed").GetAttribute("elapsed-ms"));
        Assert.Equal("00:01:15", elapsed.Find("labnet-elapsed").GetAttribute("text"));
    }

    [Fact]
    public void The_topology_can_be_read_and_its_vms_are_links()
    {
        var view = new LabView(Lab) { Vms = new LabView(Lab).Vms.Add(X86.Name, Labs.Running(X86, Labs.Noon, "paused")) };
        var map = _context.Render<TopologyMap>(p => p.Add(m => m.View, view));

        Assert.Equal("/?vm=x86#vm-x86", map.Find("a[aria-label='x86, x86_64 on ares: paused']").GetAttribute("href"));
        Assert.Contains("Host zeus, namespace with underlay address 10.99.0.2, has arm (aarch64, not known yet).", map.Find("#topology-text").TextContent, StringComparison.Ordinal);
        Assert.Contains("joins x86, arm", map.Find("#topology-text").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ping_that_lost_everything_does_not_look_fast()
    {
        var ping = Labs.Ping(Lab, "x86", "arm", Labs.Noon, received: 0);
        var view = new LabView(Lab) { Pings = new LabView(Lab).Pings.Add((ping.Link, ping.From, ping.To), ping) };
        var row = _context.Render<PingTable>(p => p.Add(t => t.View, view)).Find("tbody tr");

        Assert.Equal("failed", row.ClassName);
        Assert.Equal(["x86 → arm", "1450 B", "–", "100 %"], row.QuerySelectorAll("td").Take(4).Select(cell => cell.TextContent.Trim()));
    }

    private IRenderedComponent<VmCard> Card(VmState? state, bool ready = true) => _context.Render<VmCard>(p => p
        .Add(c => c.Definition, state?.Definition ?? X86).Add(c => c.State, state).Add(c => c.Role, Role.Operator).Add(c => c.Ready, ready));
}
