using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>Pictures of the Trace part's states, to be looked at by a person; as <see cref="Screenshots"/> has them of the other pages.</summary>
[Trait("suite", "browser")]
public sealed class TraceScreenshots
{
    private static readonly string Folder = Environment.GetEnvironmentVariable("LABNET_SHOTS") ?? "/tmp/labnet-shots";
    private static readonly (string Name, ColorScheme Scheme, int Width)[] Looks = [("light-1440", ColorScheme.Light, 1440), ("dark-1024", ColorScheme.Dark, 1024)];

    [Fact(Explicit = true)]
    public Task Nothing_on() => TakeAsync("trace-empty", _ => Task.CompletedTask, requests: 0);

    [Fact(Explicit = true)]
    public Task Requests_with_one_chosen() => TakeAsync("trace-full", page => page.Locator(".lines tbody button").Nth(2).ClickAsync(), requests: 400, isOn: true);

    [Fact(Explicit = true)]
    public Task A_wrong_filter() => TakeAsync("trace-filter", async page =>
    {
        await page.GetByLabel("Filter the list").FillAsync("event ~ virtio* and sektor > 5");
        await page.Locator("#trace-filter-mistake").WaitForAsync();
    }, requests: 20, isOn: true);

    [Fact(Explicit = true)]
    public Task Before_the_page_is_live() => TakeAsync("trace-loading", _ => Task.CompletedTask, requests: 0, isLive: false);

    [Fact(Explicit = true)]
    public Task A_place_that_was_full() => TakeAsync("trace-lost", _ => Task.CompletedTask, requests: 20, isOn: true, isFull: true);

    private static async Task TakeAsync(string name, Func<IPage, Task> after, int requests, bool isOn = false, bool isLive = true, bool isFull = false)
    {
        Directory.CreateDirectory(Folder);
        await using var browser = await Browser.StartAsync();
        foreach (var look in Looks)
        {
            await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
            host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-12)) with
            {
                TraceSwitches = isOn ? [new TraceEventSwitch("virtio_blk_*", Enabled: true), new TraceEventSwitch("pci_cfg_*", Enabled: true, TraceKeep.Ring, "device == \"00:03.0\"")] : [],
            });
            var log = TraceLog.Begin(host, "x86");
            log.WriteRequests(requests);
            var page = await browser.OpenAsync(host.Address, look.Scheme, look.Width, javaScript: isLive);
            await page.GotoAsync("/vms/x86/trace", new() { WaitUntil = WaitUntilState.NetworkIdle });
            if (requests > 0)
            {
                await page.Locator(".lines tbody button").First.WaitForAsync();
            }

            if (isFull)
            {
                host.Feed.Publish(new Core.Feed.FeedSource("x86"), new TraceEventsSeen(1_234_567, 3, 45_678, 1_234_570, 1_234_570, IsFull: true, TimesFull: 2));
                await page.GetByText("QEMU drops events").WaitForAsync();
            }

            await after(page);
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}-{look.Name}.png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
        }
    }
}
