using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

public sealed partial class VmPageTests
{
    private const string Done = "virtio_blk_req_complete";

    /// <summary>Events that were just switched on come to the timeline by themselves, are filtered, counted, and told one by one.</summary>
    private static async Task CheckTimelineAsync(IPage page, LabCommand lab, string vm)
    {
        await lab.SwitchTraceEventsAsync(vm, "virtio_blk_*");
        await lab.OutputAsync("exec", vm, "--", "bash", "-c", "while sleep 0.2; do dd if=/dev/vda of=/dev/null bs=64k count=4 iflag=direct; done >/dev/null 2>&1 &");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = "Timeline" }).ClickAsync();
        await Assertions.Expect(TrackOf(page, vm, Done)).ToBeVisibleAsync();
        await Assertions.Expect(TrackOf(page, vm, "virtio_blk_handle_read")).ToBeVisibleAsync();

        await page.GetByLabel("Filter", new() { Exact = true }).FillAsync("event == virtio_blk_req_complete and latencyUs > 0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Assertions.Expect(TrackOf(page, vm, "virtio_blk_handle_read")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Totals" }).ClickAsync();
        await Assertions.Expect(Part(page, "Details").GetByRole(AriaRole.Row, new() { Name = $"{vm} {Done}" })).ToContainTextAsync("s");

        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(Part(page, "Trace events").GetByRole(AriaRole.Row, new() { Name = Done }).Filter(new() { HasText = vm })).ToContainTextAsync(vm);
        await Assertions.Expect(Part(page, "Run states")).ToContainTextAsync("running");
        await Assertions.Expect(Part(page, "Counters")).ToContainTextAsync("CPU");
        await lab.OutputAsync("exec", vm, "--", "pkill", "-f", "while sleep");
    }

    private static ILocator TrackOf(IPage page, string vm, string track) => page.Locator($"[data-row='{vm}/{track}']");
}
