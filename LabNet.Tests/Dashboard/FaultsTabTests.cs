using Bunit;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Faults;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The faults' part of a VM's page; the VM does not run.</summary>
[Trait("suite", "unit")]
public sealed class FaultsTabTests : IAsyncLifetime
{
    private const string Lab = """
        name: faulty
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        links:
          lab: { vni: 100 }
        vms:
          x86: { host: here, arch: x86_64, memory: 512M, cpus: 2, image: debian, nics: [ user, { link: lab, address: 10.10.10.2/24 } ] }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly DateTimeOffset Noon = Labs.Noon;
    private static readonly Actor Operator = new("olga", Role.Operator, "dashboard");

    private readonly BunitContext _context = new();
    private LabOnThisMachine _lab = null!;

    private VmState Off => _lab.Vm("x86").State;

    /// <summary>As it is while it runs; what a button asks for is refused all the same.</summary>
    private VmState Running => Off with { Process = new VmProcessState.Running(4711, Noon, Adopted: false), Connection = new QmpLinkState.Connected(), RunState = Core.Qmp.RunState.Running };

    public ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(Lab);
        _context.Services.AddSingleton(_lab.Time).AddSingleton(_lab.Feed).AddSingleton(_lab.Faults).AddSingleton(_lab.FaultStore);
        _context.Services.AddScoped<FaultDesk>();
        _context.Services.AddRadzenComponents();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Fact]
    public void A_VM_without_faults_says_so_and_one_that_is_off_cannot_be_broken()
    {
        var tab = Open(Off, Operator);
        Assert.Contains("Nothing of x86 is broken on purpose.", tab.Markup, StringComparison.Ordinal);
        Assert.Equal("x86 does not run.", tab.Find("button[type=submit]").GetAttribute("title"));
    }

    [Fact]
    public void Each_kind_has_its_own_members_and_says_what_is_wrong_with_them()
    {
        var tab = Open(Running, Operator);
        foreach (var kind in FaultKinds.All)
        {
            tab.Find($"input[value='{kind}']").Change(kind);
            Assert.DoesNotContain("Unknown here", tab.Find(".standing").TextContent, StringComparison.Ordinal);
            Assert.False(tab.Find("button[type=submit]").HasAttribute("disabled"), $"{kind}: {tab.Find(".standing").TextContent}");
        }

        tab.Find($"input[value='{FaultKinds.VcpuPause}']").Change(FaultKinds.VcpuPause);
        tab.FindAll(".members input")[1].Input("10");
        Assert.Contains("is not between 1 and 5000", tab.Find(".standing").TextContent, StringComparison.Ordinal);
        Assert.True(tab.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public void What_is_refused_is_told_beside_the_button()
    {
        var tab = Open(Running, Operator);
        tab.Find("form").Submit();
        tab.WaitForAssertion(() => Assert.Contains("x86", tab.Find(".standing").TextContent, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public void A_fault_comes_and_goes_as_the_feed_tells_it()
    {
        var tab = Open(Running, Operator);
        var fault = Fault(FaultState.Active);
        Tell(fault);
        tab.WaitForAssertion(() => Assert.Contains("in force", tab.Find("[aria-label='Faults in force and to come']").TextContent, StringComparison.Ordinal), Patience);
        Assert.NotNull(tab.Find("button[aria-label='Lift: eth1 has no carrier']"));
        Tell(fault with { State = FaultState.Lifted, LiftedAt = Noon.AddSeconds(4.5), End = FaultEnd.Time });
        tab.WaitForAssertion(() => Assert.Contains("4.500 s", tab.Find("[aria-label='Faults that are over, newest first']").TextContent, StringComparison.Ordinal), Patience);
        Assert.Contains("Nothing of x86 is broken on purpose.", tab.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_viewer_sees_what_is_broken_and_changes_nothing()
    {
        var tab = Open(Running, new Actor("vera", Role.Viewer, "dashboard"));
        Tell(Fault(FaultState.Active));
        tab.WaitForAssertion(() => Assert.True(tab.Find("button[aria-label='Lift: eth1 has no carrier']").HasAttribute("disabled")), Patience);
        Assert.Equal("This needs the role operator.", tab.Find("button[type=submit]").GetAttribute("title"));
    }

    private static Fault Fault(FaultState state) => new(
        FaultId.New(), Labs.Vm("x86"), new LinkDownFault(new Core.Labs.NicId(1)), state, Noon, Noon, Noon.AddSeconds(5), LiftedAt: null, EffectSeen: true, "The guest says that eth1 has no carrier.", End: null, Problem: null, "olga", Run: null, Process: "");

    private void Tell(Fault fault) => _lab.Feed.Publish(new FeedSource("x86"), new FaultChanged(fault));

    private IRenderedComponent<FaultsTab> Open(VmState state, Actor actor) => _context.Render<FaultsTab>(parameters => parameters.Add(tab => tab.State, state).Add(tab => tab.Actor, actor));
}
