using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>The live list of trace events under a hand and under a keyboard.</summary>
[Trait("suite", "browser")]
public sealed class TraceBrowserTests
{
    private const int Hang = 240_000;

    [Fact(Timeout = Hang)]
    public async Task Rows_under_the_pointer_or_with_the_focus_stand_still_and_the_list_goes_on_when_it_is_left()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-12)));
        await using var browser = await Browser.StartAsync();
        var log = TraceLog.Begin(host, "x86");
        log.WriteRequests(40);
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/trace?filter=event%20%3D%3D%20virtio_blk_handle_read");
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 40");

        await Newest(page).HoverAsync();
        await Assertions.Expect(Note(page)).ToContainTextAsync("Stands still while the pointer is over it.");
        log.WriteRequests(10);
        await Assertions.Expect(Note(page)).ToContainTextAsync("20 events new.");
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 40");
        await Newest(page).GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Details of the chosen event" })).ToContainTextAsync("40");

        await page.Mouse.MoveAsync(2, 2);
        await Assertions.Expect(Note(page)).ToContainTextAsync("while a row has the focus");
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 40");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 50");
        await Assertions.Expect(Note(page)).ToHaveTextAsync("");
    }

    [Fact(Timeout = Hang)]
    public async Task A_list_that_is_scrolled_stands_still_until_the_newest_are_asked_for_and_one_that_is_emptied_under_the_pointer_goes_on()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-12)));
        await using var browser = await Browser.StartAsync();
        var log = TraceLog.Begin(host, "x86");
        log.WriteRequests(60);
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/trace?filter=event%20%3D%3D%20virtio_blk_handle_read");
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 60");

        await Newest(page).HoverAsync();
        await page.Mouse.WheelAsync(0, 300);
        await Assertions.Expect(List(page)).ToHaveJSPropertyAsync("scrollTop", 300);
        await page.Mouse.MoveAsync(2, 2);
        await Assertions.Expect(Note(page)).ToContainTextAsync("while it is scrolled");
        log.WriteRequests(5);
        await page.GetByRole(AriaRole.Button, new() { Name = "10 events new" }).ClickAsync();
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 65");
        await Assertions.Expect(List(page)).ToHaveJSPropertyAsync("scrollTop", 0);

        await Newest(page).HoverAsync();
        await Assertions.Expect(Note(page)).ToContainTextAsync("pointer is over it");
        await page.GetByLabel("Filter the list").FillAsync("sector == 70");
        await Assertions.Expect(List(page)).ToHaveCountAsync(0);
        log.WriteRequests(10);
        await Assertions.Expect(Newest(page)).ToContainTextAsync("sector 70");
    }

    [Fact(Timeout = Hang)]
    public async Task Latencies_within_one_power_of_ten_have_figures_at_their_axes()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-12)));
        await using var browser = await Browser.StartAsync();
        TraceLog.Begin(host, "x86").WriteRequests(40);
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/trace");
        await Assertions.Expect(page.Locator(".xtick text").Filter(new() { HasText = "500 µs" })).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".ytick text").Filter(new() { HasText = "500 µs" })).ToHaveCountAsync(1);
    }

    private static ILocator List(IPage page) => page.GetByRole(AriaRole.Group, new() { Name = "Trace events, newest first" });

    private static ILocator Newest(IPage page) => List(page).Locator("tbody tr:has(th)").First;

    private static ILocator Note(IPage page) => page.Locator("[aria-labelledby=trace-live] .note");
}
