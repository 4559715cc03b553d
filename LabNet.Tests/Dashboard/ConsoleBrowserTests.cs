using System.Text;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Tests.Consoles;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>The console in a browser, with a guest that sends what real ones seldom do.</summary>
[Trait("suite", "browser")]
public sealed class ConsoleBrowserTests
{
    private const int FloodMiB = 100;

    [Fact(Timeout = 240_000)]
    public async Task A_flood_of_binary_and_escape_sequences_leaves_the_page_alive_and_nothing_of_it_becomes_markup()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        using var qemu = FakeVm.Prepare(host.Vms.Find(VmName.Parse("x86"))!.Paths);
        host.Vms.Open();
        await qemu.AcceptAsync();
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/console");
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();

        var random = Seed.Print();
        var binary = new byte[1024 * 1024];
        for (var mebibyte = 0; mebibyte < FloodMiB; mebibyte++)
        {
            random.NextBytes(binary);
            Hostile.CopyTo(binary, random.Next(binary.Length - Hostile.Length));
            await qemu.WriteAsync(binary);
        }

        // Whatever mode the noise left: reset, and words.
        await qemu.WriteAsync("\u0018\u001b\\\u001bc\r\nTHE END OF THE FLOOD\r\n");
        await Assertions.Expect(page.Locator(".xterm-rows")).ToContainTextAsync("THE END OF THE FLOOD");

        Assert.False(await page.EvaluateAsync<bool>("() => 'hacked' in window"));
        Assert.Equal(0, await page.Locator("#hacked, img[src=x]").CountAsync());
        Assert.DoesNotContain("hacked", await page.TitleAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "General" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "As QEMU tells it" })).ToBeVisibleAsync();
    }

    /// <summary>Each says how often, which a terminal may do one by one, or make room for at once.</summary>
    [Fact(Timeout = 240_000)]
    public async Task Nothing_that_a_guest_asks_its_terminal_to_do_endlessly_holds_up_the_page()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        using var qemu = FakeVm.Prepare(host.Vms.Find(VmName.Parse("x86"))!.Paths);
        host.Vms.Open();
        await qemu.AcceptAsync();
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/console");
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();
        foreach (var final in "bIZSTLM^@PXABCDEFGHJKde`a'}~")
        {
            await qemu.WriteAsync($"x\u001b[2147483647{final}x\u001b[999999999;999999999{final}");
            await qemu.WriteAsync($"\u001bc\r\nafter {final}\r\n");
            await Assertions.Expect(page.Locator(".xterm-rows")).ToContainTextAsync($"after {final}");
        }

        // As many as a program can mean are done.
        await qemu.WriteAsync("\u001bcx\u001b[9b|\r\ngone\r\n\u001b[1A\u001b[1Mend\r\n");
        await Assertions.Expect(page.Locator(".xterm-rows")).ToContainTextAsync("xxxxxxxxxx|");
        await Assertions.Expect(page.Locator(".xterm-rows")).Not.ToContainTextAsync("gone");
    }

    [Fact(Timeout = 240_000)]
    public async Task No_viewer_answers_what_a_program_in_the_guest_asks_its_terminal()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch());
        using var qemu = FakeVm.Prepare(host.Vms.Find(VmName.Parse("x86"))!.Paths);
        host.Vms.Open();
        await qemu.AcceptAsync();
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/console");
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();
        await qemu.WriteAsync("\u001b[6n\u001b[c\u001b[>c\u001b[?6n\u001b[5n\u001bP$qm\u001b\\\u001b]10;?\u0007\u001b[?2026$p\u001b[>q\u001b[18tasked\r\n");
        await Assertions.Expect(page.Locator(".xterm-rows")).ToContainTextAsync("asked");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("k");
        Assert.Equal("k", await qemu.ReadAsync(1));
    }

    [Fact(Timeout = 240_000)]
    public async Task The_keyboard_leaves_the_terminal_and_a_viewer_cannot_type()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch(), Role.Viewer);
        using var qemu = FakeVm.Prepare(host.Vms.Find(VmName.Parse("x86"))!.Paths);
        host.Vms.Open();
        await qemu.AcceptAsync();
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenLabAsync(host.Address, path: "/vms/x86/console");
        await Assertions.Expect(page.GetByText("typing needs the role operator")).ToBeVisibleAsync();
        await qemu.WriteAsync("look at me");
        await Assertions.Expect(page.Locator(".xterm-rows")).ToContainTextAsync("look at me");
        var terminal = page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true });
        await terminal.FocusAsync();
        await page.Keyboard.PressAsync("Shift+Escape");
        await Assertions.Expect(terminal).Not.ToBeFocusedAsync();
    }

    private static readonly byte[] Hostile = Encoding.UTF8.GetBytes(
        "<img src=x id=hacked onerror=\"window.hacked=1\"><script>window.hacked=1</script>\u001b]0;hacked\u0007\u001b]2;hacked\u0007\u001b]52;c;aGFja2Vk\u0007"
        + "\u001b]8;;javascript:window.hacked=1\u0007link\u001b]8;;\u0007\u001bPq#0;2;0;0;0\u001b\\\u001b[?1049h\u001b[999999999C\u001b[2147483647b\u009d0;hacked\u009c");
}
