using System.Collections.Concurrent;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "browser")]
public sealed class BrowserTests
{
    /// <summary>--lab-page of dashboard.css.</summary>
    private const string LightPage = "rgb(245, 246, 248)";
    private const string DarkPage = "rgb(14, 16, 21)";

    [Fact(Timeout = 240_000)]
    public async Task A_published_change_appears_in_the_page()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address);
        var card = page.GetByRole(AriaRole.Article, new() { Name = "x86" });
        await Assertions.Expect(card.GetByText("not known yet", new() { Exact = true })).ToBeVisibleAsync();

        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-3)));
        await Assertions.Expect(card.GetByText("running", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(card.GetByText("00:03:0")).ToBeVisibleAsync();

        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow.AddMinutes(-3), "paused"));
        await Assertions.Expect(card.GetByText("paused", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact(Timeout = 240_000)]
    public async Task The_look_follows_the_system_until_one_is_chosen_and_the_choice_is_remembered()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, ColorScheme.Dark);
        var body = page.Locator("body");
        await Assertions.Expect(body).ToHaveCSSAsync("background-color", DarkPage);

        await page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
        await Assertions.Expect(body).ToHaveCSSAsync("background-color", LightPage);

        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        await Assertions.Expect(body).ToHaveCSSAsync("background-color", LightPage);
    }

    [Fact(Timeout = 240_000)]
    public async Task The_keyboard_reaches_the_actions_and_the_question_before_them()
    {
        var asked = new ConcurrentQueue<VmAction>();
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch(), begin: Begin(asked));
        await using var browser = await Browser.StartAsync();
        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow));
        var page = await browser.OpenLabAsync(host.Address);

        await TabToAsync(page, "Pause x86");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause x86" })).ToHaveAttributeAsync("aria-busy", "true");
        Assert.Equal([VmAction.Pause], asked);

        await TabToAsync(page, "Kill x86");
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog).ToContainTextAsync("what is in memory is lost");
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        Assert.Equal([VmAction.Pause], asked);
    }

    [Fact(Timeout = 240_000)]
    public async Task A_vm_of_the_topology_leads_to_its_details_by_an_address_that_can_be_shared()
    {
        await using var host = await DashboardHost.StartAsync(Labs.Of(2, 8, 1));
        await using var browser = await Browser.StartAsync();
        Screenshots.RunEight(host);
        var page = await browser.OpenLabAsync(host.Address);
        await page.EvaluateAsync("() => window.sameDocument = true");

        await page.GetByRole(AriaRole.Link, new() { Name = "web, x86_64 on ares: io-error" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.GetByText("52:54:00:12:01:05")).ToBeInViewportAsync();
        Assert.EndsWith("/?vm=web#vm-web", page.Url, StringComparison.Ordinal);
        Assert.True(await page.EvaluateAsync<bool>("() => window.sameDocument"));

        var row = page.GetByRole(AriaRole.Link, new() { Name = "observer aarch64" });
        await row.ClickAsync();
        await Assertions.Expect(page.GetByText("52:54:00:12:01:08")).ToBeInViewportAsync();
        await row.ClickAsync();
        await Assertions.Expect(page.GetByText("52:54:00:12:01:08")).ToHaveCountAsync(0);
        await Assertions.Expect(row).ToBeInViewportAsync();
    }

    [Fact(Timeout = 240_000)]
    public async Task The_live_page_can_log_out()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address);

        var antiforgery = await page.Locator("form[action='/logout'] input[type=hidden]").InputValueAsync();
        Assert.True(antiforgery.Length > 40, antiforgery);
    }

    [Fact(Timeout = 240_000)]
    public async Task A_viewer_sees_everything_and_is_told_why_nothing_can_be_pressed()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch(), Role.Viewer);
        await using var browser = await Browser.StartAsync();
        host.Publish(Labs.Running(host.Lab.Vms[0], DateTimeOffset.UtcNow));
        var page = await browser.OpenLabAsync(host.Address);

        var pause = page.GetByRole(AriaRole.Button, new() { Name = "Pause x86" });
        await Assertions.Expect(pause).ToBeDisabledAsync();
        await Assertions.Expect(pause).ToHaveAttributeAsync("title", "You are viewer; this needs operator.");
    }

    [Fact(Timeout = 240_000)]
    public async Task A_page_says_that_LabNet_is_gone_and_comes_back_by_itself()
    {
        var lab = Labs.CrossArch();
        await using var browser = await Browser.StartAsync();
        IPage page;
        Uri address;
        await using (var host = await DashboardHost.StartAsync(lab))
        {
            address = host.Address;
            page = await browser.OpenLabAsync(address);
        }

        await Assertions.Expect(page.GetByRole(AriaRole.Alertdialog, new() { Name = "LabNet does not answer" })).ToBeVisibleAsync();

        await using var again = await DashboardHost.StartAsync(lab, port: address.Port);
        again.Publish(Labs.Running(lab.Vms[0], DateTimeOffset.UtcNow));
        await Assertions.Expect(page.GetByRole(AriaRole.Article, new() { Name = "x86" }).GetByText("running", new() { Exact = true }))
            .ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("LabNet does not answer")).ToBeHiddenAsync();
    }

    [Fact(Timeout = 240_000)]
    public async Task A_page_that_never_got_its_circuit_comes_back_by_itself_too()
    {
        var lab = Labs.CrossArch();
        await using var browser = await Browser.StartAsync();
        IPage page;
        Uri address;
        await using (var host = await DashboardHost.StartAsync(lab))
        {
            address = host.Address;
            page = await browser.OpenAsync(address);
            await page.RouteAsync("**/_blazor/**", route => route.AbortAsync());
            await page.GotoAsync("/");
            await Assertions.Expect(page.GetByText("Connecting", new() { Exact = true })).ToBeVisibleAsync();
        }

        await Assertions.Expect(page.GetByRole(AriaRole.Alertdialog, new() { Name = "LabNet does not answer" })).ToBeVisibleAsync();

        await page.UnrouteAllAsync();
        await using var again = await DashboardHost.StartAsync(lab, port: address.Port);
        await Assertions.Expect(page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact(Timeout = 240_000)]
    public async Task The_login_works_without_a_script()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch(), role: null);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(host.Address, javaScript: false);

        await page.GotoAsync("/");
        Assert.EndsWith("/login?returnUrl=%2F", page.Url, StringComparison.Ordinal);
        await page.GetByLabel("Token").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not know this token");
    }

    [Theory(Timeout = 240_000)]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task All_text_stands_out_from_its_ground(ColorScheme scheme)
    {
        await using var host = await DashboardHost.StartAsync(Labs.Of(4, 8, 3));
        await using var browser = await Browser.StartAsync();
        Screenshots.RunEight(host);
        var page = await browser.OpenLabAsync(host.Address, scheme, path: "/?vm=web");

        Assert.Empty(await page.EvaluateAsync<string[]>(Contrast.TooLow));
    }

    private static BeginVmAction Begin(ConcurrentQueue<VmAction> asked) => (vm, action, actor, _) =>
    {
        asked.Enqueue(action);
        return Task.FromResult(new Operation("1", action.Word(), vm, actor.Name, OperationState.Running, Progress: null, DateTimeOffset.UtcNow, EndedAt: null, Error: null));
    };

    private static async Task TabToAsync(IPage page, string name)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string?>("() => document.activeElement.getAttribute('aria-label')") == name)
            {
                return;
            }
        }

        Assert.Fail($"60 presses of Tab do not lead to \"{name}\".");
    }
}
