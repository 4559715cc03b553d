using LabNet.Core.Qmp;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

public sealed partial class VmPageTests
{
    /// <summary>Where another client finds a window of the disk, the map says whose it is; the guest's interrupts name the disk's queue.</summary>
    private static async Task CheckMemoryAndInterruptsAsync(IPage page, QmpConnection qemu, string vm)
    {
        await OpenAsync(page, vm, "Memory map");
        var disk = (await qemu.AskAsync("query-pci"))[0].GetProperty("devices").EnumerateArray().Single(device => device.GetProperty("qdev_id").GetString() == "vda");
        var bar = disk.GetProperty("regions").EnumerateArray().First(region => region.GetProperty("type").GetString() == "memory");
        var address = $"0x{bar.GetProperty("address").GetUInt64() + 0x14:x}";
        await page.GetByLabel("Look an address up").FillAsync(address);
        await page.GetByRole(AriaRole.Button, new() { Name = "Look up" }).ClickAsync();
        await Assertions.Expect(page.Locator("#memory-place")).ToContainTextAsync($"{address} is BAR {bar.GetProperty("bar").GetInt32()} of vda + 0x14");

        await OpenAsync(page, vm, "Interrupts");
        await ExpectTextAsync(page, "The guest's interrupts", "virtio");
    }

    private static async Task CheckOtherConsoleAsync(IPage page)
    {
        await page.GotoAsync("/vms/arm/console");
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of arm", Exact = true }).PressSequentiallyAsync("echo $(uname -m)-$((6*7))\n");
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("aarch64-42");
    }
}
