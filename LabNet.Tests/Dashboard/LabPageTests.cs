using System.Security.Claims;
using Bunit;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;
using LabNet.Web.Dashboard;
using LabNet.Web.Dashboard.Overview;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class LabPageTests : IAsyncLifetime
{
    private readonly BunitContext _context = new();
    private readonly ManualTimeProvider _time = new(Labs.Noon);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("labnet-page-");
    private readonly Lab _lab = Labs.CrossArch();
    private readonly LiveFeed _feed;
    private readonly List<(VmName Vm, VmAction Action, Actor Actor)> _asked = [];
    private Database? _database;
    private Func<Task<Operation>> _answer = () => throw new VmConflictException("It was paused in the meantime.");

    public LabPageTests() => _feed = new LiveFeed(_time);

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(Path.Combine(_folder.FullName, "lab.db"), "lab", "FULL");
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.Services.AddSingleton<TimeProvider>(_time);
        _context.Services.AddSingleton(_feed);
        _context.Services.AddSingleton(_database).AddHosts(new HostSettings(_folder.FullName, "", "", "", Machine: null)).AddVms(_lab);
        _context.Services.AddSingleton<BeginVmAction>((vm, action, actor, _) =>
        {
            _asked.Add((vm, action, actor));
            return _answer();
        });
        _context.Services.AddSingleton<ActorOf>(user => user.ToActor("dashboard"));
        _context.Services.AddScoped<VmDesk>();
        _context.Services.AddRadzenComponents();
        _context.Services.AddCascadingAuthenticationState();
        _context.Services.AddSingleton<AuthenticationStateProvider, Tester>();
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _database!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void What_was_known_before_the_page_opened_is_on_it()
    {
        Publish(Labs.Running(_lab.Vms[0], Labs.Noon));

        var page = _context.Render<LabPage>();

        Assert.Equal("running", Badge(page, "x86"));
        Assert.Equal("not known yet", Badge(page, "arm"));
    }

    [Fact]
    public void A_change_is_shown_at_once_and_the_ones_after_it_within_a_tenth_of_a_second()
    {
        var page = _context.Render<LabPage>();

        Publish(Labs.Running(_lab.Vms[0], Labs.Noon));
        page.WaitForAssertion(() => Assert.Equal("running", Badge(page, "x86")));
        Publish(Labs.Running(_lab.Vms[0], Labs.Noon, "paused"));
        page.WaitForAssertion(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Equal("paused", Badge(page, "x86"));
        });
    }

    [Fact]
    public void Nothing_is_shown_as_done_before_qemu_says_so()
    {
        Publish(Labs.Running(_lab.Vms[0], Labs.Noon));
        _answer = () => Task.FromResult(Labs.Begun("pause", _lab.Vms[0]));
        var page = _context.Render<LabPage>();

        page.Find("button[aria-label='Pause x86']").Click();

        Assert.Equal(new(_lab.Vms[0].Name, VmAction.Pause, new Actor("tester", Role.Operator, "dashboard")), Assert.Single(_asked));
        Assert.Equal("running", Badge(page, "x86"));
        Assert.NotNull(page.Find("button[aria-label='Pause x86'][aria-busy=true]"));
    }

    [Fact]
    public void A_refusal_stays_until_it_is_read()
    {
        Publish(Labs.Running(_lab.Vms[0], Labs.Noon));
        var page = _context.Render<LabPage>();

        page.Find("button[aria-label='Pause x86']").Click();

        var told = Assert.Single(_context.Services.GetRequiredService<NotificationService>().Messages);
        Assert.Equal("Pause x86: refused", told.Summary);
        Assert.Equal("It was paused in the meantime.", told.Detail);
        Assert.True(told.Duration > TimeSpan.FromDays(20).TotalMilliseconds);
        Assert.False(page.Find("button[aria-label='Pause x86']").HasAttribute("disabled"));
    }

    [Fact]
    public async Task What_hurts_is_asked_only_after_a_confirmation()
    {
        Publish(Labs.Running(_lab.Vms[0], Labs.Noon));
        _answer = () => Task.FromResult(Labs.Begun("kill", _lab.Vms[0]));
        var dialogs = _context.Services.GetRequiredService<DialogService>();
        var page = _context.Render<LabPage>();

        page.Find("button[aria-label='Kill x86']").Click();
        await page.InvokeAsync(() => dialogs.Close(false));
        Assert.Empty(_asked);

        page.Find("button[aria-label='Kill x86']").Click();
        await page.InvokeAsync(() => dialogs.Close(true));
        page.WaitForAssertion(() => Assert.Equal(VmAction.Kill, Assert.Single(_asked).Action));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_failed_operation_is_told_to_who_asked_for_it_and_to_nobody_else()
    {
        _context.Render<LabPage>();
        var notifications = _context.Services.GetRequiredService<NotificationService>();
        var told = new TaskCompletionSource();
        notifications.Messages.CollectionChanged += (_, _) => told.TrySetResult();
        var failed = Labs.Begun("start", _lab.Vms[0]) with { State = OperationState.Failed, EndedAt = Labs.Noon, Error = "No space left on device" };

        _feed.Publish(new FeedSource("x86"), new OperationChanged(failed with { Id = "other", ActorName = "somebody" }));
        _feed.Publish(new FeedSource("x86"), new OperationChanged(failed));

        await told.Task.WaitAsync(Xunit.TestContext.Current.CancellationToken);
        Assert.Equal("No space left on device", Assert.Single(notifications.Messages).Detail);
    }

    private static string Badge(IRenderedComponent<LabPage> page, string vm) => page.Find($"#vm-{vm} .badge").TextContent.Trim();

    private void Publish(VmState state) => _feed.Publish(new FeedSource(state.Name.ToString()), new VmChanged(state));

    private sealed class Tester : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new ClaimsPrincipal(
            new ClaimsIdentity([new(ClaimTypes.Name, "tester"), new(ClaimTypes.Role, "operator")], authenticationType: "test"))));
    }
}
