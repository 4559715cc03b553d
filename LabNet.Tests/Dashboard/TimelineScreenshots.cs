using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>Pictures of the timeline's states, to be looked at by a person; as <see cref="Screenshots"/> has them of the other pages.</summary>
[Trait("suite", "browser")]
public sealed class TimelineScreenshots
{
    private static readonly string Folder = Environment.GetEnvironmentVariable("LABNET_SHOTS") ?? "/tmp/labnet-shots";

    private static readonly string Chosen = Environment.GetEnvironmentVariable("LABNET_LOOK") ?? "";

    private static readonly (string Name, ColorScheme Scheme, int Width)[] Looks =
    [
        ("light-1440", ColorScheme.Light, 1440), ("dark-1440", ColorScheme.Dark, 1440), ("light-1024", ColorScheme.Light, 1024), ("dark-1024", ColorScheme.Dark, 1024),
    ];

    [Fact(Explicit = true)]
    public Task Requests_of_ten_minutes() => TakeAsync("timeline-full", FakeTrace.Address(-60, 660, $"&latency=x86/{FakeTrace.End}&pin=x86/{FakeTrace.End}"));

    [Fact(Explicit = true)]
    public Task Requests_one_by_one_with_one_chosen() => TakeAsync("timeline-event", FakeTrace.Address(105, 105.05), async page =>
    {
        var (stage, row) = ((await page.Locator("[data-part=stage]").BoundingBoxAsync())!, (await page.Locator($"[data-row='x86/{FakeTrace.End}']").First.BoundingBoxAsync())!);
        await page.Mouse.ClickAsync(stage.X + (stage.Width * 0.44f), row.Y + (row.Height / 2));
    });

    [Fact(Explicit = true)]
    public Task A_selected_area() => TakeAsync("timeline-selected", FakeTrace.Address(50, 70), page => page.GetByRole(AriaRole.Button, new() { Name = "Totals" }).ClickAsync());

    [Fact(Explicit = true)]
    public Task A_wrong_filter() => TakeAsync("timeline-filter", FakeTrace.Address(50, 70, "&filter=event+~+virtio*+and+sektor+>+5"));

    [Fact(Explicit = true)]
    public Task Nothing_traced() => TakeAsync("timeline-empty", FakeTrace.Address(4000, 5000));

    [Fact(Explicit = true)]
    public Task The_same_as_tables() => TakeAsync("timeline-table", FakeTrace.Address(50, 70, "&table=1"));

    [Fact(Explicit = true)]
    public Task LabNet_gone() => TakeAsync("timeline-away", "/timeline", trace: new FakeTrace { IsAway = true });

    [Fact(Explicit = true)]
    public Task A_history_that_cannot_be_read() => TakeAsync("timeline-fault", FakeTrace.Address(50, 70), trace: new FakeTrace { Fault = 500 });

    [Fact(Explicit = true)]
    public Task Loading() => TakeAsync("timeline-loading", FakeTrace.Address(50, 70), trace: new FakeTrace { Awaited = new TaskCompletionSource() });

    private static async Task TakeAsync(string name, string path, Func<IPage, Task>? after = null, FakeTrace? trace = null)
    {
        Directory.CreateDirectory(Folder);
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        foreach (var look in Looks.Where(look => look.Name.Contains(Chosen, StringComparison.Ordinal)))
        {
            var page = await browser.OpenAsync(host.Address, look.Scheme, look.Width);
            await (trace ?? new FakeTrace()).AttachAsync(page);
            await page.GotoAsync(path);
            if (trace?.Awaited is null)
            {
                await Assertions.Expect(page.Locator("[data-part=standing]")).Not.ToHaveTextAsync("Loading …");
                await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            }
            else
            {
                await page.Locator("[data-part=standing]").WaitForAsync();
            }

            await (after?.Invoke(page) ?? Task.CompletedTask);
            await (trace?.Awaited is null ? page.WaitForLoadStateAsync(LoadState.NetworkIdle) : Task.CompletedTask);
            await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{look.Name}.png"), Animations = ScreenshotAnimations.Disabled });
        }
    }
}
