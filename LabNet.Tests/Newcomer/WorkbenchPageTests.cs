using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>A custom PCI device on the workbench of a real VM: built, plugged in, watched, written, seen on the timeline, unplugged.</summary>
[Trait("suite", "browser")]
public sealed class WorkbenchPageTests
{
    private const string LabFile = """
        name: bench
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 384M, cpus: 1, image: debian, nics: [ user ] }
        """;

    /// <summary>A build that changes nothing looks at all of its inputs; an emulated guest that is busy takes its time too.</summary>
    private const float PatienceMs = 60_000;

    [Fact]
    public async Task A_device_is_built_plugged_in_watched_written_found_on_the_timeline_and_unplugged()
    {
        await using var lab = new LabCommand(LabFile);
        var (built, _, said) = await lab.RunAsync("pci", "build");
        Assert.True(built == 0, said);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await LogInAsync(browser, lab, "operator");
        await page.GotoAsync("/vms/x86/workbench");
        await Assertions.Expect(Part(page, "Registers")).ToContainTextAsync("x86 has no custom device. Plug one in below");

        await CheckBuildAsync(page);
        await CheckPlugAsync(page);
        await CheckRegistersAsync(page, lab);
        await CheckTimelineAsync(page, lab);
        await CheckViewerAsync(browser, lab);
        await page.GotoAsync("/vms/x86/workbench");
        await Part(page, "Registers").GetByRole(AriaRole.Button, new() { Name = "Unplug …" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Unplug edu0" }).ClickAsync();
        await Assertions.Expect(Part(page, "Registers")).ToContainTextAsync("x86 has no custom device.", new() { Timeout = PatienceMs });
    }

    /// <summary>What did not change is not built again, and the VM needs no start.</summary>
    private static async Task CheckBuildAsync(IPage page)
    {
        var build = Part(page, "Build");
        await Assertions.Expect(build).ToContainTextAsync("QEMU ");
        await build.GetByRole(AriaRole.Button, new() { Name = "Build", Exact = true }).ClickAsync();
        await Assertions.Expect(build).ToContainTextAsync("Built in", new() { Timeout = PatienceMs });
        await Assertions.Expect(build.GetByLabel("What the build says")).ToContainTextAsync("/pci/");
        await Assertions.Expect(build).Not.ToContainTextAsync("without this build");
    }

    private static async Task CheckPlugAsync(IPage page)
    {
        var plug = page.GetByRole(AriaRole.Button, new() { Name = "Plug in labnet-edu" });
        await Assertions.Expect(plug).ToBeEnabledAsync();
        await plug.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Id", new() { Exact = true })).ToHaveValueAsync("edu0");
        await page.GetByLabel("vectors").FillAsync("9");
        await Assertions.Expect(page.GetByText("vectors is a number from 1 to 8")).ToBeVisibleAsync();
        await page.GetByLabel("vectors").FillAsync("4");
        await page.GetByRole(AriaRole.Button, new() { Name = "Plug in", Exact = true }).ClickAsync();
        await Assertions.Expect(Part(page, "Registers")).ToContainTextAsync("vectors=4", new() { Timeout = PatienceMs });
        await Assertions.Expect(Row(page, "SCRATCH")).ToContainTextAsync("–");
    }

    private static async Task CheckRegistersAsync(IPage page, LabCommand lab)
    {
        var registers = Part(page, "Registers");
        var watch = registers.GetByRole(AriaRole.Switch, new() { Name = "Watch" });
        await watch.ClickAsync();
        await Assertions.Expect(watch).ToHaveAttributeAsync("aria-checked", "true");

        await registers.GetByRole(AriaRole.Button, new() { Name = "SCRATCH" }).ClickAsync();
        await registers.GetByLabel("Value to write").FillAsync("0xcafe");
        await registers.GetByRole(AriaRole.Button, new() { Name = "Write", Exact = true }).ClickAsync();
        await Assertions.Expect(registers).ToContainTextAsync("0x0000cafe written to SCRATCH.", new() { Timeout = PatienceMs });
        await Assertions.Expect(Row(page, "SCRATCH")).ToContainTextAsync("0x0000cafe written");
        await registers.GetByRole(AriaRole.Button, new() { Name = "Read", Exact = true }).ClickAsync();
        await Assertions.Expect(Row(page, "SCRATCH")).ToContainTextAsync("0x0000cafe read", new() { Timeout = PatienceMs });

        // Written in the guest by hand, it shows all the same; its fields are told by their names.
        await registers.GetByRole(AriaRole.Button, new() { Name = "IRQ_RAISE" }).ClickAsync();
        await registers.GetByLabel("Value to write").FillAsync("0x20");
        await registers.GetByRole(AriaRole.Button, new() { Name = "Write", Exact = true }).ClickAsync();
        await registers.GetByRole(AriaRole.Button, new() { Name = "IRQ_STATUS" }).ClickAsync();
        await registers.GetByRole(AriaRole.Button, new() { Name = "Read", Exact = true }).ClickAsync();
        await Assertions.Expect(Row(page, "IRQ_STATUS")).ToContainTextAsync("TEST", new() { Timeout = PatienceMs });
        await Assertions.Expect(Part(page, "Accesses, interrupts and DMA").Locator("tbody")).ToContainTextAsync("IRQ_STATUS");
        Assert.True(await lab.CountTraceEventsAsync("x86", "event == labnet_reg_write and device == \"edu0\" and reg == SCRATCH and value == 0xcafe") > 0);
    }

    private static async Task CheckTimelineAsync(IPage page, LabCommand lab)
    {
        await Part(page, "Accesses, interrupts and DMA").GetByRole(AriaRole.Link, new() { Name = "Timeline" }).ClickAsync();
        await Assertions.Expect(page.GetByText("labnet_reg_write").First).ToBeVisibleAsync(new() { Timeout = PatienceMs });
        Assert.Equal(0, await page.GetByText("virtio_blk").CountAsync());
        Assert.Equal(0, await lab.CountTraceEventsAsync("x86", "event ~ labnet_* and device == \"nobody\""));
    }

    private static async Task CheckViewerAsync(Browser browser, LabCommand lab)
    {
        var viewer = await LogInAsync(browser, lab, "viewer");
        await viewer.GotoAsync("/vms/x86/workbench");
        await Assertions.Expect(Row(viewer, "SCRATCH")).ToContainTextAsync("0x0000cafe read");
        await Assertions.Expect(Part(viewer, "Registers").GetByRole(AriaRole.Button, new() { Name = "Read", Exact = true })).ToBeDisabledAsync();
        await Assertions.Expect(Part(viewer, "Build").GetByRole(AriaRole.Button, new() { Name = "Build", Exact = true })).ToBeDisabledAsync();
        await viewer.CloseAsync();
    }

    private static ILocator Part(IPage page, string title) => page.GetByRole(AriaRole.Region, new() { Name = title, Exact = true });

    private static ILocator Row(IPage page, string register) =>
        Part(page, "Registers").GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByRole(AriaRole.Button, new() { Name = register, Exact = true }) });

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
