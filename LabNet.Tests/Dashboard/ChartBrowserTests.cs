using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>What a page's charts show, read as a user reads it: by the cursor, point by point.</summary>
[Trait("suite", "browser")]
public sealed class ChartBrowserTests
{
    private const int Hang = 240_000;
    private const string Metrics = "**/api/v1/vms/x86/metrics?*";

    /// <summary>Moves a chart's cursor from its first point to its last, and returns their times in whole seconds.</summary>
    private const string PointsOf = """
        plot => {
          const press = key => plot.dispatchEvent(new KeyboardEvent('keydown', { key }));
          const reading = plot.parentElement.querySelector('.reading');
          const times = [];
          for (press('Home'); times.length < 5000; press('ArrowRight')) {
            const time = Date.parse(reading.title.split('\n')[0].replace(' UTC', 'Z').replace(' ', 'T')) / 1000;
            if (times.at(-1) === time && times.at(-2) === time) { break; }
            times.push(time);
          }
          press('Escape');
          return times;
        }
        """;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    [Fact(Timeout = Hang)]
    public async Task What_comes_live_joins_the_history_without_a_hole_however_late_the_history_answers()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var vm = new MeasuredVm(host, "x86");
        var begin = Now - TimeSpan.FromMinutes(2);
        vm.Measure(begin, begin + (60 * Second), Second);
        var page = await browser.OpenAsync(host.Address);
        var (asked, answered) = (new TaskCompletionSource(), new TaskCompletionSource());
        await page.RouteAsync(Metrics, async route =>
        {
            var answer = await route.FetchAsync();
            asked.TrySetResult();
            await answered.Task;
            await route.FulfillAsync(new() { Response = answer });
        });

        await page.GotoAsync("/vms/x86/cpu-memory");
        await asked.Task;
        vm.Measure(begin + (60 * Second), begin + (90 * Second), Second);
        await Assertions.Expect(Chart(page).Locator(".message")).ToHaveTextAsync("Loading …");
        answered.SetResult();
        await Assertions.Expect(Chart(page).Locator(".entry")).ToBeVisibleAsync();
        vm.Measure(begin + (90 * Second), begin + (100 * Second), Second);
        await ExpectPointsAsync(page, begin, seconds: 100);

        // What stands still is read as a whole, and is the same.
        await page.GotoAsync($"/vms/x86/cpu-memory?from={begin.ToUnixTimeMilliseconds()}&to={(begin + (100 * Second)).ToUnixTimeMilliseconds()}");
        await ExpectPointsAsync(page, begin, seconds: 100);
    }

    /// <summary>Ten minutes by the samples' own times: more than the tab, the sockets and the feed hold for it.</summary>
    [Fact(Timeout = Hang)]
    public async Task A_tab_that_slept_for_ten_minutes_shows_what_it_missed_and_goes_on()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var vm = new MeasuredVm(host, "x86");
        var begin = Now - TimeSpan.FromMinutes(11);
        vm.Measure(begin, begin + (30 * Second), Second);
        var page = await browser.OpenAsync(host.Address);
        await page.GotoAsync("/vms/x86/cpu-memory?range=15m");
        await ExpectPointsAsync(page, begin, seconds: 30);

        var tab = await page.Context.NewCDPSessionAsync(page);
        await tab.SendAsync("Page.setWebLifecycleState", new() { ["state"] = "frozen" });
        var missedBefore = host.Feed.Health.Missed;
        var end = begin + TimeSpan.FromMinutes(10.5);
        while (host.Feed.Health.Missed == missedBefore)
        {
            // As often as it takes until nobody has room for the rest.
            vm.Measure(begin + (30 * Second), end, Second / 10);
        }

        await tab.SendAsync("Page.setWebLifecycleState", new() { ["state"] = "active" });
        vm.Measure(end, end + Second, Second);

        // What is live may come before what was missed has been read.
        long[] times;
        do
        {
            times = await PointsAsync(page, until: end);
        }
        while (times.Zip(times.Skip(1)).Any(pair => pair.Second - pair.First > 3));

        Assert.Equal(begin.ToUnixTimeSeconds(), times[0], tolerance: 2);
    }

    [Fact(Timeout = Hang)]
    public async Task A_clock_that_is_set_back_does_not_hold_up_the_charts()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var vm = new MeasuredVm(host, "x86");
        var begin = Now - TimeSpan.FromMinutes(1);
        vm.Measure(begin, begin + (10 * Second), Second);
        var page = await browser.OpenAsync(host.Address);
        await page.GotoAsync("/vms/x86/cpu-memory");
        await ExpectPointsAsync(page, begin, seconds: 10);

        // At the half of a minute the VM uses half of a core.
        var wrong = Now.AddSeconds(-Now.Second).AddHours(1);
        vm.Measure(wrong, wrong + (31 * Second), Second);
        await Assertions.Expect(Chart(page).Locator("[data-series='vm_cpu{vcpu=0}'] .value")).ToHaveTextAsync("50.0 %");

        vm.Measure(begin + (10 * Second), begin + (13 * Second), Second);
        while ((await PointsAsync(page, until: begin))[^1] != (begin + (12 * Second)).ToUnixTimeSeconds())
        {
        }

        await ExpectPointsAsync(page, begin, seconds: 13);
    }

    [Fact(Timeout = Hang)]
    public async Task A_history_that_could_not_be_read_is_told_and_read_again()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var vm = new MeasuredVm(host, "x86");
        var begin = Now - TimeSpan.FromMinutes(1);
        vm.Measure(begin, begin + (10 * Second), Second);
        var page = await browser.OpenAsync(host.Address);
        var isDamaged = true;
        await page.RouteAsync(Metrics, route => isDamaged
            ? route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"detail": "ring.db cannot be read."}""" })
            : route.ContinueAsync());
        await page.GotoAsync("/vms/x86/cpu-memory");
        await Assertions.Expect(Chart(page).Locator(".message")).ToHaveTextAsync("ring.db cannot be read.");
        isDamaged = false;
        await ExpectPointsAsync(page, begin, seconds: 10);
        await Assertions.Expect(Chart(page).Locator(".message")).ToBeHiddenAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_chart_without_values_says_why_and_no_value_outlives_its_VM()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var vm = new MeasuredVm(host, "x86");
        vm.Measure(Now - (40 * Second), Now - (38 * Second), Second);
        var page = await browser.OpenAsync(host.Address);
        await page.GotoAsync("/vms/x86/cpu-memory");
        var value = Chart(page).Locator("[data-series='vm_cpu{vcpu=0}'] .value");
        await Assertions.Expect(value).ToHaveTextAsync("–");
        var load = page.GetByRole(AriaRole.Region, new() { Name = "Load of the guest" }).Locator(".message");
        await Assertions.Expect(load).ToHaveTextAsync("x86 is not measured: it does not run, or LabNet is not connected to its QEMU.");

        vm.Measure(Now, "The guest's agent does not answer.");
        await Assertions.Expect(value).ToContainTextAsync("%");
        await Assertions.Expect(load).ToHaveTextAsync("The guest's agent does not answer.");
        vm.Measure(Now + Second);
        await Assertions.Expect(load).ToHaveTextAsync("Nothing was measured in this time.");
    }

    private static ILocator Chart(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "vCPU time", Exact = true });

    private static async Task ExpectPointsAsync(IPage page, DateTimeOffset begin, int seconds) => Assert.Equal(
        Enumerable.Range(0, seconds).Select(second => begin.ToUnixTimeSeconds() + second), await PointsAsync(page, begin + ((seconds - 1) * Second)));

    /// <summary>The points of the chart as soon as it has one so late.</summary>
    private static async Task<long[]> PointsAsync(IPage page, DateTimeOffset until)
    {
        var plot = Chart(page).Locator(".plot");
        await Assertions.Expect(Chart(page).Locator(".entry")).ToBeVisibleAsync();
        while (true)
        {
            var times = await plot.EvaluateAsync<long[]>(PointsOf);
            if (times.Length > 0 && times[^1] >= until.ToUnixTimeSeconds())
            {
                return [.. times.Distinct()];
            }
        }
    }
}
