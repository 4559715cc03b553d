using System.Security.Claims;
using Bunit;
using LabNet.Core.Faults;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard;
using LabNet.Web.Dashboard.Chaos;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The Chaos page, over plans and runs in a real file; no VM runs.</summary>
[Trait("suite", "unit")]
public sealed class ChaosPageTests : IAsyncLifetime
{
    private const string Lab = """
        name: chaos
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          x86: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian }
        """;

    private const string Plan = "name: small\nseed: 7\nduration: 10s\nfaults:\n  - { kind: pause, every: 2s, count: 3, duration: 100ms }\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Actor Operator = new("olga", Role.Operator, "dashboard");

    private readonly BunitContext _context = new();
    private LabOnThisMachine _lab = null!;
    private Actor _viewer = Operator;

    private static CancellationToken Cancellation => Xunit.TestContext.Current.CancellationToken;

    private ChaosRuns Runs => _lab.Chaos;

    public ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(Lab);
        _context.Services.AddSingleton(_lab.Time).AddSingleton(_lab.Feed).AddSingleton(_lab.Chaos).AddSingleton(_lab.Plans).AddSingleton<ActorOf>(_ => _viewer);
        _context.Services.AddScoped<ChaosDesk>();
        _context.Services.AddRadzenComponents();
        _context.Services.AddSupplyValueFromQueryProvider();
        _context.Services.AddCascadingAuthenticationState();
        _context.Services.AddSingleton<AuthenticationStateProvider, Tester>();
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
    public void A_lab_without_plans_offers_one_that_can_be_run_at_once()
    {
        var page = Open();
        Assert.Contains("No plan is kept yet.", page.Markup, StringComparison.Ordinal);
        Assert.Contains("No plan was run yet.", page.Markup, StringComparison.Ordinal);
        Assert.Contains("faults in 30 s", page.Find("#plan-standing").TextContent, StringComparison.Ordinal);
        Assert.False(Button(page, "Run").HasAttribute("disabled"));
    }

    [Fact]
    public void A_mistake_is_told_with_its_line_while_it_is_typed()
    {
        var page = Open();
        page.Find("textarea").Input(Plan.Replace("pause", "puase", StringComparison.Ordinal));
        Assert.Contains("Line 5, column", page.Find("#plan-standing").TextContent, StringComparison.Ordinal);
        Assert.Contains("Did you mean \"pause\"?", page.Find("#plan-standing").TextContent, StringComparison.Ordinal);
        Assert.Contains("▸  5", page.Find(".gutter").TextContent, StringComparison.Ordinal);
        Assert.True(Button(page, "Run").HasAttribute("disabled"));
        Assert.True(Button(page, "Save").HasAttribute("disabled"));
    }

    [Fact]
    public void A_plan_is_kept_and_found_again()
    {
        var page = Open();
        page.Find("textarea").Input(Plan);
        Button(page, "Save").Click();
        page.WaitForAssertion(() => Assert.Equal("small", Assert.Single(_lab.Plans.ReadPlans()).Name), Patience);
        page.WaitForAssertion(() => Assert.Contains("small", page.Find(".names").TextContent, StringComparison.Ordinal), Patience);
        Assert.True(Button(page, "Save").HasAttribute("disabled"));
    }

    [Fact]
    public void A_run_shows_its_journal_and_why_it_did_not_pass()
    {
        var page = Open();
        page.Find("textarea").Input(Plan.Replace("10s", "100ms", StringComparison.Ordinal));
        Button(page, "Run").Click();
        page.WaitForAssertion(() => Assert.Contains("failed", page.Find(".verdict").TextContent, StringComparison.Ordinal), Patience);
        Assert.Contains("Fault 1 (pause-1 on x86) did not come:", page.Find(".reasons").TextContent, StringComparison.Ordinal);
        Assert.Contains("missed", page.Find("[role=log]").TextContent, StringComparison.Ordinal);
        Assert.Contains("0 of 1", page.Find("[aria-label='Runs, newest first']").TextContent, StringComparison.Ordinal);
        Assert.NotNull(Button(page, "Replay"));
    }

    [Fact]
    public async Task A_viewer_reads_and_changes_nothing()
    {
        await Runs.SaveAsync(Plan, Operator, Cancellation);
        _viewer = new Actor("vera", Role.Viewer, "dashboard");
        var page = Open();
        Assert.True(page.Find("textarea").HasAttribute("readonly"));
        Assert.All(page.FindAll(".editor button"), button => Assert.True(button.HasAttribute("disabled")));
        Assert.Equal("This needs the role operator.", Button(page, "Run").GetAttribute("title"));
    }

    [Fact]
    public void A_run_that_is_not_kept_any_more_is_told()
    {
        _context.Services.GetRequiredService<NavigationManager>().NavigateTo("/chaos?run=r-gone");
        Assert.Contains("This run is not kept any more", Open().Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<ChaosPage> Open() => _context.Render<ChaosPage>();

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<ChaosPage> page, string text) => page.FindAll("button").First(button => button.TextContent.Trim() == text);

    private sealed class Tester : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal()));
    }
}
