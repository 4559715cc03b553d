using Bunit;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Timeline;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class TimelinePageTests : IAsyncLifetime
{
    private readonly BunitContext _context = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("labnet-timeline-");
    private readonly Lab _lab = Labs.CrossArch();
    private Database? _database;
    private BunitJSModuleInterop? _script;

    public ValueTask InitializeAsync()
    {
        var time = new ManualTimeProvider(Labs.Noon);
        _database = Database.Open(Path.Combine(_folder.FullName, "lab.db"), "lab", "FULL");
        _script = _context.JSInterop.SetupModule("./Dashboard/Timeline/TimelinePage.razor.js");
        _script.Mode = JSRuntimeMode.Loose;
        _context.Services.AddSingleton<TimeProvider>(time);
        _context.Services.AddSingleton(new LiveFeed(time));
        _context.Services.AddSingleton(_database).AddHosts(new HostSettings(_folder.FullName, "", "", "", Machine: null)).AddVms(_lab);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _database!.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void The_script_is_told_the_time_and_the_VMs_and_goes_with_the_page()
    {
        Page();
        var told = System.Text.Json.JsonSerializer.Serialize(_script!.Invocations["open"].Single().Arguments[1]);

        Assert.Contains($"\"NowMs\":{Labs.Noon.ToUnixTimeMilliseconds()}", told, StringComparison.Ordinal);
        Assert.Contains("{\"Name\":\"x86\",\"Host\":\"ares\",\"Arch\":\"x86_64\",\"RunState\":null}", told, StringComparison.Ordinal);
        Assert.Contains("{\"Name\":\"arm\",\"Host\":\"zeus\",\"Arch\":\"aarch64\",\"RunState\":null}", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_script_is_there_nothing_can_be_typed_or_pressed_that_would_be_lost()
    {
        var page = Page();
        Assert.All(page.FindAll("input"), input => Assert.True(input.HasAttribute("readonly")));
        Assert.All(page.FindAll("button, select"), control => Assert.True(control.HasAttribute("disabled")));
    }

    [Fact]
    public void A_link_to_another_view_of_the_page_is_followed_and_one_elsewhere_is_not()
    {
        Page();
        var navigation = _context.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/timeline?range=1h");
        Assert.Single(_script!.Invocations["readAddress"]);
        navigation.NavigateTo("/events");
        Assert.Single(_script.Invocations["readAddress"]);
    }

    [Fact]
    public void Every_control_has_a_name()
    {
        var page = Page();
        Assert.All(page.FindAll("button, [role=group], [role=application], section"), part => Assert.NotEqual("", (part.GetAttribute("aria-label") ?? part.TextContent).Trim()));
        Assert.All(page.FindAll("input, select"), field => Assert.NotNull(page.Find($"label[for='{field.Id}']")));
    }

    private IRenderedComponent<TimelinePage> Page() => _context.Render<TimelinePage>();
}
