using System.Text.Json;
using System.Text.RegularExpressions;
using LabNet.Core.Qmp;
using LabNet.Tests.Dashboard;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>A VM's page on a real lab: what it shows is what another QMP client reads, and its console is the guest's.</summary>
[Trait("suite", "browser")]
public sealed partial class VmPageTests
{
    private const string LabFile = """
        name: inside
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
          zeus: { kind: namespace, address: 10.99.0.2 }
        links:
          lab: { vni: 100 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 384M, cpus: 2, image: debian, share: workspace, nics: [ user, { link: lab, address: 10.10.10.2/24 } ] }
          arm: { host: zeus, arch: aarch64, memory: 384M, cpus: 1, image: debian, share: workspace, nics: [ user, { link: lab, address: 10.10.10.1/24 } ] }
        """;

    /// <summary>An emulated guest that is busy begins fio in seconds, and takes a disk back in more.</summary>
    private const float MeasuringTimeoutMs = 180_000;

    private const string MarkupName = "<b id=markup>&amp;</b>";

    [Fact]
    public async Task Every_part_shows_what_QEMU_and_the_guest_say_and_the_console_is_the_guests()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync("--raw-qmp");
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab, "admin");
        foreach (var vm in (string[])["x86", "arm"])
        {
            await using var qemu = await ConnectAsync(lab, vm);
            await CheckPartsAsync(page, qemu, vm);
            await CheckMemoryAndInterruptsAsync(page, qemu, vm);
            await CheckPlugAsync(page, lab, vm);
            await CheckGuestAsync(page, lab, vm);
            await CheckQmpShellAsync(page, vm);
        }

        await CheckChartsAsync(page);
        await CheckEventsAsync(page);
        await CheckTimelineAsync(page, lab, "x86");
        await CheckTimelineAsync(page, lab, "arm");
        await CheckYesterdayAsync(page, lab, "arm");
        await CheckOtherConsoleAsync(page);
        await CheckConsoleAsync(browser, page, lab);
        Assert.Contains("tty-42 40 120", await lab.TypeOnConsoleAsync("x86", "stty cols 120 rows 40", "echo tty-$((6*7)) $(stty size)", "tty-42 40 120"), StringComparison.Ordinal);
        await CheckRebootAsync(page, lab);
        await CheckLabNetKilledAsync(page, lab);
    }

    private static async Task CheckPartsAsync(IPage page, QmpConnection qemu, string vm)
    {
        await page.GotoAsync($"/vms/{vm}");
        await ExpectTextAsync(page, "As QEMU tells it", (await qemu.AskAsync("query-uuid")).GetProperty("UUID").GetString()!);
        await ExpectTextAsync(page, "As QEMU tells it", (await qemu.AskAsync("qom-get", new { path = "/machine", property = "type" })).GetString()!);

        await OpenAsync(page, vm, "CPU & Memory");
        foreach (var cpu in (await qemu.AskAsync("query-cpus-fast")).EnumerateArray())
        {
            await ExpectTextAsync(page, "vCPUs", cpu.GetProperty("thread-id").GetInt32().ToString());
        }

        await ExpectTextAsync(page, "Memory", $"{(await qemu.AskAsync("query-memory-size-summary")).GetProperty("base-memory").GetInt64() >> 20} MiB");

        await OpenAsync(page, vm, "Devices");
        foreach (var device in (await qemu.AskAsync("qom-list", new { path = "/machine/peripheral" })).EnumerateArray()
            .Where(d => d.GetProperty("type").GetString()!.StartsWith("child<", StringComparison.Ordinal)))
        {
            await Assertions.Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = device.GetProperty("name").GetString(), Exact = true })).ToBeVisibleAsync();
        }

        await OpenAsync(page, vm, "Block");
        foreach (var node in (await qemu.AskAsync("query-named-block-nodes")).EnumerateArray())
        {
            await ExpectTextAsync(page, "Block nodes", node.GetProperty("node-name").GetString()!);
        }

        await Part(page, "Drives").GetByRole(AriaRole.Button, new() { Name = "Show what QEMU said" }).ClickAsync();
        await ExpectTextAsync(page, "Drives", "\"rd_bytes\"");

        await OpenAsync(page, vm, "Network");
        foreach (var nic in (await qemu.AskAsync("query-rx-filter")).EnumerateArray())
        {
            await ExpectTextAsync(page, "On the host", nic.GetProperty("main-mac").GetString()!);
            await ExpectTextAsync(page, "In the guest", nic.GetProperty("main-mac").GetString()!);
        }
    }

    /// <summary>
    /// A disk and a NIC are plugged in, used, measured and plugged out while the guest works on another disk; the tree shows it before, during
    /// and after.
    /// </summary>
    private static async Task CheckPlugAsync(IPage page, LabCommand lab, string vm)
    {
        await lab.OutputAsync("exec", vm, "--", "bash", "-c", "fio --name=w --filename=/var/tmp/w --size=8m --rw=randrw --time_based --runtime=600 >/dev/null 2>&1 &");
        await OpenAsync(page, vm, "Devices");
        await PlugAndUnplugAsync("Nvme", "d1", "block", "head -c 1048576 /dev/urandom >/tmp/use && dd if=/tmp/use of=/dev/$1 bs=64k oflag=direct && test \"$(dd if=/dev/$1 bs=64k count=16 iflag=direct | sha256sum)\" = \"$(sha256sum </tmp/use)\"");
        var ping = $"ping -c 1 -W 2 -I $1 10.10.10.{(vm == "x86" ? 1 : 2)}";
        await PlugAndUnplugAsync("VirtioNet", "n1", "net", $"ip link set $1 up && ip addr add 10.10.10.3/24 dev $1 && for try in {{1..20}}; do {ping} && exit; done; exit 1");
        await lab.SwitchTraceEventsAsync(vm, "virtio_blk_*");
        await MeasureAroundPlugAsync(page, vm, "VirtioBlk");
        await MeasureAroundPlugAsync(page, vm, "VirtioNet");

        Assert.NotEmpty(await lab.OutputAsync("exec", vm, "--", "pgrep", "-x", "fio"));
        await lab.OutputAsync("exec", vm, "--", "pkill", "-x", "fio");

        async Task PlugAndUnplugAsync(string kind, string id, string folder, string use)
        {
            var row = page.GetByRole(AriaRole.Rowheader, new() { Name = id, Exact = true });
            await Assertions.Expect(row).ToHaveCountAsync(0);
            await page.GetByRole(AriaRole.Button, new() { Name = "Plug in …" }).ClickAsync();
            await page.GetByLabel("What").SelectOptionAsync(kind);
            await Assertions.Expect(page.GetByLabel("Id", new() { Exact = true })).ToHaveValueAsync(id);
            await page.GetByRole(AriaRole.Button, new() { Name = "Plug in", Exact = true }).ClickAsync();
            await row.GetByRole(AriaRole.Link).ClickAsync();
            var details = page.GetByRole(AriaRole.Region, new() { Name = "Details of the chosen device" });
            await Assertions.Expect(details).ToContainTextAsync("Made of it");
            var name = await details.Locator("dl > div").Filter(new() { HasText = "Made of it" }).Locator("dd").TextContentAsync();
            Assert.NotEmpty(await lab.OutputAsync("exec", vm, "--", "ls", $"/sys/class/{folder}/{name}"));
            await lab.OutputAsync("exec", vm, "--", "bash", "-c", use, "use", name!);

            await details.GetByRole(AriaRole.Button, new() { Name = "Unplug …" }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = $"Unplug {id}" }).ClickAsync();
            await Assertions.Expect(row).ToHaveCountAsync(0);
            await Assertions.Expect(details).ToContainTextAsync($"There is no device “{id}” at the moment.");
        }
    }

    /// <summary>One click: measure, plug in, measure again, unplug; what the runs show is then on the page.</summary>
    private static async Task MeasureAroundPlugAsync(IPage page, string vm, string kind)
    {
        await OpenAsync(page, vm, "Benchmark");
        var form = page.GetByRole(AriaRole.Form, new() { Name = "New benchmark" });
        await form.GetByLabel("Plug in meanwhile").SelectOptionAsync(kind);
        await form.GetByLabel("Repeats").FillAsync("1");
        await form.GetByLabel("Seconds each").FillAsync("1");
        await form.GetByLabel("Label").FillAsync(kind);
        await form.GetByLabel("Under load").CheckAsync();
        var start = form.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true });
        await start.ClickAsync();
        var verdict = page.GetByRole(AriaRole.Region, new() { Name = $"{kind}: after, compared with" });
        await Assertions.Expect(verdict).ToBeVisibleAsync(new() { Timeout = MeasuringTimeoutMs });
        await Assertions.Expect(start).ToBeEnabledAsync(new() { Timeout = MeasuringTimeoutMs });
        await Assertions.Expect(verdict).ToContainTextAsync("What it shows");
        await ExpectTextAsync(page, "Trace events", "1 of 1");
        await OpenAsync(page, vm, "Devices");
    }

    /// <summary>Live values come, a drag zooms into a range that is in the address, and its points are what the API says.</summary>
    private static async Task CheckChartsAsync(IPage page)
    {
        await page.GotoAsync("/vms/x86/cpu-memory");
        var chart = Part(page, "vCPU time");
        var value = chart.Locator("[data-series='vm_cpu{vcpu=0}'] .value");
        await Assertions.Expect(value).ToContainTextAsync("%");
        var before = await value.TextContentAsync();
        await Assertions.Expect(value).Not.ToHaveTextAsync(before!);
        await ExpectTextAsync(page, "Memory of the guest", "available");

        var plot = (await chart.Locator(".u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.6f), plot.Y + 40);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(plot.X + (plot.Width * 0.95f), plot.Y + 40, new() { Steps = 5 });
        await Assertions.Expect(chart.Locator(".u-select")).Not.ToHaveCSSAsync("width", "0px");
        await page.Mouse.UpAsync();
        // Not WaitForURLAsync, which misses an address that changes between its look at the address and its wait for the next one.
        await Assertions.Expect(page).ToHaveURLAsync(ZoomedAddress());
        var zoomOut = page.GetByRole(AriaRole.Link, new() { Name = "Zoom out" });
        await Assertions.Expect(zoomOut).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Assertions.Expect(page.GetByText("Drag across a chart to zoom in")).ToBeVisibleAsync();
        await page.GoForwardAsync();
        await Assertions.Expect(zoomOut).ToBeVisibleAsync();
        await Assertions.Expect(value).ToContainTextAsync("%");
        await chart.Locator(".plot").FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(chart.Locator(".reading")).Not.ToBeEmptyAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "5 min", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Drag across a chart to zoom in")).ToBeVisibleAsync();
    }

    [GeneratedRegex(@"/cpu-memory\?from=\d+&to=\d+$", RegexOptions.None, 1000)]
    private static partial Regex ZoomedAddress();

    private static async Task CheckEventsAsync(IPage page)
    {
        await page.GotoAsync("/events?vm=arm&kind=process&from=1000&to=61000");
        await Assertions.Expect(page.GetByText("No event fits.")).ToBeVisibleAsync();
        await page.GotoAsync("/events?vm=arm&kind=process&range=1h");
        await ExpectTextAsync(page, "Events", "QEMU runs as process");
        await page.GetByLabel("Text").FillAsync("no such thing");
        await page.GetByLabel("Text").PressAsync("Enter");
        await Assertions.Expect(page.GetByText("No event fits.")).ToBeVisibleAsync();
    }

    private static async Task CheckGuestAsync(IPage page, LabCommand lab, string vm)
    {
        await lab.OutputAsync("exec", vm, "--", "bash", "-c", $"(exec -a '{MarkupName}' sleep 600) >/dev/null 2>&1 &");
        await OpenAsync(page, vm, "Guest");
        await ExpectTextAsync(page, "System", (await lab.OutputAsync("exec", vm, "--", "uname", "-r")).Trim());
        await Part(page, "System").GetByRole(AriaRole.Button, new() { Name = "Show what the agent said" }).ClickAsync();
        await ExpectTextAsync(page, "System", "\"kernel-release\"");
        await ExpectTextAsync(page, "File systems", "/mnt");
        await ExpectTextAsync(page, "Logged in", "root");
        await page.GetByLabel("Filter processes").FillAsync("markup");
        await ExpectTextAsync(page, "Processes", MarkupName);
        Assert.Equal(0, await page.Locator("#markup").CountAsync());
        await Part(page, "Processes").GetByRole(AriaRole.Button, new() { Name = "PID" }).ClickAsync();
        await Assertions.Expect(Part(page, "Processes").GetByRole(AriaRole.Columnheader, new() { Name = "PID" })).ToHaveAttributeAsync("aria-sort", "ascending");

        // The agent ends and comes back by itself; the page says so and goes on.
        await lab.RunAsync("exec", vm, "--", "sh", "-c", "kill -9 $(pidof qemu-ga)");
        await Assertions.Expect(page.GetByText("answering")).ToBeVisibleAsync();
        await page.GetByLabel("Filter processes").FillAsync("qemu-ga");
        await ExpectTextAsync(page, "Processes", "qemu-ga");
    }

    private static async Task CheckQmpShellAsync(IPage page, string vm)
    {
        await OpenAsync(page, vm, "QMP");
        var line = page.GetByLabel("QMP command");
        await Assertions.Expect(line).ToBeFocusedAsync();
        await line.PressSequentiallyAsync("query-sta");
        await line.PressAsync("Tab");
        await Assertions.Expect(line).ToHaveValueAsync("query-stat");
        await line.FillAsync("query-status");
        await line.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("\"status\": \"running\"")).ToBeVisibleAsync();
        await line.FillAsync("qom-get path=/machine propery=type");
        await line.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("property")).Not.ToHaveCountAsync(0);
        await line.PressAsync("ArrowUp");
        await Assertions.Expect(line).ToHaveValueAsync("query-status");
    }

    private static async Task CheckConsoleAsync(Browser browser, IPage page, LabCommand lab)
    {
        var viewer = await LogInAsync(browser, lab, "viewer");
        await viewer.GotoAsync("/vms/x86/console");
        await page.GotoAsync("/vms/x86/console");
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("echo answer-$((6*7)); stty size\n");
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("answer-42");
        await Assertions.Expect(Terminal(viewer)).ToContainTextAsync("answer-42");
        Assert.Contains("answer-42", await lab.ConsoleLogAsync("x86"), StringComparison.Ordinal);

        await viewer.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("echo viewers-cannot-type\n");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("echo after-$((1+1))\n");
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("after-2");
        await Assertions.Expect(Terminal(page)).Not.ToContainTextAsync("viewers-cannot-type");

        // The guest's terminal has the size of the one in the page, once the agent has set it.
        var size = (await page.GetByText("Connected ·").TextContentAsync())!.Split('·')[1].Split('×');
        while (await lab.OutputAsync("exec", "x86", "--", "stty", "-F", "/dev/ttyS0", "size") != $"{size[1].Trim()} {size[0].Trim()}\n")
        {
        }

        await viewer.CloseAsync();
    }

    private static async Task CheckRebootAsync(IPage page, LabCommand lab)
    {
        var boot = await lab.OutputAsync("exec", "x86", "--", "cat", "/proc/sys/kernel/random/boot_id");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("clear; reboot\n");
        await Assertions.Expect(page.GetByText("answering")).ToBeHiddenAsync();
        await Assertions.Expect(page.GetByText("answering")).ToBeVisibleAsync();
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("x86: LabNet guest");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("echo again-$((40+2))\n");
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("again-42");
        Assert.NotEqual(boot, await lab.OutputAsync("exec", "x86", "--", "cat", "/proc/sys/kernel/random/boot_id"));
    }

    private static async Task CheckLabNetKilledAsync(IPage page, LabCommand lab)
    {
        lab.KillLabNet();
        await Assertions.Expect(page.GetByText("LabNet does not answer; trying again")).ToBeVisibleAsync();
        var (status, _, told) = await lab.UpAsync("--raw-qmp");
        Assert.True(status == 0, told);
        await Assertions.Expect(page.GetByText("Connected ·")).ToBeVisibleAsync();
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("LabNet was away");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Console of x86", Exact = true }).PressSequentiallyAsync("echo back-$((40+2))\n");
        await Assertions.Expect(Terminal(page)).ToContainTextAsync("back-42");
    }

    private static async Task OpenAsync(IPage page, string vm, string part)
    {
        await page.GetByRole(AriaRole.Navigation, new() { Name = $"Parts of {vm}" }).GetByRole(AriaRole.Link, new() { Name = part, Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("nav.tabs a[aria-current=page]")).ToHaveTextAsync(part);
    }

    private static ILocator Part(IPage page, string title) => page.GetByRole(AriaRole.Region, new() { Name = title, Exact = true });

    private static ILocator Terminal(IPage page) => page.Locator(".xterm-rows");

    private static Task ExpectTextAsync(IPage page, string part, string text) => Assertions.Expect(Part(page, part)).ToContainTextAsync(text);

    private static async Task<IPage> LogInAsync(Browser browser, LabCommand lab, string role)
    {
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token", "--role", role)).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        return page;
    }

    private static async Task<QmpConnection> ConnectAsync(LabCommand lab, string vm)
    {
        var host = new Core.Hosts.Host(new Core.Hosts.HostSettings("", "", "", "", Machine: null), TimeProvider.System, NullLogger<Core.Hosts.Host>.Instance);
        var cancellation = TestContext.Current.CancellationToken;
        var socket = await host.OpenSocketAsync(Path.Join(lab.State, "vms", vm, "user.sock"), cancellation);
        var client = await QmpConnection.NegotiateAsync(socket, new QmpOptions(), TimeProvider.System, cancellation);
        client.Start(static _ => { });
        return client;
    }
}

internal static class OtherClient
{
    /// <summary>What QEMU returns to a client that has nothing to do with LabNet.</summary>
    public static async Task<JsonElement> AskAsync(this QmpConnection qemu, string command, object? arguments = null)
    {
        JsonElement? given = arguments is null ? null : JsonSerializer.SerializeToElement(arguments);
        using var returned = JsonDocument.Parse(await qemu.ExecuteRawAsync(command, given, TestContext.Current.CancellationToken));
        return returned.RootElement.Clone();
    }
}
