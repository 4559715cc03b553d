using System.Text.RegularExpressions;
using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>A link of two real guests on its page: it goes down by a click, the pings turn red, and it comes back.</summary>
[Trait("suite", "browser")]
public sealed partial class LinksBrowserTests
{
    private const string LabFile = """
        name: links
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
        links:
          lab: { vni: 100, port: 4789, transport: relay }
        vms:
          one: { host: ares, arch: x86_64, memory: 256M, cpus: 1, image: debian, nics: [ user, { link: lab, address: 10.10.10.1/24 } ] }
          two: { host: ares, arch: x86_64, memory: 256M, cpus: 1, image: debian, nics: [ user, { link: lab, address: 10.10.10.2/24 } ] }
        """;

    [Fact]
    public async Task A_link_goes_down_the_ping_mesh_turns_red_and_the_link_returns()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab);
        await page.GetByRole(AriaRole.Link, new() { Name = "Links" }).ClickAsync();
        await Assertions.Expect(Cell(page, "one")).ToContainTextAsync("answers");
        await Assertions.Expect(Cell(page, "two")).ToContainTextAsync("answers");
        await Assertions.Expect(Nic(page, "one/eth1")).ToContainTextAsync("up, sends");

        await page.GetByRole(AriaRole.Combobox, new() { Name = "NIC" }).SelectOptionAsync("one/eth1");
        await page.GetByRole(AriaRole.Radio, new() { Name = "Link down" }).PressAsync("Space");
        await page.GetByRole(AriaRole.Form, new() { Name = "Impairments" }).GetByRole(AriaRole.Spinbutton).FillAsync("600");
        await page.GetByRole(AriaRole.Button, new() { Name = "Inject" }).PressAsync("Enter");
        await Assertions.Expect(Nic(page, "one/eth1")).ToContainTextAsync("link down");
        await Assertions.Expect(Cell(page, "one")).ToContainTextAsync("nothing comes back");
        await Assertions.Expect(Cell(page, "two")).ToHaveClassAsync(Bad());

        await page.GetByRole(AriaRole.Button, new() { Name = "Lift link down of one" }).PressAsync("Enter");
        await Assertions.Expect(Nic(page, "one/eth1")).ToContainTextAsync("up, sends");
        await Assertions.Expect(Cell(page, "one")).ToContainTextAsync("answers");
        await Assertions.Expect(Cell(page, "two")).ToContainTextAsync("answers");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Flows" })).ToContainTextAsync("ICMP");
    }

    /// <summary>How the VM reaches the other one: the only cell of its row that is not itself.</summary>
    private static ILocator Cell(IPage page, string from) => page.GetByRole(AriaRole.Region, new() { Name = "Ping mesh" })
        .GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByRole(AriaRole.Rowheader, new() { Name = from, Exact = true }) }).Locator("td.cell");

    private static ILocator Nic(IPage page, string nic) => page.GetByRole(AriaRole.List, new() { Name = "NICs on the link" }).GetByRole(AriaRole.Listitem).Filter(new() { HasText = nic });

    private static async Task<IPage> LogInAsync(Browser browser, LabCommand lab)
    {
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token", "--role", "operator")).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }

    [GeneratedRegex("tone-bad", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bad();
}
