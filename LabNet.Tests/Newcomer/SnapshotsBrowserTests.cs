using System.Text.RegularExpressions;
using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>The snapshots of a real VM on its page: taken, restored and deleted by clicks and by keys, and drawn as the tree that they are.</summary>
[Trait("suite", "browser")]
public sealed class SnapshotsBrowserTests
{
    private const string LabFile = """
        name: snapshots
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 256M, cpus: 1, image: debian, share: workspace }
        """;

    private const string First = "first <b id=markup>&amp;</b>";

    [Fact]
    public async Task A_tree_with_a_branch_is_made_by_clicks_and_keys_and_the_guest_is_where_the_tree_says()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab);
        await page.GotoAsync("/vms/x86/snapshots");
        await Assertions.Expect(page.GetByText("No snapshot was taken yet.")).ToBeVisibleAsync();

        await WriteAsync(lab, "one");
        await TakeByClicksAsync(page, First);
        await WriteAsync(lab, "two");
        await TakeByKeysAsync(page, "second");
        await Assertions.Expect(Row(page, "second")).ToContainTextAsync($"came from “{First}”");
        await WriteAsync(lab, "three");

        await RestoreByKeysAsync(page, First);
        Assert.Equal("one", await ReadAsync(lab));
        await Assertions.Expect(Row(page, $"before {First}")).ToContainTextAsync("came from “second”");
        await TakeByClicksAsync(page, "branch");
        await Assertions.Expect(Row(page, "branch")).ToContainTextAsync($"came from “{First}”");
        Assert.Equal(0, await page.Locator("#markup").CountAsync());

        await CompareAsync(page);
        await DeleteAsync(page, "second");
        await Assertions.Expect(Row(page, $"before {First}")).ToContainTextAsync("came from “second”, which was deleted");
        Assert.Equal("one", await ReadAsync(lab));
    }

    private static async Task TakeByClicksAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Take a snapshot …" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Take it" }).ClickAsync();
        await ExpectHeadAsync(page, name);
    }

    private static async Task TakeByKeysAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Take a snapshot …" }).PressAsync("Enter");
        await Assertions.Expect(page.GetByLabel("Name")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync(name);
        await page.Keyboard.PressAsync("Enter");
        await ExpectHeadAsync(page, name);
    }

    private static async Task RestoreByKeysAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = $"Restore “{name}” …", Exact = true }).PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog);
        var keep = dialog.GetByRole(AriaRole.Checkbox, new() { Name = "Keep what is now as a snapshot first" });
        await keep.PressAsync("Space");
        await Assertions.Expect(dialog).ToContainTextAsync("as far as x86 changed them since “second”");
        await keep.PressAsync("Space");
        await Assertions.Expect(dialog).ToContainTextAsync("Nothing is lost");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Keep, then restore" }).PressAsync("Enter");
        await ExpectHeadAsync(page, name);
    }

    private static async Task DeleteAsync(IPage page, string name)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = $"Delete “{name}” …", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("One snapshot came from it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete it" }).ClickAsync();
        await Assertions.Expect(Row(page, name)).ToContainTextAsync("deleted");
        await Assertions.Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = $"“{name}” was deleted" })).ToBeVisibleAsync();
    }

    private static async Task CompareAsync(IPage page)
    {
        var a = page.GetByRole(AriaRole.Link, new() { Name = "Take “branch” as A", Exact = true });
        await a.ClickAsync();

        // Until then the other link leads to a comparison with nothing.
        await Assertions.Expect(a).ToHaveAttributeAsync("aria-current", "true");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare “second” with A, as B", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "What differs between branch and second" })).ToContainTextAsync($"Both came from “{First}”");
    }

    /// <summary>The guest is there, and nothing is under way any more.</summary>
    private static async Task ExpectHeadAsync(IPage page, string name)
    {
        await Assertions.Expect(Row(page, name)).ToContainTextAsync("you are here");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Take a snapshot …" })).ToBeEnabledAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    private static ILocator Row(IPage page, string name) => page.GetByRole(AriaRole.Group, new() { Name = "Snapshots, newest first" }).GetByRole(AriaRole.Row)
        .Filter(new() { Has = page.Locator("bdi", new() { HasTextRegex = new Regex($"^{Regex.Escape(name)}$", RegexOptions.None, TimeSpan.FromSeconds(1)) }) });

    private static Task<string> WriteAsync(LabCommand lab, string word) => lab.OutputAsync("exec", "x86", "--", "sh", "-c", $"printf {word} | tee /root/word > /dev/shm/word");

    /// <summary>What the disk and the memory say, which is the same.</summary>
    private static async Task<string> ReadAsync(LabCommand lab)
    {
        var words = (await lab.OutputAsync("exec", "x86", "--", "sh", "-c", "cat /root/word; echo; cat /dev/shm/word")).Split('\n');
        Assert.Equal(words[0], words[1]);
        return words[0];
    }

    private static async Task<IPage> LogInAsync(Browser browser, LabCommand lab)
    {
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token", "--role", "operator")).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }
}
