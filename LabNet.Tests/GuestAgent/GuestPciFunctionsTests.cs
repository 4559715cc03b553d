using System.Text;
using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "unit")]
public sealed class GuestPciFunctionsTests
{
    private const string Devices = "/sys/bus/pci/devices/";
    private const string Paths =
        Devices + "0000:00:03.0\n" + Devices + "0000:00:08.0\n" + Devices + "0000:01:00.0\n"
        + "/sys/bus/pci/drivers/virtio-pci/0000:00:03.0\n/sys/bus/pci/drivers/nvme/0000:01:00.0\n"
        + Devices + "0000:00:03.0/msi_irqs/30\n" + Devices + "0000:00:03.0/msi_irqs/29\n" + Devices + "*/net/*\n"
        + Devices + "0000:00:03.0/virtio1/block/vda\n" + Devices + "0000:01:00.0/nvme/nvme0/nvme0n1\n"
        + "/sys/bus/pci/drivers/evil/0000:77:00.0\n" + Devices + "<b>/net/eth9\n";

    [Fact]
    public void Drivers_names_and_interrupts_are_found_by_the_function_that_has_them()
    {
        var functions = GuestPciFunctions.Parse([.. Encoding.UTF8.GetBytes(Paths + "\n"), .. Config("0000:00:03.0", 0x3d), .. Config("0000:01:00.0", (byte)'\n')]);
        Assert.Equal(["0000:00:03.0", "0000:00:08.0", "0000:01:00.0"], functions.Select(one => one.Address));
        Assert.Equal(("virtio-pci", "vda"), (functions[0].Driver, Assert.Single(functions[0].Names)));
        Assert.Equal([29, 30], functions[0].MsiInterrupts);
        Assert.Equal((null, 0), (functions[1].Driver, functions[1].Config.Length));
        Assert.Equal(("nvme", "nvme0n1"), (functions[2].Driver, Assert.Single(functions[2].Names)));
        Assert.All([functions[0], functions[2]], one => Assert.Equal(256, one.Config.Length));
        Assert.Equal((byte)'\n', functions[2].Config.Span[255]);
    }

    [Fact]
    public void An_output_that_is_cut_anywhere_is_read_as_far_as_it_goes()
    {
        byte[] whole = [.. Encoding.UTF8.GetBytes(Paths + "\n"), .. Config("0000:00:03.0", 1), .. Config("0000:01:00.0", 2)];
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.InRange(GuestPciFunctions.Parse(whole.AsSpan(0, length)).Count, 0, 3);
        }
    }

    [Fact]
    public void A_shorter_space_does_not_shift_those_behind_it()
    {
        var shorter = Encoding.UTF8.GetBytes($"==> {Devices}0000:00:03.0/config <==\nabc\n");
        var functions = GuestPciFunctions.Parse([.. Encoding.UTF8.GetBytes(Paths + "\n"), .. shorter, .. Config("0000:01:00.0", 7)]);
        Assert.Equal("abc"u8.ToArray(), functions[0].Config.ToArray());
        Assert.Equal(256, functions[2].Config.Length);
    }

    private static byte[] Config(string address, byte fill) =>
        [.. Encoding.UTF8.GetBytes($"==> {Devices}{address}/config <==\n"), .. Enumerable.Repeat(fill, 256), (byte)'\n'];
}
