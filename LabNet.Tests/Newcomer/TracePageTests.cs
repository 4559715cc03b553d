using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>The trace events of a real VM on its page: switched on by a preset, seen, filtered, paused, measured, switched off.</summary>
[Trait("suite", "browser")]
public sealed class TracePageTests
{
    private const string LabFile = """
        name: tracing
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 384M, cpus: 1, image: debian, nics: [ user ] }
        """;

    /// <summary>So many requests of 4 KiB each time, past the guest's cache.</summary>
    private static readonly string[] Reads = ["exec", "x86", "--", "dd", "if=/dev/vda", "of=/dev/null", "bs=4k", "count=500", "iflag=direct"];

    [Fact]
    public async Task Trace_events_are_switched_on_by_a_preset_seen_filtered_paused_measured_and_switched_off()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab, "operator");
        await page.GotoAsync("/vms/x86/trace");
        await Assertions.Expect(Live(page)).ToContainTextAsync("Nothing is on.");

        await CheckPresetAsync(page, lab);
        await CheckFilterAsync(page);
        await CheckPauseAsync(page, lab);
        await CheckLatencyAsync(page);
        await CheckSlowdownAsync(page);
        await CheckPatternAsync(page);
        await CheckDeviceAsync(page, lab);
        await CheckViewerAsync(browser, lab);
        await page.GetByRole(AriaRole.Button, new() { Name = "All off" }).ClickAsync();
        await Assertions.Expect(On(page)).ToContainTextAsync("Nothing is traced.");
    }

    private static async Task CheckPresetAsync(IPage page, LabCommand lab)
    {
        var preset = page.GetByRole(AriaRole.Button, new() { Name = "Block I/O: virtio-blk" });
        await preset.ClickAsync();
        await Assertions.Expect(preset).ToHaveAttributeAsync("aria-pressed", "true");
        await Assertions.Expect(On(page).GetByRole(AriaRole.Row).Filter(new() { HasText = "virtio_blk_*" })).ToContainTextAsync("7, 7 on");
        await lab.OutputAsync(Reads);
        await Assertions.Expect(Rows(page).Filter(new() { HasText = "virtio_blk_req_complete" }).First).ToContainTextAsync("status 0");
    }

    private static async Task CheckFilterAsync(IPage page)
    {
        var filter = page.GetByLabel("Filter the list");
        await filter.FillAsync("sektor > 5");
        await Assertions.Expect(Live(page).Locator("mark")).ToHaveTextAsync("sektor");
        await Live(page).GetByRole(AriaRole.Button, new() { Name = "Put sector there" }).ClickAsync();
        await Assertions.Expect(filter).ToHaveValueAsync("sector > 5");
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(@"\?filter=sector", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Assertions.Expect(Rows(page).Filter(new() { HasText = "virtio_blk_req_complete" })).ToHaveCountAsync(0);
        await Rows(page).Filter(new() { HasText = "virtio_blk_handle_read" }).First.GetByRole(AriaRole.Button).ClickAsync();
        var details = page.GetByLabel("Details of the chosen event");
        await Assertions.Expect(details).ToContainTextAsync("uint64_t");
        Assert.StartsWith("/timeline?from=", await details.GetByRole(AriaRole.Link, new() { Name = "Show in the timeline" }).GetAttributeAsync("href"), StringComparison.Ordinal);
        await page.ReloadAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await Assertions.Expect(filter).ToHaveValueAsync("sector > 5");
        await Assertions.Expect(Rows(page).First).ToContainTextAsync("sector");
    }

    private static async Task CheckPauseAsync(IPage page, LabCommand lab)
    {
        await Live(page).GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(Live(page)).ToContainTextAsync("Paused.");
        var newest = await Rows(page).First.TextContentAsync();
        await lab.OutputAsync(Reads);
        await Assertions.Expect(Live(page).GetByRole(AriaRole.Status)).Not.ToContainTextAsync("Paused. 0 events");
        await Assertions.Expect(Rows(page).First).ToHaveTextAsync(newest!);
        await Live(page).GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
        await Assertions.Expect(Rows(page).First).Not.ToHaveTextAsync(newest!);
        await page.GetByLabel("Filter the list").FillAsync("");
    }

    private static async Task CheckLatencyAsync(IPage page)
    {
        var latency = page.GetByRole(AriaRole.Region, new() { Name = "Latency of requests" });
        await Assertions.Expect(latency.GetByLabel("Ended by")).ToHaveValueAsync("virtio_blk_req_complete");
        await Assertions.Expect(latency.Locator(".plot .main-svg")).Not.ToHaveCountAsync(0);
        await Assertions.Expect(latency.GetByRole(AriaRole.Img, new() { NameRegex = new System.Text.RegularExpressions.Regex("half took less than", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)) })).ToBeVisibleAsync();
    }

    /// <summary>A guest that is busy does not answer for a moment, and the button cannot be pressed then: a person presses it again.</summary>
    private static async Task BeginMeasuringAsync(ILocator measured)
    {
        const int PressesMax = 4;
        for (var press = 1; ; press++)
        {
            await measured.GetByRole(AriaRole.Button, new() { Name = "Measure" }).ClickAsync();
            try
            {
                await Assertions.Expect(measured).ToContainTextAsync("A benchmark runs in the guest", new() { Timeout = 15_000 });
                return;
            }
            catch (PlaywrightException) when (press < PressesMax)
            {
                // Pressed in that moment.
            }
        }
    }

    /// <summary>fio runs in the guest with the events and without, and they are on again afterwards.</summary>
    private static async Task CheckSlowdownAsync(IPage page)
    {
        var measured = page.GetByRole(AriaRole.Group, new() { Name = "What tracing costs this guest, measured" });
        await BeginMeasuringAsync(measured);
        await Assertions.Expect(measured).ToContainTextAsync("Measured by fio in the guest: ", new() { Timeout = 180_000 });
        await Assertions.Expect(measured.GetByRole(AriaRole.Link, new() { Name = "All of its figures" })).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("series=", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Assertions.Expect(On(page).GetByRole(AriaRole.Row).Filter(new() { HasText = "virtio_blk_*" })).ToContainTextAsync("7, 7 on");
    }

    private static async Task CheckPatternAsync(IPage page)
    {
        var form = page.GetByRole(AriaRole.Form, new() { Name = "Add trace events" });
        await form.GetByLabel("Event, or pattern").FillAsync("pci_cgf_*");
        await Assertions.Expect(form).ToContainTextAsync("No event of this QEMU fits “pci_cgf_*”.");
        await form.GetByLabel("Event, or pattern").FillAsync("pci_cfg_*");
        await Assertions.Expect(form).ToContainTextAsync("Fits 2 of");
        await form.GetByLabel("Keep").SelectOptionAsync("Ring");
        await form.GetByRole(AriaRole.Button, new() { Name = "Switch on" }).ClickAsync();
        var row = On(page).GetByRole(AriaRole.Row).Filter(new() { HasText = "pci_cfg_*" });
        await Assertions.Expect(row).ToContainTextAsync("only live");
        await row.GetByRole(AriaRole.Switch).ClickAsync();
        await Assertions.Expect(row.GetByRole(AriaRole.Switch)).ToHaveAttributeAsync("aria-checked", "false");
        await row.GetByRole(AriaRole.Button, new() { Name = "Remove pci_cfg_*" }).ClickAsync();
        await Assertions.Expect(row).ToHaveCountAsync(0);
        await Assertions.Expect(On(page).GetByRole(AriaRole.Row).Filter(new() { HasText = "virtio_blk_*" })).ToContainTextAsync("7, 7 on");
    }

    private static async Task CheckDeviceAsync(IPage page, LabCommand lab)
    {
        await page.GotoAsync("/vms/x86/devices?device=eth0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Trace this device" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "See its trace" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Registers of eth0" })).ToHaveAttributeAsync("aria-pressed", "true");

        // What a driver does to a device when it takes it: QEMU handles the doorbells of one at work without a trace.
        await lab.OutputAsync("exec", "x86", "--", "sh", "-c", "cd /sys/bus/pci/drivers/virtio-pci; p=$(basename $(readlink -f /sys/class/net/eth0/device/..)); echo $p > unbind; echo $p > bind");
        await page.GetByLabel("Filter the list").FillAsync("event ~ memory_region_ops_*");
        await Assertions.Expect(Rows(page).First).ToContainTextAsync("device eth0");
    }

    private static async Task CheckViewerAsync(Browser browser, LabCommand lab)
    {
        var page = await LogInAsync(browser, lab, "viewer");
        await page.GotoAsync("/vms/x86/trace");
        await Assertions.Expect(Rows(page).First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "All off" })).ToBeDisabledAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Form, new() { Name = "Add trace events" })).ToHaveCountAsync(0);
        await page.CloseAsync();
    }

    private static ILocator On(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "What is on" });

    private static ILocator Live(IPage page) => page.GetByRole(AriaRole.Region, new() { Name = "Newest events", Exact = true });

    private static ILocator Rows(IPage page) => Live(page).Locator(".lines tbody tr:has(th)");

    private static async Task<IPage> LogInAsync(Browser browser, LabCommand lab, string role)
    {
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token", "--role", role)).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }
}
