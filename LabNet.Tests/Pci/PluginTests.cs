using System.Text;

namespace LabNet.Tests.Pci;

/// <summary>How the devices come into a QEMU that was built without them, and into which one they do not.</summary>
[Trait("suite", "pci")]
public sealed class PluginTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_plugin_that_was_built_for_another_QEMU_is_refused_in_words(string architecture)
    {
        using var folder = new TestFolder();
        var build = await PciDevices.BuildAsync(Cancellation);
        var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(build.Plugin, Cancellation));
        var version = LabNet.Core.Hosts.PciBuild.ReadFolder(build.Folder, out _)!.QemuVersion;
        var other = folder.Write("other.so", Encoding.Latin1.GetBytes(text.Replace($"{version} (", $"9{version[1..]} (", StringComparison.Ordinal)));

        var said = await QtestQemu.RefusedAsync(PciMachine.Of(architecture), other, [], Cancellation);
        Assert.Contains($"was built for QEMU 9{version[1..]} (", said, StringComparison.Ordinal);
        Assert.Contains($"this is {version} (", said, StringComparison.Ordinal);
        Assert.Contains("./infra/lab pci build", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task An_argument_that_the_plugin_does_not_have_is_refused(string architecture)
    {
        var build = await PciDevices.BuildAsync(Cancellation);
        var said = await QtestQemu.RefusedAsync(PciMachine.Of(architecture), build.Plugin + ",colour=red", [], Cancellation);
        Assert.Contains("takes trace=PATTERN, not colour=red", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Accesses_interrupts_and_DMA_are_trace_events(string architecture)
    {
        using var folder = new TestFolder();
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation, more: ["-D", folder.File("log")]);
        edu.Qemu.Human("log trace:labnet_*");
        edu.EnableAll();
        edu.Write("DOORBELL", 5);
        edu.Read("DOORBELL_LAST");
        edu.Write("IRQ_STATUS", edu.Bit("IRQ_STATUS", "DOORBELL"));
        edu.Begin(new ScatterEntry(edu.Data, 0x1000, ScatterEntry.ToDevice), new ScatterEntry(edu.Data, 1, 0));
        edu.Finish();
        edu.Write("CONTROL", 1);
        await edu.Qemu.QuitAsync();

        var log = await File.ReadAllTextAsync(folder.File("log"), Cancellation);
        Assert.Contains("labnet_reg_write device=dut region=BAR0 offset=0xa0 register=DOORBELL size=4 value=0x5\n", log, StringComparison.Ordinal);
        Assert.Contains("labnet_irq_raise device=dut cause=3 how=intx vector=0\n", log, StringComparison.Ordinal);
        Assert.Contains("labnet_reg_read device=dut region=BAR0 offset=0xa4 register=DOORBELL_LAST size=4 value=0x5\n", log, StringComparison.Ordinal);
        Assert.Contains("labnet_irq_ack device=dut cause=3\n", log, StringComparison.Ordinal);
        string[] entries = [.. log.Split('\n').Where(line => line.Contains("labnet_dma_", StringComparison.Ordinal)).Select(line => line[line.IndexOf("labnet_dma_", StringComparison.Ordinal)..])];
        Assert.Equal(
            [
                $"labnet_dma_begin device=dut dma=1 address=0x{edu.Data:x} bytes=4096 direction=to-device",
                "labnet_dma_end device=dut dma=1 status=0",
                $"labnet_dma_begin device=dut dma=1 address=0x{edu.Data:x} bytes=1 direction=from-device",
                "labnet_dma_end device=dut dma=1 status=0",
            ],
            entries);
        Assert.Contains("labnet_reset device=dut\n", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Device_ids_are_of_no_other_device()
    {
        Assert.All(PciDevices.Models, model => Assert.Equal(0x1234, model.Vendor));
        Assert.Distinct(PciDevices.Models.Select(model => model.Device));

        // Of the same vendor QEMU has the standard VGA and its educational device.
        Assert.DoesNotContain(PciDevices.Models, model => model.Device is 0x1111 or 0x11e8);
        var ids = await File.ReadAllTextAsync("/usr/share/misc/pci.ids", Cancellation);
        Assert.DoesNotContain("\n1234  ", ids, StringComparison.Ordinal);
    }
}
