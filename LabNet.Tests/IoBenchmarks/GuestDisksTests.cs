using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Qmp;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class GuestDisksTests
{
    private const string Root = "block 254:0 free /sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda\n";
    private const string RootPart = "block 254:1 free /sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda/vda1\n";
    private const string Second = "block 254:16 free /sys/devices/pci0000:00/0000:00:10.0/0000:01:00.0/virtio2/block/vdb\n";

    private static readonly PciAddress RootAddress = new(0, 3, 0);
    private static readonly PciAddress SecondAddress = new(1, 0, 0);

    private static readonly string Recorded =
        File.ReadAllText(Path.Join(Repository.Root, "LabNet.Tests", "Recordings", "guest-x86_64", "block-devices.txt"));

    [Fact]
    public void Each_disk_of_a_real_guest_is_found_by_its_address()
    {
        var guest = Parse(Recorded);
        Assert.Equal("/dev/vda", Only(guest, RootAddress).Device);
        Assert.Equal("/dev/vdb", Only(guest, SecondAddress).Device);
        Assert.Equal("/dev/nvme0n1", Only(guest, new PciAddress(2, 0, 0)).Device);
        Assert.Equal("/dev/sda", Only(guest, new PciAddress(3, 0, 0), new ScsiAddress(0, 0, 0)).Device);
        Assert.Empty(guest.Find(new PciAddress(3, 0, 0), new ScsiAddress(0, 1, 0)));
        Assert.Empty(guest.Find(new PciAddress(4, 0, 0), scsi: null));
        Assert.True(guest.HasFio);
        Assert.Null(guest.RunningFio);
        Assert.Equal(("/var/tmp", "/media/d", null), (
            guest.FindFolder(Only(guest, RootAddress)), guest.FindFolder(Only(guest, SecondAddress)), guest.FindFolder(Only(guest, new PciAddress(2, 0, 0)))));
        Assert.Equal(("it is the guest's root disk", "it is mounted at /mnt/a b", null), (
            guest.WhyInUse(Only(guest, RootAddress)), guest.WhyInUse(Only(guest, SecondAddress)), guest.WhyInUse(Only(guest, new PciAddress(2, 0, 0)))));
    }

    [Fact]
    public void Partitions_are_not_disks_and_make_theirs_the_root_disk()
    {
        var guest = Parse(RootPart + Root + "mount 1 0 254:1 / / rw - ext4 /dev/vda1 rw\nend\n");
        var disk = Only(guest, RootAddress);
        Assert.Equal(("vda", "it is the guest's root disk", "/var/tmp"), (disk.Name, guest.WhyInUse(disk), guest.FindFolder(disk)));
        Assert.False(guest.HasFio);
    }

    [Theory]
    [InlineData("mount 9 1 254:16 / /data rw - ext4 /dev/vdb rw", "it is mounted at /data")]
    [InlineData("mount 9 1 254:17 / /data rw shared:3 master:1 - ext4 /dev/vdb1 rw", "it is mounted at /data")]
    [InlineData("mount 9 1 0:41 /@home /home rw - btrfs /dev/vdb rw", "it is mounted at /home")]
    [InlineData("other 9 1 254:16 / /inside/a/container rw - ext4 /dev/vdb rw", "it is mounted at /inside/a/container")]
    [InlineData("other 9 1 254:16 / / rw - ext4 /dev/vdb rw", "it is the guest's root disk")]
    [InlineData("swap /dev/vdb1    partition 1000 0 -2", "the guest swaps to /dev/vdb1")]
    [InlineData("block 254:17 held /sys/devices/pci0000:00/0000:00:10.0/0000:01:00.0/virtio2/block/vdb/vdb1", "another device of the guest stands on /dev/vdb1")]
    [InlineData("mount 9 1 254:32 / /data rw - ext4 /dev/vdc rw", null)]
    public void A_disk_that_the_guest_uses_in_any_way_is_not_free(string line, string? expected)
    {
        var part = Second.Replace("254:16", "254:17", StringComparison.Ordinal).Replace("vdb\n", "vdb/vdb1\n", StringComparison.Ordinal);
        var guest = Parse($"{Root}{Second}{(line.StartsWith("block", StringComparison.Ordinal) ? "" : part)}{line}\nend\n");
        var why = guest.WhyInUse(Only(guest, SecondAddress));
        Assert.Equal(expected is null, why is null);
        Assert.StartsWith(expected ?? "", why ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mount 9 1 254:16 / /data rw - ext4 /dev/vdb rw", "/data")]
    [InlineData("mount 9 1 254:16 / /data ro - ext4 /dev/vdb rw", null)]
    [InlineData("mount 9 1 254:16 / /data rw - ext4 /dev/vdb ro", null)]
    [InlineData("mount 9 1 254:16 / /a:b rw - ext4 /dev/vdb rw", null)]
    [InlineData("mount 9 1 254:16 / /$(reboot) rw - ext4 /dev/vdb rw", null)]
    [InlineData("mount 9 1 254:16 / /var rw - ext4 /dev/vdb rw", "/var/tmp")]
    [InlineData("mount 9 1 254:16 / /var/tmp rw - ext4 /dev/vdb rw", "/var/tmp")]
    [InlineData("other 9 1 254:16 / /data rw - ext4 /dev/vdb rw", null)]
    public void The_scratch_file_goes_where_its_disk_is_mounted(string line, string? expected)
    {
        var guest = Parse($"{Second}mount 1 0 254:0 / / rw - ext4 /dev/vda rw\n{line}\nend\n");
        Assert.Equal(expected, guest.FindFolder(Only(guest, SecondAddress)));
    }

    [Theory]
    [InlineData("block 254:16 free /sys/devices/pci0000:00/0000:00:03.0/block/vda;reboot")]
    [InlineData("block 254:16 free /sys/devices/pci0000:00/0000:00:03.0/block/a:b")]
    [InlineData("block 254:16 free /etc/0000:00:03.0/block/vda")]
    [InlineData("block x free /sys/devices/pci0000:00/0000:00:03.0/block/vda")]
    [InlineData("block")]
    [InlineData("block ")]
    [InlineData("mount")]
    [InlineData("mount - - - - -")]
    [InlineData("mount 9 1 254:16 / /data rw -")]
    [InlineData("fio 99999999999999999999")]
    [InlineData("\0\u001b[2J")]
    public void Lines_that_make_no_sense_are_left_out(string line)
    {
        var guest = Parse($"{line}\nend\n");
        Assert.Empty(guest.Find(RootAddress, scsi: null));
        Assert.Null(guest.RunningFio);
    }

    [Fact]
    public void A_list_without_its_end_is_none_and_an_fio_that_runs_is_seen()
    {
        for (var length = 0; length < Recorded.Length - "end\n".Length; length++)
        {
            Assert.False(GuestDisks.TryParse(Encoding.UTF8.GetBytes(Recorded[..length]), out _));
        }

        Assert.Equal(312, Parse("fio 312\nend\n").RunningFio);
    }

    [Theory]
    [InlineData("vda", "vda")]
    [InlineData("/machine/peripheral/vda/virtio-backend", "vda")]
    [InlineData("/machine/peripheral/sc1/virtio-backend/sc1.0", "sc1")]
    [InlineData("/machine/peripheral-anon/device[3]/virtio-backend", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_devices_id_is_read_from_its_path(string? qdev, string? expected) => Assert.Equal(expected, QemuDisk.QdevIdOf(qdev));

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void PCI_addresses_are_found_behind_bridges_too(string machine)
    {
        var buses = System.Text.Json.JsonSerializer.Deserialize(Recording.Return(machine, "query-pci"), QmpJson.Default.PciBusArray)!;
        static IEnumerable<PciFunction> All(PciFunction function) => (function.PciBridge?.Devices ?? []).SelectMany(All).Prepend(function);
        var named = buses.SelectMany(bus => bus.Devices).SelectMany(All).Where(function => function.QdevId.Length > 0).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, function => Assert.Equal(new PciAddress(function.Bus, function.Slot, function.Function), QemuDisk.AddressOf(buses, function.QdevId)));
        Assert.Null(QemuDisk.AddressOf(buses, "nosuch"));
        Assert.Equal("0000:01:1f.7", new PciAddress(1, 31, 7).LinuxName);
    }

    private static GuestDisks Parse(string text)
    {
        Assert.True(GuestDisks.TryParse(Encoding.UTF8.GetBytes(text), out var guest));
        return guest;
    }

    private static GuestBlock Only(GuestDisks guest, PciAddress pci, ScsiAddress? scsi = null) => Assert.Single(guest.Find(pci, scsi));
}
