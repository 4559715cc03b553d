using System.Text.Json;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

/// <summary>What a machine is made of, from QEMU's own words.</summary>
[Trait("suite", "unit")]
public sealed class MachineDifferencesTests
{
    private const string Tree = """
        bus: main-system-bus
          type System
          dev: q35-pcihost, id ""
            MCFG = 2952790016 (0xb0000000)
            mmio 00000000fed00000/0000000000000400
            bus: pcie.0
              type PCIE
              dev: virtio-blk-pci, id "vda"
                class = "a = b"
                class SCSI controller, addr 00:03.0, pci id 1af4:1042 (sub 1af4:1100)
                bar 1: mem at 0xfebd1000 [0xfebd1fff]
                bus: virtio-bus
                  type virtio-pci-bus
                  dev: virtio-blk-device, id ""
                    write-cache = "on"
              dev: smbus-eeprom, id ""
              dev: smbus-eeprom, id ""
                address = 81 (0x51)
          dev: hpet, id ""
            gpio-in "" 2
        """;

    [Fact]
    public void Devices_are_known_by_where_they_hang_with_all_that_QEMU_says_of_them()
    {
        var devices = DeviceTreeText.Parse(Tree);
        Assert.Equal(
            [
                "main-system-bus/hpet",
                "main-system-bus/q35-pcihost",
                "main-system-bus/q35-pcihost/pcie.0/smbus-eeprom",
                "main-system-bus/q35-pcihost/pcie.0/smbus-eeprom[1]",
                "main-system-bus/q35-pcihost/pcie.0/vda",
                "main-system-bus/q35-pcihost/pcie.0/vda/virtio-bus/virtio-blk-device",
            ],
            devices.Keys);
        var disk = devices["main-system-bus/q35-pcihost/pcie.0/vda"];
        Assert.Equal(("virtio-blk-pci", "vda"), (disk.Type, disk.Id));
        Assert.Equal("\"a = b\"", disk.Properties["class"]);
        Assert.Equal("mem at 0xfebd1000 [0xfebd1fff]", disk.Properties["bar 1"]);
        Assert.Equal("81 (0x51)", devices["main-system-bus/q35-pcihost/pcie.0/smbus-eeprom[1]"].Properties["address"]);
        Assert.Equal("2", devices["main-system-bus/hpet"].Properties["gpio-in \"\""]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("dev: ")]
    [InlineData("  x = y\nbus: \n dev: , id \"\n= = =\n: ")]
    public void What_is_no_tree_is_none_and_harms_nobody(string text) => Assert.InRange(DeviceTreeText.Parse(text).Count, 0, 2);

    [Fact]
    public void The_same_machine_has_no_differences_also_when_it_was_started_from_a_snapshot() =>
        Assert.True(MachineDifferences.Between(Of(Tree, "-m", "256M"), Of(Tree, "-m", "256M", "-D", "/log.2", "-loadvm", "before", "-S")).AreNone);

    [Fact]
    public void What_came_what_went_and_what_changed_is_told()
    {
        var changed = Tree.Replace("write-cache = \"on\"", "write-cache = \"off\"", StringComparison.Ordinal).Replace("dev: hpet", "dev: other", StringComparison.Ordinal);
        var differences = MachineDifferences.Between(Of(Tree, "-m", "256M", "-device", "a", "-device", "a"), Of(changed, "-m", "512M", "-device", "a"));
        Assert.Equal([new("main-system-bus/hpet", "hpet", null), new("main-system-bus/other", null, "other")], differences.Devices);
        Assert.Equal(
            [new Difference("main-system-bus/q35-pcihost/pcie.0/vda/virtio-bus/virtio-blk-device write-cache", "\"on\"", "\"off\"")], differences.Properties);
        Assert.Equal(["-device a (2)", "-m 256M", "-m 512M"], differences.CommandLine.Select(one => one.What));
        Assert.False(differences.AreNone);
    }

    [Fact]
    public void Nodes_of_the_block_graph_are_compared_by_what_they_are_and_not_by_how_full_they_are()
    {
        const string Before = """[{"node-name": "vda", "drv": "qcow2", "file": "/d", "image": {"virtual-size": 5, "actual-size": 1}}, {"node-name": "f", "drv": "file", "file": "/d", "image": {"virtual-size": 1}}, {"node-name": "#block7", "drv": "file"}]""";
        const string After = """[{"node-name": "vda", "drv": "qcow2", "file": "/d", "backing_file": "/b", "ro": true, "image": {"virtual-size": 5, "actual-size": 2}}, {"node-name": "f", "drv": "file", "file": "/d", "image": {"virtual-size": 9}}]""";
        var before = Of(Tree) with { BlockNodes = JsonElement.Parse(Before) };
        var difference = Assert.Single(MachineDifferences.Between(before, before with { BlockNodes = JsonElement.Parse(After) }).BlockNodes);
        Assert.Equal(new Difference("vda", "qcow2 /d, 5 bytes", "qcow2 /d, on /b, 5 bytes, read-only"), difference);
    }

    private static MachineFacts Of(string deviceTree, params string[] commandLine) =>
        new(JsonElement.Parse("[]"), JsonElement.Parse("[]"), JsonElement.Parse("[]"), MemoryTree: "", deviceTree, commandLine);
}
