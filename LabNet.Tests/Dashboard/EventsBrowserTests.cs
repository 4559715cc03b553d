using System.Text.RegularExpressions;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.History;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "browser")]
public sealed partial class EventsBrowserTests
{
    private const int Hang = 240_000;

    private static readonly FeedSource X86 = new("x86");

    [Fact(Timeout = Hang)]
    public async Task The_page_follows_what_happens_stands_still_while_it_is_paused_and_finds_what_is_looked_for()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        Tell(host, X86, EventKind.Qmp, "STOP", "The vCPUs stopped.");
        var page = await browser.OpenLabAsync(host.Address, path: "/events");
        await Assertions.Expect(Row(page, "The vCPUs stopped.")).ToBeVisibleAsync();
        Tell(host, X86, EventKind.Qmp, "RESUME", "The vCPUs run.");
        await Assertions.Expect(Row(page, "The vCPUs run.")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Paused", new() { Exact = true })).ToBeVisibleAsync();
        Tell(host, new FeedSource("arm"), EventKind.Job, "JOB_STATUS_CHANGE", "Job 1 is running.");
        Tell(host, X86, EventKind.Gap, "qmp-events", "7 events are missing here.");
        await Assertions.Expect(page.GetByText("Paused, 2 new")).ToBeVisibleAsync();
        await Assertions.Expect(Row(page, "Job 1 is running.")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
        await Assertions.Expect(Row(page, "Job 1 is running.")).ToBeVisibleAsync();
        await Assertions.Expect(Row(page, "7 events are missing here.")).ToBeVisibleAsync();

        await page.GetByLabel("VM", new() { Exact = true }).SelectOptionAsync("x86");
        await Assertions.Expect(Row(page, "Job 1 is running.")).ToHaveCountAsync(0);
        await page.GetByLabel("Kind").SelectOptionAsync("gap");
        await Assertions.Expect(Row(page, "The vCPUs run.")).ToHaveCountAsync(0);
        await Assertions.Expect(Row(page, "7 events are missing here.")).ToBeVisibleAsync();
        await Assertions.Expect(page).ToHaveURLAsync(FilteredAddress());

        // Only what fits the filter comes live.
        Tell(host, X86, EventKind.Qmp, "STOP", "not looked for");
        Tell(host, X86, EventKind.Gap, "qmp-events", "8 events are missing here.");
        await Assertions.Expect(Row(page, "8 events are missing here.")).ToBeVisibleAsync();
        await Assertions.Expect(Row(page, "not looked for")).ToHaveCountAsync(0);
        await page.GetByLabel("Text").FillAsync("8 EVENTS");
        await page.GetByLabel("Text").PressAsync("Enter");
        await Assertions.Expect(Row(page, "7 events are missing here.")).ToHaveCountAsync(0);
        await Assertions.Expect(Row(page, "8 events are missing here.")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task From_an_event_one_gets_to_its_moment_in_the_charts_and_back_to_the_events_of_that_time()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var at = DateTimeOffset.UtcNow.AddHours(-1);
        new MeasuredVm(host, "x86").Measure(at.AddSeconds(-60), at.AddSeconds(60), TimeSpan.FromSeconds(1));
        Tell(host, X86, EventKind.Qmp, "STOP", "The vCPUs stopped.", at);
        Tell(host, X86, EventKind.Qmp, "RESUME", "long before", at.AddHours(-1));
        var page = await browser.OpenLabAsync(host.Address, path: "/events");
        await Row(page, "The vCPUs stopped.").GetByRole(AriaRole.Link).ClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(ChartsAddress());
        var range = ChartsAddress().Match(page.Url);
        Assert.InRange(at.ToUnixTimeMilliseconds(), long.Parse(range.Groups["from"].Value) + 60_000, long.Parse(range.Groups["to"].Value) - 60_000);

        // The cursor in the middle of the chart is at that moment, and says what happened then.
        var chart = page.GetByRole(AriaRole.Region, new() { Name = "vCPU time", Exact = true });
        var plot = (await chart.Locator(".u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(plot.X + (plot.Width / 2), plot.Y + 40);
        await Assertions.Expect(chart.Locator(".reading")).ToContainTextAsync("The vCPUs stopped.");

        await page.GetByRole(AriaRole.Link, new() { Name = "Events of this time" }).ClickAsync();
        await Assertions.Expect(Row(page, "The vCPUs stopped.")).ToBeVisibleAsync();
        await Assertions.Expect(Row(page, "long before")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("A time in the past")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task Every_page_says_when_the_history_is_not_written_and_when_it_is_again()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, path: "/events");
        var full = page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "The history is not being written." });
        await Assertions.Expect(full).ToHaveCountAsync(0);
        await SetPagesAsync(host, 1);
        Tell(host, X86, EventKind.Qmp, "STOP", new string('x', 200_000));
        await Assertions.Expect(full).ToContainTextAsync("full");

        await host.Ring.Database.WriteAsync("PRAGMA max_page_count = 1000000", new { }, TestContext.Current.CancellationToken);
        await Assertions.Expect(full).ToHaveCountAsync(0);
        await Assertions.Expect(Row(page, "The history is written again.")).ToBeVisibleAsync();
    }

    [GeneratedRegex(@"/events\?vm=x86&kind=gap$", RegexOptions.None, 1000)]
    private static partial Regex FilteredAddress();

    [GeneratedRegex(@"/vms/x86/cpu-memory\?from=(?<from>\d+)&to=(?<to>\d+)$", RegexOptions.None, 1000)]
    private static partial Regex ChartsAddress();

    private static ILocator Row(IPage page, string text) => page.GetByRole(AriaRole.Row).Filter(new() { HasText = text });

    private static void Tell(DashboardHost host, FeedSource source, string kind, string name, string text, DateTimeOffset? at = null) =>
        host.Feed.Publish(source, new EventTold(new EventNote(kind, name, text, at?.ToUnixTimeNs())));

    private static async Task SetPagesAsync(DashboardHost host, int most)
    {
        await host.Ring.WriteAsync((connection, transaction) => connection.Execute($"PRAGMA max_page_count = {most}", transaction: transaction), TestContext.Current.CancellationToken);
        await host.Ring.FlushAsync(TestContext.Current.CancellationToken);
    }
}
