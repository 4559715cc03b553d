using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>
/// Pictures of all that a lab's dashboard has, of a lab that is up, to be looked at by a person: with its address in LABNET_URL and a token in
/// LABNET_TOKEN, <c>LabNet.Tests -explicit only -class LabNet.Tests.Newcomer.VmPageScreenshots</c>. They go to the folder LABNET_SHOTS, or
/// /tmp/labnet-shots; LABNET_LOOK chooses, such as <c>dark</c> or <c>light-1024</c>.
/// </summary>
[Trait("suite", "browser")]
public sealed class VmPageScreenshots
{
    /// <summary>A reading's frame is there before what is read.</summary>
    private const string AllIsRead = "() => !document.querySelector('.bone') && [...document.querySelectorAll('.panel > header > .age')].every(age => age.textContent.includes('read'))";

    private static readonly string Folder = Environment.GetEnvironmentVariable("LABNET_SHOTS") ?? "/tmp/labnet-shots";
    private static readonly string Chosen = Environment.GetEnvironmentVariable("LABNET_LOOK") ?? "";

    [Fact(Explicit = true)]
    public async Task Every_page_and_every_part_of_each_VM()
    {
        var url = Environment.GetEnvironmentVariable("LABNET_URL");
        Assert.SkipWhen(url is null, "LABNET_URL names no lab that is up.");
        Directory.CreateDirectory(Folder);
        await using var browser = await Browser.StartAsync();
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            foreach (var (width, height) in ((int, int)[])[(1440, 900), (1024, 768)])
            {
                var look = $"{scheme.ToString().ToLowerInvariant()}-{width}";
                if (look.Contains(Chosen, StringComparison.Ordinal))
                {
                    await TakeAllAsync(await browser.OpenAsync(new Uri(url!), scheme, width, height), look);
                }
            }
        }
    }

    private static async Task TakeAllAsync(IPage page, string look)
    {
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync(Environment.GetEnvironmentVariable("LABNET_TOKEN") ?? "");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        var vms = await page.GetByRole(AriaRole.Article).GetByRole(AriaRole.Heading).EvaluateAllAsync<string[]>("names => names.map(name => name.textContent.trim())");
        foreach (var path in (string[])["/", "/events?range=1h", "/audit", .. vms.Select(vm => $"/vms/{vm}")])
        {
            await TakeAsync(page, path, look);
        }

        foreach (var vm in vms)
        {
            await page.GotoAsync($"/vms/{vm}");
            var parts = await page.Locator("nav.tabs a").EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
            foreach (var part in parts.Skip(1))
            {
                await TakeAsync(page, part, look);
            }

            await TakeAsync(page, $"/vms/{vm}/devices?device=vda", look);
            await TakeAsync(page, $"/vms/{vm}/devices?qom=/machine/peripheral/vda", look);
        }
    }

    private static async Task TakeAsync(IPage page, string path, string look)
    {
        await page.GotoAsync(path);
        await page.GetByRole(AriaRole.Banner).GetByText("Live", new() { Exact = true }).WaitForAsync();
        await page.WaitForFunctionAsync(AllIsRead);
        var overflow = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(overflow <= 0, $"{path} in {look} is {overflow} px wider than the window.");
        var name = string.Concat(path.Trim('/').Replace("vms/", "", StringComparison.Ordinal).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        await page.ScreenshotAsync(new() { Path = Path.Join(Folder, $"page-{(name.Length == 0 ? "lab" : name)}-{look}.png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
    }
}
