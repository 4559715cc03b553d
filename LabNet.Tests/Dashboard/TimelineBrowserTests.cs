using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>The timeline in a browser, by hand and by keyboard, over answers that are known beforehand.</summary>
[Trait("suite", "browser")]
public sealed partial class TimelineBrowserTests : IAsyncLifetime
{
    private readonly FakeTrace _trace = new();
    private DashboardHost? _host;
    private Browser? _browser;

    public async ValueTask InitializeAsync()
    {
        _host = await DashboardHost.StartAsync(Labs.CrossArch());
        _browser = await Browser.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact(Timeout = 240_000)]
    public async Task The_wheel_comes_near_a_click_tells_all_of_an_event_and_its_begin_is_one_more_click_away()
    {
        var page = await OpenAsync(FakeTrace.Address(100, 110));
        await Assertions.Expect(Standing(page)).ToHaveTextAsync("Standing still · 10 s · 2,000 events");
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        await Assertions.Expect(page.Locator($"[data-row='x86/{FakeTrace.End}'] .tail")).ToHaveTextAsync("_complete");

        var end = await PlaceAsync(page, FakeTrace.End, 0.5);
        await page.Mouse.MoveAsync(end.X, end.Y);
        for (var turn = 0; turn < 30; turn++)
        {
            await page.Mouse.WheelAsync(0, -120);
        }

        await Assertions.Expect(page).ToHaveURLAsync(Still());
        await Assertions.Expect(Standing(page)).ToHaveTextAsync(FewEvents());
        await page.Locator("[data-part=stage]").FocusAsync();
        await page.GotoAsync(FakeTrace.Address(105, 105.009));
        await Assertions.Expect(Standing(page)).ToHaveTextAsync("Standing still · 9 ms · 2 events");
        await ClickUntilDrawnAsync(page, FakeTrace.End, 0.3, FakeTrace.End);
        var details = Details(page);
        await Assertions.Expect(details).ToContainTextAsync("vCPU 0 (thread 4711)");
        await Assertions.Expect(details).ToContainTextAsync("4 ms");
        await Assertions.Expect(details.GetByRole(AriaRole.Row, new() { Name = "vdev" })).ToContainTextAsync("0xffff888003a40001");
        await Assertions.Expect(details.GetByRole(AriaRole.Row, new() { Name = "vdev" })).ToContainTextAsync("18446612682131111937");
        await Assertions.Expect(details.GetByRole(AriaRole.Row, new() { Name = "vdev" })).ToContainTextAsync("void *");

        await details.GetByRole(AriaRole.Button, new() { Name = "Go to its begin" }).ClickAsync();
        await Assertions.Expect(details.GetByRole(AriaRole.Heading)).ToHaveTextAsync(FakeTrace.Begin);
        await details.GetByRole(AriaRole.Button, new() { Name = "Go to its end" }).ClickAsync();
        await Assertions.Expect(details.GetByRole(AriaRole.Heading)).ToHaveTextAsync(FakeTrace.End);
    }

    [Fact(Timeout = 240_000)]
    public async Task A_selected_area_is_counted_and_the_address_shows_the_same_to_somebody_else()
    {
        var page = await OpenAsync(FakeTrace.Address(100, 110));
        var from = await PlaceAsync(page, FakeTrace.End, 0.2);
        var to = await PlaceAsync(page, FakeTrace.End, 0.6);
        await page.Keyboard.DownAsync("Shift");
        await page.Mouse.MoveAsync(from.X, from.Y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(to.X, to.Y + 4, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        await page.Keyboard.UpAsync("Shift");

        var row = Details(page).GetByRole(AriaRole.Row, new() { Name = FakeTrace.End });
        await Assertions.Expect(row.GetByRole(AriaRole.Cell).Nth(1)).ToHaveTextAsync(FourHundred());
        await Assertions.Expect(row).ToContainTextAsync("100 /s");
        await Assertions.Expect(row).ToContainTextAsync("4 ms");
        await Assertions.Expect(Details(page).GetByRole(AriaRole.Row, new() { Name = FakeTrace.Begin })).ToHaveCountAsync(0);
        await Assertions.Expect(page).ToHaveURLAsync(Selected());

        await page.GetByRole(AriaRole.Button, new() { Name = $"Pin x86 {FakeTrace.Begin}" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(Pinned());
        var shared = await OpenAsync(page.Url);
        await Assertions.Expect(Details(shared).GetByRole(AriaRole.Row, new() { Name = FakeTrace.End }).GetByRole(AriaRole.Cell).Nth(1)).ToHaveTextAsync(FourHundred());
        await Assertions.Expect(shared.Locator("[data-part=pinned]")).ToContainTextAsync($"x86 · {FakeTrace.Begin}");
    }

    [Fact(Timeout = 240_000)]
    public async Task The_keyboard_moves_zooms_measures_and_clears_and_a_table_tells_the_same()
    {
        var page = await OpenAsync(FakeTrace.Address(100, 110));
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        await page.Locator("[data-part=stage]").FocusAsync();
        await page.Keyboard.PressAsync("t");
        await Assertions.Expect(Details(page).GetByRole(AriaRole.Row, new() { Name = FakeTrace.End })).ToContainTextAsync("1,000");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(Details(page)).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("m");
        await page.Keyboard.DownAsync("d");
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        await Assertions.Expect(page).Not.ToHaveURLAsync(FakeTrace.Address(100, 110));
        await page.Keyboard.UpAsync("d");
        await page.Keyboard.PressAsync("Shift+M");
        await Assertions.Expect(page.Locator("[data-part=markersText]")).ToHaveTextAsync(Difference());

        await page.GotoAsync(FakeTrace.Address(100, 110));
        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Region, new() { Name = "Trace events" }).GetByRole(AriaRole.Row, new() { Name = FakeTrace.End });
        await Assertions.Expect(row).ToHaveTextAsync($"{FakeTrace.End}x861,000100 /s4 ms4 ms");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Run states" })).ToContainTextAsync("running");
    }

    [Fact(Timeout = 240_000)]
    public async Task A_wrong_filter_is_told_with_its_place_and_a_right_one_that_fits_nothing_with_a_way_out()
    {
        var page = await OpenAsync(FakeTrace.Address(100, 110));
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        var filter = page.GetByLabel("Filter", new() { Exact = true });
        await filter.FillAsync("event ~ virtio* and sektor > 5");
        await filter.PressAsync("Enter");
        var alert = page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "sektor" });
        await Assertions.Expect(alert).ToContainTextAsync("did you mean sector?");
        Assert.Equal("event ~ virtio* and sektor > 5\n                    ↑", await alert.Locator("pre").TextContentAsync());
        await Assertions.Expect(filter).ToHaveAttributeAsync("aria-invalid", "");
        await Assertions.Expect(page.Locator($"[data-row='x86/{FakeTrace.End}']")).ToBeVisibleAsync();

        await filter.FillAsync("event == nothing");
        await filter.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("No trace event of this time fits the filter.")).ToBeVisibleAsync();
        await Assertions.Expect(alert).ToBeHiddenAsync();

        await filter.FillAsync("");
        await filter.PressAsync("Enter");
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        await page.GotoAsync(FakeTrace.Address(4000, 5000));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the newest of x86" }).ClickAsync();
        await Assertions.Expect(Count(page, FakeTrace.End)).ToContainTextAsync("1,00");
    }

    [Fact(Timeout = 240_000)]
    public async Task A_LabNet_that_is_away_is_told_and_what_a_guest_says_stays_text()
    {
        _trace.IsAway = true;
        var page = await OpenAsync(FakeTrace.Address(55, 65));
        await Assertions.Expect(page.GetByText("LabNet does not answer.")).ToBeVisibleAsync();
        _trace.IsAway = false;
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");
        await Assertions.Expect(page.GetByText("LabNet does not answer.")).ToBeHiddenAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "What happened" })).ToContainTextAsync(FakeTrace.Hostile);
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Run states" }).GetByRole(AriaRole.Row)).ToHaveCountAsync(4);
        Assert.Equal(0, await page.Locator("img").CountAsync());
        Assert.False(await page.EvaluateAsync<bool>("() => 'hacked' in window"));
    }

    [Fact(Timeout = 240_000)]
    public async Task A_live_view_follows_stands_still_and_follows_again()
    {
        var page = await OpenAsync("/timeline?range=1m");
        await Assertions.Expect(Standing(page)).ToContainTextAsync("Live · 1 min");
        var asked = Timelines();
        await Assertions.Expect(page.GetByText("No trace event of this time is stored.")).ToBeVisibleAsync();
        await page.WaitForResponseAsync(response => response.Url.Contains("/trace/timeline", StringComparison.Ordinal));
        Assert.True(Timelines() > asked);

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(Standing(page)).ToContainTextAsync("Standing still · 1 min");
        await Assertions.Expect(page).ToHaveURLAsync(Still());
        await page.GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
        await Assertions.Expect(Standing(page)).ToContainTextAsync("Live · 1 min");
        await Assertions.Expect(page).ToHaveURLAsync(Live());
        Assert.All(
            _trace.Asked.Where(address => address.Contains("bins=", StringComparison.Ordinal)),
            address => Assert.InRange(int.Parse(BinsAsked().Match(address).Groups["bins"].Value, CultureInfo.InvariantCulture), 2, 1440));
    }

    [Theory(Timeout = 240_000)]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task All_text_stands_out_from_its_ground(ColorScheme scheme)
    {
        var page = await OpenAsync(FakeTrace.Address(100, 110, "&a=1000&b=2000"), scheme);
        await page.GetByRole(AriaRole.Button, new() { Name = "Totals" }).ClickAsync();
        await Assertions.Expect(Details(page).GetByRole(AriaRole.Row, new() { Name = FakeTrace.End })).ToHaveCountAsync(0);
        await Assertions.Expect(Count(page, FakeTrace.End)).ToHaveTextAsync("1,000");

        Assert.Empty(await page.EvaluateAsync<string[]>(Contrast.TooLow));
    }

    private int Timelines() => _trace.Asked.Count(address => address.Contains("/trace/timeline", StringComparison.Ordinal));

    private async Task<IPage> OpenAsync(string address, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await _browser!.OpenAsync(_host!.Address, scheme);
        await _trace.AttachAsync(page);
        await page.GotoAsync(address);
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }

    private static ILocator Standing(IPage page) => page.Locator("[data-part=standing]");

    private static ILocator Details(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "Details", Exact = true });

    private static ILocator Count(IPage page, string track) => page.Locator($"[data-part=labels] [data-row='x86/{track}'] .count");

    /// <summary>A place in a track's row.</summary>
    /// <param name="share">Of the width.</param>
    private static async Task<(float X, float Y)> PlaceAsync(IPage page, string track, double share)
    {
        var row = page.Locator($"[data-part=labels] [data-row='x86/{track}']");
        await Assertions.Expect(row).ToBeVisibleAsync();
        var (stage, label) = ((await page.Locator("[data-part=stage]").BoundingBoxAsync())!, (await row.BoundingBoxAsync())!);
        return (stage.X + (float)(stage.Width * share), label.Y + (label.Height / 2));
    }

    /// <summary>The events come a moment behind their number.</summary>
    private static async Task ClickUntilDrawnAsync(IPage page, string track, double share, string name)
    {
        var fields = Details(page).GetByText("Number", new() { Exact = true });
        while (await fields.CountAsync() == 0)
        {
            var (x, y) = await PlaceAsync(page, track, share);
            await page.Mouse.ClickAsync(x, y);
        }

        await Assertions.Expect(Details(page).GetByRole(AriaRole.Heading)).ToHaveTextAsync(name);
    }

    [GeneratedRegex(@"from=\d+(?:\.\d+)?&to=\d+", RegexOptions.None, 1000)]
    private static partial Regex Still();

    [GeneratedRegex(@"^Standing still · [\d.]+ ms · \d{1,2} events?$", RegexOptions.None, 1000)]
    private static partial Regex FewEvents();

    [GeneratedRegex(@"^(?:39\d|40\d)$", RegexOptions.None, 1000)]
    private static partial Regex FourHundred();

    [GeneratedRegex("select=", RegexOptions.None, 1000)]
    private static partial Regex Selected();

    [GeneratedRegex("pin=", RegexOptions.None, 1000)]
    private static partial Regex Pinned();

    [GeneratedRegex(@"^B − A [\d.]+ (?:s|ms)$", RegexOptions.None, 1000)]
    private static partial Regex Difference();

    [GeneratedRegex(@"range=\d+(?:m|s|ms)$", RegexOptions.None, 1000)]
    private static partial Regex Live();

    [GeneratedRegex(@"bins=(?<bins>\d+)", RegexOptions.None, 1000)]
    private static partial Regex BinsAsked();
}
