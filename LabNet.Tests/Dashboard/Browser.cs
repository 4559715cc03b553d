using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>The machine's own Chromium, kept from calling anyone.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    /// <summary>Two cores that also build and emulate take ten times as long as an idle machine.</summary>
    private const int PatienceMs = 60_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<Browser> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not installed.");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        });
        return new Browser(playwright, browser);
    }

    public async Task<IPage> OpenAsync(Uri address, ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 900, bool javaScript = true)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            ColorScheme = scheme,
            JavaScriptEnabled = javaScript,
            ViewportSize = new() { Width = width, Height = height },
        });
        context.SetDefaultTimeout(PatienceMs);
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        return await context.NewPageAsync();
    }

    /// <summary>Opens the lab's page and waits for its circuit.</summary>
    public async Task<IPage> OpenLabAsync(Uri address, ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 900, string path = "/")
    {
        var page = await OpenAsync(address, scheme, width, height);
        await page.GotoAsync(path);
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
