using System.Globalization;
using Microsoft.Playwright;

namespace LabNet.Bench;

/// <summary>The machine's own Chromium with a page of the dashboard, logged in.</summary>
internal sealed class BenchBrowser : IAsyncDisposable
{
    private const float PatienceMs = 120_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private BenchBrowser(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
    }

    public IPage Page { get; }

    public static async Task<BenchBrowser> LogInAsync(Uri labNet, string token)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var context = await browser.NewContextAsync(new() { BaseURL = labNet.ToString(), ViewportSize = new() { Width = 1440, Height = 900 } });
        context.SetDefaultTimeout(PatienceMs);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return new BenchBrowser(playwright, browser, page);
    }

    /// <summary>What the processes that show pages have of memory to themselves, in 10⁶ bytes.</summary>
    public async Task<double> ReadRenderersMBAsync()
    {
        var session = await _browser.NewBrowserCDPSessionAsync();
        var processes = (await session.SendAsync("SystemInfo.getProcessInfo"))!.Value.GetProperty("processInfo");
        return processes.EnumerateArray().Where(one => one.GetProperty("type").GetString() == "renderer").Sum(one => PrivateMB(one.GetProperty("id").GetInt32()));
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private static double PrivateMB(int pid) => File.ReadLines($"/proc/{pid}/smaps_rollup")
        .Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6);
}

internal static class Figures
{
    public static double Percentile(this IReadOnlyCollection<double> values, double percent) =>
        values.Order().ElementAt((int)Math.Min(values.Count - 1, Math.Ceiling(values.Count * percent / 100) - 1));
}
