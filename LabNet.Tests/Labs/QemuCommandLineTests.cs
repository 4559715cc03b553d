using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>Golden/*.txt hold whole command lines, an argument a line. LABNET_ACCEPT_GOLDEN=1 writes them anew: read the diff.</summary>
[Trait("suite", "unit")]
public sealed class QemuCommandLineTests
{
    [Theory]
    [InlineData(Architecture.X86_64, Accelerator.Tcg, Architecture.X86_64)]
    [InlineData(Architecture.X86_64, Accelerator.Tcg, Architecture.Aarch64)]
    [InlineData(Architecture.X86_64, Accelerator.Kvm, Architecture.X86_64)]
    [InlineData(Architecture.Aarch64, Accelerator.Tcg, Architecture.X86_64)]
    [InlineData(Architecture.Aarch64, Accelerator.Kvm, Architecture.Aarch64)]
    public void A_command_line_is_the_golden_one(Architecture guest, Accelerator accelerator, Architecture host)
    {
        var path = Repository.At($"LabNet.Tests/Labs/Golden/{guest.Word()}-{accelerator.Word()}-on-{host.Word()}.txt");
        var lines = QemuCommandLine.Build(SampleLaunch.Of(guest, accelerator, host)).Append("").ToList();
        if (Environment.GetEnvironmentVariable("LABNET_ACCEPT_GOLDEN") == "1")
        {
            File.WriteAllText(path, string.Join('\n', lines));
        }

        Assert.Equal(File.ReadAllText(path).Split('\n'), lines);
    }

    [Fact]
    public void No_device_moves_when_others_are_left_out()
    {
        var full = SampleLaunch.Of(Architecture.X86_64);
        var bare = full with { Vm = full.Vm with { Share = null, Nics = [full.Vm.Nics[2]] }, ShareFolder = null };
        var devices = Devices(full);
        Assert.All(Devices(bare), device => Assert.Contains(device, devices));
        Assert.Equal(devices.Length - 3, Devices(bare).Length);
        Assert.DoesNotContain("lab.share", QemuCommandLine.Build(bare)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Architecture.X86_64)]
    [InlineData(Architecture.Aarch64)]
    public void A_CD_and_a_TFTP_folder_change_nothing_else(Architecture guest)
    {
        var launch = SampleLaunch.Of(guest);
        var (without, with) = (QemuCommandLine.Build(launch), QemuCommandLine.Build(WithMedia(launch, "/a,b.iso", "/c,d")));

        Assert.Equal(
            [
                "-blockdev", "driver=file,node-name=cd0-file,filename=/a,,b.iso,read-only=on",
                "-blockdev", "driver=raw,node-name=cd0,file=cd0-file,read-only=on",
                "-device", "virtio-scsi-pci,id=scsi0,bus=pcie.0,addr=0x15",
                "-device", "scsi-cd,id=cd0,bus=scsi0.0,scsi-id=0,drive=cd0",
            ],
            with.Skip(with.ToList().IndexOf("-kernel") - 8).Take(8));
        Assert.Contains("user,id=eth0-netdev,tftp=/c,,d", with);
        Assert.Equal(without[^1] + " lab.cdrom=/media/cdrom", with[^1]);
        Assert.Equal(
            without.SkipLast(1),
            with.SkipLast(1).Where((_, index) => index < with.Count - 14 || index >= with.Count - 6).Select(a => a.Replace(",tftp=/c,,d", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("cd.iso", null)]
    [InlineData("/cd\n.iso", null)]
    [InlineData(null, "boot")]
    [InlineData(null, "/boot\0")]
    public void A_CD_or_TFTP_path_that_can_not_be_carried_is_refused(string? image, string? folder) =>
        Assert.Throws<ArgumentException>(() => QemuCommandLine.Build(WithMedia(SampleLaunch.Of(Architecture.X86_64), image, folder)));

    [Fact]
    public void Every_device_has_an_id_and_an_address_of_its_own()
    {
        var full = SampleLaunch.Of(Architecture.X86_64);
        var nics = Enumerable.Range(0, LabLimits.NicsMax).Select(position => new UserNic(new NicId(position), default, NicModel.E1000e));
        var devices = Devices(full with { Vm = full.Vm with { Nics = [.. nics], Cdrom = "/cd.iso" } });
        var places = devices.Where(device => device.Contains(",bus=pcie.0,", StringComparison.Ordinal))
            .Select(device => Field(device, "addr"))
            .ToList();
        Assert.Equal(devices.Length, devices.Select(device => Field(device, "id")).Distinct().Count());
        Assert.Equal(places.Count, places.Distinct().Count());
        Assert.Equal(["agent0", "cd0"], devices.Where(device => !device.Contains("pcie.0", StringComparison.Ordinal)).Select(device => Field(device, "id")["id=".Length..]));
    }

    [Fact]
    public void Commas_are_doubled_in_lists_and_left_alone_elsewhere()
    {
        var arguments = QemuCommandLine.Build(SampleLaunch.Of(Architecture.X86_64, folder: "/a,b", image: "/c,d", share: "/e,f=g"));
        Assert.Contains("socket,id=control,path=/a,,b/control.sock,server=on,wait=off", arguments);
        Assert.Contains("driver=file,node-name=vda-file,filename=/a,,b/disk.qcow2,discard=unmap", arguments);
        Assert.Contains("local,id=share,path=/e,,f=g,security_model=mapped-xattr,fmode=0644,dmode=0755", arguments);
        Assert.Contains("/c,d/kernel", arguments);
        Assert.Contains("/c,d/initrd", arguments);
    }

    [Theory]
    [InlineData("/srv/a\nb")]
    [InlineData("/srv/a\0b")]
    [InlineData("srv/relative")]
    [InlineData("")]
    public void A_path_that_can_not_be_carried_is_refused(string path)
    {
        var launch = SampleLaunch.Of(Architecture.X86_64);
        Assert.Throws<ArgumentException>(() => QemuCommandLine.Build(launch with { ShareFolder = path }));
        Assert.Throws<ArgumentException>(() => QemuCommandLine.Build(launch with { Image = new GuestImage(path, "/initrd") }));
    }

    /// <summary>Not an InlineData: attributes store strings as UTF-8, without lone surrogates.</summary>
    [Fact]
    public void A_path_with_half_a_surrogate_pair_is_refused()
    {
        Assert.Throws<ArgumentException>(() => QemuCommandLine.Build(SampleLaunch.Of(Architecture.X86_64, share: "/srv/\ud83d")));
        var whole = QemuCommandLine.Build(SampleLaunch.Of(Architecture.X86_64, image: "/srv/\ud83d\ude00"));
        Assert.Contains("/srv/\ud83d\ude00/kernel", whole);
    }

    [Fact]
    public void A_NIC_by_the_relay_is_two_UDP_ports_of_loopback()
    {
        var launch = SampleLaunch.Of(Architecture.X86_64);
        LinkPort port = new RelayPort("t-1", 1450, 20_001, 20_002);
        launch = launch with
        {
            LinkPorts = launch.LinkPorts.SetItem(new NicId(1), port),
            Plugged = [new PluggedLaunch.Nic("n1", "rp1", "virtio-net-pci", "n1-netdev", "52:54:00:00:00:01", port)],
        };
        const string Ends = "local.type=inet,local.host=127.0.0.1,local.port=20001,remote.type=inet,remote.host=127.0.0.1,remote.port=20002";
        Assert.Contains($"dgram,id=eth1-netdev,{Ends}", QemuCommandLine.Build(launch));
        Assert.Contains($"dgram,id=n1-netdev,{Ends}", QemuCommandLine.Build(launch));
        Assert.Contains(Devices(launch), device => device.Contains("id=n1,", StringComparison.Ordinal) && device.Contains("host_mtu=1450", StringComparison.Ordinal));
    }

    [Fact]
    public void Custom_PCI_devices_come_by_a_plugin_and_are_plugged_in_with_their_properties_and_sockets()
    {
        var properties = new Dictionary<string, string> { ["reg"] = "0x10", ["msi"] = "off" }.ToImmutableSortedDictionary(StringComparer.Ordinal);
        var launch = SampleLaunch.Of(Architecture.Aarch64) with
        {
            PciPlugin = "/cache/a,b/labnet-pci.so",
            Plugged =
            [
                new PluggedLaunch.Custom("edu0", "rp1", "labnet-edu", properties, Chardev: null, Socket: null),
                new PluggedLaunch.Custom("far0", "rp2", "labnet-remote", ImmutableSortedDictionary<string, string>.Empty, "far0-chardev", "/vm/far0.sock"),
            ],
        };
        var arguments = QemuCommandLine.Build(launch).ToList();
        Assert.Equal("file=/cache/a,,b/labnet-pci.so", arguments[arguments.IndexOf("-plugin") + 1]);
        Assert.Contains("labnet-edu,id=edu0,bus=rp1,addr=0,msi=off,reg=0x10", arguments);
        Assert.Contains("labnet-remote,id=far0,bus=rp2,addr=0,chardev=far0-chardev", arguments);
        Assert.Contains(arguments, argument => argument.StartsWith("socket,id=far0-chardev,", StringComparison.Ordinal) && argument.Contains("path=/vm/far0.sock", StringComparison.Ordinal));

        // A device type is known only behind the plugin.
        Assert.True(arguments.IndexOf("-plugin") < arguments.IndexOf("labnet-edu,id=edu0,bus=rp1,addr=0,msi=off,reg=0x10"));
        Assert.DoesNotContain("-plugin", QemuCommandLine.Build(SampleLaunch.Of(Architecture.Aarch64)));
    }

    [Fact]
    public void A_launch_that_contradicts_itself_is_refused()
    {
        var launch = SampleLaunch.Of(Architecture.Aarch64);
        AssertRefused(launch with { Accelerator = Accelerator.Kvm }, "KVM on x86_64 can't run the aarch64 guest");
        AssertRefused(launch with { ShareFolder = null }, "share without a folder");
        AssertRefused(launch with { LinkPorts = launch.LinkPorts.Clear() }, "eth1 of VM \"arm\" has no port of its link");

        static void AssertRefused(QemuLaunch launch, string message)
        {
            var refusal = Assert.Throws<ArgumentException>(() => QemuCommandLine.Build(launch));
            Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_UUID_is_the_VMs_own_and_stays()
    {
        var (x86, arm) = (Uuid(SampleLaunch.Of(Architecture.X86_64)), Uuid(SampleLaunch.Of(Architecture.Aarch64)));
        Assert.NotEqual(x86, arm);
        Assert.Equal(x86, Uuid(SampleLaunch.Of(Architecture.X86_64, folder: "/elsewhere")));
        Assert.NotEqual(x86, Uuid(SampleLaunch.Of(Architecture.X86_64) with { Lab = LabName.Parse("other") }));
        Assert.Equal((8, 8), (x86.Version, x86.Variant & 0xc));

        static Guid Uuid(QemuLaunch launch)
        {
            var arguments = QemuCommandLine.Build(launch).ToList();
            return Guid.Parse(arguments[arguments.IndexOf("-uuid") + 1]);
        }
    }

    [Theory]
    [InlineData(Architecture.X86_64, "qemu-system-x86_64")]
    [InlineData(Architecture.Aarch64, "qemu-system-aarch64")]
    public void Each_architecture_has_its_QEMU(Architecture architecture, string binary) => Assert.Equal(binary, architecture.QemuBinary());

    private static QemuLaunch WithMedia(QemuLaunch launch, string? image, string? folder) => launch with
    {
        Vm = launch.Vm with { Cdrom = image, Nics = [.. launch.Vm.Nics.Select(nic => nic is UserNic user ? user with { TftpFolder = folder } : nic)] },
    };

    private static string[] Devices(QemuLaunch launch)
    {
        var arguments = QemuCommandLine.Build(launch);
        return [.. arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == "-device").Select(pair => pair.Second)];
    }

    private static string Field(string device, string key) =>
        Assert.Single(device.Split(','), field => field.StartsWith(key + "=", StringComparison.Ordinal));
}
