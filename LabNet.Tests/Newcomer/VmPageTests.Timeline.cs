using System.Text.RegularExpressions;
using LabNet.Core.Labs;
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
        await CheckAreaAsync(page, vm);

        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(Part(page, "Trace events").GetByRole(AriaRole.Row, new() { Name = Done }).Filter(new() { HasText = vm })).ToContainTextAsync(vm);
        await Assertions.Expect(Part(page, "Run states")).ToContainTextAsync("running");
        await Assertions.Expect(Part(page, "Counters")).ToContainTextAsync("CPU");
        await lab.OutputAsync("exec", vm, "--", "pkill", "-f", "while sleep");
    }

    /// <summary>An area of one track is counted, and what was counted is what a download has, as soon as no more of that time arrives.</summary>
    private static async Task CheckAreaAsync(IPage page, string vm)
    {
        string counted;
        string[] lines;
        do
        {
            counted = await SelectAreaAsync(page, vm);
            var download = await page.RunAndWaitForDownloadAsync(() => Part(page, "Details").GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync());
            Assert.EndsWith(".csv", download.SuggestedFilename, StringComparison.Ordinal);
            lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        }
        while (counted != $"{lines.Length - 1}");
        Assert.All(lines[1..], line => Assert.Contains($",{vm},{Done},", line, StringComparison.Ordinal));
    }

    /// <returns>How many events the details tell.</returns>
    private static async Task<string> SelectAreaAsync(IPage page, string vm)
    {
        // The details take room from the rows.
        await page.GetByRole(AriaRole.Button, new() { Name = "Close the details" }).ClickAsync();
        await Assertions.Expect(Part(page, "Details")).ToBeHiddenAsync();
        await TrackOf(page, vm, Done).ScrollIntoViewIfNeededAsync();
        var (stage, label) = ((await page.Locator("[data-part=stage]").BoundingBoxAsync())!, (await TrackOf(page, vm, Done).BoundingBoxAsync())!);
        var y = label.Y + (label.Height / 2);
        await page.Keyboard.DownAsync("Shift");
        await page.Mouse.MoveAsync(stage.X + (stage.Width / 10), y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(stage.X + stage.Width - 2, y + 2, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        await page.Keyboard.UpAsync("Shift");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("select=", RegexOptions.None, TimeSpan.FromSeconds(1)));
        var row = Part(page, "Details").GetByRole(AriaRole.Row, new() { Name = $"{vm} {Done}" });
        await Assertions.Expect(row).ToHaveCountAsync(1);
        return (await row.GetByRole(AriaRole.Cell).Nth(1).TextContentAsync())!.Replace(",", "", StringComparison.Ordinal);
    }

    /// <summary>What was traced a day ago is found by a query alone.</summary>
    private static async Task CheckYesterdayAsync(IPage page, LabCommand lab, string vm)
    {
        const long LogOfYesterday = 900_000;
        var yesterday = DateTimeOffset.UtcNow.AddDays(-1);
        var log = string.Concat(Enumerable.Range(0, 1000).Select(number =>
            $"4711@{yesterday.ToUnixTimeSeconds() + (number / 100)}.{number % 100 * 10_000:000000}:virtio_blk_handle_read vdev 0x10 req 0x20 sector {4_000_000 + number} nsectors 8\n"));
        await File.WriteAllTextAsync(VmPaths.In(Path.Join(lab.State, "vms", vm)).TraceLog(LogOfYesterday), log, TestContext.Current.CancellationToken);

        const string Filter = "event == virtio_blk_handle_read and sector == 4000555";
        while (await lab.CountTraceEventsAsync(vm, Filter) == 0)
        {
        }

        await page.GotoAsync($"/timeline?from={yesterday.AddHours(-1).ToUnixTimeMilliseconds()}&to={yesterday.AddHours(1).ToUnixTimeMilliseconds()}&filter={Uri.EscapeDataString(Filter)}");
        await Assertions.Expect(page.Locator("[data-part=standing]")).ToContainTextAsync("2 h");
        await page.GetByRole(AriaRole.Button, new() { Name = "Totals" }).ClickAsync();
        await Assertions.Expect(TrackOf(page, vm, "virtio_blk_handle_read").Locator(".count")).ToHaveTextAsync("1");
        await Assertions.Expect(Part(page, "Details").GetByRole(AriaRole.Row, new() { Name = $"{vm} virtio_blk_handle_read" }).GetByRole(AriaRole.Cell).Nth(1)).ToHaveTextAsync("1");
    }

    private static ILocator TrackOf(IPage page, string vm, string track) => page.Locator($"[data-row='{vm}/{track}']");
}
