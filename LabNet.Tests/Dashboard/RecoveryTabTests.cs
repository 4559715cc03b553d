using Bunit;
using LabNet.Core.Feed;
using LabNet.Core.Recovery;
using LabNet.Core.Vms;
using LabNet.Tests.Recovery;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Recovery;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The recovery's part of a VM's page, over incidents in a real file.</summary>
[Trait("suite", "unit")]
public sealed class RecoveryTabTests : IAsyncLifetime
{
    private const string TwoVms = """
        name: crashed
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          x86: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian }
          mine: { host: here, arch: x86_64, attach: { qmp: /nowhere/qmp.sock } }
        """;

    /// <summary>What comes by the feed takes other threads than the test's.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Actor Operator = new("olga", Role.Operator, "dashboard");
    private static readonly Actor Viewer = new("vera", Role.Viewer, "dashboard");

    private readonly BunitContext _context = new();
    private LabOnThisMachine _lab = null!;

    private static CancellationToken Cancellation => Xunit.TestContext.Current.CancellationToken;

    private VmRecovery Recovery => _lab.Recovery.Of(_lab.Vm("x86").State.Name);

    public ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(TwoVms, keepsSnapshots: true);
        _context.Services.AddSingleton(_lab.Time).AddSingleton(_lab.Incidents).AddSingleton(_lab.Recovery).AddSingleton(_lab.Snapshots).AddSingleton(_lab.Feed);
        _context.Services.AddScoped<RecoveryDesk>();
        _context.Services.AddRadzenComponents();
        _context.Services.AddSupplyValueFromQueryProvider();
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
    public void A_VM_that_never_crashed_says_what_would_be_kept_and_each_choice_what_it_costs()
    {
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("x86 has not crashed.", tab.Markup, StringComparison.Ordinal));
        Assert.Equal(4, tab.FindAll("input[type=radio]").Count);
        Assert.Contains("All that was done since is lost, on the disk too.", tab.Markup, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("#recovery-times"));
    }

    [Fact]
    public void A_policy_is_chosen_and_saved()
    {
        var tab = Open();
        tab.FindAll("input[type=radio]")[1].Change("Restart");
        tab.Find("#recovery-times").Input("7");
        tab.FindAll("input[type=checkbox]")[0].Change(true);
        tab.Find("form").Submit();
        tab.WaitForAssertion(() => Assert.Equal(("restart", 7, true), (Recovery.Standing.Policy.Text, Recovery.Standing.Policy.BudgetTimes, Recovery.Standing.Policy.OnHang)));
        tab.WaitForAssertion(() => Assert.Contains("Now: start it anew.", tab.Find(".state").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void A_number_out_of_its_bounds_is_told_and_not_saved()
    {
        var tab = Open();
        tab.FindAll("input[type=radio]")[1].Change("Restart");
        tab.Find("#recovery-times").Input("0");
        Assert.Equal("budgetTimes: 0 is not between 1 and 100.", tab.Find(".state").TextContent);
        Assert.True(tab.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public void Without_a_snapshot_none_can_be_named()
    {
        var tab = Open();
        tab.FindAll("input[type=radio]")[3].Change("Restore");
        Assert.Equal("There is no snapshot yet. Take one first.", tab.Find(".state").TextContent);
    }

    [Fact]
    public async Task An_open_breaker_says_why_and_is_closed_by_a_button()
    {
        await _lab.Incidents.SaveStandingAsync(
            _lab.Vm("x86").State.Name, new RecoveryStanding(new RecoveryPolicy(RecoveryAction.Restart), new RecoveryBreaker([], SampleIncident.At, "It was brought back 5 times.")), Cancellation);
        await _lab.ReplaceLabNetAsync();
        await _context.DisposeAsync();
        await using var context = new BunitContext();
        context.Services.AddSingleton(_lab.Time).AddSingleton(_lab.Incidents).AddSingleton(_lab.Recovery).AddSingleton(_lab.Snapshots).AddSingleton(_lab.Feed);
        context.Services.AddScoped<RecoveryDesk>().AddRadzenComponents().AddSupplyValueFromQueryProvider();
        context.JSInterop.Mode = JSRuntimeMode.Loose;
        context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        var tab = Open(context, Operator);
        Assert.Contains("It was brought back 5 times.", tab.Find(".breaker").TextContent, StringComparison.Ordinal);
        tab.Find(".breaker button").Click();
        tab.WaitForAssertion(() => Assert.Empty(tab.FindAll(".breaker")));
        Assert.Equal(("restart", false), (Recovery.Standing.Policy.Text, Recovery.Standing.Breaker.IsOpen));
    }

    [Fact]
    public async Task A_crash_is_shown_with_what_was_kept_and_what_the_guest_said_is_text()
    {
        var incident = SampleIncident.Of("x86");
        await _lab.Incidents.AddAsync(incident, SampleIncident.Evidence, Cancellation);
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("came back", tab.Find("tbody tr").TextContent, StringComparison.Ordinal));
        Go(tab.Find("tbody th a").GetAttribute("href")!);
        tab.WaitForAssertion(() => Assert.Equal($"Oops {SampleIncident.Hostile}\nthe end", tab.Find("[aria-label='The console\\'s last lines'] pre").TextContent));
        Assert.Empty(tab.FindAll("img"));
        Assert.Contains("1,234 events", tab.Markup, StringComparison.Ordinal);
        Assert.Equal("1.50 s", tab.FindAll("td.number")[1].TextContent);
        Assert.Contains("Restores the snapshot “before-driver”.", tab.Find(".steps").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_that_happens_while_somebody_looks_appears_and_goes_on()
    {
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("has not crashed", tab.Markup, StringComparison.Ordinal));
        var incident = SampleIncident.Of("x86", IncidentOutcome.Recovering);
        _lab.Feed.Publish(new FeedSource("x86"), new IncidentChanged(incident, IsNew: true));
        tab.WaitForAssertion(() => Assert.Contains("is being brought back", tab.Find("tbody tr").TextContent, StringComparison.Ordinal), Patience);
        _lab.Feed.Publish(new FeedSource("x86"), new IncidentChanged(incident with { Outcome = IncidentOutcome.BreakerOpen }));
        tab.WaitForAssertion(() => Assert.Contains("left: breaker open", Assert.Single(tab.FindAll("tbody tr")).TextContent, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public void A_viewer_can_change_nothing_and_is_told_why()
    {
        var tab = Open(_context, Viewer);
        Assert.Equal("To change this you need the role operator.", tab.Find(".state").TextContent);
        Assert.True(tab.Find("fieldset").HasAttribute("disabled"));
        Assert.True(tab.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public void An_attached_VM_says_why_there_is_nothing_to_choose()
    {
        var tab = Open(_context, Operator, "mine");
        Assert.Contains("LabNet did not start mine", tab.Find("[role=note]").TextContent, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("form"));
    }

    private void Go(string address) => _context.Services.GetRequiredService<NavigationManager>().NavigateTo(address);

    private IRenderedComponent<RecoveryTab> Open() => Open(_context, Operator);

    private IRenderedComponent<RecoveryTab> Open(BunitContext context, Actor actor, string vm = "x86")
    {
        var session = _lab.Vm(vm);
        var opened = context.Render<RecoveryTab>(parameters => parameters.Add(tab => tab.Session, session).Add(tab => tab.State, session.State).Add(tab => tab.Actor, actor));
        opened.WaitForAssertion(() => Assert.DoesNotContain("Reads what was written down", opened.Markup, StringComparison.Ordinal));
        return opened;
    }
}
