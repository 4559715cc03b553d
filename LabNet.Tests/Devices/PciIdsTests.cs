using LabNet.Core.Devices;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class PciIdsTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Names_are_those_of_the_file_and_a_subsystem_is_not_taken_for_a_device()
    {
        File.WriteAllText(_path, "# comment\n1af4  Red Hat, Inc.\n\t1000  Virtio network device\n\t\t01de fffb  Some card\n\t1001  Virtio block device\n"
            + "8086  Intel Corporation\n\t1001  Other\nC 01  Mass storage controller\n\t00  SCSI storage controller\n\t\t02  NVM Express\nC 02  Network controller\n");
        var ids = new PciIds(_path);
        ids.Learn([(0x1af4, 0x1001), (0x1af4, 0xdead), (0xbeef, 1)]);
        Assert.Equal(new PciName("Red Hat, Inc.", "Virtio block device"), ids.NameOf(0x1af4, 0x1001));
        Assert.Equal(new PciName("Red Hat, Inc.", null), ids.NameOf(0x1af4, 0xdead));
        Assert.Equal(new PciName(null, null), ids.NameOf(0xbeef, 1));
        Assert.Equal("SCSI storage controller", ids.ClassName(0x0100));
        Assert.Equal("Mass storage controller", ids.ClassName(0x0177));
        Assert.Null(ids.ClassName(0x0900));

        ids.Learn([(0x8086, 0x1001)]);
        Assert.Equal("Other", ids.NameOf(0x8086, 0x1001).Device);
    }

    [Fact]
    public void Lines_that_are_nonsense_are_passed_over()
    {
        File.WriteAllText(_path, "\t\n1af\n\t1001\n1af4\nC\nC zz  Broken\n\t1001  Block\nC 01  Storage\n\tq\n");
        var ids = new PciIds(_path);
        ids.Learn([(0x1af4, 0x1001)]);
        Assert.Null(ids.NameOf(0x1af4, 0x1001).Device);
        Assert.Equal("Storage", ids.ClassName(0x0100));
    }

    [Fact]
    public void Without_a_file_nothing_has_a_name()
    {
        var ids = new PciIds("/nowhere/pci.ids");
        ids.Learn([(0x1af4, 0x1001)]);
        Assert.Equal(new PciName(null, null), ids.NameOf(0x1af4, 0x1001));
    }
}
